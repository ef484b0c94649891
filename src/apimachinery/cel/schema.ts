// The types of CEL that a structural schema declares, and JSON as values of them; as apiserver's pkg/cel/common.
import { isObject } from '../object.ts'
import type { Schema } from '../structural.ts'
import { readDuration, readTimestamp } from './times.ts'
import { BOOL, BYTES, DOUBLE, DURATION, DYN, INT, KEYWORDS, STRING, TIMESTAMP, listOf, mapOf, struct } from './type.ts'
import type { Type } from './type.ts'
import { StructValue } from './value.ts'

/** The largest request that is taken, in bytes. */
export const MAX_REQUEST = 3 * 1024 * 1024
const part = (v: unknown): Schema | undefined => (isObject(v) ? v : undefined)
const sized = (t: Type, minSize: number, maxElements = 0): Type => ({ ...t, minSize, maxElements })
const count = (v: unknown): number | undefined => (typeof v === 'number' ? Math.max(0, v) : undefined)

/** A property's name as expressions write it, or undefined where they cannot. */
export function escapeName(name: string): string | undefined {
  if (name === '' || /^\d/.test(name)) return undefined
  if (KEYWORDS.has(name)) return `__${name}__`
  if (/[^a-zA-Z0-9_./-]/.test(name)) return undefined
  return name.replace(
    /__|[-./]/g,
    (s) => ({ __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' })[s] ?? s,
  )
}

const META: Schema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
}

function stringType(s: Schema): Type {
  const max = count(s.maxLength)
  switch (s.format) {
    case 'byte':
      return sized(BYTES, 2, max ?? MAX_REQUEST - 2)
    case 'duration':
      return sized(DURATION, 3, 32)
    case 'date':
      return sized(TIMESTAMP, 12, 12)
    case 'date-time':
      return sized(TIMESTAMP, 21, 32)
  }
  if (max !== undefined) return sized(STRING, 2, max * 4)
  if (Array.isArray(s.enum) && s.enum.length)
    return sized(
      STRING,
      2,
      s.enum.reduce((n: number, v) => Math.max(n, typeof v === 'string' ? new TextEncoder().encode(v).length : 0), 0),
    )
  return sized(STRING, 2, MAX_REQUEST - 2)
}

/** SchemaDeclType: what a schema declares; undefined where expressions do not see it. `root`: a whole resource. */
export function declaredType(s: Schema, root: boolean): Type | undefined {
  if (s['x-kubernetes-int-or-string'] === true) return sized(DYN, 1, MAX_REQUEST - 2)
  const embedded = (x: Schema): boolean => x['x-kubernetes-embedded-resource'] === true
  switch (s.type ?? (root ? 'object' : undefined)) {
    case 'array': {
      const items = part(s.items)
      const item = items && declaredType(items, embedded(items))
      if (!item) return undefined
      return sized(listOf(item), 2, count(s.maxItems) ?? Math.floor((MAX_REQUEST - 2) / ((item.minSize ?? 0) + 1)))
    }
    case 'object': {
      const additional = part(s.additionalProperties)
      if (additional && !root) {
        const value = declaredType(additional, embedded(additional))
        if (!value) return undefined
        return sized(
          mapOf(sized(STRING, 2), value),
          2,
          count(s.maxProperties) ?? Math.floor((MAX_REQUEST - 2) / ((value.minSize ?? 0) + 6)),
        )
      }
      const properties: Record<string, unknown> = { ...(part(s.properties) ?? {}) }
      if (root) {
        const meta = part(properties.metadata)
        const known = part(meta?.properties)
        if (!part(properties.kind) || !part(properties.apiVersion) || !part(known?.name) || !part(known?.generateName))
          Object.assign(properties, { kind: { type: 'string' }, apiVersion: { type: 'string' }, metadata: META })
      }
      const required = Array.isArray(s.required) ? s.required : []
      const fields = new Map<string, Type>()
      let minSize = 2
      for (const [name, p] of Object.entries(properties)) {
        const schema = part(p)
        const type = schema && declaredType(schema, embedded(schema))
        if (!type) continue
        const escaped = escapeName(name)
        if (escaped !== undefined) fields.set(escaped, type)
        if (required.includes(name) && schema.default === undefined) minSize += name.length + (type.minSize ?? 0) + 4
      }
      return sized(struct('object', fields), minSize)
    }
    case 'string':
      return stringType(s)
    case 'boolean':
      return sized(BOOL, 4)
    case 'number':
      return sized(DOUBLE, 1)
    case 'integer':
      return sized(INT, 1)
  }
  return undefined
}

/** Gives objects the names of types: each is a type of its own, called by its place. */
export function namedType(t: Type, name: string): Type {
  if (t.kind === 'struct') {
    if (t.name !== 'object') return t
    const fields = new Map([...(t.fields ?? [])].map(([k, f]): [string, Type] => [k, namedType(f, `${name}.${k}`)]))
    return { ...t, name, fields }
  }
  const [a, b] = t.params
  if (t.kind === 'list' && a) return { ...t, params: [namedType(a, `${name}.@idx`)] }
  return t.kind === 'map' && a && b ? { ...t, params: [a, namedType(b, `${name}.@elem`)] } : t
}

const bytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))

/** JSON as a value of a type; of type dyn, whole numbers are ints and objects are maps. */
export function celValue(value: unknown, type: Type = DYN): unknown {
  if (value === null || value === undefined) return null
  switch (typeof value) {
    case 'number':
      return type.kind !== 'double' && Number.isInteger(value) ? BigInt(value) : value
    case 'bigint':
      return type.kind === 'double' ? Number(value) : value
    case 'string':
      try {
        if (type.kind === 'bytes') return bytes(value)
        if (type.kind === 'duration') return readDuration(value)
        if (type.kind === 'timestamp')
          return readTimestamp(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value)
      } catch {
        // a value from before its schema stays what it is
      }
      return value
    case 'object':
      break
    default:
      return value
  }
  if (Array.isArray(value)) return value.map((v) => celValue(v, type.params[0]))
  const entries = Object.entries(value).filter(([, v]) => v !== undefined && v !== null)
  if (type.kind !== 'struct') return new Map(entries.map(([k, v]) => [k, celValue(v, type.params[1])]))
  return new StructValue(
    type.name,
    new Map(
      entries.flatMap(([k, v]) => {
        const name = escapeName(k)
        const field = name === undefined ? undefined : type.fields?.get(name)
        return name === undefined || !field ? [] : [[name, celValue(v, field)] as const]
      }),
    ),
  )
}
