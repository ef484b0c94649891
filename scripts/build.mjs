// Builds dist/: a tiny main and a chunk for each part that is loaded by itself, in CommonJS. esbuild splits only ES
// modules, and an ES entry costs Node 5 to 13 ms
// more at start, so the split modules are turned into CommonJS one by one. All chunks stand in one file, dist/program,
// from which main reads those that a command
// needs: a command uses some 60 small ones, and finding each as a file of its own costs Node more than running it.
// Compiling costs even more: hence dist/cache.
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

const service = (more) =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: s\n${more}spec:\n  selector:\n    app: web\n  ports:\n  - port: 80\n`
const config = (value) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: s\ndata:\n  a: "${value}"\n`
/** What the commands of the warm-up read. */
const FILES = {
  'service.yaml': service(''),
  'labelled.yaml': service('  labels: {a: "b"}\n'),
  'config.yaml': config(1),
  'changed.yaml': config(2),
}
/**
 * The state on which the warm-up runs its commands. @fold: all so far moves into the state file, what follows stands in
 * its journal.
 */
const STATE = [
  'create deployment web --image=nginx --replicas=3 --port=80',
  'create deployment other --image=nginx',
  'expose deployment web --port=80',
  'expose deployment web --port=80 --name=h --cluster-ip=None',
  'run t --image=nicolaka/netshoot -- sleep infinity',
  'apply -f service.yaml',
  'apply --server-side -f config.yaml',
  'create configmap gone --from-literal=a=b',
  '@fold label svc h a=b',
  'label svc web l=0 p=0',
  'annotate svc web l=0',
  'set image deploy/other nginx=nginx:1.24',
  'delete configmap gone',
  'replace -f service.yaml',
]
/** The profiles that the warm-up plays, and their first nodes, @node below: versions of the API differ. */
const PLAYED = { 'docker-desktop': 'docker-desktop', kind: 'kind-control-plane' }
/**
 * What the warm-up runs, under the words it begins with: what it loads and compiles is kept for the next command that
 * begins so; several beginnings may share it. @new: on a state of its own; < what it reads.
 */
const WARM = {
  version: ['version --client'],
  'create-deployment': [
    'create deployment d --image=nginx --replicas=3 --port=80',
    '@new create deployment d --image=nginx --replicas=3 --port=80',
  ],
  'create-service': ['create service clusterip x --clusterip=None --dry-run=client -oyaml'],
  'create-configmap': ['create configmap c --from-literal=a=b'],
  expose: ['expose deployment web --port=80 --name=e', 'expose deployment web --port=80 --name=n --cluster-ip=None'],
  run: ['run r --image=nicolaka/netshoot -- sleep infinity', '@new run r --image=nicolaka/netshoot -- sleep infinity'],
  create: [`create -f - < ${service('').replace('name: s', 'name: c')}`],
  apply: [
    '@new apply -f service.yaml',
    'apply -f service.yaml',
    'apply -f service.yaml',
    'apply -f labelled.yaml',
    `apply -f - < ${service('').replace('80', '81')}`,
  ],
  'apply---server-side': ['apply --server-side -f config.yaml', 'apply --server-side -f changed.yaml'],
  get: ['get svc', 'get pods', 'get pods -o wide', '@new get svc'],
  'get-o': ['get deploy -o yaml', 'get svc web -o jsonpath={.spec.clusterIP}'],
  describe: ['describe svc web', 'describe pod t'],
  exec: ['exec t -- cat /etc/resolv.conf', 'exec t -- getent hosts web'],
  'exec-nslookup': ['exec t -- nslookup web', 'exec t -- nslookup h'],
  'exec-dig': ['exec t -- dig web'],
  'exec-curl': ['exec t -- curl -s web'],
  cp: ['cp t:/etc/resolv.conf resolv.conf'],
  logs: ['logs t', 'logs deploy/web'],
  label: ['label svc web l=1 --overwrite', 'label svc web a=b'],
  annotate: ['annotate svc web l=1 --overwrite', 'annotate svc web a=b'],
  patch: ['patch svc web -p {"metadata":{"labels":{"p":"1"}}}'],
  edit: ['edit svc web'],
  replace: ['replace -f labelled.yaml'],
  diff: ['diff -f service.yaml', 'diff -f config.yaml'],
  // the second time round, events are counted up
  scale: [4, 3, 4, 2].map((n) => `scale deploy web --replicas=${n}`),
  autoscale: ['autoscale deploy web --max=3 --dry-run=server', 'autoscale deploy web --max=3'],
  // forth, and back to what was before
  'set-image': [
    ...[25, 24, 25].map((n) => `set image deploy/other nginx=nginx:1.${n}`),
    'set image deploy/web nginx=nginx:1.25',
  ],
  'rollout-status': ['rollout status deploy/web'],
  'rollout-history': ['rollout history deploy/web'],
  'rollout-undo': ['rollout undo deploy/other'],
  'rollout-restart': ['rollout restart deploy/other', 'rollout restart deploy/web'],
  'auth-can-i': ['auth can-i get pods'],
  'config-view': ['config view'],
  explain: ['explain svc.spec'],
  wait: ['wait --for=condition=Ready pod/t'],
  events: ['events'],
  'api-resources': ['api-resources'],
  debug: ['debug t --image=busybox:1.36 --attach=false', 'debug t --image=busybox:1.36 --attach=false'],
  cordon: ['cordon @node'],
  uncordon: ['cordon @node', 'uncordon @node'],
  taint: [
    'taint node @node k=v:PreferNoSchedule',
    'taint node @node k=w:PreferNoSchedule --overwrite',
    'taint node @node k-',
  ],
  drain: ['drain @node --ignore-daemonsets --force --dry-run=server'],
  completion: ['completion bash'],
  dns: ['dns query web --from t'],
  delete: ['delete svc s', 'delete pod t', 'delete deployment other'],
  // what goes without moving pods
  'delete-configmap delete-configmaps delete-cm delete-secret delete-secrets delete-service delete-services delete-svc':
    ['delete configmap s', 'delete svc s'],
  // it ends as soon as it listens: see its signal below
  serve: ['@new serve --api-address 127.0.0.1:0 --dns-address 127.0.0.1:0'],
}
// just-bash's chunks make a require of their own from import.meta.url; a path does as well there
const define = { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' }
const result = await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts', index: 'src/index.ts', ready: 'src/cluster/readymade-make.ts' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outdir: fresh,
  outExtension: { '.js': '.cjs' },
  chunkNames: '[name]-[hash]',
  minify,
  write: false,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  external: ['node-liblzma', '@mongodb-js/zstd'],
  // just-bash marks optional native parts this way; nothing of ours is external
  loader: { '.wasm': 'binary' },
  supported: { 'import-meta': true },
})
mkdirSync(fresh, { recursive: true })
// numbers instead of names: require("./get-ABC.cjs") -> require(17)
const number = new Map(result.outputFiles.map((f, i) => [basename(f.path), i]))
const outputs = new Map(
  Object.entries(result.metafile.outputs).map(([path, o]) => [
    basename(path),
    {
      own: Object.keys(o.inputs).every((i) => i.startsWith('src/')),
      chunks: o.imports.filter((i) => i.kind === 'import-statement' && !i.external).map((i) => basename(i.path)),
    },
  ]),
)
/** Whether a chunk's imports lead back to it: then others may look at its exports before it has run to its end. */
function circular(chunk) {
  const seen = new Set()
  const visit = (n) =>
    (outputs.get(n)?.chunks ?? []).some((c) => c === chunk || (!seen.has(c) && (seen.add(c), visit(c))))
  return visit(chunk)
}
const HELPERS = [
  '__create',
  '__defProp',
  '__getOwnPropDesc',
  '__getOwnPropNames',
  '__getProtoOf',
  '__hasOwnProp',
  '__export',
  '__copyProps',
  '__toESM',
  '__toCommonJS',
]
/**
 * A chunk as a function. esbuild gives an export two getters and a chunk helpers of its own, which all want memory and
 * compiling: where nobody looks too early, exports are plain properties. Node's own modules and our chunks are their
 * namespaces already.
 */
async function wrapped(name, text) {
  const cjs = (
    await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      define,
      supported: { 'dynamic-import': false },
      legalComments: 'none',
      logLevel: 'error',
      charset: 'ascii',
    })
  ).code
  let code = cjs
    .replace(/^\/\/ Annotate the CommonJS export names.*\n0 && [^;]*;\n/m, '')
    .replace(/__toESM\((require\("\.\/[^"]+\.cjs"\))(?:, 1)?\)/g, '$1')
    .replace(/require\("\.\/([^"]+\.cjs)"\)/g, (whole, n) => (number.has(n) ? `require(${number.get(n)})` : whole))
    .replace(
      /var (\w+) = __toESM\((require\("(?:node:)?(?:fs|path|os|vm|net|http|https|tls|zlib|crypto|child_process|dgram|stream|url|util|events)"\))(?:, 1)?\);/g,
      (whole, v, bare) => (cjs.includes(`${v}.default`) ? whole : `var ${v} = ${bare};`),
    )
  if (outputs.get(name)?.own && !circular(name)) {
    code = code.replace(
      /var stdin_exports = \{\};\n__export\(stdin_exports, \{([^}]*)\}\);\nmodule\.exports = __toCommonJS\(stdin_exports\);\n([^]*)$/,
      (_, list, rest) => `${rest}module.exports = {${list.replaceAll('() => ', '')}};\n`,
    )
    for (const h of HELPERS.toReversed())
      if (code.split(new RegExp(`\\b${h}\\b`)).length === 2)
        code = code.replace(new RegExp(`^var ${h} = (?:.*;\\n|.*[^;]\\n(?: .*\\n)*(?:\\}|\\)\\));\\n)`, 'm'), '')
  }
  const whole = `chunk=function(exports,require,module,__filename,__dirname){${code}\n}`
  const last = minify
    ? (
        await transform(whole, {
          target: 'node20',
          minify: true,
          legalComments: 'none',
          logLevel: 'error',
          charset: 'ascii',
        })
      ).code
    : whole
  return `(${last.replace(/^chunk=/, '').replace(/;\n?$/, '')})`
}
const texts = await Promise.all(result.outputFiles.map((f) => wrapped(basename(f.path), f.text)))

/** The licences of the packages whose code stands in the chunks: whoever passes the program on passes them on. */
function licences() {
  const packages = new Set(
    Object.keys(result.metafile.inputs).flatMap((i) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(i)?.[0] ?? []),
  )
  return [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const file = readdirSync(join(root, folder)).find((n) => /^licen[cs]e/i.test(n))
    const text = file ? readFileSync(join(root, folder, file), 'utf8').trim() : ''
    return `${name} ${version} (${license})\n\n${text}\n`
  })
}
writeFileSync(join(fresh, 'licences.txt'), licences().join(`\n${'-'.repeat(80)}\n\n`))

writeFileSync(join(fresh, 'program'), texts.join(''), 'latin1')
/**
 * The loader of an entry. What a warmed-up command needs is one script with one code cache, made once for the very Node
 * that builds: any other Node takes the chunks one by one.
 */
const loader = (entry, warm) => `'use strict'
const fs = require('node:fs'), { Script } = require('node:vm')
const made = [], functions = []
let at, fd
function body(id) {
  if (!at) { fd = fs.openSync(__dirname + '/program', 'r'); at = [0]; for (const n of '${texts.map((t) => t.length.toString(36)).join(' ')}'.split(' ')) at.push(at[at.length - 1] + parseInt(n, 36)) }
  const b = Buffer.allocUnsafeSlow(at[id + 1] - at[id])
  fs.readSync(fd, b, 0, b.length, at[id])
  return b.latin1Slice()
}
function take(ids, source, cachedData) {
  const script = new Script(source, { filename: 'kubesim', cachedData }), all = script.runInThisContext()
  for (let i = 0; i < ids.length; i++) functions[ids[i]] = all[i]
  return script
}
function load(id) {
  if (typeof id !== 'number') return require(id)
  let m = made[id]
  if (m) return m.exports
  m = made[id] = { exports: {} }
  ;(functions[id] ??= new Script(body(id), { filename: 'kubesim/' + id }).runInThisContext())(m.exports, load, m, __filename, __dirname)
  return m.exports
}
${
  warm
    ? `module.exports = { body, take, loaded: () => Object.keys(made).map(Number), clear() { functions.length = 0 }, begin(id = ${number.get(entry)}) { made.length = 0; return load(id) } }`
    : `const keys = ' ${Object.keys(WARM).join(' ')} '
let key = '', verb
for (let i = 2; i < process.argv.length; i++) {
  const a = process.argv[i].split('/')[0], longer = verb ? verb + '-' + a : a
  if (!verb && (keys.includes(' ' + a + ' ') || keys.includes(' ' + a + '-'))) verb = a
  if (verb && keys.includes(' ' + longer + ' ')) key = longer
}
if (key === 'get' && process.argv.some((a, i) => /^(-o|--out)/.test(a) && !/wide$/.test(a + process.argv[i + 1]))) key = 'get-o'
try {
  // what is kept: numbers, source and code cache
  const file = fs.readFileSync(__dirname + '/cache/' + process.version + '-' + process.arch + '/' + (key || 'version')), end = file.indexOf(10), [size, ...ids] = file.latin1Slice(0, end).split(' ')
  const cut = end + 1 + +size
  take(ids, file.latin1Slice(end + 1, cut), file.subarray(cut))
} catch {}
module.exports = load(${number.get(entry)})`
}
`
for (const entry of ['main.cjs', 'index.cjs']) writeFileSync(join(fresh, entry), loader(entry, false))
mkdirSync(join(fresh, 'profiles'))
for (const n of readdirSync(join(root, 'fixtures/profiles')))
  if (n.endsWith('.yaml'))
    writeFileSync(
      join(fresh, 'profiles', n.replace(/\.yaml$/, '.json')),
      JSON.stringify(parse(readFileSync(join(root, 'fixtures/profiles', n), 'utf8'))),
    )
if (out !== root) {
  for (const d of ['bin', 'schemas', 'fixtures']) {
    rmSync(join(out, d), { recursive: true, force: true })
    cpSync(join(root, d), join(out, d), { recursive: true })
  }
  writeFileSync(join(out, 'package.json'), readFileSync(join(root, 'package.json')))
}
if (!args.includes('--no-cache')) {
  const cache = join(fresh, 'cache', `${process.version}-${process.arch}`)
  mkdirSync(cache, { recursive: true })
  writeFileSync(join(fresh, 'warm.cjs'), loader('index.cjs', true))
  const script = `
    const warm = require(${JSON.stringify(join(fresh, 'warm.cjs'))})
    const fs = require('fs'), os = require('os'), path = require('path'), v8 = require('v8')
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'kubesim-warm-'))
    for (const [name, text] of Object.entries(${JSON.stringify(FILES)})) fs.writeFileSync(path.join(home, name), text)
    let n = 0
    // a line: @new for a state of its own, the command, < and what it reads
    const run = async (line, [profile, node], state) => {
      const [, fresh, command, stdin] = /^(@new )?(.*?)(?: < (.*))?$/s.exec(line.replace('@node', node))
      const { run, createHost } = warm.begin()
      let said = ''
      const code = await run(command.split(' '), createHost({ env: { HOME: home, KUBE_EDITOR: 'true', PATH: process.env.PATH, KUBESIM_PROFILE: profile, KUBESIM_STATE: fresh ? path.join(home, n++ + '.json') : state }, cwd: home, io: { signal: command.startsWith('serve') ? AbortSignal.abort() : new AbortController().signal, ...(stdin ? { stdin: { isTTY: false, async *chunks() { yield Buffer.from(stdin) } } } : {}), stderr: { isTTY: false, write(s) { said += s } } } }))
      if (code !== 0) console.error(command + ': ' + said.split('\\n')[0])
    }
    // the next line that is written is one too many for the journal
    const fill = (state) => fs.appendFileSync(state + '.journal', '{"r":0,"w":[' + ' '.repeat(1 << 17) + ']}\\n')
    ;(async () => {
      // first: the commands below are to run with them
      const { makeReadymade } = warm.begin(${number.get('ready.cjs')}), { schemasOfPackage } = warm.begin()
      for (const file of fs.readdirSync(${JSON.stringify(join(fresh, 'profiles'))})) {
        const at = path.join(${JSON.stringify(join(fresh, 'profiles'))}, file)
        fs.writeFileSync(at.replace(/json$/, 'ready'), await makeReadymade(JSON.parse(fs.readFileSync(at, 'utf8')), schemasOfPackage()))
      }
      const played = Object.entries(${JSON.stringify(PLAYED)}), stateOf = (profile) => path.join(home, profile + '.json')
      for (const p of played)
        for (const line of ${JSON.stringify(STATE)}) {
          const [, fold, command] = /^(@fold )?(.*)$/.exec(line)
          if (fold) fill(stateOf(p[0]))
          await run(command, p, stateOf(p[0]))
        }
      // once as most commands find the state, once with a journal that has to be folded
      const live = async (lines, after) => {
        for (const p of played) {
          const state = path.join(home, n++ + '.json')
          for (const end of ['', '.journal']) fs.copyFileSync(stateOf(p[0]) + end, state + end)
          if (p === played[0]) fill(state)
          for (const line of lines) {
            await run(line, p, state)
            after?.()
          }
        }
      }
      const loads = []
      for (const [key, lines] of Object.entries(${JSON.stringify(WARM)})) {
        const ids = new Set([${number.get('main.cjs')}])
        await live(lines, () => warm.loaded().forEach((id) => ids.add(id)))
        loads.push([key, lines, [...ids]])
      }
      for (const [key, lines, ids] of loads) {
        let source = '[' + ids.map(warm.body).join(',') + ']', head
        // V8 copies a cache that does not stand at a multiple of eight
        do source += '\\n', head = [source.length, ...ids].join(' ') + '\\n'
        while ((head.length + source.length) % 8)
        warm.clear()
        const script = warm.take(ids, source)
        // what ran often here would be made machine code at its first call there, and what ran long ago be forgotten
        v8.setFlagsFromString('--no-sparkplug')
        v8.setFlagsFromString('--no-flush-bytecode')
        await live(lines)
        // a cache is good for the flags that it was made with
        v8.setFlagsFromString('--sparkplug')
        v8.setFlagsFromString('--flush-bytecode')
        const [first, ...others] = key.split(' ').map((k) => path.join(${JSON.stringify(cache)}, k))
        fs.writeFileSync(first, Buffer.concat([Buffer.from(head + source, 'latin1'), script.createCachedData()]))
        for (const o of others) fs.linkSync(first, o)
      }
    })().catch((e) => { console.error(e); process.exitCode = 1 }).finally(() => { fs.rmSync(home, { recursive: true, force: true }); process.exit() })`
  const r = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: '' },
    cwd: out,
  })
  if (r.status !== 0 || r.stderr.trim())
    console.warn(
      `the warm-up had trouble; the program may start slower: ${r.stderr.trim().split('\n').slice(0, 3).join(' | ')}`,
    )
  rmSync(join(fresh, 'warm.cjs'))
}
// swapped in whole, so that a running program never meets half a build
rmSync(dist, { recursive: true, force: true })
renameSync(fresh, dist)
chmodSync(join(out, 'bin/kubesim'), 0o755)
const bytes = result.outputFiles.reduce((a, f) => a + f.contents.length, 0)
console.log(`${result.outputFiles.length} chunks, ${Math.round(bytes / 1024)} KB in ${dist}`)
