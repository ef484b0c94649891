// PUT: the whole object anew, or its status part.
import type { ApiResponse } from '../../apimachinery/door.ts'
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import type { Context } from '../api.ts'
import { matchName, readBody, targetOf } from '../body.ts'
import { castStatus, statusMould } from '../caststatus.ts'
import { writeOptions } from '../options.ts'
import { dedupOwners, updateObject } from '../registry.ts'
import { namespaceOf } from '../stored.ts'
import { present } from './get.ts'

/** Who writes a status sends the rest as it was stored: that is not read again. */
function known(ctx: Context, subresource: string): { known?: KubeObject } {
  const stored =
    subresource === 'status' && typeof ctx.request.body === 'object'
      ? ctx.api.store.get(ctx.served.storage, namespaceOf(ctx), ctx.info.name)
      : undefined
  return stored ? { known: stored } : {}
}

/** Replaces the main resource or, with `subresource`, a part of it (status). */
export async function replace(ctx: Context, subresource = ''): Promise<ApiResponse> {
  const cast = subresource === 'status' ? castStatus(ctx) : undefined
  if (cast) return present(ctx, 200, cast)
  const keep = subresource === 'status' ? statusMould(ctx) : undefined
  const options = writeOptions(ctx, 'UpdateOptions')
  const { name } = ctx.info
  const read = (): Draft<KubeObject> | Promise<Draft<KubeObject>> =>
    readBody(ctx, { ...targetOf(ctx.served), ...known(ctx, subresource) }, options.fieldValidation)
  const draft = await read()
  matchName(ctx, draft)
  dedupOwners(ctx, draft)
  // when it has to be tried again the first draft is changed already
  let fresh = true
  const produce = async (): Promise<Draft<KubeObject>> => {
    if (fresh) {
      fresh = false
      return draft
    }
    const again = await read()
    dedupOwners(ctx, again)
    return again
  }
  const done = await updateObject(ctx, name, {
    produce,
    options,
    subresource,
    ...(draft.metadata.uid ? { uid: draft.metadata.uid } : {}),
  })
  keep?.(done.object)
  return present(ctx, done.created ? 201 : 200, done.object)
}

/** PUT of an object. */
export const update = (ctx: Context): Promise<ApiResponse> => replace(ctx)
