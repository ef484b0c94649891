// The values of CEL that JavaScript has not: unsigned integers, moments, durations, optionals, types, and those of the
// libraries that Kubernetes adds. Strings, booleans, bigint (int), number (double), null, Uint8Array, arrays and Maps
// stand for themselves.
import type { CIDR, IP } from '../ip.ts'
import type { ParsedQuantity } from '../quantity.ts'

/** Why an expression could not be read or evaluated, in cel-go's words. */
export class CelError extends Error {}

/** A conversion that fails. */
export const notConverted = (type: string, to: string): CelError =>
  new CelError(['type conversion error from', `'${type}'`, 'to', `'${to}'`].join(' '))

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

/** A length of time, in nanoseconds. */
export class Duration {
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

/** A moment: nanoseconds since 1970. */
export class Timestamp {
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

export class Optional {
  readonly held: readonly unknown[]
  constructor(...held: unknown[]) {
    this.held = held
  }
}

/** A type as a value, by its name. */
export class TypeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export class Quantity {
  readonly value: ParsedQuantity
  /** It was written with a fraction. */
  readonly fraction: boolean
  constructor(value: ParsedQuantity, fraction = false) {
    this.value = value
    this.fraction = fraction
  }
}

export class IPValue {
  readonly ip: IP
  constructor(ip: IP) {
    this.ip = ip
  }
}

export class CIDRValue {
  readonly cidr: CIDR
  constructor(cidr: CIDR) {
    this.cidr = cidr
  }
}

/** The parts of a URL as they are written. */
export class URLValue {
  readonly text: string
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string
  constructor(text: string, scheme: string, host: string, path: string, query: string) {
    this.text = text
    this.scheme = scheme
    this.host = host
    this.path = path
    this.query = query
  }
}

/** A format of names, with what is wrong of a text. */
export class Format {
  readonly name: string
  readonly validate: (text: string) => readonly string[]
  constructor(name: string, validate: (text: string) => readonly string[]) {
    this.name = name
    this.validate = validate
  }
}

/** An object whose fields a schema declares. */
export class StructValue {
  readonly type: string
  readonly fields: ReadonlyMap<string, unknown>
  constructor(type: string, fields: ReadonlyMap<string, unknown>) {
    this.type = type
    this.fields = fields
  }
}

/** What an authorizer is asked, and its answers so far. */
export interface AccessQuery {
  readonly path?: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
  readonly serviceAccount?: string
}
export interface Decision {
  readonly allowed: boolean
  readonly reason: string
}
export type Decide = (query: AccessQuery & { readonly verb: string }) => Decision
export type AccessStep = 'authorizer' | 'path' | 'group' | 'resource'

export class Access {
  readonly step: AccessStep
  readonly query: AccessQuery
  readonly decide: Decide
  constructor(step: AccessStep, query: AccessQuery, decide: Decide) {
    this.step = step
    this.query = query
    this.decide = decide
  }
}

export class DecisionValue {
  readonly decision: Decision
  constructor(decision: Decision) {
    this.decision = decision
  }
}

const NAMES: readonly (readonly [string, (v: unknown) => boolean])[] = [
  ['string', (v) => typeof v === 'string'],
  ['int', (v) => typeof v === 'bigint'],
  ['double', (v) => typeof v === 'number'],
  ['bool', (v) => typeof v === 'boolean'],
  ['null_type', (v) => v === null || v === undefined],
  ['list', (v) => Array.isArray(v)],
  ['map', (v) => v instanceof Map],
  ['uint', (v) => v instanceof Uint],
  ['bytes', (v) => v instanceof Uint8Array],
  ['google.protobuf.Duration', (v) => v instanceof Duration],
  ['google.protobuf.Timestamp', (v) => v instanceof Timestamp],
  ['optional_type', (v) => v instanceof Optional],
  ['type', (v) => v instanceof TypeValue],
  ['kubernetes.Quantity', (v) => v instanceof Quantity],
  ['net.IP', (v) => v instanceof IPValue],
  ['net.CIDR', (v) => v instanceof CIDRValue],
  ['kubernetes.URL', (v) => v instanceof URLValue],
  ['kubernetes.NamedFormat', (v) => v instanceof Format],
  ['kubernetes.authorization.Decision', (v) => v instanceof DecisionValue],
]
const STEPS: Readonly<Record<AccessStep, string>> = {
  authorizer: 'kubernetes.authorization.Authorizer',
  path: 'kubernetes.authorization.PathCheck',
  group: 'kubernetes.authorization.GroupCheck',
  resource: 'kubernetes.authorization.ResourceCheck',
}

/** The name of a value's type. */
export function typeName(v: unknown): string {
  if (v instanceof StructValue) return v.type
  if (v instanceof Access) return STEPS[v.step]
  return NAMES.find(([, is]) => is(v))?.[0] ?? 'dyn'
}
