// A bounded soak of `kubesim serve` on loopback: watchers that read, requests at a steady rate, and the server's memory
// meanwhile.
//   node bench/soak.mjs [--seconds 60] [--watchers 2000] [--rate 500] [--program bin/kubesim]
// Fails on any error, on a watcher that missed an event, or when memory keeps growing in the second half.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import * as http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const option = (name, otherwise) => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? otherwise : process.argv[i + 1]
}
const seconds = Number(option('seconds', 60)),
  watchers = Number(option('watchers', 2000)),
  rate = Number(option('rate', 500))
const program = option('program', join(import.meta.dirname, '../bin/kubesim'))
const home = mkdtempSync(join(tmpdir(), 'kubesim-soak-'))
const kubeconfig = join(home, 'kubeconfig')
const server = spawn(
  process.execPath,
  [
    program,
    'serve',
    '--ephemeral',
    '--tls=false',
    '--profile',
    'kind',
    '--api-address',
    '127.0.0.1:0',
    '--dns-address',
    '127.0.0.1:0',
    '--kubeconfig',
    kubeconfig,
  ],
  { env: { ...process.env, HOME: home }, stdio: ['ignore', 'ignore', 'inherit'] },
)
process.on('exit', () => {
  server.kill()
  rmSync(home, { recursive: true, force: true })
})
while (!existsSync(kubeconfig)) {
  if (server.exitCode !== null) process.exit(1)
  await new Promise((r) => setTimeout(r, 50))
}
const text = readFileSync(kubeconfig, 'utf8')
const url = /server: "([^"]+)"/.exec(text)[1],
  authorization = `Bearer ${/token: (\S+)/.exec(text)[1]}`
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
const ask = (method, path, body, type = 'application/json') =>
  new Promise((done, fail) => {
    const r = http.request(
      url + path,
      { method, agent, headers: { authorization, ...(body ? { 'content-type': type } : {}) } },
      (a) => {
        let t = ''
        a.setEncoding('utf8')
          .on('data', (c) => {
            t += c
          })
          .on('end', () =>
            a.statusCode < 300 ? done(t) : fail(new Error(`${method} ${path}: ${a.statusCode} ${t.slice(0, 200)}`)),
          )
      },
    )
    r.on('error', fail)
    r.end(body)
  })
const rss = () =>
  Number(
    /VmRSS:\s+(\d+)/.exec(
      existsSync(`/proc/${server.pid}/status`) ? readFileSync(`/proc/${server.pid}/status`, 'utf8') : '',
    )?.[1] ?? 0,
  ) / 1024

const NAMESPACES = 20,
  CMS = 20
for (let n = 0; n < NAMESPACES; n++) {
  await ask(
    'POST',
    '/api/v1/namespaces',
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `soak-${n}` } }),
  )
  for (let i = 0; i < CMS; i++)
    await ask(
      'POST',
      `/api/v1/namespaces/soak-${n}/configmaps`,
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${i}` }, data: { n: '0' } }),
    )
}
// each watches one namespace; what it sees is counted
let events = 0,
  errors = 0,
  expected = 0,
  ended = false
const perNamespace = new Array(NAMESPACES).fill(0)
const say = (e) => {
  if (ended) return
  if (errors++ < 5) console.error(e.message)
}
await Promise.all(
  Array.from(
    { length: watchers },
    (_, w) =>
      new Promise((done) => {
        const n = w % NAMESPACES
        perNamespace[n]++
        const r = http.request(
          `${url}/api/v1/namespaces/soak-${n}/configmaps?watch=1&allowWatchBookmarks=true&resourceVersion=999999999`,
          { agent: false, headers: { authorization } },
          (a) => {
            a.on('data', (c) => {
              for (const b of c) if (b === 10) events++
            })
              .on('error', say)
              .on('end', () => say(new Error('a watch ended')))
            done()
          },
        )
        r.on('error', (e) => {
          say(e)
          done()
        })
        r.end()
      }),
  ),
)
console.log(`${watchers} watchers, ${rate} requests a second for ${seconds} s; ${rss().toFixed(0)} MB at the start`)

let sent = 0,
  answered = 0,
  worst = 0,
  sum = 0
const memory = []
const start = performance.now()
await new Promise((done) => {
  const timer = setInterval(() => {
    const now = performance.now() - start
    if (now / 1000 - memory.length >= 1) memory.push(rss())
    if (now > seconds * 1000) {
      clearInterval(timer)
      done()
      return
    }
    for (const due = Math.floor((now * rate) / 1000); sent < due; sent++) {
      const n = sent % NAMESPACES,
        path = `/api/v1/namespaces/soak-${n}/configmaps`,
        at = performance.now()
      const kind = sent % 10
      const work =
        kind < 6
          ? ask('GET', `${path}/c${sent % CMS}`)
          : kind < 9
            ? ask('GET', `${path}?limit=10`)
            : ask(
                'PATCH',
                `${path}/c${sent % CMS}`,
                JSON.stringify({ data: { n: String(sent) } }),
                'application/merge-patch+json',
              ).then(() => {
                expected += perNamespace[n]
              })
      work.then(() => {
        answered++
        const ms = performance.now() - at
        sum += ms
        worst = Math.max(worst, ms)
      }, say)
    }
  }, 5)
})
for (let i = 0; i < 600 && (answered + errors < sent || events < expected); i++)
  await new Promise((r) => setTimeout(r, 50))
ended = true
const average = (xs) => xs.reduce((a, b) => a + b, 0) / Math.max(1, xs.length)
const quarter = Math.max(1, Math.floor(memory.length / 4))
const before = average(memory.slice(quarter, 2 * quarter)),
  after = average(memory.slice(-quarter))
const growth = after / before
console.log(
  `${answered} of ${sent} requests answered, ${(sum / Math.max(1, answered)).toFixed(1)} ms on average, ${worst.toFixed(0)} ms at worst; ${events} events of ${expected} seen; ${errors} errors; ${before.toFixed(0)} MB, later ${after.toFixed(0)} MB`,
)
const flat = growth < 1.3
if (!flat) console.log('memory grows')
process.exit(errors === 0 && answered === sent && events >= expected && flat ? 0 : 1)
