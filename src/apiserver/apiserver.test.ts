// The API server as a whole: create, get, list, update, patch, delete and watch of objects of any kind.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { Schemas } from '../apimachinery/schema.ts'
import type { Door } from '../apimachinery/door.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import { Client } from '../client/client.ts'
import { KINDS } from '../kinds/index.ts'
import { MemoryStore } from '../storage/memory.ts'
import { createApiServer } from './apiserver.ts'

const schemas = new Schemas((name) => readFileSync(join(import.meta.dirname, '../../schemas', `${name}.json`), 'utf8'))
let seed = 1
const entropy = {
  int: (n: number) => (seed = (seed * 48271) % 2147483647) % n,
  uuid: () => `00000000-0000-4000-8000-${String(seed++).padStart(12, '0')}`,
  suffix: (n: number) => 'bcdfg7xyz'.slice(0, n),
  shuffle: <T>(x: readonly T[]) => [...x],
}
let door: Door
let client: Client
beforeEach(async () => {
  seed = 1
  door = createApiServer({
    store: new MemoryStore(),
    schemas,
    kinds: KINDS,
    clock: { now: () => Date.parse('2025-06-01T10:00:00Z'), sleep: () => new Promise(() => {}) },
    entropy,
    versions: { server: 'v1.33.13', client: 'v1.33.1' },
    serviceCIDRs: ['10.96.0.0/12'],
  })
  client = new Client(door, { headers: { 'user-agent': 'test/v1' } })
  await client.create('v1/namespaces', '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
})

const cm = (name: string, data = { a: '1' }) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })

test('an object is created once, read back, listed, changed and deleted', async () => {
  const made = await client.create('v1/configmaps', 'default', cm('a'))
  expect(made.metadata).toMatchObject({ name: 'a', namespace: 'default', creationTimestamp: '2025-06-01T10:00:00Z' })
  expect(made.metadata.uid).toBeTruthy()
  await expect(client.create('v1/configmaps', 'default', cm('a'))).rejects.toThrow('configmaps "a" already exists')
  expect(await client.get('v1/configmaps', 'default', 'a')).toEqual(made)
  const list = await client.list('v1/configmaps', 'default')
  expect(list.items).toHaveLength(1)
  const next = await client.update('v1/configmaps', 'default', { ...made, data: { a: '2' } } as never)
  expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(Number(made.metadata.resourceVersion))
  await expect(client.update('v1/configmaps', 'default', { ...made, data: { a: '3' } } as never)).rejects.toThrow(
    'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
  )
  expect(await client.delete('v1/configmaps', 'default', 'a')).toMatchObject({
    kind: 'Status',
    status: 'Success',
    details: { name: 'a', kind: 'configmaps' },
  })
  await expect(client.get('v1/configmaps', 'default', 'a')).rejects.toThrow('configmaps "a" not found')
})

test('a watch tells what happened after the revision it names', async () => {
  const stop = new AbortController()
  const first = await client.create('v1/configmaps', 'default', cm('a'))
  const events = client.watch('v1/configmaps', 'default', {
    query: { resourceVersion: first.metadata.resourceVersion },
    signal: stop.signal,
  })
  await client.create('v1/configmaps', 'default', cm('b'))
  await client.delete('v1/configmaps', 'default', 'b')
  const seen = []
  for await (const e of events) {
    seen.push(`${e.type} ${(e.object as { metadata: { name: string } }).metadata.name}`)
    if (seen.length === 2) stop.abort()
  }
  expect(seen).toEqual(['ADDED b', 'DELETED b'])
})

test('a list comes in pieces', async () => {
  for (const n of ['a', 'b', 'c']) await client.create('v1/configmaps', 'default', cm(n))
  const one = await client.list('v1/configmaps', 'default', { query: { limit: '2' } })
  expect(one.items.map((o) => o.metadata.name)).toEqual(['a', 'b'])
  expect(one.metadata.remainingItemCount).toBe(1)
  const two = await client.list('v1/configmaps', 'default', { query: { limit: '2', continue: one.metadata.continue } })
  expect(two.items.map((o) => o.metadata.name)).toEqual(['c'])
})

test('a finalizer holds an object until it is taken away', async () => {
  await client.create('v1/configmaps', 'default', {
    ...cm('f'),
    metadata: { name: 'f', finalizers: ['example.com/hold'] },
  })
  const held = await client.delete('v1/configmaps', 'default', 'f')
  expect(held.metadata.deletionTimestamp).toBeTruthy()
  await expect(client.create('v1/configmaps', 'default', cm('f'))).rejects.toThrow(
    'object is being deleted: configmaps "f" already exists',
  )
  await client.patch('v1/configmaps', 'default', 'f', 'merge', { metadata: { finalizers: null } })
  await expect(client.get('v1/configmaps', 'default', 'f')).rejects.toThrow('configmaps "f" not found')
})

test('what is not served is not found, and what cannot be done is not allowed', async () => {
  expect((await door.handle({ method: 'GET', path: '/api/v1/namespaces/default/widgets' })).status).toBe(404)
  expect(
    (await door.handle({ method: 'POST', path: '/api/v1/namespaces/default/configmaps/x', body: cm('x') })).status,
  ).toBe(405)
})

test('writes name their managers, and server-side apply guards what they own', async () => {
  await client.create('v1/configmaps', 'default', cm('a'))
  const patched = await client.patch(
    'v1/configmaps',
    'default',
    'a',
    'merge',
    { data: { b: '2' } },
    { query: { fieldManager: 'other' } },
  )
  expect(patched.metadata.managedFields?.map((m) => m.manager)).toEqual(['other', 'test'])
  await expect(
    client.patch('v1/configmaps', 'default', 'a', 'apply', cm('a', { a: '3' }), { query: { fieldManager: 'third' } }),
  ).rejects.toThrow('Apply failed with 1 conflict: conflict with "test" using v1: .data.a')
  const fresh = await client.patch('v1/configmaps', 'default', 'new', 'apply', cm('new'), {
    query: { fieldManager: 'third' },
  })
  expect(fresh.metadata.uid).toBeTruthy()
})

test('a pod gets its account, tolerations and priority; a Service its address', async () => {
  await client.create('v1/serviceaccounts', 'default', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  })
  const pod = await client.create('v1/pods', 'default', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'nginx' }] },
  })
  expect(pod).toMatchObject({
    spec: {
      serviceAccountName: 'default',
      priority: 0,
      tolerations: [{ key: 'node.kubernetes.io/not-ready' }, { key: 'node.kubernetes.io/unreachable' }],
      volumes: [{ projected: { defaultMode: 420 } }],
    },
    status: { phase: 'Pending' },
  })
  const svc = await client.create<KubeObject & { spec: { clusterIP: string } }>('v1/services', 'default', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports: [{ port: 80 }] },
  })
  expect(svc.spec.clusterIP).toMatch(/^10\./)
  expect((await client.list('networking.k8s.io/v1/ipaddresses')).items.map((o) => o.metadata.name)).toEqual([
    svc.spec.clusterIP,
  ])
  await expect(
    client.create('v1/services', 'default', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 't' },
      spec: { clusterIP: svc.spec.clusterIP, ports: [{ port: 80 }] },
    }),
  ).rejects.toThrow(
    `Service "t" is invalid: spec.clusterIPs: Invalid value: []string{"${svc.spec.clusterIP}"}: failed to allocate IP ${svc.spec.clusterIP}: provided IP is already allocated`,
  )
  await client.delete('v1/services', 'default', 's')
  expect((await client.list('networking.k8s.io/v1/ipaddresses')).items).toEqual([])
})

test('a definition makes a resource: pruned, defaulted, validated, printed, scaled', async () => {
  const properties = {
    spec: {
      type: 'object',
      required: ['size'],
      properties: { size: { type: 'integer', maximum: 3 }, color: { type: 'string', default: 'red' } },
    },
  }
  await client.create('apiextensions.k8s.io/v1/customresourcedefinitions', '', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing', shortNames: ['th'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties } },
          subresources: { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
          additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        },
      ],
    },
  })
  const thing = (spec: object) =>
    ({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, spec }) as never
  await expect(client.create('example.com/v1/things', 'default', thing({ size: 5, color: 1 }))).rejects.toThrow(
    'Thing.example.com "t" is invalid: [spec.color: Invalid value: "integer": spec.color in body must be of type string: "integer", spec.size: Invalid value: 5: spec.size in body should be less than or equal to 3]',
  )
  const made = await client.create('example.com/v1/things', 'default', thing({ size: 2, extra: true }))
  expect(made).toMatchObject({ spec: { size: 2, color: 'red' }, metadata: { generation: 1 } })
  expect((made as unknown as { spec: object }).spec).not.toHaveProperty('extra')
  const table = await door.handle({
    method: 'GET',
    path: '/apis/example.com/v1/namespaces/default/things',
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  })
  expect(table.body).toMatchObject({
    columnDefinitions: [{ name: 'Name' }, { name: 'Size' }],
    rows: [{ cells: ['t', 2] }],
  })
  await client.patch(
    'example.com/v1/things',
    'default',
    't',
    'merge',
    { spec: { replicas: 3 } },
    { subresource: 'scale' },
  )
  expect(await client.get('example.com/v1/things', 'default', 't')).toMatchObject({
    spec: { size: 3 },
    metadata: { generation: 2 },
  })
})

test('others may do what roles allow', async () => {
  const jane = { name: 'jane', groups: ['system:authenticated'] }
  const get = () => door.handle({ method: 'GET', path: '/api/v1/namespaces/default/pods', user: jane })
  expect((await get()).body).toMatchObject({
    reason: 'Forbidden',
    message: 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
  })
  await client.create('rbac.authorization.k8s.io/v1/rolebindings', 'default', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'v' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }],
  })
  expect((await get()).status).toBe(200)
})

test('a Scale is applied: who owns replicas is told as of a Scale, and by force they change hands', async () => {
  await client.create('apps/v1/deployments', 'default', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'd' } },
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
    },
  })
  const apply = (force: string) =>
    door.handle({
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/default/deployments/d/scale',
      query: { fieldManager: ['me'], force: [force] },
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: 'apiVersion: autoscaling/v1\nkind: Scale\nmetadata: {name: d}\nspec: {replicas: 3}\n',
    })
  expect(await apply('false')).toMatchObject({
    status: 409,
    body: { message: 'Apply failed with 1 conflict: conflict with "test" using autoscaling/v1: .spec.replicas' },
  })
  expect(await apply('true')).toMatchObject({ status: 200, body: { kind: 'Scale', spec: { replicas: 3 } } })
  const now = await client.get('apps/v1/deployments', 'default', 'd')
  expect(now).toMatchObject({ spec: { replicas: 3 } })
  expect(now.metadata.managedFields?.find((f) => f.manager === 'me')).toMatchObject({
    operation: 'Apply',
    apiVersion: 'apps/v1',
    subresource: 'scale',
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
  })
})

test('a patch creates nothing, even where PUT would; a configuration without a name is no object', async () => {
  const send = (type: string, resource: string) =>
    door.handle({
      method: 'PATCH',
      path: `/api/v1/namespaces/default/${resource}/nope`,
      query: { fieldManager: ['me'] },
      headers: { 'content-type': `application/${type}` },
      body: type.startsWith('apply') ? 'apiVersion: v1\nkind: ConfigMap\n' : '{}',
    })
  for (const resource of ['services', 'limitranges', 'endpoints'])
    expect(await send('merge-patch+json', resource)).toMatchObject({ status: 404 })
  expect(await send('apply-patch+yaml', 'configmaps')).toMatchObject({
    status: 400,
    body: { message: 'the name of the object (nope based on URL) was undeterminable: name must be provided' },
  })
})
