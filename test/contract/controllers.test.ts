// The contract of controllers: every line of CONTROLLERS loads a controller whose sources its line announces, and which
// has nothing to say about what is not there.
import { expect, test } from 'vitest'
import type { ControllerContext } from '../../src/cluster/controller.ts'
import { CONTROLLERS, chosenControllers, unknownControllers } from '../../src/cluster/controllers/index.ts'
import { schemasOfPackage } from '../../src/shipped.ts'
import { memoryCluster } from '../harness/memory.ts'

/** Names in the store: `pods`, `deployments.apps`; the simulation's own end in kubesim.io. */
const known = new Set(
  schemasOfPackage()
    .discovery()
    .map((r) => (r.group ? `${r.resource}.${r.group}` : r.resource)),
)
const real = (resource: string): boolean => resource === '*' || resource.endsWith('.kubesim.io') || known.has(resource)

test('no controller is listed twice', () => {
  const names = CONTROLLERS.map((c) => c.name)
  expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([])
})

test.each(CONTROLLERS.map((c) => [c.name, c] as const))('%s', async (_, line) => {
  const controller = await line.load()
  expect(
    line.resources.filter((r) => !real(r)),
    'resources that the API does not have',
  ).toEqual([])
  if (line.needs) expect(real(line.needs), line.needs).toBe(true)
  // the engine wakes a controller by its line alone: a source that the line does not name is never heard
  const heard = (resource: string): boolean => line.resources.includes('*') || line.resources.includes(resource)
  expect(controller.sources.map((s) => s.resource).filter((r) => !heard(r))).toEqual([])
  expect(controller.sources.length).toBeGreaterThan(0)
})

test('controllers are chosen as kube-controller-manager chooses its own', () => {
  const names = (...words: string[]): string[] => chosenControllers(words).map((c) => c.name)
  const all = CONTROLLERS.map((c) => c.name)
  expect(names('*')).toEqual(all)
  expect(names('*', '-scheduler')).toEqual(all.filter((n) => n !== 'default-scheduler'))
  expect(names('-scheduler')).toEqual(all.filter((n) => n !== 'default-scheduler'))
  expect(names('scheduler', 'kubelet')).toEqual(['default-scheduler', 'kubelet'])
  expect(unknownControllers(['*', '-scheduler', 'kubelet', '-nope'])).toEqual(['nope'])
})

test('a key that names nothing changes nothing', { timeout: 60_000 }, async () => {
  const { cluster, client, errors } = await memoryCluster()
  const { lister, clock, entropy, profile, store } = cluster
  const said: string[] = []
  const ctx: ControllerContext = {
    client,
    lister,
    clock,
    entropy,
    profile,
    event: async (about, _, reason) => {
      said.push(`${about.kind} ${reason}`)
    },
    recall: (key) => store.meta(key),
    remember: (key, value) => store.setMeta(key, value),
  }
  const before = store.revision
  const written: string[] = []
  for (const line of CONTROLLERS) {
    const controller = await line.load()
    for (const key of ['nowhere/nothing', 'nothing']) {
      await controller.reconcile(key, ctx, false)
      if (store.revision !== before) written.push(`${line.name} ${key}`)
    }
  }
  expect(written).toEqual([])
  expect(said).toEqual([])
  expect(errors).toEqual([])
})
