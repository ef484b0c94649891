// PATCH: JSON, merge and strategic merge patches and server-side apply; as apiserver's handlers/patch.go.
import type { ApiResponse } from '../../apimachinery/door.ts'
import { invalid as invalidField } from '../../apimachinery/field.ts'
import { toJsonInOrder } from '../../apimachinery/encode.ts'
import { sortedKeys, toJson } from '../../apimachinery/gojson.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { Draft, JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { PatchError } from '../../apimachinery/patch.ts'
import { withSpellings } from '../../apimachinery/quantity.ts'
import { StatusError, badRequest, notFound } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import { groupVersion, param, warn } from '../api.ts'
import { goJsonKind, matchName, mediaType, refuseForeign, targetOf, unsupportedMediaType } from '../body.ts'
import type { Target } from '../decode-object.ts'
import { decodeObject } from '../decode-object.ts'
import { typedOrder } from '../negotiate.ts'
import { writeOptions } from '../options.ts'
import type { WriteOptions } from '../options.ts'
import { updateObject } from '../registry.ts'
import { getStored } from '../stored.ts'
import { present } from './get.ts'

const JSON_PATCH = 'application/json-patch+json'
const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const APPLY = 'application/apply-patch+yaml'
const ORDER = '$setElementOrder/'
const ACCEPTED = [JSON_PATCH, MERGE, STRATEGIC, APPLY]

/** A patch that cannot be carried out: the cause is not told. */
const unprocessable = (): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})

const DECODING = 'error decoding patch: '
/** A patch whose fields nobody asked to be looked at is read by the library that carries it out, in its own words. */
const unchecked = (ctx: Context): boolean => param(ctx, 'fieldValidation') === 'Ignore'

/**
 * Refuses what is no list of operations; what the operations have beside their fields, as strict decoding tells it
 * (jsonPatcher.applyJSPatch).
 */
function checkOperations(ctx: Context, value: unknown): string[] {
  const free = unchecked(ctx)
  const refused = (is: unknown, into: string): StatusError =>
    badRequest(`${free ? '' : DECODING}json: cannot unmarshal ${goJsonKind(is)} into Go ${into}`)
  if (!Array.isArray(value))
    throw refused(value, `value of type ${free ? 'jsonpatch.Patch' : '[]handlers.jsonPatchOp'}`)
  const unknown: string[] = []
  for (const [i, op] of (value as unknown[]).entries()) {
    if (op === null) continue
    if (!isObject(op)) throw refused(op, `value of type ${free ? 'jsonpatch.Operation' : 'handlers.jsonPatchOp'}`)
    if (free) continue
    for (const [k, v] of Object.entries(op)) {
      if (k === 'value') continue
      if (k !== 'op' && k !== 'path' && k !== 'from') unknown.push(`json patch unknown field "[${i}].${k}"`)
      else if (v !== null && typeof v !== 'string') throw refused(v, `struct field jsonPatchOp.${k} of type string`)
    }
  }
  return unknown
}

async function patchText(ctx: Context): Promise<{ value: unknown; duplicates?: readonly string[] }> {
  const { body = '' } = ctx.request
  if (typeof body !== 'string') return { value: body }
  if (mediaType(ctx.request.headers?.['content-type']) === APPLY) {
    const { parseYaml } = await import('../../apimachinery/yaml.ts')
    try {
      return { value: parseYaml(body) }
    } catch (e) {
      throw badRequest(`error decoding YAML: ${(e as Error).message}`)
    }
  }
  const { parseJsonText } = await import('../../apimachinery/decode.ts')
  const type = mediaType(ctx.request.headers?.['content-type'])
  const before = type === STRATEGIC || unchecked(ctx) ? '' : DECODING
  try {
    return parseJsonText(body)
  } catch (e) {
    if (type === MERGE && unchecked(ctx)) throw badRequest('Invalid JSON Patch')
    throw badRequest(before + (e as Error).message)
  }
}

/**
 * A strategic merge that fails: malformed directives are the client's fault, everything else is told without a reason
 * (interpretStrategicMergePatchError).
 */
function strategicError(e: unknown): unknown {
  if (!(e instanceof PatchError)) return e
  if (e.message.startsWith('invalid patch format of ')) return badRequest(e.message)
  return e.message === 'lists of lists are not supported'
    ? new StatusError(422, '', e.message)
    : new StatusError(500, '', e.message)
}

/** What a kind of patch makes of the present object. */
export type Apply = (current: JsonObject) => Promise<JsonObject> | JsonObject

export interface Patch {
  readonly type: string
  readonly apply: Apply
  readonly value: unknown
  /** What strict reading of the patch itself finds: fields that are written twice, or unknown to an operation. */
  readonly duplicates?: readonly string[] | undefined
}

/**
 * The object that a patch makes of the present one, before it is judged: for a part of an object, whose path takes from
 * it what is its own. A configuration is applied by the machinery of fields and their owners.
 */
export async function patched(
  ctx: Context,
  existing: KubeObject,
  patch: Patch,
  options: WriteOptions,
  subresource: string,
): Promise<Draft<KubeObject>> {
  if (patch.type === APPLY) {
    const { applyServerSide } = await import('../field-manager.ts')
    return applyServerSide(ctx, existing, patch.value as JsonObject, options, subresource)
  }
  const value = await patch.apply(existing as JsonObject)
  return decodePatched(ctx, value, targetOf(ctx.served), options, patch)
}

/** The options of the request's patch. */
export const patchOptions = (ctx: Context): WriteOptions => writeOptions(ctx, 'PatchOptions', isApply(ctx))

/** Whether a configuration is applied. */
export const isApply = (ctx: Context): boolean => mediaType(ctx.request.headers?.['content-type']) === APPLY

/** Reads the request's patch. */
export async function readPatch(ctx: Context, schema: string): Promise<Patch> {
  const type = mediaType(ctx.request.headers?.['content-type'])
  // the built-in kinds' router refuses what no patch is; custom resources' handler does so itself
  if (!ACCEPTED.includes(type))
    throw ctx.served.custom
      ? unsupportedMediaType([JSON_PATCH, MERGE, APPLY])
      : new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  if (type === STRATEGIC && !schema) throw unsupportedMediaType([JSON_PATCH, MERGE, APPLY])
  // what is not there is said before the patch is read
  if (type !== APPLY) getStored(ctx)
  const { value, duplicates } = await patchText(ctx)
  if (type === JSON_PATCH) {
    if (value === null) return { type, value: [], apply: (current) => current }
    const unknown = checkOperations(ctx, value)
    const operations = value as readonly JsonObject[]
    if (operations.length > 10_000)
      throw new StatusError(
        413,
        'RequestEntityTooLarge',
        `Request entity too large: The allowed maximum operations in a JSON patch is 10000, got ${operations.length}`,
      )
    const { applyJsonPatch } = await import('../../apimachinery/patch.ts')
    return {
      type,
      value,
      duplicates: unchecked(ctx) ? [] : [...unknown, ...(duplicates ?? []).map((d) => `json patch ${d}`)],
      apply: (current) => {
        try {
          return applyJsonPatch(current, operations) as JsonObject
        } catch {
          throw unprocessable()
        }
      },
    }
  }
  if (value === null && type === STRATEGIC) return { type, value: {}, apply: (current) => current }
  if (value === null && type === MERGE) throw badRequest('Invalid JSON Patch')
  if (type === APPLY && (value === null || value === undefined)) return { type, value: {}, apply: (current) => current }
  if (!isObject(value)) {
    const before =
      type === STRATEGIC
        ? ''
        : type === APPLY
          ? 'error decoding YAML: error unmarshaling JSON: while decoding JSON: '
          : DECODING
    throw badRequest(
      `${before}json: cannot unmarshal ${goJsonKind(value)} into Go value of type map[string]interface {}`,
    )
  }
  if (type === MERGE) {
    const { applyMergePatch } = await import('../../apimachinery/patch.ts')
    return { type, value, duplicates, apply: (current) => applyMergePatch(current, value) as JsonObject }
  }
  if (type === APPLY) return { type, value, apply: (current) => current }
  const { applyStrategicMerge } = await import('../../apimachinery/strategicmerge.ts')
  const { DecodeError } = await import('../../apimachinery/decode.ts')
  const { checkUnstructured } = await import('../../apimachinery/fromunstructured.ts')
  return {
    type,
    value,
    duplicates,
    apply: (current) => {
      let merged: JsonObject
      try {
        merged = applyStrategicMerge(current, value, schema, ctx.api.schemas)
      } catch (e) {
        throw strategicError(e)
      }
      try {
        checkUnstructured(merged, schema, ctx.api.schemas)
      } catch (e) {
        throw e instanceof DecodeError ? patchInvalid(goMap(value), e.message) : e
      }
      return merged
    },
  }
}

/**
 * What a JSON or merge patch has made of the type: it is read anew, first as what it says it is. A strategic patch works
 * on the typed object, which has no say in what it is.
 */
function readType(ctx: Context, patched: JsonObject, target: Target, refuse: (why: string) => StatusError): void {
  for (const k of ['apiVersion', 'kind']) {
    const v = patched[k]
    if (v === undefined || v === null || typeof v === 'string') continue
    const is = Array.isArray(v) ? 'array' : typeof v === 'boolean' ? 'bool' : typeof v
    throw refuse(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${is} into Go struct field .${k} of type string`,
    )
  }
  const own = groupVersion(target.group, target.version)
  const apiVersion = (patched.apiVersion as string | undefined) || own
  const kind = (patched.kind as string | undefined) || target.kind
  if (apiVersion === own && kind === target.kind) return
  if (apiVersion.split('/').length > 2) throw refuse(`unexpected GroupVersion string: ${apiVersion}`)
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const schema = ctx.api.schemas.nameOf(group, version, kind)
  if (ctx.api.schemas.type(schema)) decodeObject(ctx.api, patched, { group, version, kind, schema }, refuse)
  // versions that are served no more are still known, and read
  else if (
    kind === target.kind &&
    target.group === 'apps' &&
    /^(apps\/v1beta[12]|extensions\/v1beta1)$/.test(apiVersion)
  )
    return
  refuseForeign(ctx, { apiVersion, kind, group, version }, target, refuse)
}

/** A patched object as the kind's own: decoded again, strictly when asked. */
export function decodePatched(
  ctx: Context,
  patched: JsonObject,
  target: Target,
  options: WriteOptions,
  patch: Omit<Patch, 'apply'>,
): Draft<KubeObject> {
  const refuse = (why: string): StatusError =>
    patchInvalid(target.custom ? toJson(patched) : patchShown(patch, patched), why)
  if (!target.custom && patch.type !== STRATEGIC) readType(ctx, patched, target, refuse)
  const read = withSpellings(ctx.spellings, () => decodeObject(ctx.api, patched, target, refuse))
  const { object } = read
  const errors = [...(patch.duplicates ?? []), ...read.errors]
  // a typed object has no say in what it is
  if (!target.custom) {
    object.kind = target.kind
    object.apiVersion = target.group ? `${target.group}/${target.version}` : target.version
  }
  if (errors.length > 0 && options.fieldValidation === 'Strict')
    throw refuse(`strict decoding error: ${errors.join(', ')}`)
  if (options.fieldValidation === 'Warn') for (const e of errors) warn(ctx, e)
  return object
}

/**
 * %+v of a decoded patch: map[data:map[a:1]]. Lists that came with their order were taken out while the patch was
 * applied, and are not shown.
 */
function goMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goMap).join(' ')}]`
  if (isObject(value)) {
    const taken = new Set(Object.keys(value).flatMap((k) => (k.startsWith(ORDER) ? [k, k.slice(ORDER.length)] : [])))
    return `map[${Object.keys(value)
      .filter((k) => !taken.has(k))
      .sort()
      .map((k) => `${k}:${goMap(value[k])}`)
      .join(' ')}]`
  }
  return value === null || value === undefined ? '<nil>' : String(value)
}

/**
 * The places a patch touches, as a tree: only these are taken apart and written anew, with sorted keys; the rest stays
 * as the server had encoded it.
 */
interface Touched {
  readonly [key: string]: Touched | undefined
}

function touchedBy(operations: readonly unknown[]): Touched {
  const root: Record<string, Touched | undefined> = Object.create(null) as Record<string, Touched | undefined>
  for (const op of operations) {
    for (const path of isObject(op) ? [op.path, op.from] : []) {
      let at = root
      for (const part of typeof path === 'string' ? path.split('/').slice(1, -1) : []) {
        const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
        at = (at[name] ??= Object.create(null) as Touched) as Record<string, Touched | undefined>
      }
    }
  }
  return root
}

function sortedWhere(value: unknown, touched: unknown): unknown {
  if (!isObject(touched)) return value
  const below = (k: string): unknown => (Object.hasOwn(touched, k) ? touched[k] : undefined)
  if (Array.isArray(value)) return value.map((v, i) => sortedWhere(v, below(String(i))))
  return isObject(value)
    ? Object.fromEntries(sortedKeys(value).map((k) => [k, sortedWhere(value[k], below(k))]))
    : value
}

/** What errors about a patched object print: the patch itself when it is strategic, else the whole object. */
function patchShown(patch: { readonly type: string; readonly value: unknown }, patched: JsonObject): string {
  if (patch.type === STRATEGIC) return goMap(patch.value)
  return toJsonInOrder(
    sortedWhere(typedOrder(patched), Array.isArray(patch.value) ? touchedBy(patch.value) : patch.value) as JsonObject,
  )
}

/** NewInvalid without kind and name, as patch's errors are. */
function patchInvalid(shown: string, why: string): StatusError {
  const error = invalidField('patch', shown, why)
  return new StatusError(422, 'Invalid', ` "" is invalid: ${error.field}: ${error.message}`, {
    causes: [{ reason: error.type, message: error.message, field: error.field }],
  })
}

/** Patches the main resource or a part of it (status). */
export async function patchObject(ctx: Context, subresource = ''): Promise<ApiResponse> {
  const { served } = ctx
  const options = patchOptions(ctx)
  const patch = await readPatch(ctx, served.schema)
  const { type, apply, value: config } = patch
  const target = targetOf(served)
  if (type === APPLY) {
    const { applyServerSide } = await import('../field-manager.ts')
    const done = await updateObject(ctx, ctx.info.name, {
      options,
      subresource,
      managed: true,
      forceAllowCreate: subresource === '',
      produce: (existing) => applyServerSide(ctx, existing, config as JsonObject, options, subresource),
    })
    return present(ctx, done.created ? 201 : 200, done.object)
  }
  const done = await updateObject(ctx, ctx.info.name, {
    options,
    subresource,
    produce: async (existing) => {
      // kinds that PUT creates are not made by a patch: only an applied configuration says all that there is
      if (!existing) throw notFound(served.gr, ctx.info.name)
      const value = await apply(existing as JsonObject)
      const draft = decodePatched(ctx, value, target, options, patch)
      // what names the object is not the patch's to change
      matchName(ctx, draft)
      return draft
    },
  })
  return present(ctx, 200, done.object)
}

export const patch = (ctx: Context): Promise<ApiResponse> => patchObject(ctx)
