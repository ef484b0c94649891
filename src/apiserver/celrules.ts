// x-kubernetes-validations of custom resources: each rule is evaluated where it stands in the schema; as
// apiextensions-apiserver's schema/cel.
import { CelError, DYN, Optional, celValue, compile, declaredType, namedType, optionalOf } from '../apimachinery/cel.ts'
import type { Bindings, Program, Type } from '../apimachinery/cel.ts'
import { duplicate, forbidden, invalid, required } from '../apimachinery/field.ts'
import type { FieldError } from '../apimachinery/field.ts'
import { compareBytes } from '../apimachinery/labels.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Schema } from '../apimachinery/structural.ts'

interface Rule {
  readonly rule?: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

/** A rule, read: what its schema declares, and its expressions. */
interface Compiled {
  readonly rule: Rule
  readonly run?: Program
  readonly message?: Program
  /** Why it cannot be read; definitions of before may hold such. */
  readonly problem?: string
  readonly usesOld: boolean
}
interface Compilation {
  readonly type: Type | undefined
  readonly rules: readonly Compiled[]
}
const compilations = new WeakMap<Schema, Compilation>()

const part = (s: unknown): Schema | undefined => (isObject(s) ? s : undefined)

/** The rules of a schema with its type. `root`: it is a whole resource's. */
function compiled(s: Schema, root: boolean): Compilation {
  const known = compilations.get(s)
  if (known) return known
  const list = s['x-kubernetes-validations']
  const rules = Array.isArray(list) ? (list as readonly Rule[]) : []
  const declared = rules.length ? declaredType(s, root) : undefined
  const type = declared && namedType(declared, 'selfType0')
  const made: Compilation = {
    type,
    rules: rules.map((rule) => {
      const self = type ?? DYN
      const variables = new Map([
        ['self', self],
        ['oldSelf', rule.optionalOldSelf ? optionalOf(self) : self],
      ])
      try {
        const run = compile(rule.rule ?? '', variables)
        const message = rule.messageExpression ? compile(rule.messageExpression, variables) : undefined
        return { rule, run, ...(message ? { message } : {}), usesOld: run.uses('oldSelf') }
      } catch (e) {
        if (!(e instanceof CelError)) throw e
        return { rule, problem: `rule compile error: compilation failed: ${e.message}`, usesOld: false }
      }
    }),
  }
  compilations.set(s, made)
  return made
}

function refusal(rule: Rule, path: string, type: string, message: string): FieldError {
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return forbidden(path, message)
    case 'FieldValueRequired':
      return required(path, message)
    case 'FieldValueDuplicate':
      return duplicate(path, type)
    default:
      return invalid(path, type, message)
  }
}

/** A message a rule computes; what is empty, has lines or fails gives way to the fixed one. */
function computed(message: Program | undefined, variables: Bindings): string | undefined {
  if (!message) return undefined
  try {
    const text = message.run(variables)
    return typeof text === 'string' && text.trim() !== '' && !text.includes('\n') ? text.trim() : undefined
  } catch (e) {
    if (e instanceof CelError) return undefined
    throw e
  }
}

function evaluate(c: Compiled, schema: Schema, value: unknown, old: unknown, path: string, self?: Type): FieldError[] {
  const { rule } = c
  const text = rule.rule ?? ''
  const type = typeof schema.type === 'string' ? schema.type : 'integer or string'
  if (!c.run) return c.problem === undefined ? [] : [invalid(path, type, c.problem)]
  // a rule over what was before holds for what was not there, unless it asks for that itself
  if (c.usesOld && old === undefined && !rule.optionalOldSelf) return []
  const before = (): unknown => {
    const held = old === undefined ? [] : [celValue(old, self)]
    return rule.optionalOldSelf ? new Optional(...held) : held[0]
  }
  const variables: Bindings = new Map([
    ['self', () => celValue(value, self)],
    ['oldSelf', before],
  ])
  const shown = rule.message?.trim() || text.trim()
  const where = rule.fieldPath ? path + rule.fieldPath : path
  try {
    if (c.run.run(variables) === true) return []
  } catch (e) {
    if (!(e instanceof CelError)) throw e
    if (e.message.startsWith('no such overload'))
      return [
        invalid(
          path,
          type,
          `'${e.message}': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`,
        ),
      ]
    return [invalid(path, type, `${e.message} evaluating rule: ${shown}`)]
  }
  const message = computed(c.message, variables) ?? (rule.message?.trim() || `failed rule: ${text.trim()}`)
  return [refusal(rule, where === '' ? '<nil>' : where.replace(/^\./, ''), type, message)]
}

/** The item of a keyed list that a new item stands for. */
function correlated(item: unknown, old: unknown, schema: Schema): unknown {
  const keys = Array.isArray(schema['x-kubernetes-list-map-keys'])
    ? schema['x-kubernetes-list-map-keys'].map(String)
    : []
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isObject(item)) return undefined
  return old.find((o) => isObject(o) && keys.every((k) => o[k] === item[k]))
}

/** What the rules of a schema refuse in a value. `old`: the value before, undefined when there was none. */
export function ruleErrors(value: unknown, old: unknown, schema: Schema, path = '', root = true): FieldError[] {
  if (value === undefined || value === null) return []
  const { rules, type } = compiled(schema, root || schema['x-kubernetes-embedded-resource'] === true)
  const errors = rules.flatMap((r) => evaluate(r, schema, value, old ?? undefined, path, type))
  if (Array.isArray(value)) {
    const items = part(schema.items)
    if (items)
      value.forEach((v, i) => errors.push(...ruleErrors(v, correlated(v, old, schema), items, `${path}[${i}]`, false)))
    return errors
  }
  if (!isObject(value)) return errors
  const properties = part(schema.properties) ?? {}
  const before = isObject(old) ? old : {}
  for (const k of Object.keys(value).sort(compareBytes)) {
    const own = Object.hasOwn(properties, k) ? part(properties[k]) : undefined
    const inner = own ?? part(schema.additionalProperties)
    if (inner)
      errors.push(
        ...ruleErrors(
          value[k],
          Object.hasOwn(before, k) ? before[k] : undefined,
          inner,
          own ? (path ? `${path}.${k}` : k) : `${path}[${k}]`,
          false,
        ),
      )
  }
  return errors
}
