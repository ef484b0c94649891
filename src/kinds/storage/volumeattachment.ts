// A VolumeAttachment. Behaves as pkg/registry/storage/volumeattachment; printed as printers/internalversion does.
import type { VolumeAttachment, VolumeError } from '../../apimachinery/api/storage.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, required, tooLong } from '../../apimachinery/field.ts'
import { byteLength, dns1123Subdomain } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import { age, column, name } from '../columns.ts'
import { validateVolumeSpec } from '../core/persistentvolume.ts'
import { validateCsiDriver } from '../core/podspec-volumes.ts'
import { defineKind } from '../kind.ts'

const MAX_METADATA = 256 * 1024

function validateError(error: VolumeError | undefined, path: string): FieldError[] {
  return [...(byteLength(error?.message ?? '') > 1024 ? [tooLong(`${path}.message`, '', MAX_METADATA)] : [])]
}

function validate(va: VolumeAttachment): FieldError[] {
  const { attacher, nodeName = '' } = va.spec
  const { inlineVolumeSpec, persistentVolumeName } = va.spec.source ?? {}
  const path = 'spec.source'
  const errors: FieldError[] = attacher ? [] : [required('spec.attacher')]
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (!inlineVolumeSpec && persistentVolumeName === undefined) errors.push(required(path, one))
  else if (inlineVolumeSpec && persistentVolumeName !== undefined) errors.push(forbidden(path, one))
  else if (inlineVolumeSpec) errors.push(...validateVolumeSpec(inlineVolumeSpec, `${path}.inlineVolumeSpec`, true))
  else if (persistentVolumeName === '')
    errors.push(required(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName'))
  errors.push(...dns1123Subdomain(nodeName).map((t) => invalid('spec.nodeName', nodeName, t)))
  const size = Object.entries(va.status?.attachmentMetadata ?? {}).reduce(
    (sum, [k, v]) => sum + byteLength(k) + byteLength(v),
    0,
  )
  if (size > MAX_METADATA) errors.push(tooLong('status.attachmentMetadata', '', MAX_METADATA))
  return [
    ...errors,
    ...validateError(va.status?.attachError, 'status.attachError'),
    ...validateError(va.status?.detachError, 'status.detachError'),
  ]
}

export const volumeAttachment = defineKind<VolumeAttachment>({
  gvk: 'storage.k8s.io/v1/VolumeAttachment',
  strategy: {
    defaults: (va) => {
      va.spec ??= { attacher: '', nodeName: '', source: {} }
      va.status ??= { attached: false }
      va.status.attached ??= false
    },
    prepareForCreate: (va) => {
      va.status = { attached: false }
    },
    // the code of an error is behind a feature that is off; its time is written even when it is not known
    prepareForStatusUpdate: (va, old) => {
      for (const f of ['attachError', 'detachError'] as const) {
        const error = va.status?.[f]
        if (!error) continue
        if (old.status?.[f]?.errorCode === undefined) delete error.errorCode
        ;(error as { time?: string | null }).time ??= null
      }
    },
    validate: (va) => {
      const pv = va.spec.source?.persistentVolumeName
      return [
        ...validate(va),
        ...validateCsiDriver(va.spec.attacher ?? '', 'spec.attacher'),
        ...(pv === undefined
          ? []
          : dns1123Subdomain(pv).map((t) => invalid('spec.source.persistentVolumeName', pv, t))),
      ]
    },
    validateUpdate: (next, old) => [
      ...validate(next),
      ...validate(next),
      ...(equal(next.spec, old.spec) ? [] : [invalid('spec', next.spec, 'field is immutable')]),
    ],
    validateStatusUpdate: validate,
    allowUnconditionalUpdate: false,
  },
  columns: [
    name(),
    column('Attacher', (va) => va.spec.attacher, { format: 'name' }),
    column('PV', (va) => va.spec.source?.persistentVolumeName ?? ''),
    column('Node', (va) => va.spec.nodeName),
    column('Attached', (va) => va.status?.attached ?? false, { type: 'boolean' }),
    age(),
  ],
})
