// What a real API server (v1.33) answers on the wire, status, headers and body, to odd requests: paths, methods, queries,
// types, forms and bodies. Recorded in wire.json, asked of `kubesim serve` here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer } from '../harness/served.ts'
import type { Server } from '../harness/served.ts'

interface Case {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly answer: {
    readonly status: number
    readonly headers: Readonly<Record<string, string | readonly string[]>>
    readonly body: string
  }
}
const cases = JSON.parse(readFileSync(join(import.meta.dirname, 'wire.json'), 'utf8')) as readonly Case[]

let s: Server
beforeAll(async () => {
  s = await startServer()
  const post = (path: string, kind: string, name: string): Promise<unknown> =>
    s.ask('POST', path, {
      headers: { 'user-agent': 'sf/1' },
      body: JSON.stringify({
        apiVersion: 'v1',
        kind,
        metadata: { name },
        ...(kind === 'ConfigMap' ? { data: { a: 'b' } } : {}),
      }),
    })
  await post('/api/v1/namespaces', 'Namespace', 't')
  const there = (path: string, body: unknown): Promise<unknown> =>
    s.ask('POST', path, { headers: { 'user-agent': 'sf/1' }, body: JSON.stringify(body) })
  await there('/api/v1/namespaces/t/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: {
      selector: { app: 'none' },
      ports: [
        { name: 'http', port: 80 },
        { name: 'other', port: 81 },
      ],
    },
  })
  await there('/apis/apps/v1/namespaces/t/deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'd' } },
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
    },
  })
  for (const name of ['c1', 'c2', 'c3']) await post('/api/v1/namespaces/t/configmaps', 'ConfigMap', name)
})
afterAll(async () => {
  await s.stop()
})

test(`${cases.length} answers of a real API server`, async () => {
  const wrong: unknown[] = []
  for (const c of cases) {
    const a = await s.ask(c.method ?? 'GET', c.path, {
      headers: {
        'user-agent': 'sf/1',
        ...c.headers,
        ...(c.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(c.body)) }),
      },
      ...(c.body === undefined ? {} : { body: c.body }),
    })
    const headers = Object.fromEntries(Object.keys(c.answer.headers).map((h) => [h, a.headers[h]]))
    const got = { status: a.status, headers, body: a.body }
    if (JSON.stringify(got) !== JSON.stringify(c.answer))
      wrong.push({ asked: { ...c, answer: undefined }, got, real: c.answer })
  }
  expect(wrong).toEqual([])
})
