// Quantities (100m, 1Gi, 2e3): parsed, compared, added and written as apimachinery's api/resource does.

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/**
 * A number as `unscaled` times ten to the `scale`, the family of suffixes it is written with, and its text where that
 * is already canonical.
 */
export interface ParsedQuantity {
  readonly unscaled: bigint
  readonly scale: number
  readonly format: QuantityFormat
  readonly text?: string
}

/** A quantity as an object holds it, or already parsed. */
export type QuantityLike = string | number | ParsedQuantity

/** A text that is no quantity; the message is the API's. */
export class QuantityError extends Error {}

const FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const NUMERIC_WRONG = 'unable to parse numeric part of quantity'
const SUFFIX_WRONG = "unable to parse quantity's suffix"

const DECIMAL: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const BINARY: ReadonlyMap<string, number> = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
])
const DECIMAL_SUFFIX = new Map([...DECIMAL].map(([s, e]) => [e, s]))
const BINARY_SUFFIX = new Map([...BINARY].map(([s, e]) => [e, s]))
const MAX_INT64 = 2n ** 63n - 1n

const abs = (n: bigint): bigint => (n < 0n ? -n : n)
const pow10 = (n: number): bigint => 10n ** BigInt(n)

/** Parses a quantity's text. Throws QuantityError. */
export function parseQuantity(input: string | number): ParsedQuantity {
  const text = String(input)
  if (text === '') throw new QuantityError(FORMAT_WRONG)
  if (text === '0') return { unscaled: 0n, scale: 0, format: 'DecimalSI', text }
  const m = /^([+-]?)([0-9]*)(?:(\.)([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text)
  if (!m) throw new QuantityError(FORMAT_WRONG)
  const [, sign = '', whole = '', , denom = '', suffix = ''] = m
  const num = whole.replace(/^0+/, '') || '0'
  let format: QuantityFormat
  let exponent: number
  const decimal = DECIMAL.get(suffix)
  const binary = BINARY.get(suffix)
  if (decimal !== undefined) {
    format = 'DecimalSI'
    exponent = decimal
  } else if (binary !== undefined) {
    format = 'BinarySI'
    exponent = binary
  } else if (/^[eE][-+]?[0-9]+$/.test(suffix)) {
    format = 'DecimalExponent'
    exponent = Number(suffix.slice(1))
  } else throw new QuantityError(SUFFIX_WRONG)
  // No digits at all are a zero, once the suffix is known.
  if (whole === '' && denom === '') return { unscaled: 0n, scale: 0, format }
  if (Math.abs(exponent) > 100_000) throw new QuantityError(NUMERIC_WRONG)
  const negative = sign === '-'
  const signed = (n: bigint): bigint => (negative ? -n : n)
  const shifted = num + denom
  const digits = num.length + denom.length
  const magnitude = BigInt(shifted)

  // The int64 way: small numbers keep their text when it is canonical already.
  let precision = 18 - digits
  let scale = exponent
  let mantissa = 1n
  if (format === 'BinarySI') {
    scale = 0
    mantissa = 1n << BigInt(exponent)
    precision = denom === '' ? 15 - num.length - Math.trunc((exponent * 3) / 10) - 1 : -1
  }
  scale -= denom.length
  if (precision >= 0 && scale >= -9) {
    const result = magnitude * mantissa
    if (result <= MAX_INT64) {
      const kept =
        format === 'BinarySI'
          ? exponent % 10 === 0 && (magnitude & 7n) !== 0n
          : scale % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0')
      return { unscaled: signed(result), scale, format, ...(kept ? { text } : {}) }
    }
  }

  // The big way: rounded away from zero to nanos, capped for binary suffixes.
  let unscaled = format === 'BinarySI' ? magnitude << BigInt(exponent) : magnitude
  scale = (format === 'BinarySI' ? 0 : exponent) - denom.length
  if (scale < -9) {
    unscaled = divideUp(unscaled, pow10(-9 - scale))
    scale = -9
  }
  if (format === 'BinarySI') {
    const big = compareScaled(unscaled, scale, MAX_INT64, 0)
    if (big > 0) {
      unscaled = MAX_INT64
      scale = 0
    }
    if (unscaled !== 0n && compareScaled(unscaled, scale, 1n, 0) < 0) format = 'DecimalSI'
  }
  return { unscaled: signed(unscaled), scale, format }
}

const divideUp = (n: bigint, by: bigint): bigint => (n >= 0n ? (n + by - 1n) / by : -((-n + by - 1n) / by))

function compareScaled(a: bigint, aScale: number, b: bigint, bScale: number): number {
  const low = Math.min(aScale, bScale)
  const x = a * pow10(aScale - low)
  const y = b * pow10(bScale - low)
  return x < y ? -1 : x > y ? 1 : 0
}

/** What decoding does before parsing: blanks around are dropped. */
const parsed = (q: QuantityLike): ParsedQuantity =>
  typeof q === 'object' ? q : parseQuantity(typeof q === 'string' ? q.trim() : q)

/** -1, 0 or 1. */
export function compareQuantity(a: QuantityLike, b: QuantityLike): number {
  const x = parsed(a)
  const y = parsed(b)
  return compareScaled(x.unscaled, x.scale, y.unscaled, y.scale)
}

/**
 * How amounts were spelt when they were read, where that is not their canonical text: refusals in Go's syntax show the
 * parsed form (5 at scale -1 for 0.5). Who reads and refuses keeps them as long as both take.
 */
export type Spellings = Map<string, ParsedQuantity>
let spelt: Spellings | undefined

/** Runs work that reads quantities, or shows them as they were read. */
export function withSpellings<T>(spellings: Spellings, work: () => T): T {
  const before = spelt
  spelt = spellings
  try {
    return work()
  } finally {
    spelt = before
  }
}

/** A quantity's text as it is kept. Throws QuantityError. */
export function readQuantity(text: string | number): string {
  const q = parseQuantity(text)
  const kept = canonical(q)
  if (kept !== String(text)) spelt?.set(kept, q)
  else if (spelt && spelt.size > 0) spelt.delete(kept)
  return kept
}

/** A kept quantity as it was parsed when it was read. */
export const asRead = (kept: string | number): ParsedQuantity => spelt?.get(String(kept)) ?? parseQuantity(kept)

/** The text upstream's String() gives: 1000m is 1, 1024Mi is 1Gi, 0.5 is 500m; canonical texts stay as they are. */
export function canonical(q: QuantityLike): string {
  const { unscaled, scale, format, text } = parsed(q)
  if (text !== undefined) return text
  if (unscaled === 0n) return '0'
  if (format === 'BinarySI' && compareScaled(abs(unscaled), scale, 1024n, 0) >= 0) {
    const exact = scale >= 0 || unscaled % pow10(-scale) === 0n
    if (exact) {
      let number = scale >= 0 ? unscaled * pow10(scale) : unscaled / pow10(-scale)
      let exponent = 0
      while (abs(number) >= 1024n && number % 1024n === 0n) {
        number /= 1024n
        exponent += 10
      }
      return `${number}${BINARY_SUFFIX.get(exponent) ?? ''}`
    }
  }
  let number = unscaled
  let exponent = scale
  while (number % 10n === 0n) {
    number /= 10n
    exponent++
  }
  while (exponent % 3 !== 0) {
    number *= 10n
    exponent--
  }
  if (format === 'DecimalExponent') return exponent === 0 ? String(number) : `${number}e${exponent}`
  return `${number}${DECIMAL_SUFFIX.get(exponent) ?? ''}`
}

/** a + b, in a's family of suffixes (b's where a is zero). */
export function addQuantity(a: QuantityLike, b: QuantityLike): ParsedQuantity {
  return combine(parsed(a), parsed(b), 1n)
}

/** a - b, in a's family of suffixes (b's where a is zero). */
export function subQuantity(a: QuantityLike, b: QuantityLike): ParsedQuantity {
  return combine(parsed(a), parsed(b), -1n)
}

function combine(a: ParsedQuantity, b: ParsedQuantity, sign: bigint): ParsedQuantity {
  const scale = Math.min(a.scale, b.scale)
  return {
    unscaled: a.unscaled * pow10(a.scale - scale) + sign * b.unscaled * pow10(b.scale - scale),
    scale,
    format: a.unscaled === 0n ? b.format : a.format,
  }
}

/** A whole number with a family of suffixes. */
export function newQuantity(value: number | bigint, format: QuantityFormat = 'DecimalSI'): ParsedQuantity {
  return { unscaled: BigInt(value), scale: 0, format }
}

/** Thousandths with a family of suffixes. */
export function newMilliQuantity(milli: number | bigint, format: QuantityFormat = 'DecimalSI'): ParsedQuantity {
  return { unscaled: BigInt(milli), scale: -3, format }
}

function scaledValue(q: ParsedQuantity, to: number): number {
  return Number(q.scale >= to ? q.unscaled * pow10(q.scale - to) : divideUp(q.unscaled, pow10(to - q.scale)))
}

/** The whole number, rounded away from zero. */
export function value(q: QuantityLike): number {
  return scaledValue(parsed(q), 0)
}

/** The number of thousandths, rounded away from zero. */
export function milliValue(q: QuantityLike): number {
  return scaledValue(parsed(q), -3)
}

/** The nearest float. */
export function approximateFloat(q: QuantityLike): number {
  const p = parsed(q)
  return Number(`${p.unscaled}e${p.scale}`)
}

/** -1, 0 or 1. */
export function quantitySign(q: QuantityLike): number {
  const { unscaled } = parsed(q)
  return unscaled < 0n ? -1 : unscaled > 0n ? 1 : 0
}
