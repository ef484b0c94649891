// A ServiceCIDR: a range of which Services get their addresses. Behaves as pkg/registry/networking/servicecidr;
// described as kubectl's describer.
import type { ServiceCIDR } from '../../apimachinery/api/networking.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, required } from '../../apimachinery/field.ts'
import { goStrings, GoText } from '../../apimachinery/gostring.ts'
import { parseCIDR, validateCIDR } from '../../apimachinery/ip.ts'
import { age, column, name } from '../columns.ts'
import { conditionTable } from '../conditiontable.ts'
import { clusterHeader, events } from '../describe.ts'
import { defineKind } from '../kind.ts'

function validate(sc: ServiceCIDR): FieldError[] {
  const cidrs = sc.spec?.cidrs ?? []
  const path = 'spec.cidrs'
  if (cidrs.length === 0) return [required(path, 'at least one CIDR required')]
  if (cidrs.length > 2)
    return [
      invalid(
        path,
        new GoText(`networking.ServiceCIDRSpec{CIDRs:${goStrings(cidrs).text}}`),
        'may only hold up to 2 values',
      ),
    ]
  const errors = cidrs.flatMap((c, i) => validateCIDR(`${path}[${i}]`, c))
  const [first, second] = cidrs.map((c) => parseCIDR(c)?.base.v6)
  if (cidrs.length === 2 && first !== undefined && first === second)
    errors.push(
      invalid(
        path,
        goStrings(cidrs),
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ),
    )
  return errors
}

/** A second range may be added once; nothing else changes. */
function validateUpdate(next: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const before = old.spec?.cidrs ?? []
  const after = next.spec?.cidrs ?? []
  const changed = (i: number): FieldError[] =>
    before[i] === after[i] ? [] : [invalid(`spec.cidrs[${i}]`, after[i], 'field is immutable')]
  if (before.length === after.length) return before.flatMap((_, i) => changed(i))
  if (before.length === 1 && after.length === 2) return [...changed(0), ...validate(next)]
  return [invalid('spec.cidrs', goStrings(next.spec?.cidrs), 'field is immutable')]
}

export const serviceCIDR = defineKind<ServiceCIDR>({
  gvk: 'networking.k8s.io/v1/ServiceCIDR',
  strategy: {
    defaults: (sc) => {
      sc.spec ??= {}
      sc.status ??= {}
    },
    validate,
    validateUpdate,
  },
  columns: [name(), column('CIDRs', (sc) => (sc.spec?.cidrs ?? []).join(',')), age()],
  describe: async (sc, out, ctx) => {
    clusterHeader(out, sc)
    out.write(0, `CIDRs:\t${(sc.spec?.cidrs ?? []).join(', ')}\n`)
    if (sc.status?.conditions?.length) {
      out.write(0, 'Status:\n')
      out.write(0, 'Conditions:\n')
      conditionTable(out, sc.status.conditions)
    }
    await events(out, sc, ctx)
  },
})
