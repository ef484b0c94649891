// What objects count for in a ResourceQuota, for admission and for the quota controller; as
// pkg/quota/v1/evaluator/core.
import type { Container, PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../apimachinery/api/core.v1.ts'
import type { KubeObject, Quantity } from '../apimachinery/object.ts'
import { addQuantity, canonical } from '../apimachinery/quantity.ts'
import type { Store } from '../storage/store.ts'
import { podTotal } from './admission/limitranger.ts'

export type Usage = Readonly<Record<string, Quantity>>

/** Names that were quota resources before count/… came. */
const LEGACY: ReadonlySet<string> = new Set([
  'configmaps',
  'resourcequotas',
  'replicationcontrollers',
  'secrets',
  'services',
  'persistentvolumeclaims',
  'pods',
])
const COMPUTE: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])

/** The sum of two usages. */
export function addUsage(a: Usage, b: Usage): Usage {
  const out: Record<string, Quantity> = { ...a }
  for (const [k, v] of Object.entries(b)) out[k] = out[k] === undefined ? v : canonical(addQuantity(out[k] ?? 0, v))
  return out
}

function computeUsage(requests: Usage, limits: Usage): Usage {
  const out: Record<string, Quantity> = {}
  for (const [k, v] of Object.entries(requests)) {
    if (COMPUTE.has(k)) out[k] = v
    if (COMPUTE.has(k) || k.startsWith('hugepages-') || (k.includes('/') && !k.includes('kubernetes.io/')))
      out[`requests.${k}`] = v
    if (k.startsWith('hugepages-')) out[k] = v
  }
  for (const [k, v] of Object.entries(limits)) if (COMPUTE.has(k)) out[`limits.${k}`] = v
  return out
}

const terminal = (pod: Pod, now: number): boolean =>
  pod.status?.phase === 'Failed' ||
  pod.status?.phase === 'Succeeded' ||
  (!!pod.metadata.deletionTimestamp &&
    pod.metadata.deletionGracePeriodSeconds !== undefined &&
    Date.parse(pod.metadata.deletionTimestamp) < now)

/** What one object uses of every quota resource it touches. `storage`: the resource as the store names it. */
export function usageOf(storage: string, object: KubeObject, now: number): Usage {
  const out: Record<string, Quantity> = { [`count/${storage}`]: '1' }
  if (storage === 'pods') {
    const pod = object
    if (terminal(pod, now)) return out
    return { ...out, pods: '1', ...computeUsage(podTotal(pod, 'requests'), podTotal(pod, 'limits')) }
  }
  if (LEGACY.has(storage)) out[storage] = '1'
  if (storage === 'services') {
    const spec = (object as Service).spec ?? {}
    const ports = spec.ports ?? []
    if (spec.type === 'NodePort') out['services.nodeports'] = String(ports.length)
    if (spec.type === 'LoadBalancer') {
      out['services.loadbalancers'] = '1'
      out['services.nodeports'] = String(
        spec.allocateLoadBalancerNodePorts === false ? ports.filter((p) => p.nodePort).length : ports.length,
      )
    }
  }
  if (storage === 'persistentvolumeclaims') {
    const claim = object as PersistentVolumeClaim
    const size = claim.spec?.resources?.requests?.storage
    const name = claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName
    if (size !== undefined) out['requests.storage'] = size
    if (name) {
      out[`${name}.storageclass.storage.k8s.io/persistentvolumeclaims`] = '1'
      if (size !== undefined) out[`${name}.storageclass.storage.k8s.io/requests.storage`] = size
    }
  }
  return out
}

/** The quota resources that a container names by itself. */
export const containerUsage = (c: Container): Usage =>
  computeUsage(c.resources?.requests ?? {}, c.resources?.limits ?? {})

/** The stored resource whose objects a quota resource counts; undefined when no objects do. */
export function resourceOf(quotaResource: string): string | undefined {
  if (quotaResource.startsWith('count/')) return quotaResource.slice(6)
  if (quotaResource.startsWith('services.')) return 'services'
  if (quotaResource === 'requests.storage' || quotaResource.includes('.storageclass.storage.k8s.io/'))
    return 'persistentvolumeclaims'
  if (LEGACY.has(quotaResource)) return quotaResource
  if (/^(requests\.|limits\.)|^(cpu|memory|ephemeral-storage)$|^hugepages-/.test(quotaResource)) return 'pods'
  return undefined
}

/** Whether a quota's scopes choose an object. */
export function inScope(quota: ResourceQuota, storage: string, object: KubeObject): boolean {
  const scopes = [
    ...(quota.spec?.scopes ?? []).map((s) => ({ scopeName: s, operator: 'Exists', values: [] as readonly string[] })),
    ...(quota.spec?.scopeSelector?.matchExpressions ?? []),
  ]
  if (scopes.length === 0) return true
  if (storage !== 'pods') return false
  const pod = object as Pod
  const terminating = (pod.spec?.activeDeadlineSeconds ?? -1) >= 0
  const bestEffort = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].every((c) =>
    [c.resources?.requests, c.resources?.limits].every(
      (l) => !Object.keys(l ?? {}).some((k) => k === 'cpu' || k === 'memory'),
    ),
  )
  const cls = pod.spec?.priorityClassName ?? ''
  return scopes.every((s) => {
    switch (s.scopeName) {
      case 'Terminating':
        return terminating
      case 'NotTerminating':
        return !terminating
      case 'BestEffort':
        return bestEffort
      case 'NotBestEffort':
        return !bestEffort
      case 'PriorityClass': {
        const values = s.values ?? []
        return s.operator === 'In'
          ? values.includes(cls)
          : s.operator === 'NotIn'
            ? !values.includes(cls)
            : s.operator === 'DoesNotExist'
              ? cls === ''
              : cls !== ''
      }
      case 'CrossNamespacePodAffinity': {
        const terms = [pod.spec?.affinity?.podAffinity, pod.spec?.affinity?.podAntiAffinity].flatMap((a) => [
          ...(a?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
          ...(a?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => p.podAffinityTerm),
        ])
        return terms.some((t) => (t.namespaces?.length ?? 0) > 0 || t.namespaceSelector !== undefined)
      }
      default:
        return false
    }
  })
}

/** What a quota's namespace uses of each resource that the quota limits. */
export function quotaUsed(store: Pick<Store, 'list'>, quota: ResourceQuota, now: number): Usage {
  const hard = Object.keys(quota.spec?.hard ?? {})
  const namespace = quota.metadata.namespace ?? ''
  const used: Record<string, Quantity> = {}
  const resources = new Set(hard.map(resourceOf).filter((r) => r !== undefined))
  let total: Usage = {}
  for (const r of resources)
    for (const o of store.list(r, { namespace })) if (inScope(quota, r, o)) total = addUsage(total, usageOf(r, o, now))
  for (const h of hard) used[h] = canonical(total[h] ?? '0')
  return used
}
