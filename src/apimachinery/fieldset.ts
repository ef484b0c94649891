// Sets of field paths, as managedFields keeps them (FieldsV1): trees of path elements, read from objects by their types, compared, joined and taken apart;
// the ideas of structured-merge-diff's fieldpath and typed packages.
import { compareBytes } from './labels.ts'
import { equal, isObject } from './object.ts'
import type { Json, JsonObject } from './object.ts'
import type { FieldSchema, Schemas, TypeSchema } from './schema.ts'

/** A node of a set: whether the path to it is a member, and what lies below, by path element: `f:name`, `k:{"name":"web"}`, `v:"x"`. */
export interface FieldSet { member: boolean; readonly children: Map<string, FieldSet> }
export const newSet = (member = false): FieldSet => ({ member, children: new Map() })

export function isEmptySet(s: FieldSet): boolean {
  if (s.member) return false
  for (const c of s.children.values()) if (!isEmptySet(c)) return false
  return true
}

/** FieldsV1 as a tree. */
export function parseFields(fields: unknown): FieldSet {
  const s = newSet()
  if (isObject(fields)) for (const [k, v] of Object.entries(fields)) {
    if (k === '.') { s.member = true; continue }
    const c = parseFields(v)
    if (isObject(v) && Object.keys(v).length === 0) c.member = true
    s.children.set(k, c)
  }
  return s
}

const RANK: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 }
const byElement = (a: string, b: string): number => (a.charCodeAt(0) === b.charCodeAt(0) ? 0 : (RANK[a[0] ?? ''] ?? 9) - (RANK[b[0] ?? ''] ?? 9)) || compareBytes(a, b)

const NOTHING: JsonObject = Object.freeze({})

/** The tree as FieldsV1, in upstream's order of elements. */
export function formatFields(s: FieldSet): JsonObject {
  const out: Record<string, Json> = {}
  if (s.member && s.children.size > 0) out['.'] = {}
  const keys = [...s.children.keys()]
  if (keys.length > 1) keys.sort(byElement)
  for (const k of keys) { const c = s.children.get(k); if (c && !isEmptySet(c)) out[k] = c.children.size ? formatFields(c) : NOTHING }
  return out
}

// sets are not changed once they are made, so that results share what they take over whole
const isBare = (s: FieldSet): boolean => !s.member && s.children.size === 0

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(b)) return a
  if (isBare(a)) return b
  const out = newSet(a.member || b.member)
  for (const [k, c] of a.children) { const d = b.children.get(k); const r = d ? union(c, d) : c; if (!isEmptySet(r)) out.children.set(k, r) }
  for (const [k, c] of b.children) if (!a.children.has(k)) out.children.set(k, c)
  return out
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(b)) return a
  const out = newSet(a.member && !b.member)
  for (const [k, c] of a.children) { const d = b.children.get(k); const r = d ? difference(c, d) : c; if (!isEmptySet(r)) out.children.set(k, r) }
  return out
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const out = newSet(a.member && b.member)
  for (const [k, c] of a.children) { const d = b.children.get(k); if (!d) continue; const r = intersection(c, d); if (!isEmptySet(r)) out.children.set(k, r) }
  return out
}
/** Every member's path, `.spec.containers[name="c"].image`, members of a level first. */
export function paths(s: FieldSet, prefix = ''): string[] {
  const keys = [...s.children.keys()].sort(byElement)
  return [...keys.filter((k) => s.children.get(k)?.member).map((k) => prefix + shown(k)), ...keys.flatMap((k) => { const c = s.children.get(k); return c ? paths(c, prefix + shown(k)) : [] })]
}
function shown(element: string): string {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return `.${rest}`
  if (element.startsWith('k:')) return `[${Object.entries(JSON.parse(rest) as Record<string, unknown>).map(([k, v]) => `${k}=${JSON.stringify(v)}`).join(',')}]`
  return element.startsWith('v:') ? `[=${rest}]` : `[${rest}]`
}

/** What a value is to merging: taken whole, a map of fields, or a list whose elements are told apart by keys or by themselves. */
export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'struct'; readonly type: TypeSchema }
  | { readonly kind: 'map'; readonly inner: string }
  | { readonly kind: 'list'; readonly inner: string; readonly keys: readonly string[] }
  | { readonly kind: 'any' }
  | { readonly kind: 'custom' }

const LEAF: Shape = { kind: 'leaf' }
const SCALARS = new Set(['string', 'bool', 'int32', 'int64', 'double', 'bytes', 'time', 'microtime', 'quantity', 'intstr', 'json'])

export class Types {
  readonly #schemas: Schemas
  constructor(schemas: Schemas) { this.#schemas = schemas }

  /** The shape of a kind's object; of a custom resource where the definition's name is empty. */
  root(schemaName: string): Shape {
    const type = schemaName ? this.#schemas.type(schemaName) : undefined
    return type ? { kind: 'struct', type } : { kind: 'custom' }
  }

  shape(word: string, f?: FieldSchema): Shape {
    if (word === 'any') return { kind: 'any' }
    if (SCALARS.has(word)) return LEAF
    if (word.startsWith('[')) return f?.list === 'map' ? { kind: 'list', inner: word.slice(1, -1), keys: f.keys ?? [] } : f?.list === 'set' ? { kind: 'list', inner: word.slice(1, -1), keys: [] } : LEAF
    if (word.startsWith('{')) return f?.map === 'atomic' ? LEAF : { kind: 'map', inner: word.slice(1, -1) }
    const type = this.#schemas.type(word)
    return !type || type.map === 'atomic' || f?.map === 'atomic' ? LEAF : { kind: 'struct', type }
  }

  /** The shape of a field of a map or struct; undefined for a field that the type does not have. */
  field(shape: Shape, key: string): Shape | undefined {
    switch (shape.kind) {
      case 'struct': { const f = Object.hasOwn(shape.type.fields, key) ? shape.type.fields[key] : undefined; return f && this.shape(f.type, f) }
      case 'map': return this.shape(shape.inner)
      case 'custom': return this.shape(key === 'metadata' ? 'meta.v1.ObjectMeta' : 'any')
      case 'any': return shape
      default: return LEAF
    }
  }

  /** Which element of its list an item is. Keys that are absent have their defaults. */
  element(shape: Shape & { kind: 'list' }, item: unknown): string {
    if (shape.keys.length === 0) return `v:${JSON.stringify(item)}`
    const map = isObject(item) ? item : {}
    const type = this.#schemas.type(shape.inner)
    const key: Record<string, unknown> = {}
    for (const k of [...shape.keys].sort(compareBytes)) {
      const f = type?.fields[k]
      const v = map[k] ?? f?.default ?? (f?.type === 'string' && !f.required ? '' : undefined)
      if (v !== undefined) key[k] = v
    }
    return `k:${JSON.stringify(key)}`
  }

  items(shape: Shape & { kind: 'list' }, list: unknown): Map<string, unknown> {
    const out = new Map<string, unknown>()
    if (Array.isArray(list)) for (const v of list) { const e = this.element(shape, v); if (!out.has(e)) out.set(e, v) }
    return out
  }
}

const isMapShape = (s: Shape): boolean => s.kind === 'struct' || s.kind === 'map' || s.kind === 'custom'
/** Whether a value is looked into: a map or list that the type lets merge. */
export function descends(shape: Shape, value: unknown): boolean {
  if (shape.kind === 'leaf') return false
  return shape.kind === 'list' ? Array.isArray(value) || value === null : isObject(value) || (value === null && isMapShape(shape))
}

/** The fields a configuration speaks of (ToFieldSet). */
export function fieldsOf(types: Types, shape: Shape, value: unknown): FieldSet {
  const out = newSet()
  if (!descends(shape, value)) { out.member = true; return out }
  if (shape.kind === 'list') {
    for (const [e, v] of types.items(shape, value)) { const c = fieldsOf(types, types.shape(shape.inner), v); c.member = true; out.children.set(e, c) }
    return out
  }
  if (!isObject(value)) return out
  for (const [k, v] of Object.entries(value)) {
    if (v === undefined) continue
    const c = fieldsOf(types, types.field(shape, k) ?? LEAF, v)
    if (v === null || (isObject(v) && Object.keys(v).length === 0) || shape.kind === 'map' || shape.kind === 'any' || shape.kind === 'custom') c.member = true
    out.children.set(`f:${k}`, c)
  }
  return out
}

/** Everything in a value that came or went whole. */
function everything(types: Types, shape: Shape, value: unknown): FieldSet {
  const out = newSet(true)
  if (!descends(shape, value)) return out
  if (shape.kind === 'list') { for (const [e, v] of types.items(shape, value)) out.children.set(e, everything(types, types.shape(shape.inner), v)) } else if (isObject(value)) for (const [k, v] of Object.entries(value)) if (v !== undefined) out.children.set(`f:${k}`, everything(types, types.field(shape, k) ?? LEAF, v))
  return out
}

export interface Comparison { readonly added: FieldSet; readonly modified: FieldSet; readonly removed: FieldSet }

/** What one object has that the other has not, or has otherwise. */
export function compare(types: Types, shape: Shape, old: unknown, next: unknown): Comparison {
  const out: Comparison = { added: newSet(), modified: newSet(), removed: newSet() }
  if (old === next || equal(old, next)) return out
  const below = (e: string, s: Shape, a: unknown, b: unknown): void => {
    if (a === undefined && b === undefined) return
    if (a === undefined) { out.added.children.set(e, everything(types, s, b)); return }
    if (b === undefined) { out.removed.children.set(e, everything(types, s, a)); return }
    const c = compare(types, s, a, b)
    if (!isEmptySet(c.added)) out.added.children.set(e, c.added)
    if (!isEmptySet(c.modified)) out.modified.children.set(e, c.modified)
    if (!isEmptySet(c.removed)) out.removed.children.set(e, c.removed)
  }
  const empty = (v: unknown): boolean => v === null || (Array.isArray(v) ? v.length === 0 : isObject(v) && Object.keys(v).length === 0)
  if (!descends(shape, old) || !descends(shape, next) || (empty(old) && empty(next))) { out.modified.member = true; return out }
  if (shape.kind === 'list') {
    const a = types.items(shape, old)
    const b = types.items(shape, next)
    for (const e of new Set([...a.keys(), ...b.keys()])) below(e, types.shape(shape.inner), a.get(e), b.get(e))
    return out
  }
  const a = isObject(old) ? old : {}
  const b = isObject(next) ? next : {}
  const each = (k: string): void => { if (a[k] !== b[k]) below(`f:${k}`, types.field(shape, k) ?? LEAF, a[k], b[k]) }
  for (const k of Object.keys(a)) each(k)
  for (const k of Object.keys(b)) if (!Object.hasOwn(a, k)) each(k)
  return out
}
