// The door: the one way to ask the API server anything, on plain values. Sockets, the CLI, controllers and tests all
// come through here.
import type { Json, JsonObject } from './object.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS'

export interface ApiRequest {
  readonly method: Method
  /** Path only, decoded by the API server: /api/v1/namespaces/default/pods/web */
  readonly path: string
  /** Query parameters; a repeated one has several values. */
  readonly query?: Readonly<Record<string, readonly string[]>>
  /** Lower-case names: accept, content-type, user-agent, impersonate-user … */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * A parsed object (in process), or the text that came over a wire. Text is decoded strictly (duplicate fields are
   * seen).
   */
  readonly body?: JsonObject | readonly Json[] | string
  /** Who asks; absent means the cluster's administrator. */
  readonly user?: User
  /** Ends a watch or a long request. */
  readonly signal?: AbortSignal
}

export interface User {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: JsonObject
}

export interface ApiResponse {
  readonly status: number
  /** Lower-case names; `warning` headers are joined in `warnings` instead. */
  readonly headers: Readonly<Record<string, string>>
  /** An object (encode it with apiserver/negotiate when bytes are wanted) or text. */
  readonly body: Json
  /** The body is written by two, without a newline at the end (responsewriters.WriteRawJSON). */
  readonly indented?: true
  /** The texts of Warning headers, in order. */
  readonly warnings?: readonly string[]
  /** A watch: events until the client aborts or the server ends it. A log that is followed: text. */
  readonly stream?: AsyncIterable<WatchEvent | string>
}

/** The two sides of exec, attach and port-forward. */
export interface Streams {
  readonly stdin?: AsyncIterable<Uint8Array>
  stdout(chunk: string | Uint8Array): void
  stderr(chunk: string | Uint8Array): void
  readonly signal?: AbortSignal
  /** Called once the server has agreed: what is refused later comes as a result, not as a refusal. */
  opened?(): void
  /** The terminal's size and its changes, where there is a terminal. */
  readonly size?: () => { columns: number; rows: number }
  onResize?(listener: () => void): () => void
}

/** How a connection ended: an exit code, or the Status the server answered instead of upgrading. */
export interface ConnectResult {
  readonly exitCode: number
  /**
   * What the v5 error channel says when the exit code alone does not tell (`command terminated with exit code 3`, no
   * such executable).
   */
  readonly message?: string
}

export interface Door {
  /** Never throws for what a client can cause: trouble is a Status in the body with its HTTP status. */
  handle(request: ApiRequest): Promise<ApiResponse>
  /** exec, attach, port-forward. Throws StatusError when refused. */
  connect(request: ApiRequest, streams: Streams): Promise<ConnectResult>
}
