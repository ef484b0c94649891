// Deployments, ReplicaSets, StatefulSets, DaemonSets and ReplicationControllers as kubectl describes them (kubectl's
// pkg/describe).
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../../apimachinery/api/apps.v1.ts'
import type { Pod, PodTemplateSpec, ReplicationController } from '../../apimachinery/api/core.v1.ts'
import {
  compareBytes,
  formatLabels,
  formatLabelSelector,
  fromLabels,
  fromLabelSelector,
  selectorString,
} from '../../apimachinery/labels.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { canonical } from '../../apimachinery/quantity.ts'
import { has } from '../../apimachinery/versions.ts'
import { dateText } from '../conditiontable.ts'
import { annotations, controlledBy, events, labels, nameLines } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { describeTemplate } from '../core/podspec-describe.ts'

/** `1 Running / 0 Waiting / 0 Succeeded / 0 Failed`, of the pods that the object controls. */
async function podCounts(obj: KubeObject, selector: string, ctx: DescribeContext): Promise<string> {
  const pods = await ctx.list<Pod>('pods', obj.metadata.namespace ?? '', { labelSelector: selector })
  const own = pods.filter((p) => p.metadata.ownerReferences?.find((r) => r.controller)?.uid === obj.metadata.uid)
  const of = (phase: string): number => own.filter((p) => p.status?.phase === phase).length
  return `${of('Running')} Running / ${of('Pending')} Waiting / ${of('Succeeded')} Succeeded / ${of('Failed')} Failed`
}

function conditions(
  list: readonly { readonly type: string; readonly status: string; readonly reason?: string }[] | undefined,
  out: Lines,
): void {
  if (!list?.length) return
  out.write(0, 'Conditions:\n  Type\tStatus\tReason\n')
  out.write(1, '----\t------\t------\n')
  for (const c of list) out.write(1, `${c.type} \t${c.status}\t${c.reason ?? ''}\n`)
}

/** The templates are the same but for the hash that the controller adds. */
function sameTemplate(rs: PodTemplateSpec | undefined, d: PodTemplateSpec | undefined): boolean {
  const plain = (t: PodTemplateSpec | undefined): unknown => {
    const { 'pod-template-hash': _, ...rest } = t?.metadata?.labels ?? {}
    return { ...t, metadata: { ...t?.metadata, labels: rest, creationTimestamp: undefined } }
  }
  return equal(plain(rs), plain(d))
}

const replicaSets = (list: readonly ReplicaSet[]): string =>
  list
    .map((rs) => `${rs.metadata.name} (${rs.status?.replicas ?? 0}/${rs.spec?.replicas ?? 0} replicas created)`)
    .join(', ') || '<none>'

/** A Deployment, with the ReplicaSets it has. */
export async function describeDeployment(d: Deployment, out: Lines, ctx: DescribeContext): Promise<void> {
  const { spec, status } = d
  const selector = selectorString(fromLabelSelector(spec?.selector))
  nameLines(out, d)
  out.write(0, `CreationTimestamp:\t${dateText(d.metadata.creationTimestamp)}\n`)
  labels(out, 'Labels', d.metadata.labels)
  annotations(out, d.metadata.annotations)
  out.write(0, `Selector:\t${selector}\n`)
  out.write(
    0,
    `Replicas:\t${spec?.replicas ?? 0} desired | ${status?.updatedReplicas ?? 0} updated | ${status?.replicas ?? 0} total | ${status?.availableReplicas ?? 0} available | ${status?.unavailableReplicas ?? 0} unavailable\n`,
  )
  out.write(0, `StrategyType:\t${spec?.strategy?.type ?? ''}\n`)
  out.write(0, `MinReadySeconds:\t${spec?.minReadySeconds ?? 0}\n`)
  const rolling = spec?.strategy?.rollingUpdate
  if (rolling)
    out.write(0, `RollingUpdateStrategy:\t${rolling.maxUnavailable} max unavailable, ${rolling.maxSurge} max surge\n`)
  describeTemplate(spec?.template, out, ctx.versions)
  conditions(status?.conditions, out)
  const all = (await ctx.list<ReplicaSet>('replicasets.apps', d.metadata.namespace ?? '', { labelSelector: selector }))
    .filter((rs) => rs.metadata.ownerReferences?.find((r) => r.controller)?.uid === d.metadata.uid)
    .sort(
      (a, b) =>
        compareBytes(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
        compareBytes(a.metadata.name ?? '', b.metadata.name ?? ''),
    )
  const current = all.find((rs) => sameTemplate(rs.spec?.template, spec?.template))
  if (all.length) {
    out.write(0, `OldReplicaSets:\t${replicaSets(all.filter((rs) => rs !== current))}\n`)
    out.write(0, `NewReplicaSet:\t${replicaSets(current ? [current] : [])}\n`)
  }
  await events(out, d, ctx)
}

export async function describeReplicaSet(rs: ReplicaSet, out: Lines, ctx: DescribeContext): Promise<void> {
  nameLines(out, rs)
  out.write(0, `Selector:\t${formatLabelSelector(rs.spec?.selector)}\n`)
  labels(out, 'Labels', rs.metadata.labels)
  annotations(out, rs.metadata.annotations)
  controlledBy(out, rs)
  out.write(0, `Replicas:\t${rs.status?.replicas ?? 0} current / ${rs.spec?.replicas ?? 0} desired\n`)
  out.write(0, `Pods Status:\t${await podCounts(rs, selectorString(fromLabelSelector(rs.spec?.selector)), ctx)}\n`)
  describeTemplate(rs.spec?.template, out, ctx.versions)
  conditions(rs.status?.conditions, out)
  await events(out, rs, ctx)
}

export async function describeReplicationController(
  rc: ReplicationController,
  out: Lines,
  ctx: DescribeContext,
): Promise<void> {
  nameLines(out, rc)
  out.write(0, `Selector:\t${formatLabels(rc.spec?.selector)}\n`)
  labels(out, 'Labels', rc.metadata.labels)
  annotations(out, rc.metadata.annotations)
  out.write(0, `Replicas:\t${rc.status?.replicas ?? 0} current / ${rc.spec?.replicas ?? 0} desired\n`)
  out.write(0, `Pods Status:\t${await podCounts(rc, selectorString(fromLabels(rc.spec?.selector)), ctx)}\n`)
  describeTemplate(rc.spec?.template, out, ctx.versions)
  conditions(rc.status?.conditions, out)
  await events(out, rc, ctx)
}

export async function describeDaemonSet(d: DaemonSet, out: Lines, ctx: DescribeContext): Promise<void> {
  const { status: s } = d
  const selector = selectorString(fromLabelSelector(d.spec?.selector))
  nameLines(out, d)
  out.write(0, `Selector:\t${selector}\n`)
  out.write(0, `Node-Selector:\t${formatLabels(d.spec?.template?.spec?.nodeSelector)}\n`)
  labels(out, 'Labels', d.metadata.labels)
  annotations(out, d.metadata.annotations)
  out.write(0, `Desired Number of Nodes Scheduled: ${s?.desiredNumberScheduled ?? 0}\n`)
  out.write(0, `Current Number of Nodes Scheduled: ${s?.currentNumberScheduled ?? 0}\n`)
  out.write(0, `Number of Nodes Scheduled with Up-to-date Pods: ${s?.updatedNumberScheduled ?? 0}\n`)
  out.write(0, `Number of Nodes Scheduled with Available Pods: ${s?.numberAvailable ?? 0}\n`)
  out.write(0, `Number of Nodes Misscheduled: ${s?.numberMisscheduled ?? 0}\n`)
  out.write(0, `Pods Status:\t${await podCounts(d, selector, ctx)}\n`)
  describeTemplate(d.spec?.template, out, ctx.versions)
  await events(out, d, ctx)
}

function claimTemplates(set: StatefulSet, out: Lines): void {
  const list = set.spec?.volumeClaimTemplates ?? []
  if (list.length === 0) return out.write(0, 'Volume Claims:\t<none>\n')
  out.write(0, 'Volume Claims:\n')
  for (const c of list) {
    const storage = c.spec?.resources?.requests?.storage
    out.write(1, `Name:\t${c.metadata?.name ?? ''}\n`)
    out.write(
      1,
      `StorageClass:\t${c.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? c.spec?.storageClassName ?? ''}\n`,
    )
    labels(out, 'Labels', c.metadata?.labels, '  ')
    labels(out, 'Annotations', c.metadata?.annotations, '  ')
    out.write(1, `Capacity:\t${storage === undefined ? '<default>' : canonical(storage)}\n`)
    out.write(1, `Access Modes:\t[${(c.spec?.accessModes ?? []).join(' ')}]\n`)
  }
}

export async function describeStatefulSet(set: StatefulSet, out: Lines, ctx: DescribeContext): Promise<void> {
  const { spec } = set
  const selector = selectorString(fromLabelSelector(spec?.selector))
  nameLines(out, set)
  out.write(0, `CreationTimestamp:\t${dateText(set.metadata.creationTimestamp)}\n`)
  out.write(0, `Selector:\t${selector}\n`)
  labels(out, 'Labels', set.metadata.labels)
  annotations(out, set.metadata.annotations)
  const detailed = has(ctx.versions, 'describeStatefulSetDetails')
  if (detailed && spec?.serviceName) out.write(0, `Service Name:\t${spec.serviceName}\n`)
  if (detailed && spec?.podManagementPolicy) out.write(0, `Pod Management Policy:\t${spec.podManagementPolicy}\n`)
  out.write(0, `Replicas:\t${spec?.replicas ?? 0} desired | ${set.status?.replicas ?? 0} total\n`)
  out.write(0, `Update Strategy:\t${spec?.updateStrategy?.type ?? ''}\n`)
  const rolling = spec?.updateStrategy?.rollingUpdate
  if (rolling?.partition !== undefined) {
    out.write(1, `Partition:\t${rolling.partition}\n`)
    if (rolling.maxUnavailable !== undefined) out.write(1, `MaxUnavailable:\t${rolling.maxUnavailable}\n`)
  }
  const kept = spec?.persistentVolumeClaimRetentionPolicy
  if (detailed && kept) {
    out.write(0, 'Persistent Volume Claim Retention Policy:\n')
    out.write(1, `WhenDeleted:\t${kept.whenDeleted ?? ''}\n`)
    out.write(1, `WhenScaled:\t${kept.whenScaled ?? ''}\n`)
  }
  out.write(0, `Pods Status:\t${await podCounts(set, selector, ctx)}\n`)
  describeTemplate(spec?.template, out, ctx.versions)
  claimTemplates(set, out)
  await events(out, set, ctx)
}
