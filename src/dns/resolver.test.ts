// Answers of the resolver, as CoreDNS' kubernetes plugin gives them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answer, respond } from './resolver.ts'
import type { ResolverOptions } from './resolver.ts'
import { candidates, createStub, parseResolvConf } from './stub.ts'
import type { ClusterView, EndpointView, ServiceView } from './view.ts'
import { dataText, decode, encode, query, RCODES, typeCode, typeName } from './wire.ts'
import type { ResourceRecord } from './wire.ts'
import { zoneRecords } from './zone.ts'

interface World {
  services: ServiceView[]
  endpoints: Record<string, EndpointView[]>
  pods?: { namespace: string; name: string; ip: string }[]
  namespaces?: string[]
}
function view(w: World): ClusterView {
  const endpoints = (ns: string, name: string): readonly EndpointView[] => w.endpoints[`${ns}/${name}`] ?? []
  return {
    revision: 1,
    namespaceExists: (n) => (w.namespaces ?? ['default', 'kube-system']).includes(n),
    namespaces: () => w.namespaces ?? ['default', 'kube-system'],
    service: (ns, name) => w.services.find((s) => s.namespace === ns && s.name === name),
    services: () => w.services,
    endpoints,
    serviceByIP: (ip) => w.services.find((s) => s.clusterIPs.includes(ip)),
    endpointsByIP: (ip) =>
      w.services.flatMap((service) =>
        endpoints(service.namespace, service.name)
          .filter((e) => e.addresses.includes(ip))
          .map((endpoint) => ({ namespace: service.namespace, name: service.name, service, endpoint })),
      ),
    podByIP: (ns, ip) => w.pods?.find((p) => p.namespace === ns && p.ip === ip),
  }
}
const options = (w: World, more: Partial<ResolverOptions> = {}): ResolverOptions => ({
  view: view(w),
  domain: 'cluster.local',
  ttl: 30,
  lookup: { pods: 'insecure' },
  zones: ['in-addr.arpa.', 'ip6.arpa.'],
  external: {},
  serial: 1,
  addresses: ['10.96.0.10'],
  shuffle: (x) => [...x],
  ...more,
})
const svc = (name: string, more: Partial<ServiceView> = {}): ServiceView => ({
  namespace: 'default',
  name,
  clusterIPs: [],
  headless: false,
  ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  ...more,
})
const ep = (address: string, more: Partial<EndpointView> = {}): EndpointView => ({
  addresses: [address],
  addressType: 'IPv4',
  ready: true,
  slice: 's',
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  ...more,
})

const world: World = {
  services: [
    svc('web', {
      clusterIPs: ['10.96.7.7', 'fd00::7'],
      ports: [
        { name: 'http', protocol: 'TCP', port: 80 },
        { name: 'dns', protocol: 'UDP', port: 53 },
      ],
    }),
    svc('db', { headless: true }),
    svc('bare', { headless: true, ports: [] }),
    svc('empty', { headless: true }),
    svc('out', { externalName: 'www.example.com', ports: [] }),
    svc('in', { externalName: 'web.default.svc.cluster.local', ports: [] }),
    svc('chain', { externalName: 'in.default.svc.cluster.local', ports: [] }),
    svc('gone', { externalName: 'nope.default.svc.cluster.local', ports: [] }),
    svc('self', { externalName: 'self.default.svc.cluster.local', ports: [] }),
    svc('ip', { externalName: '192.0.2.5', ports: [] }),
    svc('a', { externalName: 'b.default.svc.cluster.local', ports: [] }),
    svc('b', { externalName: 'a.default.svc.cluster.local', ports: [] }),
    svc('fq', { headless: true }),
  ],
  endpoints: {
    'default/web': [ep('10.1.0.5', { podName: 'web-x', target: 'web-x' })],
    'default/db': [
      ep('10.1.0.6', { hostname: 'db-0', podName: 'db-0', target: 'db-0' }),
      ep('10.1.0.7', { podName: 'db-1', target: 'db-1' }),
      ep('10.1.0.8', { ready: false }),
    ],
    'default/bare': [ep('10.1.0.9', { ports: [] })],
    'default/fq': [ep('host.example.org', { addressType: 'FQDN' }), ep('10.1.0.10')],
  },
  pods: [{ namespace: 'default', name: 'web-x', ip: '10.1.0.5' }],
}

/** status flags; then each record of answer, authority, additional. */
function ask(name: string, type = 'A', o = options(world)): string {
  const { message: m } = answer(query(name, typeCode(type) ?? 1), o)
  const section = (p: string, l: typeof m.answers): string[] =>
    l.map((r) => `${p} ${r.name} ${r.ttl} ${typeName(r.type)} ${dataText(r)}`)
  return [
    `${RCODES[m.rcode]}${m.aa ? ' aa' : ''}${m.ra ? ' ra' : ''}`,
    ...section('=', m.answers),
    ...section('^', m.authority),
    ...section('+', m.additional),
  ].join('\n')
}
const SOA = '^ cluster.local. 30 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30'
const NODATA = `NOERROR aa\n${SOA}`
const NX = `NXDOMAIN aa\n${SOA}`

test('Services with a cluster IP', () => {
  expect(ask('web.default.svc.cluster.local')).toBe('NOERROR aa\n= web.default.svc.cluster.local. 30 A 10.96.7.7')
  expect(ask('web.default.svc.cluster.local', 'AAAA')).toBe(
    'NOERROR aa\n= web.default.svc.cluster.local. 30 AAAA fd00::7',
  )
  expect(ask('_http._tcp.web.default.svc.cluster.local', 'SRV')).toBe(
    'NOERROR aa\n= _http._tcp.web.default.svc.cluster.local. 30 SRV 0 50 80 web.default.svc.cluster.local.\n+ web.default.svc.cluster.local. 30 A 10.96.7.7\n+ web.default.svc.cluster.local. 30 AAAA fd00::7',
  )
  expect(ask('_http._udp.web.default.svc.cluster.local', 'SRV')).toBe(NX)
  expect(ask('10-1-0-5.web.default.svc.cluster.local')).toBe(
    'NOERROR aa\n= 10-1-0-5.web.default.svc.cluster.local. 30 A 10.1.0.5',
  )
  expect(ask('Web.Default.SVC.CLUSTER.local', 'SRV').split('\n')[1]).toBe(
    '= Web.Default.SVC.CLUSTER.local. 30 SRV 0 25 80 web.default.svc.CLUSTER.local.',
  )
})

test('headless Services: one answer for each ready endpoint, names below', () => {
  expect(ask('db.default.svc.cluster.local')).toBe(
    'NOERROR aa\n= db.default.svc.cluster.local. 30 A 10.1.0.6\n= db.default.svc.cluster.local. 30 A 10.1.0.7',
  )
  expect(ask('db-0.db.default.svc.cluster.local')).toBe(
    'NOERROR aa\n= db-0.db.default.svc.cluster.local. 30 A 10.1.0.6',
  )
  expect(ask('db-1.db.default.svc.cluster.local')).toBe(NX)
  expect(ask('10-1-0-8.db.default.svc.cluster.local')).toBe(NX)
  expect(ask('db.default.svc.cluster.local', 'AAAA')).toBe(NODATA)
  expect(ask('empty.default.svc.cluster.local')).toBe(NX)
  expect(ask('bare.default.svc.cluster.local')).toBe('NOERROR aa\n= bare.default.svc.cluster.local. 30 A 10.1.0.9')
  expect(ask('bare.default.svc.cluster.local', 'SRV')).toBe(NODATA)
  expect(ask('fq.default.svc.cluster.local')).toBe(
    'NOERROR aa\n= fq.default.svc.cluster.local. 30 CNAME host.example.org.\n= fq.default.svc.cluster.local. 30 A 10.1.0.10',
  )
})

test('ExternalName: the CNAME, followed inside, and outside only by the table', () => {
  expect(ask('out.default.svc.cluster.local')).toBe(
    'NOERROR aa\n= out.default.svc.cluster.local. 30 CNAME www.example.com.',
  )
  expect(
    ask('out.default.svc.cluster.local', 'A', options(world, { external: { 'www.example.com': ['192.0.2.80'] } })),
  ).toBe('NOERROR aa\n= out.default.svc.cluster.local. 30 CNAME www.example.com.\n= www.example.com. 30 A 192.0.2.80')
  expect(
    ask('chain.default.svc.cluster.local')
      .split('\n')
      .slice(1)
      .map((l) => l.split(' ').slice(3).join(' ')),
  ).toEqual(['CNAME in.default.svc.cluster.local.', 'CNAME web.default.svc.cluster.local.', 'A 10.96.7.7'])
  for (const name of ['gone', 'self', 'a']) expect(ask(`${name}.default.svc.cluster.local`)).toBe(NODATA)
  expect(ask('ip.default.svc.cluster.local')).toBe(NX)
  expect(ask('_http._tcp.in.default.svc.cluster.local', 'SRV')).toBe(NX)
  expect(ask('out.default.svc.cluster.local', 'SRV')).toBe(NODATA)
})

test('NODATA where the name exists, NXDOMAIN where it does not, SERVFAIL outside', () => {
  for (const name of [
    'cluster.local',
    'svc.cluster.local',
    'pod.cluster.local',
    'default.svc.cluster.local',
    'default.pod.cluster.local',
  ])
    expect(ask(name)).toBe(NODATA)
  for (const name of [
    'nope.cluster.local',
    'nope.svc.cluster.local',
    'web.nope.svc.cluster.local',
    '*.default.svc.cluster.local',
    'a.b.c.d.default.svc.cluster.local',
    'x.default.pod.cluster.local',
    '_tcp.web.default.svc.cluster.local',
  ])
    expect(ask(name)).toBe(NX)
  for (const name of ['web', 'web.default', 'www.example.com', '1.1.1.1.in-addr.arpa'])
    expect(ask(name)).toBe('SERVFAIL')
  expect(ask('web.default.svc.cluster.local', 'ANY')).toBe(NODATA)
  expect(ask('nope.default.svc.cluster.local', 'SOA')).toBe(NODATA)
  expect(ask('web.default.svc.cluster.local', 'TXT')).toBe(NODATA)
  expect(ask('default.svc.cluster.local', 'TXT')).toBe(NX)
  expect(ask('cluster.local', 'SOA')).toBe(`NOERROR aa\n${SOA.replace('^', '=')}`)
  expect(ask('cluster.local', 'NS')).toBe(
    'NOERROR aa\n= cluster.local. 30 NS ns.dns.cluster.local.\n+ ns.dns.cluster.local. 30 A 10.96.0.10',
  )
  expect(ask('dns-version.cluster.local', 'TXT')).toBe('NOERROR aa\n= dns-version.cluster.local. 30 TXT "1.1.0"')
  expect(ask('cluster.local', 'AXFR')).toBe('REFUSED')
})

test('a server that knows nothing of the cluster; CNAMEs from zone to zone, and in a circle between them', () => {
  const outside = options(world, { domain: '', zones: [], external: { 'www.example.com': ['192.0.2.80'] } })
  expect(ask('www.example.com', 'A', outside)).toBe('NOERROR ra\n= www.example.com. 30 A 192.0.2.80')
  for (const name of ['web.default.svc.cluster.local', 'cluster.local', '7.7.96.10.in-addr.arpa'])
    expect(ask(name, 'A', outside)).toBe('SERVFAIL')
  const w: World = {
    ...world,
    services: [
      ...world.services,
      svc('x', { externalName: 'web.default.svc.corp.test', ports: [] }),
      svc('r1', { externalName: 'r2.default.svc.corp.test', ports: [] }),
      svc('r2', { externalName: 'r1.default.svc.cluster.local', ports: [] }),
    ],
  }
  const both = options(w, { zones: ['corp.test.'] })
  expect(ask('x.default.svc.cluster.local', 'A', both)).toBe(
    'NOERROR aa\n= x.default.svc.cluster.local. 30 CNAME web.default.svc.corp.test.\n= web.default.svc.corp.test. 30 A 10.96.7.7',
  )
  expect(ask('r1.default.svc.cluster.local', 'A', both)).toBe('SERVFAIL')
})

test('pod names follow the mode', () => {
  expect(ask('10-9-9-9.default.pod.cluster.local')).toBe(
    'NOERROR aa\n= 10-9-9-9.default.pod.cluster.local. 30 A 10.9.9.9',
  )
  expect(ask('10-9-9-9.nope.pod.cluster.local')).toBe(NX)
  expect(ask('10-9-9-9.default.pod.cluster.local', 'A', options(world, { lookup: { pods: 'verified' } }))).toBe(NX)
  expect(ask('10-1-0-5.default.pod.cluster.local', 'A', options(world, { lookup: { pods: 'verified' } }))).toContain(
    '10.1.0.5',
  )
  expect(ask('10-1-0-5.default.pod.cluster.local', 'A', options(world, { lookup: { pods: 'disabled' } }))).toBe(NX)
})

test('reverse names: the cluster IP, else the endpoints', () => {
  expect(ask('7.7.96.10.in-addr.arpa', 'PTR')).toBe(
    'NOERROR aa\n= 7.7.96.10.in-addr.arpa. 30 PTR web.default.svc.cluster.local.',
  )
  expect(ask('6.0.1.10.in-addr.arpa', 'PTR')).toBe(
    'NOERROR aa\n= 6.0.1.10.in-addr.arpa. 30 PTR db-0.db.default.svc.cluster.local.',
  )
  expect(ask('8.0.1.10.in-addr.arpa', 'PTR')).toBe('SERVFAIL')
  expect(ask('in-addr.arpa', 'SOA').split('\n')[1]).toBe(
    '= in-addr.arpa. 30 SOA ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. 1 7200 1800 86400 30',
  )
})

test('on the wire: FORMERR, NOTIMP, REFUSED, BADVERS', () => {
  const o = options(world)
  const back = (bytes: Uint8Array): string => {
    const r = respond(bytes, false, o)
    return r ? (RCODES[decode(r).rcode] ?? '?') : 'nothing'
  }
  expect(back(Uint8Array.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 9]))).toBe('FORMERR')
  expect(back(new Uint8Array(3))).toBe('nothing')
  expect(back(encode({ ...query('web', 1), qr: true }))).toBe('nothing')
  expect(back(encode({ ...query('web', 1), opcode: 5 }))).toBe('NOTIMP')
  expect(back(encode(query('web.default.svc.cluster.local', 1, { class: 3 })))).toBe('REFUSED')
  expect(
    back(
      encode(
        query('web.default.svc.cluster.local', 1, { edns: { version: 1, udpSize: 1232, do: false, options: [] } }),
      ),
    ),
  ).toBe('BADVERS')
  expect(back(encode({ ...query('a', 1), questions: [] }))).toBe('FORMERR')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (b) => {
      respond(b, false, o)
    }),
  )
})

const label = fc.constantFrom('web', 'db', 'a', 'x1', 'api')
const anyService = fc.record({
  namespace: fc.constantFrom('default', 'kube-system'),
  name: label,
  headless: fc.boolean(),
  external: fc.option(fc.constantFrom('www.example.com', 'web.default.svc.cluster.local', '192.0.2.1'), {
    nil: undefined,
    freq: 4,
  }),
  ip: fc.integer({ min: 1, max: 250 }),
  ports: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('', 'http', 'dns'),
      protocol: fc.constantFrom('TCP', 'UDP'),
      port: fc.integer({ min: 1, max: 65535 }),
    }),
    { maxLength: 3, selector: (p) => p.name },
  ),
})
const anyEndpoint = fc.record({
  n: fc.integer({ min: 1, max: 250 }),
  form: fc.constantFrom('4', '4', '6', 'name'),
  hostname: fc.option(fc.constantFrom('h-0', 'h-1'), { nil: undefined }),
  target: fc.option(fc.constantFrom('web-x', 'db-0', 'y'.repeat(64)), { nil: undefined }),
  ready: fc.boolean(),
})
const anyOptions = fc.record({
  lookup: fc.record({
    pods: fc.constantFrom('disabled', 'insecure', 'verified'),
    endpointPodNames: fc.boolean(),
    ignoreEmptyService: fc.boolean(),
    noEndpoints: fc.boolean(),
    namespaces: fc.constantFrom(undefined, [], ['default'], ['kube-system', 'ghost']),
  }),
  ttl: fc.constantFrom(0, 5, 30, 3600),
  zones: fc.constantFrom(['in-addr.arpa.', 'ip6.arpa.'], ['in-addr.arpa.', 'ip6.arpa.', 'corp.test.'], []),
  domain: fc.constantFrom('cluster.local', 'k8s.example'),
})
test('the zone as rows and the resolver say the same, whatever the options; every row names its object', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyService, { maxLength: 6, selector: (s) => `${s.namespace}/${s.name}` }),
      fc.array(fc.array(anyEndpoint, { maxLength: 4 }), { minLength: 6, maxLength: 6 }),
      anyOptions,
      (services, endpoints, { lookup: { namespaces, ...lookup }, ...more }) => {
        const w: World = {
          services: services.map((s) =>
            svc(s.name, {
              namespace: s.namespace,
              headless: s.headless && s.external === undefined,
              clusterIPs: s.headless || s.external !== undefined ? [] : [`10.96.0.${s.ip}`, `fd00::${s.ip}`],
              ports: s.ports,
              ...(s.external !== undefined ? { externalName: s.external } : {}),
            }),
          ),
          endpoints: {},
        }
        services.forEach((s, i) => {
          w.endpoints[`${s.namespace}/${s.name}`] = (endpoints[i] ?? []).map((e) =>
            ep(e.form === '6' ? `fd01::${e.n}` : e.form === '4' ? `10.1.0.${e.n}` : `n${e.n}.example.org`, {
              addressType: e.form === '6' ? 'IPv6' : e.form === '4' ? 'IPv4' : 'FQDN',
              ready: e.ready,
              ports: s.ports,
              ...(e.hostname ? { hostname: e.hostname } : {}),
              ...(e.target ? { target: e.target, podName: e.target } : {}),
            }),
          )
        })
        const o = options(w, { ...more, lookup: { ...lookup, ...(namespaces ? { namespaces } : {}) } })
        const rows = new Map<string, string>()
        const key = (r: ResourceRecord): string => JSON.stringify([r.name, r.type, r.ttl, r.data])
        const answers = (name: string, type: number): readonly ResourceRecord[] =>
          answer(query(name, type), o).message.answers
        for (const row of zoneRecords(o)) {
          rows.set(key(row.record), row.origin)
          // an alias among addresses is an answer to those who ask for addresses
          const types = row.record.type === 5 ? [5, 1, 28] : [row.record.type]
          expect(types.flatMap((t) => answers(row.record.name, t)).map(key)).toContain(key(row.record))
          expect(row.origin).not.toBe('')
        }
        // and nothing is answered at a Service's name, or an endpoint's, that is no row
        const names = services
          .flatMap((s, i) => {
            const at = `${s.name}.${s.namespace}.svc.${more.domain}.`
            return [
              at,
              ...s.ports.map((p) => `_${p.name}._${p.protocol.toLowerCase()}.${at}`),
              ...(endpoints[i] ?? []).flatMap((e) => [
                `${e.hostname ?? ''}.${at}`,
                `10-1-0-${e.n}.${at}`,
                `web-x.${at}`,
              ]),
            ]
          })
          .filter((n) => !n.startsWith('.') && !n.startsWith('__') && !n.startsWith('_.'))
        const isPort = (n: string): boolean => n.startsWith('_')
        for (const name of names)
          for (const type of isPort(name) ? [33] : [1, 28, 33, 5])
            for (const r of answers(name, type))
              if (
                r.name === name &&
                !(r.type === 33 && !isPort(name) && name.split('.').length > more.domain.split('.').length + 4)
              )
                expect(rows.has(key(r)) ? '' : `${key(r)} is no row`).toBe('')
      },
    ),
    { numRuns: 120 },
  )
}, 30_000)

test('the stub: search list and ndots', () => {
  const conf = parseResolvConf(
    'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
  )
  expect(conf).toEqual({
    nameservers: ['10.96.0.10'],
    search: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    ndots: 5,
  })
  expect(candidates('web', conf)).toEqual([
    'web.default.svc.cluster.local.',
    'web.svc.cluster.local.',
    'web.cluster.local.',
    'web.',
  ])
  expect(candidates('a.b.c.d.e.f', conf)[0]).toBe('a.b.c.d.e.f.')
  expect(candidates('web.', conf)).toEqual(['web.'])
  const o = options(world)
  const stub = createStub({
    resolvConf:
      'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
    hosts: '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n10.1.0.5\tweb-x\n',
    id: () => 1,
    send: (_s, _p, m, tcp) => {
      const { message } = answer(m, o)
      return { outcome: 'answer', message, size: encode(message).length, tcp }
    },
  })
  const short = (name: string, f?: 4 | 6): unknown => {
    const r = stub.resolve(name, f)
    return [r.status, r.canonical, ...r.addresses]
  }
  expect(short('web')).toEqual(['ok', 'web.default.svc.cluster.local', '10.96.7.7', 'fd00::7'])
  expect(short('web.default', 4)).toEqual(['ok', 'web.default.svc.cluster.local', '10.96.7.7'])
  expect(short('chain', 4)).toEqual(['ok', 'web.default.svc.cluster.local', '10.96.7.7'])
  expect(short('nope')).toEqual(['again', 'nope'])
  expect(short('nope.cluster.local.')).toEqual(['notfound', 'nope.cluster.local.'])
  expect(short('localhost')).toEqual(['ok', 'localhost', '127.0.0.1', '::1'])
  expect(short('web-x')).toEqual(['ok', 'web-x', '10.1.0.5'])
  expect(short('10.0.0.1')).toEqual(['ok', '10.0.0.1', '10.0.0.1'])
})

test("the plugin's options: names of pods as endpoints, namespaces served, empty Services, no endpoints, lives, zones; as CoreDNS answered with each", () => {
  const w: World = {
    ...world,
    services: [...world.services, svc('api', { namespace: 'one', clusterIPs: ['10.96.1.1'] })],
    namespaces: ['default', 'one'],
  }
  const of = (lookup: Partial<ResolverOptions['lookup']>, more: Partial<ResolverOptions> = {}): ResolverOptions =>
    options(w, { lookup: { pods: 'insecure', ...lookup }, ...more })
  const named = of({ endpointPodNames: true })
  expect(ask('db-1.db.default.svc.cluster.local', 'A', named)).toContain('A 10.1.0.7')
  expect(ask('10-1-0-7.db.default.svc.cluster.local', 'A', named)).toBe(NX)
  expect(ask('7.0.1.10.in-addr.arpa', 'PTR', named)).toContain('PTR db-1.db.default.svc.cluster.local.')
  const some = of({ namespaces: ['default'] })
  expect(ask('api.one.svc.cluster.local', 'A', some)).toBe(NX)
  expect(ask('one.svc.cluster.local', 'A', some)).toBe(NX)
  expect(ask('1.1.96.10.in-addr.arpa', 'PTR', some)).toBe('SERVFAIL')
  expect(ask('web.default.svc.cluster.local', 'A', some)).toContain('A 10.96.7.7')
  const full = of({ ignoreEmptyService: true })
  expect(ask('api.one.svc.cluster.local', 'A', full)).toBe(NX)
  expect(ask('web.default.svc.cluster.local', 'A', full)).toContain('A 10.96.7.7')
  expect(ask('out.default.svc.cluster.local', 'CNAME', full)).toContain('CNAME www.example.com.')
  expect(ask('1.1.96.10.in-addr.arpa', 'PTR', full)).toContain('PTR api.one.svc.cluster.local.')
  const none = of({ noEndpoints: true })
  expect(ask('db.default.svc.cluster.local', 'A', none)).toBe(NX)
  expect(ask('6.0.1.10.in-addr.arpa', 'PTR', none)).toBe('SERVFAIL')
  expect(ask('web.default.svc.cluster.local', 'A', none)).toContain('A 10.96.7.7')
  const off = of({ pods: 'disabled' })
  for (const n of ['1-2-3-4.default.pod', 'default.pod', 'nons.pod'])
    expect(ask(`${n}.cluster.local`, 'A', off)).toBe(NX)
  // the cache in front lets nothing live longer than 30 seconds, or shorter than 5
  for (const [ttl, lives] of [
    [60, 30],
    [3, 5],
    [0, 5],
    [12, 12],
  ] as const)
    expect(ask('web.default.svc.cluster.local', 'A', of({}, { ttl }))).toBe(
      `NOERROR aa\n= web.default.svc.cluster.local. ${lives} A 10.96.7.7`,
    )
  expect(ask('nope.default.svc.cluster.local', 'A', of({}, { ttl: 60 }))).toBe(
    'NXDOMAIN aa\n^ cluster.local. 30 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 60',
  )
  const zones = of({}, { zones: ['corp.test.', '96.10.in-addr.arpa.'] })
  expect(ask('web.default.svc.corp.test', 'A', zones)).toContain('A 10.96.7.7')
  expect(ask('nope.default.svc.corp.test', 'A', zones)).toBe(
    'NXDOMAIN aa\n^ corp.test. 30 SOA ns.dns.corp.test. hostmaster.corp.test. 1 7200 1800 86400 30',
  )
  expect(ask('7.7.96.10.in-addr.arpa', 'PTR', zones)).toContain('PTR web.default.svc.cluster.local.')
  expect(ask('5.0.1.10.in-addr.arpa', 'PTR', zones)).toBe('SERVFAIL')
})
