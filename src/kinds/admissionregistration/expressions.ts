// The expressions of admission policies and match conditions: what they may name, what they must be, what is wrong with
// them; as apiserver's plugin/cel (compile, composition).
import {
  BOOL,
  CelError,
  DYN,
  INT,
  STRING,
  TIMESTAMP,
  compile,
  listOf,
  mapOf,
  readType,
  sameType,
  struct,
  typeString,
} from '../../apimachinery/cel.ts'
import type { Program, Type } from '../../apimachinery/cel.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { internal, invalid } from '../../apimachinery/field.ts'

const object = (name: string, fields: Readonly<Record<string, Type>>): Type =>
  struct(name, new Map(Object.entries(fields)))
const TEXTS = listOf(STRING)
const MAP = mapOf(STRING, STRING)

let made: { readonly request: Type; readonly namespace: Type } | undefined
/** The types of `request` and `namespaceObject`. */
function objects(): { readonly request: Type; readonly namespace: Type } {
  if (made) return made
  const kind = object('kubernetes.GroupVersionKind', { group: STRING, version: STRING, kind: STRING })
  const resource = object('kubernetes.GroupVersionResource', { group: STRING, version: STRING, resource: STRING })
  const request = object('kubernetes.AdmissionRequest', {
    kind,
    resource,
    subResource: STRING,
    requestKind: kind,
    requestResource: resource,
    requestSubResource: STRING,
    name: STRING,
    namespace: STRING,
    operation: STRING,
    userInfo: object('kubernetes.UserInfo', {
      username: STRING,
      uid: STRING,
      groups: TEXTS,
      extra: mapOf(STRING, TEXTS),
    }),
    dryRun: BOOL,
    options: DYN,
  })
  const namespace = object('kubernetes.Namespace', {
    metadata: object('kubernetes.NamespaceMetadata', {
      name: STRING,
      generateName: STRING,
      namespace: STRING,
      labels: MAP,
      annotations: MAP,
      UID: STRING,
      creationTimestamp: TIMESTAMP,
      deletionGracePeriodSeconds: INT,
      deletionTimestamp: TIMESTAMP,
      generation: INT,
      resourceVersion: STRING,
      finalizers: TEXTS,
    }),
    spec: object('kubernetes.NamespaceSpec', { finalizers: TEXTS }),
    status: object('kubernetes.NamespaceStatus', {
      conditions: listOf(
        object('kubernetes.NamespaceCondition', {
          status: STRING,
          type: STRING,
          lastTransitionTime: TIMESTAMP,
          message: STRING,
          reason: STRING,
        }),
      ),
      phase: STRING,
    }),
  })
  return (made = { request, namespace })
}

/** What the expressions of a policy may name. */
export interface Scope {
  readonly params: boolean
  readonly authorizer: boolean
  /** The variables of the policy that stand before, where it has any. */
  readonly variables?: ReadonlyMap<string, Type>
  /** The type of `object` and `oldObject`, and of `params`, where it is known. */
  readonly object?: Type
  readonly paramsType?: Type
}

function variablesOf(scope: Scope): Map<string, Type> {
  const { request, namespace } = objects()
  const all = new Map<string, Type>([
    ['object', scope.object ?? DYN],
    ['oldObject', scope.object ?? DYN],
    ['namespaceObject', namespace],
    ['request', request],
  ])
  if (scope.params) all.set('params', scope.paramsType ?? DYN)
  if (scope.authorizer) {
    all.set('authorizer', readType('Authorizer'))
    // with objects of a known type upstream only declares the authorizer itself
    if (!scope.object) all.set('authorizer.requestResource', readType('ResourceCheck'))
  }
  if (scope.variables) all.set('variables', struct('kubernetes.variables', scope.variables))
  return all
}

/** Compiles an expression that must be of one of the types, or of any. Throws CelError with the API's sentence. */
export function compileIn(text: string, scope: Scope, types?: readonly Type[]): Program {
  let program: Program
  try {
    program = compile(text, variablesOf(scope))
  } catch (e) {
    throw e instanceof CelError ? new CelError(`compilation failed: ${e.message}`) : e
  }
  if (!types || types.some((t) => sameType(t, program.type))) return program
  const wanted = types.map(typeString)
  throw new CelError(
    `must evaluate to ${wanted.length === 1 ? wanted[0] : `one of [${wanted.join(' ')}]`} but got ${typeString(program.type)}`,
  )
}

/** What is wrong with an expression; `shown` where the refusal shows another text than the one that is read. */
export function expressionErrors(
  text: string,
  path: string,
  scope: Scope,
  types: readonly Type[] | undefined,
  shown = text,
): FieldError[] {
  try {
    const { problem } = compileIn(text, scope, types)
    return problem === undefined ? [] : [internal(path, `program instantiation failed: ${problem}`)]
  } catch (e) {
    if (!(e instanceof CelError)) throw e
    return [invalid(path, shown, e.message)]
  }
}

/** A variable's type, or what is wrong with its expression; one that is wrong is of any type. */
export function variableType(text: string, scope: Scope): { readonly type: Type; readonly problem?: string } {
  try {
    return { type: compileIn(text, scope).type }
  } catch (e) {
    if (!(e instanceof CelError)) throw e
    return { type: DYN, problem: e.message }
  }
}

/** What match conditions must be. */
export const CONDITION: readonly Type[] = [BOOL]
export const MESSAGE: readonly Type[] = [STRING]
export const ANNOTATION: readonly Type[] = [STRING, { kind: 'null', name: 'null_type', params: [] }]
