// npm run conformance [-- TEXT] [FILE …]: replays the recordings of the real kubectl in this process (lines that need a
// shell run in bash, with the built program)
// and prints a table per file. TEXT keeps the files and scenarios that contain it and prints each difference. --bin
// DIR: a build elsewhere than in dist/.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildSync } from 'esbuild'

const root = join(import.meta.dirname, '..')
const truth = join(root, '../shared/truth')
const args = process.argv.slice(2)
const at = args.indexOf('--bin')
const bin = at < 0 ? join(root, 'bin/kubesim') : resolve(args.splice(at, 2)[1] ?? '.', 'bin/kubesim')
const files = args.filter((a) => a.endsWith('.json'))
const only = args.find((a) => !a.endsWith('.json')) ?? ''
if (!existsSync(join(truth, 'recordings'))) {
  console.log('CONFORMANCE SKIPPED: ../shared/truth is not here')
  process.exit(0)
}
const dir = mkdtempSync(join(tmpdir(), 'kubesim-conformance-'))

// beside the package's schemas and fixtures, as the program's own files stand
for (const d of ['schemas', 'fixtures', 'dist']) symlinkSync(join(root, d), join(dir, d))
buildSync({
  absWorkingDir: root,
  entryPoints: ['test/conformance/command.ts'],
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  splitting: true,
  outdir: join(dir, 'run'),
  outExtension: { '.js': '.mjs' },
  logLevel: 'error',
  external: ['node-liblzma', '@mongodb-js/*'],
  banner: {
    js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url); const __dirname = new URL('.', import.meta.url).pathname",
  },
  define: { 'import.meta.dirname': '__dirname' },
})
const recordings = files.length
  ? files.map((f) => resolve(f))
  : readdirSync(join(truth, 'recordings'))
      .sort()
      .map((n) => join(truth, 'recordings', n))
const r = spawnSync(
  process.execPath,
  [join(dir, 'run/command.mjs'), join(truth, 'recorded-cluster.yaml'), bin, only, ...recordings],
  { stdio: 'inherit' },
)
rmSync(dir, { recursive: true, force: true })
process.exit(r.status ?? 1)
