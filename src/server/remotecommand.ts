// exec and attach over a wire: WebSocket channels (v5.channel.k8s.io and its elders) or SPDY streams, both onto the
// door's connect. How it ended goes over the error channel, as remotecommand of client-go reads it.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { ApiRequest, ConnectResult, Door, Streams } from '../apimachinery/door.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import { ByteQueue } from './bytequeue.ts'
import { serveSpdy } from './spdy.ts'
import type { SpdyStream } from './spdy.ts'
import { MAX_MESSAGE, bytes, offered, refuse, switchToSpdy } from './upgrade.ts'

/** Newest first: the first that the client offers too is spoken. */
const WEBSOCKET_PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'base64.channel.k8s.io',
]
const SPDY_PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
]

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
const CLOSE = 255

/** What the error channel says at the end. */
function ending(result: ConnectResult): JsonObject {
  const { exitCode, message } = result
  if (exitCode === 0 && !message) return { metadata: {}, status: 'Success' }
  if (!message || message.startsWith('command terminated with'))
    return {
      metadata: {},
      status: 'Failure',
      message: `command terminated with non-zero exit code: exit status ${exitCode}`,
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
    }
  const cause = message.replace(/^Internal error occurred: /, '')
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${cause}`,
    reason: 'InternalError',
    details: { causes: [{ message: cause }] },
    code: 500,
  }
}

/** The terminal's size as resize messages tell it. */
class Terminal {
  #size = { columns: 80, rows: 24 }
  readonly #listeners = new Set<() => void>()
  readonly size = (): { columns: number; rows: number } => this.#size
  readonly onResize = (l: () => void): (() => void) => {
    this.#listeners.add(l)
    return () => this.#listeners.delete(l)
  }
  message(text: string): void {
    try {
      const { Width, Height } = JSON.parse(text) as { Width?: unknown; Height?: unknown }
      if (typeof Width === 'number' && typeof Height === 'number' && Width > 0 && Height > 0) {
        this.#size = { columns: Width, rows: Height }
        for (const l of this.#listeners) l()
      }
    } catch {
      /* not a size: it is ignored, as upstream does */
    }
  }
}

const wants = (request: ApiRequest, name: string): boolean => ['true', '1'].includes(request.query?.[name]?.[0] ?? '')

/**
 * Sees a command to its end. Before its streams are open it is refused by an HTTP answer; once they are (`opened`),
 * their status says how it went.
 */
function run(
  command: Promise<ConnectResult>,
  socket: Duplex,
  opened: () => boolean,
  finish: (status: JsonObject) => Promise<void>,
): void {
  command
    .then(
      (r) => finish(ending(r)),
      (e: unknown) => {
        if (!opened()) return refuse(socket, e)
        if (e instanceof StatusError) return finish(e.status())
        return finish(ending({ exitCode: 1, message: e instanceof Error ? e.message : String(e) }))
      },
    )
    .catch(() => socket.destroy())
}

/**
 * Serves exec or attach over WebSocket. The upgrade waits until the door agreed, so that a refusal is an HTTP answer.
 */
function overWebSocket(door: Door, request: ApiRequest, incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
  const protocol = WEBSOCKET_PROTOCOLS.find((p) => offered(incoming, 'sec-websocket-protocol').includes(p))
  if (protocol === undefined && offered(incoming, 'sec-websocket-protocol').length) {
    refuse(
      socket,
      new StatusError(
        400,
        'BadRequest',
        `unable to negotiate protocol: client supports ${offered(incoming, 'sec-websocket-protocol').join(', ')}, server accepts ${WEBSOCKET_PROTOCOLS.join(', ')}`,
      ),
    )
    return
  }
  const base64 = protocol?.includes('base64') ?? false
  const gone = new AbortController()
  socket.on('close', () => gone.abort(new Error('the client went away')))
  const terminal = new Terminal()
  let ws: WebSocket | undefined
  let opening: Promise<void> | undefined
  const waiting: Buffer[] = []
  const open = (): void => {
    opening ??= new Promise((done) => {
      const server = new WebSocketServer({
        noServer: true,
        perMessageDeflate: false,
        maxPayload: MAX_MESSAGE,
        handleProtocols: () => protocol ?? false,
      })
      server.handleUpgrade(incoming, socket, head, (w) => {
        ws = w
        w.on('message', (data: Buffer) => {
          if (data.length === 0) return
          const channel = base64 ? Number(String.fromCharCode(data[0] ?? 0)) : (data[0] ?? 0)
          const payload = base64 ? Buffer.from(data.subarray(1).toString('latin1'), 'base64') : data.subarray(1)
          if (channel === STDIN) stdin.push(payload)
          else if (channel === RESIZE) terminal.message(payload.toString('utf8'))
          else if (channel === CLOSE && payload[0] === STDIN) stdin.end()
        })
        w.on('close', () => {
          stdin.end()
          gone.abort(new Error('the client went away'))
        })
        w.on('error', () => undefined)
        for (const b of waiting) w.send(b)
        waiting.length = 0
        done()
      })
    })
  }
  const stdin = new ByteQueue(open)
  const send = (channel: number, c: string | Uint8Array): void => {
    open()
    const b = bytes(c)
    const frame = base64
      ? Buffer.from(String(channel) + b.toString('base64'))
      : Buffer.concat([Buffer.from([channel]), b])
    if (ws) ws.send(frame)
    else waiting.push(frame)
  }
  const streams: Streams = {
    ...(wants(request, 'stdin') ? { stdin } : {}),
    stdout: (c) => send(STDOUT, c),
    stderr: (c) => send(wants(request, 'tty') ? STDOUT : STDERR, c),
    signal: gone.signal,
    opened: open,
    ...(wants(request, 'tty') ? { size: terminal.size, onResize: terminal.onResize } : {}),
  }
  const finish = async (status: JsonObject): Promise<void> => {
    open()
    await opening
    if (protocol?.startsWith('v4') || protocol?.startsWith('v5')) send(ERROR, JSON.stringify(status))
    else if (status.status === 'Failure') send(ERROR, String(status.message))
    ws?.close(1000)
  }
  run(door.connect(request, streams), socket, () => opening !== undefined, finish)
}

/**
 * Serves exec or attach over SPDY. The switch waits until the door agreed; then the client opens a stream for each of
 * error, stdin, stdout, stderr and resize.
 */
function overSpdy(door: Door, request: ApiRequest, incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
  const asked = offered(incoming, 'x-stream-protocol-version')
  const protocol = SPDY_PROTOCOLS.find((p) => asked.includes(p))
  if (protocol === undefined && asked.length) {
    refuse(
      socket,
      new StatusError(
        403,
        '',
        `unable to upgrade: unable to negotiate protocol: client supports [${asked.join(' ')}], server accepts [${SPDY_PROTOCOLS.join(' ')}]`,
      ),
    )
    return
  }
  const gone = new AbortController()
  const end = (): void => {
    stdin.end()
    gone.abort(new Error('the client went away'))
  }
  socket.on('close', end)
  const terminal = new Terminal()
  const tty = wants(request, 'tty')
  const v4 = /^v[45]/.test(protocol ?? '')
  const expected = [
    'error',
    ...['stdin', 'stdout'].filter((s) => wants(request, s)),
    ...(wants(request, 'stderr') && !tty ? ['stderr'] : []),
    ...(tty && /^v[345]/.test(protocol ?? '') ? ['resize'] : []),
  ]
  const streams = new Map<string, SpdyStream>()
  const waiting: (readonly [string, Buffer])[] = []
  let opening: Promise<void> | undefined
  let ready = false
  const open = (): void => {
    opening ??= new Promise((done) => {
      switchToSpdy(socket, protocol ?? '')
      serveSpdy(
        socket,
        (stream) => {
          const name = stream.headers.streamtype ?? ''
          if (!expected.includes(name) || streams.has(name)) {
            stream.reset()
            return
          }
          streams.set(name, stream)
          if (name === 'stdin')
            void (async () => {
              for await (const c of stream.data) stdin.push(c)
              stdin.end()
            })()
          if (name === 'resize')
            void (async () => {
              for await (const c of stream.data) terminal.message(c.toString('utf8'))
            })()
          if (streams.size < expected.length) return
          ready = true
          for (const [to, b] of waiting) streams.get(to)?.write(b)
          waiting.length = 0
          done()
        },
        end,
      )
      if (head.length) socket.unshift(head)
    })
  }
  const stdin = new ByteQueue(open)
  const send = (name: string, c: string | Uint8Array): void => {
    open()
    if (ready) streams.get(name)?.write(bytes(c))
    else waiting.push([name, bytes(c)])
  }
  const finish = async (status: JsonObject): Promise<void> => {
    open()
    await opening
    if (v4) send('error', JSON.stringify(status))
    else if (status.status === 'Failure') send('error', String(status.message))
    for (const s of streams.values()) s.end()
  }
  const sides: Streams = {
    ...(wants(request, 'stdin') ? { stdin } : {}),
    stdout: (c) => send('stdout', c),
    stderr: (c) => send(tty ? 'stdout' : 'stderr', c),
    signal: gone.signal,
    opened: open,
    ...(tty ? { size: terminal.size, onResize: terminal.onResize } : {}),
  }
  run(door.connect(request, sides), socket, () => opening !== undefined, finish)
}

/** Takes over a connection that asks for WebSocket or SPDY on exec or attach; false when it asks for neither. */
export function upgradeRemoteCommand(
  door: Door,
  request: ApiRequest,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): boolean {
  const upgrade = String(incoming.headers.upgrade ?? '').toLowerCase()
  if (upgrade === 'websocket') overWebSocket(door, request, incoming, socket, head)
  else if (upgrade === 'spdy/3.1') overSpdy(door, request, incoming, socket, head)
  else return false
  return true
}
