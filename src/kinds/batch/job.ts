// A Job. Behaves as pkg/registry/batch/job; printed as printers/internalversion; described as kubectl's JobDescriber.
import type { Job, JobSpec } from '../../apimachinery/api/batch.v1.ts'
import { humanDuration } from '../../apimachinery/duration.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { formatLabelSelector } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import { parseTime } from '../../apimachinery/time.ts'
import { age, column, containerColumns, name, wide } from '../columns.ts'
import { templateDefaults } from '../core/podspec-defaults.ts'
import { dropDisabledFields } from '../core/podspec-prepare.ts'
import { hostnameWarnings, templateWarnings } from '../core/podspec-warnings.ts'
import { defineKind } from '../kind.ts'
import { validateJob, validateJobStatus } from './job-validation.ts'

const FOREVER = 2147483647

function defaults(job: Draft<Job>): void {
  const spec = (job.spec ??= {} as Draft<JobSpec>)
  templateDefaults(spec)
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex !== undefined ? FOREVER : 6
  const labels = spec.template?.metadata?.labels
  // one and the same map, as upstream: what is generated for the template's labels is a label of the job, too
  if (labels && Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = labels
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  for (const rule of spec.podFailurePolicy?.rules ?? []) for (const p of rule.onPodConditions ?? []) p.status ||= 'True'
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  spec.manualSelector ??= false
}

/** A job selects its pods by its own uid, unless it says that it knows better. */
function generateSelector(job: Draft<Job>): void {
  const spec = job.spec
  if (!spec || spec.manualSelector) return
  const template = (spec.template ??= {} as Draft<JobSpec>['template'])
  const labels = ((template.metadata ??= {}).labels ??= {})
  for (const key of ['job-name', 'batch.kubernetes.io/job-name']) labels[key] ??= job.metadata.name ?? ''
  for (const key of ['controller-uid', 'batch.kubernetes.io/controller-uid']) labels[key] ??= job.metadata.uid ?? ''
  const match = ((spec.selector ??= {}).matchLabels ??= {})
  match['batch.kubernetes.io/controller-uid'] ??= job.metadata.uid ?? ''
  // what is stored is read with the defaults, so that the template's labels show at once
  // (of a name that is no label the template's labels tell; the object will not be stored)
  if (Object.keys(job.metadata.labels ?? {}).length === 0 && (job.metadata.name ?? '').length <= 63)
    job.metadata.labels = { ...labels }
}

const condition = (job: Job, type: string): boolean =>
  Boolean(job.status?.conditions?.some((c) => c.type === type && c.status === 'True'))

/** STATUS: the first of these that is so. */
function jobStatus(job: Job): string {
  if (condition(job, 'Complete')) return 'Complete'
  if (condition(job, 'Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp) return 'Terminating'
  if (condition(job, 'Suspended')) return 'Suspended'
  return condition(job, 'FailureTarget') ? 'FailureTarget' : 'Running'
}

function completions(job: Job): string {
  const done = job.status?.succeeded ?? 0
  const { completions: wanted, parallelism = 0 } = job.spec ?? {}
  if (wanted !== undefined) return `${done}/${wanted}`
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`
}

function duration(job: Job, now: number): string {
  const { startTime, completionTime } = job.status ?? {}
  return startTime ? humanDuration((completionTime ? parseTime(completionTime) : now) - parseTime(startTime)) : ''
}

/** Warnings about a job's spec, also inside CronJobs. */
export function jobWarnings(spec: JobSpec | undefined, path: string): string[] {
  const many =
    spec?.completionMode === 'Indexed' && (spec.completions ?? 0) > 100_000 && (spec.parallelism ?? 0) > 10_000
  return [
    ...(many
      ? [
          `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
        ]
      : []),
    ...templateWarnings(spec?.template, `${path}.template`),
  ]
}

export const job = defineKind<Job>({
  gvk: 'batch/v1/Job',
  strategy: {
    defaults,
    prepareForCreate: (job) => {
      generateSelector(job)
      job.status = {}
      dropDisabledFields(job.spec?.template?.spec)
    },
    prepareForUpdate: (job, old) => dropDisabledFields(job.spec?.template?.spec, old.spec?.template?.spec),
    validate: (job) => validateJob(job),
    validateUpdate: validateJob,
    validateStatusUpdate: validateJobStatus,
    warnings: (job, old) => [
      ...(old ? [] : hostnameWarnings(job.metadata.name, 'Pod names and hostnames')),
      ...(old && old.metadata.generation === job.metadata.generation ? [] : jobWarnings(job.spec, 'spec')),
    ],
    generation: (next, old) => !equal(next.spec, old.spec),
    selectableFields: (job) => ({ 'status.successful': String(job.status?.succeeded ?? 0) }),
    fieldSelectorError: 'kind',
  },
  columns: [
    name(),
    column('Status', jobStatus),
    column('Completions', completions),
    column('Duration', (job, { now }) => duration(job, now)),
    age(),
    ...containerColumns<Job>((job) => job.spec?.template?.spec?.containers),
    wide('Selector', (job) => formatLabelSelector(job.spec?.selector)),
  ],
  describe: async (obj, out, ctx) => (await import('./describe-jobs.ts')).describeJob(obj, out, ctx),
})
