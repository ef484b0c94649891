// A CronJob. Behaves as pkg/registry/batch/cronjob; printed as printers/internalversion; described as kubectl's
// CronJobDescriber.
import type { CronJob, JobSpec } from '../../apimachinery/api/batch.v1.ts'
import { formatLabelSelector } from '../../apimachinery/labels.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { age, column, containerColumns, count, integer, name, since, wide } from '../columns.ts'
import { templateDefaults } from '../core/podspec-defaults.ts'
import { dropDisabledFields } from '../core/podspec-prepare.ts'
import { hostnameWarnings } from '../core/podspec-warnings.ts'
import { defineKind } from '../kind.ts'
import { jobWarnings } from './job.ts'
import { validateCronJob } from './job-validation.ts'

function warnings(c: CronJob, old: CronJob | undefined): string[] {
  return [
    ...(old ? [] : hostnameWarnings(c.metadata.name, 'Pod names and hostnames')),
    ...(old && old.metadata.generation === c.metadata.generation
      ? []
      : jobWarnings(c.spec?.jobTemplate?.spec, 'spec.jobTemplate.spec')),
    ...(old && c.spec?.schedule?.includes('TZ')
      ? [
          'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
        ]
      : []),
  ]
}

export const cronJob = defineKind<CronJob>({
  gvk: 'batch/v1/CronJob',
  strategy: {
    defaults: (c) => {
      const spec = (c.spec ??= {} as NonNullable<Draft<CronJob>['spec']>)
      templateDefaults(((spec.jobTemplate ??= {}).spec ??= {} as Draft<JobSpec>))
      spec.concurrencyPolicy ||= 'Allow'
      spec.suspend ??= false
      spec.successfulJobsHistoryLimit ??= 3
      spec.failedJobsHistoryLimit ??= 1
    },
    prepareForCreate: (c) => {
      c.status = {}
      dropDisabledFields(c.spec?.jobTemplate?.spec?.template?.spec)
    },
    prepareForUpdate: (c, old) =>
      dropDisabledFields(c.spec?.jobTemplate?.spec?.template?.spec, old.spec?.jobTemplate?.spec?.template?.spec),
    validate: (c) => validateCronJob(c),
    validateUpdate: validateCronJob,
    warnings,
    generation: (next, old) => !equal(next.spec, old.spec),
  },
  columns: [
    name(),
    column('Schedule', (c) => c.spec?.schedule ?? ''),
    column('Timezone', (c) => c.spec?.timeZone ?? '<none>'),
    column('Suspend', (c) => (c.spec?.suspend === undefined ? '<unset>' : c.spec.suspend ? 'True' : 'False'), {
      type: 'boolean',
    }),
    integer('Active', (c) => count(c.status?.active)),
    column('Last Schedule', (c, { now }) =>
      c.status?.lastScheduleTime ? since(c.status.lastScheduleTime, now) : '<none>',
    ),
    age(),
    ...containerColumns<CronJob>((c) => c.spec?.jobTemplate?.spec?.template?.spec?.containers),
    wide('Selector', (c) => formatLabelSelector(c.spec?.jobTemplate?.spec?.selector)),
  ],
  describe: async (obj, out, ctx) => (await import('./describe-jobs.ts')).describeCronJob(obj, out, ctx),
})
