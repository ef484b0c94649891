// What the server does to pod specs before it validates them: drops fields whose feature is off in 1.33
// (DropDisabledPodFields), computes the QoS class.
import type { Container, Pod, PodSpec, PodStatus } from '../../apimachinery/api/core.v1.ts'
import { drop } from '../../apimachinery/object.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { compareQuantity, parseQuantity } from '../../apimachinery/quantity.ts'

type Spec = PodSpec | Draft<PodSpec> | undefined

/** All containers of a spec that are like Container: ordinary, init and ephemeral ones. */
export function allContainers<C>(
  spec:
    | {
        readonly containers?: readonly C[]
        readonly initContainers?: readonly C[]
        readonly ephemeralContainers?: readonly unknown[]
      }
    | undefined,
): C[] {
  return [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...((spec?.ephemeralContainers ?? []) as readonly C[]),
  ]
}

/** Drops fields of features that are off by default, unless the old spec uses them already. */
export function dropDisabledFields(spec: Draft<PodSpec> | undefined, old?: Spec): void {
  if (!spec) return
  if (!old?.resources?.limits && !old?.resources?.requests) drop(spec, 'resources')
  if (!old?.resourceClaims?.length) {
    drop(spec, 'resourceClaims')
    for (const c of allContainers<Draft<Container>>(spec)) if (c.resources) drop(c.resources, 'claims')
  }
  if (!allContainers<Container>(old).some((c) => c.lifecycle?.stopSignal)) {
    for (const c of allContainers<Draft<Container>>(spec)) {
      if (!c.lifecycle?.stopSignal) continue
      drop(c.lifecycle, 'stopSignal')
      if (Object.keys(c.lifecycle).length === 0) drop(c, 'lifecycle')
    }
  }
  const bundles = (s: Spec): boolean =>
    Boolean(s?.volumes?.some((v) => v.projected?.sources?.some((p) => p.clusterTrustBundle)))
  if (!bundles(old))
    for (const v of spec.volumes ?? []) for (const s of v.projected?.sources ?? []) drop(s, 'clusterTrustBundle')
  if (!old?.volumes?.some((v) => v.image)) dropImageVolumes(spec)
}

function dropImageVolumes(spec: Draft<PodSpec>): void {
  const names = new Set((spec.volumes ?? []).filter((v) => v.image).map((v) => v.name))
  if (names.size === 0) return
  spec.volumes = (spec.volumes ?? []).filter((v) => !v.image)
  if (spec.volumes.length === 0) drop(spec, 'volumes')
  for (const c of allContainers<Draft<Container>>(spec)) {
    if (!c.volumeMounts) continue
    c.volumeMounts = c.volumeMounts.filter((m) => !names.has(m.name))
    if (c.volumeMounts.length === 0) drop(c, 'volumeMounts')
  }
}

/** The same for a pod's status. */
export function dropDisabledStatusFields(status: Draft<PodStatus> | undefined, oldSpec: Spec): void {
  if (!status) return
  if (!oldSpec?.resourceClaims?.length) drop(status, 'resourceClaimStatuses')
  for (const list of [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses])
    for (const c of list ?? []) drop(c, 'allocatedResourcesStatus')
}

/**
 * Guaranteed, Burstable or BestEffort: component-helpers' GetPodQOS on cpu and memory of init and ordinary containers.
 */
export function qosClass(pod: Pod | Draft<Pod>): string {
  const zero = parseQuantity('0')
  const sums = { requests: new Set<string>(), limits: new Set<string>() }
  let guaranteed = true
  let equal = true
  for (const c of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]) {
    const limited = new Set<string>()
    for (const kind of ['requests', 'limits'] as const) {
      for (const [name, value] of Object.entries(c.resources?.[kind] ?? {})) {
        if ((name !== 'cpu' && name !== 'memory') || compareQuantity(parseQuantity(value), zero) <= 0) continue
        sums[kind].add(name)
        if (kind === 'limits') limited.add(name)
      }
    }
    if (limited.size < 2) guaranteed = false
    for (const name of ['cpu', 'memory']) {
      const request = c.resources?.requests?.[name]
      const limit = c.resources?.limits?.[name]
      if (
        request !== undefined &&
        (limit === undefined || compareQuantity(parseQuantity(request), parseQuantity(limit)) !== 0)
      )
        equal = false
    }
  }
  if (sums.requests.size === 0 && sums.limits.size === 0) return 'BestEffort'
  return guaranteed && equal && sums.requests.size === sums.limits.size ? 'Guaranteed' : 'Burstable'
}

/** matchLabelKeys of pod (anti-)affinity become requirements on the values the pod itself has (mutatePodAffinity). */
export function prepareAffinity(pod: Draft<Pod>): void {
  const own = pod.metadata.labels ?? {}
  for (const affinity of [pod.spec?.affinity?.podAffinity, pod.spec?.affinity?.podAntiAffinity]) {
    const terms = [
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => p.podAffinityTerm),
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ]
    for (const term of terms) {
      if (!term?.labelSelector) continue
      for (const [keys, operator] of [
        [term.matchLabelKeys, 'In'],
        [term.mismatchLabelKeys, 'NotIn'],
      ] as const) {
        for (const key of keys ?? []) {
          if (Object.hasOwn(own, key))
            (term.labelSelector.matchExpressions ??= []).push({ key, operator, values: [own[key] ?? ''] })
        }
      }
    }
  }
}

/** The annotation that AppArmor profiles had before they were fields. */
export const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/'

/** Annotation and field of AppArmor profiles are made to say the same; an annotation without a field is warned of. */
export function prepareAppArmor(pod: Draft<Pod>, warn?: (text: string) => void): void {
  if (pod.spec?.os?.name === 'windows') return
  const whole = pod.spec?.securityContext?.appArmorProfile
  for (const c of allContainers<Draft<Container>>(pod.spec)) {
    const key = APPARMOR + c.name
    const said = pod.metadata.annotations?.[key]
    const field = c.securityContext?.appArmorProfile
    if (said === undefined) {
      const text = annotationOf(field ?? whole)
      if (text) (pod.metadata.annotations ??= {})[key] = text
    } else if (!field) {
      const profile = profileOf(said)
      if (profile && whole && whole.type === profile.type && whole.localhostProfile === profile.localhostProfile)
        continue
      if (profile) (c.securityContext ??= {}).appArmorProfile = profile
      warn?.(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
    }
  }
}

type Profile = { type: string; localhostProfile?: string | undefined }

function annotationOf(profile: Profile | undefined): string {
  if (!profile) return ''
  if (profile.type === 'Unconfined') return 'unconfined'
  if (profile.type === 'RuntimeDefault') return 'runtime/default'
  return profile.type === 'Localhost' && profile.localhostProfile ? `localhost/${profile.localhostProfile}` : ''
}

function profileOf(text: string): Profile | undefined {
  if (text === 'unconfined') return { type: 'Unconfined' }
  if (text === 'runtime/default') return { type: 'RuntimeDefault' }
  const name = text.startsWith('localhost/') ? text.slice('localhost/'.length) : ''
  return name ? { type: 'Localhost', localhostProfile: name } : undefined
}

/** All containers with the paths at which they stand: init containers, containers, ephemeral ones. */
export function containersWithPath(spec: PodSpec | undefined, path: string): (readonly [Container, string])[] {
  const of = (list: readonly Container[] | undefined, name: string): (readonly [Container, string])[] =>
    (list ?? []).map((c, i) => [c, `${path}${path && '.'}${name}[${i}]`] as const)
  return [
    ...of(spec?.initContainers, 'initContainers'),
    ...of(spec?.containers, 'containers'),
    ...of(spec?.ephemeralContainers, 'ephemeralContainers'),
  ]
}
