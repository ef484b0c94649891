// The fields of a kustomization with their Go types, and the decoding of a parsed file by them: names in any case,
// refusals worded as encoding/json's strict decoder (kustomize's api/types).
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { KustomizeError } from './resource.ts'

type Fields = Readonly<Record<string, string>>

/** Fields of an embedded struct: Go's errors name it on the way. */
const embedded = (name: string, fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([path, type]) => [`${name}.${path}`, type]))

const GVK: Fields = { group: 'string', version: 'string', kind: 'string' }
const RES_ID: Fields = { ...embedded('Gvk', GVK), name: 'string', namespace: 'string' }
const KV_PAIR_SOURCES: Fields = { literals: '[]string', files: '[]string', envs: '[]string', env: 'string' }
const GENERATOR_ARGS: Fields = {
  namespace: 'string',
  name: 'string',
  behavior: 'string',
  ...embedded('KvPairSources', KV_PAIR_SOURCES),
  options: 'types.GeneratorOptions',
}
const REPLACEMENT: Fields = { source: 'types.SourceSelector', targets: '[]*types.TargetSelector' }

/** Each struct's fields; a path with dots leads through embedded structs, its last part is the field's name. */
const STRUCTS: Readonly<Record<string, Fields>> = {
  Kustomization: {
    ...embedded('TypeMeta', { kind: 'string', apiVersion: 'string' }),
    metadata: 'types.ObjectMeta',
    openapi: 'map[string]string',
    namePrefix: 'string',
    nameSuffix: 'string',
    namespace: 'string',
    commonLabels: 'map[string]string',
    labels: '[]types.Label',
    commonAnnotations: 'map[string]string',
    patchesStrategicMerge: '[]types.PatchStrategicMerge',
    patchesJson6902: '[]types.Patch',
    patches: '[]types.Patch',
    images: '[]types.Image',
    imageTags: '[]types.Image',
    replacements: '[]types.ReplacementField',
    replicas: '[]types.Replica',
    vars: '[]types.Var',
    sortOptions: 'types.SortOptions',
    resources: '[]string',
    components: '[]string',
    crds: '[]string',
    bases: '[]string',
    configMapGenerator: '[]types.ConfigMapArgs',
    secretGenerator: '[]types.SecretArgs',
    helmGlobals: 'types.HelmGlobals',
    helmCharts: '[]types.HelmChart',
    helmChartInflationGenerator: '[]types.HelmChartArgs',
    generatorOptions: 'types.GeneratorOptions',
    configurations: '[]string',
    generators: '[]string',
    transformers: '[]string',
    validators: '[]string',
    buildMetadata: '[]string',
  },
  ObjectMeta: { name: 'string', namespace: 'string', labels: 'map[string]string', annotations: 'map[string]string' },
  Label: {
    pairs: 'map[string]string',
    includeSelectors: 'bool',
    includeTemplates: 'bool',
    fields: '[]types.FieldSpec',
  },
  FieldSpec: { ...embedded('Gvk', GVK), path: 'string', create: 'bool' },
  Patch: { path: 'string', patch: 'string', target: 'types.Selector', options: 'map[string]bool' },
  Selector: { ...embedded('ResId', RES_ID), annotationSelector: 'string', labelSelector: 'string' },
  Image: { name: 'string', newName: 'string', tagSuffix: 'string', newTag: 'string', digest: 'string' },
  ReplacementField: { ...embedded('Replacement', REPLACEMENT), path: 'string' },
  SourceSelector: { ...embedded('ResId', RES_ID), fieldPath: 'string', options: 'types.FieldOptions' },
  TargetSelector: {
    select: 'types.Selector',
    reject: '[]*types.Selector',
    fieldPaths: '[]string',
    options: 'types.FieldOptions',
  },
  FieldOptions: { delimiter: 'string', index: 'int', encoding: 'string', create: 'bool' },
  Replica: { name: 'string', count: 'int64' },
  Var: { name: 'string', objref: 'types.Target', fieldref: 'types.FieldSelector' },
  Target: { apiVersion: 'string', ...embedded('Gvk', GVK), name: 'string', namespace: 'string' },
  FieldSelector: { fieldPath: 'string' },
  SortOptions: { order: 'types.SortOrder', legacySortOptions: 'types.LegacySortOptions' },
  LegacySortOptions: { orderFirst: '[]string', orderLast: '[]string' },
  ConfigMapArgs: embedded('GeneratorArgs', GENERATOR_ARGS),
  SecretArgs: { ...embedded('GeneratorArgs', GENERATOR_ARGS), type: 'string' },
  GeneratorOptions: {
    labels: 'map[string]string',
    annotations: 'map[string]string',
    disableNameSuffixHash: 'bool',
    immutable: 'bool',
  },
  HelmGlobals: { chartHome: 'string', configHome: 'string' },
  HelmChart: {
    name: 'string',
    version: 'string',
    repo: 'string',
    releaseName: 'string',
    namespace: 'string',
    additionalValuesFiles: '[]string',
    valuesFile: 'string',
    valuesInline: 'map[string]interface {}',
    valuesMerge: 'string',
    includeCRDs: 'bool',
    skipHooks: 'bool',
    apiVersions: '[]string',
    kubeVersion: 'string',
    nameTemplate: 'string',
    skipTests: 'bool',
    debug: 'bool',
  },
  HelmChartArgs: {
    chartName: 'string',
    chartVersion: 'string',
    chartRepoUrl: 'string',
    chartHome: 'string',
    chartRepoName: 'string',
    helmBin: 'string',
    helmHome: 'string',
    values: 'string',
    valuesLocal: 'map[string]interface {}',
    valuesMerge: 'string',
    releaseName: 'string',
    releaseNamespace: 'string',
    extraArgs: '[]string',
  },
}

/** What encoding/json calls a value. */
export const jsonKind = (v: Json): string =>
  Array.isArray(v) ? 'array' : typeof v === 'boolean' ? 'bool' : v === null ? 'null' : typeof v

/** Where in Go's structs a value stands: the innermost struct and the fields that led there. */
interface Place {
  readonly struct: string
  readonly path: string
}

const wrong = (found: string, type: string, at: Place | undefined): KustomizeError =>
  new KustomizeError(
    `invalid Kustomization: json: cannot unmarshal ${found} into Go ${at ? `struct field ${at.struct}.${at.path}` : 'value'} of type ${type}`,
  )

const nameOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** The struct's field that a key means: of that name, or of that name in another case. */
function fieldOf(fields: Fields, key: string): string | undefined {
  const paths = Object.keys(fields)
  return paths.find((p) => nameOf(p) === key) ?? paths.find((p) => nameOf(p).toLowerCase() === key.toLowerCase())
}

function decodeStruct(value: JsonObject, struct: string, fields: Fields, at: Place | undefined): JsonObject {
  const out: Record<string, Json> = {}
  for (const key of Object.keys(value).sort()) {
    const path = fieldOf(fields, key)
    if (path === undefined) throw new KustomizeError(`invalid Kustomization: json: unknown field "${key}"`)
    const place = { struct, path: at ? `${at.path}.${path}` : path }
    out[nameOf(path)] = decode(value[key] ?? null, fields[path] ?? '', place)
  }
  return out
}

/** A value by its Go type; what is null stays so. Throws KustomizeError. */
function decode(value: Json, type: string, at: Place | undefined): Json {
  if (value === null) return value
  if (type === 'bool') {
    if (typeof value !== 'boolean') throw wrong(jsonKind(value), type, at)
    return value
  }
  if (type === 'int' || type === 'int64') {
    if (typeof value !== 'number') throw wrong(jsonKind(value), type, at)
    if (!Number.isInteger(value)) throw wrong(`number ${value}`, type, at)
    return value
  }
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) throw wrong(jsonKind(value), type, at)
    return (value as readonly Json[]).map((v) => decode(v, type.slice(2).replace(/^\*/, ''), at))
  }
  if (type.startsWith('map[string]')) {
    if (!isObject(value)) throw wrong(jsonKind(value), type, at)
    const element = type.slice('map[string]'.length)
    if (element === 'interface {}') return value
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((k) => [k, decode(value[k] ?? null, element, at)]),
    )
  }
  const struct = type.replace(/^types\./, '')
  const fields = Object.hasOwn(STRUCTS, struct) ? STRUCTS[struct] : undefined
  if (fields) {
    if (!isObject(value)) throw wrong(jsonKind(value), type, at)
    return decodeStruct(value, struct, fields, at)
  }
  if (typeof value !== 'string') throw wrong(jsonKind(value), type, at)
  return value
}

/** A kustomization as parsed, checked, its fields under their own names. Throws KustomizeError. */
export function decodeKustomization(value: Json): JsonObject {
  const decoded = decode(value, 'types.Kustomization', undefined)
  return isObject(decoded) ? decoded : {}
}
