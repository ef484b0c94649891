// JSON values to YAML text as sigs.k8s.io/yaml (go-yaml v2's emitter) writes it: keys in its natural order, lists not
// indented, lines folded after column 80.
import { formatFloat } from './gojson.ts'
import type { Json, JsonObject } from './object.ts'
import { resolvePlain } from './yamlparser.ts'

const BEST_WIDTH = 80
const isLetter = (ch: string): boolean => /\p{L}/u.test(ch)
const isDigit = (ch: string | undefined): ch is string => ch !== undefined && ch >= '0' && ch <= '9'

/** go-yaml's order of keys: numbers inside compare as numbers (a2 before a10), letters after everything else. */
function compareKeys(a: string, b: string): number {
  let common = 0
  while (common < a.length && common < b.length && a.charCodeAt(common) === b.charCodeAt(common)) common++
  const x = Array.from(a)
  const y = Array.from(b)
  for (let i = 0; i < x.length && i < y.length; i++) {
    const p = x[i] ?? ''
    const q = y[i] ?? ''
    if (p === q) continue
    const runeOrder = (p.codePointAt(0) ?? 0) - (q.codePointAt(0) ?? 0)
    const pl = isLetter(p)
    const ql = isLetter(q)
    if (pl && ql) return runeOrder
    if (pl || ql) return ql ? -1 : 1
    // A number that begins before the difference keeps its size: 10 and 100.
    let pn = 0
    let qn = 0
    if (p === '0' || q === '0')
      for (let j = i - 1; j >= 0 && isDigit(x[j]); j--)
        if (x[j] !== '0') {
          pn = qn = 1
          break
        }
    let pi = i
    let qi = i
    for (let d = x[pi]; isDigit(d); d = x[++pi]) pn = pn * 10 + Number(d)
    for (let d = y[qi]; isDigit(d); d = y[++qi]) qn = qn * 10 + Number(d)
    if (pn !== qn) return pn - qn
    if (pi !== qi) return pi - qi
    return runeOrder
  }
  return x.length - y.length
}

type Style = 'plain' | 'single' | 'double' | 'literal'

const BASE60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
/** Characters the emitter writes as they are: tabs, emoji and the rest are escaped. */
const UNPRINTABLE = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u
const BREAK = /[\n\r\x85\u2028\u2029]/
const BREAK_SPACE = /[\n\r\x85\u2028\u2029] /
const SPACE_BREAK = / [\n\r\x85\u2028\u2029]/
/** Most scalars are plain words: nothing to analyse. */
const SIMPLE = /^[A-Za-z][A-Za-z0-9_./]*(?:-[A-Za-z0-9_./]+)*$/
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0, '0'],
  [7, 'a'],
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [11, 'v'],
  [12, 'f'],
  [13, 'r'],
  [27, 'e'],
  [34, '"'],
  [92, '\\'],
  [0x85, 'N'],
  [0xa0, '_'],
  [0x2028, 'L'],
  [0x2029, 'P'],
])

function resolvesToString(text: string): boolean {
  return resolvePlain(text).tag === '!!str' && !timestamp(text)
}

/** go-yaml quotes what it would read as a date. */
function timestamp(text: string): boolean {
  const m =
    /^\d{4}-(\d{1,2})-(\d{1,2})(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)|(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?)?)$/.exec(
      text,
    )
  if (!m) return false
  const n = m.map((s) => (s === undefined ? 0 : Number(s)))
  const [, month = 0, day = 0] = n
  const hour = (n[3] ?? 0) + (n[6] ?? 0)
  const minute = (n[4] ?? 0) + (n[7] ?? 0)
  const second = (n[5] ?? 0) + (n[8] ?? 0)
  const year = Number(text.slice(0, 4))
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= new Date(Date.UTC(year, month, 0)).getUTCDate() &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  )
}

function styleOf(text: string, simpleKey: boolean): Style {
  if (SIMPLE.test(text)) return text.length <= 5 && !resolvesToString(text) ? 'double' : 'plain'
  let style: Style = text.includes('\n') ? 'literal' : resolvesToString(text) && !BASE60.test(text) ? 'plain' : 'double'
  const special = UNPRINTABLE.test(text)
  const multiline = BREAK.test(text)
  if (simpleKey && multiline) style = 'double'
  const breakSpace = BREAK_SPACE.test(text)
  const spaceBreak = SPACE_BREAK.test(text)
  if (style === 'plain') {
    const plain =
      !special &&
      !multiline &&
      !text.startsWith(' ') &&
      !text.endsWith(' ') &&
      !/^(?:---|\.\.\.)/.test(text) &&
      !/^[#,[\]{}&*!|>'"%@`]/.test(text) &&
      !/^[?:-](?:[ \t]|$)/.test(text) &&
      !/:(?:[ \t]|$)|[ \t\n\r\x85\u2028\u2029]#/.test(text)
    if (!plain) style = 'single'
  }
  if (style === 'single' && (breakSpace || spaceBreak || special)) style = 'double'
  if (style === 'literal' && (simpleKey || text.endsWith(' ') || spaceBreak || special)) style = 'double'
  return style
}

class Writer {
  out = ''
  #column = 0
  #indent = -1
  #whitespace = true
  #indention = true

  #put(text: string): void {
    this.out += text
    this.#column += runes(text)
  }

  #newline(): void {
    this.out += '\n'
    this.#column = 0
  }

  #writeIndent(): void {
    const indent = Math.max(this.#indent, 0)
    if (!this.#indention || this.#column > indent || (this.#column === indent && !this.#whitespace)) this.#newline()
    if (this.#column < indent) {
      this.out += ' '.repeat(indent - this.#column)
      this.#column = indent
    }
    this.#whitespace = true
    this.#indention = true
  }

  #indicator(text: string, needWhitespace: boolean, isWhitespace: boolean, isIndention: boolean): void {
    if (needWhitespace && !this.#whitespace) this.#put(' ')
    this.#put(text)
    this.#whitespace = isWhitespace
    this.#indention = this.#indention && isIndention
  }

  document(value: Json): void {
    this.#node(value, false)
    this.#indention = false
    if (this.#column !== 0) this.#newline()
  }

  #node(value: Json, mapping: boolean): void {
    if (value === null) this.#plain('null')
    else if (typeof value === 'string') this.#scalar(value, false)
    else if (typeof value === 'boolean') this.#plain(value ? 'true' : 'false')
    else if (typeof value === 'number') this.#plain(number(value))
    else if (typeof value === 'bigint') this.#plain(String(value))
    else if (Array.isArray(value)) this.#list(value as readonly Json[], mapping)
    else this.#map(value as JsonObject)
  }

  #list(items: readonly Json[], mapping: boolean): void {
    if (items.length === 0) {
      this.#indicator('[', true, true, false)
      this.#indicator(']', false, false, false)
      return
    }
    const before = this.#indent
    if (this.#indent < 0) this.#indent = 0
    else if (!(mapping && !this.#indention)) this.#indent += 2
    for (const item of items) {
      this.#writeIndent()
      this.#indicator('-', true, false, true)
      this.#node(item, false)
    }
    this.#indent = before
  }

  #map(value: JsonObject): void {
    const keys = Object.keys(value).filter((k) => value[k] !== undefined)
    if (keys.length === 0) {
      this.#indicator('{', true, true, false)
      this.#indicator('}', false, false, false)
      return
    }
    keys.sort(compareKeys)
    const before = this.#indent
    this.#indent = this.#indent < 0 ? 0 : this.#indent + 2
    for (const key of keys) {
      this.#writeIndent()
      const simple = !BREAK.test(key) && (key.length < 43 || utf8Length(key) <= 128)
      if (simple) {
        this.#scalar(key, true)
        this.#indicator(':', false, false, false)
      } else {
        this.#indicator('?', true, false, true)
        this.#scalar(key, false)
        this.#writeIndent()
        this.#indicator(':', true, false, true)
      }
      this.#node(value[key] ?? null, true)
    }
    this.#indent = before
  }

  #plain(text: string): void {
    if (!this.#whitespace) this.#put(' ')
    this.#put(text)
    this.#whitespace = false
    this.#indention = false
  }

  #scalar(text: string, simpleKey: boolean): void {
    const style = styleOf(text, simpleKey)
    const before = this.#indent
    this.#indent = this.#indent < 0 ? 2 : this.#indent + 2
    if (style === 'plain') {
      if (simpleKey || this.#column + text.length <= BEST_WIDTH) this.#plain(text)
      else this.#foldedPlain(text)
    } else if (style === 'single') this.#single(text, !simpleKey)
    else if (style === 'double') this.#double(text, !simpleKey)
    else this.#literal(text)
    this.#indent = before
  }

  #foldedPlain(text: string): void {
    if (!this.#whitespace) this.#put(' ')
    const chars = Array.from(text)
    let spaces = false
    for (let i = 0; i < chars.length; i++) {
      const ch = chars[i] ?? ''
      if (ch === ' ') {
        if (!spaces && this.#column > BEST_WIDTH && chars[i + 1] !== ' ') this.#writeIndent()
        else this.#put(ch)
        spaces = true
      } else {
        this.#put(ch)
        this.#indention = false
        spaces = false
      }
    }
    this.#whitespace = false
    this.#indention = false
  }

  #single(text: string, allowBreaks: boolean): void {
    this.#indicator("'", true, false, false)
    const chars = Array.from(text)
    let spaces = false
    let breaks = false
    for (let i = 0; i < chars.length; i++) {
      const ch = chars[i] ?? ''
      if (ch === ' ') {
        if (
          allowBreaks &&
          !spaces &&
          this.#column > BEST_WIDTH &&
          i > 0 &&
          i < chars.length - 1 &&
          chars[i + 1] !== ' '
        )
          this.#writeIndent()
        else this.#put(ch)
        spaces = true
      } else if (BREAK.test(ch)) {
        if (!breaks && ch === '\n') this.#newline()
        if (ch === '\n') this.#newline()
        else {
          this.out += ch
          this.#column = 0
        }
        this.#indention = true
        breaks = true
      } else {
        if (breaks) this.#writeIndent()
        this.#put(ch === "'" ? "''" : ch)
        this.#indention = false
        spaces = false
        breaks = false
      }
    }
    this.#indicator("'", false, false, false)
  }

  #double(text: string, allowBreaks: boolean): void {
    this.#indicator('"', true, false, false)
    const chars = Array.from(text)
    const all = text.startsWith('\ufeff')
    let spaces = false
    for (let i = 0; i < chars.length; i++) {
      const ch = chars[i] ?? ''
      if (all || ch === '"' || ch === '\\' || UNPRINTABLE.test(ch) || BREAK.test(ch)) {
        this.#put(escaped(ch.codePointAt(0) ?? 0))
        spaces = false
      } else if (ch === ' ') {
        if (allowBreaks && !spaces && this.#column > BEST_WIDTH && i > 0 && i < chars.length - 1) {
          this.#writeIndent()
          if (chars[i + 1] === ' ') this.#put('\\')
        } else this.#put(ch)
        spaces = true
      } else {
        this.#put(ch)
        spaces = false
      }
    }
    this.#indicator('"', false, false, false)
  }

  #literal(text: string): void {
    this.#indicator('|', true, false, false)
    if (/^[ \n\r\x85\u2028\u2029]/.test(text)) this.#indicator('2', false, false, false)
    const last = text.slice(-1)
    if (!BREAK.test(last)) this.#indicator('-', false, false, false)
    else if (text.length === 1 || BREAK.test(text.slice(-2, -1))) this.#indicator('+', false, false, false)
    this.#newline()
    this.#indention = true
    this.#whitespace = true
    for (const line of text.split(/(?<=[\n\r\x85\u2028\u2029])/)) {
      const body = BREAK.test(line.slice(-1)) ? line.slice(0, -1) : line
      if (body !== '') {
        this.#writeIndent()
        this.#put(body)
        this.#indention = false
      }
      if (body.length < line.length) {
        const end = line.slice(-1)
        if (end === '\n') this.#newline()
        else {
          this.out += end
          this.#column = 0
        }
        this.#indention = true
      }
    }
  }
}

function runes(text: string): number {
  let n = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) n--
  return n
}

function utf8Length(text: string): number {
  let n = 0
  for (const ch of text) {
    const c = ch.codePointAt(0) ?? 0
    n += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4
  }
  return n
}

function escaped(c: number): string {
  const known = ESCAPES.get(c)
  if (known !== undefined) return `\\${known}`
  const [letter, width] = c <= 0xff ? (['x', 2] as const) : c <= 0xffff ? (['u', 4] as const) : (['U', 8] as const)
  return `\\${letter}${c.toString(16).toUpperCase().padStart(width, '0')}`
}

function number(n: number): string {
  // Go's JSON has whole floats as integers up to 21 digits; go-yaml reads back as integers what fits 64 bits.
  if (!Number.isInteger(n) || Math.abs(n) >= 1e21) return formatFloat(n)
  const text = Object.is(n, -0) ? '0' : String(n)
  const whole = BigInt(text)
  return whole < 2n ** 64n && whole >= -(2n ** 63n) ? text : formatFloat(n)
}

/** One document, with its final newline. */
export function writeYaml(value: Json): string {
  const writer = new Writer()
  writer.document(value)
  return writer.out
}
