// Strategic merge patches, made and applied, as apimachinery does.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from './object.ts'
import { Schemas } from './schema.ts'
import { applyStrategicMerge, createThreeWay, createTwoWay } from './strategicmerge.ts'

const schemas = new Schemas((name) => readFileSync(join(import.meta.dirname, '../../schemas', `${name}.json`), 'utf8'))
const POD = 'core.v1.Pod'
const apply = (o: JsonObject, p: JsonObject, s = POD): JsonObject => applyStrategicMerge(o, p, s, schemas)
const pod = (...containers: JsonObject[]): JsonObject => ({ spec: { containers } })

describe('applying', () => {
  test('lists merge by key; new elements come first', () => {
    expect(apply(pod({ name: 'a', image: '1' }), pod({ name: 'b', image: '2' }))).toEqual(
      pod({ name: 'b', image: '2' }, { name: 'a', image: '1' }),
    )
    expect(apply(pod({ name: 'a', image: '1', args: ['x'] }), pod({ name: 'a', image: '2' }))).toEqual(
      pod({ name: 'a', image: '2', args: ['x'] }),
    )
  })
  test('$patch, $retainKeys, $setElementOrder, $deleteFromPrimitiveList', () => {
    expect(apply(pod({ name: 'a' }, { name: 'b' }), pod({ name: 'a', $patch: 'delete' }))).toEqual(pod({ name: 'b' }))
    expect(apply(pod({ name: 'a' }, { name: 'b' }), pod({ $patch: 'replace' }, { name: 'c' }))).toEqual(
      pod({ name: 'c' }),
    )
    expect(
      apply({ spec: { nodeSelector: { a: '1' } } }, { spec: { nodeSelector: { $patch: 'replace', b: '2' } } }),
    ).toEqual({ spec: { nodeSelector: { b: '2' } } })
    expect(
      apply(
        { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
        { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] } },
      ),
    ).toEqual({ spec: { volumes: [{ name: 'v', hostPath: { path: '/x' } }] } })
    expect(
      apply(pod({ name: 'a' }, { name: 'b' }), {
        spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      }),
    ).toEqual(pod({ name: 'b' }, { name: 'a' }))
    expect(
      apply({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } }),
    ).toEqual({ metadata: { finalizers: ['b'] } })
    expect(
      apply(
        { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
        { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
        'apps.v1.Deployment',
      ),
    ).toEqual({ spec: { strategy: { type: 'Recreate' } } })
  })
  test('faults', () => {
    expect(() => apply(pod({ name: 'a' }), pod({ image: 'x' }))).toThrow(
      'map: map[image:x] does not contain declared merge key: name',
    )
    expect(() => apply({ spec: {} }, { spec: { $patch: 'sideways' } })).toThrow(
      'unknown patch type: sideways in map: map[$patch:sideways]',
    )
  })
})

describe('creating', () => {
  test('three-way: deletions come from the last applied, the rest from the live object', () => {
    const last = {
      metadata: { labels: { a: '1', gone: 'x' } },
      ...pod({ name: 'a', image: '1' }, { name: 'old', image: '1' }),
    }
    const live = {
      metadata: { labels: { a: '1', gone: 'x', other: 'y' } },
      ...pod({ name: 'a', image: '1', imagePullPolicy: 'Always' }, { name: 'old', image: '1' }),
    }
    const next = { metadata: { labels: { a: '2' } }, ...pod({ name: 'a', image: '2' }) }
    const patch = createThreeWay(last, next, live, POD, schemas)
    expect(patch).toEqual({
      metadata: { labels: { a: '2', gone: null } },
      spec: {
        '$setElementOrder/containers': [{ name: 'a' }],
        containers: [
          { name: 'a', image: '2' },
          { $patch: 'delete', name: 'old' },
        ],
      },
    })
    expect(apply(live, patch)).toEqual({
      metadata: { labels: { a: '2', other: 'y' } },
      ...pod({ name: 'a', image: '2', imagePullPolicy: 'Always' }),
    })
  })
  test('nothing to do is an empty patch', () => {
    const o = pod({ name: 'a', image: '1' })
    expect(createThreeWay(o, o, { ...o, status: { phase: 'Running' } }, POD, schemas)).toEqual({})
  })
  const word = fc.constantFrom('a', 'b', 'c', 'd')
  const container = fc.record(
    {
      name: word,
      image: word,
      args: fc.array(word, { minLength: 1, maxLength: 2 }),
      ports: fc.uniqueArray(fc.record({ containerPort: fc.nat(3) }), {
        selector: (p) => p.containerPort,
        minLength: 1,
        maxLength: 2,
      }),
    },
    { requiredKeys: ['name'] },
  )
  const object = fc.record({
    metadata: fc.record({ labels: fc.dictionary(word, word), finalizers: fc.uniqueArray(word, { minLength: 1 }) }),
    spec: fc.record(
      {
        containers: fc.uniqueArray(container, { selector: (c) => c.name, minLength: 1, maxLength: 4 }),
        nodeName: word,
      },
      { requiredKeys: ['containers'] },
    ),
  })
  test('a two-way patch applied to the original gives the modified; between equals it is empty', () => {
    fc.assert(
      fc.property(object, object, (a, b) => {
        expect(createTwoWay(a, a, POD, schemas)).toEqual({})
        expect(apply(a, createTwoWay(a, b, POD, schemas))).toEqual(b)
      }),
    )
  })
  test('applying what a three-way merge makes twice changes nothing more', () => {
    fc.assert(
      fc.property(object, object, object, (last, next, live) => {
        const once = apply(live, createThreeWay(last, next, live, POD, schemas))
        expect(apply(once, createThreeWay(next, next, once, POD, schemas))).toEqual(once)
      }),
    )
  })
})
