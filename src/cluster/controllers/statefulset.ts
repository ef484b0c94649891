// StatefulSet: numbered pods with their own claims, one after the other or all at once, rolled from the last to the
// first; behaves as pkg/controller/statefulset.
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '../../apimachinery/api/apps.v1.ts'
import type { PersistentVolumeClaim, Pod, Volume } from '../../apimachinery/api/core.v1.ts'
import { fromLabelSelector } from '../../apimachinery/labels.ts'
import { scaledValue } from '../../apimachinery/intstr.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { FAILED, keyOf, splitKey } from '../controller.ts'
import type { Again, Controller, ControllerContext } from '../controller.ts'
import { presentRevision, revisionsOf, templateIn, truncate } from './history.ts'
import { claim, controllerKeys, controllerOf, controllerRef, equalities, isControlledBy } from './owners.ts'
import { availableIn, BURST, isFinished, isReady, podFromTemplate } from './pods.ts'

const REVISION = 'controller-revision-hash'
const HASH = 'controller.kubernetes.io/hash'

const ordinalOf = (set: StatefulSet, pod: Pod): number => {
  const m = /^(.*)-(\d+)$/.exec(pod.metadata.name ?? '')
  return m && m[1] === set.metadata.name ? Number(m[2]) : -1
}
const revisionName = (p: Pod): string => p.metadata.labels?.[REVISION] ?? ''
const runningAndReady = (p: Pod): boolean => p.status?.phase === 'Running' && isReady(p)
const claimName = (set: StatefulSet, template: string, ordinal: number): string =>
  `${template}-${set.metadata.name}-${ordinal}`

class Sync {
  readonly ctx: ControllerContext
  readonly set: StatefulSet
  readonly start: number
  readonly replicas: number
  readonly ordered: boolean
  readonly current: ControllerRevision
  readonly update: ControllerRevision
  soonest: number | undefined
  /** Something could not be made. */
  failed = false
  constructor(ctx: ControllerContext, set: StatefulSet, current: ControllerRevision, update: ControllerRevision) {
    this.ctx = ctx
    this.set = set
    this.start = set.spec?.ordinals?.start ?? 0
    this.replicas = set.spec?.replicas ?? 1
    this.ordered = set.spec?.podManagementPolicy !== 'Parallel'
    this.current = current
    this.update = update
  }

  get partition(): number {
    return this.set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0
  }
  get end(): number {
    return this.start + this.replicas
  }

  available(p: Pod): boolean {
    const wait = availableIn(p, this.set.spec?.minReadySeconds ?? 0, this.ctx.clock.now())
    if (wait) this.soonest = Math.min(this.soonest ?? wait, wait)
    return wait === 0
  }

  /** The pod at an ordinal, of the revision that ordinal is to have now. */
  make(ordinal: number): Pod {
    const { set } = this
    const strategy = set.spec?.updateStrategy
    const old =
      strategy?.type === 'RollingUpdate' &&
      (strategy.rollingUpdate
        ? ordinal < this.start + this.partition
        : ordinal < this.start + (set.status?.currentReplicas ?? 0))
    const revision = old ? this.current : this.update
    const template = revision === this.update ? (set.spec?.template ?? {}) : templateIn(revision)
    const name = `${set.metadata.name}-${ordinal}`
    const pod = podFromTemplate(set, template, {
      name,
      generateName: `${set.metadata.name}-`,
      labels: {
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
        [REVISION]: revision.metadata.name ?? '',
      },
    })
    const claims = set.spec?.volumeClaimTemplates ?? []
    const volumes: Volume[] = [
      ...claims.map((c) => ({
        name: c.metadata.name ?? '',
        persistentVolumeClaim: { claimName: claimName(set, c.metadata.name ?? '', ordinal) },
      })),
      ...(pod.spec?.volumes ?? []).filter((v) => !claims.some((c) => c.metadata.name === v.name)),
    ]
    return {
      ...pod,
      spec: {
        ...(pod.spec ?? { containers: [] }),
        hostname: name,
        subdomain: set.spec?.serviceName ?? '',
        ...(volumes.length ? { volumes } : {}),
      },
    }
  }

  /** Makes the claims a pod needs; false where one could not be made. */
  async claims(ordinal: number): Promise<boolean> {
    const { ctx, set } = this
    const namespace = set.metadata.namespace ?? ''
    const pod = `${set.metadata.name}-${ordinal}`
    for (const t of set.spec?.volumeClaimTemplates ?? []) {
      const name = claimName(set, t.metadata.name ?? '', ordinal)
      const there = ctx.lister.get<PersistentVolumeClaim>('persistentvolumeclaims', namespace, name)
      if (there?.metadata.deletionTimestamp) return false
      if (there) continue
      const policy = set.spec?.persistentVolumeClaimRetentionPolicy
      try {
        await ctx.client.create('v1/persistentvolumeclaims', namespace, {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: {
            name,
            namespace,
            labels: { ...t.metadata.labels, ...set.spec?.selector?.matchLabels },
            ...(t.metadata.annotations ? { annotations: t.metadata.annotations } : {}),
            ...(policy?.whenDeleted === 'Delete' ? { ownerReferences: [{ ...controllerRef(set) }] } : {}),
          },
          spec: t.spec,
        })
        await ctx.event(
          set,
          'Normal',
          'SuccessfulCreate',
          `create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`,
        )
      } catch (e) {
        if (!(e instanceof StatusError)) throw e
        if (e.reason === 'AlreadyExists') continue
        await ctx.event(
          set,
          'Warning',
          'FailedCreate',
          `create Claim ${name} for Pod ${pod} in StatefulSet ${set.metadata.name} failed error: ${e.message}`,
        )
        this.failed = true
        return false
      }
    }
    return true
  }

  async create(ordinal: number): Promise<Pod | undefined> {
    const { ctx, set } = this
    if (!(await this.claims(ordinal))) return undefined
    const pod = this.make(ordinal)
    try {
      const made = await ctx.client.create<Pod>('v1/pods', set.metadata.namespace ?? '', pod)
      await ctx.event(
        set,
        'Normal',
        'SuccessfulCreate',
        `create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
      )
      return made
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
      if (e.reason === 'AlreadyExists') return undefined
      await ctx.event(
        set,
        'Warning',
        'FailedCreate',
        `create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${e.message}`,
      )
      this.failed = true
      return undefined
    }
  }

  async remove(pod: Pod): Promise<void> {
    const { ctx, set } = this
    try {
      await ctx.client.delete('v1/pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '')
      await ctx.event(
        set,
        'Normal',
        'SuccessfulDelete',
        `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
      )
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
      if (e.code !== 404)
        await ctx.event(
          set,
          'Warning',
          'FailedDelete',
          `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${e.message}`,
        )
    }
  }

  /** Claims of a pod that leaves by scaling go with it, where the set says so. */
  async releaseClaims(pod: Pod, ordinal: number): Promise<void> {
    if (this.set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled !== 'Delete') return
    const owner = {
      apiVersion: 'v1',
      kind: 'Pod',
      name: pod.metadata.name ?? '',
      uid: pod.metadata.uid ?? '',
      controller: true,
      blockOwnerDeletion: true,
    }
    for (const t of this.set.spec.volumeClaimTemplates ?? []) {
      const c = this.ctx.lister.get<PersistentVolumeClaim>(
        'persistentvolumeclaims',
        this.set.metadata.namespace ?? '',
        claimName(this.set, t.metadata.name ?? '', ordinal),
      )
      if (!c || (c.metadata.ownerReferences ?? []).some((r) => r.uid === owner.uid)) continue
      await this.ctx.client.patch(
        'v1/persistentvolumeclaims',
        c.metadata.namespace ?? '',
        c.metadata.name ?? '',
        'merge',
        {
          metadata: {
            ownerReferences: [
              ...(c.metadata.ownerReferences ?? [])
                .filter((r) => r.uid !== this.set.metadata.uid)
                .map((r) => ({ ...r })),
              owner,
            ],
          },
        },
      )
    }
  }

  /** One step towards the wanted pods; the pods as they are after it. */
  async step(pods: Pod[]): Promise<Pod[]> {
    const { set } = this
    const kept = new Map<number, Pod>()
    const condemned: Pod[] = []
    for (const p of pods) {
      const n = ordinalOf(set, p)
      if (n >= this.start && n < this.end) kept.set(n, p)
      else if (n >= 0) condemned.push(p)
    }
    condemned.sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a))
    const all = (): Pod[] => [...kept.values(), ...condemned]
    if (set.metadata.deletionTimestamp) return all()

    let created = 0
    for (let n = this.start; n < this.end; n++) {
      const p = kept.get(n)
      if (!p) {
        const made = await this.create(n)
        if (made) kept.set(n, made)
        if (this.ordered || ++created === BURST) return all()
        continue
      }
      if (isFinished(p)) {
        if (p.metadata.deletionTimestamp) {
          if (this.ordered) return all()
          continue
        }
        if (p.status?.phase === 'Failed')
          await this.ctx.event(
            set,
            'Warning',
            'RecreatingFailedPod',
            `StatefulSet ${keyOf(set)} is recreating failed Pod ${p.metadata.name}`,
          )
        else
          await this.ctx.event(
            set,
            'Normal',
            'RecreatingTerminatedPod',
            `StatefulSet ${keyOf(set)} is recreating terminated Pod ${p.metadata.name}`,
          )
        await this.remove(p)
        return all()
      }
      if (p.status?.phase === 'Pending' && !(await this.claims(n))) return all()
      if (!this.ordered) continue
      if (p.metadata.deletionTimestamp || !runningAndReady(p) || !this.available(p)) return all()
    }
    const sick = [...all()]
      .sort((a, b) => ordinalOf(set, a) - ordinalOf(set, b))
      .find((p) => !runningAndReady(p) || p.metadata.deletionTimestamp !== undefined)
    for (const p of condemned) {
      if (p.metadata.deletionTimestamp) {
        if (this.ordered) return all()
        continue
      }
      if (this.ordered && !(runningAndReady(p) && this.available(p)) && p !== sick) return all()
      await this.releaseClaims(p, ordinalOf(set, p))
      await this.remove(p)
      if (this.ordered) return all()
    }
    if (set.spec?.updateStrategy?.type === 'OnDelete') return all()
    const most = Math.max(
      1,
      scaledValue(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, this.replicas, false),
    )
    let down = 0
    for (let n = this.end - 1; n >= this.start + this.partition; n--) {
      const p = kept.get(n)
      if (!p) continue
      if (revisionName(p) !== this.update.metadata.name && !p.metadata.deletionTimestamp) {
        await this.remove(p)
        if (++down >= most) return all()
        continue
      }
      if (p.metadata.deletionTimestamp || !runningAndReady(p) || !this.available(p)) {
        if (++down >= most) return all()
      }
    }
    return all()
  }

  status(pods: readonly Pod[], collisions: number): StatefulSetStatus {
    const { set } = this
    const count = (of: (p: Pod) => boolean): number => pods.filter(of).length
    const updateName = this.update.metadata.name ?? ''
    let currentName = this.current.metadata.name ?? ''
    const created = pods.filter((p) => p.status?.phase !== undefined && !isFinished(p))
    const ready = count(runningAndReady)
    let currentReplicas = created.filter((p) => !p.metadata.deletionTimestamp && revisionName(p) === currentName).length
    const updated = created.filter((p) => !p.metadata.deletionTimestamp && revisionName(p) === updateName).length
    if (set.spec?.updateStrategy?.type === 'RollingUpdate' && updated === created.length && ready === created.length) {
      currentReplicas = updated
      currentName = updateName
    }
    return {
      ...(set.metadata.generation ? { observedGeneration: set.metadata.generation } : {}),
      replicas: created.length,
      ...(ready ? { readyReplicas: ready } : {}),
      ...(currentReplicas ? { currentReplicas } : {}),
      ...(updated ? { updatedReplicas: updated } : {}),
      currentRevision: currentName,
      updateRevision: updateName,
      collisionCount: collisions,
      ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
      availableReplicas: count((p) => runningAndReady(p) && this.available(p)),
    }
  }
}

async function reconcile(key: string, ctx: ControllerContext): Promise<Again | void> {
  const [namespace, name] = splitKey(key)
  const set = ctx.lister.get<StatefulSet>('statefulsets.apps', namespace, name)
  if (!set?.spec) return
  const selector = fromLabelSelector(set.spec.selector)
  const belongs = (p: Pod): boolean => ordinalOf(set, p) >= 0
  const pods = (
    await claim<Pod>(ctx, {
      owner: set,
      resource: 'pods',
      path: 'v1/pods',
      selector,
      labels: equalities(set.spec.selector),
      adoptable: (p) => belongs(p),
    })
  ).filter(belongs)
  const known = await revisionsOf(ctx, set, set.spec.selector)
  const { revision: update, collisions } = await presentRevision(
    ctx,
    set,
    known,
    set.spec.template,
    HASH,
    {
      labels: set.spec.template.metadata?.labels ?? {},
      ...(set.metadata.annotations ? { annotations: set.metadata.annotations } : {}),
    },
    set.status?.collisionCount ?? 0,
  )
  const current = known.find((r) => r.metadata.name === set.status?.currentRevision) ?? update
  const sync = new Sync(ctx, set, current, update)
  await keepRetention(ctx, set)
  const after = await sync.step(pods)
  const gone = new Set(
    after.filter((p) => !ctx.lister.get('pods', namespace, p.metadata.name ?? '')).map((p) => p.metadata.uid),
  )
  const now = after
    .filter((p) => !gone.has(p.metadata.uid))
    .map((p) => ctx.lister.get<Pod>('pods', namespace, p.metadata.name ?? '') ?? p)
  const status = sync.status(now, collisions)
  if (!equal(status, { replicas: 0, availableReplicas: 0, ...set.status })) {
    try {
      await ctx.client.update('apps/v1/statefulsets', namespace, { ...set, status }, { subresource: 'status' })
    } catch (e) {
      if (!(e instanceof StatusError && e.code === 404)) throw e
    }
  }
  const present = await revisionsOf(ctx, set, set.spec.selector)
  await truncate(
    ctx,
    present,
    new Set([current.metadata.name ?? '', update.metadata.name ?? '', ...now.map(revisionName)]),
    set.spec.revisionHistoryLimit,
  )
  if (sync.failed) return FAILED
  if (sync.soonest !== undefined) return { after: sync.soonest }
}

/** Claims belong to the set, or not, as the retention policy for its deletion says. */
async function keepRetention(ctx: ControllerContext, set: StatefulSet): Promise<void> {
  const policy = set.spec?.persistentVolumeClaimRetentionPolicy
  if (!policy || !set.spec?.volumeClaimTemplates?.length || set.metadata.deletionTimestamp) return
  const start = set.spec.ordinals?.start ?? 0
  const touched = new Set<number>()
  for (const t of set.spec.volumeClaimTemplates)
    for (let n = start; n < start + (set.spec.replicas ?? 1); n++) {
      const c = ctx.lister.get<PersistentVolumeClaim>(
        'persistentvolumeclaims',
        set.metadata.namespace ?? '',
        claimName(set, t.metadata.name ?? '', n),
      )
      if (!c || (controllerOf(c) && !isControlledBy(c, set) && controllerOf(c)?.kind !== 'Pod')) continue
      const has = c.metadata.ownerReferences?.some((r) => r.uid === set.metadata.uid) ?? false
      const wanted = policy.whenDeleted === 'Delete'
      const pods = (c.metadata.ownerReferences ?? []).filter(
        (r) => r.kind === 'Pod' && r.name === `${set.metadata.name}-${n}`,
      )
      if (has === wanted && pods.length === 0) continue
      const rest = (c.metadata.ownerReferences ?? []).filter((r) => r.uid !== set.metadata.uid && !pods.includes(r))
      const next = wanted ? [...rest, controllerRef(set)] : rest
      await ctx.client.patch('v1/persistentvolumeclaims', c.metadata.namespace ?? '', c.metadata.name ?? '', 'merge', {
        metadata: { ownerReferences: next.length ? next.map((r) => ({ ...r })) : null },
      })
      touched.add(n)
    }
  // upstream writes the pod along with its claims
  for (const n of [...touched].sort((a, b) => a - b)) {
    const pod = `${set.metadata.name}-${n}`
    if (ctx.lister.get('pods', set.metadata.namespace ?? '', pod))
      await ctx.event(
        set,
        'Normal',
        'SuccessfulUpdate',
        `update Pod ${pod} in StatefulSet ${set.metadata.name} successful`,
      )
  }
}

export const statefulSetController: Controller = {
  name: 'statefulset-controller',
  sources: [
    { resource: 'statefulsets.apps', keys: (o) => [keyOf(o)] },
    { resource: 'pods', keys: controllerKeys('StatefulSet', 'statefulsets.apps') },
  ],
  reconcile,
}
