// CronJob: makes a Job at each scheduled time and tidies up after the finished ones; behaves as pkg/controller/cronjob.
import type { CronJob, CronJobSpec, CronJobStatus, Job } from '../../apimachinery/api/batch.v1.ts'
import type { ObjectReference } from '../../apimachinery/api/core.v1.ts'
import { CronError, isTimeZone, nextCron, parseCron } from '../../apimachinery/cron.ts'
import type { CronSchedule } from '../../apimachinery/cron.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { StatusError, isNamespaceTerminating } from '../../apimachinery/status.ts'
import { parseTime, rfc1123z, rfc3339 } from '../../apimachinery/time.ts'
import { keyOf, ownerKeys, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { controllerRef, isControlledBy } from './owners.ts'
import { writeStatus } from './writestatus.ts'

const SCHEDULED = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
/** More missed times than this deserve a warning. */
const MANY = 100
/** So many milliseconds after a scheduled time the controller looks (nextScheduleDelta). */
const LATE = 100
/** More are not counted. */
const MOST = 10_000

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
    if (missed > MOST) break
  }
  return { time, missed }
}

/** What a CronJob knows of its Jobs. */
interface Progress {
  active: readonly ObjectReference[]
  lastScheduleTime: string | undefined
  lastSuccessfulTime: string | undefined
}

async function reconcile(key: string, ctx: ControllerContext): Promise<{ after: number } | void> {
  const [namespace, name] = splitKey(key)
  const cj = ctx.lister.get<CronJob>('cronjobs.batch', namespace, name)
  if (!cj?.spec) return
  const { active = [], lastScheduleTime, lastSuccessfulTime } = cj.status ?? {}
  const p: Progress = { active, lastScheduleTime, lastSuccessfulTime }
  await lookAtJobs(ctx, cj, p)
  const next = cj.metadata.deletionTimestamp ? undefined : await start(ctx, cj, cj.spec, p)
  const status: CronJobStatus = {
    ...(p.active.length ? { active: p.active } : {}),
    ...(p.lastScheduleTime ? { lastScheduleTime: p.lastScheduleTime } : {}),
    ...(p.lastSuccessfulTime ? { lastSuccessfulTime: p.lastSuccessfulTime } : {}),
  }
  await writeStatus(ctx, 'batch/v1/cronjobs', cj, status)
  await tidy(ctx, cj)
  if (next !== undefined) return { after: next }
}

/** Takes Jobs that have ended, or are gone, off the list of active ones. */
async function lookAtJobs(ctx: ControllerContext, cj: CronJob, p: Progress): Promise<void> {
  const jobs = ctx.lister.owned<Job>('jobs.batch', cj.metadata.uid ?? '')
  for (const job of jobs) {
    const { name, uid, deletionTimestamp } = job.metadata
    const listed = p.active.some((a) => a.uid === uid)
    const end = endOf(job)
    if (!listed && !end) {
      const message = `Saw a job that the controller did not create or forgot: ${name}`
      if (!deletionTimestamp) await ctx.event(cj, 'Warning', 'UnexpectedJob', message)
    }
    if (!end) continue
    if (listed) {
      p.active = p.active.filter((a) => a.uid !== uid)
      await ctx.event(cj, 'Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${end}`)
    }
    const done = job.status?.completionTime
    if (end === 'Complete' && done && (!p.lastSuccessfulTime || parseTime(done) > parseTime(p.lastSuccessfulTime)))
      p.lastSuccessfulTime = done
  }
  for (const a of p.active) {
    if (jobs.some((j) => j.metadata.uid === a.uid)) continue
    await ctx.event(cj, 'Normal', 'MissingJob', `Active job went missing: ${a.name}`)
    p.active = p.active.filter((x) => x !== a)
  }
}

/** The schedule, where it can be read; else what is wrong is said. */
async function scheduleOf(ctx: ControllerContext, cj: CronJob, spec: CronJobSpec): Promise<CronSchedule | undefined> {
  const zone = spec.timeZone ?? ''
  if (zone !== '' && !isTimeZone(zone)) {
    await ctx.event(cj, 'Warning', 'UnknownTimeZone', `invalid timeZone: ${goQuote(zone)}: unknown time zone ${zone}`)
    return undefined
  }
  if (spec.suspend) return undefined
  try {
    return parseCron(spec.schedule)
  } catch (e) {
    if (!(e instanceof CronError)) throw e
    const message = `unparseable schedule: ${goQuote(spec.schedule)} : ${e.message}`
    await ctx.event(cj, 'Warning', 'UnparseableSchedule', message)
    return undefined
  }
}

/** Starts what is due; milliseconds until the next time. */
async function start(ctx: ControllerContext, cj: CronJob, spec: CronJobSpec, p: Progress): Promise<number | undefined> {
  const schedule = await scheduleOf(ctx, cj, spec)
  if (!schedule) return undefined
  const now = ctx.clock.now()
  const zone = spec.timeZone ?? ''
  const following = nextCron(schedule, now, zone)
  if (following === undefined) {
    // the 31st of February: upstream takes two times that never come for one
    const message = `invalid schedule: ${spec.schedule} : time difference between two schedules is less than 1 second`
    await ctx.event(cj, 'Warning', 'InvalidSchedule', message)
    return undefined
  }
  const { time, missed } = unmet(cj, schedule, zone, now)
  const tooMany = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
  if (missed > MANY) await ctx.event(cj, 'Warning', 'TooManyMissedTimes', tooMany)
  const wait = following - now + LATE
  if (time === undefined) return wait
  if (spec.startingDeadlineSeconds !== undefined && time + spec.startingDeadlineSeconds * 1000 < now) {
    await ctx.event(cj, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${rfc1123z(time)}`)
    return wait
  }
  const name = `${cj.metadata.name}-${Math.floor(time / 60_000)}`
  if (p.active.some((a) => a.name === name) || (p.lastScheduleTime && parseTime(p.lastScheduleTime) === time))
    return wait
  if (spec.concurrencyPolicy === 'Forbid' && p.active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    await ctx.event(cj, 'Normal', 'JobAlreadyActive', message)
    return wait
  }
  if (spec.concurrencyPolicy === 'Replace') {
    for (const a of p.active) {
      const job = ctx.lister.get<Job>('jobs.batch', cj.metadata.namespace ?? '', a.name ?? '')
      if (job) await removeJob(ctx, cj, job)
    }
    p.active = []
  }
  const made = await makeJob(ctx, cj, spec, name, time)
  if (made === 'namespace goes') return undefined
  if (!made || p.active.some((a) => a.uid === made.metadata.uid)) return wait
  const reference: ObjectReference = {
    kind: 'Job',
    namespace: cj.metadata.namespace ?? '',
    name,
    uid: made.metadata.uid ?? '',
    apiVersion: 'batch/v1',
    resourceVersion: made.metadata.resourceVersion ?? '',
  }
  p.active = [...p.active, reference]
  p.lastScheduleTime = rfc3339(time)
  return wait
}

/** The Job of a scheduled time: a new one, or one that this CronJob has made before. */
async function makeJob(
  ctx: ControllerContext,
  cj: CronJob,
  { jobTemplate: template }: CronJobSpec,
  name: string,
  time: number,
): Promise<Job | 'namespace goes' | undefined> {
  const namespace = cj.metadata.namespace ?? ''
  try {
    const job = await ctx.client.create<Job>('batch/v1/jobs', namespace, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        namespace,
        ...(template.metadata?.labels ? { labels: template.metadata.labels } : {}),
        annotations: { ...template.metadata?.annotations, [SCHEDULED]: rfc3339(time) },
        ownerReferences: [controllerRef(cj)],
      },
      spec: template.spec,
    })
    await ctx.event(cj, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`)
    return job
  } catch (e) {
    if (!(e instanceof StatusError)) throw e
    if (isNamespaceTerminating(e)) return 'namespace goes'
    if (e.reason !== 'AlreadyExists') {
      await ctx.event(cj, 'Warning', 'FailedCreate', `Error creating job: ${e.message}`)
      return undefined
    }
    const other = ctx.lister.get<Job>('jobs.batch', namespace, name)
    return other && isControlledBy(other, cj) ? other : undefined
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
