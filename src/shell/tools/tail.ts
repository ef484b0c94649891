// tail: the last lines or bytes of files or the input; -f shows what is added, for as long as one looks.
import { content, put } from '../content.ts'
import type { Bytes } from '../content.ts'
import { countOf, isBusybox, readOptions } from '../options.ts'
import type { Tool } from '../tool.ts'

const GNU = {
  flags: 'fFqvzr',
  valued: 'ncsp',
  long: {
    lines: 'n',
    bytes: 'c',
    follow: 'f',
    quiet: 'q',
    silent: 'q',
    verbose: 'v',
    'zero-terminated': 'z',
    retry: 'r',
    'sleep-interval': 's',
    pid: 'p',
  },
}
const BUSYBOX = { flags: 'fFqv', valued: 'ncs' }

/** The end of a text that was asked for. */
function end(text: Bytes, how: string, count: number, fromStart: boolean, newline: string): Bytes {
  if (how === 'c') return fromStart ? text.slice(Math.max(0, count - 1)) : count === 0 ? '' : text.slice(-count)
  const lines = text.match(newline === '\0' ? /[^\0]*\0|[^\0]+$/g : /[^\n]*\n|[^\n]+$/g) ?? []
  return (fromStart ? lines.slice(Math.max(0, count - 1)) : count === 0 ? [] : lines.slice(-count)).join('')
}

export const tail: Tool = {
  name: 'tail',
  async run(args, ctx) {
    const short = args.map((a, i) =>
      /^[-+]\d+[fF]?$/.test(a) && !/^-[ncs]$/.test(args[i - 1] ?? '')
        ? `-${/[fF]$/.exec(a)?.[0] ?? ''}n${a.startsWith('+') ? '+' : ''}${a.slice(1).replace(/[fF]$/, '')}`
        : a,
    )
    const given = readOptions(ctx, 'tail', short, GNU, BUSYBOX)
    if (!given) return 1
    const box = isBusybox(ctx, 'tail')
    const [how, wanted] = given.options.findLast(([l]) => l === 'n' || l === 'c') ?? ['n', '10']
    const count = countOf(wanted.replace(/^[-+]/, ''))
    if (count === undefined) {
      const unit = how === 'c' ? 'bytes' : 'lines'
      ctx.stderr(box ? `tail: invalid number '${wanted}'\n` : `tail: invalid number of ${unit}: '${wanted}'\n`)
      return 1
    }
    const follow = given.has('f') || given.has('F')
    const retry = given.has('F') || given.has('r')
    const titled = given.options.findLast(([l]) => l === 'q' || l === 'v')?.[0]
    let code = 0
    let shown = ''
    const files: { readonly name: string; length: number | undefined }[] = []
    const names = given.words.length > 0 ? given.words : ['-']
    const readable: { readonly name: string; readonly text: Bytes }[] = []
    const openable: (readonly [name: string, found: Awaited<ReturnType<typeof content>>])[] = []
    for (const name of names) openable.push([name, await content(ctx, name)])
    const many = box ? openable.filter(([, f]) => f !== 'No such file or directory').length : names.length
    const titles = titled === undefined ? many > 1 : titled === 'v'
    const title = (name: string): void => {
      if (titles && shown !== name)
        ctx.stdout(`${shown === '' ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`)
      shown = name
    }
    for (const [name, found] of openable) {
      if (typeof found === 'string') {
        const folder = found === 'Is a directory'
        code = 1
        if (folder && !box) title(name)
        ctx.stderr(
          box
            ? `tail: ${folder ? 'read error' : `can't open '${name}'`}: ${found}\n`
            : `tail: ${folder ? `error reading '${name}'` : `cannot open '${name}' for reading`}: ${found}\n`,
        )
        if (!folder && retry) files.push({ name, length: undefined })
        continue
      }
      title(name)
      put(ctx, end(found.text, how, count, wanted.startsWith('+'), given.has('z') ? '\0' : '\n'))
      readable.push({ name, text: found.text })
      if (name !== '-') files.push({ name, length: found.text.length })
    }
    if (files.length === 0 && readable.length === 0) {
      if (box && code === 1 && !openable.some(([, f]) => f === 'Is a directory')) ctx.stderr('tail: no files\n')
      else if (follow && code === 1) ctx.stderr('tail: no files remaining\n')
      return code
    }
    if (!follow || files.length === 0) return code
    while (!ctx.signal.aborted) {
      await ctx.sleep(1000)
      if (ctx.signal.aborted) break
      for (const file of files) {
        const now = await content(ctx, file.name)
        if (typeof now === 'string') continue
        if (file.length === undefined) ctx.stderr(`tail: '${file.name}' has appeared;  following new file\n`)
        else if (now.text.length < file.length) {
          ctx.stderr(`tail: ${box ? 'file truncated' : `${file.name}: file truncated`}\n`)
          file.length = 0
        }
        const more = now.text.slice(file.length ?? 0)
        file.length = now.text.length
        if (more === '') continue
        title(file.name)
        put(ctx, more)
      }
    }
    return 130
  },
}
