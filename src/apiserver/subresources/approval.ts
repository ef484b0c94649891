// /approval of a certificate signing request: its Approved and Denied conditions; as
// pkg/registry/certificates.ApprovalREST.
import type { CertificateSigningRequest } from '../../apimachinery/api/certificates.v1.ts'
import { copy } from '../../apimachinery/object.ts'
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import type { Context, Subresource } from '../api.ts'
import { matchName, readBody, targetOf } from '../body.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { writeOptions } from '../options.ts'
import type { WriteOptions } from '../options.ts'
import { updateObject } from '../registry.ts'
import { get, present } from '../verbs/get.ts'
import { isApply, patchOptions, patched, readPatch } from '../verbs/patch.ts'
import type { ApiResponse } from '../../apimachinery/door.ts'

type Request = Draft<CertificateSigningRequest>

async function write(
  ctx: Context,
  options: WriteOptions,
  produce: (old: CertificateSigningRequest) => Promise<Request> | Request,
): Promise<ApiResponse> {
  const managed = isApply(ctx)
  const done = await updateObject(ctx, ctx.info.name, {
    options,
    subresource: 'approval',
    managed,
    validate: () => [],
    produce: async (existing) => {
      const old = existing as CertificateSigningRequest
      const next = await produce(old)
      const draft = copy(old)
      const now = rfc3339(ctx.api.now())
      const kept = (old.status?.conditions ?? []).filter((c) => c.type !== 'Approved' && c.type !== 'Denied')
      const decided = (next.status?.conditions ?? []).filter((c) => c.type === 'Approved' || c.type === 'Denied')
      draft.status = {
        ...draft.status,
        conditions: [
          ...copy(kept),
          ...decided.map((c) => ({
            ...c,
            lastUpdateTime: c.lastUpdateTime ?? now,
            lastTransitionTime: c.lastTransitionTime ?? now,
          })),
        ],
      }
      if (managed) draft.metadata.managedFields = next.metadata.managedFields ?? []
      if (next.metadata.resourceVersion) draft.metadata.resourceVersion = next.metadata.resourceVersion
      return draft as Draft<KubeObject>
    },
  })
  return present(ctx, 200, done.object)
}

export const approval: Subresource = {
  name: 'approval',
  get,
  async update(ctx) {
    const options = writeOptions(ctx, 'UpdateOptions')
    const body = (await readBody(ctx, targetOf(ctx.served), options.fieldValidation)) as Request
    matchName(ctx, body)
    return write(ctx, options, () => copy(body))
  },
  async patch(ctx) {
    const options = patchOptions(ctx)
    const patch = await readPatch(ctx, ctx.served.schema)
    return write(
      ctx,
      options,
      async (old) => (await patched(ctx, old, patch, options, 'approval')) as Request,
    )
  },
}
