// A CSINode. Behaves as pkg/registry/storage/csinode; printed as printers/internalversion does; described as kubectl's
// describer.
import type { CSINode } from '../../apimachinery/api/storage.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, invalid, required } from '../../apimachinery/field.ts'
import { byteLength, qualifiedName } from '../../apimachinery/names.ts'
import { validateImmutable } from '../../apimachinery/validation-meta.ts'
import { age, count, integer, name } from '../columns.ts'
import { dateText } from '../conditiontable.ts'
import { validateCsiDriver } from '../core/podspec-volumes.ts'
import { clusterHeader, events } from '../describe.ts'
import { defineKind } from '../kind.ts'

function validate(node: CSINode): FieldError[] {
  const drivers = node.spec?.drivers ?? []
  return drivers.flatMap((d, i) => {
    const path = `spec.drivers[${i}]`
    const errors = validateCsiDriver(d.name ?? '', `${path}.name`)
    if (!d.nodeID) errors.push(required(`${path}.nodeID`))
    else if (byteLength(d.nodeID) > 256)
      errors.push(invalid(`${path}.nodeID`, d.nodeID, 'must be 256 characters or less'))
    if ((d.allocatable?.count ?? 0) < 0)
      errors.push(invalid(`${path}.allocatable.count`, d.allocatable?.count, 'must be greater than or equal to 0'))
    if (drivers.findIndex((o) => o.name === d.name) < i) errors.push(duplicate(`${path}.name`, d.name))
    const keys = d.topologyKeys ?? []
    keys.forEach((k, j) => {
      if (!k) errors.push(required(path))
      if (keys.indexOf(k) < j) errors.push(duplicate(path, k))
      errors.push(...qualifiedName(k).map((t) => invalid(path, k, t)))
    })
    return errors
  })
}

export const csiNode = defineKind<CSINode>({
  gvk: 'storage.k8s.io/v1/CSINode',
  strategy: {
    validate,
    validateUpdate: (next, old) => [
      ...validate(next),
      ...validate(next),
      ...(old.spec?.drivers ?? []).flatMap((o) =>
        (next.spec?.drivers ?? [])
          .filter((n) => n.name === o.name)
          .flatMap((n) => validateImmutable(n, o, 'spec.drivers')),
      ),
    ],
    allowUnconditionalUpdate: false,
  },
  columns: [name(), integer('Drivers', (n) => count(n.spec?.drivers)), age()],
  describe: async (node, out, ctx) => {
    clusterHeader(out, node)
    out.write(0, `CreationTimestamp:\t${dateText(node.metadata.creationTimestamp)}\n`)
    out.write(0, 'Spec:\n')
    if (node.spec?.drivers) out.write(1, 'Drivers:\n')
    for (const d of node.spec?.drivers ?? []) {
      out.write(2, `${d.name}:\n`)
      out.write(3, `Node ID:\t${d.nodeID}\n`)
      if (d.allocatable?.count !== undefined) {
        out.write(3, 'Allocatables:\n')
        out.write(4, `Count:\t${d.allocatable.count}\n`)
      }
      if (d.topologyKeys) out.write(3, `Topology Keys:\t[${d.topologyKeys.join(' ')}]\n`)
    }
    await events(out, node, ctx)
  },
})
