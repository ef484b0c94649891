// Documents that clients keep: what identifies one, and the answer without a body for who has it (RFC 9110, If-None-Match).
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import type { ResourceInfo } from '../apimachinery/schema.ts'
import { sha256Hex } from '../apimachinery/sha256.ts'
import type { Api } from './api.ts'

/** What documents about everything that is served hang on. */
export const servedKey = (api: Api, resources: readonly ResourceInfo[]): string =>
  JSON.stringify([
    api.versions.server,
    api.store
      .list('customresourcedefinitions.apiextensions.k8s.io')
      .map((c) => [c.metadata.uid, c.metadata.resourceVersion]),
    resources.length,
  ])

export const hashOf = (text: string): string => sha256Hex(text).toUpperCase()

/** The answer with its ETag, or 304 without a body. */
export function tagged(
  request: ApiRequest,
  hash: string,
  headers: Readonly<Record<string, string>>,
  make: () => ApiResponse,
): ApiResponse {
  const etag = `"${hash}"`
  const have = request.headers?.['if-none-match']?.split(',').map((t) => t.trim().replace(/^W\//, ''))
  if (have?.some((t) => t === etag || t === '*')) return { status: 304, headers: { ...headers, etag }, body: '' }
  const response = make()
  return { ...response, headers: { ...response.headers, ...headers, etag } }
}
