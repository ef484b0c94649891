// kubectl label. Behaves as kubectl/pkg/cmd/label: a merge patch of metadata.labels, computed here.
import { goQuote } from '../../apimachinery/gostring.ts'
import { labelValue } from '../../apimachinery/names.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'
import { metadataFlags, resourcesAndPairs, updateMetadata } from '../metadataedit.ts'

/** KEY=VALUE and KEY- of label; values are checked here, keys by the server. */
function parseLabels(specs: readonly string[]): { set: Map<string, string>; remove: string[] } {
  const set = new Map<string, string>()
  const remove: string[] = []
  for (const spec of specs) {
    if (spec.includes('=')) {
      const parts = spec.split('=')
      if (parts.length !== 2) throw new CliError(`invalid label spec: ${spec}`)
      const wrong = labelValue(parts[1] ?? '')
      if (wrong.length) throw new CliError(`invalid label value: ${goQuote(spec)}: ${wrong.join(';')}`)
      set.set(parts[0] ?? '', parts[1] ?? '')
    } else if (spec.endsWith('-')) remove.push(spec.slice(0, -1))
    else throw new CliError(`unknown label spec: ${spec}`)
  }
  if (remove.some((r) => set.has(r))) throw new CliError('can not both modify and remove a label in the same command')
  return { set, remove }
}

async function run(ctx: CommandContext): Promise<void> {
  const { resources, pairs } = resourcesAndPairs(ctx.args, 'label')
  await updateMetadata(ctx, {
    field: 'labels',
    word: 'label',
    manager: 'kubectl-label',
    resources,
    ...parseLabels(pairs),
  })
}

export const label: Command = {
  name: 'label',
  usage: '[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  short: 'Update the labels on an object',
  long: 'Set, change and remove labels.\n\n  *  Keys and values begin with a letter or digit and hold letters, digits, hyphens, dots and underscores, up to 63 characters each.\n  *  A key may begin with a DNS subdomain and a slash: example.com/my-app.\n  *  A label that is there already is changed only with --overwrite.\n  *  With --resource-version the update happens only at that version of the object.',
  examples:
    '  # Add the label unhealthy=true to the pod foo\n  kubectl label pods foo unhealthy=true\n  \n  # Change a label that is there\n  kubectl label --overwrite pods foo status=unhealthy\n  \n  # Label all pods of the namespace\n  kubectl label pods --all status=unhealthy\n  \n  # Remove the label bar\n  kubectl label pods foo bar-',
  flags: metadataFlags('label'),
  run,
}
