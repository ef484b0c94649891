import { expect, test } from 'vitest'
import { parseQuery } from './query.ts'

test('a query is read as net/url reads it', () => {
  expect([...parseQuery('limit=2&continue=%%%&a=1;b=2&x=a+b%20c&limit=3&flag&__proto__=y')]).toEqual([
    ['limit', ['2', '3']],
    ['x', ['a b c']],
    ['flag', ['']],
    ['__proto__', ['y']],
  ])
  expect([...parseQuery('')]).toEqual([])
})
