// patches, patchesStrategicMerge, patchesJson6902: which resources they mean and what they do to them (kustomize's
// PatchTransformer, kyaml's merge2).
import { copy, isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { parseSelector, matches as labelsMatch } from '../../apimachinery/labels.ts'
import { goRegExpError } from '../../apimachinery/goregexp.ts'
import { applyJsonPatch, floats, PatchError } from '../../apimachinery/patch.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import { parseYaml, splitDocuments, toYaml, YamlError } from '../../apimachinery/yaml.ts'
import type { Loader } from './loader.ts'
import {
  allIds,
  currentId,
  gvkOf,
  idText,
  KustomizeError,
  originalId,
  record,
  remember,
  sameId,
  setField,
  text,
} from './resource.ts'
import type { Mutable, Resource, ResId } from './resource.ts'

const isList = (v: unknown): v is unknown[] => Array.isArray(v)

/** The objects of a text, or undefined where it holds anything else. */
function objectsOf(patch: string): Mutable[] | undefined {
  try {
    const values = splitDocuments(patch)
      .map((doc) => parseYaml(doc, { v3: true }))
      .filter((v) => v !== null)
    if (
      values.length === 0 ||
      !values.every((v): v is JsonObject => isObject(v) && typeof v.kind === 'string' && isObject(v.metadata))
    )
      return undefined
    return values.map((v) => copy(v))
  } catch (e) {
    if (e instanceof YamlError) return undefined
    throw e
  }
}

function operationsOf(patch: string): readonly Json[] | undefined {
  try {
    const value = parseYaml(patch)
    return isList(value) && value.every((op) => isObject(op) && typeof op.op === 'string')
      ? (value as readonly Json[])
      : undefined
  } catch (e) {
    if (e instanceof YamlError) return undefined
    throw e
  }
}

const patchId = (patch: Mutable): ResId => {
  const m = record(patch.metadata)
  return { ...gvkOf(patch), name: text(m?.name), namespace: text(m?.namespace) }
}

/** Merges a patch into an object: maps by field, lists by their merge key, what the patch names in front. */
function merge(target: Mutable, patch: Mutable, type: string, schemas: Schemas): void {
  const fields = schemas.type(type)?.fields
  for (const [key, value] of Object.entries(patch)) {
    // the other directives of strategic merge patches are fields like any other here
    if (key === '$patch') continue
    if (value === null) {
      delete target[key]
      continue
    }
    const field = fields && Object.hasOwn(fields, key) ? fields[key] : undefined
    const word = field?.type ?? ''
    const old = target[key]
    const map = record(value)
    if (map) {
      if (map.$patch === 'delete') {
        delete target[key]
        continue
      }
      const { $patch: directive, ...rest } = map
      const into = directive === 'replace' ? undefined : record(old)
      const made: Mutable = into ?? {}
      merge(made, rest, word, schemas)
      target[key] = made
    } else if (isList(value) && field?.patch?.includes('merge'))
      target[key] = mergeLists(isList(old) ? old : [], value, word.slice(1, -1), field.mergeKey, schemas)
    else setField(target, key, isList(value) ? value.map((v) => copy(v)) : value)
  }
}

function mergeLists(
  old: unknown[],
  patch: unknown[],
  type: string,
  mergeKey: string | undefined,
  schemas: Schemas,
): unknown[] {
  if (patch.some((p) => record(p)?.$patch === 'replace'))
    return patch.filter((p) => record(p)?.$patch === undefined).map((p) => copy(p))
  if (mergeKey === undefined) return [...patch.filter((p) => !old.includes(p)), ...old]
  // The patch's order comes first, then what it does not name.
  let rest = [...old]
  const named: unknown[] = []
  for (const item of patch) {
    const map = record(item)
    if (!map) continue
    const same = (o: unknown): boolean =>
      record(o)?.[mergeKey] !== undefined &&
      record(o)?.[mergeKey] === map[mergeKey] &&
      (mergeKey !== 'containerPort' || (record(o)?.protocol ?? 'TCP') === (map.protocol ?? 'TCP'))
    const found = map.$patch === 'delete' ? undefined : record(rest.find(same))
    rest = rest.filter((o) => !same(o))
    if (map.$patch === 'delete') continue
    const made: Mutable = found ?? {}
    merge(made, map, type, schemas)
    named.push(made)
  }
  return [...named, ...rest]
}

/** Applies a strategic merge patch; what `$patch: delete` empties is taken out of the build. */
function applyMerge(
  resources: Resource[],
  target: Resource,
  patch: Mutable,
  schemas: Schemas,
  options: JsonObject = {},
): void {
  if (patch.$patch === 'delete') {
    resources.splice(resources.indexOf(target), 1)
    return
  }
  const before = currentId(target)
  const gvk = gvkOf(target.object)
  const { apiVersion, kind } = target.object
  if (patch.$patch === 'replace') {
    const { $patch: _, ...rest } = patch
    target.object = copy(rest)
  } else merge(target.object, copy(patch), schemas.nameOf(gvk.group, gvk.version, gvk.kind), schemas)
  const metadata = record(target.object.metadata)
  if (options.allowKindChange !== true) {
    target.object.apiVersion = apiVersion
    target.object.kind = kind
  }
  if (metadata && options.allowNameChange !== true) metadata.name = before.name
  if (metadata && before.namespace !== '') metadata.namespace = before.namespace
  if (options.allowKindChange === true || options.allowNameChange === true) target.previous.push(before)
}

function byId(resources: readonly Resource[], id: ResId): Resource {
  const original = resources.filter((r) => sameId(originalId(r), id))
  const found = original.length === 1 ? original : resources.filter((r) => allIds(r).some((x) => sameId(x, id)))
  const [only] = found
  if (found.length === 1 && only) return only
  if (found.length > 1)
    throw new KustomizeError(
      `multiple matches for Id ${idText(id)}; failed to find unique target for patch ${idText(id)}`,
    )
  throw new KustomizeError(`no matches for Id ${idText(id)}; failed to find unique target for patch ${idText(id)}`)
}

/** The resources a target selects: patterns for names and kinds (SelectorRegex), label and annotation selectors. */
export function select(resources: readonly Resource[], target: JsonObject): Resource[] {
  const pattern = (v: Json | undefined): RegExp | undefined => {
    if (text(v) === '') return undefined
    try {
      return new RegExp(`^(?:${text(v)})$`)
    } catch {
      throw new KustomizeError(goRegExpError(`^(?:${text(v)})$`) ?? `error parsing regexp: ${text(v)}`)
    }
  }
  const name = pattern(target.name)
  const namespace = pattern(target.namespace)
  const group = pattern(target.group)
  const version = pattern(target.version)
  const kind = pattern(target.kind)
  const by =
    (selector: Json | undefined, key: 'labels' | 'annotations') =>
    (r: Resource): boolean =>
      text(selector) === '' ||
      labelsMatch(
        parseSelector(text(selector)),
        (record(record(r.object.metadata)?.[key]) ?? {}) as Record<string, string>,
      )
  const labels = by(target.labelSelector, 'labels')
  const annotations = by(target.annotationSelector, 'annotations')
  return resources.filter(
    (r) =>
      allIds(r).some(
        (id) =>
          (!group || group.test(id.group)) &&
          (!version || version.test(id.version)) &&
          (!kind || kind.test(id.kind)) &&
          (!name || name.test(id.name)) &&
          (!namespace || namespace.test(id.namespace)),
      ) &&
      labels(r) &&
      annotations(r),
  )
}

function jsonPatch(r: Resource, operations: readonly Json[]): void {
  // a JSON patch takes the whole object through encoding/json, where numbers are floats
  try {
    r.object = floats(applyJsonPatch(r.object, operations) as Json) as Mutable
  } catch (e) {
    if (e instanceof PatchError) throw new KustomizeError(e.message)
    throw e
  }
}

const quote = (s: string): string => JSON.stringify(s)

/** A configuration as YAML, without what is empty. */
const shown = (config: { readonly [key: string]: Json | undefined }): string =>
  toYaml(
    Object.fromEntries(
      Object.entries(config).filter((e): e is [string, Json] => e[1] !== undefined && e[1] !== null && e[1] !== ''),
    ),
  )

/** The trouble of a plugin with its configuration, which is shown. */
export const configured = (
  plugin: string,
  config: { readonly [key: string]: Json | undefined },
  message: string,
): KustomizeError =>
  new KustomizeError(`trouble configuring builtin ${plugin} with config: \`\n${shown(config)}\`: ${message}`)

/** One entry of `patches`. */
export function applyPatch(resources: Resource[], entry: JsonObject, loader: Loader, schemas: Schemas): void {
  const inline = text(entry.patch).trim()
  const path = text(entry.path)
  const trouble = (message: string): KustomizeError => configured('PatchTransformer', entry, message)
  if (inline === '' && path === '') throw trouble(`must specify one of patch and path in\n${shown(entry)}`)
  if (inline !== '' && path !== '') throw trouble(`patch and path can't be set at the same time\n${shown(entry)}`)
  let body = inline
  if (path !== '')
    try {
      body = loader.readText(path)
    } catch (e) {
      throw e instanceof KustomizeError ? trouble(`failed to get the patch file from path(${path}): ${e.message}`) : e
    }
  const source = path !== '' ? `[path: ${quote(path)}]` : `[patch: ${quote(body)}]`
  const objects = objectsOf(body)
  const operations = operationsOf(body)
  const target = isObject(entry.target) ? entry.target : undefined
  if (objects) {
    if (target) {
      const [patch] = objects
      if (objects.length > 1 || !patch)
        throw new KustomizeError(
          `Multiple Strategic-Merge Patches in one \`patches\` entry is not allowed to set \`patches.target\` field: ${source}`,
        )
      for (const r of select(resources, target))
        applyMerge(resources, r, patch, schemas, isObject(entry.options) ? entry.options : {})
      return
    }
    for (const patch of objects) {
      let found: Resource
      try {
        found = byId(resources, patchId(patch))
      } catch (e) {
        throw e instanceof KustomizeError
          ? new KustomizeError(
              `no resource matches strategic merge patch ${quote(idText(patchId(patch)))}: ${e.message}`,
            )
          : e
      }
      applyMerge(resources, found, patch, schemas, isObject(entry.options) ? entry.options : {})
    }
    return
  }
  if (!operations) throw trouble(`unable to parse SM or JSON patch from ${source}`)
  if (!target) throw new KustomizeError(`must specify a target for JSON patch ${source}`)
  for (const r of select(resources, target)) {
    remember(r)
    jsonPatch(r, operations)
  }
}

/** patchesStrategicMerge: texts or files. */
export function applyStrategicPatches(
  resources: Resource[],
  paths: readonly Json[],
  loader: Loader,
  schemas: Schemas,
): void {
  const read = (path: string): string => {
    try {
      return loader.readText(path)
    } catch (e) {
      throw e instanceof KustomizeError ? configured('PatchStrategicMergeTransformer', { paths }, e.message) : e
    }
  }
  for (const path of paths) {
    const objects = objectsOf(text(path)) ?? objectsOf(read(text(path)))
    if (!objects) throw new KustomizeError(`unable to parse SM patch from ${text(path)}`)
    for (const patch of objects) applyMerge(resources, byId(resources, patchId(patch)), patch, schemas)
  }
}

/** One entry of patchesJson6902. */
export function applyJson6902(resources: Resource[], entry: JsonObject, loader: Loader): void {
  const target = isObject(entry.target) ? entry.target : {}
  const trouble = (message: string): KustomizeError =>
    configured('PatchJson6902Transformer', { target: entry.target, path: entry.path, jsonOp: entry.patch }, message)
  if (text(target.name) === '') throw trouble('must specify the target name')
  const path = text(entry.path)
  const inline = text(entry.patch)
  if (path === '' && inline === '') throw trouble('empty file path and empty jsonOp')
  if (path !== '' && inline !== '') throw trouble('must specify a file path or jsonOp, not both')
  const operations = operationsOf(path !== '' ? loader.readText(path) : inline)
  if (!operations || operations.length === 0) throw trouble(`patch appears to be empty; file=${path}, JsonOp=${inline}`)
  for (const r of select(resources, target)) jsonPatch(r, operations)
}
