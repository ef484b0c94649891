// Random HTTP requests never make the server fail, and what they leave can be read back: bench/http-fuzz.mjs with a
// smaller count. FUZZ_HTTP=100000 asks more;
// FUZZ_SEED repeats a run.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BIN, run } from '../harness/served.ts'

const COUNT = process.env.FUZZ_HTTP ?? '1500'
const SEED = process.env.FUZZ_SEED ?? String(Date.now() % 1_000_000)

test(`${COUNT} random requests (seed ${SEED})`, { timeout: 3_600_000 }, async () => {
  const r = await run(
    process.execPath,
    [join(import.meta.dirname, '../../bench/http-fuzz.mjs'), '--requests', COUNT, '--seed', SEED, '--program', BIN],
    { timeout: 3_600_000 },
  )
  expect(r.code === 0 ? '' : r.stdout + r.stderr).toBe('')
})
