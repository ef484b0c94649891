// What a write costs: who looks at it, and how often the disk is waited for.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { memoryCluster } from '../../test/harness/memory.ts'
import { openStateFile } from '../storage/statefile.ts'
import { CONTROLLERS } from './controllers/index.ts'

test('what the controllers make of a write is written together with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubesim-pace-'))
  try {
    const file = join(folder, 'state.json')
    const { cluster, client } = await memoryCluster(1, openStateFile(file))
    await client.create('v1/services', 'default', {
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    })
    const lines = (): { w: [string, string, { metadata: { name: string } }][]; m: { settled?: number } }[] =>
      readFileSync(`${file}.journal`, 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((l) => JSON.parse(l) as ReturnType<typeof lines>[0])
    const before = lines().length
    await client.patch('v1/services', 'default', 'web', 'merge', { metadata: { labels: { a: 'b' } } })
    const written = lines().slice(before)
    expect(written.map((l) => l.w.map(([type, resource]) => `${type} ${resource}`))).toEqual([
      ['MODIFIED services', 'MODIFIED endpoints', 'MODIFIED endpointslices.discovery.k8s.io'],
    ])
    expect(written[0]?.m.settled).toBe(cluster.store.revision)
    await cluster.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('who has nothing to do with a change is not woken by it', async () => {
  const { cluster, client, errors } = await memoryCluster()
  const woken: string[] = []
  const stop = cluster.store.watch(cluster.store.revision, (change) => {
    for (const c of CONTROLLERS)
      if (
        c.resources.includes(change.resource) &&
        (!c.needs || cluster.store.count(c.needs) > 0) &&
        (c.wants?.(change, cluster.lister) ?? true)
      )
        woken.push(`${change.resource} ${c.name}`)
  })
  const [node] = cluster.lister.list('nodes')
  await client.patch('v1/nodes', '', node?.metadata.name ?? '', 'merge', { spec: { unschedulable: true } })
  expect([...new Set(woken.splice(0))]).toEqual(['nodes default-scheduler', 'nodes node-controller'])
  await client.create('v1/services', 'default', {
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  })
  woken.splice(0)
  await client.patch('v1/services', 'default', 'web', 'merge', { metadata: { labels: { a: 'b' } } })
  expect(woken.filter((w) => !w.endsWith(' endpoint-controller') && !w.endsWith(' endpoint-slice-controller'))).toEqual(
    [],
  )
  // without a selector its endpoints are somebody else's, and mirrored
  await client.patch('v1/services', 'default', 'web', 'merge', { spec: { selector: null } })
  expect(woken).toContain('services endpoint-slice-mirroring-controller')
  expect(errors).toEqual([])
  stop()
  await cluster.close()
})

test('a namespace that goes gives others five seconds, and who waits for it none', async () => {
  const { cluster, client, errors } = await memoryCluster()
  await client.create('v1/namespaces', '', { metadata: { name: 'team' } })
  await client.create('v1/configmaps', 'team', { metadata: { name: 'x' } })
  await client.delete('v1/namespaces', '', 'team')
  expect(cluster.lister.get('configmaps', 'team', 'x')).toBeDefined()
  expect(cluster.lister.get('namespaces', '', 'team')).toMatchObject({ status: { phase: 'Terminating' } })
  for await (const e of client.watch('v1/namespaces', '')) if (e.type === 'DELETED') break
  expect(cluster.lister.list('configmaps', 'team')).toEqual([])
  expect(cluster.lister.get('namespaces', '', 'team')).toBeUndefined()
  expect(errors).toEqual([])
  await cluster.close()
})
