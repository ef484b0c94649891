// The functions and types that expressions know by name: CEL's own, its extensions', and what Kubernetes adds.
import { EXTENSIONS } from './extensions.ts'
import { KUBERNETES } from './kubernetes.ts'
import { NAMED, readOverload } from './overload.ts'
import { STANDARD } from './standard.ts'
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
  optionalOf,
  typeOf,
} from './type.ts'
import type { Line, Overload } from './overload.ts'
import type { Type } from './type.ts'

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
