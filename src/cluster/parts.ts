// What a cluster is made of, as those see it who answer for it.
import type { Entropy } from '../apimachinery/ports.ts'
import type { Store } from '../storage/store.ts'
import type { Lister } from './lister.ts'
import type { Profile } from './profile.ts'
import type { Engine } from './settle.ts'
import type { SimClock } from './simclock.ts'

/** The parts of a cluster. */
export interface ClusterParts {
  readonly store: Store
  readonly lister: Lister
  readonly clock: SimClock
  readonly engine: Engine
  readonly profile: Profile
  readonly entropy: Entropy
  /** Moves the simulated time on; everything due on the way happens at its own moment. */
  advance(ms: number): Promise<void>
}
