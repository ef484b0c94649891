// -o json: indented by four, keys sorted, or struct order for typed objects (cli-runtime's JSONPrinter).
import { encodeTyped, toJsonInOrder } from '../../apimachinery/encode.ts'
import { indentJson, toJson } from '../../apimachinery/gojson.ts'
import { omitManagedFields, requireKind } from './printer.ts'
import type { MakePrinter } from './printer.ts'

/** Prints objects as indented JSON. */
export const json: MakePrinter =
  ({ io, showManagedFields, schemas }) =>
  (object, { typed, event, ordered } = {}) => {
    if (event !== undefined) {
      io.stdout.write(`{"type":${JSON.stringify(event)},"object":${toJson(object)}}\n`)
      return
    }
    const shown = showManagedFields ? object : omitManagedFields(object)
    requireKind(shown)
    io.stdout.write(
      `${ordered ? indentJson(toJsonInOrder(shown), '    ') : typed ? indentJson(encodeTyped(shown, schemas), '    ') : toJson(shown, '    ')}\n`,
    )
  }
