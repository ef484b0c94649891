// -o go-template, template and their file forms (cli-runtime's GoTemplatePrinter): after an error the dump goes to
// standard output.
import { readJson } from '../../apimachinery/bigint.ts'
import { goValue } from '../../apimachinery/goformat.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { encodeTyped } from '../../apimachinery/encode.ts'
import { toJson } from '../../apimachinery/gojson.ts'
import { parseTemplate, TemplateError } from '../../apimachinery/gotemplate.ts'
import type { Template } from '../../apimachinery/gotemplate.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { CliError } from '../exit.ts'
import { readTemplate } from './printer.ts'
import type { MakePrinter } from './printer.ts'

/** Prints what a template of Go makes of an object. */
export const goTemplate: MakePrinter = (request) => {
  if (request.template === '') throw new CliError('template format specified but no template given')
  const text =
    request.format === 'templatefile' || request.format === 'go-template-file'
      ? readTemplate(request, '--template')
      : request.template
  let template: Template
  try {
    template = parseTemplate(text, { missingKey: request.allowMissingKeys ? 'default' : 'error' })
  } catch (e) {
    if (e instanceof TemplateError) throw new CliError(`error parsing template ${text}, ${e.message}`)
    throw e
  }
  return (object, { typed, event } = {}) => {
    const raw =
      event !== undefined
        ? `{"type":${JSON.stringify(event)},"object":${toJson(object)}}`
        : typed
          ? encodeTyped(object, request.schemas)
          : toJson(object)
    const data = typed || event !== undefined ? (readJson(raw) as JsonObject) : object
    const write = (s: string): void => {
      request.io.stdout.write(s)
    }
    try {
      template.execute(data, write)
    } catch (e) {
      if (!(e instanceof TemplateError)) throw e
      write(
        `Error executing template: ${e.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${text}\n\traw data was:\n\t\t${raw}\n\tobject given to template engine was:\n\t\t${goValue(data)}\n\n`,
      )
      throw new CliError(`error executing template ${goQuote(text)}: ${e.message}`)
    }
  }
}
