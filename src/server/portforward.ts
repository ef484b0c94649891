// port-forward over a wire: SPDY streams in pairs (error, data), plain or tunnelled through a WebSocket, or the old
// WebSocket channels; each pair is one connection to the pod.
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { ApiRequest, Door } from '../apimachinery/door.ts'
import { isObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import { ByteQueue } from './bytequeue.ts'
import { serveSpdy } from './spdy.ts'
import type { SpdyStream } from './spdy.ts'
import { MAX_MESSAGE, bytes, offered, refuse, switchToSpdy } from './upgrade.ts'

const PROTOCOL = 'portforward.k8s.io'
const TUNNEL_PROTOCOL = `SPDY/3.1+${PROTOCOL}`
/**
 * The tunnel's protocol has a / in its name, which the standard and so the library do not allow: this stands for it
 * meanwhile.
 */
const STAND_IN = 'spdy-tunnel'

/** Pairs streams by request and carries each pair's bytes. */
function forwardOver(door: Door, request: ApiRequest, wire: Duplex): void {
  const waiting = new Map<string, { error?: SpdyStream; data?: SpdyStream }>()
  const gone = new AbortController()
  const connect = async (port: string, error: SpdyStream, data: SpdyStream): Promise<void> => {
    try {
      const r = await door.connect(
        { ...request, query: { ...request.query, ports: [port] } },
        { stdin: data.data, stdout: (c) => data.write(bytes(c)), stderr: () => undefined, signal: gone.signal },
      )
      if (r.message) error.write(Buffer.from(r.message))
    } catch (e) {
      error.write(Buffer.from(e instanceof Error ? e.message : String(e)))
    }
    error.end()
    data.end()
  }
  serveSpdy(
    wire,
    (stream) => {
      const id = stream.headers.requestid ?? stream.headers.port ?? ''
      const pair = waiting.get(id) ?? {}
      if (stream.headers.streamtype === 'error') pair.error = stream
      else pair.data = stream
      waiting.set(id, pair)
      if (pair.error && pair.data) {
        waiting.delete(id)
        void connect(pair.data.headers.port ?? '', pair.error, pair.data)
      }
    },
    () => gone.abort(new Error('the client went away')),
  )
}

/** A byte stream over the binary messages of a WebSocket. */
function duplexOver(ws: WebSocket): Duplex {
  const d = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      if (ws.readyState === ws.OPEN) ws.send(chunk, () => done())
      else done()
    },
    final: (done) => {
      ws.close(1000)
      done()
    },
    destroy: (_e, done) => {
      ws.terminate()
      done(null)
    },
  })
  ws.on('message', (m: Buffer) => d.push(m))
  ws.on('close', () => {
    d.push(null)
    d.destroy()
  })
  ws.on('error', () => d.destroy())
  return d
}

/** The old WebSocket form: two channels a port (data, error), each beginning with the port in two bytes. */
function forwardChannels(door: Door, request: ApiRequest, ws: WebSocket): void {
  const ports = (request.query?.ports ?? []).flatMap((p) => p.split(',')).map(Number)
  const gone = new AbortController()
  ws.on('close', () => gone.abort(new Error('the client went away')))
  ws.on('error', () => undefined)
  const inputs = ports.map((port, i) => {
    const head = Buffer.alloc(3)
    head.writeUInt16LE(port & 0xffff, 1)
    for (const channel of [2 * i, 2 * i + 1]) {
      head[0] = channel
      ws.send(Buffer.from(head))
    }
    const input = new ByteQueue()
    const send = (channel: number, c: string | Uint8Array): void => {
      if (ws.readyState === ws.OPEN) ws.send(Buffer.concat([Buffer.from([channel]), bytes(c)]))
    }
    void door
      .connect(
        { ...request, query: { ports: [String(port)] } },
        { stdin: input, stdout: (c) => send(2 * i, c), stderr: () => undefined, signal: gone.signal },
      )
      .then(
        (r) => {
          if (r.message) send(2 * i + 1, r.message)
        },
        (e: unknown) => send(2 * i + 1, e instanceof Error ? e.message : String(e)),
      )
    return input
  })
  ws.on('message', (m: Buffer) => {
    const channel = m[0] ?? 0
    if (channel % 2 === 0) inputs[channel / 2]?.push(m.subarray(1))
  })
  ws.on('close', () => {
    for (const i of inputs) i.end()
  })
}

/**
 * What the door says against forwarding to this pod, before any connection is asked for; nothing when only the upgrade
 * is missing.
 */
async function refusalOf(door: Door, request: ApiRequest): Promise<StatusError | undefined> {
  const { status, body } = await door.handle({ ...request, query: {} })
  if (!isObject(body) || (status === 400 && body.message === 'Upgrade request required')) return undefined
  return StatusError.from(body)
}

/** Takes over a connection that asks to forward ports; false when it asks for another protocol. */
export function upgradePortForward(
  door: Door,
  request: ApiRequest,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): boolean {
  const upgrade = String(incoming.headers.upgrade ?? '').toLowerCase()
  if (upgrade !== 'spdy/3.1' && upgrade !== 'websocket') return false
  const go = (): void => {
    if (upgrade === 'spdy/3.1') {
      switchToSpdy(socket, PROTOCOL)
      forwardOver(door, request, socket)
      if (head.length) socket.unshift(head)
      return
    }
    const asked = offered(incoming, 'sec-websocket-protocol')
    const tunnel = asked.includes(TUNNEL_PROTOCOL)
    const server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE,
      handleProtocols: () =>
        tunnel ? STAND_IN : (asked.find((p) => ['v4.channel.k8s.io', 'channel.k8s.io'].includes(p)) ?? false),
    })
    if (tunnel) {
      incoming.headers['sec-websocket-protocol'] = STAND_IN
      server.on('headers', (lines) => {
        for (const [i, l] of lines.entries())
          if (/^sec-websocket-protocol:/i.test(l)) lines[i] = `Sec-WebSocket-Protocol: ${TUNNEL_PROTOCOL}`
      })
    }
    server.handleUpgrade(incoming, socket, head, (ws) => {
      if (tunnel) forwardOver(door, request, duplexOver(ws))
      else forwardChannels(door, request, ws)
    })
  }
  refusalOf(door, request).then(
    (refused) => {
      if (refused) refuse(socket, refused)
      else go()
    },
    (e: unknown) => refuse(socket, e),
  )
  return true
}
