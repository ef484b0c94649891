// ip (addr, route, link, neigh) and ifconfig: a pod's two interfaces.
import { parseIPv4 } from '../../dns/address.ts'
import type { Tool, ToolContext } from '../tool.ts'

const v4 = (ctx: ToolContext): readonly string[] => ctx.network.addresses.filter((a) => !a.includes(':'))
const v6 = (ctx: ToolContext): readonly string[] => ctx.network.addresses.filter((a) => a.includes(':'))
/** The hardware address a CNI gives: 0a:58 and the four bytes of the address. */
const mac = (ctx: ToolContext): string =>
  `0a:58:${[...(parseIPv4(v4(ctx)[0] ?? '10.0.0.2') ?? [])].map((b) => b.toString(16).padStart(2, '0')).join(':')}`
const net = (a: string): string => a.replace(/\.\d+$/, '')

function addr(ctx: ToolContext): string {
  const inet = [
    ...v4(ctx).map(
      (a) => `    inet ${a}/24 brd ${net(a)}.255 scope global eth0\n       valid_lft forever preferred_lft forever\n`,
    ),
    ...v6(ctx).map((a) => `    inet6 ${a}/64 scope global \n       valid_lft forever preferred_lft forever\n`),
  ].join('')
  return `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n    inet6 ::1/128 scope host \n       valid_lft forever preferred_lft forever\n2: eth0@if5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000\n    link/ether ${mac(ctx)} brd ff:ff:ff:ff:ff:ff link-netnsid 0\n${inet}`
}

export const ip: Tool = {
  name: 'ip',
  async run(args, ctx) {
    const words = args.filter((a) => !a.startsWith('-'))
    const brief = args.some((a) => a === '-br' || a === '-brief')
    const what = words[0]
    const is = (full: string): boolean => what !== undefined && full.startsWith(what)
    const own = v4(ctx)[0] ?? ''
    if (what === undefined) {
      ctx.stderr(
        'Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n       ip [ -force ] -batch filename\nwhere  OBJECT := { address | link | neighbour | route | rule }\n',
      )
      return 255
    }
    if (is('address')) {
      const only = words.includes('eth0') ? 2 : words.includes('lo') ? 1 : 0
      const wrong = words.slice(1).find((w) => !['show', 'list', 'ls', 's', 'dev', 'eth0', 'lo'].includes(w))
      if (wrong !== undefined) {
        ctx.stderr(`Device "${wrong}" does not exist.\n`)
        return 1
      }
      if (brief) {
        ctx.stdout(
          `${only === 2 ? '' : 'lo               UNKNOWN        127.0.0.1/8 ::1/128 \n'}${only === 1 ? '' : `eth0@if5         UP             ${own}/24 \n`}`,
        )
        return 0
      }
      const [lo = '', eth = ''] = addr(ctx).split(/(?=^2: )/m)
      ctx.stdout(only === 1 ? lo : only === 2 ? eth : lo + eth)
    } else if (is('route')) {
      if (words[1] === 'get' && words[2])
        ctx.stdout(`${words[2]} via ${net(own)}.1 dev eth0 src ${own} uid 0 \n    cache \n`)
      else
        ctx.stdout(
          `default via ${net(own)}.1 dev eth0 \n${net(own)}.0/24 dev eth0 proto kernel scope link src ${own} \n`,
        )
    } else if (is('link'))
      ctx.stdout(
        addr(ctx)
          .split('\n')
          .filter((l) => /^\d+:|link\//.test(l))
          .map((l) => `${l.replace('group default', 'mode DEFAULT group default')}\n`)
          .join(''),
      )
    else if (is('neighbour')) ctx.stdout(`${net(own)}.1 dev eth0 lladdr ${mac(ctx).replace(/..$/, '01')} REACHABLE \n`)
    else if (what === 'help') ctx.stdout('Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n')
    else {
      ctx.stderr(`Object "${what}" is unknown, try "ip help".\n`)
      return 1
    }
    return 0
  },
}

export const ifconfig: Tool = {
  name: 'ifconfig',
  async run(args, ctx) {
    const only = args.find((a) => !a.startsWith('-'))
    if (only !== undefined && only !== 'eth0' && only !== 'lo') {
      ctx.stderr(`ifconfig: ${only}: error fetching interface information: Device not found\n`)
      return 1
    }
    const own = v4(ctx)[0] ?? ''
    const counts =
      '          RX packets:24 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:18 errors:0 dropped:0 overruns:0 carrier:0\n'
    if (only !== 'lo')
      ctx.stdout(
        `eth0      Link encap:Ethernet  HWaddr ${mac(ctx).toUpperCase()}  \n          inet addr:${own}  Bcast:${net(own)}.255  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n${counts}          collisions:0 txqueuelen:1000 \n          RX bytes:2412 (2.3 KiB)  TX bytes:1390 (1.3 KiB)\n\n`,
      )
    if (only !== 'eth0')
      ctx.stdout(
        `lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          inet6 addr: ::1/128 Scope:Host\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n${counts.replaceAll(/:(24|18)/g, ':0')}          collisions:0 txqueuelen:1000 \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n`,
      )
    return 0
  },
}
