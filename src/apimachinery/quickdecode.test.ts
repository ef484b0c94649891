// The quick reader gives what the exact one gives, or nothing: pods and events, whole, and with one thing in them
// changed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode } from './decode.ts'
import { copy } from './object.ts'
import type { Json, JsonObject } from './object.ts'
import { quickDecode } from './quickdecode.ts'
import { Schemas } from './schema.ts'

const schemas = new Schemas((name) => readFileSync(join(import.meta.dirname, '../../schemas', `${name}.json`), 'utf8'))

const POD: JsonObject = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: {
    labels: { b: '2', a: '' },
    name: 'web',
    creationTimestamp: '2026-01-02T03:04:05Z',
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u', controller: true, blockOwnerDeletion: false },
    ],
  },
  spec: {
    terminationGracePeriodSeconds: 0,
    enableServiceLinks: false,
    nodeSelector: {},
    tolerations: [],
    containers: [
      {
        name: 'c',
        image: 'nginx',
        command: ['a', ''],
        resources: { requests: { cpu: '0.5', memory: '1024Mi' } },
        ports: [{ containerPort: 80, hostPort: 0 }],
        livenessProbe: { httpGet: { port: 'http', path: '' }, periodSeconds: 5 },
        env: [{ name: 'A', value: '' }],
      },
    ],
    volumes: [
      { name: 'v', emptyDir: {} },
      { name: 'p', projected: { sources: null, defaultMode: 420 } },
    ],
  },
  status: {
    conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: '2026-01-02T03:04:05Z' }],
    podIPs: [{ ip: '10.1.2.3' }],
  },
}
const EVENT: JsonObject = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'default' },
  involvedObject: { kind: 'Pod', name: 'web' },
  reason: 'Started',
  message: '',
  count: 1,
  firstTimestamp: '2026-01-02T03:04:05Z',
  lastTimestamp: '2026-01-02T03:04:05Z',
  source: { component: 'kubelet' },
}

/** Every place in a value, as the path to it. */
const places = (v: Json | undefined, at: readonly string[] = []): string[][] =>
  typeof v === 'object' && v !== null
    ? Object.entries(v).flatMap(([k, x]) => [[...at, k], ...places(x as Json, [...at, k])])
    : []

function withAt(value: JsonObject, path: readonly string[], put: Json | undefined): JsonObject {
  const out = copy(value) as Record<string, unknown>
  let at = out
  for (const k of path.slice(0, -1)) at = at[k] as Record<string, unknown>
  at[path.at(-1) ?? ''] = put
  return out as JsonObject
}

const WORDS: readonly [string, JsonObject][] = [
  ['core.v1.Pod', POD],
  ['core.v1.Event', EVENT],
]

test('what is right is read alike', () => {
  for (const [word, value] of WORDS) {
    const type = schemas.type(word)
    if (!type) throw new Error(word)
    const quick = quickDecode(value, type, schemas)
    expect(quick).toEqual(decode(value, word, schemas).object)
    expect(JSON.stringify(quick)).toBe(
      JSON.stringify(decode({ ...value, nope: 1 }, word, schemas, { sorted: true }).object),
    )
  }
})

test('with one thing changed it is read alike, or left to the exact reader', () => {
  const odd = fc.oneof(
    fc.constantFrom<Json | undefined>(
      null,
      undefined,
      '',
      0,
      -1,
      1.5,
      2 ** 31,
      1e300,
      true,
      false,
      [],
      {},
      [null],
      { a: null },
      '10Mi',
      '1e3',
      'x',
      '2026-02-30T00:00:00Z',
      '2026-01-02T03:04:05+01:00',
      '2026-01-02T24:00:00Z',
      { __proto__x: 1 },
    ),
    fc.string(),
    fc.integer(),
  )
  for (const [word, value] of WORDS) {
    const type = schemas.type(word)
    if (!type) throw new Error(word)
    fc.assert(
      fc.property(fc.constantFrom(...places(value)), odd, (path, put) => {
        const changed = withAt(value, path, put)
        const quick = quickDecode(changed, type, schemas)
        let exact: { object: unknown; errors: readonly string[] } | undefined
        try {
          exact = decode(changed, word, schemas)
        } catch {
          exact = undefined
        }
        if (quick === undefined) return
        expect(exact?.errors).toEqual([])
        expect(quick).toEqual(exact?.object)
      }),
      { numRuns: 500 },
    )
  }
})
