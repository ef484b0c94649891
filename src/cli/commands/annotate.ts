// kubectl annotate. Behaves as kubectl/pkg/cmd/annotate: a merge patch of metadata.annotations, computed here.
import type { Command, CommandContext } from '../command.ts'
import { has } from '../../apimachinery/versions.ts'
import { CliError } from '../exit.ts'
import { metadataFlags, parsePairs, resourcesAndPairs, updateMetadata } from '../metadataedit.ts'
import { dryRun } from '../requestflags.ts'
import { resultPrinter } from '../result.ts'

async function run(ctx: CommandContext): Promise<void> {
  const printer = await resultPrinter(
    ctx,
    has(ctx.factory.versions, 'annotateWord') ? 'annotate' : 'annotated',
    dryRun(ctx),
  )
  const { resources, pairs } = resourcesAndPairs(ctx.args, 'annotation')
  const { set, remove } = parsePairs(pairs, 'annotation')
  await updateMetadata(ctx, {
    field: 'annotations',
    word: 'annotation',
    manager: 'kubectl-annotate',
    resources,
    set,
    remove,
    printer,
    check: () => {
      const both = remove.filter((r) => set.has(r))
      if (both.length)
        throw new CliError(
          `can not both modify and remove the following annotation(s) in the same command: ${both.join(', ')}`,
        )
    },
  })
}

export const annotate: Command = {
  name: 'annotate',
  usage: '[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  short: 'Update the annotations on an object',
  long: 'Set, change and remove annotations: key and value pairs of any size that tools and people attach to objects.\n\n An annotation that is there already is changed only with --overwrite. With --resource-version the update happens only at that version of the object.',
  examples:
    "  # Set the annotation description on the pod foo\n  kubectl annotate pods foo description='my frontend'\n  \n  # Change it\n  kubectl annotate --overwrite pods foo description='my frontend running nginx'\n  \n  # Annotate all pods of the namespace\n  kubectl annotate pods --all description='my frontend running nginx'\n  \n  # Remove it\n  kubectl annotate pods foo description-",
  flags: metadataFlags('annotation'),
  run,
}
