// The kustomization file: its fields, strictly, its deprecations and defaults (kustomize's api/types).
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { parseYaml, YamlError } from '../../apimachinery/yaml.ts'
import { KUSTOMIZATION_FILES } from './loader.ts'
import type { Loader } from './loader.ts'
import { KustomizeError, text } from './resource.ts'

/** Each field and its Go type. */
const FIELDS: Readonly<Record<string, string>> = {
  apiVersion: 'string',
  kind: 'string',
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
}

const kindOf = (v: Json): string =>
  typeof v === 'string'
    ? 'string'
    : typeof v === 'number'
      ? 'number'
      : typeof v === 'boolean'
        ? 'bool'
        : Array.isArray(v)
          ? 'array'
          : 'object'

function check(k: JsonObject): void {
  for (const key of Object.keys(k).sort()) {
    const type = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined
    if (type === undefined) throw new KustomizeError(`invalid Kustomization: json: unknown field "${key}"`)
    const value = k[key]
    if (value === undefined || value === null) continue
    const wrong = (v: Json, t: string): KustomizeError =>
      new KustomizeError(
        `invalid Kustomization: json: cannot unmarshal ${kindOf(v)} into Go struct field Kustomization.${key} of type ${t}`,
      )
    const want = type === 'string' ? 'string' : type.startsWith('[]') ? 'array' : 'object'
    if (kindOf(value) !== want) throw wrong(value, type)
    const element =
      type === '[]string' || type === '[]types.PatchStrategicMerge'
        ? 'string'
        : type.startsWith('[]')
          ? 'object'
          : type === 'map[string]string'
            ? 'string'
            : undefined
    if (element)
      for (const v of Object.values(value))
        if (v !== undefined && v !== null && kindOf(v as Json) !== element)
          throw wrong(v as Json, type === 'map[string]string' ? 'string' : type.slice(2))
  }
}

const DEPRECATED: readonly (readonly [field: string, instead: string, experimental?: true])[] = [
  ['bases', 'resources'],
  ['commonLabels', 'labels'],
  ['imageTags', 'images'],
  ['patchesJson6902', 'patches'],
  ['patchesStrategicMerge', 'patches'],
  ['vars', 'replacements', true],
]

/** Reads the kustomization of a folder; deprecated fields are told to `warn`. Throws KustomizeError. */
export function loadKustomization(loader: Loader, warn: (line: string) => void): JsonObject {
  const present = KUSTOMIZATION_FILES.filter((n) => loader.exists(n))
  const [name] = present
  if (name === undefined)
    throw new KustomizeError(
      `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${loader.root}'`,
    )
  if (present.length > 1) throw new KustomizeError(`Found multiple kustomization files under: ${loader.root}\n`)
  let value: Json
  try {
    value = parseYaml(loader.readText(name))
  } catch (e) {
    if (e instanceof YamlError) throw new KustomizeError(`invalid Kustomization: ${e.detail}`)
    throw e
  }
  if (value !== null && !isObject(value))
    throw new KustomizeError(
      `invalid Kustomization: json: cannot unmarshal ${kindOf(value)} into Go value of type types.Kustomization`,
    )
  const k = value ?? {}
  check(k)
  for (const [field, instead, experimental] of DEPRECATED)
    if (k[field] !== undefined && k[field] !== null)
      warn(
        `# Warning: '${field}' is deprecated. Please use '${instead}' instead. ${experimental ? '[EXPERIMENTAL] ' : ''}Run 'kustomize edit fix' to update your Kustomization automatically.`,
      )
  if (Object.keys(k).every((f) => f === 'apiVersion' || f === 'kind' || k[f] === null))
    throw new KustomizeError('kustomization.yaml is empty')
  const kind = text(k.kind) || 'Kustomization'
  const wrong: string[] = []
  if (kind !== 'Kustomization' && kind !== 'Component') wrong.push('kind should be Kustomization or Component')
  const version = kind === 'Component' ? 'kustomize.config.k8s.io/v1alpha1' : 'kustomize.config.k8s.io/v1beta1'
  if (text(k.apiVersion) !== '' && k.apiVersion !== version) wrong.push(`apiVersion for ${kind} should be ${version}`)
  if (wrong.length > 0)
    throw new KustomizeError(`Failed to read kustomization file under ${loader.root}:\n${wrong.join('\n')}`)
  return { ...k, kind }
}
