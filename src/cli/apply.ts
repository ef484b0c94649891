// kubectl apply at work: create what is not there, patch what is, prune what left. Behaves as kubectl/pkg/cmd/apply.
import { readJson } from '../apimachinery/bigint.ts'
import { toJson } from '../apimachinery/gojson.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { ApplySet } from './applyset.ts'
import type { CommandContext, Factory, Mapping } from './command.ts'
import { cascade, deleteOptions } from './commands/delete.ts'
import { CliError, throwAll, withSource } from './exit.ts'
import { klog } from './klog.ts'
import { encode, LAST_APPLIED, modifiedConfiguration, originalConfiguration } from './lastapplied.ts'
import { validation } from './manifests.ts'
import type { Validation } from './manifests.ts'
import { fetchInfo, gvrText, metaOf, nameOf, namespaceOf, versionOf } from './info.ts'
import { dryRun, fileRequest, writeQuery } from './requestflags.ts'
import { resources } from './resources.ts'
import type { Info } from './info.ts'
import type { DryRun } from './requestflags.ts'
import { recorded } from './record.ts'
import { resultPrinter } from './result.ts'
import { applyPatch, PatchClash } from './threeway.ts'
import { uidOf } from './waiting.ts'

export interface ApplySettings {
  readonly mode: DryRun
  readonly serverSide: boolean
  readonly forceConflicts: boolean
  readonly manager: string
  readonly validate: Validation
  readonly force: boolean
  readonly overwrite: boolean
  readonly policy: string
  readonly grace: number
  readonly timeout: number
  readonly subresource: string
}

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

/** An Info as Go prints it in errors. */
export const infoText = (info: Info): string => {
  const m = info.mapping
  const basic = `Name: ${JSON.stringify(info.name)}, Namespace: ${JSON.stringify(info.namespace)}`
  return m
    ? `Resource: ${JSON.stringify(gvrText(m))}, GroupVersionKind: ${JSON.stringify(`${m.group}/${m.version}, Kind=${m.kind}`)}\n${basic}`
    : basic
}

/** A copy without null fields, as apply creates it. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutNulls)
  if (!isObject(value)) return value
  const out: Record<string, Json> = {}
  for (const [k, v] of Object.entries(value)) if (v !== null && v !== undefined) out[k] = withoutNulls(v)
  return out
}

const refresh = (info: Info, object: unknown): void => {
  info.object = isObject(object) ? object : {}
  info.name = nameOf(info.object)
  info.namespace = namespaceOf(info.object)
  info.resourceVersion = versionOf(info.object)
}

function warnIfDeleting(ctx: CommandContext, info: Info): void {
  if (metaOf(info.object).deletionTimestamp)
    ctx.io.stderr.write(
      `Warning: Detected changes to resource ${nameOf(info.object)} which is currently being deleted.\n`,
    )
}

/** How the command line sets apply up. */
export function applySettings(ctx: CommandContext): ApplySettings {
  const { flags } = ctx
  const serverSide = flags.bool('server-side')
  return {
    serverSide,
    mode: dryRun(ctx),
    forceConflicts: flags.bool('force-conflicts'),
    manager: flags.changed('field-manager') || !serverSide ? flags.string('field-manager') : 'kubectl',
    validate: validation(flags.string('validate')),
    force: flags.bool('force'),
    overwrite: flags.bool('overwrite'),
    policy: cascade(flags.string('cascade'), ctx.io),
    grace: flags.int('grace-period'),
    timeout: flags.number('timeout'),
    subresource: flags.string('subresource'),
  }
}

/** Server-side apply of one object, and the ways out of a client-side past. */
async function applyServerSide(ctx: CommandContext, info: Info, s: ApplySettings): Promise<void> {
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
    })) as unknown as JsonObject
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
  if (names.size) {
    try {
      if (await migrate(ctx.factory, info, names, s)) refresh(info, await send(s.manager, object, s.forceConflicts))
    } catch (e) {
      ctx.io.stderr.write(
        `Warning: server rejected managed fields migration to Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: ${e instanceof Error ? e.message : String(e)}\n`,
      )
    }
  }
  warnIfDeleting(ctx, info)
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
      // a controller may have written in between: look again, as often as a patch is tried (maxPatchRetry)
      if (!(e instanceof StatusError) || e.reason !== 'Conflict') throw e
      await fetchInfo(factory, info)
      if (attempt === 5) throw e
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

async function sendPatch(
  ctx: CommandContext,
  info: Info,
  modified: JsonObject,
  s: ApplySettings,
): Promise<{ text: string }> {
  const { mapping } = info
  const { factory, io } = ctx
  if (!mapping) return { text: '{}' }
  const client = await factory.client()
  const original = info.object
  let text = '{}'
  for (let attempt = 0; ; attempt++) {
    try {
      const current = info.object ?? {}
      const { type, patch } = await applyPatch(
        factory.schemas,
        mapping,
        originalConfiguration(current),
        modified,
        current,
        s.overwrite,
      )
      text = toJson(patch)
      if (text === '{}') return { text }
      const answer = await client.patch(mapping.path, info.namespace, info.name, type, patch, {
        query: writeQuery(s.mode, s.manager, s.validate),
      })
      refresh(info, answer)
      return { text }
    } catch (e) {
      if (e instanceof StatusError && e.reason === 'Conflict' && attempt < 5) {
        if (attempt > 0) await io.clock.sleep(1000, io.signal)
        await fetchInfo(factory, info)
        continue
      }
      if (e instanceof StatusError && (e.reason === 'Conflict' || e.reason === 'Invalid') && s.force) {
        await replaceByForce(ctx, info, original, modified, s)
        return { text: encode(modified) }
      }
      if (e instanceof PatchClash) {
        // tried with two kinds of schema, then with the types kubectl knows
        for (const schema of ['openapi v3', 'openapi'])
          io.stderr.write(`warning: error calculating patch from ${schema} spec: ${e.message}\n`)
        const current = info.object ?? {}
        const why = new CliError(
          `creating patch with:\noriginal:\n${originalConfiguration(current) ?? ''}\nmodified:\n${encode(modified)}\ncurrent:\n${encode(current)}\nfor:: ${e.message}`,
        )
        throw withSource(
          `applying patch:\n\nto:\n${infoText(info)}\nfor:`,
          info.source,
          withSource('patching', info.source, why),
        )
      }
      throw withSource(
        `applying patch:\n${text}\nto:\n${infoText(info)}\nfor:`,
        info.source,
        withSource('patching', info.source, e),
      )
    }
  }
}

async function replaceByForce(
  ctx: CommandContext,
  info: Info,
  original: JsonObject | undefined,
  modified: JsonObject,
  s: ApplySettings,
): Promise<void> {
  const { mapping } = info
  if (!mapping) return
  const client = await ctx.factory.client()
  await client.delete(mapping.path, info.namespace, info.name, deleteOptions(s.policy, s.grace))
  const { untilDeleted, WEEK } = await import('./waiting.ts')
  await untilDeleted(ctx.factory, info, s.timeout || WEEK)
  try {
    refresh(
      info,
      await client.create(mapping.path, info.namespace, modified, { query: writeQuery(s.mode, s.manager, s.validate) }),
    )
  } catch (e) {
    if (!original) throw e
    const { withoutVersion } = await import('./commands/create/fromfile.ts')
    const why = e instanceof Error ? e.message : String(e)
    try {
      await client.create(mapping.path, info.namespace, withoutVersion(original), {
        query: writeQuery(s.mode, s.manager),
      })
    } catch (e2) {
      throw new CliError(
        `An error occurred force-replacing the existing object with the newly provided one:\n\n${why}.\n\nAdditionally, an error occurred attempting to restore the original object:\n\n${e2 instanceof Error ? e2.message : String(e2)}`,
      )
    }
    throw e
  }
}

/** Applies one object and says what was done to it: created, configured, unchanged, serverside-applied. */
async function applyOne(
  ctx: CommandContext,
  info: Info,
  s: ApplySettings,
  seen: (info: Info) => void,
): Promise<string> {
  const { factory } = ctx
  const { mapping } = info
  if (!mapping || !info.object) return 'unchanged'
  const object = recorded(ctx, info.object)
  info.object = object
  const generated = metaOf(object).generateName
  if (!info.name && typeof generated === 'string' && generated)
    throw new CliError(`from ${generated}: cannot use generate name with apply`)
  if (s.serverSide) {
    await applyServerSide(ctx, info, s)
    seen(info)
    return 'serverside-applied'
  }
  const modified = modifiedConfiguration(object)
  try {
    await fetchInfo(factory, info)
  } catch (e) {
    if (!(e instanceof StatusError && e.reason === 'NotFound'))
      throw withSource(`retrieving current configuration of:\n${infoText(info)}\nfrom server for:`, info.source, e)
    info.object = withoutNulls(modified) as JsonObject
    if (s.mode !== 'client') {
      const client = await factory.client()
      const { withoutVersion } = await import('./commands/create/fromfile.ts')
      try {
        refresh(
          info,
          await client.create(mapping.path, info.namespace, withoutVersion(info.object), {
            query: writeQuery(s.mode, s.manager, s.validate),
          }),
        )
      } catch (e2) {
        throw withSource('creating', info.source, e2)
      }
    }
    seen(info)
    return 'created'
  }
  seen(info)
  if (s.mode !== 'client') {
    if (originalConfiguration(info.object) === undefined) {
      ctx.io.stderr.write(
        `Warning: resource ${mapping.resource}/${info.name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
      )
    }
    const { text } = await sendPatch(ctx, info, modified, s)
    warnIfDeleting(ctx, info)
    if (text === '{}') return 'unchanged'
  }
  return 'configured'
}

async function checkFlags(ctx: CommandContext, s: ApplySettings, set: ApplySet | undefined): Promise<void> {
  const { flags } = ctx
  if (s.forceConflicts && !s.serverSide) throw new CliError('--force-conflicts only works with --server-side')
  if (s.mode === 'client' && s.serverSide)
    throw new CliError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)")
  if (s.serverSide && s.force) throw new CliError('--force cannot be used with --server-side')
  if (s.mode === 'server' && s.force) throw new CliError('--dry-run=server cannot be used with --force')
  const selector = flags.string('selector')
  if (flags.bool('all') && selector) throw new CliError('cannot set --all and --selector at the same time')
  if (set) {
    if (!flags.bool('prune')) throw new CliError('--applyset requires --prune')
    await set.validate()
  }
  if (flags.bool('prune')) {
    if (s.force) throw new CliError('--force cannot be used with --prune')
    const other = flags.bool('all')
      ? '--all'
      : selector
        ? '--selector'
        : flags.list('prune-allowlist').length
          ? '--prune-allowlist'
          : ''
    if (set && other) throw new CliError(`${other} is incompatible with --applyset`)
    if (set) return checkSubresource(s)
    if (!flags.bool('all') && !selector)
      throw new CliError(
        'all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector',
      )
    if (s.serverSide)
      throw new CliError("--prune is in alpha and doesn't currently work on objects created by server-side apply")
  }
  checkSubresource(s)
}

function checkSubresource(s: ApplySettings): void {
  if (s.subresource && !s.serverSide) throw new CliError('--subresource can only be specified for --server-side')
}

/** What --prune looks at when it is not told. */
const PRUNABLE = [
  '/v1/ConfigMap',
  '/v1/Endpoints',
  '/v1/Namespace',
  '/v1/PersistentVolumeClaim',
  '/v1/PersistentVolume',
  '/v1/Pod',
  '/v1/ReplicationController',
  '/v1/Secret',
  '/v1/Service',
  'batch/v1/Job',
  'batch/v1/CronJob',
  'networking.k8s.io/v1/Ingress',
  'apps/v1/DaemonSet',
  'apps/v1/Deployment',
  'apps/v1/ReplicaSet',
  'apps/v1/StatefulSet',
] as const

export interface PruneKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** --prune-allowlist's entries. */
export async function pruneKinds(factory: Factory, entries: readonly string[]): Promise<PruneKind[]> {
  const out: PruneKind[] = []
  for (const e of entries) {
    const [group = '', version = '', kind = '', ...more] = e.split('/')
    if (!version || !kind || more.length)
      throw new CliError(`invalid GroupVersionKind format: ${e}, please follow <group/version/kind>`)
    const g = group === 'core' ? '' : group
    await factory.mappingForKind(g ? `${g}/${version}` : version, kind)
    out.push({ group: g, version, kind })
  }
  return out
}

async function pruneMappings(
  factory: Factory,
  kinds: readonly PruneKind[],
  namespaceGiven: boolean,
  ctx: CommandContext,
): Promise<{ namespaced: Mapping[]; cluster: Mapping[] }> {
  let list: readonly PruneKind[] = kinds
  if (!list.length) {
    list = PRUNABLE.map((t) => {
      const [group = '', version = '', kind = ''] = t.split('/')
      return { group, version, kind }
    })
    if (namespaceGiven)
      klog(
        ctx.io,
        'W',
        'prune.go:71',
        'Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.',
      )
  }
  const namespaced: Mapping[] = []
  const cluster: Mapping[] = []
  for (const k of list) {
    const m = await factory.mappingForKind(k.group ? `${k.group}/${k.version}` : k.version, k.kind)
    ;(m.namespaced ? namespaced : cluster).push(m)
  }
  return { namespaced, cluster }
}

/** What diff --prune shows: applied before, not in the files now. */
export async function prunedObjects(
  ctx: CommandContext,
  uids: ReadonlySet<string>,
  namespaces: ReadonlySet<string>,
): Promise<{ mapping: Mapping; object: JsonObject }[]> {
  const { factory, flags } = ctx
  const client = await factory.client()
  const { namespaced, cluster } = await pruneMappings(
    factory,
    await pruneKinds(factory, flags.list('prune-allowlist')),
    factory.namespace().namespace !== '',
    ctx,
  )
  const out: { mapping: Mapping; object: JsonObject }[] = []
  for (const [n, mappings] of [...[...namespaces].map((ns) => [ns, namespaced] as const), ['', cluster] as const]) {
    for (const m of mappings) {
      for (const item of (
        await client.list(m.path, n, { query: { labelSelector: flags.string('selector') || undefined } })
      ).items) {
        const object = { apiVersion: m.groupVersion, kind: m.kind, ...(item as unknown as JsonObject) }
        if (originalConfiguration(object) !== undefined && !uids.has(uidOf(object))) out.push({ mapping: m, object })
      }
    }
  }
  return out
}

async function prune(
  ctx: CommandContext,
  s: ApplySettings,
  kinds: readonly PruneKind[],
  uids: ReadonlySet<string>,
  namespaces: ReadonlySet<string>,
): Promise<void> {
  const { factory, flags } = ctx
  const client = await factory.client()
  const { namespaced, cluster } = await pruneMappings(factory, kinds, factory.namespace().namespace !== '', ctx)
  const one = async (namespace: string, m: Mapping): Promise<void> => {
    const list = await client.list(m.path, namespace, {
      query: { labelSelector: flags.string('selector') || undefined },
    })
    for (const item of list.items) {
      const object = { apiVersion: m.groupVersion, kind: m.kind, ...(item as unknown as JsonObject) }
      if (originalConfiguration(object) === undefined || uids.has(uidOf(object))) continue
      if (s.mode !== 'client')
        await client.delete(m.path, namespace, nameOf(object), deleteOptions(s.policy, s.grace, s.mode === 'server'))
      await (
        await resultPrinter(ctx, 'pruned', s.mode)
      )(object)
    }
  }
  for (const n of namespaces)
    for (const m of namespaced)
      await one(n, m).catch((e: unknown) => {
        throw new CliError(
          `error pruning namespaced object ${m.groupVersion}, Kind=${m.kind}: ${e instanceof Error ? e.message : String(e)}`,
        )
      })
  for (const m of cluster)
    await one('', m).catch((e: unknown) => {
      throw new CliError(
        `error pruning nonNamespaced object ${m.groupVersion}, Kind=${m.kind}: ${e instanceof Error ? e.message : String(e)}`,
      )
    })
}

export async function runApply(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  if (ctx.args.length) {
    const { UsageError } = await import('./exit.ts')
    throw new UsageError(`Unexpected args: [${ctx.args.join(' ')}]`)
  }
  const s = applySettings(ctx)
  const { requireFiles } = await import('./commands/create/fromfile.ts')
  requireFiles(ctx)
  const reference = flags.changed('applyset') ? flags.string('applyset') : ''
  const set = reference ? await (await import('./applyset.ts')).ApplySet.parse(ctx, reference) : undefined
  const kinds = flags.bool('prune') ? await pruneKinds(factory, flags.list('prune-allowlist')) : []
  await checkFlags(ctx, s, set)
  const output = flags.string('output')
  const whole = output !== '' && output !== 'name'
  const errors: unknown[] = []
  const uids = new Set<string>()
  const namespaces = new Set<string>()
  const ns = factory.namespace()
  if (ns.explicit) namespaces.add(ns.namespace)
  const request = {
    ...fileRequest(ctx),
    ...(flags.string('selector') ? { selector: flags.string('selector') } : {}),
    validate: s.validate,
    continueOnError: true,
    flatten: true,
  }
  let infos: Info[] = []
  try {
    const { infos: read, error } = await (await resources(factory, request)).tolerant()
    infos = [...read]
    if (error !== undefined) errors.push(error)
  } catch (e) {
    // the parent of a set is judged before the files
    if (!set) throw e
    errors.push(e)
  }
  try {
    set?.addLabels(infos)
  } catch (e) {
    errors.splice(0, errors.length, e)
    infos = []
  }
  if (!infos.length && !errors.length) throw new CliError('no objects passed to apply')
  await set?.beforeApply(infos, s)
  const applied: Info[] = []
  for (const info of infos) {
    if (info.mapping?.namespaced) namespaces.add(info.namespace)
    try {
      const operation = await applyOne(ctx, info, s, (i) => {
        uids.add(uidOf(i.object))
      })
      applied.push(info)
      if (!whole && info.object) await (await resultPrinter(ctx, operation, s.mode))(info.object)
    } catch (e) {
      errors.push(e)
    }
  }
  throwAll(errors)
  if (whole && infos.length) {
    const print = await resultPrinter(ctx, '', s.mode)
    // a List of Go's around objects that are maps
    if (infos.length > 1)
      await print(
        {
          kind: 'List',
          apiVersion: 'v1',
          metadata: {},
          items: infos.map((i) => readJson(toJson(i.object ?? {})) as JsonObject),
        },
        { ordered: true },
      )
    else if (infos[0]?.object) await print(infos[0].object)
  }
  if (set) await set.prune(s, uids)
  else if (flags.bool('prune')) await prune(ctx, s, kinds, uids, namespaces)
}
