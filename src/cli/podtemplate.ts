// Where a kind keeps its pod template, and changing it: polymorphichelpers' UpdatePodSpecForObject and the patches that
// `set` sends (kubectl/pkg/cmd/set/helper.go).
import { schemaOf, typedForm } from '../apimachinery/encode.ts'
import { copy, isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { createTwoWay } from '../apimachinery/strategicmerge.ts'
import type { CommandContext, FlagSpec } from './command.ts'
import { CliError, throwAll } from './exit.ts'
import { sent, typedPrinter } from './generator.ts'
import { printFlags } from './printflags.ts'
import { recordIn } from './record.ts'
import { dryRunFlag, fieldManagerFlag, filenameFlags, fileRequest, selectorFlag, writeQuery } from './requestflags.ts'
import { LOCAL_RESOURCE, resources } from './resources.ts'
import { typedObject } from './scheme.ts'
import type { Info } from './info.ts'
import type { DryRun } from './requestflags.ts'
import { namedAs } from './named.ts'

export type Dict = Record<string, unknown>
export const dict = (parent: Dict, key: string): Dict => {
  const v = parent[key]
  if (isObject(v)) return v
  const made: Dict = {}
  parent[key] = made
  return made
}
export const dicts = (value: unknown): Dict[] =>
  Array.isArray(value) ? value.filter((v): v is Dict => isObject(v)) : []

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
}

/** The Go type's name, as %T prints it. */
export const goTypeName = (object: JsonObject): string =>
  `*${
    String(object.apiVersion ?? '')
      .split('/')
      .at(-1) ?? ''
  }.${String(object.kind ?? '')}`

/** The pod spec in an object; throws for kinds without one. */
export function podSpecOf(object: Dict): Dict {
  const kind = String(object.kind ?? '')
  const path = Object.hasOwn(TEMPLATES, kind) ? TEMPLATES[kind] : undefined
  if (!path)
    throw new CliError(`the object is not a pod or does not have a pod template: ${goTypeName(object as JsonObject)}`)
  return path.reduce((o, k) => dict(o, k), object)
}

export const setFlags = (what: string, ...own: FlagSpec[]): readonly FlagSpec[] => [
  ...own,
  ...printFlags,
  ...filenameFlags(`with the objects to ${what}`),
  dryRunFlag,
  fieldManagerFlag('kubectl-set'),
  { name: 'all', type: 'bool', usage: 'All objects of the given types in the namespace.' },
  { name: 'local', type: 'bool', usage: 'Work on the files alone, without the server.' },
]
export { selectorFlag }

/**
 * An object as its Go type reads it. Throws for kinds that kubectl has no type for (custom resources), in the decoder's
 * words.
 */
export function asTyped(ctx: CommandContext, object: JsonObject): JsonObject {
  return typedObject(ctx.factory.schemas, object)
}

/** The objects of a `set` command. With `args` and --local there is nothing they could name. */
export async function setInfos(ctx: CommandContext, args: readonly string[], refuseLocalArgs = true): Promise<Info[]> {
  const { flags, factory } = ctx
  const local = flags.bool('local')
  if (local && refuseLocalArgs && args.length) throw new CliError(LOCAL_RESOURCE)
  const selector = ((): string => {
    try {
      return flags.string('selector')
    } catch {
      return ''
    }
  })()
  const found = await resources(factory, {
    ...fileRequest(ctx),
    local,
    continueOnError: true,
    flatten: true,
    typed: true,
    ...(local ? {} : { args, latest: true, allowEmptySelector: flags.bool('all'), ...(selector ? { selector } : {}) }),
  })
  const infos = await found.infos()
  for (const info of infos) if (info.object) info.object = asTyped(ctx, info.object)
  return infos
}

export interface Change {
  /** Changes a private copy; false: leave this object alone. Throws what is wrong with it. */
  readonly mutate: (draft: Dict, info: Info) => boolean | void | Promise<boolean | void>
  readonly operation: string
  /** Before the server's refusal. */
  readonly failed: string
  readonly mode: DryRun
  /** Objects that do not change are printed and sent all the same. */
  readonly always?: boolean
  /** Errors met while changing, told with the others. */
  readonly errors?: unknown[]
  readonly print?: (object: JsonObject) => void
  /** The command has --record. */
  readonly records?: true
  /** Called after a patch went well, before it is printed. */
  readonly after?: () => void
}

/**
 * How errors name an object: by its resource, or, without a server, as the name printer does, its line end included
 * (Info.ObjectName).
 */
function objectName(info: Info): string {
  const { mapping } = info
  if (mapping) return `${mapping.resource}/${info.name}`
  const name = namedAs(info.object ?? {})
  return String(info.object?.apiVersion ?? '').includes('/') ? `${name}\n` : name
}

/** Changes each object, patches it on the server (or only prints it), and tells all errors at the end. */
export async function patchObjects(ctx: CommandContext, infos: readonly Info[], change: Change): Promise<void> {
  const { schemas } = ctx.factory
  const print = change.print ?? (await typedPrinter(ctx, change.operation, change.mode))
  const errors = change.errors ?? []
  const patches: { info: Info; after?: JsonObject; patch?: JsonObject; error?: unknown }[] = []
  for (const info of infos) {
    if (!info.object) continue
    const name = schemaOf(info.object, schemas)
    const before = typedForm(info.object, name, schemas)
    const draft = copy(info.object)
    try {
      if ((await change.mutate(draft, info)) === false) continue
      if (change.records) recordIn(ctx, draft)
      const after = typedForm(draft, name, schemas)
      patches.push({ info, after: draft, patch: createTwoWay(before, after, name, schemas) })
    } catch (error) {
      patches.push({ info, error })
    }
  }
  for (const { info, after, patch, error } of patches) {
    if (error !== undefined) {
      errors.push(
        new CliError(`error: ${objectName(info)} ${error instanceof Error ? error.message : String(error)}\n`),
      )
      continue
    }
    if (!after || !patch || (!change.always && Object.keys(patch).length === 0)) continue
    if (ctx.flags.bool('local') || change.mode === 'client') {
      print(after)
      continue
    }
    if (!info.mapping) continue
    const client = await ctx.factory.client()
    let actual: JsonObject
    try {
      actual = (await client.patch(info.mapping.path, info.namespace, info.name, 'strategic', patch as Json, {
        query: writeQuery(change.mode, ctx.flags.string('field-manager')),
      })) as JsonObject
    } catch (e) {
      errors.push(change.failed && e instanceof Error ? new CliError(`${change.failed} ${e.message}`) : e)
      continue
    }
    change.after?.()
    print(actual)
  }
  throwAll(errors)
}

/** `web`, `*`, `we*b`: the containers that a --containers word names (upstream's wildcard, with its habits). */
function namesContainer(name: string, spec: string): boolean {
  if (spec === '*') return true
  if (!spec.includes('*')) return name === spec
  let pos = 0
  const parts = spec.split('*')
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? ''
    if (part === '') continue
    const next = name.slice(pos).indexOf(part)
    if (next < pos || (i === 0 && pos !== 0) || (i === parts.length - 1 && name.length !== part.length + next))
      return false
    pos = next
  }
  return true
}

/** The containers, then the init containers, that a word names. */
export const selectContainers = (spec: Dict, word: string): Dict[] =>
  [...dicts(spec.containers), ...dicts(spec.initContainers)].filter((c) => namesContainer(String(c.name ?? ''), word))

export { sent }
