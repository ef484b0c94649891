// perl, as far as examples use it: one-liners that print texts and numbers, or digits of pi (bignum's bpi); anything
// else ends well and silent.
import type { Tool } from '../tool.ts'

/** Pi with so many digits in all, rounded, by Machin's formula in whole numbers. */
function pi(digits: number): string {
  const guard = 10n
  const scale = 10n ** (BigInt(digits) + guard)
  const arctan = (x: bigint): bigint => {
    let term = scale / x
    let sum = term
    for (let n = 3n, sign = -1n; term !== 0n; n += 2n, sign = -sign) {
      term /= x * x
      sum += (sign * term) / n
    }
    return sum
  }
  const value = 4n * (4n * arctan(5n) - arctan(239n))
  const text = String((value / 10n ** guard + 5n) / 10n)
  return digits <= 1 ? text.slice(0, 1) : `${text.slice(0, 1)}.${text.slice(1)}`
}

export const perl: Tool = {
  name: 'perl',
  async run(args, ctx) {
    if (args.includes('-v') || args.includes('--version')) {
      ctx.stdout(`\nThis is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64-linux-gnu-thread-multi\n`)
      return 0
    }
    let line = ''
    for (let i = 0; i < args.length; i++) {
      const m = /^-([a-zA-Z]*)[eE]$/.exec(args[i] ?? '')
      if (!m) continue
      if (m[1]?.includes('l')) line = '\n'
      for (const statement of (args[++i] ?? '').split(';')) {
        const said = /^\s*(?:print|say)\s*\(?\s*(.*?)\s*\)?\s*$/s.exec(statement)
        if (!said) {
          const end = /^\s*exit\s*\(?\s*(\d+)/.exec(statement)
          if (end) return Number(end[1]) & 255
          const wait = /^\s*sleep\s*\(?\s*(\d+)/.exec(statement)
          if (wait) await ctx.sleep(Number(wait[1]) * 1000)
          continue
        }
        const what = said[1] ?? ''
        const digits = /^bpi\s*\(?\s*(\d+)/.exec(what)
        const quoted = /^"((?:[^"\\]|\\.)*)"|^'([^']*)'/s.exec(what)
        if (digits) ctx.stdout(pi(Math.min(20_000, Number(digits[1]))) + line)
        else if (quoted)
          ctx.stdout((quoted[1]?.replaceAll('\\n', '\n').replaceAll('\\t', '\t') ?? quoted[2] ?? '') + line)
        else if (/^-?\d+(?:\.\d+)?$/.test(what)) ctx.stdout(what + line)
      }
    }
    return 0
  },
}
