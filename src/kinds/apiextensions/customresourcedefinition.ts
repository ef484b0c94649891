// A CustomResourceDefinition. Behaves as apiextensions-apiserver's registry; printed as it prints. What a definition
// serves is the API server's.
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  JSONSchemaProps,
} from '../../apimachinery/api/apiextensions.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooMany } from '../../apimachinery/field.ts'
import { writeJson } from '../../apimachinery/bigint.ts'
import { GoText, goQuote, goStrings } from '../../apimachinery/gostring.ts'
import { byteLength, dns1035Label, dns1123Subdomain } from '../../apimachinery/names.ts'
import type { Draft, JsonObject } from '../../apimachinery/object.ts'
import { equal, isObject } from '../../apimachinery/object.ts'
import { validateImmutable } from '../../apimachinery/validation-meta.ts'
import { validateClientConfig } from '../admissionregistration/rules.ts'
import { createdAt, name } from '../columns.ts'
import { defineKind } from '../kind.ts'
import type * as celValidation from './cel-validation.ts'
import { fieldAt, validateDefinitionSchema } from './schema-validation.ts'

type CRD = CustomResourceDefinition

function defaults(crd: Draft<CRD>): void {
  // a spec that is absent is Go's empty one
  const spec = (crd.spec ??= {} as Draft<CustomResourceDefinitionSpec>)
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
  if (stored && !status.storedVersions?.includes(stored))
    status.storedVersions = [...(status.storedVersions ?? []), stored]
}

const label = (value: string, path: string): FieldError[] => {
  const wrong = dns1035Label(value)
  return wrong.length ? [invalid(path, value, wrong.join(','))] : []
}

function validateNames(spec: CustomResourceDefinitionSpec): FieldError[] {
  const names = spec.names ?? {}
  const path = 'spec.names'
  const mixed = (value: string, field: string): FieldError[] => {
    const wrong = dns1035Label(value.toLowerCase())
    return value && wrong.length
      ? [invalid(`${path}.${field}`, value, `may have mixed case, but should otherwise match: ${wrong.join(',')}`)]
      : []
  }
  return [
    ...(['plural', 'singular', 'kind', 'listKind'] as const)
      .filter((f) => !names[f])
      .map((f) => required(`${path}.${f}`)),
    ...(names.plural ? label(names.plural, `${path}.plural`) : []),
    ...(names.singular ? label(names.singular, `${path}.singular`) : []),
    ...mixed(names.kind ?? '', 'kind'),
    ...mixed(names.listKind ?? '', 'listKind'),
    ...(names.shortNames ?? []).flatMap((n, i) => label(n, `${path}.shortNames[${i}]`)),
    ...(names.kind && names.kind === names.listKind
      ? [invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same')]
      : []),
    ...(names.categories ?? []).flatMap((n, i) => label(n, `${path}.categories[${i}]`)),
  ]
}

const simplePath = (text: string, path: string): FieldError[] =>
  text.startsWith('.') ? [] : [invalid(path, text, 'must be a simple json path starting with .')]

function validateColumn(c: CustomResourceColumnDefinition, path: string): FieldError[] {
  const types = ['boolean', 'date', 'integer', 'number', 'string']
  const formats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
  return [
    ...(c.name ? [] : [required(`${path}.name`)]),
    ...(!c.type
      ? [required(`${path}.type`, `must be one of ${types.join(',')}`)]
      : types.includes(c.type)
        ? []
        : [invalid(`${path}.type`, c.type, `must be one of ${types.join(',')}`)]),
    ...(c.format && !formats.includes(c.format)
      ? [invalid(`${path}.format`, c.format, `must be one of ${formats.join(',')}`)]
      : []),
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
    errors.push(
      ...(wrong.length || /^\.(spec|status)\./.test(selector)
        ? wrong
        : [invalid(at, selector, 'should be a json path under either .spec or .status')]),
    )
  }
  return errors
}

/**
 * The parts that versions may differ in; where all are equal they count as the definition's own, and errors name them
 * so.
 */
type Parts = Partial<
  Pick<CustomResourceDefinitionVersion, 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'>
>
const PARTS = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const

function shared(versions: readonly CustomResourceDefinitionVersion[]): Parts {
  const [first, ...rest] = versions
  return Object.fromEntries(
    PARTS.filter((k) => rest.every((v) => equal(v[k] ?? null, first?.[k] ?? null))).map((k) => [k, first?.[k]]),
  )
}

function validateFields(
  fields: CustomResourceDefinitionVersion['selectableFields'],
  schema: JSONSchemaProps | undefined,
  path: string,
): FieldError[] {
  const errors = (fields ?? []).flatMap((f, i, all) => {
    const at = `${path}.selectableFields[${i}].jsonPath`
    if (!f.jsonPath) return [required(at)]
    const target = fieldAt(schema, f.jsonPath)
    if ('why' in target) return [invalid(at, f.jsonPath, `is an invalid path: ${target.why}`)]
    return [
      ...(f.jsonPath.startsWith('.metadata') ? [invalid(at, f.jsonPath, 'must not point to fields in metadata')] : []),
      ...(['string', 'boolean', 'integer'].includes(String(target.schema.type))
        ? []
        : [
            invalid(
              at,
              f.jsonPath,
              'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
            ),
          ]),
      ...(all.findIndex((o) => o.jsonPath === f.jsonPath) < i ? [duplicate(at, f.jsonPath)] : []),
    ]
  })
  const count = new Set((fields ?? []).map((f) => f.jsonPath)).size
  return count > 8 ? [...errors, tooMany(`${path}.selectableFields`, count, 8)] : errors
}

/** Who judges rules: loaded once a definition has some. */
let judge: typeof celValidation | undefined

/** A schema, its subresources, columns and fields; `word` is what the schema's own field is called there. */
function validateParts(
  parts: Parts,
  schema: JSONSchemaProps | undefined,
  path: string,
  word: 'schema' | 'validation',
  status: boolean,
): FieldError[] {
  const own = parts.schema?.openAPIV3Schema
  return [
    ...(own ? validateDefinitionSchema(own as JsonObject, `${path}.${word}.openAPIV3Schema`, status, judge) : []),
    ...validateSubresources(parts.subresources, `${path}.subresources`),
    ...(parts.additionalPrinterColumns ?? []).flatMap((c, i) =>
      validateColumn(c, `${path}.additionalPrinterColumns[${i}]`),
    ),
    ...validateFields(parts.selectableFields, schema, path),
  ]
}

function deprecationErrors(v: CustomResourceDefinitionVersion): string[] {
  const warning = v.deprecationWarning
  if (warning === undefined) return []
  if (!v.deprecated) return ['can only be set for deprecated versions']
  const control = [...warning].findIndex((c) => /[\p{C}\p{Zl}\p{Zp}]/u.test(c))
  return [
    ...(byteLength(warning) > 256 ? ['must be <= 256 characters long'] : []),
    ...(warning === '' ? ['must not be an empty string'] : []),
    ...(control >= 0
      ? [
          `must only contain printable UTF-8 characters; non-printable character found at index ${byteLength([...warning].slice(0, control).join(''))}`,
        ]
      : []),
  ]
}

/** The versions in Go syntax; what they point to shows as an address. */
function goVersions(versions: readonly CustomResourceDefinitionVersion[] | undefined): GoText {
  const type = 'apiextensions.CustomResourceDefinitionVersion'
  if (!versions) return new GoText(`[]${type}(nil)`)
  const pointer = (of: string, set: unknown): string => `(*${of})(${set === undefined ? 'nil' : '0xc000000000'})`
  const one = (v: CustomResourceDefinitionVersion): string => {
    const columns = v.additionalPrinterColumns?.map(
      (c) =>
        `apiextensions.CustomResourceColumnDefinition{Name:${goQuote(c.name ?? '')}, Type:${goQuote(c.type ?? '')}, Format:${goQuote(c.format ?? '')}, Description:${goQuote(c.description ?? '')}, Priority:${c.priority ?? 0}, JSONPath:${goQuote(c.jsonPath ?? '')}}`,
    )
    const fields = v.selectableFields?.map(
      (f) => `apiextensions.SelectableField{JSONPath:${goQuote(f.jsonPath ?? '')}}`,
    )
    return `${type}{Name:${goQuote(v.name ?? '')}, Served:${v.served === true}, Storage:${v.storage === true}, Deprecated:${v.deprecated === true}, DeprecationWarning:${pointer('string', v.deprecationWarning)}, Schema:${pointer('apiextensions.CustomResourceValidation', v.schema)}, Subresources:${pointer('apiextensions.CustomResourceSubresources', v.subresources)}, AdditionalPrinterColumns:[]apiextensions.CustomResourceColumnDefinition${columns ? `{${columns.join(', ')}}` : '(nil)'}, SelectableFields:[]apiextensions.SelectableField${fields ? `{${fields.join(', ')}}` : '(nil)'}}`
  }
  return new GoText(`[]${type}{${versions.map(one).join(', ')}}`)
}

function validateConversion(spec: CustomResourceDefinitionSpec): FieldError[] {
  const path = 'spec.conversion'
  const { strategy = '', webhook } = spec.conversion ?? {}
  const versions = webhook?.conversionReviewVersions ?? []
  const errors: FieldError[] = ['None', 'Webhook'].includes(strategy)
    ? []
    : [strategy ? notSupported(`${path}.strategy`, strategy, ['None', 'Webhook']) : required(`${path}.strategy`)]
  if (strategy !== 'Webhook') {
    if (webhook?.clientConfig)
      errors.push(forbidden(`${path}.webhookClientConfig`, 'should not be set when strategy is not set to Webhook'))
    if (versions.length)
      errors.push(
        forbidden(`${path}.conversionReviewVersions`, 'should not be set when strategy is not set to Webhook'),
      )
    return errors
  }
  errors.push(
    ...(webhook?.clientConfig
      ? validateClientConfig(webhook.clientConfig, `${path}.webhookClientConfig`)
      : [required(`${path}.webhookClientConfig`, 'required when strategy is set to Webhook')]),
  )
  const at = `${path}.conversionReviewVersions`
  if (versions.length === 0) return [...errors, required(at)]
  versions.forEach((v, i) =>
    errors.push(
      ...(versions.indexOf(v) < i
        ? [invalid(`${at}[${i}]`, v, 'duplicate version')]
        : dns1035Label(v).map((m) => invalid(`${at}[${i}]`, v, m))),
    ),
  )
  if (!versions.some((v) => v === 'v1' || v === 'v1beta1'))
    errors.push(invalid(at, goStrings(versions), 'must include at least one of v1, v1beta1'))
  return errors
}

/** Every version in which objects may be stored must be one of the definition's. */
function validateStoredVersions(crd: CRD): FieldError[] {
  const path = 'status.storedVersions'
  const stored = crd.status?.storedVersions
  const versions = crd.spec.versions ?? []
  if (!stored?.length) return [invalid(path, goStrings(stored), 'must have at least one stored version')]
  return [
    ...versions
      .filter((v) => v.storage && !stored.includes(v.name))
      .map((v) => invalid(path, goStrings(stored), `must have the storage version ${v.name}`)),
    ...stored.flatMap((v, i) =>
      versions.some((o) => o.name === v)
        ? []
        : [
            invalid(
              `${path}[${i}]`,
              v,
              `missing from spec.versions; ${v} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${v} and removes ${v} from status.storedVersions`,
            ),
          ],
    ),
  ]
}

function validateVersion(v: CustomResourceDefinitionVersion, common: Parts, path: string): FieldError[] {
  const own: Parts = Object.fromEntries(PARTS.filter((k) => !Object.hasOwn(common, k)).map((k) => [k, v[k]]))
  return [
    ...label(v.name ?? '', `${path}.name`),
    ...deprecationErrors(v).map((m) => invalid(`${path}.deprecationWarning`, v.deprecationWarning, m)),
    ...validateParts(own, v.schema?.openAPIV3Schema, path, 'schema', v.subresources?.status !== undefined),
  ]
}

/** Whether a default stands anywhere in the schema. */
const hasDefault = (schema: unknown): boolean =>
  isObject(schema) &&
  (schema.default !== undefined ||
    Object.values(schema).some((v) =>
      Array.isArray(v) ? v.some(hasDefault) : isObject(v) && (hasDefault(v) || Object.values(v).some(hasDefault)),
    ))

function validate(crd: CRD, old?: CRD): FieldError[] {
  const spec = crd.spec
  const { group = '', scope = '', names } = spec
  const versions = spec.versions ?? []
  const errors: FieldError[] = []
  const wanted = `${names?.plural ?? ''}.${group}`
  // later the parts of the name are immutable, each on its own
  if (!old && crd.metadata.name !== wanted)
    errors.push(invalid('metadata.name', crd.metadata.name ?? '', 'must be spec.names.plural+"."+spec.group'))
  if (!group) errors.push(required('spec.group'))
  else if (dns1123Subdomain(group).length) errors.push(invalid('spec.group', group, dns1123Subdomain(group).join(',')))
  else if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
  if (!scope) errors.push(required('spec.scope'))
  else if (!['Cluster', 'Namespaced'].includes(scope))
    errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  versions.forEach((v, i) => {
    if (!v.schema?.openAPIV3Schema)
      errors.push(required(`spec.versions[${i}].schema.openAPIV3Schema`, 'schemas are required'))
  })
  if (spec.preserveUnknownFields && versions.some((v) => hasDefault(v.schema?.openAPIV3Schema)))
    errors.push(invalid('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema'))
  const common = shared(versions)
  versions.forEach((v, i) => errors.push(...validateVersion(v, common, `spec.versions[${i}]`)))
  // what the versions share has moved to the spec (Convert_v1_CustomResourceDefinitionSpec_To_apiextensions…)
  const own = (v: CustomResourceDefinitionVersion): CustomResourceDefinitionVersion => {
    const { schema, subresources, additionalPrinterColumns, selectableFields, ...rest } = v
    const parts = { schema, subresources, additionalPrinterColumns, selectableFields }
    return {
      ...rest,
      ...Object.fromEntries(Object.entries(parts).filter(([k, x]) => x !== undefined && !Object.hasOwn(common, k))),
    }
  }
  const shown = goVersions(spec.versions?.map(own))
  if (new Set(versions.map((v) => v.name)).size < versions.length)
    errors.push(invalid('spec.versions', shown, 'must contain unique version names'))
  if (versions.filter((v) => v.storage).length !== 1)
    errors.push(invalid('spec.versions', shown, 'must have exactly one version marked as storage version'))
  if (versions.length) errors.push(...label(versions[0]?.name ?? '', 'spec.version'))
  errors.push(
    ...validateNames(spec),
    ...validateParts(
      common,
      versions[0]?.schema?.openAPIV3Schema,
      'spec',
      'validation',
      versions.some((v) => v.subresources?.status !== undefined),
    ),
  )
  errors.push(...validateConversion(spec), ...validateStoredVersions(crd))
  if (/(^|\.)(k8s|kubernetes)\.io$/.test(group) && !crd.metadata.annotations?.['api-approved.kubernetes.io'])
    errors.push(
      required(
        'metadata.annotations[api-approved.kubernetes.io]',
        'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ),
    )
  if (spec.preserveUnknownFields && !old?.spec.preserveUnknownFields)
    errors.push(
      invalid(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    )
  return errors
}

const established = (crd: CRD): boolean =>
  crd.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') ?? false

function validateUpdate(next: CRD, old: CRD): FieldError[] {
  return [
    ...validate(next, old),
    ...(established(old)
      ? [
          ...validateImmutable(next.spec.scope, old.spec.scope, 'spec.scope'),
          ...validateImmutable(next.spec.names.kind, old.spec.names.kind, 'spec.names.kind'),
        ]
      : []),
    ...validateImmutable(next.spec.group, old.spec.group, 'spec.group'),
    ...validateImmutable(next.spec.names.plural, old.spec.names.plural, 'spec.names.plural'),
  ]
}

export const customResourceDefinition = defineKind<CRD>({
  gvk: 'apiextensions.k8s.io/v1/CustomResourceDefinition',
  strategy: {
    defaults,
    prepareForCreate: (crd) => {
      crd.status = {}
      storeVersion(crd)
    },
    prepareForUpdate: (crd) => storeVersion(crd),
    needs: (crd) =>
      judge || !writeJson(crd.spec).includes('"x-kubernetes-validations"')
        ? undefined
        : import('./cel-validation.ts').then((m) => {
            judge = m
          }),
    validate: (crd) => validate(crd),
    validateUpdate,
    generation: true,
    allowUnconditionalUpdate: false,
  },
  columns: [name(), createdAt()],
})
