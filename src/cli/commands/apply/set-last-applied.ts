// kubectl apply set-last-applied: the annotation alone, from a file. Behaves as
// kubectl/pkg/cmd/apply/apply_set_last_applied.go.
import { isObject } from '../../../apimachinery/object.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import { StatusError } from '../../../apimachinery/status.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError, withSource } from '../../exit.ts'
import { encode, LAST_APPLIED, originalConfiguration } from '../../lastapplied.ts'
import { printFlags } from '../../printflags.ts'
import { fetchInfo, infoText, metaOf } from '../../info.ts'
import { dryRun, dryRunFlag, writeQuery } from '../../requestflags.ts'
import { resources } from '../../resources.ts'
import type { Info } from '../../info.ts'
import { resultPrinter } from '../../result.ts'

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const mode = dryRun(ctx)
  const print = await resultPrinter(ctx, 'configured', mode)
  const found = await resources(factory, {
    filenames: flags.list('filename'),
    enforceNamespace: factory.namespace().explicit,
    flatten: true,
  })
  const todo: { info: Info; patch: JsonObject }[] = []
  await found.visit(async (info) => {
    const object = info.object ?? {}
    const text = encode(object)
    const annotations = metaOf(object).annotations
    const had = isObject(annotations) ? annotations : {}
    const patch: JsonObject = had[LAST_APPLIED] === text ? {} : { metadata: { annotations: { [LAST_APPLIED]: text } } }
    try {
      await fetchInfo(factory, info)
    } catch (e) {
      if (e instanceof StatusError && e.reason === 'NotFound') throw e
      throw withSource(`retrieving current configuration of:\n${infoText(info)}\nfrom server for:`, info.source, e)
    }
    const original = originalConfiguration(info.object)
    if (original === undefined && !flags.bool('create-annotation'))
      throw new CliError(
        `no last-applied-configuration annotation found on resource: ${info.name}, to create the annotation, run the command with --create-annotation`,
      )
    if (original === text) io.stdout.write(`set-last-applied ${info.name}: no changes required.\n`)
    else todo.push({ info, patch })
  })
  for (const { info, patch } of todo) {
    let final = info.object ?? {}
    if (mode !== 'client' && info.mapping) {
      const client = await factory.client()
      final = (await client.patch(info.mapping.path, info.namespace, info.name, 'merge', patch, {
        query: writeQuery(mode),
      })) as JsonObject
    }
    await print(final)
  }
}

export const setLastApplied: Command = {
  name: 'set-last-applied',
  usage: '-f FILENAME [options]',
  short: 'Set the last-applied-configuration annotation on a live object to match a file',
  long: 'Set the last-applied-configuration annotation to what a file says, as if the file had been applied, and change nothing else.',
  examples:
    '  # Set the annotation to the contents of a file\n  kubectl apply set-last-applied -f deploy.yaml\n  \n  # For every file of a folder\n  kubectl apply set-last-applied -f path/\n  \n  # Also where there is none yet\n  kubectl apply set-last-applied -f deploy.yaml --create-annotation=true',
  flags: [
    { name: 'create-annotation', type: 'bool', usage: 'Make the annotation where there is none.' },
    dryRunFlag,
    { name: 'filename', short: 'f', type: 'stringSlice', usage: 'Files or folders with the configuration.' },
    ...printFlags,
  ],
  run,
}
