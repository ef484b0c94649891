// curl 7.7x to 8.x: the options people use on services, its messages and exit codes; the sentence of a failed
// connection differs by version.
import { atLeast, versionOf } from '../bind.ts'
import { absolute, byteLength, header } from '../http.ts'
import type { HttpResponse, Tool, ToolContext } from '../tool.ts'
import { HINT, parseOptions } from './curloptions.ts'
import type { CurlOptions } from './curloptions.ts'
import { closing, keepsAlive, request } from './curlrequest.ts'
import type { CurlResult } from './curlrequest.ts'
import { writeOut } from './curlwriteout.ts'

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

const USAGE = `Usage: curl [options...] <url>
 -d, --data <data>           HTTP POST data
 -f, --fail                  Fail fast with no output on HTTP errors
 -h, --help <category>       Get help for commands
 -i, --include               Include response headers in output
 -o, --output <file>         Write to file instead of stdout
 -O, --remote-name           Write output to file named as remote file
 -s, --silent                Silent mode
 -T, --upload-file <file>    Transfer local FILE to destination
 -u, --user <user:password>  Server user and password
 -A, --user-agent <name>     Send User-Agent <name> to server
 -v, --verbose               Make the operation more talkative
 -V, --version               Show version number and quit
`

/** Whether errors are said. */
const speaks = (o: CurlOptions): boolean => !o.silent || o.showError

/** The URLs between two --next, with the options there. */
async function group(args: readonly string[], ctx: ToolContext): Promise<number> {
  const version = versionOf(ctx, 'curl') || '8.5.0'
  const o = parseOptions(args, (path) => ctx.files.read(absolute(ctx.cwd, path)))
  if (o === 'version') {
    ctx.stdout(
      `curl ${version} (x86_64-pc-linux-musl) libcurl/${version}\nProtocols: file http https\nFeatures: alt-svc AsynchDNS IPv6 Largefile\n`,
    )
    return 0
  }
  if (o === 'help') {
    ctx.stdout(USAGE)
    return 0
  }
  if ('error' in o) {
    ctx.stderr(o.error)
    return o.code
  }
  if (o.urls.length === 0) {
    const none = args.length === 0 ? '' : 'curl: no URL specified!\n'
    ctx.stderr(`${atLeast(version, 8, 9) ? 'curl: (2) no URL specified\n' : none}${HINT}`)
    return 2
  }
  if (o.get && o.data.length > 0) {
    const q = o.data.join('&')
    o.urls = o.urls.map((u) => `${u}${u.includes('?') ? '&' : '?'}${q}`)
    o.data = []
  }
  if (o.badResolve !== undefined) {
    if (speaks(o)) ctx.stderr(`curl: (49) Couldn't parse CURLOPT_RESOLVE entry '${o.badResolve}'\n`)
    return 49
  }
  let code = 0
  for (const [i, typed] of o.urls.entries()) {
    const urls = o.glob ? expand(typed) : [typed]
    if (!Array.isArray(urls)) {
      if (speaks(o)) ctx.stderr(`curl: (3) ${urls.error}\n`)
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

/** The name that -O gives a file: what the URL's path ends with. */
const remoteName = (url: string): string =>
  url
    .replace(/[?#].*$/, '')
    .replace(/^[a-z]+:\/\//, '')
    .split('/')
    .slice(1)
    .pop() ?? ''

/** One URL: what it is fetched for and shown as. Returns the exit code. */
async function transfer(
  ctx: ToolContext,
  url: string,
  o: CurlOptions,
  index: number,
  version: string,
): Promise<number> {
  const output = o.output[index] ?? (o.remoteName ? remoteName(url) : undefined)
  if (output === '') {
    if (!o.silent) ctx.stderr('curl: Remote file name has no length!\n')
    if (speaks(o)) ctx.stderr('curl: (23) Failed writing received data to disk/application\n')
    return 23
  }
  if (o.upload !== undefined && ctx.files.kind(absolute(ctx.cwd, o.upload)) !== 'file') {
    ctx.stderr(`curl: Can't open '${o.upload}'!\n${HINT}`)
    if (speaks(o)) ctx.stderr('curl: (26) Failed to open/read local data from file/application\n')
    return 26
  }
  const file = output === '-' ? undefined : output
  // the meter shows when the body does not go to a terminal
  const meter = !o.silent && (!ctx.tty || file !== undefined) && !o.progress
  if (meter) ctx.stderr(METER + FIRST)
  const r = await fetchAndRetry(ctx, url, o, version, file)
  if (r.response) {
    show(ctx, o, r, r.response, file, meter)
    if (o.verbose) {
      const alive = keepsAlive(r.response)
      ctx.stderr(alive ? `* Connection #0 to host ${r.target?.host} left intact\n` : closing(version))
    }
  } else {
    // a connection that failed ends the meter's row; a name that has no address leaves it open
    if (meter && r.address !== '') ctx.stderr(`${FIRST}\n`)
    if (o.verbose) ctx.stderr(closing(version))
  }
  if (o.jar !== undefined && r.response) writeText(ctx, o.jar, cookieJar(r))
  if (r.code !== 0 && speaks(o)) ctx.stderr(`curl: (${r.code}) ${r.error}\n`)
  if (o.writeOut !== undefined) {
    const format = o.writeOut.startsWith('@')
      ? (ctx.files.read(absolute(ctx.cwd, o.writeOut.slice(1))) ?? '').replace(/[\r\n]/g, '')
      : o.writeOut
    writeOut(format, r, { url, number: index, file: file ?? '' }, version, ctx)
  }
  return r.code
}

/** Writes to a file, or to standard output where it is called `-`. */
function writeText(ctx: ToolContext, file: string, text: string): void {
  if (file === '-') ctx.stdout(text)
  else ctx.files.write(absolute(ctx.cwd, file), text)
}

/** Statuses that --retry takes for passing. */
const PASSING = [408, 429, 500, 502, 503, 504]

async function fetchAndRetry(
  ctx: ToolContext,
  url: string,
  o: CurlOptions,
  version: string,
  file: string | undefined,
): Promise<CurlResult> {
  const note = (text: string): void => {
    if (o.verbose) ctx.stderr(text)
  }
  const passing = (r: CurlResult): boolean =>
    r.code === 28 ||
    (o.retryRefused && r.code !== 0) ||
    (r.response !== undefined && PASSING.includes(r.response.status))
  let r = await request(ctx, url, o, version, note)
  for (let left = o.retry; left > 0 && passing(r); left--) {
    const wait = o.retryDelay || 1
    const problem = r.code === 28 ? 'timeout' : r.response ? 'HTTP error' : 'connection refused'
    if (!o.silent) ctx.stderr(`Warning: Problem: ${problem}. Will retry in ${wait} seconds. ${left} retries left.\n`)
    // what came is shown, each time
    if (r.code !== 0 && o.showError) ctx.stderr(`curl: (${r.code}) ${r.error}\n`)
    if (r.response && !o.fail && file === undefined)
      ctx.stdout(`${o.include ? r.heads.map(headText).join('') : ''}${r.response.body}`)
    await ctx.sleep(wait * 1000)
    r = await request(ctx, url, o, version, note)
  }
  return r
}

/** Puts a response where it is wanted; the result tells where that, or the status, is a failure. */
function show(
  ctx: ToolContext,
  o: CurlOptions,
  r: CurlResult,
  m: HttpResponse,
  file: string | undefined,
  meter: boolean,
): void {
  const failed = (o.fail || o.failBody) && m.status >= 400
  const withheld = failed && !o.failBody
  const heads = r.heads.map(headText).join('')
  if (o.dump) writeText(ctx, o.dump, heads)
  const body = o.head ? '' : m.body
  if (meter) ctx.stderr(`\r${meterRow(m, o.head, withheld)}`)
  const text = `${o.include || o.head ? heads : ''}${body}`
  if (!withheld) {
    if (file === undefined) ctx.stdout(text)
    else if (file !== '/dev/null') save(ctx, o, r, file, text)
  }
  if (failed) {
    r.code = 22
    r.error = `The requested URL returned error: ${m.status}`
  }
  if (meter) ctx.stderr('\n')
}

const CANNOT = new Map([
  ['EROFS', 'Read-only file system'],
  ['EACCES', 'Permission denied'],
])

function save(ctx: ToolContext, o: CurlOptions, r: CurlResult, file: string, text: string): void {
  const path = absolute(ctx.cwd, file)
  const folder = path.replace(/\/[^/]*$/, '') || '/'
  try {
    if (o.createDirs && ctx.files.kind(folder) === undefined) ctx.files.mkdir(folder)
    if (ctx.files.kind(folder) !== 'directory') throw Object.assign(new Error(folder), { code: 'ENOENT' })
    ctx.files.write(path, text)
  } catch (e) {
    const why = CANNOT.get((e as { readonly code?: string }).code ?? '') ?? 'No such file or directory'
    if (!o.silent) ctx.stderr(`Warning: Failed to open the file ${file}: ${why}\n`)
    r.code = 23
    r.error = 'Failure writing output to destination'
  }
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
/** The meter's last row. */
function meterRow(m: HttpResponse, head: boolean, withheld: boolean): string {
  const size = byteLength(m.body)
  const total = Number(header(m, 'content-length') ?? size)
  if (withheld) return row(0, total, 0, 0)
  if (head)
    return `  0 ${String(total).padStart(5)}    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0`
  return row(size, total, size, size * 250)
}

/** The first lines of a response. */
const headText = (m: HttpResponse): string =>
  `HTTP/${m.version} ${m.status}${m.reason ? ` ${m.reason}` : ''}\r\n${m.headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`

/** The cookies of a transfer in Netscape's form. */
function cookieJar(r: CurlResult): string {
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
