// nicolaka/netshoot: every network tool; dig 9.16.11 as the first document shows it.
import { alpineFiles, busyboxPrograms, PATH } from './image.ts'
import type { Image } from './image.ts'

export const netshoot: Image = {
  programs: () => ({
    ...busyboxPrograms('1.32.1'),
    bash: 'bash 5.1.0',
    dig: '9.16.11',
    nslookup: 'bind 9.16.11',
    host: '9.16.11',
    curl: '7.74.0',
    nc: 'openbsd 1.130',
    netcat: 'openbsd 1.130',
    ping: 'iputils 20200821',
    ss: 'iproute2 5.10.0',
    getent: 'musl',
  }),
  prompt: () => 'bash-5.1\\$ ',
  libc: 'musl',
  workdir: '/root',
  env: () => ({ PATH }),
  cmd: ['/bin/bash', '-l'],
  files: () => alpineFiles('3.13.1'),
}
