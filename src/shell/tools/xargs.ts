// xargs: words of the input as arguments of a command, so many at a time, or one line in the place of a mark.
import { absolute } from '../http.ts'
import { createInput } from '../input.ts'
import { getopt } from '../getopt.ts'
import type { Tool } from '../tool.ts'

/** The words of a text: quotes and backslashes hold them together. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:"[^"\n]*"|'[^'\n]*'|\\[^]|[^\s"'\\])+/g)].map((m) =>
    m[0].replace(/"([^"\n]*)"|'([^'\n]*)'|\\([^])/g, (_all, a?: string, b?: string, c?: string) => a ?? b ?? c ?? ''),
  )
}

const VALUED = [
  'n',
  'I',
  'L',
  'l',
  'P',
  'd',
  'a',
  'E',
  's',
  'max-args',
  'replace',
  'max-lines',
  'max-procs',
  'delimiter',
  'arg-file',
]

export const xargs: Tool = {
  name: 'xargs',
  async run(args, ctx) {
    // the command begins at the first word that is no option
    let cut = args.length
    for (let i = 0; i < args.length; i++) {
      const a = args[i] ?? ''
      if (!a.startsWith('-') || a === '-') {
        cut = i
        break
      }
      if (a === '--') {
        cut = i + 1
        break
      }
      if (
        VALUED.includes(a.startsWith('--') ? a.slice(2) : (a.at(-1) ?? '')) &&
        (a.length === 2 || a.startsWith('--') || !VALUED.includes(a[1] ?? ''))
      )
        i++
    }
    const command = args.slice(cut)
    let most: number | undefined
    let lines: number | undefined
    let mark: string | undefined
    let delimiter: string | undefined
    let file: string | undefined
    let empty = true
    let trace = false
    for (const found of getopt(args.slice(0, cut), (n) => VALUED.includes(n), true)) {
      if (found.kind === 'word') continue
      if (found.kind === 'missing') {
        ctx.stderr(`xargs: option requires an argument -- '${found.name}'\n`)
        return 1
      }
      const { name, value = '' } = found
      if (name === 'n' || name === 'max-args') most = Number(value)
      else if (name === 'L' || name === 'l' || name === 'max-lines') lines = Number(value)
      else if (name === 'I' || name === 'replace') mark = value
      else if (name === 'd' || name === 'delimiter')
        delimiter = value.replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\0/g, '\0')
      else if (name === '0' || name === 'null') delimiter = '\0'
      else if (name === 'a' || name === 'arg-file') file = value
      else if (name === 'r' || name === 'no-run-if-empty') empty = false
      else if (name === 't' || name === 'verbose') trace = true
      else if (!['P', 'max-procs', 'x', 'p', 'E', 's', 'o'].includes(name)) {
        ctx.stderr(`xargs: invalid option -- '${name}'\nTry 'xargs --help' for more information.\n`)
        return 1
      }
    }
    const bad = [most, lines].find((x) => x !== undefined && !(x > 0))
    if (bad !== undefined) {
      ctx.stderr('xargs: value for -n option should be >= 1\n')
      return 1
    }
    const text =
      file === undefined
        ? Buffer.from(await createInput(ctx.stdin).rest()).toString('utf8')
        : ctx.files.read(absolute(ctx.cwd, file))
    if (text === undefined) {
      ctx.stderr(`xargs: Cannot open input file '${file}': No such file or directory\n`)
      return 1
    }
    const split = (by: string): string[] => (text.endsWith(by) ? text.slice(0, -by.length) : text).split(by)
    const base = command.length > 0 ? command : ['echo']
    let runs: string[][]
    if (mark !== undefined) {
      const at = mark
      runs = (text === '' ? [] : split(delimiter ?? '\n'))
        .map((l) => l.replace(/^\s+/, ''))
        .filter((l) => l !== '')
        .map((l) =>
          base.map((w) =>
            w.replaceAll(at, delimiter === undefined ? (wordsOf(l).length === 1 ? (wordsOf(l)[0] ?? l) : l) : l),
          ),
        )
    } else {
      const groups =
        lines !== undefined
          ? text
              .split('\n')
              .filter((l) => l.trim() !== '')
              .map(wordsOf)
          : (delimiter === undefined ? wordsOf(text) : text === '' ? [] : split(delimiter)).map((w) => [w])
      const size = lines ?? most ?? Infinity
      const joined: string[][] = []
      for (const [i, g] of groups.entries())
        if (size === Infinity ? i === 0 : i % size === 0) joined.push([...g])
        else joined.at(-1)?.push(...g)
      if (joined.length === 0 && empty) joined.push([])
      runs = joined.map((g) => [...base, ...g])
    }
    let code = 0
    for (const words of runs) {
      if (ctx.signal.aborted) return 130
      if (trace) ctx.stderr(`${words.join(' ')}\n`)
      const got = await ctx.run(words, {
        stdin: undefined,
        stdout: ctx.stdout,
        stderr: (t) => (t === `${words[0]}: not found\n` ? undefined : ctx.stderr(t)),
        env: ctx.env,
        cwd: ctx.cwd,
        signal: ctx.signal,
      })
      if (got === 127) {
        ctx.stderr(`xargs: ${words[0]}: No such file or directory\n`)
        return 127
      }
      if (got === 255) return 124
      if (got !== 0) code = 123
    }
    return code
  },
}
