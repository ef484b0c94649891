// kubectl logs: what containers wrote. Behaves as kubectl/pkg/cmd/logs and polymorphichelpers/logsforobject.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { has, minor } from '../../apimachinery/versions.ts'
import { pathOf } from '../../client/client.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, messageFor, UsageError } from '../exit.ts'
import {
  allContainerNames,
  DEFAULT_CONTAINER,
  findContainer,
  noContainer,
  podList,
  podTimeout,
  timeoutFlag,
} from '../pods.ts'
import { listError, resources } from '../resources.ts'

const USAGE =
  "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"

interface Source {
  readonly pod: Pod
  readonly container: string
}

/** The containers whose logs are wanted, in order. */
async function sources(
  ctx: CommandContext,
  object: JsonObject,
  wanted: string,
  allContainers: boolean,
  allPods: boolean,
): Promise<Source[]> {
  const { io, factory } = ctx
  if (isObject(object) && Array.isArray(object.items)) {
    const out: Source[] = []
    for (const item of object.items)
      if (isObject(item)) out.push(...(await sources(ctx, item, wanted, allContainers, allPods)))
    return out
  }
  if (object.kind === 'Pod') {
    const pod = object as Pod
    if (allContainers) {
      const main = [...(pod.spec?.containers ?? []).map((c) => c.name)]
      const init = [...(pod.spec?.initContainers ?? []).map((c) => c.name)]
      const ephemeral = [...(pod.spec?.ephemeralContainers ?? []).map((c) => c.name)]
      return (
        minor(factory.versions.client) >= 35 ? [...main, ...ephemeral, ...init] : [...init, ...main, ...ephemeral]
      ).map((container) => ({ pod, container }))
    }
    let container = wanted
    const preset = pod.metadata.annotations?.[DEFAULT_CONTAINER]
    if (!container && preset) {
      if (findContainer(pod, preset)) container = preset
      else io.stderr.write(`Default container name "${preset}" not found in pod ${pod.metadata.name}\n`)
    }
    if (!container) {
      container = pod.spec?.containers[0]?.name ?? ''
      const several =
        (pod.spec?.containers.length ?? 0) > 1 ||
        pod.spec?.initContainers?.length ||
        pod.spec?.ephemeralContainers?.length
      if (several && !allPods) io.stderr.write(`Defaulted container "${container}" out of: ${allContainerNames(pod)}\n`)
    }
    if (!findContainer(pod, container) && has(factory.versions, 'containerOutOf')) throw noContainer(pod, container)
    if (!findContainer(pod, container))
      throw new CliError(`container ${container} is not valid for pod ${pod.metadata.name}`)
    return [{ pod, container }]
  }
  const pods = await podList(factory, object, podTimeout(ctx), true)
  const [first] = pods
  if (!first) return []
  if (allPods && pods.length > 1) return sources(ctx, { items: pods }, wanted, allContainers, allPods)
  if (pods.length > 1) io.stderr.write(`Found ${pods.length} pods, using pod/${first.metadata.name}\n`)
  return sources(ctx, first, wanted, allContainers, allPods)
}

async function target(ctx: CommandContext, words: readonly string[]): Promise<JsonObject> {
  const { factory, flags, io } = ctx
  const { namespace } = factory.namespace()
  const selector = flags.string('selector')
  if (selector) {
    const client = await factory.client()
    const mapping = await factory.mapping('pods')
    const list = await client.list('v1/pods', namespace, { query: { labelSelector: selector } }).catch((e: unknown) => {
      throw listError(e, mapping, selector, '')
    })
    if (list.items.length === 0) io.stderr.write(`No resources found in ${namespace} namespace.\n`)
    return { kind: 'PodList', items: list.items }
  }
  const word = words[0] ?? ''
  try {
    const infos = await (
      await resources(factory, { args: word.includes('/') ? [word] : [`pods/${word}`], namespace, singleType: true })
    ).infos()
    if (infos.length !== 1) throw new CliError('expected a resource')
    return infos[0]?.object ?? {}
  } catch (e) {
    if (e instanceof StatusError && e.reason === 'NotFound' && has(factory.versions, 'logsNotFoundInNamespace'))
      throw new CliError(`error from server (NotFound): ${e.message} in namespace "${namespace}"`)
    throw e
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { args, flags, factory, io } = ctx
  const selector = flags.string('selector')
  if (args.length > 2 || (args.length === 0 && !selector)) throw new UsageError(USAGE)
  if (args.length === 1 && selector) throw new UsageError('only a selector (-l) or a POD name is allowed')
  const inline = args[1] ?? ''
  const wanted = inline || flags.string('container')
  const sinceTime = flags.string('since-time')
  if (sinceTime && Number.isNaN(Date.parse(sinceTime)))
    throw new CliError(
      `parsing time "${sinceTime}" as "2006-01-02T15:04:05Z07:00": cannot parse "${sinceTime}" as "2006"`,
    )
  const since = flags.number('since')
  podTimeout(ctx)
  const object = await target(ctx, args)
  const tail = flags.int('tail')
  if (sinceTime && since !== 0) throw new CliError('at most one of `sinceTime` or `sinceSeconds` may be specified')
  if (flags.bool('all-containers') && wanted)
    throw new CliError(`--all-containers=true should not be specified with container name ${wanted}`)
  if (flags.changed('container') && args.length === 2)
    throw new CliError('only one of -c or an inline [CONTAINER] arg is allowed')
  if (flags.int('limit-bytes') < 0) throw new CliError('--limit-bytes must be greater than 0')
  if (since < 0) throw new CliError('--since must be greater than 0')
  if (tail < -1) throw new CliError('--tail must be greater than or equal to -1')
  const allPods = flags.bool('all-pods')
  const prefixed = flags.bool('prefix') || allPods
  const follow = flags.bool('follow')
  const wantedSources = await sources(ctx, object, wanted, flags.bool('all-containers'), allPods)
  if (follow && wantedSources.length > 1 && wantedSources.length > flags.int('max-log-requests'))
    throw new CliError(
      `you are attempting to follow ${wantedSources.length} log streams, but maximum allowed concurrency is ${flags.int('max-log-requests')}, use --max-log-requests to increase the limit`,
    )
  const client = await factory.client()
  const tailLines = selector && tail === -1 && !flags.changed('tail') ? 10 : tail === -1 ? undefined : tail
  const query = (container: string): Record<string, string | undefined> => ({
    container,
    follow: follow ? 'true' : undefined,
    previous: flags.bool('previous') ? 'true' : undefined,
    timestamps: flags.bool('timestamps') ? 'true' : undefined,
    tailLines: tailLines === undefined ? undefined : String(tailLines),
    sinceSeconds: since ? String(Math.round(since / 1000)) : undefined,
    sinceTime: sinceTime || undefined,
    limitBytes: flags.int('limit-bytes') ? String(flags.int('limit-bytes')) : undefined,
  })
  const one = async ({ pod, container }: Source): Promise<void> => {
    const prefix = prefixed ? `[pod/${pod.metadata.name}/${container}] ` : ''
    let open = true
    const write = (text: string): void => {
      if (!prefix) {
        io.stdout.write(text)
        return
      }
      let out = ''
      for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
        out += (open ? prefix : '') + line
        open = line.endsWith('\n')
      }
      io.stdout.write(out)
    }
    try {
      const r = await client.request(
        'GET',
        pathOf('v1/pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '', 'log'),
        { query: query(container), signal: io.signal },
      )
      if (typeof r.body === 'string' && r.body) write(r.body)
      if (r.stream) for await (const piece of r.stream) if (typeof piece === 'string') write(piece)
    } catch (e) {
      if (!flags.bool('ignore-errors')) throw e
      io.stdout.write(`error: ${messageFor(e)}\n`)
    }
  }
  if (follow && wantedSources.length > 1) await Promise.all(wantedSources.map(one))
  else for (const s of wantedSources) await one(s)
}

export const logs: Command = {
  name: 'logs',
  usage: '[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]',
  short: 'Print the logs of a container in a pod',
  long: 'Print what a container of a pod, or of the pods of a resource, wrote. The container may be left out when there is only one.',
  examples:
    '  # What pod nginx wrote\n  kubectl logs nginx\n  \n  # All containers of the pods of a deployment, each line with its source\n  kubectl logs deploy/web --all-pods=true --prefix\n  \n  # Pods with the label app=nginx\n  kubectl logs -l app=nginx\n  \n  # Follow, from the last 20 lines on\n  kubectl logs -f --tail=20 nginx',
  flags: [
    { name: 'all-containers', type: 'bool', usage: 'All containers of the pods.' },
    { name: 'all-pods', since: 'logsAllPods', type: 'bool', usage: 'All pods of the resource; implies --prefix.' },
    { name: 'container', short: 'c', type: 'string', usage: 'The container.' },
    { name: 'follow', short: 'f', type: 'bool', usage: 'Go on with what is written from now on.' },
    { name: 'ignore-errors', type: 'bool', usage: 'Go on after an error.' },
    { name: 'insecure-skip-tls-verify-backend', type: 'bool', usage: 'Do not verify the certificate of the kubelet.' },
    { name: 'limit-bytes', type: 'int', default: 0, usage: 'At most so many bytes.' },
    { name: 'max-log-requests', type: 'int', default: 5, usage: 'How many logs may be followed at once.' },
    timeoutFlag('20s'),
    { name: 'prefix', type: 'bool', usage: 'Begin each line with its pod and container.' },
    { name: 'previous', short: 'p', type: 'bool', usage: 'The log of the container that ran before.' },
    { name: 'selector', short: 'l', type: 'string', usage: 'Pods whose labels match this selector.' },
    { name: 'since', type: 'duration', default: '0s', usage: 'Only lines younger than this (5s, 2m, 3h).' },
    { name: 'since-time', type: 'string', usage: 'Only lines after this moment (RFC 3339).' },
    {
      name: 'tail',
      type: 'int',
      default: -1,
      usage: 'So many of the last lines; -1 is all of them, 10 with a selector.',
    },
    { name: 'timestamps', type: 'bool', usage: 'Begin each line with the time at which it was written.' },
  ],
  run,
}
