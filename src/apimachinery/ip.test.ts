// Addresses and ranges as Go reads and prints them, and its sentences about wrong ones.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  cidrAt,
  cidrContains,
  cidrIndex,
  cidrSize,
  formatCIDR,
  formatIP,
  parseCIDR,
  parseIP,
  validateIP,
  warningsForIP,
} from './ip.ts'

test('addresses as Go prints them', () => {
  const shown = (t: string): string | undefined => {
    const ip = parseIP(t)
    return ip && formatIP(ip)
  }
  expect(
    [
      '10.0.0.1',
      '010.0.0.01',
      '::',
      '::1',
      '2001:DB8:0:0:1:0:0:1',
      'fe80::1:0:0:0',
      '::ffff:1.2.3.4',
      '1:2:3:4:5:6:7:8',
    ].map(shown),
  ).toEqual(['10.0.0.1', '10.0.0.1', '::', '::1', '2001:db8::1:0:0:1', 'fe80::1:0:0:0', '1.2.3.4', '1:2:3:4:5:6:7:8'])
  expect(
    ['', '1.2.3', '1.2.3.256', '1:2', ':::', '1::2::3', 'a.b.c.d', '12345::', '1.2.3.4.5', '::1%eth0'].map((t) =>
      parseIP(t),
    ),
  ).toEqual(Array(10).fill(undefined))
})
test('ranges', () => {
  const r = parseCIDR('10.96.1.7/12')
  expect(r && [formatCIDR(r), formatIP(r.ip), cidrSize(r), formatIP(cidrAt(r, 10))]).toEqual([
    '10.96.0.0/12',
    '10.96.1.7',
    1048576n,
    '10.96.0.10',
  ])
  expect(['10.0.0.0', '10.0.0.0/33', '::/129', '10.0.0.0/-1', '10.0.0.0/x'].map((c) => parseCIDR(c))).toEqual(
    Array(5).fill(undefined),
  )
})
test('sentences', () => {
  expect(validateIP('f', '1.2.3')).toEqual([
    {
      type: 'FieldValueInvalid',
      field: 'f',
      message: 'Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    },
  ])
  expect(validateIP('f', '01.2.3.4')[0]?.message).toBe('Invalid value: "01.2.3.4": must not have leading 0s')
  expect(warningsForIP('f', '2001:DB8::1')).toEqual([
    'f: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
  ])
})
test('parse(format(ip)) = ip, and a range holds exactly its addresses', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.bigInt(0n, (1n << 128n) - 1n), fc.nat(32), fc.nat(1 << 16), (v6, n, bits, offset) => {
      const ip = { v6, value: v6 ? n : n & 0xffffffffn }
      if (v6 && n >> 32n === 0xffffn) return
      expect(parseIP(formatIP(ip), true)).toEqual(ip)
      const range = parseCIDR(`${formatIP(ip)}/${bits}`)
      if (!range) throw new Error('no range')
      expect(cidrContains(range, ip)).toBe(true)
      const other = cidrAt(range, offset)
      if (other.value >> (v6 ? 128n : 32n)) return
      expect(cidrContains(range, other)).toBe(BigInt(offset) < cidrSize(range))
      expect(cidrIndex(range, other)).toBe(BigInt(offset))
    }),
  )
})
