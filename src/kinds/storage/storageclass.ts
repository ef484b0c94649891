// A StorageClass. Behaves as pkg/registry/storage/storageclass; printed as printers/internalversion does; described as
// kubectl's describer.
import type { TopologySelectorTerm } from '../../apimachinery/api/core.v1.ts'
import type { StorageClass } from '../../apimachinery/api/storage.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooLong } from '../../apimachinery/field.ts'
import { formatLabels } from '../../apimachinery/labels.ts'
import { byteLength, qualifiedName } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import { validateImmutable, validateLabelName } from '../../apimachinery/validation-meta.ts'
import { age, column, name } from '../columns.ts'
import { events } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'

const DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

/** The class that claims without one get. */
const isDefaultClass = (sc: StorageClass): boolean => DEFAULT.some((a) => sc.metadata.annotations?.[a] === 'true')

function validateParameters(params: Readonly<Record<string, string>>): FieldError[] {
  const entries = Object.entries(params)
  if (entries.length > 512) return [tooLong('parameters', '', 512)]
  const errors = entries.filter(([k]) => k === '').map(([k]) => invalid('parameters', k, 'field can not be empty.'))
  const size = entries.reduce((sum, [k, v]) => sum + byteLength(k) + byteLength(v), 0)
  return size > 256 * 1024 ? [...errors, tooLong('parameters', '', 256 * 1024)] : errors
}

function validateTopologies(terms: readonly TopologySelectorTerm[]): FieldError[] {
  return terms.flatMap((term, i) => {
    const expressions = term.matchLabelExpressions ?? []
    const path = `allowedTopologies[${i}].matchLabelExpressions`
    const errors = expressions.flatMap((e, j) => {
      const at = `${path}[${j}]`
      const values = e.values ?? []
      return [
        ...(values.length ? [] : [required(`${at}.values`)]),
        ...values.flatMap((v, k) => (values.indexOf(v) < k ? [duplicate(`${at}.values[${k}]`, v)] : [])),
        ...validateLabelName(e.key ?? '', `${at}.key`),
        ...(expressions.findIndex((o) => o.key === e.key) < j ? [duplicate(`${at}.key`, e.key)] : []),
      ]
    })
    // upstream compares with as many empty terms, too
    const same = expressions.length === 0 || terms.findIndex((t) => equal(topology(t), topology(term))) < i
    return same ? [...errors, duplicate(path, '')] : errors
  })
}
const topology = (t: TopologySelectorTerm): Record<string, readonly string[]> =>
  Object.fromEntries((t.matchLabelExpressions ?? []).map((e) => [e.key, [...new Set(e.values)].sort()]))

function validate(sc: StorageClass): FieldError[] {
  const { reclaimPolicy, volumeBindingMode } = sc
  return [
    ...(sc.provisioner
      ? qualifiedName(sc.provisioner.toLowerCase()).map((t) => invalid('provisioner', sc.provisioner.toLowerCase(), t))
      : [required('provisioner')]),
    ...validateParameters(sc.parameters ?? {}),
    ...(reclaimPolicy && !['Delete', 'Retain'].includes(reclaimPolicy)
      ? [notSupported('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain'])]
      : []),
    ...(volumeBindingMode === undefined
      ? [required('volumeBindingMode')]
      : ['Immediate', 'WaitForFirstConsumer'].includes(volumeBindingMode)
        ? []
        : [notSupported('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'])]),
    ...validateTopologies(sc.allowedTopologies ?? []),
  ]
}

function validateUpdate(next: StorageClass, old: StorageClass): FieldError[] {
  const same = (['parameters', 'provisioner', 'reclaimPolicy'] as const).filter(
    (f) => !equal(next[f] ?? {}, old[f] ?? {}),
  )
  return [
    ...validate(next),
    ...same.map((f) => forbidden(f, `updates to ${f} are forbidden.`)),
    ...validateImmutable(next.volumeBindingMode, old.volumeBindingMode, 'volumeBindingMode'),
  ]
}

async function describe(sc: StorageClass, out: Lines, ctx: DescribeContext): Promise<void> {
  out.write(0, `Name:\t${sc.metadata.name ?? ''}\n`)
  out.write(0, `IsDefaultClass:\t${isDefaultClass(sc) ? 'Yes' : 'No'}\n`)
  out.write(0, `Annotations:\t${formatLabels(sc.metadata.annotations)}\n`)
  out.write(0, `Provisioner:\t${sc.provisioner}\n`)
  out.write(0, `Parameters:\t${formatLabels(sc.parameters)}\n`)
  out.write(
    0,
    `AllowVolumeExpansion:\t${sc.allowVolumeExpansion === undefined ? '<unset>' : sc.allowVolumeExpansion ? 'True' : 'False'}\n`,
  )
  out.write(0, sc.mountOptions?.length ? 'MountOptions:\n' : 'MountOptions:\t<none>\n')
  for (const o of sc.mountOptions ?? []) out.write(1, `${o}\n`)
  if (sc.reclaimPolicy !== undefined) out.write(0, `ReclaimPolicy:\t${sc.reclaimPolicy}\n`)
  if (sc.volumeBindingMode !== undefined) out.write(0, `VolumeBindingMode:\t${sc.volumeBindingMode}\n`)
  if (sc.allowedTopologies) {
    out.write(0, 'AllowedTopologies:\t')
    out.write(0, sc.allowedTopologies.length ? '\n' : '<none>\n')
    sc.allowedTopologies.forEach((term, i) => {
      out.write(1, `Term ${i}:\t`)
      const expressions = term.matchLabelExpressions ?? []
      if (expressions.length === 0) out.write(0, '<none>\n')
      expressions.forEach((e, j) => {
        if (j) out.write(1, '\t')
        out.write(0, `${e.key} in${e.values?.length ? ` [${e.values.join(', ')}]` : ''}\n`)
      })
    })
  }
  await events(out, sc, ctx)
}

export const storageClass = defineKind<StorageClass>({
  gvk: 'storage.k8s.io/v1/StorageClass',
  strategy: {
    defaults: (sc) => {
      sc.reclaimPolicy ??= 'Delete'
      sc.volumeBindingMode ??= 'Immediate'
    },
    validate,
    validateUpdate,
  },
  columns: [
    { ...name<StorageClass>(), cell: (sc) => `${sc.metadata.name ?? ''}${isDefaultClass(sc) ? ' (default)' : ''}` },
    column('Provisioner', (sc) => sc.provisioner),
    column('ReclaimPolicy', (sc) => sc.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', (sc) => sc.volumeBindingMode ?? 'Immediate'),
    column('AllowVolumeExpansion', (sc) => sc.allowVolumeExpansion ?? false),
    age(),
  ],
  describe,
})
