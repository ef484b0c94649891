// Recordings of our own, made with the real control plane where the given ones are silent: every step must agree.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { replay } from './replay.ts'
import type { Scenario, StepResult } from './replay.ts'

const folder = join(import.meta.dirname, 'recorded')
const profile = join(import.meta.dirname, '../../fixtures/profiles/recorded.yaml')
const files = readdirSync(folder).filter((n) => n.endsWith('.json'))

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
