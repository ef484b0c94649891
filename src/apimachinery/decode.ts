// From JSON to an object of a kind, checked against schemas as Go's typed decoding checks it (sigs.k8s.io/json):
// unknown and duplicate fields are strict errors, wrong types
// refuse the whole body in encoding/json's words. What comes out holds what Go would keep: no nulls, no empty values
// that are not pointers, quantities and times in canonical form.
import { writeJson } from './bigint.ts'
import { parseJson } from './gojson.ts'
import { goQuote } from './gostring.ts'
import { compareBytes } from './labels.ts'
import { isObject } from './object.ts'
import type { Draft, JsonObject, KubeObject } from './object.ts'
import { readQuantity } from './quantity.ts'
import { quickDecode } from './quickdecode.ts'
import type { FieldSchema, Schemas, TypeSchema } from './schema.ts'
import { parseMicroTime, parseTime, rfc3339, rfc3339Micro } from './time.ts'

const MAX_DEPTH = 1000
const MAX_ERRORS = 100

/** A body that cannot be read as its kind; the message is Go's. */
export class DecodeError extends Error {}

/**
 * JSON text with the fields that were written twice: `duplicate field "data.a"`. Throws JsonSyntaxError in Go's words.
 */
export function parseJsonText(text: string): { value: unknown; duplicates: readonly string[] } {
  if (deepest(text) > MAX_DEPTH) throw new DecodeError('exceeded max depth')
  return { value: parseJson(text), duplicates: duplicateFields(text) }
}

function deepest(text: string): number {
  let depth = 0
  let most = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
    } else if (c === '{' || c === '[') most = Math.max(most, ++depth)
    else if (c === '}' || c === ']') depth--
  }
  return most
}

/** Walks text that is known to be JSON; `visit` is told of each field in turn. */
function duplicateFields(text: string, visit?: (path: string, twice: boolean) => void): string[] {
  const out = new Set<string>()
  let i = 0
  const space = (): void => {
    while (/[ \t\r\n]/.test(text[i] ?? 'x')) i++
  }
  const string = (): string => {
    const start = i
    for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++
    i++
    return text.slice(start, i)
  }
  const value = (path: string): void => {
    space()
    const c = text[i]
    if (c === '"') {
      string()
      return
    }
    if (c !== '{' && c !== '[') {
      while (i < text.length && !/[,\]}\s]/.test(text[i] ?? '')) i++
      return
    }
    const close = c === '{' ? '}' : ']'
    const seen = new Set<string>()
    i++
    for (let n = 0; ; n++) {
      space()
      if (text[i] === ',') {
        i++
        space()
      }
      if (text[i] === close) {
        i++
        return
      }
      if (c === '[') {
        value(`${path}[${n}]`)
        continue
      }
      const name = JSON.parse(string()) as string
      const below = path ? `${path}.${name}` : name
      if (seen.has(name) && out.size < MAX_ERRORS) out.add(`duplicate field ${goQuote(below)}`)
      visit?.(below, seen.has(name))
      seen.add(name)
      space()
      i++
      value(below)
    }
  }
  value('')
  return [...out]
}

/** Strict errors of the two kinds in the order in which a reader of the text meets them. */
export function inDocumentOrder(
  text: string,
  unknown: readonly string[],
  duplicates: readonly string[],
): readonly string[] {
  if (unknown.length === 0 || duplicates.length === 0) return [...unknown, ...duplicates]
  const met = new Map<string, number>()
  duplicateFields(text, (path, twice) => {
    const message = `${twice ? 'duplicate' : 'unknown'} field ${goQuote(path)}`
    if (!met.has(message)) met.set(message, met.size)
  })
  const place = (message: string): number => met.get(message) ?? met.size
  return [...unknown, ...duplicates].sort((a, b) => place(a) - place(b))
}

const GO_WORDS: Readonly<Record<string, string>> = {
  bytes: '[]uint8',
  double: 'float64',
  quantity: 'resource.Quantity',
  time: 'v1.Time',
  microtime: 'v1.MicroTime',
  intstr: 'intstr.IntOrString',
  json: 'interface {}',
}
/** The Go type a type word stands for: [core.v1.Container] is []v1.Container. */
function goType(word: string): string {
  let go = goTypes.get(word)
  if (go === undefined) {
    go = goTypeOf(word)
    if (goTypes.size < 5000) goTypes.set(word, go)
  }
  return go
}
const goTypes = new Map<string, string>()
function goTypeOf(word: string): string {
  if (word.startsWith('[')) return `[]${goType(word.slice(1, -1))}`
  if (word.startsWith('{')) return `map[string]${goType(word.slice(1, -1))}`
  return GO_WORDS[word] ?? word.slice(word.indexOf('.') + 1)
}

const jsonKind = (value: unknown): string =>
  Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value === 'bigint'
          ? 'number'
          : typeof value

/** Go's StdEncoding check: where the first bad character stands, or -1. Line ends are skipped. */
function badBase64(text: string): number {
  let quantum = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? ''
    if (c === '\n' || c === '\r') continue
    if (c === '=') {
      if (quantum < 2) return i
      let rest = i + 1
      while (text[rest] === '\n' || text[rest] === '\r') rest++
      if (quantum === 2) {
        if (rest >= text.length) return text.length
        if (text[rest] !== '=') return rest - 1
        rest++
      }
      while (text[rest] === '\n' || text[rest] === '\r') rest++
      return rest < text.length ? rest : -1
    }
    if (!/[A-Za-z0-9+/]/.test(c)) return i
    quantum = (quantum + 1) % 4
  }
  return quantum === 0 ? -1 : text.length - quantum
}

export interface DecodeOptions {
  /**
   * The keys of each object are read in sorted order, as they stand in a body that kubectl re-encoded. Errors come in
   * this order.
   */
  readonly sorted?: boolean
  /**
   * Empty lists and maps are kept for who tells them from none: those of the spec, or of its selector and its
   * template's labels, which refusals print.
   */
  readonly empties?: 'spec' | 'selector'
}

/** Where DecodeOptions.empties looks. */
const TOLD = { spec: /^spec\./, selector: /^spec\.(selector\.|template\.metadata\.labels$)/ }

/** Lists whose emptiness the server tells from their absence; everywhere else an empty list is as good as none. */
const EMPTY_COUNTS: ReadonlySet<string> = new Set([
  'ObjectMeta.managedFields',
  'HPAScalingRules.policies',
  'CustomResourceDefinitionSpec.versions',
  'PodFailurePolicyOnExitCodesRequirement.values',
])

/** The places of a type's fields. */
const orders = new WeakMap<TypeSchema, ReadonlyMap<string, number>>()
function orderOf(schema: TypeSchema): ReadonlyMap<string, number> {
  let o = orders.get(schema)
  if (!o) {
    o = new Map(Object.keys(schema.fields).map((k, i) => [k, i]))
    orders.set(schema, o)
  }
  return o
}

class Decoder {
  readonly errors: string[] = []
  /** The first wrong type; a custom decoder's refusal wins over it, as in Go. */
  failure: DecodeError | undefined
  readonly #schemas: Schemas
  readonly #sorted: boolean
  readonly #told: RegExp | undefined
  constructor(schemas: Schemas, options: DecodeOptions) {
    this.#schemas = schemas
    this.#sorted = options.sorted === true
    this.#told = options.empties && TOLD[options.empties]
  }

  /** `struct` and `fields` say where in Go's types we are; `path` where in the document. */
  #wrong(value: string, type: string, struct: string, fields: string): undefined {
    this.failure ??= new DecodeError(
      `json: cannot unmarshal ${value} into Go ${fields ? `struct field ${struct}.${fields}` : 'value'} of type ${type}`,
    )
    return undefined
  }
  #fatal(value: string, type: string, struct: string, fields: string): never {
    throw new DecodeError(
      `json: cannot unmarshal ${value} into Go ${fields ? `struct field ${struct}.${fields}` : 'value'} of type ${type}`,
    )
  }

  #strict(message: string): void {
    if (this.errors.length < MAX_ERRORS && !this.errors.includes(message)) this.errors.push(message)
  }

  struct(value: JsonObject, schema: TypeSchema, name: string, path: string, fields: string): Record<string, unknown> {
    const read = new Map<string, unknown>()
    const keys = Object.keys(value)
    const order = orderOf(schema)
    let last = -1
    let inOrder = true
    if (this.#sorted) keys.sort(compareBytes)
    for (const k of keys) {
      const v = value[k]
      if (v === undefined) continue
      const f = Object.hasOwn(schema.fields, k) ? schema.fields[k] : undefined
      const below = path ? `${path}.${k}` : k
      if (!f) {
        this.#strict(`unknown field ${goQuote(below)}`)
        continue
      }
      const got = this.value(v, f.type, f, name, below, fields ? `${fields}.${k}` : k)
      if (got === undefined) continue
      read.set(k, got)
      const at = order.get(k) ?? 0
      if (at < last) inOrder = false
      last = at
    }
    const out: Record<string, unknown> = {}
    const names = inOrder ? read.keys() : [...read.keys()].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
    for (const k of names) out[k] = read.get(k)
    return out
  }

  /** []byte may be written as a list of numbers. */
  #bytes(values: readonly unknown[], struct: string, fields: string): string {
    const bytes = values.map((v) => {
      if (v === null) return 0
      if (typeof v !== 'number' && typeof v !== 'bigint') this.#wrong(jsonKind(v), 'uint8', struct, fields)
      else if (!Number.isInteger(Number(v)) || v < 0 || v > 255) this.#wrong(`number ${v}`, 'uint8', struct, fields)
      return Number(v)
    })
    return btoa(bytes.map((b) => String.fromCharCode(b & 255)).join(''))
  }

  /** Undefined: what Go would not keep. `f` is absent for the elements of lists and maps. */
  value(
    value: unknown,
    word: string,
    f: FieldSchema | undefined,
    struct: string,
    path: string,
    fields: string,
    go = f?.go ?? goType(word),
  ): unknown {
    if (value === null || value === undefined) return undefined
    const keep = f === undefined || f.ptr === true || f.always === true
    const told = (): boolean => this.#told?.test(path) === true
    const first = word[0]
    if (first === '[') {
      if (!Array.isArray(value)) return this.#wrong(jsonKind(value), go, struct, fields)
      const inner = word.slice(1, -1)
      const innerGo = go.startsWith('[]') ? go.slice(2).replace(/^\*/, '') : goType(inner)
      const out = value.map(
        (v, i) => this.value(v, inner, undefined, struct, `${path}[${i}]`, fields, innerGo) ?? zero(inner),
      )
      return out.length ||
        f === undefined ||
        told() ||
        EMPTY_COUNTS.has(`${struct}.${path.slice(path.lastIndexOf('.') + 1)}`)
        ? out
        : undefined
    }
    if (first === '{') {
      if (!isObject(value)) return this.#wrong(jsonKind(value), go, struct, fields)
      const inner = word.slice(1, -1)
      const innerGo = go.startsWith('map[') ? go.slice(go.indexOf(']') + 1).replace(/^\*/, '') : goType(inner)
      const keys = Object.keys(value)
      if (this.#sorted) keys.sort(compareBytes)
      const out: Record<string, unknown> = {}
      for (const k of keys) {
        if (k === '__proto__') throw new DecodeError('key "__proto__" is not allowed')
        out[k] = this.value(value[k], inner, undefined, struct, `${path}.${k}`, fields, innerGo) ?? zero(inner)
      }
      return keys.length || keep || told() ? out : undefined
    }
    switch (word) {
      case 'string':
        if (typeof value !== 'string') return this.#wrong(jsonKind(value), go, struct, fields)
        return value !== '' || keep ? value : undefined
      case 'bool':
        if (typeof value !== 'boolean') return this.#wrong(jsonKind(value), go, struct, fields)
        return value || keep ? value : undefined
      case 'int32':
      case 'int64': {
        if (typeof value === 'bigint')
          return word === 'int64' ? value : this.#wrong(`number ${value}`, go, struct, fields)
        if (typeof value !== 'number') return this.#wrong(jsonKind(value), go, struct, fields)
        const fits =
          Number.isInteger(value) &&
          (word === 'int64' ? Math.abs(value) <= 9223372036854775807 : value >= -2147483648 && value <= 2147483647)
        if (!fits) return this.#wrong(`number ${value}`, go, struct, fields)
        return value !== 0 || keep ? value : undefined
      }
      case 'double':
        if (typeof value === 'bigint') return Number(value)
        if (typeof value !== 'number') return this.#wrong(jsonKind(value), go, struct, fields)
        return value !== 0 || keep ? value : undefined
      case 'bytes': {
        if (Array.isArray(value)) return this.#bytes(value, struct, fields)
        if (typeof value !== 'string') return this.#wrong(jsonKind(value), go, struct, fields)
        const bad = badBase64(value)
        if (bad >= 0) {
          this.failure ??= new DecodeError(`illegal base64 data at input byte ${bad}`)
          return undefined
        }
        return value !== '' || keep ? value.replace(/[\r\n]/g, '') : undefined
      }
      case 'time':
      case 'microtime': {
        if (typeof value !== 'string') this.#fatal(jsonKind(value), 'string', struct, fields)
        let ms: number
        try {
          ms = word === 'time' ? parseTime(value) : parseMicroTime(value)
        } catch (e) {
          throw new DecodeError((e as Error).message)
        }
        return word === 'time' ? rfc3339(ms) : rfc3339Micro(ms)
      }
      case 'quantity': {
        const text = typeof value === 'string' || typeof value === 'number' ? value : writeJson(value)
        try {
          return readQuantity(text)
        } catch (e) {
          throw new DecodeError((e as Error).message)
        }
      }
      case 'intstr':
        if (typeof value === 'string') return value
        if (typeof value === 'bigint') this.#fatal(`number ${value}`, 'int32', struct, fields)
        if (typeof value !== 'number') this.#fatal(jsonKind(value), 'int32', struct, fields)
        if (!Number.isInteger(value) || Math.abs(value) > 2147483647)
          this.#fatal(`number ${String(value)}`, 'int32', struct, fields)
        return value
      case 'json':
        return value
    }
    const schema = this.#schemas.type(word)
    if (!schema) return value
    if (!isObject(value)) return this.#wrong(jsonKind(value), go, struct, fields)
    return this.struct(value, schema, word.slice(word.lastIndexOf('.') + 1), path, fields)
  }
}

/** Go's zero value of an element that was null. */
function zero(word: string): unknown {
  if (word === 'string' || word === 'bytes' || word === 'intstr') return word === 'intstr' ? 0 : ''
  if (word === 'bool') return false
  if (word === 'int32' || word === 'int64' || word === 'double') return 0
  if (word === 'quantity') return '0'
  if (word.startsWith('[') || word === 'json' || word === 'time' || word === 'microtime') return null
  return {}
}

/** Reads a value of a type word on its own; errors do not say where it stands. */
export function decodeValue(value: unknown, word: string, schemas: Schemas): unknown {
  const decoder = new Decoder(schemas, {})
  const out = decoder.value(value, word, undefined, '', '', '')
  if (decoder.failure) throw decoder.failure
  return out
}

/**
 * Reads a value as the definition's type. `errors` are the strict ones, in the order in which they were met. Throws
 * DecodeError where the types are wrong.
 */
export function decode<T extends KubeObject = KubeObject>(
  value: JsonObject,
  schemaName: string,
  schemas: Schemas,
  options: DecodeOptions = {},
): { object: Draft<T>; errors: readonly string[] } {
  const schema = schemas.type(schemaName)
  if (!schema) throw new DecodeError(`no type ${schemaName} is known`)
  const quick = options.sorted && options.empties !== 'spec' ? quickDecode(value, schema, schemas) : undefined
  if (quick) return { object: quick as Draft<T>, errors: [] }
  const decoder = new Decoder(schemas, options)
  const object = decoder.struct(value, schema, schemaName.slice(schemaName.lastIndexOf('.') + 1), '', '')
  if (decoder.failure) throw decoder.failure
  return { object: object as Draft<T>, errors: decoder.errors }
}
