// npm run bench: the figures of the README, as ratios in one run. Whole processes, interleaved, medians;
// NODE_EXTRA_CA_CERTS unset.
// The yardstick is `kubectl version --client` of a real kubectl: KUBECTL, or the one on PATH; without one, `node -e 0`
// times two stands in, and the report says so.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

const root = join(import.meta.dirname, '..')
const rounds = Number(process.env.ROUNDS ?? 11)
if (!existsSync(join(root, 'dist/main.cjs')))
  spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' })
const home = mkdtempSync(join(tmpdir(), 'kubesim-bench-'))
const env = { ...process.env, HOME: home, KUBESIM_PROFILE: 'kind', KUBE_EDITOR: 'true' }
for (const k of ['NODE_EXTRA_CA_CERTS', 'KUBESIM_STATE', 'KUBESIM_KUBECONFIG', 'KUBECONFIG']) delete env[k]
const ours = [process.execPath, join(root, 'bin/kubesim')]
const real = process.env.KUBECTL ?? 'kubectl'
const isReal = /Client Version: v1/.test(
  spawnSync(real, ['version', '--client'], { env, encoding: 'utf8' }).stdout ?? '',
)
const yard = isReal ? [real, 'version', '--client'] : [process.execPath, '-e', '0']

const TIME = existsSync('/usr/bin/time')
/** One whole process: its wall milliseconds. */
function once(command, extra = {}) {
  const t0 = process.hrtime.bigint()
  const r = spawnSync(command[0], command.slice(1), { env: { ...env, ...extra }, encoding: 'utf8', maxBuffer: 1 << 28 })
  const wall = Number(process.hrtime.bigint() - t0) / 1e6
  if (r.status !== 0) throw new Error(`${command.join(' ')} ended with ${r.status}: ${r.stderr}`)
  return wall
}
const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)]
const peak = (command, extra = {}) => {
  if (!TIME) return NaN
  const r = spawnSync('/usr/bin/time', ['-f', '%M', ...command], {
    env: { ...env, ...extra },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return Number(r.stderr.trim().split('\n').pop()) / 1024
}
const file = (name, text) => {
  const p = join(home, name)
  writeFileSync(p, text)
  return p
}
const k = (...args) => [...ours, ...args]
const run = (...args) => once(k(...args))

console.log(
  `yardstick: ${isReal ? `${real} version --client` : 'no real kubectl on PATH: node -e 0, counted twice'}; ${rounds} rounds`,
)
const rows = []
const row = (what, value, goal, ok) => {
  rows.push({ what, value, goal, ok })
  console.log(`${ok ? 'ok  ' : 'OVER'}  ${what.padEnd(62)} ${String(value).padStart(9)}   goal ${goal}`)
}

// ---- a small state
run('create', 'deployment', 'web', '--image=nginx', '--replicas=3', '--port=80')
run('expose', 'deployment', 'web', '--port=80')
run('run', 'client', '--image=nicolaka/netshoot', '--', 'sleep', 'infinity')
const service = file(
  'svc.yaml',
  'apiVersion: v1\nkind: Service\nmetadata:\n  name: bench\nspec:\n  selector:\n    app: nothing\n  ports:\n  - port: 80\n',
)
run('apply', '-f', service)
let flip = 0
const text = (flip) =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: bench\n  labels: {flip: "${flip}"}\nspec:\n  selector:\n    app: nothing\n  ports:\n  - port: 80\n`
const other = file('config.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bench\ndata:\n  a: b\n')
const folder = join(home, 'kustomize')
mkdirSync(folder)
writeFileSync(join(folder, 'kustomization.yaml'), 'namePrefix: x-\nresources:\n- svc.yaml\n')
writeFileSync(join(folder, 'svc.yaml'), text(0))
run('apply', '--server-side', '-f', other)
run('create', 'deployment', 'other', '--image=nginx')
const node = spawnSync(ours[0], [...ours.slice(1), 'get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}'], {
  env,
  encoding: 'utf8',
}).stdout
const turn = () => {
  flip = 1 - flip
  return flip
}
/** A verb with what must be so before it (not measured). */
const after = (before, ...args) => {
  once(k(...before))
  return k(...args)
}
// what only looks is held to 0.75 to 1, what writes one object to 1, what moves pods to 1.2 times a real `kubectl
// version --client`
const families = [
  ['version --client', () => k('version', '--client'), 0.75],
  ['get svc', () => k('get', 'svc'), 0.75],
  ['get pods -o wide', () => k('get', 'pods', '-o', 'wide'), 0.8],
  ['get deploy -o yaml', () => k('get', 'deploy', '-o', 'yaml'), 1],
  ['get svc -o jsonpath', () => k('get', 'svc', 'web', '-o', 'jsonpath={.spec.clusterIP}'), 0.9],
  ['describe svc', () => k('describe', 'svc', 'web'), 1],
  ['describe pod', () => k('describe', 'pod', 'client'), 1],
  [
    'apply -f one Service (changed)',
    () => {
      writeFileSync(service, text(turn()))
      return k('apply', '-f', service)
    },
    1,
  ],
  ['apply -f one Service (unchanged)', () => k('apply', '-f', service), 1],
  [
    'apply --server-side -f one ConfigMap',
    () => {
      writeFileSync(other, `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bench\ndata:\n  a: "${turn()}"\n`)
      return k('apply', '--server-side', '-f', other)
    },
    1,
  ],
  ['exec -- nslookup', () => k('exec', 'client', '--', 'nslookup', 'web'), 1],
  ['exec -- curl', () => k('exec', 'client', '--', 'curl', '-s', 'web'), 1],
  ['exec -- cat', () => k('exec', 'client', '--', 'cat', '/etc/resolv.conf'), 1],
  ['logs', () => k('logs', 'client'), 1],
  ['cp out of a pod', () => k('cp', 'client:/etc/resolv.conf', join(home, 'resolv.conf')), 1],
  [
    'create service --dry-run=client -o yaml',
    () => k('create', 'service', 'clusterip', 'x', '--clusterip=None', '--dry-run=client', '-oyaml'),
    0.9,
  ],
  [
    'create configmap',
    () => after(['delete', 'configmap', 'c', '--ignore-not-found'], 'create', 'configmap', 'c', '--from-literal=a=b'),
    1,
  ],
  [
    'delete configmap',
    () => after(['create', 'configmap', 'gone', '--from-literal=a=b'], 'delete', 'configmap', 'gone'),
    1,
  ],
  [
    'create deployment',
    () => after(['delete', 'deployment', 'd', '--ignore-not-found'], 'create', 'deployment', 'd', '--image=nginx'),
    1.5,
  ],
  ['run', () => after(['delete', 'pod', 'r', '--ignore-not-found', '--now'], 'run', 'r', '--image=nginx'), 1.2],
  [
    'expose',
    () => after(['delete', 'svc', 'e', '--ignore-not-found'], 'expose', 'deployment', 'web', '--port=80', '--name=e'),
    1,
  ],
  ['label', () => k('label', 'svc', 'web', `l=${turn()}`, '--overwrite'), 1],
  ['annotate', () => k('annotate', 'svc', 'web', `l=${turn()}`, '--overwrite'), 1],
  ['patch', () => k('patch', 'svc', 'web', '-p', `{"metadata":{"labels":{"p":"${turn()}"}}}`), 1],
  ['edit (nothing changed)', () => k('edit', 'svc', 'web'), 1],
  [
    'replace',
    () => {
      writeFileSync(service, text(turn()))
      return k('replace', '-f', service)
    },
    1,
  ],
  ['set image', () => k('set', 'image', 'deploy/other', `nginx=nginx:1.2${turn()}`), 1.5],
  ['scale', () => k('scale', 'deploy', 'web', `--replicas=${3 + turn()}`), 1.2],
  ['autoscale --dry-run=server', () => k('autoscale', 'deploy', 'web', '--max=3', '--dry-run=server'), 1],
  ['rollout status', () => k('rollout', 'status', 'deploy/web'), 1],
  ['rollout history', () => k('rollout', 'history', 'deploy/web'), 1],
  ['rollout restart', () => k('rollout', 'restart', 'deploy/other'), 1.5],
  ['explain svc.spec', () => k('explain', 'svc.spec'), 1],
  ['api-resources', () => k('api-resources'), 1],
  ['config view', () => k('config', 'view'), 0.9],
  ['auth can-i', () => k('auth', 'can-i', 'get', 'pods'), 1],
  ['diff (none)', () => k('diff', '-f', service), 1.2],
  ['wait', () => k('wait', '--for=condition=Ready', 'pod/client'), 1],
  ['cordon', () => after(['uncordon', node], 'cordon', node), 1],
  ['drain --dry-run=client', () => k('drain', node, '--ignore-daemonsets', '--force', '--dry-run=client'), 1],
  ['taint', () => k('taint', 'node', node, `bench=${turn()}:PreferNoSchedule`, '--overwrite'), 1],
  ['uncordon', () => after(['cordon', node], 'uncordon', node), 1],
  ['events', () => k('events'), 1],
  ['kustomize', () => k('kustomize', folder), 1],
  ['debug', () => k('debug', 'client', '--image=busybox:1.36', '--attach=false'), 1.2],
  ['completion bash', () => k('completion', 'bash'), 0.75],
]
const times = new Map(families.map(([n]) => [n, []]))
const yardTimes = []
// each beside a yardstick of its own: a machine that others use is never the same for long
for (let i = -1; i < rounds; i++)
  for (const [n, command] of families) {
    const line = command()
    const y = once(yard) * (isReal ? 1 : 2)
    const t = once(line)
    if (i >= 0) {
      yardTimes.push(y)
      times.get(n).push(t / y)
    }
  }
console.log(`yardstick median ${median(yardTimes).toFixed(1)} ms`)
for (const [n, , goal] of families) {
  const r = median(times.get(n))
  row(`${n} / yardstick`, `${r.toFixed(2)}x`, `<= ${goal}x`, r <= goal)
}

// ---- from nothing to a Deployment of 3 that answers nslookup
const fresh = []
for (let i = 0; i < 5; i++) {
  const state = { KUBESIM_STATE: join(home, `fresh-${i}.json`) }
  let sum = once(k('create', 'deployment', 'web', '--image=nginx', '--replicas=3', '--port=80'), state)
  sum += once(k('expose', 'deployment', 'web', '--port=80', '--cluster-ip=None'), state)
  sum += once(k('run', 'client', '--image=nicolaka/netshoot', '--', 'sleep', 'infinity'), state)
  sum += once(k('exec', 'client', '--', 'nslookup', 'web'), state)
  fresh.push(sum)
}
row(
  'no state -> Deployment of 3 answering nslookup (4 processes)',
  `${(median(fresh) / 1000).toFixed(2)} s`,
  '<= 0.3 s',
  median(fresh) <= 300,
)
if (TIME) {
  const m = Math.max(
    peak(k('get', 'svc')),
    peak(k('exec', 'client', '--', 'nslookup', 'web')),
    peak(k('create', 'deployment', 'm', '--image=nginx', '--replicas=3'), { KUBESIM_STATE: join(home, 'm.json') }),
  )
  row('largest peak memory of those', `${m.toFixed(0)} MB`, '<= 80 MB', m <= 80)
}

// ---- large states, written straight into state files
buildSync({
  entryPoints: [join(root, 'src/storage/statefile.ts')],
  bundle: true,
  format: 'cjs',
  platform: 'node',
  outfile: join(home, 'statefile.cjs'),
  logLevel: 'silent',
})
const { openStateFile } = createRequire(import.meta.url)(join(home, 'statefile.cjs'))
run('run', 'plain', '--image=nginx')
const template = JSON.parse(
  spawnSync(ours[0], [...ours.slice(1), 'get', 'pod', 'plain', '-o', 'json', '--show-managed-fields'], {
    env,
    encoding: 'utf8',
  }).stdout,
)
async function large(pods) {
  const path = join(home, `large-${pods}.json`)
  once(k('get', 'ns'), { KUBESIM_STATE: path })
  const s = openStateFile(path)
  for (let i = 0; i < pods; i++)
    s.create('pods', {
      ...template,
      metadata: {
        ...template.metadata,
        name: `p-${String(i).padStart(6, '0')}`,
        uid: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
        labels: { app: `a-${i % 1000}` },
      },
      status: {
        ...template.status,
        podIP: `10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`,
        podIPs: [{ ip: `10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}` }],
      },
    })
  s.setMeta('settled', s.revision)
  await s.flush()
  await s.close()
  return { KUBESIM_STATE: path }
}
const sizes = [10, 1000, 10000, 50000]
const states = new Map()
for (const n of sizes) states.set(n, await large(n))
const flat = {
  'get svc': () => k('get', 'svc'),
  'apply -f one Service': () => {
    flip = (flip + 1) % 1000
    writeFileSync(
      service,
      `apiVersion: v1\nkind: Service\nmetadata:\n  name: bench\n  labels: {flip: "${flip}"}\nspec:\n  selector:\n    app: nothing\n  ports:\n  - port: 80\n`,
    )
    return k('apply', '-f', service)
  },
}
for (const [n, command] of Object.entries(flat)) {
  const t = new Map(sizes.map((s) => [s, []]))
  for (let i = -1; i < rounds; i++)
    for (const s of sizes) {
      const ms = once(command(), states.get(s))
      if (i >= 0) t.get(s).push(ms)
    }
  const base = median(t.get(10))
  for (const s of sizes.slice(1)) {
    const r = median(t.get(s)) / base
    row(`${n}: ${s} pods / 10 pods`, `${r.toFixed(2)}x`, '<= 1.2x', r <= 1.2)
  }
}
const list = []
for (let i = 0; i < 5; i++) list.push(once(k('get', 'pods'), states.get(10000)))
row('get pods of 10,000', `${(median(list) / 1000).toFixed(2)} s`, '<= 0.5 s', median(list) <= 500)

// ---- many replicas
for (const [replicas, nodes, goal] of [
  [1000, 10, 1],
  [10000, 100, 10],
]) {
  const state = { KUBESIM_STATE: join(home, `scale-${replicas}.json`) }
  once(k('cluster', 'create', '--profile', 'kind', '--nodes', String(nodes + 2)), state)
  const ms = once(k('create', 'deployment', 'big', '--image=nginx', `--replicas=${replicas}`), state)
  const ready = spawnSync(
    ours[0],
    [...ours.slice(1), 'get', 'deploy', 'big', '-o', 'jsonpath={.status.readyReplicas}'],
    { env: { ...env, ...state }, encoding: 'utf8' },
  ).stdout
  row(
    `create deployment --replicas=${replicas}: ${ready} ready`,
    `${(ms / 1000).toFixed(2)} s`,
    `<= ${goal} s`,
    ms <= goal * 1000 && ready === String(replicas),
  )
}
rmSync(home, { recursive: true, force: true })
mkdirSync(join(root, 'bench'), { recursive: true })
console.log(`${rows.filter((r) => r.ok).length} of ${rows.length} within their goals`)
