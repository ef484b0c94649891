// The garbage collector: what becomes of dependents when their owner goes, in the three ways a deletion can ask for;
// behaves as pkg/controller/garbagecollector.
import type { CustomResourceDefinition } from '../../apimachinery/api/apiextensions.v1.ts'
import type { OwnerReference } from '../../apimachinery/api/meta.v1.ts'
import { equal } from '../../apimachinery/object.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'

const ORPHAN = 'orphan'
const FOREGROUND = 'foregroundDeletion'

/** 'replicasets.apps' and 'apps/v1': 'apps/v1/replicasets'. */
export const pathFor = (resource: string, apiVersion: string): string => `${apiVersion}/${resource.split('.')[0] ?? ''}`
const idOf = (resource: string, o: KubeObject): string =>
  `${resource}|${o.metadata.namespace ?? ''}|${o.metadata.name ?? ''}`
const finalizes = (o: KubeObject, finalizer: string): boolean =>
  o.metadata.deletionTimestamp !== undefined && (o.metadata.finalizers?.includes(finalizer) ?? false)

/** The resource behind a kind, as RESTMapper guesses it; custom ones are looked up. */
export function resourceOf(lister: Lister, ref: Pick<OwnerReference, 'apiVersion' | 'kind'>): string {
  const group = ref.apiVersion.includes('/') ? (ref.apiVersion.split('/')[0] ?? '') : ''
  if (group.includes('.'))
    for (const crd of lister.list<CustomResourceDefinition>('customresourcedefinitions.apiextensions.k8s.io'))
      if (crd.spec?.group === group && crd.spec.names.kind === ref.kind) return `${crd.spec.names.plural}.${group}`
  const k = ref.kind.toLowerCase()
  const plural =
    k === 'endpoints'
      ? k
      : k.endsWith('s') || k.endsWith('ss')
        ? `${k}es`
        : k.endsWith('y')
          ? `${k.slice(0, -1)}ies`
          : `${k}s`
  return group ? `${plural}.${group}` : plural
}

function ownerOf(lister: Lister, dependent: KubeObject, ref: OwnerReference): KubeObject | undefined {
  const resource = resourceOf(lister, ref)
  const o =
    lister.get(resource, dependent.metadata.namespace ?? '', ref.name) ??
    (dependent.metadata.namespace ? lister.get(resource, '', ref.name) : undefined)
  return o?.metadata.uid === ref.uid ? o : undefined
}

/**
 * Whether the owner can be asked for: references to kinds that are not served, and to names that can be in no path, are
 * left alone.
 */
async function served(ctx: ControllerContext, dependent: KubeObject, ref: OwnerReference): Promise<boolean> {
  if (/[/%]|^\.\.?$/.test(ref.name)) return false
  try {
    await ctx.client.get(
      pathFor(resourceOf(ctx.lister, ref), ref.apiVersion),
      dependent.metadata.namespace ?? '',
      ref.name,
    )
    return true
  } catch (e) {
    if (!(e instanceof StatusError)) throw e
    return e.details?.name !== undefined
  }
}

async function gone(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (e) {
    if (!(e instanceof StatusError && (e.code === 404 || e.code === 409))) throw e
  }
}

const patch = (ctx: ControllerContext, resource: string, o: KubeObject, metadata: JsonObject): Promise<unknown> =>
  ctx.client.patch(pathFor(resource, o.apiVersion), o.metadata.namespace ?? '', o.metadata.name ?? '', 'merge', {
    metadata: { uid: o.metadata.uid ?? '', ...metadata },
  })

async function dropOwners(
  ctx: ControllerContext,
  resource: string,
  o: KubeObject,
  uids: ReadonlySet<string>,
): Promise<void> {
  const rest = (o.metadata.ownerReferences ?? []).filter((r) => !uids.has(r.uid))
  await gone(patch(ctx, resource, o, { ownerReferences: rest.length ? rest.map((r) => ({ ...r })) : null }))
}

async function dropFinalizer(
  ctx: ControllerContext,
  resource: string,
  o: KubeObject,
  finalizer: string,
): Promise<void> {
  const rest = (o.metadata.finalizers ?? []).filter((f) => f !== finalizer)
  await gone(
    patch(ctx, resource, o, {
      finalizers: rest.length ? rest : null,
      resourceVersion: o.metadata.resourceVersion ?? '',
    }),
  )
}

async function remove(ctx: ControllerContext, resource: string, o: KubeObject, policy: string): Promise<void> {
  await gone(
    ctx.client.delete(pathFor(resource, o.apiVersion), o.metadata.namespace ?? '', o.metadata.name ?? '', {
      propagationPolicy: policy,
      preconditions: { uid: o.metadata.uid ?? '' },
    }),
  )
}

async function reconcile(id: string, ctx: ControllerContext): Promise<void> {
  const [resource = '', namespace = '', name = ''] = id.split('|')
  const o = ctx.lister.get(resource, namespace, name)
  if (!o) return
  const uid = o.metadata.uid ?? ''
  if (finalizes(o, ORPHAN)) {
    for (const [r, d] of ctx.lister.dependents(uid)) await dropOwners(ctx, r, d, new Set([uid]))
    return dropFinalizer(ctx, resource, o, ORPHAN)
  }
  if (finalizes(o, FOREGROUND)) {
    const blocking = ctx.lister
      .dependents(uid)
      .filter(([, d]) => d.metadata.ownerReferences?.some((r) => r.uid === uid && r.blockOwnerDeletion))
    if (blocking.length === 0) return dropFinalizer(ctx, resource, o, FOREGROUND)
    for (const [r, d] of ctx.lister.dependents(uid)) if (!d.metadata.deletionTimestamp) await attempt(ctx, r, d)
    return
  }
  if (!o.metadata.deletionTimestamp) await attempt(ctx, resource, o)
}

/** The owners that wait for their dependents and that an object has just ceased to hold back. */
function unblocked(o: KubeObject, previous: KubeObject | undefined, lister: Lister): string[] {
  const keys: string[] = []
  for (const before of previous?.metadata.ownerReferences ?? []) {
    if (!before.blockOwnerDeletion) continue
    if (o.metadata.ownerReferences?.some((r) => r.uid === before.uid && r.blockOwnerDeletion)) continue
    const owner = ownerOf(lister, o, before)
    if (owner && finalizes(owner, FOREGROUND)) keys.push(idOf(resourceOf(lister, before), owner))
  }
  return keys
}

/**
 * Deletes a dependent whose owners have all gone or wait for it; one that keeps an owner only loses the references to
 * the others.
 */
async function attempt(ctx: ControllerContext, resource: string, o: KubeObject): Promise<void> {
  const refs = o.metadata.ownerReferences ?? []
  if (refs.length === 0) return
  const solid: string[] = []
  const dangling: string[] = []
  const waiting: string[] = []
  for (const ref of refs) {
    const owner = ownerOf(ctx.lister, o, ref)
    if (!owner) {
      if (!(await served(ctx, o, ref))) return
      dangling.push(ref.uid)
    } else if (finalizes(owner, FOREGROUND)) waiting.push(ref.uid)
    else solid.push(ref.uid)
  }
  if (solid.length > 0) {
    if (dangling.length + waiting.length > 0) await dropOwners(ctx, resource, o, new Set([...dangling, ...waiting]))
    return
  }
  const dependents = ctx.lister.dependents(o.metadata.uid ?? '')
  if (waiting.length > 0 && dependents.length > 0) return remove(ctx, resource, o, 'Foreground')
  await remove(
    ctx,
    resource,
    o,
    o.metadata.finalizers?.includes(ORPHAN)
      ? 'Orphan'
      : o.metadata.finalizers?.includes(FOREGROUND)
        ? 'Foreground'
        : 'Background',
  )
}

export const garbageCollector: Controller = {
  name: 'garbage-collector-controller',
  sources: [
    {
      resource: '*',
      keys: (o, lister, change) => {
        if (!change) return []
        if (change.type === 'DELETED') {
          const keys = lister.dependents(o.metadata.uid ?? '').map(([r, d]) => idOf(r, d))
          // an owner that waits for its dependents counts them again
          for (const ref of o.metadata.ownerReferences ?? []) {
            const owner = ownerOf(lister, o, ref)
            if (owner?.metadata.deletionTimestamp) keys.push(idOf(resourceOf(lister, ref), owner))
          }
          return keys
        }
        const same = change.previous && equal(change.previous.metadata.ownerReferences, o.metadata.ownerReferences)
        const keys = same ? [] : unblocked(o, change.previous, lister)
        if (o.metadata.deletionTimestamp) {
          if (finalizes(o, ORPHAN) || finalizes(o, FOREGROUND)) keys.push(idOf(change.resource, o))
        } else if (!same && o.metadata.ownerReferences?.some((ref) => !ownerOf(lister, o, ref)))
          keys.push(idOf(change.resource, o))
        return keys
      },
    },
  ],
  reconcile,
}
