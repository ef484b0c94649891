// grep, egrep, fgrep: lines that match, as GNU's and busybox' print them.
import { ownInput, put, toBytes } from '../content.ts'
import type { Bytes } from '../content.ts'
import { absolute } from '../http.ts'
import { isBusybox, readOptions, refuse } from '../options.ts'
import type { Given } from '../options.ts'
import { posixSource, RegexError } from '../posixregex.ts'
import type { Tool, ToolContext } from '../tool.ts'

const GNU = {
  flags: 'EFGPiyvwxclLqsnbHhorRaITzUuZ',
  valued: 'efmABCdDKN',
  long: {
    'extended-regexp': 'E',
    'fixed-strings': 'F',
    'basic-regexp': 'G',
    'perl-regexp': 'P',
    regexp: 'e',
    file: 'f',
    'ignore-case': 'i',
    'invert-match': 'v',
    'word-regexp': 'w',
    'line-regexp': 'x',
    count: 'c',
    'files-with-matches': 'l',
    'files-without-match': 'L',
    quiet: 'q',
    silent: 'q',
    'no-messages': 's',
    'line-number': 'n',
    'byte-offset': 'b',
    'with-filename': 'H',
    'no-filename': 'h',
    'only-matching': 'o',
    recursive: 'r',
    'dereference-recursive': 'R',
    text: 'a',
    'initial-tab': 'T',
    'null-data': 'z',
    'max-count': 'm',
    'after-context': 'A',
    'before-context': 'B',
    context: 'C',
    include: 'K',
    exclude: 'N',
    'exclude-dir': 'D',
    directories: 'd',
    color: 'U',
    colour: 'U',
    'line-buffered': 'u',
  },
}
const BUSYBOX = { flags: 'HhnlLoqvsriwFEzxcaUR', valued: 'mABCef', long: { color: 'U', colour: 'U' } }

/** The expression of all the patterns; null bytes do not occur in it. */
function matcher(patterns: readonly Bytes[], given: Given, kind: 'basic' | 'extended' | 'fixed' | 'perl'): RegExp {
  const sources = patterns.map((p) =>
    kind === 'fixed'
      ? p.replace(/[\\^$*+?.()[\]{}|/]/g, '\\$&')
      : kind === 'perl'
        ? p
        : posixSource(p, kind === 'extended'),
  )
  const any = sources.map((s) => `(?:${s})`).join('|')
  const whole = given.has('x') ? `^(?:${any})$` : given.has('w') ? `(?<!\\w)(?:${any})(?!\\w)` : any
  return new RegExp(whole, given.has('i') || given.has('y') ? 'gi' : 'g')
}
const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^$(){}|\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
  )

/** What is searched: the files named, those below folders, or the input. */
interface Source {
  readonly name: string
  readonly text: Bytes
}

/** One search of one text. */
interface Search {
  readonly expression: RegExp
  readonly given: Given
  readonly named: boolean
  readonly label: (name: string) => string
  readonly box: boolean
  /** The end of a line: a newline, or a null byte with -z. */
  readonly end: string
}
/** What is printed of a text, and how many lines were selected. */
function searched(source: Source, s: Search): { readonly out: string; readonly count: number } {
  const { given, expression, end } = s
  const has = (l: string): boolean => given.has(l)
  const most = given.value('m') === undefined ? Infinity : Number(given.value('m'))
  const context = Number(given.value('C') ?? 0)
  const after = Number(given.value('A') ?? context)
  const before = Number(given.value('B') ?? context)
  const silent = has('c') || has('l') || has('L') || has('q')
  const colored = !s.box && given.options.some(([l, v]) => l === 'U' && (v === 'always' || v === 'yes'))
  const lines =
    source.text === '' ? [] : (source.text.endsWith(end) ? source.text.slice(0, -1) : source.text).split(end)
  let out = ''
  let count = 0
  let offset = 0
  let shown = -1
  let until = -1
  const head = (line: number, at: number, mark: string): string => {
    const parts = [
      ...(s.named ? [source.name] : []),
      ...(has('n') ? [String(line + 1)] : []),
      ...(has('b') && !s.box ? [String(at)] : []),
    ]
    return parts.map((p) => (p === source.name && s.named ? `${s.label(p)}${mark}` : `${p}${mark}`)).join('')
  }
  const print = (line: number, at: number, mark: string): void => {
    if (shown >= 0 && line > shown + 1 && (after > 0 || before > 0)) out += `--\n`
    const text = lines[line] ?? ''
    const tab = has('T') && !s.box && s.named ? '\t' : ''
    const body =
      colored && mark === ':'
        ? text.replace(expression, (m) => (m === '' ? '' : `\u001b[01;31m\u001b[K${m}\u001b[m\u001b[K`))
        : text
    out += `${head(line, at, mark)}${tab}${body}${end}`
    shown = line
  }
  const starts: number[] = []
  for (const [i, line] of lines.entries()) {
    starts.push(offset)
    offset += line.length + 1
    expression.lastIndex = 0
    const matched = expression.test(line) !== has('v')
    if (!matched || count >= most) {
      if (!silent && i <= until) print(i, starts[i] ?? 0, '-')
      else if (count >= most && i > until) break
      continue
    }
    count++
    if (silent) {
      if (has('q') || has('l') || has('L')) break
      continue
    }
    if (has('o')) {
      expression.lastIndex = 0
      if (!has('v'))
        for (const m of line.matchAll(expression))
          if (m[0] !== '') out += `${head(i, (starts[i] ?? 0) + m.index, ':')}${m[0]}\n`
      continue
    }
    for (let b = Math.max(shown + 1, i - before); b < i; b++) print(b, starts[b] ?? 0, '-')
    print(i, starts[i] ?? 0, ':')
    until = i + after
  }
  return { out, count }
}

async function run(name: 'grep' | 'egrep' | 'fgrep', args: readonly string[], ctx: ToolContext): Promise<number> {
  const box = isBusybox(ctx, name)
  // -5 is a context of five lines
  const spread = args.map((a) => (/^-\d+$/.test(a) && !box ? `-C${a.slice(1)}` : a))
  const long = spread.map((a) => (a === '--color' || a === '--colour' ? `${a}=auto` : a))
  const usage = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n"
  let refused = ''
  const given = readOptions({ ...ctx, stderr: (t) => (refused += t) }, 'grep', long, GNU, BUSYBOX)
  if (!given) {
    // its complaint is followed by its usage
    ctx.stderr(box ? refused : `${refused.replace(/Try .*\n/, '')}${usage}`)
    return box ? 1 : 2
  }
  const words = [...given.words]
  const patterns: string[] = given.options.filter(([l]) => l === 'e').map(([, v]) => v)
  for (const [letter, file] of given.options) {
    if (letter !== 'f') continue
    const text = file === '-' ? await ownInput(ctx) : ctx.files.read(absolute(ctx.cwd, file))
    if (text === undefined) {
      ctx.stderr(`grep: ${box ? `can't open '${file}'` : file}: No such file or directory\n`)
      return box ? 1 : 2
    }
    patterns.push(...(text.endsWith('\n') ? text.slice(0, -1) : text).split('\n'))
  }
  if (!given.has('e') && !given.has('f')) {
    const first = words.shift()
    if (first === undefined) {
      if (box) refuse(ctx, 'grep', '')
      else ctx.stderr(usage)
      return box ? 1 : 2
    }
    patterns.push(...first.split('\n'))
  }
  const kind =
    given.options.findLast(([l]) => 'EFGP'.includes(l))?.[0] ?? (name === 'egrep' ? 'E' : name === 'fgrep' ? 'F' : 'G')
  let expression: RegExp
  try {
    const form = ({ E: 'extended', F: 'fixed', P: 'perl' } as const)[kind as 'E' | 'F' | 'P'] ?? 'basic'
    expression = matcher(patterns.map(toBytes), given, form)
  } catch (e) {
    const why = e instanceof RegexError ? e.message : 'Invalid regular expression'
    ctx.stderr(box ? `grep: bad regex '${patterns[0] ?? ''}'\n` : `grep: ${why}\n`)
    return 2
  }
  const deep = given.has('r') || given.has('R') || given.value('d') === 'recurse'
  const [wanted, unwanted, shut] = ['K', 'N', 'D'].map((l) =>
    given.options.filter(([o]) => o === l).map(([, v]) => glob(v)),
  )
  const allowed = (base: string): boolean =>
    (!wanted?.length || wanted.some((g) => g.test(base))) && !unwanted?.some((g) => g.test(base))
  let failed = false
  const complain = (text: string): void => {
    failed = true
    if (!given.has('s')) ctx.stderr(`grep: ${text}\n`)
  }
  /** The files of a name, one after the other. */
  function* below(file: string, top: boolean): Generator<Source> {
    const path = absolute(ctx.cwd, file)
    const kindOf = ctx.files.kind(path)
    if (kindOf === undefined) complain(`${file}: No such file or directory`)
    else if (kindOf !== 'directory') {
      if (top && !deep ? true : allowed(path.split('/').at(-1) ?? ''))
        yield { name: file, text: Buffer.from(ctx.files.bytes(path) ?? []).toString('latin1') }
    } else if (deep) {
      for (const n of ctx.files.list(path) ?? [])
        if (!shut?.some((g) => g.test(n))) yield* below(file === '' ? n : `${file.replace(/\/$/, '')}/${n}`, false)
    } else if (!box) complain(`${file}: Is a directory`)
  }
  const folders = words.some((w) => ctx.files.kind(absolute(ctx.cwd, w)) === 'directory')
  const many = words.length > 1 || (deep && (words.length === 0 || folders))
  const search: Search = {
    expression,
    given,
    named: !given.has('h') && (given.has('H') || many),
    label: (n) => (n === '-' ? '(standard input)' : n),
    box,
    end: given.has('z') ? '\0' : '\n',
  }
  let found = false
  const show = (source: Source): boolean => {
    const { out, count } = searched(source, search)
    const selected = count > 0
    found ||= given.has('L') && !box ? !selected : selected
    if (given.has('q')) return selected
    if (given.has('l')) {
      if (selected) put(ctx, `${search.label(source.name)}\n`)
    } else if (given.has('L')) {
      if (!selected) put(ctx, `${search.label(source.name)}\n`)
    } else if (given.has('c')) put(ctx, `${search.named ? `${search.label(source.name)}:` : ''}${count}\n`)
    else put(ctx, out)
    return false
  }
  const places = words.length > 0 ? words : deep && !box ? [''] : ['-']
  for (const place of places) {
    if (place === '-') {
      if (show({ name: '-', text: await ownInput(ctx) })) return 0
      continue
    }
    for (const source of below(place === '' ? '' : place, true)) if (show(source)) return 0
  }
  return failed ? (given.has('q') && found ? 0 : 2) : found ? 0 : 1
}

const of = (name: 'grep' | 'egrep' | 'fgrep'): Tool => ({ name, run: (args, ctx) => run(name, args, ctx) })
export const grep = of('grep')
export const egrep = of('egrep')
export const fgrep = of('fgrep')
