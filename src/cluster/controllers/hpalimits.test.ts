// Windows, rates and bounds of autoscalers.
import { expect, test } from 'vitest'
import { limit } from './hpalimits.ts'

const NOW = 1_000_000_000
const bounds = { min: 2, max: 10 }
const none = { proposed: [], scaled: [] }
const seen = (l: ReturnType<typeof limit>): unknown[] => [
  l.desired,
  l.able.reason,
  l.limited.status,
  l.limited.reason,
  l.held,
]

test('within the bounds a proposal is taken, beyond them the bound', () => {
  expect(seen(limit(3, 2, bounds, none, NOW))).toEqual([3, 'ReadyForNewScale', 'False', 'DesiredWithinRange', false])
  expect(seen(limit(1, 2, bounds, none, NOW))).toEqual([2, 'ReadyForNewScale', 'True', 'TooFewReplicas', false])
  expect(seen(limit(30, 8, bounds, none, NOW))).toEqual([10, 'ReadyForNewScale', 'True', 'TooManyReplicas', false])
})

test('growth is to twice the size, or to four', () => {
  expect(seen(limit(9, 1, { min: 1, max: 10 }, none, NOW))).toEqual([
    4,
    'ReadyForNewScale',
    'True',
    'ScaleUpLimit',
    true,
  ])
  expect(seen(limit(9, 3, { min: 1, max: 10 }, none, NOW))).toEqual([
    6,
    'ReadyForNewScale',
    'True',
    'ScaleUpLimit',
    true,
  ])
})

test('five minutes of higher proposals hold a workload where it is', () => {
  expect(seen(limit(2, 6, bounds, { proposed: [{ at: NOW - 60_000, n: 6 }], scaled: [] }, NOW))).toEqual([
    6,
    'ScaleDownStabilized',
    'False',
    'DesiredWithinRange',
    true,
  ])
  expect(seen(limit(2, 6, bounds, { proposed: [{ at: NOW - 300_000, n: 6 }], scaled: [] }, NOW))).toEqual([
    2,
    'ReadyForNewScale',
    'False',
    'DesiredWithinRange',
    false,
  ])
})

test('a behavior has its own windows, rates and choice of policy', () => {
  const slow = {
    scaleDown: {
      stabilizationWindowSeconds: 0,
      policies: [
        { type: 'Pods', value: 1, periodSeconds: 60 },
        { type: 'Percent', value: 50, periodSeconds: 60 },
      ],
      selectPolicy: 'Min',
    },
  }
  expect(seen(limit(2, 8, { ...bounds, behavior: slow }, none, NOW))).toEqual([
    7,
    'ReadyForNewScale',
    'True',
    'ScaleDownLimit',
    true,
  ])
  expect(
    seen(limit(2, 7, { ...bounds, behavior: slow }, { proposed: [], scaled: [{ at: NOW - 30_000, n: -1 }] }, NOW)),
  ).toEqual([7, 'ReadyForNewScale', 'True', 'ScaleDownLimit', true])
  expect(
    seen(limit(2, 8, { ...bounds, behavior: { scaleDown: { ...slow.scaleDown, selectPolicy: 'Max' } } }, none, NOW)),
  ).toEqual([4, 'ReadyForNewScale', 'True', 'ScaleDownLimit', true])
  expect(
    seen(
      limit(2, 8, { ...bounds, behavior: { scaleDown: { ...slow.scaleDown, selectPolicy: 'Disabled' } } }, none, NOW),
    ),
  ).toEqual([8, 'ReadyForNewScale', 'True', 'ScaleDownLimit', true])
  const careful = { scaleUp: { stabilizationWindowSeconds: 60 } }
  expect(
    seen(limit(6, 3, { ...bounds, behavior: careful }, { proposed: [{ at: NOW - 30_000, n: 3 }], scaled: [] }, NOW)),
  ).toEqual([3, 'ScaleUpStabilized', 'False', 'DesiredWithinRange', true])
})
