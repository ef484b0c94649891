// Volumes' admission: the default StorageClass, protection of what is in use, growing claims; as
// plugin/pkg/admission/storage.
import type { PersistentVolumeClaim } from '../../apimachinery/api/core.v1.ts'
import type { StorageClass } from '../../apimachinery/api/storage.v1.ts'
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import { compareQuantity } from '../../apimachinery/quantity.ts'
import { defaultClass } from './defaultclass.ts'
import type { Plugin } from './plugin.ts'
import { refusal } from './plugin.ts'

const CLASSES = 'storageclasses.storage.k8s.io'
const DEFAULT = 'storageclass.kubernetes.io/is-default-class'
const BETA_DEFAULT = 'storageclass.beta.kubernetes.io/is-default-class'
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class'

export const defaultStorageClass: Plugin = {
  name: 'DefaultStorageClass',
  admit(ctx, { object, subresource }) {
    const claim = object as Draft<PersistentVolumeClaim>
    if (
      subresource ||
      claim.spec?.storageClassName !== undefined ||
      claim.metadata.annotations?.[BETA_CLASS] !== undefined
    )
      return
    const name = defaultClass(ctx, CLASSES, DEFAULT, BETA_DEFAULT)
    if (name) (claim.spec ??= {}).storageClassName = name
  },
}

export const inUseProtection: Plugin = {
  name: 'StorageObjectInUseProtection',
  admit(ctx, { object, subresource }) {
    if (subresource) return
    const finalizer =
      ctx.served.storage === 'persistentvolumes' ? 'kubernetes.io/pv-protection' : 'kubernetes.io/pvc-protection'
    if (!object.metadata.finalizers?.includes(finalizer))
      object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer]
  },
}

export const claimResize: Plugin = {
  name: 'PersistentVolumeClaimResize',
  validate(ctx, { object, old, subresource }) {
    if (subresource) return
    const next = object as KubeObject as PersistentVolumeClaim
    const before = old as PersistentVolumeClaim | undefined
    const size = (c: PersistentVolumeClaim | undefined): string | number => c?.spec?.resources?.requests?.storage ?? '0'
    if (!before || compareQuantity(size(next), size(before)) <= 0) return
    if (before.status?.phase !== 'Bound')
      throw refusal(ctx, next, 'Only bound persistent volume claims can be expanded')
    const name = next.metadata.annotations?.[BETA_CLASS] ?? next.spec?.storageClassName ?? ''
    const grows =
      name !== '' && (ctx.api.store.get(CLASSES, '', name) as StorageClass | undefined)?.allowVolumeExpansion === true
    if (!grows)
      throw refusal(
        ctx,
        next,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      )
  },
}
