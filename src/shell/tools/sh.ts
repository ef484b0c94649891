// sh and bash: -c, a script file, lines of the input, or a prompt on a terminal.
import { absolute } from '../http.ts'
import { BUILTINS } from './builtin.ts'
import type { Tool, ToolContext } from '../tool.ts'

const style = (ctx: ToolContext, name: string): 'bash' | 'dash' | 'ash' => {
  if (name === 'bash') return 'bash'
  const s = ctx.image.programs['sh'] ?? ''
  return s.startsWith('bash') ? 'bash' : s.startsWith('busybox') ? 'ash' : 'dash'
}

async function readAll(ctx: ToolContext): Promise<string> {
  const parts: Uint8Array[] = []
  if (ctx.stdin) for await (const c of ctx.stdin) parts.push(c)
  return Buffer.concat(parts).toString('utf8')
}

const shell = (name: string): Tool => ({
  name,
  async run(args, ctx) {
    const flags = new Set<string>()
    let i = 0
    for (; i < args.length; i++) {
      const a = args[i] ?? ''
      if (a === '--') {
        i++
        break
      }
      if (a === '-o') {
        i++
        continue
      }
      if (a.startsWith('--')) {
        if (a === '--version') {
          ctx.stdout(
            `GNU bash, version ${(ctx.image.programs['bash'] ?? '5.1.16').replace(/^bash /, '')}(1)-release (x86_64-pc-linux-gnu)\n`,
          )
          return 0
        }
        continue
      }
      if (!/^[-+]./.test(a)) break
      for (const c of a.slice(1)) flags.add(c)
    }
    const rest = args.slice(i)
    const { createShell } = await import('../sh/interpreter.ts')
    const tools = Object.keys(ctx.image.programs).filter((p) => !BUILTINS.includes(p))
    const builtins = BUILTINS.filter((b) => Object.hasOwn(ctx.image.programs, b))
    const make = (interactive: boolean, over: ToolContext = ctx) =>
      createShell(over, { style: style(ctx, name), name: rest[1] ?? name, tools, builtins, interactive })
    if (flags.has('c')) {
      const script = rest[0]
      if (script === undefined) {
        ctx.stderr(
          `${name}: ${style(ctx, name) === 'bash' ? '-c: option requires an argument' : style(ctx, name) === 'ash' ? '-c requires an argument' : '0: -c requires an argument'}\n`,
        )
        return 2
      }
      const s = make(false)
      const prefix = flags.has('e') ? 'set -e\n' : ''
      const { code } = await s.run(prefix + script, rest.slice(2))
      await s.finish()
      return code
    }
    if (rest[0] !== undefined) {
      const script = ctx.files.read(absolute(ctx.cwd, rest[0]))
      if (script === undefined) {
        ctx.stderr(
          style(ctx, name) === 'bash'
            ? `bash: ${rest[0]}: No such file or directory\n`
            : style(ctx, name) === 'ash'
              ? `sh: can't open '${rest[0]}': No such file or directory\n`
              : `sh: 0: cannot open ${rest[0]}: No such file\n`,
        )
        return style(ctx, name) === 'bash' ? 127 : 2
      }
      const s = createShell(ctx, { style: style(ctx, name), name: rest[0], tools, builtins })
      const { code } = await s.run(script, rest.slice(1))
      await s.finish()
      return code
    }
    if (ctx.tty) return (await import('../sh/session.ts')).prompt(ctx, (live) => make(true, live), style(ctx, name))
    const s = make(false)
    // without a terminal the lines of the input are the script; each runs as soon as it is whole
    if (!ctx.stdin) return 0
    if (flags.has('s') && !ctx.stdin) return 0
    let text = ''
    for await (const chunk of ctx.stdin) {
      text += Buffer.from(chunk).toString('utf8')
      const cut = text.lastIndexOf('\n')
      if (cut < 0 || !(await import('../sh/session.ts')).complete(text.slice(0, cut))) continue
      const r = await s.run(text.slice(0, cut))
      text = text.slice(cut + 1)
      if (r.exited) return r.code
    }
    const code = text.trim() ? (await s.run(text)).code : s.state.status
    await s.finish()
    return code
  },
})

export const sh = shell('sh')
export const bash = shell('bash')
export { readAll }
