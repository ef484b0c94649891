// ValidatingAdmissionPolicy: policies with their bindings, each expression in CEL over the object, the old one and the
// request; as apiserver's plugin/policy/validating.
import type {
  MatchResources,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../apimachinery/api/admissionregistration.v1.ts'
import { CelError, celValue, parseCel } from '../../apimachinery/cel.ts'
import type { CelProgram } from '../../apimachinery/cel.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import { warn } from '../api.ts'
import type { Plugin, Review } from './plugin.ts'
import { refusal } from './plugin.ts'

const GROUP = 'admissionregistration.k8s.io'
const POLICIES = `validatingadmissionpolicies.${GROUP}`
export const BINDINGS = `validatingadmissionpolicybindings.${GROUP}`
const CODES: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
}
/** Policies never judge the kinds that make them. */
const EXEMPT: ReadonlySet<string> = new Set([
  POLICIES,
  BINDINGS,
  ...[
    'mutatingadmissionpolicies',
    'mutatingadmissionpolicybindings',
    'validatingwebhookconfigurations',
    'mutatingwebhookconfigurations',
  ].map((r) => `${r}.${GROUP}`),
])

const programs = new Map<string, CelProgram>()
function program(text: string): CelProgram {
  let p = programs.get(text)
  if (!p) {
    p = parseCel(text)
    programs.set(text, p)
  }
  return p
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

function selects(match: MatchResources | undefined, ctx: Context, r: Review, wantsRules: boolean): boolean {
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

/** What expressions may name. Variables are worked out when they are first asked for. */
function scopeOf(
  ctx: Context,
  r: Review,
  policy: ValidatingAdmissionPolicy,
  params: KubeObject | undefined,
): Record<string, unknown> {
  const { info } = ctx.served
  const gone = r.operation === 'DELETE'
  const kind = { group: info.group, version: info.version, kind: info.kind }
  const resource = { group: info.group, version: info.version, resource: info.resource }
  const object = gone ? null : celValue(r.object)
  const scope: Record<string, unknown> = {
    object,
    oldObject: r.old ? celValue(r.old) : null,
    params: params ? celValue(params) : null,
    request: {
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      subResource: r.subresource ?? '',
      requestSubResource: r.subresource ?? '',
      name: r.object.metadata.name ?? '',
      namespace: ctx.info.namespace,
      operation: r.operation,
      dryRun: r.options.dryRun,
      userInfo: {
        username: ctx.user.name,
        uid: ctx.user.uid ?? '',
        groups: [...ctx.user.groups],
        extra: ctx.user.extra ?? {},
      },
    },
    namespaceObject: info.namespaced ? celValue(ctx.api.store.get('namespaces', '', ctx.info.namespace)) : null,
  }
  const variables: Record<string, unknown> = {}
  const failed = new Map<string, string>()
  for (const v of policy.spec?.variables ?? []) {
    try {
      variables[v.name] = program(v.expression)({ ...scope, variables })
    } catch (e) {
      failed.set(v.name, (e as Error).message)
    }
  }
  return { ...scope, variables, [FAILED]: failed }
}
const FAILED = '__failed'

/** Evaluates an expression; a variable that could not be worked out is to blame where it is used. */
function evaluate(text: string, scope: Record<string, unknown>): unknown {
  const { [FAILED]: failed, ...variables } = scope
  try {
    return program(text)(variables)
  } catch (e) {
    const missing = /^no such key: (.*)$/.exec((e as Error).message)?.[1]
    const why =
      missing !== undefined && new RegExp(`\\bvariables\\.${missing}\\b`).test(text)
        ? (failed as ReadonlyMap<string, string>).get(missing)
        : undefined
    throw why === undefined
      ? e
      : new CelError(`composited variable ${JSON.stringify(missing)} fails to evaluate: ${why}`)
  }
}

interface Refusal {
  readonly message: string
  readonly reason: string
}

function refusalsOf(policy: ValidatingAdmissionPolicy, scope: Record<string, unknown>): Refusal[] {
  const lenient = policy.spec?.failurePolicy === 'Ignore'
  for (const c of policy.spec?.matchConditions ?? []) {
    try {
      if (evaluate(c.expression, scope) !== true) return []
    } catch (e) {
      return lenient
        ? []
        : [{ message: `expression '${c.expression}' resulted in error: ${(e as Error).message}`, reason: '' }]
    }
  }
  return (policy.spec?.validations ?? []).flatMap((v) => {
    const expression = v.expression.trim()
    let good: unknown
    try {
      good = evaluate(v.expression, scope)
    } catch (e) {
      return lenient
        ? []
        : [{ message: `expression '${expression}' resulted in error: ${(e as Error).message}`, reason: '' }]
    }
    if (good === true) return []
    let said = ''
    if (v.messageExpression) {
      try {
        const t = evaluate(v.messageExpression, scope)
        if (typeof t === 'string' && !t.includes('\n')) said = t.trim()
      } catch {
        /* the fixed message serves */
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
        for (const p of params) found.push(...refusalsOf(policy, scopeOf(ctx, r, policy, p)))
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
    } as StatusError['details'])
  },
}
