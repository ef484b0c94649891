// A RoleBinding. Behaves as pkg/registry/rbac/rolebinding; printed and described as upstream.
import type { RoleBinding } from '../../apimachinery/api/rbac.v1.ts'
import { defineKind } from '../kind.ts'
import { bindingColumns, bindingStrategy, describeBinding } from './binding.ts'

export const roleBinding = defineKind<RoleBinding>({
  gvk: 'rbac.authorization.k8s.io/v1/RoleBinding',
  strategy: bindingStrategy(true, ['Role', 'ClusterRole']),
  columns: bindingColumns(),
  describe: describeBinding,
})
