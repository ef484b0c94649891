// Manifests: the documents of a file or stream as objects, with the checks kubectl itself makes (apimachinery's yaml
// decoder, cli-runtime's metadata decoder, kubectl/pkg/validation).
import { readJson } from '../apimachinery/bigint.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import { toJson } from '../apimachinery/gojson.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import type { Io } from '../apimachinery/ports.ts'
import { parseTime } from '../apimachinery/time.ts'
import { CliError } from './exit.ts'
import { parseGoBool } from './flags.ts'

/** How --validate was given: strict and warn are sent to the server, which does the work for everything but lists. */
export type Validation = 'Strict' | 'Warn' | 'Ignore'

/** The value of --validate as kubectl reads it. */
export function validation(flag: string): Validation {
  const given = parseGoBool(flag)
  if (given !== undefined) return given ? 'Strict' : 'Ignore'
  switch (flag) {
    case 'strict':
      return 'Strict'
    case 'warn':
      return 'Warn'
    case 'ignore':
      return 'Ignore'
    default:
      throw new CliError(
        `invalid - validate option ${goQuote(flag)}; must be one of: strict (or true), warn, ignore (or false)`,
      )
  }
}

/** Where a JSON value that starts at `from` ends, or -1 when it does not. */
function jsonEnd(text: string, from: number): number {
  let depth = 0
  let inString = false
  for (let i = from; i < text.length; i++) {
    const c = text[i]
    if (inString) {
      if (c === '\\') i++
      else if (c === '"') inString = false
    } else if (c === '"') inString = true
    else if (c === '{' || c === '[') depth++
    else if (c === '}' || c === ']') {
      depth--
      if (depth === 0) return i + 1
    }
  }
  return -1
}

/** The texts between lines that begin with `---`. Throws at a separator that is followed by more than a comment. */
function* yamlDocuments(text: string): Generator<string> {
  let start = 0
  let at = 0
  while (at <= text.length) {
    const end = text.indexOf('\n', at)
    const line = end < 0 ? text.slice(at) : text.slice(at, end)
    if (line.startsWith('---')) {
      const rest = line.slice(3).trim()
      if (rest && !rest.startsWith('#')) throw new Error(`invalid Yaml document separator: ${rest}`)
      if (at > start) yield text.slice(start, at)
      start = end < 0 ? text.length : end + 1
    }
    if (end < 0) break
    at = end + 1
  }
  if (start < text.length) yield text.slice(start)
}

const LIMIT = 512
/** What no manifest needs and no program survives: keys that are not data in JavaScript, and bottomless nesting. */
function checkShape(value: Json, depth = 0): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > LIMIT) throw new Error('exceeded max depth')
  if (Array.isArray(value)) {
    for (const v of value as readonly Json[]) checkShape(v, depth + 1)
    return
  }
  for (const [k, v] of Object.entries(value)) {
    if (k === '__proto__') throw new Error('the key "__proto__" is not allowed')
    if (v !== undefined) checkShape(v, depth + 1)
  }
}

/** What Go's decoder says of a text that is not JSON: undefined where it is, as far as it goes. */
async function syntaxError(text: string, before: number): Promise<SyntaxError | undefined> {
  const { JsonSyntaxError, parseJson } = await import('../apimachinery/gojson.ts')
  try {
    parseJson(text)
  } catch (e) {
    if (!(e instanceof JsonSyntaxError)) return new SyntaxError(String(e))
    if (e.ended) return undefined
    return new SyntaxError(`json: offset ${before + e.offset}: ${e.message}`)
  }
  return undefined
}

/**
 * Every document of a stream: concatenated JSON, or YAML documents. Throws `error parsing SOURCE: …` at the first that
 * cannot be read.
 */
export async function* readDocuments(text: string, source: string, asYaml = true): AsyncGenerator<Json> {
  const fail = (e: unknown): CliError =>
    new CliError(`error parsing ${source}: ${e instanceof Error ? e.message : String(e)}`)
  let rest = text
  if (rest.charCodeAt(0) === 0xfeff) rest = rest.slice(1)
  let first: unknown
  if (/^\s*\{/.test(rest)) {
    let count = 0
    for (;;) {
      const from = rest.search(/\S/)
      if (from < 0) return
      const end = rest[from] === '{' || rest[from] === '[' ? jsonEnd(rest, from) : -1
      let value: Json
      try {
        if (end < 0)
          throw new SyntaxError(
            rest[from] === '{'
              ? 'unexpected EOF'
              : `json: offset ${from + 1}: invalid character '${rest[from] ?? ''}' looking for beginning of value`,
          )
        value = readJson(rest.slice(from, end)) as Json
        checkShape(value)
      } catch (e) {
        if (!(e instanceof SyntaxError)) throw fail(e)
        const said = rest[from] === '{' ? await syntaxError(rest.slice(from), text.length - rest.length + from) : e
        if (!said) throw fail(e)
        if (count > 1 || !asYaml) throw fail(said)
        first = said
        break
      }
      count++
      yield value
      rest = rest.slice(end)
    }
    // what follows one JSON object may be YAML: the line the object ended on is over
    if (count) rest = rest.replace(/^[^\S\n]*\n/, '')
  }
  const { parseYaml } = await import('../apimachinery/yaml.ts')
  try {
    for (const doc of yamlDocuments(rest)) {
      const value = parseYaml(doc)
      checkShape(value)
      yield value
    }
  } catch (e) {
    // both readings failed: the first error is told, unless the text was plainly meant as YAML
    throw fail(first instanceof SyntaxError && e instanceof Error && first.message.startsWith('json:') ? first : e)
  }
}

/** apiVersion and kind, or what is missing, as kubectl/pkg/validation says it. */
function kindErrors(obj: Json): string[] {
  if (!isObject(obj)) return ['invalid object to validate']
  const errors: string[] = []
  const v = obj.apiVersion
  if (v === undefined || v === null) errors.push('apiVersion not set')
  else if (typeof v !== 'string') errors.push("apiVersion isn't string type")
  else if (v.split('/').length > 2) errors.push(`unexpected GroupVersion string: ${v}`)
  const k = obj.kind
  if (k === undefined || k === null) errors.push('kind not set')
  else if (typeof k !== 'string') errors.push("kind isn't string type")
  return errors
}

const STOP = 'if you choose to ignore these errors, turn validation off with --validate=false'

/** The refusal of a document that kubectl itself finds wrong, or cannot check. */
export const invalidDocument = (source: string, why: string): CliError =>
  new CliError(`error validating ${goQuote(source)}: error validating data: ${why}; ${STOP}`)

/**
 * What kubectl checks before it sends anything: apiVersion and kind, and every item of a List, which no server would
 * check.
 */
export async function validateDocument(
  obj: Json,
  source: string,
  mode: Validation,
  checkList: (list: JsonObject) => Promise<readonly string[]>,
  warn: () => void,
): Promise<void> {
  if (mode === 'Ignore') return
  let errors = kindErrors(obj)
  if (!errors.length && isObject(obj) && obj.kind === 'List' && obj.apiVersion === 'v1') {
    if (mode === 'Warn') {
      warn()
      return
    }
    errors = [...(await checkList(obj))]
  }
  const unique = [...new Set(errors)]
  if (unique.length) throw invalidDocument(source, unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`)
}

/** Go's word for a JSON value in decoding errors. */
function goJsonType(v: Json): string {
  if (Array.isArray(v)) return 'array'
  if (typeof v === 'object') return 'object'
  return typeof v === 'boolean' ? 'bool' : typeof v === 'bigint' ? 'number' : typeof v
}

const STRINGS = ['name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion'] as const
const NUMBERS = ['generation', 'deletionGracePeriodSeconds'] as const
const LISTS: Readonly<Record<string, string>> = {
  finalizers: '[]string',
  ownerReferences: '[]v1.OwnerReference',
  managedFields: '[]v1.ManagedFieldsEntry',
}

const OWNER: Readonly<Record<string, string>> = {
  apiVersion: 'string',
  kind: 'string',
  name: 'string',
  uid: 'types.UID',
  controller: 'bool',
  blockOwnerDeletion: 'bool',
}

/** The first thing in an owner reference that Go's OwnerReference could not hold. */
function ownerError(owner: Json, bad: (v: Json, field: string, type: string) => string): string | undefined {
  if (owner === null) return undefined
  if (!isObject(owner)) return bad(owner, 'ObjectMeta.metadata.ownerReferences', 'v1.OwnerReference')
  for (const [k, v] of Object.entries(owner).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const type = Object.hasOwn(OWNER, k) ? OWNER[k] : undefined
    if (type && v !== null && v !== undefined && typeof v !== (type === 'bool' ? 'boolean' : 'string'))
      return bad(v, `OwnerReference.metadata.ownerReferences.${k}`, type)
  }
  return undefined
}

/**
 * The first thing in metadata that Go's ObjectMeta could not hold, as encoding/json says it; undefined when all is
 * well.
 */
function metadataError(obj: JsonObject): string | undefined {
  const bad = (v: Json, field: string, type: string): string =>
    `json: cannot unmarshal ${goJsonType(v)} into Go struct field ${field} of type ${type}`
  const meta = obj.metadata
  if (meta === undefined || meta === null) return undefined
  if (!isObject(meta)) return bad(meta, 'metadataOnlyObject.metadata', 'v1.ObjectMeta')
  // what reads itself ends the reading at once, before other wrong types are reported
  for (const key of ['creationTimestamp', 'deletionTimestamp']) {
    const v = meta[key]
    if (v === undefined || v === null) continue
    if (typeof v !== 'string') return `json: cannot unmarshal ${goJsonType(v)} into Go value of type string`
    try {
      parseTime(v)
    } catch (e) {
      return (e as Error).message
    }
  }
  for (const [key, v] of Object.entries(meta).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (v === undefined || v === null) continue
    if ((STRINGS as readonly string[]).includes(key) && typeof v !== 'string')
      return bad(v, `ObjectMeta.metadata.${key}`, key === 'uid' ? 'types.UID' : 'string')
    if ((NUMBERS as readonly string[]).includes(key)) {
      if (typeof v !== 'number' && typeof v !== 'bigint') return bad(v, `ObjectMeta.metadata.${key}`, 'int64')
      if (typeof v === 'number' && !Number.isInteger(v))
        return `json: cannot unmarshal number ${toJson(v)} into Go struct field ObjectMeta.metadata.${key} of type int64`
    }
    if (key === 'labels' || key === 'annotations') {
      if (!isObject(v)) return bad(v, `ObjectMeta.metadata.${key}`, 'map[string]string')
      for (const [, x] of Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
        if (x !== undefined && x !== null && typeof x !== 'string')
          return bad(x, `ObjectMeta.metadata.${key}`, 'string')
    }
    const list = Object.hasOwn(LISTS, key) ? LISTS[key] : undefined
    if (list && !Array.isArray(v)) return bad(v, `ObjectMeta.metadata.${key}`, list)
    if (key === 'ownerReferences' && Array.isArray(v))
      for (const x of v as readonly Json[]) {
        const wrong = ownerError(x, bad)
        if (wrong) return wrong
      }
    if (key === 'finalizers' && Array.isArray(v))
      for (const x of v as readonly Json[])
        if (typeof x !== 'string') return bad(x, `ObjectMeta.metadata.${key}`, 'string')
  }
  return undefined
}

/** What has items is a list, whatever its kind: why they cannot be read (unstructuredJSONScheme.decodeToList). */
function itemsError({ items }: JsonObject): string | undefined {
  if (items === undefined || items === null) return undefined
  if (!Array.isArray(items))
    return `json: cannot unmarshal ${goJsonType(items)} into Go struct field decodeList.items of type []json.RawMessage`
  const scalar = (items as readonly Json[]).find((i) => i !== null && !isObject(i))
  return scalar === undefined
    ? undefined
    : `json: cannot unmarshal ${goJsonType(scalar)} into Go value of type map[string]interface {}`
}

/** A document as an object with kind and readable metadata; throws `unable to decode "SOURCE": …`. */
export function decodeDocument(value: Json, source: string): JsonObject {
  const fail = (why: string): CliError => new CliError(`unable to decode ${goQuote(source)}: ${why}`)
  if (!isObject(value))
    throw fail(`json: cannot unmarshal ${goJsonType(value)} into Go value of type unstructured.detector`)
  const items = itemsError(value)
  if (items) throw fail(items)
  if (value.kind !== undefined && value.kind !== null && typeof value.kind !== 'string')
    throw fail(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${goJsonType(value.kind)} into Go struct field .kind of type string`,
    )
  if (!value.kind) throw fail(`Object 'Kind' is missing in '${toJson(value)}'`)
  const meta = metadataError(value)
  if (meta) throw fail(meta)
  return value
}

/** All of standard input as text. */
export async function readStdin(io: Io): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const c of io.stdin.chunks()) chunks.push(c)
  let size = 0
  for (const c of chunks) size += c.length
  const all = new Uint8Array(size)
  let at = 0
  for (const c of chunks) {
    all.set(c, at)
    at += c.length
  }
  return decodeText(all)
}

/** Bytes as text: UTF-8, or UTF-16 when a byte order mark says so. */
export function decodeText(bytes: Uint8Array): string {
  const utf16 =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : undefined
  return new TextDecoder(utf16 ?? 'utf-8').decode(bytes)
}
