// How many replicas a metric asks for: what the pods use against what they should; behaves as podautoscaler's
// replica_calculator.go and computeReplicasForMetric.
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from '../../apimachinery/api/autoscaling.v2.ts'
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { matches, parseSelector } from '../../apimachinery/labels.ts'
import { canonical, milliValue, newMilliQuantity } from '../../apimachinery/quantity.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime } from '../../apimachinery/time.ts'
import { pathOf } from '../../client/client.ts'
import type { ControllerContext } from '../controller.ts'

/** Differences smaller than this are none. */
const TOLERANCE = 0.1
/** How long a pod that just started may use much CPU without that meaning anything, in milliseconds. */
const CPU_INITIALIZATION = 5 * 60_000
const INITIAL_READINESS = 30_000
const WINDOW = 15_000

/** What a metric proposes, and what the status says of it. `unready`: pods were left out that will count later. */
export interface Proposal {
  readonly replicas: number
  readonly name: string
  readonly status: MetricStatus
  readonly unready: boolean
}
/**
 * A metric that could not be read: the reason of the event, its sentence, and the sentence that calls it one of
 * several.
 */
export interface Unmeasured {
  readonly reason: string
  readonly message: string
  readonly wrapped: string
}

class CannotMeasure extends Error {}

interface PodMetrics {
  readonly metadata: { readonly name?: string }
  readonly containers?: readonly { readonly name: string; readonly usage: Readonly<Record<string, string>> }[]
}

/** Usage of each pod in thousandths, by name; of one container where one is meant. */
async function usages(
  ctx: ControllerContext,
  namespace: string,
  selector: string,
  resource: string,
  container: string | undefined,
): Promise<Map<string, number>> {
  let items: readonly PodMetrics[]
  try {
    items = (
      (
        await ctx.client.request('GET', pathOf('metrics.k8s.io/v1beta1/pods', namespace, ''), {
          query: { labelSelector: selector },
        })
      ).body as unknown as { items: readonly PodMetrics[] }
    ).items
  } catch (e) {
    if (!(e instanceof StatusError)) throw e
    throw new CannotMeasure(
      `unable to get metrics for resource ${resource}: unable to fetch metrics from resource metrics API: ${e.message} (get pods.metrics.k8s.io)`,
    )
  }
  if (items.length === 0)
    throw new CannotMeasure(
      `unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`,
    )
  const out = new Map<string, number>()
  for (const m of items) {
    const meant = (m.containers ?? []).filter((c) => container === undefined || c.name === container)
    if (meant.length && meant.every((c) => c.usage[resource] !== undefined))
      out.set(
        m.metadata.name ?? '',
        meant.reduce((sum, c) => sum + Number(milliValue(c.usage[resource] ?? '0')), 0),
      )
  }
  return out
}

interface Groups {
  readonly ready: number
  readonly unready: readonly string[]
  readonly missing: readonly string[]
  readonly ignored: readonly string[]
}

/** groupPods: pods whose figures count, do not count yet, are not there, or never count. */
function groupPods(pods: readonly Pod[], metrics: ReadonlyMap<string, number>, resource: string, now: number): Groups {
  const unready: string[] = []
  const missing: string[] = []
  const ignored: string[] = []
  let ready = 0
  for (const pod of pods) {
    const name = pod.metadata.name ?? ''
    if (pod.metadata.deletionTimestamp || pod.status?.phase === 'Failed') {
      ignored.push(name)
      continue
    }
    if (pod.status?.phase === 'Pending') {
      unready.push(name)
      continue
    }
    if (!metrics.has(name)) {
      missing.push(name)
      continue
    }
    if (resource === 'cpu') {
      const condition = pod.status?.conditions?.find((c) => c.type === 'Ready')
      const started = pod.status?.startTime ? parseTime(pod.status.startTime) : undefined
      const since = condition?.lastTransitionTime ? parseTime(condition.lastTransitionTime) : 0
      const young = started !== undefined && started + CPU_INITIALIZATION > now
      if (
        !condition ||
        started === undefined ||
        (young
          ? condition.status === 'False' || now < since + WINDOW
          : condition.status === 'False' && started + INITIAL_READINESS > since)
      ) {
        unready.push(name)
        continue
      }
    }
    ready++
  }
  return { ready, unready, missing, ignored }
}

/** The ratio of use to target: of the requests' sum in percent, or of the mean. */
type Ratio = (metrics: ReadonlyMap<string, number>) => {
  readonly ratio: number
  readonly utilization?: number
  readonly mean: number
}

function replicasFor(
  metrics: Map<string, number>,
  groups: Groups,
  current: number,
  ratioOf: Ratio,
  fill: (pod: string, full: boolean) => number,
): { replicas: number; utilization?: number; mean: number } {
  for (const name of [...groups.ignored, ...groups.unready]) metrics.delete(name)
  if (metrics.size === 0) throw new CannotMeasure('did not receive metrics for targeted pods (pods might be unready)')
  const { ratio, ...seen } = ratioOf(metrics)
  const upWithUnready = groups.unready.length > 0 && ratio > 1
  if (!upWithUnready && groups.missing.length === 0)
    return { replicas: Math.abs(1 - ratio) <= TOLERANCE ? current : Math.ceil(ratio * groups.ready), ...seen }
  // what is not known is taken at its most careful: full where less are wanted, nothing where more are
  if (ratio !== 1) for (const name of groups.missing) metrics.set(name, fill(name, ratio < 1))
  if (upWithUnready) for (const name of groups.unready) metrics.set(name, 0)
  const again = ratioOf(metrics).ratio
  const wanted = Math.ceil(again * metrics.size)
  const turned =
    (ratio < 1 && again > 1) ||
    (ratio > 1 && again < 1) ||
    (again < 1 && wanted > current) ||
    (again > 1 && wanted < current)
  return { replicas: Math.abs(1 - again) <= TOLERANCE || turned ? current : wanted, ...seen }
}

/** What the pods ask for, in thousandths. */
function requestsOf(pods: readonly Pod[], resource: string, container: string | undefined): Map<string, number> {
  const out = new Map<string, number>()
  for (const pod of pods) {
    let sum = 0
    for (const c of [
      ...(pod.spec?.containers ?? []),
      ...(pod.spec?.initContainers ?? []).filter((i) => i.restartPolicy === 'Always'),
    ]) {
      if (container !== undefined && c.name !== container) continue
      const request = c.resources?.requests?.[resource]
      if (request === undefined)
        throw new CannotMeasure(`missing request for ${resource} in container ${c.name} of Pod ${pod.metadata.name}`)
      sum += Number(milliValue(request))
    }
    out.set(pod.metadata.name ?? '', sum)
  }
  return out
}

async function ofResource(
  hpa: HorizontalPodAutoscaler,
  resource: string,
  container: string | undefined,
  target: MetricTarget,
  selector: string,
  current: number,
  ctx: ControllerContext,
): Promise<{ replicas: number; utilization?: number; mean: number; unready: boolean }> {
  const namespace = hpa.metadata.namespace ?? ''
  const metrics = await usages(ctx, namespace, selector, resource, container)
  const parsed = parseSelector(selector)
  const pods = ctx.lister.list<Pod>('pods', namespace).filter((p) => matches(parsed, p.metadata.labels))
  if (pods.length === 0) throw new CannotMeasure('no pods returned by selector while calculating replica count')
  const groups = groupPods(pods, metrics, resource, ctx.clock.now())
  const mean = (m: ReadonlyMap<string, number>): number =>
    Math.trunc([...m.values()].reduce((a, b) => a + b, 0) / m.size)
  if (target.type !== 'Utilization') {
    const wanted = Number(milliValue(target.averageValue ?? '0'))
    const result = replicasFor(
      metrics,
      groups,
      current,
      (m) => ({ ratio: mean(m) / wanted, mean: mean(m) }),
      (_, full) => (full ? wanted : 0),
    )
    return { ...result, unready: groups.unready.length > 0 }
  }
  const requests = requestsOf(pods, resource, container)
  const ratio: Ratio = (m) => {
    let used = 0
    let asked = 0
    for (const [name, n] of m) {
      used += n
      asked += requests.get(name) ?? 0
    }
    if (asked === 0) throw new CannotMeasure('no metrics returned matched known pods')
    const utilization = Math.trunc((used * 100) / asked)
    return { ratio: utilization / (target.averageUtilization ?? 1), utilization, mean: Math.trunc(used / m.size) }
  }
  return {
    ...replicasFor(metrics, groups, current, ratio, (name, full) => (full ? (requests.get(name) ?? 0) : 0)),
    unready: groups.unready.length > 0,
  }
}

const ABSENT = 'the server could not find the requested resource'

/** What one metric proposes for a workload of `current` replicas whose pods `selector` finds. */
export async function measure(
  m: MetricSpec,
  hpa: HorizontalPodAutoscaler,
  selector: string,
  current: number,
  ctx: ControllerContext,
): Promise<Proposal | Unmeasured> {
  switch (m.type) {
    case 'Resource':
    case 'ContainerResource': {
      const source = m.type === 'Resource' ? m.resource : m.containerResource
      const container = m.containerResource?.container
      const target = source?.target ?? { type: '' }
      const name = source?.name ?? ''
      const percent = target.type === 'Utilization'
      try {
        const { replicas, utilization, mean, unready } = await ofResource(
          hpa,
          name,
          container,
          target,
          selector,
          current,
          ctx,
        )
        const value = {
          ...(utilization === undefined ? {} : { averageUtilization: utilization }),
          averageValue: canonical(newMilliQuantity(mean)),
        }
        const status: MetricStatus =
          m.type === 'Resource'
            ? { type: m.type, resource: { name, current: value } }
            : { type: m.type, containerResource: { name, container: container ?? '', current: value } }
        return {
          replicas,
          name: `${name} ${m.type === 'Resource' ? 'resource' : 'container resource'}${percent ? ' utilization (percentage of request)' : ''}`,
          status,
          unready,
        }
      } catch (e) {
        if (!(e instanceof CannotMeasure)) throw e
        const message = `failed to get ${name} ${percent ? 'utilization' : 'usage'}: ${e.message}`
        return m.type === 'Resource'
          ? {
              reason: 'FailedGetResourceMetric',
              message,
              wrapped: `failed to get ${name} resource metric value: ${message}`,
            }
          : {
              reason: 'FailedGetContainerResourceMetric',
              message,
              wrapped: `failed to get ${name} container metric value: ${message}`,
            }
      }
    }
    case 'Pods': {
      const message = `unable to get metric ${m.pods?.metric.name}: unable to fetch metrics from custom metrics API: ${ABSENT}`
      return { reason: 'FailedGetPodsMetric', message, wrapped: `failed to get pods metric value: ${message}` }
    }
    case 'Object': {
      const message = `unable to get metric ${m.object?.metric.name}: ${m.object?.describedObject.kind} on ${hpa.metadata.namespace} ${m.object?.describedObject.name}/unable to fetch metrics from custom metrics API: ${ABSENT}`
      return { reason: 'FailedGetObjectMetric', message, wrapped: `failed to get object metric value: ${message}` }
    }
    default: {
      const message = `unable to get external metric ${hpa.metadata.namespace}/${m.external?.metric.name}/nil: unable to fetch metrics from external metrics API: ${ABSENT}`
      return { reason: 'FailedGetExternalMetric', message, wrapped: `failed to get external metric value: ${message}` }
    }
  }
}

export const isProposal = (p: Proposal | Unmeasured): p is Proposal => 'replicas' in p
