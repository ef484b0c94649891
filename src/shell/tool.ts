// A pod tool: nslookup, curl, cat … as a function from arguments and context to an exit code. It sees the pod, never
// the machine.
import type { StubResolver } from '../dns/stub.ts'

/** Files inside a container. Paths are absolute. */
export interface PodFiles {
  read(path: string): string | undefined
  /** The bytes of a file. */
  bytes(path: string): Uint8Array | undefined
  /** Throws an Error with `code` EACCES, EISDIR, ENOENT, EROFS. Bytes that are no UTF-8 are kept as they are. */
  write(path: string, content: string | Uint8Array): void
  /** Where a symbolic link leads; `kind` follows links. */
  link(path: string): string | undefined
  /** Names in a folder, sorted, or undefined. */
  list(path: string): readonly string[] | undefined
  kind(path: string): 'file' | 'directory' | 'link' | undefined
  mkdir(path: string): void
  remove(path: string): void
}

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  readonly tls: boolean
}
export interface HttpResponse {
  readonly status: number
  readonly reason: string
  readonly version: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** Milliseconds the server thinks before it answers. */ readonly delay?: number
}

/** What became of a connection on the simulated network. */
export type Connection =
  | {
      readonly outcome: 'open'
      readonly address: string
      readonly port: number
      /** Undefined when what listens does not speak HTTP. */ readonly http?: (request: HttpRequest) => HttpResponse
      /** First bytes a server says by itself (redis, mysql …). */ readonly banner?: string
      readonly tls?: boolean
    }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'timeout' }
  | { readonly outcome: 'unreachable' }

export interface PodNetwork {
  /** The pod's own addresses. */
  readonly addresses: readonly string[]
  /** Makes ready what may answer at an address; awaited before `connect` and `ping`. */
  prepare(address: string): Promise<void>
  /** The path of a connection: Service address -> slice -> pod -> port. */
  connect(address: string, port: number, protocol?: 'TCP' | 'UDP'): Connection
  /** Whether an address answers pings. */
  ping(address: string): boolean
  /** What listens in the pod. */
  listening?(): Promise<readonly { readonly port: number; readonly protocol: 'TCP' | 'UDP' }[]>
}

export interface ToolContext {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly files: PodFiles
  /** The pod's resolver: resolv.conf's search list and ndots in front of the one resolver. */
  readonly dns: StubResolver
  readonly network: PodNetwork
  readonly pod: {
    readonly name: string
    readonly namespace: string
    readonly hostname: string
    readonly node: string
    readonly container: string
    readonly user: string
  }
  /**
   * Which image runs, and which program versions it has: { dig: '9.16.11', nslookup: 'bind' | 'busybox' |
   * 'busybox-old', curl: '7.88.1', … }.
   */
  readonly image: {
    readonly name: string
    readonly programs: Readonly<Record<string, string>>
    readonly shell: string
    readonly prompt: string
    readonly libc?: 'glibc' | 'musl' | 'uclibc'
  }
  readonly stdin: AsyncIterable<Uint8Array> | undefined
  stdout(text: string | Uint8Array): void
  stderr(text: string): void
  readonly tty: boolean
  /** Milliseconds since 1970, simulated. */
  now(): number
  /** A whole number from 0 to n - 1, from the simulation's chance. */
  random(n: number): number
  /** Waits in real time unless the simulation's clock is frozen. */
  sleep(ms: number): Promise<void>
  readonly signal: AbortSignal
  /** Sends a signal to the container's main process, which ends when it heeds it. */
  signalMain?(signal: number): void
  /** Time is played, not lived: a sleep only moves this program's own clock. */
  readonly played?: boolean
  /** Runs another tool of the same container (xargs, env, timeout, time, watch). */
  run(
    argv: readonly string[],
    overrides?: Partial<Pick<ToolContext, 'stdin' | 'stdout' | 'stderr' | 'env' | 'cwd' | 'tty' | 'signal' | 'sleep'>>,
  ): Promise<number>
}

export interface Tool {
  /** `nslookup`; what each image has is the image's list. */
  readonly name: string
  run(args: readonly string[], ctx: ToolContext): Promise<number>
}
