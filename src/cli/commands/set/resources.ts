// kubectl set resources. Behaves as kubectl/pkg/cmd/set/set_resources.go.
import { canonical, parseQuantity } from '../../../apimachinery/quantity.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { typedPrinter } from '../../generator.ts'
import { dict, patchObjects, podSpecOf, selectContainers, selectorFlag, setFlags, setInfos } from '../../podtemplate.ts'
import { dryRun } from '../../requestflags.ts'
import { recordFlag } from '../../record.ts'

function parse(text: string): [name: string, quantity: string][] {
  return (text ? text.split(',') : []).map((statement) => {
    const parts = statement.split('=')
    if (parts.length !== 2) throw new CliError(`Invalid argument syntax ${statement}, expected <resource>=<value>`)
    try {
      return [parts[0] ?? '', canonical(parseQuantity(parts[1] ?? ''))]
    } catch (e) {
      throw new CliError((e as Error).message)
    }
  })
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags } = ctx
  const mode = dryRun(ctx)
  const print = await typedPrinter(ctx, 'resource requirements updated', mode)
  const infos = await setInfos(ctx, ctx.args)
  if (flags.bool('local') && mode === 'server')
    throw new CliError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?')
  if (flags.bool('all') && flags.string('selector'))
    throw new CliError('cannot set --all and --selector at the same time')
  if (!flags.string('limits') && !flags.string('requests'))
    throw new CliError('you must specify an update to requests or limits (in the form of --requests/--limits)')
  const wanted = { limits: parse(flags.string('limits')), requests: parse(flags.string('requests')) }
  const errors: unknown[] = []
  await patchObjects(ctx, infos, {
    records: true,
    operation: 'resource requirements updated',
    failed: 'failed to patch resources update to pod template',
    mode,
    errors,
    print,
    mutate: (draft) => {
      const containers = selectContainers(podSpecOf(draft), flags.string('containers'))
      if (!containers.length) {
        errors.push(new CliError(`error: unable to find container named ${flags.string('containers')}`))
        return false
      }
      for (const c of containers)
        for (const part of ['limits', 'requests'] as const)
          for (const [name, quantity] of wanted[part]) dict(dict(c, 'resources'), part)[name] = quantity
      return true
    },
  })
}

export const resourcesCommand: Command = {
  name: 'resources',
  usage: '(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS] [options]',
  short: 'Update resource requests/limits on objects with pod templates',
  long: 'Set what containers ask for and what they may use, in objects with a pod template.',
  examples:
    '  # Limits for one container\n  kubectl set resources deployment nginx -c=nginx --limits=cpu=200m,memory=512Mi\n  \n  # Limits and requests for all\n  kubectl set resources deployment nginx --limits=cpu=200m,memory=512Mi --requests=cpu=100m,memory=256Mi',
  flags: setFlags(
    'change',
    selectorFlag,
    recordFlag,
    {
      name: 'containers',
      short: 'c',
      type: 'string',
      default: '*',
      usage: 'The containers to change; * stands for any text.',
    },
    { name: 'limits', type: 'string', usage: 'The limits: cpu=100m,memory=256Mi.' },
    { name: 'requests', type: 'string', usage: 'The requests: cpu=100m,memory=256Mi.' },
  ),
  run,
}
