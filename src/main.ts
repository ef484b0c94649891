// The program: gives the CLI its host and turns its answer into an exit code.
import { run } from './cli/program.ts'
import { createHost } from './host.ts'

run(process.argv.slice(2), createHost()).then(
  (code) => {
    process.exit(code)
  },
  (e: unknown) => {
    process.stderr.write(`kubesim: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}\n`)
    process.exit(70)
  },
)
