// A resource on its way through a kustomization: the object, every id it had, and what generators said about it
// (kustomize's resource.Resource).
import { isObject } from '../../apimachinery/object.ts'
import type { Draft, JsonObject } from '../../apimachinery/object.ts'

export interface Gvk {
  readonly group: string
  readonly version: string
  readonly kind: string
}
export interface ResId extends Gvk {
  readonly name: string
  readonly namespace: string
}

export type Mutable = Draft<Record<string, unknown>>

export interface Resource {
  object: Mutable
  /** The ids it had before names and namespaces were changed; the first is the original. */
  readonly previous: ResId[]
  needsHash: boolean
  behavior: 'create' | 'merge' | 'replace'
  readonly prefixes: string[]
  readonly suffixes: string[]
}

/** Anything that goes wrong in a build; the message is kustomize's. */
export class KustomizeError extends Error {}

export const text = (v: unknown): string => (typeof v === 'string' ? v : '')
export const record = (v: unknown): Mutable | undefined => (isObject(v) ? v : undefined)

export function gvkOf(object: Mutable): Gvk {
  const apiVersion = text(object.apiVersion)
  const cut = apiVersion.indexOf('/')
  return { group: cut < 0 ? '' : apiVersion.slice(0, cut), version: apiVersion.slice(cut + 1), kind: text(object.kind) }
}

export function currentId(r: Resource): ResId {
  const metadata = record(r.object.metadata)
  return { ...gvkOf(r.object), name: text(metadata?.name), namespace: text(metadata?.namespace) }
}

export const originalId = (r: Resource): ResId => r.previous[0] ?? currentId(r)
export const allIds = (r: Resource): ResId[] => [...r.previous, currentId(r)]
export const remember = (r: Resource): void => {
  r.previous.push(currentId(r))
}

/** ConfigMap.v1.[noGrp] */
export const gvkText = (g: Gvk): string => `${g.kind || '[noKind]'}.${g.version || '[noVer]'}.${g.group || '[noGrp]'}`
/** ConfigMap.v1.[noGrp]/name.[noNs] */
export const idText = (id: ResId): string => `${gvkText(id)}/${id.name || '[noName]'}.${id.namespace || '[noNs]'}`

const sameNamespace = (a: string, b: string): boolean => (a || 'default') === (b || 'default')
export const sameId = (a: ResId, b: ResId): boolean =>
  a.group === b.group &&
  a.version === b.version &&
  a.kind === b.kind &&
  a.name === b.name &&
  sameNamespace(a.namespace, b.namespace)

/** Empty parts of the wanted one match anything. */
export const selects = (wanted: Partial<Gvk>, g: Gvk): boolean =>
  (!wanted.group || wanted.group === g.group) &&
  (!wanted.version || wanted.version === g.version) &&
  (!wanted.kind || wanted.kind === g.kind)

export function newResource(
  object: JsonObject,
  behavior: Resource['behavior'] = 'create',
  needsHash = false,
): Resource {
  const annotations = record(record(object.metadata)?.annotations)
  return {
    object: object,
    previous: [],
    needsHash: needsHash || annotations?.['kustomize.config.k8s.io/needs-hash'] === 'enabled',
    behavior,
    prefixes: [],
    suffixes: [],
  }
}

interface Field {
  readonly of: Mutable
  readonly key: string
}
/** Fields that are one node of YAML upstream, by the map that holds them. */
const shared = new WeakMap<Mutable, Map<string, readonly Field[]>>()

/** From now on these fields are one: setting one of them sets all. */
export function share(fields: readonly Field[]): void {
  for (const { of, key } of fields) {
    const known = shared.get(of) ?? new Map<string, readonly Field[]>()
    shared.set(of, known.set(key, fields))
  }
}

/**
 * Sets a field, and where a text takes another's place also those that share it: a label that kustomize put in several
 * places is one node, so a later change of one place is seen in all of them.
 */
export function setField(of: Mutable, key: string, value: unknown): void {
  if (Object.hasOwn(of, key) && typeof of[key] !== 'object' && typeof value !== 'object')
    for (const field of shared.get(of)?.get(key) ?? [])
      if (Object.hasOwn(field.of, field.key)) field.of[field.key] = value
  of[key] = value
}

/** Where a resource came from, when the kustomization asks to be told. */
export const ORIGIN = 'config.kubernetes.io/origin'

/** Sets an annotation to what follows from its old text. */
export function annotate(r: Resource, name: string, add: (old: string) => string): void {
  const metadata = (r.object.metadata = record(r.object.metadata) ?? {})
  const annotations = record(metadata.annotations) ?? {}
  metadata.annotations = { ...annotations, [name]: add(text(annotations[name])) }
}

/** Adds resources that must not be there yet. */
export function appendAll(to: Resource[], more: readonly Resource[]): void {
  for (const r of more) {
    const id = currentId(r)
    if (to.some((x) => sameId(currentId(x), id)))
      throw new KustomizeError(`may not add resource with an already registered id: ${idText(id)}`)
    to.push(r)
  }
}

/**
 * Visits every value at a path of fields; lists on the way are walked through, missing maps made when asked. `\/` is a
 * slash in a name.
 */
export function atPath(
  object: Mutable,
  path: string,
  create: boolean,
  change: (value: unknown) => unknown,
  kindOfMissing: 'map' | 'scalar' = 'scalar',
): void {
  const steps = path.split(/(?<!\\)\//).map((s) => s.replaceAll('\\/', '/'))
  const visit = (node: unknown, i: number): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item, i)
      return
    }
    const map = record(node)
    if (!map) return
    const step = steps[i] ?? ''
    const name = step.replace(/\[\]$/, '')
    const last = i === steps.length - 1
    if (map[name] === undefined || map[name] === null) {
      if (!create || step.endsWith('[]')) return
      if (!last) map[name] = {}
    }
    if (!last) {
      visit(map[name], i + 1)
      return
    }
    if (map[name] === undefined && kindOfMissing === 'map') map[name] = {}
    const value = map[name]
    if (Array.isArray(value) && kindOfMissing === 'scalar') map[name] = value.map((v) => change(v))
    else map[name] = change(value)
  }
  visit(object, 0)
}
