// The ports: what a program takes from the machine it runs on. Only machine.ts (with main.ts, host.ts,
// clusters.ts and shipped.ts beside it), server/ and storage's file half know the real ones.

/** The time of the simulated cluster, in milliseconds since 1970. */
export interface Clock {
  now(): number
  /** Resolves after `ms` of real time, or rejects with the signal's reason. Only `wait`, watches and shells sleep. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** All chance in the simulation. With a seed the same calls give the same values. */
export interface Entropy {
  /** A whole number from 0 to n - 1. */
  int(n: number): number
  /** A version 4 UUID. */
  uuid(): string
  /**
   * `length` characters of the alphabet that generated names use (no vowels, no 0 1 3): bcdfghjklmnpqrstvwxz2456789.
   */
  suffix(length: number): string
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[]
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other'
  readonly size: number
  readonly mode: number
}

/**
 * The user's own files: manifests, kubeconfig, what `cp` reads and writes. Paths are resolved against the working
 * directory.
 */
export interface Files {
  /**
   * The bytes, or undefined where nothing is at the path. Other troubles throw an Error with the errno name in `code`.
   */
  read(path: string): Uint8Array | undefined
  write(path: string, content: string | Uint8Array, options?: { mode?: number }): void
  /** Names in a folder, sorted; undefined when there is no such folder. */
  list(path: string): readonly string[] | undefined
  stat(path: string): FileStat | undefined
  mkdir(path: string): void
  remove(path: string): void
  /** The absolute path. */
  resolve(path: string): string
}

export interface Output {
  write(chunk: string | Uint8Array): void
  readonly isTTY: boolean
  /** Columns and rows of the terminal, where there is one. */
  size?(): { columns: number; rows: number }
}

export interface Input {
  /** The bytes as they come; ends at end of input. */
  chunks(): AsyncIterable<Uint8Array>
  readonly isTTY: boolean
  /** Terminal only: raw mode on or off. */
  raw?(on: boolean): void
}

/** What a command line program is given. */
export interface Io {
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly files: Files
  readonly clock: Clock
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal
  /** Runs the user's editor on a file; resolves to its exit code. */
  edit(command: string, path: string): Promise<number>
  /** Calls back when the terminal's size changes. */
  onResize?(listener: () => void): () => void
}

/** A connection to a port that was opened on this machine. */
export interface LocalConnection {
  readonly chunks: AsyncIterable<Uint8Array>
  write(chunk: string | Uint8Array): void
  end(): void
}
export interface LocalListener {
  readonly port: number
  close(): void
}

/** What `kubectl proxy` offers on a port of this machine. */
export interface ProxyOptions {
  readonly address: string
  readonly port: number
  /** Who asks, where the command line says so (impersonation). */
  readonly headers: Readonly<Record<string, string>>
  readonly apiPrefix: string
  /** Files beside the API. */
  readonly folder?: string
  readonly folderPrefix: string
  /** Which requests are let through; all when absent. */
  readonly filter?: {
    readonly acceptPaths: readonly RegExp[]
    readonly rejectPaths: readonly RegExp[]
    readonly acceptHosts: readonly RegExp[]
    readonly rejectMethods: readonly RegExp[]
  }
}
export interface LocalServer {
  readonly address: string
  readonly port: number
  close(): Promise<void>
}
