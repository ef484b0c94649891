// Job: runs pods to completion, counts each finished pod once, and says how it ended; behaves as pkg/controller/job.
import type { Job, JobCondition, JobStatus, PodFailurePolicyRule } from '../../apimachinery/api/batch.v1.ts'
import type { Pod, PodTemplateSpec } from '../../apimachinery/api/core.v1.ts'
import { fromLabelSelector } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Again, Controller, ControllerContext } from '../controller.ts'
import { formatIndexes, parseIndexes } from './indexes.ts'
import { claim, controllerKeys, equalities } from './owners.ts'
import { createPods, deletePods, deletionOrder, isActive, isReady, isTerminating, podFromTemplate } from './pods.ts'

const FINALIZER = 'batch.kubernetes.io/job-tracking'
const INDEX = 'batch.kubernetes.io/job-completion-index'
const FAILURES = 'batch.kubernetes.io/job-index-failure-count'
const FIRST_DELAY = 10_000
const LAST_DELAY = 600_000

const tracked = (p: Pod): boolean => p.metadata.finalizers?.includes(FINALIZER) ?? false
const indexOf = (p: Pod): number => {
  const v = p.metadata.annotations?.[INDEX]
  return v !== undefined && /^\d+$/.test(v) ? Number(v) : -1
}
const conditionTrue = (s: JobStatus | undefined, type: string): JobCondition | undefined =>
  s?.conditions?.find((c) => c.type === type && c.status === 'True')
export const isJobFinished = (job: Job): boolean =>
  conditionTrue(job.status, 'Complete') !== undefined || conditionTrue(job.status, 'Failed') !== undefined
const finishedAt = (p: Pod): number =>
  Math.max(
    0,
    ...(p.status?.containerStatuses ?? []).map((c) =>
      c.state?.terminated?.finishedAt ? parseTime(c.state.terminated.finishedAt) : 0,
    ),
    p.metadata.deletionTimestamp ? parseTime(p.metadata.deletionTimestamp) : 0,
  )

interface Verdict {
  readonly action: string
  readonly message?: string
  readonly counts: boolean
}

/** What the Job's failure policy says of a failed pod; undefined where no rule speaks. */
function judge(job: Job, pod: Pod): Verdict | undefined {
  for (const [i, rule] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    const why = matchRule(rule, pod)
    if (why === undefined) continue
    const named = `${pod.metadata.namespace}/${pod.metadata.name}`
    if (rule.action === 'FailJob')
      return {
        action: rule.action,
        message: `${why.replace('POD', `pod ${named}`)} matching FailJob rule at index ${i}`,
        counts: true,
      }
    return { action: rule.action, counts: rule.action !== 'Ignore' }
  }
  return undefined
}

function matchRule(rule: PodFailurePolicyRule, pod: Pod): string | undefined {
  const codes = rule.onExitCodes
  if (codes) {
    for (const c of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) {
      if (codes.containerName && codes.containerName !== c.name) continue
      const code = c.state?.terminated?.exitCode
      if (code === undefined || code === 0) continue
      const listed = codes.values.includes(code)
      if ((codes.operator === 'In') === listed) return `Container ${c.name} for POD failed with exit code ${code}`
    }
    return undefined
  }
  for (const p of rule.onPodConditions ?? [])
    if (pod.status?.conditions?.some((c) => c.type === p.type && c.status === (p.status ?? 'True')))
      return `POD has condition ${p.type}`
  return undefined
}

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

async function dropFinalizer(ctx: ControllerContext, pod: Pod): Promise<void> {
  const rest = (pod.metadata.finalizers ?? []).filter((f) => f !== FINALIZER)
  try {
    await ctx.client.patch('v1/pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '', 'merge', {
      metadata: { uid: pod.metadata.uid ?? '', finalizers: rest.length ? rest : null },
    })
  } catch (e) {
    if (!(e instanceof StatusError && (e.code === 404 || e.code === 409))) throw e
  }
}

/** The template for one index: its annotation, label, host name and environment variable. */
function templateFor(job: Job, index: number, failures: number | undefined): PodTemplateSpec {
  const t = job.spec?.template ?? {}
  const env = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } } }
  const add = <C extends { readonly env?: readonly { readonly name: string }[] }>(c: C): C =>
    c.env?.some((e) => e.name === env.name) ? c : { ...c, env: [...(c.env ?? []), env] }
  return {
    ...t,
    metadata: {
      ...t.metadata,
      labels: { ...t.metadata?.labels, [INDEX]: String(index) },
      annotations: {
        ...t.metadata?.annotations,
        [INDEX]: String(index),
        ...(failures !== undefined ? { [FAILURES]: String(failures) } : {}),
      },
    },
    spec: {
      ...t.spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: (t.spec?.containers ?? []).map(add),
      ...(t.spec?.initContainers ? { initContainers: t.spec.initContainers.map(add) } : {}),
    },
  }
}

async function reconcile(key: string, ctx: ControllerContext): Promise<Again | void> {
  const [namespace, name] = splitKey(key)
  const job = ctx.lister.get<Job>('jobs.batch', namespace, name)
  if (!job) return
  const spec = job.spec
  if (!spec || (spec.managedBy && spec.managedBy !== 'kubernetes.io/job-controller')) return
  const owned = ctx.lister.owned<Pod>('pods', job.metadata.uid ?? '')
  if (isJobFinished(job)) {
    for (const p of owned) if (tracked(p)) await dropFinalizer(ctx, p)
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
  const status = job.status ?? {}
  const indexed = spec.completionMode === 'Indexed'
  const perIndex = indexed && spec.backoffLimitPerIndex !== undefined
  const completions = spec.completions
  const parallelism = spec.parallelism ?? 1
  const suspended = spec.suspend === true
  const replaceFailedOnly = spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined
  const failedPod = (p: Pod): boolean =>
    p.status?.phase === 'Failed' ||
    (!replaceFailedOnly && p.metadata.deletionTimestamp !== undefined && p.status?.phase !== 'Succeeded')
  const valid = (p: Pod): boolean => !indexed || (indexOf(p) >= 0 && indexOf(p) < (completions ?? 0))

  // what was counted before the finalizers were taken off
  const withFinalizer = new Set(pods.filter(tracked).map((p) => p.metadata.uid ?? ''))
  const uncounted = {
    succeeded: [...(status.uncountedTerminatedPods?.succeeded ?? [])],
    failed: [...(status.uncountedTerminatedPods?.failed ?? [])],
  }
  let succeeded = status.succeeded ?? 0
  let failed = status.failed ?? 0
  const settle = (): void => {
    const keptS = uncounted.succeeded.filter((u) => withFinalizer.has(u))
    const keptF = uncounted.failed.filter((u) => withFinalizer.has(u))
    if (!indexed) succeeded += uncounted.succeeded.length - keptS.length
    failed += uncounted.failed.length - keptF.length
    uncounted.succeeded = keptS
    uncounted.failed = keptF
  }
  settle()

  let active = pods.filter(isActive)
  let terminating = pods.filter(isTerminating).length
  const startTime = status.startTime ?? (suspended ? undefined : rfc3339(now))
  const conditions: JobCondition[] = [...(status.conditions ?? [])]
  const countedAlready = new Set([...uncounted.succeeded, ...uncounted.failed])
  const fresh = pods.filter((p) => tracked(p) && valid(p) && !countedAlready.has(p.metadata.uid ?? ''))
  const newlySucceeded = fresh.filter((p) => p.status?.phase === 'Succeeded')
  const newlyFailed = fresh.filter(failedPod)
  const doneIndexes = indexed ? parseIndexes(status.completedIndexes, completions ?? 0) : new Set<number>()
  if (indexed) {
    for (const p of newlySucceeded) doneIndexes.add(indexOf(p))
    succeeded = doneIndexes.size
  }
  const totalSucceeded = indexed ? doneIndexes.size : succeeded + uncounted.succeeded.length + newlySucceeded.length
  const totalFailed = failed + uncounted.failed.length + newlyFailed.filter((p) => judge(job, p)?.counts ?? true).length

  // indexes that may not be tried again
  const failedIndexes = perIndex ? parseIndexes(status.failedIndexes, completions ?? 0) : undefined
  const failureCount = new Map<number, number>()
  if (perIndex && failedIndexes) {
    for (const p of pods.filter((x) => failedPod(x) && valid(x))) {
      const verdict = judge(job, p)
      const before = Number(p.metadata.annotations?.[FAILURES] ?? 0)
      const n = before + (verdict?.action === 'Ignore' ? 0 : 1)
      failureCount.set(indexOf(p), Math.max(failureCount.get(indexOf(p)) ?? 0, n))
      if (verdict?.action === 'FailIndex' || n > (spec.backoffLimitPerIndex ?? 0)) failedIndexes.add(indexOf(p))
    }
  }

  let finished:
    | { readonly type: 'SuccessCriteriaMet' | 'FailureTarget'; readonly reason: string; readonly message: string }
    | undefined
  const met = conditionTrue(status, 'SuccessCriteriaMet')
  const target = conditionTrue(status, 'FailureTarget')
  const failJob = pods
    .filter(failedPod)
    .map((p) => judge(job, p))
    .find((v) => v?.action === 'FailJob')
  const failure = (reason: string, message: string): void => {
    finished ??= { type: 'FailureTarget', reason, message }
  }
  const limit = spec.backoffLimit ?? 6
  let wake: number | undefined
  if (met) finished = { type: 'SuccessCriteriaMet', reason: met.reason ?? '', message: met.message ?? '' }
  else if (target) failure(target.reason ?? '', target.message ?? '')
  else if (failJob) failure('PodFailurePolicy', failJob.message ?? '')
  else if (totalFailed > limit || pastLimitOnFailure(job, pods, limit))
    failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  else if (spec.activeDeadlineSeconds !== undefined && startTime && !suspended) {
    const left = parseTime(startTime) + Number(spec.activeDeadlineSeconds) * 1000 - now
    if (left <= 0) failure('DeadlineExceeded', 'Job was active longer than specified deadline')
    else wake = left
  }
  if (!finished && perIndex && failedIndexes) {
    if (spec.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes)
      failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
    else if (failedIndexes.size > 0 && failedIndexes.size + doneIndexes.size >= (completions ?? 0))
      failure('FailedIndexes', 'Job has failed indexes')
  }
  if (!finished && indexed && spec.successPolicy) {
    for (const [i, rule] of spec.successPolicy.rules.entries()) {
      const wanted =
        rule.succeededIndexes !== undefined ? parseIndexes(rule.succeededIndexes, completions ?? 0) : undefined
      const have = wanted ? [...wanted].filter((x) => doneIndexes.has(x)).length : doneIndexes.size
      if (have >= (rule.succeededCount ?? wanted?.size ?? Infinity)) {
        finished = { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message: `Matched rules at index ${i}` }
        break
      }
    }
  }

  let start = startTime
  let retry: number | undefined
  let refused = false
  const remove = async (doomed: readonly Pod[], untrack: boolean): Promise<void> => {
    if (untrack)
      for (const p of doomed) {
        await dropFinalizer(ctx, p)
        withFinalizer.delete(p.metadata.uid ?? '')
      }
    await deletePods(ctx, job, doomed)
    const gone = new Set(doomed)
    active = active.filter((p) => !gone.has(p))
    terminating += doomed.length
  }
  if (finished) {
    if (active.length > 0) await remove(active, false)
  } else if (!job.metadata.deletionTimestamp) {
    let wanted = suspended
      ? 0
      : completions === undefined
        ? totalSucceeded > 0
          ? active.length
          : parallelism
        : Math.max(0, Math.min(parallelism, completions - totalSucceeded))
    if (!suspended && perIndex && failedIndexes && completions !== undefined)
      wanted = Math.max(0, Math.min(parallelism, completions - totalSucceeded - failedIndexes.size))
    const duplicates = indexed
      ? active.filter(
          (p, i) =>
            doneIndexes.has(indexOf(p)) || !valid(p) || active.findIndex((q) => indexOf(q) === indexOf(p)) !== i,
        )
      : []
    const surplus = Math.max(active.length - wanted, duplicates.length)
    if (surplus > 0) {
      const rest = active.filter((p) => !duplicates.includes(p))
      await remove([...duplicates, ...deletionOrder(rest, () => 0, now)].slice(0, surplus), true)
    } else {
      const missing = wanted - active.length - (replaceFailedOnly ? terminating : 0)
      const delay = perIndex ? 0 : backoff(job, pods, totalFailed, now, failedPod)
      if (missing > 0 && delay > 0) retry = delay
      else if (missing > 0) {
        const taken = new Set(active.map(indexOf))
        const free: number[] = []
        if (indexed)
          for (let i = 0; i < (completions ?? 0) && free.length < missing; i++)
            if (!taken.has(i) && !doneIndexes.has(i) && !failedIndexes?.has(i)) free.push(i)
        const count = indexed ? free.length : missing
        const {
          created,
          error,
          terminating: dying,
        } = await createPods(ctx, job, count, (i) => {
          const index = free[i]
          const template =
            indexed && index !== undefined
              ? templateFor(job, index, perIndex ? (failureCount.get(index) ?? 0) : undefined)
              : (spec.template ?? {})
          return podFromTemplate(job, template, {
            finalizers: template.metadata?.finalizers?.includes(FINALIZER) ? [] : [FINALIZER],
            ...(indexed && index !== undefined ? { generateName: `${name}-${index}-` } : {}),
          })
        })
        active = [...active, ...created]
        if (error && !dying) refused = true
      }
    }
    const complete =
      completions === undefined
        ? totalSucceeded > 0 && active.length === 0
        : totalSucceeded >= completions && active.length === 0
    if (complete)
      finished = {
        type: 'SuccessCriteriaMet',
        reason: 'CompletionsReached',
        message: 'Reached expected number of succeeded pods',
      }
    else if (suspended) {
      if (ensure(conditions, condition('Suspended', 'True', 'JobSuspended', 'Job suspended', now)))
        await ctx.event(job, 'Normal', 'Suspended', 'Job suspended')
    } else if (ensure(conditions, condition('Suspended', 'False', 'JobResumed', 'Job resumed', now))) {
      await ctx.event(job, 'Normal', 'Resumed', 'Job resumed')
      start = rfc3339(now)
    }
  }

  // finished pods are noted first and released after, so that each is counted exactly once
  const release: Pod[] = []
  for (const p of pods) {
    if (!tracked(p) || !withFinalizer.has(p.metadata.uid ?? '')) continue
    const bad = failedPod(p)
    if (!(job.metadata.deletionTimestamp || finished || p.status?.phase === 'Succeeded' || bad)) continue
    const uid = p.metadata.uid ?? ''
    release.push(p)
    if (p.status?.phase === 'Succeeded') {
      if (!indexed && !uncounted.succeeded.includes(uid)) uncounted.succeeded.push(uid)
    } else if (
      (bad || finished?.type === 'FailureTarget') &&
      !uncounted.failed.includes(uid) &&
      valid(p) &&
      (judge(job, p)?.counts ?? true)
    )
      uncounted.failed.push(uid)
  }
  if (finished && !conditionTrue({ conditions }, finished.type))
    conditions.push(condition(finished.type, 'True', finished.reason, finished.message, now))

  const report = (extra: Partial<JobStatus> = {}): JobStatus => ({
    ...(conditions.length ? { conditions } : {}),
    ...(start ? { startTime: start } : {}),
    ...(active.length ? { active: active.length } : {}),
    ...(succeeded ? { succeeded } : {}),
    ...(failed ? { failed } : {}),
    ...(indexed && doneIndexes.size ? { completedIndexes: formatIndexes(doneIndexes) } : {}),
    ...(failedIndexes ? { failedIndexes: formatIndexes(failedIndexes) } : {}),
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length ? { succeeded: uncounted.succeeded } : {}),
      ...(uncounted.failed.length ? { failed: uncounted.failed } : {}),
    },
    terminating,
    ready: active.filter(isReady).length,
    ...extra,
  })
  let stored = job
  const write = async (next: JobStatus): Promise<void> => {
    if (equal(stored.status ?? {}, next)) return
    stored = await ctx.client.update<Job>(
      'batch/v1/jobs',
      namespace,
      { ...stored, status: next },
      { subresource: 'status' },
    )
  }
  await write(report())
  if (release.length > 0) {
    for (const p of release) {
      await dropFinalizer(ctx, p)
      withFinalizer.delete(p.metadata.uid ?? '')
    }
    settle()
  }
  if (finished && uncounted.succeeded.length + uncounted.failed.length === 0 && terminating === 0) {
    const done = finished.type === 'SuccessCriteriaMet'
    ensure(conditions, condition(done ? 'Complete' : 'Failed', 'True', finished.reason, finished.message, now))
    await write(report(done ? { completionTime: rfc3339(now) } : {}))
    if (!done) await ctx.event(job, 'Warning', finished.reason, finished.message)
    else {
      if (completions !== undefined && succeeded > completions)
        await ctx.event(
          job,
          'Warning',
          'TooManySucceededPods',
          'Too many succeeded pods running after completion count reached',
        )
      await ctx.event(job, 'Normal', 'Completed', 'Job completed')
    }
    return
  }
  await write(report())
  // pods that were refused are tried again at the job controller's own pace (DefaultJobApiBackOff)
  if (refused) return { after: 1000, doubled: 60_000 }
  const next = [wake, retry].filter((n) => n !== undefined)
  if (next.length) return { after: Math.min(...next) }
}

/** With restartPolicy OnFailure it is the containers' restarts that count. */
function pastLimitOnFailure(job: Job, pods: readonly Pod[], limit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const p of pods)
    if (p.status?.phase === 'Running' || p.status?.phase === 'Pending')
      for (const c of [...(p.status.initContainerStatuses ?? []), ...(p.status.containerStatuses ?? [])])
        restarts += c.restartCount
  return limit === 0 ? restarts > 0 : restarts >= limit
}

/** How long to wait before the next pod after failures in a row. */
function backoff(
  _job: Job,
  pods: readonly Pod[],
  failures: number,
  now: number,
  failedPod: (p: Pod) => boolean,
): number {
  if (failures === 0) return 0
  const last = Math.max(0, ...pods.filter(failedPod).map(finishedAt))
  const lastSuccess = Math.max(0, ...pods.filter((p) => p.status?.phase === 'Succeeded').map(finishedAt))
  if (last === 0 || lastSuccess > last) return 0
  return Math.max(0, last + Math.min(LAST_DELAY, FIRST_DELAY * 2 ** (failures - 1)) - now)
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
