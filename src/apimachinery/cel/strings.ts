// Texts: string(value), and what cel-go's ext/strings does with them, `format` among it.
import { formatFloat } from '../gojson.ts'
import { goQuote } from '../gostring.ts'
import { asText } from './semantics.ts'
import { durationText, timestampText } from './times.ts'
import { CelError, Duration, Timestamp, TypeValue, Uint, typeName } from './value.ts'

export const chars = (s: string): string[] => [...s]
const outOfRange = (n: bigint): CelError => new CelError(`index out of range: ${n}`)

export function find(s: string, part: string, from: bigint, last: boolean): bigint {
  const text = chars(s)
  const wanted = chars(part)
  if (part === '') return from
  const at = (i: number): boolean => wanted.every((c, j) => text[i + j] === c)
  if (last) {
    for (let i = Math.min(Number(from), text.length - wanted.length); i >= 0; i--) if (at(i)) return BigInt(i)
  } else for (let i = Number(from); i + wanted.length <= text.length; i++) if (at(i)) return BigInt(i)
  return -1n
}
export const within = (s: string, n: bigint): bigint => {
  if (n < 0n || n > BigInt(chars(s).length)) throw outOfRange(n)
  return n
}

export function substring(s: string, start: bigint, end?: bigint): string {
  const text = chars(s)
  const length = BigInt(text.length)
  if (end !== undefined && start > end) throw new CelError(`invalid substring range. start: ${start}, end: ${end}`)
  if (start < 0n || start > length) throw outOfRange(start)
  if (end !== undefined && (end < 0n || end > length)) throw outOfRange(end)
  return text.slice(Number(start), end === undefined ? undefined : Number(end)).join('')
}

export function replace(s: string, from: string, to: string, n: bigint): string {
  if (n < 0n) return s.replaceAll(from, () => to)
  let left = Number(n)
  return from === ''
    ? chars(s).reduce((out, c) => out + (left-- > 0 ? to : '') + c, '') + (left > 0 ? to : '')
    : s.split(from).reduce((out, part) => out + (left-- > 0 ? to : from) + part)
}

export function split(s: string, by: string, n: bigint): string[] {
  const parts = by === '' ? chars(s) : s.split(by)
  if (n < 0n || parts.length <= Number(n)) return n === 0n ? [] : parts
  if (n === 0n) return []
  return [...parts.slice(0, Number(n) - 1), parts.slice(Number(n) - 1).join(by)]
}

const quoteForCel = (v: unknown, text: string): string =>
  typeof v === 'string' ? goQuote(text) : v instanceof Uint8Array ? `b${goQuote(text)}` : text

/** `%s` of string.format. */
function formatString(v: unknown, nested = false): string {
  if (Array.isArray(v)) return `[${v.map((x) => quoteForCel(x, formatString(x, true))).join(', ')}]`
  if (v instanceof Map)
    return `{${[...v]
      .map(([k, x]) => [quoteForCel(k, asText(k)), quoteForCel(x, formatString(x, true))] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map((pair) => pair.join(':'))
      .join(', ')}}`
  if (v === null) return 'null'
  if (v instanceof TypeValue) return nested ? `type(${v.name})` : v.name
  if (nested && typeof v === 'number') return v.toFixed(6)
  if (nested && v instanceof Timestamp) return `timestamp(${goQuote(timestampText(v))})`
  if (nested && v instanceof Duration) return `duration(${goQuote(durationText(v))})`
  const text = textOf(v)
  if (text === undefined)
    throw new CelError(
      `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeName(v)}`,
    )
  return text
}

/** A number with so many digits; what lies in the middle goes to the even one. */
function fixed(v: number, digits: number): string {
  const scaled = v * 10 ** digits
  const down = Math.floor(scaled)
  return scaled - down === 0.5 && down % 2 === 0 ? (down / 10 ** digits).toFixed(digits) : v.toFixed(digits)
}

export function format(form: string, args: readonly unknown[]): string {
  let n = 0
  return form.replace(/%(?:\.(\d+))?(.?)/gsu, (_, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (verb === '') throw new CelError('unexpected end of string')
    if (!'sdfebxXo'.includes(verb))
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
    if (n >= args.length) throw new CelError(`index ${n} out of range`)
    const v = args[n++]
    const wrong = (what: string): CelError => new CelError(`error during formatting: ${what}, was given ${typeName(v)}`)
    const whole = typeof v === 'bigint' ? v : v instanceof Uint ? v.value : undefined
    switch (verb) {
      case 's':
        return formatString(v)
      case 'd':
        if (whole === undefined) throw wrong('decimal clause can only be used on integers')
        return String(whole)
      case 'f':
      case 'e': {
        const name = verb === 'f' ? 'fixed-point' : 'scientific'
        if (v === 'NaN' || v === 'Infinity' || v === '-Infinity')
          return v === 'Infinity' ? '∞' : v === '-Infinity' ? '-∞' : v
        if (typeof v !== 'number') throw wrong(`${name} clause can only be used on doubles`)
        const digits = precision === undefined ? 6 : Number(precision)
        if (verb === 'f') {
          const [head = '', tail] = fixed(v, digits).split('.')
          const grouped = head.replace(/\B(?=(?:\d{3})+$)/g, ',')
          return tail === undefined ? grouped : `${grouped}.${tail}`
        }
        const [mantissa = '', exponent = '0'] = v.toExponential(digits).split('e')
        const e = Number(exponent)
        return `${mantissa}×10${e < 0 ? '⁻' : ''}${String(Math.abs(e))
          .padStart(2, '0')
          .replace(/\d/g, (d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(d)] ?? d)}`
      }
      case 'b':
        if (typeof v === 'boolean') return v ? '1' : '0'
        if (whole === undefined) throw wrong('only integers and bools can be formatted as binary')
        return whole.toString(2)
      case 'o':
        if (whole === undefined) throw wrong('octal clause can only be used on integers')
        return whole.toString(8)
      default: {
        const bytes = typeof v === 'string' ? new TextEncoder().encode(v) : v instanceof Uint8Array ? v : undefined
        const hex =
          whole !== undefined
            ? whole.toString(16)
            : bytes
              ? [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')
              : undefined
        if (hex === undefined) throw wrong('only integers, byte buffers, and strings can be formatted as hex')
        return verb === 'X' ? hex.toUpperCase() : hex
      }
    }
  })
}

/** string(value); undefined where there is no such conversion. */
export function textOf(v: unknown): string | undefined {
  if (typeof v === 'string') return v
  if (typeof v === 'boolean' || typeof v === 'bigint') return String(v)
  if (typeof v === 'number')
    return Number.isFinite(v) ? formatFloat(v) : Number.isNaN(v) ? 'NaN' : v > 0 ? '+Inf' : '-Inf'
  if (v instanceof Uint) return String(v.value)
  if (v instanceof Duration) return durationText(v)
  if (v instanceof Timestamp) return timestampText(v)
  if (v instanceof Uint8Array) return new TextDecoder().decode(v)
  return undefined
}
