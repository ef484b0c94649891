// DNS messages as bytes: RFC 1035 with EDNS0 (RFC 6891). Names are written whole and compressed only when the message
// would not fit, as CoreDNS does.
import { formatAddress, parseIPv4, parseIPv6 } from './address.ts'
import { fqdn, labels } from './qname.ts'

export const TYPES: Readonly<{ [name: string]: number }> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  NULL: 10,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  RP: 17,
  AAAA: 28,
  LOC: 29,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  SSHFP: 44,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  TLSA: 52,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  URI: 256,
  CAA: 257,
}
const TYPE_NAMES = new Map(Object.entries(TYPES).map(([name, code]) => [code, name]))
export const CLASSES: Readonly<{ [name: string]: number }> = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 }
const CLASS_NAMES = new Map(Object.entries(CLASSES).map(([name, code]) => [code, name]))
export const RCODES: readonly string[] = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
  'RESERVED11',
  'RESERVED12',
  'RESERVED13',
  'RESERVED14',
  'RESERVED15',
  'BADVERS',
]
export const OPCODES: readonly string[] = ['QUERY', 'IQUERY', 'STATUS', 'RESERVED3', 'NOTIFY', 'UPDATE']

/** `A`, `SRV`, or `TYPE65280` for what has no name here. */
export const typeName = (code: number): string => TYPE_NAMES.get(code) ?? `TYPE${code}`
/** The number of a record type, by its name or as TYPE123. */
export function typeCode(name: string): number | undefined {
  const upper = name.toUpperCase()
  if (Object.hasOwn(TYPES, upper)) return TYPES[upper]
  const m = /^TYPE(\d{1,5})$/.exec(upper)
  return m && Number(m[1]) < 65536 ? Number(m[1]) : undefined
}
/** The name of a class, or CLASS123. */
export const className = (code: number): string => CLASS_NAMES.get(code) ?? `CLASS${code}`

export interface Question {
  readonly name: string
  readonly type: number
  readonly class: number
}
export type RData =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'name'; readonly target: string }
  | { readonly kind: 'mx'; readonly preference: number; readonly target: string }
  | {
      readonly kind: 'srv'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | {
      readonly kind: 'soa'
      readonly mname: string
      readonly rname: string
      readonly serial: number
      readonly refresh: number
      readonly retry: number
      readonly expire: number
      readonly minimum: number
    }
  | { readonly kind: 'txt'; readonly texts: readonly string[] }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }
export interface ResourceRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  readonly ttl: number
  readonly data: RData
}
export interface EdnsOption {
  readonly code: number
  readonly data: Uint8Array
}
export interface Edns {
  readonly version: number
  readonly udpSize: number
  readonly do: boolean
  /** The seven reserved flag bits below DO, as far as a reply repeats them (0x7f00 of the flags). */
  readonly z?: number
  readonly options: readonly EdnsOption[]
}
export interface Message {
  readonly id: number
  readonly opcode: number
  /** With EDNS's upper bits: 16 is BADVERS. */
  readonly rcode: number
  readonly qr: boolean
  readonly aa: boolean
  readonly tc: boolean
  readonly rd: boolean
  readonly ra: boolean
  readonly ad: boolean
  readonly cd: boolean
  readonly questions: readonly Question[]
  readonly answers: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  /** Without the OPT record, which is `edns`. */
  readonly additional: readonly ResourceRecord[]
  readonly edns?: Edns
}

/** A message that cannot be read. `header` holds what could be (for a FORMERR reply). */
export class WireError extends Error {}

/** Pointers one name may follow. */
const MAX_POINTERS = 126

const UTF8 = new TextEncoder()

class Writer {
  bytes = new Uint8Array(512)
  length = 0
  readonly names: Map<string, number> | undefined
  constructor(compress: boolean) {
    this.names = compress ? new Map() : undefined
  }
  room(n: number): void {
    if (this.length + n <= this.bytes.length) return
    const next = new Uint8Array(Math.max(this.bytes.length * 2, this.length + n))
    next.set(this.bytes.subarray(0, this.length))
    this.bytes = next
  }
  u8(n: number): void {
    this.room(1)
    this.bytes[this.length++] = n
  }
  u16(n: number): void {
    this.room(2)
    this.bytes[this.length++] = (n >>> 8) & 255
    this.bytes[this.length++] = n & 255
  }
  u32(n: number): void {
    this.u16(n >>> 16)
    this.u16(n & 65535)
  }
  raw(b: Uint8Array): void {
    this.room(b.length)
    this.bytes.set(b, this.length)
    this.length += b.length
  }
  name(name: string, compressible = true): void {
    const parts = labels(fqdn(name))
    for (let i = 0; i < parts.length; i++) {
      const rest = parts.slice(i).join('.')
      const at = compressible ? this.names?.get(rest) : undefined
      if (at !== undefined) {
        this.u16(0xc000 | at)
        return
      }
      if (this.names && this.length < 0x4000 && !this.names.has(rest)) this.names.set(rest, this.length)
      const b = labelBytes(parts[i] ?? '')
      if (b.length === 0 || b.length > 63) throw new WireError(`label of ${b.length} bytes`)
      this.u8(b.length)
      this.raw(b)
    }
    this.u8(0)
  }
}

function labelBytes(label: string): Uint8Array {
  if (!label.includes('\\')) return UTF8.encode(label)
  const out: number[] = []
  for (let i = 0; i < label.length; i++) {
    if (label[i] !== '\\') {
      out.push(...UTF8.encode(label[i]))
      continue
    }
    const digits = /^\d{3}/.exec(label.slice(i + 1))
    if (digits) {
      out.push(Number(digits[0]) & 255)
      i += 3
    } else {
      out.push(...UTF8.encode(label[++i] ?? ''))
    }
  }
  return Uint8Array.from(out)
}

function labelText(bytes: Uint8Array): string {
  let out = ''
  for (const b of bytes) {
    if (b === 0x2e || b === 0x5c || b === 0x22 || b === 0x28 || b === 0x29 || b === 0x3b || b === 0x40 || b === 0x24)
      out += `\\${String.fromCharCode(b)}`
    else if (b > 0x20 && b < 0x7f) out += String.fromCharCode(b)
    else out += `\\${String(b).padStart(3, '0')}`
  }
  return out
}

function textBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0) & 255)
}

function writeRecord(w: Writer, r: ResourceRecord): void {
  w.name(r.name)
  w.u16(r.type)
  w.u16(r.class)
  w.u32(r.ttl)
  const at = w.length
  w.u16(0)
  const d = r.data
  switch (d.kind) {
    case 'address': {
      const b = parseIPv4(d.address) ?? parseIPv6(d.address)
      if (!b) throw new WireError(`no address: ${d.address}`)
      w.raw(b)
      break
    }
    case 'name':
      w.name(d.target)
      break
    case 'mx':
      w.u16(d.preference)
      w.name(d.target)
      break
    // RFC 2782: the target of an SRV is never compressed.
    case 'srv':
      w.u16(d.priority)
      w.u16(d.weight)
      w.u16(d.port)
      w.name(d.target, false)
      break
    case 'soa':
      w.name(d.mname)
      w.name(d.rname)
      for (const n of [d.serial, d.refresh, d.retry, d.expire, d.minimum]) w.u32(n)
      break
    case 'txt':
      for (const t of d.texts) {
        const b = textBytes(t)
        if (b.length > 255) throw new WireError('text of more than 255 bytes')
        w.u8(b.length)
        w.raw(b)
      }
      break
    case 'raw':
      w.raw(d.bytes)
      break
  }
  const size = w.length - at - 2
  if (size > 65535) throw new WireError('record data of more than 65535 bytes')
  w.bytes[at] = size >> 8
  w.bytes[at + 1] = size & 255
}

function write(m: Message, compress: boolean): Writer {
  const w = new Writer(compress)
  w.u16(m.id)
  w.u16(
    (m.qr ? 0x8000 : 0) |
      ((m.opcode & 15) << 11) |
      (m.aa ? 0x400 : 0) |
      (m.tc ? 0x200 : 0) |
      (m.rd ? 0x100 : 0) |
      (m.ra ? 0x80 : 0) |
      (m.ad ? 0x20 : 0) |
      (m.cd ? 0x10 : 0) |
      (m.rcode & 15),
  )
  w.u16(m.questions.length)
  w.u16(m.answers.length)
  w.u16(m.authority.length)
  w.u16(m.additional.length + (m.edns ? 1 : 0))
  for (const q of m.questions) {
    w.name(q.name)
    w.u16(q.type)
    w.u16(q.class)
  }
  for (const r of m.answers) writeRecord(w, r)
  for (const r of m.authority) writeRecord(w, r)
  for (const r of m.additional) writeRecord(w, r)
  if (m.edns) {
    w.u8(0)
    w.u16(41)
    w.u16(m.edns.udpSize)
    w.u32(
      ((((m.rcode >>> 4) & 255) << 24) |
        ((m.edns.version & 255) << 16) |
        (m.edns.do ? 0x8000 : 0) |
        ((m.edns.z ?? 0) & 0x7fff)) >>>
        0,
    )
    w.u16(m.edns.options.reduce((n, o) => n + 4 + o.data.length, 0))
    for (const o of m.edns.options) {
      w.u16(o.code)
      w.u16(o.data.length)
      w.raw(o.data)
    }
  }
  return w
}

const bytesOf = (w: Writer): Uint8Array => w.bytes.slice(0, w.length)

/** The bytes of a message, names written whole unless told to compress. Throws WireError for what has no wire form. */
export const encode = (m: Message, compress = false): Uint8Array => bytesOf(write(m, compress))

/**
 * How many bytes a reply may have on its way to a client: more than `size` never, more than `plain` only with names
 * compressed.
 */
export interface ReplyLimit {
  readonly size: number
  readonly plain: number
}

/**
 * The bytes of a reply within its limit: whole, else compressed, else with as many records as fit and TC set. Returns
 * the message as cut.
 */
export function encodeWithin(m: Message, limit: ReplyLimit): { bytes: Uint8Array; message: Message } {
  const whole = write(m, false)
  if (whole.length <= Math.min(limit.size, limit.plain)) return { bytes: bytesOf(whole), message: m }
  let best = m
  let w = write(best, true)
  if (w.length > limit.size) {
    // binary search for the longest run of records, answers first, that fits
    const all = m.answers.length + m.authority.length + m.additional.length
    const cut = (n: number): Message => {
      const a = Math.min(n, m.answers.length)
      const b = Math.min(n - a, m.authority.length)
      return {
        ...m,
        tc: m.tc || n < all,
        answers: m.answers.slice(0, a),
        authority: m.authority.slice(0, b),
        additional: m.additional.slice(0, n - a - b),
      }
    }
    let low = 0
    let high = all
    while (low < high) {
      const mid = (low + high + 1) >> 1
      if (write(cut(mid), true).length <= limit.size) low = mid
      else high = mid - 1
    }
    best = cut(low)
    w = write(best, true)
  }
  return { bytes: bytesOf(w), message: best }
}

/** Reads a message from its front. Throws WireError where bytes are missing or make no sense. */
export class Reader {
  at = 0
  readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
  need(n: number): void {
    if (this.at + n > this.bytes.length) throw new WireError('message ends too early')
  }
  u8(): number {
    this.need(1)
    return this.bytes[this.at++] ?? 0
  }
  u16(): number {
    this.need(2)
    const n = ((this.bytes[this.at] ?? 0) << 8) | (this.bytes[this.at + 1] ?? 0)
    this.at += 2
    return n
  }
  u32(): number {
    const high = this.u16()
    return high * 65536 + this.u16()
  }
  raw(n: number): Uint8Array {
    this.need(n)
    const b = this.bytes.slice(this.at, this.at + n)
    this.at += n
    return b
  }
  name(): string {
    let out = ''
    let size = 1
    let back = -1
    let hops = 0
    for (;;) {
      const n = this.u8()
      if (n === 0) break
      if ((n & 0xc0) === 0xc0) {
        const to = ((n & 0x3f) << 8) | this.u8()
        // pointers may lead anywhere, but a name of 255 bytes has no need of more: this ends every loop
        if (++hops > MAX_POINTERS) throw new WireError('too many name pointers')
        if (back < 0) back = this.at
        this.at = to
        continue
      }
      if (n & 0xc0) throw new WireError('label type that does not exist')
      size += n + 1
      if (size > 255) throw new WireError('name of more than 255 bytes')
      out += `${labelText(this.raw(n))}.`
    }
    if (back >= 0) this.at = back
    return out === '' ? '.' : out
  }
  /** What stands before the data of a record; all of the data is there. */
  head(): {
    readonly name: string
    readonly type: number
    readonly cls: number
    readonly ttl: number
    readonly size: number
  } {
    const head = { name: this.name(), type: this.u16(), cls: this.u16(), ttl: this.u32(), size: this.u16() }
    this.need(head.size)
    return head
  }
}

function readRecord(r: Reader): ResourceRecord & { readonly bytes: Uint8Array } {
  const { name, type, cls, ttl, size } = r.head()
  const end = r.at + size
  const bytes = r.bytes.slice(r.at, end)
  let data: RData
  switch (type) {
    case 1:
    case 28:
      if (size !== (type === 1 ? 4 : 16)) throw new WireError('address of a wrong size')
      data = { kind: 'address', address: formatAddress(r.raw(size)) }
      break
    case 2:
    case 5:
    case 12:
    case 39:
      data = { kind: 'name', target: r.name() }
      break
    case 15:
      data = { kind: 'mx', preference: r.u16(), target: r.name() }
      break
    case 33:
      data = { kind: 'srv', priority: r.u16(), weight: r.u16(), port: r.u16(), target: r.name() }
      break
    case 6:
      data = {
        kind: 'soa',
        mname: r.name(),
        rname: r.name(),
        serial: r.u32(),
        refresh: r.u32(),
        retry: r.u32(),
        expire: r.u32(),
        minimum: r.u32(),
      }
      break
    case 16:
    case 99: {
      const texts: string[] = []
      while (r.at < end) texts.push(String.fromCharCode(...r.raw(r.u8())))
      data = { kind: 'txt', texts }
      break
    }
    default:
      data = { kind: 'raw', bytes: r.raw(size) }
  }
  if (r.at !== end) throw new WireError('record data of a wrong length')
  return { name, type, class: cls, ttl, data, bytes }
}

/** A message from its bytes. Throws WireError; never reads outside, never loops. */
export function decode(bytes: Uint8Array): Message {
  const r = new Reader(bytes)
  const id = r.u16()
  const f = r.u16()
  const counts = [r.u16(), r.u16(), r.u16(), r.u16()] as const
  const questions: Question[] = []
  for (let i = 0; i < counts[0]; i++) questions.push({ name: r.name(), type: r.u16(), class: r.u16() })
  let edns: Edns | undefined
  let rcode = f & 15
  const section = (n: number, last: boolean): ResourceRecord[] => {
    const out: ResourceRecord[] = []
    for (let i = 0; i < n; i++) {
      const { bytes: data, ...record } = readRecord(r)
      if (last && record.type === 41) {
        if (edns || record.name !== '.') throw new WireError('a second OPT record, or one with a name')
        const o = new Reader(data)
        const options: EdnsOption[] = []
        while (o.at < data.length) {
          const code = o.u16()
          options.push({ code, data: o.raw(o.u16()) })
        }
        rcode |= (record.ttl >>> 24) << 4
        edns = {
          version: (record.ttl >>> 16) & 255,
          udpSize: record.class,
          do: (record.ttl & 0x8000) !== 0,
          ...(record.ttl & 0x7fff ? { z: record.ttl & 0x7fff } : {}),
          options,
        }
      } else out.push(record)
    }
    return out
  }
  const answers = section(counts[1], false)
  const authority = section(counts[2], false)
  const additional = section(counts[3], true)
  if (r.at !== bytes.length) throw new WireError('bytes after the message')
  return {
    id,
    opcode: (f >> 11) & 15,
    rcode,
    qr: (f & 0x8000) !== 0,
    aa: (f & 0x400) !== 0,
    tc: (f & 0x200) !== 0,
    rd: (f & 0x100) !== 0,
    ra: (f & 0x80) !== 0,
    ad: (f & 0x20) !== 0,
    cd: (f & 0x10) !== 0,
    questions,
    answers,
    authority,
    additional,
    ...(edns ? { edns } : {}),
  }
}

/** A record's data as dig prints it. */
export function dataText(r: ResourceRecord): string {
  const d = r.data
  switch (d.kind) {
    case 'address':
      return d.address
    case 'name':
      return d.target
    case 'mx':
      return `${d.preference} ${d.target}`
    case 'srv':
      return `${d.priority} ${d.weight} ${d.port} ${d.target}`
    case 'soa':
      return `${d.mname} ${d.rname} ${d.serial} ${d.refresh} ${d.retry} ${d.expire} ${d.minimum}`
    case 'txt':
      return d.texts.map((t) => `"${t.replace(/["\\]/g, '\\$&')}"`).join(' ')
    case 'raw':
      return `\\# ${d.bytes.length}${d.bytes.length ? ` ${[...d.bytes].map((b) => b.toString(16).padStart(2, '0').toUpperCase()).join('')}` : ''}`
  }
}

/** A question as a message, ready to send. */
export function query(
  name: string,
  type: number,
  options: { id?: number; rd?: boolean; class?: number; edns?: Edns; ad?: boolean; cd?: boolean } = {},
): Message {
  return {
    id: options.id ?? 0,
    opcode: 0,
    rcode: 0,
    qr: false,
    aa: false,
    tc: false,
    rd: options.rd ?? true,
    ra: false,
    ad: options.ad ?? false,
    cd: options.cd ?? false,
    questions: [{ name: fqdn(name), type, class: options.class ?? 1 }],
    answers: [],
    authority: [],
    additional: [],
    ...(options.edns ? { edns: options.edns } : {}),
  }
}
