// curl 7.7x to 8.x: the options people use on services, its messages and exit codes; the sentence of a failed
// connection differs by version.
import { absolute, base64, byteLength, header, parseUrl, reach, relocate } from '../http.ts'
import type { Target } from '../http.ts'
import { atLeast, versionOf } from '../bind.ts'
import type { HttpResponse, Tool, ToolContext } from '../tool.ts'

interface Options {
  silent: boolean
  showError: boolean
  verbose: number
  head: boolean
  include: boolean
  output: string[]
  remoteName: boolean
  writeOut: string | undefined
  maxTime: number
  connectTimeout: number
  headers: string[]
  method: string | undefined
  data: string[]
  get: boolean
  follow: boolean
  maxRedirs: number
  fail: boolean
  failBody: boolean
  insecure: boolean
  user: string | undefined
  agent: string | undefined
  referer: string | undefined
  cookie: string | undefined
  retry: number
  retryDelay: number
  retryRefused: boolean
  family: 0 | 4 | 6
  resolve: Map<string, string>
  urls: string[]
  noBuffer: boolean
  progress: boolean
  compressed: boolean
  json: boolean
  upload: string | undefined
  dump: string | undefined
  form: string[]
}

const SHORT: Readonly<{ [c: string]: string }> = {
  s: 'silent',
  S: 'show-error',
  v: 'verbose',
  I: 'head',
  i: 'include',
  o: 'output',
  O: 'remote-name',
  w: 'write-out',
  m: 'max-time',
  H: 'header',
  X: 'request',
  d: 'data',
  L: 'location',
  f: 'fail',
  k: 'insecure',
  u: 'user',
  A: 'user-agent',
  e: 'referer',
  b: 'cookie',
  c: 'cookie-jar',
  G: 'get',
  g: 'globoff',
  '4': 'ipv4',
  '6': 'ipv6',
  N: 'no-buffer',
  '#': 'progress-bar',
  T: 'upload-file',
  D: 'dump-header',
  F: 'form',
  '0': 'http1.0',
  V: 'version',
  h: 'help',
  q: 'disable',
  j: 'junk-session-cookies',
  a: 'append',
  n: 'netrc',
  x: 'proxy',
  y: 'speed-time',
  Y: 'speed-limit',
  z: 'time-cond',
  E: 'cert',
  K: 'config',
  p: 'proxytunnel',
  l: 'list-only',
  R: 'remote-time',
  B: 'use-ascii',
  J: 'remote-header-name',
  M: 'manual',
  P: 'ftp-port',
  Q: 'quote',
  r: 'range',
  t: 'telnet-option',
  U: 'proxy-user',
  C: 'continue-at',
  Z: 'parallel',
  '2': 'sslv2',
  '3': 'sslv3',
  '1': 'tlsv1',
}
const VALUED = new Set([
  'output',
  'write-out',
  'max-time',
  'connect-timeout',
  'header',
  'request',
  'data',
  'data-raw',
  'data-binary',
  'data-ascii',
  'data-urlencode',
  'json',
  'user',
  'user-agent',
  'referer',
  'cookie',
  'cookie-jar',
  'upload-file',
  'dump-header',
  'form',
  'max-redirs',
  'retry',
  'retry-delay',
  'retry-max-time',
  'resolve',
  'connect-to',
  'url',
  'cacert',
  'cert',
  'key',
  'capath',
  'proxy',
  'noproxy',
  'interface',
  'local-port',
  'limit-rate',
  'range',
  'keepalive-time',
  'speed-time',
  'speed-limit',
  'time-cond',
  'config',
  'proxy-user',
  'continue-at',
  'unix-socket',
  'dns-servers',
  'ciphers',
  'tls-max',
  'proto',
  'oauth2-bearer',
  'ftp-port',
  'quote',
  'telnet-option',
  'stderr',
  'trace',
  'trace-ascii',
  'happy-eyeballs-timeout-ms',
  'expect100-timeout',
])
const PLAIN = new Set([
  'silent',
  'show-error',
  'verbose',
  'head',
  'include',
  'remote-name',
  'remote-name-all',
  'get',
  'location',
  'location-trusted',
  'fail',
  'fail-with-body',
  'insecure',
  'globoff',
  'ipv4',
  'ipv6',
  'no-buffer',
  'progress-bar',
  'no-progress-meter',
  'http1.0',
  'http1.1',
  'http2',
  'http2-prior-knowledge',
  'http3',
  'version',
  'help',
  'manual',
  'disable',
  'junk-session-cookies',
  'append',
  'netrc',
  'proxytunnel',
  'list-only',
  'remote-time',
  'use-ascii',
  'remote-header-name',
  'parallel',
  'compressed',
  'raw',
  'retry-connrefused',
  'retry-all-errors',
  'tcp-nodelay',
  'no-keepalive',
  'path-as-is',
  'create-dirs',
  'tlsv1',
  'tlsv1.0',
  'tlsv1.1',
  'tlsv1.2',
  'tlsv1.3',
  'sslv2',
  'sslv3',
  'anyauth',
  'basic',
  'digest',
  'negotiate',
  'styled-output',
  'no-styled-output',
  'tr-encoding',
  'post301',
  'post302',
  'post303',
  'ssl',
  'ssl-reqd',
  'fail-early',
  'no-silent',
  'no-location',
  'no-verbose',
])

const HINT = "curl: try 'curl --help' or 'curl --manual' for more information\n"
const hint = (version: string): string => (atLeast(version, 7, 78) ? HINT : HINT.replace('or', 'or'))

function parse(
  args: readonly string[],
  version: string,
): Options | { readonly error: string; readonly code: number } | 'version' | 'help' {
  const o: Options = {
    silent: false,
    showError: false,
    verbose: 0,
    head: false,
    include: false,
    output: [],
    remoteName: false,
    writeOut: undefined,
    maxTime: 0,
    connectTimeout: 0,
    headers: [],
    method: undefined,
    data: [],
    get: false,
    follow: false,
    maxRedirs: 50,
    fail: false,
    failBody: false,
    insecure: false,
    user: undefined,
    agent: undefined,
    referer: undefined,
    cookie: undefined,
    retry: 0,
    retryDelay: 0,
    retryRefused: false,
    family: 0,
    resolve: new Map(),
    urls: [],
    noBuffer: false,
    progress: false,
    compressed: false,
    json: false,
    upload: undefined,
    dump: undefined,
    form: [],
  }
  const seconds = (v: string): number | undefined => (/^\d+(\.\d*)?$|^\.\d+$/.test(v) ? Number(v) * 1000 : undefined)
  const set = (name: string, value: string, flag: string): { error: string; code: number } | undefined => {
    switch (name) {
      case 'silent':
        o.silent = true
        break
      case 'show-error':
        o.showError = true
        break
      case 'verbose':
        o.verbose++
        break
      case 'head':
        o.head = true
        break
      case 'include':
        o.include = true
        break
      case 'output':
        o.output.push(value)
        break
      case 'remote-name':
      case 'remote-name-all':
        o.remoteName = true
        break
      case 'write-out':
        o.writeOut = value
        break
      case 'max-time':
      case 'connect-timeout': {
        const ms = seconds(value)
        if (ms === undefined)
          return { error: `curl: option ${flag}: expected a proper numerical parameter\n${hint(version)}`, code: 2 }
        if (name === 'max-time') o.maxTime = ms
        else o.connectTimeout = ms
        break
      }
      case 'header':
        o.headers.push(value)
        break
      case 'request':
        o.method = value
        break
      case 'data':
      case 'data-raw':
      case 'data-binary':
      case 'data-ascii':
        o.data.push(value)
        break
      case 'data-urlencode': {
        const cut = value.indexOf('=')
        o.data.push(
          cut < 0
            ? encodeURIComponent(value)
            : `${cut > 0 ? value.slice(0, cut + 1) : ''}${encodeURIComponent(value.slice(cut + 1))}`,
        )
        break
      }
      case 'json':
        o.data.push(value)
        o.json = true
        break
      case 'form':
        o.form.push(value)
        break
      case 'get':
        o.get = true
        break
      case 'location':
      case 'location-trusted':
        o.follow = true
        break
      case 'max-redirs':
        o.maxRedirs = Number(value)
        break
      case 'fail':
        o.fail = true
        break
      case 'fail-with-body':
        o.failBody = true
        break
      case 'insecure':
        o.insecure = true
        break
      case 'user':
        o.user = value
        break
      case 'user-agent':
        o.agent = value
        break
      case 'referer':
        o.referer = value
        break
      case 'cookie':
        o.cookie = value
        break
      case 'upload-file':
        o.upload = value
        break
      case 'dump-header':
        o.dump = value
        break
      case 'retry':
        if (!/^\d+$/.test(value))
          return { error: `curl: option ${flag}: expected a proper numerical parameter\n${hint(version)}`, code: 2 }
        o.retry = Number(value)
        break
      case 'retry-delay':
        o.retryDelay = Number(value) || 0
        break
      case 'retry-connrefused':
      case 'retry-all-errors':
        o.retryRefused = true
        break
      case 'ipv4':
        o.family = 4
        break
      case 'ipv6':
        o.family = 6
        break
      case 'resolve': {
        const m = /^[+]?([^:]+):(\d+):(.*)$/.exec(value)
        if (m) o.resolve.set(`${m[1]}:${m[2]}`, (m[3] ?? '').split(',')[0]?.replace(/^\[|\]$/g, '') ?? '')
        break
      }
      case 'url':
        o.urls.push(value)
        break
      case 'progress-bar':
        o.progress = true
        break
      case 'no-progress-meter':
        o.silent = true
        o.showError = true
        break
      case 'compressed':
        o.compressed = true
        break
      default:
        break
    }
    return undefined
  }
  for (let i = 0; i < args.length; i++) {
    const a = args[i] ?? ''
    if (a === '--') {
      o.urls.push(...args.slice(i + 1))
      break
    }
    if (a.startsWith('--')) {
      const name = a.slice(2)
      const known =
        VALUED.has(name) || PLAIN.has(name)
          ? name
          : name.startsWith('no-') && PLAIN.has(name.slice(3))
            ? ''
            : [...VALUED, ...PLAIN].filter((n) => n.startsWith(name)).length === 1
              ? [...VALUED, ...PLAIN].find((n) => n.startsWith(name))
              : undefined
      if (known === undefined) return { error: `curl: option ${a}: is unknown\n${hint(version)}`, code: 2 }
      if (known === 'version') return 'version'
      if (known === 'help' || known === 'manual') return 'help'
      let value = ''
      if (VALUED.has(known)) {
        const v = args[++i]
        if (v === undefined) return { error: `curl: option ${a}: requires parameter\n${hint(version)}`, code: 2 }
        value = v
      }
      const trouble = set(known, value, a)
      if (trouble) return trouble
    } else if (a.startsWith('-') && a.length > 1) {
      for (let j = 1; j < a.length; j++) {
        const c = a[j] ?? ''
        const name = Object.hasOwn(SHORT, c) ? SHORT[c] : undefined
        // an unknown letter is reported with the whole word, as curl's getparameter does
        if (name === undefined) return { error: `curl: option ${a}: is unknown\n${hint(version)}`, code: 2 }
        if (name === 'version') return 'version'
        if (name === 'help' || name === 'manual') return 'help'
        if (VALUED.has(name)) {
          const v = j + 1 < a.length ? a.slice(j + 1) : args[++i]
          if (v === undefined) return { error: `curl: option ${a}: requires parameter\n${hint(version)}`, code: 2 }
          const trouble = set(name, v, a)
          if (trouble) return trouble
          break
        }
        set(name, '', a)
      }
    } else o.urls.push(a)
  }
  return o
}

/** One row of the progress meter. `speed` in bytes a second, undefined for the first row. */
const row = (got: number, total: number, size: number, speed: number): string => {
  const unit = (n: number): string =>
    n < 100000 ? String(n) : n < 10240 * 1024 ? `${Math.floor(n / 1024)}k` : `${Math.floor(n / 1048576)}M`
  const percent = (n: number, of: number): string => (of > 0 ? String(Math.floor((n / of) * 100)) : '0')
  return `${percent(got, total).padStart(3)} ${unit(total).padStart(5)}  ${percent(size, total).padStart(3)} ${unit(size).padStart(5)}    0     0  ${unit(speed).padStart(5)}      0 --:--:-- --:--:-- --:--:-- ${unit(speed).padStart(5)}`
}
const METER =
  '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n'
const FIRST = '\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0'

interface Result {
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
}

export const curl: Tool = {
  name: 'curl',
  async run(args, ctx) {
    const version = versionOf(ctx, 'curl') || '8.5.0'
    const o = parse(args, version)
    if (o === 'version') {
      ctx.stdout(
        `curl ${version} (x86_64-pc-linux-musl) libcurl/${version}\nProtocols: file http https\nFeatures: alt-svc AsynchDNS IPv6 Largefile\n`,
      )
      return 0
    }
    if (o === 'help') {
      ctx.stdout(
        'Usage: curl [options...] <url>\n -d, --data <data>           HTTP POST data\n -f, --fail                  Fail fast with no output on HTTP errors\n -h, --help <category>       Get help for commands\n -i, --include               Include response headers in output\n -o, --output <file>         Write to file instead of stdout\n -O, --remote-name           Write output to file named as remote file\n -s, --silent                Silent mode\n -T, --upload-file <file>    Transfer local FILE to destination\n -u, --user <user:password>  Server user and password\n -A, --user-agent <name>     Send User-Agent <name> to server\n -v, --verbose               Make the operation more talkative\n -V, --version               Show version number and quit\n',
      )
      return 0
    }
    if ('error' in o) {
      ctx.stderr(o.error)
      return o.code
    }
    if (o.urls.length === 0) {
      ctx.stderr(atLeast(version, 8, 9) ? `curl: (2) no URL specified\n${hint(version)}` : hint(version))
      return 2
    }
    if (o.get && o.data.length > 0) {
      const q = o.data.join('&')
      o.urls = o.urls.map((u) => `${u}${u.includes('?') ? '&' : '?'}${q}`)
      o.data = []
    }
    let code = 0
    for (const [i, url] of o.urls.entries()) {
      code = await transfer(ctx, url, o, i, version)
      if (ctx.signal.aborted) return 130
    }
    return code
  },
}

async function transfer(ctx: ToolContext, url: string, o: Options, index: number, version: string): Promise<number> {
  const output =
    o.output[index] ??
    (o.remoteName
      ? (url
          .replace(/[?#].*$/, '')
          .split('/')
          .pop() ?? 'curl_response')
      : undefined)
  const toFile = output !== undefined && output !== '-'
  // the meter shows when the body does not go to a terminal
  const meter = !o.silent && (!ctx.tty || toFile) && !o.progress
  if (meter) ctx.stderr(METER)
  let started = false
  const start = (): void => {
    if (meter && !started) {
      started = true
      ctx.stderr(FIRST)
    }
  }
  const note = (text: string): void => {
    if (o.verbose) {
      start()
      ctx.stderr(text)
    }
  }
  start()
  let r = await request(ctx, url, o, version, note)
  for (
    let left = o.retry;
    left > 0 &&
    (r.code === 28 ||
      (o.retryRefused && r.code !== 0) ||
      (r.response && [408, 429, 500, 502, 503, 504].includes(r.response.status)));
    left--
  ) {
    const wait = o.retryDelay || 1
    if (!o.silent)
      ctx.stderr(
        `${o.silent ? '' : 'Warning: '}Problem: ${r.code === 28 ? 'timeout' : r.response ? 'HTTP error' : 'connection refused'}. Will retry in ${wait} seconds. ${left} retries left.\n`,
      )
    await ctx.sleep(wait * 1000)
    r = await request(ctx, url, o, version, note)
  }
  const say = !o.silent || o.showError
  let code = r.code
  if (r.response) {
    const m = r.response
    const failed = (o.fail || o.failBody) && m.status >= 400
    const headText = `HTTP/${m.version} ${m.status}${m.reason ? ` ${m.reason}` : ''}\r\n${m.headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`
    if (o.dump) {
      if (o.dump === '-') ctx.stdout(headText)
      else ctx.files.write(absolute(ctx.cwd, o.dump), headText)
    }
    const body = o.head ? '' : m.body
    if (meter) {
      const total = Number(header(m, 'content-length') ?? byteLength(m.body))
      if (failed && !o.failBody) ctx.stderr(FIRST)
      else if (o.head)
        ctx.stderr(
          `\r  0 ${String(total).padStart(5)}    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0`,
        )
      else ctx.stderr(`\r${row(byteLength(body), total, byteLength(body), byteLength(body) * 250)}`)
    }
    if (failed && !o.failBody) {
      code = 22
      r.error = `The requested URL returned error: ${m.status}`
    } else {
      const text = `${o.include || o.head ? headText : ''}${body}`
      if (toFile) {
        if (output !== '/dev/null')
          try {
            ctx.files.write(absolute(ctx.cwd, output), text)
          } catch (e) {
            code = 23
            if (say)
              ctx.stderr(
                `Warning: Failed to open the file ${output}: ${(e as { code?: string }).code === 'EROFS' ? 'Read-only file system' : (e as { code?: string }).code === 'EACCES' ? 'Permission denied' : 'No such file or directory'}\n`,
              )
            r.error = 'Failure writing output to destination'
          }
      } else ctx.stdout(text)
      if (failed) {
        code = 22
        r.error = `The requested URL returned error: ${m.status}`
      }
    }
    if (meter) ctx.stderr('\n')
    if (o.verbose)
      ctx.stderr(
        keepsAlive(m)
          ? `* Connection #0 to host ${r.target?.host} left intact\n`
          : atLeast(version, 8, 0)
            ? '* Closing connection\n'
            : '* Closing connection 0\n',
      )
  } else if (o.verbose) ctx.stderr(atLeast(version, 8, 0) ? '* Closing connection\n' : '* Closing connection 0\n')
  if (code !== 0 && say) ctx.stderr(`curl: (${code}) ${r.error}\n`)
  if (o.writeOut !== undefined)
    ctx.stdout(
      writeOut(
        o.writeOut.startsWith('@') ? (ctx.files.read(absolute(ctx.cwd, o.writeOut.slice(1))) ?? '') : o.writeOut,
        r,
        code,
        url,
        version,
      ),
    )
  return code
}

const keepsAlive = (m: HttpResponse): boolean =>
  m.version !== '1.0' && header(m, 'connection')?.toLowerCase() !== 'close'

async function request(
  ctx: ToolContext,
  first: string,
  o: Options,
  version: string,
  note: (text: string) => void,
): Promise<Result> {
  const r: Result = {
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
  }
  const end = (code: number, error: string): Result => ({ ...r, code, error })
  let url = first
  let method = o.method ?? (o.head ? 'HEAD' : o.upload ? 'PUT' : o.data.length || o.form.length ? 'POST' : 'GET')
  let keepBody = true
  for (;;) {
    const t = parseUrl(url)
    if (t === 'scheme')
      return end(
        1,
        `Protocol "${/^[^:]+/.exec(url)?.[0]}" not supported${atLeast(version, 8, 0) ? '' : ' or disabled in libcurl'}`,
      )
    if (t === 'host')
      return end(
        3,
        /^[a-z]+:\/\/$/i.test(url) || url === ''
          ? atLeast(version, 7, 80)
            ? 'URL using bad/illegal format or missing URL'
            : '<url> malformed'
          : 'URL using bad/illegal format or missing URL',
      )
    if (t === 'port')
      return end(
        3,
        atLeast(version, 7, 80)
          ? 'URL rejected: Port number was not a decimal number between 0 and 65535'
          : `Port number was not a decimal number between 0 and 65535`,
      )
    r.target = t
    r.effective = url.includes('://') ? url : `http://${url}${/^[^/?]*$/.test(url) ? '/' : ''}`
    const pinned = o.resolve.get(`${t.host}:${t.port}`)
    const reached = await reach(ctx, pinned ?? t.host, t.port, o.family)
    const old = !atLeast(version, 8, 6)
    if (reached.outcome === 'unresolved') {
      if (reached.timedOut) {
        const limit = o.connectTimeout || o.maxTime || 10000
        await ctx.sleep(limit)
        return end(
          o.connectTimeout || o.maxTime ? 28 : 6,
          o.connectTimeout || o.maxTime
            ? `Resolving timed out after ${limit} milliseconds`
            : `Could not resolve host: ${t.host}`,
        )
      }
      note(`* Could not resolve host: ${t.host}\n`)
      return end(6, `Could not resolve host: ${t.host}`)
    }
    if (!old && pinned === undefined && !/^[\d.]+$|:/.test(t.host)) {
      const six = reached.addresses.filter((a) => a.includes(':'))
      const four = reached.addresses.filter((a) => !a.includes(':'))
      note(
        `* Host ${t.host}:${t.port} was resolved.\n* IPv6: ${six.join(', ') || '(none)'}\n* IPv4: ${four.join(', ') || '(none)'}\n`,
      )
    }
    const shown = reached.address.includes(':') ? `[${reached.address}]` : reached.address
    note(`*   Trying ${shown}:${t.port}...\n`)
    r.address = reached.address
    r.port = t.port
    if (reached.outcome !== 'connected') {
      const couldNot = atLeast(version, 8, 11) ? 'Could not connect to server' : "Couldn't connect to server"
      const patience = Math.min(o.connectTimeout || Infinity, o.maxTime || Infinity)
      // an address that nobody has says so after three seconds
      if (reached.outcome === 'timeout' || (reached.outcome === 'unreachable' && patience <= 3000)) {
        const limit = Math.min(o.connectTimeout || Infinity, o.maxTime || Infinity)
        const ms = limit === Infinity ? 130000 : limit
        await ctx.sleep(ms)
        if (limit === Infinity)
          return end(
            28,
            `Failed to connect to ${t.host} port ${t.port} after 130${ctx.random(900) + 100} ms: ${atLeast(version, 7, 88) ? couldNot : 'Operation timed out'}`,
          )
        const after = Math.floor(ms) + (ms >= 1000 ? 1 : 0) + ctx.random(2)
        const error =
          o.connectTimeout && o.connectTimeout === limit && atLeast(version, 7, 88) && !atLeast(version, 8, 4)
            ? `Connection timeout after ${after} ms`
            : atLeast(version, 8, 4) && o.connectTimeout === limit
              ? `Failed to connect to ${t.host} port ${t.port} after ${after} ms: Timeout was reached`
              : `Connection timed out after ${after} milliseconds`
        note(`* ${error}\n`)
        return end(28, error)
      }
      const ms = reached.outcome === 'unreachable' ? 3000 + ctx.random(90) : ctx.random(2)
      if (reached.outcome === 'unreachable') await ctx.sleep(3000)
      const cause =
        reached.outcome === 'unreachable'
          ? atLeast(version, 7, 88)
            ? couldNot
            : 'No route to host'
          : atLeast(version, 7, 88)
            ? couldNot
            : 'Connection refused'
      const error = atLeast(version, 7, 78)
        ? `Failed to connect to ${t.host} port ${t.port} after ${ms} ms: ${cause}`
        : `Failed to connect to ${t.host} port ${t.port}: ${reached.outcome === 'unreachable' ? 'No route to host' : 'Connection refused'}`
      note(
        `* connect to ${reached.address} port ${t.port} ${old ? '' : `from ${ctx.network.addresses[0] ?? '0.0.0.0'} port ${32768 + ctx.random(28000)} `}failed: ${reached.outcome === 'unreachable' ? 'No route to host' : 'Connection refused'}\n* ${error}\n`,
      )
      return end(7, error)
    }
    const c = reached.connection
    r.connects++
    note(
      atLeast(version, 8, 0)
        ? atLeast(version, 8, 11)
          ? `* Connected to ${t.host} (${reached.address}) port ${t.port}\n`
          : `* Connected to ${t.host} (${reached.address}) port ${t.port}\n`
        : `* Connected to ${t.host} (${reached.address}) port ${t.port} (#0)\n`,
    )
    if (t.scheme === 'https' && !c.tls)
      return end(
        35,
        atLeast(version, 8, 0)
          ? 'OpenSSL/3.1.4: error:0A00010B:SSL routines::wrong version number'
          : 'error:0A00010B:SSL routines::wrong version number',
      )
    if (t.scheme === 'https' && !o.insecure)
      return end(
        60,
        `SSL certificate problem: self${atLeast(version, 7, 80) ? '-' : ' '}signed certificate\nMore details here: https://curl.se/docs/sslcerts.html\n\ncurl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the ${atLeast(version, 8, 9) ? 'webpage' : 'web page'} mentioned above.`,
      )
    const body = keepBody ? bodyOf(ctx, o) : undefined
    const headers: [string, string][] = [['Host', t.authority]]
    const user = o.user ?? t.user
    if (user !== undefined) headers.push(['Authorization', `Basic ${base64(user.includes(':') ? user : `${user}:`)}`])
    headers.push(['User-Agent', o.agent ?? `curl/${version}`], ['Accept', o.json ? 'application/json' : '*/*'])
    if (o.compressed) headers.push(['Accept-Encoding', 'deflate, gzip'])
    if (o.referer) headers.push(['Referer', o.referer])
    if (o.cookie?.includes('=')) headers.push(['Cookie', o.cookie])
    if (body !== undefined)
      headers.push(
        ['Content-Length', String(byteLength(body))],
        [
          'Content-Type',
          o.json
            ? 'application/json'
            : o.form.length
              ? 'multipart/form-data; boundary=------------------------d74496d66958873e'
              : 'application/x-www-form-urlencoded',
        ],
      )
    for (const h of o.headers) {
      const cut = h.search(/[:;]/)
      const name = cut < 0 ? h : h.slice(0, cut)
      const value = cut < 0 ? '' : h.slice(cut + 1).trim()
      const at = headers.findIndex(([k]) => k.toLowerCase() === name.toLowerCase())
      if (at >= 0) {
        if (value === '') headers.splice(at, 1)
        else headers[at] = [name, value]
      } else if (value !== '' || h[cut] === ';') headers.push([name, value])
    }
    if (t.scheme === 'http' && !c.http) {
      if (c.banner !== undefined) {
        note(`> ${method} ${t.path} HTTP/1.1\n${headers.map(([k, v]) => `> ${k}: ${v}\n`).join('')}> \n`)
        return end(1, 'Received HTTP/0.9 when not allowed')
      }
      return end(52, 'Empty reply from server')
    }
    if (!c.http) return end(52, 'Empty reply from server')
    note(
      `${!atLeast(version, 8, 7) ? '' : '* using HTTP/1.x\n'}> ${method} ${t.path} HTTP/1.1\n${headers.map(([k, v]) => `> ${k}: ${v}\n`).join('')}> \n`,
    )
    if (atLeast(version, 8, 7)) note('* Request completely sent off\n')
    const response = c.http({
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
        return end(28, `Operation timed out after ${o.maxTime + 1 + ctx.random(2)} milliseconds with 0 bytes received`)
      }
      await ctx.sleep(response.delay)
    }
    r.response = response
    r.sizeRequest += method.length + t.path.length + 12 + headers.reduce((n, [k, v]) => n + k.length + v.length + 4, 2)
    r.sizeUpload = byteLength(body ?? '')
    r.sizeHeader += response.headers.reduce((n, [k, v]) => n + k.length + v.length + 4, 15 + response.reason.length)
    r.downloaded = o.head ? 0 : byteLength(response.body)
    if (response.version === '1.0') note('* HTTP 1.0, assume close after body\n')
    note(
      `< HTTP/${response.version} ${response.status} ${response.reason}\n${response.headers.map(([k, v]) => `< ${k}: ${v}\n`).join('')}< \n`,
    )
    if (o.verbose && !o.head && response.body !== '') note(`{ [${byteLength(response.body)} bytes data]\n`)
    const location = header(response, 'location')
    r.redirectUrl = location && response.status >= 300 && response.status < 400 ? relocate(t, location) : ''
    if (!o.follow || !r.redirectUrl) return r
    if (r.redirects >= o.maxRedirs) return end(47, `Maximum (${o.maxRedirs}) redirects followed`)
    r.redirects++
    note(`* Issue another request to this URL: '${r.redirectUrl}'\n`)
    url = r.redirectUrl
    if (!o.method && [301, 302, 303].includes(response.status) && method === 'POST') {
      method = 'GET'
      keepBody = false
    }
  }
}

function bodyOf(ctx: ToolContext, o: Options): string | undefined {
  if (o.form.length)
    return (
      o.form
        .map((f) => {
          const cut = f.indexOf('=')
          return `--------------------------d74496d66958873e\r\nContent-Disposition: form-data; name="${f.slice(0, cut)}"\r\n\r\n${f.slice(cut + 1)}\r\n`
        })
        .join('') + '--------------------------d74496d66958873e--\r\n'
    )
  if (o.upload !== undefined) return ctx.files.read(absolute(ctx.cwd, o.upload)) ?? ''
  if (o.data.length === 0) return undefined
  return o.data
    .map((d) =>
      d.startsWith('@') && !o.json ? (ctx.files.read(absolute(ctx.cwd, d.slice(1))) ?? '').replace(/[\r\n]/g, '') : d,
    )
    .join(o.json ? '' : '&')
}

function writeOut(format: string, r: Result, code: number, url: string, version: string): string {
  const m = r.response
  const status = m ? String(m.status) : '000'
  const values: Readonly<{ [name: string]: string }> = {
    http_code: status,
    response_code: status,
    http_connect: '000',
    remote_ip: r.address,
    remote_port: String(r.port),
    local_ip: r.address ? '' : '',
    local_port: '0',
    size_download: String(r.downloaded),
    size_header: String(r.sizeHeader),
    size_request: String(r.sizeRequest),
    size_upload: String(r.sizeUpload),
    speed_download: String(r.downloaded * 250),
    speed_upload: '0',
    time_total: '0.004000',
    time_connect: m ? '0.001000' : '0.000000',
    time_namelookup: '0.000800',
    time_pretransfer: m ? '0.001200' : '0.000000',
    time_starttransfer: m ? '0.003800' : '0.000000',
    time_redirect: '0.000000',
    time_appconnect: '0.000000',
    url,
    url_effective: r.effective,
    num_redirects: String(r.redirects),
    redirect_url: r.redirectUrl,
    content_type: m ? (header(m, 'content-type') ?? '') : '',
    http_version: m ? (m.version === '1.0' ? '1' : m.version) : '0',
    method: 'GET',
    scheme: (r.target?.scheme ?? '').toUpperCase(),
    exitcode: String(code),
    errormsg: r.error,
    num_connects: String(r.connects),
    num_headers: String(m?.headers.length ?? 0),
    ssl_verify_result: '0',
    proxy_ssl_verify_result: '0',
    filename_effective: '',
    onerror: '',
    stdout: '',
    stderr: '',
  }
  if (atLeast(version, 8, 0) && values['scheme']) Object.assign(values, { scheme: r.target?.scheme ?? '' })
  return format
    .replace(/\\n/g, '\n')
    .replace(/\\t/g, '\t')
    .replace(/\\r/g, '\r')
    .replace(/%\{([a-z_]+)\}|%header\{([^}]+)\}|%%/g, (all, name: string | undefined, head: string | undefined) =>
      all === '%%'
        ? '%'
        : head !== undefined
          ? m
            ? (header(m, head.toLowerCase()) ?? '')
            : ''
          : name !== undefined && Object.hasOwn(values, name)
            ? (values[name] ?? '')
            : '',
    )
}
