// wget: GNU's (1.2x) and busybox's; the image says which.
import { absolute, byteLength, header, parseUrl, reach, relocate } from '../http.ts'
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
})

const two = (n: number): string => String(n).padStart(2, '0')
const stamp = (ms: number): string => {
  const d = new Date(ms)
  return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
}
const nameOf = (path: string): string =>
  path
    .replace(/[?].*$/, '')
    .split('/')
    .pop() || 'index.html'
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
    'progress',
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
      value(longName(found.name), found.value)
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
      default:
        if (letter ? '46bcdkNprvxn'.includes(found.name) : FLAGS.has(found.name)) break
        ctx.stderr(
          `wget: ${letter ? `invalid option -- '${found.name}'` : `unrecognized option '${found.typed}'`}\n${usage}`,
        )
        return 2
    }
  }
  if (o.urls.length === 0) {
    ctx.stderr(`wget: missing URL\n${usage}`)
    return 1
  }
  const log = (text: string): void => {
    if (!o.quiet) ctx.stderr(text)
  }
  let code = 0
  if (o.spider) log('Spider mode enabled. Check if remote file exists.\n')
  for (const typed of o.urls) code = Math.max(code, await gnuOne(typed, o, ctx, log, version))
  return code
}

async function gnuOne(
  typed: string,
  o: Options,
  ctx: ToolContext,
  log: (text: string) => void,
  version: string,
): Promise<number> {
  let url = typed
  for (let hop = 0; hop < 20; hop++) {
    const t = parseUrl(url)
    if (typeof t === 'string') {
      ctx.stderr(
        t === 'scheme' ? `${url}: Unsupported scheme '${/^[^:]+/.exec(url)?.[0]}'.\n` : `${url}: Invalid host name.\n`,
      )
      return 1
    }
    log(`--${stamp(ctx.now())}--  ${t.scheme}://${t.authority}${t.path}\n`)
    const literal = family(t.host) !== 0
    let last = ''
    for (let attempt = 1; ; attempt++) {
      const reached = await reach(ctx, t.host, t.port)
      if (reached.outcome === 'unresolved') {
        log(
          `Resolving ${t.host} (${t.host})... failed: ${ctx.dns.resolve(t.host).status === 'again' ? 'Temporary failure in name resolution' : 'Name or service not known'}.\nwget: unable to resolve host address ‘${t.host}’\n`,
        )
        return 4
      }
      if (!literal && attempt === 1) log(`Resolving ${t.host} (${t.host})... ${reached.addresses.join(', ')}\n`)
      const peer = literal ? `${t.host}:${t.port}` : `${t.host} (${t.host})|${reached.address}|:${t.port}`
      if (reached.outcome === 'refused' || reached.outcome === 'unreachable') {
        log(
          `Connecting to ${peer}... failed: ${reached.outcome === 'refused' ? 'Connection refused' : 'No route to host'}.\n`,
        )
        return 4
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
      log(`Connecting to ${peer}... connected.\n`)
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
        headers: [
          ['Host', t.authority],
          ['User-Agent', o.agent ?? `Wget/${version}`],
          ['Accept', '*/*'],
          ...o.headers.map((h): [string, string] => {
            const cut = h.indexOf(':')
            return [h.slice(0, cut), h.slice(cut + 1).trim()]
          }),
        ],
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
        log('Retrying.\n\n')
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
      log(
        o.server
          ? `HTTP request sent, awaiting response... \n  ${head(r)}\n${r.headers.map(([k, v]) => `  ${k}: ${v}\n`).join('')}`
          : `HTTP request sent, awaiting response... ${r.status} ${r.reason}\n`,
      )
      const location = header(r, 'location')
      if (r.status >= 300 && r.status < 400 && location) {
        log(`Location: ${location} [following]\n`)
        url = relocate(t, location)
        break
      }
      if (r.status >= 400) {
        if (o.spider) log('Remote file does not exist -- broken link!!!\n\n')
        else log(`${stamp(ctx.now())} ERROR ${r.status}: ${r.reason}.\n\n`)
        return 8
      }
      const size = byteLength(r.body)
      const total = header(r, 'content-length')
      const type = header(r, 'content-type')?.split(';')[0]
      log(`Length: ${total ?? 'unspecified'}${type ? ` [${type}]` : ''}\n`)
      if (o.spider) {
        log(
          type === 'text/html'
            ? 'Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n'
            : 'Remote file exists.\n\n',
        )
        return 0
      }
      const file = o.output ?? nameOf(t.path)
      log(`Saving to: ‘${file === '-' ? 'STDOUT' : file}’\n`)
      if (file === '-') ctx.stdout(r.body)
      else if (file !== '/dev/null')
        try {
          ctx.files.write(absolute(ctx.cwd, o.prefix ? `${o.prefix}/${file}` : file), r.body)
        } catch (e) {
          ctx.stderr(
            `${file}: ${(e as { code?: string }).code === 'EACCES' ? 'Permission denied' : 'No such file or directory'}\n\nCannot write to ‘${file}’ (${(e as { code?: string }).code === 'EACCES' ? 'Permission denied' : 'No such file or directory'}).\n`,
          )
          return 3
        }
      log(
        `\n     0K${' '.repeat(55)}100% 5.07M=0s\n\n${stamp(ctx.now())} (5.07 MB/s) - ${file === '-' ? 'written to stdout' : `‘${file}’ saved`} [${size}/${size}]\n\n`,
      )
      return 0
    }
    if (last) return 4
  }
  log('20 redirections exceeded.\n')
  return 8
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
  const log = (text: string): void => {
    if (!o.quiet) ctx.stderr(text)
  }
  for (const typed of o.urls) {
    let url = typed
    for (let hop = 0; ; hop++) {
      const t = parseUrl(url)
      if (typeof t === 'string') {
        ctx.stderr(t === 'scheme' ? `wget: not an http or ftp url: ${url}\n` : `wget: bad address '${url}'\n`)
        return 1
      }
      const reached = await reach(ctx, t.host, t.port)
      if (reached.outcome === 'unresolved') {
        if (reached.timedOut) await ctx.sleep(5000)
        ctx.stderr(`wget: bad address '${t.authority}'\n`)
        return 1
      }
      if (hop === 0 || !o.quiet) log(`Connecting to ${t.authority} (${reached.address}:${t.port})\n`)
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
          ['Host', t.authority],
          ['User-Agent', o.agent ?? 'Wget'],
          ['Connection', 'close'],
          ...o.headers.map((h): [string, string] => {
            const cut = h.indexOf(':')
            return [h.slice(0, cut), h.slice(cut + 1).trim()]
          }),
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
        ctx.stderr('wget: error getting response: Connection reset by peer\n')
        return 1
      }
      if (o.server) log(`  ${head(r)}\n${r.headers.map(([k, v]) => `  ${k}: ${v}\n`).join('')}\n`)
      const location = header(r, 'location')
      if (r.status >= 300 && r.status < 400 && location && hop < 5) {
        url = relocate(t, location)
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
      const file = o.output ?? nameOf(t.path)
      const size = byteLength(r.body)
      if (file === '-') {
        log('writing to stdout\n')
        ctx.stdout(r.body)
      } else {
        if (file !== '/dev/null') {
          if (o.output === undefined && ctx.files.kind(absolute(ctx.cwd, file))) {
            ctx.stderr(`wget: can't open '${file}': File exists\n`)
            return 1
          }
          ctx.files.write(absolute(ctx.cwd, o.prefix ? `${o.prefix}/${file}` : file), r.body)
        }
        log(`saving to '${file}'\n`)
      }
      const shown = (file === '-' ? '-' : file).slice(0, 20).padEnd(20)
      log(
        `${shown} 100% |********************************| ${String(size).padStart(5)}  0:00:00 ETA\n${file === '-' ? 'written to stdout' : `'${file}' saved`}\n`,
      )
      break
    }
  }
  return 0
}
