// Times as the API writes and reads them (metav1.Time, MicroTime: RFC 3339 in UTC) and as describe prints them (RFC
// 1123 with a numeric zone).

/** 2026-01-02T03:04:05Z: metav1.Time, whole seconds. */
export function rfc3339(ms: number): string {
  const second = Math.floor(ms / 1000)
  // what happens at once says the same second again and again
  if (second !== last) {
    said = new Date(second * 1000).toISOString().slice(0, 19) + 'Z'
    last = second
  }
  return said
}
let last = NaN
let said = ''

/** 2026-01-02T03:04:05.000000Z: metav1.MicroTime. */
export function rfc3339Micro(ms: number): string {
  const whole = Math.floor(ms)
  const micros = Math.floor((ms - whole) * 1000)
  return `${new Date(whole).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => String(n).padStart(2, '0')

/** Fri, 02 Jan 2026 03:04:05 +0000: the dates of describe. */
export function rfc1123z(ms: number): string {
  const d = new Date(ms)
  return `${DAYS[d.getUTCDay()]}, ${two(d.getUTCDate())} ${MONTHS[d.getUTCMonth()]} ${d.getUTCFullYear()} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} +0000`
}

/** A time that Go's time.Parse(RFC3339) refuses, in its words. */
class TimeError extends Error {}

const LAYOUT = '2006-01-02T15:04:05Z07:00'
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00'
/** The layout's pieces: how each is named in errors, and what it accepts. */
const PIECES: readonly (readonly [name: string, pattern: RegExp, low?: number, high?: number, what?: string])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/, 1, 12, 'month'],
  ['-', /^-/],
  ['02', /^\d{2}/, 1, 31, 'day'],
  ['T', /^T/],
  ['15', /^\d{2}/, 0, 23, 'hour'],
  [':', /^:/],
  ['04', /^\d{2}/, 0, 59, 'minute'],
  [':', /^:/],
  ['05', /^\d{2}(?:[.,]\d+)?/, 0, 59.999999999, 'second'],
  ['Z07:00', /^(?:Z|[+-]\d{2}:\d{2})/],
]

/** The same with exactly six digits of a fraction, as metav1.MicroTime reads it. */
const MICRO_PIECES: typeof PIECES = PIECES.flatMap((p) =>
  p[0] === '05'
    ? [
        ['05', /^\d{2}/, 0, 59, 'second'],
        ['.000000', /^\.\d{6}/],
      ]
    : [p],
)

/** A metav1.MicroTime in milliseconds. Throws TimeError in Go's words. */
export const parseMicroTime = (text: string): number => parseWith(text, MICRO_LAYOUT, MICRO_PIECES)

/** RFC 3339 with any fraction and zone, in milliseconds (a fraction is kept). Throws TimeError in Go's words. */
export const parseTime = (text: string): number =>
  canonicalTime(text) ?? fractionalTime(text) ?? parseWith(text, LAYOUT, PIECES)

const CANONICAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/
const canonical = new Map<string, number>()
/**
 * A time that stands as rfc3339 writes it, in milliseconds; undefined for every other text. What happens together says
 * the same few times.
 */
function canonicalTime(text: string): number | undefined {
  let ms = canonical.get(text)
  if (ms === undefined && CANONICAL.test(text)) {
    ms = Date.parse(text)
    // days that a month does not have, and 24:00:00, are for the exact reader
    if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== text.slice(0, 19)) return undefined
    if (canonical.size > 1000) canonical.clear()
    canonical.set(text, ms)
  }
  return ms
}
/** The same with a fraction of a second of up to six digits, as rfc3339Micro writes it. */
function fractionalTime(text: string): number | undefined {
  if (!FRACTIONAL.test(text)) return undefined
  const whole = canonicalTime(`${text.slice(0, 19)}Z`)
  return whole === undefined ? undefined : whole + Math.round(Number(text.slice(19, -1)) * 1e6) / 1000
}
const FRACTIONAL = /^.{19}\.\d{1,6}Z$/

/** Whether a time stands as rfc3339 writes it. */
export const isCanonicalTime = (text: string): boolean => canonicalTime(text) !== undefined

function parseWith(text: string, layout: string, pieces: typeof PIECES): number {
  const quoted = JSON.stringify(text)
  let rest = text
  const parts: string[] = []
  for (const [name, pattern, low, high, what] of pieces) {
    const m = pattern.exec(rest)
    if (!m)
      throw new TimeError(
        `parsing time ${quoted} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(name)}`,
      )
    if (what) {
      const n = Number(m[0].replace(',', '.'))
      if (n < (low ?? 0) || n > (high ?? Infinity)) throw new TimeError(`parsing time ${quoted}: ${what} out of range`)
    }
    parts.push(m[0])
    rest = rest.slice(m[0].length)
  }
  if (rest !== '') throw new TimeError(`parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`)
  const [year = '', , month = '', , day = '', , hour = '', , minute = '', , whole = '', ...end] = parts
  const zone = end.at(-1) ?? ''
  const second = end.length > 1 ? whole + (end[0] ?? '') : whole
  const base = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute))
  if (new Date(base).getUTCDate() !== Number(day)) throw new TimeError(`parsing time ${quoted}: day out of range`)
  const offset =
    zone === 'Z' ? 0 : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6)))
  return base + Math.round(Number(second.replace(',', '.')) * 1e6) / 1000 - offset * 60_000
}
