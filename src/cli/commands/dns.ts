// kubesim dns: the zone of the cluster as a table, and how one name is looked up, question by question. Ours alone, in
// plain English.
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'

async function ask(ctx: CommandContext, path: string, query: Readonly<Record<string, string>>): Promise<JsonObject> {
  const { door } = await ctx.factory.cluster()
  const response = await door.handle({
    method: 'GET',
    path: `/kubesim/v1/dns/${path}`,
    query: Object.fromEntries(
      Object.entries(query)
        .filter(([, v]) => v !== '')
        .map(([k, v]) => [k, [v]]),
    ),
  })
  if (response.status >= 400 || !isObject(response.body))
    throw new CliError(isObject(response.body) ? String(response.body.message) : String(response.body))
  return response.body
}
/** Whether JSON is wanted; anything else but nothing is refused. */
function wantsJson(ctx: CommandContext): boolean {
  const format = ctx.flags.string('output')
  if (format !== '' && format !== 'json')
    throw new CliError(`"${format}" is no form of output here: json, or nothing for a report to read`)
  return format === 'json'
}
const list = (v: unknown): readonly JsonObject[] => (Array.isArray(v) ? v.filter(isObject) : [])
const texts = (v: unknown): readonly string[] => (Array.isArray(v) ? v.map(String) : [])

async function records(ctx: CommandContext): Promise<void> {
  const { factory, flags, io } = ctx
  if (ctx.args.length > 0)
    throw new CliError(`dns records takes no names; to look one up: kubesim dns query ${ctx.args[0]}`)
  const json = wantsJson(ctx)
  const { namespace, explicit } = factory.namespace()
  const body = await ask(ctx, 'records', { namespace: explicit && !flags.bool('all-namespaces') ? namespace : '' })
  const rows = list(body.records)
  if (json) {
    io.stdout.write(`${JSON.stringify(body, null, 2)}\n`)
    return
  }
  if (rows.length === 0) {
    io.stderr.write(`No records for namespace ${namespace}.\n`)
    return
  }
  const { createReport } = await import('../report.ts')
  createReport(io.stdout, io.env).table(
    ['NAME', 'TYPE', 'TTL', 'DATA', 'FROM'],
    rows.map((r) => [String(r.name), String(r.type), String(r.ttl), String(r.data), String(r.origin)]),
  )
}

async function query(ctx: CommandContext): Promise<number> {
  const { args, factory, flags, io } = ctx
  const [name, type = '', ...rest] = args
  if (name === undefined) throw new CliError('say which name: kubesim dns query NAME [TYPE] [--from POD]')
  if (rest.length > 0) throw new CliError(`one name and one type at a time; "${rest[0]}" is too much`)
  const json = wantsJson(ctx)
  const body = await ask(ctx, 'query', {
    name,
    type,
    from: flags.string('from'),
    namespace: factory.namespace().namespace,
  })
  if (json) {
    io.stdout.write(`${JSON.stringify(body, null, 2)}\n`)
    return 0
  }
  const { createReport } = await import('../report.ts')
  const r = createReport(io.stdout, io.env)
  const search = texts(body.search)
  r.line(
    `${r.bold(name)} ${body.from ? `asked by pod ${String(body.from)}` : `asked from namespace ${String(body.namespace)}`}; name server ${String(body.server)} (${String(body.served)})`,
  )
  const dots = name.split('.').length - 1
  r.line(
    r.dim(
      body.address === true
        ? 'An address: its name in the tree of addresses is asked, without the search list.'
        : name.endsWith('.')
          ? 'The name ends in a dot: no search list.'
          : search.length === 0
            ? 'The pod has no search list: the name is asked as it is.'
            : `The name has ${dots} ${dots === 1 ? 'dot' : 'dots'}, ndots is ${String(body.ndots)}: ${dots >= Number(body.ndots) ? 'the name itself first, then the search list' : 'the search list first, then the name itself'} (${search.join(', ')}).`,
    ),
  )
  let good = false
  for (const [i, s] of list(body.steps).entries()) {
    const outcome = s.outcome === 'answer' ? String(s.rcode) : String(s.outcome)
    const answers = list(s.answers)
    good ||= answers.length > 0
    r.line('')
    r.line(
      `${i + 1}. ${String(s.name)} ${String(s.type)} -> ${answers.length > 0 ? r.good(outcome) : r.bad(outcome)}${s.outcome === 'answer' ? r.dim(` (${String(s.size)} bytes${s.authoritative === true ? ', authoritative' : ''})`) : ''}`,
    )
    for (const why of texts(s.why)) r.line(`   because ${why}`)
    for (const a of answers) r.line(`   ${String(a.name)} ${String(a.ttl)} ${String(a.type)} ${String(a.data)}`)
  }
  return good ? 0 : 1
}

const output = { name: 'output', short: 'o', type: 'string' as const, usage: 'json, or nothing for a report to read.' }
export const dns: Command = {
  name: 'dns',
  usage: 'records|query',
  short: 'Show the names of the cluster and how they are looked up',
  long: 'The cluster has a DNS server as CoreDNS is: see all its records with the objects they come from, or follow one name through search list and resolver.',
  examples:
    '  # Every record of the zone\n  kubesim dns records\n  \n  # Those of one namespace\n  kubesim dns records -n shop\n  \n  # Which questions a pod asks for "web", and why the answers are what they are\n  kubesim dns query web --from testrun',
  flags: [],
  subcommands: [
    {
      name: 'records',
      short: 'List every record of the zone and the object it comes from',
      load: async () => ({
        name: 'records',
        usage: '[-n NAMESPACE]',
        short: 'List every record of the zone and the object it comes from',
        flags: [
          { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'All namespaces, also when one is named.' },
          output,
        ],
        run: records,
      }),
    },
    {
      name: 'query',
      short: 'Look a name up as a pod would, and say why it has that answer',
      load: async () => ({
        name: 'query',
        usage: 'NAME [TYPE] [--from POD]',
        short: 'Look a name up as a pod would, and say why it has that answer',
        flags: [{ name: 'from', type: 'string', usage: 'The pod that asks: NAME or NAMESPACE/NAME.' }, output],
        run: query,
      }),
    },
  ],
}
