// kubesim serve as any client sees it: who may come in, what it answers, what it leaves behind. Needs the built program
// and nothing else.
import { existsSync, readFileSync, statSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import * as tls from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { BIN, emptyHome, environment, run, startServer } from './harness/served.ts'
import type { Server } from './harness/served.ts'

let s: Server
beforeAll(async () => {
  s = await startServer()
})
afterAll(async () => {
  await s.stop()
})

const json = (
  text: string,
): {
  [k: string]: unknown
  kind?: string
  message?: string
  reason?: string
  metadata?: { resourceVersion?: string; name?: string }
} => JSON.parse(text) as never
const cm = (name: string, data: Record<string, string> = {}): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
const CM = '/api/v1/namespaces/default/configmaps'

/** Bytes sent as they are, and all that comes back until the server closes or `ms` are over. */
function raw(text: string, ms = 3000): Promise<string> {
  const { hostname, port } = new URL(s.url)
  return new Promise((done) => {
    const c = tls.connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => c.write(text))
    let out = ''
    c.on('data', (d: Buffer) => {
      out += d.toString('latin1')
    })
    c.on('error', () => undefined)
    c.on('close', () => done(out))
    setTimeout(() => {
      c.destroy()
      done(out)
    }, ms)
  })
}

test('only the token opens', async () => {
  expect(await s.ask('GET', '/api/v1/pods').then((r) => r.status)).toBe(200)
  for (const authorization of ['', 'Bearer', 'Bearer x', `Bearer ${s.token}x`, `Basic ${s.token}`]) {
    const r = await s.ask('GET', '/api/v1/pods', { headers: { authorization } })
    expect([r.status, json(r.body).message]).toEqual([401, 'Unauthorized'])
  }
  expect((await s.ask('GET', '/healthz', { headers: { authorization: '' } })).body).toBe('ok')
  expect((await s.ask('GET', '/metrics', { headers: { authorization: '' } })).status).toBe(401)
})

test("a service account's token opens what the account may see", async () => {
  const made = await s.ask('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { body: '{}' })
  const { token } = json(made.body).status as { token: string }
  const as = async (t: string, path: string): Promise<unknown[]> => {
    const r = await s.ask('GET', path, { headers: { authorization: `Bearer ${t}` } })
    return [r.status, json(r.body).message]
  }
  expect(await as(token, '/api/v1/pods')).toEqual([
    403,
    'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" at the cluster scope',
  ])
  expect((await as(token, '/api'))[0]).toBe(200)
  for (const path of ['/api/v1/pods', '/version']) expect(await as(`${token}x`, path)).toEqual([401, 'Unauthorized'])
})

test('other hosts and web pages are refused', async () => {
  const { host } = new URL(s.url)
  for (const name of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '[::2]'])
    expect((await s.ask('GET', '/version', { headers: { host: name } })).status).toBe(403)
  for (const name of ['localhost:1', '127.0.0.1', '127.3.2.1:6443', '[::1]:6443'])
    expect((await s.ask('GET', '/version', { headers: { host: name } })).status).toBe(200)
  for (const origin of ['https://evil.example', 'null', 'http://localhost:3000', `https://${host}.evil.example`])
    expect((await s.ask('GET', '/version', { headers: { origin } })).status).toBe(403)
  expect((await s.ask('GET', '/version', { headers: { origin: `https://${host}` } })).status).toBe(200)
  for (const site of ['cross-site', 'same-site'])
    expect((await s.ask('POST', CM, { headers: { 'sec-fetch-site': site }, body: cm('page') })).status).toBe(403)
})

test('bodies, headers and addresses have limits', async () => {
  const big = await s.ask('POST', CM, { body: cm('big', { x: 'y'.repeat(4 * 1024 * 1024) }) })
  expect([big.status, json(big.body).reason]).toEqual([413, 'RequestEntityTooLarge'])
  expect(await raw(`GET /version HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 4(31|00)/,
  )
  expect(await raw(`GET /${'y'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4(31|00)/)
  expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
  expect((await s.ask('POST', CM, { body: '['.repeat(100_000) })).status).toBe(400)
  expect((await s.ask('GET', '/version')).status).toBe(200)
})

test('answers come as they are asked for', async () => {
  await s.ask('POST', CM, { body: cm('forms', { a: '1' }) })
  const get = (accept: string, path = `${CM}/forms`): ReturnType<Server['ask']> =>
    s.ask('GET', path, { headers: { accept } })
  expect((await get('application/json')).body).toMatch(/^\{"kind":"ConfigMap","apiVersion":"v1",.*\}\n$/)
  expect((await get('application/yaml')).body).toMatch(/^apiVersion: v1\ndata:\n {2}a: "1"\nkind: ConfigMap\n/)
  expect((await get('application/vnd.kubernetes.protobuf')).status).toBe(406)
  expect((await get('application/vnd.kubernetes.protobuf,application/json')).headers['content-type']).toBe(
    'application/json',
  )
  expect(json((await get('application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1')).body).kind).toBe(
    'PartialObjectMetadata',
  )
  expect(json((await get('application/json;as=Table;g=meta.k8s.io;v=v1', CM)).body).kind).toBe('Table')
  expect((await get('application/json', `${CM}/forms?pretty=true`)).body).toMatch(/^\{\n {2}"kind": "ConfigMap",\n/)
  const head = await s.ask('HEAD', '/apis')
  expect([head.status, head.body, Number(head.headers['content-length']) > 100]).toEqual([200, '', true])
  // the router's answers: a HEAD has no route, nor have two slashes; only where nobody listens at all it is plain text
  const routed = async (method: string, path: string): Promise<readonly (number | string | undefined)[]> => {
    const r = await s.ask(method, path)
    return [r.status, r.headers['content-type'], method === 'HEAD' ? undefined : r.body.slice(0, 18)]
  }
  expect(await routed('HEAD', CM)).toEqual([405, 'application/json', undefined])
  for (const [method, path] of [
    ['PUT', CM],
    ['PUT', '/api/v1/watch/pods'],
    ['POST', '/api/v1/pods'],
    ['DELETE', '/version'],
    ['PATCH', '/apis/apps/v1'],
  ] as const)
    expect(await routed(method, path)).toEqual([405, 'application/json', '{"kind":"Status","'])
  for (const [method, path] of [
    ['GET', '/api/v1//pods'],
    ['PATCH', '/apis/apps/v1/namespaces/default/daemonsets/x/scale'],
    ['POST', '/api/v1/pods/x'],
    ['GET', '/apis/apps/v2/x'],
  ] as const)
    expect(await routed(method, path)).toEqual([404, 'application/json', '{"kind":"Status","'])
  expect(await routed('GET', '/apis/no.such.group/v1/things')).toEqual([
    404,
    'text/plain; charset=utf-8',
    '404 page not found',
  ])
  expect(await routed('POST', '/livez')).toEqual([200, 'text/plain; charset=utf-8', 'ok'])
  const none = await s.ask('GET', '/nothing/here')
  expect([none.status, none.body]).toEqual([404, '404 page not found\n'])
  expect((await s.ask('OPTIONS', CM)).status).toBe(405)
  const gzip = await s.ask('GET', '/openapi/v2', { headers: { 'accept-encoding': 'gzip' } })
  expect([gzip.status, gzip.headers['content-encoding']]).toEqual([200, 'gzip'])
  expect(
    (await s.ask('POST', `${CM}?fieldValidation=Warn`, { body: cm('warned').replace('"data"', '"dta":{},"data"') }))
      .headers.warning,
  ).toBe('299 - "unknown field \\"dta\\""')
  expect((await s.ask('GET', '/metrics')).body).toMatch(/^# TYPE apiserver_request_total counter$/m)
  expect((await s.ask('GET', '/readyz?verbose')).body).toMatch(/\[\+\]etcd ok\n[^]*readyz check passed\n$/)
})

/** A ConfigMap as client-go's protobuf serializer writes it. */
function protobuf(name: string): Buffer {
  const field = (n: number, b: Buffer): Buffer => Buffer.concat([Buffer.from([n * 8 + 2, b.length]), b])
  const entry = Buffer.concat([field(1, Buffer.from('a')), field(2, Buffer.from('1'))])
  const object = Buffer.concat([field(1, field(1, Buffer.from(name))), field(2, entry)])
  return Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, Buffer.concat([field(1, Buffer.from('v1')), field(2, Buffer.from('ConfigMap'))])),
    field(2, object),
  ])
}

test('headers hold what HTTP lets them: warnings beyond ASCII, groups that came one by one', async () => {
  const warned = await s.ask('POST', `${CM}?fieldValidation=Warn&dryRun=All`, {
    body: cm('beyond').replace('"data"', '"é€":{},"data"'),
  })
  expect(warned.status).toBe(201)
  expect(Buffer.from(String(warned.headers.warning), 'latin1').toString('utf8')).toBe('299 - "unknown field \\"é€\\""')
  const review = await s.ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    headers: { 'impersonate-user': 'jane', 'impersonate-group': 'ops, dev' },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
  })
  expect(review.body).toContain('"groups":["ops","dev","system:authenticated"]')
})

test('the OpenAPI document says which patches are taken', async () => {
  const patches = async (path: string, at: string): Promise<string[]> => {
    const doc = JSON.parse((await s.ask('GET', path)).body) as {
      paths: Record<string, { patch: { requestBody: { content: Record<string, unknown> } } }>
    }
    return Object.keys(doc.paths[at]?.patch.requestBody.content ?? {})
  }
  expect(await patches('/openapi/v3/api/v1', '/api/v1/namespaces/{namespace}/configmaps/{name}')).toEqual([
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
  ])
})

test('bodies may be protobuf', async () => {
  const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
  const made = await s.ask('POST', CM, { headers, body: protobuf('proto') })
  expect([made.status, json(made.body).data]).toEqual([201, { a: '1' }])
  for (const body of [
    Buffer.from('k8s\0'),
    Buffer.from('nonsense'),
    protobuf('x').subarray(0, 20),
    Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(50, 0xff)]),
  ])
    expect((await s.ask('POST', CM, { headers, body })).status).toBe(400)
})

test('lists come in pieces that stay as they were', async () => {
  for (const n of ['p1', 'p2', 'p3', 'p4'])
    await s.ask('POST', CM, { body: cm(n).replace('"metadata":{', '"metadata":{"labels":{"t":"pieces"},') })
  const list = (
    q: string,
  ): Promise<{ items: { metadata: { name: string } }[]; metadata: { continue?: string; resourceVersion: string } }> =>
    s.ask('GET', `${CM}?labelSelector=t%3Dpieces&${q}`).then((r) => JSON.parse(r.body) as never)
  const first = await list('limit=2')
  await s.ask('DELETE', `${CM}/p3`)
  await s.ask('POST', CM, { body: cm('p31').replace('"metadata":{', '"metadata":{"labels":{"t":"pieces"},') })
  const second = await list(`limit=2&continue=${first.metadata.continue ?? ''}`)
  expect([...first.items, ...second.items].map((o) => o.metadata.name)).toEqual(['p1', 'p2', 'p3', 'p4'])
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  expect(
    (await list(`resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`)).items.map(
      (o) => o.metadata.name,
    ),
  ).toEqual(['p1', 'p2', 'p3', 'p4'])
  expect((await list('')).items.map((o) => o.metadata.name)).toEqual(['p1', 'p2', 'p31', 'p4'])
})

/** The first `n` events of a watch. */
async function events(
  path: string,
  n: number,
): Promise<{ type: string; object: { metadata: { name?: string; annotations?: Record<string, string> } } }[]> {
  const r = await s.open(path)
  let text = ''
  for await (const c of r.setEncoding('utf8')) {
    text += String(c)
    if (text.split('\n').length > n) break
  }
  return text
    .trim()
    .split('\n')
    .slice(0, n)
    .map((l) => JSON.parse(l) as never)
}

test('watches: from now, from a revision, with all that is there first', async () => {
  await s.ask('POST', '/api/v1/namespaces', {
    body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'watched' } }),
  })
  const path = '/api/v1/namespaces/watched/secrets'
  const secret = (name: string): string => JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name } })
  const rv = json((await s.ask('GET', path)).body).metadata?.resourceVersion ?? ''
  await s.ask('POST', path, { body: secret('one') })
  const seen = events(`${path}?watch=1&resourceVersion=${rv}`, 3)
  await s.ask('PATCH', `${path}/one`, {
    headers: { 'content-type': 'application/merge-patch+json' },
    body: '{"metadata":{"labels":{"a":"b"}}}',
  })
  await s.ask('DELETE', `${path}/one`)
  expect((await seen).map((e) => e.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  await s.ask('POST', path, { body: secret('two') })
  const initial = await events(
    `${path}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    2,
  )
  expect(initial.map((e) => [e.type, e.object.metadata.name ?? e.object.metadata.annotations])).toEqual([
    ['ADDED', 'two'],
    ['BOOKMARK', { 'k8s.io/initial-events-end': 'true' }],
  ])
  // a watch with a time limit ends by itself
  expect(
    (await s.ask('GET', `${path}?watch=1&resourceVersion=${rv}&timeoutSeconds=1`)).body.split('\n').length,
  ).toBeGreaterThan(3)
})

/** Talks the channel protocol of exec over a WebSocket. */
function exec(
  query: string,
  input: string | undefined,
  protocol = 'v5.channel.k8s.io',
  headers: Record<string, string> = {},
): Promise<{ stdout: string; stderr: string; status: string; refused?: number }> {
  return new Promise((done, fail) => {
    const ws = new WebSocket(
      `${s.url.replace('https', 'wss')}/api/v1/namespaces/default/pods/web/exec?${query}`,
      [protocol],
      { rejectUnauthorized: false, headers: { authorization: `Bearer ${s.token}`, ...headers } },
    )
    const out = ['', '', '', '']
    ws.on('open', () => {
      if (input !== undefined) {
        ws.send(Buffer.concat([Buffer.from([0]), Buffer.from(input)]))
        ws.send(Buffer.from([255, 0]))
      }
    })
    ws.on('message', (m: Buffer) => {
      out[m[0] ?? 0] += m.subarray(1).toString()
    })
    ws.on('unexpected-response', (_r, i) => {
      i.resume()
      done({ stdout: '', stderr: '', status: '', refused: i.statusCode ?? 0 })
    })
    ws.on('close', () => done({ stdout: out[1] ?? '', stderr: out[2] ?? '', status: out[3] ?? '' }))
    ws.on('error', fail)
  })
}

test('exec by WebSocket: streams, exit code, refusals before the upgrade', async () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'web', image: 'nginx' }] },
  }
  expect((await s.ask('POST', '/api/v1/namespaces/default/pods', { body: JSON.stringify(pod) })).status).toBe(201)
  expect((await s.kubesim('wait', 'pod/web', '--for=condition=Ready', '--timeout=20s')).stdout).toBe(
    'pod/web condition met\n',
  )
  expect(await exec('command=cat&stdin=true&stdout=true', 'hello\n')).toEqual({
    stdout: 'hello\n',
    stderr: '',
    status: '{"metadata":{},"status":"Success"}',
  })
  const failed = await exec(
    'command=sh&command=-c&command=echo+a%3B+echo+b+%3E%262%3B+exit+3&stdout=true&stderr=true',
    undefined,
  )
  expect([failed.stdout, failed.stderr, json(failed.status).reason, json(failed.status).details]).toEqual([
    'a\n',
    'b\n',
    'NonZeroExitCode',
    { causes: [{ reason: 'ExitCode', message: '3' }] },
  ])
  expect((await exec('command=true&container=nope&stdout=true', undefined)).refused).toBe(400)
  expect((await exec('stdout=true', undefined)).refused).toBe(422)
  expect((await exec('command=true&stdout=true', undefined, 'v9.channel.k8s.io')).refused).toBe(400)
  expect(
    (await exec('command=true&stdout=true', undefined, 'v5.channel.k8s.io', { authorization: 'Bearer x' })).refused,
  ).toBe(401)
  expect(
    (await exec('command=true&stdout=true', undefined, 'v5.channel.k8s.io', { origin: 'https://evil.example' }))
      .refused,
  ).toBe(403)
})

test('port-forward by WebSocket channels', async () => {
  const answer = await new Promise<string>((done, fail) => {
    const ws = new WebSocket(
      `${s.url.replace('https', 'wss')}/api/v1/namespaces/default/pods/web/portforward?ports=80`,
      ['v4.channel.k8s.io'],
      { rejectUnauthorized: false, headers: { authorization: `Bearer ${s.token}` } },
    )
    let out = ''
    ws.on('open', () => ws.send(Buffer.concat([Buffer.from([0]), Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')])))
    ws.on('message', (m: Buffer) => {
      if (m.length > 3 && m[0] === 0) out += m.subarray(1).toString()
      if (out.includes('</html>')) {
        ws.close()
        done(out)
      }
    })
    ws.on('error', fail)
  })
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Welcome to nginx/)
})

test('hostile upgrades and frames end their own connection only', async () => {
  const upgrade = (path: string, kind: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${s.token}\r\nConnection: Upgrade\r\nUpgrade: ${kind}\r\n`
  const pod = '/api/v1/namespaces/default/pods/web'
  const garbage = String.fromCharCode(...Array.from({ length: 4000 }, (_, i) => (i * 37) % 128))
  for (const path of [
    `${pod}/exec?command=cat&stdin=true&stdout=true`,
    `${pod}/portforward`,
    `${pod}/attach?stdout=true`,
  ]) {
    await raw(`${upgrade(path, 'SPDY/3.1')}X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n${garbage}`, 500)
    await raw(`${upgrade(path, 'SPDY/3.1')}\r\n\u0080\u0003\u0000\u0001\u0000\u0000\u0000\u0002\u0000\u0000`, 500)
    await raw(
      `${upgrade(path, 'websocket').replace('POST', 'GET')}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n${garbage}`,
      500,
    )
  }
  expect(await raw(`${upgrade(`${pod}/exec?command=true`, 'h2c')}\r\n`, 1000)).toMatch(/^HTTP\/1\.1 400/)
  expect((await s.ask('GET', '/readyz')).body).toBe('ok')
})

test('the kubeconfig is private and names this server', () => {
  expect(statSync(s.kubeconfig).mode & 0o777).toBe(0o600)
  expect(readFileSync(s.kubeconfig, 'utf8')).toContain(`server: "${s.url}"`)
  expect(statSync(join(s.home, '.kubesim/state.json.serve')).mode & 0o777).toBe(0o600)
})

test('a state has one server; addresses must be free and on this machine', async () => {
  const serve = (...args: string[]): ReturnType<typeof run> =>
    run(process.execPath, [BIN, 'serve', ...args], { env: s.env, timeout: 20_000 })
  const second = await serve('--api-address', '127.0.0.1:0', '--dns-address', '127.0.0.1:0')
  expect([second.code, second.stderr]).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`^error: this state is served already, by process ${s.child.pid} at http://127.0.0.1:\\d+\n$`),
    ),
  ])
  const taken = await serve(
    '--ephemeral',
    '--api-address',
    new URL(s.url).host,
    '--dns-address',
    '127.0.0.1:0',
    '--kubeconfig',
    join(s.home, 'other'),
  )
  expect([taken.code, taken.stderr]).toEqual([
    1,
    `error: ${new URL(s.url).host} is in use: another program listens there; choose another address with --api-address, or port 0 for a free one\n`,
  ])
  expect(existsSync(join(s.home, 'other'))).toBe(false)
  const wide = await serve('--ephemeral', '--api-address', '0.0.0.0:0')
  expect([wide.code, wide.stderr]).toEqual([
    1,
    'error: --api-address takes loopback addresses only (127.0.0.1, ::1, localhost): 0.0.0.0 could be reached from other machines\n',
  ])
  const free = ['--ephemeral', '--api-address', '127.0.0.1:0', '--dns-address', '127.0.0.1:0']
  const nowhere = await serve(...free, '--kubeconfig', s.home)
  expect([nowhere.code, nowhere.stderr]).toEqual([1, `error: ${s.home} cannot be written: it is a directory\n`])
  const strange = await serve(...free, '--controllers', '*,-nope')
  expect([strange.code, strange.stderr]).toEqual([
    1,
    expect.stringMatching(/^error: --controllers: "nope" is not in the list of known controllers: [a-z]/),
  ])
})

test('other commands on the same state talk to the server', async () => {
  const before = await s.kubesim('get', 'cm', '-o', 'name')
  await s.ask('POST', CM, { body: cm('from-http') })
  const after = await s.kubesim('get', 'cm', '-o', 'name')
  expect(after.stdout.split('\n').filter((l) => !before.stdout.includes(l))).toEqual(['configmap/from-http'])
  expect((await s.kubesim('create', 'cm', 'from-cli')).stdout).toBe('configmap/from-cli created\n')
  expect((await s.ask('GET', `${CM}/from-cli`)).status).toBe(200)
  expect(await s.kubesim('exec', 'web', '--', 'sh', '-c', 'echo hi; exit 4')).toEqual({
    stdout: 'hi\n',
    stderr: 'command terminated with exit code 4\n',
    code: 4,
  })
  expect(await s.kubesim('get', 'nothings')).toEqual({
    stdout: '',
    stderr: 'error: the server doesn\'t have a resource type "nothings"\n',
    code: 1,
  })
  expect(await s.kubesim('get', '--raw', '/nothing/here')).toEqual({
    stdout: '',
    stderr: 'Error from server (NotFound): the server could not find the requested resource\n',
    code: 1,
  })
  expect((await s.kubesim('logs', 'web', '--tail=1')).stdout).toMatch(/"GET \/ HTTP\/1\.1" 200/)
})

test('a watcher sees what follows when the clock is moved', async () => {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'hourly' },
    spec: {
      schedule: '0 * * * *',
      jobTemplate: {
        spec: {
          template: {
            spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox', command: ['true'] }] },
          },
        },
      },
    },
  }
  expect(
    (await s.ask('POST', '/apis/batch/v1/namespaces/default/cronjobs', { body: JSON.stringify(job) })).status,
  ).toBe(201)
  const seen = events('/apis/batch/v1/namespaces/default/jobs?watch=1', 1)
  expect((await s.kubesim('clock', 'advance', '1h')).code).toBe(0)
  const [first] = await seen
  expect([first?.type, first?.object.metadata.name]).toEqual(['ADDED', expect.stringMatching(/^hourly-\d+$/)])
})

test('a million pods to make keep nobody out, and are called off', { timeout: 180_000 }, async () => {
  const own = await startServer(['--ephemeral'])
  try {
    const spec = {
      replicas: 1_000_000,
      selector: { matchLabels: { app: 'big' } },
      template: { metadata: { labels: { app: 'big' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
    }
    const path = '/apis/apps/v1/namespaces/default/replicasets'
    expect(
      (
        await own.ask('POST', path, {
          body: JSON.stringify({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'big' }, spec }),
        })
      ).status,
    ).toBe(201)
    expect((await own.ask('GET', '/api/v1/namespaces/kube-system')).status).toBe(200)
    expect((await own.ask('DELETE', `${path}/big?propagationPolicy=Orphan`)).status).toBe(202)
  } finally {
    expect(await own.stop()).toBe(0)
  }
})

test('1,000 connections that say nothing do not keep others out', async () => {
  const { hostname, port } = new URL(s.url)
  const idle = await Promise.all(
    Array.from(
      { length: 1000 },
      () =>
        new Promise<net.Socket>((done) => {
          const c = net.connect(Number(port), hostname, () => done(c))
          c.on('error', () => undefined)
        }),
    ),
  )
  expect((await s.ask('GET', '/api/v1/namespaces')).status).toBe(200)
  for (const c of idle) c.destroy()
})

test('TERM saves the state and takes the kubeconfig away', async () => {
  const home = emptyHome()
  const one = await startServer([], home)
  expect((await one.ask('POST', CM, { body: cm('kept') })).status).toBe(201)
  const watch = await one.open('/api/v1/pods?watch=1')
  watch.on('error', () => undefined).resume()
  expect(await one.stop({ keep: true })).toBe(0)
  expect(one.output()).toMatch(/ended, the state is saved\n$/)
  expect([existsSync(one.kubeconfig), existsSync(join(home, '.kubesim/state.json.serve'))]).toEqual([false, false])
  expect(
    (await run(process.execPath, [BIN, 'get', 'cm', 'kept', '-o', 'name'], { env: environment(home) })).stdout,
  ).toBe('configmap/kept\n')
  const again = await startServer([], home)
  expect((await again.ask('GET', `${CM}/kept`)).status).toBe(200)
  await again.stop()
})
