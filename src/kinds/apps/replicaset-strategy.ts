// What writing a ReplicaSet asks of its kind. Behaves as pkg/registry/apps/replicaset.
import type { ReplicaSet } from '../../apimachinery/api/apps.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { templateDefaults } from '../core/podspec-defaults.ts'
import { dropDisabledFields } from '../core/podspec-prepare.ts'
import { hostnameWarnings, templateWarnings } from '../core/podspec-warnings.ts'
import { validateReplicaSet, validateReplicaSetStatus } from './workload-validation.ts'
import type { Strategy } from '../kind.ts'

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  defaults: (rs) => {
    const spec = (rs.spec ??= {} as NonNullable<Draft<ReplicaSet>['spec']>)
    templateDefaults(spec)
    spec.replicas ??= 1
  },
  prepareForCreate: (rs) => {
    rs.status = { replicas: 0 }
    dropDisabledFields(rs.spec?.template?.spec)
  },
  prepareForUpdate: (rs, old) => dropDisabledFields(rs.spec?.template?.spec, old.spec?.template?.spec),
  prepareForStatusUpdate: (rs, old) => {
    if (rs.status && old.status?.terminatingReplicas === undefined) delete rs.status.terminatingReplicas
  },
  validate: (rs) => validateReplicaSet(rs),
  validateUpdate: validateReplicaSet,
  validateStatusUpdate: validateReplicaSetStatus,
  warnings: (rs, old) => [
    ...(old ? [] : hostnameWarnings(rs.metadata.name, 'Pod names and hostnames')),
    ...(old && old.metadata.generation === rs.metadata.generation
      ? []
      : templateWarnings(rs.spec?.template, 'spec.template')),
  ],
  emptiesTold: true,
  generation: (next, old) => !equal(next.spec, old.spec),
}
