// What the nodes' disks hold of pods: files that programs wrote, log lines, main processes that were ended. Kept in the state as objects of our own.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { copy, isObject } from '../../apimachinery/object.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/object.ts'
import type { Store } from '../../storage/store.ts'
import type { Lister } from '../lister.ts'

/** Internal objects: what the nodes' disks hold of a pod (or of a claim). Nothing outside this room reads them. */
export const DISK = 'containers.kubesim.io'
const MAX_LOG = 500

/** A pod's disk: written files by container or volume, and log lines that are not repeated from the start-up. */
export interface Disk { readonly files: Readonly<Record<string, Readonly<Record<string, string | null>>>>; readonly log: Readonly<Record<string, readonly (readonly [at: number, line: string])[]>>; /** Main processes that somebody ended: by container, of which restart, when, with which code. */ readonly ends?: Readonly<Record<string, { readonly attempt: number; readonly at: number; readonly code: number }>>; readonly pod?: string }
const EMPTY: Disk = { files: {}, log: {} }

export function readDisk(store: Store, namespace: string, name: string): Disk {
  const o = store.get(DISK, namespace, name) as (KubeObject & { spec?: unknown }) | undefined
  return o && isObject(o.spec) ? o.spec as unknown as Disk : EMPTY
}

/** Changes a disk; the newest state is read first, so that two writers in one process lose nothing. */
export function writeDisk(store: Store, namespace: string, name: string, change: (d: { files: Record<string, Record<string, string | null>>; log: Record<string, [number, string][]>; ends?: Record<string, { attempt: number; at: number; code: number }>; pod?: string }) => void): void {
  const old = store.get(DISK, namespace, name)
  const disk = copy(readDisk(store, namespace, name)) as unknown as Parameters<typeof change>[0]
  change(disk)
  const next = { apiVersion: 'kubesim.io/v1', kind: 'Container', metadata: { name, namespace }, spec: disk as unknown as JsonObject } as unknown as KubeObject
  if (old) store.update(DISK, next, old.metadata.resourceVersion ?? '')
  else {
    // disks of pods that are gone go too
    const pods = new Set(store.list('pods').map((p) => p.metadata.uid))
    for (const o of store.list(DISK)) if (!pods.has(o.metadata.name ?? '') && !o.metadata.name?.startsWith('pvc-')) store.delete(DISK, o.metadata.namespace ?? '', o.metadata.name ?? '')
    store.create(DISK, next)
  }
}

export const diskName = (pod: Pod): string => pod.metadata.uid ?? pod.metadata.name ?? ''
/** Adds lines to a container's log. */
export function appendLog(store: Store, pod: Pod, container: string, at: number, lines: readonly string[]): void {
  writeDisk(store, pod.metadata.namespace ?? '', diskName(pod), (d) => { const log = d.log[container] ?? []; d.log[container] = [...log, ...lines.map((l): [number, string] => [at, l])].slice(-MAX_LOG) })
}
export const writtenLog = (store: Store, pod: Pod, container: string): readonly (readonly [number, string])[] => readDisk(store, pod.metadata.namespace ?? '', diskName(pod)).log[container] ?? []

/** The main process of a container is over: its shell was left, or it was killed. The kubelet sees it. */
export function endProcess(store: Store, pod: Pod, container: string, attempt: number, at: number, code: number): void {
  writeDisk(store, pod.metadata.namespace ?? '', diskName(pod), (d) => { (d.ends ??= {})[container] = { attempt, at, code }; d.pod = pod.metadata.name ?? '' })
}
/** How a main process was ended by hand, if it was. */
export function endedByHand(lister: Lister, pod: Pod, container: string, attempt: number): { readonly at: number; readonly code: number } | undefined {
  const o = lister.get<KubeObject & { spec?: Disk }>(DISK, pod.metadata.namespace ?? '', diskName(pod))
  const end = o?.spec?.ends?.[container]
  return end?.attempt === attempt ? end : undefined
}
