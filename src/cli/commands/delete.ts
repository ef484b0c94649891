// kubectl delete. Behaves as kubectl/pkg/cmd/delete: asks for all deletions, prints, then waits until the objects are
// gone.
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import type { Io } from '../../apimachinery/ports.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Command, CommandContext, FlagSpec } from '../command.ts'
import { CliError, filterOut, withSource, pathName } from '../exit.ts'
import { groupResource } from '../info.ts'
import { parseGoBool } from '../flags.ts'
import { dryRun, dryRunFlag, fileRequest, filenameFlags, selectorFlag } from '../requestflags.ts'
import type { DryRun } from '../requestflags.ts'
import { resources } from '../resources.ts'
import type { Info } from '../info.ts'
import type { ResourceRequest, Resources } from '../resources.ts'

/** --cascade, --force and their like, as delete, replace and apply share them. */
export const deletionFlags: readonly FlagSpec[] = [
  {
    name: 'cascade',
    type: 'string',
    default: 'background',
    noOptDefault: 'background',
    usage: 'What happens to dependents: background, orphan, or foreground.',
  },
  {
    name: 'force',
    type: 'bool',
    usage: 'Remove at once, without waiting for the node; only with a grace period of 0.',
  },
  {
    name: 'grace-period',
    type: 'int',
    default: -1,
    usage: 'Seconds an object gets to end by itself; negative: its own; 1: at once; 0 only with --force.',
  },
  { name: 'timeout', type: 'duration', usage: 'How long to wait for the deletion; zero means as long as it takes.' },
  { name: 'wait', type: 'bool', default: true, usage: 'Wait until the objects are gone.' },
]

/** --cascade's value as a propagation policy. */
export function cascade(value: string, io?: Pick<Io, 'stderr'>): string {
  // booleans are what --cascade once took
  const flag = parseGoBool(value)
  if (flag === true) {
    io?.stderr.write(
      `warning: --cascade=${value} is deprecated (boolean value) and can be replaced with --cascade=background.\n`,
    )
    return 'Background'
  }
  if (flag === false) {
    io?.stderr.write(
      `warning: --cascade=${value} is deprecated (boolean value) and can be replaced with --cascade=orphan.\n`,
    )
    return 'Orphan'
  }
  const policy = { background: 'Background', orphan: 'Orphan', foreground: 'Foreground' }[value]
  if (!policy) throw new CliError(`invalid cascade value (${value}). Must be "background", "foreground", or "orphan"`)
  return policy
}

/** DeleteOptions as kubectl sends them. */
export function deleteOptions(policy: string, grace: number, serverDryRun = false): JsonObject {
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}),
    propagationPolicy: policy,
    ...(serverDryRun ? { dryRun: ['All'] } : {}),
  }
}

const kindWord = (info: Info): string => {
  const m = info.mapping
  return m ? (m.group ? `${m.kind.toLowerCase()}.${m.group}` : m.kind.toLowerCase()) : ''
}
const keyOf = (info: Info): string =>
  `${info.mapping ? groupResource(info.mapping) : ''}/${info.namespace}/${info.name}`
const isNotFound = (e: unknown): boolean => e instanceof StatusError && e.reason === 'NotFound'

async function confirmed(ctx: CommandContext, infos: readonly Info[]): Promise<boolean> {
  const { stdin, stdout } = ctx.io
  stdout.write(
    `You are about to delete the following ${infos.length} resource(s):\n${infos.map((i) => `${kindWord(i)}/${i.name}\n`).join('')}Do you want to continue? (y/n): `,
  )
  let text = ''
  for await (const chunk of stdin.chunks()) {
    text += new TextDecoder().decode(chunk)
    if (/\S[\s]/.test(text)) break
  }
  return (/\S+/.exec(text)?.[0] ?? '').toLowerCase() === 'y'
}

/** The grace period that flags ask for; -1 is the object's own (DeleteOptions.Complete). */
function gracePeriod({ flags }: CommandContext): number {
  const given = flags.int('grace-period')
  const force = flags.bool('force')
  if (flags.bool('now')) {
    if (given !== -1) throw new CliError('--now and --grace-period cannot be specified together')
    return 1
  }
  if (given === 0 && !force) return 1
  return force && given < 0 ? 0 : given
}

/** Refuses flags that do not go together, in kubectl's order (DeleteOptions.Validate). */
function validate({ flags, io }: CommandContext, grace: number): void {
  const output = flags.string('output')
  if (output !== '' && output !== 'name')
    throw new CliError(`unexpected -o output mode: ${output}. We only support '-o name'`)
  if (flags.bool('all') && flags.string('selector'))
    throw new CliError('cannot set --all and --selector at the same time')
  if (flags.bool('all') && flags.string('field-selector'))
    throw new CliError('cannot set --all and --field-selector at the same time')
  if (flags.bool('force') && grace === 0)
    io.stderr.write(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    )
  if (flags.bool('force') && grace > 0)
    throw new CliError('--force and --grace-period greater than 0 cannot be specified together')
}

async function deleteRaw(ctx: CommandContext): Promise<void> {
  const { flags } = ctx
  const files = flags.list('filename')
  if (flags.bool('interactive')) throw new CliError('--interactive can not be used with --raw')
  if (files.length > 1) throw new CliError('--raw can only use a single local file or stdin')
  if (/^https?:\/\//.test(files[0] ?? '')) throw new CliError('--raw cannot read from a url')
  if (flags.bool('recursive')) throw new CliError('--raw and --recursive are mutually exclusive')
  if (flags.string('output')) throw new CliError('--raw and --output are mutually exclusive')
  const { rawRequest } = await import('../raw.ts')
  await rawRequest(ctx, 'DELETE', flags.string('raw'), files[0])
}

type Visit = (r: Resources, fn: (info: Info) => Promise<void> | void) => Promise<void>

/** Visits resources; errors that mean "already gone" are not told when they are to be ignored. */
function visitor({ flags }: CommandContext): Visit {
  const selected = flags.bool('all') || flags.string('selector') !== '' || flags.string('field-selector') !== ''
  const ignored = flags.bool('ignore-not-found') || (selected && !flags.changed('ignore-not-found'))
  return async (r, fn) => {
    try {
      await r.visit(fn)
    } catch (e) {
      if (!ignored) throw e
      const left = filterOut(e, isNotFound)
      if (left !== undefined) throw left
    }
  }
}

/** What is shown is asked about (--interactive): the keys of what may go, undefined where nothing shall. */
async function agreed(ctx: CommandContext, found: Resources, visit: Visit): Promise<ReadonlySet<string> | undefined> {
  const preview: Info[] = []
  await visit(found, (i) => {
    preview.push(i)
  })
  const yes = preview.length > 0 && (await confirmed(ctx, preview))
  if (yes) return new Set(preview.map(keyOf))
  ctx.io.stdout.write(preview.length ? 'deletion is cancelled\n' : 'No resources found\n')
  return undefined
}

/** The uid in the answer to a delete: the object's, or the one that a Status names. */
function uidIn(answer: unknown): string {
  const body = isObject(answer) ? answer : {}
  const holder = body.kind === 'Status' && body.apiVersion === 'v1' ? body.details : body.metadata
  return isObject(holder) && typeof holder.uid === 'string' ? holder.uid : ''
}

interface Deleted {
  readonly info: Info
  readonly uid: string
}

/** Waits until what was deleted is gone; who may not look does not wait. */
async function gone({ factory, flags }: CommandContext, deleted: readonly Deleted[]): Promise<void> {
  const { untilDeleted, WEEK } = await import('../waiting.ts')
  const timeout = flags.number('timeout') || WEEK
  for (const { info, uid } of deleted) {
    try {
      await untilDeleted(factory, info, timeout, uid)
    } catch (e) {
      if (e instanceof StatusError && (e.code === 403 || e.code === 405)) return
      throw e
    }
  }
}

/** Prints what was deleted, as -o asks. */
function printer({ factory, flags, io }: CommandContext, grace: number, mode: DryRun): (info: Info) => void {
  const verb = grace === 0 ? 'force deleted' : 'deleted'
  const dry = mode === 'client' ? ' (dry run)' : mode === 'server' ? ' (server dry run)' : ''
  const showNamespace = has(factory.versions, 'deletedFromNamespace')
  return (info) => {
    const from = showNamespace && info.namespace ? ` from ${info.namespace} namespace` : ''
    const line =
      flags.string('output') === 'name'
        ? `${kindWord(info)}/${info.name}`
        : `${kindWord(info)} "${info.name}" ${verb}${from}${dry}`
    io.stdout.write(`${line}\n`)
  }
}

async function deleteRun(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const policy = cascade(flags.string('cascade'), io)
  const grace = gracePeriod(ctx)
  const mode = dryRun(ctx)
  const request: ResourceRequest = {
    args: ctx.args,
    ...fileRequest(ctx),
    continueOnError: true,
    flatten: true,
    requireObject: false,
    all: flags.bool('all'),
    allNamespaces: flags.bool('all-namespaces'),
    ...(flags.string('selector') ? { selector: flags.string('selector') } : {}),
    ...(flags.string('field-selector') ? { fieldSelector: flags.string('field-selector') } : {}),
  }
  const found = flags.string('raw') ? undefined : await resources(factory, request)
  validate(ctx, grace)
  if (!found) return deleteRaw(ctx)

  const visit = visitor(ctx)
  let allowed: ReadonlySet<string> | undefined
  if (flags.bool('interactive')) {
    allowed = await agreed(ctx, await resources(factory, request), visit)
    if (!allowed) return
  }
  const print = printer(ctx, grace, mode)
  const deleted: Deleted[] = []
  let count = 0
  let warnScope = factory.namespace().explicit && !flags.bool('all-namespaces')
  await visit(found, async (info) => {
    if (allowed && !allowed.has(keyOf(info))) return
    if (!info.mapping) return
    count++
    if (warnScope && !info.mapping.namespaced) {
      io.stderr.write('Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n')
      warnScope = false
    }
    if (mode === 'client') {
      print(info)
      return
    }
    const client = await factory.client()
    const { path } = info.mapping
    const options = deleteOptions(policy, grace, mode === 'server')
    let answer: unknown
    try {
      answer = await client.delete(path, info.namespace, pathName(info.name), options)
    } catch (e) {
      throw withSource('deleting', info.source, e)
    }
    print(info)
    deleted.push({ info, uid: uidIn(answer) })
  })
  if (!count) io.stdout.write('No resources found\n')
  else if (flags.bool('wait') && mode === 'none') await gone(ctx, deleted)
}

export const deleteCommand: Command = {
  name: 'delete',
  usage: '([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]',
  short: 'Delete objects by file, name, or selector',
  long: 'Delete objects by file names, standard input, type and name, or by type and label selector.\n\n JSON and YAML are accepted. Give only one of these: file names, type and name, or type and selector.\n\n Some kinds, pods above all, may end gracefully: they get a grace period, which --grace-period changes and --now shortens to one second. With --force and a grace period of 0 a pod is forgotten at once, whether its containers ended or not.\n\n No version is checked: a change that somebody makes at the same moment is lost with the object.',
  examples:
    '  # Delete what pod.json names\n  kubectl delete -f ./pod.json\n  \n  # Delete the pods and services that carry a label\n  kubectl delete pods,services -l name=myLabel\n  \n  # Delete a pod with the least delay\n  kubectl delete pod foo --now\n  \n  # Delete all pods\n  kubectl delete pods --all',
  flags: [
    { name: 'all', type: 'bool', usage: 'All objects of the given types in the namespace.' },
    { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'The objects of all namespaces.' },
    ...deletionFlags,
    { name: 'dry-run', type: 'string', default: 'none', noOptDefault: 'unchanged', usage: dryRunFlag.usage },
    {
      name: 'field-selector',
      type: 'string',
      usage: 'Only objects whose fields match (--field-selector key1=value1,key2=value2).',
    },
    {
      name: 'ignore-not-found',
      type: 'bool',
      usage: 'What is not there counts as deleted; true by default with --all and selectors.',
    },
    { name: 'interactive', since: 'deleteInteractive', short: 'i', type: 'bool', usage: 'Ask before deleting.' },
    { name: 'now', type: 'bool', usage: 'Delete with a grace period of one second.' },
    { name: 'output', short: 'o', type: 'string', usage: 'name: print only type/name.' },
    { name: 'raw', type: 'string', usage: 'A path on the server to DELETE as it is.' },
    ...filenameFlags('with the objects to delete'),
    selectorFlag,
  ],
  run: deleteRun,
}
