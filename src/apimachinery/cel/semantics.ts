// When values of CEL are equal, which comes first, how they are shown.
import { formatIP } from '../ip.ts'
import { compareQuantity } from '../quantity.ts'
import {
  CIDRValue,
  CelError,
  Duration,
  Format,
  IPValue,
  Optional,
  Quantity,
  StructValue,
  Timestamp,
  TypeValue,
  URLValue,
  Uint,
} from './value.ts'

/** What is thrown where no way to call a function fits the values. */
export const noOverload = (): CelError => new CelError('no such overload')

const numeric = (v: unknown): bigint | number | undefined =>
  typeof v === 'bigint' || typeof v === 'number' ? v : v instanceof Uint ? v.value : undefined

/** Equality over all types: what cannot be compared is not equal. */
export function equal(a: unknown, b: unknown): boolean {
  const [x, y] = [numeric(a), numeric(b)]
  // oxlint-disable-next-line eqeqeq -- 1 and 1n are one number
  if (x !== undefined && y !== undefined) return x == y
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((v, i) => equal(v, b[i]))
  if (a instanceof Map)
    return b instanceof Map && a.size === b.size && [...a].every(([k, v]) => b.has(k) && equal(v, b.get(k)))
  if (a instanceof StructValue) return b instanceof StructValue && equal(a.fields, b.fields)
  if (a instanceof Uint8Array) return b instanceof Uint8Array && a.length === b.length && a.every((v, i) => v === b[i])
  if (a instanceof Duration) return b instanceof Duration && a.ns === b.ns
  if (a instanceof Timestamp) return b instanceof Timestamp && a.ns === b.ns
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name
  if (a instanceof Optional) return b instanceof Optional && equal([...a.held], [...b.held])
  if (a instanceof Quantity) return b instanceof Quantity && compareQuantity(a.value, b.value) === 0
  if (a instanceof IPValue) return b instanceof IPValue && a.ip.v6 === b.ip.v6 && a.ip.value === b.ip.value
  if (a instanceof CIDRValue)
    return b instanceof CIDRValue && formatIP(a.cidr.ip) === formatIP(b.cidr.ip) && a.cidr.bits === b.cidr.bits
  if (a instanceof URLValue) return b instanceof URLValue && a.text === b.text
  if (a instanceof Format) return b instanceof Format && a.name === b.name
  return false
}

const order = (less: boolean, same: boolean): number => (same ? 0 : less ? -1 : 1)

/** The order of two values of types that have one. */
export function compare(a: unknown, b: unknown): number {
  const [x, y] = [numeric(a), numeric(b)]
  if (x !== undefined && y !== undefined) {
    if (Number.isNaN(x) || Number.isNaN(y)) throw new CelError('NaN values cannot be ordered')
    // oxlint-disable-next-line eqeqeq -- 1 and 1n are one number
    return order(x < y, x == y)
  }
  if (typeof a === 'string' && typeof b === 'string')
    return compareBytes(new TextEncoder().encode(a), new TextEncoder().encode(b))
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  if ((a instanceof Duration && b instanceof Duration) || (a instanceof Timestamp && b instanceof Timestamp))
    return order(a.ns < b.ns, a.ns === b.ns)
  throw noOverload()
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0)
  return a.length - b.length
}

/** A key in a sentence. */
export function asText(v: unknown): string {
  return v instanceof Uint ? String(v.value) : String(v)
}

/** A key as maps hold it: numbers of every type that are equal are one key. */
export function mapKey(v: unknown): unknown {
  if (v instanceof Uint) return v.value
  return typeof v === 'number' && Number.isInteger(v) ? BigInt(v) : v
}
/** Whether a list holds a value. */
export const contains = (list: readonly unknown[], x: unknown): boolean => list.some((y) => equal(x, y))
