// The resolver: one message in, one message out, with the reasons; CoreDNS with the kubernetes plugin as kubeadm
// configures it.
import { family } from './address.ts'
import { accept } from './accept.ts'
import { bare, isSubdomain } from './qname.ts'
import {
  addressRecords,
  cnameRecords,
  lifetime,
  living,
  nsRecords,
  ptrRecords,
  soaRecord,
  srvRecords,
  txtRecords,
} from './records.ts'
import type { Section, ZoneContext } from './records.ts'
import type { LookupOptions } from './lookup.ts'
import type { ClusterView } from './view.ts'
import { className, encode, encodeWithin, typeName, WireError } from './wire.ts'
import type { Message, ReplyLimit, ResourceRecord } from './wire.ts'

export interface ResolverOptions {
  readonly view: ClusterView
  /** `cluster.local`; empty for a server that knows nothing of the cluster, as the nodes' own. */
  readonly domain: string
  readonly ttl: number
  /** Which names exist at all. */
  readonly lookup: LookupOptions
  /** Zones served besides the domain: other forward zones, reverse zones. */
  readonly zones: readonly string[]
  /** Names outside the cluster: addresses, or the name of which it is an alias. Nothing else outside resolves. */
  readonly external: Readonly<{ [name: string]: readonly string[] | string }>
  readonly serial: number
  /** The DNS server's own addresses. */
  readonly addresses: readonly string[]
  /** loadbalance: a new order of the addresses at every reply. */
  readonly shuffle: <T>(items: readonly T[]) => T[]
}

export interface Answer {
  readonly message: Message
  readonly why: readonly string[]
}

const NOERROR = 0
const SERVFAIL = 2
const NXDOMAIN = 3
const REFUSED = 5
const BADVERS = 16
/** EDNS options that CoreDNS gives back: NSID, EXPIRE, COOKIE, TCP keepalive, padding. */
const ECHOED = new Set([3, 9, 10, 11, 12])

/**
 * The names outside the cluster, from the table: CNAMEs followed, at most ten. Undefined when the table does not know
 * the name.
 */
function outsideRecords(
  external: ResolverOptions['external'],
  name: string,
  type: number,
  why: string[],
  ttl = 30,
): readonly ResourceRecord[] | undefined {
  const table = new Map(Object.entries(external).map(([k, v]) => [bare(k).toLowerCase(), v]))
  const out: ResourceRecord[] = []
  let at = name
  for (let hops = 0; hops < 10; hops++) {
    const entry = table.get(bare(at).toLowerCase())
    if (entry === undefined) {
      if (out.length === 0)
        why.push(
          `${bare(name)} lies outside the cluster and is not among the external names of the profile; nothing real is asked`,
        )
      return out.length === 0 ? undefined : out
    }
    if (typeof entry !== 'string') {
      why.push(`${bare(at)} is an external name of the profile`)
      for (const a of entry)
        if (family(a) === (type === 28 ? 6 : 4) && (type === 1 || type === 28))
          out.push({ name: at, type, class: 1, ttl, data: { kind: 'address', address: a } })
      return out
    }
    why.push(`${bare(at)} is an alias of ${bare(entry)} in the external names of the profile`)
    const target = entry.endsWith('.') ? entry : `${entry}.`
    out.push({ name: at, type: 5, class: 1, ttl, data: { kind: 'name', target } })
    if (type === 5) return out
    at = target
  }
  return out
}

/** round_robin of the loadbalance plugin: CNAMEs, then the rest, then addresses in a new order. */
function balance(records: readonly ResourceRecord[], shuffle: ResolverOptions['shuffle']): readonly ResourceRecord[] {
  if (records.length < 2) return records
  const cname = records.filter((r) => r.type === 5)
  const addresses = records.filter((r) => r.type === 1 || r.type === 28)
  return [...cname, ...records.filter((r) => r.type !== 5 && r.type !== 1 && r.type !== 28), ...shuffle(addresses)]
}

/** The zone that a name lies in: the longest of those served. */
export const zoneOf = (o: ResolverOptions, name: string): string | undefined =>
  [...(o.domain ? [`${bare(o.domain)}.`] : []), ...o.zones]
    .filter((z) => isSubdomain(z, name))
    .sort((a, b) => b.length - a.length)[0]

/** Servings of one question on the way of its CNAMEs from zone to zone. CoreDNS has no end there and dies of it. */
const MAX_ZONES = 8
/** A chain of CNAMEs that turns in a circle between zones. */
class Circle extends Error {}

/** Answers one query. */
export function answer(q: Message, o: ResolverOptions): Answer {
  try {
    return serve(q, o, 0)
  } catch (e) {
    if (!(e instanceof Circle)) throw e
    return {
      message: {
        ...q,
        qr: true,
        rcode: SERVFAIL,
        aa: false,
        ra: false,
        ad: false,
        answers: [],
        authority: [],
        additional: [],
      },
      why: ['the CNAMEs turn in a circle between the zones'],
    }
  }
}

const NOTIMP = 4

/** A query of another opcode than QUERY and NOTIFY gets its header back and nothing else. */
function refused(q: Message): Answer | undefined {
  if (q.opcode === 0 || q.opcode === 4) return undefined
  const { edns: _edns, ...head } = q
  return {
    message: { ...head, qr: true, aa: false, rcode: NOTIMP, questions: [] },
    why: ['only queries are answered'],
  }
}

function serve(q: Message, o: ResolverOptions, depth: number): Answer {
  const simple = refused(q)
  if (simple) return simple
  if (depth > MAX_ZONES) throw new Circle()
  const why: string[] = []
  const edns = q.edns
    ? {
        version: 0,
        udpSize: q.edns.udpSize,
        do: q.edns.do,
        ...(q.edns.z ? { z: q.edns.z & 0x7f00 } : {}),
        options: q.edns.options.filter((x) => ECHOED.has(x.code)),
      }
    : undefined
  // a NOTIFY is answered like a query, only without the flags of one
  const plain = q.opcode === 0
  const base: Message = {
    id: q.id,
    opcode: q.opcode,
    rcode: NOERROR,
    qr: true,
    aa: false,
    tc: false,
    rd: plain && q.rd,
    ra: false,
    ad: false,
    cd: plain && q.cd,
    questions: q.questions.slice(0, 1),
    answers: [],
    authority: [],
    additional: [],
    ...(edns ? { edns } : {}),
  }
  const end = (rcode: number, reason: string): Answer => {
    why.push(reason)
    return { message: { ...base, rcode }, why }
  }
  const question = q.questions[0]
  if (!question) return end(SERVFAIL, 'nothing is asked')
  if (question.class !== 1) return end(REFUSED, `class ${className(question.class)} is refused, only IN is served`)
  if (q.edns && q.edns.version !== 0) {
    why.push(`EDNS version ${q.edns.version} is unknown`)
    return { message: { ...base, rcode: BADVERS, edns: { version: 0, udpSize: 0, do: false, options: [] } }, why }
  }
  const domain = `${bare(o.domain)}.`
  const configured = zoneOf(o, question.name)
  if (configured === undefined) {
    const records = outsideRecords(o.external, question.name, question.type, why)
    if (!records) return { message: { ...base, rcode: SERVFAIL }, why }
    return { message: { ...base, ra: true, answers: balance(records, o.shuffle) }, why }
  }
  const zone = question.name.slice(question.name.length - configured.length)
  const c: ZoneContext = {
    view: o.view,
    zone,
    domain,
    ttl: o.ttl,
    lookup: o.lookup,
    serial: o.serial,
    addresses: o.addresses,
    why,
    // the target of a CNAME in another zone is asked of the server itself, as a question of its own
    // (plugin/pkg/upstream)
    outside: (name, type, w) => {
      if (zoneOf(o, name) === undefined) return outsideRecords(o.external, name, type, w)
      const next = serve({ ...q, questions: [{ name, type, class: 1 }] }, o, depth + 1)
      w.push(...next.why)
      return next.message.answers
    },
  }
  const atApex = question.name.length === zone.length
  // what is no query has the shortest life
  const ttlOf = (records: readonly ResourceRecord[]): number => (plain ? lifetime(records) : 5)
  const negative = (rcode: number): Answer => {
    const soa = soaRecord(c)
    return { message: { ...base, aa: true, rcode, authority: living([soa], ttlOf([soa])) }, why }
  }
  let section: Section
  switch (question.type) {
    case 28:
      section = addressRecords(c, question.name, 28)
      break
    case 16:
      section = txtRecords(c, question.name)
      break
    case 5:
      section = cnameRecords(c, question.name)
      break
    case 12:
      section = ptrRecords(c, question.name)
      break
    case 33:
      section = srvRecords(c, question.name)
      break
    case 6:
      section = { records: atApex ? [soaRecord(c)] : [], extra: [], missing: false }
      break
    case 251:
    case 252:
      return end(REFUSED, 'zone transfers are refused')
    default: {
      if (question.type === 2 && atApex && zone === zone.toLowerCase()) {
        section = nsRecords(c, question.name)
        break
      }
      // whether the name has an address decides between NODATA and NXDOMAIN
      const found = addressRecords(c, question.name, 1)
      section = question.type === 1 ? found : { records: [], extra: [], missing: found.missing }
    }
  }
  if (section.missing) {
    // fallthrough in-addr.arpa ip6.arpa, and nothing behind: CoreDNS then fails
    if (isSubdomain('in-addr.arpa.', question.name) || isSubdomain('ip6.arpa.', question.name))
      return end(SERVFAIL, 'nobody else is asked about addresses')
    return negative(NXDOMAIN)
  }
  if (section.records.length === 0) {
    // whether a name exists is not looked at for SOA
    why.push(
      question.type === 6
        ? `${bare(zone)} alone has an SOA record, no name below it`
        : `the name exists and has no ${typeName(question.type)} record`,
    )
    return negative(NOERROR)
  }
  const ttl = ttlOf([...section.records, ...section.extra])
  return {
    message: {
      ...base,
      aa: true,
      answers: balance(living(section.records, ttl), o.shuffle),
      additional: balance(living(section.extra, ttl), o.shuffle),
    },
    why,
  }
}

/**
 * The largest reply a client takes: 512 bytes, its EDNS size, or 65535 over TCP. Over UDP, what no longer fits an
 * Ethernet frame is compressed.
 */
export const replyLimit = (q: Message, tcp: boolean): ReplyLimit =>
  tcp ? { size: 65535, plain: 65535 } : { size: Math.max(512, q.edns?.udpSize ?? 512), plain: 1480 }

/**
 * Bytes in, bytes out, for a socket. Nothing comes back for what is no query at all, nor for an answer that has no form
 * on the wire (a hand-made name with an empty label).
 */
export function respond(bytes: Uint8Array, tcp: boolean, o: ResolverOptions): Uint8Array | undefined {
  const accepted = accept(bytes, tcp)
  if (!accepted) return undefined
  if ('reply' in accepted) return encode(accepted.reply)
  try {
    return encodeWithin(answer(accepted.query, o).message, replyLimit(accepted.query, tcp)).bytes
  } catch (e) {
    if (e instanceof WireError) return undefined
    throw e
  }
}
