// Fills ClusterRoles that aggregate others with the rules of those their selectors choose; behaves as
// pkg/controller/clusterroleaggregation.
import type { ClusterRole, PolicyRule } from '../../apimachinery/api/rbac.v1.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import type { Controller } from '../controller.ts'

export const clusterRoleAggregationController: Controller = {
  name: 'clusterrole-aggregation-controller',
  sources: [
    {
      resource: 'clusterroles.rbac.authorization.k8s.io',
      keys: (_o, lister) =>
        lister
          .list<ClusterRole>('clusterroles.rbac.authorization.k8s.io')
          .filter((r) => r.aggregationRule)
          .map((r) => r.metadata.name ?? ''),
    },
  ],
  reconcile: async (name, ctx) => {
    const role = ctx.lister.get<ClusterRole>('clusterroles.rbac.authorization.k8s.io', '', name)
    if (!role?.aggregationRule) return
    const rules: PolicyRule[] = []
    for (const s of role.aggregationRule.clusterRoleSelectors ?? []) {
      const selector = fromLabelSelector(s)
      for (const other of ctx.lister.list<ClusterRole>('clusterroles.rbac.authorization.k8s.io')) {
        if (other.metadata.name === name || !matches(selector, other.metadata.labels ?? {})) continue
        for (const rule of other.rules ?? []) if (!rules.some((r) => equal(r, rule))) rules.push(rule)
      }
    }
    if (equal(rules, role.rules ?? [])) return
    await ctx.client.update('rbac.authorization.k8s.io/v1/clusterroles', '', { ...role, rules })
  },
}
