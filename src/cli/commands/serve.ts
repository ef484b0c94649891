// kubesim serve: the simulated cluster on loopback, for real kubectl, helm, client libraries and resolvers. Ours alone,
// in plain English.
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'

async function run(ctx: CommandContext): Promise<void> {
  const { io, flags } = ctx
  if (ctx.args.length) throw new CliError(`kubesim serve takes no arguments, but got "${ctx.args.join(' ')}"`)
  const { host, stateOptions } = ctx.factory
  const ephemeral = flags.bool('ephemeral')
  if (ephemeral && stateOptions.state)
    throw new CliError('--ephemeral keeps nothing and --state names a file: choose one')
  const kubeconfig = io.files.resolve(flags.string('kubeconfig') || `${io.env.HOME ?? '.'}/.kubesim/kubeconfig`)
  let served
  try {
    served = await host.serve({
      ...stateOptions,
      apiAddress: flags.string('api-address'),
      dnsAddress: flags.string('dns-address'),
      kubeconfig,
      ephemeral,
      tls: flags.bool('tls'),
      controllers: flags.list('controllers'),
      ...(flags.changed('seed') ? { seed: flags.int('seed') } : {}),
    })
  } catch (e) {
    if (e instanceof Error && ['ServeError', 'ProfileError', 'StateError', 'LockError'].includes(e.constructor.name))
      throw new CliError(e.message)
    throw e
  }
  const { dns } = served
  io.stdout.write(
    `cluster ${served.profile.context}, Kubernetes ${served.profile.version.server}\nAPI at ${served.url}, DNS for ${served.profile.dns.domain} at ${dns.host} port ${dns.port} (UDP and TCP); Ctrl-C ends it\n\nexport KUBECONFIG=${kubeconfig}\n`,
  )
  // until Ctrl-C or a TERM: then the state is saved and the kubeconfig removed
  if (!io.signal.aborted)
    await new Promise<void>((go) => io.signal.addEventListener('abort', () => go(), { once: true }))
  await served.close()
  io.stdout.write(ephemeral ? 'ended, nothing is kept\n' : 'ended, the state is saved\n')
}

export const serve: Command = {
  name: 'serve',
  usage:
    '[--api-address HOST:PORT] [--dns-address HOST:PORT] [--kubeconfig FILE] [--state FILE | --ephemeral] [--seed N]',
  short: 'Put the simulated cluster on loopback for real clients',
  long: 'Serves the Kubernetes API over HTTPS and cluster DNS over UDP and TCP, on loopback only, until Ctrl-C. Whoever asks needs the token in the kubeconfig that is written at start and removed at the end.\n\n Other kubesim commands on the same state talk to the server meanwhile.',
  examples:
    '  # Serve, and use a real kubectl in another terminal\n  kubesim serve\n  \n  # On free ports, keeping nothing\n  kubesim serve --ephemeral --api-address 127.0.0.1:0 --dns-address 127.0.0.1:0',
  flags: [
    {
      name: 'api-address',
      type: 'string',
      default: '127.0.0.1:6443',
      usage: 'Where the API listens; port 0 picks a free one.',
    },
    {
      name: 'dns-address',
      type: 'string',
      default: '127.0.0.1:1053',
      usage: 'Where cluster DNS listens, UDP and TCP; port 0 picks a free one.',
    },
    {
      name: 'kubeconfig',
      type: 'string',
      default: '',
      usage: 'The kubeconfig file to write; ~/.kubesim/kubeconfig when not given.',
    },
    { name: 'ephemeral', type: 'bool', default: false, usage: 'Keep the cluster in memory only.' },
    {
      name: 'seed',
      type: 'int',
      default: 0,
      usage: 'Make names, addresses and orders the same at every run (of a new cluster).',
    },
    {
      name: 'tls',
      type: 'bool',
      default: true,
      usage: 'Speak HTTPS with a certificate made at start. kubectl and client-go send a token over HTTPS only.',
    },
    {
      name: 'controllers',
      type: 'stringSlice',
      default: [],
      usage: 'The controllers that run: *, names, or -name to leave one out.',
    },
  ],
  run,
}
