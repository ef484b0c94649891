// The scalars of YAML as libyaml scans them: block scalars (`|`, `>`), quoted ones and plain ones, folded to their values.
import {
  APOSTROPHE,
  BACKSLASH,
  COLON,
  HASH,
  SPACE,
  TAB,
  isBlank,
  isBlankZ,
  isBreak,
  isBreakZ,
  isDigit,
  isHex,
} from './yamlreader.ts'
import type { YamlReader } from './yamlreader.ts'

const FLOW_STOP = new Set([...',?[]{}'].map((c) => c.charCodeAt(0)))
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['a', '\x07'],
  ['b', '\b'],
  ['t', '\t'],
  ['\t', '\t'],
  ['n', '\n'],
  ['v', '\v'],
  ['f', '\f'],
  ['r', '\r'],
  ['e', '\x1b'],
  [' ', ' '],
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['N', '\x85'],
  ['_', '\xa0'],
  ['L', '\u2028'],
  ['P', '\u2029'],
])
const HEX_LENGTH: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
])

interface BlockHeader {
  /** `+` keeps the breaks at the end, `-` drops them, neither keeps one. */
  readonly chomp: '+' | '-' | ''
  /** How many columns deeper it says to be; 0 where it leaves that to its first line. */
  readonly increment: number
}

/** What follows the `|` or `>`: chomping and indentation, in either order. */
function blockHeader(r: YamlReader, start: number): BlockHeader {
  let chomp: BlockHeader['chomp'] = ''
  let increment = 0
  const sign = (): boolean => {
    const c = r.text[r.pos]
    if (c !== '+' && c !== '-') return false
    chomp = c
    r.pos++
    return true
  }
  const digit = (): boolean => {
    if (!isDigit(r.here)) return false
    increment = r.here - 48
    if (increment === 0) throw r.fail('found an indentation indicator equal to 0', start)
    r.pos++
    return true
  }
  if (sign()) digit()
  else if (digit()) sign()
  r.skipLine(start)
  return { chomp, increment }
}

/** A block scalar at its `|` (literal) or `>`, below a block that is indented so far. */
export function blockScalar(r: YamlReader, literal: boolean, indent: number): string {
  const start = r.line
  r.pos++
  const { chomp, increment } = blockHeader(r, start)
  /** The column of its text; 0 until the first line tells. */
  let want = increment > 0 ? Math.max(indent, 0) + increment : 0
  const readBreaks = (): string => {
    let breaks = ''
    let deepest = 0
    for (;;) {
      while ((want === 0 || r.column < want) && r.here === SPACE) r.pos++
      if (r.column > deepest) deepest = r.column
      if ((want === 0 || r.column < want) && r.here === TAB)
        throw r.fail('found a tab character where an indentation space is expected', start)
      if (!isBreak(r.here)) break
      breaks += r.readBreak()
    }
    if (want === 0) want = Math.max(deepest, indent + 1, 1)
    return breaks
  }
  let out = ''
  let leading = ''
  let trailing = readBreaks()
  let leadingBlank = false
  while (r.column === want && r.here !== 0) {
    const blank = isBlank(r.here)
    if (!literal && !leadingBlank && !blank && leading.startsWith('\n')) {
      if (trailing === '') out += ' '
    } else out += leading
    out += trailing
    leadingBlank = blank
    const from = r.pos
    while (!isBreakZ(r.here)) r.pos++
    out += r.text.slice(from, r.pos)
    leading = isBreak(r.here) ? r.readBreak() : ''
    trailing = readBreaks()
  }
  if (chomp !== '-') out += leading
  if (chomp === '+') out += trailing
  return out
}

interface Gap {
  readonly folded: string
  /** Whether a line ended in it. */
  readonly broke: boolean
}

/**
 * The white space between words of a quoted or plain scalar: one break becomes a space, more lose their first; blanks
 * beside breaks go. `broke`: an escaped break came before. A tab before column `least` of a new line is refused.
 */
function readGap(r: YamlReader, start: number, broke: boolean, least: number): Gap {
  let blanks = ''
  let leading = ''
  let trailing = ''
  for (let c = r.here; isBlank(c) || isBreak(c); c = r.here) {
    if (isBlank(c)) {
      if (broke && c === TAB && r.column < least) throw r.fail('found a tab character that violates indentation', start)
      if (!broke) blanks += r.text[r.pos]
      r.pos++
    } else if (!broke) {
      leading = r.readBreak()
      broke = true
    } else trailing += r.readBreak()
  }
  if (!broke) return { folded: blanks, broke }
  if (leading.startsWith('\n')) return { folded: trailing === '' ? ' ' : trailing, broke }
  return { folded: leading + trailing, broke }
}

/** What an escape in double quotes stands for. */
function readEscape(r: YamlReader, start: number): string {
  const ch = r.text[r.pos + 1] ?? ''
  const length = HEX_LENGTH.get(ch)
  if (length === undefined) {
    const known = ESCAPES.get(ch)
    if (known === undefined) throw r.fail('found unknown escape character', start)
    r.pos += 2
    return known
  }
  r.pos += 2
  for (let k = 0; k < length; k++)
    if (!isHex(r.at(r.pos + k))) throw r.fail('did not find expected hexdecimal number', start)
  const value = parseInt(r.text.slice(r.pos, r.pos + length), 16)
  if ((value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff)
    throw r.fail('found invalid Unicode character escape code', start)
  r.pos += length
  return String.fromCodePoint(value)
}

/** A scalar in quotes, at the first of them: the code of `'` or `"`. */
export function quotedScalar(r: YamlReader, quote: number): string {
  const start = r.line
  const single = quote === APOSTROPHE
  r.pos++
  let out = ''
  for (;;) {
    if (r.column === 0 && r.atDocumentIndicator()) throw r.fail('found unexpected document indicator', start)
    if (r.here === 0) throw r.fail('found unexpected end of stream', start)
    let broke = false
    let from = r.pos
    for (let c = r.here; !isBlankZ(c); c = r.here) {
      if (c === quote) {
        if (!single || r.at(r.pos + 1) !== APOSTROPHE) break
        out += r.text.slice(from, r.pos + 1)
        r.pos += 2
        from = r.pos
      } else if (!single && c === BACKSLASH) {
        out += r.text.slice(from, r.pos)
        if (isBreak(r.at(r.pos + 1))) {
          r.pos++
          r.newline()
          broke = true
          from = r.pos
          break
        }
        out += readEscape(r, start)
        from = r.pos
      } else r.pos++
    }
    out += r.text.slice(from, r.pos)
    if (r.here === quote) break
    out += readGap(r, start, broke, 0).folded
  }
  r.pos++
  return out
}

/**
 * A plain scalar, below a block that is indented so far (`indent`) or in a flow collection; `broke`: a line ended after
 * its last word.
 */
export function plainScalar(r: YamlReader, indent: number, inFlow: boolean): { value: string; broke: boolean } {
  const start = r.line
  let value = ''
  let gap: Gap = { folded: '', broke: false }
  for (;;) {
    if (r.column === 0 && r.atDocumentIndicator()) break
    if (r.here === HASH) break
    const from = r.pos
    for (let c = r.here; !isBlankZ(c); c = r.at(++r.pos))
      if ((c === COLON && isBlankZ(r.at(r.pos + 1))) || (inFlow && FLOW_STOP.has(c))) break
    if (r.pos > from) {
      value += gap.folded + r.text.slice(from, r.pos)
      gap = { folded: '', broke: false }
    }
    if (!isBlank(r.here) && !isBreak(r.here)) break
    gap = readGap(r, start, false, indent + 1)
    if (!inFlow && r.column <= indent) break
  }
  return { value, broke: gap.broke }
}
