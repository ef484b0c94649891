// x-kubernetes-validations of custom resources: each rule is evaluated where it stands in the schema; as
// apiextensions-apiserver's schema/cel.
import { CelError, celValue, parseCel } from '../apimachinery/cel.ts'
import type { CelProgram } from '../apimachinery/cel.ts'
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

const programs = new Map<string, CelProgram>()
function program(text: string): CelProgram {
  let p = programs.get(text)
  if (!p) {
    p = parseCel(text)
    programs.set(text, p)
  }
  return p
}

const rulesOf = (s: Schema): readonly Rule[] =>
  Array.isArray(s['x-kubernetes-validations']) ? (s['x-kubernetes-validations'] as readonly Rule[]) : []
const part = (s: unknown): Schema | undefined => (isObject(s) ? s : undefined)
const usesOld = (text: string): boolean => /\boldSelf\b/.test(text)

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
function computed(rule: Rule, variables: Readonly<Record<string, unknown>>): string | undefined {
  if (!rule.messageExpression) return undefined
  try {
    const text = program(rule.messageExpression)(variables)
    return typeof text === 'string' && text.trim() !== '' && !text.includes('\n') ? text.trim() : undefined
  } catch {
    return undefined
  }
}

function evaluate(rule: Rule, schema: Schema, value: unknown, old: unknown, path: string): FieldError[] {
  const text = rule.rule ?? ''
  const type = typeof schema.type === 'string' ? schema.type : 'integer or string'
  if (usesOld(text) && old === undefined) return []
  const variables: Record<string, unknown> = {
    self: celValue(value, schema),
    ...(old === undefined ? {} : { oldSelf: celValue(old, schema) }),
  }
  const shown = rule.message?.trim() || text.trim()
  const where = rule.fieldPath ? path + rule.fieldPath : path
  try {
    if (program(text)(variables) === true) return []
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
  const message = computed(rule, variables) ?? (rule.message?.trim() || `failed rule: ${text.trim()}`)
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
export function ruleErrors(value: unknown, old: unknown, schema: Schema, path = ''): FieldError[] {
  if (value === undefined || value === null) return []
  const errors = rulesOf(schema).flatMap((r) => evaluate(r, schema, value, old ?? undefined, path))
  if (Array.isArray(value)) {
    const items = part(schema.items)
    if (items)
      value.forEach((v, i) => errors.push(...ruleErrors(v, correlated(v, old, schema), items, `${path}[${i}]`)))
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
        ),
      )
  }
  return errors
}
