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
  rd: boolean
  ad: boolean
  cd: boolean
  dnssec: boolean
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
  /** The words of the command line (or of the line of a batch) it came from. */
  words: readonly string[]
}

type Flag = { [K in keyof Lookup]: Lookup[K] extends boolean ? K : never }[keyof Lookup]

/** What went wrong with an option: what is written, and the exit code. */
export interface Refusal {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}
/** Sets what an option says; `value` stands behind its `=`. */
type Setter = (l: Lookup, on: boolean, value: string | undefined) => Refusal | undefined | void

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
function number(value: string | undefined, what: string, most: number, set: (n: number) => void): Refusal | undefined {
  if (value === undefined) return undefined
  const digits = /^\d+$/.test(value)
  if (digits && Number(value) <= most) {
    set(Number(value))
    return undefined
  }
  return {
    stdout: `invalid ${what} '${value}': ${digits ? 'out of range' : 'not a valid number'}\n`,
    stderr: `dig: Couldn't parse ${what}\n`,
    code: 10,
  }
}
const hexBytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

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
  if (value === undefined) return { stdout: '', stderr: 'dig: ednsopt no code point specified\n', code: 1 }
  const [name = '', data = ''] = value.split(/:(.*)/s)
  const known = Object.hasOwn(EDNS_OPTIONS, name.toUpperCase()) ? EDNS_OPTIONS[name.toUpperCase()] : undefined
  if (known === undefined && !(/^\d+$/.test(name) && Number(name) <= 65535))
    return {
      stdout: `invalid ednsopt '${name}': ${/^\d+$/.test(name) ? 'out of range' : 'not a valid number'}\n`,
      stderr: `dig: bad edns code point: ${name}\n`,
      code: 1,
    }
  l.options = [...l.options, { code: known ?? Number(name), data: hexBytes(data) }]
  if (l.edns < 0) l.edns = 0
  return undefined
}

/** The client subnet of RFC 7871. */
function subnet(l: Lookup, on: boolean, value: string | undefined): Refusal | undefined {
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
const time: Setter = (l, _on, value) => number(value, 'timeout', 0xffff, (n) => void (l.time = Math.max(1, n)))

/** Every option by its name. */
const OPTIONS: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ['aaflag', flag('aa')],
  ['aaonly', flag('aa')],
  ['additional', flag('additional')],
  ['adflag', flag('ad')],
  [
    'all',
    (l, on) => {
      l.question = l.answer = l.authority = l.additional = l.comments = l.stats = l.cmd = on
    },
  ],
  ['answer', flag('answer')],
  ['authority', flag('authority')],
  ['badcookie', passed],
  ['besteffort', passed],
  [
    'bufsize',
    (l, on, value) => {
      if (!on) l.bufsize = 0
      else if (value === undefined) l.bufsize = 1232
      else return number(value, 'buffer size', 65535, (n) => void (l.bufsize = n))
      return undefined
    },
  ],
  ['cdflag', flag('cd')],
  ['class', flag('cl')],
  ['cl', flag('cl')],
  ['cmd', flag('cmd')],
  ['comments', flag('comments')],
  [
    'cookie',
    (l, on, value) => {
      l.cookie = on
      l.cookieText = value
    },
  ],
  ['crypto', passed],
  ['defname', flag('search')],
  ['dns64prefix', passed],
  ['dnssec', dnssec],
  ['do', dnssec],
  [
    'domain',
    (l, on, value) => {
      l.search = on
      l.domain = on ? value : undefined
    },
  ],
  ['dscp', deprecated('dscp')],
  [
    'edns',
    (l, on, value) => {
      l.edns = on ? 0 : -1
      return on ? number(value, 'edns', 255, (n) => void (l.edns = n)) : undefined
    },
  ],
  [
    'ednsflags',
    (l, on, value) => {
      l.ednsFlags = on && value !== undefined ? Number(value) & 0xffff : 0
    },
  ],
  ['ednsnegotiation', flag('ednsneg')],
  ['ednsopt', ednsOption],
  ['expandaaaa', flag('expand')],
  ['expire', flag('expire')],
  ['fail', flag('fail')],
  ['header-only', passed],
  ['https', flag('https')],
  ['https-get', flag('https')],
  ['https-post', flag('https')],
  ['identify', flag('identify')],
  ['idnin', passed],
  ['idnout', passed],
  ['ignore', flag('ignore')],
  ['keepalive', flag('keepalive')],
  ['keepopen', passed],
  ['mapped', deprecated('mapped')],
  ['multiline', flag('multiline')],
  ['ndots', (l, _on, value) => number(value, 'ndots', 0x7fffffff, (n) => void (l.ndots = n))],
  ['nsid', flag('nsid')],
  [
    'nssearch',
    (l, on) => {
      l.nssearch = on
      if (on) {
        l.trace = false
        l.cmd = l.comments = l.stats = l.question = false
        l.rd = true
      }
    },
  ],
  ['onesoa', flag('onesoa')],
  [
    'opcode',
    (l, on, value) => {
      const named = Object.entries(OPCODES).find(([, name]) => name === value?.toUpperCase())?.[0]
      if (!on || value === undefined) l.opcode = 0
      else if (named !== undefined) l.opcode = Number(named)
      else return number(value, 'opcode', 15, (n) => void (l.opcode = n))
      return undefined
    },
  ],
  [
    'padding',
    (l, on, value) => (on ? number(value, 'padding', 512, (n) => void (l.padding = n)) : void (l.padding = 0)),
  ],
  ['proxy', passed],
  ['qid', passed],
  ['qr', flag('qr')],
  ['question', flag('question')],
  ['raflag', flag('ra')],
  ['rdflag', flag('rd')],
  ['recurse', flag('rd')],
  ['retry', (l, _on, value) => number(value, 'retries', 0xfffffffe, (n) => void (l.tries = n + 1))],
  ['rrcomments', passed],
  ['search', flag('search')],
  [
    'short',
    (l, on) => {
      l.short = on
      if (!on) return
      l.cmd = l.question = l.authority = l.additional = l.comments = l.stats = false
      l.answer = true
    },
  ],
  ['showbadcookie', passed],
  [
    'showsearch',
    (l, on) => {
      l.showsearch = l.search = on
    },
  ],
  ['showtruncated', passed],
  ['sigchase', passed],
  ['split', passed],
  ['stats', flag('stats')],
  ['subnet', subnet],
  ['tcflag', passed],
  ['tcp', tcp],
  ['time', time],
  ['timeout', time],
  ['tls', flag('tls')],
  ['tls-ca', passed],
  ['tls-certfile', passed],
  ['tls-hostname', passed],
  ['tls-keyfile', passed],
  ['topdown', deprecated('topdown')],
  [
    'trace',
    (l, on) => {
      l.trace = on
      if (on) {
        l.rd = false
        l.comments = l.question = l.stats = false
      }
    },
  ],
  ['tries', (l, _on, value) => number(value, 'tries', 0xffffffff, (n) => void (l.tries = Math.max(1, n)))],
  ['trusted-key', deprecated('trusted-key')],
  ['ttlid', flag('ttlid')],
  [
    'ttlunits',
    (l, on) => {
      l.units = on
      if (on) l.ttlid = true
    },
  ],
  ['unknownformat', flag('unknown')],
  ['vc', tcp],
  [
    'yaml',
    (l, on) => {
      l.yaml = on
      if (on) l.cmd = false
    },
  ],
  ['zflag', passed],
])

/** An option by its name, or by the beginning of only one. */
function find(name: string): Setter | undefined {
  const exact = OPTIONS.get(name)
  if (exact || name === '') return exact
  const fitting = [...OPTIONS].filter(([k]) => k.startsWith(name))
  return fitting.length === 1 ? fitting[0]?.[1] : undefined
}

/** Sets one + option (without the plus); false when it is none. */
export function setOption(word: string, l: Lookup): Refusal | boolean {
  const [raw = '', value] = word.split(/=(.*)/s)
  const name = raw.toLowerCase()
  const set = find(name)
  const denied = set || !name.startsWith('no') ? undefined : find(name.slice(2))
  if (!set && !denied) return false
  return (set ? set(l, true, value) : denied?.(l, false, value)) ?? true
}
