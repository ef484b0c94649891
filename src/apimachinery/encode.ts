// The typed encoder: an object as Go's encoding/json writes its struct. Fields in the type's order; those without
// omitempty and structs that are not pointers always there
// (creationTimestamp: null, resources: {}, status: {}), everything else left out when empty. This is the form the
// server stores and answers, and what generators print.
import { jsonNumber, jsonString, sortedKeys } from './gojson.ts'
import { copy, isObject } from './object.ts'
import type { Json, JsonObject } from './object.ts'
import { SCALARS } from './schema.ts'
import type { FieldSchema, Schemas, TypeSchema } from './schema.ts'

function isEmpty(value: Json, word: string): boolean {
  if (value === '' || value === 0 || value === false || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  return word.startsWith('{') && isObject(value) && Object.keys(value).length === 0
}

/** A struct of which nobody set anything. */
function emptyForm(word: string, schemas: Schemas): JsonObject {
  const type = schemas.type(word)
  return type ? structForm({}, layoutOf(type, schemas)) : {}
}

/** What Go writes for a field that was not set, or undefined for nothing. */
function absent(f: FieldSchema, schemas: Schemas): Json | undefined {
  const word = f.type
  if (f.ptr) return f.always ? null : undefined
  if (f.struct) return emptyForm(word, schemas)
  switch (word) {
    case 'time':
    case 'microtime':
      return f.omitzero ? undefined : null
    case 'intstr':
      return 0
    case 'quantity':
      return '0'
  }
  if (!f.always) return undefined
  switch (word) {
    case 'string':
      return ''
    case 'bool':
      return false
    case 'int32':
    case 'int64':
    case 'double':
      return 0
    default:
      return SCALARS.has(word) || word.startsWith('[') || word.startsWith('{') ? null : emptyForm(word, schemas)
  }
}

// What is in its form already is returned as it is. Beside a value may stand the one that was stored before it: what it
// shares with that is not looked at again.

/** Brings a value into form; none where every value of a type word is in form. */
type Form = ((value: Json, old?: Json) => Json) | undefined

const forms = new WeakMap<Schemas, Map<string, Form>>()
function formOf(word: string, schemas: Schemas): Form {
  if (SCALARS.has(word)) return undefined
  let known = forms.get(schemas)
  if (!known) {
    known = new Map()
    forms.set(schemas, known)
  }
  let form = known.get(word)
  if (form === undefined && !known.has(word)) {
    form = makeForm(word, schemas)
    if (known.size < 5000) known.set(word, form)
  }
  return form
}
function makeForm(word: string, schemas: Schemas): Form {
  if (word.startsWith('[')) {
    const inner = formOf(word.slice(1, -1), schemas)
    return (
      inner &&
      ((v, old) =>
        Array.isArray(v)
          ? listForm(v as readonly Json[], inner, Array.isArray(old) ? (old as readonly Json[]) : NOTHING)
          : v)
    )
  }
  if (word.startsWith('{')) {
    const inner = formOf(word.slice(1, -1), schemas)
    return (v) => (isObject(v) ? mapForm(v, inner) : v)
  }
  // types that contain themselves: a type's layout is made when the first value of it comes
  let layout: Layout | undefined
  return (v, old) => {
    if (!isObject(v)) return v
    const type = layout ? undefined : schemas.type(word)
    if (type) layout = layoutOf(type, schemas)
    return layout ? structForm(v, layout, isObject(old) ? old : undefined) : v
  }
}

/** Whether something is written for a field that was not set. */
const isSaid = ({ type, ptr, struct, always, omitzero }: FieldSchema): boolean =>
  ptr
    ? always === true
    : struct === true ||
      (type === 'time' || type === 'microtime' ? omitzero !== true : always || type === 'intstr' || type === 'quantity')

/**
 * A field of a struct: where it stands, and what is written when nobody set it. Most fields are never met, and what
 * their types are made of is not looked at.
 */
class Place {
  readonly name: string
  readonly at: number
  readonly field: FieldSchema
  /** Written even when empty. */ readonly keep: boolean
  /** Written even when nobody set it. */ readonly said: boolean
  readonly #schemas: Schemas
  #form: Form | null = null
  #absent: Json | undefined
  constructor(name: string, at: number, field: FieldSchema, schemas: Schemas) {
    this.name = name
    this.at = at
    this.field = field
    this.keep = field.ptr === true || field.always === true || field.type === 'intstr'
    this.said = isSaid(field)
    this.#schemas = schemas
  }
  get form(): Form {
    if (this.#form === null) this.#form = formOf(this.field.type, this.#schemas)
    return this.#form
  }
  get absent(): Json | undefined {
    return this.said ? (this.#absent ??= absent(this.field, this.#schemas)) : undefined
  }
}
interface Layout {
  readonly places: ReadonlyMap<string, Place>
  /** Those that are written even when nobody set them. */
  readonly always: readonly Place[]
}
const layouts = new WeakMap<TypeSchema, Layout>()
function layoutOf(schema: TypeSchema, schemas: Schemas): Layout {
  let l = layouts.get(schema)
  if (!l) {
    const places = new Map<string, Place>()
    for (const name in schema.fields) {
      const field = schema.fields[name]
      if (field) places.set(name, new Place(name, places.size, field, schemas))
    }
    l = { places, always: [...places.values()].filter((p) => p.said) }
    layouts.set(schema, l)
  }
  return l
}

const NOTHING: readonly Json[] = []
function listForm(
  list: readonly Json[],
  inner: (value: Json, old?: Json) => Json,
  old: readonly Json[],
): readonly Json[] {
  let out: Json[] | undefined
  for (let i = 0; i < list.length; i++) {
    const v = list[i] ?? null
    if (typeof v !== 'object' || v === null || v === old[i]) continue
    const formed = inner(v, old[i])
    if (formed !== v) {
      out ??= [...list]
      out[i] = formed
    }
  }
  return out ?? list
}

function mapForm(map: JsonObject, inner: Form): JsonObject {
  let formed = true
  let last: string | undefined
  let changed: Map<string, Json> | undefined
  for (const k of Object.keys(map)) {
    const v = map[k]
    // the order of plain text; what is beyond it is sorted anew
    if (v === undefined || (last !== undefined && k < last) || BEYOND.test(k)) formed = false
    last = k
    if (inner === undefined || v === undefined || v === null || typeof v !== 'object') continue
    const w = inner(v)
    if (w !== v) {
      changed ??= new Map()
      changed.set(k, w)
    }
  }
  if (formed && !changed) return map
  const out: Record<string, Json> = {}
  for (const k of sortedKeys(map)) {
    const v = changed?.get(k) ?? map[k]
    if (v !== undefined) out[k] = v
  }
  return out
}
const BEYOND = /[\ud800-\udfff]/

/** What is written for a field's value: undefined for nothing. */
function written(v: Json | undefined, p: Place, old?: Json): Json | undefined {
  if (v !== undefined && v !== null && (p.keep || !isEmpty(v, p.field.type)))
    return typeof v === 'object' && p.form ? p.form(v, old) : v
  return typeof p.absent === 'object' ? copy(p.absent) : p.absent
}
const byPlace = (a: Place, b: Place): number => a.at - b.at

function structForm(value: JsonObject, { places, always }: Layout, old?: JsonObject): JsonObject {
  let changed: Map<string, Json | undefined> | undefined
  let formed = true
  let last = -1
  let said = 0
  for (const k in value) {
    const p = places.get(k)
    const v = value[k]
    if (p === undefined || v === undefined) {
      formed = false
      continue
    }
    // nothing is said of a value that says something by itself, or that stood there before
    const before = old?.[k]
    if (typeof v === 'object' ? v === null || v !== before : !v && !p.keep) {
      const w = written(v, p, before)
      if (w !== v) {
        changed ??= new Map()
        changed.set(k, w)
      }
    }
    if (p.at < last) formed = false
    last = p.at
    if (p.said) said++
  }
  if (formed && !changed && said === always.length) return value
  // of most types few fields are set
  const set: Place[] = []
  for (const k of Object.keys(value)) {
    const p = places.get(k)
    if (p && value[k] !== undefined) set.push(p)
  }
  if (said < always.length) for (const p of always) if (value[p.name] === undefined) set.push(p)
  set.sort(byPlace)
  const out: Record<string, Json> = {}
  for (const p of set) {
    const v = value[p.name]
    const w = v === undefined ? written(v, p) : changed?.has(p.name) ? changed.get(p.name) : v
    if (w !== undefined) out[p.name] = w
  }
  return out
}

/**
 * The object in the form of its Go struct, field for field; itself where it is in that form. Unknown fields go. A
 * definition that is not known leaves it as it is. `old`: what was stored before it.
 */
export function typedForm<T>(object: T, schemaName: string, schemas: Schemas, old?: object): T {
  const type = schemas.type(schemaName)
  return type ? (structForm(object as JsonObject, layoutOf(type, schemas), old as JsonObject | undefined) as T) : object
}

/** The definition's name for an object's apiVersion and kind. */
export function schemaOf(object: { readonly apiVersion?: string; readonly kind?: string }, schemas: Schemas): string {
  const [group, version] = object.apiVersion?.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion]
  return schemas.nameOf(group ?? '', version ?? '', object.kind ?? '')
}

/** Keys in order, as maps are written; a custom resource is one. */
export function inOrder(value: Json): Json {
  if (Array.isArray(value)) return value.map(inOrder)
  if (!isObject(value)) return value
  const out: Record<string, Json> = {}
  for (const k of sortedKeys(value)) if (value[k] !== undefined) out[k] = inOrder(value[k] as Json)
  return out
}

/** JSON in the order in which keys stand. */
export function toJsonInOrder(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return jsonString(value)
  if (typeof value === 'number') return jsonNumber(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (Array.isArray(value)) return `[${value.map((v) => toJsonInOrder(v as Json)).join(',')}]`
  const parts: string[] = []
  for (const [k, v] of Object.entries(value)) if (v !== undefined) parts.push(`${jsonString(k)}:${toJsonInOrder(v)}`)
  return `{${parts.join(',')}}`
}

/** The typed object as JSON text in struct order, without a line end. */
export function encodeTyped(
  object: { readonly apiVersion?: string; readonly kind?: string },
  schemas: Schemas,
): string {
  return toJsonInOrder(typedForm(object, schemaOf(object, schemas), schemas))
}
