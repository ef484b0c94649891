// SPDY/3.1, as far as Kubernetes clients use it: streams opened by the client, data both ways, pings. Framing as the
// published draft, header blocks
// compressed with its dictionary; no flow control, which the clients' library does not do either.
import type { Duplex } from 'node:stream'
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

/** A stream that the client opened. */
export interface SpdyStream {
  readonly id: number
  readonly headers: Readonly<Record<string, string>>
  /** Bytes from the client, until it half-closes. */
  readonly data: AsyncIterable<Buffer>
  write(chunk: Buffer): void
  /** Half-closes our side. */
  end(): void
  reset(): void
}

/** A queue that is read with for await. */
class Inbox implements AsyncIterable<Buffer> {
  readonly #chunks: Buffer[] = []
  #ended = false
  #wake: (() => void) | undefined
  push(c: Buffer): void {
    this.#chunks.push(c)
    this.#wake?.()
  }
  end(): void {
    this.#ended = true
    this.#wake?.()
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const c = this.#chunks.shift()
      if (c) {
        yield c
        continue
      }
      if (this.#ended) return
      await new Promise<void>((go) => {
        this.#wake = go
      })
      this.#wake = undefined
    }
  }
}

const SYN_STREAM = 1
const SYN_REPLY = 2
const RST_STREAM = 3
const PING = 6
const GOAWAY = 7
const FIN = 1
/** No client of ours sends more in one frame; more is a broken or hostile peer. */
const MAX_FRAME = 16 * 1024 * 1024
const MAX_STREAMS = 10_000

/** Runs the server's side of a session on a byte stream, calling back for each stream that the client opens. */
export function serveSpdy(
  socket: Duplex,
  onStream: (stream: SpdyStream) => void,
  onClose: () => void,
): { close(): void } {
  const inflate: Inflate = createInflate({ dictionary: DICTIONARY })
  const deflate: Deflate = createDeflate({ dictionary: DICTIONARY, level: 1 })
  const open = new Map<number, { inbox: Inbox; theirs: boolean; ours: boolean }>()
  let pending: Buffer = Buffer.alloc(0)
  let chain: Promise<void> = Promise.resolve()
  let done = false

  const finish = (): void => {
    if (done) return
    done = true
    for (const s of open.values()) s.inbox.end()
    open.clear()
    inflate.close()
    deflate.close()
    socket.destroy()
    onClose()
  }
  const send = (b: Buffer): void => {
    if (!done && socket.writable) socket.write(b)
  }
  const control = (type: number, flags: number, body: Buffer): Buffer => {
    const h = Buffer.alloc(8)
    h.writeUInt16BE(0x8003, 0)
    h.writeUInt16BE(type, 2)
    h.writeUInt32BE(body.length, 4)
    h.writeUInt8(flags, 4)
    return Buffer.concat([h, body])
  }
  const dataFrame = (id: number, flags: number, body: Buffer): void => {
    const h = Buffer.alloc(8)
    h.writeUInt32BE(id, 0)
    h.writeUInt32BE(body.length, 4)
    h.writeUInt8(flags, 4)
    send(Buffer.concat([h, body]))
  }

  /** One header block through the session's zlib stream, flushed. */
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
  const readHeaders = async (block: Buffer): Promise<Record<string, string>> => {
    const plain = await through(inflate, block)
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
  const reply = async (id: number): Promise<void> => {
    const none = Buffer.alloc(4)
    const block = await through(deflate, none)
    const head = Buffer.alloc(4)
    head.writeUInt32BE(id, 0)
    send(control(SYN_REPLY, 0, Buffer.concat([head, block])))
  }
  const settle = (id: number): void => {
    const s = open.get(id)
    if (s?.theirs && s.ours) open.delete(id)
  }

  const frame = async (head: Buffer, body: Buffer): Promise<void> => {
    const flags = head.readUInt8(4)
    if ((head.readUInt8(0) & 0x80) === 0) {
      const id = head.readUInt32BE(0) & 0x7fffffff
      const s = open.get(id)
      if (!s) return
      if (body.length) s.inbox.push(body)
      if (flags & FIN) {
        s.theirs = true
        s.inbox.end()
        settle(id)
      }
      return
    }
    switch (head.readUInt16BE(2)) {
      case SYN_STREAM: {
        const id = body.readUInt32BE(0) & 0x7fffffff
        const headers = await readHeaders(body.subarray(10))
        if (open.size >= MAX_STREAMS) {
          finish()
          return
        }
        const inbox = new Inbox()
        const state = { inbox, theirs: (flags & FIN) !== 0, ours: false }
        if (state.theirs) inbox.end()
        open.set(id, state)
        await reply(id)
        onStream({
          id,
          headers,
          data: inbox,
          write: (c) => {
            if (!state.ours)
              for (let i = 0; i < c.length; i += 64 * 1024) dataFrame(id, 0, c.subarray(i, i + 64 * 1024))
          },
          end: () => {
            if (state.ours) return
            state.ours = true
            dataFrame(id, FIN, Buffer.alloc(0))
            settle(id)
          },
          reset: () => {
            const b = Buffer.alloc(8)
            b.writeUInt32BE(id, 0)
            b.writeUInt32BE(5, 4)
            send(control(RST_STREAM, 0, b))
            inbox.end()
            open.delete(id)
          },
        })
        return
      }
      case RST_STREAM: {
        const id = body.readUInt32BE(0) & 0x7fffffff
        open.get(id)?.inbox.end()
        open.delete(id)
        return
      }
      case PING:
        send(control(PING, 0, body))
        return
      case GOAWAY:
        return
      default: // SETTINGS, HEADERS and WINDOW_UPDATE ask nothing of us
    }
  }
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length ? Buffer.concat([pending, chunk]) : chunk
    for (;;) {
      if (pending.length < 8) return
      const length = pending.readUInt32BE(4) & 0xffffff
      if (length > MAX_FRAME) {
        finish()
        return
      }
      if (pending.length < 8 + length) return
      const head = pending.subarray(0, 8)
      const body = pending.subarray(8, 8 + length)
      pending = pending.subarray(8 + length)
      // in order: a header block can be read only after the one before it
      chain = chain.then(() => (done ? undefined : frame(head, body))).catch(finish)
    }
  })
  socket.on('close', finish)
  socket.on('end', finish)
  socket.on('error', finish)
  return { close: finish }
}
