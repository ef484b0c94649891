// A Deployment. Behaves as pkg/registry/apps/deployment; printed as printers/internalversion; described as kubectl's DeploymentDescriber.
import type { Deployment } from '../../apimachinery/api/apps.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { fromLabelSelector, selectorString } from '../../apimachinery/labels.ts'
import { age, column, containerColumns, name, wide } from '../columns.ts'
import { templateDefaults } from '../core/podspec-defaults.ts'
import { dropDisabledFields } from '../core/podspec-prepare.ts'
import { hostnameWarnings, templateWarnings } from '../core/podspec-warnings.ts'
import { defineKind } from '../kind.ts'
import { validateDeployment, validateDeploymentStatus } from './workload-validation.ts'

function defaults(d: Draft<Deployment>): void {
  const spec = (d.spec ??= {} as NonNullable<Draft<Deployment>['spec']>)
  templateDefaults(spec)
  spec.replicas ??= 1
  const strategy = (spec.strategy ??= {})
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.maxUnavailable ??= '25%'
    strategy.rollingUpdate.maxSurge ??= '25%'
  }
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
}

function selectorCell(d: Deployment): string {
  try { return d.spec?.selector ? selectorString(fromLabelSelector(d.spec.selector)) : '' } catch { return '<invalid>' }
}

export const deployment = defineKind<Deployment>({
  gvk: 'apps/v1/Deployment',
  strategy: {
    defaults,
    prepareForCreate: (d) => { d.status = {}; dropDisabledFields(d.spec?.template?.spec) },
    prepareForUpdate: (d, old) => dropDisabledFields(d.spec?.template?.spec, old.spec?.template?.spec),
    prepareForStatusUpdate: (d, old) => {
      if (old.metadata.labels) d.metadata.labels = { ...old.metadata.labels }
      else delete d.metadata.labels
      if (d.status && old.status?.terminatingReplicas === undefined) delete d.status.terminatingReplicas
    },
    validate: (d) => validateDeployment(d),
    validateUpdate: validateDeployment,
    validateStatusUpdate: validateDeploymentStatus,
    warnings: (d, old) => [...(old ? [] : hostnameWarnings(d.metadata.name, 'Pod names and hostnames')), ...(old?.metadata.generation === d.metadata.generation && old ? [] : templateWarnings(d.spec?.template, 'spec.template'))],
    generation: (next, old) => !equal(next.spec, old.spec) || !equal(next.metadata.annotations ?? {}, old.metadata.annotations ?? {}),
  },
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
