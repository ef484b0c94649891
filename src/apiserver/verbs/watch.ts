// Watches: the present state or the changes after a revision, as a stream of events; as apiserver's handlers/watch.go
// and the watch cache.
import type { ApiResponse, WatchEvent } from '../../apimachinery/door.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { gone } from '../../apimachinery/status.ts'
import { StoreExpired } from '../../storage/store.ts'
import type { Change } from '../../storage/store.ts'
import { param } from '../api.ts'
import type { Context } from '../api.ts'
import { checkListOptions } from '../listoptions.ts'
import { formOf } from '../negotiate.ts'
import { fromStored, namespaceOf } from '../stored.ts'
import { filterOf, flag } from '../selectors.ts'
import { parseVersion } from './list.ts'

/** So many changes may wait for a reader that does not read; then it is told that it missed some, and lists again. */
const PATIENCE = 10_000
/** How often a watcher that may be told learns the present revision, in milliseconds. */
const BOOKMARK_EVERY = 60_000

/** An event that waits: the object as it is stored, and the newest revision that its reader had seen before it. */
interface Waiting {
  readonly type: WatchEvent['type']
  readonly object: JsonObject | KubeObject
  readonly since: number
}

/** Events in order, read by one reader; ends when told. They take their form when they are read: until then they are the store's. */
class Channel implements AsyncIterable<WatchEvent> {
  #queue: Waiting[] = []
  #wake: (() => void) | undefined
  #ended = false
  readonly #form: (e: Waiting) => JsonObject
  onEnd: (() => void) | undefined
  constructor(form: (e: Waiting) => JsonObject) {
    this.#form = form
  }
  push(e: Waiting): void {
    if (!this.#ended) {
      this.#queue.push(e)
      this.#wake?.()
    }
  }
  get waiting(): number {
    return this.#queue.length
  }
  /** Since which revision something waits. */
  get since(): number {
    return this.#queue[0]?.since ?? Infinity
  }
  /** Ends with one last event instead of those that wait. */
  fail(e: Waiting): void {
    if (!this.#ended) {
      this.#queue = [e]
      this.end()
    }
  }
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.onEnd?.()
    this.#wake?.()
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent> {
    try {
      for (;;) {
        const next = this.#queue.shift()
        if (next) {
          yield { type: next.type, object: this.#form(next) }
          continue
        }
        if (this.#ended) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = undefined
      }
    } finally {
      this.#queue = []
      this.end()
    }
  }
}

/** GET with watch=true: what changes, as it changes. */
export async function watch(ctx: Context): Promise<ApiResponse> {
  const { api, served, request } = ctx
  checkListOptions(ctx, true)
  const filter = filterOf(ctx)
  const version = parseVersion(param(ctx, 'resourceVersion'), 'watch')
  const form = formOf(request.headers?.accept)
  const forms = form === 'object' ? undefined : await import('../table.ts')
  const namespace = namespaceOf(ctx)
  let first = true
  const shown = (o: KubeObject): JsonObject => {
    const object = fromStored(served, o)
    if (!forms) return object
    if (form !== 'Table') return forms.partialMetadata(object)
    const out = forms.table(ctx, [object], { resourceVersion: o.metadata.resourceVersion ?? '' }, first)
    first = false
    return out
  }
  const channel = new Channel((e) =>
    e.type === 'BOOKMARK' || e.type === 'ERROR' || form === 'Table' ? e.object : shown(e.object as KubeObject),
  )
  const { store } = api
  const since = (): number => store.revision
  const slow = (): void =>
    channel.fail({
      type: 'ERROR',
      object: gone(
        `too old resource version: this watch read too slowly, ${channel.waiting} events were waiting`,
      ).status(),
      since: since(),
    })
  const wanted = (o: KubeObject): boolean => (!namespace || o.metadata.namespace === namespace) && filter.matches(o)
  let patience = Infinity
  const send = (type: WatchEvent['type'], o: KubeObject): void => {
    if (channel.waiting >= patience) slow()
    else channel.push({ type, object: form === 'Table' ? shown(o) : o, since: since() })
  }
  const onChange = (c: Change): void => {
    // what the store does not keep any more is kept for nobody
    if (channel.since < store.oldest - 1) slow()
    if (c.resource !== served.storage) return
    const now = c.type !== 'DELETED' && wanted(c.object)
    const before = c.previous !== undefined && wanted(c.previous)
    if (now) send(before ? 'MODIFIED' : 'ADDED', c.object)
    // an object that no longer matches is gone for this watcher, in its last matching form
    else if (before)
      send(
        'DELETED',
        c.type === 'DELETED'
          ? c.object
          : {
              ...(c.previous ?? c.object),
              metadata: {
                ...(c.previous ?? c.object).metadata,
                resourceVersion: c.object.metadata.resourceVersion ?? '',
              },
            },
      )
  }
  const bookmark = (annotations?: JsonObject): void =>
    channel.push({
      type: 'BOOKMARK',
      object: {
        kind: served.info.kind,
        apiVersion: served.apiVersion,
        metadata: {
          resourceVersion: String(api.store.revision),
          creationTimestamp: null,
          ...(annotations ? { annotations } : {}),
        },
      },
      since: since(),
    })
  const asked = param(ctx, 'sendInitialEvents')
  const initial = asked === undefined ? version === undefined || version === 0 : flag(ctx, 'sendInitialEvents')
  try {
    if (initial) {
      for (const o of api.store.list(served.storage, namespace ? { namespace } : {})) if (wanted(o)) send('ADDED', o)
      if (flag(ctx, 'sendInitialEvents') && flag(ctx, 'allowWatchBookmarks'))
        bookmark({ 'k8s.io/initial-events-end': 'true' })
    }
    patience = PATIENCE + channel.waiting
    channel.onEnd = api.store.watch(initial || !version ? api.store.revision : version, onChange)
  } catch (e) {
    if (!(e instanceof StoreExpired)) throw e
    channel.push({
      type: 'ERROR',
      object: gone(`too old resource version: ${version} (${e.oldest})`).status(),
      since: since(),
    })
    channel.end()
  }
  if (request.signal?.aborted) channel.end()
  else request.signal?.addEventListener('abort', () => channel.end(), { once: true })
  if (flag(ctx, 'allowWatchBookmarks')) {
    const stop = new AbortController()
    const previous = channel.onEnd
    channel.onEnd = () => {
      previous?.()
      stop.abort()
    }
    void (async () => {
      for (;;) {
        await api.options.clock.sleep(BOOKMARK_EVERY, stop.signal)
        bookmark()
      }
    })().catch(() => undefined)
  }
  const seconds = Number(param(ctx, 'timeoutSeconds') ?? 0)
  if (seconds > 0) {
    const stop = new AbortController()
    const previous = channel.onEnd
    channel.onEnd = () => {
      previous?.()
      stop.abort()
    }
    void api.options.clock.sleep(seconds * 1000, stop.signal).then(
      () => channel.end(),
      () => {},
    )
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: null, stream: channel }
}
