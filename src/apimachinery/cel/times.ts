// Durations and timestamps of CEL: read, written, taken apart; to the nanosecond.
import { parseTime, rfc3339 } from '../time.ts'
import { CelError, Duration, Timestamp, notConverted } from './value.ts'

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/** duration(text), as Go's time.ParseDuration reads it. */
export function readDuration(text: string): Duration {
  const bad = (): CelError => notConverted('string', 'google.protobuf.Duration')
  const [, sign = '', body = ''] = /^([+-]?)([^]*)$/.exec(text) ?? []
  if (body === '0') return new Duration(0n)
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) throw bad()
  let ns = 0n
  for (const [, whole = '', part = '', unit = ''] of body.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const size = UNITS[unit] ?? 0n
    ns += BigInt(whole || '0') * size
    if (part) ns += (BigInt(part) * size) / 10n ** BigInt(part.length)
  }
  if (sign === '-') ns = -ns
  if (BigInt.asIntN(64, ns) !== ns) throw bad()
  return new Duration(ns)
}

const fraction = (ns: bigint): string => (ns === 0n ? '' : `.${String(ns).padStart(9, '0').replace(/0+$/, '')}`)
const SECOND = 1_000_000_000n

/** string(duration): seconds. */
export function durationText({ ns }: Duration): string {
  const abs = ns < 0n ? -ns : ns
  return `${ns < 0n ? '-' : ''}${abs / SECOND}${fraction(abs % SECOND)}s`
}

/** timestamp(text): RFC 3339. */
export function readTimestamp(text: string): Timestamp {
  let ms: number
  try {
    ms = parseTime(text)
  } catch {
    throw notConverted('string', 'google.protobuf.Timestamp')
  }
  const part = /[.,](\d+)/.exec(text)?.[1]
  const ns = part ? BigInt(part.slice(0, 9).padEnd(9, '0')) : 0n
  return new Timestamp(BigInt(Math.floor(ms / 1000)) * SECOND + ns)
}

const rest = (ns: bigint): bigint => ((ns % SECOND) + SECOND) % SECOND
/** string(timestamp). */
export const timestampText = ({ ns }: Timestamp): string =>
  rfc3339(Number((ns - rest(ns)) / 1_000_000n)).replace(/Z$/, `${fraction(rest(ns))}Z`)

/** How far a zone is from UTC at a moment, in milliseconds. */
function offset(zone: string, ms: number): number {
  const fixed = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone)
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000
  if (zone === 'UTC' || zone === '') return 0
  let text: string
  try {
    text = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).format(ms)
  } catch {
    throw new CelError(`unknown time zone ${zone}`)
  }
  const found = /GMT([+-])(\d{2}):(\d{2})/.exec(text)
  return found ? (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) * 60_000 : 0
}

/** timestamp.getHours() and the like. */
export function timestampPart(t: Timestamp, fn: string, zone: string): bigint {
  const utc = Number((t.ns - rest(t.ns)) / 1_000_000n)
  const [date = '', clock = ''] = rfc3339(utc + offset(zone, utc))
    .replace('Z', '')
    .split('T')
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number)
  const days = (m: number, d: number): number => Math.round(Date.UTC(year, m - 1, d) / 86_400_000)
  const parts: Readonly<Record<string, number>> = {
    getFullYear: year,
    getMonth: month - 1,
    getDayOfYear: days(month, day) - days(1, 1),
    getDayOfMonth: day - 1,
    getDate: day,
    getDayOfWeek: (((days(month, day) + 4) % 7) + 7) % 7,
    getHours: hours,
    getMinutes: minutes,
    getSeconds: seconds,
    getMilliseconds: Number(rest(t.ns) / 1_000_000n),
  }
  return BigInt(parts[fn] ?? 0)
}
