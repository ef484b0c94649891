// ResourceQuota: refuses what would exceed a namespace's quotas, and counts what is let in; as apiserver's
// admission/plugin/resourcequota.
import type { Pod, ResourceQuota } from '../../apimachinery/api/core.v1.ts'
import { copy } from '../../apimachinery/object.ts'
import type { KubeObject, Quantity } from '../../apimachinery/object.ts'
import { canonical, compareQuantity, subQuantity } from '../../apimachinery/quantity.ts'
import { StoreConflict } from '../../storage/store.ts'
import type { Context } from '../api.ts'
import { addUsage, containerUsage, inScope, quotaUsed, resourceOf, usageOf } from '../quota-usage.ts'
import type { Usage } from '../quota-usage.ts'
import type { Plugin } from './plugin.ts'
import { refusal } from './plugin.ts'

const COMPUTE: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
])
/** Kinds whose changes count, not their coming alone. */
const MEASURED: ReadonlySet<string> = new Set(['services', 'persistentvolumeclaims'])

const pretty = (usage: Usage): string =>
  Object.keys(usage)
    .sort()
    .map((k) => `${k}=${canonical(usage[k] ?? 0)}`)
    .join(',')
const pick = (usage: Usage, names: readonly string[]): Usage =>
  Object.fromEntries(names.filter((n) => usage[n] !== undefined).map((n) => [n, usage[n] as Quantity]))

/** A quota on cpu or memory makes every container say what it needs. */
function unspecified(quota: ResourceQuota, pod: Pod): string | undefined {
  const required = Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {})
    .filter((n) => COMPUTE.has(n))
    .sort()
  const lines = required.flatMap((n) => {
    const silent = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
      .filter((c) => containerUsage(c)[n] === undefined)
      .map((c) => c.name)
    return silent.length > 0 ? [`${n} for: ${[...new Set(silent)].sort().join(',')}`] : []
  })
  return lines.length > 0 ? `must specify ${lines.join('; ')}` : undefined
}

/** The quota with the object counted, undefined where it does not change; refuses what is too much. */
function charged(
  ctx: Context,
  quota: ResourceQuota,
  object: KubeObject,
  old: KubeObject | undefined,
): KubeObject | undefined {
  const storage = ctx.served.storage
  const now = ctx.api.now()
  const name = quota.metadata.name ?? ''
  const hard = quota.status?.hard ?? quota.spec?.hard ?? {}
  const before = old ? usageOf(storage, old, now) : {}
  const delta: Record<string, Quantity> = {}
  for (const [k, v] of Object.entries(usageOf(storage, object, now))) {
    if (hard[k] === undefined) continue
    const more = before[k] === undefined ? v : canonical(subQuantity(v, before[k] ?? 0))
    if (compareQuantity(more, 0) > 0) delta[k] = more
  }
  const names = Object.keys(delta)
  if (names.length === 0) return undefined
  const used = quota.status?.used ?? quotaUsed(ctx.api.store, quota, now)
  const next = addUsage(pick(used, names), delta)
  const exceeded = names.filter((n) => compareQuantity(next[n] ?? 0, hard[n] ?? 0) > 0)
  if (exceeded.length > 0)
    throw refusal(
      ctx,
      object,
      `exceeded quota: ${name}, requested: ${pretty(pick(delta, exceeded))}, used: ${pretty(Object.fromEntries(exceeded.map((n) => [n, used[n] ?? '0'])))}, limited: ${pretty(pick(hard, exceeded))}`,
    )
  const draft = copy(quota)
  draft.status = { ...draft.status, hard: { ...hard }, used: { ...used, ...next } }
  return draft
}

export const resourceQuota: Plugin = {
  name: 'ResourceQuota',
  validate(ctx, { operation, object, old, subresource, options }) {
    const { storage, info } = ctx.served
    if (!info.namespaced || (storage === 'resourcequotas' && operation === 'UPDATE')) return
    if (
      operation === 'UPDATE'
        ? storage === 'pods'
          ? subresource !== 'resize'
          : subresource || !MEASURED.has(storage)
        : subresource
    )
      return
    const quotas = ctx.api.store
      .list('resourcequotas', { namespace: ctx.info.namespace })
      .map((o) => o as ResourceQuota)
      .filter(
        (quota) =>
          Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {}).some((n) => resourceOf(n) === storage) &&
          inScope(quota, storage, object),
      )
    // what must be said is asked first of all quotas, and none is charged before all agree
    if (storage === 'pods')
      for (const quota of quotas) {
        const why = unspecified(quota, object)
        if (why) throw refusal(ctx, object, `failed quota: ${quota.metadata.name ?? ''}: ${why}`)
      }
    const charges = quotas.flatMap((quota) => charged(ctx, quota, object, old) ?? [])
    if (!options.dryRun)
      for (const draft of charges) {
        try {
          ctx.api.store.update('resourcequotas', draft, draft.metadata.resourceVersion ?? '')
        } catch (e) {
          if (!(e instanceof StoreConflict)) throw e
        }
      }
  },
}
