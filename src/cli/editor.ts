// Editing objects in the user's editor: edit, edit-last-applied and create --edit (kubectl/pkg/cmd/util/editor).
import { toJson } from '../apimachinery/gojson.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import { copy, equal, isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { createMergePatch } from '../apimachinery/patch.ts'
import { StatusError } from '../apimachinery/status.ts'
import { toYaml } from '../apimachinery/yaml.ts'
import type { CommandContext, Mapping } from './command.ts'
import { goSyntaxOf } from '../apimachinery/goformat.ts'
import { CliError, SilentExit } from './exit.ts'
import { NoKindMatch } from './mapper.ts'
import { createOrUpdateAnnotation, encode, LAST_APPLIED, originalConfiguration } from './lastapplied.ts'
import { decodeDocument, readDocuments, validateDocument, validation } from './manifests.ts'
import { groupResource, metaOf, nameOf, namespaceOf } from './info.ts'
import { fileRequest, knownSubresource, writeQuery } from './requestflags.ts'
import { resources } from './resources.ts'
import type { Info } from './info.ts'
import { noPrinter } from './printflags.ts'
import { resultPrinter } from './result.ts'
import { uidOf } from './waiting.ts'

/** How errors call what comes out of the editor. */
const EDITED = 'edited-file'

type Mode = 'normal' | 'apply' | 'create'

interface Reason {
  readonly head: string
  readonly other: readonly string[]
}
interface Results {
  reasons: Reason[]
  retryable: number
  notFound: number
  again: number
  file: string
}

const hashed = (text: string): string => text.replace(/\n(?=[^#])/g, '\n# ')

function header(mode: Mode, reasons: readonly Reason[]): string {
  const head =
    mode === 'apply'
      ? "# Please edit the 'last-applied-configuration' annotations below.\n# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.\n#\n"
      : "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n"
  return (
    head +
    reasons
      .map(
        (r) =>
          `# ${hashed(r.head)}${r.other.length ? ':' : ''}\n${r.other.map((o) => `# * ${hashed(o)}\n`).join('')}#\n`,
      )
      .join('')
  )
}

const stripped = (text: string): string =>
  text
    .split('\n')
    .filter((l) => {
      const t = l.trim()
      return !t.startsWith('#') || t.startsWith('#!')
    })
    .join('\n')

/** A document as the editor's file shows it, without managedFields. */
function withoutManaged(o: JsonObject): JsonObject {
  const draft = copy(o)
  if (isObject(draft.metadata)) delete draft.metadata.managedFields
  return draft
}

/** An edited object with the managedFields again that its file did not show (restoreManagedFields). */
function withManagedOf(original: JsonObject | undefined, o: JsonObject): JsonObject {
  const shown = withoutManaged(o)
  const managed = metaOf(original).managedFields
  return managed === undefined ? shown : { ...shown, metadata: { ...metaOf(shown), managedFields: managed } }
}

/**
 * The meaning of a file without its comments, as StripComments compares it: its first document, or the bare text where
 * it cannot be read.
 */
async function meaning(text: string): Promise<unknown> {
  try {
    for await (const d of readDocuments(text, EDITED)) return d
    return null
  } catch {
    return stripped(text)
  }
}

export interface EditSettings {
  readonly mode: Mode
  readonly manager: string
  readonly saveConfig: boolean
  readonly outputPatch: boolean
  readonly subresource: string
  /** -o as given. */
  readonly format: string
  readonly json: boolean
  readonly windows: boolean
}

async function mappingOf(ctx: CommandContext, item: JsonObject): Promise<Mapping> {
  try {
    return await ctx.factory.mappingForKind(String(item.apiVersion), String(item.kind))
  } catch (e) {
    if (e instanceof NoKindMatch)
      throw new CliError(
        `resource mapping not found for name: ${goQuote(nameOf(item))} namespace: ${goQuote(namespaceOf(item))} from ${goQuote(EDITED)}: ${e.message}\nensure CRDs are installed first`,
      )
    throw e
  }
}

/** One session in the editor, with as many rounds as it takes. */
async function session(ctx: CommandContext, infos: readonly Info[], s: EditSettings): Promise<void> {
  const { io, factory } = ctx
  const namespace = factory.namespace().namespace
  if (!['', 'yaml', 'json'].includes(s.format.toLowerCase())) throw noPrinter(ctx, s.format, ['jsonyaml'])
  let results: Results = { reasons: [], retryable: 0, notFound: 0, again: 0, file: '' }
  let edited = ''
  let failed = false
  const preserved = (e: unknown, file: string): unknown => {
    if (file && io.files.stat(file)) io.stderr.write(`A copy of your changes has been stored to ${goQuote(file)}\n`)
    return e
  }
  const command = io.env.KUBE_EDITOR || io.env.EDITOR || 'vi'
  // what has quotes or backslashes is left to the shell, and told so
  const launched =
    command.includes(' ') && /["'\\]/.test(command) ? `${io.env.SHELL || '/bin/bash'} -c ${command}` : command
  const folder = io.env.TMPDIR || '/tmp'
  const ext = s.json ? 'json' : 'yaml'
  for (;;) {
    const objects = infos.map((i) => withoutManaged(i.object ?? {}))
    const shown: JsonObject =
      objects.length === 1 ? (objects[0] ?? {}) : { apiVersion: 'v1', items: objects, kind: 'List', metadata: {} }
    const original = s.json ? `${toJson(shown, '    ')}\n` : toYaml(shown)
    let text = s.json ? '' : header(s.mode, results.reasons)
    text += failed ? stripped(edited) : original
    if (s.windows) text = text.replaceAll('\n', '\r\n')
    const file = `${folder}/kubectl-edit-${ctx.factory.host.entropy.int(4294967295)}.${ext}`
    io.files.write(file, text, { mode: 0o600 })
    const before = edited
    let code: number
    try {
      code = await io.edit(command, file)
    } catch {
      throw preserved(new CliError(`unable to launch the editor ${goQuote(launched)}`), results.file)
    }
    if (code !== 0)
      throw preserved(new CliError(`there was a problem with the editor ${goQuote(launched)}`), results.file)
    edited = new TextDecoder().decode(io.files.read(file) ?? new Uint8Array())
    const same = equal(await meaning(edited), await meaning(failed ? before : original))
    if (failed && same) throw preserved(new CliError('Edit cancelled, no valid changes were saved.'), file)
    if (results.file) io.files.remove(results.file)
    const mode = validation(ctx.flags.string('validate'))
    try {
      if (mode !== 'Ignore' && stripped(edited).trim() === '') throw new CliError('invalid object to validate')
      for await (const d of readDocuments(edited, EDITED))
        if (d !== null)
          await validateDocument(
            d,
            EDITED,
            mode,
            async (l) => (await import('./listvalidation.ts')).listErrors(l, factory.schemas),
            () => {
              /* nothing to warn about */
            },
          )
    } catch (e) {
      const why = (e instanceof Error ? e.message : String(e))
        .replace(/^error validating "edited-file": error validating data: /, '')
        .replace(/; if you choose to ignore[^]*$/, '')
      const m = infos[0]?.mapping
      results = {
        reasons: [
          {
            head: `${m ? groupResource(m) : ''} ${goQuote(infos[0]?.name ?? '')} was not valid`,
            other: [`<nil>: Invalid value: "The edited file failed validation": ${why}`],
          },
        ],
        retryable: 0,
        notFound: 0,
        again: 1,
        file,
      }
      failed = true
      io.stderr.write(`error: ${m ? groupResource(m) : ''} ${goQuote(infos[0]?.name ?? '')} is invalid\n`)
      continue
    }
    if (same) {
      io.files.remove(file)
      io.stderr.write('Edit cancelled, no changes made.\n')
      return
    }
    if (!stripped(edited).trim()) {
      io.files.remove(file)
      io.stderr.write('Edit cancelled, saved file was empty.\n')
      return
    }
    results = { reasons: [], retryable: 0, notFound: 0, again: 0, file }
    const updated: Info[] = []
    try {
      for await (const d of readDocuments(edited, EDITED)) {
        if (d === null) continue
        const o = decodeDocument(d, EDITED)
        const items = o.kind === 'List' && Array.isArray(o.items) ? (o.items as readonly Json[]).filter(isObject) : [o]
        for (const item of items)
          updated.push({
            mapping: await mappingOf(ctx, item),
            namespace: namespaceOf(item),
            name: nameOf(item),
            source: EDITED,
            object: item,
            resourceVersion: '',
          })
      }
    } catch (e) {
      failed = true
      results.reasons.push({
        head: `The edited file had a syntax error: ${e instanceof Error ? e.message : String(e)}`,
        other: [],
      })
      continue
    }
    failed = false
    try {
      for (const u of updated) {
        if (!u.mapping?.namespaced) continue
        if (!u.namespace) u.namespace = namespace
        else if (u.namespace !== namespace)
          throw new CliError(
            `the namespace from the provided object ${goQuote(u.namespace)} does not match the namespace ${goQuote(namespace)}. You must pass '--namespace=${u.namespace}' to perform this operation.`,
          )
      }
      for (const u of updated) {
        if (u.object) {
          const uid = uidOf(u.object)
          const original = infos.find((i) => uidOf(i.object) === uid)?.object
          u.object = withManagedOf(original, u.object)
          if (s.saveConfig) u.object = createOrUpdateAnnotation(true, u.object)
        }
        await save(ctx, infos, u, s, results)
      }
    } catch (e) {
      throw preserved(e, file)
    }
    if (results.retryable) {
      io.stderr.write(`You can run \`kubectl replace -f ${file}\` to try this update again.\n`)
      throw new SilentExit(1)
    }
    if (results.notFound) {
      io.stderr.write(`The edits you made on deleted resources have been saved to ${goQuote(file)}\n`)
      throw new SilentExit(1)
    }
    if (!results.again) {
      io.files.remove(file)
      return
    }
    failed = results.reasons.length > 0
  }
}

async function save(
  ctx: CommandContext,
  infos: readonly Info[],
  u: Info,
  s: EditSettings,
  results: Results,
): Promise<void> {
  const { factory, io } = ctx
  const { mapping, object } = u
  if (!mapping || !object) return
  const client = await factory.client()
  const query = writeQuery('none', s.manager, validation(ctx.flags.string('validate')))
  if (s.mode === 'create') {
    const made = await client.create(mapping.path, u.namespace, object, { query })
    await (
      await resultPrinter(ctx, 'created')
    )(made)
    return
  }
  const original =
    infos.find((i) => uidOf(i.object) === uidOf(object) && (s.mode !== 'apply' || i.name === u.name))?.object ??
    infos.find((i) => uidOf(i.object) === uidOf(object))?.object
  if (!original)
    throw new CliError(`no original object found for &unstructured.Unstructured{Object:${goSyntaxOf(object)}}`)
  const before = withoutManaged(original)
  if (equal(before, withoutManaged(object))) {
    await (
      await resultPrinter(ctx, 'skipped')
    )(object)
    return
  }
  if (s.mode === 'apply') {
    const annotations = metaOf(object).annotations
    const after = {
      ...object,
      metadata: {
        ...metaOf(object),
        annotations: { ...(isObject(annotations) ? annotations : {}), [LAST_APPLIED]: encode(object) },
      },
    }
    await client.patch(mapping.path, u.namespace, u.name, 'merge', createMergePatch(object, after), { query })
    await (
      await resultPrinter(ctx, 'edited')
    )(object)
    return
  }
  const meta = metaOf(object)
  if (before.apiVersion !== object.apiVersion || before.kind !== object.kind || metaOf(before).name !== meta.name)
    throw new CliError('At least one of apiVersion, kind and name was changed')
  const { type, patch } = await editPatch(factory.schemas, mapping, before, withoutManaged(object))
  if (s.outputPatch) io.stdout.write(`Patch: ${encode(patch).trimEnd()}\n`)
  try {
    const patched = await client.patch(mapping.path, u.namespace, u.name, type, patch, {
      query,
      ...(s.subresource ? { subresource: s.subresource } : {}),
    })
    await (
      await resultPrinter(ctx, 'edited')
    )(patched)
  } catch (e) {
    const name = `${groupResource(mapping)} ${goQuote(u.name)}`
    if (e instanceof StatusError && e.reason === 'Invalid') {
      results.again++
      results.reasons.push({
        head: `${name} was not valid`,
        other: (e.details?.causes ?? []).map((c) => `${c.field ?? ''}: ${c.message ?? ''}`),
      })
      io.stderr.write(`error: ${name} is invalid\n`)
    } else if (e instanceof StatusError && e.reason === 'NotFound') {
      results.notFound++
      io.stderr.write(`error: ${name} could not be found on the server\n`)
    } else {
      results.retryable++
      io.stderr.write(`error: ${name} could not be patched: ${e instanceof Error ? e.message : String(e)}\n`)
    }
  }
}

async function editPatch(
  schemas: CommandContext['factory']['schemas'],
  mapping: Mapping,
  before: JsonObject,
  after: JsonObject,
): Promise<{ type: 'merge' | 'strategic'; patch: JsonObject }> {
  const name = schemas.nameOf(mapping.group, mapping.version, mapping.kind)
  if (!schemas.type(name)) return { type: 'merge', patch: createMergePatch(before, after) }
  const { createTwoWay } = await import('../apimachinery/strategicmerge.ts')
  return { type: 'strategic', patch: createTwoWay(before, after, name, schemas) }
}

function editSettings(ctx: CommandContext, mode: Mode, manager: string): EditSettings {
  const bool = (name: string): boolean => {
    try {
      return ctx.flags.bool(name)
    } catch {
      return false
    }
  }
  const text = (name: string): string => {
    try {
      return ctx.flags.string(name)
    } catch {
      return ''
    }
  }
  return {
    mode,
    manager,
    saveConfig: bool('save-config'),
    outputPatch: bool('output-patch'),
    subresource: knownSubresource(ctx, text('subresource'), ['status']),
    format: text('output'),
    json: text('output') === 'json',
    windows: bool('windows-line-endings'),
  }
}

/** kubectl edit. */
export async function editObjects(ctx: CommandContext): Promise<void> {
  const s = editSettings(ctx, 'normal', ctx.flags.string('field-manager'))
  const found = await resources(ctx.factory, {
    args: ctx.args,
    ...fileRequest(ctx),
    continueOnError: true,
    flatten: true,
    latest: true,
    allowEmptySelector: true,
    ...(s.subresource ? { subresource: s.subresource } : {}),
  })
  const infos = await found.infos()
  if (!infos.length) throw new CliError('edit cancelled, no objects found')
  await session(ctx, infos, s)
}

/** kubectl apply edit-last-applied. */
export async function editAnnotations(ctx: CommandContext): Promise<void> {
  const s = editSettings(ctx, 'apply', ctx.flags.string('field-manager'))
  const found = await resources(ctx.factory, {
    args: ctx.args,
    ...fileRequest(ctx),
    continueOnError: true,
    flatten: true,
    latest: true,
    allowEmptySelector: true,
  })
  const infos: Info[] = []
  for (const info of await found.infos()) {
    const text = originalConfiguration(info.object)
    if (text === undefined) continue
    for await (const d of readDocuments(text, EDITED)) if (isObject(d)) infos.push({ ...info, object: d })
  }
  if (!infos.length)
    throw new CliError(
      'no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`',
    )
  await session(ctx, infos, s)
}

/** kubectl create --edit: one session an object. */
export async function editBeforeCreate(ctx: CommandContext): Promise<void> {
  const s = editSettings(ctx, 'create', 'kubectl-create')
  const found = await resources(ctx.factory, { ...fileRequest(ctx), continueOnError: true, flatten: true })
  await found.visit(async (info) => session(ctx, [info], s))
}
