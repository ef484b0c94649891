// The typed encoder: an object as Go's encoding/json writes its struct. Fields in the type's order; those without omitempty and structs that are not pointers always there
// (creationTimestamp: null, resources: {}, status: {}), everything else left out when empty. This is the form the server stores and answers, and what generators print.
import { jsonNumber, jsonString, sortedKeys } from './gojson.ts'
import { isObject } from './object.ts'
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

function valueForm(value: Json, word: string, schemas: Schemas): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) {
    const inner = word.startsWith('[') ? word.slice(1, -1) : 'json'
    return SCALARS.has(inner) ? value : (value as readonly Json[]).map((v) => valueForm(v, inner, schemas))
  }
  const map = value as JsonObject
  if (word.startsWith('{')) {
    const inner = word.slice(1, -1)
    const out: Record<string, Json> = {}
    for (const k of sortedKeys(map)) { const v = map[k]; if (v !== undefined) out[k] = valueForm(v, inner, schemas) }
    return out
  }
  return word === 'json' ? map : structForm(map, schemas.type(word), schemas)
}

/** A struct's fields as a list, and those that are written even when nobody set them. */
interface Layout { readonly fields: readonly (readonly [name: string, field: FieldSchema])[]; readonly always: ReadonlySet<string> }
const layouts = new WeakMap<TypeSchema, Layout>()
function layoutOf(schema: TypeSchema, schemas: Schemas): Layout {
  let l = layouts.get(schema)
  if (!l) {
    const fields = Object.entries(schema.fields).flatMap(([k, f]) => (f ? [[k, f] as const] : []))
    l = { fields, always: new Set(fields.filter(([, f]) => absent(f, schemas) !== undefined).map(([k]) => k)) }
    layouts.set(schema, l)
  }
  return l
}

function structForm(value: JsonObject, schema: TypeSchema | undefined, schemas: Schemas): JsonObject {
  if (!schema) return value
  const out: Record<string, Json> = {}
  const { fields, always } = layoutOf(schema, schemas)
  for (const [k, f] of fields) {
    const v = value[k]
    if (v === undefined && !always.has(k)) continue
    const written = v === undefined || v === null || (!f.ptr && !f.always && f.type !== 'intstr' && isEmpty(v, f.type)) ? absent(f, schemas) : valueForm(v, f.type, schemas)
    if (written !== undefined) out[k] = written
  }
  return out
}

/** The object in the form of its Go struct, field for field. Unknown fields go. A definition that is not known leaves it as it is. */
export function typedForm<T>(object: T, schemaName: string, schemas: Schemas): T {
  return structForm(object as JsonObject, schemas.type(schemaName), schemas) as unknown as T
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
