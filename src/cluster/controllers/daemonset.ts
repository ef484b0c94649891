// DaemonSet: one pod on every node that fits, replaced template by template; behaves as pkg/controller/daemon.
import type { DaemonSet, DaemonSetStatus } from '../../apimachinery/api/apps.v1.ts'
import type { Node, Pod, PodSpec, Toleration } from '../../apimachinery/api/core.v1.ts'
import { fromLabelSelector } from '../../apimachinery/labels.ts'
import { scaledValue } from '../../apimachinery/intstr.ts'
import { equal } from '../../apimachinery/object.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { podTemplateHash } from '../../apimachinery/podhash.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { FAILED, keyOf, splitKey } from '../controller.ts'
import type { Again, Controller, ControllerContext } from '../controller.ts'
import type { Change } from '../../storage/store.ts'
import type { Lister } from '../lister.ts'
import { presentRevision, revisionsOf, truncate } from './history.ts'
import { mayRunOn } from './nodeaffinity.ts'
import { claim, controllerKeys, equalities } from './owners.ts'
import { availableIn, createPods, deletePods, isFinished, isReady, podFromTemplate } from './pods.ts'

const HASH = 'controller-revision-hash'
const GENERATION = 'pod-template-generation'
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

function tolerations(spec: PodSpec | undefined): Toleration[] {
  const added: Toleration[] = [
    ...['not-ready', 'unreachable'].map((k) => ({
      key: `node.kubernetes.io/${k}`,
      operator: 'Exists',
      effect: 'NoExecute',
    })),
    ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((k) => ({
      key: `node.kubernetes.io/${k}`,
      operator: 'Exists',
      effect: 'NoSchedule',
    })),
    ...(spec?.hostNetwork
      ? [{ key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' }]
      : []),
  ]
  const own = [...(spec?.tolerations ?? [])]
  for (const t of added)
    if (!own.some((o) => o.key === t.key && o.operator === t.operator && o.effect === t.effect && !o.value)) own.push(t)
  return own
}

/** Ties a pod to its node by name, which the scheduler then honours. */
function pinned(spec: PodSpec | undefined, node: string): PodSpec {
  const fields = [{ key: 'metadata.name', operator: 'In', values: [node] }]
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return {
    ...(spec ?? { containers: [] }),
    tolerations: tolerations(spec),
    affinity: {
      ...spec?.affinity,
      nodeAffinity: {
        ...spec?.affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: terms?.length
            ? terms.map(({ matchExpressions, matchFields: _f }) => ({
                ...(matchExpressions ? { matchExpressions } : {}),
                matchFields: fields,
              }))
            : [{ matchFields: fields }],
        },
      },
    },
  }
}

/** Where a pod stands or is meant to stand. */
function nodeOf(pod: Pod): string {
  if (pod.spec?.nodeName) return pod.spec.nodeName
  for (const t of pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ??
    [])
    for (const f of t.matchFields ?? []) if (f.key === 'metadata.name') return f.values?.[0] ?? ''
  return ''
}

/** A pod as a node would see it. */
const probeOf = (ds: DaemonSet): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {},
  spec: { ...(ds.spec?.template.spec ?? { containers: [] }), tolerations: tolerations(ds.spec?.template.spec) },
})

async function reconcile(key: string, ctx: ControllerContext): Promise<Again | void> {
  const [namespace, name] = splitKey(key)
  const ds = ctx.lister.get<DaemonSet>('daemonsets.apps', namespace, name)
  if (!ds?.spec) return
  const { spec } = ds
  const selector = fromLabelSelector(spec.selector)
  if (Object.keys(spec.selector ?? {}).length === 0) {
    await ctx.event(
      ds,
      'Warning',
      'SelectingAll',
      'This daemon set is selecting all pods. A non-empty selector is required.',
    )
    return
  }
  if (ds.metadata.deletionTimestamp) return
  const now = ctx.clock.now()
  const known = await revisionsOf(ctx, ds, spec.selector)
  const generation = ds.metadata.annotations?.[TEMPLATE_GENERATION]
  const { revision, collisions } = await presentRevision(
    ctx,
    ds,
    known,
    spec.template,
    HASH,
    {
      labels: spec.template.metadata?.labels ?? {},
      ...(ds.metadata.annotations ? { annotations: ds.metadata.annotations } : {}),
    },
    ds.status?.collisionCount ?? 0,
    (n) => podTemplateHash(spec.template, n === 0 && ds.status?.collisionCount === undefined ? undefined : n),
  )
  const hash = revision.metadata.labels?.[HASH] ?? ''
  const mine = await claim<Pod>(ctx, {
    owner: ds,
    resource: 'pods',
    path: 'v1/pods',
    selector,
    labels: equalities(spec.selector),
    adoptable: (p) => !isFinished(p),
  })
  const byNode = new Map<string, Pod[]>()
  for (const p of mine) {
    const n = nodeOf(p)
    const l = byNode.get(n)
    if (l) l.push(p)
    else byNode.set(n, [p])
  }
  const nodes = ctx.lister.list<Node>('nodes')
  const probe = probeOf(ds)

  const wanted: string[] = []
  const doomed: Pod[] = []
  const surge =
    spec.updateStrategy?.type === 'RollingUpdate'
      ? scaledValue(spec.updateStrategy.rollingUpdate?.maxSurge ?? 0, nodes.length, true)
      : 0
  for (const node of nodes) {
    const here = (byNode.get(node.metadata.name ?? '') ?? []).filter((p) => !p.metadata.deletionTimestamp)
    const going = (byNode.get(node.metadata.name ?? '') ?? []).some((p) => p.metadata.deletionTimestamp)
    const { runs, stays } = mayRunOn(probe, node)
    if (runs && here.length === 0 && !going) wanted.push(node.metadata.name ?? '')
    else if (!stays && here.length > 0) doomed.push(...here)
    else if (stays) {
      const failed = here.filter((p) => p.status?.phase === 'Failed')
      for (const p of failed) {
        await ctx.event(
          ds,
          'Warning',
          'FailedDaemonPod',
          `Found failed daemon pod ${keyOf(p)} on node ${node.metadata.name}, will try to kill it`,
        )
        doomed.push(p)
      }
      for (const p of here.filter((x) => x.status?.phase === 'Succeeded')) {
        await ctx.event(
          ds,
          'Normal',
          'SucceededDaemonPod',
          `Found succeeded daemon pod ${keyOf(p)} on node ${node.metadata.name}, will try to delete it`,
        )
        doomed.push(p)
      }
      const alive = here
        .filter((p) => !isFinished(p))
        .sort((a, b) =>
          (a.metadata.creationTimestamp ?? '') + a.metadata.name <
          (b.metadata.creationTimestamp ?? '') + b.metadata.name
            ? -1
            : 1,
        )
      if (alive.length > 1 && surge === 0) doomed.push(...alive.slice(1))
    }
  }
  for (const [n, pods] of byNode)
    if (!nodes.some((x) => x.metadata.name === n))
      doomed.push(...pods.filter((p) => !p.metadata.deletionTimestamp && p.spec?.nodeName === undefined))
  const labels = { [HASH]: hash, ...(generation !== undefined ? { [GENERATION]: generation } : {}) }
  const make = (node: string): Pod => {
    const p = podFromTemplate(ds, spec.template, { labels })
    return { ...p, spec: pinned(spec.template.spec, node) }
  }
  const { error } = await createPods(ctx, ds, wanted.length, (i) => make(wanted[i] ?? ''))
  if (doomed.length > 0) await deletePods(ctx, ds, doomed)

  // old pods make room for new ones, as many at a time as may be missing
  if (spec.updateStrategy?.type === 'RollingUpdate' && wanted.length === 0 && doomed.length === 0) {
    const old = mine.filter(
      (p) => !p.metadata.deletionTimestamp && !isFinished(p) && p.metadata.labels?.[HASH] !== hash,
    )
    const desired = nodes.filter((n) => mayRunOn(probe, n).runs).length
    if (surge > 0) {
      const replaced = old.filter((p) =>
        mine.some((q) => q !== p && nodeOf(q) === nodeOf(p) && q.metadata.labels?.[HASH] === hash && isReady(q)),
      )
      const starting = old.filter((p) =>
        mine.some((q) => q !== p && nodeOf(q) === nodeOf(p) && q.metadata.labels?.[HASH] === hash && !isReady(q)),
      ).length
      const fresh = old
        .filter((p) => !mine.some((q) => q !== p && nodeOf(q) === nodeOf(p) && q.metadata.labels?.[HASH] === hash))
        .slice(0, Math.max(0, surge - starting))
      await deletePods(ctx, ds, replaced)
      await createPods(ctx, ds, fresh.length, (i) => make(nodeOf(fresh[i] as Pod)))
    } else {
      const max = Math.max(1, scaledValue(spec.updateStrategy.rollingUpdate?.maxUnavailable ?? 1, desired, true))
      const available = (p: Pod): boolean => availableIn(p, spec.minReadySeconds ?? 0, now) === 0
      const missing = nodes.filter(
        (n) =>
          mayRunOn(probe, n).runs &&
          !mine.some((p) => nodeOf(p) === n.metadata.name && !p.metadata.deletionTimestamp && available(p)),
      ).length
      const broken = old.filter((p) => !available(p))
      const fine = old.filter(available).slice(0, Math.max(0, max - missing))
      await deletePods(ctx, ds, [...broken, ...fine])
    }
  }

  const present = await revisionsOf(ctx, ds, spec.selector)
  await truncate(
    ctx,
    present,
    new Set([
      revision.metadata.name ?? '',
      ...present
        .filter((r) => mine.some((p) => p.metadata.labels?.[HASH] === r.metadata.labels?.[HASH]))
        .map((r) => r.metadata.name ?? ''),
    ]),
    spec.revisionHistoryLimit,
  )
  const soonest = await report(ctx, ds, nodes, probe, hash, collisions)
  if (error) return FAILED
  if (soonest !== undefined) return { after: soonest }
}

async function report(
  ctx: ControllerContext,
  ds: DaemonSet,
  nodes: readonly Node[],
  probe: Pod,
  hash: string,
  collisions: number,
): Promise<number | undefined> {
  const now = ctx.clock.now()
  let desired = 0
  let current = 0
  let misplaced = 0
  let ready = 0
  let updated = 0
  let available = 0
  let soonest: number | undefined
  const pods = ctx.lister.owned<Pod>('pods', ds.metadata.uid ?? '')
  for (const node of nodes) {
    const here = pods.filter(
      (p) => nodeOf(p) === node.metadata.name && !(p.metadata.deletionTimestamp && isFinished(p)),
    )
    const { runs } = mayRunOn(probe, node)
    if (!runs) {
      if (here.length > 0) misplaced++
      continue
    }
    desired++
    const oldest = here.sort((a, b) =>
      (b.metadata.creationTimestamp ?? '') < (a.metadata.creationTimestamp ?? '') ? -1 : 1,
    )[0]
    if (!oldest) continue
    current++
    if (isReady(oldest)) {
      ready++
      const wait = availableIn(oldest, ds.spec?.minReadySeconds ?? 0, now)
      if (wait === 0) available++
      else if (wait !== undefined) soonest = Math.min(soonest ?? wait, wait)
    }
    if (oldest.metadata.labels?.[HASH] === hash) updated++
  }
  const status: DaemonSetStatus = {
    currentNumberScheduled: current,
    numberMisscheduled: misplaced,
    desiredNumberScheduled: desired,
    numberReady: ready,
    observedGeneration: ds.metadata.generation ?? 0,
    ...(updated ? { updatedNumberScheduled: updated } : {}),
    ...(available ? { numberAvailable: available } : {}),
    ...(desired - available > 0 ? { numberUnavailable: desired - available } : {}),
    ...(collisions || ds.status?.collisionCount ? { collisionCount: collisions } : {}),
    ...(ds.status?.conditions ? { conditions: ds.status.conditions } : {}),
  }
  if (
    !equal(status, {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
      ...ds.status,
    })
  ) {
    try {
      await ctx.client.update(
        'apps/v1/daemonsets',
        ds.metadata.namespace ?? '',
        { ...ds, status },
        { subresource: 'status' },
      )
    } catch (e) {
      if (!(e instanceof StatusError && e.code === 404)) throw e
    }
  }
  return soonest
}

/**
 * The DaemonSets that a node's change concerns: those that want a pod there and have none, or have one that may not
 * stay, or may have stood wrong.
 */
function concerned(_o: KubeObject, lister: Lister, change?: Change): string[] {
  const node = change?.object as Node | undefined
  if (change?.type === 'DELETED') return []
  const before = change?.previous as Node | undefined
  if (
    !node ||
    (before && equal(before.metadata.labels, node.metadata.labels) && equal(before.spec?.taints, node.spec?.taints))
  )
    return []
  return lister
    .list<DaemonSet>('daemonsets.apps')
    .filter((ds) => {
      const { runs, stays } = mayRunOn(probeOf(ds), node)
      const scheduled = lister
        .owned<Pod>('pods', ds.metadata.uid ?? '')
        .some((p) => p.spec?.nodeName === node.metadata.name)
      return (runs && !scheduled) || (!stays && scheduled) || (scheduled && (ds.status?.numberMisscheduled ?? 0) > 0)
    })
    .map(keyOf)
}

export const daemonSetController: Controller = {
  name: 'daemonset-controller',
  sources: [
    { resource: 'daemonsets.apps', keys: (o) => [keyOf(o)] },
    { resource: 'pods', keys: controllerKeys('DaemonSet', 'daemonsets.apps') },
    { resource: 'nodes', keys: concerned },
  ],
  reconcile,
}
