// Schedules as robfig/cron reads them: fields, names, steps, time zones, clock changes.
import { expect, test } from 'vitest'
import { nextCron, parseCron } from './cron.ts'

const at = (text: string): number => Date.parse(text)
const next = (spec: string, after: string, zone?: string): string =>
  new Date(nextCron(parseCron(spec), at(after), zone) ?? 0).toISOString()

test('fields, names, steps and descriptors are due when cron says', () => {
  expect(next('*/5 * * * *', '2024-01-01T00:02:30Z')).toBe('2024-01-01T00:05:00.000Z')
  expect(next('0 3 * * mon', '2024-01-02T00:00:00Z')).toBe('2024-01-08T03:00:00.000Z')
  expect(next('30 4 1,15 * 5', '2024-01-02T00:00:00Z')).toBe('2024-01-05T04:30:00.000Z')
  expect(next('@monthly', '2024-01-31T12:00:00Z')).toBe('2024-02-01T00:00:00.000Z')
  expect(next('0 0 29 feb *', '2024-03-01T00:00:00Z')).toBe('2028-02-29T00:00:00.000Z')
  expect(next('@every 90s', '2024-01-01T00:00:00Z')).toBe('2024-01-01T00:01:30.000Z')
  expect(next('0 9 * * *', '2024-07-01T00:00:00Z', 'Europe/Berlin')).toBe('2024-07-01T07:00:00.000Z')
  expect(nextCron(parseCron('0 0 31 2 *'), at('2024-01-01T00:00:00Z'))).toBeUndefined()
})

test('what is no schedule is said in the words of cron', () => {
  const wrong = (spec: string): string => {
    try {
      parseCron(spec)
      return ''
    } catch (e) {
      return (e as Error).message
    }
  }
  expect(wrong('')).toBe('empty spec string')
  expect(wrong('* * * *')).toBe('expected exactly 5 fields, found 4: [* * * *]')
  expect(wrong('every day')).toBe('expected exactly 5 fields, found 2: [every day]')
  expect(wrong('61 * * * *')).toBe('end of range (61) above maximum (59): 61')
  expect(wrong('* * 0 * *')).toBe('beginning of range (0) below minimum (1): 0')
  expect(wrong('x * * * *')).toBe('failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax')
  expect(wrong('5-1 * * * *')).toBe('beginning of range (5) beyond end of range (1): 5-1')
  expect(wrong('@often')).toBe('unrecognized descriptor: @often')
})
