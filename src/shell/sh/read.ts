// The shell's `read`: a line of the input, parted into variables by IFS, as POSIX, bash and busybox have it.
import { getopt } from '../getopt.ts'
import type { Input } from '../input.ts'
import type { ShellStyle } from './complaints.ts'

export interface ReadOptions {
  /** Separators between words. */
  readonly ifs: string
  readonly style: ShellStyle
  /** Prints a prompt, where one is shown. */
  readonly prompt: (text: string) => void
}
export interface ReadResult {
  readonly status: number
  readonly values: ReadonlyMap<string, string>
  /** What is wrong with the options. */
  readonly error?: string
}

/**
 * A line parted into so many fields: blanks among the separators join and are left out at both ends, the last field
 * takes what is left. A backslash (unless raw) takes the next character as it is.
 */
function fields(line: string, count: number, ifs: string, raw: boolean): string[] {
  const chars: { readonly c: string; readonly plain: boolean }[] = []
  for (let i = 0; i < line.length; i++) {
    const c = line[i] ?? ''
    if (c === '\\' && !raw) {
      if (i + 1 < line.length) chars.push({ c: line[++i] ?? '', plain: false })
    } else chars.push({ c, plain: true })
  }
  const blank = (at: number): boolean => {
    const x = chars[at]
    return x !== undefined && x.plain && ifs.includes(x.c) && /\s/.test(x.c)
  }
  const separator = (at: number): boolean => {
    const x = chars[at]
    return x !== undefined && x.plain && ifs.includes(x.c)
  }
  const text = (from: number, to: number): string =>
    chars
      .slice(from, to)
      .map((x) => x.c)
      .join('')
  let at = 0
  let end = chars.length
  while (blank(at)) at++
  while (end > at && blank(end - 1)) end--
  const out: string[] = []
  while (out.length < count - 1 && at < end) {
    const from = at
    while (at < end && !separator(at)) at++
    out.push(text(from, at))
    while (at < end && blank(at)) at++
    if (at < end && separator(at) && !/\s/.test(chars[at]?.c ?? '')) at++
    while (at < end && blank(at)) at++
  }
  if (at < end) {
    // one separator at the very end belongs to the last word's end
    const lone = separator(end - 1) && !chars.slice(at, end - 1).some((_x, i) => separator(at + i))
    out.push(text(at, lone ? end - 1 : end))
  }
  while (out.length < count) out.push('')
  return out
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Runs `read` with its words. */
export async function read(args: readonly string[], input: Input, o: ReadOptions): Promise<ReadResult> {
  let raw = false
  let prompt = ''
  let delimiter = '\n'
  let count: number | undefined
  const names: string[] = []
  const valued = (name: string): boolean => (o.style === 'dash' ? 'p' : 'pdnNtuai').includes(name)
  const flags = o.style === 'dash' ? 'rp' : o.style === 'ash' ? 'rspdnNtu' : 'rspdnNtueai'
  for (const found of getopt(args, valued)) {
    if (found.kind === 'word') names.push(found.text)
    else if (found.kind === 'missing' || !flags.includes(found.name))
      return {
        status: 2,
        values: new Map(),
        error:
          found.kind === 'missing' ? `-${found.name}: option requires an argument` : `-${found.name}: invalid option`,
      }
    else if (found.name === 'r') raw = true
    else if (found.name === 'p') prompt = found.value ?? ''
    else if (found.name === 'd') delimiter = (found.value ?? '')[0] ?? '\0'
    else if (found.name === 'n' || found.name === 'N') count = Number(found.value)
  }
  const wrong = names.find((n) => !NAME.test(n))
  if (wrong !== undefined) return { status: 1, values: new Map(), error: `\`${wrong}': not a valid identifier` }
  if (prompt) o.prompt(prompt)
  let status = 0
  let line = ''
  if (count !== undefined) {
    line = await input.characters(count)
    if (line.length < count) status = 1
    line = line.split('\n')[0] ?? ''
  } else
    for (;;) {
      const next = await input.line(delimiter)
      if (next === undefined || next.ended) status = 1
      line += next?.text ?? ''
      // a backslash at the end of the line joins the next one
      const slashes = /\\*$/.exec(line)?.[0].length ?? 0
      if (raw || status !== 0 || slashes % 2 === 0) break
      line = line.slice(0, -1)
    }
  const values = new Map<string, string>()
  if (names.length === 0) values.set('REPLY', raw ? line : line.replace(/\\(.?)/g, '$1'))
  else for (const [i, value] of fields(line, names.length, o.ifs, raw).entries()) values.set(names[i] ?? '', value)
  return { status, values }
}
