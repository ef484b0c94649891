// The files that the kubelet puts in place in every container: /etc/hostname, /etc/hosts, /etc/resolv.conf; as pkg/kubelet
// and its network/dns write them.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import type { Profile } from '../profile.ts'

/**
 * The name server of the nodes themselves, in their own resolv.conf: the router of their network, which knows no name
 * of the cluster.
 */
export const nodeNameServer = (profile: Profile): string =>
  (profile.nodes[0]?.internalIP ?? '').replace(/^(\d+\.\d+\.\d+)\.\d+$/, '$1.1') || '127.0.0.53'

/** What the kubelet lets through of name servers and search domains (dns.go). */
const MOST = { nameservers: 3, search: 32 } as const

/** /etc/resolv.conf as the kubelet writes it, by dnsPolicy and dnsConfig. */
export function resolvConf(pod: Pod, profile: Profile): string {
  const { domain, address, search: nodeSearch = [] } = profile.dns
  const ns = pod.metadata.namespace ?? 'default'
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst'
  const cluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec?.hostNetwork)
  let nameservers = cluster ? [address] : policy === 'None' ? [] : [nodeNameServer(profile)]
  let search = cluster
    ? [`${ns}.svc.${domain}`, `svc.${domain}`, domain, ...nodeSearch]
    : policy === 'None'
      ? []
      : [...nodeSearch]
  const options = new Map<string, string | undefined>(cluster ? [['ndots', '5']] : [])
  const config = pod.spec?.dnsConfig
  nameservers = [...new Set([...nameservers, ...(config?.nameservers ?? [])])].slice(0, MOST.nameservers)
  search = [...new Set([...search, ...(config?.searches ?? [])])].slice(0, MOST.search)
  for (const o of config?.options ?? []) if (o.name) options.set(o.name, o.value)
  const words = [...options].map(([k, v]) => (v === undefined || v === '' ? k : `${k}:${v}`))
  return [
    search.length ? `search ${search.join(' ')}\n` : '',
    ...nameservers.map((n) => `nameserver ${n}\n`),
    words.length ? `options ${words.join(' ')}\n` : '',
  ].join('')
}

const shortName = (pod: Pod): string =>
  (pod.spec?.hostname || (pod.metadata.name ?? '')).slice(0, 63).replace(/[-.]+$/, '')
const longName = (pod: Pod, profile: Profile): string =>
  pod.spec?.subdomain
    ? `${shortName(pod)}.${pod.spec.subdomain}.${pod.metadata.namespace}.svc.${profile.dns.domain}`
    : shortName(pod)
/**
 * The pod's hostname: as asked, or its name, at most 63 characters; the whole name with setHostnameAsFQDN; the node's
 * on the host network.
 */
export const hostnameOf = (pod: Pod, profile: Profile): string =>
  pod.spec?.hostNetwork
    ? (pod.spec.nodeName ?? '')
    : pod.spec?.setHostnameAsFQDN
      ? longName(pod, profile)
      : shortName(pod)

const HOSTS = `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`

/** /etc/hosts as the kubelet writes it. */
export function hostsFile(pod: Pod, profile: Profile): string {
  const host = pod.spec?.hostNetwork === true
  const names = host
    ? (pod.spec?.nodeName ?? '')
    : pod.spec?.subdomain
      ? `${longName(pod, profile)}\t${shortName(pod)}`
      : shortName(pod)
  const ips = (pod.status?.podIPs ?? (pod.status?.podIP ? [{ ip: pod.status.podIP }] : []))
    .map((i) => `${i.ip}\t${names}\n`)
    .join('')
  const aliases = pod.spec?.hostAliases ?? []
  const own = HOSTS.replace('.', host ? ' (host network).' : '.')
  if (!aliases.length) return own + ips
  const lines = aliases.map((a) => `${a.ip}\t${(a.hostnames ?? []).join('\t')}\n`)
  return `${own}${ips}\n# Entries added by HostAliases.\n${lines.join('')}`
}
