// What a request finds in the cluster: Services, endpoints and pod names, as CoreDNS's kubernetes plugin finds them
// (kubernetes.go), and why.
import { family } from './address.ts'
import type { RecordRequest } from './request.ts'
import type { ClusterView, EndpointView, ServiceView } from './view.ts'

export type PodMode = 'disabled' | 'insecure' | 'verified'

/** The kubernetes plugin's options that decide which names exist. */
export interface LookupOptions {
  readonly pods: PodMode
  /** endpoint_pod_names: an endpoint without a hostname is called by its pod's name. */
  readonly endpointPodNames?: boolean
  /** Only these namespaces are served; all when absent or empty. */
  readonly namespaces?: readonly string[]
  /** ignore empty_service: a Service with a cluster IP and without ready endpoints does not exist. */
  readonly ignoreEmptyService?: boolean
  /** noendpoints: endpoints are not known at all. */
  readonly noEndpoints?: boolean
}

/**
 * One thing found: an address or a name, the port it has, and the owner name of its own record, relative to the zone.
 */
export interface Found {
  readonly host: string
  /** -1: a Service without ports; it has an address but no SRV record. */
  readonly port: number
  readonly ttl?: number
  /** `web.default.svc`, `10-1-0-5.web.default.svc`. */
  readonly key: string
  /** `Service default/web`, `Pod default/web-0`: the object the record comes from. */
  readonly origin: string
}
export interface Lookup {
  readonly found: readonly Found[]
  readonly exists: boolean
}

/**
 * The name of an endpoint below its Service: its hostname, else (endpoint_pod_names) its target's, else its address
 * with dashes.
 */
export function endpointHostname(
  address: string,
  endpoint: Pick<EndpointView, 'hostname' | 'target'>,
  o: Pick<LookupOptions, 'endpointPodNames'>,
): string {
  if (endpoint.hostname) return endpoint.hostname
  // the kind does not matter; a name too long for a label is passed over
  if (o.endpointPodNames && endpoint.target && endpoint.target.length < 64) return endpoint.target
  if (address.includes('.')) return address.replaceAll('.', '-')
  const dashed = address.replaceAll(':', '-')
  return dashed.endsWith('-') ? `${dashed}0` : dashed
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
const ports = <T extends { readonly port: number }>(
  list: readonly T[],
): readonly (T | { readonly name: string; readonly protocol: string; readonly port: number })[] =>
  list.length === 0 ? [{ name: '', protocol: '', port: -1 }] : list
const originOf = (service: Pick<ServiceView, 'namespace'>, e: EndpointView): string =>
  e.podName ? `Pod ${service.namespace}/${e.podName}` : `EndpointSlice ${service.namespace}/${e.slice}`

/** The endpoints of a Service that DNS knows: the ready ones. */
export const published = (
  view: ClusterView,
  service: ServiceView,
  o: Pick<LookupOptions, 'noEndpoints'>,
): readonly EndpointView[] =>
  o.noEndpoints ? [] : view.endpoints(service.namespace, service.name).filter((e) => e.ready)
/** Whether a namespace exists and is served. */
export const exposed = (view: ClusterView, namespace: string, o: Pick<LookupOptions, 'namespaces'>): boolean =>
  (!o.namespaces?.length || o.namespaces.includes(namespace)) && view.namespaceExists(namespace)

const NXDOMAIN: Lookup = { found: [], exists: false }
const NODATA: Lookup = { found: [], exists: true }

/**
 * Finds what a request means. `exists: false` becomes NXDOMAIN; nothing found under a name that exists becomes an
 * answer without records.
 */
export function lookup(view: ClusterView, r: RecordRequest, o: LookupOptions, why: string[]): Lookup {
  if (r.kind === '') {
    why.push('the name is a branch of the zone and holds no records')
    return NODATA
  }
  if (!exposed(view, r.namespace, o)) {
    why.push(
      view.namespaceExists(r.namespace)
        ? `namespace ${r.namespace} is not among those that DNS serves`
        : `there is no namespace ${r.namespace}`,
    )
    return NXDOMAIN
  }
  if (r.kind === 'pod' && o.pods === 'disabled') {
    why.push('pod names are off (pods disabled)')
    return NXDOMAIN
  }
  if (r.service === '') {
    why.push(`the name stands for namespace ${r.namespace} and holds no records`)
    return NODATA
  }
  return r.kind === 'pod' ? findPod(view, r, o.pods, why) : findService(view, r, o, why)
}

function findPod(view: ClusterView, r: RecordRequest, mode: PodMode, why: string[]): Lookup {
  const dashes = r.service.split('-').length - 1
  const ip = dashes === 3 && !r.service.includes('--') ? r.service.replaceAll('-', '.') : r.service.replaceAll('-', ':')
  if (mode === 'insecure') {
    if (!family(ip)) {
      why.push(`${r.service} is not an address with dashes; pods have no names here but their addresses`)
      return NXDOMAIN
    }
    why.push(`pods insecure: any address in a namespace that exists is answered, pod or not`)
    const pod = view.podByIP(r.namespace, ip)
    return {
      exists: true,
      found: [
        {
          host: ip,
          port: 0,
          key: `${r.service}.${r.namespace}.pod`,
          origin: pod ? `Pod ${pod.namespace}/${pod.name}` : `Namespace ${r.namespace}`,
        },
      ],
    }
  }
  const pod = view.podByIP(r.namespace, ip)
  if (!pod) {
    why.push(`pods verified: no pod of namespace ${r.namespace} has the address ${ip}`)
    return NXDOMAIN
  }
  why.push(`Pod ${pod.namespace}/${pod.name} has the address ${ip}`)
  return {
    exists: true,
    found: [{ host: ip, port: 0, key: `${r.service}.${r.namespace}.pod`, origin: `Pod ${pod.namespace}/${pod.name}` }],
  }
}

function findService(view: ClusterView, r: RecordRequest, o: LookupOptions, why: string[]): Lookup {
  const service = view.service(r.namespace, r.service)
  if (!service) {
    why.push(`there is no Service ${r.service} in namespace ${r.namespace}`)
    return NXDOMAIN
  }
  const origin = `Service ${service.namespace}/${service.name}`
  const key = `${service.name}.${service.namespace}.svc`
  const portMatches = (p: { readonly name: string; readonly protocol: string }): boolean =>
    (r.port === '' || same(r.port, p.name)) && (r.protocol === '' || same(r.protocol, p.protocol))
  if (service.externalName !== undefined) {
    if (r.endpoint !== '' || r.port !== '' || r.protocol !== '') {
      why.push(`${origin} is of type ExternalName: nothing exists below its name`)
      return NXDOMAIN
    }
    if (family(service.externalName)) {
      why.push(`${origin} has the external name ${service.externalName}, an address: a CNAME cannot lead there`)
      return NXDOMAIN
    }
    why.push(`${origin} is of type ExternalName: a CNAME to ${service.externalName}`)
    return { exists: true, found: [{ host: service.externalName, port: 0, key, origin }] }
  }
  const ready = service.headless || r.endpoint !== '' || o.ignoreEmptyService ? published(view, service, o) : []
  if (o.ignoreEmptyService && !service.headless && ready.length === 0) {
    why.push(`${origin} has no ready endpoint, and such Services are left out (ignore empty_service)`)
    return NXDOMAIN
  }
  if (service.headless || r.endpoint !== '') {
    const all = o.noEndpoints ? [] : view.endpoints(service.namespace, service.name)
    if (o.noEndpoints) why.push('endpoints are not known to DNS (noendpoints)')
    if (service.headless && r.endpoint === '')
      why.push(
        `${origin} is headless: one answer for each ready endpoint (${ready.length} of ${all.length} ${all.length === 1 ? 'is' : 'are'} ready)`,
      )
    else why.push(`${r.endpoint} must be the hostname, or the address with dashes, of a ready endpoint of ${origin}`)
    const found: Found[] = []
    for (const e of ready)
      for (const address of e.addresses) {
        const host = endpointHostname(address, e, o)
        if (r.endpoint !== '' && !same(r.endpoint, host)) continue
        for (const p of ports(e.ports)) {
          if (!portMatches(p)) continue
          found.push({ host: address, port: p.port, key: `${host}.${key}`, origin: originOf(service, e) })
        }
      }
    for (const e of ready.filter((x) => found.some((f) => x.addresses.includes(f.host))).slice(0, 20))
      why.push(`slice ${e.slice}: ${e.addresses.join(', ')}${e.podName ? ` (pod ${e.podName})` : ''}`)
    if (found.length === 0)
      why.push(
        ready.length === 0
          ? 'no endpoint is ready, so the name does not exist'
          : r.port !== '' || r.protocol !== ''
            ? `no endpoint has a port ${r.port}/${r.protocol}`
            : 'no endpoint has that name',
      )
    return { exists: found.length > 0, found }
  }
  const matching = ports(service.ports).filter(portMatches)
  if (matching.length === 0) {
    why.push(`${origin} has no port named ${r.port} with protocol ${r.protocol}`)
    return NXDOMAIN
  }
  why.push(`${origin} has the cluster IP ${service.clusterIPs.join(', ') || '(none)'}`)
  return {
    exists: true,
    found: matching.flatMap((p) => service.clusterIPs.map((ip) => ({ host: ip, port: p.port, key, origin }))),
  }
}

/** What has an address: the Service whose cluster IP it is, else every endpoint at it. Full keys below the zone. */
export function lookupAddress(view: ClusterView, ip: string, o: LookupOptions, why: string[]): readonly Found[] {
  const served = (namespace: string): boolean => !o.namespaces?.length || exposed(view, namespace, o)
  const service = view.serviceByIP(ip)
  if (service && served(service.namespace)) {
    why.push(`${ip} is the cluster IP of Service ${service.namespace}/${service.name}`)
    return [
      {
        host: `${service.name}.${service.namespace}.svc`,
        port: 0,
        key: '',
        origin: `Service ${service.namespace}/${service.name}`,
      },
    ]
  }
  const found = o.noEndpoints ? [] : view.endpointsByIP(ip).filter((x) => x.endpoint.ready && served(x.namespace))
  for (const { namespace, name, endpoint: e } of found)
    why.push(
      `${ip} is an endpoint of Service ${namespace}/${name} (slice ${e.slice}${e.podName ? `, pod ${e.podName}` : ''})`,
    )
  if (found.length === 0) why.push(`${ip} is neither a cluster IP nor a ready endpoint`)
  return found.map(({ namespace, name, endpoint: e }) => ({
    host: `${endpointHostname(ip, e, o)}.${name}.${namespace}.svc`,
    port: 0,
    key: '',
    origin: originOf({ namespace }, e),
  }))
}
