// HorizontalPodAutoscaler: brings a workload to the size that its metrics ask for, within its bounds, or says why it
// cannot measure; behaves as pkg/controller/podautoscaler.
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerSpec,
  HorizontalPodAutoscalerStatus,
  MetricSpec,
} from '../../apimachinery/api/autoscaling.v2.ts'
import type { Json, KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { pathOf } from '../../client/client.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'
import { setCondition } from './conditions.ts'
import { pathFor, resourceOf } from './garbagecollector.ts'
import { LONGEST_WINDOW, limit } from './hpalimits.ts'
import type { Moment } from './hpalimits.ts'
import { isProposal, measure } from './hpameasure.ts'
import type { Proposal, Unmeasured } from './hpameasure.ts'
import { writeStatus } from './writestatus.ts'

/** How often autoscalers look. */
const PERIOD = 15_000

type Scale = KubeObject & {
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly replicas?: number; readonly selector?: string }
}

/** Small lists that outlive the process: [at, n] pairs. */
function moments(value: Json | undefined): readonly Moment[] {
  return Array.isArray(value)
    ? value.flatMap((m) =>
        Array.isArray(m) && typeof m[0] === 'number' && typeof m[1] === 'number' ? [{ at: m[0], n: m[1] }] : [],
      )
    : []
}
const pairs = (list: readonly Moment[], now: number): Json =>
  list.filter((m) => m.at > now - LONGEST_WINDOW).map((m) => [m.at, m.n])

/** One look of an autoscaler at its target. */
interface Look {
  readonly ctx: ControllerContext
  readonly hpa: HorizontalPodAutoscaler
  readonly spec: HorizontalPodAutoscalerSpec
  readonly now: number
  conditions: readonly HorizontalPodAutoscalerCondition[]
}

/** What the target's scale subresource says, and where. */
interface Target {
  readonly path: string
  readonly scale: Scale
  readonly current: number
}

function set(l: Look, type: string, status: string, reason: string, message: string): void {
  l.conditions = setCondition(l.conditions, { type, status, reason, message, lastTransitionTime: rfc3339(l.now) })
}

async function write({ ctx, hpa, conditions }: Look, more: Partial<HorizontalPodAutoscalerStatus>): Promise<void> {
  const { currentMetrics: _before, ...kept } = hpa.status ?? { desiredReplicas: 0 }
  const status: HorizontalPodAutoscalerStatus = { ...kept, ...more, conditions }
  await writeStatus(ctx, 'autoscaling/v2/horizontalpodautoscalers', hpa, status)
}

/** Says what is wrong, once as long as it stays so. */
async function say({ ctx, hpa }: Look, reason: string, message: string): Promise<void> {
  const memory = `hpa/${hpa.metadata.uid}/${reason}`
  if (ctx.recall(memory) === message) return
  ctx.remember(memory, message)
  await ctx.event(hpa, 'Warning', reason, message)
}

async function reconcile(key: string, ctx: ControllerContext): Promise<{ after: number } | void> {
  const [namespace, name] = splitKey(key)
  const hpa = ctx.lister.get<HorizontalPodAutoscaler>('horizontalpodautoscalers.autoscaling', namespace, name)
  if (!hpa?.spec || hpa.metadata.deletionTimestamp) return
  const now = ctx.clock.now()
  // it looks at its beats only; a beat is waited for when there is something to see, so that a quiet one costs nothing
  const beat = `hpa/${hpa.metadata.uid}`
  const due = ctx.recall(beat)
  if (typeof due !== 'number') {
    const since = now - parseTime(hpa.metadata.creationTimestamp ?? rfc3339(now))
    const after = PERIOD - (since % PERIOD)
    ctx.remember(beat, now + after)
    return { after }
  }
  if (due > now) return { after: due - now }
  ctx.remember(beat, null)
  const l: Look = { ctx, hpa, spec: hpa.spec, now, conditions: hpa.status?.conditions ?? [] }
  const target = await targetOf(l)
  if (!target || !(await autoscale(l, target))) return
  ctx.remember(beat, now + PERIOD)
  return { after: PERIOD }
}

/** The target's scale; where there is none, that is said. */
async function targetOf(l: Look): Promise<Target | undefined> {
  const { ctx, hpa, spec } = l
  const { apiVersion = 'v1', kind, name } = spec.scaleTargetRef
  const resource = resourceOf(ctx.lister, { apiVersion, kind })
  const path = pathOf(pathFor(resource, apiVersion), hpa.metadata.namespace, name, 'scale')
  try {
    const scale = (await ctx.client.request('GET', path)).body as Scale
    set(l, 'AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
    return { path, scale, current: scale.spec?.replicas ?? 0 }
  } catch (e) {
    if (!(e instanceof StatusError)) throw e
    const message = `the HPA controller was unable to get the target's current scale: ${e.message}`
    set(l, 'AbleToScale', 'False', 'FailedGetScale', message)
    await say(l, 'FailedGetScale', e.message)
    await write(l, hpa.status?.currentMetrics ? { currentMetrics: hpa.status.currentMetrics } : {})
    return undefined
  }
}

async function rescale(
  l: Look,
  { path, scale, current }: Target,
  size: number,
  why: string,
  more: Partial<HorizontalPodAutoscalerStatus> = {},
): Promise<void> {
  const { ctx, hpa } = l
  await ctx.client.request('PUT', path, { body: { ...scale, spec: { ...scale.spec, replicas: size } } })
  await ctx.event(hpa, 'Normal', 'SuccessfulRescale', `New size: ${size}; reason: ${why}`)
  const message = `the HPA controller was able to update the target scale to ${size}`
  set(l, 'AbleToScale', 'True', 'SucceededRescale', message)
  await write(l, {
    ...more,
    currentReplicas: current,
    desiredReplicas: size,
    lastScaleTime: rfc3339(l.now),
    ...(hpa.metadata.generation ? { observedGeneration: hpa.metadata.generation } : {}),
  })
}

/** Scales where that is due (reconcileAutoscaler). Returns whether the next beat is waited for. */
async function autoscale(l: Look, target: Target): Promise<boolean> {
  const { spec } = l
  const { current } = target
  const min = spec.minReplicas ?? 1
  if (current === 0 && min !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero'
    set(l, 'ScalingActive', 'False', 'ScalingDisabled', message)
    await write(l, { currentReplicas: 0, desiredReplicas: 0 })
  } else if (current > spec.maxReplicas)
    await rescale(l, target, spec.maxReplicas, 'Current number of replicas above Spec.MaxReplicas')
  else if (current < min) await rescale(l, target, min, 'Current number of replicas below Spec.MinReplicas')
  else if (!spec.metrics?.length) await write(l, { currentReplicas: current, desiredReplicas: current })
  else return byMetrics(l, target, min, spec.metrics)
  return false
}

async function byMetrics(l: Look, target: Target, min: number, metrics: readonly MetricSpec[]): Promise<boolean> {
  const { ctx, hpa, spec, now } = l
  const { current, scale } = target
  const history = `hpa/${hpa.metadata.uid}/history`
  const before = ctx.recall(history)
  const [proposed, scaled] = Array.isArray(before)
    ? [moments(before[0]), moments(before[1])]
    : [[{ at: now, n: current }], []]
  const measured: (Proposal | Unmeasured)[] = []
  for (const m of metrics) measured.push(await measure(m, hpa, scale.status?.selector ?? '', current, ctx))
  const failures = measured.filter((m): m is Unmeasured => !isProposal(m))
  const proposals = measured.filter(isProposal)
  const largest = proposals.reduce<Proposal | undefined>(
    (most, p) => (most && most.replicas >= p.replicas ? most : p),
    undefined,
  )
  for (const f of failures) await say(l, f.reason, f.message)
  // a metric that could not be read leaves an empty place
  const currentMetrics = measured.map((m) => (isProposal(m) ? m.status : { type: '' }))
  const [first] = failures
  // what is known may make a workload larger, never smaller while something is not
  if (first && (!largest || largest.replicas < current)) {
    const message = `the HPA was unable to compute the replica count: ${first.message}`
    set(l, 'ScalingActive', 'False', first.reason, message)
    const count = `${failures.length} invalid out of ${metrics.length}`
    await say(l, 'FailedComputeMetricsReplicas', `invalid metrics (${count}), first error is: ${first.wrapped}`)
    await write(l, { currentReplicas: current, desiredReplicas: hpa.status?.desiredReplicas ?? 0, currentMetrics })
    return false
  }
  if (!largest) return false
  const valid = `the HPA was able to successfully calculate a replica count from ${largest.name}`
  set(l, 'ScalingActive', 'True', 'ValidMetricFound', valid)
  const { desired, able, limited, held } = limit(
    largest.replicas,
    current,
    { min, max: spec.maxReplicas, ...(spec.behavior ? { behavior: spec.behavior } : {}) },
    { proposed, scaled },
    now,
  )
  set(l, 'AbleToScale', 'True', able.reason, able.message)
  set(l, 'ScalingLimited', limited.status, limited.reason, limited.message)
  const why = desired > current ? `${largest.name} above target` : 'All metrics below target'
  if (desired !== current) await rescale(l, target, desired, why, { currentMetrics })
  else await write(l, { currentReplicas: current, desiredReplicas: desired, currentMetrics })
  // one more look at the next beat while something is on its way: a new size, a size held back, pods whose figures do
  // not count yet
  const busy = desired !== current || held || proposals.some((p) => p.unready)
  if (busy || proposed.some((m) => m.n !== largest.replicas))
    ctx.remember(history, [
      pairs([...proposed, { at: now, n: largest.replicas }], now),
      pairs(desired === current ? scaled : [...scaled, { at: now, n: desired - current }], now),
    ])
  return busy
}

const usageSaid = (o: KubeObject): string =>
  JSON.stringify(Object.entries(o.metadata.annotations ?? {}).filter(([k]) => k.startsWith('kubesim.io/')))
const targeting =
  (kind: string) =>
  (o: KubeObject, lister: Lister): string[] =>
    lister
      .list<HorizontalPodAutoscaler>('horizontalpodautoscalers.autoscaling', o.metadata.namespace ?? '')
      .filter((h) => h.spec?.scaleTargetRef.kind === kind && h.spec.scaleTargetRef.name === o.metadata.name)
      .map(keyOf)

export const horizontalPodAutoscalerController: Controller = {
  name: 'horizontal-pod-autoscaler',
  sources: [
    { resource: 'horizontalpodautoscalers.autoscaling', keys: (o) => [keyOf(o)] },
    // somebody says that a pod uses more, or less
    {
      resource: 'pods',
      keys: (o, lister, change) =>
        change?.previous && usageSaid(o) !== usageSaid(change.previous)
          ? lister
              .list<HorizontalPodAutoscaler>('horizontalpodautoscalers.autoscaling', o.metadata.namespace ?? '')
              .map(keyOf)
          : [],
    },
    { resource: 'deployments.apps', keys: targeting('Deployment') },
    { resource: 'statefulsets.apps', keys: targeting('StatefulSet') },
    { resource: 'replicasets.apps', keys: targeting('ReplicaSet') },
    { resource: 'replicationcontrollers', keys: targeting('ReplicationController') },
  ],
  reconcile,
}
