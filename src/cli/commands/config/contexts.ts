// kubectl config current-context, get-contexts, use-context, set-context, delete-context, rename-context. Behaves as
// kubectl/pkg/cmd/config.
import { alignTabs } from '../../../apimachinery/tabwriter.ts'
import type { Command } from '../../command.ts'
import { CliError, throwAll } from '../../exit.ts'
import type { ConfigEntry } from '../../kubeconfig.ts'
import { access, helpError, listed } from './access.ts'

const text = (v: unknown): string => (typeof v === 'string' ? v : '')

export const currentContext: Command = {
  name: 'current-context',
  usage: '[flags] [options]',
  short: 'Display the current-context',
  long: 'Show the current context.',
  examples: '  # Show it\n  kubectl config current-context',
  flags: [],
  run: async (ctx) => {
    const { config } = await access(ctx)
    if (!config.currentContext) throw new CliError('current-context is not set')
    ctx.io.stdout.write(`${config.currentContext}\n`)
  },
}

export const getContexts: Command = {
  name: 'get-contexts',
  usage: '[(-o|--output=)name)] [options]',
  short: 'Describe one or many contexts',
  long: 'Show one or many contexts of the kubeconfig file.',
  examples:
    '  # All contexts\n  kubectl config get-contexts\n  \n  # One context\n  kubectl config get-contexts my-context',
  flags: [
    { name: 'no-headers', type: 'bool', usage: 'Leave out the headers.' },
    { name: 'output', short: 'o', type: 'string', usage: 'Output format: name.' },
  ],
  run: async (ctx) => {
    const { flags, args, io } = ctx
    const output = flags.string('output')
    if (output !== '' && output !== 'name')
      throw new CliError(
        `--output ${output} is not available in kubectl config get-contexts; resetting to default output format`,
      )
    const { config } = await access(ctx)
    const errors: unknown[] = []
    const names: string[] = []
    for (const n of args.length ? args : config.contexts.keys()) {
      if (config.contexts.has(n)) names.push(n)
      else errors.push(new CliError(`context ${n} not found`))
    }
    names.sort()
    if (output === 'name') io.stdout.write(names.map((n) => `${n}\n`).join(''))
    else {
      const rows = names.map((n) => {
        const c = config.contexts.get(n) ?? {}
        return [n === config.currentContext ? '*' : ' ', n, text(c.cluster), text(c.user), text(c.namespace)].join('\t')
      })
      const head = flags.bool('no-headers') ? [] : ['CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE']
      io.stdout.write(
        alignTabs([...head, ...rows].map((r) => `${r}\n`).join(''), { minWidth: 6, tabWidth: 4, padding: 3 }),
      )
    }
    throwAll(errors)
  },
}

export const useContext: Command = {
  name: 'use-context',
  aliases: ['use'],
  usage: 'CONTEXT_NAME [options]',
  short: 'Set the current-context in a kubeconfig file',
  long: 'Make a context the current one.',
  examples: '  # Use the context of the cluster minikube\n  kubectl config use-context minikube',
  flags: [],
  run: async (ctx) => {
    if (ctx.args.length !== 1) throw await helpError(ctx, `Unexpected args: ${listed(ctx.args)}`)
    const name = ctx.args[0] ?? ''
    const a = await access(ctx)
    if (!name) throw new CliError('empty context names are not allowed')
    if (!a.config.contexts.has(name)) throw new CliError(`no context exists with the name: ${JSON.stringify(name)}`)
    a.config.currentContext = name
    await a.save()
    ctx.io.stdout.write(`Switched to context ${JSON.stringify(name)}.\n`)
  },
}

export const setContext: Command = {
  name: 'set-context',
  usage: '[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]',
  short: 'Set a context entry in kubeconfig',
  long: 'Make or change a context. Fields that are not given stay as they are.',
  examples:
    '  # Set the user of the context gce, and nothing else\n  kubectl config set-context gce --user=cluster-admin',
  flags: [
    { name: 'cluster', type: 'string', usage: 'The cluster of the context.' },
    { name: 'current', type: 'bool', usage: 'Change the current context.' },
    {
      name: 'namespace',
      short: 'n',
      shortSince: 'configContextNamespaceShort',
      type: 'string',
      usage: 'The namespace of the context.',
    },
    { name: 'user', type: 'string', usage: 'The user of the context.' },
  ],
  run: async (ctx) => {
    const { flags, args } = ctx
    if (args.length > 1) throw await helpError(ctx, `Unexpected args: ${listed(args)}`)
    const current = flags.bool('current')
    if (!args[0] && !current) throw new CliError('you must specify a non-empty context name or --current')
    if (args[0] && current) throw new CliError('you cannot specify both a context name and --current')
    const a = await access(ctx)
    const name = current ? a.config.currentContext : (args[0] ?? '')
    if (!name) throw new CliError('no current context is set')
    const before = a.config.contexts.get(name)
    const entry: ConfigEntry = { cluster: '', user: '', ...before }
    for (const f of ['cluster', 'user', 'namespace'] as const) if (flags.changed(f)) entry[f] = flags.string(f)
    if (entry.namespace === '') delete entry.namespace
    a.config.contexts.set(name, entry)
    await a.save()
    ctx.io.stdout.write(`Context ${JSON.stringify(name)} ${before ? 'modified' : 'created'}.\n`)
  },
}

export const deleteContext: Command = {
  name: 'delete-context',
  usage: 'NAME [options]',
  short: 'Delete the specified context from the kubeconfig',
  long: 'Delete a context from the kubeconfig.',
  examples: '  # Delete the context of the cluster minikube\n  kubectl config delete-context minikube',
  flags: [],
  run: async (ctx) => {
    if (ctx.args.length !== 1) {
      await ctx.help('stdout')
      return
    }
    const name = ctx.args[0] ?? ''
    const a = await access(ctx)
    if (!a.config.contexts.has(name)) throw new CliError(`cannot delete context ${name}, not in ${a.file}`)
    if (a.config.currentContext === name)
      ctx.io.stderr.write(
        'warning: this removed your active context, use "kubectl config use-context" to select a different one\n',
      )
    a.config.contexts.delete(name)
    await a.save()
    ctx.io.stdout.write(`deleted context ${name} from ${a.file}\n`)
  },
}

export const renameContext: Command = {
  name: 'rename-context',
  usage: 'CONTEXT_NAME NEW_NAME [options]',
  short: 'Rename a context from the kubeconfig file',
  long: 'Give a context another name. If it is the current one, it stays so under the new name.',
  examples: '  # Rename a context\n  kubectl config rename-context old-name new-name',
  flags: [],
  run: async (ctx) => {
    const { args } = ctx
    if (args.length !== 2) throw await helpError(ctx, `Unexpected args: ${listed(args)}`)
    const [from = '', to = ''] = args
    if (!to) throw new CliError('You must specify a new non-empty context name')
    const a = await access(ctx)
    const entry = a.config.contexts.get(from)
    if (!entry) throw new CliError(`cannot rename the context ${JSON.stringify(from)}, it's not in ${a.file}`)
    if (a.config.contexts.has(to))
      throw new CliError(
        `cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${a.file}`,
      )
    a.config.contexts.set(to, entry)
    a.config.contexts.delete(from)
    if (a.config.currentContext === from) a.config.currentContext = to
    await a.save()
    ctx.io.stdout.write(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.\n`)
  },
}
