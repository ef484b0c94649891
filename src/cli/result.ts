// What a write prints: `deployment.apps/web created`, or the object in the format of -o (genericclioptions.PrintFlags).
import { isObject } from '../apimachinery/object.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import type { CommandContext } from './command.ts'
import { dryRunWord, isList, nameOf } from './resources.ts'
import type { DryRun } from './resources.ts'
import type { Io } from '../apimachinery/ports.ts'

export type PrintObject = (object: JsonObject) => Promise<void> | void

/** `deployment.apps/web`: how the name printer calls an object. */
export function namedAs(object: JsonObject): string {
  const apiVersion = typeof object.apiVersion === 'string' ? object.apiVersion : ''
  const kind = (typeof object.kind === 'string' && object.kind ? object.kind : '<unknown>').toLowerCase()
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return `${group ? `${kind}.${group}` : kind}/${nameOf(object) || '<unknown>'}`
}

/** Prints `kind.group/name operation`, an item a line. */
export function printNamed(io: Pick<Io, 'stdout'>, object: JsonObject, operation: string): void {
  if (isList(object)) {
    for (const item of object.items as readonly JsonObject[]) if (isObject(item)) printNamed(io, item, operation)
    return
  }
  io.stdout.write(`${namedAs(object)}${operation ? ` ${operation}` : ''}\n`)
}

/** The printer of a write: by -o, or the words of what was done. `operation` gets its `(dry run)`. */
export async function resultPrinter(ctx: CommandContext, operation: string, mode: DryRun = 'none'): Promise<PrintObject> {
  const words = dryRunWord(operation, mode)
  // the two usual cases need no printer loaded
  if (ctx.flags.string('template') === '') {
    if (ctx.flags.string('output') === '') return (o) => printNamed(ctx.io, o, words)
    if (ctx.flags.string('output') === 'name') return (o) => printNamed(ctx.io, o, '')
  }
  const { printerFor } = await import('./printflags.ts')
  return await printerFor(ctx, words)
}
