// Deleting: preconditions, grace, finalizers, propagation policies, namespaces; as apiserver's
// registry/rest.BeforeDelete and registry.Store.Delete.
import { isTrue } from './request-info.ts'
import { copy } from '../apimachinery/object.ts'
import type { Draft, JsonObject, KubeObject } from '../apimachinery/object.ts'
import { invalid as invalidField, notSupported } from '../apimachinery/field.ts'
import type { FieldError } from '../apimachinery/field.ts'
import { badRequest, conflict, invalid } from '../apimachinery/status.ts'
import { parseTime, rfc3339 } from '../apimachinery/time.ts'
import { StoreConflict } from '../storage/store.ts'
import { validateAdmission } from './admission/index.ts'
import { release } from './allocators.ts'
import type { Context } from './api.ts'
import { param } from './api.ts'
import { readBody } from './body.ts'
import { dryRunErrors, managerOf } from './options.ts'
import type { WriteOptions } from './options.ts'
import { fromStored, getStored, namespaceOf, storedOf } from './stored.ts'

export interface DeleteOptions {
  gracePeriodSeconds?: number
  preconditions?: { uid?: string; resourceVersion?: string }
  orphanDependents?: boolean
  propagationPolicy?: string
  dryRun: boolean
}

export interface Deleted {
  /** The object as it was at its end, or as it waits for its end. */
  readonly object: KubeObject
  /** It is gone (or would be: dry run). */
  readonly gone: boolean
}

const ORPHAN = 'orphan'
const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'
const FOREGROUND = 'foregroundDeletion'

/** DeleteOptions from the body and the query; the query wins where both speak. */
export async function deleteOptions(ctx: Context): Promise<DeleteOptions> {
  const empty = ctx.request.body === undefined || ctx.request.body === ''
  const body = empty
    ? {}
    : ((await readBody(
        ctx,
        {
          group: 'meta.k8s.io',
          version: 'v1',
          kind: 'DeleteOptions',
          schema: 'meta.v1.DeleteOptions',
          anyVersion: true,
          bare: true,
        },
        'Ignore',
      )) as {
        gracePeriodSeconds?: number
        preconditions?: { uid?: string; resourceVersion?: string }
        orphanDependents?: boolean
        propagationPolicy?: string
        dryRun?: string[]
      })
  // who sends a body says everything in it
  const asked = (name: string): string | undefined => (empty ? param(ctx, name) : undefined)
  const grace = asked('gracePeriodSeconds')
  const orphan = asked('orphanDependents')
  const policy = asked('propagationPolicy') ?? body.propagationPolicy
  const dry = (empty ? ctx.request.query?.dryRun : body.dryRun) ?? []
  const out: DeleteOptions = { dryRun: dry.length > 0 }
  if (grace !== undefined && !/^[+-]?\d+$/.test(grace))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`)
  const seconds = grace !== undefined ? Number(grace) : body.gracePeriodSeconds
  if (seconds !== undefined && seconds !== null && Number.isInteger(seconds)) out.gracePeriodSeconds = seconds
  if (body.preconditions) out.preconditions = body.preconditions
  if (orphan !== undefined) out.orphanDependents = isTrue(orphan)
  else if (body.orphanDependents !== undefined && body.orphanDependents !== null)
    out.orphanDependents = body.orphanDependents
  if (policy) out.propagationPolicy = policy
  validateDeleteOptions(out, dry)
  return out
}

/** Throws what is wrong with options (ValidateDeleteOptions). `dry`: the dry runs that were asked for. */
export function validateDeleteOptions(options: DeleteOptions, dry: readonly string[]): void {
  const { orphanDependents, propagationPolicy } = options
  const errors: FieldError[] = []
  if (orphanDependents !== undefined && propagationPolicy !== undefined)
    errors.push(
      invalidField(
        'propagationPolicy',
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    )
  if (propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy))
    errors.push(notSupported('propagationPolicy', propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']))
  errors.push(...dryRunErrors(dry))
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors)
}

/** The finalizers an object needs for the way its dependents shall go. */
function collectorFinalizers(ctx: Context, have: readonly string[], options: DeleteOptions): readonly string[] {
  let orphan: boolean
  let foreground: boolean
  if (ctx.served.storage === 'events') return have
  if (options.orphanDependents !== undefined) {
    orphan = options.orphanDependents
    foreground = !options.orphanDependents && false
  } else if (options.propagationPolicy !== undefined) {
    orphan = options.propagationPolicy === 'Orphan'
    foreground = options.propagationPolicy === 'Foreground'
  } else {
    orphan = have.includes(ORPHAN)
    foreground = !orphan && have.includes(FOREGROUND)
    // these two keep the habit of their first versions
    if (
      !orphan &&
      !foreground &&
      (ctx.served.storage === 'replicationcontrollers' || ctx.served.storage === 'jobs.batch')
    )
      orphan = true
  }
  const rest = have.filter((f) => f !== ORPHAN && f !== FOREGROUND)
  const next = [...rest, ...(orphan ? [ORPHAN] : []), ...(foreground ? [FOREGROUND] : [])]
  return next.length === have.length && next.every((f) => have.includes(f)) ? have : next
}

function checkPreconditions(ctx: Context, object: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {}
  const kind = { group: ctx.served.gr.group, resource: storedOf(ctx.served).info.kind }
  const name = object.metadata.name ?? ''
  if (ctx.served.storage === 'namespaces') {
    if (uid && uid !== object.metadata.uid)
      throw conflict(
        ctx.served.gr,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`,
      )
    if (resourceVersion && resourceVersion !== object.metadata.resourceVersion)
      throw conflict(
        ctx.served.gr,
        name,
        `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${object.metadata.resourceVersion}`,
      )
    return
  }
  if (uid && uid !== object.metadata.uid)
    throw conflict(
      kind,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${object.metadata.uid}). The object might have been deleted and then recreated`,
    )
  if (resourceVersion && resourceVersion !== object.metadata.resourceVersion)
    throw conflict(
      kind,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${object.metadata.resourceVersion}). The object might have been modified`,
    )
}

const bumped = (meta: Draft<KubeObject>['metadata']): void => {
  if ((meta.generation ?? 0) > 0) meta.generation = (meta.generation ?? 0) + 1
}

/** Deletes the object of that name, or marks it for deletion. */
export async function deleteObject(ctx: Context, name: string, options: DeleteOptions): Promise<Deleted> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await tryDelete(ctx, name, options)
    } catch (e) {
      if (!(e instanceof StoreConflict) || attempt >= 5) throw e
    }
  }
}

const adminOptions = (ctx: Context, options: DeleteOptions): WriteOptions => ({
  dryRun: options.dryRun,
  manager: managerOf(ctx.request.headers?.['user-agent']),
  fieldValidation: 'Ignore',
  force: undefined,
})

async function tryDelete(ctx: Context, name: string, options: DeleteOptions): Promise<Deleted> {
  const { api, served } = ctx
  const existing = getStored(ctx, name)
  checkPreconditions(ctx, existing, options)
  const now = api.now()
  const write = (draft: Draft<KubeObject>): KubeObject =>
    options.dryRun ? draft : api.store.update(served.storage, draft, existing.metadata.resourceVersion ?? '')
  await validateAdmission(ctx, {
    operation: 'DELETE',
    object: existing,
    old: existing,
    options: adminOptions(ctx, options),
  })
  if (served.storage === 'namespaces') {
    const ns = existing as KubeObject & { spec?: { finalizers?: readonly string[] }; status?: { phase?: string } }
    if (!ns.metadata.deletionTimestamp) {
      const draft = copy(ns)
      draft.metadata.deletionTimestamp = rfc3339(now)
      draft.status = { ...draft.status, phase: 'Terminating' }
      const finalizers = collectorFinalizers(ctx, ns.metadata.finalizers ?? [], options)
      if (finalizers.length > 0) draft.metadata.finalizers = [...finalizers]
      else delete draft.metadata.finalizers
      return { object: write(draft), gone: false }
    }
    if ((ns.spec?.finalizers?.length ?? 0) > 0) return { object: ns, gone: false }
  }
  if (served.storage === DEFINITIONS && !existing.metadata.deletionTimestamp)
    return { object: write((await import('./customresources.ts')).terminating(existing, rfc3339(now))), gone: false }
  let grace =
    options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds
  const meta = existing.metadata
  const strategy = storedOf(served).kind.strategy
  const draft = copy(existing)
  let graceful = false
  if (strategy.grace) {
    const present =
      meta.deletionGracePeriodSeconds !== undefined && meta.deletionGracePeriodSeconds < 0
        ? 1
        : (meta.deletionGracePeriodSeconds ?? 0)
    if (meta.deletionTimestamp) {
      if (present > 0) {
        // only a shorter period may follow
        if (grace === undefined || grace >= present) return { object: fromStored(served, existing), gone: false }
        const due = parseTime(meta.deletionTimestamp) - present * 1000 + grace * 1000
        draft.metadata.deletionTimestamp = rfc3339(Math.max(due, now))
        if (due < now && grace !== 0) grace = 1
        draft.metadata.deletionGracePeriodSeconds = grace
        graceful = true
      }
    } else {
      grace = strategy.grace(existing, grace)
      draft.metadata.deletionTimestamp = rfc3339(now + grace * 1000)
      draft.metadata.deletionGracePeriodSeconds = grace
      bumped(draft.metadata)
      graceful = true
    }
  }
  const have = meta.finalizers ?? []
  const finalizers = collectorFinalizers(ctx, have, options)
  if (finalizers.length > 0) draft.metadata.finalizers = [...finalizers]
  else delete draft.metadata.finalizers
  const pending = finalizers.length > 0
  if (graceful) {
    if (pending || (grace ?? 0) > 0) return { object: fromStored(served, write(draft)), gone: false }
  } else if (pending) {
    if (!draft.metadata.deletionTimestamp) {
      draft.metadata.deletionTimestamp = rfc3339(now)
      bumped(draft.metadata)
    }
    draft.metadata.deletionGracePeriodSeconds = 0
    const unchanged =
      meta.deletionTimestamp !== undefined && finalizers === have && meta.deletionGracePeriodSeconds === 0
    return { object: fromStored(served, unchanged ? existing : write(draft)), gone: false }
  }
  if (options.dryRun) return { object: fromStored(served, draft), gone: true }
  const last = api.store.delete(served.storage, namespaceOf(ctx), name, meta.resourceVersion)
  await release(api, served.storage, existing)
  return {
    object: fromStored(
      served,
      graceful
        ? {
            ...draft,
            metadata: { ...draft.metadata, resourceVersion: last.metadata.resourceVersion ?? '' },
          }
        : last,
    ),
    gone: true,
  }
}

/** Kinds whose deletion answers with the object instead of a Status. */
const RETURN_DELETED: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'serviceaccounts',
  'podtemplates',
  'resourcequotas',
  'persistentvolumes',
  'persistentvolumeclaims',
  'namespaces',
  'storageclasses.storage.k8s.io',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
])

/** What the client hears of a deletion: the object that waits or went, or a Status that names it. */
export function deletionBody(ctx: Context, deleted: Deleted): JsonObject {
  const { served } = ctx
  if (!deleted.gone || (RETURN_DELETED.has(served.storage) && served.storage !== 'namespaces')) return deleted.object
  const { name = '', uid = '' } = deleted.object.metadata
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(served.gr.group ? { group: served.gr.group } : {}), kind: served.gr.resource, uid },
  }
}
