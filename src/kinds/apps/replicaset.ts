// A ReplicaSet. Behaves as pkg/registry/apps/replicaset; printed as printers/internalversion; described as kubectl's ReplicaSetDescriber.
import type { ReplicaSet } from '../../apimachinery/api/apps.v1.ts'
import { formatLabelSelector } from '../../apimachinery/labels.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { age, containerColumns, integer, name, wide } from '../columns.ts'
import { templateDefaults } from '../core/podspec-defaults.ts'
import { dropDisabledFields } from '../core/podspec-prepare.ts'
import { hostnameWarnings, templateWarnings } from '../core/podspec-warnings.ts'
import { defineKind } from '../kind.ts'
import { validateReplicaSet, validateReplicaSetStatus } from './workload-validation.ts'

export const replicaSet = defineKind<ReplicaSet>({
  gvk: 'apps/v1/ReplicaSet',
  strategy: {
    defaults: (rs) => {
      const spec = (rs.spec ??= {} as NonNullable<Draft<ReplicaSet>['spec']>)
      templateDefaults(spec)
      spec.replicas ??= 1
    },
    prepareForCreate: (rs) => { rs.status = { replicas: 0 }; dropDisabledFields(rs.spec?.template?.spec) },
    prepareForUpdate: (rs, old) => dropDisabledFields(rs.spec?.template?.spec, old.spec?.template?.spec),
    prepareForStatusUpdate: (rs, old) => { if (rs.status && old.status?.terminatingReplicas === undefined) delete rs.status.terminatingReplicas },
    validate: (rs) => validateReplicaSet(rs),
    validateUpdate: validateReplicaSet,
    validateStatusUpdate: validateReplicaSetStatus,
    warnings: (rs, old) => [...(old ? [] : hostnameWarnings(rs.metadata.name, 'Pod names and hostnames')), ...(old && old.metadata.generation === rs.metadata.generation ? [] : templateWarnings(rs.spec?.template, 'spec.template'))],
    generation: (next, old) => !equal(next.spec, old.spec),
  },
  columns: [
    name(),
    integer('Desired', (rs) => rs.spec?.replicas),
    integer('Current', (rs) => rs.status?.replicas),
    integer('Ready', (rs) => rs.status?.readyReplicas),
    age(),
    ...containerColumns<ReplicaSet>((rs) => rs.spec?.template?.spec?.containers),
    wide('Selector', (rs) => formatLabelSelector(rs.spec?.selector)),
  ],
  describe: async (obj, out, ctx) => (await import('./describe-workloads.ts')).describeReplicaSet(obj, out, ctx),
})
