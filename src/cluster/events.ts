// Records Events as client-go's recorder does: a new one, or the same one counted up when the same is said again about the same object.
import type { Event } from '../apimachinery/api/core.v1.ts'
import type { JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { Clock } from '../apimachinery/ports.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import type { Lister } from './lister.ts'

const rfc3339 = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

interface Said { readonly uid: string; readonly type: string; readonly reason: string; readonly message: string; readonly component: string; readonly fieldPath: string }
const sameness = (s: Said): string => [s.uid, s.type, s.reason, s.message, s.component, s.fieldPath].join('\u0000')

export type RecordEvent = (about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, component: string, options?: { readonly fieldPath?: string; readonly host?: string }) => Promise<void>

/** A recorder over the client. Events of a namespace that is going away are dropped, as upstream drops what cannot be written. */
export function createRecorder(client: Client, lister: Lister, clock: Pick<Clock, 'now'>): RecordEvent {
  const known = new Map<string, Map<string, string>>()
  let last = 0
  let tie = 0
  const names = (namespace: string): Map<string, string> => {
    let m = known.get(namespace)
    if (!m) {
      m = new Map()
      for (const e of lister.list<Event>('events', namespace)) m.set(sameness({ uid: e.involvedObject.uid ?? '', type: e.type ?? '', reason: e.reason ?? '', message: e.message ?? '', component: e.source?.component ?? '', fieldPath: e.involvedObject.fieldPath ?? '' }), e.metadata.name ?? '')
      known.set(namespace, m)
    }
    return m
  }
  return async (about, type, reason, message, component, options = {}) => {
    const namespace = about.metadata.namespace || 'default'
    const now = clock.now()
    const time = rfc3339(now)
    const id = sameness({ uid: about.metadata.uid ?? '', type, reason, message, component, fieldPath: options.fieldPath ?? '' })
    const names_ = names(namespace)
    const there = names_.get(id)
    const before = there ? lister.get<Event>('events', namespace, there) : undefined
    try {
      if (before && there) {
        await client.patch('v1/events', namespace, there, 'merge', { count: (before.count ?? 1) + 1, lastTimestamp: time })
        return
      }
      tie = now === last ? tie + 1 : 0
      last = now
      const name = `${about.metadata.name}.${(BigInt(Math.floor(now)) * 1000000n + BigInt(tie)).toString(16)}`
      const involved: JsonObject = {
        kind: about.kind, apiVersion: about.apiVersion, name: about.metadata.name, uid: about.metadata.uid, resourceVersion: about.metadata.resourceVersion,
        ...(about.metadata.namespace ? { namespace: about.metadata.namespace } : {}), ...(options.fieldPath ? { fieldPath: options.fieldPath } : {}),
      }
      await client.create('v1/events', namespace, {
        apiVersion: 'v1', kind: 'Event', metadata: { name, namespace }, involvedObject: involved, reason, message, type, count: 1, firstTimestamp: time, lastTimestamp: time,
        source: { component, ...(options.host ? { host: options.host } : {}) }, reportingComponent: component, reportingInstance: options.host ?? '',
      })
      names_.set(id, name)
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
    }
  }
}
