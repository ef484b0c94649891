// EndpointSlice: a Service's pods as slices of at most a hundred endpoints, by port set and address family; behaves as
// k8s.io/endpointslice.
import type { Node, Pod, Service } from '../../apimachinery/api/core.v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import { isIPv6 } from '../../apimachinery/ip.ts'
import { nameIsDnsSubdomain } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'
import { controllerRef } from './owners.ts'
import { isFinished, isReady } from './pods.ts'

const MANAGER = 'endpointslice-controller.k8s.io'
export const SERVICE_NAME = 'kubernetes.io/service-name'
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
export const HEADLESS = 'service.kubernetes.io/headless'
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'
const RESERVED = new Set([SERVICE_NAME, MANAGED_BY, HEADLESS])
const MAX_ENDPOINTS = 100

/** The Services whose selector matches a pod. */
export function serviceKeys(pod: KubeObject, lister: Lister): string[] {
  const labels = pod.metadata.labels
  if (!labels) return []
  const keys: string[] = []
  for (const s of lister.list<Service>('services', pod.metadata.namespace ?? '')) {
    const selector = s.spec?.selector
    if (selector && Object.keys(selector).length > 0 && Object.entries(selector).every(([k, v]) => labels[k] === v))
      keys.push(keyOf(s))
  }
  return keys
}

/** The number a Service's port has in a pod: its targetPort, looked up by name in the containers (sidecars too). */
export function findPort(pod: Pod, target: number | string | undefined, protocol: string): number | undefined {
  if (typeof target === 'number') return target
  const containers = [
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always'),
  ]
  for (const c of containers)
    for (const p of c.ports ?? []) if (p.name === target && (p.protocol ?? 'TCP') === protocol) return p.containerPort
  return undefined
}

export const isHeadless = (s: Service): boolean => !s.spec?.clusterIP || s.spec.clusterIP === 'None'
/** Pods count once they have an address and until they have finished. */
export const hasEndpoint = (pod: Pod): boolean =>
  !isFinished(pod) && !!(pod.status?.podIP || pod.status?.podIPs?.length)
export const hostnameFor = (pod: Pod, s: Service): string | undefined =>
  pod.spec?.hostname && pod.spec.subdomain === s.metadata.name ? pod.spec.hostname : undefined
const readySince = (pod: Pod): string | undefined =>
  pod.status?.conditions?.find((c) => c.type === 'Ready')?.lastTransitionTime

function portsOf(s: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = []
  for (const p of s.spec?.ports ?? []) {
    const port = findPort(pod, p.targetPort, p.protocol ?? 'TCP')
    if (port === undefined) continue
    ports.push({
      name: p.name ?? '',
      port,
      protocol: p.protocol ?? 'TCP',
      ...(p.appProtocol ? { appProtocol: p.appProtocol } : {}),
    })
  }
  return ports
}

export const portKey = (ports: readonly EndpointPort[] | undefined): string =>
  JSON.stringify((ports ?? []).map((p) => [p.name ?? '', p.port ?? 0, p.protocol ?? '', p.appProtocol ?? '']).sort())
/** Two endpoints are the same one when address and target agree. */
export const endpointKey = (e: Endpoint): string =>
  JSON.stringify([
    [...(e.addresses ?? [])].sort(),
    e.hostname ?? '',
    e.targetRef?.kind ?? '',
    e.targetRef?.namespace ?? '',
    e.targetRef?.name ?? '',
    e.targetRef?.uid ?? '',
  ])

function endpointOf(s: Service, pod: Pod, family: string, node: Node | undefined): Endpoint | undefined {
  const addresses = (pod.status?.podIPs ?? (pod.status?.podIP ? [{ ip: pod.status.podIP }] : []))
    .map((p) => p.ip)
    .filter((ip) => isIPv6(ip) === (family === 'IPv6'))
  if (addresses.length === 0) return undefined
  const serving = isReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const hostname = hostnameFor(pod, s)
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone']
  return {
    addresses,
    conditions: { ready: s.spec?.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating },
    ...(hostname ? { hostname } : {}),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name ?? '',
      uid: pod.metadata.uid ?? '',
    },
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    ...(zone ? { zone } : {}),
  }
}

function familiesOf(s: Service): string[] {
  if (s.spec?.ipFamilies?.length) return [...s.spec.ipFamilies]
  if (!isHeadless(s)) return [isIPv6(s.spec?.clusterIP ?? '') ? 'IPv6' : 'IPv4']
  return ['IPv4', 'IPv6']
}

interface Plan {
  create: EndpointSlice[]
  update: EndpointSlice[]
  remove: EndpointSlice[]
}

async function reconcile(key: string, ctx: ControllerContext): Promise<void> {
  const [namespace, name] = splitKey(key)
  const service = ctx.lister.get<Service>('services', namespace, name)
  if (
    !service ||
    service.spec?.type === 'ExternalName' ||
    !service.spec?.selector ||
    Object.keys(service.spec.selector).length === 0
  )
    return
  const all = ctx.lister
    .list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace, { [SERVICE_NAME]: name })
    .filter((s) => s.metadata.labels?.[MANAGED_BY] === MANAGER && !s.metadata.deletionTimestamp)
  const pods = ctx.lister.list<Pod>('pods', namespace, service.spec.selector).filter(hasEndpoint)
  const families = familiesOf(service)
  const plan: Plan = { create: [], update: [], remove: all.filter((s) => !families.includes(s.addressType)) }
  const stale = plan.remove.length
  const triggers: string[] = []
  for (const family of families)
    reconcileFamily(
      ctx,
      service,
      pods,
      all.filter((s) => s.addressType === family),
      family,
      plan,
      triggers,
    )
  // slices of a family that went are not reused for another
  const spare = plan.remove
    .slice(stale)
    .filter((s) => s.metadata.ownerReferences?.some((r) => r.uid === service.metadata.uid))
  const reused = new Set<EndpointSlice>()
  const created = plan.create.filter((next) => {
    const old = spare.find((s) => !reused.has(s) && s.addressType === next.addressType)
    if (!old) return true
    reused.add(old)
    plan.update.push({
      ...next,
      metadata: {
        ...old.metadata,
        labels: next.metadata.labels ?? {},
        ownerReferences: next.metadata.ownerReferences ?? [],
      },
    })
    return false
  })
  if (all.length === 0 && service.metadata.creationTimestamp) triggers.push(service.metadata.creationTimestamp)
  const trigger = triggers.sort()[0]
  const timed = (s: EndpointSlice): EndpointSlice => {
    const { [TRIGGER_TIME]: _gone, ...rest } = s.metadata.annotations ?? {}
    const annotations = trigger ? { ...rest, [TRIGGER_TIME]: trigger } : rest
    return {
      ...s,
      metadata: { ...s.metadata, ...(Object.keys(annotations).length ? { annotations } : { annotations: {} }) },
    }
  }
  if (!service.metadata.deletionTimestamp)
    for (const s of created) await ctx.client.create('discovery.k8s.io/v1/endpointslices', namespace, timed(s))
  for (const s of plan.update) await ctx.client.update('discovery.k8s.io/v1/endpointslices', namespace, timed(s))
  for (const s of plan.remove)
    if (!reused.has(s)) await ctx.client.delete('discovery.k8s.io/v1/endpointslices', namespace, s.metadata.name ?? '')
}

function labelsFor(service: Service): Readonly<Record<string, string>> {
  const own = Object.fromEntries(Object.entries(service.metadata.labels ?? {}).filter(([k]) => !RESERVED.has(k)))
  return {
    ...own,
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: service.metadata.name ?? '',
    [MANAGED_BY]: MANAGER,
  }
}

function newSlice(
  service: Service,
  family: string,
  ports: readonly EndpointPort[],
  endpoints: readonly Endpoint[],
): EndpointSlice {
  const prefix = `${service.metadata.name}-`
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: nameIsDnsSubdomain(prefix, true).length ? (service.metadata.name ?? '') : prefix,
      namespace: service.metadata.namespace ?? '',
      labels: labelsFor(service),
      ownerReferences: [controllerRef(service)],
    },
    addressType: family,
    endpoints,
    ports,
  }
}

function reconcileFamily(
  ctx: ControllerContext,
  service: Service,
  pods: readonly Pod[],
  existing: readonly EndpointSlice[],
  family: string,
  plan: Plan,
  triggers: string[],
): void {
  const mine = existing.filter((s) => s.metadata.ownerReferences?.some((r) => r.uid === service.metadata.uid))
  const before = { create: plan.create.length, remove: plan.remove.length }
  plan.remove.push(...existing.filter((s) => !mine.includes(s)))
  const groups = new Map<string, { ports: EndpointPort[]; wanted: Map<string, Endpoint>; since: Map<string, string> }>()
  for (const pod of pods) {
    const ports = portsOf(service, pod)
    const id = portKey(ports)
    let g = groups.get(id)
    if (!g) {
      g = { ports, wanted: new Map(), since: new Map() }
      groups.set(id, g)
    }
    const e = endpointOf(service, pod, family, ctx.lister.get<Node>('nodes', '', pod.spec?.nodeName ?? ''))
    if (!e) continue
    g.wanted.set(endpointKey(e), e)
    const t = readySince(pod)
    if (t) g.since.set(endpointKey(e), t)
  }
  const labels = labelsFor(service)
  const sameLabels = (s: EndpointSlice): boolean => equal(s.metadata.labels ?? {}, labels)

  for (const [id, g] of groups) {
    const slices = mine.filter((s) => portKey(s.ports) === id)
    const left = new Map(g.wanted)
    const changed: EndpointSlice[] = []
    const unchanged: EndpointSlice[] = []
    for (const s of slices) {
      const kept: Endpoint[] = []
      let differs = false
      for (const e of s.endpoints ?? []) {
        const next = left.get(endpointKey(e))
        if (!next) {
          differs = true
          continue
        }
        left.delete(endpointKey(e))
        kept.push(next)
        if (!equal(next, e)) {
          differs = true
          note(g.since, next, triggers)
        }
      }
      if (!differs) {
        ;(sameLabels(s) ? unchanged : changed).push(s)
        continue
      }
      if (kept.length) changed.push({ ...s, endpoints: kept })
      else plan.remove.push(s)
    }
    const rest = [...left.values()]
    for (const e of rest) note(g.since, e, triggers)
    // first into slices that must be written anyway, the fullest first; then into one that has room; then into new ones
    changed.sort((a, b) => (b.endpoints?.length ?? 0) - (a.endpoints?.length ?? 0))
    for (const [i, s] of changed.entries())
      changed[i] = {
        ...s,
        endpoints: [...(s.endpoints ?? []), ...rest.splice(0, MAX_ENDPOINTS - (s.endpoints?.length ?? 0))],
      }
    while (rest.length > 0) {
      if (rest.length < MAX_ENDPOINTS) {
        const fit = unchanged
          .filter((s) => (s.endpoints?.length ?? 0) + rest.length <= MAX_ENDPOINTS)
          .sort((a, b) => (b.endpoints?.length ?? 0) - (a.endpoints?.length ?? 0))[0]
        if (fit) {
          unchanged.splice(unchanged.indexOf(fit), 1)
          changed.push({ ...fit, endpoints: [...(fit.endpoints ?? []), ...rest.splice(0)] })
          break
        }
      }
      plan.create.push(newSlice(service, family, g.ports, rest.splice(0, MAX_ENDPOINTS)))
    }
    for (const s of changed) plan.update.push({ ...s, metadata: { ...s.metadata, labels } })
  }
  for (const s of mine) if (!groups.has(portKey(s.ports))) plan.remove.push(s)

  // a Service without endpoints keeps one empty slice
  const removed = plan.remove.slice(before.remove)
  if (removed.length === existing.length && plan.create.length === before.create) {
    const empty = newSlice(service, family, [], [])
    const only = removed.length === 1 ? removed[0] : undefined
    if (
      only &&
      mine.includes(only) &&
      (only.endpoints?.length ?? 0) === 0 &&
      (only.ports?.length ?? 0) === 0 &&
      sameLabels(only)
    )
      plan.remove.splice(plan.remove.indexOf(only, before.remove), 1)
    else plan.create.push(empty)
  }
}

function note(since: ReadonlyMap<string, string>, e: Endpoint, triggers: string[]): void {
  const t = since.get(endpointKey(e))
  if (t) triggers.push(t)
}

export const endpointSliceController: Controller = {
  name: 'endpoint-slice-controller',
  sources: [
    { resource: 'services', keys: (o) => [keyOf(o)] },
    { resource: 'pods', keys: serviceKeys },
    {
      resource: 'endpointslices.discovery.k8s.io',
      keys: (o) => {
        const s = o.metadata.labels?.[SERVICE_NAME]
        return s && o.metadata.labels?.[MANAGED_BY] === MANAGER ? [`${o.metadata.namespace}/${s}`] : []
      },
    },
  ],
  reconcile,
}
