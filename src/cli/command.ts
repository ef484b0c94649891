// What a command is: its words, its flags, its run function. Flags parse as pflag parses them (flags.ts), help prints
// as kubectl's (help.ts).
import type { Door } from '../apimachinery/door.ts'
import type { Entropy, Io, LocalConnection, LocalListener, LocalServer, ProxyOptions } from '../apimachinery/ports.ts'
import type { ResourceInfo, Schemas } from '../apimachinery/schema.ts'
import type { FeatureName, Versions } from '../apimachinery/versions.ts'
import type { Client } from '../client/client.ts'
import type { Profile } from '../cluster/profile.ts'

/**
 * Where the state is: --state and --profile of the command line; undefined leaves it to the environment and the
 * defaults.
 */
export interface StateOptions {
  readonly state?: string
  readonly profile?: string
}

/** What `kubesim cluster create` may ask for. */
export interface NewCluster extends StateOptions {
  /** How many nodes; the profile's own when absent. */
  readonly nodes?: number
  /** Makes all chance repeatable. */
  readonly seed?: number
  /** The moment at which its clock stands still, in milliseconds since 1970; it runs when absent. */
  readonly clock?: number
  /** A story's folder: cluster.yaml and objects to put back. */
  readonly story?: string
  readonly force?: boolean
}

/** What `kubesim serve` may ask for. */
export interface ServeRequest extends StateOptions {
  readonly apiAddress: string
  readonly dnsAddress: string
  readonly kubeconfig?: string
  /** A cluster in memory, gone at the end. */
  readonly ephemeral: boolean
  readonly seed?: number
  readonly tls: boolean
  /** `-scheduler`: leave that controller out; `*` and plain names: only these. */
  readonly controllers: readonly string[]
}
export interface ServedCluster {
  readonly url: string
  readonly dns: { readonly host: string; readonly port: number }
  readonly profile: Profile
  close(): Promise<void>
}

/** A cluster that stands open for one command. */
export interface OpenCluster {
  readonly door: Door
  readonly profile: Profile
  /** Lets the controllers finish, saves, unlocks. Called once, at the end of the command, also after a failure. */
  close(): Promise<void>
}

/** What main gives the CLI: the machine's ports and the way to a cluster. Each is used only when a command needs it. */
export interface CliHost {
  readonly io: Io
  readonly entropy: Entropy
  readonly schemas: Schemas
  /**
   * The profile of the state (or the one a fresh state would get), without opening the cluster: kubeconfig and version
   * texts need no more.
   */
  profile(options: StateOptions): Promise<Profile>
  /** Makes a new state. Throws when one is there and `force` is not given. */
  createCluster(options: NewCluster): Promise<OpenCluster>
  /** Removes the state; the path it had, or undefined when there was none. */
  deleteCluster(options: StateOptions): Promise<string | undefined>
  /** Puts the cluster of the state on loopback, until close. */
  serve(options: ServeRequest): Promise<ServedCluster>
  /** Opens a TCP port of this machine (port-forward); rejects with the system's error. */
  listen(address: string, port: number, onConnection: (connection: LocalConnection) => void): Promise<LocalListener>
  /** Opens a port of this machine that leads to a door (proxy); rejects with the system's error. */
  serveProxy(door: Door, options: ProxyOptions): Promise<LocalServer>
  /** The absolute path of the state file. */
  statePath(options: StateOptions): string
  /** Opens the state (creating it at first use), or connects to the `serve` that runs on it. */
  openCluster(options: StateOptions): Promise<OpenCluster>
}

/**
 * pflag's types. stringSlice splits at commas and adds up, stringArray only adds up, stringToString and
 * component-base's mapStringString take k=v,k=v (list() gives the pairs), count counts.
 */
export type FlagType =
  | 'bool'
  | 'string'
  | 'int'
  | 'int32'
  | 'duration'
  | 'float'
  | 'stringSlice'
  | 'stringArray'
  | 'stringToString'
  | 'mapStringString'
  | 'count'
export interface FlagSpec {
  readonly name: string
  readonly short?: string
  readonly type: FlagType
  readonly default?: string | number | boolean | readonly string[]
  /**
   * The value of the bare flag (`--dry-run`); a flag that has one takes its value only after `=`. bool has it by
   * nature.
   */
  readonly noOptDefault?: string
  /** Our own words, one sentence. */
  readonly usage: string
  readonly hidden?: boolean
  /** It is there only where this environment variable is `true`. */
  readonly gate?: string
  /** It is not there where this environment variable is `false`. */
  readonly offGate?: string
  /** `required flag(s) "image" not set` when it is not given. */
  readonly required?: boolean
  /** `Flag --x has been deprecated, <text>` on stderr when used. */
  readonly deprecated?: string
  /** It is deprecated only where the client has this. */
  readonly deprecatedWith?: FeatureName
  /** It is there only where the client has this. */
  readonly since?: FeatureName
  /** Its short form is there only where the client has this. */
  readonly shortSince?: FeatureName
  /** The default that help tells where the client has this. */
  readonly defaultWith?: readonly [FeatureName, string | boolean | readonly string[]]
}

export interface FlagValues {
  string(name: string): string
  bool(name: string): boolean
  int(name: string): number
  /** A duration in milliseconds, or a float. */
  number(name: string): number
  list(name: string): readonly string[]
  /** Whether the user gave it. */
  changed(name: string): boolean
}

/** A resource type as the user named it, found by the mapper. */
export interface Mapping extends ResourceInfo {
  /** 'v1/services' for client calls. */
  readonly path: string
  /** 'v1', 'apps/v1'. */
  readonly groupVersion: string
}

/** What a command asks of the world; each made at first use, so that a command pays only for what it needs. */
export interface Factory {
  readonly io: Io
  readonly host: CliHost
  /** --state and --profile as given: our own commands open the state by them. */
  readonly stateOptions: StateOptions
  readonly schemas: Schemas
  readonly versions: Versions
  /** kubectl, or the name we were called by in usage lines: always `kubectl` in kubectl's sentences. */
  readonly programName: string
  client(): Promise<Client>
  /** The cluster's door opened but not announced in kubeconfig terms: our own commands (dns, clock) use it directly. */
  cluster(): Promise<OpenCluster>
  /** The namespace of the request and whether -n named it (enforceNamespace). */
  namespace(): { readonly namespace: string; readonly explicit: boolean }
  /**
   * svc, services, service, Service, services.v1., deployments.apps, deploy.v1.apps -> mapping; throws kubectl's "the
   * server doesn't have a resource type". `tries`: how often kubectl asks a server that does not answer.
   */
  mapping(word: string, tries?: number): Promise<Mapping>
  /** The mapping of an object in a manifest; throws `no matches for kind …`. */
  mappingForKind(apiVersion: string, kind: string): Promise<Mapping>
  /** Why nothing answers a GET of a path; undefined when there is a server. */
  unreachable(path: string): Error | undefined
  /** All resources of the server, discovery order. */
  resources(anew?: boolean): Promise<readonly Mapping[]>
  /** A global flag's value as given (`--context`, `--as`, `--request-timeout`), '' when absent. */
  global(name: string): string
  /** The cluster's time in milliseconds: what ages are counted from. */
  now(): Promise<number>
  /** Prints `Warning: text` on stderr, each text once, and counts it for --warnings-as-errors. */
  warn(text: string): void
}

export interface CommandContext {
  readonly factory: Factory
  readonly io: Io
  /** Positional arguments. */
  readonly args: readonly string[]
  /** How many of them stood before `--`; -1 without one (cobra's ArgsLenAtDash). */
  readonly dash: number
  readonly flags: FlagValues
  /** `kubectl create service clusterip`, as usage errors name it. */
  readonly commandPath: string
  /** The whole line as --record writes it down: `kubectl annotate cm a x=y --record=true`. */
  readonly commandLine: string
  /** Prints the command's own help, as cobra's Help(). */
  help(to?: 'stdout' | 'stderr'): Promise<void>
}

export interface Command {
  readonly name: string
  readonly aliases?: readonly string[]
  /** The usage line after the command path: `(-f FILENAME | TYPE NAME) [options]`. */
  readonly usage: string
  /** One line for the list of commands; our own words. */
  readonly short: string
  readonly long?: string
  readonly examples?: string
  readonly flags: readonly FlagSpec[]
  readonly hidden?: boolean
  readonly subcommands?: readonly CommandLine[]
  /** Added to the exit code of failures (diff: 1 means that there are differences, so failures end with 2). */
  readonly failureShift?: number
  /**
   * Absent for a command that only groups subcommands. The exit code; nothing means 0. Throws UsageError, StatusError
   * or CliError (exit.ts).
   */
  readonly run?: (ctx: CommandContext) => Promise<number | void>
}

/** A line of a list of commands: its name and short text, and the file it loads from. */
export interface CommandLine {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly short: string
  /** Top level only: the heading in `kubectl --help`. */
  readonly group?:
    | 'Basic Commands (Beginner)'
    | 'Basic Commands (Intermediate)'
    | 'Deploy Commands'
    | 'Cluster Management Commands'
    | 'Troubleshooting and Debugging Commands'
    | 'Advanced Commands'
    | 'Settings Commands'
    | 'Other Commands'
    | 'Simulation Commands'
  readonly hidden?: boolean
  /** It is there only where the client has this. */
  readonly since?: FeatureName
  /**
   * It makes its client before it asks for the namespace, which shows in what is said of a broken configuration. Holds
   * for its subcommands too, until one says otherwise.
   */
  readonly clientFirst?: boolean
  readonly load: () => Promise<Command>
}
