// YAML in and out as kubectl has it (sigs.k8s.io/yaml over go-yaml v2, apimachinery's util/yaml document reader).
import { parseJson, jsonValueEnd, JsonSyntaxError } from './gojson.ts'
import type { Json } from './object.ts'
import { parseFirstDocument, UNPREFIXED } from './yamlparser.ts'
import { YamlSyntaxError } from './yamlreader.ts'
import { writeYaml } from './yamlwriter.ts'

/**
 * A document that cannot be read. `message` is kubectl's (`error converting YAML to JSON: yaml: line 3: …`), `detail`
 * go-yaml's alone (`yaml: line 3: …`).
 */
export class YamlError extends Error {
  readonly detail: string
  constructor(detail: string, prefix = 'error converting YAML to JSON: ') {
    super(prefix + detail)
    this.detail = detail
  }
}

/**
 * The first YAML document of a text; null for an empty one. `v3`: scalars as go-yaml v3 has them (yes is a word).
 * Throws YamlError.
 */
export function parseYaml(text: string, options: { readonly v3?: boolean } = {}): Json {
  let value: Json
  try {
    value = parseFirstDocument(text, options.v3)
  } catch (e) {
    if (e instanceof YamlSyntaxError) {
      const own = e.message.indexOf(UNPREFIXED)
      throw new YamlError(own < 0 ? e.message : e.message.slice(own + 1))
    }
    if (e instanceof RangeError) throw new YamlError('yaml: the document is nested too deeply')
    throw e
  }
  const unsupported = infinite(value)
  if (unsupported !== undefined) throw new YamlError(`json: unsupported value: ${unsupported}`)
  return value
}

/** JSON has no way to write these numbers. */
function infinite(value: Json | undefined): string | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  if (typeof value !== 'object' || value === null) return undefined
  for (const v of Array.isArray(value) ? (value as readonly Json[]) : Object.values(value)) {
    const found = infinite(v)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Splits at lines that begin with `---`, as util/yaml's reader does: a first separator belongs to its document, so that
 * line numbers count from it. Throws YamlError.
 */
export function splitDocuments(text: string): string[] {
  return [...documents(text)]
}

function* documents(text: string): Generator<string> {
  let buffer = ''
  let pos = 0
  while (pos < text.length) {
    let end = text.indexOf('\n', pos)
    if (end < 0) end = text.length
    let line = text.slice(pos, end)
    if (line.endsWith('\r')) line = line.slice(0, -1)
    pos = end + 1
    if (line.startsWith('---')) {
      const rest = line.slice(3).trim()
      if (rest !== '' && !rest.startsWith('#')) throw new YamlError(`invalid Yaml document separator: ${rest}`, '')
      if (buffer !== '') {
        yield buffer
        buffer = ''
        continue
      }
    }
    buffer += line + '\n'
  }
  if (buffer !== '') yield buffer
}

/**
 * The documents of a manifest as kubectl's decoder takes them: a stream that begins with `{` is JSON values one after
 * the other, anything else YAML. Empty documents are null. Throws YamlError or JsonSyntaxError at the first that cannot
 * be read.
 */
export function* readDocuments(text: string): Generator<Json> {
  let rest = text
  let jsonError: Error | undefined
  if (/^\s*\{/.test(text.slice(0, 4096))) {
    let pos = 0
    let count = 0
    for (;;) {
      while (/\s/.test(text[pos] ?? '')) pos++
      if (pos >= text.length) return
      const end = jsonValueEnd(text, pos)
      let value: Json
      try {
        value = parseJson(text.slice(pos, end ?? text.length))
      } catch (caught) {
        if (!(caught instanceof JsonSyntaxError)) throw caught
        let e = caught
        if (end !== undefined)
          try {
            parseJson(text.slice(pos))
          } catch (whole) {
            if (whole instanceof JsonSyntaxError) e = whole
          }
        if (count > 1) throw e
        jsonError =
          end === undefined && e.ended
            ? new JsonSyntaxError('unexpected EOF', e.offset)
            : new JsonSyntaxError(`json: offset ${e.offset + pos}: ${e.message}`, e.offset + pos)
        // The rest is tried as YAML, unless it is shorter than what the decoder looks ahead.
        if (text.length - pos < 4) throw jsonError
        break
      }
      yield value
      count++
      pos = end ?? text.length
    }
    rest = text.slice(pos)
  }
  try {
    for (const document of documents(rest)) yield parseYaml(document)
  } catch (e) {
    throw jsonError ?? e
  }
}

/** YAML as kubectl prints it, with its final newline. */
export function toYaml(value: Json): string {
  return writeYaml(value)
}
