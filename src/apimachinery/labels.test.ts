// Label selectors as apimachinery parses, prints and matches them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseFieldSelector, fieldsMatch } from './fields.ts'
import {
  formatLabelSelector,
  fromLabelSelector,
  matches,
  matchesRequirement,
  parseSelector,
  selectorString,
  toLabelSelector,
} from './labels.ts'

const failure = (f: () => unknown): string => {
  try {
    f()
  } catch (e) {
    return (e as Error).message
  }
  return ''
}

describe('label selectors', () => {
  test('faults are worded as the API server words them', () => {
    expect(failure(() => parseSelector('app in (web'))).toBe(
      "unable to parse requirement: found '', expected: ',' or ')'",
    )
    expect(failure(() => parseSelector('app=web,'))).toBe("found '', expected: identifier after ','")
    expect(failure(() => parseSelector('app===web'))).toBe(
      "unable to parse requirement: found '=', expected: identifier",
    )
    expect(failure(() => parseSelector('a b'))).toBe(
      "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    )
    expect(failure(() => parseSelector('-bad=1'))).toBe(
      "unable to parse requirement: <nil>: Invalid value: \"-bad\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    )
    expect(failure(() => parseSelector('rank>x'))).toBe(
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    )
    expect(failure(() => parseSelector('app=bad!value'))).toBe("found '!', expected: ',' or 'end of string'")
  })
  test('prints sorted by key, values sorted, operators as written', () => {
    expect(selectorString(parseSelector('z==1, !x ,b in (c, a),a notin (q),k>3,e'))).toBe(
      'a notin (q),b in (a,c),e,k>3,!x,z==1',
    )
    expect(
      formatLabelSelector({
        matchLabels: { app: 'web' },
        matchExpressions: [{ key: 'tier', operator: 'In', values: ['b', 'a'] }],
      }),
    ).toBe('app=web,tier in (a,b)')
    expect(formatLabelSelector({})).toBe('<none>')
  })
  test('matches by the rules of missing labels', () => {
    expect(matches(parseSelector('a!=1'), {})).toBe(true)
    expect(matches(parseSelector('a notin (1)'), undefined)).toBe(true)
    expect(matches(parseSelector('a>1'), { a: '10' })).toBe(true)
    expect(matches(fromLabelSelector(undefined), { a: '1' })).toBe(false)
    expect(matches(fromLabelSelector({}), { a: '1' })).toBe(true)
    expect(matches(parseSelector('toString'), {})).toBe(false)
  })
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,4}$/).filter((w) => w !== 'in' && w !== 'notin')
  const req = fc.oneof(
    fc.tuple(word, fc.constantFrom('=', '!=', '=='), word).map(([k, o, v]) => `${k}${o}${v}`),
    fc
      .tuple(word, fc.constantFrom('in', 'notin'), fc.array(word, { minLength: 1, maxLength: 3 }))
      .map(([k, o, v]) => `${k} ${o} (${v.join(',')})`),
    word,
    word.map((k) => `!${k}`),
  )
  test('printing and parsing again changes nothing; a selector is the and of its parts', () => {
    fc.assert(
      fc.property(fc.array(req, { maxLength: 4 }), fc.dictionary(word, word), (parts, labels) => {
        const s = parseSelector(parts.join(','))
        expect(parseSelector(selectorString(s))).toEqual(s)
        expect(matches(s, labels)).toBe(s.every((r) => matchesRequirement(r, labels)))
      }),
    )
  })
  test('any text parses or is refused with a sentence', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseSelector(text)
        } catch (e) {
          expect((e as Error).constructor.name).toBe('SelectorError')
        }
      }),
    )
  })
  test('a flag text becomes a LabelSelector', () => {
    expect(toLabelSelector('a=1,b in (x,y),!c')).toEqual({
      matchLabels: { a: '1' },
      matchExpressions: [
        { key: 'b', operator: 'In', values: ['x', 'y'] },
        { key: 'c', operator: 'DoesNotExist', values: [] },
      ],
    })
  })
})

describe('field selectors', () => {
  test('terms, escapes and faults', () => {
    expect(parseFieldSelector('b!=2,a=x\\,y')).toEqual([
      { field: 'a', operator: '=', value: 'x,y' },
      { field: 'b', operator: '!=', value: '2' },
    ])
    expect(failure(() => parseFieldSelector('status.phase in (Running)'))).toBe(
      "invalid selector: 'status.phase in (Running)'; can't understand 'status.phase in (Running)'",
    )
    expect(fieldsMatch(parseFieldSelector('spec.nodeName='), {})).toBe(true)
  })
})
