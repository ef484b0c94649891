// An EndpointSlice. Behaves as pkg/registry/discovery/endpointslice; printed as printers/internalversion does;
// described as kubectl's describer.
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, invalid, notSupported, required, tooMany } from '../../apimachinery/field.ts'
import { isIPv6, validateIP, warningsForIP } from '../../apimachinery/ip.ts'
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { validateLabels } from '../../apimachinery/validation-meta.ts'
import { age, column, name } from '../columns.ts'
import { firstOf } from '../core/endpointtext.ts'
import { events, header } from '../describe.ts'
import { endpointIP, legacyIP } from '../ipfields.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'

const HOSTNAME = 'kubernetes.io/hostname'

function defaults(slice: Draft<EndpointSlice>): void {
  for (const p of slice.ports ?? []) {
    p.name ??= ''
    p.protocol ??= 'TCP'
  }
}

/** Fields of switched-off features go, and so does the old topology map (a node name in it is kept). */
function drop(slice: Draft<EndpointSlice>, old?: EndpointSlice): void {
  const nodeHints = old?.endpoints?.some((e) => e.hints?.forNodes) ?? false
  for (const e of slice.endpoints ?? []) if (e.hints && !nodeHints) delete e.hints.forNodes
  if (old && equal(old.endpoints ?? [], slice.endpoints ?? [])) return
  const known = new Set(old?.endpoints?.map((e) => e.deprecatedTopology?.[HOSTNAME]))
  for (const e of slice.endpoints ?? []) {
    const node = e.deprecatedTopology?.[HOSTNAME]
    if (e.nodeName === undefined && node && known.has(node) && dns1123Subdomain(node).length === 0) e.nodeName = node
    delete e.deprecatedTopology
  }
}

const each = (path: string, value: unknown, texts: readonly string[]): FieldError[] =>
  texts.map((t) => invalid(path, value, t))

function validatePorts(ports: readonly EndpointPort[]): FieldError[] {
  if (ports.length > 20000) return [tooMany('ports', ports.length, 20000)]
  const names = new Set<string>()
  return ports.flatMap((p, i) => {
    const path = `ports[${i}]`
    const portName = p.name ?? ''
    const errors = portName ? each(`${path}.name`, portName, dns1123Label(portName)) : []
    if (names.has(portName)) errors.push(duplicate(`${path}.name`, portName))
    names.add(portName)
    if (p.protocol === undefined) errors.push(required(`${path}.protocol`))
    else if (!['TCP', 'UDP', 'SCTP'].includes(p.protocol))
      errors.push(notSupported(`${path}.protocol`, p.protocol, ['SCTP', 'TCP', 'UDP']))
    if (p.appProtocol !== undefined)
      errors.push(...each(`${path}.appProtocol`, p.appProtocol, qualifiedName(p.appProtocol)))
    return errors
  })
}

/** IsFullyQualifiedDomainName. */
function fullyQualifiedName(path: string, value: string): FieldError[] {
  if (!value) return [required(path)]
  const domain = value.replace(/\.$/, '')
  const wrong = dns1123Subdomain(domain)
  if (wrong.length) return [invalid(path, domain, wrong.join(','))]
  const labels = domain.split('.')
  if (labels.length < 2)
    return [invalid(path, domain, 'should be a domain with at least two segments separated by dots')]
  const bad = labels.find((l) => dns1123Label(l).length)
  return bad === undefined ? [] : [invalid(path, bad, dns1123Label(bad).join(','))]
}

function validateAddress(address: string, type: string, path: string, i: number): FieldError[] {
  const at = `${path}[${i}]`
  if (type === 'FQDN') return fullyQualifiedName(at, address)
  if (type !== 'IPv4' && type !== 'IPv6') return []
  const wrong = type === 'IPv4' ? legacyIP(at, address) : validateIP(at, address)
  if (wrong.length) return wrong
  const fits = isIPv6(address) === (type === 'IPv6')
  return [...(fits ? [] : [invalid(path, address, `must be an ${type} address`)]), ...endpointIP(at, address)]
}

function validateHints(hints: EndpointHints, path: string): FieldError[] {
  const list = (
    items: readonly { readonly name: string }[],
    at: string,
    rule: (name: string) => string[],
  ): FieldError[] => {
    if (items.length > 8) return [tooMany(at, items.length, 8)]
    return items.flatMap(({ name: n }, i) => [
      ...(items.findIndex((o) => o.name === n) < i ? [duplicate(`${at}[${i}].name`, n)] : []),
      ...each(`${at}[${i}].name`, n, rule(n)),
    ])
  }
  const zones = list(hints.forZones ?? [], `${path}.forZones`, labelValue)
  return (hints.forZones?.length ?? 0) > 8
    ? zones
    : [...zones, ...list(hints.forNodes ?? [], `${path}.forNodes`, dns1123Subdomain)]
}

function validateEndpoint(e: Endpoint, type: string, path: string): FieldError[] {
  const addresses = e.addresses ?? []
  const at = `${path}.addresses`
  const errors: FieldError[] = []
  if (addresses.length === 0) errors.push(required(at, 'must contain at least 1 address'))
  else if (addresses.length > 100) errors.push(tooMany(at, addresses.length, 100))
  addresses.forEach((a, i) => errors.push(...validateAddress(a, type, at, i)))
  if (e.nodeName !== undefined) errors.push(...each(`${path}.nodeName`, e.nodeName, dns1123Subdomain(e.nodeName)))
  if (e.deprecatedTopology) errors.push(...validateLabels(e.deprecatedTopology, `${path}.deprecatedTopology`))
  if (e.hostname !== undefined) errors.push(...each(`${path}.hostname`, e.hostname, dns1123Label(e.hostname)))
  if (e.hints) errors.push(...validateHints(e.hints, `${path}.hints`))
  return errors
}

function validate(slice: EndpointSlice, old?: EndpointSlice): FieldError[] {
  const errors: FieldError[] = []
  const type = slice.addressType ?? ''
  if (!type) errors.push(required('addressType'))
  else if (!['IPv4', 'IPv6', 'FQDN'].includes(type))
    errors.push(notSupported('addressType', type, ['FQDN', 'IPv4', 'IPv6']))
  errors.push(...validatePorts(slice.ports ?? []))
  const list = slice.endpoints ?? []
  const wrong =
    list.length > 1000
      ? [tooMany('endpoints', list.length, 1000)]
      : list.flatMap((e, i) => validateEndpoint(e, type, `endpoints[${i}]`))
  if (wrong.length && !(old && equal(old.endpoints ?? [], list))) errors.push(...wrong)
  return errors
}

function warnings(slice: EndpointSlice, old: EndpointSlice | undefined): string[] {
  const managed = slice.metadata.labels?.['endpointslice.kubernetes.io/managed-by']
  const texts = old || slice.addressType !== 'FQDN' ? [] : ['spec.addressType: FQDN endpoints are deprecated']
  if (managed === 'endpointslice-controller.k8s.io' || managed === 'endpointslicemirroring-controller.k8s.io')
    return texts
  return [
    ...texts,
    ...(slice.endpoints ?? []).flatMap((e, i) =>
      (e.addresses ?? []).flatMap((a, j) => warningsForIP(`endpoints[${i}].addresses[${j}]`, a)),
    ),
  ]
}

const portCell = (s: EndpointSlice): string =>
  firstOf((s.ports ?? []).map((p) => (p.port !== undefined ? String(p.port) : (p.name ?? '*')))) || '<unset>'
const addressCell = (s: EndpointSlice): string =>
  firstOf((s.endpoints ?? []).flatMap((e) => e.addresses ?? [])) || '<unset>'

async function describe(slice: EndpointSlice, out: Lines, ctx: DescribeContext): Promise<void> {
  header(out, slice)
  out.write(0, `AddressType:\t${slice.addressType}\n`)
  if (!slice.ports?.length) out.write(0, 'Ports: <unset>\n')
  else {
    out.write(0, 'Ports:\n')
    out.write(1, 'Name\tPort\tProtocol\n')
    out.write(1, '----\t----\t--------\n')
    for (const p of slice.ports) out.write(1, `${p.name || '<unset>'}\t${p.port ?? '<unset>'}\t${p.protocol ?? ''}\n`)
  }
  out.write(0, slice.endpoints?.length ? 'Endpoints:\n' : 'Endpoints: <none>\n')
  for (const e of slice.endpoints ?? []) {
    out.write(1, `- Addresses:\t${(e.addresses ?? []).join(', ') || '<none>'}\n`)
    out.write(2, 'Conditions:\n')
    out.write(3, `Ready:\t${e.conditions?.ready ?? '<unset>'}\n`)
    out.write(2, `Hostname:\t${e.hostname ?? '<unset>'}\n`)
    if (e.targetRef) out.write(2, `TargetRef:\t${e.targetRef.kind ?? ''}/${e.targetRef.name ?? ''}\n`)
    out.write(2, `NodeName:\t${e.nodeName ?? '<unset>'}\n`)
    out.write(2, `Zone:\t${e.zone ?? '<unset>'}\n`)
  }
  await events(out, slice, ctx)
}

export const endpointSlice = defineKind<EndpointSlice>({
  gvk: 'discovery.k8s.io/v1/EndpointSlice',
  strategy: {
    defaults,
    prepareForCreate: (s) => drop(s),
    prepareForUpdate: (s, old) => drop(s, old),
    validate: (s) => validate(s),
    validateUpdate: (next, old) => [
      ...validate(next, old),
      ...(next.addressType === old.addressType ? [] : [invalid('addressType', next.addressType, 'field is immutable')]),
    ],
    warnings,
    generation: (next, old) =>
      !equal({ ...next, metadata: null }, { ...old, metadata: null }) ||
      !equal(next.metadata.labels ?? {}, old.metadata.labels ?? {}),
  },
  columns: [
    name(),
    column('AddressType', (s) => s.addressType),
    column('Ports', portCell),
    column('Endpoints', addressCell),
    age(),
  ],
  describe,
})
