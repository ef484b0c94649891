// What a request's path, method and query mean: verb, group, version, resource, namespace, name, subresource; as
// apiserver's request.RequestInfoFactory says.
import type { Method } from '../apimachinery/door.ts'
import { badRequest } from '../apimachinery/status.ts'

export interface RequestInfo {
  readonly isResource: boolean
  readonly path: string
  /**
   * get list watch create update patch delete deletecollection; the lower-cased method for paths that name no resource.
   */
  readonly verb: string
  readonly prefix: '' | 'api' | 'apis'
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** What follows the subresource: the path behind a proxy. */
  readonly rest: string
  /** Parts of an API path that names no resource yet: ['apis', 'apps', 'v1']. */
  readonly parts: readonly string[]
  /** Two slashes follow each other: no route has that; `head` where the path begins with them. */
  readonly empty?: 'head' | 'inside'
  /** Why nothing can be made of the path. */
  readonly broken?: string
}

const VERBS: Readonly<Record<Method, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
  OPTIONS: 'options',
}
/** Below /namespaces/NAME these are subresources of the namespace, not resources in it. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize'])

type Query = Readonly<Record<string, readonly string[]>>

/** A path without its escapes; bytes that are no UTF-8 stand as U+FFFD. Throws BadRequest for what is no escape. */
function unescape(path: string): string {
  if (!path.includes('%')) return path
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(path)?.[0]
  if (wrong !== undefined) throw badRequest(`invalid URL escape "${wrong}"`)
  try {
    return decodeURIComponent(path)
  } catch {
    const runs = path.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
      new TextDecoder().decode(Uint8Array.from(run.slice(1).split('%'), (h) => parseInt(h, 16))),
    )
    return runs
  }
}

/** Whether a query parameter is set to something that reads as true. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== 'false' && value !== '0'
}

/** Reads a request's path. Nothing is checked against what is served. */
export function requestInfo(method: Method, asked: string, query: Query = {}): RequestInfo {
  const unescaped = unescape(asked)
  // the slashes at the end of a resource's path count for nothing
  const path = /^\/apis?\/[^/]+\/.*\/\/$/.test(unescaped) ? unescaped.replace(/\/+$/, '/') : unescaped
  if (path.includes('//'))
    return {
      ...requestInfo(method, path.replace(/\/{2,}/g, '/'), query),
      path,
      empty: path.startsWith('//') ? 'head' : 'inside',
    }
  const parts = path.split('/').filter((p) => p !== '')
  const none = (prefix: RequestInfo['prefix'], group: string, version: string): RequestInfo => ({
    isResource: false,
    path,
    verb: method.toLowerCase(),
    prefix,
    group,
    version,
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    rest: '',
    parts,
  })
  const prefix = parts[0]
  if (prefix !== 'api' && prefix !== 'apis') return none('', '', '')
  let at = 1
  let group = ''
  if (prefix === 'apis') {
    group = parts[at] ?? ''
    at++
  }
  const version = parts[at] ?? ''
  at++
  if (parts.length <= at) return none(prefix, group, version)
  let verb = VERBS[method]
  // the old spelling /api/v1/watch/pods of ?watch=true, and /api/v1/proxy
  if (parts[at] === 'watch' || parts[at] === 'proxy') {
    if (parts.length === at + 1)
      return { ...none('', '', ''), broken: `unable to determine kind and namespace from url, ${path}` }
    verb = parts[at] ?? verb
    at++
  }
  let namespace = ''
  if (parts[at] === 'namespaces') {
    namespace = parts[at + 1] ?? ''
    const third = parts[at + 2]
    if (third !== undefined && !NAMESPACE_SUBRESOURCES.has(third)) at += 2
  }
  const resource = parts[at] ?? ''
  let name = parts[at + 1] ?? ''
  const subresource = parts[at + 2] ?? ''
  let rest = parts.length > at + 3 ? parts.slice(at + 3).join('/') : ''
  if (name === '' && verb === 'get') {
    verb = isTrue(query.watch?.[0]) ? 'watch' : 'list'
    const field = /^metadata\.name={1,2}([^,]+)$/.exec(query.fieldSelector?.[0] ?? '')
    if (field?.[1]) name = field[1]
    rest = ''
  } else if (name === '' && verb === 'delete') verb = 'deletecollection'
  return {
    isResource: true,
    path,
    verb,
    prefix,
    group,
    version,
    namespace,
    resource,
    subresource,
    name,
    rest,
    parts,
  }
}
