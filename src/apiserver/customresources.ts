// Custom resources: what a CustomResourceDefinition makes the server serve, and the definition's own status; as
// apiextensions-apiserver.
import { writeJson } from '../apimachinery/bigint.ts'
import type { TypeSource } from '../apimachinery/fieldset.ts'
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../apimachinery/api/apiextensions.v1.ts'
import { humanDuration } from '../apimachinery/duration.ts'
import { invalid } from '../apimachinery/field.ts'
import type { FieldError } from '../apimachinery/field.ts'
import { goValue } from '../apimachinery/gostring.ts'
import { parseJsonPath } from '../apimachinery/jsonpath.ts'
import { copy, equal, freeze, isObject } from '../apimachinery/object.ts'
import type { Draft, Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { ResourceInfo } from '../apimachinery/schema.ts'
import { parseTime, rfc3339 } from '../apimachinery/time.ts'
import type { Cell, Column, Kind } from '../kinds/kind.ts'
import { StoreConflict } from '../storage/store.ts'
import type { Api, CustomResource, Served } from './api.ts'
import { fillDefaults, prune, pruneNulls, validate } from '../apimachinery/structural.ts'
import type { Schema } from '../apimachinery/structural.ts'
import { structuralTypes } from './structuraltypes.ts'

type CRD = CustomResourceDefinition
export const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'
/** In the order in which discovery names them for custom resources. */
const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']

const isEstablished = (crd: CRD): boolean =>
  crd.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') ?? false

/** v1 before v1beta2 before v1beta1 before v1alpha1, the newest first; other names last, by name. */
function byPriority(a: string, b: string): number {
  const rank = (v: string): readonly number[] => {
    const m = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(v)
    return m ? [m[2] === undefined ? 3 : m[2] === 'beta' ? 2 : 1, Number(m[1]), Number(m[3] ?? 0)] : [0]
  }
  const x = rank(a)
  const y = rank(b)
  for (let i = 0; i < 3; i++) {
    const d = (y[i] ?? 0) - (x[i] ?? 0)
    if (d !== 0) return d
  }
  return a < b ? -1 : 1
}

function infoOf(crd: CRD, v: CustomResourceDefinitionVersion): ResourceInfo {
  const names = crd.status?.acceptedNames?.plural ? crd.status.acceptedNames : crd.spec.names
  const sub = [
    ...(v.subresources?.status ? [{ name: 'status', kind: names.kind, verbs: ['get', 'patch', 'update'] }] : []),
    ...(v.subresources?.scale
      ? [{ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] }]
      : []),
  ]
  return {
    group: crd.spec.group,
    version: v.name,
    resource: names.plural,
    kind: names.kind,
    singular: names.singular ?? names.kind.toLowerCase(),
    namespaced: crd.spec.scope === 'Namespaced',
    verbs: VERBS,
    ...(names.shortNames?.length ? { shortNames: names.shortNames } : {}),
    ...(names.categories?.length ? { categories: names.categories } : {}),
    ...(sub.length > 0 ? { subresources: sub } : {}),
  }
}

/** Discovery rows of a definition, the preferred version first. */
export function customResourceInfos(object: KubeObject): ResourceInfo[] {
  const crd = object as CRD
  if (!isEstablished(crd)) return []
  return crd.spec.versions
    .filter((v) => v.served)
    .sort((a, b) => byPriority(a.name, b.name))
    .map((v) => infoOf(crd, v))
}

function cellOf(type: string, value: Json | undefined, now: number): Cell {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null
    case 'number':
      return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date': {
      if (typeof value !== 'string') return null
      try {
        return humanDuration(now - parseTime(value))
      } catch {
        return '<invalid>'
      }
    }
    default:
      return null
  }
}

function columnsOf(v: CustomResourceDefinitionVersion): readonly Column<KubeObject>[] {
  const name: Column<KubeObject> = { name: 'Name', type: 'string', format: 'name', cell: (o) => o.metadata.name ?? '' }
  const given = v.additionalPrinterColumns?.length
    ? v.additionalPrinterColumns
    : [
        {
          name: 'Age',
          type: 'date',
          jsonPath: '.metadata.creationTimestamp',
          description: undefined,
          format: undefined,
          priority: undefined,
        },
      ]
  return [
    name,
    ...given.map((c): Column<KubeObject> => {
      const path = parseJsonPath(`{${c.jsonPath}}`, { allowMissingKeys: true })
      return {
        name: c.name,
        type: c.type as Column<unknown>['type'],
        ...(c.format ? { format: c.format } : {}),
        description: c.description || `Custom resource definition column (in JSONPath format): ${c.jsonPath}`,
        ...(c.priority ? { priority: c.priority } : {}),
        cell: (o, { now }) => {
          let found: readonly (readonly unknown[])[]
          try {
            found = path.findResults(o)
          } catch {
            return null
          }
          const first = found[0]?.[0] as Json | undefined
          if (found[0] === undefined || found[0].length === 0) return null
          // text shows whatever stands there; only the first match of a wildcard
          if (c.type === 'string')
            return first === null || first === undefined
              ? null
              : typeof first === 'object'
                ? writeJson(first)
                : String(first)
          return cellOf(c.type, first, now)
        },
      }
    }),
  ]
}

const at = (o: unknown, path: string): unknown =>
  path
    .replace(/^\./, '')
    .split('.')
    .reduce<unknown>(
      (v, k) =>
        typeof v === 'object' && v !== null && Object.hasOwn(v, k) ? (v as Record<string, unknown>)[k] : undefined,
      o,
    )

/** All of an object that its users describe: neither metadata nor, where it is apart, the status. */
function described(o: KubeObject, statusApart: boolean): JsonObject {
  const { metadata: _metadata, apiVersion: _version, ...rest } = o as JsonObject
  if (!statusApart) return rest
  const { status: _status, ...spec } = rest
  return spec
}

/** A value at a path of a custom resource, or why it cannot be had, in the words of unstructured's accessors. */
function nested(o: unknown, path: string, type: 'int64' | 'string'): { value?: number | string; error?: string } {
  const parts = path.replace(/^\./, '').split('.')
  let value: unknown = o
  for (const [i, part] of parts.entries()) {
    if (!isObject(value))
      return {
        error: `.${parts.slice(0, i + 1).join('.')} accessor error: ${goValue(value)} is of the type ${goTypeOf(value)}, expected map[string]interface{}`,
      }
    if (!Object.hasOwn(value, part)) return {}
    value = value[part]
  }
  if (type === 'string' ? typeof value === 'string' : Number.isInteger(value))
    return { value: value as number | string }
  return {
    error: `.${parts.join('.')} accessor error: ${goValue(value)} is of the type ${goTypeOf(value)}, expected ${type}`,
  }
}

const goTypeOf = (v: unknown): string =>
  v === null
    ? '<nil>'
    : Array.isArray(v)
      ? '[]interface {}'
      : typeof v === 'bigint'
        ? 'int64'
        : typeof v === 'number'
          ? Number.isInteger(v)
            ? 'int64'
            : 'float64'
          : typeof v === 'boolean'
            ? 'bool'
            : typeof v === 'string'
              ? 'string'
              : 'map[string]interface {}'

/** Where the definition says that replicas stand, a count must stand. */
function scaleErrors(
  o: KubeObject,
  scale: NonNullable<NonNullable<CustomResourceDefinitionVersion['subresources']>['scale']>,
): FieldError[] {
  const count = (path: string): FieldError[] => {
    const { value = 0, error } = nested(o, path, 'int64')
    if (error) return [invalid(path, 0, error)]
    return Number(value) < 0
      ? [invalid(path, value, 'should be a non-negative integer')]
      : Number(value) > 2147483647
        ? [invalid(path, value, 'should be less than or equal to 2147483647')]
        : []
  }
  const selector = scale.labelSelectorPath ? nested(o, scale.labelSelectorPath, 'string').error : undefined
  return [
    ...count(scale.specReplicasPath),
    ...count(scale.statusReplicasPath),
    ...(selector && scale.labelSelectorPath ? [invalid(scale.labelSelectorPath, '', selector)] : []),
  ]
}

/** Finalizers that say no domain may be somebody else's too. */
function finalizerWarnings(o: KubeObject, old: KubeObject | undefined): string[] {
  const standard = ['orphan', 'foregroundDeletion', 'kubernetes']
  return (o.metadata.finalizers ?? [])
    .filter((f) => !old?.metadata.finalizers?.includes(f) && !standard.includes(f) && !f.includes('/'))
    .map(
      (f) =>
        `metadata.finalizers: ${JSON.stringify(f)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    )
}

type RuleErrors = (value: unknown, old: unknown, schema: Schema) => FieldError[]
/** Errors after which rules are not looked at: they could not be evaluated, or would cost too much. */
const BLOCKING: ReadonlySet<string> = new Set([
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])
const isBlocking = (e: FieldError): boolean => BLOCKING.has(e.type) || / must be of type /.test(e.message)

function kindOf(
  crd: CRD,
  v: CustomResourceDefinitionVersion,
  schema: Schema | undefined,
  rules: RuleErrors | undefined,
): Kind {
  const statusApart = v.subresources?.status !== undefined
  const body = (o: KubeObject): JsonObject => {
    const { metadata: _metadata, apiVersion: _version, kind: _kind, ...rest } = o
    return rest
  }
  const check = (o: KubeObject, old?: KubeObject, status = false): FieldError[] => {
    const errors: FieldError[] = []
    const own = status
      ? isObject(schema?.properties)
        ? (schema.properties.status as Schema | undefined)
        : undefined
      : undefined
    if (status) {
      // the status is judged on its own, and the sentences speak of it so
      if (own) validate(body(o).status, own, '', errors, old && body(old).status)
      errors.forEach((e, i) => {
        if (!e.field.startsWith('<'))
          errors[i] = {
            ...e,
            field: !e.field ? 'status' : e.field.startsWith('[') ? `status${e.field}` : `status.${e.field}`,
          }
      })
    } else if (schema)
      validate(
        body(o),
        {
          ...schema,
          type: 'object',
          ...(Array.isArray(schema.required)
            ? { required: schema.required.filter((r) => r !== 'metadata' && r !== 'kind' && r !== 'apiVersion') }
            : {}),
        },
        '',
        errors,
        old && body(old),
      )
    const scale = v.subresources?.scale
    if (scale) errors.push(...scaleErrors(o, scale))
    if (schema && rules) {
      if (errors.some(isBlocking))
        errors.push(
          invalid(
            '<nil>',
            null,
            'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
          ),
        )
      else errors.push(...rules(o, old, schema))
    }
    return errors
  }
  const fields = v.selectableFields ?? []
  return {
    gvk: `${crd.spec.group}/${v.name}/${crd.spec.names.kind}`,
    strategy: {
      hasStatus: statusApart,
      allowUnconditionalUpdate: false,
      generation: (next, old) => !equal(described(next, statusApart), described(old, statusApart)),
      validate: (o) => check(o),
      validateUpdate: (o, old) => check(o, old),
      validateStatusUpdate: (o, old) => check(o, old, true),
      warnings: finalizerWarnings,
      selectableFields: (o) =>
        Object.fromEntries(fields.map((f) => [f.jsonPath.replace(/^\./, ''), String(at(o, f.jsonPath) ?? '')])),
      fieldSelectorError: 'label',
    },
    columns: columnsOf(v),
  }
}

/**
 * How an object of a definition is read in version `v`: with the defaults of the version it was stored in, and pruned by
 * each version on its way; as crdConversionRESTOptionsGetter's codec does.
 */
function reader(crd: CRD, v: CustomResourceDefinitionVersion): (object: KubeObject) => KubeObject {
  const { group, names, versions } = crd.spec
  const schemas = new Map(
    versions.map((x) => [`${group}/${x.name}`, x.schema?.openAPIV3Schema as unknown as Schema | undefined]),
  )
  const apiVersion = `${group}/${v.name}`
  const known = new WeakMap<KubeObject, KubeObject>()
  const read = (object: KubeObject): KubeObject => {
    const draft = copy(object) as Record<string, unknown>
    const own = schemas.get(object.apiVersion ?? '')
    prune(draft, own, '', [], true)
    fillDefaults(draft, own)
    if (object.apiVersion !== apiVersion) prune(draft, schemas.get(apiVersion), '', [], true)
    draft.apiVersion = apiVersion
    draft.kind = names.kind
    return equal(draft, object) ? object : freeze(draft as unknown as KubeObject)
  }
  return (object) => {
    const before = known.get(object)
    if (before) return before
    const now = read(object)
    known.set(object, now)
    return now
  }
}

function customOf(
  crd: CRD,
  v: CustomResourceDefinitionVersion,
  schema: Schema | undefined,
  builtIn: TypeSource,
): CustomResource {
  let types: ReturnType<typeof structuralTypes> | undefined
  const scale = v.subresources?.scale
  return {
    prune: (object, unknown) => {
      prune(object, schema, '', unknown, true)
      pruneNulls(object, schema)
    },
    defaults: (object) => fillDefaults(object, schema),
    read: reader(crd, v),
    storageVersion: crd.spec.versions.find((x) => x.storage)?.name ?? v.name,
    ...(scale ? { scale } : {}),
    preserveUnknown: schema?.['x-kubernetes-preserve-unknown-fields'] === true,
    ...(schema ? { types: () => (types ??= structuralTypes(schema, builtIn)) } : {}),
  }
}

/** The resource that a definition serves in a version, or undefined. */
export async function servedCustomResource(api: Api, object: KubeObject, version: string): Promise<Served | undefined> {
  const crd = object as CRD
  const cache = api.part('custom-resources', () => new Map<string, Served>())
  const key = `${crd.metadata.uid}/${crd.metadata.resourceVersion}/${version}`
  const known = cache.get(key)
  if (known) return known
  const v = crd.spec.versions.find((x) => x.name === version && x.served)
  if (!v || !isEstablished(crd)) return undefined
  const info = infoOf(crd, v)
  const schema = v.schema?.openAPIV3Schema
  // the language is loaded for those who use it
  const rules =
    schema && writeJson(schema).includes('"x-kubernetes-validations"')
      ? (await import('./celrules.ts')).ruleErrors
      : undefined
  const deprecation = deprecationOf(crd, v)
  const served: Served = {
    info,
    gr: { group: info.group, resource: info.resource },
    apiVersion: `${info.group}/${version}`,
    schema: '',
    kind: kindOf(crd, v, schema, rules),
    storage: `${info.resource}.${info.group}`,
    custom: { ...customOf(crd, v, schema, api.schemas), ...(deprecation !== undefined ? { deprecation } : {}) },
  }
  cache.set(key, served)
  return served
}

/**
 * Which of a definition's names another resource of the group has already, and what follows for its conditions; the
 * naming and establishing controllers in one.
 */
export function acceptNames(api: Api, object: KubeObject): KubeObject {
  const crd = object as CRD
  const { names, group } = crd.spec
  const others = (api.store.list(DEFINITIONS) as readonly CRD[]).filter(
    (c) => c.spec.group === group && c.metadata.name !== crd.metadata.name,
  )
  const builtin = api.schemas.discovery().filter((r) => r.group === group)
  const taken = new Set([
    ...others.flatMap((c) => {
      const a = c.status?.acceptedNames
      return a ? [a.plural, a.singular ?? '', ...(a.shortNames ?? [])] : []
    }),
    ...builtin.flatMap((r) => [r.resource, r.singular, ...(r.shortNames ?? [])]),
  ])
  const kinds = new Set([
    ...others.flatMap((c) => {
      const a = c.status?.acceptedNames
      return a ? [a.kind, a.listKind ?? ''] : []
    }),
    ...builtin.map((r) => r.kind),
  ])
  // each name that is free is taken; the last of the conflicts is the one that is told
  const have = crd.status?.acceptedNames
  const accepted: Record<string, unknown> = { ...(copy(have) ?? { plural: '', kind: '' }) }
  let conflict: { reason: string; message: string } | undefined
  const used = (n: string): string => `"${n}" is already in use`
  const take = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    among: ReadonlySet<string>,
    reason: string,
  ): void => {
    const wanted = names[field] ?? ''
    if (wanted !== (have?.[field] ?? '') && among.has(wanted)) conflict = { reason, message: used(wanted) }
    else if (wanted || field === 'plural' || field === 'kind') accepted[field] = wanted
    else delete accepted[field]
  }
  take('plural', taken, 'PluralConflict')
  take('singular', taken, 'SingularConflict')
  const short = (names.shortNames ?? []).filter((n) => !have?.shortNames?.includes(n) && taken.has(n))
  if (short.length > 0)
    conflict = {
      reason: 'ShortNamesConflict',
      message: short.length === 1 ? used(short[0] ?? '') : `[${short.map(used).join(', ')}]`,
    }
  else if (names.shortNames) accepted.shortNames = [...names.shortNames]
  else delete accepted.shortNames
  take('kind', kinds, 'KindConflict')
  take('listKind', kinds, 'ListKindConflict')
  if (names.categories) accepted.categories = [...names.categories]
  else delete accepted.categories
  const now = rfc3339(api.now())
  const old = crd.status?.conditions ?? []
  const was = isEstablished(crd)
  const condition = (type: string, good: boolean, reason: string, message: string): JsonObject => {
    const same = old.find((c) => c.type === type && c.status === (good ? 'True' : 'False'))
    return {
      lastTransitionTime: same?.lastTransitionTime ?? now,
      message,
      reason,
      status: good ? 'True' : 'False',
      type,
    }
  }
  const keep = was
    ? old.filter((c) => c.type === 'Established')
    : [
        condition(
          'Established',
          !conflict,
          conflict ? 'NotAccepted' : 'InitialNamesAccepted',
          conflict ? 'not all names are accepted' : 'the initial names have been accepted',
        ),
      ]
  const draft = copy(crd) as Draft<KubeObject> & { status?: Record<string, unknown> }
  draft.status = {
    ...draft.status,
    acceptedNames: conflict ? accepted : copy(names),
    conditions: [
      condition(
        'NamesAccepted',
        !conflict,
        conflict?.reason ?? 'NoConflicts',
        conflict?.message ?? 'no conflicts found',
      ),
      ...keep,
      ...old.filter((c) => c.type !== 'NamesAccepted' && c.type !== 'Established'),
    ],
  }
  if (equal(draft.status, crd.status)) return object
  try {
    return api.store.update(DEFINITIONS, draft, crd.metadata.resourceVersion ?? '')
  } catch (e) {
    if (e instanceof StoreConflict) return object
    throw e
  }
}

/** Looks again at the definitions of a group that wanted a name which may be free now. */
export function acceptOthers(api: Api, object: KubeObject): void {
  for (const other of api.store.list(DEFINITIONS) as readonly CRD[])
    if (
      other.spec.group === (object as CRD).spec.group &&
      other.metadata.name !== object.metadata.name &&
      other.status?.conditions?.some((c) => c.type === 'NamesAccepted' && c.status === 'False')
    )
      acceptNames(api, other)
}

export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'

/** A definition that is to go: it stays until its objects are gone, and for the moment it takes to see that. */
export function terminating(object: KubeObject, now: string): Draft<KubeObject> {
  const draft = copy(object) as Draft<CRD> & { status?: { conditions?: JsonObject[] } }
  draft.metadata.deletionTimestamp = now
  draft.metadata.deletionGracePeriodSeconds = 0
  draft.metadata.finalizers = [...(draft.metadata.finalizers ?? []).filter((f) => f !== CLEANUP), CLEANUP]
  const condition = {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime: now,
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  }
  draft.status = {
    ...draft.status,
    conditions: [...(draft.status?.conditions ?? []).filter((c) => c.type !== 'Terminating'), condition],
  }
  return draft
}

/** What the server says of a deprecated version, in the definition's words or its own. */
function deprecationOf(crd: CRD, v: CustomResourceDefinitionVersion): string | undefined {
  if (!v.deprecated) return undefined
  if (v.deprecationWarning !== undefined) return v.deprecationWarning
  const { group, names, versions } = crd.spec
  const better = versions
    .filter((o) => o.served && !o.deprecated && byPriority(o.name, v.name) < 0)
    .sort((a, b) => byPriority(a.name, b.name))[0]
  return `${group}/${v.name} ${names.kind} is deprecated${better ? `; use ${group}/${better.name} ${names.kind}` : ''}`
}

/** A definition that goes takes its objects along. */
export function removeInstances(api: Api, object: KubeObject): void {
  const crd = object as CRD
  const resource = `${crd.spec.names.plural}.${crd.spec.group}`
  for (const o of api.store.list(resource))
    api.store.delete(resource, o.metadata.namespace ?? '', o.metadata.name ?? '')
}
