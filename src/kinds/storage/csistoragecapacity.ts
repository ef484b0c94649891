// A CSIStorageCapacity. Behaves as pkg/registry/storage/csistoragecapacity; printed with its date, as the server prints
// kinds without a printer.
import type { CSIStorageCapacity } from '../../apimachinery/api/storage.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid } from '../../apimachinery/field.ts'
import { dns1123Subdomain } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import { canonical, quantitySign } from '../../apimachinery/quantity.ts'
import { validateLabelSelector } from '../../apimachinery/validation-meta.ts'
import { goLabelSelector } from '../fieldrules.ts'
import { defineKind } from '../kind.ts'

function validate(c: CSIStorageCapacity, old?: CSIStorageCapacity): FieldError[] {
  const allowInvalidValues = validateLabelSelector(old?.nodeTopology, '').length > 0
  return [
    ...validateLabelSelector(c.nodeTopology, 'nodeTopology', { allowInvalidValues }),
    ...dns1123Subdomain(c.storageClassName ?? '').map((t) => invalid('storageClassName', c.storageClassName ?? '', t)),
    ...(c.capacity !== undefined && quantitySign(c.capacity) < 0
      ? [invalid('capacity', canonical(c.capacity), 'must be greater than or equal to 0')]
      : []),
  ]
}

export const csiStorageCapacity = defineKind<CSIStorageCapacity>({
  gvk: 'storage.k8s.io/v1/CSIStorageCapacity',
  strategy: {
    validate: (c) => validate(c),
    validateUpdate: (next, old) => [
      ...validate(next, old),
      ...(equal(next.nodeTopology, old.nodeTopology)
        ? []
        : [
            invalid(
              'nodeTopology',
              next.nodeTopology ? goLabelSelector(next.nodeTopology) : null,
              'field is immutable',
            ),
          ]),
      ...(next.storageClassName === old.storageClassName
        ? []
        : [invalid('storageClassName', next.storageClassName, 'field is immutable')]),
    ],
    allowUnconditionalUpdate: false,
  },
})
