// Hostile packets: a sample of what bench/dns-fuzz.mjs sends a million of.
import { expect, test } from 'vitest'
import { attack } from './dns-packets.ts'

test('6,000 hostile packets are answered or dropped', () => {
  const told = attack(6_000, 7)
  expect(told.faults).toEqual([])
  expect(Object.keys(told.rcodes).sort()).toEqual(
    expect.arrayContaining(['FORMERR', 'NOERROR', 'NOTIMP', 'NXDOMAIN', 'REFUSED', 'SERVFAIL', 'dropped']),
  )
})
