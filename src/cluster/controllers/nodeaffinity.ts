// Nodes and pods' demands on them: node selector terms, preferences, taints and tolerations; behaves as
// component-helpers' scheduling/corev1.
import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  Taint,
  Toleration,
} from '../../apimachinery/api/core.v1.ts'

function satisfies(r: NodeSelectorRequirement, value: string | undefined): boolean {
  const values = r.values ?? []
  switch (r.operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(values[0])
    default:
      return false
  }
}

function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const labels = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (labels.length === 0 && fields.length === 0) return false
  return (
    labels.every((r) => satisfies(r, node.metadata.labels?.[r.key])) &&
    fields.every((r) => satisfies(r, r.key === 'metadata.name' ? node.metadata.name : undefined))
  )
}

/** Whether a node satisfies one of the terms. */
export const matchesNode = (selector: NodeSelector, node: Node): boolean =>
  selector.nodeSelectorTerms.some((t) => matchesTerm(t, node))

/** The weights of the pod's preferences that a node satisfies. */
export function nodePreference(pod: Pod, node: Node): number {
  let sum = 0
  for (const p of pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    if (matchesTerm(p.preference, node)) sum += p.weight
  return sum
}

export function toleratesTaint(
  tolerations: readonly Toleration[],
  taint: Pick<Taint, 'key' | 'value' | 'effect'>,
): boolean {
  return tolerations.some(
    (t) =>
      (!t.effect || t.effect === taint.effect) &&
      (!t.key || t.key === taint.key) &&
      (t.operator === 'Exists' ||
        ((t.operator ?? 'Equal') === 'Equal' && !!t.key && (t.value ?? '') === (taint.value ?? ''))),
  )
}

/** Whether a pod may run on a node at all: selector, required affinity, taints that would refuse or evict it. */
export function mayRunOn(pod: Pod, node: Node): { runs: boolean; stays: boolean } {
  const tolerations = pod.spec?.tolerations ?? []
  const selected = Object.entries(pod.spec?.nodeSelector ?? {}).every(([k, v]) => node.metadata.labels?.[k] === v)
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const wanted =
    selected &&
    (!required || matchesNode(required, node)) &&
    (!pod.spec?.nodeName || pod.spec.nodeName === node.metadata.name)
  const untolerated = (effects: readonly string[]): boolean =>
    (node.spec?.taints ?? []).some((t) => effects.includes(t.effect) && !toleratesTaint(tolerations, t))
  return { runs: wanted && !untolerated(['NoSchedule', 'NoExecute']), stays: wanted && !untolerated(['NoExecute']) }
}
