// From a profile's text to a Profile: parsed, checked with ajv, defaults filled in.
import { isObject } from '../apimachinery/object.ts'
import type { Json } from '../apimachinery/object.ts'
import type { Profile, ProfileNode } from './profile.ts'

/** A profile that cannot be used; the message says which file, where in it, and what is wrong. */
export class ProfileError extends Error {}

/** Fills in what a profile may leave out. */
export function completeProfile(
  p: Pick<Profile, 'name' | 'version' | 'nodes' | 'podCIDR' | 'serviceCIDR' | 'dns'> & Partial<Profile>,
): Profile {
  const context = p.context ?? p.name
  return {
    ...p,
    context,
    cluster: p.cluster ?? context,
    user: p.user ?? context,
    server: p.server ?? 'https://127.0.0.1:6443',
    loadBalancer: p.loadBalancer ?? 'none',
  }
}

/** Reads a profile's YAML. `where` names the file in errors. Throws ProfileError. */
export async function parseProfile(text: string, where: string): Promise<Profile> {
  const [{ parsePlainYaml }, { checkSchema }, { PROFILE_SCHEMA }] = await Promise.all([
    import('../apimachinery/plainyaml.ts'),
    import('../apimachinery/jsonschema.ts'),
    import('./profile.schema.ts'),
  ])
  let value: Json
  try {
    value = parsePlainYaml(text)
  } catch (e) {
    throw new ProfileError(`the profile ${where} is not valid YAML: ${e instanceof Error ? e.message : String(e)}`)
  }
  const problems = checkSchema(PROFILE_SCHEMA, value)
  if (problems.length || !isObject(value))
    throw new ProfileError(`the profile ${where} cannot be used: ${problems.join('; ') || 'it is not an object'}`)
  return completeProfile(value as unknown as Profile)
}

/**
 * The same cluster with `count` nodes: the first ones are the profile's, the rest are like its last, named and
 * addressed on.
 */
export function withNodes(profile: Profile, count: number): Profile {
  const last = profile.nodes[profile.nodes.length - 1]
  if (!Number.isInteger(count) || count < 1 || count > 5000 || !last)
    throw new ProfileError(`a cluster has 1 to 5000 nodes, not ${count}`)
  const nodes: ProfileNode[] = profile.nodes.slice(0, count)
  const [a = 10, b = 0, c = 0, d = 0] = last.internalIP.split('.').map(Number)
  for (let i = nodes.length; i < count; i++) {
    const n = ((a * 256 + b) * 256 + c) * 256 + d + i - profile.nodes.length + 1
    const worker = i - profile.nodes.length + 1
    // kind's own way to name workers; other clusters count on
    const name = last.name.endsWith('-control-plane')
      ? `${last.name.replace(/-control-plane$/, '')}-worker${worker > 1 ? worker : ''}`
      : `${last.name}-${i + 1}`
    const { podCIDR: _own, roles: _roles, externalIP: _external, hostname: _hostname, ...like } = last
    nodes.push({ ...like, name, internalIP: [24, 16, 8, 0].map((s) => Math.floor(n / 2 ** s) % 256).join('.') })
  }
  // one range for the only node is not enough for several: each gets its own /24
  return {
    ...profile,
    nodes: count > profile.nodes.length ? nodes.map((n) => (n.podCIDR === profile.podCIDR ? omitRange(n) : n)) : nodes,
  }
}

function omitRange(n: ProfileNode): ProfileNode {
  const { podCIDR: _own, ...rest } = n
  return rest
}
