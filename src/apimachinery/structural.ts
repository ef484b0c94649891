// Custom resources against their structural schemas: pruning, defaulting, validation in the sentences of
// apiextensions-apiserver (kube-openapi's validators).
// x-kubernetes-validations (CEL) are celrules.ts's.
import { writeJson } from './bigint.ts'
import { compareBytes } from './labels.ts'
import { invalid, notSupported, required, tooLong, tooMany } from './field.ts'
import type { FieldError } from './field.ts'
import { goQuote } from './gostring.ts'
import { copy, equal, isObject } from './object.ts'
import type { Json, JsonObject } from './object.ts'

export type Schema = JsonObject
type Values = Record<string, unknown>

const part = (s: unknown): Schema | undefined => (isObject(s) ? s : undefined)
const propertyOf = (s: Schema, name: string): Schema | undefined => {
  const p = part(s.properties)
  return p && Object.hasOwn(p, name) ? part(p[name]) : undefined
}
const open = (s: Schema): boolean => s['x-kubernetes-preserve-unknown-fields'] === true
const join = (path: string, name: string): string => (path ? `${path}.${name}` : name)
const EMBEDDED: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

/** Drops what the schema does not know; the paths of what went are collected. */
export function prune(value: unknown, schema: Schema | undefined, path: string, unknown: string[], root = false): void {
  if (!schema) return
  if (Array.isArray(value)) {
    const items = part(schema.items)
    if (items) value.forEach((v, i) => prune(v, items, `${path}[${i}]`, unknown))
    return
  }
  if (!isObject(value)) return
  const values = value as Values
  const additional = schema.additionalProperties
  const resource = root || schema['x-kubernetes-embedded-resource'] === true
  for (const k of Object.keys(values)) {
    if (resource && EMBEDDED.has(k)) continue
    const inner = propertyOf(schema, k) ?? part(additional)
    if (inner) prune(values[k], inner, join(path, k), unknown)
    else if (additional !== true && !open(schema)) {
      unknown.push(`unknown field "${join(path, k)}"`)
      delete values[k]
    }
  }
}

/** Takes out nulls where null is not allowed and no default will take its place. */
export function pruneNulls(value: unknown, schema: Schema | undefined): void {
  if (Array.isArray(value)) {
    for (const v of value) pruneNulls(v, part(schema?.items))
    return
  }
  if (!isObject(value) || !schema) return
  const values = value as Values
  for (const [k, v] of Object.entries(values)) {
    const inner = propertyOf(schema, k) ?? part(schema.additionalProperties)
    if (v === null && inner && inner.nullable !== true && (inner.default === undefined || inner.default === null))
      delete values[k]
    else pruneNulls(v, inner)
  }
}

/** Fills in defaults; a null where a default stands and null is not allowed counts as absent. */
export function fillDefaults(value: unknown, schema: Schema | undefined): void {
  if (!schema) return
  if (Array.isArray(value)) {
    for (const v of value) fillDefaults(v, part(schema.items))
    return
  }
  if (!isObject(value)) return
  const values = value as Values
  const properties = part(schema.properties) ?? {}
  for (const [k, p] of Object.entries(properties)) {
    const inner = part(p)
    if (inner?.default === undefined) continue
    if (values[k] === undefined || (values[k] === null && inner.nullable !== true)) values[k] = copy(inner.default)
  }
  const additional = part(schema.additionalProperties)
  for (const [k, v] of Object.entries(values)) fillDefaults(v, propertyOf(schema, k) ?? additional)
}

const typeOf = (v: unknown): string =>
  v === null
    ? 'null'
    : Array.isArray(v)
      ? 'array'
      : typeof v === 'bigint'
        ? 'integer'
        : typeof v === 'number'
          ? Number.isInteger(v) && Math.abs(v) < 2 ** 63
            ? 'integer'
            : 'number'
          : typeof v

function typeMatches(v: unknown, type: string): boolean {
  const is = typeOf(v)
  return is === type || (type === 'number' && is === 'integer')
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/i
const FORMATS: Readonly<Record<string, (s: string) => boolean>> = {
  'date-time': (s) => DATE_TIME.test(s) && !Number.isNaN(Date.parse(s)),
  date: (s) => /^\d{4}-\d\d-\d\d$/.test(s) && !Number.isNaN(Date.parse(s)),
  email: (s) => /^[^@\s]+@[^@\s]+$/.test(s),
  ipv4: (s) => /^(\d{1,3}\.){3}\d{1,3}$/.test(s) && s.split('.').every((p) => Number(p) < 256),
  uuid: (s) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(s),
  hostname: (s) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(s),
  byte: (s) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(s),
  uri: (s) => {
    try {
      return Boolean(new URL(s))
    } catch {
      return false
    }
  },
}

const num = (schema: Schema, key: string): number | undefined =>
  typeof schema[key] === 'number' ? schema[key] : undefined
const list = (v: unknown): readonly Json[] => (Array.isArray(v) ? v : [])

function checkNumber(v: number | bigint, s: Schema, path: string, out: FieldError[]): void {
  const max = num(s, 'maximum')
  const min = num(s, 'minimum')
  const step = num(s, 'multipleOf')
  if (step !== undefined && !Number.isInteger(Number(v) / step))
    out.push(invalid(path, v, `${path} in body should be a multiple of ${step}`))
  if (max !== undefined && (s.exclusiveMaximum === true ? v >= max : v > max))
    out.push(
      invalid(
        path,
        v,
        `${path} in body should be less than ${s.exclusiveMaximum === true ? '' : 'or equal to '}${max}`,
      ),
    )
  if (min !== undefined && (s.exclusiveMinimum === true ? v <= min : v < min))
    out.push(
      invalid(
        path,
        v,
        `${path} in body should be greater than ${s.exclusiveMinimum === true ? '' : 'or equal to '}${min}`,
      ),
    )
}

/** The first thing that is wrong with a string's length or pattern, and its format. */
function checkString(v: string, s: Schema, path: string, out: FieldError[]): void {
  const max = num(s, 'maxLength')
  const min = num(s, 'minLength')
  const length = [...v].length
  if (max !== undefined && length > max) out.push(tooLong(path, v, max))
  else if (min !== undefined && length < min)
    out.push(invalid(path, v, `${path} in body should be at least ${min} chars long`))
  else if (typeof s.pattern === 'string' && !matchesPattern(v, s.pattern))
    out.push(invalid(path, v, `${path} in body should match '${s.pattern}'`))
  const format = typeof s.format === 'string' && Object.hasOwn(FORMATS, s.format) ? FORMATS[s.format] : undefined
  if (format && !format(v))
    out.push(invalid(path, v, `${path} in body must be of type ${String(s.format)}: ${JSON.stringify(v)}`))
}

function matchesPattern(v: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(v)
  } catch {
    try {
      return new RegExp(pattern).test(v)
    } catch {
      return true
    }
  }
}

function checkMembers(value: JsonObject, s: Schema, path: string, out: FieldError[], old: unknown): void {
  const keys = Object.keys(value)
  const max = num(s, 'maxProperties')
  const min = num(s, 'minProperties')
  if (max !== undefined && keys.length > max) out.push(tooMany(path, keys.length, max))
  if (min !== undefined && keys.length < min)
    out.push(invalid(path, keys.length, `${path} in body should have at least ${min} properties`))
  const additional = part(s.additionalProperties)
  for (const k of keys.sort(compareBytes)) {
    const inner = propertyOf(s, k)
    const was = isObject(old) && Object.hasOwn(old, k) ? old[k] : undefined
    if (inner) validate(value[k], inner, join(path, k), out, was)
    else if (additional) validate(value[k], additional, join(path, k), out, was)
  }
  for (const r of list(s.required)) if (value[String(r)] === undefined) out.push(required(join(path, String(r)), ''))
}

/** %#v of a value that came as JSON. */
function goAny(v: unknown): string {
  if (isObject(v))
    return `map[string]interface {}{${Object.keys(v)
      .sort(compareBytes)
      .map((k) => `${goQuote(k)}:${goAny(v[k])}`)
      .join(', ')}}`
  if (Array.isArray(v)) return `[]interface {}{${v.map(goAny).join(', ')}}`
  return typeof v === 'string' ? goQuote(v) : v === null || v === undefined ? '"null"' : String(v)
}

function checkItems(value: readonly Json[], s: Schema, path: string, out: FieldError[], old: unknown): void {
  const max = num(s, 'maxItems')
  const min = num(s, 'minItems')
  if (max !== undefined && value.length > max) out.push(tooMany(path, value.length, max))
  if (min !== undefined && value.length < min)
    out.push(invalid(path, value.length, `${path} in body should have at least ${min} items`))
  if (s.uniqueItems === true && value.some((v, i) => value.findIndex((o) => equal(o, v)) < i))
    out.push(invalid(path, value, `${path} in body shouldn't contain duplicates`))
  const items = part(s.items)
  const keys = list(s['x-kubernetes-list-map-keys']).map(String)
  // only elements with keys are found again in the old list
  const before = s['x-kubernetes-list-type'] === 'map' && Array.isArray(old) ? (old as readonly Json[]) : []
  const was = (v: Json): unknown =>
    before.find((o) => isObject(o) && isObject(v) && keys.every((k) => equal(o[k], v[k])))
  if (items) value.forEach((v, i) => validate(v, items, `${path}[${i}]`, out, was(v)))
  const duplicates = (same: (a: Json, b: Json) => boolean, shown: (v: Json) => unknown): void =>
    value.forEach((v, i) => {
      if (value.findIndex((o) => same(o, v)) < i)
        out.push({
          type: 'FieldValueDuplicate',
          field: `${path}[${i}]`,
          message: `Duplicate value: ${goAny(shown(v))}`,
        })
    })
  if (s['x-kubernetes-list-type'] === 'map' && keys.length > 0)
    duplicates(
      (a, b) => isObject(a) && isObject(b) && keys.every((k) => equal(a[k], b[k])),
      (v) => (isObject(v) ? Object.fromEntries(keys.map((k) => [k, v[k]])) : v),
    )
  else if (s['x-kubernetes-list-type'] === 'set') duplicates(equal, (v) => v)
}

function errorsOf(value: unknown, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = []
  validate(value, schema, path, errors)
  return errors
}

/**
 * anyOf, oneOf, allOf and not speak of the whole value, which has no field; then comes what the first alternative
 * lacks.
 */
function checkLogic(value: unknown, s: Schema, path: string, out: FieldError[]): void {
  const say = (text: string): void => {
    out.push({
      type: 'FieldValueInvalid',
      field: '<nil>',
      message: `Invalid value: "": ${JSON.stringify(path)} must ${text}`,
    })
  }
  const any = list(s.anyOf).map((a) => errorsOf(value, a as Schema, path))
  if (any.length > 0 && !any.some((e) => e.length === 0)) {
    say('validate at least one schema (anyOf)')
    out.push(...(any[0] ?? []))
  }
  const one = list(s.oneOf).map((a) => errorsOf(value, a as Schema, path))
  const found = one.filter((e) => e.length === 0).length
  if (one.length > 0 && found !== 1) {
    say(`validate one and only one schema (oneOf). Found ${found === 0 ? 'none valid' : `${found} valid alternatives`}`)
    if (found === 0) out.push(...(one[0] ?? []))
  }
  const all = list(s.allOf).map((a) => errorsOf(value, a as Schema, path))
  out.push(...all.flat())
  const good = all.filter((e) => e.length === 0).length
  if (good !== all.length) say(`validate all the schemas (allOf)${good === 0 ? '. None validated' : ''}`)
  const not = part(s.not)
  if (not && errorsOf(value, not, path).length === 0) say('not validate the schema (not)')
}

/** Objects within objects that are resources of their own need a kind and a version. */
function checkEmbedded(value: JsonObject, path: string, out: FieldError[]): void {
  for (const name of ['apiVersion', 'kind']) {
    const here = value[name]
    if (here === undefined || here === '') out.push(required(join(path, name), 'must not be empty'))
  }
}

/** Collects what is wrong with a value. What an update leaves as it was in `old` is not judged again (ratcheting). */
export function validate(value: unknown, schema: Schema, path: string, out: FieldError[], old?: unknown): void {
  if (value === undefined || (old !== undefined && equal(value, old))) return
  if (value === null && schema.nullable === true) return
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value !== 'string' && !Number.isInteger(value))
      out.push(invalid(path, typeOf(value), `${path} in body must be of type integer,string: "${typeOf(value)}"`))
  } else if (typeof schema.type === 'string' && !typeMatches(value, schema.type)) {
    out.push(invalid(path, typeOf(value), `${path} in body must be of type ${schema.type}: "${typeOf(value)}"`))
    return
  }
  const options = list(schema.enum)
  if (options.length > 0 && !options.some((e) => equal(e, value)))
    out.push(
      notSupported(
        path,
        value,
        options.map((e) => (typeof e === 'string' ? e : writeJson(e))),
      ),
    )
  checkLogic(value, schema, path, out)
  if (typeof value === 'number' || typeof value === 'bigint') checkNumber(value, schema, path, out)
  else if (typeof value === 'string') checkString(value, schema, path, out)
  else if (Array.isArray(value)) checkItems(value, schema, path, out, old)
  else if (isObject(value)) {
    checkMembers(value, schema, path, out, old)
    if (schema['x-kubernetes-embedded-resource'] === true) checkEmbedded(value, path, out)
  }
}
