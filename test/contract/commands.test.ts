// The contract of commands: every line of COMMANDS, and of the commands below it, loads what it says, explains itself
// in kubectl's structure and refuses what it does not know in kubectl's words.
import { describe, expect, test } from 'vitest'
import type { Command, CommandLine } from '../../src/cli/command.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { openSession } from '../conformance/replay.ts'

interface Found {
  readonly path: string
  readonly line: CommandLine
  readonly command: Command
}

async function all(lines: readonly CommandLine[], above: string): Promise<Found[]> {
  const out: Found[] = []
  for (const line of lines) {
    const command = await line.load()
    const path = `${above} ${line.name}`
    out.push({ path, line, command }, ...(await all(command.subcommands ?? [], path)))
  }
  return out
}
const found = await all(COMMANDS, 'kubectl')
/** Commands that hand their arguments on without reading flags, and our own ones, which commander reads. */
const OWN = new Set(COMMANDS.filter((l) => l.group === 'Simulation Commands').map((l) => l.name))
const kubectls = found.filter((f) => !OWN.has(f.path.split(' ')[1] ?? ''))

test('every verb of kubectl is there', () => {
  const verbs =
    'annotate api-resources api-versions apply attach auth autoscale certificate cluster-info completion config cordon cp create debug delete describe diff drain edit events exec explain expose get kustomize label logs options patch plugin port-forward proxy replace rollout run scale set taint top uncordon version wait'.split(
      ' ',
    )
  expect(verbs.filter((v) => !COMMANDS.some((c) => c.name === v))).toEqual([])
})

test('no name stands twice at one place', () => {
  const names = found.flatMap((f) => [
    f.path,
    ...(f.line.aliases ?? []).map((a) => `${f.path.split(' ').slice(0, -1).join(' ')} ${a}`),
  ])
  expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([])
})

describe.each(found.map((f) => [f.path, f] as const))('%s', (_path, { line, command }) => {
  test('loads what its line says', () => {
    expect(command.name).toBe(line.name)
    expect(command.run !== undefined || (command.subcommands?.length ?? 0) > 0).toBe(true)
    for (const f of command.flags) expect(f.usage, `--${f.name}`).toMatch(/\S/)
    const names = command.flags.map((f) => f.name)
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([])
    const shorts = command.flags.flatMap((f) => (f.short ? [f.short] : []))
    expect(shorts.filter((n, i) => shorts.indexOf(n) !== i)).toEqual([])
  })
})

test("--help has kubectl's structure, for each", { timeout: 120_000 }, async () => {
  const session = openSession()
  try {
    for (const { path, command } of kubectls) {
      const r = await session.execute(`${path} --help`)
      expect({ path, err: r.err, code: r.code }).toEqual({ path, err: '', code: 0 })
      const blocks = r.out.split('\n\n').map((b) => b.split('\n')[0] ?? '')
      const order = ['Aliases:', 'Examples:', 'Available Commands:', 'Options:', 'Usage:']
      const there = blocks.filter((b) => order.includes(b))
      expect(there, path).toEqual(order.filter((o) => there.includes(o)))
      expect(there, path).toContain('Usage:')
      if (command.flags.some((f) => !f.hidden && f.deprecated === undefined)) expect(there, path).toContain('Options:')
      expect(r.out, path).toContain(`\nUsage:\n  ${path}`)
    }
  } finally {
    session.close()
  }
})

test("an unknown flag is refused in kubectl's words, by each", { timeout: 120_000 }, async () => {
  const session = openSession()
  try {
    for (const { path, command } of kubectls) {
      if (!command.run) continue
      const r = await session.execute(`${path} --no-such-flag`)
      // diff keeps exit code 1 for differences, and words its usage errors as kubectl's other errors
      const shift = command.failureShift ?? 0
      const see = shift
        ? `See '${path} -h' for help and examples`
        : path === 'kubectl options'
          ? "Run 'kubectl options' without flags."
          : `See '${path} --help' for usage.`
      expect({ path, ...r }).toEqual({
        path,
        out: '',
        err: `error: unknown flag: --no-such-flag\n${see}\n`,
        code: 1 + shift,
      })
    }
  } finally {
    session.close()
  }
})
