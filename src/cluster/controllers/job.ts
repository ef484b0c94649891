// Job: runs pods to completion, counts each finished pod once, and says how it ended; behaves as pkg/controller/job.
import type { Job, JobCondition, JobStatus } from '../../apimachinery/api/batch.v1.ts'
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { fromLabelSelector } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Again, Controller, ControllerContext } from '../controller.ts'
import { formatIndexes } from './indexes.ts'
import { dropFinalizer, managePods, release, removePods } from './jobpods.ts'
import type { Managed } from './jobpods.ts'
import {
  conditionTrue,
  isFailed,
  isValid,
  judge,
  outcomeOf,
  settleCounts,
  tallyOf,
  tracked,
  uidOf,
} from './jobtally.ts'
import type { Outcome, Tally } from './jobtally.ts'
import { claim, controllerKeys, equalities } from './owners.ts'
import { isActive, isReady } from './pods.ts'

const isJobFinished = (job: Job): boolean =>
  conditionTrue(job.status, 'Complete') !== undefined || conditionTrue(job.status, 'Failed') !== undefined

function condition(type: string, status: string, reason: string, message: string, now: number): JobCondition {
  return { type, status, reason, message, lastProbeTime: rfc3339(now), lastTransitionTime: rfc3339(now) }
}

/** Sets a condition; true where that changed something. A False one is only written over an existing one. */
function ensure(list: JobCondition[], next: JobCondition): boolean {
  const at = list.findIndex((c) => c.type === next.type)
  const old = list[at]
  if (!old) {
    if (next.status === 'False') return false
    list.push(next)
    return true
  }
  if (old.status === next.status && old.reason === next.reason && old.message === next.message) return false
  list[at] = next
  return true
}

async function reconcile(key: string, ctx: ControllerContext): Promise<Again | void> {
  const [namespace, name] = splitKey(key)
  const job = ctx.lister.get<Job>('jobs.batch', namespace, name)
  const spec = job?.spec
  if (!spec || (spec.managedBy && spec.managedBy !== 'kubernetes.io/job-controller')) return
  if (isJobFinished(job)) {
    for (const p of ctx.lister.owned<Pod>('pods', job.metadata.uid ?? '')) if (tracked(p)) await dropFinalizer(ctx, p)
    return
  }
  const pods = await claim<Pod>(ctx, {
    owner: job,
    resource: 'pods',
    path: 'v1/pods',
    selector: fromLabelSelector(spec.selector),
    labels: equalities(spec.selector),
    adoptable: isActive,
  })
  const now = ctx.clock.now()
  const t = tallyOf(job, spec, pods)
  const conditions = [...(job.status?.conditions ?? [])]
  let start = job.status?.startTime ?? (spec.suspend === true ? undefined : rfc3339(now))
  const left =
    spec.activeDeadlineSeconds !== undefined && start && spec.suspend !== true
      ? parseTime(start) + spec.activeDeadlineSeconds * 1000 - now
      : undefined
  let outcome = outcomeOf(t, left)
  const wake = outcome ? undefined : left
  let managed: Managed = {}
  if (outcome) {
    if (t.active.length > 0) await removePods(ctx, t, t.active)
  } else if (!job.metadata.deletionTimestamp) {
    managed = await managePods(ctx, t, now)
    outcome = completionsReached(t)
    if (!outcome && (await suspendOrResume(ctx, t, conditions, now))) start = rfc3339(now)
  }
  const counted = countEnded(t, outcome)
  if (outcome && !conditionTrue({ conditions }, outcome.type))
    conditions.push(condition(outcome.type, 'True', outcome.reason, outcome.message, now))

  let stored = job
  const write = async (extra: Partial<JobStatus> = {}): Promise<void> => {
    const status = { ...statusOf(t, conditions, start), ...extra }
    if (equal(stored.status ?? {}, status)) return
    stored = await ctx.client.update<Job>('batch/v1/jobs', namespace, { ...stored, status }, { subresource: 'status' })
  }
  await write()
  if (counted.length > 0) {
    await release(ctx, t, counted)
    settleCounts(t)
  }
  if (outcome && t.uncounted.succeeded.length + t.uncounted.failed.length === 0 && t.terminating === 0) {
    const done = outcome.type === 'SuccessCriteriaMet'
    ensure(conditions, condition(done ? 'Complete' : 'Failed', 'True', outcome.reason, outcome.message, now))
    await write(done ? { completionTime: rfc3339(now) } : {})
    await sayEnd(ctx, t, outcome)
    return
  }
  await write()
  // pods that were refused are tried again at the job controller's own pace (DefaultJobApiBackOff)
  if (managed.refused) return { after: 1000, doubled: 60_000 }
  const after = Math.min(wake ?? Infinity, managed.retry ?? Infinity)
  if (after < Infinity) return { after }
}

function completionsReached({ spec, active, totalSucceeded }: Tally): Outcome | undefined {
  const enough = spec.completions === undefined ? totalSucceeded > 0 : totalSucceeded >= spec.completions
  return enough && active.length === 0
    ? {
        type: 'SuccessCriteriaMet',
        reason: 'CompletionsReached',
        message: 'Reached expected number of succeeded pods',
      }
    : undefined
}

/** Says in its conditions whether a Job is suspended; true where it has just been resumed. */
async function suspendOrResume(
  ctx: ControllerContext,
  { job, spec }: Tally,
  conditions: JobCondition[],
  now: number,
): Promise<boolean> {
  if (spec.suspend === true) {
    if (ensure(conditions, condition('Suspended', 'True', 'JobSuspended', 'Job suspended', now)))
      await ctx.event(job, 'Normal', 'Suspended', 'Job suspended')
    return false
  }
  if (!ensure(conditions, condition('Suspended', 'False', 'JobResumed', 'Job resumed', now))) return false
  await ctx.event(job, 'Normal', 'Resumed', 'Job resumed')
  return true
}

/** Notes the pods that have ended as uncounted. They are released after that is written, so that each counts once. */
function countEnded(t: Tally, outcome: Outcome | undefined): Pod[] {
  const { job, uncounted } = t
  const ended: Pod[] = []
  for (const p of t.pods) {
    const uid = uidOf(p)
    if (!tracked(p) || !t.withFinalizer.has(uid)) continue
    const succeeded = p.status?.phase === 'Succeeded'
    const failed = isFailed(t, p)
    if (!(job.metadata.deletionTimestamp || outcome || succeeded || failed)) continue
    ended.push(p)
    if (succeeded) {
      if (!t.indexed && !uncounted.succeeded.includes(uid)) uncounted.succeeded.push(uid)
    } else if (
      (failed || outcome?.type === 'FailureTarget') &&
      !uncounted.failed.includes(uid) &&
      isValid(t, p) &&
      (judge(job, p)?.counts ?? true)
    )
      uncounted.failed.push(uid)
  }
  return ended
}

const statusOf = (t: Tally, conditions: readonly JobCondition[], start: string | undefined): JobStatus => ({
  ...(conditions.length ? { conditions } : {}),
  ...(start ? { startTime: start } : {}),
  ...(t.active.length ? { active: t.active.length } : {}),
  ...(t.succeeded ? { succeeded: t.succeeded } : {}),
  ...(t.failed ? { failed: t.failed } : {}),
  ...(t.indexed && t.doneIndexes.size ? { completedIndexes: formatIndexes(t.doneIndexes) } : {}),
  ...(t.failedIndexes ? { failedIndexes: formatIndexes(t.failedIndexes) } : {}),
  uncountedTerminatedPods: {
    ...(t.uncounted.succeeded.length ? { succeeded: t.uncounted.succeeded } : {}),
    ...(t.uncounted.failed.length ? { failed: t.uncounted.failed } : {}),
  },
  terminating: t.terminating,
  ready: t.active.filter(isReady).length,
})

async function sayEnd(ctx: ControllerContext, t: Tally, outcome: Outcome): Promise<void> {
  if (outcome.type === 'FailureTarget') return ctx.event(t.job, 'Warning', outcome.reason, outcome.message)
  if (t.spec.completions !== undefined && t.succeeded > t.spec.completions) {
    const message = 'Too many succeeded pods running after completion count reached'
    await ctx.event(t.job, 'Warning', 'TooManySucceededPods', message)
  }
  await ctx.event(t.job, 'Normal', 'Completed', 'Job completed')
}

export const jobController: Controller = {
  name: 'job-controller',
  sources: [
    { resource: 'jobs.batch', keys: (o) => [keyOf(o)] },
    { resource: 'pods', keys: controllerKeys('Job', 'jobs.batch') },
  ],
  reconcile,
}

/** Pods whose Job has gone keep no finalizer of it. */
export const jobOrphans: Controller = {
  name: 'job-controller-orphans',
  sources: [
    {
      resource: 'pods',
      keys: (o, lister) => {
        if (!tracked(o)) return []
        const ref = o.metadata.ownerReferences?.find((r) => r.controller && r.kind === 'Job')
        const job = ref && lister.get('jobs.batch', o.metadata.namespace ?? '', ref.name)
        return ref && job?.metadata.uid === ref.uid ? [] : [keyOf(o)]
      },
    },
    {
      resource: 'jobs.batch',
      keys: (o, lister, change) =>
        change?.type === 'DELETED' ? lister.owned('pods', o.metadata.uid ?? '').map(keyOf) : [],
    },
  ],
  reconcile: async (key, ctx) => {
    const [namespace, name] = splitKey(key)
    const pod = ctx.lister.get<Pod>('pods', namespace, name)
    if (!pod || !tracked(pod)) return
    const ref = pod.metadata.ownerReferences?.find((r) => r.controller && r.kind === 'Job')
    if (ref && ctx.lister.get('jobs.batch', namespace, ref.name)?.metadata.uid === ref.uid) return
    await dropFinalizer(ctx, pod)
  },
}
