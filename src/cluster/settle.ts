// The engine under the controllers: changes become keys, keys are reconciled until nothing is left (a fixpoint), due
// wake-ups run at their own time.
import { isObject } from '../apimachinery/object.ts'
import { StatusError, isNamespaceTerminating } from '../apimachinery/status.ts'
import { StoreFull } from '../storage/store.ts'
import type { Change, Store } from '../storage/store.ts'
import type { Again, Controller, ControllerContext } from './controller.ts'
import type { ControllerLine } from './controllers/index.ts'
import type { Lister } from './lister.ts'
import type { SimClock } from './simclock.ts'

/** A key that asked to be looked at again at a time (milliseconds since 1970). */
export interface WakeUp {
  readonly controller: string
  readonly key: string
  readonly at: number
  /** A running program goes on: nothing that others wait for. */ readonly soft?: true
  /** May come early for who waits for it. */ readonly early?: true
  /** How often in a row it failed. */ readonly failures?: number
}

/** How often one key may come round while nothing else asks for it: more is a controller that contradicts itself. */
const ROUNDS = 200

export interface EngineOptions {
  readonly store: Store
  readonly lister: Lister
  readonly clock: SimClock
  readonly controllers: readonly ControllerLine[]
  readonly contextFor: (controller: string) => ControllerContext
  /** Told of a reconcile that failed for good; the key is dropped. */
  readonly onError?: (controller: string, key: string, error: unknown) => void
  /** Called between pieces of work: lets others have their turn when it is theirs. */
  readonly breathe?: () => Promise<void> | undefined
}

/** How long to wait before a write is tried again that found no room, in milliseconds. */
const NO_ROOM = 10_000

export class Engine {
  readonly #o: EngineOptions
  readonly #loaded = new Map<string, Controller>()
  readonly #listeners = new Map<string, readonly ControllerLine[]>()
  #changes: Change[] = []
  readonly #queues = new Map<string, Set<string>>()
  /** Lists of keys that stand in a queue whole: a source that wakes the same thousands for each change gives the same. */
  readonly #whole = new Map<string, readonly string[]>()
  readonly #wake = new Map<string, WakeUp>()
  /** The keys in the queues that asked for it. */
  readonly #awaited = new Set<string>()
  /** How often in a row a key failed. */
  readonly #failures = new Map<string, number>()
  #running: Promise<void> | undefined
  #halted = false
  /**
   * Whether controllers take turns instead of going in their order: what never ends must not keep off those who are to
   * end it.
   */
  fair = false
  readonly #stop: () => void

  constructor(options: EngineOptions) {
    this.#o = options
    const wake = options.store.meta('wakeups')
    for (const w of Array.isArray(wake) ? wake : [])
      if (isObject(w) && typeof w.at === 'number') {
        const id = `${String(w.controller)} ${String(w.key)}`
        const failures = typeof w.failures === 'number' ? w.failures : 0
        if (failures) this.#failures.set(id, failures)
        this.#wake.set(id, {
          controller: String(w.controller),
          key: String(w.key),
          at: w.at,
          ...(w.soft === true ? { soft: true as const } : {}),
          ...(w.early === true ? { early: true as const } : {}),
          ...(failures ? { failures } : {}),
        })
      }
    // changes that an earlier process acknowledged and did not live to act upon
    const settled = options.store.meta('settled')
    const from = typeof settled === 'number' ? settled : options.store.revision
    const listen = (c: Change): void => {
      this.#changes.push(c)
    }
    try {
      this.#stop = options.store.watch(from, listen)
    } catch {
      this.#stop = options.store.watch(options.store.revision, listen)
      this.everything()
    }
  }

  /** Wakes every controller for every object: after a gap in the changes. */
  everything(): void {
    for (const resource of this.#o.store.resources())
      for (const object of this.#o.store.list(resource))
        this.#changes.push({ revision: this.#o.store.revision, type: 'ADDED', resource, object })
  }

  get dirty(): boolean {
    return this.#changes.length > 0 || this.#queues.size > 0 || this.#running !== undefined
  }
  /** When the next wake-up is due, if any. */
  get nextWake(): number | undefined {
    let next: number | undefined
    for (const w of this.#wake.values()) if (next === undefined || w.at < next) next = w.at
    return next
  }

  /** When something other than a running program is due. */
  get nextHardWake(): number | undefined {
    let next: number | undefined
    for (const w of this.#wake.values()) if (!w.soft && (next === undefined || w.at < next)) next = w.at
    return next
  }

  /** What may come early is due now. Returns whether there is any. */
  hasten(): boolean {
    const now = this.#o.clock.running()
    let any = false
    for (const [id, w] of this.#wake) {
      if (!w.early) continue
      any = true
      if (w.at > now) this.#wake.set(id, { ...w, at: now })
    }
    return any
  }

  /**
   * Runs controllers until nothing is left to do now, wake-ups that are due by `until` (default: the clock) included,
   * each at its own moment.
   */
  async settle(until = this.#o.clock.running()): Promise<void> {
    while (this.#running) await this.#running
    if (!this.dirty && (this.nextWake ?? Infinity) > until) return
    const work = this.#work(until)
    this.#running = work
    try {
      await work
    } finally {
      this.#running = undefined
    }
  }

  async #work(until: number): Promise<void> {
    this.#o.clock.horizon = until
    try {
      await this.#catchUp(until)
    } finally {
      this.#o.clock.horizon = undefined
    }
    // who was stopped on the way did not see everything: the next process goes on from where this one began
    if (!this.#halted) this.#remember()
  }

  async #catchUp(until: number): Promise<void> {
    await this.#quiet()
    for (let next = this.nextWake; next !== undefined && next <= until && !this.#halted; next = this.nextWake) {
      const moment = next
      await this.#o.clock.at(moment, async () => {
        for (const [id, w] of [...this.#wake])
          if (w.at <= moment) {
            this.#wake.delete(id)
            this.#awaited.add(id)
            this.#enqueue(w.controller, w.key)
          }
        await this.#quiet()
      })
    }
  }

  /**
   * What must survive this process: due wake-ups, and up to where the controllers have seen everything. Written only
   * where it differs.
   */
  #remember(): void {
    const { store } = this.#o
    const wake = [...this.#wake.values()]
      .sort((a, b) => a.at - b.at || (a.controller + a.key < b.controller + b.key ? -1 : 1))
      .map((w) => ({ ...w }))
    if (JSON.stringify(wake) !== JSON.stringify(store.meta('wakeups') ?? [])) store.setMeta('wakeups', wake)
    if (store.meta('settled') !== store.revision) store.setMeta('settled', store.revision)
  }

  #enqueue(controller: string, key: string): void {
    const q = this.#queues.get(controller)
    if (q) q.add(key)
    else this.#queues.set(controller, new Set([key]))
  }

  #enqueueAll(controller: string, keys: readonly string[]): void {
    if (keys.length > 1 && this.#whole.get(controller) === keys) return
    for (const key of keys) this.#enqueue(controller, key)
    if (keys.length > 1) this.#whole.set(controller, keys)
  }

  async #controller(line: ControllerLine): Promise<Controller> {
    let c = this.#loaded.get(line.name)
    if (!c) {
      c = await line.load()
      this.#loaded.set(line.name, c)
    }
    return c
  }

  /** Who listens to a resource: those that name it, then those that listen to all. */
  #listening(resource: string): readonly ControllerLine[] {
    let lines = this.#listeners.get(resource)
    if (!lines) {
      const { controllers } = this.#o
      lines = [resource, '*'].flatMap((r) => controllers.filter((c) => c.resources.includes(r)))
      this.#listeners.set(resource, lines)
    }
    return lines
  }

  async #distribute(): Promise<void> {
    const changes = this.#changes
    this.#changes = []
    const { breathe, lister, store } = this.#o
    for (const [at, change] of changes.entries()) {
      // what is left comes first when somebody gives up meanwhile
      const turn = breathe?.()
      if (turn) {
        await turn
        if (this.#halted) {
          this.#changes = [...changes.slice(at), ...this.#changes]
          return
        }
      }
      for (const line of this.#listening(change.resource)) {
        if (line.needs && change.resource !== line.needs && store.count(line.needs) === 0) continue
        if (line.wants && !line.wants(change, lister)) continue
        const c = this.#loaded.get(line.name) ?? (await this.#controller(line))
        for (const s of c.sources) {
          if (s.resource !== change.resource && s.resource !== '*') continue
          this.#enqueueAll(c.name, s.keys(change.object, lister, change))
          if (change.previous && change.type !== 'DELETED')
            this.#enqueueAll(c.name, s.keys(change.previous, lister, change))
        }
      }
    }
  }

  async #quiet(): Promise<void> {
    const rounds = new Map<string, Map<string, number>>()
    const turns = new Map<string, number>()
    for (;;) {
      if (this.#halted) return
      if (this.#changes.length) await this.#distribute()
      const line = this.#next(turns)
      if (!line) {
        this.#queues.clear()
        this.#whole.clear()
        if (this.#changes.length) continue
        return
      }
      turns.set(line.name, (turns.get(line.name) ?? 0) + 1)
      const controller = await this.#controller(line)
      const counted = rounds.get(line.name) ?? new Map<string, number>()
      rounds.set(line.name, counted)
      const keys = this.#queues.get(line.name) ?? new Set<string>()
      this.#queues.delete(line.name)
      this.#whole.delete(line.name)
      for (const key of keys) {
        const turn = this.#o.breathe?.()
        if (turn) await turn
        const n = (counted.get(key) ?? 0) + 1
        counted.set(key, n)
        if (this.#halted) return
        if (n > ROUNDS) {
          this.#o.onError?.(line.name, key, new Error(`the controller did not come to rest after ${ROUNDS} rounds`))
          continue
        }
        await this.#reconcile(controller, key)
      }
    }
  }

  /** The first controller with something to do; where all take turns, the one that had fewest. */
  #next(turns: ReadonlyMap<string, number>): ControllerLine | undefined {
    const waits = (c: ControllerLine): boolean => this.#queues.has(c.name)
    const first = this.#o.controllers.find(waits)
    if (!first || !this.fair) return first
    return this.#o.controllers
      .filter(waits)
      .reduce((a, b) => ((turns.get(b.name) ?? 0) < (turns.get(a.name) ?? 0) ? b : a))
  }

  async #reconcile(controller: Controller, key: string): Promise<void> {
    try {
      const awaited = this.#awaited.size > 0 && this.#awaited.delete(`${controller.name} ${key}`)
      const again = await controller.reconcile(key, this.#o.contextFor(controller.name), awaited)
      if (again) this.#wakeAgain(controller.name, key, again)
      else if (this.#wake.size > 0) this.#wake.delete(`${controller.name} ${key}`)
      if (!again?.doubled && this.#failures.size > 0) this.#failures.delete(`${controller.name} ${key}`)
    } catch (e) {
      // somebody else wrote meanwhile, or it went away: look again
      if (e instanceof StatusError && (e.reason === 'Conflict' || e.reason === 'NotFound'))
        this.#enqueue(controller.name, key)
      // what cannot be made in a namespace that goes need not be made
      else if (e instanceof StatusError && isNamespaceTerminating(e)) return
      else if (e instanceof StoreFull)
        this.#wake.set(`${controller.name} ${key}`, {
          controller: controller.name,
          key,
          at: this.#o.clock.now() + NO_ROOM,
        })
      else this.#o.onError?.(controller.name, key, e)
    }
  }

  #wakeAgain(controller: string, key: string, again: Again): void {
    const id = `${controller} ${key}`
    const { after, doubled, early, soft } = again
    const before = doubled ? (this.#failures.get(id) ?? 0) : 0
    if (doubled) this.#failures.set(id, before + 1)
    this.#wake.set(id, {
      controller,
      key,
      at: this.#o.clock.now() + Math.max(1, doubled ? Math.min(doubled, after * 2 ** before) : after),
      ...(soft ? { soft: true as const } : {}),
      ...(early ? { early: true as const } : {}),
      ...(doubled ? { failures: before + 1 } : {}),
    })
  }

  /** Leaves what there is to do to the next process. */
  halt(): void {
    this.#halted = true
  }

  close(): void {
    this.#stop()
  }
}
