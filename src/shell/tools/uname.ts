// uname, nproc: what the container tells of the node.
import type { Tool } from '../tool.ts'

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
    const flags = args
      .filter((a) => a.startsWith('-'))
      .join('')
      .replaceAll('-', '')
    const order = flags.includes('a')
      ? ['s', 'n', 'r', 'v', 'm', 'o']
      : ['s', 'n', 'r', 'v', 'm', 'o'].filter((c) => (flags || 's').includes(c))
    ctx.stdout(`${order.map((c) => parts[c]).join(' ')}\n`)
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
