// The options of a write: dry run, field manager, field validation; checked as apimachinery's meta/v1/validation checks
// CreateOptions and its siblings.
import { notSupported, invalid as invalidField, tooLong, forbidden, required } from '../apimachinery/field.ts'
import type { FieldError } from '../apimachinery/field.ts'
import { badRequest, invalid } from '../apimachinery/status.ts'
import { goStrings } from '../apimachinery/gostring.ts'
import { param } from './api.ts'
import type { Context } from './api.ts'

export interface WriteOptions {
  readonly dryRun: boolean
  /** Who owns the fields: fieldManager, or the program's name from User-Agent. */
  readonly manager: string
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore'
  readonly force: boolean | undefined
}

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions'

/** What is wrong with a dryRun list. */
export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.every((v) => v === 'All')
    ? []
    : [
        {
          type: 'FieldValueNotSupported',
          field: 'dryRun',
          message: `Unsupported value: ${goStrings(values).text}: supported values: "All"`,
        },
      ]
}

/** The prefix of a User-Agent that names the program: `kubectl` of `kubectl/v1.33.1 (linux/amd64)`. */
export const managerOf = (userAgent: string | undefined): string =>
  (userAgent ?? '').split('/')[0]?.slice(0, 128) || 'unknown'

/** Reads and checks the query of a write. */
export function writeOptions(ctx: Context, kind: OptionsKind, apply = false): WriteOptions {
  const { query, headers } = ctx.request
  if (!apply && (!query || Object.keys(query).length === 0))
    return { dryRun: false, manager: managerOf(headers?.['user-agent']), fieldValidation: 'Warn', force: undefined }
  const dry = query?.dryRun ?? []
  const fieldManager = param(ctx, 'fieldManager') ?? ''
  const validation = param(ctx, 'fieldValidation') ?? ''
  const force = kind === 'PatchOptions' ? param(ctx, 'force') : undefined
  const errors: FieldError[] = []
  if (kind === 'PatchOptions') {
    if (!apply && force !== undefined) errors.push(forbidden('force', 'may not be specified for non-apply patch'))
    if (apply && !fieldManager) errors.push(required('fieldManager', 'is required for apply patch'))
  }
  if (fieldManager.length > 128) errors.push(tooLong('fieldManager', '', 128))
  else if (!/^[ -~]*$/.test(fieldManager)) {
    // what is not ASCII: knowing all letters costs 2 ms
    const bad = [...fieldManager].findIndex((c) => !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(c))
    if (bad >= 0)
      errors.push(
        invalidField(
          'fieldManager',
          fieldManager,
          `invalid character U+${([...fieldManager][bad] ?? '').codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')} (at position ${bad})`,
        ),
      )
  }
  errors.push(...dryRunErrors(dry))
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation))
    errors.push(notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']))
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors)
  if (force !== undefined && !['true', 'false', '1', '0', ''].includes(force))
    throw badRequest(`unable to parse ${JSON.stringify(force)} as bool`)
  return {
    dryRun: dry.length > 0,
    manager: fieldManager || managerOf(headers?.['user-agent']),
    fieldValidation: validation === 'Strict' || validation === 'Ignore' ? validation : 'Warn',
    force: force === undefined ? undefined : force === 'true' || force === '1' || force === '',
  }
}
