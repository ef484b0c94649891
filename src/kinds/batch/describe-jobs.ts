// Jobs and CronJobs as kubectl describes them (kubectl's pkg/describe).
import type { CronJob, Job, JobSpec } from '../../apimachinery/api/batch.v1.ts'
import { humanDuration } from '../../apimachinery/duration.ts'
import { fromLabelSelector, selectorString } from '../../apimachinery/labels.ts'
import { parseTime } from '../../apimachinery/time.ts'
import { has } from '../../apimachinery/versions.ts'
import { dateText } from '../conditiontable.ts'
import { describeTemplate } from '../core/podspec-describe.ts'
import { annotations, controlledBy, events, header, labels, nameLines } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'

function selectorText(spec: JobSpec | undefined): string {
  try {
    return selectorString(fromLabelSelector(spec?.selector))
  } catch (e) {
    return `Failed to get selector: ${e instanceof Error ? e.message : ''}`
  }
}

/** Some fifty characters of a list of indexes, cut at a comma. */
function cut(indexes: string): string {
  if (!indexes) return '<none>'
  const at = indexes.indexOf(',', 50)
  return at < 0 ? indexes : `${indexes.slice(0, at + 1)}...`
}

export async function describeJob(job: Job, out: Lines, ctx: DescribeContext): Promise<void> {
  const { spec, status } = job
  nameLines(out, job)
  out.write(0, `Selector:\t${selectorText(spec)}\n`)
  labels(out, 'Labels', job.metadata.labels)
  annotations(out, job.metadata.annotations)
  controlledBy(out, job)
  const line = (title: string, value: unknown): void => {
    if (value !== undefined && value !== null) out.write(0, `${title}:\t${value}\n`)
  }
  line('Parallelism', spec?.parallelism)
  line('Completions', spec?.completions ?? '<unset>')
  line('Completion Mode', spec?.completionMode)
  if (has(ctx.versions, 'describeJobSuspend')) {
    line('Suspend', spec?.suspend)
    line('Backoff Limit', spec?.backoffLimit)
    line('TTL Seconds After Finished', spec?.ttlSecondsAfterFinished)
  }
  if (status?.startTime) line('Start Time', dateText(status.startTime))
  if (status?.completionTime) line('Completed At', dateText(status.completionTime))
  if (status?.startTime && status.completionTime)
    line('Duration', humanDuration(parseTime(status.completionTime) - parseTime(status.startTime)))
  if (spec?.activeDeadlineSeconds !== undefined) line('Active Deadline Seconds', `${spec.activeDeadlineSeconds}s`)
  const ready = status?.ready === undefined ? '' : ` (${status.ready} Ready)`
  out.write(
    0,
    `Pods Statuses:\t${status?.active ?? 0} Active${ready} / ${status?.succeeded ?? 0} Succeeded / ${status?.failed ?? 0} Failed\n`,
  )
  if (spec?.completionMode === 'Indexed') line('Completed Indexes', cut(status?.completedIndexes ?? ''))
  describeTemplate(spec?.template, out, ctx.versions)
  await events(out, job, ctx)
}

export async function describeCronJob(c: CronJob, out: Lines, ctx: DescribeContext): Promise<void> {
  const { spec, status } = c
  const job = spec?.jobTemplate?.spec
  header(out, c)
  out.write(0, `Schedule:\t${spec?.schedule ?? ''}\n`)
  out.write(0, `Concurrency Policy:\t${spec?.concurrencyPolicy ?? ''}\n`)
  out.write(0, `Suspend:\t${spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'}\n`)
  if (has(ctx.versions, 'describeCronJobTimeZone')) out.write(0, `Time Zone:\t${spec?.timeZone ?? '<unset>'}\n`)
  out.write(0, `Successful Job History Limit:\t${spec?.successfulJobsHistoryLimit ?? '<unset>'}\n`)
  out.write(0, `Failed Job History Limit:\t${spec?.failedJobsHistoryLimit ?? '<unset>'}\n`)
  out.write(
    0,
    `Starting Deadline Seconds:\t${spec?.startingDeadlineSeconds === undefined ? '<unset>' : `${spec.startingDeadlineSeconds}s`}\n`,
  )
  out.write(0, `Selector:\t${job?.selector ? selectorText(job) : '<unset>'}\n`)
  out.write(0, `Parallelism:\t${job?.parallelism ?? '<unset>'}\n`)
  out.write(0, `Completions:\t${job?.completions ?? '<unset>'}\n`)
  if (job?.activeDeadlineSeconds !== undefined)
    out.write(0, `Active Deadline Seconds:\t${job.activeDeadlineSeconds}s\n`)
  describeTemplate(job?.template, out, ctx.versions)
  out.write(0, `Last Schedule Time:\t${status?.lastScheduleTime ? dateText(status.lastScheduleTime) : '<unset>'}\n`)
  out.write(0, `Active Jobs:\t${(status?.active ?? []).map((j) => j.name ?? '').join(', ') || '<none>'}\n`)
  await events(out, c, ctx)
}
