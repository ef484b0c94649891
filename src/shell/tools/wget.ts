// wget: GNU's (1.2x) and busybox's; the image says which.
import { absolute, base64, byteLength, header, parseUrl, reach, relocate } from '../http.ts'
import { atLeast, versionOf } from '../bind.ts'
import { family } from '../../dns/address.ts'
import { getopt } from '../getopt.ts'
import type { HttpResponse, Tool, ToolContext } from '../tool.ts'

export const wget: Tool = {
  name: 'wget',
  run: (args, ctx) => ((ctx.image.programs['wget'] ?? '').startsWith('busybox') ? busybox(args, ctx) : gnu(args, ctx)),
}

interface Options {
  quiet: boolean
  output: string | undefined
  spider: boolean
  timeout: number
  tries: number
  headers: string[]
  post: string | undefined
  server: boolean
  urls: string[]
  insecure: boolean
  agent: string | undefined
  prefix: string | undefined
  method: string | undefined
  noVerbose: boolean
  log: string | undefined
  append: boolean
  input: string | undefined
  maxRedirect: number
  retryRefused: boolean
  onError: boolean
  noCache: boolean
  referer: string | undefined
  user: string | undefined
  password: string
  challenge: boolean
}
const none = (): Options => ({
  quiet: false,
  output: undefined,
  spider: false,
  timeout: 900,
  tries: 20,
  headers: [],
  post: undefined,
  server: false,
  urls: [],
  insecure: false,
  agent: undefined,
  prefix: undefined,
  method: undefined,
  noVerbose: false,
  log: undefined,
  append: false,
  input: undefined,
  maxRedirect: 20,
  retryRefused: false,
  onError: false,
  noCache: false,
  referer: undefined,
  user: undefined,
  password: '',
  challenge: true,
})

const two = (n: number): string => String(n).padStart(2, '0')
const stamp = (ms: number): string => {
  const d = new Date(ms)
  return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
}
/** The file a URL is saved as: the last part of its path, with its query. */
function nameOf(path: string): string {
  const [plain = '', query] = path.split(/(\?.*)/s)
  return `${plain.split('/').pop() || 'index.html'}${query ?? ''}`
}
/** Whether the folder of a file is there. */
const hasFolder = (ctx: ToolContext, path: string): boolean =>
  ctx.files.kind(absolute(ctx.cwd, path).replace(/\/[^/]*$/, '') || '/') === 'directory'
const headerOf = (line: string): [string, string] => {
  const cut = line.indexOf(':')
  return [line.slice(0, cut), line.slice(cut + 1).trim()]
}
/** Headers with one's own: those replace what has their name, where it stands or at the end. */
function withOwn(
  headers: readonly (readonly [string, string])[],
  own: readonly string[],
  inPlace: boolean,
): (readonly [string, string])[] {
  const out = [...headers]
  for (const line of own) {
    const entry = headerOf(line)
    const at = out.findIndex(([name]) => name.toLowerCase() === entry[0].toLowerCase())
    if (at >= 0 && inPlace) out[at] = entry
    else {
      if (at >= 0) out.splice(at, 1)
      out.push(entry)
    }
  }
  return out
}
const head = (r: HttpResponse): string => `HTTP/${r.version} ${r.status}${r.reason ? ` ${r.reason}` : ''}`

async function gnu(args: readonly string[], ctx: ToolContext): Promise<number> {
  const o = none()
  const version = versionOf(ctx, 'wget') || '1.21.3'
  const usage = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
  const LONG = new Set([
    'output-document',
    'timeout',
    'tries',
    'header',
    'post-data',
    'user-agent',
    'directory-prefix',
    'connect-timeout',
    'dns-timeout',
    'read-timeout',
    'method',
    'body-data',
    'output-file',
    'wait',
    'execute',
    'user',
    'password',
    'bind-address',
    'waitretry',
    'retry-on-http-error',
    'append-output',
    'input-file',
    'max-redirect',
    'post-file',
    'body-file',
    'referer',
    'http-user',
    'http-password',
    'progress',
    'limit-rate',
    'level',
    'prefer-family',
    'ca-certificate',
    'random-wait',
  ])
  const FLAGS = new Set([
    'quiet',
    'spider',
    'no-check-certificate',
    'server-response',
    'no-verbose',
    'continue',
    'no-proxy',
    'inet4-only',
    'inet6-only',
    'debug',
    'verbose',
    'recursive',
    'no-parent',
    'content-on-error',
    'no-cache',
    'timestamping',
    'force-directories',
    'no-host-directories',
    'page-requisites',
    'retry-connrefused',
    'show-progress',
    'no-clobber',
    'background',
    'auth-no-challenge',
    'trust-server-names',
    'content-disposition',
    'no-dns-cache',
    'no-http-keep-alive',
    'no-directories',
    'mirror',
    'help',
  ])
  const value = (name: string, v: string): void => {
    if (name === 'output-document') o.output = v
    else if (name === 'timeout' || name === 'connect-timeout' || name === 'read-timeout') o.timeout = Number(v) || 900
    else if (name === 'tries') o.tries = Number(v) || 20
    else if (name === 'header') o.headers.push(v)
    else if (name === 'post-data' || name === 'body-data') o.post = v
    else if (name === 'user-agent') o.agent = v
    else if (name === 'directory-prefix') o.prefix = v
    else if (name === 'method') o.method = v
    else if (name === 'output-file' || name === 'append-output') {
      o.log = v
      o.append = name === 'append-output'
    } else if (name === 'input-file') o.input = v
    else if (name === 'max-redirect') o.maxRedirect = Number(v) || 0
    else if (name === 'post-file' || name === 'body-file') o.post = ctx.files.read(absolute(ctx.cwd, v)) ?? ''
    else if (name === 'referer') o.referer = v
    else if (name === 'user' || name === 'http-user') o.user = v
    else if (name === 'password' || name === 'http-password') o.password = v
  }
  const SHORT: Readonly<{ [c: string]: string }> = {
    O: 'output-document',
    T: 'timeout',
    t: 'tries',
    U: 'user-agent',
    P: 'directory-prefix',
    o: 'output-file',
    w: 'wait',
    e: 'execute',
    a: 'append-output',
    i: 'input-file',
    l: 'level',
  }
  const longName = (n: string): string => (Object.hasOwn(SHORT, n) ? (SHORT[n] ?? n) : n)
  for (const found of getopt(args, (n) => LONG.has(longName(n)), true)) {
    if (found.kind === 'word') {
      o.urls.push(found.text)
      continue
    }
    const letter = found.name.length === 1
    if (found.kind === 'missing') {
      ctx.stderr(
        `wget: option ${letter ? `requires an argument -- '${found.name}'` : `'--${found.name}' requires an argument`}\n${usage}`,
      )
      return 2
    }
    if (found.value !== undefined && LONG.has(longName(found.name))) {
      const name = longName(found.name)
      if (/timeout|^wait/.test(name) && !/^[\d.]+[mhdw]?$/.test(found.value)) {
        ctx.stderr(`wget: --${name}: Invalid time period ‘${found.value}’\n`)
        return 2
      }
      value(name, found.value)
      continue
    }
    if (found.typed === '-nv') {
      o.noVerbose = true
      continue
    }
    switch (found.name) {
      case 'version':
      case 'V':
        ctx.stdout(`GNU Wget ${version} built on linux-gnu.\n`)
        return 0
      case 'quiet':
      case 'q':
        o.quiet = true
        break
      case 'spider':
        o.spider = true
        break
      case 'no-check-certificate':
        o.insecure = true
        break
      case 'server-response':
      case 'S':
        o.server = true
        break
      case 'no-verbose':
        o.noVerbose = true
        break
      case 'retry-connrefused':
        o.retryRefused = true
        break
      case 'content-on-error':
        o.onError = true
        break
      case 'no-cache':
        o.noCache = true
        break
      case 'auth-no-challenge':
        o.challenge = false
        break
      case 'help':
      case 'h':
        ctx.stdout(`GNU Wget ${version}, a non-interactive network retriever.\nUsage: wget [OPTION]... [URL]...\n`)
        return 0
      default:
        if (letter ? '46bcdkmNprvxn'.includes(found.name) : FLAGS.has(found.name)) break
        ctx.stderr(
          `wget: ${letter ? `invalid option -- '${found.name}'` : `unrecognized option '${found.typed}'`}\n${usage}`,
        )
        return 2
    }
  }
  if (o.input !== undefined) {
    const text = ctx.files.read(absolute(ctx.cwd, o.input))
    if (text === undefined) {
      ctx.stderr(`${o.input}: No such file or directory\nNo URLs found in ${o.input}.\n`)
      return 0
    }
    o.urls.push(...text.split('\n').filter(Boolean))
  }
  if (o.urls.length === 0) {
    ctx.stderr(`wget: missing URL\n${usage}`)
    return 1
  }
  if (o.output !== undefined && o.output !== '-' && !hasFolder(ctx, o.output)) {
    ctx.stderr(`${o.output}: No such file or directory\n`)
    return 1
  }
  const logfile = o.log === undefined ? undefined : absolute(ctx.cwd, o.log)
  let logged = logfile !== undefined && o.append ? (ctx.files.read(logfile) ?? '') : ''
  /** Lines of the plain log; those that -nv and -S show besides are written at once. */
  const write = (text: string): void => {
    if (logfile === undefined) ctx.stderr(text)
    else ctx.files.write(logfile, (logged += text))
  }
  const log = (text: string): void => {
    if (!o.quiet && !o.noVerbose) write(text)
  }
  let code = 0
  if (o.spider) log('Spider mode enabled. Check if remote file exists.\n')
  const began = ctx.now()
  const total = { files: 0, bytes: 0 }
  for (const typed of o.urls) code = Math.max(code, await gnuOne(typed, o, ctx, { log, write, total }, version))
  if (total.files > 1 || (o.urls.length > 1 && total.files > 0)) {
    const seconds = ((ctx.now() - began) / 1000).toFixed(2).replace(/\.?0+$/, '')
    const end = `FINISHED --${stamp(ctx.now())}--\n`
    log(
      `${end}Total wall clock time: ${seconds}s\nDownloaded: ${total.files} files, ${total.bytes} in 0s (5.07 MB/s)\n`,
    )
  }
  return code
}

/** Where GNU wget tells of its work. */
interface Reporter {
  readonly log: (text: string) => void
  /** Told even when the rest is not. */
  readonly write: (text: string) => void
  readonly total: { files: number; bytes: number }
}

/** 70001 as 68K. */
const human = (n: number): string =>
  n < 1024 ? '' : n < 1048576 ? ` (${(n / 1024).toFixed(n < 10240 ? 1 : 0)}K)` : ` (${(n / 1048576).toFixed(1)}M)`
/** The dots of a download: fifty to a row, one for each kilobyte. */
function dots(size: number): string {
  if (size === 0) return `\n     0K${' '.repeat(55)} 0.00 =0s\n\n`
  let out = '\n'
  for (let at = 0; at < size; at += 51200) {
    const done = Math.floor(Math.min(51200, size - at) / 1024)
    const row = Array.from({ length: 5 }, (_, i) => '.'.repeat(Math.max(0, Math.min(10, done - 10 * i)))).join(' ')
    const last = at + 51200 >= size
    out += `${`${at / 1024}K`.padStart(7)} ${row.padEnd(54)}${String(Math.floor((Math.min(size, at + 51200) / size) * 100)).padStart(3)}% 5.07M${last ? '=0s' : ' 0s'}\n`
  }
  return `${out}\n`
}

async function gnuOne(
  typed: string,
  o: Options,
  ctx: ToolContext,
  { log, write, total: sum }: Reporter,
  version: string,
): Promise<number> {
  let url = typed
  let file = o.output
  let alive: string | undefined
  for (let hop = 0; ; hop++) {
    const t = parseUrl(url)
    if (typeof t === 'string') {
      const shown = /^\w+:\/\//.test(url) ? url : `http://${url}`
      ctx.stderr(
        t === 'scheme'
          ? `${url}: Unsupported scheme ‘${/^[^:]+/.exec(url)?.[0]}’.\n`
          : `${shown}: ${t === 'port' ? 'Bad port number' : 'Invalid host name'}.\n`,
      )
      return 1
    }
    log(`--${stamp(ctx.now())}--  ${t.scheme}://${t.authority}${t.path}\n`)
    const literal = family(t.host) !== 0
    let last = ''
    for (let attempt = 1; ; attempt++) {
      const reached = await reach(ctx, t.host, t.port)
      if (reached.outcome === 'unresolved') {
        if (o.noVerbose && !o.quiet) write(`wget: unable to resolve host address ‘${t.host}’\n`)
        log(
          `Resolving ${t.host} (${t.host})... failed: ${ctx.dns.resolve(t.host).status === 'again' ? 'Temporary failure in name resolution' : 'Name or service not known'}.\nwget: unable to resolve host address ‘${t.host}’\n`,
        )
        return 4
      }
      const reused = alive === t.authority
      if (!literal && attempt === 1 && !reused)
        log(`Resolving ${t.host} (${t.host})... ${reached.addresses.join(', ')}\n`)
      const peer = literal ? `${t.host}:${t.port}` : `${t.host} (${t.host})|${reached.address}|:${t.port}`
      const again = (n: number): string =>
        `Retrying.\n\n--${stamp(ctx.now())}--  (try:${String(n + 1).padStart(2)})  ${t.scheme}://${t.authority}${t.path}\n`
      const at = (address: string): string =>
        literal ? `${t.host}:${t.port}` : `${t.host} (${t.host})|${address}|:${t.port}`
      for (const f of reached.failed)
        if (f.outcome !== 'timeout')
          log(
            `Connecting to ${at(f.address)}... failed: ${f.outcome === 'refused' ? 'Connection refused' : 'No route to host'}.\n`,
          )
      if (reached.outcome === 'refused' || reached.outcome === 'unreachable') {
        if (reached.outcome === 'unreachable' || !o.retryRefused) return 4
        if (attempt >= o.tries || ctx.signal.aborted) {
          log('Giving up.\n\n')
          return 4
        }
        log(again(attempt))
        continue
      }
      if (reached.outcome === 'timeout') {
        await ctx.sleep(Math.min(o.timeout, 130) * 1000)
        log(`Connecting to ${peer}... failed: Connection timed out.\n`)
        if (attempt >= o.tries || ctx.signal.aborted) return 4
        log(
          `Retrying.\n\n--${stamp(ctx.now())}--  (try:${String(attempt + 1).padStart(2)})  ${t.scheme}://${t.authority}${t.path}\n`,
        )
        continue
      }
      if (reached.outcome !== 'connected') return 4
      log(reused ? `Reusing existing connection to ${t.host}:${t.port}.\n` : `Connecting to ${peer}... connected.\n`)
      const c = reached.connection
      if (t.scheme === 'https' && (!c.tls || !o.insecure)) {
        log(
          c.tls
            ? `ERROR: The certificate of ‘${t.host}’ is not trusted.\n`
            : 'OpenSSL: error:0A00010B:SSL routines::wrong version number\nUnable to establish SSL connection.\n',
        )
        return c.tls ? 5 : 4
      }
      const r = c.http?.({
        method: o.method ?? (o.post !== undefined ? 'POST' : o.spider ? 'HEAD' : 'GET'),
        path: t.path,
        host: t.authority,
        headers: withOwn(
          [
            ['Host', t.authority],
            ...(o.noCache ? [['Cache-Control', 'no-cache'] as const, ['Pragma', 'no-cache'] as const] : []),
            ...(o.referer === undefined ? [] : [['Referer', o.referer] as const]),
            ['User-Agent', o.agent ?? `Wget/${version}`],
            ['Accept', '*/*'],
            ['Accept-Encoding', 'identity'],
            ...(o.challenge || o.user === undefined
              ? []
              : [['Authorization', `Basic ${base64(`${o.user}:${o.password}`)}`] as const]),
            ['Connection', 'Keep-Alive'],
            ...(o.post === undefined
              ? []
              : [
                  ['Content-Type', 'application/x-www-form-urlencoded'] as const,
                  ['Content-Length', String(byteLength(o.post))] as const,
                ]),
          ],
          o.headers,
          true,
        ),
        body: o.post ?? '',
        tls: t.scheme === 'https',
      })
      if (r?.delay && r.delay >= o.timeout * 1000) {
        await ctx.sleep(o.timeout * 1000)
        log('HTTP request sent, awaiting response... Read error (Connection timed out) in headers.\n')
        if (attempt >= o.tries || ctx.signal.aborted) {
          log('Giving up.\n\n')
          return 4
        }
        log(again(attempt))
        continue
      }
      if (!r) {
        log('HTTP request sent, awaiting response... No data received.\n')
        if (attempt >= o.tries) {
          log('Giving up.\n\n')
          return 4
        }
        log('Retrying.\n\n')
        last = 'no data'
        if (attempt > 2) return 4
        continue
      }
      const lines = `  ${head(r)}\n${r.headers.map(([k, v]) => `  ${k}: ${v}\n`).join('')}`
      log(`HTTP request sent, awaiting response... ${o.server ? '\n' : `${r.status} ${r.reason}\n`}`)
      if (o.server) write(lines)
      file ??= `${o.prefix === undefined ? '' : `${o.prefix}/`}${nameOf(t.path)}`
      const location = header(r, 'location')
      if (r.status >= 300 && r.status < 400 && location) {
        log(`Location: ${location} [following]\n`)
        if (hop >= o.maxRedirect) {
          log(`${o.maxRedirect} redirections exceeded.\n`)
          return 8
        }
        url = relocate(t, location)
        alive = r.version !== '1.0' && header(r, 'connection')?.toLowerCase() !== 'close' ? t.authority : undefined
        break
      }
      if (r.status >= 400) {
        if (o.spider) log('Remote file does not exist -- broken link!!!\n\n')
        else if (o.onError && file === '-') ctx.stdout(r.body)
        else {
          log(`${stamp(ctx.now())} ERROR ${r.status}: ${r.reason}.\n\n`)
          const shown = `${t.scheme}://${t.authority}${t.path}`
          if (o.noVerbose && !o.quiet) write(`${shown}:\n${stamp(ctx.now())} ERROR ${r.status}: ${r.reason}.\n`)
        }
        return 8
      }
      const size = byteLength(r.body)
      const total = header(r, 'content-length')
      const type = header(r, 'content-type')?.split(';')[0]
      log(
        `Length: ${total === undefined ? 'unspecified' : `${total}${human(Number(total))}`}${type ? ` [${type}]` : ''}\n`,
      )
      if (o.spider) {
        if (o.noVerbose && !o.quiet)
          write(`${stamp(ctx.now())} URL: ${t.scheme}://${t.authority}${t.path} ${r.status} ${r.reason}\n`)
        log(
          type === 'text/html'
            ? 'Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n'
            : 'Remote file exists.\n\n',
        )
        return 0
      }
      log(`Saving to: ‘${file === '-' ? 'STDOUT' : file}’\n`)
      if (file === '-') ctx.stdout(r.body)
      else if (file !== '/dev/null')
        try {
          const path = absolute(ctx.cwd, file)
          if (o.prefix !== undefined) ctx.files.mkdir(absolute(ctx.cwd, o.prefix))
          ctx.files.write(path, r.body)
        } catch (e) {
          ctx.stderr(
            `${file}: ${(e as { code?: string }).code === 'EACCES' ? 'Permission denied' : 'No such file or directory'}\n\nCannot write to ‘${file}’ (${(e as { code?: string }).code === 'EACCES' ? 'Permission denied' : 'No such file or directory'}).\n`,
          )
          return 3
        }
      sum.files++
      sum.bytes += size
      log(
        `${dots(size)}${stamp(ctx.now())} (${size === 0 ? '0.00 B/s' : '5.07 MB/s'}) - ${file === '-' ? 'written to stdout' : `‘${file}’ saved`} [${size}/${size}]\n\n`,
      )
      if (o.noVerbose && !o.quiet)
        write(`${stamp(ctx.now())} URL:${t.scheme}://${t.authority}${t.path} [${size}/${size}] -> "${file}" [1]\n`)
      return 0
    }
    if (last) return 4
  }
}

const USAGE = (version: string): string =>
  `BusyBox v${version} multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[--no-check-certificate] [-P DIR] [-U AGENT]${/Debian/.test(version) ? '' : ' [-T SEC]'} URL...\n\nRetrieve files via HTTP or FTP\n\n\t--spider\tOnly check URL existence: $? is 0 if exists\n\t--header STR\tAdd STR (of form 'header: value') to headers\n\t--post-data STR\tSend STR using POST method\n\t--post-file FILE\tSend FILE using POST method\n\t--no-check-certificate\tDon't validate the server's certificate\n\t-c\t\tContinue retrieval of aborted transfer\n\t-q\t\tQuiet\n\t-P DIR\t\tSave to DIR (default .)\n\t-S    \t\tShow server response\n${/Debian/.test(version) ? '' : '\t-T SEC\t\tNetwork read timeout is SEC seconds\n'}\t-O FILE\t\tSave to FILE ('-' for stdout)\n\t-o LOGFILE\tLog messages to FILE\n\t-U STR\t\tUse STR for User-Agent header\n\t-Y on/off\tUse proxy\n`

async function busybox(args: readonly string[], ctx: ToolContext): Promise<number> {
  const o = none()
  const version = versionOf(ctx, 'wget')
  // Debian builds busybox without FEATURE_WGET_TIMEOUT
  const timed = !/Debian/.test(version)
  const usage = (why: string): number => {
    ctx.stderr(`${why ? `wget: ${why}\n` : ''}${USAGE(version)}`)
    return 1
  }
  let logfile: string | undefined
  const LONG = ['header', 'post-data', 'post-file', 'output-document', ...(timed ? ['timeout'] : [])]
  for (const found of getopt(
    args,
    (n) => (n.length === 1 ? 'OoPUYt'.includes(n) || (timed && n === 'T') : LONG.includes(n)),
    true,
  )) {
    if (found.kind === 'word') {
      o.urls.push(found.text)
      continue
    }
    if (found.kind === 'missing')
      return usage(
        found.name.length === 1
          ? `option requires an argument -- '${found.name}'`
          : `option '--${found.name}' requires an argument`,
      )
    const { name, value = '' } = found
    switch (name) {
      case 'spider':
        o.spider = true
        break
      case 'no-check-certificate':
        o.insecure = true
        break
      case 'quiet':
      case 'q':
        o.quiet = true
        break
      case 'S':
        o.server = true
        break
      case 'header':
        o.headers.push(value)
        break
      case 'post-data':
        o.post = value
        break
      case 'post-file':
        o.post = ctx.files.read(absolute(ctx.cwd, value)) ?? ''
        break
      case 'output-document':
      case 'O':
        o.output = value
        break
      case 'P':
        o.prefix = value
        break
      case 'U':
        o.agent = value
        break
      case 'T':
        if (!timed) return usage("invalid option -- 'T'")
        o.timeout = Number(value) || 900
        break
      case 'timeout':
        if (!timed) return usage(`unrecognized option '${found.typed}'`)
        o.timeout = Number(value) || 900
        break
      case 'o':
        logfile = value
        break
      case 'help':
        usage('')
        return 0
      case 'Y':
      case 't':
      case 'c':
      case 'continue':
      case 'passive-ftp':
        break
      default:
        return usage(name.length === 1 ? `invalid option -- '${name}'` : `unrecognized option '${found.typed}'`)
    }
  }
  if (o.urls.length === 0) return usage('')
  let logged = ''
  const write = (text: string): void => {
    if (logfile === undefined) ctx.stderr(text)
    else ctx.files.write(absolute(ctx.cwd, logfile), (logged += text))
  }
  /** What a quiet wget does not say; the bar is for a terminal, not for a log file. */
  const log = (text: string, bar = false): void => {
    if (!o.quiet && !(bar && logfile !== undefined)) write(text)
  }
  for (const typed of o.urls) {
    let url = typed
    let file = o.output
    for (let hop = 0; ; hop++) {
      const t = parseUrl(url)
      if (typeof t === 'string') {
        const port = /^(?:\w+:\/\/)?[^/:]*:([^/]*)/.exec(url)?.[1] ?? ''
        ctx.stderr(
          t === 'scheme'
            ? `wget: not an http or ftp url: ${url}\n`
            : t === 'port'
              ? `wget: bad port '${port}'\n`
              : `wget: bad address '${url.replace(/^https?:\/\//, '')}'\n`,
        )
        return 1
      }
      if (file === undefined) file = `${o.prefix === undefined ? '' : `${o.prefix}/`}${nameOf(t.path)}`
      const reached = await reach(ctx, t.host, t.port)
      if (reached.outcome === 'unresolved') {
        if (reached.timedOut) await ctx.sleep(5000)
        ctx.stderr(`wget: bad address '${t.authority}'\n`)
        return 1
      }
      if (hop === 0) log(`Connecting to ${t.authority} (${reached.address}:${t.port})\n`)
      if (reached.outcome === 'timeout') {
        await ctx.sleep(Math.min(o.timeout, 130) * 1000)
        ctx.stderr(
          o.timeout < 130
            ? 'wget: download timed out\n'
            : `wget: can't connect to remote host (${reached.address}): Operation timed out\n`,
        )
        return 1
      }
      if (reached.outcome !== 'connected') {
        ctx.stderr(
          `wget: can't connect to remote host (${reached.address}): ${reached.outcome === 'refused' ? 'Connection refused' : 'No route to host'}\n`,
        )
        return 1
      }
      const r = reached.connection.http?.({
        method: o.post !== undefined ? 'POST' : o.spider && atLeast(version, 1, 30) ? 'HEAD' : 'GET',
        path: t.path,
        host: t.authority,
        headers: [
          ...withOwn(
            [
              ['Host', t.authority],
              ['User-Agent', o.agent ?? 'Wget'],
              ['Connection', 'close'],
              ...(t.user === undefined ? [] : [['Authorization', `Basic ${base64(t.user)}`] as const]),
            ],
            o.headers,
            false,
          ),
          ...(o.post === undefined
            ? []
            : [
                ['Content-Type', 'application/x-www-form-urlencoded'] as const,
                ['Content-Length', String(byteLength(o.post))] as const,
              ]),
        ],
        body: o.post ?? '',
        tls: t.scheme === 'https',
      })
      if (r?.delay && r.delay >= o.timeout * 1000) {
        await ctx.sleep(o.timeout * 1000)
        ctx.stderr('wget: download timed out\n')
        return 1
      }
      if (!r) {
        ctx.stderr('wget: error getting response\n')
        return 1
      }
      if (o.server) write(`  ${head(r)}\n${r.headers.map(([k, v]) => `  ${k}: ${v}\n`).join('')}  \n`)
      const location = header(r, 'location')
      if (r.status >= 300 && r.status < 400 && location) {
        if (hop >= 5) {
          ctx.stderr('wget: too many redirections\n')
          return 1
        }
        // what does not begin with a slash is read as an address of its own
        url = location.startsWith('/') ? relocate(t, location) : location
        continue
      }
      if (r.status >= 400) {
        ctx.stderr(`wget: server returned error: ${head(r)}\n`)
        return 1
      }
      if (o.spider) {
        log('remote file exists\n')
        break
      }
      const size = byteLength(r.body)
      if (file === '-') {
        log('writing to stdout\n')
        ctx.stdout(r.body)
      } else {
        const exists = o.output === undefined && ctx.files.kind(absolute(ctx.cwd, file)) !== undefined
        if (exists || (file !== '/dev/null' && !hasFolder(ctx, file))) {
          ctx.stderr(`wget: can't open '${file}': ${exists ? 'File exists' : 'No such file or directory'}\n`)
          return 1
        }
        log(`saving to '${file}'\n`)
        if (file !== '/dev/null') ctx.files.write(absolute(ctx.cwd, file), r.body)
      }
      const shown = (file.split('/').pop() ?? file).slice(0, 20).padEnd(20)
      if (size > 0)
        log(`${shown} 100% |********************************| ${String(size).padStart(5)}  0:00:00 ETA\n`, true)
      log(file === '-' ? 'written to stdout\n' : `'${file}' saved\n`)
      break
    }
  }
  return 0
}
