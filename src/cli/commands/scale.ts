// kubectl scale: sets the size through the scale subresource. Behaves as kubectl/pkg/cmd/scale and kubectl/pkg/scale.
import { recordFlag, recordPatch } from '../record.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { pathOf } from '../../client/client.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, messageFor } from '../exit.ts'
import { printFlags } from '../metadataedit.ts'
import { versionOf } from '../info.ts'
import { dryRun, dryRunFlag, fileRequest, filenameFlags, selectorFlag } from '../requestflags.ts'
import { resources } from '../resources.ts'
import type { Info } from '../info.ts'
import type { DryRun } from '../requestflags.ts'
import { resultPrinter } from '../result.ts'

interface Precondition {
  readonly size: number
  readonly version: string
}

async function scaleOne(
  ctx: CommandContext,
  info: Info,
  replicas: number,
  pre: Precondition | undefined,
  mode: DryRun,
): Promise<void> {
  const { mapping } = info
  if (!mapping) return
  const client = await ctx.factory.client()
  const path = pathOf(mapping.path, info.namespace, info.name, 'scale')
  const query = { dryRun: mode === 'server' ? 'All' : undefined }
  if (!pre) {
    await client.patch(
      mapping.path,
      info.namespace,
      info.name,
      'merge',
      { spec: { replicas } },
      { query, subresource: 'scale' },
    )
    return
  }
  const body = (await client.request('GET', path)).body
  const scale: JsonObject = isObject(body) ? body : {}
  const spec = isObject(scale.spec) ? scale.spec : {}
  const size = Number(spec.replicas ?? 0)
  if (pre.size !== -1 && size !== pre.size) throw new CliError(`Expected replicas to be ${pre.size}, was ${size}`)
  if (pre.version && versionOf(scale) !== pre.version)
    throw new CliError(`Expected resource version to be ${pre.version}, was ${versionOf(scale)}`)
  await client.request('PUT', path, { body: { ...scale, spec: { ...spec, replicas } }, query })
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  const mode = dryRun(ctx)
  const print = await resultPrinter(ctx, 'scaled', mode)
  factory.namespace()
  const replicas = flags.int('replicas')
  const current = flags.int('current-replicas')
  if (replicas < 0)
    throw new CliError('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0')
  if (current < -1) throw new CliError('The --current-replicas must specify an integer of -1 or greater')
  const found = await resources(factory, {
    args: ctx.args,
    ...fileRequest(ctx),
    continueOnError: true,
    flatten: true,
    allowEmptySelector: flags.bool('all'),
    ...(flags.string('selector') ? { selector: flags.string('selector') } : {}),
  })
  const { infos, error } = await found.tolerant()
  const version = flags.string('resource-version')
  if (version && infos.length > 1) throw new CliError('cannot use --resource-version with multiple resources')
  if (!infos.length) {
    const { versions } = factory
    if (error !== undefined && has(versions, 'scaleTellsOnlyWhy')) throw error
    if (error === undefined || !has(versions, 'scaleTellsWhy')) throw new CliError('no objects passed to scale')
    throw new CliError(`no objects passed to scale ${error instanceof StatusError ? error.message : messageFor(error)}`)
  }
  const pre = current !== -1 || version ? { size: current, version } : undefined
  for (const info of infos) {
    if (mode !== 'client') {
      await scaleOne(ctx, info, replicas, pre, mode)
      const record = recordPatch(ctx)
      if (record && info.mapping)
        await (await factory.client()).patch(info.mapping.path, info.namespace, info.name, 'merge', record)
      const timeout = flags.number('timeout')
      if (timeout && mode === 'none') {
        const { until } = await import('../waiting.ts')
        await until(factory, info, timeout, false, ({ object }) => {
          const status = isObject(object.status) ? object.status : {}
          const spec = isObject(object.spec) ? object.spec : {}
          const observed = status.observedGeneration
          const generation = isObject(object.metadata) ? object.metadata.generation : undefined
          return (
            Number(status.replicas ?? 0) === Number(spec.replicas ?? 1) &&
            (observed === undefined || Number(observed) >= Number(generation ?? 0))
          )
        }).catch((e: unknown) => {
          throw e instanceof CliError ? new CliError(`timed out waiting for ${goQuote(info.name)} to be synced`) : e
        })
      }
    }
    if (info.object) await print(info.object)
  }
  if (error !== undefined) throw error
}

export const scale: Command = {
  name: 'scale',
  usage: '[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]',
  short: 'Set a new size for a Deployment, ReplicaSet, or ReplicationController',
  long: 'Set a new size for a Deployment, ReplicaSet, ReplicationController or StatefulSet.\n\n --current-replicas and --resource-version are conditions that must hold, or nothing is changed.',
  examples:
    '  # Scale the ReplicaSet foo to 3\n  kubectl scale --replicas=3 rs/foo\n  \n  # Scale what foo.yaml names to 3\n  kubectl scale --replicas=3 -f foo.yaml\n  \n  # If the Deployment mysql has 2 replicas, scale it to 3\n  kubectl scale --current-replicas=2 --replicas=3 deployment/mysql\n  \n  # Scale the StatefulSet web to 3\n  kubectl scale --replicas=3 statefulset/web',
  flags: [
    { name: 'all', type: 'bool', usage: 'All objects of the given types in the namespace.' },
    {
      name: 'current-replicas',
      type: 'int',
      default: -1,
      usage: 'Scale only when the size is this now; -1 for any size.',
    },
    dryRunFlag,
    ...filenameFlags('with the objects to scale'),
    recordFlag,
    { name: 'replicas', type: 'int', required: true, usage: 'The new size.' },
    { name: 'resource-version', type: 'string', usage: 'Scale only at this version of the object.' },
    selectorFlag,
    { name: 'timeout', type: 'duration', usage: 'How long to wait until the size is reached; zero means not to wait.' },
    ...printFlags,
  ],
  run,
}
