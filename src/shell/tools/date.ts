// date: the simulated time, in UTC, with +FORMAT.
import { isBusybox, refuse } from '../options.ts'
import type { Tool } from '../tool.ts'

const two = (n: number): string => String(n).padStart(2, '0')
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

function strftime(format: string, ms: number): string {
  const d = new Date(ms)
  const out = (c: string): string => {
    switch (c) {
      case 'Y':
        return String(d.getUTCFullYear())
      case 'C':
        return two(Math.floor(d.getUTCFullYear() / 100))
      case 'k':
        return String(d.getUTCHours()).padStart(2)
      case 'l':
        return String(((d.getUTCHours() + 11) % 12) + 1).padStart(2)
      case 'y':
        return two(d.getUTCFullYear() % 100)
      case 'm':
        return two(d.getUTCMonth() + 1)
      case 'd':
        return two(d.getUTCDate())
      case 'e':
        return String(d.getUTCDate()).padStart(2)
      case 'H':
        return two(d.getUTCHours())
      case 'I':
        return two(((d.getUTCHours() + 11) % 12) + 1)
      case 'M':
        return two(d.getUTCMinutes())
      case 'S':
        return two(d.getUTCSeconds())
      case 'N':
        return String(d.getUTCMilliseconds() * 1e6).padStart(9, '0')
      case 's':
        return String(Math.floor(ms / 1000))
      case 'T':
        return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
      case 'R':
        return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`
      case 'F':
        return d.toISOString().slice(0, 10)
      case 'D':
        return `${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())}/${two(d.getUTCFullYear() % 100)}`
      case 'Z':
        return 'UTC'
      case 'z':
        return '+0000'
      case 'A':
        return DAYS[d.getUTCDay()] ?? ''
      case 'a':
        return (DAYS[d.getUTCDay()] ?? '').slice(0, 3)
      case 'B':
        return MONTHS[d.getUTCMonth()] ?? ''
      case 'b':
      case 'h':
        return (MONTHS[d.getUTCMonth()] ?? '').slice(0, 3)
      case 'p':
        return d.getUTCHours() < 12 ? 'AM' : 'PM'
      case 'j':
        return String(
          Math.floor(
            (Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) - Date.UTC(d.getUTCFullYear(), 0, 1)) /
              86400000,
          ) + 1,
        ).padStart(3, '0')
      case 'u':
        return String(d.getUTCDay() || 7)
      case 'w':
        return String(d.getUTCDay())
      case 'n':
        return '\n'
      case 't':
        return '\t'
      case '%':
        return '%'
      default:
        return `%${c}`
    }
  }
  return format.replace(/%(.)/g, (_all, c: string) => out(c))
}

const UNITS: Readonly<Record<string, number>> = {
  second: 1,
  sec: 1,
  minute: 60,
  min: 60,
  hour: 3600,
  day: 86400,
  week: 604800,
}
/** `yesterday`, `1 day ago`, `+2 hours`, `now - 5 min`; undefined for anything else. */
function relative(text: string, now: number): number | undefined {
  if (text === 'yesterday') return now - 86_400_000
  if (text === 'tomorrow') return now + 86_400_000
  if (text === 'today') return now
  const m = /^(?:now\s*)?([-+]?)\s*(\d+)\s*([a-z]+?)s?(\s+ago)?$/.exec(text.trim())
  const unit = UNITS[m?.[3] ?? '']
  if (!m || unit === undefined) return undefined
  return now + Number(m[2]) * unit * 1000 * ((m[1] === '-') !== (m[4] !== undefined) ? -1 : 1)
}

export const date: Tool = {
  name: 'date',
  async run(args, ctx) {
    let ms = ctx.now()
    let format: string | undefined
    const words: string[] = []
    for (let i = 0; i < args.length; i++) {
      const a = args[i] ?? ''
      if (a.startsWith('+')) format = a.slice(1)
      else if (a === '-Iseconds' || a === '--iso-8601=seconds') format = '%Y-%m-%dT%H:%M:%S+00:00'
      else if (a === '-I' || a === '--iso-8601') format = '%F'
      else if (a === '-R' || a === '--rfc-email') format = '%a, %d %b %Y %T %z'
      else if (a === '-d' || a.startsWith('--date=')) {
        const text = a === '-d' ? (args[++i] ?? '') : a.slice(7)
        const at = /^@(\d+)$/.exec(text)
        const parsed = at
          ? Number(at[1]) * 1000
          : text === 'now'
            ? ms
            : ((isBusybox(ctx, 'date') ? undefined : relative(text, ms)) ??
              Date.parse(/Z|[+-]\d\d:?\d\d$/.test(text) ? text : `${text} UTC`))
        if (Number.isNaN(parsed)) {
          ctx.stderr(`date: invalid date '${text}'\n`)
          return 1
        }
        ms = parsed
      } else if (a.startsWith('-') && !['-u', '--utc'].includes(a)) {
        refuse(ctx, 'date', a.startsWith('--') ? `unrecognized option '${a}'` : `invalid option -- '${a[1] ?? ''}'`)
        return 1
      } else if (!a.startsWith('-')) words.push(a)
    }
    const [word, extra] = words
    if (word !== undefined) {
      // what is no format would set the clock
      if (isBusybox(ctx, 'date') || extra !== undefined)
        refuse(ctx, 'date', isBusybox(ctx, 'date') ? '' : `extra operand '${extra}'`)
      else ctx.stderr(`date: invalid date '${word}'\n`)
      return 1
    }
    ctx.stdout(`${format === undefined ? strftime('%a %b %e %T %Z %Y', ms) : strftime(format, ms)}\n`)
    return 0
  },
}
