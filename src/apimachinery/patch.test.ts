// JSON patches and merge patches, with the refusals of the API server.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonObject } from './object.ts'
import { applyJsonPatch, applyMergePatch, createMergePatch, createThreeWayJson } from './patch.ts'

test('RFC 6902 operations', () => {
  const doc = { a: { b: [1, 2] }, 'x/y': 1 }
  expect(
    applyJsonPatch(doc, [
      { op: 'add', path: '/a/b/1', value: 9 },
      { op: 'add', path: '/a/b/-', value: 3 },
      { op: 'remove', path: '/x~1y' },
      { op: 'copy', from: '/a/b', path: '/c' },
      { op: 'move', from: '/c/0', path: '/d' },
      { op: 'replace', path: '/new', value: 1 },
      { op: 'test', path: '/d', value: 1 },
    ]),
  ).toEqual({ a: { b: [1, 9, 2, 3] }, c: [9, 2, 3], d: 1, new: 1 })
  expect(doc).toEqual({ a: { b: [1, 2] }, 'x/y': 1 })
})
test('faults in json-patch words', () => {
  const failure = (op: JsonObject): string => {
    try {
      applyJsonPatch({ a: [1], m: {} }, [op])
    } catch (e) {
      return (e as Error).message
    }
    return ''
  }
  expect(failure({ op: 'remove', path: '/m/x' })).toBe(
    "error in remove for path: '/m/x': Unable to remove nonexistent key: x: missing value",
  )
  expect(failure({ op: 'add', path: '/n/x', value: 1 })).toBe(
    'add operation does not apply: doc is missing path: "/n/x": missing value',
  )
  expect(failure({ op: 'replace', path: '/a/4', value: 1 })).toBe(
    'replace operation does not apply: doc is missing key: /a/4: missing value',
  )
  expect(failure({ op: 'test', path: '/a/0', value: 2 })).toBe('testing value /a/0 failed: test failed')
  expect(failure({ op: 'jump', path: '/a' })).toBe('Unexpected kind: jump')
  expect(failure({ op: 'add', path: '/m/__proto__', value: {} })).toContain('not allowed')
})
test('three-way JSON merge keeps what others set and deletes what was dropped', () => {
  expect(createThreeWayJson({ a: 1, gone: { x: 1 } }, { a: 2, empty: {} }, { a: 1, gone: { x: 1 }, other: 1 })).toEqual(
    { a: 2, empty: {}, gone: null },
  )
})
const json = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.oneof(
    fc.nat(3),
    fc.array(fc.nat(2), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('x', 'y'), fc.oneof(fc.nat(3), fc.dictionary(fc.constantFrom('p', 'q'), fc.nat(2)))),
  ),
) as fc.Arbitrary<JsonObject>
test('applying a created merge patch gives the modified document', () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      expect(applyMergePatch(a, createMergePatch(a, b))).toEqual(b)
    }),
  )
})
