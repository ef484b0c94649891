// The transformers of a kustomization in their order: namespace, prefix, suffix, labels, annotations, replicas, images,
// replacements, vars.
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import { COMMON_ANNOTATIONS, COMMON_LABELS, REPLICA_KINDS, TEMPLATE_LABELS } from './fieldspecs.ts'
import type { FieldSpec, NameReference } from './fieldspecs.ts'
import type { Loader } from './loader.ts'
import { fieldPath, lookUp, replaceAll } from './replacements.ts'
import { applyJson6902, applyPatch, applyStrategicPatches } from './patches.ts'
import {
  allIds,
  atPath,
  currentId,
  gvkOf,
  gvkText,
  KustomizeError,
  originalId,
  record,
  remember,
  sameId,
  selects,
  setField,
  share,
  text,
} from './resource.ts'
import type { Gvk, Mutable, Resource } from './resource.ts'

const list = (v: Json | undefined): readonly Json[] => (Array.isArray(v) ? (v as readonly Json[]) : [])
const objects = (v: Json | undefined): JsonObject[] => list(v).filter(isObject)

/** Whether a kind lives in namespaces; kinds nobody knows do. */
export function namespaced(schemas: Schemas, r: Resource): boolean {
  const g = gvkOf(r.object)
  return schemas.discovery().find((d) => d.group === g.group && d.kind === g.kind)?.namespaced ?? true
}

function setNamespace(resources: readonly Resource[], namespace: string, schemas: Schemas): void {
  for (const r of resources) {
    remember(r)
    const { object } = r
    const { group, kind } = gvkOf(object)
    const metadata = (object.metadata = record(object.metadata) ?? {})
    if (namespaced(schemas, r)) metadata.namespace = namespace
    if (kind === 'Namespace' && object.apiVersion === 'v1') metadata.name = namespace
    if (kind === 'APIService' && group === 'apiregistration.k8s.io')
      atPath(object, 'spec/service/namespace', true, () => namespace)
    if (kind === 'CustomResourceDefinition')
      atPath(object, 'spec/conversion/webhook/clientConfig/service/namespace', false, () => namespace)
    if ((kind === 'RoleBinding' || kind === 'ClusterRoleBinding') && Array.isArray(object.subjects))
      for (const s of object.subjects) {
        const subject = record(s)
        if (subject?.name === 'default') subject.namespace = namespace
      }
    const id = currentId(r)
    const same = resources.filter((x) => sameId(currentId(x), id))
    if (same.length !== 1)
      throw new KustomizeError(
        `namespace transformation produces ID conflict: [${same.map((x) => JSON.stringify(x.object)).join(' ')}]`,
      )
  }
}

function rename(resources: readonly Resource[], prefix: string, suffix: string): void {
  for (const r of resources) {
    const { kind, group } = originalId(r)
    if (
      kind === 'CustomResourceDefinition' ||
      kind === 'Namespace' ||
      (kind === 'APIService' && group === 'apiregistration.k8s.io')
    )
      continue
    if (prefix !== '') r.prefixes.push(prefix)
    if (suffix !== '') r.suffixes.push(suffix)
    if (prefix === '' && suffix === '') continue
    remember(r)
    const metadata = record(r.object.metadata)
    if (metadata) metadata.name = prefix + text(metadata.name) + suffix
  }
}

function addPairs(resources: readonly Resource[], pairs: JsonObject, specs: readonly FieldSpec[]): void {
  for (const r of resources)
    for (const [key, text] of Object.entries(pairs)) {
      const added: { of: Mutable; key: string }[] = []
      for (const spec of specs) {
        if (!selects(spec, gvkOf(r.object))) continue
        const add = (value: unknown): Mutable => {
          const of = record(value) ?? {}
          if (!Object.hasOwn(of, key)) added.push({ of, key })
          setField(of, key, text)
          return of
        }
        atPath(r.object, spec.path, spec.create === true, add, 'map')
      }
      share(added)
    }
}

const gvkWords = (f: JsonObject): Partial<Gvk> => ({
  ...(text(f.kind) ? { kind: text(f.kind) } : {}),
  ...(text(f.group) ? { group: text(f.group) } : {}),
  ...(text(f.version) ? { version: text(f.version) } : {}),
})
const custom = (v: Json | undefined): FieldSpec[] =>
  objects(v).map((f) => ({ path: text(f.path), create: f.create === true, ...gvkWords(f) }))

function setReplicas(resources: readonly Resource[], entry: JsonObject): void {
  const name = text(entry.name)
  const found = resources.filter((r) =>
    allIds(r).some((id) => id.name === name && (REPLICA_KINDS as readonly string[]).includes(id.kind)),
  )
  if (found.length === 0)
    throw new KustomizeError(
      `resource with name ${name} does not match a config with the following GVK [${['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'].map((k) => `${k}.[noVer].[noGrp]`).join(' ')}]`,
    )
  for (const r of found) atPath(r.object, 'spec/replicas', true, () => Number(entry.count ?? 0))
}

function newImage(value: string, entry: JsonObject): string {
  const name = text(entry.name)
  // the name is a pattern upstream, dots and all; in Go the anchor before it may be repeated
  let pattern: RegExp
  try {
    pattern = new RegExp(`(?:^)${name}(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`)
  } catch {
    return value
  }
  if (!pattern.test(value)) return value
  const at = value.indexOf('@')
  const slash = value.lastIndexOf('/')
  const withoutDigest = at < 0 ? value : value.slice(0, at)
  const colon = withoutDigest.lastIndexOf(':')
  let image = colon > slash ? withoutDigest.slice(0, colon) : withoutDigest
  let tag = colon > slash ? withoutDigest.slice(colon + 1) : ''
  let digest = at < 0 ? '' : value.slice(at + 1)
  if (text(entry.newName) !== '') image = text(entry.newName)
  const newTag = typeof entry.newTag === 'number' ? String(entry.newTag) : text(entry.newTag)
  if (newTag !== '' && text(entry.digest) !== '') {
    tag = newTag
    digest = text(entry.digest)
  } else if (newTag !== '') {
    tag = newTag
    digest = ''
  } else if (text(entry.digest) !== '') {
    tag = ''
    digest = text(entry.digest)
  } else if (text(entry.tagSuffix) !== '') {
    tag += text(entry.tagSuffix)
    digest = ''
  }
  return image + (tag && `:${tag}`) + (digest && `@${digest}`)
}

/** Every `image` in every list named containers or initContainers, wherever it stands, and where configurations say. */
function setImages(object: Mutable, entry: JsonObject, more: readonly FieldSpec[]): void {
  setContainerImages(object, entry)
  // pod templates are in kustomize's default field specs too: a suffix is added there a second time
  if (text(entry.tagSuffix) !== '')
    for (const spec of [record(object.spec), record(record(record(object.spec)?.template)?.spec)])
      setContainerImages({ containers: spec?.containers, initContainers: spec?.initContainers }, entry)
  for (const spec of more)
    if (selects(spec, gvkOf(object)))
      atPath(object, spec.path, spec.create === true, (v) => (typeof v === 'string' ? newImage(v, entry) : v))
}

function setContainerImages(node: unknown, entry: JsonObject): void {
  if (Array.isArray(node)) {
    for (const item of node) setContainerImages(item, entry)
    return
  }
  const map = record(node)
  if (!map) return
  for (const [key, value] of Object.entries(map)) {
    setContainerImages(value, entry)
    if ((key !== 'containers' && key !== 'initContainers') || !Array.isArray(value)) continue
    for (const c of value) {
      const container = record(c)
      if (typeof container?.image === 'string') container.image = newImage(container.image, entry)
    }
  }
}

/** What `configurations` add to the places where transformers look. */
export interface TransformerConfig {
  readonly commonLabels: FieldSpec[]
  readonly commonAnnotations: FieldSpec[]
  readonly images: FieldSpec[]
  readonly nameReference: NameReference[]
}

/** Reads one file of `configurations` into what is known. */
export function addConfiguration(config: TransformerConfig, file: Json): void {
  if (!isObject(file)) return
  config.commonLabels.push(...custom(file.commonLabels))
  config.commonAnnotations.push(...custom(file.commonAnnotations))
  config.images.push(...custom(file.images))
  for (const entry of objects(file.nameReference))
    config.nameReference.push({ ...gvkWords(entry), fields: custom(entry.fieldSpecs) })
}

/** A transformer that is configured by an object of its own (`transformers`). Throws KustomizeError. */
export function transformBy(resources: Resource[], plugin: JsonObject, schemas: Schemas, loader: Loader): void {
  const kind = text(plugin.kind)
  const specs = custom(plugin.fieldSpecs)
  const named = (): readonly Resource[] => {
    if (!Array.isArray(plugin.fieldSpecs)) throw new KustomizeError('fieldSpecs is not expected to be nil')
    return resources.filter((r) => specs.some((s) => s.path === 'metadata/name' && selects(s, gvkOf(r.object))))
  }
  const map = (v: Json | undefined): JsonObject => (isObject(v) ? v : {})
  if (kind === 'PrefixTransformer' || kind === 'PrefixSuffixTransformer') rename(named(), text(plugin.prefix), '')
  if (kind === 'SuffixTransformer' || kind === 'PrefixSuffixTransformer') rename(named(), '', text(plugin.suffix))
  if (kind === 'LabelTransformer') addPairs(resources, map(plugin.labels), specs)
  if (kind === 'AnnotationsTransformer') addPairs(resources, map(plugin.annotations), specs)
  if (kind === 'NamespaceTransformer') setNamespace(resources, text(map(plugin.metadata).namespace), schemas)
  if (kind === 'ReplicaCountTransformer') setReplicas(resources, map(plugin.replica))
  if (kind === 'ImageTagTransformer') for (const r of resources) setImages(r.object, map(plugin.imageTag), specs)
  if (kind === 'ReplacementTransformer') replaceAll(resources, plugin.replacements, loader)
  if (kind === 'PatchTransformer') applyPatch(resources, plugin, loader, schemas)
  if (kind === 'PatchJson6902Transformer')
    applyJson6902(resources, { ...plugin, ...(plugin.jsonOp === undefined ? {} : { patch: plugin.jsonOp }) }, loader)
  if (kind === 'PatchStrategicMergeTransformer')
    applyStrategicPatches(
      resources,
      [...list(plugin.paths), ...(text(plugin.patches) ? [text(plugin.patches)] : [])],
      loader,
      schemas,
    )
}

/** The transformers that a kustomization asks for, after its patches. */
export function transform(
  resources: Resource[],
  k: JsonObject,
  schemas: Schemas,
  config: TransformerConfig,
  json6902: () => void,
  loader: Loader,
  ran: (plugin: string) => void,
): void {
  if (text(k.namespace) !== '') {
    setNamespace(resources, text(k.namespace), schemas)
    ran('NamespaceTransformer')
  }
  rename(resources, text(k.namePrefix), '')
  if (text(k.namePrefix) !== '') ran('PrefixTransformer')
  rename(resources, '', text(k.nameSuffix))
  if (text(k.nameSuffix) !== '') ran('SuffixTransformer')
  for (const label of objects(k.labels)) {
    const specs: FieldSpec[] = [
      ...custom(label.fields),
      ...(label.includeSelectors === true
        ? [...COMMON_LABELS, ...config.commonLabels]
        : [...(label.includeTemplates === true ? TEMPLATE_LABELS : []), { path: 'metadata/labels', create: true }]),
    ]
    addPairs(resources, isObject(label.pairs) ? label.pairs : {}, specs)
    ran('LabelTransformer')
  }
  if (isObject(k.commonLabels)) {
    addPairs(resources, k.commonLabels, [...COMMON_LABELS, ...config.commonLabels])
    ran('LabelTransformer')
  }
  if (isObject(k.commonAnnotations)) {
    addPairs(resources, k.commonAnnotations, [...COMMON_ANNOTATIONS, ...config.commonAnnotations])
    ran('AnnotationsTransformer')
  }
  json6902()
  for (const entry of objects(k.replicas)) {
    setReplicas(resources, entry)
    ran('ReplicaCountTransformer')
  }
  for (const entry of [...objects(k.images), ...objects(k.imageTags)])
    for (const r of resources)
      if (gvkOf(r.object).kind !== 'CustomResourceDefinition') setImages(r.object, entry, config.images)
  for (let i = objects(k.images).length + objects(k.imageTags).length; i > 0; i--) ran('ImageTagTransformer')
  replaceAll(resources, k.replacements, loader)
  if (objects(k.replacements).length) ran('ReplacementTransformer')
}

/** $(NAME) of `vars` in the texts of all resources. Returns the names that stand nowhere. */
export function resolveVars(resources: readonly Resource[], vars: readonly JsonObject[]): string[] {
  if (vars.length === 0) return []
  const values = new Map<string, unknown>()
  const used = new Set<string>()
  for (const v of vars) {
    const ref = isObject(v.objref) ? v.objref : {}
    const apiVersion = text(ref.apiVersion)
    const cut = apiVersion.indexOf('/')
    const gvk = {
      group: cut < 0 ? '' : apiVersion.slice(0, cut),
      version: apiVersion.slice(cut + 1),
      kind: text(ref.kind),
    }
    const path = text(isObject(v.fieldref) ? v.fieldref.fieldPath : undefined) || 'metadata.name'
    const from = resources.find((r) => allIds(r).some((id) => selects(gvk, id) && id.name === text(ref.name)))
    if (!from)
      throw new KustomizeError(
        `var '{${text(v.name)} ${gvkText(gvk)} {${path}}}' cannot be mapped to a field in the set of known resources`,
      )
    const value = lookUp(from.object, fieldPath(path.replace(/\[(\d+)\]/g, '.$1')))
    if (value !== undefined) values.set(text(v.name), value)
  }
  const fill = (node: unknown): unknown => {
    if (typeof node === 'string') {
      const whole = /^\$\(([-\w.]+)\)$/.exec(node)
      for (const [, name = ''] of node.matchAll(/\$\(([-\w.]+)\)/g)) used.add(name)
      if (whole && values.has(whole[1] ?? '')) return values.get(whole[1] ?? '')
      return node.replace(/\$\(([-\w.]+)\)/g, (all, name: string) =>
        values.has(name) ? String(values.get(name)) : all,
      )
    }
    if (Array.isArray(node)) return node.map(fill)
    const map = record(node)
    if (map) for (const [key, value] of Object.entries(map)) map[key] = fill(value)
    return node
  }
  for (const r of resources)
    for (const key of Object.keys(r.object))
      if (key !== 'apiVersion' && key !== 'kind') r.object[key] = fill(r.object[key])
  return vars.map((v) => text(v.name)).filter((name) => !used.has(name))
}
