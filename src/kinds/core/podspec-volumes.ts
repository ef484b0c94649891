// What volumes, their mounts and devices must fulfil: the volume part of pkg/apis/core/validation.
import type {
  ConfigMapVolumeSource,
  Container,
  DownwardAPIVolumeFile,
  ISCSIVolumeSource,
  KeyToPath,
  ObjectFieldSelector,
  PersistentVolumeClaimSpec,
  ProjectedVolumeSource,
  ResourceFieldSelector,
  Volume,
  VolumeDevice,
  VolumeMount,
} from '../../apimachinery/api/core.v1.ts'
import type { ObjectMeta } from '../../apimachinery/api/meta.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import {
  at,
  duplicate,
  forbidden,
  invalid,
  key,
  notFound,
  notSupported,
  required,
  sub,
  tooLong,
} from '../../apimachinery/field.ts'
import { goQuote, goStrings } from '../../apimachinery/gostring.ts'
import {
  dns1123Label,
  dns1123Subdomain,
  nameIsDnsSubdomain,
  qualifiedName,
  rangeError,
} from '../../apimachinery/names.ts'
import { canonical, parseQuantity, quantitySign } from '../../apimachinery/quantity.ts'
import { validateAnnotations, validateLabels, validateLabelSelector } from '../../apimachinery/validation-meta.ts'

type Errors = FieldError[]
type Check<T> = (source: T, path: string) => Errors

const FILE_MODE = 'must be a number between 0 and 0777 (octal), both inclusive'
const PARTITION = 'must be between 1 and 255, inclusive'

const needed = (value: unknown, path: string, detail = ''): Errors => (value ? [] : [required(path, detail)])
const label = (value: string, path: string): Errors => dns1123Label(value).map((m) => invalid(path, value, m))
const mode = (value: number | undefined, path: string): Errors =>
  value !== undefined && (value < 0 || value > 0o777) ? [invalid(path, value, FILE_MODE)] : []
const fields = <T extends object>(source: T, path: string, ...names: (keyof T & string)[]): Errors =>
  names.flatMap((n) => needed(source[n], sub(path, n)))
const partition = (value: number | undefined, path: string): Errors =>
  value !== undefined && (value < 0 || value > 255) ? [invalid(path, value, PARTITION)] : []

export const noBacksteps: Check<string> = (text, path) =>
  text.split('/').includes('..') ? [invalid(path, text, "must not contain '..'")] : []
export const descendingPath: Check<string> = (text, path) => [
  ...(text.startsWith('/') ? [invalid(path, text, 'must be a relative path')] : []),
  ...noBacksteps(text, path),
]
const localPath: Check<string> = (text, path) => [
  ...descendingPath(text, path),
  ...(text.startsWith('..') && !text.startsWith('../') ? [invalid(path, text, "must not start with '..'")] : []),
]

const keyToPath: Check<KeyToPath> = (k, path) => [
  ...fields(k, path, 'key', 'path'),
  ...localPath(k.path ?? '', sub(path, 'path')),
  ...mode(k.mode, sub(path, 'mode')),
]
const items = (list: readonly KeyToPath[] | undefined, path: string): Errors =>
  (list ?? []).flatMap((k, i) => keyToPath(k, at(sub(path, 'items'), i)))
const configMap: Check<ConfigMapVolumeSource> = (c, path) => [
  ...fields(c, path, 'name'),
  ...mode(c.defaultMode, sub(path, 'defaultMode')),
  ...items(c.items, path),
]

const VOLUME_FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']
export const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
const CONVERTIBLE = new Set([
  ...VOLUME_FIELDS,
  ...ENV_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
])
const RESOURCE_FIELDS = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const HUGE = /^(requests|limits)\.hugepages-/
const SCALES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

/** A field of the pod that a file or variable shows: metadata.labels['a'] has a subscript, the others are listed. */
export function validateFieldRef(ref: ObjectFieldSelector, allowed: readonly string[], path: string): Errors {
  if (!ref.apiVersion) return [required(sub(path, 'apiVersion'))]
  if (!ref.fieldPath) return [required(sub(path, 'fieldPath'))]
  const convert = (why: string): Errors => [
    invalid(sub(path, 'fieldPath'), ref.fieldPath, `error converting fieldPath: ${why}`),
  ]
  if (ref.apiVersion !== 'v1') return convert(`unsupported pod version: ${ref.apiVersion}`)
  const subscripted = /^(.*)\['(.*)'\]$/s.exec(ref.fieldPath)
  if (subscripted) {
    const [, name = '', subscript = ''] = subscripted
    if (name === 'metadata.annotations')
      return qualifiedName(subscript.toLowerCase()).map((m) => invalid(path, subscript.toLowerCase(), m))
    if (name === 'metadata.labels') return qualifiedName(subscript).map((m) => invalid(path, subscript, m))
    return convert(`field label does not support subscript: ${ref.fieldPath}`)
  }
  const internal = ref.fieldPath === 'spec.host' ? 'spec.nodeName' : ref.fieldPath
  if (!CONVERTIBLE.has(internal)) return convert(`field label not supported: ${ref.fieldPath}`)
  return allowed.includes(internal) ? [] : [notSupported(sub(path, 'fieldPath'), internal, [...allowed].sort())]
}

/** A container's resource that a file or variable shows, in units of the divisor. */
export function validateResourceFieldRef(ref: ResourceFieldSelector, path: string, volume: boolean): Errors {
  const errors: Errors = []
  const { resource = '' } = ref
  if (volume && !ref.containerName) errors.push(required(sub(path, 'containerName')))
  else if (!resource) errors.push(required(sub(path, 'resource')))
  else if (!RESOURCE_FIELDS.includes(resource) && !HUGE.test(resource))
    errors.push(notSupported(sub(path, 'resource'), resource, RESOURCE_FIELDS))
  const divisor = ref.divisor === undefined ? '0' : canonical(parseQuantity(ref.divisor))
  if (divisor === '0') return errors
  const wrong = (what: string, values: readonly string[]): void => {
    if (!values.includes(divisor))
      errors.push(
        invalid(
          sub(path, 'divisor'),
          resource,
          `only divisor's values ${values === SCALES ? SCALES.join(', ') : '1m and 1'} are supported with the ${what} resource`,
        ),
      )
  }
  if (/^(limits|requests)\.cpu$/.test(resource)) wrong('cpu', ['1m', '1'])
  if (/^(limits|requests)\.memory$/.test(resource)) wrong('memory', SCALES)
  if (/^(limits|requests)\.ephemeral-storage$/.test(resource)) wrong('local ephemeral storage', SCALES)
  if (HUGE.test(resource)) wrong('hugepages', SCALES)
  return errors
}

const downwardFile: Check<DownwardAPIVolumeFile> = (f, path) => {
  const errors = [...needed(f.path, sub(path, 'path')), ...localPath(f.path ?? '', sub(path, 'path'))]
  if (f.fieldRef) {
    errors.push(...validateFieldRef(f.fieldRef, VOLUME_FIELDS, sub(path, 'fieldRef')))
    if (f.resourceFieldRef)
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
  } else if (f.resourceFieldRef)
    errors.push(...validateResourceFieldRef(f.resourceFieldRef, sub(path, 'resourceFieldRef'), true))
  else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
  return [...errors, ...mode(f.mode, sub(path, 'mode'))]
}

const projected: Check<ProjectedVolumeSource> = (p, path) => {
  const errors = mode(p.defaultMode, sub(path, 'defaultMode'))
  const paths = new Set<string>()
  const taken = (file: string | undefined, shown: string): void => {
    if (!file) return
    if (paths.has(file)) errors.push(invalid(path, shown, 'conflicting duplicate paths'))
    paths.add(file)
  }
  for (const [i, s] of (p.sources ?? []).entries()) {
    const here = at(sub(path, 'sources'), i)
    for (const kind of ['secret', 'configMap'] as const) {
      const source = s[kind]
      if (!source) continue
      errors.push(...needed(source.name, sub(sub(here, kind), 'name')))
      for (const [j, k] of (source.items ?? []).entries()) {
        errors.push(...keyToPath(k, at(sub(sub(here, kind), 'items'), j)))
        taken(k.path, source.name ?? '')
      }
    }
    for (const f of s.downwardAPI?.items ?? []) {
      errors.push(...downwardFile(f, sub(here, 'downwardAPI')))
      taken(f.path, f.path)
    }
    if (s.serviceAccountToken) {
      const { expirationSeconds = 0, path: file } = s.serviceAccountToken
      const there = sub(here, 'serviceAccountToken.expirationSeconds')
      if (expirationSeconds < 600)
        errors.push(invalid(there, expirationSeconds, 'may not specify a duration less than 10 minutes'))
      if (expirationSeconds > 2 ** 32)
        errors.push(invalid(there, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'))
      errors.push(...(file ? localPath(file, sub(path, 'path')) : [required(sub(path, 'path'))]))
    }
    const count = [s.secret, s.configMap, s.downwardAPI, s.serviceAccountToken, s.clusterTrustBundle].filter(
      Boolean,
    ).length
    if (count > 1) errors.push(forbidden(here, 'may not specify more than 1 volume type per source'))
  }
  return errors
}

const IQN = /^iqn\.\d{4}-\d{2}\.([a-z0-9-.]+)(:[^,;*&$|\s]+)$/i
const EUI = /^eui.[0-9a-z]{16}$/i
const NAA = /^naa.[0-9a-z]{32}$/i

function initiator(text: string, path: string): Errors {
  if (!/^(iqn|eui|naa)/.test(text)) return [invalid(path, text, 'must be valid format starting with iqn, eui, or naa')]
  const fits = text.startsWith('iqn') ? IQN : text.startsWith('eui') ? EUI : NAA
  return fits.test(text) ? [] : [invalid(path, text, 'must be valid format')]
}

const iscsi: Check<ISCSIVolumeSource> = (s, path) => [
  ...fields(s, path, 'targetPortal'),
  ...(s.iqn ? initiator(s.iqn, sub(path, 'iqn')) : [required(sub(path, 'iqn'))]),
  ...((s.lun ?? 0) < 0 || (s.lun ?? 0) > 255 ? [invalid(sub(path, 'lun'), s.lun, rangeError(0, 255))] : []),
  ...((s.chapAuthDiscovery || s.chapAuthSession) && !s.secretRef ? [required(sub(path, 'secretRef'))] : []),
  ...(s.initiatorName !== undefined ? initiator(s.initiatorName, sub(path, 'initiatorname')) : []),
]

const secretName = (ref: { name?: string } | undefined, path: string): Errors =>
  ref && !ref.name ? [required(sub(path, 'secretRef.name'))] : []
const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

/** The driver of a CSI volume, also of PersistentVolumes. */
export const validateCsiDriver: Check<string> = (driver, path) => [
  ...needed(driver, path),
  ...(driver.length > 63 ? [tooLong(path, '', 63)] : []),
  ...dns1123Subdomain(driver.toLowerCase()).map((m) => invalid(path, driver, m)),
]

/** What a claim asks for: in PersistentVolumeClaims, ephemeral volumes and StatefulSets. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec | undefined, path: string): Errors {
  const errors: Errors = []
  const modes = spec?.accessModes ?? []
  const modesPath = sub(path, 'accessModes')
  if (modes.length === 0) errors.push(required(modesPath, 'at least 1 access mode is required'))
  errors.push(...validateLabelSelector(spec?.selector, sub(path, 'selector')))
  for (const m of modes) if (!ACCESS_MODES.includes(m)) errors.push(notSupported(modesPath, m, ACCESS_MODES))
  if (modes.includes('ReadWriteOncePod') && modes.some((m) => m !== 'ReadWriteOncePod' && ACCESS_MODES.includes(m)))
    errors.push(forbidden(modesPath, 'may not use ReadWriteOncePod with other access modes'))
  const storage = spec?.resources?.requests?.storage
  const storagePath = key(sub(path, 'resources'), 'storage')
  if (storage === undefined) errors.push(required(storagePath))
  else if (quantitySign(storage) <= 0)
    errors.push(invalid(storagePath, canonical(parseQuantity(storage)), 'must be greater than zero'))
  if (spec?.storageClassName)
    errors.push(
      ...dns1123Subdomain(spec.storageClassName).map((m) =>
        invalid(sub(path, 'storageClassName'), spec.storageClassName, m),
      ),
    )
  if (spec?.volumeMode !== undefined && spec.volumeMode !== 'Block' && spec.volumeMode !== 'Filesystem')
    errors.push(notSupported(sub(path, 'volumeMode'), spec.volumeMode, ['Block', 'Filesystem']))
  for (const name of ['dataSource', 'dataSourceRef'] as const) {
    const source = spec?.[name]
    if (!source) continue
    const here = sub(path, name)
    errors.push(...needed(source.name, sub(here, 'name')), ...needed(source.kind, sub(here, 'kind')))
    if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim')
      errors.push(invalid(here, source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
    if (source.apiGroup)
      errors.push(...dns1123Subdomain(source.apiGroup).map((m) => invalid(sub(here, 'apiGroup'), source.apiGroup, m)))
    if (name === 'dataSourceRef' && spec.dataSourceRef?.namespace)
      errors.push(...label(spec.dataSourceRef.namespace, sub(here, 'namespace')))
  }
  return errors
}

/**
 * Each source of a volume in the order in which they are looked at, with the paths that upstream names (not all are the
 * field's own).
 */
const SOURCES: readonly {
  readonly field: keyof Volume
  readonly at?: string
  readonly second?: string
  readonly check: Check<never>
}[] = [
  {
    field: 'hostPath',
    check: ((h, p) =>
      h.path
        ? [...noBacksteps(h.path, sub(p, 'path')), ...hostPathType(h.type, sub(p, 'type'))]
        : [required(sub(p, 'path'))]) as Check<NonNullable<Volume['hostPath']>>,
  },
  {
    field: 'gitRepo',
    check: ((g, p) => [
      ...fields(g, p, 'repository'),
      ...descendingPath(g.directory ?? '', sub(p, 'directory')),
    ]) as Check<NonNullable<Volume['gitRepo']>>,
  },
  {
    field: 'gcePersistentDisk',
    at: 'persistentDisk',
    check: ((g, p) => [...fields(g, p, 'pdName'), ...partition(g.partition, sub(p, 'partition'))]) as Check<
      NonNullable<Volume['gcePersistentDisk']>
    >,
  },
  {
    field: 'awsElasticBlockStore',
    check: ((a, p) => [...fields(a, p, 'volumeID'), ...partition(a.partition, sub(p, 'partition'))]) as Check<
      NonNullable<Volume['awsElasticBlockStore']>
    >,
  },
  {
    field: 'secret',
    check: ((s, p) => [
      ...fields(s, p, 'secretName'),
      ...mode(s.defaultMode, sub(p, 'defaultMode')),
      ...items(s.items, p),
    ]) as Check<NonNullable<Volume['secret']>>,
  },
  {
    field: 'nfs',
    check: ((n, p) => [
      ...fields(n, p, 'server', 'path'),
      ...((n.path ?? '').startsWith('/') ? [] : [invalid(sub(p, 'path'), n.path ?? '', 'must be an absolute path')]),
    ]) as Check<NonNullable<Volume['nfs']>>,
  },
  { field: 'iscsi', check: iscsi },
  {
    field: 'glusterfs',
    check: ((g, p) => fields(g, p, 'endpoints', 'path')) as Check<NonNullable<Volume['glusterfs']>>,
  },
  {
    field: 'flocker',
    check: ((f, p) => [
      ...needed(f.datasetName || f.datasetUUID, p, 'one of datasetName and datasetUUID is required'),
      ...(f.datasetName && f.datasetUUID
        ? [invalid(p, 'resource', 'datasetName and datasetUUID can not be specified simultaneously')]
        : []),
      ...(f.datasetName?.includes('/') ? [invalid(sub(p, 'datasetName'), f.datasetName, "must not contain '/'")] : []),
    ]) as Check<NonNullable<Volume['flocker']>>,
  },
  {
    field: 'persistentVolumeClaim',
    check: ((c, p) => fields(c, p, 'claimName')) as Check<NonNullable<Volume['persistentVolumeClaim']>>,
  },
  {
    field: 'rbd',
    check: ((r, p) => [...needed(r.monitors?.length, sub(p, 'monitors')), ...fields(r, p, 'image')]) as Check<
      NonNullable<Volume['rbd']>
    >,
  },
  {
    field: 'cinder',
    check: ((c, p) => [...fields(c, p, 'volumeID'), ...secretName(c.secretRef, p)]) as Check<
      NonNullable<Volume['cinder']>
    >,
  },
  {
    field: 'cephfs',
    second: 'cephFS',
    check: ((c, p) => needed(c.monitors?.length, sub(p, 'monitors'))) as Check<NonNullable<Volume['cephfs']>>,
  },
  { field: 'quobyte', check: quobyte },
  {
    field: 'downwardAPI',
    second: 'downwarAPI',
    check: ((d, p) => [
      ...mode(d.defaultMode, sub(p, 'defaultMode')),
      ...(d.items ?? []).flatMap((f) => downwardFile(f, p)),
    ]) as Check<NonNullable<Volume['downwardAPI']>>,
  },
  { field: 'fc', check: fibreChannel },
  {
    field: 'flexVolume',
    check: ((f, p) => [
      ...fields(f, p, 'driver'),
      ...Object.keys(f.options ?? {}).flatMap((k) =>
        /\.(kubernetes|k8s)\.io$/.test(
          `.${(k.split('/', 2).length === 2 ? k.slice(0, k.indexOf('/')) : k).toLowerCase()}`,
        )
          ? [invalid(key(sub(p, 'options'), k), k, 'kubernetes.io and k8s.io namespaces are reserved')]
          : [],
      ),
    ]) as Check<NonNullable<Volume['flexVolume']>>,
  },
  { field: 'configMap', check: configMap },
  {
    field: 'azureFile',
    check: ((a, p) => fields(a, p, 'secretName', 'shareName')) as Check<NonNullable<Volume['azureFile']>>,
  },
  {
    field: 'vsphereVolume',
    check: ((v, p) => fields(v, p, 'volumePath')) as Check<NonNullable<Volume['vsphereVolume']>>,
  },
  {
    field: 'photonPersistentDisk',
    check: ((v, p) => fields(v, p, 'pdID')) as Check<NonNullable<Volume['photonPersistentDisk']>>,
  },
  {
    field: 'portworxVolume',
    check: ((v, p) => fields(v, p, 'volumeID')) as Check<NonNullable<Volume['portworxVolume']>>,
  },
  { field: 'azureDisk', check: azureDisk },
  {
    field: 'storageos',
    check: ((s, p) => [
      ...(s.volumeName ? label(s.volumeName, sub(p, 'volumeName')) : [required(sub(p, 'volumeName'))]),
      ...(s.volumeNamespace ? label(s.volumeNamespace, sub(p, 'volumeNamespace')) : []),
      ...secretName(s.secretRef, p),
    ]) as Check<NonNullable<Volume['storageos']>>,
  },
  { field: 'projected', check: projected },
  {
    field: 'scaleIO',
    check: ((s, p) => fields(s, p, 'gateway', 'system', 'volumeName')) as Check<NonNullable<Volume['scaleIO']>>,
  },
  {
    field: 'csi',
    check: ((c, p) => [
      ...validateCsiDriver(c.driver ?? '', sub(p, 'driver')),
      ...(!c.nodePublishSecretRef
        ? []
        : !c.nodePublishSecretRef.name
          ? [required(sub(p, 'nodePublishSecretRef.name'))]
          : dns1123Subdomain(c.nodePublishSecretRef.name).map((m) =>
              invalid(sub(p, 'name'), c.nodePublishSecretRef?.name, m),
            )),
    ]) as Check<NonNullable<Volume['csi']>>,
  },
  { field: 'ephemeral', check: ephemeral },
  {
    field: 'image',
    check: ((i, p) => needed(i.reference, sub(p, 'reference'))) as Check<NonNullable<Volume['image']>>,
  },
]

/** What is wrong with a source of a kind that pods and PersistentVolumes share. */
export function sourceErrors(field: keyof Volume, source: unknown, path: string): Errors {
  const found = SOURCES.find((s) => s.field === field)
  return found ? found.check(source as never, sub(path, found.at ?? field)) : []
}

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]
function hostPathType(type: string | undefined, path: string): Errors {
  return type === undefined || HOST_PATH_TYPES.includes(type) ? [] : [notSupported(path, type, HOST_PATH_TYPES)]
}

function quobyte(q: NonNullable<Volume['quobyte']>, path: string): Errors {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas'
  const registry = q.registry ?? ''
  return [
    ...(!registry
      ? [required(sub(path, 'registry'), pairs)]
      : (q.tenant ?? '').length >= 65
        ? [required(sub(path, 'tenant'), 'must be a UUID and may not exceed a length of 64 characters')]
        : registry
            .split(',')
            .flatMap((pair) =>
              /^(\[[^\]]*\]|[^:]*):[^:]*$/.test(pair) ? [] : [invalid(sub(path, 'registry'), registry, pairs)],
            )),
    ...fields(q, path, 'volume'),
  ]
}

function fibreChannel(f: NonNullable<Volume['fc']>, path: string): Errors {
  const errors: Errors = []
  const wwns = f.targetWWNs ?? []
  if (wwns.length === 0 && !f.wwids?.length)
    errors.push(required(sub(path, 'targetWWNs'), 'must specify either targetWWNs or wwids, but not both'))
  if (wwns.length && f.wwids?.length)
    errors.push(
      invalid(sub(path, 'targetWWNs'), goStrings(wwns), 'targetWWNs and wwids can not be specified simultaneously'),
    )
  if (wwns.length && f.lun === undefined)
    errors.push(required(sub(path, 'lun'), 'lun is required if targetWWNs is specified'))
  if (wwns.length && f.lun !== undefined && (f.lun < 0 || f.lun > 255))
    errors.push(invalid(sub(path, 'lun'), f.lun, rangeError(0, 255)))
  return errors
}

function azureDisk(a: NonNullable<Volume['azureDisk']>, path: string): Errors {
  const errors = fields(a, path, 'diskName', 'diskURI')
  const uri = a.diskURI ?? ''
  if (a.cachingMode !== undefined && !['None', 'ReadOnly', 'ReadWrite'].includes(a.cachingMode))
    errors.push(notSupported(sub(path, 'cachingMode'), a.cachingMode, ['None', 'ReadOnly', 'ReadWrite']))
  if (a.kind !== undefined && !['Dedicated', 'Managed', 'Shared'].includes(a.kind))
    errors.push(notSupported(sub(path, 'kind'), a.kind, ['Dedicated', 'Managed', 'Shared']))
  if (a.kind === 'Managed' && !uri.startsWith('/subscriptions/'))
    errors.push(
      notSupported(sub(path, 'diskURI'), uri, [
        '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
      ]),
    )
  if (a.kind !== undefined && a.kind !== 'Managed' && !uri.startsWith('https://'))
    errors.push(
      notSupported(sub(path, 'diskURI'), uri, [
        'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd',
      ]),
    )
  return errors
}

/** Only labels and annotations may be set on the claims that ephemeral volumes make. */
function ephemeral(e: NonNullable<Volume['ephemeral']>, path: string): Errors {
  const template = e.volumeClaimTemplate
  const here = sub(path, 'volumeClaimTemplate')
  if (!template) return [required(here)]
  const meta = sub(here, 'metadata')
  const set = Object.entries(template.metadata ?? {}).filter(
    ([k, v]) => k !== 'labels' && k !== 'annotations' && v !== null && v !== '' && v !== undefined,
  )
  return [
    ...validateAnnotations(template.metadata?.annotations, sub(meta, 'annotations')),
    ...validateLabels(template.metadata?.labels, sub(meta, 'labels')),
    ...set.map(([k]) => forbidden(sub(meta, k), 'cannot be set')),
    ...validateClaimSpec(template.spec, sub(here, 'spec')),
  ]
}

function validateSource(v: Volume, path: string, meta: ObjectMeta | undefined): Errors {
  const errors: Errors = []
  let seen = v.emptyDir ? 1 : 0
  if (v.emptyDir?.sizeLimit !== undefined && quantitySign(v.emptyDir.sizeLimit) < 0)
    errors.push(forbidden(sub(path, 'emptyDir.sizeLimit'), 'SizeLimit field must be a valid resource quantity'))
  for (const { field, at: where = field, second = field, check } of SOURCES) {
    const source = v[field]
    if (source === undefined || source === null) continue
    if (seen++) errors.push(forbidden(sub(path, second), 'may not specify more than 1 volume type'))
    else errors.push(...check(source as never, sub(path, where)))
    if (field === 'iscsi' && v.iscsi?.initiatorName !== undefined && `${v.name}:${v.iscsi.targetPortal}`.length > 64)
      errors.push(
        invalid(
          sub(path, 'name'),
          v.name,
          'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
        ),
      )
    if (field === 'ephemeral' && seen === 1 && meta?.name && v.name) {
      const claim = `${meta.name}-${v.name}`
      errors.push(
        ...nameIsDnsSubdomain(claim, false).map((m) =>
          invalid(sub(path, 'name'), v.name, `PVC name ${goQuote(claim)}: ${m}`),
        ),
      )
    }
  }
  if (seen === 0) errors.push(required(path, 'must specify a volume type'))
  return errors
}

/**
 * The volumes of a pod spec. Answers with those that are valid, by name: mounts are looked up there. `meta` is the
 * pod's, when it is a pod.
 */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  meta: ObjectMeta | undefined,
  path: string,
): { errors: Errors; valid: Map<string, Volume> } {
  const errors: Errors = []
  const valid = new Map<string, Volume>()
  const claims = new Set(
    meta?.name ? (volumes ?? []).filter((v) => v.ephemeral).map((v) => `${meta.name}-${v.name}`) : [],
  )
  for (const [i, v] of (volumes ?? []).entries()) {
    const here = at(path, i)
    const own = validateSource(v, here, meta)
    own.push(...(v.name ? label(v.name, sub(here, 'name')) : [required(sub(here, 'name'))]))
    if (valid.has(v.name)) own.push(duplicate(sub(here, 'name'), v.name))
    if (own.length === 0) valid.set(v.name, v)
    errors.push(...own)
    const claim = v.persistentVolumeClaim?.claimName
    if (claim && claims.has(claim))
      errors.push(
        invalid(
          sub(here, 'persistentVolumeClaim.claimName'),
          claim,
          'must not reference a PVC that gets created for an ephemeral volume',
        ),
      )
  }
  return { errors, valid }
}

const PROPAGATION = ['Bidirectional', 'HostToContainer', 'None']
const RECURSIVE = ['Disabled', 'Enabled', 'IfPossible']

function recursiveReadOnly(m: VolumeMount, path: string): Errors {
  const policy = m.recursiveReadOnly
  if (policy === undefined || policy === 'Disabled') return []
  if (!RECURSIVE.includes(policy)) return [notSupported(path, policy, RECURSIVE)]
  return [
    ...(m.readOnly ? [] : [forbidden(path, 'may only be specified when readOnly is true')]),
    ...(m.mountPropagation !== undefined && m.mountPropagation !== 'None'
      ? [forbidden(path, 'may only be specified when mountPropagation is None or not specified')]
      : []),
  ]
}

/** Where a container mounts volumes. */
export function validateMounts(
  mounts: readonly VolumeMount[] | undefined,
  devices: readonly VolumeDevice[] | undefined,
  volumes: ReadonlyMap<string, Volume>,
  container: Container,
  path: string,
): Errors {
  const errors: Errors = []
  const points = new Set<string>()
  // as upstream's map: of several devices with one name the last counts
  const devicePaths = [...new Map((devices ?? []).map((d) => [d.name, d.devicePath])).values()]
  for (const [i, m] of (mounts ?? []).entries()) {
    const here = at(path, i)
    const mountPath = m.mountPath ?? ''
    if (!m.name) errors.push(required(sub(here, 'name')))
    if (!volumes.has(m.name)) errors.push(notFound(sub(here, 'name'), m.name ?? ''))
    if (!mountPath) errors.push(required(sub(here, 'mountPath')))
    if (points.has(mountPath)) errors.push(invalid(sub(here, 'mountPath'), mountPath, 'must be unique'))
    points.add(mountPath)
    if (devices?.some((d) => d.name === m.name))
      errors.push(invalid(sub(here, 'name'), m.name, 'must not already exist in volumeDevices'))
    if (devicePaths.includes(mountPath))
      errors.push(invalid(sub(here, 'mountPath'), mountPath, 'must not already exist as a path in volumeDevices'))
    if (m.subPath) errors.push(...descendingPath(m.subPath, sub(path, 'subPath')))
    if (m.subPathExpr) {
      if (m.subPath)
        errors.push(invalid(sub(here, 'subPathExpr'), m.subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
      errors.push(...descendingPath(m.subPathExpr, sub(path, 'subPathExpr')))
    }
    if (m.mountPropagation !== undefined) {
      const there = sub(path, 'mountPropagation')
      if (!PROPAGATION.includes(m.mountPropagation)) errors.push(notSupported(there, m.mountPropagation, PROPAGATION))
      if (m.mountPropagation === 'Bidirectional' && !container.securityContext?.privileged)
        errors.push(forbidden(there, 'Bidirectional mount propagation is available only to privileged containers'))
    }
    errors.push(...recursiveReadOnly(m, sub(path, 'recursiveReadOnly')))
  }
  return errors
}

/** Which volumes a container uses as block devices. */
export function validateDevices(
  devices: readonly VolumeDevice[] | undefined,
  mounts: readonly VolumeMount[] | undefined,
  volumes: ReadonlyMap<string, Volume>,
  path: string,
): Errors {
  const errors: Errors = []
  const paths = new Set<string>()
  const names = new Set<string>()
  const mountPaths = [...new Map((mounts ?? []).map((m) => [m.name, m.mountPath])).values()]
  for (const [i, d] of (devices ?? []).entries()) {
    const here = at(path, i)
    const { name = '', devicePath = '' } = d
    const volume = volumes.get(name)
    if (!name) errors.push(required(sub(here, 'name')))
    if (names.has(name)) errors.push(invalid(sub(here, 'name'), name, 'must be unique'))
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral)
      errors.push(
        invalid(
          sub(here, 'name'),
          name,
          'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        ),
      )
    if (!volume) errors.push(notFound(sub(here, 'name'), name))
    if (!devicePath) errors.push(required(sub(here, 'devicePath')))
    if (paths.has(devicePath)) errors.push(invalid(sub(here, 'devicePath'), devicePath, 'must be unique'))
    if (devicePath && noBacksteps(devicePath, '').length)
      errors.push(invalid(sub(here, 'devicePath'), devicePath, "can not contain backsteps ('..')"))
    else paths.add(devicePath)
    if (mounts?.some((m) => m.name === name))
      errors.push(invalid(sub(here, 'name'), name, 'must not already exist in volumeMounts'))
    if (mountPaths.includes(devicePath))
      errors.push(invalid(sub(here, 'devicePath'), devicePath, 'must not already exist as a path in volumeMounts'))
    if (name) names.add(name)
  }
  return errors
}
