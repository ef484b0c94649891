// JSONPath as client-go's parses, executes and refuses it.
import { expect, test } from 'vitest'
import { parseJsonPath, relaxedJsonPath } from './jsonpath.ts'

const pod = {
  kind: 'Pod',
  metadata: { name: 'web', labels: { 'app.kubernetes.io/name': 'shop' }, gone: null },
  spec: {
    priority: 2000001000,
    f: 1.5,
    containers: [
      { name: 'a', image: 'nginx', ports: [{ containerPort: 80 }] },
      { name: 'b', image: 'redis:7' },
    ],
  },
}
const run = (text: string, options = {}): string => {
  try {
    return parseJsonPath(text, options).execute(pod)
  } catch (e) {
    return `! ${(e as Error).message}`
  }
}

test('paths, ranges, filters', () => {
  expect(
    [
      '{.metadata.name}',
      '{range .spec.containers[*]}{.name}={.image}{"\\n"}{end}',
      '{.spec.containers[?(@.name=="b")].image}',
      '{.spec.containers[-1:].name}',
      '{.metadata.labels.app\\.kubernetes\\.io/name}',
      '{..image}',
      '{.spec.containers[0,1].name}',
      '{.metadata.labels}',
      '{.nope}|{.metadata.gone}',
      '{.spec.priority} {.spec.f}',
      '.metadata.name',
      "{['kind']} {@.kind} {$.kind}",
      '{range .nope[*]}{.x}{end}done',
    ].map((t) => run(t)),
  ).toEqual([
    'web',
    'a=nginx\nb=redis:7\n',
    'redis:7',
    'b',
    'shop',
    'nginx redis:7',
    'a b',
    '{"app.kubernetes.io/name":"shop"}',
    '|null',
    '2000001000 1.5',
    '.metadata.name',
    'Pod Pod Pod',
    'done',
  ])
})
test('typed objects have floats', () => {
  expect([
    run('{.spec.priority}', { numbers: 'floats' }),
    run('{.spec.containers[?(@.ports[0].containerPort>80)].name}', { numbers: 'floats' }),
  ]).toEqual(['2.000001e+09', '! incompatible types for comparison'])
})
test('errors', () => {
  expect(
    [
      '{.metadata.name',
      '{.spec.containers[x]}',
      '{metadata.name}',
      '{.spec.containers[5].name}',
      '{end}',
      '{.kind[0]}',
      '{"x}',
      '{..}{..}..',
      '{(}',
    ].map((t) => run(t)),
  ).toEqual([
    '! unclosed action',
    '! invalid array index x',
    '! unrecognized identifier metadata',
    '! array index out of bounds: index 5, length 2',
    '! not in range, nothing to end',
    '! string is not array or slice',
    '! unterminated quoted string',
    run('{..}{..}..'),
    "! unrecognized character in action: U+0028 '('",
  ])
  expect(run('{.nope}', { allowMissingKeys: false })).toBe('! nope is not found')
})
test('relaxed forms', () => {
  expect(['metadata.name', '.metadata.name', '{metadata.name}', '{.metadata.name}', ''].map(relaxedJsonPath)).toEqual([
    '{.metadata.name}',
    '{.metadata.name}',
    '{.metadata.name}',
    '{.metadata.name}',
    '',
  ])
  expect(() => relaxedJsonPath('{.a')).toThrow(
    "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
  )
})
