// Endpoints. Behaves as pkg/registry/core/endpoint; printed as printers/internalversion does; described as kubectl's
// describer.
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, notSupported, required } from '../../apimachinery/field.ts'
import { warningsForIP } from '../../apimachinery/ip.ts'
import { dns1123Label, dns1123Subdomain, portNumber, qualifiedName } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { age, column, name } from '../columns.ts'
import { events, header } from '../describe.ts'
import { endpointIP, legacyIP } from '../ipfields.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { formatEndpoints } from './endpointtext.ts'

function defaults(ep: Draft<Endpoints>): void {
  for (const s of ep.subsets ?? []) for (const p of s.ports ?? []) p.protocol ||= 'TCP'
}

const each = (path: string, value: unknown, texts: readonly string[]): FieldError[] =>
  texts.map((t) => invalid(path, value, t))

function validateAddress(a: EndpointAddress, path: string): FieldError[] {
  const ip = a.ip ?? ''
  return [
    ...legacyIP(`${path}.ip`, ip),
    ...(a.hostname ? each(`${path}.hostname`, a.hostname, dns1123Label(a.hostname)) : []),
    ...(a.nodeName !== undefined ? each(`${path}.nodeName`, a.nodeName, dns1123Subdomain(a.nodeName)) : []),
    ...endpointIP(`${path}.ip`, ip),
  ]
}

function validatePort(p: EndpointPort, path: string, named: boolean): FieldError[] {
  const errors: FieldError[] = []
  if (p.name) errors.push(...each(`${path}.name`, p.name, dns1123Label(p.name)))
  else if (named) errors.push(required(`${path}.name`))
  errors.push(...each(`${path}.port`, p.port ?? 0, portNumber(p.port ?? 0)))
  if (!p.protocol) errors.push(required(`${path}.protocol`))
  else if (!['TCP', 'UDP', 'SCTP'].includes(p.protocol))
    errors.push(notSupported(`${path}.protocol`, p.protocol, ['SCTP', 'TCP', 'UDP']))
  if (p.appProtocol !== undefined)
    errors.push(...each(`${path}.appProtocol`, p.appProtocol, qualifiedName(p.appProtocol)))
  return errors
}

function validateSubset(s: EndpointSubset, path: string): FieldError[] {
  return [
    ...(s.addresses?.length || s.notReadyAddresses?.length
      ? []
      : [required(path, 'must specify `addresses` or `notReadyAddresses`')]),
    ...(s.addresses ?? []).flatMap((a, i) => validateAddress(a, `${path}.addresses[${i}]`)),
    ...(s.notReadyAddresses ?? []).flatMap((a, i) => validateAddress(a, `${path}.notReadyAddresses[${i}]`)),
    ...(s.ports ?? []).flatMap((p, i, all) => validatePort(p, `${path}.ports[${i}]`, all.length > 1)),
  ]
}

/** Subsets that did not change stay accepted, whatever older rules let in. */
function validate(ep: Endpoints, old?: Endpoints): FieldError[] {
  const errors = (ep.subsets ?? []).flatMap((s, i) => validateSubset(s, `subsets[${i}]`))
  return errors.length && old && equal(old.subsets ?? [], ep.subsets ?? []) ? [] : errors
}

function warnings(ep: Endpoints): string[] {
  if (ep.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return []
  return (ep.subsets ?? []).flatMap((s, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (s[list] ?? []).flatMap((a, j) => warningsForIP(`subsets[${i}].${list}[${j}].ip`, a.ip)),
    ),
  )
}

async function describe(ep: Endpoints, out: Lines, ctx: DescribeContext): Promise<void> {
  header(out, ep)
  out.write(0, 'Subsets:\n')
  const list = (addresses: readonly EndpointAddress[] | undefined): string =>
    (addresses ?? []).map((a) => a.ip).join(',') || '<none>'
  for (const s of ep.subsets ?? []) {
    out.write(1, `Addresses:\t${list(s.addresses)}\n`)
    out.write(1, `NotReadyAddresses:\t${list(s.notReadyAddresses)}\n`)
    if (s.ports?.length) {
      out.write(1, 'Ports:\n')
      out.write(2, 'Name\tPort\tProtocol\n')
      out.write(2, '----\t----\t--------\n')
      for (const p of s.ports) out.write(2, `${p.name || '<unset>'}\t${p.port}\t${p.protocol ?? ''}\n`)
    }
    out.write(0, '\n')
  }
  await events(out, ep, ctx)
}

export const endpoints = defineKind<Endpoints>({
  gvk: 'v1/Endpoints',
  strategy: {
    defaults,
    validate: (ep) => validate(ep),
    validateUpdate: (next, old) => validate(next, old),
    warnings,
    allowCreateOnUpdate: true,
  },
  columns: [name(), column('Endpoints', (ep) => formatEndpoints(ep)), age()],
  describe,
})
