// Resource requirements of containers: requests against limits, huge pages, claims (pkg/apis/core/validation).
import type { ResourceRequirements } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, duplicate, forbidden, invalid, key, notFound, required, sub } from '../../apimachinery/field.ts'
import { dns1123Label } from '../../apimachinery/names.ts'
import type { Quantity } from '../../apimachinery/object.ts'
import { canonical, compareQuantity, parseQuantity, value } from '../../apimachinery/quantity.ts'
import { containerResourceName, isHugePages, isOvercommitAllowed, quantityValue } from './resourcenames.ts'

const text = (q: Quantity): string => canonical(parseQuantity(q))

/** A multiple of the page. */
function wholePages(name: string, quantity: Quantity, path: string): FieldError[] {
  let size = 0
  try {
    size = value(name.slice('hugepages-'.length))
  } catch {
    /* no size: nothing divides by it */
  }
  return size > 0 && value(quantity) % size === 0
    ? []
    : [invalid(path, text(quantity), `${text(quantity)} is not positive integer multiple of ${name}`)]
}

/** Limits, requests and claims. `claims` are the names of the pod's resource claims. */
export function validateResources(
  r: Partial<ResourceRequirements> | undefined,
  path: string,
  claims: readonly string[] = [],
): FieldError[] {
  const errors: FieldError[] = []
  const seen = { compute: false, huge: false }
  for (const kind of ['limits', 'requests'] as const) {
    const here = sub(path, kind)
    for (const [name, quantity] of Object.entries(r?.[kind] ?? {})) {
      const there = key(here, name)
      errors.push(...containerResourceName(name, there), ...quantityValue(name, quantity, there))
      if (kind === 'requests') errors.push(...againstLimit(name, quantity, r?.limits?.[name], path))
      if (isHugePages(name)) {
        seen.huge = true
        errors.push(...wholePages(name, quantity, there))
      }
      if (name === 'cpu' || name === 'memory') seen.compute = true
    }
  }
  if (seen.huge && !seen.compute) errors.push(forbidden(path, 'HugePages require cpu or memory'))
  return [...errors, ...validateClaims(r?.claims, claims, sub(path, 'claims'))]
}

function againstLimit(name: string, request: Quantity, limit: Quantity | undefined, path: string): FieldError[] {
  if (limit === undefined)
    return isOvercommitAllowed(name)
      ? []
      : [required(sub(path, 'limits'), 'Limit must be set for non overcommitable resources')]
  const order = compareQuantity(request, limit)
  const wrong = (how: string): FieldError[] => [
    invalid(sub(path, 'requests'), text(request), `must be ${how} ${name} limit of ${text(limit)}`),
  ]
  if (order !== 0 && !isOvercommitAllowed(name)) return wrong('equal to')
  return order > 0 ? wrong('less than or equal to') : []
}

function validateClaims(claims: ResourceRequirements['claims'], known: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, claim] of (claims ?? []).entries()) {
    const here = at(path, i)
    const { name, request } = claim
    if (!name) {
      errors.push(required(here))
      continue
    }
    if (names.has(name)) errors.push(duplicate(here, name))
    else {
      if (request) errors.push(...dns1123Label(request).map((m) => invalid(sub(here, 'request'), request, m)))
      const whole = request ? `${name}/${request}` : name
      if (names.has(whole)) errors.push(duplicate(here, whole))
      else if (!request && [...names].some((n) => n.startsWith(`${name}/`))) errors.push(duplicate(here, name))
      names.add(whole)
    }
    if (!known.includes(name)) {
      const { message, ...rest } = notFound(here, name)
      errors.push({
        ...rest,
        message: `${message}: must be one of the names in pod.spec.resourceClaims${known.length ? `: ${[...known].sort().join(', ')}` : ' which is empty'}`,
      })
    }
  }
  return errors
}
