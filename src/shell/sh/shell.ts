// What a shell is to those who run one: its options, what it keeps between lines, and how its way through a script is
// followed.
import type { ShellStyle } from './complaints.ts'

/**
 * What a shell keeps between lines: variables, the folder it is in, its functions, the last exit code, its options
 * (`set -e`) and traps.
 */
export interface ShellState {
  env: Record<string, string>
  cwd: string
  functions: Map<string, string>
  status: number
  options: Set<string>
  traps: Map<string, string>
  /** $1, $2 … */
  args?: readonly string[]
  /** The variables that programs see. */
  exported?: Set<string>
}
/**
 * A place in a script: which statement and pipeline, which clause or turn; for the command that runs, since when and
 * how much it wrote.
 */
export interface Frame {
  a: number
  b: number
  list?: readonly string[]
  leaf?: boolean
}
/** Follows a script, so that another process can go on where this one stopped. */
export interface Tracker {
  /** Where the script is: from the outermost statements to the command that runs. */
  readonly frames: Frame[]
  /** Where to go first. */
  readonly resume: Frame[]
  /** A command begins, or goes on from another process. */
  begin(resumed: boolean): void
  /**
   * A loop made a turn of so many milliseconds that changed nothing but the time and by how much it counts: how many such
   * turns to leave out.
   */
  skip(took: number): number
  /** A turn of a loop is over: endless ones that never wait are slowed down. */
  turn(): Promise<void>
}
/** A shell that was made. */
export interface Shell {
  readonly state: ShellState
  /** Runs a script; resolves to its exit code, and whether `exit` ended the shell. */
  run(script: string, args?: readonly string[]): Promise<{ readonly code: number; readonly exited: boolean }>
  /** Waits for what still runs in the background: it holds the output open. */
  finish(): Promise<void>
}
/** How a shell is made. */
export interface ShellOptions {
  /** bash, dash or ash: how errors are worded. */
  readonly style: ShellStyle
  /** What it was called as: `sh`, `bash`. */
  readonly name: string
  readonly interactive?: boolean
  /** Names of our tools that the image has; what only just-bash has is `builtins`. */
  readonly tools: readonly string[]
  readonly builtins: readonly string[]
  readonly tracker?: Tracker
  /** What a shell was at the moment to go on from. */
  readonly state?: Partial<ShellState>
  /** A program that is neither a tool nor the shell's own; undefined when there is none of that name. */
  readonly external?: (argv: readonly string[]) => Promise<number | undefined>
}
