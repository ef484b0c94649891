// What is cast from one like it is what the API server would have made of it: the same requests, once recognised as
// repeated and once not, leave the same objects.
import { expect, test } from 'vitest'
import { createApiServer } from '../apiserver/apiserver.ts'
import { Client } from '../client/client.ts'
import { entropyFrom, seededRandom } from '../apimachinery/entropy.ts'
import { schemasOfPackage } from '../shipped.ts'
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

interface Said {
  podIP?: string
  podIPs?: { ip: string }[]
  startTime?: string
  scheduled?: string
  containerID?: string
  reason?: string
  extra?: object
}
const START = '2026-01-01T00:00:00Z'
/** As a kubelet writes it, in its order. */
const running = (said: Said = {}) => ({
  phase: 'Running',
  conditions: [
    ...['PodReadyToStartContainers', 'Initialized', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: said.startTime ?? START,
      ...(said.reason ? { reason: said.reason } : {}),
    })),
    { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: said.scheduled ?? START },
  ],
  hostIP: '172.18.0.2',
  hostIPs: [{ ip: '172.18.0.2' }],
  podIP: said.podIP ?? '10.244.0.5',
  podIPs: said.podIPs ?? [{ ip: said.podIP ?? '10.244.0.5' }],
  startTime: said.startTime ?? START,
  qosClass: 'Burstable',
  containerStatuses: [
    {
      name: 'web',
      state: { running: { startedAt: said.startTime ?? START } },
      lastState: {},
      ready: true,
      restartCount: 0,
      image: 'nginx',
      imageID: 'nginx@sha256:1',
      containerID: said.containerID ?? 'containerd://1',
      started: true,
      allocatedResources: { cpu: '100m' },
      resources: { requests: { cpu: '0.1' } },
      volumeMounts: [{ name: `kube-api-access-${said.containerID?.length ?? 0}`, mountPath: '/tmp', readOnly: true }],
    },
  ],
  ...said.extra,
})

async function statuses(apart: boolean) {
  const { store, clock, client } = await server()
  const said: string[] = []
  const kubelet = { 'user-agent': 'kubelet/v1.33.1' }
  let whole = 0
  const make = async (): Promise<string> => {
    const { metadata } = await client().create('v1/pods', 'default', pod('nginx'))
    const name = metadata.name ?? ''
    await client().post('v1/pods', 'default', name, 'binding', { metadata: { name }, target: { name: 'node' } })
    return name
  }
  const say = async (name: string, status: object, more: { spec?: object; meta?: object } = {}): Promise<void> => {
    const stored = store.get('pods', 'default', name)
    if (!stored) throw new Error(name)
    const asked = new Client(client().door, {
      headers: apart ? { ...kubelet } : kubelet,
      onWarning: (text) => said.push(text),
    })
    const body = { ...stored, ...more.spec, ...(more.meta ? { metadata: { ...stored.metadata, ...more.meta } } : {}) }
    await asked
      .update('v1/pods', 'default', { ...body, status } as never, { subresource: 'status' })
      .then((o) => said.push(JSON.stringify(o)))
      .catch((e: Error) => said.push(e.message))
    whole++
  }
  const first = await make()
  await say(first, running())
  await say(await make(), running({ podIP: '10.244.0.6', containerID: 'containerd://22' }))
  clock.time += 1500
  const later = { podIP: '10.244.1.7', containerID: 'containerd://333', startTime: '2026-01-01T00:00:01Z' }
  await say(await make(), running({ ...later, scheduled: '2026-01-01T00:00:01Z' }))
  for (const status of [
    running(later),
    running({ ...later, scheduled: later.startTime }),
    running({ ...later, scheduled: later.startTime, podIP: '10.244.1.8' }),
    running({ ...later, scheduled: later.startTime, podIP: '10.244.1.008' }),
    running({ ...later, scheduled: later.startTime, podIP: 'nowhere' }),
    running({ ...later, scheduled: later.startTime, podIP: 'fd00::1' }),
    running({ ...later, scheduled: later.startTime, podIPs: [{ ip: '10.244.1.7' }, { ip: 'fd00::1' }] }),
    running({ ...later, scheduled: later.startTime, podIPs: [{ ip: '10.244.1.9' }] }),
    running({ ...later, scheduled: later.startTime, startTime: '2026-01-01T01:00:01+01:00' }),
    running({ ...later, scheduled: later.startTime, startTime: 'soon' }),
    running({ ...later, scheduled: later.startTime, containerID: '' }),
    running({ ...later, scheduled: later.startTime, reason: 'Why' }),
    running({ ...later, scheduled: later.startTime }),
    running({ ...later, scheduled: later.startTime, extra: { qosClass: 'Guaranteed' } }),
    running({ ...later, scheduled: later.startTime, extra: { phase: 'Pending' } }),
    running({ ...later, scheduled: later.startTime, extra: { unknown: 1 } }),
    running({ ...later, scheduled: later.startTime, extra: { hostIP: '172.18.0.3' } }),
    running({ ...later, scheduled: later.startTime, extra: { resourceClaimStatuses: [{ name: 'a' }] } }),
    running({ ...later, scheduled: later.startTime, extra: { conditions: [] } }),
    running({ ...later, scheduled: later.startTime }),
  ])
    await say(await make(), status)
  // bound before, spoken of later
  const waits = [await make(), await make(), await make()]
  clock.time += 1000
  await say(waits[0] ?? '', running({ ...later, scheduled: later.startTime, podIP: '10.244.1.11' }))
  clock.time += 1000
  await say(waits[1] ?? '', running({ ...later, scheduled: later.startTime, podIP: '10.244.1.12' }))
  clock.time -= 3600_000
  await say(waits[2] ?? '', running({ ...later, scheduled: later.startTime, podIP: '10.244.1.13' }))
  clock.time += 3600_000
  // by the same words again, and with more than a status
  await say(first, running({ podIP: '10.244.0.5', containerID: 'containerd://4' }))
  const at = { scheduled: later.startTime, startTime: later.startTime }
  await say(await make(), running(at))
  await say(await make(), running(at), { meta: { labels: { app: 'other' } } })
  await say(await make(), running(at), { meta: { resourceVersion: '1' } })
  await say(await make(), running(at), { meta: { uid: 'other' } })
  await say(await make(), running(at), { spec: { spec: {} } })
  const going = await make()
  await client().delete('v1/pods', 'default', going)
  await say(going, running(at))
  await client().create('v1/resourcequotas', 'default', QUOTA)
  await say((await make().catch(() => first)) || first, running(at))
  expect(whole).toBe(said.filter((text) => !text.startsWith('unknown field')).length)
  return { said, objects: store.list('pods') }
}

test('statuses of pods of one sort', async () => {
  const cast = await statuses(false)
  const whole = await statuses(true)
  cast.said.forEach((text, i) => expect(text).toBe(whole.said[i]))
  expect(JSON.stringify(cast)).toBe(JSON.stringify(whole))
  expect(cast.said.filter((text) => text.startsWith('{')).length).toBeGreaterThan(15)
})
