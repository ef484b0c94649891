// A ClusterRole. Behaves as pkg/registry/rbac/clusterrole; printed with its date, as the server prints kinds without a
// printer; described as kubectl's describer.
import type { ClusterRole } from '../../apimachinery/api/rbac.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, required } from '../../apimachinery/field.ts'
import { pathSegmentName } from '../../apimachinery/names.ts'
import { validateLabelSelector } from '../../apimachinery/validation-meta.ts'
import { clusterHeader } from '../describe.ts'
import { defineKind } from '../kind.ts'
import { ruleTable, validateRule } from './policyrule.ts'

function validate(role: ClusterRole): FieldError[] {
  const errors = (role.rules ?? []).flatMap((r, i) => validateRule(r, false, `rules[${i}]`))
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? []
  const path = 'aggregationRule.clusterRoleSelectors'
  if (role.aggregationRule && selectors.length === 0)
    errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
  return [
    ...errors,
    ...selectors.flatMap((s, i) => {
      const wrong = validateLabelSelector(s, `${path}[${i}]`)
      // what cannot be read is no selector, and is said so again
      return wrong.length ? [...wrong, invalid(`${path}[${i}]`, null, 'invalid label selector.')] : []
    }),
  ]
}

export const clusterRole = defineKind<ClusterRole>({
  gvk: 'rbac.authorization.k8s.io/v1/ClusterRole',
  strategy: {
    validate,
    validateUpdate: validate,
    nameRule: (name) => pathSegmentName(name),
    allowCreateOnUpdate: true,
  },
  describe: (r, out) => {
    clusterHeader(out, r)
    ruleTable(out, r.rules ?? [])
  },
})
