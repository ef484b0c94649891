// Gives every active namespace its ServiceAccount `default`; behaves as pkg/controller/serviceaccount.
import type { Namespace } from '../../apimachinery/api/core.v1.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Controller } from '../controller.ts'

/** Creates an object unless the namespace refuses because it is going away or the object is there. */
export const expectedRefusal = (e: unknown): boolean =>
  e instanceof StatusError && (e.reason === 'AlreadyExists' || e.reason === 'Forbidden' || e.reason === 'NotFound')

export const serviceAccountController: Controller = {
  name: 'serviceaccount-controller',
  sources: [
    { resource: 'namespaces', keys: (o) => [o.metadata.name ?? ''] },
    { resource: 'serviceaccounts', keys: (o) => (o.metadata.name === 'default' ? [o.metadata.namespace ?? ''] : []) },
  ],
  reconcile: async (name, ctx) => {
    const ns = ctx.lister.get<Namespace>('namespaces', '', name)
    if (
      !ns ||
      ns.metadata.deletionTimestamp ||
      ns.status?.phase === 'Terminating' ||
      ctx.lister.get('serviceaccounts', name, 'default')
    )
      return
    try {
      await ctx.client.create('v1/serviceaccounts', name, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: name },
      })
    } catch (e) {
      if (!expectedRefusal(e)) throw e
    }
  },
}
