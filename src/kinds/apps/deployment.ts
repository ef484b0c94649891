// A Deployment. Behaves as pkg/registry/apps/deployment; printed as printers/internalversion; described as kubectl's
// DeploymentDescriber.
import type { Deployment } from '../../apimachinery/api/apps.v1.ts'
import { fromLabelSelector, selectorString } from '../../apimachinery/labels.ts'
import { age, column, containerColumns, name, wide } from '../columns.ts'
import { defineKind } from '../kind.ts'

function selectorCell(d: Deployment): string {
  try {
    return d.spec?.selector ? selectorString(fromLabelSelector(d.spec.selector)) : ''
  } catch {
    return '<invalid>'
  }
}

export const deployment = defineKind<Deployment>({
  gvk: 'apps/v1/Deployment',
  strategy: {},
  writing: () => import('./deployment-strategy.ts').then((m) => m.deploymentStrategy),
  columns: [
    name(),
    column('Ready', (d) => `${d.status?.readyReplicas ?? 0}/${d.spec?.replicas ?? 0}`),
    column('Up-to-date', (d) => d.status?.updatedReplicas ?? 0),
    column('Available', (d) => d.status?.availableReplicas ?? 0),
    age(),
    ...containerColumns<Deployment>((d) => d.spec?.template?.spec?.containers),
    wide('Selector', selectorCell),
  ],
  describe: async (obj, out, ctx) => (await import('./describe-workloads.ts')).describeDeployment(obj, out, ctx),
})
