// What an expression may cost at most, estimated from the sizes that a schema allows; as cel-go's checker/cost and
// apiserver's library.CostEstimator.
import type { Checked } from './checker.ts'
import type { CallExpr, Comprehension, Expr } from './parser.ts'
import { fieldOf, unwrapped } from './type.ts'
import type { Type } from './type.ts'
import { Uint } from './value.ts'

/** From the least to the most; the most that there is stands for what is not known. */
interface Range {
  readonly min: bigint
  readonly max: bigint
}
const MAX = 2n ** 64n - 1n
const cap = (n: bigint): bigint => (n > MAX ? MAX : n)
const range = (min: bigint, max = min): Range => ({ min, max })
const UNKNOWN = range(0n, MAX)
const add = (a: Range, b: Range): Range => range(cap(a.min + b.min), cap(a.max + b.max))
const times = (a: Range, b: Range): Range => range(cap(a.min * b.min), cap(a.max * b.max))
const union = (a: Range, b: Range): Range => range(a.min < b.min ? a.min : b.min, a.max > b.max ? a.max : b.max)
const scale = (n: bigint, by: number): bigint => {
  const out = Math.ceil(Number(n) * by)
  return out >= 2 ** 64 ? MAX : BigInt(out)
}
const factor = (a: Range, by: number): Range => range(scale(a.min, by), scale(a.max, by))
const TRAVERSE = 0.1
const REGEX = 0.25

interface EntrySize {
  readonly list: boolean
  readonly key: Range
  readonly value: Range
}
interface Local {
  readonly path: readonly string[]
  readonly size?: Range
  readonly entries?: EntrySize
}
interface Estimate {
  readonly cost: Range
  readonly size?: Range
}
/** A node for the estimates of calls: its type, where the schema has it, its size if the expression tells. */
interface Node {
  readonly type: Type
  readonly path: readonly string[]
  readonly size?: Range
  readonly expr?: Expr
}

const SCALARS: ReadonlySet<string> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint'])
const scalar = (t: Type): boolean => {
  const held = unwrapped(t)
  return held ? scalar(held) : SCALARS.has(t.kind)
}

/** How large what stands at a path may be. */
function sizeAt(root: Type, path: readonly string[]): Range | undefined {
  if (path.length === 0) return undefined
  let t: Type | undefined = root
  for (const name of path.slice(1)) {
    if (name === '@items') t = t.params[0]
    else if (name === '@values') t = t.kind === 'list' ? t.params[0] : t.params[1]
    else if (name === '@keys') t = t.kind === 'map' ? t.params[0] : undefined
    else t = fieldOf(t.fields, name)
    if (!t) return undefined
  }
  return range(0n, BigInt(Math.max(0, t.maxElements ?? 0)))
}

class Coster {
  readonly #checked: Checked
  readonly #root: Type
  readonly #paths = new Map<Expr, readonly string[]>()
  readonly #sizes = new Map<Expr, Range>()
  readonly #entries = new Map<Expr, EntrySize>()
  readonly #locals = new Map<string, Local[]>()
  constructor(checked: Checked, root: Type) {
    this.#checked = checked
    this.#root = root
  }

  #type(e: Expr): Type {
    return this.#checked.types.get(e) ?? { kind: 'dyn', name: 'dyn', params: [] }
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1)
  }

  #with<T>(name: string, local: Local, run: () => T): T {
    const stack = this.#locals.get(name) ?? []
    this.#locals.set(name, [...stack, local])
    try {
      return run()
    } finally {
      this.#locals.set(name, stack)
    }
  }

  #path(e: Expr): readonly string[] {
    return (e.kind === 'ident' ? this.#local(e.name)?.path : undefined) ?? this.#paths.get(e) ?? []
  }

  #node(e: Expr): Node {
    const path = this.#path(e)
    const size = this.#size(e)
    return { type: this.#type(e), path: path[0] === '@result' ? [] : path, expr: e, ...(size ? { size } : {}) }
  }

  #size(e: Expr): Range | undefined {
    const known = this.#sizes.get(e)
    if (known) return known
    if (e.kind === 'literal') {
      const v = e.value
      return range(
        typeof v === 'string'
          ? BigInt([...v].length)
          : v instanceof Uint8Array
            ? BigInt(v.length)
            : v instanceof Uint
              ? 1n
              : 1n,
      )
    }
    if (e.kind === 'list') return range(BigInt(e.elements.length))
    if (e.kind === 'map') return range(BigInt(e.entries.length))
    const declared = sizeAt(this.#root, this.#path(e))
    if (declared) {
      this.#sizes.set(e, declared)
      return declared
    }
    if (scalar(this.#type(e))) return range(1n)
    return e.kind === 'ident' ? this.#local(e.name)?.size : undefined
  }

  #sizeOf(n: Node): Range {
    return n.size ?? sizeAt(this.#root, n.path) ?? UNKNOWN
  }

  #entriesOf(e: Expr): EntrySize | undefined {
    return this.#entries.get(e) ?? (e.kind === 'ident' ? this.#local(e.name)?.entries : undefined)
  }

  cost(e: Expr): Range {
    switch (e.kind) {
      case 'literal':
        return range(0n)
      case 'ident':
        this.#paths.set(e, this.#local(e.name)?.path ?? [e.name])
        return range(1n)
      case 'select': {
        if (this.#checked.names.has(e)) return range(1n)
        const of = this.cost(e.operand)
        if (e.test) return of
        this.#paths.set(e, [...this.#path(e.operand), e.field])
        return ['map', 'struct', 'param'].includes(this.#type(e.operand).kind) ? add(of, range(1n)) : of
      }
      case 'call':
        return this.#call(e)
      case 'list': {
        let sum = range(10n)
        let item = range(e.elements.length ? MAX : 0n, 0n)
        for (const { value } of e.elements) {
          sum = add(sum, this.cost(value))
          item = union(item, this.#size(value) ?? UNKNOWN)
        }
        this.#entries.set(e, { list: true, key: range(1n), value: item })
        return sum
      }
      case 'map': {
        let sum = range(30n)
        let key = range(e.entries.length ? MAX : 0n, 0n)
        let value = key
        for (const en of e.entries) {
          sum = add(add(sum, this.cost(en.key)), this.cost(en.value))
          key = union(key, this.#size(en.key) ?? UNKNOWN)
          value = union(value, this.#size(en.value) ?? UNKNOWN)
        }
        this.#entries.set(e, { list: false, key, value })
        return sum
      }
      case 'struct':
        return e.fields.reduce((sum, f) => add(sum, this.cost(f.value)), range(40n))
      case 'comprehension':
        return this.#fold(e)
    }
  }

  #bound(e: Expr): Local {
    const size = this.#size(e)
    const entries = this.#entriesOf(e)
    return { path: this.#path(e), ...(size ? { size } : {}), ...(entries ? { entries } : {}) }
  }

  #fold(e: Expr & Comprehension): Range {
    const outer = add(this.cost(e.range), this.cost(e.init))
    const bind =
      e.range.kind === 'list' &&
      e.range.elements.length === 0 &&
      e.condition.kind === 'literal' &&
      e.condition.value === false &&
      e.accuVar !== '@result'
    if (bind)
      return this.#with(e.accuVar, this.#bound(e.init), () => {
        const sum = add(outer, this.cost(e.result))
        const size = this.#size(e.result)
        if (size) this.#sizes.set(e, size)
        const entries = this.#entriesOf(e.result)
        if (entries) this.#entries.set(e, entries)
        return sum
      })
    const entries = this.#entriesOf(e.range)
    const list = entries ? entries.list : this.#type(e.range).kind === 'list'
    const path = this.#path(e.range)
    const local = (sub: string, size: Range | undefined): Local => ({ path: [...path, sub], ...(size ? { size } : {}) })
    const two = e.iterVar2
    const first =
      two === undefined
        ? list
          ? local('@items', entries?.value)
          : local('@keys', entries?.key)
        : local(list ? '@indices' : '@keys', entries?.key)
    const [loop, result] = this.#with(e.accuVar, this.#bound(e.init), () => {
      const inner = (): Range => add(this.cost(e.condition), this.cost(e.step))
      const each = this.#with(e.iterVar, first, () =>
        two === undefined ? inner() : this.#with(two, local(list ? '@items' : '@values', entries?.value), inner),
      )
      return [each, this.cost(e.result)] as const
    })
    const count = this.#size(e.range) ?? UNKNOWN
    if (e.init.kind === 'literal') {
      const size = this.#size(e.init)
      if (size) this.#sizes.set(e, size)
    } else if (e.init.kind === 'list' || e.init.kind === 'map') {
      this.#sizes.set(e, count)
      const step = this.#entriesOf(e.step)
      if (step) this.#entries.set(e, step)
    }
    return add(add(outer, result), times(count, loop))
  }

  #call(e: CallExpr): Range {
    const [a] = e.args
    if (e.fn === 'dyn' && a) {
      const cost = add(range(1n), this.cost(a))
      const size = this.#size(a)
      if (size) this.#sizes.set(e, size)
      const entries = this.#entriesOf(a)
      if (entries) this.#entries.set(e, entries)
      return cost
    }
    const costs = e.args.map((x) => this.cost(x))
    const args = e.args.map((x) => this.#node(x))
    const named = this.#checked.names.get(e)
    const target = e.target && named === undefined ? e.target : undefined
    const before = target ? this.cost(target) : range(0n)
    const receiver = target && this.#node(target)
    let cost = range(MAX, 0n)
    let size: Range | undefined
    for (const id of this.#checked.overloads.get(e) ?? []) {
      const found = this.#estimate(e, named ?? e.fn, id, receiver, args, costs)
      cost = union(cost, found.cost)
      if (found.size) size = size ? union(size, found.size) : found.size
      if (a && (id === 'index_list' || id === 'index_map')) {
        size = this.#entriesOf(a)?.value
        this.#paths.set(e, [...this.#path(a), id === 'index_list' ? '@items' : '@values'])
      }
      size ??= this.#size(e)
    }
    if (size) this.#sizes.set(e, size)
    return add(before, cost)
  }

  #item(list: Node): Node | undefined {
    const [type] = list.type.params
    return type && { type, path: list.path.length ? [...list.path, '@items'] : [] }
  }

  /** What a call costs, by its overload. */
  #estimate(
    e: CallExpr,
    fn: string,
    id: string,
    target: Node | undefined,
    args: readonly Node[],
    costs: readonly Range[],
  ): Estimate {
    const own = this.#library(fn, id, target, args)
    const sum = costs.reduce(add, range(0n))
    if (own) return { cost: add(own.cost, sum), ...(own.size ? { size: own.size } : {}) }
    const [a, b, c] = args
    const size = (n: Node): Range => n.size ?? UNKNOWN
    switch (id) {
      case 'string_format':
        if (target) return { cost: add(factor(size(target), TRAVERSE), sum) }
        break
      case 'string_to_bytes':
      case 'bytes_to_string':
      case 'strings_quote':
        if (a) {
          const s = size(a)
          const made =
            id === 'string_to_bytes'
              ? range(s.min, cap(s.max * 4n))
              : id === 'bytes_to_string'
                ? range(s.min / 4n, s.max)
                : range(cap(s.min + 2n), cap(s.max * 2n + 2n))
          return { cost: add(factor(s, TRAVERSE), sum), size: made }
        }
        break
      case 'starts_with_string':
      case 'ends_with_string':
        if (a) return { cost: add(factor(size(a), TRAVERSE), sum) }
        break
      case 'in_list':
        if (b) return { cost: add(size(b), sum) }
        break
      case 'matches_string':
        if (target && a)
          return {
            cost: add(times(factor(add(size(target), range(1n)), TRAVERSE), factor(size(a), REGEX)), sum),
          }
        break
      case 'contains_string':
        if (target && a) return { cost: add(times(factor(size(target), TRAVERSE), factor(size(a), TRAVERSE)), sum) }
        break
      case 'logical_or':
      case 'logical_and':
        return { cost: range(costs[0]?.min ?? 0n, sum.max) }
      case 'conditional':
        if (b?.expr && c?.expr) {
          const [x, y] = [this.#entriesOf(b.expr), this.#entriesOf(c.expr)]
          if (x && y) this.#entries.set(e, { list: x.list, key: union(x.key, y.key), value: union(x.value, y.value) })
          const branches = union(costs[1] ?? range(0n), costs[2] ?? range(0n))
          return { cost: add(costs[0] ?? range(0n), branches), size: union(size(b), size(c)) }
        }
        break
      case 'add_string':
      case 'add_bytes':
      case 'add_list':
        if (a?.expr && b?.expr) {
          const made = add(size(a), size(b))
          const [x, y] = [this.#entriesOf(a.expr), this.#entriesOf(b.expr)]
          if (x && y) this.#entries.set(e, { list: x.list, key: union(x.key, y.key), value: union(x.value, y.value) })
          return { cost: add(id === 'add_list' ? range(1n) : factor(made, TRAVERSE), sum), size: made }
        }
        break
    }
    if (a && b && /^(?:(?:less|greater)(?:_equals)?_(?:string|bytes)|equals|not_equals)$/.test(id)) {
      const [x, y] = [size(a).max, size(b).max]
      const smallest = x < y ? x : y
      return { cost: add(factor(range(smallest > 0n ? 1n : 0n, smallest), TRAVERSE), sum) }
    }
    return { cost: add(range(1n), sum) }
  }

  /** library.CostEstimator.EstimateCallCost. */
  #library(fn: string, id: string, target: Node | undefined, args: readonly Node[]): Estimate | undefined {
    const [a, b] = args
    const one: Estimate = { cost: range(1n) }
    const size = (n: Node): Range => this.#sizeOf(n)
    // upstream asks whether there is a target by a pointer that is always there
    const traversed = (by: number): Estimate | undefined => (a ? { cost: factor(size(a), by * TRAVERSE) } : undefined)
    if (NOMINAL.has(fn)) return fn === 'check' ? { cost: range(350_000n) } : one
    switch (fn) {
      case 'fieldSelector':
      case 'labelSelector':
        return a && { cost: add(add(range(10n), factor(size(a), TRAVERSE)), factor(factor(size(a), 0.5), 50)) }
      case 'isSorted':
      case 'sum':
      case 'max':
      case 'min':
      case 'indexOf':
      case 'lastIndexOf': {
        if (!target) return undefined
        const item = this.#item(target)
        if (!item) return { cost: factor(size(target), TRAVERSE) }
        const each =
          item.type.kind === 'string' || item.type.kind === 'bytes'
            ? add(range(1n), factor(size(item), TRAVERSE))
            : range(1n)
        return { cost: times(size(target), each) }
      }
      case 'url':
      case 'jsonpatch.escapeKey':
        return a && { cost: factor(size(a), TRAVERSE), size: size(a) }
      case 'lowerAscii':
      case 'upperAscii':
      case 'substring':
      case 'trim':
        return target && { cost: factor(size(target), TRAVERSE), size: size(target) }
      case 'replace':
        return (
          target &&
          a &&
          b && { cost: factor(size(target), 2 * TRAVERSE), size: replaced(size(target), size(a), size(b)) }
        )
      case 'split': {
        if (!target) return undefined
        const limit =
          b?.expr?.kind === 'literal' && typeof b.expr.value === 'bigint' ? BigInt.asUintN(64, b.expr.value) : undefined
        return { cost: factor(size(target), 2 * TRAVERSE), size: range(0n, limit ?? size(target).max) }
      }
      case 'join': {
        if (!target) return undefined
        const list = size(target)
        const item = this.#item(target)
        let made = item ? times(list, size(item)) : range(0n)
        if (a)
          made = add(
            made,
            times(size(a), range(list.min > 0n ? list.min - 1n : 0n, list.max > 0n ? list.max - 1n : 0n)),
          )
        return { cost: factor(made, TRAVERSE), size: made }
      }
      case 'find':
      case 'findAll':
        return (
          target &&
          a && {
            cost: times(factor(add(size(target), range(1n)), TRAVERSE), factor(size(a), REGEX)),
            size: range(0n, size(target).max),
          }
        )
      case 'ip':
        return id === 'cidr_ip' ? one : traversed(1)
      case 'cidr':
      case 'isIP':
      case 'isCIDR':
      case 'quantity':
      case 'isQuantity':
        return traversed(1)
      case 'ip.isCanonical':
        return traversed(2)
      case 'containsIP':
      case 'containsCIDR': {
        const bytes = range(4n, 16n)
        let cost = factor(add(bytes, bytes), TRAVERSE)
        if (fn === 'containsCIDR') cost = add(add(cost, factor(bytes, TRAVERSE)), range(1n))
        return a && { cost: id.endsWith('_string') ? add(cost, factor(size(a), TRAVERSE)) : cost }
      }
      case 'validate':
        return a && { cost: factor(factor(size(a), TRAVERSE), 128 * REGEX) }
      case '_==_':
        if (
          a &&
          b &&
          a.type.name === b.type.name &&
          /^(?:net\.|kubernetes\.(?:Quantity|authorization))/.test(a.type.name)
        )
          return one
        if (a && b && a.type.name === b.type.name && a.type.name === 'kubernetes.NamedFormat')
          return { cost: factor(range(1n, 64n), TRAVERSE) }
        if (a && b && a.type.name === b.type.name && a.type.name === 'kubernetes.URL')
          return { cost: factor(range(1n, b.size?.max ?? 1n), TRAVERSE) }
    }
    return undefined
  }
}

/** How long a text is after replacements. */
function replaced(text: Range, from: Range, to: Range): Range {
  let max = 0n
  let keptMax = 0n
  if (from.min === 0n) {
    max = text.max < MAX ? text.max + 1n : text.max
    keptMax = text.max
  } else if (to.max <= from.min) keptMax = text.max
  else max = scale(text.max, 1 / Number(from.min))
  let min = 0n
  let keptMin = 0n
  if (from.max === 0n) {
    min = text.min < MAX ? text.min + 1n : text.min
    keptMin = text.min
  } else if (from.max <= to.min) keptMin = text.min
  else min = scale(text.min, 1 / Number(from.max))
  return add(times(range(min, max), to), range(keptMin, keptMax))
}

const NOMINAL: ReadonlySet<string> = new Set(
  (
    'check serviceAccount path group resource subresource namespace name allowed reason error errored masked prefixLength ' +
    'family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast format.named sign asInteger ' +
    'isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch getScheme getHostname ' +
    'getHost getPort getEscapedPath getQuery'
  ).split(' '),
)

/** The most that an expression may cost, `root` being the type of `self` (and of `oldSelf`). */
export const maxCost = (e: Expr, checked: Checked, root: Type): bigint => new Coster(checked, root).cost(e).max
