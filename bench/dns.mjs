// The DNS figures: dnsperf against `kubesim serve`, knot (one worker) and CoreDNS (GOMAXPROCS=1), side by side in one
// run: queries a second and CPU time a query.
// Skipped loudly without dnsperf; without knotd or coredns (COREDNS, or the one on PATH) their columns are missing.
// ROUNDS and SECONDS set its length.
import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = process.env.KUBESIM_BIN ?? join(root, 'bin/kubesim')
const rounds = Number(process.env.ROUNDS ?? 7)
const seconds = Number(process.env.SECONDS ?? 2)
const found = (name) =>
  spawnSync('sh', ['-c', `command -v ${name}`], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    encoding: 'utf8',
  }).stdout.trim()
const dnsperf = found('dnsperf')
if (!dnsperf) {
  console.log('SKIPPED: no dnsperf on PATH (Debian package dnsperf), so no DNS figures')
  process.exit(0)
}
const knotd = found('knotd')
const coredns = process.env.COREDNS ?? found('coredns')
const taskset = found('taskset')
const home = mkdtempSync(join(tmpdir(), 'kubesim-dns-'))
const cores = Number(spawnSync('nproc', { encoding: 'utf8' }).stdout)
/** A program on one core of its own, where the machine has several. */
const pinned = (core, command, args) =>
  taskset && cores > 1 ? [taskset, ['-c', String(core), command, ...args]] : [command, args]
const freePort = () =>
  new Promise((done) => {
    const s = createSocket('udp4')
    s.bind(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => done(port))
    })
  })
const sleep = (ms) => new Promise((r) => setTimeout(r, ms))
const children = []
const start = (command, args, env = {}) => {
  const [c, a] = pinned(0, command, args)
  const p = spawn(c, a, { env: { ...process.env, ...env }, stdio: 'ignore', cwd: home })
  children.push(p)
  return p
}

const ZONE = 'default.svc.cluster.local'
const addresses = {
  three: Array.from({ length: 3 }, (_, i) => `192.0.2.${i + 1}`),
  hundred: Array.from({ length: 100 }, (_, i) => `198.51.100.${i + 1}`),
}
const answers = (port, name) =>
  spawnSync(
    found('dig') || 'true',
    ['@127.0.0.1', '-p', String(port), '+short', '+bufsize=4096', '+tries=3', '+time=5', `${name}.${ZONE}`],
    { encoding: 'utf8' },
  )
    .stdout.trim()
    .split('\n')
    .filter((l) => l !== '' && !l.startsWith(';')).length

const servers = []
try {
  // ---- ours
  const env = { HOME: home, KUBESIM_STATE: join(home, 'state.json'), KUBESIM_PROFILE: 'kind' }
  const port = await freePort()
  const ours = start(
    process.execPath,
    [
      bin,
      'serve',
      '--api-address',
      '127.0.0.1:0',
      '--dns-address',
      `127.0.0.1:${port}`,
      '--kubeconfig',
      join(home, 'kubeconfig'),
    ],
    env,
  )
  for (let i = 0; i < 200 && !existsSync(join(home, 'kubeconfig')); i++) await sleep(25)
  const manifest = Object.entries(addresses).flatMap(([name, list]) => [
    { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ port: 80 }],
      endpoints: list.map((a) => ({ addresses: [a] })),
    },
  ])
  writeFileSync(join(home, 'world.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifest }))
  const applied = spawnSync(process.execPath, [bin, 'apply', '-f', join(home, 'world.json')], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  if (applied.status !== 0) throw new Error(applied.stderr)
  servers.push({ name: 'kubesim serve', port, pid: ours.pid })
  // ---- the others serve the same records from a zone file
  writeFileSync(
    join(home, 'zone'),
    `$ORIGIN ${ZONE}.\n@ 30 IN SOA ns hostmaster 1 7200 1800 86400 30\n@ 30 IN NS ns\nns 30 IN A 127.0.0.1\n${Object.entries(
      addresses,
    )
      .flatMap(([name, list]) => list.map((a) => `${name} 30 IN A ${a}\n`))
      .join('')}`,
  )
  if (knotd) {
    const at = await freePort()
    writeFileSync(
      join(home, 'knot.conf'),
      `server:\n  rundir: ${home}\n  listen: 127.0.0.1@${at}\n  udp-workers: 1\n  udp-max-payload: 4096\n  tcp-workers: 1\n  background-workers: 1\ndatabase:\n  storage: ${home}\nzone:\n  - domain: ${ZONE}\n    storage: ${home}\n    file: zone\n`,
    )
    servers.push({ name: 'knot, 1 worker', port: at, pid: start(knotd, ['-c', join(home, 'knot.conf')]).pid })
  } else console.log('SKIPPED: no knotd on PATH (Debian package knot): no ratio to it')
  if (coredns) {
    const at = await freePort()
    writeFileSync(
      join(home, 'Corefile'),
      `.:${at} {\n  bind 127.0.0.1\n  file ${join(home, 'zone')} ${ZONE}\n  loadbalance\n}\n`,
    )
    servers.push({
      name: 'CoreDNS, 1 core',
      port: at,
      pid: start(coredns, ['-conf', join(home, 'Corefile')], { GOMAXPROCS: '1' }).pid,
    })
  } else console.log('SKIPPED: no coredns (COREDNS=PATH): no ratio to it')
  await sleep(1500)

  const cpu = (pid) => {
    const f = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(f[11]) + Number(f[12])) * 10
  }
  const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)]
  let missed = 0
  for (const name of Object.keys(addresses)) {
    const file = join(home, `${name}.txt`)
    writeFileSync(file, `${name}.${ZONE} A\n`)
    for (const s of servers) {
      s.qps = []
      s.cost = []
      s.lost = 0
      if (found('dig')) {
        const n = answers(s.port, name)
        if (n !== addresses[name].length) throw new Error(`${s.name} answers ${n} addresses`)
      }
    }
    for (let round = 0; round < rounds; round++)
      for (const s of servers) {
        const before = cpu(s.pid)
        const [c, a] = pinned(1, dnsperf, [
          '-s',
          '127.0.0.1',
          '-p',
          String(s.port),
          '-d',
          file,
          '-l',
          String(seconds),
          '-q',
          '100',
          '-e',
        ])
        const { stdout } = spawnSync(c, a, { encoding: 'utf8' })
        const done = Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1])
        s.qps.push(Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1]))
        s.cost.push(((cpu(s.pid) - before) * 1000) / done)
        s.lost += Number(/Queries lost:\s+(\d+)/.exec(stdout)?.[1])
        s.bytes = /response (\d+)/.exec(stdout)?.[1]
      }
    const [mine, ...rest] = servers
    console.log(`${name === 'three' ? '3 A' : '100 A'} answers, ${rounds} rounds of ${seconds} s, -q 100 -e`)
    for (const s of servers)
      console.log(
        `  ${s.name.padEnd(16)} ${String(Math.round(median(s.qps))).padStart(7)} queries/s (${Math.round(Math.min(...s.qps))}..${Math.round(Math.max(...s.qps))})  ${median(s.cost).toFixed(1).padStart(6)} us of CPU a query  ${s.bytes} bytes  ${s.lost} lost`,
      )
    for (const s of rest) {
      const goal = s.name.startsWith('knot') ? (name === 'three' ? 0.6 : 1) : 1
      // in one round everybody had the same neighbours
      const ratio = median(mine.qps.map((q, i) => q / s.qps[i]))
      if (ratio < goal) missed++
      console.log(
        `${ratio >= goal ? 'ok  ' : 'OVER'}  ${`${name === 'three' ? '3 A' : '100 A'}: queries/s, ratio to ${s.name}`.padEnd(62)} ${`${ratio.toFixed(2)}x`.padStart(9)}   goal >= ${goal}x (by CPU ${(median(s.cost) / median(mine.cost)).toFixed(2)}x)`,
      )
    }
  }
  process.exitCode = missed > 0 && process.env.STRICT ? 1 : 0
} finally {
  for (const c of children) c.kill('SIGTERM')
  await sleep(300)
  rmSync(home, { recursive: true, force: true })
}
