// TaintNodesByCondition: a new node takes no pods until it says that it is ready; as plugin/pkg/admission/nodetaint.
import type { Node } from '../../apimachinery/api/core.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import type { Plugin } from './plugin.ts'

const KEY = 'node.kubernetes.io/not-ready'

export const taintNodes: Plugin = {
  name: 'TaintNodesByCondition',
  admit(_ctx, { object }) {
    const node = object as Draft<Node>
    // the taint would be gone with the first look at a node that is ready
    if (node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')) return
    const spec = (node.spec ??= {})
    if (!spec.taints?.some((t) => t.key === KEY && t.effect === 'NoSchedule'))
      spec.taints = [...(spec.taints ?? []), { key: KEY, effect: 'NoSchedule' }]
  },
}
