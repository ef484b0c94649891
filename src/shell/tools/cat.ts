// cat: files of the container, or its input.
import { absolute } from '../http.ts'
import type { Tool } from '../tool.ts'

export const cat: Tool = {
  name: 'cat',
  async run(args, ctx) {
    let numbered = false
    const paths: string[] = []
    for (const a of args)
      if (/^-[nbsAEvTetu]+$/.test(a)) numbered ||= /n/.test(a)
      else paths.push(a)
    let code = 0
    let n = 0
    const out = (text: string | Uint8Array): void =>
      ctx.stdout(
        numbered
          ? Buffer.from(text)
              .toString('utf8')
              .replace(/.*\n|.+$/g, (l) => `${String(++n).padStart(6)}\t${l}`)
          : text,
      )
    for (const p of paths.length ? paths : ['-']) {
      if (p === '-') {
        if (ctx.stdin)
          for await (const c of ctx.stdin) {
            out(c)
            if (ctx.signal.aborted) return 130
          }
        continue
      }
      const path = absolute(ctx.cwd, p)
      if (path === '/dev/null') continue
      const kind = ctx.files.kind(path)
      const text = kind === 'directory' ? undefined : ctx.files.bytes(path)
      if (text !== undefined) out(text)
      else {
        code = 1
        const box = (ctx.image.programs['cat'] ?? '').startsWith('busybox')
        ctx.stderr(
          kind === 'directory'
            ? box
              ? `cat: read error: Is a directory\n`
              : `cat: ${p}: Is a directory\n`
            : box
              ? `cat: can't open '${p}': No such file or directory\n`
              : `cat: ${p}: No such file or directory\n`,
        )
      }
    }
    return code
  },
}
