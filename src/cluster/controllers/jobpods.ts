// The pods a Job should have by now: those that are too many go, those that are missing are made, by index where it has
// indexes. Behaves as pkg/controller/job's manageJob and indexed_job_utils.
import type { Pod, PodTemplateSpec } from '../../apimachinery/api/core.v1.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { ControllerContext } from '../controller.ts'
import { FAILURES, FINALIZER, INDEX, backoff, indexOf, isValid, uidOf } from './jobtally.ts'
import type { Tally } from './jobtally.ts'
import { createPods, deletePods, deletionOrder, podFromTemplate } from './pods.ts'

/** Takes the Job's finalizer off a pod: it was counted. */
export async function dropFinalizer(ctx: ControllerContext, pod: Pod): Promise<void> {
  const rest = (pod.metadata.finalizers ?? []).filter((f) => f !== FINALIZER)
  try {
    await ctx.client.patch('v1/pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '', 'merge', {
      metadata: { uid: uidOf(pod), finalizers: rest.length ? rest : null },
    })
  } catch (e) {
    if (!(e instanceof StatusError && (e.code === 404 || e.code === 409))) throw e
  }
}
/** Releases pods of the tally. */
export async function release(ctx: ControllerContext, t: Tally, pods: readonly Pod[]): Promise<void> {
  for (const p of pods) {
    await dropFinalizer(ctx, p)
    t.withFinalizer.delete(uidOf(p))
  }
}
/** Deletes active pods of the tally. */
export async function removePods(ctx: ControllerContext, t: Tally, doomed: readonly Pod[]): Promise<void> {
  await deletePods(ctx, t.job, doomed)
  const gone = new Set(doomed)
  t.active = t.active.filter((p) => !gone.has(p))
  t.terminating += doomed.length
}

/** What came of it: when missing pods may be made, in milliseconds; whether the API server refused some. */
export interface Managed {
  readonly retry?: number
  readonly refused?: boolean
}

/** Makes and deletes pods until as many are active as should be. */
export async function managePods(ctx: ControllerContext, t: Tally, now: number): Promise<Managed> {
  const { active } = t
  const wanted = wantedPods(t)
  const duplicates = t.indexed
    ? active.filter(
        (p, i) =>
          t.doneIndexes.has(indexOf(p)) || !isValid(t, p) || active.findIndex((q) => indexOf(q) === indexOf(p)) !== i,
      )
    : []
  const surplus = Math.max(active.length - wanted, duplicates.length)
  if (surplus > 0) {
    const rest = active.filter((p) => !duplicates.includes(p))
    const doomed = [...duplicates, ...deletionOrder(rest, () => 0, now)].slice(0, surplus)
    await release(ctx, t, doomed)
    await removePods(ctx, t, doomed)
    return {}
  }
  const missing = wanted - active.length - (t.replaceFailedOnly ? t.terminating : 0)
  if (missing <= 0) return {}
  const delay = t.limitPerIndex === undefined ? backoff(t, now) : 0
  return delay > 0 ? { retry: delay } : makePods(ctx, t, missing)
}

function wantedPods({ spec, active, totalSucceeded, failedIndexes }: Tally): number {
  const parallelism = spec.parallelism ?? 1
  if (spec.suspend === true) return 0
  // without a number of completions, the first success ends the starting of others
  if (spec.completions === undefined) return totalSucceeded > 0 ? active.length : parallelism
  return Math.max(0, Math.min(parallelism, spec.completions - totalSucceeded - (failedIndexes?.size ?? 0)))
}

async function makePods(ctx: ControllerContext, t: Tally, missing: number): Promise<Managed> {
  const { job, spec, indexed } = t
  const free = indexed ? freeIndexes(t, missing) : []
  const { created, error, terminating } = await createPods(ctx, job, indexed ? free.length : missing, (i) => {
    const index = free[i]
    const template = index === undefined ? spec.template : templateFor(t, index)
    return podFromTemplate(job, template, {
      finalizers: template.metadata?.finalizers?.includes(FINALIZER) ? [] : [FINALIZER],
      ...(index === undefined ? {} : { generateName: `${job.metadata.name}-${index}-` }),
    })
  })
  t.active = [...t.active, ...created]
  return error && !terminating ? { refused: true } : {}
}

function freeIndexes({ spec, active, doneIndexes, failedIndexes }: Tally, most: number): number[] {
  const taken = new Set(active.map(indexOf))
  const free: number[] = []
  for (let i = 0; i < (spec.completions ?? 0) && free.length < most; i++)
    if (!taken.has(i) && !doneIndexes.has(i) && !failedIndexes?.has(i)) free.push(i)
  return free
}

/** The template for one index: its annotation, label, host name and environment variable. */
function templateFor({ job, spec, limitPerIndex, failureCount }: Tally, index: number): PodTemplateSpec {
  const t = spec.template
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
        ...(limitPerIndex === undefined ? {} : { [FAILURES]: String(failureCount.get(index) ?? 0) }),
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
