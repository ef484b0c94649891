// --sort-by: tables and lists in the order of a field (kubectl get's sorter), ties as Go's sort leaves them.
import { goQuote } from '../apimachinery/gostring.ts'
import { JsonPathError, parseJsonPath, relaxedJsonPath, resultValue } from '../apimachinery/jsonpath.ts'
import type { PathValue } from '../apimachinery/jsonpath.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import { compareQuantity, parseQuantity, QuantityError } from '../apimachinery/quantity.ts'
import type { Table } from '../apimachinery/table.ts'
import { CliError } from './exit.ts'
import { goSort } from './gosort.ts'

/** Values that have no order: kubectl ends with a klog line (at `place` of its source) and exit code 1. */
export class Unsortable extends Error {
  readonly place: string
  constructor(message: string, place: string) {
    super(message)
    this.place = place
  }
}

const quantityOrder = (a: string, b: string): number | undefined => {
  try {
    return compareQuantity(parseQuantity(a), parseQuantity(b))
  } catch (e) {
    if (e instanceof QuantityError) return undefined
    throw e
  }
}

const isNumber = (v: unknown): v is number | bigint =>
  typeof v === 'bigint' || (typeof v === 'number' && Number.isInteger(v))

function less(a: PathValue, b: PathValue, field: string, rows: boolean): boolean {
  const x = resultValue(a)
  const y = resultValue(b)
  if (x === null) return y !== null
  if (y === null) return false
  // the object itself is no value in an interface
  const whole = /^\{[.$@]+\}$/.test(field)
  const bad = (type: string): Unsortable =>
    new Unsortable(
      `Field ${field} in ${rows ? '[][][]reflect.Value' : '*unstructured.Unstructured'} is an unsortable type: ${whole ? 'map, err: unsortable type: map' : `interface, err: ${type}`}`,
      rows ? 'sorter.go:375' : 'sorter.go:329',
    )
  if (typeof x === 'bigint' || typeof y === 'bigint') {
    if (!isNumber(x) || !isNumber(y)) throw bad('unsortable interface: interface')
    return x < y
  }
  if (typeof x === 'number' && typeof y === 'number' && Number.isInteger(x) === Number.isInteger(y)) return x < y
  if (typeof x === 'string' && typeof y === 'string') return (quantityOrder(x, y) ?? (x < y ? -1 : 1)) < 0
  if (typeof x === 'boolean') throw bad('unsortable type: bool')
  if (typeof x === 'object')
    throw bad(`unsortable type: ${Array.isArray(x) ? '[]interface {}' : 'map[string]interface {}'}`)
  throw bad('unsortable interface: interface')
}

function order<T>(items: readonly T[], data: (item: T) => JsonObject | undefined, field: string, rows: boolean): T[] {
  const path = parseJsonPath(field)
  const keyed = items.map((item) => ({ item, found: path.findResults(data(item)) }))
  if (items.length > 0 && !keyed.some((k) => (k.found[0] ?? []).length > 0))
    throw new CliError(`couldn't find any field with path ${goQuote(field)} in the list of objects`)
  goSort(keyed, (a, b) => {
    const x = a.found[0]
    const y = b.found[0]
    if (!x || x.length === 0) return true
    if (!y || y.length === 0) return false
    return less(x[0], y[0], field, rows)
  })
  return keyed.map((k) => k.item)
}

/** A table's rows by a field of their objects. Throws CliError, or Unsortable. */
export function sortTable(table: Table, expression: string): Table {
  if (table.rows.length <= 1) return table
  let field = expression
  try {
    field = relaxedJsonPath(expression)
  } catch {
    /* taken as it is, and refused by the parser */
  }
  try {
    return { ...table, rows: order(table.rows, (r) => r.object ?? undefined, field, true) }
  } catch (e) {
    if (e instanceof JsonPathError) throw new CliError(`sorting error: ${e.message}`)
    throw e
  }
}

/** Objects by one of their fields. Throws CliError, or Unsortable. */
export function sortObjects<T extends JsonObject>(objects: readonly T[], expression: string): T[] {
  if (objects.length === 0) return []
  try {
    const field = relaxedJsonPath(expression)
    return order(objects, (o) => o, field, false)
  } catch (e) {
    if (e instanceof JsonPathError) throw new CliError(e.message)
    throw e
  }
}
