// What Go's encoding/json says about a text that should be a JSON object.
import { isObject } from '../../apimachinery/object.ts'

/** The error of json.Unmarshal into a map, or undefined when the text is an object (or null). */
export function jsonError(text: string): string | undefined {
  let at = 0
  const blank = (): void => {
    while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++
  }
  class Wrong extends Error {}
  const fail = (context: string): never => {
    if (at >= text.length) throw new Wrong('unexpected end of JSON input')
    const ch = text.charAt(at)
    throw new Wrong(
      `invalid character ${ch === "'" ? "'\\''" : ch === '\n' ? "'\\n'" : `'${String.fromCodePoint(text.codePointAt(at) ?? 0)}'`} ${context}`,
    )
  }
  const string = (): void => {
    for (at++; ; at++) {
      if (at >= text.length) fail('')
      const ch = text.charAt(at)
      if (ch === '"') {
        at++
        return
      }
      if (ch < ' ') fail('in string literal')
      if (ch === '\\') {
        at++
        if (text.charAt(at) === 'u')
          for (let i = 0; i < 4; i++) {
            at++
            if (!/[0-9a-fA-F]/.test(text.charAt(at))) fail('in \\u hexadecimal character escape')
          }
        else if (at >= text.length || !'"\\/bfnrt'.includes(text.charAt(at))) fail('in string escape code')
      }
    }
  }
  const digits = (context: string): void => {
    if (!/[0-9]/.test(text.charAt(at))) fail(context)
    while (/[0-9]/.test(text.charAt(at))) at++
  }
  const value = (context: string): void => {
    blank()
    const ch = text.charAt(at)
    if (ch === '{' || ch === '[') {
      const close = ch === '{' ? '}' : ']'
      at++
      blank()
      if (text.charAt(at) === close) {
        at++
        return
      }
      for (;;) {
        if (ch === '{') {
          blank()
          if (text.charAt(at) !== '"') fail('looking for beginning of object key string')
          string()
          blank()
          if (text.charAt(at) !== ':') fail('after object key')
          at++
        }
        value('looking for beginning of value')
        blank()
        if (text.charAt(at) === close) {
          at++
          return
        }
        if (text.charAt(at) !== ',') fail(ch === '{' ? 'after object key:value pair' : 'after array element')
        at++
      }
    }
    if (ch === '"') return string()
    const word = ['true', 'false', 'null'].find((w) => ch !== '' && w.startsWith(ch))
    if (word) {
      for (let i = 0; i < word.length; i++, at++)
        if (text.charAt(at) !== word.charAt(i)) fail(`in literal ${word} (expecting '${word.charAt(i)}')`)
      return
    }
    if (ch === '-' || /[0-9]/.test(ch)) {
      if (ch === '-') {
        at++
        if (!/[0-9]/.test(text.charAt(at))) fail('in numeric literal')
      }
      if (text.charAt(at) === '0') at++
      else digits('in numeric literal')
      if (text.charAt(at) === '.') {
        at++
        digits('after decimal point in numeric literal')
      }
      if (/[eE]/.test(text.charAt(at))) {
        at++
        if (/[+-]/.test(text.charAt(at))) at++
        digits('in exponent of numeric literal')
      }
      return
    }
    fail(context)
  }
  try {
    value('looking for beginning of value')
    blank()
    if (at < text.length) fail('after top-level value')
  } catch (e) {
    if (e instanceof Wrong) return e.message
    throw e
  }
  const parsed: unknown = JSON.parse(text)
  if (parsed === null || isObject(parsed)) return undefined
  const kind = Array.isArray(parsed) ? 'array' : typeof parsed === 'boolean' ? 'bool' : typeof parsed
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`
}
