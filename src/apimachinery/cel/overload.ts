// The ways to call a function: as the tables of functions write them, and as the checker and the evaluator read them.
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

export const NAMED: Readonly<Record<string, Type>> = {
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

export function readOverload([, id, types, action]: Line): Overload {
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
