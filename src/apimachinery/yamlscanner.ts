// YAML text to tokens, with libyaml's rules of simple keys and indentation, so that wrong documents are refused with
// go-yaml's sentences at go-yaml's lines.

/** What is wrong with a document; `line` is what go-yaml prints, 0 where it prints none. */
export class YamlSyntaxError extends Error {}

export type TokenType =
  | 'streamEnd'
  | 'version'
  | 'tagDirective'
  | 'documentStart'
  | 'documentEnd'
  | 'blockSequence'
  | 'blockMapping'
  | 'blockEnd'
  | '['
  | ']'
  | '{'
  | '}'
  | ','
  | '-'
  | 'key'
  | 'value'
  | 'alias'
  | 'anchor'
  | 'tag'
  | 'scalar'

export interface Token {
  readonly type: TokenType
  /** Line of its start, from 0. */
  readonly line: number
  /** Scalars, anchors, aliases; a tag's or directive's handle. */
  readonly value: string
  /** A tag's suffix, a directive's prefix. */
  readonly suffix: string
  /** A scalar without quotes or block indicator. */
  readonly plain: boolean
}

interface SimpleKey {
  possible: boolean
  required: boolean
  token: number
  index: number
  line: number
  column: number
}

/** go-yaml counts lines from 0 and leaves out "line 0". */
export function syntaxError(problem: string, line: number): YamlSyntaxError {
  return new YamlSyntaxError(`yaml: ${line > 0 ? `line ${line}: ` : ''}${problem}`)
}

const TAB = 9,
  LF = 10,
  CR = 13,
  SPACE = 32,
  NEL = 0x85,
  LS = 0x2028,
  PS = 0x2029,
  BOM = 0xfeff
const isBlank = (c: number): boolean => c === SPACE || c === TAB
const isBreak = (c: number): boolean => c === LF || c === CR || c === NEL || c === LS || c === PS
/** Zero is the end of the text. */
const isBreakZ = (c: number): boolean => c === 0 || isBreak(c)
const isBlankZ = (c: number): boolean => isBlank(c) || isBreakZ(c)
const isDigit = (c: number): boolean => c >= 48 && c <= 57
const isAlpha = (c: number): boolean =>
  isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 45
const isHex = (c: number): boolean => isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102)
const code = (ch: string): number => ch.charCodeAt(0)
const HASH = code('#'),
  COLON = code(':'),
  DASH = code('-'),
  DOT = code('.'),
  QUESTION = code('?'),
  QUOTE = code('"'),
  APOSTROPHE = code("'"),
  BACKSLASH = code('\\'),
  PERCENT = code('%'),
  BANG = code('!')

const NO_PLAIN_START = new Set([...'-?:,[]{}#&*!|>\'"%@`'].map(code))
const FLOW_STOP = new Set([...',?[]{}'].map(code))
const ANCHOR_END = new Set([...'?:,]}%@`'].map(code))
const URI = new Set([...";/?:@&=+$,.!~*'()[]%"].map(code))
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
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/
/**
 * Collections may not nest deeper; go-yaml's own bound is 10,000, which would be too deep for whoever reads the result.
 */
const MAX_DEPTH = 1000

export interface Scanner {
  peek(): Token
  skip(): void
}

/** A scanner over one text. Throws YamlSyntaxError. */
export function createScanner(text: string, v3 = false): Scanner {
  if (CONTROL.test(text)) throw new YamlSyntaxError('yaml: control characters are not allowed')
  let pos = text.charCodeAt(0) === BOM ? 1 : 0
  let line = 0
  let lineStart = pos
  const tokens: Token[] = []
  let head = 0
  let parsed = 0
  let done = false
  let flow = 0
  let indent = -1
  const indents: number[] = []
  let simpleKeyAllowed = true
  const simpleKeys: SimpleKey[] = [{ possible: false, required: false, token: 0, index: 0, line: 0, column: 0 }]
  const keyAtToken = new Map<number, SimpleKey>()

  const at = (i: number): number => (i < text.length ? text.charCodeAt(i) : 0)
  const column = (): number => pos - lineStart
  /**
   * The scanner stands at `line`; go-yaml adds one to a scanner error's line unless it is the first. v3 looks at the
   * line where what it reads began first.
   */
  const fail = (problem: string, contextLine: number): YamlSyntaxError =>
    syntaxError(problem, v3 && contextLine !== 0 ? contextLine + 1 : line !== 0 ? line + 1 : contextLine)
  const token = (type: TokenType, at: number, value = '', suffix = '', plain = false): Token => ({
    type,
    line: at,
    value,
    suffix,
    plain,
  })
  const push = (t: Token): void => {
    tokens.push(t)
  }

  const newline = (): void => {
    if (at(pos) === CR && at(pos + 1) === LF) pos += 2
    else pos++
    line++
    lineStart = pos
  }
  /** Consumes a break and returns what it means in a scalar. */
  const readBreak = (): string => {
    const c = at(pos)
    newline()
    return c === LS || c === PS ? String.fromCharCode(c) : '\n'
  }

  const keyIsValid = (key: SimpleKey): boolean => {
    if (!key.possible) return false
    if (key.line < line || key.index + 1024 < pos) {
      if (key.required) throw fail("could not find expected ':'", key.line)
      key.possible = false
      return false
    }
    return true
  }
  const topKey = (): SimpleKey =>
    simpleKeys[simpleKeys.length - 1] ?? { possible: false, required: false, token: 0, index: 0, line: 0, column: 0 }
  const removeSimpleKey = (): void => {
    const key = topKey()
    if (!key.possible) return
    if (key.required) throw fail("could not find expected ':'", key.line)
    key.possible = false
    keyAtToken.delete(key.token)
  }
  const saveSimpleKey = (): void => {
    if (!simpleKeyAllowed) return
    removeSimpleKey()
    const key: SimpleKey = {
      possible: true,
      required: flow === 0 && indent === column(),
      token: parsed + tokens.length - head,
      index: pos,
      line,
      column: column(),
    }
    simpleKeys[simpleKeys.length - 1] = key
    keyAtToken.set(key.token, key)
  }
  const roll = (to: number, at: number, type: TokenType, atLine: number): void => {
    if (flow > 0 || indent >= to) return
    indents.push(indent)
    indent = to
    if (indents.length > MAX_DEPTH) throw fail(`exceeded max depth of ${MAX_DEPTH}`, line)
    if (at < 0) push(token(type, atLine))
    else tokens.splice(head + at - parsed, 0, token(type, atLine))
  }
  const unroll = (to: number): void => {
    if (flow > 0) return
    while (indent > to) {
      push(token('blockEnd', line))
      indent = indents.pop() ?? -1
    }
  }

  const skipToToken = (): void => {
    for (;;) {
      if (column() === 0 && at(pos) === BOM) pos++
      let c = at(pos)
      while (c === SPACE || (c === TAB && (flow > 0 || !simpleKeyAllowed))) c = at(++pos)
      if (c === HASH) while (!isBreakZ(at(pos))) pos++
      if (!isBreak(at(pos))) return
      newline()
      if (flow === 0) simpleKeyAllowed = true
    }
  }

  const fetch = (): void => {
    skipToToken()
    unroll(column())
    const c = at(pos)
    if (c === 0) {
      if (column() !== 0) {
        line++
        lineStart = pos
      }
      unroll(-1)
      removeSimpleKey()
      simpleKeyAllowed = false
      push(token('streamEnd', line))
      done = true
      return
    }
    const start = line
    if (column() === 0) {
      if (c === PERCENT) {
        directive()
        return
      }
      if (isDocumentIndicator()) {
        unroll(-1)
        removeSimpleKey()
        simpleKeyAllowed = false
        pos += 3
        push(token(c === DASH ? 'documentStart' : 'documentEnd', start))
        return
      }
    }
    const ch = text[pos]
    const next = at(pos + 1)
    if (ch === '[' || ch === '{') {
      saveSimpleKey()
      // It bears the bracket's own number, and takes it along when the bracket closes: go-yaml forgets the outer key of
      // `{}` so.
      simpleKeys.push({
        possible: false,
        required: false,
        token: parsed + tokens.length - head,
        index: 0,
        line,
        column: 0,
      })
      if (++flow > MAX_DEPTH) throw fail(`exceeded max depth of ${MAX_DEPTH}`, line)
      simpleKeyAllowed = true
      pos++
      push(token(ch, start))
      return
    }
    if (ch === ']' || ch === '}') {
      removeSimpleKey()
      if (flow > 0) {
        flow--
        keyAtToken.delete(simpleKeys.pop()?.token ?? -1)
      }
      simpleKeyAllowed = false
      pos++
      push(token(ch, start))
      return
    }
    if (ch === ',') {
      removeSimpleKey()
      simpleKeyAllowed = true
      pos++
      push(token(',', start))
      return
    }
    if (c === DASH && isBlankZ(next)) {
      if (flow === 0) {
        if (!simpleKeyAllowed) throw fail('block sequence entries are not allowed in this context', line)
        roll(column(), -1, 'blockSequence', line)
      }
      removeSimpleKey()
      simpleKeyAllowed = true
      pos++
      push(token('-', start))
      return
    }
    if (c === QUESTION && (flow > 0 || isBlankZ(next))) {
      if (flow === 0) {
        if (!simpleKeyAllowed) throw fail('mapping keys are not allowed in this context', line)
        roll(column(), -1, 'blockMapping', line)
      }
      removeSimpleKey()
      simpleKeyAllowed = flow === 0
      pos++
      push(token('key', start))
      return
    }
    if (c === COLON && (flow > 0 || isBlankZ(next))) {
      const key = topKey()
      if (keyIsValid(key)) {
        tokens.splice(head + key.token - parsed, 0, token('key', key.line))
        roll(key.column, key.token, 'blockMapping', key.line)
        key.possible = false
        keyAtToken.delete(key.token)
        simpleKeyAllowed = false
      } else {
        if (flow === 0) {
          if (!simpleKeyAllowed) throw fail('mapping values are not allowed in this context', line)
          roll(column(), -1, 'blockMapping', line)
        }
        simpleKeyAllowed = flow === 0
      }
      pos++
      push(token('value', start))
      return
    }
    if (ch === '*' || ch === '&') {
      saveSimpleKey()
      simpleKeyAllowed = false
      anchor(ch === '*')
      return
    }
    if (c === BANG) {
      saveSimpleKey()
      simpleKeyAllowed = false
      tag()
      return
    }
    if ((ch === '|' || ch === '>') && flow === 0) {
      removeSimpleKey()
      simpleKeyAllowed = true
      blockScalar(ch === '|')
      return
    }
    if (c === APOSTROPHE || c === QUOTE) {
      saveSimpleKey()
      simpleKeyAllowed = false
      quoted(c)
      return
    }
    if (
      !(isBlankZ(c) || NO_PLAIN_START.has(c)) ||
      (c === DASH && !isBlank(next)) ||
      (flow === 0 && (c === QUESTION || c === COLON) && !isBlankZ(next))
    ) {
      saveSimpleKey()
      simpleKeyAllowed = false
      plain()
      return
    }
    throw fail('found character that cannot start any token', line)
  }

  const isDocumentIndicator = (): boolean => {
    const c = at(pos)
    return (c === DASH || c === DOT) && at(pos + 1) === c && at(pos + 2) === c && isBlankZ(at(pos + 3))
  }

  const skipBlanks = (): void => {
    while (isBlank(at(pos))) pos++
  }
  const skipCommentAndBreak = (start: number): void => {
    skipBlanks()
    if (at(pos) === HASH) while (!isBreakZ(at(pos))) pos++
    if (!isBreakZ(at(pos))) throw fail('did not find expected comment or line break', start)
    if (isBreak(at(pos))) newline()
  }

  const directive = (): void => {
    unroll(-1)
    removeSimpleKey()
    simpleKeyAllowed = false
    const start = line
    pos++
    const from = pos
    while (isAlpha(at(pos))) pos++
    const name = text.slice(from, pos)
    if (name === '') throw fail('could not find expected directive name', start)
    if (!isBlankZ(at(pos))) throw fail('found unexpected non-alphabetical character', start)
    if (name === 'YAML') {
      skipBlanks()
      const number = (): number => {
        const begin = pos
        while (isDigit(at(pos))) if (++pos - begin > 2) throw fail('found extremely long version number', start)
        if (pos === begin) throw fail('did not find expected version number', start)
        return Number(text.slice(begin, pos))
      }
      const major = number()
      if (at(pos) !== DOT) throw fail("did not find expected digit or '.' character", start)
      pos++
      push(token('version', start, `${major}.${number()}`))
    } else if (name === 'TAG') {
      skipBlanks()
      const handle = tagHandle(true, start)
      if (!isBlank(at(pos))) throw fail('did not find expected whitespace', start)
      skipBlanks()
      const prefix = tagUri('', start)
      if (!isBlankZ(at(pos))) throw fail('did not find expected whitespace or line break', start)
      push(token('tagDirective', start, handle, prefix))
    } else throw fail('found unknown directive name', start)
    skipCommentAndBreak(start)
  }

  const anchor = (alias: boolean): void => {
    const start = line
    const from = ++pos
    while (isAlpha(at(pos))) pos++
    const c = at(pos)
    if (pos === from || !(isBlankZ(c) || ANCHOR_END.has(c)))
      throw fail('did not find expected alphabetic or numeric character', start)
    push(token(alias ? 'alias' : 'anchor', start, text.slice(from, pos)))
  }

  const tagHandle = (isDirective: boolean, start: number): string => {
    if (at(pos) !== BANG) throw fail("did not find expected '!'", start)
    const from = pos++
    while (isAlpha(at(pos))) pos++
    if (at(pos) === BANG) pos++
    else if (isDirective && pos - from > 1) throw fail("did not find expected '!'", start)
    return text.slice(from, pos)
  }
  const tagUri = (head: string, start: number): string => {
    let out = head.slice(1)
    let any = head !== ''
    for (let c = at(pos); isAlpha(c) || URI.has(c); c = at(pos)) {
      any = true
      if (c !== PERCENT) {
        out += text[pos++]
        continue
      }
      const from = pos
      while (at(pos) === PERCENT && isHex(at(pos + 1)) && isHex(at(pos + 2))) pos += 3
      if (pos === from) throw fail('did not find URI escaped octet', start)
      try {
        out += decodeURIComponent(text.slice(from, pos))
      } catch {
        throw fail('found an incorrect leading UTF-8 octet', start)
      }
    }
    if (!any) throw fail('did not find expected tag URI', start)
    return out
  }
  const tag = (): void => {
    const start = line
    let handle = ''
    let suffix: string
    if (text[pos + 1] === '<') {
      pos += 2
      suffix = tagUri('', start)
      if (text[pos] !== '>') throw fail("did not find the expected '>'", start)
      pos++
    } else {
      handle = tagHandle(false, start)
      if (handle.length > 1 && handle.endsWith('!')) suffix = tagUri('', start)
      else {
        suffix = tagUri(handle, start)
        handle = '!'
        if (suffix === '') {
          handle = ''
          suffix = '!'
        }
      }
    }
    if (!isBlankZ(at(pos))) throw fail('did not find expected whitespace or line break', start)
    push(token('tag', start, handle, suffix))
  }

  const blockScalar = (literal: boolean): void => {
    const start = line
    pos++
    let chomp = 0
    let increment = 0
    const sign = (): boolean => {
      const c = text[pos]
      if (c !== '+' && c !== '-') return false
      chomp = c === '+' ? 1 : -1
      pos++
      return true
    }
    const digit = (): boolean => {
      if (!isDigit(at(pos))) return false
      increment = at(pos) - 48
      if (increment === 0) throw fail('found an indentation indicator equal to 0', start)
      pos++
      return true
    }
    if (sign()) digit()
    else if (digit()) sign()
    skipCommentAndBreak(start)
    let want = increment > 0 ? (indent >= 0 ? indent + increment : increment) : 0
    const breaks = (): string => {
      let out = ''
      let deepest = 0
      for (;;) {
        while ((want === 0 || column() < want) && at(pos) === SPACE) pos++
        if (column() > deepest) deepest = column()
        if ((want === 0 || column() < want) && at(pos) === TAB)
          throw fail('found a tab character where an indentation space is expected', start)
        if (!isBreak(at(pos))) break
        out += readBreak()
      }
      if (want === 0) want = Math.max(deepest, indent + 1, 1)
      return out
    }
    let out = ''
    let leading = ''
    let trailing = breaks()
    let leadingBlank = false
    while (column() === want && at(pos) !== 0) {
      const blank = isBlank(at(pos))
      if (!literal && !leadingBlank && !blank && leading.startsWith('\n')) {
        if (trailing === '') out += ' '
      } else out += leading
      out += trailing
      leadingBlank = blank
      const from = pos
      while (!isBreakZ(at(pos))) pos++
      out += text.slice(from, pos)
      leading = isBreak(at(pos)) ? readBreak() : ''
      trailing = breaks()
    }
    if (chomp !== -1) out += leading
    if (chomp === 1) out += trailing
    push(token('scalar', start, out))
  }

  const quoted = (quote: number): void => {
    const start = line
    const single = quote === APOSTROPHE
    pos++
    let out = ''
    for (;;) {
      if (column() === 0 && isDocumentIndicator()) throw fail('found unexpected document indicator', start)
      if (at(pos) === 0) throw fail('found unexpected end of stream', start)
      let leadingBlanks = false
      let from = pos
      for (let c = at(pos); !isBlankZ(c); c = at(pos)) {
        if (c === quote) {
          if (!single || at(pos + 1) !== APOSTROPHE) break
          out += text.slice(from, pos + 1)
          pos += 2
          from = pos
        } else if (!single && c === BACKSLASH) {
          out += text.slice(from, pos)
          if (isBreak(at(pos + 1))) {
            pos++
            newline()
            leadingBlanks = true
            from = pos
            break
          }
          out += escape(start)
          from = pos
        } else pos++
      }
      out += text.slice(from, pos)
      if (at(pos) === quote) break
      let blanks = ''
      let leading = ''
      let trailing = ''
      for (let c = at(pos); isBlank(c) || isBreak(c); c = at(pos)) {
        if (isBlank(c)) {
          if (!leadingBlanks) blanks += text[pos]
          pos++
        } else if (!leadingBlanks) {
          blanks = ''
          leading = readBreak()
          leadingBlanks = true
        } else trailing += readBreak()
      }
      if (!leadingBlanks) out += blanks
      else if (leading.startsWith('\n')) out += trailing === '' ? ' ' : trailing
      else out += leading + trailing
    }
    pos++
    push(token('scalar', start, out))
  }
  const escape = (start: number): string => {
    const ch = text[pos + 1] ?? ''
    const length = HEX_LENGTH.get(ch)
    if (length === undefined) {
      const known = ESCAPES.get(ch)
      if (known === undefined) throw fail('found unknown escape character', start)
      pos += 2
      return known
    }
    pos += 2
    for (let k = 0; k < length; k++)
      if (!isHex(at(pos + k))) throw fail('did not find expected hexdecimal number', start)
    const value = parseInt(text.slice(pos, pos + length), 16)
    if ((value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff)
      throw fail('found invalid Unicode character escape code', start)
    pos += length
    return String.fromCodePoint(value)
  }

  const plain = (): void => {
    const start = line
    let out = ''
    let blanks = ''
    let leading = ''
    let trailing = ''
    let leadingBlanks = false
    const least = indent + 1
    for (;;) {
      if (column() === 0 && isDocumentIndicator()) break
      if (at(pos) === HASH) break
      const from = pos
      for (let c = at(pos); !isBlankZ(c); c = at(++pos)) {
        if ((c === COLON && isBlankZ(at(pos + 1))) || (flow > 0 && FLOW_STOP.has(c))) break
      }
      if (pos > from) {
        if (leadingBlanks) {
          if (leading.startsWith('\n')) out += trailing === '' ? ' ' : trailing
          else out += leading + trailing
          leading = trailing = ''
          leadingBlanks = false
        } else out += blanks
        blanks = ''
        out += text.slice(from, pos)
      }
      let c = at(pos)
      if (!(isBlank(c) || isBreak(c))) break
      for (; isBlank(c) || isBreak(c); c = at(pos)) {
        if (isBlank(c)) {
          if (leadingBlanks && column() < least && c === TAB)
            throw fail('found a tab character that violates indentation', start)
          if (!leadingBlanks) blanks += text[pos]
          pos++
        } else if (!leadingBlanks) {
          blanks = ''
          leading = readBreak()
          leadingBlanks = true
        } else trailing += readBreak()
      }
      if (flow === 0 && column() < least) break
    }
    push(token('scalar', start, out, '', true))
    if (leadingBlanks) simpleKeyAllowed = true
  }

  const ensure = (): void => {
    for (;;) {
      if (head < tokens.length) {
        const key = keyAtToken.get(parsed)
        if (!key || !keyIsValid(key)) return
      } else if (head > 256) {
        tokens.length = 0
        head = 0
      }
      if (done) return
      fetch()
    }
  }

  return {
    peek() {
      ensure()
      return tokens[head] ?? token('streamEnd', line)
    },
    skip() {
      head++
      parsed++
    },
  }
}
