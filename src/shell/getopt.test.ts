// Options as getopt(3) finds them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { getopt } from './getopt.ts'

const read = (args: string[], long = false): string[] =>
  [...getopt(args, (n) => ['c', 'W', 'output'].includes(n), long)].map((f) =>
    f.kind === 'word'
      ? f.text
      : f.kind === 'missing'
        ? `?${f.name}`
        : f.value === undefined
          ? `+${f.name}`
          : `+${f.name}=${f.value}`,
  )

test('letters, values, words and the end of options', () => {
  expect(read(['-vc3', 'web', '-c', '4', '-qW', '-1', '-', '--', '-v'])).toEqual([
    '+v',
    '+c=3',
    'web',
    '+c=4',
    '+q',
    '+W=-1',
    '-',
    '-v',
  ])
  expect(read(['-v', '-c'])).toEqual(['+v', '?c'])
  expect(read(['--x'])).toEqual(['+-', '+x'])
})

test('long names', () => {
  expect(read(['--output=a=b', '--output', 'f', '--quiet', '--bad=1', '-c2', '--output'], true)).toEqual([
    '+output=a=b',
    '+output=f',
    '+quiet',
    '+bad=1',
    '+c=2',
    '?output',
  ])
})

test('nothing is lost: every argument is a word, an option or a value', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('-a', 'w', '-c', '--', '-', '-ac5', '--output', ''), { maxLength: 8 }),
      fc.boolean(),
      (args, long) => {
        const letters = [...getopt(args, (n) => n === 'c' || n === 'output', long)]
          .map((f) => (f.kind === 'word' ? f.text : f.kind === 'missing' ? f.name : `${f.name}${f.value ?? ''}`))
          .join('')
          .replaceAll('-', '')
        expect(letters).toBe(args.join('').replaceAll('-', ''))
      },
    ),
  )
})
