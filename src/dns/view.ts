// ClusterView: all the resolver may know of the cluster, in narrow shapes. cluster/dns.ts makes one from the listers.

export interface ServicePortView {
  readonly name: string
  readonly protocol: string
  readonly port: number
}
export interface ServiceView {
  readonly namespace: string
  readonly name: string
  /** [] for ExternalName; ['None'] never appears: `headless` says it. */
  readonly clusterIPs: readonly string[]
  readonly headless: boolean
  readonly externalName?: string
  readonly ports: readonly ServicePortView[]
}
/** One endpoint address of a Service, as an EndpointSlice lists it. */
export interface EndpointView {
  readonly addresses: readonly string[]
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN'
  readonly hostname?: string
  readonly ready: boolean
  /** The pod behind it. */
  readonly podName?: string
  /** The name of what it stands for, of whatever kind: what endpoint_pod_names calls it by. */
  readonly target?: string
  readonly slice: string
  readonly ports: readonly ServicePortView[]
}
export interface PodView {
  readonly namespace: string
  readonly name: string
  readonly ip: string
}

export interface EndpointOwner {
  readonly namespace: string
  readonly name: string
  readonly service?: ServiceView
  readonly endpoint: EndpointView
}

export interface ClusterView {
  /** The store's revision: an answer stays good while it does not change. */
  readonly revision: number
  namespaceExists(name: string): boolean
  namespaces(): readonly string[]
  service(namespace: string, name: string): ServiceView | undefined
  services(): readonly ServiceView[]
  /** Endpoints of all the Service's slices, in slice order. */
  endpoints(namespace: string, service: string): readonly EndpointView[]
  serviceByIP(ip: string): ServiceView | undefined
  /**
   * The endpoints at this address, each with the Service its slice names; `service` is missing when there is none of
   * that name.
   */
  endpointsByIP(ip: string): readonly EndpointOwner[]
  podByIP(namespace: string, ip: string): PodView | undefined
}
