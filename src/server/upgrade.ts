// A connection that is to speak something else than HTTP: what the client offers, the refusal, the switch to SPDY.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { StatusError } from '../apimachinery/status.ts'

/** No client sends more in one message; a bigger one ends the connection. */
export const MAX_MESSAGE = 16 * 1024 * 1024

/** A chunk as Node's sockets take it, not copied. */
export const bytes = (c: string | Uint8Array): Buffer =>
  typeof c === 'string' ? Buffer.from(c) : Buffer.from(c.buffer, c.byteOffset, c.byteLength)

/** An HTTP refusal on a socket that was to be upgraded. */
export function refuse(socket: Duplex, e: unknown): void {
  const error =
    e instanceof StatusError
      ? e
      : new StatusError(500, 'InternalError', `Internal error occurred: ${e instanceof Error ? e.message : String(e)}`)
  const body = JSON.stringify(error.status())
  socket.end(
    `HTTP/1.1 ${error.code} ${error.reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** The values of a header that lists them: the protocols a client offers, the first it likes best. */
export const offered = (incoming: IncomingMessage, header: string): string[] =>
  String(incoming.headers[header] ?? '')
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean)

/** The 101 answer of SPDY, with the protocol that will be spoken over its streams. */
export function switchToSpdy(socket: Duplex, protocol: string): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${protocol ? `X-Stream-Protocol-Version: ${protocol}\r\n` : ''}\r\n`,
  )
}
