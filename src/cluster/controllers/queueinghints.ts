// Which waiting pods are told anew why they still wait: those that something new might have helped. Behaves as the
// queueing hints of the scheduler's plugins: what refused a pod says which changes count for it.
import type { PersistentVolume, Pod } from '../../apimachinery/api/core.v1.ts'
import type { StorageClass } from '../../apimachinery/api/storage.v1.ts'
import { equal } from '../../apimachinery/object.ts'
import { keyOf } from '../controller.ts'
import type { Lister } from '../lister.ts'
import type { Change } from '../../storage/store.ts'

/** What there was of each sort so far. */
interface News {
  podsGone: number
  volumes: number
  nodeLabels: number
  readonly claims: Map<string, number>
}

/** A volume as it was before it changed; none: there was none. */
export interface Before {
  readonly name: string
  readonly volume: PersistentVolume | undefined
}

/** With what a pod is tried. */
interface Tried {
  readonly hinted: boolean
  readonly before: Before | undefined
  readonly newClaim: string | undefined
}

/** Messages of what refuses for want of room on the node, and of what looks at volumes. */
const ROOM = /Insufficient |Too many pods/
const VOLUMES = /persistentvolumeclaim|PersistentVolumeClaims|persistent volumes|PersistentVolume's/

/** The claims of a pod, by their keys. */
const claimsOf = (pod: Pod): string[] =>
  (pod.spec?.volumes ?? []).flatMap((v) => {
    const name = v.persistentVolumeClaim?.claimName ?? (v.ephemeral ? `${pod.metadata.name}-${v.name}` : undefined)
    return name === undefined ? [] : [`${pod.metadata.namespace}/${name}`]
  })

/** What one cluster's waiting pods have not been tried with yet. */
class QueueingHints {
  readonly #news: News = { podsGone: 0, volumes: 0, nodeLabels: 0, claims: new Map() }
  /** What each pod was tried with, as one number a sort: sums only grow. */
  readonly #tried = new Map<string, { readonly room: number; readonly volumes: number; readonly storage: number }>()
  #before: Before | undefined
  readonly #new = new Set<string>()

  /** Takes in a change. */
  note(change: Change): void {
    const { object, previous, type } = change
    switch (change.resource) {
      case 'pods':
        this.#news.podsGone++
        return
      case 'nodes':
        if (type === 'ADDED' || !equal(object.metadata.labels, previous?.metadata.labels)) this.#news.nodeLabels++
        return
      case 'persistentvolumeclaims': {
        if (type === 'DELETED') return
        const key = keyOf(object)
        if (type === 'ADDED') this.#new.add(key)
        this.#news.claims.set(key, (this.#news.claims.get(key) ?? 0) + 1)
        return
      }
      case 'persistentvolumes':
        if (type === 'DELETED') return
        this.#news.volumes++
        this.#before = {
          name: object.metadata.name ?? '',
          volume: type === 'ADDED' ? undefined : (previous as PersistentVolume | undefined),
        }
        return
      case 'storageclasses.storage.k8s.io': {
        const topologies = (o: typeof object | undefined): unknown => (o as StorageClass | undefined)?.allowedTopologies
        if (type === 'ADDED' || (type === 'MODIFIED' && !equal(topologies(object), topologies(previous))))
          this.#news.nodeLabels++
      }
    }
  }

  /**
   * Whether something new might have helped a pod since it was tried last, and the volume or the new claim that woke
   * it: the scheduler's queue hears of them before its cache of volumes and claims does, so that the pod is tried with
   * what was before.
   */
  take(key: string, pod: Pod): Tried {
    const { podsGone: room, volumes, nodeLabels, claims } = this.#news
    const storage = nodeLabels + claimsOf(pod).reduce((n, c) => n + (claims.get(c) ?? 0), 0)
    const last = this.#tried.get(key) ?? { room: 0, volumes: 0, storage: 0 }
    this.#tried.set(key, { room, volumes, storage })
    const message = pod.status?.conditions?.find((c) => c.type === 'PodScheduled')?.message ?? ''
    const hinted =
      (room > last.room && ROOM.test(message)) ||
      ((volumes > last.volumes || storage > last.storage) && VOLUMES.test(message))
    const looked = VOLUMES.test(message)
    return {
      hinted,
      before: volumes > last.volumes && looked ? this.#before : undefined,
      newClaim: storage > last.storage && looked ? claimsOf(pod).find((c) => this.#new.delete(c)) : undefined,
    }
  }

  /** A pod that waits no more. */
  forget(key: string): void {
    this.#tried.delete(key)
  }
}

const all = new WeakMap<Lister, QueueingHints>()
/** The hints of a cluster. */
export function hintsOf(lister: Lister): QueueingHints {
  let hints = all.get(lister)
  if (!hints) {
    hints = new QueueingHints()
    all.set(lister, hints)
  }
  return hints
}
