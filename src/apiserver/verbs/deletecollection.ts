// DELETE of a collection: each object that the selectors choose, with the same options.
import type { ApiResponse } from '../../apimachinery/door.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import { deleteObject, deleteOptions } from '../deletion.ts'
import { checkListOptions } from '../listoptions.ts'
import { fromStored, namespaceOf } from '../stored.ts'
import { filterOf } from '../selectors.ts'
import { listForm } from './get.ts'

/** DELETE of a collection: all that the selectors leave. */
export async function removeAll(ctx: Context): Promise<ApiResponse> {
  const { api, served } = ctx
  const options = await deleteOptions(ctx)
  checkListOptions(ctx, false)
  const filter = filterOf(ctx)
  const namespace = namespaceOf(ctx)
  const objects = api.store.list(served.storage, namespace ? { namespace } : {}).filter(filter.matches)
  const items: KubeObject[] = []
  for (const o of objects) {
    await api.options.breathe?.()
    try {
      await deleteObject(
        { ...ctx, info: { ...ctx.info, namespace: o.metadata.namespace ?? '', name: o.metadata.name ?? '' } },
        o.metadata.name ?? '',
        options,
      )
      items.push(fromStored(served, o))
    } catch (e) {
      // somebody else was faster
      if (!(e instanceof StatusError && e.code === 404)) throw e
    }
  }
  return (await listForm(ctx))(items, { resourceVersion: String(api.store.revision) })
}
