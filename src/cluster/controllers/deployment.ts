// Deployment: rolls from one ReplicaSet to the next within maxSurge and maxUnavailable, keeps revisions and conditions;
// behaves as pkg/controller/deployment.
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../apimachinery/api/apps.v1.ts'
import type { Pod, PodTemplateSpec } from '../../apimachinery/api/core.v1.ts'
import { fromLabelSelector } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import { podTemplateHash } from '../../apimachinery/podhash.ts'
import { StatusError, isNamespaceTerminating } from '../../apimachinery/status.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { conditionOf, without } from './conditions.ts'
import { claim, controllerKeys, controllerOf, controllerRef, equalities, isControlledBy } from './owners.ts'

const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'
const DESIRED = 'deployment.kubernetes.io/desired-replicas'
const MAX = 'deployment.kubernetes.io/max-replicas'
const HASH = 'pod-template-hash'
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  HISTORY,
  DESIRED,
  MAX,
  'deprecated.deployment.rollback.to',
])
/** How much text the list of a ReplicaSet's earlier revisions may take. */
const HISTORY_LENGTH = 2000

const replicasOf = (rs: ReplicaSet | undefined): number => rs?.spec?.replicas ?? 0
const sum = (sets: readonly (ReplicaSet | undefined)[], of: (rs: ReplicaSet) => number | undefined): number =>
  sets.reduce((n, rs) => n + (rs ? (of(rs) ?? 0) : 0), 0)
const revisionOf = (rs: ReplicaSet): number => {
  const v = rs.metadata.annotations?.[REVISION]
  return v && /^-?\d+$/.test(v) ? Number(v) : 0
}
const isRolling = (d: Deployment): boolean => d.spec?.strategy?.type === 'RollingUpdate'

/** An int or a percentage of a total, rounded up or down. */
export function scaled(value: number | string | undefined, total: number, up: boolean): number {
  if (typeof value === 'number') return value
  const m = /^(\d+)%$/.exec(value ?? '')
  if (!m) return 0
  const exact = (Number(m[1]) * total) / 100
  return up ? Math.ceil(exact) : Math.floor(exact)
}

function fenceposts(d: Deployment): { surge: number; unavailable: number } {
  const replicas = d.spec?.replicas ?? 1
  if (!isRolling(d)) return { surge: 0, unavailable: 0 }
  const surge = scaled(d.spec?.strategy?.rollingUpdate?.maxSurge, replicas, true)
  let unavailable = scaled(d.spec?.strategy?.rollingUpdate?.maxUnavailable, replicas, false)
  // both zero would never move: then one may be missing
  if (surge === 0 && unavailable === 0) unavailable = 1
  return { surge, unavailable: replicas === 0 ? 0 : Math.min(unavailable, replicas) }
}

/** The template without the hash label, for comparing. */
function bare(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const labels = template?.metadata?.labels
  if (!labels || !Object.hasOwn(labels, HASH)) return template ?? {}
  const rest = Object.fromEntries(Object.entries(labels).filter(([k]) => k !== HASH))
  return { ...template, metadata: { ...template.metadata, labels: rest } }
}
function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  const x = bare(a)
  const y = bare(b)
  // a ReplicaSet's is, as a rule, a copy of its Deployment's
  return equal(x, y) || equal(prune(x), prune(y))
}

/** Empty maps and lists count as absent (semantic equality), null creation times too. */
function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prune)
  if (typeof value !== 'object' || value === null) return value
  const out: Record<string, unknown> = {}
  for (const [k, v] of Object.entries(value)) {
    if (v === null || v === undefined) continue
    const p = prune(v)
    if (
      typeof p === 'object' &&
      p !== null &&
      Object.keys(p).length === 0 &&
      (Array.isArray(p) || k === 'labels' || k === 'annotations' || k === 'metadata')
    )
      continue
    out[k] = p
  }
  return out
}

const byAge = (a: ReplicaSet, b: ReplicaSet): number => {
  const x = a.metadata.creationTimestamp ?? ''
  const y = b.metadata.creationTimestamp ?? ''
  return x === y ? ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1) : x < y ? -1 : 1
}

function setDeploymentCondition(
  conditions: readonly DeploymentCondition[],
  next: DeploymentCondition,
): DeploymentCondition[] {
  const old = conditionOf(conditions, next.type)
  if (old?.status === next.status && old?.reason === next.reason) return [...conditions]
  const moved =
    old?.status === next.status && old.lastTransitionTime
      ? { ...next, lastTransitionTime: old.lastTransitionTime }
      : next
  return [...without(conditions, next.type), moved]
}

/** One sync of one Deployment: what it read, and the status that grows while it acts. */
class Sync {
  readonly ctx: ControllerContext
  readonly d: Deployment
  readonly replicas: number
  conditions: readonly DeploymentCondition[]
  collisions: number | undefined
  revision: string | undefined
  sets: ReplicaSet[] = []

  constructor(ctx: ControllerContext, d: Deployment) {
    this.ctx = ctx
    this.d = d
    this.replicas = d.spec?.replicas ?? 1
    this.conditions = d.status?.conditions ?? []
    this.collisions = d.status?.collisionCount
    this.revision = d.metadata.annotations?.[REVISION]
  }

  get deadline(): number | undefined {
    const s = this.d.spec?.progressDeadlineSeconds
    return s === undefined || s === 2147483647 ? undefined : s
  }
  condition(type: string, status: string, reason: string, message: string): DeploymentCondition {
    const now = rfc3339(this.ctx.clock.now())
    return { type, status, lastUpdateTime: now, lastTransitionTime: now, reason, message }
  }
  set(c: DeploymentCondition): void {
    this.conditions = setDeploymentCondition(this.conditions, c)
  }
  get newSet(): ReplicaSet | undefined {
    return [...this.sets].sort(byAge).find((rs) => sameTemplate(rs.spec?.template, this.d.spec?.template))
  }
  oldSets(newSet: ReplicaSet | undefined): ReplicaSet[] {
    return this.sets.filter((rs) => rs.metadata.uid !== newSet?.metadata.uid)
  }
  replace(rs: ReplicaSet): void {
    const at = this.sets.findIndex((s) => s.metadata.uid === rs.metadata.uid)
    if (at < 0) this.sets.push(rs)
    else this.sets[at] = rs
  }

  annotations(): Readonly<Record<string, string>> {
    return { [DESIRED]: String(this.replicas), [MAX]: String(this.replicas + fenceposts(this.d).surge) }
  }

  /** Brings the new ReplicaSet's annotations up to date, or creates it. Undefined where there is none (yet). */
  async ensureNew(create: boolean): Promise<ReplicaSet | undefined> {
    const { d, ctx } = this
    const existing = this.newSet
    const revision = Math.max(0, ...this.oldSets(existing).map(revisionOf)) + 1
    if (existing) {
      const annotations = this.setAnnotations(existing.metadata.annotations ?? {}, revision)
      const minReadySeconds = d.spec?.minReadySeconds ?? 0
      let rs = existing
      if (
        !equal(annotations, existing.metadata.annotations ?? {}) ||
        (existing.spec?.minReadySeconds ?? 0) !== minReadySeconds
      ) {
        rs = await ctx.client.update<ReplicaSet>('apps/v1/replicasets', d.metadata.namespace ?? '', {
          ...existing,
          metadata: { ...existing.metadata, annotations },
          spec: {
            ...existing.spec,
            selector: existing.spec?.selector ?? {},
            ...(minReadySeconds ? { minReadySeconds } : { minReadySeconds: 0 }),
          },
        })
        this.replace(rs)
      }
      this.revision = rs.metadata.annotations?.[REVISION]
      if (this.deadline !== undefined && !conditionOf(this.conditions, 'Progressing'))
        this.set(
          this.condition('Progressing', 'True', 'FoundNewReplicaSet', `Found new replica set "${rs.metadata.name}"`),
        )
      return rs
    }
    if (!create) return undefined

    const template = bare(d.spec?.template)
    const hash = podTemplateHash(template, this.collisions)
    const labels = { ...template.metadata?.labels, [HASH]: hash }
    const name = `${d.metadata.name}-${hash}`
    const draft: ReplicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name,
        namespace: d.metadata.namespace ?? '',
        labels,
        ownerReferences: [controllerRef(d)],
        annotations: { ...this.setAnnotations({}, revision), ...this.annotations() },
      },
      spec: {
        ...(d.spec?.minReadySeconds ? { minReadySeconds: d.spec.minReadySeconds } : {}),
        selector: { ...d.spec?.selector, matchLabels: { ...d.spec?.selector.matchLabels, [HASH]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    }
    const replicas = this.newReplicas([...this.sets, draft], 0)
    let created: ReplicaSet
    try {
      created = await ctx.client.create<ReplicaSet>('apps/v1/replicasets', d.metadata.namespace ?? '', {
        ...draft,
        spec: { ...draft.spec, selector: draft.spec?.selector ?? {}, replicas },
      })
    } catch (e) {
      if (!(e instanceof StatusError) || isNamespaceTerminating(e)) throw e
      if (e.reason === 'AlreadyExists') {
        const other = ctx.lister.get<ReplicaSet>('replicasets.apps', d.metadata.namespace ?? '', name)
        if (
          other &&
          controllerOf(other)?.uid === d.metadata.uid &&
          sameTemplate(other.spec?.template, d.spec?.template)
        ) {
          this.replace(other)
          return other
        }
        this.collisions = (this.collisions ?? 0) + 1
        return this.ensureNew(create)
      }
      const message = `Failed to create new replica set "${name}": ${e.message}`
      if (this.deadline !== undefined)
        this.set(this.condition('Progressing', 'False', 'ReplicaSetCreateError', message))
      await ctx.event(d, 'Warning', 'ReplicaSetCreateError', message)
      return undefined
    }
    this.replace(created)
    if (replicas > 0)
      await ctx.event(
        d,
        'Normal',
        'ScalingReplicaSet',
        `Scaled up replica set ${created.metadata.name} from 0 to ${replicas}`,
      )
    this.revision = String(revision)
    if (this.deadline !== undefined)
      this.set(
        this.condition(
          'Progressing',
          'True',
          'NewReplicaSetCreated',
          `Created new replica set "${created.metadata.name}"`,
        ),
      )
    return created
  }

  setAnnotations(old: Readonly<Record<string, string>>, revision: number): Record<string, string> {
    const out: Record<string, string> = { ...old }
    for (const [k, v] of Object.entries(this.d.metadata.annotations ?? {})) if (!NOT_COPIED.has(k)) out[k] = v
    const before = old[REVISION]
    const number = before && /^-?\d+$/.test(before) ? Number(before) : 0
    if (before && !/^-?\d+$/.test(before)) return out
    if (number < revision) {
      out[REVISION] = String(revision)
      if (before !== undefined) {
        const earlier = (old[HISTORY] ?? '').split(',').filter((r) => r !== '')
        const all = [...earlier, before]
        while (all.length > 1 && all.join(',').length > HISTORY_LENGTH) all.shift()
        out[HISTORY] = all.join(',')
      }
    }
    return out
  }

  /** How many replicas the new ReplicaSet may have now. */
  newReplicas(all: readonly ReplicaSet[], current: number): number {
    if (!isRolling(this.d)) return this.replicas
    const room = this.replicas + fenceposts(this.d).surge - sum(all, replicasOf)
    if (room <= 0) return current
    return current + Math.min(room, this.replicas - current)
  }

  /** Writes a ReplicaSet's size and the size annotations, and tells of it. */
  async scale(rs: ReplicaSet, replicas: number): Promise<ReplicaSet> {
    const { d, ctx } = this
    const before = replicasOf(rs)
    const wanted = this.annotations()
    if (before === replicas && Object.entries(wanted).every(([k, v]) => rs.metadata.annotations?.[k] === v)) return rs
    const next = await ctx.client.update<ReplicaSet>('apps/v1/replicasets', d.metadata.namespace ?? '', {
      ...rs,
      metadata: { ...rs.metadata, annotations: { ...rs.metadata.annotations, ...wanted } },
      spec: { ...rs.spec, selector: rs.spec?.selector ?? {}, replicas },
    })
    this.replace(next)
    if (before !== replicas)
      await ctx.event(
        d,
        'Normal',
        'ScalingReplicaSet',
        `Scaled ${before < replicas ? 'up' : 'down'} replica set ${rs.metadata.name} from ${before} to ${replicas}`,
      )
    return next
  }
  async scaleIfChanged(rs: ReplicaSet, replicas: number): Promise<boolean> {
    if (replicasOf(rs) === replicas) return false
    await this.scale(rs, replicas)
    return true
  }

  async rolling(): Promise<void> {
    const created = await this.ensureNew(true)
    if (!created) return
    const size = replicasOf(created)
    if (size !== this.replicas) {
      const target = size > this.replicas ? this.replicas : this.newReplicas(this.sets, size)
      if (await this.scaleIfChanged(created, target)) return
    }
    if (await this.shrinkOld(created)) return
    if (this.complete(this.status())) await this.cleanUp(this.oldSets(created))
  }

  /** Scales old ReplicaSets down as far as availability allows: first what is unhealthy, then what is available. */
  async shrinkOld(newSet: ReplicaSet): Promise<boolean> {
    const active = (): ReplicaSet[] =>
      this.oldSets(newSet)
        .filter((rs) => replicasOf(rs) > 0)
        .sort(byAge)
    if (active().length === 0) return false
    const minAvailable = this.replicas - fenceposts(this.d).unavailable
    const most =
      sum(this.sets, replicasOf) - minAvailable - (replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0))
    if (most <= 0) return false
    let cleaned = 0
    for (const rs of active()) {
      if (cleaned >= most) break
      const unhealthy = replicasOf(rs) - (rs.status?.availableReplicas ?? 0)
      if (unhealthy === 0) continue
      const n = Math.min(most - cleaned, unhealthy)
      await this.scale(rs, replicasOf(rs) - n)
      cleaned += n
    }
    let spare = sum(this.sets, (rs) => rs.status?.availableReplicas) - minAvailable
    let shrunk = 0
    for (const rs of active()) {
      if (spare <= 0) break
      const n = Math.min(replicasOf(rs), spare)
      await this.scale(rs, replicasOf(rs) - n)
      spare -= n
      shrunk += n
    }
    return cleaned + shrunk > 0
  }

  async recreate(): Promise<void> {
    let newSet = await this.ensureNew(false)
    const old = this.oldSets(newSet)
    let shrunk = false
    for (const rs of old) if (await this.scaleIfChanged(rs, 0)) shrunk = true
    if (shrunk || sum(old, (rs) => rs.status?.replicas) > 0) return
    for (const rs of old)
      if (
        this.ctx.lister
          .owned<Pod>('pods', rs.metadata.uid ?? '')
          .some((p) => p.status?.phase !== 'Failed' && p.status?.phase !== 'Succeeded')
      )
        return
    newSet ??= await this.ensureNew(true)
    if (!newSet) return
    await this.scaleIfChanged(newSet, this.replicas)
    if (this.complete(this.status())) await this.cleanUp(this.oldSets(newSet))
  }

  /**
   * The Deployment was resized (or is paused): sizes follow without rolling, in proportion where several ReplicaSets
   * are active.
   */
  async resize(): Promise<void> {
    const newSet = await this.ensureNew(false)
    const old = this.oldSets(newSet)
    const active = this.sets.filter((rs) => replicasOf(rs) > 0)
    const only = active.length > 1 ? undefined : (active[0] ?? newSet ?? [...old].sort(byAge).at(-1))
    if (only) await this.scaleIfChanged(only, this.replicas)
    else if (active.length > 1) {
      if (
        newSet &&
        replicasOf(newSet) === this.replicas &&
        newSet.metadata.annotations?.[DESIRED] === String(this.replicas) &&
        newSet.status?.availableReplicas === this.replicas
      ) {
        for (const rs of old) if (replicasOf(rs) > 0) await this.scaleIfChanged(rs, 0)
      } else if (isRolling(this.d)) await this.proportional(active)
    }
    if (this.d.spec?.paused) await this.cleanUp(this.oldSets(newSet))
  }

  async proportional(active: readonly ReplicaSet[]): Promise<void> {
    const { surge } = fenceposts(this.d)
    const most = this.replicas > 0 ? this.replicas + surge : 0
    const add = most - sum(active, replicasOf)
    const ordered = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || (add > 0 ? byAge(b, a) : byAge(a, b)))
    let added = 0
    const sizes = ordered.map((rs) => {
      const size = replicasOf(rs)
      if (add === 0 || add === added) return size
      const before = Number(rs.metadata.annotations?.[MAX] ?? 0) || (this.d.status?.replicas ?? 0)
      const fraction =
        this.replicas === 0 ? -size : before === 0 ? 0 : Math.round((size * (this.replicas + surge)) / before) - size
      const part = add > 0 ? Math.min(fraction, add - added) : Math.max(fraction, add - added)
      added += part
      return size + part
    })
    for (const [i, rs] of ordered.entries())
      await this.scale(rs, i === 0 && add !== 0 ? Math.max(0, (sizes[i] ?? 0) + add - added) : (sizes[i] ?? 0))
  }

  /** Deletes finished ReplicaSets beyond the history limit, oldest revision first. */
  async cleanUp(old: readonly ReplicaSet[]): Promise<void> {
    const limit = this.d.spec?.revisionHistoryLimit
    if (limit === undefined || limit === 2147483647) return
    const alive = old
      .filter((rs) => !rs.metadata.deletionTimestamp)
      .sort((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    for (const rs of alive.slice(0, Math.max(0, alive.length - limit))) {
      if (
        (rs.status?.replicas ?? 0) !== 0 ||
        replicasOf(rs) !== 0 ||
        (rs.metadata.generation ?? 0) > (rs.status?.observedGeneration ?? 0)
      )
        continue
      try {
        await this.ctx.client.delete('apps/v1/replicasets', rs.metadata.namespace ?? '', rs.metadata.name ?? '')
      } catch (e) {
        if (!(e instanceof StatusError) || e.code !== 404) throw e
      }
    }
  }

  /** Counts and the Available condition from what the ReplicaSets report. */
  status(): DeploymentStatus & { readonly conditions: readonly DeploymentCondition[] } {
    const { sets, d } = this
    const newSet = this.newSet
    const available = sum(sets, (rs) => rs.status?.availableReplicas)
    const unavailable = Math.max(0, sum(sets, replicasOf) - available)
    const counts = {
      replicas: sum(sets, (rs) => rs.status?.replicas),
      updatedReplicas: newSet?.status?.replicas ?? 0,
      readyReplicas: sum(sets, (rs) => rs.status?.readyReplicas),
      availableReplicas: available,
      unavailableReplicas: unavailable,
    }
    const enough = available >= this.replicas - fenceposts(d).unavailable
    const conditions = setDeploymentCondition(
      this.conditions,
      enough
        ? this.condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
        : this.condition(
            'Available',
            'False',
            'MinimumReplicasUnavailable',
            'Deployment does not have minimum availability.',
          ),
    )
    return {
      observedGeneration: d.metadata.generation ?? 0,
      ...counts,
      ...(this.collisions !== undefined ? { collisionCount: this.collisions } : {}),
      conditions,
    }
  }

  complete(s: DeploymentStatus): boolean {
    return (
      s.updatedReplicas === this.replicas &&
      s.replicas === this.replicas &&
      s.availableReplicas === this.replicas &&
      (s.observedGeneration ?? 0) >= (this.d.metadata.generation ?? 0)
    )
  }

  /** The Progressing and ReplicaFailure conditions of a rollout. */
  progress(
    status: DeploymentStatus & { readonly conditions: readonly DeploymentCondition[] },
  ): readonly DeploymentCondition[] {
    const { d } = this
    const newSet = this.newSet
    const who = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${d.metadata.name}"`
    let { conditions } = status
    const current = conditionOf(this.conditions, 'Progressing')
    const failure = [...(newSet ? [newSet] : []), ...this.sets]
      .flatMap((rs) => rs.status?.conditions ?? [])
      .find((c) => c.type === 'ReplicaFailure')
    const told = failure
      ? {
          type: 'ReplicaFailure',
          status: failure.status,
          ...(failure.lastTransitionTime
            ? { lastTransitionTime: failure.lastTransitionTime, lastUpdateTime: failure.lastTransitionTime }
            : {}),
          reason: failure.reason ?? '',
          message: failure.message ?? '',
        }
      : undefined
    // pods fail to be made before those that were made become ready, and what progresses is told last
    if (told && (status.readyReplicas ?? 0) > (d.status?.readyReplicas ?? 0))
      conditions = setDeploymentCondition(conditions, told)
    if (this.deadline === undefined) conditions = without(conditions, 'Progressing')
    else if (!(status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable')) {
      if (this.complete(status))
        conditions = setDeploymentCondition(
          conditions,
          this.condition('Progressing', 'True', 'NewReplicaSetAvailable', `${who} has successfully progressed.`),
        )
      else if (this.moved(status)) {
        const c = this.condition('Progressing', 'True', 'ReplicaSetUpdated', `${who} is progressing.`)
        conditions = [
          ...without(conditions, 'Progressing'),
          current?.status === 'True' && current.lastTransitionTime
            ? { ...c, lastTransitionTime: current.lastTransitionTime }
            : c,
        ]
      } else if (this.timedOut(current))
        conditions = setDeploymentCondition(
          conditions,
          this.condition('Progressing', 'False', 'ProgressDeadlineExceeded', `${who} has timed out progressing.`),
        )
    }
    return told ? setDeploymentCondition(conditions, told) : without(conditions, 'ReplicaFailure')
  }

  moved(next: DeploymentStatus): boolean {
    const old = this.d.status
    const oldOld = (old?.replicas ?? 0) - (old?.updatedReplicas ?? 0)
    const newOld = (next.replicas ?? 0) - (next.updatedReplicas ?? 0)
    return (
      (next.updatedReplicas ?? 0) > (old?.updatedReplicas ?? 0) ||
      newOld < oldOld ||
      (next.readyReplicas ?? 0) > (old?.readyReplicas ?? 0) ||
      (next.availableReplicas ?? 0) > (old?.availableReplicas ?? 0)
    )
  }

  timedOut(current: DeploymentCondition | undefined): boolean {
    if (!current || current.reason === 'NewReplicaSetAvailable') return false
    if (current.reason === 'ProgressDeadlineExceeded') return true
    return (
      current.lastUpdateTime !== undefined &&
      this.deadline !== undefined &&
      parseTime(current.lastUpdateTime) + this.deadline * 1000 < this.ctx.clock.now()
    )
  }

  /** Writes the status where it differs; says when a stuck rollout must be looked at again. */
  async finish(rolling: boolean): Promise<{ after: number } | void> {
    const { d, ctx } = this
    const full = this.status()
    const conditions = rolling ? this.progress(full) : full.conditions
    const { collisionCount, observedGeneration } = full
    const next: DeploymentStatus = {
      ...(observedGeneration !== undefined ? { observedGeneration } : {}),
      ...Object.fromEntries(
        Object.entries({
          replicas: full.replicas,
          updatedReplicas: full.updatedReplicas,
          readyReplicas: full.readyReplicas,
          availableReplicas: full.availableReplicas,
          unavailableReplicas: full.unavailableReplicas,
        }).filter(([, n]) => n !== 0),
      ),
      ...(conditions.length ? { conditions } : {}),
      ...(collisionCount !== undefined ? { collisionCount } : {}),
    }
    const annotated = this.revision !== undefined && d.metadata.annotations?.[REVISION] !== this.revision
    if (annotated || !equal(d.status ?? {}, next)) {
      const metadata = annotated
        ? { ...d.metadata, annotations: { ...d.metadata.annotations, [REVISION]: this.revision ?? '' } }
        : d.metadata
      await ctx.client.update(
        'apps/v1/deployments',
        d.metadata.namespace ?? '',
        { ...d, metadata, status: next },
        { subresource: 'status' },
      )
      return
    }
    const current = conditionOf(next.conditions, 'Progressing')
    if (
      !rolling ||
      this.deadline === undefined ||
      !current?.lastUpdateTime ||
      this.complete(full) ||
      current.reason === 'ProgressDeadlineExceeded' ||
      current.reason === 'NewReplicaSetAvailable'
    )
      return
    return { after: Math.max(1000, parseTime(current.lastUpdateTime) + this.deadline * 1000 - ctx.clock.now() + 1000) }
  }
}

async function reconcile(key: string, ctx: ControllerContext): Promise<{ after: number } | void> {
  const [namespace, name] = splitKey(key)
  const d = ctx.lister.get<Deployment>('deployments.apps', namespace, name)
  if (!d) return
  const selector = d.spec?.selector
  if (!selector || Object.keys(selector).length === 0) {
    if ((d.status?.observedGeneration ?? 0) < (d.metadata.generation ?? 0)) {
      await ctx.event(
        d,
        'Warning',
        'SelectingAll',
        'This deployment is selecting all pods. A non-empty selector is required.',
      )
      await ctx.client.update(
        'apps/v1/deployments',
        namespace,
        { ...d, status: { ...d.status, observedGeneration: d.metadata.generation ?? 0 } },
        { subresource: 'status' },
      )
    }
    return
  }
  const sync = new Sync(ctx, d)
  sync.sets = await claim<ReplicaSet>(ctx, {
    owner: d,
    resource: 'replicasets.apps',
    path: 'apps/v1/replicasets',
    selector: fromLabelSelector(selector),
    labels: equalities(selector),
  })
  if (d.metadata.deletionTimestamp) return sync.finish(false)

  const progressing = conditionOf(sync.conditions, 'Progressing')
  if (sync.deadline !== undefined && progressing?.reason !== 'ProgressDeadlineExceeded') {
    const changed =
      d.spec?.paused && progressing?.reason !== 'DeploymentPaused'
        ? sync.condition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused')
        : !d.spec?.paused && progressing?.reason === 'DeploymentPaused'
          ? sync.condition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed')
          : undefined
    if (changed) {
      // a write of its own, whose event brings the deployment back here (checkPausedConditions)
      sync.set(changed)
      await ctx.client.update(
        'apps/v1/deployments',
        d.metadata.namespace ?? '',
        { ...d, status: { ...d.status, conditions: sync.conditions } },
        { subresource: 'status' },
      )
      return
    }
  }
  if (d.spec?.paused) {
    await sync.resize()
    return sync.finish(false)
  }
  const resized = sync.sets.some((rs) => {
    const v = rs.metadata.annotations?.[DESIRED]
    return replicasOf(rs) > 0 && v !== undefined && /^\d+$/.test(v) && Number(v) !== sync.replicas
  })
  if (resized) {
    await sync.resize()
    return sync.finish(false)
  }
  if (isRolling(d)) await sync.rolling()
  else await sync.recreate()
  return sync.finish(true)
}

export const deploymentController: Controller = {
  name: 'deployment-controller',
  sources: [
    { resource: 'deployments.apps', keys: (o) => [keyOf(o)] },
    { resource: 'replicasets.apps', keys: controllerKeys('Deployment', 'deployments.apps') },
    {
      resource: 'pods',
      // only Recreate waits for pods themselves: when the last one of a ReplicaSet has gone
      keys: (pod, lister) => {
        const ref = controllerOf(pod)
        if (ref?.kind !== 'ReplicaSet') return []
        const rs = lister.get<ReplicaSet>('replicasets.apps', pod.metadata.namespace ?? '', ref.name)
        const owner = rs && controllerOf(rs)
        if (!rs || !owner || rs.metadata.uid !== ref.uid) return []
        const d = lister.get<Deployment>('deployments.apps', pod.metadata.namespace ?? '', owner.name)
        return d?.spec?.strategy?.type === 'Recreate' && isControlledBy(rs, d) ? [keyOf(d)] : []
      },
    },
  ],
  reconcile,
}
