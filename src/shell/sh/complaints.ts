// How bash, dash and busybox' ash word what goes wrong: just-bash speaks as bash does and names no line.

export type ShellStyle = 'bash' | 'dash' | 'ash'
export interface Speaker {
  readonly style: ShellStyle
  /** What the shell was called as. */
  readonly name: string
  readonly interactive: boolean
  /** The line of the script that runs. */
  readonly line: number
  /** A script that cannot even be parsed: bash shows the line where it stops. */
  readonly source?: string
}

/** What stands before a shell's own message. */
export function prefix(s: Speaker): string {
  if (s.style === 'ash') return `${s.name}: `
  if (s.style === 'dash') return `${s.name}: ${s.interactive ? '' : `${s.line}: `}`
  return s.interactive ? 'bash: ' : `${s.name}: line ${s.line}: `
}

/** A file that cannot be opened: for reading, or for writing. */
export function cannotOpen(s: Speaker, path: string, code: string, writing: boolean): string {
  const why =
    code === 'EROFS'
      ? 'Read-only file system'
      : code === 'EACCES'
        ? 'Permission denied'
        : code === 'EISDIR'
          ? 'Is a directory'
          : code === 'ENOENT'
            ? 'No such file or directory'
            : 'No space left on device'
  if (s.style === 'bash') return `${prefix(s)}${path}: ${why}\n`
  if (s.style === 'dash')
    return `${prefix(s)}cannot ${writing ? 'create' : 'open'} ${path}: ${code === 'ENOENT' ? (writing ? 'Directory nonexistent' : 'No such file') : why}\n`
  return `${prefix(s)}can't ${writing ? 'create' : 'open'} ${path}: ${code === 'ENOENT' ? (writing ? 'nonexistent directory' : 'no such file') : why}\n`
}

/** One line of just-bash, in the words of the shell. */
function reworded(text: string, s: Speaker): string {
  const bash = s.style === 'bash'
  let m = /^([^:\n]+): command not found$/.exec(text)
  if (m) return bash ? text : `${m[1]}: not found`
  m = /^cd: (.*): (No such file or directory|Not a directory)$/.exec(text)
  if (m) {
    if (bash) return text
    return s.style === 'dash'
      ? `cd: can't cd to ${m[1]}`
      : `cd: ${s.interactive ? '' : 'line 0: '}can't cd to ${m[1]}: ${m[2]}`
  }
  m = /^(\w+): unbound variable$/.exec(text)
  if (m) return bash ? text : `${m[1]}: parameter not set`
  m = /^(\w+): readonly variable$/.exec(text)
  if (m) return bash ? text : `${m[1]}: is read only`
  m = /^(\w+: )?division by 0.*$/.exec(text)
  if (m)
    return bash ? 'division by 0' : s.style === 'dash' ? 'arithmetic expression: division by zero' : 'divide by zero'
  m = /^(?:syntax error: )?Parse error at .*?: syntax error near unexpected token `(.*)'$/.exec(text)
  if (m) return unexpected(m[1] ?? '', s)
  m = /^(?:syntax error: )?Parse error at .*?: Expected (\w+), got (.*)$/.exec(text)
  if (m) {
    if (bash) return 'syntax error: unexpected end of file'
    const wanted = `"${(m[1] ?? '').toLowerCase()}"`
    return s.style === 'dash'
      ? `Syntax error: end of file unexpected (expecting ${wanted})`
      : `syntax error: unexpected end of file (expecting ${wanted})`
  }
  if (/^(?:syntax error: )?Parse error at .*?: Expected variable name in for loop$/.test(text))
    return bash
      ? "syntax error near unexpected token `newline'"
      : s.style === 'dash'
        ? 'Syntax error: Bad for loop variable'
        : 'syntax error: bad for loop variable'
  m = /unexpected EOF while looking for matching `(.)'$/.exec(text)
  if (m)
    return bash
      ? `unexpected EOF while looking for matching \`${m[1]}'`
      : `${s.style === 'dash' ? 'Syntax error: Unterminated' : 'syntax error: unterminated'} quoted string`
  m = /^(?:syntax error: )?Parse error at [\d:]+: (.*)$/.exec(text)
  if (m) return bash ? `syntax error: ${m[1]}` : `${s.style === 'dash' ? 'Syntax' : 'syntax'} error: ${m[1]}`
  m = /^([^\s:]+): Is a directory$/.exec(text)
  if (m && !bash) return cannotOpen(s, m[1] ?? '', 'EISDIR', true).slice(prefix(s).length, -1)
  m = /^(.*): No such file or directory$/.exec(text)
  if (m && !bash && !/^[a-z]+: /.test(text))
    return cannotOpen(s, m[1] ?? '', 'ENOENT', false).slice(prefix(s).length, -1)
  return text
}
function unexpected(token: string, s: Speaker): string {
  if (s.style === 'bash') return `syntax error near unexpected token \`${token}'`
  const named = token === '' || token === 'newline' ? token || 'end of file' : `"${token}"`
  return s.style === 'dash' ? `Syntax error: ${named} unexpected` : `syntax error: unexpected ${named}`
}

/** Programs that just-bash brings speak as GNU's do; busybox has its own words. */
export const busyboxWords = (text: string): string =>
  text
    .replace(/^rm: cannot remove ('[^\n]*'): Is a directory$/gm, 'rm: $1 is a directory')
    .replace(/^rm: cannot remove /gm, "rm: can't remove ")
    .replace(/^rmdir: failed to remove /gm, 'rmdir: ')
    .replace(/^ln: failed to (?:access|create \w+ link) '([^'\n]*)': /gm, 'ln: $1: ')
    .replace(/^du: cannot access '([^'\n]*)': /gm, 'du: $1: ')
    .replace(/^(md5sum|sha1sum|sha256sum): ([^:\n]*): No such file/gm, "$1: can't open '$2': No such file")
    .replace(/^mkdir: cannot create directory /gm, "mkdir: can't create directory ")
    .replace(/^cp: cannot stat /gm, "cp: can't stat ")
    .replace(/^mv: cannot stat /gm, "mv: can't rename ")
    .replace(/^ls: cannot access '([^'\n]*)': /gm, 'ls: $1: ')
    .replace(/^printf: (.*): invalid number$/gm, "sh: invalid number '$1'")
/** Programs of GNU's that tell of their help after a complaint about their arguments. */
export const gnuWords = (text: string): string =>
  text.replace(
    /^(base64|basename|chmod|comm|dirname|du|expand|expr|fold|join|ln|md5sum|mkdir|nl|od|paste|readlink|rm|rmdir|sha\d+sum|split|tac|tee|unexpand): (?:invalid option -- .*|unrecognized option .*|missing (?:file )?operand|invalid mode: .*)$/gm,
    "$&\nTry '$1 --help' for more information.",
  )
/** The shell's own printf says where it stands. */
const printfWords = (text: string, s: Speaker): string =>
  text.replace(
    /^printf: (.*): invalid number$/gm,
    (all, what: string) => `${prefix(s)}${s.style === 'dash' ? `printf: ${what}: expected numeric value` : all}`,
  )

/** What just-bash wrote, as the shell would have written it. */
export const complain = (stderr: string, s: Speaker): string =>
  (s.style === 'ash' ? busyboxWords(stderr) : printfWords(gnuWords(stderr), s))
    // `[` is judged by the walk
    .replace(/^test: .*operator expected\n/gm, '')
    .replace(/^\[: missing `\]'$/gm, (all) =>
      s.style === 'bash' ? `${prefix(s)}${all}` : `${prefix(s)}${s.style === 'dash' ? '[: ' : ''}missing ]`,
    )
    .replace(/^(?:bash: )(?:line \d+: )?(.*)$/gm, (_all, text: string) => {
      const said = reworded(text, s)
      // bash names a script that it was given in -c when it cannot even read it
      const syntax = s.style === 'bash' && !s.interactive && /^(?:syntax error|unexpected EOF)/.test(said)
      if (!syntax) return `${prefix(s)}${said}`
      const lines = (s.source ?? '').split('\n')
      const at = /unexpected end of file/.test(said) ? lines.length + 1 : s.line
      const where = prefix({ ...s, line: at }).replace(/: line /, ': -c: line ')
      return `${where}${said}${/near unexpected/.test(said) && s.source !== undefined ? `\n${where}\`${lines[at - 1] ?? ''}'` : ''}`
    })

/** What `[` says of words that make no sense; nothing when they do. */
export function testError(words: readonly string[], s: Speaker): string | undefined {
  const w = words[0] === '!' ? words.slice(1) : words
  const [a = '', op = '', b = ''] = w
  if (w.length === 2 && !/^-[a-zA-Z]$/.test(a)) {
    if (s.style === 'bash') return `[: ${a}: unary operator expected`
    // an operator first: what stood before it was empty
    if (/^(?:!?=|==|-\w\w)$/.test(a))
      return s.style === 'dash' ? `[: ${a}: unexpected operator` : `${op}: unknown operand`
    return `${s.style === 'dash' ? '[: ' : ''}${op}: argument expected`
  }
  if (w.length !== 3 || !/^-(?:eq|ne|lt|le|gt|ge)$/.test(op)) return undefined
  const bad = [a, b].find((x) => !/^\s*[-+]?\d+\s*$/.test(x))
  if (bad === undefined) return undefined
  if (s.style === 'bash') return `[: ${bad}: integer expression expected`
  return s.style === 'dash' ? `[: Illegal number: ${bad}` : `${bad}: bad number`
}
