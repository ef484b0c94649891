// Resources that are answered without being stored: access reviews, token reviews, bindings, component statuses.
import type { ApiResponse } from '../apimachinery/door.ts'
import type { Context } from './api.ts'
import { methodNotAllowed } from './apiserver.ts'

/** Answers a request for a resource that has no objects of its own. */
export async function serveVirtual(_ctx: Context): Promise<ApiResponse> {
  return methodNotAllowed()
}
