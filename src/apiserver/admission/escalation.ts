// Nobody grants more than they hold: who writes roles and bindings must have every right they give, or the verbs
// escalate and bind; as pkg/registry/rbac/*/policybased.
import type { ClusterRole, PolicyRule, Role, RoleBinding } from '../../apimachinery/api/rbac.v1.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { equal } from '../../apimachinery/object.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { forbidden, notFound } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import { authorize, visitRules } from '../rbac.ts'
import type { Plugin } from './plugin.ts'

const RBAC = 'rbac.authorization.k8s.io'
const FULL: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

/** One rule for each thing a rule allows. */
export function breakDown(rule: PolicyRule): PolicyRule[] {
  const verbs = rule.verbs ?? []
  const one = (group: string, resource: string, verb: string): PolicyRule[] => {
    const single = { apiGroups: [group], resources: [resource], verbs: [verb] }
    return rule.resourceNames?.length ? rule.resourceNames.map((n) => ({ ...single, resourceNames: [n] })) : [single]
  }
  return [
    ...(rule.apiGroups ?? []).flatMap((g) => (rule.resources ?? []).flatMap((r) => verbs.flatMap((v) => one(g, r, v)))),
    ...(rule.nonResourceURLs ?? []).flatMap((u) => verbs.map((v) => ({ nonResourceURLs: [u], verbs: [v] }))),
  ]
}

const holdsAll = (set: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean =>
  (wanted ?? []).every((w) => set?.includes(w))
const urlCovers = (owner: string, path: string): boolean =>
  owner === path || (owner.endsWith('*') && path.startsWith(owner.replace(/\*+$/, '')))

/** Whether a rule that somebody has holds a broken-down one. */
function ruleCovers(owner: PolicyRule, sub: PolicyRule): boolean {
  const resources =
    owner.resources?.includes('*') ||
    (sub.resources ?? []).every(
      (r) =>
        owner.resources?.includes(r) ||
        (r.includes('/') && owner.resources?.includes(`*/${r.slice(r.indexOf('/') + 1)}`)),
    )
  return (
    (owner.verbs?.includes('*') || holdsAll(owner.verbs, sub.verbs)) &&
    (owner.apiGroups?.includes('*') || holdsAll(owner.apiGroups, sub.apiGroups)) &&
    resources &&
    (!owner.resourceNames?.length ||
      ((sub.resourceNames?.length ?? 0) > 0 && holdsAll(owner.resourceNames, sub.resourceNames))) &&
    (sub.nonResourceURLs ?? []).every((u) => owner.nonResourceURLs?.some((o) => urlCovers(o, u)))
  )
}

/** Rules of one resource become one, with all their verbs. */
function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const out: PolicyRule[] = []
  const simple = new Map<string, { rule: PolicyRule; verbs: string[] }>()
  for (const rule of rules) {
    if (rule.nonResourceURLs?.length) {
      out.push(rule)
      continue
    }
    const id = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames])
    const there = simple.get(id)
    if (there) there.verbs.push(...rule.verbs)
    else simple.set(id, { rule, verbs: [...rule.verbs] })
  }
  return [...out, ...[...simple.values()].map(({ rule, verbs }) => ({ ...rule, verbs }))]
}

const quoted = (list: readonly string[]): string => `[${list.map(goQuote).join(' ')}]`

function shown(rule: PolicyRule): string {
  const parts = (
    [
      ['APIGroups', rule.apiGroups],
      ['Resources', rule.resources],
      ['NonResourceURLs', rule.nonResourceURLs],
      ['ResourceNames', rule.resourceNames],
      ['Verbs', rule.verbs],
    ] as const
  ).flatMap(([name, list]) => (list?.length ? [`${name}:${quoted(list)}`] : []))
  return `{${parts.join(', ')}}`
}

/** What is missing for a user to give these rules, in words; '' when nothing is. */
async function missing(ctx: Context, rules: readonly PolicyRule[]): Promise<string> {
  const held: PolicyRule[] = []
  const errors = await visitRules(ctx.api, ctx.user, ctx.served.info.namespaced ? ctx.info.namespace : '', (rule) => {
    held.push(rule)
    return false
  })
  const lacking = rules.flatMap(breakDown).filter((r) => !held.some((h) => ruleCovers(h, r)))
  if (lacking.length === 0) return ''
  const lines = [...new Set(compact(lacking).map(shown))].sort()
  const trouble = errors.length
    ? `; resolution errors: [${errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`}]`
    : ''
  return `user ${goQuote(ctx.user.name)} (groups=${quoted(ctx.user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${trouble}`
}

/** Only what garbage collection needs changed: owners and finalizers. */
function onlyCollects(next: KubeObject, old: KubeObject | undefined): boolean {
  if (!old) return false
  const strip = (o: KubeObject): unknown => ({
    ...o,
    metadata: { ...o.metadata, ownerReferences: undefined, finalizers: undefined, managedFields: undefined },
  })
  return equal(strip(next), strip(old))
}

async function mayGrant(ctx: Context, name: string, rules: readonly PolicyRule[]): Promise<void> {
  const why = await missing(ctx, rules)
  if (why) throw forbidden(ctx.served.gr, name, why)
}

async function roles(ctx: Context, role: Role | ClusterRole, old: KubeObject | undefined): Promise<void> {
  const { resource } = ctx.served.info
  const name = old || ctx.request.method !== 'POST' ? ctx.info.name : ''
  if (
    (
      await authorize(ctx.api, ctx.user, {
        verb: 'escalate',
        group: RBAC,
        version: '*',
        resource,
        name,
        namespace: ctx.info.namespace,
      })
    ).allowed
  )
    return
  await mayGrant(ctx, role.metadata.name ?? '', role.rules ?? [])
  const gathers = (o: KubeObject | undefined): boolean =>
    ((o as ClusterRole | undefined)?.aggregationRule?.clusterRoleSelectors?.length ?? 0) > 0
  if (resource === 'clusterroles' && (gathers(role) || gathers(old)) && (await missing(ctx, FULL)))
    throw forbidden(
      ctx.served.gr,
      role.metadata.name ?? '',
      'must have cluster-admin privileges to use the aggregationRule',
    )
}

async function bindings(ctx: Context, binding: RoleBinding): Promise<void> {
  const { kind, name, apiGroup } = binding.roleRef ?? { kind: '', name: '', apiGroup: '' }
  const namespace = ctx.served.info.namespaced ? ctx.info.namespace : ''
  const resource = kind === 'ClusterRole' ? 'clusterroles' : 'roles'
  if (
    (
      await authorize(ctx.api, ctx.user, {
        verb: 'bind',
        group: apiGroup ?? '',
        version: '*',
        resource,
        name,
        namespace,
      })
    ).allowed
  )
    return
  const role = ctx.api.store.get(`${resource}.${RBAC}`, kind === 'ClusterRole' ? '' : namespace, name) as
    Role | undefined
  // the role is asked for within this request, which names the resource in errors
  if (!role) throw notFound(ctx.served.gr, name)
  await mayGrant(ctx, binding.metadata.name ?? '', role.rules ?? [])
}

export const escalation: Plugin = {
  name: 'RBACEscalation',
  async admit(ctx, { object, old }) {
    if (ctx.user.groups.includes('system:masters')) return
    const next = object
    if (onlyCollects(next, old)) return
    if (ctx.served.info.resource.endsWith('bindings')) await bindings(ctx, next as RoleBinding)
    else await roles(ctx, next, old)
  },
}
