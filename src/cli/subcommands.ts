// Commands that only group others: what they say when no subcommand, or a wrong one, is given
// (cmdutil.DefaultSubCommandRun).
import type { Command } from './command.ts'
import { SilentExit, UsageError } from './exit.ts'

/** The run function of a group: help and exit 1 without arguments, a usage error with some. */
export const groupRun =
  (to: 'stdout' | 'stderr'): NonNullable<Command['run']> =>
  async (ctx) => {
    if (ctx.args.length) throw new UsageError(`unknown command ${JSON.stringify(ctx.args.join(' '))}`)
    await ctx.help(to)
    throw new SilentExit(1)
  }
