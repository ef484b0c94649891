// The kubelet of every node: looks after its pods, one by one, and reports their status; behaves as pkg/kubelet. What it
// does to a running pod stands in podrun.ts, to one that goes in podstop.ts.
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Node, Pod, PodSpec, PodStatus } from '../../apimachinery/api/core.v1.ts'
import { equal } from '../../apimachinery/object.ts'
import { parseTime } from '../../apimachinery/time.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Again, Controller, ControllerContext } from '../controller.ts'
import { forgetTrouble } from './backoff.ts'
import { noteConfigWaiter } from './configwaiters.ts'
import { DISK } from './disk.ts'
import type { Disk } from './disk.ts'
import { nodeState } from './nodestate.ts'
import { MOST_KEPT, lookAt, memoryOf, nodeOf, soon } from './podlook.ts'
import type { Look } from './podlook.ts'
import { pastDeadline, runPod } from './podrun.ts'
import { stopPod } from './podstop.ts'

const isOver = (status: PodStatus | undefined): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** When to look again; softly, where only a running program has something to do next. */
function againAfter(l: Look): Again | undefined {
  const wake = l.wake ?? Infinity
  const progress = l.progress ?? Infinity
  const at = Math.min(wake, progress)
  return at === Infinity ? undefined : { after: at - l.now, ...(progress < wake ? { soft: true } : {}) }
}

/** One look at one pod. */
export async function syncPod(key: string, ctx: ControllerContext): Promise<Again | void> {
  const [namespace, name] = splitKey(key)
  const pod = ctx.lister.get<Pod>('pods', namespace, name)
  const node = pod?.spec?.nodeName ? ctx.lister.get<Node>('nodes', '', pod.spec.nodeName) : undefined
  if (!pod?.spec || !node) return
  // a node that is not ready has a kubelet that does not answer
  if (node.status?.conditions?.some((c) => c.type === 'Ready' && c.status !== 'True')) return
  const now = ctx.clock.now()
  const uid = pod.metadata.uid ?? ''
  if (pod.metadata.deletionTimestamp) {
    noteConfigWaiter(ctx, key, false)
    forgetTrouble(ctx, node.metadata.name ?? '', uid)
    return stopPod(ctx, pod, now)
  }
  if (isOver(pod.status)) return
  const { rested } = memoryOf(ctx.lister)
  const rest = rested.get(uid)
  if (rest && rest.version === pod.metadata.resourceVersion && (!rest.again || rest.at === now)) return rest.again
  const look = lookAt(ctx, pod, node, now)
  const status = await newStatus(look, pod.spec)
  noteConfigWaiter(ctx, key, look.waitsForConfig)
  for (const { type, reason, message, ...more } of look.said)
    await ctx.event(pod, type, reason, message, 'kubelet', { host: nodeOf(look), ...more })
  if (isOver(status)) forgetTrouble(ctx, nodeOf(look), uid)
  const again = againAfter(look)
  if (!equal(status, pod.status)) {
    const next = await ctx.client.update<Pod>('v1/pods', namespace, { ...pod, status }, { subresource: 'status' })
    nodeState(ctx.lister).see(next)
    if (rested.size > MOST_KEPT) rested.clear()
    if (look.waitsForConfig) rested.delete(uid)
    else rested.set(uid, { version: next.metadata.resourceVersion ?? '', at: now, again })
  }
  return again
}

/** The status of a pod by now. Without news from its containers, what somebody else wrote into the status stands. */
async function newStatus(look: Look, spec: PodSpec): Promise<PodStatus> {
  const old = look.pod.status
  const start = old?.startTime
  const deadline = spec.activeDeadlineSeconds
  const late = deadline !== undefined && start !== undefined && parseTime(start) + deadline * 1000 <= look.now
  let status = late ? pastDeadline(look, spec) : await runPod(look, spec)
  if (
    !late &&
    old?.phase &&
    old.conditions &&
    old.containerStatuses &&
    !spec.readinessGates &&
    equal(status.containerStatuses, old.containerStatuses) &&
    equal(status.initContainerStatuses ?? [], old.initContainerStatuses ?? []) &&
    equal(status.ephemeralContainerStatuses ?? [], old.ephemeralContainerStatuses ?? [])
  )
    status = old
  if (!late && deadline !== undefined && status.startTime && !isOver(status))
    soon(look, parseTime(status.startTime) + deadline * 1000)
  // conditions follow the containers: while those stay as they are, what somebody wrote into the conditions stays too
  const still =
    old !== undefined &&
    old.phase === status.phase &&
    equal(old.containerStatuses ?? [], status.containerStatuses ?? []) &&
    equal(old.initContainerStatuses ?? [], status.initContainerStatuses ?? [])
  return still && old.conditions?.some((c) => c.type === 'Ready') && !spec.readinessGates?.length
    ? { ...status, conditions: old.conditions }
    : status
}

type DiskObject = KubeObject & { readonly spec?: Disk }

/**
 * What a program of the pod did to its own place and log is known to the kubelet; what somebody else did to files or
 * ended is not.
 */
const sameNews = (a: Disk | undefined, b: Disk | undefined): boolean =>
  equal(a?.ends ?? {}, b?.ends ?? {}) && (b?.probes === undefined || equal(a?.files ?? {}, b.files ?? {}))

export const kubelet: Controller = {
  name: 'kubelet',
  sources: [
    // a main process that somebody ended
    {
      resource: DISK,
      keys: (o, lister, change) => {
        const { spec } = o as DiskObject
        if (change?.previous && sameNews((change.previous as DiskObject).spec, spec)) return []
        memoryOf(lister).rested.delete(o.metadata.name ?? '')
        return spec?.pod ? [`${o.metadata.namespace}/${spec.pod}`] : []
      },
    },
    {
      resource: 'pods',
      keys: (o, lister, change) => {
        if (change) nodeState(lister).track(change)
        if (o === change?.previous) return []
        return (o as Pod).spec?.nodeName && change?.type !== 'DELETED' ? [keyOf(o)] : []
      },
    },
    // a node that appears or comes back looks after its pods
    {
      resource: 'nodes',
      keys: (o, lister) =>
        [...nodeState(lister).usage(o.metadata.name ?? '').uids].flatMap((uid) => {
          memoryOf(lister).rested.delete(uid)
          const key = nodeState(lister).placed.get(uid)?.key
          return key === undefined ? [] : [key]
        }),
    },
  ],
  reconcile: syncPod,
}
