// One look of the kubelet at one pod: what it finds there, what it says of it, when it looks again; and what the process
// remembers between looks.
import type { ContainerStatus, Node, Pod } from '../../apimachinery/api/core.v1.ts'
import { parseDuration } from '../../apimachinery/duration.ts'
import { parseTime } from '../../apimachinery/time.ts'
import type { ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'
import { readTrouble, writeTrouble } from './backoff.ts'
import type { Trouble } from './backoff.ts'
import type { Attempt } from './process.ts'
import { repeat } from './repeats.ts'

/** About how often the kubelet tries again what failed. */
export const RETRY = 12_500

export type ContainerKind = 'init' | 'main' | 'ephemeral'
export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

export interface Said {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly fieldPath?: string
  readonly times?: number
}

export interface Look {
  readonly ctx: ControllerContext
  readonly pod: Pod
  readonly node: Node
  readonly now: number
  /** Events, to be written when the look is over. */
  readonly said: Said[]
  /** When there will be something to do. */
  wake: number | undefined
  /** When a running program goes on by itself. */
  progress: number | undefined
  /** The pod as its programs see it: with its addresses. */
  live: Pod
  waitsForConfig: boolean
}

export const lookAt = (ctx: ControllerContext, pod: Pod, node: Node, now: number): Look => ({
  ctx,
  pod,
  node,
  now,
  said: [],
  wake: undefined,
  progress: undefined,
  live: pod,
  waitsForConfig: false,
})

/** Notes a moment at which to look again. */
export const soon = (l: Look, at: number): void => {
  if (at > l.now) l.wake = Math.min(l.wake ?? at, at)
}

export const nodeOf = (l: Look): string => l.node.metadata.name ?? ''
const uidOf = (l: Look): string => l.pod.metadata.uid ?? ''
/** `docker` or `containerd`. */
export const runtimeOf = (node: Node): string =>
  (node.status?.nodeInfo?.containerRuntimeVersion ?? 'containerd://').split('://')[0] || 'containerd'

const FIELDS: Readonly<Record<ContainerKind, string>> = {
  init: 'initContainers',
  main: 'containers',
  ephemeral: 'ephemeralContainers',
}
/** How an event names a container: `spec.containers{web}`. */
export const fieldPath = (kind: ContainerKind, name: string): string => `spec.${FIELDS[kind]}{${name}}`

export type Say = (type: Said['type'], reason: string, message: string, times?: number) => void
/** Says things of one container. */
export const sayer =
  (l: Look, kind: ContainerKind, name: string): Say =>
  (type, reason, message, times) => {
    l.said.push({ type, reason, message, fieldPath: fieldPath(kind, name), ...(times === undefined ? {} : { times }) })
  }

/** What is wrong with a container, or with the pod when it has no name. */
export const troubleOf = (l: Look, container: string): Trouble => readTrouble(l.ctx, nodeOf(l), uidOf(l), container)
export const noteTrouble = (l: Look, container: string, trouble: Trouble): void =>
  writeTrouble(l.ctx, nodeOf(l), uidOf(l), container, trouble)

/**
 * Since when something is wrong: a moment that is known and not in the future counts, as long as what is shown is
 * still that (`shown`); else now, which is noted.
 */
export function wrongSince(l: Look, container: string, shown: boolean): number {
  const known = troubleOf(l, container)
  const at = shown && known.at !== undefined && known.at <= l.now ? known.at : l.now
  if (known.at !== at) noteTrouble(l, container, { ...known, at })
  return at
}
/** Something that stays wrong since `at`: how often to say so now. The next time to say it is noted. */
export function again(l: Look, what: string, at: number): number {
  const r = repeat(l.now - at, RETRY)
  soon(l, at + r.next)
  return r.times > 0 && firstTime(l, `${what} ${r.index}`) ? r.times : 0
}
/** Whether a thing about this pod was not yet said by this process. */
export function firstTime(l: Look, what: string): boolean {
  const { said } = memoryOf(l.ctx.lister)
  const key = `${uidOf(l)} ${what}`
  if (said.has(key)) return false
  if (said.size > MOST_KEPT) said.clear()
  said.add(key)
  return true
}

/** A time from the profile's table for an image, in milliseconds: by its whole name, without its tag, or for all (`*`). */
export function configuredTime(table: Readonly<Record<string, string>> | undefined, image: string): number | undefined {
  if (!table) return undefined
  const key = [image, image.split(':')[0] ?? '', '*'].find((k) => Object.hasOwn(table, k))
  if (key === undefined) return undefined
  try {
    return parseDuration(table[key] ?? '')
  } catch {
    return undefined
  }
}

/** One run of a container as its programs are asked about it. */
export function attemptOf({ ctx, now }: Pick<Look, 'ctx' | 'now'>, number: number, startedAt: number): Attempt {
  const [quiet, horizon] = [ctx.quiet?.(), ctx.horizon?.()]
  return { number, startedAt, now, ...(quiet === undefined || horizon === undefined ? {} : { quiet, horizon }) }
}

/**
 * How the last look left a pod: the same pod needs no second one at the same moment, nor later, where nothing is to
 * happen by itself. What else a look depends on ends the rest when it changes: the node, the disk, configuration.
 */
export interface Rest {
  readonly version: string
  readonly at: number
  readonly again: { readonly after: number; readonly soft?: boolean } | undefined
}
/** What this process knows of one cluster beside its objects. */
interface Memory {
  /** Starts to the millisecond, by container id: what the status says is cut to seconds. */
  readonly starts: Map<string, number>
  /** By the uid of the pod. */
  readonly rested: Map<string, Rest>
  /** What was said of pods that stay as they are. */
  readonly said: Set<string>
}
/** So many pods, or things said, are remembered before all is forgotten: a look too many does no harm. */
export const MOST_KEPT = 20_000
const memories = new WeakMap<Lister, Memory>()
export function memoryOf(lister: Lister): Memory {
  let m = memories.get(lister)
  if (!m) {
    m = { starts: new Map(), rested: new Map(), said: new Set() }
    memories.set(lister, m)
  }
  return m
}
/** When a running container started, in milliseconds. */
export function exactStart(ctx: ControllerContext, status: ContainerStatus): number | undefined {
  const known = memoryOf(ctx.lister).starts.get(status.containerID ?? '')
  if (known !== undefined) return known
  const t = status.state?.running?.startedAt
  return t ? parseTime(t) : undefined
}
