// What a definition's x-kubernetes-validations are refused for: expressions that do not compile, are no bool or text,
// cost too much, or compare what cannot be compared; as ValidateCustomResourceDefinitionOpenAPISchema and its
// CELSchemaContext.
import { CelError, MAX_REQUEST, compile, declaredType, namedType, optionalOf } from '../../apimachinery/cel.ts'
import type { Type } from '../../apimachinery/cel.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid } from '../../apimachinery/field.ts'
import { GoText, goQuote } from '../../apimachinery/gostring.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { Schema } from '../../apimachinery/structural.ts'

export { escapeName } from '../../apimachinery/cel.ts'

const EXPRESSION_LIMIT = 10_000_000n
const DEFINITION_LIMIT = 100_000_000n
const MAX = 2n ** 64n - 1n

const text = (v: unknown): string => (typeof v === 'string' ? v : '')
const cap = (n: bigint): bigint => (n > MAX ? MAX : n)

/** Where in a schema we are: how often it may occur, and what its values are. */
export interface RuleContext {
  readonly schema: Schema
  /** How often at most; undefined: nobody says. */
  readonly cardinality: bigint | undefined
  /** Within rules: the type of the values, or undefined where expressions do not see them. */
  readonly type: () => Type | undefined
  readonly ruled: boolean
  /** Why oldSelf has nothing to compare with: the path of what cannot be correlated. */
  readonly uncorrelated: string | undefined
  readonly total: Total
}

/** What all rules of a definition may cost together. */
class Total {
  sum = 0n
  readonly dearest: { path: string; cost: bigint }[] = []
  add(path: string, cost: bigint): void {
    this.sum = cap(this.sum + cost)
    if (cost < DEFINITION_LIMIT / 100n) return
    this.dearest.push({ path, cost })
    this.dearest.sort((a, b) => (a.cost < b.cost ? 1 : a.cost > b.cost ? -1 : 0))
    this.dearest.length = Math.min(4, this.dearest.length)
  }
}

const rulesOf = (s: Schema): readonly unknown[] =>
  Array.isArray(s['x-kubernetes-validations']) ? s['x-kubernetes-validations'] : []

/** The context of a definition's schema. */
export function rootRules(schema: Schema): RuleContext {
  let type: Type | undefined
  return {
    schema,
    cardinality: 1n,
    type: () => (type ??= declaredType(schema, true)),
    ruled: rulesOf(schema).length > 0,
    uncorrelated: undefined,
    total: new Total(),
  }
}

/** How many children of its kind a value may have. */
function elements(s: Schema): bigint | undefined {
  const limit = (v: unknown): bigint | undefined => (typeof v === 'number' ? BigInt(Math.max(0, v)) : undefined)
  if (s.type === 'object' && s.additionalProperties !== undefined) return limit(s.maxProperties)
  return s.type === 'array' ? limit(s.maxItems) : 1n
}

/** The context of a part of a schema. `get` finds its type in its parent's. */
export function childRules(
  parent: RuleContext,
  schema: Schema,
  path: string,
  where: 'property' | 'additional' | 'items',
  get: (parent: Type) => Type | undefined,
): RuleContext {
  const each = elements(parent.schema)
  const { cardinality } = parent
  let type: Type | undefined
  const correlates = where !== 'items' || parent.schema['x-kubernetes-list-type'] === 'map'
  return {
    schema,
    cardinality: cardinality === undefined || each === undefined ? undefined : cap(cardinality * each),
    type: () => {
      if (type) return type
      const outer = parent.ruled ? parent.type() : undefined
      type = (outer && get(outer)) ?? declaredType(schema, schema['x-kubernetes-embedded-resource'] === true)
      return type
    },
    ruled: parent.ruled || rulesOf(schema).length > 0,
    uncorrelated: correlates ? parent.uncorrelated : path,
    total: parent.total,
  }
}

/** Go's syntax of a rule. */
function goRule(r: Schema): GoText {
  const pointer = (of: string, set: unknown): string => `(*${of})(${set === undefined ? 'nil' : '0xc000000000'})`
  return new GoText(
    `apiextensions.ValidationRule{Rule:${goQuote(text(r.rule))}, Message:${goQuote(text(r.message))}, MessageExpression:${goQuote(text(r.messageExpression))}, Reason:${pointer('apiextensions.FieldValueErrorReason', r.reason)}, FieldPath:${goQuote(text(r.fieldPath))}, OptionalOldSelf:${pointer('bool', r.optionalOldSelf)}}`,
  )
}

function exceeds(what: string, cost: bigint, limit: bigint): string {
  const by = Number(cost) / Number(limit)
  const factor = by > 100 ? 'more than 100x' : by < 1.5 ? `${by.toFixed(6)}x` : `${by.toFixed(1)}x`
  return `${what} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}

/** What is wrong with the rules of one schema. */
export function ruleProblems(ctx: RuleContext, path: string): FieldError[] {
  const declared = ctx.type()
  if (!declared) return []
  const self = namedType(declared, 'selfType0')
  const often = BigInt(Math.floor(MAX_REQUEST / ((declared.minSize ?? 0) + 1)))
  const errors: FieldError[] = []
  rulesOf(ctx.schema).forEach((r, i) => {
    const rule = isObject(r) ? r : {}
    const at = `${path}.x-kubernetes-validations[${i}]`
    const expression = text(rule.rule)
    if (!expression.trim()) return
    const variables = new Map([
      ['self', self],
      ['oldSelf', rule.optionalOldSelf === true ? optionalOf(self) : self],
    ])
    let cost = 0n
    let usesOld = false
    let problem: string | undefined
    try {
      const program = compile(expression, variables)
      if (program.type.kind !== 'bool') problem = 'cel expression must evaluate to a bool'
      else {
        usesOld = program.uses('oldSelf')
        if (program.problem !== undefined) problem = `program instantiation failed: ${program.problem}`
        else cost = cap(program.cost(self) * (ctx.cardinality ?? often))
      }
    } catch (e) {
      if (!(e instanceof CelError)) throw e
      problem = `compilation failed: ${e.message}`
    }
    if (cost > EXPRESSION_LIMIT)
      errors.push(forbidden(`${at}.rule`, exceeds('estimated rule cost', cost, EXPRESSION_LIMIT)))
    ctx.total.add(`${at}.rule`, cost)
    if (problem !== undefined) errors.push(invalid(`${at}.rule`, goRule(rule), problem))
    else if (text(rule.messageExpression) !== '')
      errors.push(...messageProblems(ctx, rule, variables, self, `${at}.messageExpression`))
    if (!usesOld) {
      if (rule.optionalOldSelf !== undefined)
        errors.push(
          invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
        )
    } else if (ctx.uncorrelated !== undefined)
      errors.push(
        invalid(
          `${at}.rule`,
          expression,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${ctx.uncorrelated}`,
        ),
      )
  })
  return errors
}

function messageProblems(
  ctx: RuleContext,
  rule: Schema,
  variables: ReadonlyMap<string, Type>,
  self: Type,
  at: string,
): FieldError[] {
  try {
    const program = compile(text(rule.messageExpression), variables)
    if (program.type.kind !== 'string')
      return [invalid(at, goRule(rule), 'messageExpression must evaluate to a string')]
    if (program.problem !== undefined)
      return [invalid(at, goRule(rule), `messageExpression instantiation failed: ${program.problem}`)]
    const cost = program.cost(self)
    ctx.total.add(at, cost)
    return cost > EXPRESSION_LIMIT
      ? [forbidden(at, exceeds('estimated messageExpression cost', cost, EXPRESSION_LIMIT))]
      : []
  } catch (e) {
    if (!(e instanceof CelError)) throw e
    return [invalid(at, goRule(rule), `messageExpression compilation failed: ${e.message}`)]
  }
}

/** What is wrong with all rules of a definition together. */
export function totalProblems(ctx: RuleContext, path: string): FieldError[] {
  if (ctx.total.sum <= DEFINITION_LIMIT) return []
  return [
    ...ctx.total.dearest.map((d) =>
      forbidden(d.path, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'),
    ),
    forbidden(
      path,
      exceeds(
        'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
        ctx.total.sum,
        DEFINITION_LIMIT,
      ),
    ),
  ]
}
