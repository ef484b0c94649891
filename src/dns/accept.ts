// What a DNS server takes for a query, and what it says to the rest: messages read as leniently, and refused as early,
// as miekg/dns reads and refuses them (acceptfunc.go, msg.go).
import type { Edns, EdnsOption, Message, Question } from './wire.ts'
import { Reader, WireError } from './wire.ts'

/** A query to answer; or a reply that is ready, because nobody need look at the question; or nothing to say at all. */
export type Accepted = { readonly query: Message } | { readonly reply: Message } | undefined

const FORMERR = 1
const NOTIMP = 4
const QUERY = 0
const NOTIFY = 4
/** Bytes read of a UDP packet: what lies behind is lost. */
const UDP_READ = 512
const OPT = 41

/**
 * One field of a record's data: a number of so many bytes, a name (`n`), a text with its length in front (`s`), texts
 * (`t`), parameters (`p`) or a map of types (`b`) to the end, bytes to the end (`x`), or as many bytes as the number
 * before it says (`l`).
 */
type Field = number | 'n' | 's' | 't' | 'p' | 'b' | 'x' | 'l'

const KEY: readonly Field[] = [2, 1, 1, 'x']
const SIGNATURE: readonly Field[] = [2, 1, 1, 4, 4, 4, 2, 'n', 'x']

/** The data of the types that are read at all (miekg/dns's zmsg.go), by number; other types are bytes. */
const SHAPES: Readonly<Record<number, readonly Field[]>> = {
  1: [4],
  2: ['n'],
  3: ['n'],
  4: ['n'],
  5: ['n'],
  6: ['n', 'n', 4, 4, 4, 4, 4],
  7: ['n'],
  8: ['n'],
  9: ['n'],
  12: ['n'],
  13: ['s', 's'],
  14: ['n', 'n'],
  15: [2, 'n'],
  16: ['t'],
  17: ['n', 'n'],
  18: [2, 'n'],
  19: ['s'],
  20: ['s', 's'],
  21: [2, 'n'],
  23: ['n'],
  24: SIGNATURE,
  25: KEY,
  26: [2, 'n', 'n'],
  27: ['s', 's', 's'],
  28: [16],
  29: [1, 1, 1, 1, 4, 4, 4],
  30: ['n', 'b'],
  33: [2, 2, 2, 'n'],
  35: [2, 2, 's', 's', 's', 'n'],
  36: [2, 'n'],
  37: [2, 2, 1, 'x'],
  39: ['n'],
  43: KEY,
  44: [1, 1, 'x'],
  46: SIGNATURE,
  47: ['n', 'b'],
  48: KEY,
  50: [1, 1, 2, 1, 'l', 1, 'l', 'b'],
  51: [1, 1, 2, 1, 'l'],
  52: [1, 1, 1, 'x'],
  53: [1, 1, 1, 'x'],
  56: ['t'],
  57: KEY,
  58: ['n', 'n'],
  59: KEY,
  60: KEY,
  62: [4, 2, 'b'],
  63: [4, 1, 1, 'x'],
  64: [2, 'n', 'p'],
  65: [2, 'n', 'p'],
  99: ['t'],
  100: ['s'],
  101: [4],
  102: [4],
  104: [2, 8],
  105: [2, 4],
  106: [2, 8],
  107: [2, 'n'],
  108: [6],
  109: [8],
  249: ['n', 4, 4, 2, 2, 2, 'l', 2, 'l'],
  250: ['n', 6, 2, 2, 'l', 2, 2, 2, 'l'],
  256: [2, 2, 'x'],
  257: [1, 's', 'x'],
  258: ['t'],
  32768: KEY,
  32769: KEY,
}

/** Reads the data of a record to its end. It may end early, behind any field but one that a number counts. */
function readData(r: Reader, end: number, fields: readonly Field[]): void {
  let count = 0
  for (const [i, field] of fields.entries()) {
    if (i > 0 && r.at === end && fields[i - 1] !== 'l') return
    switch (field) {
      case 'n':
        r.name()
        break
      case 's':
        r.raw(r.u8())
        break
      case 't':
        while (r.at < end) r.raw(r.u8())
        break
      case 'p':
        while (r.at < end) {
          r.u16()
          r.raw(r.u16())
        }
        break
      case 'b':
        readTypeMap(r, end)
        break
      case 'x':
        r.at = end
        break
      case 'l':
        r.raw(count)
        break
      default:
        count = r.raw(field).reduce((n, b) => n * 256 + b, 0)
    }
  }
  if (r.at !== end) throw new WireError('record data of a wrong length')
}

/** The types a name has (RFC 4034, section 4.1.2): blocks in order, of 1 to 32 bytes. */
function readTypeMap(r: Reader, end: number): void {
  let last = -1
  while (r.at < end) {
    const block = r.u8()
    const size = r.u8()
    if (block <= last || size === 0 || size > 32) throw new WireError('a map of types of a wrong form')
    last = block
    r.raw(size)
  }
}

/** Whether the data of a known option can be read. */
function optionReads(code: number, d: Uint8Array): boolean {
  const n = d.length
  switch (code) {
    case 1:
      return n >= 18
    case 2:
      return n === 4 || n === 8
    case 8: {
      if (n < 4) return false
      const family = ((d[0] ?? 0) << 8) | (d[1] ?? 0)
      const most = family === 1 ? 32 : 128
      return family === 0 ? d[2] === 0 : family <= 2 && (d[2] ?? 0) <= most && (d[3] ?? 0) <= most
    }
    case 9:
      return n === 0 || n >= 4
    case 11:
      return n === 0 || n === 2
    case 15:
      return n >= 2
    case 19:
      return n >= 2
    case 18:
      try {
        new Reader(d).name()
        return true
      } catch {
        return false
      }
    default:
      return true
  }
}

function readOptions(bytes: Uint8Array): EdnsOption[] {
  const r = new Reader(bytes)
  const options: EdnsOption[] = []
  while (r.at < bytes.length) {
    const code = r.u16()
    const data = r.raw(r.u16())
    if (!optionReads(code, data)) throw new WireError(`option ${code} of a wrong form`)
    // what is written back is what was understood: an expire time has four bytes, a timeout of nothing none
    options.push({
      code,
      data: code === 9 ? data.slice(0, 4) : code === 11 && !data[0] && !data[1] ? new Uint8Array(0) : data,
    })
  }
  return options
}

/** Reads one record; the EDNS of an OPT record is returned. */
function readRecord(r: Reader, all: Uint8Array): Edns | undefined {
  const { type, cls, ttl, size } = r.head()
  const end = r.at + size
  const fields = SHAPES[type]
  if (size > 0 && fields) {
    // names in the data may point back, never read on behind it
    const inner = new Reader(all.subarray(0, end))
    inner.at = r.at
    readData(inner, end, fields)
  }
  const start = r.at
  r.at = end
  if (type !== OPT) return undefined
  // a reply repeats the upper reserved bits
  return {
    version: (ttl >>> 16) & 255,
    udpSize: cls,
    do: (ttl & 0x8000) !== 0,
    ...(ttl & 0x7f00 ? { z: ttl & 0x7f00 } : {}),
    options: readOptions(all.subarray(start, end)),
  }
}

/** Reads what came over a socket. Never throws, never loops. */
export function accept(packet: Uint8Array, tcp: boolean): Accepted {
  const bytes = tcp ? packet : packet.subarray(0, UDP_READ)
  if (bytes.length < 12) return undefined
  const r = new Reader(bytes)
  const id = r.u16()
  const f = r.u16()
  const [questions, answers, authority, additional] = [r.u16(), r.u16(), r.u16(), r.u16()]
  const opcode = (f >> 11) & 15
  if (f & 0x8000) return undefined
  const head: Message = {
    id,
    opcode,
    rcode: f & 15,
    qr: false,
    aa: (f & 0x400) !== 0,
    tc: (f & 0x200) !== 0,
    rd: (f & 0x100) !== 0,
    ra: (f & 0x80) !== 0,
    ad: (f & 0x20) !== 0,
    cd: (f & 0x10) !== 0,
    questions: [],
    answers: [],
    authority: [],
    additional: [],
  }
  // a refusal is the header turned round: the client's flags stay
  const refuse = (rcode: number, asked: readonly Question[]): Accepted => ({
    reply: { ...head, opcode: rcode === NOTIMP ? opcode : QUERY, rcode, qr: true, aa: false, questions: asked },
  })
  if (opcode !== QUERY && opcode !== NOTIFY) return refuse(NOTIMP, [])
  if (questions !== 1 || answers > 1 || authority > 1 || additional > 2) return refuse(FORMERR, [])
  if (r.at === bytes.length) return { query: head }
  let asked: readonly Question[] = []
  try {
    const name = r.name()
    // a question may end early; what is missing is zero
    const type = r.at < bytes.length ? r.u16() : 0
    asked = [{ name, type, class: r.at < bytes.length ? r.u16() : 0 }]
    let edns: Edns | undefined
    for (let i = 0; i < answers + authority + additional && r.at < bytes.length; i++) {
      const found = readRecord(r, bytes)
      if (found && i >= answers + authority) edns = found
    }
    return { query: { ...head, questions: asked, ...(edns ? { edns } : {}) } }
  } catch (e) {
    if (e instanceof WireError) return refuse(FORMERR, asked)
    throw e
  }
}
