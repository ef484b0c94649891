// Random HTTP requests against `kubesim serve`, on loopback only and so many: paths, methods, queries, headers, bodies
// and patches, half sensible and half not. Bodies are
// drawn from the schemas that the server itself publishes, and from good objects of which a part is drawn anew.
//   node bench/http-fuzz.mjs [--requests 100000] [--seed N] [--program bin/kubesim] [--verbose]
// Fails when the server dies or does not answer, when it or a controller of it fails by a defect of ours, when an
// object cannot be read back in every form, or
// when the state that it leaves is not the one that it served.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import * as http from 'node:http'
import * as net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const option = (name, otherwise) => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? otherwise : process.argv[i + 1]
}
const COUNT = Number(option('requests', 100_000)),
  SEED = Number(option('seed', Date.now() % 1_000_000)),
  verbose = process.argv.includes('--verbose')
const program = option('program', join(import.meta.dirname, '../bin/kubesim'))
const home = mkdtempSync(join(tmpdir(), 'kubesim-fuzz-'))
const kubeconfig = join(home, 'kubeconfig')
const env = { ...process.env, HOME: home, KUBESIM_DEBUG: '1' }
for (const k of ['KUBECONFIG', 'KUBESIM_STATE', 'KUBESIM_PROFILE', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS']) delete env[k]
const server = spawn(
  process.execPath,
  [
    program,
    'serve',
    '--tls=false',
    '--profile',
    'kind',
    '--api-address',
    '127.0.0.1:0',
    '--dns-address',
    '127.0.0.1:0',
    '--kubeconfig',
    kubeconfig,
  ],
  { env, stdio: ['ignore', 'ignore', 'pipe'] },
)
const gone = new Promise((done) => server.on('close', (code) => done(code)))
let said = ''
server.stderr.setEncoding('utf8').on('data', (c) => {
  if (said.length < 1e6) said += c
})
process.on('exit', () => {
  server.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})
for (let i = 0; !existsSync(kubeconfig); i++) {
  if (server.exitCode !== null || i > 600) {
    console.error(`serve did not start: ${said}`)
    process.exit(1)
  }
  await new Promise((r) => setTimeout(r, 50))
}
const config = readFileSync(kubeconfig, 'utf8')
const { hostname, port } = new URL(/server: "([^"]+)"/.exec(config)[1])
const authorization = `Bearer ${/token: (\S+)/.exec(config)[1]}`
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 })

/** Chance that can be repeated (mulberry32). */
let state = SEED >>> 0
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const pick = (items) => items[Math.floor(random() * items.length)]
const often = (p) => random() < p

/** One request; the answer, or what became of it. */
const ask = (method, path, body, headers = {}) =>
  new Promise((done) => {
    const r = http.request(
      { hostname, port, agent, method, path, headers: { authorization, ...headers }, timeout: 30_000 },
      (a) => {
        let text = ''
        a.setEncoding('utf8')
          .on('data', (c) => {
            if (text.length < 1e7) text += c
          })
          .on('end', () => done({ status: a.statusCode, text }))
          .on('error', (e) => done({ status: 0, text: e.message }))
      },
    )
    r.on('timeout', () => {
      r.destroy(new Error('no answer'))
    })
    r.on('error', (e) => done({ status: 0, text: e.message }))
    r.end(body)
  })

// ---- what there is: resources, and the schemas of their kinds
const resources = []
const schemas = new Map()
const groups = JSON.parse((await ask('GET', '/apis')).text).groups.flatMap((g) =>
  g.versions.map((v) => `apis/${v.groupVersion}`),
)
for (const gv of ['api/v1', ...groups]) {
  for (const r of JSON.parse((await ask('GET', `/${gv}`)).text).resources)
    resources.push({ ...r, gv, apiVersion: gv.replace(/^apis?\//, '') })
  const doc = JSON.parse((await ask('GET', `/openapi/v3/${gv}`)).text)
  for (const [name, schema] of Object.entries(doc.components?.schemas ?? {})) schemas.set(name, schema)
}
const kindSchema = new Map()
for (const [name, s] of schemas)
  for (const k of s['x-kubernetes-group-version-kind'] ?? [])
    kindSchema.set(`${k.group ? `${k.group}/` : ''}${k.version} ${k.kind}`, name)
const plain = resources.filter((r) => !r.name.includes('/'))

// ---- values
const STRINGS = [
  '',
  'a',
  'b',
  'web',
  'default',
  'kubernetes',
  'nginx',
  'busybox',
  '80',
  'http',
  'TCP',
  'UDP',
  '10.96.0.7',
  '10.0.0.0/8',
  '::1',
  'fd00::/64',
  '1Gi',
  '100m',
  '-1',
  '0',
  '50%',
  '150%',
  '1e400',
  '2020-01-01T00:00:00Z',
  'not a time',
  '*/5 * * * *',
  '@hourly',
  'x'.repeat(300),
  'é',
  '\u0000',
  '__proto__',
  'a/b',
  'example.com/a',
  'A B',
  'Always',
  'Never',
  'OnFailure',
  'RollingUpdate',
  'Recreate',
  'OnDelete',
  'ClusterIP',
  'NodePort',
  'LoadBalancer',
  'ExternalName',
  'None',
  'In',
  'NotIn',
  'Exists',
  'Equal',
  'NoSchedule',
  'NoExecute',
  'True',
  'False',
  'IPv4',
  'IPv6',
  'DualStack',
  'Pod',
  'Deployment',
  'v1',
  'apps/v1',
  'metadata.name',
  '$(A)',
  '{',
  'self == 1',
  'a.b.c',
  'kind-control-plane',
  'Ready',
  'Complete',
  'ReadWriteOnce',
  'Retain',
  'Delete',
  'system:masters',
  'verb',
  '*',
  '{.a}',
  'docker.io/library/nginx:1.27@sha256:0',
  'true',
  '\n',
  'NaN',
]
const NUMBERS = [
  0, 1, 2, 3, -1, 5, 30, 80, 443, 1000, 30080, 65535, 65536, 2147483647, 2147483648, -2147483648, 9007199254740991, 1.5,
  1e300,
]
const NAMES = [
  'a',
  'b',
  'c',
  'web',
  'default',
  'kubernetes',
  'kind-control-plane',
  'things.example.com',
  'system:x',
  '0',
  'x-1',
]
const wrong = () => pick([null, true, 0, 1.5, '', 'a', [], {}, [null], [[]], { a: {} }, ['a', 1], { __proto: 1 }])
const propertyOf = (s, k) => (s.properties && Object.hasOwn(s.properties, k) ? s.properties[k] : undefined)
const resolve = (s) => {
  for (let i = 0; s && i < 8 && (s.$ref || s.allOf?.length === 1); i++)
    s = s.$ref ? schemas.get(s.$ref.split('/').at(-1)) : { ...s.allOf[0], default: s.default }
  return s ?? {}
}
function draw(schema, depth) {
  if (often(0.02)) return wrong()
  const s = resolve(schema)
  if (s.enum && often(0.8)) return pick(s.enum)
  if (s['x-kubernetes-int-or-string'] || s.format === 'int-or-string' || s.oneOf)
    return often(0.5) ? pick(NUMBERS) : pick(STRINGS)
  switch (s.type) {
    case 'string':
      return pick(STRINGS)
    case 'integer':
    case 'number':
      return pick(NUMBERS)
    case 'boolean':
      return often(0.5)
    case 'array':
      return depth <= 0 ? [] : Array.from({ length: pick([0, 1, 1, 1, 2, 3]) }, () => draw(s.items ?? {}, depth - 1))
    default: {
      if (s.properties) {
        const out = {}
        const p = depth <= 0 ? 0 : Math.min(0.9, 2.5 / Object.keys(s.properties).length)
        for (const [k, v] of Object.entries(s.properties))
          if (often(s.required?.includes(k) ? 0.95 : p)) out[k] = draw(v, depth - 1)
        return out
      }
      if (s.additionalProperties)
        return Object.fromEntries(
          Array.from({ length: pick([0, 1, 2]) }, () => [pick(STRINGS), draw(s.additionalProperties, depth - 1)]),
        )
      return wrong()
    }
  }
}
const POD = { containers: [{ name: 'c', image: 'nginx', ports: [{ containerPort: 80 }] }] }
const TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: POD }
const SELECTOR = { matchLabels: { app: 'web' } }
const GOOD = {
  Pod: { spec: POD },
  Deployment: { spec: { replicas: 2, selector: SELECTOR, template: TEMPLATE } },
  ReplicaSet: { spec: { replicas: 1, selector: SELECTOR, template: TEMPLATE } },
  ReplicationController: { spec: { replicas: 1, selector: { app: 'web' }, template: TEMPLATE } },
  StatefulSet: { spec: { replicas: 2, serviceName: 'a', selector: SELECTOR, template: TEMPLATE } },
  DaemonSet: { spec: { selector: SELECTOR, template: TEMPLATE } },
  Job: { spec: { template: { spec: { ...POD, restartPolicy: 'Never' } } } },
  PodTemplate: { template: TEMPLATE },
  CronJob: {
    spec: {
      schedule: '*/5 * * * *',
      jobTemplate: { spec: { template: { spec: { ...POD, restartPolicy: 'Never' } } } },
    },
  },
  Service: { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } },
  ConfigMap: { data: { a: 'b' } },
  Secret: { stringData: { a: 'b' } },
  Ingress: { spec: { defaultBackend: { service: { name: 'a', port: { number: 80 } } } } },
  NetworkPolicy: { spec: { podSelector: {} } },
  PodDisruptionBudget: { spec: { minAvailable: 1, selector: SELECTOR } },
  HorizontalPodAutoscaler: {
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' } },
  },
  PersistentVolumeClaim: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  PersistentVolume: {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } },
  },
  StorageClass: { provisioner: 'a.b/c' },
  ResourceQuota: { spec: { hard: { pods: '3' } } },
  LimitRange: { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } },
  Role: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  ClusterRole: { rules: [] },
  RoleBinding: {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a' },
    subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 'a' }],
  },
  ClusterRoleBinding: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'a' } },
  PriorityClass: { value: 5 },
  Endpoints: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
  EndpointSlice: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] },
  Lease: { spec: { holderIdentity: 'a' } },
  Node: {},
  Namespace: {},
  ServiceAccount: {},
  RuntimeClass: { handler: 'a' },
  IngressClass: { spec: { controller: 'a.b/c' } },
  ServiceCIDR: { spec: { cidrs: ['10.200.0.0/24'] } },
  CustomResourceDefinition: {
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  },
  Event: { involvedObject: { kind: 'Pod', namespace: 'default', name: 'a' }, reason: 'a' },
  CertificateSigningRequest: { spec: { request: 'LS0t', signerName: 'a.b/c', usages: ['client auth'] } },
  FlowSchema: {},
  ValidatingAdmissionPolicy: {
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['leases'], operations: ['*'] }],
      },
      validations: [{ expression: 'true' }],
    },
  },
}
/** Draws one part of a good object anew, at a random depth along its schema. */
function disturb(value, schema, depth) {
  const s = resolve(schema)
  if (depth <= 0 || value === null || typeof value !== 'object') return draw(schema, 3)
  if (Array.isArray(value)) {
    if (!value.length) return [draw(s.items ?? {}, 3)]
    const at = Math.floor(random() * value.length)
    return value.map((v, i) => (i === at ? disturb(v, s.items ?? {}, depth - 1) : v))
  }
  const known = Object.keys(s.properties ?? {})
  const k =
    often(0.6) && Object.keys(value).length ? pick(Object.keys(value)) : known.length ? pick(known) : pick(STRINGS)
  const out = { ...value }
  if (often(0.08)) delete out[k]
  else
    out[k] = Object.hasOwn(value, k)
      ? disturb(value[k], propertyOf(s, k) ?? s.additionalProperties ?? {}, depth - 1)
      : draw(propertyOf(s, k) ?? s.additionalProperties ?? {}, 3)
  return out
}
function makeObject(r) {
  const name = kindSchema.get(`${r.apiVersion} ${r.kind}`)
  const schema = name ? schemas.get(name) : {}
  const good = {
    apiVersion: r.group ? `${r.group}/${r.version}` : r.apiVersion,
    kind: r.kind,
    metadata: often(0.9) ? { name: pick(NAMES), labels: { app: 'web' } } : { generateName: 'g-' },
    ...structuredClone(GOOD[r.kind] ?? {}),
  }
  let o = good
  for (let n = pick([0, 1, 1, 1, 2, 3]); n > 0; n--) o = disturb(o, schema, pick([1, 2, 3, 4, 5, 6]))
  if (often(0.05)) o = draw(schema, 6)
  return o
}
const ODD = [
  '',
  '{}',
  '[]',
  'null',
  '0',
  '"x"',
  '{',
  '{"kind":1}',
  '{"metadata":[]}',
  '{"__proto__":{"a":1},"constructor":{}}',
  '{"metadata":{"managedFields":[{"fieldsV1":{"f:x":[]}}]}}',
  'a: b\nc: [',
  'kind: ConfigMap\napiVersion: v1\nmetadata: {name: y}\n',
  '['.repeat(5000),
  '{"a":'.repeat(5000),
  `{"data":{"x":"${'y'.repeat(50_000)}"}}`,
  'k8s\0\n\r\n\u0002v1\u0012\tConfigMap\u0012\u0007\n\u0005\n\u0003abc',
  'k8s\0ÿÿÿÿ',
  '{"spec":{"containers":[{"$patch":"delete","name":"c"}]}}',
  '{"spec":{"$setElementOrder/containers":[{"name":"x"}],"$retainKeys":["a"]}}',
  '{"$patch":"replace"}',
  '{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["a"]}}',
]
const POINTERS = [
  '',
  '/',
  '/metadata',
  '/metadata/labels',
  '/metadata/labels/app',
  '/metadata/name',
  '/metadata/finalizers/-',
  '/metadata/ownerReferences',
  '/spec',
  '/spec/replicas',
  '/spec/template/spec/containers/0/image',
  '/spec/containers/0',
  '/spec/ports/-',
  '/spec/ports/99',
  '/data/a',
  '/status',
  '/kind',
  '/apiVersion',
  '/nope/~2',
  '/a~1b',
  '/__proto__/x',
  '/metadata/managedFields',
  '/metadata/resourceVersion',
  '/spec/selector',
]
const jsonPatch = () =>
  Array.from({ length: pick([0, 1, 1, 2, 3]) }, () => ({
    op: pick(['add', 'replace', 'remove', 'test', 'copy', 'move', 'nope']),
    path: pick(POINTERS),
    ...(often(0.4) ? { from: pick(POINTERS) } : {}),
    ...(often(0.8) ? { value: pick([wrong(), pick(STRINGS), pick(NUMBERS), { app: 'web' }, ['a/b']]) } : {}),
  }))
const QUERIES = [
  '',
  '',
  '',
  '',
  'limit=1',
  'limit=-1',
  'limit=x',
  'continue=x',
  'continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0',
  'labelSelector=app%3Dweb',
  'labelSelector=%2C%2C',
  'labelSelector=a+in+(',
  'fieldSelector=metadata.name%3Da',
  'fieldSelector=x',
  'fieldSelector=status.phase%3DRunning',
  'resourceVersion=-1',
  'resourceVersion=0',
  'resourceVersionMatch=Exact',
  'resourceVersion=5&resourceVersionMatch=Exact',
  'dryRun=All',
  'dryRun=x',
  `fieldManager=${'m'.repeat(200)}`,
  'fieldManager=f',
  'fieldManager=f&force=true',
  'fieldValidation=Strict',
  'fieldValidation=Warn',
  'fieldValidation=Nope',
  'pretty=1',
  'gracePeriodSeconds=0',
  'gracePeriodSeconds=x',
  'propagationPolicy=Foreground',
  'propagationPolicy=Orphan',
  'propagationPolicy=x',
  'a=%',
  '__proto__=1&constructor=2',
  'timeoutSeconds=1e9',
  'container=c&command=id&stdout=1',
  'tailLines=1',
  'previous=true',
  'sinceTime=x',
  'limitBytes=1',
]
const TAILS = [
  '/log',
  '/exec',
  '/attach',
  '/portforward',
  '/eviction',
  '/binding',
  '/proxy/',
  '/proxy/x?y',
  '/finalize',
  '/token',
  '/status',
  '/scale',
  '/ephemeralcontainers',
  '/resize',
  '/approval',
  '/b/c/d',
  '/__proto__',
]
const STRANGE = ['/%2e%2e', '/%ff', '/%', '//', '/constructor', '/..', `/${'x'.repeat(300)}`, '/a%00b', '/%20']
const OTHER = [
  '/',
  '/api',
  '/apis',
  '/api/v1',
  '/apis/apps',
  '/apis/nope/v1',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/openapi/v3/apis/example.com/v1',
  '/version',
  '/metrics',
  '/healthz/etcd',
  '/readyz?verbose',
  '/kubesim/v1/clock',
  '/kubesim/v1/nope',
  '/kubesim/v1/dns/query?name=kubernetes.default&type=A',
  '/kubesim/v1/dns/query?name=%00',
  '/kubesim/v1/dns/query?name=..&type=%ff',
  '*',
  '/apis/example.com/v1/things',
  '/apis/example.com/v1/namespaces/default/things/a',
  '/apis/example.com/v1/namespaces/default/things/a/status',
  'http://127.0.0.1/api',
  '/api/v1/namespaces/default/services/a:80/proxy/',
  '/api/v1/namespaces/default/services/https:a:x/proxy/z',
  '/api/v1/nodes/kind-control-plane/proxy/stats',
]
const TYPES = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
  '',
  'x/y;z',
]
const ACCEPTS = [
  'application/json',
  'application/json',
  '*/*',
  '',
  'application/yaml',
  'application/json;as=Table;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  'application/json;as=x',
  'application/vnd.kubernetes.protobuf',
  ',;=,',
  'application/json;q=x',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
]
const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

function request() {
  const headers = { accept: often(0.85) ? 'application/json' : pick(ACCEPTS) }
  if (often(0.05))
    Object.assign(
      headers,
      pick([
        { 'impersonate-user': 'x' },
        { 'impersonate-user': '' },
        { 'impersonate-user': 'system:admin', 'impersonate-group': 'system:masters' },
        { 'impersonate-group': 'a' },
        { 'impersonate-user': 'x', 'impersonate-extra-a': 'b' },
        { 'x-stream-protocol-version': 'v4.channel.k8s.io' },
        { upgrade: 'nope', connection: 'upgrade' },
        { expect: '100-continue' },
        { 'accept-encoding': 'gzip' },
        { 'user-agent': '' },
        { 'user-agent': '/'.repeat(500) },
        { authorization: 'Basic x' },
        { origin: 'http://x' },
        { 'if-match': '"x"' },
      ]),
    )
  if (often(0.04))
    return {
      method: pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND']),
      path: pick(OTHER),
      headers: { ...headers, 'content-type': pick(TYPES) },
      body: pick(ODD),
    }
  const r = pick(plain)
  const at = `/${r.gv}${r.namespaced && !often(0.04) ? `/namespaces/${pick(['default', 'default', 'default', 'default', 'a', 'nope', 'kube-system'])}` : ''}/${r.name}`
  // a watch takes a second: few of them
  const query = often(0.5)
    ? ''
    : often(0.008)
      ? pick([
          'watch=1&timeoutSeconds=1&resourceVersion=1',
          'watch=true&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
        ])
      : pick(QUERIES)
  const end = query ? `?${query}` : ''
  const named = often(0.03) ? at + pick(STRANGE) : `${at}/${pick(NAMES)}${often(0.12) ? pick(TAILS) : ''}`
  const method = pick([
    'GET',
    'GET',
    'LIST',
    'POST',
    'POST',
    'POST',
    'PUT',
    'PATCH',
    'PATCH',
    'PATCH',
    'DELETE',
    'DELETECOLLECTION',
  ])
  const json = { ...headers, 'content-type': often(0.95) ? 'application/json' : pick(TYPES) }
  switch (method) {
    case 'GET':
      return { method, path: named + end, headers }
    case 'LIST':
      return { method: 'GET', path: at + end, headers }
    case 'POST':
      return {
        method,
        path: (often(0.9) ? at : named) + end,
        headers: json,
        body: often(0.05) ? pick(ODD) : JSON.stringify(makeObject(r)),
      }
    case 'PUT':
      return { method, path: named + end, headers: json, body: often(0.05) ? pick(ODD) : JSON.stringify(makeObject(r)) }
    case 'DELETE':
      return {
        method,
        path: named + end,
        headers: json,
        body: often(0.7)
          ? undefined
          : pick([
              '{}',
              '{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}',
              '{"gracePeriodSeconds":"x"}',
              '{"preconditions":{"uid":"a"}}',
              pick(ODD),
            ]),
      }
    case 'DELETECOLLECTION':
      return often(0.1) && !['namespaces', 'nodes'].includes(r.name)
        ? { method: 'DELETE', path: at + end, headers }
        : { method: 'GET', path: at + end, headers }
    default: {
      const type = pick(PATCHES)
      const body = often(0.06)
        ? pick(ODD)
        : type === 'application/json-patch+json'
          ? JSON.stringify(jsonPatch())
          : JSON.stringify(makeObject(r))
      return {
        method,
        path: `${named}${end}${type.includes('apply') && !end.includes('fieldManager') ? `${end ? '&' : '?'}fieldManager=f` : ''}`,
        headers: { ...headers, 'content-type': often(0.97) ? type : pick(TYPES) },
        body,
      }
    }
  }
}
/** Bytes that are no HTTP at all. */
const noise = () =>
  new Promise((done) => {
    const c = net.connect(Number(port), hostname, () =>
      c.end(Buffer.from(Array.from({ length: 200 }, () => pick([0, 10, 13, 32, 47, 58, 65, 71, 127, 128, 255])))),
    )
    c.on('error', () => undefined)
      .on('close', () => done())
      .resume()
    setTimeout(() => c.destroy(), 2000).unref()
  })

const bad = new Map()
const blame = (key, text) => {
  const b = bad.get(key) ?? { n: 0, text }
  b.n++
  bad.set(key, b)
}
const codes = new Map()
const start = performance.now()
/** What only a defect of ours says. */
const OURS =
  /simulation failed|\bat .*:\d+:\d+|TypeError|RangeError|is not a function|is not iterable|Cannot read prop|undefined/
/** What the real API server fails with, too, for want of a better word. */
const THEIRS =
  /^(Internal Server Error: "|failed to create typed patch object|failed to convert new object \(|Non-matching dry-run options in request and content: |resourceVersion should not be set|\[?target\.(name|kind): |strconv\.ParseUint|map: map\[.*\] does not contain declared merge key|Internal error occurred: failed to allocate a serviceIP: IPAddress|list element types are not identical: |unable to find api field in struct|This pod has more than one PodDisruptionBudget)/
const CLEARED = [
  'apis/apps/v1/*/deployments',
  'apis/apps/v1/*/replicasets',
  'apis/apps/v1/*/statefulsets',
  'apis/batch/v1/*/cronjobs',
  'apis/batch/v1/*/jobs',
  'api/v1/*/replicationcontrollers',
  'api/v1/*/pods',
  'api/v1/*/events',
  'api/v1/*/configmaps',
  'api/v1/*/secrets',
  'api/v1/*/services',
]
let asked = 0
const one = async () => {
  const q = request()
  const a = await ask(q.method, q.path, q.body, q.headers)
  codes.set(a.status, (codes.get(a.status) ?? 0) + 1)
  const line = () =>
    `${q.method} ${q.path} ${q.headers['content-type'] ?? ''} ${(q.body ?? '').slice(0, 1500)}\n    -> ${a.status} ${a.text.slice(0, 900)}`
  const message =
    /message":\s*"((?:[^"\\]|\\.){0,200})|^message: '?(.*?)'?$/m.exec(a.text)?.slice(1).find(Boolean) ??
    a.text.slice(0, 120)
  if (a.status === 0 && !/ECONNRESET|EPIPE|hang up/.test(a.text)) blame(`no answer: ${a.text}`, line())
  else if (a.status >= 500 && (OURS.test(a.text) || (a.status === 500 && !THEIRS.test(message))))
    blame(`${a.status} ${message.replace(/\\?"[^"]*"|\d+/g, '#').slice(0, 80)}`, line())
}
const worker = async () => {
  while (asked < COUNT && server.exitCode === null) {
    const i = ++asked
    await one()
    if (i % 1000 === 0) await noise()
    // a cluster with thousands of objects would only be slower to ask
    if (i % 2000 === 0)
      for (const n of ['default', 'a', 'kube-system'])
        for (const p of CLEARED)
          await ask('DELETE', `/${p.replace('*', `namespaces/${n}`)}?gracePeriodSeconds=0&propagationPolicy=Background`)
    if (i % 10_000 === 0)
      console.log(
        `${i} requests, ${((i / (performance.now() - start)) * 1000).toFixed(0)} a second, ${Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)} MB`,
      )
  }
}
await Promise.all(Array.from({ length: 16 }, worker))
if (server.exitCode !== null) blame('the server died', said.slice(-2000))

// ---- afterwards: everything can be read, in every form, by the server and, from the state it leaves, without it
const left = new Map()
if (server.exitCode === null) {
  for (const r of plain.filter((x) => x.verbs.includes('list'))) {
    for (const accept of ['application/json', 'application/yaml', 'application/json;as=Table;g=meta.k8s.io;v=v1']) {
      const a = await ask('GET', `/${r.gv}/${r.name}`, undefined, { accept })
      if (a.status !== 200) {
        blame(`afterwards ${r.name} as ${accept}: ${a.status}`, a.text.slice(0, 900))
        continue
      }
      if (accept === 'application/json') left.set(`/${r.gv}/${r.name}`, JSON.parse(a.text).items)
    }
  }
  if ((await ask('GET', '/readyz')).text !== 'ok') blame('it is not ready any more', '')
}
for (const m of said.matchAll(/kubesim: (controller \S+) failed at (.*): ((?:.|\n {4}at)*)/g))
  blame(
    `${m[1]}: ${m[3]
      .split('\n')[0]
      .slice(0, 100)
      .replace(/"[^"]*"|\d+/g, '#')}`,
    `at ${m[2]}: ${m[3].slice(0, 900)}`,
  )
agent.destroy()
server.kill('SIGTERM')
const code = await gone
if (code !== 0 && code !== null) blame(`it ended with ${code}`, said.slice(-1000))
const cli = (args) => spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8', maxBuffer: 1 << 28 })
let objects = 0
const places = plain
  .filter(
    (r) =>
      r.verbs.includes('list') && (left.get(`/${r.gv}/${r.name}`)?.length ?? 0) > 0 && r.name !== 'componentstatuses',
  )
  .map((r) => r.name + (r.gv === 'api/v1' ? '' : `.${r.gv.split('/')[2]}.${r.gv.split('/')[1]}`))
for (const args of [
  ['get', places.join(), '-A', '-o', 'wide', '--show-labels'],
  ['describe', places.join(), '-A'],
  ['get', places.join(), '-A', '-o', 'json'],
]) {
  const r = cli(args)
  if (r.status !== 0 || OURS.test(r.stderr)) {
    blame(`without the server: kubesim ${args[0]} ${args.at(-1)} ended with ${r.status}`, r.stderr.slice(0, 900))
    continue
  }
  if (!args.includes('json')) continue
  const again = new Set(JSON.parse(r.stdout).items.map((o) => o.metadata.uid))
  // what stands in a namespace that is on its way goes with it
  const going = new Set(
    (left.get('/api/v1/namespaces') ?? []).filter((o) => o.metadata.deletionTimestamp).map((o) => o.metadata.name),
  )
  for (const [at, items] of left) {
    objects += items.length
    // what has an hour to live, or is still on its way, may have gone on meanwhile
    const lost = items.filter(
      (o) =>
        o.metadata.uid &&
        !again.has(o.metadata.uid) &&
        !o.metadata.deletionTimestamp &&
        !o.metadata.ownerReferences &&
        !going.has(o.metadata.namespace),
    )
    if (lost.length && !/\/(pods|jobs|events|leases|endpointslices|componentstatuses)$/.test(at))
      blame(`the state lacks what was served: ${at}`, lost.map((o) => o.metadata.name).join(' '))
  }
}
console.log(
  `${COUNT} requests (seed ${SEED}) in ${((performance.now() - start) / 1000).toFixed(0)} s: ${[...codes]
    .sort((a, b) => a[0] - b[0])
    .map(([c, n]) => `${c || 'closed'} ${n}`)
    .join(', ')}; ${objects} objects left and read back; ${bad.size} kinds of failure`,
)
for (const [key, b] of [...bad].slice(0, verbose ? 1000 : 20)) console.log(`--- ${key} (${b.n} times)\n    ${b.text}`)
process.exit(bad.size ? 1 : 0)
