// unifieddiff.ts: hunks as diff -u prints them, and that a script always leads from one text to the other.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { unifiedDiff } from './unifieddiff.ts'

test('one hunk with three lines of context', () => {
  expect(unifiedDiff('a\nb\nc\nd\ne\nf\ng\nh\n', 'a\nb\nc\nd\nX\nf\ng\nh\n')).toBe(
    '@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+X\n f\n g\n h\n',
  )
})

test('a new file, an emptied file, equal files', () => {
  expect(unifiedDiff('', 'a\nb\n')).toBe('@@ -0,0 +1,2 @@\n+a\n+b\n')
  expect(unifiedDiff('a\n', '')).toBe('@@ -1 +0,0 @@\n-a\n')
  expect(unifiedDiff('a\n', 'a\n')).toBe('')
})

test('the hunks lead from one text to the other', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 })
  fc.assert(
    fc.property(text, text, (a, b) => {
      const out = unifiedDiff(a.map((l) => `${l}\n`).join(''), b.map((l) => `${l}\n`).join(''))
      // apply the hunks to a
      const result: string[] = [...a]
      let shift = 0
      for (const hunk of out.split(/^(?=@@)/m).filter((h) => h !== '')) {
        const [head = '', ...lines] = hunk.replace(/\n$/, '').split('\n')
        const m = /^@@ -(\d+)(?:,(\d+))? \+/.exec(head)
        const count = m?.[2] === undefined ? 1 : Number(m[2])
        const at = Number(m?.[1] ?? 0) - (count === 0 ? 0 : 1)
        const to = lines.filter((l) => !l.startsWith('-')).map((l) => l.slice(1))
        result.splice(at + shift, count, ...to)
        shift += to.length - count
      }
      expect(result).toEqual(b)
    }),
  )
})
