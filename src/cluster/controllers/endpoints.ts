// Endpoints: the older list of a Service's pods, packed into subsets of equal ports; behaves as
// pkg/controller/endpoint.
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from '../../apimachinery/api/core.v1.ts'
import { isIPv6 } from '../../apimachinery/ip.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError, isNamespaceTerminating } from '../../apimachinery/status.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { HEADLESS, TRIGGER_TIME, findPort, hasEndpoint, hostnameFor, isHeadless, serviceKeys } from './endpointslice.ts'
import { isReady } from './pods.ts'

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'
const MANAGER = 'endpoint-controller'
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'
const MAX_ADDRESSES = 1000

function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const v6 = service.spec?.ipFamilies?.length
    ? service.spec.ipFamilies[0] === 'IPv6'
    : isIPv6(service.spec?.clusterIP ?? '')
  const ip = (pod.status?.podIPs ?? (pod.status?.podIP ? [{ ip: pod.status.podIP }] : []))
    .map((p) => p.ip)
    .find((a) => isIPv6(a) === v6)
  if (ip === undefined) return undefined
  const hostname = hostnameFor(pod, service)
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name ?? '',
      uid: pod.metadata.uid ?? '',
    },
  }
}

const order = (a: EndpointAddress, b: EndpointAddress): number =>
  a.ip === b.ip ? ((a.targetRef?.uid ?? '') < (b.targetRef?.uid ?? '') ? -1 : 1) : a.ip < b.ip ? -1 : 1

/** Subsets of addresses that share all their ports. */
function pack(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  interface Row {
    readonly port: EndpointPort | undefined
    readonly ready: Map<string, boolean>
  }
  const rows = new Map<string, Row>()
  const addresses = new Map<string, EndpointAddress>()
  for (const pod of pods) {
    const address = addressOf(service, pod)
    if (!address) continue
    const id = `${address.ip} ${address.targetRef?.uid ?? ''}`
    addresses.set(id, address)
    const ready = service.spec?.publishNotReadyAddresses === true || isReady(pod)
    const ports: (EndpointPort | undefined)[] = []
    if (!service.spec?.ports?.length) {
      if (service.spec?.clusterIP === 'None') ports.push(undefined)
    } else {
      for (const p of service.spec.ports) {
        const port = findPort(pod, p.targetPort, p.protocol ?? 'TCP')
        if (port !== undefined)
          ports.push({
            ...(p.name ? { name: p.name } : {}),
            port,
            protocol: p.protocol ?? 'TCP',
            ...(p.appProtocol ? { appProtocol: p.appProtocol } : {}),
          })
      }
    }
    for (const port of ports) {
      const key = port ? JSON.stringify([port.name ?? '', port.port, port.protocol, port.appProtocol ?? '']) : ''
      let row = rows.get(key)
      if (!row) {
        row = { port, ready: new Map() }
        rows.set(key, row)
      }
      if (row.ready.get(id) ?? true) row.ready.set(id, ready)
    }
  }
  const groups = new Map<string, { ports: EndpointPort[]; ready: Map<string, boolean> }>()
  for (const row of rows.values()) {
    const key = JSON.stringify([...row.ready].sort(([a], [b]) => (a < b ? -1 : 1)))
    let g = groups.get(key)
    if (!g) {
      g = { ports: [], ready: row.ready }
      groups.set(key, g)
    }
    if (row.port) g.ports.push(row.port)
  }
  return [...groups.values()].map((g) => {
    const of = (ready: boolean): EndpointAddress[] =>
      [...g.ready]
        .filter(([, r]) => r === ready)
        .map(([id]) => addresses.get(id))
        .filter((a) => a !== undefined)
        .sort(order)
    const yes = of(true)
    const no = of(false)
    return {
      ...(yes.length ? { addresses: yes } : {}),
      ...(no.length ? { notReadyAddresses: no } : {}),
      ...(g.ports.length ? { ports: g.ports } : {}),
    }
  })
}

/** Cuts a list that is too long, the not ready ones first. */
function truncate(subsets: readonly EndpointSubset[]): { subsets: readonly EndpointSubset[]; cut: boolean } {
  const count = (of: (s: EndpointSubset) => readonly EndpointAddress[] | undefined): number =>
    subsets.reduce((n, s) => n + (of(s)?.length ?? 0), 0)
  const ready = count((s) => s.addresses)
  const notReady = count((s) => s.notReadyAddresses)
  if (ready + notReady <= MAX_ADDRESSES) return { subsets, cut: false }
  const cutReady = ready > MAX_ADDRESSES
  let room = cutReady ? MAX_ADDRESSES : MAX_ADDRESSES - ready
  const most = room
  const total = cutReady ? ready : notReady
  return {
    cut: true,
    subsets: subsets.map((s) => {
      const list = (cutReady ? s.addresses : s.notReadyAddresses) ?? []
      const kept = list.slice(0, Math.min(room, Math.ceil((list.length / total) * most)))
      room -= kept.length
      const { addresses, notReadyAddresses, ...rest } = s
      return {
        ...rest,
        ...(cutReady
          ? kept.length
            ? { addresses: kept }
            : {}
          : { ...(addresses ? { addresses } : {}), ...(kept.length ? { notReadyAddresses: kept } : {}) }),
      }
    }),
  }
}

async function reconcile(key: string, ctx: ControllerContext): Promise<void> {
  const [namespace, name] = splitKey(key)
  const service = ctx.lister.get<Service>('services', namespace, name)
  const current = ctx.lister.get<Endpoints>('endpoints', namespace, name)
  if (!service) {
    if (current && !current.metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'])
      await ctx.client.delete('v1/endpoints', namespace, name)
    return
  }
  if (
    service.spec?.type === 'ExternalName' ||
    !service.spec?.selector ||
    Object.keys(service.spec.selector).length === 0
  )
    return
  const tolerant = service.spec.publishNotReadyAddresses === true
  const pods = ctx.lister
    .list<Pod>('pods', namespace, service.spec.selector)
    .filter((p) => hasEndpoint(p) && (tolerant || !p.metadata.deletionTimestamp))
  const { subsets, cut } = truncate(pack(service, pods))
  const labels: Record<string, string> = { ...service.metadata.labels, [MANAGED_BY]: MANAGER }
  if (isHeadless(service)) labels[HEADLESS] = ''
  else delete labels[HEADLESS]
  const old = current?.metadata.annotations
  if (
    current &&
    equal(current.subsets ?? [], subsets) &&
    equal(current.metadata.labels ?? {}, labels) &&
    (old?.[OVER_CAPACITY] !== undefined) === cut
  )
    return

  const before = new Set(
    (current?.subsets ?? []).flatMap((s) => [
      ...(s.addresses ?? []).map((a) => `+${a.targetRef?.uid}`),
      ...(s.notReadyAddresses ?? []).map((a) => `-${a.targetRef?.uid}`),
    ]),
  )
  const triggers = pods
    .filter((p) => !before.has(`${isReady(p) || tolerant ? '+' : '-'}${p.metadata.uid}`))
    .map((p) => p.status?.conditions?.find((c) => c.type === 'Ready')?.lastTransitionTime)
    .filter((t) => t !== undefined)
  if (!current && service.metadata.creationTimestamp) triggers.push(service.metadata.creationTimestamp)
  const { [TRIGGER_TIME]: _time, [OVER_CAPACITY]: _over, ...rest } = old ?? {}
  const trigger = triggers.sort()[0]
  const annotations = {
    ...rest,
    ...(trigger ? { [TRIGGER_TIME]: trigger } : {}),
    ...(cut ? { [OVER_CAPACITY]: 'truncated' } : {}),
  }
  const next: Endpoints = {
    ...(current ?? { apiVersion: 'v1', kind: 'Endpoints' }),
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...(current?.metadata ?? { name, namespace }), labels, annotations },
    subsets,
  }
  try {
    if (current) await ctx.client.update('v1/endpoints', namespace, next)
    else await ctx.client.create('v1/endpoints', namespace, next)
  } catch (e) {
    if (!(e instanceof StatusError)) throw e
    if (isNamespaceTerminating(e)) return
    if (e.reason !== 'Conflict')
      await ctx.event(
        next,
        'Warning',
        current ? 'FailedToUpdateEndpoint' : 'FailedToCreateEndpoint',
        current
          ? `Failed to update endpoint ${key}: ${e.message}`
          : `Failed to create endpoint for service ${key}: ${e.message}`,
      )
    throw e
  }
}

export const endpointsController: Controller = {
  name: 'endpoint-controller',
  sources: [
    { resource: 'services', keys: (o) => [keyOf(o)] },
    { resource: 'pods', keys: serviceKeys },
    // those of no Service are somebody's own: they go only when a Service of their name goes
    {
      resource: 'endpoints',
      keys: (o, lister) =>
        lister.get('services', o.metadata.namespace ?? '', o.metadata.name ?? '') ? [keyOf(o)] : [],
    },
  ],
  reconcile,
}
