// Base systems: busybox (whose nslookup changed with 1.29), alpine, debian, ubuntu, and the DNS debugging image of the
// documentation.
import { alpineFiles, busyboxPrograms, debianFiles, debianPrograms, PATH, tagVersion } from './image.ts'
import { atLeast } from '../../shell/bind.ts'
import type { Image } from './image.ts'

const busyboxVersion = (tag: string): string => {
  const m = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(tag)
  return m ? `${m[1]}.${m[2]}.${m[3] ?? (m[2] === '28' ? '4' : '1')}` : '1.37.0'
}
export const busybox: Image = {
  programs: (tag) => busyboxPrograms(busyboxVersion(tag)),
  prompt: () => '\\w \\$ ',
  // the usual variant of the image before 1.35
  libc: (tag) => (atLeast(busyboxVersion(tag), 1, 35) ? 'glibc' : 'uclibc'),
  env: () => ({ PATH }),
  cmd: ['sh'],
}

/** busyboxes of long ago that documentation still runs: Kubernetes' own, and the one with curl. */
const oldBusybox = (
  version: string,
  more: Pick<Image, 'prompt'> & { readonly programs?: Readonly<Record<string, string>> },
): Image => ({
  programs: (tag) => ({ ...busyboxPrograms(/^\d/.test(tag) ? busyboxVersion(tag) : version), ...more.programs }),
  prompt: more.prompt,
  libc: 'glibc',
  env: () => ({ PATH }),
  cmd: ['sh'],
})
export const kubernetesBusybox = oldBusybox('1.24.2', { prompt: () => '\\w \\$ ' })
export const busyboxplus = oldBusybox('1.22.1', { prompt: () => '[ \\u@\\h:\\w ]\\$ ', programs: { curl: '7.35.0' } })

const alpineVersion = (tag: string): string => {
  const m = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(tag)
  return m ? `${m[1]}.${m[2]}.${m[3] ?? '0'}` : '3.21.3'
}
const ALPINE_BUSYBOX: readonly (readonly [number, string])[] = [
  [21, '1.37.0'],
  [19, '1.36.1'],
  [17, '1.35.0'],
  [15, '1.34.1'],
  [13, '1.32.1'],
  [11, '1.31.1'],
  [9, '1.29.3'],
  [0, '1.28.4'],
]
export const alpine: Image = {
  programs: (tag) => {
    const [major, minor] = tagVersion(tag)
    return {
      ...busyboxPrograms(major === 0 ? '1.37.0' : (ALPINE_BUSYBOX.find(([m]) => minor >= m)?.[1] ?? '1.37.0')),
      getent: 'musl',
    }
  },
  prompt: () => '\\w \\$ ',
  libc: 'musl',
  env: () => ({ PATH }),
  cmd: ['/bin/sh'],
  files: (tag) => alpineFiles(alpineVersion(tag)),
}
export const debian: Image = {
  programs: () => ({ ...debianPrograms('5.2.15'), ps: 'procps', pgrep: 'procps', pidof: 'procps' }),
  prompt: () => '\\u@\\h:\\w\\$ ',
  libc: 'glibc',
  env: () => ({ PATH }),
  cmd: ['bash'],
  files: () => debianFiles('12', 'bookworm'),
}
export const ubuntu: Image = {
  programs: () => ({ ...debianPrograms('5.2.21'), ps: 'procps', pgrep: 'procps', pidof: 'procps' }),
  prompt: () => '\\u@\\h:\\w\\$ ',
  libc: 'glibc',
  env: () => ({ PATH }),
  cmd: ['/bin/bash'],
  files: () => ({
    '/etc/os-release':
      'PRETTY_NAME="Ubuntu 24.04.2 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION="24.04.2 LTS (Noble Numbat)"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n',
  }),
}
export const dnsutils: Image = {
  programs: () => ({
    ...debianPrograms('4.3.30'),
    dig: '9.9.5-9+deb8u19-Debian',
    nslookup: 'bind 9.9.5',
    host: '9.9.5',
    ping: 'iputils 20121221',
    ps: 'procps',
    pgrep: 'procps',
    pidof: 'procps',
  }),
  prompt: () => '\\u@\\h:\\w\\$ ',
  libc: 'glibc',
  env: () => ({ PATH }),
  cmd: ['sleep', 'infinity'],
  files: () => debianFiles('8', 'jessie'),
}
