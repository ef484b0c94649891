// Nodes: a node that somebody adds comes up, and conditions and cordons become taints; behaves as the kubelet's
// registration and pkg/controller/nodelifecycle.
import type { Node, NodeCondition, Taint } from '../../apimachinery/api/core.v1.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { rfc3339, rfc3339Micro } from '../../apimachinery/time.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** Condition, the status of it that taints, the taint. */
const BY_CONDITION: readonly (readonly [string, string, string])[] = [
  ['Ready', 'False', 'node.kubernetes.io/not-ready'],
  ['Ready', 'Unknown', 'node.kubernetes.io/unreachable'],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
]
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'
const OURS = new Set([...BY_CONDITION.map(([, , t]) => t), UNSCHEDULABLE])

/** What a kubelet reports when it registers; only for nodes about which nobody has said anything. */
async function register(ctx: ControllerContext, node: Node): Promise<void> {
  const now = rfc3339(ctx.clock.now())
  const condition = (type: string, status: string, reason: string, message: string): NodeCondition => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  })
  const resources = { cpu: '4', 'ephemeral-storage': '100Gi', memory: '8Gi', pods: '110' }
  const model = ctx.profile.nodes[0]
  const index = Math.max(
    0,
    ctx.lister.list<Node>('nodes').findIndex((n) => n.metadata.name === node.metadata.name),
  )
  await ctx.client.update(
    'v1/nodes',
    '',
    {
      ...node,
      status: {
        ...node.status,
        capacity: node.status?.capacity ?? resources,
        allocatable: node.status?.allocatable ?? node.status?.capacity ?? resources,
        addresses: node.status?.addresses ?? [
          { type: 'InternalIP', address: nextAddress(model?.internalIP ?? '10.0.0.1', index) },
          { type: 'Hostname', address: node.metadata.name ?? '' },
        ],
        conditions: [
          condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
          condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
          condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
          condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
        ],
        nodeInfo: {
          machineID: '',
          systemUUID: '',
          bootID: '',
          kernelVersion: model?.kernelVersion ?? '6.1.0',
          osImage: model?.osImage ?? 'Debian GNU/Linux 12 (bookworm)',
          containerRuntimeVersion: model?.containerRuntimeVersion ?? 'containerd://2.0.5',
          kubeletVersion: model?.kubeletVersion ?? ctx.profile.version.server,
          kubeProxyVersion: '',
          operatingSystem: 'linux',
          architecture: model?.architecture ?? 'amd64',
          ...node.status?.nodeInfo,
        },
      },
    },
    { subresource: 'status' },
  )
}

function nextAddress(base: string, offset: number): string {
  const parts = base.split('.').map(Number)
  const last = (parts[3] ?? 0) + offset
  return parts.length === 4 ? `${parts[0]}.${parts[1]}.${(parts[2] ?? 0) + Math.floor(last / 256)}.${last % 256}` : base
}

/** The first free pod range beside those that other nodes have. */
function freeRange(ctx: ControllerContext): string {
  const taken = new Set(ctx.lister.list<Node>('nodes').flatMap((n) => n.spec?.podCIDRs ?? []))
  const [a = 10, b = 244, c = 0] = (ctx.profile.podCIDR.split('/')[0] ?? '').split('.').map(Number)
  for (let i = 0; i < 65536; i++) {
    const text = `${a}.${(b + Math.floor((c + i) / 256)) % 256}.${(c + i) % 256}.0/24`
    if (!taken.has(text)) return text
  }
  return `${a}.${b}.${c}.0/24`
}

/**
 * How long a kubelet may keep Secrets and ConfigMaps without asking (pkg/controller/ttl): not at all in clusters of up
 * to 100 nodes.
 */
const TTL = 'node.alpha.kubernetes.io/ttl'

/**
 * The lease by which a kubelet says that it is there. It is renewed when somebody looks (node/leases.ts); nobody takes
 * it away for not being renewed.
 */
async function makeLease(ctx: ControllerContext, node: Node): Promise<void> {
  const name = node.metadata.name ?? ''
  if (ctx.lister.get('leases.coordination.k8s.io', 'kube-node-lease', name)) return
  try {
    await ctx.client.create('coordination.k8s.io/v1/leases', 'kube-node-lease', {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace: 'kube-node-lease',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid ?? '' }],
      },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: rfc3339Micro(ctx.clock.now()) },
    })
  } catch (e) {
    if (!(e instanceof StatusError)) throw e
  }
}

async function reconcile(name: string, ctx: ControllerContext): Promise<void> {
  const node = ctx.lister.get<Node>('nodes', '', name)
  if (!node || node.metadata.deletionTimestamp) return
  if (!node.status?.conditions?.length) return register(ctx, node)
  const wanted: Taint[] = []
  for (const [type, status, key] of BY_CONDITION)
    if (node.status.conditions.some((c) => c.type === type && c.status === status))
      wanted.push({ key, effect: 'NoSchedule' })
  if (node.spec?.unschedulable) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' })
  for (const t of [...wanted])
    if (t.key === 'node.kubernetes.io/not-ready' || t.key === 'node.kubernetes.io/unreachable')
      wanted.push({ key: t.key, effect: 'NoExecute' })
  const have = node.spec?.taints ?? []
  const same = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect
  const kept = have.filter((t) => !OURS.has(t.key) || wanted.some((w) => same(w, t)))
  const added = wanted
    .filter((w) => !have.some((t) => same(w, t)))
    .map((t) => ({ ...t, timeAdded: rfc3339(ctx.clock.now()) }))
  const taints = [...kept, ...added]
  await makeLease(ctx, node)
  const ttl = node.metadata.annotations?.[TTL] === undefined
  const range = node.spec?.podCIDR ? undefined : freeRange(ctx)
  if (equal(taints, have) && range === undefined && !ttl) return
  const { taints: _old, ...spec } = node.spec ?? {}
  await ctx.client.update('v1/nodes', '', {
    ...node,
    metadata: ttl ? { ...node.metadata, annotations: { ...node.metadata.annotations, [TTL]: '0' } } : node.metadata,
    spec: { ...spec, ...(range ? { podCIDR: range, podCIDRs: [range] } : {}), ...(taints.length ? { taints } : {}) },
  })
}

export const nodeLifecycleController: Controller = {
  name: 'node-controller',
  sources: [{ resource: 'nodes', keys: (o) => [o.metadata.name ?? ''] }],
  reconcile,
}

/** How often nodes are looked through (nodeMonitorPeriod), in milliseconds. */
const MONITOR = 5_000

/** A node that somebody adds is spoken of when nodes are looked through next. */
export const nodeMonitor: Controller = {
  name: 'node-monitor',
  sources: [
    {
      resource: 'nodes',
      keys: (o, _lister, change) => (change?.type === 'ADDED' ? [o.metadata.name ?? ''] : []),
    },
  ],
  reconcile: async (name, ctx, awaited) => {
    if (!awaited) return { after: MONITOR }
    const node = ctx.lister.get<Node>('nodes', '', name)
    const message = `Node ${name} event: Registered Node ${name} in Controller`
    if (node) await ctx.event(node, 'Normal', 'RegisteredNode', message, 'node-controller')
    return undefined
  },
}
