// -o name: kind.group/name (cli-runtime's NamePrinter).
import { printNamed } from '../named.ts'
import { CliError } from '../exit.ts'
import { isListObject, requireKind } from './printer.ts'
import type { MakePrinter } from './printer.ts'

/** Prints `kind.group/name`, a line each. */
export const name: MakePrinter =
  ({ io }) =>
  (object, { typed } = {}) => {
    requireKind(object)
    if (typed && isListObject(object))
      throw new CliError(
        `list types are not supported by name printing: *${String(object.apiVersion).replace(/^.*\//, '')}.${String(object.kind)}`,
      )
    printNamed(io, object, '')
  }
