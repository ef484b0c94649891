// A ClusterRoleBinding. Behaves as pkg/registry/rbac/clusterrolebinding; printed and described as upstream.
import type { ClusterRoleBinding } from '../../apimachinery/api/rbac.v1.ts'
import { defineKind } from '../kind.ts'
import { bindingColumns, bindingStrategy, describeBinding } from './binding.ts'

export const clusterRoleBinding = defineKind<ClusterRoleBinding>({
  gvk: 'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  strategy: bindingStrategy(false, ['ClusterRole']),
  columns: bindingColumns(),
  describe: describeBinding,
})
