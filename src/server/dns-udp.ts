// DNS over UDP: packets to the responder and back.
import { createSocket } from 'node:dgram'
import type { Responder } from './dns-cache.ts'

export interface DnsServer {
  readonly port: number
  close(): Promise<void>
}

/** Starts to listen. Rejects with the socket's error. */
export function serveDnsUdp(responder: Responder, host: string, port: number): Promise<DnsServer> {
  return new Promise((done, fail) => {
    // the address of a reply is an address already: no look-up, which would cost a tick each
    const lookup = ((address: string, _o: unknown, cb: (e: Error | null, a: string, f: number) => void) =>
      cb(null, address, address.includes(':') ? 6 : 4)) as never
    const socket = createSocket({
      type: host.includes(':') ? 'udp6' : 'udp4',
      lookup,
      recvBufferSize: 4 * 1024 * 1024,
      sendBufferSize: 4 * 1024 * 1024,
    })
    socket.once('error', fail)
    // what came in one turn is answered at its end: a client that was woken by the first reply finds the others there
    const waiting: { reply: Uint8Array; id: number; port: number; address: string }[] = []
    const flush = (): void => {
      for (const { reply, id, port: to, address } of waiting) {
        // sent at once, as a rule; bytes that wait in the queue must not become another client's answer
        const busy = socket.getSendQueueCount() > 0
        if (busy) responder.forget()
        const bytes = busy ? reply.slice() : reply
        // one kept answer may stand here several times, for several questions
        bytes[0] = id >> 8
        bytes[1] = id & 255
        socket.send(bytes, to, address)
      }
      if (socket.getSendQueueCount() > 0) responder.forget()
      waiting.length = 0
    }
    socket.on('message', (query, from) => {
      let reply: Uint8Array | undefined
      try {
        reply = responder.answer(query, false)
      } catch {
        return
      } // a packet that cannot be answered is dropped
      if (!reply) return
      if (waiting.push({ reply, id: query.readUInt16BE(0), port: from.port, address: from.address }) === 1)
        setImmediate(flush)
    })
    socket.bind(port, host, () => {
      socket.off('error', fail)
      socket.on('error', () => undefined)
      done({
        port: socket.address().port,
        close: () =>
          new Promise((gone) => {
            socket.close(() => gone())
          }),
      })
    })
  })
}
