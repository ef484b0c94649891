// kubectl rollout history. Behaves as kubectl/pkg/cmd/rollout/rollout_history.go.
import { alignTabs } from '../../../apimachinery/tabwriter.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { printerFor, printFlags } from '../../printflags.ts'
import { filenameFlags, selectorFlag } from '../../requestflags.ts'
import { resultPrinter } from '../../result.ts'
import { revisionsOf } from '../../rollouthistory.ts'
import { rolloutObjects } from './change.ts'

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  const wanted = flags.int('revision')
  if (!ctx.args.length && !flags.list('filename').length && !flags.string('kustomize'))
    throw new CliError('required resource not specified')
  if (wanted < 0) throw new CliError(`revision must be a positive integer: ${wanted}`)
  const found = await rolloutObjects(ctx)
  // a template alone is no output format: it prints the object itself (OutputFlagSpecified)
  const formatted = flags.string('output') !== ''
  const print = formatted ? await printerFor(ctx, '') : undefined
  await found.visit(async (info) => {
    const revisions = await revisionsOf(factory, info, 'history')
    const one = revisions.find((r) => r.number === wanted)
    if (print) {
      if (wanted > 0 && !one) throw new CliError('unable to find the specified revision')
      for (const r of wanted > 0 && one ? [one] : revisions) print(r.object, { typed: true })
      return
    }
    let text: string
    if (!revisions.length) text = 'No rollout history found.'
    else if (wanted > 0) {
      if (!one) throw new CliError('unable to find the specified revision')
      const { templateText } = await import('../../podtemplatetext.ts')
      text = await templateText(
        one.cause
          ? {
              ...one.template,
              metadata: {
                ...(one.template.metadata as object),
                annotations: {
                  ...((one.template.metadata as { annotations?: object } | undefined)?.annotations ?? {}),
                  'kubernetes.io/change-cause': one.cause,
                },
              },
            }
          : one.template,
        ctx.factory.versions,
      )
    } else
      text = alignTabs(
        `REVISION\tCHANGE-CAUSE\n${revisions.map((r) => `${r.number}\t${r.cause || '<none>'}\n`).join('')}`,
        { minWidth: 0, tabWidth: 8, padding: 2 },
      )
    await (
      await resultPrinter(ctx, `${wanted > 0 ? `with revision #${wanted}` : ''}\n${text}`)
    )(info.object ?? {})
  })
}

export const history: Command = {
  name: 'history',
  usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
  short: 'View rollout history',
  long: 'View the revisions of earlier rollouts and how they were configured.',
  examples:
    '  # The revisions of a Deployment\n  kubectl rollout history deployment/abc\n  \n  # Revision 3 of a DaemonSet\n  kubectl rollout history daemonset/abc --revision=3',
  flags: [
    ...filenameFlags('that name the objects'),
    { name: 'revision', type: 'int', usage: 'Show this revision with its pod template.' },
    selectorFlag,
    ...printFlags,
  ],
  run,
}
