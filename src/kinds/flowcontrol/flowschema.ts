// A FlowSchema. Behaves as pkg/registry/flowcontrol/flowschema; printed as printers/internalversion does. Requests are
// not queued here.
import type { FlowSchema, PolicyRulesWithSubjects, Subject } from '../../apimachinery/api/flowcontrol.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { goStrings, goStruct } from '../../apimachinery/gostring.ts'
import { dns1123Label, dns1123Subdomain } from '../../apimachinery/names.ts'
import { age, column, name } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { mandatorySchema } from './mandatory.ts'

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']

function validateSubject(s: Subject, path: string): FieldError[] {
  const own = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const
  if (s.kind !== 'ServiceAccount' && s.kind !== 'User' && s.kind !== 'Group')
    return [notSupported(`${path}.kind`, s.kind ?? '', ['Group', 'ServiceAccount', 'User'])]
  const field = own[s.kind]
  const value = s[field]
  const errors: FieldError[] = []
  if (!value) errors.push(required(`${path}.${field}`, `${field} is required when subject kind is '${s.kind}'`))
  else {
    if (!value.name) errors.push(required(`${path}.${field}.name`))
    if (s.serviceAccount && field === 'serviceAccount') {
      const { name: account, namespace } = s.serviceAccount
      if (account && account !== '*')
        errors.push(...dns1123Subdomain(account).map((t) => invalid(`${path}.serviceAccount.name`, account, t)))
      errors.push(
        ...(namespace
          ? dns1123Label(namespace).map((t) => invalid(`${path}.serviceAccount.namespace`, namespace, t))
          : [required(`${path}.serviceAccount.namespace`, 'must specify namespace for service account')]),
      )
    }
  }
  for (const [kind, f] of Object.entries(own))
    if (f !== field && s[f])
      errors.push(forbidden(`${path}.${f}`, `${f} is forbidden when subject kind is not '${kind}'`))
  return errors
}

function validateVerbs(verbs: readonly string[], path: string): FieldError[] {
  if (verbs.length === 0) return [required(`${path}.verbs`, 'verbs must contain at least one value')]
  if (verbs.includes('*'))
    return verbs.length > 1
      ? [invalid(`${path}.verbs`, goStrings(verbs), "if '*' is present, must not specify other verbs")]
      : []
  return verbs.every((v) => VERBS.includes(v)) ? [] : [notSupported(`${path}.verbs`, goStrings(verbs), VERBS)]
}

function urlPath(text: string, path: string): FieldError[] {
  if (!text) return [invalid(path, text, 'must not be empty')]
  if (text === '/') return []
  if (!text.startsWith('/')) return [invalid(path, text, 'must start with slash')]
  if (text.includes(' ')) return [invalid(path, text, 'must not contain white-space')]
  if (text.includes('//')) return [invalid(path, text, 'must not contain double slash')]
  const stars = text.split('*').length - 1
  return stars > 1 || (stars === 1 && !text.endsWith('/*'))
    ? [invalid(path, text, 'wildcard can only do suffix matching')]
    : []
}

function validateRules(rule: PolicyRulesWithSubjects, path: string): FieldError[] {
  const errors: FieldError[] = rule.subjects?.length
    ? rule.subjects.flatMap((s, i) => validateSubject(s, `${path}.subjects[${i}]`))
    : [required(`${path}.subjects`, 'subjects must contain at least one value')]
  if (!rule.resourceRules?.length && !rule.nonResourceRules?.length)
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  const list = (values: readonly string[], at: string, missing: string, others: string): FieldError[] =>
    values.length === 0
      ? [required(at, missing)]
      : values.length > 1 && values.includes('*')
        ? [invalid(at, goStrings(values), `if '*' is present, must not specify other ${others}`)]
        : []
  rule.resourceRules?.forEach((r, i) => {
    const at = `${path}.resourceRules[${i}]`
    const namespaces = r.namespaces ?? []
    errors.push(
      ...validateVerbs(r.verbs ?? [], at),
      ...list(r.apiGroups ?? [], `${at}.apiGroups`, 'resource rules must supply at least one api group', 'api groups'),
      ...list(r.resources ?? [], `${at}.resources`, 'resource rules must supply at least one resource', 'resources'),
    )
    if (namespaces.length === 0 && !r.clusterScope)
      errors.push(
        required(`${at}.namespaces`, 'resource rules that are not cluster scoped must supply at least one namespace'),
      )
    else if (namespaces.includes('*')) {
      if (namespaces.length > 1)
        errors.push(
          invalid(`${at}.namespaces`, goStrings(namespaces), "if '*' is present, must not specify other namespaces"),
        )
    } else
      namespaces.forEach((n, j) =>
        errors.push(
          ...dns1123Label(n).map((t) =>
            invalid(`${at}.namespaces[${j}]`, n, `each member of this list must be '*' or a DNS-1123 label; ${t}`),
          ),
        ),
      )
  })
  rule.nonResourceRules?.forEach((r, i) => {
    const at = `${path}.nonResourceRules[${i}]`
    const urls = r.nonResourceURLs ?? []
    errors.push(...validateVerbs(r.verbs ?? [], at))
    if (urls.length === 0 || urls.includes('*'))
      errors.push(
        ...list(urls, `${at}.nonResourceURLs`, 'nonResourceURLs must contain at least one value', 'non-resource URLs'),
      )
    else urls.forEach((u, j) => errors.push(...urlPath(u, `${at}.nonResourceURLs[${j}]`)))
  })
  return errors
}

function validateStatus(fs: FlowSchema): FieldError[] {
  const conditions = fs.status?.conditions ?? []
  return conditions.flatMap((c, i) => [
    ...(conditions.findIndex((o) => o.type === c.type) < i
      ? [duplicate(`status.conditions[${i}].type`, c.type ?? '')]
      : []),
    ...(c.type ? [] : [required(`status.conditions[${i}].type`, 'must not be empty')]),
  ])
}

function validate(fs: FlowSchema): FieldError[] {
  const spec = fs.spec ?? { priorityLevelConfiguration: { name: '' } }
  const precedence = spec.matchingPrecedence ?? 0
  const path = 'spec.matchingPrecedence'
  const errors: FieldError[] = []
  if (precedence <= 0) errors.push(invalid(path, precedence, 'must be a positive value'))
  if (precedence > 10000) errors.push(invalid(path, precedence, 'must not be greater than 10000'))
  if (precedence === 1 && fs.metadata.name !== 'exempt')
    errors.push(invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  const method = spec.distinguisherMethod?.type
  if (spec.distinguisherMethod && !['ByNamespace', 'ByUser'].includes(method ?? ''))
    errors.push(
      notSupported(
        'spec.distinguisherMethod.type',
        goStruct('flowcontrol.FlowDistinguisherMethod', { Type: method ?? '' }),
        ['ByNamespace', 'ByUser'],
      ),
    )
  const level = spec.priorityLevelConfiguration?.name
  errors.push(
    ...(level
      ? dns1123Subdomain(level).map((t) => invalid('spec.priorityLevelConfiguration.name', level, t))
      : [required('spec.priorityLevelConfiguration.name', 'must reference a priority level')]),
  )
  return [
    ...errors,
    ...(spec.rules ?? []).flatMap((r, i) => validateRules(r, `spec.rules[${i}]`)),
    ...mandatorySchema(fs),
    ...validateStatus(fs),
  ]
}

export const flowSchema = defineKind<FlowSchema>({
  gvk: 'flowcontrol.apiserver.k8s.io/v1/FlowSchema',
  strategy: {
    defaults: (fs) => {
      // a spec that is absent is Go's empty one
      fs.spec ??= { priorityLevelConfiguration: { name: '' } }
      fs.spec.matchingPrecedence ||= 1000
      fs.status ??= {}
    },
    prepareForCreate: (fs) => {
      fs.status = {}
    },
    validate,
    validateUpdate: validate,
    validateStatusUpdate: validateStatus,
    generation: true,
    allowUnconditionalUpdate: false,
  },
  rowOrder: (a, b) =>
    (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0) ||
    ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
  columns: [
    name(),
    column('PriorityLevel', (fs) => fs.spec?.priorityLevelConfiguration?.name ?? ''),
    column('MatchingPrecedence', (fs) => fs.spec?.matchingPrecedence ?? 0),
    column('DistinguisherMethod', (fs) => fs.spec?.distinguisherMethod?.type ?? '<none>'),
    age(),
    column('MissingPL', (fs) => fs.status?.conditions?.find((c) => c.type === 'Dangling')?.status ?? '?'),
  ],
})
