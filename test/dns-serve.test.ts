// The DNS port as resolvers see it: CoreDNS's own replies to more than a thousand packets, Node's resolver and
// dns-packet as second opinions, and dig in a pod beside dig at the port.
import * as dgram from 'node:dgram'
import { promises as dns } from 'node:dns'
import { readFileSync, writeFileSync } from 'node:fs'
import * as net from 'node:net'
import { createRequire } from 'node:module'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataText, decode, encode, query, RCODES, typeCode, typeName } from '../src/dns/wire.ts'
import type { Message, ResourceRecord } from '../src/dns/wire.ts'
import { showReply } from './harness/dnsreply.ts'
import { startServer } from './harness/served.ts'
import type { Server } from './harness/served.ts'

/** The package has no types: what is used of it. */
const packet = createRequire(import.meta.url)('dns-packet') as {
  readonly RECURSION_DESIRED: number
  encode(m: object): Buffer
  decode(b: Buffer): { id?: number; answers?: unknown[]; flag_tc?: boolean }
}
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'conformance/dns/coredns.json'), 'utf8')) as {
  world: object[]
  cases: [label: string, transport: 'udp' | 'tcp', query: string, reply: string][]
}
let s: Server
let resolver: dns.Resolver
beforeAll(async () => {
  s = await startServer(['--profile', join(import.meta.dirname, '../fixtures/profiles/recorded.yaml')])
  resolver = new dns.Resolver()
  resolver.setServers([`127.0.0.1:${s.dnsPort}`])
  const file = join(s.home, 'world.json')
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: recorded.world }))
  const applied = await s.kubesim('apply', '-f', file)
  expect(applied.stderr.replace(/^Warning:.*\n/gm, '')).toBe('')
}, 60_000)
afterAll(async () => {
  await s?.stop()
})

/** Sends one packet; nothing after `wait` milliseconds without a reply. */
function udp(bytes: Uint8Array, wait = 5000): Promise<Uint8Array | undefined> {
  return new Promise((done) => {
    const c = dgram.createSocket('udp4')
    const timer = setTimeout(() => {
      c.close()
      done(undefined)
    }, wait)
    c.on('message', (m) => {
      clearTimeout(timer)
      c.close()
      done(new Uint8Array(m))
    })
    c.send(bytes, s.dnsPort, '127.0.0.1')
  })
}
/** The same over a connection of its own. */
function tcp(bytes: Uint8Array, wait = 5000): Promise<Uint8Array | 'nothing, open' | 'closed'> {
  return new Promise((done) => {
    const c = net.connect(s.dnsPort, '127.0.0.1')
    let pending = Buffer.alloc(0)
    const timer = setTimeout(() => {
      done('nothing, open')
      c.destroy()
    }, wait)
    c.on('error', () => undefined)
    c.on('close', () => {
      clearTimeout(timer)
      done('closed')
    })
    c.on('data', (d: Buffer) => {
      pending = Buffer.concat([pending, d])
      if (pending.length < 2 || pending.length < 2 + pending.readUInt16BE(0)) return
      done(new Uint8Array(pending.subarray(2, 2 + pending.readUInt16BE(0))))
      c.destroy()
    })
    c.write(Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]))
  })
}

test('every packet is answered as CoreDNS answered it', async () => {
  const differ: string[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let c = recorded.cases[next++]; c; c = recorded.cases[next++]) {
      const [label, transport, hex, reply] = c
      const bytes = Buffer.from(hex, 'hex')
      const silent = reply === 'no reply' || reply === 'nothing, open'
      const got = showReply(await (transport === 'udp' ? udp : tcp)(bytes, silent ? 300 : 5000))
      if (got !== reply) differ.push(`--- ${label} ${transport} ${hex.slice(0, 200)}\nCoreDNS ${reply}\nours    ${got}`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  expect(differ.join('\n')).toBe('')
}, 120_000)

const HOST = 'default.svc.cluster.local'
test("Node's resolver finds every kind of record", async () => {
  expect(await resolver.resolve4(`web.${HOST}`, { ttl: true })).toEqual([{ address: '10.96.77.7', ttl: 30 }])
  expect((await resolver.resolve6(`six.${HOST}`)).sort()).toEqual([
    '2001:db8::',
    '2001:db8::1',
    '2001:db8::2',
    '2001:db8::ff00',
  ])
  expect(await resolver.resolveSrv(`_http._tcp.web.${HOST}`)).toEqual([
    { name: `web.${HOST}`, port: 80, priority: 0, weight: 100 },
  ])
  expect(await resolver.resolveCname(`out.${HOST}`)).toEqual(['www.example.com'])
  expect(await resolver.resolveTxt('dns-version.cluster.local')).toEqual([['1.1.0']])
  expect(await resolver.reverse('10.96.77.7')).toEqual([`web.${HOST}`])
  expect(await resolver.resolveNs('cluster.local')).toEqual([`kubernetes.${HOST}`])
  expect((await resolver.resolveSoa('cluster.local')).nsname).toBe('ns.dns.cluster.local')
  await expect(resolver.resolveMx(`web.${HOST}`)).rejects.toMatchObject({ code: 'ENODATA' })
  await expect(resolver.resolve4(`nope.${HOST}`)).rejects.toMatchObject({ code: 'ENOTFOUND' })
  await expect(resolver.resolve4('www.example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' })
  // too long for a packet: c-ares comes again over TCP
  expect((await resolver.resolve4(`hl120.${HOST}`)).length).toBe(120)
})

test('dns-packet reads every reply, compressed or not', async () => {
  const wire = (name: string, type: string, size: number): Buffer =>
    packet.encode({
      type: 'query',
      id: 77,
      flags: packet.RECURSION_DESIRED,
      questions: [{ name, type }],
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: size,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    })
  for (const [name, type, size, count] of [
    ['web', 'A', 1232, 1],
    ['hl10', 'A', 1232, 10],
    ['hl100', 'A', 4096, 100],
    ['hl100', 'A', 1232, 73],
    ['hl10', 'SRV', 4096, 30],
    ['in', 'A', 1232, 2],
  ] as const) {
    const m = packet.decode(Buffer.from((await udp(wire(`${name}.${HOST}`, type, size))) ?? []))
    expect([name, size, m.id, m.answers?.length, m.flag_tc]).toEqual([name, size, 77, count, count === 73])
  }
  const whole = await tcp(wire(`hl120.${HOST}`, 'A', 1232))
  expect(typeof whole === 'string' ? whole : packet.decode(Buffer.from(whole)).answers?.length).toBe(120)
})

test('several questions on one connection, in pieces; a packet without an answer does not end it', async () => {
  const frame = (m: Message): Buffer => {
    const b = encode(m)
    return Buffer.concat([Buffer.from([b.length >> 8, b.length & 255]), b])
  }
  const all = Buffer.concat([
    frame(query(`web.${HOST}`, 1, { id: 1 })),
    Buffer.from([0, 3, 1, 2, 3]),
    frame({ ...query('x', 1, { id: 9 }), qr: true }),
    frame(query(`nope.${HOST}`, 1, { id: 2 })),
  ])
  const replies = await new Promise<string[]>((done) => {
    const c = net.connect(s.dnsPort, '127.0.0.1')
    let pending = Buffer.alloc(0)
    const out: string[] = []
    c.on('data', (d: Buffer) => {
      pending = Buffer.concat([pending, d])
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const m = decode(pending.subarray(2, 2 + pending.readUInt16BE(0)))
        pending = pending.subarray(2 + pending.readUInt16BE(0))
        out.push(`${m.id} ${RCODES[m.rcode]}`)
      }
      if (out.length === 2) {
        c.destroy()
        done(out)
      }
    })
    void (async () => {
      for (const b of all) {
        c.write(Buffer.from([b]))
        if (Math.abs(b) % 16 === 0) await new Promise((r) => setTimeout(r, 1))
      }
    })()
  })
  expect(replies).toEqual(['1 NOERROR', '2 NXDOMAIN'])
})

test('a change is in the next answer, whatever was kept', async () => {
  const ask = async (): Promise<string> => showReply(await udp(encode(query(`fresh.${HOST}`, 1)))).split(' ')[1] ?? ''
  expect(await ask()).toBe('NXDOMAIN')
  await s.kubesim('create', 'service', 'clusterip', 'fresh', '--tcp=80')
  expect(await ask()).toBe('NOERROR')
  await s.kubesim('delete', 'service', 'fresh')
  expect(await ask()).toBe('NXDOMAIN')
})

/**
 * What differs between two digs of the same thing: id, time, server, cookie, serial, the order of addresses, and the
 * widths that each version of dig has.
 */
const masked = (text: string): string =>
  text
    .replace(/id: \d+/, 'id: N')
    .replace(/(Query time: )\d+/, '$1N')
    .replace(/(WHEN: ).*/, '$1T')
    .replace(/(SERVER: ).*/, '$1S')
    .replace(/(COOKIE: )\w+/, '$1C')
    .replace(/(hostmaster\S+ )\d+/, '$1N')
    .replace(/^; <<>>.*\n(?:; \(1 server found\)\n)?/m, '')
    .split('\n')
    .map((l) => l.replace(/[ \t]+/g, ' ').trimEnd())
    .sort()
    .join('\n')

/** A pod to ask from. */
async function client(): Promise<void> {
  if ((await s.kubesim('get', 'pod', 'client')).code === 0) return
  expect((await s.kubesim('run', 'client', '--image=nicolaka/netshoot', '--', 'sleep', 'infinity')).code).toBe(0)
  expect((await s.kubesim('wait', '--for=condition=Ready', 'pod/client', '--timeout=30s')).code).toBe(0)
}

test('dig in a pod prints what the port answers, record for record, whether or not this machine has a dig', async () => {
  await client()
  const asked = [
    [`hl3.${HOST}`, 'A'],
    [`web.${HOST}`, 'SRV'],
    [`hl10.${HOST}`, 'SRV'],
    [`nope.${HOST}`, 'A'],
    [`web.${HOST}`, 'AAAA'],
    [`six.${HOST}`, 'AAAA'],
    [`in.${HOST}`, 'A'],
    [`chain.${HOST}`, 'CNAME'],
    ['www.example.com', 'A'],
    ['cluster.local', 'NS'],
    ['cluster.local', 'SOA'],
    ['dns-version.cluster.local', 'TXT'],
    ['7.77.96.10.in-addr.arpa', 'PTR'],
    [`hl120.${HOST}`, 'A'],
  ] as const
  const { stdout } = await s.kubesim('exec', 'client', '--', 'dig', '+bufsize=1232', ...asked.flat())
  const answers = stdout.split(';; Got answer:\n').slice(1)
  expect(answers.length).toBe(asked.length)
  for (const [i, [name, type]] of asked.entries()) {
    const question = encode(
      query(name, typeCode(type) ?? 1, { edns: { version: 0, udpSize: 1232, do: false, options: [] } }),
    )
    let reply = decode((await udp(question)) ?? new Uint8Array())
    if (reply.tc) {
      const whole = await tcp(question)
      if (typeof whole !== 'string') reply = decode(whole)
    }
    const record = (r: ResourceRecord): string =>
      `${r.name} ${r.ttl} IN ${typeName(r.type)} ${dataText(r).replace(/(hostmaster\S+ )\d+/, '$1N')}`
    const port = [
      `status: ${RCODES[reply.rcode]}`,
      `ANSWER: ${reply.answers.length}, AUTHORITY: ${reply.authority.length}, ADDITIONAL: ${reply.additional.length + 1}`,
      ...[...reply.answers, ...reply.authority, ...reply.additional].map(record).sort(),
    ]
    const told = answers[i] ?? ''
    const records = told
      .split('\n')
      .filter((l) => l !== '' && !l.startsWith(';'))
      .map((l) => l.replace(/\s+/g, ' ').replace(/(hostmaster\S+ )\d+/, '$1N'))
      .sort()
    expect([name, type, /status: \w+/.exec(told)?.[0], /ANSWER: .*/.exec(told)?.[0], ...records]).toEqual([
      name,
      type,
      ...port,
    ])
  }
}, 60_000)

test('dig in a pod says what dig says at the port', async () => {
  const real = spawnSync('dig', ['-v'], { encoding: 'utf8' })
  if (real.error) {
    console.warn(
      'SKIPPED: no dig on PATH (Debian package dnsutils), so only the records of dig in a pod were compared with the port',
    )
    return
  }
  await client()
  for (const args of [
    [`hl3.${HOST}`],
    [`web.${HOST}`, 'SRV'],
    [`hl10.${HOST}`, 'SRV'],
    [`nope.${HOST}`],
    ['-x', '10.96.77.7'],
    [`in.${HOST}`],
    ['+tcp', `hl100.${HOST}`],
    ['+short', `hl10.${HOST}`],
    ['+noedns', `hl30.${HOST}`],
    ['+dnssec', `six.${HOST}`, 'AAAA'],
    ['www.example.com'],
    ['cluster.local', 'NS'],
    ['cluster.local', 'SOA'],
    ['-c', 'CH', '-t', 'TXT', 'version.bind'],
  ].map((a) => (a.includes('+noedns') ? a : ['+bufsize=1232', ...a]))) {
    // the size is dig's own choice, another in each version
    const inside = await s.kubesim('exec', 'client', '--', 'dig', ...args)
    const outside = spawnSync('dig', ['@127.0.0.1', '-p', String(s.dnsPort), ...args], { encoding: 'utf8' })
    expect(`${args.join(' ')}\n${masked(inside.stdout)}`).toBe(`${args.join(' ')}\n${masked(outside.stdout)}`)
    expect(inside.code).toBe(outside.status)
  }
}, 60_000)
