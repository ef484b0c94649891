// getent of glibc: hosts, ahosts, ahostsv4, ahostsv6, and the small databases of a container.
import { family, reverseName } from '../../dns/address.ts'
import { bare } from '../../dns/qname.ts'
import { ask } from '../bind.ts'
import { getopt } from '../getopt.ts'
import type { Tool, ToolContext } from '../tool.ts'

const pad = (address: string): string => address.padEnd(15)

/** hosts: the IPv6 addresses when there are any, else the IPv4 ones, as gethostbyname2 is tried. */
function hosts(key: string, ctx: ToolContext): boolean {
  if (family(key)) {
    const local = ctx.files
      .read('/etc/hosts')
      ?.split('\n')
      .map((l) => l.trim().split(/\s+/))
      .find((l) => l[0] === key)
    if (local && local.length > 1) {
      ctx.stdout(`${pad(key)} ${local.slice(1).join(' ')}\n`)
      return true
    }
    const server = ctx.dns.nameservers[0]
    const name = reverseName(key)
    if (!server || !name) return false
    const e = ctx.dns.exchange(server, ask(ctx, name, 12))
    const names =
      e.outcome === 'answer'
        ? e.message.answers.flatMap((r) => (r.data.kind === 'name' && r.type === 12 ? [bare(r.data.target)] : []))
        : []
    if (names.length === 0) return false
    ctx.stdout(`${pad(key)} ${names.join(' ')}\n`)
    return true
  }
  const six = ctx.dns.resolve(key, 6)
  const found = six.addresses.length > 0 ? six : ctx.dns.resolve(key, 4)
  for (const a of found.addresses) ctx.stdout(`${pad(a)} ${[found.canonical, ...found.aliases].join(' ')}\n`)
  return found.addresses.length > 0
}

function ahosts(key: string, wanted: 0 | 4 | 6, ctx: ToolContext): boolean {
  const found = ctx.dns.resolve(key, wanted)
  found.addresses.forEach((a, i) => {
    for (const [j, kind] of ['STREAM', 'DGRAM', 'RAW'].entries())
      ctx.stdout(`${pad(a)} ${kind.padEnd(6)} ${i === 0 && j === 0 ? found.canonical : ''}\n`)
  })
  return found.addresses.length > 0
}

/** The rows of /etc/hosts as gethostent() gives them: ::1 is the IPv4 loopback, other IPv6 addresses are left out. */
function listed(ctx: ToolContext): string {
  const rows = (ctx.files.read('/etc/hosts') ?? '').split('\n').map((l) => l.replace(/#.*/, '').trim().split(/\s+/))
  return rows
    .map(([address = '', ...names]) => [address === '::1' ? '127.0.0.1' : address, names] as const)
    .filter(([address, names]) => family(address) === 4 && names.length > 0)
    .map(([address, names]) => `${pad(address)} ${names.join(' ')}\n`)
    .join('')
}

/** Well-known services and protocols, as /etc/services and /etc/protocols have them: name, number, other names. */
const SERVICES =
  'ftp-data 20/tcp|ftp 21/tcp|ssh 22/tcp|telnet 23/tcp|smtp 25/tcp mail|domain 53/tcp|domain 53/udp|bootps 67/udp|http 80/tcp www|kerberos 88/tcp kerberos5 krb5 kerberos-sec|kerberos 88/udp kerberos5 krb5 kerberos-sec|pop3 110/tcp pop-3|ntp 123/udp|imap2 143/tcp imap|snmp 161/tcp|snmp 161/udp|ldap 389/tcp|ldap 389/udp|https 443/tcp|https 443/udp|submission 587/tcp|ldaps 636/tcp|imaps 993/tcp|pop3s 995/tcp|nfs 2049/tcp|mysql 3306/tcp|postgresql 5432/tcp postgres|amqp 5672/tcp|http-alt 8080/tcp webcache|http-alt 8080/udp'
const PROTOCOLS =
  'ip 0 IP|icmp 1 ICMP|igmp 2 IGMP|tcp 6 TCP|udp 17 UDP|ipv6 41 IPv6|esp 50 IPSEC-ESP|ipv6-icmp 58 IPv6-ICMP|sctp 132 SCTP'

function wellKnown(table: string, keys: readonly string[], ctx: ToolContext): number {
  const rows = table.split('|').map((row) => row.split(' '))
  const found = (key: string): readonly string[] | undefined =>
    rows.find(([name, number = '', ...aliases]) => {
      const [wanted = '', protocol] = key.split('/')
      const [value, own] = number.split('/')
      return [name, value, ...aliases].includes(wanted) && (protocol === undefined || protocol === own)
    })
  let code = 0
  for (const row of keys.length === 0 ? rows : keys.map(found)) {
    if (!row) code = 2
    else ctx.stdout(`${(row[0] ?? '').padEnd(21)} ${row.slice(1).join(' ')}\n`)
  }
  return code
}

const TRY = "Try `getent --help' or `getent --usage' for more information.\n"

export const getent: Tool = {
  name: 'getent',
  async run(args, ctx) {
    const words: string[] = []
    for (const found of getopt(args, (n) => n === 's' || n === 'service', true)) {
      if (found.kind === 'word') words.push(found.text)
      else if (found.kind === 'missing' || !/^(?:A|i|s|no-addrconfig|no-idn|service)$/.test(found.name)) {
        const long = found.name.length > 1
        const why =
          found.kind === 'missing' ? 'option requires an argument' : long ? 'unrecognized option' : 'invalid option'
        ctx.stderr(`getent: ${long ? `${why} '--${found.name}'` : `${why} -- '${found.name}'`}\n${TRY}`)
        return 64
      }
    }
    const [database, ...keys] = words
    if (database === undefined) {
      ctx.stderr('getent: wrong number of arguments\n')
      ctx.stdout(TRY)
      return 1
    }
    if (database === 'hosts' || database === 'ahosts' || database === 'ahostsv4' || database === 'ahostsv6') {
      if (keys.length === 0) {
        ctx.stdout(listed(ctx))
        return 0
      }
      let code = 0
      for (const k of keys) {
        const version = database === 'ahostsv4' ? 4 : database === 'ahostsv6' ? 6 : 0
        if (!(database === 'hosts' ? hosts(k, ctx) : ahosts(k, version, ctx))) code = 2
      }
      return code
    }
    if (database === 'passwd' || database === 'group') {
      const rows = (ctx.files.read(`/etc/${database}`) ?? '').split('\n').filter(Boolean)
      const found = (key: string): string | undefined =>
        rows.find((row) => row.split(':')[0] === key || row.split(':')[2] === key)
      const wanted = keys.length === 0 ? rows : keys.map(found)
      ctx.stdout(wanted.map((row) => (row === undefined ? '' : `${row}\n`)).join(''))
      return wanted.includes(undefined) ? 2 : 0
    }
    if (database === 'services') return wellKnown(SERVICES, keys, ctx)
    if (database === 'protocols') return wellKnown(PROTOCOLS, keys, ctx)
    ctx.stderr(`Unknown database: ${database}\n`)
    ctx.stdout(TRY)
    return 1
  },
}
