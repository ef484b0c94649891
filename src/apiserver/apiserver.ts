// The API server: one request in, one answer out. Paths are read, the asker is checked, the verb is found; all the rest
// is in the rooms beside this file.
import type { ApiRequest, ApiResponse, ConnectResult, Door, Streams, User } from '../apimachinery/door.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import { StatusError, badRequest, internalError, notFound } from '../apimachinery/status.ts'
import { createResources, ready, writable } from './resources.ts'
import type { Resources } from './resources.ts'
import { METRICS, fittingWarnings, text } from './api.ts'
import type { Api, ApiServerOptions, Context, Handler, Served, Subresource } from './api.ts'
import { checkRoute, checkStream, formOf } from './negotiate.ts'
import { requestInfo } from './request-info.ts'
import type { RequestInfo } from './request-info.ts'
import { methodNotAllowed, noRoute, unserved } from './unserved.ts'
import { SUBRESOURCES } from './subresources/index.ts'
import { VERBS } from './verbs/index.ts'

export type { ApiServerOptions } from './api.ts'

/** The asker when a request names nobody: the cluster's administrator. */
const ADMINISTRATOR: User = {
  name: 'kubernetes-admin',
  uid: 'admin',
  groups: ['system:masters', 'system:authenticated'],
}

/** What the path of the request that was last asked about says: all who ask, ask about the same one. */
let read: { readonly request: ApiRequest; readonly info: RequestInfo } | undefined
function infoOf(request: ApiRequest): RequestInfo {
  if (read?.request !== request) read = { request, info: requestInfo(request.method, request.path, request.query) }
  return read.info
}

// what is loaded is at hand: controllers make most requests, and none of theirs waits for anything
const HANDLERS = new Map<string, Handler>()
async function loadHandler(name: string): Promise<Handler | undefined> {
  const handler = await VERBS.find((v) => v.name === name)?.load()
  if (handler) HANDLERS.set(name, handler)
  return handler
}

const PARTS = new Map<string, Subresource>()
async function loadSubresource(name: string): Promise<Subresource | undefined> {
  const part = await SUBRESOURCES.find((s) => s.name === name)?.load()
  if (part) PARTS.set(name, part)
  return part
}

/** An API server on a store. */
export function createApiServer(options: ApiServerOptions): Door {
  const { store, schemas, entropy, versions } = options
  const parts = new Map<string, unknown>()
  let resources: Resources | undefined
  const admin = options.user ?? ADMINISTRATOR
  const api: Api = {
    options,
    store,
    schemas,
    entropy,
    versions,
    now: () => options.clock.now(),
    find: (group, version, resource) =>
      (resources ??= createResources(api, options.kinds)).find(group, version, resource),
    served: () => (resources ??= createResources(api, options.kinds)).all(),
    loopback: (request) => handle({ ...request, user: LOOPBACK }),
    part: <T>(name: string, make: () => T): T => {
      if (!parts.has(name)) parts.set(name, make())
      return parts.get(name) as T
    },
  }

  /** Whose token this is; throws Unauthorized where nobody is known by it. */
  const holderOf = async (token: string): Promise<User> => {
    const { authenticateToken } = await import('./serviceaccount-tokens.ts')
    const who = authenticateToken(store, entropy, api.now(), token)
    if (typeof who === 'string') throw new StatusError(401, 'Unauthorized', 'Unauthorized')
    return who.user
  }

  const askerOf = async (request: ApiRequest): Promise<User> => {
    const token = request.user ? undefined : /^Bearer (.+)$/.exec(request.headers?.authorization ?? '')?.[1]
    const user = request.user ?? (token === undefined ? admin : await holderOf(token))
    if (!request.headers || !impersonates(request.headers)) return user
    return (await import('./authorization.ts')).impersonate(api, user, request.headers)
  }

  const authorize = async (request: ApiRequest, info: RequestInfo, user: User): Promise<void> =>
    (await import('./authorization.ts')).authorizeRequest(api, user, info, request)

  /** The context of a request for a resource, or an answer that needs none. */
  const prepare = async (request: ApiRequest): Promise<{ ctx: Context } | { response: ApiResponse }> => {
    const info = infoOf(request)
    if (info.broken !== undefined) {
      const said = inWords(info, `failed to create RequestInfo: ${info.broken}`)
      // there is nothing yet that speaks of caches
      return { response: { ...said, headers: { ...said.headers, 'cache-control': '' } } }
    }
    const user = request.headers && saysWho(request.headers) ? await askerOf(request) : (request.user ?? admin)
    if (!isAdministrator(user)) await authorize(request, info, user)
    if (!info.isResource)
      return { response: await (await import('./nonresource.ts')).serveNonResource(api, request, info) }
    const found = api.find(info.group, info.version, info.resource)
    const served = found instanceof Promise ? await found : found
    if (!served || info.empty) return { response: unserved(api, info) }
    if (served.info.namespaced && !info.namespace && info.name && info.verb !== 'list' && info.verb !== 'watch')
      return { response: noRoute() }
    if (!served.info.namespaced && info.namespace && (info.resource !== 'namespaces' || isInside(info)))
      return { response: noRoute() }
    const { verbs } = served.info
    // all namespaces at once can only be looked at; where there is nothing to look at, no path is
    if (served.info.namespaced && !info.namespace) {
      if (!verbs.includes('list')) return { response: noRoute() }
      if (info.verb === 'create' || info.verb === 'deletecollection') return { response: methodNotAllowed() }
    }
    if (info.name && !info.subresource && info.verb !== 'list' && info.verb !== 'watch' && !verbs.includes('get'))
      return { response: noRoute() }
    return { ctx: { api, request, info, user, served, warnings: [], spellings: new Map() } }
  }

  const serve = async (asked: Context): Promise<ApiResponse> => {
    const { info, served } = asked
    const whole = READING.has(info.verb) ? served : (ready(served) ?? (await writable(served)))
    const ctx = whole === served ? asked : { ...asked, served: whole }
    // a HEAD has no route of its own, and one may only look at what changes
    const proxied = info.subresource === 'proxy'
    const unrouted =
      (ctx.request.method === 'HEAD' && !proxied) || (info.verb === 'watch' && ctx.request.method !== 'GET')
    if (info.name === '.' || info.name === '..')
      throw badRequest(`Name parameter invalid: ${goQuote(info.name)}: may not be '${info.name}'`)
    if (info.subresource) {
      const known = served.info.subresources?.find((s) => s.name === info.subresource)
      const part = known && (PARTS.get(info.subresource) ?? (await loadSubresource(info.subresource)))
      if (!known && served.custom) throw notFound(served.gr, info.name)
      // only a proxy goes on behind its subresource
      if (!known || !part || (info.rest !== '' && info.subresource !== 'proxy')) return noRoute()
      const verb = proxied && info.verb === 'options' ? 'get' : info.verb
      const handler = part[verb as 'get' | 'create' | 'update' | 'patch' | 'delete']
      if (!handler || unrouted || !known.verbs.includes(verb)) return methodNotAllowed()
      negotiatePart(ctx)
      deprecation(ctx)
      return handler(ctx)
    }
    if (info.verb === 'create' && info.name) return methodNotAllowed()
    if ((info.verb === 'update' || info.verb === 'patch') && !info.name) return methodNotAllowed()
    if (
      info.verb === 'watch' &&
      !unrouted &&
      !served.info.verbs.includes('watch') &&
      served.info.verbs.includes('list')
    ) {
      deprecation(ctx)
      throw unwatched(served)
    }
    if (unrouted || !served.info.verbs.includes(info.verb)) return methodNotAllowed()
    negotiate(ctx)
    deprecation(ctx)
    const special =
      served.info.group === 'authorization.k8s.io' ||
      served.info.group === 'authentication.k8s.io' ||
      served.storage === 'bindings' ||
      served.storage === 'componentstatuses'
    if (special) return (await import('./virtual.ts')).serveVirtual(ctx)
    if (served.info.group === METRICS) return (await import('./metrics.ts')).serveMetrics(ctx)
    const handler = HANDLERS.get(info.verb) ?? (await loadHandler(info.verb))
    return handler ? handler(ctx) : methodNotAllowed()
  }

  const handle = async (request: ApiRequest): Promise<ApiResponse> => {
    const response = await answered(request)
    let asked = ' '
    try {
      const { verb, resource } = infoOf(request)
      asked = `${verb} ${resource}`
    } catch {
      /* a path that cannot be read: it was refused */
    }
    const key = `${asked} ${response.status}`
    // paths are the client's: what it makes up does not fill the memory
    if (counts.size < 10_000 || counts.has(key)) counts.set(key, (counts.get(key) ?? 0) + 1)
    return response
  }
  /** How many requests were answered, by verb, resource and status: for /metrics. */
  const counts = api.part('request counts', () => new Map<string, number>())
  const answered = async (request: ApiRequest): Promise<ApiResponse> => {
    let warnings: readonly string[] = []
    try {
      const prepared = await prepare(request)
      if ('response' in prepared) return prepared.response
      warnings = prepared.ctx.warnings
      const response = await serve(prepared.ctx)
      return warnings.length > 0 ? { ...response, warnings: fittingWarnings(warnings) } : response
    } catch (e) {
      const filters = e instanceof Error && (e.name === 'Denied' || e.name === 'Unnamed') ? e.name : ''
      if (filters === 'Unnamed') return inWords(infoOf(request), (e as Error).message)
      const error =
        e instanceof StatusError ? e : internalError(e instanceof Error ? (e.stack ?? e.message) : String(e))
      return {
        status: error.code,
        headers: {
          'content-type': 'application/json',
          ...(filters === 'Denied' ? { 'x-content-type-options': 'nosniff' } : {}),
        },
        body: error.status(),
        ...(warnings.length > 0 ? { warnings: fittingWarnings(warnings) } : {}),
      }
    }
  }

  const connect = async (request: ApiRequest, streams: Streams): Promise<ConnectResult> => {
    const prepared = await prepare(request)
    if ('response' in prepared)
      throw new StatusError(prepared.response.status, 'NotFound', 'the server could not find the requested resource')
    const { ctx } = prepared
    const part =
      ctx.info.subresource && ctx.served.info.subresources?.some((s) => s.name === ctx.info.subresource)
        ? (PARTS.get(ctx.info.subresource) ?? (await loadSubresource(ctx.info.subresource)))
        : undefined
    if (!part?.connect) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
    return part.connect(ctx, streams)
  }

  return { handle, connect }
}

/** Whether an answer can be given in a form that the client takes is said before anything is done. */
function negotiate({ request, info }: Context): void {
  const accept = request.headers?.accept
  if (accept === undefined) return
  checkRoute(accept, info.verb === 'list' || info.verb === 'watch')
  if (info.verb === 'watch') checkStream(accept)
  else formOf(accept)
}

/** Parts that are connections: they answer in whatever form. */
const CONNECTIONS: ReadonlySet<string> = new Set(['proxy', 'exec', 'attach', 'portforward'])
/** Parts that can be told as a Table. */
const TABULAR: ReadonlySet<string> = new Set(['scale', 'status'])

/** As `negotiate`, for a part of an object. */
function negotiatePart({ request, info }: Context): void {
  const accept = request.headers?.accept
  if (accept === undefined || CONNECTIONS.has(info.subresource)) return
  checkRoute(accept, false, info.subresource === 'log' ? 'text/plain' : undefined)
  formOf(accept, TABULAR.has(info.subresource))
}

/** /api/v1/namespaces/t/namespaces: a namespace is in no other. */
const isInside = (info: RequestInfo): boolean => info.parts[2] === 'namespaces' && info.parts[4] === 'namespaces'

/** A request that fails before its verb is looked for, in plain words (responsewriters.InternalError). */
function inWords(info: RequestInfo, why: string): ApiResponse {
  const said = text(500, `Internal Server Error: ${goQuote(info.path)}: ${why}\n`)
  return { ...said, headers: { ...said.headers, 'x-content-type-options': 'nosniff' } }
}

/** A collection that can be read but not followed. */
const unwatched = ({ gr }: Served): StatusError =>
  new StatusError(
    405,
    'MethodNotAllowed',
    `watch is not supported on resources of kind "${gr.group ? `${gr.resource}.${gr.group}` : gr.resource}"`,
    { ...(gr.group ? { group: gr.group } : {}), kind: gr.resource },
  )

const READING: ReadonlySet<string> = new Set(['get', 'list', 'watch'])
const LOOPBACK: User = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }
/** The administrators' groups may do anything; nothing needs to be looked up for them. */
const isAdministrator = (user: User): boolean => user.groups.includes('system:masters')

const IMPERSONATION = /^impersonate-(user$|group$|uid$|extra-)/
function impersonates(headers: Readonly<Record<string, string>>): boolean {
  for (const h in headers) if (h.startsWith('impersonate-') && IMPERSONATION.test(h)) return true
  return false
}
/** Whether headers name another asker than the one who stands at the door. */
const saysWho = (headers: Readonly<Record<string, string>>): boolean =>
  headers.authorization !== undefined || impersonates(headers)

/** Versions that are served but should not be used any more say so. */
function deprecation(ctx: Context): void {
  const text = deprecated(ctx.served, ctx.api)
  if (text) ctx.warnings.push(text)
}

function deprecated(served: Served, api: Api): string | undefined {
  if (served.storage === 'endpoints' && endpointsDeprecated(api))
    return 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'
  if (served.custom?.deprecation !== undefined) return served.custom.deprecation
  if (served.storage === 'componentstatuses') return 'v1 ComponentStatus is deprecated in v1.19+'
  return undefined
}
const endpointsDeprecated = (api: Api): boolean => {
  const m = /^v?1\.(\d+)/.exec(api.versions.server)
  return !m || Number(m[1]) >= 33
}
