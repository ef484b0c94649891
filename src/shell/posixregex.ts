// POSIX regular expressions, basic and extended, with GNU's additions, as JavaScript's.

/** The classes of a bracket expression, in the C locale. */
const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: ' \\t\\n\\r\\f\\v',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  print: ' -~',
  graph: '!-~',
  cntrl: '\\x00-\\x1f\\x7f',
  xdigit: '0-9A-Fa-f',
}
/** What stands behind a backslash and means more than itself. */
const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\b(?=\\w)',
  '>': '\\b(?<=\\w)',
  b: '\\b',
  B: '\\B',
  w: '\\w',
  W: '\\W',
  s: '\\s',
  S: '\\S',
  '`': '^',
  "'": '$',
}

/** What is wrong with an expression, as regcomp(3) says. */
export class RegexError extends Error {}

/** A bracket expression that begins at `at`; where it ends, and its form. */
function bracket(source: string, at: number): { readonly text: string; readonly end: number } {
  let i = at + 1
  let out = '['
  if (source[i] === '^') {
    out += '^'
    i++
  }
  const start = i
  for (;;) {
    const c = source[i]
    if (c === undefined)
      throw new RegexError(i === start ? 'Invalid regular expression' : 'Unmatched [, [^, [:, [., or [=')
    if (c === ']' && i > start) return { text: `${out}]`, end: i + 1 }
    const named = /^\[:(\w+):\]/.exec(source.slice(i))
    if (named) {
      const members = CLASSES[named[1] ?? '']
      if (members === undefined) throw new RegexError('Invalid character class name')
      out += members
      i += named[0].length
      continue
    }
    out += c === '-' && i > start && source[i + 1] !== ']' ? '-' : /[\\\][^-]/.test(c) ? `\\${c}` : c
    i++
  }
}

/** The source of a JavaScript expression for a POSIX one. */
export function posixSource(source: string, extended: boolean): string {
  let out = ''
  let open = 0
  /** Nothing to repeat stands before: at the start of an expression or of a group. */
  let fresh = true
  for (let i = 0; i < source.length; i++) {
    const c = source[i] ?? ''
    if (c === '[') {
      const b = bracket(source, i)
      out += b.text
      i = b.end - 1
      fresh = false
      continue
    }
    const escaped = c === '\\'
    const token = escaped ? (source[++i] ?? '') : c
    if (escaped && token === '') throw new RegexError('Trailing backslash')
    // in a basic expression \( is what ( is in an extended one
    const special = /[(){}|+?]/.test(token) && escaped !== extended
    if (special) {
      if (token === '(') {
        open++
        out += '('
        fresh = true
        continue
      }
      if (token === ')') {
        if (open === 0) {
          if (!extended) throw new RegexError('Unmatched ) or \\)')
          out += '\\)'
        } else {
          open--
          out += ')'
        }
        fresh = false
        continue
      }
      if (token === '|') {
        out += '|'
        fresh = true
        continue
      }
      if (token === '{') {
        const m = /^\{(\d*)(,?)(\d*)\\?\}/.exec(source.slice(i))
        if (m && !fresh && (m[1] !== '' || m[2] !== '')) {
          out += `{${m[1] || 0}${m[2]}${m[3]}}`
          i += m[0].length - 1
          continue
        }
        if (!extended) throw new RegexError('Unmatched { or \\{')
        out += '\\{'
        continue
      }
      if (token === '}') {
        out += '\\}'
        continue
      }
      out += fresh ? `\\${token}` : token
      continue
    }
    if (escaped) {
      if (/[1-9]/.test(token)) {
        if (Number(token) > (out.match(/(?<!\\)\(/g)?.length ?? 0)) throw new RegexError('Invalid back reference')
        out += `(?:\\${token})`
      } else out += ESCAPES[token] ?? token.replace(/[^\w\s]/, '\\$&')
      fresh = false
      continue
    }
    if (token === '*') {
      out += fresh ? '\\*' : '*'
      continue
    }
    if (token === '^') {
      out += fresh || extended ? '^' : '\\^'
      continue
    }
    if (token === '$') {
      const last = i === source.length - 1 || /^\\[)|]/.test(source.slice(i + 1))
      out += last || extended ? '$' : '\\$'
      fresh = false
      continue
    }
    out += /[.]/.test(token) ? '.' : token.replace(/[\\^$*+?()[\]{}|/]/, '\\$&')
    fresh = false
  }
  if (open > 0) throw new RegexError('Unmatched ( or \\(')
  return out
}
