// The webhooks of both webhook configurations. Behave as pkg/registry/admissionregistration; printed as
// printers/internalversion does.
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '../../apimachinery/api/admissionregistration.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { goStrings } from '../../apimachinery/gostring.ts'
import { dns1035Label, dns1123Subdomain } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { validateLabelSelector } from '../../apimachinery/validation-meta.ts'
import { age, count, integer, name } from '../columns.ts'
import type { Column, Strategy } from '../kind.ts'
import {
  defaultMatch,
  defaultRules,
  FAILURE_POLICIES,
  MATCH_POLICIES,
  validateClientConfig,
  loadExpressions,
  validateConditions,
  validateRule,
} from './rules.ts'

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration
type Webhook =
  | NonNullable<MutatingWebhookConfiguration['webhooks']>[number]
  | NonNullable<ValidatingWebhookConfiguration['webhooks']>[number]

const VERSIONS = ['v1', 'v1beta1']

function defaultWebhook(hook: Draft<Webhook>): void {
  hook.failurePolicy ??= 'Fail'
  defaultMatch(hook)
  hook.timeoutSeconds ??= 10
  defaultRules(hook.rules)
  if (hook.clientConfig?.service) hook.clientConfig.service.port ??= 443
}

/** IsFullyQualifiedName: three segments at least. */
function fullyQualified(text: string, path: string): FieldError[] {
  if (!text) return [required(path)]
  const wrong = dns1123Subdomain(text)
  if (wrong.length) return [invalid(path, text, wrong.join(','))]
  return text.split('.').length < 3
    ? [invalid(path, text, 'should be a domain with at least three segments separated by dots')]
    : []
}

function validateVersions(versions: readonly string[], path: string): FieldError[] {
  if (versions.length === 0) return [required(path, `must specify one of ${VERSIONS.join(', ')}`)]
  const errors = versions.flatMap((v, i) =>
    versions.indexOf(v) < i
      ? [invalid(`${path}[${i}]`, v, 'duplicate version')]
      : dns1035Label(v).map((t) => invalid(`${path}[${i}]`, v, t)),
  )
  return versions.some((v) => VERSIONS.includes(v))
    ? errors
    : [...errors, invalid(path, goStrings(versions), `must include at least one of ${VERSIONS.join(', ')}`)]
}

function validateWebhook(hook: Webhook, path: string): FieldError[] {
  const errors = [
    ...fullyQualified(hook.name ?? '', `${path}.name`),
    ...(hook.rules ?? []).flatMap((r, i) => validateRule(r, `${path}.rules[${i}]`)),
  ]
  const oneOf = (field: 'failurePolicy' | 'matchPolicy', values: readonly string[]): void => {
    const v = hook[field]
    if (v !== undefined && !values.includes(v)) errors.push(notSupported(`${path}.${field}`, v, values))
  }
  oneOf('failurePolicy', FAILURE_POLICIES)
  oneOf('matchPolicy', MATCH_POLICIES)
  const effects = ['None', 'NoneOnDryRun']
  if (hook.sideEffects === undefined || hook.sideEffects === null)
    errors.push(required(`${path}.sideEffects`, `must specify one of ${effects.join(', ')}`))
  else if (!effects.includes(hook.sideEffects))
    errors.push(notSupported(`${path}.sideEffects`, hook.sideEffects, effects))
  if (hook.timeoutSeconds !== undefined && (hook.timeoutSeconds > 30 || hook.timeoutSeconds < 1))
    errors.push(
      invalid(`${path}.timeoutSeconds`, hook.timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'),
    )
  errors.push(
    ...validateLabelSelector(hook.namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(hook.objectSelector, `${path}.objectSelector`),
  )
  if (
    'reinvocationPolicy' in hook &&
    hook.reinvocationPolicy !== undefined &&
    !['IfNeeded', 'Never'].includes(hook.reinvocationPolicy)
  )
    errors.push(notSupported(`${path}.reinvocationPolicy`, hook.reinvocationPolicy, ['IfNeeded', 'Never']))
  return [
    ...errors,
    ...validateClientConfig(hook.clientConfig, `${path}.clientConfig`),
    ...validateConditions(hook.matchConditions, `${path}.matchConditions`),
  ]
}

function validate(configuration: Configuration): FieldError[] {
  const hooks: readonly Webhook[] = configuration.webhooks ?? []
  return hooks.flatMap((h, i) => [
    ...validateWebhook(h, `webhooks[${i}]`),
    ...validateVersions(h.admissionReviewVersions ?? [], `webhooks[${i}].admissionReviewVersions`),
    ...(h.name && hooks.findIndex((o) => o.name === h.name) < i ? [duplicate(`webhooks[${i}].name`, h.name)] : []),
  ])
}

/** The strategy of both; mutating webhooks also say whether they are called again. */
export function webhookStrategy<T extends Configuration>(mutating: boolean): Strategy<T> {
  return {
    defaults: (draft) => {
      const hooks = (draft as { webhooks?: (Draft<Webhook> & { reinvocationPolicy?: string })[] }).webhooks ?? []
      for (const h of hooks) {
        defaultWebhook(h)
        if (mutating) h.reinvocationPolicy ??= 'Never'
      }
    },
    needs: (configuration) =>
      configuration.webhooks?.some((h: Webhook) => h.matchConditions?.length) ? loadExpressions() : undefined,
    validate,
    validateUpdate: validate,
    generation: (next, old) => !equal(next.webhooks ?? [], old.webhooks ?? []),
    allowUnconditionalUpdate: false,
  }
}

/** NAME, WEBHOOKS, AGE. */
export const webhookColumns = <T extends Configuration>(): readonly Column<T>[] => [
  name(),
  integer('Webhooks', (c) => count(c.webhooks)),
  age(),
]
