// The Store port: what holds the objects, and in which order things happened; etcd's part, as apiserver/pkg/storage
// uses it.
import type { Json, KubeObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'

/** A change, as watchers see it. `previous` is the object before it (MODIFIED, DELETED). */
export interface Change {
  readonly revision: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** 'services', 'deployments.apps': resource and group, no version: one resource is stored in one version. */
  readonly resource: string
  /** The object after the change; for DELETED its last state, with the revision of the deletion. */
  readonly object: KubeObject
  readonly previous?: KubeObject | undefined
}

/** Where objects come from that are not in memory yet: a state file. */
export interface Source {
  resources(): readonly string[]
  count(resource: string): number
  /** Objects in key order, in a namespace or all of them ('') and from a key on ('': the first), each made when it is asked for. */
  scan(resource: string, namespace: string, from: string): Iterable<KubeObject>
  /** How many objects `scan` would give. */
  left(resource: string, namespace: string, from: string): number
  find(resource: string, namespace: string, name: string): KubeObject | undefined
  /**
   * The keys (`namespace/name`) of objects that may have this index entry (`label=value` or `@owner=uid`) in a
   * namespace; undefined when it cannot tell without loading all.
   */
  narrow(resource: string, namespace: string, entry: string): readonly string[] | undefined
}

/** A whole state: its objects, its small values, and the bytes of a file that holds them. */
export interface WholeState extends Source {
  readonly head: { readonly revision: number; readonly meta: Readonly<Record<string, Json>> }
  whole(): Uint8Array
}

export interface ListOptions {
  readonly namespace?: string
  /** Narrows the read where the store can (an index); objects that do not match may still be among the answers. */
  readonly labels?: Readonly<Record<string, string>>
}

/** All calls are synchronous and see every earlier write. Objects are frozen: neither side changes them. */
export interface Store {
  /** The newest revision; every write adds one. The resourceVersion of an object is the revision of its last write. */
  readonly revision: number
  /** The oldest revision whose change can still be told: what is older is kept for nobody. */
  readonly oldest: number
  /** How much the written objects may weigh, about in bytes of memory; beyond it a write throws StoreFull. */
  limit: number
  /** The resource of which a write need not survive a power loss, only the end of the process. */
  unsynced?: string
  get(resource: string, namespace: string, name: string): KubeObject | undefined
  /** Ordered as etcd's keys: by namespace, then name, bytewise. */
  list(resource: string, options?: ListOptions): readonly KubeObject[]
  /**
   * Objects in the same order, from a key (`namespace/name`) on; for who looks at each once and keeps few: what is not
   * in memory yet is not kept there either. Gone through before anything is written.
   */
  scan(resource: string, namespace: string, from: string): Iterable<KubeObject>
  /** How many objects of a namespace, or of all (''), have this key or a later one. */
  left(resource: string, namespace: string, from: string): number
  /** Objects whose controlling ownerReference has this uid, in key order. */
  owned(resource: string, uid: string): readonly KubeObject[]
  /** Objects with an ownerReference to this uid that is not the controlling one. */
  referring(resource: string, uid: string): readonly KubeObject[]
  /** How many objects of a resource there are, without reading them. */
  count(resource: string, namespace?: string): number
  /** The resources that have objects. */
  resources(): readonly string[]
  /** Stores a new object with its resourceVersion set. Throws StoreConflict('exists'). */
  create(resource: string, object: KubeObject): KubeObject
  /**
   * Compare and swap: replaces the object if its stored revision is `expected`. Throws StoreConflict('changed' |
   * 'missing').
   */
  update(resource: string, object: KubeObject, expected: string): KubeObject
  /** Removes it. Throws StoreConflict. Returns the last state with the deletion's revision. */
  delete(resource: string, namespace: string, name: string, expected?: string): KubeObject
  /**
   * Calls back for every change after revision `from`, those that already happened first. Throws StoreExpired when
   * `from` is compacted away. Returns the way to stop.
   */
  watch(from: number, listener: (change: Change) => void): () => void
  /**
   * Takes a whole state that was made elsewhere, where nothing has begun yet; what begins meanwhile, in another process,
   * stays. Small values that are known already stay, too.
   */
  begin(state: WholeState): void
  /** Small values of the program itself: the clock, the seed's position, due wake-ups, the profile. */
  meta(key: string): Json | undefined
  setMeta(key: string, value: Json): void
  /** Resolves when everything written so far survives a power loss. */
  flush(): Promise<void>
  close(): Promise<void>
}

export class StoreConflict extends Error {
  readonly why: 'exists' | 'changed' | 'missing'
  readonly current: KubeObject | undefined
  constructor(why: 'exists' | 'changed' | 'missing', current?: KubeObject) {
    super(`the stored object ${why === 'exists' ? 'exists already' : why === 'changed' ? 'has changed' : 'is missing'}`)
    this.why = why
    this.current = current
  }
}

export class StoreExpired extends Error {
  readonly oldest: number
  constructor(oldest: number) {
    super(`changes before revision ${oldest} are no longer kept`)
    this.oldest = oldest
  }
}

/** There is no room for another object; as etcd beyond its quota. */
export class StoreFull extends StatusError {
  constructor() {
    super(500, '', 'etcdserver: mvcc: database space exceeded')
  }
}
