// From a profile's text to a Profile: parsed, checked with ajv, defaults filled in.
import { isObject } from '../apimachinery/object.ts'
import type { Json } from '../apimachinery/object.ts'
import type { Profile } from './profile.ts'

/** A profile that cannot be used; the message says which file, where in it, and what is wrong. */
export class ProfileError extends Error {}

/** Fills in what a profile may leave out. */
export function completeProfile(p: Pick<Profile, 'name' | 'version' | 'nodes' | 'podCIDR' | 'serviceCIDR' | 'dns'> & Partial<Profile>): Profile {
  const context = p.context ?? p.name
  return { ...p, context, cluster: p.cluster ?? context, user: p.user ?? context, server: p.server ?? 'https://127.0.0.1:6443', loadBalancer: p.loadBalancer ?? 'none' }
}

/** Reads a profile's YAML. `where` names the file in errors. Throws ProfileError. */
export async function parseProfile(text: string, where: string): Promise<Profile> {
  const [{ parseYaml }, { checkSchema }, { PROFILE_SCHEMA }] = await Promise.all([import('../apimachinery/yaml.ts'), import('../apimachinery/jsonschema.ts'), import('./profile.schema.ts')])
  let value: Json
  try { value = parseYaml(text) } catch (e) { throw new ProfileError(`the profile ${where} is not valid YAML: ${e instanceof Error ? e.message : String(e)}`) }
  const problems = checkSchema(PROFILE_SCHEMA, value)
  if (problems.length || !isObject(value)) throw new ProfileError(`the profile ${where} cannot be used: ${problems.join('; ') || 'it is not an object'}`)
  return completeProfile(value as unknown as Profile)
}
