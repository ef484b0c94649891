// The kustomization file: its deprecations and defaults (kustomize's api/types).
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { parseYaml, YamlError } from '../../apimachinery/yaml.ts'
import { decodeKustomization } from './fieldtypes.ts'
import { KUSTOMIZATION_FILES } from './loader.ts'
import type { Loader } from './loader.ts'
import { KustomizeError, text } from './resource.ts'

const DEPRECATED: readonly (readonly [field: string, instead: string, experimental?: true])[] = [
  ['bases', 'resources'],
  ['commonLabels', 'labels'],
  ['imageTags', 'images'],
  ['patchesJson6902', 'patches'],
  ['patchesStrategicMerge', 'patches'],
  ['vars', 'replacements', true],
]

/** Reads the kustomization of a folder; deprecated fields are told to `warn`. Throws KustomizeError. */
export function loadKustomization(loader: Loader, warn: (line: string, field: string) => void): JsonObject {
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
  const k = decodeKustomization(value)
  for (const [field, instead, experimental] of DEPRECATED)
    if (k[field] !== undefined && k[field] !== null)
      warn(
        `# Warning: '${field}' is deprecated. Please use '${instead}' instead. ${experimental ? '[EXPERIMENTAL] ' : ''}Run 'kustomize edit fix' to update your Kustomization automatically.`,
        field,
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
