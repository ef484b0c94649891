// HTTP: sockets to the door and back. Who may come in is decided here (token, Host, Origin); what is answered is the
// API server's alone.
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import * as http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { gzip } from 'node:zlib'
import { writeJson } from '../apimachinery/bigint.ts'
import type { ApiRequest, ApiResponse, Door, Method } from '../apimachinery/door.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import { chunkOf, encodeAnswer, eventChunk } from './encoding.ts'

export interface HttpOptions {
  readonly door: Door
  /** The bearer token that every request must carry. */
  readonly token: string
  readonly host: string
  readonly port: number
  /** A protobuf body as JSON; throws StatusError. Bodies of any other type go to the door as text. */
  readonly decode?: (body: Buffer) => Json
  /** Decides instead of the token who may come in, and under which path. */
  readonly gate?: Gate
  /** Put on every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** The certificate and key for TLS; plain HTTP without them. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /**
   * Takes over a connection that asks for another protocol (exec, attach, port-forward); false when it does not know
   * the protocol.
   */
  readonly upgrade?: (request: ApiRequest, incoming: http.IncomingMessage, socket: Duplex, head: Buffer) => boolean
  /** Called with trouble of ours. */
  readonly onError?: (error: unknown) => void
}

/** An answer of its own, or the path that the door is asked for. */
export type Gate = (request: {
  readonly method: string
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
}) => { readonly code: number; readonly body: string | Buffer; readonly type: string } | { readonly url: string }

export interface HttpServer {
  readonly address: string
  readonly port: number
  close(): Promise<void>
}

/** What etcd and the API server take: 3 MiB of body, 1 MiB of headers is far beyond what any client sends. */
const MAX_BODY = 3 * 1024 * 1024
/** The API server compresses answers from this size on. */
const GZIP_FROM = 128 * 1024

const status = (code: number, reason: string, message: string): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code })

/** Equal in constant time, whatever the lengths. */
function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(
    digest(a),
    b === secret.text ? secret.digest : (secret = { text: b, digest: digest(b) }).digest,
  )
}
const digest = (s: string): Buffer => createHash('sha256').update(s).digest()
/** The server's own secret is hashed once. */
let secret = { text: '', digest: digest('') }

/**
 * 127.0.0.1:6443, localhost, [::1]:80: names that only this machine answers to. A page on the web cannot make a browser
 * send one of them.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name)
}

/** A service account's token: the API server knows whose it is. */
const isSigned = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)
const OPEN: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/version'])

/** Why a request may not come in, or nothing. */
function refusal(
  incoming: http.IncomingMessage,
  token: string,
): { code: number; body: string; type: string } | undefined {
  const { headers } = incoming
  const plain = (code: number, body: string): { code: number; body: string; type: string } => ({
    code,
    body,
    type: 'text/plain; charset=utf-8',
  })
  if (!isLoopbackHost(headers.host))
    return plain(403, 'kubesim answers only to loopback names: this request was sent to another Host\n')
  const site = headers['sec-fetch-site']
  // a page's own server may be asked by it, and we serve no pages: some WebSocket libraries name the server as the
  // origin
  const own = headers.origin !== undefined && /^https?:\/\/([^/]+)$/.exec(headers.origin)?.[1] === headers.host
  if ((headers.origin !== undefined && !own) || (site !== undefined && site !== 'none' && site !== 'same-origin'))
    return plain(403, 'kubesim does not answer to web pages\n')
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (given !== undefined && (sameSecret(given, token) || isSigned(given))) return undefined
  // what says nothing of the cluster may be asked by anybody, but by nobody who gives a wrong name
  const path = (incoming.url ?? '').split('?')[0]
  if (given === undefined && OPEN.has(path ?? '')) return undefined
  return { code: 401, body: `${status(401, 'Unauthorized', 'Unauthorized')}\n`, type: 'application/json' }
}

/** Whether a path has an escape that is none: Go's server knows no answer of its own to such a line. */
const misspelt = (url: string): boolean => url.includes('%') && /%(?![0-9a-fA-F]{2})/.test(url.split('?', 1)[0] ?? '')

/** A request as the door takes it, without its body. */
function translate(incoming: http.IncomingMessage, signal: AbortSignal, url = incoming.url ?? '/'): ApiRequest {
  const cut = url.indexOf('?')
  const query: Record<string, string[]> = {}
  // a part with a semicolon says nothing: Go's net/url leaves it out
  const parts = cut < 0 ? [] : url.slice(cut + 1).split('&')
  for (const [k, v] of new URLSearchParams(parts.filter((p) => !p.includes(';')).join('&'))) {
    if (Object.hasOwn(query, k)) query[k]?.push(v)
    else query[k] = [v]
  }
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

function readBody(incoming: http.IncomingMessage): Promise<Buffer | undefined> {
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
function withBody(request: ApiRequest, body: Buffer, decode: HttpOptions['decode']): ApiRequest {
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

async function respond(
  outgoing: http.ServerResponse,
  request: ApiRequest,
  response: ApiResponse,
  o: HttpOptions,
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
      o.onError?.(e)
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

/** Starts to listen. Rejects with the socket's error (EADDRINUSE, EACCES …). */
export async function serveHttp(o: HttpOptions): Promise<HttpServer> {
  const { gate } = o
  /** The request for the door, or the answer to one that may not come in. */
  const admit = (
    incoming: http.IncomingMessage,
    signal: AbortSignal,
  ):
    | { readonly refused: { readonly code: number; readonly body: string | Buffer; readonly type: string } }
    | { readonly request: ApiRequest } => {
    const decision = gate
      ? gate({ method: incoming.method ?? 'GET', url: incoming.url ?? '/', headers: incoming.headers })
      : refusal(incoming, o.token)
    if (decision && 'code' in decision) return { refused: decision }
    const request = translate(incoming, signal, decision?.url)
    return { request: o.headers ? { ...request, headers: { ...request.headers, ...o.headers } } : request }
  }
  const handler = (incoming: http.IncomingMessage, outgoing: http.ServerResponse): void => {
    // connections stay open as HTTP/1.1 has it: nothing needs to be said of it
    if (incoming.httpVersion === '1.1' && outgoing.shouldKeepAlive) outgoing.removeHeader('connection')
    const gone = new AbortController()
    outgoing.on('close', () => gone.abort(new Error('the client went away')))
    const answer = async (): Promise<void> => {
      if (misspelt(incoming.url ?? '')) {
        await readBody(incoming)
        outgoing.sendDate = false
        outgoing.writeHead(400, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
        outgoing.end('400 Bad Request')
        return
      }
      const admitted = admit(incoming, gone.signal)
      if ('refused' in admitted) {
        const { refused } = admitted
        incoming.resume()
        outgoing.writeHead(refused.code, {
          'content-type': refused.type,
          'content-length': String(Buffer.byteLength(refused.body)),
          ...(refused.code === 401 ? { 'cache-control': 'no-cache, private', 'audit-id': randomUUID() } : {}),
        })
        outgoing.end(refused.body)
        return
      }
      const { request } = admitted
      const body = await readBody(incoming)
      if (body === undefined) {
        const text = status(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY}`)
        outgoing.writeHead(413, {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(text)),
        })
        outgoing.end(text)
        return
      }
      let whole: ApiRequest
      try {
        whole = withBody(request, body, o.decode)
      } catch (e) {
        if (!(e instanceof StatusError)) throw e
        await respond(outgoing, request, { status: e.code, headers: {}, body: e.status() }, o)
        return
      }
      const response = await o.door.handle(whole)
      await respond(outgoing, request, response, o)
    }
    answer().catch((e: unknown) => {
      if (!gone.signal.aborted) o.onError?.(e)
      if (!outgoing.headersSent) {
        outgoing.writeHead(500, { 'content-type': 'application/json' })
        outgoing.end(status(500, 'InternalError', 'Internal error occurred: the simulation failed'))
      } else outgoing.destroy()
    })
  }
  const limits = {
    maxHeaderSize: 64 * 1024,
    headersTimeout: 20_000,
    requestTimeout: 60_000,
    // clients of Go's put connections aside for so long
    keepAliveTimeout: 95_000,
    connectionsCheckingInterval: 5_000,
  }
  const server: http.Server = o.tls
    ? (await import('node:https')).createServer({ ...limits, cert: o.tls.cert, key: o.tls.key }, handler)
    : http.createServer(limits, handler)
  const sockets = new Set<Socket>()
  server.on('connection', (s: Socket) => {
    sockets.add(s)
    s.on('close', () => sockets.delete(s))
    s.setNoDelay(true)
  })
  server.on('clientError', (_e, socket: Duplex) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  server.on('upgrade', (incoming: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const gone = new AbortController()
    const admitted = admit(incoming, gone.signal)
    socket.on('close', () => gone.abort(new Error('the client went away')))
    const reject = (code: number, body: string | Buffer, type: string): void => {
      socket.end(
        `HTTP/1.1 ${code} ${http.STATUS_CODES[code] ?? ''}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${incoming.method === 'HEAD' ? '' : body}`,
      )
    }
    if ('refused' in admitted) {
      reject(admitted.refused.code, admitted.refused.body, admitted.refused.type)
      return
    }
    if (!o.upgrade?.(admitted.request, incoming, socket, head))
      reject(400, status(400, 'BadRequest', 'Upgrade request required'), 'application/json')
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(o.port, o.host, () => {
      server.off('error', fail)
      done()
    })
  })
  const bound = server.address() as AddressInfo
  return {
    address: bound.address,
    port: bound.port,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        for (const s of sockets) s.destroy()
      }),
  }
}
