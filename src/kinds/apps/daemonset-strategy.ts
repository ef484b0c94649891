// What writing a DaemonSet asks of its kind. Behaves as pkg/registry/apps/daemonset.
import type { DaemonSet } from '../../apimachinery/api/apps.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { templateDefaults } from '../core/podspec-defaults.ts'
import { dropDisabledFields } from '../core/podspec-prepare.ts'
import { templateWarnings } from '../core/podspec-warnings.ts'
import { validateDaemonSet, validateDaemonSetStatus } from './workload-validation.ts'
import type { Strategy } from '../kind.ts'

/** Whether two DaemonSets have the same template; a null that the encoder writes counts as nothing. */
function sameTemplate(
  a: { readonly spec?: { readonly template?: unknown } },
  b: { readonly spec?: { readonly template?: unknown } },
): boolean {
  const plain = (o: typeof a): unknown =>
    JSON.parse(JSON.stringify(o.spec?.template ?? null, (_, v: unknown) => v ?? undefined) ?? 'null')
  return equal(plain(a), plain(b))
}

/** Where apps/v1 keeps what was spec.templateGeneration: the count of template changes. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

function defaults(d: Draft<DaemonSet>): void {
  const spec = (d.spec ??= {} as NonNullable<Draft<DaemonSet>['spec']>)
  templateDefaults(spec)
  const strategy = (spec.updateStrategy ??= {})
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.maxUnavailable ??= 1
    strategy.rollingUpdate.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
}

const generationOf = (d: DaemonSet | Draft<DaemonSet>): number =>
  Number.parseInt(d.metadata.annotations?.[TEMPLATE_GENERATION] ?? '', 10) || 0

function setGeneration(d: Draft<DaemonSet>, n: number): void {
  ;(d.metadata.annotations ??= {})[TEMPLATE_GENERATION] = String(n)
}

export const daemonSetStrategy: Strategy<DaemonSet> = {
  defaults,
  prepareForCreate: (d) => {
    d.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 }
    setGeneration(d, Math.max(1, generationOf(d)))
    dropDisabledFields(d.spec?.template?.spec)
  },
  prepareForUpdate: (d, old) => {
    dropDisabledFields(d.spec?.template?.spec, old.spec?.template?.spec)
    setGeneration(d, generationOf(old) + (sameTemplate(d, old) ? 0 : 1))
  },
  validate: (d) => validateDaemonSet(d),
  validateUpdate: validateDaemonSet,
  validateStatusUpdate: validateDaemonSetStatus,
  warnings: (d, old) =>
    old && equal(old.spec?.template, d.spec?.template) ? [] : templateWarnings(d.spec?.template, 'spec.template'),
  emptiesTold: true,
  generation: (next, old) => !equal(next.spec, old.spec),
}
