// The images: one line each, loaded when a container of one is looked into. An image that is not here is `generic`.
import { parseImageName } from '../../apimachinery/imagename.ts'
import type { Image } from './image.ts'

/** Where an image is. */
export interface ImageLine {
  readonly names: readonly string[]
  /** Its own command ends at once when nobody gives it work: a shell, a base system. */
  readonly ends?: true
  readonly load: () => Promise<Image>
}

const loadGeneric = (): Promise<Image> => import('./generic.ts').then((m) => m.generic)

export const IMAGES: readonly ImageLine[] = [
  {
    names: ['nginx', 'nginxinc/nginx-unprivileged', 'bitnami/nginx'],
    load: () => import('./nginx.ts').then((m) => m.nginx),
  },
  { names: ['praqma/network-multitool'], load: () => import('./multitool.ts').then((m) => m.praqmaMultitool) },
  { names: ['wbitt/network-multitool'], load: () => import('./multitool.ts').then((m) => m.wbittMultitool) },
  { names: ['nicolaka/netshoot'], ends: true, load: () => import('./netshoot.ts').then((m) => m.netshoot) },
  { names: ['httpd'], load: () => import('./httpd.ts').then((m) => m.httpd) },
  { names: ['busybox'], ends: true, load: () => import('./bases.ts').then((m) => m.busybox) },
  {
    names: ['registry.k8s.io/busybox', 'k8s.gcr.io/busybox', 'gcr.io/google_containers/busybox'],
    ends: true,
    load: () => import('./bases.ts').then((m) => m.kubernetesBusybox),
  },
  { names: ['radial/busyboxplus'], ends: true, load: () => import('./bases.ts').then((m) => m.busyboxplus) },
  { names: ['alpine'], ends: true, load: () => import('./bases.ts').then((m) => m.alpine) },
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
    ends: true,
    load: () => import('./bases.ts').then((m) => m.debian),
  },
  { names: ['ubuntu'], ends: true, load: () => import('./bases.ts').then((m) => m.ubuntu) },
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
  { names: ['curlimages/curl'], ends: true, load: () => import('./servers.ts').then((m) => m.curlImage) },
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
  { names: ['archlinux', 'bash', 'docker', 'hello-world', 'opensuse', 'ubi'], ends: true, load: loadGeneric },
]
/** What an image not listed is. */
const GENERIC: ImageLine = { names: [], load: loadGeneric }

/** The line of a reference, its name without what names the usual registry, and its tag. */
export function imageLine(reference: string): {
  readonly line: ImageLine
  readonly name: string
  readonly tag: string
} {
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
  return { line, name: path, tag: parsed?.tag ?? 'latest' }
}

/** The image of a reference, and its tag. */
export async function findImage(
  reference: string,
): Promise<{ readonly image: Image; readonly tag: string; readonly name: string }> {
  const { line, name, tag } = imageLine(reference)
  return { image: await line.load(), tag, name }
}
