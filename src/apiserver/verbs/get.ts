// GET of one object, in the form the client asked for.
import type { ApiResponse } from '../../apimachinery/door.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { answer } from '../api.ts'
import type { Context } from '../api.ts'
import { formOf } from '../negotiate.ts'
import { getStored, inVersion } from '../stored.ts'

/** An answer with one object of the request's resource, as an object, a Table or its metadata alone. */
export async function present(ctx: Context, status: number, object: KubeObject): Promise<ApiResponse> {
  const form = formOf(ctx.request.headers?.accept)
  if (form === 'object') return answer(status, object)
  const { table, partialMetadata } = await import('../table.ts')
  if (form === 'Table')
    return answer(status, table(ctx, [object], { resourceVersion: object.metadata.resourceVersion ?? '' }))
  return answer(status, partialMetadata(object))
}

export async function get(ctx: Context): Promise<ApiResponse> {
  return present(ctx, 200, inVersion(ctx, getStored(ctx)))
}
