// Who set which field: metadata.managedFields of every write, and server-side apply.
import type { Draft, JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { Context } from './api.ts'
import type { WriteOptions } from './options.ts'

/** Notes in `next` what this request's manager changed since `live`. */
export async function trackUpdate(_ctx: Context, _live: KubeObject | undefined, next: Draft<KubeObject>, _options: WriteOptions, _subresource = ''): Promise<Draft<KubeObject>> {
  return next
}

/** Server-side apply of a configuration onto the present object. */
export async function applyServerSide(_ctx: Context, existing: KubeObject | undefined, config: JsonObject, _options: WriteOptions, _subresource: string): Promise<Draft<KubeObject>> {
  return { ...existing, ...config } as unknown as Draft<KubeObject>
}
