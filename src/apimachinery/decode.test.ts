// Objects as the API server decodes them: strict errors, unknown and duplicate fields, types.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readJson } from './bigint.ts'
import { decode, parseJsonText } from './decode.ts'
import { encodeTyped, typedForm } from './encode.ts'
import type { JsonObject } from './object.ts'
import { Schemas } from './schema.ts'

const schemas = new Schemas((name) => readFileSync(join(import.meta.dirname, '../../schemas', `${name}.json`), 'utf8'))
const failure = (value: JsonObject, schema: string): string => {
  try {
    decode(value, schema, schemas)
  } catch (e) {
    return (e as Error).message
  }
  return ''
}
const pod = (container: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { containers: [container] },
})

describe('decode', () => {
  test('unknown fields are told with their paths, in order', () => {
    const value = { ...pod({ name: 'c', imagePullpolicy: 'x', ports: [{ containerport: 1 }] }), dat: 1 }
    expect(decode(value, 'core.v1.Pod', schemas).errors).toEqual([
      'unknown field "spec.containers[0].imagePullpolicy"',
      'unknown field "spec.containers[0].ports[0].containerport"',
      'unknown field "dat"',
    ])
    expect(decode(value, 'core.v1.Pod', schemas, { sorted: true }).errors[0]).toBe('unknown field "dat"')
  })
  test('wrong types are refused in encoding/json words', () => {
    expect(failure({ data: { a: 1 } }, 'core.v1.ConfigMap')).toBe(
      'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    )
    expect(failure({ spec: { replicas: 'x' } }, 'apps.v1.Deployment')).toBe(
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    )
    expect(failure({ spec: { containers: {} } }, 'core.v1.Pod')).toBe(
      'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    )
    expect(failure(pod({ env: [{ value: 1 }] }), 'core.v1.Pod')).toBe(
      'json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string',
    )
    expect(failure({ spec: { type: 1 } }, 'core.v1.Service')).toBe(
      'json: cannot unmarshal number into Go struct field ServiceSpec.spec.type of type v1.ServiceType',
    )
    expect(failure({ spec: { replicas: 1.5 } }, 'apps.v1.Deployment')).toBe(
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    )
    expect(failure({ spec: { ports: [{ port: 80, targetPort: true }] } }, 'core.v1.Service')).toBe(
      'json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32',
    )
    expect(failure({ data: { a: 'abc' } }, 'core.v1.Secret')).toBe('illegal base64 data at input byte 0')
    expect(failure(pod({ resources: { limits: { cpu: 'x1' } } }), 'core.v1.Pod')).toBe(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    )
  })
  test('keeps what Go would keep', () => {
    const { object } = decode(
      {
        kind: 'Deployment',
        apiVersion: 'apps/v1',
        metadata: { name: 'a', labels: {}, namespace: '' },
        spec: {
          replicas: 0,
          paused: false,
          minReadySeconds: 0,
          selector: null,
          template: {
            spec: {
              containers: [{ name: '', image: '', resources: { limits: { cpu: '1000m', memory: 1024 } } }],
              volumes: [{ name: 'v', emptyDir: {} }],
            },
          },
        },
      },
      'apps.v1.Deployment',
      schemas,
    )
    expect(object).toEqual({
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'a' },
      spec: {
        replicas: 0,
        template: {
          spec: {
            volumes: [{ name: 'v', emptyDir: {} }],
            containers: [{ name: '', resources: { limits: { cpu: '1', memory: '1024' } } }],
          },
        },
      },
    })
  })
  test('duplicate fields in text', () => {
    expect(parseJsonText('{"dat":{},"data":{"a":"1","a":"2","a":"3"},"l":[{"x":1},{"x":1,"x":2}]}')).toEqual({
      value: { dat: {}, data: { a: '3' }, l: [{ x: 1 }, { x: 2 }] },
      duplicates: ['duplicate field "data.a"', 'duplicate field "l[1].x"'],
    })
    expect(() => parseJsonText('{"a":')).toThrow('unexpected end of JSON input')
    expect(() => parseJsonText('['.repeat(5000) + ']'.repeat(5000))).toThrow('exceeded max depth')
    expect(() => parseJsonText('{"__proto__":{"x":1}}')).toThrow('not allowed')
  })
  test('text decodes as JSON.parse does, without duplicates told', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (v) => {
        if (!JSON.stringify(v).includes('__proto__'))
          expect(parseJsonText(JSON.stringify(v))).toEqual({ value: readJson(JSON.stringify(v)), duplicates: [] })
      }),
    )
  })
})

describe('encode', () => {
  test('struct order, what is always written, what is left out', () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { labels: { app: 'web' }, name: 'web' },
      spec: {
        template: { spec: { containers: [{ image: 'nginx', name: 'nginx', args: [] }] } },
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
      },
    }
    expect(encodeTyped(deployment, schemas)).toBe(
      '{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web","creationTimestamp":null,"labels":{"app":"web"}},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"creationTimestamp":null},"spec":{"containers":[{"name":"nginx","image":"nginx","resources":{}}]}},"strategy":{}},"status":{}}',
    )
  })
  test('is idempotent', () => {
    const once = typedForm(
      {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: {},
        spec: { containers: [{}] },
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      },
      'core.v1.Pod',
      schemas,
    )
    expect(typedForm(once, 'core.v1.Pod', schemas)).toEqual(once)
    expect(once).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { creationTimestamp: null },
      spec: { containers: [{ name: '', resources: {} }] },
      status: { conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: null }] },
    })
  })
})
