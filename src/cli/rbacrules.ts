// RBAC rules taken apart and put together: what can-i --list shows and auth reconcile compares (component-helpers' rbac
// validation, kubectl/pkg/util/rbac).
import type { PolicyRule } from '../apimachinery/api/rbac.v1.ts'

export type Rule = { readonly [K in keyof PolicyRule]?: PolicyRule[K] }

const list = (v: readonly string[] | undefined): readonly string[] => v ?? []
const go = (v: readonly string[] | undefined): string => `[${list(v).join(' ')}]`

/** A rule as Go's generated String() prints it, the order of lists. */
export const ruleText = (r: Rule): string =>
  `&PolicyRule{Verbs:${go(r.verbs)},APIGroups:${go(r.apiGroups)},Resources:${go(r.resources)},ResourceNames:${go(r.resourceNames)},NonResourceURLs:${go(r.nonResourceURLs)},}`
/** A rule as %+v prints the struct. */
export const ruleStruct = (r: Rule): string =>
  `{Verbs:${go(r.verbs)} APIGroups:${go(r.apiGroups)} Resources:${go(r.resources)} ResourceNames:${go(r.resourceNames)} NonResourceURLs:${go(r.nonResourceURLs)}}`

/** Rules of one verb, one resource, one name each. */
export function breakdown(rule: Rule): Rule[] {
  const out: Rule[] = []
  for (const group of list(rule.apiGroups)) {
    for (const resource of list(rule.resources)) {
      for (const verb of list(rule.verbs)) {
        if (list(rule.resourceNames).length)
          for (const name of list(rule.resourceNames))
            out.push({ apiGroups: [group], resources: [resource], verbs: [verb], resourceNames: [name] })
        else out.push({ apiGroups: [group], resources: [resource], verbs: [verb] })
      }
    }
  }
  for (const url of list(rule.nonResourceURLs))
    for (const verb of list(rule.verbs)) out.push({ nonResourceURLs: [url], verbs: [verb] })
  return out
}

/** Puts rules together that differ only by verb. */
export function compact(rules: readonly Rule[]): Rule[] {
  const out: Rule[] = []
  const simple = new Map<string, Rule>()
  for (const r of rules) {
    if (
      list(r.resourceNames).length > 1 ||
      list(r.nonResourceURLs).length ||
      list(r.apiGroups).length !== 1 ||
      list(r.resources).length !== 1
    ) {
      out.push(r)
      continue
    }
    const key = JSON.stringify([r.apiGroups, r.resources, r.resourceNames ?? []])
    const have = simple.get(key)
    simple.set(key, have ? { ...have, verbs: [...new Set([...list(have.verbs), ...list(r.verbs)])] } : r)
  }
  return [...out, ...simple.values()]
}

const has = (set: readonly string[] | undefined, v: string): boolean => list(set).includes('*') || list(set).includes(v)

function urlCovers(owner: string, sub: string): boolean {
  return owner === sub || owner === '*' || (owner.endsWith('*') && sub.startsWith(owner.replace(/\*+$/, '')))
}

function covers(owner: Rule, sub: Rule): boolean {
  const verbs = list(sub.verbs).every((v) => has(owner.verbs, v))
  const groups = list(sub.apiGroups).every((g) => has(owner.apiGroups, g))
  const resources = list(sub.resources).every(
    (r) => has(owner.resources, r) || (r.includes('/') && list(owner.resources).includes(`*/${r.split('/')[1] ?? ''}`)),
  )
  const urls = list(sub.nonResourceURLs).every((u) => list(owner.nonResourceURLs).some((o) => urlCovers(o, u)))
  const names =
    !list(owner.resourceNames).length ||
    (list(sub.resourceNames).length > 0 && list(sub.resourceNames).every((n) => list(owner.resourceNames).includes(n)))
  return verbs && groups && resources && urls && names
}

/** Rules of `servant` that `owner` does not grant, taken apart. */
export function uncovered(owner: readonly Rule[], servant: readonly Rule[]): Rule[] {
  const have = owner.flatMap(breakdown)
  return servant.flatMap(breakdown).filter((s) => !have.some((o) => covers(o, s)))
}
