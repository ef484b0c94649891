// The + options of dig: a table of their names, what each sets, and which values they take.
import { OPCODES } from '../../dns/wire.ts'
import type { EdnsOption } from '../../dns/wire.ts'
import { parseIPv4, parseIPv6 } from '../../dns/address.ts'

/** One question as dig asks and prints it. */
export interface Lookup {
  name: string
  type: number
  class: number
  typeSet: boolean
  classSet: boolean
  reverse: boolean
  server: string | undefined
  port: number
  cmd: boolean
  question: boolean
  answer: boolean
  authority: boolean
  additional: boolean
  comments: boolean
  stats: boolean
  short: boolean
  identify: boolean
  qr: boolean
  yaml: boolean
  multiline: boolean
  ttlid: boolean
  cl: boolean
  units: boolean
  onesoa: boolean
  unknown: boolean
  expand: boolean
  /** Times in millionths of a second. */
  micro: boolean
  /** Servers with an IPv6 address only. */
  six: boolean
  opcode: number
  aa: boolean
  ra: boolean
  tc: boolean
  rd: boolean
  ad: boolean
  cd: boolean
  dnssec: boolean
  /** Compact answers are understood (CO). */
  co: boolean
  nsid: boolean
  expire: boolean
  keepalive: boolean
  padding: number
  subnet: EdnsOption | undefined
  options: readonly EdnsOption[]
  tcp: boolean
  /** Whether a transport was asked for: ANY goes over TCP otherwise. */
  tcpSet: boolean
  tls: boolean
  https: boolean
  /** HTTP without TLS. */
  plain: boolean
  headerOnly: boolean
  /** The number of the query, when it is given. */
  id: number | undefined
  edns: number
  ednsFlags: number
  cookie: boolean
  cookieText: string | undefined
  bufsize: number
  search: boolean
  showsearch: boolean
  domain: string | undefined
  ndots: number | undefined
  ignore: boolean
  tries: number
  time: number
  fail: boolean
  ednsneg: boolean
  trace: boolean
  nssearch: boolean
  /** The serial of an IXFR. */
  serial: number | undefined
  mdns: boolean
  /** dig before 9.18 parts the words of a question by tabs only. */
  tabbed: boolean
  /** Servers with an IPv4 address only. */
  four: boolean
  /** What became of the key of -y. */
  key: 'good' | 'bad' | 'unknown' | undefined
  keyName: string
  /** The banner, at the first name of a line. */
  greeting: string
}

type Flag = { [K in keyof Lookup]: Lookup[K] extends boolean ? K : never }[keyof Lookup]

/** What went wrong with an option: what is written, and the exit code. */
export interface Refusal {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
  /** The option is shown as invalid besides. */
  readonly invalid?: true
}
/** Sets what an option says; `value` stands behind its `=`. False: dig takes it not this way. */
type Setter = (l: Lookup, on: boolean, value: string | undefined) => Refusal | false | undefined | void

const flag =
  (key: Flag): Setter =>
  (l, on) => {
    l[key] = on
  }
const passed: Setter = () => undefined
const deprecated =
  (name: string): Setter =>
  () => ({ stdout: '', stderr: `;; +${name} option is deprecated`, code: 0 })

/** A number within its limits, or why not, as parse_uint() of dighost says it. */
function number(value: string, what: string, most: number, set: (n: number) => void): Refusal | undefined {
  const parsed = /^\d+$/.test(value) ? Number(value) : undefined
  if (parsed !== undefined && parsed <= most) {
    set(parsed)
    return undefined
  }
  return {
    stdout: `invalid ${what} '${value}': ${parsed === undefined ? 'not a valid number' : 'out of range'}\n`,
    stderr: `dig: Couldn't parse ${what}\n`,
    code: 10,
  }
}
/** An option that is a number: it needs one and cannot be denied. */
const needed =
  (what: string, most: number, set: (l: Lookup, n: number) => void): Setter =>
  (l, on, value) =>
    on && value !== undefined ? number(value, what, most, (n) => set(l, n)) : false

const BAD_HEX: Refusal = { stdout: '', stderr: 'dig: isc_hex_decodestring: bad hex encoding\n', code: 1 }
const hexBytes = (text: string): Uint8Array | undefined =>
  /^(?:[0-9a-f]{2})*$/i.test(text) ? Uint8Array.from(Buffer.from(text, 'hex')) : undefined

/** EDNS options by name, as +ednsopt takes them. */
const EDNS_OPTIONS: Readonly<Record<string, number>> = {
  LLQ: 1,
  UL: 2,
  NSID: 3,
  DAU: 5,
  DHU: 6,
  N3U: 7,
  ECS: 8,
  EXPIRE: 9,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  PAD: 12,
  CHAIN: 13,
  'KEY-TAG': 14,
  EDE: 15,
  CLIENT: 16,
  'CLIENT-TAG': 16,
  SERVER: 17,
  'SERVER-TAG': 17,
}

function ednsOption(l: Lookup, on: boolean, value: string | undefined): Refusal | undefined {
  if (!on) {
    l.options = []
    return undefined
  }
  if (value === undefined) return { stdout: '', stderr: 'dig: ednsopt no code point specified\n', code: 10 }
  const [name = '', data = ''] = value.split(/:(.*)/s)
  const known = Object.hasOwn(EDNS_OPTIONS, name.toUpperCase()) ? EDNS_OPTIONS[name.toUpperCase()] : undefined
  if (known === undefined && !(/^\d+$/.test(name) && Number(name) <= 65535))
    return {
      stdout: `invalid ednsopt '${name}': ${/^\d+$/.test(name) ? 'out of range' : 'not a valid number'}\n`,
      stderr: `dig: bad edns code point: ${name}\n`,
      code: 1,
    }
  const bytes = hexBytes(data)
  if (!bytes) return BAD_HEX
  l.options = [...l.options, { code: known ?? Number(name), data: bytes }]
  if (l.edns < 0) l.edns = 0
  return undefined
}

/** The client subnet of RFC 7871. */
function subnet(l: Lookup, on: boolean, value: string | undefined): Refusal | false | undefined {
  if (on && value === undefined) return false
  l.subnet = undefined
  if (!on || value === undefined) return undefined
  const [text = '', bits] = value.split('/')
  const bytes = text === '0' ? new Uint8Array(4) : (parseIPv4(text) ?? parseIPv6(text))
  if (!bytes) return { stdout: '', stderr: `dig: invalid address '${value}'\n`, code: 1 }
  const length = bits === undefined ? (text === '0' ? 0 : bytes.length * 8) : Number(bits)
  if (!(length <= bytes.length * 8))
    return { stdout: '', stderr: `dig: invalid prefix length in '${value}'\n`, code: 1 }
  const kept = bytes.slice(0, Math.ceil(length / 8))
  if (length % 8 && kept.length > 0) {
    const last = kept.length - 1
    kept[last] = (kept[last] ?? 0) & (0xff << (8 - (length % 8)))
  }
  l.subnet = { code: 8, data: Uint8Array.from([0, bytes.length === 4 ? 1 : 2, length, 0, ...kept]) }
  if (l.edns < 0) l.edns = 0
  return undefined
}

const tcp: Setter = (l, on) => {
  l.tcp = on
  l.tcpSet = true
}
const dnssec: Setter = (l, on) => {
  l.dnssec = on
  if (on && l.edns < 0) l.edns = 0
}
const time = needed('timeout', 0xffff, (l, n) => void (l.time = Math.max(1, n)))
/** DNS over HTTP, at a path. */
const http =
  (plain: boolean): Setter =>
  (l, on, value) => {
    if (on && value !== undefined && !value.startsWith('/'))
      return {
        stdout: '',
        stderr: `;; The given HTTP path "${value}" is not a valid absolute path\n`,
        code: 1,
        invalid: true,
      }
    l.https = on
    l.plain = on && plain
    return undefined
  }
/** A file or name for TLS. */
const tlsValue =
  (what: string): Setter =>
  (_l, on, value) =>
    on && value === undefined
      ? { stdout: '', stderr: `;; TLS ${what} is not specified\n`, code: 1, invalid: true }
      : undefined

/** Every option: its name, the fewest letters that stand for it, what it sets. */
const OPTIONS: readonly (readonly [name: string, least: number, set: Setter])[] = [
  ['aaonly', 2, flag('aa')],
  ['aaflag', 3, flag('aa')],
  ['additional', 3, flag('additional')],
  ['adflag', 2, flag('ad')],
  [
    'all',
    2,
    (l, on) => {
      l.question = l.answer = l.authority = l.additional = l.comments = l.stats = l.cmd = on
    },
  ],
  ['answer', 2, flag('answer')],
  ['authority', 2, flag('authority')],
  ['badcookie', 2, passed],
  ['besteffort', 2, passed],
  [
    'bufsize',
    2,
    (l, on, value) => {
      if (!on) return false
      if (value !== undefined) return number(value, 'buffer size', 65535, (n) => void (l.bufsize = n))
      l.bufsize = 1232
      return undefined
    },
  ],
  ['cdflag', 2, flag('cd')],
  ['class', 2, flag('cl')],
  ['cmd', 2, flag('cmd')],
  ['coflag', 2, flag('co')],
  ['comments', 3, flag('comments')],
  [
    'cookie',
    3,
    (l, on, value) => {
      if (on && value !== undefined && !hexBytes(value)) return BAD_HEX
      l.cookie = on
      l.cookieText = value
      return undefined
    },
  ],
  ['crypto', 2, passed],
  ['defname', 2, flag('search')],
  [
    'dns64prefix',
    4,
    (l, on) => {
      if (on) l.cmd = false
    },
  ],
  ['dnssec', 4, dnssec],
  ['do', 2, dnssec],
  [
    'domain',
    3,
    (l, on, value) => {
      if (!on || value === undefined) return false
      l.search = true
      l.domain = value
      return undefined
    },
  ],
  ['dscp', 2, () => ({ stdout: '', stderr: ';; +dscp option is obsolete and has no effect', code: 0 })],
  [
    'edns',
    4,
    (l, on, value) => {
      l.edns = on ? 0 : -1
      return on && value !== undefined ? number(value, 'edns', 255, (n) => void (l.edns = n)) : undefined
    },
  ],
  [
    'ednsflags',
    5,
    (l, on, value) => {
      l.ednsFlags = 0
      if (!on || value === undefined) return undefined
      const whole = /^0x[0-9a-f]+$/i.test(value) ? String(Number(value)) : value
      return number(whole, 'ednsflags', 0xffff, (n) => void (l.ednsFlags = n))
    },
  ],
  ['ednsnegotiation', 5, flag('ednsneg')],
  ['ednsopt', 5, ednsOption],
  ['expandaaaa', 4, flag('expand')],
  ['expire', 4, flag('expire')],
  ['fail', 2, flag('fail')],
  ['header-only', 2, flag('headerOnly')],
  ['https', 5, http(false)],
  ['https-get', 7, http(false)],
  ['https-post', 7, http(false)],
  ['http-plain', 10, http(true)],
  ['http-plain-get', 12, http(true)],
  ['http-plain-post', 12, http(true)],
  ['identify', 3, flag('identify')],
  ['idnin', 4, passed],
  ['idnout', 4, passed],
  ['ignore', 1, flag('ignore')],
  ['keepalive', 5, flag('keepalive')],
  ['keepopen', 5, passed],
  ['mapped', 2, deprecated('mapped')],
  ['multiline', 2, flag('multiline')],
  ['ndots', 2, needed('ndots', 0xffff, (l, n) => void (l.ndots = n))],
  ['nsid', 3, flag('nsid')],
  [
    'nssearch',
    3,
    (l, on) => {
      l.nssearch = on
      if (on) {
        l.trace = false
        l.cmd = l.comments = l.stats = l.question = false
        l.rd = true
      }
    },
  ],
  ['onesoa', 2, flag('onesoa')],
  [
    'opcode',
    2,
    (l, on, value) => {
      l.opcode = 0
      if (!on) return undefined
      if (value === undefined) return false
      const named = Object.entries(OPCODES).find(([, name]) => name === value.toUpperCase())?.[0]
      return number(named ?? value, 'opcode', 15, (n) => void (l.opcode = n))
    },
  ],
  [
    'padding',
    2,
    (l, on, value) =>
      value === undefined ? false : number(value, 'padding', 512, (n) => void (l.padding = on ? n : 0)),
  ],
  [
    'qid',
    2,
    (l, on, value) => {
      l.id = undefined
      if (!on) return undefined
      return value === undefined ? false : number(value, 'qid', 65535, (n) => void (l.id = n))
    },
  ],
  ['qr', 2, flag('qr')],
  ['question', 2, flag('question')],
  ['raflag', 2, flag('ra')],
  ['rdflag', 2, flag('rd')],
  ['recurse', 3, flag('rd')],
  ['retry', 3, needed('retries', 0xfffffffe, (l, n) => void (l.tries = n + 1))],
  ['rrcomments', 2, passed],
  ['search', 2, flag('search')],
  [
    'short',
    4,
    (l, on) => {
      l.short = on
      if (!on) return
      l.cmd = l.question = l.authority = l.additional = l.comments = l.stats = false
      l.answer = true
    },
  ],
  ['showbadcookie', 5, passed],
  [
    'showsearch',
    5,
    (l, on) => {
      l.showsearch = l.search = on
    },
  ],
  ['sigchase', 2, deprecated('sigchase')],
  [
    'split',
    2,
    (_l, on, value) => {
      if (value === undefined) return undefined
      if (!on) return false
      let fitting = 0
      const refused = number(value, 'split', 1023, (n) => void (fitting = Math.ceil(n / 4) * 4))
      if (!refused && fitting === Number(value)) return undefined
      const warning = `;; Warning, split must be a multiple of 4; adjusting to ${fitting}\n`
      return refused ? { ...refused, stderr: warning + refused.stderr } : { stdout: '', stderr: warning, code: 0 }
    },
  ],
  ['stats', 2, flag('stats')],
  ['subnet', 2, subnet],
  ['tcflag', 3, flag('tc')],
  ['tcp', 3, tcp],
  ['timeout', 2, time],
  ['tls', 3, flag('tls')],
  ['tls-ca', 6, flag('tls')],
  ['tls-certfile', 7, tlsValue('certificate file')],
  ['tls-hostname', 5, tlsValue('hostname')],
  ['tls-keyfile', 5, tlsValue('private key file')],
  ['topdown', 2, deprecated('topdown')],
  [
    'trace',
    3,
    (l, on) => {
      l.trace = on
      if (on) {
        l.rd = false
        l.comments = l.question = l.stats = false
      }
    },
  ],
  ['tries', 3, needed('tries', 0xffffffff, (l, n) => void (l.tries = Math.max(1, n)))],
  ['trusted-key', 3, deprecated('trusted-key')],
  ['ttlid', 3, flag('ttlid')],
  [
    'ttlunits',
    4,
    (l, on) => {
      l.units = on
      if (on) l.ttlid = true
    },
  ],
  ['unknownformat', 3, flag('unknown')],
  ['vc', 1, tcp],
  [
    'yaml',
    1,
    (l, on) => {
      l.yaml = on
      if (on) l.cmd = false
    },
  ],
  ['zflag', 1, passed],
]

/** Sets one + option (without the plus); false when it is none. */
export function setOption(word: string, l: Lookup): Refusal | boolean {
  const cut = word.indexOf('=')
  const typed = cut < 0 ? word : word.slice(0, cut)
  // an empty value is none
  const value = cut < 0 || cut === word.length - 1 ? undefined : word.slice(cut + 1)
  if (typed === '') return { stdout: '', stderr: `;; Invalid option ${word}\n`, code: 0 }
  const on = !/^no/i.test(typed)
  const name = on ? typed : typed.slice(2)
  const found = OPTIONS.find(([full, least]) => name.length >= least && full.startsWith(name))
  return found?.[2](l, on, value) ?? found !== undefined
}
