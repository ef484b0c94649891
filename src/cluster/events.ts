// Records Events as client-go's recorder does: a new one, or the same one counted up when the same is said again; many
// alike are combined, too many are dropped.
import type { Event } from '../apimachinery/api/core.v1.ts'
import type { JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { Clock } from '../apimachinery/ports.ts'
import { StatusError } from '../apimachinery/status.ts'
import { rfc3339, rfc3339Micro } from '../apimachinery/time.ts'
import type { Client } from '../client/client.ts'
import type { EventMore } from './controller.ts'
import type { WriteEvent } from './eventwriter.ts'
import type { Lister } from './lister.ts'

/** How a combined event begins. */
const COMBINED = '(combined from similar events): '

interface Said {
  readonly uid: string
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly component: string
  readonly fieldPath: string
}
const sameness = (s: Said): string => [s.uid, s.type, s.reason, s.message, s.component, s.fieldPath].join('\u0000')
/** What makes a series of events.k8s.io: whatever they say, but of the object as it was then (getKey). */
const seriesOf = (uid: string, version: string, type: string, reason: string, component: string): string =>
  sameness({ uid: `${uid} ${version}`, type, reason, message: '', component, fieldPath: '' })

export type RecordEvent = (
  about: KubeObject,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  component: string,
  options?: EventMore,
) => Promise<void>

/** So many different messages of one kind within `SIMILAR_FOR` become one event (EventAggregator). */
const SIMILAR = 10
const SIMILAR_FOR = 600_000
/**
 * How many events one source may say of one object at once, and how long until it may say one more
 * (EventSourceObjectSpamFilter).
 */
const BURST = 25
const REFILL = 300_000
/** How often a series is written. */
const SERIES = 360_000

interface Speaker {
  /** Messages of each type and reason, and when the last one came. */
  readonly messages: Map<string, { readonly texts: Set<string>; last: number }>
  tokens: number
  since: number
}

/** So many objects' events are looked up one by one; then all of their namespace are read. */
const FEW = 16

/** What a namespace's events already say. */
interface Heard {
  /** The objects whose events were read, each before something new is said of it. */
  readonly about: Set<string>
  /** The events of all objects, once they were read at once. */
  all?: Map<string, Event[]>
  readonly names: Map<string, string>
  readonly speakers: Map<string, Speaker>
  /** How often something was said that was not written. */ readonly unwritten: Map<string, number>
}

const aboutOf = (uid = '', name = ''): string => `${uid} ${name}`
const toldOf = (e: Event): string => aboutOf(e.involvedObject.uid, e.involvedObject.name)
const speakerOf = (uid: string, component: string, host: string): string => [uid, component, host].join('\u0000')

/** The program that an event is written by. */
export interface Author {
  readonly client: Client
  readonly write: WriteEvent
}

/**
 * What all programs say is counted in one place; the result gives each of them its recorder. Events of a namespace
 * that is going away are dropped, as upstream drops what cannot be written.
 */
export function createRecorders(lister: Lister, clock: Pick<Clock, 'now'>): (author: Author) => RecordEvent {
  const known = new Map<string, Heard>()
  let last = 0
  let tie = 0
  const speaker = (h: Heard, key: string, now: number): Speaker => {
    let s = h.speakers.get(key)
    if (!s) {
      s = { messages: new Map(), tokens: BURST, since: now }
      h.speakers.set(key, s)
    }
    return s
  }
  const note = (s: Speaker, kind: string, text: string, now: number): number => {
    let m = s.messages.get(kind)
    if (!m || now - m.last > SIMILAR_FOR) {
      m = { texts: new Set(), last: now }
      s.messages.set(kind, m)
    }
    m.last = now
    m.texts.add(text)
    return m.texts.size
  }
  /** What earlier processes said of an object. */
  const said = (h: Heard, namespace: string, name: string, about: string): readonly Event[] => {
    // events are named after what they are about
    if (h.about.size <= FEW)
      return lister.named<Event>('events', namespace, `${name}.`).filter((e) => toldOf(e) === about)
    if (!h.all) {
      h.all = new Map()
      for (const e of lister.list<Event>('events', namespace)) {
        const known = h.all.get(toldOf(e))
        if (known) known.push(e)
        else h.all.set(toldOf(e), [e])
      }
    }
    return h.all.get(about) ?? []
  }
  const heard = (namespace: string, { metadata }: KubeObject): Heard => {
    let h = known.get(namespace)
    if (!h) {
      h = { about: new Set(), names: new Map(), speakers: new Map(), unwritten: new Map() }
      known.set(namespace, h)
    }
    const about = aboutOf(metadata.uid, metadata.name)
    if (h.about.has(about)) return h
    h.about.add(about)
    const uid = metadata.uid ?? ''
    const speakers = new Set<Speaker>()
    for (const e of said(h, namespace, metadata.name ?? '', about)) {
      const component = e.source?.component ?? e.reportingComponent ?? ''
      const { type = '', reason = '', message = '', involvedObject } = e
      const id = e.eventTime
        ? seriesOf(uid, involvedObject.resourceVersion ?? '', type, reason, component)
        : sameness({
            uid,
            type,
            reason,
            message: message.startsWith(COMBINED) ? COMBINED : message,
            component,
            fieldPath: involvedObject.fieldPath ?? '',
          })
      h.names.set(id, e.metadata.name ?? '')
      if (e.eventTime) continue
      const at = e.lastTimestamp ? Date.parse(e.lastTimestamp) : clock.now()
      const s = speaker(h, speakerOf(uid, component, e.source?.host ?? ''), at)
      s.tokens -= e.count ?? 1
      s.since = Math.max(s.since, at)
      note(s, `${e.type} ${e.reason}`, e.message ?? '', at)
      speakers.add(s)
    }
    for (const s of speakers) s.tokens = Math.max(0, s.tokens)
    return h
  }
  const nameOf = (about: KubeObject, now: number): string => {
    tie = now === last ? tie + 1 : 0
    last = now
    return `${about.metadata.name}.${(BigInt(Math.floor(now)) * 1000000n + BigInt(tie)).toString(16)}`
  }
  /** What tells events apart that have values in other fields, or other authors. */
  const sortOf = (about: KubeObject, author: string, more: string): string => {
    const { namespace, uid, resourceVersion } = about.metadata
    const known = `${uid === undefined ? '' : 'u'}${resourceVersion === undefined ? '' : 'v'}`
    return [namespace ?? '', about.apiVersion, about.kind, known, author, more].join(' ')
  }
  const involvedIn = ({ apiVersion, kind, metadata }: KubeObject, fieldPath?: string): JsonObject => ({
    kind,
    ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
    name: metadata.name,
    uid: metadata.uid,
    apiVersion,
    resourceVersion: metadata.resourceVersion,
    ...(fieldPath ? { fieldPath } : {}),
  })
  /**
   * As client-go's recorder for events.k8s.io: one event, and a series from the second time on, which is written every
   * six minutes.
   */
  const observed = async (
    { client, write }: Author,
    h: Heard,
    about: KubeObject,
    type: string,
    reason: string,
    message: string,
    component: string,
    options: EventMore,
  ): Promise<void> => {
    const namespace = about.metadata.namespace || 'default'
    const now = clock.now()
    const { uid = '', resourceVersion = '' } = about.metadata
    const id = seriesOf(uid, resourceVersion, type, reason, component)
    const there = h.names.get(id)
    const before = there ? lister.get<Event>('events', namespace, there) : undefined
    try {
      if (before && there) {
        const times = (options.times ?? 1) + (h.unwritten.get(id) ?? 0)
        if (before.series?.lastObservedTime && now - Date.parse(before.series.lastObservedTime) < SERIES) {
          h.unwritten.set(id, times)
          return
        }
        h.unwritten.delete(id)
        await client.patch('v1/events', namespace, there, 'merge', {
          series: { count: (before.series?.count ?? 1) + times, lastObservedTime: rfc3339Micro(now) },
        })
        return
      }
      const name = nameOf(about, now)
      const instance = `${component}-${lister.list('nodes')[0]?.metadata.name ?? 'vm'}`
      await write(namespace, sortOf(about, instance, options.action === '' ? '' : 'action'), {
        kind: 'Event',
        apiVersion: 'v1',
        metadata: { name, namespace },
        involvedObject: involvedIn(about),
        reason,
        message,
        source: {},
        firstTimestamp: null,
        lastTimestamp: null,
        type,
        eventTime: rfc3339Micro(now),
        action: options.action ?? '',
        reportingComponent: component,
        reportingInstance: instance,
      })
      h.names.set(id, name)
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
    }
  }
  return (author) =>
    async (about, type, reason, message, component, options = {}) => {
      const namespace = about.metadata.namespace || 'default'
      const now = clock.now()
      const time = rfc3339(now)
      const h = heard(namespace, about)
      const uid = about.metadata.uid ?? ''
      if (options.action !== undefined) return observed(author, h, about, type, reason, message, component, options)
      const s = speaker(h, speakerOf(uid, component, options.host ?? ''), now)
      const combined = note(s, `${type} ${reason}`, message, now) >= SIMILAR
      s.tokens = Math.min(BURST, s.tokens + Math.max(0, now - s.since) / REFILL)
      s.since = now
      const text = combined ? `${COMBINED}${message}` : message
      const id = sameness({
        uid,
        type,
        reason,
        message: combined ? COMBINED : message,
        component,
        fieldPath: options.fieldPath ?? '',
      })
      // what is not written counts all the same
      const times = (options.times ?? 1) + (h.unwritten.get(id) ?? 0)
      if (s.tokens < 1) {
        h.unwritten.set(id, times)
        return
      }
      s.tokens--
      h.unwritten.delete(id)
      const there = h.names.get(id)
      const before = there ? lister.get<Event>('events', namespace, there) : undefined
      try {
        if (before && there) {
          await author.client.patch('v1/events', namespace, there, 'merge', {
            count: (before.count ?? 1) + times,
            lastTimestamp: time,
            ...(combined ? { message: text } : {}),
          })
          return
        }
        const name = nameOf(about, now)
        // in the order of the types, so that nothing is put in order again
        const sort = sortOf(about, `${component}${options.host ? ' host' : ''}`, options.fieldPath ? 'part' : '')
        await author.write(namespace, sort, {
          kind: 'Event',
          apiVersion: 'v1',
          metadata: { name, namespace },
          involvedObject: involvedIn(about, options.fieldPath),
          reason,
          message: text,
          source: { component, ...(options.host ? { host: options.host } : {}) },
          firstTimestamp: time,
          lastTimestamp: time,
          count: times,
          type,
          reportingComponent: component,
          reportingInstance: options.host ?? '',
        })
        h.names.set(id, name)
      } catch (e) {
        if (!(e instanceof StatusError)) throw e
      }
    }
}
