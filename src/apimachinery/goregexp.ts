// Regular expressions in Go's syntax (RE2) for JavaScript's engine; what that one has not is refused.
const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: 'a-zA-Z0-9_',
  xdigit: '0-9a-fA-F',
}
const made = new Map<string, RegExp | undefined>()

/** `\pL`, `\p{Greek}`, `\p{^Lu}` as JavaScript writes them. */
function unicodeClass(text: string): string {
  const [, head = 'p', not = '', name = ''] = /^\\([pP])\{?(\^?)(\w+)/.exec(text) ?? []
  const letter = (head === 'P') !== (not === '^') ? 'P' : 'p'
  return `\\${letter}{${name.length <= 2 ? name : `Script=${name}`}}`
}

function translate(text: string): RegExp | undefined {
  let flags = 'gu'
  let source = text
  const head = /^\(\?([ims]+)\)/.exec(source)
  if (head) {
    source = source.slice(head[0].length)
    flags += head[1] ?? ''
  }
  // look-around and back references are not of RE2
  if (/\(\?(?:=|!|<=|<!)/.test(source) || /(?:^|[^\\])(?:\\\\)*\\[1-9]/.test(source)) return undefined
  let inClass = false
  const out = source.replace(
    /\\[pP](?:\{\^?\w+\}|\w)|\\Q([^]*?)(?:\\E|$)|\\x\{([0-9a-fA-F]+)\}|\\([^])|\[:(\w+):\]|\(\?P<|\[\^?\]?|[\]{}]/g,
    (
      all: string,
      literal: string | undefined,
      hex: string | undefined,
      escaped: string | undefined,
      name: string | undefined,
      at: number,
    ) => {
      if (/^\\[pP]./.test(all)) return unicodeClass(all)
      if (literal !== undefined) return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
      if (hex !== undefined) return `\\u{${hex}}`
      if (escaped !== undefined) {
        if (escaped === 'A') return '^'
        if (escaped === 'z') return '$'
        if (escaped === 'a') return '\\x07'
        return /[\p{L}\d^$\\.*+?()[\]{}|/]/u.test(escaped) || (inClass && escaped === '-') ? all : escaped
      }
      if (name !== undefined && inClass) return CLASSES[name] ?? all
      if (all === '(?P<') return '(?<'
      if (all.startsWith('[') && name === undefined) {
        if (inClass) return '\\['
        inClass = true
        return all.endsWith(']') ? `${all.slice(0, -1)}\\]` : all
      }
      if (all === ']') {
        const was = inClass
        inClass = false
        return was ? ']' : '\\]'
      }
      if (inClass) return `\\${all}`
      // a brace that repeats nothing is a brace
      if (all === '{') return /^\{\d+(?:,\d*)?\}/.test(source.slice(at)) ? '{' : '\\{'
      if (all === '}') return /\{\d+(?:,\d*)?$/.test(source.slice(0, at)) ? '}' : '\\}'
      return all
    },
  )
  try {
    return new RegExp(out, flags)
  } catch {
    return undefined
  }
}

/** The expression for JavaScript, or undefined where it is none. */
export function goRegExp(text: string): RegExp | undefined {
  if (!made.has(text)) made.set(text, translate(text))
  return made.get(text)
}

/** Why Go's regexp would refuse a pattern, in its words; undefined for what it takes. */
export function goRegExpError(pattern: string): string | undefined {
  let open = 0
  let group = false
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]
    if (c === '\\') {
      if (i === pattern.length - 1) return 'error parsing regexp: trailing backslash at end of expression: ``'
      i++
      continue
    }
    if (c === '[') {
      const end = pattern.indexOf(']', i + (pattern[i + 1] === '^' ? 3 : 2))
      if (end < 0) return `error parsing regexp: missing closing ]: \`${pattern.slice(i)}\``
      i = end
    } else if (c === '(') {
      const perl = /^\(\?(?:[=!]|<[=!])/.exec(pattern.slice(i))
      if (perl) return `error parsing regexp: invalid or unsupported Perl syntax: \`${perl[0]}\``
      open++
      group = true
    } else if (c === ')') {
      if (--open < 0) return `error parsing regexp: unexpected ): \`${pattern}\``
    } else if (
      (c === '*' || c === '+' || c === '?') &&
      (i === 0 || '(|'.includes(pattern[i - 1] ?? '')) &&
      !(c === '?' && pattern[i - 1] === '(')
    )
      return `error parsing regexp: missing argument to repetition operator: \`${c}\``
  }
  return open > 0 && group ? `error parsing regexp: missing closing ): \`${pattern}\`` : undefined
}
