// kubectl's JSONPath templates: parsed, evaluated and printed as client-go's util/jsonpath does, its quirks with ranges
// included.
import { sortedKeys, toJson } from './gojson.ts'
import { formatNumber, formatWhole, goType, goValue, isInt } from './goformat.ts'
import type { Numbers } from './goformat.ts'
import { unquoteGo } from './gounquote.ts'
import type { Json } from './object.ts'

/** A template that cannot be parsed, or does not fit the data; the message is client-go's. */
export class JsonPathError extends Error {}

interface Param {
  readonly known: boolean
  readonly value: number
  readonly derived: boolean
}
type Node =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'list' | 'union'; readonly nodes: readonly Node[] }
  | { readonly type: 'field' | 'identifier'; readonly name: string }
  | { readonly type: 'array'; readonly params: readonly [Param, Param, Param] }
  | {
      readonly type: 'filter'
      readonly left: readonly Node[]
      readonly right: readonly Node[]
      readonly operator: string
    }
  | { readonly type: 'literal'; readonly value: Literal }
  | { readonly type: 'wildcard' | 'recursive' }

/** A number or boolean of the template itself: Go compares it by its kind. */
class Literal {
  readonly kind: 'int' | 'float' | 'bool'
  readonly value: number | boolean
  constructor(kind: 'int' | 'float' | 'bool', value: number | boolean) {
    this.kind = kind
    this.value = value
  }
}
/** undefined is Go's zero reflect.Value, null a nil interface. */
export type PathValue = Json | Literal | undefined

const isDigit = (c: string): boolean => /\p{Nd}/u.test(c)
const isAlphaNumeric = (c: string): boolean => c === '_' || /[\p{L}\p{Nd}]/u.test(c)
const isTerminator = (c: string): boolean => c === '' || ' \t\r\n.,[]$@{}'.includes(c)

class Parser {
  readonly root: Node[] = []
  readonly #input: string
  #pos = 0
  #start = 0
  constructor(input: string) {
    this.#input = input
    this.#text()
  }

  #next(): string {
    const c = this.#input.codePointAt(this.#pos)
    if (c === undefined) return ''
    const ch = String.fromCodePoint(c)
    this.#pos += ch.length
    return ch
  }
  #peek(): string {
    const at = this.#pos
    const c = this.#next()
    this.#pos = at
    return c
  }
  #consume(): string {
    const text = this.#input.slice(this.#start, this.#pos)
    this.#start = this.#pos
    return text
  }
  #sees(prefix: string): boolean {
    return this.#input.startsWith(prefix, this.#pos)
  }

  #text(): void {
    for (;;) {
      const open = this.#input.indexOf('{', this.#pos)
      this.#pos = open < 0 ? this.#input.length : open
      if (this.#pos > this.#start) this.root.push({ type: 'text', text: this.#consume() })
      if (open < 0) return
      this.#pos++
      this.#consume()
      const nodes: Node[] = []
      this.root.push({ type: 'list', nodes })
      this.#action(nodes)
    }
  }

  #action(cur: Node[]): void {
    for (;;) {
      if (this.#sees('}')) {
        this.#pos++
        this.#consume()
        return
      }
      if (this.#sees('[?(')) {
        this.#filter(cur)
        continue
      }
      if (this.#sees('..')) {
        if (cur[cur.length - 1]?.type === 'recursive') throw new JsonPathError('invalid multiple recursive descent')
        this.#pos += 2
        this.#consume()
        cur.push({ type: 'recursive' })
        if (isAlphaNumeric(this.#peek())) this.#field(cur)
        continue
      }
      const at = this.#pos
      const c = this.#next()
      if (c === '' || c === '\r' || c === '\n') throw new JsonPathError('unclosed action')
      if (c === ' ' || c === '@' || c === '$') this.#consume()
      else if (c === '[') this.#array(cur)
      else if (c === '"' || c === "'") this.#quote(cur, c)
      else if (c === '.') this.#field(cur)
      else if (c === '+' || c === '-' || isDigit(c)) {
        this.#pos = at
        this.#number(cur)
      } else if (isAlphaNumeric(c)) {
        this.#pos = at
        this.#identifier(cur)
      } else
        throw new JsonPathError(
          `unrecognized character in action: U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')} '${c}'`,
        )
    }
  }

  #identifier(cur: Node[]): void {
    while (!isTerminator(this.#peek())) this.#next()
    const name = this.#consume()
    cur.push(
      name === 'true' || name === 'false'
        ? { type: 'literal', value: new Literal('bool', name === 'true') }
        : { type: 'identifier', name },
    )
  }

  #number(cur: Node[]): void {
    if ('+-'.includes(this.#peek())) this.#next()
    for (let c = this.#peek(); c === '.' || (c !== '' && isDigit(c)); c = this.#peek()) this.#next()
    const text = this.#consume()
    if (/^[-+]?\d+$/.test(text)) cur.push({ type: 'literal', value: new Literal('int', Number(text)) })
    else if (/^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(text))
      cur.push({ type: 'literal', value: new Literal('float', Number(text)) })
    else throw new JsonPathError(`cannot parse number ${text}`)
  }

  #array(cur: Node[]): void {
    for (let c = this.#next(); c !== ']'; c = this.#next())
      if (c === '' || c === '\n') throw new JsonPathError('unterminated array')
    let text = this.#consume().slice(1, -1)
    if (text === '*') text = ':'
    const parts = text.split(',')
    if (parts.length > 1) {
      cur.push({
        type: 'union',
        nodes: parts.map((p): Node => ({ type: 'list', nodes: parseAction(`[${p.replace(/^ +| +$/g, '')}]`) })),
      })
      return
    }
    const key = /^'([^']*)'$/.exec(text)
    if (key) {
      cur.push(...parseAction(`.${key[1] ?? ''}`))
      return
    }
    const m = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text)
    if (!m) throw new JsonPathError(`invalid array index ${text}`)
    const number = (s: string): number => {
      if (!/^-?\d+$/.test(s)) throw new JsonPathError(`array index ${s} is not a number`)
      return Number(s)
    }
    const first: Param = m[1]
      ? { known: true, value: number(m[1]), derived: false }
      : { known: false, value: 0, derived: false }
    const bound = (s: string | undefined): Param | undefined =>
      s === undefined
        ? undefined
        : s === ':'
          ? { known: false, value: 0, derived: false }
          : { known: true, value: number(s.slice(1)), derived: false }
    cur.push({
      type: 'array',
      params: [
        first,
        bound(m[2]) ?? { known: true, value: first.value + 1, derived: true },
        bound(m[3]) ?? { known: false, value: 0, derived: false },
      ],
    })
  }

  #filter(cur: Node[]): void {
    this.#pos += 3
    this.#consume()
    let begin = false
    let end = false
    let pair = ''
    for (;;) {
      const c = this.#next()
      if (c === '' || c === '\n') throw new JsonPathError('unterminated filter')
      if (c === '"' || c === "'") {
        if (!begin) {
          begin = true
          pair = c
        } else if (this.#input[this.#pos - 2] !== '\\' && c === pair) end = true
      } else if (c === ')' && begin === end) break
    }
    if (this.#next() !== ']') throw new JsonPathError('unclosed array expect ]')
    const text = this.#consume().slice(0, -2)
    const m = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text)
    if (m)
      cur.push({ type: 'filter', left: parseAction(m[1] ?? ''), right: parseAction(m[3] ?? ''), operator: m[2] ?? '' })
    else cur.push({ type: 'filter', left: parseAction(text), right: [], operator: 'exists' })
  }

  #quote(cur: Node[], quote: string): void {
    for (;;) {
      const c = this.#next()
      if (c === '' || c === '\n') throw new JsonPathError('unterminated quoted string')
      if (c === quote && this.#input[this.#pos - 2] !== '\\') break
    }
    cur.push({ type: 'text', text: unquote(this.#consume()) })
  }

  #field(cur: Node[]): void {
    this.#consume()
    for (let c = this.#peek(); !isTerminator(c); c = this.#peek()) {
      this.#next()
      if (c === '\\') this.#next()
    }
    const name = this.#consume()
    cur.push(name === '*' ? { type: 'wildcard' } : { type: 'field', name: name.replaceAll('\\', '') })
  }
}

/** The nodes of one action. */
function parseAction(text: string): readonly Node[] {
  const first = new Parser(`{${text}}`).root[0]
  return first?.type === 'list' ? first.nodes : []
}

/** A literal's text, in either kind of quotes. Throws JsonPathError. */
function unquote(literal: string): string {
  const text = unquoteGo(literal)
  if (text === undefined) throw new JsonPathError(`unquote string ${literal} error invalid syntax`)
  return text
}

const isList = (value: PathValue): value is readonly Json[] => Array.isArray(value)
const isMap = (value: PathValue): value is { readonly [key: string]: Json | undefined } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Literal)
const children = (value: PathValue): PathValue[] => {
  if (isList(value)) return [...value]
  if (isMap(value))
    return sortedKeys(value)
      .map((k) => value[k])
      .filter((v) => v !== undefined)
  if (typeof value === 'string') return [...new TextEncoder().encode(value)].map((b) => new Literal('int', b))
  return []
}

export interface JsonPathOptions {
  /** Fields that are missing give nothing instead of an error; the default. */
  readonly allowMissingKeys?: boolean
  /** Print every result as an indented JSON list. */
  readonly outputJson?: boolean
  readonly numbers?: Numbers
}

/** A parsed template. It keeps its place among ranges from one object to the next, as client-go's does. */
export class JsonPath {
  readonly #nodes: readonly Node[]
  readonly #options: JsonPathOptions
  readonly #numbers: Numbers
  #offset = 0
  #beginRange = 0
  #inRange = 0
  #endRange = 0
  #lastEnd = -1
  constructor(nodes: readonly Node[], options: JsonPathOptions) {
    this.#nodes = nodes
    this.#options = options
    this.#numbers = options.numbers ?? 'ints'
  }

  /** The template's text for an object. Throws JsonPathError. */
  execute(data: Json): string {
    let out = ''
    for (const results of this.findResults(data)) out += this.#print(results)
    return out
  }

  /** What each node of the template found. Throws JsonPathError. */
  findResults(data: PathValue): PathValue[][] {
    const full: PathValue[][] = []
    for (let i = this.#offset; i < this.#nodes.length; i++) {
      const node = this.#nodes[i]
      if (!node) break
      const results = this.#walk([data], node)
      if (this.#endRange > 0 && this.#endRange <= this.#inRange) {
        this.#endRange--
        this.#lastEnd = i
        break
      }
      if (this.#beginRange > 0) {
        this.#beginRange--
        this.#inRange++
        // An empty range is still walked once, to find its end.
        for (const value of results.length > 0 ? results : [undefined]) {
          this.#offset = i + 1
          const inner = this.findResults(value ?? undefined)
          if (results.length > 0) full.push(...inner)
        }
        this.#inRange--
        if (this.#lastEnd > i) i = this.#lastEnd
        continue
      }
      full.push(results)
    }
    return full
  }

  #print(results: readonly PathValue[]): string {
    if (this.#options.outputJson)
      return `${toJson(
        results.map((r) => (r instanceof Literal ? r.value : (r ?? null))),
        '    ',
      )}\n`
    return results.map((r) => this.#show(r)).join(' ')
  }

  #show(value: PathValue): string {
    if (value instanceof Literal)
      return typeof value.value === 'number'
        ? formatNumber(value.value, value.kind === 'int' ? 'ints' : 'floats')
        : String(value.value)
    if (value === undefined) return '<no value>'
    if (value === null) return 'null'
    if (typeof value === 'object') return toJson(value)
    if (typeof value === 'bigint') return formatWhole(value, this.#numbers)
    return typeof value === 'number' ? formatNumber(value, this.#numbers) : String(value)
  }

  #walk(input: readonly PathValue[], node: Node): PathValue[] {
    switch (node.type) {
      case 'list':
        return this.#list(input, node.nodes)
      case 'union':
        return node.nodes.flatMap((n) => this.#walk(input, n))
      case 'text':
        return [node.text]
      case 'literal':
        return input.map(() => node.value)
      case 'field':
        return this.#field(input, node.name)
      case 'array':
        return this.#array(input, node.params)
      case 'filter':
        return this.#filter(input, node)
      case 'wildcard':
        return input.flatMap(children)
      case 'recursive':
        return this.#recursive(input)
      case 'identifier':
        if (node.name === 'range') {
          this.#beginRange++
          return [...input]
        }
        if (node.name !== 'end') throw new JsonPathError(`unrecognized identifier ${node.name}`)
        if (this.#inRange <= 0) throw new JsonPathError('not in range, nothing to end')
        this.#endRange++
        return []
    }
  }

  #list(input: readonly PathValue[], nodes: readonly Node[]): PathValue[] {
    let current = [...input]
    for (const node of nodes) current = this.#walk(current, node)
    return current
  }

  #field(input: readonly PathValue[], name: string): PathValue[] {
    if (input.length === 0) return []
    const results: PathValue[] = []
    for (const value of input)
      if (isMap(value) && Object.hasOwn(value, name) && value[name] !== undefined) results.push(value[name])
    if (results.length === 0 && this.#options.allowMissingKeys === false)
      throw new JsonPathError(`${name} is not found`)
    return results
  }

  #typeName(value: PathValue): string {
    return value instanceof Literal ? (value.kind === 'float' ? 'float64' : value.kind) : goType(value, this.#numbers)
  }

  #array(input: readonly PathValue[], params: readonly [Param, Param, Param]): PathValue[] {
    const result: PathValue[] = []
    for (const value of input) {
      if (value === null) continue
      if (!isList(value)) throw new JsonPathError(`${this.#typeName(value)} is not array or slice`)
      const length = value.length
      let from = params[0].known ? params[0].value : 0
      if (from < 0) from += length
      let to = params[1].known ? params[1].value : length
      if (to < 0 || (to === 0 && params[1].derived)) to += length
      if (to === from) return result
      if (from >= length || from < 0)
        throw new JsonPathError(`array index out of bounds: index ${from}, length ${length}`)
      if (to > length || to < 0) throw new JsonPathError(`array index out of bounds: index ${to - 1}, length ${length}`)
      if (from > to) throw new JsonPathError(`starting index ${from} is greater than ending index ${to}`)
      const step = params[2].known ? params[2].value : 1
      if (step <= 0) throw new JsonPathError('step must be > 0')
      for (let i = from; i < to; i += step) result.push(value[i])
    }
    return result
  }

  #recursive(input: readonly PathValue[]): PathValue[] {
    const result: PathValue[] = []
    for (const value of input) {
      const below = children(value)
      if (below.length > 0) result.push(value, ...this.#recursive(below))
    }
    return result
  }

  #filter(input: readonly PathValue[], node: Extract<Node, { type: 'filter' }>): PathValue[] {
    const results: PathValue[] = []
    for (const value of input) {
      if (!isList(value)) {
        const shown =
          value === undefined
            ? '<invalid reflect.Value>'
            : value instanceof Literal
              ? String(value.value)
              : goValue(value, this.#numbers)
        throw new JsonPathError(`${shown} is not array or slice and cannot be filtered`)
      }
      for (const item of value) {
        if (node.operator === 'exists') {
          let found: PathValue[] = []
          try {
            found = this.#list([item], node.left)
          } catch (e) {
            if (!(e instanceof JsonPathError)) throw e
          }
          if (found.length > 0) results.push(item)
          continue
        }
        const lefts = this.#list([item], node.left)
        if (lefts.length === 0) continue
        if (lefts.length > 1) throw new JsonPathError('can only compare one element at a time')
        const rights = this.#list([item], node.right)
        if (rights.length === 0) continue
        if (rights.length > 1) throw new JsonPathError('can only compare one element at a time')
        if (this.#compare(lefts[0], rights[0], node.operator)) results.push(item)
      }
    }
    return results
  }

  #compare(left: PathValue, right: PathValue, operator: string): boolean {
    if (!['<', '>', '==', '!=', '<=', '>='].includes(operator))
      throw new JsonPathError(`unrecognized filter operator ${operator}`)
    const a = this.#basic(left)
    const b = this.#basic(right)
    if (a.kind !== b.kind) throw new JsonPathError('incompatible types for comparison')
    if (operator === '==') return a.value === b.value
    if (operator === '!=') return a.value !== b.value
    if (a.kind === 'bool') throw new JsonPathError('invalid type for comparison')
    const less = a.value < b.value
    const equal = a.value === b.value
    return operator === '<' ? less : operator === '<=' ? less || equal : operator === '>' ? !(less || equal) : !less
  }

  #basic(value: PathValue): { kind: 'int' | 'float' | 'bool' | 'string'; value: number | boolean | string } {
    if (value instanceof Literal) return { kind: value.kind, value: value.value }
    if (typeof value === 'string') return { kind: 'string', value }
    if (typeof value === 'boolean') return { kind: 'bool', value }
    if (typeof value === 'bigint') return { kind: 'int', value: Number(value) }
    if (typeof value === 'number') return { kind: isInt(value, this.#numbers) ? 'int' : 'float', value }
    throw new JsonPathError('invalid type for comparison')
  }
}

/** Parses a template. Throws JsonPathError. */
export function parseJsonPath(text: string, options: JsonPathOptions = {}): JsonPath {
  return new JsonPath(new Parser(text).root, options)
}

/**
 * The steps of a template of one expression, `{.a.b}`: field names, and the kinds of other nodes. Throws JsonPathError.
 */
export function pathSteps(text: string): readonly { readonly type: string; readonly name?: string }[] {
  const [root] = new Parser(text).root
  return root && 'nodes' in root ? root.nodes : []
}

/** A result as JSON; numbers and booleans of the template are values like others. */
export function resultValue(value: PathValue): Json {
  return value instanceof Literal ? value.value : (value ?? null)
}

/**
 * `metadata.name`, `.metadata.name`, `{metadata.name}` and `{.metadata.name}` are all the last one: --sort-by and
 * custom columns. Throws JsonPathError.
 */
export function relaxedJsonPath(text: string): string {
  if (text === '') return text
  const m = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(text)
  if (!m)
    throw new JsonPathError(
      "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
    )
  return `{.${m[1] || (m[2] ?? '')}}`
}
