// sleep: seconds, or with m, h, d; `infinity` where the image's sleep knows it.
import type { Tool } from '../tool.ts'

const UNITS: Readonly<{ [u: string]: number }> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 }

export const sleep: Tool = {
  name: 'sleep',
  async run(args, ctx) {
    if (args.length === 0) {
      ctx.stderr(
        (ctx.image.programs['sleep'] ?? '').startsWith('busybox')
          ? 'BusyBox multi-call binary.\n\nUsage: sleep [N]...\n\nPause for a time equal to the total of the args given, where each arg can\nhave an optional suffix of (s)econds, (m)inutes, (h)ours, or (d)ays\n'
          : "sleep: missing operand\nTry 'sleep --help' for more information.\n",
      )
      return 1
    }
    let ms = 0
    for (const a of args) {
      if (a === 'infinity' || a === 'inf') {
        ms = Infinity
        continue
      }
      const m = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(a)
      if (!m) {
        ctx.stderr(
          (ctx.image.programs['sleep'] ?? '').startsWith('busybox')
            ? `sleep: invalid number '${a}'\n`
            : `sleep: invalid time interval '${a}'\nTry 'sleep --help' for more information.\n`,
        )
        return 1
      }
      ms += Number(m[1]) * (UNITS[m[2] ?? ''] ?? 1) * 1000
    }
    // in slices, because timers end at 24 days
    for (let left = ms; left > 0 && !ctx.signal.aborted; left -= 86_400_000) await ctx.sleep(Math.min(left, 86_400_000))
    return ctx.signal.aborted ? 130 : 0
  },
}
