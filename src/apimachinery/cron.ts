// Cron schedules in the standard form (minute hour day month weekday, @daily, @every 1h), read and worded as
// github.com/robfig/cron/v3 does; and when they are due next.
import { parseDuration } from './duration.ts'
import { goQuote } from './gostring.ts'

/** A schedule that is none; the message is the API's. */
export class CronError extends Error {}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const BOUNDS: readonly [Bounds, Bounds, Bounds, Bounds, Bounds] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ['', ...MONTHS] },
  { min: 0, max: 6, names: DAYS },
]

interface Field {
  readonly values: ReadonlySet<number>
  /** `*` or `?` without a step: the field asks nothing. */ readonly any: boolean
}
type Fields = readonly [Field, Field, Field, Field, Field]
/** A parsed schedule: five fields, or a fixed interval; in a time zone where one is named. */
export type CronSchedule = { readonly fields: Fields; readonly zone?: string } | { readonly every: number }

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

function number(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new CronError(`failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`)
  const n = Number(text)
  if (!Number.isSafeInteger(n))
    throw new CronError(`failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: value out of range`)
  if (n < 0) throw new CronError(`negative number (${n}) not allowed: ${text}`)
  return n
}

function value(text: string, names: readonly string[] | undefined): number {
  const named = text ? (names?.indexOf(text.toLowerCase()) ?? -1) : -1
  return named >= 0 ? named : number(text)
}

function range(expression: string, b: Bounds, into: Set<number>): boolean {
  const [bounds = '', step, ...tooMany] = expression.split('/')
  const [low = '', high, ...more] = bounds.split('-')
  let any = low === '*' || low === '?'
  let start = b.min
  let end = b.max
  if (!any) {
    start = value(low, b.names)
    if (more.length) throw new CronError(`too many hyphens: ${expression}`)
    end = high === undefined ? start : value(high, b.names)
  }
  if (tooMany.length) throw new CronError(`too many slashes: ${expression}`)
  let by = 1
  if (step !== undefined) {
    by = number(step)
    if (high === undefined) end = b.max
    if (by > 1) any = false
  }
  if (start < b.min) throw new CronError(`beginning of range (${start}) below minimum (${b.min}): ${expression}`)
  if (end > b.max) throw new CronError(`end of range (${end}) above maximum (${b.max}): ${expression}`)
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${expression}`)
  if (by === 0) throw new CronError(`step of range should be a positive number: ${expression}`)
  for (let i = start; i <= end; i += by) into.add(i)
  return any
}

function field(text: string, b: Bounds): Field {
  const values = new Set<number>()
  let any = false
  for (const part of text.split(',')) if (part) any = range(part, b, values) || any
  return { values, any }
}

/** Reads a schedule. Throws CronError. */
export function parseCron(text: string): CronSchedule {
  if (text === '') throw new CronError('empty spec string')
  const zoned = /^(?:CRON_)?TZ=(\S*) (.*)$/s.exec(text)
  const zone = zoned?.[1]
  const spec = zoned ? (zoned[2] ?? '').trim() : text
  if (zone !== undefined && !isTimeZone(zone))
    throw new CronError(`provided bad location ${zone}: unknown time zone ${zone}`)
  if (spec.startsWith('@every ')) {
    try {
      return { every: Math.max(1000, Math.floor(parseDuration(spec.slice(7)) / 1000) * 1000) }
    } catch (e) {
      throw new CronError(`failed to parse duration ${spec}: ${e instanceof Error ? e.message : ''}`)
    }
  }
  if (spec.startsWith('@') && !Object.hasOwn(DESCRIPTORS, spec)) throw new CronError(`unrecognized descriptor: ${spec}`)
  const parts = (DESCRIPTORS[spec] ?? spec).split(/\s+/).filter(Boolean)
  if (parts.length !== 5) throw new CronError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`)
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = parts
  const fields: Fields = [
    field(minute, BOUNDS[0]),
    field(hour, BOUNDS[1]),
    field(day, BOUNDS[2]),
    field(month, BOUNDS[3]),
    field(weekday, BOUNDS[4]),
  ]
  return zone === undefined ? { fields } : { fields, zone }
}

/** Whether the tz database has this name. */
export function isTimeZone(name: string): boolean {
  if (name === '' || name === 'UTC' || name === 'Local') return true
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** A zone's wall clock at an instant, written as if it were UTC. */
function wall(at: number, format: Intl.DateTimeFormat | undefined): number {
  if (!format) return at
  const parts = new Map(format.formatToParts(at).map((p) => [p.type, Number(p.value)]))
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour') % 24, of('minute'), of('second'))
}

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000

/**
 * The first time after `after` at which the schedule is due, or undefined when there is none within five years. `zone`
 * is a tz database name; UTC without one.
 */
export function nextCron(schedule: CronSchedule, after: number, zone = ''): number | undefined {
  if ('every' in schedule) return Math.floor(after / 1000) * 1000 + schedule.every
  const name = schedule.zone ?? zone
  const format =
    name === '' || name === 'UTC' || name === 'Local'
      ? undefined
      : new Intl.DateTimeFormat('en-US', {
          timeZone: name,
          hourCycle: 'h23',
          year: 'numeric',
          month: 'numeric',
          day: 'numeric',
          hour: 'numeric',
          minute: 'numeric',
          second: 'numeric',
        })
  const [minute, hour, day, month, weekday] = schedule.fields
  const limit = after + 5 * 366 * DAY
  let t = Math.floor(after / MINUTE) * MINUTE + MINUTE
  while (t <= limit) {
    const w = new Date(wall(t, format))
    const inMonth = month.values.has(w.getUTCMonth() + 1)
    const byDay = day.values.has(w.getUTCDate())
    const byWeekday = weekday.values.has(w.getUTCDay())
    // a day may match either field once both ask for something
    const dayFits = day.any || weekday.any ? byDay && byWeekday : byDay || byWeekday
    if (!inMonth || !dayFits) t += DAY - ((w.getUTCHours() * HOUR + w.getUTCMinutes() * MINUTE) % DAY)
    else if (!hour.values.has(w.getUTCHours())) t += HOUR - w.getUTCMinutes() * MINUTE
    else if (!minute.values.has(w.getUTCMinutes())) t += MINUTE
    else return t
  }
  return undefined
}
