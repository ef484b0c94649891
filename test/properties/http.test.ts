// Random HTTP requests, half sensible and half not, never make the server fail: no 5xx but what the API server means, no dead process, and a healthy answer at
// the end. FUZZ_HTTP=100000 asks more; FUZZ_SEED repeats a run.
import * as http from 'node:http'
import * as net from 'node:net'
import { expect, test } from 'vitest'
import { startServer } from '../harness/served.ts'

const COUNT = Number(process.env.FUZZ_HTTP ?? 1500)
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)

/** Chance that can be repeated (mulberry32). */
function chance(seed: number): <T>(items: readonly T[]) => T {
  let s = seed >>> 0
  return (items) => {
    s = (s + 0x6d2b79f5) >>> 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return items[((t ^ (t >>> 14)) >>> 0) % items.length] as never
  }
}

const RESOURCES = ['/api/v1/namespaces/default/pods', '/api/v1/namespaces/default/configmaps', '/api/v1/namespaces', '/api/v1/nodes', '/apis/apps/v1/namespaces/default/deployments', '/apis/batch/v1/namespaces/default/jobs', '/apis/rbac.authorization.k8s.io/v1/clusterroles', '/api/v1/namespaces/default/services', '/apis/coordination.k8s.io/v1/namespaces/default/leases', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers']
const PARTS = ['', '/a', '/kubernetes', '/a/status', '/a/scale', '/a/log', '/a/exec', '/a/portforward', '/a/eviction', '/a/binding', '/a/proxy/x', '/a/finalize', '/a/token', '/%2e%2e', '/%ff', '/%', '//', '/a/b/c/d', '/__proto__', '/constructor', '/' + 'x'.repeat(300)]
const OTHER = ['/', '/api', '/apis', '/api/v1', '/apis/apps', '/apis/nope/v1', '/openapi/v2', '/openapi/v3', '/openapi/v3/api/v1', '/version', '/metrics', '/healthz/etcd', '/readyz?verbose', '/kubesim/v1/clock', '/kubesim/v1/nope', '/kubesim/v1/dns/query?name=kubernetes.default&type=A', '/kubesim/v1/dns/query?name=%00', '*', '/api/v1/watch/pods?timeoutSeconds=1']
const QUERIES = ['', '?limit=1', '?limit=-1', '?limit=x', '?continue=x', '?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0', '?labelSelector=a%3Db', '?labelSelector=%2C%2C', '?labelSelector=a+in+(', '?fieldSelector=metadata.name%3Da', '?fieldSelector=x', '?watch=1&timeoutSeconds=1&resourceVersion=1', '?resourceVersion=-1', '?resourceVersion=99999999', '?resourceVersionMatch=Exact', '?dryRun=All', '?dryRun=x', '?fieldManager=' + 'm'.repeat(200), '?fieldValidation=Strict', '?force=true&fieldManager=f', '?pretty=1', '?gracePeriodSeconds=x', '?propagationPolicy=x', '?a=%', '?__proto__=1&constructor=2', '?timeoutSeconds=1e9']
const BODIES = ['', '{}', '[]', 'null', '0', '"x"', '{', '{"kind":1}', '{"metadata":[]}', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"b"}}', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"__proto__":"x"}},"data":null}', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"nginx"}]}}', '{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"g-"},"spec":{"containers":[{}]}}', '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"nginx"}]}}}}', '{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}', '{"metadata":{"labels":{"x":"y"}}}', '[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]', '[{"op":"replace","path":"/nope/~2","value":1}]', '{"spec":{"containers":[{"$patch":"delete","name":"c"}]}}', '{"__proto__":{"a":1},"constructor":{}}', '{"metadata":{"name":"a","managedFields":[{"fieldsV1":{"f:x":[]}}]}}', 'a: b\nc: [', 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: y}\n', '['.repeat(5000), '{"a":'.repeat(5000), `{"data":{"x":"${'y'.repeat(50_000)}"}}`, 'k8s\0\n\r\n\u0002v1\u0012\tConfigMap\u0012\u0007\n\u0005\n\u0003abc', 'k8s\0ÿÿÿÿ']
const TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'text/plain', '', 'x/y;z']
const ACCEPTS = ['application/json', '*/*', '', 'application/yaml', 'application/json;as=Table;g=meta.k8s.io;v=v1', 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', 'application/json;as=x', 'application/vnd.kubernetes.protobuf', ',;=,', 'application/json;q=x']
const METHODS = ['GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND']

test(`${COUNT} random requests (seed ${SEED})`, { timeout: 3_600_000 }, async () => {
  const s = await startServer(['--ephemeral', '--tls=false'])
  const { hostname, port } = new URL(s.url)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
  const pick = chance(SEED)
  const bad: string[] = []
  const one = (): Promise<void> => {
    const method = pick(METHODS)
    const path = pick([0, 0, 0, 1]) === 1 ? pick(OTHER) : pick(RESOURCES) + pick(PARTS) + pick(QUERIES)
    const body = pick(BODIES)
    const headers: Record<string, string> = { authorization: `Bearer ${s.token}`, accept: pick(ACCEPTS), 'content-type': pick(TYPES), ...(pick([0, 0, 0, 1]) === 1 ? { 'impersonate-user': pick(['x', '', 'system:admin']) } : {}) }
    return new Promise((done) => {
      const r = http.request({ hostname, port, agent, method, path, headers, timeout: 20_000 }, (a) => {
        let text = ''
        a.setEncoding('utf8').on('data', (c: string) => { text += c }).on('end', () => { if ((a.statusCode ?? 0) === 500 && /simulation failed|\bat .*:\d+:\d+|TypeError|RangeError|undefined/.test(text)) bad.push(`${method} ${path} ${headers['content-type']} ${body.slice(0, 200)}: ${text.slice(0, 400)}`); done() })
        a.on('error', () => done())
      })
      r.on('timeout', () => { bad.push(`${method} ${path}: no answer`); r.destroy() })
      r.on('error', (e) => { if (!/ECONNRESET|EPIPE|hang up/.test(e.message)) bad.push(`${method} ${path}: ${e.message}`); done() })
      r.end(method === 'GET' || method === 'HEAD' ? undefined : body)
    })
  }
  /** Bytes that are no HTTP at all. */
  const noise = (): Promise<void> => new Promise((done) => {
    const c = net.connect(Number(port), hostname, () => c.end(Buffer.from(Array.from({ length: 200 }, () => pick([0, 10, 13, 32, 47, 58, 65, 71, 127, 128, 255])))))
    c.on('error', () => undefined).on('close', () => done()).resume()
    setTimeout(() => c.destroy(), 2000).unref()
  })
  try {
    for (let i = 0; i < COUNT; i += 8) { await Promise.all(Array.from({ length: 8 }, one)); if (i % 200 === 0) await noise() }
    expect(bad).toEqual([])
    expect(s.child.exitCode).toBe(null)
    const ready = await fetch(`${s.url}/readyz`)
    expect(await ready.text()).toBe('ok')
  } finally { agent.destroy(); await s.stop() }
})
