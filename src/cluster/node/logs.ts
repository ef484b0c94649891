// What a container wrote: the start-up lines of its image, the output of its command played again on its own clock, and
// its access log.
import type { Container, ContainerStatus, Pod } from '../../apimachinery/api/core.v1.ts'
import { findTool } from '../../shell/tools/index.ts'
import type { Containers, NodeOptions } from './container.ts'
import { executable, startOf } from './container.ts'
import { writtenLog } from './disk.ts'
import { isRun } from './process.ts'
import type { RunningPrograms } from './programs.ts'

export interface LogLine {
  readonly at: number
  readonly text: string
}

/** A command is played at most so far: enough for a log, little enough to wait for. */
const MAX_LINES = 5000
const MAX_STEPS = 20_000

/**
 * Plays a container's main process from its start to `until` on a clock of its own, on which sleeping takes no time.
 */
export async function play(
  containers: Containers,
  pod: Pod,
  container: Container,
  status: ContainerStatus | undefined,
  until: number,
): Promise<{ readonly lines: readonly LogLine[]; readonly exit?: { readonly code: number; readonly at: number } }> {
  const started = startOf(pod, status)
  const lines: LogLine[] = []
  const stop = new AbortController()
  let now = started
  let steps = 0
  let rest = ''
  const say = (t: string | Uint8Array): void => {
    rest += typeof t === 'string' ? t : Buffer.from(t).toString('utf8')
    const parts = rest.split('\n')
    rest = parts.pop() ?? ''
    for (const text of parts) lines.push({ at: now, text })
    if (lines.length > MAX_LINES) stop.abort()
  }
  const ctx = await containers.context(pod, container, status, {
    stdout: say,
    stderr: say,
    tty: false,
    signal: stop.signal,
    now: () => now,
    played: true,
    sleep: async (ms) => {
      now += ms
      if (now > until || ++steps > MAX_STEPS) {
        now = Math.min(now, until + 1)
        stop.abort()
      }
    },
  })
  const known = await containers.image(container.image ?? '')
  const c = containers.running(pod, container, status)
  const argv = c?.argv ?? []
  // the image's own server: its start-up lines
  const custom = (container.command?.length ?? 0) > 0 || (container.args?.length ?? 0) > 0
  if (c && (!custom || known.image.serves?.(argv))) {
    if (known.image.startup) return { lines: known.image.startup(c).map((text) => ({ at: started, text })) }
    if (!custom) return { lines: [] }
  }
  const words =
    known.image.entrypoint?.length && !container.command?.length
      ? argv[0]?.endsWith('entrypoint.sh')
        ? argv.slice(1)
        : argv
      : argv
  // curl's image runs curl whatever the first argument is
  const line =
    known.name === 'curlimages/curl' &&
    !container.command?.length &&
    words[0] !== 'curl' &&
    !Object.hasOwn(ctx.image.programs, words[0] ?? '')
      ? ['curl', ...words]
      : words
  const found = executable(ctx, line[0] ?? '')
  const tool = 'name' in found ? await findTool(found.name) : undefined
  if (!tool) return { lines: [] }
  const code = await tool.run(line.slice(1), ctx).catch(() => 1)
  if (rest !== '') lines.push({ at: now, text: rest })
  return stop.signal.aborted ? { lines } : { lines, exit: { code, at: now } }
}

/** All lines of a container's log up to now, oldest first. */
export async function logLines(
  o: NodeOptions,
  containers: Containers,
  programs: RunningPrograms,
  pod: Pod,
  container: Container,
  status: ContainerStatus | undefined,
  now: number,
): Promise<readonly LogLine[]> {
  const end = status?.state?.terminated?.finishedAt
    ? Math.min(now, Date.parse(status.state.terminated.finishedAt) + 999)
    : now
  // a program that is run has written its lines already
  if (isRun(container)) await containers.image(container.image ?? '')
  const lines = isRun(container)
    ? programs
        .lines(pod, container, status?.restartCount ?? 0)
        .filter(([at]) => at <= end)
        .map(([at, text]) => ({ at, text }))
    : (await play(containers, pod, container, status, end)).lines
  const written = writtenLog(o.store, pod, container.name).map(([at, text]) => ({ at, text }))
  return [...lines, ...written]
    .map((l, i) => ({ l, i }))
    .sort((a, b) => a.l.at - b.l.at || a.i - b.i)
    .map(({ l }) => l)
}
