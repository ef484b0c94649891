// ReplicaSet: as many pods as asked for, adopting and releasing by labels; behaves as pkg/controller/replicaset.
// ReplicationControllers share it.
import type { ReplicaSet, ReplicaSetCondition } from '../../apimachinery/api/apps.v1.ts'
import type { Pod, PodTemplateSpec, ReplicationController } from '../../apimachinery/api/core.v1.ts'
import type { LabelSelector } from '../../apimachinery/api/meta.v1.ts'
import { fromLabelSelector } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { FAILED, keyOf, splitKey } from '../controller.ts'
import type { Again, Controller, ControllerContext } from '../controller.ts'
import { conditionOf, without } from './conditions.ts'
import { claim, controllerKeys, controllerOf, equalities } from './owners.ts'
import { availableIn, createPods, deletePods, deletionOrder, isActive, isReady, podFromTemplate } from './pods.ts'

/** What both kinds have, in ReplicaSet's shape. */
interface PodSet {
  readonly owner: ReplicaSet | ReplicationController
  readonly resource: string
  readonly path: string
  readonly replicas: number
  readonly selector: LabelSelector
  readonly template: PodTemplateSpec
  readonly minReadySeconds: number
  readonly status: ReplicaSet['status']
}

async function reconcileSet(set: PodSet, ctx: ControllerContext): Promise<Again | void> {
  const { owner } = set
  const selector = fromLabelSelector(set.selector)
  const pods = await claim<Pod>(ctx, {
    owner,
    resource: 'pods',
    path: 'v1/pods',
    selector,
    labels: equalities(set.selector),
    adoptable: isActive,
  })
  let active = pods.filter(isActive)
  let failure: { reason: string; message: string } | undefined
  if (!owner.metadata.deletionTimestamp) {
    const diff = set.replicas - active.length
    if (diff > 0) {
      const { created, error, terminating } = await createPods(ctx, owner, diff, () =>
        podFromTemplate(owner, set.template),
      )
      active = [...active, ...created]
      if (error && !terminating) failure = { reason: 'FailedCreate', message: error.message }
    } else if (diff < 0) {
      const doomed = deletionOrder(active, rankByNode(ctx, owner, active), ctx.clock.now()).slice(0, -diff)
      try {
        await deletePods(ctx, owner, doomed)
        const gone = new Set(doomed)
        active = active.filter((p) => !gone.has(p))
      } catch (e) {
        if (!(e instanceof StatusError)) throw e
        failure = { reason: 'FailedDelete', message: e.message }
      }
    }
  }

  const now = ctx.clock.now()
  let available = 0
  let soonest: number | undefined
  for (const p of active) {
    const wait = availableIn(p, set.minReadySeconds, now)
    if (wait === 0) available++
    else if (wait !== undefined) soonest = Math.min(soonest ?? wait, wait)
  }
  const wanted = Object.entries(set.template.metadata?.labels ?? {})
  const labelled = active.filter((p) => wanted.every(([k, v]) => p.metadata.labels?.[k] === v)).length
  let conditions = set.status?.conditions
  const failed = conditionOf(conditions, 'ReplicaFailure')
  if (failure && !failed)
    conditions = [
      ...(conditions ?? []),
      {
        type: 'ReplicaFailure',
        status: 'True',
        lastTransitionTime: rfc3339(now),
        ...failure,
      } satisfies ReplicaSetCondition,
    ]
  else if (!failure && failed) conditions = without(conditions, 'ReplicaFailure')
  const ready = active.filter(isReady).length
  const status: ReplicaSet['status'] = {
    replicas: active.length,
    ...(labelled ? { fullyLabeledReplicas: labelled } : {}),
    ...(ready ? { readyReplicas: ready } : {}),
    ...(available ? { availableReplicas: available } : {}),
    observedGeneration: owner.metadata.generation ?? 0,
    ...(conditions?.length ? { conditions } : {}),
  }
  if (!equal(status, { replicas: 0, ...set.status }))
    await ctx.client.update(set.path, owner.metadata.namespace ?? '', { ...owner, status }, { subresource: 'status' })
  if (failure) return FAILED
  if (soonest !== undefined) return { after: soonest }
}

/** How many active pods of the same controller's sets share each pod's node. */
function rankByNode(
  ctx: ControllerContext,
  owner: ReplicaSet | ReplicationController,
  active: readonly Pod[],
): (pod: Pod) => number {
  const parent = controllerOf(owner)
  const siblings = parent ? ctx.lister.owned('replicasets.apps', parent.uid) : [owner]
  const onNode = new Map<string, number>()
  const related =
    siblings.length > 1
      ? siblings.flatMap((s) => ctx.lister.owned<Pod>('pods', s.metadata.uid ?? '').filter(isActive))
      : active
  for (const p of related) onNode.set(p.spec?.nodeName ?? '', (onNode.get(p.spec?.nodeName ?? '') ?? 0) + 1)
  return (pod) => onNode.get(pod.spec?.nodeName ?? '') ?? 0
}

export const replicaSetController: Controller = {
  name: 'replicaset-controller',
  sources: [
    { resource: 'replicasets.apps', keys: (o) => [keyOf(o)] },
    { resource: 'pods', keys: controllerKeys('ReplicaSet', 'replicasets.apps') },
  ],
  reconcile: async (key, ctx) => {
    const [namespace, name] = splitKey(key)
    const rs = ctx.lister.get<ReplicaSet>('replicasets.apps', namespace, name)
    if (!rs) return
    return reconcileSet(
      {
        owner: rs,
        resource: 'replicasets.apps',
        path: 'apps/v1/replicasets',
        replicas: rs.spec?.replicas ?? 1,
        selector: rs.spec?.selector ?? {},
        template: rs.spec?.template ?? {},
        minReadySeconds: rs.spec?.minReadySeconds ?? 0,
        status: rs.status,
      },
      ctx,
    )
  },
}

export const replicationController: Controller = {
  name: 'replication-controller',
  sources: [
    { resource: 'replicationcontrollers', keys: (o) => [keyOf(o)] },
    { resource: 'pods', keys: controllerKeys('ReplicationController', 'replicationcontrollers') },
  ],
  reconcile: async (key, ctx) => {
    const [namespace, name] = splitKey(key)
    const rc = ctx.lister.get<ReplicationController>('replicationcontrollers', namespace, name)
    if (!rc) return
    return reconcileSet(
      {
        owner: rc,
        resource: 'replicationcontrollers',
        path: 'v1/replicationcontrollers',
        replicas: rc.spec?.replicas ?? 1,
        selector: { matchLabels: rc.spec?.selector ?? {} },
        template: rc.spec?.template ?? {},
        minReadySeconds: rc.spec?.minReadySeconds ?? 0,
        status: rc.status,
      },
      ctx,
    )
  },
}
