// What a Service is given: IP families, ClusterIPs (with their IPAddress objects), node ports, the health check port;
// as pkg/registry/core/service/storage/{storage,alloc}.go
// and the ipallocator and portallocator packages: the lower band of each range is left for those who ask for a value
// themselves.
import type { Service } from '../apimachinery/api/core.v1.ts'
import type { ServiceCIDR } from '../apimachinery/api/networking.v1.ts'
import { invalid as invalidField } from '../apimachinery/field.ts'
import type { FieldError } from '../apimachinery/field.ts'
import { goStrings } from '../apimachinery/gostring.ts'
import { cidrAt, cidrContains, cidrIndex, cidrSize, formatIP, isIPv6, parseCIDR, parseIP } from '../apimachinery/ip.ts'
import type { CIDR, IP } from '../apimachinery/ip.ts'
import { equal, isObject } from '../apimachinery/object.ts'
import type { Draft, KubeObject } from '../apimachinery/object.ts'
import { StatusError, internalError, invalid } from '../apimachinery/status.ts'
import { needsHealthCheck } from '../kinds/core/servicetype.ts'
import { validateClusterIPFields } from '../kinds/core/servicevalidation.ts'
import type { Api, Context } from './api.ts'

const ADDRESSES = 'ipaddresses.networking.k8s.io'
type Spec = Draft<NonNullable<Service['spec']>>
type Svc = Draft<Service> & { spec: Spec }
type Family = 'IPv4' | 'IPv6'

interface Pool {
  readonly family: Family
  readonly cidr: CIDR
  readonly text: string
  readonly first: bigint
  readonly count: number
  readonly band: number
}

/** How many values at the start of a range are kept for those who choose: min(max(16, size/step), max). */
function band(size: number, step: number, max: number): number {
  return size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / step)), max)
}

function poolOf(text: string): readonly Pool[] {
  const cidr = parseCIDR(text)
  if (!cidr) return []
  const v6 = cidr.base.v6
  const whole = cidrSize(cidr)
  const size = v6 && whole > 65536n ? 65536 : Number(whole)
  // neither the network's address nor, in IPv4, the broadcast address is given out
  return [
    {
      family: v6 ? 'IPv6' : 'IPv4',
      cidr,
      text,
      first: 1n,
      count: Math.max(0, size - (v6 ? 1 : 2)),
      band: band(size, 16, 256),
    },
  ]
}

/** The ranges the server was started with: they say which families there are. */
const pools = (api: Api): readonly Pool[] => api.part('service-pools', () => api.options.serviceCIDRs.flatMap(poolOf))

/**
 * The ranges of a family that addresses are given from: the server's own, then those of ServiceCIDR objects that are
 * ready and stay.
 */
function poolsOf(api: Api, family: string): readonly Pool[] {
  const own = pools(api)
  const added = api.store.list('servicecidrs.networking.k8s.io').flatMap((object) => {
    const { metadata, spec, status } = object as ServiceCIDR
    const ready = status?.conditions?.find((c) => c.type === 'Ready')?.status !== 'False'
    return ready && !metadata.deletionTimestamp ? (spec?.cidrs ?? []) : []
  })
  const more = [...new Set(added)].filter((text) => !own.some((p) => p.text === text))
  return [...own, ...more.flatMap(poolOf)].filter((p) => p.family === family)
}

const refuse = (svc: Svc, errors: readonly FieldError[]): StatusError =>
  invalid({ group: '', kind: 'Service' }, svc.metadata.name ?? '', errors)
const isHeadless = (spec: Spec): boolean => spec.clusterIP === 'None'
const familyOf = (ip: string): Family => (isIPv6(ip) ? 'IPv6' : 'IPv4')
const other = (f: string): Family => (f === 'IPv4' ? 'IPv6' : 'IPv4')
const same = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean => equal(a ?? [], b ?? [])

/** What was taken and can be given back. */
class Transaction {
  readonly #undo: (() => void)[] = []
  taken(undo: () => void): void {
    this.#undo.push(undo)
  }
  revert = (): void => {
    for (const u of this.#undo.splice(0)) u()
  }
}

function specOf(object: Draft<KubeObject>): Svc {
  const svc = object as Svc
  svc.spec ??= {}
  return svc
}

/** clusterIP and clusterIPs say the same thing; a client may know only the first. */
function normalizeClusterIPs(spec: Spec, old?: Service['spec']): void {
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
    return
  }
  const was = old.clusterIP ?? ''
  const is = spec.clusterIP ?? ''
  if (old.clusterIPs?.length && !spec.clusterIPs?.length && was === is) spec.clusterIPs = [...old.clusterIPs]
  if (was === is) return
  if (was && !is) {
    if (same(old.clusterIPs, spec.clusterIPs)) delete spec.clusterIPs
  } else if (same(old.clusterIPs, spec.clusterIPs)) spec.clusterIPs = [is]
}

const needsNodePort = (spec: Service['spec']): boolean =>
  spec?.type === 'NodePort' || (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
const needsHealthPort = (spec: Service['spec']): boolean =>
  spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'

/** Values that were allocated before and that the client did not repeat. */
function patchAllocatedValues(spec: Spec, old: NonNullable<Service['spec']>): void {
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP
    if (!spec.clusterIPs?.length && old.clusterIPs?.length) spec.clusterIPs = [...old.clusterIPs]
  }
  if (needsNodePort(old) && needsNodePort(spec)) {
    const used = (s: Service['spec']): Set<number> =>
      new Set((s?.ports ?? []).flatMap((p) => (p.nodePort ? [p.nodePort] : [])))
    const mine = used(spec)
    const both = new Set([...used(old)].filter((p) => mine.has(p)))
    const byName = new Map((old.ports ?? []).map((p) => [p.name ?? '', p.nodePort ?? 0]))
    for (const p of spec.ports ?? [])
      if (!p.nodePort) {
        const v = byName.get(p.name ?? '') ?? 0
        if (v && !both.has(v)) p.nodePort = v
      }
  }
  if (needsHealthPort(old) && needsHealthPort(spec) && !spec.healthCheckNodePort && old.healthCheckNodePort)
    spec.healthCheckNodePort = old.healthCheckNodePort
}

const addressed = (spec: Service['spec']): boolean =>
  spec?.type === 'ClusterIP' || spec?.type === 'NodePort' || spec?.type === 'LoadBalancer'

/** A PreferDualStack Service that did not change keeps what it has, whatever the cluster has become. */
function unchangedPreferDual(spec: Spec, old: Service['spec']): boolean {
  return (
    old !== undefined &&
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    (old.ipFamilyPolicy === undefined || old.ipFamilyPolicy === 'PreferDualStack') &&
    old.type === spec.type &&
    addressed(spec) &&
    same(old.clusterIPs, spec.clusterIPs) &&
    same(old.ipFamilies, spec.ipFamilies)
  )
}

function initFamilies(api: Api, svc: Svc, before?: Service): void {
  const { spec } = svc
  const old = before?.spec
  if (spec.type === 'ExternalName' || unchangedPreferDual(spec, old)) return
  const available = pools(api)
  const has = (f: string): boolean => available.some((p) => p.family === f)
  const primary = available[0]?.family ?? 'IPv4'
  const selectorless = Object.keys(spec.selector ?? {}).length === 0
  if (!spec.ipFamilyPolicy)
    spec.ipFamilyPolicy = old?.ipFamilyPolicy ?? (isHeadless(spec) && selectorless ? 'RequireDualStack' : 'SingleStack')
  const related = validateClusterIPFields(svc, before)
  if (related.length > 0) throw refuse(svc, related)
  const errors: FieldError[] = []
  const policy = (why: string): FieldError => invalidField('spec.ipFamilyPolicy', spec.ipFamilyPolicy, why)
  if (old) {
    if (spec.ipFamilyPolicy === 'SingleStack') {
      if (same(old.clusterIPs, spec.clusterIPs) && (spec.clusterIPs?.length ?? 0) > 1)
        spec.clusterIPs = spec.clusterIPs?.slice(0, 1) ?? []
      if (same(old.ipFamilies, spec.ipFamilies) && (spec.ipFamilies?.length ?? 0) > 1)
        spec.ipFamilies = spec.ipFamilies?.slice(0, 1) ?? []
    } else {
      const fewer = (now: readonly string[] | undefined, then: readonly string[] | undefined): boolean =>
        (now?.length ?? 0) > 0 && (now?.length ?? 0) < (then?.length ?? 0)
      if (fewer(spec.clusterIPs, old.clusterIPs))
        errors.push(policy("must be 'SingleStack' to release the secondary cluster IP"))
      if (fewer(spec.ipFamilies, old.ipFamilies))
        errors.push(policy("must be 'SingleStack' to release the secondary IP family"))
    }
  }
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (spec.clusterIPs?.length === 2)
      errors.push(policy("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified"))
    if (spec.ipFamilies?.length === 2)
      errors.push(policy("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"))
  }
  for (const [i, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === 'None') break
    if (i < (spec.ipFamilies?.length ?? 0)) continue
    const family = familyOf(ip)
    if (!has(family))
      errors.push(
        invalidField(
          `spec.clusterIPs[${i}]`,
          goStrings(spec.clusterIPs),
          `${family} is not configured on this cluster`,
        ),
      )
    else (spec.ipFamilies ??= []).push(family)
  }
  if (errors.length > 0) throw refuse(svc, errors)
  if (isHeadless(spec) && selectorless) {
    if (!spec.ipFamilies?.length) spec.ipFamilies = [primary]
    if (spec.ipFamilies.length < 2 && spec.ipFamilyPolicy !== 'SingleStack')
      spec.ipFamilies.push(other(spec.ipFamilies[0] ?? primary))
    return
  }
  if (spec.ipFamilyPolicy === 'RequireDualStack' && available.length < 2)
    errors.push(policy('this cluster is not configured for dual-stack services'))
  for (const [i, f] of (spec.ipFamilies ?? []).entries())
    if (!has(f)) errors.push(invalidField(`spec.ipFamilies[${i}]`, f, 'not configured on this cluster'))
  if (errors.length > 0) throw refuse(svc, errors)
  if (!spec.ipFamilies?.length) spec.ipFamilies = [primary]
  if (spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length === 1 && available.length === 2)
    spec.ipFamilies.push(other(spec.ipFamilies[0] ?? primary))
}

/**
 * Notes an address as taken: its IPAddress object. Throws what the API says of an object that cannot be (a Service
 * without a name).
 */
async function claim(api: Api, svc: Svc, ip: string, txn: Transaction): Promise<void> {
  const response = await api.loopback({
    method: 'POST',
    path: '/apis/networking.k8s.io/v1/ipaddresses',
    headers: { 'user-agent': 'kube-apiserver' },
    body: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: ip,
        labels: {
          'ipaddress.kubernetes.io/ip-family': familyOf(ip),
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: {
        parentRef: {
          group: '',
          resource: 'services',
          namespace: svc.metadata.namespace ?? '',
          name: svc.metadata.name ?? '',
        },
      },
    },
  })
  if (response.status >= 400) {
    const body = isObject(response.body) ? response.body : {}
    throw new Error(body.reason === 'AlreadyExists' ? 'provided IP is already allocated' : String(body.message))
  }
  txn.taken(() => giveBack(api, ip))
}

function giveBack(api: Api, ip: string): void {
  const address = parseIP(ip)
  const name = address ? formatIP(address) : ip
  if (api.store.get(ADDRESSES, '', name)) api.store.delete(ADDRESSES, '', name)
}

const taken = (api: Api, ip: string): boolean => api.store.get(ADDRESSES, '', ip) !== undefined

/** A free address of a pool: a random one of the upper band, else of the lower. */
function nextFree(api: Api, pool: Pool): string | undefined {
  const search = (from: number, count: number): string | undefined => {
    if (count <= 0) return undefined
    const start = api.entropy.int(count)
    for (let i = 0; i < count; i++) {
      const ip = formatIP(cidrAt(pool.cidr, pool.first + BigInt(from + ((start + i) % count))))
      if (!taken(api, ip)) return ip
    }
    return undefined
  }
  return search(pool.band, pool.count - pool.band) ?? search(0, Math.min(pool.band, pool.count))
}

/**
 * Whether an address is one of a range: neither the range's own, nor an IPv4 range's broadcast address
 * (servicecidr.PrefixContainsIP).
 */
const holds = (p: Pool, ip: IP): boolean =>
  cidrContains(p.cidr, ip) &&
  cidrIndex(p.cidr, ip) >= p.first &&
  (p.family === 'IPv6' || cidrIndex(p.cidr, ip) - p.first < BigInt(p.count))

/** Takes one address: the one asked for, or any when `asked` is empty. */
async function allocateIP(
  api: Api,
  svc: Svc,
  family: string,
  asked: string,
  dryRun: boolean,
  txn: Transaction,
): Promise<string> {
  const ranges = poolsOf(api, family)
  const first = ranges[0]
  if (asked === '') {
    // a dry run shows the range's own address: nothing is looked for
    if (first && dryRun) return formatIP(first.cidr.base)
    let ip: string | undefined
    for (const range of ranges) if ((ip = nextFree(api, range))) break
    if (!ip) throw internalError('failed to allocate a serviceIP: range is full')
    try {
      await claim(api, svc, ip, txn)
    } catch (e) {
      throw internalError(`failed to allocate a serviceIP: ${(e as Error).message}`)
    }
    return ip
  }
  const fail = (why: string): StatusError =>
    refuse(svc, [
      invalidField('spec.clusterIPs', goStrings(svc.spec.clusterIPs), `failed to allocate IP ${asked}: ${why}`),
    ])
  const ip = parseIP(asked)
  if (!ip) throw internalError(`failed to parse service IP ${JSON.stringify(asked)}`)
  const outside = (p: Pool): string =>
    `the provided IP (${formatIP(ip)}) is not in the valid range. The range of valid IPs is ${p.text}`
  // a dry run asks the first range alone, and not whether the address is free
  if (dryRun && first) {
    if (!holds(first, ip)) throw fail(outside(first))
    return asked
  }
  const pool = ranges.find((p) => holds(p, ip))
  if (!pool) throw fail('the provided network does not match the current range')
  if (cidrIndex(pool.cidr, ip) - pool.first >= BigInt(pool.count)) throw fail(outside(pool))
  if (taken(api, formatIP(ip))) throw fail('provided IP is already allocated')
  try {
    await claim(api, svc, formatIP(ip), txn)
  } catch (e) {
    throw fail((e as Error).message)
  }
  return asked
}

async function allocateIPs(api: Api, svc: Svc, dryRun: boolean, txn: Transaction): Promise<void> {
  const { spec } = svc
  if (spec.type === 'ExternalName' || spec.clusterIPs?.[0] === 'None') return
  const ips = (spec.clusterIPs ??= [])
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    ips[i] = await allocateIP(api, svc, family, ips[i] ?? '', dryRun, txn)
    if (i === 0) spec.clusterIP = ips[0] ?? ''
  }
}

/** Node ports during one request: those of all Services, and what this request takes. */
class NodePorts {
  readonly #api: Api
  readonly #dryRun: boolean
  readonly #from: number
  readonly #to: number
  #used: Set<number> | undefined
  readonly #mine: number[] = []
  constructor(api: Api, dryRun: boolean) {
    this.#api = api
    this.#dryRun = dryRun
    const [from = 30000, to = 32767] = (api.options.nodePortRange ?? '30000-32767').split('-').map(Number)
    this.#from = from
    this.#to = to
  }

  get #taken(): Set<number> {
    if (!this.#used) {
      this.#used = new Set()
      for (const o of this.#api.store.list('services')) {
        const { spec } = o as Service
        for (const p of spec?.ports ?? []) if (p.nodePort) this.#used.add(p.nodePort)
        if (spec?.healthCheckNodePort) this.#used.add(spec.healthCheckNodePort)
      }
    }
    return this.#used
  }

  /** Takes a port; the text of what is wrong, or nothing. */
  allocate(port: number): string | undefined {
    if (this.#dryRun) {
      if (this.#mine.includes(port) || this.#taken.has(port)) return 'provided port is already allocated'
      this.#mine.push(port)
      return undefined
    }
    if (port < this.#from || port > this.#to)
      return `provided port is not in the valid range. The range of valid ports is ${this.#from}-${this.#to}`
    if (this.#taken.has(port)) return 'provided port is already allocated'
    this.#taken.add(port)
    return undefined
  }

  next(): number {
    if (this.#dryRun) {
      // a number that cannot be mistaken for a real one
      const port = (this.#mine.length ? Math.max(...this.#mine) : 32768) + 1
      this.#mine.push(port)
      return port
    }
    const size = this.#to - this.#from + 1
    const low = band(size, 32, 128)
    const search = (from: number, count: number): number | undefined => {
      if (count <= 0) return undefined
      const start = this.#api.entropy.int(count)
      for (let i = 0; i < count; i++) {
        const p = from + ((start + i) % count)
        if (!this.#taken.has(p)) return p
      }
      return undefined
    }
    const port = search(this.#from + low, size - low) ?? search(this.#from, low)
    if (port === undefined) throw internalError('failed to allocate a nodePort: range is full')
    this.#taken.add(port)
    return port
  }
}

const allocatesNodePorts = (spec: Spec): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

function initNodePorts(svc: Svc, ports: NodePorts): void {
  const given = new Map<number, number>()
  const list = svc.spec.ports ?? []
  for (const [i, p] of list.entries()) {
    if (!p.nodePort && !allocatesNodePorts(svc.spec)) continue
    const port = p.port ?? 0
    const already = given.get(port)
    const take = (n: number): void => {
      const why = ports.allocate(n)
      if (why) throw refuse(svc, [invalidField(`spec.ports[${i}].nodePort`, n, why)])
    }
    if (already === undefined) {
      // the same port in another protocol may have named one
      const wanted = list.find((x) => x.port === p.port && x.nodePort)?.nodePort ?? 0
      if (wanted) take(wanted)
      p.nodePort = wanted || ports.next()
      given.set(port, p.nodePort)
    } else if (!p.nodePort) p.nodePort = already
    else if (p.nodePort !== already) take(p.nodePort)
  }
}

function updateNodePorts(svc: Svc, old: NonNullable<Service['spec']>, ports: NodePorts): void {
  const before = new Set((old.ports ?? []).flatMap((p) => (p.nodePort ? [p.nodePort] : [])))
  const mine = new Set<number>()
  const seen = new Set<string>()
  for (const [i, p] of (svc.spec.ports ?? []).entries()) {
    if (!p.nodePort && !allocatesNodePorts(svc.spec)) continue
    if (p.nodePort) {
      if (!before.has(p.nodePort) && !mine.has(p.nodePort)) {
        const why = ports.allocate(p.nodePort)
        if (why) throw refuse(svc, [invalidField(`spec.ports[${i}].nodePort`, p.nodePort, why)])
        mine.add(p.nodePort)
      }
    } else p.nodePort = ports.next()
    const id = `${p.protocol}/${p.nodePort}`
    if (seen.has(id)) throw new StatusError(500, '', `duplicate nodePort: {${p.protocol} ${p.nodePort}}`)
    seen.add(id)
  }
}

function healthPort(svc: Svc, ports: NodePorts): void {
  const { spec } = svc
  if (spec.healthCheckNodePort) {
    const why = ports.allocate(spec.healthCheckNodePort)
    if (why)
      throw internalError(`failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: ${why}`)
  } else spec.healthCheckNodePort = ports.next()
}

/** Gives a new Service what it needs; the returned function takes it back. */
export async function allocateForCreate(ctx: Context, object: Draft<KubeObject>, dryRun: boolean): Promise<() => void> {
  const svc = specOf(object)
  const txn = new Transaction()
  normalizeClusterIPs(svc.spec)
  try {
    initFamilies(ctx.api, svc)
    await allocateIPs(ctx.api, svc, dryRun, txn)
    const ports = new NodePorts(ctx.api, dryRun)
    if (svc.spec.type === 'NodePort' || svc.spec.type === 'LoadBalancer') initNodePorts(svc, ports)
    if (needsHealthCheck(svc.spec)) healthPort(svc, ports)
  } catch (e) {
    txn.revert()
    throw e
  }
  return txn.revert
}

/**
 * What an update needs and no longer needs. Addresses that are given up go at once: an update that fails afterwards
 * takes them again.
 */
export async function allocateForUpdate(
  ctx: Context,
  object: Draft<KubeObject>,
  existing: KubeObject,
  dryRun: boolean,
): Promise<() => void> {
  const svc = specOf(object)
  const { spec } = svc
  const { api } = ctx
  const before = existing as Service
  const old = before.spec ?? {}
  const txn = new Transaction()
  patchAllocatedValues(spec, old)
  normalizeClusterIPs(spec, old)
  try {
    initFamilies(api, svc, before)
    if (!unchangedPreferDual(spec, old)) await updateIPs(api, svc, old, dryRun, txn)
    const ports = new NodePorts(api, dryRun)
    if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') updateNodePorts(svc, old, ports)
    if (!needsHealthCheck(old) && needsHealthCheck(spec)) healthPort(svc, ports)
  } catch (e) {
    txn.revert()
    throw e
  }
  return txn.revert
}

async function updateIPs(
  api: Api,
  svc: Svc,
  old: NonNullable<Service['spec']>,
  dryRun: boolean,
  txn: Transaction,
): Promise<void> {
  const { spec } = svc
  if (old.type === 'ExternalName' && spec.type !== 'ExternalName') return allocateIPs(api, svc, dryRun, txn)
  if (old.clusterIPs?.[0] === 'None') return
  const free = (ips: readonly string[]): void => {
    if (dryRun) return
    for (const ip of ips) {
      const held = api.store.get(ADDRESSES, '', ip)
      giveBack(api, ip)
      if (held)
        txn.taken(() => {
          if (!taken(api, ip)) api.store.create(ADDRESSES, held)
        })
    }
  }
  if (old.type !== 'ExternalName' && spec.type === 'ExternalName') return free(old.clusterIPs ?? [])
  const was = old.ipFamilies?.length ?? 0
  const is = spec.ipFamilies?.length ?? 0
  if (was === 1 && is === 2) {
    const ips = (spec.clusterIPs ??= [])
    ips[1] = await allocateIP(api, svc, spec.ipFamilies?.[1] ?? '', ips[1] ?? '', dryRun, txn)
  } else if (was === 2 && is === 1) free((old.clusterIPs ?? []).slice(1))
}

/** A deleted Service's addresses are free again, and its Endpoints go with it. */
export function releaseAll(api: Api, object: KubeObject): void {
  const svc = object as Service
  if (svc.spec?.type !== 'ExternalName')
    for (const ip of svc.spec?.clusterIPs ?? []) if (ip !== 'None') giveBack(api, ip)
  const { namespace = '', name = '' } = svc.metadata
  if (api.store.get('endpoints', namespace, name)) api.store.delete('endpoints', namespace, name)
}
