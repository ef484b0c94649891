// ping: iputils' and busybox's; the image says which.
import { family, reverseName } from '../../dns/address.ts'
import { bare } from '../../dns/qname.ts'
import { ask, atLeast, versionOf } from '../bind.ts'
import { getopt } from '../getopt.ts'
import type { Tool, ToolContext } from '../tool.ts'

const busyboxUsage = (ctx: ToolContext): string =>
  `BusyBox v${versionOf(ctx, 'ping')} multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n\nSend ICMP ECHO_REQUESTs to HOST\n\n\t-4,-6\t\tForce IP or IPv6 name resolution\n\t-c CNT\t\tSend only CNT pings\n\t-s SIZE\t\tSend SIZE data bytes in packets (default 56)\n\t-i SECS\t\tInterval\n\t-A\t\tPing as soon as reply is received\n\t-t TTL\t\tSet TTL\n\t-I IFACE/IP\tSource interface or IP address\n\t-W SEC\t\tSeconds to wait for the first response (default 10)\n\t\t\t(after all -c CNT packets are sent)\n\t-w SEC\t\tSeconds until ping exits (default:infinite)\n\t\t\t(can exit earlier with -c CNT)\n\t-q\t\tQuiet, only display output at start/finish\n\t-p HEXBYTE\tPayload pattern\n`
const IPUTILS_USAGE =
  '\nUsage\n  ping [options] <destination>\n\nOptions:\n  <destination>      dns name or ip address\n  -a                 use audible ping\n  -A                 use adaptive ping\n  -B                 sticky source address\n  -c <count>         stop after <count> replies\n  -C                 call connect() syscall on socket creation\n  -D                 print timestamps\n  -d                 use SO_DEBUG socket option\n  -e <identifier>    define identifier for ping session, default is random for\n                     SOCK_RAW and kernel defined for SOCK_DGRAM\n                     Imply using SOCK_RAW (for IPv4 only for identifier 0)\n  -f                 flood ping\n  -h                 print help and exit\n  -I <interface>     either interface name or address\n  -i <interval>      seconds between sending each packet\n  -L                 suppress loopback of multicast packets\n  -l <preload>       send <preload> number of packages while waiting replies\n  -m <mark>          tag the packets going out\n  -M <pmtud opt>     define mtu discovery, can be one of <do|dont|want>\n  -n                 no dns name resolution\n  -O                 report outstanding replies\n  -p <pattern>       contents of padding byte\n  -q                 quiet output\n  -Q <tclass>        use quality of service <tclass> bits\n  -s <size>          use <size> as number of data bytes to be sent\n  -S <size>          use <size> as SO_SNDBUF socket option value\n  -t <ttl>           define time to live\n  -U                 print user-to-user latency\n  -v                 verbose output\n  -V                 print version and exit\n  -w <deadline>      reply wait <deadline> in seconds\n  -W <timeout>       time to wait for response\n\nIPv4 options:\n  -4                 use IPv4\n  -b                 allow pinging broadcast\n  -R                 record route\n  -T <timestamp>     define timestamp, can be one of <tsonly|tsandaddr|tsprespec>\n\nIPv6 options:\n  -6                 use IPv6\n  -F <flowlabel>     define flow label, default is random\n  -N <nodeinfo opt>  use icmp6 node info query, try <help> as argument\n\nFor more details see ping(8).\n'

/** What iputils' options take for a number, from the least to the most. */
const RANGES: Readonly<Record<string, readonly [least: number, most: string]>> = {
  c: [1, '9223372036854775807'],
  s: [0, '2147483647'],
  t: [0, '255'],
  w: [0, '2147483647'],
  l: [1, '65536'],
}

interface Settings {
  count: number
  interval: number
  deadline: number
  timeout: number
  size: number
  readonly flags: Set<string>
  readonly given: Map<string, string>
  readonly words: string[]
}

/** Words that end the command, and its exit code. */
class Refused extends Error {
  readonly code: number
  constructor(text: string, code: number) {
    super(text)
    this.code = code
  }
}

function parse(args: readonly string[], box: boolean, ctx: ToolContext): Settings {
  const s: Settings = {
    count: Infinity,
    interval: 1,
    deadline: Infinity,
    timeout: 10,
    size: 56,
    flags: new Set(),
    given: new Map(),
    words: [],
  }
  const usage = box ? busyboxUsage(ctx) : IPUTILS_USAGE
  if (box && args[0] === '--help') throw new Refused(usage, 0)
  for (const found of getopt(args, (n) => (box ? 'cisItWwp' : 'ceFiIlmMNpQsStTwW').includes(n))) {
    if (found.kind === 'word') {
      s.words.push(found.text)
      continue
    }
    if (found.kind === 'missing')
      throw new Refused(`ping: option requires an argument -- '${found.name}'\n${usage}`, box ? 1 : 2)
    const { name, value } = found
    if (!box && name === 'h') throw new Refused(usage, 2)
    if (value === undefined) {
      if (!(box ? '46AqnvT' : '46aAbBCdDfLnOqrRUvV').includes(name))
        throw new Refused(`ping: invalid option -- '${name}'\n${usage}`, box ? 1 : 2)
      s.flags.add(name)
      continue
    }
    s.given.set(name, value)
    const n = numberOf(name, value, box, ctx)
    if (n === undefined) continue
    if (name === 'c') s.count = box && n === 0 ? Infinity : n
    else if (name === 'i') s.interval = n
    else if (name === 'W') s.timeout = n
    else if (name === 'w') s.deadline = n
    else if (name === 's') s.size = n
  }
  return s
}

/** The number of an option that takes one. */
function numberOf(option: string, value: string, box: boolean, ctx: ToolContext): number | undefined {
  if (!(box ? 'cisWwt' : 'ciWwstl').includes(option)) return undefined
  const n = Number(value)
  const plain = /^-?\d+(?:\.\d+)?$/.test(value)
  if (box) {
    if (!plain || n < 0) throw new Refused(`ping: invalid number '${value}'\n`, 1)
    return n
  }
  if (!plain && (option === 'i' || option === 'W')) {
    ctx.stderr(`ping: option argument contains garbage: ${value}\nping: this will become fatal error in the future\n`)
    return undefined
  }
  const range = RANGES[option]
  if (!plain) throw new Refused(`ping: invalid argument: '${value}'\n`, 1)
  if (range && (n < range[0] || n > Number(range[1])))
    throw new Refused(`ping: invalid argument: '${value}': out of range: ${range[0]} <= value <= ${range[1]}\n`, 1)
  return n
}

/** The name an address has, as iputils looks it up for every reply. */
function nameOf(address: string, ctx: ToolContext): string | undefined {
  const local = (ctx.files.read('/etc/hosts') ?? '')
    .split('\n')
    .map((l) => l.replace(/#.*/, '').trim().split(/\s+/))
    .find((l) => l[0] === address)?.[1]
  if (local !== undefined) return local
  const [server, name] = [ctx.dns.nameservers[0], reverseName(address)]
  if (server === undefined || name === undefined) return undefined
  const e = ctx.dns.exchange(server, ask(ctx, name, 12))
  const first = e.outcome === 'answer' ? e.message.answers.find((r) => r.type === 12) : undefined
  return first?.data.kind === 'name' ? bare(first.data.target) : undefined
}

interface Target {
  readonly name: string
  readonly address: string
  /** What the statistics are of. */
  readonly title: string
  /** What is told first, and whom replies are from. */
  readonly first: string
  readonly from: string
}

/** Where the pings go and what it is called. */
function targetOf(name: string, s: Settings, box: boolean, ctx: ToolContext): Target {
  const wanted = s.flags.has('4') ? 4 : s.flags.has('6') ? 6 : 0
  const found = family(name)
    ? { addresses: [name], canonical: name, status: 'ok' as const }
    : ctx.dns.resolve(name, wanted)
  const address = found.addresses[0]
  if (address === undefined) {
    const why =
      found.status === 'again'
        ? 'Temporary failure in name resolution'
        : found.status !== 'nodata'
          ? 'Name or service not known'
          : wanted === 0
            ? 'No address associated with hostname'
            : 'Address family for hostname not supported'
    throw box ? new Refused(`ping: bad address '${name}'\n`, 1) : new Refused(`ping: ${name}: ${why}\n`, 2)
  }
  if (box)
    return { name, address, title: name, first: `PING ${name} (${address}): ${s.size} data bytes\n`, from: address }
  const known = family(name) || s.flags.has('n') ? undefined : nameOf(address, ctx)
  const from = known === undefined ? address : `${known} (${address})`
  const source = s.given.get('I')
  const via =
    source === undefined
      ? ''
      : family(source)
        ? ` from ${source} :`
        : ` from ${ctx.network.addresses[0] ?? address} ${source}:`
  return family(address) === 6
    ? { name, address, title: name, first: `PING ${name}(${from})${via} ${s.size} data bytes\n`, from }
    : {
        name,
        address,
        title: found.canonical,
        first: `PING ${found.canonical} (${address})${via} ${s.size}(${s.size + 28}) bytes of data.\n`,
        from,
      }
}

export const ping: Tool = {
  name: 'ping',
  async run(args, ctx) {
    const box = (ctx.image.programs['ping'] ?? '').startsWith('busybox')
    let s: Settings
    let t: Target
    try {
      s = parse(args, box, ctx)
      if (s.flags.has('V') && !box) {
        ctx.stdout(`ping from iputils ${versionOf(ctx, 'ping')}\n`)
        if (atLeast(`${versionOf(ctx, 'ping').slice(0, 4)}.0`, 2020, 0))
          ctx.stdout('libcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n')
        return 0
      }
      const name = s.words.at(-1)
      if (name === undefined || (box && s.words.length > 1))
        throw new Refused(box ? busyboxUsage(ctx) : 'ping: usage error: Destination address required\n', 1)
      const source = s.given.get('I')
      if (source !== undefined && !family(source) && source !== 'eth0' && source !== 'lo')
        throw box
          ? new Refused(`ping: bad address '${source}'\n`, 1)
          : new Refused(`ping: SO_BINDTODEVICE ${source}: No such device\n`, 2)
      t = targetOf(name, s, box, ctx)
    } catch (e) {
      if (!(e instanceof Refused)) throw e
      ctx.stderr(e.message)
      return e.code
    }
    await ctx.network.prepare(t.address)
    const pattern = s.given.get('p')
    if (!box && pattern !== undefined) ctx.stdout(`PATTERN: 0x${pattern}\n`)
    ctx.stdout(t.first)
    // a packet too small for the time it was sent at has none to tell
    const timed = s.size >= (box ? 4 : 16)
    const times: number[] = []
    let sent = 0
    const began = ctx.now()
    while (sent < s.count && (sent === 0 || (ctx.now() - began) / 1000 < s.deadline) && !ctx.signal.aborted) {
      sent++
      if (ctx.network.ping(t.address)) {
        const ms = (60 + ctx.random(200)) / 1000
        times.push(ms)
        const took = timed ? ` time=${ms.toFixed(3)} ms` : ''
        const stamp = s.flags.has('D') ? `[${(ctx.now() / 1000).toFixed(6)}] ` : ''
        if (!s.flags.has('q'))
          ctx.stdout(
            box
              ? `${s.size + 8} bytes from ${t.from}: seq=${sent - 1} ttl=64${took}\n`
              : `${stamp}${s.size + 8} bytes from ${t.from}: icmp_seq=${sent} ttl=64${took}${s.flags.has('a') ? '\u0007' : ''}\n`,
          )
        if (sent < s.count) await ctx.sleep(s.flags.has('A') || s.flags.has('f') ? 1 : s.interval * 1000)
      } else await ctx.sleep((sent < s.count ? s.interval : s.timeout) * 1000)
    }
    const loss = Math.round(((sent - times.length) / sent) * 100)
    const avg = times.length ? times.reduce((a, b) => a + b, 0) / times.length : 0
    const mdev = times.length
      ? Math.sqrt(Math.max(0, times.reduce((a, b) => a + b * b, 0) / times.length - avg * avg))
      : 0
    const range = `${Math.min(...times).toFixed(3)}/${avg.toFixed(3)}/${Math.max(...times).toFixed(3)}`
    const measured = timed && times.length > 0
    ctx.stdout(
      box
        ? `\n--- ${t.title} ping statistics ---\n${sent} packets transmitted, ${times.length} packets received, ${loss}% packet loss\n${measured ? `round-trip min/avg/max = ${range} ms\n` : ''}`
        : `\n--- ${t.title} ping statistics ---\n${sent} packets transmitted, ${times.length} received, ${loss}% packet loss, time ${Math.max(0, ctx.now() - began)}ms\n${measured ? `rtt min/avg/max/mdev = ${range}/${mdev.toFixed(3)} ms\n` : '\n'}`,
    )
    return times.length ? 0 : 1
  },
}
