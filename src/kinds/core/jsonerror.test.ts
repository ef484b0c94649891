// JSON errors in Go's words.
import { expect, test } from 'vitest'
import { jsonError } from './jsonerror.ts'

test.each([
  ['{}', undefined],
  ['null', undefined],
  ['{"a": [1, -2.5e3, "x\\u00e9", true, null, {}]}', undefined],
  ['', 'unexpected end of JSON input'],
  ['{nope', "invalid character 'n' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a": 1 "b"}', "invalid character '\"' after object key:value pair"],
  ['[1 2]', "invalid character '2' after array element"],
  ['{"a": tru}', "invalid character '}' in literal true (expecting 'e')"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['[1]', 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ['"a"', 'json: cannot unmarshal string into Go value of type map[string]interface {}'],
])('%s', (text, error) => {
  expect(jsonError(text)).toBe(error)
})
