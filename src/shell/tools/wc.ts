// wc: lines, words, characters and bytes, of each file and of all.
import { content } from '../content.ts'
import { isBusybox, readOptions } from '../options.ts'
import type { Tool } from '../tool.ts'

const LONG = { lines: 'l', words: 'w', chars: 'm', bytes: 'c', 'max-line-length': 'L' }
/** In which order the counts stand. */
const ORDER = 'lwmcL'

/** The counts of a text by their letters. In the C locale a character is a byte. */
function counts(text: string): ReadonlyMap<string, number> {
  const widths = text.split('\n').map((l) => l.replace(/\t/g, (_tab, at: number) => ' '.repeat(8 - (at % 8))).length)
  return new Map([
    ['l', text.split('\n').length - 1],
    ['w', text.match(/[^\s]+/g)?.length ?? 0],
    ['m', text.length],
    ['c', text.length],
    ['L', Math.max(0, ...widths)],
  ])
}

export const wc: Tool = {
  name: 'wc',
  async run(args, ctx) {
    const given = readOptions(ctx, 'wc', args, { flags: 'lwmcL', long: LONG })
    if (!given) return 1
    const box = isBusybox(ctx, 'wc')
    const asked = [...ORDER].filter((l) => given.has(l))
    const shown = asked.length > 0 ? asked : ['l', 'w', 'c']
    const names = given.words.length > 0 ? given.words : ['']
    const rows: { readonly name: string; readonly counts: ReadonlyMap<string, number> }[] = []
    let sized = 0
    let unsized = names.includes('') || names.includes('-')
    let code = 0
    for (const name of names) {
      const found = await content(ctx, name === '' ? '-' : name)
      if (typeof found === 'object') {
        rows.push({ name, counts: counts(found.text) })
        sized += found.text.length
        continue
      }
      code = 1
      ctx.stderr(`wc: ${name}: ${found}\n`)
      if (found !== 'Is a directory') continue
      // a folder is opened and has nothing to read
      rows.push({ name, counts: counts('') })
      unsized = true
    }
    const total = new Map(
      [...ORDER].map((l): [string, number] => {
        const all = rows.map((r) => r.counts.get(l) ?? 0)
        return [l, l === 'L' ? Math.max(0, ...all) : all.reduce((a, b) => a + b, 0)]
      }),
    )
    // GNU's columns are as wide as the sizes of the files ask for; of what has no size, seven
    const alone = shown.length === 1 && names.length === 1
    const width = alone ? 1 : box ? 9 : unsized ? 7 : Math.max(1, String(sized).length)
    for (const row of [...rows, ...(names.length > 1 ? [{ name: 'total', counts: total }] : [])]) {
      const cells = shown.map((l) => String(row.counts.get(l) ?? 0).padStart(width))
      ctx.stdout(`${cells.join(' ')}${row.name === '' ? '' : ` ${row.name}`}\n`)
    }
    return code
  },
}
