// The bytes of SPDY/3.1, as the published draft has them: frames, and header blocks compressed with its dictionary.
import { constants, createDeflate, createInflate } from 'node:zlib'
import type { Deflate, Inflate } from 'node:zlib'

const words = (text: string): Buffer => {
  // each word with its length in front, as the draft writes the dictionary
  const parts: Buffer[] = []
  for (const w of text.split(' ')) {
    const b = Buffer.alloc(4)
    b.writeUInt32BE(w.length)
    parts.push(b, Buffer.from(w))
  }
  return Buffer.concat(parts)
}
/** The dictionary of SPDY/3: header names with their lengths, then common values without. */
const DICTIONARY = Buffer.concat([
  words(
    'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status',
  ),
  Buffer.from([0, 0, 0, 6]),
  Buffer.from('200 OK'),
  words('version'),
  Buffer.from([0, 0, 0, 8]),
  Buffer.from('HTTP/1.1'),
  words('url public set-cookie keep-alive origin'),
  Buffer.from(
    '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.',
  ),
])

/** The types of control frames that matter here. */
export const SYN_STREAM = 1
export const SYN_REPLY = 2
export const RST_STREAM = 3
export const PING = 6
/** The flag of a sender's last frame in a stream. */
export const FIN = 1
/** A frame of any type: `first` is what its first four bytes say. */
function frame(first: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(first, 0)
  head.writeUInt32BE(body.length, 4)
  head.writeUInt8(flags, 4)
  return Buffer.concat([head, body])
}

/** A control frame that begins with numbers of 32 bits (a stream's id, a status). */
export function controlFrame(type: number, numbers: readonly number[], rest: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.alloc(4 * numbers.length)
  numbers.forEach((n, i) => body.writeUInt32BE(n, 4 * i))
  return frame(0x80030000 + type, 0, Buffer.concat([body, rest]))
}

/** A frame of a stream's bytes. */
export const dataFrame = (stream: number, flags: number, body: Buffer): Buffer => frame(stream, flags, body)

/** A frame as it came. */
export interface Frame {
  /** A control frame's type; undefined for data. */
  readonly control: number | undefined
  readonly flags: number
  /** The stream whose data it is. */
  readonly stream: number
  readonly body: Buffer
}

/** Cuts a stream of bytes into frames: give it chunks, it gives the frames they complete, of up to 16 MB each. */
export function frameCutter(): (chunk: Buffer) => Frame[] {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = pending.length ? Buffer.concat([pending, chunk]) : chunk
    const frames: Frame[] = []
    while (pending.length >= 8) {
      const length = pending.readUInt32BE(4) & 0xffffff
      if (pending.length < 8 + length) break
      frames.push({
        control: pending.readUInt8(0) & 0x80 ? pending.readUInt16BE(2) : undefined,
        flags: pending.readUInt8(4),
        stream: pending.readUInt32BE(0) & 0x7fffffff,
        body: pending.subarray(8, 8 + length),
      })
      pending = pending.subarray(8 + length)
    }
    return frames
  }
}

/** Sends one block through a session's zlib stream, flushed. */
const through = (z: Inflate | Deflate, input: Buffer): Promise<Buffer> =>
  new Promise((go, fail) => {
    const out: Buffer[] = []
    const onData = (c: Buffer): void => {
      out.push(c)
    }
    const onError = (e: Error): void => fail(e)
    z.on('data', onData)
    z.once('error', onError)
    z.write(input)
    z.flush(constants.Z_SYNC_FLUSH, () => {
      z.off('data', onData)
      z.off('error', onError)
      go(Buffer.concat(out))
    })
  })

/** The header blocks of one session: each side's are one compressed stream, to be read in their order. */
export class HeaderBlocks {
  readonly #inflate: Inflate = createInflate({ dictionary: DICTIONARY })
  readonly #deflate: Deflate = createDeflate({ dictionary: DICTIONARY, level: 1 })
  async read(block: Buffer): Promise<Record<string, string>> {
    const plain = await through(this.#inflate, block)
    const headers: Record<string, string> = {}
    let at = 4
    const text = (): string => {
      const n = plain.readUInt32BE(at)
      at += 4 + n
      return plain.toString('utf8', at - n, at)
    }
    for (let n = plain.readUInt32BE(0); n > 0; n--) {
      const name = text().toLowerCase()
      headers[name] = text()
    }
    return headers
  }
  /** A block without headers: all that a server's replies say here. */
  empty(): Promise<Buffer> {
    return through(this.#deflate, Buffer.alloc(4))
  }
  close(): void {
    this.#inflate.close()
    this.#deflate.close()
  }
}
