// Keeps a quota's status equal to what its namespace uses; behaves as pkg/controller/resourcequota. What is counted how
// stands with the admission that enforces it.
import type { ResourceQuota } from '../../apimachinery/api/core.v1.ts'
import { equal } from '../../apimachinery/object.ts'
import { quotaUsed, resourceOf } from '../../apiserver/quota-usage.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller } from '../controller.ts'

export const resourceQuotaController: Controller = {
  name: 'resourcequota-controller',
  sources: [
    {
      resource: '*',
      keys: (o, lister, change) => {
        if (change?.resource === 'resourcequotas') return [keyOf(o)]
        const namespace = o.metadata.namespace
        if (!namespace) return []
        return lister
          .list<ResourceQuota>('resourcequotas', namespace)
          .filter((q) => Object.keys(q.spec?.hard ?? {}).some((h) => resourceOf(h) === change?.resource))
          .map(keyOf)
      },
    },
  ],
  reconcile: async (key, ctx) => {
    const [namespace, name] = splitKey(key)
    const quota = ctx.lister.get<ResourceQuota>('resourcequotas', namespace, name)
    if (!quota) return
    const used = quotaUsed(
      { list: (r, options) => ctx.lister.list(r, options?.namespace ?? '') },
      quota,
      ctx.clock.now(),
    )
    const status = { hard: quota.spec?.hard ?? {}, used }
    if (
      !equal(status, { hard: quota.status?.hard ?? {}, used: quota.status?.used ?? {} }) ||
      (quota.status?.hard === undefined && Object.keys(status.hard).length > 0)
    )
      await ctx.client.update('v1/resourcequotas', namespace, { ...quota, status }, { subresource: 'status' })
  },
}
