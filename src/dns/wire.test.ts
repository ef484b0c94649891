// DNS messages to bytes and back (RFC 1035).
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { family, formatAddress, parseIPv6, reverseName, addressOfReverse } from './address.ts'
import { decode, encode, encodeWithin, query, WireError } from './wire.ts'
import type { Message, RData, ResourceRecord } from './wire.ts'

const label = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-_ABC'),
  minLength: 1,
  maxLength: 20,
})
const name = fc.array(label, { maxLength: 5 }).map((l) => (l.length ? `${l.join('.')}.` : '.'))
const u16 = fc.integer({ min: 0, max: 65535 })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const v4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(formatAddress)
const v6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatAddress)
const data: fc.Arbitrary<{ type: number; data: RData }> = fc.oneof(
  v4.map((address) => ({ type: 1, data: { kind: 'address' as const, address } })),
  v6.map((address) => ({ type: 28, data: { kind: 'address' as const, address } })),
  fc
    .tuple(fc.constantFrom(2, 5, 12), name)
    .map(([type, target]) => ({ type, data: { kind: 'name' as const, target } })),
  fc.record({ preference: u16, target: name }).map((d) => ({ type: 15, data: { kind: 'mx' as const, ...d } })),
  fc
    .record({ priority: u16, weight: u16, port: u16, target: name })
    .map((d) => ({ type: 33, data: { kind: 'srv' as const, ...d } })),
  fc
    .record({ mname: name, rname: name, serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 })
    .map((d) => ({ type: 6, data: { kind: 'soa' as const, ...d } })),
  fc
    .array(fc.string({ unit: fc.constantFrom(...'abc "\\é'), maxLength: 40 }), { minLength: 1, maxLength: 3 })
    .map((texts) => ({ type: 16, data: { kind: 'txt' as const, texts } })),
  fc
    .tuple(fc.integer({ min: 300, max: 65535 }), fc.uint8Array({ maxLength: 40 }))
    .map(([type, bytes]) => ({ type, data: { kind: 'raw' as const, bytes } })),
)
const record: fc.Arbitrary<ResourceRecord> = fc
  .tuple(name, data, u32)
  .map(([n, d, ttl]) => ({ name: n, type: d.type, class: 1, ttl, data: d.data }))
const message: fc.Arbitrary<Message> = fc.record({
  id: u16,
  opcode: fc.integer({ min: 0, max: 5 }),
  rcode: fc.integer({ min: 0, max: 15 }),
  qr: fc.boolean(),
  aa: fc.boolean(),
  tc: fc.boolean(),
  rd: fc.boolean(),
  ra: fc.boolean(),
  ad: fc.boolean(),
  cd: fc.boolean(),
  questions: fc.array(fc.record({ name, type: u16, class: u16 }), { maxLength: 2 }),
  answers: fc.array(record, { maxLength: 6 }),
  authority: fc.array(record, { maxLength: 3 }),
  additional: fc.array(record, { maxLength: 3 }),
})
const edns = fc.record({
  version: fc.integer({ min: 0, max: 255 }),
  udpSize: u16,
  do: fc.boolean(),
  options: fc.array(fc.record({ code: u16, data: fc.uint8Array({ maxLength: 16 }) }), { maxLength: 3 }),
})

test('decode(encode(m)) = m, whole and compressed', () => {
  fc.assert(
    fc.property(message, fc.option(edns, { nil: undefined }), (m, e) => {
      const whole: Message = e ? { ...m, edns: e, rcode: m.rcode + 16 } : m
      expect(decode(encode(whole))).toEqual(whole)
      expect(decode(encode(whole, true))).toEqual(whole)
      expect(encode(whole, true).length).toBeLessThanOrEqual(encode(whole).length)
    }),
    { numRuns: 300 },
  )
})

test('any bytes are read or refused, never worse', () => {
  const safe = (bytes: Uint8Array): void => {
    try {
      decode(bytes)
    } catch (e) {
      expect(e).toBeInstanceOf(WireError)
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), safe), { numRuns: 2000 })
  fc.assert(
    fc.property(
      message,
      fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
      fc.nat(300),
      (m, flips, cut) => {
        const bytes = encode(m, true)
        for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value
        safe(bytes)
        safe(bytes.slice(0, cut))
      },
    ),
    { numRuns: 500 },
  )
})

test('a pointer that leads to itself or forward is refused', () => {
  const head = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
  for (const at of [12, 13, 20])
    expect(() => decode(Uint8Array.from([...head, 0xc0, at, 0, 1, 0, 1]))).toThrow(WireError)
  expect(() => decode(Uint8Array.from([...head, 1, 97, 0xc0, 12, 0, 1, 0, 1]))).toThrow(WireError)
})

test('a reply is written whole while it fits, then compressed, then cut with TC: the sizes CoreDNS has', () => {
  const a = (n: number): ResourceRecord => ({
    name: 'db.default.svc.cluster.local.',
    type: 1,
    class: 1,
    ttl: 30,
    data: { kind: 'address', address: `10.244.${n >> 8}.${n & 255}` },
  })
  const of = (n: number, cookie: boolean): Message => ({
    ...query('db.default.svc.cluster.local', 1, {
      edns: { version: 0, udpSize: 1232, do: false, options: cookie ? [{ code: 10, data: new Uint8Array(8) }] : [] },
    }),
    qr: true,
    answers: Array.from({ length: n }, (_, i) => a(i)),
  })
  expect(encodeWithin(of(1, true), { size: 1232, plain: 1480 }).bytes.length).toBe(113)
  expect(encodeWithin(of(3, true), { size: 1232, plain: 1480 }).bytes.length).toBe(201)
  const cut = encodeWithin(of(120, true), { size: 1232, plain: 1480 })
  expect([cut.message.answers.length, cut.message.tc]).toEqual([72, true])
  expect(encodeWithin(of(120, false), { size: 1232, plain: 1480 }).message.answers.length).toBe(73)
  const whole = encodeWithin(of(20, true), { size: 1232, plain: 1480 })
  expect([whole.message.answers.length, whole.message.tc]).toEqual([20, false])
})

test("addresses and reverse names are each other's inverse", () => {
  fc.assert(
    fc.property(fc.oneof(v4, v6), (a) => {
      expect(addressOfReverse(reverseName(a) ?? '')).toBe(a)
      expect(family(a)).not.toBe(0)
    }),
  )
  expect(formatAddress(parseIPv6('fd00:96:0:0:0:0:0:9') ?? new Uint8Array(0))).toBe('fd00:96::9')
  expect([family('010.0.0.1'), family('1.2.3'), family('::1'), family('1::2::3'), family('')]).toEqual([0, 0, 6, 0, 0])
})
