// A request as it comes over a socket, made into one for the door.
import type * as http from 'node:http'
import { writeJson } from '../apimachinery/bigint.ts'
import type { ApiRequest, Method } from '../apimachinery/door.ts'
import type { Json } from '../apimachinery/object.ts'
import { parseQuery } from '../apimachinery/query.ts'
import { isSigned } from './http-gate.ts'

/** What etcd and the API server take: 3 MiB of body, 1 MiB of headers is far beyond what any client sends. */
export const MAX_BODY = 3 * 1024 * 1024

/** Whether a path has an escape that is none: Go's server knows no answer of its own to such a line. */
export const misspelt = (url: string): boolean =>
  url.includes('%') && /%(?![0-9a-fA-F]{2})/.test(url.split('?', 1)[0] ?? '')

/** A request as the door takes it, without its body. */
export function translate(incoming: http.IncomingMessage, signal: AbortSignal, url = incoming.url ?? '/'): ApiRequest {
  const cut = url.indexOf('?')
  const query = Object.fromEntries(parseQuery(cut < 0 ? '' : url.slice(cut + 1)))
  const headers: Record<string, string> = {}
  for (const [k, v] of Object.entries(incoming.headers))
    if (v !== undefined && (k !== 'authorization' || isSigned(String(v).slice(7))))
      headers[k] = Array.isArray(v) ? v.join(', ') : v
  return {
    method: (incoming.method ?? 'GET') as Method,
    path: cut < 0 ? url : url.slice(0, cut),
    query,
    headers,
    signal,
  }
}

/** The body; undefined where it is larger than the API server takes. */
export function readBody(incoming: http.IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((done, fail) => {
    const chunks: Buffer[] = []
    let size = 0
    incoming.on('data', (c: Buffer) => {
      size += c.length
      // what comes after is thrown away, so that the answer can be read
      if (size <= MAX_BODY) chunks.push(c)
    })
    incoming.on('end', () => done(size > MAX_BODY ? undefined : Buffer.concat(chunks)))
    incoming.on('error', fail)
    incoming.on('aborted', () => fail(new Error('the client went away')))
  })
}

/** A request with its body: as text, or as JSON where it came as protobuf. */
export function withBody(request: ApiRequest, body: Buffer, decode?: (body: Buffer) => Json): ApiRequest {
  if (body.length === 0) return request
  // no patch is protobuf: it is refused as whatever else is none
  if (
    !decode ||
    request.method === 'PATCH' ||
    !(request.headers?.['content-type'] ?? '').startsWith('application/vnd.kubernetes.protobuf')
  )
    return { ...request, body: body.toString('utf8') }
  return {
    ...request,
    headers: { ...request.headers, 'content-type': 'application/json' },
    body: writeJson(decode(body)),
  }
}
