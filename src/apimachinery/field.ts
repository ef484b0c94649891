// Field errors: what was wrong at which path, as k8s.io/apimachinery's util/validation/field words them.
import { goString } from './gostring.ts'

export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid'

export interface FieldError {
  readonly type: FieldErrorType
  readonly field: string
  /** The whole sentence after `field: `. */
  readonly message: string
}

const error =
  (type: FieldErrorType) =>
  (field: string, message: string): FieldError => ({ type, field, message })

/** Go's %v or quoted form of a bad value as field errors print it: strings quoted, structs as JSON, see gostring. */
const shown = (value: unknown): string => goString(value)

/** A value must be given. */
export const required = (field: string, detail = ''): FieldError =>
  error('FieldValueRequired')(field, `Required value${detail && `: ${detail}`}`)
/** A value is given that cannot be; `detail` says why. */
export const invalid = (field: string, value: unknown, detail: string): FieldError =>
  error('FieldValueInvalid')(field, `Invalid value: ${shown(value)}${detail && `: ${detail}`}`)
/** A value stands twice in a list whose items must differ. */
export const duplicate = (field: string, value: unknown): FieldError =>
  error('FieldValueDuplicate')(field, `Duplicate value: ${shown(value)}`)
/** A value may not be given here. */
export const forbidden = (field: string, detail: string): FieldError =>
  error('FieldValueForbidden')(field, `Forbidden: ${detail}`)
/** A value refers to what is not there. */
export const notFound = (field: string, value: unknown): FieldError =>
  error('FieldValueNotFound')(field, `Not found: ${shown(value)}`)
/** A list has more items than `max`. */
export const tooMany = (field: string, _actual: number, max: number): FieldError =>
  error('FieldValueTooMany')(field, `Too many: ${_actual}: must have at most ${max} items`)
/** A text is longer than `max`. */
export const tooLong = (field: string, _value: unknown, max: number): FieldError =>
  error('FieldValueTooLong')(field, `Too long: may not be more than ${max} bytes`)
/** The server itself could not check. */
export const internal = (field: string, detail: string): FieldError =>
  error('InternalError')(field, `Internal error: ${detail}`)
/** `supported` is printed in the order given: sort it where upstream sorts. */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError =>
  error('FieldValueNotSupported')(
    field,
    `Unsupported value: ${shown(value)}${supported.length ? `: supported values: ${supported.map((s) => JSON.stringify(s)).join(', ')}` : ''}`,
  )

/** `spec.ports[0].name`, `metadata.labels[a]`: paths are plain strings, joined here. */
export const at = (path: string, index: number): string => `${path}[${index}]`
/** The path of an item of a map: `data[a]`. */
export const key = (path: string, name: string): string => `${path}[${name}]`
/** The path of a field: `spec.ports`; at the root the name alone. */
export const sub = (path: string, name: string): string => (path ? `${path}.${name}` : name)
