// Container commands as programs on the simulated clock: what they write and when, how they end, how they see the
// cluster and their files change; gone on with by another process.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Container, Event, Pod } from '../../apimachinery/api/core.v1.ts'
import { Schemas } from '../../apimachinery/schema.ts'
import { Client } from '../../client/client.ts'
import { MemoryStore } from '../../storage/memory.ts'
import { createCluster } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import type { Profile } from '../profile.ts'

const START = Date.UTC(2026, 0, 2, 3, 4, 5)
const PROFILE: Profile = {
  name: 'test',
  context: 'c',
  cluster: 'c',
  user: 'c',
  server: 'https://127.0.0.1:6443',
  version: { server: 'v1.33.13', client: 'v1.33.1' },
  nodes: [{ name: 'n1', internalIP: '172.18.0.2', cpu: '8', memory: '16Gi', pods: '110' }],
  podCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/12',
  dns: { domain: 'cluster.local', address: '10.96.0.10', systemPods: false },
  loadBalancer: 'none',
}
const SCHEMAS = new Schemas((name) =>
  readFileSync(join(import.meta.dirname, '../../../schemas', `${name}.json`), 'utf8'),
)

interface World {
  c: Cluster
  readonly store: MemoryStore
  readonly errors: string[]
}
async function world(store = new MemoryStore()): Promise<World> {
  const errors: string[] = []
  let n = store.revision
  const uuid = (): string => `00000000-0000-4000-8000-${String(++n).padStart(12, '0')}`
  const c = await createCluster({
    store,
    schemas: SCHEMAS,
    clock: {
      now: () => START,
      sleep: () =>
        new Promise((r) => {
          setImmediate(r)
        }),
    },
    entropy: { int: () => 0, uuid, suffix: (k) => 'b'.repeat(k), shuffle: (x) => [...x] },
    profile: PROFILE,
    onControllerError: (name, key, e) => {
      errors.push(`${name} ${key}: ${String(e)}`)
    },
  })
  return { c, store, errors }
}
/** Another process on the same state. */
const again = async (w: World): Promise<void> => {
  w.c.engine.close()
  w.c = (await world(w.store)).c
}

const sh = (text: string, more: Partial<Container> = {}): Container => ({
  name: 'c',
  image: 'busybox:1.36',
  command: ['sh', '-c', text],
  ...more,
})
async function run(w: World, name: string, spec: Partial<NonNullable<Pod['spec']>>): Promise<void> {
  await new Client(w.c.door).create('v1/pods', 'default', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [], ...spec },
  } as unknown as Pod)
  await w.c.settle()
}
const pod = (w: World, name: string): Pod => {
  const p = w.c.lister.get<Pod>('pods', 'default', name)
  if (!p) throw new Error(`no pod ${name}`)
  return p
}
async function logs(
  w: World,
  name: string,
  container = 'c',
  query: Readonly<Record<string, readonly string[]>> = {},
): Promise<string> {
  const r = await w.c.door.handle({
    method: 'GET',
    path: `/api/v1/namespaces/default/pods/${name}/log`,
    query: { container: [container], ...query },
    headers: {},
  })
  let text = typeof r.body === 'string' ? r.body : ''
  if (r.stream) for await (const part of r.stream) text += String(part)
  return text
}
async function exec(w: World, name: string, command: readonly string[], container = 'c'): Promise<string> {
  let out = ''
  await w.c.door.connect(
    {
      method: 'POST',
      path: `/api/v1/namespaces/default/pods/${name}/exec`,
      query: { container: [container], stdout: ['true'], stderr: ['true'], command },
      headers: {},
    },
    {
      stdout: (t) => {
        out += String(t)
      },
      stderr: (t) => {
        out += String(t)
      },
    },
  )
  return out
}
const state = (w: World, name: string, i = 0): string => {
  const s = pod(w, name).status?.containerStatuses?.[i]
  const t = s?.state?.terminated
  return `${pod(w, name).status?.phase} ${s?.restartCount} ${t ? `${t.reason} ${t.exitCode}${t.message ? ` ${t.message.trim()}` : ''}` : (s?.state?.waiting?.reason ?? (s?.ready ? 'ready' : 'running'))}`
}
const seconds = (w: World, n: number): Promise<void> => w.c.advance(n * 1000)

describe('a script', () => {
  test('writes at its own times, ends with its code, and is restarted', async () => {
    const w = await world()
    await run(w, 'ends', {
      restartPolicy: 'Never',
      containers: [sh('for i in 1 2 3; do echo turn $i; sleep 2; done; echo bye >&2; exit 3')],
    })
    expect(await logs(w, 'ends')).toBe('turn 1\n')
    await seconds(w, 3)
    expect(await logs(w, 'ends', 'c', { timestamps: ['true'] })).toBe(
      '2026-01-02T03:04:05.000000000Z turn 1\n2026-01-02T03:04:07.000000000Z turn 2\n',
    )
    await again(w)
    await seconds(w, 10)
    expect(state(w, 'ends')).toBe('Failed 0 Error 3')
    expect(pod(w, 'ends').status?.containerStatuses?.[0]?.state?.terminated?.finishedAt).toBe('2026-01-02T03:04:11Z')
    expect(await logs(w, 'ends')).toBe('turn 1\nturn 2\nturn 3\nbye\n')
    await run(w, 'crash', { containers: [sh('echo attempt at $(date +%S); exit 1')] })
    await seconds(w, 12)
    expect(state(w, 'crash')).toBe('Running 2 CrashLoopBackOff')
    expect(await logs(w, 'crash')).toBe('attempt at 28\n')
    expect(w.errors).toEqual([])
  })

  test('goes on in another process where it was, whatever construct it was in', async () => {
    const w = await world()
    await run(w, 'deep', {
      restartPolicy: 'Never',
      containers: [
        sh(
          'n=0; f() { echo "f $1"; }; while [ $n -lt 3 ]; do if [ $n = 1 ]; then for x in a b; do f $x; sleep 1; done; else { echo n=$n; sleep 1; echo after $n; }; fi; n=$((n+1)); done && echo done || echo no',
        ),
      ],
    })
    for (let i = 0; i < 6; i++) {
      await again(w)
      await seconds(w, 1)
    }
    expect(await logs(w, 'deep')).toBe('n=0\nafter 0\nf a\nf b\nn=2\nafter 2\ndone\n')
    expect(state(w, 'deep')).toBe('Succeeded 0 Completed 0')
  })

  test('that never ends is left out where nobody looks, and counts on', async () => {
    const w = await world()
    await run(w, 'count', { containers: [sh('i=0; while true; do echo "$i: $(date)"; i=$((i+1)); sleep 1; done')] })
    await seconds(w, 3)
    expect(await logs(w, 'count')).toBe(
      '0: Fri Jan  2 03:04:05 UTC 2026\n1: Fri Jan  2 03:04:06 UTC 2026\n2: Fri Jan  2 03:04:07 UTC 2026\n3: Fri Jan  2 03:04:08 UTC 2026\n',
    )
    await seconds(w, 86_400)
    expect(await logs(w, 'count', 'c', { tailLines: ['1'] })).toBe('86403: Sat Jan  3 03:04:08 UTC 2026\n')
  })

  test('stops at the first failure with -e, runs its trap, execs, and does not spin', async () => {
    const w = await world()
    await run(w, 'e', {
      restartPolicy: 'Never',
      containers: [
        sh('trap "echo bye" EXIT; set -e; false || echo caught; if false; then echo no; fi; echo one; false; echo two'),
      ],
    })
    expect([await logs(w, 'e'), state(w, 'e')]).toEqual(['caught\none\nbye\n', 'Failed 0 Error 1'])
    await run(w, 'x', { restartPolicy: 'Never', containers: [sh('echo hi; exec sleep 5; echo never')] })
    await seconds(w, 6)
    expect([await logs(w, 'x'), state(w, 'x')]).toEqual(['hi\n', 'Succeeded 0 Completed 0'])
    await run(w, 'busy', { containers: [sh('while true; do echo x; done')] })
    expect((await logs(w, 'busy')).length).toBeLessThan(2000)
    await run(w, 'wrong', { restartPolicy: 'Never', containers: [sh('nosuchprogram --now')] })
    expect([await logs(w, 'wrong'), state(w, 'wrong')]).toEqual([
      'sh: nosuchprogram: not found\n',
      'Failed 0 Error 127',
    ])
  })
})

describe('with others', () => {
  test('an init container waits for a Service to have a name', async () => {
    const w = await world()
    await run(w, 'app', {
      initContainers: [
        sh('until nslookup mydb.default.svc.cluster.local; do echo waiting for mydb; sleep 2; done', {
          name: 'i',
          image: 'busybox:1.28',
        }),
      ],
      containers: [sh('echo The app is running! && sleep 3600')],
    })
    await seconds(w, 3)
    expect(pod(w, 'app').status?.initContainerStatuses?.[0]?.state?.running).toBeDefined()
    expect((await logs(w, 'app', 'i')).match(/waiting for mydb/g)).toHaveLength(2)
    await new Client(w.c.door).create('v1/services', 'default', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'mydb' },
      spec: { ports: [{ port: 80 }] },
    } as never)
    await seconds(w, 2)
    expect([state(w, 'app'), await logs(w, 'app')]).toEqual(['Running 0 ready', 'The app is running!\n'])
  })

  test('containers share an emptyDir; a new container has new files of its own', async () => {
    const w = await world()
    const volumeMounts = [{ name: 'v', mountPath: '/data' }]
    await run(w, 'two', {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        sh('while true; do date +%S >> /data/log; sleep 5; done', { volumeMounts }),
        sh('sleep 7; cat /data/log; ls /tmp; touch /tmp/mine; exit 1', { name: 'd', volumeMounts }),
      ],
    })
    await seconds(w, 16)
    expect(await exec(w, 'two', ['cat', '/data/log'])).toBe('05\n10\n15\n20\n')
    expect(await logs(w, 'two', 'd')).toBe('05\n10\n15\n')
  })

  test('a liveness probe reads the files that the script writes', async () => {
    const w = await world()
    await run(w, 'live', {
      containers: [
        sh('touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600', {
          livenessProbe: { exec: { command: ['cat', '/tmp/healthy'] }, initialDelaySeconds: 5, periodSeconds: 5 },
        }),
      ],
    })
    await seconds(w, 29)
    expect(state(w, 'live')).toBe('Running 0 ready')
    await seconds(w, 20)
    expect(state(w, 'live')).toBe('Running 1 ready')
    const said = w.c.lister
      .list<Event>('events', 'default')
      .filter((e) => e.involvedObject.name === 'live' && e.source?.component === 'kubelet')
      .map((e) => `${e.count}x ${e.reason} ${e.message}`)
    expect(said.filter((s) => /Unhealthy|Killing/.test(s))).toEqual([
      "3x Unhealthy Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n",
      '1x Killing Container c failed liveness probe, will be restarted',
    ])
  })

  test('a readiness probe follows what somebody does by exec', async () => {
    const w = await world()
    await run(w, 'ready', {
      containers: [
        sh('sleep 3600', { readinessProbe: { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 5 } }),
      ],
    })
    await seconds(w, 11)
    expect(state(w, 'ready')).toBe('Running 0 running')
    await exec(w, 'ready', ['touch', '/tmp/ready'])
    await seconds(w, 5)
    expect(state(w, 'ready')).toBe('Running 0 ready')
    await seconds(w, 600)
    await exec(w, 'ready', ['rm', '/tmp/ready'])
    await seconds(w, 16)
    expect(state(w, 'ready')).toBe('Running 0 running')
  })

  test('files of bytes stay what they are; mounted configuration is reached through links', async () => {
    const w = await world()
    await new Client(w.c.door).create('v1/configmaps', 'default', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'cfg' },
      data: { 'a.conf': 'x' },
      binaryData: { bin: Buffer.from([255, 0, 254]).toString('base64') },
    } as never)
    await run(w, 'files', {
      volumes: [{ name: 'v', configMap: { name: 'cfg' } }],
      containers: [sh('sleep 3600', { volumeMounts: [{ name: 'v', mountPath: '/etc/cfg' }] })],
    })
    expect(
      await exec(w, 'files', [
        'sh',
        '-c',
        'cat /etc/cfg/bin > /tmp/b; cat /tmp/b /etc/cfg/..data/bin >> /tmp/b; wc -c < /tmp/b; base64 /tmp/b; echo é > /tmp/u; cat /tmp/u',
      ]),
    ).toBe('9\n/wD+/wD+/wD+\né\n')
    expect(
      (await exec(w, 'files', ['ls', '-l', '/etc/cfg'])).split('\n').map((l) => l.replace(/^(\S+).*:\d\d /, '$1 ')),
    ).toEqual(['total 0', 'lrwxrwxrwx a.conf -> ..data/a.conf', 'lrwxrwxrwx bin -> ..data/bin', ''])
    expect(await exec(w, 'files', ['sh', '-c', 'echo no > /etc/cfg/a.conf'])).toBe(
      "sh: can't create /etc/cfg/a.conf: Read-only file system\n",
    )
  })

  test('last words, hooks, and the answers of known servers', async () => {
    const w = await world()
    await run(w, 'words', {
      restartPolicy: 'Never',
      containers: [
        sh('sleep 10 && echo Sleep expired > /dev/termination-log'),
        sh('echo broken; exit 2', { name: 'd', terminationMessagePolicy: 'FallbackToLogsOnError' }),
      ],
    })
    await seconds(w, 11)
    expect([state(w, 'words'), state(w, 'words', 1)]).toEqual([
      'Failed 0 Completed 0 Sleep expired',
      'Failed 0 Error 2 broken',
    ])
    await run(w, 'hook', {
      containers: [
        {
          name: 'c',
          image: 'nginx',
          lifecycle: {
            postStart: {
              exec: { command: ['sh', '-c', 'echo Hello from the postStart handler > /usr/share/message'] },
            },
          },
        },
      ],
    })
    expect(await exec(w, 'hook', ['cat', '/usr/share/message'])).toBe('Hello from the postStart handler\n')
    await run(w, 'http', {
      containers: [
        {
          name: 'c',
          image: 'registry.k8s.io/e2e-test-images/agnhost:2.40',
          args: ['liveness'],
          livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, initialDelaySeconds: 3, periodSeconds: 3 },
        },
      ],
    })
    await seconds(w, 10)
    expect(state(w, 'http')).toBe('Running 0 ready')
    await seconds(w, 10)
    expect(state(w, 'http')).toBe('Running 1 ready')
  })
})
