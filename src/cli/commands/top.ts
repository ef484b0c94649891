// kubectl top: usage of nodes and pods, where the cluster has metrics. Behaves as kubectl/pkg/cmd/top.
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { parseFieldSelector } from '../../apimachinery/fields.ts'
import { parseSelector } from '../../apimachinery/labels.ts'
import { milliValue, parseQuantity, value } from '../../apimachinery/quantity.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { alignTabs } from '../../apimachinery/tabwriter.ts'
import { pathOf } from '../../client/client.ts'
import type { Command, CommandContext, FlagSpec } from '../command.ts'
import { CliError, UsageError } from '../exit.ts'
import { nameOf, namespaceOf } from '../info.ts'
import { selectorFlag } from '../requestflags.ts'
import { groupRun } from '../subcommands.ts'

const NOT_AVAILABLE = 'Metrics API not available'

/** metrics.k8s.io's objects, or kubectl's sentence where there is no such API. */
async function metrics(ctx: CommandContext, resource: string, namespace: string, name: string): Promise<JsonObject[]> {
  const { flags, factory } = ctx
  const client = await factory.client()
  const groups = (await client.request('GET', '/apis')).body
  const list = isObject(groups) && Array.isArray(groups.groups) ? (groups.groups as readonly Json[]) : []
  if (!list.some((g) => isObject(g) && g.name === 'metrics.k8s.io')) throw new CliError(NOT_AVAILABLE)
  try {
    const body = (
      await client.request('GET', pathOf(`metrics.k8s.io/v1beta1/${resource}`, namespace, name), {
        query: { labelSelector: flags.string('selector') || undefined },
      })
    ).body
    if (!isObject(body)) return []
    return name ? [body] : (Array.isArray(body.items) ? (body.items as readonly Json[]) : []).filter(isObject)
  } catch (e) {
    if (e instanceof StatusError && e.code === 503) throw new CliError(NOT_AVAILABLE)
    throw e
  }
}

const usageOf = (o: JsonObject): { cpu: bigint; memory: bigint } => {
  const u = isObject(o.usage) ? o.usage : {}
  return {
    cpu: BigInt(milliValue(parseQuantity(String(u.cpu ?? '0')))),
    memory: BigInt(value(parseQuantity(String(u.memory ?? '0')))),
  }
}
const cpuText = (milli: bigint): string => `${milli}m`
const memoryText = (bytes: bigint): string => `${bytes / 1048576n}Mi`

function check(ctx: CommandContext, use: string, selector: string): string {
  const { flags, args } = ctx
  if (args.length > 1) throw new UsageError(use)
  const sortBy = flags.string('sort-by')
  if (!['', 'cpu', 'memory'].includes(sortBy)) throw new CliError('--sort-by accepts only cpu or memory')
  const asked = flags.string('selector')
  if (args.length && asked) throw new CliError(`only one of NAME or ${selector} can be provided`)
  if (asked)
    try {
      parseSelector(asked)
    } catch (e) {
      throw new CliError((e as Error).message)
    }
  return sortBy
}

// every cell ends in a tab, the last one too
const align = (rows: readonly (readonly string[])[]): string =>
  alignTabs(rows.map((r) => `${r.map((c) => `${c}\t`).join('')}\n`).join(''), { minWidth: 6, tabWidth: 4, padding: 3 })

async function nodes(ctx: CommandContext): Promise<void> {
  const { flags, factory, io, args } = ctx
  const sortBy = check(ctx, 'node [NAME | -l label]', '--selector')
  const list = await metrics(ctx, 'nodes', '', args[0] ?? '')
  if (!list.length) throw new CliError('metrics not available yet')
  const client = await factory.client()
  const rows: { name: string; cpu: bigint; memory: bigint; cells: string[] }[] = []
  for (const m of list) {
    const node = (await client.get('v1/nodes', '', nameOf(m))) as JsonObject
    const status = isObject(node.status) ? node.status : {}
    const total = flags.bool('show-capacity') ? status.capacity : status.allocatable
    const of = isObject(total) ? total : {}
    const { cpu, memory } = usageOf(m)
    const allCpu = BigInt(milliValue(parseQuantity(String(of.cpu ?? '0'))))
    const allMemory = BigInt(value(parseQuantity(String(of.memory ?? '0'))))
    rows.push({
      name: nameOf(m),
      cpu,
      memory,
      cells: [
        nameOf(m),
        cpuText(cpu),
        allCpu ? `${(cpu * 100n) / allCpu}%` : '<unknown>',
        memoryText(memory),
        allMemory ? `${(memory * 100n) / allMemory}%` : '<unknown>',
      ],
    })
  }
  rows.sort((a, b) =>
    sortBy === 'cpu'
      ? Number(b.cpu - a.cpu)
      : sortBy === 'memory'
        ? Number(b.memory - a.memory)
        : a.name < b.name
          ? -1
          : 1,
  )
  io.stdout.write(
    align([
      ...(flags.bool('no-headers') ? [] : [['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)']]),
      ...rows.map((r) => r.cells),
    ]),
  )
}

async function pods(ctx: CommandContext): Promise<void> {
  const { flags, factory, io, args } = ctx
  const sortBy = check(ctx, 'pod [NAME | -l label]', 'selector')
  const fieldSelector = flags.string('field-selector')
  try {
    parseFieldSelector(fieldSelector)
  } catch (e) {
    throw new CliError((e as Error).message)
  }
  const all = flags.bool('all-namespaces')
  const namespace = all ? '' : factory.namespace().namespace
  const list = await metrics(ctx, 'pods', namespace, args[0] ?? '')
  if (!list.length) {
    io.stderr.write(all ? 'No resources found\n' : `No resources found in ${namespace} namespace.\n`)
    return
  }
  const byContainer = flags.bool('containers')
  const rows: { cpu: bigint; memory: bigint; key: string; cells: string[][] }[] = []
  for (const m of list) {
    const containers = (Array.isArray(m.containers) ? (m.containers as readonly Json[]).filter(isObject) : []).map(
      (c) => ({ name: String(c.name), ...usageOf(c) }),
    )
    const cpu = containers.reduce((a, c) => a + c.cpu, 0n)
    const memory = containers.reduce((a, c) => a + c.memory, 0n)
    const lead = [...(all ? [namespaceOf(m)] : []), nameOf(m)]
    rows.push({
      cpu,
      memory,
      key: `${namespaceOf(m)}/${nameOf(m)}`,
      cells: byContainer
        ? containers.map((c) => [...lead, c.name, cpuText(c.cpu), memoryText(c.memory)])
        : [[...lead, cpuText(cpu), memoryText(memory)]],
    })
  }
  rows.sort((a, b) =>
    sortBy === 'cpu'
      ? Number(b.cpu - a.cpu)
      : sortBy === 'memory'
        ? Number(b.memory - a.memory)
        : a.key < b.key
          ? -1
          : 1,
  )
  const head = [
    ...(all ? ['NAMESPACE'] : []),
    ...(byContainer ? ['POD', 'NAME'] : ['NAME']),
    'CPU(cores)',
    'MEMORY(bytes)',
  ]
  const out = [...(flags.bool('no-headers') ? [] : [head]), ...rows.flatMap((r) => r.cells)]
  if (flags.bool('sum')) {
    const blanks = Array.from({ length: head.length - 3 }, () => '')
    out.push(
      [...blanks, '', '________', '________'],
      [
        ...blanks,
        '',
        cpuText(rows.reduce((a, r) => a + r.cpu, 0n)),
        memoryText(rows.reduce((a, r) => a + r.memory, 0n)),
      ],
    )
  }
  io.stdout.write(align(out))
}

const shared: readonly FlagSpec[] = [
  { name: 'no-headers', type: 'bool', usage: 'Leave out the headers.' },
  selectorFlag,
  {
    name: 'show-swap',
    since: 'topSwap',
    type: 'bool',
    usage: "Accepted for kubectl's sake: nothing simulated swaps.",
  },
  { name: 'sort-by', type: 'string', usage: 'Sort by cpu or memory.' },
  { name: 'use-protocol-buffers', type: 'bool', default: true, usage: "Accepted for kubectl's sake." },
]

export const top: Command = {
  name: 'top',
  usage: '[flags] [options]',
  short: 'Display resource (CPU/memory) usage',
  long: 'Display resource (CPU/memory) usage.\n\n The cluster must have metrics; a simulated cluster has none unless its profile says so.',
  flags: [],
  run: groupRun('stderr'),
  subcommands: [
    {
      name: 'node',
      aliases: ['nodes', 'no'],
      short: 'Display resource (CPU/memory) usage of nodes',
      load: async () => ({
        name: 'node',
        aliases: ['nodes', 'no'],
        usage: '[NAME | -l label] [options]',
        short: 'Display resource (CPU/memory) usage of nodes',
        long: 'Show what nodes use of CPU and memory.',
        examples: '  # All nodes\n  kubectl top node',
        flags: [
          ...shared,
          { name: 'show-capacity', type: 'bool', usage: 'Relate usage to capacity instead of what is allocatable.' },
        ],
        run: nodes,
      }),
    },
    {
      name: 'pod',
      aliases: ['pods', 'po'],
      short: 'Display resource (CPU/memory) usage of pods',
      load: async () => ({
        name: 'pod',
        aliases: ['pods', 'po'],
        usage: '[NAME | -l label] [options]',
        short: 'Display resource (CPU/memory) usage of pods',
        long: 'Show what pods use of CPU and memory.',
        examples:
          '  # All pods of the namespace\n  kubectl top pod\n  \n  # A pod and its containers\n  kubectl top pod POD_NAME --containers',
        flags: [
          ...shared,
          { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'The pods of all namespaces.' },
          { name: 'containers', type: 'bool', usage: 'Show each container.' },
          { name: 'field-selector', type: 'string', usage: 'Only pods whose fields match.' },
          { name: 'sum', type: 'bool', usage: 'Add up what is shown.' },
        ],
        run: pods,
      }),
    },
  ],
}
