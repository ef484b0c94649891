// HorizontalPodAutoscaler: keeps a workload within its bounds and says why it cannot measure (there is no metrics API); behaves as pkg/controller/podautoscaler.
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerStatus, MetricSpec } from '../../apimachinery/api/autoscaling.v2.ts'
import { equal } from '../../apimachinery/object.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { pathOf } from '../../client/client.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'
import { pathFor, resourceOf } from './garbagecollector.ts'

/** How often autoscalers look. */
const PERIOD = 15_000
const NO_METRICS = 'unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)'

type Scale = KubeObject & { readonly spec?: { readonly replicas?: number }; readonly status?: { readonly replicas?: number; readonly selector?: string } }

/** What is said of a metric that nobody can give: the reason of the event, and the sentence. */
function failureOf(m: MetricSpec, hpa: HorizontalPodAutoscaler): { reason: string; message: string; wrapped: string } {
  switch (m.type) {
    case 'Resource': {
      const name = m.resource?.name ?? ''
      const text = m.resource?.target.type === 'Utilization' ? `failed to get ${name} utilization: unable to get metrics for resource ${name}: ${NO_METRICS}` : `failed to get ${name} usage: unable to get metrics for resource ${name}: ${NO_METRICS}`
      return { reason: 'FailedGetResourceMetric', message: text, wrapped: `failed to get ${name} resource metric value: ${text}` }
    }
    case 'ContainerResource': {
      const name = m.containerResource?.name ?? ''
      const text = `failed to get ${name} ${m.containerResource?.target.type === 'Utilization' ? 'utilization' : 'usage'}: unable to get metrics for resource ${name}: ${NO_METRICS}`
      return { reason: 'FailedGetContainerResourceMetric', message: text, wrapped: `failed to get ${name} container metric value: ${text}` }
    }
    case 'Pods': {
      const text = `unable to get metric ${m.pods?.metric.name}: unable to fetch metrics from custom metrics API: the server could not find the requested resource`
      return { reason: 'FailedGetPodsMetric', message: text, wrapped: `failed to get pods metric value: ${text}` }
    }
    case 'Object': {
      const text = `unable to get metric ${m.object?.metric.name}: ${m.object?.describedObject.kind} on ${hpa.metadata.namespace} ${m.object?.describedObject.name}/unable to fetch metrics from custom metrics API: the server could not find the requested resource`
      return { reason: 'FailedGetObjectMetric', message: text, wrapped: `failed to get object metric value: ${text}` }
    }
    default: {
      const text = `unable to get external metric ${hpa.metadata.namespace}/${m.external?.metric.name}/nil: unable to fetch metrics from external metrics API: the server could not find the requested resource`
      return { reason: 'FailedGetExternalMetric', message: text, wrapped: `failed to get external metric value: ${text}` }
    }
  }
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
  const { spec } = hpa
  let conditions: HorizontalPodAutoscalerCondition[] = [...(hpa.status?.conditions ?? [])]
  const set = (type: string, status: string, reason: string, message: string): void => {
    const next = { type, status, reason, message }
    const old = conditions.find((c) => c.type === type)
    const at = rfc3339(now)
    const moved: HorizontalPodAutoscalerCondition = { ...next, lastTransitionTime: old?.status === status && old.lastTransitionTime ? old.lastTransitionTime : at }
    conditions = old ? conditions.map((c) => (c === old ? moved : c)) : [...conditions, moved]
  }
  const write = async (more: Partial<HorizontalPodAutoscalerStatus>): Promise<void> => {
    const { currentMetrics: _before, ...kept } = hpa.status ?? { desiredReplicas: 0 }
    const status: HorizontalPodAutoscalerStatus = { ...kept, ...more, conditions }
    if (!equal(status, hpa.status)) await ctx.client.update('autoscaling/v2/horizontalpodautoscalers', namespace, { ...hpa, status }, { subresource: 'status' })
  }
  const say = async (reason: string, message: string): Promise<void> => {
    const memory = `hpa/${hpa.metadata.uid}/${reason}`
    if (ctx.recall(memory) === message) return
    ctx.remember(memory, message)
    await ctx.event(hpa, 'Warning', reason, message)
  }
  const target = spec.scaleTargetRef
  const resource = resourceOf(ctx.lister, { apiVersion: target.apiVersion ?? 'v1', kind: target.kind })
  const path = pathOf(pathFor(resource, target.apiVersion ?? 'v1'), namespace, target.name, 'scale')
  let scale: Scale
  try { scale = (await ctx.client.request('GET', path)).body as unknown as Scale } catch (e) {
    if (!(e instanceof StatusError)) throw e
    set('AbleToScale', 'False', 'FailedGetScale', `the HPA controller was unable to get the target's current scale: ${e.message}`)
    await say('FailedGetScale', e.message)
    return write(hpa.status?.currentMetrics ? { currentMetrics: hpa.status.currentMetrics } : {})
  }
  set('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
  const current = scale.spec?.replicas ?? 0
  const min = spec.minReplicas ?? 1
  if (current === 0 && min !== 0) {
    set('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero')
    return write({ currentReplicas: 0, desiredReplicas: 0 })
  }
  const rescale = async (size: number, why: string): Promise<void> => {
    await ctx.client.request('PUT', path, { body: { ...scale, spec: { ...scale.spec, replicas: size } } as never })
    await ctx.event(hpa, 'Normal', 'SuccessfulRescale', `New size: ${size}; reason: ${why}`)
    set('AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${size}`)
    await write({ currentReplicas: current, desiredReplicas: size, lastScaleTime: rfc3339(now), ...(hpa.metadata.generation ? { observedGeneration: hpa.metadata.generation } : {}) })
  }
  if (current > spec.maxReplicas) return rescale(spec.maxReplicas, 'Current number of replicas above Spec.MaxReplicas')
  if (current < min) return rescale(min, 'Current number of replicas below Spec.MinReplicas')
  const failures = (spec.metrics ?? []).map((m) => failureOf(m, hpa))
  const first = failures[0]
  if (!first) return write({ currentReplicas: current, desiredReplicas: current })
  for (const f of failures) await say(f.reason, f.message)
  set('ScalingActive', 'False', first.reason, `the HPA was unable to compute the replica count: ${first.message}`)
  await say('FailedComputeMetricsReplicas', `invalid metrics (${failures.length} invalid out of ${failures.length}), first error is: ${first.wrapped}`)
  // a metric that could not be read leaves an empty place
  await write({ currentReplicas: current, desiredReplicas: hpa.status?.desiredReplicas ?? 0, currentMetrics: failures.map(() => ({ type: '' })) })
}

const targeting = (kind: string) => (o: KubeObject, lister: Lister): string[] => lister.list<HorizontalPodAutoscaler>('horizontalpodautoscalers.autoscaling', o.metadata.namespace ?? '').filter((h) => h.spec?.scaleTargetRef.kind === kind && h.spec.scaleTargetRef.name === o.metadata.name).map(keyOf)

export const horizontalPodAutoscalerController: Controller = {
  name: 'horizontal-pod-autoscaler',
  sources: [
    { resource: 'horizontalpodautoscalers.autoscaling', keys: (o) => [keyOf(o)] },
    { resource: 'deployments.apps', keys: targeting('Deployment') },
    { resource: 'statefulsets.apps', keys: targeting('StatefulSet') },
    { resource: 'replicasets.apps', keys: targeting('ReplicaSet') },
    { resource: 'replicationcontrollers', keys: targeting('ReplicationController') },
  ],
  reconcile,
}
