// kubectl patch: strategic, merge and JSON patches, sent to the server or tried on a file. Behaves as
// kubectl/pkg/cmd/patch.
import { recordFlag, recordPatch } from '../record.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { equal, isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { PatchType } from '../../client/client.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'
import { decodeText } from '../manifests.ts'
import { printFlags } from '../metadataedit.ts'
import {
  dryRun,
  dryRunFlag,
  fieldManagerFlag,
  fileRequest,
  filenameFlags,
  writeQuery,
  subresourceFlag,
} from '../requestflags.ts'
import { resources } from '../resources.ts'
import { resultPrinter } from '../result.ts'

const TYPES: Readonly<Record<string, PatchType>> = { json: 'json', merge: 'merge', strategic: 'strategic' }
const MEDIA: Readonly<Record<string, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
}

const goKind = (v: Json): string =>
  Array.isArray(v) ? 'array' : isObject(v) ? 'object' : typeof v === 'boolean' ? 'bool' : typeof v

/** What Go's patch libraries say of a patch that is not of its type's form (a text: what could not be read as JSON). */
async function formError(type: PatchType, patch: Json): Promise<string | undefined> {
  if (type === 'strategic') return isObject(patch) || patch === null ? undefined : 'invalid JSON document'
  if (type === 'merge') {
    if (Array.isArray(patch)) return 'json: cannot unmarshal array into Go value of type unstructured.detector'
    return isObject(patch) ? undefined : 'Invalid JSON Patch'
  }
  if (patch === null) return undefined
  if (typeof patch === 'string') {
    const { parseJson } = await import('../../apimachinery/gojson.ts')
    try {
      parseJson(patch)
    } catch (e) {
      return e instanceof Error ? e.message : String(e)
    }
  }
  if (!Array.isArray(patch)) return `json: cannot unmarshal ${goKind(patch)} into Go value of type jsonpatch.Patch`
  const odd = (patch as readonly Json[]).find((o) => !isObject(o) && o !== null)
  return odd === undefined
    ? undefined
    : `json: cannot unmarshal ${goKind(odd)} into Go value of type jsonpatch.Operation`
}

/** A patch tried here: --local and --dry-run=client. */
async function patchLocally(
  ctx: CommandContext,
  type: PatchType,
  object: JsonObject,
  patch: Json,
): Promise<JsonObject> {
  const { schemas } = ctx.factory
  const wrong = await formError(type, patch)
  if (wrong !== undefined) throw new CliError(wrong)
  if (type !== 'merge' && patch === null) return object
  if (type === 'strategic') {
    const apiVersion = String(object.apiVersion ?? '')
    const kind = String(object.kind ?? '')
    const cut = apiVersion.indexOf('/')
    const name = schemas.nameOf(
      cut < 0 ? '' : apiVersion.slice(0, cut),
      cut < 0 ? apiVersion : apiVersion.slice(cut + 1),
      kind,
    )
    if (!schemas.type(name))
      throw new CliError(
        `strategic merge patch is not supported for ${apiVersion}, Kind=${kind} locally, try --type merge`,
      )
    const { applyStrategicMerge } = await import('../../apimachinery/strategicmerge.ts')
    return applyStrategicMerge(object, patch as JsonObject, name, schemas)
  }
  const { applyJsonPatch, applyMergePatch } = await import('../../apimachinery/patch.ts')
  return (
    type === 'json' ? applyJsonPatch(object, patch as readonly Json[]) : applyMergePatch(object, patch)
  ) as JsonObject
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const mode = dryRun(ctx)
  const local = flags.bool('local')
  const given = flags.string('patch')
  const file = flags.string('patch-file')
  if (given && file) throw new CliError('cannot specify --patch and --patch-file together')
  if (!given && !file) throw new CliError('must specify --patch or --patch-file containing the contents of the patch')
  if (local && ctx.args.length) throw new CliError('cannot specify --local and server resources')
  if (local && mode === 'server')
    throw new CliError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?')
  const typeName = flags.string('type').toLowerCase()
  const type = Object.hasOwn(TYPES, typeName) ? TYPES[typeName] : typeName === '' ? 'strategic' : undefined
  if (!type) throw new CliError(`--type must be one of [json merge strategic], not ${goQuote(flags.string('type'))}`)
  let text = given
  if (file) {
    const bytes = io.files.read(file)
    if (!bytes) throw new CliError(`unable to read patch file: open ${file}: no such file or directory`)
    text = decodeText(bytes)
  }
  let patch: Json
  // what begins as JSON is sent as it is: the server finds its faults, fields written twice among them
  const asWritten = text.trimStart().startsWith('{')
  if (asWritten) {
    const { parseJson } = await import('../../apimachinery/gojson.ts')
    try {
      patch = parseJson(text)
    } catch {
      patch = text
    }
  } else {
    const { parseYaml } = await import('../../apimachinery/yaml.ts')
    try {
      patch = parseYaml(text)
    } catch (e) {
      throw new CliError(
        `unable to parse ${goQuote(given)}: ${(e instanceof Error ? e.message : String(e)).replace(/^error converting YAML to JSON: /, '')}`,
      )
    }
    // a text by itself travels as JSON
    if (typeof patch === 'string') patch = JSON.stringify(patch)
  }
  const subresource = subresourceFlag(ctx)
  const files = local
    ? { filenames: flags.list('filename'), kustomize: flags.string('kustomize'), recursive: flags.bool('recursive') }
    : fileRequest(ctx)
  const found = await resources(factory, {
    args: ctx.args,
    ...files,
    local,
    continueOnError: true,
    flatten: true,
    ...(subresource ? { subresource } : {}),
  })
  let count = 0
  await found.visit(async (info) => {
    count++
    let patched: JsonObject
    let changed: boolean
    if (!local && mode !== 'client' && info.mapping) {
      const client = await factory.client()
      try {
        patched = (await client.patch(info.mapping.path, info.namespace, info.name, type, asWritten ? text : patch, {
          query: writeQuery(mode, flags.string('field-manager')),
          ...(subresource ? { subresource } : {}),
        })) as JsonObject
      } catch (e) {
        if (e instanceof StatusError && e.code === 415)
          throw new CliError(
            `${MEDIA[type] ?? type} is not supported by ${info.mapping.groupVersion}, Kind=${info.mapping.kind}: ${e.message}`,
          )
        throw e
      }
      changed = !equal(info.object, patched)
      const record = recordPatch(ctx)
      if (record)
        patched = (await client.patch(info.mapping.path, info.namespace, info.name, 'merge', record, {
          query: writeQuery(mode, flags.string('field-manager')),
          ...(subresource ? { subresource } : {}),
        })) as JsonObject
    } else {
      patched = await patchLocally(ctx, type, info.object ?? {}, patch)
      changed = !equal(info.object, patched)
    }
    await (
      await resultPrinter(ctx, changed ? 'patched' : 'patched (no change)')
    )(isObject(patched) ? patched : {})
  })
  if (!count) throw new CliError('no objects passed to patch')
}

export const patch: Command = {
  name: 'patch',
  usage: '(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]',
  short: 'Update fields of an object',
  long: 'Change fields of an object with a strategic merge patch, a JSON merge patch or a JSON patch.\n\n JSON and YAML are accepted.',
  examples:
    '  # Change a node with a strategic merge patch in JSON\n  kubectl patch node k8s-node-1 -p \'{"spec":{"unschedulable":true}}\'\n  \n  # Change the image of one container\n  kubectl patch pod valid-pod -p \'{"spec":{"containers":[{"name":"web","image":"new image"}]}}\'\n  \n  # The same with a JSON patch\n  kubectl patch pod valid-pod --type=\'json\' -p=\'[{"op": "replace", "path": "/spec/containers/0/image", "value":"new image"}]\'\n  \n  # Scale a Deployment through its scale subresource\n  kubectl patch deployment web --subresource=\'scale\' --type=\'merge\' -p \'{"spec":{"replicas":2}}\'',
  flags: [
    dryRunFlag,
    fieldManagerFlag('kubectl-patch'),
    ...filenameFlags('with the objects to change'),
    { name: 'local', type: 'bool', usage: 'Work on the files alone, without the server.' },
    { name: 'patch', short: 'p', type: 'string', usage: 'The patch, in JSON or YAML.' },
    { name: 'patch-file', type: 'string', usage: 'A file with the patch.' },
    recordFlag,
    { name: 'subresource', type: 'string', usage: 'Work on this subresource of the object (status, scale, resize).' },
    { name: 'type', type: 'string', default: 'strategic', usage: 'The kind of patch: json, merge or strategic.' },
    ...printFlags,
  ],
  run,
}
