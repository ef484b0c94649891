// A pod's life as its node leads it, with the simulated clock: back-offs, images, configuration, probes, hooks,
// deadlines; a clock that stands, jumps or goes back.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { ContainerStatus, Event, Pod, Probe } from '../../apimachinery/api/core.v1.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { Schemas } from '../../apimachinery/schema.ts'
import { Client } from '../../client/client.ts'
import { MemoryStore } from '../../storage/memory.ts'
import { createCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import type { Profile } from '../profile.ts'
import type { ProbeAnswer } from './process.ts'
import { RunningPrograms } from './programs.ts'

const START = Date.UTC(2026, 0, 2, 3, 4, 5)
const PROFILE: Profile = {
  name: 'test',
  context: 'kind-kind',
  cluster: 'kind-kind',
  user: 'kind-kind',
  server: 'https://127.0.0.1:6443',
  version: { server: 'v1.33.13', client: 'v1.33.1' },
  nodes: [{ name: 'n1', internalIP: '172.18.0.2', cpu: '8', memory: '16Gi', pods: '110' }],
  podCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/12',
  dns: { domain: 'cluster.local', address: '10.96.0.10' },
  loadBalancer: 'none',
  images: { absent: ['missing*'] },
}
const SCHEMAS = new Schemas((name) =>
  readFileSync(join(import.meta.dirname, '../../../schemas', `${name}.json`), 'utf8'),
)

interface World {
  readonly c: Cluster
  readonly k: Client
  readonly errors: string[]
}
async function world(): Promise<World> {
  const errors: string[] = []
  let n = 0
  const uuid = (): string => `00000000-0000-4000-8000-${String(++n).padStart(12, '0')}`
  const c = await createCluster({
    store: new MemoryStore(),
    schemas: SCHEMAS,
    clock: { now: () => START, sleep: () => Promise.resolve() },
    entropy: { int: () => 0, uuid, suffix: (k) => 'b'.repeat(k), shuffle: (x) => [...x] },
    profile: PROFILE,
    onControllerError: (name, key, e) => {
      errors.push(`${name} ${key}: ${String(e)}`)
    },
  })
  return { c, k: new Client(c.door), errors }
}
async function run(w: World, name: string, container: JsonObject, spec: JsonObject = {}): Promise<void> {
  await w.k.create('v1/pods', 'default', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'busybox:1', ...container }], ...spec },
  })
  await w.c.settle()
}
const get = (w: World, name: string): Pod => {
  const p = w.c.lister.get<Pod>('pods', 'default', name)
  if (!p) throw new Error(`no pod ${name}`)
  return p
}
const PULLED = / in [\d.]+m?s .*$/
const events = (w: World, name: string): string[] =>
  w.c.lister
    .list<Event>('events', 'default')
    .filter((e) => e.involvedObject.name === name && e.source?.component === 'kubelet')
    .map(
      (e) =>
        `${e.count}x ${e.type} ${e.reason} ${(e.message ?? '').replace(PULLED, '').replaceAll(`(${get(w, name).metadata.uid})`, '()')}`,
    )
const first = (w: World, name: string): ContainerStatus | undefined => get(w, name).status?.containerStatuses?.[0]
/** The state in one line: restarts, what it is, why, and how it last ended. */
function state(w: World, name: string, s = first(w, name)): string {
  const { running, waiting, terminated } = s?.state ?? {}
  const last = s?.lastState?.terminated
  return [
    s?.restartCount,
    running
      ? `running${s?.ready ? ' ready' : ''}`
      : waiting
        ? waiting.reason
        : `${terminated?.reason} ${terminated?.exitCode}`,
    ...(last ? [`after ${last.reason} ${last.exitCode}`] : []),
  ].join(' ')
}
/** The states at so many seconds from now, one after the other. */
async function follow(
  w: World,
  name: string,
  seconds: readonly number[],
  of: (w: World) => string = () => state(w, name),
): Promise<string[]> {
  const out = [`0s ${of(w)}`]
  let at = 0
  for (const t of seconds) {
    await w.c.advance((t - at) * 1000)
    at = t
    out.push(`${t}s ${of(w)}`)
  }
  return out
}
/** Answers probes, instead of asking what runs in the pod. */
const answers = (answer: (probe: Probe, running: number) => ProbeAnswer): void => {
  vi.spyOn(RunningPrograms.prototype, 'probe').mockImplementation((_pod, _container, probe, _attempt, running) =>
    Promise.resolve(answer(probe, running)),
  )
}
afterEach(() => vi.restoreAllMocks())
const SLEEPS = { command: ['sleep', 'infinity'] }

const OCI =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nosuchprogram": executable file not found in $PATH: unknown'
const DAY = 86_400_000

describe('restarts', () => {
  test('of a program that is not there wait longer and longer', async () => {
    const w = await world()
    await run(w, 'wrong', { args: ['nosuchprogram'] })
    expect(first(w, 'wrong')).toMatchObject({
      state: { waiting: { reason: 'RunContainerError', message: OCI } },
      lastState: {
        terminated: {
          exitCode: 128,
          reason: 'StartError',
          message: OCI,
          startedAt: '1970-01-01T00:00:00Z',
          finishedAt: '2026-01-02T03:04:05Z',
        },
      },
      restartCount: 0,
      started: false,
    })
    expect(await follow(w, 'wrong', [1, 2, 10, 11, 30, 31, 72])).toEqual([
      '0s 0 RunContainerError after StartError 128',
      '1s 1 RunContainerError after StartError 128',
      '2s 1 CrashLoopBackOff after StartError 128',
      '10s 1 CrashLoopBackOff after StartError 128',
      '11s 2 RunContainerError after StartError 128',
      '30s 2 CrashLoopBackOff after StartError 128',
      '31s 3 RunContainerError after StartError 128',
      '72s 4 CrashLoopBackOff after StartError 128',
    ])
    expect(get(w, 'wrong').status?.phase).toBe('Running')
    expect(events(w, 'wrong')).toEqual([
      '1x Normal Pulling Pulling image "busybox:1"',
      '1x Normal Pulled Successfully pulled image "busybox:1"',
      '5x Normal Created Created container: c',
      `5x Warning Failed Error: ${OCI}`,
      '4x Normal Pulled Container image "busybox:1" already present on machine',
      '6x Warning BackOff Back-off restarting failed container c in pod wrong_default()',
    ])
    expect(w.errors).toEqual([])
  })

  test('are caught up with in few steps, however long nobody looked', async () => {
    const w = await world()
    await run(w, 'wrong', { args: ['nosuchprogram'] })
    await run(w, 'false', { command: ['sh', '-c', 'sleep 60; exit 3'] })
    const before = w.c.store.revision
    await w.c.advance(365 * DAY)
    // one restart each 300 or 360 seconds, in a few hundred writes
    expect([state(w, 'wrong'), state(w, 'false')]).toEqual([
      '105124 CrashLoopBackOff after StartError 128',
      '87604 running ready after Error 3',
    ])
    expect(w.c.store.revision - before).toBeLessThan(1000)
    const { finishedAt } = first(w, 'wrong')?.lastState?.terminated ?? {}
    expect(Date.parse(finishedAt ?? '')).toBeGreaterThan(START + 365 * DAY - 300_000)
    expect(w.errors).toEqual([])
  })

  test('begin anew with another image', async () => {
    const w = await world()
    await run(w, 'c', { args: ['nosuchprogram'] })
    await w.c.advance(60_000)
    const waits = (): string | undefined => /back-off \S+/.exec(first(w, 'c')?.state?.waiting?.message ?? '')?.[0]
    expect([first(w, 'c')?.restartCount, waits()]).toEqual([3, 'back-off 40s'])
    const image = [{ op: 'replace', path: '/spec/containers/0/image', value: 'busybox:2' }]
    await w.k.patch('v1/pods', 'default', 'c', 'json', image)
    await w.c.settle()
    expect(first(w, 'c')?.restartCount).toBe(4)
    await w.c.advance(2_000)
    expect([first(w, 'c')?.restartCount, waits()]).toEqual([4, 'back-off 10s'])
    expect(w.errors).toEqual([])
  })

  test('begin anew with ten seconds after ten minutes of running', async () => {
    const w = await world()
    vi.spyOn(RunningPrograms.prototype, 'plan').mockImplementation((_pod, _container, { number }) =>
      Promise.resolve({ exit: { code: 1, after: number === 3 ? 700_000 : 0 } }),
    )
    await run(w, 'c', { command: ['sh', '-c', 'read line'] })
    expect(
      await follow(
        w,
        'c',
        [10, 30, 729, 730, 739, 740, 760],
        () => `${state(w, 'c')} ${/back-off \S+/.exec(first(w, 'c')?.state?.waiting?.message ?? '')?.[0] ?? ''}`,
      ),
    ).toEqual([
      '0s 1 CrashLoopBackOff after Error 1 back-off 10s',
      '10s 2 CrashLoopBackOff after Error 1 back-off 20s',
      '30s 3 running ready after Error 1 ',
      '729s 3 running ready after Error 1 ',
      '730s 4 CrashLoopBackOff after Error 1 back-off 10s',
      '739s 4 CrashLoopBackOff after Error 1 back-off 10s',
      '740s 5 CrashLoopBackOff after Error 1 back-off 20s',
      '760s 6 CrashLoopBackOff after Error 1 back-off 40s',
    ])
  })

  test('follow the policy', async () => {
    const w = await world()
    const phases: string[] = []
    for (const policy of ['Always', 'OnFailure', 'Never'])
      for (const [what, container] of [
        ['ok', { command: ['true'] }],
        ['bad', { command: ['false'] }],
        ['wrong', { args: ['nosuchprogram'] }],
      ] as const) {
        const name = `${what}-${policy.toLowerCase()}`
        await run(w, name, container, { restartPolicy: policy })
        phases.push(`${name}: ${get(w, name).status?.phase} ${state(w, name)}`)
      }
    expect(phases).toEqual([
      'ok-always: Running 1 CrashLoopBackOff after Completed 0',
      'bad-always: Running 1 CrashLoopBackOff after Error 1',
      'wrong-always: Running 0 RunContainerError after StartError 128',
      'ok-onfailure: Succeeded 0 Completed 0',
      'bad-onfailure: Running 1 CrashLoopBackOff after Error 1',
      'wrong-onfailure: Running 0 RunContainerError after StartError 128',
      'ok-never: Succeeded 0 Completed 0',
      'bad-never: Failed 0 Error 1',
      'wrong-never: Failed 0 StartError 128',
    ])
  })

  test('stand still with the clock, and one comes when it goes back', async () => {
    const w = await world()
    w.c.clock.set({ offset: 0, frozen: START })
    const touch = async (): Promise<void> => {
      for (let i = 0; i < 3; i++)
        for (const n of ['wrong', 'bad', 'up']) {
          await w.k.patch('v1/pods', 'default', n, 'merge', { metadata: { labels: { i: String(w.c.store.revision) } } })
          await w.c.settle()
        }
    }
    const all = (): string[] => ['wrong', 'bad', 'up'].map((n) => state(w, n))
    await run(w, 'wrong', { args: ['nosuchprogram'] })
    await run(w, 'bad', { command: ['false'] })
    await run(w, 'up', {
      command: ['sleep', '3600'],
      readinessProbe: { httpGet: { port: 80 }, initialDelaySeconds: 5 },
    })
    await touch()
    expect(all()).toEqual(['0 RunContainerError after StartError 128', '1 CrashLoopBackOff after Error 1', '0 running'])
    await w.c.advance(5000)
    expect(all()).toEqual([
      '1 CrashLoopBackOff after StartError 128',
      '1 CrashLoopBackOff after Error 1',
      '0 running ready',
    ])
    w.c.clock.set({ offset: 0, frozen: START - DAY })
    await touch()
    expect(all()).toEqual([
      '2 RunContainerError after StartError 128',
      '2 CrashLoopBackOff after Error 1',
      '0 running ready',
    ])
    expect(w.errors).toEqual([])
  })
})

describe('before the first start', () => {
  test('an image that cannot be pulled is tried again with doubled delays, shown as failed and as backing off in turn', async () => {
    const w = await world()
    await run(w, 'p', { image: 'missing:1' })
    expect(await follow(w, 'p', [10, 20, 30, 50, 60, 100])).toEqual([
      '0s 0 ErrImagePull',
      '10s 0 ImagePullBackOff',
      '20s 0 ErrImagePull',
      '30s 0 ImagePullBackOff',
      '50s 0 ErrImagePull',
      '60s 0 ImagePullBackOff',
      '100s 0 ErrImagePull',
    ])
    const why =
      'rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/missing:1": failed to resolve reference "docker.io/library/missing:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed'
    expect(first(w, 'p')?.state?.waiting?.message).toBe(why)
    expect(events(w, 'p').slice(0, 3)).toEqual([
      '4x Normal Pulling Pulling image "missing:1"',
      `4x Warning Failed Failed to pull image "missing:1": ${why}`,
      '4x Warning Failed Error: ErrImagePull',
    ])
    await w.c.advance(10_000)
    expect(first(w, 'p')?.state?.waiting).toEqual({
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "missing:1": ErrImagePull: ${why}`,
    })
    await w.k.patch('v1/pods', 'default', 'p', 'strategic', { spec: { containers: [{ name: 'c', image: 'nginx:1' }] } })
    await w.c.settle()
    expect([state(w, 'p'), w.c.store.meta('backoff/n1')]).toEqual(['0 running ready', {}])
  })

  test('names that are no images, and images that may not be pulled', async () => {
    const w = await world()
    await run(w, 'name', { image: 'Bad:1' })
    await run(w, 'never', { image: 'missing:1', imagePullPolicy: 'Never' })
    await w.c.advance(60_000)
    expect([state(w, 'name'), events(w, 'name')]).toEqual([
      '0 InvalidImageName',
      [
        `4x Warning InspectFailed Failed to apply default image tag "Bad:1": couldn't parse image name "Bad:1": invalid reference format: repository name (library/Bad) must be lowercase`,
        '4x Warning Failed Error: InvalidImageName',
      ],
    ])
    expect([state(w, 'never'), events(w, 'never')]).toEqual([
      '0 ErrImageNeverPull',
      [
        '4x Warning ErrImageNeverPull Container image "missing:1" is not present with pull policy of Never',
        '4x Warning Failed Error: ErrImageNeverPull',
      ],
    ])
  })

  test('configuration that is missing is said for every volume, counted, and waited for', async () => {
    const w = await world()
    await run(w, 'env', { command: ['sleep', '9'], envFrom: [{ configMapRef: { name: 'cm' } }] })
    await run(
      w,
      'mount',
      { command: ['sleep', '9'] },
      {
        volumes: [
          { name: 'v', configMap: { name: 'cm' } },
          { name: 'x', secret: { secretName: 's' } },
        ],
      },
    )
    await w.c.advance(60_000)
    expect([state(w, 'env'), state(w, 'mount')]).toEqual(['0 CreateContainerConfigError', '0 ContainerCreating'])
    expect(events(w, 'env')).toEqual([
      '1x Normal Pulling Pulling image "busybox:1"',
      '1x Normal Pulled Successfully pulled image "busybox:1"',
      '4x Warning Failed Error: configmap "cm" not found',
      '3x Normal Pulled Container image "busybox:1" already present on machine',
    ])
    expect(events(w, 'mount')).toEqual([
      '4x Warning FailedMount MountVolume.SetUp failed for volume "v" : configmap "cm" not found',
      '4x Warning FailedMount MountVolume.SetUp failed for volume "x" : secret "s" not found',
    ])
    await w.k.create('v1/secrets', 'default', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } })
    await w.k.create('v1/configmaps', 'default', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm' } })
    await w.c.settle()
    expect([state(w, 'env'), state(w, 'mount'), w.c.store.meta('backoff/n1')]).toEqual([
      '0 running ready',
      '0 running ready',
      {},
    ])
  })

  test('init containers that fail hold the pod back, or end it', async () => {
    const w = await world()
    const init = { initContainers: [{ name: 'a', image: 'busybox:1', command: ['false'] }] }
    await run(w, 'again', {}, init)
    await run(w, 'once', {}, { ...init, restartPolicy: 'Never' })
    const both = ['again', 'once'].map((n) => [
      get(w, n).status?.phase,
      state(w, n, get(w, n).status?.initContainerStatuses?.[0]),
      state(w, n),
    ])
    expect(both).toEqual([
      ['Pending', '1 CrashLoopBackOff after Error 1', '0 PodInitializing'],
      ['Failed', '0 Error 1', '0 PodInitializing'],
    ])
  })
})

describe('while running', () => {
  const REFUSED = 'Get "http://10.244.0.5:80/": dial tcp 10.244.0.5:80: connect: connection refused'
  const GONE = 'cat: /tmp/healthy: No such file or directory\n'
  const probes = (): void =>
    answers((probe, running) =>
      probe.httpGet
        ? { ok: false, message: REFUSED }
        : probe.exec && running < 35_000
          ? { ok: true, until: 35_000 }
          : probe.exec
            ? { ok: false, message: GONE }
            : { ok: true },
    )

  test('a readiness probe that fails keeps the pod unready, and counts', async () => {
    const w = await world()
    probes()
    await run(w, 'r', { ...SLEEPS, readinessProbe: { httpGet: { port: 80 } } })
    expect(await follow(w, 'r', [10, 30, 75])).toEqual([
      '0s 0 running',
      '10s 0 running',
      '30s 0 running',
      '75s 0 running',
    ])
    expect(events(w, 'r').at(-1)).toBe(`8x Warning Unhealthy Readiness probe failed: ${REFUSED}`)
    await run(w, 'late', {
      ...SLEEPS,
      readinessProbe: { tcpSocket: { port: 80 }, initialDelaySeconds: 3, successThreshold: 2, periodSeconds: 5 },
    })
    expect(await follow(w, 'late', [3, 7, 8])).toEqual([
      '0s 0 running',
      '3s 0 running',
      '7s 0 running',
      '8s 0 running ready',
    ])
    await run(w, 'turns', {
      ...SLEEPS,
      readinessProbe: { exec: { command: ['cat', '/tmp/healthy'] }, periodSeconds: 5 },
    })
    expect(await follow(w, 'turns', [35, 44, 45])).toEqual([
      '0s 0 running ready',
      '35s 0 running ready',
      '44s 0 running ready',
      '45s 0 running',
    ])
  })

  test('a liveness probe that fails three times restarts, as the tutorial shows', async () => {
    const w = await world()
    probes()
    await run(w, 'l', {
      ...SLEEPS,
      livenessProbe: { exec: { command: ['cat', '/tmp/healthy'] }, initialDelaySeconds: 5, periodSeconds: 5 },
    })
    expect(await follow(w, 'l', [35, 44, 45, 89, 90, 99, 100])).toEqual([
      '0s 0 running ready',
      '35s 0 running ready',
      '44s 0 running ready',
      '45s 1 running ready after Error 137',
      '89s 1 running ready after Error 137',
      '90s 1 CrashLoopBackOff after Error 137',
      '99s 1 CrashLoopBackOff after Error 137',
      '100s 2 running ready after Error 137',
    ])
    expect(events(w, 'l')).toEqual([
      '1x Normal Pulling Pulling image "busybox:1"',
      '1x Normal Pulled Successfully pulled image "busybox:1"',
      '3x Normal Created Created container: c',
      '3x Normal Started Started container c',
      `6x Warning Unhealthy Liveness probe failed: ${GONE}`,
      '2x Normal Killing Container c failed liveness probe, will be restarted',
      '2x Normal Pulled Container image "busybox:1" already present on machine',
      '1x Warning BackOff Back-off restarting failed container c in pod l_default()',
    ])
  })

  test('a start probe holds the others back, and gives up', async () => {
    const w = await world()
    probes()
    await run(w, 'never', {
      ...SLEEPS,
      startupProbe: { httpGet: { port: 80 }, failureThreshold: 5 },
      livenessProbe: { httpGet: { port: 80 } },
    })
    expect(await follow(w, 'never', [39, 40])).toEqual([
      '0s 0 running',
      '39s 0 running',
      '40s 1 running after Error 137',
    ])
    expect(events(w, 'never').filter((e) => /Unhealthy|Killing/.test(e))).toEqual([
      `6x Warning Unhealthy Startup probe failed: ${REFUSED}`,
      '1x Normal Killing Container c failed startup probe, will be restarted',
    ])
    answers((probe, running) =>
      probe.httpGet && running < 15_000 ? { ok: false, message: REFUSED, until: 15_000 } : { ok: true },
    )
    await run(w, 'slow', {
      ...SLEEPS,
      startupProbe: { httpGet: { port: 80 }, failureThreshold: 5 },
      readinessProbe: { tcpSocket: { port: 80 } },
      livenessProbe: { httpGet: { port: 80 }, failureThreshold: 1 },
    })
    expect(await follow(w, 'slow', [19, 20, 60], () => `${state(w, 'slow')} ${first(w, 'slow')?.started}`)).toEqual([
      '0s 0 running false',
      '19s 0 running false',
      '20s 0 running ready true',
      '60s 0 running ready true',
    ])
  })

  test('probes that fail for months cost little', async () => {
    const w = await world()
    probes()
    await run(w, 'r', { ...SLEEPS, readinessProbe: { httpGet: { port: 80 } } })
    const before = w.c.store.revision
    await w.c.advance(10 * DAY)
    expect(w.c.store.revision - before).toBeLessThan(2000)
    expect(w.errors).toEqual([])
  })

  test('a hook that fails ends the container it followed', async () => {
    const w = await world()
    answers((probe) => (probe.exec ? { ok: false, message: 'no' } : { ok: true }))
    await run(w, 'h', { ...SLEEPS, lifecycle: { postStart: { exec: { command: ['touch', '/x'] } } } })
    expect(await follow(w, 'h', [1, 2])).toEqual([
      '0s 0 PostStartHookError after Error 137',
      '1s 1 PostStartHookError after Error 137',
      '2s 1 CrashLoopBackOff after Error 137',
    ])
    expect(events(w, 'h').slice(3, 6)).toEqual([
      '2x Normal Started Started container c',
      '2x Warning FailedPostStartHook PostStartHook failed',
      '2x Normal Killing FailedPostStartHook',
    ])
  })

  test('a preStop hook runs before the end, within the grace period; one that fails is told of', async () => {
    const w = await world()
    const hooks: Record<string, [JsonObject, JsonObject?]> = {
      nap: [{ sleep: { seconds: 10 } }],
      script: [{ exec: { command: ['sh', '-c', 'echo bye; sleep 5'] } }],
      long: [{ exec: { command: ['sleep', '300'] } }, { terminationGracePeriodSeconds: 20 }],
      bad: [{ exec: { command: ['sh', '-c', 'exit 3'] } }],
      none: [{ exec: { command: ['sleep', '5'] } }],
    }
    for (const [name, [preStop, spec]] of Object.entries(hooks))
      await run(w, name, { command: ['sleep', '9999'], lifecycle: { preStop } }, spec)
    for (const name of Object.keys(hooks))
      await w.k.delete('v1/pods', 'default', name, name === 'none' ? { gracePeriodSeconds: 0 } : {})
    await w.c.settle()
    const there = (): string =>
      w.c.lister
        .list<Pod>('pods', 'default')
        .map((p) => p.metadata.name)
        .join(' ')
    const seen = [there()]
    for (const step of [4, 1, 5, 9, 1]) {
      await w.c.advance(step * 1000)
      seen.push(there())
    }
    expect(seen).toEqual(['long nap script', 'long nap script', 'long nap', 'long', 'long', ''])
    const told = (name: string): string[] =>
      w.c.lister
        .list<Event>('events', 'default')
        .filter((e) => e.involvedObject.name === name && /Killing|Hook/.test(e.reason ?? ''))
        .map((e) => `${e.type} ${e.reason} ${e.message}`)
        .sort()
    expect(told('bad')).toEqual(['Normal Killing Stopping container c', 'Warning FailedPreStopHook PreStopHook failed'])
    expect(told('nap')).toEqual(['Normal Killing Stopping container c'])
    expect(w.errors).toEqual([])
    expect(w.c.store.meta('stopping')).toEqual({})
  })

  test('a deadline ends what runs, and what never did', async () => {
    const w = await world()
    await run(w, 'd', { command: ['sleep', '9999'] }, { activeDeadlineSeconds: 30 })
    await run(w, 'p', { image: 'missing:1' }, { activeDeadlineSeconds: 30 })
    await w.c.advance(30_000)
    expect(get(w, 'd').status).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
      containerStatuses: [
        { state: { terminated: { exitCode: 137, reason: 'Error', finishedAt: '2026-01-02T03:04:35Z' } } },
      ],
    })
    expect(events(w, 'd').slice(-2)).toEqual([
      '1x Normal DeadlineExceeded Pod was active on the node longer than the specified deadline',
      '1x Normal Killing Stopping container c',
    ])
    expect(state(w, 'p')).toBe('0 ContainerStatusUnknown 137')
    expect(w.c.store.meta('backoff/n1') ?? {}).toEqual({})
  })
})
