// A ValidatingAdmissionPolicyBinding. Behaves as pkg/registry/admissionregistration/validatingadmissionpolicybinding.
import type { ValidatingAdmissionPolicyBinding } from '../../apimachinery/api/admissionregistration.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { goStrings } from '../../apimachinery/gostring.ts'
import { formatLabelSelector } from '../../apimachinery/labels.ts'
import { dns1123Subdomain, pathSegmentName } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { validateLabelSelector } from '../../apimachinery/validation-meta.ts'
import { age, column, name } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { defaultMatch, defaultRules, validateMatch } from './rules.ts'

function defaults(binding: Draft<ValidatingAdmissionPolicyBinding>): void {
  const match = binding.spec?.matchResources
  if (!match) return
  defaultMatch(match)
  defaultRules(match.resourceRules)
  defaultRules(match.excludeResourceRules)
}

function validate(binding: ValidatingAdmissionPolicyBinding): FieldError[] {
  const { policyName, paramRef, matchResources, validationActions: actions = [] } = binding.spec ?? {}
  const errors: FieldError[] = policyName
    ? dns1123Subdomain(policyName).map((t) => invalid('spec.policyName', policyName, t))
    : [required('spec.policyName')]
  if (paramRef) {
    const path = 'spec.paramRef'
    const exclusive = 'name and selector are mutually exclusive'
    if (paramRef.name)
      errors.push(
        ...pathSegmentName(paramRef.name).map((t) => invalid(`${path}.name`, paramRef.name, t)),
        ...(paramRef.selector ? [forbidden(`${path}.name`, exclusive)] : []),
      )
    if (paramRef.selector)
      errors.push(
        ...validateLabelSelector(paramRef.selector, `${path}.selector`),
        ...(paramRef.name ? [forbidden(`${path}.selector`, exclusive)] : []),
      )
    if (!paramRef.name && !paramRef.selector) errors.push(required(path, 'one of name or selector must be specified'))
    if (!paramRef.parameterNotFoundAction) errors.push(required(`${path}.parameterNotFoundAction`))
    else if (!['Deny', 'Allow'].includes(paramRef.parameterNotFoundAction))
      errors.push(notSupported(`${path}.parameterNotFoundAction`, paramRef.parameterNotFoundAction, ['Deny', 'Allow']))
  }
  errors.push(...validateMatch(matchResources, 'spec.matchResources'))
  const known = ['Audit', 'Deny', 'Warn']
  actions.forEach((a, i) => {
    if (!known.includes(a)) errors.push(notSupported(`spec.validationActions[${i}]`, a, known))
    if (actions.indexOf(a) < i) errors.push(duplicate(`spec.validationActions[${i}]`, a))
  })
  if (actions.includes('Deny') && actions.includes('Warn'))
    errors.push(
      invalid(
        'spec.validationActions',
        goStrings(actions, 'admissionregistration.ValidationAction'),
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    )
  if (actions.length === 0)
    errors.push(required('spec.validationActions', 'at least one validation action is required'))
  return errors
}

function paramText(binding: ValidatingAdmissionPolicyBinding): string {
  const ref = binding.spec?.paramRef
  if (ref?.name) return `${ref.namespace || '*'}/${ref.name}`
  return ref?.selector ? formatLabelSelector(ref.selector) : '<unset>'
}

export const validatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>({
  gvk: 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding',
  strategy: { defaults, validate, validateUpdate: validate, generation: true, allowUnconditionalUpdate: false },
  columns: [name(), column('PolicyName', (b) => b.spec?.policyName ?? ''), column('ParamRef', paramText), age()],
})
