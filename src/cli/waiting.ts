// Waiting for one object: list it, then watch it, until it is as wanted or the time is up (client-go's UntilWithSync,
// kubectl/pkg/cmd/wait).
import type { JsonObject } from '../apimachinery/object.ts'
import { StatusError, notFound } from '../apimachinery/status.ts'
import type { Factory } from './command.ts'
import { CliError } from './exit.ts'
import { metaOf } from './info.ts'
import type { Info } from './info.ts'

/** kubectl's "for ever": a week. */
export const WEEK = 168 * 3600 * 1000

/** Ends what runs under its signal when the time is up or the user interrupts. */
export function deadline(
  factory: Factory,
  ms: number,
): { readonly signal: AbortSignal; timedOut(): boolean; done(): void } {
  const ac = new AbortController()
  let late = false
  void factory.io.clock.sleep(ms, ac.signal).then(
    () => {
      late = true
      ac.abort(new Error('timeout'))
    },
    () => {
      /* stopped before */
    },
  )
  const stop = (): void => {
    ac.abort(new Error('interrupted'))
  }
  factory.io.signal.addEventListener('abort', stop, { once: true })
  return {
    signal: ac.signal,
    timedOut: () => late,
    done: () => {
      factory.io.signal.removeEventListener('abort', stop)
      ac.abort(new Error('done'))
    },
  }
}

/** The sentence of a wait that ran out of time. */
export const timeoutError = (info: Info): CliError =>
  new CliError(`timed out waiting for the condition on ${info.mapping?.resource ?? ''}/${info.name}`)

export interface Sighting {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: JsonObject
}

/**
 * Watches one object until `met` says so. `absent` decides what its absence at the start means: true ends the wait
 * well.
 * Returns the object that met the condition, or undefined when its absence did. Throws CliError when the time is up.
 */
export async function until(
  factory: Factory,
  info: Info,
  timeoutMs: number,
  absent: boolean,
  met: (seen: Sighting) => boolean,
): Promise<JsonObject | undefined> {
  const { mapping } = info
  if (!mapping) throw new CliError('nothing to wait for')
  const client = await factory.client()
  const limit = deadline(factory, timeoutMs)
  const fieldSelector = `metadata.name=${info.name}`
  try {
    for (;;) {
      const list = await client.list(mapping.path, info.namespace, { query: { fieldSelector } })
      const first = list.items[0] as JsonObject | undefined
      if (!first) {
        if (absent) return undefined
        throw notFound({ group: mapping.group, resource: mapping.resource }, info.name)
      }
      const object = { apiVersion: mapping.groupVersion, kind: mapping.kind, ...first }
      if (met({ type: 'ADDED', object })) return object
      try {
        for await (const e of client.watch(mapping.path, info.namespace, {
          query: { fieldSelector, resourceVersion: list.metadata.resourceVersion },
          signal: limit.signal,
        })) {
          if (e.type === 'ERROR' || e.type === 'BOOKMARK') continue
          if (met({ type: e.type, object: e.object })) return e.object
        }
      } catch (e) {
        if (!limit.signal.aborted) throw e
      }
      if (limit.timedOut()) throw timeoutError(info)
      if (limit.signal.aborted) throw new CliError('signal: interrupt')
    }
  } finally {
    limit.done()
  }
}

export const uidOf = (o: JsonObject | undefined): string => {
  const v = metaOf(o).uid
  return typeof v === 'string' ? v : ''
}

/** Waits until an object is gone, or another of its name has taken its place. */
export async function untilDeleted(
  factory: Factory,
  info: Info,
  timeoutMs: number,
  uid?: string,
): Promise<JsonObject | undefined> {
  if (!info.name) throw new CliError('resource name must be provided')
  const { mapping } = info
  if (!mapping) return info.object
  const client = await factory.client()
  let current: JsonObject
  try {
    current = (await client.get(mapping.path, info.namespace, info.name)) as JsonObject
  } catch (e) {
    if (e instanceof StatusError && e.code === 404) return info.object
    throw e
  }
  if (uid && uidOf(current) !== uid) return current
  if (timeoutMs === 0) throw new CliError(`condition not met for ${mapping.resource}/${info.name}`)
  await until(
    factory,
    info,
    timeoutMs,
    true,
    (seen) => seen.type === 'DELETED' || (uid !== undefined && uid !== '' && uidOf(seen.object) !== uid),
  )
  return current
}
