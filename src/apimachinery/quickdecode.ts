// The quick way through decoding: a value that is right from top to bottom is read without noting where one is. At the
// first doubt it gives up, and decode.ts, which
// says what is wrong and where, reads the same value again. What comes out is the same.
import { sortedKeys } from './gojson.ts'
import { isObject } from './object.ts'
import type { JsonObject } from './object.ts'
import { readQuantity } from './quantity.ts'
import type { FieldSchema, Schemas, TypeSchema } from './schema.ts'
import { isCanonicalTime } from './time.ts'

/** Reads a value; undefined is what Go would not keep. */
type Read = (value: unknown) => unknown

const DOUBT = new Error('a value that must be looked at more closely')
const doubt = (): never => {
  throw DOUBT
}

interface Place {
  readonly at: number
  readonly read: Read
}
type Places = ReadonlyMap<string, Place>

/** Lists of these are told apart when empty or absent, in some places. */
const EMPTY_MAY_COUNT = /^\[(int32|.*\.(ManagedFieldsEntry|HPAScalingPolicy|CustomResourceDefinitionVersion))\]$/

/** The fields of selectors and templates' labels: their emptiness is told in refusals. */
const EMPTY_TOLD: ReadonlySet<string> = new Set(['labels', 'matchLabels', 'matchExpressions', 'values'])

const INT32 = 2147483647

class Plans {
  readonly #schemas: Schemas
  readonly #structs = new Map<TypeSchema, Places>()
  readonly #elements = new Map<string, Read>()
  constructor(schemas: Schemas) {
    this.#schemas = schemas
  }

  struct(schema: TypeSchema): Places {
    let places = this.#structs.get(schema)
    if (!places) {
      const made = new Map<string, Place>()
      // types that contain themselves find what is being made
      this.#structs.set(schema, made)
      Object.entries(schema.fields).forEach(([name, f], at) => {
        if (f) made.set(name, { at, read: this.#plan(f.type, f, EMPTY_TOLD.has(name)) })
      })
      places = made
    }
    return places
  }

  #element(word: string): Read {
    let read = this.#elements.get(word)
    if (!read) {
      read = this.#plan(word, undefined)
      this.#elements.set(word, read)
    }
    return read
  }

  /** `f` is absent for the elements of lists and maps. */
  #plan(word: string, f: FieldSchema | undefined, told = false): Read {
    const keep = f === undefined || f.ptr === true || f.always === true
    if (word.startsWith('[')) {
      const read = this.#element(word.slice(1, -1))
      return (value) => {
        if (!Array.isArray(value)) return doubt()
        if (value.length === 0 && f !== undefined) return told || EMPTY_MAY_COUNT.test(word) ? doubt() : undefined
        const out: unknown[] = []
        for (const v of value) {
          const got = v === null || v === undefined ? undefined : read(v)
          out.push(got === undefined ? doubt() : got)
        }
        return out
      }
    }
    if (word.startsWith('{')) {
      const read = this.#element(word.slice(1, -1))
      return (value) => {
        if (!isObject(value)) return doubt()
        const keys = sortedKeys(value)
        if (keys.length === 0 && !keep) return told ? doubt() : undefined
        const out: Record<string, unknown> = {}
        for (const k of keys) {
          const v = value[k]
          const got = k === '__proto__' || v === null || v === undefined ? undefined : read(v)
          out[k] = got === undefined ? doubt() : got
        }
        return out
      }
    }
    switch (word) {
      case 'string':
        return (v) => (typeof v !== 'string' ? doubt() : v !== '' || keep ? v : undefined)
      case 'bool':
        return (v) => (typeof v !== 'boolean' ? doubt() : v || keep ? v : undefined)
      case 'int32':
        return (v) =>
          typeof v !== 'number' || !Number.isInteger(v) || v > INT32 || v < -INT32 - 1
            ? doubt()
            : v !== 0 || keep
              ? v
              : undefined
      case 'int64':
        return (v) => (typeof v !== 'number' || !Number.isSafeInteger(v) ? doubt() : v !== 0 || keep ? v : undefined)
      case 'double':
        return (v) => (typeof v !== 'number' ? doubt() : v !== 0 || keep ? v : undefined)
      case 'time':
        return (v) => (typeof v === 'string' && isCanonicalTime(v) ? v : doubt())
      case 'quantity':
        return (v) => (typeof v === 'string' ? readQuantity(v) : doubt())
      case 'intstr':
        return (v) =>
          typeof v === 'string' || (typeof v === 'number' && Number.isInteger(v) && Math.abs(v) <= INT32) ? v : doubt()
      case 'json':
        return (v) => v
      case 'bytes':
      case 'microtime':
        return doubt
    }
    const schema = this.#schemas.type(word)
    if (!schema) return (v) => v
    let places: Places | undefined
    return (value) => (isObject(value) ? readStruct(value, (places ??= this.struct(schema))) : doubt())
  }
}

function readStruct(value: JsonObject, places: Places): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  let last = -1
  let inOrder = true
  for (const k of Object.keys(value)) {
    const v = value[k]
    if (v === undefined) continue
    const place = places.get(k)
    if (!place) return doubt()
    if (v === null) continue
    const got = place.read(v)
    if (got === undefined) continue
    out[k] = got
    if (place.at < last) inOrder = false
    last = place.at
  }
  if (inOrder) return out
  const sorted: Record<string, unknown> = {}
  for (const k of Object.keys(out).sort((a, b) => (places.get(a)?.at ?? 0) - (places.get(b)?.at ?? 0)))
    sorted[k] = out[k]
  return sorted
}

const plans = new WeakMap<Schemas, Plans>()

/**
 * The decoded object of a value in which nothing is wrong; undefined where there is a doubt. Maps come out with their
 * keys in order.
 */
export function quickDecode(
  value: JsonObject,
  schema: TypeSchema,
  schemas: Schemas,
): Record<string, unknown> | undefined {
  let p = plans.get(schemas)
  if (!p) {
    p = new Plans(schemas)
    plans.set(schemas, p)
  }
  try {
    return readStruct(value, p.struct(schema))
  } catch {
    return undefined
  }
}
