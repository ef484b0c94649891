// A SPDY session byte for byte: what a client writes, cut anywhere, and what it gets.
import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { FIN, HeaderBlocks, PING, RST_STREAM, SYN_REPLY, controlFrame, dataFrame, frameCutter } from './spdy-frames.ts'
import type { Frame } from './spdy-frames.ts'
import { serveSpdy } from './spdy.ts'
import type { SpdyStream } from './spdy.ts'

interface Ends {
  readonly client: Duplex
  readonly streams: SpdyStream[]
  readonly got: Frame[]
  readonly closed: Promise<void>
}

/** The two ends of a session; what the server's streams are, and what came back. */
function session(): Ends {
  const [client, server] = duplexPair()
  const streams: SpdyStream[] = []
  const got: Frame[] = []
  const cut = frameCutter()
  client.on('data', (c: Buffer) => got.push(...cut(c)))
  const closed = new Promise<void>((done) =>
    serveSpdy(
      server,
      (s) => streams.push(s),
      () => done(),
    ),
  )
  return { client, streams, got, closed }
}

/** SYN_STREAM with no headers: the block is one that our own side writes. */
const opening = async (blocks: HeaderBlocks, id: number): Promise<Buffer> =>
  controlFrame(1, [id, 0], Buffer.concat([Buffer.alloc(2), await blocks.empty()]))

const seen = (count: () => number, n: number): Promise<void> => vi.waitFor(() => expect(count()).toBe(n))

test('frames cut anywhere: a stream opens, both sides write and end it, a ping comes back', async () => {
  const { client, streams, got } = session()
  const blocks = new HeaderBlocks()
  const sent = Buffer.concat([
    await opening(blocks, 1),
    dataFrame(1, 0, Buffer.from('ask')),
    controlFrame(PING, [7]),
    dataFrame(1, FIN, Buffer.alloc(0)),
  ])
  for (const byte of sent) client.write(Buffer.from([byte]))
  await seen(() => got.length, 2)
  const [stream] = streams
  expect(stream).toMatchObject({ id: 1, headers: {} })
  const asked: string[] = []
  for await (const c of stream?.data ?? []) asked.push(c.toString())
  expect(asked).toEqual(['ask'])
  stream?.write(Buffer.alloc(100_000, 'x'))
  stream?.end()
  stream?.write(Buffer.from('too late'))
  await seen(() => got.length, 5)
  expect(got.map((f) => [f.control, f.stream, f.flags, f.body.length]).slice(1)).toEqual([
    [PING, expect.any(Number), 0, 4],
    [undefined, 1, 0, 65536],
    [undefined, 1, 0, 34464],
    [undefined, 1, FIN, 0],
  ])
  expect(got[0]?.control).toBe(SYN_REPLY)
  expect(got[0]?.body.readUInt32BE(0)).toBe(1)
  blocks.close()
  client.destroy()
})

test('a stream nobody wants is reset; a client that goes ends the session', async () => {
  const { client, streams, got, closed } = session()
  const blocks = new HeaderBlocks()
  client.write(await opening(blocks, 3))
  await seen(() => got.length, 1)
  streams[0]?.reset()
  await seen(() => got.length, 2)
  expect(got.at(-1)).toMatchObject({ control: RST_STREAM, body: Buffer.from([0, 0, 0, 3, 0, 0, 0, 5]) })
  client.end()
  await closed
  blocks.close()
})
