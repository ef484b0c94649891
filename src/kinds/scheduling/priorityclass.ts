// A PriorityClass. Behaves as pkg/registry/scheduling/priorityclass; printed as printers/internalversion; described as
// kubectl's PriorityClassDescriber.
import type { PriorityClass } from '../../apimachinery/api/scheduling.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, notSupported } from '../../apimachinery/field.ts'
import { formatLabels } from '../../apimachinery/labels.ts'
import { age, column, integer, name } from '../columns.ts'
import { events } from '../describe.ts'
import { defineKind } from '../kind.ts'

const HIGHEST = 1000000000
const SYSTEM: Readonly<Record<string, number>> = {
  'system-node-critical': 2000001000,
  'system-cluster-critical': 2000000000,
}

/** Names that begin with system- belong to two classes, whose values are given. */
function systemError(pc: PriorityClass): string {
  const name = pc.metadata.name ?? ''
  if (!Object.hasOwn(SYSTEM, name)) return `${name} is not a known system priority class`
  if (pc.value !== SYSTEM[name]) return `value of ${name} PriorityClass must be ${SYSTEM[name]}`
  return pc.globalDefault ? `globalDefault of ${name} PriorityClass must be false` : ''
}

function validate(pc: PriorityClass): FieldError[] {
  const errors: FieldError[] = []
  if (pc.metadata.name?.startsWith('system-')) {
    const why = systemError(pc)
    if (why)
      errors.push(
        forbidden(
          'metadata.name',
          `priority class names with 'system-' prefix are reserved for system use only. error: ${why}`,
        ),
      )
  } else if ((pc.value ?? 0) > HIGHEST)
    errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST}`))
  if (
    pc.preemptionPolicy !== undefined &&
    pc.preemptionPolicy !== 'PreemptLowerPriority' &&
    pc.preemptionPolicy !== 'Never'
  )
    errors.push(notSupported('preemptionPolicy', pc.preemptionPolicy, ['PreemptLowerPriority', 'Never']))
  return errors
}

export const priorityClass = defineKind<PriorityClass>({
  gvk: 'scheduling.k8s.io/v1/PriorityClass',
  strategy: {
    defaults: (pc) => {
      pc.preemptionPolicy ??= 'PreemptLowerPriority'
      pc.value ??= 0
    },
    validate,
    validateUpdate: (pc, old) => [
      ...((pc.value ?? 0) !== (old.value ?? 0) ? [forbidden('value', 'may not be changed in an update.')] : []),
      ...(pc.preemptionPolicy !== old.preemptionPolicy
        ? [invalid('preemptionPolicy', pc.preemptionPolicy, 'field is immutable')]
        : []),
    ],
    generation: () => false,
  },
  columns: [
    name(),
    integer('Value', (pc) => pc.value),
    column('Global-Default', (pc) => pc.globalDefault ?? false, { type: 'boolean' }),
    age(),
    column('PreemptionPolicy', (pc) => pc.preemptionPolicy ?? ''),
  ],
  describe: async (pc, out, ctx) => {
    out.write(0, `Name:\t${pc.metadata.name}\n`)
    out.write(0, `Value:\t${pc.value ?? 0}\n`)
    out.write(0, `GlobalDefault:\t${pc.globalDefault ?? false}\n`)
    out.write(0, `PreemptionPolicy:\t${pc.preemptionPolicy ?? ''}\n`)
    out.write(0, `Description:\t${pc.description ?? ''}\n`)
    out.write(0, `Annotations:\t${formatLabels(pc.metadata.annotations)}\n`)
    await events(out, pc, ctx)
  },
})
