// Evicts pods that do not tolerate their node's NoExecute taints, and collects pods whose node is gone; behaves as
// pkg/controller/tainteviction and podgc.
import type { Node, Pod } from '../../apimachinery/api/core.v1.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { nodeState } from '../node/nodestate.ts'
import { toleratesTaint } from './nodeaffinity.ts'

/** How long a vanished node is waited for. */
const QUARANTINE = 40_000

async function evict(
  ctx: ControllerContext,
  pod: Pod,
  reason: string,
  message: string,
  grace: { gracePeriodSeconds?: number },
): Promise<void> {
  const namespace = pod.metadata.namespace ?? ''
  const conditions = [
    ...(pod.status?.conditions ?? []).filter((c) => c.type !== 'DisruptionTarget'),
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime: rfc3339(ctx.clock.now()),
    },
  ]
  try {
    await ctx.client.update(
      'v1/pods',
      namespace,
      {
        ...pod,
        status: {
          ...pod.status,
          conditions,
          ...(reason === 'DeletionByPodGC' && pod.status?.phase !== 'Succeeded' ? { phase: 'Failed' } : {}),
        },
      },
      { subresource: 'status' },
    )
    await ctx.client.delete('v1/pods', namespace, pod.metadata.name ?? '', {
      ...grace,
      preconditions: { uid: pod.metadata.uid ?? '' },
    })
  } catch (e) {
    if (!(e instanceof StatusError && (e.code === 404 || e.code === 409))) throw e
  }
}

async function reconcile(key: string, ctx: ControllerContext): Promise<{ after: number } | void> {
  const [namespace, name] = splitKey(key)
  const pod = ctx.lister.get<Pod>('pods', namespace, name)
  if (!pod?.spec?.nodeName) return
  const now = ctx.clock.now()
  const node = ctx.lister.get<Node>('nodes', '', pod.spec.nodeName)
  if (!node) {
    const memory = `orphan/${pod.metadata.uid}`
    const since = ctx.recall(memory)
    if (typeof since !== 'number') {
      ctx.remember(memory, now)
      return { after: QUARANTINE }
    }
    if (since + QUARANTINE > now) return { after: since + QUARANTINE - now }
    return evict(ctx, pod, 'DeletionByPodGC', 'PodGC: node no longer exists', { gracePeriodSeconds: 0 })
  }
  if (pod.metadata.deletionTimestamp || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return
  const taints = (node.spec?.taints ?? []).filter((t) => t.effect === 'NoExecute')
  if (taints.length === 0) return
  let until = Infinity
  for (const t of taints) {
    const tolerations = (pod.spec.tolerations ?? []).filter((x) => toleratesTaint([x], t))
    if (tolerations.length === 0) {
      until = 0
      break
    }
    const added = t.timeAdded ? parseTime(t.timeAdded) : now
    for (const x of tolerations)
      if (x.tolerationSeconds !== undefined)
        until = Math.min(until, x.tolerationSeconds <= 0 ? 0 : added + Number(x.tolerationSeconds) * 1000)
  }
  if (until === Infinity) return
  if (until > now) return { after: until - now }
  await ctx.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`)
  await evict(ctx, pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint', {})
}

export const taintEvictionController: Controller = {
  name: 'taint-eviction-controller',
  sources: [
    {
      resource: 'nodes',
      keys: (o, lister) =>
        [...nodeState(lister).usage(o.metadata.name ?? '').uids]
          .map((uid) => nodeState(lister).placed.get(uid)?.key ?? '')
          .filter((k) => k !== ''),
    },
    {
      resource: 'pods',
      keys: (o, lister) => {
        const n = (o as Pod).spec?.nodeName
        const node = n ? lister.get<Node>('nodes', '', n) : undefined
        return n && (!node || node.spec?.taints?.some((t) => t.effect === 'NoExecute')) ? [keyOf(o)] : []
      },
    },
  ],
  reconcile,
}
