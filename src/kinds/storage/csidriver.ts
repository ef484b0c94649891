// A CSIDriver. Behaves as pkg/registry/storage/csidriver; printed as printers/internalversion does.
import type { CSIDriver } from '../../apimachinery/api/storage.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, invalid, notSupported } from '../../apimachinery/field.ts'
import { goStrings } from '../../apimachinery/gostring.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { IMMUTABLE, validateImmutable } from '../../apimachinery/validation-meta.ts'
import { age, column, name } from '../columns.ts'
import { defineKind } from '../kind.ts'

function defaults(driver: Draft<CSIDriver>): void {
  const spec = (driver.spec ??= {})
  spec.attachRequired ??= true
  spec.podInfoOnMount ??= false
  spec.storageCapacity ??= false
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
  spec.requiresRepublish ??= false
  spec.seLinuxMount ??= false
}

/** The period between allocatable updates is behind a feature that is off. */
function drop(driver: Draft<CSIDriver>, old?: CSIDriver): void {
  if (driver.spec && old?.spec?.nodeAllocatableUpdatePeriodSeconds === undefined)
    delete driver.spec.nodeAllocatableUpdatePeriodSeconds
}

function validate(driver: CSIDriver): FieldError[] {
  const spec = driver.spec ?? {}
  const errors: FieldError[] = []
  const policies = ['File', 'None', 'ReadWriteOnceWithFSType']
  if (spec.fsGroupPolicy !== undefined && !policies.includes(spec.fsGroupPolicy))
    errors.push(notSupported('spec.fsGroupPolicy', spec.fsGroupPolicy, policies))
  const requests = spec.tokenRequests ?? []
  requests.forEach((r, i) => {
    const path = `spec.tokenRequests[${i}]`
    if (requests.findIndex((o) => o.audience === r.audience) < i) {
      errors.push(duplicate(`${path}.audience`, r.audience))
      return
    }
    if (r.expirationSeconds === undefined) return
    if (r.expirationSeconds < 600)
      errors.push(
        invalid(`${path}.expirationSeconds`, r.expirationSeconds, 'may not specify a duration less than 10 minutes'),
      )
    if (r.expirationSeconds > 2 ** 32)
      errors.push(
        invalid(
          `${path}.expirationSeconds`,
          r.expirationSeconds,
          'may not specify a duration larger than 2^32 seconds',
        ),
      )
  })
  for (const m of spec.volumeLifecycleModes ?? [])
    if (m !== 'Persistent' && m !== 'Ephemeral')
      errors.push(notSupported('spec.volumeLifecycleModes', m, ['Persistent', 'Ephemeral']))
  return errors
}

export const csiDriver = defineKind<CSIDriver>({
  gvk: 'storage.k8s.io/v1/CSIDriver',
  strategy: {
    defaults,
    prepareForCreate: (d) => drop(d),
    prepareForUpdate: (d, old) => drop(d, old),
    validate,
    validateUpdate: (next, old) => [
      ...validate(next),
      ...validateImmutable(next.spec?.attachRequired, old.spec?.attachRequired, 'spec.attachedRequired'),
      ...(equal(next.spec?.volumeLifecycleModes, old.spec?.volumeLifecycleModes)
        ? []
        : [
            invalid(
              'spec.volumeLifecycleModes',
              goStrings(next.spec?.volumeLifecycleModes, 'storage.VolumeLifecycleMode'),
              IMMUTABLE,
            ),
          ]),
    ],
    allowUnconditionalUpdate: false,
  },
  columns: [
    name(),
    column('AttachRequired', (d) => d.spec?.attachRequired ?? true, { type: 'boolean' }),
    column('PodInfoOnMount', (d) => d.spec?.podInfoOnMount ?? false, { type: 'boolean' }),
    column('StorageCapacity', (d) => d.spec?.storageCapacity ?? false, { type: 'boolean' }),
    column('TokenRequests', (d) => d.spec?.tokenRequests?.map((t) => t.audience).join(',') ?? '<unset>'),
    column('RequiresRepublish', (d) => d.spec?.requiresRepublish ?? false, { type: 'boolean' }),
    column('Modes', (d) => d.spec?.volumeLifecycleModes?.join(',') || '<none>'),
    age(),
  ],
})
