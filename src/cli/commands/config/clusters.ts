// kubectl config get-clusters, set-cluster, delete-cluster. Behaves as kubectl/pkg/cmd/config.
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import type { ConfigEntry } from '../../kubeconfig.ts'
import { access, helpError, listed } from './access.ts'

/** A file's bytes for embedding, in base64. Throws kubectl's sentence for a missing file. */
export function embedded(ctx: CommandContext, flag: string, path: string): string {
  const bytes = ctx.io.files.read(path)
  if (!bytes) throw new CliError(`could not stat ${flag} file ${path}: stat ${path}: no such file or directory`)
  return base64(bytes)
}

export function base64(bytes: Uint8Array): string {
  let binary = ''
  for (const b of bytes) binary += String.fromCharCode(b)
  return btoa(binary)
}

export const getClusters: Command = {
  name: 'get-clusters',
  usage: '[flags] [options]',
  short: 'Display clusters defined in the kubeconfig',
  long: 'Show the clusters of the kubeconfig.',
  examples: '  # List them\n  kubectl config get-clusters',
  flags: [],
  run: async (ctx) => {
    const { config } = await access(ctx)
    ctx.io.stdout.write(`NAME\n${[...config.clusters.keys()].map((n) => `${n}\n`).join('')}`)
  },
}

export const setCluster: Command = {
  name: 'set-cluster',
  usage:
    'NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com] [options]',
  short: 'Set a cluster entry in kubeconfig',
  long: 'Make or change a cluster. Fields that are not given stay as they are.',
  examples: '  # Set only the server of the cluster e2e\n  kubectl config set-cluster e2e --server=https://1.2.3.4',
  flags: [
    { name: 'certificate-authority', type: 'string', usage: 'A file with the certificate authority.' },
    { name: 'embed-certs', type: 'bool', usage: 'Put the certificate itself into the kubeconfig.' },
    { name: 'insecure-skip-tls-verify', type: 'bool', usage: "Do not verify the server's certificate." },
    { name: 'proxy-url', type: 'string', usage: 'A proxy on the way to the server.' },
    { name: 'server', type: 'string', usage: 'The address of the server.' },
    { name: 'tls-server-name', type: 'string', usage: "The name in the server's certificate." },
  ],
  run: async (ctx) => {
    const { flags, args } = ctx
    if (args.length !== 1) throw await helpError(ctx, `Unexpected args: ${listed(args)}`)
    const name = args[0] ?? ''
    if (!name) throw new CliError('you must specify a non-empty cluster name')
    const ca = flags.string('certificate-authority')
    if (flags.bool('insecure-skip-tls-verify') && ca)
      throw new CliError('you cannot specify a certificate authority and insecure mode at the same time')
    let data = ''
    if (flags.bool('embed-certs')) {
      if (!ca) throw new CliError('you must specify a --certificate-authority to embed')
      data = embedded(ctx, 'certificate-authority', ca)
    }
    const a = await access(ctx)
    const entry: ConfigEntry = { server: '', ...a.config.clusters.get(name) }
    if (flags.changed('server')) {
      entry.server = flags.string('server')
      // the name was that of another server's certificate
      delete entry['tls-server-name']
    }
    if (flags.changed('tls-server-name')) entry['tls-server-name'] = flags.string('tls-server-name')
    if (flags.changed('proxy-url')) entry['proxy-url'] = flags.string('proxy-url')
    // a flag that is not given says false here, unlike all others
    entry['insecure-skip-tls-verify'] = flags.bool('insecure-skip-tls-verify')
    // insecure mode and an authority do not go together
    if (flags.bool('insecure-skip-tls-verify')) {
      delete entry['certificate-authority']
      delete entry['certificate-authority-data']
    }
    if (flags.changed('certificate-authority')) {
      delete entry['certificate-authority']
      delete entry['certificate-authority-data']
      if (flags.bool('embed-certs')) entry['certificate-authority-data'] = data
      else if (ca) entry['certificate-authority'] = ctx.io.files.resolve(ca)
      if (ca) delete entry['insecure-skip-tls-verify']
    }
    for (const k of ['insecure-skip-tls-verify', 'tls-server-name', 'proxy-url']) if (!entry[k]) delete entry[k]
    a.config.clusters.set(name, entry)
    await a.save()
    ctx.io.stdout.write(`Cluster ${JSON.stringify(name)} set.\n`)
  },
}

export const deleteCluster: Command = {
  name: 'delete-cluster',
  usage: 'NAME [options]',
  short: 'Delete the specified cluster from the kubeconfig',
  long: 'Delete a cluster from the kubeconfig.',
  examples: '  # Delete the cluster minikube\n  kubectl config delete-cluster minikube',
  flags: [],
  run: async (ctx) => {
    if (ctx.args.length !== 1) {
      await ctx.help('stdout')
      return
    }
    const name = ctx.args[0] ?? ''
    const a = await access(ctx)
    if (!a.config.clusters.delete(name)) throw new CliError(`cannot delete cluster ${name}, not in ${a.file}`)
    await a.save()
    ctx.io.stdout.write(`deleted cluster ${name} from ${a.file}\n`)
  },
}
