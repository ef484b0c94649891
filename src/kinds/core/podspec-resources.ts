// Resource requirements of containers: which names, which quantities, requests against limits. The resource part of
// pkg/apis/core/validation and its helpers.
import type { ResourceRequirements } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, duplicate, forbidden, invalid, key, notFound, required, sub } from '../../apimachinery/field.ts'
import { GoText } from '../../apimachinery/gostring.ts'
import { dns1123Label, qualifiedName } from '../../apimachinery/names.ts'
import type { Quantity } from '../../apimachinery/object.ts'
import {
  canonical,
  compareQuantity,
  milliValue,
  parseQuantity,
  quantitySign,
  value,
} from '../../apimachinery/quantity.ts'
import { goQuantity } from '../fieldrules.ts'

const COUNTED = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]
const CONTAINER = ['cpu', 'memory', 'ephemeral-storage']
const STANDARD = new Set([
  ...CONTAINER,
  ...CONTAINER.flatMap((r) => [`requests.${r}`, `limits.${r}`]),
  ...COUNTED,
  'storage',
  'requests.storage',
])
const HUGE = 'hugepages-'

/** Without a slash, or of kubernetes.io: Kubernetes' own. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')
export const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0
export const isStandardResource = (name: string): boolean =>
  STANDARD.has(name) || name.startsWith(HUGE) || name.startsWith(`requests.${HUGE}`)
/** Counted in whole numbers. */
export const isIntegerResource = (name: string): boolean => COUNTED.includes(name) || isExtendedResource(name)
const isOvercommitAllowed = (name: string): boolean => isNativeResource(name) && !name.startsWith(HUGE)
const text = (q: Quantity): string => canonical(parseQuantity(q))

/**
 * A resource's name where any resource may stand. Messages show resource names without quotes: the Go type has a
 * String().
 */
export function validateResourceName(name: string, path: string): FieldError[] {
  const shown = new GoText(name)
  const errors = qualifiedName(name).map((m) => invalid(path, shown, m))
  if (errors.length) return errors
  return name.includes('/') || isStandardResource(name)
    ? []
    : [invalid(path, shown, 'must be a standard resource type or fully qualified')]
}

/** A resource's name where a container asks for it. */
export function validateContainerResourceName(name: string, path: string): FieldError[] {
  const errors = validateResourceName(name, path)
  if (!name.includes('/')) {
    if (!CONTAINER.includes(name) && !name.startsWith(HUGE))
      errors.push(invalid(path, new GoText(name), 'must be a standard resource for containers'))
  } else if (!isNativeResource(name) && !isExtendedResource(name))
    errors.push(invalid(path, new GoText(name), "doesn't follow extended resource name standard"))
  return errors
}

/** Not negative; whole where the resource is counted. */
export function validateResourceQuantity(name: string, quantity: Quantity, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (quantitySign(quantity) < 0) errors.push(invalid(path, text(quantity), 'must be greater than or equal to 0'))
  if (isIntegerResource(name) && milliValue(quantity) % 1000 !== 0)
    errors.push(invalid(path, goQuantity(quantity), 'must be an integer'))
  return errors
}

function hugePages(name: string, quantity: Quantity, path: string): FieldError[] {
  let size = 0
  try {
    size = value(name.slice(HUGE.length))
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
      errors.push(...validateContainerResourceName(name, there), ...validateResourceQuantity(name, quantity, there))
      if (kind === 'requests') errors.push(...againstLimit(name, quantity, r?.limits?.[name], path))
      if (name.startsWith(HUGE)) {
        seen.huge = true
        errors.push(...hugePages(name, quantity, there))
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
