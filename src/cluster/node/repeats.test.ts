// What is said at growing distances adds up to what happened.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { repeat } from './repeats.ts'

test('the points of a repetition are doubled, then half an hour apart', () => {
  const points: number[] = []
  for (let t = 0; points.length < 12;) {
    const r = repeat(t, 10_000)
    points.push(r.index)
    t = r.next
  }
  expect(points).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 436, 616, 796])
})

test('what is told at the points is every occurrence once, and nothing between', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 100_000 }), fc.integer({ min: 1, max: 60 }), (period, steps) => {
      let t = 0
      let told = 0
      for (let i = 0; i < steps; i++) {
        const r = repeat(t, period)
        told += r.times
        expect(told).toBe(r.index)
        expect(r.next).toBeGreaterThan(t)
        if (period > 2000) expect(repeat(t + 1500, period).times).toBe(0)
        t = r.next
      }
    }),
  )
  expect(repeat(-5, 1000)).toEqual({ times: 0, index: 0, next: 0 })
})
