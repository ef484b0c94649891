// Makes a ready cluster of a profile, when the program is built: a whole cluster at a moment and with chance that leave
// marks, as a state file, and where in it these are (see readymade.ts).
import type { Entropy } from '../apimachinery/ports.ts'
import { copy } from '../apimachinery/object.ts'
import type { Draft, Json, KubeObject } from '../apimachinery/object.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import { MemoryStore, storeKey } from '../storage/memory.ts'
import { FORMAT } from '../storage/statefile-base.ts'
import { writeFolded } from '../storage/statefile-fold.ts'
import { createCluster } from './cluster.ts'
import type { Profile } from './profile.ts'
import { completeProfile } from './profiles.ts'
import type { Places } from './readymade.ts'

/** The moment at which it is made: so far away that nothing else in it looks like it. */
const MADE_AT = 4_000_000_000_000
/** What its uids and suffixes begin with. */
const UID = 'fac0de00-0000-4000-8000-'
const SUFFIX = 'zzz'
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

// a uid, a uid without dashes, a suffix, a time in seconds or microseconds, one in nanoseconds in an event's name, one
// in milliseconds
const MARK =
  /fac0de00-0000-4000-8000-(\d{12})|fac0de00000040008000(\d{12})|(zzz[b-df-hj-np-tv-z2-9]{2})|(2096-10-0\dT[\d:]{8}(\.\d{6})?)Z|(?<=\.)(3782d[0-9a-f]{11})|\b40000\d{8}\b/g

/** Chance whose every uid and suffix can be told from all other text. */
function marked(): Entropy {
  let uids = 0
  let suffixes = 0
  return {
    int: () => 0,
    uuid: () => UID + String(uids++).padStart(12, '0'),
    suffix: (length) => {
      const n = suffixes++
      const [a, b] = [ALPHABET[Math.floor(n / ALPHABET.length)], ALPHABET[n % ALPHABET.length]]
      if (length !== 5 || a === undefined || b === undefined)
        throw new Error('a ready cluster has few suffixes, of five letters')
      return SUFFIX + a + b
    },
    shuffle: (items) => [...items],
  }
}

/** A store whose small values can be listed. */
class OpenStore extends MemoryStore {
  values(): Record<string, Json> {
    return this.allMeta()
  }
}

/**
 * The ready cluster of a profile, as the bytes that readyState reads. Throws where something in it looks like a mark
 * and is none.
 */
export async function makeReadymade(shipped: Profile, schemas: Schemas): Promise<Buffer> {
  const profile = completeProfile(shipped)
  if (/fac0de00|zzz|2096-10|40000\d{8}/.test(JSON.stringify(profile)))
    throw new Error(`something in profile ${profile.name} looks like a mark of ready clusters`)
  const store = new OpenStore()
  const clock = { now: () => MADE_AT, sleep: () => new Promise<void>(() => undefined) }
  let failed: unknown
  const cluster = await createCluster({
    store,
    schemas,
    clock,
    entropy: marked(),
    profile,
    onControllerError: (_, __, e) => {
      failed = e
    },
  })
  await cluster.settle()
  if (failed) throw failed
  const version = (o: KubeObject): number => Number(o.metadata.resourceVersion)
  const all = store
    .resources()
    .flatMap((resource) => store.list(resource).map((object) => ({ resource, object })))
    .sort((a, b) => version(a.object) - version(b.object))
  // revisions are given anew, one for each object; who names one means what had been written by then
  const versions = all.map((x) => version(x.object))
  const renamed = (old: string): string => String(versions.filter((v) => v <= Number(old)).length || 1)
  const objects = new Map<string, Map<string, KubeObject>>()
  all.forEach(({ resource, object }, i) => {
    const draft = copy(object) as Draft<KubeObject> & { involvedObject?: { resourceVersion?: string } }
    draft.metadata.resourceVersion = String(i + 1)
    if (draft.involvedObject?.resourceVersion)
      draft.involvedObject.resourceVersion = renamed(draft.involvedObject.resourceVersion)
    const { namespace, name = '' } = object.metadata
    objects.set(resource, (objects.get(resource) ?? new Map()).set(storeKey(namespace, name), draft))
  })
  const head = {
    format: FORMAT,
    generation: `${UID}999999999999`, // each cluster's own
    revision: all.length,
    meta: { ...store.values(), settled: all.length },
  }
  await cluster.close()
  const chunks: Buffer[] = []
  writeFolded((chunk) => chunks.push(chunk), undefined, objects, head)
  const state = Buffer.concat(chunks)
  return Buffer.concat([Buffer.from(JSON.stringify(placesIn(state)) + '\n'), state])
}

/** Places by what stands there, in order. */
class Found<K extends string | number> {
  readonly #at = new Map<K, number[]>()
  add(what: K, at: number): void {
    const list = this.#at.get(what) ?? []
    this.#at.set(what, list)
    list.push(at)
  }
  of(what: K): readonly number[] {
    return this.#at.get(what) ?? []
  }
  get all(): readonly K[] {
    return [...this.#at.keys()].sort((a, b) => (a < b ? -1 : 1))
  }
}

/** Where marks stand in a state. */
function placesIn(state: Buffer): Places {
  const [dashed, bare, suffixes] = [new Found<string>(), new Found<string>(), new Found<string>()]
  const times = { seconds: new Found<number>(), micros: new Found<number>(), millis: new Found<number>() }
  const nanos = new Found<number>()
  for (const m of state.toString('latin1').matchAll(MARK)) {
    const [whole, uid, id, suffix, time, micro, nano] = m
    if (uid) dashed.add(uid, m.index)
    else if (id) bare.add(id, m.index)
    else if (suffix) suffixes.add(suffix, m.index)
    else if (time) times[micro ? 'micros' : 'seconds'].add(Date.parse(whole) - MADE_AT, m.index)
    else if (nano) nanos.add(Number(BigInt(`0x${nano}`) - BigInt(MADE_AT) * 1_000_000n), m.index)
    else times.millis.add(Number(whole) - MADE_AT, m.index)
  }
  return {
    uids: [...new Set([...dashed.all, ...bare.all])].sort().map((u) => [dashed.of(u), bare.of(u)] as const),
    suffixes: suffixes.all.map((s) => suffixes.of(s)),
    times: (['seconds', 'micros', 'millis'] as const).flatMap((form) =>
      times[form].all.map((after) => [form, after, times[form].of(after)] as const),
    ),
    nanos: nanos.all.map((after) => [after, nanos.of(after)] as const),
  }
}
