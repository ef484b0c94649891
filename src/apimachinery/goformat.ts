// How Go's fmt prints decoded JSON: %v (map[a:1], [x y]), %#v (map[string]interface {}{"a":1}) and the type names
// reflect gives.
import { formatFloat, sortedKeys } from './gojson.ts'
import { goQuote } from './gostring.ts'
import type { Json, JsonObject } from './object.ts'

/**
 * Go holds a decoded number as int64 or float64; unstructured objects have int64 where it fits, objects that went
 * through encoding/json have floats only.
 */
export type Numbers = 'ints' | 'floats'

const isList = (value: unknown): value is readonly Json[] => Array.isArray(value)

/** Whether Go would hold this number as an int64. */
export const isInt = (n: number, numbers: Numbers): boolean =>
  numbers === 'ints' && Number.isInteger(n) && Math.abs(n) < 2 ** 63

export function formatNumber(n: number, numbers: Numbers): string {
  return isInt(n, numbers) ? String(BigInt(n)) : formatFloat(n)
}

/** A whole number beyond 2^53. */
export const formatWhole = (value: bigint, numbers: Numbers): string =>
  numbers === 'ints' ? String(value) : formatFloat(Number(value))

/** %v */
export function goValue(value: Json | undefined, numbers: Numbers = 'ints'): string {
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'number') return formatNumber(value, numbers)
  if (typeof value === 'bigint') return formatWhole(value, numbers)
  if (typeof value !== 'object') return String(value)
  if (isList(value)) return `[${value.map((v) => goValue(v, numbers)).join(' ')}]`
  return `map[${sortedKeys(value)
    .map((k) => `${k}:${goValue(value[k], numbers)}`)
    .join(' ')}]`
}

/** %#v */
export function goSyntaxOf(value: Json | undefined, numbers: Numbers = 'ints'): string {
  if (value === null || value === undefined) return 'interface {}(nil)'
  if (typeof value === 'string') return goQuote(value)
  if (typeof value === 'number') return formatNumber(value, numbers)
  if (typeof value === 'bigint') return formatWhole(value, numbers)
  if (typeof value === 'boolean') return String(value)
  if (isList(value)) return `[]interface {}{${value.map((v) => goSyntaxOf(v, numbers)).join(', ')}}`
  return `map[string]interface {}{${sortedKeys(value)
    .map((k) => `${goQuote(k)}:${goSyntaxOf((value as JsonObject)[k], numbers)}`)
    .join(', ')}}`
}

/** reflect's name of the type. */
export function goType(value: Json | undefined, numbers: Numbers = 'ints'): string {
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return numbers === 'ints' ? 'int64' : 'float64'
  if (typeof value === 'number') return isInt(value, numbers) ? 'int64' : 'float64'
  return isList(value) ? '[]interface {}' : 'map[string]interface {}'
}
