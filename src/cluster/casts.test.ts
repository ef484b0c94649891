// What is cast from one like it is what the API server would have made of it: the same requests, once recognised as
// repeated and once not, leave the same objects.
import { expect, test } from 'vitest'
import { createApiServer } from '../apiserver/apiserver.ts'
import { Client } from '../client/client.ts'
import { entropyFrom, schemasOfPackage, seededRandom } from '../host.ts'
import { KINDS } from '../kinds/index.ts'
import { MemoryStore } from '../storage/memory.ts'
import { createEventWriter } from './eventwriter.ts'

const headers = { 'user-agent': 'kube-controller-manager/v1.33.1' }
const QUOTA = { metadata: { name: 'few' }, spec: { hard: { pods: '6', 'count/events': '4' } } }

/** An API server; `client()` asks in the name of the same program, `client(true)` so that nothing looks repeated. */
async function server() {
  const store = new MemoryStore()
  const entropy = entropyFrom(seededRandom(5, () => undefined))
  const clock = {
    time: Date.parse('2026-01-01T00:00:00Z'),
    now: () => clock.time,
    sleep: () => new Promise<void>(() => {}),
  }
  const door = createApiServer({
    store,
    entropy,
    clock,
    schemas: schemasOfPackage(),
    kinds: KINDS,
    versions: { server: 'v1.33.13', client: 'v1.33.1' },
    serviceCIDRs: ['10.96.0.0/12'],
  })
  const client = (apart = false): Client => new Client(door, { headers: apart ? { ...headers } : headers })
  await client().create('v1/namespaces', '', { metadata: { name: 'default' } })
  await client().create('v1/serviceaccounts', 'default', { metadata: { name: 'default' } })
  return { store, entropy, clock, client }
}

const pod = (image: string) => ({
  metadata: {
    generateName: 'web-',
    labels: { app: 'web' },
    annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default' },
  },
  spec: {
    initContainers: [{ name: 'first', image }],
    containers: [
      {
        name: 'web',
        image,
        resources: { requests: { cpu: '0.1' } },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
      {
        name: 'own',
        image,
        volumeMounts: [{ name: 'tmp', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  },
})

async function pods(apart: boolean) {
  const { store, clock, client } = await server()
  const said: string[] = []
  const create = async (body: object): Promise<void> => {
    const { headers } = client(apart)
    const asked = new Client(client().door, { headers, onWarning: (text) => said.push(text) })
    await asked.create('v1/pods', 'default', body as never).catch((e: Error) => said.push(e.message))
  }
  const body = pod('nginx')
  await create(body)
  await create(body)
  clock.time += 1500
  await create(body)
  // the same object, changed by who asks
  if (body.spec.containers[0]) body.spec.containers[0].image = 'nginx:2'
  await create(body)
  await create(pod('nginx:2'))
  await client().create('v1/limitranges', 'default', {
    metadata: { name: 'some' },
    spec: { limits: [{ type: 'Container', defaultRequest: { memory: '1Mi' } }] },
  })
  await create(body)
  await client().create('v1/resourcequotas', 'default', QUOTA)
  await create(body)
  return { said, objects: store.list('pods') }
}

test('pods that are asked for in the same words', async () => {
  const cast = await pods(false)
  expect(cast).toEqual(await pods(true))
  expect(JSON.stringify(cast)).toBe(JSON.stringify(await pods(true)))
  expect(cast.objects).toHaveLength(6)
  expect(cast.said.filter((text) => text.includes('seccomp'))).toHaveLength(7)
  expect(cast.said.at(-1)).toContain('exceeded quota')
  expect(new Set(cast.objects.map((o) => o.metadata.uid)).size).toBe(cast.objects.length)
})

async function events(apart: boolean) {
  const { store, entropy, clock, client } = await server()
  const write = createEventWriter(client(), { store, entropy, clock })
  const say = async (n: number, message: string): Promise<void> => {
    const name = `web-${n}.18abc${n}`
    await write('default', apart ? name : 'pods', {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name, namespace: 'default' },
      involvedObject: {
        kind: 'Pod',
        namespace: 'default',
        name: `web-${n}`,
        uid: `u${n}`,
        apiVersion: 'v1',
        resourceVersion: `${n}`,
      },
      reason: `Reason${n}`,
      message,
      source: { component: 'kubelet', host: `node-${n}` },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: n,
      type: n % 2 ? 'Normal' : 'Warning',
      reportingComponent: 'kubelet',
      reportingInstance: `node-${n}`,
    })?.catch(() => undefined)
  }
  await say(1, 'one')
  await say(2, 'two')
  await say(2, 'there already')
  clock.time += 1500
  await say(3, 'three')
  await client().create('v1/resourcequotas', 'default', QUOTA)
  await say(4, 'four')
  await say(5, 'is one too many')
  return store.list('events')
}

test('events of one sort', async () => {
  const cast = await events(false)
  expect(JSON.stringify(cast)).toBe(JSON.stringify(await events(true)))
  expect(cast.map((e) => e.metadata.name)).toEqual(['web-1.18abc1', 'web-2.18abc2', 'web-3.18abc3', 'web-4.18abc4'])
})
