// GNU wget's command line.
import { getopt } from '../getopt.ts'
import { absolute } from '../http.ts'
import type { ToolContext } from '../tool.ts'

export interface GnuOptions {
  quiet: boolean
  noVerbose: boolean
  /** Where what comes is written: a file, or `-`. */
  output: string | undefined
  /** The folder of files that are named after their URLs. */
  prefix: string | undefined
  /** The file of the log, and whether it goes on there. */
  log: string | undefined
  append: boolean
  /** A file of URLs. */
  input: string | undefined
  urls: string[]
  spider: boolean
  /** Shows what servers say before the body. */
  server: boolean
  /** In seconds. */
  timeout: number
  tries: number
  retryRefused: boolean
  maxRedirect: number
  /** Shows what comes with an error. */
  onError: boolean
  insecure: boolean
  method: string | undefined
  headers: string[]
  post: string | undefined
  agent: string | undefined
  referer: string | undefined
  noCache: boolean
  user: string | undefined
  password: string
  /** Says who asks only where the server wants to know. */
  challenge: boolean
}

/** Options that take a word. */
const VALUED = new Set([
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
/** Options that take none. */
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
  q: 'quiet',
  S: 'server-response',
  V: 'version',
  h: 'help',
}
const longName = (n: string): string => (Object.hasOwn(SHORT, n) ? (SHORT[n] ?? n) : n)
/** Letters that change nothing here. */
const IDLE = '46bcdkmNprvxn'

export const USAGE = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"

function setValue(o: GnuOptions, name: string, value: string, ctx: ToolContext): void {
  switch (name) {
    case 'output-document':
      o.output = value
      break
    case 'timeout':
    case 'connect-timeout':
    case 'read-timeout':
      o.timeout = Number(value) || 900
      break
    case 'tries':
      o.tries = Number(value) || 20
      break
    case 'header':
      o.headers.push(value)
      break
    case 'post-data':
    case 'body-data':
      o.post = value
      break
    case 'post-file':
    case 'body-file':
      o.post = ctx.files.read(absolute(ctx.cwd, value)) ?? ''
      break
    case 'user-agent':
      o.agent = value
      break
    case 'directory-prefix':
      o.prefix = value
      break
    case 'method':
      o.method = value
      break
    case 'output-file':
    case 'append-output':
      o.log = value
      o.append = name === 'append-output'
      break
    case 'input-file':
      o.input = value
      break
    case 'max-redirect':
      o.maxRedirect = Number(value) || 0
      break
    case 'referer':
      o.referer = value
      break
    case 'user':
    case 'http-user':
      o.user = value
      break
    case 'password':
    case 'http-password':
      o.password = value
      break
  }
}

function setFlag(o: GnuOptions, name: string): void {
  switch (name) {
    case 'quiet':
      o.quiet = true
      break
    case 'spider':
      o.spider = true
      break
    case 'no-check-certificate':
      o.insecure = true
      break
    case 'server-response':
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
  }
}

/** Reads the options. Where there is nothing more to do, says why and returns the exit code. */
export function parseGnu(args: readonly string[], ctx: ToolContext, version: string): GnuOptions | number {
  const o: GnuOptions = {
    quiet: false,
    noVerbose: false,
    output: undefined,
    prefix: undefined,
    log: undefined,
    append: false,
    input: undefined,
    urls: [],
    spider: false,
    server: false,
    timeout: 900,
    tries: 20,
    retryRefused: false,
    maxRedirect: 20,
    onError: false,
    insecure: false,
    method: undefined,
    headers: [],
    post: undefined,
    agent: undefined,
    referer: undefined,
    noCache: false,
    user: undefined,
    password: '',
    challenge: true,
  }
  const refuse = (problem: string): number => {
    ctx.stderr(`wget: ${problem}\n${USAGE}`)
    return 2
  }
  for (const found of getopt(args, (n) => VALUED.has(longName(n)), true)) {
    if (found.kind === 'word') {
      o.urls.push(found.text)
      continue
    }
    const letter = found.name.length === 1
    const name = longName(found.name)
    if (found.kind === 'missing')
      return refuse(
        `option ${letter ? `requires an argument -- '${found.name}'` : `'--${found.name}' requires an argument`}`,
      )
    if (found.value !== undefined && VALUED.has(name)) {
      if (/timeout|^wait/.test(name) && !/^[\d.]+[mhdw]?$/.test(found.value)) {
        ctx.stderr(`wget: --${name}: Invalid time period ‘${found.value}’\n`)
        return 2
      }
      setValue(o, name, found.value, ctx)
    } else if (found.typed === '-nv') o.noVerbose = true
    else if (name === 'version') {
      ctx.stdout(`GNU Wget ${version} built on linux-gnu.\n`)
      return 0
    } else if (name === 'help') {
      ctx.stdout(`GNU Wget ${version}, a non-interactive network retriever.\nUsage: wget [OPTION]... [URL]...\n`)
      return 0
    } else if (FLAGS.has(name)) setFlag(o, name)
    else if (!letter) return refuse(`unrecognized option '${found.typed}'`)
    else if (!IDLE.includes(name)) return refuse(`invalid option -- '${found.name}'`)
  }
  return o
}
