// CronJob: makes a Job at each scheduled time and tidies up after the finished ones; behaves as pkg/controller/cronjob.
import type { CronJob, CronJobStatus, Job } from '../../apimachinery/api/batch.v1.ts'
import { CronError, isTimeZone, nextCron, parseCron } from '../../apimachinery/cron.ts'
import type { CronSchedule } from '../../apimachinery/cron.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime, rfc1123z, rfc3339 } from '../../apimachinery/time.ts'
import { keyOf, ownerKeys, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { isJobFinished } from './job.ts'
import { controllerRef, isControlledBy } from './owners.ts'
import { isNamespaceTerminating } from './pods.ts'

const SCHEDULED = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
/** More missed times than this deserve a warning. */
const MANY = 100

const endOf = (job: Job): 'Complete' | 'Failed' | undefined =>
  job.status?.conditions?.find((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True')?.type as
    'Complete' | 'Failed' | undefined

async function removeJob(ctx: ControllerContext, cj: CronJob, job: Job): Promise<void> {
  try {
    await ctx.client.delete('batch/v1/jobs', job.metadata.namespace ?? '', job.metadata.name ?? '', {
      propagationPolicy: 'Background',
    })
    await ctx.event(cj, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`)
  } catch (e) {
    if (!(e instanceof StatusError)) throw e
    if (e.code !== 404) await ctx.event(cj, 'Warning', 'FailedDelete', `Deleted job: ${e.message}`)
  }
}

/** The latest time that has come and was not met yet, and how many others were missed before it. */
function unmet(
  cj: CronJob,
  schedule: CronSchedule,
  zone: string,
  now: number,
): { time: number | undefined; missed: number } {
  let from = parseTime(cj.status?.lastScheduleTime ?? cj.metadata.creationTimestamp ?? rfc3339(now))
  const deadline = cj.spec?.startingDeadlineSeconds
  if (deadline !== undefined) from = Math.max(from, now - Number(deadline) * 1000)
  let time: number | undefined
  let missed = 0
  for (let t = nextCron(schedule, from, zone); t !== undefined && t <= now; t = nextCron(schedule, t, zone)) {
    if (time !== undefined) missed++
    time = t
    if (missed > 10_000) {
      from = now - 86_400_000
      break
    }
  }
  return { time, missed }
}

async function reconcile(key: string, ctx: ControllerContext): Promise<{ after: number } | void> {
  const [namespace, name] = splitKey(key)
  const cj = ctx.lister.get<CronJob>('cronjobs.batch', namespace, name)
  if (!cj?.spec) return
  const now = ctx.clock.now()
  const jobs = ctx.lister.owned<Job>('jobs.batch', cj.metadata.uid ?? '')
  let active = [...(cj.status?.active ?? [])]
  let lastScheduleTime = cj.status?.lastScheduleTime
  let lastSuccessfulTime = cj.status?.lastSuccessfulTime
  for (const job of jobs) {
    const listed = active.some((a) => a.uid === job.metadata.uid)
    const end = endOf(job)
    if (!listed && !isJobFinished(job)) {
      if (!job.metadata.deletionTimestamp)
        await ctx.event(
          cj,
          'Warning',
          'UnexpectedJob',
          `Saw a job that the controller did not create or forgot: ${job.metadata.name}`,
        )
    } else if (end) {
      if (listed) {
        active = active.filter((a) => a.uid !== job.metadata.uid)
        await ctx.event(cj, 'Normal', 'SawCompletedJob', `Saw completed job: ${job.metadata.name}, condition: ${end}`)
      }
      const done = job.status?.completionTime
      if (end === 'Complete' && done && (!lastSuccessfulTime || parseTime(done) > parseTime(lastSuccessfulTime)))
        lastSuccessfulTime = done
    }
  }
  for (const a of [...active]) {
    if (jobs.some((j) => j.metadata.uid === a.uid)) continue
    await ctx.event(cj, 'Normal', 'MissingJob', `Active job went missing: ${a.name}`)
    active = active.filter((x) => x !== a)
  }

  const next = await start()
  const status: CronJobStatus = {
    ...(active.length ? { active } : {}),
    ...(lastScheduleTime ? { lastScheduleTime } : {}),
    ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}),
  }
  if (!equal(status, cj.status ?? {}))
    await ctx.client.update('batch/v1/cronjobs', namespace, { ...cj, status }, { subresource: 'status' })
  await tidy(ctx, cj)
  if (next !== undefined) return { after: next }

  /** Starts what is due; milliseconds until the next time. */
  async function start(): Promise<number | undefined> {
    const spec = cj?.spec
    if (!cj || !spec || cj.metadata.deletionTimestamp) return undefined
    const zone = spec.timeZone ?? ''
    if (zone !== '' && !isTimeZone(zone)) {
      await ctx.event(cj, 'Warning', 'UnknownTimeZone', `invalid timeZone: ${goQuote(zone)}: unknown time zone ${zone}`)
      return undefined
    }
    if (spec.suspend) return undefined
    let schedule: CronSchedule
    try {
      schedule = parseCron(spec.schedule)
    } catch (e) {
      if (!(e instanceof CronError)) throw e
      await ctx.event(
        cj,
        'Warning',
        'UnparseableSchedule',
        `unparseable schedule: ${goQuote(spec.schedule)} : ${e.message}`,
      )
      return undefined
    }
    const due = unmet(cj, schedule, zone, now)
    if (due.missed > MANY)
      await ctx.event(
        cj,
        'Warning',
        'TooManyMissedTimes',
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      )
    const following = nextCron(schedule, now, zone)
    const wait = following === undefined ? undefined : following - now + 100
    const time = due.time
    if (time === undefined) return wait
    if (spec.startingDeadlineSeconds !== undefined && time + Number(spec.startingDeadlineSeconds) * 1000 < now) {
      await ctx.event(cj, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${rfc1123z(time)}`)
      return wait
    }
    const jobName = `${name}-${Math.floor(time / 60_000)}`
    if (active.some((a) => a.name === jobName) || (lastScheduleTime && parseTime(lastScheduleTime) === time))
      return wait
    if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
      await ctx.event(
        cj,
        'Normal',
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
      )
      return wait
    }
    if (spec.concurrencyPolicy === 'Replace') {
      for (const a of active) {
        const job = ctx.lister.get<Job>('jobs.batch', namespace, a.name ?? '')
        if (job) await removeJob(ctx, cj, job)
      }
      active = []
    }
    const template = spec.jobTemplate
    let job: Job
    try {
      job = await ctx.client.create<Job>('batch/v1/jobs', namespace, {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: {
          name: jobName,
          namespace,
          ...(template.metadata?.labels ? { labels: template.metadata.labels } : {}),
          annotations: { ...template.metadata?.annotations, [SCHEDULED]: rfc3339(time) },
          ownerReferences: [controllerRef(cj)],
        },
        spec: template.spec,
      })
      await ctx.event(cj, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`)
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
      if (isNamespaceTerminating(e)) return undefined
      if (e.reason !== 'AlreadyExists') {
        await ctx.event(cj, 'Warning', 'FailedCreate', `Error creating job: ${e.message}`)
        return wait
      }
      const other = ctx.lister.get<Job>('jobs.batch', namespace, jobName)
      if (!other || !isControlledBy(other, cj) || active.some((a) => a.uid === other.metadata.uid)) return wait
      job = other
    }
    active.push({
      kind: 'Job',
      namespace,
      name: jobName,
      uid: job.metadata.uid ?? '',
      apiVersion: 'batch/v1',
      resourceVersion: job.metadata.resourceVersion ?? '',
    })
    lastScheduleTime = rfc3339(time)
    return wait
  }
}

/** Removes finished Jobs beyond the history limits, the oldest first. */
async function tidy(ctx: ControllerContext, cj: CronJob): Promise<void> {
  const jobs = ctx.lister.owned<Job>('jobs.batch', cj.metadata.uid ?? '').filter((j) => !j.metadata.deletionTimestamp)
  for (const [end, limit] of [
    ['Complete', cj.spec?.successfulJobsHistoryLimit],
    ['Failed', cj.spec?.failedJobsHistoryLimit],
  ] as const) {
    if (limit === undefined) continue
    const done = jobs
      .filter((j) => endOf(j) === end)
      .sort((a, b) =>
        (a.status?.startTime ?? '') + a.metadata.name < (b.status?.startTime ?? '') + b.metadata.name ? -1 : 1,
      )
    for (const job of done.slice(0, Math.max(0, done.length - limit))) await removeJob(ctx, cj, job)
  }
}

export const cronJobController: Controller = {
  name: 'cronjob-controller',
  sources: [
    { resource: 'cronjobs.batch', keys: (o) => [keyOf(o)] },
    { resource: 'jobs.batch', keys: ownerKeys('CronJob') },
  ],
  reconcile,
}
