// kubectl diff: the live objects against what apply would make of them. Behaves as kubectl/pkg/cmd/diff, with a diff -u
// -N of our own.
import { readJson } from '../../apimachinery/bigint.ts'
import { copy, isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { toYaml } from '../../apimachinery/yaml.ts'
import type { Command, CommandContext } from '../command.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { CliError, UsageError } from '../exit.ts'
import { klog } from '../klog.ts'
import { configurationOf, originalConfiguration } from '../lastapplied.ts'
import { fetchInfo, metaOf, nameOf, namespaceOf } from '../info.ts'
import { fileRequest, filenameFlags, selectorFlag, writeQuery } from '../requestflags.ts'
import { resources } from '../resources.ts'
import type { Info } from '../info.ts'
import { applyPatch } from '../threeway.ts'
import { pruneFlags, serverSideFlags } from './apply.ts'
import { requireFiles, withoutVersion } from './create/fromfile.ts'

function withoutManaged(o: JsonObject | undefined): JsonObject | undefined {
  if (!o) return undefined
  const draft = copy(o)
  if (isObject(draft.metadata)) delete draft.metadata.managedFields
  return draft
}

/** Secrets' values never show: equal ones are ***, different ones say which side they are on. */
function mask(from: JsonObject | undefined, to: JsonObject): [JsonObject | undefined, JsonObject] {
  const a = isObject(from?.data) ? from.data : {}
  const b = isObject(to.data) ? to.data : {}
  const left: Record<string, string> = {}
  const right: Record<string, string> = {}
  for (const k of Object.keys(a)) left[k] = b[k] !== undefined && a[k] !== b[k] ? '*** (before)' : '***'
  for (const k of Object.keys(b)) right[k] = a[k] !== undefined && a[k] !== b[k] ? '*** (after)' : '***'
  return [from && isObject(from.data) ? { ...from, data: left } : from, isObject(to.data) ? { ...to, data: right } : to]
}

const UNIFIED = /^(?:-u(\d*)|--unified|-U(\d+)|--unified=(\d+))$/
/** The options that the diff of our own knows: with others the machine's is asked. */
const OURS = new RegExp(`${UNIFIED.source}|^(?:-N|--new-file|-r|--recursive)$`)

/** The object as it would be, by a dry run on the server. */
async function mergedObject(
  ctx: CommandContext,
  info: Info,
  local: JsonObject,
  serverSide: boolean,
  manager: string,
): Promise<JsonObject> {
  const client = await ctx.factory.client()
  const { mapping } = info
  if (!mapping) return local
  const live = info.object
  if (serverSide)
    return (await client.patch(mapping.path, info.namespace, nameOf(local), 'apply', local, {
      query: { ...writeQuery('server', manager), force: String(ctx.flags.bool('force-conflicts')) },
    })) as JsonObject
  // the annotation is no part of the comparison
  const modified = readJson(configurationOf(local)) as JsonObject
  if (!live)
    return (await client.create(mapping.path, info.namespace, withoutVersion(local), {
      query: writeQuery('server', manager),
    })) as JsonObject
  const { type, patch } = await applyPatch(ctx.factory.schemas, mapping, originalConfiguration(live), modified, live)
  if (!Object.keys(patch).length) return live
  return (await client.patch(mapping.path, info.namespace, info.name, type, patch, {
    query: writeQuery('server', manager),
  })) as JsonObject
}

const fileName = (group: string, version: string, kind: string, namespace: string, name: string): string =>
  `${group ? `${group}.` : ''}${version}.${kind}.${namespace}.${name}`

/** Another program than diff gets two folders with a file for each object (DiffProgram.Run). */
async function otherProgram(
  ctx: CommandContext,
  program: string,
  options: readonly string[],
  live: string,
  made: string,
  pairs: readonly { readonly name: string; readonly from: string; readonly to: string }[],
): Promise<number> {
  const { io } = ctx
  const missing = (): CliError => new CliError(`failed to run ${goQuote(program)}: executable file not found in $PATH`)
  if (program.includes('/') && !io.files.stat(program)) throw missing()
  for (const folder of [live, made]) io.files.mkdir(folder)
  for (const p of pairs) {
    if (p.from) io.files.write(`${live}/${p.name}`, p.from)
    if (p.to) io.files.write(`${made}/${p.name}`, p.to)
  }
  try {
    // the folders come before the options
    const words = [program, live, made, ...options]
    const code = await io.edit(words.slice(0, -1).join(' '), words.at(-1) ?? '').catch(() => {
      throw missing()
    })
    if (code > 1) throw new CliError(`exit status ${code}`, code)
    return code
  } finally {
    for (const p of pairs)
      for (const folder of [live, made])
        if (io.files.stat(`${folder}/${p.name}`)) io.files.remove(`${folder}/${p.name}`)
    for (const folder of [live, made]) io.files.remove(folder)
  }
}

async function run(ctx: CommandContext): Promise<number> {
  const { flags, factory, io } = ctx
  if (ctx.args.length) throw new UsageError(`Unexpected args: [${ctx.args.join(' ')}]`)
  requireFiles(ctx)
  const serverSide = flags.bool('server-side')
  const manager = flags.changed('field-manager') || !serverSide ? flags.string('field-manager') : 'kubectl'
  if (flags.bool('force-conflicts') && !serverSide)
    throw new CliError('--force-conflicts only works with --server-side')
  const found = await resources(factory, {
    ...fileRequest(ctx),
    ...(flags.string('selector') ? { selector: flags.string('selector') } : {}),
    flatten: true,
  })
  const pairs: { name: string; from: string; to: string }[] = []
  const seen = new Set<string>()
  const namespaces = new Set<string>()
  if (factory.namespace().explicit) namespaces.add(factory.namespace().namespace)
  await found.visit(async (info) => {
    const local = info.object
    if (!local || !info.mapping) return
    if (info.mapping.namespaced) namespaces.add(info.namespace)
    try {
      await fetchInfo(factory, info)
    } catch (e) {
      if (!(e instanceof StatusError && e.code === 404)) throw e
      info.object = undefined
    }
    const shown = flags.bool('show-managed-fields')
    const uid = metaOf(info.object).uid
    if (typeof uid === 'string') seen.add(uid)
    let merged: JsonObject
    try {
      merged = await mergedObject(ctx, info, local, serverSide, manager)
    } catch (e) {
      // it was tried four times, the last time without a lock
      if (e instanceof StatusError && e.reason === 'Conflict')
        klog(
          io,
          'W',
          'diff.go:723',
          `Object (${info.mapping.group}/${info.mapping.version}, Kind=${info.mapping.kind}: ${info.name}) keeps changing, diffing without lock`,
        )
      throw e
    }
    let from = shown ? info.object : withoutManaged(info.object)
    let to = (shown ? merged : withoutManaged(merged)) ?? {}
    const masked = to.kind === 'Secret' && to.apiVersion === 'v1' && !ctx.flags.bool('show-secrets')
    if (masked) [from, to] = mask(from, to)
    if (metaOf(info.object).deletionTimestamp)
      io.stderr.write(`Warning: Detected changes to resource ${info.name} which is currently being deleted.\n`)
    // a Secret that is not there yet is masked as well, and nothing masked is null
    const absent = masked ? 'null\n' : ''
    pairs.push({
      name: fileName(info.mapping.group, info.mapping.version, info.mapping.kind, info.namespace, info.name),
      from: from ? toYaml(from) : absent,
      to: toYaml(to),
    })
  })
  if (flags.bool('prune')) {
    const { prunedObjects } = await import('../prune.ts')
    for (const { mapping, object } of await prunedObjects(ctx, seen, namespaces)) {
      const plain = withoutManaged(object) ?? {}
      pairs.push({
        name: fileName(mapping.group, mapping.version, mapping.kind, namespaceOf(object), nameOf(object)),
        from: toYaml(plain),
        to: '',
      })
    }
  }
  const [program = 'diff', ...given] = io.env.KUBECTL_EXTERNAL_DIFF
    ? io.env.KUBECTL_EXTERNAL_DIFF.split(' ')
    : ['diff', '-u', '-N']
  const options = given.filter((o) => /^[a-zA-Z0-9-=]+$/.test(o))
  const context = options.map((o) => UNIFIED.exec(o)).find((m) => m)
  const newFile = options.includes('-N') || options.includes('--new-file')
  const dir = (): string => String(factory.host.entropy.int(4294967295))
  const live = `/tmp/LIVE-${dir()}`
  const made = `/tmp/MERGED-${dir()}`
  const d = new Date(io.clock.now())
  const ours = /(?:^|\/)diff$/.test(program) && options.every((o) => OURS.test(o))
  if (!ours) return await otherProgram(ctx, program, options, live, made, pairs)
  const { normalDiff, unifiedDiff } = await import('../unifieddiff.ts')
  const stamp = `${d.toISOString().slice(0, 10)} ${d.toISOString().slice(11, 23)}000000 +0000`
  let differs = false
  for (const p of pairs.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const lines = context ? Number(context[1] || (context[2] ?? context[3] ?? 3)) : 3
    const hunks = context ? unifiedDiff(p.from, p.to, lines) : normalDiff(p.from, p.to)
    if (!hunks) continue
    differs = true
    if (!newFile && !p.to) {
      io.stdout.write(`Only in ${live}: ${p.name}\n`)
      continue
    }
    const command = `diff ${options.map((o) => `${o} `).join('')}${live}/${p.name} ${made}/${p.name}\n`
    if (!context) {
      io.stdout.write(`${command}${hunks}`)
      continue
    }
    io.stdout.write(
      `${command}--- ${live}/${p.name}\t${stamp}\n+++ ${made}/${p.name}\t${p.to ? stamp : '1970-01-01 00:00:00.000000000 +0000'}\n${hunks}`,
    )
  }
  return differs ? 1 : 0
}

export const diff: Command = {
  name: 'diff',
  usage: '-f FILENAME [options]',
  short: 'Diff the live version against a would-be applied version',
  long: 'Compare the live objects with what apply would make of them.\n\n The output is a unified diff in YAML. The exit code is 0 without differences, 1 with some, and more than 1 when something failed.',
  examples:
    '  # Compare with pod.json\n  kubectl diff -f pod.json\n  \n  # Compare with what is piped in\n  cat service.yaml | kubectl diff -f -',
  failureShift: 1,
  flags: [
    { name: 'concurrency', since: 'diffConcurrency', type: 'int', default: 1, usage: "Accepted for kubectl's sake." },
    ...filenameFlags('with the configuration'),
    ...pruneFlags,
    selectorFlag,
    ...serverSideFlags,
    { name: 'show-managed-fields', type: 'bool', usage: 'Keep the managed fields.' },
    { name: 'show-secrets', since: 'diffShowSecrets', type: 'bool', usage: 'Show what Secrets hold.' },
  ],
  run,
}
