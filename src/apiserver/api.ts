// What every part of the API server is given: the options it was made with, the resources it serves, and one request.
import type { TypeSource } from '../apimachinery/fieldset.ts'
import type { ApiRequest, ApiResponse, ConnectResult, Streams, User } from '../apimachinery/door.ts'
import type { Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { Clock, Entropy } from '../apimachinery/ports.ts'
import type { ResourceInfo, Schemas } from '../apimachinery/schema.ts'
import type { GroupResource } from '../apimachinery/status.ts'
import type { Versions } from '../apimachinery/versions.ts'
import type { KindLine } from '../kinds/index.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Spellings } from '../apimachinery/quantity.ts'
import type { Store } from '../storage/store.ts'
import type { RequestInfo } from './request-info.ts'
import type { NodeRuntime, UsageSource } from './runtime.ts'

export interface ApiServerOptions {
  readonly store: Store
  readonly schemas: Schemas
  readonly kinds: readonly KindLine[]
  readonly clock: Clock
  readonly entropy: Entropy
  readonly versions: Versions
  /** Ranges of ClusterIPs: one, or one of each family. The first is the primary. */
  readonly serviceCIDRs: readonly string[]
  /** '30000-32767' when absent. */
  readonly nodePortRange?: string
  /** The kubelets' side of exec, attach, logs, port-forward, proxy. */
  readonly runtime?: NodeRuntime
  /** What the kubelets measure. */
  readonly usage?: UsageSource
  /** Called between the pieces of a long request: lets others have their turn when it is theirs. */
  readonly breathe?: () => Promise<void> | undefined
  /** Who asks when a request names nobody. Default: the cluster's administrator. */
  readonly user?: User
}

/** A version of a resource as it is served. */
export interface Served {
  readonly info: ResourceInfo
  readonly gr: GroupResource
  /** 'apps/v1'. */
  readonly apiVersion: string
  /** Definition of the type in schemas; '' for custom resources. */
  readonly schema: string
  readonly kind: Kind
  /** The resource as the store names it, and the version that is stored. */
  readonly storage: string
  /** What is stored when that is another version or group of the same thing. */
  readonly stored?: Served
  /** Set for custom resources. */
  readonly custom?: CustomResource
}

/** What the definition of a custom resource says about one version. */
export interface CustomResource {
  /** Fills in defaults and drops unknown fields; `unknown` collects their paths. */
  prune(object: Record<string, unknown>, unknown: string[]): void
  defaults(object: Record<string, unknown>): void
  /** A stored object as this version shows it. */
  read(object: KubeObject): KubeObject
  readonly storageVersion: string
  readonly scale?: {
    readonly specReplicasPath: string
    readonly statusReplicasPath: string
    readonly labelSelectorPath?: string
  }
  readonly preserveUnknown: boolean
  /** How its fields merge, where there is a schema; worked out at first use. */
  readonly types?: () => { readonly source: TypeSource; readonly root: string }
  /** What is said to who uses this version, where it is deprecated. */
  readonly deprecation?: string
}

/** One API server's insides. */
export interface Api {
  readonly options: ApiServerOptions
  readonly store: Store
  readonly schemas: Schemas
  readonly entropy: Entropy
  readonly versions: Versions
  now(): number
  /** The resource at a path, or undefined. */
  find(group: string, version: string, resource: string): Served | undefined | Promise<Served | undefined>
  /** Everything served, built-in first. */
  served(): Promise<readonly ResourceInfo[]>
  /** A request of the server to itself, past authorization (aggregated roles, default accounts). */
  loopback(request: ApiRequest): Promise<ApiResponse>
  /** State that a part keeps between requests, made at first use. */
  part<T>(name: string, make: () => T): T
}

/** One request for a resource. */
export interface Context {
  readonly api: Api
  readonly request: ApiRequest
  readonly info: RequestInfo
  readonly user: User
  readonly served: Served
  readonly warnings: string[]
  /** How the request spelt its quantities. */
  readonly spellings: Spellings
}

/** A query parameter's first value. */
export const param = (ctx: { readonly request: ApiRequest }, name: string): string | undefined =>
  ctx.request.query?.[name]?.[0]

/** Adds a Warning once. */
export function warn(ctx: { readonly warnings: string[] }, text: string): void {
  if (!ctx.warnings.includes(text)) ctx.warnings.push(text)
}

const WARNINGS_LIMIT = 4096
const WARNING_LIMIT = 256

/**
 * The warnings that fit into an answer: all of them, or, where they are more than 4096 characters together, their
 * beginnings as long as there is room (filters.WithWarningRecorder).
 */
export function fittingWarnings(warnings: readonly string[]): readonly string[] {
  const lengths = warnings.map((w) => [...w].length)
  let sum = 0
  const over = lengths.findIndex((n) => (sum += n) > WARNINGS_LIMIT)
  if (over < 0) return warnings
  const cut: string[] = []
  let written = 0
  for (const [i, w] of warnings.entries()) {
    if (i > over && written >= WARNINGS_LIMIT) break
    cut.push((lengths[i] ?? 0) > WARNING_LIMIT ? [...w].slice(0, WARNING_LIMIT).join('') : w)
    written += Math.min(lengths[i] ?? 0, WARNING_LIMIT)
  }
  return cut
}

export type Handler = (ctx: Context) => Promise<ApiResponse>
export type Connect = (ctx: Context, streams: Streams) => Promise<ConnectResult>

/** A part of an object below its path: /status, /scale, /binding. */
export interface Subresource {
  readonly name: string
  readonly get?: Handler
  readonly create?: Handler
  readonly update?: Handler
  readonly patch?: Handler
  readonly delete?: Handler
  readonly connect?: Connect
}

export interface SubresourceLine {
  readonly name: string
  readonly load: () => Promise<Subresource>
}

/** An answer with an object. */
export const answer = (status: number, body: Json | KubeObject): ApiResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: body as JsonObject,
})
/** An answer with plain text. */
export const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): ApiResponse => ({
  status,
  headers: { 'content-type': type },
  body,
})

/** `apps/v1`, `v1`. */
export const groupVersion = (group: string, version: string): string => (group ? `${group}/${version}` : version)

/** The group that metrics-server serves (metrics.ts). */
export const METRICS = 'metrics.k8s.io'

/** Where the API server says that it is, to pods and in discovery. */
export const ADDRESS = '172.18.0.2:6443'
