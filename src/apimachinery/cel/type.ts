// The types of CEL: how they are written, when one may stand for another; as cel-go's common/types and checker/types.

/** What a type is at its root. */
export type Kind =
  | 'any'
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'param'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'uint'

/** A type of CEL. Sizes and fields are known of what a schema declares. */
export interface Type {
  readonly kind: Kind
  readonly name: string
  readonly params: readonly Type[]
  /** The fields of a struct that has some to read. */
  readonly fields?: ReadonlyMap<string, Type>
  /** How many elements, characters or bytes a value may have, where a schema says so. */
  readonly maxElements?: number
  /** What a value takes at least as JSON. */
  readonly minSize?: number
}

const simple = (kind: Kind, name: string = kind): Type => ({ kind, name, params: [] })
export const BOOL = simple('bool')
export const BYTES = simple('bytes')
export const DOUBLE = simple('double')
export const DURATION = simple('duration', 'google.protobuf.Duration')
export const DYN = simple('dyn')
export const ERROR = simple('error', '*error*')
export const INT = simple('int')
export const NULL = simple('null', 'null_type')
export const STRING = simple('string')
export const TIMESTAMP = simple('timestamp', 'google.protobuf.Timestamp')
export const UINT = simple('uint')
export const listOf = (item: Type): Type => ({ kind: 'list', name: 'list', params: [item] })
export const mapOf = (key: Type, value: Type): Type => ({ kind: 'map', name: 'map', params: [key, value] })
export const opaque = (name: string, ...params: Type[]): Type => ({ kind: 'opaque', name, params })
export const optionalOf = (item: Type): Type => opaque('optional_type', item)
export const struct = (name: string, fields?: ReadonlyMap<string, Type>): Type => ({
  kind: 'struct',
  name,
  params: [],
  ...(fields ? { fields } : {}),
})
export const param = (name: string): Type => simple('param', name)
export const typeOf = (item: Type): Type => ({ kind: 'type', name: 'type', params: [item] })

/** Words that the language keeps for itself, now or later; fields of those names are written `__word__`, or as they are. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var ' +
    'void while'
  ).split(' '),
)

/** What stands under a field's name. */
export function fieldOf<T>(fields: ReadonlyMap<string, T> | undefined, name: string): T | undefined {
  return fields?.get(name) ?? (KEYWORDS.has(name) ? fields?.get(`__${name}__`) : undefined)
}

/** FormatCELType: a type in a refusal of the checker. */
export function typeText(t: Type): string {
  if (t.kind === 'any' || t.kind === 'duration' || t.kind === 'timestamp' || t.kind === 'null') return t.kind
  if (t.kind === 'error') return '!error!'
  return t.params.length ? `${t.name}(${t.params.map(typeText).join(', ')})` : t.name
}

/** Type.String: a type in other sentences. */
export const typeString = (t: Type): string =>
  t.params.length ? `${t.name}(${t.params.map(typeString).join(', ')})` : t.name

/** The same type, sizes left aside. */
export function sameType(a: Type, b: Type): boolean {
  return (
    a === b ||
    (a.kind === b.kind &&
      a.name === b.name &&
      a.params.length === b.params.length &&
      a.params.every((p, i) => {
        const other = b.params[i]
        return other !== undefined && sameType(p, other)
      }))
  )
}

export const isDyn = (t: Type): boolean => t.kind === 'dyn' || t.kind === 'any'
const isDynOrError = (t: Type): boolean => isDyn(t) || t.kind === 'error'
/** What an optional holds, or undefined for any other type. */
export const unwrapped = (t: Type): Type | undefined =>
  t.kind === 'opaque' && t.name === 'optional_type' ? t.params[0] : undefined

const at = (t: Type, i: number): Type => t.params[i] ?? DYN

/** What type parameters stand for, while an expression is checked. */
export class Substitutions {
  #map: Map<string, Type>
  constructor(map: ReadonlyMap<string, Type> = new Map()) {
    this.#map = new Map(map)
  }

  set(from: Type, to: Type): void {
    this.#map.set(typeText(from), to)
  }

  #find(t: Type): Type | undefined {
    return this.#map.get(typeText(t))
  }

  /** Puts in what is known of the parameters; those that are free become dyn where it is asked for. */
  substitute(t: Type, freeIsDyn = false): Type {
    const found = this.#find(t)
    if (found) return this.substitute(found, freeIsDyn)
    if (t.kind === 'param') return freeIsDyn ? DYN : t
    if (t.params.length === 0 || t.kind === 'struct') return t
    return { ...t, params: t.params.map((p) => this.substitute(p, freeIsDyn)) }
  }

  /** Whether each type may stand for its counterpart; only then what was learned of parameters is kept. */
  assignable(from: readonly Type[], to: readonly Type[]): boolean {
    const trial = new Substitutions(this.#map)
    if (!trial.#all(from, to)) return false
    this.#map = trial.#map
    return true
  }

  #all(from: readonly Type[], to: readonly Type[]): boolean {
    return (
      from.length === to.length &&
      from.every((t, i) => {
        const other = to[i]
        return other !== undefined && this.#one(t, other)
      })
    )
  }

  #one(a: Type, b: Type): boolean {
    if (b.kind === 'param') {
      const { valid, known } = this.#stands(a, b)
      if (valid) return true
      if (known) return false
    }
    if (a.kind === 'param') return this.#stands(b, a).valid
    if (isDynOrError(a) || isDynOrError(b)) return true
    if (a.kind === 'null') return nullable(b)
    if (b.kind === 'null') return nullable(a)
    switch (a.kind) {
      case 'type':
        return b.kind === 'type'
      case 'list':
      case 'map':
      case 'opaque':
        return a.kind === b.kind && a.name === b.name && this.#all(a.params, b.params)
      default:
        return a.kind === b.kind && a.name === b.name
    }
  }

  /** isValidTypeSubstitution. */
  #stands(t: Type, p: Type): { valid: boolean; known: boolean } {
    if (sameType(t, p)) return { valid: true, known: true }
    const found = this.#find(p)
    if (found) {
      if (sameType(t, found)) return { valid: true, known: true }
      if (!this.#one(t, found)) return { valid: false, known: true }
      const general = mostGeneral(t, found)
      if (this.#free(p, general)) this.set(p, general)
      return { valid: true, known: true }
    }
    if (!this.#free(p, t)) return { valid: false, known: false }
    this.set(p, t)
    return { valid: true, known: false }
  }

  #free(p: Type, within: Type): boolean {
    if (sameType(p, within)) return false
    if (within.kind === 'param') {
      const found = this.#find(within)
      return !found || this.#free(p, found)
    }
    return within.params.every((x) => this.#free(p, x))
  }
}

const nullable = (t: Type): boolean =>
  t.kind === 'null' || t.kind === 'opaque' || t.kind === 'struct' || t.kind === 'duration' || t.kind === 'timestamp'

function lessSpecific(a: Type, b: Type): boolean {
  if (isDyn(a) || a.kind === 'param') return true
  if (isDyn(b) || b.kind === 'param' || a.kind !== b.kind) return false
  if (a.kind === 'opaque' && (a.name !== b.name || a.params.length !== b.params.length)) return false
  if (a.kind === 'opaque' || a.kind === 'list' || a.kind === 'map')
    return a.params.every((p, i) => lessSpecific(p, at(b, i)))
  return a.kind === 'type' || sameType(a, b)
}

/** The wider of two types that agree. */
export const mostGeneral = (a: Type, b: Type): Type => (lessSpecific(a, b) ? a : b)
