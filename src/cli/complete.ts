// What may follow on a command line: commands, flags, resource types, names of objects (cobra's __complete,
// kubectl/pkg/util/completion).
import type { CliHost, CommandLine, FlagSpec } from './command.ts'
import { createFactory } from './factory.ts'
import { parseFlags } from './flags.ts'

export interface Spot {
  /** The command's words: ['get'], ['rollout', 'status']. */
  readonly words: readonly string[]
  readonly flags: readonly FlagSpec[]
  readonly subcommands: readonly CommandLine[]
  /** What stands on the line after the command's words, the word to complete left out. */
  readonly args: readonly string[]
}

/** Verbs whose arguments are types and names, and those that take only names of one type. */
const TYPE_NAME = new Set([
  'get',
  'describe',
  'delete',
  'edit',
  'label',
  'annotate',
  'patch',
  'explain',
  'wait',
  'debug',
])
const ONE_TYPE: Readonly<Record<string, string>> = {
  logs: 'pods',
  exec: 'pods',
  attach: 'pods',
  'port-forward': 'pods',
  cp: 'pods',
  cordon: 'nodes',
  uncordon: 'nodes',
  drain: 'nodes',
}
const SOME_TYPES: Readonly<Record<string, readonly string[]>> = {
  scale: ['deployments', 'replicasets', 'replicationcontrollers', 'statefulsets'],
  autoscale: ['deployments', 'replicasets', 'replicationcontrollers', 'statefulsets'],
  expose: ['deployments', 'pods', 'replicasets', 'replicationcontrollers', 'services'],
  rollout: ['daemonsets', 'deployments', 'statefulsets'],
  taint: ['nodes'],
}

/** The answers for one word, each with its description after a tab where it has one. */
export async function completions(host: CliHost, spot: Spot, toComplete: string): Promise<string[]> {
  const before = spot.args.at(-1) ?? ''
  const verb = spot.words[0] ?? ''
  const starting = (names: readonly string[]): string[] => names.filter((n) => n.startsWith(toComplete))
  const ask = async <T>(work: (factory: Awaited<ReturnType<typeof createFactory>>) => Promise<T>): Promise<T> => {
    const known = spot.args.filter((a) => /^(-n|--namespace|--context|--state)/.test(a))
    const values: string[] = []
    for (let i = 0; i < spot.args.length; i++) {
      const a = spot.args[i] ?? ''
      if (known.includes(a)) {
        values.push(a)
        if (!a.includes('=') && (a.startsWith('--') || a.length === 2)) values.push(spot.args[++i] ?? '')
      }
    }
    const factory = await createFactory(host, parseFlags(values, spot.flags).values)
    try {
      return await work(factory)
    } finally {
      await factory.close()
    }
  }
  const names = (type: string): Promise<string[]> =>
    ask(async (f) => {
      const m = await f.mapping(type)
      const list = await (await f.client()).list(m.path, m.namespaced ? f.namespace().namespace : '')
      return starting(list.items.map((o) => o.metadata.name ?? ''))
    })
  if (before === '-n' || before === '--namespace') return await names('namespaces')
  if (toComplete.startsWith('--namespace=')) return (await names('namespaces')).map((n) => `--namespace=${n}`)
  if (toComplete.startsWith('-'))
    return starting(spot.flags.filter((f) => !f.hidden).map((f) => `--${f.name}`))
      .sort()
      .map((n) => `${n}\t${spot.flags.find((f) => `--${f.name}` === n)?.usage ?? ''}`)
  if (spot.subcommands.length && !spot.args.length)
    return spot.subcommands
      .filter((c) => !c.hidden && c.name.startsWith(toComplete))
      .map((c) => `${c.name}\t${c.short}`)
  let plain: readonly string[] = []
  try {
    plain = parseFlags(spot.args, spot.flags).args
  } catch {
    plain = []
  }
  const one = Object.hasOwn(ONE_TYPE, verb) ? ONE_TYPE[verb] : undefined
  if (one) return plain.length && verb !== 'cordon' && verb !== 'uncordon' && verb !== 'drain' ? [] : await names(one)
  if (!TYPE_NAME.has(verb) && !Object.hasOwn(SOME_TYPES, verb)) return []
  if (plain.length) return await names((plain[0] ?? '').split(',').at(-1) ?? '')
  if (toComplete.includes('/')) {
    const cut = toComplete.indexOf('/')
    const type = toComplete.slice(0, cut)
    return await ask(async (f) => {
      const m = await f.mapping(type)
      return (await (await f.client()).list(m.path, m.namespaced ? f.namespace().namespace : '')).items
        .map((o) => `${type}/${o.metadata.name ?? ''}`)
        .filter((n) => n.startsWith(toComplete))
    })
  }
  const some = SOME_TYPES[verb]
  if (some) return starting(some)
  return await ask(async (f) =>
    starting([...new Set((await f.resources()).filter((r) => r.verbs.includes('get')).map((r) => r.resource))].sort()),
  )
}
