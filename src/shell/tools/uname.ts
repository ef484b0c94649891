// uname, nproc: what the container tells of the node.
import { isBusybox, readOptions, refuse } from '../options.ts'
import type { Tool } from '../tool.ts'

const GNU = {
  flags: 'asnrvmpio',
  long: {
    all: 'a',
    'kernel-name': 's',
    nodename: 'n',
    'kernel-release': 'r',
    'kernel-version': 'v',
    machine: 'm',
    processor: 'p',
    'hardware-platform': 'i',
    'operating-system': 'o',
  },
}

export const uname: Tool = {
  name: 'uname',
  async run(args, ctx) {
    const release = ctx.files.read('/proc/sys/kernel/osrelease')?.trim() ?? '6.1.0'
    const parts: Readonly<{ [c: string]: string }> = {
      s: 'Linux',
      n: ctx.pod.hostname,
      r: release,
      v: '#1 SMP PREEMPT_DYNAMIC',
      m: 'x86_64',
      o: 'GNU/Linux',
    }
    const given = readOptions(ctx, 'uname', args, GNU, { flags: 'amnrspvio' })
    if (!given) return 1
    const [extra] = given.words
    if (extra !== undefined) {
      refuse(ctx, 'uname', isBusybox(ctx, 'uname') ? '' : `extra operand '${extra}'`)
      return 1
    }
    const asked = given.options.map(([l]) => l).join('') || 's'
    const order = ['s', 'n', 'r', 'v', 'm', 'o'].filter((c) => asked.includes('a') || asked.includes(c))
    // processor and platform are not known, and left out of all
    const unknown = ['p', 'i'].filter((c) => asked.includes(c) && !asked.includes('a')).map(() => 'unknown')
    ctx.stdout(`${[...order.map((c) => parts[c]), ...unknown].join(' ')}\n`)
    return 0
  },
}
export const arch: Tool = {
  name: 'arch',
  async run(_args, ctx) {
    ctx.stdout('x86_64\n')
    return 0
  },
}
export const nproc: Tool = {
  name: 'nproc',
  async run(_args, ctx) {
    ctx.stdout(`${(ctx.files.read('/proc/cpuinfo')?.match(/^processor/gm) ?? ['']).length}\n`)
    return 0
  },
}
