// Go's fmt.Sprintf and Sprint for the values templates have: strings, numbers, booleans, lists and maps.
import { formatFloat } from './gojson.ts'
import { formatNumber, goSyntaxOf, goValue } from './goformat.ts'
import { goQuote } from './gostring.ts'
import type { Json } from './object.ts'

/** An operand; a number bears its Go type. */
export type GoArg = Json | { readonly number: number; readonly type: string }

const isNumber = (a: GoArg): a is { readonly number: number; readonly type: string } =>
  typeof a === 'object' &&
  a !== null &&
  !Array.isArray(a) &&
  'number' in a &&
  'type' in a &&
  typeof a.number === 'number'

const plain = (a: GoArg): string =>
  isNumber(a) ? formatNumber(a.number, a.type === 'float64' ? 'floats' : 'ints') : goValue(a)

function typeName(a: GoArg): string {
  if (a === null) return '<nil>'
  if (isNumber(a)) return a.type
  if (typeof a === 'string') return 'string'
  if (typeof a === 'boolean') return 'bool'
  if (typeof a === 'number') return 'int64'
  return Array.isArray(a) ? '[]interface {}' : 'map[string]interface {}'
}

/** fmt.Sprint: operands side by side, a blank between two that are both no strings. */
export function sprint(args: readonly GoArg[]): string {
  let out = ''
  args.forEach((a, i) => {
    if (i > 0 && typeof a !== 'string' && typeof args[i - 1] !== 'string') out += ' '
    out += plain(a)
  })
  return out
}

interface Flags {
  minus: boolean
  plus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  width: number | undefined
  precision: number | undefined
}

function pad(text: string, f: Flags): string {
  const missing = (f.width ?? 0) - Array.from(text).length
  if (missing <= 0) return text
  if (f.minus) return text + ' '.repeat(missing)
  if (f.zero)
    return /^[-+]/.test(text) ? (text[0] ?? '') + '0'.repeat(missing) + text.slice(1) : '0'.repeat(missing) + text
  return ' '.repeat(missing) + text
}

const signed = (text: string, f: Flags): string =>
  text.startsWith('-') ? text : f.plus ? `+${text}` : f.space ? ` ${text}` : text

function integer(n: number, verb: string, f: Flags): string | undefined {
  const big = BigInt(Math.trunc(n))
  const abs = big < 0n ? -big : big
  const sign = big < 0n ? '-' : ''
  const digits = (base: number): string => abs.toString(base).padStart(f.precision ?? 0, '0')
  switch (verb) {
    case 'd':
    case 'v':
      return signed(sign + digits(10), f)
    case 'b':
      return signed(sign + (f.sharp ? '0b' : '') + digits(2), f)
    case 'o':
      return signed(sign + (f.sharp ? '0' : '') + digits(8), f)
    case 'O':
      return signed(`${sign}0o${digits(8)}`, f)
    case 'x':
      return signed(sign + (f.sharp ? '0x' : '') + digits(16), f)
    case 'X':
      return signed(sign + (f.sharp ? '0X' : '') + digits(16).toUpperCase(), f)
    case 'c':
      return String.fromCodePoint(Number(abs) <= 0x10ffff ? Number(abs) : 0xfffd)
    case 'q':
      return `'${String.fromCodePoint(Number(abs) <= 0x10ffff ? Number(abs) : 0xfffd)}'`
    case 'U':
      return `U+${abs.toString(16).toUpperCase().padStart(4, '0')}`
  }
  return undefined
}

const goExponent = (text: string): string => text.replace(/e([-+])(\d)$/, 'e$10$2')
function float(n: number, verb: string, f: Flags): string | undefined {
  switch (verb) {
    case 'v':
    case 'g':
    case 'G':
      return signed(
        f.precision === undefined
          ? formatFloat(n)
          : goExponent(String(Number(n.toPrecision(Math.max(1, f.precision))))),
        f,
      )
    case 'f':
    case 'F':
      return signed(n.toFixed(f.precision ?? 6), f)
    case 'e':
    case 'E': {
      const t = goExponent(n.toExponential(f.precision ?? 6))
      return signed(verb === 'E' ? t.toUpperCase() : t, f)
    }
  }
  return undefined
}

const hex = (text: string, upper: boolean): string => {
  const h = [...new TextEncoder().encode(text)].map((b) => b.toString(16).padStart(2, '0')).join('')
  return upper ? h.toUpperCase() : h
}
const cut = (text: string, f: Flags): string =>
  f.precision === undefined ? text : Array.from(text).slice(0, f.precision).join('')

function one(a: GoArg, verb: string, f: Flags, inside = false): string {
  const bad = (): string =>
    `%!${verb}(${a === null ? '<nil>' : `${typeName(a)}=${one(a, 'v', { ...f, sharp: false })}`})`
  if (verb === 'T') return pad(typeName(a), f)
  if (a === null) return inside ? '<nil>' : verb === 'v' ? pad('<nil>', f) : bad()
  if (isNumber(a) || typeof a === 'number') {
    const n = isNumber(a) ? a.number : a
    const t = isNumber(a) ? a.type : 'int64'
    const out = t === 'float64' ? float(n, verb, f) : integer(n, verb, f)
    return out === undefined ? bad() : pad(out, f)
  }
  if (typeof a === 'boolean') return verb === 't' || verb === 'v' ? pad(String(a), f) : bad()
  if (typeof a === 'string') {
    switch (verb) {
      case 'v':
        return pad(f.sharp ? goQuote(a) : cut(a, f), f)
      case 's':
        return pad(cut(a, f), f)
      case 'q':
        return pad(f.sharp && !a.includes('`') ? `\`${a}\`` : goQuote(cut(a, f)), f)
      case 'x':
      case 'X':
        return pad(hex(a, verb === 'X'), f)
    }
    return bad()
  }
  if (verb === 'v') return f.sharp ? goSyntaxOf(a) : goValue(a)
  // Other verbs go to the elements.
  const element = (e: Json): string =>
    one(typeof e === 'number' ? { number: e, type: Number.isInteger(e) ? 'int64' : 'float64' } : e, verb, f, true)
  if (Array.isArray(a)) return `[${(a as readonly Json[]).map(element).join(' ')}]`
  const entries = Object.entries(a).sort(([x], [y]) => (x < y ? -1 : 1))
  return `map[${entries.map(([k, e]) => `${one(k, verb, f)}:${element((e ?? null) as Json)}`).join(' ')}]`
}

/** fmt.Sprintf with its own complaints: %!d(string=x), %!s(MISSING), %!(EXTRA …). */
export function sprintf(format: string, args: readonly GoArg[]): string {
  let out = ''
  let next = 0
  const pattern = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.)?/gsu
  let last = 0
  for (const m of format.matchAll(pattern)) {
    out += format.slice(last, m.index)
    last = m.index + m[0].length
    const [all, flags = '', width, precision, verb] = m
    const star = (): number => {
      const a = args[next++]
      return a !== undefined && isNumber(a) ? a.number : 0
    }
    const w = width === '*' ? star() : width === undefined ? undefined : Number(width)
    const hasPoint = all.slice(1 + flags.length + (width?.length ?? 0)).startsWith('.') && verb !== undefined
    const p = !hasPoint ? undefined : precision === '*' ? star() : Number(precision ?? 0)
    if (verb === undefined) {
      out += '%!(NOVERB)'
      continue
    }
    if (verb === '%') {
      out += '%'
      continue
    }
    const f: Flags = {
      minus: flags.includes('-') || (w ?? 0) < 0,
      plus: flags.includes('+'),
      sharp: flags.includes('#'),
      space: flags.includes(' '),
      zero: flags.includes('0') && !flags.includes('-'),
      width: w === undefined ? undefined : Math.abs(w),
      precision: p,
    }
    if (next >= args.length) {
      out += `%!${verb}(MISSING)`
      continue
    }
    out += one(args[next++] ?? null, verb, f)
  }
  out += format.slice(last)
  if (next < args.length)
    out += `%!(EXTRA ${args
      .slice(next)
      .map((a) => (a === null ? '<nil>' : `${typeName(a)}=${plain(a)}`))
      .join(', ')})`
  return out
}
