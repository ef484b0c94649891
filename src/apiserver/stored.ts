// From the store to the version that was asked for and back; what reading needs of the registry.
import { typedForm } from '../apimachinery/encode.ts'
import { copy } from '../apimachinery/object.ts'
import type { Draft, KubeObject } from '../apimachinery/object.ts'
import { notFound } from '../apimachinery/status.ts'
import type { Context, Served } from './api.ts'

type Writable = Draft<KubeObject>

/** The resource that is stored, whichever version or group of it was asked for. */
export const storedOf = (s: Served): Served => s.stored ?? s

/** An object as stored -> in the version that was asked for. */
export function fromStored(s: Served, object: KubeObject): KubeObject {
  const conversion = s.stored ? s.kind.conversion : undefined
  if (conversion) return conversion.fromStored(copy(object))
  if (s.custom) return s.custom.read(object)
  if (object.apiVersion !== s.apiVersion || object.kind !== s.info.kind)
    return { ...object, apiVersion: s.apiVersion, kind: s.info.kind }
  return object
}

/** The same in the form of that version's type, field for field, as it is sent. */
export function inVersion(ctx: Context, object: KubeObject): KubeObject {
  const { served } = ctx
  const converted = fromStored(served, object)
  return served.stored && served.kind.conversion ? typedForm(converted, served.schema, ctx.api.schemas) : converted
}

/** An object in the version that was asked for -> as stored. */
export function toStored(s: Served, draft: Writable): Writable {
  const conversion = s.stored ? s.kind.conversion : undefined
  if (conversion) return conversion.toStored(draft)
  if (s.custom && s.custom.storageVersion !== s.info.version)
    draft.apiVersion = `${s.info.group}/${s.custom.storageVersion}`
  return draft
}

/** The namespace of the request's objects: '' at cluster scope. */
export const namespaceOf = (ctx: Context): string => (ctx.served.info.namespaced ? ctx.info.namespace : '')

/** The stored object at the request's path. Throws NotFound. */
export function getStored(ctx: Context, name = ctx.info.name): KubeObject {
  const found = ctx.api.store.get(ctx.served.storage, namespaceOf(ctx), name)
  if (!found) throw notFound(ctx.served.gr, name)
  return found
}

/** Whether the status of a resource is written apart. */
export const hasStatus = (s: Served): boolean =>
  storedOf(s).kind.strategy.hasStatus ?? s.info.subresources?.some((r) => r.name === 'status') ?? false
