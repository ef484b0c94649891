// Conformance: the recordings of the real kubectl, replayed whole. A file's rate may only rise: rates.json holds the
// floor.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { replay } from './replay.ts'
import type { Scenario, StepResult } from './replay.ts'

const shared = join(import.meta.dirname, '../../../shared')
const truth = join(shared, 'truth')
const floors = JSON.parse(readFileSync(join(import.meta.dirname, 'rates.json'), 'utf8')) as Record<string, number>
const only = process.env.ONLY
const present = existsSync(join(truth, 'recordings'))
if (!present) console.warn('CONFORMANCE SKIPPED: ../shared/truth is not here')

/** Scenarios side by side: they wait for bash and for simulated pods now and then. */
const SIDE_BY_SIDE = 4

test.skipIf(!present)('recordings of the real kubectl', { timeout: 30 * 60_000 }, async () => {
  const queue: { file: string; scenario: Scenario }[] = []
  for (const n of readdirSync(join(truth, 'recordings')).sort()) {
    const file = n.replace(/\.json$/, '')
    for (const scenario of JSON.parse(readFileSync(join(truth, 'recordings', n), 'utf8')) as Scenario[])
      if (!only || scenario.id.includes(only) || file.includes(only)) queue.push({ file, scenario })
  }
  const results = new Map<Scenario, readonly StepResult[]>()
  const run = async (scenario: Scenario, stretch: number): Promise<void> => {
    results.set(
      scenario,
      (await replay(scenario, join(truth, 'recorded-cluster.yaml'), { stretch })).filter((step) => !step.skipped),
    )
  }
  const stepsOf = (file: string): readonly StepResult[] =>
    queue.filter((x) => x.file === file).flatMap((x) => results.get(x.scenario) ?? [])
  const files = [...new Set(queue.map((x) => x.file))]
  const waiting = [...queue]
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await run(next.scenario, 1)
    }),
  )
  // recorded lines hold real times (`timeout 4 kubectl get -w & sleep 2; …`) for which a busy machine is too slow: what
  // fell behind is run again alone, with these times stretched
  for (const file of files)
    if (stepsOf(file).filter((step) => step.ok).length < (floors[file] ?? 0)) {
      for (const x of queue)
        if (x.file === file && results.get(x.scenario)?.some((step) => !step.ok)) await run(x.scenario, 4)
    }
  const failures = queue.flatMap((x) =>
    (results.get(x.scenario) ?? [])
      .filter((step) => !step.ok)
      .map((step) => ({ file: x.file, id: x.scenario.id, step })),
  )
  const counts = new Map(
    files.map(
      (file) => [file, { passed: stepsOf(file).filter((step) => step.ok).length, of: stepsOf(file).length }] as const,
    ),
  )
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  const sum = rows.reduce((t, [, r]) => ({ passed: t.passed + r.passed, of: t.of + r.of }), { passed: 0, of: 0 })
  console.log(
    [
      ...rows.map(
        ([f, r]) =>
          `${f.padEnd(20)} ${String(r.passed).padStart(4)} of ${String(r.of).padStart(4)}  ${((100 * r.passed) / r.of).toFixed(1)} %`,
      ),
      `all                  ${String(sum.passed).padStart(4)} of ${String(sum.of).padStart(4)}  ${((100 * sum.passed) / sum.of).toFixed(1)} %`,
    ].join('\n'),
  )
  if (process.env.DIFF)
    for (const f of failures)
      console.log(
        `--- ${f.file} / ${f.id}\n$ ${f.step.cmd}\n${JSON.stringify({ stdout: f.step.stdout, stderr: f.step.stderr, exit: f.step.exit }, null, 1)}`,
      )
  if (process.env.UPDATE) {
    writeFileSync(
      join(import.meta.dirname, 'rates.json'),
      JSON.stringify(
        { ...floors, ...Object.fromEntries(rows.map(([f, r]) => [f, Math.max(floors[f] ?? 0, r.passed)])) },
        null,
        1,
      ) + '\n',
    )
    return
  }
  if (!only)
    expect(
      rows
        .filter(([f, r]) => r.passed < (floors[f] ?? 0))
        .map(([f, r]) => `${f}: ${r.passed} of ${r.of} passed, ${floors[f] ?? 0} did before`),
    ).toEqual([])
})

test.skipIf(!existsSync(join(shared, 'seeds/transcripts.json')))(
  'the two documents, by the checker that comes with them, on the built program',
  { timeout: 10 * 60_000 },
  () => {
    const r = spawnSync(
      process.execPath,
      [
        join(truth, 'check.mjs'),
        '--program',
        `node ${join(import.meta.dirname, '../../bin/kubesim')}`,
        '--diff',
        join(shared, 'seeds/transcripts.json'),
      ],
      { encoding: 'utf8', env: { ...process.env, KUBESIM_STATE: undefined } },
    )
    expect(r.stdout).toMatch(/^\d+ passed, 0 failed$/m)
    expect(r.status).toBe(0)
  },
)
