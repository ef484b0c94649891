// A tour of @kubernetes/client-node against a served cluster: CRUD, informer, exec, port-forward. Prints one line per step; the test compares them.
import { createRequire } from 'node:module'
import * as net from 'node:net'
import { Writable } from 'node:stream'

const k8s = createRequire(`${process.argv[2]}/`)('@kubernetes/client-node')
const kc = new k8s.KubeConfig()
kc.loadFromFile(process.env.KUBECONFIG)
const core = kc.makeApiClient(k8s.CoreV1Api)
const namespace = 'node'
await core.createNamespace({ body: { metadata: { name: namespace } } })
let cm = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'a' }, data: { k: '1' } } })
cm.data.k = '2'
cm = await core.replaceNamespacedConfigMap({ namespace, name: 'a', body: cm })
const missing = await core.readNamespacedConfigMap({ namespace, name: 'nope' }).catch((e) => e.code)
console.log('crud', cm.data, missing)

const seen = []
const informer = k8s.makeInformer(kc, `/api/v1/namespaces/${namespace}/pods`, () =>
  core.listNamespacedPod({ namespace }),
)
const running = new Promise((done) =>
  informer.on('update', (p) => {
    if (p.status?.phase === 'Running') done()
  }),
)
informer.on('add', (p) => seen.push(p.metadata.name))
informer.on('error', (e) => {
  if (!/abort/.test(e.message)) console.log('informer error', e.message)
})
await informer.start()
await core.createNamespacedPod({
  namespace,
  body: { metadata: { name: 'web' }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
})
await running
await informer.stop()
console.log('informer:', seen)

const exec = new k8s.Exec(kc)
let out = ''
const sink = () =>
  new Writable({
    write(c, _e, done) {
      out += c
      done()
    },
  })
const status = await new Promise((done, fail) =>
  exec.exec(namespace, 'web', 'web', ['sh', '-c', 'hostname; exit 2'], sink(), sink(), null, false, done).catch(fail),
)
console.log('exec:', out.trim(), status.reason, status.details.causes[0].message)

const forward = new k8s.PortForward(kc)
const server = net.createServer((socket) => {
  void forward.portForward(namespace, 'web', [80], socket, null, socket)
})
await new Promise((done) => server.listen(0, '127.0.0.1', done))
const page = await fetch(`http://127.0.0.1:${server.address().port}/`)
console.log('port-forward:', page.status, (await page.text()).includes('Welcome to nginx'))
server.close()
console.log('server', (await kc.makeApiClient(k8s.VersionApi).getCode()).gitVersion)
process.exit(0)
