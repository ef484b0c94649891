// Joining a container's main process: the terminal's side of attach, as kubectl/pkg/cmd/attach has it. `kubectl run -it` uses it.
import type { ConnectResult, Streams } from '../apimachinery/door.ts'
import { pathOf } from '../client/client.ts'
import type { CommandContext } from './command.ts'

export interface AttachRequest {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly stdin: boolean
  readonly tty: boolean
  /** No word about pressing enter. */
  readonly quiet: boolean
}

/** Attaches the program's own streams until the process or the input ends. Throws StatusError when the server refuses. */
export async function attachTo(ctx: CommandContext, request: AttachRequest): Promise<ConnectResult> {
  const { io } = ctx
  const terminal = request.tty && io.stdin.isTTY
  if (request.tty && !terminal) io.stderr.write('Unable to use a TTY - input is not a terminal or the right kind of file\n')
  if (!request.quiet) io.stderr.write("If you don't see a command prompt, try pressing enter.\n")
  const size = io.stdout.size?.bind(io.stdout)
  const streams: Streams = {
    ...(request.stdin ? { stdin: io.stdin.chunks() } : {}),
    stdout: (chunk) => io.stdout.write(chunk),
    stderr: (chunk) => io.stderr.write(chunk),
    signal: io.signal,
    ...(terminal && size ? { size } : {}),
    ...(terminal && io.onResize ? { onResize: (listener: () => void) => io.onResize?.(listener) ?? ((): void => {}) } : {}),
  }
  const client = await ctx.factory.client()
  if (terminal) io.stdin.raw?.(true)
  try {
    return await client.connect(pathOf('v1/pods', request.namespace, request.pod, 'attach'), {
      container: [request.container], stdin: [String(request.stdin)], stdout: ['true'], stderr: [String(!terminal)], tty: [String(terminal)],
    }, streams)
  } finally { if (terminal) io.stdin.raw?.(false) }
}
