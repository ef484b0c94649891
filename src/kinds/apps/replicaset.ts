// A ReplicaSet. Behaves as pkg/registry/apps/replicaset; printed as printers/internalversion; described as kubectl's
// ReplicaSetDescriber.
import type { ReplicaSet } from '../../apimachinery/api/apps.v1.ts'
import { formatLabelSelector } from '../../apimachinery/labels.ts'
import { age, containerColumns, integer, name, wide } from '../columns.ts'
import { defineKind } from '../kind.ts'

export const replicaSet = defineKind<ReplicaSet>({
  gvk: 'apps/v1/ReplicaSet',
  strategy: {},
  writing: () => import('./replicaset-strategy.ts').then((m) => m.replicaSetStrategy),
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
