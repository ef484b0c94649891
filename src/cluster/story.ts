// A story: a cluster kept as files, to be put back exactly: cluster.yaml (profile, clock, seed) and objects as they
// were stored, uids, addresses and times included.
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { ResourceInfo } from '../apimachinery/schema.ts'
import type { Store } from '../storage/store.ts'
import type { Profile } from './profile.ts'
import { ProfileError, completeProfile } from './profiles.ts'

export interface Story {
  /** Name of the profile to start from. */
  readonly profile: string
  /** Keys of the profile that this cluster has otherwise. */
  readonly settings?: Partial<Profile>
  /** The moment at which its clock stands still, RFC 3339. */
  readonly clock?: string
  readonly seed?: number
}

const STORY_SCHEMA: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['profile'],
  properties: {
    profile: { type: 'string', minLength: 1 },
    settings: { type: 'object' },
    clock: { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$' },
    seed: { type: 'integer', minimum: 0, maximum: 4294967295 },
  },
}

/** Reads cluster.yaml. Throws ProfileError that names the file and what is wrong. */
export async function parseStory(text: string, where: string): Promise<Story> {
  const [{ parsePlainYaml }, { checkSchema }] = await Promise.all([
    import('../apimachinery/plainyaml.ts'),
    import('../apimachinery/jsonschema.ts'),
  ])
  let value: Json
  try {
    value = parsePlainYaml(text)
  } catch (e) {
    throw new ProfileError(`${where} is not valid YAML: ${e instanceof Error ? e.message : String(e)}`)
  }
  const problems = checkSchema(STORY_SCHEMA, value)
  if (problems.length || !isObject(value))
    throw new ProfileError(`${where} cannot be used: ${problems.join('; ') || 'it is not an object'}`)
  return value as unknown as Story
}

/** The profile of a story: the named one with its own settings over it, checked again as a whole. */
export async function storyProfile(
  base: Profile,
  settings: Partial<Profile> | undefined,
  where: string,
): Promise<Profile> {
  if (!settings) return base
  const merged = completeProfile({ ...base, ...settings, dns: { ...base.dns, ...settings.dns } })
  const [{ checkSchema }, { PROFILE_SCHEMA }] = await Promise.all([
    import('../apimachinery/jsonschema.ts'),
    import('./profile.schema.ts'),
  ])
  const problems = checkSchema(PROFILE_SCHEMA, JSON.parse(JSON.stringify(merged)) as Json)
  if (problems.length) throw new ProfileError(`the settings in ${where} cannot be used: ${problems.join('; ')}`)
  return merged
}

/** The objects of a story's files: documents, Lists opened. Throws ProfileError for what is no object. */
export async function parseObjects(text: string, where: string): Promise<KubeObject[]> {
  const { parseYaml, splitDocuments } = await import('../apimachinery/yaml.ts')
  const out: KubeObject[] = []
  const take = (value: Json): void => {
    if (value === null) return
    if (!isObject(value) || typeof value.apiVersion !== 'string' || typeof value.kind !== 'string')
      throw new ProfileError(`${where} holds something that is no Kubernetes object`)
    if (value.kind === 'List' && Array.isArray(value.items)) {
      for (const i of value.items) take(i as Json)
      return
    }
    if (!isObject(value.metadata) || typeof value.metadata.name !== 'string')
      throw new ProfileError(`${where} holds a ${value.kind} without a name`)
    out.push(value as KubeObject)
  }
  for (const doc of splitDocuments(text)) {
    try {
      take(parseYaml(doc))
    } catch (e) {
      throw e instanceof ProfileError
        ? e
        : new ProfileError(`${where} is not valid YAML: ${e instanceof Error ? e.message : String(e)}`)
    }
  }
  return out
}

/**
 * Puts objects into an empty store as they are, in order of their old resourceVersions; the controllers have nothing to
 * do with them. Throws ProfileError for unknown kinds.
 */
export function restore(store: Store, objects: readonly KubeObject[], resources: readonly ResourceInfo[]): void {
  const order = [...objects].sort(
    (a, b) => Number(a.metadata.resourceVersion ?? 0) - Number(b.metadata.resourceVersion ?? 0),
  )
  for (const o of order) {
    const cut = o.apiVersion.lastIndexOf('/')
    const [group, version] = cut < 0 ? ['', o.apiVersion] : [o.apiVersion.slice(0, cut), o.apiVersion.slice(cut + 1)]
    const r = resources.find((x) => x.group === group && x.version === version && x.kind === o.kind)
    if (!r)
      throw new ProfileError(`${o.kind} of ${o.apiVersion} (${o.metadata.name}) is not a kind that can be restored`)
    store.create(r.group ? `${r.resource}.${r.group}` : r.resource, o)
  }
  store.setMeta('bootstrapped', true)
  store.setMeta('settled', store.revision)
}
