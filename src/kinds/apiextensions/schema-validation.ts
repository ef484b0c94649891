// What a definition's schema must be: structural, with defaults that hold, lists and maps whose types fit; as
// apiextensions-apiserver's ValidateStructural,
// structural defaulting's ValidateDefaults and ValidateCustomResourceDefinitionOpenAPISchema.
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { GoText, goStrings } from '../../apimachinery/gostring.ts'
import { goSyntaxOf } from '../../apimachinery/goformat.ts'
import { goRegExpError } from '../../apimachinery/goregexp.ts'
import { compareBytes } from '../../apimachinery/labels.ts'
import { copy, equal, isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { prune, validate } from '../../apimachinery/structural.ts'
import type { Schema } from '../../apimachinery/structural.ts'
import type { Type } from '../../apimachinery/cel/type.ts'
import type * as cel from './cel-validation.ts'

/** The judge of rules: loaded for definitions that have some. */
type Rules = typeof cel

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
type Level = 'root' | 'item' | 'field'

const part = (v: unknown): Schema | undefined => (isObject(v) ? v : undefined)
const list = (v: unknown): readonly Json[] => (Array.isArray(v) ? v : [])
const text = (v: unknown): string => (typeof v === 'string' ? v : '')
const size = (v: unknown): number => (isObject(v) ? Object.keys(v).length : 0)
const entries = (v: unknown): readonly (readonly [string, Schema])[] =>
  isObject(v)
    ? Object.keys(v)
        .sort(compareBytes)
        .flatMap((k) => {
          const s = part(v[k])
          return s ? [[k, s] as const] : []
        })
    : []

/** What no schema may hold: with one of these anywhere there is no structural schema to look at. */
const UNSUPPORTED: readonly (readonly [string, (s: Schema) => boolean, string])[] = [
  ['id', (s) => text(s.id) !== '', 'id is not supported'],
  ['additionalItems', (s) => s.additionalItems !== undefined, 'additionalItems is not supported'],
  ['patternProperties', (s) => size(s.patternProperties) > 0, 'patternProperties is not supported'],
  ['definitions', (s) => size(s.definitions) > 0, 'definitions is not supported'],
  ['dependencies', (s) => s.dependencies !== undefined, 'dependencies is not supported'],
  ['$ref', (s) => s.$ref !== undefined, '$ref is not supported'],
  ['type', (s) => s.type === 'null', 'type cannot be set to null, use nullable as an alternative'],
  ['items', (s) => Array.isArray(s.items), 'items must be a schema object and not an array'],
]

/** All schemas within a schema, itself first. */
function within(s: Schema): Schema[] {
  const inner = [
    s.items,
    s.additionalProperties,
    s.not,
    ...list(s.allOf),
    ...list(s.anyOf),
    ...list(s.oneOf),
    ...Object.values(part(s.properties) ?? {}),
  ]
  return [
    s,
    ...inner.flatMap((x) => {
      const p = part(x)
      return p ? within(p) : []
    }),
  ]
}

const isIntOrString = (alternatives: readonly Json[]): boolean =>
  alternatives.length === 2 && equal(alternatives[0], { type: 'integer' }) && equal(alternatives[1], { type: 'string' })

/** What stands under anyOf, allOf, oneOf and not: values are judged there, nothing is declared. */
function nested(s: Schema | undefined, path: string, skipAnyOf = false): FieldError[] {
  if (!s) return []
  const errors = values(s, path, skipAnyOf, false)
  errors.push(...nested(part(s.items), `${path}.items`))
  for (const [k, v] of entries(s.properties)) errors.push(...nested(v, `${path}.properties[${k}]`))
  const no = (field: string, set: boolean, how: string): void => {
    if (set) errors.push(forbidden(`${path}.${field}`, `must be ${how} to be structural`))
  }
  no('type', text(s.type) !== '', 'empty')
  no('additionalProperties', s.additionalProperties !== undefined, 'undefined')
  no('default', s.default !== undefined && s.default !== null, 'undefined')
  no('title', text(s.title) !== '', 'empty')
  no('description', text(s.description) !== '', 'empty')
  no('nullable', s.nullable === true, 'false')
  for (const x of ['preserve-unknown-fields', 'embedded-resource', 'int-or-string'])
    no(`x-kubernetes-${x}`, s[`x-kubernetes-${x}`] === true, 'false')
  no('x-kubernetes-list-map-keys', list(s['x-kubernetes-list-map-keys']).length > 0, 'empty')
  no('x-kubernetes-list-type', s['x-kubernetes-list-type'] !== undefined, 'undefined')
  no('x-kubernetes-map-type', s['x-kubernetes-map-type'] !== undefined, 'undefined')
  no('x-kubernetes-validations', list(s['x-kubernetes-validations']).length > 0, 'empty')
  if (size(s.properties) && Object.hasOwn(part(s.properties) ?? {}, 'metadata'))
    errors.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'))
  return errors
}

function values(s: Schema, path: string, skipAnyOf: boolean, skipFirst: boolean): FieldError[] {
  const errors: FieldError[] = []
  if (!skipAnyOf) list(s.anyOf).forEach((v, i) => errors.push(...nested(part(v), `${path}.anyOf[${i}]`)))
  list(s.allOf).forEach((v, i) => errors.push(...nested(part(v), `${path}.allOf[${i}]`, skipFirst && i === 0)))
  list(s.oneOf).forEach((v, i) => errors.push(...nested(part(v), `${path}.oneOf[${i}]`)))
  errors.push(...nested(part(s.not), `${path}.not`))
  const why = text(s.pattern) ? goRegExpError(text(s.pattern)) : undefined
  if (why) errors.push(invalid(`${path}.pattern`, s.pattern, `must be a valid regular expression, but isn't: ${why}`))
  return errors
}

function metadataInvariants(s: Schema, check: boolean, level: Level, path: string): FieldError[] {
  const errors: FieldError[] =
    check && s.type !== 'object' ? [invalid(`${path}.type`, text(s.type), 'must be object')] : []
  if (level !== 'root') return errors
  const { type: _type, default: _default, properties, ...rest } = s
  const named = Object.keys(part(properties) ?? {}).every((k) => k === 'name' || k === 'generateName')
  if (!named || Object.keys(rest).length > 0)
    errors.push(
      forbidden(
        path,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    )
  return errors
}

/** validateStructuralInvariants. */
function invariants(s: Schema, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = []
  const type = text(s.type)
  const items = part(s.items)
  const embedded = s['x-kubernetes-embedded-resource'] === true
  const open = s['x-kubernetes-preserve-unknown-fields'] === true
  const intOrString = s['x-kubernetes-int-or-string'] === true
  if (type === 'array' && !items) errors.push(required(`${path}.items`, 'must be specified'))
  if (items) errors.push(...invariants(items, 'item', `${path}.items`))
  for (const [k, v] of entries(s.properties)) errors.push(...invariants(v, 'field', `${path}.properties[${k}]`))
  const additional = s.additionalProperties
  if (additional !== undefined && level === 'root')
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'))
  const inner = part(additional)
  if (inner) errors.push(...invariants(inner, 'field', `${path}.additionalProperties`))
  if (intOrString && open)
    errors.push(
      invalid(
        `${path}.x-kubernetes-preserve-unknown-fields`,
        true,
        'must be false if x-kubernetes-int-or-string is true',
      ),
    )
  if (intOrString && embedded)
    errors.push(
      invalid(`${path}.x-kubernetes-embedded-resource`, true, 'must be false if x-kubernetes-int-or-string is true'),
    )
  errors.push(...values(s, path, isIntOrString(list(s.anyOf)), isIntOrString(list(part(list(s.allOf)[0])?.anyOf))))
  if (embedded && type !== 'object') {
    const must = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(type ? invalid(`${path}.type`, type, must) : required(`${path}.type`, must))
  } else if (!type && !intOrString && !open)
    errors.push(
      required(
        `${path}.type`,
        `must not be empty ${{ root: 'at the root', item: 'for specified array items', field: 'for specified object fields' }[level]}`,
      ),
    )
  if (embedded && additional !== undefined)
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'))
  if (level === 'root' && type && type !== 'object')
    errors.push(invalid(`${path}.type`, type, 'must be object at the root'))
  const properties = part(s.properties) ?? {}
  const check = level === 'root' || embedded
  if (check)
    for (const k of ['kind', 'apiVersion']) {
      const p = Object.hasOwn(properties, k) ? part(properties[k]) : undefined
      if (p && p.type !== 'string')
        errors.push(invalid(`${path}.properties[${k}].type`, text(p.type), 'must be string'))
    }
  const metadata = Object.hasOwn(properties, 'metadata') ? part(properties.metadata) : undefined
  if (metadata) errors.push(...metadataInvariants(metadata, check, level, `${path}.properties[metadata]`))
  if (embedded && !open && size(properties) === 0)
    errors.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    )
  return errors
}

/** What is judged under anyOf and its like at the root must be declared too (validateStructuralCompleteness). */
function completeness(v: Schema | undefined, s: Schema | undefined, sPath: string, vPath: string): FieldError[] {
  if (!v) return []
  if (!s) return [required(sPath, `because it is defined in ${vPath}`)]
  const errors = alternatives(v, s, sPath, vPath)
  errors.push(...completeness(part(v.items), part(s.items), `${sPath}.items`, `${vPath}.items`))
  const known = part(s.properties) ?? {}
  for (const [k, p] of entries(v.properties))
    errors.push(
      ...completeness(
        p,
        Object.hasOwn(known, k) ? part(known[k]) : undefined,
        `${sPath}.properties[${k}]`,
        `${vPath}.properties[${k}]`,
      ),
    )
  return errors
}
const alternatives = (v: Schema, s: Schema, sPath: string, vPath: string): FieldError[] => [
  ...completeness(part(v.not), s, sPath, `${vPath}.not`),
  ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((k) =>
    list(v[k]).flatMap((x, i) => completeness(part(x), s, sPath, `${vPath}.${k}[${i}]`)),
  ),
]

/** Defaults must be pruned and valid. */
function defaults(s: Schema, path: string, root: boolean): FieldError[] {
  const errors: FieldError[] = []
  const value: unknown = s.default
  if (value !== undefined && value !== null && !root) {
    const at = `${path}.default`
    const pruned = copy(value)
    prune(pruned, s, '', [], s['x-kubernetes-embedded-resource'] === true)
    if (!equal(pruned, value))
      errors.push(invalid(at, new GoText(goSyntaxOf(value as Json)), 'must not have unknown fields'))
    const wrong: FieldError[] = []
    validate(value, s, '', wrong)
    errors.push(
      ...wrong.map((e) =>
        e.field.startsWith('<')
          ? e
          : { ...e, field: !e.field ? at : e.field.startsWith('[') ? `${at}${e.field}` : `${at}.${e.field}` },
      ),
    )
  }
  const items = part(s.items)
  const additional = part(s.additionalProperties)
  for (const [k, v] of entries(s.properties)) {
    // what the type of every object has is the object's, not the schema's
    if (root && (k === 'apiVersion' || k === 'kind' || k === 'metadata')) continue
    errors.push(...defaults(v, `${path}.properties[${k}]`, false))
  }
  if (additional) errors.push(...defaults(additional, `${path}.additionalProperties`, false))
  if (items) errors.push(...defaults(items, `${path}.items`, false))
  return errors
}

interface Place {
  readonly root: boolean
  /** Why no default may stand here. */ readonly noDefaults?: string
}

function listRules(s: Schema, path: string): FieldError[] {
  const errors: FieldError[] = []
  const type = text(s.type)
  const is = s['x-kubernetes-list-type']
  const items = part(s.items)
  const keys = list(s['x-kubernetes-list-map-keys']).map(String)
  const mapKeys = `${path}.x-kubernetes-list-map-keys`
  if (is !== undefined && type !== 'array') {
    const must = 'must be array if x-kubernetes-list-type is specified'
    errors.push(type ? invalid(`${path}.type`, type, must) : required(`${path}.type`, must))
  } else if (is === 'set' && items) {
    const must = 'must be atomic as item of a list with x-kubernetes-list-type=set'
    const inner = items['x-kubernetes-list-type']
    if (items.type === 'array' && inner !== undefined && inner !== 'atomic')
      errors.push(invalid(`${path}.items.x-kubernetes-list-type`, inner, must))
    // upstream shows the list's type here
    if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
      errors.push(invalid(`${path}.items.x-kubernetes-map-type`, inner ?? 'null', must))
  }
  if (is !== undefined && is !== 'atomic' && is !== 'set' && is !== 'map')
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, is, ['atomic', 'set', 'map']))
  if (keys.length > 0 && is !== 'map') {
    const must = 'must be map if x-kubernetes-list-map-keys is non-empty'
    errors.push(
      is === undefined
        ? required(`${path}.x-kubernetes-list-type`, must)
        : invalid(`${path}.x-kubernetes-list-type`, is, must),
    )
  }
  const properties = part(items?.properties) ?? {}
  const property = (k: string): Schema | undefined => (Object.hasOwn(properties, k) ? part(properties[k]) : undefined)
  if (is === 'map') {
    if (keys.length === 0) errors.push(required(mapKeys, 'must not be empty if x-kubernetes-list-type is map'))
    if (!items) errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'))
    else if (items.type !== 'object')
      errors.push(
        invalid(
          `${path}.items.type`,
          text(items.type),
          "must be object if parent array's x-kubernetes-list-type is map",
        ),
      )
    else
      keys.forEach((k, i) => {
        const p = property(k)
        if (!p) {
          if (keys.findIndex((o) => !property(o)) === i)
            errors.push(invalid(mapKeys, goStrings(keys), 'entries must all be names of item properties'))
        } else if (p.type === 'array' || p.type === 'object')
          errors.push(
            invalid(
              `${path}.items.properties[${k}].type`,
              'object',
              "must be a scalar type if parent array's x-kubernetes-list-type is map",
            ),
          )
        if (keys.indexOf(k) < i && keys.findIndex((o, j) => keys.indexOf(o) < j) === i)
          errors.push(invalid(mapKeys, goStrings(keys), 'must not contain duplicate entries'))
      })
  }
  if ((is === 'map' || is === 'set') && items) {
    if (items.nullable === true)
      errors.push(forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${is}`))
    if (is === 'map')
      for (const k of keys) {
        const p = property(k)
        if (!p) continue
        if (!list(items.required).includes(k) && (p.default === undefined || p.default === null))
          errors.push(
            required(
              `${path}.items.properties[${k}].default`,
              'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
            ),
          )
        if (p.nullable === true)
          errors.push(
            forbidden(
              `${path}.items.properties[${k}].nullable`,
              'this property is in x-kubernetes-list-map-keys, so it cannot be nullable',
            ),
          )
      }
  }
  return errors
}

/** What of x-kubernetes-validations can be judged without reading the expression. */
function validationRules(s: Schema, path: string): FieldError[] {
  return list(s['x-kubernetes-validations']).flatMap((r, i) => {
    const rule = part(r) ?? {}
    const at = `${path}.x-kubernetes-validations[${i}]`
    const [expression, message, messageExpression, fieldPath] = [
      text(rule.rule),
      text(rule.message),
      text(rule.messageExpression),
      text(rule.fieldPath),
    ]
    const lines = (t: string): boolean => /[\n\r]/.test(t)
    const errors: FieldError[] = []
    if (!expression.trim()) errors.push(required(`${at}.rule`, 'rule is not specified'))
    else if (message && !message.trim())
      errors.push(invalid(`${at}.message`, message, 'message must be non-empty if specified'))
    else if (lines(message.trim()))
      errors.push(invalid(`${at}.message`, message, 'message must not contain line breaks'))
    else if (lines(expression.trim()) && !message.trim())
      errors.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'))
    if (messageExpression && !messageExpression.trim())
      errors.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'))
    if (rule.reason !== undefined && !REASONS.includes(text(rule.reason)))
      errors.push(notSupported(`${at}.reason`, rule.reason, REASONS))
    if (fieldPath && !fieldPath.trim())
      errors.push(invalid(`${at}.fieldPath`, fieldPath, 'fieldPath must be non-empty if specified'))
    if (lines(fieldPath)) errors.push(invalid(`${at}.fieldPath`, fieldPath, 'fieldPath must not contain line breaks'))
    if (fieldPath && 'why' in fieldAt(s, fieldPath, true))
      errors.push(invalid(`${at}.fieldPath`, fieldPath, 'fieldPath must be a valid path'))
    return errors
  })
}

/** Errors of the schema, and of the rules in it, which come after all others. */
interface Problems {
  readonly schema: FieldError[]
  readonly rules: FieldError[]
}

/** ValidateCustomResourceDefinitionOpenAPISchema; properties of one object in the order of their names. */
function openApi(s: Schema, path: string, place: Place, judge?: Rules, ctx?: cel.RuleContext): Problems {
  const errors: FieldError[] = []
  const ruled: FieldError[] = []
  const type = text(s.type)
  const inner: Place = { ...place, root: false }
  const visit = (part: Schema, at: string, where: Place, next?: cel.RuleContext): void => {
    const found = openApi(part, at, where, judge, next)
    errors.push(...found.schema)
    ruled.push(...found.rules)
  }
  const child = (
    part: Schema,
    where: 'property' | 'additional' | 'items',
    get: (t: Type) => Type | undefined,
  ): cel.RuleContext | undefined => (ctx ? judge?.childRules(ctx, part, path, where, get) : undefined)
  if (type && !TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, TYPES))
  if (s.default !== undefined && place.noDefaults !== undefined)
    errors.push(forbidden(`${path}.default`, `must not be set ${place.noDefaults}`))
  for (const [field, is, why] of UNSUPPORTED) if (is(s)) errors.push(forbidden(`${path}.${field}`, why))
  if (s.uniqueItems === true)
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  const additional = s.additionalProperties
  if (additional !== undefined) {
    if (size(s.properties) > 0 && additional !== true)
      errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
    const p = part(additional)
    if (p)
      visit(
        p,
        `${path}.additionalProperties`,
        inner,
        child(p, 'additional', (t) => t.params[1]),
      )
  }
  for (const [k, v] of entries(s.properties)) {
    const own = place.root && (k === 'metadata' || k === 'kind' || k === 'apiVersion')
    const where = own ? { root: false, noDefaults: `in top-level ${k}` } : inner
    const escaped = judge?.escapeName(k)
    visit(
      v,
      `${path}.properties[${k}]`,
      where,
      child(v, 'property', (t) => (escaped === undefined ? undefined : t.fields?.get(escaped))),
    )
  }
  const not = part(s.not)
  if (not) visit(not, `${path}.not`, inner)
  for (const k of ['allOf', 'oneOf', 'anyOf'] as const)
    list(s[k]).forEach((v, i) => {
      const p = part(v)
      if (p) visit(p, `${path}.${k}[${i}]`, inner)
    })
  const items = part(s.items)
  if (items)
    visit(
      items,
      `${path}.items`,
      inner,
      child(items, 'items', (t) => t.params[0]),
    )
  if (s['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'))
  const map = s['x-kubernetes-map-type']
  if (map !== undefined && type !== 'object') {
    const must = 'must be object if x-kubernetes-map-type is specified'
    errors.push(type ? invalid(`${path}.type`, type, must) : required(`${path}.type`, must))
  }
  if (map !== undefined && map !== 'atomic' && map !== 'granular')
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, map, ['atomic', 'granular']))
  errors.push(...listRules(s, path), ...validationRules(s, path))
  // expressions are read where the schema itself is good, here and below
  if (ctx && judge && errors.length === 0) ruled.push(...judge.ruleProblems(ctx, path))
  return { schema: errors, rules: ruled }
}

/**
 * All that is wrong with a definition's schema. `status`: the status subresource is served. `judge` reads the rules, if
 * there are any.
 */
export function validateDefinitionSchema(
  schema: JsonObject,
  path: string,
  status: boolean,
  judge?: Rules,
): FieldError[] {
  const errors: FieldError[] = []
  let ctx: cel.RuleContext | undefined
  if (status && text(schema.type) !== 'object' && text(schema.type))
    errors.push(
      invalid(
        `${path}.type`,
        schema.type,
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      ),
    )
  if (schema.nullable === true) errors.push(forbidden(`${path}.nullable`, 'nullable cannot be true at the root'))
  const hasNone = (s: Schema): boolean =>
    UNSUPPORTED.some(([, is]) => is(s)) || s.uniqueItems === true || s['x-kubernetes-preserve-unknown-fields'] === false
  if (!within(schema).some(hasNone)) {
    const structural = [...invariants(schema, 'root', path), ...alternatives(schema, schema, path, path)].sort((a, b) =>
      compareBytes(`${a.field}: ${a.message}`, `${b.field}: ${b.message}`),
    )
    const found = structural.length > 0 ? structural : defaults(schema, path, true)
    if (found.length === 0) ctx = judge?.rootRules(schema)
    errors.push(...found)
  }
  const { schema: own, rules } = openApi(schema, path, { root: true }, judge, ctx)
  return [...errors, ...own, ...rules, ...(ctx ? (judge?.totalProblems(ctx, path) ?? []) : [])]
}

/** The schema that a simple path leads to, or why there is none (cel.ValidFieldPath). */
export function fieldAt(
  schema: Schema | undefined,
  path: string,
  arrays = false,
): { readonly schema: Schema } | { readonly why: string } {
  if (!path.startsWith('.') && !path.startsWith('['))
    return { why: `expected [ or . but got: ${/^[^.[\]]+/.exec(path)?.[0] ?? path}` }
  let s: Schema | undefined = schema
  for (const m of path.matchAll(/\.([^.[\]]+)|\[([^\]]*)\]/g)) {
    const [, name, index] = m
    if (index !== undefined) {
      const quoted = /^(['"])(.*)\1$/.exec(index)
      if (!quoted) return { why: arrays ? 'does not refer to a valid field' : 'array notation is not allowed' }
      if (!arrays) return { why: 'array notation is not allowed' }
    }
    const key = name ?? index?.slice(1, -1) ?? ''
    const properties: Schema | undefined = part(s?.properties)
    s = properties && Object.hasOwn(properties, key) ? part(properties[key]) : part(s?.additionalProperties)
    if (!s) return { why: 'does not refer to a valid field' }
  }
  return s ? { schema: s } : { why: 'does not refer to a valid field' }
}
