// npm run conformance [TEXT]: replays the recordings in process and prints a table per file; TEXT keeps files and scenarios that contain it and prints each difference.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const [only] = process.argv.slice(2)
const env = { ...process.env, ...(only ? { ONLY: only, DIFF: '1' } : {}) }
const r = spawnSync(join(root, 'node_modules/.bin/vitest'), ['run', 'test/conformance', '--disable-console-intercept', ...(only ? ['-t', 'recordings'] : [])], { cwd: root, stdio: 'inherit', env })
process.exit(r.status ?? 1)
