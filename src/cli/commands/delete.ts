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
import { dryRun, dryRunFlag, fileRequest, filenameFlags, selectorFlag } from '../requestflags.ts'
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
  if (['true', 't', 'T', 'TRUE', 'True', '1'].includes(value)) {
    io?.stderr.write(
      `warning: --cascade=${value} is deprecated (boolean value) and can be replaced with --cascade=background.\n`,
    )
    return 'Background'
  }
  if (['false', 'f', 'F', 'FALSE', 'False', '0'].includes(value)) {
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

async function deleteRun(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const output = flags.string('output')
  const policy = cascade(flags.string('cascade'), io)
  const selected = flags.bool('all') || flags.string('selector') !== '' || flags.string('field-selector') !== ''
  const ignoreNotFound = flags.bool('ignore-not-found') || (selected && !flags.changed('ignore-not-found'))
  const force = flags.bool('force')
  let grace = flags.int('grace-period')
  if (flags.bool('now')) {
    if (grace !== -1) throw new CliError('--now and --grace-period cannot be specified together')
    grace = 1
  }
  if (grace === 0 && !force) grace = 1
  if (force && grace < 0) grace = 0
  const mode = dryRun(ctx)
  const raw = flags.string('raw')
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
  const found: Resources | undefined = raw ? undefined : await resources(factory, request)
  if (output !== '' && output !== 'name')
    throw new CliError(`unexpected -o output mode: ${output}. We only support '-o name'`)
  if (flags.bool('all') && flags.string('selector'))
    throw new CliError('cannot set --all and --selector at the same time')
  if (flags.bool('all') && flags.string('field-selector'))
    throw new CliError('cannot set --all and --field-selector at the same time')
  if (force && grace === 0)
    io.stderr.write(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    )
  if (force && grace > 0) throw new CliError('--force and --grace-period greater than 0 cannot be specified together')
  if (!found) {
    const files = flags.list('filename')
    if (flags.bool('interactive')) throw new CliError('--interactive can not be used with --raw')
    if (files.length > 1) throw new CliError('--raw can only use a single local file or stdin')
    if (/^https?:\/\//.test(files[0] ?? '')) throw new CliError('--raw cannot read from a url')
    if (flags.bool('recursive')) throw new CliError('--raw and --recursive are mutually exclusive')
    if (output) throw new CliError('--raw and --output are mutually exclusive')
    const { rawRequest } = await import('../raw.ts')
    await rawRequest(ctx, 'DELETE', raw, files[0])
    return
  }

  // errors that mean "already gone" are not told when they are to be ignored
  const visiting = async (r: Resources, fn: (info: Info) => Promise<void> | void): Promise<void> => {
    try {
      await r.visit(fn)
    } catch (e) {
      if (!ignoreNotFound) throw e
      const left = filterOut(e, isNotFound)
      if (left !== undefined) throw left
    }
  }

  let allowed: Set<string> | undefined
  if (flags.bool('interactive')) {
    const preview: Info[] = []
    await visiting(await resources(factory, request), (i) => {
      preview.push(i)
    })
    if (!preview.length) {
      io.stdout.write('No resources found\n')
      return
    }
    if (!(await confirmed(ctx, preview))) {
      io.stdout.write('deletion is cancelled\n')
      return
    }
    allowed = new Set(preview.map(keyOf))
  }

  const verb = grace === 0 ? 'force deleted' : 'deleted'
  const dry = mode === 'client' ? ' (dry run)' : mode === 'server' ? ' (server dry run)' : ''
  const showNamespace = has(factory.versions, 'deletedFromNamespace')
  const print = (info: Info): void => {
    const from = showNamespace && info.namespace ? ` from ${info.namespace} namespace` : ''
    io.stdout.write(
      output === 'name'
        ? `${kindWord(info)}/${info.name}\n`
        : `${kindWord(info)} "${info.name}" ${verb}${from}${dry}\n`,
    )
  }
  const deleted: { info: Info; uid: string }[] = []
  let count = 0
  let warnScope = factory.namespace().explicit && !flags.bool('all-namespaces')
  await visiting(found, async (info) => {
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
    let answer: unknown
    try {
      answer = await client.delete(
        info.mapping.path,
        info.namespace,
        pathName(info.name),
        deleteOptions(policy, grace, mode === 'server'),
      )
    } catch (e) {
      throw withSource('deleting', info.source, e)
    }
    print(info)
    const body = isObject(answer) ? answer : {}
    const holder = body.kind === 'Status' && body.apiVersion === 'v1' ? body.details : body.metadata
    const uid = isObject(holder) && typeof holder.uid === 'string' ? holder.uid : ''
    deleted.push({ info, uid })
  })
  if (!count) {
    io.stdout.write('No resources found\n')
    return
  }
  if (!flags.bool('wait') || mode !== 'none') return
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
    { name: 'interactive', short: 'i', type: 'bool', usage: 'Ask before deleting.' },
    { name: 'now', type: 'bool', usage: 'Delete with a grace period of one second.' },
    { name: 'output', short: 'o', type: 'string', usage: 'name: print only type/name.' },
    { name: 'raw', type: 'string', usage: 'A path on the server to DELETE as it is.' },
    ...filenameFlags('with the objects to delete'),
    selectorFlag,
  ],
  run: deleteRun,
}
