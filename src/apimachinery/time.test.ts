// Times as the API writes and reads them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMicroTime, parseTime } from './time.ts'

const two = (most: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'))

test('six digits of a fraction are read alike by the quick way and the exact one, days that are not among them', () => {
  const outcome = (read: (text: string) => number, text: string): number | string => {
    try {
      return read(text)
    } catch (e) {
      return (e as Error).message.includes('out of range') ? 'out of range' : String(e)
    }
  }
  fc.assert(
    fc.property(
      fc.integer({ min: 1600, max: 2400 }),
      two(13),
      two(32),
      two(24),
      two(60),
      two(60),
      fc.integer({ min: 0, max: 999_999 }),
      (year, month, day, hour, minute, second, micros) => {
        const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${String(micros).padStart(6, '0')}Z`
        expect(outcome(parseTime, text)).toBe(outcome(parseMicroTime, text))
      },
    ),
  )
})
