// netstat and route of net-tools and of busybox: what listens, and where packets go.
import { isBusybox, readOptions } from '../options.ts'
import { mainName, serviceName, sockets } from '../sockets.ts'
import type { Tool, ToolContext } from '../tool.ts'

const GNU = {
  flags: 'rigsMvWneplaNcCFotuUwxS46',
  valued: 'A',
  long: {
    route: 'r',
    interfaces: 'i',
    statistics: 's',
    verbose: 'v',
    wide: 'W',
    numeric: 'n',
    'numeric-ports': 'n',
    programs: 'p',
    listening: 'l',
    all: 'a',
    continuous: 'c',
    timers: 'o',
    tcp: 't',
    udp: 'u',
    raw: 'w',
    unix: 'x',
    inet: '4',
  },
}
const BUSYBOX = { flags: 'laentuwxrWp' }

interface Route {
  readonly to: string
  readonly via: string
  readonly mask: string
  readonly flags: string
}
/** The pod's routes: all by the node, and the node's own pods beside it. */
function routes(ctx: ToolContext): readonly Route[] {
  const own = ctx.network.addresses.find((a) => !a.includes(':'))
  if (own === undefined) return []
  const net = own.replace(/\.\d+$/, '')
  return [
    { to: '0.0.0.0', via: `${net}.1`, mask: '0.0.0.0', flags: 'UG' },
    { to: `${net}.0`, via: '0.0.0.0', mask: '255.255.255.0', flags: 'U' },
  ]
}
/** The routing table; without -n names stand for 0.0.0.0. */
function table(ctx: ToolContext, numeric: boolean, box: boolean, metrics: boolean): string {
  const rows = routes(ctx).map((r) => {
    const to = !numeric && r.to === '0.0.0.0' ? 'default' : r.to
    const via = !numeric && box && r.via === '0.0.0.0' ? '*' : r.via
    const rest = metrics ? `${r.flags.padEnd(5)} 0      0        0` : `${r.flags.padEnd(6)}    0 0          0`
    return `${to.padEnd(15)} ${via.padEnd(15)} ${r.mask.padEnd(15)} ${rest} eth0\n`
  })
  const head = metrics ? 'Flags Metric Ref    Use Iface' : 'Flags   MSS Window  irtt Iface'
  return `Kernel IP routing table\nDestination     Gateway         Genmask         ${head}\n${rows.join('')}`
}

export const netstat: Tool = {
  name: 'netstat',
  async run(args, ctx) {
    const box = isBusybox(ctx, 'netstat')
    const given = readOptions(ctx, 'netstat', args, GNU, BUSYBOX)
    if (!given) return box ? 1 : 3
    const numeric = given.has('n')
    if (given.has('r')) {
      ctx.stdout(table(ctx, numeric, box, false))
      return 0
    }
    const families = ['t', 'u', 'w', 'x'].filter((f) => given.has(f))
    const shows = (f: string): boolean => families.length === 0 || families.includes(f)
    const kind = given.has('l') ? 'only servers' : given.has('a') ? 'servers and established' : 'w/o servers'
    const listening = given.has('l') || given.has('a')
    const program = given.has('p') ? `1/${mainName(ctx)}`.slice(0, 19) : undefined
    const inet = families.length === 0 || families.some((f) => f !== 'x')
    if (inet) {
      const state = box ? 'State       ' : 'State      '
      const owner = program === undefined ? '' : `${box ? '' : ' '}PID/Program name    `
      ctx.stdout(
        `Active Internet connections (${kind})\nProto Recv-Q Send-Q Local Address           Foreign Address         ${state}${owner}\n`,
      )
      for (const s of listening ? await sockets(ctx) : []) {
        if (!shows(s.protocol === 'tcp' ? 't' : 'u')) continue
        const local = `0.0.0.0:${numeric ? s.port : serviceName(s, !box)}`
        const end = `${s.protocol === 'tcp' ? 'LISTEN' : ''}`.padEnd(box ? 12 : 11)
        ctx.stdout(
          `${s.protocol}        0      0 ${local.padEnd(23)} ${'0.0.0.0:*'.padEnd(23)} ${end}${program === undefined ? '' : `${box ? '' : ' '}${program.padEnd(box ? 0 : 20)}`}\n`,
        )
      }
    }
    if (shows('x'))
      ctx.stdout(
        `Active UNIX domain sockets (${kind})\nProto RefCnt Flags       Type       State         I-Node ${box ? '' : '  '}${program === undefined ? '' : box ? 'PID/Program name    ' : 'PID/Program name     '}Path\n`,
      )
    return 0
  },
}

export const route: Tool = {
  name: 'route',
  async run(args, ctx) {
    const box = isBusybox(ctx, 'route')
    const given = readOptions(ctx, 'route', args, { flags: 'nNvFC46', valued: 'A' }, { flags: 'ne', valued: 'A' })
    if (!given) return box ? 1 : 4
    if (given.words.length > 0) {
      ctx.stderr(box ? 'route: SIOCADDRT: Operation not permitted\n' : 'SIOCADDRT: Operation not permitted\n')
      return box ? 1 : 7
    }
    ctx.stdout(table(ctx, given.has('n'), box, true))
    return 0
  },
}
