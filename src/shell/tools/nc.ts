// nc: OpenBSD's netcat (-z, -v, -w, -u) and busybox's; the image says which.
import { reach } from '../http.ts'
import { versionOf } from '../bind.ts'
import { family } from '../../dns/address.ts'
import { getopt } from '../getopt.ts'
import type { Tool, ToolContext } from '../tool.ts'

const SERVICES: Readonly<{ [port: number]: string }> = {
  21: 'ftp',
  22: 'ssh',
  23: 'telnet',
  25: 'smtp',
  53: 'domain',
  80: 'http',
  110: 'pop3',
  143: 'imap2',
  389: 'ldap',
  443: 'https',
  993: 'imaps',
  3306: 'mysql',
  5432: 'postgresql',
  6379: 'redis',
  6443: '*',
  8080: 'http-alt',
  11211: '*',
  27017: '*',
}
const BUSYBOX = (version: string): string =>
  `BusyBox v${version} multi-call binary.\n\nUsage: nc [-iN] [-wN] [-l] [-p PORT] [-f FILE|IPADDR PORT] [-e PROG]\n\nOpen a pipe to IP:PORT or FILE\n\n\t-l\tListen mode, for inbound connects\n\t\t(use -ll with -e for persistent server)\n\t-p PORT\tLocal port\n\t-w SEC\tConnect timeout\n\t-i SEC\tDelay interval for lines sent\n\t-f FILE\tUse file (ala /dev/ttyS0) instead of network\n\t-e PROG\tRun PROG after connect\n`

async function input(ctx: ToolContext): Promise<string> {
  if (!ctx.stdin) return ''
  const parts: Uint8Array[] = []
  for await (const c of ctx.stdin) parts.push(c)
  return Buffer.concat(parts).toString('utf8')
}

/** What the other side says to what one types: HTTP when it speaks it, else its first words. */
async function talk(ctx: ToolContext, c: ReturnType<ToolContext['network']['connect']>, host: string): Promise<void> {
  if (c.outcome !== 'open') return
  if (c.banner !== undefined) ctx.stdout(c.banner)
  const text = await input(ctx)
  const m = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?\r?\n([\s\S]*)$/.exec(text)
  if (!m || !c.http) return
  const [head = '', ...body] = (m[3] ?? '').split(/\r?\n\r?\n/)
  const r = c.http({
    method: m[1] ?? 'GET',
    path: m[2] ?? '/',
    host,
    headers: head.split(/\r?\n/).flatMap((l): [string, string][] => {
      const cut = l.indexOf(':')
      return cut > 0 ? [[l.slice(0, cut), l.slice(cut + 1).trim()]] : []
    }),
    body: body.join('\n\n'),
    tls: false,
  })
  ctx.stdout(
    `HTTP/${r.version} ${r.status} ${r.reason}\r\n${r.headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${r.body}`,
  )
}

const USAGE =
  'usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n'
const HELP =
  '\tCommand Summary:\n\t\t-4\t\tUse IPv4\n\t\t-6\t\tUse IPv6\n\t\t-b\t\tAllow broadcast\n\t\t-C\t\tSend CRLF as line-ending\n\t\t-D\t\tEnable the debug socket option\n\t\t-d\t\tDetach from stdin\n\t\t-F\t\tPass socket fd\n\t\t-h\t\tThis help text\n\t\t-I length\tTCP receive buffer length\n\t\t-i interval\tDelay interval for lines sent, ports scanned\n\t\t-k\t\tKeep inbound sockets open for multiple connects\n\t\t-l\t\tListen mode, for inbound connects\n\t\t-M ttl\t\tOutgoing TTL / Hop Limit\n\t\t-m minttl\tMinimum incoming TTL / Hop Limit\n\t\t-N\t\tShutdown the network socket after EOF on stdin\n\t\t-n\t\tSuppress name/port resolutions\n\t\t-O length\tTCP send buffer length\n\t\t-P proxyuser\tUsername for proxy authentication\n\t\t-p port\t\tSpecify local port for remote connects\n\t\t-q secs\t\tquit after EOF on stdin and delay of secs\n\t\t-r\t\tRandomize remote ports\n\t\t-S\t\tEnable the TCP MD5 signature option\n\t\t-s sourceaddr\tLocal source address\n\t\t-T keyword\tTOS value\n\t\t-t\t\tAnswer TELNET negotiation\n\t\t-U\t\tUse UNIX domain socket\n\t\t-u\t\tUDP mode\n\t\t-V rtable\tSpecify alternate routing table\n\t\t-v\t\tVerbose\n\t\t-W recvlimit\tTerminate after receiving a number of packets\n\t\t-w timeout\tTimeout for connects and final net reads\n\t\t-X proto\tProxy protocol: "4", "5" (SOCKS) or "connect"\n\t\t-x addr[:port]\tSpecify proxy address and port\n\t\t-Z\t\tDCCP mode\n\t\t-z\t\tZero-I/O mode [used for scanning]\n\tPort numbers can be individual or ranges: lo-hi [inclusive]\n'

/** Words that end the command, before anything is connected. */
class Refused extends Error {}

/** The port of a service's name. */
const portOf = (name: string): number | undefined => {
  const found = Object.entries(SERVICES).find(([, service]) => service === name && service !== '*')
  return found && Number(found[0])
}
/** A number of an argument within its range (strtonum). */
function numberIn(text: string, least: number, most: number, what: string): number {
  if (!/^\s*[+-]?\d+$/.test(text)) throw new Refused(`${what} invalid: ${text}`)
  const n = Number(text)
  if (n < least || n > most) throw new Refused(`${what} too ${n < least ? 'small' : 'large'}: ${text}`)
  return n
}
/** The ports an argument stands for: one, a range in either order, a service's name. */
function portsOf(text: string): readonly number[] {
  const named = portOf(text)
  if (named !== undefined) return [named]
  const [low = '', high] = text.split(/-(.*)/s)
  const port = (p: string): number => numberIn(p, 1, 65535, 'port number')
  const ends = high === undefined ? [port(low)] : [port(high), port(low)]
  const first = Math.min(...ends)
  return Array.from({ length: Math.max(...ends) - first + 1 }, (_, i) => first + i)
}

/** Waits for callers: nothing in the simulation connects to a listener a person starts by hand. */
async function listenFor(ctx: ToolContext, said: string): Promise<number> {
  ctx.stderr(said)
  while (!ctx.signal.aborted) await ctx.sleep(1000)
  return 130
}

const FAILURES = { refused: 'Connection refused', timeout: 'Connection timed out', unreachable: 'No route to host' }

interface Settings {
  readonly flags: ReadonlySet<string>
  readonly wait: number
  readonly words: readonly string[]
}

/** OpenBSD's options. */
function parse(args: readonly string[], version: string): Settings {
  const flags = new Set<string>()
  const words: string[] = []
  let wait = 0
  for (const found of getopt(args, (n) => 'IiMmOPpqsTVWwXx'.includes(n))) {
    if (found.kind === 'word') words.push(found.text)
    else if (found.kind === 'missing') throw new Refused(`option requires an argument -- '${found.name}'\n${USAGE}`)
    else if (found.name === 'h') throw new Refused(`OpenBSD netcat (Debian patchlevel ${version})\n${USAGE}${HELP}`)
    else if (found.name === 'Z') throw new Refused(USAGE)
    else if (found.name === 'w') wait = numberIn(found.value ?? '', 0, 2_147_483, 'timeout')
    else if (found.value !== undefined || '46bCDdFklNnrStUuvz'.includes(found.name)) flags.add(found.name)
    else throw new Refused(`invalid option -- '${found.name}'\n${USAGE}`)
  }
  return { flags, wait, words }
}

async function openbsd(args: readonly string[], ctx: ToolContext): Promise<number> {
  let s: Settings
  let ports: readonly number[]
  try {
    s = parse(args, versionOf(ctx, 'nc'))
    if (s.words.length === 0) throw new Refused(USAGE)
    if (s.flags.has('U')) throw new Refused(`${s.words[0]}: No such file or directory`)
    if (!s.flags.has('l') && s.words.length === 1) throw new Refused('missing port number')
    ports = s.flags.has('l') ? [] : s.words.slice(1).flatMap(portsOf)
  } catch (e) {
    if (!(e instanceof Refused)) throw e
    const help = e.message.endsWith(HELP)
    ctx.stderr(help || e.message === USAGE ? e.message : `nc: ${e.message.replace(/\n?$/, '\n')}`)
    return help ? 0 : 1
  }
  const on = (flag: string): boolean => s.flags.has(flag)
  if (on('l')) return listenFor(ctx, on('v') ? `Listening on 0.0.0.0 ${s.words.at(-1) ?? ''}\n` : '')
  const [host = ''] = s.words
  const kind = on('u') ? 'udp' : 'tcp'
  const wanted = on('4') ? 4 : on('6') ? 6 : 0
  let code = 1
  for (const port of ports) {
    const found = family(host)
      ? { addresses: [host], status: 'ok' as const }
      : on('n')
        ? { addresses: [], status: 'notfound' as const }
        : ctx.dns.resolve(host, wanted)
    if (found.addresses.length === 0) {
      const why =
        found.status === 'again'
          ? 'Temporary failure in name resolution'
          : wanted !== 0 && found.status === 'nodata'
            ? 'No address associated with hostname'
            : 'Name or service not known'
      ctx.stderr(`nc: getaddrinfo for host "${host}" port ${port}: ${why}\n`)
      return 1
    }
    for (const address of found.addresses) {
      await ctx.network.prepare(address)
      const c = ctx.network.connect(address, port, on('u') ? 'UDP' : 'TCP')
      const whom = `${host}${family(host) ? '' : ` (${address})`}`
      // datagrams have no connection to fail: only who is told that nobody is there knows it
      if (c.outcome === 'open' || (on('u') && c.outcome === 'timeout')) {
        if (on('v'))
          ctx.stderr(
            `Connection to ${whom} ${port} port [${kind}/${(on('n') ? undefined : SERVICES[port]) ?? '*'}] succeeded!\n`,
          )
        code = 0
        if (!on('z')) await talk(ctx, c, host)
        break
      }
      if (on('u')) {
        code = 1
        break
      }
      const late = c.outcome === 'timeout' && s.wait > 0
      if (c.outcome === 'timeout') await ctx.sleep((s.wait || 130) * 1000)
      if (on('v'))
        ctx.stderr(
          `nc: connect to ${whom} port ${port} (tcp) ${late ? 'timed out: Operation now in progress' : `failed: ${FAILURES[c.outcome]}`}\n`,
        )
      if (ctx.signal.aborted) return 130
    }
  }
  return code
}

/** busybox' port: a number, a service's name, and in the big nc a range. */
function rangeOf(text: string, big: boolean): readonly number[] {
  const named = portOf(text)
  if (named !== undefined) return [named]
  if (!/^\d+$/.test(text) && !(big && /^\d+-\d+$/.test(text))) return [NaN]
  return text.split('-').map(Number)
}

async function busybox(args: readonly string[], ctx: ToolContext): Promise<number> {
  const version = versionOf(ctx, 'nc')
  // alpine and the busybox image build nc as netcat 1.10 was, Debian the small one
  const big = !/Debian/.test(version)
  const flags = new Set<string>()
  const words: string[] = []
  let wait = 0
  if (args[0] === '--help') {
    ctx.stderr(BUSYBOX(version))
    return 0
  }
  const wrong = (text: string): number => {
    ctx.stderr(text)
    return 1
  }
  for (const found of getopt(args, (n) => (big ? 'wipfesoIO' : 'wipfe').includes(n))) {
    if (found.kind === 'word') words.push(found.text)
    else if (found.kind === 'missing')
      return wrong(`nc: option requires an argument -- '${found.name}'\n${BUSYBOX(version)}`)
    else if (found.name === 'w') {
      if (!/^\d+$/.test(found.value ?? '')) return wrong(`nc: invalid number '${found.value}'\n`)
      wait = Number(found.value)
    } else if (found.value !== undefined || (big ? 'lzvunb46kNt' : 'l').includes(found.name)) flags.add(found.name)
    else return wrong(`nc: invalid option -- '${found.name}'\n${BUSYBOX(version)}`)
  }
  const loud = flags.has('v')
  if (flags.has('l')) return listenFor(ctx, loud ? `listening on 0.0.0.0:${words.at(-1) ?? ''} ...\n` : '')
  const [host, given] = words
  if (host === undefined || (big && given === undefined)) return wrong(BUSYBOX(version))
  const [low = 0, high = low] = rangeOf(given ?? '0', big)
  if (!(low <= 65535)) return wrong(`nc: bad port '${given}'\n`)
  const musl = ctx.image.libc === 'musl'
  const failures = {
    ...FAILURES,
    ...(musl ? { timeout: 'Operation timed out', unreachable: 'Host is unreachable' } : {}),
  }
  let code = 1
  for (let port = low; port <= high; port++) {
    const r = await reach(ctx, host, port)
    const address = r.addresses[0]
    if (r.outcome === 'unresolved' || address === undefined) return wrong(`nc: bad address '${host}'\n`)
    if (flags.has('u') || r.outcome === 'connected') {
      code = 0
      if (loud) ctx.stderr(`${host} (${address}:${port}) open\n`)
      if (!flags.has('z') && r.outcome === 'connected') await talk(ctx, r.connection, host)
      continue
    }
    if (r.outcome === 'timeout') await ctx.sleep((wait || 130) * 1000)
    ctx.stderr(
      r.outcome === 'timeout' && wait
        ? 'nc: timed out\n'
        : big
          ? `nc: ${host} (${address}:${port}): ${failures[r.outcome]}\n`
          : `nc: can't connect to remote host (${address}): ${failures[r.outcome]}\n`,
    )
    if (ctx.signal.aborted) return 130
  }
  return code
}

export const nc: Tool = {
  name: 'nc',
  run: (args, ctx) =>
    (ctx.image.programs['nc'] ?? '').startsWith('busybox') ? busybox(args, ctx) : openbsd(args, ctx),
}
