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

export const nc: Tool = {
  name: 'nc',
  async run(args, ctx) {
    const box = (ctx.image.programs['nc'] ?? '').startsWith('busybox')
    const version = versionOf(ctx, 'nc')
    // alpine and the busybox image build nc with -z and -v, Debian does not
    const extra = box && !/Debian/.test(version)
    let zero = false
    let loud = false
    let udp = false
    let listen = false
    let wait = 0
    const words: string[] = []
    for (const found of getopt(args, (n) => (box ? 'wipfe' : 'wipsqXxIOTVM').includes(n))) {
      if (found.kind === 'word') {
        words.push(found.text)
        continue
      }
      if (found.kind === 'missing') continue
      const { name: option, value } = found
      if (box && !extra && 'zvu'.includes(option)) {
        ctx.stderr(`nc: invalid option -- '${option}'\n${BUSYBOX(version)}`)
        return 1
      }
      if (value !== undefined) {
        if (option === 'w') wait = Number(value) || 0
      } else if (option === 'z') zero = true
      else if (option === 'v') loud = true
      else if (option === 'u') udp = true
      else if (option === 'l') listen = true
      else if (!'46nkNrtUCDdhS'.includes(option)) {
        ctx.stderr(
          box
            ? `nc: invalid option -- '${option}'\n${BUSYBOX(version)}`
            : `nc: invalid option -- '${option}'\nusage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n`,
        )
        return 1
      }
    }
    if (listen) {
      // nothing in the simulation connects to a listener a person starts by hand: it waits until it is interrupted
      if (loud) ctx.stderr(`Listening on 0.0.0.0 ${words.at(-1) ?? ''}\n`)
      while (!ctx.signal.aborted) await ctx.sleep(1000)
      return 130
    }
    const [host, ports] = words
    if (host === undefined || ports === undefined) {
      ctx.stderr(
        box
          ? BUSYBOX(version)
          : 'usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n',
      )
      return 1
    }
    const range = /^(\d+)(?:-(\d+))?$/.exec(ports)
    if (!range) {
      ctx.stderr(box ? `nc: bad port '${ports}'\n` : `nc: port number invalid: ${ports}\n`)
      return 1
    }
    let code = 1
    for (let port = Number(range[1]); port <= Number(range[2] ?? range[1]); port++) {
      const found = family(host) ? { addresses: [host], status: 'ok' as const } : ctx.dns.resolve(host)
      const address = found.addresses[0]
      if (address === undefined) {
        ctx.stderr(
          box
            ? `nc: bad address '${host}'\n`
            : `nc: getaddrinfo for host "${host}" port ${port}: ${found.status === 'again' ? 'Temporary failure in name resolution' : 'Name or service not known'}\n`,
        )
        return 1
      }
      if (udp) {
        if (loud)
          ctx.stderr(
            box
              ? `${host} (${address}:${port}) open\n`
              : `Connection to ${host}${family(host) ? '' : ` (${address})`} ${port} port [udp/${SERVICES[port] ?? '*'}] succeeded!\n`,
          )
        code = 0
        continue
      }
      const r = await reach(ctx, host, port)
      if (r.outcome === 'connected') {
        code = 0
        if (loud)
          ctx.stderr(
            box
              ? `${host} (${r.address}:${port}) open\n`
              : `Connection to ${host}${family(host) ? '' : ` (${r.address})`} ${port} port [tcp/${SERVICES[port] ?? '*'}] succeeded!\n`,
          )
        if (!zero) await talk(ctx, r.connection, host)
        continue
      }
      if (r.outcome === 'timeout') await ctx.sleep((wait || 130) * 1000)
      const why =
        r.outcome === 'timeout'
          ? box
            ? 'Operation timed out'
            : 'Connection timed out'
          : r.outcome === 'refused'
            ? 'Connection refused'
            : 'No route to host'
      if (box)
        ctx.stderr(r.outcome === 'timeout' && wait ? 'nc: timed out\n' : `nc: ${host} (${address}:${port}): ${why}\n`)
      else if (loud)
        ctx.stderr(
          `nc: connect to ${host}${family(host) ? '' : ` (${address})`} port ${port} (tcp) ${r.outcome === 'timeout' && wait ? `timed out: Operation now in progress` : `failed: ${why}`}\n`,
        )
      if (ctx.signal.aborted) return 130
    }
    return code
  },
}
