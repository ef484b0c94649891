// Reads a container's log: the present run's or the one before, from a time or line on, whole or following; behaves as
// the kubelet's GetContainerLogs.
import type { ContainerStatus, Pod } from '../../apimachinery/api/core.v1.ts'
import { badRequest } from '../../apimachinery/status.ts'
import type { LogOptions } from '../../apiserver/runtime.ts'
import { containersOf } from './container.ts'
import { findContainer } from './inside.ts'
import type { Found, Inside } from './inside.ts'
import type { LogLine } from './logs.ts'

/** How often a log that is followed is read again, in milliseconds. */
const LOOK = 200

/** `2026-01-02T03:04:05.006000000Z`: a moment as the container runtime notes it. */
const nano = (ms: number): string => new Date(ms).toISOString().replace(/\.(\d{3})Z$/, '.$1000000Z')

/** The run before the present one, which has ended. */
function previousRun({ pod, container, status }: Found): ContainerStatus {
  const last = status?.lastState?.terminated
  if (!status || !last)
    throw badRequest(`previous terminated container "${container.name}" in pod "${pod.metadata.name}" not found`)
  return {
    ...status,
    state: { terminated: last },
    ready: false,
    restartCount: Math.max(0, status.restartCount - (status.state?.waiting ? 0 : 1)),
  }
}

/** The newest run that began; a container that backs off shows the one that ended. */
function startedRun({ pod, container, status }: Found): ContainerStatus {
  if (status?.state?.running ?? status?.state?.terminated) return status
  const reason =
    status?.state?.waiting?.reason ??
    (pod.status?.initContainerStatuses?.some((s) => !s.ready) ? 'PodInitializing' : 'ContainerCreating')
  const last = status?.lastState?.terminated
  if (status && last && reason === 'CrashLoopBackOff') return { ...status, state: { terminated: last } }
  const why =
    reason === 'ErrImagePull'
      ? "image can't be pulled"
      : reason === 'ImagePullBackOff'
        ? 'trying and failing to pull image'
        : reason
  throw badRequest(`container "${container.name}" in pod "${pod.metadata.name}" is waiting to start: ${why}`)
}

/** The lines that are asked for, of those that were written by now. */
function selected(lines: readonly LogLine[], options: LogOptions, now: number): readonly LogLine[] {
  const since = options.sinceTime
    ? Date.parse(options.sinceTime)
    : options.sinceSeconds !== undefined
      ? now - options.sinceSeconds * 1000
      : -Infinity
  const late = lines.filter((l) => l.at >= since)
  return options.tailLines === undefined ? late : options.tailLines === 0 ? [] : late.slice(-options.tailLines)
}

/** NodeRuntime's logs. */
export async function* readLog(inside: Inside, given: Pod, options: LogOptions): AsyncGenerator<string> {
  const { options: o, containers, programs } = inside
  const f = findContainer(inside, given, options.container)
  const { container } = f
  let { pod } = f
  let status: ContainerStatus | undefined = options.previous ? previousRun(f) : startedRun(f)
  const { logLines } = await import('./logs.ts')
  const read = (): Promise<readonly LogLine[]> =>
    logLines(o, containers, programs, pod, container, status, o.clock.now())
  let budget = options.limitBytes ?? Infinity
  const format = (l: LogLine): string => {
    const whole = `${options.timestamps ? `${nano(l.at)} ` : ''}${l.text}\n`
    const part = Buffer.byteLength(whole) <= budget ? whole : Buffer.from(whole).subarray(0, budget).toString('utf8')
    budget -= Buffer.byteLength(part)
    return part
  }
  const now = o.clock.now()
  const lines = await read()
  let text = ''
  for (const l of selected(lines, options, now)) {
    if (budget <= 0) break
    text += format(l)
  }
  if (text) yield text
  if (!options.follow || options.previous) return
  let seen = lines.length
  while (!options.signal?.aborted && budget > 0) {
    if (!status?.state?.running) return
    await o.clock.sleep(LOOK, options.signal).catch(() => undefined)
    const latest = o.lister.get<Pod>('pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '')
    if (!latest || latest.metadata.uid !== pod.metadata.uid) return
    pod = latest
    status = containersOf(pod).find((c) => c.container.name === container.name)?.status
    const all = await read()
    for (const l of all.slice(seen)) yield format(l)
    seen = Math.max(seen, all.length)
  }
}
