// curl's command line, as its getparameter reads it: long options and their beginnings, letters in a row, config files.

/** What the options of one group of URLs say. */
export interface CurlOptions {
  silent: boolean
  showError: boolean
  verbose: number
  head: boolean
  include: boolean
  output: string[]
  remoteName: boolean
  writeOut: string | undefined
  /** In milliseconds; 0 is for ever. */
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
  /** In seconds. */
  retryDelay: number
  /** Tries again whatever went wrong. */
  retryRefused: boolean
  /** Addresses of this version alone; 0 for both. */
  family: 0 | 4 | 6
  /** Addresses by `host:port`. */
  resolve: Map<string, string>
  badResolve: string | undefined
  urls: string[]
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

/** What a mistake on the command line ends with. */
export const HINT = "curl: try 'curl --help' or 'curl --manual' for more information\n"

/** A command line that curl refuses: what it says, and its exit code. */
export interface Refusal {
  readonly error: string
  readonly code: number
}
const refuse = (problem: string, code = 2): Refusal => ({ error: `curl: option ${problem}\n${HINT}`, code })

type Keys<T> = { [K in keyof CurlOptions]: CurlOptions[K] extends T ? K : never }[keyof CurlOptions]

/** Options that say yes to something. */
const SWITCHES = new Map<string, Keys<boolean>>([
  ['silent', 'silent'],
  ['show-error', 'showError'],
  ['head', 'head'],
  ['include', 'include'],
  ['remote-name', 'remoteName'],
  ['remote-name-all', 'remoteName'],
  ['fail-early', 'failEarly'],
  ['http1.0', 'http10'],
  ['create-dirs', 'createDirs'],
  ['path-as-is', 'asIs'],
  ['get', 'get'],
  ['location', 'follow'],
  ['location-trusted', 'follow'],
  ['fail', 'fail'],
  ['fail-with-body', 'failBody'],
  ['insecure', 'insecure'],
  ['retry-connrefused', 'retryRefused'],
  ['retry-all-errors', 'retryRefused'],
  ['progress-bar', 'progress'],
  ['compressed', 'compressed'],
])
/** Options of which the last counts. */
const TEXTS = new Map<string, Keys<string | undefined>>([
  ['write-out', 'writeOut'],
  ['request', 'method'],
  ['cookie-jar', 'jar'],
  ['user', 'user'],
  ['user-agent', 'agent'],
  ['referer', 'referer'],
  ['upload-file', 'upload'],
  ['dump-header', 'dump'],
])
/** Options that may be given several times. */
const LISTS = new Map<string, Keys<string[]>>([
  ['output', 'output'],
  ['header', 'headers'],
  ['data-raw', 'data'],
  ['connect-to', 'connectTo'],
  ['form', 'form'],
  ['url', 'urls'],
])

/** What encodeURIComponent leaves as it is and curl does not. */
const escaped = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase()}`
const encoded = (text: string): string =>
  encodeURIComponent(text)
    .replace(/%20/g, '+')
    .replace(/[!'()*]/g, escaped)

const milliseconds = (v: string): number | undefined => (/^\d+(\.\d*)?$|^\.\d+$/.test(v) ? Number(v) * 1000 : undefined)

type ReadFile = (path: string) => string | undefined

/** Takes one option in; `flag` is how it was written. */
function set(o: CurlOptions, name: string, value: string, flag: string, file: ReadFile): Refusal | undefined {
  const flagged = SWITCHES.get(name)
  const text = TEXTS.get(name)
  const list = LISTS.get(name)
  if (flagged) o[flagged] = true
  else if (text) o[text] = value
  else if (list) o[list].push(value)
  else return setOther(o, name, value, flag, file)
  return undefined
}

function setOther(o: CurlOptions, name: string, value: string, flag: string, file: ReadFile): Refusal | undefined {
  const read = (path: string): string => file(path) ?? ''
  const noNumber = (): Refusal => refuse(`${flag}: expected a proper numerical parameter`)
  switch (name) {
    case 'verbose':
      o.verbose++
      break
    case 'no-progress-meter':
      o.silent = true
      o.showError = true
      break
    case 'globoff':
      o.glob = false
      break
    case 'max-time':
    case 'connect-timeout': {
      const ms = milliseconds(value)
      if (ms === undefined) return noNumber()
      if (name === 'max-time') o.maxTime = ms
      else o.connectTimeout = ms
      break
    }
    case 'max-redirs':
      if (!/^-?\d+$/.test(value)) return noNumber()
      o.maxRedirs = Number(value) < 0 ? Infinity : Number(value)
      break
    case 'retry':
      if (!/^\d+$/.test(value)) return noNumber()
      o.retry = Number(value)
      break
    case 'retry-delay':
      o.retryDelay = Number(value) || 0
      break
    case 'data':
    case 'data-ascii':
      o.data.push(value.startsWith('@') ? read(value.slice(1)).replace(/[\r\n]/g, '') : value)
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
      o.data.push(field + encoded(text))
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
    case 'post301':
    case 'post302':
    case 'post303':
      o.keepPost.push(Number(name.slice(4)))
      break
    case 'cookie':
      if (value.includes('=')) o.cookies.push(value)
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
  }
  return undefined
}

/** The option that a long name means: itself, or the only one that begins so; '' for one that does nothing. */
function longName(name: string): string | undefined {
  if (VALUED.has(name) || PLAIN.has(name)) return name
  if (name.startsWith('no-') && PLAIN.has(name.slice(3))) return ''
  const [only, other] = [...VALUED, ...PLAIN].filter((n) => n.startsWith(name))
  return other === undefined ? only : undefined
}

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

const nothingSaid = (): CurlOptions => ({
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
  jar: undefined,
  cookies: [],
})

/** Reads the options; files they name are asked for by path. */
export function parseOptions(
  args: readonly string[],
  file: (path: string) => string | undefined,
): CurlOptions | Refusal | 'version' | 'help' {
  const o = nothingSaid()
  const words = [...args]
  /** An option with the word it takes, at its place; a config file's options stand where it was named. */
  const take = (name: string, value: string, flag: string, at: number): Refusal | undefined => {
    if (name !== 'config') return set(o, name, value, flag, file)
    const text = file(value)
    if (text === undefined) return refuse('-K: error encountered when reading a file', 26)
    words.splice(at + 1, 0, ...configArguments(text))
    return undefined
  }
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (word === '--') {
      o.urls.push(...words.slice(i + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      o.urls.push(word)
      continue
    }
    const long = word.startsWith('--')
    for (let j = 1; j < word.length; j++) {
      const letter = word[j] ?? ''
      const name = long ? longName(word.slice(2)) : Object.hasOwn(SHORT, letter) ? SHORT[letter] : undefined
      // an unknown letter is reported with the whole word
      if (name === undefined) return refuse(`${word}: is unknown`)
      if (name === 'version') return 'version'
      if (name === 'help' || name === 'manual') return 'help'
      let value = ''
      const valued = VALUED.has(name)
      if (valued) {
        const next = !long && j + 1 < word.length ? word.slice(j + 1) : words[++i]
        if (next === undefined) return refuse(`${word}: requires parameter`)
        value = next
      }
      const refusal = take(name, value, word, i)
      if (refusal) return refusal
      if (long || valued) break
    }
  }
  return o
}
