// The RBAC authorizer: which rules a user has, from the roles and bindings in the store, and whether one of them allows
// a request; as pkg/registry/rbac/validation and plugin/pkg/auth/authorizer/rbac.
import type { User } from '../apimachinery/door.ts'
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../apimachinery/api/rbac.v1.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import type { Api } from './api.ts'
import { seeded } from './system-objects.ts'

/** A request as the authorizer sees it; `path` for those that name no resource. */
export interface Attributes {
  readonly verb: string
  readonly path?: string
  readonly group?: string
  readonly version?: string
  readonly resource?: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
}

export interface Decision {
  readonly allowed: boolean
  readonly reason: string
}

const RBAC = 'rbac.authorization.k8s.io'
const CLUSTER_ROLES = `clusterroles.${RBAC}`
const CLUSTER_ROLE_BINDINGS = `clusterrolebindings.${RBAC}`
const ROLES = `roles.${RBAC}`
const ROLE_BINDINGS = `rolebindings.${RBAC}`

const matches = (list: readonly string[] | undefined, value: string): boolean =>
  list?.some((v) => v === '*' || v === value) ?? false

function resourceMatches(rule: PolicyRule, combined: string, subresource: string): boolean {
  return (
    rule.resources?.some((r) => r === '*' || r === combined || (subresource !== '' && r === `*/${subresource}`)) ??
    false
  )
}

function pathMatches(rule: PolicyRule, path: string): boolean {
  return (
    rule.nonResourceURLs?.some(
      (u) => u === '*' || u === path || (u.endsWith('*') && path.startsWith(u.replace(/\*+$/, ''))),
    ) ?? false
  )
}

/** Whether a rule allows a request. */
function ruleAllows(rule: PolicyRule, a: Attributes): boolean {
  if (a.path !== undefined) return matches(rule.verbs, a.verb) && pathMatches(rule, a.path)
  const subresource = a.subresource ?? ''
  const combined = subresource ? `${a.resource}/${subresource}` : (a.resource ?? '')
  return (
    matches(rule.verbs, a.verb) &&
    matches(rule.apiGroups, a.group ?? '') &&
    resourceMatches(rule, combined, subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(a.name ?? ''))
  )
}

function isSubject(s: Subject, user: User, namespace: string): boolean {
  if (s.kind === 'User') return s.name === user.name
  if (s.kind === 'Group') return user.groups.includes(s.name)
  return s.kind === 'ServiceAccount' && `system:serviceaccount:${s.namespace ?? namespace}:${s.name}` === user.name
}

const describeSubject = (s: Subject, namespace: string): string =>
  s.kind === 'ServiceAccount'
    ? `ServiceAccount ${goQuote(`${s.name}/${s.namespace ?? namespace}`)}`
    : `${s.kind} ${goQuote(s.name)}`

/**
 * Calls back with each rule a user has, cluster-wide and in a namespace; stops at true. Roles that are missing are told
 * as errors.
 */
export async function visitRules(
  api: Api,
  user: User,
  namespace: string,
  visit: (rule: PolicyRule, source: string) => boolean,
): Promise<readonly string[]> {
  await Promise.all([CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS].map((r) => seeded(api, r)))
  const errors: string[] = []
  const rulesOf = (ref: { readonly kind: string; readonly name: string }, ns: string): readonly PolicyRule[] => {
    const role =
      ref.kind === 'Role'
        ? (api.store.get(ROLES, ns, ref.name) as Role | undefined)
        : (api.store.get(CLUSTER_ROLES, '', ref.name) as ClusterRole | undefined)
    if (!role) errors.push(`${ref.kind === 'Role' ? 'role' : 'clusterrole'}.${RBAC} ${goQuote(ref.name)} not found`)
    return role?.rules ?? []
  }
  for (const o of api.store.list(CLUSTER_ROLE_BINDINGS)) {
    const b = o as ClusterRoleBinding
    const subject = b.subjects?.find((s) => isSubject(s, user, ''))
    if (!subject) continue
    for (const rule of rulesOf(b.roleRef, ''))
      if (
        visit(
          rule,
          `ClusterRoleBinding ${goQuote(b.metadata.name ?? '')} of ${b.roleRef.kind} ${goQuote(b.roleRef.name)} to ${describeSubject(subject, '')}`,
        )
      )
        return errors
  }
  if (!namespace) return errors
  for (const o of api.store.list(ROLE_BINDINGS, { namespace })) {
    const b = o as RoleBinding
    const subject = b.subjects?.find((s) => isSubject(s, user, namespace))
    if (!subject) continue
    for (const rule of rulesOf(b.roleRef, namespace))
      if (
        visit(
          rule,
          `RoleBinding ${goQuote(`${b.metadata.name ?? ''}/${namespace}`)} of ${b.roleRef.kind} ${goQuote(b.roleRef.name)} to ${describeSubject(subject, namespace)}`,
        )
      )
        return errors
  }
  return errors
}

/** Whether a user may do something. */
export async function authorize(api: Api, user: User, a: Attributes): Promise<Decision> {
  if (user.groups.includes('system:masters')) return { allowed: true, reason: '' }
  let source: string | undefined
  const errors = await visitRules(api, user, a.namespace ?? '', (rule, from) => {
    if (!ruleAllows(rule, a)) return false
    source = from
    return true
  })
  if (source !== undefined) return { allowed: true, reason: `RBAC: allowed by ${source}` }
  return {
    allowed: false,
    reason: errors.length > 0 ? `RBAC: ${errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`}` : '',
  }
}
