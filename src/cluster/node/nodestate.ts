// What stands on each node: pods with their requests, ports, owners and addresses. Kept up to date from changes, so
// that placing a pod never lists all pods.
import type { Container, Pod } from '../../apimachinery/api/core.v1.ts'
import { milliValue, value } from '../../apimachinery/quantity.ts'
import type { Change } from '../../storage/store.ts'
import type { Lister } from '../lister.ts'

/** Amounts of resources: cpu in thousandths, the rest in whole units. */
export type Amounts = ReadonlyMap<string, number>

export interface Placed {
  readonly key: string
  readonly uid: string
  readonly node: string
  readonly requests: Amounts
  readonly owner: string
  readonly priority: number
  readonly ports: readonly string[]
  readonly addresses: readonly string[]
  readonly antiAffinity: boolean
}

export interface NodeUsage {
  readonly uids: Set<string>
  readonly used: Map<string, number>
  /** How many pods of each controller. */
  readonly owners: Map<string, number>
}

const amounts = new Map<string, number>()
/** A quantity as a number, remembered: manifests repeat the same few. */
export function amount(resource: string, quantity: string | number): number {
  const id = `${resource === 'cpu' ? 'm' : 'v'}${quantity}`
  let n = amounts.get(id)
  if (n === undefined) {
    n = resource === 'cpu' ? milliValue(quantity) : value(quantity)
    if (amounts.size > 1000) amounts.clear()
    amounts.set(id, n)
  }
  return n
}

function add(into: Map<string, number>, c: Container): void {
  for (const [r, q] of Object.entries(c.resources?.requests ?? {})) into.set(r, (into.get(r) ?? 0) + amount(r, q))
}

const NOTHING: Amounts = new Map()

/**
 * What a pod asks for: all containers and sidecars together, or the biggest init container with the sidecars before it,
 * and the overhead.
 */
export function podRequests(pod: Pod): Amounts {
  const spec = pod.spec
  if (!spec) return NOTHING
  const plain =
    spec.containers.every((c) => !c.resources?.requests) &&
    !spec.initContainers?.length &&
    !spec.overhead &&
    !spec.resources
  if (plain) return NOTHING
  const total = new Map<string, number>()
  for (const c of spec.containers) add(total, c)
  const sidecars = new Map<string, number>()
  const init = new Map<string, number>()
  for (const c of spec.initContainers ?? []) {
    const own = new Map<string, number>()
    add(own, c)
    if (c.restartPolicy === 'Always') {
      for (const [r, n] of own) {
        sidecars.set(r, (sidecars.get(r) ?? 0) + n)
        total.set(r, (total.get(r) ?? 0) + n)
      }
      for (const [r, n] of sidecars) init.set(r, Math.max(init.get(r) ?? 0, n))
    } else for (const [r, n] of own) init.set(r, Math.max(init.get(r) ?? 0, n + (sidecars.get(r) ?? 0)))
  }
  for (const [r, n] of init) total.set(r, Math.max(total.get(r) ?? 0, n))
  for (const [r, q] of Object.entries(spec.resources?.requests ?? {})) total.set(r, amount(r, q))
  for (const [r, q] of Object.entries(spec.overhead ?? {})) total.set(r, (total.get(r) ?? 0) + amount(r, q))
  return total
}

/** Host ports a pod occupies: `TCP 0.0.0.0 80`. */
export function hostPorts(pod: Pod): readonly string[] {
  let ports = portsOf.get(pod)
  if (!ports) {
    ports = readHostPorts(pod)
    portsOf.set(pod, ports)
  }
  return ports
}
/** Asked for once a node. */
const portsOf = new WeakMap<Pod, readonly string[]>()
function readHostPorts(pod: Pod): string[] {
  const ports: string[] = []
  for (const c of [
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.initContainers ?? []).filter((i) => i.restartPolicy === 'Always'),
  ])
    for (const p of c.ports ?? [])
      if (p.hostPort) ports.push(`${p.protocol ?? 'TCP'} ${p.hostIP || '0.0.0.0'} ${p.hostPort}`)
  return ports
}

export class NodeState {
  readonly placed = new Map<string, Placed>()
  readonly nodes = new Map<string, NodeUsage>()
  /** Keys of pods that wait for a node, with their priorities. */
  readonly #pending = new Map<string, number>()
  #waiting: readonly string[] | undefined
  /** The same, as one list while it does not change: the highest priority first (the plugin PrioritySort). */
  get pending(): readonly string[] {
    return (this.#waiting ??= [...this.#pending].sort(([, a], [, b]) => b - a).map(([key]) => key))
  }
  /** Notes whether a pod waits for a node. */
  wait(key: string, yes: boolean, priority = 0): void {
    if (this.#pending.get(key) === (yes ? priority : undefined)) return
    if (yes) this.#pending.set(key, priority)
    else this.#pending.delete(key)
    this.#waiting = undefined
  }
  /** Addresses in use, and by which pod. */
  readonly addresses = new Map<string, string>()
  antiAffine = 0

  usage(node: string): NodeUsage {
    let u = this.nodes.get(node)
    if (!u) {
      u = { uids: new Set(), used: new Map(), owners: new Map() }
      this.nodes.set(node, u)
    }
    return u
  }

  forget(uid: string): void {
    const p = this.placed.get(uid)
    if (!p) return
    this.placed.delete(uid)
    if (p.antiAffinity) this.antiAffine--
    for (const a of p.addresses) if (this.addresses.get(a) === uid) this.addresses.delete(a)
    const u = this.usage(p.node)
    u.uids.delete(uid)
    if (u.uids.size === 0) {
      // pods may name nodes that there are not
      this.nodes.delete(p.node)
      return
    }
    for (const [r, n] of p.requests) u.used.set(r, (u.used.get(r) ?? 0) - n)
    if (p.owner) {
      const n = (u.owners.get(p.owner) ?? 1) - 1
      if (n > 0) u.owners.set(p.owner, n)
      else u.owners.delete(p.owner)
    }
  }

  /** Takes in a pod as it is now. Finished pods occupy nothing. */
  see(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`
    const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    const node = pod.spec?.nodeName
    this.wait(key, !node && !finished, pod.spec?.priority)
    if (!node || finished) {
      this.forget(uid)
      return
    }
    const addresses = pod.spec?.hostNetwork ? [] : (pod.status?.podIPs ?? []).map((p) => p.ip)
    const known = this.placed.get(uid)
    if (
      known &&
      known.node === node &&
      known.addresses.length === addresses.length &&
      known.addresses.every((a, i) => a === addresses[i])
    )
      return
    this.forget(uid)
    const owner = pod.metadata.ownerReferences?.find((r) => r.controller)?.uid ?? ''
    const p: Placed = {
      key,
      uid,
      node,
      requests: podRequests(pod),
      owner,
      priority: pod.spec?.priority ?? 0,
      ports: hostPorts(pod),
      addresses,
      antiAffinity: !!pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length,
    }
    this.placed.set(uid, p)
    if (p.antiAffinity) this.antiAffine++
    for (const a of addresses) this.addresses.set(a, uid)
    const u = this.usage(node)
    u.uids.add(uid)
    for (const [r, n] of p.requests) u.used.set(r, (u.used.get(r) ?? 0) + n)
    if (owner) u.owners.set(owner, (u.owners.get(owner) ?? 0) + 1)
  }

  #tracked: Change | undefined
  /** A change of a pod; whoever follows pods tells of it, and once is enough. */
  track(change: Change): void {
    if (change === this.#tracked) return
    this.#tracked = change
    const pod = change.object
    if (change.type === 'DELETED') {
      this.forget(pod.metadata.uid ?? '')
      this.wait(`${pod.metadata.namespace}/${pod.metadata.name}`, false)
    } else {
      if (change.previous && change.previous.metadata.uid !== pod.metadata.uid)
        this.forget(change.previous.metadata.uid ?? '')
      this.see(pod)
    }
  }
}

const states = new WeakMap<Lister, NodeState>()

/** The state of a cluster's nodes; read from all pods once, from then on kept by `track`. */
export function nodeState(lister: Lister): NodeState {
  let s = states.get(lister)
  if (!s) {
    s = new NodeState()
    states.set(lister, s)
    for (const pod of lister.list<Pod>('pods')) s.see(pod)
  }
  return s
}
