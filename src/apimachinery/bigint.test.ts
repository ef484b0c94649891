// Whole numbers beyond 2^53 keep their digits from text to text.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readJson, throughFloat, wholeNumber, writeJson } from './bigint.ts'

test('digits beyond 2^53 are read and written as they are', () => {
  const text =
    '{"a":9007199254740993,"b":[-9223372036854775808,9223372036854775807],"c":9007199254740991,"d":1e30,"e":"9007199254740993","f":12345678901234567890}'
  const value = readJson(text)
  expect(value).toEqual({
    a: 9007199254740993n,
    b: [-9223372036854775808n, 9223372036854775807n],
    c: 9007199254740991,
    d: 1e30,
    e: '9007199254740993',
    f: 12345678901234567890,
  })
  expect(writeJson(value)).toBe(
    '{"a":9007199254740993,"b":[-9223372036854775808,9223372036854775807],"c":9007199254740991,"d":1e+30,"e":"9007199254740993","f":12345678901234567000}',
  )
  expect(() => readJson('[9007199254740993')).toThrow(SyntaxError)
  expect(readJson('[9007199254740993.0,9007199254740993e0,-0.000011208048057982322]')).toEqual([
    9007199254740992, 9007199254740992, -0.000011208048057982322,
  ])
})

test('text that looks like our mark stays text', () => {
  const value = { '\uf8ffint:7': '\uf8ffint:5', n: 2n ** 60n }
  expect(readJson(writeJson(value))).toEqual(value)
})

test('any JSON value with any int64 comes back', () => {
  const whole = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(wholeNumber)
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      whole,
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }).map((n) => n + 0),
      fc.string(),
      fc.boolean(),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(
        fc.string().filter((k) => k !== '__proto__'),
        tie('tree'),
        { maxKeys: 4 },
      ),
    ),
  }))
  fc.assert(
    fc.property(tree, (v) => {
      expect(readJson(writeJson(v))).toEqual(v)
    }),
    { numRuns: 200 },
  )
})

test('a float has 53 bits', () => {
  expect(throughFloat(9007199254740993n)).toBe(9007199254740992n)
  expect(throughFloat(9223372036854775807n)).toBe(9223372036854775807)
  expect(throughFloat(-9223372036854775808n)).toBe(-9223372036854775808)
})
