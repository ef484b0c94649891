// Web servers of images: nginx's and Apache's pages, errors and access logs.
import type { HttpRequest, HttpResponse } from '../../shell/tool.ts'
import { httpDate } from '../../shell/bind.ts'
import type { Listener, Running, Visitor } from './image.ts'

const TYPES: Readonly<{ [ext: string]: string }> = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  txt: 'text/plain',
  xml: 'text/xml',
  svg: 'image/svg+xml',
}
const two = (n: number): string => String(n).padStart(2, '0')
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** `23/Nov/2026:02:52:21 +0000`. */
export function logTime(ms: number): string {
  const d = new Date(ms)
  return `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} +0000`
}

export interface Site {
  /** `nginx/1.27.5`. */
  readonly server: string
  readonly root: string
  /** The page when nobody put another file there. */
  readonly page: (c: Running) => string
  readonly modified: string
}

const errorPage = (status: number, reason: string, server: string): string =>
  `<html>\r\n<head><title>${status} ${reason}</title></head>\r\n<body>\r\n<center><h1>${status} ${reason}</h1></center>\r\n<hr><center>${server}</center>\r\n</body>\r\n</html>\r\n`

/** What nginx answers. */
function nginxAnswer(site: Site, c: Running, request: HttpRequest): HttpResponse {
  const build = (
    status: number,
    reason: string,
    type: string,
    body: string,
    more: readonly (readonly [string, string])[] = [],
  ): HttpResponse => ({
    status,
    reason,
    version: '1.1',
    headers: [
      ['Server', site.server],
      ['Date', httpDate(c.now())],
      ['Content-Type', type],
      ['Content-Length', String(Buffer.byteLength(body))],
      ...more,
      ['Connection', 'keep-alive'],
    ],
    body: request.method === 'HEAD' ? '' : body,
  })
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return build(405, 'Not Allowed', 'text/html', errorPage(405, 'Not Allowed', site.server))
  const path = decodeURIComponent(safe(request.path.replace(/[?#].*$/, '')))
  if (path.split('/').includes('..'))
    return build(400, 'Bad Request', 'text/html', errorPage(400, 'Bad Request', site.server))
  const file = path.endsWith('/') ? `${path}index.html` : path
  const own = c.read(`${site.root}${file}`)
  if (own === undefined && c.list(`${site.root}${path}`) !== undefined && !path.endsWith('/'))
    return build(301, 'Moved Permanently', 'text/html', errorPage(301, 'Moved Permanently', site.server), [
      ['Location', `http://${request.host}${path}/`],
    ])
  // a volume over the document root hides the page of the image
  const hidden = (c.list(site.root) ?? []).length > 0 || c.read(`${site.root}/.kubesim-mounted`) !== undefined
  const body = own ?? (file === '/index.html' && !hidden ? site.page(c) : undefined)
  if (body === undefined)
    return file === '/index.html'
      ? build(403, 'Forbidden', 'text/html', errorPage(403, 'Forbidden', site.server))
      : build(404, 'Not Found', 'text/html', errorPage(404, 'Not Found', site.server))
  const type = TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
  return build(200, 'OK', type, body, [
    ['Last-Modified', site.modified],
    ['ETag', `"${(Date.parse(site.modified) / 1000).toString(16)}-${Buffer.byteLength(body).toString(16)}"`],
    ['Accept-Ranges', 'bytes'],
  ])
}
const safe = (path: string): string => (/%(?![0-9a-fA-F]{2})/.test(path) ? path.replaceAll('%', '%25') : path)

/** nginx' combined log line with the forwarded address, as its images configure it. */
const nginxAccess =
  (c: Running) =>
  (q: HttpRequest, r: HttpResponse, v: Visitor): string => {
    const head = (n: string): string => q.headers.find(([k]) => k.toLowerCase() === n)?.[1] ?? '-'
    return `${v.address} - - [${logTime(c.now())}] "${q.method} ${q.path} HTTP/1.1" ${r.status} ${Buffer.byteLength(r.body)} "${head('referer')}" "${head('user-agent')}" "${head('x-forwarded-for')}"`
  }

/** nginx on its ports. */
export function nginxListeners(
  site: Site,
  c: Running,
  ports: readonly { readonly port: number; readonly tls?: boolean }[],
): readonly Listener[] {
  const access = nginxAccess(c)
  return ports.map(({ port, tls }) => ({
    port,
    ...(tls ? { tls } : {}),
    access,
    http: (q) =>
      tls && !q.tls
        ? {
            status: 400,
            reason: 'Bad Request',
            version: '1.1',
            headers: [
              ['Server', site.server],
              ['Date', httpDate(c.now())],
              ['Content-Type', 'text/html'],
              ['Connection', 'close'],
            ],
            body: errorPage(400, 'Bad Request', site.server).replace(
              '</center>\r\n<hr>',
              '</center>\r\n<center>The plain HTTP request was sent to HTTPS port</center>\r\n<hr>',
            ),
          }
        : nginxAnswer(site, c, q),
  }))
}

/** Ports of `listen 8080;` and `listen 443 ssl;` in the configuration that a volume brought, or the image's own. */
export function nginxPorts(
  c: Running,
  own: readonly { readonly port: number; readonly tls?: boolean }[],
): readonly { readonly port: number; readonly tls?: boolean }[] {
  const texts = [
    c.read('/etc/nginx/nginx.conf'),
    ...(c.list('/etc/nginx/conf.d') ?? []).map((n) => c.read(`/etc/nginx/conf.d/${n}`)),
  ].filter((t) => t !== undefined)
  const found = texts.flatMap((t) =>
    [...t.matchAll(/^\s*listen\s+(?:\[?[\w.:*]*\]?:)?(\d+)([^;]*);/gm)].map((m) => ({
      port: Number(m[1]),
      tls: /\bssl\b/.test(m[2] ?? ''),
    })),
  )
  return found.length > 0 ? found.filter((p, i) => found.findIndex((x) => x.port === p.port) === i) : own
}
