// The Source lines of `describe pv`: one block for each kind of volume, as kubectl's describer lays them out.
import type { PersistentVolumeSpec } from '../../apimachinery/api/core.v1.ts'
import { byText } from '../describe.ts'
import type { Lines } from '../kind.ts'

type Value = string | number | boolean | undefined

const flag = (v: boolean | undefined): boolean => v ?? false
/** Go's %v of a pointer to a SecretReference. */
const secret = (ref: { readonly name?: string; readonly namespace?: string } | undefined): string =>
  ref ? `&SecretReference{Name:${ref.name ?? ''},Namespace:${ref.namespace ?? ''},}` : 'nil'
const list = (values: readonly string[] | undefined): string => `[${(values ?? []).join(' ')}]`
const map = (values: Readonly<Record<string, string>> | undefined): string =>
  `map[${Object.entries(values ?? {})
    .sort(([a], [b]) => byText(a, b))
    .map(([k, v]) => `${k}:${v}`)
    .join(' ')}]`

function block(s: PersistentVolumeSpec): readonly [string, ...(readonly [string, Value])[]] | undefined {
  if (s.hostPath)
    return [
      'HostPath (bare host directory volume)',
      ['Path', s.hostPath.path],
      ['HostPathType', s.hostPath.type ?? '<none>'],
    ]
  if (s.gcePersistentDisk) {
    const v = s.gcePersistentDisk
    return [
      'GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)',
      ['PDName', v.pdName],
      ['FSType', v.fsType],
      ['Partition', v.partition ?? 0],
      ['ReadOnly', flag(v.readOnly)],
    ]
  }
  if (s.awsElasticBlockStore) {
    const v = s.awsElasticBlockStore
    return [
      'AWSElasticBlockStore (a Persistent Disk resource in AWS)',
      ['VolumeID', v.volumeID],
      ['FSType', v.fsType],
      ['Partition', v.partition ?? 0],
      ['ReadOnly', flag(v.readOnly)],
    ]
  }
  if (s.nfs)
    return [
      'NFS (an NFS mount that lasts the lifetime of a pod)',
      ['Server', s.nfs.server],
      ['Path', s.nfs.path],
      ['ReadOnly', flag(s.nfs.readOnly)],
    ]
  if (s.iscsi) {
    const v = s.iscsi
    return [
      "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
      ['TargetPortal', v.targetPortal],
      ['IQN', v.iqn],
      ['Lun', v.lun ?? 0],
      ['ISCSIInterface', v.iscsiInterface],
      ['FSType', v.fsType],
      ['ReadOnly', flag(v.readOnly)],
      ['Portals', list(v.portals)],
      ['DiscoveryCHAPAuth', flag(v.chapAuthDiscovery)],
      ['SessionCHAPAuth', flag(v.chapAuthSession)],
      ['SecretRef', secret(v.secretRef)],
      ['InitiatorName', v.initiatorName ?? '<none>'],
    ]
  }
  if (s.glusterfs) {
    const v = s.glusterfs
    return [
      "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
      ['EndpointsName', v.endpoints],
      ['EndpointsNamespace', v.endpointsNamespace ?? '<unset>'],
      ['Path', v.path],
      ['ReadOnly', flag(v.readOnly)],
    ]
  }
  if (s.rbd) {
    const v = s.rbd
    return [
      "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
      ['CephMonitors', list(v.monitors)],
      ['RBDImage', v.image],
      ['FSType', v.fsType],
      ['RBDPool', v.pool],
      ['RadosUser', v.user],
      ['Keyring', v.keyring],
      ['SecretRef', secret(v.secretRef)],
      ['ReadOnly', flag(v.readOnly)],
    ]
  }
  if (s.quobyte)
    return [
      "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
      ['Registry', s.quobyte.registry],
      ['Volume', s.quobyte.volume],
      ['ReadOnly', flag(s.quobyte.readOnly)],
    ]
  if (s.vsphereVolume) {
    const v = s.vsphereVolume
    return [
      'vSphereVolume (a Persistent Disk resource in vSphere)',
      ['VolumePath', v.volumePath],
      ['FSType', v.fsType],
      ['StoragePolicyName', v.storagePolicyName],
    ]
  }
  if (s.cinder) {
    const v = s.cinder
    return [
      'Cinder (a Persistent Disk resource in OpenStack)',
      ['VolumeID', v.volumeID],
      ['FSType', v.fsType],
      ['ReadOnly', flag(v.readOnly)],
      ['SecretRef', secret(v.secretRef)],
    ]
  }
  if (s.azureDisk) {
    const v = s.azureDisk
    return [
      'AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)',
      ['DiskName', v.diskName],
      ['DiskURI', v.diskURI],
      ['Kind', v.kind],
      ['FSType', v.fsType],
      ['CachingMode', v.cachingMode],
      ['ReadOnly', flag(v.readOnly)],
    ]
  }
  if (s.photonPersistentDisk)
    return [
      'PhotonPersistentDisk (a Persistent Disk resource in photon platform)',
      ['PdID', s.photonPersistentDisk.pdID],
      ['FSType', s.photonPersistentDisk.fsType],
    ]
  if (s.portworxVolume) return ['PortworxVolume (a Portworx Volume resource)', ['VolumeID', s.portworxVolume.volumeID]]
  if (s.scaleIO) {
    const v = s.scaleIO
    return [
      'ScaleIO (a persistent volume backed by a block device in ScaleIO)',
      ['Gateway', v.gateway],
      ['System', v.system],
      ['Protection Domain', v.protectionDomain],
      ['Storage Pool', v.storagePool],
      ['Storage Mode', v.storageMode],
      ['VolumeName', v.volumeName],
      ['SecretName', v.secretRef?.name],
      ['SecretNamespace', v.secretRef?.namespace],
      ['FSType', v.fsType],
      ['ReadOnly', flag(v.readOnly)],
    ]
  }
  if (s.local) return ['LocalVolume (a persistent volume backed by local storage on a node)', ['Path', s.local.path]]
  if (s.cephfs) {
    const v = s.cephfs
    return [
      "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
      ['Monitors', list(v.monitors)],
      ['Path', v.path],
      ['User', v.user],
      ['SecretFile', v.secretFile],
      ['SecretRef', secret(v.secretRef)],
      ['ReadOnly', flag(v.readOnly)],
    ]
  }
  if (s.storageos) {
    const v = s.storageos
    return [
      'StorageOS (a StorageOS Persistent Disk resource)',
      ['VolumeName', v.volumeName],
      ['VolumeNamespace', v.volumeNamespace],
      ['FSType', v.fsType],
      ['ReadOnly', flag(v.readOnly)],
    ]
  }
  if (s.fc)
    return [
      'FC (a Fibre Channel disk)',
      ['TargetWWNs', (s.fc.targetWWNs ?? []).join(', ')],
      ['LUN', s.fc.lun ?? '<none>'],
      ['FSType', s.fc.fsType],
      ['ReadOnly', flag(s.fc.readOnly)],
    ]
  if (s.azureFile) {
    const v = s.azureFile
    return [
      'AzureFile (an Azure File Service mount on the host and bind mount to the pod)',
      ['SecretName', v.secretName],
      ['SecretNamespace', v.secretNamespace],
      ['ShareName', v.shareName],
      ['ReadOnly', flag(v.readOnly)],
    ]
  }
  if (s.flexVolume) {
    const v = s.flexVolume
    return [
      'FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)',
      ['Driver', v.driver],
      ['FSType', v.fsType],
      ['SecretRef', secret(v.secretRef)],
      ['ReadOnly', flag(v.readOnly)],
      ['Options', map(v.options)],
    ]
  }
  if (s.flocker)
    return [
      'Flocker (a Flocker volume mounted by the Flocker agent)',
      ['DatasetName', s.flocker.datasetName],
      ['DatasetUUID', s.flocker.datasetUUID],
    ]
  if (s.csi)
    return [
      'CSI (a Container Storage Interface (CSI) volume source)',
      ['Driver', s.csi.driver],
      ['FSType', s.csi.fsType],
      ['VolumeHandle', s.csi.volumeHandle],
      ['ReadOnly', flag(s.csi.readOnly)],
    ]
  return undefined
}

/** The lines of whichever source the volume has. */
export function sourceLines(out: Lines, spec: PersistentVolumeSpec): void {
  const found = block(spec)
  if (!found) return out.write(1, '<unknown>\n')
  const [type, ...values] = found
  out.write(2, `Type:\t${type}\n`)
  for (const [label, value] of values)
    out.write(2, `${label}${label === 'ISCSIInterface' ? '' : label === 'Kind' ? ': ' : ':'}\t${value ?? ''}\n`)
  if (!spec.csi || !type.startsWith('CSI')) return
  const attributes = Object.entries(spec.csi.volumeAttributes ?? {})
    .sort(([a], [b]) => byText(a, b))
    .map(([k, v]) => `${k}=${v}`)
  // the describer indents every piece of these lines
  out.write(2, 'VolumeAttributes:\t')
  if (attributes.length === 0) out.write(0, '<none>\n')
  attributes.forEach((line, i) => {
    if (i) {
      out.write(2, '')
      out.write(2, '\t')
    }
    out.write(2, `${line.length > 140 ? `${line.slice(0, 140)}...` : line}\n`)
  })
}
