// Go's ways to print a value inside a message: %q for strings, %v for numbers, JSON-like forms for the rest, as field
// errors and fmt print them.
import { writeJson } from './bigint.ts'

/**
 * A value as a field error shows it: strings quoted as %q, numbers and booleans plain, null as "null", objects and
 * lists as JSON.
 */
export function goString(value: unknown): string {
  if (typeof value === 'string') return goQuote(value)
  if (value === null || value === undefined) return '"null"'
  if (value instanceof GoText) return value.text
  if (typeof value === 'object') return writeJson(value)
  return String(value)
}

/**
 * A value that messages print as it stands: Go syntax (%#v) of a struct or list, or the words of a type with String().
 */
export class GoText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** %#v of a list of strings: `[]string{"a", "b"}`, `[]string(nil)` when there is none. */
export function goStrings(values: readonly string[] | undefined, type = 'string'): GoText {
  return new GoText(values ? `[]${type}{${values.map(goQuote).join(', ')}}` : `[]${type}(nil)`)
}

/**
 * %#v of a struct: `core.ServicePort{Name:"", Port:80}`. Values are printed as goString prints them: give GoText for
 * anything else.
 */
export function goStruct(type: string, fields: Readonly<Record<string, unknown>>): GoText {
  return new GoText(
    `${type}{${Object.entries(fields)
      .map(([k, v]) => `${k}:${goString(v)}`)
      .join(', ')}}`,
  )
}

/** Go's %q: printable Unicode stays, control characters are escaped. */
export function goQuote(text: string): string {
  let out = '"'
  for (const ch of text) {
    const code = ch.codePointAt(0) ?? 0
    if (ch === '"' || ch === '\\') out += '\\' + ch
    else if (ch === '\n') out += '\\n'
    else if (ch === '\t') out += '\\t'
    else if (ch === '\r') out += '\\r'
    else if (ch === '\u0007') out += '\\a'
    else if (ch === '\b') out += '\\b'
    else if (ch === '\f') out += '\\f'
    else if (ch === '\v') out += '\\v'
    else if (code < 0x20 || code === 0x7f) out += '\\x' + code.toString(16).padStart(2, '0')
    else if ((code >= 0x80 && code < 0xa0) || code === 0xad || code === 0xfeff || (code >= 0x200b && code <= 0x200f))
      out += '\\u' + code.toString(16).padStart(4, '0')
    else out += ch
  }
  return out + '"'
}

/** fmt's %v of plain data: map[a:1 b:[x y]]. */
export function goValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`
  if (typeof value === 'object' && value !== null)
    return `map[${Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => `${k}:${goValue(v)}`)
      .join(' ')}]`
  return value === null || value === undefined ? '<nil>' : String(value)
}
