// CEL's own functions, as cel-go's stdlib: what they take and give, and how they work.
import { goRegExp, goRegExpError } from '../goregexp.ts'
import { compare, contains, equal, mapKey } from './semantics.ts'
import { chars, textOf } from './strings.ts'
import { readDuration, readTimestamp, timestampPart } from './times.ts'
import { CelError, Duration, Timestamp, TypeValue, Uint, notConverted, typeName } from './value.ts'
import type { Line } from './overload.ts'

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

const parseInt64 = (s: string): bigint => {
  if (!/^[+-]?\d+$/.test(s) || BigInt.asIntN(64, BigInt(s)) !== BigInt(s)) throw notConverted('string', 'int')
  return BigInt(s)
}
const truncated = (d: number, to: 'integer' | 'unsigned integer'): bigint => {
  const [low, high] = to === 'integer' ? [-(2 ** 63), 2 ** 63] : [0, 2 ** 64]
  if (!(d > low - 1 && d < high)) throw new CelError(`${to} overflow`)
  return BigInt(Math.trunc(d))
}

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

export const STANDARD: readonly Line[] = [
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
