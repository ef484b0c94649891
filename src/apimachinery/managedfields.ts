// metadata.managedFields: who set which field. Updates are noted, server-side apply merges, prunes and refuses
// conflicts, as apimachinery's util/managedfields and
// structured-merge-diff's merge package do; and kubectl's migration from client-side to server-side apply (client-go's
// csaupgrade).
import { writeJson } from './bigint.ts'
import type { ManagedFieldsEntry } from './api/meta.v1.ts'
import { typedForm } from './encode.ts'
import {
  compare,
  descends,
  difference,
  fieldsOf,
  formatFields,
  intersection,
  isEmptySet,
  MEMBER,
  NONE,
  parseFields,
  paths,
  setOf,
  Types,
  union,
} from './fieldset.ts'
import type { FieldSet, Shape, TypeSource } from './fieldset.ts'
import { goQuote, goValue } from './gostring.ts'
import { compareBytes } from './labels.ts'
import { copy, equal, freeze, isObject } from './object.ts'
import type { Draft, Json, JsonObject, KubeObject } from './object.ts'
import type { Schemas } from './schema.ts'
import { StatusError, badRequest } from './status.ts'
import { rfc3339 } from './time.ts'

export interface FieldManagerContext {
  readonly schemas: Schemas
  /** The definition's name; empty for custom resources. */
  readonly schemaName: string
  /** The types of a custom resource, where its definition has a schema. */
  readonly custom?: { readonly source: TypeSource; readonly root: string }
  readonly manager: string
  /** The version in which the request speaks: v1, apps/v1. */
  readonly apiVersion: string
  readonly subresource: string
  readonly now: number
  /** What this path does not write is not owned through it: the status, at the main resource of a kind that has one. */
  readonly resetStatus?: boolean
  /** Both objects of an update are in their typed form already. */
  readonly typed?: boolean
}

interface Owner {
  readonly entry: ManagedFieldsEntry
  set: FieldSet
}
/** Owners by identity: manager, operation, version, subresource; for updates the time is not part of it. */
type Managed = Map<string, Owner>

const identity = (e: ManagedFieldsEntry): string =>
  `${e.manager ?? ''}\u0000${e.operation ?? ''}\u0000${e.operation === 'Apply' ? '' : (e.apiVersion ?? '')}\u0000${e.subresource ?? ''}`

const STRIPPED: FieldSet = parseFields({
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:selfLink': {},
    'f:uid': {},
    'f:clusterName': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
  },
})

function decodeManaged(entries: readonly ManagedFieldsEntry[] | undefined): Managed {
  const out: Managed = new Map()
  for (const e of entries ?? [])
    if (e.operation) {
      const id = identity(e)
      const set = parseFields(e.fieldsV1)
      const old = out.get(id)
      out.set(id, old ? { entry: old.entry, set: union(old.set, set) } : { entry: e, set })
    }
  return out
}

/** Whether DecodeManagedFields takes an entry. */
const isReadable = (e: ManagedFieldsEntry): boolean =>
  (e.operation === 'Apply' || e.operation === 'Update') && !!e.apiVersion && e.fieldsType === 'FieldsV1'

const made = new WeakMap<FieldSet, ManagedFieldsEntry>()
/**
 * An owner's entry. Who writes the same fields of many objects at once writes the same entry: they share it, and its
 * text.
 */
function entryOf({ entry: e, set }: Owner): ManagedFieldsEntry {
  if (e.fieldsV1 !== undefined && parseFields(e.fieldsV1) === set) return e
  const last = made.get(set)
  if (last && last.time === e.time && identity(last) === identity(e) && last.apiVersion === e.apiVersion) return last
  const entry: ManagedFieldsEntry = {
    manager: e.manager ?? '',
    operation: e.operation ?? '',
    apiVersion: e.apiVersion ?? '',
    ...(e.time ? { time: e.time } : {}),
    fieldsType: 'FieldsV1',
    fieldsV1: formatFields(set),
    ...(e.subresource ? { subresource: e.subresource } : {}),
  }
  made.set(set, entry)
  return entry
}

const MAX_UPDATERS = 10
function encodeManaged(managed: Managed): ManagedFieldsEntry[] {
  const list = [...managed.values()].filter((o) => !isEmptySet(o.set))
  const updates = list.filter((o) => o.entry.operation === 'Update' && !o.entry.subresource)
  if (updates.length > MAX_UPDATERS) {
    // the oldest are kept as one
    const old = updates
      .sort((a, b) => compareBytes(a.entry.time ?? '', b.entry.time ?? ''))
      .slice(0, updates.length - MAX_UPDATERS + 1)
    const by = new Map<string, Owner>()
    for (const o of old) {
      const v = o.entry.apiVersion ?? ''
      const have = by.get(v)
      by.set(v, { entry: { ...o.entry, manager: 'ancient-changes' }, set: have ? union(have.set, o.set) : o.set })
    }
    const rest = list.filter((o) => !old.includes(o))
    list.splice(0, list.length, ...rest, ...by.values())
  }
  const entries = list.map(entryOf)
  return entries.length < 2 ? entries : entries.sort(byRank)
}

const RANK = ['operation', 'time', 'manager', 'apiVersion', 'subresource'] as const
/** The order of an object's entries. */
export function byRank(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  for (const k of RANK) {
    const c = compareBytes(a[k] ?? '', b[k] ?? '')
    if (c) return c
  }
  return 0
}

/** The object as merging sees it: in its typed form, without managedFields. */
function typed(ctx: FieldManagerContext, object: unknown): JsonObject {
  const form = (ctx.schemaName && !ctx.typed ? typedForm(object, ctx.schemaName, ctx.schemas) : object) as JsonObject
  if (!isObject(form.metadata) || form.metadata.managedFields === undefined) return form
  const { managedFields: _, ...metadata } = form.metadata
  return { ...form, metadata }
}

const empties = new WeakMap<Schemas, Map<string, JsonObject>>()
/** The object of a kind before anybody wrote anything into it. */
function emptyObject(
  ctx: FieldManagerContext,
  like: { readonly apiVersion?: unknown; readonly kind?: unknown },
): JsonObject {
  const make = (): JsonObject =>
    typed({ ...ctx, typed: false }, { apiVersion: like.apiVersion, kind: like.kind as Json, metadata: {} })
  if (!ctx.schemaName) return make()
  let known = empties.get(ctx.schemas)
  if (!known) {
    known = new Map()
    empties.set(ctx.schemas, known)
  }
  const id = `${ctx.schemaName} ${String(like.apiVersion)} ${String(like.kind)}`
  let empty = known.get(id)
  if (!empty) {
    empty = freeze(make())
    if (known.size < 500) known.set(id, empty)
  }
  return empty
}

interface Conflict {
  readonly owner: Owner
  readonly paths: readonly string[]
}

/** Takes what changed from all other owners. With `force` false, what they would lose is refused. */
function settle(managed: Managed, self: string, change: ReturnType<typeof compare>, force: boolean): Conflict[] {
  const touched = union(change.modified, change.added)
  const conflicts: Conflict[] = []
  const lost = new Map<string, FieldSet>()
  for (const [id, owner] of managed) {
    if (id === self) continue
    const set = intersection(owner.set, touched)
    if (!isEmptySet(set)) {
      conflicts.push({ owner, paths: paths(set) })
      lost.set(id, set)
    }
  }
  if (!force && conflicts.length) return conflicts
  for (const [id, owner] of managed) {
    if (id === self) continue
    const set = lost.get(id)
    owner.set = difference(set ? difference(owner.set, set) : owner.set, change.removed)
  }
  return []
}

/** isResetManagedFields: an empty list, or one empty entry, forgets who owns what. */
export const forgetsOwners = (entries: readonly ManagedFieldsEntry[] | undefined): boolean =>
  entries?.length === 0 || (entries?.length === 1 && Object.values(entries[0] ?? {}).every((v) => v === undefined))

/** The managedFields of an object after a create or update by `ctx.manager`. `live` is absent at creation. */
export function trackUpdate(
  live: KubeObject | undefined,
  next: KubeObject,
  ctx: FieldManagerContext,
): readonly ManagedFieldsEntry[] {
  const given = next.metadata.managedFields
  const forgets = !ctx.subresource && forgetsOwners(given)
  const own = live?.metadata.uid ? live : undefined
  // what is new has no owners to forget
  if (forgets && own) return []
  // what cannot be read, or comes through a subresource, does not replace what is there (decodeLiveOrNew)
  const taken = !forgets && given?.length && !ctx.subresource && given.every(isReadable)
  const managed = decodeManaged(taken ? given : own?.metadata.managedFields)
  if (own && managed.size === 0) return []
  const types = Types.of(ctx.custom?.source ?? ctx.schemas)
  const after = typed(ctx, next)
  const change = compare(
    types,
    types.root(ctx.custom?.root ?? ctx.schemaName),
    own ? typed(ctx, own) : emptyObject(ctx, next),
    after,
  )
  const touched = difference(union(change.modified, change.added), STRIPPED)
  // /scale shows only who holds what it writes: where nobody does, it notes nothing (skipNonAppliedManager)
  if (
    own &&
    ctx.subresource === 'scale' &&
    [...managed.values()].every((m) => isEmptySet(intersection(m.set, union(touched, change.removed))))
  )
    return encodeManaged(managed)
  // what comes through /scale is carried over to the object without its time (ScaleHandler.ToParent)
  const entry: ManagedFieldsEntry = {
    manager: ctx.manager,
    operation: 'Update',
    apiVersion: ctx.apiVersion,
    ...(ctx.subresource === 'scale' ? {} : { time: rfc3339(ctx.now) }),
    ...(ctx.subresource ? { subresource: ctx.subresource } : {}),
  }
  const id = identity(entry)
  const mine = managed.get(id)
  settle(managed, '', change, true)
  if (!isEmptySet(touched)) managed.set(id, { entry, set: mine ? union(mine.set, touched) : touched })
  return encodeManaged(managed)
}

/**
 * Merges a configuration into an object as the types say: structs and granular maps by field, keyed lists by element,
 * everything else whole.
 */
function merge(types: Types, shape: Shape, live: unknown, config: unknown): unknown {
  if (config === undefined) return live
  if (live === undefined || !descends(shape, config) || !descends(shape, live) || config === null) return config
  if (shape.kind === 'list') {
    const left = types.items(shape, live)
    const right = types.items(shape, config)
    const inner = types.shape(shape.inner)
    const out: unknown[] = []
    const done = new Set<string>()
    const l = [...left.keys()]
    const r = [...right.keys()]
    let i = 0
    let j = 0
    while (i < l.length || j < r.length) {
      const a = l[i]
      const b = r[j]
      if (a !== undefined && done.has(a)) {
        i++
        continue
      }
      if (a !== undefined && !right.has(a)) {
        out.push(left.get(a))
        i++
        continue
      }
      if (b === undefined) {
        i++
        continue
      }
      out.push(merge(types, inner, left.get(b), right.get(b)))
      done.add(b)
      if (a === b) i++
      j++
    }
    return out
  }
  const base = isObject(live) ? live : {}
  const out: Record<string, unknown> = { ...base }
  if (isObject(config))
    for (const [k, v] of Object.entries(config)) {
      if (k === '__proto__') throw badRequest('key "__proto__" is not allowed')
      if (v !== undefined) out[k] = merge(types, types.field(shape, k) ?? { kind: 'leaf' }, base[k], v)
    }
  return out
}

const GONE = Symbol('gone')

/** Removes what the last configuration had and nobody owns any more. */
function prune(types: Types, shape: Shape, value: unknown, last: FieldSet, owned: FieldSet | undefined): unknown {
  if (!descends(shape, value) || value === null) return last.member && !owned?.member ? GONE : value
  if (shape.kind === 'list') {
    const out: unknown[] = []
    for (const v of value as readonly unknown[]) {
      const e = types.element(shape, v)
      const was = last.children.get(e)
      const still = owned?.children.get(e)
      if (!was) {
        out.push(v)
        continue
      }
      if (was.member && (!still || isEmptySet(still) || !still.member)) continue
      const kept = prune(types, types.shape(shape.inner), v, was, still)
      if (kept !== GONE) out.push(kept)
    }
    return out.length === 0 && (!owned || isEmptySet(owned)) ? GONE : out
  }
  const map = value as JsonObject
  const out: Record<string, unknown> = {}
  let removed = false
  for (const [k, v] of Object.entries(map)) {
    const was = last.children.get(`f:${k}`)
    if (!was) {
      out[k] = v
      continue
    }
    const kept = prune(types, types.field(shape, k) ?? { kind: 'leaf' }, v, was, owned?.children.get(`f:${k}`))
    if (kept === GONE) removed = true
    else out[k] = kept
  }
  const bare = Object.keys(out).length === 0
  if (bare && (removed || last.member) && (!owned || isEmptySet(owned))) return GONE
  return out
}

const printManager = (e: ManagedFieldsEntry): string => {
  const name = `${goQuote(e.manager ?? '')}${e.subresource ? ` with subresource ${goQuote(e.subresource)}` : ''}`
  return e.operation === 'Update' ? `${name} using ${e.apiVersion ?? ''}` : name
}

/** 409 with a cause for each field. */
function conflictError(conflicts: readonly Conflict[]): StatusError {
  const count = conflicts.reduce((n, c) => n + c.paths.length, 0)
  const causes = conflicts.flatMap((c) =>
    c.paths.map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${printManager(c.owner.entry)}`,
      field,
    })),
  )
  const first = conflicts[0]
  const message =
    count === 1 && first
      ? `Apply failed with 1 conflict: conflict with ${printManager(first.owner.entry)}: ${first.paths[0] ?? ''}`
      : `Apply failed with ${count} conflicts: ${[...conflicts]
          .sort((a, b) => compareBytes(printManager(a.owner.entry), printManager(b.owner.entry)))
          .map((c) => `conflicts with ${printManager(c.owner.entry)}:\n- ${c.paths.join('\n- ')}`)
          .join('\n')}`
  return new StatusError(409, 'Conflict', message, { causes })
}

/** Go's %v and %#v of an untyped value, as structured-merge-diff's errors print it. */
const goLiteral = (v: unknown): string =>
  typeof v === 'string'
    ? goQuote(v)
    : Array.isArray(v)
      ? `[]interface {}{${v.map(goLiteral).join(', ')}}`
      : isObject(v)
        ? `map[string]interface {}{${Object.keys(v)
            .sort(compareBytes)
            .map((k) => `${goQuote(k)}:${goLiteral(v[k])}`)
            .join(', ')}}`
        : String(v)
const goKind = (v: unknown): string =>
  Array.isArray(v)
    ? '[]interface {}'
    : isObject(v)
      ? 'map[string]interface {}'
      : typeof v === 'boolean'
        ? 'bool'
        : 'string'

function scalarFault(word: string, v: unknown, path: string): string[] {
  switch (word) {
    case 'string':
    case 'bytes':
      return typeof v === 'string'
        ? []
        : [`${path}: expected string, got &value.valueUnstructured{Value:${goLiteral(v)}}`]
    case 'bool':
      return typeof v === 'boolean' ? [] : [`${path}: expected boolean, got &{${goValue(v)}}`]
    case 'int32':
    case 'int64':
    case 'double':
      return typeof v === 'number' || typeof v === 'bigint'
        ? []
        : [`${path}: expected numeric (int or float), got ${goKind(v)}`]
    default:
      return []
  }
}

/**
 * What a configuration's schema does not allow: unknown fields (the first of each map), wrong types, elements that
 * stand twice.
 */
function faults(types: Types, word: string, shape: Shape, value: unknown, path: string): string[] {
  if (value === null || value === undefined) return []
  const list = word.startsWith('[')
  // what merges as one is looked into all the same
  if (shape.kind === 'leaf' && list && Array.isArray(value)) {
    const inner = word.slice(1, -1)
    return value.flatMap((v: unknown, i) => faults(types, inner, types.shape(inner), v, `${path}[${i}]`))
  }
  if (shape.kind === 'leaf' && !list) {
    const inside = types.inside(word)
    if (inside.kind !== 'leaf') return faults(types, word, inside, value, path)
  }
  const map = word.startsWith('{') || shape.kind === 'struct'
  if (list && !Array.isArray(value)) return [`${path}: expected list, got &{${goValue(value)}}`]
  if (map && !isObject(value)) return [`${path}: expected map, got &{${goValue(value)}}`]
  if (shape.kind === 'list' && Array.isArray(value)) {
    const seen = new Set<string>()
    return value.flatMap((v: unknown, i) => {
      const missing = shape.keys.find((k) => !isObject(v) || ((v[k] ?? null) === null && !types.hasDefault(shape, k)))
      if (missing !== undefined) {
        const omits = `has an element that omits key field ${goQuote(missing)} (and doesn't have default value)`
        const why = isObject(v) ? omits : 'may not have non-map elements'
        return [`${path}: element ${i}: associative list with keys ${why}`]
      }
      const e = types.element(shape, v)
      const twice = seen.has(e)
      seen.add(e)
      const at = paths(setOf(false, [e], [MEMBER]))[0] ?? ''
      return [
        ...(twice ? [`${path}: duplicate entries for key ${at}`] : []),
        ...faults(types, shape.inner, types.shape(shape.inner), v, path + at),
      ]
    })
  }
  if (!isObject(value) || shape.kind === 'leaf' || shape.kind === 'any' || shape.kind === 'list')
    return scalarFault(word, value, path)
  const out: string[] = []
  for (const k of Object.keys(value).sort(compareBytes)) {
    const below = types.field(shape, k)
    if (!below) {
      out.push(`${path}.${k}: field not declared in schema`)
      break
    }
    const inner = shape.kind === 'map' ? shape.inner : shape.kind === 'struct' ? (shape.type.fields[k]?.type ?? '') : ''
    out.push(...faults(types, inner, below, value[k], `${path}.${k}`))
  }
  return out
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** The object that server-side apply makes, with its managedFields. Throws StatusError: conflicts, unknown fields. */
export function applyServerSide(
  live: KubeObject | undefined,
  config: JsonObject,
  ctx: FieldManagerContext & { readonly force: boolean },
): Draft<KubeObject> {
  const meta = isObject(config.metadata) ? config.metadata : {}
  if (Array.isArray(meta.managedFields)) throw badRequest('metadata.managedFields must be nil')
  const types = Types.of(ctx.custom?.source ?? ctx.schemas)
  const shape = types.root(ctx.custom?.root ?? ctx.schemaName)
  const wrong = faults(types, '', shape, config, '')
  if (wrong.length) {
    const gv = ctx.apiVersion.includes('/') ? ctx.apiVersion : `/${ctx.apiVersion}`
    const [namespace, name] = [meta.namespace, meta.name].map((m) => (typeof m === 'string' ? m : ''))
    const about = `${namespace}/${name}; ${gv}, Kind=${String(config.kind)}`
    const why = wrong.length === 1 ? wrong[0] : ['errors:', ...wrong.map((w) => `  ${w}`)].join('\n')
    throw new StatusError(500, '', `failed to create typed patch object (${about}): ${why}`)
  }
  const time = rfc3339(ctx.now)
  const present = live?.metadata.uid ? live : undefined
  const before = present ? typed(ctx, present) : emptyObject(ctx, config)
  const managed = decodeManaged(present?.metadata.managedFields)
  if (present && managed.size === 0) {
    // an object that nobody ever noted: its fields belong to whoever was first
    const first: ManagedFieldsEntry = {
      manager: 'before-first-apply',
      operation: 'Update',
      apiVersion: ctx.apiVersion,
      time,
    }
    const { status: _status, ...written } = before
    const change = compare(types, shape, emptyObject(ctx, config), ctx.resetStatus ? written : before)
    managed.set(identity(first), { entry: first, set: difference(union(change.modified, change.added), STRIPPED) })
  }
  const entry: ManagedFieldsEntry = {
    manager: ctx.manager,
    operation: 'Apply',
    apiVersion: ctx.apiVersion,
    time,
    ...(ctx.subresource ? { subresource: ctx.subresource } : {}),
  }
  const id = identity(entry)
  const last = managed.get(id)
  const attempt = (force: boolean): { object: JsonObject; managed: Managed; conflicts: Conflict[] } => {
    const owners: Managed = new Map([...managed].map(([k, o]) => [k, { ...o }]))
    const set = difference(fieldsOf(types, shape, config), STRIPPED)
    owners.set(id, { entry, set })
    let object = merge(types, shape, before, config)
    if (last) {
      let owned = NONE
      for (const o of owners.values()) owned = union(owned, o.set)
      const kept = prune(types, shape, object, last.set, union(owned, STRIPPED))
      object = kept === GONE ? before : kept
    }
    return {
      object: object as JsonObject,
      managed: owners,
      conflicts: settle(owners, id, compare(types, shape, before, object), force),
    }
  }
  let result = attempt(ctx.force)
  if (result.conflicts.length) {
    const left =
      ctx.manager === 'kubectl' && present ? withoutAllowed(result.conflicts, present, types, shape) : result.conflicts
    if (left.length) throw conflictError(left)
    result = attempt(true)
  }
  const owner = result.managed.get(id)
  // an apply that changes nothing leaves the time as it was: a new manager has none
  if (owner && equal(result.object, before)) {
    const { time: _time, ...timeless } = entry
    result.managed.set(id, {
      entry: last ? { ...timeless, ...(last.entry.time ? { time: last.entry.time } : {}) } : timeless,
      set: owner.set,
    })
  }
  const object = copy(result.object) as Draft<KubeObject>
  const annotations = object.metadata.annotations
  if (ctx.manager === 'kubectl' && annotations && Object.hasOwn(annotations, LAST_APPLIED))
    annotations[LAST_APPLIED] = lastApplied(config)
  const entries = encodeManaged(result.managed)
  if (entries.length) object.metadata.managedFields = copy(entries)
  else delete object.metadata.managedFields
  return object
}

/** The annotation is kept in step when kubectl applies: the configuration itself, without the annotation. */
function lastApplied(config: JsonObject): string {
  const out = copy(config) as Record<string, unknown>
  const meta = isObject(out.metadata) ? { ...out.metadata } : {}
  if (isObject(meta.annotations)) {
    const { [LAST_APPLIED]: _, ...rest } = meta.annotations
    meta.annotations = rest
  }
  out.metadata = meta
  return `${stableJson(out)}\n`
}
function stableJson(v: unknown): string {
  if (Array.isArray(v)) return `[${v.map(stableJson).join(',')}]`
  if (isObject(v))
    return `{${Object.keys(v)
      .sort(compareBytes)
      .filter((k) => v[k] !== undefined)
      .map((k) => `${JSON.stringify(k)}:${stableJson(v[k])}`)
      .join(',')}}`
  return writeJson(v ?? null).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Conflicts about fields that kubectl itself applied before, client-side, are none. */
function withoutAllowed(conflicts: readonly Conflict[], live: KubeObject, types: Types, shape: Shape): Conflict[] {
  const text = live.metadata.annotations?.[LAST_APPLIED]
  if (!text) return [...conflicts]
  let applied: unknown
  try {
    applied = JSON.parse(text)
  } catch {
    return [...conflicts]
  }
  // only where the live value is still the one that was applied
  const set = fieldsOf(types, shape, applied)
  const differs = compare(types, shape, applied, live)
  const allowed = new Set(paths(difference(set, union(differs.modified, differs.removed))))
  return conflicts
    .map((c) => ({ owner: c.owner, paths: c.paths.filter((p) => !allowed.has(p)) }))
    .filter((c) => c.paths.length > 0)
}
