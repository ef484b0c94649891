// The tokens of Go's text/template: actions between {{ and }}, with trim markers, as text/template/parse cuts them.

export type ItemType =
  | 'error'
  | 'eof'
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'assign'
  | 'declare'
  | 'char'
  | 'charconst'
  | 'complex'
  | 'number'
  | 'string'
  | 'rawstring'
  | 'bool'
  | 'identifier'
  | 'field'
  | 'variable'
  | '('
  | ')'
  | '|'
  | 'block'
  | 'break'
  | 'continue'
  | 'define'
  | 'dot'
  | 'else'
  | 'end'
  | 'if'
  | 'nil'
  | 'range'
  | 'template'
  | 'with'

export interface Item {
  readonly type: ItemType
  readonly pos: number
  readonly text: string
  readonly line: number
}

const KEYWORDS: ReadonlyMap<string, ItemType> = new Map(
  (['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'nil', 'range', 'template', 'with'] as const).map(
    (k) => [k, k],
  ),
)
const isSpace = (c: string | undefined): boolean => c === ' ' || c === '\t' || c === '\r' || c === '\n'
const isAlphaNumeric = (c: string): boolean => c !== '' && (c === '_' || /[\p{L}\p{Nd}]/u.test(c))
const uPlus = (c: string): string => {
  const n = c.codePointAt(0) ?? 0
  return c === ''
    ? 'U+FFFFFFFFFFFFFFFF'
    : `U+${n.toString(16).toUpperCase().padStart(4, '0')}${n >= 0x20 && n !== 0x7f ? ` '${c}'` : ''}`
}

/** Cuts a template into items, one at a call. */
export class Lexer {
  readonly #input: string
  #pos = 0
  #start = 0
  #line = 1
  #startLine = 1
  #paren = 0
  #inside = false
  #dead = false
  constructor(input: string) {
    this.#input = input
  }

  next(): Item {
    if (this.#dead) return { type: 'eof', pos: this.#pos, text: 'EOF', line: this.#startLine }
    return this.#inside ? this.#action() : this.#text()
  }

  #item(type: ItemType): Item {
    const text = this.#input.slice(this.#start, this.#pos)
    const item: Item = { type, pos: this.#start, text, line: this.#startLine }
    for (const ch of text) if (ch === '\n') this.#line++
    this.#start = this.#pos
    this.#startLine = this.#line
    return item
  }
  #ignore(): void {
    this.#item('text')
  }
  #error(text: string): Item {
    this.#dead = true
    return { type: 'error', pos: this.#start, text, line: this.#startLine }
  }
  #char(at = this.#pos): string {
    const c = this.#input.codePointAt(at)
    return c === undefined ? '' : String.fromCodePoint(c)
  }
  #sees(s: string, at = this.#pos): boolean {
    return this.#input.startsWith(s, at)
  }
  /** A trim marker closes: ` -}}`. */
  #trims(at = this.#pos): boolean {
    return isSpace(this.#input[at]) && this.#input[at + 1] === '-' && this.#sees('}}', at + 2)
  }
  #atRight(): boolean {
    return this.#trims() || this.#sees('}}')
  }
  #skipSpaces(): void {
    while (isSpace(this.#input[this.#pos])) this.#pos++
  }

  #text(): Item {
    const open = this.#input.indexOf('{{', this.#pos)
    if (open < 0) {
      this.#pos = this.#input.length
      return this.#pos > this.#start
        ? this.#item('text')
        : { type: 'eof', pos: this.#pos, text: 'EOF', line: this.#startLine }
    }
    const trim = this.#input[open + 2] === '-' && isSpace(this.#input[open + 3])
    if (open > this.#pos) {
      this.#pos = open
      if (trim) while (this.#pos > this.#start && isSpace(this.#input[this.#pos - 1])) this.#pos--
      const item = this.#item('text')
      this.#pos = open
      this.#ignore()
      if (item.text !== '') return item
    }
    this.#pos += 2
    if (this.#sees('/*', this.#pos + (trim ? 2 : 0))) {
      this.#pos += trim ? 2 : 0
      this.#ignore()
      return this.#comment()
    }
    const left = this.#item('left')
    this.#inside = true
    this.#pos += trim ? 2 : 0
    this.#ignore()
    this.#paren = 0
    return left
  }

  #comment(): Item {
    const end = this.#input.indexOf('*/', this.#pos + 2)
    if (end < 0) return this.#error('unclosed comment')
    this.#pos = end + 2
    if (!this.#atRight()) return this.#error('comment ends before closing delimiter')
    const trims = this.#trims()
    this.#pos += trims ? 4 : 2
    if (trims) this.#skipSpaces()
    this.#ignore()
    return this.#text()
  }

  #right(): Item {
    const trims = this.#trims()
    if (trims) {
      this.#pos += 2
      this.#ignore()
    }
    this.#pos += 2
    const item = this.#item('right')
    if (trims) {
      this.#skipSpaces()
      this.#ignore()
    }
    this.#inside = false
    return item
  }

  #action(): Item {
    if (this.#atRight()) return this.#paren === 0 ? this.#right() : this.#error('unclosed left paren')
    const c = this.#char()
    if (c === '') return this.#error('unclosed action')
    if (isSpace(c)) {
      const from = this.#pos
      this.#skipSpaces()
      if (this.#trims(this.#pos - 1)) {
        this.#pos--
        if (this.#pos === from) return this.#right()
      }
      return this.#item('space')
    }
    this.#pos += c.length
    switch (c) {
      case '=':
        return this.#item('assign')
      case ':':
        if (this.#char() !== '=') return this.#error('expected :=')
        this.#pos++
        return this.#item('declare')
      case '|':
        return this.#item('|')
      case '"':
        return this.#quote('"', 'string', 'unterminated quoted string')
      case "'":
        return this.#quote("'", 'charconst', 'unterminated character constant')
      case '`': {
        const end = this.#input.indexOf('`', this.#pos)
        if (end < 0) return this.#error('unterminated raw quoted string')
        this.#pos = end + 1
        return this.#item('rawstring')
      }
      case '$':
        return this.#fieldOrVariable('variable')
      case '(':
        this.#paren++
        return this.#item('(')
      case ')':
        return --this.#paren < 0 ? this.#error('unexpected right paren') : this.#item(')')
    }
    if (c === '.' && !/[0-9]/.test(this.#char())) return this.#fieldOrVariable('field')
    if (/[-+.0-9]/.test(c)) {
      this.#pos -= c.length
      return this.#number()
    }
    if (isAlphaNumeric(c)) {
      while (isAlphaNumeric(this.#char())) this.#pos += this.#char().length
      if (!this.#terminated()) return this.#error(`bad character ${uPlus(this.#char())}`)
      const word = this.#input.slice(this.#start, this.#pos)
      return this.#item(KEYWORDS.get(word) ?? (word === 'true' || word === 'false' ? 'bool' : 'identifier'))
    }
    if (c >= ' ' && c <= '~') return this.#item('char')
    return this.#error(`unrecognized character in action: ${uPlus(c)}`)
  }

  #quote(quote: string, type: ItemType, unterminated: string): Item {
    for (;;) {
      const c = this.#char()
      this.#pos += c.length
      if (c === '\\') {
        const next = this.#char()
        if (next !== '' && next !== '\n') {
          this.#pos += next.length
          continue
        }
      }
      if (c === '' || c === '\n' || c === '\\') return this.#error(unterminated)
      if (c === quote) return this.#item(type)
    }
  }

  #fieldOrVariable(type: 'field' | 'variable'): Item {
    if (this.#terminated()) return this.#item(type === 'variable' ? 'variable' : 'dot')
    while (isAlphaNumeric(this.#char())) this.#pos += this.#char().length
    return this.#terminated() ? this.#item(type) : this.#error(`bad character ${uPlus(this.#char())}`)
  }

  #terminated(): boolean {
    const c = this.#char()
    return c === '' || isSpace(c) || '.,|:()'.includes(c) || this.#sees('}}')
  }

  #number(): Item {
    const m =
      /^[-+]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][-+]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]*)?)i?/.exec(
        this.#input.slice(this.#pos),
      )
    this.#pos += m?.[0].length ?? 0
    const next = this.#char()
    if (isAlphaNumeric(next)) {
      this.#pos += next.length
      return this.#error(`bad number syntax: ${JSON.stringify(this.#input.slice(this.#start, this.#pos))}`)
    }
    return this.#item('number')
  }
}
