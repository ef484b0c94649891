// A cluster in memory for tests: the recorded profile, a clock that stands still, chance that repeats.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../src/apimachinery/ports.ts'
import { createCluster } from '../../src/cluster/cluster.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { parseProfile } from '../../src/cluster/profiles.ts'
import { Client } from '../../src/client/client.ts'
import { entropyFrom, seededRandom } from '../../src/apimachinery/entropy.ts'
import { schemasOfPackage } from '../../src/shipped.ts'
import { MemoryStore } from '../../src/storage/memory.ts'
import type { Store } from '../../src/storage/store.ts'

const PROFILE = join(import.meta.dirname, '../../fixtures/profiles/recorded.yaml')

export interface MemoryCluster {
  readonly cluster: Cluster
  readonly client: Client
  /** Controllers that failed: never expected. */ readonly errors: string[]
}

/** A cluster of its own, at rest. */
export async function memoryCluster(seed = 1, store: Store = new MemoryStore()): Promise<MemoryCluster> {
  const errors: string[] = []
  const clock: Clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5), sleep: () => Promise.resolve() }
  const profile = await parseProfile(readFileSync(PROFILE, 'utf8'), PROFILE)
  const cluster = await createCluster({
    store,
    schemas: schemasOfPackage(),
    clock,
    entropy: entropyFrom(seededRandom(seed, () => undefined)),
    profile,
    onControllerError: (name, key, e) => {
      errors.push(`${name} ${key}: ${String(e)}`)
    },
  })
  return { cluster, client: new Client(cluster.door), errors }
}
