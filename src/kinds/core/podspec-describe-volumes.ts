// The volumes of pods and pod templates as kubectl describes them (kubectl's pkg/describe).
import type { Volume } from '../../apimachinery/api/core.v1.ts'
import { canonical, quantitySign } from '../../apimachinery/quantity.ts'
import type { Versions } from '../../apimachinery/versions.ts'
import { has } from '../../apimachinery/versions.ts'
import { annotations, byText, labels, nested } from '../describe.ts'
import type { Lines } from '../kind.ts'

/** What follows the name of a volume: the words after Type, and further lines. */
type Rows = readonly (readonly [name: string, value: unknown])[]
interface Shape {
  readonly type: string
  readonly rows: Rows
}

const list = (values: readonly unknown[] | undefined): string => `[${(values ?? []).join(' ')}]`
/** A reference as Go's %v prints a pointer to a struct: &LocalObjectReference{Name:a,}. */
const reference = (ref: { readonly name?: string } | undefined): string =>
  ref ? `&LocalObjectReference{Name:${ref.name ?? ''},}` : 'nil'
const map = (m: Readonly<Record<string, string>> | undefined): string =>
  `map[${Object.keys(m ?? {})
    .sort(byText)
    .map((k) => `${k}:${m?.[k]}`)
    .join(' ')}]`
const no = (b: boolean | undefined): boolean => b ?? false

/** One shape for each source, in the order in which kubectl looks for them. */
const SHAPES: readonly ((v: Volume) => Shape | undefined)[] = [
  ({ hostPath: s }) =>
    s && {
      type: 'HostPath (bare host directory volume)',
      rows: [
        ['Path', s.path],
        ['HostPathType', s.type ?? '<none>'],
      ],
    },
  ({ emptyDir: s }) =>
    s && {
      type: "EmptyDir (a temporary directory that shares a pod's lifetime)",
      rows: [
        ['Medium', s.medium],
        ['SizeLimit', s.sizeLimit !== undefined && quantitySign(s.sizeLimit) > 0 ? canonical(s.sizeLimit) : '<unset>'],
      ],
    },
  ({ gcePersistentDisk: s }) =>
    s && {
      type: 'GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)',
      rows: [
        ['PDName', s.pdName],
        ['FSType', s.fsType],
        ['Partition', s.partition ?? 0],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ awsElasticBlockStore: s }) =>
    s && {
      type: 'AWSElasticBlockStore (a Persistent Disk resource in AWS)',
      rows: [
        ['VolumeID', s.volumeID],
        ['FSType', s.fsType],
        ['Partition', s.partition ?? 0],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ gitRepo: s }) =>
    s && {
      type: 'GitRepo (a volume that is pulled from git when the pod is created)',
      rows: [
        ['Repository', s.repository],
        ['Revision', s.revision],
      ],
    },
  ({ secret: s }) =>
    s && {
      type: 'Secret (a volume populated by a Secret)',
      rows: [
        ['SecretName', s.secretName],
        ['Optional', no(s.optional)],
      ],
    },
  ({ configMap: s }) =>
    s && {
      type: 'ConfigMap (a volume populated by a ConfigMap)',
      rows: [
        ['Name', s.name],
        ['Optional', no(s.optional)],
      ],
    },
  ({ nfs: s }) =>
    s && {
      type: 'NFS (an NFS mount that lasts the lifetime of a pod)',
      rows: [
        ['Server', s.server],
        ['Path', s.path],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ iscsi: s }) =>
    s && {
      type: "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
      rows: [
        ['TargetPortal', s.targetPortal],
        ['IQN', s.iqn],
        ['Lun', s.lun],
        ['ISCSIInterface!', s.iscsiInterface],
        ['FSType', s.fsType],
        ['ReadOnly', no(s.readOnly)],
        ['Portals', list(s.portals)],
        ['DiscoveryCHAPAuth', no(s.chapAuthDiscovery)],
        ['SessionCHAPAuth', no(s.chapAuthSession)],
        ['SecretRef', reference(s.secretRef)],
        ['InitiatorName', s.initiatorName ?? '<none>'],
      ],
    },
  ({ glusterfs: s }) =>
    s && {
      type: "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
      rows: [
        ['EndpointsName', s.endpoints],
        ['Path', s.path],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ persistentVolumeClaim: s }) =>
    s && {
      type: 'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)',
      rows: [
        ['ClaimName', s.claimName],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ ephemeral: s }) =>
    s && {
      type: 'EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)',
      rows: [],
    },
  ({ rbd: s }) =>
    s && {
      type: "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
      rows: [
        ['CephMonitors', list(s.monitors)],
        ['RBDImage', s.image],
        ['FSType', s.fsType],
        ['RBDPool', s.pool],
        ['RadosUser', s.user],
        ['Keyring', s.keyring],
        ['SecretRef', reference(s.secretRef)],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ quobyte: s }) =>
    s && {
      type: "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
      rows: [
        ['Registry', s.registry],
        ['Volume', s.volume],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ downwardAPI: s }) => s && { type: 'DownwardAPI (a volume populated by information about the pod)', rows: [] },
  ({ azureDisk: s }) =>
    s && {
      type: 'AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)',
      rows: [
        ['DiskName', s.diskName],
        ['DiskURI', s.diskURI],
        ['Kind: !', s.kind],
        ['FSType', s.fsType],
        ['CachingMode', s.cachingMode],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ vsphereVolume: s }) =>
    s && {
      type: 'vSphereVolume (a Persistent Disk resource in vSphere)',
      rows: [
        ['VolumePath', s.volumePath],
        ['FSType', s.fsType],
        ['StoragePolicyName', s.storagePolicyName],
      ],
    },
  ({ cinder: s }) =>
    s && {
      type: 'Cinder (a Persistent Disk resource in OpenStack)',
      rows: [
        ['VolumeID', s.volumeID],
        ['FSType', s.fsType],
        ['ReadOnly', no(s.readOnly)],
        ['SecretRef', reference(s.secretRef)],
      ],
    },
  ({ photonPersistentDisk: s }) =>
    s && {
      type: 'PhotonPersistentDisk (a Persistent Disk resource in photon platform)',
      rows: [
        ['PdID', s.pdID],
        ['FSType', s.fsType],
      ],
    },
  ({ portworxVolume: s }) =>
    s && { type: 'PortworxVolume (a Portworx Volume resource)', rows: [['VolumeID', s.volumeID]] },
  ({ scaleIO: s }) =>
    s && {
      type: 'ScaleIO (a persistent volume backed by a block device in ScaleIO)',
      rows: [
        ['Gateway', s.gateway],
        ['System', s.system],
        ['Protection Domain', s.protectionDomain],
        ['Storage Pool', s.storagePool],
        ['Storage Mode', s.storageMode],
        ['VolumeName', s.volumeName],
        ['FSType', s.fsType],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ cephfs: s }) =>
    s && {
      type: "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
      rows: [
        ['Monitors', list(s.monitors)],
        ['Path', s.path],
        ['User', s.user],
        ['SecretFile', s.secretFile],
        ['SecretRef', reference(s.secretRef)],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ storageos: s }) =>
    s && {
      type: 'StorageOS (a StorageOS Persistent Disk resource)',
      rows: [
        ['VolumeName', s.volumeName],
        ['VolumeNamespace', s.volumeNamespace],
        ['FSType', s.fsType],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ fc: s }) =>
    s && {
      type: 'FC (a Fibre Channel disk)',
      rows: [
        ['TargetWWNs', (s.targetWWNs ?? []).join(', ')],
        ['LUN', s.lun ?? '<none>'],
        ['FSType', s.fsType],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ azureFile: s }) =>
    s && {
      type: 'AzureFile (an Azure File Service mount on the host and bind mount to the pod)',
      rows: [
        ['SecretName', s.secretName],
        ['ShareName', s.shareName],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ flexVolume: s }) =>
    s && {
      type: 'FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)',
      rows: [
        ['Driver', s.driver],
        ['FSType', s.fsType],
        ['SecretRef', reference(s.secretRef)],
        ['ReadOnly', no(s.readOnly)],
        ['Options', map(s.options)],
      ],
    },
  ({ flocker: s }) =>
    s && {
      type: 'Flocker (a Flocker volume mounted by the Flocker agent)',
      rows: [
        ['DatasetName', s.datasetName],
        ['DatasetUUID', s.datasetUUID],
      ],
    },
  ({ projected: s }) =>
    s && { type: 'Projected (a volume that contains injected data from multiple sources)', rows: [] },
  ({ csi: s }) =>
    s && {
      type: 'CSI (a Container Storage Interface (CSI) volume source)',
      rows: [
        ['Driver', s.driver],
        ['FSType', s.fsType],
        ['ReadOnly', no(s.readOnly)],
      ],
    },
  ({ image: s }) =>
    s && {
      type: 'Image (a container image or OCI artifact)',
      rows: [
        ['Reference', s.reference],
        ['PullPolicy', s.pullPolicy],
      ],
    },
]

/** Volumes of a pod, or of a template when `space` indents it. */
export function describeVolumes(
  volumes: readonly Volume[] | undefined,
  out: Lines,
  versions: Versions,
  space = '',
): void {
  if (!volumes?.length) return out.write(0, `${space}Volumes:\t<none>\n`)
  out.write(0, `${space}Volumes:\n`)
  for (const v of volumes) {
    out.write(1, `${space && ' '}${v.name}:\n`)
    const shape = SHAPES.reduce<Shape | undefined>((found, of) => found ?? of(v), undefined)
    if (!shape) {
      out.write(1, '<unknown>\n')
      continue
    }
    out.write(2, `Type:\t${shape.type}\n`)
    // two titles lack upstream's colon, or have a blank behind it
    for (const [name, value] of shape.rows)
      out.write(2, `${name.endsWith('!') ? name.slice(0, -1) : `${name}:`}\t${value ?? ''}\n`)
    if (v.downwardAPI) downward(v.downwardAPI, out)
    if (v.projected) projected(v.projected, out, versions)
    if (v.ephemeral) ephemeral(v.ephemeral, nested(out, 2))
    if (v.csi) attributes(v.csi.volumeAttributes, out)
  }
}

function downward(source: NonNullable<Volume['downwardAPI']>, out: Lines): void {
  out.write(2, 'Items:\n')
  for (const i of source.items ?? []) {
    if (i.fieldRef) out.write(3, `${i.fieldRef.fieldPath} -> ${i.path}\n`)
    if (i.resourceFieldRef) out.write(3, `${i.resourceFieldRef.resource} -> ${i.path}\n`)
  }
}

function projected(source: NonNullable<Volume['projected']>, out: Lines, versions: Versions): void {
  const named = has(versions, 'describeProjectedOptional')
  for (const s of source.sources ?? []) {
    if (s.secret)
      out.write(
        2,
        `SecretName:\t${s.secret.name ?? ''}\n    ${named ? 'Optional' : 'SecretOptionalName'}:\t${named ? no(s.secret.optional) : (s.secret.optional ?? '<nil>')}\n`,
      )
    else if (s.downwardAPI) out.write(2, 'DownwardAPI:\ttrue\n')
    else if (s.configMap)
      out.write(
        2,
        `ConfigMapName:\t${s.configMap.name ?? ''}\n    ${named ? 'Optional' : 'ConfigMapOptional'}:\t${named ? no(s.configMap.optional) : (s.configMap.optional ?? '<nil>')}\n`,
      )
    else if (s.serviceAccountToken)
      out.write(2, `TokenExpirationSeconds:\t${s.serviceAccountToken.expirationSeconds ?? 0}\n`)
  }
}

/** The claim that an ephemeral volume makes; upstream's labels and annotations are not indented beyond their title. */
function ephemeral(source: NonNullable<Volume['ephemeral']>, out: Lines): void {
  const t = source.volumeClaimTemplate
  if (!t) return
  out.write(
    0,
    `StorageClass:\t${t.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? t.spec?.storageClassName ?? ''}\n`,
  )
  out.write(0, `Volume:\t${t.spec?.volumeName ?? ''}\n`)
  labels(out, 'Labels', t.metadata?.labels)
  annotations(out, t.metadata?.annotations)
  out.write(0, `Capacity:\t${t.spec?.volumeName ? '0' : ''}\n`)
  out.write(0, 'Access Modes:\t\n')
  if (t.spec?.volumeMode) out.write(0, `VolumeMode:\t${t.spec.volumeMode}\n`)
  const from = t.spec?.dataSource
  if (!from) return
  out.write(0, 'DataSource:\n')
  if ((from.apiGroup ?? undefined) !== undefined) out.write(1, `APIGroup:\t${from.apiGroup}\n`)
  out.write(1, `Kind:\t${from.kind}\n`)
  out.write(1, `Name:\t${from.name}\n`)
}

/** VolumeAttributes of a CSI volume, also of PersistentVolumes. */
export function attributes(values: Readonly<Record<string, string>> | undefined, out: Lines): void {
  out.write(2, 'VolumeAttributes:\t')
  const keys = Object.keys(values ?? {}).sort(byText)
  if (keys.length === 0) return out.write(0, '<none>\n')
  keys.forEach((k, i) => {
    const line = `${k}=${values?.[k] ?? ''}`
    if (i) {
      out.write(2, '')
      out.write(2, '\t')
    }
    out.write(2, `${line.length > 140 ? `${line.slice(0, 140)}...` : line}\n`)
  })
}
