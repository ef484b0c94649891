// /healthz, /livez, /readyz and the checks below them; as apiserver's server/healthz. A simulated server is well: what
// counts is which checks there are, and what is left out.
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import { text } from './api.ts'
import { notServed } from './unserved.ts'

const hooks = (names: string): string[] => names.split(' ').map((n) => `poststarthook/${n}`)
/** The checks in the order in which they are told. */
const CHECKS = [
  'ping',
  'log',
  'etcd',
  ...hooks(
    'start-apiserver-admission-initializer generic-apiserver-start-informers priority-and-fairness-config-consumer ' +
      'priority-and-fairness-filter storage-object-count-tracker-hook start-apiextensions-informers ' +
      'start-apiextensions-controllers crd-informer-synced start-system-namespaces-controller ' +
      'start-cluster-authentication-info-controller start-kube-apiserver-identity-lease-controller ' +
      'start-kube-apiserver-identity-lease-garbage-collector start-legacy-token-tracking-controller ' +
      'start-service-ip-repair-controllers rbac/bootstrap-roles scheduling/bootstrap-system-priority-classes ' +
      'priority-and-fairness-config-producer bootstrap-controller start-kubernetes-service-cidr-controller ' +
      'start-kube-aggregator-informers apiservice-status-local-available-controller ' +
      'apiservice-status-remote-available-controller apiservice-registration-controller ' +
      'apiservice-discovery-controller kube-apiserver-autoregistration',
  ),
  'autoregister-completion',
  ...hooks('apiservice-openapi-controller apiservice-openapiv3-controller'),
]
const READY = [...CHECKS.slice(0, 3), 'etcd-readiness', 'informer-sync', ...CHECKS.slice(3), 'shutdown']

const ENDPOINTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['healthz', CHECKS],
  ['livez', CHECKS],
  ['readyz', READY],
])

/** Every path of a check. */
export const healthPaths = (): string[] =>
  [...ENDPOINTS].flatMap(([name, checks]) => [`/${name}`, ...checks.map((c) => `/${name}/${c}`)])

/** The checks that are counted, by name and endpoint. */
export const checkNames = (): (readonly [name: string, type: string])[] =>
  [...ENDPOINTS]
    .flatMap(([type, checks]) => checks.map((name) => [name, type] as const))
    .sort(([a, s], [b, t]) => (a === b ? (s < t ? -1 : 1) : a < b ? -1 : 1))

/** Whether the path is one of them, or below. */
export const isHealth = (first: string): boolean => ENDPOINTS.has(first)

export function serveHealth(request: ApiRequest, parts: readonly string[]): ApiResponse {
  const [first = '', ...below] = parts
  const checks = ENDPOINTS.get(first) ?? []
  if (below.length > 0) return checks.includes(below.join('/')) ? text(200, 'ok') : notServed()
  // the word alone is a path, with a slash behind it nobody listens
  if (request.path.endsWith('/')) return notServed()
  const answer = (said: string): ApiResponse => {
    const a = text(200, said)
    return { ...a, headers: { ...a.headers, 'x-content-type-options': 'nosniff' } }
  }
  if (!request.query?.verbose) return answer('ok')
  const excluded = request.query.exclude ?? []
  const unknown = excluded.filter((e) => !checks.includes(e))
  return answer(
    checks.map((c) => `[+]${c} ${excluded.includes(c) ? 'excluded: ' : ''}ok\n`).join('') +
      (unknown.length > 0
        ? `warn: some health checks cannot be excluded: no matches for ${unknown.map((e) => JSON.stringify(e)).join(',')}\n`
        : '') +
      `${first} check passed\n`,
  )
}
