// What writing a StatefulSet asks of its kind. Behaves as pkg/registry/apps/statefulset.
import type { StatefulSet } from '../../apimachinery/api/apps.v1.ts'
import { nameIsDnsLabel } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { templateDefaults, roundUp } from '../core/podspec-defaults.ts'
import { dropDisabledFields } from '../core/podspec-prepare.ts'
import { claimWarnings, templateWarnings } from '../core/podspec-warnings.ts'
import { validateStatefulSet, validateStatefulSetStatus } from './workload-validation.ts'
import type { Strategy } from '../kind.ts'

function defaults(s: Draft<StatefulSet>): void {
  const spec = (s.spec ??= {} as NonNullable<Draft<StatefulSet>['spec']>)
  templateDefaults(spec)
  spec.podManagementPolicy ||= 'OrderedReady'
  const strategy = (spec.updateStrategy ??= {})
  if (!strategy.type) {
    strategy.type = 'RollingUpdate'
    strategy.rollingUpdate ??= {}
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {})
  retention.whenDeleted ||= 'Retain'
  retention.whenScaled ||= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion = 'v1'
    claim.kind = 'PersistentVolumeClaim'
    claim.status ??= {}
    claim.status.phase ||= 'Pending'
    if (!claim.spec) continue
    claim.spec.volumeMode ??= 'Filesystem'
    roundUp(claim.spec.resources?.limits)
    roundUp(claim.spec.resources?.requests)
  }
}

function drop(s: Draft<StatefulSet>, old?: StatefulSet): void {
  dropDisabledFields(s.spec?.template?.spec, old?.spec?.template?.spec)
  if (s.spec?.updateStrategy?.rollingUpdate && old?.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined)
    delete s.spec.updateStrategy.rollingUpdate.maxUnavailable
}

function warnings(s: StatefulSet, old: StatefulSet | undefined): string[] {
  return [
    ...(old && old.metadata.generation === s.metadata.generation
      ? []
      : templateWarnings(s.spec?.template, 'spec.template')),
    ...(s.spec?.volumeClaimTemplates ?? []).flatMap((c, i) =>
      claimWarnings(c.spec, `spec.volumeClaimTemplates[${i}]${old ? '.Spec' : ''}`),
    ),
    ...((s.spec?.revisionHistoryLimit ?? 0) < 0
      ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
      : []),
  ]
}

export const statefulSetStrategy: Strategy<StatefulSet> = {
  defaults,
  nameRule: nameIsDnsLabel,
  prepareForCreate: (s) => {
    s.status = { replicas: 0, availableReplicas: 0 }
    drop(s)
  },
  prepareForUpdate: drop,
  validate: (s) => validateStatefulSet(s),
  validateUpdate: validateStatefulSet,
  validateStatusUpdate: validateStatefulSetStatus,
  warnings,
  emptiesTold: true,
  generation: (next, old) => !equal(next.spec, old.spec),
}
