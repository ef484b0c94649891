// Reports of our own commands: tables with borders, colour where there is a terminal. The only importer of cli-table3
// and chalk.
import { Chalk } from 'chalk'
import Table from 'cli-table3'
import type { Output } from '../apimachinery/ports.ts'

export interface Report {
  /** A table with a head; cells are text. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void
  /** Rows of a name and its value. */
  facts(rows: readonly (readonly [name: string, value: string])[]): void
  line(text: string): void
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
}

/** A report to an output; plain text unless it is a terminal (NO_COLOR is honoured by the caller's env). */
export function createReport(out: Output, env: Readonly<Record<string, string | undefined>>): Report {
  const chalk = new Chalk({ level: out.isTTY && env.NO_COLOR === undefined ? 1 : 0 })
  const line = (text: string): void => out.write(`${text}\n`)
  const style = { head: [], border: [], compact: true }
  return {
    line,
    table(head, rows) {
      const t = new Table({ head: head.map((h) => chalk.bold(h)), style })
      for (const r of rows) t.push([...r])
      line(t.toString())
    },
    facts(rows) {
      const width = Math.max(...rows.map(([n]) => n.length))
      for (const [n, v] of rows) line(`${chalk.bold(n.padEnd(width))}  ${v}`)
    },
    bold: (t) => chalk.bold(t),
    dim: (t) => chalk.dim(t),
    good: (t) => chalk.green(t),
    bad: (t) => chalk.red(t),
  }
}
