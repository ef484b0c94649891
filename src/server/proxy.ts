// kubectl proxy's port: requests that the filter lets through go to the door as they are, static files stand beside
// them. Behaves as kubectl/pkg/proxy.
import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Door } from '../apimachinery/door.ts'
import type { LocalServer, ProxyOptions } from '../apimachinery/ports.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import { decodeProtobuf } from '../apiserver/protobuf.ts'
import { serveHttp } from './http.ts'
import type { Gate } from './http-gate.ts'
import { upgradePortForward } from './portforward.ts'
import { upgradeRemoteCommand } from './remotecommand.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.txt': 'text/plain; charset=utf-8',
}

/** localhost:8001 -> localhost; addresses of IPv6 lose their brackets with the port, as in Go's net.SplitHostPort. */
const hostOf = (header: string): string =>
  /^\[(.*)\]:\d+$/.exec(header)?.[1] ?? /^([^:]*):\d+$/.exec(header)?.[1] ?? header

/** What a folder's file server answers; nothing outside the folder is reached. */
function file(folder: string, below: string): { code: number; body: Buffer | string; type: string } {
  const absent = { code: 404, body: '404 page not found\n', type: 'text/plain; charset=utf-8' }
  const root = fs.realpathSync(folder)
  let name: string
  try {
    name = fs.realpathSync(path.join(root, path.posix.normalize(`/${decodeURIComponent(below)}`)))
  } catch {
    return absent
  }
  if (name !== root && !name.startsWith(root + path.sep)) return absent
  if (fs.statSync(name).isDirectory()) {
    const index = path.join(name, 'index.html')
    if (fs.existsSync(index)) name = index
    else {
      const escape = (s: string): string => s.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
      const rows = fs
        .readdirSync(name, { withFileTypes: true })
        .map((e) => e.name + (e.isDirectory() ? '/' : ''))
        .sort()
      return {
        code: 200,
        body: `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${rows.map((n) => `<a href="${encodeURIComponent(n).replace('%2F', '/')}">${escape(n)}</a>\n`).join('')}</pre>\n`,
        type: 'text/html; charset=utf-8',
      }
    }
  }
  return { code: 200, body: fs.readFileSync(name), type: TYPES[path.extname(name)] ?? 'application/octet-stream' }
}

/** Listens until closed; rejects with the system's error when the port cannot be had. */
export async function serveProxy(door: Door, schemas: Schemas, o: ProxyOptions): Promise<LocalServer> {
  const any = (list: readonly RegExp[], text: string): boolean => list.some((r) => r.test(text))
  const gate: Gate = ({ method, url, headers }) => {
    const at = url.split('?')[0] ?? ''
    if (o.folder !== undefined && at.startsWith(o.folderPrefix)) return file(o.folder, at.slice(o.folderPrefix.length))
    if (!at.startsWith(o.apiPrefix))
      return { code: 404, body: '404 page not found\n', type: 'text/plain; charset=utf-8' }
    // /api and what begins with it stays; any other prefix is taken off
    const kept = o.apiPrefix.startsWith('/api') ? url : url.slice(o.apiPrefix.length - 1)
    const f = o.filter
    // a page of another site must not reach a cluster through its visitor's browser
    const foreign = headers['sec-fetch-site'] === 'cross-site' || headers['sec-fetch-site'] === 'same-site'
    const accepted = (p: string): boolean =>
      f === undefined ||
      (!any(f.rejectPaths, p) &&
        !any(f.rejectMethods, method) &&
        any(f.acceptPaths, p) &&
        any(f.acceptHosts, hostOf(headers.host ?? '')))
    if (foreign || !accepted(kept.split('?')[0] ?? ''))
      return { code: 403, body: 'Forbidden\n', type: 'text/plain; charset=utf-8' }
    return { url: kept }
  }
  const server = await serveHttp({
    door,
    token: '',
    gate,
    host: o.address,
    port: o.port,
    headers: o.headers,
    decode: (body) => decodeProtobuf(body, schemas),
    upgrade: (request, incoming, socket, head) =>
      (/\/portforward$/.test(request.path) ? upgradePortForward : upgradeRemoteCommand)(
        door,
        request,
        incoming,
        socket,
        head,
      ),
  })
  return { address: server.address, port: server.port, close: () => server.close() }
}
