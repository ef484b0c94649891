// CEL, the expression language of validation rules and admission policies: read, checked, priced, evaluated. Our own
// rather than a package: refusals and limits are the API server's word for word, and those packages know neither its
// type checker's sentences with their columns nor the estimate of costs.
import { check, dotted, partsOf } from './cel/checker.ts'
import type { Checked } from './cel/checker.ts'
import { maxCost } from './cel/cost.ts'
import { evaluate } from './cel/evaluator.ts'
import { parse, showIssues } from './cel/parser.ts'
import type { Expr } from './cel/parser.ts'
import type { Type } from './cel/type.ts'
import { CelError } from './cel/value.ts'
import { goRegExp, goRegExpError } from './goregexp.ts'

export { celValue, declaredType, escapeName, namedType, MAX_REQUEST } from './cel/schema.ts'
export { Access, CelError, Optional, StructValue } from './cel/value.ts'
export type { AccessQuery, Decide, Decision } from './cel/value.ts'
export { readType } from './cel/overload.ts'
export {
  DYN,
  BOOL,
  INT,
  STRING,
  TIMESTAMP,
  listOf,
  mapOf,
  optionalOf,
  sameType,
  struct,
  typeString,
} from './cel/type.ts'
export type { Type }

/** Variables with their values; functions are asked when an expression names them. */
export type Bindings = ReadonlyMap<string, () => unknown>

/** An expression that was checked. */
export interface Program {
  readonly type: Type
  /** Evaluates; throws CelError. */
  readonly run: (variables: Bindings) => unknown
  /** Why it cannot be made ready: a constant in it that cannot be converted, or is no regular expression. */
  readonly problem: string | undefined
  /** What it costs at most, where `root` declares the sizes of what its variables hold. */
  readonly cost: (root: Type) => bigint
  /** Whether it names a variable. */
  readonly uses: (variable: string) => boolean
}

const CONVERSIONS: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn int string timestamp type uint'.split(' '),
)

/** Constants are worked out before anything is evaluated; what fails then. */
function constantProblem(e: Expr): string | undefined {
  for (const p of partsOf(e)) {
    const inner = constantProblem(p)
    if (inner !== undefined) return inner
  }
  const arg = e.kind === 'call' ? e.args[0] : undefined
  if (e.kind !== 'call' || arg?.kind !== 'literal') return undefined
  if (e.target) {
    if ((e.fn !== 'find' && e.fn !== 'findAll') || typeof arg.value !== 'string') return undefined
    return goRegExp(arg.value) ? undefined : goRegExpError(arg.value)
  }
  if (!CONVERSIONS.has(e.fn) || e.args.length !== 1) return undefined
  try {
    evaluate(e, new Map(), new Map())
    return undefined
  } catch (x) {
    if (x instanceof CelError) return x.message
    throw x
  }
}

function program(e: Expr, checked: Checked): Program {
  return {
    type: checked.type,
    run: (variables) => evaluate(e, checked.names, variables),
    problem: constantProblem(e),
    cost: (root) => maxCost(e, checked, root),
    uses: (variable) => {
      const inside = (x: Expr): boolean => dotted(x) === variable || partsOf(x).some(inside)
      return inside(e)
    },
  }
}

/** Reads and checks an expression over variables of known types. Throws CelError: the issues as cel-go shows them. */
export function compile(text: string, variables: ReadonlyMap<string, Type>): Program {
  const { expr, issues } = parse(text)
  if (!expr) throw new CelError(showIssues(text, issues))
  const checked = check(expr, variables)
  if (checked.issues.length) throw new CelError(showIssues(text, checked.issues))
  return program(expr, checked)
}
