// After names changed, the fields that hold them follow (kustomize's name reference transformer); and the hash suffixes
// of generated objects.
import { toJson } from '../../apimachinery/gojson.ts'
import type { Json } from '../../apimachinery/object.ts'
import { sha256Hex } from '../../apimachinery/sha256.ts'
import { NAME_REFERENCES } from './fieldspecs.ts'
import type { NameReference } from './fieldspecs.ts'
import { allIds, atPath, currentId, gvkOf, record, remember, selects, text } from './resource.ts'
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

/** The one resource that a name means, as seen from the object that bears it. */
function referral(
  from: Resource,
  name: string,
  candidates: readonly Resource[],
  namespace: string | undefined,
): Resource | undefined {
  const homes = new Set(allIds(from).map((id) => id.namespace || 'default'))
  let found = candidates.filter((c) =>
    allIds(c).some(
      (id) => id.name === name && (namespace === undefined || (id.namespace || 'default') === (namespace || 'default')),
    ),
  )
  if (found.length > 1 && namespace === undefined) {
    const near = found.filter((c) => allIds(c).some((id) => id.name === name && homes.has(id.namespace || 'default')))
    if (near.length > 0) found = near
  }
  if (found.length > 1) {
    const here = currentId(from).namespace || 'default'
    const near = found.filter((c) => (currentId(c).namespace || 'default') === here)
    if (near.length > 0) found = near
  }
  if (found.length > 1) {
    const same = (a: readonly string[], b: readonly string[]): boolean =>
      a.length === b.length && a.every((x, i) => x === b[i])
    const near = found.filter((c) => same(c.prefixes, from.prefixes) && same(c.suffixes, from.suffixes))
    if (near.length > 0) found = near
  }
  const names = new Set(found.map((c) => currentId(c).name))
  return names.size === 1 ? found[0] : undefined
}

/** Points every reference at the present name of what it meant. */
export function fixReferences(resources: readonly Resource[], more: readonly NameReference[] = []): void {
  for (const reference of [...NAME_REFERENCES, ...more]) {
    const candidates = resources.filter((r) => allIds(r).some((id) => selects(reference, id)))
    if (candidates.length === 0) continue
    for (const r of resources)
      for (const field of reference.fields) {
        if (!selects(field, gvkOf(r.object))) continue
        if (field.path === 'roleRef/name' && text(record(r.object.roleRef)?.kind) !== reference.kind) continue
        atPath(r.object, field.path, false, (value) => {
          if (typeof value === 'string') {
            const to = referral(r, value, candidates, undefined)
            return to ? currentId(to).name : value
          }
          // A list of subjects, or a webhook's service: name and namespace together.
          const map = record(value)
          if (!map || (field.path === 'subjects' && map.kind !== reference.kind)) return value
          const to = referral(r, text(map.name), candidates, text(map.namespace) || undefined)
          if (!to) return value
          const id = currentId(to)
          map.name = id.name
          if (id.namespace) map.namespace = id.namespace
          return value
        })
      }
  }
}
