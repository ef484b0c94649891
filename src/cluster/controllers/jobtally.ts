// A Job's pods as they count: which succeeded and failed, each once, by index where it has indexes; what its policies say
// of that. Behaves as pkg/controller/job's tracking_utils, pod_failure_policy, success_policy and backoff_utils.
import type { Job, JobCondition, JobSpec, JobStatus, PodFailurePolicyRule } from '../../apimachinery/api/batch.v1.ts'
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { parseTime } from '../../apimachinery/time.ts'
import { parseIndexes } from './indexes.ts'
import { isActive, isTerminating } from './pods.ts'

/** Pods that carry it were not counted yet. */
export const FINALIZER = 'batch.kubernetes.io/job-tracking'
/** Annotation and label of a pod: its index. */
export const INDEX = 'batch.kubernetes.io/job-completion-index'
/** Annotation: how often its index failed before it. */
export const FAILURES = 'batch.kubernetes.io/job-index-failure-count'
const FIRST_DELAY = 10_000
const LAST_DELAY = 600_000

export interface Tally {
  readonly job: Job
  readonly spec: JobSpec
  readonly pods: readonly Pod[]
  readonly indexed: boolean
  /** How often each index may fail; undefined where only the whole counts. */
  readonly limitPerIndex: number | undefined
  /** A pod is replaced when it has failed, not when it begins to go. */
  readonly replaceFailedOnly: boolean
  /** Pods that are to be released when they are counted, by uid. */
  readonly withFinalizer: Set<string>
  /** Counted, but not released: their uids. */
  uncounted: { readonly succeeded: string[]; readonly failed: string[] }
  /** Counted and released. */
  succeeded: number
  failed: number
  active: readonly Pod[]
  terminating: number
  readonly doneIndexes: Set<number>
  /** Indexes that may not be tried again, and how often each has failed; undefined where only the whole counts. */
  readonly failedIndexes: Set<number> | undefined
  readonly failureCount: ReadonlyMap<number, number>
  /** With those that were not counted yet. */
  readonly totalSucceeded: number
  readonly totalFailed: number
}

export const uidOf = (p: Pod): string => p.metadata.uid ?? ''
export const tracked = (p: Pod): boolean => p.metadata.finalizers?.includes(FINALIZER) ?? false
export const indexOf = (p: Pod): number => {
  const v = p.metadata.annotations?.[INDEX]
  return v !== undefined && /^\d+$/.test(v) ? Number(v) : -1
}
export const isFailed = (t: Pick<Tally, 'replaceFailedOnly'>, p: Pod): boolean =>
  p.status?.phase === 'Failed' ||
  (!t.replaceFailedOnly && p.metadata.deletionTimestamp !== undefined && p.status?.phase !== 'Succeeded')
/** Whether a pod has one of the indexes that its Job has. */
export const isValid = (t: Pick<Tally, 'indexed' | 'spec'>, p: Pod): boolean =>
  !t.indexed || (indexOf(p) >= 0 && indexOf(p) < (t.spec.completions ?? 0))

export const conditionTrue = (s: JobStatus | undefined, type: string): JobCondition | undefined =>
  s?.conditions?.find((c) => c.type === type && c.status === 'True')

export function tallyOf(job: Job, spec: JobSpec, pods: readonly Pod[]): Tally {
  const status = job.status ?? {}
  const indexed = spec.completionMode === 'Indexed'
  const replaceFailedOnly = spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined
  const kind = { indexed, spec, replaceFailedOnly }
  const limitPerIndex = indexed ? spec.backoffLimitPerIndex : undefined
  const count: Counted = {
    indexed,
    withFinalizer: new Set(pods.filter(tracked).map(uidOf)),
    uncounted: {
      succeeded: [...(status.uncountedTerminatedPods?.succeeded ?? [])],
      failed: [...(status.uncountedTerminatedPods?.failed ?? [])],
    },
    succeeded: status.succeeded ?? 0,
    failed: status.failed ?? 0,
  }
  settleCounts(count)
  const { uncounted } = count
  const countedAlready = new Set([...uncounted.succeeded, ...uncounted.failed])
  const fresh = pods.filter((p) => tracked(p) && isValid(kind, p) && !countedAlready.has(uidOf(p)))
  const newlySucceeded = fresh.filter((p) => p.status?.phase === 'Succeeded')
  const newlyFailed = fresh.filter((p) => isFailed(kind, p) && (judge(job, p)?.counts ?? true))
  const doneIndexes = indexed ? parseIndexes(status.completedIndexes, spec.completions ?? 0) : new Set<number>()
  if (indexed) {
    for (const p of newlySucceeded) doneIndexes.add(indexOf(p))
    count.succeeded = doneIndexes.size
  }
  const failures = pods.filter((p) => isFailed(kind, p) && isValid(kind, p))
  return {
    ...count,
    job,
    pods,
    ...kind,
    limitPerIndex,
    active: pods.filter(isActive),
    terminating: pods.filter(isTerminating).length,
    doneIndexes,
    ...(limitPerIndex === undefined
      ? { failedIndexes: undefined, failureCount: new Map<number, number>() }
      : failuresByIndex(job, spec, failures, limitPerIndex)),
    totalSucceeded: indexed ? doneIndexes.size : count.succeeded + uncounted.succeeded.length + newlySucceeded.length,
    totalFailed: count.failed + uncounted.failed.length + newlyFailed.length,
  }
}

type Counted = Pick<Tally, 'indexed' | 'withFinalizer' | 'uncounted' | 'succeeded' | 'failed'>

/** Counts the pods that were noted as uncounted and have been released since. */
export function settleCounts(t: Counted): void {
  const still = {
    succeeded: t.uncounted.succeeded.filter((u) => t.withFinalizer.has(u)),
    failed: t.uncounted.failed.filter((u) => t.withFinalizer.has(u)),
  }
  if (!t.indexed) t.succeeded += t.uncounted.succeeded.length - still.succeeded.length
  t.failed += t.uncounted.failed.length - still.failed.length
  t.uncounted = still
}

function failuresByIndex(
  job: Job,
  spec: JobSpec,
  failures: readonly Pod[],
  limit: number,
): Pick<Tally, 'failedIndexes' | 'failureCount'> {
  const failedIndexes = parseIndexes(job.status?.failedIndexes, spec.completions ?? 0)
  const failureCount = new Map<number, number>()
  for (const p of failures) {
    const verdict = judge(job, p)
    const before = Number(p.metadata.annotations?.[FAILURES] ?? 0)
    const n = before + (verdict?.action === 'Ignore' ? 0 : 1)
    const index = indexOf(p)
    failureCount.set(index, Math.max(failureCount.get(index) ?? 0, n))
    if (verdict?.action === 'FailIndex' || n > limit) failedIndexes.add(index)
  }
  return { failedIndexes, failureCount }
}

interface Verdict {
  readonly action: string
  readonly message?: string
  readonly counts: boolean
}

/** What the Job's failure policy says of a failed pod; undefined where no rule speaks. */
export function judge(job: Job, pod: Pod): Verdict | undefined {
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

/** How a Job ends, before its pods are gone. */
export interface Outcome {
  readonly type: 'SuccessCriteriaMet' | 'FailureTarget'
  readonly reason: string
  readonly message: string
}
const failure = (reason: string, message: string): Outcome => ({ type: 'FailureTarget', reason, message })

/** How a Job ends, as its pods count by now; undefined while it goes on. `left`: milliseconds until its deadline. */
export function outcomeOf(t: Tally, left: number | undefined): Outcome | undefined {
  const { job, spec } = t
  const met = conditionTrue(job.status, 'SuccessCriteriaMet')
  if (met) return { type: 'SuccessCriteriaMet', reason: met.reason ?? '', message: met.message ?? '' }
  const target = conditionTrue(job.status, 'FailureTarget')
  if (target) return failure(target.reason ?? '', target.message ?? '')
  const failJob = t.pods
    .filter((p) => isFailed(t, p))
    .map((p) => judge(job, p))
    .find((v) => v?.action === 'FailJob')
  if (failJob) return failure('PodFailurePolicy', failJob.message ?? '')
  const limit = spec.backoffLimit ?? 6
  if (t.totalFailed > limit || pastLimitOnFailure(t, limit))
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  if (left !== undefined && left <= 0)
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline')
  return indexesFailed(t) ?? successPolicyMet(t)
}

function indexesFailed({ spec, failedIndexes, doneIndexes }: Tally): Outcome | undefined {
  if (!failedIndexes) return undefined
  if (spec.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes)
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  return failedIndexes.size > 0 && failedIndexes.size + doneIndexes.size >= (spec.completions ?? 0)
    ? failure('FailedIndexes', 'Job has failed indexes')
    : undefined
}

function successPolicyMet({ spec, indexed, doneIndexes }: Tally): Outcome | undefined {
  if (!indexed) return undefined
  for (const [i, rule] of (spec.successPolicy?.rules ?? []).entries()) {
    const wanted =
      rule.succeededIndexes !== undefined ? parseIndexes(rule.succeededIndexes, spec.completions ?? 0) : undefined
    const have = wanted ? [...wanted].filter((x) => doneIndexes.has(x)).length : doneIndexes.size
    if (have >= (rule.succeededCount ?? wanted?.size ?? Infinity))
      return { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message: `Matched rules at index ${i}` }
  }
  return undefined
}

/** With restartPolicy OnFailure it is the containers' restarts that count. */
function pastLimitOnFailure({ job, pods }: Tally, limit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const p of pods)
    if (p.status?.phase === 'Running' || p.status?.phase === 'Pending')
      for (const c of [...(p.status.initContainerStatuses ?? []), ...(p.status.containerStatuses ?? [])])
        restarts += c.restartCount
  return limit === 0 ? restarts > 0 : restarts >= limit
}

const finishedAt = (p: Pod): number =>
  Math.max(
    0,
    ...(p.status?.containerStatuses ?? []).map((c) =>
      c.state?.terminated?.finishedAt ? parseTime(c.state.terminated.finishedAt) : 0,
    ),
    p.metadata.deletionTimestamp ? parseTime(p.metadata.deletionTimestamp) : 0,
  )

/** How long to wait before the next pod after failures in a row, in milliseconds. */
export function backoff(t: Tally, now: number): number {
  if (t.totalFailed === 0) return 0
  const last = Math.max(0, ...t.pods.filter((p) => isFailed(t, p)).map(finishedAt))
  const lastSuccess = Math.max(0, ...t.pods.filter((p) => p.status?.phase === 'Succeeded').map(finishedAt))
  if (last === 0 || lastSuccess > last) return 0
  return Math.max(0, last + Math.min(LAST_DELAY, FIRST_DELAY * 2 ** (t.totalFailed - 1)) - now)
}
