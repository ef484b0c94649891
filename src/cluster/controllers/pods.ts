// Pods as controllers see and make them: readiness, activity, and creation from a template with the events of
// pkg/controller/controller_utils.go.
import type { Pod, PodTemplateSpec } from '../../apimachinery/api/core.v1.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import { StatusError, isNamespaceTerminating } from '../../apimachinery/status.ts'
import { parseTime } from '../../apimachinery/time.ts'
import type { ControllerContext } from '../controller.ts'
import { controllerRef } from './owners.ts'

/** A pod that still runs or will: neither finished nor being deleted. */
export const isActive = (pod: Pod): boolean =>
  pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && !pod.metadata.deletionTimestamp
export const isFinished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined && !isFinished(pod)
export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false

/** Milliseconds until the pod counts as available (0: it does already), or undefined while it is not ready. */
export function availableIn(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const ready = pod.status?.conditions?.find((c) => c.type === 'Ready')
  if (ready?.status !== 'True') return undefined
  if (!minReadySeconds) return 0
  if (!ready.lastTransitionTime) return undefined
  return Math.max(0, parseTime(ready.lastTransitionTime) + minReadySeconds * 1000 - now)
}

/** The pod a template asks for, with its owner and a name to be generated. */
export function podFromTemplate(owner: KubeObject, template: PodTemplateSpec, meta: Partial<ObjectMeta> = {}): Pod {
  const t = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(meta.name ? { name: meta.name } : { generateName: `${owner.metadata.name}-` }),
      namespace: owner.metadata.namespace ?? '',
      ...(t.labels || meta.labels ? { labels: { ...t.labels, ...meta.labels } } : {}),
      ...(t.annotations || meta.annotations ? { annotations: { ...t.annotations, ...meta.annotations } } : {}),
      ...(t.finalizers || meta.finalizers ? { finalizers: [...(t.finalizers ?? []), ...(meta.finalizers ?? [])] } : {}),
      ...(meta.generateName ? { generateName: meta.generateName } : {}),
      ownerReferences: [controllerRef(owner)],
    },
    spec: template.spec ?? { containers: [] },
  }
}

export interface Created {
  readonly created: readonly Pod[]
  readonly error?: StatusError
  /** The namespace is being deleted: nothing more can be created there. */ readonly terminating?: boolean
}

/** So many pods are made for one owner before it is looked at again (burstReplicas): it may want fewer by then. */
export const BURST = 500

/**
 * Creates pods in growing batches (1, 2, 4 …) so that a refusal costs few attempts, and no more than a burst; each is
 * told as an event of the owner.
 */
export async function createPods(
  ctx: ControllerContext,
  owner: KubeObject,
  wanted: number,
  make: (index: number) => Pod,
): Promise<Created> {
  const count = Math.min(wanted, BURST)
  const created: Pod[] = []
  let error: StatusError | undefined
  for (let batch = 1, at = 0; at < count && !error; batch *= 2) {
    const end = Math.min(count, at + batch)
    for (; at < end; at++) {
      try {
        const pod = await ctx.client.create<Pod>('v1/pods', owner.metadata.namespace ?? '', make(at))
        created.push(pod)
        await ctx.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
      } catch (e) {
        if (!(e instanceof StatusError)) throw e
        if (isNamespaceTerminating(e)) return { created, error: e, terminating: true }
        error = e
        await ctx.event(owner, 'Warning', 'FailedCreate', `Error creating: ${e.message}`)
      }
    }
  }
  return { created, ...(error ? { error } : {}) }
}

/** Deletes pods, told as events of the owner. One that has gone already is no trouble. */
export async function deletePods(ctx: ControllerContext, owner: KubeObject, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) {
    try {
      await ctx.client.delete('v1/pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '')
    } catch (e) {
      if (e instanceof StatusError && e.code === 404) continue
      throw e
    }
    await ctx.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
  }
}

const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/**
 * Orders pods by how little is lost with them: unassigned, pending, not ready, cheap by annotation, many on one node,
 * young, restarted, new (ActivePodsWithRanks).
 */
export function deletionOrder(pods: readonly Pod[], rank: (pod: Pod) => number, now: number): Pod[] {
  const cost = (p: Pod): number => {
    const c = p.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost']
    return c && /^-?\d+$/.test(c) ? Number(c) : 0
  }
  const restarts = (p: Pod): number => Math.max(0, ...(p.status?.containerStatuses ?? []).map((c) => c.restartCount))
  const readySince = (p: Pod): number => {
    const t = p.status?.conditions?.find((c) => c.type === 'Ready' && c.status === 'True')?.lastTransitionTime
    return t ? parseTime(t) : 0
  }
  // durations are compared by powers of two, so that pods started together are alike
  const scale = (since: number): number => {
    const s = now - since
    return s <= 0 ? 0 : Math.floor(Math.log2(s * 1e6))
  }
  const facts = pods.map((pod) => ({
    pod,
    assigned: pod.spec?.nodeName ? 1 : 0,
    phase: PHASES[pod.status?.phase ?? 'Pending'] ?? 0,
    ready: isReady(pod) ? 1 : 0,
    cost: cost(pod),
    rank: rank(pod),
    since: readySince(pod),
    restarts: restarts(pod),
    created: pod.metadata.creationTimestamp ? parseTime(pod.metadata.creationTimestamp) : 0,
  }))
  const youngFirst = (a: number, b: number): number =>
    a === b ? 0 : !a ? -1 : !b ? 1 : scale(a) !== scale(b) ? b - a : 0
  facts.sort(
    (a, b) =>
      a.assigned - b.assigned ||
      a.phase - b.phase ||
      a.ready - b.ready ||
      a.cost - b.cost ||
      b.rank - a.rank ||
      (a.ready && b.ready ? youngFirst(a.since, b.since) : 0) ||
      b.restarts - a.restarts ||
      youngFirst(a.created, b.created) ||
      ((a.pod.metadata.uid ?? '') < (b.pod.metadata.uid ?? '') ? -1 : 1),
  )
  return facts.map((f) => f.pod)
}
