// echo, true, false, pwd, yes: the smallest programs, each with its own way with arguments.
import type { Tool } from '../tool.ts'

const ESCAPES: Readonly<{ [c: string]: string }> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
  e: '\u001b',
  '0': '\0',
}

export const echo: Tool = {
  name: 'echo',
  async run(args, ctx) {
    let newline = true
    let escapes = false
    let i = 0
    for (; i < args.length && /^-[neE]+$/.test(args[i] ?? ''); i++)
      for (const c of (args[i] ?? '').slice(1)) {
        if (c === 'n') newline = false
        else escapes = c === 'e'
      }
    let text = args.slice(i).join(' ')
    if (escapes) text = text.replace(/\\(.)/g, (all, c: string) => ESCAPES[c] ?? all)
    ctx.stdout(text + (newline ? '\n' : ''))
    return 0
  },
}
export const truth: Tool = { name: 'true', run: async () => 0 }
/** Lines at a time; who reads slowly makes it wait. */
const YES_LINES = 512
export const yes: Tool = {
  name: 'yes',
  async run(args, ctx) {
    const line = `${args.join(' ') || 'y'}\n`
    while (!ctx.signal.aborted) {
      ctx.stdout(line.repeat(YES_LINES))
      await ctx.sleep(1)
    }
    return 130
  },
}
export const no: Tool = { name: 'false', run: async () => 1 }
export const pwd: Tool = {
  name: 'pwd',
  async run(_args, ctx) {
    ctx.stdout(`${ctx.cwd}\n`)
    return 0
  },
}
