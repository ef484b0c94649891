// The ends of a command that is not well: what to print on stderr and the exit code, as kubectl's cmdutil.CheckErr does.

/** A plain failure: `error: <message>` on stderr, exit 1 (kubectl's errors that are not from the server). */
export class CliError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode = 1) { super(message); this.exitCode = exitCode }
}

/** Wrong use: `error: <message>` and `See 'kubectl x -h' for help and examples`. */
export class UsageError extends Error {}

/** Everything was said already: only the exit code is left. */
export class SilentExit extends Error {
  readonly exitCode: number
  constructor(exitCode = 1) { super(`exit ${exitCode}`); this.exitCode = exitCode }
}
