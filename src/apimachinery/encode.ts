// The typed encoder: an object as Go's encoding/json writes its struct. Fields in the type's order; those without omitempty and structs that are not pointers always there
// (creationTimestamp: null, resources: {}, status: {}), everything else left out when empty. This is the form the server stores and answers, and what generators print.
import { jsonNumber, jsonString, sortedKeys } from './gojson.ts'
import { copy, isObject } from './object.ts'
import type { Json, JsonObject } from './object.ts'
import type { FieldSchema, Schemas, TypeSchema } from './schema.ts'

const SCALARS: ReadonlySet<string> = new Set(['string', 'bool', 'int32', 'int64', 'double', 'bytes', 'time', 'microtime', 'quantity', 'intstr', 'json'])

function isEmpty(value: Json, word: string): boolean {
  if (value === '' || value === 0 || value === false || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  return word.startsWith('{') && isObject(value) && Object.keys(value).length === 0
}

/** What Go writes for a field that was not set, or undefined for nothing. */
function absent(f: FieldSchema, schemas: Schemas): Json | undefined {
  const word = f.type
  if (f.ptr) return f.always ? null : undefined
  if (f.struct) return structForm({}, schemas.type(word), schemas)
  switch (word) {
    case 'time': case 'microtime': return null
    case 'intstr': return 0
    case 'quantity': return '0'
  }
  if (!f.always) return undefined
  switch (word) {
    case 'string': return ''
    case 'bool': return false
    case 'int32': case 'int64': case 'double': return 0
    default: return SCALARS.has(word) || word.startsWith('[') || word.startsWith('{') ? null : structForm({}, schemas.type(word), schemas)
  }
}

/** A field of a struct: where it stands, and what is written when nobody set it. */
interface Place { readonly name: string; readonly at: number; readonly field: FieldSchema; readonly absent: Json | undefined }
interface Layout { readonly places: ReadonlyMap<string, Place>; readonly order: readonly Place[]; /** How many are written even when nobody set them. */ readonly always: number }
const layouts = new WeakMap<TypeSchema, Layout>()
function layoutOf(schema: TypeSchema, schemas: Schemas): Layout {
  let l = layouts.get(schema)
  if (!l) {
    const order = Object.entries(schema.fields).flatMap(([name, field]) => (field ? [{ name, field }] : [])).map((p, at): Place => ({ ...p, at, absent: absent(p.field, schemas) }))
    l = { places: new Map(order.map((p) => [p.name, p])), order, always: order.filter((p) => p.absent !== undefined).length }
    layouts.set(schema, l)
  }
  return l
}

// What is in its form already is returned as it is: what was stored once costs a look, and is shared.

function valueForm(value: Json, word: string, schemas: Schemas): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) {
    const inner = word.startsWith('[') ? word.slice(1, -1) : 'json'
    return SCALARS.has(inner) ? value : listForm(value as readonly Json[], inner, schemas)
  }
  if (word.startsWith('{')) return mapForm(value as JsonObject, word.slice(1, -1), schemas)
  return word === 'json' ? value : structForm(value as JsonObject, schemas.type(word), schemas)
}

function listForm(list: readonly Json[], inner: string, schemas: Schemas): readonly Json[] {
  let out: Json[] | undefined
  for (let i = 0; i < list.length; i++) {
    const v = list[i] ?? null
    const formed = valueForm(v, inner, schemas)
    if (formed !== v) { out ??= [...list]; out[i] = formed }
  }
  return out ?? list
}

function mapForm(map: JsonObject, inner: string, schemas: Schemas): JsonObject {
  let formed = true
  let last: string | undefined
  let changed: Map<string, Json> | undefined
  for (const k of Object.keys(map)) {
    const v = map[k]
    // the order of plain text; what is beyond it is sorted anew
    if (v === undefined || (last !== undefined && k < last) || BEYOND.test(k)) formed = false
    last = k
    if (v === undefined) continue
    const w = valueForm(v, inner, schemas)
    if (w !== v) { changed ??= new Map(); changed.set(k, w) }
  }
  if (formed && !changed) return map
  const out: Record<string, Json> = {}
  for (const k of sortedKeys(map)) { const v = changed?.get(k) ?? map[k]; if (v !== undefined) out[k] = v }
  return out
}
const BEYOND = /[\ud800-\udfff]/

/** What is written for a field's value: undefined for nothing. */
function written(v: Json | undefined, p: Place, schemas: Schemas): Json | undefined {
  const f = p.field
  if (v !== undefined && v !== null && (f.ptr || f.always || f.type === 'intstr' || !isEmpty(v, f.type))) return valueForm(v, f.type, schemas)
  return typeof p.absent === 'object' ? copy(p.absent) : p.absent
}

/** The parts of objects that were stored, by the type in whose form they are. */
const stored = new WeakMap<object, string>()

function structForm(value: JsonObject, schema: TypeSchema | undefined, schemas: Schemas, known?: typeof stored): JsonObject {
  if (!schema) return value
  const { places, order, always } = layoutOf(schema, schemas)
  let changed: Map<string, Json | undefined> | undefined
  let formed = true
  let last = -1
  let said = 0
  for (const k of Object.keys(value)) {
    const p = places.get(k)
    const v = value[k]
    if (p === undefined || v === undefined) { formed = false; continue }
    if (!(known && typeof v === 'object' && v !== null && known.get(v) === p.field.type)) {
      const w = written(v, p, schemas)
      if (w !== v) { changed ??= new Map(); changed.set(k, w) }
    }
    if (p.at < last) formed = false
    last = p.at
    if (p.absent !== undefined) said++
  }
  if (formed && !changed && said === always) return value
  const out: Record<string, Json> = {}
  for (const p of order) {
    const v = value[p.name]
    const w = v === undefined ? written(v, p, schemas) : changed?.has(p.name) ? changed.get(p.name) : v
    if (w !== undefined) out[p.name] = w
  }
  return out
}

/** The object in the form of its Go struct, field for field; itself where it is in that form. Unknown fields go. A definition that is not known leaves it as it is. */
export function typedForm<T>(object: T, schemaName: string, schemas: Schemas): T {
  return structForm(object as JsonObject, schemas.type(schemaName), schemas, stored) as unknown as T
}

/** The same, of an object that is to be stored: but for its metadata it changes no more, and when a part of it comes back in another one it is not looked at again. */
export function storedForm<T>(object: T, schemaName: string, schemas: Schemas): T {
  const out = typedForm(object, schemaName, schemas)
  const type = schemas.type(schemaName)
  if (type) for (const k of ['spec', 'status']) { const v = (out as JsonObject)[k]; const f = type.fields[k]; if (f && isObject(v)) stored.set(v, f.type) }
  return out
}

/** The definition's name for an object's apiVersion and kind. */
export function schemaOf(object: { readonly apiVersion?: string; readonly kind?: string }, schemas: Schemas): string {
  const [group, version] = object.apiVersion?.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion]
  return schemas.nameOf(group ?? '', version ?? '', object.kind ?? '')
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
export function encodeTyped(object: { readonly apiVersion?: string; readonly kind?: string }, schemas: Schemas): string {
  return toJsonInOrder(typedForm(object as unknown as Json, schemaOf(object, schemas), schemas))
}
