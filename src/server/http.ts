// HTTP: a socket is listened on, requests go to the door, answers come back. What is answered is the API server's alone.
import { randomUUID } from 'node:crypto'
import * as http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ApiRequest, Door } from '../apimachinery/door.ts'
import type { Json } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import { respond, statusText } from './http-answer.ts'
import { refusal } from './http-gate.ts'
import type { Gate, Refusal } from './http-gate.ts'
import { MAX_BODY, misspelt, readBody, translate, withBody } from './http-request.ts'

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

export interface HttpServer {
  readonly address: string
  readonly port: number
  close(): Promise<void>
}

/** The request for the door, or why it may not come in. */
function admit(
  o: HttpOptions,
  incoming: http.IncomingMessage,
  signal: AbortSignal,
): { readonly refused: Refusal } | { readonly request: ApiRequest } {
  const decision = o.gate
    ? o.gate({ method: incoming.method ?? 'GET', url: incoming.url ?? '/', headers: incoming.headers })
    : refusal(incoming, o.token)
  if (decision && 'code' in decision) return { refused: decision }
  const request = translate(incoming, signal, decision?.url)
  return { request: o.headers ? { ...request, headers: { ...request.headers, ...o.headers } } : request }
}

/** Answers that never came to the door: a whole body, and nothing of the API's headers but what is given. */
function end(
  outgoing: http.ServerResponse,
  { code, body, type }: Refusal,
  more: Readonly<Record<string, string>> = {},
): void {
  outgoing.writeHead(code, { 'content-type': type, 'content-length': String(Buffer.byteLength(body)), ...more })
  outgoing.end(body)
}

async function answer(
  o: HttpOptions,
  incoming: http.IncomingMessage,
  outgoing: http.ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  if (misspelt(incoming.url ?? '')) {
    await readBody(incoming)
    outgoing.sendDate = false
    outgoing.writeHead(400, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    outgoing.end('400 Bad Request')
    return
  }
  const admitted = admit(o, incoming, signal)
  if ('refused' in admitted) {
    incoming.resume()
    const unknown = admitted.refused.code === 401
    end(outgoing, admitted.refused, unknown ? { 'cache-control': 'no-cache, private', 'audit-id': randomUUID() } : {})
    return
  }
  const { request } = admitted
  const body = await readBody(incoming)
  if (body === undefined) {
    const text = statusText(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY}`)
    end(outgoing, { code: 413, body: text, type: 'application/json' })
    return
  }
  let whole: ApiRequest
  try {
    whole = withBody(request, body, o.decode)
  } catch (e) {
    if (!(e instanceof StatusError)) throw e
    await respond(outgoing, request, { status: e.code, headers: {}, body: e.status() }, o.onError)
    return
  }
  await respond(outgoing, request, await o.door.handle(whole), o.onError)
}

/** One request, to its end; trouble of ours is told to who asked as such, where nothing was said yet. */
function serveRequest(o: HttpOptions, incoming: http.IncomingMessage, outgoing: http.ServerResponse): void {
  // connections stay open as HTTP/1.1 has it: nothing needs to be said of it
  if (incoming.httpVersion === '1.1' && outgoing.shouldKeepAlive) outgoing.removeHeader('connection')
  const gone = new AbortController()
  outgoing.on('close', () => gone.abort(new Error('the client went away')))
  answer(o, incoming, outgoing, gone.signal).catch((e: unknown) => {
    if (!gone.signal.aborted) o.onError?.(e)
    if (!outgoing.headersSent) {
      outgoing.writeHead(500, { 'content-type': 'application/json' })
      outgoing.end(statusText(500, 'InternalError', 'Internal error occurred: the simulation failed'))
    } else outgoing.destroy()
  })
}

/** A connection that asks for another protocol: handed on, or told why not. */
function serveUpgrade(o: HttpOptions, incoming: http.IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy())
  const gone = new AbortController()
  const admitted = admit(o, incoming, gone.signal)
  socket.on('close', () => gone.abort(new Error('the client went away')))
  const reject = ({ code, body, type }: Refusal): void => {
    socket.end(
      `HTTP/1.1 ${code} ${http.STATUS_CODES[code] ?? ''}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${incoming.method === 'HEAD' ? '' : body}`,
    )
  }
  if ('refused' in admitted) reject(admitted.refused)
  else if (!o.upgrade?.(admitted.request, incoming, socket, head))
    reject({ code: 400, body: statusText(400, 'BadRequest', 'Upgrade request required'), type: 'application/json' })
}

/** What connections may take. */
const LIMITS = {
  maxHeaderSize: 64 * 1024,
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  // clients of Go's put connections aside for so long
  keepAliveTimeout: 95_000,
  connectionsCheckingInterval: 5_000,
}

/** Starts to listen. Rejects with the socket's error (EADDRINUSE, EACCES …). */
export async function serveHttp(o: HttpOptions): Promise<HttpServer> {
  const handler: http.RequestListener = (incoming, outgoing) => serveRequest(o, incoming, outgoing)
  const server: http.Server = o.tls
    ? (await import('node:https')).createServer({ ...LIMITS, cert: o.tls.cert, key: o.tls.key }, handler)
    : http.createServer(LIMITS, handler)
  const sockets = new Set<Socket>()
  server.on('connection', (s: Socket) => {
    sockets.add(s)
    s.on('close', () => sockets.delete(s))
    s.setNoDelay(true)
  })
  server.on('clientError', (_e, socket: Duplex) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  server.on('upgrade', (incoming, socket, head) => serveUpgrade(o, incoming, socket, head))
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
