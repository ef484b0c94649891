// What writing a Pod asks of its kind: defaults, preparing, validation, warnings, grace. Behaves as
// pkg/registry/core/pod.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { drop, equal } from '../../apimachinery/object.ts'
import { warningsForIP } from '../../apimachinery/ip.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import type { Strategy, StrategyContext } from '../kind.ts'
import { podDefaults } from './podspec-defaults.ts'
import { validateNewPod } from './podspec-validation.ts'
import { podWarnings } from './podspec-warnings.ts'
import { validatePodStatus, validatePodUpdate } from './podspec-update.ts'
import {
  dropDisabledFields,
  dropDisabledStatusFields,
  prepareAffinity,
  prepareAppArmor,
  qosClass,
} from './podspec-prepare.ts'

/** Seconds until a deleted pod is gone; 0 for pods that no kubelet runs (CheckGracefulDelete). */
function grace(pod: Pod, requested: number | undefined): number {
  if (!pod.spec?.nodeName || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return 0
  const period = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0
  return period < 0 ? 1 : period
}

function prepareForCreate(pod: Draft<Pod>, { now, warn }: StrategyContext): void {
  pod.status = { phase: 'Pending', qosClass: qosClass(pod) }
  dropDisabledFields(pod.spec)
  if (pod.spec?.schedulingGates?.length) {
    pod.status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        lastProbeTime: null as unknown as string,
        lastTransitionTime: rfc3339(now),
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ]
  }
  prepareAffinity(pod)
  prepareAppArmor(pod, warn)
}

function prepareForStatusUpdate(pod: Draft<Pod>, old: Pod): void {
  const { ownerReferences: owners } = old.metadata
  if (owners) pod.metadata.ownerReferences = owners as Draft<typeof owners>
  else drop(pod.metadata, 'ownerReferences')
  if (pod.status && !pod.status.qosClass && old.status?.qosClass) pod.status.qosClass = old.status.qosClass
  dropDisabledStatusFields(pod.status, old.spec)
}

/** Of updates only new addresses can be warned about. */
function statusWarnings(p: Pod, old: Pod): string[] {
  const of = (name: 'podIPs' | 'hostIPs'): string[] =>
    equal(p.status?.[name], old.status?.[name])
      ? []
      : (p.status?.[name] ?? []).flatMap((a, i) => warningsForIP(`status.${name}[${i}].ip`, a.ip ?? ''))
  return [...of('podIPs'), ...of('hostIPs')]
}

export const podStrategy: Strategy<Pod> = {
  defaults: podDefaults,
  prepareForCreate,
  prepareForUpdate: (next, old) => dropDisabledFields(next.spec, old.spec),
  prepareForStatusUpdate,
  validate: (p) => validateNewPod(p),
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatus,
  warnings: (p, old) => (old ? statusWarnings(p, old) : podWarnings(p)),
  generation: (next, old) => !equal(next.spec, old.spec),
  grace,
}
