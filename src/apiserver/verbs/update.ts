// PUT: the whole object anew, or its status part.
import type { ApiResponse } from '../../apimachinery/door.ts'
import { copy } from '../../apimachinery/object.ts'
import { badRequest } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import { readBody, targetOf } from '../body.ts'
import { writeOptions } from '../options.ts'
import { dedupOwners, updateObject } from '../registry.ts'
import { present } from './get.ts'

/** Replaces the main resource or, with `subresource`, a part of it (status). */
export async function replace(ctx: Context, subresource = ''): Promise<ApiResponse> {
  const options = writeOptions(ctx, 'UpdateOptions')
  const draft = await readBody(ctx, targetOf(ctx.served), options.fieldValidation)
  const { name } = ctx.info
  if (draft.metadata.name && draft.metadata.name !== name) throw badRequest(`the name of the object (${draft.metadata.name}) does not match the name on the URL (${name})`)
  if (!draft.metadata.name) {
    if (subresource === '') throw badRequest(`the name of the object (${draft.metadata.name ?? ''}) does not match the name on the URL (${name})`)
    draft.metadata.name = name
  }
  dedupOwners(ctx, draft)
  const done = await updateObject(ctx, name, { produce: () => copy(draft), options, subresource, ...(draft.metadata.uid ? { uid: draft.metadata.uid } : {}) })
  return present(ctx, done.created ? 201 : 200, done.object)
}

export const update = (ctx: Context): Promise<ApiResponse> => replace(ctx)
