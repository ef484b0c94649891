// busybox' wget, Alpine's and Debian's builds of it: what it tells, saves and refuses.
import { atLeast, versionOf } from '../bind.ts'
import { getopt } from '../getopt.ts'
import { absolute, base64, byteLength, header, parseUrl, reach, relocate } from '../http.ts'
import type { Target } from '../http.ts'
import type { HttpResponse, ToolContext } from '../tool.ts'
import { bodyHeaders, hasFolder, nameOf, shownHead, statusLine, withOwn } from './wgetrequest.ts'
import type { WgetRun } from './wgetrequest.ts'

/** Debian builds busybox without FEATURE_WGET_TIMEOUT. */
const hasTimeout = (version: string): boolean => !/Debian/.test(version)

const usageOf = (version: string): string => `BusyBox v${version} multi-call binary.

Usage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]
\t[--post-data STR | --post-file FILE] [-Y on/off]
\t[--no-check-certificate] [-P DIR] [-U AGENT]${hasTimeout(version) ? ' [-T SEC]' : ''} URL...

Retrieve files via HTTP or FTP

\t--spider\tOnly check URL existence: $? is 0 if exists
\t--header STR\tAdd STR (of form 'header: value') to headers
\t--post-data STR\tSend STR using POST method
\t--post-file FILE\tSend FILE using POST method
\t--no-check-certificate\tDon't validate the server's certificate
\t-c\t\tContinue retrieval of aborted transfer
\t-q\t\tQuiet
\t-P DIR\t\tSave to DIR (default .)
\t-S    \t\tShow server response
${hasTimeout(version) ? '\t-T SEC\t\tNetwork read timeout is SEC seconds\n' : ''}\t-O FILE\t\tSave to FILE ('-' for stdout)
\t-o LOGFILE\tLog messages to FILE
\t-U STR\t\tUse STR for User-Agent header
\t-Y on/off\tUse proxy
`

interface Options {
  quiet: boolean
  /** Where what comes is written: a file, or `-`. */
  output: string | undefined
  /** The folder of files that are named after their URLs. */
  prefix: string | undefined
  /** The file of the log. */
  log: string | undefined
  urls: string[]
  spider: boolean
  /** Shows what servers say before the body. */
  server: boolean
  /** In seconds. */
  timeout: number
  headers: string[]
  post: string | undefined
  agent: string | undefined
}

/** Reads the options. Throws Usage. */
function parse(args: readonly string[], ctx: ToolContext, timed: boolean): Options {
  const o: Options = {
    quiet: false,
    output: undefined,
    prefix: undefined,
    log: undefined,
    urls: [],
    spider: false,
    server: false,
    timeout: 900,
    headers: [],
    post: undefined,
    agent: undefined,
  }
  const long = ['header', 'post-data', 'post-file', 'output-document', ...(timed ? ['timeout'] : [])]
  const letters = `OoPUYt${timed ? 'T' : ''}`
  for (const found of getopt(args, (n) => (n.length === 1 ? letters.includes(n) : long.includes(n)), true)) {
    if (found.kind === 'word') {
      o.urls.push(found.text)
      continue
    }
    const { name } = found
    const letter = name.length === 1
    if (found.kind === 'missing')
      throw new Usage(letter ? `option requires an argument -- '${name}'` : `option '--${name}' requires an argument`)
    const known = (timed || (name !== 'T' && name !== 'timeout')) && set(o, name, found.value ?? '', ctx)
    if (!known) throw new Usage(letter ? `invalid option -- '${name}'` : `unrecognized option '${found.typed}'`)
  }
  return o
}

/** Shows how to use it, after what is wrong with the command line where something is. */
class Usage extends Error {
  readonly code: number
  constructor(problem: string, code = 1) {
    super(problem)
    this.code = code
  }
}

/** Takes one option in; false where there is none of that name. */
function set(o: Options, name: string, value: string, ctx: ToolContext): boolean {
  switch (name) {
    case 'spider':
      o.spider = true
      return true
    case 'quiet':
    case 'q':
      o.quiet = true
      return true
    case 'S':
      o.server = true
      return true
    case 'header':
      o.headers.push(value)
      return true
    case 'post-data':
      o.post = value
      return true
    case 'post-file':
      o.post = ctx.files.read(absolute(ctx.cwd, value)) ?? ''
      return true
    case 'output-document':
    case 'O':
      o.output = value
      return true
    case 'P':
      o.prefix = value
      return true
    case 'U':
      o.agent = value
      return true
    case 'T':
    case 'timeout':
      o.timeout = Number(value) || 900
      return true
    case 'o':
      o.log = value
      return true
    case 'help':
      throw new Usage('', 0)
    default:
      // these change nothing here
      return ['no-check-certificate', 'Y', 't', 'c', 'continue', 'passive-ftp'].includes(name)
  }
}

/** What ends wget: its message, without `wget: `. */
class Died extends Error {}

type Run = WgetRun<Options>

/** busybox' wget. Returns its exit code. */
export async function busyboxWget(args: readonly string[], ctx: ToolContext): Promise<number> {
  const version = versionOf(ctx, 'wget')
  try {
    const o = parse(args, ctx, hasTimeout(version))
    if (o.urls.length === 0) throw new Usage('')
    let logged = ''
    const { log: logfile } = o
    const write = (text: string): void => {
      if (logfile === undefined) ctx.stderr(text)
      else ctx.files.write(absolute(ctx.cwd, logfile), (logged += text))
    }
    const log = (text: string): void => {
      if (!o.quiet) write(text)
    }
    for (const url of o.urls) await download({ ctx, o, version, write, log }, url)
    return 0
  } catch (e) {
    if (e instanceof Usage) {
      ctx.stderr(`${e.message ? `wget: ${e.message}\n` : ''}${usageOf(version)}`)
      return e.code
    }
    if (!(e instanceof Died)) throw e
    ctx.stderr(`wget: ${e.message}\n`)
    return 1
  }
}

/** One URL, redirects followed. Throws Died. */
async function download(run: Run, first: string): Promise<void> {
  const { o, log, write } = run
  let url = first
  let file = o.output
  for (let hop = 0; ; hop++) {
    const t = targetOf(url)
    file ??= `${o.prefix === undefined ? '' : `${o.prefix}/`}${nameOf(t.path)}`
    const r = await request(run, t, hop === 0)
    if (o.server) write(`${shownHead(r)}  \n`)
    const location = header(r, 'location')
    if (r.status >= 300 && r.status < 400 && location) {
      if (hop >= 5) throw new Died('too many redirections')
      // what does not begin with a slash is read as an address of its own
      url = location.startsWith('/') ? relocate(t, location) : location
      continue
    }
    if (r.status >= 400) throw new Died(`server returned error: ${statusLine(r)}`)
    if (o.spider) log('remote file exists\n')
    else save(run, r, file)
    return
  }
}

function targetOf(url: string): Target {
  const t = parseUrl(url)
  switch (t) {
    case 'scheme':
      throw new Died(`not an http or ftp url: ${url}`)
    case 'port':
      throw new Died(`bad port '${/^(?:\w+:\/\/)?[^/:]*:([^/]*)/.exec(url)?.[1] ?? ''}'`)
    case 'host':
      throw new Died(`bad address '${url.replace(/^https?:\/\//, '')}'`)
    default:
      return t
  }
}

async function request({ ctx, o, version, log }: Run, t: Target, first: boolean): Promise<HttpResponse> {
  const reached = await reach(ctx, t.host, t.port)
  if (reached.outcome === 'unresolved') {
    if (reached.timedOut) await ctx.sleep(5000)
    throw new Died(`bad address '${t.authority}'`)
  }
  if (first) log(`Connecting to ${t.authority} (${reached.address}:${t.port})\n`)
  const cannot = `can't connect to remote host (${reached.address})`
  if (reached.outcome === 'timeout') {
    await ctx.sleep(Math.min(o.timeout, 130) * 1000)
    throw new Died(o.timeout < 130 ? 'download timed out' : `${cannot}: Operation timed out`)
  }
  if (reached.outcome !== 'connected')
    throw new Died(`${cannot}: ${reached.outcome === 'refused' ? 'Connection refused' : 'No route to host'}`)
  const headers: (readonly [string, string])[] = [
    ['Host', t.authority],
    ['User-Agent', o.agent ?? 'Wget'],
    ['Connection', 'close'],
    ...(t.user === undefined ? [] : [['Authorization', `Basic ${base64(t.user)}`] as const]),
  ]
  const r = reached.connection.http?.({
    method: o.post !== undefined ? 'POST' : o.spider && atLeast(version, 1, 30) ? 'HEAD' : 'GET',
    path: t.path,
    host: t.authority,
    headers: [...withOwn(headers, o.headers, false), ...bodyHeaders(o.post)],
    body: o.post ?? '',
    tls: t.scheme === 'https',
  })
  if (r?.delay && r.delay >= o.timeout * 1000) {
    await ctx.sleep(o.timeout * 1000)
    throw new Died('download timed out')
  }
  if (!r) throw new Died('error getting response')
  return r
}

function save({ ctx, o, log }: Run, r: HttpResponse, file: string): void {
  if (file === '-') {
    log('writing to stdout\n')
    ctx.stdout(r.body)
  } else {
    const path = absolute(ctx.cwd, file)
    if (o.output === undefined && ctx.files.kind(path) !== undefined)
      throw new Died(`can't open '${file}': File exists`)
    if (file !== '/dev/null' && !hasFolder(ctx, file)) throw new Died(`can't open '${file}': No such file or directory`)
    log(`saving to '${file}'\n`)
    if (file !== '/dev/null') ctx.files.write(path, r.body)
  }
  const size = byteLength(r.body)
  const shown = (file.split('/').pop() ?? file).slice(0, 20).padEnd(20)
  // the bar is for a terminal, not for a log file
  if (size > 0 && o.log === undefined)
    log(`${shown} 100% |********************************| ${String(size).padStart(5)}  0:00:00 ETA\n`)
  log(file === '-' ? 'written to stdout\n' : `'${file}' saved\n`)
}
