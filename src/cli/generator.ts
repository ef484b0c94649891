// What generators share (kubectl/pkg/cmd/create/create.go and its siblings): one NAME, an object built here, annotated,
// created or only printed, in the form of its Go struct.
import { readJson } from '../apimachinery/bigint.ts'
import { encodeTyped } from '../apimachinery/encode.ts'
import { copy, isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import type { CommandContext, FlagSpec } from './command.ts'
import { CliError, UsageError } from './exit.ts'
import { originalConfiguration, LAST_APPLIED } from './lastapplied.ts'
import { validation } from './manifests.ts'
import { printFlags } from './printflags.ts'
import { dryRun, dryRunFlag, dryRunWord, fieldManagerFlag, validateFlag, writeQuery } from './requestflags.ts'
import type { DryRun } from './requestflags.ts'
import { printNamed } from './named.ts'

export const saveConfigFlag: FlagSpec = {
  name: 'save-config',
  type: 'bool',
  usage: "Keep the configuration in the object's last-applied annotation, for later kubectl apply.",
}

/** The flags every generator has. */
export const generatorFlags = (...own: FlagSpec[]): readonly FlagSpec[] => [
  ...own,
  ...printFlags,
  saveConfigFlag,
  validateFlag,
  fieldManagerFlag('kubectl-create'),
  dryRunFlag,
]

/** The one argument before `--`. */
export function oneName(ctx: CommandContext): string {
  const count = ctx.dash < 0 ? ctx.args.length : ctx.dash
  if (count !== 1) throw new UsageError(`exactly one NAME is required, got ${count}`)
  return ctx.args[0] ?? ''
}

export function requireName(name: string): void {
  if (!name) throw new CliError('name must be specified')
}

export interface Generator {
  /** 'v1/configmaps'. */
  readonly resource: string
  readonly namespaced: boolean
  /** What stands before the server's refusal; absent where it is told as it is. */
  readonly failed?: string
  /** false: --save-config is taken, and does nothing (services). */
  readonly annotates?: boolean
  /** Checks the flags and makes the object. `namespace` is empty unless -n was given. */
  readonly build: (ctx: CommandContext, name: string, namespace: string) => Promise<JsonObject> | JsonObject
}

/** metadata with what every generated object has. */
export const metadata = (
  name: string,
  namespace = '',
  more: { readonly [key: string]: Json | undefined } = {},
): JsonObject => ({ name, ...(namespace ? { namespace } : {}), ...more })

/** A typed printer: `kind/name created (dry run)`, or the object in struct order. */
export async function typedPrinter(
  ctx: CommandContext,
  operation: string,
  mode: DryRun,
): Promise<(object: JsonObject) => void> {
  const words = dryRunWord(operation, mode)
  if (ctx.flags.string('template') === '' && ctx.flags.string('output') === '')
    return (o) => printNamed(ctx.io, o, words)
  const { printerFor } = await import('./printflags.ts')
  const print = await printerFor(ctx, words)
  return (o) => print(o, { typed: true })
}

/**
 * The object with itself in the last-applied annotation, when that is asked for or was there
 * (util.CreateOrUpdateAnnotation on a typed object).
 */
export function annotated(ctx: CommandContext, object: JsonObject, create: boolean): JsonObject {
  if (!create && originalConfiguration(object) === undefined) return object
  const draft = copy(object)
  const meta = (isObject(draft.metadata) ? draft.metadata : (draft.metadata = {})) as Record<string, unknown>
  const annotations = { ...(isObject(meta.annotations) ? meta.annotations : {}) }
  delete annotations[LAST_APPLIED]
  if (Object.keys(annotations).length) meta.annotations = annotations
  else delete meta.annotations
  const text = `${encodeTyped(draft, ctx.factory.schemas)}\n`
  meta.annotations = { ...annotations, [LAST_APPLIED]: text }
  return draft
}

/** The server's refusal as a plain error with words before it. */
export async function failing<T>(words: string | undefined, f: () => Promise<T>): Promise<T> {
  try {
    return await f()
  } catch (e) {
    if (words === undefined || !(e instanceof Error)) throw e
    throw new CliError(`${words} ${e.message}`)
  }
}

/** Runs a generator. */
export async function generate(ctx: CommandContext, g: Generator): Promise<void> {
  const { flags, factory } = ctx
  const name = oneName(ctx)
  const mode = dryRun(ctx)
  const print = await typedPrinter(ctx, 'created', mode)
  const validate = validation(flags.string('validate'))
  const { namespace, explicit } = factory.namespace()
  let object = await g.build(ctx, name, g.namespaced && explicit ? namespace : '')
  if (g.annotates !== false) object = annotated(ctx, object, flags.bool('save-config'))
  if (mode !== 'client') {
    const client = await factory.client()
    object = await failing(
      g.failed,
      async () =>
        (await client.create(g.resource, g.namespaced ? namespace : '', sent(ctx, object), {
          query: writeQuery(mode, flags.string('field-manager'), validate),
        })) as JsonObject,
    )
  }
  print(object)
}

/** What goes over the wire is the struct's own encoding. */
export function sent(ctx: CommandContext, object: JsonObject): JsonObject {
  return readJson(encodeTyped(object, ctx.factory.schemas)) as JsonObject
}
