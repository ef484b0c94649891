// Objects that an API server makes by itself at its start (bootstrap roles, APIServices, flow schemas): here they are
// made when somebody first asks for their kind, so that a new cluster starts small.
import { sha256 } from '../apimachinery/sha256.ts'
import type { JsonObject, KubeObject } from '../apimachinery/object.ts'
import { rfc3339 } from '../apimachinery/time.ts'
import { StoreConflict } from '../storage/store.ts'
import type { Api } from './api.ts'

type Make = (api: Api) => Promise<readonly JsonObject[]>

const RBAC = 'rbac.authorization.k8s.io'
const FLOWCONTROL = 'flowcontrol.apiserver.k8s.io'
const META = {
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
}

function rule(text: string): JsonObject {
  const [verbs = '', groups = '', things = '', names] = text.split('|')
  const words = (s: string): string[] => s.split(' ')
  if (groups === 'url') return { verbs: words(verbs), nonResourceURLs: words(things) }
  return {
    verbs: words(verbs),
    apiGroups: words(groups).map((g) => (g === 'core' ? '' : g)),
    resources: words(things),
    ...(names ? { resourceNames: words(names) } : {}),
  }
}

function subject(text: string): JsonObject {
  const [kind = '', name = ''] = text.split(' ')
  if (kind !== 'ServiceAccount') return { kind, apiGroup: RBAC, name }
  const [namespace = '', account = ''] = name.split('/')
  return { kind, name: account, namespace }
}

const LABEL = `${RBAC}/aggregate-to-`

async function clusterRoles(): Promise<readonly JsonObject[]> {
  const { CLUSTER_ROLES } = await import('./bootstrap-policy.ts')
  const collected = (label: string): readonly string[] =>
    CLUSTER_ROLES.filter((r) => r.labels?.includes(label)).flatMap((r) => (r.selects ? collected(r.selects) : r.rules))
  return CLUSTER_ROLES.map((r) => ({
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: {
      name: r.name,
      labels: { ...META.labels, ...Object.fromEntries((r.labels ?? []).map((l) => [LABEL + l, 'true'])) },
      annotations: META.annotations,
    },
    rules: (r.selects ? [...new Set(collected(r.selects))] : r.rules).map(rule),
    ...(r.selects
      ? { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [LABEL + r.selects]: 'true' } }] } }
      : {}),
  }))
}

async function clusterRoleBindings(): Promise<readonly JsonObject[]> {
  const { CLUSTER_ROLE_BINDINGS } = await import('./bootstrap-policy.ts')
  return CLUSTER_ROLE_BINDINGS.map((b) => ({
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: b.name, ...META },
    ...(b.subjects.length > 0 ? { subjects: b.subjects.map(subject) } : {}),
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: b.role },
  }))
}

async function roles(): Promise<readonly JsonObject[]> {
  const { ROLES } = await import('./bootstrap-policy.ts')
  return ROLES.map((r) => ({
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: { name: r.name, namespace: r.namespace ?? '', ...META },
    rules: r.rules.map(rule),
  }))
}

async function roleBindings(): Promise<readonly JsonObject[]> {
  const { ROLE_BINDINGS } = await import('./bootstrap-policy.ts')
  return ROLE_BINDINGS.map((b) => ({
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name: b.name, namespace: b.namespace ?? '', ...META },
    subjects: b.subjects.map(subject),
    roleRef: { apiGroup: RBAC, kind: 'Role', name: b.role },
  }))
}

/** What the aggregator puts first (DefaultGenericAPIServicePriorities and the kube-apiserver's own). */
const GROUP_PRIORITY: Readonly<Record<string, number>> = {
  '': 18000,
  apps: 17800,
  'events.k8s.io': 17750,
  'authentication.k8s.io': 17700,
  'authorization.k8s.io': 17600,
  autoscaling: 17500,
  batch: 17400,
  'certificates.k8s.io': 17300,
  'networking.k8s.io': 17200,
  policy: 17100,
  'rbac.authorization.k8s.io': 17000,
  'storage.k8s.io': 16800,
  'apiextensions.k8s.io': 16700,
  'admissionregistration.k8s.io': 16700,
  'scheduling.k8s.io': 16600,
  'coordination.k8s.io': 16500,
  'node.k8s.io': 16300,
  'discovery.k8s.io': 16200,
  'flowcontrol.apiserver.k8s.io': 16100,
}

async function apiServices(api: Api): Promise<readonly JsonObject[]> {
  const versions = new Map<string, { group: string; version: string }>()
  for (const r of api.schemas.discovery())
    if (r.group !== 'apiregistration.k8s.io')
      versions.set(`${r.version}.${r.group}`, { group: r.group, version: r.version })
  const start = startOf(api)
  return [...versions].map(([name, { group, version }]) => ({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: {
      ...(group ? { group } : {}),
      version,
      groupPriorityMinimum: GROUP_PRIORITY[group] ?? 15000,
      versionPriority: version === 'v2' ? 30 : group === '' ? 1 : group === 'flowcontrol.apiserver.k8s.io' ? 21 : 15,
    },
    status: {
      conditions: [
        {
          type: 'Available',
          status: 'True',
          lastTransitionTime: start,
          reason: 'Local',
          message: 'Local APIServices are always available',
        },
      ],
    },
  }))
}

const MAKERS: ReadonlyMap<string, Make> = new Map<string, Make>([
  [`clusterroles.${RBAC}`, clusterRoles],
  [`clusterrolebindings.${RBAC}`, clusterRoleBindings],
  [`roles.${RBAC}`, roles],
  [`rolebindings.${RBAC}`, roleBindings],
  ['apiservices.apiregistration.k8s.io', apiServices],
  [`flowschemas.${FLOWCONTROL}`, async (api) => (await import('./bootstrap-flowcontrol.ts')).flowSchemas(startOf(api))],
  [
    `prioritylevelconfigurations.${FLOWCONTROL}`,
    async () => (await import('./bootstrap-flowcontrol.ts')).priorityLevels(),
  ],
])

/** When the cluster began: the age of its oldest namespace. */
const startOf = (api: Api): string =>
  api.store.get('namespaces', '', 'kube-system')?.metadata.creationTimestamp ??
  api.store.list('namespaces')[0]?.metadata.creationTimestamp ??
  rfc3339(api.now())

/** A uid that is the same each time: these objects take nothing from the seed. */
function uidOf(resource: string, namespace: string, name: string): string {
  const hex = [...sha256(new TextEncoder().encode(`${resource}/${namespace}/${name}`)).slice(0, 16)]
    .map((b) => b.toString(16).padStart(2, '0'))
    .join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Makes a kind's own objects if that has not been done for this cluster. */
export async function seeded(api: Api, resource: string): Promise<void> {
  const make = MAKERS.get(resource)
  if (!make) return
  await api.part(`seeded ${resource}`, () => seed(api, resource, make))
}

async function seed(api: Api, resource: string, make: Make): Promise<void> {
  const { store } = api
  const done = `apiserver/seeded/${resource}`
  if (store.meta(done) === true) return
  const creationTimestamp = startOf(api)
  for (const o of await make(api)) {
    const meta = o.metadata as { name: string; namespace?: string }
    try {
      store.create(resource, {
        ...o,
        metadata: { ...meta, uid: uidOf(resource, meta.namespace ?? '', meta.name), creationTimestamp },
      } as KubeObject)
    } catch (e) {
      if (!(e instanceof StoreConflict)) throw e
    }
  }
  store.setMeta(done, true)
}
