// A ValidatingAdmissionPolicy. Behaves as pkg/registry/admissionregistration/validatingadmissionpolicy, except that CEL
// expressions are not compiled.
import type { ValidatingAdmissionPolicy } from '../../apimachinery/api/admissionregistration.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { dns1035Label, dns1123Subdomain, qualifiedName } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { age, column, count, integer, name } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { defaultMatch, defaultRules, FAILURE_POLICIES, validateConditions, validateMatch } from './rules.ts'

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
  errors.push(...validateConditions(spec.matchConditions, 'spec.matchConditions'))
  spec.variables?.forEach((v, i) => {
    const path = `spec.variables[${i}]`
    if (!v.name?.trim()) errors.push(required(`${path}.name`, 'name is not specified'))
    else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(v.name))
      errors.push(invalid(`${path}.name`, v.name, 'name is not a valid CEL identifier'))
    if (!v.expression?.trim()) errors.push(required(`${path}.expression`, 'expression is not specified'))
  })
  const validations = spec.validations ?? []
  const audits = spec.auditAnnotations ?? []
  if (validations.length === 0 && audits.length === 0)
    for (const f of ['validations', 'auditAnnotations'])
      errors.push(required(`spec.${f}`, 'validations or auditAnnotations must contain at least one item'))
  validations.forEach((v, i) => {
    const path = `spec.validations[${i}]`
    if (!v.expression?.trim()) errors.push(required(`${path}.expression`, 'expression is not specified'))
    if (v.messageExpression && !v.messageExpression.trim())
      errors.push(invalid(`${path}.messageExpression`, v.messageExpression, 'must be non-empty if specified'))
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
    if (!a.valueExpression?.trim()) errors.push(required(`${path}.valueExpression`, 'valueExpression is not specified'))
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
