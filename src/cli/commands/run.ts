// kubectl run: one pod, with a service when asked, attached when asked. Behaves as kubectl/pkg/cmd/run/run.go and
// kubectl/pkg/generate/versioned/run.go.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { parseImageName } from '../../apimachinery/imagename.ts'
import { envVarName } from '../../apimachinery/names.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, UsageError, SilentExit } from '../exit.ts'
import { annotated, saveConfigFlag, sent, typedPrinter } from '../generator.ts'
import { parsePairs } from '../metadataedit.ts'
import { overridden, overrideFlags } from '../overrides.ts'
import { dicts } from '../podtemplate.ts'
import { printFlags } from '../printflags.ts'
import { metaOf, nameOf, namespaceOf } from '../info.ts'
import { detachKeysFlag, dryRun, dryRunFlag, fieldManagerFlag, writeQuery } from '../requestflags.ts'
import type { Info } from '../info.ts'
import type { DryRun } from '../requestflags.ts'
import { has } from '../../apimachinery/versions.ts'
import { parseLabelMap, servicePorts } from './expose.ts'
import { recordFlag, recorded } from '../record.ts'

function restartPolicy(ctx: CommandContext): string {
  const word = ctx.flags.string('restart')
  if (word === '') return ctx.flags.bool('stdin') ? 'OnFailure' : 'Always'
  if (!['Always', 'OnFailure', 'Never'].includes(word)) {
    if (has(ctx.factory.versions, 'runSentences'))
      throw new CliError(`invalid restart policy: ${word}, valid values are: Always, OnFailure, Never`)
    throw new UsageError(`invalid restart policy: ${word}`)
  }
  return word
}

function podOf(ctx: CommandContext, name: string, restart: string): JsonObject {
  const { flags } = ctx
  const args = ctx.args.slice(1)
  const env = flags.list('env').map((e) => {
    const cut = e.indexOf('=')
    if (cut <= 0 || envVarName(e.slice(0, cut)).length) throw new CliError(`invalid env: ${e}`)
    return { name: e.slice(0, cut), value: e.slice(cut + 1) }
  })
  const annotations = Object.fromEntries(parsePairs(flags.list('annotations'), 'annotations', false).set)
  const labels = flags.string('labels') ? parseLabelMap(flags.string('labels')) : { run: name }
  const stdin = flags.bool('stdin')
  const port = flags.string('port')
  if (port && !/^[+-]?\d+$/.test(port))
    throw new CliError(
      has(ctx.factory.versions, 'runSentences')
        ? '--port must be a number'
        : `strconv.Atoi: parsing ${goQuote(port)}: invalid syntax`,
    )
  const policy = flags.string('image-pull-policy')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels, annotations },
    spec: {
      containers: [
        {
          name,
          image: flags.string('image'),
          ...(args.length ? { [flags.bool('command') ? 'command' : 'args']: args } : {}),
          ...(port ? { ports: [{ containerPort: Number(port) }] } : {}),
          env,
          ...(policy ? { imagePullPolicy: policy } : {}),
          ...(flags.bool('privileged') ? { securityContext: { privileged: true } } : {}),
          ...(stdin ? { stdin, stdinOnce: !flags.bool('leave-stdin-open') } : {}),
          tty: flags.bool('tty'),
        },
      ],
      restartPolicy: restart,
      dnsPolicy: 'ClusterFirst',
    },
  }
}

function serviceOf(ctx: CommandContext, name: string): JsonObject {
  const text = ctx.flags.string('labels')
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: text ? parseLabelMap(text) : {} },
    spec: {
      ports: servicePorts(ctx.flags.string('port'), '', new Map(), ''),
      selector: parseLabelMap(text || `run=${name}`),
    },
  }
}

async function createdObject(
  ctx: CommandContext,
  object: JsonObject,
  resource: string,
  mode: DryRun,
): Promise<JsonObject> {
  const { namespace, explicit } = ctx.factory.namespace()
  if (mode === 'client') return explicit ? { ...object, metadata: { ...metaOf(object), namespace } } : object
  const client = await ctx.factory.client()
  return (await client.create(resource, namespace, sent(ctx, annotated(ctx, object, ctx.flags.bool('save-config'))), {
    query: writeQuery(mode, ctx.flags.string('field-manager')),
  })) as JsonObject
}

const statusOf = (pod: JsonObject): JsonObject => (isObject(pod.status) ? pod.status : {})
const finished = (pod: JsonObject): boolean => statusOf(pod).phase === 'Succeeded' || statusOf(pod).phase === 'Failed'

/** Waits for the pod, attaches, and brings back the exit code where the pod is not to be restarted. */
async function attached(ctx: CommandContext, pod: JsonObject, restart: string): Promise<number> {
  const { flags, factory, io } = ctx
  const namespace = namespaceOf(pod)
  const name = nameOf(pod)
  const info: Info = {
    mapping: await factory.mapping('pods'),
    namespace,
    name,
    source: '',
    object: pod,
    resourceVersion: '',
  }
  const timeout = flags.number('pod-running-timeout')
  const { until } = await import('../waiting.ts')
  const container = String(dicts(isObject(pod.spec) ? pod.spec.containers : undefined)[0]?.name ?? '')
  const ready = (p: JsonObject): boolean =>
    dicts(statusOf(p).conditions).some((c) => c.type === 'Ready' && c.status === 'True')
  const seen = await until(
    factory,
    info,
    timeout,
    false,
    ({ object }) => finished(object) || (statusOf(object).phase === 'Running' && ready(object)),
  )
  const logs = async (): Promise<void> => {
    const client = await factory.client()
    const answer = await client.request('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log`, {
      query: { container },
    })
    if (typeof answer.body === 'string') io.stdout.write(answer.body)
    for await (const part of answer.stream ?? []) if (typeof part === 'string') io.stdout.write(part)
  }
  if (seen && finished(seen)) await logs()
  else {
    const { attachTo } = await import('../attach.ts')
    try {
      await attachTo(factory, (seen ?? pod) as Pod, {
        container: '',
        stdin: flags.bool('stdin'),
        tty: flags.bool('tty'),
        quiet: flags.bool('quiet'),
        commandName: 'kubectl attach',
      })
    } catch (e) {
      // the session itself ended with a code: the pod's end tells it
      if (e instanceof SilentExit) return e.exitCode
      io.stderr.write(
        `warning: couldn't attach to pod/${name}, falling back to streaming logs: ${e instanceof Error ? e.message : String(e)}\n`,
      )
      await logs()
    }
  }
  if (flags.bool('leave-stdin-open') || restart === 'Always') return 0
  const end = await until(factory, info, timeout, false, ({ object }) =>
    restart === 'OnFailure' ? statusOf(object).phase === 'Succeeded' : finished(object),
  )
  if (!end || statusOf(end).phase === 'Succeeded') return 0
  const state = dicts(statusOf(end).containerStatuses)[0]?.state
  const terminated = isObject(state) && isObject(state.terminated) ? state.terminated : undefined
  if (!terminated || !Number(terminated.exitCode))
    throw new CliError(`pod ${namespace}/${name} failed with unknown exit code`)
  // an exit code is told without `error: `
  io.stderr.write(
    `pod ${namespace}/${name} terminated (${String(terminated.reason ?? '')})\n${String(terminated.message ?? '')}\n`.replace(
      /\n\n$/,
      '\n',
    ),
  )
  return Number(terminated.exitCode)
}

async function remove(
  ctx: CommandContext,
  objects: readonly { resource: string; object: JsonObject }[],
): Promise<void> {
  const client = await ctx.factory.client()
  const { resultPrinter } = await import('../result.ts')
  for (const { resource, object } of objects) {
    await client
      .delete(resource, namespaceOf(object), nameOf(object), {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy: 'Background',
      })
      .catch(() => undefined)
    if (ctx.flags.bool('quiet')) continue
    const words = has(ctx.factory.versions, 'deletedFromNamespace')
      ? `deleted from ${namespaceOf(object)} namespace`
      : 'deleted'
    if (ctx.flags.string('output') === 'name') await (await resultPrinter(ctx, ''))(object)
    else ctx.io.stdout.write(`${String(object.kind).toLowerCase()} ${goQuote(nameOf(object))} ${words}\n`)
  }
}

async function run(ctx: CommandContext): Promise<number | void> {
  const { flags, factory } = ctx
  const mode = dryRun(ctx)
  if (flags.changed('cascade')) (await import('./delete.ts')).cascade(flags.string('cascade'), ctx.io)
  const attach = flags.changed('attach') ? flags.bool('attach') : flags.bool('stdin')
  const print = await typedPrinter(ctx, 'created', mode)
  const own = has(factory.versions, 'runSentences')
  /** Older clients point to the help as well. */
  const misuse = (text: string): Error => (own ? new CliError(text) : new UsageError(text))
  const name = ctx.args[0]
  if (name === undefined || ctx.dash === 0) throw misuse('NAME is required for run')
  if (flags.number('pod-running-timeout') <= 0) throw misuse('--pod-running-timeout must be higher than zero')
  const image = flags.string('image')
  if (!image) throw new CliError('--image is required')
  if (!parseImageName(image))
    throw new CliError(`${own ? 'invalid' : 'Invalid'} image name ${goQuote(image)}: invalid reference format`)
  if (flags.bool('tty') && !flags.bool('stdin'))
    throw misuse('-i/--stdin is required for containers with -t/--tty=true')
  if (flags.bool('expose') && !flags.string('port')) throw misuse('--port must be set when exposing a service')
  await factory.mappingForKind('v1', 'Pod')
  const restart = restartPolicy(ctx)
  if (!attach && flags.bool('rm')) throw misuse('--rm should only be used for attached containers')
  if (attach && mode !== 'none')
    throw misuse(
      "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
    )
  if (!['', 'Always', 'IfNotPresent', 'Never'].includes(flags.string('image-pull-policy')))
    throw misuse(`invalid image pull policy: ${flags.string('image-pull-policy')}`)
  const pod = await createdObject(ctx, recorded(ctx, await overridden(ctx, podOf(ctx, name, restart))), 'v1/pods', mode)
  const objects = [{ resource: 'v1/pods', object: pod }]
  let serviceError: unknown
  if (flags.bool('expose')) {
    try {
      const service = await createdObject(ctx, recorded(ctx, serviceOf(ctx, name)), 'v1/services', mode)
      if (!own) {
        print(service)
        if (flags.string('output') === 'yaml') ctx.io.stdout.write('---\n')
      }
      objects.push({ resource: 'v1/services', object: service })
    } catch (e) {
      serviceError = e
    }
  }
  if (attach) {
    try {
      return await attached(ctx, pod, restart)
    } finally {
      if (flags.bool('rm')) await remove(ctx, objects)
    }
  }
  for (const { object } of own ? objects : [{ object: pod }]) print(object)
  if (serviceError !== undefined) throw serviceError
}

/** What older clients said of the flags that they took along from delete. */
const unused = {
  deprecated: 'because it is not used by this command. It will be removed in version 1.29.',
  deprecatedWith: 'runDeletionFlags',
} as const

export const runCommand: Command = {
  name: 'run',
  usage:
    'NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]',
  short: 'Run a particular image on the cluster',
  long: 'Create and run an image in a pod.',
  examples:
    '  # A pod that runs nginx\n  kubectl run nginx --image=nginx\n  \n  # One that listens on a port and has a service\n  kubectl run hazelcast --image=hazelcast/hazelcast --port=5701 --expose\n  \n  # A shell to look around, gone afterwards\n  kubectl run -i -t busybox --image=busybox --restart=Never --rm\n  \n  # Other arguments, or another command\n  kubectl run nginx --image=nginx -- <arg1> <arg2>\n  kubectl run nginx --image=nginx --command -- <cmd> <arg1>',
  flags: [
    ...printFlags,
    recordFlag,
    ...overrideFlags,
    dryRunFlag,
    saveConfigFlag,
    fieldManagerFlag('kubectl-run'),
    { name: 'annotations', type: 'stringArray', usage: 'An annotation of the pod: key=value; may be repeated.' },
    { name: 'image', type: 'string', required: true, usage: 'The image of the container.' },
    {
      name: 'image-pull-policy',
      type: 'string',
      usage: 'When the image is pulled; the server decides when it is not given.',
    },
    { name: 'rm', type: 'bool', usage: 'Delete the pod when it has ended; only when attached.' },
    { name: 'env', type: 'stringArray', usage: 'An environment variable of the container: key=value.' },
    { name: 'port', type: 'string', usage: 'The port that the container exposes.' },
    { name: 'labels', short: 'l', type: 'string', usage: 'The labels of the pod: a=b,c=d.' },
    { name: 'stdin', short: 'i', type: 'bool', usage: "Keep the container's standard input open." },
    { name: 'tty', short: 't', type: 'bool', usage: 'Give the container a terminal.' },
    { name: 'attach', type: 'bool', usage: 'Wait until the pod runs, and attach to it; so by default with -i.' },
    { name: 'leave-stdin-open', type: 'bool', usage: 'Leave standard input open after the first attach has ended.' },
    { name: 'restart', type: 'string', default: 'Always', usage: 'The restart policy: Always, OnFailure or Never.' },
    { name: 'command', type: 'bool', usage: 'What follows -- is the command, not its arguments.' },
    { name: 'expose', type: 'bool', usage: 'Create a service for the pod; needs --port.' },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'No messages.' },
    { name: 'privileged', type: 'bool', usage: 'Run the container in privileged mode.' },
    { name: 'pod-running-timeout', type: 'duration', default: '1m0s', usage: 'How long to wait until the pod runs.' },
    detachKeysFlag,
    // what run takes over from delete, for the sake of --rm
    {
      name: 'cascade',
      deprecated: 'because it is not relevant for this command. It will be removed in version 1.29.',
      deprecatedWith: 'runDeletionFlags',
      type: 'string',
      default: 'background',
      noOptDefault: 'background',
      usage: 'With --rm: background, orphan or foreground.',
    },
    { name: 'force', type: 'bool', usage: 'With --rm: remove at once, without waiting for the node.', ...unused },
    {
      name: 'grace-period',
      type: 'int',
      default: -1,
      usage: 'With --rm: seconds the pod is given to end well.',
      ...unused,
    },
    { name: 'timeout', type: 'duration', usage: 'With --rm: how long to wait for the deletion.', ...unused },
    { name: 'wait', type: 'bool', usage: 'With --rm: wait until the object is gone.', ...unused },
    { name: 'filename', since: 'runFilename', short: 'f', type: 'stringSlice', usage: 'Not used.', ...unused },
    { name: 'kustomize', short: 'k', type: 'string', usage: 'Not used.', ...unused },
    { name: 'recursive', short: 'R', type: 'bool', usage: 'Not used.', ...unused },
  ],
  run,
}
