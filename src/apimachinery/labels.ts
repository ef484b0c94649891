// Label selectors: parsing, matching and printing as apimachinery's labels package does, its errors included.
import type { LabelSelector, LabelSelectorRequirement } from './api/meta.v1.ts'
import { goQuote } from './gostring.ts'
import { labelValue, qualifiedName } from './names.ts'

export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt'
export interface Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: readonly string[]
}
/** All requirements must hold; none means everything. */
export type Selector = readonly Requirement[]
export type Labels = Readonly<Record<string, string>>

/** Matches no object: what a missing LabelSelector means. */
export const NOTHING: Selector = [{ key: '', operator: 'in', values: [] }]
/** A selector that cannot be read. */
export class SelectorError extends Error {}

const SURROGATE = /[\ud800-\udfff]/
/** Go's order of strings: by bytes, which for UTF-16 differs only above the basic plane. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : 1
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) {
      const high = (c: number): boolean => c >= 0xd800 && c < 0xe000
      return high(x) !== high(y) && x > 0x7f && y > 0x7f ? (high(x) ? 1 : -1) : x - y
    }
  }
  return a.length - b.length
}

const byKey = (a: Requirement, b: Requirement): number => compareBytes(a.key, b.key)
const INT64 = /^[+-]?\d+$/

/** A checked requirement; throws SelectorError with every fault (labels.NewRequirement). */
export function requirement(key: string, operator: Operator, values: readonly string[]): Requirement {
  const wrong: string[] = []
  const keyFaults = qualifiedName(key)
  if (keyFaults.length) wrong.push(`key: Invalid value: ${goQuote(key)}: ${keyFaults.join('; ')}`)
  const list = `[]string{${values.map(goQuote).join(', ')}}`
  if ((operator === 'in' || operator === 'notin') && values.length === 0)
    wrong.push(`values: Invalid value: ${list}: for 'in', 'notin' operators, values set can't be empty`)
  if ((operator === '=' || operator === '==' || operator === '!=') && values.length !== 1)
    wrong.push(`values: Invalid value: ${list}: exact-match compatibility requires one single value`)
  if ((operator === 'exists' || operator === '!') && values.length)
    wrong.push(`values: Invalid value: ${list}: values set must be empty for exists and does not exist`)
  if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1)
      wrong.push(`values: Invalid value: ${list}: for 'Gt', 'Lt' operators, exactly one value is required`)
    values.forEach((v, i) => {
      if (!INT64.test(v))
        wrong.push(`values[${i}]: Invalid value: ${goQuote(v)}: for 'Gt', 'Lt' operators, the value must be an integer`)
    })
  }
  values.forEach((v, i) => {
    const faults = labelValue(v)
    if (faults.length) wrong.push(`values[${i}][${key}]: Invalid value: ${goQuote(v)}: ${faults.join('; ')}`)
  })
  const once = [...new Set(wrong)]
  if (once.length) throw new SelectorError(once.length === 1 ? once[0] : `[${once.join(', ')}]`)
  return { key, operator, values }
}

type Token = 'end' | 'id' | ')' | ',' | '!' | '==' | '=' | '>' | 'in' | '<' | '!=' | 'notin' | '(' | 'error'
interface Item {
  readonly token: Token
  readonly literal: string
}
const SPECIAL = '=!(),><'
const SYMBOLS: readonly string[] = [')', ',', '!', '==', '=', '>', '<', '!=', '(']

function scan(text: string): Item[] {
  const items: Item[] = []
  let i = 0
  while (i < text.length) {
    const ch = text[i] ?? ''
    if (/[ \t\r\n]/.test(ch)) {
      i++
      continue
    }
    if (ch === '\0') break
    if (SPECIAL.includes(ch)) {
      let buffer = ''
      let last = ''
      while (i < text.length && SPECIAL.includes(text[i] ?? ' ')) {
        buffer += text[i] ?? ''
        if (SYMBOLS.includes(buffer)) {
          last = buffer
          i++
        } else if (last) break
        else i++
      }
      items.push(
        last
          ? { token: last as Token, literal: last }
          : { token: 'error', literal: `error expected: keyword found '${buffer}'` },
      )
      continue
    }
    const start = i
    while (i < text.length && !SPECIAL.includes(text[i] ?? '') && !/[ \t\r\n\0]/.test(text[i] ?? '')) i++
    const literal = text.slice(start, i)
    items.push({ token: literal === 'in' || literal === 'notin' ? literal : 'id', literal })
  }
  return [...items, { token: 'end', literal: '' }]
}

class Parser {
  readonly #items: readonly Item[]
  #at = 0
  constructor(text: string) {
    this.#items = scan(text)
  }

  /** `values`: where `in` and `notin` are ordinary words. */
  #look(values = true): Item {
    const item = this.#items[this.#at] ?? { token: 'end', literal: '' }
    return values && (item.token === 'in' || item.token === 'notin') ? { token: 'id', literal: item.literal } : item
  }
  #take(values = true): Item {
    const item = this.#look(values)
    this.#at++
    return item
  }

  parse(): Requirement[] {
    const out: Requirement[] = []
    for (;;) {
      const item = this.#look()
      if (item.token === 'end') return out
      if (item.token !== 'id' && item.token !== '!')
        throw new SelectorError(`found '${item.literal}', expected: !, identifier, or 'end of string'`)
      try {
        out.push(this.#requirement())
      } catch (e) {
        if (e instanceof SelectorError) throw new SelectorError(`unable to parse requirement: ${e.message}`)
        throw e
      }
      const next = this.#take()
      if (next.token === 'end') return out
      if (next.token !== ',') throw new SelectorError(`found '${next.literal}', expected: ',' or 'end of string'`)
      const after = this.#look()
      if (after.token !== 'id' && after.token !== '!')
        throw new SelectorError(`found '${after.literal}', expected: identifier after ','`)
    }
  }

  #requirement(): Requirement {
    let item = this.#take()
    const absent = item.token === '!'
    if (absent) item = this.#take()
    if (item.token !== 'id') throw new SelectorError(`found '${item.literal}', expected: identifier`)
    const key = item.literal
    const faults = qualifiedName(key)
    if (faults.length) throw new SelectorError(`<nil>: Invalid value: ${goQuote(key)}: ${faults.join('; ')}`)
    if (absent) return requirement(key, '!', [])
    const next = this.#look().token
    if (next === 'end' || next === ',') return requirement(key, 'exists', [])
    const op = this.#take(false)
    switch (op.token) {
      case 'in':
      case 'notin':
        return requirement(key, op.token, this.#values())
      case '=':
      case '==':
      case '!=':
        return requirement(key, op.token, [this.#exact()])
      case '>':
        return requirement(key, 'gt', [this.#exact()])
      case '<':
        return requirement(key, 'lt', [this.#exact()])
      default:
        throw new SelectorError(`found '${op.literal}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  #exact(): string {
    const next = this.#look()
    if (next.token === 'end' || next.token === ',') return ''
    this.#at++
    if (next.token !== 'id') throw new SelectorError(`found '${next.literal}', expected: identifier`)
    return next.literal
  }

  #values(): string[] {
    const open = this.#take()
    if (open.token !== '(') throw new SelectorError(`found '${open.literal}' expected: '('`)
    const first = this.#look()
    if (first.token === ')') {
      this.#at++
      return ['']
    }
    if (first.token !== 'id' && first.token !== ',')
      throw new SelectorError(`found '${first.literal}', expected: ',', ')' or identifier`)
    const out = this.#identifiers()
    if (this.#take().token !== ')') throw new SelectorError(`found '${first.literal}', expected: ')'`)
    return [...out].sort(compareBytes)
  }

  #identifiers(): Set<string> {
    const out = new Set<string>()
    for (;;) {
      const item = this.#take()
      if (item.token === 'id') {
        out.add(item.literal)
        const next = this.#look()
        if (next.token === ')') return out
        if (next.token !== ',') throw new SelectorError(`found '${next.literal}', expected: ',' or ')'`)
      } else if (item.token === ',') {
        if (out.size === 0) out.add('')
        const next = this.#look()
        if (next.token === ')') {
          out.add('')
          return out
        }
        if (next.token === ',') {
          this.#at++
          out.add('')
        }
      } else throw new SelectorError(`found '${item.literal}', expected: ',', or identifier`)
    }
  }
}

/** The requirements sorted by key. Throws SelectorError with upstream's sentence. */
export function parseSelector(text: string): Selector {
  return new Parser(text).parse().sort(byKey)
}

/** Whether labels meet one requirement of a selector. */
export function matchesRequirement(r: Requirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, r.key) ? labels[r.key] : undefined
  switch (r.operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && r.values.includes(value)
    case 'notin':
    case '!=':
      return value === undefined || !r.values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
    case 'lt': {
      const bound = r.values[0]
      if (value === undefined || bound === undefined || !INT64.test(value) || !INT64.test(bound)) return false
      return r.operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
  }
}

/** Whether labels meet all requirements of a selector. */
export const matches = (selector: Selector, labels: Labels | undefined): boolean =>
  selector.every((r) => matchesRequirement(r, labels))

function requirementString(r: Requirement): string {
  const values = [...r.values].sort(compareBytes).join(',')
  switch (r.operator) {
    case 'exists':
      return r.key
    case '!':
      return `!${r.key}`
    case 'in':
    case 'notin':
      return `${r.key} ${r.operator} (${values})`
    case 'gt':
      return `${r.key}>${values}`
    case 'lt':
      return `${r.key}<${values}`
    default:
      return `${r.key}${r.operator}${values}`
  }
}
/** `app=web,tier in (a,b),!x`. */
export const selectorString = (selector: Selector): string =>
  selector === NOTHING ? '' : selector.map(requirementString).join(',')

const OPERATORS: Readonly<Record<string, Operator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' }

/** The selector of an API object; an absent one matches nothing, an empty one everything. Throws SelectorError. */
export function fromLabelSelector(selector: LabelSelector | undefined): Selector {
  if (!selector) return NOTHING
  const out = Object.entries(selector.matchLabels ?? {}).map(([k, v]) => requirement(k, '=', [v]))
  for (const e of selector.matchExpressions ?? []) {
    const op = Object.hasOwn(OPERATORS, e.operator) ? OPERATORS[e.operator] : undefined
    if (!op) throw new SelectorError(`${goQuote(e.operator)} is not a valid label selector operator`)
    out.push(requirement(e.key, op, e.values ?? []))
  }
  return out.sort(byKey)
}

/** A plain map as a selector (Service, ReplicationController); no check. An empty map matches everything. */
export const fromLabels = (labels: Labels | undefined): Selector =>
  Object.entries(labels ?? {})
    .map(([key, v]): Requirement => ({ key, operator: '=', values: [v] }))
    .sort(byKey)

/** The LabelSelector that a flag's text means (metav1.ParseToLabelSelector). */
export function toLabelSelector(text: string): LabelSelector {
  let parsed: Selector
  try {
    parsed = parseSelector(text)
  } catch (e) {
    throw e instanceof SelectorError
      ? new SelectorError(`couldn't parse the selector string "${text}": ${e.message}`)
      : e
  }
  const matchLabels: Record<string, string> = {}
  const matchExpressions: LabelSelectorRequirement[] = []
  const words: Partial<Record<Operator, string>> = { in: 'In', notin: 'NotIn', exists: 'Exists', '!': 'DoesNotExist' }
  for (const r of parsed) {
    if (r.operator === '=' || r.operator === '==') {
      matchLabels[r.key] = r.values[0] ?? ''
      continue
    }
    const operator = words[r.operator]
    if (!operator)
      throw new SelectorError(
        r.operator === '!='
          ? `"!=" is not a valid label selector operator`
          : `"${r.operator}" isn't supported in label selectors`,
      )
    matchExpressions.push({ key: r.key, operator, values: r.values })
  }
  return {
    ...(Object.keys(matchLabels).length ? { matchLabels } : {}),
    ...(matchExpressions.length ? { matchExpressions } : {}),
  }
}

/** A LabelSelector as columns and describe print it: `<none>` when empty, `<error>` when it cannot be read. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  try {
    return selectorString(fromLabelSelector(selector)) || '<none>'
  } catch {
    return '<error>'
  }
}

/** A map as tables print it: `a=b,c=d`, or `<none>`. What is sorted are the pairs: `a.b=` comes before `a=`. */
export function formatLabels(labels: Labels | undefined): string {
  return (
    Object.keys(labels ?? {})
      .map((k) => `${k}=${labels?.[k] ?? ''}`)
      .sort(compareBytes)
      .join(',') || '<none>'
  )
}
