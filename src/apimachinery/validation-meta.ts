// ObjectMeta, labels, annotations, owners, finalizers and label selectors: validated as apimachinery's api/validation
// and meta/v1/validation do.
import type { Condition, LabelSelector, ManagedFieldsEntry, ObjectMeta, OwnerReference } from './api/meta.v1.ts'
import { at, forbidden, invalid, notSupported, required, sub, tooLong } from './field.ts'
import type { FieldError } from './field.ts'
import { GoText, goQuote } from './gostring.ts'
import { compareBytes } from './labels.ts'
import { byteLength, conditionReason, dns1123Label, labelValue, nameIsDnsSubdomain, qualifiedName } from './names.ts'
import { equal } from './object.ts'

export const IMMUTABLE = 'field is immutable'
const NO_KEYS: readonly string[] = []
const sortedKeys = (map: Readonly<Record<string, string>> | undefined): readonly string[] =>
  map === undefined ? NO_KEYS : Object.keys(map).sort(compareBytes)

/** Refuses a number below zero. */
export const validateNonnegative = (value: number | undefined, path: string): FieldError[] =>
  (value ?? 0) < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : []
/** Refuses what cannot be the key of a label. */
export const validateLabelName = (name: string, path: string): FieldError[] =>
  qualifiedName(name).map((m) => invalid(path, name, m))

/** Refuses labels whose keys or values cannot be. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  return sortedKeys(labels).flatMap((k) => [
    ...validateLabelName(k, path),
    ...labelValue(labels?.[k] ?? '').map((m) => invalid(path, labels?.[k] ?? '', m)),
  ])
}

/** Refuses annotations whose keys cannot be, or that are too large together. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
): FieldError[] {
  if (annotations === undefined) return []
  const out = sortedKeys(annotations).flatMap((k) => qualifiedName(k.toLowerCase()).map((m) => invalid(path, k, m)))
  const size = Object.entries(annotations).reduce((n, [k, v]) => n + byteLength(k) + byteLength(v), 0)
  return size > 256 * 1024 ? [...out, tooLong(path, '', 256 * 1024)] : out
}

/** Go's %#v of an OwnerReference, as a field error prints a struct. */
function goOwner(r: OwnerReference): string {
  const pointer = (b: boolean | undefined): string => (b === undefined ? '(*bool)(nil)' : '(*bool)(0xc000000000)')
  return `v1.OwnerReference{APIVersion:${goQuote(r.apiVersion)}, Kind:${goQuote(r.kind)}, Name:${goQuote(r.name)}, UID:${goQuote(r.uid)}, Controller:${pointer(r.controller)}, BlockOwnerDeletion:${pointer(r.blockOwnerDeletion)}}`
}

function validateOwnerReferences(refs: readonly OwnerReference[] | undefined, path: string): FieldError[] {
  const out: FieldError[] = []
  let first = ''
  for (const r of refs ?? []) {
    const version = r.apiVersion ?? ''
    if (version === '' || version.endsWith('/') || version.split('/').length > 2)
      out.push(invalid(sub(path, 'apiVersion'), version, 'version must not be empty'))
    for (const name of ['kind', 'name', 'uid'] as const)
      if (!r[name]) out.push(invalid(sub(path, name), r[name] ?? '', `${name} must not be empty`))
    if (version === 'v1' && r.kind === 'Event')
      out.push({
        type: 'FieldValueInvalid',
        field: path,
        message: `Invalid value: ${goOwner(r)}: /v1, Kind=Event is disallowed from being an owner`,
      })
    if (!r.controller) continue
    const current = `${r.kind}/${r.name}`
    if (first)
      out.push({
        type: 'FieldValueInvalid',
        field: path,
        message: `Invalid value: []v1.OwnerReference{${(refs ?? []).map((x) => goOwner(x)).join(', ')}}: Only one reference can have Controller set to true. Found "true" in references for ${first} and ${current}`,
      })
    else first = current
  }
  return out
}

function validateFinalizers(finalizers: readonly string[] | undefined, path: string): FieldError[] {
  const out = (finalizers ?? []).flatMap((f) => qualifiedName(f).map((m) => invalid(path, f, m)))
  if (finalizers?.includes('orphan') && finalizers.includes('foregroundDeletion'))
    out.push({
      type: 'FieldValueInvalid',
      field: path,
      message: `Invalid value: []string{${finalizers.map(goQuote).join(', ')}}: finalizer orphan and foregroundDeletion cannot be both set`,
    })
  return out
}

/** Go's %#U of a character: U+0007, U+00E9 'é'. */
const unicode = (c: string): string => {
  const p = c.codePointAt(0) ?? 0
  const hex = `U+${p.toString(16).toUpperCase().padStart(4, '0')}`
  return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(c) ? `${hex} '${c}'` : hex
}
const PLAIN = /^[\x20-\x7e]*$/
function validateFieldManager(manager: string, path: string): FieldError[] {
  if (manager.length <= 128 && PLAIN.test(manager)) return []
  const out = byteLength(manager) > 128 ? [tooLong(path, '', 128)] : []
  let position = 0
  for (const c of manager) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(c))
      out.push(invalid(path, manager, `invalid character ${unicode(c)} (at position ${position})`))
    position += byteLength(c)
  }
  return out
}

const isPlainEntry = (e: ManagedFieldsEntry): boolean =>
  (e.operation === 'Update' || e.operation === 'Apply') &&
  e.fieldsType === 'FieldsV1' &&
  (e.subresource ?? '').length <= 64 &&
  (e.manager ?? '').length <= 128 &&
  PLAIN.test(e.manager ?? '')
function validateManagedFields(entries: readonly ManagedFieldsEntry[] | undefined, path: string): FieldError[] {
  if (!entries || entries.every(isPlainEntry)) return []
  return entries.flatMap((e, i) => {
    const p = at(path, i)
    if ((e.operation === 'Apply' || e.operation === 'Update') && e.fieldsType === 'FieldsV1' && !e.subresource)
      return validateFieldManager(e.manager ?? '', sub(p, 'manager'))
    return [
      ...(e.operation === 'Apply' || e.operation === 'Update'
        ? []
        : [invalid(sub(p, 'operation'), e.operation ?? '', 'must be `Apply` or `Update`')]),
      ...(e.fieldsType && e.fieldsType !== 'FieldsV1'
        ? [invalid(sub(p, 'fieldsType'), e.fieldsType, 'must be `FieldsV1`')]
        : []),
      ...validateFieldManager(e.manager ?? '', sub(p, 'manager')),
      ...(byteLength(e.subresource ?? '') > 256 ? [tooLong(sub(p, 'subresource'), '', 256)] : []),
    ]
  })
}

export type NameRule = (name: string, prefix: boolean) => string[]

/**
 * What metadata hold besides names and times; of finalizers those that are to be looked at. What stood in `before` too,
 * as it stands, was looked at when that was stored.
 */
function validateParts(
  meta: ObjectMeta,
  path: string,
  before: ObjectMeta | undefined,
  finalizers: readonly string[] | undefined,
): FieldError[] {
  const { labels, annotations, ownerReferences, managedFields } = meta
  const out: FieldError[] = []
  if (labels && labels !== before?.labels) out.push(...validateLabels(labels, sub(path, 'labels')))
  if (annotations && annotations !== before?.annotations)
    out.push(...validateAnnotations(annotations, sub(path, 'annotations')))
  if (ownerReferences && ownerReferences !== before?.ownerReferences)
    out.push(...validateOwnerReferences(ownerReferences, sub(path, 'ownerReferences')))
  if (finalizers && finalizers !== before?.finalizers)
    out.push(...validateFinalizers(finalizers, sub(path, 'finalizers')))
  if (managedFields) out.push(...validateManagedFields(managedFields, sub(path, 'managedFields')))
  return out
}

/** ValidateObjectMeta. `namespaced`: the kind lives in namespaces; `before`: what the object had when it was stored. */
export function validateObjectMeta(
  meta: ObjectMeta,
  namespaced: boolean,
  nameRule: NameRule = nameIsDnsSubdomain,
  path = 'metadata',
  before?: ObjectMeta,
): FieldError[] {
  const out: FieldError[] = []
  if (meta.generateName)
    out.push(...nameRule(meta.generateName, true).map((m) => invalid(sub(path, 'generateName'), meta.generateName, m)))
  if (!meta.name) out.push(required(sub(path, 'name'), 'name or generateName is required'))
  else out.push(...nameRule(meta.name, false).map((m) => invalid(sub(path, 'name'), meta.name, m)))
  if (!namespaced) {
    if (meta.namespace) out.push(forbidden(sub(path, 'namespace'), 'not allowed on this type'))
  } else if (!meta.namespace) out.push(required(sub(path, 'namespace')))
  else out.push(...dns1123Label(meta.namespace).map((m) => invalid(sub(path, 'namespace'), meta.namespace, m)))
  out.push(
    ...validateNonnegative(meta.generation, sub(path, 'generation')),
    ...validateParts(meta, path, before, meta.finalizers),
  )
  return out
}

/** Refuses a change of what may not change. */
export const validateImmutable = (next: unknown, old: unknown, path: string): FieldError[] =>
  equal(next ?? undefined, old ?? undefined) ? [] : [invalid(path, next, IMMUTABLE)]

/** A time as its String() prints it. */
const goTime = (t: string | undefined | null): GoText | undefined =>
  t ? new GoText(`${t.slice(0, 10)} ${t.slice(11, 19)} +0000 UTC`) : undefined

/** ValidateObjectMetaUpdate: what an update may not change. */
export function validateObjectMetaUpdate(next: ObjectMeta, old: ObjectMeta, path = 'metadata'): FieldError[] {
  const out: FieldError[] = []
  if (old.deletionTimestamp) {
    const extra = [...new Set((next.finalizers ?? []).filter((f) => !old.finalizers?.includes(f)))].sort(compareBytes)
    if (extra.length)
      out.push(
        forbidden(
          sub(path, 'finalizers'),
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${extra.map(goQuote).join(', ')}}`,
        ),
      )
  }
  if (!next.resourceVersion) out.push(invalid(sub(path, 'resourceVersion'), '', 'must be specified for an update'))
  if ((next.generation ?? 0) < (old.generation ?? 0))
    out.push(invalid(sub(path, 'generation'), next.generation ?? 0, 'must not be decremented'))
  for (const name of ['name', 'namespace', 'uid'] as const)
    out.push(...validateImmutable(next[name] ?? '', old[name] ?? '', sub(path, name)))
  for (const name of ['creationTimestamp', 'deletionTimestamp'] as const)
    if (next[name] !== old[name]) out.push(...validateImmutable(goTime(next[name]), goTime(old[name]), sub(path, name)))
  out.push(
    ...validateImmutable(
      next.deletionGracePeriodSeconds,
      old.deletionGracePeriodSeconds,
      sub(path, 'deletionGracePeriodSeconds'),
    ),
  )
  out.push(...validateParts(next, path, old, undefined))
  return out
}

export interface LabelSelectorOptions {
  readonly allowInvalidValues?: boolean
  readonly allowUnknownOperator?: boolean
}
/** ValidateLabelSelector. */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  path: string,
  options: LabelSelectorOptions = {},
): FieldError[] {
  if (!selector) return []
  const out = validateLabels(selector.matchLabels, sub(path, 'matchLabels'))
  ;(selector.matchExpressions ?? []).forEach((e, i) => {
    const p = at(sub(path, 'matchExpressions'), i)
    const values = e.values ?? []
    if (e.operator === 'In' || e.operator === 'NotIn') {
      if (!values.length) out.push(required(sub(p, 'values'), "must be specified when `operator` is 'In' or 'NotIn'"))
    } else if (e.operator === 'Exists' || e.operator === 'DoesNotExist') {
      if (values.length)
        out.push(forbidden(sub(p, 'values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    } else if (!options.allowUnknownOperator)
      out.push(invalid(sub(p, 'operator'), e.operator ?? '', 'not a valid selector operator'))
    out.push(...validateLabelName(e.key ?? '', sub(p, 'key')))
    if (!options.allowInvalidValues)
      values.forEach((v, j) => out.push(...labelValue(v).map((m) => invalid(at(sub(p, 'values'), j), v, m))))
  })
  return out
}

/** ValidateConditions of metav1.Condition lists. */
export function validateConditions(conditions: readonly Condition[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>()
  return (conditions ?? []).flatMap((c, i) => {
    const p = at(path, i)
    const out: FieldError[] = []
    if (seen.has(c.type))
      out.push({ type: 'FieldValueDuplicate', field: sub(p, 'type'), message: `Duplicate value: ${goQuote(c.type)}` })
    seen.add(c.type)
    out.push(...validateLabelName(c.type ?? '', sub(p, 'type')))
    if (!['True', 'False', 'Unknown'].includes(c.status))
      out.push(notSupported(sub(p, 'status'), c.status ?? '', ['False', 'True', 'Unknown']))
    if ((c.observedGeneration ?? 0) < 0)
      out.push(invalid(sub(p, 'observedGeneration'), c.observedGeneration, 'must be greater than or equal to zero'))
    if (!c.lastTransitionTime) out.push(required(sub(p, 'lastTransitionTime'), 'must be set'))
    if (!c.reason) out.push(required(sub(p, 'reason'), 'must be set'))
    else
      out.push(
        ...conditionReason(c.reason).map((m) => invalid(sub(p, 'reason'), c.reason, m)),
        ...(byteLength(c.reason) > 1024 ? [tooLong(sub(p, 'reason'), '', 1024)] : []),
      )
    if (byteLength(c.message ?? '') > 32768) out.push(tooLong(sub(p, 'message'), '', 32768))
    return out
  })
}
