// /eviction of a pod: a deletion that asks the disruption budgets first; as pkg/registry/core/pod/storage.EvictionREST.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import type { PodDisruptionBudget } from '../../apimachinery/api/policy.v1.ts'
import type { ApiResponse } from '../../apimachinery/door.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import { copy, equal } from '../../apimachinery/object.ts'
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import { StatusError, badRequest, forbidden } from '../../apimachinery/status.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { answer } from '../api.ts'
import type { Context, Subresource } from '../api.ts'
import { readBody } from '../body.ts'
import { deleteObject, validateDeleteOptions } from '../deletion.ts'
import type { DeleteOptions } from '../deletion.ts'
import { writeOptions } from '../options.ts'
import { getStored } from '../stored.ts'

const BUDGETS = 'poddisruptionbudgets.policy'
type Eviction = Draft<KubeObject> & {
  deleteOptions?: {
    gracePeriodSeconds?: number
    preconditions?: { uid?: string; resourceVersion?: string }
    propagationPolicy?: string
    orphanDependents?: boolean
    dryRun?: string[]
  }
}

const ready = (pod: Pod): boolean =>
  pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
const needsNoBudget = (pod: Pod): boolean =>
  ['Succeeded', 'Failed', 'Pending'].includes(pod.status?.phase ?? '') || pod.metadata.deletionTimestamp !== undefined

function tooMany(message: string, cause: string, retryAfterSeconds = 0): StatusError {
  return new StatusError(429, 'TooManyRequests', message, {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
  })
}

function decrement(ctx: Context, budget: PodDisruptionBudget, pod: string, dryRun: boolean): void {
  const { status } = budget
  const name = budget.metadata.name ?? ''
  if ((status?.observedGeneration ?? 0) < (budget.metadata.generation ?? 0))
    throw tooMany(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      `The disruption budget ${name} is still being processed by the server.`,
      10,
    )
  const allowed = status?.disruptionsAllowed ?? 0
  if (allowed < 0)
    throw forbidden({ group: 'policy', resource: 'poddisruptionbudget' }, name, 'pdb disruptions allowed is negative')
  if (allowed === 0)
    throw tooMany(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      `The disruption budget ${name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`,
    )
  if (dryRun) return
  const draft = copy(budget)
  if (!draft.status) return
  draft.status.disruptionsAllowed = allowed - 1
  draft.status.disruptedPods = { ...draft.status.disruptedPods, [pod]: rfc3339(ctx.api.now()) }
  ctx.api.store.update(BUDGETS, draft, budget.metadata.resourceVersion ?? '')
}

async function evict(ctx: Context): Promise<ApiResponse> {
  const { api, info } = ctx
  const options = writeOptions(ctx, 'CreateOptions')
  const body = (await readBody(
    ctx,
    {
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      schema: 'policy.v1.Eviction',
      // the old version of the type is still taken
      versions: ['v1beta1'],
    },
    options.fieldValidation,
  )) as Eviction
  if (body.metadata.namespace && body.metadata.namespace !== info.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (body.metadata.name !== info.name) throw badRequest('name in URL does not match name in Eviction object')
  const pod = getStored(ctx)
  const wanted = body.deleteOptions ?? {}
  const asked = ctx.request.query?.dryRun ?? []
  const own = wanted.dryRun ?? []
  if (own.length > 0 && asked.length > 0 && !equal(own, asked))
    throw new StatusError(
      500,
      '',
      `Non-matching dry-run options in request and content: [${asked.join(' ')}] and [${own.join(' ')}]`,
    )
  const dryRun = options.dryRun || own.length > 0
  const how: DeleteOptions = {
    dryRun,
    ...(wanted.gracePeriodSeconds !== undefined ? { gracePeriodSeconds: wanted.gracePeriodSeconds } : {}),
    ...(wanted.preconditions ? { preconditions: wanted.preconditions } : {}),
    ...(wanted.propagationPolicy ? { propagationPolicy: wanted.propagationPolicy } : {}),
    ...(wanted.orphanDependents !== undefined ? { orphanDependents: wanted.orphanDependents } : {}),
  }
  validateDeleteOptions(how, own)
  if (!needsNoBudget(pod)) {
    const budgets = (api.store.list(BUDGETS, { namespace: info.namespace }) as readonly PodDisruptionBudget[]).filter(
      (b) => b.spec?.selector && matches(fromLabelSelector(b.spec.selector), pod.metadata.labels),
    )
    if (budgets.length > 1)
      throw new StatusError(
        500,
        '',
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      )
    const budget = budgets[0]
    const spare =
      budget &&
      !ready(pod) &&
      (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' ||
        ((budget.status?.currentHealthy ?? 0) >= (budget.status?.desiredHealthy ?? 0) &&
          (budget.status?.desiredHealthy ?? 0) > 0))
    if (budget && !spare) decrement(ctx, budget, info.name, dryRun)
  }
  if (!dryRun) {
    const draft = copy(getStored(ctx)) as Draft<Pod>
    const status = (draft.status ??= {})
    const at = rfc3339(api.now())
    status.conditions = [
      ...(status.conditions ?? []).filter((c) => c.type !== 'DisruptionTarget'),
      {
        type: 'DisruptionTarget',
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: at,
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
      } as never,
    ]
    api.store.update('pods', draft, draft.metadata.resourceVersion ?? '')
  }
  await deleteObject(ctx, info.name, how)
  return answer(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}

export const eviction: Subresource = { name: 'eviction', create: evict }
