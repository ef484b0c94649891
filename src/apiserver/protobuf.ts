// Protobuf bodies to JSON values, as apimachinery's runtime/serializer/protobuf reads them: client-go 0.33 and later
// (so kubectl 1.33's create) writes built-in
// kinds in nothing else. Answers are always JSON, which all of these clients accept. Field numbers come from
// schemas/protobuf.json.
import { rfc3339, rfc3339Micro } from '../apimachinery/time.ts'
import type { Json } from '../apimachinery/object.ts'
import type { FieldSchema, Schemas } from '../apimachinery/schema.ts'
import { badRequest } from '../apimachinery/status.ts'

/** The media type of Kubernetes' protobuf envelope. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf'

const MAGIC = [0x6b, 0x38, 0x73, 0]
/** Far deeper than any object is; a CRD's schema nests most. */
const MAX_DEPTH = 128

interface Entry {
  readonly name: string
  /** Fields that JSON has inline. */ readonly inline?: string
  readonly union?: string
}
interface Field {
  readonly number: number
  readonly wire: number
  readonly int: bigint
  readonly bytes: Uint8Array
}

const bad = (why: string): Error => badRequest(`the object provided is unrecognized (must be of protobuf): ${why}`)
const utf8 = new TextDecoder()
const EMPTY = new Uint8Array(0)

/** The fields of one message, in the order they were written. */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const b = bytes[at++]
      if (b === undefined) throw bad('unexpected EOF')
      value |= BigInt(b & 0x7f) << shift
      if (b < 0x80) return value
    }
    throw bad('integer overflow')
  }
  const take = (n: number): Uint8Array => {
    if (n > bytes.length - at) throw bad('unexpected EOF')
    at += n
    return bytes.subarray(at - n, at)
  }
  while (at < bytes.length) {
    const tag = varint()
    const number = Number(tag >> 3n)
    const wire = Number(tag & 7n)
    if (number === 0) throw bad('illegal tag 0')
    if (wire === 0) yield { number, wire, int: BigInt.asIntN(64, varint()), bytes: EMPTY }
    else if (wire === 2) yield { number, wire, int: 0n, bytes: take(Number(varint())) }
    else if (wire === 1) yield { number, wire, int: 0n, bytes: take(8) }
    else if (wire === 5) yield { number, wire, int: 0n, bytes: take(4) }
    else throw bad(`illegal wireType ${wire}`)
  }
}

const base64 = (bytes: Uint8Array): string => {
  let s = ''
  for (const b of bytes) s += String.fromCharCode(b)
  return btoa(s)
}
const only = (bytes: Uint8Array, number: number): Field | undefined => {
  let found: Field | undefined
  for (const f of fields(bytes)) if (f.number === number) found = f
  return found
}
const json = (bytes: Uint8Array): Json => {
  const raw = only(bytes, 1)
  if (!raw || raw.bytes.length === 0) return null
  try {
    return JSON.parse(utf8.decode(raw.bytes)) as Json
  } catch {
    throw bad('a raw value is not JSON')
  }
}

/** Decodes messages by the schemas of one server. */
class Reader {
  readonly #schemas: Schemas
  readonly #tables = new Map<string, ReadonlyMap<number, Entry>>()
  constructor(schemas: Schemas) {
    this.#schemas = schemas
  }

  #table(name: string): ReadonlyMap<number, Entry> {
    const known = this.#tables.get(name)
    if (known) return known
    const table = new Map<number, Entry>()
    for (const line of (this.#schemas.protobuf(name) ?? '').split(',')) {
      const [number = '', what = ''] = line.split(' ')
      const [field = '', union] = what.split(':')
      if (number)
        table.set(
          Number(number),
          field.startsWith('*') ? { name: '', inline: field.slice(1) } : { name: field, ...(union ? { union } : {}) },
        )
    }
    this.#tables.set(name, table)
    return table
  }

  /**
   * A message as the JSON of its Go type; `outer` is the definition that has the field schemas when the message is
   * inline in it.
   */
  message(
    bytes: Uint8Array,
    name: string,
    depth: number,
    outer = name,
    into: Record<string, Json> = {},
  ): Record<string, Json> {
    if (depth > MAX_DEPTH) throw bad('exceeded max depth')
    const table = this.#table(name)
    const schema = this.#schemas.type(outer)
    for (const f of fields(bytes)) {
      const entry = table.get(f.number)
      if (!entry) continue
      if (entry.inline) {
        this.message(f.bytes, entry.inline, depth + 1, outer, into)
        continue
      }
      const type = schema && Object.hasOwn(schema.fields, entry.name) ? schema.fields[entry.name] : undefined
      if (entry.union) this.#union(into, entry, f, depth)
      else if (type) this.#field(into, entry.name, type, f, depth)
    }
    return into
  }

  #field(into: Record<string, Json>, name: string, type: FieldSchema, f: Field, depth: number): void {
    const { type: word } = type
    if (word.startsWith('[')) {
      const list = (Object.hasOwn(into, name) ? into[name] : (into[name] = [])) as Json[]
      const inner = word.slice(1, -1)
      // numbers may come packed
      if (f.wire === 2 && (inner === 'int32' || inner === 'int64')) {
        for (let at = 0, value = 0n, shift = 0n; at < f.bytes.length; at++) {
          const b = f.bytes[at] ?? 0
          value |= BigInt(b & 0x7f) << shift
          shift += 7n
          if (b < 0x80) {
            list.push(Number(BigInt.asIntN(64, value)))
            value = 0n
            shift = 0n
          }
        }
      } else list.push(this.#value(inner, f, depth))
    } else if (word.startsWith('{')) {
      const map = (
        Object.hasOwn(into, name) ? into[name] : (into[name] = Object.create(null) as Record<string, Json>)
      ) as Record<string, Json>
      const key = utf8.decode(only(f.bytes, 1)?.bytes ?? EMPTY)
      const inner = word.slice(1, -1)
      const value = only(f.bytes, 2) ?? { number: 2, wire: 2, int: 0n, bytes: EMPTY }
      // a list in a map is a message of its own (authentication's ExtraValue)
      map[key] = inner.startsWith('[')
        ? [...fields(value.bytes)].map((item) => this.#value(inner.slice(1, -1), item, depth))
        : this.#value(inner, value, depth)
    } else {
      const value = this.#value(word, f, depth)
      // what Go does not point to is always on the wire; zero then means that it was not given
      if (
        !type.ptr &&
        !type.always &&
        (value === '' || value === 0 || value === false || (value === null && word !== 'time'))
      )
        return
      into[name] = value
    }
  }

  #value(word: string, f: Field, depth: number): Json {
    switch (word) {
      case 'string':
        return utf8.decode(f.bytes)
      case 'int32':
      case 'int64':
        return Number(f.int)
      case 'bool':
        return f.int !== 0n
      case 'double':
        return f.bytes.length === 8
          ? new DataView(f.bytes.buffer, f.bytes.byteOffset, 8).getFloat64(0, true)
          : f.bytes.length === 4
            ? new DataView(f.bytes.buffer, f.bytes.byteOffset, 4).getFloat32(0, true)
            : Number(f.int)
      case 'bytes':
        return base64(f.bytes)
      case 'quantity':
        return utf8.decode(only(f.bytes, 1)?.bytes ?? EMPTY) || '0'
      case 'intstr':
        return only(f.bytes, 1)?.int === 1n
          ? utf8.decode(only(f.bytes, 3)?.bytes ?? EMPTY)
          : Number(only(f.bytes, 2)?.int ?? 0n)
      case 'json':
        return json(f.bytes)
      case 'time':
      case 'microtime': {
        const seconds = only(f.bytes, 1)?.int
        const nanos = only(f.bytes, 2)?.int ?? 0n
        if (seconds === undefined) return null
        const ms = Number(seconds) * 1000
        // Go's years 1 to 9999
        if (!(ms >= -62135596800000 && ms <= 253402300799999)) throw bad('a time is out of range')
        return word === 'time'
          ? rfc3339(ms)
          : rfc3339Micro(ms).replace(/\.\d+Z$/, `.${String(nanos / 1000n).padStart(6, '0')}Z`)
      }
      default:
        return this.message(f.bytes, word, depth + 1)
    }
  }

  /** Values of apiextensions that are one of several types in JSON. */
  #union(into: Record<string, Json>, entry: Entry, f: Field, depth: number): void {
    const SCHEMA = 'apiextensions.v1.JSONSchemaProps'
    const part = (n: number): Json | undefined => {
      const x = only(f.bytes, n)
      return x && this.message(x.bytes, SCHEMA, depth + 1)
    }
    switch (entry.union) {
      case 'json':
        if (entry.name === 'enum')
          into.enum = [...(Object.hasOwn(into, 'enum') ? (into.enum as Json[]) : []), json(f.bytes)]
        else into[entry.name] = json(f.bytes)
        return
      case 'bool':
        into[entry.name] = part(2) ?? (only(f.bytes, 1)?.int ?? 0n) !== 0n
        return
      case 'array':
        into[entry.name] =
          part(1) ??
          [...fields(f.bytes)].filter((x) => x.number === 2).map((x) => this.message(x.bytes, SCHEMA, depth + 1))
        return
      default:
        into[entry.name] =
          part(1) ?? [...fields(f.bytes)].filter((x) => x.number === 2).map((x) => utf8.decode(x.bytes))
    }
  }
}

/** Kinds whose type belongs to every group version. */
const META_KINDS = new Set(['DeleteOptions', 'Status', 'PatchOptions', 'CreateOptions', 'UpdateOptions'])

/** An object from its protobuf form (the envelope with apiVersion and kind, then the message). Throws BadRequest. */
export function decodeProtobuf(bytes: Uint8Array, schemas: Schemas): Json {
  if (MAGIC.some((b, i) => bytes[i] !== b))
    throw bad('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  const envelope = bytes.subarray(4)
  const meta = only(envelope, 1)?.bytes ?? EMPTY
  const raw = only(envelope, 2)?.bytes ?? EMPTY
  const apiVersion = utf8.decode(only(meta, 1)?.bytes ?? EMPTY)
  const kind = utf8.decode(only(meta, 2)?.bytes ?? EMPTY)
  if (/json/.test(utf8.decode(only(envelope, 4)?.bytes ?? EMPTY))) {
    try {
      return JSON.parse(utf8.decode(raw)) as Json
    } catch {
      throw bad('the enveloped value is not JSON')
    }
  }
  const cut = apiVersion.indexOf('/')
  const name = META_KINDS.has(kind)
    ? `meta.v1.${kind}`
    : schemas.nameOf(cut < 0 ? '' : apiVersion.slice(0, cut), apiVersion.slice(cut + 1), kind)
  if (!schemas.type(name))
    throw badRequest(
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:110"`,
    )
  return new Reader(schemas).message(raw, name, 0, name, { kind, apiVersion })
}
