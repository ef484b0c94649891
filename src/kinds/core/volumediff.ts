// The differences that refusals of claims and volumes show: the internal types' fields, in their Go order.
import type { PersistentVolumeClaimSpec, PersistentVolumeSpec } from '../../apimachinery/api/core.v1.ts'
import type { LabelSelector } from '../../apimachinery/api/meta.v1.ts'
import type { FieldDiff } from '../../apimachinery/godiff.ts'
import { structDiff } from '../../apimachinery/godiff.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import type { Quantity } from '../../apimachinery/object.ts'
import { equal, isObject } from '../../apimachinery/object.ts'
import { canonical, parseQuantity } from '../../apimachinery/quantity.ts'

const text = (v: string | undefined): string => goQuote(v ?? '')
const pointer = (v: string | undefined): string => (v === undefined ? 'nil' : `&${goQuote(v)}`)
const field = (name: string, before: string, after: string): FieldDiff => (before === after ? { name, equal: before } : { name, removed: [before], inserted: [after] })

function quantity(q: Quantity, full: boolean): string {
  const p = parseQuantity(q)
  const amount = full ? `resource.int64Amount{value: ${p.unscaled}${p.scale ? `, scale: ${p.scale}` : ''}}` : '{...}'
  return `{i: ${amount}, s: ${goQuote(canonical(p))}, Format: ${goQuote(p.format)}}`
}

type Amounts = { readonly [name: string]: Quantity } | undefined
const amounts = (list: Amounts): string => (list ? `{${Object.entries(list).map(([k, v]) => `s${goQuote(k)}: ${quantity(v, false)}`).join(', ')}}` : 'nil')
const amountLines = (list: NonNullable<Amounts>): readonly string[] => ['core.ResourceList{', ...Object.entries(list).map(([k, v]) => `s${goQuote(k)}: ${quantity(v, true)}`), '}']

/** A list that was not there before, or is not any more, stands in one line. */
const amountLine = (list: Amounts): string => (list ? `core.ResourceList{${Object.entries(list).map(([k, v]) => { const q = parseQuantity(v); return `s${goQuote(k)}: {i: resource.int64Amount{value: ${q.unscaled}${q.scale ? `, scale: ${q.scale}` : ''}}, Format: ${goQuote(q.format)}}` }).join(', ')}}` : 'nil')

function amountsField(name: string, before: Amounts, after: Amounts): FieldDiff {
  if (equal(before ?? null, after ?? null)) return { name, equal: amounts(before) }
  return before && after ? { name, removed: amountLines(before), inserted: amountLines(after) } : { name, removed: [amountLine(before)], inserted: [amountLine(after)] }
}

function resources(before: PersistentVolumeClaimSpec['resources'], after: PersistentVolumeClaimSpec['resources']): FieldDiff {
  const name = 'Resources'
  if (!equal(before ?? {}, after ?? {})) return { name, nested: { type: 'core.VolumeResourceRequirements', fields: [amountsField('Limits', before?.limits, after?.limits), amountsField('Requests', before?.requests, after?.requests)] } }
  const shown = [['Limits', before?.limits], ['Requests', before?.requests]] as const
  return { name, equal: `{${shown.filter(([, l]) => l).map(([n, l]) => `${n}: ${amounts(l)}`).join(', ')}}` }
}

/** A Go struct in one line, without its empty fields; names are the JSON ones, capitalized. */
function struct(value: unknown): string {
  if (typeof value === 'string') return goQuote(value)
  if (Array.isArray(value)) return `{${value.map(struct).join(', ')}}`
  if (!isObject(value)) return String(value)
  return `{${Object.entries(value).filter(([, v]) => v !== undefined && v !== '' && v !== false && v !== 0).map(([k, v]) => `${goName(k)}: ${struct(v)}`).join(', ')}}`
}
const goName = (k: string): string => ({ apiGroup: 'APIGroup', fsType: 'FSType', volumeID: 'VolumeID' })[k] ?? k.charAt(0).toUpperCase() + k.slice(1)
const structPointer = (value: object | undefined, type: string): string => (value ? `&${type}${struct(value)}` : 'nil')
const pointerField = (name: string, before: object | undefined, after: object | undefined, type: string): FieldDiff =>
  (equal(before ?? null, after ?? null) ? { name, equal: structPointer(before, '') } : { name, removed: [structPointer(before, type)], inserted: [structPointer(after, type)] })

/** A selector prints itself. */
function selectorText(s: LabelSelector | undefined): string {
  if (!s) return 'nil'
  const labels = Object.entries(s.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => `${k}: ${v},`).join('')
  const expressions = (s.matchExpressions ?? []).map((e) => `LabelSelectorRequirement{Key:${e.key},Operator:${e.operator},Values:[${(e.values ?? []).join(' ')}],},`).join('')
  return `s${goQuote(`&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${expressions}},}`)}`
}

/** The claim's spec before and after. */
export function claimDiff(before: PersistentVolumeClaimSpec, after: PersistentVolumeClaimSpec): string {
  const modes = (list: readonly string[] | undefined, type: string): string => (list ? `${type}{${list.map(goQuote).join(', ')}}` : 'nil')
  const type = '[]core.PersistentVolumeAccessMode'
  const access: FieldDiff = equal(before.accessModes ?? null, after.accessModes ?? null) ? { name: 'AccessModes', equal: modes(before.accessModes, '') }
    : { name: 'AccessModes', removed: [modes(before.accessModes, type)], inserted: [modes(after.accessModes, type)] }
  return structDiff({ type: 'core.PersistentVolumeClaimSpec', fields: [
    access,
    field('Selector', selectorText(before.selector), selectorText(after.selector)),
    resources(before.resources, after.resources),
    field('VolumeName', text(before.volumeName), text(after.volumeName)),
    field('StorageClassName', pointer(before.storageClassName), pointer(after.storageClassName)),
    field('VolumeMode', pointer(before.volumeMode), pointer(after.volumeMode)),
    pointerField('DataSource', before.dataSource, after.dataSource, 'core.TypedLocalObjectReference'),
    pointerField('DataSourceRef', before.dataSourceRef, after.dataSourceRef, 'core.TypedObjectReference'),
    field('VolumeAttributesClassName', pointer(before.volumeAttributesClassName), pointer(after.volumeAttributesClassName)),
  ] })
}

/** Go name, JSON name and type of each source, in Go's order. */
const SOURCES: readonly (readonly [string, keyof PersistentVolumeSpec, string])[] = [
  ['GCEPersistentDisk', 'gcePersistentDisk', 'GCEPersistentDiskVolumeSource'], ['AWSElasticBlockStore', 'awsElasticBlockStore', 'AWSElasticBlockStoreVolumeSource'], ['HostPath', 'hostPath', 'HostPathVolumeSource'],
  ['Glusterfs', 'glusterfs', 'GlusterfsPersistentVolumeSource'], ['NFS', 'nfs', 'NFSVolumeSource'], ['RBD', 'rbd', 'RBDPersistentVolumeSource'], ['Quobyte', 'quobyte', 'QuobyteVolumeSource'],
  ['ISCSI', 'iscsi', 'ISCSIPersistentVolumeSource'], ['FlexVolume', 'flexVolume', 'FlexPersistentVolumeSource'], ['Cinder', 'cinder', 'CinderPersistentVolumeSource'], ['CephFS', 'cephfs', 'CephFSPersistentVolumeSource'],
  ['FC', 'fc', 'FCVolumeSource'], ['Flocker', 'flocker', 'FlockerVolumeSource'], ['AzureFile', 'azureFile', 'AzureFilePersistentVolumeSource'], ['VsphereVolume', 'vsphereVolume', 'VsphereVirtualDiskVolumeSource'],
  ['AzureDisk', 'azureDisk', 'AzureDiskVolumeSource'], ['PhotonPersistentDisk', 'photonPersistentDisk', 'PhotonPersistentDiskVolumeSource'], ['PortworxVolume', 'portworxVolume', 'PortworxVolumeSource'],
  ['ScaleIO', 'scaleIO', 'ScaleIOPersistentVolumeSource'], ['Local', 'local', 'LocalVolumeSource'], ['StorageOS', 'storageos', 'StorageOSPersistentVolumeSource'], ['CSI', 'csi', 'CSIPersistentVolumeSource'],
]
/** The fields of the sources that are common, in Go's order; `*` marks pointers. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  hostPath: ['path', '*type'], nfs: ['server', 'path', 'readOnly'], local: ['path', '*fsType'],
  csi: ['driver', 'volumeHandle', 'readOnly', 'fsType', 'volumeAttributes', '*controllerPublishSecretRef', '*nodeStageSecretRef', '*nodePublishSecretRef', '*controllerExpandSecretRef', '*nodeExpandSecretRef'],
}

function member(source: Readonly<Record<string, unknown>>, name: string): string {
  const optional = name.startsWith('*')
  const value = source[name.replace('*', '')]
  if (typeof value === 'string') return optional ? `&${goQuote(value)}` : goQuote(value)
  if (value === undefined || value === null) return optional || name === 'volumeAttributes' ? 'nil' : name === 'readOnly' ? 'false' : '""'
  return `${optional ? '&' : ''}${struct(value)}`
}

/** A one-line source; optional strings are pointers. */
function sourceText(value: object | undefined, key: string, type: string): string {
  if (!value) return 'nil'
  const names = FIELDS[key]
  if (!names) return structPointer(value, type)
  const source = value as Readonly<Record<string, unknown>>
  return `&${type}{${names.map((n) => [n, member(source, n)] as const).filter(([, v]) => !['nil', '""', 'false'].includes(v)).map(([n, v]) => `${goName(n.replace('*', ''))}: ${v}`).join(', ')}}`
}

/** The volume's source before and after. */
export function sourceDiff(before: PersistentVolumeSpec, after: PersistentVolumeSpec): string {
  return structDiff({ type: 'core.PersistentVolumeSource', fields: SOURCES.map(([name, key, type]) => {
    const a = before[key] as Readonly<Record<string, unknown>> | undefined
    const b = after[key] as Readonly<Record<string, unknown>> | undefined
    const names = FIELDS[key]
    if (equal(a ?? null, b ?? null)) return { name, equal: sourceText(a, key, '') }
    if (!a || !b || !names) return { name, removed: [sourceText(a, key, `core.${type}`)], inserted: [sourceText(b, key, `core.${type}`)] }
    return { name, nested: { type: `&core.${type}`, fields: names.map((n) => field(goName(n.replace('*', '')), member(a, n), member(b, n))) } }
  }) })
}
