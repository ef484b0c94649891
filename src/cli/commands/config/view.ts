// kubectl config view: the kubeconfig, secrets left out. Behaves as kubectl/pkg/cmd/config/view.go.
import type { Command, CommandContext } from '../../command.ts'
import { CliError, UsageError } from '../../exit.ts'
import { writeConfig } from '../../kubeconfig.ts'
import type { KubeConfig } from '../../kubeconfig.ts'
import { printFlags, printerFor } from '../../printflags.ts'
import { access } from './access.ts'
import type { Access } from './access.ts'
import { base64 } from './clusters.ts'

/** Keeps only what the current context uses. */
function minify(config: KubeConfig): void {
  if (!config.currentContext) throw new CliError('current-context must exist in order to minify')
  const context = config.contexts.get(config.currentContext)
  if (!context) throw new CliError(`cannot locate context ${config.currentContext}`)
  for (const n of [...config.contexts.keys()]) if (n !== config.currentContext) config.contexts.delete(n)
  for (const n of [...config.clusters.keys()]) if (n !== context.cluster) config.clusters.delete(n)
  if (context.cluster && !config.clusters.has(String(context.cluster)))
    throw new CliError(`cannot locate cluster ${String(context.cluster)}`)
  for (const n of [...config.users.keys()]) if (n !== context.user) config.users.delete(n)
  if (context.user && !config.users.has(String(context.user)))
    throw new CliError(`cannot locate user ${String(context.user)}`)
}

function hideSecrets(config: KubeConfig): void {
  for (const u of config.users.values()) {
    for (const k of ['token', 'password']) if (u[k]) u[k] = 'REDACTED'
    for (const k of ['client-certificate-data', 'client-key-data']) if (u[k]) u[k] = 'DATA+OMITTED'
  }
  for (const c of config.clusters.values())
    if (c['certificate-authority-data']) c['certificate-authority-data'] = 'DATA+OMITTED'
}

/** Certificates in files become certificates in the config; relative names are seen from the entry's kubeconfig. */
function flatten(ctx: CommandContext, { config, folderOf }: Access): void {
  const embed = (entry: Record<string, unknown>, field: string): void => {
    const named = entry[field]
    if (typeof named !== 'string' || !named) return
    const path = named.startsWith('/') ? named : ctx.io.files.resolve(`${folderOf(entry)}/${named}`)
    const bytes = ctx.io.files.read(path)
    if (!bytes) throw new CliError(`open ${path}: no such file or directory`)
    entry[`${field}-data`] = base64(bytes)
    delete entry[field]
  }
  for (const c of config.clusters.values()) embed(c, 'certificate-authority')
  for (const u of config.users.values()) {
    embed(u, 'client-certificate')
    embed(u, 'client-key')
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, args, factory } = ctx
  if (args.length) throw new UsageError(`unexpected arguments: [${args.join(' ')}]`)
  const print = await printerFor(ctx, '')
  const a = await access(ctx)
  if (!flags.bool('merge') && !a.explicit) throw new CliError('if merge==false a precise file must be specified')
  if (flags.bool('minify')) {
    const context = factory.global('context')
    if (context) a.config.currentContext = context
    minify(a.config)
  }
  if (flags.bool('flatten')) flatten(ctx, a)
  else if (!flags.bool('raw')) hideSecrets(a.config)
  print(await writeConfig(a.config, factory.versions), { ordered: true })
}

export const view: Command = {
  name: 'view',
  usage: '[flags] [options]',
  short: 'Display merged kubeconfig settings or a specified kubeconfig file',
  long: 'Show the kubeconfig.\n\n With --output jsonpath={...} or a template only parts of it are shown.',
  examples:
    '  # The kubeconfig, secrets left out\n  kubectl config view\n  \n  # With everything\n  kubectl config view --raw\n  \n  # The password of the user e2e\n  kubectl config view -o jsonpath=\'{.users[?(@.name == "e2e")].user.password}\'',
  flags: [
    { name: 'flatten', type: 'bool', usage: 'Put certificates from files into the output.' },
    { name: 'merge', type: 'bool', default: true, usage: 'Merge the files of the environment.' },
    { name: 'minify', type: 'bool', usage: 'Only what the current context uses.' },
    { name: 'raw', type: 'bool', usage: 'Secrets and certificates as they are.' },
    ...printFlags.map((f) => (f.name === 'output' ? { ...f, default: 'yaml' } : f)),
  ],
  run,
}
