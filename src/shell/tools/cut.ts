// cut: parts of lines, by bytes, characters or fields.
import { content, linesOf, put, toBytes } from '../content.ts'
import { isBusybox, readOptions, refuse } from '../options.ts'
import type { Tool } from '../tool.ts'

const GNU = {
  flags: 'snz',
  valued: 'bcfdO',
  long: {
    bytes: 'b',
    characters: 'c',
    fields: 'f',
    delimiter: 'd',
    'only-delimited': 's',
    'output-delimiter': 'O',
    'zero-terminated': 'z',
    complement: 'n',
  },
}
const BUSYBOX = { flags: 'sn', valued: 'bcfd' }

/** From and to, counted from one. */
type Range = readonly [from: number, to: number]
/** `1,3-5,7-`; or what is wrong with it. */
function ranges(list: string, box: boolean): readonly Range[] | 'zero' | 'decreasing' | 'invalid' {
  const found: Range[] = []
  for (const part of list.split(',')) {
    const m = /^(\d*)(-?)(\d*)$/.exec(part)
    if (!m || (m[1] === '' && m[3] === '')) return 'invalid'
    const from = m[1] === '' ? 1 : Number(m[1])
    const to = m[2] === '' ? from : m[3] === '' ? Infinity : Number(m[3])
    if (!box && (from === 0 || to === 0)) return 'zero'
    if (to < from) return 'decreasing'
    found.push([Math.max(1, from), Math.max(1, to)])
  }
  return found
}

export const cut: Tool = {
  name: 'cut',
  async run(args, ctx) {
    const given = readOptions(ctx, 'cut', args, GNU, BUSYBOX)
    if (!given) return 1
    const box = isBusybox(ctx, 'cut')
    const lists = given.options.filter(([l]) => 'bcf'.includes(l))
    const [how, list] = lists[0] ?? []
    const wrong = (why: string): 1 => {
      if (box) ctx.stderr(`cut: ${why}\n`)
      else refuse(ctx, 'cut', why)
      return 1
    }
    if (how === undefined || list === undefined)
      return wrong(`${box ? 'expected' : 'you must specify'} a list of bytes, characters, or fields`)
    if (lists.length > 1) return wrong('only one type of list may be specified')
    const delimiter = given.value('d')
    if (delimiter !== undefined && delimiter.length > 1 && !box)
      return wrong('the delimiter must be a single character')
    if (delimiter !== undefined && how !== 'f')
      return wrong(
        box
          ? 'a delimiter may be specified only when operating on fields'
          : 'an input delimiter may be specified only when operating on fields',
      )
    const chosen = ranges(list, box)
    const what = how === 'f' ? 'field' : 'byte/character'
    if (chosen === 'zero')
      return wrong(how === 'f' ? 'fields are numbered from 1' : 'byte/character positions are numbered from 1')
    if (chosen === 'decreasing') return wrong(box ? `bad range '${list}'` : 'invalid decreasing range')
    if (chosen === 'invalid')
      return wrong(
        box
          ? `invalid number '${list}'`
          : /^[\d,-]*$/.test(list)
            ? `invalid range with no endpoint: ${list}`
            : `invalid ${what} value ${how === 'f' ? '' : 'position '}'${list}'`.replace('value position', 'position'),
      )
    const taken = (i: number): boolean => chosen.some(([from, to]) => i >= from && i <= to) !== (!box && given.has('n'))
    const separator = toBytes(delimiter ?? '\t').charAt(0) || '\0'
    const joined = toBytes(given.value('O') ?? separator)
    const end = given.has('z') ? '\0' : '\n'
    const part = (line: string): string | undefined => {
      if (how !== 'f') return [...line].filter((_c, i) => taken(i + 1)).join('')
      const fields = line.split(separator)
      if (fields.length === 1) return given.has('s') ? undefined : line
      return fields.filter((_f, i) => taken(i + 1)).join(joined)
    }
    let code = 0
    for (const name of given.words.length > 0 ? given.words : ['-']) {
      const found = await content(ctx, name)
      if (typeof found === 'string') {
        ctx.stderr(`cut: ${name}: ${found}\n`)
        code = 1
        continue
      }
      const out = linesOf(found.text, end)
        .map(part)
        .filter((l) => l !== undefined)
      put(ctx, out.map((l) => l + end).join(''))
    }
    return code
  },
}
