// Laws of the whole cluster: a list and a watch from it tell the same as a later list, and applying twice changes
// nothing.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WatchEvent } from '../../src/apimachinery/door.ts'
import type { JsonObject, KubeObject } from '../../src/apimachinery/object.ts'
import { StatusError } from '../../src/apimachinery/status.ts'
import { openSession } from '../conformance/replay.ts'
import { memoryCluster } from '../harness/memory.ts'

const name = fc.constantFrom('a', 'b', 'c')
const step = fc.oneof(
  fc.record({ what: fc.constant('create' as const), name, app: fc.constantFrom('x', 'y') }),
  fc.record({ what: fc.constant('label' as const), name, app: fc.constantFrom('x', 'y') }),
  fc.record({ what: fc.constant('data' as const), name, n: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ what: fc.constant('delete' as const), name }),
)
const selector = fc.constantFrom(undefined, 'app=x', 'app!=x', 'app')

test('list@r and what a watch from r tells are a later list, with every selector', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 6 }),
      fc.array(step, { minLength: 1, maxLength: 10 }),
      selector,
      async (before, after, labelSelector) => {
        const { client, cluster, errors } = await memoryCluster()
        const act = async (s: (typeof before)[number]): Promise<void> => {
          const path = 'v1/configmaps'
          try {
            if (s.what === 'create')
              await client.create(path, 'default', {
                apiVersion: 'v1',
                kind: 'ConfigMap',
                metadata: { name: s.name, labels: { app: s.app } },
              })
            else if (s.what === 'label')
              await client.patch(path, 'default', s.name, 'merge', { metadata: { labels: { app: s.app } } })
            else if (s.what === 'data')
              await client.patch(path, 'default', s.name, 'merge', { data: { n: String(s.n) } })
            else await client.delete(path, 'default', s.name)
          } catch (e) {
            if (!(e instanceof StatusError) || !['NotFound', 'AlreadyExists'].includes(e.reason)) throw e
          }
        }
        const query: Record<string, readonly string[]> = labelSelector ? { labelSelector: [labelSelector] } : {}
        const list = async (): Promise<{ items: KubeObject[]; resourceVersion: string }> => {
          const r = await cluster.door.handle({
            method: 'GET',
            path: '/api/v1/namespaces/default/configmaps',
            query,
            headers: {},
          })
          const body = r.body as unknown as { metadata: { resourceVersion: string }; items: KubeObject[] }
          return { items: body.items, resourceVersion: body.metadata.resourceVersion }
        }
        for (const s of before) await act(s)
        const first = await list()
        for (const s of after) await act(s)
        const last = await list()

        const seen = new Map(first.items.map((o) => [o.metadata.name, o]))
        const watch = await cluster.door.handle({
          method: 'GET',
          path: '/api/v1/namespaces/default/configmaps',
          query: { ...query, watch: ['true'], resourceVersion: [first.resourceVersion], timeoutSeconds: ['1'] },
          headers: {},
        })
        for await (const e of (watch.stream ?? []) as AsyncIterable<WatchEvent>) {
          const o = e.object as unknown as KubeObject
          // an event never tells what is already known: what is added is new, what is changed or gone was there
          expect(seen.has(o.metadata.name)).toBe(e.type !== 'ADDED')
          if (e.type === 'DELETED') seen.delete(o.metadata.name)
          else seen.set(o.metadata.name, o)
        }
        const byName = (xs: Iterable<KubeObject>): JsonObject[] =>
          [...xs]
            .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
            .map((o) => ({
              name: o.metadata.name ?? '',
              rv: o.metadata.resourceVersion ?? '',
              labels: { ...o.metadata.labels },
            }))
        expect(byName(seen.values())).toEqual(byName(last.items))
        expect(errors).toEqual([])
        await cluster.close()
      },
    ),
    { numRuns: 25 },
  )
})

test('applying again changes nothing, for every kind and both ways of applying', { timeout: 300_000 }, async () => {
  const folder = join(import.meta.dirname, '../../fixtures/kinds')
  const files = readdirSync(folder).sort()
  const source = Object.fromEntries(files.map((f) => [f, readFileSync(join(folder, f), 'utf8')]))
  for (const how of ['', ' --server-side']) {
    const session = openSession({ files: source })
    try {
      const wrong: unknown[] = []
      let applied = 0
      for (const f of files) {
        const first = await session.execute(`kubectl apply -f ${f}${how}`)
        // some cannot be written (reviews), or not this way
        if (first.code !== 0) continue
        applied++
        // a manifest that says nothing but a name owns nothing at first, and what is there gets an owner when it is
        // applied again: so does a real server
        if (how) await session.execute(`kubectl apply -f ${f}${how}`)
        const version = `kubectl get -f ${f} -o jsonpath='{.metadata.resourceVersion}'`
        const before = await session.execute(version)
        const second = await session.execute(`kubectl apply -f ${f}${how}`)
        const after = await session.execute(version)
        // what it is called is kubectl's: a list that the server completes is `configured` each time, though nothing
        // changes
        if (second.code !== 0 || second.err || before.out !== after.out)
          wrong.push({ f, how, second, before: before.out, after: after.out })
      }
      expect(wrong).toEqual([])
      expect(applied).toBeGreaterThan(files.length / 2)
    } finally {
      session.close()
    }
  }
})
