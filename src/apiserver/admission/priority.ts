// Priority: a pod's class becomes its number; one class at most is everybody's default; as
// plugin/pkg/admission/priority.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import type { PriorityClass } from '../../apimachinery/api/scheduling.v1.ts'
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import { forbidden } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import type { Plugin } from './plugin.ts'
import { refusal } from './plugin.ts'

const CLASSES = 'priorityclasses.scheduling.k8s.io'

/** The default class; of several the one with the lowest number. */
function defaultClass(ctx: Context): PriorityClass | undefined {
  let found: PriorityClass | undefined
  for (const c of ctx.api.store.list(CLASSES) as readonly PriorityClass[])
    if (c.globalDefault && (!found || c.value < found.value)) found = c
  return found
}

export const priority: Plugin = {
  name: 'Priority',
  admit(ctx, { operation, object, old, subresource }) {
    if (ctx.served.storage !== 'pods' || subresource) return
    const pod = object as Draft<Pod>
    const spec = (pod.spec ??= { containers: [] })
    if (operation === 'UPDATE') {
      const before = (old as Pod | undefined)?.spec
      if (spec.priority === undefined && before?.priority !== undefined) spec.priority = before.priority
      if (spec.preemptionPolicy === undefined && before?.preemptionPolicy !== undefined)
        spec.preemptionPolicy = before.preemptionPolicy
      return
    }
    let value = 0
    let policy = 'PreemptLowerPriority'
    if (!spec.priorityClassName) {
      const common = defaultClass(ctx)
      if (common) {
        value = common.value
        policy = common.preemptionPolicy ?? policy
        spec.priorityClassName = common.metadata.name ?? ''
      }
    } else {
      const named = ctx.api.store.get(CLASSES, '', spec.priorityClassName) as PriorityClass | undefined
      if (!named) throw refusal(ctx, pod, `no PriorityClass with name ${spec.priorityClassName} was found`)
      value = named.value
      policy = named.preemptionPolicy ?? policy
    }
    if (spec.priority !== undefined && spec.priority !== value)
      throw refusal(
        ctx,
        pod,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
      )
    spec.priority = value
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
      throw refusal(
        ctx,
        pod,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      )
    spec.preemptionPolicy = policy
  },
  validate(ctx, { operation, object, old }) {
    if (ctx.served.storage !== CLASSES) return
    const next = object as KubeObject as PriorityClass
    if (!next.globalDefault) return
    const other = defaultClass(ctx)
    if (!other) return
    if (operation === 'UPDATE' && old && old.metadata.name === other.metadata.name) return
    throw forbidden(
      ctx.served.gr,
      next.metadata.name ?? '',
      `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
    )
  },
}
