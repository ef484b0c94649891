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
 * Fixed lengths before, and names inside, the data of the types that are read at all; other types are bytes. `n` is a
 * name, `t` texts to the end, `p` parameters to the end, a number that many bytes.
 */
const SHAPES: Readonly<Record<number, readonly (number | 'n' | 't' | 'p')[]>> = {
  1: [4],
  2: ['n'],
  5: ['n'],
  6: ['n', 'n', 20],
  7: ['n'],
  8: ['n'],
  9: ['n'],
  12: ['n'],
  14: ['n', 'n'],
  15: [2, 'n'],
  16: ['t'],
  17: ['n', 'n'],
  18: [2, 'n'],
  21: [2, 'n'],
  26: [2, 'n', 'n'],
  28: [16],
  33: [6, 'n'],
  36: [2, 'n'],
  39: ['n'],
  64: [2, 'n', 'p'],
  65: [2, 'n', 'p'],
  99: ['t'],
  107: [2, 'n'],
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
      return n !== 1
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
  if (size > 0) {
    // names in the data may point back, never read on behind it
    const inner = new Reader(all.subarray(0, end))
    inner.at = r.at
    for (const part of SHAPES[type] ?? []) {
      if (part === 'n') inner.name()
      else if (part === 't') while (inner.at < end) inner.raw(inner.u8())
      else if (part === 'p')
        while (inner.at < end) {
          inner.u16()
          inner.raw(inner.u16())
        }
      else inner.raw(part)
    }
    if (SHAPES[type] && inner.at !== end) throw new WireError('record data of a wrong length')
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
