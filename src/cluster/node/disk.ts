// What the nodes' disks hold of pods: files that programs wrote, log lines, main processes that were ended. Kept in the
// state as objects of our own.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { copy, isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject, KubeObject } from '../../apimachinery/object.ts'
import type { Store } from '../../storage/store.ts'
import type { Lister } from '../lister.ts'

/** Internal objects: what the nodes' disks hold of a pod (or of a claim). Nothing outside this room reads them. */
export const DISK = 'containers.kubesim.io'
const MAX_LOG = 500

/** A pod's disk: written files by container or volume, and log lines that are not repeated from the start-up. */
export interface Disk {
  readonly files: Readonly<Record<string, Readonly<Record<string, string | null>>>>
  readonly log: Readonly<Record<string, readonly (readonly [at: number, line: string])[]>>
  /** Main processes that somebody ended: by container, of which restart, when, with which code. */ readonly ends?: Readonly<
    Record<string, { readonly attempt: number; readonly at: number; readonly code: number }>
  >
  readonly pod?: string
  /** Programs that are run by the interpreter: where each stands, by container. */ readonly runs?: Readonly<
    Record<string, SavedRun>
  >
  /** What exec probes found, by container and handler: each answer with the millisecond of running from which it holds. */ readonly probes?: Readonly<
    Record<string, SavedProbe>
  >
}
/** A script between two looks: enough to go on in another process. */
export interface SavedRun {
  readonly attempt: number
  readonly startedAt: number
  readonly at: number
  readonly due?: number
  readonly exit?: { readonly code: number; readonly at: number; readonly message?: string }
  readonly frames?: readonly {
    readonly a: number
    readonly b: number
    readonly list?: readonly string[]
    readonly leaf?: boolean
  }[]
  readonly begun?: number
  readonly written?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly status?: number
  readonly functions?: readonly (readonly [string, string])[]
  readonly options?: readonly string[]
  readonly traps?: readonly (readonly [string, string])[]
  readonly rest?: string
  readonly lines?: number
}
export interface SavedProbe {
  readonly attempt: number
  readonly answers: readonly { readonly from: number; readonly ok: boolean; readonly message: string }[]
}
const EMPTY: Disk = { files: {}, log: {} }

export function readDisk(store: Store, namespace: string, name: string): Disk {
  const o = store.get(DISK, namespace, name) as (KubeObject & { spec?: unknown }) | undefined
  return o && isObject(o.spec) ? (o.spec as unknown as Disk) : EMPTY
}

/** Changes a disk; the newest state is read first, so that two writers in one process lose nothing. */
export function writeDisk(
  store: Store,
  namespace: string,
  name: string,
  change: (d: {
    files: Record<string, Record<string, string | null>>
    log: Record<string, [number, string][]>
    ends?: Record<string, { attempt: number; at: number; code: number }>
    runs?: Record<string, SavedRun>
    probes?: Record<string, SavedProbe>
    pod?: string
  }) => void,
): void {
  const old = store.get(DISK, namespace, name)
  const disk = copy(readDisk(store, namespace, name)) as Parameters<typeof change>[0]
  change(disk)
  const next = {
    apiVersion: 'kubesim.io/v1',
    kind: 'Container',
    metadata: { name, namespace },
    spec: disk as unknown as JsonObject,
  }
  if (old) store.update(DISK, next, old.metadata.resourceVersion ?? '')
  else {
    // disks of pods that are gone go too
    const pods = new Set(store.list('pods').map((p) => p.metadata.uid))
    for (const o of store.list(DISK))
      if (!pods.has((o.metadata.name ?? '').slice(0, 36)) && !o.metadata.name?.startsWith('pvc-'))
        store.delete(DISK, o.metadata.namespace ?? '', o.metadata.name ?? '')
    store.create(DISK, next)
  }
}

export const diskName = (pod: Pod): string => pod.metadata.uid ?? pod.metadata.name ?? ''
/** Adds lines to a container's log. */
export function appendLog(store: Store, pod: Pod, container: string, at: number, lines: readonly string[]): void {
  writeDisk(store, pod.metadata.namespace ?? '', diskName(pod), (d) => {
    const log = d.log[container] ?? []
    d.log[container] = [...log, ...lines.map((l): [number, string] => [at, l])].slice(-MAX_LOG)
  })
}
export const writtenLog = (store: Store, pod: Pod, container: string): readonly (readonly [number, string])[] =>
  readDisk(store, pod.metadata.namespace ?? '', diskName(pod)).log[container] ?? []

/** So many lines stand in one object, so that adding some does not write all again; so many objects are kept. */
const PAGE = 200
const PAGES = 25
const pageName = (pod: Pod, container: string, attempt: number, page: number): string =>
  `${diskName(pod)}-${container}-${attempt}-${page}`
/** Adds lines that a program wrote, the `from`th and following of its run. */
export function writePages(
  store: Store,
  pod: Pod,
  container: string,
  attempt: number,
  from: number,
  lines: readonly (readonly [at: number, line: string])[],
): void {
  const namespace = pod.metadata.namespace ?? ''
  for (let i = 0; i < lines.length;) {
    const page = Math.floor((from + i) / PAGE)
    const room = (page + 1) * PAGE - (from + i)
    const part = lines.slice(i, i + room)
    const name = pageName(pod, container, attempt, page)
    const old = store.get(DISK, namespace, name) as (KubeObject & { spec?: { lines?: readonly Json[] } }) | undefined
    const next = {
      apiVersion: 'kubesim.io/v1',
      kind: 'Container',
      metadata: { name, namespace },
      spec: { lines: [...(old?.spec?.lines ?? []), ...part.map(([at, line]) => [at, line])] },
    }
    if (old) store.update(DISK, next, old.metadata.resourceVersion ?? '')
    else {
      store.create(DISK, next)
      const gone = pageName(pod, container, attempt, page - PAGES)
      if (page >= PAGES && store.get(DISK, namespace, gone)) store.delete(DISK, namespace, gone)
    }
    i += part.length
  }
}
/** What a run wrote, oldest first. */
export function readPages(
  store: Store,
  pod: Pod,
  container: string,
  attempt: number,
  total: number,
): readonly (readonly [at: number, line: string])[] {
  const out: (readonly [number, string])[] = []
  for (let page = Math.max(0, Math.floor(total / PAGE) - PAGES); page <= Math.floor(total / PAGE); page++) {
    const o = store.get(DISK, pod.metadata.namespace ?? '', pageName(pod, container, attempt, page)) as
      (KubeObject & { spec?: { lines?: readonly (readonly [number, string])[] } }) | undefined
    if (o?.spec?.lines) out.push(...o.spec.lines)
  }
  return out
}
/** Forgets what a run wrote. */
export function dropPages(store: Store, pod: Pod, container: string, attempt: number, total: number): void {
  for (let page = 0; page <= Math.floor(total / PAGE); page++) {
    const name = pageName(pod, container, attempt, page)
    if (store.get(DISK, pod.metadata.namespace ?? '', name)) store.delete(DISK, pod.metadata.namespace ?? '', name)
  }
}

/** The main process of a container is over: its shell was left, or it was killed. The kubelet sees it. */
export function endProcess(store: Store, pod: Pod, container: string, attempt: number, at: number, code: number): void {
  writeDisk(store, pod.metadata.namespace ?? '', diskName(pod), (d) => {
    ;(d.ends ??= {})[container] = { attempt, at, code }
    d.pod = pod.metadata.name ?? ''
  })
}
/** How a main process was ended by hand, if it was. */
export function endedByHand(
  lister: Lister,
  pod: Pod,
  container: string,
  attempt: number,
): { readonly at: number; readonly code: number } | undefined {
  const o = lister.get<KubeObject & { spec?: Disk }>(DISK, pod.metadata.namespace ?? '', diskName(pod))
  const end = o?.spec?.ends?.[container]
  return end?.attempt === attempt ? end : undefined
}
