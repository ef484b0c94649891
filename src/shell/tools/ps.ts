// ps and top -b's like: the main process, and ps itself; busybox's and procps' columns.
import type { Tool } from '../tool.ts'

export const ps: Tool = {
  name: 'ps',
  async run(args, ctx) {
    const main = (ctx.files.read('/proc/1/cmdline') ?? '').split('\0').filter(Boolean).join(' ') || 'sh'
    const self = ['ps', ...args].join(' ')
    const user = ctx.pod.user
    if ((ctx.image.programs['ps'] ?? '').startsWith('busybox'))
      ctx.stdout(
        `PID   USER     TIME  COMMAND\n    1 ${user.padEnd(8)}  0:00 ${main}\n   17 ${user.padEnd(8)}  0:00 ${self}\n`,
      )
    else if (args.some((a) => /^-?[a-z]*u/.test(a) && a.includes('a')))
      ctx.stdout(
        `USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n${user.padEnd(8)}       1  0.0  0.0   2484   580 ?        Ss   00:00   0:00 ${main}\n${user.padEnd(8)}      17  0.0  0.0   6700  3000 ?        Rs   00:00   0:00 ${self}\n`,
      )
    else if (args.some((a) => /e.*f|f.*e/.test(a)))
      ctx.stdout(
        `UID          PID    PPID  C STIME TTY          TIME CMD\n${user.padEnd(8)}       1       0  0 00:00 ?        00:00:00 ${main}\n${user.padEnd(8)}      17       0  0 00:00 ?        00:00:00 ${self}\n`,
      )
    else
      ctx.stdout(
        `    PID TTY          TIME CMD\n${args.some((a) => /e|A/.test(a)) ? `      1 ?        00:00:00 ${main.split(' ')[0]?.split('/').at(-1)}\n` : ''}     17 ?        00:00:00 ps\n`,
      )
    return 0
  },
}
