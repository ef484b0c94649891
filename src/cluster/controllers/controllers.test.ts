// The controllers together, on a cluster in memory: what a person sees after each change, and that order does not
// matter.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Deployment, ReplicaSet, StatefulSet } from '../../apimachinery/api/apps.v1.ts'
import type { CronJob, Job } from '../../apimachinery/api/batch.v1.ts'
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
} from '../../apimachinery/api/core.v1.ts'
import type { Lease } from '../../apimachinery/api/coordination.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import type { PodDisruptionBudget } from '../../apimachinery/api/policy.v1.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { Schemas } from '../../apimachinery/schema.ts'
import { Client } from '../../client/client.ts'
import { MemoryStore } from '../../storage/memory.ts'
import { createCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import type { Profile } from '../profile.ts'
import { CONTROLLERS } from './index.ts'
import type { ControllerLine } from './index.ts'

const START = Date.UTC(2026, 0, 2, 3, 4, 5)
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

function entropy(seed: number) {
  let state = seed >>> 0 || 1
  const int = (n: number): number => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % n
  }
  return {
    int,
    uuid: () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => int(16).toString(16)),
    suffix: (n: number) => Array.from({ length: n }, () => LETTERS[int(LETTERS.length)]).join(''),
    shuffle: <T>(items: readonly T[]) => [...items],
  }
}

const node = (name: string, more: Partial<Profile['nodes'][number]> = {}): Profile['nodes'][number] => ({
  name,
  internalIP: '172.18.0.2',
  cpu: '8',
  memory: '16Gi',
  pods: '110',
  ...more,
})
const PROFILE: Profile = {
  name: 'test',
  context: 'kind-kind',
  cluster: 'kind-kind',
  user: 'kind-kind',
  server: 'https://127.0.0.1:6443',
  version: { server: 'v1.33.13', client: 'v1.33.1' },
  nodes: [node('n1')],
  podCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/12',
  dns: { domain: 'cluster.local', address: '10.96.0.10' },
  loadBalancer: 'none',
  storageClass: 'standard',
}

interface World {
  readonly c: Cluster
  readonly k: Client
  readonly errors: string[]
  readonly now: () => number
}

async function world(
  options: { profile?: Partial<Profile>; seed?: number; controllers?: readonly ControllerLine[] } = {},
): Promise<World> {
  const errors: string[] = []
  const schemas = new Schemas((name) =>
    readFileSync(join(import.meta.dirname, '../../../schemas', `${name}.json`), 'utf8'),
  )
  const c = await createCluster({
    store: new MemoryStore(),
    schemas,
    clock: { now: () => START, sleep: () => Promise.resolve() },
    entropy: entropy(options.seed ?? 7),
    profile: { ...PROFILE, ...options.profile },
    ...(options.controllers ? { controllers: options.controllers } : {}),
    onControllerError: (name, key, e) => {
      errors.push(`${name} ${key}: ${String(e)}`)
    },
  })
  return { c, k: new Client(c.door), errors, now: () => c.clock.now() }
}

const template = (
  labels: Readonly<Record<string, string>>,
  container: JsonObject = {},
  spec: JsonObject = {},
): JsonObject => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'nginx:1', ...container }], ...spec },
})
const deployment = (name: string, replicas: number, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: template({ app: name }), ...more },
})
const pod = (
  name: string,
  container: JsonObject = {},
  spec: JsonObject = {},
  labels: Readonly<Record<string, string>> = {},
): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { containers: [{ name: 'c', image: 'nginx:1', ...container }], ...spec },
})

const make = async (w: World, resource: string, object: JsonObject): Promise<void> => {
  await w.k.create(resource, /nodes|priorityclasses/.test(resource) ? '' : 'default', object)
  await w.c.settle()
}
const pods = (w: World, labels: Readonly<Record<string, string>> = {}): readonly Pod[] =>
  w.c.lister.list<Pod>('pods', 'default', labels)
const get = <T extends KubeObject>(w: World, resource: string, name: string, namespace = 'default'): T => {
  const o = w.c.lister.get<T>(resource, namespace, name)
  if (!o) throw new Error(`${resource} ${name} is not there`)
  return o
}
const said = (w: World, name: string): string[] =>
  w.c.lister
    .list<Event>('events', 'default')
    .filter((e) => e.involvedObject.name === name)
    .map((e) => `${e.type} ${e.reason} ${e.message}`)
const condition = (
  o: {
    readonly status?: {
      readonly conditions?: readonly {
        readonly type: string
        readonly status: string
        readonly reason?: string
        readonly message?: string
      }[]
    }
  },
  type: string,
): string => {
  const c = o.status?.conditions?.find((x) => x.type === type)
  return c ? `${c.status} ${c.reason ?? ''}` : 'absent'
}

describe('deployments', () => {
  test('come up, keep conditions in order and tell what they scaled', async () => {
    const w = await world()
    await make(w, 'apps/v1/deployments', deployment('web', 2))
    const d = get<Deployment>(w, 'deployments.apps', 'web')
    const rs = w.c.lister.list<ReplicaSet>('replicasets.apps')[0]
    expect(d.status).toMatchObject({
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      updatedReplicas: 2,
      observedGeneration: 1,
    })
    expect(d.status?.conditions?.map((c) => [c.type, c.status, c.reason])).toEqual([
      ['Available', 'True', 'MinimumReplicasAvailable'],
      ['Progressing', 'True', 'NewReplicaSetAvailable'],
    ])
    expect(d.metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' })
    expect(d.metadata.generation).toBe(1)
    expect(said(w, 'web')).toEqual([`Normal ScalingReplicaSet Scaled up replica set ${rs?.metadata.name} from 0 to 2`])
    expect(w.errors).toEqual([])
  })

  test('roll to a new template and back, with revisions', async () => {
    const w = await world()
    await make(w, 'apps/v1/deployments', deployment('web', 3))
    const image = async (i: string): Promise<void> => {
      await w.k.patch('apps/v1/deployments', 'default', 'web', 'strategic', {
        spec: { template: { spec: { containers: [{ name: 'c', image: i }] } } },
      })
      await w.c.settle()
    }
    await image('nginx:2')
    expect(pods(w).map((p) => p.spec?.containers[0]?.image)).toEqual(['nginx:2', 'nginx:2', 'nginx:2'])
    const [a = '', b = ''] = [...w.c.lister.list<ReplicaSet>('replicasets.apps')]
      .sort((x, y) =>
        (x.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '') <
        (y.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '')
          ? -1
          : 1,
      )
      .map((r) => r.metadata.name ?? '')
    expect(
      said(w, 'web').map((s) =>
        s.replaceAll(a, 'A').replaceAll(b, 'B').replace('Normal ScalingReplicaSet Scaled ', ''),
      ),
    ).toEqual([
      'up replica set A from 0 to 3',
      'up replica set B from 0 to 1',
      'down replica set A from 3 to 2',
      'up replica set B from 1 to 2',
      'down replica set A from 2 to 1',
      'up replica set B from 2 to 3',
      'down replica set A from 1 to 0',
    ])
    await image('nginx:1')
    expect(get<ReplicaSet>(w, 'replicasets.apps', a).metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    })
    expect(
      get<Deployment>(w, 'deployments.apps', 'web').metadata.annotations?.['deployment.kubernetes.io/revision'],
    ).toBe('3')
    expect(w.errors).toEqual([])
  })

  test('that cannot pull stay unavailable and time out', async () => {
    const w = await world()
    await make(
      w,
      'apps/v1/deployments',
      deployment('web', 1, {
        template: template({ app: 'web' }, { image: 'nginx:doesnotexist' }),
        progressDeadlineSeconds: 60,
      }),
    )
    expect(pods(w)[0]?.status?.containerStatuses?.[0]?.state).toEqual({
      waiting: {
        reason: 'ErrImagePull',
        message:
          'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:doesnotexist": failed to resolve reference "docker.io/library/nginx:doesnotexist": docker.io/library/nginx:doesnotexist: not found',
      },
    })
    await w.c.advance(30_000)
    expect(pods(w)[0]?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ImagePullBackOff')
    await w.c.advance(60_000)
    expect(condition(get<Deployment>(w, 'deployments.apps', 'web'), 'Progressing')).toBe(
      'False ProgressDeadlineExceeded',
    )
    expect(w.errors).toEqual([])
  })

  test('are collected in the three ways', async () => {
    for (const policy of ['Background', 'Foreground', 'Orphan']) {
      const w = await world()
      await make(w, 'apps/v1/deployments', deployment('web', 2))
      await w.k.delete('apps/v1/deployments', 'default', 'web', { propagationPolicy: policy })
      await w.c.settle()
      expect([
        policy,
        w.c.lister.count('deployments.apps'),
        w.c.lister.count('replicasets.apps'),
        pods(w).length,
      ]).toEqual([policy, 0, policy === 'Orphan' ? 1 : 0, policy === 'Orphan' ? 2 : 0])
      if (policy === 'Orphan') expect(w.c.lister.list('replicasets.apps')[0]?.metadata.ownerReferences).toBeUndefined()
      expect(w.errors).toEqual([])
    }
  })
})

describe('pods', () => {
  test('report what a kubelet of 1.33 reports', async () => {
    const w = await world()
    await make(w, 'v1/pods', pod('web'))
    const p = get<Pod>(w, 'pods', 'web')
    expect(p.status?.phase).toBe('Running')
    expect(p.status?.conditions?.map((c) => `${c.type}=${c.status}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ])
    expect(p.status?.podIP).toBe('10.244.0.2')
    expect(p.status?.containerStatuses?.[0]).toMatchObject({
      image: 'docker.io/library/nginx:1',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: '2026-01-02T03:04:05Z' } },
    })
    expect(p.status?.containerStatuses?.[0]?.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/)
    expect(said(w, 'web').map((s) => s.replace(/ in [\d.]+m?s .*$/, ''))).toEqual([
      'Normal Scheduled Successfully assigned default/web to n1',
      'Normal Pulling Pulling image "nginx:1"',
      'Normal Pulled Successfully pulled image "nginx:1"',
      'Normal Created Created container: c',
      'Normal Started Started container c',
    ])
  })

  test('whose command ends crash-loop, with doubled delays', async () => {
    const w = await world()
    await make(w, 'v1/pods', pod('loop', { image: 'busybox', command: ['sh', '-c', 'exit 3'] }))
    const state = (): unknown => {
      const s = get<Pod>(w, 'pods', 'loop').status?.containerStatuses?.[0]
      return [
        s?.restartCount,
        s?.state?.waiting?.reason,
        s?.state?.waiting?.message?.replace(/\(.*\)/, '()'),
        s?.lastState?.terminated?.exitCode,
      ]
    }
    expect(state()).toEqual([1, 'CrashLoopBackOff', 'back-off 10s restarting failed container=c pod=loop_default()', 3])
    await w.c.advance(11_000)
    expect(state()).toEqual([2, 'CrashLoopBackOff', 'back-off 20s restarting failed container=c pod=loop_default()', 3])
    await w.c.advance(3_600_000)
    expect(state()).toEqual([
      17,
      'CrashLoopBackOff',
      'back-off 5m0s restarting failed container=c pod=loop_default()',
      3,
    ])
    expect(get<Pod>(w, 'pods', 'loop').status?.phase).toBe('Running')
    expect(w.errors).toEqual([])
  })

  test('end as their restart policy says', async () => {
    const w = await world()
    await make(w, 'v1/pods', pod('ok', { image: 'busybox', command: ['true'] }, { restartPolicy: 'Never' }))
    await make(w, 'v1/pods', pod('bad', { image: 'busybox', command: ['false'] }, { restartPolicy: 'Never' }))
    await make(
      w,
      'v1/pods',
      pod('slow', { image: 'busybox', command: ['sleep', '30'] }, { restartPolicy: 'OnFailure' }),
    )
    const phases = (): unknown => ['ok', 'bad', 'slow'].map((n) => get<Pod>(w, 'pods', n).status?.phase)
    expect(phases()).toEqual(['Succeeded', 'Failed', 'Running'])
    await w.c.advance(31_000)
    expect(phases()).toEqual(['Succeeded', 'Failed', 'Succeeded'])
    expect(get<Pod>(w, 'pods', 'slow').status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 0,
      reason: 'Completed',
      startedAt: '2026-01-02T03:04:05Z',
      finishedAt: '2026-01-02T03:04:35Z',
    })
  })

  test('wait for configuration and go on when it comes', async () => {
    const w = await world()
    await make(
      w,
      'v1/pods',
      pod('env', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'a' } } }] }),
    )
    await make(
      w,
      'v1/pods',
      pod(
        'mount',
        { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
        { volumes: [{ name: 'v', secret: { secretName: 's' } }] },
      ),
    )
    expect(get<Pod>(w, 'pods', 'env').status?.containerStatuses?.[0]?.state).toEqual({
      waiting: { reason: 'CreateContainerConfigError', message: 'configmap "cm" not found' },
    })
    expect(get<Pod>(w, 'pods', 'mount').status?.containerStatuses?.[0]?.state).toEqual({
      waiting: { reason: 'ContainerCreating' },
    })
    expect(said(w, 'mount')).toContain(
      'Warning FailedMount MountVolume.SetUp failed for volume "v" : secret "s" not found',
    )
    await make(w, 'v1/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm' }, data: { a: '1' } })
    await make(w, 'v1/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } })
    expect(['env', 'mount'].map((n) => get<Pod>(w, 'pods', n).status?.phase)).toEqual(['Running', 'Running'])
    expect(w.errors).toEqual([])
  })

  test('run init containers in order and sidecars beside', async () => {
    const w = await world()
    await make(
      w,
      'v1/pods',
      pod(
        'app',
        {},
        {
          initContainers: [
            { name: 'prepare', image: 'busybox', command: ['sleep', '5'] },
            { name: 'side', image: 'nginx', restartPolicy: 'Always' },
          ],
        },
      ),
    )
    const p = (): Pod => get<Pod>(w, 'pods', 'app')
    expect([
      p().status?.phase,
      condition(p(), 'Initialized'),
      p().status?.containerStatuses?.[0]?.state?.waiting?.reason,
    ]).toEqual(['Pending', 'False ContainersNotInitialized', 'PodInitializing'])
    await w.c.advance(6000)
    expect([
      p().status?.phase,
      condition(p(), 'Initialized'),
      p().status?.initContainerStatuses?.map((s) => Object.keys(s.state ?? {})[0]),
    ]).toEqual(['Running', 'True ', ['terminated', 'running']])
  })

  test('that do not fit say so, and preempt the less important', async () => {
    const w = await world()
    await make(w, 'scheduling.k8s.io/v1/priorityclasses', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'high' },
      value: 1000,
    })
    await make(w, 'v1/pods', pod('low', { resources: { requests: { cpu: '6' } } }))
    await make(w, 'v1/pods', pod('more', { resources: { requests: { cpu: '6' } } }))
    expect(get<Pod>(w, 'pods', 'more').status?.conditions?.[0]?.message).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    )
    await make(w, 'v1/pods', pod('other', {}, { nodeSelector: { disk: 'ssd' } }))
    expect(get<Pod>(w, 'pods', 'other').status?.conditions?.[0]?.message).toBe(
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    )
    await make(w, 'v1/pods', pod('vip', { resources: { requests: { cpu: '6' } } }, { priorityClassName: 'high' }))
    expect(get<Pod>(w, 'pods', 'vip').status?.phase).toBe('Running')
    expect(w.c.lister.get('pods', 'default', 'low')).toBeUndefined()
    await w.k.patch('v1/nodes', '', 'n1', 'merge', { metadata: { labels: { disk: 'ssd' } } })
    await w.c.settle()
    expect(get<Pod>(w, 'pods', 'other').status?.phase).toBe('Running')
    expect(w.errors).toEqual([])
  })

  test('spread over nodes and respect taints', async () => {
    const w = await world({
      profile: {
        nodes: [node('n1'), node('n2'), node('n3', { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] })],
      },
    })
    await make(w, 'apps/v1/deployments', deployment('web', 6))
    const on = (n: string): number => pods(w).filter((p) => p.spec?.nodeName === n).length
    expect([on('n1'), on('n2'), on('n3')]).toEqual([3, 3, 0])
    expect(new Set(pods(w).map((p) => p.status?.podIP)).size).toBe(6)
    await w.k.patch('v1/nodes', '', 'n1', 'merge', { spec: { taints: [{ key: 'out', effect: 'NoExecute' }] } })
    await w.c.settle()
    expect([on('n1'), on('n2'), on('n3')]).toEqual([0, 6, 0])
    expect(w.errors).toEqual([])
  })
})

describe('endpoints', () => {
  const service = (name: string, more: JsonObject = {}): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...more },
  })
  test('follow readiness, and come in slices of a hundred', async () => {
    const w = await world({ profile: { nodes: [node('n1', { pods: '500' })] } })
    await make(w, 'v1/services', service('web'))
    await make(w, 'apps/v1/deployments', deployment('web', 120))
    const slices = w.c.lister.list<EndpointSlice>('endpointslices.discovery.k8s.io', 'default', {
      'kubernetes.io/service-name': 'web',
    })
    expect(slices.map((s) => s.endpoints?.length).sort()).toEqual([100, 20])
    expect(get<Endpoints>(w, 'endpoints', 'web').subsets?.[0]?.addresses?.length).toBe(120)
    await w.k.patch('apps/v1/deployments', 'default', 'web', 'merge', { spec: { replicas: 0 } })
    await w.c.settle()
    expect(
      w.c.lister
        .list<EndpointSlice>('endpointslices.discovery.k8s.io', 'default', { 'kubernetes.io/service-name': 'web' })
        .map((s) => s.endpoints?.length ?? 0),
    ).toEqual([0])
    expect(w.errors).toEqual([])
  })

  test('made by hand are mirrored', async () => {
    const w = await world()
    await make(w, 'v1/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'db' },
      spec: { ports: [{ port: 5432 }] },
    })
    await make(w, 'v1/endpoints', {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'db', labels: { a: 'b' } },
      subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 5432 }] }],
    })
    const slice = w.c.lister.list<EndpointSlice>('endpointslices.discovery.k8s.io', 'default', {
      'kubernetes.io/service-name': 'db',
    })[0]
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: true } }],
      ports: [{ port: 5432, name: '', protocol: 'TCP' }],
      metadata: {
        labels: { a: 'b', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' },
      },
    })
    await w.k.delete('v1/services', 'default', 'db')
    await w.c.settle()
    expect(
      w.c.lister.list('endpointslices.discovery.k8s.io', 'default', { 'kubernetes.io/service-name': 'db' }),
    ).toEqual([])
  })
})

describe('workloads', () => {
  test('a StatefulSet numbers its pods and their claims, and rolls from the last', async () => {
    const w = await world()
    await make(w, 'apps/v1/statefulsets', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        serviceName: 'db',
        replicas: 3,
        selector: { matchLabels: { app: 'db' } },
        template: template({ app: 'db' }),
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    })
    expect(pods(w).map((p) => [p.metadata.name, p.status?.phase, p.spec?.hostname])).toEqual([
      ['db-0', 'Running', 'db-0'],
      ['db-1', 'Running', 'db-1'],
      ['db-2', 'Running', 'db-2'],
    ])
    expect(
      w.c.lister.list<PersistentVolumeClaim>('persistentvolumeclaims').map((c) => [c.metadata.name, c.status?.phase]),
    ).toEqual([
      ['data-db-0', 'Bound'],
      ['data-db-1', 'Bound'],
      ['data-db-2', 'Bound'],
    ])
    expect(w.c.lister.list<PersistentVolume>('persistentvolumes').map((v) => v.status?.phase)).toEqual([
      'Bound',
      'Bound',
      'Bound',
    ])
    await w.k.patch('apps/v1/statefulsets', 'default', 'db', 'strategic', {
      spec: {
        updateStrategy: { rollingUpdate: { partition: 1 } },
        template: { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } },
      },
    })
    await w.c.settle()
    expect(pods(w).map((p) => p.spec?.containers[0]?.image)).toEqual(['nginx:1', 'nginx:2', 'nginx:2'])
    const s = get<StatefulSet>(w, 'statefulsets.apps', 'db').status
    expect([s?.replicas, s?.readyReplicas, s?.currentReplicas, s?.updatedReplicas, s?.availableReplicas]).toEqual([
      3, 3, 1, 2, 3,
    ])
    expect(w.errors).toEqual([])
  })

  test('a DaemonSet follows nodes', async () => {
    const w = await world({ profile: { nodes: [node('n1'), node('n2')] } })
    await make(w, 'apps/v1/daemonsets', {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent' },
      spec: { selector: { matchLabels: { app: 'agent' } }, template: template({ app: 'agent' }) },
    })
    expect(
      pods(w)
        .map((p) => p.spec?.nodeName)
        .sort(),
    ).toEqual(['n1', 'n2'])
    await make(w, 'v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n3' } })
    expect(
      pods(w)
        .map((p) => p.spec?.nodeName)
        .sort(),
    ).toEqual(['n1', 'n2', 'n3'])
    expect(condition(get<Node>(w, 'nodes', 'n3', ''), 'Ready')).toBe('True KubeletReady')
    await w.k.patch('apps/v1/daemonsets', 'default', 'agent', 'strategic', {
      spec: { template: { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } } },
    })
    await w.c.settle()
    expect(pods(w).map((p) => p.spec?.containers[0]?.image)).toEqual(['nginx:2', 'nginx:2', 'nginx:2'])
    expect(get(w, 'daemonsets.apps', 'agent')).toMatchObject({
      status: {
        desiredNumberScheduled: 3,
        currentNumberScheduled: 3,
        numberReady: 3,
        numberAvailable: 3,
        updatedNumberScheduled: 3,
        numberMisscheduled: 0,
      },
    })
    expect(w.errors).toEqual([])
  })

  const job = (name: string, command: readonly string[], more: JsonObject = {}): JsonObject => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox', command }] } },
      ...more,
    },
  })
  test('a Job counts every pod once and says how it ended', async () => {
    const w = await world()
    await make(w, 'batch/v1/jobs', job('ok', ['true'], { completions: 3, parallelism: 2 }))
    expect(get<Job>(w, 'jobs.batch', 'ok').status).toMatchObject({
      succeeded: 3,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
      completionTime: '2026-01-02T03:04:05Z',
    })
    expect(get<Job>(w, 'jobs.batch', 'ok').status?.conditions?.map((c) => [c.type, c.status, c.reason])).toEqual([
      ['SuccessCriteriaMet', 'True', 'CompletionsReached'],
      ['Complete', 'True', 'CompletionsReached'],
    ])
    expect(pods(w).every((p) => p.metadata.finalizers === undefined)).toBe(true)
    await make(
      w,
      'batch/v1/jobs',
      job('indexed', ['true'], { completions: 4, parallelism: 4, completionMode: 'Indexed' }),
    )
    expect(get<Job>(w, 'jobs.batch', 'indexed').status).toMatchObject({ succeeded: 4, completedIndexes: '0-3' })
    await make(w, 'batch/v1/jobs', job('bad', ['false'], { backoffLimit: 1 }))
    expect(get<Job>(w, 'jobs.batch', 'bad').status?.failed).toBe(1)
    await w.c.advance(60_000)
    expect(get<Job>(w, 'jobs.batch', 'bad').status?.failed).toBe(2)
    expect(get<Job>(w, 'jobs.batch', 'bad').status?.conditions?.map((c) => [c.type, c.reason])).toEqual([
      ['FailureTarget', 'BackoffLimitExceeded'],
      ['Failed', 'BackoffLimitExceeded'],
    ])
    expect(said(w, 'bad')).toContain('Warning BackoffLimitExceeded Job has reached the specified backoff limit')
    await make(w, 'batch/v1/jobs', job('short', ['true'], { ttlSecondsAfterFinished: 10 }))
    await w.c.advance(11_000)
    expect(w.c.lister.get('jobs.batch', 'default', 'short')).toBeUndefined()
    await make(w, 'batch/v1/jobs', job('held', ['true'], { suspend: true }))
    expect(condition(get<Job>(w, 'jobs.batch', 'held'), 'Suspended')).toBe('True JobSuspended')
    await w.k.patch('batch/v1/jobs', 'default', 'held', 'merge', { spec: { suspend: false } })
    await w.c.settle()
    expect(condition(get<Job>(w, 'jobs.batch', 'held'), 'Complete')).toBe('True CompletionsReached')
    expect(w.errors).toEqual([])
  })

  test('a CronJob runs at its times and keeps its history short', async () => {
    const w = await world()
    await make(w, 'batch/v1/cronjobs', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'tick' },
      spec: {
        schedule: '*/5 * * * *',
        jobTemplate: {
          spec: {
            template: {
              spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox', command: ['true'] }] },
            },
          },
        },
      },
    })
    expect(get<CronJob>(w, 'cronjobs.batch', 'tick').status).toEqual({})
    await w.c.advance(3_600_000)
    expect(get<CronJob>(w, 'cronjobs.batch', 'tick').status).toEqual({
      lastScheduleTime: '2026-01-02T04:00:00Z',
      lastSuccessfulTime: '2026-01-02T04:00:00Z',
    })
    expect(w.c.lister.list('jobs.batch').map((j) => j.metadata.name)).toEqual(
      [50, 55, 60].map((m) => `tick-${Date.UTC(2026, 0, 2, 3, m) / 60_000}`),
    )
    expect(w.errors).toEqual([])
  })
})

describe('the rest', () => {
  test('a namespace gets its account and certificate, and goes when it is empty', async () => {
    const w = await world()
    await w.k.create('v1/namespaces', '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'dev' } })
    await w.c.settle()
    expect(
      [
        w.c.lister.get('serviceaccounts', 'dev', 'default'),
        w.c.lister.get('configmaps', 'dev', 'kube-root-ca.crt'),
      ].every((o) => o !== undefined),
    ).toBe(true)
    await w.k.create('v1/configmaps', 'dev', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'stuck', finalizers: ['example.com/hold'] },
    })
    await w.k.create('apps/v1/deployments', 'dev', deployment('web', 2))
    await w.c.settle()
    await w.k.delete('v1/namespaces', '', 'dev')
    await w.c.settle()
    expect(w.c.lister.list('pods', 'dev')).toHaveLength(2) // for some seconds yet
    await w.c.advance(6_000)
    expect(w.c.lister.list('pods', 'dev')).toHaveLength(0)
    // what is left is looked at five seconds later
    await w.c.advance(5_000)
    const ns = get<Namespace>(w, 'namespaces', 'dev', '')
    expect([
      ns.status?.phase,
      condition(ns, 'NamespaceContentRemaining'),
      condition(ns, 'NamespaceFinalizersRemaining'),
      w.c.lister.list('pods', 'dev').length,
    ]).toEqual(['Terminating', 'True SomeResourcesRemain', 'True SomeFinalizersRemain', 0])
    expect(ns.status?.conditions?.find((c) => c.type === 'NamespaceFinalizersRemaining')?.message).toBe(
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    )
    await w.k.patch('v1/configmaps', 'dev', 'stuck', 'merge', { metadata: { finalizers: null } })
    await w.c.settle()
    expect(w.c.lister.get('namespaces', '', 'dev')).toBeDefined()
    await w.c.advance(8_000)
    expect(w.c.lister.get('namespaces', '', 'dev')).toBeUndefined()
    expect(w.errors).toEqual([])
  })

  test('a namespace that goes keeps the rest until its pods are gone', async () => {
    const w = await world()
    await w.k.create('v1/namespaces', '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'dev' } })
    await w.k.create('v1/configmaps', 'dev', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conf' } })
    await w.k.create('v1/pods', 'dev', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
      spec: { containers: [{ name: 'app', image: 'nginx' }] },
    } as Pod)
    await w.c.settle()
    await w.k.delete('v1/namespaces', '', 'dev')
    await w.c.advance(60_000)
    expect(w.c.lister.list('configmaps', 'dev').map((c) => c.metadata.name)).toContain('conf')
    expect(condition(get<Namespace>(w, 'namespaces', 'dev', ''), 'NamespaceContentRemaining')).toBe(
      'False ContentRemoved',
    )
    await w.k.patch('v1/pods', 'dev', 'held', 'merge', { metadata: { finalizers: null } })
    await w.c.advance(8_000)
    expect(w.c.lister.get('namespaces', '', 'dev')).toBeUndefined()
    expect(w.errors).toEqual([])
  })

  test('a node is spoken of when it is seen, and renews its lease', async () => {
    const w = await world()
    await w.k.create('v1/nodes', '', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n9' } })
    const told = (): (string | undefined)[] =>
      w.c.lister
        .list<Event>('events', 'default')
        .filter((e) => e.involvedObject.kind === 'Node')
        .map((e) => e.message)
    const renewed = async (): Promise<string | undefined> =>
      (await w.k.get<Lease>('coordination.k8s.io/v1/leases', 'kube-node-lease', 'n9')).spec?.renewTime
    await w.c.settle()
    expect([told(), await renewed()]).toEqual([[], '2026-01-02T03:04:05.000000Z'])
    await w.c.advance(9_000)
    expect(told()).toEqual(['Node n9 event: Registered Node n9 in Controller'])
    expect(await renewed()).toBe('2026-01-02T03:04:05.000000Z')
    await w.c.advance(17_000)
    expect(await renewed()).toBe('2026-01-02T03:04:25.000000Z')
    expect(w.errors).toEqual([])
  })

  test('a budget counts, a quota follows, a claim in use is kept', async () => {
    const w = await world()
    await make(w, 'apps/v1/deployments', deployment('web', 4))
    await make(w, 'policy/v1/poddisruptionbudgets', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b' },
      spec: { maxUnavailable: '25%', selector: { matchLabels: { app: 'web' } } },
    })
    expect(get<PodDisruptionBudget>(w, 'poddisruptionbudgets.policy', 'b').status).toMatchObject({
      currentHealthy: 4,
      desiredHealthy: 3,
      disruptionsAllowed: 1,
      expectedPods: 4,
    })
    await make(w, 'v1/resourcequotas', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q' },
      spec: { hard: { pods: '4' } },
    })
    await w.k.patch('apps/v1/deployments', 'default', 'web', 'merge', { spec: { replicas: 6 } })
    await w.c.settle()
    expect(get<Deployment>(w, 'deployments.apps', 'web').status?.replicas).toBe(4)
    expect(condition(get<Deployment>(w, 'deployments.apps', 'web'), 'ReplicaFailure')).toBe('True FailedCreate')
    await w.k.delete('v1/resourcequotas', 'default', 'q')
    await w.c.advance(60_000)
    expect(get<Deployment>(w, 'deployments.apps', 'web').status?.replicas).toBe(6)
    await make(w, 'v1/persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    })
    expect(get<PersistentVolumeClaim>(w, 'persistentvolumeclaims', 'data').status?.phase).toBe('Pending')
    await make(
      w,
      'v1/pods',
      pod('user', {}, { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] }),
    )
    expect([
      get<PersistentVolumeClaim>(w, 'persistentvolumeclaims', 'data').status?.phase,
      get<Pod>(w, 'pods', 'user').status?.phase,
    ]).toEqual(['Bound', 'Running'])
    await w.k.delete('v1/persistentvolumeclaims', 'default', 'data')
    await w.c.settle()
    expect(get(w, 'persistentvolumeclaims', 'data').metadata.deletionTimestamp).toBeDefined()
    await w.k.delete('v1/pods', 'default', 'user')
    await w.c.settle()
    expect([
      w.c.lister.get('persistentvolumeclaims', 'default', 'data'),
      w.c.lister.count('persistentvolumes'),
    ]).toEqual([undefined, 0])
    expect(w.errors).toEqual([])
  })
})

/** What must not depend on the order in which controllers get their turn: names, times and addresses left out. */
function outcome(w: World): unknown {
  return {
    deployments: w.c.lister
      .list<Deployment>('deployments.apps')
      .map((d) => [
        d.metadata.name,
        d.status?.replicas ?? 0,
        d.status?.readyReplicas ?? 0,
        d.status?.updatedReplicas ?? 0,
        condition(d, 'Available'),
        condition(d, 'Progressing'),
      ]),
    sets: w.c.lister
      .list<ReplicaSet>('replicasets.apps')
      .map((r) => [r.metadata.name, r.spec?.replicas, r.status?.readyReplicas ?? 0]),
    pods: w.c.lister
      .list<Pod>('pods')
      .map(
        (p) =>
          `${p.metadata.ownerReferences?.[0]?.name ?? p.metadata.name} ${p.status?.phase} ${p.spec?.containers[0]?.image}`,
      )
      .sort(),
    endpoints: w.c.lister
      .list<Endpoints>('endpoints')
      .map((e) => [e.metadata.name, e.subsets?.[0]?.addresses?.length ?? 0]),
    slices: w.c.lister
      .list<EndpointSlice>('endpointslices.discovery.k8s.io')
      .map((s) => [s.metadata.labels?.['kubernetes.io/service-name'], s.endpoints?.length ?? 0])
      .sort(),
    jobs: w.c.lister
      .list<Job>('jobs.batch')
      .map((j) => [j.metadata.name, j.status?.succeeded, condition(j, 'Complete')]),
    configs: w.c.lister.list<ConfigMap>('configmaps').map((c) => `${c.metadata.namespace}/${c.metadata.name}`),
  }
}

async function story(controllers: readonly ControllerLine[]): Promise<World> {
  const w = await world({ controllers, profile: { nodes: [node('n1'), node('n2')] } })
  await make(w, 'v1/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  })
  await make(w, 'apps/v1/deployments', deployment('web', 4))
  await w.k.patch('apps/v1/deployments', 'default', 'web', 'strategic', {
    spec: { template: { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } } },
  })
  await make(w, 'apps/v1/statefulsets', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      serviceName: 'db',
      replicas: 2,
      selector: { matchLabels: { app: 'db' } },
      template: template({ app: 'db' }),
    },
  })
  await make(w, 'batch/v1/jobs', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'once' },
    spec: {
      completions: 2,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox', command: ['true'] }] } },
    },
  })
  await w.k.delete('v1/pods', 'default', 'db-0')
  await w.c.settle()
  return w
}

describe('settling', () => {
  test('comes to the same end whatever the order of the controllers, and to rest', async () => {
    const expected = outcome(await story(CONTROLLERS))
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...CONTROLLERS], { minLength: CONTROLLERS.length, maxLength: CONTROLLERS.length }),
        async (controllers) => {
          const w = await story(controllers)
          expect(outcome(w)).toEqual(expected)
          expect(w.errors).toEqual([])
          const before = w.c.store.revision
          w.c.engine.everything()
          await w.c.settle()
          expect(w.c.store.revision).toBe(before)
        },
      ),
      { numRuns: 12 },
    )
  }, 120_000)
})
