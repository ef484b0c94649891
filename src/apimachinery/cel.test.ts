// The language of expressions: what is read, refused, priced and evaluated. Sentences were seen on a real API server.
import { expect, test } from 'vitest'
import { CelError, INT, STRING, celValue, compile, declaredType, namedType } from './cel.ts'
import type { Type } from './cel.ts'

const DECLARED = declaredType(
  {
    type: 'object',
    properties: {
      n: { type: 'integer' },
      s: { type: 'string', maxLength: 20 },
      list: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 10 } },
      open: { type: 'array', items: { type: 'string' } },
      'a-b': { type: 'string' },
      namespace: { type: 'string' },
      at: { type: 'string', format: 'date-time' },
    },
  },
  false,
)
const SELF: Type = namedType(DECLARED ?? INT, 'Self')
const SELF_VALUE = { n: 5, s: 'hällo', list: ['b', 'a'], 'a-b': 'x', namespace: 'ns', at: '2024-02-29T13:14:15.5Z' }
const run = (text: string): unknown =>
  compile(text, new Map([['self', SELF]])).run(new Map([['self', () => celValue(SELF_VALUE, SELF)]]))
const refusal = (text: string): string => {
  try {
    compile(text, new Map([['self', SELF]]))
  } catch (e) {
    return (e as CelError).message
  }
  return 'none'
}

test.each([
  ['self.n + 2 * 3', 11n],
  ['self.s.size()', 5n],
  ["self.list.map(x, x + '!').join(',')", 'b!,a!'],
  ['self.list.all(x, x < "c") && self.list.exists_one(x, x == "a")', true],
  ['self.a__dash__b + self.namespace + self.__namespace__', 'xnsns'],
  ['self.at.getFullYear()', 2024n],
  ["string(self.at - duration('1h'))", '2024-02-29T12:14:15.5Z'],
  ["self.?nothing.orValue('none')", undefined],
  ["'%s %d %.1f %x'.format([self.list, self.n, 2.25, 255])", '["b", "a"] 5 2.2 ff'],
  ["quantity('1.5Gi').isGreaterThan(quantity('1Gi'))", true],
  ["cidr('10.0.0.0/8').containsIP('10.1.2.3')", true],
  ["url('https://a.b:8080/c?q=1').getPort()", '8080'],
  ["self.s.find('l+')", 'll'],
  ["format.dns1123Label().validate('ok').hasValue()", false],
  ['[1, 2, 3].transformList(i, v, v > 1, v * i)', [2n, 6n]],
  ['1 / 0 == 1 || true', true],
  ['has(self.s) ? "yes" : "no"', 'yes'],
])('%s', (text, value) => {
  if (value === undefined) expect(refusal(text)).toContain("undefined field 'nothing'")
  else expect(run(text)).toEqual(value)
})

test.each([
  ['self.x > 1', "ERROR: <input>:1:5: undefined field 'x'\n | self.x > 1\n | ....^"],
  [
    "self.n > 'a'",
    "ERROR: <input>:1:8: found no matching overload for '_>_' applied to '(int, string)'\n | self.n > 'a'\n | .......^",
  ],
  [
    'self.n = 1',
    "ERROR: <input>:1:8: Syntax error: token recognition error at: '= '\n | self.n = 1\n | .......^\n" +
      "ERROR: <input>:1:10: Syntax error: extraneous input '1' expecting <EOF>\n | self.n = 1\n | .........^",
  ],
  [
    "foo('ä') &&\nself.s.matches('[')",
    "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo('ä') &&\n | ...^",
  ],
  ["self.s.matches('[')", "ERROR: <input>:1:16: invalid matches argument\n | self.s.matches('[')\n | ...............^"],
  ['[1, "a"]', "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, \"a\"]\n | ....^"],
])('%s is refused', (text, message) => {
  expect(refusal(text)).toBe(message)
})

test.each([
  ['1 / (self.n - 5)', 'division by zero'],
  ['self.list[7]', 'index out of bounds: 7'],
  ['int(self.s)', "type conversion error from 'string' to 'int'"],
  ['dyn(self.s) + 1 == 1', 'no such overload'],
  ['self.n * 9223372036854775807', 'integer overflow'],
])('%s fails', (text, message) => {
  expect(() => run(text)).toThrow(new CelError(message))
})

test('what an expression may cost follows from the sizes that are declared', () => {
  const cost = (text: string): bigint => compile(text, new Map([['self', SELF]])).cost(SELF)
  expect(cost('self.n > 1')).toBe(3n)
  expect(cost("self.list.all(x, x.contains('a'))")).toBeLessThan(1000n)
  expect(cost('self.open.all(x, self.open.all(y, x == y))')).toBeGreaterThan(10_000_000n)
})

test('hostile input is an error, not a hang', () => {
  expect(refusal(`${'('.repeat(10_000)}1`)).toContain('recursion')
  expect(refusal('__proto__')).toContain("undeclared reference to '__proto__'")
  expect(refusal('self.constructor')).toContain("undefined field 'constructor'")
  expect(() => compile('x.all(a, x.all(b, x.all(c, x.all(d, a == b))))', new Map([['x', STRING]]))).toThrow(CelError)
})
