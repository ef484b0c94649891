// The patch between what was applied, what is there, and what is wanted (kubectl/pkg/cmd/apply/patcher.go): strategic
// for built-in kinds, JSON merge for the others.
import { readJson } from '../apimachinery/bigint.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import type { PatchType } from '../client/client.ts'
import type { Mapping } from './command.ts'
import { CliError } from './exit.ts'

/** No patch can be made: what was applied is no JSON, or with --overwrite=false others changed the same. */
export class PatchClash extends Error {}

/**
 * The patch that apply sends, and in which form. Throws PatchClash where `overwrite` is false and others changed the
 * same.
 */
export async function applyPatch(
  schemas: Schemas,
  mapping: Mapping,
  original: string | undefined,
  modified: JsonObject,
  current: JsonObject,
  overwrite = true,
): Promise<{ type: PatchType; patch: JsonObject }> {
  let before: JsonObject = {}
  if (original) {
    try {
      const v = readJson(original) as Json
      if (isObject(v)) before = v
    } catch (e) {
      if (schemas.type(schemas.nameOf(mapping.group, mapping.version, mapping.kind)))
        throw new PatchClash('invalid JSON document')
      throw new CliError(`invalid last-applied-configuration: ${e instanceof Error ? e.message : String(e)}`)
    }
  }
  const name = schemas.nameOf(mapping.group, mapping.version, mapping.kind)
  if (schemas.type(name)) {
    const { clashingChanges, createThreeWay } = await import('../apimachinery/strategicmerge.ts')
    const patch = createThreeWay(before, modified, current, name, schemas)
    const changed = overwrite ? undefined : clashingChanges(patch, before, current, name, schemas)
    if (changed) {
      const { toYaml } = await import('../apimachinery/yaml.ts')
      throw new PatchClash(
        `patch:\n${toYaml(patch)}\nconflicts with changes made from original to current:\n${toYaml(changed)}\n`,
      )
    }
    return { type: 'strategic', patch }
  }
  const { createThreeWayJson } = await import('../apimachinery/patch.ts')
  const patch = createThreeWayJson(before, modified, current)
  const meta = isObject(patch.metadata) ? patch.metadata : {}
  if (patch.apiVersion !== undefined || patch.kind !== undefined || meta.name !== undefined)
    throw new CliError('At least one of apiVersion, kind and name was changed')
  return { type: 'merge', patch }
}
