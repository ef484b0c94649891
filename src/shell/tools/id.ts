// id, whoami, groups: who the container runs as, or another user of it.
import { isBusybox, readOptions, refuse } from '../options.ts'
import type { Tool, ToolContext } from '../tool.ts'

interface Who {
  readonly uid: string
  readonly gid: string
  readonly name: string
  readonly group: string
}
const rowsOf = (ctx: ToolContext, path: string): readonly string[][] =>
  (ctx.files.read(path) ?? '').split('\n').map((l) => l.split(':'))

/** A user by name or number; the container's own need not be known to /etc/passwd. */
function who(ctx: ToolContext, wanted?: string): Who | undefined {
  const key = wanted ?? ctx.pod.user
  const user = rowsOf(ctx, '/etc/passwd').find((r) => r[0] === key || r[2] === key)
  if (!user && wanted !== undefined) return undefined
  const gid = user?.[3] ?? '0'
  return {
    uid: user?.[2] ?? (/^\d+$/.test(key) ? key : '0'),
    gid,
    name: user?.[0] ?? '',
    group: rowsOf(ctx, '/etc/group').find((r) => r[2] === gid)?.[0] ?? '',
  }
}

export const id: Tool = {
  name: 'id',
  async run(args, ctx) {
    const long = { user: 'u', group: 'g', groups: 'G', name: 'n', real: 'r', zero: 'z' }
    const given = readOptions(ctx, 'id', args, { flags: 'ugGnrazZ', long }, { flags: 'ugGnr' })
    if (!given) return 1
    const box = isBusybox(ctx, 'id')
    const [user] = given.words
    const w = who(ctx, user)
    if (!w) {
      ctx.stderr(box ? `id: unknown user ${user}\n` : `id: '${user}': no such user\n`)
      return 1
    }
    const named = given.has('n')
    if (named && !['u', 'g', 'G'].some((l) => given.has(l)) && !box) {
      ctx.stderr('id: cannot print only names or real IDs in default format\n')
      return 1
    }
    const part = (n: string, name: string): string => (name ? `${n}(${name})` : n)
    if (given.has('u')) ctx.stdout(`${named ? w.name || w.uid : w.uid}\n`)
    else if (given.has('g') || given.has('G')) ctx.stdout(`${named ? w.group || w.gid : w.gid}\n`)
    else {
      // busybox asks the kernel for the groups of who runs, and a container has none beside its own
      const groups = box && user === undefined ? '' : ` groups=${part(w.gid, w.group)}`
      ctx.stdout(`uid=${part(w.uid, w.name)} gid=${part(w.gid, w.group)}${groups}\n`)
    }
    return 0
  },
}
export const whoami: Tool = {
  name: 'whoami',
  async run(args, ctx) {
    const given = readOptions(ctx, 'whoami', args, { flags: '' })
    if (!given) return 1
    const [extra] = given.words
    if (extra !== undefined) {
      refuse(ctx, 'whoami', isBusybox(ctx, 'whoami') ? '' : `extra operand '${extra}'`)
      return 1
    }
    const w = who(ctx)
    if (!w?.name) {
      ctx.stderr(
        `whoami: ${isBusybox(ctx, 'whoami') ? 'unknown uid' : 'cannot find name for user ID'} ${w?.uid ?? ''}\n`,
      )
      return 1
    }
    ctx.stdout(`${w.name}\n`)
    return 0
  },
}
export const groups: Tool = {
  name: 'groups',
  async run(args, ctx) {
    const [user] = args
    const w = who(ctx, user)
    if (!w) {
      ctx.stderr(isBusybox(ctx, 'groups') ? `groups: unknown user ${user}\n` : `groups: '${user}': no such user\n`)
      return 1
    }
    ctx.stdout(`${user === undefined || isBusybox(ctx, 'groups') ? '' : `${user} : `}${w.group || w.gid}\n`)
    return 0
  },
}
