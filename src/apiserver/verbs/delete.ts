// DELETE of one object.
import type { ApiResponse } from '../../apimachinery/door.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { answer } from '../api.ts'
import type { Context } from '../api.ts'
import { deleteObject, deleteOptions, deletionBody } from '../deletion.ts'
import { present } from './get.ts'

/** DELETE of an object. */
export async function remove(ctx: Context): Promise<ApiResponse> {
  const options = await deleteOptions(ctx)
  const deleted = await deleteObject(ctx, ctx.info.name, options)
  const body = deletionBody(ctx, deleted)
  const status = deleted.gone || options.orphanDependents !== undefined ? 200 : 202
  return body.kind === 'Status'
    ? answer(200, body)
    : present(ctx, ctx.served.storage === 'namespaces' ? 200 : status, body as KubeObject)
}
