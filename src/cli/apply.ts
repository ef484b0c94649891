// kubectl apply at work: create what is not there, patch what is, prune what left. Behaves as kubectl/pkg/cmd/apply.
import { readJson } from '../apimachinery/bigint.ts'
import { toJson } from '../apimachinery/gojson.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import { has } from '../apimachinery/versions.ts'
import type { ApplySet } from './applyset.ts'
import { applySettings } from './applysettings.ts'
import type { ApplySettings } from './applysettings.ts'
import type { CommandContext } from './command.ts'
import { deleteOptions } from './commands/delete.ts'
import { CliError, throwAll, withSource } from './exit.ts'
import { encode, LAST_APPLIED, modifiedConfiguration, originalConfiguration } from './lastapplied.ts'
import { fetchInfo, infoText, metaOf, nameOf, refresh } from './info.ts'
import { fileRequest, writeQuery } from './requestflags.ts'
import { resources } from './resources.ts'
import type { Info } from './info.ts'
import { recorded } from './record.ts'
import { resultPrinter } from './result.ts'
import { applyPatch, PatchClash } from './threeway.ts'
import { uidOf } from './waiting.ts'

/** A copy without null fields, as apply creates it. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutNulls)
  if (!isObject(value)) return value
  const out: Record<string, Json> = {}
  for (const [k, v] of Object.entries(value)) if (v !== null && v !== undefined) out[k] = withoutNulls(v)
  return out
}

/** Warns of an object that is on its way out. */
function warnIfDeleting(ctx: CommandContext, info: Info): void {
  if (metaOf(info.object).deletionTimestamp)
    ctx.io.stderr.write(
      `Warning: Detected changes to resource ${nameOf(info.object)} which is currently being deleted.\n`,
    )
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
        const whole = encode(modified)
        try {
          await replaceByForce(ctx, info, original, modified, s)
        } catch (e2) {
          throw withSource(`applying patch:\n${whole}\nto:\n${infoText(info)}\nfor:`, info.source, e2)
        }
        return { text: whole }
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

/** What the patch would make of the object, which is not sent. */
async function patchHere(
  { factory }: CommandContext,
  info: Info,
  modified: JsonObject,
  s: ApplySettings,
): Promise<{ text: string }> {
  const { mapping, object: current = {} } = info
  if (!mapping) return { text: '{}' }
  const { schemas } = factory
  const { type, patch } = await applyPatch(
    schemas,
    mapping,
    originalConfiguration(current),
    modified,
    current,
    s.overwrite,
  )
  if (type === 'strategic') {
    const { applyStrategicMerge } = await import('../apimachinery/strategicmerge.ts')
    const name = schemas.nameOf(mapping.group, mapping.version, mapping.kind)
    info.object = applyStrategicMerge(current, patch, name, schemas)
  } else {
    const { applyMergePatch } = await import('../apimachinery/patch.ts')
    info.object = applyMergePatch(current, patch) as JsonObject
  }
  return { text: toJson(patch) }
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
    const { applyServerSide } = await import('./serversideapply.ts')
    await applyServerSide(ctx, info, s)
    warnIfDeleting(ctx, info)
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
  const here = s.mode === 'client'
  if (!here || has(factory.versions, 'applyPatchesLocally')) {
    if (originalConfiguration(info.object) === undefined) {
      ctx.io.stderr.write(
        `Warning: resource ${mapping.resource}/${info.name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
      )
    }
    const { text } = here ? await patchHere(ctx, info, modified, s) : await sendPatch(ctx, info, modified, s)
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
  const pruning = flags.bool('prune') ? await import('./prune.ts') : undefined
  const kinds = (await pruning?.pruneKinds(factory, flags.list('prune-allowlist'))) ?? []
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
  else await pruning?.prune(ctx, s, kinds, uids, namespaces)
}
