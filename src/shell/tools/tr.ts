// tr: characters of the input as others, squeezed or left out.
import { ownInput, put, toBytes } from '../content.ts'
import { isBusybox, readOptions, refuse } from '../options.ts'
import type { Tool } from '../tool.ts'

const NAMED: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
const BYTES = Array.from({ length: 256 }, (_b, i) => String.fromCharCode(i))
const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\t-\r ]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
}

/** The characters of a set: escapes, ranges, classes, `[x*n]`. A repeat without a number fills up to `fill`. */
function setOf(text: string, fill = 0): readonly string[] {
  const found: string[] = []
  const single = (at: number): readonly [c: string, next: number] => {
    if (text[at] !== '\\') return [text[at] ?? '', at + 1]
    const octal = /^[0-7]{1,3}/.exec(text.slice(at + 1))?.[0]
    if (octal !== undefined) return [String.fromCharCode(parseInt(octal, 8) & 255), at + 1 + octal.length]
    const c = text[at + 1]
    return c === undefined ? ['\\', at + 1] : [NAMED[c] ?? c, at + 2]
  }
  for (let i = 0; i < text.length;) {
    const named = /^\[:(\w+):\]/.exec(text.slice(i))
    const members = named && CLASSES[named[1] ?? '']
    if (named && members) {
      found.push(...BYTES.filter((b) => members.test(b)))
      i += named[0].length
      continue
    }
    const repeated = /^\[(.)\*(\d*)\]/.exec(text.slice(i))
    if (repeated) {
      const count = repeated[2] ? parseInt(repeated[2], repeated[2].startsWith('0') ? 8 : 10) : fill - found.length
      for (let n = 0; n < count; n++) found.push(repeated[1] ?? '')
      i += repeated[0].length
      continue
    }
    const [from, next] = single(i)
    if (text[next] === '-' && next + 1 < text.length) {
      const [to, after] = single(next + 1)
      for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code++) found.push(String.fromCharCode(code))
      i = after
      continue
    }
    found.push(from)
    i = next
  }
  return found
}

export const tr: Tool = {
  name: 'tr',
  async run(args, ctx) {
    const long = { complement: 'c', delete: 'd', 'squeeze-repeats': 's', 'truncate-set1': 't' }
    const given = readOptions(ctx, 'tr', args, { flags: 'cCdst', long }, { flags: 'cCds' })
    if (!given) return 1
    const box = isBusybox(ctx, 'tr')
    const [first, second, extra] = given.words
    const [deleting, squeezing] = [given.has('d'), given.has('s')]
    const needed = deleting !== squeezing ? 1 : 2
    if (first === undefined || (second === undefined && needed === 2 && !box)) {
      const why =
        first === undefined
          ? 'missing operand'
          : `missing operand after '${first}'\nTwo strings must be given when ${deleting ? 'both deleting and squeezing repeats' : 'translating'}.`
      refuse(ctx, 'tr', box ? '' : why)
      return 1
    }
    const tooMany = extra ?? (deleting && !squeezing ? second : undefined)
    if (tooMany !== undefined && !box) {
      const hint = extra === undefined ? '\nOnly one string may be given when deleting without squeezing repeats.' : ''
      refuse(ctx, 'tr', `extra operand '${tooMany}'${hint}`)
      return 1
    }
    const complement = given.has('c') || given.has('C')
    const chosen = setOf(toBytes(first))
    const set1 = complement ? BYTES.filter((b) => !chosen.includes(b)) : chosen
    const set2 = setOf(toBytes(second ?? ''), set1.length)
    if (!deleting && second === '' && !box) {
      ctx.stderr('tr: when not truncating set1, string2 must be non-empty\n')
      return 1
    }
    const map = new Map(
      second === undefined || deleting
        ? []
        : set1.map((c, i): [string, string] => [c, set2[i] ?? (given.has('t') ? c : (set2.at(-1) ?? c))]),
    )
    const gone = new Set(deleting ? set1 : [])
    const squeezed = new Set(squeezing ? (second === undefined ? set1 : set2) : [])
    let out = ''
    let last = ''
    for (const c of await ownInput(ctx)) {
      if (gone.has(c)) continue
      const now = map.get(c) ?? c
      if (now === last && squeezed.has(now)) continue
      out += now
      last = now
    }
    put(ctx, out)
    return 0
  },
}
