// The command behind `npm run conformance`: replays recordings in process and prints a table per file, and each
// difference when asked for a part.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { replay } from './replay.ts'
import type { Scenario, StepResult } from './replay.ts'

const [, , profile = '', bin = '', only = '', ...files] = process.argv
const queue: { file: string; scenario: Scenario }[] = []
for (const path of files)
  for (const scenario of JSON.parse(readFileSync(path, 'utf8')) as Scenario[]) {
    const file = basename(path, '.json')
    if (!only || file.includes(only) || scenario.id.includes(only)) queue.push({ file, scenario })
  }
const rows = new Map<string, { passed: number; of: number }>()
const show = (d: StepResult['stdout'], name: string): string =>
  d
    ? `  ${name} line ${d.line}\n    expected: ${JSON.stringify(d.expected)}\n    actual:   ${JSON.stringify(d.actual)}\n`
    : ''
await Promise.all(
  Array.from({ length: 3 }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { file, scenario } = next
      const row = rows.get(file) ?? { passed: 0, of: 0 }
      rows.set(file, row)
      for (const s of await replay(scenario, profile, { bin })) {
        if (s.skipped) continue
        row.of++
        if (s.ok) row.passed++
        else if (only)
          process.stdout.write(
            `--- ${file} / ${scenario.id}\n$ ${s.cmd}\n${show(s.stdout, 'stdout')}${show(s.stderr, 'stderr')}${s.exit ? `  exit expected ${s.exit.expected}, actual ${s.exit.actual}\n` : ''}`,
          )
      }
    }
  }),
)
const all = [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
const sum = all.reduce((t, [, r]) => ({ passed: t.passed + r.passed, of: t.of + r.of }), { passed: 0, of: 0 })
for (const [file, r] of [...all, ['all', sum] as const])
  process.stdout.write(
    `${file.padEnd(20)} ${String(r.passed).padStart(4)} of ${String(r.of).padStart(4)}  ${((100 * r.passed) / Math.max(1, r.of)).toFixed(1)} %\n`,
  )
process.exit(0)
