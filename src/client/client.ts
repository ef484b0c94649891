// The client: typed calls to the door. Controllers and commands know the API only through it.
import type { ApiRequest, ApiResponse, ConnectResult, Door, Method, Streams, WatchEvent } from '../apimachinery/door.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import { StatusError, resourceName } from '../apimachinery/status.ts'

/** A resource as its path names it: 'v1/services', 'apps/v1/deployments'. */
export type ResourcePath = string

export interface KubeList<T = KubeObject> {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly resourceVersion?: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly items: readonly T[]
}

export type Query = Readonly<Record<string, readonly string[]>>
export interface CallOptions {
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** The path is the user's own: errors name no resource. */ readonly absolute?: true
}
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

const PATCH: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

/** Why a name cannot stand in a path (apimachinery's IsValidPathSegmentName). */
const segmentFaults = (name: string): string[] =>
  name === '.' || name === '..'
    ? [`may not be '${name}'`]
    : ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`)
const SPECIAL = /[/%]|^\.\.?$/

/**
 * /api/v1/namespaces/default/services/web/status and its shorter forms. An empty namespace means cluster scope or all
 * namespaces. Throws where a name is no part of a path.
 */
export function pathOf(resource: ResourcePath, namespace = '', name = '', subresource = ''): string {
  if (SPECIAL.test(namespace))
    throw new Error(`invalid namespace ${JSON.stringify(namespace)}: [${segmentFaults(namespace).join(' ')}]`)
  if (SPECIAL.test(name))
    throw new Error(`invalid resource name ${JSON.stringify(name)}: [${segmentFaults(name).join(' ')}]`)
  const cut = resource.lastIndexOf('/')
  const gv = resource.slice(0, cut)
  return `${gv.includes('/') ? '/apis' : '/api'}/${gv}${namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${resource.slice(cut + 1)}${name ? `/${encodeURIComponent(name)}` : ''}${subresource ? `/${subresource}` : ''}`
}

export interface ClientOptions {
  /** Headers of every request: user-agent, impersonate-user … */
  readonly headers?: Readonly<Record<string, string>>
  /** Called with each Warning text the server sends. */
  readonly onWarning?: (text: string) => void
}

/** What answers in no group that is served names nothing: client-go says what was asked (NewGenericServerResponse). */
function named(error: StatusError, method: Method, path: string): StatusError {
  if (error.code !== 404 || !error.details?.causes?.some((c) => c.reason === 'UnexpectedServerResponse')) return error
  const [, group, resource, name] =
    /^\/(?:api|apis\/([^/]+))\/[^/]+\/(?:namespaces\/[^/]+\/)?([^/]+)(?:\/([^/]+))?/.exec(path) ?? []
  return resource
    ? new StatusError(
        error.code,
        error.reason,
        `${error.message} (${[method.toLowerCase(), resourceName({ group: group ?? '', resource }), ...(name ? [decodeURIComponent(name)] : [])].join(' ')})`,
        error.details,
      )
    : error
}

/**
 * A list on the wire says the kind of its items once, in its own; each item gets it, as client-go's UnstructuredList
 * gives it. The door of this process leaves it with the items.
 */
function typedItems<T extends KubeObject>(list: KubeList<T>): KubeList<T> {
  const { kind, apiVersion, items } = list
  if (!kind?.endsWith('List') || items[0]?.kind !== undefined) return list
  const named = { kind: kind.slice(0, -'List'.length), apiVersion }
  return { ...list, items: items.map((i) => (i.kind === undefined ? { ...named, ...i } : i)) }
}

/** A client over any door: in process, or over HTTP. Calls throw StatusError for every answer that is not 2xx. */
export class Client {
  readonly door: Door
  readonly #options: ClientOptions
  constructor(door: Door, options: ClientOptions = {}) {
    this.door = door
    this.#options = options
  }

  /** What every request carries. */
  get headers(): Readonly<Record<string, string>> {
    return this.#options.headers ?? {}
  }

  /** One request; the whole answer. Throws StatusError when the server refuses. */
  async request(
    method: Method,
    path: string,
    options: CallOptions & { body?: ApiRequest['body'] } = {},
  ): Promise<ApiResponse> {
    const query: Record<string, readonly string[]> = {}
    if (options.query)
      for (const [k, v] of Object.entries(options.query))
        if (v !== undefined) query[k] = typeof v === 'string' ? [v] : v
    const response = await this.door.handle({
      method,
      path,
      query,
      headers: options.headers ? { ...this.headers, ...options.headers } : this.headers,
      ...(options.body !== undefined ? { body: options.body } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    for (const w of response.warnings ?? []) this.#options.onWarning?.(w)
    if (response.status >= 400) {
      const error = isObject(response.body)
        ? StatusError.from(response.body)
        : new StatusError(response.status, '', String(response.body))
      throw options.absolute ? error : named(error, method, path)
    }
    return response
  }

  async #object<T extends KubeObject>(
    method: Method,
    path: string,
    options: CallOptions & { body?: ApiRequest['body'] },
  ): Promise<T> {
    return (await this.request(method, path, options)).body as T
  }

  get<T extends KubeObject = KubeObject>(
    resource: ResourcePath,
    namespace: string,
    name: string,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#object('GET', pathOf(resource, namespace, name), options)
  }
  async list<T extends KubeObject = KubeObject>(
    resource: ResourcePath,
    namespace = '',
    options: CallOptions = {},
  ): Promise<KubeList<T>> {
    return typedItems((await this.request('GET', pathOf(resource, namespace), options)).body as unknown as KubeList<T>)
  }
  create<T extends KubeObject = KubeObject>(
    resource: ResourcePath,
    namespace: string,
    object: JsonObject | KubeObject,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#object('POST', pathOf(resource, namespace), { ...options, body: object })
  }
  /** A POST to a subresource: pods/binding, pods/eviction, serviceaccounts/token. */
  post(
    resource: ResourcePath,
    namespace: string,
    name: string,
    subresource: string,
    body: JsonObject,
    options: CallOptions = {},
  ): Promise<KubeObject> {
    return this.#object('POST', pathOf(resource, namespace, name, subresource), { ...options, body })
  }
  update<T extends KubeObject = KubeObject>(
    resource: ResourcePath,
    namespace: string,
    object: JsonObject | KubeObject,
    options: CallOptions & { subresource?: string } = {},
  ): Promise<T> {
    return this.#object(
      'PUT',
      pathOf(resource, namespace, (object as KubeObject).metadata.name ?? '', options.subresource),
      { ...options, body: object },
    )
  }
  patch<T extends KubeObject = KubeObject>(
    resource: ResourcePath,
    namespace: string,
    name: string,
    type: PatchType,
    patch: Json,
    options: CallOptions & { subresource?: string } = {},
  ): Promise<T> {
    return this.#object('PATCH', pathOf(resource, namespace, name, options.subresource), {
      ...options,
      headers: { ...options.headers, 'content-type': PATCH[type] },
      body: patch as JsonObject,
    })
  }
  delete(
    resource: ResourcePath,
    namespace: string,
    name: string,
    body?: JsonObject,
    options: CallOptions = {},
  ): Promise<KubeObject> {
    return this.#object('DELETE', pathOf(resource, namespace, name), { ...options, ...(body ? { body } : {}) })
  }

  /**
   * Events after the given resourceVersion (or the whole state first, when none is given), until the signal or the
   * server ends it.
   */
  async *watch(resource: ResourcePath, namespace: string, options: CallOptions = {}): AsyncGenerator<WatchEvent> {
    const response = await this.request('GET', pathOf(resource, namespace), {
      ...options,
      query: { ...options.query, watch: 'true' },
    })
    for await (const e of response.stream ?? []) if (typeof e !== 'string') yield e
  }

  /** exec, attach, port-forward. */
  connect(path: string, query: Query, streams: Streams): Promise<ConnectResult> {
    return this.door.connect({ method: 'POST', path, query, headers: { ...this.#options.headers } }, streams)
  }
}
