// dig of BIND 9.16 to 9.18: its options, and its output to the blank.
import { formatAddress, parseIPv6 } from '../../dns/address.ts'
import { fqdn, illegal, isSubdomain } from '../../dns/qname.ts'
import { className, dataText, encode, OPCODES, RCODES, typeName } from '../../dns/wire.ts'
import type { Edns, Message, ResourceRecord } from '../../dns/wire.ts'
import {
  answerLine,
  ask,
  atLeast,
  canonical,
  flagWords,
  recordLine,
  searchNames,
  send,
  serverAddress,
  serverTrouble,
  sizeOf,
  tcpRefused,
  unixDate,
  versionOf,
} from '../bind.ts'
import { absolute } from '../http.ts'
import type { Tool, ToolContext } from '../tool.ts'
import { ArgumentReader } from './digarguments.ts'
import type { Lookup } from './digoptions.ts'

function fresh(modern: boolean): Lookup {
  return {
    name: '.',
    type: 1,
    class: 1,
    typeSet: false,
    classSet: false,
    reverse: false,
    server: undefined,
    port: 53,
    cmd: true,
    question: true,
    answer: true,
    authority: true,
    additional: true,
    comments: true,
    stats: true,
    short: false,
    identify: false,
    qr: false,
    yaml: false,
    multiline: false,
    ttlid: true,
    cl: true,
    units: false,
    onesoa: false,
    unknown: false,
    expand: false,
    micro: false,
    six: false,
    opcode: 0,
    aa: false,
    ra: false,
    tc: false,
    co: false,
    plain: false,
    headerOnly: false,
    id: undefined,
    expire: false,
    keepalive: false,
    padding: 0,
    subnet: undefined,
    options: [],
    tcpSet: false,
    tls: false,
    https: false,
    ednsFlags: 0,
    cookieText: undefined,
    domain: undefined,
    ndots: undefined,
    trace: false,
    nssearch: false,
    serial: undefined,
    four: false,
    key: undefined,
    keyName: '',
    greeting: '',
    rd: true,
    ad: true,
    cd: false,
    dnssec: false,
    nsid: false,
    tcp: false,
    edns: 0,
    cookie: true,
    bufsize: modern ? 1232 : 4096,
    search: false,
    showsearch: false,
    ignore: false,
    tries: 3,
    time: 5,
    fail: true,
    ednsneg: true,
    mdns: true,
    tabbed: !modern,
  }
}

function messageLines(m: Message, l: Lookup, options: { got: string; size: number; note: boolean }): string[] {
  const out: string[] = []
  const columns = { ttl: l.ttlid, class: l.cl, units: l.units, multiline: l.multiline }
  if (l.comments) {
    out.push(options.got)
    const name = m.questions[0]?.name ?? '.'
    if (l.mdns && isSubdomain('local.', name))
      out.push(
        ';; WARNING: .local is reserved for Multicast DNS',
        ';; You are currently testing what happens when an mDNS query is leaked to DNS',
      )
    out.push(
      `;; ->>HEADER<<- opcode: ${OPCODES[m.opcode] ?? `RESERVED${m.opcode}`}, status: ${RCODES[m.rcode] ?? `RESERVED${m.rcode}`}, id: ${m.id}`,
    )
    out.push(
      `;; flags: ${flagWords(m)}${flagWords(m) ? '' : ''}; QUERY: ${m.questions.length}, ANSWER: ${m.answers.length}, AUTHORITY: ${m.authority.length}, ADDITIONAL: ${m.additional.length + (m.edns ? 1 : 0)}`,
    )
    if (options.note && m.rd && !m.ra) out.push(';; WARNING: recursion requested but not available')
    out.push('')
    if (m.edns) {
      out.push(
        ';; OPT PSEUDOSECTION:',
        `; EDNS: version: ${m.edns.version}, flags:${ednsWords(m.edns)} udp: ${m.edns.udpSize}`,
      )
      for (const o of m.edns.options) {
        const hex = [...o.data].map((b) => b.toString(16).padStart(2, '0')).join('')
        if (o.code === 10)
          out.push(`; COOKIE: ${hex}${options.note ? (o.data.length === 8 ? ' (echoed)' : ' (good)') : ''}`)
        else if (o.code === 3) out.push(`; NSID:${hex ? ` ${hex} ("${Buffer.from(o.data).toString('latin1')}")` : ''}`)
        else if (o.code === 9) out.push(`; EXPIRE:${hex ? ` ${parseInt(hex, 16)}` : ''}`)
        else if (o.code === 11) out.push(`; TCP KEEPALIVE:${hex ? ` ${(parseInt(hex, 16) / 10).toFixed(1)} secs` : ''}`)
        else if (o.code === 12) out.push(`; PAD:${o.data.length > 0 ? ` (${o.data.length} bytes)` : ''}`)
        else if (o.code === 8) out.push(`; CLIENT-SUBNET: ${subnetText(o.data)}`)
        else out.push(`; OPT=${o.code}:${bytesText(o.data)}`)
      }
    }
  }
  if (l.comments && options.note && !m.edns && l.edns >= 0 && (m.rcode === 1 || m.rcode === 4))
    out.push(`;; WARNING: EDNS query returned status ${RCODES[m.rcode]} - retry with '+noedns'`, '')
  const section = (title: string, show: boolean, lines: readonly string[]): void => {
    if (!show || lines.length === 0) return
    if (l.comments) out.push(`;; ${title} SECTION:`)
    out.push(...lines)
    if (l.comments) out.push('')
  }
  section(
    'QUESTION',
    l.question,
    m.questions.map((q) => `;${questionText(q, l)}`),
  )
  section(
    'ANSWER',
    l.answer,
    m.answers.map((r) => recordText(r, l, columns)),
  )
  section(
    'AUTHORITY',
    l.authority,
    m.authority.map((r) => recordText(r, l, columns)),
  )
  section(
    'ADDITIONAL',
    l.additional,
    m.additional.map((r) => recordText(r, l, columns)),
  )
  return out
}

/** Bytes as dig shows those of an option it has no words for. */
const bytesText = (data: Uint8Array): string =>
  data.length === 0
    ? ''
    : ` ${[...data].map((b) => b.toString(16).padStart(2, '0')).join(' ')} ("${[...data].map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.')).join('')}")`
/** The client subnet of RFC 7871: address, bits that count, bits that the answer is for. */
function subnetText(data: Uint8Array): string {
  const bytes = new Uint8Array(data[1] === 2 ? 16 : 4)
  bytes.set(data.subarray(4, 4 + bytes.length))
  return `${formatAddress(bytes)}/${data[2] ?? 0}/${data[3] ?? 0}`
}

/** The flags of EDNS: DNSSEC, compact answers, and those that must be zero. */
function ednsWords(e: Edns): string {
  const rest = (e.z ?? 0) & ~COMPACT
  const unknown = rest === 0 ? '' : ` MBZ: 0x${rest.toString(16).padStart(4, '0')},`
  return `${e.do ? ' do' : ''}${(e.z ?? 0) & COMPACT ? ' co' : ''};${unknown}`
}
/** The flag of compact answers (RFC 9824) below DO. */
const COMPACT = 0x4000

/** The question's line: its class is always there. */
function questionText(q: Message['questions'][number], l: Lookup): string {
  if (l.unknown) return recordLine(q, { ttl: l.ttlid, class: true, unknown: true })
  const line = recordLine(q, { ttl: l.ttlid, class: l.cl, question: true, multiline: l.multiline })
  return l.tabbed ? line.replace(/ /g, '\t') : line
}
/** An address in all its digits. */
const wholeIPv6 = (text: string): string =>
  [...(parseIPv6(text) ?? [])]
    .map((b) => b.toString(16).padStart(2, '0'))
    .join('')
    .replace(/(.{4})(?!$)/g, '$1:')

/** The data of a record in the form that was asked for. */
function shownData(r: ResourceRecord, l: Lookup): string {
  if (l.unknown) {
    const bytes = recordData(r)
    const hex = [...bytes].map((b) => b.toString(16).padStart(2, '0').toUpperCase()).join('')
    return `\\# ${bytes.length} ${(hex.match(/.{1,56}/g) ?? []).join(' ')}`
  }
  return l.expand && r.data.kind === 'address' && r.type === 28 ? wholeIPv6(r.data.address) : dataText(r)
}

function recordText(r: ResourceRecord, l: Lookup, columns: Parameters<typeof answerLine>[1]): string {
  if (l.unknown) return recordLine({ ...r, data: shownData(r, l) }, { ...columns, unknown: true })
  if (l.expand) return recordLine({ ...r, data: shownData(r, l) }, columns)
  if (!l.multiline || r.data.kind !== 'soa') return answerLine(r, columns)
  const d = r.data
  const words = (n: number): string => {
    const parts: string[] = []
    let rest = n
    for (const [u, s] of [
      ['week', 604800],
      ['day', 86400],
      ['hour', 3600],
      ['minute', 60],
      ['second', 1],
    ] as const) {
      const k = Math.floor(rest / s)
      if (k) {
        parts.push(`${k} ${u}${k === 1 ? '' : 's'}`)
        rest -= k * s
      }
    }
    return parts.join(' ') || '0 seconds'
  }
  const pad = '\t\t\t\t'
  const rows = [
    [d.serial, 'serial'],
    [d.refresh, `refresh (${words(d.refresh)})`],
    [d.retry, `retry (${words(d.retry)})`],
    [d.expire, `expire (${words(d.expire)})`],
    [d.minimum, `minimum (${words(d.minimum)})`],
  ] as const
  const head = recordLine(
    { name: r.name, type: r.type, class: r.class, ttl: r.ttl, data: `${d.mname} ${d.rname} (` },
    columns,
  )
  return [head, ...rows.map(([n, what]) => `${pad}${String(n).padEnd(10)} ; ${what}`), `${pad})`].join('\n')
}

const yamlRecord = (r: ResourceRecord): string =>
  `${r.name} ${r.ttl} ${className(r.class)} ${typeName(r.type)} ${dataText(r)}`

function yamlText(m: Message, l: Lookup, server: string, size: number, tcp: boolean, now: number): string {
  const stamp = new Date(now).toISOString().replace(/(\.\d{3})Z/, '$1Z')
  const out = [
    '- type: MESSAGE',
    '  message:',
    `    type: ${m.qr ? (m.ra && m.rd ? 'RECURSIVE_RESPONSE' : 'AUTH_RESPONSE') : m.rd ? 'RECURSIVE_QUERY' : 'AUTH_QUERY'}`,
    `    query_time: !!timestamp ${stamp}`,
    ...(m.qr ? [`    response_time: !!timestamp ${stamp}`] : []),
    `    message_size: ${size}b`,
    '    socket_family: INET',
    `    socket_protocol: ${tcp ? 'TCP' : 'UDP'}`,
    `    response_address: "${server}"`,
    `    response_port: ${l.port}`,
    '    query_address: "0.0.0.0"',
    '    query_port: 0',
    `    ${m.qr ? 'response' : 'query'}_message_data:`,
    `      opcode: ${OPCODES[m.opcode]}`,
    `      status: ${RCODES[m.rcode]}`,
    `      id: ${m.id}`,
    `      flags: ${flagWords(m)}`,
    `      QUESTION: ${m.questions.length}`,
    `      ANSWER: ${m.answers.length}`,
    `      AUTHORITY: ${m.authority.length}`,
    `      ADDITIONAL: ${m.additional.length + (m.edns ? 1 : 0)}`,
  ]
  if (m.edns && l.comments) {
    out.push(
      '      OPT_PSEUDOSECTION:',
      '        EDNS:',
      `          version: ${m.edns.version}`,
      `          flags:${m.edns.do ? ' do' : ''}`,
      `          udp: ${m.edns.udpSize}`,
    )
    for (const o of m.edns.options)
      if (o.code === 3) out.push('          NSID:')
      else if (o.code === 10)
        out.push(
          `          COOKIE: ${[...o.data].map((b) => b.toString(16).padStart(2, '0')).join('')}${!m.qr ? '' : o.data.length === 8 ? ' (echoed)' : ' (good)'}`,
        )
  }
  const sections: readonly (readonly [string, boolean, readonly string[]])[] = [
    ['QUESTION', l.question, m.questions.map((q) => `${q.name} ${className(q.class)} ${typeName(q.type)}`)],
    ['ANSWER', l.answer, m.answers.map(yamlRecord)],
    ['AUTHORITY', l.authority, m.authority.map(yamlRecord)],
    ['ADDITIONAL', l.additional, m.additional.map(yamlRecord)],
  ]
  for (const [title, shown, rows] of sections)
    if (shown && rows.length > 0) out.push(`      ${title}_SECTION:`, ...rows.map((row) => `        - '${row}'`))
  return `${out.join('\n')}\n`
}

/** The data of a record as bytes. */
function recordData(r: ResourceRecord): Uint8Array {
  const empty = {
    id: 0,
    opcode: 0,
    rcode: 0,
    qr: true,
    aa: false,
    tc: false,
    rd: false,
    ra: false,
    ad: false,
    cd: false,
  }
  const bytes = encode({ ...empty, questions: [], answers: [{ ...r, name: '.' }], authority: [], additional: [] })
  return bytes.subarray(12 + 1 + 10)
}

/** What all look-ups of one command share. */
interface State {
  readonly version: string
  readonly modern: boolean
}

export const dig: Tool = {
  name: 'dig',
  async run(args, ctx) {
    const version = versionOf(ctx, 'dig')
    const modern = atLeast(version, 9, 18)
    const defaults = { ...fresh(modern), cookie: atLeast(version, 9, 11), mdns: atLeast(version, 9, 11) }
    const reader = new ArgumentReader(ctx, version, defaults)
    let failed = 0
    /** Asks what the last line wanted; an exit code when dig ends with it. */
    const asked = async (): Promise<number | undefined> => {
      for (const l of reader.lookups.splice(0)) {
        const why = l.name === '' ? 'unexpected end of input' : illegal(l.name)
        if (why) {
          ctx.stderr(`dig: '${l.name}' is not a legal name (${why})\n`)
          return 10
        }
        failed = (await one(ctx, l, { version, modern })) || failed
        if (ctx.signal.aborted) return failed
      }
      return undefined
    }
    let end = reader.read(args) ?? (await asked())
    const { batch } = reader
    if (end === undefined && batch !== undefined) {
      const text = batch === '-' ? await readAll(ctx) : ctx.files.read(absolute(ctx.cwd, batch))
      if (text === undefined) {
        ctx.stderr(`${batch}: No such file or directory\ndig: couldn't open specified batch file\n`)
        return 8
      }
      for (const line of text.replace(/\n$/, '').split('\n'))
        end ??= reader.read(line.trim().split(/\s+/).filter(Boolean), true) ?? (await asked())
    }
    return end ?? failed
  },
}

async function readAll(ctx: ToolContext): Promise<string> {
  const parts: Uint8Array[] = []
  if (ctx.stdin) for await (const c of ctx.stdin) parts.push(c)
  return Buffer.concat(parts).toString('utf8')
}

async function one(ctx: ToolContext, l: Lookup, { modern }: State): Promise<number> {
  const given = l.server
  let server = ctx.dns.nameservers[0] ?? '127.0.0.1'
  if (given !== undefined) {
    const found = serverAddress(ctx, given)
    if (!found) {
      ctx.stderr(`dig: couldn't get address for '${given}': ${serverTrouble(ctx, given)}\n`)
      return modern ? 1 : 10
    }
    server = found
  }
  const reserved = (l.ednsFlags & 0x7fff) | (l.co ? COMPACT : 0)
  const cookie = (): Uint8Array => Uint8Array.from({ length: 8 }, () => ctx.random(256))
  const edns: Edns | undefined =
    l.edns < 0 && !l.dnssec
      ? undefined
      : {
          version: Math.max(0, l.edns),
          udpSize: l.bufsize,
          do: l.dnssec,
          ...(reserved ? { z: reserved } : {}),
          options: [
            ...(l.nsid ? [{ code: 3, data: new Uint8Array(0) }] : []),
            ...(l.subnet ? [l.subnet] : []),
            ...(l.cookie
              ? [{ code: 10, data: l.cookieText ? Uint8Array.from(Buffer.from(l.cookieText, 'hex')) : cookie() }]
              : []),
            ...(l.expire ? [{ code: 9, data: new Uint8Array(0) }] : []),
            ...(l.keepalive ? [{ code: 11, data: new Uint8Array(0) }] : []),
            ...l.options,
          ],
        }
  let greeting = l.greeting
  const banner = (): void => {
    if (l.cmd && !l.short) ctx.stdout(greeting)
    greeting = ''
  }
  /** No server answered: the greeting is said whatever was asked for behind the name. */
  const unreached = (text: string): number => {
    ctx.stdout(`${greeting}${text}`)
    return 9
  }
  if (l.key === 'unknown') ctx.stdout(`;; Couldn't create key ${l.keyName}: algorithm is unsupported\n`)
  if (l.key === 'bad') ctx.stdout(`;; Couldn't create key ${l.keyName}: bad base64 encoding\n`)
  const names =
    l.search && !l.reverse ? searchNames(canonical(l.name), ctx, l.domain, l.ndots) : [fqdn(canonical(l.name))]
  if (l.six && !server.includes(':')) {
    ctx.stdout(`;; communications error to ::1#${l.port}: connection refused\n`.repeat(l.tries))
    return unreached(';; no servers could be reached\n')
  }
  if (l.trace) return traced(ctx, l, server, given, banner, edns)
  if (l.nssearch) return nameServers(ctx, l, server, edns)
  const refused = (port: number): string => tcpRefused(server, port, given ?? server, l.name)
  if (l.tls || l.https) {
    ctx.stdout(refused(l.tls ? 853 : l.plain ? 80 : 443))
    return 9
  }
  let sent: Awaited<ReturnType<typeof send>> | undefined
  for (const [i, name] of names.entries()) {
    const q = padded(
      {
        ...ask(ctx, name, l.type, { rd: l.rd, class: l.class, edns, ad: l.ad, cd: l.cd }),
        ...(l.id === undefined ? {} : { id: l.id }),
        ...(l.headerOnly ? { questions: [] } : {}),
        opcode: l.opcode,
        aa: l.aa,
        tc: l.tc,
        ra: l.ra,
      },
      l.padding,
    )
    const tcp = l.tcp || (l.type === 255 && !l.tcpSet) || l.type === 252 || (l.type === 251 && l.serial !== undefined)
    sent = await send(ctx, q, {
      server,
      port: l.port,
      tries: l.tries,
      seconds: l.time,
      tcp,
      ignoreTruncation: l.ignore,
      modern,
    })
    const bad = sent.reply && l.ednsneg && sent.reply.rcode === 16
    if (bad)
      sent = await send(
        ctx,
        ask(ctx, name, l.type, {
          rd: l.rd,
          class: l.class,
          edns: edns ? { ...edns, version: 0 } : undefined,
          ad: l.ad,
          cd: l.cd,
        }),
        { server, port: l.port, tries: l.tries, seconds: l.time, tcp, modern },
      )
    if (bad) sent = { ...sent, comments: [';; BADVERS, retrying with EDNS version 0.', ...sent.comments] }
    if (!sent.reply && tcp && modern) {
      ctx.stdout(refused(l.port).repeat(l.tries))
      return 9
    }
    if (l.key === 'good' && sent.reply) ctx.stdout(";; Couldn't verify signature: expected a TSIG or SIG(0)\n")
    if (sent.reply ? l.comments && !l.short : !l.yaml) ctx.stdout(lines(sent.comments))
    if (l.qr && l.yaml) ctx.stdout(yamlText(q, l, server, sizeOf(q), tcp, ctx.now()))
    else if (l.qr) {
      banner()
      ctx.stdout(
        lines(messageLines(q, l, { got: ';; Sending:', size: 0, note: false })) +
          (l.stats && l.comments ? `;; QUERY SIZE: ${sizeOf(q)}\n\n` : ''),
      )
    }
    if (!sent.reply || sent.reply.rcode !== 3 || i === names.length - 1) break
    if (l.showsearch) {
      banner()
      ctx.stdout(
        lines([
          ...messageLines(sent.reply, l, { got: ';; Got answer:', size: sent.size, note: true }),
          ...(l.stats ? statistics(ctx, l, sent, server, given, modern) : []),
        ]),
      )
      greeting = l.greeting
    }
  }
  if (!sent?.reply) {
    if (l.yaml) {
      ctx.stdout('- type: DIG_ERROR\n  message: |\n    no servers could be reached\n')
      return 9
    }
    return unreached(
      modern ? ';; no servers could be reached\n' : ';; connection timed out; no servers could be reached\n',
    )
  }
  banner()
  const m = sent.reply
  if ((l.type === 252 || (l.type === 251 && l.serial !== undefined)) && m.rcode !== 0) {
    ctx.stdout('; Transfer failed.\n')
    return 0
  }
  if (l.yaml) {
    ctx.stdout(yamlText(m, l, server, sent.size, sent.tcp, ctx.now()))
    return 0
  }
  if (l.short) {
    const from = l.identify ? ` from server ${server} in 0 ${l.micro ? 'us' : 'ms'}.` : ''
    ctx.stdout(lines(m.answers.map((r) => `${shownData(r, l)}${from}`)))
    return 0
  }
  const out = messageLines(m, l, { got: ';; Got answer:', size: sent.size, note: true })
  if (l.stats) {
    out.push(...statistics(ctx, l, sent, server, given, modern))
  } else if (l.identify && !l.stats)
    out.push(`;; Received ${sent.size} bytes from ${server}#${l.port}(${given ?? server}) in 0 ms`, '')
  ctx.stdout(lines(out))
  return 0
}

const lines = (list: readonly string[]): string => list.map((x) => `${x}\n`).join('')

/** What dig says of a reply's way. */
function statistics(
  ctx: ToolContext,
  l: Lookup,
  sent: { readonly size: number; readonly tcp: boolean },
  server: string,
  given: string | undefined,
  modern: boolean,
): string[] {
  return [
    `;; Query time: 0 ${l.micro ? 'usec' : 'msec'}`,
    `;; SERVER: ${server}#${l.port}(${given ?? server})${modern ? ` (${sent.tcp ? 'TCP' : 'UDP'})` : ''}`,
    `;; WHEN: ${unixDate(ctx.now())}`,
    `;; MSG SIZE  rcvd: ${sent.size}`,
    ...(l.key === 'good' ? [';; WARNING -- Some TSIG could not be validated'] : []),
    ...(l.key === 'unknown' || l.key === 'bad' ? [';; WARNING -- TSIG key was not used.'] : []),
    '',
  ]
}

/** The query filled up to a multiple of so many bytes (RFC 7830). */
function padded(q: Message, block: number): Message {
  if (block === 0 || !q.edns) return q
  const size = sizeOf({
    ...q,
    edns: { ...q.edns, options: [...q.edns.options, { code: 12, data: new Uint8Array(0) }] },
  })
  const data = new Uint8Array((block - (size % block)) % block)
  return { ...q, edns: { ...q.edns, options: [...q.edns.options, { code: 12, data }] } }
}

/** +trace: the root's servers first; a resolver that does not know them ends the way. */
async function traced(
  ctx: ToolContext,
  l: Lookup,
  server: string,
  given: string | undefined,
  banner: () => void,
  edns: Edns | undefined,
): Promise<number> {
  const sent = await send(ctx, ask(ctx, '.', 2, { rd: true, edns, ad: l.ad, cd: l.cd }), {
    server,
    port: l.port,
    tries: l.tries,
    seconds: l.time,
    tcp: l.tcp,
    modern: true,
  })
  for (const c of sent.comments) ctx.stdout(`${c}\n`)
  if (!sent.reply) {
    ctx.stdout(';; no servers could be reached\n')
    return 9
  }
  banner()
  const columns = { ttl: l.ttlid, class: l.cl, units: l.units, multiline: l.multiline }
  ctx.stdout(
    lines([
      ...sent.reply.answers.map((r) => answerLine(r, columns)),
      `;; Received ${sent.size} bytes from ${server}#${l.port}(${given ?? server}) in 0 ms`,
      '',
    ]),
  )
  return 0
}

/** +nssearch: the SOA of the zone from each of its servers. */
async function nameServers(ctx: ToolContext, l: Lookup, server: string, edns: Edns | undefined): Promise<number> {
  const how = { port: l.port, tries: l.tries, seconds: l.time, tcp: l.tcp, modern: true }
  const found = await send(ctx, ask(ctx, canonical(l.name), 2, { edns }), { ...how, server })
  for (const c of found.comments) ctx.stdout(`${c}\n`)
  if (!found.reply) {
    ctx.stdout(';; no servers could be reached\n')
    return 9
  }
  let reached = found.reply.answers.length === 0
  for (const ns of found.reply.answers) {
    if (ns.data.kind !== 'name') continue
    const { target } = ns.data
    const glue = found.reply.additional.flatMap((r) =>
      r.name === target && r.data.kind === 'address' ? [r.data.address] : [],
    )
    for (const address of glue.length > 0 ? glue : ctx.dns.resolve(target).addresses) {
      const sent = await send(ctx, ask(ctx, canonical(l.name), 6, { rd: false, edns }), { ...how, server: address })
      for (const c of sent.comments) ctx.stdout(`${c}\n`)
      if (!sent.reply) continue
      reached = true
      for (const r of sent.reply.answers)
        if (r.type === 6) ctx.stdout(`SOA ${dataText(r)} from server ${address} in 0 ms.\n`)
    }
  }
  if (!reached) ctx.stdout(';; NS servers could not be reached\n')
  return reached ? 0 : 9
}
