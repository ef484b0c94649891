// /proxy of pods, services and nodes: one HTTP request through the API server to what listens there; as
// pkg/registry/core/{pod,service,node}/rest.
import { writeJson } from '../../apimachinery/bigint.ts'
import type { Endpoints, Pod, Service } from '../../apimachinery/api/core.v1.ts'
import type { ApiResponse } from '../../apimachinery/door.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { StatusError, badRequest, internalError } from '../../apimachinery/status.ts'
import type { Context, Subresource } from '../api.ts'
import { text } from '../api.ts'
import { getStored } from '../stored.ts'

const unavailable = (message: string): StatusError => new StatusError(503, 'ServiceUnavailable', message)

/** `name`, `name:port` or `scheme:name:port` (net.SplitSchemeNamePort). Throws BadRequest. */
function split(id: string, what: 'service' | 'pod' | 'node'): { name: string; port: string } {
  const parts = id.split(':')
  const [scheme = '', name = '', port = ''] = parts.length < 3 ? ['', ...parts] : parts
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme))
    throw badRequest(`invalid ${what} request ${goQuote(id)}`)
  return { name, port }
}

function serviceTarget(ctx: Context, id: string): { pod: Pod; port: number } {
  const { name, port } = split(id, 'service')
  const { store } = ctx.api
  const service = getStored(ctx, name) as Service
  let portName = port
  if (/^\d+$/.test(port)) {
    const found = service.spec?.ports?.find((p) => p.port === Number(port))
    if (!found) throw unavailable(`no service port ${port} found for service "${name}"`)
    portName = found.name ?? ''
  }
  const endpoints = store.get('endpoints', ctx.info.namespace, name) as Endpoints | undefined
  if (!endpoints?.subsets?.length) throw unavailable(`no endpoints available for service "${endpoints ? name : id}"`)
  for (const s of endpoints.subsets) {
    const p = s.ports?.find((x) => (x.name ?? '') === portName)
    for (const a of p ? (s.addresses ?? []) : []) {
      const pod =
        a.targetRef?.kind === 'Pod' ? store.get('pods', a.targetRef.namespace ?? '', a.targetRef.name ?? '') : undefined
      if (pod && p) return { pod, port: p.port }
    }
  }
  throw unavailable(`no endpoints available for service "${id}"`)
}

async function forward(ctx: Context): Promise<ApiResponse> {
  const { runtime } = ctx.api.options
  if (!runtime) throw internalError('no node answers')
  let target: { pod: Pod; port: number }
  if (ctx.served.storage === 'services') target = serviceTarget(ctx, ctx.info.name)
  else if (ctx.served.storage === 'pods') {
    const { name, port } = split(ctx.info.name, 'pod')
    const pod = getStored(ctx, name) as Pod
    const first = pod.spec?.containers?.[0]?.ports?.[0]?.containerPort
    target = { pod, port: port ? Number(port) : (first ?? 80) }
    if (!pod.status?.podIP) throw badRequest('address not allowed')
  } else {
    getStored(ctx, split(ctx.info.name, 'node').name)
    throw unavailable('error trying to reach service: dial tcp: connect: connection refused')
  }
  const query = Object.entries(ctx.request.query ?? {})
    .flatMap(([k, vs]) => vs.map((v) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`))
    .join('&')
  const body =
    ctx.request.body === undefined
      ? ''
      : typeof ctx.request.body === 'string'
        ? ctx.request.body
        : writeJson(ctx.request.body)
  const answer = await runtime.http(target.pod, target.port, {
    method: ctx.request.method,
    path: `/${ctx.info.rest}${query ? `?${query}` : ''}`,
    headers: ctx.request.headers ?? {},
    body,
  })
  return { ...text(answer.status, answer.body), headers: answer.headers }
}

export const proxy: Subresource = {
  name: 'proxy',
  get: forward,
  create: forward,
  update: forward,
  patch: forward,
  delete: forward,
}
