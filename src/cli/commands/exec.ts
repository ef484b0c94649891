// kubectl exec: runs a command in a container. Behaves as kubectl/pkg/cmd/exec.
import { has, minor } from '../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, UsageError } from '../exit.ts'
import { attachable, chooseContainer, connectPod, named, podTimeout, setupTTY, timeoutFlag } from '../pods.ts'

async function run(ctx: CommandContext): Promise<void> {
  const { args, dash, flags, factory, io } = ctx
  const files = flags.list('filename')
  const name = args.length > 0 && dash !== 0 ? args[0] : undefined
  let command: readonly string[] = []
  if (dash > 1 && has(factory.versions, 'execOneWord'))
    throw new UsageError('exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead')
  if (dash > -1) command = args.slice(dash)
  else if (args.length > 1 || (args.length > 0 && files.length > 0)) {
    if (!has(factory.versions, 'execWithoutDashes'))
      throw new UsageError('exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead')
    command = files.length > 0 ? args : args.slice(1)
    if (minor(factory.versions.client) >= 18)
      io.stderr.write(
        'kubectl exec [POD] [COMMAND] is DEPRECATED and will be removed in a future version. Use kubectl exec [POD] -- [COMMAND] instead.\n',
      )
  }
  if (name === undefined && files.length === 0) throw new CliError('pod, type/name or --filename must be specified')
  if (command.length === 0) throw new CliError('you must specify at least one command for the container')
  const timeout = podTimeout(ctx)
  const pod = await attachable(
    factory,
    await named(factory, name === undefined || (files.length > 0 && dash < 0) ? [] : [name], files),
    timeout,
  )
  const phase = pod.status?.phase
  if (phase === 'Succeeded' || phase === 'Failed')
    throw new CliError(`cannot exec into a container in a completed pod; current phase is ${phase}`)
  const quiet = flags.bool('quiet')
  const wanted = flags.string('container')
  if (wanted && has(factory.versions, 'containerOutOf')) chooseContainer(pod, wanted, quiet, io)
  const container = wanted || chooseContainer(pod, '', quiet, io).name
  const stdin = flags.bool('stdin')
  const raw = setupTTY(io, { stdin, tty: flags.bool('tty'), quiet })
  await connectPod(factory, pod, 'exec', { container: [container], command }, { stdin, raw })
}

export const exec: Command = {
  name: 'exec',
  usage: '(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]',
  short: 'Run a command in a container',
  long: 'Run a command in a container of a pod.',
  examples:
    '  # What time is it in the first container of pod mypod\n  kubectl exec mypod -- date\n  \n  # A name looked up from container ruby\n  kubectl exec mypod -c ruby -- nslookup web\n  \n  # A shell on this terminal\n  kubectl exec mypod -i -t -- bash\n  \n  # The first pod of a deployment or a service\n  kubectl exec deploy/web -- date\n  kubectl exec svc/web -- date',
  flags: [
    {
      name: 'container',
      short: 'c',
      type: 'string',
      usage:
        'The container; without it the one of the annotation kubectl.kubernetes.io/default-container, or the first.',
    },
    { name: 'filename', short: 'f', type: 'stringSlice', usage: 'Files that name the object to enter.' },
    timeoutFlag('1m0s'),
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Print only what the command prints.' },
    { name: 'stdin', short: 'i', type: 'bool', usage: 'Pass the standard input on to the container.' },
    { name: 'tty', short: 't', type: 'bool', usage: 'The standard input is a terminal.' },
  ],
  run,
}
