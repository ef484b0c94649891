// DNS over TCP: messages with two bytes of length in front (RFC 7766), several on one connection.
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Responder } from './dns-cache.ts'
import type { DnsServer } from './dns-udp.ts'

/** A connection on which nothing is asked for so long is closed, in milliseconds. */
const IDLE = 10_000

/** Starts to listen. Rejects with the socket's error. */
export function serveDnsTcp(responder: Responder, host: string, port: number): Promise<DnsServer> {
  return new Promise((done, fail) => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => socket.destroy())
      socket.setTimeout(IDLE, () => socket.destroy())
      let pending: Buffer = Buffer.alloc(0)
      socket.on('data', (chunk: Buffer) => {
        pending = pending.length ? Buffer.concat([pending, chunk]) : chunk
        while (pending.length >= 2) {
          const size = pending.readUInt16BE(0)
          if (pending.length < 2 + size) return
          const query = pending.subarray(2, 2 + size)
          pending = pending.subarray(2 + size)
          let reply: Uint8Array | undefined
          try {
            reply = responder.answer(query, true)
          } catch {
            reply = undefined
          }
          // what is no query gets no answer, and the connection stays
          if (!reply) continue
          const framed = Buffer.alloc(2 + reply.length)
          framed.writeUInt16BE(reply.length, 0)
          framed.set(reply, 2)
          socket.write(framed)
        }
      })
    })
    server.maxConnections = 20_000
    server.once('error', fail)
    server.listen(port, host, () => {
      server.off('error', fail)
      server.on('error', () => undefined)
      done({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((gone) => {
            server.close(() => gone())
            for (const s of sockets) s.destroy()
          }),
      })
    })
  })
}
