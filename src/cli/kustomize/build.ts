// A kustomization, built: resources read, generated, patched, renamed, and put in order (kustomize's api/internal/target and krusty).
import { copy, isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import type { Files } from '../../apimachinery/ports.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import { parseYaml, splitDocuments, toYaml, YamlError } from '../../apimachinery/yaml.ts'
import { FIRST, LAST } from './fieldspecs.ts'
import { absorb, generate } from './generators.ts'
import { loadKustomization } from './kustomization.ts'
import { Loader } from './loader.ts'
import { addHashes, fixReferences } from './names.ts'
import { applyJson6902, applyPatch, applyStrategicPatches } from './patches.ts'
import { appendAll, currentId, gvkText, KustomizeError, newResource, record, text } from './resource.ts'
import type { Resource } from './resource.ts'
import { resolveVars, transform } from './transformers.ts'

export interface BuildContext {
  readonly files: Files
  readonly schemas: Schemas
  /** kustomize's version, as labels name it. */
  readonly version: string
  /** Deprecations, a line each. */
  readonly warn: (line: string) => void
}

/** A resource file that is no YAML: kustomize does not try it as a folder then. */
class Malformed extends KustomizeError {}

const quoted = (path: string): string => `'${path}'`
const strings = (v: Json | undefined): string[] => (Array.isArray(v) ? (v as readonly Json[]).filter((x): x is string => typeof x === 'string') : [])
const objects = (v: Json | undefined): JsonObject[] => (Array.isArray(v) ? (v as readonly Json[]).filter(isObject) : [])
const prefix = (e: unknown, words: string): unknown => (e instanceof Malformed ? new Malformed(`${words}: ${e.message}`) : e instanceof KustomizeError ? new KustomizeError(`${words}: ${e.message}`) : e)

function readResources(loader: Loader, path: string): Resource[] {
  const body = loader.readText(path)
  const out: Resource[] = []
  const add = (value: Json): void => {
    if (value === null) return
    if (!isObject(value)) throw new KustomizeError('missing Resource metadata')
    if (text(value.kind).endsWith('List') && Array.isArray(value.items)) { for (const item of value.items as readonly Json[]) add(item); return }
    if (text(value.kind) === '') throw new KustomizeError('missing Resource metadata')
    if (text(record(value.metadata)?.name) === '' && !text(value.kind).endsWith('List')) throw new KustomizeError(`missing metadata.name in object {{${text(value.apiVersion)} ${text(value.kind)}} {{ } map[] map[]}}`)
    out.push(newResource(copy(value) as unknown as JsonObject))
  }
  try { for (const doc of splitDocuments(body)) add(parseYaml(doc, { v3: true })) } catch (e) {
    if (e instanceof YamlError) throw new Malformed(`MalformedYAMLError: ${e.detail} in File: ${path}`)
    throw e
  }
  return out
}

class Target {
  readonly vars: JsonObject[] = []
  readonly #context: BuildContext
  readonly #loader: Loader
  readonly k: JsonObject
  constructor(context: BuildContext, loader: Loader) {
    this.#context = context
    this.#loader = loader
    this.k = loadKustomization(loader, context.warn)
  }

  /** Fills the list with what this kustomization makes. */
  accumulate(resources: Resource[]): void {
    const { k } = this
    const loader = this.#loader
    const { schemas } = this.#context
    try { for (const path of [...strings(k.resources), ...strings(k.bases)]) this.#resource(resources, path) } catch (e) { throw prefix(e, 'accumulating resources') }
    const globals = isObject(k.generatorOptions) ? k.generatorOptions : {}
    for (const [kind, field] of [['ConfigMap', 'configMapGenerator'], ['Secret', 'secretGenerator']] as const) {
      for (const args of objects(k[field])) absorb(resources, generate(kind, args, globals, loader))
    }
    try { for (const path of strings(k.components)) this.#component(resources, path) } catch (e) { throw prefix(e, 'accumulating components') }
    const strategic = Array.isArray(k.patchesStrategicMerge) ? (k.patchesStrategicMerge as readonly Json[]) : []
    applyStrategicPatches(resources, strategic, loader, schemas)
    for (const entry of objects(k.patches)) applyPatch(resources, entry, loader, schemas)
    transform(resources, k, schemas, () => { for (const entry of objects(k.patchesJson6902)) applyJson6902(resources, entry, loader) })
    this.vars.push(...objects(k.vars))
  }

  #resource(resources: Resource[], path: string): void {
    let fileError: unknown
    try {
      let read: Resource[]
      try { read = readResources(this.#loader, path) } catch (e) { throw prefix(e, `accumulating resources from ${quoted(path)}`) }
      try { appendAll(resources, read) } catch (e) { throw prefix(e, `merging resources from ${quoted(path)}`) }
      return
    } catch (e) {
      if (!(e instanceof KustomizeError)) throw e
      fileError = e
    }
    const why = (fileError as Error).message
    let loader: Loader
    try { loader = this.#loader.folder(path) } catch (e) {
      if (fileError instanceof Malformed) throw fileError
      throw prefix(e, `accumulation err='${why}'`)
    }
    try {
      const { made, vars } = this.#folder(loader, false, [])
      try { appendAll(resources, made) } catch (e) { throw prefix(e, `recursed merging from path '${loader.root}'`) }
      this.vars.push(...vars)
    } catch (e) { throw prefix(e, `accumulation err='${why}'`) }
  }

  #component(resources: Resource[], path: string): void {
    let loader: Loader
    try { loader = this.#loader.folder(path) } catch (e) { throw e instanceof KustomizeError ? new KustomizeError(`loader.New ${JSON.stringify(e.message)}`) : e }
    try { this.vars.push(...this.#folder(loader, true, resources).vars) } catch (e) { throw e instanceof KustomizeError ? new KustomizeError(`accumulateDirectory: ${JSON.stringify(e.message)}`) : e }
  }

  #folder(loader: Loader, component: boolean, into: Resource[]): { made: Resource[]; vars: JsonObject[] } {
    let target: Target
    try { target = new Target(this.#context, loader) } catch (e) { throw prefix(e, `couldn't make target for path '${loader.root}'`) }
    if (component && target.k.kind !== 'Component') throw new KustomizeError(`expected kind 'Component' for path '${loader.root}' but got '${text(target.k.kind)}'`)
    if (!component && target.k.kind === 'Component') throw new KustomizeError(`expected kind != 'Component' for path '${loader.root}'`)
    try { target.accumulate(into) } catch (e) { throw prefix(e, `recursed accumulation of path '${loader.root}'`) }
    return { made: into, vars: target.vars }
  }
}

/** Kinds in the legacy order, then by group, version, kind, namespace and name. */
function legacyOrder(first: readonly string[], last: readonly string[]): (a: Resource, b: Resource) => number {
  const rank = (kind: string): number => (first.includes(kind) ? first.indexOf(kind) - first.length : last.indexOf(kind) + 1)
  const gvk = (r: Resource): string => { const id = currentId(r); return `${id.group || '~G'}_${id.version || '~V'}_${id.kind || '~K'}` }
  const id = (r: Resource): string => { const i = currentId(r); return `${gvkText(i)}|${i.namespace || '~X'}|${i.name || '~N'}` }
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return (a, b) => rank(currentId(a).kind) - rank(currentId(b).kind) || compare(gvk(a), gvk(b)) || compare(id(a), id(b))
}

/** Builds the kustomization in a folder: its objects in order. Throws KustomizeError. */
export function buildKustomization(context: BuildContext, path: string): JsonObject[] {
  const target = new Target(context, Loader.top(context.files, path))
  let resources: Resource[] = []
  target.accumulate(resources)
  addHashes(resources)
  fixReferences(resources)
  resolveVars(resources, target.vars)
  resources = resources.filter((r) => { const a = record(record(r.object.metadata)?.annotations); const local = a?.['config.kubernetes.io/local-config']; return local === undefined || local === 'false' })
  const sort = isObject(target.k.sortOptions) ? target.k.sortOptions : undefined
  if (text(sort?.order) !== 'fifo') {
    const legacy = isObject(sort?.legacySortOptions) ? sort.legacySortOptions : undefined
    resources.sort(legacyOrder(legacy ? strings(legacy.orderFirst) : FIRST, legacy ? strings(legacy.orderLast) : LAST))
  }
  // The top kustomization's own word about who built it.
  const managed = strings(target.k.buildMetadata).includes('managedByLabel') ? `kustomize-${context.version}` : undefined
  for (const r of resources) {
    if (managed !== undefined) { const m = (r.object.metadata = record(r.object.metadata) ?? {}); m.labels = { ...record(m.labels), 'app.kubernetes.io/managed-by': managed } }
    // Annotations that only told the build something.
    const metadata = record(r.object.metadata)
    const annotations = record(metadata?.annotations)
    if (annotations) for (const name of Object.keys(annotations)) if (name.startsWith('internal.config.kubernetes.io/') || name === 'kustomize.config.k8s.io/needs-hash' || name === 'kustomize.config.k8s.io/behavior') delete annotations[name]
    if (metadata && annotations && Object.keys(annotations).length === 0) delete metadata.annotations
  }
  return resources.map((r) => r.object as unknown as JsonObject)
}

/** The objects as one text. */
export function kustomizationYaml(objects: readonly JsonObject[]): string {
  return objects.map((o) => toYaml(o)).join('---\n')
}
