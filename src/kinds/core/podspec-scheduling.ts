// Where a pod may run: affinity, node selectors, topology spread, tolerations, taints. The scheduling part of
// pkg/apis/core/validation.
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  PodSchedulingGate,
  Taint,
  Toleration,
  TopologySpreadConstraint,
} from '../../apimachinery/api/core.v1.ts'
import type { LabelSelector } from '../../apimachinery/api/meta.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, duplicate, forbidden, invalid, notSupported, required, sub } from '../../apimachinery/field.ts'
import { GoText, goQuote } from '../../apimachinery/gostring.ts'
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import { validateLabelName, validateLabelSelector } from '../../apimachinery/validation-meta.ts'

type Errors = FieldError[]
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
const OPERATOR = 'not a valid selector operator'

const weight = (n: number | undefined, path: string): Errors =>
  (n ?? 0) <= 0 || (n ?? 0) > 100 ? [invalid(sub(path, 'weight'), n ?? 0, 'must be in the range 1-100')] : []

function nodeRequirement(r: NodeSelectorRequirement, strict: boolean, path: string): Errors {
  const values = r.values ?? []
  const here = sub(path, 'values')
  const errors: Errors = []
  switch (r.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(here, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length)
        errors.push(forbidden(here, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1)
        errors.push(required(here, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      break
    default:
      errors.push(invalid(sub(path, 'operator'), r.operator ?? '', OPERATOR))
  }
  errors.push(...validateLabelName(r.key ?? '', sub(path, 'key')))
  if (strict)
    for (const [i, v] of values.entries()) errors.push(...labelValue(v).map((m) => invalid(at(here, i), v, m)))
  return errors
}

function nodeField(r: NodeSelectorRequirement, path: string): Errors {
  const errors: Errors = []
  if (r.operator !== 'In' && r.operator !== 'NotIn')
    errors.push(invalid(sub(path, 'operator'), r.operator ?? '', OPERATOR))
  else if (r.values?.length !== 1)
    errors.push(
      required(
        sub(path, 'values'),
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
      ),
    )
  if (r.key !== 'metadata.name') errors.push(invalid(sub(path, 'key'), r.key ?? '', 'not a valid field selector key'))
  else
    for (const [i, v] of (r.values ?? []).entries())
      errors.push(...dns1123Subdomain(v).map((m) => invalid(at(sub(path, 'values'), i), v, m)))
  return errors
}

function nodeTerm(t: NodeSelectorTerm | undefined, strict: boolean, path: string): Errors {
  return [
    ...(t?.matchExpressions ?? []).flatMap((r, i) => nodeRequirement(r, strict, at(sub(path, 'matchExpressions'), i))),
    ...(t?.matchFields ?? []).flatMap((r, i) => nodeField(r, at(sub(path, 'matchFields'), i))),
  ]
}

/** A node selector, of pods and of PersistentVolumes. */
export function validateNodeSelector(s: NodeSelector, path: string): Errors {
  const here = sub(path, 'nodeSelectorTerms')
  if (!s.nodeSelectorTerms?.length) return [required(here, 'must have at least one node selector term')]
  return s.nodeSelectorTerms.flatMap((t, i) => nodeTerm(t, true, at(here, i)))
}

function labelKeys(keys: readonly string[] | undefined, selector: LabelSelector | undefined, path: string): Errors {
  if (!keys?.length) return []
  if (!selector) return [forbidden(path, 'must not be specified when labelSelector is not set')]
  return keys.flatMap((k, i) => validateLabelName(k, at(path, i)))
}

function podTerm(t: PodAffinityTerm | undefined, path: string): Errors {
  const errors = [
    ...validateLabelSelector(t?.labelSelector, sub(path, 'labelSelector')),
    ...validateLabelSelector(t?.namespaceSelector, sub(path, 'namespaceSelector')),
  ]
  for (const n of t?.namespaces ?? []) errors.push(...dns1123Label(n).map((m) => invalid(sub(path, 'namespace'), n, m)))
  const { matchLabelKeys: match = [], mismatchLabelKeys: mismatch = [], labelSelector } = t ?? {}
  errors.push(
    ...labelKeys(match, labelSelector, sub(path, 'matchLabelKeys')),
    ...labelKeys(mismatch, labelSelector, sub(path, 'mismatchLabelKeys')),
  )
  // the server itself adds one expression for each key, hence only a second one is an error
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const e of labelSelector?.matchExpressions ?? []) {
    if (match.includes(e.key) && seen.has(e.key))
      errors.push(invalid(at(path, match.lastIndexOf(e.key)), e.key, 'exists in both matchLabelKeys and labelSelector'))
    seen.add(e.key)
  }
  for (const [i, k] of match.entries())
    if (mismatch.includes(k))
      errors.push(invalid(at(sub(path, 'matchLabelKeys'), i), k, 'exists in both matchLabelKeys and mismatchLabelKeys'))
  if (!t?.topologyKey) errors.push(required(sub(path, 'topologyKey'), 'can not be empty'))
  return [...errors, ...validateLabelName(t?.topologyKey ?? '', sub(path, 'topologyKey'))]
}

function podAffinity(a: PodAffinity | undefined, path: string): Errors {
  return [
    ...(a?.[REQUIRED] ?? []).flatMap((t, i) => podTerm(t, at(sub(path, REQUIRED), i))),
    ...(a?.[PREFERRED] ?? []).flatMap((w, i) => {
      const here = at(sub(path, PREFERRED), i)
      return [...weight(w.weight, here), ...podTerm(w.podAffinityTerm, sub(here, 'podAffinityTerm'))]
    }),
  ]
}

export function validateAffinity(a: Affinity | undefined, path: string): Errors {
  const node = a?.nodeAffinity
  const nodePath = sub(path, 'nodeAffinity')
  return [
    ...(node?.[REQUIRED] ? validateNodeSelector(node[REQUIRED], sub(nodePath, REQUIRED)) : []),
    ...(node?.[PREFERRED] ?? []).flatMap((p, i) => {
      const here = at(sub(nodePath, PREFERRED), i)
      return [...weight(p.weight, here), ...nodeTerm(p.preference, false, sub(here, 'preference'))]
    }),
    ...podAffinity(a?.podAffinity, sub(path, 'podAffinity')),
    ...podAffinity(a?.podAntiAffinity, sub(path, 'podAntiAffinity')),
  ]
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function validateTolerations(list: readonly Toleration[] | undefined, path: string): Errors {
  return (list ?? []).flatMap((t, i) => {
    const here = at(path, i)
    const errors: Errors = []
    const { key = '', operator = '', value = '', effect = '' } = t
    if (key) errors.push(...validateLabelName(key, sub(here, 'key')))
    if (!key && operator !== 'Exists')
      errors.push(
        invalid(
          sub(here, 'operator'),
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      )
    if (t.tolerationSeconds !== undefined && effect !== 'NoExecute')
      errors.push(invalid(sub(here, 'effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    if (operator === 'Equal' || operator === '') {
      const wrong = labelValue(value)
      if (wrong.length) errors.push(invalid(sub(here, 'operator'), value, wrong.join(';')))
    } else if (operator === 'Exists') {
      if (value) errors.push(invalid(sub(here, 'operator'), value, "value must be empty when `operator` is 'Exists'"))
    } else errors.push(notSupported(sub(here, 'operator'), operator, ['Equal', 'Exists']))
    if (effect && !EFFECTS.includes(effect)) errors.push(notSupported(sub(here, 'effect'), effect, EFFECTS))
    return errors
  })
}

/** The taints of a node. */
export function validateTaints(list: readonly Taint[] | undefined, path: string): Errors {
  const seen = new Set<string>()
  return (list ?? []).flatMap((t, i) => {
    const here = at(path, i)
    const errors = validateLabelName(t.key ?? '', sub(here, 'key'))
    const wrong = labelValue(t.value ?? '')
    if (wrong.length) errors.push(invalid(sub(here, 'value'), t.value, wrong.join(';')))
    if (!t.effect) errors.push(required(sub(here, 'effect')))
    else if (!EFFECTS.includes(t.effect)) errors.push(notSupported(sub(here, 'effect'), t.effect, EFFECTS))
    const id = `${t.effect}/${t.key}`
    if (seen.has(id)) {
      const { message, ...rest } = duplicate(
        here,
        new GoText(
          `core.Taint{Key:${goQuote(t.key)}, Value:${goQuote(t.value ?? '')}, Effect:${goQuote(t.effect ?? '')}, TimeAdded:<nil>}`,
        ),
      )
      errors.push({ ...rest, message: `${message}: taints must be unique by key and effect pair` })
    }
    seen.add(id)
    return errors
  })
}

/** Existing tolerations stay, apart from their seconds; others may come. */
export function validateAddedTolerations(
  next: readonly Toleration[] | undefined,
  old: readonly Toleration[] | undefined,
  path: string,
): Errors {
  const kept = (o: Toleration): boolean =>
    (next ?? []).some((n) => equal({ ...o, tolerationSeconds: n.tolerationSeconds }, n))
  if (!(old ?? []).every(kept))
    return [forbidden(path, 'existing toleration can not be modified except its tolerationSeconds')]
  return validateTolerations(next, path)
}

/** Scheduling gates may only go. */
export function validateRemovedGates(
  next: readonly PodSchedulingGate[] | undefined,
  old: readonly PodSchedulingGate[] | undefined,
  path: string,
): Errors {
  return (next ?? []).flatMap((g, i) =>
    (old ?? []).some((o) => o.name === g.name)
      ? []
      : [forbidden(sub(at(path, i), 'name'), `only deletion is allowed, but found new scheduling gate '${g.name}'`)],
  )
}

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway']
const POLICIES = ['Honor', 'Ignore']
const positive = (n: number | undefined, path: string): Errors =>
  (n ?? 0) <= 0 ? [invalid(path, n ?? 0, 'must be greater than zero')] : []

export function validateSpread(list: readonly TopologySpreadConstraint[] | undefined, path: string): Errors {
  return (list ?? []).flatMap((c, i) => {
    const here = at(path, i)
    const errors = positive(c.maxSkew, sub(here, 'maxSkew'))
    const { topologyKey = '', whenUnsatisfiable: action = '' } = c
    if (!topologyKey) errors.push(required(sub(here, 'topologyKey'), 'can not be empty'))
    if (!ACTIONS.includes(action)) errors.push(notSupported(sub(here, 'whenUnsatisfiable'), action, ACTIONS))
    if (list?.slice(i + 1).some((o) => o.topologyKey === topologyKey && o.whenUnsatisfiable === action))
      errors.push(duplicate(sub(here, '{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${action}}`))
    if (c.minDomains !== undefined) {
      errors.push(...positive(c.minDomains, sub(here, 'minDomains')))
      if (action !== 'DoNotSchedule')
        errors.push(
          invalid(
            sub(here, 'minDomains'),
            c.minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`,
          ),
        )
    }
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = c[name]
      if (policy !== undefined && !POLICIES.includes(policy))
        errors.push(notSupported(sub(here, name), policy, POLICIES))
    }
    errors.push(...spreadKeys(c, sub(here, 'matchLabelKeys')))
    return [...errors, ...validateLabelSelector(c.labelSelector, sub(here, 'labelSelector'))]
  })
}

function spreadKeys(c: TopologySpreadConstraint, path: string): Errors {
  if (!c.matchLabelKeys?.length) return []
  const used = new Set([
    ...Object.keys(c.labelSelector?.matchLabels ?? {}),
    ...(c.labelSelector?.matchExpressions ?? []).map((e) => e.key),
  ])
  return [
    ...(c.labelSelector ? [] : [forbidden(path, 'must not be specified when labelSelector is not set')]),
    ...c.matchLabelKeys.flatMap((k, i) => [
      ...validateLabelName(k, at(path, i)),
      ...(used.has(k) ? [invalid(at(path, i), k, 'exists in both matchLabelKeys and labelSelector')] : []),
    ]),
  ]
}

/** Readiness gates and scheduling gates are named like labels. */
export const validateQualifiedName = (name: string, path: string): Errors =>
  qualifiedName(name).map((m) => invalid(path, name, m))
