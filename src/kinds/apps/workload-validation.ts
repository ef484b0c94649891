// What Deployments, ReplicaSets, StatefulSets and DaemonSets must fulfil: pkg/apis/apps/validation; the same of
// ReplicationControllers.
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../../apimachinery/api/apps.v1.ts'
import type { PodTemplateSpec } from '../../apimachinery/api/core.v1.ts'
import type { LabelSelector } from '../../apimachinery/api/meta.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, notSupported, required, sub } from '../../apimachinery/field.ts'
import { GoText, goQuote } from '../../apimachinery/gostring.ts'
import { intValue } from '../../apimachinery/intstr.ts'
import type { Selector } from '../../apimachinery/labels.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import { dns1123Label } from '../../apimachinery/names.ts'
import type { IntOrString } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import {
  IMMUTABLE,
  validateAnnotations,
  validateLabels,
  validateLabelSelector,
  validateNonnegative,
} from '../../apimachinery/validation-meta.ts'
import { validatePodAnnotations, validatePodTemplate } from '../core/podspec-validation.ts'
import {
  goIntOrString,
  goLabelSelector,
  goMap,
  notMoreThan100Percent,
  percentValue,
  positiveIntOrPercent,
} from '../fieldrules.ts'

type Errors = FieldError[]
const NO_MATCH = '`selector` does not match template `labels`'

/** Counts of a status that may not be negative, and those that may not exceed the replicas. */
function validateCounts(
  status: object | undefined,
  names: readonly string[],
  limited: readonly string[] = [],
  readyPath = 'readyReplicas',
): Errors {
  const of = (name: string): number | undefined =>
    (status as Record<string, unknown> | undefined)?.[name] as number | undefined
  const over = (name: string, max: string, text: string): Errors =>
    (of(name) ?? 0) > (of(max) ?? 0) ? [invalid(`status.${name}`, of(name), `cannot be greater than ${text}`)] : []
  return [
    ...names.flatMap((n) => validateNonnegative(of(n), `status.${n}`)),
    ...limited.flatMap((n) => over(n, 'replicas', 'status.replicas')),
    ...(limited.length ? over('availableReplicas', 'readyReplicas', readyPath) : []),
  ]
}

const collision = (next: number | undefined, old: number | undefined): Errors =>
  old !== undefined && (next === undefined || next < old)
    ? [invalid('status.collisionCount', next ?? 0, 'cannot be decremented')]
    : []

/** What Semantic.DeepEqual looks at: an empty list or map is as good as none. */
const withoutEmpties = (s: LabelSelector): LabelSelector => ({
  ...(Object.keys(s.matchLabels ?? {}).length ? { matchLabels: s.matchLabels } : {}),
  ...(s.matchExpressions?.length ? { matchExpressions: s.matchExpressions } : {}),
})

const selectorUnchanged = (next: LabelSelector | undefined, old: LabelSelector | undefined): Errors =>
  equal(next && withoutEmpties(next), old && withoutEmpties(old))
    ? []
    : [invalid('spec.selector', next && goLabelSelector(next), IMMUTABLE)]

/**
 * A selector that must be there and select something; it is undefined where it cannot be read, and matches nothing
 * where there is none.
 */
function requiredSelector(
  s: LabelSelector | undefined,
  what: string,
  path: string,
): { errors: Errors; selector: Selector | undefined } {
  const errors: Errors = s ? validateLabelSelector(s, path) : [required(path)]
  if (s && Object.keys(s.matchLabels ?? {}).length + (s.matchExpressions ?? []).length === 0)
    errors.push(invalid(path, goLabelSelector(s), `empty selector is invalid for ${what}`))
  try {
    return { errors, selector: fromLabelSelector(s) }
  } catch {
    return { errors, selector: undefined }
  }
}

/** The template of pods that run for ever, matched by the selector. */
function servingTemplate(t: PodTemplateSpec | undefined, path: string, kind: string, old?: PodTemplateSpec): Errors {
  const policy = t?.spec?.restartPolicy ?? ''
  return [
    ...validatePodTemplate(t, path, old),
    ...(policy === 'Always' ? [] : [notSupported(sub(path, 'spec.restartPolicy'), policy, ['Always'])]),
    ...(t?.spec?.activeDeadlineSeconds === undefined
      ? []
      : [forbidden(sub(path, 'spec.activeDeadlineSeconds'), `activeDeadlineSeconds in ${kind} is not Supported`)]),
  ]
}

const labelsMatch = (t: PodTemplateSpec | undefined, selector: Selector | undefined, path: string): Errors =>
  selector?.length && !matches(selector, t?.metadata?.labels ?? {})
    ? [invalid(sub(path, 'metadata.labels'), goMap(t?.metadata?.labels), NO_MATCH)]
    : []

/** A selector that cannot be turned into requirements is refused a second time. */
const unreadable = (s: LabelSelector | undefined, selector: Selector | undefined, detail: string): Errors =>
  s && !selector ? [invalid('spec.selector', goLabelSelector(s), detail)] : []

const amount = (value: IntOrString | undefined): number => percentValue(value) ?? intValue(value)

function deploymentStrategy(d: Deployment): Errors {
  const s = d.spec?.strategy
  const path = 'spec.strategy'
  if (s?.type === 'Recreate')
    return s.rollingUpdate
      ? [forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")]
      : []
  if (s?.type !== 'RollingUpdate')
    return [
      notSupported(
        path,
        new GoText(
          `apps.DeploymentStrategy{Type:${goQuote(s?.type ?? '')}, RollingUpdate:(*apps.RollingUpdateDeployment)(${s?.rollingUpdate ? '0xc000000000' : 'nil'})}`,
        ),
        ['Recreate', 'RollingUpdate'],
      ),
    ]
  const { maxUnavailable: down, maxSurge: up } = s.rollingUpdate ?? {}
  const here = `${path}.rollingUpdate`
  return [
    ...positiveIntOrPercent(down, `${here}.maxUnavailable`),
    ...positiveIntOrPercent(up, `${here}.maxSurge`),
    ...(amount(down) === 0 && amount(up) === 0
      ? [invalid(`${here}.maxUnavailable`, goIntOrString(down ?? 0), 'may not be 0 when `maxSurge` is 0')]
      : []),
    ...notMoreThan100Percent(down, `${here}.maxUnavailable`),
  ]
}

/** Everything a Deployment must fulfil; changes also keep the selector. */
export function validateDeployment(d: Deployment, old?: Deployment): Errors {
  const s = d.spec
  const { errors, selector } = requiredSelector(s?.selector, 'deployment', 'spec.selector')
  const deadline = s?.progressDeadlineSeconds
  return [
    ...validateNonnegative(s?.replicas, 'spec.replicas'),
    ...errors,
    ...unreadable(s?.selector, selector, 'invalid label selector'),
    ...(!selector
      ? []
      : [
          ...labelsMatch(s?.template, selector, 'spec.template'),
          ...servingTemplate(s?.template, 'spec.template', 'ReplicaSet', old?.spec?.template),
        ]),
    ...deploymentStrategy(d),
    ...validateNonnegative(s?.minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonnegative(s?.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...validateNonnegative(deadline, 'spec.progressDeadlineSeconds'),
    ...(deadline !== undefined && deadline <= (s?.minReadySeconds ?? 0)
      ? [invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')]
      : []),
    ...(old ? selectorUnchanged(s?.selector, old.spec?.selector) : []),
  ]
}

export function validateDeploymentStatus(d: Deployment, old: Deployment): Errors {
  return [
    ...validateCounts(
      d.status,
      [
        'observedGeneration',
        'replicas',
        'updatedReplicas',
        'readyReplicas',
        'availableReplicas',
        'unavailableReplicas',
        'terminatingReplicas',
        'collisionCount',
      ],
      ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
    ),
    ...collision(d.status?.collisionCount, old.status?.collisionCount),
  ]
}

export function validateReplicaSet(rs: ReplicaSet, old?: ReplicaSet): Errors {
  const s = rs.spec
  const { errors, selector } = requiredSelector(s?.selector, 'deployment', 'spec.selector')
  return [
    ...validateNonnegative(s?.replicas, 'spec.replicas'),
    ...validateNonnegative(s?.minReadySeconds, 'spec.minReadySeconds'),
    ...errors,
    ...unreadable(s?.selector, selector, 'invalid label selector'),
    ...(!selector
      ? []
      : [
          ...labelsMatch(s?.template, selector, 'spec.template'),
          ...servingTemplate(s?.template, 'spec.template', 'ReplicaSet', old?.spec?.template),
        ]),
    ...(old ? selectorUnchanged(s?.selector, old.spec?.selector) : []),
  ]
}

export const validateReplicaSetStatus = (rs: { readonly status?: object }): Errors =>
  validateCounts(
    rs.status,
    [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'observedGeneration',
      'terminatingReplicas',
    ],
    ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
  )

const PODS = ['OrderedReady', 'Parallel']
const RETENTION = ['Retain', 'Delete']

function statefulSetStrategy(s: StatefulSet['spec']): Errors {
  const u = s?.updateStrategy
  const path = 'spec.updateStrategy'
  const pointer = u?.rollingUpdate ? '0xc000000000' : 'nil'
  if (!u?.type) return [required(path)]
  if (u.type === 'OnDelete')
    return u.rollingUpdate
      ? [
          invalid(
            `${path}.rollingUpdate`,
            new GoText(
              `apps.RollingUpdateStatefulSetStrategy{Partition:${u.rollingUpdate.partition ?? 0}, MaxUnavailable:(*intstr.IntOrString)(nil)}`,
            ),
            "only allowed for updateStrategy 'RollingUpdate'",
          ),
        ]
      : []
  if (u.type !== 'RollingUpdate')
    return [
      invalid(
        path,
        new GoText(
          `apps.StatefulSetUpdateStrategy{Type:${goQuote(u.type)}, RollingUpdate:(*apps.RollingUpdateStatefulSetStrategy)(${pointer})}`,
        ),
        "must be 'RollingUpdate' or 'OnDelete'",
      ),
    ]
  return validateNonnegative(u.rollingUpdate?.partition, `${path}.rollingUpdate.partition`)
}

export function validateStatefulSet(set: StatefulSet, old?: StatefulSet): Errors {
  const s = set.spec
  const { errors, selector } = requiredSelector(s?.selector, 'statefulset', 'spec.selector')
  const policy = s?.podManagementPolicy
  const retention = s?.persistentVolumeClaimRetentionPolicy
  const t = s?.template
  const restart = t?.spec?.restartPolicy ?? ''
  return [
    ...(!policy
      ? [required('spec.podManagementPolicy')]
      : PODS.includes(policy)
        ? []
        : [invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")]),
    ...statefulSetStrategy(s),
    ...(retention
      ? (['whenDeleted', 'whenScaled'] as const).flatMap((f) =>
          RETENTION.includes(retention[f] ?? '')
            ? []
            : [notSupported(`spec.persistentVolumeClaimRetentionPolicy.${f}`, retention[f] ?? '', RETENTION)],
        )
      : []),
    ...validateNonnegative(s?.replicas, 'spec.replicas'),
    ...validateNonnegative(s?.minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonnegative(s?.ordinals?.start, 'spec.ordinals.start'),
    ...(!old && s?.serviceName
      ? dns1123Label(s.serviceName).map((m) => invalid('spec.serviceName', s.serviceName, m))
      : []),
    ...errors,
    ...unreadable(s?.selector, selector, ''),
    ...(!selector
      ? []
      : [
          ...labelsMatch(t, selector, 'spec.template'),
          ...validateLabels(t?.metadata?.labels, 'spec.template.labels'),
          ...validateAnnotations(t?.metadata?.annotations, 'spec.template.annotations'),
          ...validatePodAnnotations(
            t?.metadata?.annotations,
            t?.spec,
            'spec.template.annotations',
            old?.spec?.template?.metadata?.annotations,
          ),
        ]),
    ...(restart === 'Always' ? [] : [notSupported('spec.template.spec.restartPolicy', restart, ['Always'])]),
    ...(t?.spec?.activeDeadlineSeconds === undefined
      ? []
      : [
          forbidden(
            'spec.template.spec.activeDeadlineSeconds',
            'activeDeadlineSeconds in StatefulSet is not Supported',
          ),
        ]),
    ...(old ? fixedParts(set, old) : []),
  ]
}

/** A StatefulSet's fields that may change; everything else may not. */
function fixedParts(next: StatefulSet, old: StatefulSet): Errors {
  const rest = (s: StatefulSet): object => {
    const {
      replicas,
      template,
      updateStrategy,
      minReadySeconds,
      ordinals,
      revisionHistoryLimit,
      persistentVolumeClaimRetentionPolicy,
      ...fixed
    } = s.spec ?? ({} as NonNullable<StatefulSet['spec']>)
    return fixed
  }
  return equal(rest(next), rest(old))
    ? []
    : [
        forbidden(
          'spec',
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ),
      ]
}

export function validateStatefulSetStatus(set: StatefulSet, old: StatefulSet): Errors {
  return [
    ...validateCounts(
      set.status,
      [
        'replicas',
        'readyReplicas',
        'currentReplicas',
        'updatedReplicas',
        'availableReplicas',
        'observedGeneration',
        'collisionCount',
      ],
      ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
      'status.readyReplicas',
    ),
    ...collision(set.status?.collisionCount, old.status?.collisionCount),
  ]
}

function daemonSetStrategy(d: DaemonSet): Errors {
  const u = d.spec?.updateStrategy
  const path = 'spec.updateStrategy'
  if (u?.type === 'OnDelete') return []
  if (u?.type !== 'RollingUpdate')
    return [
      notSupported(
        path,
        new GoText(
          `apps.DaemonSetUpdateStrategy{Type:${goQuote(u?.type ?? '')}, RollingUpdate:(*apps.RollingUpdateDaemonSet)(${u?.rollingUpdate ? '0xc000000000' : 'nil'})}`,
        ),
        ['RollingUpdate', 'OnDelete'],
      ),
    ]
  if (!u.rollingUpdate) return [required(`${path}.rollingUpdate`)]
  const { maxUnavailable: down, maxSurge: up } = u.rollingUpdate
  const here = `${path}.rollingUpdate`
  return [
    ...positiveIntOrPercent(down, `${here}.maxUnavailable`),
    ...positiveIntOrPercent(up, `${here}.maxSurge`),
    ...notMoreThan100Percent(down, `${here}.maxUnavailable`),
    ...notMoreThan100Percent(up, `${here}.maxSurge`),
    ...(amount(down) !== 0 && amount(up) !== 0
      ? [invalid(`${here}.maxSurge`, goIntOrString(up ?? 0), 'may not be set when maxUnavailable is non-zero')]
      : []),
    ...(amount(down) === 0 && amount(up) === 0
      ? [required(`${here}.maxUnavailable`, 'cannot be 0 when maxSurge is 0')]
      : []),
  ]
}

export function validateDaemonSet(d: DaemonSet, old?: DaemonSet): Errors {
  const s = d.spec
  const errors = validateLabelSelector(s?.selector, 'spec.selector')
  let selector: Selector | undefined
  try {
    selector = fromLabelSelector(s?.selector)
  } catch {
    /* said by the rules above */
  }
  if (selector && !matches(selector, s?.template?.metadata?.labels ?? {}))
    errors.push(invalid('spec.template.metadata.labels', goMap(s?.template?.metadata?.labels), NO_MATCH))
  if (
    s?.selector &&
    Object.keys(s.selector.matchLabels ?? {}).length + (s.selector.matchExpressions ?? []).length === 0
  )
    errors.push(invalid('spec.selector', goLabelSelector(s.selector), 'empty selector is invalid for daemonset'))
  return [
    ...errors,
    ...servingTemplate(s?.template, 'spec.template', 'DaemonSet', old?.spec?.template),
    ...validateNonnegative(s?.minReadySeconds, 'spec.minReadySeconds'),
    ...daemonSetStrategy(d),
    ...validateNonnegative(s?.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...(old ? selectorUnchanged(s?.selector, old.spec?.selector) : []),
  ]
}

export function validateDaemonSetStatus(d: DaemonSet, old: DaemonSet): Errors {
  return [
    ...validateCounts(d.status, [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ]),
    ...collision(d.status?.collisionCount, old.status?.collisionCount),
  ]
}

/** The template of a ReplicationController, whose selector is a plain map. */
export function validateControllerTemplate(
  t: PodTemplateSpec | undefined,
  selector: Readonly<Record<string, string>> | undefined,
  old?: PodTemplateSpec,
): Errors {
  if (!t) return [required('spec.template')]
  const wanted = Object.entries(selector ?? {})
  const labels = t.metadata?.labels ?? {}
  return [
    ...(wanted.every(([k, v]) => Object.hasOwn(labels, k) && labels[k] === v)
      ? []
      : [invalid('spec.template.metadata.labels', goMap(t.metadata?.labels), NO_MATCH)]),
    ...servingTemplate(t, 'spec.template', 'ReplicationController', old),
  ]
}
