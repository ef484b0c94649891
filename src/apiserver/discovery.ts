// Discovery: which groups, versions and resources there are, in the aggregated form and the older lists.
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import type { Api } from './api.ts'
import { answer } from './api.ts'
import { notServed } from './apiserver.ts'
import type { RequestInfo } from './request-info.ts'
export async function serveDiscovery(_api: Api, _request: ApiRequest, _info: RequestInfo): Promise<ApiResponse> { return notServed() }
export async function servePaths(_api: Api): Promise<ApiResponse> { return answer(200, { paths: [] }) }
