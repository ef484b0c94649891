// The test command: types, build, then every test. Its last line is `N passed, N failed`, the true counts; types and
// build count as one check each.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const env = { ...process.env }
delete env.NODE_EXTRA_CA_CERTS
let passed = 0
let failed = 0
const check = (name, command, args) => {
  console.log(`\n# ${name}`)
  const r = spawnSync(command, args, { cwd: root, stdio: 'inherit', env })
  const ok = r.status === 0
  if (ok) passed++
  else {
    failed++
    console.log(`${name} failed`)
  }
  return ok
}
const bin = (name) => join(root, 'node_modules', '.bin', name)
check('types', bin('tsc'), ['--noEmit'])
check('build', process.execPath, [join(root, 'scripts/build.mjs')])

const dir = mkdtempSync(join(tmpdir(), 'kubesim-test-'))
const report = join(dir, 'report.json')
console.log('\n# tests')
spawnSync(
  bin('vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env },
)
let whole = false
try {
  const r = JSON.parse(readFileSync(report, 'utf8'))
  passed += r.numPassedTests
  failed += r.numFailedTests
  // a file that fails to load has no failed test of its own
  for (const f of r.testResults)
    if (f.status === 'failed' && !f.assertionResults.some((a) => a.status === 'failed')) failed++
  whole = r.numTotalTests > 0
  const skipped = r.numPendingTests + (r.numTodoTests ?? 0)
  if (skipped) console.log(`${skipped} tests were skipped`)
} catch {
  /* said below */
}
if (!whole) {
  failed++
  console.log('the test runner did not report')
}
rmSync(dir, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
