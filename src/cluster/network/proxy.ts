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
import { permitted } from './policy.ts'

const SLICES = 'endpointslices.discovery.k8s.io'
const SERVICE_NAME = 'kubernetes.io/service-name'

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

export type Protocol = 'TCP' | 'UDP'
const REFUSED: Connection = { outcome: 'refused' }
const TIMEOUT: Connection = { outcome: 'timeout' }

/** Where a Service leads a client: an endpoint, or why nowhere. */
export type Chosen = { readonly address: string; readonly port: number } | 'no endpoints' | 'no local endpoints'

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

/** A number from texts, the same each time: who had this endpoint before gets it again. */
function hash(text: string): number {
  let h = 2166136261
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i)
    h = Math.imul(h, 16777619)
  }
  return h >>> 0
}

export interface Proxy {
  connect(from: Origin, address: string, port: number, protocol?: Protocol): Connection
  ping(from: Origin, address: string): boolean
  /** The pod with an address, running or not. */
  podAt(address: string): Pod | undefined
}

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

  /** An endpoint of a Service's port for this client. */
  function choose(service: Service, portName: string, protocol: Protocol, from: Origin, external: boolean): Chosen {
    const slices = lister.list<EndpointSlice>(SLICES, service.metadata.namespace ?? '', {
      [SERVICE_NAME]: service.metadata.name ?? '',
    })
    const all = slices.flatMap((s) =>
      (s.ports ?? [])
        .filter(
          (p) =>
            (p.name ?? '') === portName &&
            (p.protocol ?? 'TCP') === protocol &&
            p.port !== undefined &&
            s.addressType !== 'FQDN',
        )
        .flatMap((p) =>
          (s.endpoints ?? []).map((e) => ({
            address: e.addresses[0] ?? '',
            port: p.port ?? 0,
            node: e.nodeName,
            ready: e.conditions?.ready !== false,
            usable: e.conditions?.serving !== false && e.conditions?.terminating === true,
          })),
        ),
    )
    const local = external
      ? service.spec?.externalTrafficPolicy === 'Local'
      : service.spec?.internalTrafficPolicy === 'Local'
    const pick = (list: typeof all): typeof all => (local ? list.filter((e) => e.node === from.node) : list)
    let usable = pick(all.filter((e) => e.ready))
    // endpoints that are going away still serve when there is no other
    if (usable.length === 0) usable = pick(all.filter((e) => e.usable))
    if (usable.length === 0) return local && all.some((e) => e.ready) ? 'no local endpoints' : 'no endpoints'
    const at =
      service.spec?.sessionAffinity === 'ClientIP'
        ? hash(`${from.address} ${service.metadata.uid ?? ''}`) % usable.length
        : o.entropy.int(usable.length)
    return usable[at] ?? 'no endpoints'
  }

  function toService(
    service: Service,
    port: { readonly name?: string },
    protocol: Protocol,
    from: Origin,
    external: boolean,
  ): Connection {
    const chosen = choose(service, port.name ?? '', protocol, from, external)
    if (chosen === 'no endpoints') return REFUSED
    if (chosen === 'no local endpoints') return TIMEOUT
    return toAddress(from, chosen.address, chosen.port, protocol)
  }

  function toPod(from: Origin, pod: Pod, address: string, port: number, protocol: Protocol): Connection {
    if (
      !permitted(lister, {
        from: { address: from.address, ...(from.pod ? { pod: from.pod } : {}) },
        to: { address, pod },
        port,
        protocol,
      })
    )
      return TIMEOUT
    const listener = o.listeners(pod).find((l) => l.port === port && (l.protocol ?? 'TCP') === protocol)
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
      const listener = o.listeners(from.pod).find((l) => l.port === port && (l.protocol ?? 'TCP') === protocol)
      return listener ? open(from, from.pod, listener, address) : REFUSED
    }
    const pods = podsAt(address)
    const own = pods.find((p) => !p.spec?.hostNetwork)
    if (own) return toPod(from, own, address, port, protocol)
    const node = nodeAt(address)
    if (node) {
      if (
        !permitted(lister, {
          from: { address: from.address, ...(from.pod ? { pod: from.pod } : {}) },
          to: { address },
          port,
          protocol,
        })
      )
        return TIMEOUT
      for (const p of pods) {
        const l = o.listeners(p).find((x) => x.port === port && (x.protocol ?? 'TCP') === protocol)
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
      if (port === 10250 && protocol === 'TCP')
        return {
          outcome: 'open',
          address,
          port,
          tls: true,
          http: () => ({
            status: 401,
            reason: 'Unauthorized',
            version: '1.1',
            headers: [['Content-Type', 'text/plain; charset=utf-8']],
            body: 'Unauthorized',
          }),
        }
      if (port === 6443 && protocol === 'TCP' && isControlPlane(node)) return apiServer(address, port)
      return REFUSED
    }
    if (
      !permitted(lister, {
        from: { address: from.address, ...(from.pod ? { pod: from.pod } : {}) },
        to: { address },
        port,
        protocol,
      })
    )
      return TIMEOUT
    // the API server may have an address that is no node's
    if (
      lister
        .list<EndpointSlice>(SLICES, 'default', { [SERVICE_NAME]: 'kubernetes' })
        .some((s) => s.ports?.some((p) => p.port === port) && s.endpoints?.some((e) => e.addresses.includes(address)))
    )
      return apiServer(address, port)
    if (within(profile.podCIDR, address) || nodes().some((n) => n.spec?.podCIDR && within(n.spec.podCIDR, address)))
      return { outcome: 'unreachable' }
    const known = Object.entries(profile.external ?? {}).find(([, v]) => typeof v !== 'string' && v.includes(address))
    if (known && protocol === 'TCP' && (port === 80 || port === 443))
      return {
        outcome: 'open',
        address,
        port,
        tls: port === 443,
        http: (q) => ({
          status: 200,
          reason: 'OK',
          version: '1.1',
          headers: [
            ['Content-Type', 'text/html'],
            ['Content-Length', String(known[0].length + 1)],
          ],
          body: q.method === 'HEAD' ? '' : `${known[0]}\n`,
        }),
      }
    return TIMEOUT
  }

  const isControlPlane = (n: Node): boolean =>
    Object.hasOwn(n.metadata.labels ?? {}, 'node-role.kubernetes.io/control-plane') || nodes().length === 1
  const apiServer = (address: string, port: number): Connection => ({
    outcome: 'open',
    address,
    port,
    tls: true,
    http: (q) => {
      const open_ = /^\/(version|healthz|livez|readyz)\b/.test(q.path)
      const body = q.path.startsWith('/version')
        ? `${JSON.stringify({ major: '1', minor: /^v?1\.(\d+)/.exec(profile.version.server)?.[1] ?? '', gitVersion: profile.version.server, platform: 'linux/amd64' }, null, 2)}`
        : open_
          ? 'ok'
          : JSON.stringify(
              {
                kind: 'Status',
                apiVersion: 'v1',
                metadata: {},
                status: 'Failure',
                message: `forbidden: User "system:anonymous" cannot get path "${q.path}"`,
                reason: 'Forbidden',
                details: {},
                code: 403,
              },
              null,
              2,
            )
      return {
        status: open_ ? 200 : 403,
        reason: open_ ? 'OK' : 'Forbidden',
        version: '1.1',
        headers: [
          ['Content-Type', 'application/json'],
          ['Content-Length', String(Buffer.byteLength(body))],
        ],
        body,
      }
    },
  })

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
          (permitted(lister, {
            from: { address: from.address, ...(from.pod ? { pod: from.pod } : {}) },
            to: { address, pod },
            port: 0,
            protocol: 'TCP',
          }) ||
            o.listeners(pod).some((l) =>
              permitted(lister, {
                from: { address: from.address, ...(from.pod ? { pod: from.pod } : {}) },
                to: { address, pod },
                port: l.port,
                protocol: l.protocol ?? 'TCP',
              }),
            ))
        )
      if (nodeAt(address)) return true
      // a cluster IP exists only in the rules for its ports: with iptables it answers no ping
      return Object.values(profile.external ?? {}).some((v) => typeof v !== 'string' && v.includes(address))
    },
  }
}
