// What a custom resource's structural schema says of merging, as types that server-side apply reads: the part of
// apiextensions' openapi builder that managedfields' type converter uses.
import type { TypeSource } from '../apimachinery/fieldset.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json } from '../apimachinery/object.ts'
import type { FieldSchema, TypeSchema } from '../apimachinery/schema.ts'
import type { Schema } from '../apimachinery/structural.ts'

const part = (s: unknown): Schema | undefined => (isObject(s) ? s : undefined)
const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'int64',
  number: 'double',
  boolean: 'bool',
}

/** The types of a schema, on top of the built-in ones, and the name of the outermost. */
export function structuralTypes(
  schema: Schema,
  builtIn: TypeSource,
): { readonly source: TypeSource; readonly root: string } {
  const types = new Map<string, TypeSchema>()
  const struct = (s: Schema, resource: boolean): string => {
    const name = `custom.${types.size}`
    const open = s['x-kubernetes-preserve-unknown-fields'] === true
    const made: { fields: Record<string, FieldSchema>; open?: true; map?: 'atomic' } = {
      fields: {},
      ...(open ? { open } : {}),
      ...(s['x-kubernetes-map-type'] === 'atomic' ? { map: 'atomic' } : {}),
    }
    types.set(name, made)
    for (const [k, p] of Object.entries(part(s.properties) ?? {})) {
      const inner = part(p)
      if (inner) made.fields[k] = field(inner)
    }
    if (resource)
      Object.assign(made.fields, {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { type: 'meta.v1.ObjectMeta' },
      })
    return name
  }
  const field = (s: Schema): FieldSchema => ({
    type: word(s),
    ...(s['x-kubernetes-list-type'] === 'set' || s['x-kubernetes-list-type'] === 'map'
      ? { list: s['x-kubernetes-list-type'] }
      : {}),
    ...(Array.isArray(s['x-kubernetes-list-map-keys'])
      ? { keys: (s['x-kubernetes-list-map-keys'] as readonly Json[]).map(String) }
      : {}),
    ...(s['x-kubernetes-map-type'] === 'atomic' ? { map: 'atomic' } : {}),
    // a key that is left out has its default or is missed
    ...(s.default !== undefined ? { default: s.default } : { ptr: true }),
  })
  const word = (s: Schema): string => {
    if (s['x-kubernetes-int-or-string'] === true) return 'intstr'
    const type = typeof s.type === 'string' ? s.type : ''
    if (Object.hasOwn(SCALARS, type)) return SCALARS[type] ?? 'any'
    if (type === 'array') {
      const items = part(s.items)
      return items ? `[${word(items)}]` : 'json'
    }
    if (type !== 'object') return 'any'
    const additional = part(s.additionalProperties)
    if (additional) return `{${word(additional)}}`
    if (!part(s.properties) && (s.additionalProperties === true || s['x-kubernetes-preserve-unknown-fields'] === true))
      return 'any'
    return struct(s, s['x-kubernetes-embedded-resource'] === true)
  }
  const root = struct(schema, true)
  return { source: { type: (name) => types.get(name) ?? builtIn.type(name) }, root }
}
