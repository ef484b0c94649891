// A Lease. Behaves as pkg/registry/coordination/lease; printed as printers/internalversion does.
import type { Lease } from '../../apimachinery/api/coordination.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, notSupported } from '../../apimachinery/field.ts'
import { dns1123Subdomain } from '../../apimachinery/names.ts'
import { age, column, name } from '../columns.ts'
import { defineKind } from '../kind.ts'

const STRATEGIES = ['OldestEmulationVersion']

/** Fields of coordinated leader election, which is off. */
function validate(lease: Lease): FieldError[] {
  const spec = lease.spec ?? {}
  const errors: FieldError[] = []
  if (spec.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0)
    errors.push(invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0'))
  if (spec.leaseTransitions !== undefined && spec.leaseTransitions < 0)
    errors.push(invalid('spec.leaseTransitions', spec.leaseTransitions, 'must be greater than or equal to 0'))
  if (spec.strategy !== undefined) errors.push(...coordinatedStrategy(spec.strategy))
  if (spec.preferredHolder && !spec.strategy)
    errors.push(forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'))
  return errors
}

function coordinatedStrategy(strategy: string): FieldError[] {
  const cut = strategy.indexOf('/')
  if (cut >= 0) return dns1123Subdomain(strategy.slice(0, cut)).map((t) => invalid('spec.strategy', strategy, t))
  return STRATEGIES.includes(strategy) ? [] : [notSupported('spec.strategy', strategy, STRATEGIES)]
}

export const lease = defineKind<Lease>({
  gvk: 'coordination.k8s.io/v1/Lease',
  strategy: {
    prepareForCreate: (l) => {
      if (l.spec) {
        delete l.spec.strategy
        delete l.spec.preferredHolder
      }
    },
    prepareForUpdate: (l, old) => {
      if (l.spec && old.spec?.strategy === undefined) delete l.spec.strategy
      if (l.spec && old.spec?.preferredHolder === undefined) delete l.spec.preferredHolder
    },
    validate,
    validateUpdate: validate,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
  },
  columns: [name(), column('Holder', (l) => l.spec?.holderIdentity ?? ''), age()],
})
