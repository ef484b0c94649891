// nginx: the welcome page, its start-up log, its access log; Debian by default, Alpine by tag.
import { alpineFiles, busyboxPrograms, debianFiles, debianPrograms, PATH } from './image.ts'
import type { Image, Running } from './image.ts'
import { nginxListeners, nginxPorts } from './webserver.ts'

const alpine = (tag: string): boolean => /alpine/.test(tag)
const version = (tag: string): string => {
  const m = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(tag)
  if (!m) return tag === 'stable' || tag.startsWith('stable-') ? '1.28.0' : '1.29.0'
  return `${m[1]}.${m[2]}.${m[3] ?? (Number(m[2]) >= 27 ? '5' : '3')}`
}
const WELCOME =
  '<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n<style>\nhtml { color-scheme: light dark; }\nbody { width: 35em; margin: 0 auto;\nfont-family: Tahoma, Verdana, Arial, sans-serif; }\n</style>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n<p>If you see this page, the nginx web server is successfully installed and\nworking. Further configuration is required.</p>\n\n<p>For online documentation and support please refer to\n<a href="http://nginx.org/">nginx.org</a>.<br/>\nCommercial support is available at\n<a href="http://nginx.com/">nginx.com</a>.</p>\n\n<p><em>Thank you for using nginx.</em></p>\n</body>\n</html>\n'

const two = (n: number): string => String(n).padStart(2, '0')
const stamp = (ms: number): string => {
  const d = new Date(ms)
  return `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
}

export const nginx: Image = {
  programs: (tag) =>
    alpine(tag)
      ? { ...busyboxPrograms('1.37.0'), curl: '8.12.1', nginx: version(tag) }
      : { ...debianPrograms('5.2.15'), curl: '7.88.1', nginx: version(tag) },
  prompt: (tag) => (alpine(tag) ? '\\w \\$ ' : '\\u@\\h:\\w\\$ '),
  libc: 'glibc',
  env: (tag) => ({
    PATH,
    NGINX_VERSION: version(tag),
    NJS_VERSION: '0.8.10',
    PKG_RELEASE: alpine(tag) ? '1' : '1~bookworm',
  }),
  entrypoint: ['/docker-entrypoint.sh'],
  cmd: ['nginx', '-g', 'daemon off;'],
  serves: (argv) => argv.length === 0 || argv.some((a) => /(^|\/)nginx(-debug)?$/.test(a) || /nginx -g/.test(a)),
  files: (tag) => ({
    ...(alpine(tag) ? alpineFiles('3.21.3') : debianFiles('12', 'bookworm')),
    '/usr/share/nginx/html/index.html': WELCOME,
    '/etc/nginx/conf.d/default.conf':
      'server {\n    listen       80;\n    listen  [::]:80;\n    server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n\n    error_page   500 502 503 504  /50x.html;\n    location = /50x.html {\n        root   /usr/share/nginx/html;\n    }\n}\n',
  }),
  listen: (c) =>
    nginxListeners(
      {
        server: `nginx/${version(c.tag)}`,
        root: '/usr/share/nginx/html',
        page: () => WELCOME,
        modified: 'Wed, 16 Apr 2025 12:01:11 GMT',
      },
      c,
      nginxPorts(c, [{ port: 80 }]),
    ),
  startup: (c: Running) => {
    const at = stamp(c.startedAt)
    return [
      '/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration',
      '/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/',
      '/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh',
      '10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf',
      '10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf',
      '/docker-entrypoint.sh: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh',
      '/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh',
      '/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh',
      '/docker-entrypoint.sh: Configuration complete; ready for start up',
      ...[
        'using the "epoll" event method',
        `nginx/${version(c.tag)}`,
        `built by gcc 12.2.0 (Debian 12.2.0-14)`,
        'OS: Linux 6.1.0',
        'getrlimit(RLIMIT_NOFILE): 1048576:1048576',
        'start worker processes',
        'start worker process 29',
      ].map((t) => `${at} [notice] 1#1: ${t}`),
    ]
  },
}
