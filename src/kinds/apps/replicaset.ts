// A ReplicaSet. Behaves as pkg/registry/apps/replicaset; printed as printers/internalversion; described as kubectl's ReplicaSetDescriber.
import type { ReplicaSet } from '../../apimachinery/api/apps.v1.ts'
import { equal } from '../../apimachinery/object.ts'
import { age, containerColumns, integer, name, selectorText, wide } from '../columns.ts'
import { podSpecDefaults } from '../core/podspec-defaults.ts'
import { dropDisabledFields } from '../core/podspec-prepare.ts'
import { defineKind } from '../kind.ts'

export const replicaSet = defineKind<ReplicaSet>({
  gvk: 'apps/v1/ReplicaSet',
  strategy: {
    defaults: (rs) => {
      if (!rs.spec) return
      podSpecDefaults(rs.spec.template?.spec)
      rs.spec.replicas ??= 1
    },
    prepareForCreate: (rs) => { rs.status = { replicas: 0 }; dropDisabledFields(rs.spec?.template?.spec) },
    prepareForUpdate: (rs, old) => dropDisabledFields(rs.spec?.template?.spec, old.spec?.template?.spec),
    prepareForStatusUpdate: (rs, old) => { if (rs.status && old.status?.terminatingReplicas === undefined) delete rs.status.terminatingReplicas },
    generation: (next, old) => !equal(next.spec, old.spec),
    selectableFields: (rs) => ({ 'status.replicas': String(rs.status?.replicas ?? 0) }),
  },
  columns: [
    name(),
    integer('Desired', (rs) => rs.spec?.replicas),
    integer('Current', (rs) => rs.status?.replicas),
    integer('Ready', (rs) => rs.status?.readyReplicas),
    age(),
    ...containerColumns<ReplicaSet>((rs) => rs.spec?.template?.spec?.containers),
    wide('Selector', (rs) => selectorText(rs.spec?.selector)),
  ],
})
