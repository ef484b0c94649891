// A Node as kubectl describes it, with its lease, its pods and what they ask for (kubectl's pkg/describe).
import type { Lease } from '../../apimachinery/api/coordination.v1.ts'
import type { Node, Pod } from '../../apimachinery/api/core.v1.ts'
import type { Quantity } from '../../apimachinery/object.ts'
import { canonical, milliValue, value } from '../../apimachinery/quantity.ts'
import type { QuantityLike } from '../../apimachinery/quantity.ts'
import { dateText } from '../conditiontable.ts'
import { annotations, byText, events, labels, multiline, since, taintText } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import type { Amounts } from './podresources.ts'
import { addAmounts, podAmounts } from './podresources.ts'

type Resources = Readonly<Record<string, Quantity>>

/** A part of the node in whole percents; 0 of nothing. */
function share(part: QuantityLike, whole: QuantityLike, milli = false): number {
  const of = milli ? milliValue : value
  const all = of(whole)
  return all === 0 ? 0 : Math.trunc((of(part) / all) * 100)
}

const ZERO = '0'
const amount = (of: Amounts, name: string): QuantityLike => of.get(name) ?? ZERO
const withShare = (q: QuantityLike, whole: QuantityLike, milli = false): string =>
  `${canonical(q)} (${share(q, whole, milli)}%)`

function lease(l: Lease | undefined, name: string, out: Lines): void {
  if (!l) return out.write(0, `Lease:\tFailed to get lease: leases.coordination.k8s.io "${name}" not found\n`)
  out.write(0, 'Lease:\n')
  out.write(1, `HolderIdentity:\t${l.spec?.holderIdentity ?? '<unset>'}\n`)
  out.write(1, `AcquireTime:\t${l.spec?.acquireTime ? dateText(l.spec.acquireTime) : '<unset>'}\n`)
  out.write(1, `RenewTime:\t${l.spec?.renewTime ? dateText(l.spec.renewTime) : '<unset>'}\n`)
}

function resourceList(title: string, list: Resources | undefined, out: Lines): void {
  const names = Object.keys(list ?? {}).sort(byText)
  if (names.length === 0) return
  out.write(0, `${title}:\n`)
  for (const n of names) out.write(0, `  ${n}:\t${canonical(list?.[n] ?? ZERO)}\n`)
}

function podTable(pods: readonly Pod[], allocatable: Resources, out: Lines, now: number): void {
  const { cpu = ZERO, memory = ZERO } = allocatable
  out.write(0, `Non-terminated Pods:\t(${pods.length} in total)\n`)
  out.write(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n')
  out.write(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n')
  for (const p of pods) {
    const requests = podAmounts(p, 'requests')
    const limits = podAmounts(p, 'limits')
    const cells = [
      withShare(amount(requests, 'cpu'), cpu, true),
      withShare(amount(limits, 'cpu'), cpu, true),
      withShare(amount(requests, 'memory'), memory),
      withShare(amount(limits, 'memory'), memory),
    ]
    out.write(
      1,
      `${p.metadata.namespace}\t${p.metadata.name}\t\t${cells.join('\t')}\t${since(p.metadata.creationTimestamp, now)}\n`,
    )
  }
}

function allocated(pods: readonly Pod[], allocatable: Resources, out: Lines): void {
  const requests: Amounts = new Map()
  const limits: Amounts = new Map()
  for (const p of pods) {
    addAmounts(requests, podAmounts(p, 'requests'))
    addAmounts(limits, podAmounts(p, 'limits'))
  }
  out.write(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n')
  out.write(1, 'Resource\tRequests\tLimits\n')
  out.write(1, '--------\t--------\t------\n')
  const standard = ['cpu', 'memory', 'ephemeral-storage']
  const names = Object.keys(allocatable).sort(byText)
  for (const n of [...standard, ...names.filter((n) => n.startsWith('hugepages-'))]) {
    const whole = allocatable[n] ?? ZERO
    out.write(
      1,
      `${n}\t${withShare(amount(requests, n), whole, n === 'cpu')}\t${withShare(amount(limits, n), whole, n === 'cpu')}\n`,
    )
  }
  for (const n of names)
    if (!standard.includes(n) && !n.startsWith('hugepages-') && n !== 'pods')
      out.write(1, `${n}\t${canonical(amount(requests, n))}\t${canonical(amount(limits, n))}\n`)
}

/** A node, whole. `roles` are those its labels give it. */
export async function describeNode(
  node: Node,
  roles: readonly string[],
  out: Lines,
  ctx: DescribeContext,
): Promise<void> {
  const { spec, status } = node
  const name = node.metadata.name ?? ''
  const info = status?.nodeInfo
  out.write(0, `Name:\t${name}\n`)
  out.write(0, `Roles:\t${roles.join(',') || '<none>'}\n`)
  labels(out, 'Labels', node.metadata.labels)
  annotations(out, node.metadata.annotations)
  out.write(0, `CreationTimestamp:\t${dateText(node.metadata.creationTimestamp)}\n`)
  multiline(
    out,
    'Taints',
    [...(spec?.taints ?? [])].sort((a, b) => byText(`${a.effect},${a.key}`, `${b.effect},${b.key}`)).map(taintText),
  )
  out.write(0, `Unschedulable:\t${spec?.unschedulable ?? false}\n`)
  lease(await ctx.get<Lease>('leases.coordination.k8s.io', 'kube-node-lease', name), name, out)
  if (status?.conditions?.length) {
    out.write(0, 'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n')
    out.write(1, '----\t------\t-----------------\t------------------\t------\t-------\n')
    for (const c of status.conditions)
      out.write(
        1,
        `${c.type} \t${c.status} \t${dateText(c.lastHeartbeatTime)} \t${dateText(c.lastTransitionTime)} \t${c.reason ?? ''} \t${c.message ?? ''}\n`,
      )
  }
  out.write(0, 'Addresses:\n')
  for (const a of status?.addresses ?? []) out.write(1, `${a.type}:\t${a.address}\n`)
  resourceList('Capacity', status?.capacity, out)
  resourceList('Allocatable', status?.allocatable, out)
  out.write(0, 'System Info:\n')
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Machine ID', info?.machineID],
    ['System UUID', info?.systemUUID],
    ['Boot ID', info?.bootID],
    ['Kernel Version', info?.kernelVersion],
    ['OS Image', info?.osImage],
    ['Operating System', info?.operatingSystem],
    ['Architecture', info?.architecture],
    ['Container Runtime Version', info?.containerRuntimeVersion],
    ['Kubelet Version', info?.kubeletVersion],
    ['Kube-Proxy Version', info?.kubeProxyVersion],
  ]
  for (const [title, text] of rows) out.write(0, `  ${title}:\t${text ?? ''}\n`)
  if (spec?.podCIDR) out.write(0, `PodCIDR:\t${spec.podCIDR}\n`)
  if (spec?.podCIDRs?.length) out.write(0, `PodCIDRs:\t${spec.podCIDRs.join(',')}\n`)
  if (spec?.providerID) out.write(0, `ProviderID:\t${spec.providerID}\n`)
  const pods = await ctx.list<Pod>('pods', '', {
    fieldSelector: `spec.nodeName=${name},status.phase!=Succeeded,status.phase!=Failed`,
  })
  const allocatable = Object.keys(status?.allocatable ?? {}).length
    ? (status?.allocatable ?? {})
    : (status?.capacity ?? {})
  podTable(pods, allocatable, out, ctx.now)
  allocated(pods, allocatable, out)
  await events(out, node, ctx)
}
