// kubectl kustomize -o FOLDER: a file for each object, named after its namespace, kind and name (kustomize's
// build/writer.go).
import { copy } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import { toYaml } from '../../apimachinery/yaml.ts'
import { currentId, newResource } from './resource.ts'
import { namespaced } from './transformers.ts'

/** File names and texts. Namespaces are part of the names when there is more than one. */
export function outputFiles(objects: readonly JsonObject[], schemas: Schemas): [name: string, text: string][] {
  const all = objects.map((object) => {
    const resource = newResource(copy(object))
    const { group, version, kind, name, namespace } = currentId(resource)
    const file = `${[group, version, kind].filter((x) => x !== '').join('_')}_${name}.yaml`.toLowerCase()
    return { file, home: namespaced(schemas, resource) ? namespace || 'default' : undefined, text: toYaml(object) }
  })
  const homes = new Set(all.flatMap((f) => (f.home === undefined ? [] : [f.home])))
  return all.map(({ file, home, text }) => [
    home !== undefined && homes.size > 1 ? `${home.toLowerCase()}_${file}` : file,
    text,
  ])
}
