// A PersistentVolumeClaim. Behaves as pkg/registry/core/persistentvolumeclaim; printed as printers/internalversion
// does; described as kubectl's describer.
import type { PersistentVolumeClaim, Pod } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { GoText } from '../../apimachinery/gostring.ts'
import { qualifiedName } from '../../apimachinery/names.ts'
import type { Draft, Quantity } from '../../apimachinery/object.ts'
import { copy, equal } from '../../apimachinery/object.ts'
import { canonical, compareQuantity, milliValue, value } from '../../apimachinery/quantity.ts'
import { validateImmutable } from '../../apimachinery/validation-meta.ts'
import { age, column, name, since, wide } from '../columns.ts'
import { dateText } from '../conditiontable.ts'
import { annotations, byText, events, labels, multiline, nameLines } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { roundUp } from './podspec-defaults.ts'
import { validateClaimSpec } from './podspec-volumes.ts'
import { claimDiff } from './podspec-diff.ts'
import { accessModes, storageClassOf } from './volumetext.ts'

type Spec = NonNullable<PersistentVolumeClaim['spec']>

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class'

function defaults(pvc: Draft<PersistentVolumeClaim>): void {
  const spec = (pvc.spec ??= {})
  const status = (pvc.status ??= {})
  status.phase ||= 'Pending'
  spec.volumeMode ??= 'Filesystem'
  spec.resources ??= {}
  for (const list of [spec.resources.limits, spec.resources.requests, status.capacity, status.allocatedResources])
    roundUp(list)
}

const isPvcOrSnapshot = (s: Spec['dataSource']): boolean =>
  (!s?.apiGroup && s?.kind === 'PersistentVolumeClaim') ||
  (s?.apiGroup === 'snapshot.storage.k8s.io' && s.kind === 'VolumeSnapshot')

/** Fields of switched-off features go; dataSource and dataSourceRef are filled in from each other. */
function normalize(spec: Draft<Spec>, old?: Spec): void {
  if (old?.volumeAttributesClassName === undefined) delete spec.volumeAttributesClassName
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef?.namespace) delete spec.dataSourceRef
  if (spec.dataSource && !spec.dataSourceRef && !old?.dataSourceRef && !isPvcOrSnapshot(spec.dataSource))
    delete spec.dataSource
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = copy(spec.dataSource)
  else if (spec.dataSourceRef && !spec.dataSource) {
    const { apiGroup, kind, name: source } = spec.dataSourceRef
    spec.dataSource = { ...(apiGroup === undefined ? {} : { apiGroup }), kind, name: source }
  }
}

function validate(pvc: PersistentVolumeClaim): FieldError[] {
  const errors = validateClaimSpec(pvc.spec, 'spec')
  const { dataSource, dataSourceRef } = pvc.spec ?? {}
  if (
    dataSource &&
    dataSourceRef &&
    !equal(
      { ...dataSource, apiGroup: dataSource.apiGroup ?? '' },
      { apiGroup: dataSourceRef.apiGroup ?? '', kind: dataSourceRef.kind, name: dataSourceRef.name },
    )
  ) {
    errors.push(
      invalid(
        'spec',
        new GoText('field.Path{name:"dataSource", index:"", parent:(*field.Path)(0xc000000000)}'),
        'must match dataSourceRef',
      ),
    )
  }
  return errors
}

/** What may change after creation: the volume's name once, the class from nothing, and the size of a bound claim. */
function validateUpdate(pvc: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = [...validate(pvc), ...validate(pvc)]
  const next: Draft<Spec> = copy(pvc.spec ?? {})
  const before: Draft<Spec> = copy(old.spec ?? {})
  const oldAnnotation = old.metadata.annotations?.[BETA_CLASS]
  const newAnnotation = pvc.metadata.annotations?.[BETA_CLASS]
  if (!before.volumeName && next.volumeName) before.volumeName = next.volumeName
  const fromNil = before.storageClassName === undefined && next.storageClassName !== undefined
  if (
    fromNil &&
    oldAnnotation !== undefined &&
    next.storageClassName === oldAnnotation &&
    (newAnnotation === undefined || newAnnotation === oldAnnotation)
  )
    delete next.storageClassName
  else {
    if (newAnnotation !== oldAnnotation)
      errors.push(invalid(`metadata.annotations.${BETA_CLASS}`, newAnnotation ?? '', 'field is immutable'))
    if (fromNil && (oldAnnotation === undefined || next.storageClassName === oldAnnotation))
      delete next.storageClassName
  }
  const oldSize = before.resources?.requests?.storage
  if (pvc.status?.phase === 'Bound' && next.resources?.requests && oldSize !== undefined)
    next.resources.requests.storage = oldSize
  if (pvc.status?.phase === 'Bound' && next.volumeAttributesClassName !== undefined) {
    if (before.volumeAttributesClassName === undefined) delete next.volumeAttributesClassName
    else next.volumeAttributesClassName = before.volumeAttributesClassName
  }
  if (!equal(next, before))
    errors.push(
      forbidden(
        'spec',
        `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${claimDiff(before, next)}`,
      ),
    )
  const newSize = pvc.spec?.resources?.requests?.storage ?? 0
  if (compareQuantity(newSize, oldSize ?? 0) < 0 && compareQuantity(newSize, old.status?.capacity?.storage ?? 0) <= 0)
    errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'))
  errors.push(...validateImmutable(pvc.spec?.volumeMode, old.spec?.volumeMode, 'volumeMode'))
  if (pvc.spec?.volumeAttributesClassName !== old.spec?.volumeAttributesClassName)
    errors.push(
      forbidden(
        'spec.volumeAttributesClassName',
        'update is forbidden when the VolumeAttributesClass feature gate is disabled',
      ),
    )
  return errors
}

const RESIZE_STATUSES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
]

/** validatePersistentVolumeClaimResourceKey: storage, or a name with a prefix. */
const resourceKey = (k: string, path: string): FieldError[] => {
  const wrong = qualifiedName(k).map((m) => invalid(path, k, m))
  return wrong.length || k.includes('/') || k === 'storage' ? wrong : [notSupported(path, k, ['storage'])]
}

function validateStatusUpdate(pvc: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = pvc.spec?.accessModes?.length ? [] : [required('Spec.accessModes')]
  const { capacity, allocatedResourceStatuses, allocatedResources } = pvc.status ?? {}
  const basic = (q: Quantity, path: string): FieldError[] =>
    value(q) < 0 ? [invalid(path, value(q), 'must be a valid resource quantity')] : []
  for (const [k, q] of Object.entries(capacity ?? {})) errors.push(...basic(q, `status.capacity[${k}]`))
  for (const [k, v] of Object.entries(allocatedResourceStatuses ?? {})) {
    errors.push(...resourceKey(k, 'status.allocatedResourceStatus'))
    if (!RESIZE_STATUSES.includes(v))
      errors.push(notSupported('status.allocatedResourceStatus', new GoText(k), RESIZE_STATUSES))
  }
  for (const [k, q] of Object.entries(allocatedResources ?? {})) {
    const wrong = resourceKey(k, 'status.allocatedResources')
    errors.push(...(wrong.length ? wrong : basic(q, `status.allocatedResources[${k}]`)))
  }
  return errors
}

function warnings(pvc: PersistentVolumeClaim): string[] {
  const { requests, limits } = pvc.spec?.resources ?? {}
  const fraction = (list: typeof requests, field: string): string[] => {
    const size = list?.storage
    return size !== undefined && milliValue(size) % 1000 !== 0
      ? [`spec.resources.${field}[storage]: fractional byte value "${canonical(size)}" is invalid, must be an integer`]
      : []
  }
  return [
    ...(pvc.metadata.annotations?.[BETA_CLASS] === undefined
      ? []
      : [`metadata.annotations[${BETA_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
    ...fraction(requests, 'requests'),
    ...fraction(limits, 'limits'),
  ]
}

const capacity = (pvc: PersistentVolumeClaim): string =>
  pvc.spec?.volumeName ? canonical(pvc.status?.capacity?.storage ?? 0) : ''
const modes = (pvc: PersistentVolumeClaim): string => (pvc.spec?.volumeName ? accessModes(pvc.status?.accessModes) : '')

/** The pods that use the claim: by a volume of theirs, or as its owner. */
function usedBy(pvc: PersistentVolumeClaim, pods: readonly Pod[]): string[] {
  const owners = new Set((pvc.metadata.ownerReferences ?? []).filter((r) => r.kind === 'Pod').map((r) => r.uid))
  const names = pods.flatMap((p) => {
    const uses = (p.spec?.volumes ?? []).filter((v) => v.persistentVolumeClaim?.claimName === pvc.metadata.name).length
    return Array<string>(uses || (owners.has(p.metadata.uid ?? '') ? 1 : 0)).fill(p.metadata.name ?? '')
  })
  return names.sort(byText)
}

async function describe(pvc: PersistentVolumeClaim, out: Lines, ctx: DescribeContext): Promise<void> {
  nameLines(out, pvc)
  out.write(0, `StorageClass:\t${storageClassOf(pvc)}\n`)
  out.write(
    0,
    `Status:\t${pvc.metadata.deletionTimestamp ? `Terminating (lasts ${since(pvc.metadata.deletionTimestamp, ctx.now)})` : (pvc.status?.phase ?? '')}\n`,
  )
  out.write(0, `Volume:\t${pvc.spec?.volumeName ?? ''}\n`)
  labels(out, 'Labels', pvc.metadata.labels)
  annotations(out, pvc.metadata.annotations)
  out.write(0, `Finalizers:\t[${(pvc.metadata.finalizers ?? []).join(' ')}]\n`)
  out.write(0, `Capacity:\t${capacity(pvc)}\n`)
  out.write(0, `Access Modes:\t${modes(pvc)}\n`)
  if (pvc.spec?.volumeMode !== undefined) out.write(0, `VolumeMode:\t${pvc.spec.volumeMode}\n`)
  const source = pvc.spec?.dataSource
  if (source) {
    out.write(0, 'DataSource:\n')
    if (source.apiGroup !== undefined && source.apiGroup !== null) out.write(1, `APIGroup:\t${source.apiGroup}\n`)
    out.write(1, `Kind:\t${source.kind}\n`)
    out.write(1, `Name:\t${source.name}\n`)
  }
  multiline(out, 'Used By', usedBy(pvc, await ctx.list<Pod>('pods', pvc.metadata.namespace ?? '')))
  const conditions = pvc.status?.conditions ?? []
  if (conditions.length) {
    out.write(0, 'Conditions:\n')
    out.write(1, 'Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n')
    out.write(1, '----\t------\t-----------------\t------------------\t------\t-------\n')
    for (const c of conditions)
      out.write(
        1,
        `${c.type} \t${c.status} \t${dateText(c.lastProbeTime)} \t${dateText(c.lastTransitionTime)} \t${c.reason ?? ''} \t${c.message ?? ''}\n`,
      )
  }
  await events(out, pvc, ctx)
}

export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  gvk: 'v1/PersistentVolumeClaim',
  strategy: {
    defaults,
    prepareForCreate: (pvc) => {
      pvc.status = { phase: 'Pending' }
      normalize((pvc.spec ??= {}))
    },
    prepareForUpdate: (pvc, old) => normalize((pvc.spec ??= {}), old.spec),
    validate,
    validateUpdate,
    validateStatusUpdate,
    warnings,
  },
  columns: [
    name(),
    column('Status', (pvc) => (pvc.metadata.deletionTimestamp ? 'Terminating' : (pvc.status?.phase ?? ''))),
    column('Volume', (pvc) => pvc.spec?.volumeName ?? ''),
    column('Capacity', capacity),
    column('Access Modes', modes),
    column('StorageClass', storageClassOf),
    column('VolumeAttributesClass', (pvc) => pvc.spec?.volumeAttributesClassName ?? '<unset>'),
    age(),
    wide('VolumeMode', (pvc) => pvc.spec?.volumeMode ?? '<unset>'),
  ],
  describe,
})
