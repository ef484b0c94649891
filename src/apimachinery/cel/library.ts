// CEL's own functions and those of its extensions that the API server has: what they take and give, and how they work;
// as cel-go's stdlib, ext/strings, ext/sets and optional types. What Kubernetes adds stands in kubernetes.ts.
import { formatFloat } from '../gojson.ts'
import { goQuote } from '../gostring.ts'
import { KUBERNETES } from './kubernetes.ts'
import { goRegExp, goRegExpError } from '../goregexp.ts'
import { asText, compare, equal } from './semantics.ts'
import { durationText, readDuration, readTimestamp, timestampPart, timestampText } from './times.ts'
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  UINT,
  listOf,
  mapOf,
  opaque,
  optionalOf,
  param,
  struct,
  typeOf,
} from './type.ts'
import type { Type } from './type.ts'
import { CelError, Duration, Optional, Timestamp, TypeValue, Uint, notConverted, typeName } from './value.ts'

/** What a function does with values that fit its types. */
export type Action = (...args: never[]) => unknown
/** Name, overload, types (`string.(int) -> string`: a receiver before the dot), and what it does. */
export type Line = readonly [fn: string, id: string, types: string, action?: Action]

/** One way to call a function. */
export interface Overload {
  readonly id: string
  readonly member: boolean
  readonly args: readonly Type[]
  readonly result: Type
  readonly action?: Action
}

const I64 = (n: bigint): bigint => {
  if (BigInt.asIntN(64, n) !== n) throw new CelError('integer overflow')
  return n
}
const U64 = (n: bigint): Uint => {
  if (BigInt.asUintN(64, n) !== n) throw new CelError('unsigned integer overflow')
  return new Uint(n)
}
const divided = (by: bigint, what: 'division' | 'modulus'): bigint => {
  if (by === 0n) throw new CelError(`${what} by zero`)
  return by
}
const wrap = (n: bigint): Duration => {
  if (BigInt.asIntN(64, n) !== n) throw new CelError('duration overflow')
  return new Duration(n)
}
const chars = (s: string): string[] => [...s]
const outOfRange = (n: bigint): CelError => new CelError(`index out of range: ${n}`)

function find(s: string, part: string, from: bigint, last: boolean): bigint {
  const text = chars(s)
  const wanted = chars(part)
  if (part === '') return from
  const at = (i: number): boolean => wanted.every((c, j) => text[i + j] === c)
  if (last) {
    for (let i = Math.min(Number(from), text.length - wanted.length); i >= 0; i--) if (at(i)) return BigInt(i)
  } else for (let i = Number(from); i + wanted.length <= text.length; i++) if (at(i)) return BigInt(i)
  return -1n
}
const within = (s: string, n: bigint): bigint => {
  if (n < 0n || n > BigInt(chars(s).length)) throw outOfRange(n)
  return n
}

function substring(s: string, start: bigint, end?: bigint): string {
  const text = chars(s)
  const length = BigInt(text.length)
  if (end !== undefined && start > end) throw new CelError(`invalid substring range. start: ${start}, end: ${end}`)
  if (start < 0n || start > length) throw outOfRange(start)
  if (end !== undefined && (end < 0n || end > length)) throw outOfRange(end)
  return text.slice(Number(start), end === undefined ? undefined : Number(end)).join('')
}

function replace(s: string, from: string, to: string, n: bigint): string {
  if (n < 0n) return s.replaceAll(from, () => to)
  let left = Number(n)
  return from === ''
    ? chars(s).reduce((out, c) => out + (left-- > 0 ? to : '') + c, '') + (left > 0 ? to : '')
    : s.split(from).reduce((out, part) => out + (left-- > 0 ? to : from) + part)
}

function split(s: string, by: string, n: bigint): string[] {
  const parts = by === '' ? chars(s) : s.split(by)
  if (n < 0n || parts.length <= Number(n)) return n === 0n ? [] : parts
  if (n === 0n) return []
  return [...parts.slice(0, Number(n) - 1), parts.slice(Number(n) - 1).join(by)]
}

const quoteForCel = (v: unknown, text: string): string =>
  typeof v === 'string' ? goQuote(text) : v instanceof Uint8Array ? `b${goQuote(text)}` : text

/** `%s` of string.format. */
function formatString(v: unknown, nested = false): string {
  if (Array.isArray(v)) return `[${v.map((x) => quoteForCel(x, formatString(x, true))).join(', ')}]`
  if (v instanceof Map)
    return `{${[...v]
      .map(([k, x]) => [quoteForCel(k, asText(k)), quoteForCel(x, formatString(x, true))] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map((pair) => pair.join(':'))
      .join(', ')}}`
  if (v === null) return 'null'
  if (v instanceof TypeValue) return nested ? `type(${v.name})` : v.name
  if (nested && typeof v === 'number') return v.toFixed(6)
  if (nested && v instanceof Timestamp) return `timestamp(${goQuote(timestampText(v))})`
  if (nested && v instanceof Duration) return `duration(${goQuote(durationText(v))})`
  const text = textOf(v)
  if (text === undefined)
    throw new CelError(
      `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeName(v)}`,
    )
  return text
}

/** A number with so many digits; what lies in the middle goes to the even one. */
function fixed(v: number, digits: number): string {
  const scaled = v * 10 ** digits
  const down = Math.floor(scaled)
  return scaled - down === 0.5 && down % 2 === 0 ? (down / 10 ** digits).toFixed(digits) : v.toFixed(digits)
}

function format(form: string, args: readonly unknown[]): string {
  let n = 0
  return form.replace(/%(?:\.(\d+))?(.?)/gsu, (_, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (verb === '') throw new CelError('unexpected end of string')
    if (!'sdfebxXo'.includes(verb))
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
    if (n >= args.length) throw new CelError(`index ${n} out of range`)
    const v = args[n++]
    const wrong = (what: string): CelError => new CelError(`error during formatting: ${what}, was given ${typeName(v)}`)
    const whole = typeof v === 'bigint' ? v : v instanceof Uint ? v.value : undefined
    switch (verb) {
      case 's':
        return formatString(v)
      case 'd':
        if (whole === undefined) throw wrong('decimal clause can only be used on integers')
        return String(whole)
      case 'f':
      case 'e': {
        const name = verb === 'f' ? 'fixed-point' : 'scientific'
        if (v === 'NaN' || v === 'Infinity' || v === '-Infinity')
          return v === 'Infinity' ? '∞' : v === '-Infinity' ? '-∞' : v
        if (typeof v !== 'number') throw wrong(`${name} clause can only be used on doubles`)
        const digits = precision === undefined ? 6 : Number(precision)
        if (verb === 'f') {
          const [head = '', tail] = fixed(v, digits).split('.')
          const grouped = head.replace(/\B(?=(?:\d{3})+$)/g, ',')
          return tail === undefined ? grouped : `${grouped}.${tail}`
        }
        const [mantissa = '', exponent = '0'] = v.toExponential(digits).split('e')
        const e = Number(exponent)
        return `${mantissa}×10${e < 0 ? '⁻' : ''}${String(Math.abs(e))
          .padStart(2, '0')
          .replace(/\d/g, (d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(d)] ?? d)}`
      }
      case 'b':
        if (typeof v === 'boolean') return v ? '1' : '0'
        if (whole === undefined) throw wrong('only integers and bools can be formatted as binary')
        return whole.toString(2)
      case 'o':
        if (whole === undefined) throw wrong('octal clause can only be used on integers')
        return whole.toString(8)
      default: {
        const bytes = typeof v === 'string' ? new TextEncoder().encode(v) : v instanceof Uint8Array ? v : undefined
        const hex =
          whole !== undefined
            ? whole.toString(16)
            : bytes
              ? [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')
              : undefined
        if (hex === undefined) throw wrong('only integers, byte buffers, and strings can be formatted as hex')
        return verb === 'X' ? hex.toUpperCase() : hex
      }
    }
  })
}

/** string(value); undefined where there is no such conversion. */
function textOf(v: unknown): string | undefined {
  if (typeof v === 'string') return v
  if (typeof v === 'boolean' || typeof v === 'bigint') return String(v)
  if (typeof v === 'number')
    return Number.isFinite(v) ? formatFloat(v) : Number.isNaN(v) ? 'NaN' : v > 0 ? '+Inf' : '-Inf'
  if (v instanceof Uint) return String(v.value)
  if (v instanceof Duration) return durationText(v)
  if (v instanceof Timestamp) return timestampText(v)
  if (v instanceof Uint8Array) return new TextDecoder().decode(v)
  return undefined
}

const parseInt64 = (s: string): bigint => {
  if (!/^[+-]?\d+$/.test(s) || BigInt.asIntN(64, BigInt(s)) !== BigInt(s)) throw notConverted('string', 'int')
  return BigInt(s)
}
const truncated = (d: number, to: 'integer' | 'unsigned integer'): bigint => {
  const [low, high] = to === 'integer' ? [-(2 ** 63), 2 ** 63] : [0, 2 ** 64]
  if (!(d > low - 1 && d < high)) throw new CelError(`${to} overflow`)
  return BigInt(Math.trunc(d))
}

const contains = (list: readonly unknown[], x: unknown): boolean => list.some((y) => equal(x, y))
const subset = (a: readonly unknown[], b: readonly unknown[]): boolean => b.every((x) => contains(a, x))
const zero = (v: unknown): boolean =>
  v === null ||
  v === false ||
  v === 0 ||
  v === 0n ||
  v === '' ||
  (v instanceof Uint && v.value === 0n) ||
  ((v instanceof Duration || v instanceof Timestamp) && v.ns === 0n) ||
  (Array.isArray(v) && v.length === 0) ||
  ((v instanceof Map || v instanceof Set) && v.size === 0) ||
  (v instanceof Uint8Array && v.length === 0)

const insert = (
  map: ReadonlyMap<unknown, unknown>,
  entries: Iterable<readonly [unknown, unknown]>,
): Map<unknown, unknown> => {
  const out = new Map(map)
  for (const [k, v] of entries) {
    if (out.has(k)) throw new CelError(`insert failed: key ${asText(k)} already exists`)
    out.set(k, v)
  }
  return out
}

const unwrapAll = (l: readonly Optional[]): unknown[] => l.flatMap((o) => [...o.held])

const ORDERED = ['bool', 'int64', 'uint64', 'double', 'string', 'bytes', 'timestamp', 'duration'] as const
const TYPE_OF: Readonly<Record<string, string>> = { int64: 'int', uint64: 'uint' }
const comparison = (fn: string, id: string, test: (order: number) => boolean): readonly Line[] => {
  const line = (a: string, b: string): Line => [
    fn,
    a === b ? `${id}_${a}` : `${id}_${a}_${b}`,
    `(${TYPE_OF[a] ?? a},${TYPE_OF[b] ?? b})->bool`,
    (x: unknown, y: unknown) => test(compare(x, y)),
  ]
  const numbers = ['int64', 'uint64', 'double']
  return [
    ...ORDERED.map((t) => line(t, t)),
    ...numbers.flatMap((a) => numbers.filter((b) => a !== b).map((b) => line(a, b))),
  ]
}

const PARTS = [
  ['getFullYear', 'year'],
  ['getMonth', 'month'],
  ['getDayOfYear', 'day_of_year'],
  ['getDayOfMonth', 'day_of_month'],
  ['getDate', 'day_of_month_1_based'],
  ['getDayOfWeek', 'day_of_week'],
  ['getHours', 'hours'],
  ['getMinutes', 'minutes'],
  ['getSeconds', 'seconds'],
  ['getMilliseconds', 'milliseconds'],
] as const
const SPANS: readonly (readonly [string, bigint])[] = [
  ['getHours', 3_600_000_000_000n],
  ['getMinutes', 60_000_000_000n],
  ['getSeconds', 1_000_000_000n],
  ['getMilliseconds', 1_000_000n],
]

const STANDARD: readonly Line[] = [
  ['_?_:_', 'conditional', '(bool,A,A)->A'],
  ['_&&_', 'logical_and', '(bool,bool)->bool'],
  ['_||_', 'logical_or', '(bool,bool)->bool'],
  ['!_', 'logical_not', '(bool)->bool', (a: boolean) => !a],
  ['@not_strictly_false', 'not_strictly_false', '(bool)->bool'],
  ['_==_', 'equals', '(A,A)->bool', (a: unknown, b: unknown) => equal(a, b)],
  ['_!=_', 'not_equals', '(A,A)->bool', (a: unknown, b: unknown) => !equal(a, b)],
  ['_+_', 'add_bytes', '(bytes,bytes)->bytes', (a: Uint8Array, b: Uint8Array) => new Uint8Array([...a, ...b])],
  ['_+_', 'add_double', '(double,double)->double', (a: number, b: number) => a + b],
  ['_+_', 'add_duration_duration', '(duration,duration)->duration', (a: Duration, b: Duration) => wrap(a.ns + b.ns)],
  [
    '_+_',
    'add_duration_timestamp',
    '(duration,timestamp)->timestamp',
    (a: Duration, b: Timestamp) => new Timestamp(a.ns + b.ns),
  ],
  [
    '_+_',
    'add_timestamp_duration',
    '(timestamp,duration)->timestamp',
    (a: Timestamp, b: Duration) => new Timestamp(a.ns + b.ns),
  ],
  ['_+_', 'add_int64', '(int,int)->int', (a: bigint, b: bigint) => I64(a + b)],
  ['_+_', 'add_list', '(list(A),list(A))->list(A)', (a: readonly unknown[], b: readonly unknown[]) => [...a, ...b]],
  ['_+_', 'add_string', '(string,string)->string', (a: string, b: string) => a + b],
  ['_+_', 'add_uint64', '(uint,uint)->uint', (a: Uint, b: Uint) => U64(a.value + b.value)],
  ['_/_', 'divide_double', '(double,double)->double', (a: number, b: number) => a / b],
  ['_/_', 'divide_int64', '(int,int)->int', (a: bigint, b: bigint) => I64(a / divided(b, 'division'))],
  ['_/_', 'divide_uint64', '(uint,uint)->uint', (a: Uint, b: Uint) => new Uint(a.value / divided(b.value, 'division'))],
  ['_%_', 'modulo_int64', '(int,int)->int', (a: bigint, b: bigint) => I64(a % divided(b, 'modulus'))],
  ['_%_', 'modulo_uint64', '(uint,uint)->uint', (a: Uint, b: Uint) => new Uint(a.value % divided(b.value, 'modulus'))],
  ['_*_', 'multiply_double', '(double,double)->double', (a: number, b: number) => a * b],
  ['_*_', 'multiply_int64', '(int,int)->int', (a: bigint, b: bigint) => I64(a * b)],
  ['_*_', 'multiply_uint64', '(uint,uint)->uint', (a: Uint, b: Uint) => U64(a.value * b.value)],
  ['-_', 'negate_double', '(double)->double', (a: number) => -a],
  ['-_', 'negate_int64', '(int)->int', (a: bigint) => I64(-a)],
  ['_-_', 'subtract_double', '(double,double)->double', (a: number, b: number) => a - b],
  [
    '_-_',
    'subtract_duration_duration',
    '(duration,duration)->duration',
    (a: Duration, b: Duration) => wrap(a.ns - b.ns),
  ],
  ['_-_', 'subtract_int64', '(int,int)->int', (a: bigint, b: bigint) => I64(a - b)],
  [
    '_-_',
    'subtract_timestamp_duration',
    '(timestamp,duration)->timestamp',
    (a: Timestamp, b: Duration) => new Timestamp(a.ns - b.ns),
  ],
  [
    '_-_',
    'subtract_timestamp_timestamp',
    '(timestamp,timestamp)->duration',
    (a: Timestamp, b: Timestamp) => wrap(a.ns - b.ns),
  ],
  ['_-_', 'subtract_uint64', '(uint,uint)->uint', (a: Uint, b: Uint) => U64(a.value - b.value)],
  ...comparison('_<_', 'less', (o) => o < 0),
  ...comparison('_<=_', 'less_equals', (o) => o <= 0),
  ...comparison('_>_', 'greater', (o) => o > 0),
  ...comparison('_>=_', 'greater_equals', (o) => o >= 0),
  ['_[_]', 'index_list', '(list(A),int)->A'],
  ['_[_]', 'index_map', '(map(A,B),A)->B'],
  ['_[_]', 'optional_list_index_int', '(optional(list(A)),int)->optional(A)'],
  ['_[_]', 'optional_map_index_value', '(optional(map(A,B)),A)->optional(B)'],
  ['_[?_]', 'list_optindex_optional_int', '(list(A),int)->optional(A)'],
  ['_[?_]', 'optional_list_optindex_optional_int', '(optional(list(A)),int)->optional(A)'],
  ['_[?_]', 'map_optindex_optional_value', '(map(A,B),A)->optional(B)'],
  ['_[?_]', 'optional_map_optindex_optional_value', '(optional(map(A,B)),A)->optional(B)'],
  ['_?._', 'select_optional_field', '(dyn,string)->optional(A)'],
  ['@in', 'in_list', '(A,list(A))->bool', (a: unknown, b: readonly unknown[]) => contains(b, a)],
  ['@in', 'in_map', '(A,map(A,B))->bool', (a: unknown, b: ReadonlyMap<unknown, unknown>) => b.has(mapKey(a))],
  ...(['bytes', 'list(A)', 'map(A,B)', 'string'] as const).flatMap((t): readonly Line[] => {
    const name = t.replace(/\(.*/, '')
    const size = (v: { readonly length?: number; readonly size?: number } | string): bigint =>
      BigInt(typeof v === 'string' ? chars(v).length : (v.length ?? v.size ?? 0))
    return [
      ['size', `size_${name}`, `(${t})->int`, size],
      ['size', `${name}_size`, `${t}.()->int`, size],
    ]
  }),
  ['type', 'type', '(A)->type(A)', (v: unknown) => new TypeValue(typeName(v))],
  ['dyn', 'to_dyn', '(A)->dyn', (v: unknown) => v],
  ['bool', 'bool_to_bool', '(bool)->bool', (v: boolean) => v],
  [
    'bool',
    'string_to_bool',
    '(string)->bool',
    (s: string) => {
      if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(s)) return true
      if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(s)) return false
      throw notConverted('string', 'bool')
    },
  ],
  ['bytes', 'bytes_to_bytes', '(bytes)->bytes', (v: Uint8Array) => v],
  ['bytes', 'string_to_bytes', '(string)->bytes', (s: string) => new TextEncoder().encode(s)],
  ['double', 'double_to_double', '(double)->double', (v: number) => v],
  ['double', 'int64_to_double', '(int)->double', (v: bigint) => Number(v)],
  [
    'double',
    'string_to_double',
    '(string)->double',
    (s: string) => {
      const special: Readonly<Record<string, number>> = { inf: Infinity, '+inf': Infinity, '-inf': -Infinity, nan: NaN }
      const n =
        special[s.toLowerCase()] ?? (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(s) ? Number(s) : undefined)
      if (n === undefined) throw notConverted('string', 'double')
      return n
    },
  ],
  ['double', 'uint64_to_double', '(uint)->double', (v: Uint) => Number(v.value)],
  ['duration', 'duration_to_duration', '(duration)->duration', (v: Duration) => v],
  ['duration', 'int64_to_duration', '(int)->duration', (v: bigint) => wrap(v)],
  ['duration', 'string_to_duration', '(string)->duration', readDuration],
  ['int', 'int64_to_int64', '(int)->int', (v: bigint) => v],
  ['int', 'double_to_int64', '(double)->int', (v: number) => truncated(v, 'integer')],
  ['int', 'duration_to_int64', '(duration)->int', (v: Duration) => v.ns],
  ['int', 'string_to_int64', '(string)->int', parseInt64],
  [
    'int',
    'timestamp_to_int64',
    '(timestamp)->int',
    (v: Timestamp) => (v.ns - (((v.ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000_000n,
  ],
  ['int', 'uint64_to_int64', '(uint)->int', (v: Uint) => I64(v.value)],
  ...(['string', 'bool', 'bytes', 'double', 'duration', 'int64', 'timestamp', 'uint64'] as const).map((t): Line => [
    'string',
    `${t}_to_string`,
    `(${TYPE_OF[t] ?? t})->string`,
    (v: unknown) => textOf(v) ?? '',
  ]),
  ['timestamp', 'timestamp_to_timestamp', '(timestamp)->timestamp', (v: Timestamp) => v],
  ['timestamp', 'int64_to_timestamp', '(int)->timestamp', (v: bigint) => new Timestamp(v * 1_000_000_000n)],
  ['timestamp', 'string_to_timestamp', '(string)->timestamp', readTimestamp],
  ['uint', 'uint64_to_uint64', '(uint)->uint', (v: Uint) => v],
  ['uint', 'double_to_uint64', '(double)->uint', (v: number) => new Uint(truncated(v, 'unsigned integer'))],
  ['uint', 'int64_to_uint64', '(int)->uint', (v: bigint) => U64(v)],
  [
    'uint',
    'string_to_uint64',
    '(string)->uint',
    (s: string) => {
      if (!/^\d+$/.test(s) || BigInt.asUintN(64, BigInt(s)) !== BigInt(s)) throw notConverted('string', 'uint')
      return new Uint(BigInt(s))
    },
  ],
  ['contains', 'contains_string', 'string.(string)->bool', (s: string, p: string) => s.includes(p)],
  ['endsWith', 'ends_with_string', 'string.(string)->bool', (s: string, p: string) => s.endsWith(p)],
  ['startsWith', 'starts_with_string', 'string.(string)->bool', (s: string, p: string) => s.startsWith(p)],
  ...(['(string,string)', 'string.(string)'] as const).map((t): Line => [
    'matches',
    t.startsWith('(') ? 'matches' : 'matches_string',
    `${t}->bool`,
    (s: string, p: string) => {
      const form = goRegExp(p)
      if (!form) throw new CelError(goRegExpError(p) ?? `error parsing regexp: \`${p}\``)
      form.lastIndex = 0
      return form.test(s)
    },
  ]),
  ...PARTS.flatMap(([fn, id]): readonly Line[] => [
    [fn, `timestamp_to_${id}`, 'timestamp.()->int', (t: Timestamp) => timestampPart(t, fn, 'UTC')],
    [
      fn,
      `timestamp_to_${id}_with_tz`,
      'timestamp.(string)->int',
      (t: Timestamp, zone: string) => timestampPart(t, fn, zone),
    ],
  ]),
  ...SPANS.map(([fn, ns]): Line => [
    fn,
    `duration_to_${fn.slice(3).toLowerCase()}`,
    'duration.()->int',
    (d: Duration) => d.ns / ns,
  ]),
]

const EXTENSIONS: readonly Line[] = [
  [
    'charAt',
    'string_char_at_int',
    'string.(int)->string',
    (s: string, i: bigint) => {
      within(s, i)
      return chars(s)[Number(i)] ?? ''
    },
  ],
  ['indexOf', 'string_index_of_string', 'string.(string)->int', (s: string, p: string) => find(s, p, 0n, false)],
  [
    'indexOf',
    'string_index_of_string_int',
    'string.(string,int)->int',
    (s: string, p: string, n: bigint) => find(s, p, within(s, n), false),
  ],
  [
    'lastIndexOf',
    'string_last_index_of_string',
    'string.(string)->int',
    (s: string, p: string) => find(s, p, BigInt(chars(s).length), true),
  ],
  [
    'lastIndexOf',
    'string_last_index_of_string_int',
    'string.(string,int)->int',
    (s: string, p: string, n: bigint) => find(s, p, within(s, n), true),
  ],
  ['lowerAscii', 'string_lower_ascii', 'string.()->string', (s: string) => s.replace(/[A-Z]/g, (c) => c.toLowerCase())],
  ['upperAscii', 'string_upper_ascii', 'string.()->string', (s: string) => s.replace(/[a-z]/g, (c) => c.toUpperCase())],
  [
    'replace',
    'string_replace_string_string',
    'string.(string,string)->string',
    (s: string, a: string, b: string) => replace(s, a, b, -1n),
  ],
  ['replace', 'string_replace_string_string_int', 'string.(string,string,int)->string', replace],
  ['split', 'string_split_string', 'string.(string)->list(string)', (s: string, by: string) => split(s, by, -1n)],
  ['split', 'string_split_string_int', 'string.(string,int)->list(string)', split],
  ['substring', 'string_substring_int', 'string.(int)->string', (s: string, a: bigint) => substring(s, a)],
  ['substring', 'string_substring_int_int', 'string.(int,int)->string', substring],
  ['trim', 'string_trim', 'string.()->string', (s: string) => s.replace(/^[\s\u0085]+|[\s\u0085]+$/g, '')],
  ['format', 'string_format', 'string.(list(dyn))->string', format],
  ['strings.quote', 'strings_quote', '(string)->string', (s: string) => goQuote(s)],
  ['join', 'list_join', 'list(string).()->string', (l: readonly string[]) => l.join('')],
  ['join', 'list_join_string', 'list(string).(string)->string', (l: readonly string[], by: string) => l.join(by)],
  ['sets.contains', 'list_sets_contains_list', '(list(A),list(A))->bool', subset],
  [
    'sets.equivalent',
    'list_sets_equivalent_list',
    '(list(A),list(A))->bool',
    (a: readonly unknown[], b: readonly unknown[]) => subset(a, b) && subset(b, a),
  ],
  [
    'sets.intersects',
    'list_sets_intersects_list',
    '(list(A),list(A))->bool',
    (a: readonly unknown[], b: readonly unknown[]) => b.some((x) => contains(a, x)),
  ],
  ['optional.of', 'optional_of', '(A)->optional(A)', (v: unknown) => new Optional(v)],
  [
    'optional.ofNonZeroValue',
    'optional_ofNonZeroValue',
    '(A)->optional(A)',
    (v: unknown) => (zero(v) ? new Optional() : new Optional(v)),
  ],
  ['optional.none', 'optional_none', '()->optional(A)', () => new Optional()],
  [
    'value',
    'optional_value',
    'optional(A).()->A',
    (o: Optional) => {
      if (o.held.length === 0) throw new CelError('optional.none() dereference')
      return o.held[0]
    },
  ],
  ['hasValue', 'optional_hasValue', 'optional(A).()->bool', (o: Optional) => o.held.length > 0],
  ['or', 'optional_or_optional', 'optional(A).(optional(A))->optional(A)'],
  ['orValue', 'optional_orValue_value', 'optional(A).(A)->A'],
  ['first', 'list_first', 'list(A).()->optional(A)', (l: readonly unknown[]) => new Optional(...l.slice(0, 1))],
  ['last', 'list_last', 'list(A).()->optional(A)', (l: readonly unknown[]) => new Optional(...l.slice(-1))],
  ['optional.unwrap', 'optional_unwrap', '(list(optional(A)))->list(A)', unwrapAll],
  ['unwrapOpt', 'optional_unwrapOpt', 'list(optional(A)).()->list(A)', unwrapAll],
  [
    'cel.@mapInsert',
    '@mapInsert_map_key_value',
    '(map(A,B),A,B)->map(A,B)',
    (m: ReadonlyMap<unknown, unknown>, k: unknown, v: unknown) => insert(m, [[mapKey(k), v]]),
  ],
  [
    'cel.@mapInsert',
    '@mapInsert_map_map',
    '(map(A,B),map(A,B))->map(A,B)',
    (m: ReadonlyMap<unknown, unknown>, n: ReadonlyMap<unknown, unknown>) => insert(m, n),
  ],
]

/** A key as maps hold it: numbers of every type that are equal are one key. */
export function mapKey(v: unknown): unknown {
  if (v instanceof Uint) return v.value
  return typeof v === 'number' && Number.isInteger(v) ? BigInt(v) : v
}

const NAMED: Readonly<Record<string, Type>> = {
  bool: BOOL,
  bytes: BYTES,
  double: DOUBLE,
  duration: DURATION,
  dyn: DYN,
  int: INT,
  string: STRING,
  timestamp: TIMESTAMP,
  uint: UINT,
  null: NULL,
  A: param('A'),
  B: param('B'),
  IP: opaque('net.IP'),
  CIDR: opaque('net.CIDR'),
  Quantity: struct('kubernetes.Quantity'),
  URL: struct('kubernetes.URL'),
  Semver: struct('kubernetes.Semver'),
  Format: struct('kubernetes.NamedFormat'),
  Authorizer: struct('kubernetes.authorization.Authorizer'),
  PathCheck: struct('kubernetes.authorization.PathCheck'),
  GroupCheck: struct('kubernetes.authorization.GroupCheck'),
  ResourceCheck: struct('kubernetes.authorization.ResourceCheck'),
  Decision: struct('kubernetes.authorization.Decision'),
}

/** A type as the lines write it. */
export function readType(text: string): Type {
  const [type, rest] = readOne(text)
  if (rest !== '') throw new Error(`no type: ${text}`)
  return type
}

function readOne(text: string): [Type, string] {
  const name = /^\w+/.exec(text)?.[0] ?? ''
  let rest = text.slice(name.length)
  if (!rest.startsWith('(') || !['list', 'map', 'optional', 'type'].includes(name)) {
    const known = NAMED[name]
    if (!known) throw new Error(`no type: ${text}`)
    return [known, rest]
  }
  const params: Type[] = []
  do {
    const [p, after] = readOne(rest.slice(1))
    params.push(p)
    rest = after
  } while (rest.startsWith(','))
  const [a = DYN, b = DYN] = params
  return [
    name === 'list' ? listOf(a) : name === 'map' ? mapOf(a, b) : name === 'optional' ? optionalOf(a) : typeOf(a),
    rest.slice(1),
  ]
}

function readOverload([, id, types, action]: Line): Overload {
  const [head = '', result = ''] = types.split('->')
  const dot = head.indexOf('.(')
  const member = dot >= 0
  let rest = head.slice(member ? dot + 1 : 0)
  const args: Type[] = member ? [readType(head.slice(0, dot))] : []
  while (rest !== ')' && rest !== '()') {
    const [type, after] = readOne(rest.slice(1))
    args.push(type)
    rest = after
  }
  return { id, member, args, result: readType(result), ...(action ? { action } : {}) }
}

let lines: Map<string, Line[]> | undefined
const read = new Map<string, readonly Overload[]>()

/** The ways to call a function, or undefined where there is none of that name. */
export function overloadsOf(fn: string): readonly Overload[] | undefined {
  let found = read.get(fn)
  if (found) return found
  if (!lines) {
    lines = new Map()
    for (const line of [...STANDARD, ...EXTENSIONS, ...KUBERNETES]) {
      const group = lines.get(line[0])
      if (group) group.push(line)
      else lines.set(line[0], [line])
    }
  }
  found = lines.get(fn)?.map(readOverload)
  if (found) read.set(fn, found)
  return found
}

/** The types that have a name in expressions: `type(x) == int`. */
export const TYPE_NAMES: ReadonlyMap<string, Type> = new Map(
  [
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    STRING,
    UINT,
    NULL,
    listOf(DYN),
    mapOf(DYN, DYN),
    DURATION,
    TIMESTAMP,
    typeOf(DYN),
    optionalOf(DYN),
    ...['IP', 'CIDR'].map((n) => NAMED[n] ?? DYN),
  ].map((t) => [t.name, t]),
)
