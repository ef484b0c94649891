// A Namespace. Behaves as pkg/registry/core/namespace; printed as printers/internalversion does; described as kubectl's
// describer.
import type { LimitRange, Namespace, ResourceQuota } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid } from '../../apimachinery/field.ts'
import { nameIsDnsLabel, qualifiedName } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { copy } from '../../apimachinery/object.ts'
import { has } from '../../apimachinery/versions.ts'
import { age, column, name } from '../columns.ts'
import { clusterHeader } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { conditionTable } from '../conditiontable.ts'

const FINALIZER = 'kubernetes'
const NAME_LABEL = 'kubernetes.io/metadata.name'

function defaults(ns: Draft<Namespace>): void {
  if (ns.metadata.name) ns.metadata.labels = { ...ns.metadata.labels, [NAME_LABEL]: ns.metadata.name }
  ns.spec ??= {}
  ns.status ??= {}
  ns.status.phase ||= 'Active'
}

function prepareForCreate(ns: Draft<Namespace>): void {
  ns.status = { phase: 'Active' }
  const spec = (ns.spec ??= {})
  const finalizers = (spec.finalizers ??= [])
  if (!finalizers.includes(FINALIZER)) finalizers.push(FINALIZER)
}

/** The finalizers of the spec change through the finalize subresource alone. */
function prepareForUpdate(ns: Draft<Namespace>, old: Namespace): void {
  const spec = (ns.spec ??= {})
  if (old.spec?.finalizers) spec.finalizers = copy(old.spec.finalizers)
  else delete spec.finalizers
  if (old.status) ns.status = copy(old.status)
}

/** validateFinalizerName: qualified, or one of the standard ones. */
export function finalizerName(value: string, path: string): FieldError[] {
  const errors = qualifiedName(value).map((text) => invalid(path, value, text))
  if (!value.includes('/') && !['kubernetes', 'orphan', 'foregroundDeletion'].includes(value))
    errors.push(invalid(path, value, 'name is neither a standard finalizer name nor is it fully qualified'))
  return errors
}

const validate = (ns: Namespace): FieldError[] =>
  (ns.spec?.finalizers ?? []).flatMap((f) => finalizerName(f, 'spec.finalizers'))

function validateStatusUpdate(ns: Namespace): FieldError[] {
  const phase = ns.status?.phase ?? ''
  const deleting = ns.metadata.deletionTimestamp !== undefined
  const wanted = deleting ? 'Terminating' : 'Active'
  return phase === wanted
    ? []
    : [
        invalid(
          'status.Phase',
          phase,
          `may only be '${wanted}' if \`deletionTimestamp\` is ${deleting ? 'not ' : ''}empty`,
        ),
      ]
}

async function describe(ns: Namespace, out: Lines, ctx: DescribeContext): Promise<void> {
  clusterHeader(out, ns)
  out.write(0, `Status:\t${ns.status?.phase ?? ''}\n`)
  if (ns.status?.conditions?.length && has(ctx.versions, 'describeNamespaceConditions')) {
    out.write(0, 'Conditions:\n')
    conditionTable(out, ns.status.conditions)
  }
  const namespace = ns.metadata.name ?? ''
  const quotas = await ctx.list<ResourceQuota>('resourcequotas', namespace)
  const ranges = await ctx.list<LimitRange>('limitranges', namespace)
  out.write(0, '\n')
  const { quotaTable } = await import('./resourcequota.ts')
  quotaTable(out, quotas)
  out.write(0, '\n')
  const { limitTable } = await import('./limitrange.ts')
  limitTable(out, ranges)
}

export const namespace = defineKind<Namespace>({
  gvk: 'v1/Namespace',
  strategy: {
    defaults,
    prepareForCreate,
    prepareForUpdate,
    validate,
    validateUpdate: validate,
    validateStatusUpdate,
    nameRule: nameIsDnsLabel,
    selectableFields: (ns) => ({ 'status.phase': ns.status?.phase ?? '' }),
    fieldSelectorError: 'label',
  },
  columns: [name(), column('Status', (ns) => ns.status?.phase ?? ''), age()],
  describe,
})
