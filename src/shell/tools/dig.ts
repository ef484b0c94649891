// dig of BIND 9.16 to 9.18: its options, and its output to the blank.
import { reverseName } from '../../dns/address.ts'
import { fqdn, illegal, isSubdomain } from '../../dns/qname.ts'
import { CLASSES, className, dataText, OPCODES, RCODES, typeCode, typeName } from '../../dns/wire.ts'
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

interface Lookup {
  name: string
  type: number
  class: number
  typeSet: boolean
  classSet: boolean
  reverse: boolean
  server: string | undefined
  port: number
  cmd: boolean
  question: boolean
  answer: boolean
  authority: boolean
  additional: boolean
  comments: boolean
  stats: boolean
  short: boolean
  identify: boolean
  qr: boolean
  yaml: boolean
  multiline: boolean
  ttlid: boolean
  cl: boolean
  units: boolean
  onesoa: boolean
  rd: boolean
  ad: boolean
  cd: boolean
  dnssec: boolean
  nsid: boolean
  tcp: boolean
  edns: number
  cookie: boolean
  bufsize: number
  search: boolean
  showsearch: boolean
  ignore: boolean
  tries: number
  time: number
  fail: boolean
  ednsneg: boolean
  mdns: boolean
  /** dig before 9.18 parts the words of a question by tabs only. */ tabbed: boolean
}

/** Every + option; an abbreviation that fits only one is enough. */
const OPTIONS = [
  'aaflag',
  'aaonly',
  'additional',
  'adflag',
  'all',
  'answer',
  'authority',
  'badcookie',
  'besteffort',
  'bufsize',
  'cdflag',
  'class',
  'cl',
  'cmd',
  'comments',
  'cookie',
  'crypto',
  'defname',
  'dns64prefix',
  'dnssec',
  'do',
  'domain',
  'dscp',
  'edns',
  'ednsflags',
  'ednsnegotiation',
  'ednsopt',
  'expandaaaa',
  'expire',
  'fail',
  'header-only',
  'https',
  'identify',
  'idnin',
  'idnout',
  'ignore',
  'keepalive',
  'keepopen',
  'mapped',
  'multiline',
  'ndots',
  'nsid',
  'nssearch',
  'onesoa',
  'opcode',
  'padding',
  'qr',
  'question',
  'raflag',
  'rdflag',
  'recurse',
  'retry',
  'rrcomments',
  'search',
  'short',
  'showbadcookie',
  'showsearch',
  'split',
  'stats',
  'subnet',
  'tcflag',
  'tcp',
  'time',
  'timeout',
  'tls',
  'topdown',
  'trace',
  'tries',
  'trusted-key',
  'ttlid',
  'ttlunits',
  'unknownformat',
  'vc',
  'yaml',
  'zflag',
]

function fresh(ctx: ToolContext, modern: boolean): Lookup {
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

/** One +option; false when it is not one. */
function plus(word: string, l: Lookup): boolean {
  const [raw = '', value] = word.split(/=(.*)/s)
  let key = raw.toLowerCase()
  let on = true
  const find = (k: string): string | undefined => (OPTIONS.includes(k) ? k : OPTIONS.find((o) => o.startsWith(k)))
  let name = find(key)
  if (key.startsWith('no') && !OPTIONS.includes(key)) {
    const plain = find(key.slice(2))
    if (plain && key.length > 2) {
      on = false
      name = plain
      key = key.slice(2)
    }
  }
  const number = (fallback: number): number => (value !== undefined && /^\d+$/.test(value) ? Number(value) : fallback)
  switch (name) {
    case 'all':
      l.question = l.answer = l.authority = l.additional = l.comments = l.stats = l.cmd = on
      break
    case 'cmd':
      l.cmd = on
      break
    case 'question':
      l.question = on
      break
    case 'answer':
      l.answer = on
      break
    case 'authority':
      l.authority = on
      break
    case 'additional':
      l.additional = on
      break
    case 'comments':
      l.comments = on
      break
    case 'stats':
      l.stats = on
      break
    case 'short':
      l.short = on
      if (on) {
        l.cmd = l.question = l.authority = l.additional = l.comments = l.stats = false
        l.answer = true
      }
      break
    case 'identify':
      l.identify = on
      break
    case 'qr':
      l.qr = on
      break
    case 'yaml':
      l.yaml = on
      if (on) l.cmd = false
      break
    case 'multiline':
      l.multiline = on
      break
    case 'ttlid':
      l.ttlid = on
      break
    case 'ttlunits':
      l.units = on
      if (on) l.ttlid = true
      break
    case 'class':
    case 'cl':
      l.cl = on
      break
    case 'recurse':
    case 'rdflag':
      l.rd = on
      break
    case 'adflag':
      l.ad = on
      break
    case 'cdflag':
      l.cd = on
      break
    case 'dnssec':
    case 'do':
      l.dnssec = on
      if (on && l.edns < 0) l.edns = 0
      break
    case 'nsid':
      l.nsid = on
      break
    case 'tcp':
    case 'vc':
      l.tcp = on
      break
    case 'edns':
      l.edns = on ? number(0) : -1
      break
    case 'cookie':
      l.cookie = on
      break
    case 'bufsize':
      l.bufsize = on ? number(1232) : 512
      break
    case 'search':
    case 'defname':
      l.search = on
      break
    case 'domain':
      l.search = on
      break
    case 'showsearch':
      l.showsearch = l.search = on
      break
    case 'ignore':
      l.ignore = on
      break
    case 'tries':
      l.tries = Math.max(1, number(3))
      break
    case 'retry':
      l.tries = number(2) + 1
      break
    case 'time':
    case 'timeout':
      l.time = Math.max(1, number(5))
      break
    case 'fail':
      l.fail = on
      break
    case 'ednsnegotiation':
      l.ednsneg = on
      break
    case undefined:
      return false
    default:
      break
  }
  return true
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
        `; EDNS: version: ${m.edns.version}, flags:${m.edns.do ? ' do' : ''}; udp: ${m.edns.udpSize}`,
      )
      for (const o of m.edns.options) {
        const hex = [...o.data].map((b) => b.toString(16).padStart(2, '0')).join('')
        if (o.code === 10)
          out.push(`; COOKIE: ${hex}${options.note ? (o.data.length === 8 ? ' (echoed)' : ' (good)') : ''}`)
        else if (o.code === 3) out.push(`; NSID${hex ? `: ${hex}` : ''}`)
        else out.push(`; OPT=${o.code}${hex ? `: ${hex}` : ''}`)
      }
    }
  }
  const section = (title: string, show: boolean, lines: readonly string[]): void => {
    if (!show || lines.length === 0) return
    if (l.comments) out.push(`;; ${title} SECTION:`)
    out.push(...lines)
    if (l.comments) out.push('')
  }
  section(
    'QUESTION',
    l.question,
    m.questions.map(
      (q) =>
        `;${l.tabbed ? recordLine(q, { ttl: l.ttlid, class: l.cl }).replace(/ /g, '\t') : recordLine(q, { ttl: l.ttlid, class: l.cl })}`,
    ),
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

function recordText(r: ResourceRecord, l: Lookup, columns: Parameters<typeof answerLine>[1]): string {
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
    `    type: ${m.qr ? (m.ra || m.rd ? 'RECURSIVE_RESPONSE' : 'AUTH_RESPONSE') : 'QUERY'}`,
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
        out.push(`          COOKIE: ${[...o.data].map((b) => b.toString(16).padStart(2, '0')).join('')}`)
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

const USAGE =
  'Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} [...]]\n\nUse "dig -h" (or "dig -h | more") for complete list of options\n'

interface State {
  banner: boolean
  failed: number
}

export const dig: Tool = {
  name: 'dig',
  async run(args, ctx) {
    const version = versionOf(ctx, 'dig')
    const modern = atLeast(version, 9, 18)
    const defaults = { ...fresh(ctx, modern), cookie: atLeast(version, 9, 11), mdns: atLeast(version, 9, 11) }
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
          if (!plus(w.slice(1), target())) {
            return fail(`Invalid option: ${w}\n${USAGE}`, 1)
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
              if (!/^\d+$/.test(value) || Number(value) > 65535)
                return fail(
                  `dig: couldn't parse port number '${value}': ${/^\d+$/.test(value) ? 'out of range' : 'not a valid number'}\n`,
                  1,
                )
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
              const r = reverseName(value)
              if (!r) return fail(`dig: Invalid IP address ${value}\n`, 1)
              start(r)
              if (current) {
                if (!current.typeSet) current.type = 12
                current.reverse = true
              }
            } else if (c === 'f') batch = value
            continue
          }
          return fail(`Invalid option: ${w}\n${USAGE}`, 1)
        }
        const type = typeCode(w)
        if (type !== undefined) {
          if (current && !current.typeSet) {
            current.type = type
            current.typeSet = true
          } else if (!current && pendingType.type === undefined) pendingType.type = type
          else if (current) {
            current.type = type
          } else pendingType.type = type
          continue
        }
        const cls = Object.hasOwn(CLASSES, w.toUpperCase()) ? CLASSES[w.toUpperCase()] : undefined
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
    if (batch !== undefined) {
      const text =
        batch === '-'
          ? await readAll(ctx)
          : ctx.files.read(batch.startsWith('/') ? batch : `${ctx.cwd === '/' ? '' : ctx.cwd}/${batch}`)
      if (text === undefined) return fail(`couldn't open batch file '${batch}': file not found\n`, 10)
      for (const line of text.split('\n')) {
        const words = line.trim().split(/\s+/).filter(Boolean)
        if (words.length === 0 || words[0]?.startsWith('#') || words[0]?.startsWith(';')) continue
        const stop = parse(words, { ...defaults }, lookups)
        if (stop !== undefined) return stop
      }
    }
    if (lookups.length === 0) lookups.push({ ...defaults, type: 2 })
    const state: State = { banner: false, failed: 0 }
    for (const l of lookups) {
      const why = illegal(l.name)
      if (why) {
        ctx.stderr(`dig: '${l.name}' is not a legal name (${why === 'bad escape' ? 'bad escape' : why})\n`)
        return 10
      }
      const code = await one(ctx, l, l.server ?? server, args, version, modern, state)
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
  args: readonly string[],
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
      return 10
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
          options: [
            ...(l.nsid ? [{ code: 3, data: new Uint8Array(0) }] : []),
            ...(l.cookie ? [{ code: 10, data: cookie() }] : []),
          ],
        }
  const banner = (): void => {
    if (state.banner) return
    state.banner = true
    if (l.cmd)
      ctx.stdout(
        `\n; <<>> DiG ${version} <<>> ${args.join(' ')}\n${given !== undefined ? '; (1 server found)\n' : ''};; global options: +cmd\n`,
      )
  }
  const names = l.search && !l.reverse ? searchNames(l.name, ctx) : [fqdn(l.name)]
  let sent: Awaited<ReturnType<typeof send>> | undefined
  for (const [i, name] of names.entries()) {
    const q = ask(ctx, name, l.type, { rd: l.rd, class: l.class, edns, ad: l.ad, cd: l.cd })
    const tcp = l.tcp || l.type === 255 || l.type === 252
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
    for (const c of sent.comments) if (!l.short) ctx.stdout(`${c}\n`)
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
      ctx.stdout(lines(messageLines(sent.reply, l, { got: ';; Got answer:', size: sent.size, note: true })))
    }
  }
  banner()
  if (!sent?.reply) {
    ctx.stdout(modern ? ';; no servers could be reached\n' : ';; connection timed out; no servers could be reached\n')
    return 9
  }
  const m = sent.reply
  if (l.type === 252 && m.rcode !== 0) {
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
    out.push(
      `;; Query time: 0 msec`,
      `;; SERVER: ${server}#${l.port}(${given ?? server})${modern ? ` (${sent.tcp ? 'TCP' : 'UDP'})` : ''}`,
      `;; WHEN: ${unixDate(ctx.now())}`,
      `;; MSG SIZE  rcvd: ${sent.size}`,
      '',
    )
  } else if (l.identify && !l.stats)
    out.push(`;; Received ${sent.size} bytes from ${server}#${l.port}(${given ?? server}) in 0 ms`, '')
  ctx.stdout(lines(out))
  return 0
}

const lines = (list: readonly string[]): string => list.map((x) => `${x}\n`).join('')
