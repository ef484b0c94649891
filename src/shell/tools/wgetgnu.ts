// GNU wget 1.2x: what it tells of each step, how often it tries, where it writes, its exit codes.
import { family } from '../../dns/address.ts'
import { versionOf } from '../bind.ts'
import { absolute, base64, byteLength, header, parseUrl, reach, relocate } from '../http.ts'
import type { Target } from '../http.ts'
import type { HttpResponse, ToolContext } from '../tool.ts'
import { USAGE, parseGnu } from './wgetgnuoptions.ts'
import type { GnuOptions } from './wgetgnuoptions.ts'
import { bodyHeaders, hasFolder, nameOf, shownHead, withOwn } from './wgetrequest.ts'
import type { WgetRun } from './wgetrequest.ts'

const two = (n: number): string => String(n).padStart(2, '0')
const stamp = (ms: number): string => {
  const d = new Date(ms)
  return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
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

interface Run extends WgetRun<GnuOptions> {
  files: number
  bytes: number
}

/** GNU wget. Returns its exit code. */
export async function gnuWget(args: readonly string[], ctx: ToolContext): Promise<number> {
  const version = versionOf(ctx, 'wget') || '1.21.3'
  const o = parseGnu(args, ctx, version)
  if (typeof o === 'number') return o
  if (o.input !== undefined) {
    const text = ctx.files.read(absolute(ctx.cwd, o.input))
    if (text === undefined) {
      ctx.stderr(`${o.input}: No such file or directory\nNo URLs found in ${o.input}.\n`)
      return 0
    }
    o.urls.push(...text.split('\n').filter(Boolean))
  }
  if (o.urls.length === 0) {
    ctx.stderr(`wget: missing URL\n${USAGE}`)
    return 1
  }
  if (o.output !== undefined && o.output !== '-' && !hasFolder(ctx, o.output)) {
    ctx.stderr(`${o.output}: No such file or directory\n`)
    return 1
  }
  const logfile = o.log === undefined ? undefined : absolute(ctx.cwd, o.log)
  let logged = logfile !== undefined && o.append ? (ctx.files.read(logfile) ?? '') : ''
  const write = (text: string): void => {
    if (logfile === undefined) ctx.stderr(text)
    else ctx.files.write(logfile, (logged += text))
  }
  const log = (text: string): void => {
    if (!o.quiet && !o.noVerbose) write(text)
  }
  const run: Run = { ctx, o, version, log, write, files: 0, bytes: 0 }
  if (o.spider) log('Spider mode enabled. Check if remote file exists.\n')
  const began = ctx.now()
  let code = 0
  for (const url of o.urls) code = Math.max(code, await download(run, url))
  if (run.files > 1 || (o.urls.length > 1 && run.files > 0)) {
    const seconds = ((ctx.now() - began) / 1000).toFixed(2).replace(/\.?0+$/, '')
    log(`FINISHED --${stamp(ctx.now())}--\nTotal wall clock time: ${seconds}s\n`)
    log(`Downloaded: ${run.files} files, ${run.bytes} in 0s (5.07 MB/s)\n`)
  }
  return code
}

/** What a request comes to: an exit code, another URL, or another try. */
type Outcome = number | { readonly url: string; readonly keepsAlive: boolean } | 'again'

/** One URL, redirects followed. */
async function download(run: Run, first: string): Promise<number> {
  const { ctx, o, log } = run
  let url = first
  let file = o.output
  /** The server of the redirect, when its connection stays open. */
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
    log(`--${stamp(ctx.now())}--  ${urlOf(t)}\n`)
    file ??= `${o.prefix === undefined ? '' : `${o.prefix}/`}${nameOf(t.path)}`
    let outcome: Outcome = 'again'
    for (let attempt = 1; outcome === 'again'; attempt++)
      outcome = await request(
        run,
        t,
        { attempt, reused: alive === t.authority, mayRedirect: hop < o.maxRedirect },
        file,
      )
    if (typeof outcome === 'number') return outcome
    url = outcome.url
    alive = outcome.keepsAlive ? t.authority : undefined
  }
}

const urlOf = (t: Target): string => `${t.scheme}://${t.authority}${t.path}`

interface Try {
  /** From 1. */
  readonly attempt: number
  /** On the connection of the request before. */
  readonly reused: boolean
  readonly mayRedirect: boolean
}

/** One request. */
async function request(run: Run, t: Target, now: Try, file: string): Promise<Outcome> {
  const { ctx, o, log } = run
  const { attempt, reused } = now
  const retrying = (): Outcome => {
    log(`Retrying.\n\n--${stamp(ctx.now())}--  (try:${String(attempt + 1).padStart(2)})  ${urlOf(t)}\n`)
    return 'again'
  }
  const spent = (): boolean => attempt >= o.tries || ctx.signal.aborted
  const givingUp = (): number => {
    log('Giving up.\n\n')
    return 4
  }
  const reached = await reach(ctx, t.host, t.port)
  if (reached.outcome === 'unresolved') return unresolved(run, t)
  const literal = family(t.host) !== 0
  const at = (address: string): string =>
    literal ? `${t.host}:${t.port}` : `${t.host} (${t.host})|${address}|:${t.port}`
  if (!literal && attempt === 1 && !reused) log(`Resolving ${t.host} (${t.host})... ${reached.addresses.join(', ')}\n`)
  for (const f of reached.failed) {
    const why = f.outcome === 'refused' ? 'Connection refused' : 'No route to host'
    if (f.outcome !== 'timeout') log(`Connecting to ${at(f.address)}... failed: ${why}.\n`)
  }
  if (reached.outcome === 'timeout') {
    await ctx.sleep(Math.min(o.timeout, 130) * 1000)
    log(`Connecting to ${at(reached.address)}... failed: Connection timed out.\n`)
    return spent() ? 4 : retrying()
  }
  if (reached.outcome !== 'connected')
    return reached.outcome === 'unreachable' || !o.retryRefused ? 4 : spent() ? givingUp() : retrying()
  const here = reused
    ? `Reusing existing connection to ${t.host}:${t.port}.`
    : `Connecting to ${at(reached.address)}... connected.`
  log(`${here}\n`)
  const c = reached.connection
  if (t.scheme === 'https' && !c.tls) {
    log('OpenSSL: error:0A00010B:SSL routines::wrong version number\nUnable to establish SSL connection.\n')
    return 4
  }
  if (t.scheme === 'https' && !o.insecure) {
    log(`ERROR: The certificate of ‘${t.host}’ is not trusted.\n`)
    return 5
  }
  const r = c.http?.({
    method: o.method ?? (o.post !== undefined ? 'POST' : o.spider ? 'HEAD' : 'GET'),
    path: t.path,
    host: t.authority,
    headers: headersOf(run, t),
    body: o.post ?? '',
    tls: t.scheme === 'https',
  })
  const sent = 'HTTP request sent, awaiting response... '
  if (r?.delay && r.delay >= o.timeout * 1000) {
    await ctx.sleep(o.timeout * 1000)
    log(`${sent}Read error (Connection timed out) in headers.\n`)
    return spent() ? givingUp() : retrying()
  }
  if (!r) {
    log(`${sent}No data received.\n`)
    if (attempt >= o.tries) return givingUp()
    log('Retrying.\n\n')
    return attempt > 2 ? 4 : 'again'
  }
  log(`${sent}${o.server ? '\n' : `${r.status} ${r.reason}\n`}`)
  if (o.server) run.write(shownHead(r))
  return answered(run, t, r, now.mayRedirect, file)
}

function unresolved({ ctx, o, log, write }: Run, t: Target): number {
  const unable = `wget: unable to resolve host address ‘${t.host}’\n`
  if (o.noVerbose && !o.quiet) write(unable)
  const passing = ctx.dns.resolve(t.host).status === 'again'
  const why = passing ? 'Temporary failure in name resolution' : 'Name or service not known'
  log(`Resolving ${t.host} (${t.host})... failed: ${why}.\n${unable}`)
  return 4
}

function headersOf({ o, version }: Run, t: Target): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [['Host', t.authority]]
  if (o.noCache) headers.push(['Cache-Control', 'no-cache'], ['Pragma', 'no-cache'])
  if (o.referer !== undefined) headers.push(['Referer', o.referer])
  headers.push(['User-Agent', o.agent ?? `Wget/${version}`], ['Accept', '*/*'], ['Accept-Encoding', 'identity'])
  if (!o.challenge && o.user !== undefined)
    headers.push(['Authorization', `Basic ${base64(`${o.user}:${o.password}`)}`])
  headers.push(['Connection', 'Keep-Alive'], ...bodyHeaders(o.post))
  return withOwn(headers, o.headers, true)
}

/** What is made of a response. */
function answered(run: Run, t: Target, r: HttpResponse, mayRedirect: boolean, file: string): Outcome {
  const { ctx, o, log, write } = run
  const brief = o.noVerbose && !o.quiet
  const location = header(r, 'location')
  if (r.status >= 300 && r.status < 400 && location) {
    log(`Location: ${location} [following]\n`)
    if (!mayRedirect) {
      log(`${o.maxRedirect} redirections exceeded.\n`)
      return 8
    }
    const keepsAlive = r.version !== '1.0' && header(r, 'connection')?.toLowerCase() !== 'close'
    return { url: relocate(t, location), keepsAlive }
  }
  if (r.status >= 400) {
    const error = `${stamp(ctx.now())} ERROR ${r.status}: ${r.reason}.\n`
    if (o.spider) log('Remote file does not exist -- broken link!!!\n\n')
    else if (o.onError && file === '-') ctx.stdout(r.body)
    else {
      log(`${error}\n`)
      if (brief) write(`${urlOf(t)}:\n${error}`)
    }
    return 8
  }
  const total = header(r, 'content-length')
  const type = header(r, 'content-type')?.split(';')[0]
  const length = total === undefined ? 'unspecified' : `${total}${human(Number(total))}`
  log(`Length: ${length}${type ? ` [${type}]` : ''}\n`)
  if (!o.spider) return save(run, t, r, file)
  if (brief) write(`${stamp(ctx.now())} URL: ${urlOf(t)} ${r.status} ${r.reason}\n`)
  log(
    type === 'text/html'
      ? 'Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n'
      : 'Remote file exists.\n\n',
  )
  return 0
}

function save(run: Run, t: Target, r: HttpResponse, file: string): number {
  const { ctx, o, log, write } = run
  log(`Saving to: ‘${file === '-' ? 'STDOUT' : file}’\n`)
  if (file === '-') ctx.stdout(r.body)
  else if (file !== '/dev/null')
    try {
      if (o.prefix !== undefined) ctx.files.mkdir(absolute(ctx.cwd, o.prefix))
      ctx.files.write(absolute(ctx.cwd, file), r.body)
    } catch (e) {
      const denied = (e as { readonly code?: string }).code === 'EACCES'
      const why = denied ? 'Permission denied' : 'No such file or directory'
      ctx.stderr(`${file}: ${why}\n\nCannot write to ‘${file}’ (${why}).\n`)
      return 3
    }
  const size = byteLength(r.body)
  run.files++
  run.bytes += size
  const speed = size === 0 ? '0.00 B/s' : '5.07 MB/s'
  const where = file === '-' ? 'written to stdout' : `‘${file}’ saved`
  log(`${dots(size)}${stamp(ctx.now())} (${speed}) - ${where} [${size}/${size}]\n\n`)
  if (o.noVerbose && !o.quiet) write(`${stamp(ctx.now())} URL:${urlOf(t)} [${size}/${size}] -> "${file}" [1]\n`)
  return 0
}
