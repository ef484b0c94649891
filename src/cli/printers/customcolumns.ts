// -o custom-columns and custom-columns-file: header:jsonpath pairs (kubectl get's CustomColumnsPrinter).
import { goValue } from '../../apimachinery/goformat.ts'
import { JsonPathError, parseJsonPath, relaxedJsonPath, resultValue } from '../../apimachinery/jsonpath.ts'
import { escapeTerminal, newTableWriter } from '../../apimachinery/table.ts'
import { CliError } from '../exit.ts'
import { isListObject, itemsOf, openError } from './printer.ts'
import type { MakePrinter, PrintRequest } from './printer.ts'

interface ColumnSpec {
  readonly header: string
  readonly path: string
}

const relaxed = (text: string): string => {
  try {
    return relaxedJsonPath(text)
  } catch (e) {
    if (e instanceof JsonPathError) throw new CliError(e.message)
    throw e
  }
}

function fromSpec(spec: string): ColumnSpec[] {
  return spec.split(',').map((part) => {
    const cut = part.indexOf(':')
    if (cut < 0) throw new CliError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`)
    return { header: part.slice(0, cut), path: relaxed(part.slice(cut + 1)) }
  })
}

function fromFile(request: PrintRequest): ColumnSpec[] {
  let bytes: Uint8Array | undefined
  let why: unknown
  try {
    bytes = request.io.files.read(request.template)
  } catch (e) {
    why = e
  }
  if (bytes === undefined)
    throw new CliError(`error reading template ${request.template}, ${openError(request.template, why)}\n`)
  const text = new TextDecoder().decode(bytes)
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const missing = (what: string): CliError =>
    new CliError(
      `invalid template, missing ${what} line. Expected format is one line of space separated headers, one line of space separated column specs.`,
    )
  if (lines[0] === undefined) throw missing('header')
  if (lines[1] === undefined) throw missing('spec')
  const words = (line: string): string[] => line.split(/\s+/).filter((w) => w !== '')
  const headers = words(lines[0])
  const specs = words(lines[1])
  if (headers.length !== specs.length)
    throw new CliError(`number of headers (${headers.length}) and field specifications (${specs.length}) don't match`)
  return headers.map((header, i) => ({ header, path: relaxed(specs[i] ?? '') }))
}

/** Prints rows of the columns that the format names. */
export const customColumns: MakePrinter = (request) => {
  if (request.template === '') throw new CliError('custom-columns format specified but no custom columns given')
  const columns = request.format === 'custom-columns-file' ? fromFile(request) : fromSpec(request.template)
  const noHeaders = request.noHeaders && request.format !== 'custom-columns-file'
  let lastType = ''
  // one writer for all that is printed: a watch keeps the widths of its earlier rows
  const writer = newTableWriter()
  return (object, { event } = {}) => {
    const type = isListObject(object) ? 'list' : 'object'
    if (!noHeaders && type !== lastType) {
      writer.write(`${columns.map((c) => c.header).join('\t')}\n`)
      lastType = type
    }
    try {
      const paths = columns.map((c) => parseJsonPath(c.path))
      for (const item of isListObject(object) ? itemsOf(object) : [object]) {
        const data = event === undefined ? item : { type: event, object: item }
        writer.write(
          `${paths
            .map((path) => {
              const found = path.findResults(data)
              const texts = (found[0] ?? []).length === 0 ? ['<none>'] : []
              for (const values of found) for (const v of values) texts.push(escapeTerminal(goValue(resultValue(v))))
              return texts.join(',')
            })
            .join('\t')}\n`,
        )
      }
    } catch (e) {
      request.io.stdout.write(writer.flush())
      if (e instanceof JsonPathError) throw new CliError(e.message)
      throw e
    }
    request.io.stdout.write(writer.flush())
  }
}
