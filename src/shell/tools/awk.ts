// awk: just-bash's, with what programs of one line need besides: `length` alone, -f, variables among the files, and the
// words of mawk and of busybox for files that are not there.
import { absolute } from '../http.ts'
import { isBusybox } from '../options.ts'
import type { Tool } from '../tool.ts'
import { builtin } from './builtin.ts'

/** The text of a program as just-bash's awk takes it: `length` without a list is that of the line. */
const adapted = (program: string): string =>
  program.replace(/"(?:\\.|[^"\\])*"|\blength\b(?!\s*\()/g, (all) => (all === 'length' ? 'length($0)' : all))

export const awk: Tool = {
  name: 'awk',
  async run(args, ctx) {
    const options: string[] = []
    const programs: string[] = []
    const box = isBusybox(ctx, 'awk')
    const cannot = (name: string): void =>
      ctx.stderr(
        box
          ? `awk: can't open '${name}': No such file or directory\n`
          : `awk: cannot open ${name} (No such file or directory)\n`,
      )
    let i = 0
    for (; i < args.length; i++) {
      const a = args[i] ?? ''
      if (!a.startsWith('-') || a === '-') break
      if (a === '--') {
        i++
        break
      }
      const m = /^-([fvF])(.*)$/s.exec(a)
      const value = m ? m[2] || (args[++i] ?? '') : ''
      if (m?.[1] === 'f') {
        const text = ctx.files.read(absolute(ctx.cwd, value))
        if (text === undefined) {
          cannot(value)
          return box ? 1 : 2
        }
        programs.push(text)
      } else options.push(...(m ? [`-${m[1]}`, value] : [a]))
    }
    const words = args.slice(i)
    if (programs.length === 0) {
      const program = words.shift()
      if (program === undefined) return builtin('awk').run(args, ctx)
      programs.push(program)
    }
    // an assignment holds from where it stands; here all stand before the first file
    const isFile = (w: string): boolean => !/^[A-Za-z_]\w*=/.test(w)
    for (const w of words) if (!isFile(w)) options.push('-v', w)
    const files = words.filter(isFile)
    const there = files.filter((f) => f === '-' || ctx.files.kind(absolute(ctx.cwd, f)) === 'file')
    const program = adapted(programs.join('\n'))
    const code =
      files.length > 0 && there.length === 0 ? 0 : await builtin('awk').run([...options, program, ...there], ctx)
    const missing = files.filter((f) => !there.includes(f))
    for (const f of missing) {
      if (box) ctx.stderr(`awk: ${f}: No such file or directory\n`)
      else cannot(f)
    }
    return missing.length === 0 ? code : box ? 1 : 2
  },
}
