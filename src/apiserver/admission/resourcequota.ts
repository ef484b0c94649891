// ResourceQuota: refuses what would exceed a namespace's quotas, and counts what is let in; as apiserver's admission/plugin/resourcequota.
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

const COMPUTE: ReadonlySet<string> = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])
/** Kinds whose changes count, not their coming alone. */
const MEASURED: ReadonlySet<string> = new Set(['services', 'persistentvolumeclaims'])

const pretty = (usage: Usage): string => Object.keys(usage).sort().map((k) => `${k}=${canonical(usage[k] ?? 0)}`).join(',')
const pick = (usage: Usage, names: readonly string[]): Usage => Object.fromEntries(names.filter((n) => usage[n] !== undefined).map((n) => [n, usage[n] as Quantity]))

/** A quota on cpu or memory makes every container say what it needs. */
function unspecified(quota: ResourceQuota, pod: Pod): string | undefined {
  const required = Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {}).filter((n) => COMPUTE.has(n)).sort()
  const lines = required.flatMap((n) => {
    const silent = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].filter((c) => containerUsage(c)[n] === undefined).map((c) => c.name)
    return silent.length > 0 ? [`${n} for: ${[...new Set(silent)].sort().join(',')}`] : []
  })
  return lines.length > 0 ? `must specify ${lines.join('; ')}` : undefined
}

function charge(ctx: Context, quota: ResourceQuota, object: KubeObject, old: KubeObject | undefined, dryRun: boolean): void {
  const storage = ctx.served.storage
  const now = ctx.api.now()
  const name = quota.metadata.name ?? ''
  const hard = quota.status?.hard ?? quota.spec?.hard ?? {}
  if (storage === 'pods') {
    const why = unspecified(quota, object as Pod)
    if (why) throw refusal(ctx, object, `failed quota: ${name}: ${why}`)
  }
  const before = old ? usageOf(storage, old, now) : {}
  const delta: Record<string, Quantity> = {}
  for (const [k, v] of Object.entries(usageOf(storage, object, now))) {
    if (hard[k] === undefined) continue
    const more = before[k] === undefined ? v : canonical(subQuantity(v, before[k] ?? 0))
    if (compareQuantity(more, 0) > 0) delta[k] = more
  }
  const names = Object.keys(delta)
  if (names.length === 0) return
  const used = quota.status?.used ?? quotaUsed(ctx.api.store, quota, now)
  const next = addUsage(pick(used, names), delta)
  const exceeded = names.filter((n) => compareQuantity(next[n] ?? 0, hard[n] ?? 0) > 0)
  if (exceeded.length > 0) throw refusal(ctx, object, `exceeded quota: ${name}, requested: ${pretty(pick(delta, exceeded))}, used: ${pretty(Object.fromEntries(exceeded.map((n) => [n, used[n] ?? '0'])))}, limited: ${pretty(pick(hard, exceeded))}`)
  if (dryRun) return
  const draft = copy(quota)
  draft.status = { ...draft.status, hard: { ...hard }, used: { ...used, ...next } }
  try { ctx.api.store.update('resourcequotas', draft as KubeObject, quota.metadata.resourceVersion ?? '') } catch (e) { if (!(e instanceof StoreConflict)) throw e }
}

export const resourceQuota: Plugin = {
  name: 'ResourceQuota',
  validate(ctx, { operation, object, old, subresource, options }) {
    const { storage, info } = ctx.served
    if (!info.namespaced || storage === 'resourcequotas' && operation === 'UPDATE') return
    if (operation === 'UPDATE' ? (storage === 'pods' ? subresource !== 'resize' : subresource || !MEASURED.has(storage)) : subresource) return
    for (const o of ctx.api.store.list('resourcequotas', { namespace: ctx.info.namespace })) {
      const quota = o as ResourceQuota
      if (!Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {}).some((n) => resourceOf(n) === storage) || !inScope(quota, storage, object)) continue
      charge(ctx, quota, object, old, options.dryRun)
    }
  },
}
