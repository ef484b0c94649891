// env and printenv: the variables of the container; env can also set some and run a program.
import type { Tool } from '../tool.ts'

export const env: Tool = {
  name: 'env',
  async run(args, ctx) {
    let vars: Record<string, string> = { ...ctx.env }
    let i = 0
    for (; i < args.length; i++) {
      const a = args[i] ?? ''
      if (a === '-i' || a === '-' || a === '--ignore-environment') vars = {}
      else if (a === '-u' || a === '--unset') {
        const k = args[++i]
        vars = Object.fromEntries(Object.entries(vars).filter(([n]) => n !== k))
      } else if (/^[^=-][^=]*=/.test(a)) {
        const cut = a.indexOf('=')
        vars = { ...vars, [a.slice(0, cut)]: a.slice(cut + 1) }
      } else if (a === '--') {
        i++
        break
      } else if (a.startsWith('-')) {
        ctx.stderr(`env: invalid option -- '${a.slice(1)}'\n`)
        return 125
      } else break
    }
    if (i < args.length) return ctx.run(args.slice(i), { env: vars })
    ctx.stdout(
      Object.entries(vars)
        .map(([k, v]) => `${k}=${v}\n`)
        .join(''),
    )
    return 0
  },
}

export const printenv: Tool = {
  name: 'printenv',
  async run(args, ctx) {
    if (args.length === 0) {
      ctx.stdout(
        Object.entries(ctx.env)
          .map(([k, v]) => `${k}=${v}\n`)
          .join(''),
      )
      return 0
    }
    const option = args.find((a) => a.startsWith('-') && a !== '-')
    if (option !== undefined) {
      ctx.stderr(
        `printenv: ${option.startsWith('--') ? `unrecognized option '${option}'` : `invalid option -- '${option[1] ?? ''}'`}\nTry 'printenv --help' for more information.\n`,
      )
      return 2
    }
    let code = 0
    for (const k of args)
      if (Object.hasOwn(ctx.env, k)) ctx.stdout(`${ctx.env[k]}\n`)
      else code = 1
    return code
  },
}
