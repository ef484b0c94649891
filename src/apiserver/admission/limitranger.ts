// LimitRanger: fills in a namespace's default requests and limits, and refuses what its ranges do not allow; as
// plugin/pkg/admission/limitranger.
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '../../apimachinery/api/core.v1.ts'
import type { Draft, KubeObject, Quantity } from '../../apimachinery/object.ts'
import { addQuantity, canonical, compareQuantity, milliValue } from '../../apimachinery/quantity.ts'
import type { Context } from '../api.ts'
import type { Plugin } from './plugin.ts'
import { refusal } from './plugin.ts'

type List = Readonly<Record<string, Quantity>>

function rangesOf(ctx: Context): readonly LimitRange[] {
  if (ctx.api.store.count('limitranges') === 0) return []
  return ctx.api.store.list('limitranges', { namespace: ctx.info.namespace })
}

function mergeDefaults(c: Draft<Container>, prefix: string, limits: List, requests: List, notes: string[]): void {
  const resources = (c.resources ??= {})
  const fill = (into: 'limits' | 'requests', from: List, word: string): void => {
    const set: string[] = []
    for (const [k, v] of Object.entries(from))
      if (!Object.hasOwn(resources[into] ?? {}, k)) {
        resources[into] = { ...resources[into], [k]: v }
        set.push(k)
      }
    if (set.length > 0)
      (into === 'requests' ? notes : later).push(`${set.sort().join(', ')} ${word} for ${prefix} ${c.name}`)
  }
  // limits are filled first, but told last
  const later: string[] = []
  fill('limits', limits, 'limit')
  fill('requests', requests, 'request')
  notes.push(...later)
}

function mutate(range: LimitRange, pod: Draft<Pod>): void {
  const limits: Record<string, Quantity> = {}
  const requests: Record<string, Quantity> = {}
  for (const l of range.spec?.limits ?? [])
    if (l.type === 'Container') {
      Object.assign(requests, l.defaultRequest)
      Object.assign(limits, l.default)
    }
  const notes: string[] = []
  for (const c of pod.spec?.containers ?? []) mergeDefaults(c, 'container', limits, requests, notes)
  for (const c of pod.spec?.initContainers ?? []) mergeDefaults(c, 'init container', limits, requests, notes)
  if (notes.length > 0)
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${notes.join('; ')}`,
    }
}

const sorted = (list: List | undefined): [string, Quantity][] =>
  Object.entries(list ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))

function minimum(type: string, list: List | undefined, requests: List, limits: List, out: string[]): void {
  for (const [k, v] of sorted(list)) {
    const r = requests[k]
    const l = limits[k]
    const least = `minimum ${k} usage per ${type} is ${canonical(v)}`
    if (r === undefined) out.push(`${least}.  No request is specified`)
    else if (compareQuantity(r, v) < 0) out.push(`${least}, but request is ${canonical(r)}`)
    else if (l !== undefined && compareQuantity(l, v) < 0) out.push(`${least}, but limit is ${canonical(l)}`)
  }
}

function maximum(type: string, list: List | undefined, requests: List, limits: List, out: string[]): void {
  for (const [k, v] of sorted(list)) {
    const r = requests[k]
    const l = limits[k]
    const most = `maximum ${k} usage per ${type} is ${canonical(v)}`
    if (l === undefined) out.push(`${most}.  No limit is specified`)
    else if (compareQuantity(l, v) > 0) out.push(`${most}, but limit is ${canonical(l)}`)
    else if (r !== undefined && compareQuantity(r, v) > 0) out.push(`${most}, but request is ${canonical(r)}`)
  }
}

function ratio(type: string, list: List | undefined, requests: List, limits: List, out: string[]): void {
  for (const [k, v] of sorted(list)) {
    const r = requests[k]
    const l = limits[k]
    const most = `${k} max limit to request ratio per ${type} is ${canonical(v)}`
    if (r === undefined || milliValue(r) === 0) out.push(`${most}, but no request is specified or request is 0`)
    else if (l === undefined || milliValue(l) === 0) out.push(`${most}, but no limit is specified or limit is 0`)
    else {
      const is = milliValue(l) / milliValue(r)
      if (is * 1000 > milliValue(v)) out.push(`${most}, but provided ratio is ${is.toFixed(6)}`)
    }
  }
}

const add = (a: List, b: List | undefined): List => {
  const out: Record<string, Quantity> = { ...a }
  for (const [k, v] of Object.entries(b ?? {}))
    out[k] = out[k] === undefined ? v : canonical(addQuantity(out[k] ?? 0, v))
  return out
}
const most = (a: List, b: List): List => {
  const out: Record<string, Quantity> = { ...a }
  for (const [k, v] of Object.entries(b)) if (out[k] === undefined || compareQuantity(v, out[k] ?? 0) > 0) out[k] = v
  return out
}

/**
 * What a pod asks for as a whole: its containers together, or its largest init container when that is more; sidecars
 * count all along.
 */
export function podTotal(pod: Pod, part: 'requests' | 'limits'): List {
  let total: List = {}
  for (const c of pod.spec?.containers ?? []) total = add(total, c.resources?.[part])
  let sidecars: List = {}
  let init: List = {}
  for (const c of pod.spec?.initContainers ?? []) {
    if (c.restartPolicy === 'Always') {
      total = add(total, c.resources?.[part])
      sidecars = add(sidecars, c.resources?.[part])
      init = most(init, sidecars)
    } else init = most(init, add(sidecars, c.resources?.[part]))
  }
  return add(most(total, init), part === 'requests' || Object.keys(total).length > 0 ? pod.spec?.overhead : undefined)
}

function podProblems(limit: LimitRangeItem, pod: Pod): string[] {
  const out: string[] = []
  const check = (requests: List, limits: List): void => {
    minimum(limit.type, limit.min, requests, limits, out)
    maximum(limit.type, limit.max, requests, limits, out)
    ratio(limit.type, limit.maxLimitRequestRatio, requests, limits, out)
  }
  if (limit.type === 'Container')
    for (const c of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])])
      check(c.resources?.requests ?? {}, c.resources?.limits ?? {})
  if (limit.type === 'Pod') check(podTotal(pod, 'requests'), podTotal(pod, 'limits'))
  return out
}

function claimProblems(limit: LimitRangeItem, claim: PersistentVolumeClaim): string[] {
  const out: string[] = []
  if (limit.type !== 'PersistentVolumeClaim') return out
  const requests: List = claim.spec?.resources?.requests ?? {}
  minimum(limit.type, limit.min, requests, {}, out)
  for (const [k, v] of sorted(limit.max)) {
    const r = requests[k]
    if (r === undefined) out.push(`maximum ${k} usage per ${limit.type} is ${canonical(v)}.  No request is specified`)
    else if (compareQuantity(r, v) > 0)
      out.push(`maximum ${k} usage per ${limit.type} is ${canonical(v)}, but request is ${canonical(r)}`)
  }
  return out
}

/** Several errors as one, as Go's aggregate prints them: each once, in brackets when there is more than one. */
export const aggregate = (errors: readonly string[]): string => {
  const once = [...new Set(errors)]
  return once.length === 1 ? (once[0] ?? '') : `[${once.join(', ')}]`
}

export const limitRanger: Plugin = {
  name: 'LimitRanger',
  admit(ctx, { operation, object, subresource }) {
    if (ctx.served.storage !== 'pods' || operation !== 'CREATE' || subresource) return
    for (const range of rangesOf(ctx)) mutate(range, object as Draft<KubeObject>)
  },
  validate(ctx, { operation, object, old, subresource }) {
    const pods = ctx.served.storage === 'pods'
    if (subresource ? subresource !== 'resize' : pods && operation === 'UPDATE') return
    if (old?.metadata.deletionTimestamp) return
    for (const range of rangesOf(ctx)) {
      const errors = (range.spec?.limits ?? []).flatMap((l) =>
        pods ? podProblems(l, object) : claimProblems(l, object),
      )
      if (errors.length > 0) throw refusal(ctx, object, aggregate(errors))
    }
  },
}
