// The cluster as DNS sees it: a ClusterView from the listers, and the resolver's options from the profile; CoreDNS's object/ conversions.
import type { EndpointSlice } from '../apimachinery/api/discovery.v1.ts'
import type { Namespace, Pod, Service } from '../apimachinery/api/core.v1.ts'
import type { ClusterView, EndpointView, ServicePortView, ServiceView } from '../dns/view.ts'
import type { ResolverOptions } from '../dns/resolver.ts'
import type { Lister } from './lister.ts'
import type { Profile } from './profile.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

function serviceView(s: Service): ServiceView {
  const external = s.spec?.type === 'ExternalName'
  const ips = s.spec?.clusterIPs ?? (s.spec?.clusterIP ? [s.spec.clusterIP] : [])
  const headless = !external && ips[0] === 'None'
  const ports: ServicePortView[] = (s.spec?.ports ?? []).map((p) => ({ name: p.name ?? '', protocol: p.protocol ?? 'TCP', port: p.port }))
  return { namespace: s.metadata.namespace ?? '', name: s.metadata.name ?? '', headless, clusterIPs: external || headless ? [] : ips.filter((ip) => ip !== ''), ports, ...(external ? { externalName: s.spec?.externalName ?? '' } : {}) }
}

function endpointViews(slice: EndpointSlice): readonly EndpointView[] {
  const ports: ServicePortView[] = (slice.ports ?? []).map((p) => ({ name: p.name ?? '', protocol: p.protocol ?? 'TCP', port: p.port ?? 0 }))
  return (slice.endpoints ?? []).map((e) => ({
    addresses: e.addresses, addressType: slice.addressType === 'IPv6' || slice.addressType === 'FQDN' ? slice.addressType : 'IPv4', ready: e.conditions?.ready !== false, slice: slice.metadata.name ?? '', ports,
    ...(e.hostname ? { hostname: e.hostname } : {}), ...(e.targetRef?.kind === 'Pod' && e.targetRef.name ? { podName: e.targetRef.name, ...(e.targetRef.uid ? { podUid: e.targetRef.uid } : {}) } : {}),
  }))
}

/** A view of the state that the lister reads now; made anew whenever the revision changes. */
export function clusterView(lister: Lister, revision: number): ClusterView {
  const services = new Map<string, ServiceView | undefined>()
  const service = (namespace: string, name: string): ServiceView | undefined => {
    const key = `${namespace}/${name}`
    if (!services.has(key)) { const s = lister.get<Service>('services', namespace, name); services.set(key, s && serviceView(s)) }
    return services.get(key)
  }
  let all: readonly ServiceView[] | undefined
  const every = (): readonly ServiceView[] => (all ??= lister.list<Service>('services').map(serviceView))
  let byAddress: Map<string, { readonly service: ServiceView; readonly endpoint: EndpointView }[]> | undefined
  return {
    revision,
    namespaceExists: (name) => lister.get<Namespace>('namespaces', '', name) !== undefined,
    namespaces: () => lister.list<Namespace>('namespaces').map((n) => n.metadata.name ?? ''),
    service,
    services: every,
    endpoints: (namespace, name) => lister.list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace, { [SERVICE_NAME]: name }).flatMap(endpointViews),
    serviceByIP: (ip) => every().find((s) => s.clusterIPs.includes(ip)),
    endpointsByIP: (ip) => {
      if (!byAddress) {
        byAddress = new Map()
        for (const slice of lister.list<EndpointSlice>('endpointslices.discovery.k8s.io')) {
          const name = slice.metadata.labels?.[SERVICE_NAME]
          const owner = name ? service(slice.metadata.namespace ?? '', name) : undefined
          if (!owner) continue
          for (const endpoint of endpointViews(slice)) for (const a of endpoint.addresses) {
            const list = byAddress.get(a)
            if (list) list.push({ service: owner, endpoint }); else byAddress.set(a, [{ service: owner, endpoint }])
          }
        }
      }
      return byAddress.get(ip) ?? []
    },
    podByIP: (namespace, ip) => {
      const p = lister.list<Pod>('pods', namespace).find((x) => x.status?.podIP === ip && x.status.phase !== 'Succeeded' && x.status.phase !== 'Failed')
      return p ? { namespace, name: p.metadata.name ?? '', ip } : undefined
    },
  }
}

/** All the resolver needs, from the profile and the state. `serial` is the time of the newest change, in seconds, as CoreDNS has it. */
export function resolverOptions(view: ClusterView, profile: Profile, now: number, shuffle: ResolverOptions['shuffle']): ResolverOptions {
  const dns = view.service('kube-system', 'kube-dns')
  const pods = dns ? view.endpoints('kube-system', 'kube-dns').flatMap((e) => e.addresses) : []
  return { view, domain: profile.dns.domain, ttl: profile.dns.ttl ?? 30, pods: profile.dns.pods ?? 'insecure', external: profile.external ?? {}, serial: Math.floor(now / 1000), addresses: pods.length > 0 ? pods : [profile.dns.address], shuffle }
}
