// Who set which field: metadata.managedFields of every write, and server-side apply; the machinery is apimachinery's,
// here is what a strategy takes out of it (reset fields).
import { withSpellings } from '../apimachinery/quantity.ts'
import {
  applyServerSide as applyConfiguration,
  forgetsOwners,
  trackUpdate as track,
} from '../apimachinery/managedfields.ts'
import type { FieldManagerContext } from '../apimachinery/managedfields.ts'
import { typedForm } from '../apimachinery/encode.ts'
import { drop, isObject } from '../apimachinery/object.ts'
import type { Draft, JsonObject, KubeObject } from '../apimachinery/object.ts'
import { StatusError, badRequest, conflict } from '../apimachinery/status.ts'
import type { Context } from './api.ts'
import { matchName, targetOf } from './body.ts'
import { decodeObject } from './decode-object.ts'
import { hasStatus } from './stored.ts'
import type { WriteOptions } from './options.ts'

function managerContext(ctx: Context, options: WriteOptions, subresource: string): FieldManagerContext {
  const custom = ctx.served.custom?.types?.()
  return {
    schemas: ctx.api.schemas,
    schemaName: ctx.served.schema,
    ...(custom ? { custom } : {}),
    manager: options.manager,
    apiVersion: ctx.served.apiVersion,
    subresource,
    now: ctx.api.now(),
  }
}

type WithStatus = KubeObject & { readonly status?: unknown }

/**
 * The new object without what this path does not write: the status at the main resource, everything else at /status. In
 * typed form, where there is one; what stays is the live object's own.
 */
function written(
  ctx: Context,
  live: KubeObject | undefined,
  next: KubeObject,
  subresource: string,
  typed: boolean,
): KubeObject {
  const form = (o: object): WithStatus =>
    typed ? typedForm(o as WithStatus, ctx.served.schema, ctx.api.schemas, live) : (o as WithStatus)
  const { kind, apiVersion } = next
  if (subresource === 'status') {
    const mine = form({ kind, apiVersion, metadata: next.metadata, status: (next as WithStatus).status })
    return { ...live, metadata: mine.metadata, status: mine.status } as KubeObject
  }
  if (subresource || !hasStatus(ctx.served)) return form(next)
  const { status: _status, ...rest } = next as WithStatus
  const { status: _empty, ...mine } = form(rest)
  return {
    ...mine,
    ...((live as WithStatus | undefined)?.status !== undefined ? { status: (live as WithStatus).status } : {}),
  }
}

/** What a Scale says of an object: a zero of replicas is left out there, so that nobody holds it. */
function withoutNoReplicas(ctx: Context, object: KubeObject): KubeObject {
  const path = (ctx.served.custom?.scale?.specReplicasPath ?? '.spec.replicas').replace(/^\./, '').split('.')
  const strip = (o: unknown, [key = '', ...rest]: readonly string[]): unknown => {
    if (!isObject(o) || !Object.hasOwn(o, key)) return o
    const { [key]: inner, ...others } = o
    if (rest.length > 0) return { ...o, [key]: strip(inner, rest) }
    return inner === 0 ? others : o
  }
  return strip(object, path) as KubeObject
}

/** Notes in `next` what this request's manager changed since `live`. */
export function trackUpdate(
  ctx: Context,
  live: KubeObject | undefined,
  next: Draft<KubeObject>,
  options: WriteOptions,
  subresource = '',
): Draft<KubeObject> {
  // what is stored is in typed form; a converted version of it may not be
  const typed = ctx.served.schema !== '' && !ctx.served.stored && ctx.api.schemas.type(ctx.served.schema) !== undefined
  const form = written(ctx, live, next, subresource, typed)
  const said = (o: KubeObject): KubeObject => (subresource === 'scale' ? withoutNoReplicas(ctx, o) : o)
  // of no replicas that stay none a patch takes nobody's away, a PUT does
  const before = live && ctx.request.method === 'PATCH' ? said(live) : live
  // the typed form knows no empty list
  const fields =
    live?.metadata.uid && !subresource && forgetsOwners(next.metadata.managedFields)
      ? []
      : track(before, said(form), { ...managerContext(ctx, options, subresource), typed })
  const draft = typed ? formed(ctx, live, next, form, subresource) : next
  if (fields.length > 0) draft.metadata.managedFields = fields as Draft<typeof fields>
  else drop(draft.metadata, 'managedFields')
  return draft
}

/** The draft with what its form has of it already, so that it is not brought into form twice. */
function formed(
  ctx: Context,
  live: KubeObject | undefined,
  next: Draft<KubeObject>,
  form: KubeObject,
  subresource: string,
): Draft<KubeObject> {
  if (subresource === 'status')
    return Object.assign(next, { metadata: form.metadata, status: (form as WithStatus).status })
  if (live || subresource) return next
  const draft: Draft<WithStatus> = form as Draft<WithStatus>
  const { status } = next as Draft<WithStatus>
  if (status !== undefined && hasStatus(ctx.served)) draft.status = status
  return draft
}

/** What is right by its schema and cannot be read all the same: a time, a quantity, base64 (StructuredMergeManager.Apply). */
function unconverted({ served }: Context, config: JsonObject, why: string): StatusError {
  const meta = isObject(config.metadata) ? config.metadata : {}
  const said = (v: unknown): string => (typeof v === 'string' ? v : '')
  const type = `${served.info.group}/${served.info.version}, Kind=${served.info.kind}`
  const reading = why.startsWith('illegal base64') ? 'error decoding from json: ' : ''
  return new StatusError(
    500,
    '',
    `failed to convert new object (${said(meta.namespace)}/${said(meta.name)}; ${type}) to proper version: unable to convert unstructured object to ${type}: ${reading}${why}`,
  )
}

/** Server-side apply of a configuration onto the present object. */
export async function applyServerSide(
  ctx: Context,
  existing: KubeObject | undefined,
  config: JsonObject,
  options: WriteOptions,
  subresource: string,
): Promise<Draft<KubeObject>> {
  const { served, info } = ctx
  const said = (v: unknown): string => (typeof v === 'string' ? v : '')
  const kind = said(config.kind)
  const apiVersion = said(config.apiVersion)
  if (kind !== served.info.kind || apiVersion !== served.apiVersion)
    throw badRequest(`invalid object type: ${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`)
  const resetStatus = !subresource && hasStatus(served)
  const { status, metadata, ...rest } = config
  const applied = {
    ...rest,
    // a null says nothing of a struct
    ...(metadata !== null && metadata !== undefined ? { metadata } : {}),
    ...(status !== undefined && !resetStatus ? { status } : {}),
  }
  const result = applyConfiguration(existing, applied, {
    ...managerContext(ctx, options, subresource),
    force: options.force ?? false,
    resetStatus,
  })
  if (!existing && result.metadata.uid)
    throw conflict(
      served.gr,
      info.name,
      `uid mismatch: the provided object specified uid ${result.metadata.uid}, and no existing object was found`,
    )
  const managed = result.metadata.managedFields
  const { object } = withSpellings(ctx.spellings, () =>
    decodeObject(ctx.api, result, targetOf(served), (why) => unconverted(ctx, config, why)),
  )
  matchName(ctx, object)
  if (managed && managed.length > 0) object.metadata.managedFields = managed
  return object
}
