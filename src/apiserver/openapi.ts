// OpenAPI documents of the served types.
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import type { Api } from './api.ts'
import { notServed } from './apiserver.ts'
import type { RequestInfo } from './request-info.ts'
export async function serveOpenApi(_api: Api, _request: ApiRequest, _info: RequestInfo): Promise<ApiResponse> { return notServed() }
