// busybox' nslookup: that of 1.29 and later, which asks the servers itself, all questions at once (networking/nslookup.c
// with FEATURE_NSLOOKUP_BIG), and that of before, which asks the C library.
import { family, reverseName } from '../../dns/address.ts'
import { bare, fqdn, illegal } from '../../dns/qname.ts'
import { RCODES } from '../../dns/wire.ts'
import type { Message, ResourceRecord } from '../../dns/wire.ts'
import { ask, atLeast, serverAddress, versionOf } from '../bind.ts'
import type { ToolContext } from '../tool.ts'

/** nslookup of the image's busybox. */
export const busyboxLookup = (args: readonly string[], ctx: ToolContext): Promise<number> =>
  atLeast(versionOf(ctx, 'nslookup'), 1, 29) ? lookup(args, ctx) : lookupByLibrary(args, ctx)

/** The types that can be asked for, in the order they are asked in, and the version each came with. */
const TYPES: readonly (readonly [name: string, code: number, minor: number])[] = [
  ['soa', 6, 29],
  ['ns', 2, 29],
  ['a', 1, 29],
  ['aaaa', 28, 29],
  ['cname', 5, 29],
  ['mx', 15, 29],
  ['txt', 16, 29],
  ['ptr', 12, 29],
  ['srv', 33, 32],
  ['any', 255, 29],
]
const OPTIONS = ['type', 'querytype', 'port', 'retry', 'debug', 't', 'timeout'] as const
const INT_MAX = 2_147_483_647

interface Settings {
  readonly types: Set<number>
  port: number
  tries: number
  seconds: number
  debug: boolean
}

/** What ends the command before anything is asked: a sentence, or the usage. */
class Refused extends Error {}
const USAGE = ''

/** A number of an option within its range (xatou_range). */
function numberOf(value: string, most: number): number {
  if (!/^\d+$/.test(value) || Number(value) > 0xffffffff) throw new Refused(`invalid number '${value}'`)
  if (Number(value) < 1 || Number(value) > most) throw new Refused(`number ${Number(value)} is not in 1..${most} range`)
  return Number(value)
}

/** Options stand before the name; their names may be cut short. The rest is the name and a server. */
function parse(args: readonly string[], version: string): { readonly s: Settings; readonly words: readonly string[] } {
  const s: Settings = { types: new Set(), port: 53, tries: 2, seconds: 5, debug: false }
  const known = TYPES.filter(([, , minor]) => atLeast(version, 1, minor))
  let i = 0
  for (; i < args.length && args[i]?.startsWith('-'); i++) {
    const [, name = '', value = ''] = /^-([^=]*)=?(.*)$/s.exec(args[i] ?? '') ?? []
    switch (name === '' ? undefined : OPTIONS.find((o) => o.startsWith(name) && (o !== 'type' || name !== 't'))) {
      case 'type':
      case 'querytype': {
        const type = known.find(([t]) => t === value.toLowerCase())
        if (!type) throw new Refused(`invalid query type "${value}"`)
        s.types.add(type[1])
        break
      }
      case 'port':
        s.port = numberOf(value, 65535)
        break
      case 'retry':
        s.tries = numberOf(value, INT_MAX)
        break
      case 'debug':
        s.debug = true
        break
      case 't':
      case 'timeout':
        s.seconds = numberOf(value, Math.floor(INT_MAX / 1000))
        break
      default:
        throw new Refused(USAGE)
    }
  }
  const words = args.slice(i)
  if (words.length === 0 || words.length > 2) throw new Refused(USAGE)
  return { s, words }
}

const usage = (version: string): string =>
  `BusyBox v${version} multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n\nQuery DNS about HOST\n\nQUERY_TYPE: soa,ns,a,aaaa,cname,mx,txt,ptr,${atLeast(version, 1, 34) ? 'srv,' : ''}any\n`

interface Server {
  /** As given. */
  readonly name: string
  readonly address: string
  readonly port: number
}
/** `10.96.0.10:53`, `[::1]:53`. */
const shown = (s: Server): string => `${s.address.includes(':') ? `[${s.address}]` : s.address}:${s.port}`

/** A server as given: a name or an address, and perhaps a port. */
function serverOf(text: string, port: number, ctx: ToolContext): Server {
  const [, v6, v6port] = /^\[([^\]]*)\](?::(\d+))?$/.exec(text) ?? []
  const [, host, ownPort] = /^([^:]*):(\d+)$/.exec(text) ?? []
  const address = serverAddress(ctx, v6 ?? host ?? text)
  if (address === undefined) throw new Refused(`bad address '${text}'`)
  return { name: text, address, port: Number(v6port ?? ownPort ?? port) }
}

interface Query {
  /** As typed, or with a part of the search list behind it. */
  readonly name: string
  readonly type: number
}

/** What is asked: without a type the name of an address, or both addresses of a name. */
function queriesOf(host: string, s: Settings, search: readonly string[]): readonly Query[] {
  // an IPv4 address in IPv6's clothes is the IPv4 address
  const address = host.replace(/^::ffff:(?=\d+\.)/i, '')
  if (s.types.size === 0 && family(host)) return [{ name: bare(reverseName(address) ?? host), type: 12 }]
  const types = s.types.size === 0 ? [1, 28] : TYPES.map(([, code]) => code).filter((code) => s.types.has(code))
  return types.flatMap((type) =>
    type === 12 || host.includes('.') || search.length === 0
      ? [{ name: host, type }]
      : search.map((domain) => ({ name: `${host}.${domain}`, type })),
  )
}

async function lookup(args: readonly string[], ctx: ToolContext): Promise<number> {
  const version = versionOf(ctx, 'nslookup')
  let parsed
  let servers: readonly Server[]
  try {
    parsed = parse(args, version)
    const { s, words } = parsed
    servers =
      words[1] === undefined
        ? ctx.dns.nameservers.map((address) => ({ name: address, address, port: s.port }))
        : [serverOf(words[1], s.port, ctx)]
  } catch (e) {
    if (!(e instanceof Refused)) throw e
    ctx.stderr(e.message === USAGE ? usage(version) : `nslookup: ${e.message}\n`)
    return e.message === USAGE && args[0] === '--help' ? 0 : 1
  }
  const { s, words } = parsed
  // a server that is given keeps resolv.conf, and its search list, unread
  const search = words[1] === undefined && atLeast(version, 1, 30) ? ctx.dns.search : []
  const queries = queriesOf(words[0] ?? '', s, search)
  for (const server of servers) {
    const code = await askServer(server, queries, s, version, ctx)
    if (code !== undefined) return code
    if (ctx.signal.aborted) return 1
  }
  ctx.stdout(';; connection timed out; no servers could be reached\n\n')
  return 1
}

const TROUBLE = { refused: 'Connection refused', unreachable: 'No route to host' } as const

/** All questions to one server, and what came back; undefined when nothing did. */
async function askServer(
  server: Server,
  queries: readonly Query[],
  s: Settings,
  version: string,
  ctx: ToolContext,
): Promise<number | undefined> {
  if (queries.some((q) => q.name === '' || illegal(q.name))) {
    ctx.stderr(`nslookup: write to '${server.name}': Message too long\n`)
    return undefined
  }
  const replies = queries.map((q) =>
    ctx.dns.exchange(server.address, ask(ctx, fqdn(q.name), q.type), { port: server.port }),
  )
  // uClibc gives all questions of a process one number: the first reply is taken for the first question, no other counts
  const heard = ctx.image.libc === 'uclibc' && !atLeast(version, 1, 37) ? 1 : replies.length
  const trouble = replies.find((r) => r.outcome === 'refused' || r.outcome === 'unreachable')?.outcome
  if (trouble === 'refused' || trouble === 'unreachable') {
    // an error is told at the next write, or where there is none at the next read
    if (queries.length > 1) ctx.stderr(`nslookup: write to '${server.name}': ${TROUBLE[trouble]}\n`)
    else {
      ctx.stderr(`nslookup: read: ${TROUBLE[trouble]}\n`.repeat(s.tries))
      await ctx.sleep(s.seconds * 1000)
    }
    return undefined
  }
  let code = 0
  let headed = false
  const unanswered: Query[] = []
  for (const [i, q] of queries.entries()) {
    const r = i < heard ? replies[i] : undefined
    if (r?.outcome !== 'answer') {
      unanswered.push(q)
      continue
    }
    if (!headed) ctx.stdout(`Server:\t\t${server.name}\nAddress:\t${shown(server)}\n\n`)
    headed = true
    if (s.debug) ctx.stdout(`Query #${i} completed in ${ctx.random(4)}ms:\n`)
    if (r.message.rcode !== 0) {
      ctx.stdout(`** server can't find ${q.name}: ${RCODES[r.message.rcode] ?? r.message.rcode}\n`)
      if (atLeast(version, 1, 31)) code = 1
    } else ctx.stdout(answerText(r.message, q, s.debug, version))
    ctx.stdout('\n')
  }
  if (unanswered.length > 0) await ctx.sleep(s.seconds * 1000)
  if (!headed) return undefined
  if (unanswered.length > 0) ctx.stdout(`${unanswered.map((q) => `*** Can't find ${q.name}: No answer\n`).join('')}\n`)
  return code
}

/** A reply without an error. */
function answerText(m: Message, q: Query, debug: boolean, version: string): string {
  const head = !m.aa ? 'Non-authoritative answer:\n' : debug && atLeast(version, 1, 34) ? 'authoritative answer:\n' : ''
  if (m.answers.length === 0 && atLeast(version, 1, 32) && !atLeast(version, 1, 34))
    return `${head}*** Can't find ${q.name}: No answer\n`
  return head + m.answers.map((r) => recordText(r, m.answers, version)).join('')
}

const POINTERS = new Map([
  [2, 'nameserver'],
  [5, 'canonical name'],
  [12, 'name'],
])

/** One record; the first that names another name says in which words all of them are told. */
function recordText(r: ResourceRecord, all: readonly ResourceRecord[], version: string): string {
  const name = bare(r.name)
  const d = r.data
  switch (d.kind) {
    case 'address':
      return `Name:\t${name}\nAddress: ${d.address}\n`
    case 'name':
      return POINTERS.has(r.type)
        ? `${name}\t${POINTERS.get(all.find((x) => POINTERS.has(x.type))?.type ?? r.type)} = ${bare(d.target)}\n`
        : ''
    case 'mx':
      return `${name}\tmail exchanger = ${d.preference} ${bare(d.target)}\n`
    case 'txt':
      return d.texts[0] ? `${name}\ttext = "${d.texts[0]}"\n` : ''
    case 'srv':
      return atLeast(version, 1, 32) ? `${name}\tservice = ${d.priority} ${d.weight} ${d.port} ${bare(d.target)}\n` : ''
    case 'soa':
      return `${name}\n\torigin = ${bare(d.mname)}\n\tmail addr = ${bare(d.rname)}\n\tserial = ${d.serial}\n\trefresh = ${d.refresh}\n\tretry = ${d.retry}\n\texpire = ${d.expire}\n\tminimum = ${d.minimum}\n`
    case 'raw':
      return ''
  }
}

/** busybox up to 1.28: what getaddrinfo finds, numbered, with the names their addresses have. */
async function lookupByLibrary(args: readonly string[], ctx: ToolContext): Promise<number> {
  const version = versionOf(ctx, 'nslookup')
  const [name, given] = args
  if (name === undefined || name.startsWith('-') || args.length > 2) {
    ctx.stderr(
      `BusyBox v${version} multi-call binary.\n\nUsage: nslookup [HOST] [SERVER]\n\nQuery the nameserver for the IP address of the given HOST\noptionally using a specified DNS server\n`,
    )
    return 1
  }
  const server = given !== undefined ? serverAddress(ctx, given) : ctx.dns.nameservers[0]
  if (!server) {
    ctx.stderr(`nslookup: bad address '${given}'\n`)
    return 1
  }
  const listed = (ctx.files.read('/etc/hosts') ?? '').split('\n').map((l) => l.replace(/#.*/, '').trim().split(/\s+/))
  /** What getnameinfo knows an address by: /etc/hosts, then the server. */
  const nameOf = (address: string): string => {
    const local = listed.find((l) => l[0] === address)?.[1]
    if (local !== undefined) return ` ${local}`
    const r = reverseName(address)
    if (!r) return ''
    const e = ctx.dns.exchange(server, ask(ctx, r, 12))
    const first = e.outcome === 'answer' ? e.message.answers.find((x) => x.type === 12) : undefined
    return first?.data.kind === 'name' ? ` ${bare(first.data.target)}` : ''
  }
  const musl = ctx.image.libc === 'musl'
  // musl has no list of servers that a program could read
  if (musl && given === undefined) {
    ctx.stderr("nslookup: can't resolve '(null)': Name does not resolve\n")
    ctx.stdout('\n')
  } else ctx.stdout(`Server:    ${server}\nAddress 1: ${server}${nameOf(server)}\n\n`)
  const found = ctx.dns.resolve(name)
  if (found.status === 'again' && found.asked.at(-1)?.exchange.outcome === 'timeout') await ctx.sleep(5000)
  if (found.addresses.length === 0) {
    const why = musl ? (found.status === 'again' ? ': Try again' : ': Name does not resolve') : ''
    ctx.stderr(`nslookup: can't resolve '${name}'${why}\n`)
    return 1
  }
  ctx.stdout(`Name:      ${name}\n${found.addresses.map((a, i) => `Address ${i + 1}: ${a}${nameOf(a)}\n`).join('')}`)
  return 0
}
