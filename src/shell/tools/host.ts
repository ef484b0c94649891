// host of BIND 9.16 to 9.18: A, AAAA and MX asked in turn, or the type one names.
import { family, reverseName } from '../../dns/address.ts'
import { bare, fqdn, illegal } from '../../dns/qname.ts'
import { CLASSES, dataText, OPCODES, RCODES, typeCode, typeName } from '../../dns/wire.ts'
import type { Message, ResourceRecord } from '../../dns/wire.ts'
import {
  answerLine,
  ask,
  atLeast,
  canonical,
  flagWords,
  programVersion,
  recordLine,
  searchNames,
  send,
  serverAddress,
  serverTrouble,
  tcpRefused,
  versionOf,
} from '../bind.ts'
import { getopt } from '../getopt.ts'
import type { Tool, ToolContext } from '../tool.ts'

const USAGE =
  'Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]\n       -a is equivalent to -v -t ANY\n       -A is like -a but omits RRSIG, NSEC, NSEC3\n       -c specifies query class for non-IN data\n       -C compares SOA records on authoritative nameservers\n       -d is equivalent to -v\n       -l lists all hosts in a domain, using AXFR\n       -m set memory debugging flag (trace|record|usage)\n       -N changes the number of dots allowed before root lookup is done\n       -p specifies the port on the server to query\n       -r disables recursive processing\n       -R specifies number of retries for UDP packets\n       -s a SERVFAIL response should stop query\n       -t specifies the query type\n       -T enables TCP/IP mode\n       -U enables UDP mode\n       -v enables verbose output\n       -V print version number and exit\n       -w specifies to wait forever for a reply\n       -W specifies how long to wait for a reply\n       -4 use IPv4 query transport only\n       -6 use IPv6 query transport only\n'
const WORDS: Readonly<{ [type: number]: string }> = {
  1: 'has address',
  28: 'has IPv6 address',
  5: 'is an alias for',
  2: 'name server',
  12: 'domain name pointer',
  15: 'mail is handled by',
  16: 'descriptive text',
  6: 'has SOA record',
  33: 'has SRV record',
  257: 'has CAA record',
}
const say = (r: ResourceRecord): string =>
  `${bare(r.name)} ${WORDS[r.type] ?? `has ${typeName(r.type)} record`} ${dataText(r)}\n`

function verbose(m: Message, size: number, server: string, port: number): string {
  const out = [
    `;; ->>HEADER<<- opcode: ${OPCODES[m.opcode]}, status: ${RCODES[m.rcode]}, id: ${m.id}`,
    `;; flags: ${flagWords(m)}; QUERY: ${m.questions.length}, ANSWER: ${m.answers.length}, AUTHORITY: ${m.authority.length}, ADDITIONAL: ${m.additional.length}`,
    '',
    ';; QUESTION SECTION:',
    ...m.questions.map((q) => `;${recordLine(q)}`),
    '',
  ]
  for (const [title, list] of [
    ['ANSWER', m.answers],
    ['AUTHORITY', m.authority],
    ['ADDITIONAL', m.additional],
  ] as const)
    if (list.length) out.push(`;; ${title} SECTION:`, ...list.map((r) => answerLine(r)), '')
  out.push(`Received ${size} bytes from ${server}#${port} in 0 ms`)
  return `${out.join('\n')}\n`
}

export const host: Tool = {
  name: 'host',
  async run(args, ctx) {
    const modern = atLeast(versionOf(ctx, 'host'), 9, 18)
    let type: number | undefined
    let port = 53
    let loud = false
    let rd = true
    let tcp = false
    let compare = false
    let list = false
    let six = false
    let ndots: number | undefined
    let cls = 1
    let tries = 2
    let seconds = 5
    const words: string[] = []
    for (const found of getopt(args, (n) => 'ctNWRmp'.includes(n))) {
      // options end at the first word
      if (found.kind === 'word' || words.length > 0) {
        words.push(found.kind === 'word' ? found.text : found.kind === 'option' ? found.typed : '')
        continue
      }
      if (found.kind === 'missing') {
        ctx.stderr(`host: option requires an argument -- ${found.name}\n${USAGE}`)
        return 1
      }
      const { name: option, value = '' } = found
      switch (option) {
        case 't': {
          const code = typeCode(value.split('=')[0] ?? '')
          if (code === undefined) {
            ctx.stderr(`host: invalid type: ${value}\n\n`)
            return 2
          }
          type = code
          break
        }
        case 'p':
          port = (Number.parseInt(value) || 0) & 65535
          break
        case 'W':
          seconds = Math.max(1, Number(value) || 1)
          break
        case 'R':
          tries = Math.max(2, (Number.parseInt(value) || 0) + 1)
          break
        case 'v':
        case 'd':
          loud = true
          break
        case 'a':
        case 'A':
          loud = true
          type = 255
          break
        case 'r':
          rd = false
          break
        case 'T':
          tcp = true
          break
        case 'l':
          list = true
          break
        case '6':
          six = true
          break
        case 'C':
          compare = true
          break
        case 'N':
          ndots = Number(value) || 0
          break
        case 'c': {
          const known = Object.hasOwn(CLASSES, value.toUpperCase()) ? CLASSES[value.toUpperCase()] : undefined
          if (known === undefined) {
            ctx.stderr(`host: invalid class: ${value}\n\n`)
            return 2
          }
          cls = known
          break
        }
        case 'V':
          ctx.stderr(`host ${programVersion(ctx)}\n`)
          return 0
        default:
          if (!'4DimnrsUw'.includes(option)) {
            ctx.stderr(`host: illegal option -- ${option}\n${USAGE}`)
            return 1
          }
      }
    }
    const name = words[0]
    if (list) type = 252
    if (name === undefined) {
      ctx.stderr(USAGE)
      return 1
    }
    const wrong = name === '' ? 'unexpected end of input' : illegal(name)
    if (wrong) {
      ctx.stderr(`host: '${name}' is not in legal name syntax (${wrong})\n`)
      return 1
    }
    let server = ctx.dns.nameservers[0] ?? '127.0.0.1'
    if (words[1] !== undefined) {
      const found = serverAddress(ctx, words[1])
      if (!found) {
        ctx.stderr(`host: couldn't get address for '${words[1]}': ${serverTrouble(ctx, words[1])}\n`)
        return 1
      }
      server = found
    }
    let headed = words[1] === undefined
    const head = (): void => {
      if (!headed) {
        headed = true
        ctx.stdout(`Using domain server:\nName: ${words[1]}\nAddress: ${server}#${port}\nAliases: \n\n`)
      }
    }
    const reverse = family(name) ? reverseName(name) : undefined
    const types = reverse !== undefined ? [12] : type !== undefined ? [type] : [1, 28, 15]
    let names = reverse !== undefined ? [reverse] : searchNames(canonical(name), ctx, undefined, ndots)
    if (six && !server.includes(':')) {
      ctx.stdout(`;; communications error to ::1#${port}: connection refused\n`.repeat(tries))
      ctx.stdout(';; no servers could be reached\n')
      return 1
    }
    if (compare) return compared(ctx, name, { server, port, tries, seconds, tcp, modern })
    let code = 0
    for (const t of types) {
      let m: Message | undefined
      let size = 0
      for (const n of names) {
        if (loud || (t === 252 && !list)) ctx.stdout(`Trying "${bare(n)}"\n`)
        const sent = await send(ctx, ask(ctx, n, t, { rd, class: cls }), {
          server,
          port,
          tries,
          seconds,
          tcp: tcp || t === 252,
          modern,
        })
        if (!sent.reply && tcp && modern) {
          ctx.stdout(tcpRefused(server, port, words[1] ?? server, name).repeat(tries))
          return 1
        }
        for (const c of sent.comments) if (loud || !c.startsWith(';; Truncated')) ctx.stdout(`${c}\n`)
        if (!sent.reply) {
          ctx.stdout(
            modern ? ';; no servers could be reached\n' : ';; connection timed out; no servers could be reached\n',
          )
          return 1
        }
        m = sent.reply
        size = sent.size
        if (m.rcode !== 3) break
      }
      if (!m) return 1
      head()
      const asked = bare(m.questions[0]?.name ?? name)
      if (m.rcode !== 0) {
        ctx.stdout(`Host ${asked} not found: ${m.rcode}(${RCODES[m.rcode]})\n`)
        if (t === 252) ctx.stdout('; Transfer failed.\n')
        else if (loud) ctx.stdout(`Received ${size} bytes from ${server}#${port} in 0 ms\n`)
        // the questions after the first are on their way already
        if (t === types[0]) return 1
        code = 1
        continue
      }
      if (loud) ctx.stdout(verbose(m, size, server, port))
      else {
        for (const r of m.answers) if (r.type === t || t === 255 || (r.type === 5 && t === types[0])) ctx.stdout(say(r))
        if (m.answers.filter((r) => r.type === t || r.type === 5).length === 0 && types.length === 1)
          ctx.stdout(`${bare(fqdn(reverse ?? asked))} has no ${typeName(t)} record\n`)
      }
      // the questions after the first go to where the CNAMEs ended
      let canonical = m.questions[0]?.name ?? fqdn(name)
      for (const r of m.answers)
        if (r.type === 5 && r.data.kind === 'name' && r.name.toLowerCase() === canonical.toLowerCase())
          canonical = r.data.target
      names = [canonical]
    }
    return code
  },
} satisfies Tool & { run(args: readonly string[], ctx: ToolContext): Promise<number> }

/** -C: the SOA of the zone from each of its servers. */
async function compared(ctx: ToolContext, name: string, how: Parameters<typeof send>[2]): Promise<number> {
  const found = await send(ctx, ask(ctx, fqdn(name), 2, {}), how)
  for (const ns of found.reply?.answers ?? []) {
    if (ns.data.kind !== 'name') continue
    const { target } = ns.data
    const glue = (found.reply?.additional ?? []).flatMap((r) =>
      r.name === target && r.data.kind === 'address' ? [r.data.address] : [],
    )
    for (const server of glue.length > 0 ? glue : ctx.dns.resolve(target).addresses) {
      const sent = await send(ctx, ask(ctx, fqdn(name), 6, { rd: false }), { ...how, server })
      const soa = sent.reply?.answers.find((r) => r.type === 6)
      if (soa) ctx.stdout(`Nameserver ${server}:\n\t${say(soa)}`)
    }
  }
  return found.reply && found.reply.answers.length > 0 ? 0 : 1
}
