// A TCP port of this machine, for port-forward: connections as byte streams. Only local addresses are bound by its
// callers.
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import type { LocalConnection, LocalListener } from '../apimachinery/ports.ts'

async function* bytesOf(socket: Socket): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of socket) yield chunk as Buffer
  } catch {
    /* the client went away */
  }
}

/** Listens until closed; rejects with the system's error when the port cannot be had. */
export function listen(
  address: string,
  port: number,
  onConnection: (connection: LocalConnection) => void,
): Promise<LocalListener> {
  return new Promise((resolve, reject) => {
    const open = new Set<Socket>()
    const server = createServer((socket) => {
      open.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => open.delete(socket))
      onConnection({
        chunks: bytesOf(socket),
        write: (c) => {
          if (!socket.destroyed) socket.write(c)
        },
        end: () => {
          socket.end()
        },
      })
    })
    server.once('error', reject)
    server.listen(port, address, () => {
      const bound = server.address()
      resolve({
        port: typeof bound === 'object' && bound ? bound.port : port,
        close: () => {
          server.close()
          for (const s of open) s.destroy()
        },
      })
    })
  })
}
