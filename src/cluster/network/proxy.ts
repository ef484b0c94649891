// The path of a connection: address -> Service -> slice -> pod -> container port, as kube-proxy's iptables and the pod
// network carry it.
import type { Node, Pod, Service } from '../../apimachinery/api/core.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import { cidrContains, parseCIDR, parseIP } from '../../apimachinery/ip.ts'
import type { Entropy } from '../../apimachinery/ports.ts'
import type { Connection } from '../../shell/tool.ts'
import type { Listener, Visitor } from '../images/image.ts'
import type { Lister } from '../lister.ts'
import type { Profile } from '../profile.ts'
import { chooseEndpoint, SERVICE_NAME, SLICES } from './endpoints.ts'
import type { Protocol } from './endpoints.ts'
import { apiServer, kubelet, webSite } from './machines.ts'
import { permitted } from './policy.ts'

/** What a proxy goes by. */
export interface ProxyOptions {
  readonly lister: Lister
  readonly profile: Profile
  readonly entropy: Entropy
  /** What listens in a pod now; the containers that run. */
  readonly listeners: (pod: Pod) => readonly Listener[]
  /** A request went to a pod: its access log. */
  readonly visited?: (pod: Pod, listener: Listener, line: string) => void
}
/** Where a connection starts: a pod, or a node. */
export interface Origin {
  readonly pod?: Pod
  readonly address: string
  readonly node: string
}

const REFUSED: Connection = { outcome: 'refused' }
const TIMEOUT: Connection = { outcome: 'timeout' }

const within = (cidrs: string, address: string): boolean => {
  const ip = parseIP(address)
  return (
    ip !== undefined &&
    cidrs.split(',').some((c) => {
      const r = parseCIDR(c)
      return r !== undefined && cidrContains(r, ip)
    })
  )
}

/** The ways of connections through the cluster. */
export interface Proxy {
  connect(from: Origin, address: string, port: number, protocol?: Protocol): Connection
  ping(from: Origin, address: string): boolean
  /** The pod with an address, running or not. */
  podAt(address: string): Pod | undefined
}

/** The network of a cluster. */
export function createProxy(o: ProxyOptions): Proxy {
  const { lister, profile } = o
  const services = (): readonly Service[] => lister.list<Service>('services')
  const nodes = (): readonly Node[] => lister.list<Node>('nodes')
  const alive = (p: Pod): boolean => p.status?.phase === 'Running' || p.status?.phase === 'Pending'
  const podsAt = (address: string): readonly Pod[] =>
    lister
      .list<Pod>('pods')
      .filter(
        (p) =>
          alive(p) &&
          (p.status?.podIPs ?? (p.status?.podIP ? [{ ip: p.status.podIP }] : [])).some((x) => x.ip === address),
      )
  const podAt = (address: string): Pod | undefined =>
    podsAt(address).find((p) => !p.spec?.hostNetwork) ?? podsAt(address)[0]
  const nodeAt = (address: string): Node | undefined =>
    nodes().find((n) => (n.status?.addresses ?? []).some((a) => a.address === address))

  /** Whether the policies along the way let a connection through. */
  const lets = (
    from: Origin,
    to: { readonly address: string; readonly pod?: Pod },
    port: number,
    protocol: Protocol,
  ): boolean =>
    permitted(lister, { from: { address: from.address, ...(from.pod ? { pod: from.pod } : {}) }, to, port, protocol })
  /** What listens on a port of a pod. */
  const listenerAt = (pod: Pod, port: number, protocol: Protocol): Listener | undefined =>
    o.listeners(pod).find((l) => l.port === port && (l.protocol ?? 'TCP') === protocol)

  function toService(
    service: Service,
    port: { readonly name?: string },
    protocol: Protocol,
    from: Origin,
    external: boolean,
  ): Connection {
    const chosen = chooseEndpoint(lister, o.entropy, { service, portName: port.name ?? '', protocol, from, external })
    if (chosen === 'no endpoints') return REFUSED
    if (chosen === 'no local endpoints') return TIMEOUT
    return toAddress(from, chosen.address, chosen.port, protocol)
  }

  function toPod(from: Origin, pod: Pod, address: string, port: number, protocol: Protocol): Connection {
    if (!lets(from, { address, pod }, port, protocol)) return TIMEOUT
    const listener = listenerAt(pod, port, protocol)
    return listener ? open(from, pod, listener, address) : REFUSED
  }

  function open(from: Origin, pod: Pod, l: Listener, address: string): Connection {
    const visitor: Visitor = { address: from.address }
    const { http } = l
    return {
      outcome: 'open',
      address,
      port: l.port,
      ...(l.tls ? { tls: true } : {}),
      ...(l.banner !== undefined ? { banner: l.banner } : {}),
      ...(http
        ? {
            http: (q) => {
              const r = http(q, visitor)
              const line = l.access?.(q, r, visitor)
              if (line !== undefined) o.visited?.(pod, l, line)
              return r
            },
          }
        : {}),
    }
  }

  /** An address that is no Service's any more. */
  function toAddress(from: Origin, address: string, port: number, protocol: Protocol): Connection {
    if (/^127\.|^::1$/.test(address) || (from.pod && address === from.address && !from.pod.spec?.hostNetwork)) {
      if (!from.pod) return REFUSED
      const listener = listenerAt(from.pod, port, protocol)
      return listener ? open(from, from.pod, listener, address) : REFUSED
    }
    const pods = podsAt(address)
    const own = pods.find((p) => !p.spec?.hostNetwork)
    if (own) return toPod(from, own, address, port, protocol)
    const node = nodeAt(address)
    if (node) {
      if (!lets(from, { address }, port, protocol)) return TIMEOUT
      for (const p of pods) {
        const l = listenerAt(p, port, protocol)
        if (l) return open(from, p, l, address)
      }
      for (const p of lister.list<Pod>('pods'))
        if (p.spec?.nodeName === node.metadata.name && alive(p))
          for (const c of p.spec?.containers ?? [])
            for (const cp of c.ports ?? [])
              if (cp.hostPort === port && (cp.protocol ?? 'TCP') === protocol)
                return toPod(from, p, p.status?.podIP ?? '', cp.containerPort, protocol)
      for (const s of services())
        if (s.spec?.type === 'NodePort' || s.spec?.type === 'LoadBalancer') {
          const p = s.spec.ports?.find((x) => x.nodePort === port && (x.protocol ?? 'TCP') === protocol)
          if (p) return toService(s, p, protocol, { ...from, node: node.metadata.name ?? '' }, true)
        }
      if (port === 10250 && protocol === 'TCP') return kubelet(address, port)
      if (port === 6443 && protocol === 'TCP' && isControlPlane(node))
        return apiServer(profile.version.server, address, port)
      return REFUSED
    }
    if (!lets(from, { address }, port, protocol)) return TIMEOUT
    // the API server may have an address that is no node's
    if (
      lister
        .list<EndpointSlice>(SLICES, 'default', { [SERVICE_NAME]: 'kubernetes' })
        .some((s) => s.ports?.some((p) => p.port === port) && s.endpoints?.some((e) => e.addresses.includes(address)))
    )
      return apiServer(profile.version.server, address, port)
    if (within(profile.podCIDR, address) || nodes().some((n) => n.spec?.podCIDR && within(n.spec.podCIDR, address)))
      return { outcome: 'unreachable' }
    const known = Object.entries(profile.external ?? {}).find(([, v]) => typeof v !== 'string' && v.includes(address))
    if (known && protocol === 'TCP' && (port === 80 || port === 443)) return webSite(known[0], address, port)
    return TIMEOUT
  }

  const isControlPlane = (n: Node): boolean =>
    Object.hasOwn(n.metadata.labels ?? {}, 'node-role.kubernetes.io/control-plane') || nodes().length === 1
  function connect(from: Origin, address: string, port: number, protocol: Protocol = 'TCP'): Connection {
    for (const s of services()) {
      const ips = s.spec?.clusterIPs ?? (s.spec?.clusterIP ? [s.spec.clusterIP] : [])
      const cluster = ips.includes(address) && address !== 'None'
      const outside =
        (s.spec?.externalIPs ?? []).includes(address) ||
        (s.status?.loadBalancer?.ingress ?? []).some((i) => i.ip === address)
      if (!cluster && !outside) continue
      const p = s.spec?.ports?.find((x) => x.port === port && (x.protocol ?? 'TCP') === protocol)
      if (p) return toService(s, p, protocol, from, outside && !cluster)
      // no rule for this port: the packet leaves for nowhere
      if (cluster) return TIMEOUT
    }
    if (within(profile.serviceCIDR, address)) return TIMEOUT
    return toAddress(from, address, port, protocol)
  }

  return {
    connect,
    podAt,
    ping(from, address) {
      if (/^127\.|^::1$/.test(address) || address === from.address) return true
      const pod = podsAt(address).find((p) => !p.spec?.hostNetwork)
      // policies know no ICMP: what lets some port through lets pings through here
      if (pod)
        return (
          pod.status?.phase === 'Running' &&
          (lets(from, { address, pod }, 0, 'TCP') ||
            o.listeners(pod).some((l) => lets(from, { address, pod }, l.port, l.protocol ?? 'TCP')))
        )
      if (nodeAt(address)) return true
      // a cluster IP exists only in the rules for its ports: with iptables it answers no ping
      return Object.values(profile.external ?? {}).some((v) => typeof v !== 'string' && v.includes(address))
    },
  }
}
