// A PodDisruptionBudget. Behaves as pkg/registry/policy/poddisruptionbudget; printed as printers/internalversion;
// described as kubectl's PodDisruptionBudgetDescriber.
import type { PodDisruptionBudget } from '../../apimachinery/api/policy.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, notSupported } from '../../apimachinery/field.ts'
import { GoText } from '../../apimachinery/gostring.ts'
import { formatLabelSelector } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import { validateConditions, validateLabelSelector, validateNonnegative } from '../../apimachinery/validation-meta.ts'
import { age, column, integer, name } from '../columns.ts'
import { events, nameLines } from '../describe.ts'
import { notMoreThan100Percent, positiveIntOrPercent } from '../fieldrules.ts'
import { defineKind } from '../kind.ts'

/** The spec in Go syntax; pointers show as addresses, which no two runs share. */
function goSpec(pdb: PodDisruptionBudget): GoText {
  const pointer = (type: string, set: unknown): string => `(*${type})(${set === undefined ? 'nil' : '0xc000000000'})`
  const s = pdb.spec
  return new GoText(
    `policy.PodDisruptionBudgetSpec{MinAvailable:${pointer('intstr.IntOrString', s?.minAvailable)}, Selector:${pointer('v1.LabelSelector', s?.selector)}, MaxUnavailable:${pointer('intstr.IntOrString', s?.maxUnavailable)}, UnhealthyPodEvictionPolicy:${pointer('policy.UnhealthyPodEvictionPolicyType', s?.unhealthyPodEvictionPolicy)}}`,
  )
}

function validate(pdb: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = pdb.spec ?? {}
  return [
    ...(minAvailable !== undefined && maxUnavailable !== undefined
      ? [invalid('spec', goSpec(pdb), 'minAvailable and maxUnavailable cannot be both set')]
      : []),
    ...positiveIntOrPercent(minAvailable, 'spec.minAvailable'),
    ...notMoreThan100Percent(minAvailable, 'spec.minAvailable'),
    ...positiveIntOrPercent(maxUnavailable, 'spec.maxUnavailable'),
    ...notMoreThan100Percent(maxUnavailable, 'spec.maxUnavailable'),
    ...validateLabelSelector(selector, 'spec.selector'),
    ...(policy === undefined || policy === 'IfHealthyBudget' || policy === 'AlwaysAllow'
      ? []
      : [notSupported('spec.unhealthyPodEvictionPolicy', policy, ['AlwaysAllow', 'IfHealthyBudget'])]),
  ]
}

export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  gvk: 'policy/v1/PodDisruptionBudget',
  strategy: {
    prepareForCreate: (pdb) => {
      pdb.status = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
    },
    validate,
    validateUpdate: (pdb) => validate(pdb),
    validateStatusUpdate: (pdb) => [
      ...validateConditions(pdb.status?.conditions, 'status.conditions'),
      ...(['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const).flatMap((f) =>
        validateNonnegative(pdb.status?.[f], `status.${f}`),
      ),
    ],
    generation: (next, old) => !equal(next.spec, old.spec),
    allowUnconditionalUpdate: false,
    // no ValidateObjectMeta of its own: only what every name in a path must be
    nameRule: () => [],
  },
  columns: [
    name(),
    column('Min Available', (pdb) => String(pdb.spec?.minAvailable ?? 'N/A')),
    column('Max Unavailable', (pdb) => String(pdb.spec?.maxUnavailable ?? 'N/A')),
    integer('Allowed Disruptions', (pdb) => pdb.status?.disruptionsAllowed),
    age(),
  ],
  describe: async (pdb, out, ctx) => {
    nameLines(out, pdb)
    const { minAvailable, maxUnavailable, selector } = pdb.spec ?? {}
    if (minAvailable !== undefined) out.write(0, `Min available:\t${minAvailable}\n`)
    else if (maxUnavailable !== undefined) out.write(0, `Max unavailable:\t${maxUnavailable}\n`)
    out.write(0, `Selector:\t${selector ? formatLabelSelector(selector) : '<unset>'}\n`)
    out.write(0, 'Status:\n')
    out.write(2, `Allowed disruptions:\t${pdb.status?.disruptionsAllowed ?? 0}\n`)
    out.write(2, `Current:\t${pdb.status?.currentHealthy ?? 0}\n`)
    out.write(2, `Desired:\t${pdb.status?.desiredHealthy ?? 0}\n`)
    out.write(2, `Total:\t${pdb.status?.expectedPods ?? 0}\n`)
    await events(out, pdb, ctx)
  },
})
