// The cluster as DNS sees it: a ClusterView from the listers, and the resolver's options from the profile; CoreDNS's
// object/ conversions.
import type { EndpointSlice } from '../apimachinery/api/discovery.v1.ts'
import type { Namespace, Pod, Service } from '../apimachinery/api/core.v1.ts'
import { parseIPv4, parseIPv6 } from '../dns/address.ts'
import { fqdn } from '../dns/qname.ts'
import type { ClusterView, EndpointOwner, EndpointView, ServicePortView, ServiceView } from '../dns/view.ts'
import type { ResolverOptions } from '../dns/resolver.ts'
import type { Lister } from './lister.ts'
import type { Profile } from './profile.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

function serviceView(s: Service): ServiceView {
  const external = s.spec?.type === 'ExternalName'
  const ips = s.spec?.clusterIPs ?? (s.spec?.clusterIP ? [s.spec.clusterIP] : [])
  const headless = !external && ips[0] === 'None'
  const ports: ServicePortView[] = (s.spec?.ports ?? []).map((p) => ({
    name: p.name ?? '',
    protocol: p.protocol ?? 'TCP',
    port: p.port,
  }))
  return {
    namespace: s.metadata.namespace ?? '',
    name: s.metadata.name ?? '',
    headless,
    clusterIPs: external || headless ? [] : ips.filter((ip) => ip !== ''),
    ports,
    ...(external ? { externalName: s.spec?.externalName ?? '' } : {}),
  }
}

function endpointViews(slice: EndpointSlice): readonly EndpointView[] {
  const ports: ServicePortView[] = (slice.ports ?? []).map((p) => ({
    name: p.name ?? '',
    protocol: p.protocol ?? 'TCP',
    port: p.port ?? -1,
  }))
  return (slice.endpoints ?? []).map((e) => ({
    addresses: e.addresses,
    addressType: slice.addressType === 'IPv6' || slice.addressType === 'FQDN' ? slice.addressType : 'IPv4',
    ready: e.conditions?.ready !== false,
    slice: slice.metadata.name ?? '',
    ports,
    ...(e.hostname ? { hostname: e.hostname } : {}),
    ...(e.targetRef?.name ? { target: e.targetRef.name } : {}),
    ...(e.targetRef?.kind === 'Pod' && e.targetRef.name ? { podName: e.targetRef.name } : {}),
  }))
}

/** A view of the state that the lister reads now; made anew whenever the revision changes. */
export function clusterView(lister: Lister, revision: number): ClusterView {
  const services = new Map<string, ServiceView | undefined>()
  const service = (namespace: string, name: string): ServiceView | undefined => {
    const key = `${namespace}/${name}`
    if (!services.has(key)) {
      const s = lister.get<Service>('services', namespace, name)
      services.set(key, s && serviceView(s))
    }
    return services.get(key)
  }
  let all: readonly ServiceView[] | undefined
  const every = (): readonly ServiceView[] => (all ??= lister.list<Service>('services').map(serviceView))
  let byAddress: Map<string, EndpointOwner[]> | undefined
  return {
    revision,
    namespaceExists: (name) => lister.get<Namespace>('namespaces', '', name) !== undefined,
    namespaces: () => lister.list<Namespace>('namespaces').map((n) => n.metadata.name ?? ''),
    service,
    services: every,
    endpoints: (namespace, name) =>
      lister
        .list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace, { [SERVICE_NAME]: name })
        .flatMap(endpointViews),
    serviceByIP: (ip) => every().find((s) => s.clusterIPs.includes(ip)),
    endpointsByIP: (ip) => {
      if (!byAddress) {
        byAddress = new Map()
        for (const slice of lister.list<EndpointSlice>('endpointslices.discovery.k8s.io')) {
          // a slice of no Service has one without a name: its addresses are found, and cannot be written
          const name = slice.metadata.labels?.[SERVICE_NAME] ?? ''
          const namespace = slice.metadata.namespace ?? ''
          const owner = service(namespace, name)
          for (const endpoint of endpointViews(slice))
            for (const a of endpoint.addresses) {
              const list = byAddress.get(a)
              const entry: EndpointOwner = { namespace, name, ...(owner ? { service: owner } : {}), endpoint }
              if (list) list.push(entry)
              else byAddress.set(a, [entry])
            }
        }
      }
      return byAddress.get(ip) ?? []
    },
    podByIP: (namespace, ip) => {
      const p = lister
        .list<Pod>('pods', namespace)
        .find((x) => x.status?.podIP === ip && x.status.phase !== 'Succeeded' && x.status.phase !== 'Failed')
      return p ? { namespace, name: p.metadata.name ?? '', ip } : undefined
    },
  }
}

/**
 * The zones that are served besides the domain: names as they are, address ranges as the reverse zones that cover them.
 */
export function servedZones(zones: readonly string[]): readonly string[] {
  return zones.flatMap((z) => {
    const [address = '', bits] = z.split('/')
    if (bits === undefined) return [fqdn(z).toLowerCase()]
    const bytes = parseIPv4(address) ?? parseIPv6(address)
    if (!bytes || Number(bits) > bytes.length * 8) return []
    const v6 = bytes.length === 16
    const digits = v6 ? [...bytes].flatMap((b) => [b >> 4, b & 15]) : [...bytes]
    const width = v6 ? 4 : 8
    const whole = Math.max(1, Math.ceil(Number(bits) / width))
    // a range that ends inside a digit of the name is all the zones that it covers
    const count = 1 << (whole * width - Number(bits))
    const last = (digits[whole - 1] ?? 0) & ~(count - 1)
    return Array.from(
      { length: count },
      (_, i) =>
        [...digits.slice(0, whole - 1), last + i]
          .map((d) => d.toString(v6 ? 16 : 10))
          .reverse()
          .join('.') + (v6 ? '.ip6.arpa.' : '.in-addr.arpa.'),
    )
  })
}

/**
 * All the resolver needs, from the profile and the state. `serial` is the time of the newest change, in seconds, as
 * CoreDNS has it.
 */
export function resolverOptions(
  view: ClusterView,
  profile: Profile,
  now: number,
  shuffle: ResolverOptions['shuffle'],
): ResolverOptions {
  const { dns } = profile
  const pods = dns.systemPods === false ? [] : view.endpoints('kube-system', 'kube-dns').flatMap((e) => e.addresses)
  // without pods of its own, DNS is served from the first node, as a process beside the API server
  const own =
    pods.length > 0 ? pods : [dns.systemPods === false ? (profile.nodes[0]?.internalIP ?? dns.address) : dns.address]
  return {
    view,
    domain: dns.domain,
    ttl: dns.ttl ?? 30,
    external: profile.external ?? {},
    serial: Math.floor(now / 1000),
    addresses: own,
    shuffle,
    zones: servedZones(dns.zones ?? ['in-addr.arpa', 'ip6.arpa']),
    lookup: {
      pods: dns.pods ?? 'insecure',
      ...(dns.endpointPodNames ? { endpointPodNames: true } : {}),
      ...(dns.namespaces ? { namespaces: dns.namespaces } : {}),
      ...(dns.ignoreEmptyService ? { ignoreEmptyService: true } : {}),
      ...(dns.noEndpoints ? { noEndpoints: true } : {}),
    },
  }
}
