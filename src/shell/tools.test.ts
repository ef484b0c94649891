// The formats of the pod tools, against what the real programs printed (shared/truth/tools.json), with its zone and its
// servers.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createStub } from '../dns/stub.ts'
import { isSubdomain } from '../dns/qname.ts'
import { encodeWithin } from '../dns/wire.ts'
import type { Message, ResourceRecord } from '../dns/wire.ts'
import type { HttpResponse, PodFiles, ToolContext } from './tool.ts'
import { findTool, TOOLS } from './tools/index.ts'
import { BUILTINS } from './tools/builtin.ts'

const PATH = '../shared/truth/tools.json'
interface Step {
  cmd: string
  stdout: string
  stderr: string
  exit: number
}
interface Recording {
  'resolv.conf': string
  zone: string
  steps: Step[]
}
const recording: Recording | undefined = existsSync(PATH)
  ? (JSON.parse(readFileSync(PATH, 'utf8')) as Recording)
  : undefined

/**
 * The recorded server: CoreDNS's file plugin, which adds the zone's NS to answers and fails when a CNAME leads outside.
 */
function zoneServer(text: string): (q: Message) => Message {
  const records: ResourceRecord[] = []
  const name = (n: string): string => (n === '@' ? 'cluster.local.' : n.endsWith('.') ? n : `${n}.cluster.local.`)
  for (const line of text.split('\n')) {
    const m = /^(\S+) (\d+) IN (\S+) (.*)$/.exec(line)
    if (!m) continue
    const [, owner = '', ttl = '', type = '', rest = ''] = m
    const w = rest.split(' ')
    const base = { name: name(owner), ttl: Number(ttl), class: 1 }
    if (type === 'A') records.push({ ...base, type: 1, data: { kind: 'address', address: rest } })
    else if (type === 'AAAA') records.push({ ...base, type: 28, data: { kind: 'address', address: rest } })
    else if (type === 'NS' || type === 'CNAME')
      records.push({ ...base, type: type === 'NS' ? 2 : 5, data: { kind: 'name', target: name(rest) } })
    else if (type === 'SRV')
      records.push({
        ...base,
        type: 33,
        data: {
          kind: 'srv',
          priority: Number(w[0]),
          weight: Number(w[1]),
          port: Number(w[2]),
          target: name(w[3] ?? ''),
        },
      })
    else if (type === 'SOA')
      records.push({
        ...base,
        type: 6,
        data: {
          kind: 'soa',
          mname: name(w[0] ?? ''),
          rname: name(w[1] ?? ''),
          serial: Number(w[2]),
          refresh: Number(w[3]),
          retry: Number(w[4]),
          expire: Number(w[5]),
          minimum: Number(w[6]),
        },
      })
  }
  const soa = records.filter((r) => r.type === 6)
  const ns = records.filter((r) => r.type === 2)
  return (q) => {
    const { name: asked = '.', type = 1 } = q.questions[0] ?? {}
    const base: Message = {
      ...q,
      qr: true,
      aa: false,
      ra: false,
      ad: false,
      answers: [],
      authority: [],
      additional: [],
    }
    if (type === 12) {
      if (asked === '7.7.96.10.in-addr.arpa.')
        return {
          ...base,
          aa: true,
          answers: [
            {
              name: asked,
              type: 12,
              class: 1,
              ttl: 30,
              data: { kind: 'name', target: 'web.default.svc.cluster.local.' },
            },
          ],
        }
      return { ...base, aa: true, rcode: 3 }
    }
    if (!isSubdomain('cluster.local.', asked)) return { ...base, rcode: 2 }
    const answers: ResourceRecord[] = []
    let at = asked
    for (let hop = 0; hop < 5; hop++) {
      const cname = records.find((r) => r.name === at && r.type === 5)
      if (!cname || type === 5) break
      answers.push(cname)
      if (cname.data.kind === 'name') at = cname.data.target
      if (!isSubdomain('cluster.local.', at)) return { ...base, rcode: 2 }
    }
    answers.push(...records.filter((r) => r.name === at && r.type === type))
    if (answers.some((r) => r.type === type)) {
      const targets = answers.flatMap((r) => (r.data.kind === 'srv' ? [r.data.target] : []))
      return {
        ...base,
        aa: true,
        answers,
        authority: ns,
        additional: records.filter((r) => targets.includes(r.name) && r.type === 1),
      }
    }
    const exists = records.some((r) => r.name === at || r.name.endsWith(`.${at}`))
    return { ...base, aa: true, rcode: exists ? 0 : 3, answers, authority: soa }
  }
}

const HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'
const http = (path: string): HttpResponse => {
  const of = (status: number, reason: string, body: string, more: [string, string][] = []): HttpResponse => ({
    status,
    reason,
    version: '1.0',
    body,
    headers: [
      ['Server', 'nginx/1.27.0 '],
      ['Date', 'Mon, 23 Nov 2026 02:52:21 GMT'],
      ['Content-Type', 'text/html'],
      ['Content-Length', String(body.length)],
      ...more,
    ],
  })
  if (path === '/404') return of(404, 'Not Found', 'nope\n')
  if (path === '/move') return of(302, 'Found', '', [['Location', '/']])
  if (path === '/slow') return { ...of(200, 'OK', 'late\n'), delay: 5000 }
  return of(200, 'OK', '<html>\n<h1>hello</h1>\n</html>\n')
}

function context(r: Recording, out: (t: string) => void, err: (t: string) => void, busybox: boolean): ToolContext {
  const serve = zoneServer(r.zone)
  const files = new Map([
    ['/etc/resolv.conf', r['resolv.conf']],
    ['/etc/hosts', HOSTS],
  ])
  const podFiles: PodFiles = {
    read: (p) => files.get(p),
    bytes: (p) => {
      const t = files.get(p)
      return t === undefined ? undefined : Buffer.from(t)
    },
    link: () => undefined,
    write: (p, c) => {
      files.set(p, String(c))
    },
    list: () => [],
    kind: (p) => (files.has(p) ? 'file' : ['/', '/etc', '/tmp', '/root', '/dev'].includes(p) ? 'directory' : undefined),
    mkdir: () => {},
    remove: (p) => {
      files.delete(p)
    },
  }
  const box = 'busybox 1.35.0 (Debian 1:1.35.0-4+deb12u1+b1)'
  const programs: Record<string, string> = {
    ...Object.fromEntries([...BUILTINS, ...TOOLS.map((t) => t.name)].map((n) => [n, ''])),
    dig: '9.18.49-1~deb12u3-Debian',
    host: '9.18.49',
    nslookup: busybox ? box : 'bind 9.18.49',
    curl: '7.88.1',
    wget: busybox ? box : 'gnu 1.21.3',
    nc: busybox ? box : 'openbsd 1.219',
    ping: busybox ? box : 'iputils 20221126',
    sh: busybox ? box : 'dash',
    cat: '',
  }
  const stub = createStub({
    resolvConf: r['resolv.conf'],
    hosts: HOSTS,
    id: () => 1,
    send: (server, _port, m, tcp) => {
      if (server !== '10.96.0.10') return { outcome: 'refused' }
      const done = encodeWithin(serve(m), { size: tcp ? 65535 : 1232, plain: 1480 })
      return { outcome: 'answer', message: done.message, size: done.bytes.length, tcp }
    },
  })
  let now = Date.UTC(2026, 10, 23, 2, 52, 21)
  const ctx: ToolContext = {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
    cwd: '/root',
    files: podFiles,
    dns: stub,
    network: {
      addresses: ['10.244.0.9'],
      prepare: async () => {},
      connect: (address, port) =>
        port === 80 && ['10.96.7.7', '10.244.0.5'].includes(address)
          ? { outcome: 'open', address, port, http: (q) => http(q.path) }
          : { outcome: 'refused' },
      ping: () => true,
    },
    pod: { name: 'p', namespace: 'default', hostname: 'p', node: 'n', container: 'c', user: 'root' },
    image: { name: 'debian', programs, shell: 'sh', prompt: '\\$ ' },
    stdin: undefined,
    stdout: (t) => out(typeof t === 'string' ? t : Buffer.from(t).toString('utf8')),
    stderr: err,
    tty: false,
    now: () => now,
    random: (n) => n >> 1,
    sleep: async (ms) => {
      now += ms
    },
    signal: new AbortController().signal,
    run: async (argv, over) => run(argv, { ...ctx, ...over }),
  }
  return ctx
}
async function run(argv: readonly string[], ctx: ToolContext): Promise<number> {
  const [name = '', ...args] = argv
  if (name === 'busybox') return run(args, ctx)
  const tool = await findTool(name)
  if (!tool) throw new Error(`no tool ${name}`)
  return tool.run(args, ctx)
}

/** What differs between two runs of the real programs too: numbers of questions, cookies, times, rates. */
const calm = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replaceAll('\r', '\n')
    .replace(/id: \d+/g, 'id: N')
    .replace(/COOKIE: [0-9a-f]+/g, 'COOKIE: N')
    .replace(/WHEN: .*/g, 'WHEN: T')
    .replace(/Query time: \d+/g, 'Query time: N')
    .replace(/^(Date: ).*$/gm, '$1T')
    .replace(/^(< Date: ).*$/gm, '$1T')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'T')
    .replace(/[\d.]+[KM]?B?\/s|[\d.]+[KM]=\S+/g, 'R')
    .replace(/after \d+ m/g, 'after N m')
    .replace(/time=[\d.]+ ms/g, 'time=N')
    .replace(/= [\d./]+ ms/g, '= N ms')
    .replace(/(100 +\d+ +100 +\d+ +0 +0 +)\d+( +0 --:--:-- --:--:-- --:--:-- +)\d+/g, '$1N$2N')
    .replace(/ +N/g, ' N')
/** busybox asks all its questions at once and prints the replies as they come. */
const unordered = (text: string): string => {
  const [head = '', ...rest] = text.split('\n\n')
  return [head, ...rest.join('\n').split('\n').filter(Boolean).sort()].join('\n')
}

const split = (cmd: string): string[] => [...cmd.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? '')

test.skipIf(!recording)(
  'every recorded command prints what the real program printed',
  async () => {
    if (!recording) return
    const wrong: unknown[] = []
    for (const step of recording.steps) {
      let stdout = ''
      let stderr = ''
      const ctx = context(
        recording,
        (t) => {
          stdout += t
        },
        (t) => {
          stderr += t
        },
        step.cmd.startsWith('busybox'),
      )
      const argv = /[|;]/.test(step.cmd.replace(/'[^']*'/g, '')) ? ['sh', '-c', step.cmd] : split(step.cmd)
      const exit = await run(argv, ctx)
      const loose = step.cmd.startsWith('busybox nslookup') ? unordered : (t: string) => t
      const got = { cmd: step.cmd, stdout: loose(calm(stdout)), stderr: calm(stderr), exit }
      const want = { cmd: step.cmd, stdout: loose(calm(step.stdout)), stderr: calm(step.stderr), exit: step.exit }
      if (JSON.stringify(got) !== JSON.stringify(want)) wrong.push({ got, want })
    }
    expect(wrong).toEqual([])
  },
  30_000,
)
