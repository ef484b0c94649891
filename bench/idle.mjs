// Connections that say nothing, or very slowly, against `kubesim serve`, on loopback only: they must not starve it, and
// slow ones are sent away.
//   node bench/idle.mjs [--connections 10000] [--slow 50] [--program bin/kubesim]
// Fails when a request among them takes more than two seconds, or when a slow sender is still connected after the
// server's own limits and a quarter of a minute.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import * as net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const option = (name, otherwise) => {
  const i = process.argv.indexOf(`--${name}`)
  return i < 0 ? otherwise : process.argv[i + 1]
}
const connections = Number(option('connections', 10_000)),
  slow = Number(option('slow', 50))
const program = option('program', join(import.meta.dirname, '../bin/kubesim'))
/** What server/http.ts allows: 20 s for headers, 60 s for a whole request, looked at every 5 s. */
const HEADERS = 20_000 + 15_000,
  REQUEST = 60_000 + 15_000
const home = mkdtempSync(join(tmpdir(), 'kubesim-idle-'))
const kubeconfig = join(home, 'kubeconfig')
const env = { ...process.env, HOME: home }
for (const k of ['KUBECONFIG', 'KUBESIM_STATE', 'KUBESIM_PROFILE', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS']) delete env[k]
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
  { env, stdio: ['ignore', 'ignore', 'inherit'] },
)
process.on('exit', () => {
  server.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})
for (let i = 0; !existsSync(kubeconfig); i++) {
  if (server.exitCode !== null || i > 600) process.exit(1)
  await new Promise((r) => setTimeout(r, 50))
}
const text = readFileSync(kubeconfig, 'utf8')
const { hostname, port } = new URL(/server: "([^"]+)"/.exec(text)[1])
const authorization = `Bearer ${/token: (\S+)/.exec(text)[1]}`
const rss = () =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
const before = rss()
const failures = []
const open = (first = '') =>
  new Promise((done) => {
    const c = net.connect(Number(port), hostname, () => {
      if (first) c.write(first)
      done(c)
    })
    c.on('error', () => done(c)).resume()
  })
const idle = []
// as fast as the listener takes them: a burst beyond its queue would only be tried again by the system
for (let i = 0; i < connections; i += 200)
  idle.push(...(await Promise.all(Array.from({ length: Math.min(200, connections - i) }, () => open()))))
const times = []
for (let i = 0; i < 100; i++) {
  const at = performance.now()
  const r = await fetch(`http://${hostname}:${port}/api/v1/namespaces`, { headers: { authorization } })
  await r.text()
  if (r.status !== 200) failures.push(`a request got ${r.status}`)
  times.push(performance.now() - at)
}
times.sort((a, b) => a - b)
console.log(
  `${idle.filter((c) => !c.destroyed).length} idle connections: 100 requests took ${times[50].toFixed(1)} ms each, ${times[99].toFixed(0)} ms at worst; ${before} MB, with them ${rss()} MB`,
)
if (times[99] > 2000) failures.push('requests are starved')

/** Sends a byte a second; how long the server put up with it. */
const drip = async (head, limit) => {
  const c = await open(head)
  const start = performance.now()
  const timer = setInterval(() => c.write('x'), 1000)
  const ms = await Promise.race([
    new Promise((done) => c.on('close', () => done(performance.now() - start))),
    new Promise((done) => setTimeout(() => done(undefined), limit)),
  ])
  clearInterval(timer)
  c.destroy()
  return ms
}
const line = `Host: ${hostname}\r\nAuthorization: ${authorization}\r\n`
const [headers, bodies] = await Promise.all([
  Promise.all(Array.from({ length: slow }, () => drip(`GET /version HTTP/1.1\r\n${line}X-Slow: `, HEADERS))),
  Promise.all(
    Array.from({ length: slow }, () =>
      drip(
        `POST /api/v1/namespaces HTTP/1.1\r\n${line}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n`,
        REQUEST,
      ),
    ),
  ),
])
const longest = (xs) => (Math.max(...xs.map((x) => x ?? Infinity)) / 1000).toFixed(0)
console.log(
  `${slow} senders of slow headers were sent away after ${longest(headers)} s at most, of slow bodies after ${longest(bodies)} s`,
)
for (const [what, xs] of [
  ['headers', headers],
  ['bodies', bodies],
])
  if (xs.some((x) => x === undefined)) failures.push(`slow ${what} are put up with for ever`)
if ((await fetch(`http://${hostname}:${port}/readyz`).then((r) => r.text())) !== 'ok')
  failures.push('it is not ready any more')
for (const f of failures) console.log(f)
process.exit(failures.length ? 1 : 0)
