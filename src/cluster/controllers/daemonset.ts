// DaemonSet: one pod on every node that fits, replaced template by template; behaves as pkg/controller/daemon.
import type { DaemonSet, DaemonSetSpec, DaemonSetStatus } from '../../apimachinery/api/apps.v1.ts'
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

/** What one reconcile knows. */
interface Round {
  readonly ctx: ControllerContext
  readonly ds: DaemonSet
  readonly spec: DaemonSetSpec
  readonly nodes: readonly Node[]
  readonly probe: Pod
  /** Its own. */
  readonly pods: readonly Pod[]
  /** Of the present template. */
  readonly hash: string
  /** How many nodes may have a new pod beside the old one. */
  readonly surge: number
  /** A new pod for a node. */
  readonly make: (node: string) => Pod
}

async function reconcile(key: string, ctx: ControllerContext): Promise<Again | void> {
  const [namespace, name] = splitKey(key)
  const ds = ctx.lister.get<DaemonSet>('daemonsets.apps', namespace, name)
  if (!ds?.spec) return
  const { spec } = ds
  const selector = fromLabelSelector(spec.selector)
  if (Object.keys(spec.selector ?? {}).length === 0) {
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.'
    return ctx.event(ds, 'Warning', 'SelectingAll', message)
  }
  if (ds.metadata.deletionTimestamp) return
  const known = await revisionsOf(ctx, ds, spec.selector)
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
  const nodes = ctx.lister.list<Node>('nodes')
  const surge =
    spec.updateStrategy?.type === 'RollingUpdate'
      ? scaledValue(spec.updateStrategy.rollingUpdate?.maxSurge ?? 0, nodes.length, true)
      : 0
  const generation = ds.metadata.annotations?.[TEMPLATE_GENERATION]
  const labels = { [HASH]: hash, ...(generation !== undefined ? { [GENERATION]: generation } : {}) }
  const r: Round = {
    ctx,
    ds,
    spec,
    nodes,
    probe: probeOf(ds),
    pods: mine,
    hash,
    surge,
    make: (node) => ({
      ...podFromTemplate(ds, spec.template, { labels }),
      spec: pinned(spec.template.spec, node),
    }),
  }
  const { wanted, doomed } = await placement(r)
  const { error } = await createPods(ctx, ds, wanted.length, (i) => r.make(wanted[i] ?? ''))
  if (doomed.length > 0) await deletePods(ctx, ds, doomed)
  if (spec.updateStrategy?.type === 'RollingUpdate' && wanted.length === 0 && doomed.length === 0) await update(r)

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
  const soonest = await report(ctx, ds, nodes, r.probe, hash, collisions)
  if (error) return FAILED
  if (soonest !== undefined) return { after: soonest }
}

/** Which nodes want a pod, and which pods are to go: from nodes they may not stay on, ended ones, those too many. */
async function placement({ ctx, ds, nodes, probe, pods, surge }: Round): Promise<{ wanted: string[]; doomed: Pod[] }> {
  const byNode = new Map<string, Pod[]>(nodes.map((n) => [n.metadata.name ?? '', []]))
  const strays: Pod[] = []
  for (const p of pods) (byNode.get(nodeOf(p)) ?? strays).push(p)
  const doomed: Pod[] = []
  const wanted: string[] = []
  for (const node of nodes) {
    const name = node.metadata.name ?? ''
    const all = byNode.get(name) ?? []
    const here = all.filter((p) => !p.metadata.deletionTimestamp)
    const { runs, stays } = mayRunOn(probe, node)
    if (runs && all.length === 0) wanted.push(name)
    else if (!stays) doomed.push(...here)
    else doomed.push(...(await ended(ctx, ds, here, name)), ...(surge === 0 ? tooMany(here) : []))
  }
  // their nodes have gone, and they never got there
  doomed.push(...strays.filter((p) => !p.metadata.deletionTimestamp && p.spec?.nodeName === undefined))
  return { wanted, doomed }
}

/** The pods of a node that have ended: others take their place. */
async function ended(ctx: ControllerContext, ds: DaemonSet, here: readonly Pod[], node: string): Promise<Pod[]> {
  const failed = here.filter((p) => p.status?.phase === 'Failed')
  const succeeded = here.filter((p) => p.status?.phase === 'Succeeded')
  for (const p of failed) {
    const message = `Found failed daemon pod ${keyOf(p)} on node ${node}, will try to kill it`
    await ctx.event(ds, 'Warning', 'FailedDaemonPod', message)
  }
  for (const p of succeeded) {
    const message = `Found succeeded daemon pod ${keyOf(p)} on node ${node}, will try to delete it`
    await ctx.event(ds, 'Normal', 'SucceededDaemonPod', message)
  }
  return [...failed, ...succeeded]
}

/** One pod is enough for a node: the oldest stays. */
function tooMany(here: readonly Pod[]): Pod[] {
  const age = (p: Pod): string => `${p.metadata.creationTimestamp ?? ''}${p.metadata.name}`
  return here
    .filter((p) => !isFinished(p))
    .sort((a, b) => (age(a) < age(b) ? -1 : 1))
    .slice(1)
}

/** Old pods make room for new ones, as many at a time as may be missing; or new ones come first (maxSurge). */
async function update(r: Round): Promise<void> {
  const { ctx, ds, spec, nodes, probe, pods, hash, surge } = r
  const old = pods.filter((p) => !p.metadata.deletionTimestamp && !isFinished(p) && p.metadata.labels?.[HASH] !== hash)
  if (surge > 0) {
    const successors = (p: Pod): Pod[] =>
      pods.filter((q) => q !== p && nodeOf(q) === nodeOf(p) && q.metadata.labels?.[HASH] === hash)
    const replaced = old.filter((p) => successors(p).some(isReady))
    const starting = old.filter((p) => successors(p).some((q) => !isReady(q))).length
    const next = old.filter((p) => successors(p).length === 0).slice(0, Math.max(0, surge - starting))
    await deletePods(ctx, ds, replaced)
    await createPods(ctx, ds, next.length, (i) => {
      const pod = next[i]
      return r.make(pod ? nodeOf(pod) : '')
    })
    return
  }
  const now = ctx.clock.now()
  const available = (p: Pod): boolean => availableIn(p, spec.minReadySeconds ?? 0, now) === 0
  const desired = nodes.filter((n) => mayRunOn(probe, n).runs)
  const max = Math.max(1, scaledValue(spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, desired.length, true))
  const missing = desired.filter(
    (n) => !pods.some((p) => nodeOf(p) === n.metadata.name && !p.metadata.deletionTimestamp && available(p)),
  ).length
  const broken = old.filter((p) => !available(p))
  const fine = old.filter(available).slice(0, Math.max(0, max - missing))
  await deletePods(ctx, ds, [...broken, ...fine])
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
