// Recordings of our own, made with the real control plane where the given ones are silent: every step must agree. They
// are replayed in parts, so that those that wait do so side by side.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { replay } from './replay.ts'
import type { Scenario, StepResult } from './replay.ts'

const folder = join(import.meta.dirname, 'recorded')
const profile = join(import.meta.dirname, '../../fixtures/profiles/recorded.yaml')
const PARTS = 6

/** The tests of one part, counted from 1: every sixth file. */
export function recordings(part: number): void {
  const files = readdirSync(folder)
    .filter((n) => n.endsWith('.json'))
    .filter((_, i) => i % PARTS === part - 1)
  test.each(files)('%s', { timeout: 10 * 60_000 }, async (name) => {
    const wrong: unknown[] = []
    for (const s of JSON.parse(readFileSync(join(folder, name), 'utf8')) as Scenario[]) {
      const differing = async (stretch: number): Promise<StepResult[]> =>
        (await replay(s, profile, { stretch })).filter((step) => !step.ok)
      // recorded lines hold real times; on a busy machine they are given more
      const steps = (await differing(1)).length ? await differing(4) : []
      for (const step of steps) wrong.push({ id: s.id, ...step })
    }
    expect(wrong).toEqual([])
  })
}
