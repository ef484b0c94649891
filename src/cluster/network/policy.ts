// NetworkPolicy on the simulated path of a connection: whether a pod may send to, and be reached from;
// networking.k8s.io/v1 as its documentation has it.
import type { Namespace, Pod } from '../../apimachinery/api/core.v1.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../apimachinery/api/networking.v1.ts'
import { cidrContains, parseCIDR, parseIP } from '../../apimachinery/ip.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import type { Lister } from '../lister.ts'

/** One end of a connection: a pod, or an address outside. */
export interface End {
  readonly address: string
  readonly pod?: Pod
}
export interface Flow {
  readonly from: End
  readonly to: End
  readonly port: number
  readonly protocol: 'TCP' | 'UDP'
}

function inBlock(cidr: string, address: string): boolean {
  const range = parseCIDR(cidr)
  const ip = parseIP(address)
  return range !== undefined && ip !== undefined && cidrContains(range, ip)
}

function peerMatches(lister: Lister, policy: NetworkPolicy, peer: NetworkPolicyPeer, end: End): boolean {
  if (peer.ipBlock)
    return inBlock(peer.ipBlock.cidr, end.address) && !(peer.ipBlock.except ?? []).some((c) => inBlock(c, end.address))
  // selectors match pods by their own network only
  if (!end.pod || end.pod.spec?.hostNetwork) return false
  const namespace = end.pod.metadata.namespace ?? ''
  if (peer.namespaceSelector) {
    const labels = lister.get<Namespace>('namespaces', '', namespace)?.metadata.labels
    if (!matches(fromLabelSelector(peer.namespaceSelector), labels)) return false
  } else if (namespace !== policy.metadata.namespace) return false
  return !peer.podSelector || matches(fromLabelSelector(peer.podSelector), end.pod.metadata.labels)
}

function portMatches(p: NetworkPolicyPort, flow: Flow): boolean {
  if ((p.protocol ?? 'TCP') !== flow.protocol) return false
  if (p.port === undefined) return true
  if (typeof p.port === 'number')
    return p.endPort !== undefined ? flow.port >= p.port && flow.port <= p.endPort : flow.port === p.port
  const named = (flow.to.pod?.spec?.containers ?? [])
    .flatMap((c) => c.ports ?? [])
    .find((x) => x.name === p.port && (x.protocol ?? 'TCP') === flow.protocol)
  return named?.containerPort === flow.port
}

function allows(lister: Lister, pod: Pod, direction: 'Ingress' | 'Egress', flow: Flow, other: End): boolean {
  const policies = lister
    .list<NetworkPolicy>('networkpolicies.networking.k8s.io', pod.metadata.namespace ?? '')
    .filter((p) => {
      const types = p.spec?.policyTypes ?? ['Ingress', ...(p.spec?.egress ? ['Egress'] : [])]
      return types.includes(direction) && matches(fromLabelSelector(p.spec?.podSelector ?? {}), pod.metadata.labels)
    })
  if (policies.length === 0) return true
  return policies.some((p) => {
    const rules: readonly {
      readonly peers: readonly NetworkPolicyPeer[] | undefined
      readonly ports: readonly NetworkPolicyPort[] | undefined
    }[] =
      direction === 'Ingress'
        ? (p.spec?.ingress ?? []).map((r) => ({ peers: r.from, ports: r.ports }))
        : (p.spec?.egress ?? []).map((r) => ({ peers: r.to, ports: r.ports }))
    return rules.some(
      (r) =>
        (!r.peers?.length || r.peers.some((x) => peerMatches(lister, p, x, other))) &&
        (!r.ports?.length || r.ports.some((x) => portMatches(x, flow))),
    )
  })
}

/**
 * Whether every policy along the way lets the connection through. A pod always reaches itself, and its own node reaches
 * it.
 */
export function permitted(lister: Lister, flow: Flow): boolean {
  const { from, to } = flow
  if (from.pod && to.pod && from.pod.metadata.uid === to.pod.metadata.uid) return true
  if (lister.list('networkpolicies.networking.k8s.io').length === 0) return true
  if (from.pod && !from.pod.spec?.hostNetwork && !allows(lister, from.pod, 'Egress', flow, to)) return false
  if (to.pod && !to.pod.spec?.hostNetwork && !allows(lister, to.pod, 'Ingress', flow, from)) return false
  return true
}
