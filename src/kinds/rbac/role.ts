// A Role. Behaves as pkg/registry/rbac/role; printed with its date, as the server prints kinds without a printer;
// described as kubectl's describer.
import type { Role } from '../../apimachinery/api/rbac.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { pathSegmentName } from '../../apimachinery/names.ts'
import { clusterHeader } from '../describe.ts'
import { defineKind } from '../kind.ts'
import { ruleTable, validateRule } from './policyrule.ts'

const validate = (role: Role): FieldError[] =>
  (role.rules ?? []).flatMap((r, i) => validateRule(r, true, `rules[${i}]`))

export const role = defineKind<Role>({
  gvk: 'rbac.authorization.k8s.io/v1/Role',
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
