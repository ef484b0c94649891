// A HorizontalPodAutoscaler (autoscaling/v2, as it is stored). Behaves as pkg/registry/autoscaling; printed as
// printers/internalversion; described as kubectl's HorizontalPodAutoscalerDescriber.
import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../apimachinery/api/autoscaling.v2.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { parseTime, rfc1123z } from '../../apimachinery/time.ts'
import { validateNonnegative } from '../../apimachinery/validation-meta.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { age, column, name } from '../columns.ts'
import { events, header } from '../describe.ts'
import type { Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { validateAutoscaler } from './hpa-validation.ts'

type Rules = Draft<HPAScalingRules>

/**
 * Rules that say something are completed by what holds otherwise: at most double or four pods in 15 seconds up,
 * everything down.
 */
function rulesDefaults(rules: Rules | undefined, up: boolean): Rules {
  const usual: Rules = up
    ? {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ],
      }
    : { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] }
  return { ...usual, ...rules }
}

function defaults(hpa: Draft<HorizontalPodAutoscaler>): void {
  // a spec that is absent is Go's empty one, and gets its defaults
  const spec = (hpa.spec ??= { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } })
  spec.minReplicas ??= 1
  if (!spec.metrics?.length)
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ]
  if (spec.behavior) {
    spec.behavior.scaleUp = rulesDefaults(spec.behavior.scaleUp, true)
    spec.behavior.scaleDown = rulesDefaults(spec.behavior.scaleDown, false)
  }
}

const UNKNOWN = '<unknown>'
const source = (m: MetricSpec) => m.object ?? m.pods ?? m.external ?? m.resource ?? m.containerResource
const currentOf = (s: MetricStatus | undefined): MetricValueStatus | undefined =>
  (s?.object ?? s?.pods ?? s?.external ?? s?.resource ?? s?.containerResource)?.current
const text = (q: MetricValueStatus['value']): string => (q === undefined ? UNKNOWN : String(q))
const percent = (n: number | undefined, none: string): string => (n === undefined ? none : `${n}%`)

function metricCell(m: MetricSpec, status: MetricStatus | undefined): string {
  const target: MetricTarget | undefined = source(m)?.target
  const current = currentOf(status)
  if (!target) return '<unknown type>'
  switch (m.type) {
    case 'External':
    case 'Object':
      return target.averageValue !== undefined
        ? `${text(current?.averageValue)}/${target.averageValue} (avg)`
        : `${text(current?.value)}/${text(target.value)}`
    case 'Pods':
      return `${text(current?.averageValue)}/${text(target.averageValue)}`
    case 'Resource':
    case 'ContainerResource': {
      const which = (m.resource ?? m.containerResource)?.name
      return target.averageValue !== undefined
        ? `${which}: ${text(current?.averageValue)}/${target.averageValue}`
        : `${which}: ${percent(current?.averageUtilization, UNKNOWN)}/${percent(target.averageUtilization, '<auto>')}`
    }
    default:
      return '<unknown type>'
  }
}

function targets(hpa: HorizontalPodAutoscaler): string {
  const cells = (hpa.spec?.metrics ?? []).map((m, i) => metricCell(m, hpa.status?.currentMetrics?.[i]))
  if (cells.length === 0) return '<none>'
  return cells.length > 2 ? `${cells.slice(0, 2).join(', ')} + ${cells.length - 2} more...` : cells.join(', ')
}

const SHARE = '(as a percentage of request)'

function describeMetric(out: Lines, m: MetricSpec, status: MetricStatus | undefined): void {
  const target: MetricTarget | undefined = source(m)?.target
  const current = currentOf(status)
  const line = (title: string, is: string, should: string | undefined): void =>
    out.write(1, `${title}:\t${is} / ${should ?? '<nil>'}\n`)
  const quantity = (title: string, average: boolean): void =>
    line(
      `${title} (target ${average ? 'average ' : ''}value)`,
      text(average ? current?.averageValue : current?.value),
      text(average ? target?.averageValue : target?.value),
    )
  if (m.type === 'External' && m.external)
    return quantity(goQuote(m.external.metric.name), target?.averageValue !== undefined)
  if (m.type === 'Pods' && m.pods)
    return line(`${goQuote(m.pods.metric.name)} on pods`, text(current?.averageValue), text(target?.averageValue))
  if (m.type === 'Object' && m.object)
    return quantity(
      `"${m.object.metric.name}" on ${m.object.describedObject.kind}/${m.object.describedObject.name}`,
      target?.type === 'AverageValue',
    )
  const resource = m.type === 'Resource' ? m.resource : m.type === 'ContainerResource' ? m.containerResource : undefined
  if (!resource) return out.write(1, `<unknown metric type ${goQuote(m.type)}>\n`)
  const title = `resource ${resource.name}${m.containerResource ? ` of container "${m.containerResource.container}"` : ''} on pods`
  if (target?.averageValue !== undefined) return line(title, text(current?.averageValue), text(target.averageValue))
  const used =
    current?.averageUtilization === undefined
      ? UNKNOWN
      : `${current.averageUtilization}% (${current.averageValue ?? '<nil>'})`
  return line(`${title}  ${SHARE}`, used, percent(target?.averageUtilization, '<auto>'))
}

function describeRules(out: Lines, direction: string, rules: HPAScalingRules | undefined): void {
  if (!rules) return
  out.write(1, `${direction}:\n`)
  if (rules.stabilizationWindowSeconds !== undefined)
    out.write(2, `Stabilization Window: ${rules.stabilizationWindowSeconds} seconds\n`)
  if (!rules.policies?.length) return
  out.write(2, `Select Policy: ${rules.selectPolicy ?? 'Max'}\n`)
  out.write(2, 'Policies:\n')
  for (const p of rules.policies)
    out.write(3, `- Type: ${p.type}\tValue: ${p.value}\tPeriod: ${p.periodSeconds} seconds\n`)
}

export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  gvk: 'autoscaling/v2/HorizontalPodAutoscaler',
  strategy: {
    defaults,
    prepareForCreate: (hpa) => {
      hpa.status = { desiredReplicas: 0 }
      dropTolerance(hpa)
    },
    prepareForUpdate: (hpa) => dropTolerance(hpa),
    validate: (hpa) => validateAutoscaler(hpa),
    validateUpdate: (hpa, old) => validateAutoscaler(hpa, old),
    validateStatusUpdate: (hpa) =>
      (['currentReplicas', 'desiredReplicas'] as const).flatMap((f) =>
        validateNonnegative(hpa.status?.[f], `status.${f}`),
      ),
  },
  columns: [
    name(),
    column('Reference', (hpa) => `${hpa.spec?.scaleTargetRef?.kind ?? ''}/${hpa.spec?.scaleTargetRef?.name ?? ''}`),
    column('Targets', targets),
    column('MinPods', (hpa) => String(hpa.spec?.minReplicas ?? '<unset>')),
    column('MaxPods', (hpa) => hpa.spec?.maxReplicas ?? 0),
    column('Replicas', (hpa) => hpa.status?.currentReplicas ?? 0),
    age(),
  ],
  describe: async (hpa, out, ctx) => {
    const { spec, status } = hpa
    header(out, hpa)
    out.write(
      0,
      `CreationTimestamp:\t${hpa.metadata.creationTimestamp ? rfc1123z(parseTime(hpa.metadata.creationTimestamp)) : ''}\n`,
    )
    out.write(0, `Reference:\t${spec?.scaleTargetRef?.kind}/${spec?.scaleTargetRef?.name}\n`)
    out.write(0, 'Metrics:\t( current / target )\n')
    for (const [i, m] of (spec?.metrics ?? []).entries()) describeMetric(out, m, status?.currentMetrics?.[i])
    out.write(0, `Min replicas:\t${spec?.minReplicas ?? '<unset>'}\n`)
    out.write(0, `Max replicas:\t${spec?.maxReplicas ?? 0}\n`)
    if (spec?.behavior) {
      out.write(0, 'Behavior:\n')
      describeRules(out, 'Scale Up', spec.behavior.scaleUp)
      describeRules(out, 'Scale Down', spec.behavior.scaleDown)
    }
    out.write(
      0,
      `${spec?.scaleTargetRef?.kind} pods:\t${status?.currentReplicas ?? 0} current / ${status?.desiredReplicas ?? 0} desired\n`,
    )
    if (status?.conditions?.length) {
      out.write(0, 'Conditions:\n')
      out.write(1, 'Type\tStatus\tReason\tMessage\n')
      out.write(1, '----\t------\t------\t-------\n')
      for (const c of status.conditions) out.write(1, `${c.type}\t${c.status}\t${c.reason ?? ''}\t${c.message ?? ''}\n`)
    }
    await events(out, hpa, ctx)
  },
})

/** Tolerances are a feature that is off. */
function dropTolerance(hpa: Draft<HorizontalPodAutoscaler>): void {
  for (const rules of [hpa.spec?.behavior?.scaleUp, hpa.spec?.behavior?.scaleDown]) if (rules) delete rules.tolerance
}
