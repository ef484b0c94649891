// kubectl set serviceaccount. Behaves as kubectl/pkg/cmd/set/set_serviceaccount.go.
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { typedPrinter } from '../../generator.ts'
import { patchObjects, podSpecOf, setFlags, setInfos } from '../../podtemplate.ts'
import { dryRun } from '../../requestflags.ts'
import { recordFlag } from '../../record.ts'

async function run(ctx: CommandContext): Promise<void> {
  const mode = dryRun(ctx)
  if (ctx.flags.bool('local') && mode === 'server')
    throw new CliError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?')
  const print = await typedPrinter(ctx, 'serviceaccount updated', mode)
  const name = ctx.args.at(-1)
  if (name === undefined) throw new CliError('serviceaccount is required')
  const infos = await setInfos(ctx, ctx.args.slice(0, -1), false)
  await patchObjects(ctx, infos, {
    records: true,
    operation: 'serviceaccount updated',
    failed: 'failed to patch ServiceAccountName',
    mode,
    always: true,
    print,
    mutate: (draft) => {
      podSpecOf(draft).serviceAccountName = name
    },
  })
}

export const serviceaccount: Command = {
  name: 'serviceaccount',
  aliases: ['sa'],
  usage: '(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]',
  short: 'Update the service account of a resource',
  long: 'Update the service account of the pods in an object with a pod template.',
  examples:
    '  # Another account for a deployment\n  kubectl set serviceaccount deployment nginx-deployment serviceaccount1',
  flags: setFlags('change', recordFlag),
  run,
}
