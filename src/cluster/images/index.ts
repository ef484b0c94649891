// The images: one line each, loaded when a container of one is looked into. An image that is not here is `generic`.
import { parseImageName } from '../../apimachinery/imagename.ts'
import type { Image } from './image.ts'

export interface ImageLine {
  readonly names: readonly string[]
  readonly load: () => Promise<Image>
}

export const IMAGES: readonly ImageLine[] = [
  {
    names: ['nginx', 'nginxinc/nginx-unprivileged', 'bitnami/nginx'],
    load: () => import('./nginx.ts').then((m) => m.nginx),
  },
  { names: ['praqma/network-multitool'], load: () => import('./multitool.ts').then((m) => m.praqmaMultitool) },
  { names: ['wbitt/network-multitool'], load: () => import('./multitool.ts').then((m) => m.wbittMultitool) },
  { names: ['nicolaka/netshoot'], load: () => import('./netshoot.ts').then((m) => m.netshoot) },
  { names: ['httpd'], load: () => import('./httpd.ts').then((m) => m.httpd) },
  { names: ['busybox'], load: () => import('./bases.ts').then((m) => m.busybox) },
  {
    names: ['registry.k8s.io/busybox', 'k8s.gcr.io/busybox', 'gcr.io/google_containers/busybox'],
    load: () => import('./bases.ts').then((m) => m.kubernetesBusybox),
  },
  { names: ['radial/busyboxplus'], load: () => import('./bases.ts').then((m) => m.busyboxplus) },
  { names: ['alpine'], load: () => import('./bases.ts').then((m) => m.alpine) },
  {
    names: [
      'debian',
      'python',
      'node',
      'golang',
      'ruby',
      'perl',
      'openjdk',
      'eclipse-temurin',
      'php',
      'rust',
      'centos',
      'fedora',
      'rockylinux',
      'almalinux',
      'amazonlinux',
    ],
    load: () => import('./bases.ts').then((m) => m.debian),
  },
  { names: ['ubuntu'], load: () => import('./bases.ts').then((m) => m.ubuntu) },
  {
    names: ['jessie-dnsutils', 'dnsutils', 'tutum/dnsutils'],
    load: () => import('./bases.ts').then((m) => m.dnsutils),
  },
  { names: ['agnhost'], load: () => import('./servers.ts').then((m) => m.agnhost) },
  { names: ['hashicorp/http-echo'], load: () => import('./servers.ts').then((m) => m.httpEcho) },
  { names: ['traefik/whoami', 'containous/whoami'], load: () => import('./servers.ts').then((m) => m.whoamiImage) },
  {
    names: ['echoserver', 'kicbase/echo-server', 'ealen/echo-server'],
    load: () => import('./servers.ts').then((m) => m.echoserver),
  },
  { names: ['hello-app'], load: () => import('./servers.ts').then((m) => m.helloApp) },
  { names: ['curlimages/curl'], load: () => import('./servers.ts').then((m) => m.curlImage) },
  { names: ['redis', 'bitnami/redis', 'valkey/valkey'], load: () => import('./servers.ts').then((m) => m.redis) },
  { names: ['postgres', 'bitnami/postgresql'], load: () => import('./servers.ts').then((m) => m.postgres) },
  { names: ['mysql', 'mariadb', 'bitnami/mysql'], load: () => import('./servers.ts').then((m) => m.mysql) },
  { names: ['memcached'], load: () => import('./servers.ts').then((m) => m.memcached) },
  { names: ['mongo'], load: () => import('./servers.ts').then((m) => m.mongo) },
  {
    names: ['metrics-server/metrics-server', 'metrics-server'],
    load: () => import('./servers.ts').then((m) => m.metricsServer),
  },
  { names: ['pause'], load: () => import('./servers.ts').then((m) => m.pause) },
  { names: ['coredns'], load: () => import('./servers.ts').then((m) => m.coredns) },
]
/** What an image not listed is. */
const GENERIC: ImageLine = { names: [], load: () => import('./generic.ts').then((m) => m.generic) }

/** The image of a reference, and its tag. */
export async function findImage(
  reference: string,
): Promise<{ readonly image: Image; readonly tag: string; readonly name: string }> {
  const parsed = parseImageName(reference)
  const path = (parsed?.repository ?? reference)
    .replace(/^(?:docker\.io|index\.docker\.io)\//, '')
    .replace(/^library\//, '')
  const last = path.split('/').at(-1) ?? path
  const line =
    IMAGES.find((i) => i.names.includes(path)) ??
    IMAGES.find((i) => i.names.some((n) => n.includes('/') && path.endsWith(`/${n}`))) ??
    IMAGES.find((i) => i.names.some((n) => !n.includes('/') && n === last)) ??
    GENERIC
  return { image: await line.load(), tag: parsed?.tag ?? 'latest', name: path }
}
