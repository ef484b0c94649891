// When the controllers run: before anybody is answered, while somebody watches, and in a served cluster never so long
// that nobody else gets a turn.
import type { Clock } from '../apimachinery/ports.ts'
import type { Store } from '../storage/store.ts'
import type { Engine } from './settle.ts'
import type { SimClock } from './simclock.ts'

/** How long a watching process sleeps at most before it looks for changes by other processes, in milliseconds. */
const POLL = 50
/**
 * How long who asks a served cluster waits for the controllers to come to rest, in milliseconds; then the answer is
 * what there is.
 */
const PATIENCE = 1000
/** How long the same is waited for while they are known to be busy. */
const BUSY = 100
/** So long the controllers of a served cluster work before others get their turn, in milliseconds. */
const TURN = 25

/** What the pace of a cluster depends on. */
export interface PaceOptions {
  readonly engine: Engine
  readonly store: Store
  /** The simulation's time. */
  readonly clock: SimClock
  /** Real time, in which people wait. */
  readonly real: Clock
  /** Takes in what other processes wrote to the same state. */
  readonly refresh: (() => boolean) | undefined
}

/** The pace of one cluster. */
export class Pace {
  readonly #o: PaceOptions
  #served = false
  /** When the controllers began to work without a pause. */
  #turn = 0
  #watchers = 0
  #pumping = false
  /** Whether the controllers took longer than anybody waits. */
  #busy = false
  /** When it was last looked for what other processes wrote. */
  #looked: number
  constructor(o: PaceOptions) {
    this.#o = o
    this.#looked = o.real.now()
  }

  /**
   * Lets others have their turn, when there are any: nobody in here waits for anything but each other, and a million
   * pods to make would keep everybody else out.
   */
  breathe(): Promise<void> | undefined {
    if (!this.#served) return undefined
    const { real } = this.#o
    if (real.now() - this.#turn <= TURN) return undefined
    return real.sleep(0).then(() => {
      this.#turn = real.now()
    })
  }

  /** Who asks again and again, as wait --for=create does, sees what others wrote meanwhile. */
  look(): void {
    const { real, refresh } = this.#o
    if (real.now() - this.#looked < POLL) return
    this.#looked = real.now()
    refresh?.()
  }

  /** Runs the controllers to quiet, due wake-ups included. */
  async settle(): Promise<void> {
    const { engine, store, real } = this.#o
    if (!engine.dirty) this.#turn = real.now()
    await engine.settle()
    this.#busy = engine.fair = false
    // also where no object was written: whoever meant to write holds the state until then
    await store.flush()
  }

  /**
   * What was asked for is done and safe. Where nobody else is served, together with what the controllers make of it:
   * then the disk is waited for once.
   */
  async safe(): Promise<void> {
    const { engine, store } = this.#o
    await (engine.dirty && !this.#served ? this.settle() : store.flush())
  }

  /** Waits for the controllers; in a served cluster not for ever. False when they are still at it. */
  async settled(): Promise<boolean> {
    if (!this.#served) {
      await this.settle()
      return true
    }
    const stop = new AbortController()
    const work = this.settle()
      .then(() => true)
      .finally(() => stop.abort())
    const late = this.#o.real.sleep(this.#busy ? BUSY : PATIENCE, stop.signal).then(
      () => {
        this.#busy = this.#o.engine.fair = true
        return false
      },
      () => work,
    )
    late.catch(() => undefined)
    return Promise.race([work, late])
  }

  /** The controllers go on by themselves until the returned function is called. */
  watch(): () => void {
    this.#watchers++
    void this.#pump()
    return () => {
      this.#watchers--
    }
  }
  /** The same for a cluster that is served. */
  serve(): () => void {
    this.#served = true
    return this.watch()
  }
  /** A stream during which the controllers go on. */
  async *during<T>(stream: AsyncIterable<T>): AsyncGenerator<T> {
    const stop = this.watch()
    try {
      yield* stream
    } finally {
      stop()
    }
  }

  /** Keeps the cluster alive while somebody watches: due wake-ups, and what other processes write. */
  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    const { engine, clock, real, refresh } = this.#o
    try {
      while (this.#watchers > 0) {
        // a served cluster's clients wait as in life
        const hastened = (!this.#served || clock.frozen) && engine.hasten()
        const due = clock.frozen && !hastened ? Infinity : (engine.nextWake ?? Infinity) - clock.running()
        await real.sleep(Math.max(1, Math.min(POLL, due)))
        if (this.#watchers === 0) break
        refresh?.()
        await this.settle()
      }
    } finally {
      this.#pumping = false
    }
  }
}
