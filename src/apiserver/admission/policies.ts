// ValidatingAdmissionPolicy: policies with their bindings, each expression in CEL over the object, the old one and the
// request; as apiserver's plugin/policy/validating.
import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../apimachinery/api/admissionregistration.v1.ts'
import { Access, CelError, StructValue, celValue } from '../../apimachinery/cel.ts'
import type { AccessQuery, Bindings, Decide, Decision, Program } from '../../apimachinery/cel.ts'
import type { User } from '../../apimachinery/door.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { compileIn, variableType } from '../../kinds/admissionregistration/expressions.ts'
import type { Scope } from '../../kinds/admissionregistration/expressions.ts'
import type { Context } from '../api.ts'
import { warn } from '../api.ts'
import { authorize } from '../rbac.ts'
import type { Attributes } from '../rbac.ts'
import type { Plugin, Review } from './plugin.ts'
import { refusal } from './plugin.ts'

const GROUP = 'admissionregistration.k8s.io'
const POLICIES = `validatingadmissionpolicies.${GROUP}`
const BINDINGS = `validatingadmissionpolicybindings.${GROUP}`
const CODES: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
}
/** Policies and webhooks never judge the kinds that make them. */
export const EXEMPT: ReadonlySet<string> = new Set([
  POLICIES,
  BINDINGS,
  ...[
    'mutatingadmissionpolicies',
    'mutatingadmissionpolicybindings',
    'validatingwebhookconfigurations',
    'mutatingwebhookconfigurations',
  ].map((r) => `${r}.${GROUP}`),
])

/** A policy, read: its expressions by their text. */
interface Compiled {
  readonly program: (text: string) => Program
  readonly variables: ReadonlyMap<string, Program | CelError>
}
const compilations = new WeakMap<ValidatingAdmissionPolicy, Compiled>()

/** Expressions that cannot be read fail when they are asked for; policies of before may hold such. */
function compiledOf(policy: ValidatingAdmissionPolicy): Compiled {
  const known = compilations.get(policy)
  if (known) return known
  const types = new Map<string, ReturnType<typeof variableType>['type']>()
  const declared = policy.spec?.variables ?? []
  const scope: Scope = {
    params: policy.spec?.paramKind !== undefined,
    authorizer: true,
    ...(declared.length ? { variables: types } : {}),
  }
  const read = (text: string): Program | CelError => {
    try {
      return compileIn(text, scope)
    } catch (e) {
      if (e instanceof CelError) return e
      throw e
    }
  }
  const variables = new Map<string, Program | CelError>()
  for (const v of declared) {
    const program = read(v.expression)
    variables.set(v.name, program)
    types.set(v.name, variableType(v.expression, scope).type)
  }
  const programs = new Map<string, Program | CelError>()
  const made: Compiled = {
    program: (text) => {
      const p = programs.get(text) ?? read(text)
      programs.set(text, p)
      if (p instanceof CelError) throw p
      return p
    },
    variables,
  }
  compilations.set(policy, made)
  return made
}

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list?.some((v) => v === '*' || v === value) ?? false

function resourceMatches(list: readonly string[] | undefined, resource: string, subresource: string): boolean {
  return (
    list?.some((r) => {
      const [name = '', sub = ''] = r.split('/')
      return (name === '*' || name === resource) && (sub === subresource || sub === '*')
    }) ?? false
  )
}

function ruleMatches(rule: NamedRuleWithOperations, ctx: Context, r: Review): boolean {
  const { info } = ctx.served
  const scoped = rule.scope === 'Namespaced' ? info.namespaced : rule.scope === 'Cluster' ? !info.namespaced : true
  return (
    scoped &&
    has(rule.operations, r.operation) &&
    has(rule.apiGroups, info.group) &&
    has(rule.apiVersions, info.version) &&
    resourceMatches(rule.resources, info.resource, r.subresource ?? '') &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(r.object.metadata.name ?? ''))
  )
}

/** Whether a write is meant by a policy, its binding or a webhook. */
export function selects(match: MatchResources | undefined, ctx: Context, r: Review, wantsRules: boolean): boolean {
  if (!match) return !wantsRules
  if (match.namespaceSelector && (ctx.served.info.namespaced || ctx.served.storage === 'namespaces')) {
    const ns = ctx.served.storage === 'namespaces' ? r.object : ctx.api.store.get('namespaces', '', ctx.info.namespace)
    if (!matches(fromLabelSelector(match.namespaceSelector), ns?.metadata.labels ?? {})) return false
  }
  if (match.objectSelector) {
    const selector = fromLabelSelector(match.objectSelector)
    if (
      !matches(selector, r.object.metadata.labels ?? {}) &&
      !(r.old && matches(selector, r.old.metadata.labels ?? {}))
    )
      return false
  }
  if (match.excludeResourceRules?.some((x) => ruleMatches(x, ctx, r))) return false
  return match.resourceRules?.length ? match.resourceRules.some((x) => ruleMatches(x, ctx, r)) : !wantsRules
}

/** An answer of the authorizer that an expression waits for. */
class Pending {
  readonly key: string
  readonly user: User
  readonly attributes: Attributes
  constructor(key: string, user: User, attributes: Attributes) {
    this.key = key
    this.user = user
    this.attributes = attributes
  }
}
type Decisions = Map<string, Decision>

/** Asks the authorizer; expressions are evaluated again once it has answered. */
const decider =
  (ctx: Context, decisions: ReadonlyMap<string, Decision>): Decide =>
  (query) => {
    const key = JSON.stringify(query)
    const known = decisions.get(key)
    if (known) return known
    const { serviceAccount, verb, path, group = '', resource = '', subresource = '', namespace = '', name = '' } = query
    const user: User =
      serviceAccount === undefined
        ? ctx.user
        : {
            name: serviceAccount,
            groups: [
              'system:serviceaccounts',
              `system:serviceaccounts:${serviceAccount.split(':')[2] ?? ''}`,
              'system:authenticated',
            ],
          }
    throw new Pending(
      key,
      user,
      path === undefined ? { verb, group, version: '*', resource, subresource, namespace, name } : { verb, path },
    )
  }

async function decided<T>(ctx: Context, decisions: Decisions, run: () => T): Promise<T> {
  for (;;)
    try {
      return run()
    } catch (e) {
      if (!(e instanceof Pending)) throw e
      const { allowed, reason } = await authorize(ctx.api, e.user, e.attributes)
      decisions.set(e.key, { allowed, reason })
    }
}

/** What was worked out once. */
function once(make: () => unknown): () => unknown {
  let made: { readonly value: unknown } | undefined
  return () => (made ??= { value: make() }).value
}

/** Fields that are empty are not there. */
const filled = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, v]) => v !== '' && v !== undefined && !(typeof v === 'object' && v !== null && Object.keys(v).length === 0),
    ),
  )

/** What expressions may name. Variables are worked out when they are first asked for. */
function scopeOf(
  ctx: Context,
  r: Review,
  policy: ValidatingAdmissionPolicy,
  params: KubeObject | undefined,
  decide: Decide,
): Bindings {
  const { info } = ctx.served
  const gone = r.operation === 'DELETE'
  const kind = { group: info.group, version: info.version, kind: info.kind }
  const resource = { group: info.group, version: info.version, resource: info.resource }
  const name = r.object.metadata.name ?? ''
  const request = {
    kind,
    resource,
    requestKind: kind,
    requestResource: resource,
    operation: r.operation,
    dryRun: r.options.dryRun,
    userInfo: filled({
      username: ctx.user.name,
      uid: ctx.user.uid ?? '',
      groups: [...ctx.user.groups],
      extra: ctx.user.extra ?? {},
    }),
    options: {
      kind: `${r.operation.charAt(0)}${r.operation.slice(1).toLowerCase()}Options`,
      apiVersion: 'meta.k8s.io/v1',
    },
    ...filled({
      subResource: r.subresource ?? '',
      requestSubResource: r.subresource ?? '',
      name,
      namespace: ctx.info.namespace,
    }),
  }
  const asked: AccessQuery = {
    group: info.group,
    resource: info.resource,
    subresource: r.subresource ?? '',
    namespace: ctx.info.namespace,
    name,
  }
  const value = (make: () => unknown): (() => unknown) => once(() => celValue(make()))
  const scope = new Map<string, () => unknown>([
    ['object', value(() => (gone ? null : r.object))],
    ['oldObject', value(() => r.old)],
    ['params', value(() => params)],
    ['request', value(() => request)],
    [
      'namespaceObject',
      value(() => (info.namespaced ? ctx.api.store.get('namespaces', '', ctx.info.namespace) : null)),
    ],
    ['authorizer', () => new Access('authorizer', {}, decide)],
    ['authorizer.requestResource', () => new Access('resource', asked, decide)],
  ])
  const fields = new LazyFields()
  for (const [n, p] of compiledOf(policy).variables)
    fields.add(n, () => {
      try {
        if (p instanceof CelError) throw p
        return p.run(scope)
      } catch (e) {
        if (!(e instanceof CelError)) throw e
        throw new CelError(`composited variable ${JSON.stringify(n)} fails to evaluate: ${e.message}`)
      }
    })
  scope.set('variables', () => new StructValue('kubernetes.variables', fields))
  return scope
}

/** The variables of a policy: each is worked out when it is first read. */
class LazyFields extends Map<string, unknown> {
  readonly #made = new Map<string, () => unknown>()
  add(name: string, make: () => unknown): void {
    this.#made.set(name, once(make))
  }
  override has(name: string): boolean {
    return this.#made.has(name)
  }
  override get(name: string): unknown {
    return this.#made.get(name)?.()
  }
}

const NO_POLICY = {} as ValidatingAdmissionPolicy

/** Whether a webhook's conditions hold; one that cannot be evaluated refuses. */
export async function meets(ctx: Context, r: Review, conditions: readonly MatchCondition[]): Promise<boolean> {
  const decisions: Decisions = new Map()
  try {
    return await decided(ctx, decisions, () => {
      const scope = scopeOf(ctx, r, NO_POLICY, undefined, decider(ctx, decisions))
      return conditions.every((c) => compileIn(c.expression, { params: false, authorizer: true }).run(scope) === true)
    })
  } catch (e) {
    if (e instanceof CelError) throw refusal(ctx, r.object, e.message)
    throw e
  }
}

interface Refusal {
  readonly message: string
  readonly reason: string
}

function refusalsOf(policy: ValidatingAdmissionPolicy, scope: Bindings): Refusal[] {
  const compiled = compiledOf(policy)
  const evaluate = (text: string): unknown => compiled.program(text).run(scope)
  const lenient = policy.spec?.failurePolicy === 'Ignore'
  for (const c of policy.spec?.matchConditions ?? []) {
    try {
      if (evaluate(c.expression) !== true) return []
    } catch (e) {
      if (!(e instanceof CelError)) throw e
      return lenient ? [] : [{ message: `expression '${c.expression}' resulted in error: ${e.message}`, reason: '' }]
    }
  }
  return (policy.spec?.validations ?? []).flatMap((v) => {
    const expression = v.expression.trim()
    let good: unknown
    try {
      good = evaluate(v.expression)
    } catch (e) {
      if (!(e instanceof CelError)) throw e
      return lenient ? [] : [{ message: `expression '${expression}' resulted in error: ${e.message}`, reason: '' }]
    }
    if (good === true) return []
    let said = ''
    if (v.messageExpression) {
      try {
        const t = evaluate(v.messageExpression)
        if (typeof t === 'string' && !t.includes('\n')) said = t.trim()
      } catch (e) {
        // the fixed message serves
        if (!(e instanceof CelError)) throw e
      }
    }
    return [{ message: said || v.message?.trim() || `failed expression: ${expression}`, reason: v.reason ?? '' }]
  })
}

/** The objects a binding gives its policy as parameters; [undefined] when it takes none. */
async function paramsOf(
  ctx: Context,
  policy: ValidatingAdmissionPolicy,
  binding: ValidatingAdmissionPolicyBinding,
): Promise<readonly (KubeObject | undefined)[]> {
  const kind = policy.spec?.paramKind
  const ref = binding.spec?.paramRef
  if (!kind || !ref) return [undefined]
  const [version = '', group = ''] = (kind.apiVersion ?? '').split('/').reverse()
  const info = (await ctx.api.served()).find((s) => s.group === group && s.version === version && s.kind === kind.kind)
  if (!info)
    throw new CelError(`failed to find resource referenced by paramKind: '${kind.apiVersion}, Kind=${kind.kind}'`)
  const storage = info.group ? `${info.resource}.${info.group}` : info.resource
  const namespace = info.namespaced ? ref.namespace || ctx.info.namespace : ''
  if (ref.name) {
    const o = ctx.api.store.get(storage, namespace, ref.name)
    return o ? [o] : []
  }
  const selector = fromLabelSelector(ref.selector ?? {})
  return ctx.api.store
    .list(storage, namespace ? { namespace } : {})
    .filter((o) => matches(selector, o.metadata.labels ?? {}))
}

export const validatingAdmissionPolicy: Plugin = {
  name: 'ValidatingAdmissionPolicy',
  async validate(ctx, r) {
    if (EXEMPT.has(ctx.served.storage)) return
    const denied: { text: string; reason: string }[] = []
    for (const o of ctx.api.store.list(BINDINGS)) {
      const binding = o as ValidatingAdmissionPolicyBinding
      const policy = ctx.api.store.get(POLICIES, '', binding.spec?.policyName ?? '') as
        ValidatingAdmissionPolicy | undefined
      if (
        !policy ||
        !selects(policy.spec?.matchConstraints, ctx, r, true) ||
        !selects(binding.spec?.matchResources, ctx, r, false)
      )
        continue
      const about = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}'`
      const found: Refusal[] = []
      try {
        const params = await paramsOf(ctx, policy, binding)
        if (
          params.length === 0 &&
          binding.spec?.paramRef?.parameterNotFoundAction === 'Deny' &&
          policy.spec?.failurePolicy !== 'Ignore'
        )
          found.push({
            message:
              'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
            reason: '',
          })
        for (const p of params) {
          const decisions: Decisions = new Map()
          found.push(
            ...(await decided(ctx, decisions, () =>
              refusalsOf(policy, scopeOf(ctx, r, policy, p, decider(ctx, decisions))),
            )),
          )
        }
      } catch (e) {
        if (policy.spec?.failurePolicy !== 'Ignore')
          found.push({ message: `failed to configure binding: ${(e as Error).message}`, reason: '' })
      }
      for (const { message, reason } of found)
        for (const action of binding.spec?.validationActions ?? []) {
          if (action === 'Deny') denied.push({ text: `${about} denied request: ${message}`, reason })
          else if (action === 'Warn') warn(ctx, `Validation failed for ${about}: ${message}`)
        }
    }
    const [first] = denied
    if (!first) return
    const error = refusal(ctx, r.object, first.text)
    const reason = first.reason || 'Invalid'
    throw new StatusError(CODES[reason] ?? 422, reason, error.message, {
      ...error.details,
      causes: [{ message: first.text }],
    })
  },
}
