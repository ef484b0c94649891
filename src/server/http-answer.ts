// An answer of the door, as bytes on a socket: headers, compression, and streams of events at the pace of who reads them.
import { randomUUID } from 'node:crypto'
import type * as http from 'node:http'
import type { Duplex } from 'node:stream'
import { gzip } from 'node:zlib'
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import { isObject } from '../apimachinery/object.ts'
import { chunkOf, encodeAnswer, eventChunk } from './encoding.ts'

/** The API server compresses answers from this size on. */
const GZIP_FROM = 128 * 1024

/** A Status of our own: what is said before the door is asked. */
export const statusText = (code: number, reason: string, message: string): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code })

/** As net.NewWarningHeader writes it, in the bytes of UTF-8; what holds control characters is not told. */
function warningHeader(text: string): string[] {
  if (/\p{Cc}/u.test(text)) return []
  return [Buffer.from(`299 - "${text.replace(/[\\"]/g, '\\$&')}"`, 'utf8').toString('latin1')]
}

/** After how many seconds a refused request may be tried again. */
function retryAfter(body: ApiResponse['body']): string | undefined {
  if (!isObject(body) || body.kind !== 'Status' || !isObject(body.details)) return undefined
  return typeof body.details.retryAfterSeconds === 'number' ? String(body.details.retryAfterSeconds) : undefined
}

/** Waits until a slow reader has taken what was written, or is gone. */
const drained = (to: Duplex | http.ServerResponse): Promise<void> =>
  new Promise((go) => {
    const on = (): void => {
      to.off('drain', on)
      to.off('close', on)
      go()
    }
    to.on('drain', on)
    to.on('close', on)
  })

/** What a chunk frames. */
const unframed = (chunk: Buffer): Buffer => chunk.subarray(chunk.indexOf(10) + 1, -2)

async function stream(outgoing: http.ServerResponse, events: NonNullable<ApiResponse['stream']>): Promise<void> {
  for await (const e of events) {
    if (outgoing.destroyed) return
    // an empty chunk would be the end
    if (e === '') continue
    const { socket } = outgoing
    // thousands of watchers are sent the same bytes: framed once, and past Node's own framing, which costs three writes
    // each
    const chunk = typeof e === 'string' ? chunkOf(e) : eventChunk(e.type, e.object)
    if (socket && outgoing.chunkedEncoding) {
      if (!socket.write(chunk)) await drained(socket)
    } else if (!outgoing.write(unframed(chunk))) await drained(outgoing)
  }
}

/** Writes an answer; `onError` is told of a stream that broke off. */
export async function respond(
  outgoing: http.ServerResponse,
  request: ApiRequest,
  response: ApiResponse,
  onError?: (error: unknown) => void,
): Promise<void> {
  const headers: Record<string, string | string[]> = {
    'cache-control': 'no-cache, private',
    ...response.headers,
    'audit-id': randomUUID(),
  }
  if (response.warnings?.length) headers.warning = response.warnings.flatMap(warningHeader)
  if (response.stream) {
    outgoing.writeHead(response.status, headers)
    outgoing.flushHeaders()
    try {
      await stream(outgoing, response.stream)
    } catch (e) {
      onError?.(e)
    }
    outgoing.end()
    return
  }
  const { type, bytes } =
    response.body === null
      ? { type: 'application/json', bytes: Buffer.alloc(0) }
      : await encodeAnswer(request, response)
  let body = bytes
  const wait = retryAfter(response.body)
  if (wait !== undefined) headers['retry-after'] = wait
  if (type) headers['content-type'] = type
  else delete headers['content-type']
  // who failed before there was an answer says nothing of caches
  if (headers['cache-control'] === '') delete headers['cache-control']
  // what a router says in plain words, no browser shall take for something else
  if (type.startsWith('text/plain') && typeof response.body !== 'string') headers['x-content-type-options'] = 'nosniff'
  if (
    body.length >= GZIP_FROM &&
    request.method === 'GET' &&
    /\bgzip\b/.test(request.headers?.['accept-encoding'] ?? '')
  ) {
    body = await new Promise<Buffer>((done, fail) => gzip(bytes, { level: 1 }, (e, b) => (e ? fail(e) : done(b))))
    headers['content-encoding'] = 'gzip'
    headers.vary = 'Accept-Encoding'
  }
  if (response.status !== 304) headers['content-length'] = String(body.length)
  outgoing.writeHead(response.status, headers)
  outgoing.end(request.method === 'HEAD' ? undefined : body)
}
