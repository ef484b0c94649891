// apply --server-side: one object sent as it stands, and the ways out of a client-side past. Behaves as
// kubectl/pkg/cmd/apply.
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { ApplySettings } from './applysettings.ts'
import type { CommandContext, Factory } from './command.ts'
import { CliError } from './exit.ts'
import { fetchInfo, metaOf, refresh, versionOf } from './info.ts'
import type { Info } from './info.ts'
import { LAST_APPLIED, originalConfiguration } from './lastapplied.ts'
import { writeQuery } from './requestflags.ts'

/** How often a migration is tried against other writers (kubectl's maxPatchRetry). */
const TRIES = 5
const CONFLICT_HELP = `Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`

/** Server-side apply of one object, and the ways out of a client-side past. */
export async function applyServerSide(ctx: CommandContext, info: Info, s: ApplySettings): Promise<void> {
  const { mapping, object } = info
  if (!mapping || !object) return
  const client = await ctx.factory.client()
  const send = async (manager: string, body: JsonObject, force: boolean | undefined): Promise<JsonObject> =>
    (await client.patch(mapping.path, info.namespace, info.name, 'apply', body, {
      query: {
        ...writeQuery(s.mode, manager, s.validate),
        ...(manager === '' ? { fieldManager: '' } : {}),
        force: force === undefined ? undefined : String(force),
      },
      ...(s.subresource ? { subresource: s.subresource } : {}),
    })) as JsonObject
  try {
    refresh(info, await send(s.manager, object, s.forceConflicts))
  } catch (e) {
    if (e instanceof StatusError && e.reason === 'Conflict') throw new CliError(`${e.message}\n${CONFLICT_HELP}`)
    throw e
  }
  const annotation = originalConfiguration(info.object)
  const managed = (op: string): JsonObject[] => {
    const list = metaOf(info.object).managedFields
    return (Array.isArray(list) ? (list as readonly Json[]).filter(isObject) : []).filter(
      (m) => m.operation === op && ownsAnnotation(m),
    )
  }
  if (s.manager === 'kubectl' && annotation !== undefined && !managed('Apply').length) {
    try {
      refresh(
        info,
        await send(
          'kubectl-last-applied',
          {
            apiVersion: mapping.groupVersion,
            kind: mapping.kind,
            metadata: {
              name: info.name,
              ...(info.namespace ? { namespace: info.namespace } : {}),
              annotations: { [LAST_APPLIED]: annotation },
            },
          },
          undefined,
        ),
      )
    } catch (e) {
      ctx.io.stderr.write(
        `Warning: failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: ${e instanceof Error ? e.message : String(e)}\n`,
      )
    }
  }
  const names = new Set(managed('Update').map((m) => String(m.manager)))
  if (!names.size) return
  const warn = (what: string, e: unknown): void => {
    ctx.io.stderr.write(
      `Warning: ${what}. This is non-fatal and will be retried next time you apply. Error: ${e instanceof Error ? e.message : String(e)}\n`,
    )
  }
  let migrated = false
  try {
    migrated = await migrate(ctx.factory, info, names, s)
  } catch (e) {
    warn('server rejected managed fields migration to Server-Side Apply', e)
  }
  if (!migrated) return
  try {
    refresh(info, await send(s.manager, object, s.forceConflicts))
  } catch (e) {
    warn('failed to re-apply configuration after performing Server-Side Apply migration', e)
  }
}

/** Whether an entry of managedFields holds the last-applied annotation. */
function ownsAnnotation(entry: JsonObject): boolean {
  const at = (v: Json | undefined, k: string): Json | undefined => (isObject(v) ? v[k] : undefined)
  return at(at(at(entry.fieldsV1, 'f:metadata'), 'f:annotations'), `f:${LAST_APPLIED}`) !== undefined
}

type Fields = Record<string, Json>
const union = (a: JsonObject, b: JsonObject): Fields => {
  const out: Fields = { ...a } as Fields
  for (const [k, v] of Object.entries(b)) {
    const old = out[k]
    if (v !== undefined) out[k] = isObject(old) && isObject(v) ? union(old, v) : v
  }
  return out
}

/** Client-side managers' fields become the server-side manager's (client-go's csaupgrade). */
async function migrate(
  factory: Factory,
  info: Info,
  managers: ReadonlySet<string>,
  s: ApplySettings,
): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await migrateOnce(factory, info, managers, s)
    } catch (e) {
      // a controller may have written in between: look again
      if (!(e instanceof StatusError) || e.reason !== 'Conflict') throw e
      await fetchInfo(factory, info)
      if (attempt === TRIES) throw e
    }
  }
}

async function migrateOnce(
  factory: Factory,
  info: Info,
  managers: ReadonlySet<string>,
  s: ApplySettings,
): Promise<boolean> {
  const { mapping } = info
  const list = metaOf(info.object).managedFields
  if (!mapping || !Array.isArray(list)) return false
  const entries = (list as readonly Json[]).filter(isObject)
  const from = entries.filter((m) => m.operation === 'Update' && !m.subresource && managers.has(String(m.manager)))
  if (!from.length) return false
  let target = entries.find((m) => m.operation === 'Apply' && !m.subresource && m.manager === s.manager)
  let rest: JsonObject[]
  const first = from[0] ?? {}
  if (target) rest = entries.filter((m) => !from.includes(m))
  else {
    target = { ...first, manager: s.manager, operation: 'Apply' }
    const made = target
    rest = entries.flatMap((m) => (m === first ? [made] : from.includes(m) ? [] : [m]))
  }
  let fields: Fields = isObject(target.fieldsV1) ? (target.fieldsV1 as Fields) : {}
  for (const m of from) if (isObject(m.fieldsV1)) fields = union(fields, m.fieldsV1)
  const result = rest.map((m) => (m === target ? { ...m, fieldsV1: fields } : m))
  const client = await factory.client()
  const patch: Json = [
    { op: 'replace', path: '/metadata/managedFields', value: result },
    { op: 'replace', path: '/metadata/resourceVersion', value: versionOf(info.object) },
  ]
  refresh(
    info,
    await client.patch(mapping.path, info.namespace, info.name, 'json', patch, {
      query: writeQuery(s.mode, s.manager),
    }),
  )
  return true
}
