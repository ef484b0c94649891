// What the status of a ValidatingAdmissionPolicy says of its expressions: they are checked against the types of what
// the policy matches, as the API describes them; as apiserver's validating/typechecking.
import type { ExpressionWarning, ValidatingAdmissionPolicy } from '../../apimachinery/api/admissionregistration.v1.ts'
import { CelError, declaredType, namedType } from '../../apimachinery/cel.ts'
import type { Type } from '../../apimachinery/cel.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { compileIn, variableType } from '../../kinds/admissionregistration/expressions.ts'
import type { Scope } from '../../kinds/admissionregistration/expressions.ts'

const MAX_TYPES = 10
interface GVK {
  readonly group: string
  readonly version: string
  readonly kind: string
}

const part = (v: unknown): JsonObject | undefined => (isObject(v) ? v : undefined)
const list = (v: unknown): readonly unknown[] => (Array.isArray(v) ? v : [])

async function document(client: Client, path: string): Promise<JsonObject | undefined> {
  try {
    return part((await client.request('GET', path)).body)
  } catch (e) {
    if (e instanceof StatusError) return undefined
    throw e
  }
}

/** A schema with what it refers to put in; what contains itself ends there. */
function resolved(schema: JsonObject, definitions: JsonObject, within: readonly string[] = []): JsonObject {
  const [first] = list(schema.allOf)
  const ref = schema.$ref ?? part(first)?.$ref
  if (typeof ref === 'string') {
    const name = ref.slice(ref.lastIndexOf('/') + 1)
    const found = within.includes(name) || !Object.hasOwn(definitions, name) ? undefined : part(definitions[name])
    return found ? resolved(found, definitions, [...within, name]) : {}
  }
  const inner = (s: unknown): JsonObject | undefined => {
    const p = part(s)
    return p && resolved(p, definitions, within)
  }
  const out: Record<string, JsonObject[string]> = { ...schema }
  if (schema.format === 'int-or-string') out['x-kubernetes-int-or-string'] = true
  const items = inner(schema.items)
  if (items) out.items = items
  const additional = inner(schema.additionalProperties)
  if (additional) out.additionalProperties = additional
  const properties = part(schema.properties)
  if (properties) out.properties = Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, inner(v) ?? {}]))
  return out
}

/** The type of a kind, from what the API says of it. */
async function typeOf(client: Client, { group, version, kind }: GVK): Promise<Type | undefined> {
  const path = group ? `apis/${group}/${version}` : `api/${version}`
  const definitions = part(part((await document(client, `/openapi/v3/${path}`))?.components)?.schemas)
  for (const d of Object.values(definitions ?? {})) {
    const schema = part(d)
    const is = list(schema?.['x-kubernetes-group-version-kind']).some((g) => {
      const gvk = part(g)
      return gvk?.group === group && gvk.version === version && gvk.kind === kind
    })
    if (!schema || !definitions || !is) continue
    const type = declaredType(resolved(schema, definitions), true)
    return type && namedType(type, `${kind}0`)
  }
  return undefined
}

/** The kinds that a policy matches by name; wildcards name none. */
async function kindsOf(client: Client, policy: ValidatingAdmissionPolicy): Promise<GVK[]> {
  const found = new Map<string, GVK>()
  const star = (l: readonly string[]): boolean => l.some((x) => x.includes('*'))
  for (const { apiGroups = [], apiVersions = [], resources = [] } of policy.spec?.matchConstraints?.resourceRules ??
    []) {
    if (star(apiGroups) || star(apiVersions)) continue
    let count = 0
    for (const group of [...apiGroups].sort())
      for (const version of [...apiVersions].sort()) {
        const served = await document(client, group ? `/apis/${group}/${version}` : `/api/${version}`)
        for (const resource of [...resources].sort()) {
          if (/[*/]/.test(resource) || count >= MAX_TYPES) continue
          const kind = part(list(served?.resources).find((r) => part(r)?.name === resource))?.kind
          if (typeof kind !== 'string') continue
          found.set(`${group}/${version}/${kind}`, { group, version, kind })
          count++
        }
      }
  }
  return [...found.keys()].sort().flatMap((k) => found.get(k) ?? [])
}

/** What does not fit the types that the policy's expressions are about. */
export async function expressionWarnings(
  client: Client,
  policy: ValidatingAdmissionPolicy,
): Promise<ExpressionWarning[]> {
  const { paramKind, variables = [], validations = [] } = policy.spec ?? {}
  const [paramVersion = '', paramGroup = ''] = (paramKind?.apiVersion ?? '').split('/').reverse()
  const paramsType = paramKind
    ? await typeOf(client, { group: paramGroup, version: paramVersion, kind: paramKind.kind ?? '' })
    : undefined
  const scopes: { readonly about: string; readonly scope: Scope }[] = []
  for (const gvk of await kindsOf(client, policy)) {
    const object = await typeOf(client, gvk)
    if (!object) continue
    const types = new Map<string, Type>()
    const scope: Scope = {
      params: paramsType !== undefined,
      authorizer: true,
      variables: types,
      object,
      ...(paramsType ? { paramsType } : {}),
    }
    for (const v of variables) types.set(v.name, variableType(v.expression, scope).type)
    scopes.push({ about: `${gvk.group}/${gvk.version}, Kind=${gvk.kind}`, scope })
  }
  const check = (text: string, fieldRef: string): ExpressionWarning[] => {
    const found = scopes.flatMap(({ about, scope }) => {
      try {
        compileIn(text, scope)
        return []
      } catch (e) {
        if (!(e instanceof CelError)) throw e
        return [`${about}: ${e.message.replace(/^compilation failed: /, '')}\n`]
      }
    })
    return found.length ? [{ fieldRef, warning: found.join('\n') }] : []
  }
  return validations.flatMap((v, i) => [
    ...check(v.expression, `spec.validations[${i}].expression`),
    ...(v.messageExpression ? check(v.messageExpression, `spec.validations[${i}].messageExpression`) : []),
  ])
}
