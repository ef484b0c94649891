// kubesim clock: shows, advances, freezes, sets and resumes the time of the simulated cluster. Ours alone, in plain
// English.
import { formatGoDuration, parseDuration } from '../../apimachinery/duration.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import type { Command, CommandContext, CommandLine } from '../command.ts'
import { CliError } from '../exit.ts'

const PATH = '/kubesim/v1/clock'

async function ask(ctx: CommandContext, change?: JsonObject): Promise<JsonObject> {
  const { door } = await ctx.factory.cluster()
  const response = await door.handle(
    change ? { method: 'POST', path: PATH, body: change } : { method: 'GET', path: PATH },
  )
  if (response.status >= 400 || !isObject(response.body))
    throw new CliError(isObject(response.body) ? String(response.body.message) : String(response.body))
  return response.body
}

/** `2026-11-23T10:00:00Z, frozen`; `…, 25h0m0s ahead of this machine`. */
function sentence(c: JsonObject): string {
  const now = Number(c.now)
  const ahead = Math.round((now - Number(c.real)) / 1000) * 1000
  const away =
    ahead === 0
      ? "this machine's time"
      : `${formatGoDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} this machine`
  const next =
    typeof c.nextWake === 'number' ? `; the controllers next have something to do at ${rfc3339(c.nextWake)}` : ''
  return `${rfc3339(now)}, ${c.frozen === undefined ? `running, ${away}` : 'frozen'}${next}`
}

/** A span of time as people write it: Go's durations, and days (`2d`, `1d12h`). */
function span(text: string): number {
  const days = /^(\d+(?:\.\d+)?)d(.*)$/.exec(text)
  try {
    const ms = days ? Number(days[1]) * 86_400_000 + (days[2] ? parseDuration(days[2]) : 0) : parseDuration(text)
    if (ms >= 0 && Number.isFinite(ms)) return ms
  } catch {
    /* said below */
  }
  throw new CliError(`"${text}" is not a span of time to go forward by: write 90s, 25h, 1h30m or 2d`)
}

function only(ctx: CommandContext, count: number, what: string): void {
  if (ctx.args.length !== count)
    throw new CliError(
      count === 0
        ? `${ctx.commandPath.replace(/^kubectl/, 'kubesim')} takes no arguments`
        : `say ${what}: ${ctx.commandPath.replace(/^kubectl/, 'kubesim')} ${what}`,
    )
}

async function show(ctx: CommandContext): Promise<void> {
  only(ctx, 0, '')
  ctx.io.stdout.write(`${sentence(await ask(ctx))}\n`)
}

const sub = (name: string, usage: string, short: string, run: (ctx: CommandContext) => Promise<void>): CommandLine => ({
  name,
  short,
  load: async () => ({ name, usage, short, flags: [], run }),
})
const change =
  (count: number, what: string, body: (ctx: CommandContext) => JsonObject) =>
  async (ctx: CommandContext): Promise<void> => {
    only(ctx, count, what)
    ctx.io.stdout.write(`${sentence(await ask(ctx, body(ctx)))}\n`)
  }

function moment(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new CliError(`"${text}" is not a moment: write it as 2026-11-23T10:00:00Z`)
  return ms
}

export const clock: Command = {
  name: 'clock',
  usage: '[show|advance SPAN|freeze|set TIME|resume]',
  short: 'Show and change the time of the simulated cluster',
  long: 'The simulated cluster has a clock of its own: ages, CronJobs, back-offs and deadlines follow it. Going forward, everything that was due on the way happens at its own moment.',
  examples:
    '  # What time is it there\n  kubesim clock\n  \n  # A day and an hour later\n  kubesim clock advance 25h\n  \n  # Stop the clock, so that ages stand still\n  kubesim clock freeze',
  flags: [],
  subcommands: [
    sub('show', '', 'Show the time', show),
    sub(
      'advance',
      'SPAN',
      'Go forward in time: 90s, 25h, 2d',
      change(1, 'SPAN', (ctx) => ({ advance: span(ctx.args[0] ?? '') })),
    ),
    sub(
      'freeze',
      '',
      'Stop the clock',
      change(0, '', () => ({ freeze: true })),
    ),
    sub(
      'set',
      'TIME',
      'Set the clock to a moment: 2026-11-23T10:00:00Z',
      change(1, 'TIME', (ctx) => ({ set: moment(ctx.args[0] ?? '') })),
    ),
    sub(
      'resume',
      '',
      'Let a frozen clock run on from where it stands',
      change(0, '', () => ({ resume: true })),
    ),
  ],
  run: show,
}
