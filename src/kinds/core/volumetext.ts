// How PersistentVolumes and claims are printed: access modes in short, the storage class from field or annotation.
import type { ObjectMeta } from '../../apimachinery/api/meta.v1.ts'

const MODES = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const

/** `RWO,ROX`, in a fixed order. */
export const accessModes = (modes: readonly string[] | undefined): string =>
  MODES.filter(([long]) => modes?.includes(long))
    .map(([, short]) => short)
    .join(',')

/** The class: the old annotation wins over the field. */
export const storageClassOf = (obj: {
  readonly metadata: ObjectMeta
  readonly spec?: { readonly storageClassName?: string }
}): string => obj.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? obj.spec?.storageClassName ?? ''
