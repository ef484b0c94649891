// The store in memory: order, compare and swap, indexes, changes.
import { expect, test } from 'vitest'
import type { KubeObject } from '../apimachinery/object.ts'
import { MemoryStore, weigh } from './memory.ts'
import { StoreConflict, StoreExpired, StoreFull } from './store.ts'
import type { Change } from './store.ts'

const cm = (namespace: string, name: string, labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name, ...(labels ? { labels } : {}) },
})
const names = (xs: readonly KubeObject[]): string[] => xs.map((o) => `${o.metadata.namespace}/${o.metadata.name}`)

test('lists stand in the order of etcd keys', () => {
  const s = new MemoryStore()
  for (const [ns, n] of [
    ['b', 'x'],
    ['a', 'z'],
    ['a-b', 'q'],
    ['a', 'y'],
  ] as const)
    s.create('configmaps', cm(ns, n))
  expect(names(s.list('configmaps'))).toEqual(['a-b/q', 'a/y', 'a/z', 'b/x'])
  expect(names(s.list('configmaps', { namespace: 'a' }))).toEqual(['a/y', 'a/z'])
  s.delete('configmaps', 'a', 'y')
  expect(names(s.list('configmaps', { namespace: 'a' }))).toEqual(['a/z'])
  expect(s.count('configmaps')).toBe(3)
})

test('a write needs the revision it was read at', () => {
  const s = new MemoryStore()
  const made = s.create('configmaps', cm('a', 'x'))
  expect(made.metadata.resourceVersion).toBe('1')
  expect(() => s.create('configmaps', cm('a', 'x'))).toThrow(StoreConflict)
  const next = s.update('configmaps', { ...made, metadata: { ...made.metadata, labels: { l: '1' } } }, '1')
  expect(next.metadata.resourceVersion).toBe('2')
  expect(() => s.update('configmaps', made, '1')).toThrow('has changed')
  expect(() => s.delete('configmaps', 'a', 'x', '1')).toThrow('has changed')
  expect(() => s.update('configmaps', cm('a', 'gone'), '1')).toThrow('is missing')
})

test('labels and owners are found by index through every change', () => {
  const s = new MemoryStore()
  s.create('configmaps', cm('a', 'x', { app: 'web' }))
  expect(names(s.list('configmaps', { labels: { app: 'web' } }))).toEqual(['a/x'])
  const y = s.create('configmaps', cm('a', 'y', { app: 'web' }))
  expect(names(s.list('configmaps', { namespace: 'a', labels: { app: 'web' } }))).toEqual(['a/x', 'a/y'])
  s.update(
    'configmaps',
    {
      ...y,
      metadata: {
        ...y.metadata,
        labels: { app: 'db' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'o', uid: 'u1', controller: true }],
      },
    },
    y.metadata.resourceVersion ?? '',
  )
  expect(names(s.list('configmaps', { labels: { app: 'web' } }))).toEqual(['a/x'])
  expect(names(s.owned('configmaps', 'u1'))).toEqual(['a/y'])
})

test('a watch tells what happened since a revision, then what happens', () => {
  const s = new MemoryStore()
  const a = s.create('configmaps', cm('a', 'x'))
  s.delete('configmaps', 'a', 'x')
  const seen: Change[] = []
  const stop = s.watch(Number(a.metadata.resourceVersion), (c) => seen.push(c))
  s.create('configmaps', cm('a', 'y'))
  stop()
  s.create('configmaps', cm('a', 'z'))
  expect(
    seen.map((c) => `${c.revision} ${c.type} ${c.object.metadata.name} ${c.object.metadata.resourceVersion}`),
  ).toEqual(['2 DELETED x 2', '3 ADDED y 3'])
  expect(() => new MemoryStore({ revision: 10 }).watch(5, () => undefined)).toThrow(StoreExpired)
})

const heavy = (name: string, size: number): KubeObject =>
  ({ ...cm('a', name), data: { x: 'y'.repeat(size) } }) as unknown as KubeObject

test('the past is kept by weight: large changes for less long', () => {
  const s = new MemoryStore()
  s.limit = 1e9
  let last = s.create('configmaps', heavy('x', 0))
  for (let i = 0; i < 300; i++)
    last = s.update(
      'configmaps',
      { ...heavy('x', 1e6 + i), metadata: last.metadata },
      last.metadata.resourceVersion ?? '',
    )
  expect(s.oldest).toBeGreaterThan(150)
  const told: number[] = []
  s.watch(s.oldest - 1, (c) => told.push(c.revision))
  expect(told[0]).toBe(s.oldest)
  expect(told.at(-1)).toBe(301)
  // at most twice what is kept, of which a half goes at once
  expect(told.length).toBeLessThan(140)
  expect(() => s.watch(s.oldest - 2, () => undefined)).toThrow(StoreExpired)
})

test('what an object shares with the one before weighs nothing', () => {
  const a = { metadata: { labels: { x: 'y'.repeat(1000) } }, spec: { n: 1 } }
  expect(weigh(a)).toBeGreaterThan(1000)
  expect(weigh({ ...a, spec: { n: 2 } }, a)).toBeLessThan(150)
})

test('a limit refuses what would go beyond it, and lets objects shrink and go', () => {
  const s = new MemoryStore()
  s.limit = 10_000
  const made = s.create('configmaps', heavy('x', 6000))
  expect(() => s.create('configmaps', heavy('y', 6000))).toThrow(StoreFull)
  expect(() => s.update('configmaps', { ...heavy('x', 12_000), metadata: made.metadata }, '1')).toThrow(StoreFull)
  expect(s.revision).toBe(1)
  const small = s.update('configmaps', { ...heavy('x', 10), metadata: made.metadata }, '1')
  s.create('configmaps', heavy('y', 6000))
  s.delete('configmaps', 'a', 'y')
  s.update('configmaps', { ...heavy('x', 8000), metadata: small.metadata }, '2')
  expect(names(s.list('configmaps'))).toEqual(['a/x'])
})

test('the past is cut by a good part at once, not by one change each time', () => {
  const s = new MemoryStore()
  s.create('configmaps', cm('default', 'x'))
  const write = (): void => {
    const known = s.get('configmaps', 'default', 'x')
    s.update('configmaps', cm('default', 'x'), known?.metadata.resourceVersion ?? '')
  }
  for (let i = 1; i < 40_000; i++) write()
  expect(s.oldest).toBe(1)
  write()
  expect(s.oldest).toBe(20_002)
  write()
  expect(s.oldest).toBe(20_002)
})
