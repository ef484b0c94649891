// Sets of field paths, as managedFields keeps them (FieldsV1): trees of path elements, read from objects by their
// types, compared, joined and taken apart;
// the ideas of structured-merge-diff's fieldpath and typed packages.
import { writeJson } from './bigint.ts'
import { compareBytes } from './labels.ts'
import { equal, isObject } from './object.ts'
import type { Json, JsonObject } from './object.ts'
import { SCALARS } from './schema.ts'
import type { FieldSchema, TypeSchema } from './schema.ts'

/**
 * A node of a set: whether the path to it is a member, and what lies below, by path element: `f:name`,
 * `k:{"name":"web"}`, `v:"x"`. Nothing below is bare.
 */
export interface FieldSet {
  readonly member: boolean
  readonly children: ReadonlyMap<string, FieldSet>
  /** The same as FieldsV1, once somebody asked for it. */ formatted?: JsonObject | undefined
}

// Sets are never changed, and the same few come again with every object of a kind: equal ones are, as a rule, one
// object, found on a path of steps.
// Whoever has worked something out about a set (its FieldsV1) finds it again with the next one.
interface Step {
  /** The way that was taken last: objects of a kind mostly go the same. */
  last: { readonly element: string; readonly below: FieldSet; readonly to: Step } | undefined
  next: Map<string, Map<FieldSet, Step>> | undefined
  set: FieldSet | undefined
}
const step = (): Step => ({ last: undefined, next: undefined, set: undefined })
const MOST_STEPS = 50_000
let steps = 0
let members = step()
let others = step()

export const NONE: FieldSet = { member: false, children: new Map() }
export const MEMBER: FieldSet = { member: true, children: new Map() }
/** Whether a set names no field. */
export const isEmptySet = (s: FieldSet): boolean => s === NONE || (!s.member && s.children.size === 0)

/** The step that an element with this below it leads to. */
function go(at: Step, element: string, below: FieldSet): Step {
  at.next ??= new Map()
  let by = at.next.get(element)
  if (!by) {
    by = new Map()
    at.next.set(element, by)
  }
  let to = by.get(below)
  if (!to) {
    to = step()
    by.set(below, to)
    steps++
  }
  at.last = { element, below, to }
  return to
}

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
    const { last }: Step = at
    at = last?.below === c && last.element === e ? last.to : go(at, e, c)
  }
  if (size === 0) return member ? MEMBER : NONE
  if (!at.set) {
    const children = new Map<string, FieldSet>()
    for (let i = 0; i < elements.length; i++) {
      const c = sets[i]
      if (c && !isEmptySet(c)) children.set(elements[i] ?? '', c)
    }
    at.set = { member, children, formatted: undefined }
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
/** The tree as FieldsV1, in upstream's order of elements. Shared: not to be changed. */
export function formatFields(s: FieldSet): JsonObject {
  if (s.children.size === 0) return NOTHING
  if (s.formatted) return s.formatted
  const out: Record<string, Json> = {}
  if (s.member) out['.'] = {}
  const keys = [...s.children.keys()]
  if (keys.length > 1) keys.sort(byElement)
  for (const k of keys) out[k] = formatFields(s.children.get(k) ?? NONE)
  s.formatted = out
  parsed.set(out, s)
  return out
}

/** What was worked out about two sets is kept: the same two meet again with the next object of their kind. */
function remembered(work: (a: FieldSet, b: FieldSet) => FieldSet): (a: FieldSet, b: FieldSet) => FieldSet {
  const results = new WeakMap<FieldSet, WeakMap<FieldSet, FieldSet>>()
  return (a, b) => {
    let of = results.get(a)
    if (!of) {
      of = new WeakMap()
      results.set(a, of)
    }
    let result = of.get(b)
    if (!result) {
      result = work(a, b)
      of.set(b, result)
    }
    return result
  }
}

export const union = remembered(unite)
export const difference = remembered(subtract)
export const intersection = remembered(intersect)

function unite(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a
  if (isEmptySet(a)) return b
  const elements: string[] = []
  const sets: FieldSet[] = []
  for (const [k, c] of a.children) {
    const d = b.children.get(k)
    elements.push(k)
    sets.push(d ? unite(c, d) : c)
  }
  for (const [k, c] of b.children)
    if (!a.children.has(k)) {
      elements.push(k)
      sets.push(c)
    }
  return setOf(a.member || b.member, elements, sets)
}

function subtract(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return NONE
  if (isEmptySet(b)) return a
  const elements: string[] = []
  const sets: FieldSet[] = []
  let same = !(a.member && b.member)
  for (const [k, c] of a.children) {
    const d = b.children.get(k)
    const rest = d ? subtract(c, d) : c
    if (rest !== c) same = false
    elements.push(k)
    sets.push(rest)
  }
  return same ? a : setOf(a.member && !b.member, elements, sets)
}

function intersect(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  const elements: string[] = []
  const sets: FieldSet[] = []
  for (const [k, c] of a.children) {
    const d = b.children.get(k)
    if (d) {
      elements.push(k)
      sets.push(intersect(c, d))
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

/** A field of a map or struct: its path element, and what it is to merging; undefined where the type has none such. */
interface Member {
  readonly element: string
  readonly shape: Shape | undefined
}
/** So many keys of maps are kept in mind. */
const MOST_KEYS = 1000

/** Where types are looked up by name. */
export interface TypeSource {
  type(name: string): TypeSchema | undefined
}

export class Types {
  readonly #schemas: TypeSource
  readonly #words = new Map<string, Shape>()
  readonly #structs = new WeakMap<TypeSchema, Shape>()
  readonly #members = new WeakMap<Shape, Map<string, Member>>()
  readonly #elements = new WeakMap<Shape, Map<unknown, string>>()
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
    return type ? this.#struct(type) : CUSTOM
  }

  #struct(type: TypeSchema): Shape {
    let s = this.#structs.get(type)
    if (!s) {
      s = { kind: 'struct', type }
      this.#structs.set(type, s)
    }
    return s
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
    return !type || type.map === 'atomic' || f?.map === 'atomic' ? LEAF : this.#struct(type)
  }

  /** What a value that merges as one is made of: a struct or map that is atomic, or else the leaf that it is. */
  inside(word: string): Shape {
    if (word.startsWith('{')) return { kind: 'map', inner: word.slice(1, -1) }
    const type = word === 'any' || SCALARS.has(word) || word.startsWith('[') ? undefined : this.#schemas.type(word)
    return type ? { kind: 'struct', type } : LEAF
  }

  /** The shape of a field of a map or struct; undefined for a field that the type does not have. */
  field(shape: Shape, key: string): Shape | undefined {
    return this.member(shape, key).shape
  }

  /** A field of a map or struct. */
  member(shape: Shape, key: string): Member {
    let known = this.#members.get(shape)
    if (!known) {
      known = new Map()
      this.#members.set(shape, known)
    }
    let m = known.get(key)
    if (!m) {
      m = { element: `f:${key}`, shape: this.#below(shape, key) }
      if (known.size < MOST_KEYS) known.set(key, m)
    }
    return m
  }

  #below(shape: Shape, key: string): Shape | undefined {
    switch (shape.kind) {
      case 'struct': {
        const f = Object.hasOwn(shape.type.fields, key) ? shape.type.fields[key] : undefined
        return f ? this.#shape(f.type, f) : shape.type.open ? ANY : undefined
      }
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

  /** Whether an item may leave a key out. */
  hasDefault(shape: Shape & { kind: 'list' }, key: string): boolean {
    return this.#keyDefault(this.#schemas.type(shape.inner)?.fields[key]) !== undefined
  }

  /** What a key is that is left out: its default, else the zero that Go writes where nothing is omitted. */
  #keyDefault(f: FieldSchema | undefined): unknown {
    if (!f || f.default !== undefined || f.ptr) return f?.default
    if (f.type === 'string') return ''
    return f.always && f.type.startsWith('int') && f.type !== 'intstr' ? 0 : undefined
  }

  /** Which element of its list an item is. Keys that are absent have their defaults. */
  element(shape: Shape & { kind: 'list' }, item: unknown): string {
    // most are told apart by one text, and few texts there are
    const only = shape.keys.length === 1 && isObject(item) ? item[shape.keys[0] ?? ''] : undefined
    if (typeof only !== 'string') return this.#element(shape, item)
    let known = this.#elements.get(shape)
    if (!known) {
      known = new Map()
      this.#elements.set(shape, known)
    }
    let e = known.get(only)
    if (e === undefined) {
      e = this.#element(shape, item)
      if (known.size < MOST_KEYS) known.set(only, e)
    }
    return e
  }

  #element(shape: Shape & { kind: 'list' }, item: unknown): string {
    if (shape.keys.length === 0) return `v:${writeJson(item)}`
    const map = isObject(item) ? item : {}
    const type = this.#schemas.type(shape.inner)
    const key: Record<string, unknown> = {}
    for (const k of shape.keys) {
      const v = map[k] ?? this.#keyDefault(type?.fields[k])
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
      const m = types.member(shape, k)
      elements.push(m.element)
      sets.push(
        fieldsOf(
          types,
          m.shape ?? LEAF,
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
    for (const k in value) {
      const v = value[k]
      if (v === undefined) continue
      const m = types.member(shape, k)
      elements.push(m.element)
      sets.push(m.shape ? everything(types, m.shape, v) : MEMBER)
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
const CAME: Comparison = { added: MEMBER, modified: NONE, removed: NONE }
const WENT: Comparison = { added: NONE, modified: NONE, removed: MEMBER }

const isHollow = (v: unknown): boolean =>
  v === null || (Array.isArray(v) ? v.length === 0 : isObject(v) && Object.keys(v).length === 0)

/** What one object has that the other has not, or has otherwise. */
export function compare(types: Types, shape: Shape, old: unknown, next: unknown): Comparison {
  if (old === next) return SAME
  if (!descends(shape, old) || !descends(shape, next) || (isHollow(old) && isHollow(next)))
    return equal(old, next) ? SAME : OTHER
  const all = new Gathered()
  if (shape.kind === 'list') {
    const a = types.items(shape, old)
    const b = types.items(shape, next)
    const inner = types.shape(shape.inner)
    for (const [e, v] of a) all.put(e, below(types, inner, v, b.get(e)))
    for (const [e, v] of b) if (!a.has(e)) all.put(e, below(types, inner, undefined, v))
  } else {
    const a = isObject(old) ? old : EMPTY
    const b = isObject(next) ? next : EMPTY
    for (const k in a)
      if (a[k] !== b[k]) {
        const m = types.member(shape, k)
        all.put(m.element, below(types, m.shape ?? LEAF, a[k], b[k]))
      }
    for (const k in b)
      if (!Object.hasOwn(a, k)) {
        const m = types.member(shape, k)
        all.put(m.element, below(types, m.shape ?? LEAF, undefined, b[k]))
      }
  }
  return all.comparison()
}

const EMPTY: JsonObject = {}

/** What is different about one field or item. */
function below(types: Types, shape: Shape, a: unknown, b: unknown): Comparison {
  if (a === b) return SAME
  if (a === undefined) return descends(shape, b) ? { ...SAME, added: everything(types, shape, b) } : CAME
  if (b === undefined) return descends(shape, a) ? { ...SAME, removed: everything(types, shape, a) } : WENT
  return compare(types, shape, a, b)
}

/** The comparisons of what lies below, side by side. */
class Gathered {
  #added: Children | undefined
  #modified: Children | undefined
  #removed: Children | undefined
  put(element: string, c: Comparison): void {
    if (c.added !== NONE) (this.#added ??= new Children()).put(element, c.added)
    if (c.modified !== NONE) (this.#modified ??= new Children()).put(element, c.modified)
    if (c.removed !== NONE) (this.#removed ??= new Children()).put(element, c.removed)
  }
  comparison(): Comparison {
    if (!this.#added && !this.#modified && !this.#removed) return SAME
    return {
      added: this.#added?.set() ?? NONE,
      modified: this.#modified?.set() ?? NONE,
      removed: this.#removed?.set() ?? NONE,
    }
  }
}

class Children {
  readonly #elements: string[] = []
  readonly #sets: FieldSet[] = []
  put(element: string, set: FieldSet): void {
    this.#elements.push(element)
    this.#sets.push(set)
  }
  set(): FieldSet {
    return setOf(false, this.#elements, this.#sets)
  }
}
