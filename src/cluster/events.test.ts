// The recorder: what earlier processes said is counted on, however many objects it was said of.
import { expect, test } from 'vitest'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Client } from '../client/client.ts'
import { MemoryStore } from '../storage/memory.ts'
import { createRecorders } from './events.ts'
import { createLister } from './lister.ts'

const NOW = Date.parse('2026-01-02T03:04:05Z')

test('who begins anew counts on from the events that are there, for few objects and for many', async () => {
  const store = new MemoryStore()
  const names = Array.from({ length: 40 }, (_, i) => `p${i}${i % 3 === 0 ? '.x' : ''}`)
  const pods = names.map((name) =>
    store.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'n', uid: `uid-${name}` } }),
  )
  const patched: [name: string, body: unknown][] = []
  const written: string[] = []
  const recorder = (): ReturnType<ReturnType<typeof createRecorders>> =>
    createRecorders(createLister(store), { now: () => NOW })({
      client: {
        patch: async (...[, , name, , body]: unknown[]) => patched.push([String(name), body]),
      } as unknown as Client,
      write: async (_namespace, _sort, event) => {
        written.push(event.message)
        store.create('events', event as unknown as KubeObject)
      },
    })
  const first = recorder()
  for (const pod of pods) await first(pod, 'Normal', 'Pulled', `of ${pod.metadata.name}`, 'kubelet')
  expect(written).toEqual(names.map((n) => `of ${n}`))

  const second = recorder()
  for (const pod of pods) await second(pod, 'Normal', 'Pulled', `of ${pod.metadata.name}`, 'kubelet')
  expect(written).toHaveLength(names.length)
  expect(patched).toEqual(
    store
      .list('events')
      .map((e) => [e.metadata.name, { count: 2, lastTimestamp: '2026-01-02T03:04:05Z' }])
      .sort(([a], [b]) => place(a) - place(b)),
  )
  function place(event: unknown): number {
    return names.findIndex((n) => String(event).startsWith(`${n}.`) && !String(event).startsWith(`${n}.x.`))
  }
})
