// Writes fixtures/clusters/*: the clusters of the two documents, made by the program itself, then given the documents'
// own names, addresses and ages.
//   node scripts/generate-stories.mjs        (after npm run build)
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'

const root = join(import.meta.dirname, '..')
const home = mkdtempSync(join(tmpdir(), 'kubesim-stories-'))
const env = { ...process.env, HOME: home }
for (const k of ['KUBESIM_STATE', 'KUBESIM_PROFILE', 'KUBESIM_KUBECONFIG']) delete env[k]
function run(line, input) {
  const r = spawnSync(
    'sh',
    ['-c', line.replace(/^(kubectl|kubesim)/, `"${process.execPath}" "${join(root, 'bin/kubesim')}"`)],
    { env, cwd: home, input, encoding: 'utf8' },
  )
  if (r.status !== 0) throw new Error(`${line}: ${r.stderr}`)
  return r.stdout
}
const service = (name, spec) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: ${JSON.stringify(spec)}\n`
const web = { selector: { app: 'nginx-for-service' }, ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }] }

/** Exports the cluster, replaces words everywhere, sets the ages of some objects, and writes the story. */
function write(story, { profile, settings, clock, replace, ages, without = [] }) {
  const dir = join(root, 'fixtures/clusters', story)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  let text = run('kubesim cluster export')
  for (const [from, to] of replace) text = text.replaceAll(from, to)
  const now = Date.parse(clock)
  const objects = parseAllDocuments(text)
    .map((d) => d.toJS())
    .filter((o) => o && o.kind !== 'Event' && !without.includes(`${o.kind}/${o.metadata.name}`))
  for (const o of objects) {
    const age = ages(o)
    if (age === undefined) continue
    const time = new Date(now - age * 1000).toISOString().replace('.000', '')
    o.metadata.creationTimestamp = time
    if (o.kind === 'Pod') {
      o.status.startTime = time
      for (const s of o.status.containerStatuses ?? []) if (s.state?.running) s.state.running.startedAt = time
      for (const c of o.status.conditions ?? []) c.lastTransitionTime = time
    }
  }
  writeFileSync(join(dir, 'cluster.yaml'), stringify({ profile, ...(settings ? { settings } : {}), clock, seed: 1 }))
  writeFileSync(
    join(dir, 'objects.yaml'),
    objects.map((o) => `---\n${stringify(o, { lineWidth: 0, version: '1.1' })}`).join(''),
  )
  console.log(`${story}: ${objects.length} objects`)
}

const hours = 3600
// ---- the first document: five Services of different ages, two pods, no row for `kubernetes`
const first = '2023-02-10T12:00:00Z'
run('kubesim cluster create --profile docker-desktop --seed 1')
run(`kubesim clock set ${new Date(Date.parse(first) - 30 * hours * 1000).toISOString()}`)
run('kubesim clock freeze')
run(
  'kubectl apply -f -',
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: nginx-for-service}\nspec: {replicas: 2, selector: {matchLabels: {app: nginx-for-service}}, template: {metadata: {labels: {app: nginx-for-service}}, spec: {containers: [{name: nginx, image: nginx, ports: [{containerPort: 80}]}]}}}\n`,
)
run('kubectl apply -f -', service('clusterip-service', { ...web, type: 'ClusterIP', clusterIP: '10.105.160.34' }))
run(
  'kubectl apply -f -',
  service('nodeport-service', {
    ...web,
    type: 'NodePort',
    clusterIP: '10.100.155.91',
    ports: [{ ...web.ports[0], nodePort: 30080 }],
  }),
)
run(
  'kubectl apply -f -',
  service('loadbalancer-service', {
    ...web,
    type: 'LoadBalancer',
    clusterIP: '10.104.104.146',
    ports: [{ ...web.ports[0], nodePort: 32142 }],
  }),
)
run('kubectl apply -f -', service('externalname-service', { type: 'ExternalName', externalName: 'google.com' }))
run('kubectl apply -f -', service('headless-service', { ...web, type: 'ClusterIP', clusterIP: 'None' }))
const addresses = run("kubectl get pods -o jsonpath='{.items[*].status.podIP}'").trim().split(' ')
const age = {
  'clusterip-service': 25 * hours,
  'externalname-service': 22 * hours,
  'headless-service': 20,
  'loadbalancer-service': 24 * hours,
  'nodeport-service': 25 * hours,
  'nginx-for-service': 25 * hours,
}
write('headless', {
  profile: 'docker-desktop',
  settings: { kubernetesService: false },
  clock: first,
  without: ['Service/kubernetes', 'Endpoints/kubernetes', 'EndpointSlice/kubernetes', 'IPAddress/10.96.0.1'],
  replace: [
    [addresses[0], '@first@'],
    [addresses[1], '@second@'],
    ['@first@', '10.1.1.229'],
    ['@second@', '10.1.1.230'],
    ['10-1-0-', '10-1-1-'],
  ],
  ages: (o) =>
    o.metadata.namespace === 'default'
      ? (age[o.metadata.name] ??
        age[o.metadata.labels?.app] ??
        age[o.metadata.labels?.['kubernetes.io/service-name']] ??
        30 * hours)
      : 30 * hours,
})

// ---- the second document: three pods on three nodes, a headless Service and its twin with a head
const second = '2022-12-22T02:13:12Z'
run('kubesim cluster create --profile eks --seed 1 --force')
run(`kubesim clock set ${new Date(Date.parse(second) - hours * 1000).toISOString()}`)
run('kubesim clock freeze')
run('kubectl create deployment test-deploy --image=praqma/network-multitool --replicas=3 --port=80')
const twin = {
  selector: { app: 'test-deploy' },
  ports: [{ name: '80-80', protocol: 'TCP', port: 80, targetPort: 80 }],
  type: 'ClusterIP',
}
run('kubectl apply -f -', service('test-cs-svc', { ...twin, clusterIP: 'None' }))
run('kubectl apply -f -', service('test-cs-svc-head', { ...twin, clusterIP: '200.68.238.114' }))
const pods = JSON.parse(run('kubectl get pods -l app=test-deploy -o json')).items
const hash = pods[0].metadata.labels['pod-template-hash']
const replace = [[hash, '7bff8c5f84']]
for (const [range, name, ip] of [
  ['200.96.1.', 'hxcfw', '200.96.1.50'],
  ['200.96.0.', 'rjdm9', '200.96.0.59'],
  ['200.96.2.', 'w5l8j', '200.96.2.24'],
]) {
  const p = pods.find((x) => x.status.podIP.startsWith(range))
  replace.push([p.metadata.name.replace(hash, '7bff8c5f84'), `test-deploy-7bff8c5f84-${name}`], [p.status.podIP, ip])
}
write('headless-why', {
  profile: 'eks',
  clock: second,
  replace,
  ages: (o) =>
    o.metadata.namespace !== 'default'
      ? 30 * hours
      : o.kind === 'Pod'
        ? 24
        : o.metadata.name?.startsWith('test-cs-svc-head')
          ? 152
          : o.metadata.name?.startsWith('test-cs-svc')
            ? 300
            : o.metadata.name === 'kubernetes'
              ? 30 * hours
              : 600,
})
rmSync(home, { recursive: true, force: true })
