// kubectl events. Behaves as kubectl/pkg/cmd/events.
import type { Event } from '../../apimachinery/api/core.v1.ts'
import { humanDuration } from '../../apimachinery/duration.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import type { TabWriter } from '../../apimachinery/tabwriter.ts'
import { parseTime } from '../../apimachinery/time.ts'
import type { Command, CommandContext, Factory, Mapping } from '../command.ts'
import { CliError, PlainError } from '../exit.ts'
import { goSort } from '../gosort.ts'
import { printerFor, printFlags } from '../printflags.ts'
import { tableWriter } from '../tableview.ts'
import { requestTimeout } from '../timeout.ts'

type KubeEvent = Event & { readonly apiVersion: string; readonly kind: string }

const timeOf = (e: Event): number => {
  const t = e.series?.lastObservedTime ?? e.lastTimestamp ?? e.eventTime
  return t ? parseTime(t) : 0
}

function interval(e: Event, now: number): string {
  const since = (t: string | null | undefined): string => (t ? humanDuration(now - parseTime(t)) : '<unknown>')
  const first = since(e.eventTime ?? e.firstTimestamp)
  if (e.series) return `${since(e.series.lastObservedTime)} (x${e.series.count ?? 0} over ${first})`
  return (e.count ?? 0) > 1 ? `${since(e.lastTimestamp)} (x${e.count ?? 0} over ${first})` : first
}

/** The events about one object (decodeResourceTypeName); an empty name means all. */
async function selectorFor(factory: Factory, about: string): Promise<string | undefined> {
  if (!about.includes('/')) throw new CliError('--for must be in resource/name form')
  const [word = '', name = '', ...more] = about.split('/')
  if (more.length) throw new CliError('arguments in resource/name form may not have more than one slash')
  if (word === '') throw new CliError('a resource must be present, got: /, Resource=')
  let m: Mapping
  try {
    m = await factory.mapping(word.toLowerCase())
  } catch (e) {
    if (e instanceof CliError && e.message.startsWith("the server doesn't have a resource type"))
      throw new PlainError(e.message)
    throw e
  }
  return name === ''
    ? undefined
    : `involvedObject.kind=${m.kind},involvedObject.apiVersion=${m.groupVersion},involvedObject.name=${name}`
}

/** A format's text goes through the table's writer, tabs and all, and what its printer refuses goes unsaid. */
const formatOf = (ctx: CommandContext, writer: TabWriter): ReturnType<typeof printerFor> =>
  printerFor(
    {
      ...ctx,
      io: {
        ...ctx.io,
        stdout: {
          isTTY: false,
          write: (c) => {
            writer.write(typeof c === 'string' ? c : new TextDecoder().decode(c))
          },
        },
      },
    },
    '',
  )

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const all = flags.bool('all-namespaces')
  const namespace = all ? '' : factory.namespace().namespace
  let fieldSelector: string | undefined
  const about = flags.string('for')
  if (about) fieldSelector = await selectorFor(factory, about)
  const writer = tableWriter()
  const format = flags.string('output') === '' ? undefined : await formatOf(ctx, writer)
  const print =
    format &&
    ((object: JsonObject): void => {
      try {
        format(object, { typed: true })
      } catch (e) {
        if (!(e instanceof CliError)) throw e
      }
      io.stdout.write(writer.flush())
    })
  const types = flags.list('types').map((t) => t.toLowerCase())
  if (types.some((t) => t !== 'normal' && t !== 'warning')) throw new CliError('valid --types are Normal or Warning')
  const wanted = (e: Event): boolean => !types.length || types.includes((e.type ?? '').toLowerCase())
  const client = await factory.client()
  let headed = flags.bool('no-headers')
  const line = (e: KubeEvent, now: number): void => {
    if (!headed) {
      writer.write(`${all ? 'NAMESPACE\t' : ''}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n`)
      headed = true
    }
    const o = e.involvedObject
    writer.write(
      `${all ? `${e.metadata.namespace ?? ''}\t` : ''}${interval(e, now)}\t${e.type ?? ''}\t${e.reason ?? ''}\t${o.kind ?? ''}/${o.name ?? ''}\t${(e.message ?? '').trim()}\n`,
    )
  }
  const typed = (e: KubeEvent): JsonObject => ({ ...e, apiVersion: 'v1', kind: 'Event' })
  if (flags.bool('watch')) {
    const { deadline, WEEK } = await import('../waiting.ts')
    const limit = deadline(factory, requestTimeout(factory.global('request-timeout')) || WEEK)
    try {
      for await (const e of client.watch('v1/events', namespace, { query: { fieldSelector }, signal: limit.signal })) {
        if (e.type === 'DELETED' || e.type === 'ERROR' || e.type === 'BOOKMARK') continue
        const event = e.object as KubeEvent
        if (!wanted(event)) continue
        if (print) print(typed(event))
        else {
          line(event, await factory.now())
          io.stdout.write(writer.flush())
        }
      }
    } catch (e) {
      if (!limit.signal.aborted) throw e
    } finally {
      limit.done()
    }
    return
  }
  const items: KubeEvent[] = []
  let next: string | undefined
  do {
    const page = await client.list<KubeEvent>('v1/events', namespace, {
      query: { fieldSelector, limit: String(flags.int('chunk-size') || 500), continue: next },
    })
    items.push(...page.items)
    next = page.metadata.continue || undefined
  } while (next)
  const shown = items.filter(wanted)
  if (!shown.length) {
    io.stderr.write(all ? 'No events found.\n' : `No events found in ${namespace} namespace.\n`)
    return
  }
  const times = new Map(shown.map((e) => [e, timeOf(e)]))
  goSort(shown, (a, b) => (times.get(a) ?? 0) < (times.get(b) ?? 0))
  if (print) {
    print({ apiVersion: 'v1', kind: 'EventList', items: shown.map(typed), metadata: {} })
    return
  }
  const now = await factory.now()
  for (const e of shown) line(e, now)
  io.stdout.write(writer.flush())
}

export const events: Command = {
  name: 'events',
  usage:
    '[(-o|--output=)json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]',
  short: 'List events',
  long: 'Show events, the latest last. They can be those of one object, of some types, of one namespace or of all.',
  examples:
    '  # Recent events of the namespace\n  kubectl events\n  \n  # Of all namespaces\n  kubectl events --all-namespaces\n  \n  # Of one pod, and go on watching\n  kubectl events --for pod/web-pod-13je7 --watch\n  \n  # Only some types\n  kubectl events --types=Warning,Normal',
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'The events of all namespaces.' },
    {
      name: 'chunk-size',
      type: 'int',
      default: 500,
      usage: 'Ask for long lists in pieces of this size; 0 asks for all at once.',
    },
    { name: 'for', type: 'string', usage: 'Only events about this object (TYPE/NAME).' },
    { name: 'no-headers', type: 'bool', usage: 'Leave out the headers.' },
    { name: 'types', type: 'stringSlice', usage: 'Only events of these types: Normal, Warning.' },
    { name: 'watch', short: 'w', type: 'bool', usage: 'Go on watching for more.' },
    ...printFlags,
  ],
  run,
}
