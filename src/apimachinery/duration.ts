// Durations: ages as kubectl prints them (apimachinery's util/duration) and Go's time.Duration texts.

const plural = (n: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${n}${unit}` : `${n}${unit}${rest}${restUnit}`

/** An age with two or three significant figures, as AGE columns show it: 45s, 5m30s, 3h2m, 2d5h, 30d, 2y15d. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.trunc(ms / 60_000)
  if (minutes < 10) return plural(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.trunc(ms / 3_600_000)
  if (hours < 8) return plural(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.trunc(hours / 24)
  if (hours < 192) return plural(days, 'd', hours % 24, 'h')
  if (hours < 24 * 365 * 2) return `${days}d`
  if (hours < 24 * 365 * 8) return plural(Math.trunc(days / 365), 'y', days % 365, 'd')
  return `${Math.trunc(days / 365)}y`
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])
/** The largest int64 of nanoseconds, in milliseconds. */
const MAX = 9223372036854.775

/** A duration that Go's time.ParseDuration refuses, in its words. */
class DurationError extends Error {}

/** How the time package quotes: bytes outside ASCII as \x. */
const quote = (text: string): string =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/gu, (ch) =>
    [...new TextEncoder().encode(ch)].map((b) => `\\x${b.toString(16).padStart(2, '0')}`).join(''),
  )

/** Go's time.ParseDuration, in milliseconds: 300ms, -1.5h, 2h45m. Throws DurationError. */
export function parseDuration(text: string): number {
  const bad = (): DurationError => new DurationError(`time: invalid duration ${quote(text)}`)
  let rest = text
  let sign = 1
  if (rest.startsWith('-') || rest.startsWith('+')) {
    sign = rest.startsWith('-') ? -1 : 1
    rest = rest.slice(1)
  }
  if (rest === '0') return 0
  if (rest === '') throw bad()
  let total = 0
  while (rest !== '') {
    const m = /^(\d*)(\.\d*)?/.exec(rest)
    const number = m?.[0] ?? ''
    if (!/\d/.test(number)) throw bad()
    rest = rest.slice(number.length)
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? ''
    if (unit === '') throw new DurationError(`time: missing unit in duration ${quote(text)}`)
    const scale = UNITS.get(unit)
    if (scale === undefined)
      throw new DurationError(`time: unknown unit ${JSON.stringify(unit)} in duration ${quote(text)}`)
    // A nanosecond is the least there is.
    total += Math.floor(Number(number) * scale * 1e6 + 1e-6) / 1e6
    if (total > MAX) throw bad()
    rest = rest.slice(unit.length)
  }
  return sign * total || 0
}

/** Go's time.Duration.String(): 0s, 1.5s, 300ms, 2m0s, 1h0m0s. */
export function formatGoDuration(ms: number): string {
  if (ms === 0) return '0s'
  const sign = ms < 0 ? '-' : ''
  const ns = Math.round(Math.abs(ms) * 1e6)
  const decimal = (value: number, digits: number): string => {
    const fixed = value.toFixed(digits)
    return digits ? fixed.replace(/\.?0+$/, '') : fixed
  }
  if (ns < 1000) return `${sign}${ns}ns`
  if (ns < 1e6) return `${sign}${decimal(ns / 1e3, 3)}µs`
  if (ns < 1e9) return `${sign}${decimal(ns / 1e6, 6)}ms`
  const whole = Math.floor(ns / 1e9)
  const fraction = String(ns % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const seconds = `${whole % 60}${fraction && `.${fraction}`}s`
  const minutes = Math.floor(whole / 60)
  if (minutes === 0) return sign + seconds
  if (minutes < 60) return `${sign}${minutes}m${seconds}`
  return `${sign}${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}
