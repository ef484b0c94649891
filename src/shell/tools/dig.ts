// dig of BIND 9.16 to 9.18: its options, and its output to the blank.
import { parseIPv6, reverseName } from '../../dns/address.ts'
import { fqdn, illegal, isSubdomain } from '../../dns/qname.ts'
import { CLASSES, className, dataText, encode, OPCODES, RCODES, typeCode, typeName } from '../../dns/wire.ts'
import type { Edns, Message, ResourceRecord } from '../../dns/wire.ts'
import {
  answerLine,
  ask,
  atLeast,
  flagWords,
  recordLine,
  searchNames,
  send,
  serverAddress,
  sizeOf,
  unixDate,
  versionOf,
} from '../bind.ts'
import type { Tool, ToolContext } from '../tool.ts'
import { setOption } from './digoptions.ts'
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
    words: [],
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
        `; EDNS: version: ${m.edns.version}, flags:${m.edns.do ? ' do' : ''};${m.edns.z ? ` MBZ: 0x${m.edns.z.toString(16).padStart(4, '0')},` : ''} udp: ${m.edns.udpSize}`,
      )
      for (const o of m.edns.options) {
        const hex = [...o.data].map((b) => b.toString(16).padStart(2, '0')).join('')
        if (o.code === 10)
          out.push(`; COOKIE: ${hex}${options.note ? (o.data.length === 8 ? ' (echoed)' : ' (good)') : ''}`)
        else if (o.code === 3) out.push(`; NSID:${hex ? ` ${hex} ("${Buffer.from(o.data).toString('latin1')}")` : ''}`)
        else if (o.code === 9) out.push(`; EXPIRE:${hex ? ` ${parseInt(hex, 16)}` : ''}`)
        else if (o.code === 11) out.push(`; TCP KEEPALIVE:${hex ? ` ${(parseInt(hex, 16) / 10).toFixed(1)} secs` : ''}`)
        else if (o.code === 12) out.push(`; PAD: (${o.data.length} bytes)`)
        else out.push(`; OPT=${o.code}${hex ? `: ${hex}` : ''}`)
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

function recordText(r: ResourceRecord, l: Lookup, columns: Parameters<typeof answerLine>[1]): string {
  if (l.unknown) {
    const bytes = recordData(r)
    const hex = [...bytes].map((b) => b.toString(16).padStart(2, '0').toUpperCase()).join('')
    const data = `\\# ${bytes.length} ${(hex.match(/.{1,56}/g) ?? []).join(' ')}`
    return recordLine({ ...r, data }, { ...columns, unknown: true })
  }
  if (l.expand && r.data.kind === 'address' && r.type === 28)
    return recordLine({ ...r, data: wholeIPv6(r.data.address) }, columns)
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

function yamlText(m: Message, l: Lookup, server: string, size: number, tcp: boolean, now: number): string {
  const stamp = new Date(now).toISOString().replace(/(\.\d{3})Z/, '$1Z')
  const out = [
    '- type: MESSAGE',
    '  message:',
    `    type: ${m.qr ? (m.ra && m.rd ? 'RECURSIVE_RESPONSE' : 'AUTH_RESPONSE') : 'QUERY'}`,
    `    query_time: !!timestamp ${stamp}`,
    `    response_time: !!timestamp ${stamp}`,
    `    message_size: ${size}b`,
    '    socket_family: INET',
    `    socket_protocol: ${tcp ? 'TCP' : 'UDP'}`,
    `    response_address: "${server}"`,
    `    response_port: ${l.port}`,
    '    query_address: "0.0.0.0"',
    '    query_port: 0',
    '    response_message_data:',
    `      opcode: ${OPCODES[m.opcode]}`,
    `      status: ${RCODES[m.rcode]}`,
    `      id: ${m.id}`,
    `      flags: ${flagWords(m)}`,
    `      QUESTION: ${m.questions.length}`,
    `      ANSWER: ${m.answers.length}`,
    `      AUTHORITY: ${m.authority.length}`,
    `      ADDITIONAL: ${m.additional.length + (m.edns ? 1 : 0)}`,
  ]
  if (m.edns) {
    out.push(
      '      OPT_PSEUDOSECTION:',
      '        EDNS:',
      `          version: ${m.edns.version}`,
      `          flags:${m.edns.do ? ' do' : ''}`,
      `          udp: ${m.edns.udpSize}`,
    )
    for (const o of m.edns.options)
      if (o.code === 10)
        out.push(
          `          COOKIE: ${[...o.data].map((b) => b.toString(16).padStart(2, '0')).join('')}${o.data.length === 8 ? ' (echoed)' : ' (good)'}`,
        )
  }
  out.push(
    '      QUESTION_SECTION:',
    ...m.questions.map((q) => `        - '${q.name} ${className(q.class)} ${typeName(q.type)}'`),
  )
  for (const [title, list] of [
    ['ANSWER', m.answers],
    ['AUTHORITY', m.authority],
    ['ADDITIONAL', m.additional],
  ] as const)
    if (list.length)
      out.push(
        `      ${title}_SECTION:`,
        ...list.map((r) => `        - '${r.name} ${r.ttl} ${className(r.class)} ${typeName(r.type)} ${dataText(r)}'`),
      )
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

const USAGE =
  'Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} [...]]\n\nUse "dig -h" (or "dig -h | more") for complete list of options\n'

interface State {
  /** The words whose banner was shown. */
  banner: readonly string[] | undefined
  failed: number
}

export const dig: Tool = {
  name: 'dig',
  async run(args, ctx) {
    const version = versionOf(ctx, 'dig')
    const modern = atLeast(version, 9, 18)
    const defaults = { ...fresh(modern), cookie: atLeast(version, 9, 11), mdns: atLeast(version, 9, 11) }
    const lookups: Lookup[] = []
    let batch: string | undefined
    let server: string | undefined
    const fail = (text: string, code: number): number => {
      ctx.stderr(text)
      return code
    }
    const parse = (words: readonly string[], base: Lookup, list: Lookup[]): number | undefined => {
      let current: Lookup | undefined
      let pendingType: { type?: number; class?: number } = {}
      const target = (): Lookup => current ?? base
      const start = (name: string): void => {
        current = {
          ...base,
          name,
          ...(pendingType.type !== undefined ? { type: pendingType.type, typeSet: true } : {}),
          ...(pendingType.class !== undefined ? { class: pendingType.class, classSet: true } : {}),
        }
        pendingType = {}
        list.push(current)
      }
      for (let i = 0; i < words.length; i++) {
        const w = words[i] ?? ''
        if (w.startsWith('@')) {
          server = w.slice(1)
          target().server = w.slice(1)
          continue
        }
        if (w.startsWith('+')) {
          const done = setOption(w.slice(1), target())
          if (done === false) return fail(`Invalid option: ${w}\n${USAGE}`, 1)
          // the short form is one for all
          if (/^(?:no)?short(?:$|=)/i.test(w.slice(1))) for (const l of [base, ...list]) setOption(w.slice(1), l)
          if (typeof done === 'object') {
            ctx.stdout(done.stdout)
            ctx.stderr(done.stderr)
            if (done.code !== 0) return done.code
          }
          continue
        }
        if (w.startsWith('-') && w.length > 1) {
          const c = w[1] ?? ''
          if ('46miruv'.includes(c) && w.length === 2) {
            if (c === 'v') {
              ctx.stderr(`DiG ${version}\n`)
              return 0
            }
            if (c === '6') base.six = target().six = true
            if (c === 'u') base.micro = target().micro = true
            continue
          }
          if (c === 'h') {
            ctx.stdout(USAGE)
            return 0
          }
          if ('bcfkpqtxy'.includes(c)) {
            const value = w.length > 2 ? w.slice(2) : words[++i]
            if (value === undefined) return fail(`Invalid option: ${w}\n${USAGE}`, 1)
            if (c === 'p') {
              if (!/^\d+$/.test(value) || Number(value) > 65535) {
                ctx.stdout(
                  `invalid port number '${value}': ${/^\d+$/.test(value) ? 'out of range' : 'not a valid number'}\n`,
                )
                return fail("dig: Couldn't parse port number\n", 1)
              }
              base.port = Number(value)
              if (current) current.port = Number(value)
              for (const l of list) l.port = Number(value)
            } else if (c === 't') {
              const t = typeCode(value)
              if (t === undefined) {
                ctx.stderr(`;; Warning, ignoring invalid type ${value}\n`)
                continue
              }
              if (current) {
                current.type = t
                current.typeSet = true
              } else pendingType.type = t
            } else if (c === 'c') {
              const cl = Object.hasOwn(CLASSES, value.toUpperCase()) ? CLASSES[value.toUpperCase()] : undefined
              if (cl === undefined) {
                ctx.stderr(`;; Warning, ignoring invalid class ${value}\n`)
                continue
              }
              if (current) {
                current.class = cl
                current.classSet = true
              } else pendingType.class = cl
            } else if (c === 'q') start(value)
            else if (c === 'x') {
              // what is no address is turned round by its dots
              const r = reverseName(value) ?? `${value.split('.').reverse().join('.')}.in-addr.arpa.`
              start(r)
              if (current) {
                if (!current.typeSet) current.type = 12
                current.reverse = true
              }
            } else if (c === 'f') batch = value
            else if (c === 'k') ctx.stderr(`Couldn't read key from ${value}: file not found\n`)
            continue
          }
          return fail(`Invalid option: ${w}\n${USAGE}`, 1)
        }
        const ixfr = /^ixfr=(\d+)$/i.exec(w)
        const type = ixfr ? 251 : typeCode(w)
        if (ixfr) target().serial = Number(ixfr[1])
        if (type === 251 && !ixfr) ctx.stderr(';; Warning, ixfr requires a serial number\n')
        if (type === 251 && !ixfr) continue
        if (type !== undefined) {
          if (current && !current.typeSet) {
            current.type = type
            current.typeSet = true
          } else if (!current && pendingType.type === undefined) pendingType.type = type
          else {
            ctx.stderr(';; Warning, extra type option\n')
            if (current) current.type = type
            else pendingType.type = type
          }
          continue
        }
        const numbered = /^class(\d+)$/i.exec(w)
        const cls = numbered
          ? Number(numbered[1])
          : Object.hasOwn(CLASSES, w.toUpperCase())
            ? CLASSES[w.toUpperCase()]
            : undefined
        if (cls !== undefined) {
          if (current) {
            current.class = cls
            current.classSet = true
          } else pendingType.class = cls
          continue
        }
        start(w)
      }
      // `dig SRV` alone, or only a server: the root
      if (
        list.length === 0 &&
        batch === undefined &&
        words.length > 0 &&
        (pendingType.type !== undefined || pendingType.class !== undefined)
      ) {
        start('.')
      }
      return undefined
    }
    const early = parse(args, defaults, lookups)
    if (early !== undefined) return early
    for (const l of lookups) l.words = args
    if (batch !== undefined) {
      const text =
        batch === '-'
          ? await readAll(ctx)
          : ctx.files.read(batch.startsWith('/') ? batch : `${ctx.cwd === '/' ? '' : ctx.cwd}/${batch}`)
      if (text === undefined)
        return fail(`${batch}: No such file or directory\ndig: couldn't open specified batch file\n`, 8)
      for (const line of text.split('\n')) {
        const words = line.trim().split(/\s+/).filter(Boolean)
        if (words.length === 0) continue
        const ofLine: Lookup[] = []
        const stop = parse(words, { ...defaults }, ofLine)
        if (stop !== undefined) return stop
        for (const l of ofLine) lookups.push({ ...l, words })
      }
    }
    if (lookups.length === 0) lookups.push({ ...defaults, type: 2, words: args })
    const state: State = { banner: undefined, failed: 0 }
    for (const l of lookups) {
      const why = illegal(l.name)
      if (why) {
        ctx.stderr(`dig: '${l.name}' is not a legal name (${why === 'bad escape' ? 'bad escape' : why})\n`)
        return 10
      }
      const code = await one(ctx, l, l.server ?? server, version, modern, state)
      if (code !== 0) return code
      if (ctx.signal.aborted) break
    }
    return state.failed
  },
}

async function readAll(ctx: ToolContext): Promise<string> {
  const parts: Uint8Array[] = []
  if (ctx.stdin) for await (const c of ctx.stdin) parts.push(c)
  return Buffer.concat(parts).toString('utf8')
}

async function one(
  ctx: ToolContext,
  l: Lookup,
  given: string | undefined,
  version: string,
  modern: boolean,
  state: State,
): Promise<number> {
  let server = ctx.dns.nameservers[0] ?? '127.0.0.1'
  if (given !== undefined) {
    const found = serverAddress(ctx, given)
    if (!found) {
      ctx.stderr(
        `dig: couldn't get address for '${given}': ${ctx.dns.resolve(given).status === 'again' ? 'failure' : 'not found'}\n`,
      )
      return modern ? 1 : 10
    }
    server = found
  }
  const cookie = (): Uint8Array => Uint8Array.from({ length: 8 }, () => ctx.random(256))
  const edns: Edns | undefined =
    l.edns < 0 && !l.dnssec
      ? undefined
      : {
          version: Math.max(0, l.edns),
          udpSize: l.bufsize,
          do: l.dnssec,
          ...(l.ednsFlags & 0x7fff ? { z: l.ednsFlags & 0x7fff } : {}),
          options: [
            ...(l.nsid ? [{ code: 3, data: new Uint8Array(0) }] : []),
            ...(l.subnet ? [l.subnet] : []),
            ...(l.cookie
              ? [{ code: 10, data: l.cookieText ? Uint8Array.from(Buffer.from(l.cookieText, 'hex')) : cookie() }]
              : []),
            ...(l.expire ? [{ code: 9, data: new Uint8Array(0) }] : []),
            ...(l.keepalive && l.tcp ? [{ code: 11, data: new Uint8Array(0) }] : []),
            ...l.options,
          ],
        }
  const banner = (): void => {
    if (state.banner === l.words) return
    state.banner = l.words
    if (l.cmd)
      ctx.stdout(
        `\n; <<>> DiG ${version} <<>>${l.words.map((w) => ` ${w}`).join('')}\n${given !== undefined ? '; (1 server found)\n' : ''};; global options: +cmd\n`,
      )
  }
  const names =
    l.search && !l.reverse ? searchNames(canonical(l.name), ctx, l.domain, l.ndots) : [fqdn(canonical(l.name))]
  if (l.six && !server.includes(':')) {
    for (let i = 0; i < l.tries; i++) ctx.stdout(';; communications error to ::1#53: connection refused\n')
    ctx.stdout(';; no servers could be reached\n')
    return 9
  }
  if (l.trace) return traced(ctx, l, server, given, banner, edns)
  if (l.nssearch) return nameServers(ctx, l, server, edns)
  if (l.tls || l.https) {
    const port = l.tls ? 853 : 443
    ctx.stdout(
      `;; Connection to ${server}#${port}(${given ?? server}) for ${bareName(l.name)} failed: connection refused.\n;; no servers could be reached\n`,
    )
    return 9
  }
  let sent: Awaited<ReturnType<typeof send>> | undefined
  for (const [i, name] of names.entries()) {
    const q = padded(
      {
        ...ask(ctx, name, l.type, { rd: l.rd, class: l.class, edns, ad: l.ad, cd: l.cd }),
        opcode: l.opcode,
        aa: l.aa,
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
    for (const c of sent.comments) if (!l.short || !sent.reply) ctx.stdout(`${c}\n`)
    if (l.qr) {
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
      state.banner = undefined
    }
  }
  banner()
  if (!sent?.reply) {
    ctx.stdout(modern ? ';; no servers could be reached\n' : ';; connection timed out; no servers could be reached\n')
    return 9
  }
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
    for (const r of m.answers) ctx.stdout(`${dataText(r)}${l.identify ? ` from server ${server} in 0 ms.` : ''}\n`)
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
    '',
  ]
}
const bareName = (name: string): string => (name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name)

/** A name as it comes back from the wire: bytes that are no plain characters in digits, escapes only where needed. */
function canonical(name: string): string {
  return name.replace(/\\(\d{3})|\\(.)|([^!-~])/gs, (_all, digits?: string, c?: string, odd?: string) => {
    const code = digits !== undefined ? Number(digits) : (c ?? odd ?? '').charCodeAt(0)
    if (code < 0x21 || code > 0x7e) return `\\${String(code).padStart(3, '0')}`
    const text = String.fromCharCode(code)
    return /[."();@$\\]/.test(text) ? `\\${text}` : text
  })
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
