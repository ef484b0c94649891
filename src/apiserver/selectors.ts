// Which objects of a list a request wants: label and field selectors, and how an unknown one is refused (per kind, as
// the versions' conversion functions do).
import type { KubeObject } from '../apimachinery/object.ts'
import { fieldsMatch, parseFieldSelector } from '../apimachinery/fields.ts'
import type { FieldSelector } from '../apimachinery/fields.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import { matches, parseSelector } from '../apimachinery/labels.ts'
import type { Selector } from '../apimachinery/labels.ts'
import { StatusError, badRequest } from '../apimachinery/status.ts'
import type { Context, Served } from './api.ts'
import { param } from './api.ts'

export interface Filter {
  readonly matches: (object: KubeObject) => boolean
  /** Equality requirements of the label selector, for the store's index. */
  readonly labels?: Readonly<Record<string, string>>
  readonly empty: boolean
}

/** metadata.name and metadata.namespace, and what the kind adds. */
function fieldsOf(s: Served, object: KubeObject): Readonly<Record<string, string>> {
  return {
    'metadata.name': object.metadata.name ?? '',
    ...(s.info.namespaced ? { 'metadata.namespace': object.metadata.namespace ?? '' } : {}),
    ...s.kind.strategy.selectableFields?.(object),
  }
}

const EXAMPLE: KubeObject = { apiVersion: '', kind: '', metadata: {} }

function checkFields(s: Served, selector: FieldSelector): void {
  if (selector.length === 0) return
  const strategy = s.kind.strategy
  let known: Readonly<Record<string, string>> = {}
  try {
    known = strategy.selectableFields?.(EXAMPLE) ?? {}
  } catch {
    known = {}
  }
  for (const r of selector) {
    if (r.field === 'metadata.name' || r.field === 'metadata.namespace' || Object.hasOwn(known, r.field)) continue
    const { fieldSelectorError: how = 'known' } = strategy
    throw badRequest(
      how === 'label'
        ? `field label not supported: ${r.field}`
        : how === 'kind'
          ? `field label ${goQuote(r.field)} not supported for ${s.info.kind}`
          : `"${r.field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
    )
  }
}

/** The filter that a list, watch or deletecollection asks for. Throws BadRequest. */
export function filterOf(ctx: Context): Filter {
  const labelText = ctx.request.query?.labelSelector?.[0] ?? ''
  const fieldText = ctx.request.query?.fieldSelector?.[0] ?? ''
  const name = ctx.info.name
  if (!labelText && !fieldText && !name) return { matches: () => true, empty: true }
  const cannot = (e: unknown): StatusError => (e instanceof StatusError ? e : badRequest((e as Error).message))
  let labels: Selector
  let fields: FieldSelector
  try {
    labels = parseSelector(labelText)
  } catch (e) {
    throw cannot(e)
  }
  try {
    fields = parseFieldSelector(fieldText)
    checkFields(ctx.served, fields)
  } catch (e) {
    throw cannot(e)
  }
  const exact = labels.filter((r) => (r.operator === '=' || r.operator === '==') && r.values.length === 1)
  return {
    matches: (o) =>
      matches(labels, o.metadata.labels) &&
      (fields.length === 0 || fieldsMatch(fields, fieldsOf(ctx.served, o))) &&
      (!name || o.metadata.name === name),
    ...(exact.length > 0 ? { labels: Object.fromEntries(exact.map((r) => [r.key, r.values[0] ?? ''])) } : {}),
    empty: false,
  }
}

/** The value of a boolean query parameter. */
export const flag = (ctx: Context, name: string): boolean => {
  const v = param(ctx, name)
  return v === 'true' || v === '1'
}
