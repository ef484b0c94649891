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
  retry: number
  retryDelay: number
  retryRefused: boolean
  family: 0 | 4 | 6
  resolve: Map<string, string>
  badResolve: string | undefined
  urls: string[]
  noBuffer: boolean
  progress: boolean
  compressed: boolean
  json: boolean
  upload: string | undefined
  dump: string | undefined
  form: string[]
  /** Header lines that options other than -H add, before and behind those every request has. */
  early: string[]
  late: string[]
  connectTo: string[]
  createDirs: boolean
  failEarly: boolean
  /** Statuses after which a POST stays one. */
  keepPost: number[]
  http10: boolean
  asIs: boolean
  glob: boolean
  config: string[]
  jar: string | undefined
  cookies: string[]
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
  'http0.9',
])

const HINT = "curl: try 'curl --help' or 'curl --manual' for more information\n"
const hint = (version: string): string => (atLeast(version, 7, 78) ? HINT : HINT.replace('or', 'or'))

/** What encodeURIComponent leaves as it is and curl does not. */
const escaped = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase()}`

/** Lines of a config file as arguments: `name = "value"`, `name value`, a dash or two before the name or none. */
function configArguments(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const m = /^\s*(-{0,2})([^\s=:#]+)(?:\s*[\s=:]\s*(?:"((?:[^"\\]|\\.)*)"|(\S.*?)))?\s*$/.exec(line)
    if (!m) return []
    const [, dashes = '', name = '', quoted, plain] = m
    const option = dashes === '-' ? `-${name}` : `--${name}`
    const value = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1')
    return value === undefined ? [option] : [option, value]
  })
}

function parse(
  args: readonly string[],
  version: string,
  file: (path: string) => string | undefined,
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
    retry: 0,
    retryDelay: 0,
    retryRefused: false,
    family: 0,
    resolve: new Map(),
    badResolve: undefined,
    urls: [],
    noBuffer: false,
    progress: false,
    compressed: false,
    json: false,
    upload: undefined,
    dump: undefined,
    form: [],
    early: [],
    late: [],
    connectTo: [],
    createDirs: false,
    failEarly: false,
    keepPost: [],
    http10: false,
    asIs: false,
    glob: true,
    config: [],
    jar: undefined,
    cookies: [],
  }
  const read = (path: string): string => file(path) ?? ''
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
      case 'data-ascii':
        o.data.push(value.startsWith('@') ? read(value.slice(1)).replace(/[\r\n]/g, '') : value)
        break
      case 'data-raw':
        o.data.push(value)
        break
      case 'data-binary':
      case 'json':
        o.data.push(value.startsWith('@') ? read(value.slice(1)) : value)
        if (name === 'json') o.json = true
        break
      case 'data-urlencode': {
        const cut = value.search(/[=@]/)
        const field = cut > 0 ? `${value.slice(0, cut)}=` : ''
        const text = cut < 0 ? value : value[cut] === '@' ? read(value.slice(cut + 1)) : value.slice(cut + 1)
        o.data.push(
          `${field}${encodeURIComponent(text)
            .replace(/%20/g, '+')
            .replace(/[!'()*]/g, escaped)}`,
        )
        break
      }
      case 'range':
        o.early.push(`Range: bytes=${value}`)
        break
      case 'oauth2-bearer':
        o.early.push(`Authorization: Bearer ${value}`)
        break
      case 'time-cond':
        o.late.push(`If-Modified-Since: ${value}`)
        break
      case 'tr-encoding':
        o.late.push('Connection: TE', 'TE: gzip')
        break
      case 'connect-to':
        o.connectTo.push(value)
        break
      case 'fail-early':
        o.failEarly = true
        break
      case 'post301':
      case 'post302':
      case 'post303':
        o.keepPost.push(Number(name.slice(4)))
        break
      case 'http1.0':
        o.http10 = true
        break
      case 'create-dirs':
        o.createDirs = true
        break
      case 'path-as-is':
        o.asIs = true
        break
      case 'globoff':
        o.glob = false
        break
      case 'cookie-jar':
        o.jar = value
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
        if (!/^-?\d+$/.test(value))
          return { error: `curl: option ${flag}: expected a proper numerical parameter\n${hint(version)}`, code: 2 }
        o.maxRedirs = Number(value) < 0 ? Infinity : Number(value)
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
        if (value.includes('=')) o.cookies.push(value)
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
        if (!m) o.badResolve ??= value
        else o.resolve.set(`${m[1]}:${m[2]}`, (m[3] ?? '').split(',')[0]?.replace(/^\[|\]$/g, '') ?? '')
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
  /** Options of a -K file stand where it was named; an error when it is not there. */
  const configured = (path: string, at: number): { error: string; code: number } | undefined => {
    const text = file(path)
    if (text === undefined)
      return { error: `curl: option -K: error encountered when reading a file\n${hint(version)}`, code: 26 }
    words.splice(at + 1, 0, ...configArguments(text))
    return undefined
  }
  const words = [...args]
  for (let i = 0; i < words.length; i++) {
    const a = words[i] ?? ''
    if (a === '--') {
      o.urls.push(...words.slice(i + 1))
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
        const v = words[++i]
        if (v === undefined) return { error: `curl: option ${a}: requires parameter\n${hint(version)}`, code: 2 }
        value = v
      }
      const trouble = known === 'config' ? configured(value, i) : set(known, value, a)
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
          const v = j + 1 < a.length ? a.slice(j + 1) : words[++i]
          if (v === undefined) return { error: `curl: option ${a}: requires parameter\n${hint(version)}`, code: 2 }
          const trouble = name === 'config' ? configured(v, i) : set(name, v, a)
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
  /** Every response on the way. */
  heads: HttpResponse[]
}

export const curl: Tool = {
  name: 'curl',
  async run(args, ctx) {
    let rest = args
    let code = 0
    // each --next begins with fresh options; how loud curl is holds for all of them
    const loudness = args.filter((a) => /^(?:-[sSv]+|--silent|--show-error|--verbose)$/.test(a))
    for (;;) {
      const cut = rest.findIndex((a) => a === '--next' || a === '-:')
      const own = cut < 0 ? rest : rest.slice(0, cut)
      code = await group(rest === args ? own : [...loudness, ...own], ctx)
      if (cut < 0 || ctx.signal.aborted) return code
      rest = rest.slice(cut + 1)
    }
  },
}

async function group(args: readonly string[], ctx: ToolContext): Promise<number> {
  const version = versionOf(ctx, 'curl') || '8.5.0'
  const o = parse(args, version, (path) => ctx.files.read(absolute(ctx.cwd, path)))
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
    const none = args.length === 0 ? '' : 'curl: no URL specified!\n'
    ctx.stderr(`${atLeast(version, 8, 9) ? 'curl: (2) no URL specified\n' : none}${hint(version)}`)
    return 2
  }
  if (o.get && o.data.length > 0) {
    const q = o.data.join('&')
    o.urls = o.urls.map((u) => `${u}${u.includes('?') ? '&' : '?'}${q}`)
    o.data = []
  }
  if (o.badResolve !== undefined) {
    if (!o.silent || o.showError) ctx.stderr(`curl: (49) Couldn't parse CURLOPT_RESOLVE entry '${o.badResolve}'\n`)
    return 49
  }
  let code = 0
  for (const [i, typed] of o.urls.entries()) {
    const urls = o.glob ? expand(typed) : [typed]
    if (!Array.isArray(urls)) {
      if (!o.silent || o.showError) ctx.stderr(`curl: (3) ${urls.error}\n`)
      return 3
    }
    for (const url of urls) code = await transfer(ctx, url, o, i, version)
    if (o.failEarly && code !== 0) return code
    if (ctx.signal.aborted) return 130
  }
  return code
}

/** The URLs of a pattern: {a,b} and [1-3], [a-c], [01-10:2]. */
function expand(pattern: string): string[] | { readonly error: string } {
  // an address in brackets is no range
  const m = /\{([^{}]*)\}|\[(?![0-9a-fA-F:.]*:[0-9a-fA-F:.]*\])([^\]]*)(\]?)/.exec(pattern)
  if (!m) return [pattern]
  const bad = (what: string): { error: string } => ({
    error: `${what} in URL position ${m.index + 2}:\n${pattern}\n${' '.repeat(m.index + 1)}^`,
  })
  let items: string[]
  if (m[1] !== undefined) items = m[1].split(',')
  else {
    const range = /^(?:(\d+)-(\d+)|([a-zA-Z])-([a-zA-Z]))(?::(\d+))?$/.exec(m[2] ?? '')
    if (!range || m[3] === '') return bad('bad range')
    const [, low, high, from = '', to = '', by = '1'] = range
    const [first, last] = low === undefined ? [from.charCodeAt(0), to.charCodeAt(0)] : [Number(low), Number(high)]
    if (first > last || last - first > 10_000 || Number(by) === 0) return bad('bad range')
    items = []
    for (let n = first; n <= last; n += Number(by))
      items.push(low === undefined ? String.fromCharCode(n) : String(n).padStart(low.length, '0'))
  }
  const rest = expand(pattern.slice(m.index + m[0].length))
  if (!Array.isArray(rest)) return bad('bad range')
  return items.flatMap((item) => rest.map((tail) => pattern.slice(0, m.index) + item + tail))
}

async function transfer(ctx: ToolContext, url: string, o: Options, index: number, version: string): Promise<number> {
  const output =
    o.output[index] ??
    (o.remoteName
      ? (url
          .replace(/[?#].*$/, '')
          .replace(/^[a-z]+:\/\//, '')
          .split('/')
          .slice(1)
          .pop() ?? '')
      : undefined)
  if (output === '') {
    if (!o.silent) ctx.stderr('curl: Remote file name has no length!\n')
    if (!o.silent || o.showError) ctx.stderr('curl: (23) Failed writing received data to disk/application\n')
    return 23
  }
  if (o.upload !== undefined && ctx.files.kind(absolute(ctx.cwd, o.upload)) !== 'file') {
    ctx.stderr(`curl: Can't open '${o.upload}'!\n${hint(version)}`)
    if (!o.silent || o.showError) ctx.stderr('curl: (26) Failed to open/read local data from file/application\n')
    return 26
  }
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
    // what came is shown, each time
    if (r.code !== 0 && o.showError) ctx.stderr(`curl: (${r.code}) ${r.error}\n`)
    if (r.response && !o.fail && !toFile)
      ctx.stdout(`${o.include ? r.heads.map(headText).join('') : ''}${r.response.body}`)
    await ctx.sleep(wait * 1000)
    r = await request(ctx, url, o, version, note)
  }
  const say = !o.silent || o.showError
  let code = r.code
  if (r.response) {
    const m = r.response
    const failed = (o.fail || o.failBody) && m.status >= 400
    const heads = r.heads.map(headText).join('')
    if (o.dump) {
      if (o.dump === '-') ctx.stdout(heads)
      else ctx.files.write(absolute(ctx.cwd, o.dump), heads)
    }
    const body = o.head ? '' : m.body
    if (meter) {
      const total = Number(header(m, 'content-length') ?? byteLength(m.body))
      if (failed && !o.failBody) ctx.stderr(`\r${row(0, total, 0, 0)}`)
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
      const text = `${o.include || o.head ? heads : ''}${body}`
      if (toFile) {
        if (output !== '/dev/null')
          try {
            const path = absolute(ctx.cwd, output)
            const folder = path.replace(/\/[^/]*$/, '') || '/'
            if (o.createDirs && ctx.files.kind(folder) === undefined) ctx.files.mkdir(folder)
            if (ctx.files.kind(folder) !== 'directory') throw Object.assign(new Error(folder), { code: 'ENOENT' })
            ctx.files.write(path, text)
          } catch (e) {
            code = 23
            if (!o.silent)
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
  } else {
    // a connection that failed ends the meter's row; a name that has no address leaves it open
    if (meter && r.address !== '') ctx.stderr(`${FIRST}\n`)
    if (o.verbose) ctx.stderr(atLeast(version, 8, 0) ? '* Closing connection\n' : '* Closing connection 0\n')
  }
  if (o.jar !== undefined && r.response) {
    const text = cookieJar(r)
    if (o.jar === '-') ctx.stdout(text)
    else ctx.files.write(absolute(ctx.cwd, o.jar), text)
  }
  if (code !== 0 && say) ctx.stderr(`curl: (${code}) ${r.error}\n`)
  if (o.writeOut !== undefined) {
    const format = o.writeOut.startsWith('@')
      ? (ctx.files.read(absolute(ctx.cwd, o.writeOut.slice(1))) ?? '').replace(/[\r\n]/g, '')
      : o.writeOut
    writeOut(format, r, code, { url, number: index, file: toFile ? output : '' }, version, ctx)
  }
  return code
}

/** The first lines of a response. */
const headText = (m: HttpResponse): string =>
  `HTTP/${m.version} ${m.status}${m.reason ? ` ${m.reason}` : ''}\r\n${m.headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`

/** The cookies of a transfer in Netscape's form. */
function cookieJar(r: Result): string {
  const rows = r.heads.flatMap((m) =>
    m.headers.flatMap(([name, value]) => {
      const found = name.toLowerCase() === 'set-cookie' ? /^([^=;]+)=([^;]*)/.exec(value) : null
      const path = /;\s*path=([^;]*)/i.exec(value)?.[1] ?? '/'
      return found ? [[r.target?.host ?? '', 'FALSE', path, 'FALSE', '0', found[1], found[2]].join('\t')] : []
    }),
  )
  const head =
    '# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n# This file was generated by libcurl! Edit at your own risk.\n\n'
  return head + rows.map((row) => `${row}\n`).join('')
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
const REUSE = '* Found bundle for host: 0x55d0c7f4a3c0 [serially]\n* Can not multiplex, even if we wanted to\n'

const headerOf = (line: string): [string, string] => {
  const cut = line.indexOf(':')
  return [line.slice(0, cut), line.slice(cut + 1).trim()]
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
    heads: [],
  }
  const end = (code: number, error: string): Result => ({ ...r, code, error })
  let url = o.upload !== undefined && first.endsWith('/') ? first + (o.upload.split('/').pop() ?? '') : first
  let method = o.method ?? (o.head ? 'HEAD' : o.upload ? 'PUT' : o.data.length || o.form.length ? 'POST' : 'GET')
  let keepBody = true
  let told = false
  let last: { readonly host: string; readonly port: number; readonly alive: boolean } | undefined
  for (;;) {
    if (/[\s\0]/.test(url))
      return end(
        3,
        atLeast(version, 8, 0)
          ? 'URL rejected: Malformed input to a URL function'
          : 'URL using bad/illegal format or missing URL',
      )
    const local = /^file:\/\/(?:localhost)?(\/.*)$/i.exec(url)?.[1]
    if (local !== undefined) {
      const body = ctx.files.read(absolute('/', decodeURIComponent(local)))
      if (body === undefined) return end(37, `Couldn't open file ${local}`)
      r.response = { status: 0, reason: '', version: '', headers: [], body }
      r.downloaded = byteLength(body)
      return r
    }
    const parsed = parseUrl(url.replace(/^(https?:\/\/)\/(?=[^/])/i, '$1'))
    const t = typeof parsed === 'string' || o.asIs ? parsed : { ...parsed, path: withoutDots(parsed.path) }
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
        atLeast(version, 8, 0)
          ? 'URL rejected: Port number was not a decimal number between 0 and 65535'
          : 'URL using bad/illegal format or missing URL',
      )
    r.target = t
    r.effective = url.includes('://') ? url : `http://${url}${/^[^/?]*$/.test(url) ? '/' : ''}`
    const pinned = o.resolve.get(`${t.host}:${t.port}`)
    if (pinned !== undefined && !told) {
      told = true
      for (const [where, address] of o.resolve) note(`* Added ${where}:${address} to DNS cache\n`)
    }
    if (pinned !== undefined) note(`* Hostname ${t.host} was found in DNS cache\n`)
    const turned = connectTo(o.connectTo, t)
    if (turned) note(`* Connecting to hostname: ${turned.host}\n* Connecting to port: ${turned.port}\n`)
    const port = turned?.port ?? t.port
    const reached = await reach(ctx, pinned ?? turned?.host ?? t.host, port, o.family)
    const reused =
      last !== undefined && reached.outcome === 'connected' && last.host === t.host && last.port === port && last.alive
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
    const trying = (address: string): string =>
      `*   Trying ${address.includes(':') ? `[${address}]` : address}:${port}...\n`
    const from = (): string =>
      old ? '' : `from ${ctx.network.addresses[0] ?? '0.0.0.0'} port ${32768 + ctx.random(28000)} `
    const modern = atLeast(version, 8, 0)
    if (reused) note(`${modern ? '' : REUSE}* Re-using existing connection${modern ? '' : ' #0'} with host ${t.host}\n`)
    else {
      // every address is tried in turn
      for (const f of reached.failed) {
        note(trying(f.address))
        if (f.outcome !== 'timeout')
          note(
            `* connect to ${f.address} port ${port} ${from()}failed: ${f.outcome === 'unreachable' ? 'No route to host' : 'Connection refused'}\n`,
          )
      }
      if (reached.outcome === 'connected') note(trying(reached.address))
    }
    r.address = reached.address
    r.port = port
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
      note(`* ${error}\n`)
      return end(7, error)
    }
    const c = reached.connection
    if (!reused) {
      r.connects++
      const host = turned && !atLeast(version, 8, 0) ? '(nil)' : t.host
      note(`* Connected to ${host} (${reached.address}) port ${port}${atLeast(version, 8, 0) ? '' : ' (#0)'}\n`)
    }
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
    const headers: [string, string][] = [['Host', t.authority], ...o.early.map(headerOf)]
    const user = o.user ?? t.user
    if (user !== undefined) headers.push(['Authorization', `Basic ${base64(user.includes(':') ? user : `${user}:`)}`])
    if (o.agent !== '') headers.push(['User-Agent', o.agent ?? `curl/${version}`])
    if (!o.json) headers.push(['Accept', '*/*'])
    if (o.compressed) headers.push(['Accept-Encoding', 'deflate, gzip'])
    if (o.referer) headers.push(['Referer', o.referer])
    if (o.cookies.length > 0) headers.push(['Cookie', o.cookies.join(';')])
    const own = o.headers.flatMap((h) =>
      h.startsWith('@') ? (ctx.files.read(absolute(ctx.cwd, h.slice(1))) ?? '').split('\n').filter(Boolean) : [h],
    )
    if (o.json)
      for (const [name, value] of [
        ['Content-Type', 'application/json'],
        ['Accept', 'application/json'],
      ] as const)
        if (!own.some((h) => h.toLowerCase().startsWith(name.toLowerCase()))) own.push(`${name}: ${value}`)
    const length = byteLength(body ?? '')
    if (body !== undefined) headers.push(['Content-Length', String(length)])
    if (body !== undefined && o.upload !== undefined) headers.push(['Expect', '100-continue'])
    else if (body !== undefined && !o.json)
      headers.push([
        'Content-Type',
        o.form.length
          ? 'multipart/form-data; boundary=------------------------d74496d66958873e'
          : 'application/x-www-form-urlencoded',
      ])
    headers.push(...o.late.map(headerOf))
    // headers of one's own stand before those of the body; one that replaces another stands there as well
    for (const h of own) {
      const cut = h.search(/[:;]/)
      const name = cut < 0 ? h : h.slice(0, cut)
      const value = cut < 0 ? '' : h.slice(cut + 1).trim()
      const at = headers.findIndex(([k]) => k.toLowerCase() === name.toLowerCase())
      if (at === 0 && value !== '') headers[0] = [name, value]
      else {
        if (at >= 0) headers.splice(at, 1)
        const behind = headers.findIndex(([k]) => k === 'Content-Length')
        if (value !== '' || h[cut] === ';') headers.splice(behind < 0 ? headers.length : behind, 0, [name, value])
      }
    }
    if (t.scheme === 'http' && !c.http) {
      if (c.banner !== undefined) {
        note(
          `> ${method} ${t.path} HTTP/${o.http10 ? '1.0' : '1.1'}\n${headers.map(([k, v]) => `> ${k}: ${v}\n`).join('')}> \n`,
        )
        return end(1, 'Received HTTP/0.9 when not allowed')
      }
      return end(52, 'Empty reply from server')
    }
    if (!c.http) return end(52, 'Empty reply from server')
    note(
      `${!atLeast(version, 8, 7) ? '' : '* using HTTP/1.x\n'}> ${method} ${t.path} HTTP/${o.http10 ? '1.0' : '1.1'}\n${headers.map(([k, v]) => `> ${k}: ${v}\n`).join('')}> \n`,
    )
    if (body !== undefined && o.verbose) note(`} [${byteLength(body)} bytes data]\n`)
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
    r.heads.push(response)
    r.sizeRequest += method.length + t.path.length + 12 + headers.reduce((n, [k, v]) => n + k.length + v.length + 4, 2)
    r.sizeUpload = byteLength(body ?? '')
    r.sizeHeader += response.headers.reduce((n, [k, v]) => n + k.length + v.length + 4, 17 + response.reason.length)
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
    const alive = keepsAlive(response)
    last = { host: t.host, port, alive }
    note(
      alive
        ? `* Connection #0 to host ${t.host} left intact\n`
        : atLeast(version, 8, 0)
          ? '* Closing connection\n'
          : '* Closing connection 0\n',
    )
    note(`* Issue another request to this URL: '${r.redirectUrl}'\n`)
    url = r.redirectUrl
    if (
      !o.method &&
      [301, 302, 303].includes(response.status) &&
      !o.keepPost.includes(response.status) &&
      method === 'POST'
    ) {
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
  return o.data.length === 0 ? undefined : o.data.join(o.json ? '' : '&')
}

/** -w: what it says of a transfer, on the stream it names. */
function writeOut(
  format: string,
  r: Result,
  code: number,
  { url, number, file }: { readonly url: string; readonly number: number; readonly file: string },
  version: string,
  ctx: ToolContext,
): void {
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
    filename_effective: file,
    urlnum: String(number),
    certs: '',
    num_certs: '0',
    referer: '',
    ftp_entry_path: '',
  }
  if (atLeast(version, 8, 0) && values['scheme']) Object.assign(values, { scheme: r.target?.scheme ?? '' })
  let errors = false
  let out = ''
  let unknown = ''
  const flush = (): void => {
    if (errors) ctx.stderr(out)
    else ctx.stdout(out)
    out = ''
  }
  for (const part of format.matchAll(/%%|%\{([a-z_0-9]+)\}|%header\{([^}]+)\}|\\([ntr])|[^%\\]+|[%\\]/g)) {
    const [text, name, head, escape] = part
    if (text === '%%') out += '%'
    else if (escape !== undefined) out += escape === 'n' ? '\n' : escape === 't' ? '\t' : '\r'
    else if (head !== undefined) out += m ? (header(m, head.toLowerCase()) ?? '') : ''
    else if (name === undefined) out += text
    else if (name === 'onerror') {
      if (code === 0) break
    } else if (name === 'stderr' || name === 'stdout') {
      flush()
      errors = name === 'stderr'
    } else if (name === 'header_json') out += headerJson(m)
    else if (Object.hasOwn(values, name)) out += values[name] ?? ''
    else unknown += `curl: unknown --write-out variable: '${name}'\n`
  }
  flush()
  if (unknown) ctx.stderr(unknown)
}

/** The headers of a response as JSON, each name with the list of its values. */
function headerJson(m: HttpResponse | undefined): string {
  const found = new Map<string, string[]>()
  for (const [name, value] of m?.headers ?? []) {
    const key = name.toLowerCase()
    found.set(key, [...(found.get(key) ?? []), value])
  }
  return `{${[...found].map(([name, list]) => `${JSON.stringify(name)}:${JSON.stringify(list)}`).join(',\n')}\n}`
}
