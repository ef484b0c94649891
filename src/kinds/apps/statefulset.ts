// A StatefulSet. Behaves as pkg/registry/apps/statefulset; printed as printers/internalversion; described as kubectl's
// StatefulSetDescriber.
import type { StatefulSet } from '../../apimachinery/api/apps.v1.ts'
import { age, column, containerColumns, name } from '../columns.ts'
import { defineKind } from '../kind.ts'

export const statefulSet = defineKind<StatefulSet>({
  gvk: 'apps/v1/StatefulSet',
  strategy: {},
  writing: () => import('./statefulset-strategy.ts').then((m) => m.statefulSetStrategy),
  columns: [
    name(),
    column('Ready', (s) => `${s.status?.readyReplicas ?? 0}/${s.spec?.replicas ?? 0}`),
    age(),
    ...containerColumns<StatefulSet>((s) => s.spec?.template?.spec?.containers),
  ],
  describe: async (obj, out, ctx) => (await import('./describe-workloads.ts')).describeStatefulSet(obj, out, ctx),
})
