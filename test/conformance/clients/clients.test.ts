// Real clients on a served cluster: kubectl of every version at hand, helm, client libraries, the real scheduler. `node
// scripts/clients.mjs` fetches what can be
// fetched; kubectl is also taken from KUBECTLS (paths, joined by :) and PATH, the scheduler from KUBE_SCHEDULER or
// PATH. What is not there is skipped, aloud.
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, startServer } from '../../harness/served.ts'
import type { Server } from '../../harness/served.ts'

const fetched = join(import.meta.dirname, '../../../.clients')
const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(':')
    .map((d) => join(d, name))
    .find(executable)
const there = (...paths: (string | undefined)[]): string | undefined =>
  paths.find((p) => p !== undefined && executable(p))

let s: Server
beforeAll(async () => {
  s = await startServer(['--ephemeral'])
})
afterAll(async () => {
  await s.stop()
})

/** A test of a program, or a loud skip. */
function client(name: string, program: string | undefined, body: (program: string) => Promise<void>): void {
  if (program === undefined) {
    console.warn(`SKIPPED: ${name} is not on this machine (node scripts/clients.mjs fetches clients)`)
    test.skip(name, () => undefined)
    return
  }
  test(name, { timeout: 180_000 }, () => body(program))
}

const kubectls = new Map<string, string>()
for (const v of Array.from({ length: 12 }, (_, i) => String(27 + i))) {
  const path = there(
    ...(process.env.KUBECTLS ?? '').split(':').filter((p) => p.endsWith(`1.${v}`)),
    onPath(`kubectl.1.${v}`),
    join(fetched, `kubectl-${v}/kubectl`),
  )
  if (path) kubectls.set(v, path)
}
if (kubectls.size === 0) client('kubectl', undefined, async () => undefined)

/** The verbs that the tour above it does not need for its way. */
async function tourOfTheRest(
  kubectl: string,
  ns: string,
  pod: string,
  k: (...args: string[]) => Promise<string>,
): Promise<void> {
  const node = 'kind-control-plane'
  expect(await k('annotate', 'service', 'web', 'note=x')).toMatch(/^service\/web annotated?\n$/)
  expect(await k('autoscale', 'deployment', 'web', '--min=1', '--max=3')).toBe(
    'horizontalpodautoscaler.autoscaling/web autoscaled\n',
  )
  expect(await k('rollout', 'pause', 'deployment/web')).toBe('deployment.apps/web paused\n')
  expect(await k('rollout', 'resume', 'deployment/web')).toBe('deployment.apps/web resumed\n')
  expect(await k('rollout', 'history', 'deployment/web')).toBe(
    'deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n',
  )
  expect(
    (
      await run(kubectl, ['-n', ns, 'edit', 'configmap', 'applied'], {
        env: { ...s.env, KUBE_EDITOR: 'sed -i s/b:/c:/' },
      })
    ).stdout,
  ).toBe('configmap/applied edited\n')
  expect(await k('get', 'configmap', 'applied', '-o', 'jsonpath={.data}')).toBe('{"c":"2"}')
  const file = join(s.home, `${ns}-replaced.yaml`)
  writeFileSync(file, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  d: "3"\n')
  expect(await k('replace', '-f', file)).toBe('configmap/applied replaced\n')
  // run -i attaches to what it made
  expect(
    (
      await run(kubectl, ['-n', ns, 'run', 'typed', '-i', '--rm', '--restart=Never', '--image=busybox', '--', 'cat'], {
        env: s.env,
        input: 'typed\n',
      })
    ).stdout,
  ).toMatch(/^typed\n(?:pod "typed" deleted.*\n)?$/)
  expect(await k('debug', pod, '--image=busybox', '--', 'sleep', '1')).toMatch(
    /^Defaulting debug container name to debugger-\w+\.\n/,
  )
  expect(await k('cordon', node)).toBe(`node/${node} cordoned\n`)
  expect(
    await k('drain', node, '--dry-run=client', '--ignore-daemonsets', '--force', '--delete-emptydir-data'),
  ).toContain(`node/${node} drained (dry run)\n`)
  expect(await k('uncordon', node)).toBe(`node/${node} uncordoned\n`)
  expect(await k('taint', 'nodes', node, 'tour=x:PreferNoSchedule')).toBe(`node/${node} tainted\n`)
  expect(await k('taint', 'nodes', node, 'tour-')).toBe(`node/${node} untainted\n`)
  expect(await k('events', '--for', `pod/${pod}`)).toMatch(/Scheduled +Pod\//)
  expect(await k('top', 'pods')).toBe('error: Metrics API not available\nexit 1\n')
  expect(await k('certificate', 'approve', 'nope')).toBe(
    'Error from server (NotFound): certificatesigningrequests.certificates.k8s.io "nope" not found\nexit 1\n',
  )
  expect(await k('config', 'view', '--minify', '-o', 'jsonpath={.contexts[0].context.cluster}')).toBe('kind-kind')
  expect(await k('cluster-info')).toContain('Kubernetes control plane')
  expect(await k('api-versions')).toMatch(/^apps\/v1$/m)
  expect(await k('version', '-o', 'yaml')).toContain('serverVersion:')
  const folder = join(s.home, `${ns}-kustomize`)
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    'namePrefix: tour-\nconfigMapGenerator:\n- name: made\n  literals: [a=b]\n',
  )
  expect(await k('apply', '-k', folder)).toMatch(/^configmap\/tour-made-\w+ created\n$/)
  const proxy = spawn(kubectl, ['proxy', '--port=0'], { env: s.env, stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const port = await new Promise<string>((done, fail) => {
      proxy.on('close', fail)
      proxy.stdout.setEncoding('utf8').on('data', (c: string) => {
        const at = /127\.0\.0\.1:(\d+)/.exec(c)?.[1]
        if (at) done(at)
      })
    })
    expect(await fetch(`http://127.0.0.1:${port}/version`).then((r) => r.json())).toMatchObject({
      major: '1',
      minor: '33',
    })
  } finally {
    proxy.kill()
  }
}

/** Every way a kubectl talks: typed writes, patches, tables, watches, streams. */
for (const [version, kubectl] of kubectls)
  client(`kubectl 1.${version}: a tour of the verbs`, kubectl, async () => {
    const ns = `kubectl-${version}`
    const k = async (...args: string[]): Promise<string> => {
      const r = await run(kubectl, ['-n', ns, ...args], { env: s.env })
      return `${r.stdout}${r.stderr.replace(/^Warning: (?:version difference|deleting cluster-scoped).*\n|^--profile=legacy.*\n/gm, '')}${r.code ? `exit ${r.code}\n` : ''}`
    }
    expect(await k('create', 'namespace', ns)).toBe(`namespace/${ns} created\n`)
    expect(await k('create', 'deployment', 'web', '--image=nginx', '--replicas=2')).toBe(
      'deployment.apps/web created\n',
    )
    expect(await k('expose', 'deployment', 'web', '--port=80')).toBe('service/web exposed\n')
    expect(await k('rollout', 'status', 'deployment/web', '--timeout=30s')).toMatch(
      /deployment "web" successfully rolled out\n$/,
    )
    expect(
      await k(
        'get',
        'deployment',
        'web',
        '-o',
        'jsonpath={.status.readyReplicas} {.spec.template.spec.containers[0].image}',
      ),
    ).toBe('2 nginx')
    expect(await k('scale', 'deployment/web', '--replicas=1')).toBe('deployment.apps/web scaled\n')
    expect(await k('set', 'image', 'deployment/web', 'nginx=nginx:1.27')).toBe('deployment.apps/web image updated\n')
    expect(await k('label', 'service', 'web', 'a=b')).toBe('service/web labeled\n')
    expect(
      await k(
        'patch',
        'service',
        'web',
        '--type=json',
        '-p',
        '[{"op":"replace","path":"/spec/ports/0/port","value":8080}]',
      ),
    ).toBe('service/web patched\n')
    const file = join(s.home, `${ns}.yaml`)
    writeFileSync(file, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  a: "1"\n')
    expect(await k('apply', '-f', file)).toBe('configmap/applied created\n')
    writeFileSync(file, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  b: "2"\n')
    expect(await k('diff', '-f', file)).toMatch(/-\s+a: "1"\n[^]*\+\s+b: "2"\n[^]*exit 1\n$/)
    expect(await k('apply', '-f', file)).toBe('configmap/applied configured\n')
    expect(await k('apply', '--server-side', '--force-conflicts', '-f', file)).toBe(
      'configmap/applied serverside-applied\n',
    )
    expect(await k('get', 'configmap', 'applied', '-o', 'jsonpath={.data}')).toBe('{"b":"2"}')
    writeFileSync(file, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: strict\ndta: {}\n')
    expect(await k('create', '-f', file)).toMatch(/unknown field "dta"/)
    expect(await k('explain', 'pod.spec.containers')).toMatch(/image\s+<string>/)
    expect(await k('api-resources', '--api-group=apps', '-o', 'name')).toBe(
      'controllerrevisions.apps\ndaemonsets.apps\ndeployments.apps\nreplicasets.apps\nstatefulsets.apps\n',
    )
    expect(await k('auth', 'can-i', 'delete', 'pods')).toBe('yes\n')
    expect(await k('describe', 'service', 'web')).toMatch(/^Name:\s+web\n[^]*Port:\s+<unset> {2}8080\/TCP\n/)
    expect(await k('wait', '--for=condition=Available', 'deployment/web', '--timeout=30s')).toBe(
      'deployment.apps/web condition met\n',
    )
    expect(await k('exec', 'deployment/web', '--', 'sh', '-c', 'echo out; exit 7')).toBe(
      'out\ncommand terminated with exit code 7\nexit 7\n',
    )
    expect(
      (await run(kubectl, ['-n', ns, 'exec', '-i', 'deployment/web', '--', 'cat'], { env: s.env, input: 'typed\n' }))
        .stdout,
    ).toBe('typed\n')
    expect(await k('exec', 'nope', '--', 'true')).toBe('Error from server (NotFound): pods "nope" not found\nexit 1\n')
    expect(await k('logs', 'deployment/web', '--tail=1')).toMatch(/start worker process/)
    const text = join(s.home, 'copied.txt')
    writeFileSync(text, 'copied\n'.repeat(1000))
    const pod = await k(
      'get',
      'pods',
      '-l',
      'app=web',
      '--field-selector=status.phase=Running',
      '-o',
      'jsonpath={.items[0].metadata.name}',
    )
    expect(await k('cp', text, `${pod}:/tmp/copied.txt`)).toBe('')
    await k('cp', `${pod}:/tmp/copied.txt`, `${text}.back`)
    expect(readFileSync(`${text}.back`, 'utf8')).toBe(readFileSync(text, 'utf8'))
    for (const websockets of ['true', 'false']) {
      const p = spawn(kubectl, ['-n', ns, 'port-forward', '--address=127.0.0.1', `pod/${pod}`, ':80'], {
        env: { ...s.env, KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      try {
        const port = await new Promise<string>((done, fail) => {
          p.on('close', fail)
          p.stdout.setEncoding('utf8').on('data', (c: string) => {
            const at = /127\.0\.0\.1:(\d+)/.exec(c)?.[1]
            if (at) done(at)
          })
        })
        for (let i = 0; i < 3; i++)
          expect(await fetch(`http://127.0.0.1:${port}/`).then((r) => r.text())).toContain('Welcome to nginx')
      } finally {
        p.kill()
      }
      expect(
        await run(kubectl, ['-n', ns, 'exec', '-i', `pod/${pod}`, '--', 'sh', '-c', 'cat; exit 2'], {
          env: { ...s.env, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets },
          input: 'both\n',
        }),
      ).toMatchObject({ stdout: 'both\n', code: 2 })
    }
    await tourOfTheRest(kubectl, ns, pod, k)
    expect(await k('delete', 'deployment,service', '--all')).toBe(
      'deployment.apps "web" deleted\nservice "web" deleted\n'.replaceAll(
        /deleted$/gm,
        Number(version) >= 35 ? `deleted from ${ns} namespace` : 'deleted',
      ),
    )
    expect(await k('delete', 'namespace', ns)).toMatch(/^namespace "kubectl-\d+" deleted\n$/)
  })

for (const version of ['31', '35'])
  client(
    `helm of kubectl layer ${version}: a chart's whole life`,
    there(join(fetched, `kubectl-${version}/helm`)),
    async (helm) => {
      const cwd = s.home
      const h = async (...args: string[]): Promise<string> => {
        const r = await run(helm, args, { env: s.env, cwd })
        if (r.code) throw new Error(`helm ${args.join(' ')}: ${r.stdout}${r.stderr}`)
        return r.stdout
      }
      rmSync(join(cwd, 'chart'), { recursive: true, force: true })
      await h('create', 'chart')
      expect(await h('template', 'demo', 'chart')).toContain('kind: Deployment')
      expect(await h('install', 'demo', 'chart', '--wait', '--timeout', '60s')).toContain('STATUS: deployed')
      expect(await h('upgrade', 'demo', 'chart', '--set', 'replicaCount=2', '--wait', '--timeout', '60s')).toContain(
        'REVISION: 2',
      )
      expect(await h('rollback', 'demo', '1', '--wait', '--timeout', '60s')).toContain('Rollback was a success')
      expect(
        (await h('history', 'demo'))
          .split('\n')
          .slice(1, 4)
          .map((l) => l.split('\t')[2]?.trim()),
      ).toEqual(['superseded', 'superseded', 'deployed'])
      expect(await h('test', 'demo', '--timeout', '60s')).toContain('Succeeded')
      expect(await h('uninstall', 'demo', '--wait')).toBe('release "demo" uninstalled\n')
      await s.kubesim('delete', 'pod', 'demo-chart-test-connection')
    },
  )

client('Python client', there(join(fetched, 'python/bin/python')), async (python) => {
  const r = await run(python, [join(import.meta.dirname, 'tour.py')], { env: s.env })
  expect(r.stdout + r.stderr).toBe(
    "crud {'k': '2', 'l': '3'} 404 Not Found\nwatch: Running\nexec: web\ninteractive: 42 5\nport-forward: HTTP/1.1 200 OK True\nlog: True\nserver v1.33.1\n",
  )
})

client(
  '@kubernetes/client-node',
  existsSync(join(fetched, 'node/node_modules/@kubernetes/client-node')) ? process.execPath : undefined,
  async (node) => {
    const r = await run(node, [join(import.meta.dirname, 'tour.mjs'), join(fetched, 'node')], { env: s.env })
    expect(r.stdout + r.stderr).toBe(
      "crud { k: '2' } 404\ninformer: [ 'web' ]\nexec: web NonZeroExitCode 2\nport-forward: 200 true\nserver v1.33.1\n",
    )
  },
)

client('Go client-go', there(join(fetched, 'go-client')), async (go) => {
  const r = await run(go, [], { env: s.env, timeout: 120_000 })
  expect(r.stdout).toBe(
    [
      'crud 3 [0 255] conflict: true',
      'exists: true not found: true',
      'informer: added s, updated s, deleted s',
      'controller: the Deployment is available',
      'exec: both ways',
      'port-forward: both ways',
      'garbage collection: nothing is left',
      'leader: one',
      'leader: two',
      'server v1.33.1 ok',
      'namespace: gone',
      '',
    ].join('\n'),
  )
})

client(
  'the real kube-scheduler places pods',
  there(process.env.KUBE_SCHEDULER, onPath('kube-scheduler')),
  async (scheduler) => {
    const own = await startServer(['--controllers=*,-scheduler'])
    // ours is away: nothing is placed before the real one comes
    expect((await own.kubesim('run', 'early', '--image=nginx')).code).toBe(0)
    const placed = async (): Promise<string> =>
      (await own.kubesim('get', 'pod', 'early', '-o', 'jsonpath={.spec.nodeName}')).stdout
    await new Promise((r) => setTimeout(r, 1000))
    expect(await placed()).toBe('')
    const p = spawn(
      scheduler,
      [
        '--kubeconfig',
        own.kubeconfig,
        '--authentication-kubeconfig',
        own.kubeconfig,
        '--authorization-kubeconfig',
        own.kubeconfig,
        '--kube-api-content-type=application/json',
        '--leader-elect=true',
        '--secure-port=0',
        '--v=1',
      ],
      { env: own.env, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let log = ''
    p.stderr.setEncoding('utf8').on('data', (c: string) => {
      log += c
    })
    try {
      expect((await own.kubesim('create', 'deployment', 'web', '--image=nginx', '--replicas=3')).code).toBe(0)
      expect((await own.kubesim('rollout', 'status', 'deployment/web', '--timeout=60s')).stdout).toMatch(
        /successfully rolled out\n$/,
      )
      expect(await placed()).toBe('kind-control-plane')
      await new Promise((r) => setTimeout(r, Number(process.env.SCHEDULER_SECONDS ?? 20) * 1000))
      expect(log.split('\n').filter((l) => /^[EF]\d/.test(l))).toEqual([])
      expect(
        (
          await own.kubesim(
            'get',
            'events',
            '--field-selector=reason=Scheduled',
            '-o',
            'jsonpath={.items[*].reportingComponent}',
          )
        ).stdout,
      ).toMatch(/default-scheduler/)
    } finally {
      p.kill()
      await own.stop()
    }
  },
)
