// tail: last lines or bytes of files or the input; -f waits for more, for ever.
import { absolute } from '../http.ts'
import type { Tool } from '../tool.ts'

export const tail: Tool = {
  name: 'tail',
  async run(args, ctx) {
    let count = 10
    let fromStart = false
    let bytes = false
    let follow = false
    const paths: string[] = []
    for (let i = 0; i < args.length; i++) {
      const a = args[i] ?? ''
      if (/^[-+]\d+$/.test(a)) {
        count = Math.abs(Number(a))
        fromStart = a.startsWith('+')
        continue
      }
      if (a === '--follow' || a.startsWith('--follow=') || a === '-F' || a === '-f') {
        follow = true
        continue
      }
      const m = /^-([nc])(.*)$/.exec(a) ?? /^--(lines|bytes)=(.*)$/.exec(a)
      if (m) {
        const v = m[2] || (args[++i] ?? '')
        bytes = m[1] === 'c' || m[1] === 'bytes'
        fromStart = v.startsWith('+')
        count = Math.abs(Number(v))
        if (Number.isNaN(count)) {
          ctx.stderr(`tail: invalid number of ${bytes ? 'bytes' : 'lines'}: '${v}'\n`)
          return 1
        }
        continue
      }
      if (a === '-q' || a === '-v' || a === '-s') continue
      paths.push(a)
    }
    let code = 0
    for (const p of paths.length ? paths : ['-']) {
      let text: string | undefined
      if (p === '-') {
        const parts: Uint8Array[] = []
        if (ctx.stdin) for await (const c of ctx.stdin) parts.push(c)
        text = Buffer.concat(parts).toString('utf8')
      } else text = p === '/dev/null' ? '' : ctx.files.read(absolute(ctx.cwd, p))
      if (text === undefined) {
        ctx.stderr(`tail: cannot open '${p}' for reading: No such file or directory\n`)
        code = 1
        continue
      }
      if (paths.length > 1) ctx.stdout(`${p === paths[0] ? '' : '\n'}==> ${p} <==\n`)
      if (bytes) ctx.stdout(fromStart ? text.slice(count - 1) : text.slice(-count || text.length))
      else {
        const lines = text.match(/.*\n|.+$/g) ?? []
        ctx.stdout((fromStart ? lines.slice(Math.max(0, count - 1)) : count === 0 ? [] : lines.slice(-count)).join(''))
      }
    }
    while (follow && !ctx.signal.aborted) await ctx.sleep(86_400_000)
    return follow ? 130 : code
  },
}
