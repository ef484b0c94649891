// The stub resolver of a pod: resolv.conf's search list and ndots in front of the one resolver; what libc and nslookup
// do with a name.
import { family } from './address.ts'
import { bare, fqdn, isFqdn } from './qname.ts'
import type { Message } from './wire.ts'
import { query } from './wire.ts'

/** What became of one question to one server. `size` is the length of the reply on the wire. */
export type Exchange =
  | {
      readonly outcome: 'answer'
      readonly message: Message
      readonly size: number
      readonly tcp: boolean
      readonly why?: readonly string[]
    }
  | { readonly outcome: 'refused' | 'timeout' | 'unreachable' }

/** One question sent, for `dns query`. */
export interface Asked {
  readonly name: string
  readonly type: number
  readonly server: string
  readonly exchange: Exchange
}

export interface Addresses {
  /**
   * 'again': a server failed or did not answer (EAI_AGAIN); 'notfound': no such name (EAI_NONAME); 'nodata': the name
   * has no address.
   */
  readonly status: 'ok' | 'notfound' | 'nodata' | 'again'
  readonly addresses: readonly string[]
  /** The name the addresses stand at, after the search list and CNAMEs, without final dot. */
  readonly canonical: string
  /** Other names, of /etc/hosts, or those that CNAMEs led on from. */
  readonly aliases: readonly string[]
  readonly asked: readonly Asked[]
}

export interface StubResolver {
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly ndots: number
  /** Sends one question as it is; truncated replies are the caller's to retry over TCP. */
  exchange(server: string, message: Message, options?: { readonly port?: number; readonly tcp?: boolean }): Exchange
  /** What getaddrinfo finds: /etc/hosts first, then the search list. `family` 0 is both. */
  resolve(name: string, family?: 0 | 4 | 6): Addresses
}

export interface ResolvConf {
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly ndots: number
}

/** resolv.conf as glibc reads it: the last `search` or `domain` wins, three name servers at most, ndots at most 15. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  let search: string[] = []
  let ndots = 1
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/)
    if (word === 'nameserver' && rest[0] && family(rest[0]) && nameservers.length < 3) nameservers.push(rest[0])
    else if (word === 'search' || word === 'domain') search = rest
    else if (word === 'options')
      for (const o of rest) {
        const m = /^ndots:(\d+)$/.exec(o)
        if (m) ndots = Math.min(15, Number(m[1]))
      }
  }
  return { nameservers: nameservers.length > 0 ? nameservers : ['127.0.0.1'], search, ndots }
}

/** The names tried for a name, in order: with ndots dots or more the name itself first, else last. */
export function candidates(name: string, conf: Pick<ResolvConf, 'search' | 'ndots'>): readonly string[] {
  if (isFqdn(name)) return [name]
  const searched = conf.search.map((s) => fqdn(`${name}.${s}`))
  const dots = name.split('.').length - 1
  return dots >= conf.ndots ? [fqdn(name), ...searched] : [...searched, fqdn(name)]
}

/** The lines of /etc/hosts: address and names. */
function hostsEntries(text: string): readonly { readonly address: string; readonly names: readonly string[] }[] {
  return text.split('\n').flatMap((line) => {
    const [address, ...names] = line.replace(/#.*$/, '').trim().split(/\s+/)
    return address && names.length > 0 ? [{ address, names }] : []
  })
}

export interface StubOptions {
  readonly resolvConf: string
  readonly hosts: string
  /** musl stops at the first name that exists, and at the first server failure; glibc goes on. */
  readonly libc?: 'glibc' | 'musl'
  readonly send: (server: string, port: number, message: Message, tcp: boolean) => Exchange
  /** The number of the next question. */
  readonly id: () => number
}

/** A pod's resolver: search list and ndots of its resolv.conf, then the questions. */
export function createStub(o: StubOptions): StubResolver {
  const conf = parseResolvConf(o.resolvConf)
  const exchange: StubResolver['exchange'] = (server, message, options = {}) =>
    o.send(server, options.port ?? 53, message, options.tcp ?? false)
  const ask = (name: string, type: number, asked: Asked[]): Exchange => {
    let last: Exchange = { outcome: 'timeout' }
    for (const server of conf.nameservers) {
      const q = query(name, type, { id: o.id() })
      last = exchange(server, q)
      if (last.outcome === 'answer' && last.message.tc) last = exchange(server, q, { tcp: true })
      asked.push({ name, type, server, exchange: last })
      if (last.outcome === 'answer' && last.message.rcode !== 2) return last
    }
    return last
  }
  const resolve: StubResolver['resolve'] = (name, wanted = 0) => {
    const literal = family(name)
    if (literal)
      return literal === (wanted || literal)
        ? { status: 'ok', addresses: [name], canonical: name, aliases: [], asked: [] }
        : { status: 'notfound', addresses: [], canonical: name, aliases: [], asked: [] }
    const plain = name.replace(/\.$/, '')
    const local = hostsEntries(o.hosts).filter(
      (e) =>
        e.names.some((n) => n.toLowerCase() === plain.toLowerCase()) && (wanted === 0 || family(e.address) === wanted),
    )
    const first = local[0]
    if (first)
      return {
        status: 'ok',
        addresses: local.map((e) => e.address),
        canonical: first.names[0] ?? name,
        aliases: first.names.slice(1),
        asked: [],
      }
    const asked: Asked[] = []
    if (name === '' || plain.split('.').some((l) => l === '' || l.length > 63) || plain.length > 253)
      return { status: 'notfound', addresses: [], canonical: name, aliases: [], asked }
    let failed = false
    let nodata = false
    for (const candidate of candidates(name, conf)) {
      const types = wanted === 4 ? [1] : wanted === 6 ? [28] : [1, 28]
      const addresses: string[] = []
      const aliases = new Set<string>()
      let canonical = candidate
      let exists = false
      let broken = false
      for (const type of types) {
        const e = ask(candidate, type, asked)
        if (e.outcome !== 'answer' || (e.message.rcode !== 0 && e.message.rcode !== 3)) {
          if (e.outcome !== 'answer')
            return { status: 'again', addresses: [], canonical: candidate, aliases: [], asked }
          broken = true
          continue
        }
        if (e.message.rcode === 3) continue
        exists = true
        for (const r of e.message.answers) {
          if (r.type === 5 && r.data.kind === 'name' && addresses.length === 0) {
            aliases.add(bare(r.name))
            canonical = r.data.target
          }
          if (r.type === type && r.data.kind === 'address') addresses.push(r.data.address)
        }
      }
      if (addresses.length > 0)
        return { status: 'ok', addresses, canonical: bare(canonical), aliases: [...aliases], asked }
      if (o.libc === 'musl') {
        if (broken) return { status: 'again', addresses: [], canonical: candidate, aliases: [], asked }
        if (exists) return { status: 'nodata', addresses: [], canonical: candidate, aliases: [], asked }
      }
      failed ||= broken
      nodata ||= exists
    }
    return {
      status: nodata ? 'nodata' : failed ? 'again' : 'notfound',
      addresses: [],
      canonical: name,
      aliases: [],
      asked,
    }
  }
  return { nameservers: conf.nameservers, search: conf.search, ndots: conf.ndots, exchange, resolve }
}
