// Paths that name no resource: discovery, version, health, OpenAPI, the root's list of paths.
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import type { Api } from './api.ts'
import { ADDRESS, answer, text } from './api.ts'
import { methodNotAllowed, noRoute, notServed, unserved } from './unserved.ts'
import { checkJson } from './negotiate.ts'
import { checkNames, isHealth, serveHealth } from './healthchecks.ts'
import type { RequestInfo } from './request-info.ts'

const OPENID = new Set(['openid/v1/jwks', '.well-known/openid-configuration'])
/** What /version says of a server with this version. */
function versionInfo(server: string): { readonly [k: string]: string } {
  const m = /^v(\d+)\.(\d+)/.exec(server)
  return {
    major: m?.[1] ?? '1',
    minor: m?.[2] ?? '33',
    emulationMajor: m?.[1] ?? '1',
    emulationMinor: m?.[2] ?? '33',
    minCompatibilityMajor: m?.[1] ?? '1',
    minCompatibilityMinor: String(Number(m?.[2] ?? 33) - 1),
    gitVersion: server,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '2025-01-01T00:00:00Z',
    goVersion: 'go1.24.6',
    compiler: 'gc',
    platform: 'linux/amd64',
  }
}

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'
/** A metric in Prometheus' text form. */
const block = (name: string, type: string, help: string, rows: readonly string[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${rows.map((r) => `${name}${r}\n`).join('')}`

/** What the health checks have said: all is well as long as somebody answers. */
const indicators = (): string =>
  block(
    'kubernetes_healthcheck',
    'gauge',
    '[STABLE] This metric records the result of a single healthcheck.',
    checkNames().map(([name, type]) => `{name="${name}",type="${type}"} 1`),
  ) +
  block(
    'kubernetes_healthchecks_total',
    'counter',
    '[STABLE] This metric records the results of all healthcheck.',
    checkNames().map(([name, type]) => `{name="${name}",status="success",type="${type}"} 1`),
  )

/** Figures of our own in Prometheus' text form. */
function metrics(api: Api): string {
  const requests = new Map<string, number>()
  for (const [key, n] of api.part('request counts', () => new Map<string, number>())) {
    const [, verb = '', resource = '', code = ''] = /^([^ ]*) (.*) (\d+)$/s.exec(key) ?? []
    const labels = `verb="${/^[a-z]{1,20}$/.test(verb) ? verb : ''}",resource="${/^[a-z.]{1,80}$/.test(resource) ? resource : ''}",code="${code}"`
    requests.set(labels, (requests.get(labels) ?? 0) + n)
  }
  const counts = [...requests].sort(([a], [b]) => (a < b ? -1 : 1))
  return (
    block(
      'apiserver_request_total',
      'counter',
      'Requests answered, by verb, resource and status code.',
      counts.map(([labels, n]) => `{${labels}} ${n}`),
    ) +
    block(
      'apiserver_storage_objects',
      'gauge',
      'Objects in the store, by resource.',
      [...api.store.resources()]
        .filter((r) => !r.endsWith('.kubesim.io'))
        .sort()
        .map((r) => `{resource="${r}"} ${api.store.count(r)}`),
    ) +
    block('kubesim_store_revision', 'gauge', 'The revision of the last write.', [` ${api.store.revision}`])
  )
}

/** Serves everything that is not a resource. */
export async function serveNonResource(api: Api, request: ApiRequest, info: RequestInfo): Promise<ApiResponse> {
  const [first = '', second] = info.parts
  if (info.empty) return unserved(api, info)
  // lists of versions and resources have routes, with a method; the others answer to whatever method they are asked
  // with
  const listed =
    first === 'api' || (first === 'apis' && info.version !== '') || (first === 'version' && second === undefined)
  if (request.method !== 'GET' && listed) {
    const there = await serveNonResource(api, { ...request, method: 'GET' }, info)
    return there.status === 200 ? methodNotAllowed() : there
  }
  if (first === 'api' || first === 'apis') return (await import('./discovery.ts')).serveDiscovery(api, request, info)
  if (first === 'version' && second === undefined) {
    checkJson(request.headers?.accept)
    return { ...answer(200, versionInfo(api.versions.server)), indented: true }
  }
  if (isHealth(first)) return serveHealth(request, info.parts)
  if (request.path === '/metrics' && request.method === 'DELETE') {
    api.part('request counts', () => new Map<string, number>()).clear()
    return text(200, 'metrics reset\n')
  }
  if (request.path === '/metrics') return text(200, metrics(api), PROMETHEUS)
  if (request.path === '/metrics/slis') return text(200, indicators(), PROMETHEUS)
  // below it is the router of that service
  if (first === 'version') return noRoute()
  if (OPENID.has(info.parts.join('/'))) {
    if (request.method !== 'GET') return methodNotAllowed()
    const m = await import('./serviceaccount-tokens.ts')
    const keys = first === 'openid'
    return {
      status: 200,
      headers: {
        'content-type': keys ? 'application/jwk-set+json' : 'application/json',
        'cache-control': 'public, max-age=3600',
      },
      body: keys ? m.keySet(m.keyPlace(api.store), api.entropy) : m.openIdConfiguration(ADDRESS),
    }
  }
  if (first === 'openapi') return (await import('./openapi.ts')).serveOpenApi(api, request, info)
  if (first === '' || request.path === '/index.html') return (await import('./discovery.ts')).servePaths(api)
  return notServed()
}
