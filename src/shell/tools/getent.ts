// getent of glibc: hosts, ahosts, ahostsv4, ahostsv6, and the small databases of a container.
import { family, reverseName } from '../../dns/address.ts'
import { bare } from '../../dns/qname.ts'
import { ask } from '../bind.ts'
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

export const getent: Tool = {
  name: 'getent',
  async run(args, ctx) {
    const [database, ...keys] = args
    if (database === undefined) {
      ctx.stderr("getent: wrong number of arguments\nTry `getent --help' or `getent --usage' for more information.\n")
      return 1
    }
    let code = 0
    if (database === 'hosts' || database === 'ahosts' || database === 'ahostsv4' || database === 'ahostsv6') {
      if (keys.length === 0) {
        for (const line of (ctx.files.read('/etc/hosts') ?? '').split('\n')) {
          const [a, ...n] = line.replace(/#.*/, '').trim().split(/\s+/)
          if (a && n.length) ctx.stdout(`${pad(a)} ${n.join(' ')}\n`)
        }
        return 0
      }
      for (const k of keys)
        if (
          !(database === 'hosts'
            ? hosts(k, ctx)
            : ahosts(k, database === 'ahostsv4' ? 4 : database === 'ahostsv6' ? 6 : 0, ctx))
        )
          code = 2
      return code
    }
    if (database === 'passwd' || database === 'group') {
      const text = ctx.files.read(`/etc/${database}`) ?? ''
      const rows = text.split('\n').filter(Boolean)
      if (keys.length === 0) {
        ctx.stdout(rows.map((r) => `${r}\n`).join(''))
        return 0
      }
      for (const k of keys) {
        const row = rows.find((r) => {
          const f = r.split(':')
          return f[0] === k || f[2] === k
        })
        if (row) ctx.stdout(`${row}\n`)
        else code = 2
      }
      return code
    }
    ctx.stderr(`Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`)
    return 1
  },
}
