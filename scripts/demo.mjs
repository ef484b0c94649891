// npm run demo: both documents, live. Each command is typed to the built program as the documents have it, and its
// output is shown.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
if (!existsSync(join(root, 'dist/main.cjs')))
  spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' })
const home = mkdtempSync(join(tmpdir(), 'kubesim-demo-'))
const bin = join(home, 'bin')
mkdirSync(bin)
for (const name of ['kubectl', 'kubesim']) {
  writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'bin/kubesim')}" "$@"\n`)
  chmodSync(join(bin, name), 0o755)
}
const env = { ...process.env, HOME: home, PATH: `${bin}:${process.env.PATH}` }
for (const k of ['NODE_EXTRA_CA_CERTS', 'KUBESIM_STATE', 'KUBESIM_PROFILE', 'KUBESIM_KUBECONFIG']) delete env[k]
const capture = (line) => spawnSync('sh', ['-c', line], { env, cwd: home, encoding: 'utf8' }).stdout.trim()
let failed = 0
const say = (text) => console.log(`\n${text}\n`)
const type = (line) => {
  console.log(`$ ${line}`)
  const r = spawnSync('sh', ['-c', line], { env, cwd: home, stdio: ['ignore', 'inherit', 'inherit'] })
  if (r.status !== 0) {
    failed++
    console.log(`(exit ${r.status})`)
  }
}

say('== The first document: a headless Service, seen as a table, described, and asked for by name')
type('kubesim cluster create --load ' + JSON.stringify(join(root, 'fixtures/clusters/headless')))
type('kubectl get svc')
type('kubectl describe svc headless-service')
type('kubectl run testrun --image nicolaka/netshoot -- sleep infinity')
type('kubectl wait --for=condition=Ready pod/testrun')
type('kubectl exec testrun -- dig headless-service.default.svc.cluster.local')

say('== The second document: why one wants it')
type('kubesim cluster create --profile eks --force')
type('kubectl create deployment test-deploy --image=praqma/network-multitool --replicas=3 --port=80')
type('kubectl wait --for=condition=Available deployment/test-deploy')
type('kubectl get pods -lapp=test-deploy -o wide')
const [pod] = capture("kubectl get pods -lapp=test-deploy -o jsonpath='{.items[*].metadata.name}'").split(' ')
const ip = capture("kubectl get pods -lapp=test-deploy -o jsonpath='{.items[1].status.podIP}'")
type(`kubectl exec ${pod} -- curl -s ${ip}:80 | head -3`)
type(
  'kubectl create service clusterip test-cs-svc --clusterip="None" --tcp=80:80 --dry-run=client -oyaml > test-cs-svc.yaml',
)
type("sed -i '/selector:/,$ s/app: test-cs-svc/app: test-deploy/' test-cs-svc.yaml")
type('kubectl apply -f test-cs-svc.yaml')
type(`kubectl exec ${pod} -- cat /etc/resolv.conf`)
type(`kubectl exec ${pod} -- nslookup test-cs-svc`)
type("sed -e '/clusterIP: None/d' -e 's/name: test-cs-svc/name: test-cs-svc-head/' test-cs-svc.yaml > head.yaml")
type('kubectl apply -f head.yaml')
type(`kubectl exec ${pod} -- nslookup test-cs-svc-head`)
type('kubectl get svc test-cs-svc-head')
for (let i = 0; i < 3; i++) type(`kubectl exec ${pod} -- curl -s test-cs-svc:80 | head -1`)
for (let i = 0; i < 3; i++) type(`kubectl exec ${pod} -- curl -s test-cs-svc-head:80 | head -1`)
say('== And what only a simulation can show: every record of the zone, and where it comes from')
type('kubesim dns records -n default')
rmSync(home, { recursive: true, force: true })
process.exit(failed ? 1 : 0)
