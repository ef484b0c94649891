// Go's literals read: strconv.Unquote.

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
])

/** strconv.Unquote of a quoted, raw or character literal; undefined where it is none. */
export function unquoteGo(literal: string): string | undefined {
  const quote = literal[0] ?? ''
  if (literal.length < 2 || !literal.endsWith(quote)) return undefined
  const body = literal.slice(1, -1)
  if (quote === '`') return body.replaceAll('\r', '')
  let out = ''
  for (let i = 0; i < body.length; i++) {
    const c = body[i] ?? ''
    if (c === quote || c === '\n') return undefined
    if (c !== '\\') {
      out += c
      continue
    }
    const e = body[++i] ?? ''
    const simple = SIMPLE.get(e)
    const hex = e === 'x' ? 2 : e === 'u' ? 4 : e === 'U' ? 8 : 0
    if (simple !== undefined) out += simple
    else if (e === quote && e !== '') out += e
    else if (hex) {
      const digits = body.slice(i + 1, i + 1 + hex)
      const value = parseInt(digits, 16)
      if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length < hex || value > 0x10ffff) return undefined
      out += String.fromCodePoint(value)
      i += hex
    } else {
      const digits = body.slice(i, i + 3)
      if (!/^[0-3][0-7]{2}$/.test(digits)) return undefined
      out += String.fromCharCode(parseInt(digits, 8))
      i += 2
    }
  }
  return out
}
