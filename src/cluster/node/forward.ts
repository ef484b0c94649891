// Connections to a pod's ports from its own node, past Services and policies: port-forward and the proxy subresource of
// the kubelet's HTTP API.
import type { Streams } from '../../apimachinery/door.ts'
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { NodeRuntime } from '../../apiserver/runtime.ts'
import type { HttpRequest, HttpResponse } from '../../shell/tool.ts'
import { containersOf } from './container.ts'
import { freshPod } from './inside.ts'
import type { Inside } from './inside.ts'

/** The pod, with what its images listen on known. */
async function listening(inside: Inside, given: Pod): Promise<Pod> {
  const pod = freshPod(inside, given)
  for (const { container } of containersOf(pod)) await inside.containers.image(container.image ?? '')
  return pod
}

const isNamed =
  (name: string) =>
  ([key]: readonly [string, string]): boolean =>
    key.toLowerCase() === name

/** NodeRuntime's forward: requests one after another on the connection, each with its head, length and body. */
export async function forward(
  inside: Inside,
  given: Pod,
  port: number,
  streams: Streams,
): ReturnType<NodeRuntime['forward']> {
  const pod = await listening(inside, given)
  const listener = inside.containers.listeners(pod).find((l) => l.port === port && (l.protocol ?? 'TCP') === 'TCP')
  if (!listener)
    throw new StatusError(
      500,
      '',
      `failed to connect to localhost:${port} inside namespace "${pod.metadata.namespace}": dial tcp4 127.0.0.1:${port}: connect: connection refused`,
    )
  if (listener.banner !== undefined) streams.stdout(listener.banner)
  streams.opened?.()
  let buffer: Buffer = Buffer.alloc(0)
  for await (const chunk of streams.stdin ?? []) {
    buffer = Buffer.concat([buffer, chunk])
    for (let first = firstRequest(buffer); first; first = firstRequest(buffer)) {
      buffer = buffer.subarray(first.length)
      const response = await visit(inside, pod, port, first.request)
      if (!response) return { exitCode: 0 }
      streams.stdout(written(response))
      const close = first.request.headers.find(isNamed('connection'))?.[1].toLowerCase() === 'close'
      if (close || response.version === '1.0') return { exitCode: 0 }
    }
  }
  return { exitCode: 0 }
}

/** The request that stands at the beginning of what came, and its length; undefined while it is not whole. */
function firstRequest(buffer: Buffer): { readonly request: HttpRequest; readonly length: number } | undefined {
  const cut = buffer.indexOf('\r\n\r\n')
  if (cut < 0) return undefined
  const [first = '', ...lines] = buffer.subarray(0, cut).toString('latin1').split('\r\n')
  const headers = lines.flatMap((l): [string, string][] => {
    const at = l.indexOf(':')
    return at > 0 ? [[l.slice(0, at), l.slice(at + 1).trim()]] : []
  })
  const length = cut + 4 + (Number(headers.find(isNamed('content-length'))?.[1] ?? 0) || 0)
  if (buffer.length < length) return undefined
  const [method = 'GET', path = '/'] = first.split(' ')
  const host = headers.find(isNamed('host'))?.[1] ?? ''
  const body = buffer.subarray(cut + 4, length).toString('utf8')
  return { request: { method, path, host, headers, body, tls: false }, length }
}

/** A response as it stands on the wire. */
function written(r: HttpResponse): string {
  const headers = r.headers.some(isNamed('content-length'))
    ? r.headers
    : [...r.headers, ['Content-Length', String(Buffer.byteLength(r.body))] as const]
  return `HTTP/${r.version} ${r.status} ${r.reason}\r\n${headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${r.body}`
}

/** NodeRuntime's http. */
export async function proxied(
  inside: Inside,
  given: Pod,
  port: number,
  request: Parameters<NodeRuntime['http']>[2],
): ReturnType<NodeRuntime['http']> {
  const pod = await listening(inside, given)
  const address = `${pod.status?.podIP ?? ''}:${port}`
  const r = await visit(inside, pod, port, {
    method: request.method,
    path: request.path,
    host: request.headers['host'] ?? address,
    headers: Object.entries(request.headers),
    body: request.body,
    tls: false,
  })
  if (!r)
    throw new StatusError(
      503,
      'ServiceUnavailable',
      `error trying to reach service: dial tcp ${address}: connect: connection refused`,
    )
  const headers = Object.fromEntries(r.headers.map(([k, v]) => [k.toLowerCase(), v]))
  return { status: r.status, headers, body: r.body }
}

/** One request to a port; undefined where nobody answers. */
async function visit(
  { containers }: Inside,
  pod: Pod,
  port: number,
  request: HttpRequest,
): Promise<HttpResponse | undefined> {
  const from = { pod, address: pod.status?.podIP ?? '', node: pod.spec?.nodeName ?? '' }
  const c = (await containers.proxy()).connect(from, '127.0.0.1', port)
  return c.outcome === 'open' ? c.http?.(request) : undefined
}
