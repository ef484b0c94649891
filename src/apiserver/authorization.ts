// Who may do what: impersonation headers and the authorizer in front of every request, with the refusals' sentences; as
// apiserver's endpoints/filters.
import type { ApiRequest, User } from '../apimachinery/door.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import { StatusError, badRequest, forbidden } from '../apimachinery/status.ts'
import type { Api } from './api.ts'
import { authorize } from './rbac.ts'
import type { Attributes } from './rbac.ts'
import type { RequestInfo } from './request-info.ts'

const AUTHENTICATED = 'system:authenticated'
const UNAUTHENTICATED = 'system:unauthenticated'

/** namespace and name of a service account's user name. */
function serviceAccountOf(user: string): { namespace: string; name: string } | undefined {
  const m = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user)
  return m?.[1] && m[2] ? { namespace: m[1], name: m[2] } : undefined
}

/** A refusal before a request's meaning is looked at: browsers shall take it for nothing else (responsewriters.Forbidden). */
export class Denied extends StatusError {
  override readonly name = 'Denied'
}

/** `pods "x" is forbidden: User "jane" cannot delete resource "pods" in API group "" in the namespace "default"`. */
export function refused(user: User, a: Attributes, reason: string): StatusError {
  const why = reason ? `: ${reason}` : ''
  if (a.path !== undefined)
    return new StatusError(
      403,
      'Forbidden',
      `forbidden: User ${goQuote(user.name)} cannot ${a.verb} path ${goQuote(a.path)}${why}`,
      {},
    )
  const gr = { group: a.group ?? '', resource: a.resource ?? '' }
  const resource = a.subresource ? `${gr.resource}/${a.subresource}` : gr.resource
  const where = a.namespace ? `in the namespace "${a.namespace}"` : 'at the cluster scope'
  return forbidden(
    gr,
    a.name ?? '',
    `User ${goQuote(user.name)} cannot ${a.verb} resource "${resource}" in API group "${gr.group}" ${where}${why}`,
  )
}

async function must(api: Api, user: User, a: Attributes): Promise<void> {
  const decision = await authorize(api, user, a)
  if (decision.allowed) return
  const { code, reason, message, details } = refused(user, a, decision.reason)
  throw new Denied(code, reason, message, details)
}

/** A header that came several times is one text, joined by commas, with a blank behind each where Node joined it. */
const groupsOf = (text: string): string[] =>
  text
    .split(',')
    .map((g) => g.trim())
    .filter((g) => g !== '')

/** Somebody's groups, uid or extra, but nobody's name: the request is answered in plain words. */
export class Unnamed extends Error {
  override readonly name = 'Unnamed'
}

/** The user a request acts as. Throws Denied and Unnamed. */
export async function impersonate(api: Api, user: User, headers: Readonly<Record<string, string>>): Promise<User> {
  const name = headers['impersonate-user'] ?? ''
  const wanted = groupsOf(headers['impersonate-group'] ?? '')
  const uid = headers['impersonate-uid'] ?? ''
  const extra: Record<string, string[]> = {}
  for (const [k, v] of Object.entries(headers))
    if (k.startsWith('impersonate-extra-')) extra[decodeURIComponent(k.slice(18)).toLowerCase()] = v.split(',')
  if (name === '') {
    // %v of the references that would have been asked for, as authentication's WithImpersonation prints them
    const asked = [
      ...wanted.map((g) => `{Group  ${g}    }`),
      ...Object.entries(extra).flatMap(([k, values]) =>
        values.map((v) => `{UserExtra  ${v}  authentication.k8s.io/v1  ${k}}`),
      ),
      ...(uid ? [`{UID  ${uid}  authentication.k8s.io/v1  }`] : []),
    ]
    if (!asked.length) return user
    throw new Unnamed(`requested [${asked.join(' ')}] without impersonating a user`)
  }
  const account = serviceAccountOf(name)
  if (account)
    await must(api, user, {
      verb: 'impersonate',
      group: '',
      version: 'v1',
      resource: 'serviceaccounts',
      namespace: account.namespace,
      name: account.name,
    })
  else await must(api, user, { verb: 'impersonate', group: '', version: 'v1', resource: 'users', name })
  for (const g of wanted)
    await must(api, user, { verb: 'impersonate', group: '', version: 'v1', resource: 'groups', name: g })
  if (uid)
    await must(api, user, {
      verb: 'impersonate',
      group: 'authentication.k8s.io',
      version: 'v1',
      resource: 'uids',
      name: uid,
    })
  for (const [k, values] of Object.entries(extra))
    for (const v of values)
      await must(api, user, {
        verb: 'impersonate',
        group: 'authentication.k8s.io',
        version: 'v1',
        resource: 'userextras',
        subresource: k,
        name: v,
      })
  const groups = [...wanted]
  if (account && groups.length === 0)
    groups.push('system:serviceaccounts', `system:serviceaccounts:${account.namespace}`)
  // everybody but the anonymous is somebody that was recognized
  if (name !== 'system:anonymous' && !groups.includes(AUTHENTICATED) && !groups.includes(UNAUTHENTICATED))
    groups.push(AUTHENTICATED)
  if (name === 'system:anonymous' && !groups.includes(UNAUTHENTICATED)) groups.push(UNAUTHENTICATED)
  return { name, groups, ...(uid ? { uid } : {}), ...(Object.keys(extra).length > 0 ? { extra } : {}) }
}

/** What a request asks to be allowed. */
function attributesOf(info: RequestInfo, request: ApiRequest): Attributes {
  if (!info.isResource) return { verb: request.method.toLowerCase(), path: info.path }
  return {
    // no verb is meant by a question for options
    verb: info.verb === 'options' ? '' : info.verb,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.verb === 'create' && !info.subresource ? '' : info.name,
  }
}

/** Lets the request pass or throws Forbidden. */
export async function authorizeRequest(api: Api, user: User, info: RequestInfo, request: ApiRequest): Promise<void> {
  if (info.isResource && info.resource === '') throw badRequest('no resource')
  await must(api, user, attributesOf(info, request))
}
