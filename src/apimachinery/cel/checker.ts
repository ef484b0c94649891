// The types of an expression's parts, and what does not fit; as cel-go's checker, with the validators that the API
// server adds (literals of durations, timestamps and regular expressions, lists and maps of one type).
import { TYPE_NAMES, overloadsOf } from './library.ts'
import type { CallExpr, Comprehension, Expr, Issue } from './parser.ts'
import { goRegExp } from '../goregexp.ts'
import { readDuration, readTimestamp } from './times.ts'
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  ERROR,
  INT,
  NULL,
  STRING,
  Substitutions,
  UINT,
  fieldOf,
  isDyn,
  listOf,
  mapOf,
  mostGeneral,
  optionalOf,
  param,
  sameType,
  typeOf,
  typeText,
  unwrapped,
} from './type.ts'
import type { Type } from './type.ts'
import { Uint } from './value.ts'

/** What is known of an expression after it was checked. */
export interface Checked {
  readonly type: Type
  readonly types: ReadonlyMap<Expr, Type>
  /** The overloads that a call may mean. */
  readonly overloads: ReadonlyMap<Expr, readonly string[]>
  /** Selections that are names with dots (`authorizer.requestResource`). */
  readonly names: ReadonlyMap<Expr, string>
  readonly issues: readonly Issue[]
}

/** a.b.c as a name, if it is nothing else. */
export function dotted(e: Expr): string | undefined {
  if (e.kind === 'ident') return e.name
  if (e.kind !== 'select' || e.test) return undefined
  const before = dotted(e.operand)
  return before === undefined ? undefined : `${before}.${e.field}`
}

class Checker {
  readonly issues: Issue[] = []
  readonly types = new Map<Expr, Type>()
  readonly overloads = new Map<Expr, readonly string[]>()
  readonly names = new Map<Expr, string>()
  readonly #substitutions = new Substitutions()
  readonly #scopes: ReadonlyMap<string, Type>[]
  #free = 0
  constructor(variables: ReadonlyMap<string, Type>) {
    this.#scopes = [variables]
  }

  #issue(pos: number, message: string): void {
    this.issues.push({ pos, message })
  }

  /** Everything that was learned put in; what stayed free is dyn. */
  finish(e: Expr): Type {
    for (const [x, t] of this.types) this.types.set(x, this.#substitutions.substitute(t, true))
    return this.types.get(e) ?? DYN
  }

  #lookup(name: string): Type | undefined {
    const plain = name.startsWith('.') ? name.slice(1) : name
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const found = this.#scopes[i]?.get(plain)
      if (found) return found
    }
    const type = TYPE_NAMES.get(plain)
    return type && typeOf(type)
  }

  check(e: Expr): Type {
    const type = this.#of(e)
    this.types.set(e, type)
    return type
  }

  #of(e: Expr): Type {
    switch (e.kind) {
      case 'literal':
        return literalType(e.value)
      case 'ident': {
        const found = this.#lookup(e.name)
        if (found) return found
        this.#issue(e.pos, `undeclared reference to '${e.name}' (in container '')`)
        return ERROR
      }
      case 'select': {
        const name = dotted(e)
        const found = name === undefined ? undefined : this.#lookup(name)
        if (found && name !== undefined) {
          this.names.set(e, name)
          return found
        }
        const type = this.#select(e.pos, e.operand, e.field, false)
        return e.test ? BOOL : this.#substitutions.substitute(type)
      }
      case 'call':
        return this.#call(e)
      case 'list': {
        let item: Type | undefined
        for (const el of e.elements) item = this.#join(item, this.#element(el.value, el.optional))
        return listOf(item ?? this.#fresh())
      }
      case 'map': {
        let key: Type | undefined
        let value: Type | undefined
        for (const en of e.entries) {
          key = this.#join(key, this.check(en.key))
          value = this.#join(value, this.#element(en.value, en.optional))
        }
        return mapOf(key ?? this.#fresh(), value ?? this.#fresh())
      }
      case 'struct': {
        const type = this.#lookup(e.type)
        for (const f of e.fields) this.check(f.value)
        const named = type?.kind === 'type' ? type.params[0] : undefined
        if (!type) this.#issue(e.pos, `undeclared reference to '${e.type}' (in container '')`)
        else if (!named) this.#issue(e.pos, `'${typeText(type)}' is not a type`)
        else if (named.kind !== 'struct') this.#issue(e.pos, `'${named.name}' is not a message type`)
        else {
          for (const f of e.fields) if (!named.fields?.has(f.name)) this.#issue(f.pos, `undefined field '${f.name}'`)
          return named
        }
        return ERROR
      }
      case 'comprehension':
        return this.#fold(e)
    }
  }

  #element(e: Expr, optional: boolean): Type {
    const type = this.check(e)
    if (!optional) return type
    const held = unwrapped(type)
    if (!held && !isDyn(type))
      this.#issue(e.pos, `expected type '${typeText(optionalOf(type))}' but found '${typeText(type)}'`)
    return held ?? type
  }

  #fresh(): Type {
    return param(`_var${this.#free++}`)
  }

  #join(before: Type | undefined, type: Type): Type {
    if (!before) return type
    return this.#substitutions.assignable([before], [type]) ? mostGeneral(before, type) : DYN
  }

  #select(pos: number, operand: Expr, field: string, optional: boolean): Type {
    const of = this.#substitutions.substitute(this.check(operand))
    const held = unwrapped(of)
    const target = held ?? of
    let type: Type = ERROR
    if (target.kind === 'map') type = target.params[1] ?? DYN
    else if (target.kind === 'struct') {
      const found = fieldOf(target.fields, field)
      if (found) type = found
      else if (target.fields) this.#issue(pos, `undefined field '${field}'`)
      else this.#issue(pos, `unexpected failed resolution of '${target.name}'`)
    } else if (target.kind === 'param') {
      this.#substitutions.assignable([DYN], [target])
      type = DYN
    } else {
      if (!isDyn(target) && target.kind !== 'error')
        this.#issue(pos, `type '${typeText(target)}' does not support field selection`)
      type = DYN
    }
    return held || optional ? optionalOf(type) : type
  }

  #call(e: CallExpr): Type {
    const [first, second] = e.args
    if (e.fn === '_?._' && first && second?.kind === 'literal') {
      this.check(second)
      this.overloads.set(e, ['select_optional_field'])
      return this.#substitutions.substitute(this.#select(e.pos, first, String(second.value), true))
    }
    const args = e.args.map((a) => this.check(a))
    let { target } = e
    let { fn } = e
    if (target) {
      const prefix = dotted(target)
      const full = prefix === undefined ? undefined : `${prefix}.${fn}`
      if (full !== undefined && overloadsOf(full)) {
        this.names.set(e, full)
        fn = full
        target = undefined
      }
    }
    if (target) args.unshift(this.check(target))
    const overloads = overloadsOf(fn.startsWith('.') ? fn.slice(1) : fn)
    if (!overloads) {
      this.#issue(e.pos, `undeclared reference to '${fn}' (in container '')`)
      return ERROR
    }
    if (fn === '_&&_' || fn === '_||_') {
      let good = true
      e.args.forEach((a, i) => {
        const type = args[i] ?? DYN
        if (this.#substitutions.assignable([type], [BOOL])) return
        this.#issue(a.pos, `expected type 'bool' but found '${typeText(type)}'`)
        good = false
      })
      this.overloads.set(
        e,
        overloads.map((o) => o.id),
      )
      return good ? BOOL : ERROR
    }
    let result: Type | undefined
    const ids: string[] = []
    for (const o of overloads) {
      if (o.member !== (target !== undefined)) continue
      const fresh = new Substitutions()
      for (const name of ['A', 'B']) fresh.set(param(name), this.#fresh())
      const wanted = o.args.map((t) => fresh.substitute(t))
      if (!this.#substitutions.assignable(args, wanted)) continue
      ids.push(o.id)
      const type = this.#substitutions.substitute(fresh.substitute(o.result))
      if (!result) result = type
      else if (!isDyn(result) && !sameType(type, result)) result = DYN
    }
    if (!result) {
      const shown = args.map((t) => typeText(this.#substitutions.substitute(t, true)))
      const receiver = target ? `${shown.shift() ?? ''}.` : ''
      this.#issue(e.pos, `found no matching overload for '${fn}' applied to '${receiver}(${shown.join(', ')})'`)
      return ERROR
    }
    this.overloads.set(e, ids)
    return result
  }

  #fold(e: Expr & Comprehension): Type {
    this.check(e.range)
    const init = this.check(e.init)
    const range = this.#substitutions.substitute(this.types.get(e.range) ?? DYN)
    let first: Type = DYN
    let second: Type = DYN
    if (range.kind === 'list') {
      const item = range.params[0] ?? DYN
      first = e.iterVar2 === undefined ? item : INT
      second = item
    } else if (range.kind === 'map') {
      first = range.params[0] ?? DYN
      second = range.params[1] ?? DYN
    } else if (isDyn(range) || range.kind === 'error' || range.kind === 'param')
      this.#substitutions.assignable([DYN], [range])
    else {
      this.#issue(
        e.range.pos,
        `expression of type '${typeText(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      )
      first = second = ERROR
    }
    this.#scopes.push(new Map([[e.accuVar, init]]))
    this.#scopes.push(
      new Map([[e.iterVar, first], ...(e.iterVar2 === undefined ? [] : ([[e.iterVar2, second]] as const))]),
    )
    this.check(e.condition)
    this.#must(e.condition, BOOL)
    this.check(e.step)
    this.#must(e.step, init)
    this.#scopes.pop()
    const result = this.check(e.result)
    this.#scopes.pop()
    return this.#substitutions.substitute(result)
  }

  #must(e: Expr, type: Type): void {
    const found = this.types.get(e) ?? DYN
    if (!this.#substitutions.assignable([type], [found]))
      this.#issue(e.pos, `expected type '${typeText(type)}' but found '${typeText(found)}'`)
  }
}

function literalType(v: Extract<Expr, { kind: 'literal' }>['value']): Type {
  switch (typeof v) {
    case 'boolean':
      return BOOL
    case 'bigint':
      return INT
    case 'number':
      return DOUBLE
    case 'string':
      return STRING
    default:
      return v === null ? NULL : v instanceof Uint ? UINT : BYTES
  }
}

/** An expression's parts. */
export function partsOf(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case 'select':
      return [e.operand]
    case 'call':
      return e.target ? [e.target, ...e.args] : e.args
    case 'list':
      return e.elements.map((x) => x.value)
    case 'map':
      return e.entries.flatMap((x) => [x.key, x.value])
    case 'struct':
      return e.fields.map((f) => f.value)
    case 'comprehension':
      return [e.range, e.init, e.condition, e.step, e.result]
    default:
      return []
  }
}

const LITERALS: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (s) => fails(() => readDuration(s)),
  timestamp: (s) => fails(() => readTimestamp(s)),
  matches: (s) => goRegExp(s) === undefined,
}
function fails(run: () => unknown): boolean {
  try {
    run()
    return false
  } catch {
    return true
  }
}

const FORMATTED: readonly (readonly [verbs: string, kinds: readonly string[], what: string])[] = [
  ['d', ['int', 'uint'], 'decimal clause can only be used on integers'],
  ['f', ['double', 'string'], 'fixed-point clause can only be used on doubles'],
  ['e', ['double', 'string'], 'scientific clause can only be used on doubles'],
  ['b', ['int', 'uint', 'bool'], 'only integers and bools can be formatted as binary'],
  ['xX', ['int', 'uint', 'string', 'bytes'], 'only integers, byte buffers, and strings can be formatted as hex'],
  ['o', ['int', 'uint'], 'octal clause can only be used on integers'],
  [
    's',
    'list map int uint double bool string timestamp bytes duration type null'.split(' '),
    'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  ],
]

/** What is wrong with `'form'.format([values])`, as far as types tell. */
function formatIssue(
  pos: number,
  form: string,
  args: readonly Expr[],
  types: ReadonlyMap<Expr, Type>,
): Issue | undefined {
  let n = 0
  for (const [, verb = ''] of form.matchAll(/%(?:\.\d+)?(.?)/gsu)) {
    if (verb === '%') continue
    if (verb === '') return { pos, message: 'unexpected end of string' }
    const arg = args[n]
    if (!arg) return { pos, message: `index ${n} out of range` }
    const clause = FORMATTED.find(([verbs]) => verbs.includes(verb))
    if (!clause) return { pos, message: `could not parse formatting clause: unrecognized formatting clause "${verb}"` }
    const bad = misfit(arg, clause[1], types)
    if (bad) {
      const given = (types.get(bad) ?? DYN).name
      return { pos: bad.pos, message: `error during formatting: ${clause[2]}, was given ${given}` }
    }
    n++
  }
  return args.length > n
    ? { pos, message: `too many arguments supplied to string.format (expected ${n}, got ${args.length})` }
    : undefined
}

/** What in an expression is of no fitting type; lists and maps are looked into. */
function misfit(e: Expr, kinds: readonly string[], types: ReadonlyMap<Expr, Type>): Expr | undefined {
  const { kind } = types.get(e) ?? DYN
  if (kind !== 'dyn' && !kinds.includes(kind)) return e
  if (e.kind !== 'list' && e.kind !== 'map') return undefined
  for (const p of partsOf(e)) {
    const bad = misfit(p, kinds, types)
    if (bad) return bad
  }
  return undefined
}

/** What the API server's validators say of literals. */
function literalIssues(e: Expr, types: ReadonlyMap<Expr, Type>): Issue[] {
  const issues: Issue[] = []
  const mixed = (items: readonly Expr[], optional: readonly boolean[]): void => {
    const of = (x: Expr, i: number): Type => {
      const t = types.get(x) ?? DYN
      return optional[i] ? (unwrapped(t) ?? t) : t
    }
    const [first] = items
    if (!first) return
    const wanted = of(first, 0)
    const at = items.findIndex((x, i) => !sameType(of(x, i), wanted))
    const other = items[at]
    if (other)
      issues.push({
        pos: other.pos,
        message: `expected type '${typeText(wanted)}' but found '${typeText(of(other, at))}'`,
      })
  }
  const visit = (x: Expr, exempt: boolean): void => {
    let free = exempt
    if (x.kind === 'call') {
      const test = Object.hasOwn(LITERALS, x.fn) ? LITERALS[x.fn] : undefined
      const [a] = x.args
      if (test && a?.kind === 'literal' && typeof a.value === 'string' && test(a.value))
        issues.push({ pos: a.pos, message: `invalid ${x.fn} argument` })
      if (
        x.fn === 'format' &&
        a?.kind === 'list' &&
        x.target?.kind === 'literal' &&
        typeof x.target.value === 'string'
      ) {
        const issue = formatIssue(
          x.pos,
          x.target.value,
          a.elements.map((el) => el.value),
          types,
        )
        if (issue) issues.push(issue)
      }
      free ||= x.fn === 'format'
    }
    if (!free && x.kind === 'list')
      mixed(
        x.elements.map((el) => el.value),
        x.elements.map((el) => el.optional),
      )
    if (!free && x.kind === 'map') {
      mixed(
        x.entries.map((en) => en.key),
        [],
      )
      mixed(
        x.entries.map((en) => en.value),
        x.entries.map((en) => en.optional),
      )
    }
    for (const p of partsOf(x)) visit(p, free)
  }
  visit(e, false)
  return issues
}

/** Checks an expression over variables of known types. */
export function check(e: Expr, variables: ReadonlyMap<string, Type>): Checked {
  const c = new Checker(variables)
  c.check(e)
  const type = c.finish(e)
  const issues = c.issues.length ? c.issues : literalIssues(e, c.types)
  return { type, types: c.types, overloads: c.overloads, names: c.names, issues }
}
