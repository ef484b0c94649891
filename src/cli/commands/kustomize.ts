// kubectl kustomize: prints what a kustomization makes (kustomize/v5's build command in kubectl's frame).
import type { Command } from '../command.ts'
import { CliError } from '../exit.ts'
import { kustomizeText } from '../kustomize.ts'

export const kustomize: Command = {
  name: 'kustomize',
  usage: 'DIR',
  short: 'Build a kustomization target from a directory or URL',
  long: 'Print the objects that the kustomization in a folder makes; without a folder, the one in the current folder.',
  examples: '  # Build the current folder\n  kubectl kustomize\n\n  # Build a folder and keep the result\n  kubectl kustomize overlays/staging -o staging.yaml',
  flags: [
    { name: 'as-current-user', type: 'bool', usage: 'Functions in containers run as the current user; nothing of the kind is run here.' },
    { name: 'enable-alpha-plugins', type: 'bool', usage: 'Accepted; plugins are not run.' },
    { name: 'enable-helm', type: 'bool', usage: 'Accepted; charts are not inflated.' },
    { name: 'env', short: 'e', type: 'stringArray', usage: 'Environment of functions; accepted.' },
    { name: 'helm-api-versions', type: 'stringArray', usage: 'Accepted.' },
    { name: 'helm-command', type: 'string', default: 'helm', usage: 'Accepted.' },
    { name: 'helm-debug', type: 'bool', usage: 'Accepted.' },
    { name: 'helm-kube-version', type: 'string', usage: 'Accepted.' },
    { name: 'load-restrictor', type: 'string', default: 'LoadRestrictionsRootOnly', usage: 'LoadRestrictionsNone lets files outside the folder be read.' },
    { name: 'mount', type: 'stringArray', usage: 'Accepted.' },
    { name: 'network', type: 'bool', usage: 'Accepted.' },
    { name: 'network-name', type: 'string', default: 'bridge', usage: 'Accepted.' },
    { name: 'output', short: 'o', type: 'string', usage: 'Write to this file instead of standard output.' },
  ],
  run: async ({ args, factory, io, flags }) => {
    if (args.length > 1) throw new CliError('specify one path to kustomization.yaml')
    const text = await kustomizeText(factory, args[0] ?? '.')
    const output = flags.string('output')
    if (output === '') io.stdout.write(text)
    else io.files.write(output, text)
  },
}
