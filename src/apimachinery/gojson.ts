// JSON as Go's encoding/json writes it: keys sorted, < > & and line separators escaped, Go's number texts, Indent.
import type { Json } from './object.ts'

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f' }
const NEEDS = /["\\<>&\u0000-\u001f\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
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

/** Keys in Go's order: by bytes of UTF-8, which is code point order. */
export function sortedKeys(value: object): string[] {
  const keys = Object.keys(value)
  keys.sort()
  // UTF-16 order differs from code point order only where surrogates meet U+E000 and above.
  if (keys.some((k) => /[\ud800-\udfff]/.test(k))) keys.sort(compareRunes)
  return keys
}

/** Compares by code points, as Go compares strings. */
export function compareRunes(a: string, b: string): number {
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
  if (isList(value)) return `[${value.map(compact).join(',')}]`
  const parts: string[] = []
  for (const k of sortedKeys(value)) { const v = value[k]; if (v !== undefined) parts.push(`${jsonString(k)}:${compact(v)}`) }
  return `{${parts.join(',')}}`
}

const isList = (value: unknown): value is readonly Json[] => Array.isArray(value)

function pretty(value: Json | undefined, indent: string, newline: string): string {
  if (value === null || typeof value !== 'object') return compact(value)
  const inner = newline + indent
  if (isList(value)) return value.length === 0 ? '[]' : `[${inner}${value.map((v) => pretty(v, indent, inner)).join(`,${inner}`)}${newline}]`
  const parts: string[] = []
  for (const k of sortedKeys(value)) { const v = value[k]; if (v !== undefined) parts.push(`${jsonString(k)}: ${pretty(v, indent, inner)}`) }
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
      if (text[next] === '}' || text[next] === ']') { out += ch + text[next]; i = next } else { newline += indent; out += ch + newline }
    } else if (ch === '}' || ch === ']') {
      newline = newline.slice(0, newline.length - indent.length)
      out += newline + ch
    } else if (ch === ',') out += ',' + newline
    else if (ch === ':') out += ': '
    else if (!/\s/.test(ch)) out += ch
  }
  return out
}
