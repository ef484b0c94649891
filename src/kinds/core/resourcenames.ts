// Names of resources (cpu, requests.storage, example.com/gpu): which are standard where, as apis/core/helper and
// validation have it.
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid } from '../../apimachinery/field.ts'
import { GoText } from '../../apimachinery/gostring.ts'
import { qualifiedName } from '../../apimachinery/names.ts'
import { canonical, milliValue, quantitySign } from '../../apimachinery/quantity.ts'
import { goQuantity } from '../fieldrules.ts'
import type { Quantity } from '../../apimachinery/object.ts'

const CONTAINER = ['cpu', 'memory', 'ephemeral-storage']
const OBJECTS = [
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
const COMPUTE = [...CONTAINER, ...CONTAINER.map((r) => `requests.${r}`), ...CONTAINER.map((r) => `limits.${r}`)]
const QUOTA = new Set([...COMPUTE, 'requests.storage', ...OBJECTS])
const STANDARD = new Set([...QUOTA, 'storage'])
const POD_COMPUTE = new Set(['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'])

/** Whether a resource is memory in huge pages of one size. */
export const isHugePages = (name: string): boolean => name.startsWith('hugepages-')
const quotaHugePages = (name: string): boolean => isHugePages(name) || name.startsWith('requests.hugepages-')
const native = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')
const extended = (name: string): boolean =>
  !native(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0
/** Standard in a quota. */
export const isQuotaResource = (name: string): boolean => QUOTA.has(name) || quotaHugePages(name)
/** May be promised more often than it exists. */
export const isOvercommitAllowed = (name: string): boolean => native(name) && !isHugePages(name)

/** A resource name prints without quotes: its type has a String method. */
const shown = (name: string): GoText => new GoText(name)

/** validateResourceName. */
export function resourceName(name: string, path: string): FieldError[] {
  const wrong = qualifiedName(name).map((text) => invalid(path, shown(name), text))
  if (wrong.length || name.includes('/') || STANDARD.has(name) || quotaHugePages(name)) return wrong
  return [invalid(path, shown(name), 'must be a standard resource type or fully qualified')]
}

/** validateContainerResourceName. */
export function containerResourceName(name: string, path: string): FieldError[] {
  const errors = resourceName(name, path)
  if (!name.includes('/')) {
    if (!CONTAINER.includes(name) && !isHugePages(name))
      errors.push(invalid(path, shown(name), 'must be a standard resource for containers'))
  } else if (!native(name) && !extended(name))
    errors.push(invalid(path, shown(name), "doesn't follow extended resource name standard"))
  return errors
}

/** ValidateResourceQuotaResourceName. */
export function quotaResourceName(name: string, path: string): FieldError[] {
  const errors = resourceName(name, path)
  if (!name.includes('/') && !isQuotaResource(name))
    errors.push(invalid(path, shown(name), 'must be a standard resource for quota'))
  return errors
}

/** ValidateResourceQuantityValue: not negative, and whole where halves make no sense. */
export function quantityValue(name: string, quantity: Quantity, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (quantitySign(quantity) < 0) errors.push(invalid(path, canonical(quantity), 'must be greater than or equal to 0'))
  if ((OBJECTS.includes(name) || extended(name)) && milliValue(quantity) % 1000 !== 0)
    errors.push(invalid(path, goQuantity(quantity), 'must be an integer'))
  return errors
}

/** Whether a quota with this scope can count the resource. */
export function scopeFits(scope: string, name: string): boolean {
  switch (scope) {
    case 'Terminating':
    case 'NotTerminating':
    case 'NotBestEffort':
    case 'PriorityClass':
    case 'CrossNamespacePodAffinity':
      return name === 'pods' || POD_COMPUTE.has(name)
    case 'BestEffort':
      return name === 'pods'
    case 'VolumeAttributesClass':
      return name === 'persistentvolumeclaims' || name === 'requests.storage'
    default:
      return true
  }
}
