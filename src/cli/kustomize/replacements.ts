// replacements: a value of one object copied into fields of others (kustomize's replacement filter, kyaml's PathGetter
// for the source and PathMatcher for the targets).
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { parseYaml, toYaml } from '../../apimachinery/yaml.ts'
import { matches as labelsMatch, parseSelector } from '../../apimachinery/labels.ts'
import type { Loader } from './loader.ts'
import { configured } from './patches.ts'
import { allIds, idText, KustomizeError, record, selects, setField, text } from './resource.ts'
import type { Mutable, Resource, ResId } from './resource.ts'

const list = (v: Json | undefined): readonly Json[] => (Array.isArray(v) ? (v as readonly Json[]) : [])
const objects = (v: Json | undefined): JsonObject[] => list(v).filter(isObject)

/** `a.[b.c].[name=web].0`: dots separate, `\.` and brackets keep them; a bracket without = is only a quoted name. */
export function fieldPath(path: string): string[] {
  const parts = (path.startsWith('.') ? path.slice(1) : path).split(/(?<!\\)\./).map((s) => s.replaceAll('\\.', '.'))
  const out: string[] = []
  while (parts.length > 0) {
    let part = parts.shift() ?? ''
    if (part.startsWith('[') && !part.endsWith(']')) {
      while (parts.length > 0 && !part.endsWith(']')) part += `.${parts.shift() ?? ''}`
      if (!part.includes('=')) part = part.replace(/^[[\]]+|[[\]]+$/g, '')
    }
    out.push(part)
  }
  return out
}

const isIndex = (step: string): boolean => /^\+?\d+$/.test(step)
const isPick = (step: string): boolean => step.startsWith('[') && step.endsWith(']')
const kindName = (v: unknown): string =>
  Array.isArray(v) ? 'SequenceNode' : isObject(v) ? 'MappingNode' : 'ScalarNode'
const wrongKind = (expected: string, got: unknown): KustomizeError =>
  new KustomizeError(
    `wrong node kind: expected ${expected} but got ${kindName(got)}: node contents:\n${toYaml(got as Json)}`,
  )

function elements(node: unknown): unknown[] {
  if (node === null || node === undefined) return []
  if (!Array.isArray(node)) throw wrongKind('SequenceNode', node)
  return node
}
function fields(node: unknown): Mutable | undefined {
  if (node === null || node === undefined) return undefined
  const map = record(node)
  if (!map) throw wrongKind('MappingNode', node)
  return map
}
function picked(step: string): { name: string; value: string } {
  const inner = step.slice(1, -1)
  const cut = inner.indexOf('=')
  if (cut < 0) throw new KustomizeError('list path element must contain fieldName=fieldValue for element to match')
  return { name: inner.slice(0, cut), value: inner.slice(cut + 1) }
}

/** The one value at a path, undefined where there is none (PathGetter). */
export function lookUp(object: unknown, path: readonly string[]): unknown {
  let node = object
  for (const step of path.map((s) => s.trim()).filter((s) => s !== '')) {
    if (/^-\d+$/.test(step)) throw new KustomizeError(`array index ${step} cannot be negative`)
    if (step === '*') throw new KustomizeError('wildcard is not supported in PathGetter')
    if (isIndex(step)) node = elements(node)[Number(step)]
    else if (step === '-') node = elements(node).at(-1)
    else if (isPick(step)) {
      const { name, value } = picked(step)
      node = elements(node).find((e) => String(name === '' ? e : record(e)?.[name]) === value)
    } else {
      const map = fields(node)
      node = map && Object.hasOwn(map, step) ? map[step] : undefined
    }
    if (node === undefined) return undefined
  }
  return node
}

/** A place that holds a value: a field of a map or an element of a list. */
interface Place {
  readonly get: () => unknown
  readonly set: (value: unknown) => void
}

/**
 * All places at a path (PathMatcher). What is missing on the way is made when the target shall be created: lists before
 * an index or a pick, maps before a name, `made` at the end.
 */
function places(object: unknown, path: readonly string[], made: (() => unknown) | undefined): Place[] {
  const fresh = (next: string | undefined): unknown =>
    next === undefined ? made?.() : isPick(next) || isIndex(next) ? [] : {}
  const visit = (at: Place, i: number): Place[] => {
    const step = path[i]
    if (step === undefined) return [at]
    const node = at.get()
    const element = (of: unknown[], k: number): Place => ({
      get: () => of[k],
      set: (value) => {
        of[k] = value
      },
    })
    if (isIndex(step)) {
      const items = elements(node)
      const index = Number(step)
      if (items.length === index && made) items.push(fresh(path[i + 1]))
      if (items.length < index + 1)
        throw new KustomizeError(`index ${index} specified but only ${items.length} elements found`)
      return visit(element(items, index), i + 1)
    }
    if (isPick(step)) {
      const { name, value } = picked(step)
      const items = elements(node)
      const pattern = new RegExp(value)
      const find = (): Place[] =>
        items.flatMap((item, k) => {
          const of = name === '' ? item : record(item)?.[name]
          if (of === undefined || of === null || !pattern.test(toYaml(of as Json).trim())) return []
          return name === '' ? [element(items, k)] : visit(element(items, k), i + 1)
        })
      const found = find()
      if (found.length > 0 || !made) return found
      items.push(name === '' ? value : { [name]: value })
      // a text that was only made to be replaced has no type yet
      return name === '' ? [{ ...element(items, items.length - 1), get: () => undefined }] : find()
    }
    if (step === '*') {
      const items = elements(node)
      return items.flatMap((_, k) => visit(element(items, k), i + 1))
    }
    const map = fields(node)
    if (!map) return []
    if (!Object.hasOwn(map, step)) {
      if (!made) return []
      map[step] = fresh(path[i + 1])
    }
    return visit(
      {
        get: () => map[step],
        set: (value) => {
          setField(map, step, value)
        },
      },
      i + 1,
    )
  }
  return visit({ get: () => object, set: () => {} }, 0)
}

/**
 * A scalar in the place of another takes over its type where it can. One that was created has no type yet: its plain
 * text is read as YAML 1.2, save among the annotations, which kustomize writes again as strings.
 */
function retyped(value: unknown, old: unknown, path: string): unknown {
  if (old === undefined && path.startsWith('metadata.annotations.')) return value
  if (old === undefined && typeof value === 'string' && !/^(y|n|yes|no|on|off)$/i.test(value)) {
    const read = parseYaml(value)
    return typeof read === 'number' || typeof read === 'boolean' ? read : value
  }
  if (typeof old === 'string') return typeof value === 'string' ? value : String(value)
  if (typeof value !== 'string' || (typeof old !== 'number' && typeof old !== 'boolean')) return value
  const meant = parseYaml(value)
  return typeof meant === typeof old ? meant : value
}

const NO_SCALAR = 'delimiter option can only be used with scalar nodes'
const isScalar = (v: unknown): boolean => v === undefined || typeof v !== 'object' || v === null

const idOf = (selector: JsonObject): ResId => ({
  group: text(selector.group),
  version: text(selector.version),
  kind: text(selector.kind),
  name: text(selector.name),
  namespace: text(selector.namespace),
})
const home = (namespace: string): string => namespace || 'default'
const isSelected = (r: Resource, by: ResId): boolean =>
  allIds(r).some(
    (id) =>
      selects(by, id) &&
      (by.name === '' || by.name === id.name) &&
      (by.namespace === '' || home(by.namespace) === home(id.namespace)),
  )

function hasLabels(r: Resource, selector: JsonObject): boolean {
  const metadata = record(r.object.metadata)
  return (['annotations', 'labels'] as const).every((key) => {
    const wanted = text(key === 'labels' ? selector.labelSelector : selector.annotationSelector)
    return (
      wanted === '' || labelsMatch(parseSelector(wanted), (record(metadata?.[key]) ?? {}) as Record<string, string>)
    )
  })
}

function isTarget(r: Resource, select: JsonObject, reject: readonly JsonObject[]): boolean {
  return (
    hasLabels(r, select) &&
    !reject.some((x) => (text(x.annotationSelector) || text(x.labelSelector)) !== '' && hasLabels(r, x)) &&
    isSelected(r, idOf(select)) &&
    !reject.some((x) => Object.values(idOf(x)).some((part) => part !== '') && isSelected(r, idOf(x)))
  )
}

/** The source as the refusals show it. */
function sourceText(source: JsonObject): string {
  const options = isObject(source.options) ? source.options : {}
  const parts = [idText(idOf(source))]
  if (text(source.fieldPath) !== '') parts.push(text(source.fieldPath))
  if (text(options.delimiter) !== '' || options.create === true)
    parts.push(`${text(options.delimiter)}(${Number(options.index ?? 0)}), create=${options.create === true}`)
  return parts.join(':')
}

function sourceValue(resources: readonly Resource[], source: JsonObject): unknown {
  const found = resources.filter((r) => isSelected(r, idOf(source)))
  const [from] = found
  if (!from) throw new KustomizeError(`nothing selected by ${sourceText(source)}`)
  if (found.length > 1) throw new KustomizeError(`multiple matches for selector ${sourceText(source)}`)
  const path = text(source.fieldPath) || 'metadata.name'
  let value: unknown
  try {
    value = lookUp(from.object, fieldPath(path))
  } catch (e) {
    throw e instanceof KustomizeError ? new KustomizeError(`error looking up replacement source: ${e.message}`) : e
  }
  if (isScalar(value) ? value === undefined || value === null : Object.keys(value as object).length === 0)
    throw new KustomizeError(`fieldPath \`${path}\` is missing for replacement source ${idText(idOf(source))}`)
  const options = isObject(source.options) ? source.options : {}
  const delimiter = text(options.delimiter)
  if (delimiter === '') return value
  if (!isScalar(value)) throw new KustomizeError(NO_SCALAR)
  const index = Number(options.index ?? 0)
  const part = String(value).split(delimiter)[index]
  if (part === undefined) throw new KustomizeError(`options.index ${index} is out of bounds for value ${String(value)}`)
  return part
}

function setTarget(at: Place, value: unknown, path: string, delimiter: string, index: number): void {
  const old = at.get()
  let copied = value
  if (delimiter !== '') {
    if (!isScalar(old)) throw new KustomizeError(NO_SCALAR)
    const parts = String(old ?? '').split(delimiter)
    if (index < 0) parts.unshift(String(value))
    else if (index >= parts.length) parts.push(String(value))
    else parts[index] = String(value)
    copied = parts.join(delimiter)
  }
  if (isScalar(copied)) at.set(isScalar(old) ? retyped(copied, old, path) : copied)
  // of a map or list, a scalar takes over the text, and that is empty
  else at.set(isScalar(old) && old !== undefined ? '' : structuredClone(copied))
}

function replace(resources: readonly Resource[], entry: JsonObject): void {
  if (!isObject(entry.source) || objects(entry.targets).length === 0)
    throw new KustomizeError('replacements must specify a source and at least one target')
  const value = sourceValue(resources, entry.source)
  for (const target of objects(entry.targets)) {
    const { select } = target
    if (!isObject(select)) throw new KustomizeError('target must specify resources to select')
    const options = isObject(target.options) ? target.options : {}
    const create = options.create === true
    const made = isScalar(value) ? () => undefined : Array.isArray(value) ? () => [] : () => ({})
    const paths = list(target.fieldPaths).length > 0 ? list(target.fieldPaths).map(text) : ['metadata.name']
    for (const r of resources) {
      if (!isTarget(r, select, objects(target.reject))) continue
      for (const path of paths) {
        const trouble = `unable to find ${create ? 'or create ' : ''}field ${JSON.stringify(path)} in replacement target`
        let found: Place[]
        try {
          found = places(r.object, fieldPath(path), create ? made : undefined)
        } catch (e) {
          throw e instanceof KustomizeError ? new KustomizeError(`${trouble}: ${e.message}`) : e
        }
        if (found.length === 0) throw new KustomizeError(trouble)
        for (const at of found) setTarget(at, value, path, text(options.delimiter), Number(options.index ?? 0))
      }
    }
  }
}

/** The `replacements` of a kustomization, inline and from files. Throws KustomizeError. */
export function replaceAll(resources: readonly Resource[], entries: Json | undefined, loader: Loader): void {
  const all: JsonObject[] = []
  const trouble = (message: string): KustomizeError =>
    configured('ReplacementTransformer', { Replacements: objects(entries) }, message)
  for (const entry of objects(entries)) {
    if (text(entry.path) === '') {
      all.push(entry)
      continue
    }
    if (entry.source !== undefined || objects(entry.targets).length > 0)
      throw trouble('cannot specify both path and inline replacement')
    let body: string
    try {
      body = loader.readText(text(entry.path))
    } catch (e) {
      throw e instanceof KustomizeError ? trouble(e.message) : e
    }
    // a file holds one replacement or a list of them
    const read = parseYaml(body)
    all.push(...(Array.isArray(read) ? objects(read) : isObject(read) ? [read] : []))
  }
  for (const entry of all) replace(resources, entry)
}
