// A LimitRange. Behaves as pkg/registry/core/limitrange; printed with its date, as the server prints kinds without a
// printer; described as kubectl's describer.
import type { LimitRange, LimitRangeItem } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, invalid, required } from '../../apimachinery/field.ts'
import { qualifiedName } from '../../apimachinery/names.ts'
import type { Draft, Quantity } from '../../apimachinery/object.ts'
import { canonical, compareQuantity, milliValue, value } from '../../apimachinery/quantity.ts'
import { nameLines } from '../describe.ts'
import type { Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { roundUp } from './podspec-defaults.ts'
import { goQuantity } from '../fieldrules.ts'
import { containerResourceName, isOvercommitAllowed, resourceName } from './resourcenames.ts'

type Amounts = { readonly [name: string]: Quantity }

/** Adds what is missing: in a default that is absent, the next best bound stands in. */
const fill = (into: { [name: string]: Quantity }, from: Amounts | undefined): void => {
  for (const [k, v] of Object.entries(from ?? {})) if (!Object.hasOwn(into, k)) into[k] = v
}

function defaults(lr: Draft<LimitRange>): void {
  for (const item of lr.spec?.limits ?? []) {
    if (item.type === 'Container') {
      fill((item.default ??= {}), item.max)
      fill((item.defaultRequest ??= {}), item.default)
      fill(item.defaultRequest, item.min)
      if (Object.keys(item.default).length === 0) delete item.default
      if (Object.keys(item.defaultRequest).length === 0) delete item.defaultRequest
    }
    for (const list of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio]) roundUp(list)
  }
}

function typeName(type: string, path: string): FieldError[] {
  const wrong = qualifiedName(type).map((text) => invalid(path, type, text))
  return wrong.length || type.includes('/') || ['Pod', 'Container', 'PersistentVolumeClaim'].includes(type)
    ? wrong
    : [invalid(path, type, 'must be a standard limit type or fully qualified')]
}

/** The bounds of one resource against each other. */
function compareBounds(item: LimitRangeItem, k: string, path: string): FieldError[] {
  const pod = item.type === 'Pod'
  const of = (list: Amounts | undefined): Quantity | undefined => (list && Object.hasOwn(list, k) ? list[k] : undefined)
  const [min, max, ratio] = [of(item.min), of(item.max), of(item.maxLimitRequestRatio)]
  const limit = pod ? undefined : of(item.default)
  const request = pod ? undefined : of(item.defaultRequest)
  const errors: FieldError[] = []
  const above = (
    a: Quantity | undefined,
    b: Quantity | undefined,
    field: string,
    shown: Quantity | undefined,
    aName: string,
    bName: string,
  ): void => {
    if (a === undefined || b === undefined || shown === undefined || compareQuantity(a, b) <= 0) return
    errors.push(
      invalid(
        `${path}.${field}[${k}]`,
        goQuantity(shown, true),
        `${aName} value ${canonical(a)} is greater than ${bName} value ${canonical(b)}`,
      ),
    )
  }
  above(min, max, 'min', min, 'min', 'max')
  above(min, request, 'defaultRequest', request, 'min', 'default request')
  above(request, max, 'defaultRequest', request, 'default request', 'max')
  above(request, limit, 'defaultRequest', request, 'default request', 'default limit')
  above(min, limit, 'default', min, 'min', 'default')
  above(limit, max, 'default', max, 'default', 'max')
  const ratioPath = `${path}.maxLimitRequestRatio[${k}]`
  if (ratio !== undefined && compareQuantity(ratio, 1) < 0)
    errors.push(invalid(ratioPath, goQuantity(ratio, true), `ratio ${canonical(ratio)} is less than 1`))
  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const bound = milliValue(max) / milliValue(min)
    if (milliValue(ratio) / 1000 > bound)
      errors.push(
        invalid(
          ratioPath,
          goQuantity(ratio, true),
          `ratio ${canonical(ratio)} is greater than max/min = ${bound.toFixed(6)}`,
        ),
      )
  }
  if (!isOvercommitAllowed(k) && limit !== undefined && request !== undefined && value(limit) !== value(request)) {
    errors.push(
      invalid(
        `${path}.defaultRequest[${k}]`,
        goQuantity(request, true),
        `default value ${canonical(limit)} must equal to defaultRequest value ${canonical(request)} in ${k}`,
      ),
    )
  }
  return errors
}

function validate(lr: LimitRange): FieldError[] {
  const limits = lr.spec?.limits ?? []
  return limits.flatMap((item, i) => {
    const path = `spec.limits[${i}]`
    const type = item.type ?? ''
    const rule = type === 'Pod' || type === 'Container' ? containerResourceName : resourceName
    const names = new Set<string>()
    const check = (field: 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio'): FieldError[] =>
      Object.keys(item[field] ?? {}).flatMap((k) => {
        names.add(k)
        return rule(k, `${path}.${field}[${k}]`)
      })
    const errors = typeName(type, `${path}.type`)
    if (limits.findIndex((o) => o.type === item.type) < i) errors.push(duplicate(`${path}.type`, type))
    errors.push(...check('max'), ...check('min'))
    if (type === 'Pod') {
      for (const field of ['default', 'defaultRequest'] as const)
        if (Object.keys(item[field] ?? {}).length)
          errors.push(forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"))
    } else errors.push(...check('default'), ...check('defaultRequest'))
    if (type === 'PersistentVolumeClaim' && item.min?.storage === undefined && item.max?.storage === undefined)
      errors.push(
        required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
      )
    errors.push(...check('maxLimitRequestRatio'))
    return [...errors, ...[...names].flatMap((k) => compareBounds(item, k, path))]
  })
}

function itemLines(out: Lines, items: readonly LimitRangeItem[], prefix: string): void {
  for (const item of items) {
    const lists = [item.min, item.max, item.defaultRequest, item.default, item.maxLimitRequestRatio]
    for (const k of new Set(
      [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio].flatMap((l) =>
        Object.keys(l ?? {}),
      ),
    )) {
      const cells = lists.map((l) => (l && Object.hasOwn(l, k) ? canonical(l[k] ?? 0) : '-'))
      out.write(0, `${prefix}${item.type}\t${k}\t${cells.join('\t')}\n`)
    }
  }
}

/** All ranges of a namespace in one table. */
export function limitTable(out: Lines, ranges: readonly LimitRange[]): void {
  if (ranges.length === 0) return out.write(0, 'No LimitRange resource.\n')
  out.write(0, 'Resource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n')
  out.write(0, ' ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n')
  for (const r of ranges) itemLines(out, r.spec?.limits ?? [], ' ')
}

function describe(lr: LimitRange, out: Lines): void {
  nameLines(out, lr)
  out.write(0, 'Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n')
  out.write(0, '----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n')
  itemLines(out, lr.spec?.limits ?? [], '')
}

export const limitRange = defineKind<LimitRange>({
  gvk: 'v1/LimitRange',
  strategy: {
    defaults,
    // the one kind that is never without a name
    prepareForCreate: (lr, { uuid }) => {
      lr.metadata.name ||= uuid()
    },
    validate,
    validateUpdate: validate,
    allowCreateOnUpdate: true,
  },
  describe,
})
