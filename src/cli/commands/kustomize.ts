// kubectl kustomize: prints what a kustomization makes (kustomize/v5's build command in kubectl's frame).
import type { Command } from '../command.ts'
import { CliError } from '../exit.ts'
import { kustomizeObjects } from '../kustomize.ts'

export const kustomize: Command = {
  name: 'kustomize',
  usage: 'DIR [flags] [options]',
  short: 'Build a kustomization target from a directory or URL',
  long: 'Print the objects that the kustomization in a folder makes; without a folder, the one in the current folder.',
  examples:
    '  # Build the current folder\n  kubectl kustomize\n\n  # Build a folder and keep the result\n  kubectl kustomize overlays/staging -o staging.yaml',
  flags: [
    {
      name: 'as-current-user',
      type: 'bool',
      usage: 'Functions in containers run as the current user; nothing of the kind is run here.',
    },
    { name: 'enable-alpha-plugins', type: 'bool', usage: 'Accepted; plugins are not run.' },
    { name: 'enable-helm', type: 'bool', usage: 'Accepted; charts are not inflated.' },
    { name: 'env', short: 'e', type: 'stringArray', usage: 'Environment of functions; accepted.' },
    { name: 'helm-api-versions', since: 'kustomizeHelmVersions', type: 'stringArray', usage: 'Accepted.' },
    { name: 'helm-command', type: 'string', default: 'helm', usage: 'Accepted.' },
    { name: 'helm-debug', since: 'kustomizeHelmDebug', type: 'bool', usage: 'Accepted.' },
    { name: 'helm-kube-version', since: 'kustomizeHelmVersions', type: 'string', usage: 'Accepted.' },
    {
      name: 'load-restrictor',
      type: 'string',
      default: 'LoadRestrictionsRootOnly',
      usage: 'LoadRestrictionsNone lets files outside the folder be read.',
    },
    { name: 'mount', type: 'stringArray', usage: 'Accepted.' },
    { name: 'network', type: 'bool', usage: 'Accepted.' },
    { name: 'network-name', type: 'string', default: 'bridge', usage: 'Accepted.' },
    {
      name: 'enable-managedby-label',
      type: 'bool',
      usage: 'Label the objects as made by kustomize.',
      deprecated:
        'The flag `enable-managedby-label` has been deprecated. Use the `managedByLabel` option in the `buildMetadata` field instead.',
    },
    {
      name: 'reorder',
      type: 'string',
      default: 'legacy',
      usage: 'legacy puts the objects in a fixed order of kinds, none leaves them as they came.',
      deprecated: "use the new 'sortOptions' field in kustomization.yaml instead.",
    },
    {
      name: 'output',
      short: 'o',
      type: 'string',
      usage: 'Write to this file, or to a file for each object in this folder, instead of standard output.',
    },
  ],
  run: async ({ args, factory, io, flags }) => {
    if (args.length > 1) throw new CliError('specify one path to kustomization.yaml')
    const legal = (name: string, ...values: string[]): void => {
      if (!values.includes(flags.string(name)))
        throw new CliError(
          `illegal flag value --${name} ${flags.string(name)}; legal values: [${values.filter((v) => v).join(' ')}]`,
        )
    }
    legal('load-restrictor', 'LoadRestrictionsRootOnly', 'LoadRestrictionsNone', '')
    legal('reorder', 'legacy', 'none')
    const objects = await kustomizeObjects(factory, args[0] ?? '.', {
      unrestricted: flags.string('load-restrictor') === 'LoadRestrictionsNone',
      helm: flags.bool('enable-helm'),
      managedByLabel: flags.bool('enable-managedby-label'),
      reorder: flags.string('reorder') === 'none' ? 'none' : 'legacy',
      ordered: flags.changed('reorder'),
    })
    const { kustomizationYaml } = await import('../kustomize/build.ts')
    const output = flags.string('output')
    if (output === '') {
      io.stdout.write(kustomizationYaml(objects))
      return
    }
    const write = async (path: string, text: string): Promise<void> => {
      try {
        io.files.write(path, text)
      } catch (e) {
        const { openError } = await import('../printers/printer.ts')
        throw new CliError(openError(path, e))
      }
    }
    if (io.files.stat(output)?.kind !== 'directory') {
      await write(output, kustomizationYaml(objects))
      return
    }
    const { outputFiles } = await import('../kustomize/outputfiles.ts')
    for (const [name, text] of outputFiles(objects, factory.schemas))
      await write(`${output.replace(/\/+$/, '')}/${name}`, text)
  },
}
