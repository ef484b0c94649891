// Any image that is not in the list: a plain shell, and something that listens on its containerPorts.
import { debianFiles, debianPrograms, PATH } from './image.ts'
import type { Image } from './image.ts'
import { respond } from './image.ts'

export const generic: Image = {
  generic: true,
  programs: () => ({ ...debianPrograms('5.2.15'), curl: '7.88.1', ps: 'procps' }),
  prompt: () => '\\u@\\h:\\w\\$ ',
  libc: 'glibc',
  env: () => ({ PATH }),
  files: () => debianFiles('12', 'bookworm'),
  listen: (c) =>
    c.ports.map((port) => ({ port, http: () => respond(c, 200, 'OK', 'text/plain; charset=utf-8', `${c.pod}\n`) })),
}
