// GET of a collection: selectors, pieces (limit, continue), resourceVersion, and the three forms.
import type { ApiResponse } from '../../apimachinery/door.ts'
import { parseJson } from '../../apimachinery/gojson.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { StatusError, badRequest, gone } from '../../apimachinery/status.ts'
import { StoreExpired } from '../../storage/store.ts'
import type { Change } from '../../storage/store.ts'
import { param } from '../api.ts'
import type { Context } from '../api.ts'
import { checkListOptions } from '../listoptions.ts'
import { listForm } from './get.ts'
import { inVersion, namespaceOf } from '../stored.ts'
import { filterOf } from '../selectors.ts'

const keyOf = (o: KubeObject): string =>
  `${o.metadata.namespace ? `${o.metadata.namespace}/` : ''}${o.metadata.name ?? ''}`

/** Where what comes after an object begins. */
const endOf = (o: KubeObject): string => `${keyOf(o)}\u0000`

interface Token {
  readonly rv: number
  readonly start: string
}

function encodeToken(t: Token): string {
  return btoa(unescape(encodeURIComponent(JSON.stringify({ v: 'meta.k8s.io/v1', rv: t.rv, start: t.start }))))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}

/** storage.DecodeContinue. Throws BadRequest. */
function decodeToken(text: string): Token {
  const refused = (why: string): StatusError => badRequest(`invalid continue token: continue key is not valid: ${why}`)
  const bad = /[^\w-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : -1)
  if (bad >= 0) throw refused(`illegal base64 data at input byte ${bad}`)
  const bytes = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  // Go reads bytes: what is no text is told by its first one
  if (bytes >= '\u0080')
    throw refused(`invalid character '${goQuote(bytes.charAt(0)).slice(1, -1)}' looking for beginning of value`)
  let value: Json
  try {
    value = parseJson(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))))
  } catch (e) {
    throw refused((e as Error).message)
  }
  if (!isObject(value) || value.v !== 'meta.k8s.io/v1')
    throw refused(
      `server does not recognize this encoded version ${isObject(value) && typeof value.v === 'string' ? value.v : ''}`,
    )
  if (typeof value.rv !== 'number' || value.rv === 0)
    throw refused('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (typeof value.start !== 'string' || value.start === '')
    throw refused('encoded start key empty (version meta.k8s.io/v1)')
  return { rv: value.rv, start: value.start }
}

/**
 * A resourceVersion as a number; what is none is refused: a list with 400, a watch with 500 (storage's
 * ParseResourceVersion).
 */
export function parseVersion(text: string | undefined, verb: 'list' | 'watch'): number | undefined {
  if (text === undefined || text === '') return undefined
  if (/^\d+$/.test(text)) return Number(text)
  const why = `resourceVersion: Invalid value: ${goQuote(text)}: strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`
  throw verb === 'list' ? badRequest(`invalid resource version: ${why}`) : new StatusError(500, '', why)
}

/**
 * The objects of a kind as they were at a revision: today's, with what changed since taken back. Throws StoreExpired
 * when that is forgotten.
 */
function listAt(ctx: Context, version: number, namespace: string | undefined): KubeObject[] {
  const { store } = ctx.api
  const { storage } = ctx.served
  const changes: Change[] = []
  store.watch(version, (c) => {
    if (c.resource === storage && (!namespace || c.object.metadata.namespace === namespace)) changes.push(c)
  })()
  const objects = new Map(store.list(storage, namespace ? { namespace } : {}).map((o) => [keyOf(o), o]))
  for (const c of changes.reverse()) {
    if (c.type === 'ADDED') objects.delete(keyOf(c.object))
    else objects.set(keyOf(c.object), c.previous ?? c.object)
  }
  return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, o]) => o)
}

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

interface Listed {
  readonly objects: Iterable<KubeObject>
  readonly revision: number
  /** How many of them come after one. */
  readonly after: (o: KubeObject) => number
}

/**
 * What a request means, from the place on where the piece before it ended: now, or at the revision of its first piece,
 * or at exactly the revision it names.
 */
function listed(
  ctx: Context,
  namespace: string,
  filter: ReturnType<typeof filterOf>,
  token: Token | undefined,
  version: number | undefined,
): Listed {
  const { store } = ctx.api
  const { storage } = ctx.served
  const start = token?.start ?? ''
  const at = token
    ? token.rv
    : param(ctx, 'resourceVersionMatch') === 'Exact' ||
        (version && param(ctx, 'limit') && param(ctx, 'resourceVersionMatch') === undefined)
      ? version
      : undefined
  const from = (objects: readonly KubeObject[], revision: number): Listed => {
    const rest = start ? objects.filter((o) => keyOf(o) >= start) : objects
    return { objects: rest, revision, after: (o) => rest.length - rest.indexOf(o) - 1 }
  }
  if (at === undefined || at <= 0 || at >= store.revision) {
    if (filter.labels)
      return from(store.list(storage, { ...(namespace ? { namespace } : {}), labels: filter.labels }), store.revision)
    const key = (text: string): string => (text && !ctx.served.info.namespaced ? `/${text}` : text)
    return {
      objects: store.scan(storage, namespace, key(start)),
      revision: store.revision,
      after: (o) => store.left(storage, namespace, key(endOf(o))),
    }
  }
  try {
    return from(listAt(ctx, at, namespace), at)
  } catch (e) {
    if (!(e instanceof StoreExpired)) throw e
    if (!token) throw gone('The resourceVersion for the provided list is too old.')
    throw new ContinueExpired(encodeToken({ rv: -1, start: token.start }))
  }
}

/** 410 with a token that goes on from the same place in the present list. */
class ContinueExpired extends StatusError {
  readonly #token: string
  constructor(token: string) {
    super(410, 'Expired', CONTINUE_EXPIRED)
    this.#token = token
  }
  override status(): JsonObject {
    return { ...super.status(), metadata: { continue: this.#token } }
  }
}

/** Whether lists of a resource come from the watch cache, which knows no pieces: of all, only events have none. */
const fromCache = (served: Context['served']): boolean => served.info.resource !== 'events'

/** GET of a collection. */
export async function list(ctx: Context): Promise<ApiResponse> {
  const { api, served } = ctx
  checkListOptions(ctx, false)
  const filter = filterOf(ctx)
  const version = parseVersion(param(ctx, 'resourceVersion'), 'list')
  if (version !== undefined && version > api.store.revision) {
    // what is to be exactly of then goes past the cache to etcd
    if (param(ctx, 'resourceVersionMatch') === 'Exact')
      throw new StatusError(500, '', 'etcdserver: mvcc: required revision is a future revision')
    throw new StatusError(
      504,
      'Timeout',
      `Timeout: Too large resource version: ${version}, current: ${api.store.revision}`,
      {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    )
  }
  const token = param(ctx, 'continue') ? decodeToken(param(ctx, 'continue') ?? '') : undefined
  const limit = version === 0 && !token && fromCache(served) ? 0 : Number(param(ctx, 'limit') ?? 0) || 0
  if (token && !['', '0'].includes(param(ctx, 'resourceVersion') ?? ''))
    throw badRequest('specifying resource version is not allowed when using continue')
  const namespace = namespaceOf(ctx)
  const present = await listForm(ctx)
  const { objects, revision, after } = listed(ctx, namespace, filter, token, version)
  const metadata: Record<string, string | number> = { resourceVersion: String(revision) }
  const converts = served.stored || served.custom
  function* piece(): Generator<KubeObject> {
    let last: KubeObject | undefined
    let n = 0
    for (const o of objects) {
      if (!filter.matches(o)) continue
      if (last && n === limit) {
        metadata.continue = encodeToken({ rv: revision, start: endOf(last) })
        // with a selector the server does not know how many are left
        if (filter.empty) metadata.remainingItemCount = after(last)
        return
      }
      n++
      last = o
      yield converts ? inVersion(ctx, o) : o
    }
  }
  return present(piece(), metadata)
}
