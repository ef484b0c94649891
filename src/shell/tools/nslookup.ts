// nslookup of BIND (9.16 and 9.18 differ); busybox' stands in a file of its own. The image says which.
import { family, reverseName } from '../../dns/address.ts'
import { bare, fqdn, illegal } from '../../dns/qname.ts'
import { CLASSES, dataText, RCODES, typeCode, typeName } from '../../dns/wire.ts'
import type { Message, ResourceRecord } from '../../dns/wire.ts'
import {
  ask,
  atLeast,
  canonical,
  programVersion,
  searchNames,
  send,
  serverAddress,
  serverTrouble,
  tcpRefused,
  versionOf,
} from '../bind.ts'
import type { Tool, ToolContext } from '../tool.ts'

export const nslookup: Tool = {
  name: 'nslookup',
  async run(args, ctx) {
    if (!(ctx.image.programs['nslookup'] ?? '').startsWith('busybox')) return bind(args, ctx)
    return (await import('./busyboxlookup.ts')).busyboxLookup(args, ctx)
  },
}

interface Settings {
  type: number
  typeSet: boolean
  class: number
  port: number
  seconds: number
  secondsSet: boolean
  tries: number
  debug: boolean
  recurse: boolean
  tcp: boolean
  search: boolean
  domain: string | undefined
  ndots: number | undefined
  /** A server that fails ends the search. */
  fail: boolean
  /** As typed, for `set all`. */
  typeText: string
  classText: string
  server: string | undefined
  servername: string | undefined
}

const CLASS_CODES: Readonly<Record<string, number>> = { ...CLASSES, CHAOS: 3, HESIOD: 4 }

/** One `set` word of BIND's nslookup (setoption()); an error text when it is none. */
function set(word: string, s: Settings): string | undefined {
  const cut = word.indexOf('=')
  const key = (cut < 0 ? word : word.slice(0, cut + 1)).toLowerCase()
  const value = cut < 0 ? '' : word.slice(cut + 1)
  const is = (name: string, least: number): boolean => cut < 0 && key.length >= least && name.startsWith(key)
  const number = (what: string, put: (n: number) => void): string | undefined => {
    const digits = /^\d+$/.test(value)
    if (!digits || Number(value) > (what === 'tries' ? 0xffffffff : 65535))
      return `invalid ${what} '${value}': ${digits ? 'out of range' : 'not a valid number'}\n`
    put(Number(value))
    return undefined
  }
  switch (key) {
    case 'type=':
    case 'ty=':
    case 'querytype=':
    case 'query=':
    case 'qu=':
    case 'q=': {
      const type = typeCode(value)
      if (type === undefined) return `unknown query type: ${value}\n`
      s.type = type
      s.typeSet = true
      s.typeText = value
      return undefined
    }
    case 'class=':
    case 'cl=': {
      const code = value.toUpperCase()
      if (!Object.hasOwn(CLASS_CODES, code)) return `unknown query class: ${value}\n`
      s.class = CLASS_CODES[code] ?? 1
      s.classText = value
      return undefined
    }
    case 'domain=':
    case 'do=':
      s.domain = value
      s.search = true
      return undefined
    case 'port=':
    case 'po=':
      return number('port', (n) => void (s.port = n))
    case 'timeout=':
    case 't=':
      return number('timeout', (n) => {
        s.seconds = Math.max(1, n)
        s.secondsSet = true
      })
    case 'retry=':
    case 'ret=':
      return number('tries', (n) => void (s.tries = Math.max(1, n)))
    case 'ndots=':
      return number('ndots', (n) => void (s.ndots = n))
  }
  if (is('recurse', 3)) s.recurse = true
  else if (is('norecurse', 5)) s.recurse = false
  else if (is('defname', 3) || is('search', 3)) s.search = true
  else if (is('nodefname', 5) || is('nosearch', 5)) s.search = false
  else if (is('vc', 2)) s.tcp = true
  else if (is('novc', 4)) s.tcp = false
  else if (is('debug', 3)) s.debug = true
  else if (is('nodebug', 5)) s.debug = false
  else if (is('fail', 3)) s.fail = true
  else if (is('nofail', 5)) s.fail = false
  else if (!is('all', 3) && !is('d2', 2) && !is('nod2', 4) && !is('sil', 3)) return `*** Invalid option: ${word}\n`
  return undefined
}

const BIND_USAGE =
  "Usage:\n   nslookup [-opt ...]             # interactive mode using default server\n   nslookup [-opt ...] - server    # interactive mode using 'server'\n   nslookup [-opt ...] host        # just look up 'host' using default server\n   nslookup [-opt ...] host server # just look up 'host' using 'server'\n"

/** What `set all` shows. */
function allSettings(s: Settings, ctx: ToolContext): string {
  const server = s.server ?? ctx.dns.nameservers[0] ?? '127.0.0.1'
  return [
    `Default server: ${s.servername ?? server}`,
    `Address: ${server}#${s.port}`,
    '',
    'Set options:',
    `  ${s.tcp ? 'vc' : 'novc'}\t\t\t${s.debug ? 'debug' : 'nodebug'}\t\tnod2`,
    `  ${s.search ? 'search' : 'nosearch'}\t\t${s.recurse ? 'recurse' : 'norecurse'}`,
    `  timeout = ${s.secondsSet ? s.seconds : 0}\t\tretry = ${s.tries}\tport = ${s.port}\tndots = ${s.ndots ?? ctx.dns.ndots}`,
    `  querytype = ${s.typeText.padEnd(8)}\tclass = ${s.classText}`,
    `  srchlist = ${(s.domain === undefined ? ctx.dns.search : [s.domain]).join('/')}`,
    '',
  ].join('\n')
}

async function bind(args: readonly string[], ctx: ToolContext): Promise<number> {
  const s: Settings = {
    type: 1,
    typeSet: false,
    class: 1,
    port: 53,
    seconds: 5,
    secondsSet: false,
    tries: 3,
    debug: false,
    recurse: true,
    tcp: false,
    search: true,
    domain: undefined,
    ndots: undefined,
    fail: false,
    typeText: 'A',
    classText: 'IN',
    server: undefined,
    servername: undefined,
  }
  const words: string[] = []
  for (const a of args) {
    if (a.startsWith('-') && a.length > 1) {
      if (a === '-version') {
        ctx.stderr(`nslookup ${programVersion(ctx)}\n`)
        return 0
      }
      const trouble = set(a.slice(1), s)
      if (trouble) ctx.stdout(trouble)
      if (a === '-all') ctx.stdout(allSettings(s, ctx))
    } else words.push(a)
  }
  if (words.length > 2) {
    ctx.stderr(BIND_USAGE)
    return 1
  }
  if (words[1] !== undefined && words[1] !== '-') {
    const address = serverAddress(ctx, words[1])
    if (!address) {
      ctx.stderr(`nslookup: couldn't get address for '${words[1]}': ${serverTrouble(ctx, words[1])}\n`)
      return 1
    }
    s.server = address
    s.servername = words[1]
  }
  const code = words[0] !== undefined && words[0] !== '-' ? await bindOne(words[0], s, ctx) : await interactive(s, ctx)
  if (code < 2) ctx.stdout('\n')
  return code === 0 ? 0 : 1
}

/** What the commands of others are answered with. */
const UNKNOWN_COMMANDS = new Map([
  ['help', 'yet implemented'],
  ['?', 'yet implemented'],
  ...['finger', 'ls', 'root', 'view'].map((word): [string, string] => [word, 'implemented']),
])

/** Without a name: lines from the input, `server`, `set`, `exit`, names. 1 unless all look-ups went well. */
async function interactive(s: Settings, ctx: ToolContext): Promise<number> {
  let rest = ''
  let failed = false
  let found = false
  const prompt = (): void => {
    if (ctx.tty) ctx.stdout('> ')
  }
  /** 'exit' ends, 'refused' ends with an error that was told. */
  const line = async (text: string): Promise<'exit' | 'refused' | undefined> => {
    const [word = '', more] = text.trim().split(/\s+/)
    const command = word.toLowerCase()
    if (word === '') return undefined
    if (command === 'exit') return 'exit'
    if (command === 'set' && more !== undefined) {
      ctx.stdout(set(more, s) ?? (/^all$/i.test(more) ? allSettings(s, ctx) : ''))
      return undefined
    }
    if (command === 'server' || command === 'lserver') {
      const address = more === undefined ? (s.server ?? ctx.dns.nameservers[0]) : serverAddress(ctx, more)
      if (address === undefined) {
        ctx.stderr(`nslookup: couldn't get address for '${more ?? ''}': ${serverTrouble(ctx, more ?? '')}\n`)
        return 'refused'
      }
      if (more !== undefined) {
        s.server = address
        s.servername = more
      }
      ctx.stdout(`Default server: ${s.servername ?? address}\nAddress: ${address}#${s.port}\n`)
      return undefined
    }
    const unknown = UNKNOWN_COMMANDS.get(command)
    if (unknown !== undefined) {
      ctx.stdout(`The '${word}' command is not ${unknown}.\n`)
      return undefined
    }
    const code = await bindOne(word, s, ctx)
    if (code === 0) found = true
    else failed = true
    return undefined
  }
  const code = (): number => (failed || !found ? 1 : 0)
  prompt()
  if (ctx.stdin)
    for await (const chunk of ctx.stdin) {
      rest += Buffer.from(chunk).toString('utf8')
      for (let cut = rest.indexOf('\n'); cut >= 0; cut = rest.indexOf('\n')) {
        const text = rest.slice(0, cut)
        rest = rest.slice(cut + 1)
        const end = await line(text)
        if (end !== undefined) return end === 'refused' ? REFUSED : code()
        prompt()
      }
    }
  if (rest.trim()) await line(rest)
  return code()
}
/** Ended with an error that has been told: no empty line comes after it. */
const REFUSED = 2

function printRecord(r: ResourceRecord): string {
  const name = bare(r.name)
  const d = r.data
  if (d.kind === 'address') return `Name:\t${name}\nAddress: ${d.address}\n`
  if (d.kind === 'soa')
    return `${name}\n\torigin = ${bare(d.mname)}\n\tmail addr = ${bare(d.rname)}\n\tserial = ${d.serial}\n\trefresh = ${d.refresh}\n\tretry = ${d.retry}\n\texpire = ${d.expire}\n\tminimum = ${d.minimum}\n`
  const what =
    r.type === 5
      ? 'canonical name'
      : r.type === 33
        ? 'service'
        : r.type === 12
          ? 'name'
          : r.type === 2
            ? 'nameserver'
            : r.type === 15
              ? 'mail exchanger'
              : r.type === 16
                ? 'text'
                : `rdata_${r.type}`
  return `${name}\t${what} = ${dataText(r)}\n`
}

/** The long form of -debug. */
function details(m: Message): string {
  const out = [
    '------------',
    '    QUESTIONS:',
    ...m.questions.map((q) => `\t${bare(q.name)}, type = ${typeName(q.type)}, class = IN`),
  ]
  const record = (r: ResourceRecord): string[] => {
    const d = r.data
    const body =
      d.kind === 'address'
        ? [r.type === 28 ? `\thas AAAA address ${d.address}` : `\tinternet address = ${d.address}`]
        : d.kind === 'soa'
          ? [
              `\torigin = ${bare(d.mname)}`,
              `\tmail addr = ${bare(d.rname)}`,
              `\tserial = ${d.serial}`,
              `\trefresh = ${d.refresh}`,
              `\tretry = ${d.retry}`,
              `\texpire = ${d.expire}`,
              `\tminimum = ${d.minimum}`,
            ]
          : [
              `\t${r.type === 5 ? 'canonical name' : r.type === 33 ? 'service' : r.type === 12 ? 'name' : r.type === 2 ? 'nameserver' : r.type === 15 ? 'mail exchanger' : r.type === 16 ? 'text' : `rdata_${r.type}`} = ${dataText(r)}`,
            ]
    return [`    ->  ${bare(r.name)}`, ...body, `\tttl = ${r.ttl}`]
  }
  out.push(
    '    ANSWERS:',
    ...m.answers.flatMap(record),
    '    AUTHORITY RECORDS:',
    ...m.authority.flatMap(record),
    '    ADDITIONAL RECORDS:',
    ...m.additional.flatMap(record),
    '------------',
  )
  return `${out.join('\n')}\n`
}

async function bindOne(name: string, s: Settings, ctx: ToolContext): Promise<number> {
  const modern = atLeast(versionOf(ctx, 'nslookup'), 9, 18)
  const server = s.server ?? ctx.dns.nameservers[0] ?? '127.0.0.1'
  const reverse = family(name) ? reverseName(name) : undefined
  // a server named on the command line is not judged for offering recursion
  const judged = s.server === undefined && s.recurse
  let headed = reverse !== undefined && !s.typeSet
  /** Whether -debug told of a name that is not there. */
  let missed = false
  const head = (): void => {
    if (!headed) {
      headed = true
      ctx.stdout(`Server:\t\t${s.servername ?? server}\nAddress:\t${server}#${s.port}\n\n`)
    }
  }
  const round = async (names: readonly string[], type: number): Promise<Message | undefined> => {
    let last: Message | undefined
    for (const n of names) {
      const sent = await send(ctx, ask(ctx, n, type, { rd: s.recurse, class: s.class }), {
        server,
        port: s.port,
        tries: s.tries,
        seconds: s.seconds,
        tcp: s.tcp,
        modern,
      })
      if (!sent.reply && s.tcp && modern) {
        ctx.stdout(tcpRefused(server, s.port, s.servername ?? server, name).repeat(s.tries))
        return undefined
      }
      for (const c of sent.comments) ctx.stdout(`${c}\n`)
      if (!sent.reply) {
        ctx.stdout(
          modern ? ';; no servers could be reached\n' : ';; connection timed out; no servers could be reached\n',
        )
        return undefined
      }
      last = sent.reply
      if (modern && last.rcode === 2 && !s.fail) ctx.stdout(`;; Got SERVFAIL reply from ${server}\n`)
      else if (modern && judged && !last.ra) ctx.stdout(`;; Got recursion not available from ${server}\n`)
      // only a name that does not exist sends the search on
      if (last.rcode !== 3) return last
      if (s.debug && n !== names.at(-1)) {
        missed = true
        headed = false
        head()
        headed = false
        ctx.stdout(`${details(last)}** server can't find ${bare(n)}: NXDOMAIN\n`)
      }
    }
    return last
  }
  const fail = (m: Message, shown: string): number => {
    head()
    if (s.debug) ctx.stdout(details(m))
    ctx.stdout(`** server can't find ${bare(shown)}: ${RCODES[m.rcode] ?? m.rcode}\n`)
    return 1
  }
  if (reverse !== undefined) {
    const m = await round([reverse], 12)
    if (!m) return 1
    if (m.rcode !== 0) return fail(m, reverse)
    if (s.debug) ctx.stdout(details(m))
    head()
    if (!m.aa) ctx.stdout('Non-authoritative answer:\n')
    ctx.stdout(
      m.answers.length === 0 ? `*** Can't find ${bare(reverse)}: No answer\n` : m.answers.map(printRecord).join(''),
    )
    return 0
  }
  const wrong = name === '' ? 'unexpected end of input' : illegal(name)
  if (wrong) {
    ctx.stderr(`nslookup: '${name}' is not in legal name syntax (${wrong})\n`)
    return REFUSED
  }
  const typed = canonical(name)
  const names = s.search ? searchNames(typed, ctx, s.domain, s.ndots) : [fqdn(typed)]
  const first = await round(names, s.type)
  if (!first) return 1
  if (first.rcode !== 0) return fail(first, first.questions[0]?.name ?? name)
  head()
  if (s.debug) ctx.stdout(details(first))
  if (!first.aa && first.answers.length > 0) ctx.stdout('Non-authoritative answer:\n')
  ctx.stdout(first.answers.map(printRecord).join(''))
  if (s.typeSet) {
    if (first.answers.length === 0) ctx.stdout(`*** Can't find ${bare(name)}: No answer\n`)
    if (!first.aa && first.answers.length > 0) ctx.stdout('\nAuthoritative answers can be found from:\n')
    return missed ? 1 : 0
  }
  // Both families are asked: the AAAA question goes to where the CNAMEs ended.
  let last = first.questions[0]?.name ?? fqdn(name)
  for (const r of first.answers)
    if (r.type === 5 && r.data.kind === 'name' && r.name.toLowerCase() === last.toLowerCase()) last = r.data.target
  const second = await round([last], 28)
  if (!second) return 1
  if (second.rcode !== 0) return fail(second, last)
  if (s.debug) ctx.stdout(details(second))
  ctx.stdout(
    second.answers
      .filter((r) => r.type !== 5)
      .map(printRecord)
      .join(''),
  )
  if (first.answers.length === 0 && second.answers.length === 0) ctx.stdout(`*** Can't find ${bare(name)}: No answer\n`)
  return missed ? 1 : 0
}
