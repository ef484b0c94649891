// What exec, attach, logs, port-forward share: the pod behind POD or TYPE/NAME, its default container, the terminal;
// kubectl's polymorphichelpers and podcmd.
import type { Container, Pod } from '../apimachinery/api/core.v1.ts'
import { isObject } from '../apimachinery/object.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import type { Streams } from '../apimachinery/door.ts'
import { fromLabelSelector, fromLabels, selectorString } from '../apimachinery/labels.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { Io } from '../apimachinery/ports.ts'
import { pathOf } from '../client/client.ts'
import type { CommandContext, Factory } from './command.ts'
import { CliError, SilentExit } from './exit.ts'
import { goSort } from './gosort.ts'
import { resources } from './resources.ts'

/** The object that words name: `web` is a pod, `deploy/web` what it says. */
export async function named(
  factory: Factory,
  words: readonly string[],
  files: readonly string[] = [],
): Promise<JsonObject> {
  const { namespace, explicit } = factory.namespace()
  const args = words.length === 1 && !words[0]?.includes('/') ? [`pods/${words[0] ?? ''}`] : words
  const found = await resources(factory, {
    ...(words.length ? { args } : {}),
    ...(files.length ? { filenames: files, latest: true, typed: true } : {}),
    namespace,
    enforceNamespace: explicit,
  })
  const infos = await found.infos()
  if (infos.length !== 1) throw new CliError('cannot exec into multiple objects at a time')
  return infos[0]?.object ?? {}
}

/** namespace and label selector of the pods that belong to an object. */
function podsOf(object: JsonObject): { readonly namespace: string; readonly selector: string } {
  const kind = String(object.kind)
  const meta = isObject(object.metadata) ? object.metadata : {}
  const spec = isObject(object.spec) ? object.spec : {}
  const namespace = String(meta.namespace ?? '')
  switch (kind) {
    case 'ReplicaSet':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'Deployment':
    case 'Job':
      return {
        namespace,
        selector: selectorString(fromLabelSelector(isObject(spec.selector) ? spec.selector : undefined)),
      }
    case 'ReplicationController':
      return {
        namespace,
        selector: selectorString(fromLabels(isObject(spec.selector) ? (spec.selector as Record<string, string>) : {})),
      }
    case 'Service':
      if (!isObject(spec.selector) || Object.keys(spec.selector).length === 0)
        throw new CliError(`invalid service '${String(meta.name)}': Service is defined without a selector`)
      return { namespace, selector: selectorString(fromLabels(spec.selector as Record<string, string>)) }
    default:
      throw new CliError(`selector for ${goType(object)} not implemented`)
  }
}
const goType = (o: JsonObject): string => `*${String(o.apiVersion ?? '').replace(/^.*\//, '')}.${String(o.kind)}`

const PHASES: Readonly<{ [phase: string]: number }> = { Running: 0, Unknown: 1, Pending: 2 }
const ready = (p: Pod): boolean => p.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
const readySince = (p: Pod): number => {
  const t = p.status?.conditions?.find((c) => c.type === 'Ready' && c.status === 'True')?.lastTransitionTime
  return t ? Date.parse(t) : Infinity
}
const restarts = (p: Pod): number => Math.max(0, ...(p.status?.containerStatuses ?? []).map((s) => s.restartCount))
/**
 * The pod that lives most: placed, running, ready, ready for longest, fewest restarts, oldest. Logs prefer more
 * restarts.
 */
const byActivity =
  (logs: boolean) =>
  (a: Pod, b: Pod): number =>
    (a.spec?.nodeName ? 0 : 1) - (b.spec?.nodeName ? 0 : 1) ||
    (PHASES[a.status?.phase ?? ''] ?? 0) - (PHASES[b.status?.phase ?? ''] ?? 0) ||
    (ready(a) ? 0 : 1) - (ready(b) ? 0 : 1) ||
    (readySince(a) === readySince(b) ? 0 : readySince(a) < readySince(b) ? -1 : 1) ||
    (logs ? restarts(b) - restarts(a) : restarts(a) - restarts(b)) ||
    Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '') ||
    0

/** The pods of an object, the most active first; waits for the first one as long as it may. */
export async function podList(
  factory: Factory,
  object: JsonObject,
  timeout: number,
  logs: boolean,
): Promise<readonly Pod[]> {
  let target: ReturnType<typeof podsOf>
  try {
    target = podsOf(object)
  } catch (e) {
    throw e instanceof CliError && e.message.startsWith('selector for')
      ? new CliError(`cannot ${logs ? 'get the logs from' : 'attach to'} ${goType(object)}: ${e.message}`)
      : new CliError(`cannot ${logs ? 'get the logs from' : 'attach to'} ${goType(object)}: ${(e as Error).message}`)
  }
  const client = await factory.client()
  const end = factory.io.clock.now() + timeout
  for (;;) {
    const { items } = await client.list<Pod>('v1/pods', target.namespace, { query: { labelSelector: target.selector } })
    if (items.length > 0) {
      const pods = [...items]
      const order = byActivity(logs)
      goSort(pods, (a, b) => order(a, b) < 0)
      return pods
    }
    if (factory.io.clock.now() >= end || factory.io.signal.aborted)
      throw new CliError('timed out waiting for the condition')
    await factory.io.clock.sleep(100, factory.io.signal)
  }
}

/** The pod one enters: itself, or the most active of the object's. */
export async function attachable(factory: Factory, object: JsonObject, timeout: number): Promise<Pod> {
  if (object.kind === 'Pod') return object as Pod
  const [first] = await podList(factory, object, timeout, false)
  if (!first) throw new CliError('timed out waiting for the condition')
  return first
}

export const allContainerNames = (pod: Pod): string =>
  [
    ...(pod.spec?.containers ?? []).map((c) => c.name),
    ...(pod.spec?.ephemeralContainers ?? []).map((c) => `${c.name} (ephem)`),
    ...(pod.spec?.initContainers ?? []).map((c) => `${c.name} (init)`),
  ].join(', ')
/** A container of a pod and the kind of list it stands in. */
export function findContainer(
  pod: Pod,
  name: string,
):
  | { readonly container: Container; readonly list: 'containers' | 'initContainers' | 'ephemeralContainers' }
  | undefined {
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const) {
    const container = (pod.spec?.[list] ?? []).find((c) => c.name === name)
    if (container) return { container: container, list }
  }
  return undefined
}
export const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

/** A named container is not there, told with those that are. */
export const noContainer = (pod: Pod, name: string): CliError =>
  new CliError(`container ${name} is not valid for pod ${pod.metadata.name} out of: ${allContainerNames(pod)}`)

/** The container named, or the default with a word about it on stderr. */
export function chooseContainer(pod: Pod, name: string, quiet: boolean, io: Io): Container {
  if (name) {
    const found = findContainer(pod, name)
    if (!found) throw noContainer(pod, name)
    return found.container
  }
  const first = pod.spec?.containers[0]
  if (!first) throw new CliError(`pod ${pod.metadata.namespace}/${pod.metadata.name} does not have any containers`)
  const annotated = pod.metadata.annotations?.[DEFAULT_CONTAINER]
  const preset = annotated ? findContainer(pod, annotated) : undefined
  if (preset) return preset.container
  if (
    !quiet &&
    ((pod.spec?.containers.length ?? 0) > 1 ||
      pod.spec?.initContainers?.length ||
      pod.spec?.ephemeralContainers?.length)
  )
    io.stderr.write(`Defaulted container "${first.name}" out of: ${allContainerNames(pod)}\n`)
  return first
}

export interface Session {
  readonly stdin: boolean
  readonly tty: boolean
  readonly quiet: boolean
}

/** Whether a terminal can be had; says so on stderr when it was asked for and cannot. */
export function setupTTY(io: Io, s: Session): boolean {
  if (!s.stdin || !s.tty) return false
  if (!io.stdin.isTTY) {
    if (!s.quiet) io.stderr.write('Unable to use a TTY - input is not a terminal or the right kind of file\n')
    return false
  }
  return true
}

/**
 * Connects the terminal or the plain streams to exec or attach; what the other side refuses or ends with becomes
 * kubectl's words and exit code.
 */
export async function connectPod(
  factory: Factory,
  pod: Pod,
  subresource: 'exec' | 'attach',
  query: Readonly<Record<string, readonly string[]>>,
  s: { readonly stdin: boolean; readonly raw: boolean },
): Promise<void> {
  const { io } = factory
  const client = await factory.client()
  const streams: Streams = {
    ...(s.stdin ? { stdin: io.stdin.chunks() } : {}),
    // this terminal adds the carriage returns itself, also in raw mode
    stdout: (c) =>
      io.stdout.write(
        s.raw ? (typeof c === 'string' ? c : Buffer.from(c).toString('utf8')).replaceAll('\r\n', '\n') : c,
      ),
    stderr: (c) => io.stderr.write(c),
    // made when somebody asks for it: few programs run that long
    get signal() {
      return io.signal
    },
    ...(s.raw && io.stdout.size ? { size: io.stdout.size } : {}),
    ...(s.raw && io.onResize ? { onResize: io.onResize } : {}),
  }
  if (s.raw) io.stdin.raw?.(true)
  let result
  try {
    result = await client.connect(
      pathOf('v1/pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '', subresource),
      {
        ...query,
        ...(s.stdin ? { stdin: ['true'] } : {}),
        stdout: ['true'],
        ...(s.raw ? { tty: ['true'] } : { stderr: ['true'] }),
      },
      streams,
    )
  } catch (e) {
    // what the kubelet refuses is no answer of the API server
    throw e instanceof StatusError && (e.reason === '' || e.reason === 'InternalError') ? new CliError(e.message) : e
  } finally {
    if (s.raw) io.stdin.raw?.(false)
  }
  if (result.exitCode === 0) return
  const message = result.message ?? `command terminated with exit code ${result.exitCode}`
  if (!message.startsWith('command terminated')) throw new CliError(message)
  io.stderr.write(`${message}\n`)
  throw new SilentExit(result.exitCode)
}

/** --pod-running-timeout in milliseconds. */
export function podTimeout(ctx: CommandContext): number {
  const timeout = ctx.flags.number('pod-running-timeout')
  if (timeout <= 0) throw new CliError('--pod-running-timeout must be higher than zero')
  return timeout
}
export const timeoutFlag = (value: string) => ({
  name: 'pod-running-timeout',
  type: 'duration' as const,
  default: value,
  usage: 'How long to wait until at least one pod runs (5s, 2m or 3h; more than zero).',
})
