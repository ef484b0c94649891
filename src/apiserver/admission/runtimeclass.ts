// RuntimeClass: a pod's class must exist and brings its overhead, node selector and tolerations; as
// plugin/pkg/admission/runtimeclass.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import type { RuntimeClass } from '../../apimachinery/api/node.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { copy, equal } from '../../apimachinery/object.ts'
import type { Plugin } from './plugin.ts'
import { refusal } from './plugin.ts'

const NO_OVERHEAD = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'

export const runtimeClass: Plugin = {
  name: 'RuntimeClass',
  admit(ctx, { object, subresource }) {
    const pod = object as Draft<Pod>
    const { spec } = pod
    if (subresource || !spec) return
    const name = spec.runtimeClassName
    if (!name) {
      if (spec.overhead) throw refusal(ctx, pod, NO_OVERHEAD)
      return
    }
    const found = ctx.api.store.get('runtimeclasses.node.k8s.io', '', name) as RuntimeClass | undefined
    if (!found) throw refusal(ctx, pod, `pod rejected: RuntimeClass "${name}" not found`)
    const overhead = found.overhead?.podFixed
    if (overhead) {
      if (spec.overhead && !equal(spec.overhead, overhead))
        throw refusal(ctx, pod, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
      spec.overhead = copy(overhead)
    } else if (spec.overhead && !found.overhead) throw refusal(ctx, pod, NO_OVERHEAD)
    for (const [k, v] of Object.entries(found.scheduling?.nodeSelector ?? {})) {
      const own = spec.nodeSelector?.[k]
      if (own !== undefined && own !== v)
        throw refusal(
          ctx,
          pod,
          `conflict: runtimeClass.scheduling.nodeSelector[${k}] = ${v}; pod.spec.nodeSelector[${k}] = ${own}`,
        )
      spec.nodeSelector = { ...spec.nodeSelector, [k]: v }
    }
    for (const t of found.scheduling?.tolerations ?? [])
      if (!spec.tolerations?.some((x) => equal(x, t))) spec.tolerations = [...(spec.tolerations ?? []), copy(t)]
  },
}
