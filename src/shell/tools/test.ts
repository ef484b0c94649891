// test and [: files, strings and numbers.
import { absolute } from '../http.ts'
import type { Tool, ToolContext } from '../tool.ts'

function evaluate(w: readonly string[], ctx: ToolContext): boolean {
  const or = w.indexOf('-o')
  if (or > 0) return evaluate(w.slice(0, or), ctx) || evaluate(w.slice(or + 1), ctx)
  const and = w.indexOf('-a')
  if (and > 0) return evaluate(w.slice(0, and), ctx) && evaluate(w.slice(and + 1), ctx)
  if (w[0] === '!') return !evaluate(w.slice(1), ctx)
  const [a = '', b = '', c = ''] = w
  if (w.length === 0) return false
  if (w.length === 1) return a !== ''
  if (w.length === 2) {
    const path = absolute(ctx.cwd, b)
    const kind = ctx.files.kind(path)
    switch (a) {
      case '-z':
        return b === ''
      case '-n':
        return b !== ''
      case '-e':
      case '-r':
      case '-w':
      case '-x':
        return kind !== undefined
      case '-f':
        return kind === 'file'
      case '-d':
        return kind === 'directory'
      case '-s':
        return (ctx.files.read(path) ?? '') !== ''
      default:
        return false
    }
  }
  switch (b) {
    case '=':
    case '==':
      return a === c
    case '!=':
      return a !== c
    case '-eq':
      return Number(a) === Number(c)
    case '-ne':
      return Number(a) !== Number(c)
    case '-lt':
      return Number(a) < Number(c)
    case '-le':
      return Number(a) <= Number(c)
    case '-gt':
      return Number(a) > Number(c)
    case '-ge':
      return Number(a) >= Number(c)
    default:
      return false
  }
}
const of = (name: string): Tool => ({
  name,
  async run(args, ctx) {
    if (name === '[' && args.at(-1) !== ']') {
      ctx.stderr((ctx.image.programs['['] ?? '').startsWith('busybox') ? '[: missing ]\n' : "[: missing ']'\n")
      return 2
    }
    return evaluate(name === '[' ? args.slice(0, -1) : args, ctx) ? 0 : 1
  },
})
export const test = of('test')
export const bracket = of('[')
