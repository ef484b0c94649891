// praqma/network-multitool and wbitt/network-multitool: nginx whose page names the pod, and BIND's tools.
import { alpineFiles, busyboxPrograms, PATH } from './image.ts'
import type { Image, Running } from './image.ts'
import { nginxListeners } from './webserver.ts'

function multitool(
  title: string,
  versions: { bind: string; curl: string; bash: string; nginx: string; alpine: string },
  more: (c: Running) => string,
): Image {
  const ports = (c: Running): { http: number; https: number } => ({
    http: Number(c.env['HTTP_PORT'] ?? 80) || 80,
    https: Number(c.env['HTTPS_PORT'] ?? 443) || 443,
  })
  const page = (c: Running): string => {
    const p = ports(c)
    return `${title} - ${c.hostname} - ${c.ip} - HTTP: ${p.http} , HTTPS: ${p.https}${more(c)}`
  }
  return {
    programs: () => ({
      ...busyboxPrograms('1.31.1'),
      bash: `bash ${versions.bash}`,
      dig: versions.bind,
      nslookup: `bind ${versions.bind}`,
      host: versions.bind,
      curl: versions.curl,
      nc: 'openbsd 1.206',
      ping: 'iputils 20190709',
      getent: 'musl',
      nginx: versions.nginx,
    }),
    prompt: () => `bash-${versions.bash.split('.').slice(0, 2).join('.')}\\$ `,
    libc: 'musl',
    env: () => ({ PATH, HTTP_PORT: '80', HTTPS_PORT: '443' }),
    entrypoint: ['/docker-entrypoint.sh'],
    cmd: ['/usr/sbin/nginx', '-g', 'daemon off;'],
    serves: (argv) => argv.length === 0 || argv.some((a) => /nginx/.test(a)),
    files: () => alpineFiles(versions.alpine),
    listen: (c) => {
      const p = ports(c)
      return nginxListeners(
        {
          server: `nginx/${versions.nginx}`,
          root: '/usr/share/nginx/html',
          page,
          modified: 'Mon, 20 Sep 2021 10:00:00 GMT',
        },
        c,
        [{ port: p.http }, { port: p.https, tls: true }],
      )
    },
    startup: (c) => {
      const p = ports(c)
      return [
        `The directory /usr/share/nginx/html is not mounted.`,
        `Therefore, over-writing the default index.html file with some useful information:`,
        ...page(c).trimEnd().split('\n'),
        ...(p.http !== 80
          ? [`Replacing default HTTP port (80) with the value specified by the user - (HTTP_PORT: ${p.http}).`]
          : []),
      ]
    },
  }
}

export const praqmaMultitool = multitool(
  'Praqma Network MultiTool (with NGINX)',
  { bind: '9.14.12', curl: '7.67.0', bash: '5.0.11', nginx: '1.16.1', alpine: '3.11.6' },
  () =>
    '\n<br>\n<hr>\n<br>\n\n<h1>05 Jan 2022 - Press-release: `Praqma/Network-Multitool` is now `wbitt/Network-Multitool`</h1>\n\n<h2>Important note about name/org change:</h2>\n<p>\nFew years ago, I created this tool with Henrik Høegh, as `praqma/network-multitool`. Praqma was bought by another company, and now the "Praqma" brand is being dismantled.\n</p>\n',
)
export const wbittMultitool = multitool(
  'WBITT Network MultiTool (with NGINX)',
  { bind: '9.16.27', curl: '7.79.1', bash: '5.1.16', nginx: '1.20.2', alpine: '3.15.4' },
  () => ' . (Formerly praqma/network-multitool)\n',
)
