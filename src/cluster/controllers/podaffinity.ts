// Pods among pods: affinity, anti-affinity and topology spread; behaves as the scheduler's InterPodAffinity and
// PodTopologySpread plugins.
import type { Namespace, Node, Pod, PodAffinityTerm, TopologySpreadConstraint } from '../../apimachinery/api/core.v1.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import type { Lister } from '../lister.ts'
import { splitKey } from '../controller.ts'
import type { NodeState } from '../node/nodestate.ts'
import { matchesNode, toleratesTaint } from './nodeaffinity.ts'

interface Refusal {
  readonly reasons: readonly string[]
  readonly hopeless: boolean
}

function inTerm(lister: Lister, owner: Pod, term: PodAffinityTerm, other: Pod): boolean {
  const listed = term.namespaces ?? []
  const named =
    listed.length || term.namespaceSelector
      ? listed.includes(other.metadata.namespace ?? '')
      : other.metadata.namespace === owner.metadata.namespace
  const chosen =
    named ||
    (term.namespaceSelector !== undefined &&
      matches(
        fromLabelSelector(term.namespaceSelector),
        lister.get<Namespace>('namespaces', '', other.metadata.namespace ?? '')?.metadata.labels ?? {},
      ))
  if (!chosen || !term.labelSelector) return false
  const labels = other.metadata.labels ?? {}
  const own = owner.metadata.labels ?? {}
  return (
    matches(fromLabelSelector(term.labelSelector), labels) &&
    (term.matchLabelKeys ?? []).every((k) => !Object.hasOwn(own, k) || labels[k] === own[k]) &&
    (term.mismatchLabelKeys ?? []).every((k) => !Object.hasOwn(own, k) || labels[k] !== own[k])
  )
}

function* placedPods(
  lister: Lister,
  state: NodeState,
  without?: ReadonlySet<string>,
): Generator<{ pod: Pod; node: string }> {
  for (const [uid, p] of state.placed) {
    if (without?.has(uid)) continue
    const [ns, name] = splitKey(p.key)
    const pod = lister.get<Pod>('pods', ns, name)
    if (pod) yield { pod, node: p.node }
  }
}

/** Whether the pods that stand already let this one stand on the node. */
export function podFits(
  lister: Lister,
  pod: Pod,
  node: Node,
  nodes: readonly Node[],
  state: NodeState,
  without?: ReadonlySet<string>,
): Refusal | undefined {
  return spreadFits(lister, pod, node, nodes, state, without) ?? affinityFits(lister, pod, node, nodes, state, without)
}

function affinityFits(
  lister: Lister,
  pod: Pod,
  node: Node,
  nodes: readonly Node[],
  state: NodeState,
  without?: ReadonlySet<string>,
): Refusal | undefined {
  const affinity = pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  const anti = pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  if (affinity.length === 0 && anti.length === 0 && state.antiAffine === 0) return undefined
  const byName = new Map(nodes.map((n) => [n.metadata.name ?? '', n]))
  const domain = (n: string, key: string): string | undefined => byName.get(n)?.metadata.labels?.[key]
  const here = node.metadata.labels ?? {}
  const met = affinity.map(() => false)
  let anyMatch = false
  let antiBroken = false
  let othersBroken = false
  for (const other of placedPods(lister, state, without)) {
    const all = affinity.length > 0 && affinity.every((t) => inTerm(lister, pod, t, other.pod))
    if (all) anyMatch = true
    for (const [i, t] of affinity.entries()) {
      const d = domain(other.node, t.topologyKey)
      if (d !== undefined && d === here[t.topologyKey] && all) met[i] = true
    }
    for (const t of anti) {
      const d = domain(other.node, t.topologyKey)
      if (d !== undefined && d === here[t.topologyKey] && inTerm(lister, pod, t, other.pod)) antiBroken = true
    }
    if (state.antiAffine > 0)
      for (const t of other.pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const d = domain(other.node, t.topologyKey)
        if (d !== undefined && d === here[t.topologyKey] && inTerm(lister, other.pod, t, pod)) othersBroken = true
      }
  }
  if (affinity.length > 0) {
    // the first of a group that wants to be together may stand anywhere that has the topology
    const first = !anyMatch && affinity.every((t) => inTerm(lister, pod, t, pod))
    const ok = affinity.every((t, i) => here[t.topologyKey] !== undefined && (first || met[i] === true))
    if (!ok) return { reasons: ["node(s) didn't match pod affinity rules"], hopeless: true }
  }
  if (antiBroken) return { reasons: ["node(s) didn't match pod anti-affinity rules"], hopeless: false }
  if (othersBroken) return { reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"], hopeless: false }
  return undefined
}

const eligible = (pod: Pod, c: TopologySpreadConstraint, n: Node): boolean => {
  if ((c.nodeAffinityPolicy ?? 'Honor') === 'Honor') {
    const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    if (
      !Object.entries(pod.spec?.nodeSelector ?? {}).every(([k, v]) => n.metadata.labels?.[k] === v) ||
      (required && !matchesNode(required, n))
    )
      return false
  }
  if (
    c.nodeTaintsPolicy === 'Honor' &&
    (n.spec?.taints ?? []).some(
      (t) => t.effect !== 'PreferNoSchedule' && !toleratesTaint(pod.spec?.tolerations ?? [], t),
    )
  )
    return false
  return true
}

function counts(
  lister: Lister,
  pod: Pod,
  c: TopologySpreadConstraint,
  nodes: readonly Node[],
  state: NodeState,
  without?: ReadonlySet<string>,
): Map<string, number> {
  const found = new Map<string, number>()
  const domains = new Map<string, string>()
  for (const n of nodes) {
    const d = n.metadata.labels?.[c.topologyKey]
    if (d === undefined || !eligible(pod, c, n)) continue
    domains.set(n.metadata.name ?? '', d)
    if (!found.has(d)) found.set(d, 0)
  }
  const selector = fromLabelSelector(c.labelSelector)
  const own = pod.metadata.labels ?? {}
  for (const other of placedPods(lister, state, without)) {
    const d = domains.get(other.node)
    if (
      d === undefined ||
      other.pod.metadata.deletionTimestamp ||
      other.pod.metadata.namespace !== pod.metadata.namespace
    )
      continue
    const labels = other.pod.metadata.labels ?? {}
    if (
      matches(selector, labels) &&
      (c.matchLabelKeys ?? []).every((k) => !Object.hasOwn(own, k) || labels[k] === own[k])
    )
      found.set(d, (found.get(d) ?? 0) + 1)
  }
  return found
}

function spreadFits(
  lister: Lister,
  pod: Pod,
  node: Node,
  nodes: readonly Node[],
  state: NodeState,
  without?: ReadonlySet<string>,
): Refusal | undefined {
  const hard = (pod.spec?.topologySpreadConstraints ?? []).filter((c) => c.whenUnsatisfiable === 'DoNotSchedule')
  for (const c of hard) {
    const here = node.metadata.labels?.[c.topologyKey]
    if (here === undefined)
      return {
        reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
        hopeless: true,
      }
    const found = counts(lister, pod, c, nodes, state, without)
    const least = found.size < (c.minDomains ?? 1) ? 0 : Math.min(...found.values())
    const self = matches(fromLabelSelector(c.labelSelector), pod.metadata.labels ?? {}) ? 1 : 0
    if ((found.get(here) ?? 0) + self - least > c.maxSkew)
      return { reasons: ["node(s) didn't match pod topology spread constraints"], hopeless: false }
  }
  return undefined
}

/** How much a node is wished for because of the pods that stand there. */
export function preference(lister: Lister, pod: Pod, node: Node, nodes: readonly Node[], state: NodeState): number {
  let sum = 0
  const here = node.metadata.labels ?? {}
  for (const c of pod.spec?.topologySpreadConstraints ?? [])
    if (c.whenUnsatisfiable === 'ScheduleAnyway') {
      const d = here[c.topologyKey]
      sum -= d === undefined ? 1000 : 100 * (counts(lister, pod, c, nodes, state).get(d) ?? 0)
    }
  const near = pod.spec?.affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const far = pod.spec?.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  if (near.length === 0 && far.length === 0) return sum
  const byName = new Map(nodes.map((n) => [n.metadata.name ?? '', n]))
  for (const other of placedPods(lister, state)) {
    const labels = byName.get(other.node)?.metadata.labels ?? {}
    const weigh = (list: typeof near, sign: number): void => {
      for (const w of list) {
        const k = w.podAffinityTerm.topologyKey
        if (labels[k] !== undefined && labels[k] === here[k] && inTerm(lister, pod, w.podAffinityTerm, other.pod))
          sum += sign * w.weight
      }
    }
    weigh(near, 1)
    weigh(far, -1)
  }
  return sum
}
