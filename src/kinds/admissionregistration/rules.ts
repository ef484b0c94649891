// What webhooks and admission policies have in common: rules, match resources, where a webhook is, match conditions.
// Worded as apis/admissionregistration/validation.
import type {
  MatchCondition,
  MatchResources,
  RuleWithOperations,
  WebhookClientConfig,
} from '../../apimachinery/api/admissionregistration.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, invalid, notSupported, required, tooMany } from '../../apimachinery/field.ts'
import { goStrings } from '../../apimachinery/gostring.ts'
import { dns1123Subdomain, pathSegmentName, portNumber, qualifiedName } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { validateLabelSelector } from '../../apimachinery/validation-meta.ts'
import type * as expressions from './expressions.ts'

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const SCOPES = ['*', 'Cluster', 'Namespaced']
export const FAILURE_POLICIES = ['Fail', 'Ignore']
export const MATCH_POLICIES = ['Equivalent', 'Exact']

/** Scope `*`, where a rule names none. */
export const defaultRules = (rules: readonly Draft<RuleWithOperations>[] | undefined): void => {
  for (const r of rules ?? []) r.scope ??= '*'
}

/** Selectors that match everything, and equivalent matching. */
export function defaultMatch(match: {
  matchPolicy?: string
  namespaceSelector?: unknown
  objectSelector?: unknown
}): void {
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
}

function validateResources(resources: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = resources.length ? [] : [required(path)]
  const resourceStars = new Set<string>()
  const subStars = new Set<string>()
  let plain = false
  resources.forEach((text, i) => {
    if (!text) {
      errors.push(required(`${path}[${i}]`))
      return
    }
    const cut = text.indexOf('/')
    if (cut < 0) {
      plain = text !== '*'
      return
    }
    const resource = text.slice(0, cut)
    const sub = text.slice(cut + 1)
    if (resourceStars.has(resource))
      errors.push(invalid(`${path}[${i}]`, text, `if '${resource}/*' is present, must not specify ${text}`))
    if (subStars.has(sub))
      errors.push(invalid(`${path}[${i}]`, text, `if '*/${sub}' is present, must not specify ${text}`))
    if (sub === '*') resourceStars.add(resource)
    if (resource === '*') subStars.add(sub)
  })
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalid(path, goStrings(resources), "if '*/*' is present, must not specify other resources"))
  if (resources.includes('*') && plain)
    errors.push(
      invalid(path, goStrings(resources), "if '*' is present, must not specify other resources without subresources"),
    )
  return errors
}

/** validateRuleWithOperations. */
export function validateRule(rule: RuleWithOperations, path: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule
  const alone = (list: readonly string[], field: string, what: string, type = 'string'): FieldError[] =>
    list.length > 1 && list.includes('*')
      ? [invalid(`${path}.${field}`, goStrings(list, type), `if '*' is present, must not specify other ${what}`)]
      : []
  return [
    ...(operations.length ? [] : [required(`${path}.operations`)]),
    ...alone(operations, 'operations', 'operations', 'admissionregistration.OperationType'),
    ...operations.flatMap((o, i) =>
      OPERATIONS.includes(o) ? [] : [notSupported(`${path}.operations[${i}]`, o, OPERATIONS)],
    ),
    ...(apiGroups.length ? [] : [required(`${path}.apiGroups`)]),
    ...alone(apiGroups, 'apiGroups', 'API groups'),
    ...(apiVersions.length ? [] : [required(`${path}.apiVersions`)]),
    ...alone(apiVersions, 'apiVersions', 'API versions'),
    ...apiVersions.flatMap((v, i) => (v ? [] : [required(`${path}.apiVersions[${i}]`)])),
    ...validateResources(resources, `${path}.resources`),
    ...(scope !== undefined && !SCOPES.includes(scope) ? [notSupported(`${path}.scope`, scope, SCOPES)] : []),
  ]
}

/** validateMatchResources. */
export function validateMatch(match: MatchResources | undefined, path: string): FieldError[] {
  if (!match) return []
  const rules = (list: MatchResources['resourceRules'], field: string): FieldError[] =>
    (list ?? []).flatMap((r, i) => {
      const at = `${path}.${field}[${i}]`
      const names = r.resourceNames ?? []
      return [
        ...names.flatMap((n, j) => [
          ...pathSegmentName(n).map((t) => invalid(`${at}.resourceNames[${j}]`, n, t)),
          ...(names.indexOf(n) < j ? [duplicate(`${at}.resourceNames[${j}]`, n)] : []),
        ]),
        ...validateRule(r, at),
      ]
    })
  return [
    ...(match.matchPolicy !== undefined && !MATCH_POLICIES.includes(match.matchPolicy)
      ? [notSupported(`${path}.matchPolicy`, match.matchPolicy, MATCH_POLICIES)]
      : []),
    ...validateLabelSelector(match.namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(match.objectSelector, `${path}.objectSelector`),
    ...rules(match.resourceRules, 'resourceRules'),
    ...rules(match.excludeResourceRules, 'excludeResourceRules'),
  ]
}

/** Who reads expressions: loaded once an object has some. */
let reader: typeof expressions | undefined

/** Loads the reader of expressions. */
export function loadExpressions(): Promise<void> | undefined {
  return reader
    ? undefined
    : import('./expressions.ts').then((m) => {
        reader = m
      })
}

/** The reader, which the kind's `needs` has loaded. */
export function expressionReader(): typeof expressions {
  if (!reader) throw new Error('the language of expressions is not loaded')
  return reader
}

/** validateMatchConditions. `params`: they may name the policy's parameters. */
export function validateConditions(
  conditions: readonly MatchCondition[] | undefined,
  path: string,
  params = false,
): FieldError[] {
  const list = conditions ?? []
  return [
    ...(list.length > 64 ? [tooMany(path, list.length, 64)] : []),
    ...list.flatMap((c, i) => [
      ...(c.expression?.trim()
        ? expressionReader().expressionErrors(
            c.expression.trim(),
            `${path}[${i}].expression`,
            { params, authorizer: true },
            expressionReader().CONDITION,
          )
        : [required(`${path}[${i}].expression`)]),
      ...(c.name
        ? qualifiedName(c.name).map((t) => invalid(`${path}[${i}].name`, c.name, t))
        : [required(`${path}[${i}].name`)]),
      ...(c.name && list.findIndex((o) => o.name === c.name) < i ? [duplicate(`${path}[${i}].name`, c.name)] : []),
    ]),
  ]
}

const FORM = '; desired format: https://host[/path]'

function validateUrl(text: string, path: string): FieldError[] {
  const m = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(
    text,
  )
  const [, scheme = '', user, host = '', , query = '', fragment = ''] = m ?? []
  return [
    ...(scheme.toLowerCase() === 'https'
      ? []
      : [invalid(path, scheme, `'https' is the only allowed URL scheme${FORM}`)]),
    ...(host ? [] : [invalid(path, host, `host must be specified${FORM}`)]),
    ...(user === undefined ? [] : [invalid(path, user, 'user information is not permitted in the URL')]),
    ...(fragment ? [invalid(path, fragment, 'fragments are not permitted in the URL')] : []),
    ...(query ? [invalid(path, query, 'query parameters are not permitted in the URL')] : []),
  ]
}

/** ValidateWebhookService; also of CRD conversions. */
function validateWebhookService(
  service: { readonly name?: string; readonly namespace?: string; readonly path?: string; readonly port?: number },
  path: string,
): FieldError[] {
  // upstream passes name and namespace the wrong way round
  const errors: FieldError[] = []
  if (!service.namespace) errors.push(required(`${path}.name`, 'service name is required'))
  if (!service.name) errors.push(required(`${path}.namespace`, 'service namespace is required'))
  const port = service.port ?? 0
  const wrong = portNumber(port)
  if (wrong.length) errors.push(invalid(`${path}.port`, port, `port is not valid: ${wrong.join(', ')}`))
  const url = service.path
  if (!url || url === '/') return errors
  if (url === '//') return [...errors, invalid(`${path}.path`, url, 'segment[0] may not be empty')]
  if (!url.startsWith('/')) errors.push(invalid(`${path}.path`, url, "must start with a '/'"))
  url
    .slice(1)
    .replace(/\/$/, '')
    .split('/')
    .forEach((step, i) => {
      if (!step) errors.push(invalid(`${path}.path`, url, `segment[${i}] may not be empty`))
      else errors.push(...dns1123Subdomain(step).map((t) => invalid(`${path}.path`, url, `segment[${i}]: ${t}`)))
    })
  return errors
}

/** Where a webhook is: a URL or a Service, not both. */
export function validateClientConfig(config: WebhookClientConfig | undefined, path: string): FieldError[] {
  const { url, service } = config ?? {}
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')]
  return url !== undefined ? validateUrl(url, `${path}.url`) : validateWebhookService(service ?? {}, `${path}.service`)
}
