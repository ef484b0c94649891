// What kubelets say of pods of one sort once they run: the first such status goes all the way to the store; those after
// it are cast from it and differ in addresses, times and container ids. Only a pod of which no status was written yet is
// cast: nothing that it says can change or take what another has said.
import type { Pod, PodStatus } from '../apimachinery/api/core.v1.ts'
import type { ManagedFieldsEntry } from '../apimachinery/api/meta.v1.ts'
import type { ApiRequest } from '../apimachinery/door.ts'
import { byRank } from '../apimachinery/managedfields.ts'
import { copy, equal, isObject } from '../apimachinery/object.ts'
import type { JsonObject, KubeObject } from '../apimachinery/object.ts'
import { parseTime, rfc3339 } from '../apimachinery/time.ts'
import type { Api, Context } from './api.ts'
import { judged } from './cast.ts'
import { namespaceOf } from './stored.ts'

interface Mould {
  readonly headers: ApiRequest['headers']
  readonly user: ApiRequest['user']
  readonly old: Pod
  /** The status as it was sent, and what became of it. */
  readonly sent: PodStatus
  readonly made: PodStatus
  readonly entry: ManagedFieldsEntry
}
interface Moulds {
  last: Mould | undefined
}

const mouldsOf = (api: Api): Moulds => api.part('status-moulds', (): Moulds => ({ last: undefined }))

type Rule = ((said: string) => boolean) | { readonly [field: string]: Rule }
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)
const ip = (said: string): boolean => IPV4.test(said)
/** What nothing looks into. */
const text = (said: string): boolean => said !== ''
/** Times as they are stored, which nothing brings into another form; many pods say the same few. */
function time(said: string): boolean {
  if (times.has(said)) return true
  try {
    if (rfc3339(parseTime(said)) !== said) return false
  } catch {
    return false
  }
  if (times.size >= 16) times.clear()
  times.add(said)
  return true
}
const times = new Set<string>()
/** Where a status may say something else than the one before it, and what is as good there. Lists are as their items. */
const VARIES: Rule = {
  podIP: ip,
  podIPs: { ip },
  hostIP: ip,
  hostIPs: { ip },
  startTime: time,
  conditions: { lastTransitionTime: time },
  containerStatuses: { containerID: text, state: { running: { startedAt: time } }, volumeMounts: { name: text } },
}

const UNLIKE = Symbol('unlike')
/** What becomes of `said`, when `made` became of `sent`; UNLIKE where only going all the way tells. */
function cast(sent: unknown, made: unknown, said: unknown, rule: Rule | undefined): unknown {
  if (said === sent) return made
  if (Array.isArray(said)) {
    if (!Array.isArray(sent) || !Array.isArray(made)) return UNLIKE
    if (sent.length !== said.length || made.length !== said.length) return UNLIKE
    const out = said.map((v, i) => cast(sent[i], made[i], v, rule))
    if (out.includes(UNLIKE)) return UNLIKE
    return out.every((v, i) => v === made[i]) ? made : out
  }
  if (isObject(said)) return isObject(sent) && isObject(made) ? castObject(sent, made, said, rule) : UNLIKE
  const free = typeof rule === 'function' && typeof said === 'string' && made === sent && rule(said)
  return free && typeof sent === 'string' && rule(sent) ? said : UNLIKE
}

function castObject(sent: JsonObject, made: JsonObject, said: JsonObject, rule: Rule | undefined): unknown {
  const fields = Object.keys(said)
  if (fields.length !== Object.keys(sent).length) return UNLIKE
  for (const k of fields)
    if (!Object.hasOwn(sent, k) || (!Object.hasOwn(made, k) && !equal(said[k], sent[k]))) return UNLIKE
  const rules = typeof rule === 'function' ? undefined : rule
  const out: Record<string, unknown> = {}
  let changed = false
  let filled = false
  for (const k of Object.keys(made)) {
    const told = Object.hasOwn(said, k)
    // the class of a pod is its old status', which is the same
    if (!told && !(rule === VARIES && k === 'qosClass')) filled = true
    const v = told ? cast(sent[k], made[k], said[k], rules && Object.hasOwn(rules, k) ? rules[k] : undefined) : made[k]
    if (v === UNLIKE) return UNLIKE
    if (v !== made[k]) changed = true
    out[k] = v
  }
  if (!changed) return made
  // what the server filled in may follow from what changed
  return filled ? UNLIKE : out
}

/** Says one address of the pod, and one of its node. */
const located = (s: PodStatus): boolean =>
  s.podIPs?.length === 1 && s.podIPs[0]?.ip === s.podIP && s.hostIPs?.length === 1 && s.hostIPs[0]?.ip === s.hostIP

/** A pod of which nobody has said anything but where it is to run. */
function unsaid({ metadata, spec, status }: Pod): boolean {
  if (!status || metadata.deletionTimestamp || spec?.resourceClaims) return false
  for (const k in status) if (k !== 'phase' && k !== 'conditions' && k !== 'qosClass') return false
  return !!metadata.managedFields?.length && metadata.managedFields.every((e) => !e.subresource)
}

interface Asked {
  readonly old: Pod
  readonly status: PodStatus
}
/** The pod and what is said of it, by a program in here that sends the rest as it is stored. */
function askedOf({ api, served, info, request }: Context, namespace: string): Asked | undefined {
  const { body, query } = request
  if (served.storage !== 'pods' || !isObject(body) || (query && Object.keys(query).length > 0)) return undefined
  const old = api.store.get('pods', namespace, info.name) as (Pod & KubeObject) | undefined
  if (!old || !unsaid(old) || !isObject(body.status)) return undefined
  const stored = old as unknown as JsonObject
  const fields = Object.keys(stored)
  if (fields.length !== Object.keys(body).length) return undefined
  for (const k of fields) if (k !== 'status' && stored[k] !== body[k]) return undefined
  const status = body.status as unknown as PodStatus
  return located(status) ? { old, status } : undefined
}

const sameOwners = (a: readonly ManagedFieldsEntry[] = [], b: readonly ManagedFieldsEntry[] = []): boolean =>
  a.length === b.length && a.every((e, i) => equal({ ...e, time: '' }, { ...b[i], time: '' }))

const sameKnown = (mould: Mould, { old, status }: Asked): boolean =>
  (status.conditions ?? []).every(
    (c, i) => equal(c, mould.sent.conditions?.[i]) || !old.status?.conditions?.some((o) => o.type === c.type),
  )

const element = (address: string): string => `k:{"ip":"${address}"}`
/** The fields of a status with another address: its list is by address. */
function ownedWith(fields: JsonObject, from: string, to: string): JsonObject | undefined {
  const status = fields['f:status']
  const list = isObject(status) ? status['f:podIPs'] : undefined
  if (!isObject(status) || !isObject(list) || Object.keys(list).join() !== `.,${element(from)}`) return undefined
  const { '.': whole, [element(from)]: item } = list
  if (whole === undefined || item === undefined) return undefined
  return { ...fields, 'f:status': { ...status, 'f:podIPs': { '.': whole, [element(to)]: item } } }
}

/** The pod with a status like the one before it, stored; undefined where it must go all the way. */
export function castStatus(ctx: Context): KubeObject | undefined {
  const { api, request } = ctx
  const mould = mouldsOf(api).last
  if (!mould || mould.headers !== request.headers || mould.user !== request.user || judged(api)) return undefined
  const asked = askedOf(ctx, namespaceOf(ctx))
  if (!asked || !equal(asked.old.status, mould.old.status) || !sameKnown(mould, asked)) return undefined
  const { old } = asked
  if (!sameOwners(old.metadata.managedFields, mould.old.metadata.managedFields)) return undefined
  const status = cast(mould.sent, mould.made, asked.status, VARIES)
  if (status === UNLIKE) return undefined
  const fieldsV1 = ownedWith(mould.entry.fieldsV1 as JsonObject, mould.sent.podIP ?? '', asked.status.podIP ?? '')
  if (!fieldsV1) return undefined
  const entry: ManagedFieldsEntry = { ...mould.entry, time: rfc3339(api.now()), fieldsV1 }
  const managedFields = [...(old.metadata.managedFields ?? []), entry].sort(byRank)
  const next = { ...old, metadata: { ...old.metadata, managedFields }, status } as unknown as KubeObject
  return api.store.update('pods', next, old.metadata.resourceVersion ?? '')
}

/** A look at a request before it is served: what keeps what became of it, for those like it. */
export function statusMould(ctx: Context): ((made: KubeObject) => void) | undefined {
  const asked = askedOf(ctx, namespaceOf(ctx))
  if (!asked) return undefined
  const { headers, user } = ctx.request
  const { old, status } = asked
  // whoever said it may change it
  const sent = copy(status) as PodStatus
  return (object) => {
    const { metadata, status: made } = object as Pod
    const before = old.metadata.managedFields ?? []
    const added = metadata.managedFields?.filter((e) => !before.some((b) => equal(b, e))) ?? []
    const [entry] = added
    if (!made || !entry || added.length > 1 || metadata.managedFields?.length !== before.length + 1) return
    if (entry.time === undefined || ctx.warnings.length > 0) return
    mouldsOf(ctx.api).last = { headers, user, old, sent, made, entry }
  }
}
