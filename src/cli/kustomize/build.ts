// A kustomization, built: resources read, generated, patched, renamed, and put in order (kustomize's
// api/internal/target and krusty).
import { copy, isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import type { Files } from '../../apimachinery/ports.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import { parseYaml, splitDocuments, toYaml, YamlError } from '../../apimachinery/yaml.ts'
import { FIRST, LAST } from './fieldspecs.ts'
import { jsonKind } from './fieldtypes.ts'
import { absorb, generate } from './generators.ts'
import { loadKustomization } from './kustomization.ts'
import { Loader } from './loader.ts'
import { addHashes, fixReferences } from './names.ts'
import { applyJson6902, applyPatch, applyStrategicPatches } from './patches.ts'
import {
  annotate,
  appendAll,
  currentId,
  gvkText,
  KustomizeError,
  newResource,
  ORIGIN,
  record,
  text,
} from './resource.ts'
import type { Resource } from './resource.ts'
import { addConfiguration, namespaced, resolveVars, transform, transformBy } from './transformers.ts'
import type { TransformerConfig } from './transformers.ts'

export interface BuildContext {
  readonly files: Files
  readonly schemas: Schemas
  /** Deprecations, a line each. */
  /** Told of a deprecated field. */
  readonly warn: (line: string, field: string) => void
  /** What Go's own log is told. */
  readonly log?: (line: string) => void
  /** What the command line allows and asks for. */
  readonly options?: BuildOptions
}

export interface BuildOptions {
  /** Files outside the folders of kustomizations may be read. */
  readonly unrestricted?: boolean
  readonly helm?: boolean
  readonly managedByLabel?: boolean
  /** The order when the kustomization itself asks for none. */
  readonly reorder?: 'legacy' | 'none'
  /** That order was asked for, by --reorder or by -k. */
  readonly ordered?: boolean
}

/** A resource file that is no YAML: kustomize does not try it as a folder then. */
class Malformed extends KustomizeError {}

const quoted = (path: string): string => `'${path}'`
const strings = (v: Json | undefined): string[] =>
  Array.isArray(v) ? (v as readonly Json[]).filter((x): x is string => typeof x === 'string') : []
const objects = (v: Json | undefined): JsonObject[] => (Array.isArray(v) ? (v as readonly Json[]).filter(isObject) : [])
const prefix = (e: unknown, words: string): unknown =>
  e instanceof Malformed
    ? new Malformed(`${words}: ${e.message}`)
    : e instanceof KustomizeError
      ? new KustomizeError(`${words}: ${e.message}`)
      : e

function readResources(loader: Loader, path: string): Resource[] {
  const body = loader.readText(path)
  const out: Resource[] = []
  const add = (value: Json): void => {
    if (value === null) return
    if (!isObject(value)) throw new KustomizeError('missing Resource metadata')
    if (text(value.kind).endsWith('List') && Array.isArray(value.items)) {
      for (const item of value.items as readonly Json[]) add(item)
      return
    }
    if (value.apiVersion === undefined && value.kind === undefined && value.metadata === undefined)
      throw new KustomizeError('missing Resource metadata')
    const missing =
      text(value.kind) === ''
        ? 'kind'
        : text(record(value.metadata)?.name) === '' && !text(value.kind).endsWith('List')
          ? 'metadata.name'
          : undefined
    if (missing !== undefined) {
      const metadata = record(value.metadata)
      const map = (v: unknown): string =>
        `map[${Object.entries(record(v) ?? {})
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([k, x]) => `${k}:${String(x)}`)
          .join(' ')}]`
      throw new KustomizeError(
        `missing ${missing} in object {{${text(value.apiVersion)} ${text(value.kind)}} {{${text(metadata?.name)} ${text(metadata?.namespace)}} ${map(metadata?.labels)} ${map(metadata?.annotations)}}}`,
      )
    }
    out.push(newResource(copy(value)))
  }
  try {
    for (const doc of splitDocuments(body)) add(parseYaml(doc, { v3: true }))
  } catch (e) {
    if (e instanceof YamlError) throw new Malformed(`MalformedYAMLError: ${e.detail} in File: ${path}`)
    throw e
  }
  return out
}

const TRANSFORMATIONS = 'alpha.config.kubernetes.io/transformations'

/** `a/b` and `../c` as one path, cleaned. */
function joined(...parts: readonly string[]): string {
  const out: string[] = []
  for (const p of parts.join('/').split('/')) {
    if (p === '..' && out.length > 0 && out.at(-1) !== '..') out.pop()
    else if (p !== '' && p !== '.') out.push(p)
  }
  return out.join('/')
}

/** A var before its defaults, as Go prints it. */
function varText(v: JsonObject): string {
  const ref = isObject(v.objref) ? v.objref : {}
  const gvk = { group: text(ref.group), version: text(ref.version), kind: text(ref.kind) }
  return `{${text(v.name)} ${gvkText(gvk)} {${text(isObject(v.fieldref) ? v.fieldref.fieldPath : undefined)}}}`
}

/** `crds` are OpenAPI definitions by name; which of their fields refer to others is not looked at. */
function checkCrds(loader: Loader, paths: readonly string[]): void {
  const words = `loading CRDs [${paths.join(' ')}]`
  for (const path of paths) {
    let value: Json
    try {
      value = parseYaml(loader.readText(path))
    } catch (e) {
      throw prefix(e, words)
    }
    if (!isObject(value)) continue
    const definitions = value
    const wrong = Object.keys(definitions)
      .sort()
      .find((name) => !isObject(definitions[name]))
    if (wrong !== undefined)
      throw new KustomizeError(
        `${words}: unable to parse open API definition from '${path}': error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonKind(definitions[wrong] ?? null)} into Go value of type accumulator.OpenAPIDefinition`,
      )
  }
}

const ACCEPTED_PLUGINS = [
  'AnnotationsTransformer',
  'ConfigMapGenerator',
  'HelmChartInflationGenerator',
  'HashTransformer',
  'ImageTagTransformer',
  'IAMPolicyGenerator',
  'LabelTransformer',
  'NamespaceTransformer',
  'PatchJson6902Transformer',
  'PatchStrategicMergeTransformer',
  'PatchTransformer',
  'PrefixSuffixTransformer',
  'PrefixTransformer',
  'SuffixTransformer',
  'ReplacementTransformer',
  'ReplicaCountTransformer',
  'SecretGenerator',
  'ValueAddTransformer',
]

interface Plugin {
  readonly object: JsonObject
  readonly path: string
}

class Target {
  readonly vars: JsonObject[] = []
  readonly config: TransformerConfig = { commonLabels: [], commonAnnotations: [], images: [], nameReference: [] }
  readonly #context: BuildContext
  readonly #loader: Loader
  readonly k: JsonObject
  /**
   * Where this kustomization stands, seen from the first one; undefined: nobody wants to know where things come from.
   */
  readonly #origin: string | undefined
  constructor(context: BuildContext, loader: Loader, origin: (k: JsonObject) => string | undefined) {
    this.#context = context
    this.#loader = loader
    this.k = loadKustomization(loader, context.warn)
    this.#origin = origin(this.k)
  }

  #configured(by: { readonly [key: string]: string }, path = this.#loader.kustomizationFile()): string {
    return `configuredIn: ${joined(this.#origin ?? '', path)}\nconfiguredBy:\n${Object.entries(by)
      .map(([k, v]) => `  ${k}: ${v}\n`)
      .join('')}`
  }

  /** Takes in what a generator made. */
  #absorb(resources: Resource[], made: Resource, by: { readonly [key: string]: string }, path?: string): void {
    if (this.#origin !== undefined) annotate(made, ORIGIN, () => this.#configured(by, path))
    absorb(resources, made)
  }

  #ran(resources: readonly Resource[], by: { readonly [key: string]: string }, path?: string): void {
    if (this.#origin === undefined) return
    const entry = this.#configured(by, path).replace(/^/gm, '  ').replace(/^ {2}/, '- ').replace(/ +$/, '')
    for (const r of resources) annotate(r, TRANSFORMATIONS, (old) => old + entry)
  }

  /** The objects that `generators` and `transformers` name; plugins from outside are not run. */
  #plugins(field: 'generators' | 'transformers' | 'validators'): Plugin[] {
    const out: Plugin[] = []
    for (const entry of strings(this.k[field])) {
      const into: Resource[] = []
      if (entry.includes('\n'))
        for (const doc of splitDocuments(entry)) {
          const v = parseYaml(doc, { v3: true })
          if (isObject(v)) into.push(newResource(copy(v)))
        }
      if (into.length === 0) this.#resource(into, entry)
      for (const r of into)
        out.push({
          object: r.object as JsonObject,
          path: entry.includes('\n') ? this.#loader.kustomizationFile() : entry,
        })
    }
    for (const { object } of out) {
      const kind = text(object.kind)
      if (object.apiVersion !== 'builtin')
        throw new KustomizeError(
          `${field === 'generators' ? 'failed to load generator: ' : ''}external plugins disabled; unable to load external plugin '${kind}'`,
        )
      if (!ACCEPTED_PLUGINS.includes(kind))
        throw new KustomizeError(
          `${field === 'generators' ? 'failed to load generator: ' : ''}unable to load builtin ${kind}.builtin.[noGrp]`,
        )
    }
    return out
  }

  /** Charts are not inflated: without the flag they are refused, with it the program helm is missing. */
  #helm(): void {
    const { k } = this
    const globals = isObject(k.helmGlobals) ? k.helmGlobals : {}
    const [chart] = [
      ...objects(k.helmCharts).map((c) => ({ ...globals, ...c })),
      ...objects(k.helmChartInflationGenerator),
    ]
    if (!chart) return
    if (!this.#context.options?.helm)
      throw new KustomizeError(
        `trouble configuring builtin HelmChartInflationGenerator with config: \`\n${toYaml(chart)}\`: must specify --enable-helm`,
      )
    throw new KustomizeError(
      "unable to run: 'helm version -c --short' (is 'helm' installed?): exec: \"helm\": executable file not found in $PATH",
    )
  }

  /** The schema of `openapi` must be there; merge keys are those of the built-in kinds all the same. */
  readOpenApi(): void {
    const { openapi } = this.k
    if (!isObject(openapi)) return
    const { path, version } = openapi
    if (typeof path === 'string') {
      this.#loader.read(path)
      if (version !== undefined) throw new KustomizeError('builtin version and custom schema provided, cannot use both')
    } else if (text(version) !== '' && version !== 'v1.21.2')
      throw new KustomizeError('the specified OpenAPI version is not built in')
  }

  /** Fills the list with what this kustomization makes. */
  accumulate(resources: Resource[]): void {
    const { k } = this
    const loader = this.#loader
    const { schemas } = this.#context
    try {
      for (const path of [...strings(k.resources), ...strings(k.bases)]) this.#resource(resources, path)
    } catch (e) {
      throw prefix(e, 'accumulating resources')
    }
    checkCrds(loader, strings(k.crds))
    for (const path of strings(k.configurations)) addConfiguration(this.config, parseYaml(loader.readText(path)))
    const globals = isObject(k.generatorOptions) ? k.generatorOptions : {}
    for (const [kind, field] of [
      ['ConfigMap', 'configMapGenerator'],
      ['Secret', 'secretGenerator'],
    ] as const) {
      for (const args of objects(k[field]))
        this.#absorb(resources, generate(kind, args, globals, loader), {
          apiVersion: 'builtin',
          kind: `${kind}Generator`,
        })
    }
    this.#helm()
    let generators: Plugin[]
    try {
      generators = this.#plugins('generators')
    } catch (e) {
      throw prefix(e, 'loading generator plugins')
    }
    for (const { object, path } of generators) {
      const kind =
        object.kind === 'ConfigMapGenerator' ? 'ConfigMap' : object.kind === 'SecretGenerator' ? 'Secret' : undefined
      const metadata = isObject(object.metadata) ? object.metadata : {}
      if (kind)
        this.#absorb(
          resources,
          generate(
            kind,
            {
              ...object,
              name: text(object.name) || text(metadata.name),
              namespace: text(object.namespace) || text(metadata.namespace),
            },
            {},
            loader,
          ),
          { apiVersion: 'builtin', kind: String(object.kind), name: text(metadata.name) },
          path,
        )
    }
    try {
      for (const path of strings(k.components)) this.#component(resources, path)
    } catch (e) {
      throw prefix(e, 'accumulating components')
    }
    const strategic = Array.isArray(k.patchesStrategicMerge) ? (k.patchesStrategicMerge as readonly Json[]) : []
    const transformers = this.#plugins('transformers')
    const ran = (kind: string): void => {
      this.#ran(resources, { apiVersion: 'builtin', kind })
    }
    applyStrategicPatches(resources, strategic, loader, schemas)
    if (strategic.length) ran('PatchStrategicMergeTransformer')
    for (const entry of objects(k.patches)) {
      applyPatch(resources, entry, loader, schemas)
      ran('PatchTransformer')
    }
    transform(
      resources,
      k,
      schemas,
      this.config,
      () => {
        for (const entry of objects(k.patchesJson6902)) {
          applyJson6902(resources, entry, loader)
          ran('PatchJson6902Transformer')
        }
      },
      loader,
      ran,
    )
    for (const { object, path } of transformers) {
      transformBy(resources, object, schemas, loader)
      this.#ran(
        resources,
        {
          apiVersion: 'builtin',
          kind: text(object.kind),
          name: text(isObject(object.metadata) ? object.metadata.name : undefined),
        },
        path,
      )
    }
    this.#plugins('validators')
    this.#addVars(objects(k.vars))
  }

  /** Takes in vars, each name once. */
  #addVars(vars: readonly JsonObject[]): void {
    const names = new Set(this.vars.map((v) => v.name))
    for (const v of vars) {
      if (names.has(v.name))
        throw new KustomizeError(
          `merging vars [${vars.map(varText).join(' ')}]: var '${text(v.name)}' already encountered`,
        )
      names.add(v.name)
    }
    this.vars.push(...vars)
  }

  #resource(resources: Resource[], path: string): void {
    let fileError: unknown
    try {
      let read: Resource[]
      try {
        read = readResources(this.#loader, path)
      } catch (e) {
        throw prefix(e, `accumulating resources from ${quoted(path)}`)
      }
      if (this.#origin !== undefined)
        for (const r of read) annotate(r, ORIGIN, () => `path: ${joined(this.#origin ?? '', path)}\n`)
      try {
        appendAll(resources, read)
      } catch (e) {
        throw prefix(e, `merging resources from ${quoted(path)}`)
      }
      return
    } catch (e) {
      if (!(e instanceof KustomizeError)) throw e
      fileError = e
    }
    const why = (fileError as Error).message
    let loader: Loader
    try {
      loader = this.#loader.folder(path)
    } catch (e) {
      if (fileError instanceof Malformed) throw fileError
      throw prefix(e, `accumulation err='${why}'`)
    }
    try {
      const { made, vars } = this.#folder(loader, false, [], path)
      try {
        appendAll(resources, made)
      } catch (e) {
        throw prefix(e, `recursed merging from path '${loader.root}'`)
      }
      this.vars.push(...vars)
    } catch (e) {
      throw prefix(e, `accumulation err='${why}'`)
    }
  }

  #component(resources: Resource[], path: string): void {
    let loader: Loader
    try {
      loader = this.#loader.folder(path)
    } catch (e) {
      throw e instanceof KustomizeError ? new KustomizeError(`loader.New ${JSON.stringify(e.message)}`) : e
    }
    try {
      this.vars.push(...this.#folder(loader, true, resources, path).vars)
    } catch (e) {
      throw e instanceof KustomizeError ? new KustomizeError(`accumulateDirectory: ${JSON.stringify(e.message)}`) : e
    }
  }

  #folder(
    loader: Loader,
    component: boolean,
    into: Resource[],
    path: string,
  ): { made: Resource[]; vars: JsonObject[] } {
    let target: Target
    const origin = this.#origin === undefined ? undefined : joined(this.#origin, path)
    try {
      target = new Target(this.#context, loader, () => origin)
    } catch (e) {
      throw prefix(e, `couldn't make target for path '${loader.root}'`)
    }
    if (component && target.k.kind !== 'Component')
      throw new KustomizeError(`expected kind 'Component' for path '${loader.root}' but got '${text(target.k.kind)}'`)
    if (!component && target.k.kind === 'Component')
      throw new KustomizeError(`expected kind != 'Component' for path '${loader.root}'`)
    try {
      target.accumulate(into)
    } catch (e) {
      throw prefix(e, `recursed accumulation of path '${loader.root}'`)
    }
    for (const key of ['commonLabels', 'commonAnnotations', 'images'] as const)
      this.config[key].push(...target.config[key])
    this.config.nameReference.push(...target.config.nameReference)
    return { made: into, vars: target.vars }
  }
}

/** Kinds in the legacy order, then by group, version, kind, namespace and name. */
function legacyOrder(first: readonly string[], last: readonly string[]): (a: Resource, b: Resource) => number {
  const rank = (kind: string): number =>
    first.includes(kind) ? first.indexOf(kind) - first.length : last.indexOf(kind) + 1
  const gvk = (r: Resource): string => {
    const id = currentId(r)
    return `${id.group || '~G'}_${id.version || '~V'}_${id.kind || '~K'}`
  }
  const id = (r: Resource): string => {
    const i = currentId(r)
    return `${gvkText(i)}|${i.namespace || '~X'}|${i.name || '~N'}`
  }
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return (a, b) => rank(currentId(a).kind) - rank(currentId(b).kind) || compare(gvk(a), gvk(b)) || compare(id(a), id(b))
}

/** Builds the kustomization in a folder: its objects in order. Throws KustomizeError. */
export function buildKustomization(context: BuildContext, path: string): JsonObject[] {
  const target = new Target(context, Loader.top(context.files, path, !context.options?.unrestricted), (k) =>
    strings(k.buildMetadata).length ? '' : undefined,
  )
  target.readOpenApi()
  let resources: Resource[] = []
  target.accumulate(resources)
  addHashes(resources)
  fixReferences(resources, target.config.nameReference, (r) => !namespaced(context.schemas, r))
  const unused = resolveVars(resources, target.vars)
  if (unused.length) context.log?.(`well-defined vars that were never replaced: ${unused.join(',')}`)
  resources = resources.filter((r) => {
    const a = record(record(r.object.metadata)?.annotations)
    const local = a?.['config.kubernetes.io/local-config']
    return local === undefined || local === 'false'
  })
  const sort = isObject(target.k.sortOptions) ? target.k.sortOptions : undefined
  if (sort && text(sort.order) !== 'fifo' && text(sort.order) !== 'legacy')
    throw new KustomizeError("the field 'sortOptions.order' must be one of [fifo, legacy]")
  if (text(sort?.order) === 'fifo' && isObject(sort?.legacySortOptions))
    throw new KustomizeError(
      "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
    )
  if (sort && context.options?.ordered)
    context.log?.(
      "Warning: Sorting order is set both in 'kustomization.yaml' ('sortOptions') and in a CLI flag ('--reorder'). Using the kustomization file over the CLI flag.",
    )
  if (sort ? text(sort.order) === 'legacy' : context.options?.reorder !== 'none') {
    const legacy = isObject(sort?.legacySortOptions) ? sort.legacySortOptions : undefined
    resources.sort(legacyOrder(legacy ? strings(legacy.orderFirst) : FIRST, legacy ? strings(legacy.orderLast) : LAST))
  }
  // The top kustomization's own word about who built it.
  const metadataOptions = strings(target.k.buildMetadata)
  const managed =
    context.options?.managedByLabel || metadataOptions.includes('managedByLabel') ? 'kustomize-(devel)' : undefined
  const tracked = [
    [ORIGIN, 'originAnnotations'],
    [TRANSFORMATIONS, 'transformerAnnotations'],
  ] as const
  for (const r of resources) {
    if (managed !== undefined) {
      const m = (r.object.metadata = record(r.object.metadata) ?? {})
      m.labels = { ...record(m.labels), 'app.kubernetes.io/managed-by': managed }
    }
    // Annotations that only told the build something.
    const metadata = record(r.object.metadata)
    const annotations = record(metadata?.annotations)
    // taking its own away, kustomize writes all annotations anew, as strings
    if (annotations)
      for (const [name, value] of Object.entries(annotations))
        if (typeof value === 'number' || typeof value === 'boolean') annotations[name] = String(value)
    if (annotations)
      for (const [name, option] of tracked) if (!metadataOptions.includes(option)) delete annotations[name]
    if (annotations)
      for (const name of Object.keys(annotations))
        if (
          name.startsWith('internal.config.kubernetes.io/') ||
          name === 'kustomize.config.k8s.io/needs-hash' ||
          name === 'kustomize.config.k8s.io/behavior'
        )
          delete annotations[name]
    if (metadata && annotations && Object.keys(annotations).length === 0) delete metadata.annotations
  }
  return resources.map((r) => r.object as JsonObject)
}

/** The objects as one text. */
export function kustomizationYaml(objects: readonly JsonObject[]): string {
  return objects.map((o) => toYaml(o)).join('---\n')
}
