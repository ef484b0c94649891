// -o jsonpath, jsonpath-file, jsonpath-as-json (cli-runtime's JSONPathPrinter): its errors show the template and the
// whole object.
import { goSyntaxOf } from '../../apimachinery/goformat.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { typedForm, schemaOf } from '../../apimachinery/encode.ts'
import { JsonPathError, parseJsonPath } from '../../apimachinery/jsonpath.ts'
import type { JsonPath } from '../../apimachinery/jsonpath.ts'
import type { Numbers } from '../../apimachinery/goformat.ts'
import { CliError } from '../exit.ts'
import { readTemplate } from './printer.ts'
import type { MakePrinter } from './printer.ts'

/** Prints what a JSONPath template finds in an object. */
export const jsonpath: MakePrinter = (request) => {
  if (request.template === '') throw new CliError('template format specified but no template given')
  const template = request.format === 'jsonpath-file' ? readTemplate(request, '--template') : request.template
  const make = (numbers: Numbers): JsonPath => {
    try {
      return parseJsonPath(template, {
        allowMissingKeys: request.allowMissingKeys,
        outputJson: request.format === 'jsonpath-as-json',
        numbers,
      })
    } catch (e) {
      if (e instanceof JsonPathError) throw new CliError(`error parsing jsonpath ${template}, ${e.message}`)
      throw e
    }
  }
  const ints = make('ints')
  let floats: JsonPath | undefined
  return (object, { typed, event } = {}) => {
    const whole = typed ? typedForm(object, schemaOf(object, request.schemas), request.schemas) : object
    const data = event === undefined ? whole : { type: event, object: whole }
    const path = typed ? (floats ??= make('floats')) : ints
    let text: string
    try {
      text = path.execute(data)
    } catch (e) {
      if (!(e instanceof JsonPathError)) throw e
      throw new CliError(
        `error executing jsonpath ${goQuote(template)}: Error executing template: ${e.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${template}\n\tobject given to jsonpath engine was:\n\t\t${goSyntaxOf(data, typed ? 'floats' : 'ints')}\n\n\n`,
      )
    }
    request.io.stdout.write(text)
  }
}
