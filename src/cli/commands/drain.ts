// kubectl drain: cordons a node, then evicts its pods. Behaves as kubectl/pkg/cmd/drain and kubectl/pkg/drain.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { parseSelector } from '../../apimachinery/labels.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Versions } from '../../apimachinery/versions.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Command, CommandContext, Mapping } from '../command.ts'
import { aggregateText, CliError } from '../exit.ts'
import { mark, namedNodes } from '../nodes.ts'
import { dryRunFlag, dryRunWord, selectorFlag } from '../requestflags.ts'
import type { Info } from '../info.ts'
import type { DryRun } from '../requestflags.ts'
import { printNamed } from '../named.ts'

type KubePod = Pod & {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: NonNullable<Pod['metadata']>
}
interface Verdict {
  readonly pod: KubePod
  readonly delete: boolean
  readonly warning?: string
  readonly error?: string
}

const ended = (p: Pod): boolean => p.status?.phase === 'Succeeded' || p.status?.phase === 'Failed'

/** What is wrong with a pod that nothing would make anew. */
const unmanaged = (versions: Versions): string => {
  const twice = has(versions, 'drainSaidOnce') ? '' : 'cannot delete '
  return `${has(versions, 'drainOldWords') ? '' : twice}Pods ${has(versions, 'drainOldWords') ? '' : 'that '}declare no controller (use --force to override)`
}

/** What happens to a pod, filter by filter: daemon sets, mirror pods, local data, pods without a controller. */
async function judge(ctx: CommandContext, pod: KubePod): Promise<Verdict> {
  const { flags, factory } = ctx
  let warning: string | undefined
  const skipAfter = flags.int('skip-wait-for-delete-timeout')
  const deleted = pod.metadata.deletionTimestamp
  if (skipAfter > 0 && deleted && (await factory.now()) - Date.parse(deleted) > skipAfter * 1000)
    return { pod, delete: false }
  const owner = pod.metadata.ownerReferences?.find((r) => r.controller)
  if (owner?.kind === 'DaemonSet' && !ended(pod)) {
    const client = await factory.client()
    let gone = false
    try {
      await client.get('apps/v1/daemonsets', pod.metadata.namespace ?? '', owner.name)
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
      gone = true
      if (!(e.code === 404 && flags.bool('force'))) return { pod, delete: false, error: e.message }
      warning = e.message
    }
    if (!gone)
      return flags.bool('ignore-daemonsets')
        ? { pod, delete: false, warning: 'ignoring DaemonSet-managed Pods' }
        : { pod, delete: false, error: 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)' }
  }
  if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return { pod, delete: false }
  if (pod.spec?.volumes?.some((v) => v.emptyDir) && !ended(pod)) {
    if (!flags.bool('delete-emptydir-data'))
      return { pod, delete: false, error: 'Pods with local storage (use --delete-emptydir-data to override)' }
    warning = 'deleting Pods with local storage'
  }
  if (!ended(pod) && !owner) {
    if (!flags.bool('force')) return { pod, delete: false, error: unmanaged(factory.versions) }
    warning = 'deleting Pods that declare no controller'
  }
  return { pod, delete: true, ...(warning ? { warning } : {}) }
}

const podName = (p: KubePod): string => `${p.metadata.namespace}/${p.metadata.name}`

function grouped(verdicts: readonly Verdict[], text: (v: Verdict) => string | undefined): string[] {
  const groups = new Map<string, string[]>()
  for (const v of verdicts) {
    const t = text(v)
    if (t) groups.set(t, [...(groups.get(t) ?? []), podName(v.pod)])
  }
  // upstream's order is that of a Go map: any; ours is that of the pods
  return [...groups].map(([k, pods]) => `${k}: ${pods.join(', ')}`)
}

const podMapping: Pick<Mapping, 'path'> = { path: 'v1/pods' }

async function evict(ctx: CommandContext, pods: readonly KubePod[], mode: DryRun, end: number): Promise<void> {
  const { flags, factory, io } = ctx
  const client = await factory.client()
  const grace = flags.int('grace-period')
  const direct = flags.bool('disable-eviction')
  const errors: unknown[] = []
  const { untilDeleted } = await import('../waiting.ts')
  const mapping = await factory.mapping('pods')
  // all pods at once, as upstream: one that its budget keeps does not hold up the others
  const one = async (pod: KubePod): Promise<void> => {
    const ns = pod.metadata.namespace ?? ''
    const name = pod.metadata.name ?? ''
    const options = {
      ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}),
      ...(mode === 'server' ? { dryRun: ['All'] } : {}),
    }
    const which = `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(ns)}`
    if (direct) {
      try {
        await client.delete(podMapping.path, ns, name, options)
      } catch (e) {
        if (!(e instanceof StatusError && e.code === 404)) {
          errors.push(e)
          return
        }
      }
    } else
      for (;;) {
        io.stdout.write(`evicting pod ${ns}/${name}${mode === 'server' ? ' (server dry run)' : ''}\n`)
        try {
          await client.post(podMapping.path, ns, name, 'eviction', {
            apiVersion: 'policy/v1',
            kind: 'Eviction',
            metadata: { name, namespace: ns },
            deleteOptions: options,
          })
          break
        } catch (e) {
          if (e instanceof StatusError && e.code === 404) return
          if (!(e instanceof StatusError && e.code === 429)) {
            errors.push(new CliError(`${which}: ${e instanceof Error ? e.message : String(e)}`))
            return
          }
          io.stderr.write(`${which} (will retry after 5s): ${e.message}\n`)
          const left = end - io.clock.now()
          await io.clock.sleep(Math.max(0, Math.min(5000, left)), io.signal)
          if (left <= 5000) {
            errors.push(new CliError(`${which}: global timeout reached: ${formatTimeout(flags.number('timeout'))}`))
            return
          }
        }
      }
    // nothing goes in a dry run of an eviction: upstream does not wait for it and says no more
    if (mode === 'server' && !direct) return
    if (mode === 'none')
      await untilDeleted(
        factory,
        { mapping, namespace: ns, name, source: '', object: undefined, resourceVersion: '' },
        Math.max(1, end - io.clock.now()),
        pod.metadata.uid,
      )
    printNamed(
      io,
      { ...(pod as JsonObject), apiVersion: 'v1', kind: 'Pod' },
      dryRunWord(direct ? 'deleted' : 'evicted', mode),
    )
  }
  await Promise.all(pods.map(one))
  // the errors of evictions are an aggregate, however many; that of a deletion stands alone
  if (errors.length) throw direct ? errors[0] : new AggregateError(errors)
}

function formatTimeout(ms: number): string {
  const s = ms / 1000
  return s < 60 ? `${s}s` : `${Math.floor(s / 60)}m${s % 60}s`
}

async function drainNode(ctx: CommandContext, info: Info, mode: DryRun, end: number): Promise<void> {
  const { flags, factory, io } = ctx
  const client = await factory.client()
  const list = await client.list<KubePod>('v1/pods', '', {
    query: { fieldSelector: `spec.nodeName=${info.name}`, labelSelector: flags.string('pod-selector') || undefined },
  })
  const verdicts: Verdict[] = []
  for (const pod of list.items) verdicts.push(await judge(ctx, pod))
  const failed = grouped(verdicts, (v) => v.error)
  if (failed.length) throw new AggregateError(failed.map((f) => new CliError(`cannot delete ${f}`)))
  const warnings = grouped(verdicts, (v) => v.warning)
  if (warnings.length) io.stderr.write(`Warning: ${warnings.join('; ')}\n`)
  const pods = verdicts.filter((v) => v.delete).map((v) => v.pod)
  if (mode === 'client') {
    for (const p of pods) io.stdout.write(`evicting pod ${podName(p)} (dry run)\n`)
    return
  }
  try {
    await evict(ctx, pods, mode, end)
  } catch (e) {
    const pending: KubePod[] = []
    for (const pod of (
      await client.list<KubePod>('v1/pods', '', {
        query: {
          fieldSelector: `spec.nodeName=${info.name}`,
          labelSelector: flags.string('pod-selector') || undefined,
        },
      })
    ).items)
      if ((await judge(ctx, pod)).delete) pending.push(pod)
    if (pending.length) {
      io.stderr.write(
        `There are pending pods in node ${JSON.stringify(info.name)} when an error occurred: ${e instanceof AggregateError ? aggregateText(e.errors as unknown[]) : e instanceof Error ? e.message : String(e)}\n`,
      )
      for (const p of pending) io.stderr.write(`pod/${p.metadata.name}\n`)
    }
    throw e
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, io } = ctx
  const selector = flags.string('pod-selector')
  if (selector) {
    try {
      parseSelector(selector)
    } catch {
      throw new CliError('--pod-selector=<pod_selector> must be a valid label selector')
    }
  }
  const { infos, mode } = await namedNodes(ctx, 'drain NODE')
  await mark(ctx, infos, mode, true)
  const end = io.clock.now() + (flags.number('timeout') || 604_800_000)
  const fatal: unknown[] = []
  const left: string[] = []
  for (const info of infos) {
    try {
      await drainNode(ctx, info, mode, end)
      if (info.object) printNamed(io, info.object, dryRunWord('drained', mode))
    } catch (e) {
      const text =
        e instanceof AggregateError ? aggregateText(e.errors as unknown[]) : e instanceof Error ? e.message : String(e)
      io.stderr.write(
        `error: unable to drain node ${JSON.stringify(info.name)} due to error:${has(ctx.factory.versions, 'drainReasonBlank') ? ' ' : ''}${text}, continuing command...\n`,
      )
      fatal.push(e)
      left.push(info.name)
    }
  }
  if (left.length) io.stderr.write(`There are pending nodes to be drained:\n${left.map((n) => ` ${n}\n`).join('')}`)
  // upstream's errors of one node are an aggregate already, and it prints them without `error: `
  if (fatal.length) throw new AggregateError(fatal)
}

export const drain: Command = {
  name: 'drain',
  usage: 'NODE [options]',
  short: 'Drain node in preparation for maintenance',
  long: 'Empty a node before maintenance.\n\n The node is marked as unschedulable; then its pods are evicted, as their disruption budgets allow, or deleted where eviction is not wanted. Pods of DaemonSets are left alone with --ignore-daemonsets; pods without a controller stop the command unless --force is given.\n\n When the node goes back into service, use kubectl uncordon.',
  examples:
    '  # Drain the node foo, also of pods without a controller\n  kubectl drain foo --force\n  \n  # With a grace period of 15 minutes\n  kubectl drain foo --grace-period=900',
  flags: [
    {
      name: 'chunk-size',
      type: 'int',
      default: 500,
      usage: 'Ask for long lists in pieces of this size; 0 asks for all at once.',
    },
    { name: 'delete-emptydir-data', type: 'bool', usage: 'Go on although pods use emptyDir, whose data is lost.' },
    { name: 'disable-eviction', type: 'bool', usage: 'Delete pods instead of evicting them.' },
    dryRunFlag,
    { name: 'force', type: 'bool', usage: 'Go on although pods have no controller.' },
    {
      name: 'grace-period',
      type: 'int',
      default: -1,
      usage: 'Seconds each pod gets to end by itself; negative: its own.',
    },
    { name: 'ignore-daemonsets', type: 'bool', usage: 'Leave pods of DaemonSets alone.' },
    { name: 'pod-selector', type: 'string', usage: 'Only pods whose labels match.' },
    selectorFlag,
    {
      name: 'skip-wait-for-delete-timeout',
      type: 'int',
      usage: 'Do not wait for pods that are going for longer than this many seconds.',
    },
    { name: 'timeout', type: 'duration', usage: 'How long to try; zero means as long as it takes.' },
  ],
  run,
}
