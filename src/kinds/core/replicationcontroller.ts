// A ReplicationController. Behaves as pkg/registry/core/replicationcontroller; printed as printers/internalversion;
// described as kubectl's ReplicationControllerDescriber.
import type { ReplicationController } from '../../apimachinery/api/core.v1.ts'
import { formatLabels } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { required } from '../../apimachinery/field.ts'
import { validateNonnegative } from '../../apimachinery/validation-meta.ts'
import { age, containerColumns, integer, name, wide } from '../columns.ts'
import { validateControllerTemplate, validateReplicaSetStatus } from '../apps/workload-validation.ts'
import { defineKind } from '../kind.ts'
import { hostnameWarnings, templateWarnings } from './podspec-warnings.ts'
import { podSpecDefaults } from './podspec-defaults.ts'
import { dropDisabledFields } from './podspec-prepare.ts'

const empty = (map: object | undefined): boolean => !map || Object.keys(map).length === 0

function validate(rc: ReplicationController, old?: ReplicationController): FieldError[] {
  return [
    ...validateNonnegative(rc.spec?.minReadySeconds, 'spec.minReadySeconds'),
    ...(empty(rc.spec?.selector) ? [required('spec.selector')] : []),
    ...validateNonnegative(rc.spec?.replicas, 'spec.replicas'),
    ...validateControllerTemplate(rc.spec?.template, rc.spec?.selector, old?.spec?.template),
  ]
}

export const replicationController = defineKind<ReplicationController>({
  gvk: 'v1/ReplicationController',
  strategy: {
    defaults: (rc) => {
      const spec = (rc.spec ??= {})
      const labels = spec.template?.metadata?.labels
      if (labels) {
        if (empty(spec.selector)) spec.selector = { ...labels }
        if (empty(rc.metadata.labels)) rc.metadata.labels = { ...labels }
      }
      spec.replicas ??= 1
      podSpecDefaults(spec.template?.spec)
    },
    prepareForCreate: (rc) => {
      rc.status = { replicas: 0 }
      dropDisabledFields(rc.spec?.template?.spec)
    },
    prepareForUpdate: (rc, old) => dropDisabledFields(rc.spec?.template?.spec, old.spec?.template?.spec),
    validate: (rc) => validate(rc),
    validateUpdate: validate,
    validateStatusUpdate: validateReplicaSetStatus,
    warnings: (rc, old) => [
      ...(old ? [] : hostnameWarnings(rc.metadata.name, 'Pod names and hostnames')),
      ...(old && old.metadata.generation === rc.metadata.generation
        ? []
        : templateWarnings(rc.spec?.template, 'spec.template')),
    ],
    generation: (next, old) => !equal(next.spec, old.spec),
    selectableFields: (rc) => ({ 'status.replicas': String(rc.status?.replicas ?? 0) }),
    fieldSelectorError: 'label',
  },
  columns: [
    name(),
    integer('Desired', (rc) => rc.spec?.replicas),
    integer('Current', (rc) => rc.status?.replicas),
    integer('Ready', (rc) => rc.status?.readyReplicas),
    age(),
    ...containerColumns<ReplicationController>((rc) => rc.spec?.template?.spec?.containers),
    wide('Selector', (rc) => formatLabels(rc.spec?.selector ?? {})),
  ],
  describe: async (rc, out, ctx) =>
    (await import('../apps/describe-workloads.ts')).describeReplicationController(rc, out, ctx),
})
