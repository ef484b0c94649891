// The files of a container: the image's, the kubelet's (/etc/hosts, resolv.conf), its volumes; what programs write is
// kept in the state, as the node's disk would.
import type { ConfigMap, Container, Pod, Secret, Volume } from '../../apimachinery/api/core.v1.ts'
import type { PodFiles } from '../../shell/tool.ts'
import type { Store } from '../../storage/store.ts'
import type { Lister } from '../lister.ts'
import type { Profile } from '../profile.ts'
import { diskName, readDisk, writeDisk } from './disk.ts'
import { fieldValue, resourceValue } from './environment.ts'

/** How bytes that are no UTF-8 stand among texts. */
const BINARY = '\u0000base64:'
const textOf = (stored: string): string =>
  stored.startsWith(BINARY) ? Buffer.from(stored.slice(BINARY.length), 'base64').toString('utf8') : stored
const bytesOf = (stored: string): Uint8Array =>
  stored.startsWith(BINARY) ? Buffer.from(stored.slice(BINARY.length), 'base64') : Buffer.from(stored)
function stored(content: string | Uint8Array): string {
  if (typeof content === 'string' && !content.startsWith(BINARY)) return content
  const bytes = Buffer.from(content)
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) && !text.startsWith(BINARY) ? text : BINARY + bytes.toString('base64')
}
const decode64 = (text: string): string => stored(Buffer.from(text, 'base64'))

/**
 * The name server of the nodes themselves, in their own resolv.conf: the router of their network, which knows no name
 * of the cluster.
 */
export const nodeNameServer = (profile: Profile): string =>
  (profile.nodes[0]?.internalIP ?? '').replace(/^(\d+\.\d+\.\d+)\.\d+$/, '$1.1') || '127.0.0.53'

/** What the kubelet lets through of name servers and search domains (dns.go). */
const MOST = { nameservers: 3, search: 32 } as const

/** /etc/resolv.conf as the kubelet writes it, by dnsPolicy and dnsConfig. */
export function resolvConf(pod: Pod, profile: Profile): string {
  const { domain, address, search: nodeSearch = [] } = profile.dns
  const ns = pod.metadata.namespace ?? 'default'
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst'
  const cluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec?.hostNetwork)
  let nameservers = cluster ? [address] : policy === 'None' ? [] : [nodeNameServer(profile)]
  let search = cluster
    ? [`${ns}.svc.${domain}`, `svc.${domain}`, domain, ...nodeSearch]
    : policy === 'None'
      ? []
      : [...nodeSearch]
  const options = new Map<string, string | undefined>(cluster ? [['ndots', '5']] : [])
  const config = pod.spec?.dnsConfig
  nameservers = [...new Set([...nameservers, ...(config?.nameservers ?? [])])].slice(0, MOST.nameservers)
  search = [...new Set([...search, ...(config?.searches ?? [])])].slice(0, MOST.search)
  for (const o of config?.options ?? []) if (o.name) options.set(o.name, o.value)
  return `${search.length ? `search ${search.join(' ')}\n` : ''}${nameservers.map((n) => `nameserver ${n}\n`).join('')}${options.size ? `options ${[...options].map(([k, v]) => (v === undefined || v === '' ? k : `${k}:${v}`)).join(' ')}\n` : ''}`
}

const shortName = (pod: Pod): string =>
  (pod.spec?.hostname || (pod.metadata.name ?? '')).slice(0, 63).replace(/[-.]+$/, '')
const longName = (pod: Pod, profile: Profile): string =>
  pod.spec?.subdomain
    ? `${shortName(pod)}.${pod.spec.subdomain}.${pod.metadata.namespace}.svc.${profile.dns.domain}`
    : shortName(pod)
/**
 * The pod's hostname: as asked, or its name, at most 63 characters; the whole name with setHostnameAsFQDN; the node's
 * on the host network.
 */
export const hostnameOf = (pod: Pod, profile: Profile): string =>
  pod.spec?.hostNetwork
    ? (pod.spec.nodeName ?? '')
    : pod.spec?.setHostnameAsFQDN
      ? longName(pod, profile)
      : shortName(pod)

/** /etc/hosts as the kubelet writes it. */
export function hostsFile(pod: Pod, profile: Profile): string {
  const host = pod.spec?.hostNetwork === true
  const names = host
    ? (pod.spec?.nodeName ?? '')
    : pod.spec?.subdomain
      ? `${longName(pod, profile)}\t${shortName(pod)}`
      : shortName(pod)
  const ips = (pod.status?.podIPs ?? (pod.status?.podIP ? [{ ip: pod.status.podIP }] : []))
    .map((i) => `${i.ip}\t${names}\n`)
    .join('')
  const aliases = pod.spec?.hostAliases ?? []
  return `# Kubernetes-managed hosts file${host ? ' (host network)' : ''}.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n${ips}${aliases.length ? `\n# Entries added by HostAliases.\n${aliases.map((a) => `${a.ip}\t${(a.hostnames ?? []).join('\t')}\n`).join('')}` : ''}`
}

type Items = readonly { readonly key: string; readonly path: string }[] | undefined
function keyed(data: ReadonlyMap<string, string>, items: Items): Map<string, string> {
  if (!items?.length) return new Map(data)
  return new Map(
    items.flatMap((i): [string, string][] => {
      const v = data.get(i.key)
      return v === undefined ? [] : [[i.path, v]]
    }),
  )
}
const configData = (lister: Lister, ns: string, name: string | undefined): Map<string, string> => {
  const c = name ? lister.get<ConfigMap>('configmaps', ns, name) : undefined
  return new Map([
    ...Object.entries(c?.data ?? {}),
    ...Object.entries(c?.binaryData ?? {}).map(([k, v]): [string, string] => [k, decode64(v)]),
  ])
}
const secretData = (lister: Lister, ns: string, name: string | undefined): Map<string, string> =>
  new Map(
    Object.entries((name ? lister.get<Secret>('secrets', ns, name) : undefined)?.data ?? {}).map(([k, v]) => [
      k,
      decode64(v),
    ]),
  )

const base64url = (text: string): string => Buffer.from(text).toString('base64url')
/**
 * A projected service account token: the form of a JWT with the claims the API server gives; its signature is the
 * simulation's.
 */
function accountToken(pod: Pod, profile: Profile, audience: string | undefined, seconds: number): string {
  const ns = pod.metadata.namespace ?? ''
  const account = pod.spec?.serviceAccountName ?? 'default'
  const issued = Math.floor(
    Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '1970-01-01T00:00:00Z') / 1000,
  )
  const issuer = `https://kubernetes.default.svc.${profile.dns.domain}`
  return `${base64url(JSON.stringify({ alg: 'RS256', kid: 'kubesim' }))}.${base64url(JSON.stringify({ aud: [audience || issuer], exp: issued + seconds, iat: issued, iss: issuer, 'kubernetes.io': { namespace: ns, node: { name: pod.spec?.nodeName }, pod: { name: pod.metadata.name, uid: pod.metadata.uid }, serviceaccount: { name: account } }, nbf: issued, sub: `system:serviceaccount:${ns}:${account}` }))}.${base64url('kubesim')}`
}

/** The files a read-only volume brings, by path below its mount; undefined for a volume one writes to. */
function volumeFiles(volume: Volume, pod: Pod, lister: Lister, profile: Profile): Map<string, string> | undefined {
  const ns = pod.metadata.namespace ?? ''
  const downward = (
    items: readonly {
      readonly path: string
      readonly fieldRef?: { readonly fieldPath: string }
      readonly resourceFieldRef?: {
        readonly resource: string
        readonly containerName?: string
        readonly divisor?: string | number
      }
    }[],
  ): [string, string][] =>
    items.map((i) => [
      i.path,
      i.fieldRef
        ? (fieldValue(pod, i.fieldRef.fieldPath) ?? '')
        : i.resourceFieldRef
          ? (resourceValue(pod, i.resourceFieldRef, i.resourceFieldRef.containerName ?? '') ?? '')
          : '',
    ])
  if (volume.configMap) return keyed(configData(lister, ns, volume.configMap.name), volume.configMap.items)
  if (volume.secret) return keyed(secretData(lister, ns, volume.secret.secretName), volume.secret.items)
  if (volume.downwardAPI) return new Map(downward(volume.downwardAPI.items ?? []))
  if (volume.projected) {
    return new Map(
      (volume.projected.sources ?? []).flatMap((s): [string, string][] => {
        if (s.configMap) return [...keyed(configData(lister, ns, s.configMap.name), s.configMap.items)]
        if (s.secret) return [...keyed(secretData(lister, ns, s.secret.name), s.secret.items)]
        if (s.downwardAPI) return downward(s.downwardAPI.items ?? [])
        if (s.serviceAccountToken)
          return [
            [
              s.serviceAccountToken.path,
              accountToken(
                pod,
                profile,
                s.serviceAccountToken.audience,
                s.serviceAccountToken.expirationSeconds ?? 3600,
              ),
            ],
          ]
        return []
      }),
    )
  }
  return undefined
}

class FileError extends Error {
  readonly code: string
  constructor(code: string, path: string) {
    super(`${code}: ${path}`)
    this.code = code
  }
}

/** /proc/mounts: the root, the kernel's own, the volumes, and the files that the kubelet puts in place. */
function mountsText(pod: Pod, container: Pick<Container, 'volumeMounts'>): string {
  const volumes = (container.volumeMounts ?? []).map((m) => {
    const v = pod.spec?.volumes?.find((x) => x.name === m.name)
    const memory = v?.secret ?? v?.projected ?? (v?.emptyDir?.medium === 'Memory' ? v : undefined)
    return memory
      ? `tmpfs ${m.mountPath} tmpfs ${m.readOnly ? 'ro' : 'rw'},relatime,size=16384000k 0 0\n`
      : `/dev/vda1 ${m.mountPath} ext4 ${m.readOnly || v?.configMap || v?.downwardAPI ? 'ro' : 'rw'},relatime 0 0\n`
  })
  return `overlay / overlay rw,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\ntmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0\nsysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0\nshm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k 0 0\n/dev/vda1 /etc/hosts ext4 rw,relatime 0 0\n/dev/vda1 /etc/hostname ext4 rw,relatime 0 0\n/dev/vda1 /etc/resolv.conf ext4 rw,relatime 0 0\n${volumes.join('')}`
}

interface Mount {
  readonly path: string
  readonly readOnly: boolean
  readonly fixed?: Map<string, string>
  /** [namespace, disk, shelf, prefix] of what is written. */ readonly disk?: readonly [string, string, string, string]
  readonly single?: string
}

export interface FilesOptions {
  readonly store: Store
  readonly lister: Lister
  readonly profile: Profile
  readonly base: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly user: string
}

const FOLDERS = [
  '/',
  '/bin',
  '/dev',
  '/etc',
  '/home',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/tmp',
  '/usr',
  '/usr/bin',
  '/usr/local',
  '/usr/sbin',
  '/usr/share',
  '/var',
  '/var/lib',
  '/var/log',
  '/var/run',
  '/opt',
  '/mnt',
  '/srv',
  '/sbin',
  '/lib',
]

/** The files of one container. */
export function containerFiles(
  pod: Pod,
  container: Pick<Container, 'name' | 'volumeMounts'>,
  o: FilesOptions,
): PodFiles {
  const { store, lister, profile } = o
  const ns = pod.metadata.namespace ?? ''
  const base = new Map<string, string>([
    [
      '/etc/passwd',
      `root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n${o.user !== 'root' && !/^\d+$/.test(o.user) ? `${o.user}:x:100:101::/home/${o.user}:/bin/sh\n` : ''}`,
    ],
    [
      '/etc/group',
      `root:x:0:\nnogroup:x:65533:\n${o.user !== 'root' && !/^\d+$/.test(o.user) ? 'users:x:101:\n' : ''}`,
    ],
    ...Object.entries(o.base),
    ['/etc/hostname', `${hostnameOf(pod, profile)}\n`],
    ['/etc/hosts', hostsFile(pod, profile)],
    ['/etc/resolv.conf', resolvConf(pod, profile)],
    ['/proc/1/cmdline', o.argv.map((a) => `${a}\0`).join('')],
    [
      '/proc/cpuinfo',
      Array.from({ length: Number(profile.nodes[0]?.cpu ?? 2) || 2 }, (_, i) => `processor\t: ${i}\n`).join(''),
    ],
    ['/proc/sys/kernel/osrelease', `${profile.nodes[0]?.kernelVersion ?? '6.1.0'}\n`],
    [
      '/proc/meminfo',
      'MemTotal:       16384000 kB\nMemFree:         8192000 kB\nMemAvailable:   14336000 kB\nBuffers:          102400 kB\nCached:          4194304 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n',
    ],
    ['/proc/loadavg', '0.08 0.03 0.01 1/412 17\n'],
    ['/proc/mounts', mountsText(pod, container)],
    ['/proc/version', `Linux version ${profile.nodes[0]?.kernelVersion ?? '6.1.0'}\n`],
  ])
  const mounts: Mount[] = (container.volumeMounts ?? [])
    .flatMap((m): Mount[] => {
      const volume = pod.spec?.volumes?.find((v) => v.name === m.name)
      if (!volume) return []
      const path = m.mountPath.replace(/\/+$/, '') || '/'
      const fixed = volumeFiles(volume, pod, lister, profile)
      const sub = (m.subPath ?? '').replace(/^\/+|\/+$/g, '')
      if (fixed) {
        if (sub && fixed.has(sub)) return [{ path, readOnly: true, single: fixed.get(sub) ?? '' }]
        return [
          {
            path,
            readOnly: true,
            fixed: sub
              ? new Map(
                  [...fixed].filter(([k]) => k.startsWith(`${sub}/`)).map(([k, v]) => [k.slice(sub.length + 1), v]),
                )
              : fixed,
          },
        ]
      }
      const claim = volume.persistentVolumeClaim?.claimName
      return [
        {
          path,
          readOnly: m.readOnly === true,
          disk: [
            ns,
            claim ? `pvc-${claim}` : diskName(pod),
            claim ? 'volume' : `volume ${m.name}`,
            sub ? `/${sub}` : '',
          ],
        },
      ]
    })
    .sort((a, b) => b.path.length - a.path.length)
  const shelf = `container ${container.name}`
  const mountOf = (path: string): Mount | undefined =>
    mounts.find((m) => path === m.path || path.startsWith(m.path === '/' ? '/' : `${m.path}/`))
  const written = (at: readonly [string, string, string, string]): Readonly<Record<string, string | null>> =>
    readDisk(store, at[0], at[1]).files[at[2]] ?? {}
  const own: readonly [string, string, string, string] = [ns, diskName(pod), shelf, '']
  /** Where a path is written, and its key there. A folder's key ends in a slash. */
  const place = (path: string): { at: readonly [string, string, string, string]; key: string; mount?: Mount } => {
    const mount = mountOf(path)
    return mount?.disk
      ? { at: mount.disk, key: mount.disk[3] + path.slice(mount.path.length), mount }
      : { at: own, key: path, ...(mount ? { mount } : {}) }
  }
  /**
   * The folder in which a volume of the kubelet's has its files, so that they change all at once:
   * `..2026_01_02_03_04_05.1234567890`.
   */
  const version = `..${(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '1970-01-01T00:00:00Z').slice(0, 19).replace(/[-:T]/g, '_')}.${parseInt((pod.metadata.uid ?? '0').replace(/-/g, '').slice(0, 8), 16) || 1}`
  const linkOf = (path: string): string | undefined => {
    const mount = mountOf(path)
    if (!mount?.fixed || path === mount.path) return undefined
    const rest = path.slice(mount.path.length + 1)
    return rest === '..data'
      ? version
      : !rest.includes('/') && !rest.startsWith('..') && lookup(path) !== undefined
        ? `..data/${rest}`
        : undefined
  }
  const lookup = (path: string): string | 'folder' | undefined | { text: string } => {
    if (/^\/dev\/(null|zero|random|urandom|tty|stdin|stdout|stderr|full)$/.test(path)) return { text: '' }
    const { at, key, mount } = place(path)
    if (mount?.single !== undefined) return path === mount.path ? { text: mount.single } : undefined
    if (mount?.fixed) {
      const inside = path.slice(mount.path.length + 1)
      const rest =
        inside === '..data' || inside === version
          ? ''
          : inside.startsWith('..data/')
            ? inside.slice(7)
            : inside.startsWith(`${version}/`)
              ? inside.slice(version.length + 1)
              : inside
      const text = mount.fixed.get(rest)
      if (text !== undefined) return { text }
      return rest === '' || [...mount.fixed.keys()].some((k) => k.startsWith(`${rest}/`)) ? 'folder' : undefined
    }
    const w = written(at)
    if (Object.hasOwn(w, key)) {
      const t = w[key]
      return t === null || t === undefined ? undefined : { text: t }
    }
    if (Object.hasOwn(w, `${key}/`)) return w[`${key}/`] === null ? undefined : 'folder'
    if (mount && path === mount.path) return 'folder'
    if (!mount) {
      const text = base.get(path)
      if (text !== undefined) return { text }
      if (
        FOLDERS.includes(path) ||
        [...base.keys()].some((k) => k.startsWith(`${path}/`)) ||
        mounts.some((m) => m.path.startsWith(`${path}/`))
      )
        return 'folder'
    }
    return Object.entries(w).some(([k, v]) => v !== null && k.startsWith(`${key}/`)) ? 'folder' : undefined
  }
  const kind = (path: string): 'file' | 'directory' | undefined => {
    const l = lookup(path)
    return l === undefined ? undefined : l === 'folder' ? 'directory' : 'file'
  }
  const put = (path: string, suffix: string, value: string | null): void => {
    const { at, key, mount } = place(path)
    if (mount?.readOnly) throw new FileError('EROFS', path)
    writeDisk(store, at[0], at[1], (d) => {
      ;(d.files[at[2]] ??= {})[key + suffix] = value
    })
  }
  return {
    read: (path) => {
      const l = lookup(path)
      return typeof l === 'object' ? textOf(l.text) : undefined
    },
    bytes: (path) => {
      const l = lookup(path)
      return typeof l === 'object' ? bytesOf(l.text) : undefined
    },
    link: linkOf,
    write(path, content) {
      if (/^\/(proc|sys)\//.test(path)) throw new FileError('EACCES', path)
      if (kind(path) === 'directory') throw new FileError('EISDIR', path)
      if (kind(path.replace(/\/[^/]*$/, '') || '/') !== 'directory') throw new FileError('ENOENT', path)
      if (content.length > 4_000_000) throw new FileError('ENOSPC', path)
      if (o.user !== 'root' && o.user !== '0' && /^\/(etc|usr|bin|sbin|lib|root|var\/lib)\b/.test(path))
        throw new FileError('EACCES', path)
      put(path, '', stored(content))
    },
    kind,
    list(path) {
      if (kind(path) !== 'directory') return undefined
      const names = new Set<string>()
      const prefix = path === '/' ? '/' : `${path}/`
      const add = (full: string): void => {
        if (full.startsWith(prefix)) {
          const n = full.slice(prefix.length).split('/')[0]
          if (n) names.add(n)
        }
      }
      const mount = mountOf(path)
      if (mount?.fixed) {
        const top = path === mount.path
        if (top) {
          names.add('..data')
          names.add(version)
        }
        const inner = `${mount.path}/`
        const below = path.slice(inner.length)
        const at =
          below === '..data' || below === version
            ? ''
            : below.startsWith('..data/')
              ? below.slice(7)
              : below.startsWith(`${version}/`)
                ? below.slice(version.length + 1)
                : below
        for (const k of mount.fixed.keys())
          if (at === '' || top) names.add(k.split('/')[0] ?? k)
          else if (k.startsWith(`${at}/`)) names.add(k.slice(at.length + 1).split('/')[0] ?? k)
      }
      if (!mount) {
        for (const k of base.keys()) add(k)
        for (const f of FOLDERS) add(f)
      }
      for (const m of mounts) add(m.path)
      const { at, key } = place(path)
      if (!mount?.fixed)
        for (const [k, v] of Object.entries(written(at))) {
          const full = mount?.disk ? path + k.slice(key.length) : k
          if (!k.startsWith(key === '/' ? '/' : `${key}/`)) continue
          if (v === null) {
            if (!full.replace(/\/$/, '').slice(prefix.length).includes('/'))
              names.delete(full.replace(/\/$/, '').slice(prefix.length))
          } else add(full)
        }
      return [...names].sort()
    },
    mkdir(path) {
      put(path, '/', '')
    },
    remove(path) {
      put(path, kind(path) === 'directory' ? '/' : '', null)
    },
  }
}
