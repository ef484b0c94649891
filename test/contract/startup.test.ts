// What a command loads, as structure and not as time: the packages that others need stay away from those that people
// type most, and controllers from reads.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
let dir = ''

/** Built as the program is, with a line on stderr for each source file whose chunk is run. */
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kubesim-startup-'))
  const result = await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/main.ts' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outdir: join(dir, 'dist'),
    outExtension: { '.js': '.mjs' },
    write: true,
    metafile: true,
    logLevel: 'error',
    external: ['node-liblzma', '@mongodb-js/zstd'],
    loader: { '.wasm': 'binary' },
    banner: {
      js: 'import { createRequire as __make } from "node:module"; const require = __make(import.meta.url); (globalThis.__ran ??= []).push(import.meta.url);',
    },
  })
  const inputs = Object.fromEntries(
    Object.entries(result.metafile.outputs).map(([k, v]) => [k.split('/').pop() ?? '', Object.keys(v.inputs)]),
  )
  writeFileSync(
    join(dir, 'run.mjs'),
    `
    const inputs = ${JSON.stringify(inputs)}
    process.on('exit', () => process.stderr.write('\\n@ran ' + JSON.stringify([...new Set(globalThis.__ran.flatMap((u) => inputs[u.split('/').pop()] ?? []))])))
    process.argv.splice(1, 1, 'kubesim')
    await import('./dist/main.mjs')`,
  )
  for (const d of ['schemas', 'fixtures', 'package.json']) spawnSync('cp', ['-r', join(root, d), dir])
}, 120_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Runs a command on the test's state; what it printed and the files it loaded. */
function ran(...args: string[]): { out: string; files: string[] } {
  const env = { ...process.env, HOME: dir, KUBESIM_STATE: join(dir, 'state.json') }
  const r = spawnSync(
    process.execPath,
    [join(dir, 'run.mjs'), '', ...args].filter((a) => a !== ''),
    { encoding: 'utf8', env },
  )
  const [said = '', list = '[]'] = r.stderr.split('\n@ran ')
  expect(said).toBe('')
  return { out: r.stdout, files: JSON.parse(list) as string[] }
}
const packages = (files: readonly string[]): string[] => [
  ...new Set(files.flatMap((f) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(f)?.[1] ?? [])),
]
const ours = (files: readonly string[], folder: string): string[] =>
  files.filter((f) => f.startsWith(`src/${folder}`) && !f.endsWith('/index.ts'))

test('reads load no package, no controller, nothing of nodes, shells and other kinds', { timeout: 120_000 }, () => {
  ran('create', 'deployment', 'web', '--image=nginx')
  ran('expose', 'deployment', 'web', '--port=80')
  expect(existsSync(join(dir, 'state.json'))).toBe(true)
  const { out, files } = ran('get', 'svc')
  expect(out).toMatch(/^NAME +TYPE .*\nkubernetes +ClusterIP .*\nweb +ClusterIP /)
  expect(packages(files)).toEqual([])
  expect(ours(files, 'cluster/controllers/')).toEqual([])
  for (const folder of ['cluster/node/', 'cluster/images/', 'shell/', 'dns/', 'server/', 'kinds/apps/', 'kinds/batch/'])
    expect(ours(files, folder), folder).toEqual([])
  expect(ours(files, 'cli/commands/')).toEqual(['src/cli/commands/get.ts'])
  expect(packages(ran('version', '--client').files)).toEqual([])
  expect(packages(ran('get', 'deploy', '-o', 'yaml').files)).toEqual([])
})

test('writes and exec load no package either', { timeout: 120_000 }, () => {
  writeFileSync(
    join(dir, 'svc.yaml'),
    'apiVersion: v1\nkind: Service\nmetadata:\n  name: s\nspec:\n  ports:\n  - port: 80\n',
  )
  expect(packages(ran('apply', '-f', join(dir, 'svc.yaml')).files)).toEqual([])
  ran('run', 't', '--image=nicolaka/netshoot', '--', 'sleep', 'infinity')
  const { out, files } = ran('exec', 't', '--', 'nslookup', 'web')
  expect(out).toContain('web.default.svc.cluster.local')
  expect(packages(files)).toEqual([])
  expect(ours(files, 'shell/sh/')).toEqual([])
})
