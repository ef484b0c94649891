// Paths and methods that nobody serves: what a client is told of them (apiserver's not-found and method-not-supported
// answers).
import type { ApiResponse } from '../apimachinery/door.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { StatusDetails } from '../apimachinery/status.ts'
import type { Api } from './api.ts'
import type { RequestInfo } from './request-info.ts'

const refusal = (code: number, reason: string, message: string, details: StatusDetails): ApiResponse => ({
  status: code,
  headers: { 'content-type': 'application/json' },
  body: new StatusError(code, reason, message, details).status(),
})
const NOT_SERVED = 'the server could not find the requested resource'
/** A path that nobody listens at, in the words that clients make of the answer's plain text. */
export const notServed = (): ApiResponse =>
  refusal(404, 'NotFound', NOT_SERVED, {
    causes: [{ reason: 'UnexpectedServerResponse', message: '404 page not found' }],
  })
/** The same where the answer has no body. */
export const nothingServed = (): ApiResponse =>
  refusal(404, 'NotFound', NOT_SERVED, { causes: [{ reason: 'UnexpectedServerResponse', message: '' }] })
/**
 * A path in a group that is served, but to nothing there: the group's router says so, with a Status that names nothing.
 */
export const noRoute = (): ApiResponse => refusal(404, 'NotFound', NOT_SERVED, {})
/** What is said of a path by the group it is in: the built-in groups have a router; other paths have nobody. */
export const unserved = (api: Api, info: RequestInfo): ApiResponse =>
  info.empty !== 'head' &&
  (info.prefix === 'api' || (info.prefix === 'apis' && api.schemas.discovery().some((r) => r.group === info.group)))
    ? noRoute()
    : notServed()
/** A path that is served, but not with this method. */
export const methodNotAllowed = (): ApiResponse =>
  refusal(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
