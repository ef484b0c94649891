// A writer that is killed at any moment loses nothing that it acknowledged, and leaves a state that opens; many writers
// at once lose nothing either.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStateFile } from '../../src/storage/statefile.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubesim-killed-'))
  buildSync({
    entryPoints: [join(import.meta.dirname, '../../src/storage/statefile.ts')],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    outfile: join(dir, 'statefile.cjs'),
    logLevel: 'silent',
  })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Writes configmaps one by one and says each number once it is safe. */
const WRITER = `
const { openStateFile } = require(process.argv[1])
const [, , file, who] = process.argv
;(async () => {
  const s = openStateFile(file)
  let n = s.list('configmaps', { namespace: who }).length
  for (;;) {
    s.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: who, name: 'c' + String(n).padStart(6, '0') }, data: { pad: 'x'.repeat(1500) } })
    s.setMeta('settled', s.revision)
    await s.flush()
    require('fs').writeSync(1, n + '\\n')
    n++
  }
})()`

function writer(file: string, who: string, ms: number): Promise<number> {
  return new Promise((done) => {
    const p = spawn(process.execPath, ['-e', WRITER, join(dir, 'statefile.cjs'), file, who], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    let timer: NodeJS.Timeout | undefined
    p.stdout.setEncoding('utf8').on('data', (d: string) => {
      out += d
      timer ??= setTimeout(() => p.kill('SIGKILL'), ms)
    })
    p.on('close', () => done(Number(out.trim().split('\n').pop() ?? -1)))
  })
}

test('killed hundreds of times, everything acknowledged is there', { timeout: 900_000 }, async () => {
  const file = join(dir, 'killed.json')
  let last = -1
  for (let i = 0; i < 200; i += 2) {
    const a = writer(file, 'a', (i * 7) % 41)
    const acknowledged = await a
    const s = openStateFile(file)
    const names = s.list('configmaps', { namespace: 'a' }).map((o) => o.metadata.name)
    expect(names.length).toBeGreaterThan(acknowledged)
    expect(names).toEqual(names.map((_, n) => `c${String(n).padStart(6, '0')}`))
    expect(acknowledged).toBeGreaterThan(last)
    last = acknowledged
    await s.close()
  }
  // and two at a time, killed while the other writes
  for (let i = 0; i < 50; i++) {
    const [b, c] = await Promise.all([writer(file, 'b', (i * 13) % 37), writer(file, 'c', (i * 17) % 43)])
    const s = openStateFile(file)
    for (const [who, n] of [
      ['b', b],
      ['c', c],
    ] as const)
      expect(s.list('configmaps', { namespace: who }).length).toBeGreaterThan(n)
    await s.close()
  }
  const text = readFileSync(file, 'utf8')
  expect(() => JSON.parse(text) as unknown).not.toThrow()
})
