// The values of a Go template and the functions it may call: text/template's builtins and kubectl's own exists and
// base64decode.
import { sortedKeys } from './gojson.ts'
import { formatNumber, goValue } from './goformat.ts'
import { sprint, sprintf } from './gosprintf.ts'
import type { GoArg } from './gosprintf.ts'
import type { Json, JsonObject } from './object.ts'

/** A number with its Go type. */
export class Int {
  readonly n: number
  readonly type: 'int' | 'int64' | 'float64' | 'uint8'
  /** All digits, where `n` has not all of them. */
  readonly text: string | undefined
  constructor(n: number, type: 'int' | 'int64' | 'float64' | 'uint8', text?: string) {
    this.n = n
    this.type = type
    this.text = text
  }
}
export type Raw = null | boolean | string | Int | readonly Json[] | JsonObject
/**
 * A reflect.Value: undefined is the zero one; `iface` says that its static type is interface{}, as elements of lists
 * and maps have it.
 */
export type Val = { readonly v: Raw; readonly iface: boolean } | undefined

/** A JSON value as a template sees it. */
export function fromJson(value: Json | undefined, iface: boolean): Val {
  if (value === undefined) return undefined
  if (typeof value === 'number') return { v: new Int(value, Number.isInteger(value) ? 'int64' : 'float64'), iface }
  if (typeof value === 'bigint') return { v: new Int(Number(value), 'int64', String(value)), iface }
  return { v: value, iface }
}

const isList = (v: Raw): v is readonly Json[] => Array.isArray(v)
const isMap = (v: Raw): v is JsonObject =>
  typeof v === 'object' && v !== null && !Array.isArray(v) && !(v instanceof Int)
const bytes = (s: string): Uint8Array => new TextEncoder().encode(s)

/** The concrete type's name. */
export function typeOf(v: Raw): string {
  if (v === null) return 'interface {}'
  if (v instanceof Int) return v.type
  if (typeof v === 'string') return 'string'
  if (typeof v === 'boolean') return 'bool'
  return isList(v) ? '[]interface {}' : 'map[string]interface {}'
}

const intText = (i: Int): string => i.text ?? formatNumber(i.n, i.type === 'float64' ? 'floats' : 'ints')
const rawText = (v: Raw): string => (v instanceof Int ? intText(v) : goValue(v))

/** What an action prints. */
export function printable(value: Val): string {
  return value === undefined || value.v === null ? '<no value>' : rawText(value.v)
}

/** A value inside an error. */
export function rangeText(value: Val): string {
  return value === undefined ? '<nil>' : rawText(value.v)
}

export function isTrue(value: Val): boolean {
  if (value === undefined || value.v === null) return false
  const { v } = value
  if (v instanceof Int) return v.n !== 0
  if (typeof v === 'string' || isList(v)) return v.length > 0
  return typeof v === 'boolean' ? v : Object.keys(v).length > 0
}

type Found = { readonly value: Val } | { readonly error: string }

/** A field of a map. */
export function fieldOf(receiver: Val, name: string, missingError: boolean, hasArgs: boolean): Found {
  if (receiver === undefined)
    return missingError ? { error: `nil data; no entry for key ${JSON.stringify(name)}` } : { value: undefined }
  const type = receiver.iface ? 'interface {}' : typeOf(receiver.v)
  if (receiver.v === null) return { error: `nil pointer evaluating ${type}.${name}` }
  if (!isMap(receiver.v)) return { error: `can't evaluate field ${name} in type ${type}` }
  if (hasArgs) return { error: `${name} is not a method but has arguments` }
  if (Object.hasOwn(receiver.v, name) && receiver.v[name] !== undefined)
    return { value: fromJson(receiver.v[name], true) }
  return missingError ? { error: `map has no entry for key ${JSON.stringify(name)}` } : { value: undefined }
}

/** What a range goes over: pairs of index and element, 'int' for a number, undefined where it cannot. */
export function iterate(value: Val): readonly (readonly [Val, Val])[] | 'int' | undefined {
  if (value === undefined) return []
  const { v } = value
  if (v instanceof Int) return v.type === 'float64' ? undefined : 'int'
  if (isList(v)) return v.map((e, i) => [{ v: new Int(i, 'int'), iface: false }, fromJson(e, true)] as const)
  if (isMap(v)) return sortedKeys(v).map((k) => [{ v: k, iface: false }, fromJson(v[k], true)] as const)
  return undefined
}

interface TemplateFunction {
  /** How many arguments; the least, when variadic. */
  readonly args: number
  readonly variadic?: boolean
  /** Arguments that must be strings. */
  readonly strings?: readonly number[]
}

export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({
    and: { args: 1, variadic: true },
    or: { args: 1, variadic: true },
    not: { args: 1 },
    len: { args: 1 },
    call: { args: 1, variadic: true },
    index: { args: 1, variadic: true },
    slice: { args: 1, variadic: true },
    print: { args: 0, variadic: true },
    println: { args: 0, variadic: true },
    printf: { args: 1, variadic: true, strings: [0] },
    html: { args: 0, variadic: true },
    js: { args: 0, variadic: true },
    urlquery: { args: 0, variadic: true },
    eq: { args: 1, variadic: true },
    ne: { args: 2 },
    lt: { args: 2 },
    le: { args: 2 },
    gt: { args: 2 },
    ge: { args: 2 },
    exists: { args: 1, variadic: true },
    base64decode: { args: 1, strings: [0] },
  } satisfies Record<string, TemplateFunction>),
)

class Refused extends Error {}
const ZERO_TYPE = 'reflect: call of reflect.Value.Type on zero Value'
const concrete = (value: Val): Raw | undefined =>
  value === undefined || (value.iface && value.v === null) ? undefined : value.v
const bool = (v: boolean): Val => ({ v, iface: false })
const text = (v: string): Val => ({ v, iface: false })
const arg = (value: Val): GoArg => {
  const v = concrete(value)
  return v === undefined || v === null ? null : v instanceof Int ? { number: v.n, type: v.type } : v
}

/** `raw`: an index that comes as interface{} is refused (slice), or opened (index). */
function indexOf(value: Val, cap: number, raw = false): number {
  const v = concrete(value)
  if (v === undefined) throw new Refused('cannot index slice/array with nil')
  if (!(v instanceof Int) || v.type === 'float64' || (raw && value?.iface))
    throw new Refused(`cannot index slice/array with type ${raw && value?.iface ? 'interface {}' : typeOf(v)}`)
  if (v.n < 0 || v.n > cap) throw new Refused(`index out of range: ${v.n}`)
  return v.n
}

function index(item: Val, indexes: readonly Val[]): Val {
  let value = item
  if (concrete(value) === undefined) throw new Refused('index of untyped nil')
  for (const i of indexes) {
    const v = concrete(value)
    if (v === undefined || v === null) throw new Refused('index of nil pointer')
    if (isList(v)) {
      const at = indexOf(i, v.length)
      if (at >= v.length) throw new Refused('reflect: slice index out of range')
      value = fromJson(v[at], true)
    } else if (typeof v === 'string') {
      const b = bytes(v)
      const at = indexOf(i, b.length)
      if (at >= b.length) throw new Refused('reflect: string index out of range')
      value = { v: new Int(b[at] ?? 0, 'uint8'), iface: false }
    } else if (isMap(v)) {
      const key = concrete(i)
      if (key === undefined) throw new Refused('value is nil; should be of type string')
      if (typeof key !== 'string') throw new Refused(`value has type ${typeOf(key)}; should be string`)
      value = Object.hasOwn(v, key) ? fromJson(v[key], true) : { v: null, iface: true }
    } else throw new Refused(`can't index item of type ${typeOf(v)}`)
  }
  return value
}

function slice(item: Val, indexes: readonly Val[]): Val {
  const v = concrete(item)
  if (v === undefined || v === null) throw new Refused('slice of untyped nil')
  if (indexes.length > 3) throw new Refused(`too many slice indexes: ${indexes.length}`)
  if (typeof v === 'string' && indexes.length === 3) throw new Refused('cannot 3-index slice a string')
  if (typeof v !== 'string' && !isList(v)) throw new Refused(`can't slice item of type ${typeOf(v)}`)
  const whole = typeof v === 'string' ? bytes(v) : v
  const at = [0, whole.length, whole.length]
  indexes.forEach((i, k) => {
    at[k] = indexOf(i, whole.length, true)
  })
  const [from = 0, to = 0, max = 0] = at
  if (from > to) throw new Refused(`invalid slice index: ${from} > ${to}`)
  if (indexes.length === 3 && to > max) throw new Refused(`invalid slice index: ${to} > ${max}`)
  return typeof v === 'string'
    ? text(new TextDecoder().decode(bytes(v).slice(from, to)))
    : { v: v.slice(from, to), iface: false }
}

function length(item: Val): number {
  const v = item?.v
  if (v === undefined) throw new Refused(ZERO_TYPE)
  if (v === null) throw new Refused('len of nil pointer')
  if (typeof v === 'string') return bytes(v).length
  if (isList(v)) return v.length
  if (isMap(v)) return Object.keys(v).length
  throw new Refused(`len of type ${typeOf(v)}`)
}

type Kind = 'bool' | 'int' | 'float' | 'string' | 'uint' | 'other'
function kindOf(v: Raw | undefined): Kind {
  if (v instanceof Int) return v.type === 'float64' ? 'float' : v.type === 'uint8' ? 'uint' : 'int'
  return typeof v === 'string' ? 'string' : typeof v === 'boolean' ? 'bool' : 'other'
}
const comparable = (v: Raw | undefined): string | number | boolean =>
  v instanceof Int ? v.n : typeof v === 'string' || typeof v === 'boolean' ? v : 0

function eq(first: Val, others: readonly Val[]): boolean {
  if (others.length === 0) throw new Refused('missing argument for comparison')
  const a = concrete(first)
  const k1 = kindOf(a)
  for (const other of others) {
    const b = concrete(other)
    const k2 = kindOf(b)
    if (k1 === k2) {
      if (k1 !== 'other') {
        if (comparable(a) === comparable(b)) return true
        continue
      }
      if (a === undefined || b === undefined) {
        if (a === b) return true
        continue
      }
      if (isList(a) !== isList(b))
        throw new Refused(`non-comparable types ${rawText(a)}: ${typeOf(a)}, ${typeOf(b)}: ${rawText(b)}`)
      throw new Refused(`non-comparable type ${rawText(b)}: ${typeOf(b)}`)
    }
    if ((k1 === 'int' && k2 === 'uint') || (k1 === 'uint' && k2 === 'int')) {
      if (comparable(a) === comparable(b)) return true
      continue
    }
    if (a !== undefined && b !== undefined) throw new Refused('incompatible types for comparison')
  }
  return false
}

function lt(first: Val, second: Val): boolean {
  const a = concrete(first)
  const b = concrete(second)
  const k1 = kindOf(a)
  const k2 = kindOf(b)
  if (k1 === 'other' || k2 === 'other') throw new Refused('invalid type for comparison')
  const mixed = (k1 === 'int' && k2 === 'uint') || (k1 === 'uint' && k2 === 'int')
  if (k1 !== k2 && !mixed) throw new Refused('incompatible types for comparison')
  if (k1 === 'bool') throw new Refused('invalid type for comparison')
  return comparable(a) < comparable(b)
}

function exists(item: Val, indexes: readonly Val[]): boolean {
  let value = item
  for (const i of indexes) {
    const v = concrete(value)
    const key = concrete(i)
    if (v === undefined || v === null) return false
    if (isMap(v)) {
      if (typeof key !== 'string') return false
      value = Object.hasOwn(v, key) ? fromJson(v[key], true) : undefined
    } else if (isList(v) || typeof v === 'string') {
      const list = typeof v === 'string' ? [...bytes(v)] : v
      if (!(key instanceof Int) || key.type === 'float64' || key.n < 0 || key.n >= list.length) return false
      value = fromJson(list[key.n], true)
    } else return false
  }
  return value !== undefined && value.v !== null
}

const HTML: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
}
const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}
const joined = (values: readonly Val[]): string => {
  const [only] = values
  return values.length === 1 && typeof only?.v === 'string'
    ? only.v
    : sprint(values.map((v) => (v === undefined || v.v === null ? '<no value>' : arg(v))))
}

/**
 * Calls a builtin; what it refuses is the text after `error calling name: `. `written`: its first argument as the
 * template has it.
 */
export function callFunction(name: string, args: readonly Val[], written = ''): Found {
  try {
    return { value: call(name, args, written) }
  } catch (e) {
    if (e instanceof Refused) return { error: e.message }
    throw e
  }
}

function call(name: string, args: readonly Val[], written: string): Val {
  const [first, ...rest] = args
  switch (name) {
    case 'not':
      return bool(!isTrue(first))
    case 'len':
      return { v: new Int(length(first), 'int'), iface: false }
    case 'index':
      return index(first, rest)
    case 'slice':
      return slice(first, rest)
    case 'print':
      return text(sprint(args.map(arg)))
    case 'println':
      return text(`${args.map((a) => sprint([arg(a)])).join(' ')}\n`)
    case 'printf':
      return text(sprintf(typeof first?.v === 'string' ? first.v : '', rest.map(arg)))
    case 'html':
      return text(joined(args).replace(/["'&<>\0]/g, (c) => HTML[c] ?? c))
    case 'js':
      return text(
        joined(args).replace(
          /[\\'"<>&=]|[\0-\x1f\x7f]/g,
          (c) => JS[c] ?? `\\u${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
        ),
      )
    case 'urlquery':
      return text(
        encodeURIComponent(joined(args))
          .replace(/%20/g, '+')
          .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
      )
    case 'eq':
      return bool(eq(first, rest))
    case 'ne':
      return bool(!eq(first, rest))
    case 'lt':
      return bool(lt(first, rest[0]))
    case 'le':
      return bool(lt(first, rest[0]) || eq(first, rest))
    case 'gt':
      return bool(!(lt(first, rest[0]) || eq(first, rest)))
    case 'ge':
      return bool(!lt(first, rest[0]))
    case 'exists':
      return bool(exists(first, rest))
    case 'base64decode': {
      const encoded = typeof first?.v === 'string' ? first.v.replace(/[\r\n]/g, '') : ''
      const good = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)
      if (!good) {
        const bad = encoded.search(/[^A-Za-z0-9+/]/)
        throw new Refused(
          `base64 decode failed: illegal base64 data at input byte ${bad >= 0 && !/^={1,2}$/.test(encoded.slice(bad)) ? bad : encoded.length - (encoded.length % 4)}`,
        )
      }
      return text(new TextDecoder().decode(Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0))))
    }
    case 'call': {
      if (concrete(first) === undefined) throw new Refused('call of nil')
      throw new Refused(`non-function ${written} of type ${typeOf(first?.v ?? null)}`)
    }
  }
  return undefined
}
