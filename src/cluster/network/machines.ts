// What answers beside pods: a node's kubelet, the API server, web sites outside that the profile knows.
import type { Connection } from '../../shell/tool.ts'

/** A kubelet's port: it asks everybody who they are. */
export function kubelet(address: string, port: number): Connection {
  return {
    outcome: 'open',
    address,
    port,
    tls: true,
    http: () => ({
      status: 401,
      reason: 'Unauthorized',
      version: '1.1',
      headers: [['Content-Type', 'text/plain; charset=utf-8']],
      body: 'Unauthorized',
    }),
  }
}

/** A web site outside: a page with its name. */
export function webSite(name: string, address: string, port: number): Connection {
  return {
    outcome: 'open',
    address,
    port,
    tls: port === 443,
    http: (q) => ({
      status: 200,
      reason: 'OK',
      version: '1.1',
      headers: [
        ['Content-Type', 'text/html'],
        ['Content-Length', String(name.length + 1)],
      ],
      body: q.method === 'HEAD' ? '' : `${name}\n`,
    }),
  }
}

/** The API server to somebody without a token. */
export const apiServer = (version: string, address: string, port: number): Connection => ({
  outcome: 'open',
  address,
  port,
  tls: true,
  http: (q) => {
    const open = /^\/(version|healthz|livez|readyz)\b/.test(q.path)
    const body = q.path.startsWith('/version')
      ? `${JSON.stringify({ major: '1', minor: /^v?1\.(\d+)/.exec(version)?.[1] ?? '', gitVersion: version, platform: 'linux/amd64' }, null, 2)}`
      : open
        ? 'ok'
        : JSON.stringify(
            {
              kind: 'Status',
              apiVersion: 'v1',
              metadata: {},
              status: 'Failure',
              message: `forbidden: User "system:anonymous" cannot get path "${q.path}"`,
              reason: 'Forbidden',
              details: {},
              code: 403,
            },
            null,
            2,
          )
    return {
      status: open ? 200 : 403,
      reason: open ? 'OK' : 'Forbidden',
      version: '1.1',
      headers: [
        ['Content-Type', 'application/json'],
        ['Content-Length', String(Buffer.byteLength(body))],
      ],
      body,
    }
  },
})
