// What a HorizontalPodAutoscaler must fulfil: pkg/apis/autoscaling/validation.
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
} from '../../apimachinery/api/autoscaling.v2.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, forbidden, invalid, notSupported, required, sub } from '../../apimachinery/field.ts'
import { dns1123Label, pathSegmentName } from '../../apimachinery/names.ts'
import { quantitySign } from '../../apimachinery/quantity.ts'
import { goQuantity } from '../fieldrules.ts'
import { containerResourceName } from '../core/resourcenames.ts'

const SOURCES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']
const FIELD: Readonly<Record<string, 'object' | 'pods' | 'resource' | 'external' | 'containerResource'>> = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  External: 'external',
  ContainerResource: 'containerResource',
}

/** All rules of a spec. `old` allows what it has: no lower bound of 0 unless it was 0 already. */
export function validateAutoscaler(hpa: HorizontalPodAutoscaler, old?: HorizontalPodAutoscaler): FieldError[] {
  const spec = hpa.spec
  if (!spec) return [required('spec')]
  const errors: FieldError[] = []
  const low = old?.spec?.minReplicas === 0 ? 0 : 1
  const { minReplicas: min, maxReplicas: max = 0 } = spec
  if (min !== undefined && min < low)
    errors.push(invalid('spec.minReplicas', min, `must be greater than or equal to ${low}`))
  if (max < 1) errors.push(invalid('spec.maxReplicas', max, 'must be greater than 0'))
  if (min !== undefined && max < min)
    errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'))
  errors.push(...validateReference(spec.scaleTargetRef, 'spec.scaleTargetRef'))
  for (const [i, m] of (spec.metrics ?? []).entries()) errors.push(...validateMetric(m, at('spec.metrics', i)))
  if (min === 0 && !spec.metrics?.some((m) => m.type === 'Object' || m.type === 'External'))
    errors.push(
      forbidden(
        'spec.metrics',
        'must specify at least one Object or External metric to support scaling to zero replicas',
      ),
    )
  errors.push(
    ...validateRules(spec.behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...validateRules(spec.behavior?.scaleDown, 'spec.behavior.scaleDown'),
  )
  return errors
}

function validateReference(ref: CrossVersionObjectReference | undefined, path: string): FieldError[] {
  return (['kind', 'name'] as const).flatMap((f) =>
    ref?.[f] ? pathSegmentName(ref[f]).map((m) => invalid(sub(path, f), ref[f], m)) : [required(sub(path, f))],
  )
}

function validateMetric(m: MetricSpec, path: string): FieldError[] {
  const errors: FieldError[] = []
  const unknown = notSupported(sub(path, 'type'), m.type ?? '', SOURCES)
  if (!m.type) errors.push(required(sub(path, 'type'), 'must specify a metric source type'))
  const expected = Object.hasOwn(FIELD, m.type ?? '') ? FIELD[m.type] : undefined
  if (!expected) errors.push(unknown)
  const present = (['object', 'external', 'pods', 'resource', 'containerResource'] as const).filter((f) => m[f])
  const first = present[0]
  if (first) errors.push(...validateSource(m, first, sub(path, first)))
  if (!expected) errors.push(unknown)
  else if (!m[expected])
    errors.push(required(sub(path, expected), 'must populate information for the given metric source'))
  if (present.length !== 1)
    for (const f of present)
      if (f !== expected) errors.push(forbidden(sub(path, f), 'must populate the given metric source only'))
  return errors
}

function validateSource(
  m: MetricSpec,
  which: 'object' | 'external' | 'pods' | 'resource' | 'containerResource',
  path: string,
): FieldError[] {
  const errors: FieldError[] = []
  const target = m[which]?.target
  const at = (f: keyof MetricTarget): string => sub(sub(path, 'target'), f)
  const both = target?.averageUtilization !== undefined && target.averageValue !== undefined
  if (which === 'object') errors.push(...validateReference(m.object?.describedObject, sub(path, 'describedObject')))
  if (which === 'object' || which === 'external' || which === 'pods') {
    const metric = m[which]?.metric.name
    errors.push(
      ...(metric
        ? pathSegmentName(metric).map((t) => invalid(sub(path, 'metric.name'), metric, t))
        : [required(sub(path, 'metric.name'), 'must specify a metric name')]),
    )
  }
  if (which === 'resource' || which === 'containerResource') {
    const name = m[which]?.name
    if (!name) errors.push(required(sub(path, 'name'), 'must specify a resource name'))
    else if (which === 'containerResource') errors.push(...containerResourceName(name, sub(path, 'name')))
  }
  if (which === 'containerResource') {
    const container = m.containerResource?.container
    errors.push(
      ...(container
        ? dns1123Label(container).map((t) => invalid(sub(path, 'container'), container, t))
        : [required(sub(path, 'container'), 'must specify a container')]),
    )
  }
  errors.push(...validateTarget(target, sub(path, 'target')))
  const none = target?.value === undefined && target?.averageValue === undefined
  if (which === 'object' && none)
    errors.push(required(at('averageValue'), 'must set either a target value or averageValue'))
  if (which === 'external') {
    if (none) errors.push(required(at('averageValue'), 'must set either a target value for metric or a per-pod target'))
    if (target?.value !== undefined && target.averageValue !== undefined)
      errors.push(forbidden(at('value'), 'may not set both a target value for metric and a per-pod target'))
  }
  if (which === 'pods' && target?.averageValue === undefined)
    errors.push(required(at('averageValue'), 'must specify a positive target averageValue'))
  if (which === 'resource' || which === 'containerResource') {
    if (target?.averageUtilization === undefined && target?.averageValue === undefined)
      errors.push(required(at('averageUtilization'), 'must set either a target raw value or a target utilization'))
    if (both) errors.push(forbidden(at('averageValue'), 'may not set both a target raw value and a target utilization'))
  }
  return errors
}

function validateTarget(t: MetricTarget | undefined, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (!t?.type) errors.push(required(sub(path, 'type'), 'must specify a metric target type'))
  if (!['Utilization', 'Value', 'AverageValue'].includes(t?.type ?? ''))
    errors.push(invalid(sub(path, 'type'), t?.type ?? '', 'must be either Utilization, Value, or AverageValue'))
  for (const f of ['value', 'averageValue'] as const) {
    const q = t?.[f]
    if (q !== undefined && quantitySign(q) !== 1) errors.push(invalid(sub(path, f), goQuantity(q), 'must be positive'))
  }
  if (t?.averageUtilization !== undefined && t.averageUtilization < 1)
    errors.push(invalid(sub(path, 'averageUtilization'), t.averageUtilization, 'must be greater than 0'))
  return errors
}

function validateRules(rules: HPAScalingRules | undefined, path: string): FieldError[] {
  if (!rules) return []
  const errors: FieldError[] = []
  const window = rules.stabilizationWindowSeconds
  if (window !== undefined && window < 0)
    errors.push(invalid(sub(path, 'stabilizationWindowSeconds'), window, 'must be greater than or equal to zero'))
  if (window !== undefined && window > 3600)
    errors.push(invalid(sub(path, 'stabilizationWindowSeconds'), window, 'must be less than or equal to 3600'))
  if (rules.selectPolicy !== undefined && !['Max', 'Min', 'Disabled'].includes(rules.selectPolicy))
    errors.push(notSupported(sub(path, 'selectPolicy'), rules.selectPolicy, ['Disabled', 'Max', 'Min']))
  if (!rules.policies?.length) errors.push(required(sub(path, 'policies'), 'must specify at least one Policy'))
  for (const [i, p] of (rules.policies ?? []).entries()) {
    const here = at(sub(path, 'policies'), i)
    if (p.type !== 'Pods' && p.type !== 'Percent')
      errors.push(notSupported(sub(here, 'type'), p.type ?? '', ['Percent', 'Pods']))
    if ((p.value ?? 0) <= 0) errors.push(invalid(sub(here, 'value'), p.value ?? 0, 'must be greater than zero'))
    if ((p.periodSeconds ?? 0) <= 0)
      errors.push(invalid(sub(here, 'periodSeconds'), p.periodSeconds ?? 0, 'must be greater than zero'))
    if ((p.periodSeconds ?? 0) > 1800)
      errors.push(invalid(sub(here, 'periodSeconds'), p.periodSeconds, 'must be less than or equal to 1800'))
  }
  return errors
}
