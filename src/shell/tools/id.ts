// id, whoami, groups: who the container runs as.
import type { Tool, ToolContext } from '../tool.ts'

function who(ctx: ToolContext): { uid: string; gid: string; name: string; group: string } {
  const rows = (path: string): string[][] => (ctx.files.read(path) ?? '').split('\n').map((l) => l.split(':'))
  const user = rows('/etc/passwd').find((r) => r[0] === ctx.pod.user || r[2] === ctx.pod.user)
  const uid = user?.[2] ?? (/^\d+$/.test(ctx.pod.user) ? ctx.pod.user : '0')
  const gid = user?.[3] ?? '0'
  return { uid, gid, name: user?.[0] ?? '', group: rows('/etc/group').find((r) => r[2] === gid)?.[0] ?? '' }
}

export const id: Tool = {
  name: 'id',
  async run(args, ctx) {
    const w = who(ctx)
    const flags = args.filter((a) => a.startsWith('-')).join('')
    const named = flags.includes('n')
    const part = (n: string, name: string): string => (name ? `${n}(${name})` : n)
    if (flags.includes('u')) ctx.stdout(`${named ? w.name || w.uid : w.uid}\n`)
    else if (flags.includes('g') || flags.includes('G')) ctx.stdout(`${named ? w.group || w.gid : w.gid}\n`)
    else ctx.stdout(`uid=${part(w.uid, w.name)} gid=${part(w.gid, w.group)} groups=${part(w.gid, w.group)}\n`)
    return 0
  },
}
export const whoami: Tool = {
  name: 'whoami',
  async run(_args, ctx) {
    const w = who(ctx)
    if (!w.name) {
      ctx.stderr(
        `whoami: ${(ctx.image.programs['whoami'] ?? '').startsWith('busybox') ? 'unknown uid' : 'cannot find name for user ID'} ${w.uid}\n`,
      )
      return 1
    }
    ctx.stdout(`${w.name}\n`)
    return 0
  },
}
