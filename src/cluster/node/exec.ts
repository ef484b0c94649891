// Runs a program in a container, or joins the one that runs there: exec and attach of the kubelet's HTTP API.
import type { ConnectResult, Streams } from '../../apimachinery/door.ts'
import type { Node, Pod } from '../../apimachinery/api/core.v1.ts'
import { StatusError, internalError } from '../../apimachinery/status.ts'
import type { ExecOptions, NodeRuntime } from '../../apiserver/runtime.ts'
import { findTool } from '../../shell/tools/index.ts'
import { executable } from './container.ts'
import { endProcess } from './disk.ts'
import { findContainer } from './inside.ts'
import type { Found, Inside } from './inside.ts'
import { isRun, readsInput } from './process.ts'

/** How often what is attached to is asked for news, in milliseconds. */
const LOOK = 200

/** Only a running container can be entered. */
function enter(inside: Inside, pod: Pod, container: string, streams: Streams): Found {
  const f = findContainer(inside, pod, container)
  if (!f.status?.state?.running)
    throw new StatusError(500, '', `unable to upgrade connection: container not found ("${container}")`)
  streams.opened?.()
  return f
}

/** NodeRuntime's exec. */
export async function exec(
  inside: Inside,
  pod: Pod,
  options: ExecOptions,
  streams: Streams,
): ReturnType<NodeRuntime['exec']> {
  return run(inside, enter(inside, pod, options.container, streams), options.command, options, streams)
}

/** NodeRuntime's attach. */
export async function attach(
  inside: Inside,
  given: Pod,
  options: Omit<ExecOptions, 'command'>,
  streams: Streams,
): ReturnType<NodeRuntime['attach']> {
  const f = enter(inside, given, options.container, streams)
  const { containers, options: o } = inside
  const { pod, container, status } = f
  // its entry point is part of what runs
  await containers.image(container.image ?? '')
  const argv = containers.running(pod, container, status)?.argv ?? []
  // a program that waits for input is the one that answers; anything else only shows what it writes from now on
  if (!container.stdin || !options.stdin || !readsInput(argv)) return follow(inside, f, streams)
  const words = argv.filter((a) => a !== '-l')
  const tty = container.tty === true && options.tty
  const { exitCode } = await run(inside, f, words, { tty, stdin: true }, streams)
  // the shell was the container: it is over now
  if (!streams.signal?.aborted)
    endProcess(o.store, pod, container.name, status?.restartCount ?? 0, o.clock.now(), exitCode)
  return { exitCode: 0 }
}

/** Shows what a container writes from now on, until it ends or nobody listens. */
async function follow(inside: Inside, f: Found, streams: Streams): Promise<ConnectResult> {
  const { options: o, containers, programs } = inside
  const { pod, container, status } = f
  const { play, logLines } = await import('./logs.ts')
  let seen = o.clock.now()
  for (;;) {
    const now = o.clock.now()
    const { lines, exit } = isRun(container)
      ? { lines: await logLines(o, containers, programs, pod, container, status, now), exit: undefined }
      : await play(containers, pod, container, status, now)
    for (const l of lines) if (l.at > seen) streams.stdout(`${l.text}\n`)
    seen = now
    const ended = findContainer(inside, pod, container.name).status?.state?.terminated
    if (exit || ended || streams.signal?.aborted) return { exitCode: exit?.code ?? ended?.exitCode ?? 0 }
    await o.clock.sleep(LOOK, streams.signal).catch(() => undefined)
  }
}

async function run(
  inside: Inside,
  { pod, container, status }: Found,
  words: readonly string[],
  options: { readonly tty: boolean; readonly stdin: boolean },
  streams: Streams,
): Promise<ConnectResult> {
  // a terminal turns every line feed into carriage return and line feed
  const cooked = (t: string | Uint8Array): string | Uint8Array =>
    options.tty ? (typeof t === 'string' ? t : Buffer.from(t).toString('utf8')).replace(/\r?\n/g, '\r\n') : t
  const ctx = await inside.containers.context(pod, container, status, {
    stdin: options.stdin ? streams.stdin : undefined,
    stdout: (t) => streams.stdout(cooked(t)),
    stderr: (t) => (options.tty ? streams.stdout(cooked(t)) : streams.stderr(t)),
    tty: options.tty,
    // who gives none never stops it
    get signal() {
      return streams.signal ?? new AbortController().signal
    },
  })
  const found = executable(ctx, words[0] ?? '')
  if ('missing' in found) return refused(inside, pod, found.missing, streams)
  const tool = await findTool(found.name)
  // a program of the image that the simulation has only the name of
  if (!tool) {
    streams.stderr(`${found.name}: not simulated\n`)
    return { exitCode: 1 }
  }
  const exitCode = await tool.run(words.slice(1), ctx)
  return { exitCode, ...(exitCode !== 0 ? { message: terminated(exitCode) } : {}) }
}

const terminated = (exitCode: number): string => `command terminated with exit code ${exitCode}`

/** What is said of a program that is not there: Docker's way, or containerd's. */
function refused({ options: o }: Inside, pod: Pod, missing: string, streams: Streams): ConnectResult {
  const why = `OCI runtime exec failed: exec failed: unable to start container process: ${missing}`
  const node = o.lister.get<Node>('nodes', '', pod.spec?.nodeName ?? '')
  if (node?.status?.nodeInfo?.containerRuntimeVersion?.startsWith('docker')) {
    const exitCode = /permission denied|is a directory/.test(missing) ? 126 : 127
    streams.stdout(`${why}: unknown\r\n`)
    return { exitCode, message: terminated(exitCode) }
  }
  const id = Array.from({ length: 64 }, () => o.entropy.int(16).toString(16)).join('')
  const error = `error executing command in container: failed to exec in container: failed to start exec "${id}": ${why}`
  return { exitCode: 1, message: internalError(error).message }
}
