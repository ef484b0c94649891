// Who set which field: metadata.managedFields of every write, and server-side apply.
import { badRequest } from '../apimachinery/status.ts'
import { applyServerSide as applyFields, trackUpdate as noteFields } from '../apimachinery/managedfields.ts'
import type { FieldManagerContext } from '../apimachinery/managedfields.ts'
import { copy } from '../apimachinery/object.ts'
import type { Draft, JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { Context } from './api.ts'
import { decodeObject } from './decode-object.ts'
import { targetOf } from './body.ts'
import type { WriteOptions } from './options.ts'

const contextOf = (ctx: Context, options: WriteOptions, subresource: string): FieldManagerContext =>
  ({ schemas: ctx.api.schemas, schemaName: ctx.served.custom ? '' : ctx.served.schema, manager: options.manager, apiVersion: ctx.served.apiVersion, subresource, now: ctx.api.now() })

/** Notes in `next` what this request's manager changed since `live`. */
export async function trackUpdate(ctx: Context, live: KubeObject | undefined, next: Draft<KubeObject>, options: WriteOptions, subresource = ''): Promise<Draft<KubeObject>> {
  const entries = noteFields(live, next, contextOf(ctx, options, subresource))
  if (entries.length) next.metadata.managedFields = copy(entries)
  else delete next.metadata.managedFields
  return next
}

/** Server-side apply of a configuration onto the present object. */
export async function applyServerSide(ctx: Context, existing: KubeObject | undefined, config: JsonObject, options: WriteOptions, subresource: string): Promise<Draft<KubeObject>> {
  const applied = applyFields(existing, config, { ...contextOf(ctx, options, subresource), force: options.force === true })
  const { object } = decodeObject(ctx.api, applied as unknown as JsonObject, targetOf(ctx.served), (why) => badRequest(why))
  return object
}
