// Setting labels and annotations: what label and annotate share (kubectl/pkg/cmd/label, kubectl/pkg/cmd/annotate).
import { recorded, recordFlag, recordedPatch } from './record.ts'
import { toJson } from '../apimachinery/gojson.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import { copy, isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { has } from '../apimachinery/versions.ts'
import type { CommandContext, FlagSpec } from './command.ts'
import { CliError, throwAll } from './exit.ts'
import { metaOf } from './info.ts'
import {
  dryRun,
  dryRunFlag,
  fieldManagerFlag,
  fileRequest,
  filenameFlags,
  selectorFlag,
  writeQuery,
} from './requestflags.ts'
import { resources } from './resources.ts'
import { printFlags } from './printflags.ts'
import { resultPrinter } from './result.ts'
import type { PrintObject } from './result.ts'

/** The words before the first KEY=VALUE or KEY- name objects. */
export function resourcesAndPairs(args: readonly string[], word: string): { resources: string[]; pairs: string[] } {
  const out = { resources: [] as string[], pairs: [] as string[] }
  for (const s of args) {
    const pair = (s.includes('=') && s[0] !== '=') || (s.endsWith('-') && s !== '-')
    if (pair) out.pairs.push(s)
    else if (out.pairs.length) throw new CliError(`all resources must be specified before ${word} changes: ${s}`)
    else out.resources.push(s)
  }
  return out
}

/** KEY=VALUE and KEY-; the value may hold more equal signs. */
export function parsePairs(
  pairs: readonly string[],
  word: string,
  removable = true,
): { set: Map<string, string>; remove: string[] } {
  const set = new Map<string, string>()
  const remove: string[] = []
  const bad: string[] = []
  for (const p of pairs) {
    const eq = p.indexOf('=')
    if (eq > 0) set.set(p.slice(0, eq), p.slice(eq + 1))
    else if (removable && p.endsWith('-') && p !== '-') remove.push(p.slice(0, -1))
    else bad.push(p)
  }
  if (bad.length) throw new CliError(`invalid ${word} format: ${bad.join(', ')}`)
  return { set, remove }
}

export { printFlags }

export const metadataFlags = (word: string): readonly FlagSpec[] => [
  { name: 'all', type: 'bool', usage: 'All objects of the given types in the namespace.' },
  { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'The objects of all namespaces.' },
  dryRunFlag,
  fieldManagerFlag(word === 'label' ? 'kubectl-label' : 'kubectl-annotate'),
  { name: 'field-selector', type: 'string', usage: 'Only objects whose fields match.' },
  ...filenameFlags(`with the objects to change`).map((f) =>
    f.name === 'recursive' && word === 'annotation' ? { ...f, defaultWith: ['annotateRecursive', true] as const } : f,
  ),
  { name: 'list', type: 'bool', usage: `Show the ${word}s of the objects.` },
  { name: 'local', type: 'bool', usage: 'Work on the files alone, without the server.' },
  { name: 'overwrite', type: 'bool', usage: `Let the ${word} be changed when it is there already.` },
  recordFlag,
  { name: 'resource-version', type: 'string', usage: 'Change the object only at this version; for one object.' },
  selectorFlag,
  ...printFlags,
]

export interface MetadataChange {
  readonly field: 'labels' | 'annotations'
  readonly word: 'label' | 'annotation'
  readonly manager: string
  readonly resources: readonly string[]
  readonly set: ReadonlyMap<string, string>
  readonly remove: readonly string[]
  readonly check?: () => void
  /** annotate has one printer for all; label makes one for each object, so that YAML documents are not set apart. */
  readonly printer?: PrintObject
}

const CHANGE_CAUSE = 'kubernetes.io/change-cause'

function checkOverwrite(change: MetadataChange, current: JsonObject): void {
  const taken = [...change.set].filter(
    ([k, v]) =>
      Object.hasOwn(current, k) && current[k] !== v && !(change.field === 'annotations' && k === CHANGE_CAUSE),
  )
  if (!taken.length) return
  if (change.field === 'labels')
    throwAll(
      taken.map(([k]) => new CliError(`'${k}' already has a value (${String(current[k])}), and --overwrite is false`)),
    )
  throw new CliError(
    `--overwrite is false but found the following declared annotation(s): ${taken.map(([k]) => `'${k}' already has a value (${String(current[k])})`).join('; ')}`,
  )
}

/** Runs label or annotate. */
export async function updateMetadata(ctx: CommandContext, change: MetadataChange): Promise<void> {
  const { flags, factory, io } = ctx
  const { field, word } = change
  const local = flags.bool('local')
  const listing = flags.bool('list')
  const mode = dryRun(ctx)
  const recursive = flags.changed('recursive')
    ? flags.bool('recursive')
    : word === 'annotation' && has(factory.versions, 'annotateRecursive')
  const files = { ...fileRequestSafe(ctx, local), recursive }
  if (listing && flags.string('output')) throw new CliError('--list and --output may not be specified together')
  if (flags.bool('all') && flags.string('selector'))
    throw new CliError('cannot set --all and --selector at the same time')
  if (flags.bool('all') && flags.string('field-selector'))
    throw new CliError('cannot set --all and --field-selector at the same time')
  const noFiles = !flags.list('filename').length && !flags.string('kustomize')
  const example = word === 'label' ? 'pod' : 'rsrc'
  if (local) {
    if (mode === 'server')
      throw new CliError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?')
    if (change.resources.length)
      throw new CliError(
        `can only use local files by -f ${example}.yaml or --filename=${example}.json when --local=true is set`,
      )
    if (noFiles)
      throw new CliError(`one or more files must be specified as -f ${example}.yaml or --filename=${example}.json`)
  } else if (!change.resources.length && noFiles)
    throw new CliError('one or more resources must be specified as <resource> <name> or <resource>/<name>')
  if (!change.set.size && !change.remove.length && !listing)
    throw new CliError(`at least one ${word} update is required`)
  change.check?.()
  const found = await resources(factory, {
    ...files,
    local,
    continueOnError: true,
    flatten: true,
    ...(local
      ? {}
      : {
          args: change.resources,
          latest: true,
          all: false,
          allowEmptySelector: flags.bool('all'),
          allNamespaces: flags.bool('all-namespaces'),
          ...(flags.string('selector') ? { selector: flags.string('selector') } : {}),
          ...(flags.string('field-selector') ? { fieldSelector: flags.string('field-selector') } : {}),
        }),
  })
  const wantedVersion = flags.string('resource-version')
  if (!found.singleItemImplied && wantedVersion)
    throw new CliError('--resource-version may only be used with a single resource')
  await found.visit(async (info) => {
    if (!info.object) return
    const before = copy(info.object)
    const meta = metaOf(before) as Record<string, Json>
    if (wantedVersion) delete meta.resourceVersion
    const oldText = toJson(before)
    const current = isObject(meta[field]) ? meta[field] : {}
    const offline = mode === 'client' || local || listing
    if (field === 'labels' && !offline)
      for (const r of change.remove) if (!Object.hasOwn(current, r)) io.stdout.write(`label ${goQuote(r)} not found.\n`)
    if (!flags.bool('overwrite')) checkOverwrite(change, current)
    const next: Record<string, Json> = { ...current } as Record<string, Json>
    for (const [k, v] of change.set) next[k] = v
    for (const r of change.remove) delete next[r]
    const draft = copy(before)
    const draftMeta = (isObject(draft.metadata) ? draft.metadata : (draft.metadata = {})) as Record<string, Json>
    draftMeta[field] = next
    if (wantedVersion) draftMeta.resourceVersion = wantedVersion
    const after = draft as JsonObject
    const newText = toJson(offline ? after : recorded(ctx, after))
    let printed = after
    if (!offline && info.mapping) {
      const diff: Record<string, Json> = {}
      for (const k of Object.keys(current)) if (!Object.hasOwn(next, k)) diff[k] = null
      for (const [k, v] of Object.entries(next)) if (current[k] !== v) diff[k] = v
      const patch: Record<string, Json> = {
        ...(Object.keys(diff).length || !isObject(meta[field]) ? { [field]: diff } : {}),
        ...(wantedVersion ? { resourceVersion: wantedVersion } : {}),
      }
      const client = await factory.client()
      const answer = await client.patch(
        info.mapping.path,
        info.namespace,
        info.name,
        'merge',
        Object.keys(patch).length ? recordedPatch(ctx, { metadata: patch }) : recordedPatch(ctx, {}),
        { query: writeQuery(mode, flags.string('field-manager')) },
      )
      if (field === 'annotations') printed = answer
    }
    if (listing) {
      const indent = found.singleItemImplied ? '' : ' '
      if (indent) {
        const version = String(info.object.apiVersion ?? '')
        io.stdout.write(
          `Listing ${field} for ${String(info.object.kind)}.${version.includes('/') ? version.slice(0, version.indexOf('/')) : ''}/${info.name}:\n`,
        )
      }
      for (const k of Object.keys(next).sort()) io.stdout.write(`${indent}${k}=${String(next[k])}\n`)
      return
    }
    const labeled = (): string =>
      has(factory.versions, 'labelModified')
        ? labelWord(current, next)
        : oldText === newText
          ? 'not labeled'
          : !flags.bool('overwrite') && newText.length < oldText.length
            ? 'unlabeled'
            : 'labeled'
    const print = change.printer ?? (await resultPrinter(ctx, labeled(), mode))
    await print(printed)
  })
}

/** What became of the labels: updateDataChangeMsg of kubectl 1.37. */
function labelWord(before: JsonObject, after: JsonObject): string {
  const added = Object.keys(after).some((k) => before[k] !== after[k])
  const removed = Object.keys(before).some((k) => !Object.hasOwn(after, k))
  return added && removed ? 'modified' : added ? 'labeled' : removed ? 'unlabeled' : 'not labeled'
}

function fileRequestSafe(ctx: CommandContext, local: boolean): ReturnType<typeof fileRequest> {
  return local
    ? {
        filenames: ctx.flags.list('filename'),
        kustomize: ctx.flags.string('kustomize'),
        recursive: ctx.flags.bool('recursive'),
        enforceNamespace: false,
      }
    : fileRequest(ctx)
}
