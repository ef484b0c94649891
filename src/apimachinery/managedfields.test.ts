// Who set which field: updates, server-side apply, conflicts, as structured-merge-diff has them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { difference, formatFields, intersection, parseFields, union } from './fieldset.ts'
import { applyServerSide, trackUpdate } from './managedfields.ts'
import type { FieldManagerContext } from './managedfields.ts'
import type { JsonObject, KubeObject } from './object.ts'
import { Schemas } from './schema.ts'

const schemas = new Schemas((name) => readFileSync(join(import.meta.dirname, '../../schemas', `${name}.json`), 'utf8'))
const ctx = (
  manager: string,
  schemaName = 'core.v1.ConfigMap',
  apiVersion = 'v1',
  subresource = '',
  now = 0,
): FieldManagerContext => ({ schemas, schemaName, manager, apiVersion, subresource, now })
const created = <T extends JsonObject>(o: T, c: FieldManagerContext): KubeObject => {
  const k = o as unknown as KubeObject
  return { ...k, metadata: { ...k.metadata, uid: 'u', managedFields: trackUpdate(undefined, k, c) } }
}
const lines = (o: KubeObject): string[] =>
  (o.metadata.managedFields ?? []).map(
    (e) => `${e.manager} ${e.operation} ${e.subresource ?? ''}${JSON.stringify(e.fieldsV1)}`,
  )
const cm = (data: Record<string, string>, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'default', ...more },
  data,
})
const apply = (live: KubeObject | undefined, config: JsonObject, manager: string, force = false): KubeObject => {
  const o = applyServerSide(live, config, { ...ctx(manager), force }) as unknown as KubeObject
  return { ...o, metadata: { ...o.metadata, uid: 'u' } }
}
const failure = (f: () => unknown): string => {
  try {
    f()
  } catch (e) {
    return (e as Error).message
  }
  return ''
}

describe('updates', () => {
  test('a created Deployment, as the API server notes it', () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', labels: { app: 'd' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'd' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        template: {
          metadata: { labels: { app: 'd' } },
          spec: {
            containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80, protocol: 'TCP' }] }],
            securityContext: {},
          },
        },
      },
    }
    expect(lines(created(deployment, ctx('kubectl-create', 'apps.v1.Deployment', 'apps/v1')))).toEqual([
      'kubectl-create Update {"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"nginx\\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{".":{},"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{}}},"f:securityContext":{}}}}}',
    ])
  })
  test('who changes a field takes it; no change leaves everything as it was', () => {
    const a = created(cm({ a: '1' }), ctx('kubectl-create'))
    const b = { ...cm({ a: '2', b: '2' }), metadata: { ...a.metadata } } as unknown as KubeObject
    const managed = trackUpdate(a, b, ctx('kubectl-patch', undefined, undefined, '', 5000))
    expect(lines({ ...b, metadata: { ...b.metadata, managedFields: managed } })).toEqual([
      'kubectl-create Update {"f:data":{}}',
      'kubectl-patch Update {"f:data":{"f:a":{},"f:b":{}}}',
    ])
    expect(trackUpdate(a, a, ctx('kubectl-patch', undefined, undefined, '', 9000))).toEqual(a.metadata.managedFields)
  })
  test('managedFields can be wiped out, and stay so', () => {
    const a = created(cm({ a: '1' }), ctx('kubectl-create'))
    const wiped = { ...a, metadata: { ...a.metadata, managedFields: [{}] } }
    expect(trackUpdate(a, wiped, ctx('x'))).toEqual([])
    const bare = { ...a, metadata: { name: 'a', uid: 'u' } }
    expect(trackUpdate(bare, { ...bare, data: { a: '3' } } as unknown as KubeObject, ctx('x'))).toEqual([])
  })
})

describe('server-side apply', () => {
  test('creates, conflicts, forces, and drops what is no longer applied', () => {
    const first = apply(undefined, cm({ a: '1', b: '1' }), 'ci')
    expect(lines(first)).toEqual(['ci Apply {"f:data":{"f:a":{},"f:b":{}}}'])
    expect(failure(() => apply(first, cm({ a: '2' }), 'other'))).toBe(
      'Apply failed with 1 conflict: conflict with "ci": .data.a',
    )
    expect(failure(() => apply(first, cm({ a: '2', b: '2' }), 'other'))).toBe(
      'Apply failed with 2 conflicts: conflicts with "ci":\n- .data.a\n- .data.b',
    )
    const forced = apply(first, cm({ a: '2' }), 'other', true)
    expect(lines(forced)).toEqual(['ci Apply {"f:data":{"f:b":{}}}', 'other Apply {"f:data":{"f:a":{}}}'])
    const dropped = apply(forced, cm({}), 'ci')
    expect((dropped as unknown as JsonObject).data).toEqual({ a: '2' })
    // what two apply alike stays while one of them still does
    const both = apply(forced, cm({ a: '2', b: '1' }), 'ci')
    expect((apply(both, cm({}), 'other') as unknown as JsonObject).data).toEqual({ a: '2', b: '1' })
  })
  test('conflicts with updates name their version, with subresources the subresource', () => {
    const d: JsonObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', uid: 'u' },
      spec: { replicas: 2 },
    }
    const at = { ...ctx('kubectl', 'apps.v1.Deployment', 'apps/v1'), force: false }
    const live = {
      ...d,
      metadata: {
        name: 'd',
        uid: 'u',
        managedFields: [
          {
            manager: 'kubectl',
            operation: 'Update',
            apiVersion: 'apps/v1',
            subresource: 'scale',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:spec': { 'f:replicas': {} } },
          },
        ],
      },
    } as unknown as KubeObject
    expect(
      failure(() =>
        applyServerSide(
          live,
          { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas: 1 } },
          at,
        ),
      ),
    ).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
    )
    expect(
      failure(() =>
        applyServerSide(
          undefined,
          { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'x' }, spec: { replica: 1 } },
          at,
        ),
      ),
    ).toBe(
      'failed to create typed patch object (x/d; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema',
    )
  })
  test('list elements go with their owner', () => {
    const pod = (...containers: JsonObject[]): JsonObject => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers },
    })
    const at = { ...ctx('m', 'core.v1.Pod'), force: false }
    const one = applyServerSide(undefined, pod({ name: 'a', image: '1' }, { name: 'b', image: '1' }), at)
    const live = { ...one, metadata: { ...one.metadata, uid: 'u' } } as unknown as KubeObject
    expect(
      (
        applyServerSide(live, pod({ name: 'c', image: '1' }, { name: 'a', image: '2' }), at) as unknown as {
          spec: JsonObject
        }
      ).spec.containers,
    ).toEqual([
      { name: 'c', image: '1' },
      { name: 'a', image: '2', resources: {} },
    ])
  })
  test('applying the same again changes nothing', () => {
    const word = fc.constantFrom('a', 'b', 'c')
    const data = fc.dictionary(word, word)
    fc.assert(
      fc.property(data, data, data, (x, y, z) => {
        let live = created(cm(x), ctx('kubectl-create'))
        live = apply(live, cm(y), 'one', true)
        live = apply(live, cm(z), 'two', true)
        expect(apply(live, cm(z), 'two')).toEqual(live)
        expect((live as unknown as { data: JsonObject }).data).toMatchObject(z)
      }),
    )
  })
})

test('sets: union, intersection and difference are those of their members', () => {
  const tree: fc.Arbitrary<JsonObject> = fc.dictionary(
    fc.constantFrom('f:a', 'f:b', 'k:{"n":"x"}'),
    fc.dictionary(fc.constantFrom('.', 'f:c', 'v:"q"'), fc.constant({})),
    { minKeys: 1 },
  ) as fc.Arbitrary<JsonObject>
  fc.assert(
    fc.property(tree, tree, (a, b) => {
      const x = parseFields(a)
      const y = parseFields(b)
      expect(formatFields(union(difference(x, y), intersection(x, y)))).toEqual(formatFields(x))
      expect(formatFields(union(x, y))).toEqual(formatFields(union(y, x)))
      expect(formatFields(difference(x, x))).toEqual({})
    }),
  )
})
