// The whole zone as rows: every record the resolver answers with, and the object it comes from. Rows are made by the
// resolver's own functions.
import { reverseName } from './address.ts'
import { endpointHostname, exposed, lookup, published } from './lookup.ts'
import {
  addressRecords,
  cnameRecords,
  lifetime,
  living,
  nsRecords,
  ptrRecords,
  soaRecord,
  srvRecords,
  txtRecords,
} from './records.ts'
import type { ZoneContext } from './records.ts'
import { parseRequest } from './request.ts'
import { zoneOf } from './resolver.ts'
import type { ResolverOptions } from './resolver.ts'
import type { ResourceRecord } from './wire.ts'

export interface ZoneRow {
  readonly record: ResourceRecord
  readonly origin: string
  readonly namespace: string
}

/** Every record of the cluster's zone; of one namespace when it is named. */
export function zoneRecords(o: ResolverOptions, namespace = ''): readonly ZoneRow[] {
  const zone = `${o.domain.replace(/\.$/, '')}.`
  const context = (at: string): ZoneContext => ({
    view: o.view,
    zone: at,
    domain: zone,
    ttl: o.ttl,
    lookup: o.lookup,
    serial: o.serial,
    addresses: o.addresses,
    outside: () => undefined,
    why: [],
  })
  const c = context(zone)
  const rows: ZoneRow[] = []
  const seen = new Set<string>()
  const add = (records: readonly ResourceRecord[], origin: string, ns: string): void => {
    for (const record of living(records, records.length > 0 ? lifetime(records) : 0)) {
      const key = JSON.stringify([record.name, record.type, record.data])
      if (!seen.has(key)) {
        seen.add(key)
        rows.push({ record, origin, namespace: ns })
      }
    }
  }
  /** The PTR records of an address, where its tree is served. */
  const addReverse = (ip: string, origin: string, ns: string): void => {
    const name = reverseName(ip)
    const at = name === undefined ? undefined : zoneOf(o, name)
    if (name !== undefined && at !== undefined) add(ptrRecords(context(at), name).records, origin, ns)
  }
  const originAt = (name: string, host: string, fallback: string): string => {
    const r = parseRequest(name, zone)
    return (r && lookup(o.view, r, o.lookup, []).found.find((f) => f.host === host)?.origin) ?? fallback
  }
  if (!namespace) {
    add([soaRecord(c)], 'zone', '')
    add(nsRecords(c, zone).records, 'zone', '')
    for (const type of [1, 28]) add(addressRecords(c, `ns.dns.${zone}`, type).records, 'zone', '')
    add(txtRecords(c, `dns-version.${zone}`).records, 'zone', '')
  }
  for (const service of o.view.services()) {
    if (!exposed(o.view, service.namespace, o.lookup)) continue
    if (namespace && service.namespace !== namespace) continue
    const ns = service.namespace
    const origin = `Service ${ns}/${service.name}`
    const name = `${service.name}.${ns}.svc.${zone}`
    if (service.externalName !== undefined) {
      add(cnameRecords(c, name).records, origin, ns)
      continue
    }
    const addresses = (at: string): void => {
      for (const type of [1, 28])
        for (const r of addressRecords(c, at, type).records)
          add([r], r.data.kind === 'address' ? originAt(at, r.data.address, origin) : origin, ns)
    }
    addresses(name)
    add(cnameRecords(c, name).records, origin, ns)
    const ready = published(o.view, service, o.lookup)
    const named = new Set<string>()
    for (const p of [...service.ports, ...(service.headless ? ready.flatMap((e) => e.ports) : [])])
      if (p.name) named.add(`_${p.name}._${p.protocol.toLowerCase()}.${name}`)
    add(srvRecords(c, name).records, origin, ns)
    for (const at of named) add(srvRecords(c, at).records, origin, ns)
    for (const e of ready)
      for (const a of e.addresses) {
        addresses(`${endpointHostname(a, e, o.lookup)}.${name}`)
        addReverse(a, e.podName ? `Pod ${ns}/${e.podName}` : `EndpointSlice ${ns}/${e.slice}`, ns)
      }
    for (const ip of service.headless ? [] : service.clusterIPs) addReverse(ip, origin, ns)
  }
  return rows
}
