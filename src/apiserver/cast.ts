// Pods that are asked for in the same words, as a controller asks for those of its template: the first goes all the way
// to the store; those after it are cast from it, while nothing was written that a rule looks at, and differ in what
// chance and the clock give them.
import type { Pod } from '../apimachinery/api/core.v1.ts'
import type { ApiRequest } from '../apimachinery/door.ts'
import { copy, equal, isObject } from '../apimachinery/object.ts'
import type { Draft } from '../apimachinery/object.ts'
import { rfc3339 } from '../apimachinery/time.ts'
import { renameToken, tokenVolume } from './admission/serviceaccount.ts'
import type { Api, Context } from './api.ts'

/** What no rule for new pods looks at. */
const UNRULED: ReadonlySet<string> = new Set(['pods', 'events'])
/** Where there is any, each object is counted or judged by itself. */
const RULES = ['resourcequotas', 'validatingadmissionpolicybindings.admissionregistration.k8s.io'] as const

/** Whether each object has to go all the way. */
export const judged = (api: Api): boolean => RULES.some((r) => api.store.count(r) > 0)

interface Mould {
  readonly asked: Pick<ApiRequest, 'path' | 'headers' | 'user' | 'body'>
  readonly pod: Pod
  readonly warnings: readonly string[]
  /** The volume that has its name by chance. */
  readonly token: string
}
interface Moulds {
  last: Mould | undefined
}

const mouldsOf = (api: Api): Moulds =>
  api.part('moulds', () => {
    const moulds: Moulds = { last: undefined }
    api.store.watch(api.store.revision, (change) => {
      if (!UNRULED.has(change.resource)) moulds.last = undefined
    })
    return moulds
  })

/** Whether requests like this one may come again: a pod in process, whose name is for the server to choose. */
function repeatable({ request }: Context): boolean {
  const { body, query } = request
  if (!isObject(body) || !isObject(body.metadata)) return false
  const { name, generateName } = body.metadata
  return !name && !!generateName && (!query || Object.keys(query).length === 0)
}

/** A new pod for a request that says what the one before it said; undefined where it must go all the way. */
export function castPod(ctx: Context): Draft<Pod> | undefined {
  const { api, request } = ctx
  const mould = mouldsOf(api).last
  if (!mould || !repeatable(ctx)) return undefined
  const { asked, pod } = mould
  if (asked.path !== request.path || asked.headers !== request.headers || asked.user !== request.user) return undefined
  if (!equal(asked.body, request.body) || judged(api)) return undefined
  const time = rfc3339(api.now())
  const meta = pod.metadata
  const { managedFields } =
    meta.creationTimestamp === time ? meta : { managedFields: meta.managedFields?.map((entry) => ({ ...entry, time })) }
  const cast: Pod = {
    ...pod,
    metadata: { ...meta, name: '', ...(managedFields && { managedFields }) },
    spec: renameToken(pod.spec ?? { containers: [] }, mould.token, api.entropy.suffix(5)),
  }
  ctx.warnings.push(...mould.warnings)
  return cast as Draft<Pod>
}

/** Keeps what became of a request, for those that say the same. */
export function keepMould(ctx: Context, pod: Pod): void {
  const { path, headers, user, body } = ctx.request
  if (!repeatable(ctx) || body === undefined) return
  const token = tokenVolume(pod)
  const own = (body as unknown as Pod).spec?.volumes?.some((v) => v.name === token)
  // a condition has a time of its own
  if (token === undefined || own || pod.status?.conditions) return
  // whoever asked may change what was asked for
  const asked = { path, body: copy(body), ...(headers && { headers }), ...(user && { user }) }
  mouldsOf(ctx.api).last = { asked, pod, token, warnings: [...ctx.warnings] }
}
