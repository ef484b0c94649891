// DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or not reachable; as
// plugin/pkg/admission/defaulttolerationseconds.
import type { Pod, Toleration } from '../../apimachinery/api/core.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import type { Plugin } from './plugin.ts'

const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const

export const defaultTolerations: Plugin = {
  name: 'DefaultTolerationSeconds',
  admit(_ctx, { object, subresource }) {
    if (subresource) return
    const spec = ((object as Draft<Pod>).spec ??= { containers: [] })
    const has = (key: string): boolean =>
      spec.tolerations?.some((t) => (!t.key || t.key === key) && (t.effect === 'NoExecute' || !t.effect)) ?? false
    const missing = KEYS.filter((k) => !has(k)).map((key): Toleration => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    }))
    if (missing.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...missing]
  },
}
