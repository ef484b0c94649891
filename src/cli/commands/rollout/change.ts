// kubectl rollout pause, resume, restart: one field of the pod template's owner, as a patch. Behaves as
// kubectl/pkg/cmd/rollout.
import { isObject } from '../../../apimachinery/object.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import { rfc3339 } from '../../../apimachinery/time.ts'
import type { Command, CommandContext, FlagSpec } from '../../command.ts'
import { CliError, throwAll } from '../../exit.ts'
import { printFlags } from '../../printflags.ts'
import { groupResource } from '../../info.ts'
import { fieldManagerFlag, fileRequest, filenameFlags, selectorFlag, writeQuery } from '../../requestflags.ts'
import { resources } from '../../resources.ts'
import type { Info } from '../../info.ts'
import type { ResourceRequest, Resources } from '../../resources.ts'
import { resultPrinter } from '../../result.ts'

/** The objects a rollout command works on. */
export async function rolloutObjects(ctx: CommandContext): Promise<Resources> {
  const { flags, factory, args } = ctx
  if (!args.length && !flags.list('filename').length && !flags.string('kustomize'))
    throw new CliError('required resource not specified')
  const selector = flags.string('selector')
  const request: ResourceRequest = {
    args,
    ...fileRequest(ctx),
    continueOnError: true,
    latest: true,
    flatten: true,
    typed: true,
    allowEmptySelector: true,
    ...(selector ? { selector } : {}),
  }
  return await resources(factory, request)
}

export const specOf = (o: JsonObject | undefined): JsonObject => (isObject(o?.spec) ? o.spec : {})

/** The patch for one object, or what is wrong with it. */
type Change = (info: Info) => JsonObject | string

async function changeAll(ctx: CommandContext, change: Change, done: string): Promise<void> {
  const found = await rolloutObjects(ctx)
  const errors: unknown[] = []
  const { infos, error } = await found.tolerant()
  if (error !== undefined) errors.push(error)
  if (!infos.length && !errors.length) {
    ctx.io.stderr.write(`No resources found in ${ctx.factory.namespace().namespace} namespace.\n`)
    return
  }
  const client = await ctx.factory.client()
  for (const info of infos) {
    if (!info.mapping) continue
    const patch = change(info)
    if (typeof patch === 'string') {
      errors.push(new CliError(`error: ${groupResource(info.mapping)} ${JSON.stringify(info.name)} ${patch}`))
      continue
    }
    if (!Object.keys(patch).length) {
      errors.push(
        new CliError(
          `failed to create patch for ${info.name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
        ),
      )
      continue
    }
    try {
      const answer = await client.patch(info.mapping.path, info.namespace, info.name, 'strategic', patch, {
        query: writeQuery('none', ctx.flags.string('field-manager')),
      })
      await (
        await resultPrinter(ctx, done)
      )(answer)
    } catch (e) {
      errors.push(new CliError(`failed to patch: ${e instanceof Error ? e.message : String(e)}`))
    }
  }
  throwAll(errors)
}

const isDeployment = (info: Info): boolean => info.mapping?.kind === 'Deployment' && info.mapping.group === 'apps'

const flags: readonly FlagSpec[] = [
  fieldManagerFlag('kubectl-rollout'),
  ...filenameFlags('that name the objects'),
  selectorFlag,
  ...printFlags,
]

export const pause: Command = {
  name: 'pause',
  usage: 'RESOURCE [options]',
  short: 'Mark the provided resource as paused',
  long: 'Mark an object as paused: its controller no longer reconciles it until "kubectl rollout resume". Only Deployments can be paused.',
  examples: '  # Pause a Deployment: its state goes on working, changes wait\n  kubectl rollout pause deployment/nginx',
  flags,
  run: (ctx) =>
    changeAll(
      ctx,
      (info) => {
        if (!isDeployment(info)) return 'pausing is not supported'
        return specOf(info.object).paused === true ? 'is already paused' : { spec: { paused: true } }
      },
      'paused',
    ),
}

export const resume: Command = {
  name: 'resume',
  usage: 'RESOURCE [options]',
  short: 'Resume a paused resource',
  long: 'Let the controller of a paused object reconcile it again. Only Deployments can be resumed.',
  examples: '  # Resume a paused Deployment\n  kubectl rollout resume deployment/nginx',
  flags,
  run: (ctx) =>
    changeAll(
      ctx,
      (info) => {
        if (!isDeployment(info)) return 'resuming is not supported'
        return specOf(info.object).paused === true ? { spec: { paused: null } } : 'is not paused'
      },
      'resumed',
    ),
}

const STAMP = 'kubectl.kubernetes.io/restartedAt'

export const restart: Command = {
  name: 'restart',
  usage: 'RESOURCE [options]',
  short: 'Restart a resource',
  long: 'Restart an object: its pods are replaced, as its strategy says.',
  examples:
    '  # Restart all Deployments of a namespace\n  kubectl rollout restart deployment -n test-namespace\n  \n  # Restart a Deployment\n  kubectl rollout restart deployment/nginx\n  \n  # Restart a DaemonSet\n  kubectl rollout restart daemonset/abc\n  \n  # Restart Deployments by label\n  kubectl rollout restart deployment --selector=app=nginx',
  flags,
  run: async (ctx) => {
    const now = rfc3339(await ctx.factory.now())
    await changeAll(
      ctx,
      (info) => {
        if (info.mapping?.group !== 'apps' || !['Deployment', 'DaemonSet', 'StatefulSet'].includes(info.mapping.kind))
          return 'restarting is not supported'
        const spec = specOf(info.object)
        if (isDeployment(info) && spec.paused === true)
          return "can't restart paused deployment (run rollout resume first)"
        const template = isObject(spec.template) ? spec.template : {}
        const meta = isObject(template.metadata) ? template.metadata : {}
        const annotations = isObject(meta.annotations) ? meta.annotations : {}
        return annotations[STAMP] === now ? {} : { spec: { template: { metadata: { annotations: { [STAMP]: now } } } } }
      },
      'restarted',
    )
  },
}
