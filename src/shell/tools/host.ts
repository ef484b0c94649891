// host of BIND 9.16 to 9.18: A, AAAA and MX asked in turn, or the type one names.
import { family, reverseName } from '../../dns/address.ts'
import { bare, fqdn } from '../../dns/qname.ts'
import { dataText, OPCODES, RCODES, typeCode, typeName } from '../../dns/wire.ts'
import type { Message, ResourceRecord } from '../../dns/wire.ts'
import {
  answerLine,
  ask,
  atLeast,
  flagWords,
  recordLine,
  searchNames,
  send,
  serverAddress,
  versionOf,
} from '../bind.ts'
import { getopt } from '../getopt.ts'
import type { Tool, ToolContext } from '../tool.ts'

const USAGE =
  'Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]\n'
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
    let tries = 2
    let seconds = 5
    const words: string[] = []
    for (const found of getopt(args, (n) => 'ctNWRmpD'.includes(n))) {
      if (found.kind === 'word') {
        words.push(found.text)
        continue
      }
      if (found.kind === 'missing') {
        ctx.stderr(`host: option requires an argument -- '${found.name}'\n${USAGE}`)
        return 1
      }
      const { name: option, value = '' } = found
      switch (option) {
        case 't': {
          const code = typeCode(value.split('=')[0] ?? '')
          if (code === undefined) {
            ctx.stderr(`host: invalid type: ${value}\n\n`)
            return 1
          }
          type = code
          break
        }
        case 'p':
          port = Number(value) || 53
          break
        case 'W':
          seconds = Math.max(1, Number(value) || 1)
          break
        case 'R':
          tries = Math.max(1, Number(value) || 1)
          break
        case 'v':
        case 'd':
          loud = true
          break
        case 'a':
          loud = true
          type = 255
          break
        case 'r':
          rd = false
          break
        case 'T':
          tcp = true
          break
        case 'V':
          ctx.stdout(`host ${versionOf(ctx, 'host')}\n`)
          return 0
        default:
          if (!'46CilnsUwcNmD'.includes(option)) {
            ctx.stderr(`host: invalid option -- '${option}'\n${USAGE}`)
            return 1
          }
      }
    }
    const name = words[0]
    if (name === undefined || words.length > 2) {
      ctx.stderr(USAGE)
      return 1
    }
    let server = ctx.dns.nameservers[0] ?? '127.0.0.1'
    if (words[1] !== undefined) {
      const found = serverAddress(ctx, words[1])
      if (!found) {
        ctx.stderr(`host: couldn't get address for '${words[1]}': not found\n`)
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
    const types = reverse !== undefined ? [type ?? 12] : type !== undefined ? [type] : [1, 28, 15]
    let names = reverse !== undefined ? [reverse] : searchNames(name, ctx)
    for (const t of types) {
      let m: Message | undefined
      let size = 0
      for (const n of names) {
        if (loud) ctx.stdout(`Trying "${bare(n)}"\n`)
        const sent = await send(ctx, ask(ctx, n, t, { rd }), { server, port, tries, seconds, tcp, modern })
        for (const c of sent.comments) ctx.stdout(`${c}\n`)
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
        if (loud) ctx.stdout(verbose(m, size, server, port))
        ctx.stdout(`Host ${asked} not found: ${m.rcode}(${RCODES[m.rcode]})\n`)
        return 1
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
    return 0
  },
} satisfies Tool & { run(args: readonly string[], ctx: ToolContext): Promise<number> }
