// kubectl attach: joins the process that a container runs. Behaves as kubectl/pkg/cmd/attach.
import { attachTo } from '../attach.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'
import { attachable, named, podTimeout, timeoutFlag } from '../pods.ts'
import { detachKeysFlag } from '../requestflags.ts'

async function run(ctx: CommandContext): Promise<void> {
  const { args, flags, factory } = ctx
  if (args.length === 0) throw new CliError('at least 1 argument is required for attach')
  if (args.length > 2)
    throw new CliError(
      `expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(' ')}]`,
    )
  const timeout = podTimeout(ctx)
  const pod = await attachable(factory, await named(factory, args), timeout)
  const phase = pod.status?.phase
  if (phase === 'Succeeded' || phase === 'Failed')
    throw new CliError(`cannot attach a container in a completed pod; current phase is ${phase}`)
  await attachTo(factory, pod, {
    container: flags.string('container'),
    stdin: flags.bool('stdin'),
    tty: flags.bool('tty'),
    quiet: flags.bool('quiet'),
    commandName: ctx.commandPath,
  })
}

export const attach: Command = {
  name: 'attach',
  usage: '(POD | TYPE/NAME) -c CONTAINER [options]',
  short: 'Attach to a running container',
  long: 'Attach to the process that already runs in a container.',
  examples:
    '  # See what pod mypod prints from now on\n  kubectl attach mypod\n  \n  # Take over its shell\n  kubectl attach mypod -i -t',
  flags: [
    {
      name: 'container',
      short: 'c',
      type: 'string',
      usage:
        'The container; without it the one of the annotation kubectl.kubernetes.io/default-container, or the first.',
    },
    detachKeysFlag,
    timeoutFlag('1m0s'),
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Print only what the container prints.' },
    { name: 'stdin', short: 'i', type: 'bool', usage: 'Pass the standard input on to the container.' },
    { name: 'tty', short: 't', type: 'bool', usage: 'The standard input is a terminal.' },
  ],
  run,
}
