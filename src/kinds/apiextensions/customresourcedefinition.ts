// A CustomResourceDefinition. Behaves as apiextensions-apiserver's registry; printed as it prints. What a definition serves is the API server's.
import { writeJson } from '../../apimachinery/bigint.ts'
import type { CustomResourceColumnDefinition, CustomResourceDefinition, CustomResourceDefinitionSpec, CustomResourceDefinitionVersion, CustomResourceSubresources, JSONSchemaProps } from '../../apimachinery/api/apiextensions.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { GoText } from '../../apimachinery/gostring.ts'
import { dns1035Label, dns1123Subdomain } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal, isObject } from '../../apimachinery/object.ts'
import { validateImmutable } from '../../apimachinery/validation-meta.ts'
import { createdAt, name } from '../columns.ts'
import { defineKind } from '../kind.ts'

type CRD = CustomResourceDefinition

function defaults(crd: Draft<CRD>): void {
  const spec = crd.spec
  if (!spec) return
  const names = (spec.names ??= { kind: '', plural: '' })
  if (!names.singular && names.kind) names.singular = names.kind.toLowerCase()
  if (!names.listKind && names.kind) names.listKind = `${names.kind}List`
  spec.conversion ??= { strategy: 'None' }
  if (spec.conversion.webhook?.clientConfig?.service) spec.conversion.webhook.clientConfig.service.port ??= 443
}

/** The storage version joins those in which objects may be stored. */
function storeVersion(crd: Draft<CRD>): void {
  const stored = crd.spec?.versions?.find((v) => v.storage)?.name
  const status = (crd.status ??= {})
  if (stored && !status.storedVersions?.includes(stored)) status.storedVersions = [...(status.storedVersions ?? []), stored]
}

const label = (value: string, path: string): FieldError[] => { const wrong = dns1035Label(value); return wrong.length ? [invalid(path, value, wrong.join(','))] : [] }

function validateNames(spec: CustomResourceDefinitionSpec): FieldError[] {
  const names = spec.names ?? {}
  const path = 'spec.names'
  const mixed = (value: string, field: string): FieldError[] => {
    const wrong = dns1035Label(value.toLowerCase())
    return value && wrong.length ? [invalid(`${path}.${field}`, value, `may have mixed case, but should otherwise match: ${wrong.join(',')}`)] : []
  }
  return [
    ...(['plural', 'singular', 'kind', 'listKind'] as const).filter((f) => !names[f]).map((f) => required(`${path}.${f}`)),
    ...(names.plural ? label(names.plural, `${path}.plural`) : []),
    ...(names.singular ? label(names.singular, `${path}.singular`) : []),
    ...mixed(names.kind ?? '', 'kind'),
    ...mixed(names.listKind ?? '', 'listKind'),
    ...(names.shortNames ?? []).flatMap((n, i) => label(n, `${path}.shortNames[${i}]`)),
    ...(names.kind && names.kind === names.listKind ? [invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same')] : []),
    ...(names.categories ?? []).flatMap((n, i) => label(n, `${path}.categories[${i}]`)),
  ]
}

const simplePath = (text: string, path: string): FieldError[] => (text.startsWith('.') ? [] : [invalid(path, text, 'must be a simple json path starting with .')])

function validateColumn(c: CustomResourceColumnDefinition, path: string): FieldError[] {
  const types = ['boolean', 'date', 'integer', 'number', 'string']
  const formats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
  return [
    ...(c.name ? [] : [required(`${path}.name`)]),
    ...(!c.type ? [required(`${path}.type`, `must be one of ${types.join(',')}`)] : types.includes(c.type) ? [] : [invalid(`${path}.type`, c.type, `must be one of ${types.join(',')}`)]),
    ...(c.format && !formats.includes(c.format) ? [invalid(`${path}.format`, c.format, `must be one of ${formats.join(',')}`)] : []),
    ...(c.jsonPath ? simplePath(c.jsonPath, `${path}.JSONPath`) : [required(`${path}.JSONPath`)]),
  ]
}

function validateSubresources(sub: CustomResourceSubresources | undefined, path: string): FieldError[] {
  const scale = sub?.scale
  if (!scale) return []
  const one = (field: 'specReplicasPath' | 'statusReplicasPath', prefix: string, where: string): FieldError[] => {
    const at = `${path}.scale.${field}`
    const text = scale[field]
    if (!text) return [required(at)]
    const wrong = simplePath(text, at)
    return wrong.length || text.startsWith(prefix) ? wrong : [invalid(at, text, `should be a json path under ${where}`)]
  }
  const errors = [...one('specReplicasPath', '.spec.', '.spec'), ...one('statusReplicasPath', '.status.', '.status')]
  const selector = scale.labelSelectorPath
  if (selector) {
    const at = `${path}.scale.labelSelectorPath`
    const wrong = simplePath(selector, at)
    errors.push(...(wrong.length || /^\.(spec|status)\./.test(selector) ? wrong : [invalid(at, selector, 'should be a json path under either .spec or .status')]))
  }
  return errors
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']

/** The rules of structural schemas: a type everywhere, items in arrays, no half measures. */
function validateSchema(schema: JSONSchemaProps, path: string, level: 'root' | 'field' | 'item'): FieldError[] {
  const errors: FieldError[] = []
  const free = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']
  const where = { root: 'at the root', field: 'for specified object fields', item: 'for specified array items' }[level]
  if (schema.type && !TYPES.includes(schema.type)) errors.push(notSupported(`${path}.type`, schema.type, TYPES))
  if (!schema.type && (level === 'root' || !free)) errors.push(required(`${path}.type`, `must not be empty ${where}`))
  if (level === 'root' && schema.type && schema.type !== 'object') errors.push(invalid(`${path}.type`, schema.type, 'must be object at the root'))
  if (schema.type === 'array' && !schema.items) errors.push(required(`${path}.items`, 'must be specified'))
  if (schema.properties && schema.additionalProperties !== undefined) errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
  if (schema['x-kubernetes-list-type'] === 'map' && !schema['x-kubernetes-list-map-keys']?.length) errors.push(required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'))
  for (const [k, v] of Object.entries(schema.properties ?? {})) errors.push(...validateSchema(v, `${path}.properties[${k}]`, 'field'))
  const items: unknown = schema.items
  if (isObject(items)) errors.push(...validateSchema(items as JSONSchemaProps, `${path}.items`, 'item'))
  const additional: unknown = schema.additionalProperties
  if (isObject(additional)) errors.push(...validateSchema(additional as JSONSchemaProps, `${path}.additionalProperties`, 'field'))
  return errors
}

/** The schema that a simple path leads to. */
function schemaAt(schema: JSONSchemaProps | undefined, path: string): JSONSchemaProps | undefined {
  return path.split('.').slice(1).reduce<JSONSchemaProps | undefined>((s, step) => (s?.properties && Object.hasOwn(s.properties, step) ? s.properties[step] : undefined), schema)
}

/** The parts that versions may differ in; where all are equal they count as the definition's own, and errors name them so. */
type Parts = Partial<Pick<CustomResourceDefinitionVersion, 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'>>
const PARTS = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const

function shared(versions: readonly CustomResourceDefinitionVersion[]): Parts {
  const [first, ...rest] = versions
  return Object.fromEntries(PARTS.filter((k) => rest.every((v) => equal(v[k] ?? null, first?.[k] ?? null))).map((k) => [k, first?.[k]]))
}

function validateFields(fields: CustomResourceDefinitionVersion['selectableFields'], schema: JSONSchemaProps | undefined, path: string): FieldError[] {
  return (fields ?? []).flatMap((f, i, all) => {
    const at = `${path}.selectableFields[${i}].jsonPath`
    const target = schemaAt(schema, f.jsonPath ?? '')
    if (!f.jsonPath) return [required(at)]
    if (!target) return [invalid(at, f.jsonPath, 'is an invalid path: does not refer to a valid field')]
    return [
      ...(f.jsonPath.startsWith('.metadata') ? [invalid(at, f.jsonPath, 'must not point to fields in metadata')] : []),
      ...(['string', 'boolean', 'integer'].includes(target.type ?? '') ? [] : [invalid(at, f.jsonPath, 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.')]),
      ...(all.findIndex((o) => o.jsonPath === f.jsonPath) < i ? [duplicate(at, f.jsonPath)] : []),
    ]
  })
}

/** A schema, its subresources, columns and fields; `word` is what the schema's own field is called there. */
function validateParts(parts: Parts, schema: JSONSchemaProps | undefined, path: string, word: 'schema' | 'validation'): FieldError[] {
  const own = parts.schema?.openAPIV3Schema
  return [
    ...(own ? validateSchema(own, `${path}.${word}.openAPIV3Schema`, 'root') : []),
    ...validateSubresources(parts.subresources, `${path}.subresources`),
    ...(parts.additionalPrinterColumns ?? []).flatMap((c, i) => validateColumn(c, `${path}.additionalPrinterColumns[${i}]`)),
    ...validateFields(parts.selectableFields, schema, path),
  ]
}

function validateVersion(v: CustomResourceDefinitionVersion, common: Parts, path: string): FieldError[] {
  const own: Parts = Object.fromEntries(PARTS.filter((k) => !Object.hasOwn(common, k)).map((k) => [k, v[k]]))
  return [
    ...label(v.name ?? '', `${path}.name`),
    ...(v.deprecationWarning !== undefined && !v.deprecated ? [invalid(`${path}.deprecationWarning`, v.deprecationWarning, 'can only be set for deprecated versions')] : []),
    ...validateParts(own, v.schema?.openAPIV3Schema, path, 'schema'),
  ]
}

function validate(crd: CRD, old?: CRD): FieldError[] {
  const spec = crd.spec
  const { group = '', scope = '', names } = spec
  const versions = spec.versions ?? []
  const errors: FieldError[] = []
  const wanted = `${names?.plural ?? ''}.${group}`
  // later the parts of the name are immutable, each on its own
  if (!old && crd.metadata.name !== wanted) errors.push(invalid('metadata.name', crd.metadata.name ?? '', 'must be spec.names.plural+"."+spec.group'))
  if (!group) errors.push(required('spec.group'))
  else if (dns1123Subdomain(group).length) errors.push(invalid('spec.group', group, dns1123Subdomain(group).join(',')))
  else if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
  if (!scope) errors.push(required('spec.scope'))
  else if (!['Cluster', 'Namespaced'].includes(scope)) errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  versions.forEach((v, i) => { if (!v.schema?.openAPIV3Schema) errors.push(required(`spec.versions[${i}].schema.openAPIV3Schema`, 'schemas are required')) })
  if (spec.preserveUnknownFields) errors.push(invalid('spec.preserveUnknownFields', true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'))
  const common = shared(versions)
  versions.forEach((v, i) => errors.push(...validateVersion(v, common, `spec.versions[${i}]`)))
  const shown = new GoText(writeJson(versions))
  if (new Set(versions.map((v) => v.name)).size < versions.length) errors.push(invalid('spec.versions', shown, 'must contain unique version names'))
  if (versions.filter((v) => v.storage).length !== 1) errors.push(invalid('spec.versions', shown, 'must have exactly one version marked as storage version'))
  if (versions.length) errors.push(...label(versions[0]?.name ?? '', 'spec.version'))
  errors.push(...validateNames(spec), ...validateParts(common, versions[0]?.schema?.openAPIV3Schema, 'spec', 'validation'))
  const strategy = spec.conversion?.strategy ?? ''
  if (!['None', 'Webhook'].includes(strategy)) errors.push(strategy ? notSupported('spec.conversion.strategy', strategy, ['None', 'Webhook']) : required('spec.conversion.strategy'))
  if (/(^|\.)(k8s|kubernetes)\.io$/.test(group) && !crd.metadata.annotations?.['api-approved.kubernetes.io']) errors.push(required('metadata.annotations[api-approved.kubernetes.io]', 'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'))
  return errors
}

const established = (crd: CRD): boolean => crd.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') ?? false

function validateUpdate(next: CRD, old: CRD): FieldError[] {
  return [
    ...validate(next, old),
    ...(established(old) ? [...validateImmutable(next.spec.scope, old.spec.scope, 'spec.scope'), ...validateImmutable(next.spec.names.kind, old.spec.names.kind, 'spec.names.kind')] : []),
    ...validateImmutable(next.spec.group, old.spec.group, 'spec.group'),
    ...validateImmutable(next.spec.names.plural, old.spec.names.plural, 'spec.names.plural'),
  ]
}

export const customResourceDefinition = defineKind<CRD>({
  gvk: 'apiextensions.k8s.io/v1/CustomResourceDefinition',
  strategy: {
    defaults,
    prepareForCreate: (crd) => { crd.status = {}; storeVersion(crd) },
    prepareForUpdate: (crd) => storeVersion(crd),
    validate: (crd) => validate(crd),
    validateUpdate,
    generation: true,
    allowUnconditionalUpdate: false,
  },
  columns: [name(), createdAt()],
})
