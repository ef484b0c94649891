// timeout, time, nohup: run another program of the container, for a while or measured.
import { isBusybox, readOptions, refuse } from '../options.ts'
import { runFor } from '../program.ts'
import type { Tool } from '../tool.ts'

const GNU = {
  flags: 'fv',
  valued: 'sk',
  long: { signal: 's', 'kill-after': 'k', foreground: 'f', verbose: 'v', 'preserve-status': 'v' },
}

export const timeout: Tool = {
  name: 'timeout',
  async run(args, ctx) {
    // the options stand before the duration; what follows belongs to the program
    let cut = 0
    for (; cut < args.length && (args[cut] ?? '').startsWith('-'); cut++)
      if (/^-[skt]$|^--(?:signal|kill-after)$/.test(args[cut] ?? '')) cut++
    const box = isBusybox(ctx, 'timeout')
    const failed = box ? 1 : 125
    const given = readOptions(ctx, 'timeout', args.slice(0, cut), GNU, { flags: 'f', valued: 'skt' })
    if (!given) return failed
    const [time = '', ...words] = given.has('t') ? [given.value('t') ?? '', ...args.slice(cut)] : args.slice(cut)
    if (words.length === 0) {
      refuse(ctx, 'timeout', '')
      return failed
    }
    const m = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(time)
    if (!m) {
      if (box) ctx.stderr(`timeout: invalid number '${time}'\n`)
      else refuse(ctx, 'timeout', `invalid time interval '${time}'`)
      return failed
    }
    const ms = Number(m[1]) * 1000 * ({ '': 1, s: 1, m: 60, h: 3600, d: 86400 }[m[2] ?? ''] ?? 1)
    const stop = new AbortController()
    const outer = (): void => stop.abort()
    ctx.signal.addEventListener('abort', outer)
    let over = false
    // busybox runs the command in its own place: it ends by the signal; GNU's kills itself as well when it kills
    const kills = /^(?:SIG)?(?:KILL|9)$/.test(given.value('s') ?? '')
    const late = kills ? 137 : box ? 143 : 124
    if (ctx.played) {
      const end = ctx.now() + ms
      const code = await runFor(ctx, 'timeout', words, {
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
    const code = await Promise.race([runFor(ctx, 'timeout', words, { signal: stop.signal }), timer.then(() => late)])
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
