// SHA-256 against the machine's own.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256Hex } from './sha256.ts'

test("digests equal the machine's", () => {
  for (const text of [
    '',
    'abc',
    'policy/v1/PodDisruptionBudget',
    'x'.repeat(55),
    'x'.repeat(56),
    'x'.repeat(64),
    'é☃'.repeat(100),
  ])
    expect(sha256Hex(text)).toBe(createHash('sha256').update(text).digest('hex'))
})
