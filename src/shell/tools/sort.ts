// sort: lines in order, by keys, in the C locale.
import { content, linesOf, put, toBytes } from '../content.ts'
import type { Bytes } from '../content.ts'
import { absolute } from '../http.ts'
import { isBusybox, readOptions } from '../options.ts'
import type { Tool } from '../tool.ts'

const LONG = {
  'ignore-leading-blanks': 'b',
  'dictionary-order': 'd',
  'ignore-case': 'f',
  'general-numeric-sort': 'g',
  'human-numeric-sort': 'h',
  'ignore-nonprinting': 'i',
  'month-sort': 'M',
  'numeric-sort': 'n',
  'random-sort': 'R',
  reverse: 'r',
  'version-sort': 'V',
  check: 'c',
  key: 'k',
  merge: 'm',
  output: 'o',
  stable: 's',
  'field-separator': 't',
  unique: 'u',
  'zero-terminated': 'z',
}
const GNU = { flags: 'bdfghiMnRrVcCmsuz', valued: 'kotST', long: LONG }
const BUSYBOX = { flags: 'ngMucszbrdfimV', valued: 'kotST' }

/** Of a key: from which field and character to which, and its own letters. */
interface Key {
  readonly from: readonly [field: number, character: number]
  readonly to: readonly [field: number, character: number] | undefined
  readonly letters: string
}
/** `2,3n`, `1.2,1.4`. */
function keyOf(text: string): Key | undefined {
  const m = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?$/.exec(text)
  if (!m) return undefined
  return {
    from: [Number(m[1]), Number(m[2] ?? 1)],
    to: m[4] === undefined ? undefined : [Number(m[4]), Number(m[5] ?? 0)],
    letters: `${m[3] ?? ''}${m[6] ?? ''}`,
  }
}

/** Where each field of a line begins and ends. Without a separator the blanks before a field belong to it. */
function fieldsOf(line: Bytes, separator: string | undefined): readonly (readonly [from: number, to: number])[] {
  const found: [number, number][] = []
  if (separator === undefined) {
    for (const m of line.matchAll(/[ \t]*[^ \t]+/g)) found.push([m.index, m.index + m[0].length])
    return found
  }
  let at = 0
  for (const part of line.split(separator)) {
    found.push([at, at + part.length])
    at += part.length + separator.length
  }
  return found
}
function keyText(line: Bytes, key: Key, separator: string | undefined, blanks: boolean): Bytes {
  const fields = fieldsOf(line, separator)
  const skip = (at: number): number => (blanks ? at + (/^[ \t]*/.exec(line.slice(at))?.[0].length ?? 0) : at)
  const first = fields[key.from[0] - 1]
  if (!first) return ''
  const from = skip(first[0]) + key.from[1] - 1
  if (!key.to) return line.slice(from)
  const last = fields[key.to[0] - 1]
  const to = !last ? line.length : key.to[1] === 0 ? last[1] : skip(last[0]) + key.to[1]
  return line.slice(from, to)
}

const number = (text: string): number => Number(/^\s*(-?\d*(?:\.\d+)?)/.exec(text)?.[1] || 0) || 0
const MONTHS = 'JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC'
const month = (text: string): number => {
  const at = MONTHS.indexOf(text.trim().slice(0, 3).toUpperCase())
  return at >= 0 && at % 3 === 0 ? at : -1
}
/** `1K` before `1M`, whatever stands before the letter. */
function human(text: string): readonly [sign: number, unit: number, value: number] {
  const m = /^\s*(-?\d*\.?\d*)([KkMGTPEZY])?/.exec(text)
  const value = Number(m?.[1] || 0) || 0
  return [Math.sign(value), Math.sign(value) * (1 + 'kMGTPEZY'.indexOf((m?.[2] ?? '').replace('K', 'k') || ' ')), value]
}
const plain = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
/** v1.9 before v1.10: runs of digits are numbers. */
function version(a: string, b: string): number {
  const [x, y] = [a, b].map((t) => t.match(/\d+|\D+/g) ?? [])
  for (let i = 0; i < Math.max(x?.length ?? 0, y?.length ?? 0); i++) {
    const [p = '', q = ''] = [x?.[i], y?.[i]]
    const digits = /^\d/.test(p) && /^\d/.test(q)
    const order = digits ? Number(p) - Number(q) : plain(p, q)
    if (order !== 0) return order
  }
  return 0
}
/** How two keys compare by the letters of a key. */
function byLetters(a: Bytes, b: Bytes, letters: string): number {
  const has = (l: string): boolean => letters.includes(l)
  if (has('n')) return number(a) - number(b)
  if (has('g')) return (parseFloat(a) || 0) - (parseFloat(b) || 0)
  if (has('h')) {
    const [x, y] = [human(a), human(b)]
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2]
  }
  if (has('M')) return month(a) - month(b)
  const form = (text: Bytes): Bytes => {
    const kept = has('d') ? text.replace(/[^A-Za-z0-9 \t]/g, '') : has('i') ? text.replace(/[^ -~]/g, '') : text
    return has('f') ? kept.toUpperCase() : kept
  }
  return has('V') ? version(form(a), form(b)) : plain(form(a), form(b))
}

export const sort: Tool = {
  name: 'sort',
  async run(args, ctx) {
    const given = readOptions(ctx, 'sort', args, GNU, BUSYBOX)
    const box = isBusybox(ctx, 'sort')
    const failed = box ? 1 : 2
    if (!given) return failed
    const letters = given.options
      .map(([l]) => l)
      .filter((l) => 'bdfghiMnRrV'.includes(l))
      .join('')
    const keys: Key[] = []
    for (const [letter, value] of given.options) {
      if (letter !== 'k') continue
      const key = keyOf(value)
      if (!key || key.from[0] === 0) {
        ctx.stderr(
          key
            ? `sort: field number is zero: invalid field specification '${value}'\n`
            : `sort: invalid number at field start: invalid count at start of '${value}'\n`,
        )
        return 2
      }
      keys.push(key)
    }
    const t = given.value('t')
    if (t !== undefined && t.length > 1 && t !== '\\0' && !box) {
      ctx.stderr(`sort: multi-character tab '${t}'\n`)
      return 2
    }
    const separator = t === undefined ? undefined : t === '\\0' ? '\0' : toBytes(t)
    // a key without letters has those of the whole
    const compared = keys.map((key) => ({ key, own: key.letters === '' ? letters : key.letters }))
    const byKeys = (a: Bytes, b: Bytes): number => {
      if (compared.length === 0) {
        const trim = (x: Bytes): Bytes => (letters.includes('b') ? x.replace(/^[ \t]+/, '') : x)
        const order = byLetters(trim(a), trim(b), letters)
        return letters.includes('r') ? -order : order
      }
      for (const { key, own } of compared) {
        const blanks = own.includes('b') || own.includes('n')
        const order = byLetters(keyText(a, key, separator, blanks), keyText(b, key, separator, blanks), own)
        if (order !== 0) return own.includes('r') ? -order : order
      }
      return 0
    }
    /** Equal lines fall back to all their bytes, unless the sort is stable. */
    const order = (a: Bytes, b: Bytes): number => {
      const first = byKeys(a, b)
      if (first !== 0 || given.has('s') || given.has('u')) return first
      return letters.includes('r') ? plain(b, a) : plain(a, b)
    }
    const end = given.has('z') ? '\0' : '\n'
    const lines: Bytes[] = []
    for (const name of given.words.length > 0 ? given.words : ['-']) {
      const found = await content(ctx, name)
      if (typeof found === 'object') {
        lines.push(...linesOf(found.text, end))
        continue
      }
      const folder = found === 'Is a directory'
      if (box && folder) continue
      ctx.stderr(`sort: ${box ? '' : folder ? 'read failed: ' : 'cannot read: '}${name}: ${found}\n`)
      return 2
    }
    if (given.has('c') || given.has('C')) {
      const at = lines.findIndex((l, i) => {
        const before = lines[i - 1]
        return before !== undefined && (given.has('u') ? byKeys(before, l) >= 0 : order(before, l) > 0)
      })
      if (at < 0) return 0
      if (!given.has('C'))
        ctx.stderr(
          box ? `Check line ${at}\n` : `sort: ${given.words[0] ?? '-'}:${at + 1}: disorder: ${lines[at] ?? ''}\n`,
        )
      return 1
    }
    const sorted = [...lines].sort(order)
    const kept = given.has('u') ? sorted.filter((l, i) => i === 0 || byKeys(sorted[i - 1] ?? '', l) !== 0) : sorted
    const text = kept.map((l) => l + end).join('')
    const output = given.value('o')
    if (output === undefined) put(ctx, text)
    else ctx.files.write(absolute(ctx.cwd, output), Buffer.from(text, 'latin1'))
    return 0
  },
}
