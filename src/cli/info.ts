// One object of a command line, named or loaded: cli-runtime's resource.Info, and the words of its metadata.
import { copy, isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import { pathOf } from '../client/client.ts'
import type { Factory, Mapping } from './command.ts'
import { CliError } from './exit.ts'

/** One object, named or loaded. Commands may replace `object` by what the server answered. */
export interface Info {
  /** Undefined only when `local`. */
  mapping: Mapping | undefined
  namespace: string
  name: string
  /** File name or STDIN; '' for what was named by arguments. */
  source: string
  object: JsonObject | undefined
  resourceVersion: string
}

/** A text of an object's top level, '' where there is none. */
export const stringAt = (o: JsonObject | undefined, key: string): string => {
  const v = o?.[key]
  return typeof v === 'string' ? v : ''
}
/** An object's metadata, empty where it has none. */
export const metaOf = (o: JsonObject | undefined): JsonObject => (isObject(o?.metadata) ? o.metadata : {})
/** An object's name, or nothing. */
export const nameOf = (o: JsonObject | undefined): string => stringAt(metaOf(o), 'name')
/** An object's namespace, or nothing. */
export const namespaceOf = (o: JsonObject | undefined): string => stringAt(metaOf(o), 'namespace')
/** An object's resourceVersion, or nothing. */
export const versionOf = (o: JsonObject | undefined): string => stringAt(metaOf(o), 'resourceVersion')
/** Whether an object is a list of objects. */
export const isList = (o: JsonObject | undefined): boolean => Array.isArray(o?.items)

/** `/v1, Resource=pods`: a resource as Go prints a GroupVersionResource. */
export const gvrText = (m: Mapping): string => `${m.group}/${m.version}, Resource=${m.resource}`

/** `deployments.apps`. */
export const groupResource = (m: Mapping): string => (m.group ? `${m.resource}.${m.group}` : m.resource)

/** What a document or an answer holds. */
export function infoOf(object: JsonObject, mapping: Mapping | undefined, source: string): Info {
  return {
    mapping,
    namespace: namespaceOf(object),
    name: nameOf(object),
    source,
    object,
    resourceVersion: versionOf(object),
  }
}

/** Moves an object, and what it says of itself, to a namespace; '' takes it out of all. */
export function setNamespace(info: Info, namespace: string): void {
  info.namespace = namespace
  if (!info.object || namespaceOf(info.object) === namespace) return
  const draft = copy(info.object)
  const meta = isObject(draft.metadata) ? draft.metadata : (draft.metadata = {})
  if (namespace) meta.namespace = namespace
  else delete (meta as Record<string, Json>).namespace
  info.object = draft
}

/** How an object is read: the same for every one of a command. */
export interface ReadOptions {
  readonly subresource?: string
  /** accept and the like, sent with every read. */
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | undefined>>
}

/** Fetches one object as Info.Get does: a missing namespace is named before a missing object. */
export async function fetchInfo(factory: Factory, info: Info, request: ReadOptions = {}): Promise<void> {
  const client = await factory.client()
  if (!info.mapping) return
  if (info.name === '') throw new CliError('resource name may not be empty')
  try {
    const object = (
      await client.request('GET', pathOf(info.mapping.path, info.namespace, info.name, request.subresource ?? ''), {
        ...(request.headers ? { headers: request.headers } : {}),
        ...(request.query ? { query: request.query } : {}),
      })
    ).body
    info.object = isObject(object) ? object : {}
    info.resourceVersion = versionOf(info.object)
  } catch (e) {
    if (e instanceof StatusError && e.code === 404 && info.namespace && info.namespace !== 'default') {
      try {
        await client.get('v1/namespaces', '', info.namespace)
      } catch (e2) {
        if (e2 instanceof StatusError && e2.code === 404) throw e2
      }
    }
    throw e
  }
}

/** An Info as Go prints it in errors. */
export const infoText = (info: Info): string => {
  const m = info.mapping
  const basic = `Name: ${JSON.stringify(info.name)}, Namespace: ${JSON.stringify(info.namespace)}`
  return m
    ? `Resource: ${JSON.stringify(gvrText(m))}, GroupVersionKind: ${JSON.stringify(`${m.group}/${m.version}, Kind=${m.kind}`)}\n${basic}`
    : basic
}

/** Takes over what the server answered. */
export const refresh = (info: Info, object: unknown): void => {
  info.object = isObject(object) ? object : {}
  info.name = nameOf(info.object)
  info.namespace = namespaceOf(info.object)
  info.resourceVersion = versionOf(info.object)
}
