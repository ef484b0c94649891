// What a strategic merge's result must satisfy to become a typed object again, worded as apimachinery's
// runtime/converter.go words it (FromUnstructured).
import { DecodeError, decodeValue } from './decode.ts'
import { isObject } from './object.ts'
import type { FieldSchema, Schemas, TypeSchema } from './schema.ts'

/** reflect.Kind of a decoded JSON value. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice'
  if (isObject(value)) return 'map'
  return typeof value === 'boolean'
    ? 'bool'
    : typeof value === 'bigint'
      ? 'int64'
      : typeof value === 'number'
        ? Number.isInteger(value)
          ? 'int64'
          : 'float64'
        : 'string'
}

const SIMPLE: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
}
const wrong = (why: string): never => {
  throw new DecodeError(why)
}

/**
 * Go converts any integer to a string and any number to another, which is then refused; what has no conversion at all
 * falls through to `unrecognized type`.
 */
function simple(value: unknown, kind: string, type: string): void {
  const from = kindOf(value)
  if (kind === from || (kind === 'int32' && from === 'int64') || (kind === 'float64' && from === 'int64')) return
  const convertible =
    (kind === 'string' && from === 'int64') || ((kind === 'int32' || kind === 'int64') && from === 'float64')
  wrong(convertible ? `cannot convert ${from} to ${type}` : `unrecognized type: ${kind}`)
}

function check(value: unknown, word: string, f: FieldSchema | undefined, type: string, schemas: Schemas): void {
  if (value === null || value === undefined) return
  const kind = Object.hasOwn(SIMPLE, word) ? SIMPLE[word] : undefined
  if (kind) return simple(value, kind, type || f?.go || kind)
  if (word === 'json') return
  // these types read JSON themselves, and refuse it in their own words
  if (word === 'time' || word === 'microtime' || word === 'quantity' || word === 'intstr') {
    decodeValue(value, word, schemas)
    return
  }
  if (word === 'bytes') {
    if (typeof value !== 'string' && !Array.isArray(value)) wrong(`cannot restore slice from ${kindOf(value)}`)
    try {
      decodeValue(value, word, schemas)
    } catch (e) {
      throw e instanceof DecodeError ? new DecodeError(`error decoding from json: ${e.message}`) : e
    }
    return
  }
  const go = f?.go ?? type
  if (word.startsWith('[')) {
    if (!Array.isArray(value)) return wrong(`cannot restore slice from ${kindOf(value)}`)
    for (const v of value) check(v, word.slice(1, -1), undefined, go.startsWith('[]') ? go.slice(2) : '', schemas)
    return
  }
  if (word.startsWith('{')) {
    if (!isObject(value)) return wrong(`cannot restore map from ${kindOf(value)}`)
    for (const k of Object.keys(value).sort())
      check(value[k], word.slice(1, -1), undefined, go.startsWith('map[') ? go.slice(go.indexOf(']') + 1) : '', schemas)
    return
  }
  const schema = schemas.type(word)
  if (!schema) return
  if (!isObject(value)) return wrong(`cannot restore struct from: ${kindOf(value)}`)
  struct(value, schema, schemas)
}

function struct(value: { readonly [key: string]: unknown }, schema: TypeSchema, schemas: Schemas): void {
  // in the order of the Go type: the first field that does not fit is told
  for (const [name, f] of Object.entries(schema.fields))
    if (f && Object.hasOwn(value, name)) check(value[name], f.type, f, '', schemas)
}

/** Throws a DecodeError where a value cannot become the definition's Go type. */
export function checkUnstructured(
  value: { readonly [key: string]: unknown },
  schemaName: string,
  schemas: Schemas,
): void {
  const schema = schemas.type(schemaName)
  if (schema) struct(value, schema, schemas)
}
