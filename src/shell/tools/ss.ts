// ss of iproute2: sockets in columns that are as wide as what stands in them.
import { readOptions } from '../options.ts'
import { mainName, serviceName, sockets } from '../sockets.ts'
import type { Socket } from '../sockets.ts'
import type { Tool, ToolContext } from '../tool.ts'

const OPTIONS = {
  flags: 'nraletuwxdSmpisbEZzNKHOoMT046V',
  valued: 'fAFDg',
  long: {
    numeric: 'n',
    resolve: 'r',
    all: 'a',
    listening: 'l',
    options: 'o',
    extended: 'e',
    memory: 'm',
    processes: 'p',
    info: 'i',
    summary: 's',
    ipv4: '4',
    ipv6: '6',
    tcp: 't',
    udp: 'u',
    raw: 'w',
    unix: 'x',
    family: 'f',
    'no-header': 'H',
    oneline: 'O',
    version: 'V',
  },
}

/** A column: what stands before it, its title, and on which side its cells stand. */
interface Column {
  readonly before: string
  readonly title: string
  readonly right?: true
}
const NETID: Column = { before: '', title: 'Netid' }
const STATE: Column = { before: ' ', title: 'State' }
const REST: readonly Column[] = [
  { before: ' ', title: 'Recv-Q' },
  { before: ' ', title: 'Send-Q' },
  { before: ' ', title: 'Local Address:', right: true },
  { before: '', title: 'Port' },
  { before: ' ', title: 'Peer Address:', right: true },
  { before: '', title: 'Port' },
  { before: '', title: 'Process' },
]

/** Rows in columns. What ends the last row was not measured when the widths were taken. */
function render(columns: readonly Column[], rows: readonly (readonly string[])[], header: boolean): string {
  const all = header ? [columns.map((c) => c.title), ...rows] : rows
  const widths = columns.map((_c, i) => {
    const measured = i === columns.length - 1 ? all.slice(0, -1) : all
    return Math.max(0, ...(all.length === 1 ? all : measured).map((r) => r[i]?.length ?? 0))
  })
  return all
    .map((row) => {
      const cells = columns.map((c, i) => {
        const cell = row[i] ?? ''
        const width = widths[i] ?? 0
        return (i > 0 ? c.before : '') + (c.right ? cell.padStart(width) : cell.padEnd(width))
      })
      return `${cells.join('')}\n`
    })
    .join('')
}

/** `sport = :80`: the filter of a command line; what is not understood keeps everything. */
function filter(words: readonly string[]): (s: Socket) => boolean {
  const m = /\b(sport|dport|src|dst)\s*(=|==|eq)?\s*:(\d+)/.exec(words.join(' '))
  if (!m) return () => true
  return (s) => (m[1] === 'sport' || m[1] === 'src') && s.port === Number(m[3])
}

/** How many sockets there are of each kind. */
function summary(list: readonly Socket[]): string {
  const of = (p: string): number => list.filter((s) => s.protocol === p).length
  const row = (name: string, n: number): string =>
    `${name}\t  ${String(n).padEnd(9)} ${String(n).padEnd(9)} 0        \n`
  return `Total: ${list.length}\nTCP:   ${of('tcp')} (estab 0, closed 0, orphaned 0, timewait 0)\n\nTransport Total     IP        IPv6\n${row('RAW', 0)}${row('UDP', of('udp'))}${row('TCP', of('tcp'))}${row('INET', list.length)}${row('FRAG', 0)}\n`
}

export const ss: Tool = {
  name: 'ss',
  async run(args, ctx: ToolContext) {
    const given = readOptions(ctx, 'ss', args, OPTIONS)
    if (!given) return 255
    if (given.has('V')) {
      ctx.stdout(`ss utility, ${(ctx.image.programs['ss'] ?? '').replace(' ', '-')}\n`)
      return 0
    }
    const open = await sockets(ctx)
    if (given.has('s')) {
      ctx.stdout(summary(open))
      return 0
    }
    const asked = ['t', 'u', 'w', 'x'].filter((f) => given.has(f))
    const [first, wanted] = given.words
    const state = first === 'state' ? wanted : undefined
    // servers are shown when they are asked for; they have no connections yet
    const servers = given.has('l') || given.has('a') || state === 'listening' || state === 'all'
    const keep = filter(given.words)
    const shown = (['udp', 'tcp'] as const).flatMap((p) =>
      open.filter((s) => s.protocol === p && (asked.length === 0 || asked.includes(p.charAt(0))) && keep(s)),
    )
    const only6 = given.has('6') && !given.has('4')
    const listed = servers && !only6 ? shown.filter((s) => state !== 'listening' || s.protocol === 'tcp') : []
    const columns = [
      // raw sockets have one state, and unix ones are of three types
      ...(asked.length === 1 && asked[0] !== 'x' ? [] : [NETID]),
      ...((state !== undefined && state !== 'all') || asked.join('') === 'w' ? [] : [STATE]),
      ...REST,
    ]
    const name = mainName(ctx)
    const rows = listed.map((s) => {
      const cells: Readonly<Record<string, string>> = {
        Netid: s.protocol,
        State: s.protocol === 'udp' ? 'UNCONN' : 'LISTEN',
      }
      return [
        ...columns.slice(0, columns.length - REST.length).map((c) => cells[c.title] ?? ''),
        '0'.padEnd(6),
        (s.protocol === 'udp' ? '0' : '511').padEnd(6),
        '0.0.0.0:',
        given.has('n') ? String(s.port) : serviceName(s, true),
        '0.0.0.0:',
        '*',
        given.has('p') ? ` users:(("${name}",pid=1,fd=${s.descriptor}))` : '',
      ]
    })
    ctx.stdout(render(columns, rows, !given.has('H')))
    return 0
  },
}
