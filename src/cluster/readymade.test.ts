// A ready cluster is the one that bootstrap makes: the same objects, but for what is random and for times.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Json } from '../apimachinery/object.ts'
import { Schemas } from '../apimachinery/schema.ts'
import { entropyFrom, seededRandom } from '../apimachinery/entropy.ts'
import { MemoryStore, indexEntries } from '../storage/memory.ts'
import { createCluster } from './cluster.ts'
import { parseProfile } from './profiles.ts'
import { makeReadymade } from './readymade-make.ts'
import { readyState } from './readymade.ts'

const root = join(import.meta.dirname, '../..')
const schemas = new Schemas((name) => readFileSync(join(root, 'schemas', `${name}.json`), 'utf8'))
// a whole second: what is due an hour after an event counts from the event's time, which has no more
const NOW = Date.parse('2024-05-06T07:08:09Z')
const clock = { now: () => NOW, sleep: () => new Promise<void>(() => undefined) }
const chance = (seed: number) => entropyFrom(seededRandom(seed, () => undefined))

/** All that a store holds, with a number for each random name in the order in which they come; revisions left out. */
async function whole(
  ready: Buffer | undefined,
  name: string,
  seed: number,
): Promise<{ readonly text: string; readonly raw: string }> {
  const profile = await parseProfile(readFileSync(join(root, 'fixtures/profiles', `${name}.yaml`), 'utf8'), name)
  const store = new MemoryStore()
  const cluster = await createCluster({
    store,
    schemas,
    clock,
    entropy: chance(seed),
    profile,
    ...(ready === undefined ? {} : { readymade: () => ready }),
  })
  await cluster.settle()
  expect(store.meta('settled')).toBe(store.revision)
  const objects = store
    .resources()
    .toSorted()
    .map((r) => [r, [...store.list(r)]] as const)
  const raw = JSON.stringify([
    objects,
    ['bootstrapped', 'wakeups', 'event-sweep', 'profile'].map((k): Json => store.meta(k) ?? null),
  ])
  const seen = new Map<string, string>()
  const once = (mark: string): string => {
    const at = seen.get(mark) ?? `<${seen.size}>`
    seen.set(mark, at)
    return at
  }
  const plain = (text: string): string =>
    text
      .replace(/"(?:r|resourceV)ersion":"\d+",?/g, '')
      .replace(
        /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|containerd:\/\/[0-9a-f]{64}|(?<=(?:coredns-[a-z0-9]{5,10}|kube-dns|kube-api-access)-)[a-z0-9]{5}\b/g,
        once,
      )
  await cluster.close()
  return { text: plain(raw), raw }
}

/** How often each text of these stands there: two pods may have changed places. */
const counted = (text: string): string[] => (text.replace(/<\d+>/g, '<>').match(/"[^"]*"|[\d.]+/g) ?? []).toSorted()

for (const name of ['docker-desktop', 'eks', 'kind']) {
  test(`${name}: ready made and made now are alike`, async () => {
    const profile = await parseProfile(readFileSync(join(root, 'fixtures/profiles', `${name}.yaml`), 'utf8'), name)
    const ready = await makeReadymade(profile, schemas)
    const made = await whole(undefined, name, 1)
    const filled = await whole(ready, name, 1)
    expect(filled.raw).not.toMatch(/2096-|fac0de|zzz[a-z0-9]{2}|\.3782d|\b40000\d{8}\b/)
    expect(counted(filled.text)).toEqual(counted(made.text))
    // no two clusters have a uid in common
    const uids = (text: string): Set<string> =>
      new Set(text.match(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g))
    expect(uids(filled.raw).size).toBe(uids(made.raw).size)
    expect([...uids((await whole(ready, name, 2)).raw)].filter((u) => uids(filled.raw).has(u))).toEqual([])
  })
}

test('whatever is put in, lines stay in order: each object is found by its name, its labels and its owner', async () => {
  const profile = await parseProfile(readFileSync(join(root, 'fixtures/profiles/kind.yaml'), 'utf8'), 'kind')
  const ready = await makeReadymade(profile, schemas)
  for (let seed = 0; seed < 10; seed++) {
    const state = readyState(ready, NOW + seed, chance(seed))
    if (!state) throw new Error('the moment has other digits')
    for (const resource of state.resources()) {
      const objects = [...state.scan(resource, '', '')]
      expect(objects.length).toBe(state.count(resource))
      for (const o of objects) {
        const { namespace = '', name = '', managedFields } = o.metadata
        const found = state.find(resource, namespace, name)
        expect(found).toEqual(o)
        expect(found?.metadata.managedFields).toEqual(managedFields)
        for (const entry of indexEntries(o).filter((e) => namespace || e.startsWith('@owner=')))
          expect(state.narrow(resource, namespace, entry)).toContain(`${namespace}/${name}`)
      }
    }
  }
})

test('a moment that is written with fewer digits finds no ready cluster', async () => {
  const profile = await parseProfile(readFileSync(join(root, 'fixtures/profiles/kind.yaml'), 'utf8'), 'kind')
  const ready = await makeReadymade(profile, schemas)
  expect(readyState(ready, Date.parse('2001-01-01T00:00:00Z'), chance(1))).toBeUndefined()
  expect(readyState(ready, Date.parse('2005-01-01T00:00:00Z'), chance(1))).toBeUndefined()
})
