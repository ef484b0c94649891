// What a controller is: sources that wake it, and a level-triggered reconcile of one key. Run to quiet by settle.ts.
import type { Json, KubeObject } from '../apimachinery/object.ts'
import type { Clock, Entropy } from '../apimachinery/ports.ts'
import type { Change } from '../storage/store.ts'
import type { Client } from '../client/client.ts'
import type { Lister } from './lister.ts'
import type { Programs } from './node/process.ts'
import type { Profile } from './profile.ts'

export interface ControllerContext {
  /** Every write goes through here; a Conflict or NotFound thrown by it requeues the key. */
  readonly client: Client
  /** Reads of the newest state, indexed; never stale in this program. */
  readonly lister: Lister
  readonly clock: Pick<Clock, 'now'>
  readonly entropy: Entropy
  readonly profile: Profile
  /**
   * Records an Event about an object, counted up when the same is said again. `component` defaults to the controller's
   * own.
   */
  event(
    about: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    component?: string,
    more?: EventMore,
  ): Promise<void>
  /**
   * Up to when due wake-ups are being caught up with: until then nobody but controllers acts. Absent or past: it is
   * now.
   */
  readonly horizon?: () => number | undefined
  /** Up to when nothing but running programs is due: the horizon, or the next wake-up of a controller. */
  readonly quiet?: () => number | undefined
  /** Runs container commands that have to be run to be known. */
  readonly programs?: () => Promise<Programs>
  /** Small values that outlive the process (the next free pod address), kept beside the objects (Store.meta). */
  recall(key: string): Json | undefined
  remember(key: string, value: Json): void
}

export interface EventMore {
  /** The part of the object meant: `spec.containers{web}`. */
  readonly fieldPath?: string
  /** The node that speaks: source.host of the kubelet's events. */
  readonly host?: string
  /** How often it happened since it was last said; default 1. */
  readonly times?: number
  /**
   * What the speaker was doing: such events go through events.k8s.io, with an eventTime and, when repeated, a series.
   */
  readonly action?: string
}

export interface Source {
  /** 'pods', 'deployments.apps'; '*' is every resource. */
  readonly resource: string
  /**
   * The keys to reconcile when this object appears, changes (called for old and new) or goes. `namespace/name` or
   * `name`.
   */
  readonly keys: (object: KubeObject, lister: Lister, change?: Change) => readonly string[]
}

export interface Controller {
  readonly name: string
  readonly sources: readonly Source[]
  /**
   * Makes the world as the object at `key` says; called again whenever something it depends on changed. Returns
   * when to look again; `awaited` says that this is then, or that it came early.
   */
  readonly reconcile: (key: string, ctx: ControllerContext, awaited: boolean) => Promise<Again | void>
}

/** When a key is to be looked at again. */
export interface Again {
  /** In milliseconds. */
  readonly after: number
  /** Only a running program goes on then. */
  readonly soft?: boolean
  /** Nothing happens until then but that time goes by: it may come early for who waits for it. */
  readonly early?: boolean
  /** It failed: `after` doubles with each failure in a row, up to so many milliseconds. */
  readonly doubled?: number
}

/** Work that failed is tried again as client-go's queues do by default (ItemExponentialFailureRateLimiter). */
export const FAILED: Again = { after: 5, doubled: 1_000_000 }

/** The key of an object: `namespace/name`, or `name` at cluster scope. */
export const keyOf = (o: KubeObject): string =>
  o.metadata.namespace ? `${o.metadata.namespace}/${o.metadata.name}` : (o.metadata.name ?? '')
/** The parts of a key. */
export function splitKey(key: string): [namespace: string, name: string] {
  const cut = key.indexOf('/')
  return cut < 0 ? ['', key] : [key.slice(0, cut), key.slice(cut + 1)]
}
/** The key of the controlling owner of one kind, as a source's `keys`. */
export const ownerKeys =
  (kind: string) =>
  (o: KubeObject): readonly string[] => {
    const owner = o.metadata.ownerReferences?.find((r) => r.controller && r.kind === kind)
    return owner ? [`${o.metadata.namespace}/${owner.name}`] : []
  }
