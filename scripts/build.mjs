// Builds dist/: a tiny main and a chunk for each part that is loaded by itself, in CommonJS. esbuild splits only ES modules, and an ES entry costs Node 5 to 13 ms
// more at start, so the split modules are turned into CommonJS one by one. All chunks stand in one file, dist/program, from which main reads those that a command
// needs: a command uses some 60 small ones, and finding each as a file of its own costs Node more than running it. Compiling costs even more: hence dist/cache.
// node scripts/build.mjs [--out DIR] [--no-minify]
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
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

/** What the warm-up runs, each twice (# is 0, then 1): what the commands with the same first word load and compile is kept for the next command with that word. */
const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: s#\nspec:\n  selector:\n    app: web\n  ports:\n  - port: 80\n'
const WARM = [
  'version --client', '@new create deployment web --image=nginx --replicas=3 --port=80', 'create deployment web# --image=nginx --replicas=3 --port=80', 'create service clusterip x --clusterip=None --dry-run=client -oyaml', 'create configmap c# --from-literal=a=b',
  'expose deployment web# --port=80', 'run t# --image=nicolaka/netshoot -- sleep infinity', 'get svc', 'get pods', 'get pods -o wide', 'get deploy -o yaml', 'get svc web# -o jsonpath={.spec.clusterIP}', 'get nope',
  'describe svc web#', 'describe pod t#', 'exec t# -- nslookup web#', 'exec t# -- dig web#', 'exec t# -- curl -s web#', 'exec t# -- cat /etc/resolv.conf', 'logs t#', 'label svc web# a=b', 'annotate svc web# a=b', 'scale deploy web# --replicas=2', 'rollout status deploy/web#',
  'rollout restart deploy/web#', 'auth can-i get pods', 'config view', 'explain svc.spec', 'wait --for=condition=Ready pod/t#', `apply -f - < ${SERVICE}`, `apply -f - < ${SERVICE}`, `apply -f - < ${SERVICE.replace('80', '81')}`, 'delete svc s#', 'delete pod t#',
  // it ends as soon as it listens: see its signal below
  '@new serve --api-address 127.0.0.1:0 --dns-address 127.0.0.1:0',
]
// just-bash's chunks make a require of their own from import.meta.url; a path does as well there
const define = { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' }
const result = await build({
  absWorkingDir: root, entryPoints: { main: 'src/main.ts', index: 'src/index.ts' }, bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20',
  outdir: fresh, outExtension: { '.js': '.cjs' }, chunkNames: '[name]-[hash]', minify, write: false, legalComments: 'none', logLevel: 'warning', metafile: true, external: ['node-liblzma', '@mongodb-js/zstd'],
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
const texts = chunks.map((c) => {
  // the helper that makes a namespace of a CommonJS module copies every name as a getter: Node's own modules are their namespaces already
  const code = c.code.replace(/\b[\w$]+\((require\("(?:node:)?(?:fs|path|os|vm|net|http|https|tls|zlib|crypto|child_process|dgram|stream|url|util|events)"\))(?:,1)?\)/g, (whole, bare, at) => {
    const name = /([\w$]+)=$/.exec(c.code.slice(Math.max(0, at - 40), at))?.[1]
    return name && !c.code.includes(`${name}.default`) ? bare : whole
  })
  // our own chunks are ES modules turned round: they are their namespaces, too, and import() is called often
  return code.replace(/\b[\w$]+\((require\("\.\/[^"]+\.cjs"\))(?:,1)?\)/g, '$1').replace(/require\("\.\/([^"]+\.cjs)"\)/g, (whole, n) => (number.has(n) ? `require(${number.get(n)})` : whole))
})

writeFileSync(join(fresh, 'program'), texts.join(''), 'latin1')
/** The loader of an entry. What a warmed-up command needs is one script with one code cache, made once for the very Node that builds: any other Node takes the chunks one by one. */
const loader = (entry, warm) => `'use strict'
const fs = require('node:fs'), { Script } = require('node:vm')
const fd = fs.openSync(__dirname + '/program', 'r'), made = []
let functions = [], at
const part = (from, to) => { const b = Buffer.allocUnsafeSlow(to - from); fs.readSync(fd, b, 0, b.length, from); return b.latin1Slice() }
const body = (id) => {
  if (!at) { at = [0]; for (const n of '${texts.map((t) => t.length.toString(36)).join(' ')}'.split(' ')) at.push(at[at.length - 1] + parseInt(n, 36)) }
  return '(function(exports,require,module,__filename,__dirname){' + part(at[id], at[id + 1]) + '\\n})'
}
const together = (ids, cachedData) => new Script('[' + ids.map(body).join(',') + ']', { filename: 'kubesim', cachedData })
const take = (ids, script) => { const all = script.runInThisContext(); ids.forEach((id, i) => { functions[id] = all[i] }) }
function load(id) {
  if (typeof id !== 'number') return require(id)
  let m = made[id]
  if (m) return m.exports
  m = made[id] = { exports: {} }
  ;(functions[id] ??= new Script(body(id), { filename: 'kubesim/' + id }).runInThisContext())(m.exports, load, m, __filename, __dirname)
  return m.exports
}
${warm ? `module.exports = {
  loaded: () => Object.keys(made).map(Number), begin() { made.length = 0; return load(${number.get(entry)}) },
  together(ids) { functions = []; const script = together(ids); take(ids, script); return script },
}` : `const word = process.argv.find((a, i) => i > 1 && a[0] !== '-')
try {
  const kept = fs.readFileSync(__dirname + '/cache/' + process.version + '-' + process.arch + '/' + (/^[a-z]+$/.test(word) ? word : 'version')), end = kept.indexOf(10)
  const ids = kept.latin1Slice(0, end).split(' ').map(Number)
  take(ids, together(ids, kept.subarray(end + 1)))
} catch {}
module.exports = load(${number.get(entry)})`}
`
for (const entry of ['main.cjs', 'index.cjs']) writeFileSync(join(fresh, entry), loader(entry, false))
mkdirSync(join(fresh, 'profiles'))
for (const n of readdirSync(join(root, 'fixtures/profiles'))) if (n.endsWith('.yaml')) writeFileSync(join(fresh, 'profiles', n.replace(/\.yaml$/, '.json')), JSON.stringify(parse(readFileSync(join(root, 'fixtures/profiles', n), 'utf8'))))
if (out !== root) {
  for (const d of ['bin', 'schemas', 'fixtures']) { rmSync(join(out, d), { recursive: true, force: true }); cpSync(join(root, d), join(out, d), { recursive: true }) }
  writeFileSync(join(out, 'package.json'), readFileSync(join(root, 'package.json')))
}
if (!args.includes('--no-cache')) {
  const cache = join(fresh, 'cache', `${process.version}-${process.arch}`)
  mkdirSync(cache, { recursive: true })
  writeFileSync(join(fresh, 'warm.cjs'), loader('index.cjs', true))
  const script = `
    const warm = require(${JSON.stringify(join(fresh, 'warm.cjs'))})
    const fs = require('fs'), os = require('os'), path = require('path')
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'kubesim-warm-'))
    const silent = { isTTY: false, write() {} }
    let n = 0
    // a line: @new for a state of its own, the command, < and what it reads
    const run = async (line, round) => {
      const [, fresh, command, stdin] = /^(@new )?(.*?)(?: < (.*))?$/s.exec(line.replaceAll('#', String(round)))
      const { run, createHost } = warm.begin()
      let said = ''
      const code = await run(command.split(' '), createHost({ env: { HOME: home, ...(fresh ? { KUBESIM_STATE: path.join(home, 'new-' + n++ + '.json') } : {}) }, cwd: home, io: { signal: command.startsWith('serve') ? AbortSignal.abort() : new AbortController().signal, stdin: { isTTY: false, async *chunks() { if (stdin) yield Buffer.from(stdin) } }, stdout: silent, stderr: { isTTY: false, write(s) { said += s } } } }))
      if (code !== 0 && !command.includes('nope')) console.error(command + ': ' + said.split('\\n')[0])
    }
    const lines = ${JSON.stringify(WARM)}
    const word = (line) => line.replace('@new ', '').split(' ')[0]
    ;(async () => {
      const loads = new Map()
      for (const line of lines) { await run(line, 0); const w = word(line); loads.set(w, new Set([...(loads.get(w) ?? []), ...warm.loaded()])) }
      for (const [w, set] of loads) {
        const ids = [...set]
        const script = warm.together(ids)
        for (const line of lines) if (word(line) === w) await run(line, 1)
        // the program's own entry only runs in a process of its own
        fs.writeFileSync(path.join(${JSON.stringify(cache)}, w), Buffer.concat([Buffer.from(ids.join(' ') + '\\n'), script.createCachedData()]))
      }
    })().catch((e) => { console.error(e); process.exitCode = 1 }).finally(() => { fs.rmSync(home, { recursive: true, force: true }); process.exit() })`
  const r = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env: { ...process.env, NODE_EXTRA_CA_CERTS: '' }, cwd: out })
  if (r.status !== 0 || r.stderr.trim()) console.warn(`the warm-up had trouble; the program may start slower: ${r.stderr.trim().split('\n').slice(0, 3).join(' | ')}`)
  rmSync(join(fresh, 'warm.cjs'))
}
// swapped in whole, so that a running program never meets half a build
rmSync(dist, { recursive: true, force: true })
renameSync(fresh, dist)
chmodSync(join(out, 'bin/kubesim'), 0o755)
const bytes = result.outputFiles.reduce((a, f) => a + f.contents.length, 0)
console.log(`${result.outputFiles.length} chunks, ${Math.round(bytes / 1024)} KB in ${dist}`)
