// /finalize of a namespace: the namespace controller takes its finalizer away when nothing is left inside; as
// pkg/registry/core/namespace.FinalizeREST.
import type { Namespace } from '../../apimachinery/api/core.v1.ts'
import { copy } from '../../apimachinery/object.ts'
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import { finalizerName } from '../../kinds/core/namespace.ts'
import type { Subresource } from '../api.ts'
import { matchName, readBody, targetOf } from '../body.ts'
import { writeOptions } from '../options.ts'
import { updateObject } from '../registry.ts'
import { present } from '../verbs/get.ts'

export const finalize: Subresource = {
  name: 'finalize',
  async update(ctx) {
    const options = writeOptions(ctx, 'UpdateOptions')
    const body = (await readBody(ctx, targetOf(ctx.served), options.fieldValidation)) as Draft<Namespace>
    matchName(ctx, body)
    const done = await updateObject(ctx, ctx.info.name, {
      options,
      subresource: 'finalize',
      validate: (next) =>
        ((next as Namespace).spec?.finalizers ?? []).flatMap((f, i) => finalizerName(f, `spec.finalizers[${i}]`)),
      produce: (existing) => {
        const draft = copy(existing) as Draft<Namespace>
        draft.spec = { ...draft.spec, finalizers: [...(body.spec?.finalizers ?? [])] }
        if (draft.spec.finalizers?.length === 0) delete draft.spec.finalizers
        if (body.metadata.resourceVersion) draft.metadata.resourceVersion = body.metadata.resourceVersion
        return draft as Draft<KubeObject>
      },
    })
    return present(ctx, 200, done.object)
  },
}
