// A PriorityLevelConfiguration. Behaves as pkg/registry/flowcontrol/prioritylevelconfiguration; printed as
// printers/internalversion does.
import type {
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../../apimachinery/api/flowcontrol.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../apimachinery/field.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { age, column, name } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { mandatoryLevel } from './mandatory.ts'

function defaults(pl: Draft<PriorityLevelConfiguration>): void {
  const { limited, exempt } = pl.spec ?? {}
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0
    exempt.lendablePercent ??= 0
  }
  if (limited) {
    limited.nominalConcurrencyShares ??= 30
    limited.lendablePercent ??= 0
    const queuing = limited.limitResponse?.queuing
    if (queuing) {
      queuing.handSize ||= 8
      queuing.queues ||= 64
      queuing.queueLengthLimit ||= 50
    }
  }
  pl.status ??= {}
}

function percent(value: number | undefined, path: string): FieldError[] {
  return value !== undefined && (value < 0 || value > 100)
    ? [invalid(path, value, 'must be between 0 and 100, inclusive')]
    : []
}

function validateQueuing(q: QueuingConfiguration, path: string): FieldError[] {
  const { queueLengthLimit: length = 0, queues = 0, handSize: hand = 0 } = q
  const errors: FieldError[] = []
  if (length <= 0) errors.push(invalid(`${path}.queueLengthLimit`, length, 'must be positive'))
  if (queues <= 0) errors.push(invalid(`${path}.queues`, queues, 'must be positive'))
  else if (queues > 10_000_000) errors.push(invalid(`${path}.queues`, queues, 'must not be greater than 10000000'))
  // a hand is dealt from 60 bits of a hash at most
  const bits = Math.ceil(
    Array.from({ length: Math.min(Math.max(hand, 0), 64) }, (_, i) => Math.log2(Math.max(1, queues - i))).reduce(
      (a, b) => a + b,
      0,
    ),
  )
  if (hand <= 0) errors.push(invalid(`${path}.handSize`, hand, 'must be positive'))
  else if (hand > queues)
    errors.push(invalid(`${path}.handSize`, hand, `should not be greater than queues (${queues})`))
  else if (bits > 60)
    errors.push(
      invalid(
        `${path}.handSize`,
        hand,
        `required entropy bits of deckSize ${queues} and handSize ${hand} should not be greater than 60`,
      ),
    )
  return errors
}

function validateLimited(limited: LimitedPriorityLevelConfiguration): FieldError[] {
  const path = 'spec.limited'
  const errors: FieldError[] = []
  if ((limited.nominalConcurrencyShares ?? 0) < 0)
    errors.push(
      invalid(`${path}.nominalConcurrencyShares`, limited.nominalConcurrencyShares, 'must be a non-negative integer'),
    )
  const { type = '', queuing } = limited.limitResponse ?? {}
  const at = `${path}.limitResponse`
  if (type === 'Reject') {
    if (queuing) errors.push(forbidden(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'))
  } else if (type === 'Queue')
    errors.push(
      ...(queuing
        ? validateQueuing(queuing, `${at}.queuing`)
        : [required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited')]),
    )
  else errors.push(notSupported(`${at}.type`, type, ['Queue', 'Reject']))
  errors.push(...percent(limited.lendablePercent, `${path}.lendablePercent`))
  if ((limited.borrowingLimitPercent ?? 0) < 0)
    errors.push(
      invalid(
        `${path}.borrowingLimitPercent`,
        limited.borrowingLimitPercent,
        'if specified, must be a non-negative integer',
      ),
    )
  return errors
}

function validate(pl: PriorityLevelConfiguration): FieldError[] {
  const { type = '', limited, exempt } = pl.spec ?? {}
  const errors: FieldError[] = []
  if ((pl.metadata.name === 'exempt') !== (type === 'Exempt'))
    errors.push(invalid('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'"))
  if (type === 'Exempt') {
    if (limited) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'))
    if (exempt && (exempt.nominalConcurrencyShares ?? 0) < 0)
      errors.push(
        invalid(
          'spec.exempt.nominalConcurrencyShares',
          exempt.nominalConcurrencyShares,
          'must be a non-negative integer',
        ),
      )
    errors.push(...percent(exempt?.lendablePercent, 'spec.exempt.lendablePercent'))
  } else if (type === 'Limited') {
    if (exempt) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'))
    errors.push(
      ...(limited ? validateLimited(limited) : [required('spec.limited', 'must not be empty when type is Limited')]),
    )
  } else errors.push(notSupported('spec.type', type, ['Exempt', 'Limited']))
  return [...errors, ...mandatoryLevel(pl), ...validateStatus(pl)]
}

function validateStatus(pl: PriorityLevelConfiguration): FieldError[] {
  const conditions = pl.status?.conditions ?? []
  return conditions.flatMap((c, i) => [
    ...(conditions.findIndex((o) => o.type === c.type) < i
      ? [duplicate(`status.conditions[${i}].type`, c.type ?? '')]
      : []),
    ...(c.type ? [] : [required(`status.conditions[${i}].type`, 'must not be empty')]),
  ])
}

const queuing = (pl: PriorityLevelConfiguration): QueuingConfiguration | undefined =>
  pl.spec?.limited?.limitResponse?.queuing

export const priorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  gvk: 'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration',
  strategy: {
    defaults,
    prepareForCreate: (pl) => {
      pl.status = {}
    },
    validate,
    validateUpdate: validate,
    validateStatusUpdate: validateStatus,
    generation: true,
    allowUnconditionalUpdate: false,
  },
  columns: [
    name(),
    column('Type', (pl) => pl.spec?.type ?? ''),
    column('NominalConcurrencyShares', (pl) =>
      pl.spec?.limited ? (pl.spec.limited.nominalConcurrencyShares ?? 0) : '<none>',
    ),
    column('Queues', (pl) => queuing(pl)?.queues ?? '<none>'),
    column('HandSize', (pl) => queuing(pl)?.handSize ?? '<none>'),
    column('QueueLengthLimit', (pl) => queuing(pl)?.queueLengthLimit ?? '<none>'),
    age(),
  ],
})
