// Reads CEL: tokens, grammar, macros. Says what is wrong as cel-go's parser does, whose sentences are ANTLR's.
import { Uint } from './value.ts'

/** A node of an expression. `pos` is where the sentences about it point. */
export type Expr = { readonly pos: number } & (
  | { readonly kind: 'literal'; readonly value: boolean | bigint | number | string | null | Uint | Uint8Array }
  | { readonly kind: 'ident'; readonly name: string }
  | { readonly kind: 'select'; readonly operand: Expr; readonly field: string; readonly test: boolean }
  | { readonly kind: 'call'; readonly fn: string; readonly target?: Expr; readonly args: readonly Expr[] }
  | { readonly kind: 'list'; readonly elements: readonly Element[] }
  | { readonly kind: 'map'; readonly entries: readonly Entry[] }
  | { readonly kind: 'struct'; readonly type: string; readonly fields: readonly Field[] }
  | Comprehension
)
export interface Element {
  readonly value: Expr
  readonly optional: boolean
}
export interface Entry extends Element {
  readonly key: Expr
}
export interface Field extends Element {
  readonly name: string
  readonly pos: number
}
export interface Comprehension {
  readonly kind: 'comprehension'
  readonly range: Expr
  readonly iterVar: string
  readonly iterVar2?: string
  readonly accuVar: string
  readonly init: Expr
  readonly condition: Expr
  readonly step: Expr
  readonly result: Expr
}
export type CallExpr = Extract<Expr, { kind: 'call' }>

/** Something wrong at a place of the text. */
export interface Issue {
  readonly pos: number
  readonly message: string
}

/** Errors.ToDisplayString: the issues with the lines they are about. */
export function showIssues(text: string, issues: readonly Issue[]): string {
  const lines = text.split('\n')
  const placed = issues.map(({ pos, message }) => {
    const before = text.slice(0, pos).split('\n')
    return { line: before.length, column: [...(before.at(-1) ?? '')].length, message }
  })
  placed.sort((a, b) => a.line - b.line || a.column - b.column)
  return placed
    .map(({ line, column, message }) => {
      const shown = (lines[line - 1] ?? '').replaceAll('\t', ' ')
      const chars = [...shown]
      const wide = (c: string | undefined): boolean => c !== undefined && c.charCodeAt(0) > 0x7f
      const dots = chars.slice(0, column).map((c) => (wide(c) ? '．' : '.'))
      return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${shown}\n | ${dots.join('')}${wide(chars[column]) ? '＾' : '^'}`
    })
    .join('\n')
}

type TokenKind = 'ident' | 'escaped' | 'int' | 'uint' | 'float' | 'string' | 'bytes' | 'word' | 'end'
interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly pos: number
}

const SPACE = /(?:[\t \r\n\f]|\/\/[^\n]*)+/y
const ESCAPE = String.raw`\\(?:[abfnrtv"'\\?\x60]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})`
const QUOTED = String.raw`"""(?:[^\\]|${ESCAPE})*?"""|'''(?:[^\\]|${ESCAPE})*?'''|"(?:[^\\"\n\r]|${ESCAPE})*"|'(?:[^\\'\n\r]|${ESCAPE})*'`
const RAW = String.raw`[rR](?:"""[^]*?"""|'''[^]*?'''|"[^"\n\r]*"|'[^'\n\r]*')`
const TOKENS: readonly (readonly [TokenKind, RegExp])[] = [
  ['bytes', new RegExp(`[bB](?:${RAW}|${QUOTED})`, 'sy')],
  ['string', new RegExp(`${RAW}|${QUOTED}`, 'sy')],
  ['float', /\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?/y],
  ['uint', /(?:0x[0-9a-fA-F]+|\d+)[uU]/y],
  ['int', /0x[0-9a-fA-F]+|\d+/y],
  ['ident', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['escaped', /`[A-Za-z0-9_.\-/ ]+`/y],
  ['word', /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y],
]
const WORDS: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null'])
const RESERVED: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(
    ' ',
  ),
)
const STARTS =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
const MAX_DEPTH = 250

/** How ANTLR writes a token: line ends as they are typed. */
const shown = (text: string): string => text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')

function tokens(text: string, issues: Issue[]): Token[] {
  const list: Token[] = []
  let pos = 0
  while (pos < text.length) {
    SPACE.lastIndex = pos
    if (SPACE.test(text)) {
      pos = SPACE.lastIndex
      continue
    }
    let best: Token | undefined
    for (const [kind, form] of TOKENS) {
      form.lastIndex = pos
      const found = form.exec(text)?.[0]
      if (found !== undefined && (!best || found.length > best.text.length))
        best = { kind: kind === 'ident' && WORDS.has(found) ? 'word' : kind, text: found, pos }
    }
    if (best) {
      list.push(best)
      pos += best.text.length
      continue
    }
    // the lexer gives up with the character after which no token can match any more
    const stop = Math.min(text.length, failsAt(text, pos) + 1)
    const bad = text.slice(pos, stop)
    issues.push({ pos, message: `Syntax error: token recognition error at: '${shown(bad)}'` })
    pos = stop
  }
  list.push({ kind: 'end', text: '<EOF>', pos: text.length })
  return list
}

/** Where a token that began cannot go on. */
function failsAt(text: string, pos: number): number {
  const c = text[pos] ?? ''
  if ('=|&'.includes(c)) return pos + 1
  if (c === '`') return pos + 1 + (/^[A-Za-z0-9_.\-/ ]*/.exec(text.slice(pos + 1))?.[0].length ?? 0)
  if (c !== '"' && c !== "'") return pos
  const good = new RegExp(`(?:[^\\\\${c}\\n\\r]|${ESCAPE})*`, 'y')
  good.lastIndex = pos + 1
  good.test(text)
  const at = good.lastIndex
  return text[at] === '\\' ? at + 1 : at
}

const LEVELS: readonly (readonly string[])[] = [
  ['<', '<=', '>=', '>', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
]
const operator = (text: string): string => (text === 'in' ? '@in' : `_${text}_`)

/** Whether an expression may begin with a token. */
const starts = (t: Token): boolean =>
  t.kind === 'word'
    ? '[ { ( . - ! true false null'.split(' ').includes(t.text)
    : t.kind !== 'end' && t.kind !== 'escaped'

class Stop extends Error {}

class Parser {
  readonly #issues: Issue[]
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0
  constructor(text: string, issues: Issue[]) {
    this.#issues = issues
    this.#tokens = tokens(text, issues)
  }

  get #token(): Token {
    return this.#peek(0)
  }

  #peek(n: number): Token {
    return this.#tokens[Math.min(this.#at + n, this.#tokens.length - 1)] ?? { kind: 'end', text: '<EOF>', pos: 0 }
  }

  #next(): Token {
    const t = this.#token
    if (t.kind !== 'end') this.#at++
    return t
  }

  #is(word: string, n = 0): boolean {
    const t = this.#peek(n)
    return t.kind === 'word' && t.text === word
  }

  #take(word: string): Token | undefined {
    return this.#is(word) ? this.#next() : undefined
  }

  #error(pos: number, message: string): Expr {
    this.#issues.push({ pos, message })
    return { pos, kind: 'literal', value: null }
  }

  #syntax(what: string, expected: string): never {
    const t = this.#token
    this.#issues.push({ pos: t.pos, message: `Syntax error: ${what} '${shown(t.text)}' expecting ${expected}` })
    throw new Stop()
  }

  /** A token that must come: one too many is left out, one that is missing is thought of, as ANTLR recovers. */
  #expect(word: string, follows: (t: Token) => boolean): Token {
    const found = this.#take(word)
    if (found) return found
    const t = this.#token
    if (this.#is(word, 1)) {
      this.#issues.push({
        pos: t.pos,
        message: `Syntax error: extraneous input '${shown(t.text)}' expecting '${word}'`,
      })
      this.#next()
      return this.#next()
    }
    if (!follows(t)) this.#syntax('mismatched input', `'${word}'`)
    this.#issues.push({ pos: t.pos, message: `Syntax error: missing '${word}' at '${shown(t.text)}'` })
    return t
  }

  start(): Expr {
    const e = this.#expr()
    const t = this.#token
    if (t.kind !== 'end') this.#syntax(this.#peek(1).kind === 'end' ? 'extraneous input' : 'mismatched input', '<EOF>')
    return e
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      this.#issues.push({ pos: 0, message: `expression recursion limit exceeded: ${MAX_DEPTH}` })
      throw new Stop()
    }
    try {
      return read()
    } finally {
      this.#depth--
    }
  }

  #expr(): Expr {
    return this.#deeper(() => {
      const condition = this.#logical('||')
      const op = this.#take('?')
      if (!op) return condition
      const yes = this.#logical('||')
      this.#expect(':', starts)
      return this.#call(op.pos, '_?_:_', [condition, yes, this.#expr()])
    })
  }

  #logical(word: '||' | '&&'): Expr {
    const read = (): Expr => (word === '||' ? this.#logical('&&') : this.#binary(0))
    let e = read()
    for (let op = this.#take(word); op; op = this.#take(word)) e = this.#call(op.pos, `_${word}_`, [e, read()])
    return e
  }

  #binary(level: number): Expr {
    const words = LEVELS[level]
    if (!words) return this.#unary()
    let e = this.#binary(level + 1)
    while (this.#token.kind === 'word' && words.includes(this.#token.text)) {
      const op = this.#next()
      e = this.#call(op.pos, operator(op.text), [e, this.#binary(level + 1)])
    }
    return e
  }

  #unary(): Expr {
    for (const [word, fn] of [
      ['!', '!_'],
      ['-', '-_'],
    ] as const) {
      if (!this.#is(word)) continue
      const numeric = word === '-' && ['int', 'float'].includes(this.#peek(1).kind)
      if (numeric) break
      const first = this.#token
      let n = 0
      while (this.#take(word)) n++
      const member = this.#member()
      return n % 2 === 0 ? member : this.#call(first.pos, fn, [member])
    }
    return this.#member()
  }

  #member(): Expr {
    let e = this.#primary()
    for (let length = 0; ; length++) {
      if (length > 4 * MAX_DEPTH) this.#deeper(() => this.#syntax('mismatched input', '<EOF>'))
      if (this.#is('.')) {
        const op = this.#next()
        const optional = this.#take('?')
        const id = this.#token
        if (id.kind !== 'ident' && id.kind !== 'escaped') {
          if (RESERVED.has(id.text) && !optional) {
            this.#error(id.pos, `Syntax error: no viable alternative at input '.${id.text}'`)
            // what follows is read as if the name had been there
            if (id.text === 'in') return e
          } else this.#issues.push({ pos: id.pos, message: this.#afterDot(id, optional !== undefined) })
          throw new Stop()
        }
        this.#next()
        const open = !optional && id.kind === 'ident' ? this.#take('(') : undefined
        if (open) {
          const args = this.#args()
          e = this.#call(open.pos, id.text, args, e)
        } else {
          const name = id.kind === 'escaped' ? id.text.slice(1, -1) : id.text
          if (id.kind === 'escaped') this.#error(id.pos, `unsupported syntax: '\`'`)
          e = optional
            ? { pos: op.pos, kind: 'call', fn: '_?._', args: [e, { pos: id.pos, kind: 'literal', value: name }] }
            : { pos: op.pos, kind: 'select', operand: e, field: name, test: false }
        }
      } else if (this.#is('[')) {
        const op = this.#next()
        const optional = this.#take('?')
        const index = this.#expr()
        this.#expect(']', (t) => t.kind === 'end')
        e = this.#call(op.pos, optional ? '_[?_]' : '_[_]', [e, index])
      } else return e
    }
  }

  #afterDot(t: Token, optional: boolean): string {
    if (optional) return `Syntax error: mismatched input '${shown(t.text)}' expecting {IDENTIFIER, ESC_IDENTIFIER}`
    return `Syntax error: no viable alternative at input '.${t.kind === 'end' ? '' : shown(t.text)}'`
  }

  #args(): Expr[] {
    if (this.#take(')')) return []
    const list = [this.#expr()]
    while (this.#take(',')) list.push(this.#expr())
    this.#expect(')', (t) => t.kind === 'end')
    return list
  }

  #element(): Element {
    const optional = this.#take('?') !== undefined
    return { optional, value: this.#expr() }
  }

  #primary(): Expr {
    const t = this.#token
    const { pos } = t
    if (this.#take('(')) {
      const e = this.#expr()
      this.#expect(')', (x) => x.kind === 'end' || x.kind === 'word')
      return e
    }
    if (this.#take('[')) {
      const elements: Element[] = []
      while (!this.#is(']')) {
        if (elements.length === 0 && this.#is(',') && this.#is(']', 1)) this.#next()
        else {
          elements.push(this.#element())
          if (!this.#take(',') || this.#is(',')) break
        }
      }
      this.#expect(']', (x) => x.kind === 'end')
      return { pos, kind: 'list', elements }
    }
    if (this.#take('{')) {
      const entries: Entry[] = []
      while (!this.#is('}')) {
        const key = this.#element()
        this.#expect(':', starts)
        entries.push({ key: key.value, optional: key.optional, value: this.#expr() })
        if (!this.#take(',')) break
      }
      this.#expect('}', (x) => x.kind === 'end')
      return { pos, kind: 'map', entries }
    }
    if (t.kind === 'ident' || (this.#is('.') && this.#peek(1).kind === 'ident')) return this.#named()
    return this.#literal()
  }

  #named(): Expr {
    const { pos } = this.#token
    const dot = this.#take('.') ? '.' : ''
    const id = this.#next()
    // Type{field: value}, the name of which may have dots
    let n = 0
    while (this.#is('.', n) && this.#peek(n + 1).kind === 'ident') n += 2
    if (this.#is('{', n)) {
      let type = dot + id.text
      for (; n > 0; n -= 2) {
        this.#next()
        type += `.${this.#next().text}`
      }
      return this.#struct(type)
    }
    if (RESERVED.has(id.text)) {
      if (this.#take('(')) this.#args()
      return this.#error(pos, `reserved identifier: ${id.text}`)
    }
    const open = this.#take('(')
    if (open) return this.#call(open.pos, dot + id.text, this.#args())
    return { pos: id.pos, kind: 'ident', name: dot + id.text }
  }

  #struct(type: string): Expr {
    const open = this.#next()
    const fields: Field[] = []
    while (!this.#is('}')) {
      const optional = this.#take('?') !== undefined
      const name = this.#token
      if (name.kind !== 'ident' && name.kind !== 'escaped')
        this.#syntax('mismatched input', "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}")
      this.#next()
      const colon = this.#expect(':', starts)
      fields.push({ name: name.text, optional, value: this.#expr(), pos: colon.pos })
      if (!this.#take(',')) break
    }
    this.#expect('}', (x) => x.kind === 'end')
    return { pos: open.pos, kind: 'struct', type, fields }
  }

  #literal(): Expr {
    const t = this.#token
    const { pos } = t
    const minus = this.#is('-') ? this.#next() : undefined
    const token = minus ? this.#next() : this.#next()
    const sign = minus ? '-' : ''
    switch (token.kind) {
      case 'int': {
        const value = BigInt(token.text) * (minus ? -1n : 1n)
        return BigInt.asIntN(64, value) === value
          ? { pos, kind: 'literal', value }
          : this.#error(pos, 'invalid int literal')
      }
      case 'uint': {
        const value = BigInt(token.text.slice(0, -1))
        return BigInt.asUintN(64, value) === value
          ? { pos, kind: 'literal', value: new Uint(value) }
          : this.#error(pos, 'invalid uint literal')
      }
      case 'float': {
        const value = Number(sign + token.text)
        return Number.isFinite(value) ? { pos, kind: 'literal', value } : this.#error(pos, 'invalid double literal')
      }
      case 'string':
        return { pos, kind: 'literal', value: this.#unquoted(token.text, false, pos) }
      case 'bytes': {
        const text = this.#unquoted(token.text.slice(1), true, pos)
        const value = new Uint8Array([...text].flatMap((c) => byteForm(c)))
        return { pos, kind: 'literal', value }
      }
      case 'word':
        if (token.text === 'true' || token.text === 'false')
          return { pos, kind: 'literal', value: token.text === 'true' }
        if (token.text === 'null') return { pos, kind: 'literal', value: null }
    }
    if (token.kind !== 'end') this.#at--
    // a single token too many is left out
    if (starts(this.#peek(1)) && token.kind !== 'end') {
      this.#issues.push({
        pos: token.pos,
        message: `Syntax error: extraneous input '${shown(token.text)}' expecting ${STARTS}`,
      })
      this.#next()
      return this.#binary(LEVELS.length)
    }
    this.#syntax('mismatched input', STARTS)
  }

  #unquoted(text: string, bytes: boolean, pos: number): string {
    const raw = /^[rR]/.test(text)
    const body = raw ? text.slice(1) : text
    const quotes = body.startsWith('"""') || body.startsWith("'''") ? 3 : 1
    const inner = body.slice(quotes, -quotes).replace(/\r\n?/g, '\n')
    if (raw || !inner.includes('\\')) return inner
    let good = true
    const done = inner.replace(
      /\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^]))|([^\\]+)/g,
      (_, x1: string, x2: string, u: string, U: string, o: string, c: string, plain: string) => {
        if (plain !== undefined) return plain
        const code = x1 ?? x2
        if (code !== undefined)
          return bytes ? String.fromCharCode(0xe000 + parseInt(code, 16)) : String.fromCodePoint(parseInt(code, 16))
        if (o !== undefined)
          return bytes ? String.fromCharCode(0xe000 + parseInt(o, 8)) : String.fromCodePoint(parseInt(o, 8))
        const wide = u ?? U
        if (wide !== undefined) {
          const n = parseInt(wide, 16)
          if (bytes || n > 0x10ffff || (n >= 0xd800 && n < 0xe000)) {
            good = false
            return ''
          }
          return String.fromCodePoint(n)
        }
        const plainEscape = ESCAPES.get(c)
        if (plainEscape === undefined) good = false
        return plainEscape ?? ''
      },
    )
    if (!good) this.#error(pos, 'unable to unescape string')
    return done
  }

  #call(pos: number, fn: string, args: readonly Expr[], target?: Expr): Expr {
    const macro = expand(pos, fn, args, target)
    if (macro === undefined) return { pos, kind: 'call', fn, args, ...(target ? { target } : {}) }
    return typeof macro === 'string'
      ? this.#error(args[0]?.pos ?? pos, macro)
      : 'message' in macro
        ? this.#error(macro.pos, macro.message)
        : macro
  }
}

/** Bytes travel through the unescaping as characters of their own, so that they are not taken for letters. */
const byteForm = (c: string): readonly number[] => {
  const n = c.codePointAt(0) ?? 0
  return n >= 0xe000 && n < 0xe100 ? [n - 0xe000] : [...new TextEncoder().encode(c)]
}
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['?', '?'],
  ['`', '`'],
])

const ACCU = '@result'

/** What a call stands for where it is a macro: its expansion, what is wrong, or nothing. */
function expand(pos: number, fn: string, args: readonly Expr[], target: Expr | undefined): Expr | Issue | undefined {
  const lit = (value: boolean | bigint): Expr => ({ pos, kind: 'literal', value })
  const call = (f: string, ...a: Expr[]): Expr => ({ pos, kind: 'call', fn: f, args: a })
  const accu: Expr = { pos, kind: 'ident', name: ACCU }
  const [a, b, c, d] = args
  if (!target) {
    if (fn !== 'has' || args.length !== 1 || !a) return undefined
    return a.kind === 'select' ? { ...a, pos, test: true } : { pos: a.pos, message: 'invalid argument to has() macro' }
  }
  if (!a || !b) return undefined
  const wrong = (e: Expr, message: string): Issue => ({ pos: e.pos, message })
  const fold = (vars: readonly string[], init: Expr, condition: Expr, step: Expr, result: Expr = accu): Expr => ({
    pos,
    kind: 'comprehension',
    range: target,
    iterVar: vars[0] ?? '',
    ...(vars[1] === undefined ? {} : { iterVar2: vars[1] }),
    accuVar: ACCU,
    init,
    condition,
    step,
    result,
  })
  const quantifier = (vars: readonly string[], predicate: Expr): Expr => {
    if (fn === 'all') return fold(vars, lit(true), call('@not_strictly_false', accu), call('_&&_', accu, predicate))
    if (fn === 'exists')
      return fold(vars, lit(false), call('@not_strictly_false', call('!_', accu)), call('_||_', accu, predicate))
    return fold(
      vars,
      lit(0n),
      lit(true),
      call('_?_:_', predicate, call('_+_', accu, lit(1n)), accu),
      call('_==_', accu, lit(1n)),
    )
  }
  const listOfOne = (e: Expr): Expr => ({ pos, kind: 'list', elements: [{ value: e, optional: false }] })
  const emptyList: Expr = { pos, kind: 'list', elements: [] }
  const emptyMap: Expr = { pos, kind: 'map', entries: [] }
  const quantified = ['all', 'exists', 'exists_one', 'existsOne'].includes(fn)
  if (args.length === 2 || (fn === 'map' && args.length === 3)) {
    if (!quantified && !['map', 'filter', 'optMap', 'optFlatMap'].includes(fn)) return undefined
    if (a.kind !== 'ident')
      return wrong(
        a,
        quantified
          ? 'argument must be a simple name'
          : fn.startsWith('opt')
            ? `${fn}() variable name must be a simple identifier`
            : 'argument is not an identifier',
      )
    if (a.name === ACCU || a.name === '__result__')
      return wrong(a, 'iteration variable overwrites accumulator variable')
    if (quantified) return quantifier([a.name], b)
    if (fn === 'filter')
      return fold([a.name], emptyList, lit(true), call('_?_:_', b, call('_+_', accu, listOfOne(a)), accu))
    if (fn === 'map') {
      const step = call('_+_', accu, listOfOne(c ?? b))
      return fold([a.name], emptyList, lit(true), c ? call('_?_:_', b, step, accu) : step)
    }
    const value: Expr = { pos, kind: 'call', fn: 'value', target, args: [] }
    const bound: Expr = {
      pos,
      kind: 'comprehension',
      range: emptyList,
      iterVar: '#unused',
      accuVar: a.name,
      init: value,
      condition: lit(false),
      step: a,
      result: b,
    }
    return call(
      '_?_:_',
      { pos, kind: 'call', fn: 'hasValue', target, args: [] },
      fn === 'optMap' ? call('optional.of', bound) : bound,
      call('optional.none'),
    )
  }
  // two variables: index and element, or key and value
  const transforms = ['transformList', 'transformMap', 'transformMapEntry'].includes(fn)
  if (!(quantified && args.length === 3) && !(transforms && (args.length === 3 || args.length === 4))) return undefined
  for (const v of [a, b]) {
    if (v.kind !== 'ident') return wrong(v, 'argument must be a simple name')
    if (v.name === ACCU || v.name === '__result__')
      return wrong(v, 'iteration variable overwrites accumulator variable')
  }
  if (a.kind !== 'ident' || b.kind !== 'ident' || !c) return undefined
  if (a.name === b.name) return wrong(b, `duplicate variable name: ${a.name}`)
  const vars = [a.name, b.name]
  if (quantified) return quantifier(vars, c)
  const made = d ?? c
  const step =
    fn === 'transformList'
      ? call('_+_', accu, listOfOne(made))
      : fn === 'transformMap'
        ? call('cel.@mapInsert', accu, a, made)
        : call('cel.@mapInsert', accu, made)
  return fold(vars, fn === 'transformList' ? emptyList : emptyMap, lit(true), d ? call('_?_:_', c, step, accu) : step)
}

/** Reads an expression; without one there are issues. */
export function parse(text: string): { readonly expr?: Expr; readonly issues: readonly Issue[] } {
  const issues: Issue[] = []
  let expr: Expr | undefined
  try {
    expr = new Parser(text, issues).start()
  } catch (e) {
    if (!(e instanceof Stop)) throw e
  }
  return expr && issues.length === 0 ? { expr, issues } : { issues }
}
