// Small servers: agnhost, http-echo, whoami, echo servers, curl's image, databases, pause.
import { alpineFiles, busyboxPrograms, debianFiles, debianPrograms, flag, PATH, respond } from './image.ts'
import type { Image, Listener, Running } from './image.ts'
import type { HttpRequest } from '../../shell/tool.ts'

const two = (n: number): string => String(n).padStart(2, '0')
const goStamp = (ms: number): string => {
  const d = new Date(ms)
  return `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
}
const text = (c: Running, body: string, status = 200, reason = 'OK') =>
  respond(c, status, reason, 'text/plain; charset=utf-8', body)

function netexec(c: Running): readonly Listener[] {
  const port = Number(flag(c.argv, 'http-port') ?? 8080)
  const udp = Number(flag(c.argv, 'udp-port') ?? 8081)
  return [
    {
      port,
      http: (q, v) => {
        const path = q.path.replace(/\?.*$/, '')
        const query = new URLSearchParams(q.path.split('?')[1] ?? '')
        switch (path) {
          case '/':
            return text(
              c,
              `NOW: ${new Date(c.now()).toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC m=+${((c.now() - c.startedAt) / 1000).toFixed(9)}`,
            )
          case '/hostname':
          case '/hostName':
            return text(c, c.hostname)
          case '/clientip':
            return text(c, `${v.address}:40712`)
          case '/echo':
            return text(c, query.get('msg') ?? '')
          case '/healthz':
            return text(c, '')
          case '/header':
            return text(
              c,
              q.headers.find(([k]) => k.toLowerCase() === (query.get('key') ?? '').toLowerCase())?.[1] ?? '',
            )
          case '/redirect':
            return respond(c, Number(query.get('code') ?? 302), 'Found', 'text/html; charset=utf-8', '', [
              ['Location', query.get('location') ?? '/'],
            ])
          default:
            return text(c, '404 page not found\n', 404, 'Not Found')
        }
      },
      access: (q) => `${goStamp(c.now())} GET ${q.path}`,
    },
    { port: udp, protocol: 'UDP' },
  ]
}
export const agnhost: Image = {
  programs: () => ({
    ...busyboxPrograms('1.36.1'),
    bash: 'bash 5.2.15',
    dig: '9.18.19',
    nslookup: 'bind 9.18.19',
    host: '9.18.19',
    curl: '8.3.0',
    agnhost: '2.53',
  }),
  prompt: () => '\\w \\$ ',
  libc: 'musl',
  env: () => ({ PATH }),
  entrypoint: ['/agnhost'],
  cmd: ['pause'],
  files: () => alpineFiles('3.18.4'),
  serves: () => true,
  changes: 10_001,
  listen: (c) => {
    const words = c.argv.map((a) => a.replace(/^.*\//, ''))
    const mode = words[words.indexOf('agnhost') + 1]
    if (mode === 'netexec') return netexec(c)
    if (mode === 'serve-hostname') {
      const port = Number(flag(c.argv, 'port') ?? 9376)
      return [{ port, http: () => text(c, c.hostname) }]
    }
    if (mode === 'test-webserver') {
      const port = Number(flag(c.argv, 'port') ?? 80)
      return [{ port, http: () => text(c, '') }]
    }
    if (mode === 'liveness')
      return [
        {
          port: 8080,
          http: (q) =>
            q.path === '/healthz' && c.now() - c.startedAt > 10_000
              ? text(c, 'error: 10', 500, 'Internal Server Error')
              : text(c, 'ok'),
        },
      ]
    return []
  },
  startup: (c) =>
    c.argv.includes('netexec')
      ? [
          `I${two(new Date(c.startedAt).getUTCMonth() + 1)}${two(new Date(c.startedAt).getUTCDate())} ${goStamp(c.startedAt).slice(11)}.000000       1 log.go:195] Started HTTP server on port ${flag(c.argv, 'http-port') ?? '8080'}`,
          `I${two(new Date(c.startedAt).getUTCMonth() + 1)}${two(new Date(c.startedAt).getUTCDate())} ${goStamp(c.startedAt).slice(11)}.000000       1 log.go:195] Started UDP server on port  ${flag(c.argv, 'udp-port') ?? '8081'}`,
        ]
      : ['Paused'],
}
export const httpEcho: Image = {
  programs: () => ({ 'http-echo': '1.0.0' }),
  prompt: () => '$ ',
  libc: 'glibc',
  user: '65532',
  env: () => ({ PATH }),
  entrypoint: ['/http-echo'],
  serves: () => true,
  listen: (c) => [
    {
      port: Number((flag(c.argv, 'listen') ?? ':5678').replace(/^.*:/, '')),
      http: (q) =>
        q.path === '/health'
          ? respond(c, 200, 'OK', 'application/json', '{"status":"ok"}\n')
          : respond(
              c,
              200,
              'OK',
              'text/plain; charset=utf-8',
              `${flag(c.argv, 'text') ?? c.env['ECHO_TEXT'] ?? ''}\n`,
              [
                ['X-App-Name', 'http-echo'],
                ['X-App-Version', '1.0.0'],
              ],
            ),
      access: (q, r, v) =>
        `${goStamp(c.now())} ${q.host} ${v.address}:41000 "${q.method} ${q.path} HTTP/1.1" ${r.status} ${Buffer.byteLength(r.body)} "${q.headers.find(([k]) => k.toLowerCase() === 'user-agent')?.[1] ?? ''}" 12.5µs`,
    },
  ],
  startup: (c) => [`${goStamp(c.startedAt)} [INFO] server is listening on ${flag(c.argv, 'listen') ?? ':5678'}`],
}
const requestText = (q: HttpRequest): string =>
  `${q.method} ${q.path} HTTP/1.1\n${[...q.headers]
    .sort((a, b) => (a[0] === 'Host' ? -1 : b[0] === 'Host' ? 1 : 0))
    .map(([k, v]) => `${k}: ${v}\n`)
    .join('')}\n`
export const whoamiImage: Image = {
  programs: () => ({ whoami: '1.10.4' }),
  prompt: () => '$ ',
  libc: 'glibc',
  env: () => ({ PATH }),
  entrypoint: ['/whoami'],
  serves: () => true,
  listen: (c) => [
    {
      port: Number(flag(c.argv, 'port') ?? c.env['WHOAMI_PORT_NUMBER'] ?? 80),
      http: (q, v) =>
        q.path === '/health'
          ? text(c, '')
          : text(
              c,
              `${(c.env['WHOAMI_NAME'] ?? flag(c.argv, 'name')) ? `Name: ${c.env['WHOAMI_NAME'] ?? flag(c.argv, 'name')}\n` : ''}Hostname: ${c.hostname}\nIP: 127.0.0.1\nIP: ::1\nIP: ${c.ip}\nRemoteAddr: ${v.address}:41000\n${requestText(q)}`,
            ),
    },
  ],
  startup: (c) => [`${goStamp(c.startedAt)} Starting up on port ${flag(c.argv, 'port') ?? '80'}`],
}
export const echoserver: Image = {
  programs: () => debianPrograms('4.3.48'),
  prompt: () => '\\u@\\h:\\w\\$ ',
  libc: 'glibc',
  env: () => ({ PATH }),
  serves: () => true,
  cmd: ['/usr/local/bin/run.sh'],
  listen: (c) => [
    {
      port: c.ports[0] ?? 8080,
      http: (q, v) =>
        text(
          c,
          `\n\nHostname: ${c.hostname}\n\nPod Information:\n\t-no pod information available-\n\nRequest Information:\n\tclient_address=${v.address}\n\tmethod=${q.method}\n\treal path=${q.path}\n\tquery=${q.path.split('?')[1] ?? ''}\n\trequest_version=1.1\n\trequest_uri=http://${q.host}:8080${q.path}\n\nRequest Headers:\n${q.headers.map(([k, x]) => `\t${k.toLowerCase()}=${x}\n`).join('')}\nRequest Body:\n\t${q.body || '-no body in request-'}\n\n`,
        ),
    },
  ],
}
export const helloApp: Image = {
  programs: () => ({ 'hello-app': '' }),
  prompt: () => '$ ',
  libc: 'glibc',
  env: () => ({ PATH }),
  entrypoint: ['/hello-app'],
  serves: () => true,
  listen: (c) => [
    {
      port: Number(c.env['PORT'] ?? 8080),
      http: () => text(c, `Hello, world!\nVersion: ${/^2/.test(c.tag) ? '2.0.0' : '1.0.0'}\nHostname: ${c.hostname}\n`),
    },
  ],
  startup: (c) => [`${goStamp(c.startedAt)} Server listening on port ${c.env['PORT'] ?? '8080'}`],
}
const curlVersion = (tag: string): string => /^\d+\.\d+\.\d+/.exec(tag)?.[0] ?? '8.13.0'
export const curlImage: Image = {
  programs: (tag) => ({ ...busyboxPrograms('1.37.0'), curl: curlVersion(tag) }),
  prompt: () => '\\w \\$ ',
  libc: 'musl',
  user: 'curl_user',
  workdir: '/home/curl_user',
  env: () => ({ PATH }),
  entrypoint: ['/entrypoint.sh'],
  cmd: ['curl'],
  files: () => alpineFiles('3.21.3'),
}

const database = (
  port: number,
  more: {
    programs?: Record<string, string>
    banner?: string
    startup?: (c: Running) => readonly string[]
    env?: Record<string, string>
    entrypoint?: readonly string[]
    cmd: readonly string[]
    server: RegExp
  },
): Image => ({
  programs: (tag) => ({
    ...(/alpine/.test(tag) ? busyboxPrograms('1.37.0') : debianPrograms('5.2.15')),
    ...more.programs,
  }),
  prompt: (tag) => (/alpine/.test(tag) ? '\\w \\$ ' : '\\u@\\h:\\w\\$ '),
  libc: 'glibc',
  env: () => ({ PATH, ...more.env }),
  entrypoint: more.entrypoint ?? ['docker-entrypoint.sh'],
  cmd: more.cmd,
  files: () => debianFiles('12', 'bookworm'),
  serves: (argv) => argv.length === 0 || argv[0]?.startsWith('-') === true || argv.some((a) => more.server.test(a)),
  listen: (c) => [
    {
      port: Number(flag(c.argv, 'port') ?? port) || port,
      ...(more.banner !== undefined ? { banner: more.banner } : {}),
    },
  ],
  ...(more.startup ? { startup: more.startup } : {}),
})
const redisLine = (c: Running, mark: string, t: string): string => {
  const d = new Date(c.startedAt)
  const M = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  return `1:${mark === 'C' ? 'C' : 'M'} ${two(d.getUTCDate())} ${M[d.getUTCMonth()]} ${d.getUTCFullYear()} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}.${String(d.getUTCMilliseconds()).padStart(3, '0')} ${mark === 'C' ? '#' : '*'} ${t}`
}
export const redis = database(6379, {
  cmd: ['redis-server'],
  server: /redis-server|valkey-server/,
  startup: (c) => [
    redisLine(c, 'C', 'oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo'),
    redisLine(c, 'C', 'Redis version=7.4.2, bits=64, commit=00000000, modified=0, pid=1, just started'),
    redisLine(c, 'M', 'Running mode=standalone, port=6379.'),
    redisLine(c, 'M', 'Server initialized'),
    redisLine(c, 'M', 'Ready to accept connections tcp'),
  ],
})
export const postgres = database(5432, {
  cmd: ['postgres'],
  server: /^postgres$/,
  env: { PGDATA: '/var/lib/postgresql/data' },
  startup: () => [
    'PostgreSQL Database directory appears to contain a database; Skipping initialization',
    '',
    'LOG:  listening on IPv4 address "0.0.0.0", port 5432',
    'LOG:  database system is ready to accept connections',
  ],
})
export const mysql = database(3306, {
  cmd: ['mysqld'],
  server: /mysqld|mariadbd/,
  banner: 'J\u0000\u0000\u0000\n8.4.4\u0000',
  startup: (c) => [
    `${goStamp(c.startedAt).replaceAll('/', '-').replace(' ', 'T')}.000000Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 8.4.4) starting as process 1`,
    `${goStamp(c.startedAt).replaceAll('/', '-').replace(' ', 'T')}.000000Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '8.4.4'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL Community Server - GPL.`,
  ],
})
export const memcached = database(11211, { cmd: ['memcached'], server: /memcached/ })
export const mongo = database(27017, { cmd: ['mongod'], server: /mongod/ })
export const pause: Image = {
  programs: () => ({}),
  prompt: () => '$ ',
  libc: 'glibc',
  env: () => ({ PATH }),
  entrypoint: ['/pause'],
  serves: () => true,
}
export const coredns: Image = {
  programs: () => ({ coredns: '1.11.1' }),
  prompt: () => '$ ',
  libc: 'glibc',
  env: () => ({ PATH }),
  entrypoint: ['/coredns'],
  serves: () => true,
  listen: (c) => [
    { port: 53 },
    { port: 53, protocol: 'UDP' },
    { port: 9153, http: () => text(c, '') },
    { port: 8080, http: () => text(c, 'OK') },
    { port: 8181, http: () => text(c, 'OK') },
  ],
  startup: () => [
    '.:53',
    '[INFO] plugin/reload: Running configuration SHA512 = c0af6acba93e75312d34dc3f6c44bf8573acff497d229202a4a49405ad5d8266c556ca6f83ba0c9e74088593095f714ba5b916d197aa693d6120af8451160b80',
    'CoreDNS-1.11.1',
    'linux/amd64, go1.20.7, ae2bbc2',
  ],
}
/** What collects the figures of pods and nodes; the API server answers for it (apiserver/metrics.ts). */
export const metricsServer: Image = {
  programs: () => ({ 'metrics-server': '0.7.2' }),
  prompt: () => '$ ',
  libc: 'glibc',
  user: '65534',
  env: () => ({ PATH }),
  entrypoint: ['/metrics-server'],
  serves: () => true,
  listen: (c) => [
    {
      port: Number(flag(c.argv, 'secure-port') ?? 443),
      tls: true,
      http: (q) =>
        ['/livez', '/readyz', '/healthz'].includes(q.path)
          ? text(c, 'ok')
          : respond(
              c,
              403,
              'Forbidden',
              'application/json',
              '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \\"system:anonymous\\" cannot get path","reason":"Forbidden","details":{},"code":403}\n',
            ),
    },
  ],
}
