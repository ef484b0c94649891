// The door of a cluster that another process serves: the same calls over HTTP on loopback, so that every command works
// on a served state too.
import * as http from 'node:http'
import { readJson, writeJson } from '../apimachinery/bigint.ts'
import type { ApiRequest, ApiResponse, ConnectResult, Door, Streams, WatchEvent } from '../apimachinery/door.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
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

/** A door over HTTP. */
export function createHttpDoor(served: Served): Door {
  const agent = new http.Agent({ keepAlive: true })
  const handle = (request: ApiRequest): Promise<ApiResponse> =>
    new Promise((done, fail) => {
      const body =
        request.body === undefined
          ? undefined
          : typeof request.body === 'string'
            ? request.body
            : writeJson(request.body)
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
          const headers: Record<string, string> = {}
          for (const [k, v] of Object.entries(incoming.headers)) if (typeof v === 'string') headers[k] = v
          const base = { status: incoming.statusCode ?? 0, headers, warnings: warningTexts(headers.warning) }
          const json = (headers['content-type'] ?? '').includes('json')
          const streams =
            request.query?.watch?.[0] === 'true' ||
            request.query?.watch?.[0] === '1' ||
            request.query?.follow?.[0] === 'true'
          if (streams && base.status === 200) {
            done({ ...base, body: '', stream: lines(incoming, json) })
            return
          }
          let text = ''
          incoming.setEncoding('utf8').on('data', (c: string) => {
            text += c
          })
          incoming.on('end', () => {
            // the router's own words: here they are the Status that they were
            if (!json && base.status === 404) {
              import('../apiserver/unserved.ts').then((m) => done(m.notServed()), fail)
              return
            }
            try {
              done({ ...base, body: json && text ? (readJson(text) as Json) : text })
            } catch (e) {
              fail(e)
            }
          })
          incoming.on('error', fail)
        },
      )
      outgoing.on('error', fail)
      outgoing.end(body)
    })

  const connect = async (request: ApiRequest, streams: Streams): Promise<ConnectResult> => {
    const { WebSocket } = await import('ws')
    const url = urlOf(served, request)
    url.protocol = 'ws:'
    return new Promise((done, fail) => {
      const ws = new WebSocket(url, ['v5.channel.k8s.io'], {
        headers: { authorization: request.headers?.authorization ?? `Bearer ${served.token}` },
      })
      let result: ConnectResult = { exitCode: 0 }
      const frame = (channel: number, c: Uint8Array): Buffer => Buffer.concat([Buffer.from([channel]), c])
      ws.on('unexpected-response', (_r, incoming) => {
        let text = ''
        incoming
          .setEncoding('utf8')
          .on('data', (c: string) => {
            text += c
          })
          .on('end', () => {
            try {
              const body = JSON.parse(text) as Json
              fail(isObject(body) ? StatusError.from(body) : new StatusError(incoming.statusCode ?? 500, '', text))
            } catch {
              fail(new StatusError(incoming.statusCode ?? 500, '', text))
            }
          })
      })
      ws.on('open', () => {
        streams.opened?.()
        const resize = (): void => {
          const s = streams.size?.()
          if (s && ws.readyState === ws.OPEN)
            ws.send(frame(4, Buffer.from(JSON.stringify({ Width: s.columns, Height: s.rows }))))
        }
        resize()
        streams.onResize?.(resize)
        const { stdin } = streams
        if (stdin)
          void (async () => {
            for await (const c of stdin) {
              if (ws.readyState !== ws.OPEN) return
              ws.send(frame(0, c))
            }
            if (ws.readyState === ws.OPEN) ws.send(Buffer.from([255, 0]))
          })()
      })
      ws.on('message', (m: Buffer) => {
        const payload = m.subarray(1)
        if (m[0] === 1) streams.stdout(payload)
        else if (m[0] === 2) streams.stderr(payload)
        else if (m[0] === 3) {
          const s = JSON.parse(payload.toString('utf8')) as JsonObject
          if (s.status === 'Success') return
          const details =
            isObject(s.details) && Array.isArray(s.details.causes) ? (s.details.causes as JsonObject[]) : []
          const code = details.find((c) => c.reason === 'ExitCode')?.message
          result =
            code !== undefined
              ? { exitCode: Number(code), message: `command terminated with exit code ${code}` }
              : { exitCode: 1, message: String(s.message) }
        }
      })
      ws.on('close', () => done(result))
      ws.on('error', fail)
      streams.signal?.addEventListener('abort', () => ws.close(), { once: true })
    })
  }
  return { handle, connect }
}
