// The program: argv -> one command. Command finding and its errors as cobra's, global flags as kubectl's.
import type { CliHost } from './command.ts'

export type { CliHost } from './command.ts'

/** Runs one command line (without node and the script) and resolves to its exit code. Never throws. */
export async function run(argv: readonly string[], host: CliHost): Promise<number> {
  void argv
  void host
  return 1
}
