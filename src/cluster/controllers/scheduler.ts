// The scheduler: finds a node for every pod that has none, says why where there is none, and preempts by priority;
// behaves as pkg/scheduler with its default plugins.
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../apimachinery/api/core.v1.ts'
import type { PodDisruptionBudget } from '../../apimachinery/api/policy.v1.ts'
import type { StorageClass } from '../../apimachinery/api/storage.v1.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Again, Controller, ControllerContext, Source } from '../controller.ts'
import type { Lister } from '../lister.ts'
import { amount, hostPorts, nodeState, podRequests } from '../node/nodestate.ts'
import type { Amounts, NodeState } from '../node/nodestate.ts'
import { podFits, preference } from './podaffinity.ts'
import { isFinished } from './pods.ts'
import { matchesNode, nodePreference, toleratesTaint } from './nodeaffinity.ts'
import { hintsOf } from './queueinghints.ts'
import type { Before } from './queueinghints.ts'

/** Why a pod does not fit a node. `hopeless`: removing other pods would not help. */
interface Misfit {
  readonly reasons: readonly string[]
  readonly hopeless: boolean
}
const never = (reason: string): Misfit => ({ reasons: [reason], hopeless: true })
const maybe = (...reasons: string[]): Misfit => ({ reasons, hopeless: false })

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
function tally(total: number, reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const r of reasons) counts.set(r, (counts.get(r) ?? 0) + 1)
  const parts = [...counts].map(([r, n]) => `${n} ${r}`).sort(byText)
  return `0/${total} nodes are available:${parts.length ? ` ${parts.join(', ')}.` : ''}`
}

const rooms = new WeakMap<Node, Map<string, number>>()
/** How much of a resource a node has for pods: looked up for every pod that waits. */
function allocatableOf(node: Node, resource: string): number {
  let room = rooms.get(node)
  if (!room) {
    room = new Map()
    rooms.set(node, room)
  }
  let n = room.get(resource)
  if (n === undefined) {
    n = amount(resource, node.status?.allocatable?.[resource] ?? (resource === 'pods' ? 110 : 0))
    room.set(resource, n)
  }
  return n
}

/** Pods that are thought away from a node, and what they ask for together. */
class Absent {
  readonly uids = new Set<string>()
  readonly #used = new Map<string, number>()
  readonly #state: NodeState
  constructor(state: NodeState, uids: readonly string[]) {
    this.#state = state
    for (const uid of uids) this.add(uid)
  }
  #count(uid: string, sign: 1 | -1): void {
    for (const [r, n] of this.#state.placed.get(uid)?.requests ?? [])
      this.#used.set(r, (this.#used.get(r) ?? 0) + sign * n)
  }
  add(uid: string): void {
    if (this.uids.has(uid)) return
    this.uids.add(uid)
    this.#count(uid, 1)
  }
  delete(uid: string): void {
    if (this.uids.delete(uid)) this.#count(uid, -1)
  }
  used(resource: string): number {
    return this.#used.get(resource) ?? 0
  }
}

/** The part of a pod's request that a node cannot give beside what it holds already. */
function fits(requests: Amounts, node: Node, state: NodeState, without?: Absent): Misfit | undefined {
  const usage = state.usage(node.metadata.name ?? '')
  const reasons: string[] = []
  const used = (r: string): number => (usage.used.get(r) ?? 0) - (without?.used(r) ?? 0)
  if (usage.uids.size - (without?.uids.size ?? 0) + 1 > allocatableOf(node, 'pods')) reasons.push('Too many pods')
  if (requests.size > 0)
    for (const r of [
      'cpu',
      'memory',
      'ephemeral-storage',
      ...[...requests.keys()].filter((k) => k.includes('/') || k.startsWith('hugepages-')),
    ]) {
      const wanted = requests.get(r) ?? 0
      if (wanted <= 0) continue
      if (wanted > allocatableOf(node, r) - used(r)) reasons.push(`Insufficient ${r}`)
    }
  return reasons.length ? maybe(...reasons) : undefined
}

function portsFree(pod: Pod, node: string, state: NodeState, without?: ReadonlySet<string>): boolean {
  const wanted = hostPorts(pod)
  if (wanted.length === 0) return true
  for (const uid of state.usage(node).uids) {
    if (without?.has(uid)) continue
    for (const taken of state.placed.get(uid)?.ports ?? []) {
      const [protocol, ip, port] = taken.split(' ')
      for (const w of wanted) {
        const [p, i, n] = w.split(' ')
        if (p === protocol && n === port && (i === ip || i === '0.0.0.0' || ip === '0.0.0.0')) return false
      }
    }
  }
  return true
}

interface Volumes {
  readonly refuse?: string
  readonly bound: readonly PersistentVolume[]
  readonly toBind: readonly PersistentVolumeClaim[]
  /** A volume that is seen as it was. */ before?: Before
}

/** The claims of a pod: what is bound already, what must be bound on the chosen node. */
function claimsOf(ctx: Pick<ControllerContext, 'lister'>, pod: Pod): Volumes {
  const namespace = pod.metadata.namespace ?? ''
  const bound: PersistentVolume[] = []
  const toBind: PersistentVolumeClaim[] = []
  let immediate = false
  for (const v of pod.spec?.volumes ?? []) {
    const name = v.persistentVolumeClaim?.claimName ?? (v.ephemeral ? `${pod.metadata.name}-${v.name}` : undefined)
    if (name === undefined) continue
    const claim = ctx.lister.get<PersistentVolumeClaim>('persistentvolumeclaims', namespace, name)
    if (!claim)
      return {
        refuse: v.ephemeral
          ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
          : `persistentvolumeclaim "${name}" not found`,
        bound,
        toBind,
      }
    if (claim.status?.phase === 'Lost')
      return {
        refuse: `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`,
        bound,
        toBind,
      }
    if (claim.metadata.deletionTimestamp)
      return { refuse: `persistentvolumeclaim "${name}" is being deleted`, bound, toBind }
    if (claim.spec?.volumeName && claim.metadata.annotations?.['pv.kubernetes.io/bind-completed']) {
      const pv = ctx.lister.get<PersistentVolume>('persistentvolumes', '', claim.spec.volumeName)
      if (pv) bound.push(pv)
      continue
    }
    const cls = claim.spec?.storageClassName
      ? ctx.lister.get<StorageClass>('storageclasses.storage.k8s.io', '', claim.spec.storageClassName)
      : undefined
    if (cls?.volumeBindingMode === 'WaitForFirstConsumer' && !claim.spec?.volumeName) toBind.push(claim)
    else immediate = true
  }
  return { ...(immediate ? { refuse: 'pod has unbound immediate PersistentVolumeClaims' } : {}), bound, toBind }
}

/** Whether a volume can be had on a node. */
const reaches = (pv: PersistentVolume, node: Node): boolean =>
  !pv.spec?.nodeAffinity?.required || matchesNode(pv.spec.nodeAffinity.required, node)

function volumesFit(ctx: ControllerContext, volumes: Volumes, node: Node): Misfit | undefined {
  if (!volumes.bound.every((pv) => reaches(pv, node)))
    return never("node(s) didn't match PersistentVolume's node affinity")
  return bindings(ctx, volumes, node) ? undefined : never("node(s) didn't find available persistent volumes to bind")
}

const selected = (claim: PersistentVolumeClaim): string | undefined =>
  claim.metadata.annotations?.['volume.kubernetes.io/selected-node']

/**
 * Which volume each waiting claim gets on a node: the smallest that suits, none where one is to be provisioned.
 * Undefined where some claim gets nothing (volumeBinder.findMatchingVolumes, checkVolumeProvisions).
 */
function bindings(
  ctx: ControllerContext,
  { toBind, before }: Volumes,
  node: Node,
): readonly (readonly [PersistentVolumeClaim, PersistentVolume | undefined])[] | undefined {
  if (toBind.length === 0) return []
  const volumes = ctx.lister
    .list<PersistentVolume>('persistentvolumes')
    .map((pv) => (pv.metadata.name === before?.name ? before?.volume : pv))
    .filter((pv) => pv !== undefined)
  const chosen = new Set<PersistentVolume>()
  const out: (readonly [PersistentVolumeClaim, PersistentVolume | undefined])[] = []
  const asked = (c: PersistentVolumeClaim): number => amount('storage', c.spec?.resources?.requests?.storage ?? 0)
  const size = (v: PersistentVolume): number => amount('storage', v.spec?.capacity?.storage ?? 0)
  for (const claim of [...toBind].sort((a, b) => asked(a) - asked(b))) {
    const where = selected(claim)
    if (where !== undefined && where !== node.metadata.name) return undefined
    const found =
      where === undefined
        ? volumes
            .filter((pv) => !chosen.has(pv) && suits(pv, claim) && reaches(pv, node))
            .sort((a, b) => Number(!!b.spec?.claimRef) - Number(!!a.spec?.claimRef) || size(a) - size(b))[0]
        : undefined
    if (found) chosen.add(found)
    else {
      const name = claim.spec?.storageClassName ?? ''
      const cls = ctx.lister.get<StorageClass>('storageclasses.storage.k8s.io', '', name)
      if (!cls || cls.provisioner === 'kubernetes.io/no-provisioner') return undefined
    }
    out.push([claim, found])
  }
  return out
}

/** Tells the volume controller what a pod's claims get on the chosen node (volumeBinder.BindPodVolumes). */
async function bindVolumes(ctx: ControllerContext, volumes: Volumes, node: Node): Promise<void> {
  const name = node.metadata.name ?? ''
  for (const [claim, pv] of bindings(ctx, volumes, node) ?? []) {
    const namespace = claim.metadata.namespace ?? ''
    if (pv && pv.spec?.claimRef?.uid !== claim.metadata.uid) {
      const claimRef = {
        kind: 'PersistentVolumeClaim',
        namespace,
        name: claim.metadata.name ?? '',
        uid: claim.metadata.uid ?? '',
        apiVersion: 'v1',
        resourceVersion: claim.metadata.resourceVersion ?? '',
      }
      const annotations = pv.spec?.claimRef ? {} : { 'pv.kubernetes.io/bound-by-controller': 'yes' }
      await ctx.client.update('v1/persistentvolumes', '', {
        ...pv,
        metadata: { ...pv.metadata, annotations: { ...pv.metadata.annotations, ...annotations } },
        spec: { ...pv.spec, claimRef },
      })
    } else if (!pv && selected(claim) !== name)
      await ctx.client.patch('v1/persistentvolumeclaims', namespace, claim.metadata.name ?? '', 'merge', {
        metadata: { annotations: { 'volume.kubernetes.io/selected-node': name } },
      })
  }
}

/** Whether a volume that nobody has could serve a claim. */
export function suits(pv: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (pv.metadata.deletionTimestamp) return false
  const ref = pv.spec?.claimRef
  if (
    ref &&
    !(
      ref.namespace === claim.metadata.namespace &&
      ref.name === claim.metadata.name &&
      (!ref.uid || ref.uid === claim.metadata.uid)
    )
  )
    return false
  if (!ref && pv.status?.phase !== 'Available') return false
  if ((pv.spec?.storageClassName ?? '') !== (claim.spec?.storageClassName ?? '')) return false
  if ((pv.spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')) return false
  if (claim.spec?.selector && !matches(fromLabelSelector(claim.spec.selector), pv.metadata.labels ?? {})) return false
  if (!(claim.spec?.accessModes ?? []).every((m) => pv.spec?.accessModes?.includes(m))) return false
  return (
    amount('storage', pv.spec?.capacity?.storage ?? 0) >=
    amount('storage', claim.spec?.resources?.requests?.storage ?? 0)
  )
}

/** The nodes that a pod's required affinity names, when each of its terms names some (NodeAffinity's PreFilter). */
function namedNodes(pod: Pod): ReadonlySet<string> | undefined {
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (!terms?.length) return undefined
  const names = new Set<string>()
  for (const t of terms) {
    const fields = (t.matchFields ?? []).filter((f) => f.key === 'metadata.name' && f.operator === 'In')
    const [first, ...more] = fields
    if (!first) return undefined
    for (const n of first.values ?? []) if (more.every((f) => f.values?.includes(n))) names.add(n)
  }
  return names
}

/** Runs the filters in the scheduler's order; the first that refuses speaks for the node. */
function filter(
  ctx: ControllerContext,
  pod: Pod,
  requests: Amounts,
  volumes: Volumes,
  node: Node,
  nodes: readonly Node[],
  state: NodeState,
  without?: Absent,
): Misfit | undefined {
  const name = node.metadata.name ?? ''
  const tolerations = pod.spec?.tolerations ?? []
  if (namedNodes(pod)?.has(name) === false) return never("node(s) didn't satisfy plugin(s) [NodeAffinity]")
  if (
    node.spec?.unschedulable &&
    !toleratesTaint(tolerations, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' })
  )
    return never('node(s) were unschedulable')
  if (pod.spec?.nodeName && pod.spec.nodeName !== name) return never("node(s) didn't match the requested node name")
  const taint = node.spec?.taints?.find(
    (t) => (t.effect === 'NoSchedule' || t.effect === 'NoExecute') && !toleratesTaint(tolerations, t),
  )
  if (taint) return never(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`)
  if (
    pod.spec?.nodeSelector &&
    !Object.entries(pod.spec.nodeSelector).every(([k, v]) => node.metadata.labels?.[k] === v)
  )
    return never("node(s) didn't match Pod's node affinity/selector")
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required && !matchesNode(required, node)) return never("node(s) didn't match Pod's node affinity/selector")
  if (!portsFree(pod, name, state, without?.uids))
    return maybe("node(s) didn't have free ports for the requested pod ports")
  return (
    fits(requests, node, state, without) ??
    volumesFit(ctx, volumes, node) ??
    podFits(ctx.lister, pod, node, nodes, state, without?.uids)
  )
}

/** Higher is better: spread of one controller's pods first, then wishes, then free room. */
function score(
  ctx: ControllerContext,
  pod: Pod,
  requests: Amounts,
  node: Node,
  nodes: readonly Node[],
  state: NodeState,
): number {
  const usage = state.usage(node.metadata.name ?? '')
  const free = (r: string): number => {
    const all = allocatableOf(node, r)
    return all > 0 ? Math.max(0, all - (usage.used.get(r) ?? 0) - (requests.get(r) ?? 0)) / all : 0
  }
  const owner = pod.metadata.ownerReferences?.find((r) => r.controller)?.uid
  const soft = !node.spec?.taints?.length
    ? 0
    : node.spec.taints.filter((t) => t.effect === 'PreferNoSchedule' && !toleratesTaint(pod.spec?.tolerations ?? [], t))
        .length
  const siblings = owner ? (usage.owners.get(owner) ?? 0) : 0
  return (
    -200 * siblings -
    300 * soft +
    2 * nodePreference(pod, node) +
    2 * preference(ctx.lister, pod, node, nodes, state) +
    50 * (free('cpu') + free('memory')) -
    usage.uids.size / 10
  )
}

async function bind(ctx: ControllerContext, pod: Pod, node: string): Promise<void> {
  const namespace = pod.metadata.namespace ?? ''
  await ctx.client.post('v1/pods', namespace, pod.metadata.name ?? '', 'binding', {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: pod.metadata.name ?? '', namespace, uid: pod.metadata.uid ?? '' },
    target: { kind: 'Node', name: node },
  })
  nodeState(ctx.lister).see({ ...pod, spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName: node } })
  await ctx.event(
    pod,
    'Normal',
    'Scheduled',
    `Successfully assigned ${namespace}/${pod.metadata.name} to ${node}`,
    undefined,
    { action: 'Binding' },
  )
}

/** Says why the pod waits: the condition, and an event when the reason is new or the pod was tried again (`hinted`). */
async function refuse(
  ctx: ControllerContext,
  pod: Pod,
  hinted: boolean,
  message: string,
  nominated?: string,
  reason = 'Unschedulable',
): Promise<void> {
  const conditions = pod.status?.conditions ?? []
  const old = conditions.find((c) => c.type === 'PodScheduled')
  const known =
    old?.status === 'False' &&
    old.reason === reason &&
    old.message === message &&
    (nominated === undefined || nominated === pod.status?.nominatedNodeName)
  if (known && !hinted) return
  await ctx.event(pod, 'Warning', 'FailedScheduling', message, undefined, { action: 'Scheduling' })
  if (known) return
  const next = {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime:
      old?.status === 'False' && old.lastTransitionTime ? old.lastTransitionTime : rfc3339(ctx.clock.now()),
  }
  const rest = conditions.filter((c) => c.type !== 'PodScheduled')
  const at = conditions.findIndex((c) => c.type === 'PodScheduled')
  const list = at < 0 ? [...rest, next] : [...rest.slice(0, at), next, ...rest.slice(at)]
  await ctx.client.update(
    'v1/pods',
    pod.metadata.namespace ?? '',
    {
      ...pod,
      status: { ...pod.status, conditions: list, ...(nominated ? { nominatedNodeName: nominated } : {}) },
    },
    { subresource: 'status' },
  )
}

interface Candidate {
  readonly node: string
  readonly victims: readonly string[]
  readonly violations: number
}

/** The pods that would have to go from a node, or undefined when even all lesser ones would not do. */
function victimsOn(
  ctx: ControllerContext,
  pod: Pod,
  requests: Amounts,
  volumes: Volumes,
  node: Node,
  nodes: readonly Node[],
  state: NodeState,
): Candidate | undefined {
  const priority = pod.spec?.priority ?? 0
  const lesser = [...state.usage(node.metadata.name ?? '').uids].filter(
    (uid) => (state.placed.get(uid)?.priority ?? 0) < priority,
  )
  if (lesser.length === 0) return undefined
  const gone = new Absent(state, lesser)
  if (filter(ctx, pod, requests, volumes, node, nodes, state, gone)) return undefined
  const podOf = (uid: string): Pod | undefined => {
    const [ns, name] = splitKey(state.placed.get(uid)?.key ?? '')
    return ctx.lister.get<Pod>('pods', ns, name)
  }
  const budgets = ctx.lister.list<PodDisruptionBudget>('poddisruptionbudgets.policy')
  const guarded = (uid: string): boolean => {
    const p = podOf(uid)
    return (
      !!p &&
      budgets.some(
        (b) =>
          b.metadata.namespace === p.metadata.namespace &&
          b.spec?.selector &&
          (b.status?.disruptionsAllowed ?? 0) <= 0 &&
          matches(fromLabelSelector(b.spec.selector), p.metadata.labels ?? {}),
      )
    )
  }
  // the more important and the older are spared first, those whose budget would break before all
  const order = lesser
    .map((uid) => ({
      uid,
      guarded: guarded(uid),
      priority: state.placed.get(uid)?.priority ?? 0,
      since: podOf(uid)?.status?.startTime ?? '',
    }))
    .sort((a, b) => Number(b.guarded) - Number(a.guarded) || b.priority - a.priority || byText(a.since, b.since))
  let violations = 0
  for (const { uid, guarded } of order) {
    gone.delete(uid)
    if (filter(ctx, pod, requests, volumes, node, nodes, state, gone)) {
      gone.add(uid)
      if (guarded) violations++
    }
  }
  return {
    node: node.metadata.name ?? '',
    victims: order.map((o) => o.uid).filter((uid) => gone.uids.has(uid)),
    violations,
  }
}

async function preempt(
  ctx: ControllerContext,
  pod: Pod,
  requests: Amounts,
  volumes: Volumes,
  nodes: readonly Node[],
  misfits: ReadonlyMap<string, Misfit>,
  state: NodeState,
): Promise<{ nominated: string } | { why: string }> {
  if (pod.spec?.preemptionPolicy === 'Never') return { why: 'not eligible due to preemptionPolicy=Never.' }
  const candidates: Candidate[] = []
  const reasons: string[] = []
  for (const n of nodes) {
    if (misfits.get(n.metadata.name ?? '')?.hopeless !== false) {
      reasons.push('Preemption is not helpful for scheduling')
      continue
    }
    const c = victimsOn(ctx, pod, requests, volumes, n, nodes, state)
    if (c) candidates.push(c)
    else reasons.push('No preemption victims found for incoming pod')
  }
  const priorities = (c: Candidate): number[] => c.victims.map((uid) => state.placed.get(uid)?.priority ?? 0)
  const best = candidates.sort(
    (a, b) =>
      a.violations - b.violations ||
      Math.max(...priorities(a)) - Math.max(...priorities(b)) ||
      priorities(a).reduce((x, y) => x + y, 0) - priorities(b).reduce((x, y) => x + y, 0) ||
      a.victims.length - b.victims.length,
  )[0]
  if (!best) return { why: tally(nodes.length, reasons) }
  for (const uid of best.victims) {
    const [namespace, name] = splitKey(state.placed.get(uid)?.key ?? '')
    const victim = ctx.lister.get<Pod>('pods', namespace, name)
    if (!victim || victim.metadata.deletionTimestamp) continue
    const now = rfc3339(ctx.clock.now())
    await ctx.client.update(
      'v1/pods',
      namespace,
      {
        ...victim,
        status: {
          ...victim.status,
          conditions: [
            ...(victim.status?.conditions ?? []).filter((c) => c.type !== 'DisruptionTarget'),
            {
              type: 'DisruptionTarget',
              status: 'True',
              reason: 'PreemptionByScheduler',
              message: 'default-scheduler: preempting to accommodate a higher priority pod',
              lastProbeTime: null,
              lastTransitionTime: now,
            },
          ],
        },
      },
      { subresource: 'status' },
    )
    await ctx.event(
      victim,
      'Normal',
      'Preempted',
      `Preempted by pod ${pod.metadata.uid} on node ${best.node}`,
      undefined,
      { action: 'Preempting' },
    )
    await ctx.client.delete('v1/pods', namespace, name)
  }
  return { nominated: best.node }
}

/** Whether lesser pods still stop on the node that a pod made room on (PodEligibleToPreemptOthers). */
function makesRoom(ctx: ControllerContext, pod: Pod, state: NodeState): boolean {
  const nominated = pod.status?.nominatedNodeName
  if (!nominated) return false
  for (const uid of state.usage(nominated).uids) {
    const placed = state.placed.get(uid)
    if (!placed || placed.priority >= (pod.spec?.priority ?? 0)) continue
    const [namespace, name] = splitKey(placed.key)
    const other = ctx.lister.get<Pod>('pods', namespace, name)
    const preempted = other?.status?.conditions?.some((c) => c.reason === 'PreemptionByScheduler')
    if (other?.metadata.deletionTimestamp && preempted) return true
  }
  return false
}

/**
 * Pods that only a node's change woke: when that did not make room for them, nothing new is said (the queueing hints of
 * the plugins).
 */
const nudged = new WeakMap<Lister, Set<string>>()
const nudgedOf = (lister: Lister): Set<string> => {
  let s = nudged.get(lister)
  if (!s) {
    s = new Set()
    nudged.set(lister, s)
  }
  return s
}

/** A pod that nothing new might help is tried again after so long (podMaxInUnschedulablePodsDuration). */
const LEFTOVER = 300_000

async function reconcile(key: string, ctx: ControllerContext): Promise<Again | void> {
  const quietly = nudgedOf(ctx.lister).delete(key)
  const [namespace, name] = splitKey(key)
  const pod = ctx.lister.get<Pod>('pods', namespace, name)
  const hints = hintsOf(ctx.lister)
  if (!pod || !waits(pod)) return hints.forget(key)
  const { hinted, before, newClaim } = hints.take(key, pod)
  if (newClaim !== undefined) {
    const missing = `error getting PVC "${newClaim}": could not find v1.PersistentVolumeClaim "${newClaim}"`
    const message = `running PreFilter plugin "VolumeBinding": ${missing}`
    return refuse(ctx, pod, true, message, undefined, 'SchedulerError')
  }
  const state = nodeState(ctx.lister)
  const nodes = ctx.lister.list<Node>('nodes').filter((n) => !n.metadata.deletionTimestamp)
  if (nodes.length === 0) return refuse(ctx, pod, hinted, 'no nodes available to schedule pods')
  const requests = podRequests(pod)
  const volumes: Volumes = { ...claimsOf(ctx, pod), ...(before ? { before } : {}) }
  const misfits = new Map<string, Misfit>()
  let best: { node: Node; score: number } | undefined
  if (volumes.refuse === undefined) {
    for (const n of nodes) {
      const misfit = filter(ctx, pod, requests, volumes, n, nodes, state)
      if (misfit) {
        misfits.set(n.metadata.name ?? '', misfit)
        continue
      }
      const s =
        pod.status?.nominatedNodeName === n.metadata.name
          ? Infinity
          : nodes.length > 1
            ? score(ctx, pod, requests, n, nodes, state)
            : 0
      if (!best || s > best.score) best = { node: n, score: s }
    }
  }
  if (!best) {
    if (
      quietly &&
      !hinted &&
      pod.status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'Unschedulable')
    )
      return
    const head =
      volumes.refuse !== undefined
        ? `0/${nodes.length} nodes are available: ${volumes.refuse}.`
        : tally(
            nodes.length,
            [...misfits.values()].flatMap((m) => m.reasons),
          )
    if (makesRoom(ctx, pod, state)) {
      const why = 'not eligible due to a terminating pod on the nominated node.'
      return hinted ? refuse(ctx, pod, hinted, `${head} preemption: ${why}`) : undefined
    }
    const outcome = await preempt(ctx, pod, requests, volumes, nodes, misfits, state)
    if ('nominated' in outcome) return refuse(ctx, pod, hinted, head, outcome.nominated)
    await refuse(ctx, pod, hinted, `${head} preemption: ${outcome.why}`)
    return before && volumes.toBind.length > 0 ? { after: LEFTOVER } : undefined
  }
  const node = best.node.metadata.name ?? ''
  // what waits for its first consumer is bound first, now that the node is known
  if (volumes.toBind.length > 0) return bindVolumes(ctx, volumes, best.node)
  try {
    await bind(ctx, pod, node)
  } catch (e) {
    if (!(e instanceof StatusError && e.code === 409)) throw e
  }
}

const waits = (pod: Pod): boolean =>
  !pod.spec?.nodeName &&
  !pod.metadata.deletionTimestamp &&
  (pod.spec?.schedulerName ?? 'default-scheduler') === 'default-scheduler' &&
  !pod.spec?.schedulingGates?.length &&
  !isFinished(pod)

/** Every waiting pod is looked at when one of these changes. */
const watched = (resource: string): Source => ({
  resource,
  keys: (o, lister, change) => {
    if (change && o === change.object) hintsOf(lister).note(change)
    return nodeState(lister).pending
  },
})

export const scheduler: Controller = {
  name: 'default-scheduler',
  sources: [
    {
      resource: 'pods',
      keys: (o, lister, change) => {
        const pod = o as Pod
        const state = nodeState(lister)
        if (change) state.track(change)
        // only as it is now it may need a place, or have left one
        if (o === change?.previous) return []
        if (change?.type !== 'DELETED' && !pod.spec?.nodeName) {
          nudgedOf(lister).delete(keyOf(pod))
          return waits(pod) ? [keyOf(pod)] : []
        }
        // room appears when a placed pod goes or ends, and new neighbours may attract
        if (!pod.spec?.nodeName) return []
        const mattered =
          change?.type === 'DELETED' ||
          isFinished(pod) ||
          !(change?.previous as Pod | undefined)?.spec?.nodeName ||
          !equal(change?.previous?.metadata.labels, pod.metadata.labels)
        if (change && (change.type === 'DELETED' || isFinished(pod))) hintsOf(lister).note(change)
        return mattered ? state.pending : []
      },
    },
    {
      resource: 'nodes',
      keys: (o, lister, change) => {
        const { pending } = nodeState(lister)
        if (change && o === change.object) hintsOf(lister).note(change)
        if (change?.type === 'MODIFIED') {
          const s = nudgedOf(lister)
          for (const k of pending) s.add(k)
        } else if (change) nudgedOf(lister).clear()
        return pending
      },
    },
    watched('persistentvolumeclaims'),
    watched('persistentvolumes'),
    watched('storageclasses.storage.k8s.io'),
  ],
  reconcile,
}
