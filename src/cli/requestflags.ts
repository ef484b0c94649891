// The flags that many verbs share, and what they mean: -f, -l, --dry-run, --validate, --field-manager.
import { has } from '../apimachinery/versions.ts'
import { minor } from '../apimachinery/versions.ts'
import type { CommandContext, FlagSpec } from './command.ts'
import { CliError } from './exit.ts'
import { parseGoBool } from './flags.ts'
import { klog } from './klog.ts'
import type { Validation } from './manifests.ts'
import type { ResourceRequest } from './resources.ts'

/** --subresource: older clients know by themselves which ones there are. */
export function subresourceFlag(ctx: CommandContext): string {
  return knownSubresource(ctx, ctx.flags.string('subresource'), ['status', 'scale'])
}

/** The word as it is; throws where an older client does not know it. */
export function knownSubresource(ctx: CommandContext, word: string, known: readonly string[]): string {
  if (word && !known.includes(word) && !has(ctx.factory.versions, 'anySubresource'))
    throw new CliError(`invalid subresource value: "${word}". Must be one of [${known.join(' ')}]`)
  return word
}

/** -f, -k, -R with our words for what they do. */
export const filenameFlags = (what: string): FlagSpec[] => [
  { name: 'filename', short: 'f', type: 'stringSlice', usage: `Files, folders or - (standard input) ${what}.` },
  {
    name: 'kustomize',
    short: 'k',
    type: 'string',
    usage: 'A folder with a kustomization; not together with -f or -R.',
  },
  { name: 'recursive', short: 'R', type: 'bool', usage: 'Look into the folders below the one named by -f.' },
]
/** The flags of commands over genericclioptions' ResourceBuilderFlags: no -k, and folders are read with those below. */
export const builderFlags = (flags: readonly FlagSpec[]): FlagSpec[] =>
  flags.filter((f) => f.name !== 'kustomize').map((f) => (f.name === 'recursive' ? { ...f, default: true } : f))
export const selectorFlag: FlagSpec = {
  name: 'selector',
  short: 'l',
  type: 'string',
  usage: 'Only objects whose labels match this selector (key1=value1,key2!=value2,key3 in (a,b)).',
}
export const dryRunFlag: FlagSpec = {
  name: 'dry-run',
  type: 'string',
  default: 'none',
  noOptDefault: 'unchanged',
  usage: 'none, client (only print what would be sent) or server (everything except storing).',
}
/** The keys that end an attach. */
export const detachKeysFlag: FlagSpec = {
  name: 'detach-keys',
  since: 'detachKeys',
  type: 'string',
  default: 'ctrl-p,ctrl-q',
  usage: "Accepted for kubectl's sake.",
}
export const validateFlag: FlagSpec = {
  name: 'validate',
  type: 'string',
  default: 'strict',
  noOptDefault: 'strict',
  usage: 'How unknown and duplicate fields are treated: strict (or true), warn, or ignore (or false).',
}
export const fieldManagerFlag = (name: string): FlagSpec => ({
  name: 'field-manager',
  type: 'string',
  default: name,
  usage: 'The name under which the fields are managed.',
})

/** The parts of a request that the usual flags give; without -k where the command has none. */
export function fileRequest(
  ctx: CommandContext,
  kustomize = true,
): Pick<ResourceRequest, 'filenames' | 'kustomize' | 'recursive' | 'enforceNamespace'> {
  return {
    filenames: ctx.flags.list('filename'),
    kustomize: kustomize ? ctx.flags.string('kustomize') : '',
    recursive: ctx.flags.bool('recursive'),
    enforceNamespace: ctx.factory.namespace().explicit,
  }
}

export type DryRun = 'none' | 'client' | 'server'
/** The line of kubectl's helpers.go that speaks of a bare --dry-run, by its minor version. */
const DRY_RUN_PLACES: readonly (readonly [since: number, line: number])[] = [
  [37, 714],
  [35, 719],
  [34, 731],
  [33, 703],
  [32, 702],
  [30, 703],
  [29, 704],
  [0, 692],
]
const dryRunPlace = (ctx: CommandContext): number =>
  DRY_RUN_PLACES.find(([since]) => minor(ctx.factory.versions.client) >= since)?.[1] ?? 0
/** --dry-run's value; a bare one still means client, with a word about it. */
export function dryRun(ctx: CommandContext): DryRun {
  const v = ctx.flags.string('dry-run')
  if (v === 'none' || v === 'client' || v === 'server') return v
  if (v === 'unchanged') {
    klog(
      ctx.io,
      'W',
      `helpers.go:${dryRunPlace(ctx)}`,
      '--dry-run is deprecated and can be replaced with --dry-run=client.',
    )
    return 'client'
  }
  const flag = parseGoBool(v)
  if (flag === true) {
    klog(
      ctx.io,
      'W',
      'helpers.go:717',
      `--dry-run=${v} is deprecated (boolean value) and can be replaced with --dry-run=client.`,
    )
    return 'client'
  }
  if (flag === false) {
    klog(
      ctx.io,
      'W',
      'helpers.go:720',
      `--dry-run=${v} is deprecated (boolean value) and can be replaced with --dry-run=none.`,
    )
    return 'none'
  }
  throw new CliError(`Invalid dry-run value (${v}). Must be "none", "server", or "client".`)
}
/** `(dry run)` behind a verb. */
export const dryRunWord = (verb: string, mode: DryRun): string =>
  mode === 'client' ? `${verb} (dry run)` : mode === 'server' ? `${verb} (server dry run)` : verb
/** The query of a write: dryRun=All, fieldManager, fieldValidation. */
export function writeQuery(mode: DryRun, manager?: string, validate?: Validation): Record<string, string | undefined> {
  return {
    dryRun: mode === 'server' ? 'All' : undefined,
    fieldManager: manager || undefined,
    fieldValidation: validate,
  }
}
