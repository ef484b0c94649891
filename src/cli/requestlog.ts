// What -v tells of a command's requests, on stderr: which (6), with their headers (7), bodies (8), as curl commands with
// what was measured (9), and whole (10). client-go's debugging round tripper and rest.Request's logBody, in the words of
// kubectl's version.
import type { ApiRequest, ApiResponse, Door } from '../apimachinery/door.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import type { Io } from '../apimachinery/ports.ts'
import { StatusError } from '../apimachinery/status.ts'
import { has, minor } from '../apimachinery/versions.ts'
import type { Versions } from '../apimachinery/versions.ts'
import { encodeBody, indentJson } from '../apiserver/negotiate.ts'
import { REQUESTS } from './globals.ts'
import { klog } from './klog.ts'

export interface RequestLog {
  readonly io: Io
  /** -v */
  readonly level: number
  /** The server's address, without a slash at its end. */
  readonly server: string
  readonly versions: Versions
}

/** The lines of round_trippers.go that write, before 1.33. */
interface Places {
  readonly url: number
  readonly curl: number
  readonly requestHeaders: number
  readonly requestHeader: number
  readonly timing: number
  readonly statistics?: number
  readonly status: number
  readonly responseHeaders: number
  readonly responseHeader: number
}
const places = (numbers: readonly number[], statistics?: number): Places => {
  const [url = 0, curl = 0, requestHeaders = 0, requestHeader = 0, timing = 0, status = 0, a = 0, b = 0] = numbers
  const all = { url, curl, requestHeaders, requestHeader, timing, status, responseHeaders: a, responseHeader: b }
  return statistics === undefined ? all : { ...all, statistics }
}
/** By the minor version that they came with. */
const PLACES: readonly (readonly [since: number, Places])[] = [
  [32, places([470, 473, 476, 480, 560, 581, 584, 587], 577)],
  [23, places([463, 466, 469, 473, 553, 574, 577, 580], 570)],
  [20, places([432, 435, 438, 442, 454, 457, 460, 463])],
  [0, places([421, 424, 428, 432, 444, 447, 450, 453])],
]
/** The line of request.go that writes bodies, before 1.32; after that it is the caller's. */
const BODIES: readonly (readonly [since: number, number])[] = [
  [31, 1351],
  [28, 1212],
  [27, 1188],
  [23, 1172],
  [20, 1197],
  [0, 1097],
]
const since = <T>(table: readonly (readonly [number, T])[], version: number): T | undefined =>
  table.find(([from]) => version >= from)?.[1]

/** Who asks, as the lines of bodies are from 1.32 on: most is asked by the helper of resources. */
function caller({ method, path, query }: ApiRequest): string {
  if (path === '/api') return 'discovery_client.go:252'
  if (path === '/apis') return 'discovery_client.go:318'
  if (path.startsWith('/openapi')) return 'client.go:46'
  if (query?.watch?.[0] === 'true') return 'request.go:759'
  if (method === 'POST') return 'helper.go:246'
  if (method === 'PATCH') return 'helper.go:269'
  if (method === 'DELETE') return 'helper.go:202'
  if (method === 'PUT') return 'helper.go:319'
  const [, named] = /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/[^/]+)?\/[^/]+(\/[^/]+)?/.exec(path) ?? []
  return named ? 'helper.go:105' : 'helper.go:113'
}

const PHRASES: Readonly<Record<number, string>> = {
  101: 'Switching Protocols',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}
const statusText = (code: number): string => `${code} ${PHRASES[code] ?? ''}`.trimEnd()

type Headers = readonly (readonly [name: string, value: string])[]
/** As they go over a wire, in order; who shows a token does not show it here. */
const headersOf = (headers: Readonly<Record<string, string>>): Headers =>
  Object.entries(headers)
    .map(([k, v]): readonly [string, string] => [
      k.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()),
      k === 'authorization' ? v.replace(/^(\w+) .*/s, '$1 <masked>') : v,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** A value of a structured line: text of several lines stands below it. */
const value = (text: string): string =>
  text.includes('\n') ? `<\n${text.replace(/\n$/, '').replace(/^/gm, '\t')}\n >` : goQuote(text)

const text = (body: ApiRequest['body']): string =>
  body === undefined ? '' : typeof body === 'string' ? body : encodeBody(body as ApiResponse['body'])

function shortened(body: string, level: number): string {
  const max = level >= 10 ? Infinity : level === 9 ? 10240 : 1024
  return body.length <= max ? body : `${body.slice(0, max)} [truncated ${body.length - max} chars]`
}

/** One request, told from beginning to end. */
class Exchange {
  readonly #log: RequestLog
  readonly #request: ApiRequest
  readonly #url: string
  readonly #headers: Headers
  readonly #began: number
  readonly #places: Places | undefined
  constructor(log: RequestLog, request: ApiRequest, headers: Readonly<Record<string, string>>) {
    const { io, server, versions } = log
    this.#log = log
    this.#request = request
    const query = new URLSearchParams()
    for (const [k, vs] of Object.entries(request.query ?? {})) for (const v of vs) query.append(k, v)
    query.sort()
    this.#url = [`${server}${request.path}`, query.toString()].filter((part) => part !== '').join('?')
    this.#headers = headersOf(headers)
    this.#began = io.clock.now()
    this.#places = has(versions, 'requestLogStructured') ? undefined : since(PLACES, minor(versions.client))
  }

  #say(where: string, said: string): void {
    klog(this.#log.io, 'I', where, said)
  }
  #line(line: number, said: string): void {
    this.#say(`round_trippers.go:${line}`, said)
  }

  #body(what: 'Request' | 'Response', body: string): void {
    const { level, versions } = this.#log
    if (level < 8) return
    const said = shortened(body, level)
    if (has(versions, 'requestLogBodies')) this.#say(caller(this.#request), `"${what} Body" body=${value(said)}`)
    else if (what === 'Response' || body)
      this.#say(`request.go:${since(BODIES, minor(versions.client)) ?? 0}`, `${what} Body: ${said.replace(/\n$/, '')}`)
  }

  asks(): void {
    const { level, versions } = this.#log
    const { method, body } = this.#request
    // a patch is sent as it was made; what an encoder writes ends with a line
    this.#body('Request', body === undefined || method === 'PATCH' ? text(body) : `${text(body)}\n`)
    if (level <= REQUESTS) return
    const shown = this.#headers.map(([k, v]) => `-H ${goQuote(`${k}: ${v}`)}`).join(' ')
    const curl = `curl${has(versions, 'requestLogCurlInsecure') ? ' -k' : ''} -v -X${method}  ${shown} '${this.#url}'`
    const p = this.#places
    if (!p) {
      const headers = this.#headers.map(([k, v]) => `${k}: ${v}\n`).join('')
      const said =
        level >= 9
          ? `curlCommand=${value(`${curl}\n`)}`
          : `verb=${goQuote(method)} url=${goQuote(this.#url)} headers=${value(headers)}`
      this.#line(527, `"Request" ${said}`)
    } else if (level >= 9) this.#line(p.curl, curl)
    else {
      this.#line(p.url, `${method} ${this.#url}`)
      this.#line(p.requestHeaders, 'Request Headers:')
      for (const [k, v] of this.#headers) this.#line(p.requestHeader, `    ${k}: ${v}`)
    }
  }

  answered(
    response: Pick<ApiResponse, 'status' | 'headers' | 'stream'> & { readonly body?: ApiResponse['body'] },
  ): void {
    const { io, level } = this.#log
    const { method } = this.#request
    const took = Math.round(io.clock.now() - this.#began)
    const status = statusText(response.status)
    const body =
      response.stream || response.body === undefined ? undefined : `${text(response.body as ApiRequest['body'])}\n`
    const own: Record<string, string> = {}
    if (response.status !== 101) {
      own['cache-control'] = 'no-cache, private'
      own.date = new Date(io.clock.now()).toUTCString()
      if (body !== undefined) own['content-length'] = String(new TextEncoder().encode(body).length)
    }
    const headers = headersOf({ ...own, ...response.headers })
    const timed = level === REQUESTS || level >= 9
    const p = this.#places
    if (!p) {
      const said = [
        ...(timed ? [`verb=${goQuote(method)}`, `url=${goQuote(this.#url)}`] : []),
        `status=${goQuote(status)}`,
        ...(level >= 8 ? [`headers=${value(headers.map(([k, v]) => `${k}: ${v}\n`).join(''))}`] : []),
        `milliseconds=${took}`,
        ...(level >= 9 ? ['getConnectionMilliseconds=0', `serverProcessingMilliseconds=${took}`] : []),
      ]
      this.#line(632, `"Response" ${said.join(' ')}`)
    } else {
      if (timed) this.#line(p.timing, `${method} ${this.#url} ${status} in ${took} milliseconds`)
      else this.#line(p.status, `Response Status: ${status} in ${took} milliseconds`)
      if (level >= 9 && p.statistics !== undefined)
        this.#line(p.statistics, `HTTP Statistics: GetConnection 0 ms ServerProcessing ${took} ms Duration ${took} ms`)
      if (level >= 8) {
        this.#line(p.responseHeaders, 'Response Headers:')
        for (const [k, v] of headers) this.#line(p.responseHeader, `    ${k}: ${v}`)
      }
    }
    if (body !== undefined) this.#body('Response', body)
  }
}

/** A door that tells what goes through it, from level 6 on. */
export function loggingDoor(door: Door, log: RequestLog): Door {
  return {
    async handle(request) {
      const typed: Record<string, string> = request.body === undefined ? {} : { 'content-type': 'application/json' }
      const exchange = new Exchange(log, request, { accept: 'application/json', ...typed, ...request.headers })
      exchange.asks()
      const response = await door.handle(request)
      exchange.answered(response)
      return response
    },
    async connect(request, streams) {
      const websocket = has(log.versions, 'streamsByWebSocket')
      const own: Record<string, string> = websocket
        ? { 'sec-websocket-protocol': 'v5.channel.k8s.io' }
        : { 'x-stream-protocol-version': 'v4.channel.k8s.io' }
      const asked: ApiRequest = websocket ? { ...request, method: 'GET' } : request
      const exchange = new Exchange(log, asked, { ...request.headers, ...own })
      exchange.asks()
      const upgrade = { ...own, connection: 'Upgrade', upgrade: websocket ? 'websocket' : 'SPDY/3.1' }
      let agreed = false
      const opened = (): void => {
        agreed = true
        exchange.answered({ status: 101, headers: upgrade })
        streams.opened?.()
      }
      try {
        return await door.connect(request, { ...streams, opened })
      } catch (e) {
        if (!agreed && e instanceof StatusError)
          exchange.answered({ status: e.code, headers: { 'content-type': 'application/json' }, body: e.status() })
        throw e
      }
    },
  }
}

/** Tells which kubeconfig was read. */
export function tellConfig({ io, versions }: Pick<RequestLog, 'io' | 'versions'>, file: string): void {
  const lines = [
    [32, 402],
    [28, 395],
    [27, 373],
    [23, 374],
    [20, 372],
    [0, 375],
  ] as const
  klog(io, 'I', `loader.go:${since(lines, minor(versions.client)) ?? 0}`, `Config loaded from file:  ${file}`)
}

/** Tells what the server said when it refused, of an error that ends a command (StandardErrorMessage). */
export function tellRefusal({ io, versions }: Pick<RequestLog, 'io' | 'versions'>, error: unknown): void {
  for (const e of error instanceof AggregateError ? (error.errors as unknown[]) : [error])
    if (e instanceof StatusError) {
      const shown = indentJson(encodeBody(e.status()))
      klog(
        io,
        'I',
        'helpers.go:246',
        `server response object: ${has(versions, 'requestLogRefusalFormat') ? '%s' : ''}[${shown}]`,
      )
    }
}
