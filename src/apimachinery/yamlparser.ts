// YAML tokens to JSON values as sigs.k8s.io/yaml and go-yaml v2 read them: YAML 1.1 booleans, octal numbers, merge
// keys, bounded aliases, keys turned into strings.
import { wholeNumber } from './bigint.ts'
import { formatFloat } from './gojson.ts'
import { goQuote } from './gostring.ts'
import type { Json } from './object.ts'
import { syntaxError, YamlSyntaxError } from './yamlreader.ts'
import { Scanner, type Token } from './yamlscanner.ts'

interface Node {
  readonly value: Json
  /** How many nodes it takes to decode: what aliases multiply. */
  readonly count: number
  /** A mapping key `<<`. */
  readonly merge?: boolean
  /** A number that Go holds as a float: keys print it so. */
  readonly float?: boolean
}
interface Anchor {
  node?: Node
}

const TRUE = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'])
const FALSE = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'])
const NULL = new Set(['', '~', 'null', 'Null', 'NULL'])
const INFINITE: ReadonlyMap<string, number> = new Map([
  ['.nan', NaN],
  ['.NaN', NaN],
  ['.NAN', NaN],
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((s) => [s, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((s) => [s, -Infinity] as const),
])
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
const LONG = 'tag:yaml.org,2002:'

export type Resolved = { readonly tag: '!!bool' | '!!null' | '!!int' | '!!float' | '!!str'; readonly value: Json }

/** What a plain scalar means. */
export function resolvePlain(text: string): Resolved {
  const c = text.charCodeAt(0)
  // Most scalars start with a letter that no special word starts with.
  if (NULL.has(text)) return { tag: '!!null', value: null }
  if (TRUE.has(text)) return { tag: '!!bool', value: true }
  if (FALSE.has(text)) return { tag: '!!bool', value: false }
  if (c === 46 || c === 43 || c === 45 || (c >= 48 && c <= 57)) {
    const special = INFINITE.get(text)
    if (special !== undefined) return { tag: '!!float', value: special }
    if (c === 46)
      return /^\.[0-9]+([eE][-+]?[0-9]+)?$/.test(text)
        ? { tag: '!!float', value: Number(text) }
        : { tag: '!!str', value: text }
    const number = text.replaceAll('_', '')
    const int = integer(number)
    if (int !== undefined) return { tag: '!!int', value: int }
    if (FLOAT.test(number)) {
      const value = Number(number)
      if (Number.isFinite(value)) return { tag: '!!float', value }
    }
  }
  return { tag: '!!str', value: text }
}

/** Go's ParseInt(text, 0, 64) or ParseUint: 0x1f, 0o17, 017, 0b11. */
function integer(text: string): number | bigint | undefined {
  const m = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]*))$/.exec(text)
  if (!m) return undefined
  const [, sign, hex, octal, binary, decimal] = m
  const value =
    decimal !== undefined
      ? BigInt(decimal)
      : hex !== undefined
        ? BigInt(`0x${hex}`)
        : octal !== undefined
          ? BigInt(`0o${octal}`)
          : BigInt(`0b${binary ?? ''}`)
  if (value > (sign === '-' ? 2n ** 63n : sign === '+' ? 2n ** 63n - 1n : 2n ** 64n - 1n)) return undefined
  return wholeNumber(sign === '-' ? -value : value) || 0
}

const shortTag = (tag: string): string => (tag.startsWith(LONG) ? `!!${tag.slice(LONG.length)}` : tag)
const RESOLVABLE = new Set(['!!str', '!!bool', '!!int', '!!float', '!!null', '!!timestamp'])

/** What go-yaml v3 makes of words that v2 takes for booleans and dates: kustomize reads resources with it. */
function resolveV3(text: string): Resolved {
  const found = resolvePlain(text)
  if (found.tag === '!!bool' && !/^(?:true|True|TRUE|false|False|FALSE)$/.test(text))
    return { tag: '!!str', value: text }
  if (found.tag === '!!str' && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)))
    return { tag: '!!str', value: `${text}T00:00:00Z` }
  return found
}

/**
 * The first document of a text; `v3` reads scalars as go-yaml v3 does. Throws YamlSyntaxError with go-yaml's sentence.
 */
export function parseFirstDocument(text: string, v3 = false): Json {
  return new Parser(new Scanner(text, v3), v3).document()
}

class Parser {
  readonly #scanner: Scanner
  readonly #tags = new Map<string, string>()
  readonly #anchors = new Map<string, Anchor>()
  #decoded = 1
  #aliased = 0
  /** go-yaml reads the whole document before it decodes: what decoding refuses comes after what reading refuses. */
  #deferred: YamlSyntaxError | undefined
  readonly #resolve: (text: string) => Resolved
  readonly #v3: boolean
  constructor(scanner: Scanner, v3: boolean) {
    this.#scanner = scanner
    this.#v3 = v3
    this.#resolve = v3 ? resolveV3 : resolvePlain
  }

  /** The line an error tells: where it was found, or, for v3, where what is read began. */
  #line(found: number, start: number): number {
    return this.#v3 ? start || found : found || start
  }

  document(): Json {
    let token = this.#scanner.peek()
    if (token.type === 'streamEnd') return null
    let explicit = false
    let version = false
    while (token.type === 'version' || token.type === 'tagDirective') {
      explicit = true
      if (token.type === 'version') {
        if (version) throw syntaxError('found duplicate %YAML directive', token.line)
        if (token.value !== '1.1') throw syntaxError('found incompatible YAML document', token.line)
        version = true
      } else {
        if (this.#tags.has(token.value)) throw syntaxError('found duplicate %TAG directive', token.line)
        this.#tags.set(token.value, token.suffix)
      }
      token = this.#next()
    }
    if (!this.#tags.has('!')) this.#tags.set('!', '!')
    if (!this.#tags.has('!!')) this.#tags.set('!!', LONG)
    if (explicit && token.type !== 'documentStart')
      throw syntaxError('did not find expected <document start>', token.line)
    let node: Node
    if (token.type === 'documentStart') {
      token = this.#next()
      const empty =
        token.type === 'version' ||
        token.type === 'tagDirective' ||
        token.type === 'documentStart' ||
        token.type === 'documentEnd' ||
        token.type === 'streamEnd'
      node = empty ? EMPTY : this.#node(true, false)
    } else node = this.#node(true, false)
    this.#scanner.peek()
    if (this.#deferred) throw this.#deferred
    return node.value
  }

  #next(): Token {
    this.#scanner.skip()
    return this.#scanner.peek()
  }

  #refuse(message: string): void {
    this.#deferred ??= new YamlSyntaxError(`yaml: ${message}`)
  }

  #node(block: boolean, indentless: boolean): Node {
    const scanner = this.#scanner
    let token = scanner.peek()
    if (token.type === 'alias') {
      scanner.skip()
      return this.#alias(token.value)
    }
    const start = token.line
    let anchor: string | undefined
    let tag: string | undefined
    for (;;) {
      if (token.type === 'anchor' && anchor === undefined) {
        anchor = token.value
        token = this.#next()
      } else if (token.type === 'tag' && tag === undefined) {
        if (token.value === '') tag = token.suffix
        else {
          const prefix = this.#tags.get(token.value)
          const whole = prefix === undefined ? '' : prefix + token.suffix
          if (whole === '') throw syntaxError('found undefined tag handle', this.#line(token.line, start))
          tag = whole
        }
        token = this.#next()
      } else break
    }
    const slot: Anchor = {}
    if (anchor !== undefined) this.#anchors.set(anchor, slot)
    const node = this.#content(token, block, indentless, tag, anchor !== undefined || tag !== undefined, start)
    slot.node = node
    return node
  }

  #content(
    token: Token,
    block: boolean,
    indentless: boolean,
    tag: string | undefined,
    hasProperties: boolean,
    start: number,
  ): Node {
    const scanner = this.#scanner
    if (indentless && token.type === '-') return this.#indentless()
    switch (token.type) {
      case 'scalar':
        scanner.skip()
        return this.#scalar(token.value, tag, (tag === undefined && token.plain) || tag === '!')
      case '[':
        return this.#flowSequence(token.line)
      case '{':
        return this.#flowMapping(token.line)
      case 'blockSequence':
        if (block) return this.#blockSequence(token.line)
        break
      case 'blockMapping':
        if (block) return this.#blockMapping(token.line)
        break
    }
    if (hasProperties) return this.#scalar('', tag, tag === undefined)
    throw syntaxError('did not find expected node content', this.#line(token.line, start))
  }

  #count(n: number): void {
    this.#decoded += n
  }

  #alias(name: string): Node {
    const anchor = this.#anchors.get(name)
    if (!anchor) throw new YamlSyntaxError(`yaml: unknown anchor '${name}' referenced`)
    this.#count(1)
    const node = anchor.node
    if (!node) {
      this.#refuse(`anchor '${name}' value contains itself`)
      return EMPTY
    }
    this.#decoded += node.count
    this.#aliased += node.count
    const ratio =
      this.#decoded <= 400_000
        ? 0.99
        : this.#decoded >= 4_000_000
          ? 0.1
          : 0.99 - 0.89 * ((this.#decoded - 400_000) / 3_600_000)
    if (this.#aliased > 100 && this.#decoded > 1000 && this.#aliased / this.#decoded > ratio)
      throw this.#deferred ?? new YamlSyntaxError('yaml: document contains excessive aliasing')
    return { value: node.value, count: node.count + 1, ...(node.float ? { float: true } : {}) }
  }

  #scalar(text: string, tag: string | undefined, implicit: boolean): Node {
    this.#count(1)
    const merge = text === '<<' && (implicit || tag === `${LONG}merge`)
    if (tag === undefined || tag === '!') {
      if (!implicit || tag === '!') return { value: text, count: 1, merge }
      const { value, tag: kind } = this.#resolve(text)
      return kind === '!!float' ? { value, count: 1, float: true } : { value, count: 1, merge }
    }
    const want = shortTag(tag)
    if (want === '!!binary') {
      const clean = text.replace(/[\r\n]/g, '')
      if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(clean))
        this.#refuse('!!binary value contains invalid base64 data')
      else return { value: new TextDecoder().decode(Uint8Array.from(atob(clean), (ch) => ch.charCodeAt(0))), count: 1 }
      return EMPTY
    }
    if (!RESOLVABLE.has(want) || want === '!!str') return { value: text, count: 1, merge }
    const found = resolvePlain(text)
    if (found.tag === want || (want === '!!float' && found.tag === '!!int'))
      return { value: found.value, count: 1, float: want === '!!float' }
    if (want === '!!timestamp' && /^\d{4}-\d{1,2}-\d{1,2}/.test(text)) return { value: text, count: 1 }
    this.#refuse(`cannot decode ${found.tag} \`${text}\` as a ${want}`)
    return EMPTY
  }

  #blockSequence(start: number): Node {
    const items: Json[] = []
    let count = 1
    this.#count(1)
    let token = this.#next()
    while (token.type === '-') {
      token = this.#next()
      const node = token.type !== '-' && token.type !== 'blockEnd' ? this.#node(true, false) : this.#empty()
      items.push(node.value)
      count += node.count
      token = this.#scanner.peek()
    }
    if (token.type !== 'blockEnd')
      throw syntaxError("did not find expected '-' indicator", this.#line(token.line, start))
    this.#scanner.skip()
    return { value: items, count }
  }

  #indentless(): Node {
    const items: Json[] = []
    let count = 1
    this.#count(1)
    let token = this.#scanner.peek()
    while (token.type === '-') {
      token = this.#next()
      const node =
        token.type !== '-' && token.type !== 'key' && token.type !== 'value' && token.type !== 'blockEnd'
          ? this.#node(true, false)
          : this.#empty()
      items.push(node.value)
      count += node.count
      token = this.#scanner.peek()
    }
    return { value: items, count }
  }

  #blockMapping(start: number): Node {
    const map = new Mapping((m) => this.#refuse(m))
    this.#count(1)
    let token = this.#next()
    const ends = (t: Token): boolean => t.type === 'key' || t.type === 'value' || t.type === 'blockEnd'
    while (token.type === 'key') {
      const line = token.line
      token = this.#next()
      const key = ends(token) ? this.#empty() : this.#node(true, true)
      token = this.#scanner.peek()
      let value = EMPTY
      if (token.type === 'value') {
        token = this.#next()
        value = ends(token) ? this.#empty() : this.#node(true, true)
        token = this.#scanner.peek()
      } else this.#count(1)
      map.set(key, value, line)
    }
    if (token.type !== 'blockEnd') throw syntaxError('did not find expected key', this.#line(token.line, start))
    this.#scanner.skip()
    return map.node()
  }

  #empty(): Node {
    this.#count(1)
    return EMPTY
  }

  #flowSequence(start: number): Node {
    const items: Json[] = []
    let count = 1
    this.#count(1)
    let token = this.#next()
    for (let first = true; token.type !== ']'; first = false) {
      if (!first) {
        if (token.type !== ',') throw syntaxError("did not find expected ',' or ']'", this.#line(token.line, start))
        token = this.#next()
      }
      if (token.type === ']') break
      let node: Node
      if (token.type === 'key') {
        // `[a: b]` is a list with one small mapping.
        const line = token.line
        const map = new Mapping((m) => this.#refuse(m))
        this.#count(1)
        token = this.#next()
        let key = EMPTY
        if (token.type !== 'value' && token.type !== ',' && token.type !== ']') {
          key = this.#node(false, false)
          token = this.#scanner.peek()
        } else {
          this.#count(1)
          if (token.type !== 'value') token = this.#next()
        }
        let value = EMPTY
        if (token.type === 'value') {
          token = this.#next()
          if (token.type !== ',' && token.type !== ']') value = this.#node(false, false)
          else this.#count(1)
        } else this.#count(1)
        map.set(key, value, line)
        node = map.node()
      } else node = this.#node(false, false)
      items.push(node.value)
      count += node.count
      token = this.#scanner.peek()
    }
    this.#scanner.skip()
    return { value: items, count }
  }

  #flowMapping(start: number): Node {
    const map = new Mapping((m) => this.#refuse(m))
    this.#count(1)
    let token = this.#next()
    for (let first = true; token.type !== '}'; first = false) {
      if (!first) {
        if (token.type !== ',') throw syntaxError("did not find expected ',' or '}'", this.#line(token.line, start))
        token = this.#next()
      }
      if (token.type === '}') break
      const line = token.line
      if (token.type === 'key') {
        token = this.#next()
        const key =
          token.type !== 'value' && token.type !== ',' && token.type !== '}' ? this.#node(false, false) : this.#empty()
        token = this.#scanner.peek()
        let value = EMPTY
        if (token.type === 'value') {
          token = this.#next()
          value = token.type !== ',' && token.type !== '}' ? this.#node(false, false) : this.#empty()
        } else this.#count(1)
        map.set(key, value, line)
      } else {
        const key = this.#node(false, false)
        this.#count(1)
        map.set(key, EMPTY, line)
      }
      token = this.#scanner.peek()
    }
    this.#scanner.skip()
    return map.node()
  }
}

const EMPTY: Node = { value: null, count: 1 }

/** Entries in the order of the text: a later key wins, a merge writes what is merged at its place. */
class Mapping {
  readonly #value: Record<string, Json> = {}
  readonly #refuse: (message: string) => void
  #count = 1
  constructor(refuse: (message: string) => void) {
    this.#refuse = refuse
  }

  set(key: Node, value: Node, line: number): void {
    this.#count += key.count + value.count
    if (key.merge) {
      this.#merge(value.value)
      return
    }
    const k = key.value
    if (typeof k === 'object' && k !== null) {
      this.#refuse(`invalid map key: ${goSyntax(k)}`)
      return
    }
    if (k === null) {
      this.#refuse(
        `${UNPREFIXED}unsupported map key of type: %!s(<nil>), key: <nil>, value: ${value.value === null ? '<nil>' : goSyntax(value.value)}`,
      )
      return
    }
    const name = typeof k === 'number' ? keyNumber(k, key.float === true) : String(k)
    if (name === '__proto__') {
      this.#refuse(`line ${line + 1}: key "__proto__" is not allowed`)
      return
    }
    this.#value[name] = value.value
  }

  #merge(value: Json): void {
    const maps: readonly Json[] = Array.isArray(value) ? [...(value as readonly Json[])].reverse() : [value]
    for (const m of maps) {
      if (typeof m !== 'object' || m === null || Array.isArray(m)) {
        this.#refuse('map merge requires map or sequence of maps as the value')
        return
      }
      for (const [k, v] of Object.entries(m)) if (v !== undefined) this.#value[k] = v
    }
  }

  node(): Node {
    return { value: this.#value, count: this.#count }
  }
}

/** Marks a message of the step after go-yaml, which has no `yaml: ` before it. */
export const UNPREFIXED = '\u0001'

function keyNumber(n: number, float: boolean): string {
  if (!float) return String(n)
  if (Number.isNaN(n)) return '.nan'
  if (!Number.isFinite(n)) return n > 0 ? '.inf' : '-.inf'
  return formatFloat(shortest32(n))
}

/** The shortest decimal that is the same 32-bit float: keys are written with that precision. */
function shortest32(n: number): number {
  const f = Math.fround(n)
  for (let p = 1; p <= 9; p++) {
    const s = Number(f.toPrecision(p))
    if (Math.fround(s) === f) return s
  }
  return n
}

/** Go's %#v of what go-yaml decodes. */
function goSyntax(value: Json): string {
  if (value === null) return 'interface {}(nil)'
  if (typeof value === 'string') return goQuote(value)
  if (typeof value === 'number') return formatFloat(value)
  if (typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `[]interface {}{${(value as readonly Json[]).map(goSyntax).join(', ')}}`
  return `map[interface {}]interface {}{${Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${goQuote(k)}:${goSyntax(v ?? null)}`)
    .join(', ')}}`
}
