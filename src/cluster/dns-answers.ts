// What `kubesim dns records` and `kubesim dns query` ask through the door: the zone as rows, and one name followed
// through the stub and the resolver.
import type { Pod, Service } from '../apimachinery/api/core.v1.ts'
import type { ApiRequest } from '../apimachinery/door.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { badRequest } from '../apimachinery/status.ts'
import { family, reverseName } from '../dns/address.ts'
import { illegal } from '../dns/qname.ts'
import { candidates, createStub, parseResolvConf } from '../dns/stub.ts'
import type { Exchange } from '../dns/stub.ts'
import { dataText, query as question, RCODES, typeCode, typeName } from '../dns/wire.ts'
import type { ResourceRecord } from '../dns/wire.ts'
import { zoneRecords } from '../dns/zone.ts'
import type { ClusterParts } from './parts.ts'
import { clusterView, resolverOptions } from './dns.ts'
import { Containers } from './node/container.ts'
import { nodeNameServer, resolvConf } from './node/kubeletfiles.ts'

const value = (request: ApiRequest, name: string): string => request.query?.[name]?.[0] ?? ''
const row = (r: ResourceRecord): JsonObject => ({ name: r.name, type: typeName(r.type), ttl: r.ttl, data: dataText(r) })

/** GET ?namespace=: every record of the zone with the object it comes from. */
export async function records(request: ApiRequest, c: ClusterParts): Promise<Json> {
  const namespace = value(request, 'namespace')
  const options = resolverOptions(clusterView(c.lister, c.store.revision), c.profile, c.clock.now(), (items) => [
    ...items,
  ])
  return {
    zone: c.profile.dns.domain,
    records: zoneRecords(options, namespace).map((r) => ({
      ...row(r.record),
      origin: r.origin,
      namespace: r.namespace,
    })),
  }
}

function answered(e: Exchange): JsonObject {
  if (e.outcome !== 'answer') return { outcome: e.outcome, rcode: '', answers: [], why: [] }
  const m = e.message
  const status = m.rcode === 0 && m.answers.length === 0 ? 'NODATA' : (RCODES[m.rcode] ?? String(m.rcode))
  return {
    outcome: 'answer',
    rcode: status,
    authoritative: m.aa,
    size: e.size,
    answers: m.answers.map(row),
    additional: m.additional.map(row),
    why: [...(e.why ?? [])],
  }
}

/** GET ?name=&type=&from=&namespace=: the questions a pod's stub sends, each answer, and why. */
export async function query(request: ApiRequest, c: ClusterParts): Promise<Json> {
  const name = value(request, 'name')
  const typed = value(request, 'type')
  const from = value(request, 'from')
  const namespace = value(request, 'namespace') || 'default'
  if (name === '') throw badRequest('a name to look up is needed')
  const wrong = illegal(name)
  if (wrong) throw badRequest(`"${name}" is not a legal name (${wrong})`)
  const type = typed === '' ? (family(name) ? 12 : undefined) : typeCode(typed)
  if (typed !== '' && type === undefined) throw badRequest(`"${typed}" is no type of record`)
  let pod: Pod
  if (from) {
    const [ns, bare] = from.includes('/')
      ? [from.slice(0, from.indexOf('/')), from.slice(from.indexOf('/') + 1)]
      : [namespace, from]
    const found = c.lister.get<Pod>('pods', ns, bare)
    if (!found) throw badRequest(`there is no pod ${bare} in namespace ${ns}`)
    pod = found
  } else pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: '', namespace }, spec: { containers: [] } }
  const containers = new Containers({
    lister: c.lister,
    store: c.store,
    clock: c.clock,
    entropy: c.entropy,
    profile: c.profile,
  })
  const conf = resolvConf(pod, c.profile)
  const parsed = parseResolvConf(conf)
  const server = parsed.nameservers[0] ?? ''
  const stub = createStub({
    resolvConf: conf,
    hosts: '',
    id: () => 0,
    send: (s, port, m, tcp) => containers.send(pod, undefined, s, port, m, tcp),
  })
  const steps: JsonObject[] = []
  const types = type === undefined ? [1, 28] : [type]
  const address = family(name) !== 0 && type === 12
  const names = address ? [reverseName(name) ?? name] : candidates(name, parsed)
  for (const at of names) {
    let found = false
    for (const t of types) {
      let e = stub.exchange(server, question(at, t))
      if (e.outcome === 'answer' && e.message.tc) e = stub.exchange(server, question(at, t), { tcp: true })
      steps.push({ name: at, type: typeName(t), server, ...answered(e) })
      if (e.outcome === 'answer' && e.message.rcode === 0) found ||= e.message.answers.length > 0
    }
    // glibc stops at the first name that has an answer; one that exists without is passed over
    if (found) break
  }
  const service = c.lister.get<Service>('services', 'kube-system', 'kube-dns')
  return {
    name,
    address,
    from: from || '',
    namespace: pod.metadata.namespace ?? '',
    search: parsed.search,
    ndots: parsed.ndots,
    server,
    served: service?.spec?.clusterIPs?.includes(server)
      ? 'Service kube-system/kube-dns'
      : server === c.profile.dns.address
        ? 'the DNS server of the cluster'
        : server === nodeNameServer(c.profile)
          ? 'the name server of the node, not of the cluster'
          : 'named by the pod itself',
    steps: steps,
  }
}
