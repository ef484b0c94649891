// One transfer of curl's: the way to the server, what is sent there and comes back, redirects; what -v tells of it. Its
// sentences differ by version.
import { atLeast } from '../bind.ts'
import { absolute, byteLength, header, parseUrl, reach, relocate } from '../http.ts'
import type { Target } from '../http.ts'
import type { HttpResponse, ToolContext } from '../tool.ts'
import { bodyOf, headersOf } from './curlheaders.ts'
import type { CurlOptions } from './curloptions.ts'

export interface CurlResult {
  /** curl's exit code. */
  code: number
  error: string
  response?: HttpResponse
  target?: Target
  address: string
  port: number
  redirects: number
  sizeHeader: number
  sizeRequest: number
  sizeUpload: number
  downloaded: number
  effective: string
  redirectUrl: string
  connects: number
  /** Every response on the way. */
  heads: HttpResponse[]
}

/** What went wrong. */
interface Failure {
  readonly code: number
  readonly error: string
}
const fail = (code: number, error: string): Failure => ({ code, error })

/** One transfer on its way. */
interface Transfer {
  readonly ctx: ToolContext
  readonly o: CurlOptions
  readonly version: string
  readonly r: CurlResult
  /** What -v tells. */
  readonly note: (text: string) => void
  /** The connection of the request before, and whether it stays open. */
  last: { readonly host: string; readonly port: number; readonly alive: boolean } | undefined
  /** Whether --resolve's addresses have been told of. */
  told: boolean
}

type Reached = Awaited<ReturnType<typeof reach>>
type Connected = Extract<Reached, { readonly outcome: 'connected' }>

export const keepsAlive = (m: HttpResponse): boolean =>
  m.version !== '1.0' && header(m, 'connection')?.toLowerCase() !== 'close'
/** What -v tells of the end of a connection. */
export const closing = (version: string): string =>
  atLeast(version, 8, 0) ? '* Closing connection\n' : '* Closing connection 0\n'

/** Fetches a URL, redirects followed where they are. */
export async function request(
  ctx: ToolContext,
  first: string,
  o: CurlOptions,
  version: string,
  note: (text: string) => void,
): Promise<CurlResult> {
  const r: CurlResult = {
    code: 0,
    error: '',
    address: '',
    port: 0,
    redirects: 0,
    sizeHeader: 0,
    sizeRequest: 0,
    sizeUpload: 0,
    downloaded: 0,
    effective: first,
    redirectUrl: '',
    connects: 0,
    heads: [],
  }
  const tr: Transfer = { ctx, o, version, r, note, last: undefined, told: false }
  const failure = await follow(tr, first)
  return failure ? { ...r, ...failure } : r
}

async function follow(tr: Transfer, first: string): Promise<Failure | undefined> {
  const { o, r, note } = tr
  let url = o.upload !== undefined && first.endsWith('/') ? first + (o.upload.split('/').pop() ?? '') : first
  let method = o.method ?? (o.head ? 'HEAD' : o.upload ? 'PUT' : o.data.length || o.form.length ? 'POST' : 'GET')
  let keepBody = true
  for (;;) {
    const local = /^file:\/\/(?:localhost)?(\/.*)$/i.exec(url)?.[1]
    if (local !== undefined && !MALFORMED.test(url)) return readLocal(tr, local)
    const t = targetOf(tr, url)
    if ('error' in t) return t
    r.target = t
    r.effective = url.includes('://') ? url : `http://${url}${/^[^/?]*$/.test(url) ? '/' : ''}`
    const reached = await connect(tr, t)
    if ('error' in reached) return reached
    const refused = tlsFailure(tr, t, reached)
    if (refused) return refused
    const response = await send(tr, t, reached, method, keepBody)
    if ('error' in response) return response
    const { status } = response
    const location = header(response, 'location')
    r.redirectUrl = location && status >= 300 && status < 400 ? relocate(t, location) : ''
    if (!o.follow || !r.redirectUrl) return undefined
    if (r.redirects >= o.maxRedirs) return fail(47, `Maximum (${o.maxRedirs}) redirects followed`)
    r.redirects++
    const alive = keepsAlive(response)
    tr.last = { host: t.host, port: r.port, alive }
    note(alive ? `* Connection #0 to host ${t.host} left intact\n` : closing(tr.version))
    note(`* Issue another request to this URL: '${r.redirectUrl}'\n`)
    url = r.redirectUrl
    if (!o.method && [301, 302, 303].includes(status) && !o.keepPost.includes(status) && method === 'POST') {
      method = 'GET'
      keepBody = false
    }
  }
}

/** A file of the pod's own: file:///path. */
function readLocal({ ctx, r }: Transfer, path: string): Failure | undefined {
  const body = ctx.files.read(absolute('/', decodeURIComponent(path)))
  if (body === undefined) return fail(37, `Couldn't open file ${path}`)
  r.response = { status: 0, reason: '', version: '', headers: [], body }
  r.downloaded = byteLength(body)
  return undefined
}

const MALFORMED = /[\s\0]/
const BAD_URL = 'URL using bad/illegal format or missing URL'

/** Where a URL leads. */
function targetOf({ o, version }: Transfer, url: string): Target | Failure {
  const modern = atLeast(version, 8, 0)
  if (MALFORMED.test(url)) return fail(3, modern ? 'URL rejected: Malformed input to a URL function' : BAD_URL)
  const t = parseUrl(url.replace(/^(https?:\/\/)\/(?=[^/])/i, '$1'))
  switch (t) {
    case 'scheme':
      return fail(1, `Protocol "${/^[^:]+/.exec(url)?.[0]}" not supported${modern ? '' : ' or disabled in libcurl'}`)
    case 'host': {
      const empty = /^[a-z]+:\/\/$/i.test(url) || url === ''
      return fail(3, empty && !atLeast(version, 7, 80) ? '<url> malformed' : BAD_URL)
    }
    case 'port':
      return fail(3, modern ? 'URL rejected: Port number was not a decimal number between 0 and 65535' : BAD_URL)
    default:
      return o.asIs ? t : { ...t, path: withoutDots(t.path) }
  }
}

/** Where --connect-to sends the connections of a host and port. */
function connectTo(rules: readonly string[], t: Target): { readonly host: string; readonly port: number } | undefined {
  for (const rule of rules) {
    const m = /^([^:[\]]*|\[[^\]]*\]):(\d*):([^:[\]]*|\[[^\]]*\]):(\d*)$/.exec(rule)
    if (!m || (m[1] && m[1] !== t.host) || (m[2] && Number(m[2]) !== t.port)) continue
    return { host: (m[3] || t.host).replace(/^\[|\]$/g, ''), port: m[4] ? Number(m[4]) : t.port }
  }
  return undefined
}
/** A path without its `.` and `..`. */
function withoutDots(path: string): string {
  const [plain = '', query] = path.split(/(\?.*)/s)
  const parts: string[] = []
  const words = plain.split('/')
  words.forEach((word, i) => {
    const end = i === words.length - 1
    if (word === '..') parts.length = Math.max(1, parts.length - 1)
    if (word === '.' || word === '..') {
      if (end) parts.push('')
    } else parts.push(word)
  })
  return parts.join('/') + (query ?? '')
}

/** Connects to a target, or to where options lead instead. */
async function connect(tr: Transfer, t: Target): Promise<Connected | Failure> {
  const { ctx, o, r, note, version } = tr
  const modern = atLeast(version, 8, 0)
  const pinned = o.resolve.get(`${t.host}:${t.port}`)
  if (pinned !== undefined) {
    if (!tr.told) for (const [where, address] of o.resolve) note(`* Added ${where}:${address} to DNS cache\n`)
    tr.told = true
    note(`* Hostname ${t.host} was found in DNS cache\n`)
  }
  const turned = connectTo(o.connectTo, t)
  if (turned) note(`* Connecting to hostname: ${turned.host}\n* Connecting to port: ${turned.port}\n`)
  const port = turned?.port ?? t.port
  const reached = await reach(ctx, pinned ?? turned?.host ?? t.host, port, o.family)
  if (reached.outcome === 'unresolved') return unresolved(tr, t, reached.timedOut)
  if (atLeast(version, 8, 6) && pinned === undefined && !/^[\d.]+$|:/.test(t.host)) {
    const six = reached.addresses.filter((a) => a.includes(':')).join(', ') || '(none)'
    const four = reached.addresses.filter((a) => !a.includes(':')).join(', ') || '(none)'
    note(`* Host ${t.host}:${t.port} was resolved.\n* IPv6: ${six}\n* IPv4: ${four}\n`)
  }
  const reused = reached.outcome === 'connected' && tr.last?.host === t.host && tr.last.port === port && tr.last.alive
  if (reused) note(`${modern ? '' : REUSE}* Re-using existing connection${modern ? '' : ' #0'} with host ${t.host}\n`)
  else noteTried(tr, reached, port)
  r.address = reached.address
  r.port = port
  if (reached.outcome !== 'connected') return notConnected(tr, t, reached.outcome)
  if (!reused) {
    r.connects++
    const host = turned && !modern ? '(nil)' : t.host
    note(`* Connected to ${host} (${reached.address}) port ${port}${modern ? '' : ' (#0)'}\n`)
  }
  return reached
}

const REUSE = '* Found bundle for host: 0x55d0c7f4a3c0 [serially]\n* Can not multiplex, even if we wanted to\n'

/** Every address is tried in turn. */
function noteTried(
  { ctx, note, version }: Transfer,
  reached: Exclude<Reached, { outcome: 'unresolved' }>,
  port: number,
): void {
  const trying = (address: string): string =>
    `*   Trying ${address.includes(':') ? `[${address}]` : address}:${port}...\n`
  const from = (): string =>
    atLeast(version, 8, 6) ? `from ${ctx.network.addresses[0] ?? '0.0.0.0'} port ${32768 + ctx.random(28000)} ` : ''
  for (const f of reached.failed) {
    note(trying(f.address))
    const why = f.outcome === 'unreachable' ? 'No route to host' : 'Connection refused'
    if (f.outcome !== 'timeout') note(`* connect to ${f.address} port ${port} ${from()}failed: ${why}\n`)
  }
  if (reached.outcome === 'connected') note(trying(reached.address))
}

async function unresolved({ ctx, o, note }: Transfer, t: Target, timedOut: boolean | undefined): Promise<Failure> {
  const error = `Could not resolve host: ${t.host}`
  if (!timedOut) {
    note(`* ${error}\n`)
    return fail(6, error)
  }
  const limit = o.connectTimeout || o.maxTime
  await ctx.sleep(limit || 10_000)
  return limit ? fail(28, `Resolving timed out after ${limit} milliseconds`) : fail(6, error)
}

/** Why nobody answered, after as long as that takes to know. */
async function notConnected(
  { ctx, o, note, version }: Transfer,
  t: Target,
  outcome: 'refused' | 'timeout' | 'unreachable',
): Promise<Failure> {
  const couldNot = atLeast(version, 8, 11) ? 'Could not connect to server' : "Couldn't connect to server"
  const limit = Math.min(o.connectTimeout || Infinity, o.maxTime || Infinity)
  const failed = `Failed to connect to ${t.host} port ${t.port}`
  // an address that nobody has says so after three seconds
  if (outcome === 'timeout' || (outcome === 'unreachable' && limit <= 3000)) {
    await ctx.sleep(limit === Infinity ? 130_000 : limit)
    if (limit === Infinity) {
      const why = atLeast(version, 7, 88) ? couldNot : 'Operation timed out'
      return fail(28, `${failed} after 130${ctx.random(900) + 100} ms: ${why}`)
    }
    const after = Math.floor(limit) + (limit >= 1000 ? 1 : 0) + ctx.random(2)
    const connecting = o.connectTimeout === limit
    const error =
      connecting && atLeast(version, 8, 4)
        ? `${failed} after ${after} ms: Timeout was reached`
        : connecting && atLeast(version, 7, 88)
          ? `Connection timeout after ${after} ms`
          : `Connection timed out after ${after} milliseconds`
    note(`* ${error}\n`)
    return fail(28, error)
  }
  const unreachable = outcome === 'unreachable'
  const ms = unreachable ? 3000 + ctx.random(90) : ctx.random(2)
  if (unreachable) await ctx.sleep(3000)
  const cause = atLeast(version, 7, 88) ? couldNot : unreachable ? 'No route to host' : 'Connection refused'
  const error = `${failed}${atLeast(version, 7, 78) ? ` after ${ms} ms` : ''}: ${cause}`
  note(`* ${error}\n`)
  return fail(7, error)
}

/** Servers in the simulation have no certificate that anybody trusts. */
function tlsFailure({ o, version }: Transfer, t: Target, { connection }: Connected): Failure | undefined {
  if (t.scheme !== 'https') return undefined
  if (!connection.tls) {
    const library = atLeast(version, 8, 0) ? 'OpenSSL/3.1.4: ' : ''
    return fail(35, `${library}error:0A00010B:SSL routines::wrong version number`)
  }
  if (o.insecure) return undefined
  const dash = atLeast(version, 7, 80) ? '-' : ' '
  const page = atLeast(version, 8, 9) ? 'webpage' : 'web page'
  return fail(
    60,
    [
      `SSL certificate problem: self${dash}signed certificate`,
      'More details here: https://curl.se/docs/sslcerts.html',
      '',
      'curl failed to verify the legitimacy of the server and therefore could not',
      'establish a secure connection to it. To learn more about this situation and',
      `how to fix it, please visit the ${page} mentioned above.`,
    ].join('\n'),
  )
}

const size = (headers: readonly (readonly [string, string])[], first: number): number =>
  headers.reduce((n, [k, v]) => n + k.length + v.length + 4, first)

/** Sends a request and reads what comes back. */
async function send(
  tr: Transfer,
  t: Target,
  { connection }: Connected,
  method: string,
  keepBody: boolean,
): Promise<HttpResponse | Failure> {
  const { ctx, o, r, note, version } = tr
  const body = keepBody ? bodyOf(ctx, o) : undefined
  const headers = headersOf(ctx, o, t, body, version)
  const lines = headers.map(([k, v]) => `> ${k}: ${v}\n`).join('')
  const sent = `> ${method} ${t.path} HTTP/${o.http10 ? '1.0' : '1.1'}\n${lines}> \n`
  if (!connection.http) {
    if (t.scheme !== 'http' || connection.banner === undefined) return fail(52, 'Empty reply from server')
    note(sent)
    return fail(1, 'Received HTTP/0.9 when not allowed')
  }
  const talkative = atLeast(version, 8, 7)
  note(`${talkative ? '* using HTTP/1.x\n' : ''}${sent}`)
  if (body !== undefined) note(`} [${byteLength(body)} bytes data]\n`)
  if (talkative) note('* Request completely sent off\n')
  const response = connection.http({
    method,
    path: t.path,
    host: t.authority,
    headers,
    body: body ?? '',
    tls: t.scheme === 'https',
  })
  if (response.delay) {
    if (o.maxTime && response.delay >= o.maxTime) {
      await ctx.sleep(o.maxTime)
      return fail(28, `Operation timed out after ${o.maxTime + 1 + ctx.random(2)} milliseconds with 0 bytes received`)
    }
    await ctx.sleep(response.delay)
  }
  r.response = response
  r.heads.push(response)
  r.sizeRequest += size(headers, method.length + t.path.length + 14)
  r.sizeUpload = byteLength(body ?? '')
  r.sizeHeader += size(response.headers, 17 + response.reason.length)
  r.downloaded = o.head ? 0 : byteLength(response.body)
  if (response.version === '1.0') note('* HTTP 1.0, assume close after body\n')
  const got = response.headers.map(([k, v]) => `< ${k}: ${v}\n`).join('')
  note(`< HTTP/${response.version} ${response.status} ${response.reason}\n${got}< \n`)
  if (!o.head && response.body !== '') note(`{ [${byteLength(response.body)} bytes data]\n`)
  return response
}
