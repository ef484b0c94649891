// The extensions of CEL that the API server has: as cel-go's ext/strings, ext/sets, ext/lists and optional types.
import { goQuote } from '../gostring.ts'
import { asText, contains, mapKey } from './semantics.ts'
import { chars, find, within, substring, replace, split, format } from './strings.ts'
import { CelError, Duration, Optional, Timestamp, Uint } from './value.ts'
import type { Line } from './overload.ts'

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

export const EXTENSIONS: readonly Line[] = [
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
