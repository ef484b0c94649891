// ip (addr, link, route, neigh, rule) of iproute2 and of busybox, and ifconfig of busybox and net-tools: a pod's two
// interfaces.
import { parseIPv4 } from '../../dns/address.ts'
import { versionOf } from '../bind.ts'
import type { Tool, ToolContext } from '../tool.ts'

interface Interface {
  readonly index: number
  readonly name: string
  /** `eth0@if5`: the other end stands in the node. */
  readonly shown: string
  readonly flags: string
  readonly mtu: number
  readonly state: string
  readonly kind: 'loopback' | 'ether'
  readonly mac: string
  readonly brd: string
  readonly v4: readonly string[]
  readonly v6: readonly string[]
  /** What has come in and gone out. */
  readonly bytes: readonly [received: number, sent: number]
  readonly packets: readonly [received: number, sent: number]
}

const net = (a: string): string => a.replace(/\.\d+$/, '')
/** The hardware address a CNI gives: 0a:58 and the four bytes of the address. */
const macOf = (address: string): string =>
  `0a:58:${[...(parseIPv4(address) ?? [])].map((b) => b.toString(16).padStart(2, '0')).join(':')}`

function interfaces(ctx: ToolContext): readonly [lo: Interface, eth: Interface] {
  const v4 = ctx.network.addresses.filter((a) => !a.includes(':'))
  return [
    {
      index: 1,
      name: 'lo',
      shown: 'lo',
      flags: 'LOOPBACK,UP,LOWER_UP',
      mtu: 65536,
      state: 'UNKNOWN',
      kind: 'loopback',
      mac: '00:00:00:00:00:00',
      brd: '00:00:00:00:00:00',
      v4: ['127.0.0.1'],
      v6: ['::1'],
      bytes: [0, 0],
      packets: [0, 0],
    },
    {
      index: 2,
      name: 'eth0',
      shown: 'eth0@if5',
      flags: 'BROADCAST,MULTICAST,UP,LOWER_UP',
      mtu: 1500,
      state: 'UP',
      kind: 'ether',
      mac: macOf(v4[0] ?? '10.0.0.2'),
      brd: 'ff:ff:ff:ff:ff:ff',
      v4,
      v6: ctx.network.addresses.filter((a) => a.includes(':')),
      bytes: [2412, 1390],
      packets: [24, 18],
    },
  ]
}

/** One address as both programs tell it, without what comes before and behind. */
const inet = (i: Interface, a: string): string =>
  i.name === 'lo'
    ? a.includes(':')
      ? `inet6 ${a}/128 scope host `
      : `inet ${a}/8 scope host lo`
    : a.includes(':')
      ? `inet6 ${a}/64 scope global `
      : `inet ${a}/24 brd ${net(a)}.255 scope global eth0`
const prefixed = (i: Interface, a: string): string =>
  `${a}/${i.name === 'lo' ? (a.includes(':') ? 128 : 8) : a.includes(':') ? 64 : 24}`
const LIFETIME = '       valid_lft forever preferred_lft forever'

interface Settings {
  readonly family: 0 | 4 | 6
  readonly oneline: boolean
  readonly brief: boolean
  readonly statistics: boolean
  readonly box: boolean
}

const addressesOf = (i: Interface, s: Settings): readonly string[] => [
  ...(s.family === 6 ? [] : i.v4),
  ...(s.family === 4 ? [] : i.v6),
]

/** The first line of an interface. */
function headOf(i: Interface, s: Settings, link: boolean): string {
  const start = `${i.index}: ${i.shown}: <${i.flags}${s.box && i.name !== 'lo' ? ',M-DOWN' : ''}> mtu ${i.mtu}`
  const qdisc = s.family === 6 ? '' : ' qdisc noqueue'
  if (s.box) return `${start}${qdisc} qlen 1000`
  const group = s.family === 6 ? '' : `${link ? ' mode DEFAULT' : ''} group default`
  return `${start}${qdisc} state ${i.state}${group} qlen 1000`
}
const hardware = (i: Interface, s: Settings): string =>
  `    link/${i.kind} ${i.mac} brd ${i.brd}${i.name === 'lo' || s.box ? '' : ' link-netnsid 0'}\n`

function addressText(i: Interface, s: Settings): string {
  const list = addressesOf(i, s)
  if (s.brief) return `${i.shown.padEnd(16)} ${i.state.padEnd(14)} ${list.map((a) => `${prefixed(i, a)} `).join('')}\n`
  if (s.oneline) return list.map((a) => `${i.index}: ${i.name}    ${inet(i, a)}\\${LIFETIME}\n`).join('')
  if (s.family !== 0 && list.length === 0) return ''
  const netns = s.family === 4 && i.name !== 'lo' && !s.box ? ' link-netnsid 0' : ''
  return `${headOf(i, s, false)}${netns}\n${s.family === 0 ? hardware(i, s) : ''}${list.map((a) => `    ${inet(i, a)}\n${LIFETIME}\n`).join('')}`
}

function linkText(i: Interface, s: Settings): string {
  if (s.brief) return `${i.shown.padEnd(16)} ${i.state.padEnd(14)} ${i.mac} <${i.flags}> \n`
  const text = `${headOf(i, s, true)}\n${hardware(i, s)}`
  if (s.oneline) return `${text.trimEnd().replace('\n', '\\')}\n`
  const row = (n: 0 | 1): string =>
    `${String(i.bytes[n]).padStart(14)}${String(i.packets[n]).padStart(8)}      0       0       0       0 \n`
  return s.statistics && !s.box
    ? `${text}    RX:  bytes packets errors dropped  missed   mcast           \n${row(0)}    TX:  bytes packets errors dropped carrier collsns           \n${row(1)}`
    : text
}

function routeText(words: readonly string[], s: Settings, own: string): string {
  const gateway = `${net(own)}.1`
  const [verb, target] = words
  if (verb !== undefined && 'get'.startsWith(verb) && target !== undefined)
    return s.box
      ? `${target} via ${gateway} dev eth0  src ${own} \n`
      : `${target} via ${gateway} dev eth0 src ${own} uid 0 \n    cache \n`
  if (s.family === 6) return ''
  const all = [
    `default via ${gateway} dev eth0 \n`,
    s.box
      ? `${gateway.replace(/1$/, '0')}/24 dev eth0 scope link  src ${own} \n`
      : `${gateway.replace(/1$/, '0')}/24 dev eth0 proto kernel scope link src ${own} \n`,
  ]
  return (words.includes('default') ? all.slice(0, 1) : all).join('')
}

const IPROUTE_USAGE =
  'Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n       ip [ -force ] -batch filename\nwhere  OBJECT := { address | addrlabel | amt | fou | help | ila | ioam | l2tp |\n                   link | macsec | maddress | monitor | mptcp | mroute | mrule |\n                   neighbor | neighbour | netconf | netns | nexthop | ntable |\n                   ntbl | route | rule | sr | tap | tcpmetrics |\n                   token | tunnel | tuntap | vrf | xfrm }\n       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -r[esolve] |\n                    -h[uman-readable] | -iec | -j[son] | -p[retty] |\n                    -f[amily] { inet | inet6 | mpls | bridge | link } |\n                    -4 | -6 | -M | -B | -0 |\n                    -l[oops] { maximum-addr-flush-attempts } | -br[ief] |\n                    -o[neline] | -t[imestamp] | -ts[hort] | -b[atch] [filename] |\n                    -rc[vbuf] [size] | -n[etns] name | -N[umeric] | -a[ll] |\n                    -c[olor]}\n'
const BUSYBOX_USAGE = (version: string): string =>
  `BusyBox v${version} multi-call binary.\n\nUsage: ip [OPTIONS] address|route|link|tunnel|neigh|rule [ARGS]\n\nOPTIONS := -f[amily] inet|inet6|link | -o[neline]\n\nip addr add|del IFADDR dev IFACE | show|flush [dev IFACE] [to PREFIX]\nip route list|flush|add|del|change|append|replace|test ROUTE\nip link set IFACE [up|down] [arp on|off] [multicast on|off]\n\t[promisc on|off] [mtu NUM] [name NAME] [qlen NUM] [address MAC]\n\t[master IFACE | nomaster] [netns PID]\nip tunnel add|change|del|show [NAME]\n\t[mode ipip|gre|sit] [remote ADDR] [local ADDR] [ttl TTL]\nip neigh show|flush [to PREFIX] [dev DEV] [nud STATE]\nip rule [list] | add|del SELECTOR ACTION\n`
/** The objects that can be asked about, in the order their names are tried. */
const OBJECTS = ['address', 'route', 'rule', 'neighbor', 'neighbour', 'link', 'maddress', 'netns', 'tunnel']
/** iproute2's options, with how many letters each needs at least. */
const OPTIONS =
  /^-{1,2}(?:4|6|0|B|M|I|d(?:etails?)?|s(?:tat(?:istics)?|tats)?|r(?:esolve)?|o(?:neline)?|br(?:ief)?|j(?:son)?|p(?:retty)?|c(?:olor)?(?:=\w+)?|h(?:uman(?:-readable)?)?|iec|N(?:umeric)?|a(?:ll)?|t(?:imestamp)?|ts(?:hort)?)$/
/** What changes something, which a container is not allowed to. */
const CHANGES = ['add', 'del', 'delete', 'change', 'replace', 'append', 'set', 'flush']

export const ip: Tool = {
  name: 'ip',
  async run(args, ctx) {
    const box = (ctx.image.programs['ip'] ?? '').startsWith('busybox')
    const usage = (): number => {
      ctx.stderr(box ? BUSYBOX_USAGE(versionOf(ctx, 'ip')) : IPROUTE_USAGE)
      return box ? 1 : 255
    }
    let family: Settings['family'] = 0
    let i = 0
    for (; args[i]?.startsWith('-'); i++) {
      const a = args[i] ?? ''
      if (/^-f(?:amily)?$/.test(a)) family = args[++i] === 'inet6' ? 6 : 4
      else if (a === '-4' || a === '-6') family = a === '-4' ? 4 : 6
      else if (box) {
        if (!/^-o(?:neline)?$|^-0$/.test(a)) return usage()
      } else if (/^-{1,2}(?:V|Version)$/.test(a)) {
        ctx.stdout('ip utility, iproute2-6.1.0\n')
        return 0
      } else if (/^-{1,2}h(?:elp)?$/.test(a)) return usage()
      else if (!OPTIONS.test(a)) {
        ctx.stderr(`Option "${a}" is unknown, try "ip -help".\n`)
        return 255
      }
    }
    const has = (option: RegExp): boolean => args.slice(0, i).some((a) => option.test(a))
    const s: Settings = {
      family,
      oneline: has(/^-o/),
      brief: has(/^-br/),
      statistics: has(/^-s/),
      box,
    }
    const [what, ...words] = args.slice(i)
    if (what === undefined || 'help'.startsWith(what)) return usage()
    const object = OBJECTS.find((o) => o.startsWith(what))
    if (object === undefined) {
      if (box) return usage()
      ctx.stderr(`Object "${what}" is unknown, try "ip help".\n`)
      return 1
    }
    if (words[0] !== undefined && CHANGES.includes(words[0])) {
      ctx.stderr(
        box ? 'ip: RTNETLINK answers: Operation not permitted\n' : 'RTNETLINK answers: Operation not permitted\n',
      )
      return 2
    }
    const [lo, eth] = interfaces(ctx)
    const own = eth.v4[0] ?? ''
    const [verb, ...rest] = words
    if (!box && verb !== undefined && !/^(?:sh?o?w?|l(?:ist|st?|i)?|g(?:et)?)$/.test(verb)) {
      const whole = object === 'neighbor' ? 'neighbour' : object
      ctx.stderr(`Command "${verb}" is unknown, try "ip ${whole} help".\n`)
      return 255
    }
    if (object === 'address' || object === 'link') {
      const scope = rest.indexOf('scope')
      const kept = scope < 0 ? undefined : rest.splice(scope, 2)[1]
      const named = rest.filter((w) => w !== 'dev' && w !== 'up')
      const wrong = named.find((w) => w !== 'lo' && w !== 'eth0')
      if (wrong !== undefined) {
        ctx.stderr(box ? `ip: can't find device '${wrong}'\n` : `Device "${wrong}" does not exist.\n`)
        return 1
      }
      const shown = [lo, eth].filter(
        (x) => (named.length === 0 || named.includes(x.name)) && (!kept || (kept === 'host') === (x.name === 'lo')),
      )
      ctx.stdout(shown.map((x) => (object === 'link' ? linkText(x, s) : addressText(x, s))).join(''))
    } else if (object === 'route') ctx.stdout(routeText(words, s, own))
    else if (object === 'rule')
      ctx.stdout(
        ['0:\tfrom all lookup local', '32766:\tfrom all lookup main', '32767:\tfrom all lookup default']
          .map((l) => `${l}${box ? ' ' : ''}\n`)
          .join(''),
      )
    else if (object.startsWith('neigh'))
      ctx.stdout(
        `${net(own)}.1 dev eth0 lladdr ${eth.mac.replace(/..$/, '01')} ${box ? 'ref 1 used 0/0/0 probes 0 REACHABLE' : 'REACHABLE '}\n`,
      )
    return 0
  },
}

/** Bytes as ifconfig counts them: `2.3 KiB`. */
function human(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let v = n
  let u = 0
  for (; v >= 1024; u++) v /= 1024
  return `${v.toFixed(1)} ${units[u]}`
}

/** An interface as busybox shows it. */
function boxed(i: Interface): string {
  const [rx, tx] = i.packets
  const [received, sent] = i.bytes
  const head =
    i.name === 'lo'
      ? `lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          inet6 addr: ::1/128 Scope:Host\n          UP LOOPBACK RUNNING`
      : `eth0      Link encap:Ethernet  HWaddr ${i.mac.toUpperCase()}  \n${i.v4.map((a) => `          inet addr:${a}  Bcast:${net(a)}.255  Mask:255.255.255.0\n`).join('')}${i.v6.map((a) => `          inet6 addr: ${a}/64 Scope:Global\n`).join('')}          UP BROADCAST RUNNING MULTICAST`
  return `${head}  MTU:${i.mtu}  Metric:1\n          RX packets:${rx} errors:0 dropped:0 overruns:0 frame:0\n          TX packets:${tx} errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:1000 \n          RX bytes:${received} (${human(received)})  TX bytes:${sent} (${human(sent)})\n\n`
}

/** An interface as net-tools show it. */
function plain(i: Interface): string {
  const [rx, tx] = i.packets
  const [received, sent] = i.bytes
  const head =
    i.name === 'lo'
      ? 'lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n        inet6 ::1  prefixlen 128  scopeid 0x10<host>\n        loop  txqueuelen 1000  (Local Loopback)\n'
      : `eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n${i.v4.map((a) => `        inet ${a}  netmask 255.255.255.0  broadcast ${net(a)}.255\n`).join('')}${i.v6.map((a) => `        inet6 ${a}  prefixlen 64  scopeid 0x0<global>\n`).join('')}        ether ${i.mac}  txqueuelen 1000  (Ethernet)\n`
  return `${head}        RX packets ${rx}  bytes ${received} (${human(received)})\n        RX errors 0  dropped 0  overruns 0  frame 0\n        TX packets ${tx}  bytes ${sent} (${human(sent)})\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n`
}

export const ifconfig: Tool = {
  name: 'ifconfig',
  async run(args, ctx) {
    const tools = (ctx.image.programs['ifconfig'] ?? '').startsWith('net-tools')
    const [lo, eth] = interfaces(ctx)
    if (tools && (args[0] === '-V' || args[0] === '--version')) {
      ctx.stdout(`net-tools ${versionOf(ctx, 'ifconfig')}\n`)
      return 0
    }
    if (tools && args[0] === '-s') {
      const row = (i: Interface, flags: string): string =>
        `${i.name.padEnd(16)} ${String(i.mtu).padEnd(5)}${String(i.packets[0]).padStart(9)}      0      0 0     ${String(i.packets[1]).padStart(9)}      0      0      0 ${flags}\n`
      ctx.stdout(
        `Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n${row(eth, 'BMRU')}${row(lo, 'LRU')}`,
      )
      return 0
    }
    const odd = args.find((a) => a.startsWith('-') && a !== '-a' && a !== '-v')
    if (tools && odd !== undefined) {
      ctx.stderr(`ifconfig: option \`${odd}' not recognised.\nifconfig: \`--help' gives usage information.\n`)
      return 1
    }
    const only = args.find((a) => a !== '-a' && a !== '-v')
    if (only !== undefined && only !== 'eth0' && only !== 'lo') {
      ctx.stderr(`${tools ? '' : 'ifconfig: '}${only}: error fetching interface information: Device not found\n`)
      return 1
    }
    ctx.stdout(
      [eth, lo]
        .filter((i) => only === undefined || i.name === only)
        .map(tools ? plain : boxed)
        .join(''),
    )
    return 0
  },
}
