// Makes a ready cluster of a profile, when the program is built: a whole cluster at a moment and with chance that leave
// marks (see readymade.ts).
import type { Entropy } from '../apimachinery/ports.ts'
import { copy } from '../apimachinery/object.ts'
import type { Draft, Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import { MemoryStore } from '../storage/memory.ts'
import { createCluster } from './cluster.ts'
import type { Profile } from './profile.ts'
import { completeProfile } from './profiles.ts'
import { MADE_AT, MARKS } from './readymade.ts'
import type { Readymade } from './readymade.ts'

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** Chance whose every uid and suffix can be told from all other text. */
function marked(): Entropy {
  let uids = 0
  let suffixes = 0
  return {
    int: () => 0,
    uuid: () => MARKS.uid + String(uids++).padStart(12, '0'),
    suffix: (length) => {
      const n = suffixes++
      const [a, b] = [ALPHABET[Math.floor(n / ALPHABET.length)], ALPHABET[n % ALPHABET.length]]
      if (length !== 5 || a === undefined || b === undefined)
        throw new Error('a ready cluster has few suffixes, of five letters')
      return MARKS.suffix + a + b
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
 * The ready cluster of a profile, as the text that fill reads. Throws where something in it looks like a mark and is
 * none.
 */
export async function makeReadymade(shipped: Profile, schemas: Schemas): Promise<string> {
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
  const objects = all.map(({ resource, object }): [string, JsonObject] => {
    const draft = copy(object) as Draft<KubeObject> & { involvedObject?: { resourceVersion?: string } }
    delete draft.metadata.resourceVersion
    if (draft.involvedObject?.resourceVersion)
      draft.involvedObject.resourceVersion = renamed(draft.involvedObject.resourceVersion)
    return [resource, draft as unknown as JsonObject]
  })
  const meta = store.values()
  await cluster.close()
  const made: Readymade = { objects, meta }
  return JSON.stringify(made)
}
