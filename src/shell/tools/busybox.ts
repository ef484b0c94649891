// busybox: its applets by their names.
import { isBusybox } from '../options.ts'
import type { Tool } from '../tool.ts'

export const busybox: Tool = {
  name: 'busybox',
  async run(args, ctx) {
    const [name, ...rest] = args
    const applets = Object.keys(ctx.image.programs).filter((p) => p !== 'busybox' && isBusybox(ctx, p))
    if (name === undefined || name === '--help') {
      ctx.stdout(`BusyBox v${(ctx.image.programs['busybox'] ?? '').replace(/^busybox /, '')} multi-call binary.\n`)
      return 0
    }
    if (name === '--list') {
      ctx.stdout(
        applets
          .sort()
          .map((a) => `${a}\n`)
          .join(''),
      )
      return 0
    }
    if (applets.includes(name)) return ctx.run([name, ...rest])
    ctx.stderr(`${name}: applet not found\n`)
    return 127
  },
}
