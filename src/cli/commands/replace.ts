// kubectl replace: PUT of whole objects, or with --force deletion and creation. Behaves as kubectl/pkg/cmd/replace.
import type { JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { pathOf } from '../../client/client.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, filterOut, withSource, pathName } from '../exit.ts'
import { createOrUpdateAnnotation } from '../lastapplied.ts'
import { validation } from '../manifests.ts'
import { printFlags } from '../printflags.ts'
import { versionOf } from '../info.ts'
import {
  dryRun,
  dryRunFlag,
  fieldManagerFlag,
  fileRequest,
  filenameFlags,
  validateFlag,
  writeQuery,
  subresourceFlag,
} from '../requestflags.ts'
import { has } from '../../apimachinery/versions.ts'
import { resources } from '../resources.ts'
import type { Info } from '../info.ts'
import { resultPrinter } from '../result.ts'
import { requireFiles, withoutVersion } from './create/fromfile.ts'
import { cascade, deleteOptions, deletionFlags } from './delete.ts'

async function force(
  ctx: CommandContext,
  manager: string,
  print: (o: JsonObject) => Promise<void> | void,
): Promise<void> {
  const { flags, factory, io } = ctx
  const validate = validation(flags.string('validate'))
  let grace = flags.int('grace-period')
  if (grace === 0) grace = 1
  const policy = cascade(flags.string('cascade'), io)
  const timeout = flags.number('timeout')
  const client = await factory.client()
  const found = await resources(factory, {
    args: ctx.args,
    ...fileRequest(ctx),
    continueOnError: true,
    flatten: true,
    requireObject: false,
    ...(flags.string('subresource') ? { subresource: flags.string('subresource') } : {}),
  })
  const infos: Info[] = []
  const uids = new Map<Info, string>()
  try {
    await found.visit(async (info) => {
      if (!info.mapping) return
      infos.push(info)
      try {
        await client.delete(info.mapping.path, info.namespace, info.name, deleteOptions(policy, grace))
        const kind = info.mapping.group
          ? `${info.mapping.kind.toLowerCase()}.${info.mapping.group}`
          : info.mapping.kind.toLowerCase()
        const from =
          info.namespace && has(factory.versions, 'deletedFromNamespace') ? ` from ${info.namespace} namespace` : ''
        if (flags.string('output') === 'name') io.stdout.write(`${kind}/${info.name}\n`)
        else io.stdout.write(`${kind} "${info.name}" deleted${from}\n`)
        uids.set(info, '')
      } catch (e) {
        throw withSource('deleting', info.source, e)
      }
    })
  } catch (e) {
    const left = filterOut(e, (x) => x instanceof StatusError && x.reason === 'NotFound')
    if (left !== undefined) throw left
  }
  const { untilDeleted } = await import('../waiting.ts')
  for (const info of infos)
    await untilDeleted(factory, { ...info }, timeout || 300_000).catch((e: unknown) => {
      throw e instanceof CliError ? new CliError('context deadline exceeded') : e
    })
  // the documents were read once: stdin cannot be read again
  let count = 0
  for (const info of infos) {
    if (!info.mapping || !info.object) continue
    const object = createOrUpdateAnnotation(flags.bool('save-config'), info.object)
    const made = (await client.create(info.mapping.path, info.namespace, withoutVersion(object), {
      query: writeQuery('none', manager, validate),
    })) as JsonObject
    count++
    await print(made)
  }
  if (!count) throw new CliError('no objects passed to replace')
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  const validate = validation(flags.string('validate'))
  const mode = dryRun(ctx)
  const print = await resultPrinter(ctx, 'replaced', mode)
  const manager = flags.string('field-manager')
  requireFiles(ctx)
  const forced = flags.bool('force')
  if (flags.int('grace-period') >= 0 && !forced) throw new CliError('--grace-period must have --force specified')
  if (flags.number('timeout') !== 0 && !forced) throw new CliError('--timeout must have --force specified')
  if (forced && mode !== 'none') throw new CliError('--dry-run can not be used when --force is set')
  const raw = flags.string('raw')
  if (raw) {
    const files = flags.list('filename')
    if (files.length !== 1) throw new CliError('--raw can only use a single local file or stdin')
    if (/^https?:\/\//.test(files[0] ?? '')) throw new CliError('--raw cannot read from a url')
    if (flags.bool('recursive')) throw new CliError('--raw and --recursive are mutually exclusive')
    if (flags.string('output')) throw new CliError('--raw and --output are mutually exclusive')
    const { rawRequest } = await import('../raw.ts')
    await rawRequest(ctx, 'PUT', raw, files[0])
    return
  }
  if (forced) {
    await force(ctx, manager, await resultPrinter(ctx, 'replaced'))
    return
  }
  const subresource = subresourceFlag(ctx)
  const found = await resources(factory, {
    ...fileRequest(ctx),
    validate,
    continueOnError: true,
    flatten: true,
    ...(subresource ? { subresource } : {}),
  })
  await found.visit(async (info) => {
    const { mapping } = info
    if (!mapping || !info.object) return
    const object = createOrUpdateAnnotation(flags.bool('save-config'), info.object)
    if (mode === 'client') {
      await print(object)
      return
    }
    const client = await factory.client()
    try {
      let body: JsonObject = object
      pathName(info.name)
      // without a version the live one is taken: the object is replaced whatever it is now
      if (!versionOf(object)) {
        try {
          const live = (await client.request('GET', pathOf(mapping.path, info.namespace, info.name, subresource)))
            .body as JsonObject
          body = {
            ...object,
            metadata: { ...(object.metadata as JsonObject | undefined), resourceVersion: versionOf(live) },
          }
        } catch (e) {
          if (!(e instanceof StatusError)) throw e
        }
      }
      const answer = await client.request('PUT', pathOf(mapping.path, info.namespace, info.name, subresource), {
        body,
        query: writeQuery(mode, manager, validate),
      })
      await print(answer.body as JsonObject)
    } catch (e) {
      throw withSource('replacing', info.source, e)
    }
  })
}

export const replace: Command = {
  name: 'replace',
  usage: '-f FILENAME [options]',
  short: 'Replace objects by those in a file or stdin',
  long: 'Replace objects by those in files or standard input.\n\n JSON and YAML are accepted. The whole object must be given: get one with\n\n  $ kubectl get TYPE NAME -o yaml',
  examples:
    "  # Replace the pod in pod.json\n  kubectl replace -f ./pod.json\n  \n  # Replace what is piped in\n  cat pod.json | kubectl replace -f -\n  \n  # Change the version of the image of a pod with one container to v4\n  kubectl get pod mypod -o yaml | sed 's/\\(image: myimage\\):.*$/\\1:v4/' | kubectl replace -f -\n  \n  # Delete and create again\n  kubectl replace --force -f ./pod.json",
  flags: [
    ...deletionFlags.map((f) => (f.name === 'wait' ? { ...f, default: false } : f)),
    dryRunFlag,
    fieldManagerFlag('kubectl-replace'),
    ...filenameFlags('with the objects'),
    { name: 'raw', type: 'string', usage: 'A path on the server to PUT the file to, as it is.' },
    { name: 'save-config', type: 'bool', usage: "Keep the configuration in the object's last-applied annotation." },
    { name: 'subresource', type: 'string', usage: 'Replace this subresource of the object.' },
    validateFlag,
    ...printFlags,
  ],
  run,
}
