// After names changed, the fields that hold them follow (kustomize's name reference transformer); and the hash suffixes
// of generated objects.
import { toJson } from '../../apimachinery/gojson.ts'
import type { Json } from '../../apimachinery/object.ts'
import { sha256Hex } from '../../apimachinery/sha256.ts'
import { NAME_REFERENCES } from './fieldspecs.ts'
import type { NameReference } from './fieldspecs.ts'
import { atPath, currentId, gvkOf, originalId, record, remember, selects, text } from './resource.ts'
import type { Mutable, Resource } from './resource.ts'

const LETTERS: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' }

/**
 * The suffix of a ConfigMap or Secret: ten letters of the hash of its content. Upstream means to hash the name too but
 * looks it up under a key that no object has: it is always empty.
 */
export function contentHash(object: Mutable): string {
  const { kind } = gvkOf(object)
  const value = (key: string): Json => (object[key] === undefined ? '' : (object[key] as Json))
  const content: Json =
    kind === 'ConfigMap'
      ? {
          kind,
          name: '',
          data: value('data'),
          ...(record(object.binaryData) ? { binaryData: value('binaryData') } : {}),
        }
      : kind === 'Secret'
        ? {
            kind,
            type: value('type'),
            name: '',
            data: value('data'),
            ...(record(object.stringData) ? { stringData: value('stringData') } : {}),
          }
        : (object as Json)
  return [...sha256Hex(toJson(content)).slice(0, 10)].map((c) => LETTERS[c] ?? c).join('')
}

export function addHashes(resources: readonly Resource[]): void {
  for (const r of resources) {
    if (!r.needsHash) continue
    const hash = contentHash(r.object)
    remember(r)
    const metadata = record(r.object.metadata)
    if (metadata) metadata.name = `${text(metadata.name)}-${hash}`
  }
}

/** Whether the shorter of two lists is the end of the longer one; nothing is the end of nothing only. */
function sameEnd(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === 0 || b.length === 0) return a.length === b.length
  const n = Math.min(a.length, b.length)
  return a.slice(-n).every((x, i) => x === b.slice(-n)[i])
}

const home = (namespace: string): string => namespace || 'default'

/** Whether an object may mean one that lives elsewhere: a RoleBinding its ServiceAccounts. */
function bindsAccountOf(from: Resource, to: Resource): boolean {
  const { kind, namespace } = currentId(to)
  const { subjects } = from.object
  return (
    kind === 'ServiceAccount' &&
    currentId(from).kind === 'RoleBinding' &&
    Array.isArray(subjects) &&
    subjects.map(record).some((s) => s?.kind === 'ServiceAccount' && s.namespace === namespace)
  )
}

/** The one resource that a name means, as seen from the object that bears it (nameref's selectReferral). */
function referral(
  from: Resource,
  name: string,
  candidates: readonly Resource[],
  clusterScoped: (r: Resource) => boolean,
): Resource | undefined {
  let found = candidates.filter(
    (c) =>
      c.previous.some((id) => id.name === name) &&
      (home(currentId(c).namespace) === home(currentId(from).namespace) ||
        bindsAccountOf(from, c) ||
        clusterScoped(from) ||
        clusterScoped(c)),
  )
  if (found.length > 1) {
    const like = (a: readonly string[], b: readonly string[]): boolean => !a.length || !b.length || sameEnd(a, b)
    found = found.filter((c) => like(c.prefixes, from.prefixes) && like(c.suffixes, from.suffixes))
  }
  if (found.length > 1)
    found = found.filter((c) => sameEnd(c.prefixes, from.prefixes) && sameEnd(c.suffixes, from.suffixes))
  const names = new Set(found.map((c) => currentId(c).name))
  return names.size === 1 ? found[0] : undefined
}

/** Those of a namespace: as it was before anything changed, or else as it is now. */
function inNamespace(candidates: readonly Resource[], all: readonly Resource[], namespace: string): Resource[] {
  const first = (r: Resource): boolean => home(originalId(r).namespace) === namespace
  return candidates.filter(all.some(first) ? first : (r) => home(currentId(r).namespace) === namespace)
}

/** Points every reference at the present name of what it meant. */
export function fixReferences(
  resources: readonly Resource[],
  more: readonly NameReference[],
  clusterScoped: (r: Resource) => boolean,
): void {
  for (const reference of [...NAME_REFERENCES, ...more]) {
    const candidates = resources.filter((r) => r.previous.some((id) => selects(reference, id)))
    if (candidates.length === 0) continue
    for (const r of resources)
      for (const field of reference.fields) {
        if (!selects(field, gvkOf(r.object))) continue
        const role = field.path.endsWith('roleRef/name') ? record(r.object.roleRef) : undefined
        const meant =
          typeof role?.kind === 'string' && typeof role.apiGroup === 'string'
            ? candidates.filter((c) =>
                c.previous.some((id) => selects({ group: text(role.apiGroup), kind: text(role.kind) }, id)),
              )
            : candidates
        atPath(r.object, field.path, false, (value) => {
          if (typeof value === 'string') {
            const to = referral(r, value, meant, clusterScoped)
            return to ? currentId(to).name : value
          }
          // A list of subjects, or a webhook's service: name and namespace together.
          const map = record(value)
          if (!map) return value
          const near = typeof map.namespace === 'string' ? inNamespace(meant, resources, map.namespace) : meant
          const to = referral(r, text(map.name), near, clusterScoped)
          if (!to) return value
          const id = currentId(to)
          map.name = id.name
          if (id.namespace) map.namespace = id.namespace
          return value
        })
      }
  }
}
