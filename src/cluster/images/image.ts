// What an image is to the simulation: its programs, how it starts, what listens, what it writes and serves.
import type { HttpRequest, HttpResponse, ToolContext } from '../../shell/tool.ts'
import { httpDate } from '../../shell/bind.ts'

/** A container that runs an image, as its servers see it. */
export interface Running {
  readonly pod: string
  readonly namespace: string
  readonly ip: string
  readonly hostname: string
  readonly node: string
  readonly tag: string
  /** The whole command line: entry point and arguments. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** containerPorts of the spec. */
  readonly ports: readonly number[]
  readonly startedAt: number
  now(): number
  read(path: string): string | undefined
  list(path: string): readonly string[] | undefined
}
export interface Visitor {
  readonly address: string
}

/** One open port. */
export interface Listener {
  readonly port: number
  readonly protocol?: 'TCP' | 'UDP'
  readonly tls?: boolean
  readonly http?: (request: HttpRequest, visitor: Visitor) => HttpResponse
  /** What a server that speaks first says. */
  readonly banner?: string
  /** The line in the log for a request; none when the server is silent. */
  readonly access?: (request: HttpRequest, response: HttpResponse, visitor: Visitor) => string | undefined
}

/** The C library of an image's programs. */
export type Libc = NonNullable<ToolContext['image']['libc']>

export interface Image {
  /** Stands for all images that nobody knows. */
  readonly generic?: true
  /** Program name -> version or kind, by tag. */
  readonly programs: (tag: string) => Readonly<Record<string, string>>
  readonly prompt: (tag: string) => string
  readonly libc: Libc | ((tag: string) => Libc)
  readonly user?: string
  readonly workdir?: string
  readonly env?: (tag: string) => Readonly<Record<string, string>>
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  /** Whether the arguments start a server of the image rather than another program. */
  readonly serves?: (argv: readonly string[]) => boolean
  readonly listen?: (c: Running) => readonly Listener[]
  /** After so many milliseconds of running its servers answer otherwise. */
  readonly changes?: number
  /** Lines at the start, without time stamps. */
  readonly startup?: (c: Running) => readonly string[]
  readonly files?: (tag: string) => Readonly<Record<string, string>>
}

/** The major and minor of a tag, 0 when it says none (latest). */
export function tagVersion(tag: string): readonly [number, number] {
  const m = /^v?(\d+)(?:\.(\d+))?/.exec(tag)
  return m ? [Number(m[1]), Number(m[2] ?? 0)] : [0, 0]
}

const list = (names: string, version: string): Record<string, string> =>
  Object.fromEntries(names.split(' ').map((n) => [n, version]))
const TEXT =
  'awk base64 basename chmod clear comm cp cut diff dirname du egrep expand expr fgrep find fold grep gunzip gzip head ln md5sum mkdir mv nl od paste printf readlink rev rm rmdir sed seq sha1sum sha256sum sort split stat strings tac tar tee touch tr truncate unexpand uniq wc which xargs zcat'
const CORE =
  'tty stty df kill cat env printenv hostname ls sleep id whoami groups date echo true false pwd uname arch nproc tail timeout test [ nohup yes'

/** busybox with all its applets. */
export const busyboxPrograms = (version: string): Record<string, string> =>
  list(
    `sh ash ${CORE} ${TEXT} busybox ps pgrep pidof ip ifconfig nslookup wget nc ping time tree column free uptime mount netstat route top telnet`,
    `busybox ${version}`,
  )
/** A Debian or Ubuntu base: coreutils, dash, bash, getent; no network tools. */
export const debianPrograms = (bash: string): Record<string, string> => ({
  ...list(`${CORE} ${TEXT}`, 'coreutils'),
  sh: 'dash',
  dash: 'dash',
  bash: `bash ${bash}`,
  getent: 'glibc',
  perl: '5.36.0',
})

export const alpineFiles = (version: string): Record<string, string> => ({
  '/etc/os-release': `NAME="Alpine Linux"\nID=alpine\nVERSION_ID=${version}\nPRETTY_NAME="Alpine Linux v${version.split('.').slice(0, 2).join('.')}"\nHOME_URL="https://alpinelinux.org/"\n`,
  '/etc/alpine-release': `${version}\n`,
})
export const debianFiles = (version: string, name: string): Record<string, string> => ({
  '/etc/os-release': `PRETTY_NAME="Debian GNU/Linux ${version} (${name})"\nNAME="Debian GNU/Linux"\nVERSION_ID="${version}"\nVERSION="${version} (${name})"\nVERSION_CODENAME=${name}\nID=debian\nHOME_URL="https://www.debian.org/"\n`,
  '/etc/debian_version': `${version}.9\n`,
})
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A response with the headers every server gives. */
export function respond(
  c: Pick<Running, 'now'>,
  status: number,
  reason: string,
  type: string,
  body: string,
  more: readonly (readonly [string, string])[] = [],
): HttpResponse {
  return {
    status,
    reason,
    version: '1.1',
    headers: [
      ...more,
      ['Date', httpDate(c.now())],
      ['Content-Type', type],
      ['Content-Length', String(Buffer.byteLength(body))],
    ],
    body,
  }
}

/** The value of `-flag value`, `-flag=value`, `--flag value`. */
export function flag(argv: readonly string[], name: string): string | undefined {
  for (const [i, a] of argv.entries()) {
    const m = /^--?([^=]+)(?:=(.*))?$/s.exec(a)
    if (m && m[1] === name) return m[2] ?? argv[i + 1]
  }
  return undefined
}
