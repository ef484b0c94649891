// Whole numbers that a double cannot hold: Go decodes them as int64 and writes every digit. They are bigint values in
// JSON here, all other numbers stay numbers.

/** Where a long number may stand; not in the midst of a word, as states are full of hexadecimal ids. */
const LONG = /(?:^|[\s:,[])-?\d{16}/
/** What every long number has; the engine finds it in a quarter of the time, as each digit is told to it. */
const DIGITS = new RegExp('\\d'.repeat(16))
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g
const WHOLE = /^-?\d{16,}$/
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/**
 * A whole number as JSON values hold it: a number where it is exact, a bigint up to int64's bounds, a (rounded) number
 * beyond.
 */
export function wholeNumber(value: bigint): number | bigint {
  const n = Number(value)
  return Number.isSafeInteger(n) || value < INT64_MIN || value > INT64_MAX ? n : value
}

/**
 * The same number after it was a float64 and was written with the digits that this needs, as in some of Go's patches.
 */
export const throughFloat = (value: bigint): number | bigint => wholeNumber(BigInt(String(Number(value))))

/** A mark that the text does not have. */
function markFor(text: string): string {
  let mark = '\uf8ffint:'
  while (text.includes(mark)) mark += ':'
  return mark
}

/** JSON.parse that keeps the digits of int64. */
export function readJson(text: string): unknown {
  if (!DIGITS.test(text) || !LONG.test(text)) return JSON.parse(text) as unknown
  JSON.parse(text) // what is no JSON is refused as it stands, not as we have marked it
  const mark = markFor(text)
  const marked = text.replace(TOKENS, (t) =>
    WHOLE.test(t) && typeof wholeNumber(BigInt(t)) === 'bigint' ? `"${mark}${t}"` : t,
  )
  if (marked.length === text.length) return JSON.parse(text) as unknown
  return JSON.parse(marked, (_, v: unknown) =>
    typeof v === 'string' && v.startsWith(mark) ? BigInt(v.slice(mark.length)) : v,
  ) as unknown
}

/** JSON.stringify that writes bigint values as numbers; `onLong` is told when there are any. */
export function writeJson(value: unknown, onLong?: () => void): string {
  try {
    return JSON.stringify(value)
  } catch (e) {
    if (!(e instanceof TypeError)) throw e
  }
  onLong?.()
  const texts: string[] = []
  const shown = JSON.stringify(value, (k, v: unknown) => {
    if (typeof v === 'string') texts.push(v)
    texts.push(k)
    return typeof v === 'bigint' ? Number(v) : v
  })
  const mark = markFor(texts.join('\n') + shown)
  return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${mark}${v}` : v)).replaceAll(
    new RegExp(`"${mark}(-?\\d+)"`, 'g'),
    '$1',
  )
}
