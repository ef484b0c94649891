// Sets of field paths, as managedFields keeps them (FieldsV1): trees of path elements, read from objects by their
// types, compared, joined and taken apart;
// the ideas of structured-merge-diff's fieldpath and typed packages.
import { writeJson } from './bigint.ts'
import { compareBytes } from './labels.ts'
import { equal, isObject } from './object.ts'
import type { Json, JsonObject } from './object.ts'
import type { FieldSchema, TypeSchema } from './schema.ts'

/**
 * A node of a set: whether the path to it is a member, and what lies below, by path element: `f:name`,
 * `k:{"name":"web"}`, `v:"x"`. Nothing below is bare.
 */
export interface FieldSet {
  readonly member: boolean
  readonly children: ReadonlyMap<string, FieldSet>
}

// Sets are never changed, and the same few come again with every object of a kind: equal ones are, as a rule, one
// object, found on a path of steps.
// Whoever has worked something out about a set (its FieldsV1) finds it again with the next one.
interface Step {
  next: Map<string, Map<FieldSet, Step>> | undefined
  set: FieldSet | undefined
}
const step = (): Step => ({ next: undefined, set: undefined })
const MOST_STEPS = 50_000
let steps = 0
let members = step()
let others = step()

export const NONE: FieldSet = { member: false, children: new Map() }
export const MEMBER: FieldSet = { member: true, children: new Map() }
export const isEmptySet = (s: FieldSet): boolean => !s.member && s.children.size === 0

/** The set with these children; bare ones are left out. */
export function setOf(member: boolean, elements: readonly string[], sets: readonly FieldSet[]): FieldSet {
  if (steps > MOST_STEPS) {
    members = step()
    others = step()
    steps = 0
  }
  let at = member ? members : others
  let size = 0
  for (let i = 0; i < elements.length; i++) {
    const e = elements[i] ?? ''
    const c = sets[i] ?? NONE
    if (isEmptySet(c)) continue
    size++
    at.next ??= new Map()
    let by = at.next.get(e)
    if (!by) {
      by = new Map()
      at.next.set(e, by)
    }
    let then = by.get(c)
    if (!then) {
      then = step()
      by.set(c, then)
      steps++
    }
    at = then
  }
  if (size === 0) return member ? MEMBER : NONE
  if (!at.set) {
    const children = new Map<string, FieldSet>()
    for (let i = 0; i < elements.length; i++) {
      const c = sets[i]
      if (c && !isEmptySet(c)) children.set(elements[i] ?? '', c)
    }
    at.set = { member, children }
  }
  return at.set
}

const parsed = new WeakMap<object, FieldSet>()
/** FieldsV1 as a tree. */
export function parseFields(fields: unknown): FieldSet {
  if (!isObject(fields)) return NONE
  let s = parsed.get(fields)
  if (!s) {
    s = read(fields)
    parsed.set(fields, s)
  }
  return s
}
function read(fields: JsonObject): FieldSet {
  let member = false
  const elements: string[] = []
  const sets: FieldSet[] = []
  for (const k of Object.keys(fields)) {
    if (k === '.') {
      member = true
      continue
    }
    const v = fields[k]
    elements.push(k)
    sets.push(!isObject(v) ? NONE : Object.keys(v).length === 0 ? MEMBER : read(v))
  }
  return setOf(member, elements, sets)
}

const RANK: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 }
const byElement = (a: string, b: string): number =>
  (a.charCodeAt(0) === b.charCodeAt(0) ? 0 : (RANK[a[0] ?? ''] ?? 9) - (RANK[b[0] ?? ''] ?? 9)) || compareBytes(a, b)

const NOTHING: JsonObject = Object.freeze({})
const formatted = new WeakMap<FieldSet, JsonObject>()

/** The tree as FieldsV1, in upstream's order of elements. Shared: not to be changed. */
export function formatFields(s: FieldSet): JsonObject {
  if (s.children.size === 0) return NOTHING
  const known = formatted.get(s)
  if (known) return known
  const out: Record<string, Json> = {}
  if (s.member) out['.'] = {}
  const keys = [...s.children.keys()]
  if (keys.length > 1) keys.sort(byElement)
  for (const k of keys) out[k] = formatFields(s.children.get(k) ?? NONE)
  formatted.set(s, out)
  parsed.set(out, s)
  return out
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a
  if (isEmptySet(a)) return b
  const elements: string[] = []
  const sets: FieldSet[] = []
  for (const [k, c] of a.children) {
    const d = b.children.get(k)
    elements.push(k)
    sets.push(d ? union(c, d) : c)
  }
  for (const [k, c] of b.children)
    if (!a.children.has(k)) {
      elements.push(k)
      sets.push(c)
    }
  return setOf(a.member || b.member, elements, sets)
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return NONE
  if (isEmptySet(b)) return a
  const elements: string[] = []
  const sets: FieldSet[] = []
  let same = !(a.member && b.member)
  for (const [k, c] of a.children) {
    const d = b.children.get(k)
    const rest = d ? difference(c, d) : c
    if (rest !== c) same = false
    elements.push(k)
    sets.push(rest)
  }
  return same ? a : setOf(a.member && !b.member, elements, sets)
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  const elements: string[] = []
  const sets: FieldSet[] = []
  for (const [k, c] of a.children) {
    const d = b.children.get(k)
    if (d) {
      elements.push(k)
      sets.push(intersection(c, d))
    }
  }
  return setOf(a.member && b.member, elements, sets)
}
/** Every member's path, `.spec.containers[name="c"].image`, members of a level first. */
export function paths(s: FieldSet, prefix = ''): string[] {
  const keys = [...s.children.keys()].sort(byElement)
  return [
    ...keys.filter((k) => s.children.get(k)?.member).map((k) => prefix + shown(k)),
    ...keys.flatMap((k) => {
      const c = s.children.get(k)
      return c ? paths(c, prefix + shown(k)) : []
    }),
  ]
}
function shown(element: string): string {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return `.${rest}`
  if (element.startsWith('k:'))
    return `[${Object.entries(JSON.parse(rest) as Record<string, unknown>)
      .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
      .join(',')}]`
  return element.startsWith('v:') ? `[=${rest}]` : `[${rest}]`
}

/**
 * What a value is to merging: taken whole, a map of fields, or a list whose elements are told apart by keys or by
 * themselves.
 */
export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'struct'; readonly type: TypeSchema }
  | { readonly kind: 'map'; readonly inner: string }
  | { readonly kind: 'list'; readonly inner: string; readonly keys: readonly string[] }
  | { readonly kind: 'any' }
  | { readonly kind: 'custom' }

const LEAF: Shape = { kind: 'leaf' }
const ANY: Shape = { kind: 'any' }
const CUSTOM: Shape = { kind: 'custom' }
const SCALARS = new Set([
  'string',
  'bool',
  'int32',
  'int64',
  'double',
  'bytes',
  'time',
  'microtime',
  'quantity',
  'intstr',
  'json',
])

/** What a field of a struct is to merging, and its path element. */
interface FieldShape {
  readonly element: string
  readonly shape: Shape
}

/** Where types are looked up by name. */
export interface TypeSource {
  type(name: string): TypeSchema | undefined
}

export class Types {
  readonly #schemas: TypeSource
  readonly #words = new Map<string, Shape>()
  readonly #fields = new WeakMap<TypeSchema, Map<string, FieldShape | undefined>>()
  constructor(schemas: TypeSource) {
    this.#schemas = schemas
  }

  /** The one that belongs to these schemas: shapes are worked out once. */
  static of(schemas: TypeSource): Types {
    let t = made.get(schemas)
    if (!t) {
      t = new Types(schemas)
      made.set(schemas, t)
    }
    return t
  }

  /** The shape of a kind's object; of a custom resource where the definition's name is empty. */
  root(schemaName: string): Shape {
    const type = schemaName ? this.#schemas.type(schemaName) : undefined
    return type ? { kind: 'struct', type } : CUSTOM
  }

  /** The shape of a type word that no field says more about. */
  shape(word: string): Shape {
    let s = this.#words.get(word)
    if (!s) {
      s = this.#shape(word, undefined)
      if (this.#words.size < 2000) this.#words.set(word, s)
    }
    return s
  }

  #shape(word: string, f: FieldSchema | undefined): Shape {
    if (word === 'any') return ANY
    if (SCALARS.has(word)) return LEAF
    if (word.startsWith('['))
      return f?.list === 'map'
        ? { kind: 'list', inner: word.slice(1, -1), keys: [...(f.keys ?? [])].sort(compareBytes) }
        : f?.list === 'set'
          ? { kind: 'list', inner: word.slice(1, -1), keys: [] }
          : LEAF
    if (word.startsWith('{')) return f?.map === 'atomic' ? LEAF : { kind: 'map', inner: word.slice(1, -1) }
    const type = this.#schemas.type(word)
    return !type || type.map === 'atomic' || f?.map === 'atomic' ? LEAF : { kind: 'struct', type }
  }

  /** The shape of a field of a map or struct; undefined for a field that the type does not have. */
  field(shape: Shape, key: string): Shape | undefined {
    switch (shape.kind) {
      case 'struct':
        return this.#field(shape.type, key)?.shape ?? (shape.type.open ? ANY : undefined)
      case 'map':
        return this.shape(shape.inner)
      case 'custom':
        return this.shape(key === 'metadata' ? 'meta.v1.ObjectMeta' : 'any')
      case 'any':
        return shape
      default:
        return LEAF
    }
  }

  #field(type: TypeSchema, key: string): FieldShape | undefined {
    let of = this.#fields.get(type)
    if (!of) {
      of = new Map(
        Object.entries(type.fields).map(([k, f]) => [k, f && { element: `f:${k}`, shape: this.#shape(f.type, f) }]),
      )
      this.#fields.set(type, of)
    }
    return of.get(key)
  }

  /** A field's path element. */
  name(shape: Shape, key: string): string {
    return (shape.kind === 'struct' ? this.#field(shape.type, key)?.element : undefined) ?? `f:${key}`
  }

  /** Whether an item may leave a key out. */
  hasDefault(shape: Shape & { kind: 'list' }, key: string): boolean {
    const f = this.#schemas.type(shape.inner)?.fields[key]
    return f?.default !== undefined || (f?.type === 'string' && !f.ptr)
  }

  /** Which element of its list an item is. Keys that are absent have their defaults. */
  element(shape: Shape & { kind: 'list' }, item: unknown): string {
    if (shape.keys.length === 0) return `v:${writeJson(item)}`
    const map = isObject(item) ? item : {}
    const type = this.#schemas.type(shape.inner)
    const key: Record<string, unknown> = {}
    for (const k of shape.keys) {
      const f = type?.fields[k]
      const v = map[k] ?? f?.default ?? (f?.type === 'string' && !f.ptr ? '' : undefined)
      if (v !== undefined) key[k] = v
    }
    return `k:${writeJson(key)}`
  }

  items(shape: Shape & { kind: 'list' }, list: unknown): Map<string, unknown> {
    const out = new Map<string, unknown>()
    if (Array.isArray(list))
      for (const v of list) {
        const e = this.element(shape, v)
        if (!out.has(e)) out.set(e, v)
      }
    return out
  }
}
const made = new WeakMap<TypeSource, Types>()

const isMapShape = (s: Shape): boolean => s.kind === 'struct' || s.kind === 'map' || s.kind === 'custom'
/** Whether a value is looked into: a map or list that the type lets merge. */
export function descends(shape: Shape, value: unknown): boolean {
  if (shape.kind === 'leaf') return false
  return shape.kind === 'list'
    ? Array.isArray(value) || value === null
    : isObject(value) || (value === null && isMapShape(shape))
}

/**
 * The fields a configuration speaks of (ToFieldSet); `always` for the elements of lists, which are members themselves.
 */
export function fieldsOf(types: Types, shape: Shape, value: unknown, always = false): FieldSet {
  if (!descends(shape, value)) return MEMBER
  const elements: string[] = []
  const sets: FieldSet[] = []
  if (shape.kind === 'list') {
    const inner = types.shape(shape.inner)
    for (const [e, v] of types.items(shape, value)) {
      elements.push(e)
      sets.push(fieldsOf(types, inner, v, true))
    }
    return setOf(always, elements, sets)
  }
  if (isObject(value))
    for (const k of Object.keys(value)) {
      const v = value[k]
      if (v === undefined) continue
      elements.push(types.name(shape, k))
      sets.push(
        fieldsOf(
          types,
          types.field(shape, k) ?? LEAF,
          v,
          v === null ||
            (isObject(v) && Object.keys(v).length === 0) ||
            (shape.kind === 'struct' && !Object.hasOwn(shape.type.fields, k)) ||
            shape.kind === 'map' ||
            shape.kind === 'any' ||
            shape.kind === 'custom',
        ),
      )
    }
  return setOf(always, elements, sets)
}

/** Everything in a value that came or went whole. */
function everything(types: Types, shape: Shape, value: unknown): FieldSet {
  if (!descends(shape, value)) return MEMBER
  const elements: string[] = []
  const sets: FieldSet[] = []
  if (shape.kind === 'list') {
    const inner = types.shape(shape.inner)
    for (const [e, v] of types.items(shape, value)) {
      elements.push(e)
      sets.push(everything(types, inner, v))
    }
  } else if (isObject(value))
    for (const k of Object.keys(value)) {
      const v = value[k]
      if (v === undefined) continue
      elements.push(types.name(shape, k))
      sets.push(everything(types, types.field(shape, k) ?? LEAF, v))
    }
  return setOf(true, elements, sets)
}

export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}
const SAME: Comparison = { added: NONE, modified: NONE, removed: NONE }
const OTHER: Comparison = { added: NONE, modified: MEMBER, removed: NONE }

const isHollow = (v: unknown): boolean =>
  v === null || (Array.isArray(v) ? v.length === 0 : isObject(v) && Object.keys(v).length === 0)

/** What one object has that the other has not, or has otherwise. */
export function compare(types: Types, shape: Shape, old: unknown, next: unknown): Comparison {
  if (old === next) return SAME
  if (!descends(shape, old) || !descends(shape, next) || (isHollow(old) && isHollow(next)))
    return equal(old, next) ? SAME : OTHER
  const elements: string[] = []
  const added: FieldSet[] = []
  const modified: FieldSet[] = []
  const removed: FieldSet[] = []
  const put = (e: string, c: Comparison): void => {
    elements.push(e)
    added.push(c.added)
    modified.push(c.modified)
    removed.push(c.removed)
  }
  const below = (e: string, s: Shape, a: unknown, b: unknown): void => {
    if (a === b) return
    if (a === undefined) put(e, { ...SAME, added: everything(types, s, b) })
    else if (b === undefined) put(e, { ...SAME, removed: everything(types, s, a) })
    else {
      const c = compare(types, s, a, b)
      if (c !== SAME) put(e, c)
    }
  }
  if (shape.kind === 'list') {
    const a = types.items(shape, old)
    const b = types.items(shape, next)
    const inner = types.shape(shape.inner)
    for (const [e, v] of a) below(e, inner, v, b.get(e))
    for (const [e, v] of b) if (!a.has(e)) below(e, inner, undefined, v)
  } else {
    const a = isObject(old) ? old : {}
    const b = isObject(next) ? next : {}
    for (const k of Object.keys(a))
      if (a[k] !== b[k]) below(types.name(shape, k), types.field(shape, k) ?? LEAF, a[k], b[k])
    for (const k of Object.keys(b))
      if (!Object.hasOwn(a, k)) below(types.name(shape, k), types.field(shape, k) ?? LEAF, undefined, b[k])
  }
  return elements.length === 0
    ? SAME
    : {
        added: setOf(false, elements, added),
        modified: setOf(false, elements, modified),
        removed: setOf(false, elements, removed),
      }
}
