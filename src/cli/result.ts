// What a write prints: `deployment.apps/web created`, or the object in the format of -o (genericclioptions.PrintFlags).
import type { JsonObject } from '../apimachinery/object.ts'
import type { CommandContext } from './command.ts'
import { printNamed } from './named.ts'
import { dryRunWord } from './requestflags.ts'
import type { PrintedAs } from './printers/printer.ts'
import type { DryRun } from './requestflags.ts'

export type PrintObject = (object: JsonObject, as?: PrintedAs) => Promise<void> | void

/** The printer of a write: by -o, or the words of what was done. `operation` gets its `(dry run)`. */
export async function resultPrinter(
  ctx: CommandContext,
  operation: string,
  mode: DryRun = 'none',
): Promise<PrintObject> {
  const words = dryRunWord(operation, mode)
  // the two usual cases need no printer loaded
  if (ctx.flags.string('template') === '') {
    if (ctx.flags.string('output') === '') return (o) => printNamed(ctx.io, o, words)
    if (ctx.flags.string('output') === 'name') return (o) => printNamed(ctx.io, o, '')
  }
  const { printerFor } = await import('./printflags.ts')
  return await printerFor(ctx, words)
}
