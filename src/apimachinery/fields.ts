// Field selectors: `metadata.name=web,status.phase!=Running`, parsed and refused as apimachinery's fields package does.
import { compareBytes } from './labels.ts'

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}
export type FieldSelector = readonly FieldRequirement[]

class FieldSelectorError extends Error {}

function unescape(value: string): string {
  let out = ''
  let slash = false
  for (const c of value) {
    if (slash) {
      if (c !== '\\' && c !== ',' && c !== '=')
        throw new FieldSelectorError(`invalid field selector: invalid escape sequence: \\${c}`)
      out += c
      slash = false
    } else if (c === '\\') slash = true
    else if (c === ',' || c === '=')
      throw new FieldSelectorError(`invalid field selector: unescaped character in value: ${c.charCodeAt(0)}`)
    else out += c
  }
  if (slash) throw new FieldSelectorError('invalid field selector: invalid escape sequence: \\')
  return out
}

function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === ',') {
      terms.push(text.slice(start, i))
      start = i + 1
    }
  }
  return [...terms, text.slice(start)]
}

/** Throws FieldSelectorError with upstream's sentence. */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === '') return []
  const out: FieldRequirement[] = []
  for (const term of splitTerms(text).sort(compareBytes)) {
    if (term === '') continue
    const m = /^(.*?)(!=|==|=)(.*)$/s.exec(term)
    if (!m) throw new FieldSelectorError(`invalid selector: '${text}'; can't understand '${term}'`)
    out.push({ field: m[1] ?? '', operator: m[2] === '!=' ? '!=' : '=', value: unescape(m[3] ?? '') })
  }
  return out
}

/** An absent field counts as empty. */
export function fieldsMatch(selector: FieldSelector, fields: Readonly<Record<string, string>>): boolean {
  return selector.every(
    (r) => ((Object.hasOwn(fields, r.field) ? (fields[r.field] ?? '') : '') === r.value) === (r.operator === '='),
  )
}
