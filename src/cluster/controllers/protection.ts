// Lets claims and volumes that are being deleted go once nothing uses them; behaves as
// pkg/controller/volume/pvcprotection and pvprotection.
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../apimachinery/api/core.v1.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'

const CLAIM = 'kubernetes.io/pvc-protection'
const VOLUME = 'kubernetes.io/pv-protection'

const uses = (pod: Pod, claim: string): boolean =>
  pod.spec?.volumes?.some(
    (v) =>
      v.persistentVolumeClaim?.claimName === claim ||
      (v.ephemeral !== undefined && `${pod.metadata.name}-${v.name}` === claim),
  ) ?? false

async function drop(
  ctx: ControllerContext,
  path: string,
  o: PersistentVolume | PersistentVolumeClaim,
  finalizer: string,
): Promise<void> {
  const rest = (o.metadata.finalizers ?? []).filter((f) => f !== finalizer)
  await ctx.client.patch(path, o.metadata.namespace ?? '', o.metadata.name ?? '', 'merge', {
    metadata: { finalizers: rest.length ? rest : null, resourceVersion: o.metadata.resourceVersion ?? '' },
  })
}

export const protectionController: Controller = {
  name: 'pvc-protection-controller',
  sources: [
    { resource: 'persistentvolumeclaims', keys: (o) => (o.metadata.deletionTimestamp ? [keyOf(o)] : []) },
    { resource: 'persistentvolumes', keys: (o) => (o.metadata.deletionTimestamp ? [o.metadata.name ?? ''] : []) },
    {
      resource: 'pods',
      keys: (o, lister) =>
        lister
          .list<PersistentVolumeClaim>('persistentvolumeclaims', o.metadata.namespace ?? '')
          .filter((c) => c.metadata.deletionTimestamp && uses(o, c.metadata.name ?? ''))
          .map(keyOf),
    },
  ],
  reconcile: async (key, ctx) => {
    if (!key.includes('/')) {
      const pv = ctx.lister.get<PersistentVolume>('persistentvolumes', '', key)
      if (pv?.metadata.deletionTimestamp && pv.metadata.finalizers?.includes(VOLUME) && pv.status?.phase !== 'Bound')
        await drop(ctx, 'v1/persistentvolumes', pv, VOLUME)
      return
    }
    const [namespace, name] = splitKey(key)
    const claim = ctx.lister.get<PersistentVolumeClaim>('persistentvolumeclaims', namespace, name)
    if (!claim?.metadata.deletionTimestamp || !claim.metadata.finalizers?.includes(CLAIM)) return
    const inUse = ctx.lister
      .list<Pod>('pods', namespace)
      .some((p) => p.spec?.nodeName && p.status?.phase !== 'Succeeded' && p.status?.phase !== 'Failed' && uses(p, name))
    if (!inUse) await drop(ctx, 'v1/persistentvolumeclaims', claim, CLAIM)
  },
}
