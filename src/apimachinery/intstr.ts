// Values that are a number or a text (ports, percentages), as apimachinery's util/intstr reads them.
import { goQuote } from './gostring.ts'
import type { IntOrString } from './object.ts'

/** A flag's text: an int32 where it is one, else the text itself (intstr.Parse). */
export function parseIntOrString(text: string): IntOrString {
  if (!/^[+-]?\d+$/.test(text)) return text
  const n = Number(text)
  return n >= -2147483648 && n <= 2147483647 ? n : text
}

/** `25%` of a total, rounded up or down; numbers stay. Throws for other texts. */
export function scaledValue(value: IntOrString | undefined, total: number, roundUp: boolean): number {
  if (value === undefined) throw new Error('nil value for IntOrString')
  if (typeof value === 'number') return value
  if (!value.endsWith('%')) throw new Error('invalid value for IntOrString: invalid type: string is not a percentage')
  const digits = value.slice(0, -1)
  if (!/^[+-]?\d+$/.test(digits))
    throw new Error(
      `invalid value for IntOrString: invalid value ${goQuote(value)}: strconv.Atoi: parsing ${goQuote(digits)}: invalid syntax`,
    )
  const part = (Number(digits) * total) / 100
  return roundUp ? Math.ceil(part) : Math.floor(part)
}

/** The number, or what the text's digits say (0 for a name). */
export function intValue(value: IntOrString | undefined): number {
  if (typeof value === 'number') return value
  return value !== undefined && /^[+-]?\d+$/.test(value) ? Number(value) : 0
}
