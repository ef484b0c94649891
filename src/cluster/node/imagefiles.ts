// The files that stand in every container's root before anything is written: accounts, the kernel's /proc, what its image
// and the kubelet put there.
import type { Container, Pod } from '../../apimachinery/api/core.v1.ts'
import type { Profile } from '../profile.ts'
import { hostnameOf, hostsFile, resolvConf } from './kubeletfiles.ts'

const MEMORY = `MemTotal:       16384000 kB
MemFree:         8192000 kB
MemAvailable:   14336000 kB
Buffers:          102400 kB
Cached:          4194304 kB
SwapTotal:             0 kB
SwapFree:              0 kB
`
const MOUNTS = `overlay / overlay rw,relatime 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0
sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0
shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k 0 0
/dev/vda1 /etc/hosts ext4 rw,relatime 0 0
/dev/vda1 /etc/hostname ext4 rw,relatime 0 0
/dev/vda1 /etc/resolv.conf ext4 rw,relatime 0 0
`

/** /proc/mounts: the root, the kernel's own, the volumes, and the files that the kubelet puts in place. */
function mountsText(pod: Pod, container: Pick<Container, 'volumeMounts'>): string {
  const volumes = (container.volumeMounts ?? []).map((m) => {
    const v = pod.spec?.volumes?.find((x) => x.name === m.name)
    const memory = v?.secret ?? v?.projected ?? (v?.emptyDir?.medium === 'Memory' ? v : undefined)
    return memory
      ? `tmpfs ${m.mountPath} tmpfs ${m.readOnly ? 'ro' : 'rw'},relatime,size=16384000k 0 0\n`
      : `/dev/vda1 ${m.mountPath} ext4 ${m.readOnly || v?.configMap || v?.downwardAPI ? 'ro' : 'rw'},relatime 0 0\n`
  })
  return MOUNTS + volumes.join('')
}

/** Folders that every image has. */
export const FOLDERS = [
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

export interface RootOptions {
  readonly profile: Profile
  /** What the image brings, by path. */
  readonly base: Readonly<Record<string, string>>
  /** The command line of process 1. */
  readonly argv: readonly string[]
  readonly user: string
}

/** The files of a container's root, by path. */
export function rootFiles(
  pod: Pod,
  container: Pick<Container, 'volumeMounts'>,
  o: RootOptions,
): ReadonlyMap<string, string> {
  const { profile } = o
  const node = profile.nodes[0]
  const kernel = node?.kernelVersion ?? '6.1.0'
  const named = o.user !== 'root' && !/^\d+$/.test(o.user)
  const user = named ? `${o.user}:x:100:101::/home/${o.user}:/bin/sh\n` : ''
  const group = named ? 'users:x:101:\n' : ''
  const processors = Array.from({ length: Number(node?.cpu ?? 2) || 2 }, (_, i) => `processor\t: ${i}\n`)
  return new Map([
    ['/etc/passwd', `root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n${user}`],
    ['/etc/group', `root:x:0:\nnogroup:x:65533:\n${group}`],
    ...Object.entries(o.base),
    ['/etc/hostname', `${hostnameOf(pod, profile)}\n`],
    ['/etc/hosts', hostsFile(pod, profile)],
    ['/etc/resolv.conf', resolvConf(pod, profile)],
    ['/proc/1/cmdline', o.argv.map((a) => `${a}\0`).join('')],
    ['/proc/cpuinfo', processors.join('')],
    ['/proc/sys/kernel/osrelease', `${kernel}\n`],
    ['/proc/meminfo', MEMORY],
    ['/proc/loadavg', '0.08 0.03 0.01 1/412 17\n'],
    ['/proc/mounts', mountsText(pod, container)],
    ['/proc/version', `Linux version ${kernel}\n`],
  ])
}
