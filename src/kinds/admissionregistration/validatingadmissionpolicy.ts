// A ValidatingAdmissionPolicy. Behaves as pkg/registry/admissionregistration/validatingadmissionpolicy.
import type { ValidatingAdmissionPolicy } from '../../apimachinery/api/admissionregistration.v1.ts'
import { KEYWORDS } from '../../apimachinery/cel/type.ts'
import type { Type } from '../../apimachinery/cel/type.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { dns1035Label, dns1123Subdomain, qualifiedName } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { age, column, count, integer, name } from '../columns.ts'
import { defineKind } from '../kind.ts'
import {
  defaultMatch,
  defaultRules,
  expressionReader,
  FAILURE_POLICIES,
  loadExpressions,
  validateConditions,
  validateMatch,
} from './rules.ts'

function defaults(policy: Draft<ValidatingAdmissionPolicy>): void {
  const spec = (policy.spec ??= {})
  spec.failurePolicy ??= 'Fail'
  if (spec.matchConstraints) {
    defaultMatch(spec.matchConstraints)
    defaultRules(spec.matchConstraints.resourceRules)
    defaultRules(spec.matchConstraints.excludeResourceRules)
  }
  policy.status ??= {}
}

function validateParamKind(kind: { readonly apiVersion?: string; readonly kind?: string }): FieldError[] {
  const path = 'spec.paramKind'
  const errors: FieldError[] = []
  const parts = kind.apiVersion?.split('/') ?? []
  const version = parts.at(-1) ?? ''
  if (!kind.apiVersion) errors.push(required(`${path}.apiVersion`))
  else if (parts.length > 2)
    errors.push(invalid(`${path}.apiVersion`, kind.apiVersion, `unexpected GroupVersion string: ${kind.apiVersion}`))
  else {
    const group = parts.length === 2 ? (parts[0] ?? '') : ''
    if (group && dns1123Subdomain(group).length)
      errors.push(invalid(`${path}.apiVersion`, group, dns1123Subdomain(group).join(',')))
    if (!version) errors.push(invalid(`${path}.apiVersion`, kind.apiVersion, 'version must be specified'))
    else if (dns1035Label(version).length)
      errors.push(invalid(`${path}.apiVersion`, version, dns1035Label(version).join(',')))
  }
  if (!kind.kind) errors.push(required(`${path}.kind`))
  else if (dns1035Label(kind.kind.toLowerCase()).length)
    errors.push(
      invalid(
        `${path}.kind`,
        kind.kind,
        `may have mixed case, but should otherwise match: ${dns1035Label(kind.kind.toLowerCase()).join(',')}`,
      ),
    )
  return errors
}

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized']
/** The names the sentence gives. */
const TOLD = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']

function validate(policy: ValidatingAdmissionPolicy): FieldError[] {
  const spec = policy.spec ?? {}
  const errors: FieldError[] = []
  if (spec.failurePolicy === undefined) errors.push(required('spec.failurePolicy'))
  else if (!FAILURE_POLICIES.includes(spec.failurePolicy))
    errors.push(notSupported('spec.failurePolicy', spec.failurePolicy, FAILURE_POLICIES))
  if (spec.paramKind) errors.push(...validateParamKind(spec.paramKind))
  if (!spec.matchConstraints) errors.push(required('spec.matchConstraints'))
  else {
    errors.push(...validateMatch(spec.matchConstraints, 'spec.matchConstraints'))
    if (!spec.matchConstraints.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'))
  }
  const reader = expressionReader()
  const params = spec.paramKind !== undefined
  errors.push(...validateConditions(spec.matchConditions, 'spec.matchConditions', params))
  // each variable may name those before it
  const variables = new Map<string, Type>()
  const scope = { params, authorizer: true, ...(spec.variables?.length ? { variables } : {}) }
  spec.variables?.forEach((v, i) => {
    const path = `spec.variables[${i}]`
    if (!v.name?.trim()) errors.push(required(`${path}.name`, 'name is not specified'))
    else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(v.name) || KEYWORDS.has(v.name))
      errors.push(invalid(`${path}.name`, v.name, 'name is not a valid CEL identifier'))
    if (!v.expression?.trim()) errors.push(required(`${path}.expression`, 'expression is not specified'))
    else {
      const { type, problem } = reader.variableType(v.expression, scope)
      if (problem !== undefined) errors.push(invalid(`${path}.expression`, v.expression, problem))
      variables.set(v.name ?? '', type)
    }
  })
  const validations = spec.validations ?? []
  const audits = spec.auditAnnotations ?? []
  if (validations.length === 0 && audits.length === 0)
    for (const f of ['validations', 'auditAnnotations'])
      errors.push(required(`spec.${f}`, 'validations or auditAnnotations must contain at least one item'))
  validations.forEach((v, i) => {
    const path = `spec.validations[${i}]`
    if (!v.expression?.trim()) errors.push(required(`${path}.expression`, 'expression is not specified'))
    else errors.push(...reader.expressionErrors(v.expression, `${path}.expression`, scope, reader.CONDITION))
    const message = v.messageExpression
    if (message && !message.trim())
      errors.push(invalid(`${path}.messageExpression`, message, 'must be non-empty if specified'))
    else if (message)
      errors.push(
        ...reader.expressionErrors(
          message,
          `${path}.messageExpression`,
          { ...scope, authorizer: false },
          reader.MESSAGE,
        ),
      )
    if (v.message && !v.message.trim())
      errors.push(invalid(`${path}.message`, v.message, 'message must be non-empty if specified'))
    else if (/[\r\n]/.test(v.message?.trim() ?? ''))
      errors.push(invalid(`${path}.message`, v.message, 'message must not contain line breaks'))
    if (v.reason !== undefined && !REASONS.includes(v.reason))
      errors.push(notSupported(`${path}.reason`, v.reason, TOLD))
  })
  audits.forEach((a, i) => {
    const path = `spec.auditAnnotations[${i}]`
    const key = `${policy.metadata.name ?? ''}/${a.key}`
    errors.push(...qualifiedName(key).map((t) => invalid(`${path}.key`, key, t)))
    const value = a.valueExpression?.trim()
    if (!value) errors.push(required(`${path}.valueExpression`, 'valueExpression is not specified'))
    else if (value.length > 5 * 1024)
      errors.push(required(`${path}.valueExpression`, 'must not exceed 5120 bytes in length'))
    else
      errors.push(
        ...reader.expressionErrors(value, `${path}.valueExpression`, scope, reader.ANNOTATION, a.valueExpression),
      )
    if (audits.findIndex((o) => o.key === a.key) < i) errors.push(duplicate(`${path}.key`, a.key))
  })
  return errors
}

export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  gvk: 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  strategy: {
    defaults,
    prepareForCreate: (p) => {
      p.status = {}
    },
    needs: () => loadExpressions(),
    validate,
    validateUpdate: validate,
    generation: true,
    allowUnconditionalUpdate: false,
  },
  columns: [
    name(),
    integer('Validations', (p) => count(p.spec?.validations)),
    column('ParamKind', (p) =>
      p.spec?.paramKind ? `${p.spec.paramKind.apiVersion ?? ''}/${p.spec.paramKind.kind ?? ''}` : '<unset>',
    ),
    age(),
  ],
})
