// What a command is: its words, its flags, its run function. Flags parse as pflag parses them (flags.ts), help prints as kubectl's (help.ts).
import type { Io } from '../apimachinery/ports.ts'
import type { ResourceInfo, Schemas } from '../apimachinery/schema.ts'
import type { Versions } from '../apimachinery/versions.ts'
import type { Client } from '../client/client.ts'

/** pflag's types. stringSlice splits at commas and adds up, stringArray only adds up, count counts. */
export type FlagType = 'bool' | 'string' | 'int' | 'duration' | 'float' | 'stringSlice' | 'stringArray' | 'count'
export interface FlagSpec {
  readonly name: string
  readonly short?: string
  readonly type: FlagType
  readonly default?: string | number | boolean | readonly string[]
  /** The value of the bare flag (`--dry-run`); a flag that has one takes its value only after `=`. bool has it by nature. */
  readonly noOptDefault?: string
  /** Our own words, one sentence. */
  readonly usage: string
  readonly hidden?: boolean
  /** `Flag --x has been deprecated, <text>` on stderr when used. */
  readonly deprecated?: string
}

export interface FlagValues {
  string(name: string): string
  bool(name: string): boolean
  int(name: string): number
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
  readonly schemas: Schemas
  readonly versions: Versions
  /** kubectl, or the name we were called by in usage lines: always `kubectl` in kubectl's sentences. */
  readonly programName: string
  client(): Promise<Client>
  /** The namespace of the request and whether -n named it (enforceNamespace). */
  namespace(): { readonly namespace: string; readonly explicit: boolean }
  /** svc, services, service, Service, services.v1., deployments.apps, deploy.v1.apps -> mapping; throws kubectl's "the server doesn't have a resource type". */
  mapping(word: string): Promise<Mapping>
  /** The mapping of an object in a manifest; throws `no matches for kind …`. */
  mappingForKind(apiVersion: string, kind: string): Promise<Mapping>
  /** All resources of the server, discovery order. */
  resources(): Promise<readonly Mapping[]>
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
  /** Absent for a command that only groups subcommands. The exit code; nothing means 0. Throws UsageError, StatusError or CliError (exit.ts). */
  readonly run?: (ctx: CommandContext) => Promise<number | void>
}

/** A line of a list of commands: its name and short text, and the file it loads from. */
export interface CommandLine {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly short: string
  /** Top level only: the heading in `kubectl --help`. */
  readonly group?: 'Basic Commands (Beginner)' | 'Basic Commands (Intermediate)' | 'Deploy Commands' | 'Cluster Management Commands' | 'Troubleshooting and Debugging Commands' | 'Advanced Commands' | 'Settings Commands' | 'Other Commands' | 'Simulation Commands'
  readonly hidden?: boolean
  readonly load: () => Promise<Command>
}
