// The OpenAPI v2 document in gnostic's protobuf form (gnostic-models' openapiv2): kubectl and helm read the v2 document
// in nothing else, so this is the one
// answer that is not JSON. Covers what our own document holds; values without a fixed shape go as YAML, and JSON is
// YAML.
import { writeJson } from '../apimachinery/bigint.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'

/** What discovery clients ask for. */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
/** How the answer calls it: an @ may not stand in a media type. */
export const OPENAPI_V2_ANSWER = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

const utf8 = new TextEncoder()

/** A message being written. */
class Message {
  readonly #parts: Uint8Array[] = []
  size = 0
  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.size += bytes.length
  }
  #varint(n: number): void {
    const out: number[] = []
    let rest = n
    while (rest > 0x7f) {
      out.push((rest % 128) | 0x80)
      rest = Math.floor(rest / 128)
    }
    out.push(rest)
    this.#push(Uint8Array.from(out))
  }
  bytes(number: number, b: Uint8Array): this {
    this.#varint(number * 8 + 2)
    this.#varint(b.length)
    this.#push(b)
    return this
  }
  text(number: number, value: Json | undefined): this {
    return typeof value === 'string' && value !== '' ? this.bytes(number, utf8.encode(value)) : this
  }
  texts(number: number, values: Json | undefined): this {
    if (Array.isArray(values)) for (const v of values) this.bytes(number, utf8.encode(String(v)))
    return this
  }
  flag(number: number, value: Json | undefined): this {
    if (value === true) {
      this.#varint(number * 8)
      this.#varint(1)
    }
    return this
  }
  int(number: number, value: Json | undefined): this {
    if (typeof value === 'number' && value > 0 && Number.isSafeInteger(value)) {
      this.#varint(number * 8)
      this.#varint(value)
    }
    return this
  }
  double(number: number, value: Json | undefined): this {
    if (typeof value !== 'number') return this
    const b = new Uint8Array(8)
    new DataView(b.buffer).setFloat64(0, value, true)
    this.#varint(number * 8 + 1)
    this.#push(b)
    return this
  }
  message(number: number, m: Message | undefined): this {
    return m ? this.bytes(number, m.whole()) : this
  }
  whole(): Uint8Array {
    const all = new Uint8Array(this.size)
    let at = 0
    for (const p of this.#parts) {
      all.set(p, at)
      at += p.length
    }
    return all
  }
}

const any = (value: Json): Message => new Message().text(2, `${writeJson(value)}\n`)
const extensions = (m: Message, number: number, o: JsonObject): Message => {
  for (const [k, v] of Object.entries(o))
    if (k.startsWith('x-') && v !== undefined) m.message(number, new Message().text(1, k).message(2, any(v)))
  return m
}
const named = (o: Json | undefined, value: (v: JsonObject) => Message): Message | undefined => {
  if (!isObject(o)) return undefined
  const m = new Message()
  for (const [k, v] of Object.entries(o)) if (isObject(v)) m.message(1, new Message().text(1, k).message(2, value(v)))
  return m
}

function schema(s: JsonObject): Message {
  const m = new Message().text(1, s.$ref).text(2, s.format).text(3, s.title).text(4, s.description)
  if (s.default !== undefined) m.message(5, any(s.default))
  m.double(6, s.multipleOf)
    .double(7, s.maximum)
    .flag(8, s.exclusiveMaximum)
    .double(9, s.minimum)
    .flag(10, s.exclusiveMinimum)
  m.int(11, s.maxLength)
    .int(12, s.minLength)
    .text(13, s.pattern)
    .int(14, s.maxItems)
    .int(15, s.minItems)
    .flag(16, s.uniqueItems)
    .int(17, s.maxProperties)
    .int(18, s.minProperties)
    .texts(19, s.required)
  if (Array.isArray(s.enum)) for (const e of s.enum) m.message(20, any(e))
  if (isObject(s.additionalProperties)) m.message(21, new Message().message(1, schema(s.additionalProperties)))
  else if (s.additionalProperties === true) m.message(21, new Message().flag(2, true))
  if (typeof s.type === 'string') m.message(22, new Message().text(1, s.type))
  if (isObject(s.items)) m.message(23, new Message().message(1, schema(s.items)))
  if (Array.isArray(s.allOf)) for (const part of s.allOf) if (isObject(part)) m.message(24, schema(part))
  m.message(25, named(s.properties, schema))
  return extensions(m, 31, s)
}

function operation(o: JsonObject): Message {
  const m = new Message()
  if (Array.isArray(o.parameters))
    for (const p of o.parameters)
      if (isObject(p))
        m.message(
          8,
          new Message().message(
            1,
            new Message().message(
              2,
              new Message().message(
                3,
                new Message().text(2, p.in).text(4, p.name).text(6, p.type).flag(20, p.uniqueItems),
              ),
            ),
          ),
        )
  const responses = named(o.responses, (r) => new Message().message(1, new Message().text(1, r.description)))
  m.message(9, responses)
  return extensions(m, 13, o)
}

function path(p: JsonObject): Message {
  const m = new Message()
  for (const [number, method] of [
    [2, 'get'],
    [3, 'put'],
    [4, 'post'],
    [5, 'delete'],
    [8, 'patch'],
  ] as const)
    if (isObject(p[method])) m.message(number, operation(p[method]))
  return m
}

/** The bytes of an OpenAPI v2 document. */
export function encodeOpenApiV2(document: JsonObject): Uint8Array {
  const info = isObject(document.info) ? document.info : {}
  const paths = new Message()
  if (isObject(document.paths))
    for (const [k, v] of Object.entries(document.paths))
      if (isObject(v)) paths.message(2, new Message().text(1, k).message(2, path(v)))
  return new Message()
    .text(1, document.swagger)
    .message(2, new Message().text(1, info.title).text(2, info.version))
    .message(8, paths)
    .message(9, named(document.definitions, schema))
    .whole()
}
