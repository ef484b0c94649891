// The patch between what was applied, what is there, and what is wanted (kubectl/pkg/cmd/apply/patcher.go): strategic for built-in kinds, JSON merge for the others.
import { equal, isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import type { PatchType } from '../client/client.ts'
import type { Mapping } from './command.ts'
import { CliError } from './exit.ts'

/** What changes from a to b as a merge patch; `deletions: false` keeps what b does not name. */
function mergeDiff(a: JsonObject, b: JsonObject, keep: { additions: boolean; deletions: boolean }): Record<string, Json> {
  const out: Record<string, Json> = {}
  for (const [k, v] of Object.entries(b)) {
    if (v === undefined) continue
    const old = Object.hasOwn(a, k) ? a[k] : undefined
    if (old === undefined) { if (keep.additions) out[k] = v } else if (isObject(old) && isObject(v)) {
      const inner = mergeDiff(old, v, keep)
      if (Object.keys(inner).length) out[k] = inner
    } else if (!equal(old, v) && keep.additions) out[k] = v
  }
  if (keep.deletions) for (const k of Object.keys(a)) if (b[k] === undefined && a[k] !== undefined) out[k] = null
  return out
}

const merged = (a: Record<string, Json>, b: Record<string, Json>): Record<string, Json> => {
  const out: Record<string, Json> = { ...a }
  for (const [k, v] of Object.entries(b)) {
    const old = out[k]
    out[k] = isObject(old) && isObject(v) ? merged(old as Record<string, Json>, v as Record<string, Json>) : v
  }
  return out
}

/** jsonmergepatch.CreateThreeWayJSONMergePatch. */
export function threeWayMerge(original: JsonObject, modified: JsonObject, current: JsonObject): JsonObject {
  const changes = mergeDiff(current, modified, { additions: true, deletions: false })
  const deletions = mergeDiff(original, modified, { additions: false, deletions: true })
  return merged(deletions, changes)
}

/** The patch that apply sends, and in which form. */
export async function applyPatch(schemas: Schemas, mapping: Mapping, original: string | undefined, modified: JsonObject, current: JsonObject): Promise<{ type: PatchType; patch: JsonObject }> {
  let before: JsonObject = {}
  if (original) {
    try { const v = JSON.parse(original) as Json; if (isObject(v)) before = v } catch (e) { throw new CliError(`invalid last-applied-configuration: ${e instanceof Error ? e.message : String(e)}`) }
  }
  const name = schemas.nameOf(mapping.group, mapping.version, mapping.kind)
  if (schemas.type(name)) {
    const { createThreeWay } = await import('../apimachinery/strategicmerge.ts')
    return { type: 'strategic', patch: createThreeWay(before, modified, current, name, schemas) as JsonObject }
  }
  const patch = threeWayMerge(before, modified, current)
  const meta = isObject(patch.metadata) ? patch.metadata : {}
  if (patch.apiVersion !== undefined || patch.kind !== undefined || meta.name !== undefined) throw new CliError('At least one of apiVersion, kind and name was changed')
  return { type: 'merge', patch }
}
