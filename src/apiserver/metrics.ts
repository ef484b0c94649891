// metrics.k8s.io/v1beta1, where metrics-server is installed: what pods and nodes use of CPU and memory. The figures
// come from the nodes; forms and columns as metrics-server gives them.
import type { APIService } from '../apimachinery/api/apiregistration.v1.ts'
import type { Pod } from '../apimachinery/api/core.v1.ts'
import type { ApiResponse } from '../apimachinery/door.ts'
import type { JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { ResourceInfo } from '../apimachinery/schema.ts'
import { StatusError, notFound } from '../apimachinery/status.ts'
import { rfc3339 } from '../apimachinery/time.ts'
import { name } from '../kinds/columns.ts'
import type { Column, Kind } from '../kinds/kind.ts'
import type { Api, Context, Served } from './api.ts'
import { METRICS, answer } from './api.ts'
import { formOf } from './negotiate.ts'
import type { Usage } from './runtime.ts'
import { filterOf } from './selectors.ts'
import { table } from './table.ts'

const VERSION = 'v1beta1'
const WINDOW = '15s'

interface Metrics extends KubeObject {
  readonly window: string
  readonly usage?: JsonObject
  readonly containers?: readonly { readonly name: string; readonly usage: JsonObject }[]
}

const info = (resource: string, kind: string, namespaced: boolean): ResourceInfo => ({
  group: METRICS,
  version: VERSION,
  resource,
  kind,
  singular: '',
  namespaced,
  verbs: ['get', 'list'],
})
const INFOS: readonly ResourceInfo[] = [info('nodes', 'NodeMetrics', false), info('pods', 'PodMetrics', true)]

/** Whether metrics-server is installed: its APIService; and whether it answers. */
function registered(api: Api): { readonly available: boolean } | undefined {
  const service = api.store.get('apiservices.apiregistration.k8s.io', '', `${VERSION}.${METRICS}`) as
    APIService | undefined
  if (!service?.spec?.service) return undefined
  return { available: service.status?.conditions?.some((c) => c.type === 'Available' && c.status === 'True') === true }
}

/** The resources, while somebody answers for them. */
export const metricsInfos = (api: Api): readonly ResourceInfo[] => (registered(api)?.available ? INFOS : [])

/** What all containers of a pod, or a node, use of something, in the unit in which it is given. */
const total = (m: Metrics, what: 'cpu' | 'memory'): number =>
  (m.containers ?? [{ usage: m.usage ?? {} }]).reduce(
    (sum, c) => sum + Number.parseInt(String(c.usage[what] ?? '0'), 10),
    0,
  )
const columns: readonly Column<Metrics>[] = [
  name(),
  { name: 'cpu', type: 'string', format: 'quantity', cell: (m) => `${total(m, 'cpu')}n` },
  { name: 'memory', type: 'string', format: 'quantity', cell: (m) => `${total(m, 'memory')}Ki` },
  { name: 'Window', type: 'string', format: 'duration', cell: (m) => m.window },
]

/**
 * A resource of the group, or undefined where nobody installed it. Throws 503 while what is installed does not answer.
 */
export function servedMetrics(api: Api, version: string, resource: string): Served | undefined {
  const there = registered(api)
  const found = version === VERSION ? INFOS.find((i) => i.resource === resource) : undefined
  if (!there || !found) return undefined
  if (!there.available)
    throw new StatusError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request')
  const kind: Kind = {
    gvk: `${METRICS}/${VERSION}/${found.kind}`,
    strategy: {},
    columns: columns as readonly Column<KubeObject>[],
  }
  return {
    info: found,
    gr: { group: METRICS, resource },
    apiVersion: `${METRICS}/${VERSION}`,
    schema: '',
    kind,
    storage: `${resource}.${METRICS}`,
  }
}

const quantities = (u: Usage): JsonObject => ({
  cpu: `${Math.round(u.cpu * 1e6)}n`,
  memory: `${Math.round(u.memory / 1024)}Ki`,
})

function metricsOf(ctx: Context, of: KubeObject, more: JsonObject): Metrics {
  const at = rfc3339(ctx.api.now())
  const { name: called, namespace, labels } = of.metadata
  return {
    kind: ctx.served.info.kind,
    apiVersion: ctx.served.apiVersion,
    metadata: {
      name: called,
      ...(namespace ? { namespace } : {}),
      creationTimestamp: at,
      ...(labels ? { labels } : {}),
    },
    timestamp: at,
    window: WINDOW,
    ...more,
  } as Metrics
}

/** Answers get and list. */
export async function serveMetrics(ctx: Context): Promise<ApiResponse> {
  const {
    store,
    options: { usage },
  } = ctx.api
  const pods = ctx.served.info.namespaced
  const filter = filterOf(ctx)
  const out: Metrics[] = []
  const objects =
    ctx.info.name && pods
      ? [store.get('pods', ctx.info.namespace, ctx.info.name)]
      : store.list(pods ? 'pods' : 'nodes', pods && ctx.info.namespace ? { namespace: ctx.info.namespace } : {})
  for (const o of objects) {
    if (!o || !filter.matches(o)) continue
    if (pods) {
      const containers = (await usage?.pod(o as Pod)) ?? []
      if (containers.length)
        out.push(metricsOf(ctx, o, { containers: containers.map((c) => ({ name: c.name, usage: quantities(c) })) }))
    } else {
      const used = await usage?.node(o.metadata.name ?? '')
      if (used) out.push(metricsOf(ctx, o, { usage: quantities(used) }))
    }
  }
  const asTable = formOf(ctx.request.headers?.accept) === 'Table'
  if (ctx.info.verb === 'get') {
    const one = out[0]
    if (!one)
      throw notFound(
        { group: METRICS, resource: ctx.served.info.resource },
        `${ctx.info.namespace ? `${ctx.info.namespace}/` : ''}${ctx.info.name}`,
      )
    return answer(200, asTable ? table(ctx, [one], {}) : one)
  }
  if (asTable) return answer(200, table(ctx, out, {}))
  return answer(200, {
    kind: `${ctx.served.info.kind}List`,
    apiVersion: ctx.served.apiVersion,
    metadata: {},
    items: out as unknown as JsonObject[],
  })
}
