// What an expression is worth; as cel-go's interpreter: errors are put off where && and || do not need the value.
import { overloadsOf, TYPE_NAMES } from './library.ts'
import type { Overload } from './overload.ts'
import type { CallExpr, Comprehension, Expr } from './parser.ts'
import { asText, equal, mapKey, noOverload } from './semantics.ts'
import { KEYWORDS } from './type.ts'
import type { Type } from './type.ts'
import { CelError, Optional, StructValue, TypeValue, typeName } from './value.ts'

/** Where names are looked up, the innermost first. */
interface Scope {
  readonly name: string
  readonly value: unknown
  readonly outer: Scope | undefined
}
type Variables = ReadonlyMap<string, () => unknown>

const KINDS: Readonly<Record<string, string>> = {
  duration: 'google.protobuf.Duration',
  timestamp: 'google.protobuf.Timestamp',
  null: 'null_type',
}

function fits(v: unknown, t: Type): boolean {
  if (t.kind === 'dyn' || t.kind === 'any' || t.kind === 'param' || t.kind === 'error') return true
  return typeName(v) === (t.kind === 'opaque' || t.kind === 'struct' ? t.name : (KINDS[t.kind] ?? t.kind))
}

/** The way to call a function that fits the values. */
function invoke(overloads: readonly Overload[] | undefined, member: boolean, args: readonly unknown[]): unknown {
  for (const o of overloads ?? []) {
    if (o.member !== member || o.args.length !== args.length || !o.action) continue
    if (o.args.every((t, i) => fits(args[i], t))) return o.action(...(args as never[]))
  }
  throw noOverload()
}

class Evaluator {
  readonly #variables: Variables
  readonly #names: ReadonlyMap<Expr, string>
  #steps = 0
  constructor(variables: Variables, names: ReadonlyMap<Expr, string>) {
    this.#variables = variables
    this.#names = names
  }

  run(e: Expr, scope?: Scope): unknown {
    if (++this.#steps > MAX_STEPS) throw new CelError('operation cancelled: actual cost limit exceeded')
    switch (e.kind) {
      case 'literal':
        return e.value
      case 'ident':
        return this.#name(e.name, scope)
      case 'select': {
        const name = this.#names.get(e)
        if (name !== undefined) return this.#name(name, undefined)
        return this.#select(e, scope)
      }
      case 'call':
        return this.#call(e, scope)
      case 'list': {
        const out: unknown[] = []
        for (const { value, optional } of e.elements) {
          const v = this.run(value, scope)
          if (!optional) out.push(v)
          else if (v instanceof Optional) out.push(...v.held)
          else throw noOverload()
        }
        return out
      }
      case 'map': {
        const out = new Map<unknown, unknown>()
        for (const { key, value, optional } of e.entries) {
          const k = mapKey(this.run(key, scope))
          const v = this.run(value, scope)
          if (!optional) {
            if (out.has(k)) throw new CelError('Failed with repeated key')
            out.set(k, v)
          } else if (v instanceof Optional) {
            if (v.held.length) out.set(k, v.held[0])
          } else throw noOverload()
        }
        return out
      }
      case 'struct':
        return new StructValue(e.type, new Map(e.fields.map((f) => [f.name, this.run(f.value, scope)])))
      case 'comprehension':
        return this.#fold(e, scope)
    }
  }

  #name(name: string, scope: Scope | undefined): unknown {
    const plain = name.startsWith('.') ? name.slice(1) : name
    for (let s = scope; s; s = s.outer) if (s.name === plain) return s.value
    const found = this.#variables.get(plain)
    if (found) return found()
    const type = TYPE_NAMES.get(plain)
    if (type) return new TypeValue(type.name)
    throw new CelError(`no such attribute(s): ${plain}`)
  }

  #select(e: Extract<Expr, { kind: 'select' }>, scope: Scope | undefined): unknown {
    const of = this.run(e.operand, scope)
    if (of instanceof Optional) {
      const found = of.held.length ? find(of.held[0], e.field) : undefined
      if (e.test) return found !== undefined
      return found ?? new Optional()
    }
    const found = find(of, e.field)
    if (e.test) return found !== undefined
    if (!found) throw new CelError(`no such key: ${e.field}`)
    return found.held[0]
  }

  #either(e: CallExpr, scope: Scope | undefined, decides: boolean): unknown {
    let error: unknown
    for (const a of e.args) {
      try {
        const v = this.run(a, scope)
        if (v === decides) return decides
        if (typeof v !== 'boolean') error ??= noOverload()
      } catch (x) {
        if (!(x instanceof CelError)) throw x
        error ??= x
      }
    }
    if (error) throw error
    return !decides
  }

  #call(e: CallExpr, scope: Scope | undefined): unknown {
    const [a, b, c] = e.args
    const full = this.#names.get(e)
    if (full !== undefined)
      return invoke(
        overloadsOf(full),
        false,
        e.args.map((x) => this.run(x, scope)),
      )
    switch (e.fn) {
      case '_&&_':
        return this.#either(e, scope, false)
      case '_||_':
        return this.#either(e, scope, true)
      case '_?_:_': {
        const test = a && this.run(a, scope)
        if (typeof test !== 'boolean') throw noOverload()
        const chosen = test ? b : c
        return chosen && this.run(chosen, scope)
      }
      case '@not_strictly_false':
        try {
          return (a && this.run(a, scope)) !== false
        } catch (x) {
          if (x instanceof CelError) return true
          throw x
        }
      case '_==_':
      case '_!=_': {
        const same = equal(a && this.run(a, scope), b && this.run(b, scope))
        return e.fn === '_==_' ? same : !same
      }
      case '_?._':
      case '_[?_]':
      case '_[_]': {
        const of = a && this.run(a, scope)
        const key = b && this.run(b, scope)
        const optional = e.fn !== '_[_]'
        const target = of instanceof Optional ? of.held[0] : of
        const found = of instanceof Optional && of.held.length === 0 ? undefined : find(target, key)
        if (optional || of instanceof Optional) return found ?? new Optional()
        if (found) return found.held[0]
        if (Array.isArray(target)) {
          const at = mapKey(key)
          throw typeof at === 'bigint'
            ? new CelError(`index out of bounds: ${at}`)
            : new CelError(`unsupported index type '${typeName(key)}' in list`)
        }
        if (target instanceof Map || target instanceof StructValue) throw new CelError(`no such key: ${asText(key)}`)
        throw noOverload()
      }
      case 'or':
      case 'orValue':
        if (e.target && a) {
          const of = this.run(e.target, scope)
          if (!(of instanceof Optional)) throw noOverload()
          if (of.held.length) return e.fn === 'or' ? of : of.held[0]
          return this.run(a, scope)
        }
    }
    const args = e.args.map((x) => this.run(x, scope))
    if (e.target) args.unshift(this.run(e.target, scope))
    return invoke(overloadsOf(e.fn.startsWith('.') ? e.fn.slice(1) : e.fn), e.target !== undefined, args)
  }

  #fold(e: Expr & Comprehension, scope: Scope | undefined): unknown {
    const range = this.run(e.range, scope)
    let accu = this.run(e.init, scope)
    const two = e.iterVar2 !== undefined
    const items: Iterable<readonly [unknown, unknown]> = Array.isArray(range)
      ? range.map((v, i): [unknown, unknown] => (two ? [BigInt(i), v] : [v, v]))
      : range instanceof Map
        ? range
        : []
    if (!Array.isArray(range) && !(range instanceof Map)) throw noOverload()
    let failed: CelError | undefined
    for (const [first, second] of items) {
      const outer: Scope = { name: e.accuVar, value: accu, outer: scope }
      let inner: Scope = { name: e.iterVar, value: first, outer }
      if (e.iterVar2 !== undefined) inner = { name: e.iterVar2, value: second, outer: inner }
      if (this.run(e.condition, inner) === false) break
      try {
        const v = this.run(e.step, inner)
        if (!failed || decides(e, v)) {
          accu = v
          failed = undefined
        }
      } catch (x) {
        // all and exists go on after an error: what comes may decide
        if (!(x instanceof CelError) || !quantifier(e)) throw x
        failed ??= x
      }
    }
    if (failed !== undefined) throw failed
    return this.run(e.result, { name: e.accuVar, value: accu, outer: scope })
  }
}

const MAX_STEPS = 5_000_000
const quantifier = (e: Comprehension): boolean =>
  e.step.kind === 'call' && (e.step.fn === '_&&_' || e.step.fn === '_||_')
/** Whether a step's value ends all() or exists(). */
const decides = (e: Comprehension, v: unknown): boolean => e.step.kind === 'call' && v === (e.step.fn === '_||_')

/** What stands under a key or at an index. */
function find(of: unknown, key: unknown): Optional | undefined {
  if (of instanceof StructValue) {
    const name = String(key)
    const k = of.fields.has(name) || !KEYWORDS.has(name) ? name : `__${name}__`
    return of.fields.has(k) ? new Optional(of.fields.get(k)) : undefined
  }
  const k = mapKey(key)
  if (of instanceof Map) return of.has(k) ? new Optional(of.get(k)) : undefined
  if (Array.isArray(of) && typeof k === 'bigint')
    return k >= 0n && k < BigInt(of.length) ? new Optional(of[Number(k)]) : undefined
  if (Array.isArray(of)) return undefined
  throw new CelError(`no such key: ${asText(key)}`)
}

/** Evaluates an expression; throws CelError. */
export function evaluate(e: Expr, names: ReadonlyMap<Expr, string>, variables: Variables): unknown {
  return new Evaluator(variables, names).run(e)
}
