// head: the first lines or bytes of files or of the input, which it reads no further than it must.
import { content } from '../content.ts'
import { createInput } from '../input.ts'
import { countOf, isBusybox, readOptions } from '../options.ts'
import type { Tool, ToolContext } from '../tool.ts'

const GNU = {
  flags: 'qvz',
  valued: 'nc',
  long: { lines: 'n', bytes: 'c', quiet: 'q', silent: 'q', verbose: 'v', 'zero-terminated': 'z' },
}
const BUSYBOX = { flags: 'qv', valued: 'nc' }

/** An input that holds these bytes. */
async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, 'latin1')
}
/** Why a file is not read. */
function complain(ctx: ToolContext, name: string, why: string): void {
  const folder = why === 'Is a directory'
  if (isBusybox(ctx, 'head')) ctx.stderr(`head: ${name}: ${folder ? 'Input/output error' : why}\n`)
  else ctx.stderr(`head: ${folder ? `error reading '${name}'` : `cannot open '${name}' for reading`}: ${why}\n`)
}

export const head: Tool = {
  name: 'head',
  async run(args, ctx) {
    const short = args.map((a, i) =>
      /^-\d+$/.test(a) && !/^(?:-[nc]|--lines|--bytes)$/.test(args[i - 1] ?? '') ? `-n${a.slice(1)}` : a,
    )
    const given = readOptions(ctx, 'head', short, GNU, BUSYBOX)
    if (!given) return 1
    const box = isBusybox(ctx, 'head')
    const [how, count] = given.options.findLast(([l]) => l === 'n' || l === 'c') ?? ['n', '10']
    const size = countOf(count.replace(/^-/, ''))
    if (size === undefined) {
      const unit = how === 'c' ? 'bytes' : 'lines'
      ctx.stderr(box ? `head: invalid number '${count}'\n` : `head: invalid number of ${unit}: '${count}'\n`)
      return 1
    }
    const fromEnd = count.startsWith('-')
    const end = given.has('z') ? '\0' : '\n'
    const titled = given.options.findLast(([l]) => l === 'q' || l === 'v')?.[0]
    const titles = titled === undefined ? given.words.length > 1 : titled === 'v'
    let code = 0
    let first = true
    for (const name of given.words.length > 0 ? given.words : ['-']) {
      const found = name === '-' ? undefined : await content(ctx, name)
      const unread = typeof found === 'string'
      // GNU's opens a folder and names it; busybox counts the files it was given
      if (titles && (!unread || (!box && found === 'Is a directory')))
        ctx.stdout(`${first ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`)
      if (!unread || box) first = false
      if (unread) {
        complain(ctx, name, found)
        code = 1
        continue
      }
      const input = createInput(found === undefined ? ctx.stdin : once(found.text))
      if (fromEnd) {
        const rest = Buffer.from(await input.rest())
        if (how === 'c') ctx.stdout(rest.subarray(0, Math.max(0, rest.length - size)))
        else {
          const lines = rest.toString('latin1').match(new RegExp(`[^${end}]*${end}|[^${end}]+$`, 'g')) ?? []
          ctx.stdout(Buffer.from(lines.slice(0, Math.max(0, lines.length - size)).join(''), 'latin1'))
        }
      } else if (how === 'c') ctx.stdout(await input.characters(size))
      else
        for (let i = 0; i < size && !ctx.signal.aborted; i++) {
          const line = await input.line(end)
          if (line === undefined) break
          ctx.stdout(`${line.text}${line.ended ? '' : end}`)
        }
    }
    return code
  },
}
