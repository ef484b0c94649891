// The shapes everything is made of: JSON values and API objects, as k8s.io/apimachinery's meta/v1 and runtime have
// them.
import type { ObjectMeta } from './api/meta.v1.ts'
import type { JsonObject } from './json.ts'

export type { ObjectMeta }
export type { IntOrString, Json, JsonObject, Quantity } from './json.ts'

/** Any API object: what every kind has. Kinds' own types are in ./api, generated. */
export type KubeObject = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}

/** A mutable view of a readonly type, for defaults and prepare steps that work on a private copy. */
export type Draft<T> = T extends readonly (infer E)[]
  ? Draft<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Draft<T[K]> }
    : T

/** Whether a value is an object of JSON: no list, no null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A private, mutable deep copy of a JSON value. */
export function copy<T>(value: T): Draft<T> {
  if (Array.isArray(value)) return value.map((v) => copy(v as unknown)) as Draft<T>
  if (typeof value === 'object' && value !== null) {
    const out: Record<string, unknown> = {}
    for (const k of Object.keys(value)) {
      const v = (value as Record<string, unknown>)[k]
      if (v !== undefined) out[k] = typeof v === 'object' ? copy(v) : v
    }
    return out as Draft<T>
  }
  return value as Draft<T>
}

/** Takes a field away. One that is not there is left alone: the engine makes even that a slow deed. */
export function drop<T extends object>(object: T, key: keyof T): void {
  if (object[key] !== undefined) delete object[key]
}

/** Deep equality of JSON values; an undefined field equals an absent one (reflect.DeepEqual on decoded objects). */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((v, i) => equal(v, b[i]))
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null || Array.isArray(b)) return false
  const x = a as Record<string, unknown>
  const y = b as Record<string, unknown>
  for (const k of Object.keys(x)) if (x[k] !== undefined && !equal(x[k], y[k])) return false
  for (const k of Object.keys(y)) if (y[k] !== undefined && x[k] === undefined) return false
  return true
}

let guarded = false
/**
 * Whether freeze freezes: on in tests, where a forbidden change then throws; off in the program, where `readonly` has
 * said it at compile time and freezing costs.
 */
export function guardObjects(on: boolean): void {
  guarded = on
}

/**
 * Freezes a value and all below it; what the door hands out is frozen so that nobody's later change shows elsewhere.
 */
export function freeze<T>(value: T): T {
  if (!guarded) return value
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const k of Object.keys(value)) {
      const v = (value as Record<string, unknown>)[k]
      if (typeof v === 'object' && v !== null) freeze(v)
    }
  }
  return value
}
