// Quantities as apimachinery's resource reads, compares and prints them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addQuantity,
  asRead,
  canonical,
  compareQuantity,
  milliValue,
  newMilliQuantity,
  parseQuantity,
  readQuantity,
  subQuantity,
  value,
  withSpellings,
} from './quantity.ts'
import type { Spellings } from './quantity.ts'

test('canonical texts', () => {
  const of = [
    '0.5',
    '100m',
    '1000m',
    '1500m',
    '1024Mi',
    '12Mi',
    '1.5Gi',
    '1e3',
    '1000',
    '2048',
    '0',
    '0.0',
    '+5',
    '1Ki',
    '1024',
    '123456789012345678901',
    '0.1Ki',
    '12e6',
    '1.25E',
    '-1500m',
    '.5',
    '1.',
    '0.0000000001',
  ]
  expect(of.map(canonical)).toEqual([
    '500m',
    '100m',
    '1',
    '1500m',
    '1Gi',
    '12Mi',
    '1536Mi',
    '1e3',
    '1k',
    '2048',
    '0',
    '0',
    '+5',
    '1Ki',
    '1024',
    '123456789012345678901',
    '102400m',
    '12e6',
    '1250P',
    '-1500m',
    '500m',
    '1.',
    '1n',
  ])
})
test('refusals', () => {
  const error = (text: string): string => {
    try {
      parseQuantity(text)
      return 'none'
    } catch (e) {
      return (e as Error).message
    }
  }
  const regex = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
  expect(['', '128MB', '1x', '1K', 'abc', '1..2', ' 1'].map(error)).toEqual([
    regex,
    regex,
    regex,
    "unable to parse quantity's suffix",
    regex,
    regex,
    regex,
  ])
})
test('arithmetic', () => {
  expect([
    canonical(addQuantity('100m', '1')),
    canonical(addQuantity('1Gi', '1Mi')),
    canonical(subQuantity('1', '250m')),
    canonical(newMilliQuantity(2500)),
    value('1500m'),
    milliValue('1.0005'),
    value('1Ki'),
  ]).toEqual(['1100m', '1025Mi', '750m', '2500m', 2, 1001, 1024])
  expect(['9', '10', '1Ki', '1k', '100m'].sort(compareQuantity)).toEqual(['100m', '9', '10', '1k', '1Ki'])
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom('', 'm', 'k', 'Mi', 'Gi', 'e3'), (n, s) => {
      expect(compareQuantity(canonical(`${n}${s}`), `${n}${s}`)).toBe(0)
    }),
  )
})

test('how amounts were spelt is known to who read them, and to nobody else', () => {
  const mine: Spellings = new Map()
  expect(withSpellings(mine, () => readQuantity('0.5'))).toBe('500m')
  expect(withSpellings(mine, () => asRead('500m'))).toMatchObject({ unscaled: 5n, scale: -1 })
  expect(asRead('500m')).toMatchObject({ unscaled: 500n, scale: -3 })
  expect(withSpellings(new Map(), () => asRead('500m'))).toMatchObject({ unscaled: 500n, scale: -3 })
  // what is read again as it is kept counts
  withSpellings(mine, () => readQuantity('500m'))
  expect(mine.size).toBe(0)
  expect(() =>
    withSpellings(mine, () => {
      throw new Error('x')
    }),
  ).toThrow('x')
  readQuantity('0.25')
  expect(mine.size).toBe(0)
})
