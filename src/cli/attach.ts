// Joining a container's main process, for `attach`, `run -it` and `debug -it`; kubectl/pkg/cmd/attach.
import type { Pod } from '../apimachinery/api/core.v1.ts'
import { minor } from '../apimachinery/versions.ts'
import type { Factory } from './command.ts'
import { CliError } from './exit.ts'
import { chooseContainer, connectPod, findContainer, setupTTY } from './pods.ts'

export interface AttachOptions {
  /** '' chooses the default. */
  readonly container: string
  readonly stdin: boolean
  readonly tty: boolean
  readonly quiet: boolean
  /** `kubectl attach`, as the last word names it. */
  readonly commandName: string
}

/**
 * Attaches to a pod that was looked up; prints the word about the prompt, and how to come back. Throws what the server
 * refuses.
 */
export async function attachTo(factory: Factory, pod: Pod, o: AttachOptions): Promise<void> {
  const { io } = factory
  let container
  try {
    container = chooseContainer(pod, o.container, o.quiet, io)
  } catch (e) {
    throw e instanceof CliError ? new CliError(`cannot attach to the container: ${e.message}`) : e
  }
  let { tty } = o
  if (tty && !container.tty) {
    tty = false
    if (!o.quiet) io.stderr.write(`error: Unable to use a TTY - container ${container.name} did not allocate one\n`)
  } else if (!tty && container.tty) tty = true
  const raw = setupTTY(io, { stdin: o.stdin, tty, quiet: o.quiet })
  if (!o.quiet) {
    if (minor(factory.versions.client) >= 35)
      io.stderr.write(
        'All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\n',
      )
    io.stderr.write("If you don't see a command prompt, try pressing enter.\n")
  }
  await connectPod(factory, pod, 'attach', { container: [container.name] }, { stdin: o.stdin, raw })
  if (o.quiet || !o.stdin || !raw || pod.spec?.restartPolicy !== 'Always') return
  const again = `'${o.commandName} ${pod.metadata.name} -c ${container.name} -i -t'`
  io.stdout.write(
    findContainer(pod, container.name)?.list === 'ephemeralContainers'
      ? `Session ended, the ephemeral container will not be restarted but may be reattached using ${again} if it is still running\n`
      : `Session ended, resume using ${again} command when the pod is running\n`,
  )
}
