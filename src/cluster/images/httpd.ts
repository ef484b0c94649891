// httpd, Apache's server: `It works!`, its log.
import { alpineFiles, busyboxPrograms, debianFiles, debianPrograms } from './image.ts'
import type { Image } from './image.ts'
import { logTime } from './webserver.ts'
import { httpDate } from '../../shell/bind.ts'

const PAGE = '<html><body><h1>It works!</h1></body></html>\n'
const version = (tag: string): string => /^\d+\.\d+\.\d+/.exec(tag)?.[0] ?? '2.4.63'
const alpine = (tag: string): boolean => /alpine/.test(tag)
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => String(n).padStart(2, '0')
const stamp = (ms: number): string => {
  const d = new Date(ms)
  return `${DAYS[d.getUTCDay()]} ${MONTHS[d.getUTCMonth()]} ${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}.${String(d.getUTCMilliseconds()).padStart(3, '0')}000 ${d.getUTCFullYear()}`
}

export const httpd: Image = {
  programs: (tag) => (alpine(tag) ? busyboxPrograms('1.37.0') : debianPrograms('5.2.15')),
  prompt: (tag) => (alpine(tag) ? '\\w \\$ ' : '\\u@\\h:\\w\\$ '),
  libc: 'glibc',
  workdir: '/usr/local/apache2',
  env: (tag) => ({
    PATH: '/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HTTPD_PREFIX: '/usr/local/apache2',
    HTTPD_VERSION: version(tag),
  }),
  cmd: ['httpd-foreground'],
  serves: (argv) => argv.length === 0 || argv.some((a) => /httpd(-foreground)?$/.test(a)),
  files: (tag) => ({
    ...(alpine(tag) ? alpineFiles('3.21.3') : debianFiles('12', 'bookworm')),
    '/usr/local/apache2/htdocs/index.html': PAGE,
  }),
  listen: (c) => [
    {
      port: 80,
      http: (q) => {
        const path = q.path.replace(/[?#].*$/, '')
        const body = c.read(`/usr/local/apache2/htdocs${path.endsWith('/') ? `${path}index.html` : path}`)
        const server: readonly [string, string][] = [
          ['Date', httpDate(c.now())],
          ['Server', `Apache/${version(c.tag)} (Unix)`],
        ]
        if (body === undefined) {
          const page = `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n`
          return {
            status: 404,
            reason: 'Not Found',
            version: '1.1',
            headers: [
              ...server,
              ['Content-Length', String(Buffer.byteLength(page))],
              ['Content-Type', 'text/html; charset=iso-8859-1'],
            ],
            body: q.method === 'HEAD' ? '' : page,
          }
        }
        return {
          status: 200,
          reason: 'OK',
          version: '1.1',
          headers: [
            ...server,
            ['Last-Modified', 'Mon, 11 Jun 2007 18:53:14 GMT'],
            ['ETag', '"2d-432a5e4a73a80"'],
            ['Accept-Ranges', 'bytes'],
            ['Content-Length', String(Buffer.byteLength(body))],
            ['Content-Type', 'text/html'],
          ],
          body: q.method === 'HEAD' ? '' : body,
        }
      },
      access: (q, r, v) =>
        `${v.address} - - [${logTime(c.now())}] "${q.method} ${q.path} HTTP/1.1" ${r.status} ${Buffer.byteLength(r.body)}`,
    },
  ],
  startup: (c) => [
    `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${c.ip}. Set the 'ServerName' directive globally to suppress this message`,
    `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${c.ip}. Set the 'ServerName' directive globally to suppress this message`,
    `[${stamp(c.startedAt)}] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/${version(c.tag)} (Unix) configured -- resuming normal operations`,
    `[${stamp(c.startedAt)}] [core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'`,
  ],
}
