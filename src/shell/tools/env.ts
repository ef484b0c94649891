// env and printenv: the variables of the container; env can also set some and run a program.
import { isBusybox, readOptions } from '../options.ts'
import { runFor } from '../program.ts'
import type { Tool, ToolContext } from '../tool.ts'

const GNU = {
  flags: 'i0v',
  valued: 'uCS',
  long: { 'ignore-environment': 'i', null: '0', unset: 'u', chdir: 'C', 'split-string': 'S', debug: 'v' },
}
const BUSYBOX = { flags: 'i0', valued: 'u', long: { 'ignore-environment': 'i', unset: 'u' } }

const show = (ctx: ToolContext, vars: Readonly<Record<string, string>>, end: string): void =>
  ctx.stdout(
    Object.entries(vars)
      .map(([k, v]) => `${k}=${v}${end}`)
      .join(''),
  )

export const env: Tool = {
  name: 'env',
  async run(args, ctx) {
    // what follows the first word that is neither option nor variable belongs to the program
    let cut = 0
    while (cut < args.length) {
      const a = args[cut] ?? ''
      if (a === '--') break
      if (/^-[uCS]$|^--(?:unset|chdir|split-string)$/.test(a)) cut++
      else if (!a.startsWith('-')) break
      cut++
    }
    const options = args.slice(0, cut).map((a) => (a === '-' ? '-i' : a))
    const given = readOptions(ctx, 'env', options, GNU, BUSYBOX)
    if (!given) return isBusybox(ctx, 'env') ? 1 : 125
    const words = [...args.slice(args[cut] === '--' ? cut + 1 : cut)]
    let vars: Record<string, string> = given.has('i') ? {} : { ...ctx.env }
    for (const [letter, name] of given.options)
      if (letter === 'u') vars = Object.fromEntries(Object.entries(vars).filter(([k]) => k !== name))
    while (/^[^=]+=/.test(words[0] ?? '')) {
      const word = words.shift() ?? ''
      const at = word.indexOf('=')
      vars = { ...vars, [word.slice(0, at)]: word.slice(at + 1) }
    }
    if (words.length > 0) return runFor(ctx, 'env', words, { env: vars })
    show(ctx, vars, given.has('0') ? '\0' : '\n')
    return 0
  },
}
export const printenv: Tool = {
  name: 'printenv',
  async run(args, ctx) {
    const given = readOptions(ctx, 'printenv', args, { flags: '0', long: { null: '0' } }, { flags: '' })
    if (!given) return 2
    const end = given.has('0') ? '\0' : '\n'
    if (given.words.length === 0) {
      show(ctx, ctx.env, end)
      return 0
    }
    let code = 0
    for (const k of given.words)
      if (Object.hasOwn(ctx.env, k)) ctx.stdout(`${ctx.env[k]}${end}`)
      else code = 1
    return code
  },
}
