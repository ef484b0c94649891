// The contract of commands: every line of COMMANDS, and of the commands below it, loads what it says, explains itself
// in kubectl's structure and refuses what it does not know in kubectl's words.
import { describe, expect, test } from 'vitest'
import type { Command, CommandLine } from '../../src/cli/command.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { has } from '../../src/apimachinery/versions.ts'
import type { FeatureName, Versions } from '../../src/apimachinery/versions.ts'
import { openSession } from '../conformance/replay.ts'

interface Found {
  readonly path: string
  readonly line: CommandLine
  readonly command: Command
  /** The features without which it, or what it stands below, is not there. */
  readonly since: readonly FeatureName[]
}

async function all(lines: readonly CommandLine[], above: string, since: readonly FeatureName[] = []): Promise<Found[]> {
  const out: Found[] = []
  for (const line of lines) {
    const command = await line.load()
    const path = `${above} ${line.name}`
    const needed = line.since ? [...since, line.since] : since
    out.push({ path, line, command, since: needed }, ...(await all(command.subcommands ?? [], path, needed)))
  }
  return out
}
const found = await all(COMMANDS, 'kubectl')
/** Commands that hand their arguments on without reading flags, and our own ones, which commander reads. */
const OWN = new Set(COMMANDS.filter((l) => l.group === 'Simulation Commands').map((l) => l.name))
const kubectls = found.filter((f) => !OWN.has(f.path.split(' ')[1] ?? ''))
const client = (minor: number): Versions => ({ client: `v1.${minor}.0`, server: `v1.${minor}.0` })
/** The oldest client, those between which commands came and went, and the newest. */
const CLIENTS = [19, 27, 33, 35, 36, 37].map(client)
const there = (versions: Versions) => (f: { readonly since?: FeatureName | readonly FeatureName[] }) =>
  [f.since ?? []].flat().every((s) => has(versions, s))
/** What the session of these tests, a client 1.33, has; of two lines with one name the first that is there counts. */
const shown = kubectls.filter(there(client(33))).filter((f, i, fs) => fs.findIndex((g) => g.path === f.path) === i)
const twice = <T>(words: readonly T[]): T[] => words.filter((n, i) => words.indexOf(n) !== i)

test('every verb of kubectl is there', () => {
  const verbs =
    'annotate api-resources api-versions apply attach auth autoscale certificate cluster-info completion config cordon cp create debug delete describe diff drain edit events exec explain expose get kustomize label logs options patch plugin port-forward proxy replace rollout run scale set taint top uncordon version wait'.split(
      ' ',
    )
  expect(verbs.filter((v) => !COMMANDS.some((c) => c.name === v))).toEqual([])
})

test.each(CLIENTS.map((v) => [v.client, v] as const))('no name stands twice at one place in %s', (_name, versions) => {
  const names = found
    .filter((f) => there(versions)(f) && !f.line.hidden)
    .flatMap((f) => [f.path, ...(f.line.aliases ?? []).map((a) => `${f.path.split(' ').slice(0, -1).join(' ')} ${a}`)])
  expect(twice(names)).toEqual([])
})

describe.each(found.map((f) => [f.path, f] as const))('%s', (_path, { line, command }) => {
  test('loads what its line says', () => {
    expect(command.name).toBe(line.name)
    expect(command.run !== undefined || (command.subcommands?.length ?? 0) > 0).toBe(true)
    for (const f of command.flags) expect(f.usage, `--${f.name}`).toMatch(/\S/)
    for (const versions of CLIENTS) {
      const flags = command.flags.filter(there(versions))
      // of two with one name the one that only some versions have goes first
      const general = new Set(flags.filter((f) => f.since).map((f) => f.name))
      const own = flags.filter((f) => f.since || !general.has(f.name))
      expect(twice(own.map((f) => f.name))).toEqual([])
      expect(twice(own.flatMap((f) => (f.short ? [f.short] : [])))).toEqual([])
    }
  })
})

test("--help has kubectl's structure, for each", { timeout: 120_000 }, async () => {
  const session = openSession()
  try {
    for (const { path, command } of shown) {
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
    for (const { path, command } of shown) {
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
