// JSON as Go's encoding/json writes it: keys sorted, < > & and line separators escaped, Go's number texts, Indent.
import { readJson } from './bigint.ts'
import type { Json } from './object.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
}
const NEEDS =
  /["\\<>&\u0000-\u001f\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const PLAIN = /^[\x20\x21\x23-\x25\x27-\x3b\x3d\x3f-\x5b\x5d-\x7f]*$/
const escapeOne = (ch: string): string => {
  const known = ESCAPES[ch]
  if (known !== undefined) return known
  const code = ch.charCodeAt(0)
  return code >= 0xd800 && code < 0xe000 ? '\\ufffd' : `\\u${code.toString(16).padStart(4, '0')}`
}

/** A string as a JSON literal, HTML characters escaped. */
export function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : `"${text.replace(NEEDS, escapeOne)}"`
}

/** A number as Go writes it in JSON. */
export function jsonNumber(n: number): string {
  return Object.is(n, -0) ? '-0' : String(n)
}

/** A float as Go's %v and strconv's shortest 'g' print it: with an exponent below -4 and from 6 on. */
export function formatFloat(n: number): string {
  if (Number.isNaN(n)) return 'NaN'
  if (!Number.isFinite(n)) return n > 0 ? '+Inf' : '-Inf'
  if (n === 0) return Object.is(n, -0) ? '-0' : '0'
  const [mantissa = '', exponent = '0'] = Math.abs(n).toExponential().split('e')
  const e = Number(exponent)
  const digits = mantissa.replace('.', '')
  const sign = n < 0 ? '-' : ''
  if (e < -4 || e >= 6) return `${sign}${mantissa}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`
  if (e < 0) return `${sign}0.${'0'.repeat(-e - 1)}${digits}`
  if (digits.length <= e + 1) return sign + digits.padEnd(e + 1, '0')
  return `${sign}${digits.slice(0, e + 1)}.${digits.slice(e + 1)}`
}

/** Keys in Go's order: by bytes of UTF-8, which is code point order. */
export function sortedKeys(value: object): string[] {
  const keys = Object.keys(value)
  if (keys.length < 2) return keys
  keys.sort()
  // UTF-16 order differs from code point order only where surrogates meet U+E000 and above.
  if (keys.some((k) => /[\ud800-\udfff]/.test(k))) keys.sort(compareRunes)
  return keys
}

/** Compares by code points, as Go compares strings. */
function compareRunes(a: string, b: string): number {
  const x = Array.from(a)
  const y = Array.from(b)
  for (let i = 0; i < x.length && i < y.length; i++) {
    const d = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0)
    if (d !== 0) return d
  }
  return x.length - y.length
}

/** JSON with sorted keys; with `indent` one item a line, as MarshalIndent does. Undefined fields are left out. */
export function toJson(value: Json | undefined, indent = ''): string {
  return indent === '' ? compact(value) : pretty(value, indent, '\n')
}

function compact(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return jsonString(value)
  if (typeof value === 'number') return jsonNumber(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'bigint') return String(value)
  if (isList(value)) return `[${value.map(compact).join(',')}]`
  const parts: string[] = []
  for (const k of sortedKeys(value)) {
    const v = value[k]
    if (v !== undefined) parts.push(`${jsonString(k)}:${compact(v)}`)
  }
  return `{${parts.join(',')}}`
}

const isList = (value: unknown): value is readonly Json[] => Array.isArray(value)

function pretty(value: Json | undefined, indent: string, newline: string): string {
  if (value === null || typeof value !== 'object') return compact(value)
  const inner = newline + indent
  if (isList(value))
    return value.length === 0
      ? '[]'
      : `[${inner}${value.map((v) => pretty(v, indent, inner)).join(`,${inner}`)}${newline}]`
  const parts: string[] = []
  for (const k of sortedKeys(value)) {
    const v = value[k]
    if (v !== undefined) parts.push(`${jsonString(k)}: ${pretty(v, indent, inner)}`)
  }
  return parts.length === 0 ? '{}' : `{${inner}${parts.join(`,${inner}`)}${newline}}`
}

/** Indents JSON text without touching the order of its keys, as Go's json.Indent does. */
export function indentJson(text: string, indent: string): string {
  let out = ''
  let newline = '\n'
  for (let i = 0; i < text.length; i++) {
    const ch = text[i] ?? ''
    if (ch === '"') {
      let end = i + 1
      while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
      out += text.slice(i, end + 1)
      i = end
    } else if (ch === '{' || ch === '[') {
      let next = i + 1
      while (/\s/.test(text[next] ?? '')) next++
      if (text[next] === '}' || text[next] === ']') {
        out += ch + text[next]
        i = next
      } else {
        newline += indent
        out += ch + newline
      }
    } else if (ch === '}' || ch === ']') {
      newline = newline.slice(0, newline.length - indent.length)
      out += newline + ch
    } else if (ch === ',') out += ',' + newline
    else if (ch === ':') out += ': '
    else if (!/\s/.test(ch)) out += ch
  }
  return out
}

/** Text that is no JSON, in the words of Go's encoding/json; `offset` is the byte after the bad one. */
export class JsonSyntaxError extends Error {
  readonly offset: number
  /** The text ended where more had to come: who reads a stream waits for it. */
  readonly ended: boolean
  constructor(message: string, offset: number, ended = false) {
    super(message)
    this.offset = offset
    this.ended = ended
  }
}

/**
 * Where the JSON value that begins at `pos` ends, or undefined where it has no end. Only brackets and quotes are looked
 * at.
 */
export function jsonValueEnd(text: string, pos: number): number | undefined {
  let depth = 0
  for (let i = pos; i < text.length; i++) {
    const ch = text[i]
    if (ch === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
      if (i >= text.length) return undefined
      if (depth === 0) return i + 1
    } else if (ch === '{' || ch === '[') depth++
    else if (ch === '}' || ch === ']') {
      if (--depth <= 0) return i + 1
    } else if (depth === 0 && /[\s,:]/.test(ch ?? '')) return i
  }
  return depth === 0 ? text.length : undefined
}

/** JSON.parse with Go's errors: `invalid character 'x' looking for beginning of value`. Throws JsonSyntaxError. */
export function parseJson(text: string): Json {
  let value: Json
  try {
    value = readJson(text) as Json
  } catch {
    throw findSyntaxError(text)
  }
  if (text.includes('__proto__')) refuseProto(value)
  return value
}

function refuseProto(value: Json | undefined): void {
  if (typeof value !== 'object' || value === null) return
  if (Object.hasOwn(value, '__proto__')) throw new JsonSyntaxError('key "__proto__" is not allowed', 0)
  for (const v of Object.values(value)) refuseProto(v)
}

/** Go's name of a character in such errors. */
function quoteChar(ch: string): string {
  if (ch === "'") return `'\\''`
  if (ch === '"') return `'"'`
  const c = ch.codePointAt(0) ?? 0
  const known: Readonly<Record<string, string>> = {
    '\n': '\\n',
    '\t': '\\t',
    '\r': '\\r',
    '\\': '\\\\',
    '\b': '\\b',
    '\f': '\\f',
    '\v': '\\v',
    '\u0007': '\\a',
  }
  if (known[ch] !== undefined) return `'${known[ch]}'`
  return c < 0x20 || c === 0x7f ? `'\\x${c.toString(16).padStart(2, '0')}'` : `'${ch}'`
}

/** Walks the text as Go's scanner does, to the character it would refuse. */
function findSyntaxError(text: string): JsonSyntaxError {
  let i = 0
  class Bad extends Error {}
  const bytes = (end: number): number => new TextEncoder().encode(text.slice(0, end)).length
  let result = new JsonSyntaxError('unexpected end of JSON input', bytes(text.length), true)
  const bad = (context: string): Bad => {
    // Go's scanner reads bytes: of a character outside ASCII it names the first one.
    const first = Array.from(text.slice(i, i + 2))[0]
    const ch =
      first !== undefined && first > '\x7f' ? String.fromCharCode(new TextEncoder().encode(first)[0] ?? 0) : first
    // at the end the scanner is given a blank, which is nothing between values
    if (ch === undefined && /^(in|after decimal point) /.test(context))
      result = new JsonSyntaxError(`invalid character ' ' ${context}`, bytes(i), true)
    if (ch !== undefined) result = new JsonSyntaxError(`invalid character ${quoteChar(ch)} ${context}`, bytes(i) + 1)
    return new Bad()
  }
  const space = (): void => {
    while (' \t\r\n'.includes(text[i] ?? 'x')) i++
  }
  const string = (): void => {
    for (i++; ; i++) {
      const ch = text[i]
      if (ch === undefined) throw new Bad()
      if (ch === '"') {
        i++
        return
      }
      if (ch < ' ') throw bad('in string literal')
      if (ch === '\\') {
        i++
        const e = text[i]
        if (e === 'u')
          for (let k = 0; k < 4; k++) {
            i++
            if (!/[0-9a-fA-F]/.test(text[i] ?? ' ')) throw bad('in \\u hexadecimal character escape')
          }
        else if (e === undefined || !'bfnrt\\/"'.includes(e)) throw bad('in string escape code')
      }
    }
  }
  const literal = (word: string): void => {
    for (let k = 0; k < word.length; k++, i++)
      if (text[i] !== word[k]) throw bad(`in literal ${word} (expecting ${quoteChar(word[k] ?? '')})`)
  }
  const digits = (): void => {
    while (/[0-9]/.test(text[i] ?? 'x')) i++
  }
  const numberValue = (): void => {
    if (text[i] === '-') {
      i++
      if (!/[0-9]/.test(text[i] ?? 'x')) throw bad('in numeric literal')
    }
    if (text[i] === '0') i++
    else digits()
    if (text[i] === '.') {
      i++
      if (!/[0-9]/.test(text[i] ?? 'x')) throw bad('after decimal point in numeric literal')
      digits()
    }
    if (/[eE]/.test(text[i] ?? 'x')) {
      i++
      if (/[-+]/.test(text[i] ?? 'x')) i++
      if (!/[0-9]/.test(text[i] ?? 'x')) throw bad('in exponent of numeric literal')
      digits()
    }
  }
  const value = (depth: number): void => {
    if (depth > 10_000) {
      result = new JsonSyntaxError('exceeded max depth', bytes(i))
      throw new Bad()
    }
    space()
    const ch = text[i]
    if (ch === '{') {
      i++
      space()
      if (text[i] === '}') {
        i++
        return
      }
      for (;;) {
        space()
        if (text[i] !== '"') throw bad('looking for beginning of object key string')
        string()
        space()
        if (text[i] !== ':') throw bad('after object key')
        i++
        value(depth + 1)
        space()
        if (text[i] === '}') {
          i++
          return
        }
        if (text[i] !== ',') throw bad('after object key:value pair')
        i++
      }
    } else if (ch === '[') {
      i++
      space()
      if (text[i] === ']') {
        i++
        return
      }
      for (;;) {
        value(depth + 1)
        space()
        if (text[i] === ']') {
          i++
          return
        }
        if (text[i] !== ',') throw bad('after array element')
        i++
      }
    } else if (ch === '"') string()
    else if (ch === 't') literal('true')
    else if (ch === 'f') literal('false')
    else if (ch === 'n') literal('null')
    else if (ch !== undefined && /[-0-9]/.test(ch)) numberValue()
    else throw bad('looking for beginning of value')
  }
  try {
    value(0)
    space()
    if (i < text.length) throw bad('after top-level value')
  } catch (e) {
    if (!(e instanceof Bad) && !(e instanceof RangeError)) throw e
  }
  return result
}
