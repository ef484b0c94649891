// POST: a new object.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import type { ApiResponse } from '../../apimachinery/door.ts'
import { StatusError, forbidden } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import { readBody, targetOf } from '../body.ts'
import { castPod, keepMould } from '../cast.ts'
import { writeOptions } from '../options.ts'
import { createCast, createObject } from '../registry.ts'
import { present } from './get.ts'

/** Beyond this many pods a real cluster is not supported, and a simulated one would run out of memory. */
const MOST_PODS = 150_000

/** POST of a collection: makes an object. */
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
  const pods = ctx.served.storage === 'pods'
  if (pods && ctx.api.store.count('pods') >= MOST_PODS)
    throw forbidden(ctx.served.gr, ctx.info.name, `the simulated cluster is full: it holds ${MOST_PODS} pods at most`)
  const cast = pods ? castPod(ctx) : undefined
  if (cast) return present(ctx, 201, createCast(ctx, cast))
  const draft = await readBody(ctx, targetOf(ctx.served), options.fieldValidation)
  const made = await createObject(ctx, draft, options)
  if (pods) keepMould(ctx, made as Pod)
  return present(ctx, 201, made)
}
