// Records for what was found: A and AAAA with the chase of CNAMEs, SRV with its addresses, PTR, TXT, NS and SOA, as
// CoreDNS's backend_lookup.go builds them.
import { addressOfReverse, family, formatAddress, parseIPv4, parseIPv6 } from './address.ts'
import { endpointHostname, lookup, lookupAddress } from './lookup.ts'
import type { Found, Lookup, LookupOptions } from './lookup.ts'
import { fqdn, isReverse, isSubdomain } from './qname.ts'
import { parseRequest } from './request.ts'
import type { ClusterView } from './view.ts'
import type { ResourceRecord } from './wire.ts'

/** The zone of a question and all that answers it. `zone` has the question's spelling. */
export interface ZoneContext {
  readonly view: ClusterView
  readonly zone: string
  /** The cluster's domain as configured: the zone of PTR targets. */
  readonly domain: string
  readonly ttl: number
  readonly lookup: LookupOptions
  readonly serial: number
  /** Addresses of the DNS server itself: what ns.dns and NS answer with when no Service has it as endpoint. */
  readonly addresses: readonly string[]
  /** Records of a name outside the cluster, from the profile's table; undefined when nobody knows it. */
  readonly outside: (name: string, type: number, why: string[]) => readonly ResourceRecord[] | undefined
  readonly why: string[]
}

/** The answer and the additional records, or `missing`: the name does not exist. */
export interface Section {
  readonly records: readonly ResourceRecord[]
  readonly extra: readonly ResourceRecord[]
  readonly missing: boolean
}

const IN = 1
/** What `cache 30` of the usual configuration lets a TTL be: least and most. */
const TTL_RANGE = [5, 30] as const

/** How long the records of a reply live: all as long as the one that lives shortest, within what the cache allows. */
export const lifetime = (records: readonly ResourceRecord[]): number =>
  Math.min(TTL_RANGE[1], Math.max(TTL_RANGE[0], Math.min(...records.map((r) => r.ttl))))
/** The records with that time to live. */
export const living = (records: readonly ResourceRecord[], ttl: number): readonly ResourceRecord[] =>
  records.map((r) => (r.ttl === ttl ? r : { ...r, ttl }))
const address = (name: string, host: string, ttl: number): ResourceRecord => ({
  name,
  type: family(host) === 6 ? 28 : 1,
  class: IN,
  ttl,
  data: { kind: 'address', address: formatAddress(parseIPv4(host) ?? parseIPv6(host) ?? new Uint8Array(4)) },
})
const named = (name: string, type: number, target: string, ttl: number): ResourceRecord => ({
  name,
  type,
  class: IN,
  ttl,
  data: { kind: 'name', target: fqdn(target) },
})

/** The Services and addresses a server at these addresses is known by: kube-dns, or ns.dns in the zone itself. */
export function nameServers(c: ZoneContext): readonly { readonly name: string; readonly address: string }[] {
  const out: { name: string; address: string }[] = []
  let known = false
  for (const own of c.addresses) {
    for (const { service, endpoint } of c.lookup.noEndpoints
      ? []
      : c.view.endpointsByIP(own).filter((x) => x.endpoint.ready)) {
      known = true
      if (!service) continue
      const base = `${service.name}.${service.namespace}.svc.${c.zone}`
      // of a headless Service, all endpoints of the slice are taken
      if (service.headless)
        for (const e of c.view.endpoints(service.namespace, service.name)) {
          if (e.slice === endpoint.slice && e.ready)
            for (const a of e.addresses) out.push({ name: `${endpointHostname(a, e, c.lookup)}.${base}`, address: a })
        }
      else
        for (const ip of service.clusterIPs)
          if (!out.some((o) => o.name === base && o.address === ip)) out.push({ name: base, address: ip })
    }
  }
  return known ? out : c.addresses.map((a) => ({ name: `ns.dns.${c.zone}`, address: a }))
}

function services(c: ZoneContext, name: string, type: number): Lookup {
  const lower = name.toLowerCase()
  const zone = c.zone.toLowerCase()
  // upstream compares with the zone as it was typed: another case hides the name
  if (lower === `ns.dns.${c.zone}` && type !== 16 && type !== 12) {
    const wanted = type === 1 ? 4 : type === 28 ? 6 : 0
    c.why.push('ns.dns is the name of the DNS server itself')
    return {
      exists: true,
      found: nameServers(c)
        .filter((n) => family(n.address) === wanted)
        .map((n) => ({ host: n.address, port: 0, key: 'ns.dns', origin: 'DNS server' })),
    }
  }
  const request = parseRequest(lower, zone)
  if (!request) {
    c.why.push(`${bareOf(name)} has no form that the cluster's names can have`)
    return { exists: false, found: [] }
  }
  if (request.kind !== '' && isReverse(lower)) {
    c.why.push('below the trees of addresses are no names of Services')
    return { exists: false, found: [] }
  }
  return lookup(c.view, request, c.lookup, c.why)
}
const bareOf = (name: string): string => (name.endsWith('.') ? name.slice(0, -1) : name)

const MAX_CHAIN = 10

/** A or AAAA records; a CNAME is followed inside the zone, and outside as far as the profile's table knows. */
export function addressRecords(
  c: ZoneContext,
  qname: string,
  type: number,
  previous: readonly ResourceRecord[] = [],
): Section {
  const { exists, found } = services(c, qname, type)
  if (!exists) return { records: [], extra: [], missing: true }
  const records: ResourceRecord[] = []
  const seen = new Set<string>()
  for (const f of found) {
    const kind = family(f.host)
    if (kind === 0) {
      const target = fqdn(f.host)
      if (isSubdomain(qname, target)) {
        c.why.push('the CNAME leads to itself and is left out')
        continue
      }
      const cname = named(qname, 5, target, f.ttl ?? c.ttl)
      if (
        previous.length > MAX_CHAIN ||
        previous.some((p) => p.name === cname.name && p.data.kind === 'name' && p.data.target === target)
      ) {
        c.why.push('the chain of CNAMEs turns in a circle, or is too long')
        continue
      }
      if (isSubdomain(c.zone, target)) {
        const next = addressRecords(c, target, type, [...previous, cname])
        if (!next.missing && next.records.length > 0) records.push(cname, ...next.records)
        continue
      }
      records.push(cname, ...(c.outside(target, type, c.why) ?? []))
    } else if ((kind === 6) === (type === 28) && !seen.has(f.host)) {
      seen.add(f.host)
      records.push(address(qname, f.host, f.ttl ?? c.ttl))
    }
  }
  return { records, extra: [], missing: false }
}

/** The target a found thing has in an SRV record. */
const targetOf = (c: ZoneContext, f: Found): string => `${f.key}.${c.zone}`

/** SRV records with the addresses of their targets. */
export function srvRecords(c: ZoneContext, qname: string): Section {
  const { exists, found } = services(c, qname, 33)
  if (!exists) return { records: [], extra: [], missing: true }
  const internal = found.filter((f) => family(f.host) !== 0)
  // Every service has weight 100 and priority 0; ports and addresses share it evenly.
  const weight = Math.max(1, Math.floor(100 / Math.max(1, internal.length)))
  const records: ResourceRecord[] = []
  const extra: ResourceRecord[] = []
  const seen = new Set<string>()
  for (const f of internal) {
    if (f.port === -1) continue
    const target = targetOf(c, f)
    if (!seen.has(`${target} ${f.port}`)) {
      seen.add(`${target} ${f.port}`)
      records.push({
        name: qname,
        type: 33,
        class: IN,
        ttl: c.ttl,
        data: { kind: 'srv', priority: 0, weight, port: f.port & 65535, target },
      })
    }
    if (!seen.has(`${target} ${f.host}`)) {
      seen.add(`${target} ${f.host}`)
      extra.push(address(target, f.host, c.ttl))
    }
  }
  return { records, extra, missing: false }
}

/** The CNAME of an ExternalName Service (or of an endpoint that is a name), not followed. */
export function cnameRecords(c: ZoneContext, qname: string): Section {
  const { exists, found } = services(c, qname, 5)
  if (!exists) return { records: [], extra: [], missing: true }
  const first = found[0]
  return {
    records: first && family(first.host) === 0 ? [named(qname, 5, first.host, c.ttl)] : [],
    extra: [],
    missing: false,
  }
}

/** PTR records of an address below in-addr.arpa or ip6.arpa; other names of those zones do not exist. */
export function ptrRecords(c: ZoneContext, qname: string): Section {
  const ip = addressOfReverse(qname)
  if (ip === undefined) {
    // a PTR question for a forward name, or for a part of a reverse one: only whether the name exists counts
    const { exists } = services(c, qname, 12)
    return { records: [], extra: [], missing: !exists }
  }
  const found = lookupAddress(c.view, ip, c.lookup, c.why)
  if (found.length === 0) return { records: [], extra: [], missing: true }
  const seen = new Set<string>()
  return {
    records: found
      .filter((f) => !seen.has(f.host) && seen.add(f.host))
      .map((f) => named(qname, 12, `${f.host}.${c.domain}`, c.ttl)),
    extra: [],
    missing: false,
  }
}

/** `dns-version`, the only text there is. */
export function txtRecords(c: ZoneContext, qname: string): Section {
  if (qname.toLowerCase() === `dns-version.${c.zone.toLowerCase()}`) {
    c.why.push('dns-version tells which DNS schema of Kubernetes is served')
    return {
      records: [{ name: qname, type: 16, class: IN, ttl: 28800, data: { kind: 'txt', texts: ['1.1.0'] } }],
      extra: [],
      missing: false,
    }
  }
  const { found } = services(c, qname, 16)
  return { records: [], extra: [], missing: found.length === 0 }
}

/** NS records of the zone itself, with the servers' addresses. */
export function nsRecords(c: ZoneContext, qname: string): Section {
  const servers = nameServers(c)
  const seen = new Set<string>()
  return {
    records: servers.filter((s) => !seen.has(s.name) && seen.add(s.name)).map((s) => named(qname, 2, s.name, c.ttl)),
    extra: servers.map((s) => address(s.name, s.address, c.ttl)),
    missing: false,
  }
}

/** The SOA record of the zone: the answer at the apex, the authority of every negative answer. */
export const soaRecord = (c: ZoneContext): ResourceRecord => ({
  name: c.zone,
  type: 6,
  class: IN,
  ttl: Math.min(c.ttl, 300),
  data: {
    kind: 'soa',
    mname: `ns.dns.${c.zone}`,
    rname: `hostmaster.${c.zone}`,
    serial: c.serial,
    refresh: 7200,
    retry: 1800,
    expire: 86400,
    minimum: c.ttl,
  },
})
