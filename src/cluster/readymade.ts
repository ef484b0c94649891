// A new cluster of a profile that comes with the program, ready made: what bootstrap and the controllers made of it
// when the program was built,
// with the moment, the uids and the name suffixes put in when it is used. Making it anew costs ten times as much.
import type { Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { Entropy } from '../apimachinery/ports.ts'
import { parseTime, parseMicroTime, rfc3339, rfc3339Micro } from '../apimachinery/time.ts'
import type { Store } from '../storage/store.ts'

/** The moment at which it was made: so far away that nothing else in it looks like it. */
export const MADE_AT = 4_000_000_000_000
/** What its uids and suffixes begin with. */
export const MARKS = { uid: 'fac0de00-0000-4000-8000-', suffix: 'zzz' } as const

/** The objects in the order in which they were written last, and the store's small values. */
export interface Readymade {
  readonly objects: readonly (readonly [resource: string, object: JsonObject])[]
  readonly meta: Readonly<Record<string, Json>>
}

// a uid, two uids as a container's id, a suffix, a time, a time in nanoseconds in an event's name, a time in
// milliseconds
const MARK =
  /fac0de00-0000-4000-8000-(\d{12})|fac0de00000040008000(\d{12})|(zzz[b-df-hj-np-tv-z2-9]{2})|"(2096-10-0\dT[\d:]+(\.\d+)?Z)"|\.(3782d[0-9a-f]{11})|\b40000\d{8}\b/g

/** Writes the objects into an empty store, with all that is random or a time made now. */
export function fill(text: string, store: Store, now: number, entropy: Entropy): void {
  const later = now - MADE_AT
  const uids = new Map<string, string>()
  const suffixes = new Map<string, string>()
  const once = (of: Map<string, string>, mark: string, make: () => string): string => {
    let value = of.get(mark)
    if (value === undefined) {
      value = make()
      of.set(mark, value)
    }
    return value
  }
  const fresh = text.replace(
    MARK,
    (whole, uid?: string, hex?: string, suffix?: string, time?: string, micro?: string, nanos?: string) => {
      if (uid) return once(uids, uid, () => entropy.uuid())
      if (hex) return once(uids, hex, () => entropy.uuid()).replaceAll('-', '')
      if (suffix) return once(suffixes, suffix, () => entropy.suffix(5))
      if (time)
        return micro ? `"${rfc3339Micro(parseMicroTime(time) + later)}"` : `"${rfc3339(parseTime(time) + later)}"`
      if (nanos) return `.${(BigInt(`0x${nanos}`) + BigInt(later) * 1_000_000n).toString(16)}`
      return String(Number(whole) + later)
    },
  )
  const { objects, meta } = JSON.parse(fresh) as Readymade
  for (const [resource, object] of objects) store.create(resource, object as unknown as KubeObject)
  for (const [k, v] of Object.entries(meta)) store.setMeta(k, v)
  store.setMeta('settled', store.revision)
}
