// What comes with the package: the schemas of the kinds, the shipped profiles, and the new clusters that the build made.
import * as fs from 'node:fs'
import * as path from 'node:path'
import { Schemas } from './apimachinery/schema.ts'
import type { Profile } from './cluster/profile.ts'

/** The package's folder: dist/ and src/ both stand directly in it. */
const PACKAGE = path.join(import.meta.dirname, '..')

/** The structure of every kind, a file read when one of its types is asked for. */
export const schemasOfPackage = (): Schemas =>
  new Schemas((name) => fs.readFileSync(path.join(PACKAGE, 'schemas', `${name}.json`), 'utf8'))

/** The profiles that come with the package. */
export const PROFILES = ['docker-desktop', 'eks', 'kind'] as const

/** A profile by name or file. Throws ProfileError. */
export async function loadProfile(nameOrFile: string): Promise<Profile> {
  const { completeProfile, parseProfile, ProfileError } = await import('./cluster/profiles.ts')
  if ((PROFILES as readonly string[]).includes(nameOrFile)) {
    // the build keeps them as JSON: a YAML reader costs more than the command
    try {
      return completeProfile(
        JSON.parse(
          fs.readFileSync(path.join(import.meta.dirname, 'profiles', `${nameOrFile}.json`), 'utf8'),
        ) as Profile,
      )
    } catch {
      /* not built: read the source */
    }
    return parseProfile(
      fs.readFileSync(path.join(PACKAGE, 'fixtures/profiles', `${nameOrFile}.yaml`), 'utf8'),
      nameOrFile,
    )
  }
  let text: string
  try {
    text = fs.readFileSync(path.resolve(nameOrFile), 'utf8')
  } catch (e) {
    throw new ProfileError(
      `there is no profile ${nameOrFile}: name one of ${PROFILES.join(', ')}, or a profile file (${(e as NodeJS.ErrnoException).code ?? String(e)})`,
    )
  }
  return parseProfile(text, nameOrFile)
}

/**
 * A new cluster of a shipped profile as the build made it; undefined for other profiles, and where nothing was built.
 */
export function readymadeOf(profile: string): Buffer | undefined {
  if (!(PROFILES as readonly string[]).includes(profile)) return undefined
  try {
    return fs.readFileSync(path.join(import.meta.dirname, 'profiles', `${profile}.ready`))
  } catch {
    return undefined
  }
}
