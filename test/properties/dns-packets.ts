// Hostile DNS packets, made from a seed, and what must hold for each: answered or dropped, never thrown, the reply a
// message of the right size with the query's id. Used by the property test and bench/dns-fuzz.mjs.
import { respond } from '../../src/dns/resolver.ts'
import type { ResolverOptions } from '../../src/dns/resolver.ts'
import type { EndpointView, ServiceView } from '../../src/dns/view.ts'
import { createResponder } from '../../src/server/dns-cache.ts'
import { decode, encode, query, RCODES, TYPES } from '../../src/dns/wire.ts'

export interface Told {
  readonly rcodes: Record<string, number>
  readonly faults: string[]
  slowest: number
}

const service = (name: string, more: Partial<ServiceView> = {}): ServiceView => ({
  namespace: 'default',
  name,
  clusterIPs: [],
  headless: false,
  ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  ...more,
})
const services = [
  service('web', { clusterIPs: ['10.96.0.7', 'fd00::7'] }),
  service('db', { headless: true }),
  service('out', { externalName: 'www.example.com' }),
  service('self', { externalName: 'self.default.svc.cluster.local' }),
  service('odd', { externalName: 'a..b' }),
]
const endpoints: readonly EndpointView[] = Array.from({ length: 40 }, (_, i) => ({
  addresses: [`10.1.0.${i + 1}`],
  addressType: 'IPv4',
  ready: true,
  slice: 's',
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
}))
const options: ResolverOptions = {
  view: {
    revision: 1,
    namespaceExists: (n) => n === 'default',
    namespaces: () => ['default'],
    service: (ns, n) => services.find((s) => s.namespace === ns && s.name === n),
    services: () => services,
    endpoints: (_, n) => (n === 'db' ? endpoints : []),
    serviceByIP: (ip) => services.find((s) => s.clusterIPs.includes(ip)),
    endpointsByIP: () => [],
    podByIP: () => undefined,
  },
  domain: 'cluster.local',
  ttl: 30,
  lookup: { pods: 'insecure' },
  zones: ['in-addr.arpa.', 'ip6.arpa.'],
  external: {},
  serial: 1,
  addresses: ['10.96.0.10'],
  shuffle: (x) => [...x],
}

/** Sends so many packets, and tells what went wrong. */
export function attack(count: number, seed: number): Told {
  let state = seed >>> 0
  const random = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * n)
  }
  const one = <T>(list: readonly T[], or: T): T => list[random(list.length)] ?? or
  const names = [
    'web.default.svc.cluster.local',
    'db.default.svc.cluster.local',
    '_http._tcp.db.default.svc.cluster.local',
    'out.default.svc.cluster.local',
    'self.default.svc.cluster.local',
    'odd.default.svc.cluster.local',
    '1-2-3-4.default.pod.cluster.local',
    '7.0.96.10.in-addr.arpa',
    'cluster.local',
    '.',
    'www.example.com',
    'ns.dns.cluster.local',
    `${'a'.repeat(63)}.`.repeat(3),
  ]
  const types = Object.values(TYPES)
  const seeds = Array.from({ length: 200 }, () =>
    encode(
      query(one(names, '.'), one(types, 1), {
        id: random(65536),
        ...(random(2)
          ? {
              edns: {
                version: 0,
                udpSize: random(65536),
                do: random(2) === 0,
                options: random(2) ? [{ code: random(20), data: new Uint8Array(random(12)) }] : [],
              },
            }
          : {}),
      }),
    ),
  )
  const told: Told = { rcodes: {}, faults: [], slowest: 0 }
  const responder = createResponder({ options: () => options, revision: () => 1, pick: random })
  const packet = (): Uint8Array => {
    const kind = random(10)
    // pure noise, now and then of the greatest size
    if (kind === 0) return Uint8Array.from({ length: random(50) === 0 ? 65535 : random(120) }, () => random(256))
    const b = Uint8Array.from(one(seeds, new Uint8Array(12)))
    // pointers where they hurt: loops, chains, leads out of the packet
    if (kind === 1) {
      for (let i = 12; i + 1 < b.length; i += 1 + random(4)) {
        b[i] = 0xc0 | (random(64) * Number(random(4) === 0))
        b[i + 1] = random(b.length)
      }
      return b
    }
    if (kind === 2) return b.subarray(0, random(b.length + 1))
    if (kind === 3) {
      for (const at of [4, 6, 8, 10])
        if (random(2)) {
          b[at] = random(256) * Number(random(3) === 0)
          b[at + 1] = random(4)
        }
      return b
    }
    if (kind === 4) {
      b[2] = random(256)
      b[3] = random(256)
      return b
    }
    if (kind === 5) return Uint8Array.from([...b, ...Array.from({ length: random(700) }, () => random(256))])
    if (kind < 9) for (let i = 1 + random(8); i > 0; i--) b[random(b.length)] = random(256)
    return b
  }
  for (let i = 0; i < count; i++) {
    const bytes = packet()
    const tcp = random(4) === 0
    const fault = (why: string): void => {
      if (told.faults.length < 100)
        told.faults.push(`${why}: ${tcp ? 'tcp' : 'udp'} ${Buffer.from(bytes.subarray(0, 200)).toString('hex')}`)
    }
    const t0 = performance.now()
    let reply: Uint8Array | undefined
    try {
      reply = random(2) ? responder.answer(bytes, tcp) : respond(bytes, tcp, options)
    } catch (e) {
      fault(`thrown ${String(e)}`)
      continue
    }
    told.slowest = Math.max(told.slowest, performance.now() - t0)
    let rcode = 'dropped'
    if (reply) {
      if (reply[0] !== bytes[0] || reply[1] !== bytes[1]) fault('another id')
      if (reply.length > 65535) fault(`a reply of ${reply.length} bytes`)
      try {
        const m = decode(reply)
        if (!m.qr) fault('a reply that is no reply')
        rcode = RCODES[m.rcode] ?? String(m.rcode)
      } catch (e) {
        fault(`a reply that nobody can read, ${String(e)}`)
      }
    }
    told.rcodes[rcode] = (told.rcodes[rcode] ?? 0) + 1
  }
  return told
}
