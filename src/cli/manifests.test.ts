// manifests.ts: documents of streams, and what kubectl itself refuses.
import { expect, test } from 'vitest'
import type { Json } from '../apimachinery/object.ts'
import { decodeDocument, readDocuments, validateDocument, validation } from './manifests.ts'

async function read(text: string): Promise<Json[] | string> {
  const out: Json[] = []
  try {
    for await (const d of readDocuments(text, 'f.yaml')) out.push(d)
  } catch (e) {
    return `${out.length} then ${e instanceof Error ? e.message : String(e)}`
  }
  return out
}
const decoded = (v: Json): string => {
  try {
    decodeDocument(v, 'f')
    return 'fine'
  } catch (e) {
    return e instanceof Error ? e.message : String(e)
  }
}

test('YAML documents, comments, empty ones; concatenated JSON; a trailing comma', async () => {
  expect(await read('a: 1\n---\n# nothing\n---\nb: 2\n')).toEqual([{ a: 1 }, null, { b: 2 }])
  expect(await read('{"a":1}{"b":2}\n{"c":"}"}')).toEqual([{ a: 1 }, { b: 2 }, { c: '}' }])
  expect(await read('{"a":1,}')).toEqual([{ a: 1 }])
  expect(await read('\ufeffa: 1\n')).toEqual([{ a: 1 }])
})

test('a broken document ends the stream; those before it count', async () => {
  expect(await read('a: 1\n---\nb: {c\n')).toMatch(
    /^1 then error parsing f\.yaml: error converting YAML to JSON: yaml: line /,
  )
  expect(await read('a: 1\n--- b\n')).toBe('0 then error parsing f.yaml: invalid Yaml document separator: b')
})

test('what no manifest needs is refused', async () => {
  expect(await read('{"__proto__": {"x": 1}}')).toBe('0 then error parsing f.yaml: the key "__proto__" is not allowed')
  expect(await read(`${'{"a":'.repeat(600)}1${'}'.repeat(600)}`)).toBe(
    '0 then error parsing f.yaml: exceeded max depth',
  )
})

test('kinds and metadata', () => {
  expect(decoded({ metadata: { name: 'x' } })).toBe(
    'unable to decode "f": Object \'Kind\' is missing in \'{"metadata":{"name":"x"}}\'',
  )
  expect(decoded({ kind: 'A', metadata: { labels: { a: 1 } } })).toBe(
    'unable to decode "f": json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  )
  expect(decoded({ kind: 'A', apiVersion: 'v1', metadata: { name: 'x', labels: { a: 'b' } } })).toBe('fine')
})

test('validation before anything is sent', async () => {
  const said = async (v: Json, mode: 'Strict' | 'Ignore' = 'Strict'): Promise<string> => {
    try {
      await validateDocument(
        v,
        'f',
        mode,
        async () => ['ValidationError(X): a', 'ValidationError(X): b'],
        () => {
          /* warn */
        },
      )
      return 'fine'
    } catch (e) {
      return e instanceof Error ? e.message : String(e)
    }
  }
  const stop = '; if you choose to ignore these errors, turn validation off with --validate=false'
  expect(await said({ metadata: {} })).toBe(
    `error validating "f": error validating data: [apiVersion not set, kind not set]${stop}`,
  )
  expect(await said({ apiVersion: 'a/b/c', kind: 'X' })).toBe(
    `error validating "f": error validating data: unexpected GroupVersion string: a/b/c${stop}`,
  )
  expect(await said({ apiVersion: 'v1', kind: 'List', items: [] })).toBe(
    `error validating "f": error validating data: [ValidationError(X): a, ValidationError(X): b]${stop}`,
  )
  expect(await said({}, 'Ignore')).toBe('fine')
  expect(['true', 'strict', 'warn', 'false', 'ignore'].map(validation)).toEqual([
    'Strict',
    'Strict',
    'Warn',
    'Ignore',
    'Ignore',
  ])
})
