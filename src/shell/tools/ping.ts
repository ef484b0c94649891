// ping: iputils' and busybox's; the image says which.
import { family } from '../../dns/address.ts'
import { versionOf } from '../bind.ts'
import { getopt } from '../getopt.ts'
import type { Tool, ToolContext } from '../tool.ts'

const busyboxUsage = (ctx: ToolContext): string =>
  `BusyBox v${versionOf(ctx, 'ping')} multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n\nSend ICMP ECHO_REQUESTs to HOST\n\n\t-4,-6\t\tForce IP or IPv6 name resolution\n\t-c CNT\t\tSend only CNT pings\n\t-s SIZE\t\tSend SIZE data bytes in packets (default 56)\n\t-i SECS\t\tInterval\n\t-A\t\tPing as soon as reply is received\n\t-t TTL\t\tSet TTL\n\t-I IFACE/IP\tSource interface or IP address\n\t-W SEC\t\tSeconds to wait for the first response (default 10)\n\t\t\t(after all -c CNT packets are sent)\n\t-w SEC\t\tSeconds until ping exits (default:infinite)\n\t\t\t(can exit earlier with -c CNT)\n\t-q\t\tQuiet, only display output at start/finish\n\t-p HEXBYTE\tPayload pattern\n`

export const ping: Tool = {
  name: 'ping',
  async run(args, ctx) {
    const box = (ctx.image.programs['ping'] ?? '').startsWith('busybox')
    let count = Infinity
    let wait = 1
    let deadline = Infinity
    let timeout = 10
    let size = 56
    let quiet = false
    let wanted: 0 | 4 | 6 = 0
    const words: string[] = []
    for (const found of getopt(args, (n) => 'ciWwsItQpSMmFl'.includes(n))) {
      if (found.kind === 'word') {
        words.push(found.text)
        continue
      }
      if (found.kind === 'missing') {
        ctx.stderr(`ping: option requires an argument -- '${found.name}'\n`)
        return box ? 1 : 2
      }
      const { name: option, value } = found
      const n = Number(value)
      if ('ciWws'.includes(option) && !(n >= 0)) {
        ctx.stderr(box ? `ping: invalid number '${value}'\n` : `ping: invalid argument: '${value}'\n`)
        return 1
      }
      switch (option) {
        case 'c':
          count = n
          break
        case 'i':
          wait = n
          break
        case 'W':
          timeout = n
          break
        case 'w':
          deadline = n
          break
        case 's':
          size = n
          break
        case 'q':
          quiet = true
          break
        case '4':
          wanted = 4
          break
        case '6':
          wanted = 6
          break
        default:
          if (!'nvAbBdDfhLOrRUVItQpSMmFl'.includes(option)) {
            ctx.stderr(
              box
                ? `ping: invalid option -- '${option}'\n${busyboxUsage(ctx)}`
                : `ping: invalid option -- '${option}'\n\nUsage\n  ping [options] <destination>\n`,
            )
            return box ? 1 : 2
          }
      }
    }
    const name = words.at(-1)
    if (name === undefined) {
      ctx.stderr(box ? busyboxUsage(ctx) : 'ping: usage error: Destination address required\n')
      return 1
    }
    const found = family(name)
      ? { addresses: [name], canonical: name, status: 'ok' as const }
      : ctx.dns.resolve(name, wanted)
    const address = found.addresses[0]
    if (address === undefined) {
      ctx.stderr(
        box
          ? `ping: bad address '${name}'\n`
          : `ping: ${name}: ${found.status === 'again' ? 'Temporary failure in name resolution' : found.status === 'nodata' ? 'No address associated with hostname' : 'Name or service not known'}\n`,
      )
      return box ? 1 : 2
    }
    await ctx.network.prepare(address)
    const title = box ? name : family(name) ? name : found.canonical
    ctx.stdout(
      box
        ? `PING ${name} (${address}): ${size} data bytes\n`
        : `PING ${title} (${address}) ${size}(${size + 28}) bytes of data.\n`,
    )
    const times: number[] = []
    let sent = 0
    const began = ctx.now()
    while (sent < count && (sent === 0 || (ctx.now() - began) / 1000 < deadline) && !ctx.signal.aborted) {
      sent++
      if (ctx.network.ping(address)) {
        const ms = (60 + ctx.random(200)) / 1000
        times.push(ms)
        if (!quiet)
          ctx.stdout(
            box
              ? `${size + 8} bytes from ${address}: seq=${sent - 1} ttl=64 time=${ms.toFixed(3)} ms\n`
              : `${size + 8} bytes from ${family(name) ? address : `${title} (${address})`}: icmp_seq=${sent} ttl=64 time=${ms.toFixed(3)} ms\n`,
          )
        if (sent < count) await ctx.sleep(wait * 1000)
      } else await ctx.sleep((sent < count ? wait : timeout) * 1000)
    }
    const loss = Math.round(((sent - times.length) / sent) * 100)
    const sum = times.reduce((a, b) => a + b, 0)
    const avg = times.length ? sum / times.length : 0
    const mdev = times.length
      ? Math.sqrt(Math.max(0, times.reduce((a, b) => a + b * b, 0) / times.length - avg * avg))
      : 0
    const range = `${Math.min(...times).toFixed(3)}/${avg.toFixed(3)}/${Math.max(...times).toFixed(3)}`
    ctx.stdout(
      box
        ? `\n--- ${name} ping statistics ---\n${sent} packets transmitted, ${times.length} packets received, ${loss}% packet loss\n${times.length ? `round-trip min/avg/max = ${range} ms\n` : ''}`
        : `\n--- ${title} ping statistics ---\n${sent} packets transmitted, ${times.length} received, ${loss}% packet loss, time ${Math.max(0, ctx.now() - began)}ms\n${times.length ? `rtt min/avg/max/mdev = ${range}/${mdev.toFixed(3)} ms\n` : '\n'}`,
    )
    return times.length ? 0 : 1
  },
}
