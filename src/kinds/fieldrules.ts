// Rules that fields of several kinds share, and how their values look in Go's own syntax (%#v), which some messages
// show.
import type { LabelSelector, LabelSelectorRequirement } from '../apimachinery/api/meta.v1.ts'
import type { FieldError } from '../apimachinery/field.ts'
import { invalid } from '../apimachinery/field.ts'
import { GoText, goQuote, goStrings } from '../apimachinery/gostring.ts'
import { compareBytes } from '../apimachinery/labels.ts'
import { percent } from '../apimachinery/names.ts'
import type { IntOrString, Quantity } from '../apimachinery/object.ts'
import { asRead, canonical } from '../apimachinery/quantity.ts'
import { validateNonnegative } from '../apimachinery/validation-meta.ts'

/** `map[string]string{"a":"b"}`, keys sorted; `map[string]string(nil)` when there is none. */
export function goMap(map: Readonly<Record<string, string>> | undefined): GoText {
  if (!map) return new GoText('map[string]string(nil)')
  return new GoText(
    `map[string]string{${Object.keys(map)
      .sort(compareBytes)
      .map((k) => `${goQuote(k)}:${goQuote(map[k] ?? '')}`)
      .join(', ')}}`,
  )
}

/** `v1.LabelSelector{MatchLabels:…, MatchExpressions:…}`. */
export function goLabelSelector(selector: LabelSelector): GoText {
  // what must be there may be missing in what is refused
  const expressions = selector.matchExpressions?.map(
    ({ key, operator, values }: Partial<LabelSelectorRequirement>) =>
      `v1.LabelSelectorRequirement{Key:${goQuote(key ?? '')}, Operator:${goQuote(operator ?? '')}, Values:${goStrings(values).text}}`,
  )
  return new GoText(
    `v1.LabelSelector{MatchLabels:${goMap(selector.matchLabels).text}, MatchExpressions:[]v1.LabelSelectorRequirement${expressions ? `{${expressions.join(', ')}}` : '(nil)'}}`,
  )
}

/** `intstr.IntOrString{Type:1, IntVal:0, StrVal:"25%"}`. */
export function goIntOrString(value: IntOrString): GoText {
  return new GoText(
    typeof value === 'number'
      ? `intstr.IntOrString{Type:0, IntVal:${value}, StrVal:""}`
      : `intstr.IntOrString{Type:1, IntVal:0, StrVal:${goQuote(value)}}`,
  )
}

/** A quantity inside a struct, field by field. `said`: its text was asked for before, which Go keeps. */
export function goQuantity(value: Quantity, said = false): GoText {
  const q = asRead(value)
  return new GoText(
    `resource.Quantity{i:resource.int64Amount{value:${q.unscaled}, scale:${q.scale}}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:${goQuote(said ? canonical(q) : (q.text ?? ''))}, Format:${goQuote(q.format)}}`,
  )
}

/** A whole number that is not negative, or a percentage. */
export function positiveIntOrPercent(value: IntOrString | undefined, path: string): FieldError[] {
  if (typeof value !== 'string') return validateNonnegative(value, path)
  return percent(value).map((m) => invalid(path, goIntOrString(value), m))
}

/** The number in front of `%`, or undefined for what is no percentage. */
export function percentValue(value: IntOrString | undefined): number | undefined {
  return typeof value === 'string' && percent(value).length === 0 ? Number.parseInt(value, 10) : undefined
}

export function notMoreThan100Percent(value: IntOrString | undefined, path: string): FieldError[] {
  return value !== undefined && (percentValue(value) ?? 0) > 100
    ? [invalid(path, goIntOrString(value), 'must not be greater than 100%')]
    : []
}
