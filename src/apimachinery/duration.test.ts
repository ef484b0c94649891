// Durations in Go's words and in kubectl's ages.
import { expect, test } from 'vitest'
import { formatGoDuration, humanDuration, parseDuration } from './duration.ts'
import { parseTime, rfc1123z, rfc3339, rfc3339Micro } from './time.ts'

const S = 1000,
  M = 60 * S,
  H = 60 * M,
  D = 24 * H
test('ages', () => {
  expect(
    [
      -5 * S,
      -1 * S,
      0,
      119 * S,
      2 * M,
      150 * S,
      10 * M + S,
      179 * M,
      3 * H,
      7 * H + 5 * M,
      8 * H,
      47 * H,
      2 * D,
      2 * D + 5 * H,
      8 * D,
      729 * D,
      730 * D,
      735 * D,
      3000 * D,
    ].map(humanDuration),
  ).toEqual([
    '<invalid>',
    '0s',
    '0s',
    '119s',
    '2m',
    '2m30s',
    '10m',
    '179m',
    '3h',
    '7h5m',
    '8h',
    '47h',
    '2d',
    '2d5h',
    '8d',
    '729d',
    '2y',
    '2y5d',
    '8y',
  ])
})
test('Go durations', () => {
  expect(['1h2m3s', '1.5s', '-300ms', '100us', '0'].map((t) => formatGoDuration(parseDuration(t)))).toEqual([
    '1h2m3s',
    '1.5s',
    '-300ms',
    '100µs',
    '0s',
  ])
  const error = (text: string): string => {
    try {
      parseDuration(text)
      return 'none'
    } catch (e) {
      return (e as Error).message
    }
  }
  expect(['', '5', '5x', 'abc', '1m2'].map(error)).toEqual([
    'time: invalid duration ""',
    'time: missing unit in duration "5"',
    'time: unknown unit "x" in duration "5x"',
    'time: invalid duration "abc"',
    'time: missing unit in duration "1m2"',
  ])
})
test('times', () => {
  const t = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  expect([
    rfc3339(t),
    rfc3339Micro(t),
    rfc1123z(t),
    parseTime('2026-01-02T03:04:05.678Z') - t,
    parseTime('2026-01-02T04:04:05+01:00'),
  ]).toEqual(['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.678000Z', 'Fri, 02 Jan 2026 03:04:05 +0000', 0, t - 678])
  const error = (text: string): string => {
    try {
      parseTime(text)
      return 'none'
    } catch (e) {
      return (e as Error).message
    }
  }
  expect([
    'yesterday',
    '2026-13-02T03:04:05Z',
    '2026-02-30T03:04:05Z',
    '2026-01-02T03:04:05Zx',
    '2026-01-02',
  ]).toHaveLength(5)
  expect(
    ['yesterday', '2026-13-02T03:04:05Z', '2026-02-30T03:04:05Z', '2026-01-02T03:04:05Zx', '2026-01-02'].map(error),
  ).toEqual([
    'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    'parsing time "2026-13-02T03:04:05Z": month out of range',
    'parsing time "2026-02-30T03:04:05Z": day out of range',
    'parsing time "2026-01-02T03:04:05Zx": extra text: "x"',
    'parsing time "2026-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"',
  ])
})
