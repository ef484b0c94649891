// What the server warns about in pods and pod templates: pkg/api/pod/warnings.go.
import type {
  Container,
  ContainerPort,
  NodeSelectorTerm,
  PersistentVolumeClaimSpec,
  Pod,
  PodAffinity,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '../../apimachinery/api/core.v1.ts'
import type { ObjectMeta } from '../../apimachinery/api/meta.v1.ts'
import { at, key, sub } from '../../apimachinery/field.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { warningsForIP } from '../../apimachinery/ip.ts'
import { dns1123Label, labelValue } from '../../apimachinery/names.ts'
import type { Quantity } from '../../apimachinery/object.ts'
import { canonical, milliValue, parseQuantity } from '../../apimachinery/quantity.ts'
import { APPARMOR, containersWithPath } from './podspec-prepare.ts'

const NODE_LABELS: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
])
/** Why a node's label should no longer be used, or undefined. */
export const deprecatedNodeLabel = (name: string): string | undefined => NODE_LABELS.get(name)

const SYSCTLS = 'non-functional in v1.11+; use the "sysctls" field instead'
const ANNOTATIONS: readonly (readonly [string, string])[] = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', SYSCTLS],
  ['security.alpha.kubernetes.io/unsafe-sysctls', SYSCTLS],
]
const VOLUMES: readonly (readonly [keyof Volume, string, string?])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+', 'storageOS'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['ephemeral', ''],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'
const SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'

function fractional(q: Quantity | undefined, path: string): string[] {
  return q !== undefined && milliValue(q) % 1000 !== 0
    ? [`${path}: fractional byte value ${goQuote(canonical(parseQuantity(q)))} is invalid, must be an integer`]
    : []
}

/** A claim's storage should be whole bytes. */
export function claimWarnings(spec: PersistentVolumeClaimSpec | undefined, path: string): string[] {
  const here = sub(path, 'resources')
  return [
    ...fractional(spec?.resources?.requests?.storage, key(sub(here, 'requests'), 'storage')),
    ...fractional(spec?.resources?.limits?.storage, key(sub(here, 'limits'), 'storage')),
  ]
}

function termWarnings(t: NodeSelectorTerm | undefined, values: boolean, path: string): string[] {
  return (t?.matchExpressions ?? []).flatMap((e, i) => {
    const here = at(sub(path, 'matchExpressions'), i)
    const why = NODE_LABELS.get(e.key)
    return [
      ...(why ? [`${sub(here, 'key')}: ${e.key} is ${why}`] : []),
      ...(values
        ? (e.values ?? []).flatMap((v, j) =>
            labelValue(v).map((m) => `${at(sub(here, 'values'), j)}: ${v} is invalid, ${m}`),
          )
        : []),
    ]
  })
}

interface Placed {
  readonly path: string
  readonly source: string
}
const shown = (p: Placed): string => (p.source ? `${goQuote(p.path)} (${p.source})` : goQuote(p.path))

/** Files of one volume that would hide each other. */
function overlaps(files: readonly Placed[]): string[] {
  const all: Placed[] = []
  return files.flatMap(({ path, source }) => {
    const p = { path: path.replace(/\/+$/, ''), source }
    const hit =
      p.path === ''
        ? []
        : all.filter(
            (o) => o.path !== '' && (`${o.path}/`.startsWith(`${p.path}/`) || `${p.path}/`.startsWith(`${o.path}/`)),
          )
    all.push(p)
    return hit.map((o) => `${shown(p)} with ${shown(o)}`)
  })
}

function overlapWarnings(v: Volume): string[] {
  const of = (items: readonly { readonly path: string }[] | undefined, source = ''): Placed[] =>
    (items ?? []).map((i) => ({ path: i.path ?? '', source }))
  const warn = (what: string, list: readonly string[]): string[] =>
    list.map((o) => `volume ${goQuote(v.name)} (${what}): overlapping paths: ${o}`)
  const out: string[] = []
  if (v.configMap) out.push(...warn(`ConfigMap ${goQuote(v.configMap.name ?? '')}`, overlaps(of(v.configMap.items))))
  if (v.secret) out.push(...warn(`Secret ${goQuote(v.secret.secretName ?? '')}`, overlaps(of(v.secret.items))))
  if (v.downwardAPI) out.push(...warn('DownwardAPI', overlaps(of(v.downwardAPI.items))))
  if (v.projected) {
    const files: Placed[] = []
    for (const s of v.projected.sources ?? []) {
      if (Object.keys(s).length === 0) out.push(`volume ${goQuote(v.name)} (Projected) has no sources provided`)
      else if (s.configMap) files.push(...of(s.configMap.items, `ConfigMap ${goQuote(s.configMap.name ?? '')}`))
      else if (s.secret) files.push(...of(s.secret.items, `Secret ${goQuote(s.secret.name ?? '')}`))
      else if (s.downwardAPI) files.push(...of(s.downwardAPI.items, 'DownwardAPI'))
      else if (s.serviceAccountToken) files.push({ path: s.serviceAccountToken.path, source: 'ServiceAccountToken' })
    }
    out.push(...warn('Projected', overlaps(files)))
  }
  return out
}

function containerWarnings(c: Container, path: string): string[] {
  const names = new Set<string>()
  return [
    ...(['memory', 'ephemeral-storage'] as const).flatMap((r) =>
      (['limits', 'requests'] as const).flatMap((k) =>
        fractional(c.resources?.[k]?.[r], key(sub(path, `resources.${k}`), r)),
      ),
    ),
    ...(c.env ?? []).flatMap((e, i) => {
      const reference = `$(${e.name})`
      const hides =
        names.has(e.name) &&
        (e.valueFrom !== undefined || e.value === reference || !(e.value ?? '').includes(reference))
      names.add(e.name)
      return hides
        ? [
            `${at(sub(path, 'env'), i)}: hides previous definition of ${goQuote(e.name)}, which may be dropped when using apply`,
          ]
        : []
    }),
  ]
}

function portWarnings(containers: readonly (readonly [Container, string])[]): string[] {
  const out: string[] = []
  const seen = new Map<string, { path: string; port: ContainerPort }[]>()
  const ports = containers.flatMap(([c, path]) =>
    (c.ports ?? []).map((port, i) => ({ port, path: at(sub(path, 'ports'), i) })),
  )
  for (const { port, path } of ports) {
    const hostIP = port.hostIP ?? ''
    const hostPort = port.hostPort ?? 0
    if (hostIP && !hostPort)
      out.push(
        `${path}: hostIP set without hostPort: {Name:${port.name ?? ''} HostPort:0 ContainerPort:${port.containerPort} Protocol:${port.protocol ?? ''} HostIP:${hostIP}}`,
      )
    const id = `${port.containerPort}/${port.protocol ?? ''}`
    const others = seen.get(id) ?? []
    for (const o of others) {
      const otherIP = o.port.hostIP ?? ''
      const otherPort = o.port.hostPort ?? 0
      if (hostIP === otherIP && hostPort === otherPort) out.push(`${path}: duplicate port definition with ${o.path}`)
      else if (hostPort === 0 || otherPort === 0) out.push(`${path}: overlapping port definition with ${o.path}`)
      else if (hostPort === otherPort && (hostIP === '') !== (otherIP === ''))
        out.push(`${path}: dangerously ambiguous port definition with ${o.path}`)
    }
    seen.set(id, [...others, { path, port }])
  }
  const names = new Map<string, string>()
  for (const { port, path } of ports) {
    const other = port.name ? names.get(port.name) : undefined
    if (other)
      out.push(
        `${path}: duplicate port name ${goQuote(port.name ?? '')} with ${other}, services and probes that select ports by name will use ${other}`,
      )
    else if (port.name) names.set(port.name, path)
  }
  return out
}

function affinityWarnings(a: PodAffinity | undefined, path: string): string[] {
  const text = 'a null labelSelector results in matching no pod'
  return [
    ...(a?.[REQUIRED] ?? []).flatMap((t, i) =>
      t.labelSelector ? [] : [`${at(sub(path, REQUIRED), i)}.labelSelector: ${text}`],
    ),
    ...(a?.[PREFERRED] ?? []).flatMap((t, i) =>
      t.podAffinityTerm?.labelSelector ? [] : [`${at(sub(path, PREFERRED), i)}.podAffinityTerm.labelSelector: ${text}`],
    ),
  ]
}

function duplicates(list: readonly (string | undefined)[], path: string, field: string): string[] {
  const seen = new Set<string>()
  return list.flatMap((v = '', i) => {
    const twice = seen.has(v)
    seen.add(v)
    return twice ? [`${at(path, i)}.${field}: duplicate ${field} ${goQuote(v)}`] : []
  })
}

/** All warnings about a spec and the metadata beside it. `path` is the template's, empty for a pod. */
function specWarnings(spec: PodSpec, meta: Partial<ObjectMeta> | undefined, path: string): string[] {
  const here = sub(path, 'spec')
  const notes = sub(path, 'metadata.annotations')
  const has = (k: string): boolean => meta?.annotations !== undefined && Object.hasOwn(meta.annotations, k)
  const containers = containersWithPath(spec, here)
  const node = spec.affinity?.nodeAffinity
  const nodePath = sub(here, 'affinity.nodeAffinity')
  return [
    ...Object.keys(spec.nodeSelector ?? {}).flatMap((k) => {
      const why = NODE_LABELS.get(k)
      return why ? [`${key(sub(here, 'nodeSelector'), k)}: ${why}`] : []
    }),
    ...(node?.[REQUIRED]?.nodeSelectorTerms ?? []).flatMap((t, i) =>
      termWarnings(t, false, at(sub(nodePath, `${REQUIRED}.nodeSelectorTerms`), i)),
    ),
    ...(node?.[PREFERRED] ?? []).flatMap((t, i) =>
      termWarnings(t.preference, true, sub(at(sub(nodePath, PREFERRED), i), 'preference')),
    ),
    ...(spec.topologySpreadConstraints ?? []).flatMap((t, i) => {
      const there = at(sub(here, 'topologySpreadConstraints'), i)
      const why = NODE_LABELS.get(t.topologyKey)
      return [
        ...(why ? [`${there}.topologyKey: ${t.topologyKey} is ${why}`] : []),
        ...(t.labelSelector ? [] : [`${there}.labelSelector: a null labelSelector results in matching no pod`]),
      ]
    }),
    ...ANNOTATIONS.flatMap(([k, why]) => (has(k) ? [`${key(notes, k)}: ${why}`] : [])),
    ...(spec.volumes ?? []).flatMap((v, i) => {
      const there = at(sub(here, 'volumes'), i)
      return VOLUMES.flatMap(([field, why, name = field]) =>
        !v[field]
          ? []
          : field === 'ephemeral'
            ? claimWarnings(v.ephemeral?.volumeClaimTemplate?.spec, `${there}.ephemeral.volumeClaimTemplate.spec`)
            : [`${there}.${name}: ${why}`],
      )
    }),
    ...(spec.volumes ?? []).flatMap(overlapWarnings),
    ...duplicates(
      (spec.hostAliases ?? []).map((a) => a.ip),
      sub(here, 'hostAliases'),
      'ip',
    ),
    ...duplicates(
      (spec.imagePullSecrets ?? []).map((s) => s.name),
      sub(here, 'imagePullSecrets'),
      'name',
    ),
    ...(spec.imagePullSecrets ?? []).flatMap((s, i) =>
      s.name ? [] : [`${at(sub(here, 'imagePullSecrets'), i)}.name: invalid empty name ""`],
    ),
    ...(['memory', 'ephemeral-storage'] as const).flatMap((r) =>
      fractional(spec.overhead?.[r], key(sub(here, 'overhead'), r)),
    ),
    ...(!spec.securityContext?.seccompProfile && has(SECCOMP_POD) ? [`${key(notes, SECCOMP_POD)}: ${SECCOMP}`] : []),
    ...containers.flatMap(([c, p]) => [
      ...(!c.securityContext?.seccompProfile && has(SECCOMP_CONTAINER + c.name)
        ? [`${key(notes, SECCOMP_CONTAINER + c.name)}: ${SECCOMP}`]
        : []),
      ...(path &&
      !spec.securityContext?.appArmorProfile &&
      !c.securityContext?.appArmorProfile &&
      has(APPARMOR + c.name)
        ? [`${key(notes, APPARMOR + c.name)}: deprecated since v1.30; use the "appArmorProfile" field instead`]
        : []),
      ...containerWarnings(c, p),
    ]),
    ...portWarnings(containers),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [
          `${sub(here, 'terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityWarnings(spec.affinity?.podAffinity, sub(here, 'affinity.podAffinity')),
    ...affinityWarnings(spec.affinity?.podAntiAffinity, sub(here, 'affinity.podAntiAffinity')),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((s, i) =>
      warningsForIP(at(sub(here, 'dnsConfig.nameservers'), i), s),
    ),
    ...(spec.hostAliases ?? []).flatMap((a, i) => warningsForIP(`${at(sub(here, 'hostAliases'), i)}.ip`, a.ip ?? '')),
  ]
}

/** A name that becomes a host's should be a DNS label. */
export function hostnameWarnings(name: string | undefined, what: string): string[] {
  const wrong = dns1123Label(name ?? '')
  return wrong.length
    ? [
        `metadata.name: this is used in ${what}, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(' ')}]`,
      ]
    : []
}

/** Warnings about a new pod. */
export function podWarnings(pod: Pod): string[] {
  return [
    ...hostnameWarnings(pod.metadata.name, "the Pod's hostname"),
    ...(pod.spec ? specWarnings(pod.spec, pod.metadata, '') : []),
  ]
}

/** Warnings about a template at `path`. */
export function templateWarnings(template: PodTemplateSpec | undefined, path: string): string[] {
  return template?.spec ? specWarnings(template.spec, template.metadata, path) : []
}
