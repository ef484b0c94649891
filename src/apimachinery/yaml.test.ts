// YAML as sigs.k8s.io/yaml and go-yaml read, write and refuse it.
import fc from 'fast-check'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import type { Json } from './object.ts'
import { parseYaml, readDocuments, splitDocuments, toYaml, YamlError } from './yaml.ts'

const failure = (text: string): string => {
  try {
    parseYaml(text)
  } catch (e) {
    if (e instanceof YamlError) return e.message
    throw e
  }
  return 'no error'
}

describe('reading', () => {
  test('YAML 1.1 scalars as go-yaml has them', () => {
    expect(
      parseYaml(
        '[y, No, on, "yes", 017, 0o17, 0x1F, 0b11, 1_000, 1e3, .5, 1., 2024-01-02, 1:30, ~, null, , -0b1, 08, +5]'.replace(
          ', ,',
          ', "",',
        ),
      ),
    ).toEqual([
      true,
      false,
      true,
      'yes',
      15,
      15,
      31,
      3,
      1000,
      1000,
      0.5,
      1,
      '2024-01-02',
      '1:30',
      null,
      null,
      '',
      -1,
      8,
      5,
    ])
  })
  test('keys become strings, the last of two wins, merges write at their place', () => {
    expect(parseYaml('1: a\ntrue: b\n1.5: c\na: 1\na: 2\n')).toEqual({ 1: 'a', true: 'b', '1.5': 'c', a: 2 })
    expect(parseYaml('base: &b {x: 1, z: 2}\nit: {z: 3, <<: *b, x: 4}\n')).toEqual({
      base: { x: 1, z: 2 },
      it: { z: 2, x: 4 },
    })
  })
  test('block scalars, folding, flow, tags', () => {
    expect(
      parseYaml(
        "a: |\n  x\n   y\n\nb: >-\n  one\n  two\n\n  three\nc: |+\n  z\n\nd: \"a\\\n  b\\u00e9\"\ne: 'it''s'\nf: !!str 5\ng: !!binary aGk=\nh: [a: b, c]\n",
      ),
    ).toEqual({
      a: 'x\n y\n',
      b: 'one two\nthree',
      c: 'z\n\n',
      d: 'abé',
      e: "it's",
      f: '5',
      g: 'hi',
      h: [{ a: 'b' }, 'c'],
    })
  })
  test('errors in the words and at the lines of go-yaml', () => {
    expect([
      failure('a: 1\nb: 2\n c: 3\n'),
      failure('a: {b: c\nd: e\n'),
      failure('a: 1\nb\n'),
      failure('a:\n\tb: 1\n'),
      failure('a: "x\n'),
      failure('x: [a\n'),
      failure('a: *b\n'),
      failure('a: @b\n'),
      failure('name: {{ x }}\n'),
      failure('? {a: b}\n: c\n'),
      failure('a: b: c\n'),
      failure('- a\nb: c\n'),
      failure('a: \0\n'),
      failure('a: .nan\n'),
      failure('? \n: x\n'),
      failure('__proto__: {x: 1}\n'),
    ]).toEqual([
      'error converting YAML to JSON: yaml: line 3: mapping values are not allowed in this context',
      "error converting YAML to JSON: yaml: line 1: did not find expected ',' or '}'",
      "error converting YAML to JSON: yaml: line 3: could not find expected ':'",
      'error converting YAML to JSON: yaml: line 2: found character that cannot start any token',
      'error converting YAML to JSON: yaml: line 2: found unexpected end of stream',
      "error converting YAML to JSON: yaml: line 1: did not find expected ',' or ']'",
      "error converting YAML to JSON: yaml: unknown anchor 'b' referenced",
      'error converting YAML to JSON: yaml: found character that cannot start any token',
      'error converting YAML to JSON: yaml: invalid map key: map[interface {}]interface {}{"x":interface {}(nil)}',
      'error converting YAML to JSON: yaml: invalid map key: map[interface {}]interface {}{"a":"b"}',
      'error converting YAML to JSON: yaml: mapping values are not allowed in this context',
      "error converting YAML to JSON: yaml: line 1: did not find expected '-' indicator",
      'error converting YAML to JSON: yaml: control characters are not allowed',
      'error converting YAML to JSON: json: unsupported value: NaN',
      'error converting YAML to JSON: unsupported map key of type: %!s(<nil>), key: <nil>, value: "x"',
      'error converting YAML to JSON: yaml: line 1: key "__proto__" is not allowed',
    ])
  })
  test('what would eat the machine is refused', () => {
    const bomb = `a: &a [${'x,'.repeat(9)}x]\n${[...'bcdefghij'].map((c, i) => `${c}: &${c} [${`*${'abcdefghi'[i] ?? ''},`.repeat(9)}*${'abcdefghi'[i] ?? ''}]`).join('\n')}\n`
    expect(failure(bomb)).toBe('error converting YAML to JSON: yaml: document contains excessive aliasing')
    expect(failure('['.repeat(20_000))).toBe('error converting YAML to JSON: yaml: exceeded max depth of 1000')
    expect(parseYaml(`${'['.repeat(100)}${']'.repeat(100)}`)).toBeTruthy()
    expect((parseYaml(`a: ${'x'.repeat(10_000_000)}\n`) as { a: string }).a.length).toBe(10_000_000)
    expect(failure('a: &x [*x]\n')).toBe("error converting YAML to JSON: yaml: anchor 'x' value contains itself")
  })
  test('documents', () => {
    expect(splitDocuments('---\na: 1\n--- # next\n\nb: 2\n---\n')).toEqual(['---\na: 1\n', '\nb: 2\n'])
    expect([...readDocuments('{"a":1}\n{"b":2}\n')]).toEqual([{ a: 1 }, { b: 2 }])
    expect([...readDocuments('{"a":1,}\n---\nb: 2\n')]).toEqual([{ a: 1 }, { b: 2 }])
    expect(() => [...readDocuments('--- a: 1\n')]).toThrow('invalid Yaml document separator: a: 1')
  })
})

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      'yes',
      '~',
      '1',
      '0x1F',
      '1e3',
      '2024-01-02',
      ' a',
      'a ',
      'a: b',
      '- a',
      '#x',
      'a\nb\n',
      '\n',
      '\ta',
      'x'.repeat(90),
    ),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value')),
    fc
      .dictionary(
        fc.string().filter((k) => k !== '__proto__'),
        tie('value'),
      )
      .map((o) => ({ ...o })) as fc.Arbitrary<Json>,
  ),
})).value

describe('writing', () => {
  test('what is written reads back as it was', () => {
    fc.assert(
      fc.property(json, (v) => {
        expect(parseYaml(toYaml(v))).toEqual(v)
      }),
      { numRuns: 300 },
    )
  })
  test('package yaml reads it the same', () => {
    // Strings of its common ground: the package takes `.` for a number.
    const word = fc.string({
      unit: fc.constantFrom('a', 'b', 'Z', ' ', ':', '#', '-', "'", '"', '\n', 'é', '[', '{', ',', '*', '!', '|'),
    })
    fc.assert(
      fc.property(
        fc.dictionary(
          word,
          fc.oneof(word, fc.array(fc.oneof(word, fc.integer(), fc.boolean())), fc.dictionary(word, word)),
        ),
        (o) => {
          expect(parse(toYaml({ ...o } as Json), { version: '1.1', merge: false })).toEqual({ ...o })
        },
      ),
      { numRuns: 200 },
    )
  })
  test('quotes, folds and orders as kubectl does', () => {
    expect(
      toYaml({
        n: 'n',
        yes: 'yes',
        a10: 1,
        a2: 2,
        d: '2024-01-02',
        s: ' x',
        t: 'a\tb',
        nl: 'a\nb\n',
        nn: '\n',
        dash: '- a',
        empty: '',
        e: {},
        l: [],
        deep: [[1, { a: null }], { b: [true] }],
        f: 1e-7,
        g: 123456789.5,
        big: 1e21,
        long: `${'a'.repeat(30)} ${'b'.repeat(36)} ${'c'.repeat(36)} ddd`,
        emoji: '😀',
        [`k${'x'.repeat(130)}`]: 1,
      }),
    ).toBe(`a2: 2
a10: 1
big: 1e+21
d: "2024-01-02"
dash: '- a'
deep:
- - 1
  - a: null
- b:
  - true
e: {}
emoji: "\\U0001F600"
empty: ""
f: 1e-07
g: 1.234567895e+08
? k${'x'.repeat(130)}
: 1
l: []
long: ${'a'.repeat(30)} ${'b'.repeat(36)} ${'c'.repeat(36)}
  ddd
"n": "n"
nl: |
  a
  b
nn: |2+

s: ' x'
t: "a\\tb"
"yes": "yes"
`)
  })
})
