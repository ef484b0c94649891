// A million hostile DNS packets against the responder in process: `node bench/dns-fuzz.mjs [COUNT] [SEED]`. Every
// packet is answered or dropped in bounded time and memory; a reply is always a message that can be read.
import { join } from 'node:path'
import { build } from 'esbuild'
import { tmpdir } from 'node:os'
import { mkdtempSync, rmSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const count = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? 1)
const root = join(import.meta.dirname, '..')
const out = mkdtempSync(join(tmpdir(), 'kubesim-fuzz-'))
try {
  await build({
    entryPoints: [join(root, 'test/properties/dns-packets.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(out, 'packets.mjs'),
    logLevel: 'error',
  })
  const { attack } = await import(pathToFileURL(join(out, 'packets.mjs')).href)
  const t0 = performance.now()
  const told = attack(count, seed)
  console.log(
    `${count} packets, seed ${seed}, ${((performance.now() - t0) / 1000).toFixed(1)} s: ${Object.entries(told.rcodes)
      .map(([k, v]) => `${k} ${v}`)
      .join(', ')}; slowest ${told.slowest.toFixed(1)} ms; ${told.faults.length} faults`,
  )
  for (const f of told.faults.slice(0, 20)) console.log(f)
  process.exitCode = told.faults.length > 0 ? 1 : 0
} finally {
  rmSync(out, { recursive: true, force: true })
}
