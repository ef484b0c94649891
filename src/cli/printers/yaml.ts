// -o yaml: documents separated by --- (cli-runtime's YAMLPrinter).
import { typedForm, schemaOf } from '../../apimachinery/encode.ts'
import { toYaml } from '../../apimachinery/yaml.ts'
import { omitManagedFields, requireKind } from './printer.ts'
import type { MakePrinter } from './printer.ts'

/** Prints objects as YAML, documents apart by `---`. */
export const yaml: MakePrinter = ({ io, showManagedFields, schemas }) => {
  let count = 0
  return (object, { typed, event } = {}) => {
    if (count++ > 0) io.stdout.write('---\n')
    if (event !== undefined) {
      io.stdout.write(toYaml({ object, type: event }))
      return
    }
    const shown = showManagedFields ? object : omitManagedFields(object)
    requireKind(shown)
    io.stdout.write(toYaml(typed ? typedForm(shown, schemaOf(shown, schemas), schemas) : shown))
  }
}
