// timeout, time, nohup: run another program of the container, for a while or measured.
import type { Tool } from '../tool.ts'

export const timeout: Tool = {
  name: 'timeout',
  async run(args, ctx) {
    const words = [...args]
    while (words[0]?.startsWith('-')) {
      const w = words.shift()
      if (w === '-s' || w === '-k' || w === '-t') words.shift()
    }
    const m = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(words.shift() ?? '')
    if (!m || words.length === 0) {
      ctx.stderr("timeout: missing operand\nTry 'timeout --help' for more information.\n")
      return 125
    }
    const ms = Number(m[1]) * 1000 * ({ '': 1, s: 1, m: 60, h: 3600, d: 86400 }[m[2] ?? ''] ?? 1)
    const stop = new AbortController()
    const outer = (): void => stop.abort()
    ctx.signal.addEventListener('abort', outer)
    let over = false
    // busybox runs the command in its own place: it ends by the signal
    const late = (ctx.image.programs['sh'] ?? '').startsWith('busybox') ? 143 : 124
    if (ctx.played) {
      const end = ctx.now() + ms
      const code = await ctx.run(words, {
        signal: stop.signal,
        sleep: async (wait) => {
          if (ctx.now() + wait < end) return ctx.sleep(wait)
          await ctx.sleep(Math.max(0, end - ctx.now()))
          over = true
          stop.abort()
        },
      })
      return over ? late : code
    }
    const timer = ctx.sleep(ms).then(() => {
      over = true
      stop.abort()
    })
    const code = await Promise.race([ctx.run(words, { signal: stop.signal }), timer.then(() => late)])
    ctx.signal.removeEventListener('abort', outer)
    return over ? late : code
  },
}
export const time: Tool = {
  name: 'time',
  async run(args, ctx) {
    const began = ctx.now()
    const code = await ctx.run(args.filter((a) => a !== '-p'))
    const s = Math.max(0, ctx.now() - began) / 1000
    ctx.stderr(`real\t${Math.floor(s / 60)}m ${(s % 60).toFixed(2)}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n`)
    return code
  },
}
export const nohup: Tool = {
  name: 'nohup',
  async run(args, ctx) {
    const first = args[0]
    const wrong =
      first === undefined
        ? 'missing operand'
        : first.startsWith('--') && first !== '--'
          ? `unrecognized option '${first}'`
          : undefined
    if (wrong) {
      ctx.stderr(`nohup: ${wrong}\nTry 'nohup --help' for more information.\n`)
      return 125
    }
    return ctx.run(first === '--' ? args.slice(1) : args)
  },
}
