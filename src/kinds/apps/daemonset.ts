// A DaemonSet. Behaves as pkg/registry/apps/daemonset; printed as printers/internalversion; described as kubectl's
// DaemonSetDescriber.
import type { DaemonSet } from '../../apimachinery/api/apps.v1.ts'
import { formatLabels, formatLabelSelector } from '../../apimachinery/labels.ts'
import { age, column, containerColumns, integer, name, wide } from '../columns.ts'
import { defineKind } from '../kind.ts'

export const daemonSet = defineKind<DaemonSet>({
  gvk: 'apps/v1/DaemonSet',
  strategy: {},
  writing: () => import('./daemonset-strategy.ts').then((m) => m.daemonSetStrategy),
  columns: [
    name(),
    integer('Desired', (d) => d.status?.desiredNumberScheduled),
    integer('Current', (d) => d.status?.currentNumberScheduled),
    integer('Ready', (d) => d.status?.numberReady),
    integer('Up-to-date', (d) => d.status?.updatedNumberScheduled),
    integer('Available', (d) => d.status?.numberAvailable),
    column('Node Selector', (d) => formatLabels(d.spec?.template?.spec?.nodeSelector ?? {})),
    age(),
    ...containerColumns<DaemonSet>((d) => d.spec?.template?.spec?.containers),
    wide('Selector', (d) => formatLabelSelector(d.spec?.selector)),
  ],
  describe: async (obj, out, ctx) => (await import('./describe-workloads.ts')).describeDaemonSet(obj, out, ctx),
})
