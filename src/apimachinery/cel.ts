// CEL, the expression language of validation rules and admission policies, with the string, list, regex and quantity
// functions that Kubernetes adds. The only importer of its package.
import { Environment, EvaluationError } from '@marcbachmann/cel-js'
import { isObject } from './object.ts'
import { compareQuantity, parseQuantity } from './quantity.ts'

/** Why an expression could not be evaluated, in cel-go's words where they are known. */
export class CelError extends Error {}
/** An expression, ready to be evaluated with its variables. */
export type CelProgram = (variables: Readonly<Record<string, unknown>>) => unknown

class CelQuantity {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

let made: Environment | undefined
function environment(): Environment {
  if (made) return made
  const pattern = (p: string): RegExp => new RegExp(p, 'gu')
  const total = (l: readonly (bigint | number)[]): bigint | number =>
    l.reduce<bigint | number>(
      (a, b) => (typeof b === 'bigint' && typeof a === 'bigint' ? a + b : Number(a) + Number(b)),
      0n,
    )
  const extreme = <T>(l: readonly T[], better: (a: T, b: T) => boolean): T => {
    const [first, ...rest] = l
    if (first === undefined) throw new CelError('min/max called on empty list')
    return rest.reduce((a, b) => (better(b, a) ? b : a), first)
  }
  const order = (a: CelQuantity, b: CelQuantity): number => compareQuantity(a.text, b.text)
  const isQuantity = (s: string): boolean => {
    try {
      parseQuantity(s)
      return true
    } catch {
      return false
    }
  }
  made = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  })
    .registerFunction('string.find(string): string', (s: string, p: string) => pattern(p).exec(s)?.[0] ?? '')
    .registerFunction('string.findAll(string): list', (s: string, p: string) =>
      [...s.matchAll(pattern(p))].map((m) => m[0]),
    )
    .registerFunction('string.replace(string, string): string', (s: string, a: string, b: string) => s.replaceAll(a, b))
    .registerFunction('string.charAt(int): string', (s: string, i: bigint) => [...s][Number(i)] ?? '')
    .registerFunction('list.sum(): dyn', total)
    .registerFunction('list.min(): dyn', (l: readonly (bigint | number | string)[]) => extreme(l, (a, b) => a < b))
    .registerFunction('list.max(): dyn', (l: readonly (bigint | number | string)[]) => extreme(l, (a, b) => a > b))
    .registerFunction('list.isSorted(): bool', (l: readonly (bigint | number | string)[]) =>
      l.every((x, i) => i === 0 || (l[i - 1] ?? x) <= x),
    )
    .registerFunction('list.indexOf(dyn): int', (l: readonly unknown[], x: unknown) => BigInt(l.indexOf(x)))
    .registerType('kubernetes.Quantity', CelQuantity)
    .registerFunction('isQuantity(string): bool', isQuantity)
    .registerFunction('quantity(string): kubernetes.Quantity', (s: string) => {
      if (!isQuantity(s)) throw new CelError('quantities must match the regular expression')
      return new CelQuantity(s)
    })
    .registerFunction(
      'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
      (a: CelQuantity, b: CelQuantity) => order(a, b) > 0,
    )
    .registerFunction(
      'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
      (a: CelQuantity, b: CelQuantity) => order(a, b) < 0,
    )
    .registerFunction('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: CelQuantity, b: CelQuantity) =>
      BigInt(order(a, b)),
    )
  return made
}

/** Reads an expression. Throws CelError where it is none. */
export function parseCel(expression: string): CelProgram {
  let program: (variables: Record<string, unknown>) => unknown
  try {
    program = environment().parse(expression)
  } catch (e) {
    throw new CelError((e as Error).message.split('\n')[0])
  }
  return (variables) => {
    try {
      return program({ ...variables })
    } catch (e) {
      if (e instanceof CelError) throw e
      if (!(e instanceof EvaluationError)) throw new CelError((e as Error).message.split('\n')[0])
      if (e.cause instanceof CelError) throw e.cause
      throw new CelError(
        (e.summary || (e.message.split('\n')[0] ?? ''))
          .replace(/^No such key/, 'no such key')
          .replace(/^found no matching overload.*/, 'no such overload'),
      )
    }
  }
}

/** JSON as CEL sees it: whole numbers are ints, unless a schema says `number`. */
export function celValue(value: unknown, schema?: unknown): unknown {
  const s = isObject(schema) ? schema : undefined
  if (typeof value === 'number') return Number.isInteger(value) && s?.type !== 'number' ? BigInt(value) : value
  if (Array.isArray(value)) return value.map((v) => celValue(v, s?.items))
  if (!isObject(value)) return value
  const properties = isObject(s?.properties) ? s.properties : {}
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== undefined && v !== null)
      .map(([k, v]) => [k, celValue(v, Object.hasOwn(properties, k) ? properties[k] : s?.additionalProperties)]),
  )
}
