// What writing a Deployment asks of its kind. Behaves as pkg/registry/apps/deployment.
import type { Deployment } from '../../apimachinery/api/apps.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { templateDefaults } from '../core/podspec-defaults.ts'
import { dropDisabledFields } from '../core/podspec-prepare.ts'
import { hostnameWarnings, templateWarnings } from '../core/podspec-warnings.ts'
import { validateDeployment, validateDeploymentStatus } from './workload-validation.ts'
import type { Strategy } from '../kind.ts'

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

export const deploymentStrategy: Strategy<Deployment> = {
  defaults,
  prepareForCreate: (d) => {
    d.status = {}
    dropDisabledFields(d.spec?.template?.spec)
  },
  prepareForUpdate: (d, old) => dropDisabledFields(d.spec?.template?.spec, old.spec?.template?.spec),
  prepareForStatusUpdate: (d, old) => {
    if (old.metadata.labels) d.metadata.labels = { ...old.metadata.labels }
    else delete d.metadata.labels
    if (d.status && old.status?.terminatingReplicas === undefined) delete d.status.terminatingReplicas
  },
  validate: (d) => validateDeployment(d),
  validateUpdate: validateDeployment,
  validateStatusUpdate: validateDeploymentStatus,
  warnings: (d, old) => [
    ...(old ? [] : hostnameWarnings(d.metadata.name, 'Pod names and hostnames')),
    ...(old?.metadata.generation === d.metadata.generation && old
      ? []
      : templateWarnings(d.spec?.template, 'spec.template')),
  ],
  emptiesTold: true,
  generation: (next, old) =>
    !equal(next.spec, old.spec) || !equal(next.metadata.annotations ?? {}, old.metadata.annotations ?? {}),
}
