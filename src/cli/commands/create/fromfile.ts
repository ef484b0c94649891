// kubectl create -f: the objects of files, one after the other; --raw and --edit. Behaves as
// kubectl/pkg/cmd/create/create.go.
import type { CommandContext } from '../../command.ts'
import { CliError, SilentExit, UsageError, withSource } from '../../exit.ts'
import { createOrUpdateAnnotation } from '../../lastapplied.ts'
import { validation } from '../../manifests.ts'
import { nameOf, namespaceOf, versionOf } from '../../info.ts'
import { dryRun, fileRequest, writeQuery } from '../../requestflags.ts'
import { resources } from '../../resources.ts'
import { recorded } from '../../record.ts'
import { resultPrinter } from '../../result.ts'
import { copy, isObject } from '../../../apimachinery/object.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import { has } from '../../../apimachinery/versions.ts'

/** Refuses a command line without -f and -k. */
export function requireFiles(ctx: CommandContext): void {
  if (!hasFiles(ctx)) throw new CliError('must specify one of -f and -k')
}
const hasFiles = (ctx: CommandContext): boolean =>
  ctx.flags.list('filename').length > 0 || ctx.flags.string('kustomize') !== ''

/** `create` clears the version of what it creates. */
export function withoutVersion(object: JsonObject): JsonObject {
  if (!versionOf(object)) return object
  const draft = copy(object)
  if (isObject(draft.metadata)) delete draft.metadata.resourceVersion
  return draft
}

export async function createFromFile(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  if (has(factory.versions, 'createNeedsFileFirst') && !hasFiles(ctx)) {
    factory.io.stderr.write('Error: must specify one of -f and -k\n\n')
    if (ctx.args.length) throw new UsageError(`unknown command "${ctx.args.join(' ')}"`)
    await ctx.help('stderr')
    throw new SilentExit(1)
  }
  if (ctx.args.length) throw new UsageError(`Unexpected args: [${ctx.args.join(' ')}]`)
  const mode = dryRun(ctx)
  const validate = validation(flags.string('validate'))
  const print = await resultPrinter(ctx, 'created', mode)
  requireFiles(ctx)
  const raw = flags.string('raw')
  if (raw) {
    const files = flags.list('filename')
    if (flags.bool('edit')) throw new CliError('--raw and --edit are mutually exclusive')
    if (files.length !== 1) throw new CliError('--raw can only use a single local file or stdin')
    if (/^https?:\/\//.test(files[0] ?? '')) throw new CliError('--raw cannot read from a url')
    if (flags.bool('recursive')) throw new CliError('--raw and --recursive are mutually exclusive')
    if (flags.string('selector')) throw new CliError('--raw and --selector (-l) are mutually exclusive')
    if (flags.string('output')) throw new CliError('--raw and --output are mutually exclusive')
    const { rawRequest } = await import('../../raw.ts')
    await rawRequest(ctx, 'POST', raw, files[0])
    return
  }
  if (flags.bool('edit')) {
    const { editBeforeCreate } = await import('../../editor.ts')
    await editBeforeCreate(ctx)
    return
  }
  const found = await resources(factory, {
    ...fileRequest(ctx),
    ...(flags.string('selector') ? { selector: flags.string('selector') } : {}),
    validate,
    continueOnError: true,
    flatten: true,
  })
  let count = 0
  await found.visit(async (info) => {
    if (!info.object || !info.mapping) return
    let object = recorded(ctx, createOrUpdateAnnotation(flags.bool('save-config'), info.object))
    if (mode !== 'client') {
      const client = await factory.client()
      try {
        object = (await client.create(
          info.mapping.path,
          info.mapping.namespaced ? info.namespace : '',
          withoutVersion(object),
          { query: writeQuery(mode, flags.string('field-manager'), validate) },
        )) as JsonObject
      } catch (e) {
        throw withSource('creating', info.source, e)
      }
    }
    count++
    info.name = nameOf(object)
    info.namespace = namespaceOf(object)
    await print(object)
  })
  if (!count) throw new CliError('no objects passed to create')
}
