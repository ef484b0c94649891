// The one generic store around a kind's strategy: create, update and their order of steps, as apiserver's
// registry/generic/registry.Store and registry/rest do it.
import { GoText, goQuote } from '../apimachinery/gostring.ts'
import { copy, drop, equal } from '../apimachinery/object.ts'
import type { Draft, KubeObject } from '../apimachinery/object.ts'
import type { User } from '../apimachinery/door.ts'
import { invalid as invalidField } from '../apimachinery/field.ts'
import type { FieldError } from '../apimachinery/field.ts'
import { withSpellings } from '../apimachinery/quantity.ts'
import { StatusError, alreadyExists, badRequest, conflict, invalid, notFound } from '../apimachinery/status.ts'
import { rfc3339 } from '../apimachinery/time.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from '../apimachinery/validation-meta.ts'
import type { Strategy, StrategyContext } from '../kinds/kind.ts'
import { StoreConflict } from '../storage/store.ts'
import { admit, validateAdmission } from './admission/index.ts'
import type { Operation } from './admission/plugin.ts'
import { afterWrite, beginCreate, beginUpdate, release } from './allocators.ts'
import { warn } from './api.ts'
import type { Api, Context, Served } from './api.ts'
import { normalize } from './decode-object.ts'
import { trackUpdate } from './field-manager.ts'
import type { WriteOptions } from './options.ts'
import { fromStored, hasStatus, namespaceOf, storedOf, toStored } from './stored.ts'

type Writable = Draft<KubeObject>

const strategyOf = (s: Served): Strategy<KubeObject> => storedOf(s).kind.strategy
const strategyContext = (api: Api, served: Served, user?: User): StrategyContext => ({
  now: api.now(),
  versions: api.versions,
  uuid: () => api.entropy.uuid(),
  apiVersion: served.apiVersion,
  ...(user ? { user } : {}),
})
const kindOf = (s: Served): { group: string; kind: string } => ({
  group: storedOf(s).info.group,
  kind: storedOf(s).info.kind,
})

/** Nodes register with their status; every other status is the controllers' alone from the start. */
const STATUS_AT_CREATION: ReadonlySet<string> = new Set(['nodes', 'apiservices.apiregistration.k8s.io'])

/** Refuses an object that says it belongs elsewhere than the path; fills in the path's namespace. */
function matchNamespace(ctx: Context, draft: Writable): void {
  // a namespace's own objects and cluster scoped ones carry none
  const expected = ctx.served.info.namespaced ? ctx.info.namespace : ''
  const actual = draft.metadata.namespace ?? ''
  if (actual === '' && expected !== '') draft.metadata.namespace = expected
  else if (actual !== '' && expected === '') delete draft.metadata.namespace
  else if (actual !== expected)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

/** Drops owner references that are written twice, with a warning. */
export function dedupOwners(ctx: Context, draft: Writable, afterAdmission = false): void {
  const refs = draft.metadata.ownerReferences
  if (!refs || refs.length < 2) return
  const kept: typeof refs = []
  const twice: string[] = []
  for (const r of refs) {
    if (kept.some((k) => equal(k, r))) twice.push(r.uid)
    else kept.push(r)
  }
  if (twice.length === 0) return
  draft.metadata.ownerReferences = kept
  const uids = [...new Set(twice)].join(',')
  warn(
    ctx,
    afterAdmission
      ? `.metadata.ownerReferences contains duplicate entries after mutating admission happens; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`
      : `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`,
  )
}

/** ValidateTypeMeta: what a custom resource says it is; before all else that could be wrong with it. */
function checkType(s: Served, obj: KubeObject): void {
  if (!s.custom) return
  const errors: FieldError[] = []
  if (obj.kind !== s.info.kind) errors.push(invalidField('kind', obj.kind, `must be ${s.info.kind}`))
  if (obj.apiVersion !== s.apiVersion)
    errors.push(invalidField('apiVersion', obj.apiVersion, `must be ${s.apiVersion}`))
  if (errors.length > 0) throw invalid({ group: s.gr.group, kind: obj.kind ?? '' }, obj.metadata.name ?? '', errors)
}

function refuse(s: Served, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(kindOf(s), name, errors)
}

/** Field errors of an object's metadata, with the kind's rule for names. */
function metaErrors(s: Served, obj: KubeObject, generic: boolean, before?: KubeObject['metadata']): FieldError[] {
  const errors = validateObjectMeta(
    obj.metadata,
    s.info.namespaced,
    generic ? pathSegmentName : strategyOf(s).nameRule,
    'metadata',
    before,
  )
  if (!generic) errors.push(...plainFinalizers(s, obj.metadata))
  return errors
}

/**
 * Finalizers without a domain that are none of the standard ones: looked at with the metadata of every kind that core's
 * ValidateObjectMeta and ValidateObjectMetaUpdate see.
 */
function plainFinalizers(s: Served, meta: KubeObject['metadata']): FieldError[] {
  if (s.custom || GENERIC_METADATA.has(s.storage)) return []
  return (meta.finalizers ?? []).flatMap((f, i) =>
    f.includes('/') || STANDARD_FINALIZERS.has(f)
      ? []
      : [
          invalidField(
            `metadata.finalizers[${i}]`,
            f,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ],
  )
}

/**
 * What is wrong with a new object's name as a part of a path; everything else about its metadata was looked at before.
 */
const nameErrors = (meta: KubeObject['metadata']): FieldError[] => [
  ...(meta.generateName
    ? pathSegmentName(meta.generateName, true).map((why) =>
        invalidField('metadata.generateName', meta.generateName, why),
      )
    : []),
  ...(meta.name ? pathSegmentName(meta.name, false).map((why) => invalidField('metadata.name', meta.name, why)) : []),
]

/** Kinds that look at a new object as a whole, its metadata too, when it replaces another. */
const WHOLE_ON_UPDATE: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'endpoints',
  'limitranges',
  'persistentvolumes',
  'persistentvolumeclaims',
  ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map((r) => `${r}.rbac.authorization.k8s.io`),
])

/** Kinds whose metadata only apimachinery's validation looks at, which lets any finalizer pass that is a name. */
const GENERIC_METADATA: ReadonlySet<string> = new Set([
  'leases.coordination.k8s.io',
  'runtimeclasses.node.k8s.io',
  'poddisruptionbudgets.policy',
  'customresourcedefinitions.apiextensions.k8s.io',
  'apiservices.apiregistration.k8s.io',
  ...[
    'validatingwebhookconfigurations',
    'mutatingwebhookconfigurations',
    'validatingadmissionpolicies',
    'validatingadmissionpolicybindings',
  ].map((r) => `${r}.admissionregistration.k8s.io`),
])

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

/** The least that every name must be: one segment of a path. */
export function pathSegmentName(name: string, prefix: boolean): string[] {
  if (!prefix && (name === '.' || name === '..')) return [`may not be '${name}'`]
  return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`)
}

const generationAtCreation = (strategy: Strategy<KubeObject>): boolean =>
  strategy.generation !== undefined && strategy.generation !== false

/** So many generated names are tried before giving up. */
const TRIES = 8

/** uid, creationTimestamp and a generated name: one that is free, if there is any. */
function fillSystemFields(api: Api, served: Served, draft: Writable): void {
  const meta = draft.metadata
  meta.uid = api.entropy.uuid()
  meta.creationTimestamp = rfc3339(api.now())
  if (!meta.generateName || meta.name) return
  const base = meta.generateName.slice(0, 58)
  for (let i = 0; i < TRIES; i++) {
    meta.name = base + api.entropy.suffix(5)
    if (!api.store.get(served.storage, meta.namespace ?? '', meta.name)) return
  }
}

/** What a client may not set on creation. */
function wipeSystemFields(draft: Writable): void {
  const meta = draft.metadata
  drop(meta, 'uid')
  drop(meta, 'creationTimestamp')
  drop(meta, 'deletionTimestamp')
  drop(meta, 'deletionGracePeriodSeconds')
  drop(meta, 'selfLink')
}

/**
 * From admission's last step to the object as it would be stored: allocators, prepare, generation, validation,
 * warnings.
 */
async function prepareCreate(
  ctx: Context,
  draft: Writable,
  options: WriteOptions,
  sent: Writable = draft,
): Promise<{ object: Writable; undo: () => void }> {
  const { api, served } = ctx
  fillSystemFields(api, served, draft)
  checkType(served, draft)
  let object = toStored(served, draft)
  const strategy = strategyOf(served)
  const begun = beginCreate(ctx, object, options.dryRun)
  const undo = begun instanceof Promise ? await begun : begun
  try {
    if (hasStatus(served) && !STATUS_AT_CREATION.has(served.storage)) drop(object as { status?: unknown }, 'status')
    if (generationAtCreation(strategy)) object.metadata.generation = 1
    strategy.prepareForCreate?.(object, { ...strategyContext(api, served, ctx.user), warn: (text) => warn(ctx, text) })
    object = normalize(api, storedOf(served), object)
    const frozen = strategy.emptiesTold ? asSent(object, sent) : object
    await strategy.needs?.(frozen)
    const name = object.metadata.name ?? ''
    refuse(served, name, [
      ...metaErrors(served, frozen, false),
      ...withSpellings(ctx.spellings, () => strategy.validate?.(frozen, strategyContext(api, served)) ?? []),
    ])
    refuse(served, name, nameErrors(frozen.metadata))
    for (const w of strategy.warnings?.(frozen, undefined, strategyContext(api, served)) ?? []) warn(ctx, w)
    await validateAdmission(ctx, { operation: 'CREATE', object: frozen, options })
    return { object, undo }
  } catch (e) {
    undo()
    throw e
  }
}

/** Stores a new object. `draft` is decoded and has its defaults. */
export async function createObject(ctx: Context, draft: Writable, options: WriteOptions): Promise<KubeObject> {
  const { api, served } = ctx
  wipeSystemFields(draft)
  matchNamespace(ctx, draft)
  dedupOwners(ctx, draft)
  const object = trackUpdate(ctx, undefined, draft, options)
  await admit(ctx, { operation: 'CREATE', object, options })
  dedupOwners(ctx, object, true)
  const generated = !object.metadata.name && !!object.metadata.generateName
  const { object: final, undo } = await prepareCreate(ctx, object, options, draft)
  if (/^0*[1-9]\d*$/.test(final.metadata.resourceVersion ?? '') && !options.dryRun) {
    undo()
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created')
  }
  try {
    if (options.dryRun) {
      const there = api.store.get(served.storage, final.metadata.namespace ?? '', final.metadata.name ?? '')
      if (there) throw new StoreConflict('exists', there)
      undo()
      return fromStored(served, final)
    }
    const stored = api.store.create(served.storage, final)
    const done = afterWrite(api, served.storage, stored)
    if (done) await done
    return fromStored(served, stored)
  } catch (e) {
    undo()
    throw e instanceof StoreConflict ? exists(ctx, final.metadata, generated) : e
  }
}

/** Stores a new object that was cast from one like it (cast.ts). */
export function createCast(ctx: Context, draft: Writable): KubeObject {
  const { api, served } = ctx
  fillSystemFields(api, served, draft)
  try {
    return api.store.create(served.storage, draft)
  } catch (e) {
    throw e instanceof StoreConflict ? exists(ctx, draft.metadata, true) : e
  }
}

/** The refusal of a name that is taken; `generated`: it was not the client who chose it. */
function exists({ api, served }: Context, meta: Writable['metadata'], generated: boolean): StatusError {
  const name = meta.name ?? ''
  const refusal = alreadyExists(served.gr, name)
  if (generated)
    return new StatusError(
      409,
      'AlreadyExists',
      `${refusal.message}, the server was not able to generate a unique name for the object`,
      {
        name,
        ...(served.gr.group ? { group: served.gr.group } : {}),
        kind: served.gr.resource,
        retryAfterSeconds: 1,
      },
    )
  const there = api.store.get(served.storage, meta.namespace ?? '', name)
  return there?.metadata.deletionTimestamp
    ? new StatusError(409, 'AlreadyExists', `object is being deleted: ${refusal.message}`, refusal.details)
    : refusal
}

export interface Update {
  /** The new object in the served version, from the present one (undefined: there is none). Decoded, with defaults. */
  readonly produce: (existing: KubeObject | undefined) => Promise<Writable> | Writable
  readonly options: WriteOptions
  /** PUT: the uid in the body must be the stored one's. */
  readonly uid?: string
  /** Server-side apply creates what is absent. */
  readonly forceAllowCreate?: boolean
  /** '' for the main resource, 'status', or another subresource that changes a part of the object. */
  readonly subresource?: string
  /** Managed fields were made by produce already (server-side apply). */
  readonly managed?: boolean
  /** Admission and validation of the whole object are the subresource's own. */
  readonly validate?: (next: KubeObject, old: KubeObject) => FieldError[]
  /** Called when the update removed the object (its last finalizer went). */
}

export interface Updated {
  readonly object: KubeObject
  readonly created: boolean
}

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

/**
 * Replaces the object at the request's path; tries again when it changed in between and the client named no version.
 */
export async function updateObject(ctx: Context, name: string, update: Update): Promise<Updated> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await tryUpdate(ctx, name, update)
    } catch (e) {
      if (!(e instanceof StoreConflict)) throw e
      if (attempt >= 5) throw conflict(ctx.served.gr, name, MODIFIED)
    }
  }
}

async function tryUpdate(ctx: Context, name: string, update: Update): Promise<Updated> {
  const { api, served } = ctx
  const { options, subresource = '' } = update
  const strategy = strategyOf(served)
  const namespace = namespaceOf(ctx)
  const existing = api.store.get(served.storage, namespace, name)
  if (update.uid && (existing || !subresource)) {
    const have = existing?.metadata.uid ?? ''
    if (have !== update.uid && existing)
      throw conflict(
        served.gr,
        name,
        `StorageError: invalid object, Code: 4, Key: ${storageKey(served, namespace, name, options.dryRun)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${update.uid}, UID in object meta: ${have}`,
      )
  }
  if (!existing) {
    if (subresource || !(strategy.allowCreateOnUpdate || update.forceAllowCreate)) throw notFound(served.gr, name)
    if (update.uid)
      throw conflict(
        served.gr,
        name,
        `StorageError: invalid object, Code: 4, Key: ${storageKey(served, namespace, name, options.dryRun)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${update.uid}, UID in object meta: `,
      )
    const draft = await update.produce(undefined)
    delete draft.metadata.resourceVersion
    wipeSystemFields(draft)
    matchNamespace(ctx, draft)
    const tracked = update.managed ? draft : trackUpdate(ctx, undefined, draft, options)
    await admit(ctx, { operation: 'CREATE', object: tracked, options })
    dedupOwners(ctx, tracked, true)
    const { object, undo } = await prepareCreate(ctx, tracked, options)
    if (options.dryRun) {
      undo()
      return { object: fromStored(served, object), created: true }
    }
    try {
      return { object: fromStored(served, api.store.create(served.storage, object)), created: true }
    } catch (e) {
      undo()
      throw e
    }
  }
  const old = fromStored(served, existing)
  // a custom resource is read with the defaults of today before it is compared
  const before =
    !served.custom || old === existing ? existing : ({ ...old, apiVersion: existing.apiVersion } as KubeObject)
  let draft = await update.produce(old)
  const moved = strategy.emptiesCount === true && holdsEmpties(ctx, draft)
  // 0 is no version: any that stands there is meant
  const version = draft.metadata.resourceVersion?.replace(/^0+$/, '')
  // a client that names a version is answered about that version before anything else can fail
  if (!version && strategy.allowUnconditionalUpdate === false && !update.managed) {
    throw invalid({ group: served.gr.group, kind: served.gr.resource }, name, [
      invalidField('metadata.resourceVersion', new GoText('0x0'), 'must be specified for an update'),
    ])
  }
  matchNamespace(ctx, draft)
  if (old.metadata.creationTimestamp) draft.metadata.creationTimestamp ??= old.metadata.creationTimestamp
  if (!update.managed) draft = trackUpdate(ctx, old, draft, options, subresource)
  await admit(ctx, { operation: 'UPDATE', object: draft, old, options, subresource })
  dedupOwners(ctx, draft, true)
  if (version && !/^\d+$/.test(version))
    throw new StatusError(500, '', `strconv.ParseUint: parsing ${goQuote(version)}: invalid syntax`)
  if (version && version !== existing.metadata.resourceVersion) throw conflict(served.gr, name, MODIFIED)
  // without a version the newest is meant
  draft.metadata.resourceVersion = existing.metadata.resourceVersion ?? ''
  checkType(served, draft)
  let object = toStored(served, draft)
  const begun = subresource ? () => {} : beginUpdate(ctx, object, existing, options.dryRun)
  const undo = begun instanceof Promise ? await begun : begun
  try {
    await strategy.needs?.(object)
    object = prepareUpdate(ctx, object, before, update, moved)
    const next = object
    await validateAdmission(ctx, { operation: 'UPDATE', object: next, old: before, options, subresource })
    if (sameButTimes(next, existing)) return { object: fromStored(served, existing), created: false }
    object.metadata.resourceVersion = existing.metadata.resourceVersion ?? ''
    if (options.dryRun) {
      undo()
      return { object: fromStored(served, next), created: false }
    }
    if (goesNow(served, next, existing)) {
      const gone = api.store.delete(served.storage, namespace, name, existing.metadata.resourceVersion)
      await release(ctx.api, served.storage, existing)
      return {
        object: fromStored(served, {
          ...next,
          metadata: { ...next.metadata, resourceVersion: gone.metadata.resourceVersion ?? '' },
        }),
        created: false,
      }
    }
    const stored = api.store.update(served.storage, next, existing.metadata.resourceVersion ?? '')
    const done = subresource ? undefined : afterWrite(api, served.storage, stored)
    if (done) await done
    return { object: fromStored(served, stored), created: false }
  } catch (e) {
    undo()
    throw e
  }
}

/** Whether the spec as it came has empty lists or maps, which the stored form has not. */
function holdsEmpties(ctx: Context, draft: Writable): boolean {
  const spec = (o: object): unknown => (o as { spec?: unknown }).spec
  return !equal(spec(draft), spec(normalize(ctx.api, ctx.served, draft)))
}

/** The object to be judged, with the empty selector or labels as they were sent (Strategy.emptiesTold). */
function asSent(object: Writable, draft: Writable): Writable {
  type Workload = { spec?: { selector?: unknown; template?: { metadata?: { labels?: unknown } } } }
  const { spec: sent } = draft as Workload
  const { spec, ...rest } = object as Workload
  const labels = sent?.template?.metadata?.labels
  if (!spec || (equal(sent?.selector, spec.selector) && equal(labels, spec.template?.metadata?.labels))) return object
  const template = { ...spec.template, metadata: { ...spec.template?.metadata, labels } }
  return { ...(rest as Writable), spec: { ...spec, selector: sent?.selector, template } } as Writable
}

/** BeforeUpdate: what an update can never change is put back; then prepare, validate, warn. */
function prepareUpdate(ctx: Context, draft: Writable, existing: KubeObject, update: Update, moved: boolean): Writable {
  const { api, served } = ctx
  const strategy = strategyOf(served)
  const context = strategyContext(api, served)
  const subresource = update.subresource ?? ''
  const meta = draft.metadata
  const old = existing.metadata
  if (old.generation !== undefined) meta.generation = old.generation
  else drop(meta, 'generation')
  const status = (o: unknown): unknown => (o as { status?: unknown }).status
  if (subresource === 'status') {
    // only the status, and what hangs on the object's metadata, is written here
    for (const k of Object.keys(draft))
      if (k !== 'metadata' && k !== 'status' && k !== 'kind' && k !== 'apiVersion' && !Object.hasOwn(existing, k))
        delete (draft as Record<string, unknown>)[k]
    for (const [k, v] of Object.entries(existing))
      if (k !== 'metadata' && k !== 'status') (draft as Record<string, unknown>)[k] = v
    if (served.storage === 'deployments.apps' || served.custom) {
      if (old.labels) meta.labels = { ...old.labels }
      else delete meta.labels
      if (served.custom) {
        if (old.annotations) meta.annotations = { ...old.annotations }
        else delete meta.annotations
      }
    }
    strategy.prepareForStatusUpdate?.(draft, existing, context)
  } else if (!subresource) {
    if (hasStatus(served)) {
      if (status(existing) === undefined) delete (draft as { status?: unknown }).status
      else (draft as { status?: unknown }).status = copy(status(existing))
    }
    strategy.prepareForUpdate?.(draft, existing, context)
  }
  drop(meta, 'selfLink')
  if (!meta.uid) meta.uid = old.uid ?? ''
  if (old.creationTimestamp) meta.creationTimestamp = old.creationTimestamp
  if (old.deletionTimestamp) meta.deletionTimestamp = old.deletionTimestamp
  if (old.deletionGracePeriodSeconds !== undefined && meta.deletionGracePeriodSeconds === undefined)
    meta.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds
  const object = normalize(api, storedOf(served), draft, existing)
  if (subresource !== 'status' && (moved || generationMoves(strategy, object, existing)))
    object.metadata.generation = (old.generation ?? 0) + 1
  const next = strategy.emptiesTold ? asSent(object, draft) : object
  const specific = withSpellings(ctx.spellings, () =>
    update.validate
      ? update.validate(next, existing)
      : subresource === 'status'
        ? (strategy.validateStatusUpdate?.(next, existing, context) ?? [])
        : (strategy.validateUpdate?.(next, existing, context) ?? []),
  )
  const finalizers =
    subresource || !WHOLE_ON_UPDATE.has(served.storage)
      ? plainFinalizers(served, next.metadata)
      : metaErrors(served, next, false).filter((e) => e.field.startsWith('metadata.finalizers'))
  refuse(served, next.metadata.name ?? '', [
    ...metaErrors(served, next, true, old),
    ...validateObjectMetaUpdate(next.metadata, old, 'metadata'),
    ...finalizers,
    ...specific,
  ])
  if (!subresource) for (const w of strategy.warnings?.(next, existing, context) ?? []) warn(ctx, w)
  return object
}

function generationMoves(strategy: Strategy<KubeObject>, next: KubeObject, old: KubeObject): boolean {
  if (!strategy.generation) return false
  const spec = (o: KubeObject): unknown => (o as { spec?: unknown }).spec
  if (!equal(spec(next), spec(old))) return true
  return typeof strategy.generation === 'function' && strategy.generation(next, old)
}

/** Nothing changed but, at most, the times in managedFields: such an update is not written. */
function sameButTimes(next: KubeObject, old: KubeObject): boolean {
  const { metadata: a, ...mine } = next
  const { metadata: b, ...theirs } = old
  const { managedFields: before = [], ...was } = b
  return (
    equal(mine, theirs) &&
    equal({ ...a, resourceVersion: was.resourceVersion, managedFields: undefined }, was) &&
    equal(
      (a.managedFields ?? []).map((f) => ({ ...f, time: '' })),
      before.map((f) => ({ ...f, time: '' })),
    )
  )
}

/** An object that waits for deletion goes with its last finalizer. */
function goesNow(s: Served, next: KubeObject, old: KubeObject): boolean {
  if (!old.metadata.deletionTimestamp || (next.metadata.finalizers?.length ?? 0) > 0) return false
  if (s.storage === 'namespaces')
    return ((next as { spec?: { finalizers?: readonly string[] } }).spec?.finalizers?.length ?? 0) === 0
  return (old.metadata.finalizers?.length ?? 0) > 0 && (next.metadata.deletionGracePeriodSeconds ?? 0) === 0
}

const PREFIXES: Readonly<Record<string, string>> = {
  replicationcontrollers: 'controllers',
  endpoints: 'services/endpoints',
  services: 'services/specs',
  nodes: 'minions',
  'ingresses.networking.k8s.io': 'ingress',
}
/** The key in etcd, as storage errors show it; a dry run does not come as far as the prefix of all keys. */
function storageKey(s: Served, namespace: string, name: string, dryRun: boolean): string {
  const resource = storedOf(s).info.resource
  const place = namespace ? `${namespace}/${name}` : name
  return `${dryRun ? '' : '/registry'}/${s.custom ? `${s.info.group}/${resource}` : (PREFIXES[s.storage] ?? resource)}/${place}`
}

export type { Operation }
