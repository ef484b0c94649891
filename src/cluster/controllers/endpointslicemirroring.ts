// Mirrors hand-made Endpoints of Services without a selector into EndpointSlices; behaves as
// pkg/controller/endpointslicemirroring.
import type { Endpoints, EndpointAddress, Service } from '../../apimachinery/api/core.v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import { canonicalIP, parseIP } from '../../apimachinery/ip.ts'
import { nameIsDnsSubdomain } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { MANAGED_BY, SERVICE_NAME, TRIGGER_TIME, endpointKey, portKey } from './endpointslice.ts'
import { controllerRef } from './owners.ts'

const MANAGER = 'endpointslicemirroring-controller.k8s.io'
const MAX_PER_SUBSET = 1000

function mirrored(e: Endpoints): {
  invalid: number
  skipped: number
  slices: Map<string, { family: string; ports: EndpointPort[]; endpoints: Map<string, Endpoint> }>
} {
  const slices = new Map<string, { family: string; ports: EndpointPort[]; endpoints: Map<string, Endpoint> }>()
  let invalid = 0
  let skipped = 0
  for (const subset of e.subsets ?? []) {
    const ports: EndpointPort[] = (subset.ports ?? []).map((p) => ({
      name: p.name ?? '',
      port: p.port,
      protocol: p.protocol ?? 'TCP',
      ...(p.appProtocol ? { appProtocol: p.appProtocol } : {}),
    }))
    let added = 0
    const add = (a: EndpointAddress, ready: boolean): void => {
      if (added >= MAX_PER_SUBSET) {
        skipped++
        return
      }
      const ip = parseIP(a.ip)
      if (!ip) {
        invalid++
        skipped++
        return
      }
      added++
      const family = ip.v6 ? 'IPv6' : 'IPv4'
      const id = `${family}-${portKey(ports)}`
      let g = slices.get(id)
      if (!g) {
        g = { family, ports, endpoints: new Map() }
        slices.set(id, g)
      }
      const endpoint: Endpoint = {
        addresses: [canonicalIP(a.ip)],
        conditions: { ready },
        ...(a.hostname ? { hostname: a.hostname } : {}),
        ...(a.targetRef ? { targetRef: a.targetRef } : {}),
        ...(a.nodeName ? { nodeName: a.nodeName } : {}),
      }
      g.endpoints.set(endpointKey(endpoint), endpoint)
    }
    for (const a of subset.addresses ?? []) add(a, true)
    for (const a of subset.notReadyAddresses ?? []) add(a, false)
  }
  return { invalid, skipped, slices }
}

async function reconcile(key: string, ctx: ControllerContext): Promise<void> {
  const [namespace, name] = splitKey(key)
  const existing = ctx.lister
    .list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace, { [SERVICE_NAME]: name })
    .filter((s) => s.metadata.labels?.[MANAGED_BY] === MANAGER && !s.metadata.deletionTimestamp)
  const e = ctx.lister.get<Endpoints>('endpoints', namespace, name)
  const service = ctx.lister.get<Service>('services', namespace, name)
  const wanted =
    e &&
    service &&
    !service.spec?.selector &&
    e.metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] !== 'true' &&
    !e.metadata.annotations?.['control-plane.alpha.kubernetes.io/leader']
  if (!wanted) {
    for (const s of existing)
      await ctx.client.delete('discovery.k8s.io/v1/endpointslices', namespace, s.metadata.name ?? '')
    return
  }
  const { invalid, skipped, slices } = mirrored(e)
  if (invalid > 0)
    await ctx.event(
      e,
      'Warning',
      'InvalidIPAddress',
      `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`,
    )
  if (skipped > invalid)
    await ctx.event(
      e,
      'Warning',
      'TooManyAddressesToMirror',
      `A max of ${MAX_PER_SUBSET} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`,
    )

  const labels = { ...e.metadata.labels, [SERVICE_NAME]: name, [MANAGED_BY]: MANAGER }
  const annotations = Object.fromEntries(
    Object.entries(e.metadata.annotations ?? {}).filter(
      ([k]) => k !== TRIGGER_TIME && k !== 'kubectl.kubernetes.io/last-applied-configuration',
    ),
  )
  const prefix = `${name}-`
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  const remove: EndpointSlice[] = []
  const byKey = new Map<string, EndpointSlice[]>()
  for (const s of existing) {
    const id = `${s.addressType}-${portKey(s.ports)}`
    const l = byKey.get(id)
    if (l) l.push(s)
    else byKey.set(id, [s])
  }
  for (const [id, g] of slices) {
    const [first, ...more] = byKey.get(id) ?? []
    remove.push(...more)
    const made: EndpointSlice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        generateName: nameIsDnsSubdomain(prefix, true).length ? name : prefix,
        namespace,
        labels,
        annotations,
        ownerReferences: [controllerRef(e)],
      },
      addressType: g.family,
      endpoints: [...g.endpoints.values()],
      ports: g.ports,
    }
    if (!first) {
      create.push(made)
      continue
    }
    const old = new Map((first.endpoints ?? []).map((x) => [endpointKey(x), x]))
    const same =
      old.size === g.endpoints.size &&
      [...g.endpoints].every(([k, x]) => equal(old.get(k), x)) &&
      equal(first.metadata.labels ?? {}, labels) &&
      equal(first.metadata.annotations ?? {}, annotations) &&
      first.metadata.ownerReferences?.[0]?.uid === e.metadata.uid
    if (!same)
      update.push({
        ...made,
        metadata: { ...first.metadata, labels, annotations, ownerReferences: [controllerRef(e)] },
      })
  }
  for (const [id, list] of byKey) if (!slices.has(id)) remove.push(...list)
  // a slice that would go is rewritten instead of creating another
  for (const s of [...remove]) {
    const i = create.findIndex((c) => c.addressType === s.addressType)
    const next = create[i]
    if (!next) continue
    create.splice(i, 1)
    remove.splice(remove.indexOf(s), 1)
    update.push({ ...next, metadata: { ...s.metadata, labels, annotations, ownerReferences: [controllerRef(e)] } })
  }
  if (!e.metadata.deletionTimestamp)
    for (const s of create) await ctx.client.create('discovery.k8s.io/v1/endpointslices', namespace, s)
  for (const s of update) await ctx.client.update('discovery.k8s.io/v1/endpointslices', namespace, s)
  for (const s of remove)
    await ctx.client.delete('discovery.k8s.io/v1/endpointslices', namespace, s.metadata.name ?? '')
}

export const endpointSliceMirroringController: Controller = {
  name: 'endpoint-slice-mirroring-controller',
  sources: [
    { resource: 'services', keys: (o) => [keyOf(o)] },
    { resource: 'endpoints', keys: (o) => [keyOf(o)] },
    {
      resource: 'endpointslices.discovery.k8s.io',
      keys: (o) => {
        const s = o.metadata.labels?.[SERVICE_NAME]
        return s && o.metadata.labels?.[MANAGED_BY] === MANAGER ? [`${o.metadata.namespace}/${s}`] : []
      },
    },
  ],
  reconcile,
}
