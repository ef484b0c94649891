// Builds dist/: a tiny main and a chunk for each part that is loaded by itself, in CommonJS. esbuild splits only ES modules, and an ES entry costs Node 5 to 13 ms
// more at start, so the split modules are turned into CommonJS one by one. All chunks stand in one file, dist/program, from which main reads those that a command
// needs: a command uses some 60 small ones, and finding each as a file of its own costs Node more than running it. node scripts/build.mjs [--out DIR] [--no-minify]
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { basename, join, resolve } from 'node:path'
import { build, transform } from 'esbuild'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const args = process.argv.slice(2)
const at = args.indexOf('--out')
const out = at < 0 ? root : resolve(args[at + 1] ?? '.')
const minify = !args.includes('--no-minify')
const dist = join(out, 'dist')
const fresh = join(out, `.dist-${process.pid}`)

// while files are still being written: a missing one fails when it is used, not when the rest is built
const lenient = { name: 'lenient', setup(b) {
  b.onResolve({ filter: /^\..*\.ts$/ }, (a) => (existsSync(join(a.resolveDir, a.path)) ? undefined : { path: a.path, namespace: 'missing' }))
  b.onLoad({ filter: /.*/, namespace: 'missing' }, (a) => {
    const names = new Set()
    const name = a.path.split('/').pop()
    for (const f of readdirSync(join(root, 'src'), { recursive: true })) if (f.endsWith('.ts')) {
      const text = readFileSync(join(root, 'src', f), 'utf8')
      for (const m of text.matchAll(new RegExp(`import\\('[^']*${name}'\\)[^\\n]*?m\\.(\\w+)`, 'g'))) names.add(m[1])
      for (const m of text.matchAll(new RegExp(`\\{([^{}]*)\\}(?: from |[^\\n{}]*= await (?:import\\(|Promise.all)[^\\n]*)'[^']*${name}'`, 'g'))) for (const n of m[1].split(',')) names.add(n.replace(/^type /, '').split(/ as |:/)[0].trim())
    }
    return { contents: `const stub = Object.assign(() => { throw new Error('${a.path} is not written yet') }, { sources: [], flags: [] })\n${[...names].filter((n) => /^\w+$/.test(n)).map((n) => `export const ${n} = stub`).join('\n')}`, loader: 'js' }
  })
} }
// just-bash's chunks make a require of their own from import.meta.url; a path does as well there
const define = { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' }
const result = await build({
  absWorkingDir: root, entryPoints: { main: 'src/main.ts', index: 'src/index.ts' }, bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20',
  outdir: fresh, outExtension: { '.js': '.cjs' }, chunkNames: '[name]-[hash]', minify, write: false, legalComments: 'none', logLevel: 'warning', metafile: true, plugins: args.includes('--lenient') ? [lenient] : [], external: ['node-liblzma', '@mongodb-js/zstd'],
  // just-bash marks optional native parts this way; nothing of ours is external
  loader: { '.wasm': 'binary' }, supported: { 'import-meta': true },
})
mkdirSync(fresh, { recursive: true })
const chunks = await Promise.all(result.outputFiles.map(async (f) => {
  const { code } = await transform(f.text, { format: 'cjs', platform: 'node', target: 'node20', define, supported: { 'dynamic-import': false }, minify, legalComments: 'none', logLevel: 'error', charset: 'ascii' })
  return { name: basename(f.path), code }
}))
// numbers instead of names: require("./get-ABC.cjs") -> require(17)
const number = new Map(chunks.map((c, i) => [c.name, i]))
const texts = chunks.map((c) => Buffer.from(c.code.replace(/require\("\.\/([^"]+\.cjs)"\)/g, (whole, n) => (number.has(n) ? `require(${number.get(n)})` : whole)), 'latin1'))
writeFileSync(join(fresh, 'program'), Buffer.concat(texts))
// V8's code cache saves the compiling; it is good for the very Node that made it, any other ignores it. Only what the warm-up below ran is in it.
const loader = (entry, scripts) => `'use strict'
const fs = require('node:fs'), { Script } = require('node:vm')
const starts = (text) => { const at = [0]; for (const n of text.split(' ')) at.push(at[at.length - 1] + parseInt(n, 36)); return at }
const fd = fs.openSync(__dirname + '/program', 'r'), at = starts('${texts.map((t) => t.length.toString(36)).join(' ')}'), made = []
const part = (fd, from, to) => { const b = Buffer.allocUnsafe(to - from); fs.readSync(fd, b, 0, b.length, from); return b }
let cache, kept
try {
  cache = fs.openSync(__dirname + '/program.' + process.version + '-' + process.arch, 'r')
  const head = part(cache, 0, ${texts.length * 5})
  kept = starts(head.latin1Slice().trim())
} catch {}
function load(id) {
  if (typeof id !== 'number') return require(id)
  let m = made[id]
  if (m) return m.exports
  m = made[id] = { exports: {} }
  const from = kept ? kept[id] + ${texts.length * 5} : 0, to = kept ? kept[id + 1] + ${texts.length * 5} : 0
  const script = new Script('(function (exports, require, module, __filename, __dirname) {' + part(fd, at[id], at[id + 1]).latin1Slice() + '\\n})', { filename: 'kubesim/' + id, cachedData: to > from ? part(cache, from, to) : undefined })
${scripts ? '  module.scripts[id] = script\n' : ''}  script.runInThisContext()(m.exports, load, m, __filename, __dirname)
  return m.exports
}
${scripts ? 'module.scripts = []\nmodule.exports = { scripts: module.scripts, load }\nObject.assign(module.exports, ' : 'module.exports = '}load(${number.get(entry)})${scripts ? ')' : ''}
`
for (const entry of ['main.cjs', 'index.cjs']) writeFileSync(join(fresh, entry), loader(entry, false))
if (!args.includes('--no-cache')) {
  writeFileSync(join(fresh, 'warm.cjs'), loader('index.cjs', true))
  const warm = `
    const { run, createHost, scripts } = require(${JSON.stringify(join(fresh, 'warm.cjs'))})
    const fs = require('fs'), os = require('os'), path = require('path')
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'kubesim-warm-'))
    const silent = { isTTY: false, write() {} }
    const k = (line, stdin = '', env = {}) => run(line.split(' '), createHost({ env: { HOME: home, ...env }, cwd: home, io: { stdin: { isTTY: false, async *chunks() { if (stdin) yield Buffer.from(stdin) } }, stdout: silent, stderr: silent } }))
    const svc = 'apiVersion: v1\\nkind: Service\\nmetadata:\\n  name: s\\nspec:\\n  selector:\\n    app: web\\n  ports:\\n  - port: 80\\n'
    ;(async () => {
      for (const line of ['cluster create --profile kind', 'version --client', 'create deployment web --image=nginx --replicas=3 --port=80', 'expose deployment web --port=80', 'run t --image=nicolaka/netshoot -- sleep infinity', 'get svc', 'get pods -o wide', 'get deploy -o yaml', 'get svc web -o jsonpath={.spec.clusterIP}', 'describe svc web', 'describe pod t', 'exec t -- nslookup web', 'exec t -- dig web', 'exec t -- curl -s web', 'exec t -- cat /etc/resolv.conf', 'logs t', 'label svc web a=b', 'scale deploy web --replicas=2', 'rollout status deploy/web', 'auth can-i get pods', 'config view', 'explain svc.spec', 'create service clusterip x --clusterip=None --dry-run=client -oyaml', 'wait --for=condition=Ready pod/t', 'get nope', 'delete pod t']) await k(line)
      await k('apply -f -', svc); await k('apply -f -', svc.replace('80', '81')); await k('get svc', '', { KUBESIM_STATE: path.join(home, 'other.json') })
      fs.rmSync(home, { recursive: true, force: true })
      const data = Array.from({ length: ${texts.length} }, (_, i) => (scripts[i] ? scripts[i].createCachedData() : Buffer.alloc(0)))
      const head = data.map((d) => d.length.toString(36)).join(' ')
      fs.writeFileSync(path.join(${JSON.stringify(fresh)}, 'program.' + process.version + '-' + process.arch), Buffer.concat([Buffer.from(head.padEnd(${texts.length * 5})), ...data]))
      process.exit(head.length > ${texts.length * 5} ? 1 : 0)
    })().catch((e) => { console.error(e); process.exit(1) })`
  const r = spawnSync(process.execPath, ['-e', warm], { encoding: 'utf8', env: { ...process.env, NODE_EXTRA_CA_CERTS: '' }, cwd: out })
  if (r.status !== 0) console.warn(`no code cache was made; the program starts a little slower: ${r.stderr.trim().split('\n')[0]}`)
  rmSync(join(fresh, 'warm.cjs'))
}
mkdirSync(join(fresh, 'profiles'))
for (const n of readdirSync(join(root, 'fixtures/profiles'))) if (n.endsWith('.yaml')) writeFileSync(join(fresh, 'profiles', n.replace(/\.yaml$/, '.json')), JSON.stringify(parse(readFileSync(join(root, 'fixtures/profiles', n), 'utf8'))))
// swapped in whole, so that a running program never meets half a build
rmSync(dist, { recursive: true, force: true })
renameSync(fresh, dist)
if (out !== root) {
  for (const d of ['bin', 'schemas', 'fixtures']) { rmSync(join(out, d), { recursive: true, force: true }); cpSync(join(root, d), join(out, d), { recursive: true }) }
  writeFileSync(join(out, 'package.json'), readFileSync(join(root, 'package.json')))
}
chmodSync(join(out, 'bin/kubesim'), 0o755)
const bytes = result.outputFiles.reduce((a, f) => a + f.contents.length, 0)
console.log(`${result.outputFiles.length} chunks, ${Math.round(bytes / 1024)} KB in ${dist}`)
