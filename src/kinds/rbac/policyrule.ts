// The rules of a Role or ClusterRole: validated as apis/rbac/validation, described as kubectl does, which takes them
// apart and puts them together again.
import type { PolicyRule } from '../../apimachinery/api/rbac.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, required } from '../../apimachinery/field.ts'
import { goStrings } from '../../apimachinery/gostring.ts'
import { compareBytes } from '../../apimachinery/labels.ts'
import type { Lines } from '../kind.ts'

/** ValidatePolicyRule. */
export function validateRule(rule: PolicyRule, namespaced: boolean, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (!rule.verbs?.length) errors.push(required(`${path}.verbs`, 'verbs must contain at least one value'))
  if (rule.nonResourceURLs?.length) {
    const shown = goStrings(rule.nonResourceURLs)
    if (namespaced)
      errors.push(invalid(`${path}.nonResourceURLs`, shown, 'namespaced rules cannot apply to non-resource URLs'))
    if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length)
      errors.push(
        invalid(`${path}.nonResourceURLs`, shown, 'rules cannot apply to both regular resources and non-resource URLs'),
      )
    return errors
  }
  if (!rule.apiGroups?.length)
    errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  if (!rule.resources?.length)
    errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  return errors
}

/** One resource or URL, at most one name of it, and all verbs that apply. */
interface Simple {
  readonly group?: string
  readonly resource?: string
  readonly name?: string
  readonly url?: string
  readonly verbs: string[]
}

function breakDown(rules: readonly PolicyRule[]): readonly Simple[] {
  const simple = new Map<string, Simple>()
  const urls: Simple[] = []
  for (const rule of rules) {
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? [])
        for (const verb of rule.verbs)
          for (const name of rule.resourceNames?.length ? rule.resourceNames : [undefined]) {
            const key = JSON.stringify([group, resource, name])
            const known = simple.get(key)
            if (!known) simple.set(key, { group, resource, ...(name === undefined ? {} : { name }), verbs: [verb] })
            else if (!known.verbs.includes(verb)) known.verbs.push(verb)
          }
    // URLs are never put together: each stands on a line with each verb
    for (const url of rule.nonResourceURLs ?? []) for (const verb of rule.verbs) urls.push({ url, verbs: [verb] })
  }
  return [...urls, ...simple.values()]
}

const list = (value: string | undefined): string => (value === undefined ? '[]' : `[${value}]`)
/** The text by which kubectl sorts: the generated String of the Go type. */
const sortKey = (r: Simple): string =>
  `&PolicyRule{Verbs:[${r.verbs.join(' ')}],APIGroups:${list(r.group)},Resources:${list(r.resource)},ResourceNames:${list(r.name)},NonResourceURLs:${list(r.url)},}`

/** `pods/log` of group apps: `pods.apps/log`. */
function resourceText(r: Simple): string {
  if (r.resource === undefined) return ''
  const cut = r.resource.indexOf('/')
  const base = cut < 0 ? r.resource : r.resource.slice(0, cut)
  return `${base}${r.group ? `.${r.group}` : ''}${cut < 0 ? '' : r.resource.slice(cut)}`
}

/** The PolicyRule table. */
export function ruleTable(out: Lines, rules: readonly PolicyRule[]): void {
  out.write(0, 'PolicyRule:\n')
  out.write(1, 'Resources\tNon-Resource URLs\tResource Names\tVerbs\n')
  out.write(1, '---------\t-----------------\t--------------\t-----\n')
  const keyed = breakDown(rules)
    .map((r) => ({ r, key: sortKey(r) }))
    .sort((a, b) => compareBytes(a.key, b.key))
  for (const { r } of keyed)
    out.write(1, `${resourceText(r)}\t${list(r.url)}\t${list(r.name)}\t[${r.verbs.join(' ')}]\n`)
}
