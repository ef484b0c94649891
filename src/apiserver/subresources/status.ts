// /status: the part that controllers write. Writes through it change nothing else but labels, annotations and
// finalizers that strategies keep.
import type { Subresource } from '../api.ts'
import { get } from '../verbs/get.ts'
import { patchObject } from '../verbs/patch.ts'
import { replace } from '../verbs/update.ts'

export const status: Subresource = {
  name: 'status',
  get,
  update: (ctx) => replace(ctx, 'status'),
  patch: (ctx) => patchObject(ctx, 'status'),
}
