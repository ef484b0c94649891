// The door of a cluster that another process serves: the same calls over HTTP on loopback, so that every command works
// on a served state too.
import * as http from 'node:http'
import type { WebSocket } from 'ws'
import { readJson, writeJson } from '../apimachinery/bigint.ts'
import type { ApiRequest, ApiResponse, ConnectResult, Door, Streams, WatchEvent } from '../apimachinery/door.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'

/** Where a served cluster is, as its own file beside the state says. */
export interface Served {
  readonly pid: number
  readonly url: string
  readonly token: string
  readonly ca?: string
}

function urlOf(served: Served, request: ApiRequest): URL {
  const url = new URL(request.path, served.url)
  for (const [k, values] of Object.entries(request.query ?? {})) for (const v of values) url.searchParams.append(k, v)
  return url
}

/** `299 - "text"` headers back to texts. */
const warningTexts = (header: string | undefined): string[] =>
  [
    ...Buffer.from(header ?? '', 'latin1')
      .toString('utf8')
      .matchAll(/299 - "((?:[^"\\]|\\.)*)"/g),
  ].map((m) => (m[1] ?? '').replace(/\\(.)/g, '$1'))

/** A stream as it comes: events, or text where it is not JSON; a connection that breaks off ends it. */
async function* lines(incoming: http.IncomingMessage, json: boolean): AsyncGenerator<WatchEvent | string> {
  incoming.setEncoding('utf8')
  if (!json) {
    for await (const c of incoming) yield String(c)
    return
  }
  let rest = ''
  try {
    for await (const c of incoming) {
      rest += String(c)
      for (let nl = rest.indexOf('\n'); nl >= 0; nl = rest.indexOf('\n')) {
        const line = rest.slice(0, nl)
        rest = rest.slice(nl + 1)
        if (line) yield readJson(line) as WatchEvent
      }
    }
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ECONNRESET') throw e
  }
}

/** All of a body as text. */
const textOf = (incoming: http.IncomingMessage): Promise<string> =>
  new Promise((done, fail) => {
    let text = ''
    incoming
      .setEncoding('utf8')
      .on('data', (c: string) => {
        text += c
      })
      .on('end', () => done(text))
      .on('error', fail)
  })

/** Whether the answer goes on for as long as somebody reads. */
const follows = ({ query }: ApiRequest): boolean =>
  query?.watch?.[0] === 'true' || query?.watch?.[0] === '1' || query?.follow?.[0] === 'true'

/** What came back, as the door that is served said it. */
async function answerOf(request: ApiRequest, incoming: http.IncomingMessage): Promise<ApiResponse> {
  const headers: Record<string, string> = {}
  for (const [k, v] of Object.entries(incoming.headers)) if (typeof v === 'string') headers[k] = v
  const base = { status: incoming.statusCode ?? 0, headers, warnings: warningTexts(headers.warning) }
  const json = (headers['content-type'] ?? '').includes('json')
  if (follows(request) && base.status === 200) return { ...base, body: '', stream: lines(incoming, json) }
  const text = await textOf(incoming)
  // the router's own words: here they are the Status that they were
  if (!json && base.status === 404) return (await import('../apiserver/unserved.ts')).notServed()
  return { ...base, body: json && text ? (readJson(text) as Json) : text }
}

function handle(served: Served, agent: http.Agent, request: ApiRequest): Promise<ApiResponse> {
  const body = request.body === undefined || typeof request.body === 'string' ? request.body : writeJson(request.body)
  return new Promise((done, fail) => {
    const outgoing = http.request(
      urlOf(served, request),
      {
        agent,
        method: request.method,
        ...(request.signal ? { signal: request.signal } : {}),
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${served.token}`,
          ...request.headers,
          ...(body !== undefined
            ? {
                'content-type': request.headers?.['content-type'] ?? 'application/json',
                'content-length': String(Buffer.byteLength(body)),
              }
            : {}),
        },
      },
      (incoming) => {
        answerOf(request, incoming).then(done, fail)
      },
    )
    outgoing.on('error', fail)
    outgoing.end(body)
  })
}

/** Why a connection was not opened: the Status in the answer, or its text. */
async function refusalOf(incoming: http.IncomingMessage): Promise<StatusError> {
  const text = await textOf(incoming)
  try {
    const body = JSON.parse(text) as Json
    if (isObject(body)) return StatusError.from(body)
  } catch {
    /* no JSON: its text says why */
  }
  return new StatusError(incoming.statusCode ?? 500, '', text)
}

/** The channels of v5.channel.k8s.io; the last closes another. */
const [STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE] = [0, 1, 2, 3, 4, 255]

/** How a command ended, as the error channel says it; undefined where it went well. */
function endingOf(said: Json): ConnectResult | undefined {
  const s = isObject(said) ? said : {}
  if (s.status === 'Success') return undefined
  const causes = isObject(s.details) && Array.isArray(s.details.causes) ? s.details.causes.filter(isObject) : []
  const code = causes.find((c) => c.reason === 'ExitCode')?.message
  return code === undefined
    ? { exitCode: 1, message: String(s.message) }
    : { exitCode: Number(code), message: `command terminated with exit code ${String(code)}` }
}

/** Sends what the caller types, and the size of the caller's terminal. */
function sendFrom(ws: WebSocket, streams: Streams): void {
  const send = (channel: number, c: Uint8Array): void => {
    if (ws.readyState === ws.OPEN) ws.send(Buffer.concat([Buffer.from([channel]), c]))
  }
  const resize = (): void => {
    const s = streams.size?.()
    if (s) send(RESIZE, Buffer.from(JSON.stringify({ Width: s.columns, Height: s.rows })))
  }
  resize()
  streams.onResize?.(resize)
  const { stdin } = streams
  if (stdin)
    void (async () => {
      for await (const c of stdin) {
        if (ws.readyState !== ws.OPEN) return
        send(STDIN, c)
      }
      send(CLOSE, Buffer.from([STDIN]))
    })()
}

async function connect(served: Served, request: ApiRequest, streams: Streams): Promise<ConnectResult> {
  const { WebSocket } = await import('ws')
  const url = urlOf(served, request)
  url.protocol = 'ws:'
  return new Promise((done, fail) => {
    const ws = new WebSocket(url, ['v5.channel.k8s.io'], {
      headers: { authorization: request.headers?.authorization ?? `Bearer ${served.token}` },
    })
    let result: ConnectResult = { exitCode: 0 }
    ws.on('unexpected-response', (_r, incoming) => {
      refusalOf(incoming).then(fail, fail)
    })
    ws.on('open', () => {
      streams.opened?.()
      sendFrom(ws, streams)
    })
    ws.on('message', (m: Buffer) => {
      const payload = m.subarray(1)
      if (m[0] === STDOUT) streams.stdout(payload)
      else if (m[0] === STDERR) streams.stderr(payload)
      else if (m[0] === ERROR) result = endingOf(JSON.parse(payload.toString('utf8')) as Json) ?? result
    })
    ws.on('close', () => done(result))
    ws.on('error', fail)
    streams.signal?.addEventListener('abort', () => ws.close(), { once: true })
  })
}

/** A door over HTTP. */
export function createHttpDoor(served: Served): Door {
  const agent = new http.Agent({ keepAlive: true })
  return {
    handle: (request) => handle(served, agent, request),
    connect: (request, streams) => connect(served, request, streams),
  }
}
