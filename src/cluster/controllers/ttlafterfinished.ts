// Deletes finished Jobs when their time is up; behaves as pkg/controller/ttlafterfinished.
import type { Job } from '../../apimachinery/api/batch.v1.ts'
import { parseTime } from '../../apimachinery/time.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller } from '../controller.ts'

export const ttlAfterFinishedController: Controller = {
  name: 'ttl-after-finished-controller',
  sources: [
    {
      resource: 'jobs.batch',
      keys: (o) =>
        (o as Job).spec?.ttlSecondsAfterFinished !== undefined && !o.metadata.deletionTimestamp ? [keyOf(o)] : [],
    },
  ],
  reconcile: async (key, ctx) => {
    const [namespace, name] = splitKey(key)
    const job = ctx.lister.get<Job>('jobs.batch', namespace, name)
    const ttl = job?.spec?.ttlSecondsAfterFinished
    const end = job?.status?.conditions?.find(
      (c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True',
    )?.lastTransitionTime
    if (!job || ttl === undefined || !end || job.metadata.deletionTimestamp) return undefined
    const left = parseTime(end) + ttl * 1000 - ctx.clock.now()
    if (left > 0) return { after: left }
    await ctx.client.delete('batch/v1/jobs', namespace, name, {
      propagationPolicy: 'Foreground',
      preconditions: { uid: job.metadata.uid ?? '' },
    })
    return undefined
  },
}
