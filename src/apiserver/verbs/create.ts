// POST: a new object.
import type { ApiResponse } from '../../apimachinery/door.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import { readBody, targetOf } from '../body.ts'
import { writeOptions } from '../options.ts'
import { createObject } from '../registry.ts'
import { present } from './get.ts'

export async function create(ctx: Context): Promise<ApiResponse> {
  // a definition that is going takes no new objects in
  if (ctx.served.custom && ctx.api.store.get('customresourcedefinitions.apiextensions.k8s.io', '', ctx.served.storage)?.metadata.deletionTimestamp) throw new StatusError(405, 'MethodNotAllowed', 'create not allowed while custom resource definition is terminating', { group: ctx.served.gr.group, kind: ctx.served.gr.resource })
  const options = writeOptions(ctx, 'CreateOptions')
  const draft = await readBody(ctx, targetOf(ctx.served), options.fieldValidation)
  return present(ctx, 201, await createObject(ctx, draft, options))
}
