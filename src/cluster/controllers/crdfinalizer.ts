// Custom resource definitions that go: their objects are deleted first, and the definition when none is left; behaves
// as apiextensions-apiserver's controller/finalizer.
import type { CustomResourceDefinition } from '../../apimachinery/api/apiextensions.v1.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import type { Again, Controller } from '../controller.ts'
import { conditionOf, without } from './conditions.ts'

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'
const PATH = 'apiextensions.k8s.io/v1/customresourcedefinitions'
const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'
/** How long a definition is served after it was deleted: who deletes its objects in the same breath is told of them. */
const NOTICED = 20

export const crdFinalizer: Controller = {
  name: 'crd-finalizer',
  // a definition is called as its objects' resource is
  sources: [
    {
      resource: '*',
      keys: (o, lister, change) =>
        change?.resource === DEFINITIONS
          ? [o.metadata.name ?? '']
          : change && lister.get(DEFINITIONS, '', change.resource)?.metadata.deletionTimestamp
            ? [change.resource]
            : [],
    },
  ],
  reconcile: async (name, ctx, awaited): Promise<Again | void> => {
    const crd = ctx.lister.get<CustomResourceDefinition>(DEFINITIONS, '', name)
    if (!crd?.metadata.deletionTimestamp || !crd.metadata.finalizers?.includes(CLEANUP)) return
    const stage = conditionOf(crd.status?.conditions, 'Terminating')?.reason
    if (stage === 'InstanceDeletionPending' && !awaited) return { after: NOTICED, early: true }
    const version = crd.spec.versions.find((v) => v.served) ?? crd.spec.versions[0]
    const path = `${crd.spec.group}/${version?.name}/${crd.spec.names.plural}`
    for (const o of ctx.lister.list(name)) {
      if (o.metadata.deletionTimestamp) continue
      try {
        await ctx.client.delete(path, o.metadata.namespace ?? '', o.metadata.name ?? '')
      } catch (e) {
        if (!(e instanceof StatusError && e.code === 404)) throw e
      }
    }
    if (ctx.lister.count(name) === 0) {
      await ctx.client.patch(PATH, '', name, 'merge', {
        metadata: { finalizers: crd.metadata.finalizers.filter((f) => f !== CLEANUP) },
      })
      return
    }
    const reason = 'InstanceDeletionInProgress'
    if (stage === reason) return
    const conditions = [
      ...without(crd.status?.conditions, 'Terminating'),
      {
        type: 'Terminating',
        status: 'True',
        reason,
        message: 'CustomResource deletion is in progress',
        lastTransitionTime: rfc3339(ctx.clock.now()),
      },
    ]
    await ctx.client.patch(
      PATH,
      '',
      name,
      'merge',
      { status: { conditions: conditions.map((c) => ({ ...c })) } },
      { subresource: 'status' },
    )
  },
}
