// DNS over UDP: packets to the responder and back.
import { createSocket } from 'node:dgram'
import type { Responder } from './dns-cache.ts'

export interface DnsServer { readonly port: number; close(): Promise<void> }

/** Starts to listen. Rejects with the socket's error. */
export function serveDnsUdp(responder: Responder, host: string, port: number): Promise<DnsServer> {
  return new Promise((done, fail) => {
    // the address of a reply is an address already: no look-up, which would cost a tick each
    const lookup = ((address: string, _o: unknown, cb: (e: Error | null, a: string, f: number) => void) => cb(null, address, address.includes(':') ? 6 : 4)) as never
    const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', lookup, recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 4 * 1024 * 1024 })
    socket.once('error', fail)
    socket.on('message', (query, from) => {
      let reply: Uint8Array | undefined
      try { reply = responder.answer(query, false) } catch { return } // a packet that cannot be answered is dropped
      if (!reply) return
      socket.send(reply, from.port, from.address)
      // sent already, as a rule; bytes that wait in the queue must not become another client's answer
      if (socket.getSendQueueCount() > 0) responder.forget()
    })
    socket.bind(port, host, () => {
      socket.off('error', fail)
      socket.on('error', () => undefined)
      done({ port: socket.address().port, close: () => new Promise((gone) => { socket.close(() => gone()) }) })
    })
  })
}
