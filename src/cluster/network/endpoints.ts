// Which endpoint of a Service a client gets: as kube-proxy chooses among the slices.
import type { Service } from '../../apimachinery/api/core.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import type { Entropy } from '../../apimachinery/ports.ts'
import type { Lister } from '../lister.ts'

/** The resource of slices, and the label that says whose they are. */
export const SLICES = 'endpointslices.discovery.k8s.io'
export const SERVICE_NAME = 'kubernetes.io/service-name'

export type Protocol = 'TCP' | 'UDP'
/** Where a Service leads a client: an endpoint, or why nowhere. */
export type Chosen = { readonly address: string; readonly port: number } | 'no endpoints' | 'no local endpoints'

/** Who asks a Service for what. */
export interface Wanted {
  readonly service: Service
  readonly portName: string
  readonly protocol: Protocol
  readonly from: { readonly address: string; readonly node: string }
  /** It comes by a node port or an address from outside. */
  readonly external: boolean
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

/** An endpoint of a Service's port for this client. */
export function chooseEndpoint(lister: Lister, entropy: Entropy, wanted: Wanted): Chosen {
  const { service, portName, protocol, from, external } = wanted
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
      : entropy.int(usable.length)
  return usable[at] ?? 'no endpoints'
}
