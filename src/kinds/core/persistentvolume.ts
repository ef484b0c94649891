// A PersistentVolume. Behaves as pkg/registry/core/persistentvolume; printed as printers/internalversion does;
// described as kubectl's describer.
import type {
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeSpec,
  Volume,
} from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { GoText, goQuote } from '../../apimachinery/gostring.ts'
import { dns1123Label, dns1123Subdomain } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { canonical, quantitySign, value } from '../../apimachinery/quantity.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { validateImmutable } from '../../apimachinery/validation-meta.ts'
import { age, column, name, since, wide } from '../columns.ts'
import { annotations, events, labels } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { roundUp } from './podspec-defaults.ts'
import { validateNodeSelector } from './podspec-scheduling.ts'
import { noBacksteps, sourceErrors, validateCsiDriver } from './podspec-volumes.ts'
import { goQuantity } from '../fieldrules.ts'
import { sourceDiff } from './podspec-diff.ts'
import { accessModes, storageClassOf } from './volumetext.ts'

function defaults(pv: Draft<PersistentVolume>): void {
  const spec = (pv.spec ??= {})
  const status = (pv.status ??= {})
  status.phase ||= 'Pending'
  spec.persistentVolumeReclaimPolicy ||= 'Retain'
  spec.volumeMode ??= 'Filesystem'
  roundUp(spec.capacity)
  if (spec.hostPath) spec.hostPath.type ??= ''
  if (spec.iscsi) spec.iscsi.iscsiInterface ||= 'default'
  if (spec.rbd) {
    spec.rbd.pool ||= 'rbd'
    spec.rbd.user ||= 'admin'
    spec.rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (spec.azureDisk) {
    spec.azureDisk.cachingMode ??= 'ReadWrite'
    spec.azureDisk.fsType ??= 'ext4'
    spec.azureDisk.readOnly ??= false
    spec.azureDisk.kind ??= 'Shared'
  }
  if (spec.scaleIO) {
    spec.scaleIO.storageMode ||= 'ThinProvisioned'
    spec.scaleIO.fsType ||= 'xfs'
  }
}

type Source = Exclude<
  keyof PersistentVolumeSpec,
  | 'accessModes'
  | 'capacity'
  | 'claimRef'
  | 'mountOptions'
  | 'nodeAffinity'
  | 'persistentVolumeReclaimPolicy'
  | 'storageClassName'
  | 'volumeAttributesClassName'
  | 'volumeMode'
>
/** The kinds of volumes, in the order in which upstream looks at them. */
const SOURCES: readonly Source[] = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
]
type Secret = { readonly name?: string; readonly namespace?: string } | undefined

/** A Secret of another namespace must be named whole. */
const reference = (secret: Secret, path: string): FieldError[] =>
  secret ? (['name', 'namespace'] as const).flatMap((f) => (secret[f] ? [] : [required(`${path}.${f}`)])) : []

/** validatePVSecretReference. */
function secretReference(secret: Secret, path: string): FieldError[] {
  if (!secret) return []
  const { name, namespace } = secret
  return [
    ...(name ? dns1123Subdomain(name).map((t) => invalid(`${path}.name`, name, t)) : [required(`${path}.name`)]),
    ...(namespace
      ? dns1123Label(namespace).map((t) => invalid(`${path}.namespace`, namespace, t))
      : [required(`${path}.namespace`)]),
  ]
}

/** A volume as pods have it too, with what a PersistentVolume asks beyond that. */
function validateSource(spec: PersistentVolumeSpec, source: Source, path: string, volume: string): FieldError[] {
  const at = `${path}.${source}`
  const shared = (...but: string[]): FieldError[] =>
    sourceErrors(source as keyof Volume, spec[source], path).filter((e) => !but.some((f) => e.field === `${at}.${f}`))
  const { local, glusterfs, iscsi, cinder, storageos, azureFile, csi } = spec
  if (source === 'local')
    return [
      ...(local?.path ? noBacksteps(local.path, `${at}.path`) : [required(`${at}.path`)]),
      ...(spec.nodeAffinity ? [] : [required(`${path}.nodeAffinity`, 'Local volume requires node affinity')]),
    ]
  if (source === 'glusterfs') {
    const namespace = glusterfs?.endpointsNamespace
    const wrong =
      namespace === ''
        ? ['if the endpointnamespace is set, it must be a valid namespace name']
        : dns1123Label(namespace ?? 'x')
    return [...shared(), ...wrong.map((t) => invalid(`${at}.endpointsNamespace`, namespace, t))]
  }
  if (source === 'iscsi' && iscsi) {
    const long = iscsi.initiatorName !== undefined && `${volume}:${iscsi.targetPortal ?? ''}`.length > 64
    const portal = `${at}.targetPortal`
    const secret = iscsi.secretRef && !iscsi.secretRef.name ? [required(`${at}.secretRef.name`)] : []
    const starts = shared().map((e) => ({ ...e, message: e.message.replace(/ starting with .*$/, '') }))
    const last = starts.filter((e) => e.field.endsWith('.initiatorname'))
    return [
      ...starts.filter((e) => e.field === portal),
      ...(long
        ? [
            invalid(
              `${at}.targetportal`,
              iscsi.targetPortal,
              'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
            ),
          ]
        : []),
      ...starts.filter((e) => e.field !== portal && !last.includes(e)),
      ...secret,
      ...last,
    ]
  }
  if (source === 'cinder') return [...shared('secretRef.name'), ...reference(cinder?.secretRef, `${at}.secretRef`)]
  if (source === 'storageos')
    return [...shared('secretRef.name'), ...reference(storageos?.secretRef, `${at}.secretRef`)]
  if (source === 'azureFile')
    return [...shared(), ...(azureFile?.secretNamespace === '' ? [required(`${at}.secretNamespace`)] : [])]
  if (source === 'csi' && csi)
    return [
      ...validateCsiDriver(csi.driver ?? '', `${at}.driver`),
      ...(csi.volumeHandle ? [] : [required(`${at}.volumeHandle`)]),
      ...(
        [
          'controllerPublishSecretRef',
          'controllerExpandSecretRef',
          'nodePublishSecretRef',
          'nodeExpandSecretRef',
        ] as const
      ).flatMap((ref) => secretReference(csi[ref], `${at}.${ref}`)),
    ]
  return shared()
}

const MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
const POLICIES = ['Delete', 'Recycle', 'Retain']

/** ValidatePersistentVolumeSpec; `inline`: the spec stands in a VolumeAttachment. */
export function validateVolumeSpec(
  spec: PersistentVolumeSpec,
  path = 'spec',
  inline = false,
  volume = '',
): FieldError[] {
  const errors: FieldError[] = []
  const elsewhere = 'in the context of inline volumes'
  const modes = spec.accessModes ?? []
  const capacity = spec.capacity ?? {}
  if (inline) {
    if (spec.claimRef) errors.push(forbidden(`${path}.claimRef`, `may not be specified ${elsewhere}`))
    if (Object.keys(capacity).length) errors.push(forbidden(`${path}.capacity`, `may not be specified ${elsewhere}`))
    if (!spec.csi) errors.push(required(`${path}.csi`, `has to be specified ${elsewhere}`))
  }
  if (modes.length === 0) errors.push(required(`${path}.accessModes`))
  for (const m of modes) if (!MODES.includes(m)) errors.push(notSupported(`${path}.accessModes`, m, MODES))
  if (modes.includes('ReadWriteOncePod') && modes.some((m) => m !== 'ReadWriteOncePod' && MODES.includes(m)))
    errors.push(forbidden(`${path}.accessModes`, 'may not use ReadWriteOncePod with other access modes'))
  if (!inline) {
    const names = Object.keys(capacity)
    if (names.length === 0) errors.push(required(`${path}.capacity`))
    const shown = names.length
      ? `core.ResourceList{${names.map((k) => `${goQuote(k)}:${goQuantity(capacity[k] ?? 0).text}`).join(', ')}}`
      : 'core.ResourceList(nil)'
    if (!Object.hasOwn(capacity, 'storage') || names.length > 1)
      errors.push(notSupported(`${path}.capacity`, new GoText(shown), ['storage']))
    for (const [k, v] of Object.entries(capacity)) {
      if (value(v) < 0) errors.push(invalid(`${path}.capacity[${k}]`, value(v), 'must be a valid resource quantity'))
      if (quantitySign(v) <= 0)
        errors.push(invalid(`${path}.capacity[${k}]`, canonical(v), 'must be greater than zero'))
    }
  }
  const policy = spec.persistentVolumeReclaimPolicy
  if (policy && inline) {
    if (policy !== 'Retain')
      errors.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, `may only be Retain ${elsewhere}`))
  } else if (policy && !POLICIES.includes(policy))
    errors.push(notSupported(`${path}.persistentVolumeReclaimPolicy`, policy, POLICIES))
  if (spec.nodeAffinity) {
    if (inline) errors.push(forbidden(`${path}.nodeAffinity`, `may not be specified ${elsewhere}`))
    else
      errors.push(
        ...(spec.nodeAffinity.required
          ? validateNodeSelector(spec.nodeAffinity.required, `${path}.nodeAffinity.required`)
          : [required(`${path}.nodeAffinity.required`, 'must specify required node constraints')]),
      )
  }
  const sources = SOURCES.filter((s) => spec[s] !== undefined)
  sources.forEach((s, i) =>
    errors.push(
      ...(i && s !== 'flexVolume'
        ? [forbidden(`${path}.${s === 'cephfs' ? 'cephFS' : s}`, 'may not specify more than 1 volume type')]
        : validateSource(spec, s, path, volume)),
    ),
  )
  if (sources.length === 0) errors.push(required(path, 'must specify a volume type'))
  if (spec.hostPath && /^\/+\.?$/.test(spec.hostPath.path ?? '') && policy === 'Recycle')
    errors.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'"))
  if (spec.storageClassName)
    errors.push(
      ...(inline
        ? [forbidden(`${path}.storageClassName`, `may not be specified ${elsewhere}`)]
        : dns1123Subdomain(spec.storageClassName).map((t) =>
            invalid(`${path}.storageClassName`, spec.storageClassName, t),
          )),
    )
  if (spec.volumeMode !== undefined) {
    if (inline) {
      if (spec.volumeMode !== 'Filesystem')
        errors.push(forbidden(`${path}.volumeMode`, `may not specify volumeMode other than Filesystem ${elsewhere}`))
    } else if (spec.volumeMode !== 'Block' && spec.volumeMode !== 'Filesystem')
      errors.push(notSupported(`${path}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem']))
  }
  return errors
}

const validate = (pv: PersistentVolume): FieldError[] =>
  validateVolumeSpec(pv.spec ?? {}, 'spec', false, pv.metadata.name ?? '')

function validateUpdate(pv: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors = [...validate(pv), ...validate(pv)]
  const next = pv.spec ?? {}
  const before = old.spec ?? {}
  const changed = SOURCES.filter((s) => {
    if (s !== 'csi' || !next.csi || !before.csi || before.csi.controllerExpandSecretRef)
      return !equal(next[s], before[s])
    // this reference may be added once
    return !equal({ ...next.csi, controllerExpandSecretRef: undefined }, before.csi)
  })
  if (changed.length)
    errors.push(
      forbidden(
        'spec.persistentvolumesource',
        `spec.persistentvolumesource is immutable after creation\n${sourceDiff(before, next)}`,
      ),
    )
  errors.push(...validateImmutable(next.volumeMode, before.volumeMode, 'volumeMode'))
  if (before.nodeAffinity && !equal(next.nodeAffinity, before.nodeAffinity))
    errors.push(
      invalid(
        'nodeAffinity',
        next.nodeAffinity ? new GoText('core.VolumeNodeAffinity{Required:(*core.NodeSelector)(0xc000000000)}') : null,
        'field is immutable, except for updating from beta label to GA',
      ),
    )
  if (next.volumeAttributesClassName !== before.volumeAttributesClassName)
    errors.push(
      forbidden(
        'spec.volumeAttributesClassName',
        'update is forbidden when the VolumeAttributesClass feature gate is disabled',
      ),
    )
  return errors
}

const DEPRECATED_ANNOTATIONS = [
  ['volume.beta.kubernetes.io/storage-class', 'deprecated since v1.8; use "storageClassName" attribute instead'],
  ['volume.beta.kubernetes.io/mount-options', 'deprecated since v1.31; use "mountOptions" attribute instead'],
] as const

function warnings(pv: PersistentVolume): string[] {
  const deprecated: readonly (readonly [Source, string])[] = [
    ['cephfs', 'spec.cephfs: deprecated in v1.28, non-functional in v1.31+'],
    ['photonPersistentDisk', 'spec.photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+'],
    ['scaleIO', 'spec.scaleIO: deprecated in v1.16, non-functional in v1.22+'],
    ['storageos', 'spec.storageOS: deprecated in v1.22, non-functional in v1.25+'],
    ['glusterfs', 'spec.glusterfs: deprecated in v1.25, non-functional in v1.26+'],
    ['rbd', 'spec.rbd: deprecated in v1.28, non-functional in v1.31+'],
  ]
  const spec = pv.spec ?? {}
  return [
    ...DEPRECATED_ANNOTATIONS.filter(([k]) => pv.metadata.annotations?.[k] !== undefined).map(
      ([k, text]) => `metadata.annotations[${k}]: ${text}`,
    ),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...deprecated.filter(([s]) => spec[s] !== undefined).map(([, text]) => text),
  ]
}

const claimText = (pv: PersistentVolume): string =>
  pv.spec?.claimRef ? `${pv.spec.claimRef.namespace ?? ''}/${pv.spec.claimRef.name ?? ''}` : ''
const phase = (pv: PersistentVolume): string =>
  pv.metadata.deletionTimestamp ? 'Terminating' : (pv.status?.phase ?? '')

function requirementLines(
  out: Lines,
  level: number,
  title: string,
  requirements: readonly NodeSelectorRequirement[],
): void {
  out.write(level, `${title}:\t`)
  if (requirements.length === 0) out.write(0, '<none>\n')
  requirements.forEach((r, i) => {
    if (i) out.write(level, '\t')
    out.write(0, `${r.key} ${r.operator.toLowerCase()}${r.values?.length ? ` [${r.values.join(', ')}]` : ''}\n`)
  })
}

function affinityLines(out: Lines, spec: PersistentVolumeSpec): void {
  out.write(0, 'Node Affinity:\t')
  const required = spec.nodeAffinity?.required
  if (!required) return out.write(0, '<none>\n')
  out.write(0, '\n')
  out.write(1, 'Required Terms:\t')
  const terms = required.nodeSelectorTerms ?? []
  out.write(0, terms.length ? '\n' : '<none>\n')
  terms.forEach((t, i) => requirementLines(out, 2, `Term ${i}`, t.matchExpressions ?? []))
}

async function describe(pv: PersistentVolume, out: Lines, ctx: DescribeContext): Promise<void> {
  const spec = pv.spec ?? {}
  out.write(0, `Name:\t${pv.metadata.name ?? ''}\n`)
  labels(out, 'Labels', pv.metadata.labels)
  annotations(out, pv.metadata.annotations)
  out.write(0, `Finalizers:\t[${(pv.metadata.finalizers ?? []).join(' ')}]\n`)
  out.write(0, `StorageClass:\t${storageClassOf(pv)}\n`)
  out.write(
    0,
    `Status:\t${pv.metadata.deletionTimestamp ? `Terminating (lasts ${since(pv.metadata.deletionTimestamp, ctx.now)})` : (pv.status?.phase ?? '')}\n`,
  )
  out.write(0, `Claim:\t${claimText(pv)}\n`)
  out.write(0, `Reclaim Policy:\t${spec.persistentVolumeReclaimPolicy ?? ''}\n`)
  out.write(0, `Access Modes:\t${accessModes(spec.accessModes)}\n`)
  if (spec.volumeMode !== undefined) out.write(0, `VolumeMode:\t${spec.volumeMode}\n`)
  out.write(0, `Capacity:\t${canonical(spec.capacity?.storage ?? 0)}\n`)
  affinityLines(out, spec)
  out.write(0, `Message:\t${pv.status?.message ?? ''}\n`)
  out.write(0, 'Source:\n')
  const { sourceLines } = await import('./volumesource.ts')
  sourceLines(out, spec)
  await events(out, pv, ctx)
}

export const persistentVolume = defineKind<PersistentVolume>({
  gvk: 'v1/PersistentVolume',
  strategy: {
    defaults,
    prepareForCreate: (pv, ctx) => {
      pv.status = { phase: 'Pending', lastPhaseTransitionTime: rfc3339(ctx.now) }
      if (pv.spec) delete pv.spec.volumeAttributesClassName
    },
    prepareForUpdate: (pv, old) => {
      if (pv.spec && old.spec?.volumeAttributesClassName === undefined) delete pv.spec.volumeAttributesClassName
    },
    prepareForStatusUpdate: (pv, old, ctx) => {
      const status = (pv.status ??= {})
      const before = old.status?.lastPhaseTransitionTime
      if (status.phase !== old.status?.phase && status.lastPhaseTransitionTime === before)
        status.lastPhaseTransitionTime = rfc3339(ctx.now)
    },
    validate,
    validateUpdate,
    warnings,
  },
  columns: [
    name(),
    column('Capacity', (pv) => canonical(pv.spec?.capacity?.storage ?? 0)),
    column('Access Modes', (pv) => accessModes(pv.spec?.accessModes)),
    column('Reclaim Policy', (pv) => pv.spec?.persistentVolumeReclaimPolicy ?? ''),
    column('Status', phase),
    column('Claim', claimText),
    column('StorageClass', storageClassOf),
    column('VolumeAttributesClass', (pv) => pv.spec?.volumeAttributesClassName ?? '<unset>'),
    column('Reason', (pv) => pv.status?.reason ?? ''),
    age(),
    wide('VolumeMode', (pv) => pv.spec?.volumeMode ?? '<unset>'),
  ],
  describe,
})
