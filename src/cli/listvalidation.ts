// What kubectl itself checks in a List's items, for no server would: unknown fields, missing fields, wrong types
// (kube-openapi's validation as kubectl words it).
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import type { FieldSchema, Schemas } from '../apimachinery/schema.ts'

const GROUPS: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
}

/** core.v1.ConfigMap -> io.k8s.api.core.v1.ConfigMap. */
function modelName(name: string): string {
  const [group = '', version = '', kind = ''] = name.split('.')
  return `${Object.hasOwn(GROUPS, group) ? GROUPS[group] : `io.k8s.api.${group}`}.${version}.${kind}`
}

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  bytes: 'string',
  time: 'string',
  microtime: 'string',
  bool: 'boolean',
  int32: 'integer',
  int64: 'integer',
  double: 'number',
}

function actual(v: Json): string {
  if (Array.isArray(v)) return 'array'
  if (typeof v === 'object') return v === null ? 'nil' : 'map'
  if (typeof v === 'bigint') return 'integer'
  return typeof v === 'number' ? (Number.isInteger(v) ? 'integer' : 'number') : typeof v
}

function checkValue(value: Json, type: string, path: string, model: string, schemas: Schemas, out: string[]): void {
  const wrong = (expected: string): void => {
    out.push(`ValidationError(${path}): invalid type for ${model}: got "${actual(value)}", expected "${expected}"`)
  }
  if (value === null) return
  if (type.startsWith('[')) {
    if (!Array.isArray(value)) {
      wrong('array')
      return
    }
    ;(value as readonly Json[]).forEach((v, i) => {
      if (v === null) out.push(`unknown object type "nil" in ${path}[${i}]`)
      else checkValue(v, type.slice(1, -1), `${path}[${i}]`, model, schemas, out)
    })
    return
  }
  if (type.startsWith('{')) {
    if (!isObject(value)) {
      wrong('map')
      return
    }
    for (const [k, v] of Object.entries(value)) {
      if (v === null) out.push(`unknown object type "nil" in ${path}.${k}`)
      else if (v !== undefined) checkValue(v, type.slice(1, -1), `${path}.${k}`, model, schemas, out)
    }
    return
  }
  const scalar = Object.hasOwn(SCALARS, type) ? SCALARS[type] : undefined
  if (scalar) {
    const is = actual(value)
    const plain = is !== 'map' && is !== 'array'
    // any scalar passes for a string, any number for another
    if (!(scalar === 'string' ? plain : scalar === 'boolean' ? is === 'boolean' : is === 'integer' || is === 'number'))
      wrong(scalar)
    return
  }
  if (type === 'quantity' || type === 'intstr' || type === 'json') return
  checkObject(value, type, path, schemas, out)
}

function checkObject(value: Json, type: string, path: string, schemas: Schemas, out: string[]): void {
  const schema = schemas.type(type)
  const model = modelName(type)
  if (!schema) return
  if (!isObject(value)) {
    out.push(`ValidationError(${path}): invalid type for ${model}: got "${actual(value)}", expected "map"`)
    return
  }
  for (const [k, v] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const field: FieldSchema | undefined = Object.hasOwn(schema.fields, k) ? schema.fields[k] : undefined
    if (v === null || v === undefined) continue
    if (!field) {
      out.push(`ValidationError(${path}): unknown field "${k}" in ${model}`)
      continue
    }
    checkValue(v, field.type, `${path}.${k}`, `${model}.${k}`, schemas, out)
  }
  for (const [k, f] of Object.entries(schema.fields))
    if (f?.required && (value[k] ?? null) === null)
      out.push(`ValidationError(${path}): missing required field "${k}" in ${model}`)
}

/** All that is wrong with the items of a v1 List. */
export async function listErrors(list: JsonObject, schemas: Schemas): Promise<string[]> {
  const out: string[] = []
  const items = list.items
  if (!Array.isArray(items)) return ['invalid object to validate']
  for (const item of items as readonly Json[]) {
    if (!isObject(item)) {
      out.push('invalid object to validate')
      continue
    }
    if (!item.apiVersion) out.push('apiVersion not set')
    if (!item.kind) out.push('kind not set')
    if (typeof item.apiVersion !== 'string' || typeof item.kind !== 'string') continue
    const cut = item.apiVersion.indexOf('/')
    const type = schemas.nameOf(
      cut < 0 ? '' : item.apiVersion.slice(0, cut),
      cut < 0 ? item.apiVersion : item.apiVersion.slice(cut + 1),
      item.kind,
    )
    if (schemas.type(type)) checkObject(item, type, item.kind, schemas, out)
  }
  return out
}
