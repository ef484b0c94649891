// uniq: lines that follow their like once.
import { content, linesOf, put } from '../content.ts'
import { absolute } from '../http.ts'
import { isBusybox, readOptions } from '../options.ts'
import type { Tool } from '../tool.ts'

const GNU = {
  flags: 'cduizD',
  valued: 'fsw',
  long: {
    count: 'c',
    repeated: 'd',
    unique: 'u',
    'ignore-case': 'i',
    'zero-terminated': 'z',
    'skip-fields': 'f',
    'skip-chars': 's',
    'check-chars': 'w',
  },
}
const BUSYBOX = { flags: 'cduiz', valued: 'fsw' }

export const uniq: Tool = {
  name: 'uniq',
  async run(args, ctx) {
    const given = readOptions(ctx, 'uniq', args, GNU, BUSYBOX)
    if (!given) return 1
    const box = isBusybox(ctx, 'uniq')
    const [name = '-', output] = given.words
    const found = await content(ctx, name)
    if (typeof found === 'string') {
      const reading = found === 'Is a directory'
      ctx.stderr(
        reading
          ? `uniq: ${box ? 'read error' : `error reading '${name}'`}: ${found}\n`
          : `uniq: ${box ? `can't open '${name}'` : name}: ${found}\n`,
      )
      return 1
    }
    const number = (letter: string): number | undefined => {
      const text = given.value(letter)
      return text === undefined ? undefined : Number(text)
    }
    const [fields = 0, skipped = 0, checked] = [number('f'), number('s'), number('w')]
    const key = (line: string): string => {
      const rest = line.replace(new RegExp(`^(?:[ \\t]*[^ \\t]*){${fields}}`), '').slice(skipped)
      const part = checked === undefined ? rest : rest.slice(0, checked)
      return given.has('i') ? part.toUpperCase() : part
    }
    const end = given.has('z') ? '\0' : '\n'
    const groups: { readonly first: string; readonly key: string; count: number; readonly all: string[] }[] = []
    for (const line of linesOf(found.text, end)) {
      const last = groups.at(-1)
      if (last && last.key === key(line)) {
        last.count++
        last.all.push(line)
      } else groups.push({ first: line, key: key(line), count: 1, all: [line] })
    }
    const text = groups
      .filter((g) => (given.has('d') || given.has('D') ? g.count > 1 : true) && (given.has('u') ? g.count === 1 : true))
      .flatMap((g) =>
        (given.has('D') ? g.all : [g.first]).map((l) => (given.has('c') ? `${String(g.count).padStart(7)} ${l}` : l)),
      )
      .map((l) => l + end)
      .join('')
    if (output === undefined) put(ctx, text)
    else ctx.files.write(absolute(ctx.cwd, output), Buffer.from(text, 'latin1'))
    return 0
  },
}
