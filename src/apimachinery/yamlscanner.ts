// YAML text to tokens, with libyaml's rules of simple keys and indentation, so that wrong documents are refused with
// go-yaml's sentences at go-yaml's lines.
import {
  APOSTROPHE,
  BANG,
  BOM,
  COLON,
  DASH,
  PERCENT,
  QUESTION,
  QUOTE,
  SPACE,
  TAB,
  YamlReader,
  isBlank,
  isBlankZ,
  isBreak,
} from './yamlreader.ts'
import { blockScalar, plainScalar, quotedScalar } from './yamlscalars.ts'
import { anchorName, readDirective, readTag } from './yamltags.ts'

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

const token = (type: TokenType, line: number, value = '', suffix = '', plain = false): Token => ({
  type,
  line,
  value,
  suffix,
  plain,
})

/** What may turn out to be a key, when a `:` follows on its line. */
interface SimpleKey {
  possible: boolean
  /** In a block, at its very indentation, nothing else may stand. */
  required: boolean
  /** The number of its first token, counted from the text's beginning. */
  token: number
  index: number
  line: number
  column: number
}

const noKey = (token: number, line: number): SimpleKey => ({
  possible: false,
  required: false,
  token,
  index: 0,
  line,
  column: 0,
})

/** How far behind a key its `:` may stand, in characters (libyaml's rule). */
const KEY_LENGTH = 1024
/**
 * Collections may not nest deeper; go-yaml's own bound is 10,000, which would be too deep for whoever reads the result.
 */
const MAX_DEPTH = 1000
const NO_PLAIN_START = new Set([...'-?:,[]{}#&*!|>\'"%@`'].map((c) => c.charCodeAt(0)))

/** Whether a plain scalar begins with a character, before the next one. */
const startsPlain = (c: number, next: number, inFlow: boolean): boolean =>
  !(isBlankZ(c) || NO_PLAIN_START.has(c)) ||
  (c === DASH && !isBlank(next)) ||
  (!inFlow && (c === QUESTION || c === COLON) && !isBlankZ(next))

/** The tokens of one text. Throws YamlSyntaxError. */
export class Scanner {
  readonly #reader: YamlReader
  /** Tokens that were found; those before `#head` are consumed. */
  readonly #tokens: Token[] = []
  #head = 0
  /** How many tokens were consumed since the text's beginning. */
  #consumed = 0
  #done = false
  /** How many flow collections are open. */
  #flow = 0
  /** The column of the block that is open, -1 outside of all; those around it. */
  #indent = -1
  readonly #indents: number[] = []
  #simpleKeyAllowed = true
  /** The possible key of each open flow collection, and of what is around them. */
  readonly #simpleKeys: SimpleKey[] = [noKey(0, 0)]
  readonly #keyAtToken = new Map<number, SimpleKey>()

  /** `v3`: errors name lines as go-yaml v3 does. */
  constructor(text: string, v3 = false) {
    this.#reader = new YamlReader(text, v3)
  }

  peek(): Token {
    this.#ensure()
    return this.#tokens[this.#head] ?? token('streamEnd', this.#reader.line)
  }
  skip(): void {
    this.#head++
    this.#consumed++
  }

  /** Reads on until the next token is known: while it may turn out to be a key, it is not. */
  #ensure(): void {
    for (;;) {
      if (this.#head < this.#tokens.length) {
        const key = this.#keyAtToken.get(this.#consumed)
        if (!key || !this.#keyIsValid(key)) return
      } else if (this.#head > 256) {
        this.#tokens.length = 0
        this.#head = 0
      }
      if (this.#done) return
      this.#fetch()
    }
  }

  #push(type: TokenType, line: number, value = '', suffix = '', plain = false): void {
    this.#tokens.push(token(type, line, value, suffix, plain))
  }
  /** A token before others that were found already, where a key begins. */
  #insert(number: number, t: Token): void {
    this.#tokens.splice(this.#head + number - this.#consumed, 0, t)
  }
  /** A token of one character. */
  #indicator(type: TokenType): void {
    this.#reader.pos++
    this.#push(type, this.#reader.line)
  }
  /** The number of the token that is found next. */
  #nextNumber(): number {
    return this.#consumed + this.#tokens.length - this.#head
  }

  #keyIsValid(key: SimpleKey): boolean {
    if (!key.possible) return false
    if (key.line < this.#reader.line || key.index + KEY_LENGTH < this.#reader.pos) {
      if (key.required) throw this.#reader.fail("could not find expected ':'", key.line)
      key.possible = false
      return false
    }
    return true
  }
  #topKey(): SimpleKey {
    return this.#simpleKeys.at(-1) ?? noKey(0, 0)
  }
  #removeSimpleKey(): void {
    const key = this.#topKey()
    if (!key.possible) return
    if (key.required) throw this.#reader.fail("could not find expected ':'", key.line)
    key.possible = false
    this.#keyAtToken.delete(key.token)
  }
  #saveSimpleKey(): void {
    if (!this.#simpleKeyAllowed) return
    this.#removeSimpleKey()
    const { pos, line, column } = this.#reader
    const required = this.#flow === 0 && this.#indent === column
    const key: SimpleKey = { possible: true, required, token: this.#nextNumber(), index: pos, line, column }
    this.#simpleKeys[this.#simpleKeys.length - 1] = key
    this.#keyAtToken.set(key.token, key)
  }

  /** Opens a block at a column, unless one is open there. `number`: the token before which it begins, -1 for here. */
  #roll(column: number, number: number, type: TokenType, line: number): void {
    if (this.#flow > 0 || this.#indent >= column) return
    this.#indents.push(this.#indent)
    this.#indent = column
    if (this.#indents.length > MAX_DEPTH) throw this.#reader.fail(`exceeded max depth of ${MAX_DEPTH}`)
    if (number < 0) this.#push(type, line)
    else this.#insert(number, token(type, line))
  }
  /** Closes the blocks that are indented deeper than a column. */
  #unroll(column: number): void {
    if (this.#flow > 0) return
    while (this.#indent > column) {
      this.#push('blockEnd', this.#reader.line)
      this.#indent = this.#indents.pop() ?? -1
    }
  }

  #skipToToken(): void {
    const r = this.#reader
    for (;;) {
      if (r.column === 0 && r.here === BOM) r.pos++
      const tabs = this.#flow > 0 || !this.#simpleKeyAllowed
      while (r.here === SPACE || (tabs && r.here === TAB)) r.pos++
      r.skipComment()
      if (!isBreak(r.here)) return
      r.newline()
      if (this.#flow === 0) this.#simpleKeyAllowed = true
    }
  }

  #fetch(): void {
    const r = this.#reader
    this.#skipToToken()
    this.#unroll(r.column)
    const c = r.here
    if (c === 0) return this.#end()
    if (r.column === 0) {
      if (c === PERCENT) return this.#directive()
      if (r.atDocumentIndicator()) return this.#documentIndicator(c)
    }
    const ch = r.text[r.pos]
    const next = r.at(r.pos + 1)
    const inFlow = this.#flow > 0
    if (ch === '[' || ch === '{') return this.#openFlow(ch)
    if (ch === ']' || ch === '}') return this.#closeFlow(ch)
    if (ch === ',') return this.#flowEntry()
    if (c === DASH && isBlankZ(next)) return this.#blockEntry()
    if (c === QUESTION && (inFlow || isBlankZ(next))) return this.#key()
    if (c === COLON && (inFlow || isBlankZ(next))) return this.#value()
    if (ch === '*' || ch === '&') return this.#anchor(ch === '*' ? 'alias' : 'anchor')
    if (c === BANG) return this.#tag()
    if (!inFlow && (ch === '|' || ch === '>')) return this.#blockScalar(ch === '|')
    if (c === APOSTROPHE || c === QUOTE) return this.#quotedScalar(c)
    if (startsPlain(c, next, inFlow)) return this.#plainScalar()
    throw r.fail('found character that cannot start any token')
  }

  /** What stands outside of all blocks ends them; no key may begin with it. */
  #leaveBlocks(): void {
    this.#unroll(-1)
    this.#removeSimpleKey()
    this.#simpleKeyAllowed = false
  }
  #end(): void {
    if (this.#reader.column !== 0) this.#reader.endLine()
    this.#leaveBlocks()
    this.#push('streamEnd', this.#reader.line)
    this.#done = true
  }
  #directive(): void {
    this.#leaveBlocks()
    const start = this.#reader.line
    const directive = readDirective(this.#reader)
    if (directive.name === 'YAML') this.#push('version', start, directive.version)
    else this.#push('tagDirective', start, directive.handle, directive.prefix)
    this.#reader.skipLine(start)
  }
  #documentIndicator(c: number): void {
    this.#leaveBlocks()
    this.#reader.pos += 3
    this.#push(c === DASH ? 'documentStart' : 'documentEnd', this.#reader.line)
  }

  #openFlow(bracket: '[' | '{'): void {
    this.#saveSimpleKey()
    // It bears the bracket's own number, and takes it along when the bracket closes: go-yaml forgets the outer key of
    // `{}` so.
    this.#simpleKeys.push(noKey(this.#nextNumber(), this.#reader.line))
    if (++this.#flow > MAX_DEPTH) throw this.#reader.fail(`exceeded max depth of ${MAX_DEPTH}`)
    this.#simpleKeyAllowed = true
    this.#indicator(bracket)
  }
  #closeFlow(bracket: ']' | '}'): void {
    this.#removeSimpleKey()
    if (this.#flow > 0) {
      this.#flow--
      this.#keyAtToken.delete(this.#simpleKeys.pop()?.token ?? -1)
    }
    this.#simpleKeyAllowed = false
    this.#indicator(bracket)
  }
  #flowEntry(): void {
    this.#removeSimpleKey()
    this.#simpleKeyAllowed = true
    this.#indicator(',')
  }

  /** Where an indicator opens a block, unless one is open; `what` may stand only where a key may. */
  #rollHere(type: TokenType, what: string): void {
    const r = this.#reader
    if (this.#flow > 0) return
    if (!this.#simpleKeyAllowed) throw r.fail(`${what} are not allowed in this context`)
    this.#roll(r.column, -1, type, r.line)
  }
  #blockEntry(): void {
    this.#rollHere('blockSequence', 'block sequence entries')
    this.#removeSimpleKey()
    this.#simpleKeyAllowed = true
    this.#indicator('-')
  }
  #key(): void {
    this.#rollHere('blockMapping', 'mapping keys')
    this.#removeSimpleKey()
    this.#simpleKeyAllowed = this.#flow === 0
    this.#indicator('key')
  }
  #value(): void {
    const key = this.#topKey()
    if (this.#keyIsValid(key)) {
      this.#insert(key.token, token('key', key.line))
      this.#roll(key.column, key.token, 'blockMapping', key.line)
      key.possible = false
      this.#keyAtToken.delete(key.token)
      this.#simpleKeyAllowed = false
    } else {
      this.#rollHere('blockMapping', 'mapping values')
      this.#simpleKeyAllowed = this.#flow === 0
    }
    this.#indicator('value')
  }

  /** A node begins, which may turn out to be a key; its line. */
  #startNode(): number {
    this.#saveSimpleKey()
    this.#simpleKeyAllowed = false
    return this.#reader.line
  }
  #anchor(type: 'alias' | 'anchor'): void {
    this.#push(type, this.#startNode(), anchorName(this.#reader))
  }
  #tag(): void {
    const start = this.#startNode()
    const { handle, suffix } = readTag(this.#reader)
    this.#push('tag', start, handle, suffix)
  }
  #blockScalar(literal: boolean): void {
    this.#removeSimpleKey()
    this.#simpleKeyAllowed = true
    const start = this.#reader.line
    this.#push('scalar', start, blockScalar(this.#reader, literal, this.#indent))
  }
  #quotedScalar(quote: number): void {
    this.#push('scalar', this.#startNode(), quotedScalar(this.#reader, quote))
  }
  #plainScalar(): void {
    const start = this.#startNode()
    const { value, broke } = plainScalar(this.#reader, this.#indent, this.#flow > 0)
    this.#push('scalar', start, value, '', true)
    if (broke) this.#simpleKeyAllowed = true
  }
}
