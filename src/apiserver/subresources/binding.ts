// /binding of a pod: the scheduler's word on where it runs; as pkg/registry/core/pod/storage.BindingREST.
import type { Pod, PodCondition } from '../../apimachinery/api/core.v1.ts'
import type { ApiResponse } from '../../apimachinery/door.ts'
import { typedForm } from '../../apimachinery/encode.ts'
import { notSupported, required } from '../../apimachinery/field.ts'
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import { StatusError, badRequest, conflict, notFound } from '../../apimachinery/status.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { answer } from '../api.ts'
import type { Context, Subresource } from '../api.ts'
import { readBody } from '../body.ts'
import { writeOptions } from '../options.ts'

/** Binds the pod of that name as the body says; `POST /bindings` does the same. */
export async function bind(ctx: Context, name: string): Promise<ApiResponse> {
  const { api } = ctx
  const options = writeOptions(ctx, 'CreateOptions')
  const body = (await readBody(
    ctx,
    { group: '', version: 'v1', kind: 'Binding', schema: 'core.v1.Binding' },
    options.fieldValidation,
  )) as Draft<KubeObject> & { target?: { kind?: string; name?: string } }
  if (name && body.metadata.name !== name) throw badRequest('name in URL does not match name in Binding object')
  const pod = body.metadata.name ?? ''
  const errors = [
    ...(body.target?.kind && body.target.kind !== 'Node'
      ? [notSupported('target.kind', body.target.kind, ['Node', '<empty>'])]
      : []),
    ...(body.target?.name ? [] : [required('target.name', '')]),
  ]
  if (errors.length > 0) {
    const said = errors.map((e) => `${e.field}: ${e.message}`)
    throw new StatusError(500, '', said.length > 1 ? `[${said.join(', ')}]` : said.join(''))
  }
  const existing = api.store.get('pods', ctx.info.namespace, pod) as Pod | undefined
  const gr = { group: '', resource: 'pods/binding' }
  if (!existing) throw notFound({ group: '', resource: 'pods' }, pod)
  const refuse = (why: string): StatusError => conflict(gr, pod, why)
  if (body.metadata.uid && body.metadata.uid !== existing.metadata.uid)
    throw refuse(
      `Precondition failed: UID in precondition: ${body.metadata.uid}, UID in object meta: ${existing.metadata.uid}`,
    )
  if (existing.metadata.deletionTimestamp) throw refuse(`pod ${pod} is being deleted, cannot be assigned to a host`)
  if (existing.spec?.nodeName) throw refuse(`pod ${pod} is already assigned to node "${existing.spec.nodeName}"`)
  if (existing.spec?.schedulingGates?.length) throw refuse(`pod ${pod} has non-empty .spec.schedulingGates`)
  const at = rfc3339(api.now())
  const conditions = existing.status?.conditions ?? []
  const known = conditions.find((c) => c.type === 'PodScheduled')
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: at,
  } as unknown as PodCondition // the schema has no null for lastProbeTime; the server writes one
  const bound: Pod = {
    ...existing,
    metadata: {
      ...existing.metadata,
      ...(body.metadata.annotations
        ? { annotations: { ...existing.metadata.annotations, ...body.metadata.annotations } }
        : {}),
    },
    spec: { ...existing.spec, containers: existing.spec?.containers ?? [], nodeName: body.target?.name ?? '' },
    status: {
      ...existing.status,
      conditions: known
        ? conditions.map((c) =>
            c === known && c.status !== 'True'
              ? ({ ...scheduled, lastProbeTime: c.lastProbeTime ?? null } as PodCondition)
              : c,
          )
        : [...conditions, scheduled],
    },
  }
  if (!options.dryRun)
    api.store.update(
      'pods',
      typedForm(bound, 'core.v1.Pod', api.schemas, existing),
      existing.metadata.resourceVersion ?? '',
    )
  return answer(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}

export const binding: Subresource = { name: 'binding', create: (ctx) => bind(ctx, ctx.info.name) }
