// POST: a new object.
import type { ApiResponse } from '../../apimachinery/door.ts'
import type { Context } from '../api.ts'
import { readBody, targetOf } from '../body.ts'
import { writeOptions } from '../options.ts'
import { createObject } from '../registry.ts'
import { present } from './get.ts'

export async function create(ctx: Context): Promise<ApiResponse> {
  const options = writeOptions(ctx, 'CreateOptions')
  const draft = await readBody(ctx, targetOf(ctx.served), options.fieldValidation)
  return present(ctx, 201, await createObject(ctx, draft, options))
}
