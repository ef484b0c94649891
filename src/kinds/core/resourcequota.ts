// A ResourceQuota. Behaves as pkg/registry/core/resourcequota; printed as printers/internalversion does; described as
// kubectl's describer.
import type { ResourceQuota, ResourceQuotaSpec } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, required } from '../../apimachinery/field.ts'
import { GoText, goStrings } from '../../apimachinery/gostring.ts'
import type { Draft, Quantity } from '../../apimachinery/object.ts'
import { canonical, newQuantity, parseQuantity, value } from '../../apimachinery/quantity.ts'
import { age, column, name } from '../columns.ts'
import { byText, nameLines } from '../describe.ts'
import type { Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { roundUp } from './podspec-defaults.ts'
import { isQuotaResource, quantityValue, quotaResourceName, scopeFits } from './resourcenames.ts'

type Amounts = { readonly [name: string]: Quantity } | undefined

const SCOPES: Readonly<Record<string, string>> = {
  Terminating:
    'Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.',
  NotTerminating:
    'Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.',
  BestEffort:
    'Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.',
  NotBestEffort:
    'Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.',
}
const STANDARD = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
]

function defaults(q: Draft<ResourceQuota>): void {
  q.spec ??= {}
  q.status ??= {}
  roundUp(q.spec.hard)
  roundUp(q.status.hard)
  roundUp(q.status.used)
}

function validateAmounts(list: Amounts, path: string): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([k, v]) => [
    ...quotaResourceName(k, `${path}[${k}]`),
    ...quantityValue(k, v, `${path}[${k}]`),
  ])
}

/** Scopes that exclude each other, and resources that a scope cannot count. */
function validateScopes(
  scopes: readonly string[],
  spec: ResourceQuotaSpec,
  path: string,
  shown: GoText,
  unsupported: (scope: string) => FieldError,
): FieldError[] {
  const names = Object.keys(spec.hard ?? {}).sort(byText)
  return scopes.flatMap((scope) => [
    ...(STANDARD.includes(scope) ? [] : [unsupported(scope)]),
    ...names
      .filter((k) => isQuotaResource(k) && !scopeFits(scope, k))
      .map(() => invalid(path, shown, 'unsupported scope applied to resource')),
  ])
}

function conflicts(scopes: readonly string[], spec: ResourceQuotaSpec, path: string): FieldError[] {
  const shown = goStrings(spec.scopes, 'core.ResourceQuotaScope')
  return (
    [
      ['BestEffort', 'NotBestEffort'],
      ['Terminating', 'NotTerminating'],
    ] as const
  )
    .filter((pair) => pair.every((s) => scopes.includes(s)))
    .map(() => invalid(path, shown, 'conflicting scopes'))
}

const WITHOUT_VALUES = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity']

function validateSelector(spec: ResourceQuotaSpec): FieldError[] {
  const path = 'spec.scopeSelector.matchExpressions'
  const expressions = spec.scopeSelector?.matchExpressions ?? []
  const shown = new GoText(
    `core.ScopeSelector{MatchExpressions:[]core.ScopedResourceSelectorRequirement{${expressions.map((e) => `core.ScopedResourceSelectorRequirement{ScopeName:"${e.scopeName}", Operator:"${e.operator}", Values:${goStrings(e.values).text}}`).join(', ')}}}`,
  )
  const errors = expressions.flatMap((e) => {
    const out = validateScopes([e.scopeName], spec, path, shown, (scope) =>
      invalid(`${path}.scopeName`, scope, 'unsupported scope'),
    )
    if (WITHOUT_VALUES.includes(e.scopeName) && e.operator !== 'Exists')
      out.push(
        invalid(
          `${path}.operator`,
          e.operator,
          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        ),
      )
    const values = e.values ?? []
    if (e.operator === 'In' || e.operator === 'NotIn') {
      if (!values.length)
        out.push(
          required(
            `${path}.values`,
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
          ),
        )
    } else if (e.operator === 'Exists' || e.operator === 'DoesNotExist') {
      if (values.length)
        out.push(
          invalid(
            `${path}.values`,
            goStrings(values),
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
          ),
        )
    } else out.push(invalid(`${path}.operator`, e.operator, 'not a valid selector operator'))
    return out
  })
  return [
    ...errors,
    ...conflicts(
      expressions.map((e) => e.scopeName),
      spec,
      path,
    ),
  ]
}

function validateSpec(spec: ResourceQuotaSpec): FieldError[] {
  const scopes = spec.scopes ?? []
  const shown = goStrings(spec.scopes, 'core.ResourceQuotaScope')
  return [
    ...validateAmounts(spec.hard, 'spec.hard'),
    ...validateScopes(scopes, spec, 'spec.scopes', shown, () => invalid('spec.scopes', shown, 'unsupported scope')),
    ...conflicts(scopes, spec, 'spec.scopes'),
    ...(spec.scopeSelector ? validateSelector(spec) : []),
  ]
}

const validateStatus = (q: ResourceQuota): FieldError[] => [
  ...validateAmounts(q.status?.hard, 'status.hard'),
  ...validateAmounts(q.status?.used, 'status.used'),
]

function validateUpdate(next: ResourceQuota, old: ResourceQuota): FieldError[] {
  const set = (q: ResourceQuota): string => [...new Set(q.spec?.scopes)].sort(byText).join(',')
  return [
    ...validateSpec(next.spec ?? {}),
    ...(set(next) === set(old)
      ? []
      : [invalid('spec.scopes', goStrings(next.spec?.scopes, 'core.ResourceQuotaScope'), 'field is immutable')]),
  ]
}

/** REQUEST and LIMIT: `cpu: 1/2, pods: 3/10`. */
function usage(q: ResourceQuota, limits: boolean): string {
  const hard = q.status?.hard ?? {}
  const used = q.status?.used ?? {}
  return Object.keys(hard)
    .sort(byText)
    .filter((k) => k.startsWith('limits.') === limits)
    .map((k) => `${k}: ${canonical(used[k] ?? 0)}/${canonical(hard[k] ?? 0)}`)
    .join(', ')
}

function scopeLines(out: Lines, q: ResourceQuota, level: number, bullet: string): void {
  const scopes = [...(q.spec?.scopes ?? [])].sort(byText)
  if (scopes.length === 0) return
  out.write(level, `Scopes:\t${scopes.join(', ')}\n`)
  for (const s of scopes) if (Object.hasOwn(SCOPES, s)) out.write(level, `${bullet}${SCOPES[s]}\n`)
}

/** All quotas of a namespace, as `describe ns` shows them. */
export function quotaTable(out: Lines, quotas: readonly ResourceQuota[]): void {
  if (quotas.length === 0) return out.write(0, 'No resource quota.\n')
  out.write(0, 'Resource Quotas\n')
  for (const q of [...quotas].sort((a, b) => byText(a.metadata.name ?? '', b.metadata.name ?? ''))) {
    out.write(1, `Name:\t${q.metadata.name ?? ''}\n`)
    scopeLines(out, q, 1, '* ')
    out.write(1, 'Resource\tUsed\tHard\n')
    out.write(1, '--------\t---\t---\n')
    const hard = q.status?.hard ?? {}
    for (const k of Object.keys(hard).sort(byText))
      out.write(1, `${k}\t${canonical(q.status?.used?.[k] ?? 0)}\t${canonical(hard[k] ?? 0)}\n`)
  }
}

function describe(q: ResourceQuota, out: Lines): void {
  nameLines(out, q)
  scopeLines(out, q, 0, ' * ')
  out.write(0, 'Resource\tUsed\tHard\n')
  out.write(0, '--------\t----\t----\n')
  const hard = q.status?.hard ?? {}
  for (const k of Object.keys(hard).sort(byText)) {
    const limit = parseQuantity(hard[k] ?? 0)
    const used = parseQuantity(q.status?.used?.[k] ?? 0)
    // what is used is shown in the format of the limit
    out.write(
      0,
      `${k}\t${canonical(used.format === limit.format ? used : newQuantity(value(used), limit.format))}\t${canonical(limit)}\n`,
    )
  }
}

export const resourceQuota = defineKind<ResourceQuota>({
  gvk: 'v1/ResourceQuota',
  strategy: {
    defaults,
    prepareForCreate: (q) => {
      q.status = {}
    },
    validate: (q) => [...validateSpec(q.spec ?? {}), ...validateStatus(q)],
    validateUpdate,
    validateStatusUpdate: validateStatus,
  },
  columns: [name(), column('Request', (q) => usage(q, false)), column('Limit', (q) => usage(q, true)), age()],
  describe,
})
