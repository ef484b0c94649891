// The clock of the simulation: real time with an offset, or frozen; pinned to a moment while due wake-ups are caught up
// with.
import { isObject } from '../apimachinery/object.ts'
import type { Json } from '../apimachinery/object.ts'
import type { Clock } from '../apimachinery/ports.ts'
import type { Store } from '../storage/store.ts'

/** How the state says its time: `offset` milliseconds ahead of the machine's, or stopped at `frozen`. */
export interface ClockState {
  readonly offset: number
  readonly frozen?: number
}

function readClock(value: Json | undefined): ClockState {
  if (!isObject(value)) return { offset: 0 }
  return {
    offset: typeof value.offset === 'number' ? value.offset : 0,
    ...(typeof value.frozen === 'number' ? { frozen: value.frozen } : {}),
  }
}

/** A clock that reads its offset from the store, so that every process on one state agrees. */
export class SimClock implements Clock {
  readonly #real: Clock
  readonly #store: Store
  #pinned: number | undefined
  /** Up to when due wake-ups are being caught up with. */
  horizon: number | undefined
  constructor(real: Clock, store: Store) {
    this.#real = real
    this.#store = store
  }

  #read: { readonly from: Json | undefined; readonly state: ClockState } | undefined
  get state(): ClockState {
    const from = this.#store.meta('clock')
    if (this.#read?.from !== from || !this.#read) this.#read = { from, state: readClock(from) }
    return this.#read.state
  }
  set(state: ClockState): void {
    this.#store.setMeta('clock', { ...state })
  }

  /** What the clock shows when nothing is pinned. */
  running(): number {
    const s = this.state
    return s.frozen ?? this.#real.now() + s.offset
  }
  now(): number {
    return this.#pinned ?? this.running()
  }
  get frozen(): boolean {
    return this.state.frozen !== undefined
  }

  /** Holds the clock at a moment while `work` runs. */
  async at<T>(moment: number, work: () => Promise<T>): Promise<T> {
    const before = this.#pinned
    this.#pinned = moment
    try {
      return await work()
    } finally {
      this.#pinned = before
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms, signal)
  }
  /** The real time, for freezing and resuming. */
  real(): number {
    return this.#real.now()
  }
}
