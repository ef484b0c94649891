// References from an Ingress or IngressClass to an object of any kind.
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, required } from '../../apimachinery/field.ts'
import { dns1123Subdomain, pathSegmentName } from '../../apimachinery/names.ts'

interface Reference {
  readonly apiGroup?: string | null
  readonly kind?: string
  readonly name?: string
}

/** validateIngressTypedLocalObjectReference. */
export function typedLocalReference(ref: Reference, path: string): FieldError[] {
  const errors =
    ref.apiGroup === undefined || ref.apiGroup === null
      ? []
      : dns1123Subdomain(ref.apiGroup).map((t) => invalid(`${path}.apiGroup`, ref.apiGroup, t))
  for (const field of ['kind', 'name'] as const) {
    const value = ref[field]
    errors.push(
      ...(value
        ? pathSegmentName(value).map((t) => invalid(`${path}.${field}`, value, t))
        : [required(`${path}.${field}`, `${field} is required`)]),
    )
  }
  return errors
}
