// An IPAddress: an address that a Service holds. Behaves as pkg/registry/networking/ipaddress; printed as
// printers/internalversion does; described as kubectl's describer.
import type { IPAddress } from '../../apimachinery/api/networking.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, required } from '../../apimachinery/field.ts'
import { goQuote, goStruct } from '../../apimachinery/gostring.ts'
import { canonicalIP, parseIP, VALID_IP } from '../../apimachinery/ip.ts'
import { dns1123Subdomain, pathSegmentName } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import { column, name } from '../columns.ts'
import { clusterHeader, events } from '../describe.ts'
import { defineKind } from '../kind.ts'

function validate(ip: IPAddress): FieldError[] {
  const ref = ip.spec?.parentRef
  const path = 'spec.parentRef'
  if (!ref) return [required(path)]
  const errors = ref.group ? dns1123Subdomain(ref.group).map((t) => invalid(`${path}.group`, ref.group, t)) : []
  for (const field of ['resource', 'name', 'namespace'] as const) {
    const value = ref[field]
    if (value) errors.push(...pathSegmentName(value).map((t) => invalid(`${path}.${field}`, value, t)))
    else if (field !== 'namespace') errors.push(required(`${path}.${field}`))
  }
  return errors
}

function parentText(ip: IPAddress): string {
  const ref = ip.spec?.parentRef
  if (!ref) return '<none>'
  return [
    `${ref.resource}${ref.group ? `.${ref.group}` : ''}`.toLowerCase(),
    ...(ref.namespace ? [ref.namespace] : []),
    ref.name,
  ].join('/')
}

export const ipAddress = defineKind<IPAddress>({
  gvk: 'networking.k8s.io/v1/IPAddress',
  strategy: {
    validate,
    validateUpdate: (next, old) => {
      const errors = validate(next)
      const ref = next.spec?.parentRef
      if (!equal(ref, old.spec?.parentRef))
        errors.push(
          invalid(
            'spec.parentRef',
            ref &&
              goStruct('networking.ParentReference', {
                Group: ref.group ?? '',
                Resource: ref.resource ?? '',
                Namespace: ref.namespace ?? '',
                Name: ref.name ?? '',
              }),
            'field is immutable',
          ),
        )
      return errors
    },
    nameRule: (text) => {
      const parsed = parseIP(text)
      if (!parsed) return [VALID_IP]
      if (!parseIP(text, true)) return ['must not have leading 0s']
      if (text.includes(':') && !parsed.v6) return ['must not be an IPv4-mapped IPv6 address']
      return canonicalIP(text) === text ? [] : [`must be in canonical form (${goQuote(canonicalIP(text))})`]
    },
    selectableFields: (ip) => ({ 'spec.parentRef.group': ip.spec?.parentRef?.group ?? '' }),
  },
  columns: [name(), column('ParentRef', parentText)],
  describe: async (ip, out, ctx) => {
    clusterHeader(out, ip)
    const ref = ip.spec?.parentRef
    if (ref) {
      out.write(0, 'Parent Reference:\n')
      for (const [label, value] of [
        ['Group', ref.group],
        ['Resource', ref.resource],
        ['Namespace', ref.namespace],
        ['Name', ref.name],
      ])
        out.write(1, `${label}:\t${value ?? ''}\n`)
    }
    await events(out, ip, ctx)
  },
})
