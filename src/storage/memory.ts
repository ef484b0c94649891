// The objects in memory: shelves by resource, in key order, with indexes by label and owner, and the recent changes for
// watchers. What etcd and the watch cache do.
import { equal, freeze } from '../apimachinery/object.ts'
import type { Json, KubeObject } from '../apimachinery/object.ts'
import { StoreConflict, StoreExpired, StoreFull } from './store.ts'
import type { Change, ListOptions, Source, Store, WholeState } from './store.ts'

const NO_SOURCE: Source = {
  resources: () => [],
  count: () => 0,
  scan: () => [],
  left: () => 0,
  find: () => undefined,
  narrow: () => [],
}

/** An object's place among its like: etcd's key without the prefix. */
export const storeKey = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`
const keyOf = (o: KubeObject): string => storeKey(o.metadata.namespace, o.metadata.name ?? '')
const byKey = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Whether a key is of a namespace, or of any (''), and does not come before another. */
const within = (namespace: string, from: string): ((key: string) => boolean) => {
  const prefix = namespace && storeKey(namespace, '')
  return (key) => key >= from && key.startsWith(prefix)
}

/** Where the objects begin, which are in the order of their keys, that do not come before a key. */
function firstAt(objects: readonly KubeObject[], key: string): number {
  let low = 0
  let high = objects.length
  while (low < high) {
    const middle = (low + high) >> 1
    const o = objects[middle]
    if (o && keyOf(o) < key) low = middle + 1
    else high = middle
  }
  return low
}

/** What an object is found by besides its key: its labels and its controlling owner. */
export function indexEntries(o: KubeObject): string[] {
  const entries = Object.entries(o.metadata.labels ?? {}).map(([k, v]) => `${k}=${v}`)
  for (const r of o.metadata.ownerReferences ?? []) entries.push(r.controller ? `@owner=${r.uid}` : `@ref=${r.uid}`)
  return entries
}

const NONE: readonly KubeObject[] = []

/** So many single lookups in the source are always cheaper than reading all. */
const FEW = 64
/** So many objects are looked at for what they are found by before an index is made. */
const SOUGHT = 2000

/** One resource's objects. Until `load`, only touched objects are here and the rest stands in the source. */
class Shelf {
  readonly objects = new Map<string, KubeObject>()
  /** Deleted here, still in the source. */
  readonly removed = new Set<string>()
  /** Keys here that the source does not have, and those of which nobody looked yet whether it has them. */
  readonly #added = new Set<string>()
  readonly #unsure = new Set<string>()
  #source: Source
  readonly #resource: string
  #loaded = false
  #lookups = 0
  #scanned = 0
  #sought = 0
  /** Keys in order, by namespace ('' for all); valid until a key comes or goes. */
  #keys = new Map<string, readonly string[]>()
  /** What was listed, by namespace; valid until something is written: a long list is asked for piece by piece. */
  #lists = new Map<string, readonly KubeObject[]>()
  #index: Map<string, Set<string>> | undefined
  /** Entries of the index in key order; what came since stands at the end. */
  #ordered = new Map<string, { readonly keys: string[]; sorted: boolean }>()

  constructor(resource: string, source: Source) {
    this.#resource = resource
    this.#source = source
    this.#loaded = source.count(resource) === 0
  }

  get loaded(): boolean {
    return this.#loaded
  }
  /** Whether all that is known of a key stands in the source. */
  untouched(key: string): boolean {
    return !this.#loaded && !this.objects.has(key) && !this.removed.has(key)
  }
  adopt(source: Source): void {
    this.#source = source
    this.removed.clear()
    this.#added.clear()
    this.#unsure.clear()
  }

  get(key: string): KubeObject | undefined {
    const here = this.objects.get(key)
    if (here || this.#loaded || this.removed.has(key)) return here
    // who looks for many objects one by one is better off with all of them
    if (++this.#lookups > FEW + this.#source.count(this.#resource) / 16) {
      this.#load()
      return this.objects.get(key)
    }
    const found = this.#find(key)
    if (found) this.objects.set(key, found)
    return found
  }
  #find(key: string): KubeObject | undefined {
    const cut = key.indexOf('/')
    return this.#source.find(this.#resource, key.slice(0, cut), key.slice(cut + 1))
  }

  /** `unsure`: nobody looked whether there was one before. */
  put(key: string, o: KubeObject, previous: KubeObject | undefined, unsure = false): void {
    if (this.untouched(key)) (unsure ? this.#unsure : this.#added).add(key)
    this.objects.set(key, o)
    if (this.removed.size > 0) this.removed.delete(key)
    // even what is empty costs to empty
    if (this.#lists.size > 0) this.#lists.clear()
    if (!previous && this.#keys.size > 0) this.#keys.clear()
    if (!this.#index) return
    if (
      previous &&
      equal(previous.metadata.labels, o.metadata.labels) &&
      equal(previous.metadata.ownerReferences, o.metadata.ownerReferences)
    )
      return
    if (previous) this.#unindex(key, previous)
    for (const e of indexEntries(o)) {
      const keys = this.#entry(e)
      if (keys.has(key)) continue
      keys.add(key)
      const order = this.#ordered.get(e)
      if (order) {
        order.keys.push(key)
        order.sorted = false
      }
    }
  }

  delete(key: string, previous: KubeObject): void {
    this.objects.delete(key)
    if (!this.#loaded && !this.#added.delete(key)) this.removed.add(key)
    this.#lists.clear()
    this.#keys.clear()
    this.#unindex(key, previous)
  }

  #unindex(key: string, o: KubeObject): void {
    if (this.#index)
      for (const e of indexEntries(o)) {
        const keys = this.#index.get(e)
        keys?.delete(key)
        if (keys?.size === 0) this.#index.delete(e)
        this.#ordered.delete(e)
      }
  }

  #entry(e: string): Set<string> {
    let s = this.#index?.get(e)
    if (!s) {
      s = new Set()
      this.#index?.set(e, s)
    }
    return s
  }

  #load(): void {
    if (this.#loaded) return
    this.#loaded = true
    for (const o of this.#source.scan(this.#resource, '', '')) {
      const k = keyOf(o)
      if (!this.removed.has(k) && !this.objects.has(k)) this.objects.set(k, o)
    }
    this.removed.clear()
    this.#keys.clear()
  }

  list(namespace: string): readonly KubeObject[] {
    this.#load()
    const known = this.#lists.get(namespace)
    if (known) return known
    let keys = this.#keys.get(namespace)
    if (!keys) {
      const all = this.#keys.get('') ?? [...this.objects.keys()].sort(byKey)
      this.#keys.set('', all)
      keys = namespace ? all.filter((k) => k.startsWith(namespace + '/')) : all
      this.#keys.set(namespace, keys)
    }
    const out: KubeObject[] = []
    for (const k of keys) {
      const o = this.objects.get(k)
      if (o) out.push(o)
    }
    this.#lists.set(namespace, out)
    return out
  }

  scan(namespace: string, from: string): Iterable<KubeObject> {
    const count = this.#loaded ? 0 : this.#source.count(this.#resource)
    // few are soon kept, and who goes through many a second time is better off when they are
    if (count <= FEW || this.#scanned > count) {
      const all = this.list(namespace)
      return from ? all.slice(firstAt(all, from)) : all
    }
    return this.#through(namespace, from)
  }
  /** What stands in the source, with what is here in its place or beside it. */
  *#through(namespace: string, from: string): Generator<KubeObject> {
    const here = [...this.objects.keys()].filter(within(namespace, from)).sort(byKey)
    let next = 0
    for (const o of this.#source.scan(this.#resource, namespace, from)) {
      this.#scanned++
      const key = keyOf(o)
      for (let k = here[next]; k !== undefined && k < key; k = here[++next]) yield* this.#at(k)
      if (here[next] === key) {
        next++
        yield* this.#at(key)
      } else if (!this.removed.has(key)) yield o
    }
    for (const k of here.slice(next)) yield* this.#at(k)
  }
  #at(key: string): readonly KubeObject[] {
    const o = this.objects.get(key)
    return o ? [o] : NONE
  }

  left(namespace: string, from: string): number {
    if (this.#loaded) {
      const all = this.list(namespace)
      return all.length - firstAt(all, from)
    }
    this.#makeSure()
    const counts = within(namespace, from)
    let n = this.#source.left(this.#resource, namespace, from)
    for (const k of this.removed) if (counts(k)) n--
    for (const k of this.#added) if (counts(k)) n++
    return n
  }

  /** Objects with an index entry, in key order. */
  having(namespace: string, entry: string): readonly KubeObject[] {
    // who went through more than there is, is better off with all of it in order
    if (!this.#loaded && this.#sought < SOUGHT + this.#source.count(this.#resource)) {
      this.#sought += this.objects.size
      const found = this.#source.narrow(this.#resource, namespace, entry)
      if (found) {
        for (const k of found) {
          const o = this.untouched(k) ? this.#find(k) : undefined
          if (o) this.objects.set(k, o)
        }
        const keys = new Map<string, KubeObject>()
        for (const [k, o] of this.objects)
          if ((!namespace || o.metadata.namespace === namespace) && indexEntries(o).includes(entry)) keys.set(k, o)
        return [...keys.entries()].sort(([a], [b]) => byKey(a, b)).map(([, o]) => o)
      }
    }
    this.#load()
    if (!this.#index) {
      this.#index = new Map()
      for (const [k, o] of this.objects) for (const e of indexEntries(o)) this.#entry(e).add(k)
    }
    let order = this.#ordered.get(entry)
    if (!order) {
      const keys = this.#index.get(entry)
      // what nobody has is not remembered: uids and selectors that are asked for never end
      if (!keys) return NONE
      order = { keys: [...keys], sorted: false }
      this.#ordered.set(entry, order)
    }
    if (!order.sorted) {
      order.keys.sort(byKey)
      order.sorted = true
    }
    const out: KubeObject[] = []
    for (const k of order.keys) {
      const o = this.objects.get(k)
      if (o && (!namespace || o.metadata.namespace === namespace)) out.push(o)
    }
    return out
  }

  /** Looks up what nobody has looked up yet. */
  #makeSure(): void {
    for (const key of this.#unsure) if (!this.#find(key) && !this.removed.delete(key)) this.#added.add(key)
    this.#unsure.clear()
  }

  /** Whether there is any object: mostly told without asking for each whether it came or changed. */
  get any(): boolean {
    if (this.objects.size > 0 || this.#loaded) return this.objects.size > 0
    return this.#source.count(this.#resource) > this.removed.size || this.count('') > 0
  }
  count(namespace: string): number {
    if (namespace) return this.left(namespace, '')
    if (this.#loaded) return this.objects.size
    this.#makeSure()
    return this.#source.count(this.#resource) - this.removed.size + this.#added.size
  }
}

/** How many past changes stay readable for watches that begin in the past. */
const HISTORY = 20_000
/** And how much they may weigh: changes of large objects are kept for less long. */
const HISTORY_WEIGHT = 64 * 1024 * 1024

/**
 * About how many bytes a value takes in memory. What it shares with the object `before` it costs nothing, and what is
 * there twice is counted twice.
 */
export function weigh(value: unknown, before?: unknown): number {
  if (value === before && typeof value === 'object') return 0
  if (typeof value === 'string') return 24 + value.length
  if (typeof value !== 'object' || value === null) return 8
  let sum = 32
  if (Array.isArray(value)) {
    const old: readonly unknown[] = Array.isArray(before) ? before : []
    for (let i = 0; i < value.length; i++) sum += 8 + weigh(value[i], old[i])
    return sum
  }
  const old = typeof before === 'object' && before !== null ? (before as Record<string, unknown>) : undefined
  for (const k of Object.keys(value)) sum += 16 + weigh((value as Record<string, unknown>)[k], old?.[k])
  return sum
}

/**
 * The Store in memory. With a `source`, shelves are read from it at first use; with `onChange`, each write is told to
 * whoever keeps the journal.
 */
export class MemoryStore implements Store {
  #revision: number
  #source: Source
  #shelves = new Map<string, Shelf>()
  readonly #meta = new Map<string, Json>()
  readonly #listeners = new Set<(change: Change) => void>()
  #history: Change[] = []
  /** What each of the past changes keeps that nobody else needs. */
  #kept: number[] = []
  #weight = 0
  #oldest: number
  /** What the objects weigh that were written by this process. */
  #size = 0
  /** Only who sets a limit pays for weighing: a command that writes an object and ends has no need of it. */
  limit = Infinity
  unsynced?: string

  constructor(options: { source?: Source; revision?: number; meta?: Readonly<Record<string, Json>> } = {}) {
    this.#source = options.source ?? NO_SOURCE
    this.#revision = options.revision ?? 0
    this.#oldest = this.#revision
    for (const [k, v] of Object.entries(options.meta ?? {})) this.#meta.set(k, v)
  }

  get revision(): number {
    return this.#revision
  }

  #shelf(resource: string): Shelf {
    let s = this.#shelves.get(resource)
    if (!s) {
      s = new Shelf(resource, this.#source)
      this.#shelves.set(resource, s)
    }
    return s
  }

  get(resource: string, namespace: string, name: string): KubeObject | undefined {
    return this.#shelf(resource).get(storeKey(namespace, name))
  }

  list(resource: string, options: ListOptions = {}): readonly KubeObject[] {
    const shelf = this.#shelf(resource)
    const first = Object.entries(options.labels ?? {})[0]
    return first
      ? shelf.having(options.namespace ?? '', `${first[0]}=${first[1]}`)
      : shelf.list(options.namespace ?? '')
  }

  scan(resource: string, namespace: string, from: string): Iterable<KubeObject> {
    return this.#shelf(resource).scan(namespace, from)
  }
  left(resource: string, namespace: string, from: string): number {
    return this.#shelf(resource).left(namespace, from)
  }

  owned(resource: string, uid: string): readonly KubeObject[] {
    return this.#shelf(resource).having('', `@owner=${uid}`)
  }
  referring(resource: string, uid: string): readonly KubeObject[] {
    return this.#shelf(resource).having('', `@ref=${uid}`)
  }

  count(resource: string, namespace = ''): number {
    if (!namespace && !this.#shelves.has(resource)) return this.#source.count(resource)
    return this.#shelf(resource).count(namespace)
  }

  resources(): readonly string[] {
    const all = new Set(this.#source.resources())
    for (const [r, s] of this.#shelves)
      if (s.any) all.add(r)
      else all.delete(r)
    return [...all].sort()
  }

  /** Hook for a store that shares its file with others: called before each write. */
  protected beforeWrite(): void {
    /* nothing to prepare in memory */
  }
  protected afterWrite(_change: Change): void {
    /* nothing to keep in memory */
  }

  #commit(change: Change, shelf: Shelf, key: string, weight = 0): void {
    this.#revision = change.revision
    if (change.type === 'DELETED') shelf.delete(key, change.previous ?? change.object)
    else shelf.put(key, change.object, change.previous)
    this.#tell(change, weight)
  }

  #tell(change: Change, weight = 0): void {
    this.#history.push(change)
    this.#kept.push(weight)
    this.#weight += weight
    if (this.#history.length > HISTORY * 2 || this.#weight > HISTORY_WEIGHT * 2) {
      // a good part at once, so that the rest is not moved each time
      const least = Math.max(0, this.#history.length - HISTORY)
      let from = 0
      while (from < least || (from < this.#history.length - 1 && this.#weight > HISTORY_WEIGHT))
        this.#weight -= this.#kept[from++] ?? 0
      this.#history = this.#history.slice(from)
      this.#kept = this.#kept.slice(from)
      this.#oldest = (this.#history[0]?.revision ?? this.#revision) - 1
    }
    if (this.#listeners.size === 1) for (const l of this.#listeners) return l(change)
    for (const l of [...this.#listeners]) l(change)
  }

  /** A change that somebody else made to the same state: told to watchers, not written again. */
  protected replay(type: Change['type'], resource: string, object: KubeObject, revision: number): void {
    const shelf = this.#shelf(resource)
    const key = keyOf(object)
    if (type !== 'DELETED' && this.#listeners.size === 0 && shelf.untouched(key)) {
      // nobody listens: what was there before is looked up when somebody asks for the past
      this.#revision = revision
      shelf.put(key, object, undefined, true)
      this.#history.push(this.#late(resource, object, revision))
      this.#kept.push(0)
      return
    }
    const previous = shelf.get(key)
    if (type === 'DELETED' && !previous) {
      this.#revision = Math.max(this.#revision, revision)
      return
    }
    this.#commit(
      {
        revision,
        type: type === 'DELETED' ? type : previous ? 'MODIFIED' : 'ADDED',
        resource,
        object,
        ...(previous ? { previous } : {}),
      },
      shelf,
      key,
    )
  }

  /** Lookups that wait, to be made before their source goes. */
  #waiting: (() => unknown)[] = []
  /** A change whose object before it stands in the source still. */
  #late(resource: string, object: KubeObject, revision: number): Change {
    const source = this.#source
    let known: { readonly previous: KubeObject | undefined } | undefined
    const before = (): KubeObject | undefined =>
      (known ??= { previous: source.find(resource, object.metadata.namespace ?? '', object.metadata.name ?? '') })
        .previous
    this.#waiting.push(before)
    return {
      revision,
      resource,
      object,
      get type() {
        return before() ? ('MODIFIED' as const) : ('ADDED' as const)
      },
      get previous() {
        return before()
      },
    }
  }
  #lookUp(): void {
    for (const before of this.#waiting) before()
    this.#waiting = []
  }

  create(resource: string, object: KubeObject): KubeObject {
    this.beforeWrite()
    const shelf = this.#shelf(resource)
    const key = keyOf(object)
    const there = shelf.get(key)
    if (there) throw new StoreConflict('exists', there)
    return this.#write('ADDED', resource, shelf, key, object, undefined)
  }

  update(resource: string, object: KubeObject, expected: string): KubeObject {
    this.beforeWrite()
    const shelf = this.#shelf(resource)
    const key = keyOf(object)
    const there = shelf.get(key)
    if (!there) throw new StoreConflict('missing')
    if (there.metadata.resourceVersion !== expected) throw new StoreConflict('changed', there)
    return this.#write('MODIFIED', resource, shelf, key, object, there)
  }

  delete(resource: string, namespace: string, name: string, expected?: string): KubeObject {
    this.beforeWrite()
    const shelf = this.#shelf(resource)
    const key = storeKey(namespace, name)
    const there = shelf.get(key)
    if (!there) throw new StoreConflict('missing')
    if (expected !== undefined && there.metadata.resourceVersion !== expected) throw new StoreConflict('changed', there)
    return this.#write('DELETED', resource, shelf, key, there, there)
  }

  #write(
    type: Change['type'],
    resource: string,
    shelf: Shelf,
    key: string,
    object: KubeObject,
    previous: KubeObject | undefined,
  ): KubeObject {
    const revision = this.#revision + 1
    const stored = freeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } })
    const change: Change = { revision, type, resource, object: stored, ...(previous ? { previous } : {}) }
    const weight = this.limit === Infinity ? 0 : this.#weighed(type, stored, previous)
    this.afterWrite(change)
    this.#commit(change, shelf, key, weight)
    return stored
  }

  readonly #weights = new WeakMap<KubeObject, number>()
  /** What a change keeps: a deletion the whole of what went, any other what is new. Throws StoreFull. */
  #weighed(type: Change['type'], stored: KubeObject, previous: KubeObject | undefined): number {
    const known = (o: KubeObject): number => {
      const n = this.#weights.get(o) ?? weigh(o)
      this.#weights.set(o, n)
      return n
    }
    const before = previous ? known(previous) : 0
    if (type === 'DELETED') {
      this.#size -= before
      return before
    }
    const size = this.#size + known(stored) - before
    if (size > this.limit && size > this.#size) throw new StoreFull()
    this.#size = size
    return previous ? weigh(stored, previous) : known(stored)
  }

  get oldest(): number {
    return this.#oldest + 1
  }

  watch(from: number, listener: (change: Change) => void): () => void {
    if (from < this.#oldest) throw new StoreExpired(this.#oldest + 1)
    for (const c of this.#history) if (c.revision > from) listener(c)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  begin(state: WholeState): void {
    if (this.#revision > 0) return
    this.#source = state
    this.#shelves = new Map() // those that were looked into hold nothing
    this.#revision = this.#oldest = state.head.revision
    for (const [k, v] of Object.entries(state.head.meta)) if (!this.#meta.has(k)) this.#meta.set(k, v)
  }

  meta(key: string): Json | undefined {
    return this.#meta.get(key)
  }
  setMeta(key: string, value: Json): void {
    this.beforeWrite()
    this.#meta.set(key, value)
    this.afterMeta(key, value)
  }
  protected afterMeta(_key: string, _value: Json): void {
    /* nothing to keep in memory */
  }
  /** Sets a small value without telling the journal (it came from there). */
  protected learnMeta(key: string, value: Json): void {
    this.#meta.set(key, value)
  }
  protected allMeta(): Record<string, Json> {
    return Object.fromEntries(this.#meta)
  }

  /**
   * The same objects now stand in a new source (they were folded into a new file): objects in memory stay as they are.
   */
  protected adopt(source: Source): void {
    this.#lookUp()
    this.#source = source
    for (const s of this.#shelves.values()) s.adopt(source)
  }

  /**
   * Somebody else folded the state: takes the new source and tells watchers what is different from what was known here.
   */
  protected rebase(source: Source, revision: number): void {
    this.#lookUp()
    const old = this.#shelves
    this.#source = source
    this.#shelves = new Map()
    for (const [resource, shelf] of old) {
      const next = this.#shelf(resource)
      const known = new Map(shelf.objects)
      if (shelf.loaded) next.list('')
      for (const key of new Set([...known.keys(), ...next.objects.keys()])) {
        const was = known.get(key)
        const is = next.get(key)
        if (was?.metadata.resourceVersion === is?.metadata.resourceVersion) continue
        const another = is !== undefined && was !== undefined && is.metadata.uid !== was.metadata.uid
        // nobody knows any more when it went: at the latest now, or before the other came; in any case after what
        // watchers have seen of it
        const gone = is ? Number(is.metadata.resourceVersion ?? revision) - 1 : revision
        if (was && (!is || another))
          this.#tell({
            revision: gone,
            type: 'DELETED',
            resource,
            object: { ...was, metadata: { ...was.metadata, resourceVersion: String(gone) } },
            previous: was,
          })
        if (is)
          this.#tell({
            revision: Number(is.metadata.resourceVersion ?? revision),
            type: was && !another ? 'MODIFIED' : 'ADDED',
            resource,
            object: is,
            ...(was && !another ? { previous: was } : {}),
          })
      }
    }
    this.#revision = Math.max(this.#revision, revision)
  }

  async flush(): Promise<void> {
    /* memory is as safe as it gets */
  }
  async close(): Promise<void> {
    this.#listeners.clear()
  }
}
