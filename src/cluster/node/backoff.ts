// The kubelet's back-offs: restarts of containers that end, pulls that fail. What a status does not tell of them is
// kept beside the objects, by node.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import type { ControllerContext } from '../controller.ts'
import { nodeState } from './nodestate.ts'

/** The first delay; doubled up to the last. */
const FIRST = 10_000
const LAST = 300_000
/** A container that ran so long begins anew with the first delay. */
export const FORGET = 600_000

/** The delay before the n-th try that has to wait. */
export const backoff = (n: number): number => Math.min(LAST, FIRST * 2 ** Math.min(30, Math.max(0, n - 1)))

/**
 * How long a steady repetition may be left out because nobody looks until the horizon: whole cycles, the last two
 * excepted.
 */
export function skipped(
  { ctx, pod }: { readonly ctx: Pick<ControllerContext, 'horizon'>; readonly pod: Pod },
  due: number,
  cycle: number,
  delay: number,
): number {
  const horizon = ctx.horizon?.()
  if (horizon === undefined || delay < LAST || cycle <= 0) return 0
  // a Job counts restarts, a deadline ends them
  if (pod.spec?.activeDeadlineSeconds !== undefined || pod.metadata.ownerReferences?.some((o) => o.kind === 'Job'))
    return 0
  return Math.max(0, Math.floor((horizon - due) / cycle) - 2) * cycle
}

/** What is wrong with one container (of no name: with its pod) beyond its status. */
export interface Trouble {
  /** The restart count at which the delays began anew. */
  readonly base?: number
  /** Since when it cannot be set up. */
  readonly at?: number
  /** The image that could not be pulled, how often, and the last time. */
  readonly image?: string
  readonly pulls?: number
  readonly pulledAt?: number
  /** Restarts that are taken in one step: until when, how many, and how long each took. */
  readonly until?: number
  readonly skips?: number
  readonly cycle?: number
}

const key = (node: string): string => `backoff/${node}`
const id = (uid: string, container: string): string => `${uid} ${container}`

function all(ctx: Pick<ControllerContext, 'recall'>, node: string): JsonObject {
  const there = ctx.recall(key(node))
  return isObject(there) ? there : {}
}

export function readTrouble(
  ctx: Pick<ControllerContext, 'recall'>,
  node: string,
  uid: string,
  container: string,
): Trouble {
  const there = all(ctx, node)[id(uid, container)]
  return isObject(there) ? there : {}
}

/** Notes what is wrong; nothing when all is well again. */
export function writeTrouble(
  ctx: Pick<ControllerContext, 'recall' | 'remember' | 'lister'>,
  node: string,
  uid: string,
  container: string,
  trouble: Trouble,
): void {
  const there = all(ctx, node)
  const name = id(uid, container)
  const empty = Object.keys(trouble).length === 0
  if (empty && !Object.hasOwn(there, name)) return
  // pods that went without a word are forgotten on the way
  const known = nodeState(ctx.lister).usage(node).uids
  const kept = Object.entries(there).filter(([k]) => k !== name && known.has(k.slice(0, k.indexOf(' '))))
  ctx.remember(key(node), Object.fromEntries(empty ? kept : [...kept, [name, { ...trouble }]]))
}

/** Forgets a pod that has ended. */
export function forgetTrouble(ctx: Pick<ControllerContext, 'recall' | 'remember'>, node: string, uid: string): void {
  const there = Object.entries(all(ctx, node))
  const kept = there.filter(([k]) => !k.startsWith(`${uid} `))
  if (kept.length < there.length) ctx.remember(key(node), Object.fromEntries(kept))
}
