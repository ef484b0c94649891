// What may be asked of a list or a watch together; refused as apimachinery's internalversion/validation does. The
// served cluster does watch-lists (WatchList).
import { forbidden } from '../apimachinery/field.ts'
import type { FieldError } from '../apimachinery/field.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import { badRequest, invalid } from '../apimachinery/status.ts'
import { param } from './api.ts'
import type { Context } from './api.ts'

const MATCH = 'resourceVersionMatch'
const notSupported = (match: string, known: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field: MATCH,
  message: `Unsupported value: ${JSON.stringify(match)}: supported values: ${known.map((k) => JSON.stringify(k)).join(', ')}`,
})

/** Refuses options that are no numbers (queryparams' conversion), and those that contradict each other. */
export function checkListOptions(ctx: Context, watching: boolean): void {
  for (const name of ['timeoutSeconds', 'limit']) {
    const text = ctx.request.query?.[name]?.[0]
    if (text !== undefined && !/^[-+]?\d+$/.test(text))
      throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`)
    if (text !== undefined && BigInt.asIntN(64, BigInt(text.replace('+', ''))) !== BigInt(text.replace('+', '')))
      throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: value out of range`)
  }
  const match = param(ctx, MATCH) ?? ''
  const version = param(ctx, 'resourceVersion') ?? ''
  const initial = param(ctx, 'sendInitialEvents')
  const errors: FieldError[] = []
  const continued = param(ctx, 'continue')
    ? [forbidden(MATCH, 'resourceVersionMatch is forbidden when continue is provided')]
    : []
  if (watching) {
    if (initial !== undefined && match !== 'NotOlderThan')
      errors.push(forbidden(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
    if (match !== '') {
      if (initial === undefined)
        errors.push(
          forbidden(MATCH, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
        )
      if (match !== 'NotOlderThan') errors.push(notSupported(match, ['NotOlderThan']))
      errors.push(...continued)
    }
  } else {
    if (match !== '') {
      if (version === '')
        errors.push(forbidden(MATCH, 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
      errors.push(...continued)
      if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(notSupported(match, ['Exact', 'NotOlderThan', '']))
      if (match === 'Exact' && version === '0')
        errors.push(forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
    if (initial !== undefined) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
}
