// Stops a pod that is deleted: preStop hooks, the end of its containers, the end of its object; behaves as pkg/kubelet's
// killPod and status manager.
import type { ContainerStatus, Pod, PodStatus } from '../../apimachinery/api/core.v1.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { Json } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime } from '../../apimachinery/time.ts'
import type { ControllerContext } from '../controller.ts'
import { ended } from './containerstatus.ts'
import { attemptOf, exactStart, fieldPath } from './podlook.ts'
import { conditionsOf } from './podstatus.ts'
import { containerProcess } from './process.ts'

/** Until when pods that are stopped wait for their preStop hooks, by uid. */
const STOPPING = 'stopping'

/**
 * Stops a pod: when its preStop hooks are done its containers end at once, then the API object may go. Returns when to
 * look again.
 */
export async function stopPod(ctx: ControllerContext, pod: Pod, now: number): Promise<{ after: number } | undefined> {
  const left = await hooksLeft(ctx, pod, now)
  if (left > 0) return { after: left }
  const namespace = pod.metadata.namespace ?? ''
  const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  const held = (pod.metadata.finalizers?.length ?? 0) > 0
  // somebody else still waits for this pod: it shows how it ended
  if (held && !finished) {
    const status = stoppedStatus(ctx, pod, now)
    await ctx.client.update('v1/pods', namespace, { ...pod, status }, { subresource: 'status' })
  }
  if (held && pod.metadata.deletionGracePeriodSeconds === 0) return undefined
  try {
    await ctx.client.delete('v1/pods', namespace, pod.metadata.name ?? '', {
      gracePeriodSeconds: 0,
      preconditions: { uid: pod.metadata.uid ?? '' },
    })
  } catch (e) {
    if (!(e instanceof StatusError && (e.code === 404 || e.code === 409))) throw e
  }
  return undefined
}

/** How long a pod's preStop hooks still take, in milliseconds; they are run when it is asked for the first time. */
async function hooksLeft(ctx: ControllerContext, pod: Pod, now: number): Promise<number> {
  const uid = pod.metadata.uid ?? ''
  const kept = ctx.recall(STOPPING)
  const waiting: Record<string, Json | undefined> = isObject(kept) ? { ...kept } : {}
  const known = Object.hasOwn(waiting, uid) ? waiting[uid] : undefined
  const until = typeof known === 'number' ? known : await beforeStop(ctx, pod, now)
  // a later, shorter grace period counts
  const due = Math.min(until, Math.max(now, parseTime(pod.metadata.deletionTimestamp ?? '')))
  if (due > now) {
    if (known === undefined) ctx.remember(STOPPING, { ...waiting, [uid]: until })
  } else if (known !== undefined) {
    delete waiting[uid]
    ctx.remember(STOPPING, waiting)
  }
  return due - now
}

/**
 * Tells of the end of a pod's containers and runs their preStop hooks (killContainer). Returns the moment when all are
 * done; no hook gets more time than the pod has.
 */
async function beforeStop(ctx: ControllerContext, pod: Pod, now: number): Promise<number> {
  const { spec, status } = pod
  const end = Math.max(now, parseTime(pod.metadata.deletionTimestamp ?? ''))
  const host = spec?.nodeName ?? ''
  let until = now
  for (const [statuses, kind] of [
    [status?.initContainerStatuses, 'init'],
    [status?.containerStatuses, 'main'],
  ] as const)
    for (const c of statuses ?? []) {
      if (!c.state?.running) continue
      const at = { fieldPath: fieldPath(kind, c.name), host }
      await ctx.event(pod, 'Normal', 'Killing', `Stopping container ${c.name}`, 'kubelet', at)
      const container = (kind === 'init' ? spec?.initContainers : spec?.containers)?.find((x) => x.name === c.name)
      const hook = container?.lifecycle?.preStop
      if (!container || !hook || pod.metadata.deletionGracePeriodSeconds === 0) continue
      const attempt = attemptOf({ ctx, now }, c.restartCount, exactStart(ctx, c) ?? now)
      const went = await containerProcess.hook(pod, container, hook, attempt, ctx.programs)
      if (!went.ok) await ctx.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', 'kubelet', at)
      until = Math.max(until, Math.min(end, now + went.took))
    }
  return until
}

const UNLOCATED = {
  code: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was deleted.  The container used to be Running',
}

/** The last status of a pod that was stopped. */
function stoppedStatus(ctx: ControllerContext, pod: Pod, now: number): PodStatus {
  const end = (c: ContainerStatus): ContainerStatus => {
    if (c.state?.terminated) return c
    return c.state?.running ? ended(c, exactStart(ctx, c) ?? now, now, { code: 137 }) : ended(c, 0, now, UNLOCATED)
  }
  const main = (pod.status?.containerStatuses ?? []).map(end)
  const init = pod.status?.initContainerStatuses?.map(end)
  const spec = pod.spec ?? { containers: [] }
  const phase = 'Failed'
  const versions = ctx.profile.version
  return {
    ...pod.status,
    phase,
    conditions: conditionsOf(pod, { spec, phase, sandbox: false, init: init ?? [], main, now, versions }),
    ...(init ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
  }
}
