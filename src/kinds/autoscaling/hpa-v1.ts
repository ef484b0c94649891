// A HorizontalPodAutoscaler as autoscaling/v1 has it: one CPU percentage, everything else in annotations
// (pkg/apis/autoscaling/v1/conversion.go).
import type { HorizontalPodAutoscaler as V1 } from '../../apimachinery/api/autoscaling.v1.ts'
import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
} from '../../apimachinery/api/autoscaling.v2.ts'
import type { Draft, Json, JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { Kind } from '../kind.ts'
import { horizontalPodAutoscaler as stored } from './horizontalpodautoscaler.ts'

const PREFIX = 'autoscaling.alpha.kubernetes.io/'
const METRICS = `${PREFIX}metrics`
const CURRENT = `${PREFIX}current-metrics`
const BEHAVIOR = `${PREFIX}behavior`
const CONDITIONS = `${PREFIX}conditions`
const ROUND_TRIP = [METRICS, CURRENT, BEHAVIOR, CONDITIONS]

type Loose = { [key: string]: Json | undefined }
const pick = (entries: Loose): Loose => Object.fromEntries(Object.entries(entries).filter(([, v]) => v !== undefined))
const loose = (value: unknown): Loose => (isObject(value) ? { ...value } : {})
const isCpu = (m: { type: string; resource?: { name: string } | undefined }): boolean =>
  m.type === 'Resource' && m.resource?.name === 'cpu'

/** The fields of a v1 metric in the order of its Go type. */
function metricToV1(m: MetricSpec): Loose {
  const { object: o, pods: p, resource: r, containerResource: c, external: e } = m
  const own = (x: typeof r | typeof c): Loose =>
    pick({
      name: x?.name,
      targetAverageUtilization: x?.target.averageUtilization,
      targetAverageValue: x?.target.averageValue,
    })
  return pick({
    type: m.type,
    object:
      o &&
      pick({
        target: {
          kind: o.describedObject.kind,
          name: o.describedObject.name,
          ...(o.describedObject.apiVersion ? { apiVersion: o.describedObject.apiVersion } : {}),
        },
        metricName: o.metric.name,
        targetValue: o.target.value ?? '0',
        selector: o.metric.selector,
        averageValue: o.target.averageValue,
      }),
    pods:
      p &&
      pick({
        metricName: p.metric.name,
        targetAverageValue: p.target.averageValue ?? '0',
        selector: p.metric.selector,
      }),
    resource: r && own(r),
    containerResource: c && { ...own(c), container: c.container },
    external:
      e &&
      pick({
        metricName: e.metric.name,
        metricSelector: e.metric.selector,
        targetValue: e.target.value,
        targetAverageValue: e.target.averageValue,
      }),
  })
}

function metricFromV1(raw: Json | undefined): Loose {
  const m = loose(raw)
  const {
    object: o,
    pods: p,
    resource: r,
    containerResource: c,
    external: e,
  } = Object.fromEntries(
    Object.entries(m)
      .filter(([, v]) => isObject(v))
      .map(([k, v]) => [k, loose(v)]),
  )
  const metric = (x: Loose, selector: string): Loose => pick({ name: x.metricName, selector: x[selector] })
  const own = (x: Loose): Loose => ({
    name: x.name,
    target: pick({
      type: x.targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
      averageValue: x.targetAverageValue,
      averageUtilization: x.targetAverageUtilization,
    }),
  })
  return pick({
    type: m.type,
    object: o && {
      describedObject: o.target,
      target: pick({
        type: o.averageValue === undefined ? 'Value' : 'AverageValue',
        value: o.targetValue,
        averageValue: o.averageValue,
      }),
      metric: metric(o, 'selector'),
    },
    pods: p && {
      metric: metric(p, 'selector'),
      target: pick({ type: 'AverageValue', averageValue: p.targetAverageValue }),
    },
    resource: r && own(r),
    containerResource: c && { ...own(c), container: c.container },
    external: e && {
      metric: metric(e, 'metricSelector'),
      target: pick({
        type: e.targetValue === undefined ? 'AverageValue' : 'Value',
        value: e.targetValue,
        averageValue: e.targetAverageValue,
      }),
    },
  })
}

function statusToV1(m: MetricStatus): Loose {
  const { object: o, pods: p, resource: r, containerResource: c, external: e } = m
  const own = (x: typeof r | typeof c): Loose =>
    pick({
      name: x?.name,
      currentAverageUtilization: x?.current.averageUtilization,
      currentAverageValue: x?.current.averageValue ?? '0',
    })
  return pick({
    type: m.type,
    object:
      o &&
      pick({
        target: o.describedObject as JsonObject,
        metricName: o.metric.name,
        currentValue: o.current.value ?? '0',
        selector: o.metric.selector,
        averageValue: o.current.averageValue,
      }),
    pods:
      p &&
      pick({
        metricName: p.metric.name,
        currentAverageValue: p.current.averageValue ?? '0',
        selector: p.metric.selector,
      }),
    resource: r && own(r),
    containerResource: c && { ...own(c), container: c.container },
    external:
      e &&
      pick({
        metricName: e.metric.name,
        metricSelector: e.metric.selector,
        currentValue: e.current.value ?? '0',
        currentAverageValue: e.current.averageValue,
      }),
  })
}

function statusFromV1(raw: Json | undefined): Loose {
  const m = loose(raw)
  const part = (k: string): Loose | undefined => (isObject(m[k]) ? loose(m[k]) : undefined)
  const [o, p, r, c, e] = ['object', 'pods', 'resource', 'containerResource', 'external'].map(part)
  const metric = (x: Loose, selector: string): Loose => pick({ name: x.metricName, selector: x[selector] })
  const own = (x: Loose): Loose => ({
    name: x.name,
    current: pick({ averageValue: x.currentAverageValue, averageUtilization: x.currentAverageUtilization }),
  })
  return pick({
    type: m.type,
    object: o && {
      metric: metric(o, 'selector'),
      current: pick({ value: o.currentValue, averageValue: o.averageValue }),
      describedObject: o.target,
    },
    pods: p && { metric: metric(p, 'selector'), current: pick({ averageValue: p.currentAverageValue }) },
    resource: r && own(r),
    containerResource: c && { ...own(c), container: c.container },
    external: e && {
      metric: metric(e, 'metricSelector'),
      current: pick({ value: e.currentValue, averageValue: e.currentAverageValue }),
    },
  })
}

/** Behaviour is kept under the Go names of its fields. */
function rulesToAnnotation(r: HPAScalingRules | undefined): Json {
  if (!r) return null
  return {
    StabilizationWindowSeconds: r.stabilizationWindowSeconds ?? null,
    SelectPolicy: r.selectPolicy ?? null,
    Policies: r.policies?.map((p) => ({ Type: p.type, Value: p.value, PeriodSeconds: p.periodSeconds })) ?? null,
    Tolerance: r.tolerance ?? null,
  }
}

function rulesFromAnnotation(raw: Json | undefined): Loose | undefined {
  if (!isObject(raw)) return undefined
  const policies = Array.isArray(raw.Policies)
    ? raw.Policies.map((p: Json) => ({
        type: loose(p).Type ?? '',
        value: loose(p).Value ?? 0,
        periodSeconds: loose(p).PeriodSeconds ?? 0,
      }))
    : undefined
  return pick({
    stabilizationWindowSeconds: raw.StabilizationWindowSeconds ?? undefined,
    selectPolicy: raw.SelectPolicy ?? undefined,
    policies,
    tolerance: raw.Tolerance ?? undefined,
  })
}

function parse(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** v1 keeps the Go order of fields in these texts: JSON as written, escaped as Go escapes it. */
const encode = (value: Json): string =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)

function fromStored(draft: Draft<KubeObject>): Draft<KubeObject> {
  const hpa = draft as Draft<HorizontalPodAutoscaler>
  const { spec, status } = hpa
  const annotations: Record<string, string> = { ...hpa.metadata.annotations }
  for (const k of ROUND_TRIP) delete annotations[k]
  const cpu = spec?.metrics?.find((m) => isCpu(m) && m.resource?.target.averageUtilization !== undefined)
  const others = (spec?.metrics ?? []).filter((m) => !(isCpu(m) && m.resource?.target.averageUtilization !== undefined))
  if (others.length) annotations[METRICS] = encode(others.map((m) => metricToV1(m)))
  if (status?.currentMetrics?.length) annotations[CURRENT] = encode(status.currentMetrics.map((m) => statusToV1(m)))
  if (spec?.behavior)
    annotations[BEHAVIOR] = encode({
      ScaleUp: rulesToAnnotation(spec.behavior.scaleUp),
      ScaleDown: rulesToAnnotation(spec.behavior.scaleDown),
    })
  if (status?.conditions?.length)
    annotations[CONDITIONS] = encode(
      status.conditions.map((c) => ({
        type: c.type,
        status: c.status,
        lastTransitionTime: c.lastTransitionTime ?? null,
        ...(c.reason ? { reason: c.reason } : {}),
        ...(c.message ? { message: c.message } : {}),
      })),
    )
  const metadata = { ...hpa.metadata, annotations }
  if (Object.keys(annotations).length === 0) delete (metadata as { annotations?: unknown }).annotations
  const usedCpu = status?.currentMetrics?.find(isCpu)?.resource?.current.averageUtilization
  const v1: Loose = {
    ...draft,
    apiVersion: 'autoscaling/v1',
    metadata: metadata,
    ...(spec
      ? {
          spec: pick({
            scaleTargetRef: spec.scaleTargetRef,
            minReplicas: spec.minReplicas,
            maxReplicas: spec.maxReplicas,
            targetCPUUtilizationPercentage: cpu?.resource?.target.averageUtilization,
          }),
        }
      : {}),
    ...(status
      ? {
          status: pick({
            observedGeneration: status.observedGeneration,
            lastScaleTime: status.lastScaleTime,
            currentReplicas: status.currentReplicas ?? 0,
            desiredReplicas: status.desiredReplicas ?? 0,
            currentCPUUtilizationPercentage: usedCpu,
          }),
        }
      : {}),
  }
  return v1 as Draft<KubeObject>
}

function toStored(draft: Draft<KubeObject>): Draft<KubeObject> {
  const v1 = draft as Draft<V1>
  const annotations = v1.metadata.annotations
  const percent = v1.spec?.targetCPUUtilizationPercentage
  const cpu = (averageUtilization: number): Loose => ({
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
  })
  const others = parse(annotations?.[METRICS])
  const metrics: Loose[] = [
    ...(Array.isArray(others) ? others.map((m: Json) => metricFromV1(m)) : []),
    ...(percent !== undefined ? [cpu(percent)] : []),
  ]
  const behavior = parse(annotations?.[BEHAVIOR])
  const rules = isObject(behavior)
    ? pick({ scaleUp: rulesFromAnnotation(behavior.ScaleUp), scaleDown: rulesFromAnnotation(behavior.ScaleDown) })
    : {}
  const current = parse(annotations?.[CURRENT])
  const used = v1.status?.currentCPUUtilizationPercentage
  const currentMetrics = Array.isArray(current)
    ? current.map((m: Json) => statusFromV1(m))
    : used !== undefined
      ? [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: used } } }]
      : undefined
  const conditions = parse(annotations?.[CONDITIONS])
  const metadata: Loose = { ...v1.metadata }
  if (annotations) {
    const kept = Object.entries(annotations).filter(([k]) => !ROUND_TRIP.includes(k))
    if (kept.length) metadata.annotations = Object.fromEntries(kept)
    else delete metadata.annotations
  }
  const v2: Loose = {
    ...draft,
    apiVersion: 'autoscaling/v2',
    metadata,
    ...(v1.spec
      ? {
          spec: pick({
            scaleTargetRef: v1.spec.scaleTargetRef,
            minReplicas: v1.spec.minReplicas ?? 1,
            maxReplicas: v1.spec.maxReplicas,
            metrics: metrics.length ? metrics : [cpu(80)],
            behavior: Object.keys(rules).length ? rules : undefined,
          }),
        }
      : {}),
    ...(v1.status
      ? {
          status: pick({
            observedGeneration: v1.status.observedGeneration,
            lastScaleTime: v1.status.lastScaleTime,
            currentReplicas: v1.status.currentReplicas,
            desiredReplicas: v1.status.desiredReplicas,
            currentMetrics,
            conditions: Array.isArray(conditions) ? conditions : undefined,
          }),
        }
      : {}),
  }
  return v2 as Draft<KubeObject>
}

const { describe, ...alike } = stored

/** The older version; it is described as the stored one, which holds what it has no fields for. */
export const horizontalPodAutoscalerV1: Kind = {
  ...alike,
  gvk: 'autoscaling/v1/HorizontalPodAutoscaler',
  conversion: { stored: 'autoscaling/v2/HorizontalPodAutoscaler', toStored, fromStored },
}
