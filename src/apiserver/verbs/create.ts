// POST: a new object.
import type { ApiResponse } from '../../apimachinery/door.ts'
import { StatusError, forbidden } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import { readBody, targetOf } from '../body.ts'
import { writeOptions } from '../options.ts'
import { createObject } from '../registry.ts'
import { present } from './get.ts'

/** Beyond this many pods a real cluster is not supported, and a simulated one would run out of memory. */
const MOST_PODS = 150_000

export async function create(ctx: Context): Promise<ApiResponse> {
  // a definition that is going takes no new objects in
  if (
    ctx.served.custom &&
    ctx.api.store.get('customresourcedefinitions.apiextensions.k8s.io', '', ctx.served.storage)?.metadata
      .deletionTimestamp
  )
    throw new StatusError(
      405,
      'MethodNotAllowed',
      'create not allowed while custom resource definition is terminating',
      { group: ctx.served.gr.group, kind: ctx.served.gr.resource },
    )
  const options = writeOptions(ctx, 'CreateOptions')
  if (ctx.served.storage === 'pods' && ctx.api.store.count('pods') >= MOST_PODS)
    throw forbidden(ctx.served.gr, ctx.info.name, `the simulated cluster is full: it holds ${MOST_PODS} pods at most`)
  const draft = await readBody(ctx, targetOf(ctx.served), options.fieldValidation)
  return present(ctx, 201, await createObject(ctx, draft, options))
}
