// SPDY/3.1, as far as Kubernetes clients use it: streams opened by the client, data both ways, pings. No flow control,
// which the clients' library does not do either.
import type { Duplex } from 'node:stream'
import { ByteQueue } from './bytequeue.ts'
import {
  FIN,
  HeaderBlocks,
  PING,
  RST_STREAM,
  SYN_REPLY,
  SYN_STREAM,
  controlFrame,
  dataFrame,
  frameCutter,
} from './spdy-frames.ts'
import type { Frame } from './spdy-frames.ts'

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

const MAX_STREAMS = 10_000
/** So many bytes go into one frame. */
const CHUNK = 64 * 1024
/** Why a stream is reset: nobody wants it (CANCEL). */
const CANCEL = 5

/** A stream's two directions, and whether each has ended. */
interface OpenStream {
  readonly inbox: ByteQueue<Buffer>
  theirs: boolean
  ours: boolean
}

/** The server's side of a session, from the first frame to the end of its connection. */
class Session {
  readonly #socket: Duplex
  readonly #onStream: (stream: SpdyStream) => void
  readonly #onClose: () => void
  readonly #blocks = new HeaderBlocks()
  readonly #open = new Map<number, OpenStream>()
  #done = false

  constructor(socket: Duplex, onStream: (stream: SpdyStream) => void, onClose: () => void) {
    this.#socket = socket
    this.#onStream = onStream
    this.#onClose = onClose
  }

  listen(): void {
    const socket = this.#socket
    const cut = frameCutter()
    let chain: Promise<void> = Promise.resolve()
    socket.on('data', (chunk: Buffer) => {
      // in order: a header block can be read only after the one before it
      for (const f of cut(chunk)) chain = chain.then(() => this.#take(f)).catch(this.close)
    })
    socket.on('close', this.close)
    socket.on('end', this.close)
    socket.on('error', this.close)
  }

  readonly close = (): void => {
    if (this.#done) return
    this.#done = true
    for (const s of this.#open.values()) s.inbox.end()
    this.#open.clear()
    this.#blocks.close()
    this.#socket.destroy()
    this.#onClose()
  }

  #send(frame: Buffer): void {
    if (!this.#done && this.#socket.writable) this.#socket.write(frame)
  }

  async #take({ control, flags, stream, body }: Frame): Promise<void> {
    if (this.#done) return
    if (control === undefined) this.#data(stream, flags, body)
    else if (control === SYN_STREAM) await this.#begin(flags, body)
    else if (control === RST_STREAM) this.#forget(body.readUInt32BE(0) & 0x7fffffff)
    else if (control === PING) this.#send(controlFrame(PING, [], body))
    // SETTINGS, GOAWAY, HEADERS and WINDOW_UPDATE ask nothing of us
  }

  #data(id: number, flags: number, body: Buffer): void {
    const s = this.#open.get(id)
    if (!s) return
    if (body.length) s.inbox.push(body)
    if (!(flags & FIN)) return
    s.theirs = true
    s.inbox.end()
    this.#settle(id, s)
  }

  async #begin(flags: number, body: Buffer): Promise<void> {
    const id = body.readUInt32BE(0) & 0x7fffffff
    const headers = await this.#blocks.read(body.subarray(10))
    if (this.#open.size >= MAX_STREAMS) {
      this.close()
      return
    }
    const state: OpenStream = { inbox: new ByteQueue(), theirs: (flags & FIN) !== 0, ours: false }
    if (state.theirs) state.inbox.end()
    this.#open.set(id, state)
    this.#send(controlFrame(SYN_REPLY, [id], await this.#blocks.empty()))
    this.#onStream({
      id,
      headers,
      data: state.inbox,
      write: (c) => {
        if (state.ours) return
        for (let i = 0; i < c.length; i += CHUNK) this.#send(dataFrame(id, 0, c.subarray(i, i + CHUNK)))
      },
      end: () => {
        if (state.ours) return
        state.ours = true
        this.#send(dataFrame(id, FIN, Buffer.alloc(0)))
        this.#settle(id, state)
      },
      reset: () => {
        this.#send(controlFrame(RST_STREAM, [id, CANCEL]))
        this.#forget(id)
      },
    })
  }

  /** A stream that both sides have ended is no more. */
  #settle(id: number, s: OpenStream): void {
    if (s.theirs && s.ours && this.#open.get(id) === s) this.#open.delete(id)
  }

  #forget(id: number): void {
    this.#open.get(id)?.inbox.end()
    this.#open.delete(id)
  }
}

/** Runs the server's side of a session on a byte stream, calling back for each stream that the client opens. */
export function serveSpdy(socket: Duplex, onStream: (stream: SpdyStream) => void, onClose: () => void): void {
  new Session(socket, onStream, onClose).listen()
}
