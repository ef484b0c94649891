// What the API server asks of the nodes: the kubelet's HTTP API (exec, attach, logs, port-forward), given by
// cluster/node.
import type { ConnectResult, Streams } from '../apimachinery/door.ts'
import type { Pod } from '../apimachinery/api/core.v1.ts'

export interface ExecOptions {
  readonly container: string
  readonly command: readonly string[]
  readonly tty: boolean
  readonly stdin: boolean
}
export interface LogOptions {
  readonly container: string
  readonly follow?: boolean
  readonly previous?: boolean
  readonly timestamps?: boolean
  readonly tailLines?: number
  readonly sinceSeconds?: number
  readonly sinceTime?: string
  readonly limitBytes?: number
  readonly signal?: AbortSignal
}

/** CPU in millicores, memory in bytes. */
export interface Usage {
  readonly cpu: number
  readonly memory: number
}
export interface ContainerUsage extends Usage {
  readonly name: string
}

export interface NodeRuntime {
  /** Runs a command in a container. Throws StatusError when it cannot be started at all. */
  exec(pod: Pod, options: ExecOptions, streams: Streams): Promise<ConnectResult>
  /** Joins the container's main process. */
  attach(pod: Pod, options: Omit<ExecOptions, 'command'>, streams: Streams): Promise<ConnectResult>
  /** The log, whole or following. */
  logs(pod: Pod, options: LogOptions): AsyncIterable<string>
  /** One TCP connection to a port of the pod. */
  forward(pod: Pod, port: number, streams: Streams): Promise<ConnectResult>
  /** One HTTP request to a pod's port, for the proxy subresource. */
  http(
    pod: Pod,
    port: number,
    request: { method: string; path: string; headers: Readonly<Record<string, string>>; body: string },
  ): Promise<{ status: number; headers: Readonly<Record<string, string>>; body: string }>
}

/** What the kubelets tell metrics-server. */
export interface UsageSource {
  /** What each running container uses; none while nothing runs. */
  pod(pod: Pod): Promise<readonly ContainerUsage[]>
  /** What a node uses, its pods included. */
  node(name: string): Promise<Usage>
}
