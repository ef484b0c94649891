// -o name: kind.group/name (cli-runtime's NamePrinter).
import { printNamed } from '../result.ts'
import { requireKind } from './printer.ts'
import type { MakePrinter } from './printer.ts'

export const name: MakePrinter = ({ io }) => (object) => {
  requireKind(object)
  printNamed(io, object, '')
}
